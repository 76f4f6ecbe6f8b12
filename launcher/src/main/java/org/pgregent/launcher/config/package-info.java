/**
 * The configuration as a document: where each value came from, what each key means, and what is wrong. Knows nothing of what
 * the values are used for.
 */
@org.jspecify.annotations.NullMarked
package org.pgregent.launcher.config;
