/* A connection of a plugin of these tests to the server of event_server.py, so that the checks of a network have something to break. */
#ifndef SERVER_LINK_H
#define SERVER_LINK_H

#include <penstock/penstock.h>

#include "flaw.h"

typedef struct server_link {
  int fd; /* -1: without a server, or given up */
  int used;
  char bytes[512]; /* received and not read */
  uint64_t n_bytes;
} server_link;

/* The plugin's: sets the error and returns its status. */
penstock_status refuse(penstock_call* call, penstock_status status, int32_t retry, const char* message);

/* Each of these sets the error that it returns. */
penstock_status open_link(penstock_call* call, server_link* self, const char* host, int64_t port);
void close_link(server_link* self);
/* Sends the request, which ends in \n, and receives the answer up to its \n, which is replaced by NUL. Without a server: nothing. */
penstock_status ask(penstock_call* call, server_link* self, const char* request, char* answer, uint64_t size);

#endif
