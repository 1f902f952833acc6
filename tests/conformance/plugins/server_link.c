#include "server_link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int64_t now_ns(void) {
  struct timespec now;
  clock_gettime(has_flaw("deadline_of_another_clock") ? CLOCK_REALTIME : CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* What was in flight is lost, so the object is dead. */
static penstock_status give_up(penstock_call* call, server_link* self, penstock_status status, const char* message) {
  close_link(self);
  return refuse(call, status, has_flaw("lost_for_good") ? PENSTOCK_RETRY_NEVER : has_flaw("lost_is_safe") ? PENSTOCK_RETRY_SAFE : PENSTOCK_RETRY_RECONNECT, message);
}

/* Until the socket is ready or the call shall end. */
static penstock_status await(penstock_call* call, server_link* self, short events) {
  for (;;) {
    struct pollfd fds[2] = {{self->fd, events, 0}, {call->host->cancel_fd(call), POLLIN, 0}};
    const int64_t deadline = call->host->deadline_ns(call), left = deadline - now_ns();
    const int deaf = has_flaw("deaf_to_cancel");
    if (deaf) fds[1].fd = -1;
    if (has_flaw("looks_up_now_and_then")) fds[1].fd = -1;
    if (!deaf && call->host->cancelled(call)) return give_up(call, self, PENSTOCK_STATUS_CANCELLED, "wait for the server: cancelled");
    if (left <= 0) return give_up(call, self, PENSTOCK_STATUS_CANCELLED, "wait for the server: the time is up");
    const int forever = deadline == INT64_MAX || left / 1000000 >= 100000;
    const int most = forever ? -1 : (int)(left / 1000000 + 1);
    const int ready = poll(fds, 2, has_flaw("looks_up_now_and_then") ? 850 : most);
    if (ready > 0 && fds[0].revents != 0) return PENSTOCK_STATUS_OK;
    if (ready < 0 && errno != EINTR) return give_up(call, self, PENSTOCK_STATUS_UNAVAILABLE, "wait for the server: poll failed");
  }
}

penstock_status open_link(penstock_call* call, server_link* self, const char* host, int64_t port) {
  struct sockaddr_in address = {0};
  address.sin_family = AF_INET;
  address.sin_port = htons((uint16_t)port);
  if (inet_pton(AF_INET, host, &address.sin_addr) != 1)
    return refuse(call, PENSTOCK_STATUS_INVALID_ARGUMENT, PENSTOCK_RETRY_NEVER, "option \"host\" is not an IPv4 address");
  self->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (self->fd < 0) return refuse(call, PENSTOCK_STATUS_RESOURCE_EXHAUSTED, PENSTOCK_RETRY_SAFE, "open a socket: no descriptors");
  int connected = connect(self->fd, (const struct sockaddr*)&address, sizeof address) == 0;
  if (!connected && (errno == EINPROGRESS || errno == EINTR)) {
    const penstock_status waited = await(call, self, POLLOUT);
    if (waited != PENSTOCK_STATUS_OK) return waited;
    int error = 0;
    socklen_t size = sizeof error;
    connected = getsockopt(self->fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
  }
  if (!connected) return give_up(call, self, PENSTOCK_STATUS_UNAVAILABLE, "connect: nobody listens");
  self->used = 1;
  return PENSTOCK_STATUS_OK;
}

void close_link(server_link* self) {
  if (self->fd >= 0) close(self->fd);
  self->fd = -1;
  self->n_bytes = 0;
}

/* The received bytes up to \n. */
static int take_line(server_link* self, char* answer, uint64_t size) {
  char* const end = memchr(self->bytes, '\n', self->n_bytes);
  if (end == NULL) return 0;
  const uint64_t length = (uint64_t)(end - self->bytes);
  if (length >= size) return 0;
  memcpy(answer, self->bytes, length);
  answer[length] = '\0';
  self->n_bytes -= length + 1;
  memmove(self->bytes, end + 1, self->n_bytes);
  return 1;
}

penstock_status ask(penstock_call* call, server_link* self, const char* request, char* answer, uint64_t size) {
  answer[0] = '\0';
  if (!self->used) return PENSTOCK_STATUS_OK;
  if (self->fd < 0) return give_up(call, self, PENSTOCK_STATUS_UNAVAILABLE, "ask the server: the connection was lost before");
  for (size_t sent = 0; sent < strlen(request);) {
    const penstock_status waited = await(call, self, POLLOUT);
    if (waited != PENSTOCK_STATUS_OK) return waited;
    const ssize_t count = send(self->fd, request + sent, strlen(request) - sent, MSG_NOSIGNAL);
    if (count < 0 && errno != EINTR && errno != EAGAIN) return give_up(call, self, PENSTOCK_STATUS_UNAVAILABLE, "send: the connection was lost");
    if (count > 0) sent += (size_t)count;
  }
  while (!take_line(self, answer, size)) {
    if (self->n_bytes == sizeof self->bytes) return give_up(call, self, PENSTOCK_STATUS_DATA_LOSS, "receive: an answer without an end");
    const penstock_status waited = await(call, self, POLLIN);
    if (waited != PENSTOCK_STATUS_OK) return waited;
    const ssize_t count = recv(self->fd, self->bytes + self->n_bytes, sizeof self->bytes - self->n_bytes, 0);
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (count <= 0 && has_flaw("lost_is_the_end")) return close_link(self), PENSTOCK_STATUS_OK;
    if (count == 0 && has_flaw("close_is_the_end")) return close_link(self), PENSTOCK_STATUS_OK;
    if (count <= 0) return give_up(call, self, PENSTOCK_STATUS_UNAVAILABLE, "receive: the connection was lost");
    self->n_bytes += (uint64_t)count;
    /* An answer in one piece, as it mostly is. */
    if (has_flaw("whole_answers_only") && memchr(self->bytes, '\n', self->n_bytes) == NULL) self->bytes[self->n_bytes - 1] = '\n';
  }
  return PENSTOCK_STATUS_OK;
}
