/* A source and a sink that keep calls and use them when they have ended. The option "mode" names the function of penstock_host that is
 * used: by the second ping on the first one's call, by flush on write's. "close" keeps the call of close for the next object's ping. */
#include "nothing.h"
#include "rows.h"

#include <pthread.h>

PENSTOCK_MODULE_NOTE("keeps_calls", "1.0.0")

struct penstock_source {
  char mode[MODE_SIZE];
  pthread_t thread;
  int threads;
  atomic_int stopping;
};
struct penstock_sink {
  char mode[MODE_SIZE];
};
struct penstock_writer {
  struct penstock_sink* sink;
};

static _Atomic(penstock_call*) kept;
static penstock_buffer* kept_buffer;
static penstock_add_partition kept_add;
static void* kept_context;
static atomic_int hooks_run;

static void count_hook(void* unused) {
  (void)unused;
  ++hooks_run;
}

/* Uses `late` and says with `now` what it was answered. */
static void use(const char* mode, penstock_call* late, penstock_call* now) {
  const penstock_host* host = late->host;
  const penstock_error error = {sizeof error, PENSTOCK_STATUS_INTERNAL, 0, 0, 0, {NULL, 0}, text_of("too late")};
  const penstock_rejection rejection = {sizeof rejection, 0, 0, 0, 0, text_of("too late")};
  double answer = 0;
  if (mode_is(mode, "log_enabled")) answer = host->log_enabled(late, PENSTOCK_LOG_ERROR);
  if (mode_is(mode, "log")) host->log(late, PENSTOCK_LOG_ERROR, text_of("too late"));
  if (mode_is(mode, "set_error")) host->set_error(late, &error);
  if (mode_is(mode, "add_error_detail")) host->add_error_detail(late, text_of("too"), text_of("late"));
  if (mode_is(mode, "cancelled")) answer = host->cancelled(late);
  if (mode_is(mode, "cancel_fd")) answer = host->cancel_fd(late) + 1; /* -1 */
  if (mode_is(mode, "deadline_ns")) answer = (double)host->deadline_ns(late);
  if (mode_is(mode, "on_cancel")) answer = host->on_cancel(late, count_hook, NULL) != 0;
  if (mode_is(mode, "off_cancel")) host->off_cancel(late, 1);
  if (mode_is(mode, "reject")) host->reject(late, &rejection);
  if (mode_is(mode, "append")) host->append(late, kept_buffer, "x", 1);
  if (mode_is(mode, "metric")) host->metric(late, text_of("too_late"), 1);
  if (mode_is(mode, "add_partition")) answer = kept_add(kept_context, (penstock_bytes){NULL, 0}) != PENSTOCK_STATUS_OK;
  host->metric(now, text_of("answer"), answer);
  host->metric(now, text_of("hooks_run"), hooks_run);
}

static penstock_status open_source(penstock_call* call, const penstock_options* options, penstock_source** out) {
  (void)call;
  *out = (penstock_source*)calloc(1, sizeof **out);
  copy_mode(options, (*out)->mode);
  return PENSTOCK_STATUS_OK;
}
static void close_source(penstock_call* call, penstock_source* self) {
  self->stopping = 1;
  if (self->threads > 0) pthread_join(self->thread, NULL);
  if (mode_is(self->mode, "close")) kept = call;
  free(self);
}

/* For as long as the object is open, whatever becomes of the calls. */
static void* use_without_end(void* argument) {
  struct penstock_source* self = (struct penstock_source*)argument;
  while (self->stopping == 0) {
    penstock_call* call = kept;
    call->host->log(call, PENSTOCK_LOG_DEBUG, text_of("still here"));
    if (call->host->cancelled(call) == 0) call->host->off_cancel(call, call->host->on_cancel(call, count_hook, NULL));
    call->host->cancel_fd(call);
  }
  return NULL;
}

static penstock_status ping(penstock_call* call, penstock_source* self) {
  if (mode_is(self->mode, "without_end")) {
    kept = call;
    if (self->threads == 0) self->threads = pthread_create(&self->thread, NULL, use_without_end, self) == 0;
    return PENSTOCK_STATUS_OK;
  }
  if (kept == NULL) {
    kept = call;
  } else {
    use(self->mode, kept, call);
    kept = NULL;
  }
  return PENSTOCK_STATUS_OK;
}
static penstock_status describe(penstock_call* call, penstock_source* self, const penstock_table* table, struct ArrowSchema* out) {
  (void)call;
  (void)self;
  (void)table;
  make_schema(out, "n", "l");
  return PENSTOCK_STATUS_OK;
}
static penstock_status list_tables(penstock_call* call, penstock_source* self, penstock_add_table add, void* context) {
  (void)self;
  (void)add;
  (void)context;
  return fail(call, PENSTOCK_STATUS_NOT_SUPPORTED, "not this one");
}
static penstock_status horizon(penstock_call* call, penstock_source* self, const penstock_table* table, const penstock_cursor* cursor,
                               penstock_horizon* out) {
  (void)self;
  (void)table;
  (void)cursor;
  out->guarantee = PENSTOCK_CLASS_A;
  kept = call;
  kept_buffer = out->position->detail;
  return PENSTOCK_STATUS_OK;
}
static penstock_status plan(penstock_call* call, penstock_source* self, const penstock_scan* scan, penstock_add_partition add,
                            void* context, penstock_scan_info* info) {
  (void)self;
  (void)scan;
  (void)info;
  kept = call;
  kept_add = add;
  kept_context = context;
  return add(context, (penstock_bytes){NULL, 0});
}

