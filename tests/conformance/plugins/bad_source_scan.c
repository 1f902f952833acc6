#include "arrow_columns.h"
#include "bad_source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define S 1000000 /* microseconds */

const event kEvents[N_EVENTS] = {
    {1, "moon", 0.5, -14182940LL * S, 1},     {2, NULL, -1.0, -1, 1},
    {3, "zero", 0.0, 0, 1},                   {4, "tie", 4.25, 1700000000LL * S, 1},
    {5, "tie", 4.5, 1700000000LL * S, 1},     {6, "", 1e300, 1700000000LL * S, 1},
    {7, "close", 7.0, 1700000000LL * S + 1, 1}, {8, "caf\xc3\xa9", 8.0, 1700000001LL * S, 1},
    {9, "later", 9.0, 1700000060LL * S, 1},   {10, NULL, 10.0, 1700000060LL * S, 1},
    {11, "last", 11.0, 1700003600LL * S, 1},  {12, "last", 12.0, 1700003600LL * S, 1},
    {13, "never", 13.0, 0, 0},                {14, NULL, 14.0, 0, 0},
};
const char* const kColumnNames[N_COLUMNS] = {"id", "name", "score", "at"};
static const char* const kFormats[N_COLUMNS] = {"l", "u", "g", "tsu:UTC"};

typedef struct stream {
  penstock_call* call;
  penstock_source* source;
  int columns[N_COLUMNS];
  int64_t n_columns, since_ns, until_ns, batch_rows, batch_bytes;
  int has_since, includes_null, partition, next, failed;
  int to_the_horizon, shortened;
  int64_t lent_ids[N_EVENTS]; /* a flaw's: what an array points to goes with its stream */
  const void* lent[2];
} stream;

typedef struct owned_schema {
  struct ArrowSchema columns[N_COLUMNS];
  struct ArrowSchema* children[N_COLUMNS];
} owned_schema;

static void release_child(struct ArrowSchema* self) { self->release = NULL; }

static void release_columns(struct ArrowSchema* self) {
  for (int64_t i = 0; i < self->n_children; ++i)
    if (self->children[i]->release != NULL) self->children[i]->release(self->children[i]);
  free(self->private_data);
  self->release = NULL;
}

int export_columns(const int* columns, int64_t n_columns, struct ArrowSchema* out) {
  owned_schema* const owned = calloc(1, sizeof *owned);
  if (owned == NULL) return ENOMEM;
  memset(out, 0, sizeof *out);
  out->format = "+s";
  out->name = "";
  out->n_children = n_columns;
  out->children = owned->children;
  for (int64_t i = 0; i < n_columns; ++i) {
    struct ArrowSchema* const child = owned->children[i] = &owned->columns[i];
    child->format = kFormats[columns[i]];
    child->name = kColumnNames[columns[i]];
    child->flags = ARROW_FLAG_NULLABLE;
    child->release = release_child;
  }
  out->private_data = owned;
  out->release = release_columns;
  return 0;
}

static int fail_stream(stream* scan, int code);

static int get_schema(struct ArrowArrayStream* self, struct ArrowSchema* out) {
  stream* const scan = self->private_data;
  if (export_columns(scan->columns, scan->n_columns, out) != 0) return fail_stream(scan, ENOMEM);
  for (int64_t i = 0; i < out->n_children; ++i)
    if (has_flaw("streamed_as_integer") && strcmp(out->children[i]->format, "g") == 0) out->children[i]->format = "l";
  return 0;
}

/* Is it one of two or more of its time, and not the first? */
static int is_later_of_tie(int index) { return index > 0 && kEvents[index].has_at && kEvents[index].at_us == kEvents[index - 1].at_us; }

static int is_wanted(const stream* scan, int index) {
  const event* const row = &kEvents[index];
  const int64_t at_ns = row->at_us * 1000;
  const int64_t until_ns = has_flaw("until_in_seconds") && scan->until_ns >= 0 ? scan->until_ns / 1000000000 * 1000000000 : scan->until_ns;
  if (!row->has_at && has_flaw("null_rows_never")) return 0;
  if (has_flaw("table_seems_empty") || (row->has_at && has_flaw("only_null_times"))) return 0;
  if (!row->has_at) return has_flaw("null_rows_always") || (scan->includes_null && !(scan->has_since && has_flaw("null_rows_lost")));
  if (has_flaw("tie_cut") && scan->has_since && !scan->to_the_horizon && at_ns == until_ns && is_later_of_tie(index)) return 0;
  if (index == 9 && !scan->includes_null && has_flaw("row_with_null_excluded")) return 0;
  if (has_flaw("rows_before_1970_lost") && scan->has_since && scan->since_ns < 0 && at_ns < 0) return 0;
  const int is_above = !scan->has_since || at_ns > scan->since_ns || (has_flaw("since_inclusive") && at_ns == scan->since_ns);
  return is_above && (at_ns <= until_ns || has_flaw("until_only_claimed"));
}

