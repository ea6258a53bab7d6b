package io.larder.coordinator.config;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Reads a YAML file into a record, component by component: keys are the components' names, nested
 * records are nested maps, missing keys keep their defaults. A component may be {@code int, long,
 * double, boolean, String, Path}, an enum, {@code List<String>}, or a record of such. A number
 * whose key ends in {@code Bytes} may be written {@code 4KiB, 64MiB, 10GiB, 2TiB}.
 *
 * <p>Nothing is accepted silently: unknown keys, wrong types, values outside {@link Setting}'s
 * range and the record constructor's rejections are collected into one {@link ConfigException}.
 */
public final class ConfigReader {
  private static final YAMLMapper YAML = YAMLMapper.builder().build();
  private final List<String> problems = new ArrayList<>();

  private ConfigReader() {}

  /**
   * Reads a file and overrides its values by flags.
   *
   * @param defaults the values of keys that neither sets
   * @param file the YAML file; null = none
   * @param flags values given on the command line, by dotted key ({@code zookeeper.connect})
   * @throws ConfigException naming every key that is wrong
   */
  public static <T extends Record> T read(
      T defaults, @Nullable Path file, Map<String, String> flags) {
    if (file == null) {
      return parse(defaults, "the command line", "", flags);
    }
    try {
      return parse(defaults, file.toString(), Files.readString(file), flags);
    } catch (IOException e) {
      throw new ConfigException(
          file.toString(), List.of("cannot be read (" + e + "): name a readable YAML file"));
    }
  }

  /** Like {@link #read}, from text. */
  public static <T extends Record> T parse(
      T defaults, String source, String yaml, Map<String, String> flags) {
    ConfigReader reader = new ConfigReader();
    ObjectNode tree = tree(source, yaml);
    flags.forEach((key, value) -> reader.lay(tree, key, value));
    Record read = reader.record(defaults, tree, "");
    if (read == null || !reader.problems.isEmpty()) {
      throw new ConfigException(source, reader.problems);
    }
    @SuppressWarnings("unchecked")
    T result = (T) read;
    return result;
  }

  /** Every key with its default and its documentation, as rows of a Markdown table. */
  public static String reference(Record defaults) {
    StringBuilder rows = new StringBuilder("| key | default | what |\n|---|---|---|\n");
    describe(defaults, "", rows);
    return rows.toString();
  }

  private static void describe(Record defaults, String prefix, StringBuilder rows) {
    for (RecordComponent component : defaults.getClass().getRecordComponents()) {
      Object value = valueOf(component, defaults);
      if (value instanceof Record nested) {
        describe(nested, prefix + component.getName() + ".", rows);
        continue;
      }
      Setting setting = component.getAnnotation(Setting.class);
      rows.append(
          "| `%s%s` | %s | %s |\n"
              .formatted(
                  prefix,
                  component.getName(),
                  value == null || value.toString().isEmpty() ? "none" : "`" + value + "`",
                  setting == null ? "" : setting.value()));
    }
  }

  private static ObjectNode tree(String source, String yaml) {
    try {
      JsonNode node = YAML.readTree(yaml);
      if (node instanceof ObjectNode object) {
        return object;
      }
      if (node == null || node.isMissingNode() || node.isNull()) {
        return JsonNodeFactory.instance.objectNode();
      }
      throw new ConfigException(source, List.of("is no map: expected 'key: value' lines"));
    } catch (JsonProcessingException e) {
      throw new ConfigException(source, List.of("is not YAML: " + e.getMessage()));
    }
  }

  private void lay(ObjectNode tree, String key, String value) {
    String[] parts = key.split("\\.", -1);
    ObjectNode at = tree;
    for (int i = 0; i < parts.length - 1; i++) {
      JsonNode next = at.get(parts[i]);
      at = next instanceof ObjectNode object ? object : at.putObject(parts[i]);
    }
    at.set(parts[parts.length - 1], TextNode.valueOf(value));
  }

  private @Nullable Record record(Record defaults, JsonNode node, String prefix) {
    RecordComponent[] components = defaults.getClass().getRecordComponents();
    if (!(node instanceof ObjectNode object)) {
      problems.add(
          "'%s' is %s: expected a map with %s".formatted(prefix, show(node), names(components)));
      return null;
    }
    List<String> known = Arrays.stream(components).map(RecordComponent::getName).toList();
    object
        .fieldNames()
        .forEachRemaining(name -> {
          if (!known.contains(name)) {
            problems.add(
                "unknown key '%s': allowed here are %s"
                    .formatted(dotted(prefix, name), names(components)));
          }
        });
    int before = problems.size();
    @Nullable Object[] values = new @Nullable Object[components.length];
    Class<?>[] types = new Class<?>[components.length];
    for (int i = 0; i < components.length; i++) {
      RecordComponent component = components[i];
      types[i] = component.getType();
      JsonNode given = object.get(component.getName());
      Object fallback = valueOf(component, defaults);
      values[i] =
          given == null || given.isNull()
              ? fallback
              : value(component, fallback, given, dotted(prefix, component.getName()));
    }
    return problems.size() > before ? null : construct(defaults.getClass(), types, values, prefix);
  }