static int get_schema(struct ArrowArrayStream* stream, struct ArrowSchema* out) {
  (void)stream;
  make_schema(out, "n", "l");
  return 0;
}
static int get_next(struct ArrowArrayStream* stream, struct ArrowArray* out) {
  (void)stream;
  memset(out, 0, sizeof *out);
  return 0;
}
static const char* get_last_error(struct ArrowArrayStream* stream) {
  (void)stream;
  return NULL;
}
static void release_stream(struct ArrowArrayStream* stream) { stream->release = NULL; }
static penstock_status scan(penstock_call* call, penstock_source* self, const penstock_scan* what, penstock_bytes partition,
                            struct ArrowArrayStream* out, penstock_scan_info* info) {
  (void)self;
  (void)what;
  (void)partition;
  (void)info;
  kept = call;
  *out = (struct ArrowArrayStream){get_schema, get_next, get_last_error, release_stream, NULL};
  return PENSTOCK_STATUS_OK;
}

static penstock_status open_sink(penstock_call* call, const penstock_options* options, penstock_sink** out) {
  (void)call;
  *out = (penstock_sink*)calloc(1, sizeof **out);
  copy_mode(options, (*out)->mode);
  return PENSTOCK_STATUS_OK;
}
static void close_sink(penstock_call* call, penstock_sink* self) {
  (void)call;
  free(self);
}
static penstock_status ping_sink(penstock_call* call, penstock_sink* self) {
  (void)call;
  (void)self;
  return PENSTOCK_STATUS_OK;
}
static penstock_status capabilities(penstock_call* call, penstock_sink* self, penstock_sink_capabilities* out) {
  (void)call;
  (void)self;
  (void)out;
  return PENSTOCK_STATUS_OK;
}
static penstock_status begin(penstock_call* call, penstock_sink* self, const penstock_run_spec* spec, penstock_begin_result* result,
                             penstock_writer** out) {
  (void)call;
  (void)spec;
  *out = (penstock_writer*)calloc(1, sizeof **out);
  (*out)->sink = self;
  result->fence = 1;
  return PENSTOCK_STATUS_OK;
}
static penstock_status write_batch(penstock_call* call, penstock_writer* self, uint64_t seq, struct ArrowArray* batch,
                                   penstock_write_result* result) {
  (void)self;
  (void)seq;
  kept = call;
  result->written = batch->length;
  return PENSTOCK_STATUS_OK;
}
static penstock_status flush(penstock_call* call, penstock_writer* self) {
  use(self->sink->mode, kept, call);
  kept = NULL;
  return PENSTOCK_STATUS_OK;
}
static penstock_status commit(penstock_call* call, penstock_writer* self, const penstock_position* position) {
  (void)call;
  (void)self;
  (void)position;
  return PENSTOCK_STATUS_OK;
}
static penstock_status abort_run(penstock_call* call, penstock_writer* self) {
  (void)call;
  (void)self;
  return PENSTOCK_STATUS_OK;
}
static void end(penstock_call* call, penstock_writer* self) {
  (void)call;
  free(self);
}
static const void* no_sink_extension(penstock_sink* self, const char* id) {
  (void)self;
  (void)id;
  return NULL;
}

static const penstock_option_desc kMode = {sizeof kMode, PENSTOCK_OPTION_STRING, 0, 0, "mode", "What goes wrong.", "fine", NULL, INT64_MIN, INT64_MAX};
static const penstock_option_desc* const kOptions[] = {&kMode};
static const penstock_source_vtab kSourceVtab = {sizeof kSourceVtab, 0, open_source, close_source, ping, describe, list_tables, horizon, plan, scan, no_extension};
static const penstock_sink_vtab kSinkVtab = {sizeof kSinkVtab, 0, open_sink, close_sink, ping_sink, capabilities, begin, write_batch, flush, commit, abort_run, end, no_sink_extension};
static const penstock_component kSource = {sizeof kSource, PENSTOCK_KIND_SOURCE, "misbehaving", "Misbehaving", "Keeps calls.", kOptions, 1, NULL, 0, &kSourceVtab, accept_options};
static const penstock_component kSink = {sizeof kSink, PENSTOCK_KIND_SINK, "misbehaving", "Misbehaving", "Keeps calls.", kOptions, 1, NULL, 0, &kSinkVtab, accept_options};
static const penstock_component* const kComponents[] = {&kSource, &kSink};
static const penstock_module kModule = {PENSTOCK_MODULE_MAGIC, sizeof kModule, PENSTOCK_ABI_MAJOR, PENSTOCK_ABI_MINOR, 0, 2, "keeps_calls", "1.0.0", "Penstock tests", "Apache-2.0", "", kComponents, init_nothing, deinit_nothing};

const penstock_module* penstock_module_v1(void) { return &kModule; }
