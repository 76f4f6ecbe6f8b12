/** A store of your own, as an example: one table of a plain PostgreSQL server. */
@NullMarked
package org.pgregent.example.table;

import org.jspecify.annotations.NullMarked;
