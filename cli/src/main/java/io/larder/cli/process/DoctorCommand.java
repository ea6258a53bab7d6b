package io.larder.cli.process;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.larder.cli.console.ExitCode;
import io.larder.cli.console.OutputForm;
import io.larder.cli.console.TextTable;
import io.larder.cli.doctor.Check;
import io.larder.cli.doctor.Doctor;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Shows whether this machine meets the requirements of Larder. */
@Command(
    name = "doctor",
    description = {
      "Look at this machine: what `up`, `demo` and `node` need, and what the tests and benchmarks"
          + " use, with the remedy beside each line. Changes nothing.",
      "Ends with exit code 0 if what `up` and `demo` need is there, else 3; the options say for which"
          + " cluster."
    })
@SuppressWarnings("NullAway.Init") // picocli sets the spec
public final class DoctorCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Mixin private LocalOptions local = new LocalOptions();

  @Option(
      names = {"-o", "--output"},
      paramLabel = "table|json",
      defaultValue = "table",
      description = "Form of the output (default: ${DEFAULT-VALUE}).")
  private OutputForm form = OutputForm.table;

  @Override
  public Integer call() throws IOException {
    List<Check> checks = Doctor.everything(local.required());
    long missing = checks.stream().filter(Check::isMissing).count();
    PrintWriter out = spec.commandLine().getOut();
    if (form == OutputForm.json) {
      out.println(json(checks, missing == 0));
    } else {
      TextTable table = new TextTable("CHECK", "STATE", "FOUND", "REMEDY");
      checks.forEach(
          check -> table.row(check.name(), state(check), check.finding(), check.remedy()));
      table.print(out);
    }
    out.flush();
    if (missing > 0) {
      System.err.println("larder: %d thing(s) that `up` needs are missing".formatted(missing));
    }
    return missing == 0 ? ExitCode.OK : ExitCode.UNHEALTHY;
  }

  private static String json(List<Check> checks, boolean fit) throws JsonProcessingException {
    JsonMapper mapper = JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();
    ObjectNode root = mapper.createObjectNode();
    root.put("fit", fit);
    ArrayNode array = root.putArray("checks");
    for (Check check : checks) {
      ObjectNode each = array.addObject();
      each.put("name", check.name());
      each.put("state", state(check));
      each.put("finding", check.finding());
      each.put("remedy", check.remedy());
    }
    return mapper.writeValueAsString(root);
  }

  private static String state(Check check) {
    return check.state().name().toLowerCase(Locale.ROOT);
  }
}
