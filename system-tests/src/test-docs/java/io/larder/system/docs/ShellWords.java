package io.larder.system.docs;

import java.util.ArrayList;
import java.util.List;

/**
 * The simple commands of a script, each as its words: what tests look at, not what a shell runs.
 */
final class ShellWords {
  private final String script;
  private final List<List<String>> commands = new ArrayList<>();
  private List<String> words = new ArrayList<>();
  private final StringBuilder word = new StringBuilder();
  private boolean inWord;
  private int at;

  private ShellWords(String script) {
    this.script = script;
  }

  static List<List<String>> commands(String script) {
    ShellWords reader = new ShellWords(script);
    reader.read();
    return reader.commands;
  }

  private void read() {
    while (at < script.length()) {
      char c = script.charAt(at++);
      switch (c) {
        case ' ', '\t' -> endWord();
        case '\n', ';', '|', '&' -> endCommand();
        case '#' -> {
          if (inWord) {
            append(c);
          } else {
            skipTo('\n');
          }
        }
        case '\'', '"' -> quoted(c);
        case '\\' -> {
          if (at < script.length() && script.charAt(at) == '\n') {
            at++;
          } else if (at < script.length()) {
            append(script.charAt(at++));
          }
        }
        default -> append(c);
      }
    }
    endCommand();
  }

  private void append(char c) {
    inWord = true;
    word.append(c);
  }

  private void quoted(char quote) {
    inWord = true;
    int end = script.indexOf(quote, at);
    end = end < 0 ? script.length() : end;
    word.append(script, at, end);
    at = Math.min(end + 1, script.length());
  }

  private void skipTo(char c) {
    int end = script.indexOf(c, at);
    at = end < 0 ? script.length() : end;
  }

  private void endWord() {
    if (inWord) {
      words.add(word.toString());
      word.setLength(0);
      inWord = false;
    }
  }

  private void endCommand() {
    endWord();
    if (!words.isEmpty()) {
      commands.add(words);
      words = new ArrayList<>();
    }
  }
}
