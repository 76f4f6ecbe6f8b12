/** PostgreSQL and the guard, as the agent's ports want them: the server's processes, files and SQL. */
package org.pgregent.pg;
