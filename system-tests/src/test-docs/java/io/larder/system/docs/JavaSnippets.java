package io.larder.system.docs;

import com.sun.source.util.JavacTask;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

/** Compiles the documentation's Java: a whole class as it is, statements as a method's body. */
final class JavaSnippets {
  private static final String BEFORE =
      """
      package io.larder.system.docs;
      import static java.nio.charset.StandardCharsets.*;
      import io.larder.client.*;
      import io.larder.testkit.embedded.*;
      import java.nio.*;
      import java.time.*;
      import java.util.*;
      abstract class Snippet extends Surroundings {
        void run() throws Exception {
      """;

  private JavaSnippets() {}

  /** What the compiler has against them, each with its place. */
  static List<String> errors(List<Fence> snippets) throws IOException {
    JavaCompiler compiler = Objects.requireNonNull(ToolProvider.getSystemJavaCompiler());
    List<String> errors = new ArrayList<>();
    List<String> options =
        List.of("-proc:none", "-Xlint:none", "-XDshould-stop.ifNoError=FLOW", "-cp", classPath());
    for (Fence snippet : snippets) {
      DiagnosticCollector<JavaFileObject> diagnostics = new DiagnosticCollector<>();
      JavacTask task =
          (JavacTask)
              compiler.getTask(null, null, diagnostics, options, null, List.of(source(snippet)));
      task.analyze();
      if (diagnostics.getDiagnostics().stream().anyMatch(JavaSnippets::isError)) {
        errors.add(snippet.place() + ": " + diagnostics.getDiagnostics());
      }
    }
    return errors;
  }

  private static boolean isError(Diagnostic<?> diagnostic) {
    return diagnostic.getKind() == Diagnostic.Kind.ERROR;
  }

  private static JavaFileObject source(Fence snippet) {
    boolean whole = snippet.text().contains("\nimport ") || snippet.text().startsWith("package ");
    String code = whole ? snippet.text() : BEFORE + snippet.text() + "}}\n";
    return new SimpleJavaFileObject(
        URI.create("string:///Snippet.java"), JavaFileObject.Kind.SOURCE) {
      @Override
      public CharSequence getCharContent(boolean ignoreEncodingErrors) {
        return code;
      }
    };
  }

  private static String classPath() {
    String whole = System.getProperty("surefire.test.class.path", "");
    return whole.isEmpty() ? System.getProperty("java.class.path", "") : whole;
  }
}
