package com.example.inference;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/**
 * Names blocks by what they depend on: the model and every token up to their end. Each key's hash
 * goes into the next, so two prompts share keys exactly as far as they share tokens.
 */
final class BlockKeys {
  private BlockKeys() {}

  /** The keys of a prompt's whole blocks; tokens after the last whole block have none. */
  static List<byte[]> of(String model, int[] prompt, int tokensPerBlock) {
    List<byte[]> keys = new ArrayList<>();
    byte[] chain = new byte[0];
    for (int end = tokensPerBlock; end <= prompt.length; end += tokensPerBlock) {
      MessageDigest hash = sha256();
      hash.update(chain);
      ByteBuffer tokens = ByteBuffer.allocate(4 * tokensPerBlock);
      Arrays.stream(prompt, end - tokensPerBlock, end).forEach(tokens::putInt);
      chain = hash.digest(tokens.array());
      keys.add((model + "/" + HexFormat.of().formatHex(chain)).getBytes(UTF_8));
    }
    return keys;
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
