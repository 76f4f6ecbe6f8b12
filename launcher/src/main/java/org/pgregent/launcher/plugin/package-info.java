/** Stores that are dropped in a folder: found, checked, and run in a class loader of their own. */
@org.jspecify.annotations.NullMarked
package org.pgregent.launcher.plugin;
