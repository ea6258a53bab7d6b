/*
 * The least a server can do for GET and SET over RESP: one thread a connection, blocking sockets, no store.
 * It is the yardstick of `larder bench wire`, not a part of Larder.
 *
 * GET takes the value's length from the key, whose second field it is (name:length:number); SET reads the value
 * into memory of the connection's own and forgets it. One request at a time on a connection.
 *
 *   bare PORT
 */
#define _GNU_SOURCE
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { HEADER = 4096, LARGEST = 128 << 20 };

static char *value_to_send;

static char *huge(size_t bytes) {
  char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    perror("mmap");
    exit(1);
  }
  madvise(memory, bytes, MADV_HUGEPAGE);
  return memory;
}

static int send_all(int socket, struct iovec *parts, int count) {
  while (count > 0) {
    ssize_t sent = writev(socket, parts, count);
    if (sent <= 0) return -1;
    while (count > 0 && (size_t)sent >= parts->iov_len) {
      sent -= parts->iov_len;
      parts++;
      count--;
    }
    if (count > 0) {
      parts->iov_base = (char *)parts->iov_base + sent;
      parts->iov_len -= sent;
    }
  }
  return 0;
}

/* The start of the argument with this index, or NULL if it has not arrived whole; *length is its length. */
static char *argument(char *from, char *end, int index, long *length) {
  char *at = memchr(from, '\n', end - from);
  if (!at) return NULL;
  at++;
  for (int i = 0;; i++) {
    char *line_end = memchr(at, '\n', end - at);
    if (!line_end || *at != '$') return NULL;
    *length = strtol(at + 1, NULL, 10);
    at = line_end + 1;
    if (i == index) return at;
    at += *length + 2;
    if (at >= end) return NULL;
  }
}

static void *serve(void *argument_socket) {
  int socket = (int)(long)argument_socket;
  char header[HEADER];
  char line[32];
  char *kept = huge(LARGEST);
  size_t have = 0;
  for (;;) {
    ssize_t got = recv(socket, header + have, HEADER - have, 0);
    if (got <= 0) break;
    have += got;
    char *end = header + have;
    long name_length, key_length, length;
    char *name = argument(header, end, 0, &name_length);
    char *key = name ? argument(header, end, 1, &key_length) : NULL;
    if (!key || key + key_length + 2 > end) continue;
    if (name[0] == 'G') {
      long bytes = strtol((char *)memchr(key, ':', key_length) + 1, NULL, 10);
      struct iovec parts[3] = {{line, snprintf(line, sizeof line, "$%ld\r\n", bytes)}, {value_to_send, bytes}, {"\r\n", 2}};
      if (send_all(socket, parts, 3)) break;
    } else {
      char *value = argument(header, end, 2, &length);
      if (!value) continue;
      long there = end - value;
      long wanted = length + 2;
      memcpy(kept, value, there);
      while (there < wanted) {
        got = recv(socket, kept + there, wanted - there, 0);
        if (got <= 0) goto gone;
        there += got;
      }
      struct iovec parts[1] = {{"+OK\r\n", 5}};
      if (send_all(socket, parts, 1)) break;
    }
    have = 0;
  }
gone:
  munmap(kept, LARGEST);
  close(socket);
  return NULL;
}

int main(int count, char **arguments) {
  if (count != 2) {
    fprintf(stderr, "usage: bare PORT\n");
    return 2;
  }
  signal(SIGPIPE, SIG_IGN);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  value_to_send = huge(LARGEST);
  memset(value_to_send, 'v', LARGEST);
  int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(arguments[1])), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 128)) {
    perror("bare");
    return 1;
  }
  for (;;) {
    int socket = accept(listener, NULL, NULL);
    if (socket < 0) continue;
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    pthread_t thread;
    pthread_create(&thread, NULL, serve, (void *)(long)socket);
    pthread_detach(thread);
  }
}
