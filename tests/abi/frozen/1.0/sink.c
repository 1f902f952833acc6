/* A store of a few profiles with one int64 field each, in memory, for one view and one connection at a time. It has every
 * optional feature of ABI 1.0. */
#include "frozen.h"

#define PROFILES 8
#define KEY_SIZE 16
#define MAX_ORDER 64

struct profile {
  char key[KEY_SIZE];
  uint64_t key_size;
  uint8_t order[MAX_ORDER];
  int64_t value;
  int is_null;
  int64_t ttl_ms;
};

/* The store itself, which stays when it is closed. */
struct penstock_sink {
  struct profile profiles[PROFILES]; /* free where key_size is 0 */
  int64_t order_size;
  int64_t fence;
  int has_position;
  int64_t ordinal;
  char detail[64], text[64];
  int64_t committed_fence;
};
static penstock_sink the_store;

struct penstock_writer {
  penstock_sink* sink;
  int64_t fence;
  int64_t ttl_ms;
  int flushed;
};

static struct profile* find_profile(penstock_sink* self, penstock_bytes key) {
  for (int i = 0; i < PROFILES; ++i)
    if (self->profiles[i].key_size == key.size && memcmp(self->profiles[i].key, key.data, key.size) == 0) return &self->profiles[i];
  return NULL;
}
static struct profile* free_profile(penstock_sink* self) {
  for (int i = 0; i < PROFILES; ++i)
    if (self->profiles[i].key_size == 0) return &self->profiles[i];
  return NULL;
}

static penstock_status open_sink(penstock_call* call, const penstock_options* options, penstock_sink** out) {
  note(call, "sink opened with %llu options", (unsigned long long)options->n_values);
  *out = &the_store;
  return PENSTOCK_STATUS_OK;
}
static void close_sink(penstock_call* call, penstock_sink* self) {
  (void)self;
  note(call, "sink closed");
}
static penstock_status ping(penstock_call* call, penstock_sink* self) {
  call->host->metric(call, (penstock_str){"pings", 5}, 1);
  (void)self;
  return PENSTOCK_STATUS_OK;
}
static penstock_status capabilities(penstock_call* call, penstock_sink* self, penstock_sink_capabilities* out) {
  (void)call;
  (void)self;
  out->flags = PENSTOCK_SINK_NEWEST_WINS | PENSTOCK_SINK_TTL | PENSTOCK_SINK_UNCHANGED;
  out->batch_rows = 100;
  out->batch_bytes = 1000;
  return PENSTOCK_STATUS_OK;
}

static penstock_status begin(penstock_call* call, penstock_sink* self, const penstock_run_spec* spec, penstock_begin_result* result,
                             penstock_writer** out) {
  const struct ArrowSchema* schema = spec->schema;
  if (schema->n_children != 3 || strcmp(schema->children[2]->format, "l") != 0 || spec->order_size > MAX_ORDER)
    return fail(call, PENSTOCK_STATUS_NOT_SUPPORTED, PENSTOCK_RETRY_NEVER, "only views of one int64 field");
  penstock_writer* writer = calloc(1, sizeof *writer);
  if (writer == NULL) return PENSTOCK_STATUS_RESOURCE_EXHAUSTED;
  note(call, "begin %.*s v%d of %.*s, run %.*s", (int)spec->view.size, spec->view.data, spec->view_version, (int)spec->entity.size,
       spec->entity.data, (int)spec->run_id.size, spec->run_id.data);
  self->order_size = spec->order_size;
  if (PENSTOCK_HAS(result, previous_fence)) result->previous_fence = self->fence;
  result->fence = ++self->fence;
  *writer = (penstock_writer){self, self->fence, spec->ttl_ms, 0};
  *out = writer;
  return PENSTOCK_STATUS_OK;
}

static int is_valid(const struct ArrowArray* column, int64_t row) {
  const uint8_t* bits = column->null_count == 0 ? NULL : column->buffers[0];
  const int64_t at = column->offset + row;
  return bits == NULL || ((bits[at / 8] >> (at % 8)) & 1) != 0;
}

static penstock_bytes key_at(const struct ArrowArray* keys, int64_t row) {
  const int32_t* offsets = (const int32_t*)keys->buffers[1] + keys->offset + row;
  return (penstock_bytes){(const uint8_t*)keys->buffers[2] + offsets[0], (uint64_t)(offsets[1] - offsets[0])};
}

