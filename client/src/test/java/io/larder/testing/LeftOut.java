package io.larder.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;

/**
 * The tests that this machine cannot run: noted in the file that the system property {@code
 * larder.leftOut} names, which {@code ./mvnw} prints at its end. With {@code CI=true} each is a
 * failure.
 */
public final class LeftOut {
  private LeftOut() {}

  /** Ends the running test here unless {@code is}, as one that needs {@code need}. */
  public static void unless(boolean is, Class<?> test, Need need) {
    unless(is, name(test, Optional.empty()), need);
  }

  /** Ends the running test here unless {@code is}; it is the part of one that is named. */
  public static void unless(boolean is, String test, Need need) {
    if (!is) {
      Assumptions.abort(test(test, need.what()));
    }
  }

  /** Notes a test that is left out and answers the reason. */
  public static String test(String test, String missing) {
    String reason = test + " needs " + missing;
    if (Boolean.parseBoolean(System.getenv("CI"))) {
      throw new AssertionError(reason + "; with CI=true nothing is left out");
    }
    return note(reason);
  }

  /** Notes one that another build runs, with CI=true, too. */
  public static String note(String reason) {
    String file = System.getProperty("larder.leftOut", "");
    if (!file.isEmpty()) {
      try {
        Path path = Path.of(file);
        Files.createDirectories(path.toAbsolutePath().getParent());
        Files.writeString(
            path, reason + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return reason;
  }

  static String name(Class<?> test, Optional<Method> method) {
    return test.getSimpleName() + method.map(m -> "." + m.getName()).orElse("");
  }
}
