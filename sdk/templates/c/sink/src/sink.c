/* The sink: the store as Penstock sees it. */
#include "sink.h"

#include <stdio.h>
#include <stdlib.h>

#define BATCH_ROWS 4096
/* Between two looks at whether the host wants the call to end. */
#define ROWS_PER_CHECK 256

/* One run of one view. */
struct penstock_writer {
  penstock_sink* sink;
  char* view;
  struct fields fields;
  char order_format[24];
  int64_t fence;
};

penstock_status fail(penstock_call* call, penstock_status status, int32_t retry, const char* message) {
  struct failure failure;
  set_failure(&failure, status, retry, "%s", message);
  return report(call, &failure);
}
penstock_status fail_without_memory(penstock_call* call) {
  return fail(call, PENSTOCK_STATUS_RESOURCE_EXHAUSTED, PENSTOCK_RETRY_RECONNECT, "out of memory");
}
penstock_status fail_fenced(penstock_call* call) {
  return fail(call, PENSTOCK_STATUS_FENCED, PENSTOCK_RETRY_NEVER, "a newer run of this view has begun in the store");
}

char* view_name(penstock_str view, int32_t version) {
  const size_t size = (size_t)view.size + 16;
  char* name = malloc(size);
  if (name != NULL) snprintf(name, size, "%.*s_v%d", (int)view.size, view.data, version);
  return name;
}

static struct slice slice_of(penstock_str text) { return (struct slice){(const uint8_t*)text.data, (size_t)text.size}; }

/* Options against each other, without any I/O, so that `penstock validate` finds mistakes where nothing can be reached. */
static penstock_status validate(penstock_call* call, const penstock_options* options) {
  const penstock_option_value* name = option_value(options, "name");
  if (name != NULL && name->text.size == 0) return fail(call, PENSTOCK_STATUS_INVALID_ARGUMENT, PENSTOCK_RETRY_NEVER, "name is empty");
  return PENSTOCK_STATUS_OK;
}

/* Is the store there? Memory always is; a wait for a server ends when the host wants the call to end, and so does every other one. */
static penstock_status ping(penstock_call* call, penstock_sink* self) {
  struct failure failure;
  (void)self;
  if (check_call(call, &failure) != PENSTOCK_STATUS_OK) return report(call, &failure);
  return PENSTOCK_STATUS_OK;
}

/* Connects. Both options have a default, so both are there. */
static penstock_status open_sink(penstock_call* call, const penstock_options* options, penstock_sink** out) {
  struct failure failure;
  if (check_call(call, &failure) != PENSTOCK_STATUS_OK) return report(call, &failure);
  penstock_sink* self = malloc(sizeof *self);
  if (self == NULL) return fail_without_memory(call);
  self->max_profiles = option_value(options, "max_profiles")->integer;
  self->store = store_named(slice_of(option_value(options, "name")->text));
  if (self->store == NULL) return free(self), fail_without_memory(call);
  *out = self;
  return PENSTOCK_STATUS_OK;
}

static void close_sink(penstock_call* call, penstock_sink* self) {
  (void)call;
  free(self);
}

/* Not PENSTOCK_SINK_DURABLE, for memory is not, and not PENSTOCK_SINK_TTL: nothing here expires. */
static penstock_status capabilities(penstock_call* call, penstock_sink* self, penstock_sink_capabilities* out) {
  (void)call;
  (void)self;
  out->flags = PENSTOCK_SINK_NEWEST_WINS | PENSTOCK_SINK_UNCHANGED;
  out->batch_rows = BATCH_ROWS;
  out->batch_bytes = 0;
  return PENSTOCK_STATUS_OK;
}

static void end(penstock_call* call, penstock_writer* self) {
  (void)call;
  free(self->view);
  fields_free(&self->fields);
  free(self);
}

static penstock_status begin(penstock_call* call, penstock_sink* self, const penstock_run_spec* spec, penstock_begin_result* result,
                             penstock_writer** out) {
  struct failure failure;
  if (check_call(call, &failure) != PENSTOCK_STATUS_OK) return report(call, &failure);
  if (spec->ttl_ms != 0)
    return fail(call, PENSTOCK_STATUS_NOT_SUPPORTED, PENSTOCK_RETRY_NEVER, "profiles do not expire here: leave out the view's ttl");
  penstock_writer* writer = calloc(1, sizeof *writer);
  if (writer == NULL) return fail_without_memory(call);
  writer->sink = self;
  snprintf(writer->order_format, sizeof writer->order_format, "w:%lld", (long long)spec->order_size);
  const enum fields_result copied = copy_fields(spec->schema, 2, &writer->fields);
  writer->view = view_name(spec->view, spec->view_version);
  /* The view is taken over only when nothing can fail any more. */
  if (copied == FIELDS_OK && writer->view != NULL) writer->fence = store_begin(self->store, writer->view);
  if (writer->fence == 0) {
    end(call, writer);
    return copied == FIELDS_BAD_TYPE
               ? fail(call, PENSTOCK_STATUS_NOT_SUPPORTED, PENSTOCK_RETRY_NEVER, "one of the view's fields has a type that cannot be stored")
               : fail_without_memory(call);
  }
  result->fence = writer->fence;
  if (PENSTOCK_HAS(result, previous_fence)) result->previous_fence = writer->fence - 1;
  *out = writer;
  return PENSTOCK_STATUS_OK;
}

