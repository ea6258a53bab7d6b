package io.larder.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.larder.cli.doctor.Check.State;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DoctorTest {
  private static final long MIB = 1L << 20;
  private static final long GIB = 1L << 30;

  private static LocalRequirements wants(Path folder) {
    return new LocalRequirements(
        1, 1, folder, 64 * MIB, "--device-size", 64 * MIB, Map.of(), Set.of());
  }

  @Test
  void readmeListsWhatTheDoctorLooksAtAndNothingElse(@TempDir Path dir) throws IOException {
    String readme = Files.readString(Path.of("..", "README.md"));
    int from = readme.indexOf("## What a machine needs");
    String section = readme.substring(from, readme.indexOf("\n## ", from + 1));
    Set<String> listed =
        Pattern.compile("(?m)^\\| ([^|]+?) \\|")
            .matcher(section)
            .results()
            .map((MatchResult row) -> row.group(1))
            .filter(name -> !name.equals("check") && !name.startsWith("---"))
            .collect(Collectors.toSet());
    assertThat(Doctor.everything(wants(dir)))
        .extracting(Check::name)
        .containsExactlyInAnyOrderElementsOf(listed);
  }

  @Test
  void whatIsNotAsWishedHasARemedyAndWhatIsHasNone(@TempDir Path dir) {
    assertThat(Doctor.everything(wants(dir)))
        .allSatisfy(check -> {
          assertThat(check.finding()).isNotBlank();
          assertThat(check.remedy().isEmpty()).isEqualTo(check.state() == State.OK);
        });
    assertThat(dir).isEmptyDirectory();
  }

  @Test
  void aDiskWithoutRoomForWhatDeviceFilesMayGrowToIsRefusedWithASizeThatFits() {
    Check check = Disk.check(Path.of("/d"), "ext4", 10 * GIB, 3, 8 * GIB, "--device-size");
    assertThat(check.state()).isEqualTo(State.MISSING);
    assertThat(check.finding())
        .isEqualTo("10.0 GiB free in /d, 3 new device file(s) of 8.0 GiB may grow to 24.0 GiB");
    assertThat(check.remedy()).contains("--dir", "--device-size 3GiB");
    assertThat(Disk.check(Path.of("/d"), "ext4", 10 * GIB, 3, 3 * GIB, "--device-size").state())
        .isEqualTo(State.OK);
    Check tiny = Disk.check(Path.of("/d"), "ext4", 40 * MIB, 3, 8 * GIB, "--device-size");
    assertThat(tiny.state()).isEqualTo(State.MISSING);
    assertThat(tiny.finding()).contains("40.0 MiB free", "24.0 GiB");
    assertThat(tiny.remedy()).contains("--dir").doesNotContain("--device-size");
    assertThat(Disk.check(Path.of("/d"), "ext4", 0, 0, 8 * GIB, "").state()).isEqualTo(State.OK);
    assertThat(Disk.check(Path.of("/d"), "tmpfs", 99 * GIB, 1, GIB, "").state())
        .isEqualTo(State.NOTE);
  }

  @Test
  void devicesOfWhichNobodySaidHowLargeFitTheDisk() {
    assertThat(Disk.sizeFor(74 * GIB, 3, 8 * GIB, GIB)).isEqualTo(8 * GIB);
    assertThat(Disk.sizeFor(10 * GIB, 3, 8 * GIB, GIB)).isEqualTo(3 * GIB);
    assertThat(Disk.sizeFor(2 * GIB, 3, 8 * GIB, GIB)).as("refused by the check").isEqualTo(GIB);
  }

  @Test
  void memoryThatPayloadsAloneWouldFillIsRefusedAndLittleIsNoted() {
    assertThat(Memory.memory(3, 512 * MIB, 8 * GIB).state()).isEqualTo(State.OK);
    assertThat(Memory.memory(3, 512 * MIB, 2 * GIB).state()).isEqualTo(State.NOTE);
    assertThat(Memory.memory(3, 512 * MIB, GIB).state()).isEqualTo(State.MISSING);
    assertThat(Memory.pool(4 * GIB, 3 * GIB, 8 * GIB).state()).isEqualTo(State.NOTE);
    assertThat(Memory.pool(8 * GIB, 3 * GIB, 8 * GIB).state()).isEqualTo(State.MISSING);
  }

  @Test
  void hugePagesThatAreNeverGivenAreNoted() {
    assertThat(Memory.hugePages("always [madvise] never").state()).isEqualTo(State.OK);
    assertThat(Memory.hugePages("always madvise [never]").state()).isEqualTo(State.NOTE);
    assertThat(Memory.hugePages("not offered").state()).isEqualTo(State.NOTE);
  }

  @Test
  void aLimitOfOpenFilesUnderMaxConnectionsIsNoted() {
    assertThat(OpenFiles.check(10_000, 20_000).state()).isEqualTo(State.OK);
    assertThat(OpenFiles.check(10_000, 4_096).state()).isEqualTo(State.NOTE);
    assertThat(OpenFiles.check(10_000, 4_096).finding()).contains("4096", "10000");
    assertThat(OpenFiles.check(10_000, 256).state()).isEqualTo(State.MISSING);
  }

  @Test
  void portsInUseAreRefusedOnlyWhenThoseVeryOnesWereAskedFor() {
    Map<String, Integer> wanted = new TreeMap<>(Map.of("node-1", 7379, "node-2", 7380));
    assertThat(PortsCheck.check(wanted, wanted.keySet(), _ -> true).state()).isEqualTo(State.OK);
    Check insisted = PortsCheck.check(wanted, Set.of("node-2"), port -> port != 7380);
    assertThat(insisted.state()).isEqualTo(State.MISSING);
    assertThat(insisted.finding()).contains("7380 (node-2)").doesNotContain("7379");
    assertThat(PortsCheck.check(wanted, Set.of("node-1"), port -> port != 7380).state())
        .isEqualTo(State.NOTE);
  }

  @Test
  void anotherSystemOrAnOlderJavaIsRefused() {
    assertThat(Platform.system("Linux", "amd64").state()).isEqualTo(State.OK);
    assertThat(Platform.system("Mac OS X", "aarch64").state()).isEqualTo(State.MISSING);
    assertThat(Platform.jdk(25, "/j").state()).isEqualTo(State.OK);
    assertThat(Platform.jdk(21, "/j").state()).isEqualTo(State.MISSING);
  }

  @Test
  void everythingThatIsMissingIsSaidAtOnceWithItsRemedy() {
    List<Check> checks =
        List.of(
            Check.ok("a", "fine"),
            Check.missing("b", "not there", "get b"),
            Check.note("c", "slow", "hurry"),
            Check.missing("d", "gone", "find d"));
    assertThatThrownBy(() -> UnfitException.throwIfMissing(checks))
        .isInstanceOf(UnfitException.class)
        .hasMessageContaining("b: not there; get b")
        .hasMessageContaining("d: gone; find d");
    assertThat(UnfitException.notes(checks)).containsExactly("c: slow; hurry");
  }
}
