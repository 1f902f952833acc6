/* A sink whose store is a file; good and complete, but for the flaw that PENSTOCK_FLAW names. */
#define _GNU_SOURCE
#include "bad_sink.h"

#include "arrow_columns.h"

#include <errno.h>
#include <time.h>

PENSTOCK_MODULE_NOTE("bad_sink", "1.0.0")

#define FLAWED_BATCH_ROWS 1000

penstock_status fail(penstock_call* call, penstock_status status, int32_t retry, const char* message) {
  penstock_error error = {.struct_size = sizeof error, .status = status, .retry = retry};
  error.message = (penstock_str){message, strlen(message)};
  call->host->set_error(call, &error);
  return status;
}

penstock_status refuse(penstock_call* call, penstock_status status, int32_t retry, const char* message) { return fail(call, status, retry, message); }

penstock_status check_call(penstock_call* call) {
  struct timespec now;
  if (call->host->cancelled(call)) return fail(call, PENSTOCK_STATUS_CANCELLED, PENSTOCK_RETRY_SAFE, "the call was cancelled");
  clock_gettime(CLOCK_MONOTONIC, &now);
  if ((int64_t)now.tv_sec * 1000000000 + now.tv_nsec >= call->host->deadline_ns(call))
    return fail(call, PENSTOCK_STATUS_DEADLINE_EXCEEDED, PENSTOCK_RETRY_SAFE, "the call's time is up");
  return PENSTOCK_STATUS_OK;
}

penstock_status no_memory(penstock_call* call) {
  return fail(call, PENSTOCK_STATUS_RESOURCE_EXHAUSTED, PENSTOCK_RETRY_NEVER, "no memory left");
}

static const penstock_option_value* option(const penstock_options* options, const char* name) {
  for (uint64_t i = 0; i < options->n_values; ++i) {
    const penstock_option_value* const value = options->values[i];
    if (value->name.size == strlen(name) && memcmp(value->name.data, name, value->name.size) == 0) return value;
  }
  return NULL;
}

static penstock_status connect_sink(penstock_call* call, penstock_sink* sink, const penstock_options* options) {
  const penstock_option_value *const host = option(options, "host"), *const port = option(options, "port");
  char name[64] = "127.0.0.1";
  sink->link.fd = -1;
  if (port == NULL || port->integer == 0) return PENSTOCK_STATUS_OK;
  if (host != NULL && host->text.size < sizeof name) {
    memcpy(name, host->text.data, host->text.size);
    name[host->text.size] = 0;
  }
  return open_link(call, &sink->link, name, port->integer);
}

/* Whatever is to be done is the server's to allow. */
static penstock_status ask_server(penstock_call* call, penstock_sink* sink) {
  char answer[16];
  const penstock_status status = check_call(call);
  return status != PENSTOCK_STATUS_OK ? status : ask(call, &sink->link, "MAY I\n", answer, sizeof answer);
}

static penstock_status sink_open(penstock_call* call, const penstock_options* options, penstock_sink** out) {
  const penstock_option_value* const path = option(options, "path");
  const penstock_option_value* const max_key = option(options, "max_key");
  penstock_status status = check_call(call);
  if (status != PENSTOCK_STATUS_OK) return status;
  char name[4096];
  if (path == NULL || path->text.size >= sizeof name || memchr(path->text.data, 0, path->text.size) != NULL)
    return fail(call, PENSTOCK_STATUS_INVALID_ARGUMENT, PENSTOCK_RETRY_NEVER, "option \"path\": no file can be named so");
  memcpy(name, path->text.data, path->text.size);
  name[path->text.size] = 0;
  penstock_sink* const sink = calloc(1, sizeof *sink);
  if (sink == NULL) return no_memory(call);
  status = connect_sink(call, sink, options);
  if (status != PENSTOCK_STATUS_OK) return free(sink), status;
  sink->max_key = max_key == NULL ? DEFAULT_MAX_KEY : max_key->integer;
  sink->store = open_store(name, &sink->fd);
  if (sink->store == NULL) {
    const int error = errno;
    close_link(&sink->link);
    free(sink);
    if (error == ENOMEM || error == EMFILE || error == ENFILE) return no_memory(call);
    return fail(call, PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_SAFE, "the store's file cannot be opened");
  }
  *out = sink;
  return PENSTOCK_STATUS_OK;
}

static void sink_close(penstock_call* call, penstock_sink* sink) {
  (void)call;
  close_store(sink->store, sink->fd);
  close_link(&sink->link);
  free(sink);
}

