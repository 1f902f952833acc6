/* A source that breaks the contract in the way its option "mode" names. */
#include "nothing.h"
#include "rows.h"

#include <errno.h>
#include <poll.h>
#include <semaphore.h>
#include <time.h>
#include <unistd.h>

PENSTOCK_MODULE_NOTE("misbehaving_source", "1.0.0")

struct penstock_source {
  char mode[MODE_SIZE];
};

struct stream {
  struct penstock_source* source;
  penstock_call* call;
  int batches;
};

static atomic_int opened, closed, streams_released, stray_hooks;

static penstock_status unsupported(penstock_call* call) { return fail(call, PENSTOCK_STATUS_NOT_SUPPORTED, "not this one"); }

static penstock_status open_source(penstock_call* call, const penstock_options* options, penstock_source** out) {
  struct penstock_source* self;
  char mode[MODE_SIZE];
  copy_mode(options, mode);
  if (mode_is(mode, "open_null")) return PENSTOCK_STATUS_OK;
  if (mode_is(mode, "open_silent")) return PENSTOCK_STATUS_UNAVAILABLE;
  if (mode_is(mode, "open_999")) return 999;
  if (mode_is(mode, "open_control_characters")) {
    static const char kMessage[] = "bad\0 \x1b[31mred\x1b[0m\nline \xff \xc2\x9b";
    const penstock_error error = {sizeof error, PENSTOCK_STATUS_UNAVAILABLE, 77, 7, 0, {"4 P01", 5}, {kMessage, sizeof kMessage - 1}};
    call->host->set_error(call, &error);
    call->host->add_error_detail(call, text_of("qu\nery"), text_of("id\t7"));
    return PENSTOCK_STATUS_UNAVAILABLE;
  }
  if (mode_is(mode, "open_long_message")) {
    static char message[100000];
    memset(message, 'x', sizeof message - 1);
    fail(call, PENSTOCK_STATUS_UNAVAILABLE, message);
    for (int i = 0; i < 1000; ++i) call->host->add_error_detail(call, text_of("key"), text_of(message));
    for (int i = 0; i < 5000; ++i) call->host->log(call, PENSTOCK_LOG_INFO, text_of(message));
    return PENSTOCK_STATUS_UNAVAILABLE;
  }
  if (mode_is(mode, "open_retry_after")) {
    const penstock_error error = {sizeof error, PENSTOCK_STATUS_UNAVAILABLE, PENSTOCK_RETRY_AFTER, 0, INT64_MAX, {NULL, 0}, text_of("busy")};
    call->host->set_error(call, &error);
    return PENSTOCK_STATUS_UNAVAILABLE;
  }
  if (mode_is(mode, "open_null_error")) {
    const penstock_error error = {sizeof error, PENSTOCK_STATUS_OK, PENSTOCK_RETRY_NEVER, 0, 0, {NULL, 5}, {NULL, 1000}};
    call->host->set_error(call, NULL);
    call->host->set_error(call, &error);
    return PENSTOCK_STATUS_INTERNAL;
  }
  if (mode_is(mode, "open_ok_with_error")) fail(call, PENSTOCK_STATUS_INTERNAL, "never mind");
  self = (struct penstock_source*)calloc(1, sizeof *self);
  memcpy(self->mode, mode, sizeof mode);
  ++opened;
  *out = self;
  if (mode_is(mode, "open_fails_with_object")) {
    static penstock_source* left; /* found by the leak check */
    left = self;
    return fail(call, PENSTOCK_STATUS_UNAVAILABLE, left == NULL ? "out of memory" : "connection refused");
  }
  return PENSTOCK_STATUS_OK;
}

static void close_source(penstock_call* call, penstock_source* self) {
  (void)call;
  ++closed;
  free(self);
}

static void post(void* semaphore) { sem_post((sem_t*)semaphore); }
static void count_stray(void* unused) {
  (void)unused;
  ++stray_hooks;
}

