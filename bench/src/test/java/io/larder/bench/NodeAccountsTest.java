package io.larder.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.larder.bench.NodeAccounts.Account;
import java.util.List;
import org.junit.jupiter.api.Test;

class NodeAccountsTest {
  private final NodeAccounts accounts = new NodeAccounts();

  @Test
  void whatWasGoneBeforeTheRunIsNotCountedAndWhatAKilledProcessReportedIs() {
    accounts.look(List.of(new Account("node-1/10", "s1", 7), new Account("node-2/11", "s2", 0)));
    accounts.look(List.of(new Account("node-1/10", "s1", 9), new Account("node-2/11", "s2", 0)));
    assertThat(accounts.gone()).isEqualTo(2);
    assertThat(accounts.sessionsEnded()).isFalse();
    accounts.look(List.of(new Account("node-1/20", "s3", 1)));
    assertThat(accounts.gone()).as("a restarted process counts from 0").isEqualTo(3);
    assertThat(accounts.sessionsEnded()).isTrue();
  }
}
