package io.larder.coordinator.admin;

import java.util.List;
import java.util.Map;

/**
 * The answers of several nodes to one query.
 *
 * @param byNode the answers by node id, in the order of the ids; without the nodes that did not
 *     answer
 * @param problems a sentence for each node that did not answer
 */
public record NodeAnswers<T>(Map<String, T> byNode, List<String> problems) {}