/* Waits until the host cancels, for 20 s at most; says in the log that it waits. */
static penstock_status wait_for_hook(penstock_call* call) {
  struct timespec until;
  sem_t cancelled;
  int result;
  sem_init(&cancelled, 0, 0);
  const uint64_t token = call->host->on_cancel(call, post, &cancelled);
  call->host->log(call, PENSTOCK_LOG_INFO, text_of("waiting"));
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += 20;
  do result = sem_timedwait(&cancelled, &until);
  while (result != 0 && errno == EINTR);
  call->host->off_cancel(call, token);
  sem_destroy(&cancelled);
  return fail(call, PENSTOCK_STATUS_CANCELLED, result == 0 ? "stopped by the hook" : "nobody called");
}

static penstock_status wait_for_fd(penstock_call* call) {
  struct pollfd fd = {call->host->cancel_fd(call), POLLIN, 0};
  call->host->log(call, PENSTOCK_LOG_INFO, text_of("waiting"));
  const int ready = poll(&fd, 1, 20000);
  return fail(call, PENSTOCK_STATUS_CANCELLED, ready == 1 ? "stopped by the descriptor" : "nobody called");
}

static penstock_status wait_for_flag(penstock_call* call) {
  call->host->log(call, PENSTOCK_LOG_INFO, text_of("waiting"));
  for (int i = 0; i < 20000 && call->host->cancelled(call) == 0; ++i) usleep(1000);
  return fail(call, PENSTOCK_STATUS_CANCELLED, call->host->cancelled(call) != 0 ? "stopped by the flag" : "nobody called");
}

static penstock_status ping(penstock_call* call, penstock_source* self) {
  if (mode_is(self->mode, "wait_for_hook")) return wait_for_hook(call);
  if (mode_is(self->mode, "wait_for_fd")) return wait_for_fd(call);
  if (mode_is(self->mode, "wait_for_flag")) return wait_for_flag(call);
  if (mode_is(self->mode, "keep_hook")) {
    if (call->host->on_cancel(call, count_stray, NULL) == 0) return PENSTOCK_STATUS_INTERNAL;
    return PENSTOCK_STATUS_OK;
  }
  if (mode_is(self->mode, "hook_at_once")) {
    sem_t cancelled;
    sem_init(&cancelled, 0, 0);
    while (call->host->cancelled(call) == 0) usleep(1000);
    call->host->off_cancel(call, call->host->on_cancel(call, post, &cancelled));
    return fail(call, PENSTOCK_STATUS_CANCELLED, sem_trywait(&cancelled) == 0 ? "called at once" : "not called");
  }
  if (mode_is(self->mode, "reject_in_ping")) {
    const penstock_rejection rejection = {sizeof rejection, 0, 0, 0, 0, text_of("no")};
    call->host->reject(call, &rejection);
  }
  if (mode_is(self->mode, "append_to_nothing")) call->host->append(call, NULL, "x", 1);
  if (mode_is(self->mode, "append_to_itself")) call->host->append(call, (penstock_buffer*)self, "x", 1);
  if (mode_is(self->mode, "bad_callbacks")) {
    call->host->metric(call, text_of("Bad Name"), 1);
    call->host->metric(call, text_of("not_a_number"), 0.0 / (double)atomic_load(&stray_hooks));
    call->host->on_cancel(call, NULL, NULL);
    call->host->off_cancel(call, 12345);
    call->host->log(call, 99, text_of("odd\nlevel"));
    call->host->log(call, PENSTOCK_LOG_INFO, (penstock_str){NULL, 10});
    return PENSTOCK_STATUS_OK;
  }
  call->host->metric(call, text_of("opened"), opened);
  call->host->metric(call, text_of("closed"), closed);
  call->host->metric(call, text_of("schemas_released"), schemas_released);
  call->host->metric(call, text_of("arrays_released"), arrays_released);
  call->host->metric(call, text_of("streams_released"), streams_released);
  call->host->metric(call, text_of("stray_hooks"), stray_hooks);
  return PENSTOCK_STATUS_OK;
}

