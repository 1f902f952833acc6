#include "visit_stream.h"

#include <errno.h>
#include <stdlib.h>

#define NAME_BYTES 1024 /* no column has a longer name */

const struct column visit_columns[N_COLUMNS] = {{.name = "user_id", .format = "u"},
                                                {.name = "city", .format = "u"},
                                                {.name = "pages", .format = "l"},
                                                {.name = VISITED_AT_NAME, .format = "tsu:UTC"}};

penstock_status find_columns(const penstock_scan* scan, int* columns, struct failure* failure) {
  if (scan->n_columns == 0 || scan->n_columns > N_COLUMNS)
    return set_failure(failure, PENSTOCK_STATUS_INVALID_ARGUMENT, PENSTOCK_RETRY_NEVER, "no columns are asked for, or more than there are");
  for (uint64_t i = 0; i < scan->n_columns; ++i) {
    for (columns[i] = 0; columns[i] < N_COLUMNS && !str_is(scan->columns[i], visit_columns[columns[i]].name);) ++columns[i];
    if (columns[i] == N_COLUMNS)
      return set_failure(failure, PENSTOCK_STATUS_NOT_FOUND, PENSTOCK_RETRY_NEVER, "the table has no column \"%.*s\"",
                         scan->columns[i].size <= NAME_BYTES ? (int)scan->columns[i].size : 0, scan->columns[i].data);
  }
  return PENSTOCK_STATUS_OK;
}

/* What the host is told decides what it does: NOT_FOUND and PERMISSION_DENIED need a human, UNAVAILABLE is tried again. A client
 * library's own error codes are translated in one place such as this. */
penstock_status file_failure(struct failure* failure, const char* path, const struct visits_file* file) {
  penstock_status status = PENSTOCK_STATUS_UNAVAILABLE;
  int32_t retry = PENSTOCK_RETRY_SAFE;
  if (file->error == 0)
    return set_failure(failure, PENSTOCK_STATUS_DATA_LOSS, PENSTOCK_RETRY_NEVER, "%s, line %lld: %s", path, (long long)file->line_number,
                       file->mistake);
  if (file->error == ENOENT || file->error == ENOTDIR) status = PENSTOCK_STATUS_NOT_FOUND, retry = PENSTOCK_RETRY_NEVER;
  if (file->error == EACCES) status = PENSTOCK_STATUS_PERMISSION_DENIED, retry = PENSTOCK_RETRY_NEVER;
  if (file->error == EMFILE || file->error == ENFILE || file->error == ENOMEM) status = PENSTOCK_STATUS_RESOURCE_EXHAUSTED;
  return set_failure(failure, status, retry, "cannot read %s: %s", path, strerror(file->error));
}

/* A scan in progress. Between two batches nothing but the place in the file is kept. */
struct visit_stream {
  penstock_call* call; /* of the scan: it lives as long as the stream */
  char path[PATH_BYTES];
  struct visits_file file;
  int columns[N_COLUMNS];
  size_t n_columns;
  int64_t since, until; /* since < time <= until */
  bool from_the_beginning, null_times;
  int64_t batch_rows;
  size_t batch_bytes;
  struct failure failure;
};

static bool is_wanted(const struct visit_stream* stream, const struct visit* visit) {
  if (!visit->has_time) return stream->null_times;
  const int64_t ns = visit->visited_at * 1000;
  return (stream->from_the_beginning || stream->since < ns) && ns <= stream->until;
}

static bool append_visit(const struct visit* visit, int column, struct column* out) {
  switch (column) {
    case USER_ID: return column_append(out, visit->user_id, strlen(visit->user_id));
    case CITY: return visit->city == NULL ? column_append_null(out) : column_append(out, visit->city, strlen(visit->city));
    case PAGES: return visit->has_pages ? column_append(out, &visit->pages, sizeof visit->pages) : column_append_null(out);
    default: return visit->has_time ? column_append(out, &visit->visited_at, sizeof visit->visited_at) : column_append_null(out);
  }
}

