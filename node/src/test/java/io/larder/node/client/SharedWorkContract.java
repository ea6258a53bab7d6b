package io.larder.node.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.larder.client.CachedBlock;
import io.larder.client.ComputedBlock;
import io.larder.client.LarderClient;
import io.larder.client.LeaseOutcome;
import io.larder.client.ObtainedBlock;
import io.larder.testing.Patience;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What servers that want the same blocks may rely on; needs nodes that keep put-leases. */
public abstract class SharedWorkContract extends LarderClientContract {

  @Test
  void aHerdComputesEveryBlockOnce() throws Exception {
    int blocks = 64;
    AtomicInteger computed = new AtomicInteger();
    List<byte[]> keys = new ArrayList<>();
    for (int i = 0; i < blocks; i++) {
      keys.add(key("herd " + i));
    }
    List<CompletableFuture<ObtainedBlock>> wanted = new ArrayList<>();
    for (int server = 0; server < 3; server++) {
      wanted.addAll(
          client(server)
              .putOrWaitAll(
                  keys, key -> ComputedBlock.of(value(65_536, computed.incrementAndGet()))));
    }
    List<ObtainedBlock> got = new ArrayList<>();
    for (CompletableFuture<ObtainedBlock> one : wanted) {
      got.add(Patience.get(one));
    }
    assertThat(computed).hasValue(blocks);
    for (int i = 0; i < blocks; i++) {
      assertThat(got.get(i).block().data())
          .isEqualTo(got.get(i + blocks).block().data())
          .isEqualTo(got.get(i + 2 * blocks).block().data());
    }
    got.forEach(ObtainedBlock::close);
  }

  @Test
  void aWaiterReadsWhatTheWriterPut() throws Exception {
    LarderClient writer = client(0);
    LarderClient waiter = client(1);
    CompletableFuture<Void> begun = new CompletableFuture<>();
    CompletableFuture<Void> goOn = new CompletableFuture<>();
    CompletableFuture<ObtainedBlock> first =
        writer.putOrWait(
            key("k"),
            key -> {
              begun.complete(null);
              goOn.join();
              return ComputedBlock.of(value(1 << 20, 1));
            });
    Patience.get(begun);
    assertThat(waiter.blocking().lease(List.of(key("k")))).containsExactly(LeaseOutcome.HELD);
    CompletableFuture<ObtainedBlock> second =
        waiter.putOrWait(key("k"), key -> ComputedBlock.of(value(1 << 20, 2)));
    goOn.complete(null);
    try (ObtainedBlock mine = Patience.get(first);
        ObtainedBlock theirs = Patience.get(second)) {
      assertThat(mine.origin()).isEqualTo(ObtainedBlock.Origin.COMPUTED);
      // FOUND when the writer had finished before the waiter asked.
      assertThat(theirs.origin()).isNotEqualTo(ObtainedBlock.Origin.COMPUTED);
      assertThat(theirs.block().data()).isEqualTo(value(1 << 20, 1));
    }
  }

  @Test
  void whenTheWriterGoesAwayTheNextOneComputes() throws Exception {
    LarderClient writer = client(0);
    assertThat(writer.blocking().lease(List.of(key("k"))))
        .hasOnlyElementsOfType(LeaseOutcome.Granted.class);
    CompletableFuture<ObtainedBlock> waiting =
        client(1).putOrWait(key("k"), key -> ComputedBlock.of(value(1000, 2)));
    writer.close();
    try (ObtainedBlock got = Patience.get(waiting)) {
      assertThat(got.origin()).isEqualTo(ObtainedBlock.Origin.COMPUTED);
    }
    try (CachedBlock block = client(0).blocking().get(key("k")).orElseThrow()) {
      assertThat(block.data()).isEqualTo(value(1000, 2));
    }
  }
}