static void bend_schema(const char* mode, struct ArrowSchema* schema) {
  if (mode_is(mode, "schema_null_child")) {
    free(schema->children[0]);
    schema->children[0] = NULL;
  }
  if (mode_is(mode, "schema_children")) schema->n_children = -1;
  if (mode_is(mode, "schema_format")) schema->children[0]->format = "tDs";
  if (mode_is(mode, "schema_no_format")) schema->children[0]->format = NULL;
  if (mode_is(mode, "schema_no_name")) schema->children[0]->name = "";
  if (mode_is(mode, "schema_name")) schema->children[0]->name = "n\xff";
  if (mode_is(mode, "schema_not_struct")) schema->format = "l";
}

static penstock_status describe(penstock_call* call, penstock_source* self, const penstock_table* table, struct ArrowSchema* out) {
  (void)table;
  if (mode_is(self->mode, "describe_nothing")) return PENSTOCK_STATUS_OK;
  make_schema(out, "n", "l");
  bend_schema(self->mode, out);
  /* With the schema left in *out: the host has to release it. */
  if (mode_is(self->mode, "describe_fails")) return fail(call, PENSTOCK_STATUS_NOT_FOUND, "relation \"numbers\" does not exist");
  return PENSTOCK_STATUS_OK;
}

static penstock_status list_tables(penstock_call* call, penstock_source* self, penstock_add_table add, void* context) {
  (void)self;
  (void)add;
  (void)context;
  return unsupported(call);
}

static penstock_status horizon(penstock_call* call, penstock_source* self, const penstock_table* table,
                               const penstock_cursor* cursor, penstock_horizon* out) {
  static char bytes[4096];
  (void)table;
  (void)cursor;
  out->guarantee = mode_is(self->mode, "horizon_class") ? 9 : PENSTOCK_CLASS_B;
  out->position->ordinal = -5;
  call->host->append(call, out->position->detail, bytes, sizeof bytes);
  if (mode_is(self->mode, "horizon_detail")) call->host->append(call, out->position->detail, "x", 1);
  call->host->append(call, out->position->text, "a\nb", 3);
  for (int i = 0; i < 100; ++i) call->host->append(call, out->why, bytes, sizeof bytes);
  if (mode_is(self->mode, "horizon_without_data")) call->host->append(call, out->position->text, NULL, 7);
  if (mode_is(self->mode, "horizon_pointers")) {
    out->why = (penstock_buffer*)self;
    out->holder = NULL;
    out->position = NULL;
  }
  return PENSTOCK_STATUS_OK;
}

static penstock_status plan(penstock_call* call, penstock_source* self, const penstock_scan* scan, penstock_add_partition add,
                            void* context, penstock_scan_info* info) {
  (void)call;
  (void)scan;
  if (mode_is(self->mode, "plan_unit")) info->cursor_unit_ns = -1;
  if (mode_is(self->mode, "plan_none")) return PENSTOCK_STATUS_OK;
  if (mode_is(self->mode, "plan_null_token")) return add(context, (penstock_bytes){NULL, 7});
  if (mode_is(self->mode, "plan_endless")) {
    for (int i = 0; i < 200000; ++i) add(context, (penstock_bytes){NULL, 0}); /* and ignores what add answers */
    return PENSTOCK_STATUS_OK;
  }
  if (mode_is(self->mode, "plan_huge_token")) {
    static const uint8_t kBytes[100000];
    add(context, (penstock_bytes){kBytes, sizeof kBytes});
    return PENSTOCK_STATUS_OK;
  }
  return add(context, (penstock_bytes){NULL, 0});
}

static int get_schema(struct ArrowArrayStream* stream, struct ArrowSchema* out) {
  const char* mode = ((struct stream*)stream->private_data)->source->mode;
  if (mode_is(mode, "stream_no_schema")) return EIO;
  make_schema(out, mode_is(mode, "stream_other_column") ? "m" : "n", mode_is(mode, "stream_other_type") ? "i" : "l");
  return 0;
}

