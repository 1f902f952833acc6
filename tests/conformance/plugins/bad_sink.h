/* What the files of bad_sink share. */
#ifndef BAD_SINK_H
#define BAD_SINK_H

#include "profile_file.h"
#include "server_link.h"

#define DEFAULT_MAX_KEY 1024

struct penstock_sink {
  profile_file* store;
  int fd;
  int64_t max_key;
  server_link link; /* asked before what a run does, where there is one */
  uint32_t asked; /* how often for its capabilities */
};

/* What a run's batches have. */
typedef struct column_spec {
  char *name, format, items;
} column_spec;

struct penstock_writer {
  penstock_sink* sink;
  int32_t view;
  int64_t fence, ttl_ms, order_size;
  int over;
  int64_t n_columns;
  column_spec* columns;
};

/* A flaw's: writers share the view that was begun last. */
extern int32_t view_begun_last;

/* Records the error and returns its status. */
penstock_status fail(penstock_call* call, penstock_status status, int32_t retry, const char* message);
penstock_status no_memory(penstock_call* call);
/* Other than OK, and recorded, when the call is to end. */
penstock_status check_call(penstock_call* call);
/* Around everything that looks into the store. */
void enter(penstock_sink* sink);
void leave(penstock_sink* sink);

/* What a flaw holds back until the next call, so that it is lost when the process is killed before. */
void hold_back_values(int32_t view, const void* key, uint64_t size, stored_bytes values);
void hold_back_marker(int32_t view, const penstock_position* position, int64_t fence);
void keep_marker(stored_view* view, const penstock_position* position, int64_t fence);

/* Applies one row of a batch, under the store's lock, and counts it. 0 when memory is not there. */
int apply_row(penstock_call* call, penstock_writer* writer, const struct ArrowArray* batch, int64_t index, penstock_write_result* counts);

const void* feature_named(penstock_sink* sink, const char* id);

/* One packed field of a profile: [u16 size of the name][name][format][format of the items, or 0][1: null][u32 size][value]; the
 * value of a list is [u32 count], then [u32 size][bytes] of each. */
typedef struct packed_field {
  const char* name;
  uint64_t name_size;
  char format, items;
  int null;
  const unsigned char* value;
  uint64_t size;
} packed_field;

/* Reads the one at *at and moves on; 0 at the end. */
int next_field(const unsigned char** at, const unsigned char* end, packed_field* out);

#endif
