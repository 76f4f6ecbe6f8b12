/** The rules, a file per topic and a method per rule; {@link org.pgregent.core.rules.RuleBook} has them in order. */
package org.pgregent.core.rules;
