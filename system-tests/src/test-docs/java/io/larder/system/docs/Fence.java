package io.larder.system.docs;

import java.util.Optional;

/**
 * A fenced block of a page.
 *
 * @param page relative to the checkout
 * @param line of its opening fence, from 1
 * @param language empty if the fence names none
 * @param text without the indentation of the fence
 * @param notRun what the comment before it says
 */
record Fence(String page, int line, String language, String text, Optional<NotRun> notRun) {
  String place() {
    return page + ":" + line;
  }
}
