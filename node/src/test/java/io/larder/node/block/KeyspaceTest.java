package io.larder.node.block;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class KeyspaceTest {
  /** Key 00…0f of the reference implementation, as two little-endian words. */
  private static final long K0 = 0x0706050403020100L;

  private static final long K1 = 0x0f0e0d0c0b0a0908L;

  private static byte[] upTo(int length) {
    byte[] bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      bytes[i] = (byte) i;
    }
    return bytes;
  }

  @Test
  void theFingerprintIsSipHashOfItsAuthorsVectors() {
    // Appendix A of the paper, and vectors.h of the reference implementation.
    assertThat(Keyspace.sipHash24(K0, K1, upTo(15))).isEqualTo(0xa129ca6149be45e5L);
    assertThat(Keyspace.sipHash24(K0, K1, upTo(0))).isEqualTo(0x726fdb47dd0e0e31L);
    assertThat(Keyspace.sipHash24(K0, K1, upTo(1))).isEqualTo(0x74f839c593dc67fdL);
    assertThat(Keyspace.sipHash24(K0, K1, upTo(7))).isEqualTo(0xab0200f58b01d137L);
    assertThat(Keyspace.sipHash24(K0, K1, upTo(8))).isEqualTo(0x93f5f5799a932462L);
    assertThat(Keyspace.sipHash24(K0, K1, upTo(63))).isEqualTo(0x958a324ceb064572L);
  }

  @Test
  void oneClusterAgreesAndTwoDoNot() {
    byte[] key = "a key".getBytes(UTF_8);
    assertThat(new Keyspace("a").key(key)).isEqualTo(new Keyspace("a").key(key));
    assertThat(new Keyspace("a").key(key).fingerprint())
        .isNotEqualTo(new Keyspace("b").key(key).fingerprint());
  }

  @Test
  void aKeyHas1To1024Bytes() {
    Keyspace keyspace = new Keyspace("a");
    assertThat(keyspace.key(new byte[1024]).bytes()).hasSize(1024);
    for (int length : new int[] {0, 1025}) {
      assertThatThrownBy(() -> keyspace.key(new byte[length]))
          .hasMessageContaining("key of " + length + " bytes");
    }
  }
}