static penstock_status sink_ping(penstock_call* call, penstock_sink* sink) {
  return ask_server(call, sink);
}

static penstock_status sink_capabilities(penstock_call* call, penstock_sink* sink, penstock_sink_capabilities* out) {
  const penstock_status status = check_call(call);
  if (status != PENSTOCK_STATUS_OK) return status;
  out->flags = PENSTOCK_SINK_DURABLE | PENSTOCK_SINK_NEWEST_WINS | PENSTOCK_SINK_TTL | PENSTOCK_SINK_UNCHANGED;
  out->batch_rows = has_flaw("capabilities_change") ? 1000 + sink->asked++ : 1000;
  out->batch_bytes = 0;
  return PENSTOCK_STATUS_OK;
}

static void free_writer(penstock_writer* writer) {
  for (int64_t i = 0; writer->columns != NULL && i < writer->n_columns; ++i) free(writer->columns[i].name);
  free(writer->columns);
  free(writer);
}

static penstock_writer* make_writer(penstock_sink* sink, const penstock_run_spec* spec) {
  penstock_writer* const writer = calloc(1, sizeof *writer);
  if (writer == NULL) return NULL;
  writer->sink = sink;
  writer->ttl_ms = spec->ttl_ms;
  writer->order_size = spec->order_size;
  writer->n_columns = spec->schema->n_children;
  writer->columns = calloc((size_t)writer->n_columns, sizeof *writer->columns);
  int there = writer->columns != NULL;
  for (int64_t i = 0; there && i < writer->n_columns; ++i) {
    const struct ArrowSchema* const field = spec->schema->children[i];
    writer->columns[i].name = strdup(field->name);
    writer->columns[i].format = field->format[0];
    writer->columns[i].items = field->format[0] == '+' ? field->children[0]->format[0] : 0;
    there = writer->columns[i].name != NULL;
  }
  if (there) return writer;
  free_writer(writer);
  return NULL;
}

int32_t view_begun_last;

static penstock_status sink_begin(penstock_call* call, penstock_sink* sink, const penstock_run_spec* spec, penstock_begin_result* result,
                                  penstock_writer** out) {
  const penstock_status status = ask_server(call, sink);
  if (status != PENSTOCK_STATUS_OK) return status;
  if (spec->order_size < PENSTOCK_ORDER_SUFFIX || spec->order_size > MAX_ORDER)
    return fail(call, PENSTOCK_STATUS_INVALID_ARGUMENT, PENSTOCK_RETRY_NEVER, "an order key of this width cannot be stored");
  penstock_writer* const writer = make_writer(sink, spec);
  if (writer == NULL) return no_memory(call);
  enter(sink);
  writer->view = view_index(sink->store, spec->view.data, spec->view.size, spec->view_version, 1);
  if (writer->view >= 0) {
    stored_view* const view = &sink->store->views[writer->view];
    const int64_t next = ++sink->store->last_fence;
    writer->fence = has_flaw("fence_falls") ? 1000000 - next : next;
    result->fence = writer->fence;
    if (PENSTOCK_HAS(result, previous_fence)) result->previous_fence = has_flaw("previous_fence_wrong") ? writer->fence : view->fence;
    view->fence = writer->fence;
    for (int32_t i = 0; has_flaw("begin_fences_versions") && i < sink->store->n_views; ++i)
      if (sink->store->views[i].name_size == view->name_size && memcmp(sink->store->views[i].name, view->name, (size_t)view->name_size) == 0)
        sink->store->views[i].fence = writer->fence;
    view_begun_last = writer->view;
  }
  leave(sink);
  if (writer->view < 0) {
    free_writer(writer);
    return fail(call, PENSTOCK_STATUS_RESOURCE_EXHAUSTED, PENSTOCK_RETRY_NEVER, "the store has no room for another view");
  }
  *out = writer;
  return PENSTOCK_STATUS_OK;
}

static int has_long_key(const penstock_writer* writer, const struct ArrowArray* batch) {
  for (int64_t i = 0; i < batch->length; ++i) {
    uint64_t size = 0;
    value_of(batch->children[0], 'z', 0, i, NULL, &size);
    if ((int64_t)size > writer->sink->max_key) return 1;
  }
  return 0;
}

/* What a batch with flaws in its treatment comes to, before a row is looked at. */
static penstock_status refuse_batch(penstock_call* call, const penstock_writer* writer, const struct ArrowArray* batch) {
  if (has_flaw("empty_batch_refused") && batch->length == 0)
    return fail(call, PENSTOCK_STATUS_INVALID_ARGUMENT, PENSTOCK_RETRY_NEVER, "the batch is empty");
  if (has_flaw("reject_fails_batch") && has_long_key(writer, batch))
    return fail(call, PENSTOCK_STATUS_INVALID_ARGUMENT, PENSTOCK_RETRY_NEVER, "a key is longer than max_key allows");
  return PENSTOCK_STATUS_OK;
}

