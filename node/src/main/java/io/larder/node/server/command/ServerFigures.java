package io.larder.node.server.command;

import io.larder.node.service.Refusal;
import java.util.Map;

/**
 * The server's figures at one moment, for INFO. Counts are since its start.
 *
 * @param port the port that is bound
 * @param upSeconds the time since the start
 * @param connections connections that are open
 * @param accepted connections accepted
 * @param turnedAway connections refused because too many were open
 * @param commands commands executed
 * @param receivedBytes bytes read from sockets
 * @param sentBytes bytes written to sockets
 * @param readHits blocks found for readers
 * @param readMisses blocks not found for readers
 * @param dropped puts dropped, for each reason there can be
 */
public record ServerFigures(
    int port,
    long upSeconds,
    int connections,
    long accepted,
    long turnedAway,
    long commands,
    long receivedBytes,
    long sentBytes,
    long readHits,
    long readMisses,
    Map<Refusal, Long> dropped) {}
