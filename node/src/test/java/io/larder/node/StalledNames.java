package io.larder.node;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.net.spi.InetAddressResolver;
import java.net.spi.InetAddressResolver.LookupPolicy;
import java.net.spi.InetAddressResolverProvider;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * The name service of the tests' process: names under {@code .stalled.test} are looked up for ever,
 * as by a name server that does not answer, all others as ever. The JDK finds it as a service.
 */
public final class StalledNames extends InetAddressResolverProvider {
  private static final long STALL_SECONDS = 3_600;

  /** Counts down when a lookup stalls. */
  static final CountDownLatch STALLED = new CountDownLatch(1);

  @Override
  public InetAddressResolver get(Configuration configuration) {
    InetAddressResolver builtin = configuration.builtinResolver();
    return new InetAddressResolver() {
      @Override
      public Stream<InetAddress> lookupByName(String host, LookupPolicy policy)
          throws UnknownHostException {
        if (host.endsWith(".stalled.test")) {
          STALLED.countDown();
          try {
            TimeUnit.SECONDS.sleep(STALL_SECONDS);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          throw new UnknownHostException(host);
        }
        return builtin.lookupByName(host, policy);
      }

      @Override
      public String lookupByAddress(byte[] address) throws UnknownHostException {
        return builtin.lookupByAddress(address);
      }
    };
  }

  @Override
  public String name() {
    return "stalled names";
  }
}