static enum store_result write_row(penstock_writer* self, const struct ArrowArray* batch, int64_t row) {
  struct profile profile;
  if (!profile_from_row(&self->fields, batch, bytes_at(batch->children[1], self->order_format, row), row, &profile)) return STORE_NO_MEMORY;
  return store_apply(self->sink->store, self->view, self->fence, bytes_at(batch->children[0], "z", row), &profile, self->sink->max_profiles);
}

/* The batch stays the host's: nothing of it is moved out. */
static penstock_status write_batch(penstock_call* call, penstock_writer* self, uint64_t seq, struct ArrowArray* batch,
                                   penstock_write_result* result) {
  int64_t written = 0, unchanged = 0, stale = 0, rejected = 0;
  struct failure failure;
  (void)seq;
  for (int64_t row = 0; row < batch->length; ++row) {
    if (row % ROWS_PER_CHECK == 0 && check_call(call, &failure) != PENSTOCK_STATUS_OK) return report(call, &failure);
    switch (write_row(self, batch, row)) {
      case STORE_WRITTEN: ++written; break;
      case STORE_UNCHANGED: ++unchanged; break;
      case STORE_STALE: ++stale; break;
      case STORE_FENCED: return fail_fenced(call);
      case STORE_FULL: {
        const penstock_rejection rejection = {sizeof rejection, PENSTOCK_REJECT_NO_COLUMN, row, 1, 0, str("the store is full: max_profiles")};
        call->host->reject(call, &rejection);
        ++rejected;
        break;
      }
      default: return fail_without_memory(call);
    }
  }
  result->written = written;
  result->unchanged = unchanged;
  result->stale = stale;
  result->rejected = rejected;
  return PENSTOCK_STATUS_OK;
}

/* Memory is as durable as it gets when it is written. A store that buffers is waited for here: after this the position moves on. */
static penstock_status flush(penstock_call* call, penstock_writer* self) {
  (void)call;
  (void)self;
  return PENSTOCK_STATUS_OK;
}

penstock_status set_position(penstock_call* call, struct store* store, const char* view, int64_t fence, const penstock_position* position,
                                    int64_t committed_fence) {
  struct position copy = {0};
  if (position != NULL) {
    copy.set = true;
    copy.ordinal = position->ordinal;
    if (!bytes_append(&copy.detail, position->detail.data, (size_t)position->detail.size) ||
        !bytes_append(&copy.text, position->text.data, (size_t)position->text.size))
      return position_free(&copy), fail_without_memory(call);
  }
  return store_set_position(store, view, fence, &copy, committed_fence) == STORE_OK ? PENSTOCK_STATUS_OK : fail_fenced(call);
}

static penstock_status commit(penstock_call* call, penstock_writer* self, const penstock_position* position) {
  return set_position(call, self->sink->store, self->view, self->fence, position, self->fence);
}

static penstock_status give_up(penstock_call* call, penstock_writer* self) {
  (void)call;
  (void)self;
  return PENSTOCK_STATUS_OK; /* what was written stays, and the marker did not move */
}

static const penstock_option_desc kName = {.struct_size = sizeof kName,
                                           .type = PENSTOCK_OPTION_STRING,
                                           .name = "name",
                                           .doc = "Stores of the same name in one process are one store.",
                                           .default_value = "default",
                                           .min = INT64_MIN,
                                           .max = INT64_MAX};
static const penstock_option_desc kMaxProfiles = {.struct_size = sizeof kMaxProfiles,
                                                  .type = PENSTOCK_OPTION_INT,
                                                  .name = "max_profiles",
                                                  .doc = "A new profile beyond this many is rejected, and tried again by a later run.",
                                                  .default_value = "1000000",
                                                  .min = 1,
                                                  .max = 1000000000};
static const penstock_option_desc* const kOptions[] = {&kName, &kMaxProfiles};

static const penstock_sink_vtab kVtab = {
    .struct_size = sizeof kVtab,
    .open = open_sink,
    .close = close_sink,
    .ping = ping,
    .capabilities = capabilities,
    .begin = begin,
    .write = write_batch,
    .flush = flush,
    .commit = commit,
    .abort = give_up,
    .end = end,
    .get_extension = get_extension,
};

const penstock_component sink_component = {
    .struct_size = sizeof sink_component,
    .kind = PENSTOCK_KIND_SINK,
    .id = "@NAME@",
    .title = "@NAME@",
    .doc = "Profiles in the memory of the process, gone when it ends.",
    .options = kOptions,
    .n_options = sizeof kOptions / sizeof kOptions[0],
    .vtab = &kVtab,
    .validate = validate,
};
