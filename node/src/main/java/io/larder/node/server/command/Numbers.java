package io.larder.node.server.command;

import io.larder.node.service.ServiceException;

/** Numbers in arguments. */
final class Numbers {
  private Numbers() {}

  /**
   * Reads a decimal.
   *
   * @throws ServiceException in Redis's words
   */
  static long parse(byte[] text) {
    long value = 0;
    boolean negative = text.length > 1 && text[0] == '-';
    int from = negative ? 1 : 0;
    if (text.length == from || text.length - from > 18) {
      throw notAnInteger();
    }
    for (int i = from; i < text.length; i++) {
      if (text[i] < '0' || text[i] > '9') {
        throw notAnInteger();
      }
      value = value * 10 + (text[i] - '0');
    }
    return negative ? -value : value;
  }

  /** Checks a duration against its bounds. */
  static long checkMs(String option, long ms, long least, long most) {
    if (ms < least || ms > most) {
      throw new ServiceException(
          "ERR " + option + " is " + ms + " ms: allowed is " + least + " to " + most);
    }
    return ms;
  }

  private static ServiceException notAnInteger() {
    return new ServiceException("ERR value is not an integer or out of range");
  }
}
