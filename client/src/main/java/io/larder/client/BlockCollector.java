package io.larder.client;

import io.larder.protocol.BlockHeader;
import io.larder.protocol.BlockSink;
import io.larder.protocol.Limits;
import java.nio.ByteBuffer;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Receives one block into one buffer and verifies every chunk as it arrives. The bytes in flight
 * are bounded: the socket waits until there is room for this block.
 */
final class BlockCollector implements BlockSink {

  /** A chunk's bytes do not match the checksum they were stored with. */
  static final class ChecksumMismatch extends RuntimeException {
    private static final long serialVersionUID = 1;

    ChecksumMismatch(int chunk) {
      super("chunk " + chunk + " does not match its checksum");
    }
  }

  /** Supplies the memory for the bytes, once their number is known. */
  interface Place {
    ByteBuffer forBytes(int length);
  }

  private final InFlightLimit bytesInFlight;
  private final long deadlineNanos;
  private final Place place;
  private @Nullable BlockHeader header;
  private @Nullable ByteBuffer memory;
  private final CRC32C crc = new CRC32C();
  private int summedBytes;
  private @Nullable CompletableFuture<InFlightLimit.Permit> share;
  private boolean over;

  BlockCollector(InFlightLimit bytesInFlight, long deadlineNanos, Place place) {
    this.bytesInFlight = bytesInFlight;
    this.deadlineNanos = deadlineNanos;
    this.place = place;
  }

  @Override
  public CompletionStage<Void> begin(BlockHeader given) {
    header = given;
    CompletableFuture<InFlightLimit.Permit> granted =
        bytesInFlight.acquire(given.length(), deadlineNanos);
    share = granted;
    return granted.thenAccept(permit -> reserve(given.length()));
  }

  private synchronized void reserve(int length) {
    if (!over) {
      memory = place.forBytes(length);
    }
  }

  @Override
  public ByteBuffer target(int chunkIndex) {
    BlockHeader block = header();
    return memory().slice(chunkIndex * Limits.CHUNK_BYTES, block.chunkLength(chunkIndex));
  }

  @Override
  public void received(int chunkIndex, int bytes) {
    crc.update(memory().slice(chunkIndex * Limits.CHUNK_BYTES + summedBytes, bytes - summedBytes));
    summedBytes = bytes;
  }

  @Override
  public void arrived(int chunkIndex) {
    int sum = (int) crc.getValue();
    crc.reset();
    summedBytes = 0;
    if (sum != header().crcs()[chunkIndex]) {
      throw new ChecksumMismatch(chunkIndex);
    }
  }

  /** Ends the request, after which no more bytes come. */
  synchronized void finish() {
    over = true;
    CompletableFuture<InFlightLimit.Permit> granted = share;
    if (granted != null) {
      // A share that is granted from now on is released at once.
      var unused = granted.thenAccept(InFlightLimit.Permit::release);
    }
  }

  /** The received block's description; present after {@link #begin}. */
  BlockInfo info() {
    BlockHeader block = header();
    return new BlockInfo(
        block.length(), block.metadata(), source(block.tier()), Optional.of(block.id()));
  }

  ByteBuffer memory() {
    ByteBuffer bytes = memory;
    if (bytes == null) {
      throw new IllegalStateException("no memory was reserved");
    }
    return bytes;
  }

  /** The reserved memory, if any, to give back to the pool. */
  synchronized Optional<ByteBuffer> reserved() {
    return Optional.ofNullable(memory);
  }

  private BlockHeader header() {
    BlockHeader block = header;
    if (block == null) {
      throw new IllegalStateException("no block has begun");
    }
    return block;
  }

  private static Source source(String tier) {
    return switch (tier.toUpperCase(Locale.ROOT)) {
      case "HOT" -> Source.HOT;
      case "DEVICE" -> Source.DEVICE;
      default -> Source.PEER;
    };
  }
}
