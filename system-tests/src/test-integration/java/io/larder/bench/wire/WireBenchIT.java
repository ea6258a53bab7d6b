package io.larder.bench.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.larder.bench.Figure;
import io.larder.bench.Progress;
import io.larder.bench.wire.WireBench.Part;
import io.larder.cli.process.ServiceProcess;
import io.larder.testing.Need;
import io.larder.testing.Needs;
import java.io.IOException;
import java.util.EnumSet;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("integration")
@Needs({Need.REDIS_SERVER, Need.REDIS_TOOLS, Need.GCC})
class WireBenchIT {
  @Test
  void everyPartMeasuresBothSides() throws Exception {
    List<Figure> figures =
        new WireBench(
                ServiceProcess.class,
                EnumSet.of(Part.bare, Part.tail, Part.java),
                1,
                true,
                null,
                Progress.SILENT)
            .run();

    assertThat(figures)
        .extracting(Figure::name)
        .contains("get4MiBToBareRatio", "set4MiBToBareRatio", "getP99WhileStreaming")
        .contains("javaGetToJedisRatio", "javaSetToLettuceRatio");
    assertThat(figures).allSatisfy(figure -> assertThat(figure.value()).isNotNegative());
    assertThat(figures)
        .filteredOn(figure -> figure.unit().equals("GB/s"))
        .allSatisfy(figure -> assertThat(figure.value()).isPositive());
  }

  @Test
  void aGetThatFindsNothingVoidsTheRun() throws Exception {
    try (Rival redis = Rival.redis(64 << 20, false)) {
      Target target = redis.target();
      assertThatThrownBy(
              () -> Load.seconds(1, 1, () -> new LargeValues.Gets(target.connect(), 1 << 20, 1)))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("has -1 bytes");
    }
  }

  @Test
  void aServerThatDoesNotKeepWhatIsLoadedIsNamedBeforeAnythingIsMeasured() throws Exception {
    try (Rival redis = Rival.redis(64 << 20, false)) {
      Target target = redis.target();
      assertThatThrownBy(() -> new LargeValues(target, 1, 0).load(target, 1 << 20, 8))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("redis-server misses")
          .hasMessageContaining("of 256 values");
    }
  }
}