/* Writes one row and counts it. */
static void write_row(penstock_call* call, penstock_writer* self, const struct ArrowArray* batch, int64_t row, penstock_write_result* result) {
  const struct ArrowArray* orders = batch->children[1];
  const struct ArrowArray* values = batch->children[2];
  const penstock_bytes key = key_at(batch->children[0], row);
  const size_t order_size = (size_t)self->sink->order_size;
  const uint8_t* order = (const uint8_t*)orders->buffers[1] + (size_t)(orders->offset + row) * order_size;
  const int is_null = !is_valid(values, row);
  const int64_t value = is_null ? 0 : ((const int64_t*)values->buffers[1])[values->offset + row];
  struct profile* profile = find_profile(self->sink, key);
  if (profile == NULL) profile = free_profile(self->sink);
  if (profile == NULL || key.size > KEY_SIZE || value < 0) {
    static const char kReason[] = "no room for it, or negative";
    const penstock_rejection rejection = {sizeof rejection, 2, row, value >= 0, 0, {kReason, sizeof kReason - 1}};
    call->host->reject(call, &rejection);
    ++result->rejected;
    return;
  }
  const int is_new = profile->key_size == 0;
  const int newer = is_new || memcmp(order, profile->order, order_size) > 0;
  if (!newer) {
    ++result->stale;
    return;
  }
  if (!is_new && profile->value == value && profile->is_null == is_null) ++result->unchanged;
  else ++result->written;
  memcpy(profile->key, key.data, key.size);
  memcpy(profile->order, order, order_size);
  profile->key_size = key.size;
  profile->value = value;
  profile->is_null = is_null;
  profile->ttl_ms = self->ttl_ms;
}

static penstock_status write_batch(penstock_call* call, penstock_writer* self, uint64_t seq, struct ArrowArray* batch,
                                   penstock_write_result* result) {
  if (self->fence != self->sink->fence) return fail(call, PENSTOCK_STATUS_FENCED, PENSTOCK_RETRY_NEVER, "a newer run took over");
  struct ArrowArray taken = *batch;
  note(call, "batch %llu of %lld rows", (unsigned long long)seq, (long long)batch->length);
  /* Takes every second batch away, and leaves the others. */
  if (seq % 2 == 0) batch->release = NULL;
  for (int64_t row = 0; row < taken.length; ++row) write_row(call, self, &taken, row, result);
  if (seq % 2 == 0) taken.release(&taken);
  return PENSTOCK_STATUS_OK;
}
static penstock_status flush(penstock_call* call, penstock_writer* self) {
  (void)call;
  self->flushed = 1;
  return PENSTOCK_STATUS_OK;
}

static void set_position(penstock_sink* self, const penstock_position* position) {
  self->has_position = position != NULL;
  if (position == NULL) return;
  self->ordinal = position->ordinal;
  snprintf(self->detail, sizeof self->detail, "%.*s", (int)position->detail.size, (const char*)position->detail.data);
  snprintf(self->text, sizeof self->text, "%.*s", (int)position->text.size, position->text.data);
}

static penstock_status commit(penstock_call* call, penstock_writer* self, const penstock_position* position) {
  if (self->fence != self->sink->fence) return fail(call, PENSTOCK_STATUS_FENCED, PENSTOCK_RETRY_NEVER, "a newer run took over");
  if (!self->flushed) return fail(call, PENSTOCK_STATUS_INTERNAL, PENSTOCK_RETRY_NEVER, "commit before flush");
  set_position(self->sink, position);
  self->sink->committed_fence = self->fence;
  return PENSTOCK_STATUS_OK;
}
static penstock_status abort_run(penstock_call* call, penstock_writer* self) {
  (void)self;
  note(call, "run given up");
  return PENSTOCK_STATUS_OK;
}
static void end(penstock_call* call, penstock_writer* self) {
  note(call, "writer ended");
  free(self);
}

static penstock_status load(penstock_call* call, penstock_sink* self, const penstock_view_ref* view, penstock_marker_out* out) {
  (void)view;
  out->found = self->has_position;
  if (self->has_position) {
    out->position->ordinal = self->ordinal;
    say(call, out->position->detail, "%s", self->detail);
    say(call, out->position->text, "%s", self->text);
  }
  out->fence = self->fence;
  say(call, out->store_id, "frozen store");
  if (PENSTOCK_HAS(out, committed_fence)) out->committed_fence = self->committed_fence;
  return PENSTOCK_STATUS_OK;
}
static penstock_status compare_and_store(penstock_call* call, penstock_sink* self, const penstock_view_ref* view, int64_t expected_fence,
                                         const penstock_position* position) {
  (void)view;
  if (self->fence != expected_fence) return fail(call, PENSTOCK_STATUS_FENCED, PENSTOCK_RETRY_NEVER, "another fence");
  set_position(self, position);
  self->committed_fence = 0;
  return PENSTOCK_STATUS_OK;
}
static penstock_status load_many(penstock_call* call, penstock_sink* self, const penstock_view_ref* const* views, uint64_t n,
                                 penstock_marker_out* const* outs) {
  note(call, "%llu markers at once", (unsigned long long)n);
  for (uint64_t i = 0; i < n; ++i) {
    const penstock_status status = load(call, self, views[i], outs[i]);
    if (status != PENSTOCK_STATUS_OK) return status;
  }
  return PENSTOCK_STATUS_OK;
}

