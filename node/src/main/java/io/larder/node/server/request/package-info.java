/**
 * Requests on their way in. {@link io.larder.node.server.request.Admission} refuses a bad request
 * from its arguments' lengths, before they are kept. A put's payload comes in from the socket, goes
 * straight into memory of the node's pool, and goes out as a {@link
 * io.larder.node.server.command.ReceivedPut}; {@link io.larder.node.server.request.PutReception}
 * announces the put to the node while its bytes arrive.
 */
@NullMarked
package io.larder.node.server.request;

import org.jspecify.annotations.NullMarked;
