package io.larder.node.server.command;

import org.jspecify.annotations.Nullable;

/**
 * The configuration that commands read.
 *
 * @param password the password of the one user; null if none is configured
 * @param maxConnections how many clients may be connected
 * @param answersPlainSessions whether a plain session gets an answer in place of an error
 * @param setWaitMs how long SET waits for other nodes and writers
 * @param plainSetWaitMs how long SET and DEL of a plain session wait for them
 */
public record CommandSettings(
    @Nullable String password,
    int maxConnections,
    boolean answersPlainSessions,
    long setWaitMs,
    long plainSetWaitMs) {}
