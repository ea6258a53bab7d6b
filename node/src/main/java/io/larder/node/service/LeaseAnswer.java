package io.larder.node.service;

import io.larder.protocol.PutToken;

/** The slot owner's answer to a request for a key's put-lease. */
public sealed interface LeaseAnswer {
  /** The caller holds the right to write the key. */
  record Granted(PutToken token) implements LeaseAnswer {}

  /** The key has a value. */
  record Exists() implements LeaseAnswer {}

  /** Another writes it. */
  record Held() implements LeaseAnswer {}

  /** There is no answer now: the slot has no owner, or its owner is not ready. */
  record TryAgain(String why) implements LeaseAnswer {}

  LeaseAnswer EXISTS = new Exists();
  LeaseAnswer HELD = new Held();
}
