package io.larder.node.store.log;

import io.larder.node.device.Device;
import io.larder.node.device.IoCallback;
import io.larder.node.store.format.Geometry;
import io.larder.node.store.format.SegmentFooter;
import io.larder.node.store.format.Tombstone;
import java.io.IOException;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Ways to break the store: each stands in for one of its methods, an instance of which comes first
 * among the arguments. {@link MutantLoader} puts one in.
 */
@SuppressWarnings("unused") // called by mutated classes
public final class Mutants {
  /** Which method it replaces. */
  @Retention(RetentionPolicy.RUNTIME)
  @Target(ElementType.METHOD)
  @interface Replaces {
    String type();

    String method();
  }

  private Mutants() {}

  @Replaces(type = "store.log.SegmentReader", method = "isValueWhole")
  public static boolean believesTornValues(Object self, int segment, int at, Object header) {
    return true;
  }

  @Replaces(type = "store.log.Appender", method = "durable")
  public static void doesNotWaitForTheFlush(
      Object self, @Nullable IOException failure, IoCallback callback) {
    callback.done(failure);
  }

  @Replaces(type = "store.log.RecordReader", method = "drop")
  public static void keepsWhatDoesNotVerify(
      Object self, Object key, long location, boolean damaged) {}

  @Replaces(type = "store.log.RecordReader", method = "verify")
  public static Object believesWhateverIsThere(
      Object self, @Nullable Object header, Object key, long location) {
    return LargeRead.Verdict.WHOLE;
  }

  @Replaces(type = "store.log.LargeRead", method = "isWhole")
  public static boolean comparesNoChecksums(Object self, int chunk) {
    return true;
  }

  @Replaces(type = "store.log.Recovery", method = "isOfThePresent")
  public static boolean believesHeadersOfThePast(Object header, int tableGeneration) {
    return true;
  }

  @Replaces(type = "store.format.Nonce", method = "isSameWriting")
  public static boolean comparesNoNonces(
      int generation, Object nonce, int expected, Object expectedNonce) {
    return generation == expected;
  }

  @Replaces(type = "store.format.SegmentFooter", method = "isOfWriting")
  public static boolean trustsAFooterAlone(ByteBuffer block, int generation, Object nonce) {
    return true;
  }

  @Replaces(type = "store.log.Checkpoint", method = "other")
  public static int writesTheNewerSide(int side) {
    return side;
  }

  @Replaces(type = "store.log.Reclaimer", method = "isNeeded")
  public static boolean dropsTombstonesEarly(
      Object self, Object records, int i, long lowestElsewhere) {
    return ((SegmentFooter) records).mode(i) == Tombstone.PIN; // pins stay
  }

  @Replaces(type = "store.log.GatheringWrite", method = "write")
  public static void acknowledgesBeforeCompletion(
      Device device, long offset, MemorySegment[][] pieces, IoCallback callback) {
    long at = offset;
    for (MemorySegment[] piece : pieces) {
      for (MemorySegment part : piece) {
        MemorySegment copy = Arena.ofAuto().allocate(part.byteSize(), Device.BLOCK_BYTES);
        device.write(at, new MemorySegment[] {copy.copyFrom(part)}, failure -> {});
        at += part.byteSize();
      }
    }
    callback.done(null);
  }

  @Replaces(type = "store.log.SegmentReader", method = "header")
  public static @Nullable Object scansNoHeaders(Object self, int segment, UUID deviceUuid) {
    return null;
  }

  @Replaces(type = "device.Submission", method = "advance")
  public static boolean givesUpAfterAShortTransfer(Object self, long transferred) {
    return false;
  }

  @Replaces(type = "store.log.Volume", method = "quarantine")
  public static void quarantinesNothing(Object self, int segment) {}

  @Replaces(type = "store.log.Appender", method = "countFailure")
  public static void countsNoFailures(Object self, @Nullable IOException failure) {}

  @Replaces(type = "store.log.Volume", method = "stopWriting")
  public static void neverStops(Object self, String reason, @Nullable Throwable cause) {}

  @Replaces(type = "store.log.RecordReader", method = "expire")
  public static void waitsForReadsForEver(Object self, long beforeNanos) {}

  @Replaces(type = "store.log.Superblocks", method = "isTooSmall")
  public static boolean doesNotLookAtTheSize(Device device, Object superblock) {
    return false;
  }

  @Replaces(type = "store.log.Superblocks", method = "formattedBytes")
  public static long looksAtTheEndOfTheDevice(Device device, @Nullable Object first) {
    return device.sizeBytes();
  }

  @Replaces(type = "store.log.DeviceFormat", method = "isZero")
  public static boolean takesEverythingForEmpty(byte[] bytes) {
    return true;
  }

  @Replaces(type = "store.format.SegmentHeader", method = "isOf")
  public static boolean believesAnotherDevicesSegments(UUID deviceUuid, ByteBuffer block) {
    return true;
  }

  @Replaces(type = "device.SystemCalls", method = "flock")
  public static int locksNothing(Object self, MemorySegment state, int fd, int operation) {
    return 0;
  }

  @Replaces(type = "store.format.Superblock", method = "isUnderstood")
  public static boolean understandsEveryFormat(int major, long unknownFlags) {
    return true;
  }

  @Replaces(type = "store.format.Superblock", method = "recordedGeometry")
  public static Object choosesTheGeometryAnew(ByteBuffer block) {
    return Geometry.choose("anew", block.getLong(56), 0);
  }

  @Replaces(type = "store.log.LogicalClock", method = "nowMs")
  public static long goesByTheWallClock(Object self) {
    return System.currentTimeMillis();
  }

  @Replaces(type = "store.log.Recovery", method = "regainTheLastFreeSegment")
  public static void leavesNoSegmentFree(Object self) {}

  @Replaces(type = "store.log.DeviceFormat", method = "zero")
  public static void formatsOverWhatIsThere(Device device, long offset) {}

  @Replaces(type = "store.log.Segments", method = "readers")
  public static int doesNotWaitForReaders(Object self, int segment) {
    return 0;
  }

  @Replaces(type = "store.log.SegmentReader", method = "isAt")
  public static boolean believesRecordsAnywhere(
      Object self, Object header, int segment, int generation, Object nonce, int at) {
    return true;
  }
}