/* The rows are dealt out in turn. Two flaws show where the whole table is read. */
static int is_of_partition(const stream* scan, int index) {
  const int whole = !scan->has_since && scan->to_the_horizon;
  if (whole && index == 8 && has_flaw("partition_gap")) return 0;
  if (whole && index == 1 && scan->partition == 0 && has_flaw("partition_overlap")) return 1;
  return index % N_PARTITIONS == scan->partition;
}

static void append_cell(column_builder* column, int which, const event* row) {
  switch (which) {
    case 0: append_value(column, &row->id, sizeof row->id); break;
    case 1:
      if (row->name == NULL) append_null(column);
      else append_value(column, row->name, strlen(row->name));
      break;
    case 2: append_value(column, &row->score, sizeof row->score); break;
    default:
      if (row->has_at) append_value(column, &row->at_us, sizeof row->at_us);
      else append_null(column);
  }
}

static int fail_stream(stream* scan, int code) {
  scan->failed = 1;
  if (code == ECANCELED) refuse(scan->call, PENSTOCK_STATUS_CANCELLED, PENSTOCK_RETRY_SAFE, "read: cancelled");
  if (code == ENOMEM) refuse(scan->call, PENSTOCK_STATUS_RESOURCE_EXHAUSTED, PENSTOCK_RETRY_SAFE, "read: out of memory");
  return code;
}

/* The rows that the server knows, from `next` on: their number. */
static penstock_status ask_rows(stream* scan, int* known) {
  char request[64], answer[256];
  *known = N_EVENTS;
  if (!scan->source->link.used) return PENSTOCK_STATUS_OK;
  snprintf(request, sizeof request, "ROWS %d %d\n", scan->next, 4);
  const penstock_status status = ask(scan->call, &scan->source->link, request, answer, sizeof answer);
  if (status != PENSTOCK_STATUS_OK) return status;
  *known = scan->next;
  for (const char* at = answer; *at != '\0'; ++at) *known += *at == '+';
  return PENSTOCK_STATUS_OK;
}

/* Which of the rows is next; a flaw reads them backwards. */
static int next_index(stream* scan) {
  const int next = scan->next++;
  return has_flaw("order_only_claimed") ? N_EVENTS - 1 - next : next;
}

/* The numbers of an array become the stream's. */
static void lend_ids(stream* scan, struct ArrowArray* ids) {
  memcpy(scan->lent_ids, ids->buffers[1], (size_t)ids->length * sizeof *scan->lent_ids);
  scan->lent[0] = ids->buffers[0];
  scan->lent[1] = scan->lent_ids;
  ids->buffers = scan->lent;
}

/* Connections that are not as independent as they should be lose a row of the partition. */
static void disturb(stream* scan) {
  static const penstock_source* last;
  if (last != scan->source && has_flaw("connections_share_state") && scan->next > 0) scan->next = scan->next + N_PARTITIONS < N_EVENTS ? scan->next + N_PARTITIONS : N_EVENTS;
  last = scan->source;
}

static int get_next(struct ArrowArrayStream* self, struct ArrowArray* out) {
  stream* const scan = self->private_data;
  const int64_t batch_rows = has_flaw("batch_rows_ignored") ? N_EVENTS : scan->batch_rows;
  disturb(scan);
  column_builder columns[N_COLUMNS] = {{0}};
  int64_t rows = 0, bytes = 0;
  out->release = NULL;
  if (scan->call->host->cancelled(scan->call)) return fail_stream(scan, ECANCELED);
  for (int64_t i = 0; i < scan->n_columns; ++i) {
    columns[i].format = kFormats[scan->columns[i]][0];
    columns[i].width = width_of(columns[i].format);
  }
  for (int known = scan->next, full = 0; !full;) {
    if (scan->next == known) {
      if (scan->next == N_EVENTS || rows > 0) break;
      if (ask_rows(scan, &known) != PENSTOCK_STATUS_OK) return fail_stream(scan, EIO);
      if (known == scan->next) break;
    }
    const int index = next_index(scan);
    if (!is_of_partition(scan, index) || !is_wanted(scan, index) || (scan->shortened && index == 5)) continue;
    for (int64_t i = 0; i < scan->n_columns; ++i) append_cell(&columns[i], scan->columns[i], &kEvents[index]);
    bytes += has_flaw("batch_bytes_ignored") ? 0 : 32;
    full = ++rows >= batch_rows || bytes >= scan->batch_bytes;
  }
  if (rows == 0) {
    for (int64_t i = 0; i < scan->n_columns; ++i) free_column(&columns[i]);
    return 0;
  }
  if (finish_batch(columns, scan->n_columns, rows, out) != 0) return fail_stream(scan, ENOMEM);
  for (int64_t i = 0; i < scan->n_columns; ++i) {
    if (has_flaw("arrays_go_with_stream") && scan->columns[i] == 0) lend_ids(scan, out->children[i]);
    if (has_flaw("text_not_utf8") && scan->columns[i] == 1 && scan->batch_rows == 7) memset((void*)(uintptr_t)out->children[i]->buffers[2], 0xff, 1);
  }
  return 0;
}

