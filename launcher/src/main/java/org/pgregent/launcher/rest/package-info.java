/** The REST interface: what other members, load balancers, monitors and people ask this node over HTTP. */
package org.pgregent.launcher.rest;
