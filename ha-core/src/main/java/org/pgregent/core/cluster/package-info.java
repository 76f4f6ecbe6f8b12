/** The contract's keys and JSON, and nothing else that knows them. */
package org.pgregent.core.cluster;