static const char* get_last_error(struct ArrowArrayStream* self) {
  const stream* const scan = self->private_data;
  return scan->failed ? "the stream failed" : NULL;
}

static void release_stream(struct ArrowArrayStream* self) {
  stream* const scan = self->private_data;
  if (has_flaw("abandoned_scan_blocks") && scan->next > 0 && scan->next < N_EVENTS) scan->source->blocked = 1;
  memset(scan->lent_ids, 0xff, sizeof scan->lent_ids);
  if (!has_flaw("arrays_go_with_stream")) free(scan); /* with it an array would point to freed memory, and the process may end */
  if (!has_flaw("stream_release_stays")) self->release = NULL;
}

static int column_named(penstock_str name) {
  for (int i = 0; i < N_COLUMNS; ++i)
    if (same_text(name, kColumnNames[i])) return i;
  return -1;
}

static int compare_columns(const void* a, const void* b) { return *(const int*)a - *(const int*)b; }

penstock_status scan_events(penstock_call* call, penstock_source* self, const penstock_scan* scan, penstock_bytes partition, struct ArrowArrayStream* out,
                            penstock_scan_info* info) {
  const uint8_t* const token = partition.data;
  if (partition.size != 3 || token[0] < '0' || token[0] >= '0' + N_PARTITIONS || token[1] != '/' || token[2] != '0' + N_PARTITIONS)
    return refuse(call, PENSTOCK_STATUS_INVALID_ARGUMENT, PENSTOCK_RETRY_NEVER, "scan: the token is not one of this source's");
  if (self->blocked) return refuse(call, PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_RECONNECT, "scan: another scan is not over");
  if (has_flaw("tokens_of_connection") && !self->planned)
    return refuse(call, PENSTOCK_STATUS_INVALID_ARGUMENT, PENSTOCK_RETRY_NEVER, "scan: the token is not one of this connection's");
  stream* const state = calloc(1, sizeof *state);
  if (state == NULL) return refuse(call, PENSTOCK_STATUS_RESOURCE_EXHAUSTED, PENSTOCK_RETRY_SAFE, "scan: out of memory");
  state->call = call;
  state->source = self;
  state->partition = token[0] - '0';
  state->has_since = scan->since != NULL;
  state->since_ns = scan->since == NULL ? 0 : scan->since->ordinal;
  state->until_ns = scan->until->ordinal;
  state->includes_null = scan->null_cursor == PENSTOCK_NULL_CURSOR_INCLUDE;
  state->batch_rows = scan->batch_rows;
  state->batch_bytes = scan->batch_bytes;
  state->to_the_horizon = scan->until->ordinal == kEvents[11].at_us * 1000;
  for (uint64_t i = 0; i < scan->n_columns; ++i) {
    const int column = column_named(scan->columns[i]);
    if (column < 0 && has_flaw("unknown_column_left_out")) continue;
    if (column < 0 || state->n_columns == N_COLUMNS) {
      free(state);
      return refuse(call, PENSTOCK_STATUS_NOT_FOUND, PENSTOCK_RETRY_NEVER, "scan: the table has no such column");
    }
    state->columns[state->n_columns++] = column;
  }
  const scan_key key = {state->since_ns, state->until_ns, state->batch_rows, state->includes_null, state->n_columns, state->columns[0]};
  state->shortened = has_flaw("second_scan_shorter") && memcmp(&key, &self->last_scans[state->partition], sizeof key) == 0;
  self->last_scans[state->partition] = key;
  if (has_flaw("projection_in_table_order")) qsort(state->columns, (size_t)state->n_columns, sizeof *state->columns, compare_columns);
  *out = (struct ArrowArrayStream){get_schema, get_next, get_last_error, release_stream, state};
  info->honoured = PENSTOCK_HONOURED_COLUMNS | PENSTOCK_HONOURED_SINCE | PENSTOCK_HONOURED_UNTIL | PENSTOCK_HONOURED_ORDER | PENSTOCK_HONOURED_NULL_CURSOR;
  info->rows_estimate = N_EVENTS;
  info->cursor_unit_ns = has_flaw("cursor_unit_differs") ? 1000 : 0;
  return PENSTOCK_STATUS_OK;
}