static penstock_status read_profiles(penstock_call* call, penstock_sink* self, const penstock_view_ref* view, const struct ArrowSchema* fields,
                                     const penstock_bytes* keys, uint64_t n_keys, struct ArrowArray* out) {
  const size_t order_size = (size_t)self->order_size;
  (void)view;
  if (fields->n_children != 1 || strcmp(fields->children[0]->format, "l") != 0)
    return fail(call, PENSTOCK_STATUS_INVALID_ARGUMENT, PENSTOCK_RETRY_NEVER, "only views of one int64 field");
  make_array(out, (int64_t)n_keys, 1, 0, 0);
  struct ArrowArray* states = add_array(out, 2, 1, 0);
  struct ArrowArray* orders = add_array(out, 3, 4, n_keys * order_size);
  struct ArrowArray* lives = add_array(out, 2, 8, 0);
  struct ArrowArray* values = add_array(out, 2, 8, 0);
  int32_t end_of_order = 0;
  for (uint64_t i = 0; i < n_keys; ++i) {
    const struct profile* profile = find_profile(self, keys[i]);
    const int64_t row = (int64_t)i;
    set_valid(states, row);
    ((int8_t*)buffer_of(states, 1))[i] = profile == NULL ? PENSTOCK_PROFILE_MISSING : PENSTOCK_PROFILE_FOUND;
    if (profile != NULL) {
      memcpy((uint8_t*)buffer_of(orders, 2) + end_of_order, profile->order, order_size);
      end_of_order += (int32_t)order_size;
      set_valid(orders, row);
    }
    ((int32_t*)buffer_of(orders, 1))[i + 1] = end_of_order;
    if (profile != NULL && profile->ttl_ms > 0) {
      set_valid(lives, row);
      ((int64_t*)buffer_of(lives, 1))[i] = profile->ttl_ms;
    }
    if (profile != NULL && !profile->is_null) {
      set_valid(values, row);
      ((int64_t*)buffer_of(values, 1))[i] = profile->value;
    }
    orders->null_count += profile == NULL;
    lives->null_count += profile == NULL || profile->ttl_ms == 0;
    values->null_count += profile == NULL || profile->is_null;
  }
  return PENSTOCK_STATUS_OK;
}
static penstock_status remove_profiles(penstock_call* call, penstock_sink* self, const penstock_view_ref* view, const penstock_bytes* keys,
                                       uint64_t n_keys, uint64_t* removed) {
  uint64_t count = 0;
  (void)call;
  (void)view;
  for (uint64_t i = 0; i < n_keys; ++i) {
    struct profile* profile = find_profile(self, keys[i]);
    if (profile == NULL) continue;
    memset(profile, 0, sizeof *profile);
    ++count;
  }
  *removed = count;
  return PENSTOCK_STATUS_OK;
}
static penstock_status set_ttl(penstock_call* call, penstock_sink* self, const penstock_view_ref* view, const penstock_bytes* keys,
                               uint64_t n_keys, int64_t ttl_ms, uint64_t* touched) {
  uint64_t count = 0;
  (void)call;
  (void)view;
  for (uint64_t i = 0; i < n_keys; ++i) {
    struct profile* profile = find_profile(self, keys[i]);
    if (profile == NULL) continue;
    profile->ttl_ms = ttl_ms;
    ++count;
  }
  *touched = count;
  return PENSTOCK_STATUS_OK;
}
static penstock_status describe_keys(penstock_call* call, penstock_sink* self, const penstock_view_ref* view, penstock_buffer* out) {
  (void)self;
  say(call, out, "%.*s v%d by <%.*s>", (int)view->view.size, view->view.data, view->view_version, (int)view->entity.size, view->entity.data);
  return PENSTOCK_STATUS_OK;
}

static const penstock_marker_vtab kMarker = {
    .struct_size = sizeof kMarker, .load = load, .compare_and_store = compare_and_store, .load_many = load_many};
static const penstock_lookup_vtab kLookup = {.struct_size = sizeof kLookup, .read = read_profiles};
static const penstock_delete_vtab kDelete = {.struct_size = sizeof kDelete, .remove = remove_profiles};
static const penstock_ttl_vtab kTtl = {.struct_size = sizeof kTtl, .set_ttl = set_ttl};
static const penstock_layout_vtab kLayout = {.struct_size = sizeof kLayout, .describe_keys = describe_keys};

static const void* get_extension(penstock_sink* self, const char* id) {
  (void)self;
  if (strcmp(id, PENSTOCK_EXT_MARKER) == 0) return &kMarker;
  if (strcmp(id, PENSTOCK_EXT_LOOKUP) == 0) return &kLookup;
  if (strcmp(id, PENSTOCK_EXT_DELETE) == 0) return &kDelete;
  if (strcmp(id, PENSTOCK_EXT_TTL) == 0) return &kTtl;
  if (strcmp(id, PENSTOCK_EXT_LAYOUT) == 0) return &kLayout;
  return NULL;
}

static penstock_status validate(penstock_call* call, const penstock_options* options) {
  (void)call;
  (void)options;
  return PENSTOCK_STATUS_OK;
}

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
    .abort = abort_run,
    .end = end,
    .get_extension = get_extension,
};
const penstock_component frozen_sink = {
    .struct_size = sizeof frozen_sink,
    .kind = PENSTOCK_KIND_SINK,
    .id = "frozen",
    .title = "Frozen",
    .doc = "A few profiles, as ABI 1.0 had them.",
    .vtab = &kVtab,
    .validate = validate,
};