static int64_t rows_to_apply(const penstock_writer* writer, const struct ArrowArray* batch) {
  if (has_flaw("large_batch_cut") && batch->length > FLAWED_BATCH_ROWS) return FLAWED_BATCH_ROWS;
  if (has_flaw("reject_loses_rows") && has_long_key(writer, batch))
    for (int64_t i = 0; i < batch->length; ++i) {
      uint64_t size = 0;
      value_of(batch->children[0], 'z', 0, i, NULL, &size);
      if ((int64_t)size > writer->sink->max_key) return i + 1;
    }
  return batch->length;
}

static penstock_status sink_write(penstock_call* call, penstock_writer* writer, uint64_t seq, struct ArrowArray* batch,
                                  penstock_write_result* result) {
  (void)seq;
  penstock_sink* const sink = writer->sink;
  penstock_status status = check_call(call);
  if (status == PENSTOCK_STATUS_OK) status = refuse_batch(call, writer, batch);
  if (status != PENSTOCK_STATUS_OK) return status;
  if (writer->over) return fail(call, PENSTOCK_STATUS_FAILED_PRECONDITION, PENSTOCK_RETRY_UNKNOWN_OUTCOME, "the run is over after an earlier error");
  status = ask_server(call, sink);
  if (status == PENSTOCK_STATUS_UNAVAILABLE && has_flaw("loss_acknowledged")) {
    sink->link.used = 0;
    result->written = batch->length;
    return PENSTOCK_STATUS_OK;
  }
  writer->over = status != PENSTOCK_STATUS_OK;
  if (writer->over) return status;
  penstock_write_result counts = {.struct_size = sizeof counts};
  const int64_t rows = rows_to_apply(writer, batch);
  int there = 1;
  enter(sink);
  const int fenced = sink->store->views[writer->view].fence != writer->fence && !has_flaw("old_writer_writes");
  for (int64_t i = 0; i < rows && there && !fenced; ++i) {
    if (has_flaw("chunk_edge_lost") && i == FLAWED_BATCH_ROWS)
      ++counts.written;
    else
      there = apply_row(call, writer, batch, i, &counts);
  }
  leave(sink);
  writer->over = fenced || !there;
  if (fenced) return fail(call, PENSTOCK_STATUS_FENCED, PENSTOCK_RETRY_NEVER, "a newer run of this view has begun in the store");
  if (!there) return no_memory(call);
  counts.written += batch->length - rows;
  if (has_flaw("stale_not_counted")) counts.stale = 0;
  result->written = counts.written;
  result->unchanged = counts.unchanged;
  result->stale = counts.stale;
  result->rejected = counts.rejected;
  if (has_flaw("batch_kept")) batch->release = NULL;
  if (has_flaw("batch_released_twice")) {
    struct ArrowArray copy = *batch;
    copy.release(&copy);
  }
  return PENSTOCK_STATUS_OK;
}

/* Is the writer to go on? */
static penstock_status check_writer(penstock_call* call, penstock_writer* writer) {
  if (writer->over) return fail(call, PENSTOCK_STATUS_FAILED_PRECONDITION, PENSTOCK_RETRY_UNKNOWN_OUTCOME, "the run is over after an earlier error");
  return ask_server(call, writer->sink);
}

static penstock_status sink_flush(penstock_call* call, penstock_writer* writer) {
  const penstock_status status = check_writer(call, writer);
  if (status != PENSTOCK_STATUS_OK) return status;
  const penstock_position early = {.struct_size = sizeof early, .ordinal = 1};
  enter(writer->sink);
  if (has_flaw("marker_moves_at_flush")) keep_marker(&writer->sink->store->views[writer->view], &early, writer->fence);
  leave(writer->sink);
  return PENSTOCK_STATUS_OK;
}

static penstock_status sink_commit(penstock_call* call, penstock_writer* writer, const penstock_position* position) {
  const penstock_status status = check_writer(call, writer);
  if (status != PENSTOCK_STATUS_OK) return status;
  enter(writer->sink);
  stored_view* const view = &writer->sink->store->views[writer->view];
  const int fenced = view->fence != writer->fence && !has_flaw("old_writer_commits");
  if (!fenced && has_flaw("commit_held_back"))
    hold_back_marker(writer->view, position, writer->fence);
  else if (!fenced)
    keep_marker(view, position, writer->fence);
  leave(writer->sink);
  writer->over = fenced;
  if (fenced) return fail(call, PENSTOCK_STATUS_FENCED, PENSTOCK_RETRY_NEVER, "a newer run of this view has begun in the store");
  return PENSTOCK_STATUS_OK;
}