static penstock_status fill_batch(struct visit_stream* stream, struct column* columns) {
  struct visit visit;
  enum visits_result result;
  while (columns[0].length < stream->batch_rows && columns_size(columns, stream->n_columns) < stream->batch_bytes) {
    if (stream->file.line_number % LINES_PER_CHECK == 0 && check_call(stream->call, &stream->failure) != PENSTOCK_STATUS_OK)
      return stream->failure.status;
    if ((result = visits_next(&stream->file, &visit)) == VISITS_END) break;
    if (result == VISITS_FAILED) return file_failure(&stream->failure, stream->path, &stream->file);
    if (!is_wanted(stream, &visit)) continue;
    for (size_t i = 0; i < stream->n_columns; ++i)
      if (!append_visit(&visit, stream->columns[i], &columns[i])) return no_memory(&stream->failure);
  }
  return PENSTOCK_STATUS_OK;
}

static void take_columns(const struct visit_stream* stream, struct column* out) {
  for (size_t i = 0; i < stream->n_columns; ++i) out[i] = visit_columns[stream->columns[i]];
}

/* The stream's functions answer an errno; what the host reads is the error that the call was told. */
static int stream_failed(struct visit_stream* stream) {
  return report(stream->call, &stream->failure) == PENSTOCK_STATUS_CANCELLED ? ECANCELED : EIO;
}

static int get_next(struct ArrowArrayStream* self, struct ArrowArray* out) {
  struct visit_stream* stream = self->private_data;
  struct column columns[N_COLUMNS];
  take_columns(stream, columns);
  penstock_status status = fill_batch(stream, columns);
  memset(out, 0, sizeof *out); /* without rows: the end */
  if (status == PENSTOCK_STATUS_OK && columns[0].length > 0 && !make_batch(columns, stream->n_columns, out))
    status = no_memory(&stream->failure);
  for (size_t i = 0; i < stream->n_columns; ++i) column_free(&columns[i]);
  return status == PENSTOCK_STATUS_OK ? 0 : stream_failed(stream);
}

static int get_schema(struct ArrowArrayStream* self, struct ArrowSchema* out) {
  struct visit_stream* stream = self->private_data;
  struct column columns[N_COLUMNS];
  take_columns(stream, columns);
  if (make_schema(columns, stream->n_columns, out)) return 0;
  no_memory(&stream->failure);
  return stream_failed(stream);
}

static const char* get_last_error(struct ArrowArrayStream* self) { return ((struct visit_stream*)self->private_data)->failure.message; }

static void release_stream(struct ArrowArrayStream* self) {
  struct visit_stream* stream = self->private_data;
  visits_close(&stream->file);
  free(stream);
  self->release = NULL;
}

penstock_status open_visit_stream(penstock_call* call, const char* path, const penstock_scan* scan, const int* columns,
                                  struct ArrowArrayStream* out, struct failure* failure) {
  struct visit_stream* stream = calloc(1, sizeof *stream);
  if (stream == NULL) return no_memory(failure);
  if (!visits_open(&stream->file, path)) {
    file_failure(failure, path, &stream->file);
    free(stream);
    return failure->status;
  }
  stream->call = call;
  memcpy(stream->path, path, strlen(path) + 1);
  memcpy(stream->columns, columns, sizeof stream->columns);
  stream->n_columns = (size_t)scan->n_columns;
  stream->from_the_beginning = scan->since == NULL;
  if (scan->since != NULL) stream->since = scan->since->ordinal;
  stream->until = scan->until->ordinal;
  stream->null_times = scan->null_cursor == PENSTOCK_NULL_CURSOR_INCLUDE;
  stream->batch_rows = scan->batch_rows > 0 ? scan->batch_rows : 1;
  stream->batch_bytes = scan->batch_bytes > 0 ? (size_t)scan->batch_bytes : 1;
  *out = (struct ArrowArrayStream){get_schema, get_next, get_last_error, release_stream, stream};
  return PENSTOCK_STATUS_OK;
}
