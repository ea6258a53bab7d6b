package io.larder.node.server;

import io.larder.node.block.Payload;
import io.larder.node.service.BlockService.PutHandle;
import org.jspecify.annotations.Nullable;

/**
 * A put that has arrived whole, its bytes checked.
 *
 * @param handle of the put as it was announced; null if it was not
 */
record ReceivedPut(PutRequest request, Payload payload, @Nullable PutHandle handle) {

  /** Hands the put to the node. The payload's reference is gone, whatever comes of it. */
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

  /** The put is not wanted any more. */
  void abandon() {
    if (handle != null) {
      handle.abandon();
    }
    payload.release();
  }
}