  private @Nullable Record construct(
      Class<?> type, Class<?>[] types, @Nullable Object[] values, String prefix) {
    try {
      var constructor = type.getDeclaredConstructor(types);
      constructor.setAccessible(true);
      return (Record) constructor.newInstance(values);
    } catch (InvocationTargetException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      problems.add((prefix.isEmpty() ? "" : "'" + prefix + "': ") + cause.getMessage());
      return null;
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(type + " cannot be constructed", e);
    }
  }

  private @Nullable Object value(
      RecordComponent component, @Nullable Object fallback, JsonNode node, String key) {
    Class<?> type = component.getType();
    if (fallback instanceof Record nested) {
      return record(nested, node, key);
    }
    if (type == List.class) {
      return list(node, key);
    }
    if (node.isContainerNode()) {
      return wrong(key, node, "a single value");
    }
    String text = node.asText();
    if (type == String.class) {
      return text;
    }
    if (type == Path.class) {
      return Path.of(text);
    }
    if (type == boolean.class) {
      return switch (text) {
        case "true" -> true;
        case "false" -> false;
        default -> wrong(key, node, "true or false");
      };
    }
    if (type.isEnum()) {
      return constant(type, node, key);
    }
    return number(component, type, text, node, key);
  }

  private @Nullable Object number(
      RecordComponent component, Class<?> type, String text, JsonNode node, String key) {
    Setting setting = component.getAnnotation(Setting.class);
    long min = setting == null ? Long.MIN_VALUE : setting.min();
    long max = setting == null ? Long.MAX_VALUE : setting.max();
    if (type == int.class) {
      min = Math.max(min, Integer.MIN_VALUE);
      max = Math.min(max, Integer.MAX_VALUE);
    }
    String expected =
        (type == double.class ? "a number" : "a whole number")
            + range(min, max)
            + (key.endsWith("Bytes") ? ", or one with KiB, MiB, GiB or TiB" : "");
    try {
      if (type == double.class) {
        double value = Double.parseDouble(text);
        return value >= min && value <= max ? (Object) value : wrong(key, node, expected);
      }
      long value = key.endsWith("Bytes") ? ByteSize.parse(text) : Long.parseLong(text);
      if (value < min || value > max) {
        return wrong(key, node, expected);
      }
      return type == int.class ? (Object) Math.toIntExact(value) : (Object) value;
    } catch (NumberFormatException _) {
      return wrong(key, node, expected);
    }
  }

  private static String range(long min, long max) {
    if (max == Long.MAX_VALUE) {
      return min == Long.MIN_VALUE ? "" : " of at least " + min;
    }
    return " from " + min + " to " + max;
  }

  private @Nullable Object constant(Class<?> type, JsonNode node, String key) {
    List<String> allowed = new ArrayList<>();
    for (Object constant : type.getEnumConstants()) {
      String name = ((Enum<?>) constant).name().toLowerCase(Locale.ROOT);
      if (name.replace('_', '-').equals(node.asText().replace('_', '-'))) {
        return constant;
      }
      allowed.add(name.replace('_', '-'));
    }
    return wrong(key, node, "one of " + String.join(", ", allowed));
  }

  private @Nullable Object list(JsonNode node, String key) {
    List<String> values = new ArrayList<>();
    if (node.isTextual()) { // the form of flags: a,b,c
      values.addAll(Arrays.asList(node.asText().split(",", -1)));
      return List.copyOf(values);
    }
    if (!node.isArray()) {
      return wrong(key, node, "a list");
    }
    for (JsonNode element : node) {
      if (element.isContainerNode() || element.isNull()) {
        return wrong(key, node, "a list of single values");
      }
      values.add(element.asText());
    }
    return List.copyOf(values);
  }

  private @Nullable Object wrong(String key, JsonNode node, String expected) {
    problems.add("'%s' is %s: expected %s".formatted(key, show(node), expected));
    return null;
  }

  private static @Nullable Object valueOf(RecordComponent component, Record record) {
    try {
      component.getAccessor().setAccessible(true);
      return component.getAccessor().invoke(record);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(component + " cannot be read", e);
    }
  }

  private static String show(JsonNode node) {
    return node.isContainerNode()
        ? (node.isArray() ? "a list" : "a map")
        : "'" + node.asText() + "'";
  }

  private static String dotted(String prefix, String name) {
    return prefix.isEmpty() ? name : prefix + "." + name;
  }

  private static String names(RecordComponent[] components) {
    return Arrays.stream(components)
        .map(RecordComponent::getName)
        .collect(Collectors.joining(", "));
  }
}