static void bend_array(const char* mode, struct ArrowArray* array) {
  if (mode_is(mode, "array_length")) array->children[0]->length = 1000000;
  if (mode_is(mode, "array_no_buffers")) array->children[0]->n_buffers = 0;
  if (mode_is(mode, "array_null_child")) array->n_children = 2;
  if (mode_is(mode, "array_offset")) array->children[0]->offset = -1;
}

static int get_next(struct ArrowArrayStream* stream, struct ArrowArray* out) {
  struct stream* self = (struct stream*)stream->private_data;
  const char* mode = self->source->mode;
  memset(out, 0, sizeof *out);
  if (mode_is(mode, "next_waits") && self->batches == 1) return wait_for_hook(self->call) == PENSTOCK_STATUS_OK ? 0 : ECANCELED;
  if (mode_is(mode, "next_fails") && self->batches == 1) {
    make_rows(out, 1, 3); /* left in *out: the host has to release it */
    fail(self->call, PENSTOCK_STATUS_DATA_LOSS, "the file changed while it was read");
    return EIO;
  }
  if (mode_is(mode, "next_fails_plainly")) return EIO;
  if (mode_is(mode, "next_fails_silently")) return ENOMEM;
  if (self->batches == 2) return 0;
  make_rows(out, 1 + 3 * self->batches++, 3);
  bend_array(mode, out);
  return 0;
}

static const char* get_last_error(struct ArrowArrayStream* stream) {
  const char* mode = ((struct stream*)stream->private_data)->source->mode;
  return mode_is(mode, "next_fails_plainly") ? "disk\nerror" : NULL;
}

static void release_stream(struct ArrowArrayStream* self) {
  ++streams_released;
  free(self->private_data);
  self->release = NULL;
}

static penstock_status scan(penstock_call* call, penstock_source* self, const penstock_scan* what, penstock_bytes partition,
                            struct ArrowArrayStream* out, penstock_scan_info* info) {
  struct stream* stream;
  (void)what;
  (void)partition;
  if (mode_is(self->mode, "scan_no_stream")) return PENSTOCK_STATUS_OK;
  stream = (struct stream*)calloc(1, sizeof *stream);
  stream->source = self;
  stream->call = call;
  *out = (struct ArrowArrayStream){get_schema, get_next, get_last_error, release_stream, stream};
  if (mode_is(self->mode, "scan_no_function")) out->get_next = NULL;
  if (mode_is(self->mode, "scan_fails")) return fail(call, PENSTOCK_STATUS_UNAVAILABLE, "connection refused"); /* stream left in *out */
  info->honoured = 0xffffffffu;
  info->rows_estimate = -77;
  if (mode_is(self->mode, "scan_unit")) info->cursor_unit_ns = -1;
  return PENSTOCK_STATUS_OK;
}


static const penstock_option_desc kMode = {sizeof kMode, PENSTOCK_OPTION_STRING, 0, 0, "mode", "What goes wrong.", "fine", NULL, INT64_MIN, INT64_MAX};
static const penstock_option_desc* const kOptions[] = {&kMode};
static const penstock_source_vtab kVtab = {sizeof kVtab, 0, open_source, close_source, ping, describe, list_tables, horizon, plan, scan, no_extension};
static const penstock_component kSource = {sizeof kSource, PENSTOCK_KIND_SOURCE, "misbehaving", "Misbehaving", "Breaks rules.", kOptions, 1, NULL, 0, &kVtab, accept_options};
static const penstock_component* const kComponents[] = {&kSource};
static const penstock_module kModule = {PENSTOCK_MODULE_MAGIC, sizeof kModule, PENSTOCK_ABI_MAJOR, PENSTOCK_ABI_MINOR, 0, 1, "misbehaving_source", "1.0.0", "Penstock tests", "Apache-2.0", "", kComponents, init_nothing, deinit_nothing};

const penstock_module* penstock_module_v1(void) { return &kModule; }
