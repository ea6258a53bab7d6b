package io.larder.node.server.command;

import io.larder.node.block.Payload;
import io.larder.node.service.BlockService.PutHandle;
import org.jspecify.annotations.Nullable;

/**
 * A put that has arrived whole, its bytes checked.
 *
 * @param handle of the put as it was announced; null if it was not
 */
public record ReceivedPut(PutRequest request, Payload payload, @Nullable PutHandle handle) {

  /** Hands the put and its payload's reference to the node, or throws and releases the payload. */
  Answer store(Call call) {
    PutHandle begun = handle;
    if (begun == null) {
      try {
        begun = call.service().beginPut(request.key(), request.options(), call.session().id());
      } catch (RuntimeException e) {
        payload.release();
        throw e;
      }
    }
    return Answer.whenNow(begun.complete(payload), request.options().waitMs(), request::answer);
  }

  /** Releases the payload; the put will not be stored. */
  void abandon() {
    if (handle != null) {
      handle.abandon();
    }
    payload.release();
  }
}