static penstock_status sink_abort(penstock_call* call, penstock_writer* writer) {
  (void)call;
  writer->over = 1;
  enter(writer->sink);
  if (has_flaw("abort_drops_marker")) writer->sink->store->views[writer->view].has_marker = 0;
  leave(writer->sink);
  return PENSTOCK_STATUS_OK;
}

static void sink_end(penstock_call* call, penstock_writer* writer) {
  (void)call;
  free_writer(writer);
}

static penstock_status validate(penstock_call* call, const penstock_options* options) {
  const penstock_option_value* const path = option(options, "path");
  if (path == NULL || path->text.size == 0 || path->text.size >= 4096)
    return fail(call, PENSTOCK_STATUS_INVALID_ARGUMENT, PENSTOCK_RETRY_NEVER, "option \"path\": no file can be named so");
  return PENSTOCK_STATUS_OK;
}

static penstock_status init(const penstock_host* host, penstock_call* call) {
  (void)host;
  (void)call;
  return PENSTOCK_STATUS_OK;
}

static void deinit(void) {}

static const penstock_option_desc kPath = {.struct_size = sizeof kPath,
                                           .type = PENSTOCK_OPTION_STRING,
                                           .flags = PENSTOCK_OPTION_REQUIRED,
                                           .name = "path",
                                           .doc = "The file that holds the profiles.",
                                           .min = INT64_MIN,
                                           .max = INT64_MAX};
static const penstock_option_desc kMaxKey = {.struct_size = sizeof kMaxKey,
                                             .type = PENSTOCK_OPTION_INT,
                                             .name = "max_key",
                                             .doc = "Longer keys are rejected, in bytes.",
                                             .default_value = PENSTOCK_STRINGIZE(DEFAULT_MAX_KEY),
                                             .min = 1,
                                             .max = DEFAULT_MAX_KEY};
static const penstock_option_desc kHost = {.struct_size = sizeof kHost,
                                           .type = PENSTOCK_OPTION_STRING,
                                           .name = "host",
                                           .doc = "The server's IPv4 address.",
                                           .default_value = "127.0.0.1",
                                           .min = INT64_MIN,
                                           .max = INT64_MAX};
static const penstock_option_desc kPort = {.struct_size = sizeof kPort,
                                           .type = PENSTOCK_OPTION_INT,
                                           .name = "port",
                                           .doc = "The server's port; 0: there is none.",
                                           .default_value = "0",
                                           .min = 0,
                                           .max = 65535};
static const penstock_option_desc* const kOptions[] = {&kPath, &kMaxKey, &kHost, &kPort};

static const penstock_sink_vtab kVtab = {.struct_size = sizeof kVtab,
                                         .open = sink_open,
                                         .close = sink_close,
                                         .ping = sink_ping,
                                         .capabilities = sink_capabilities,
                                         .begin = sink_begin,
                                         .write = sink_write,
                                         .flush = sink_flush,
                                         .commit = sink_commit,
                                         .abort = sink_abort,
                                         .end = sink_end,
                                         .get_extension = feature_named};

static const penstock_component kComponent = {.struct_size = sizeof kComponent,
                                              .kind = PENSTOCK_KIND_SINK,
                                              .id = "bad_sink",
                                              .title = "A store in a file",
                                              .doc = "For the tests of the conformance suite.",
                                              .options = kOptions,
                                              .n_options = sizeof kOptions / sizeof *kOptions,
                                              .vtab = &kVtab,
                                              .validate = validate};
static const penstock_component* const kComponents[] = {&kComponent};

PENSTOCK_EXPORT const penstock_module* penstock_module_v1(void) {
  static const penstock_module module = {.magic = PENSTOCK_MODULE_MAGIC,
                                         .struct_size = sizeof module,
                                         .abi_major = PENSTOCK_ABI_MAJOR,
                                         .abi_minor = PENSTOCK_ABI_MINOR,
                                         .n_components = 1,
                                         .id = "bad_sink",
                                         .version = "1.0.0",
                                         .vendor = "Penstock",
                                         .license = "Apache-2.0",
                                         .url = "",
                                         .components = kComponents,
                                         .init = init,
                                         .deinit = deinit};
  return &module;
}
