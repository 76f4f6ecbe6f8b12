/** What the agent needs from the world. A production version and a simulated one stand behind each of these. */
@NullMarked
package org.pgregent.core.port;

import org.jspecify.annotations.NullMarked;
