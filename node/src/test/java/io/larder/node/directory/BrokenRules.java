package io.larder.node.directory;

/** Rules of the directory broken one at a time, for the whole process until {@link #mend}. */
public enum BrokenRules {
  /** What owners of earlier epochs say is believed. */
  EPOCH_CHECK,

  /** Answering an announce promises nothing, but for a process's first. */
  PROMISE,

  /** A key's record is taken for any other record of that key. */
  STAMP_COMPARE;

  /** Puts the broken rules into force. */
  public void use() {
    Rules.now =
        new Rules() {
          @Override
          boolean isVoid(long epoch, long promisedEpoch) {
            return BrokenRules.this != EPOCH_CHECK && super.isVoid(epoch, promisedEpoch);
          }

          @Override
          long promise(long promisedEpoch, long announcedEpoch) {
            return BrokenRules.this == PROMISE && promisedEpoch != 0
                ? promisedEpoch
                : super.promise(promisedEpoch, announcedEpoch);
          }

          @Override
          boolean isSameStamp(long stamp, long meantStamp) {
            return BrokenRules.this == STAMP_COMPARE || super.isSameStamp(stamp, meantStamp);
          }
        };
  }

  /** Puts the true ones into force again. */
  public static void mend() {
    Rules.now = new Rules();
  }
}
