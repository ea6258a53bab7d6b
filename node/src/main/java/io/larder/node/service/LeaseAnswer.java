package io.larder.node.service;

import io.larder.protocol.PutToken;

/** What the owner of a key's slot says to a request for its put-lease. */
public sealed interface LeaseAnswer {
  /** The right to write the key is the caller's. */
  record Granted(PutToken token) implements LeaseAnswer {}

  /** The key has a value. */
  record Exists() implements LeaseAnswer {}

  /** Another writes it. */
  record Held() implements LeaseAnswer {}

  /** Nobody can say just now, because the slot has no owner or its owner is not ready. */
  record TryAgain(String why) implements LeaseAnswer {}

  LeaseAnswer EXISTS = new Exists();
  LeaseAnswer HELD = new Held();
}
