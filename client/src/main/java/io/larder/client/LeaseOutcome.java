package io.larder.client;

import io.larder.protocol.PutToken;

/** The outcome of a lease request for one key. */
public sealed interface LeaseOutcome {

  /** The caller alone may write the key now; it puts or aborts under this token. */
  record Granted(PutToken token) implements LeaseOutcome {}

  /** The key has a value. */
  record Exists() implements LeaseOutcome {}

  /** Another writer has the lease. */
  record Held() implements LeaseOutcome {}

  /** The key's slot cannot be written at the moment, with the reason. */
  record Unavailable(String reason) implements LeaseOutcome {}

  LeaseOutcome EXISTS = new Exists();
  LeaseOutcome HELD = new Held();
}
