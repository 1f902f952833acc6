/* A source of one table in memory, complete and good: the connector that the suite's checks are tried on. With a port it asks a server
 * first which rows there are, so that the checks of a network have something to break. PENSTOCK_FLAW makes one thing of it bad. */
#ifndef BAD_SOURCE_H
#define BAD_SOURCE_H

#include "server_link.h"

/* The table `events`, ordered by (at, id): ties, rows before 1970, and rows whose cursor is NULL. */
typedef struct event {
  int64_t id;
  const char* name; /* NULL: null */
  double score;
  int64_t at_us; /* since 1970 */
  int has_at;
} event;

#define N_EVENTS 14
extern const event kEvents[N_EVENTS];
#define N_COLUMNS 4
extern const char* const kColumnNames[N_COLUMNS];
#define N_PARTITIONS 3

/* What one scan was asked. */
typedef struct scan_key {
  int64_t since_ns, until_ns, batch_rows, includes_null, n_columns, first_column;
} scan_key;

struct penstock_source {
  server_link link;
  /* For flaws: what earlier calls were. */
  int planned, blocked;
  int64_t horizons;
  scan_key last_scans[N_PARTITIONS];
  int64_t serial; /* counts the sources that were opened */
  int was_used;
  char password[64];
};

penstock_str text_of(const char* text);
int same_text(penstock_str text, const char* other);

/* 0, or an errno. */
int export_columns(const int* columns, int64_t n_columns, struct ArrowSchema* out);
penstock_status scan_events(penstock_call* call, penstock_source* self, const penstock_scan* scan, penstock_bytes partition, struct ArrowArrayStream* out,
                            penstock_scan_info* info);

#endif
