package io.larder.cli.admin;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.larder.cli.console.ExitCode;
import io.larder.coordinator.admin.ClusterAdmin;
import io.larder.coordinator.admin.NodeAnswers;
import io.larder.coordinator.registry.ClusterImage;
import io.larder.coordinator.registry.NodeRecord;
import io.larder.protocol.Limits;
import io.larder.protocol.Slots;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code larder admin key}. */
@Command(
    name = "key",
    mixinStandardHelpOptions = true,
    description = "Look at one key.",
    subcommands = KeyCommand.Locate.class)
final class KeyCommand implements Runnable {
  @Spec private @Nullable CommandSpec spec;

  @Override
  public void run() {
    AdminCommand.group(spec);
  }

  /** {@code locate}. */
  @Command(
      name = "locate",
      description = {
        "Show a key's slot, the slot's owner, and which nodes hold it.",
        "Exit 0 if exactly one does, 3 if none or several."
      })
  static final class Locate extends AdminSubcommand {
    @Parameters(paramLabel = "KEY", description = "The key, as text.")
    private String key = "";

    /** The location of a key, as printed. */
    record Located(String key, int slot, String owner, String holder, List<String> copies) {}

    @Override
    int run(ClusterAdmin admin) throws IOException, InterruptedException {
      byte[] bytes = key.getBytes(UTF_8);
      if (bytes.length == 0 || bytes.length > Limits.MAX_KEY_BYTES) {
        throw usage("a key of " + bytes.length + " bytes: a key has 1 to " + Limits.MAX_KEY_BYTES);
      }
      ClusterImage image = admin.image();
      int slot = Slots.of(bytes);
      NodeRecord owner = image.ownerOf(slot);
      List<String> problems = new ArrayList<>();
      Optional<String> holder = Optional.empty();
      if (owner == null) {
        problems.add("slot " + slot + " has no live owner: nobody knows where its keys are");
      } else {
        try {
          holder = admin.locate(bytes, owner);
        } catch (IOException e) {
          problems.add("the slot's owner: " + e.getMessage());
        }
      }
      NodeAnswers<Boolean> answers = admin.holders(bytes, image);
      problems.addAll(answers.problems());
      List<String> copies =
          answers.byNode().entrySet().stream()
              .filter(Map.Entry::getValue)
              .map(Map.Entry::getKey)
              .toList();
      String ownerId = owner == null ? "" : owner.nodeId();
      Located located = new Located(key, slot, ownerId, holder.orElse(""), copies);
      if (asJson()) {
        json(located);
      } else {
        out().printf("key     %s%n", key);
        out().printf("slot    %d%n", slot);
        out().printf("owner   %s%n", owner == null ? "none" : ownerId);
        out().printf("holder  %s%n", holder.orElse("none"));
        out().printf("copies  %s%n", copies.isEmpty() ? "none" : String.join(", ", copies));
      }
      if (copies.isEmpty()) {
        problems.add("no live node holds the key");
      } else if (copies.size() > 1) {
        problems.add(copies.size() + " nodes hold the key: all but one drop it within a minute");
      }
      problems.forEach(this::say);
      return problems.isEmpty() ? ExitCode.OK : ExitCode.UNHEALTHY;
    }
  }
}
