/* A sink that breaks the contract in the way its option "mode" names. */
#include "nothing.h"
#include "rows.h"

#include <stddef.h>

PENSTOCK_MODULE_NOTE("misbehaving_sink", "1.0.0")

struct penstock_sink {
  char mode[MODE_SIZE];
};
struct penstock_writer {
  struct penstock_sink* sink;
  const penstock_run_spec* spec;
};

static atomic_int opened, closed, begun, ended, aborted;

static penstock_status open_sink(penstock_call* call, const penstock_options* options, penstock_sink** out) {
  (void)call;
  *out = (penstock_sink*)calloc(1, sizeof **out);
  copy_mode(options, (*out)->mode);
  ++opened;
  return PENSTOCK_STATUS_OK;
}
static void close_sink(penstock_call* call, penstock_sink* self) {
  (void)call;
  ++closed;
  free(self);
}
static penstock_status ping(penstock_call* call, penstock_sink* self) {
  (void)self;
  call->host->metric(call, text_of("opened"), opened);
  call->host->metric(call, text_of("closed"), closed);
  call->host->metric(call, text_of("begun"), begun);
  call->host->metric(call, text_of("ended"), ended);
  call->host->metric(call, text_of("aborted"), aborted);
  call->host->metric(call, text_of("arrays_released"), arrays_released);
  return PENSTOCK_STATUS_OK;
}
static penstock_status capabilities(penstock_call* call, penstock_sink* self, penstock_sink_capabilities* out) {
  (void)call;
  (void)self;
  out->flags = PENSTOCK_SINK_DURABLE;
  out->batch_rows = -1;
  out->batch_bytes = 1024;
  return PENSTOCK_STATUS_OK;
}
static penstock_status begin(penstock_call* call, penstock_sink* self, const penstock_run_spec* spec, penstock_begin_result* result,
                             penstock_writer** out) {
  if (mode_is(self->mode, "begin_null")) return PENSTOCK_STATUS_OK;
  if (mode_is(self->mode, "begin_fenced")) return fail(call, PENSTOCK_STATUS_FENCED, "a newer run took over");
  *out = (penstock_writer*)calloc(1, sizeof **out);
  (*out)->sink = self;
  (*out)->spec = spec;
  ++begun;
  result->fence = mode_is(self->mode, "begin_fence") ? 0 : 7;
  result->previous_fence = mode_is(self->mode, "begin_fence_repeats") ? 7 : mode_is(self->mode, "begin_fence_unknown") ? -2 : -1;
  if (mode_is(self->mode, "begin_fails_with_writer")) {
    static penstock_writer* left; /* found by the leak check */
    left = *out;
    return fail(call, PENSTOCK_STATUS_UNAVAILABLE, left == NULL ? "out of memory" : "connection reset");
  }
  return PENSTOCK_STATUS_OK;
}

static void reject(penstock_call* call, int64_t row, int32_t column, const char* reason) {
  const penstock_rejection rejection = {sizeof rejection, column, row, 1, 0, text_of(reason)};
  call->host->reject(call, &rejection);
}

static penstock_status write_batch(penstock_call* call, penstock_writer* self, uint64_t seq, struct ArrowArray* batch,
                                   penstock_write_result* result) {
  const char* mode = self->sink->mode;
  const int64_t rows = batch->length;
  (void)seq;
  result->written = rows;
  if (mode_is(mode, "write_too_many")) ++result->written;
  if (mode_is(mode, "write_negative")) {
    result->written = rows + 1;
    result->stale = -1;
  }
  if (mode_is(mode, "write_overflow")) {
    result->written = INT64_MAX;
    result->unchanged = INT64_MAX;
    result->stale = rows + 2;
  }
  if (mode_is(mode, "write_uncounted_reject")) reject(call, 0, 0, "too long");
  if (mode_is(mode, "write_unreported_reject")) {
    --result->written;
    ++result->rejected;
  }
  if (mode_is(mode, "write_reject_row")) reject(call, rows, 0, "too long");
  if (mode_is(mode, "write_reject_column")) reject(call, 0, 99, "too long");
  if (mode_is(mode, "write_reject_twice")) {
    reject(call, 0, 0, "too long");
    reject(call, 0, 0, "too long");
  }
  if (mode_is(mode, "write_rejects")) {
    reject(call, 2, PENSTOCK_REJECT_NO_COLUMN, "");
    reject(call, 0, 2, "too\nlong");
    result->written = rows - 2;
    result->rejected = 2;
  }
  if (mode_is(mode, "write_takes") && batch->release != NULL) {
    struct ArrowArray mine = *batch;
    batch->release = NULL;
    mine.release(&mine);
  }
  if (mode_is(mode, "write_takes_a_column")) {
    struct ArrowArray mine = *batch->children[0];
    batch->children[0]->release = NULL;
    mine.release(&mine);
  }
  if (mode_is(mode, "write_changes_the_batch")) {
    batch->n_children = INT64_MAX;
    batch->release = release_array;
  }
  if (mode_is(mode, "write_fails")) return fail(call, PENSTOCK_STATUS_UNAVAILABLE, "connection reset");
  /* The spec is good until the writer's end. */
  if (self->spec->schema->n_children < 2 || self->spec->view.size != 5 || memcmp(self->spec->view.data, "users", 5) != 0)
    return fail(call, PENSTOCK_STATUS_INTERNAL, "the spec has changed");
  return PENSTOCK_STATUS_OK;
}
static penstock_status flush(penstock_call* call, penstock_writer* self) {
  if (mode_is(self->sink->mode, "flush_fails")) return fail(call, PENSTOCK_STATUS_RESOURCE_EXHAUSTED, "disk full");
  return PENSTOCK_STATUS_OK;
}
static penstock_status commit(penstock_call* call, penstock_writer* self, const penstock_position* position) {
  (void)self;
  if (position->ordinal != 42) return fail(call, PENSTOCK_STATUS_INTERNAL, "the position is another one");
  return PENSTOCK_STATUS_OK;
}
static penstock_status abort_run(penstock_call* call, penstock_writer* self) {
  (void)self;
  ++aborted;
  return call->host->cancelled(call) != 0 ? fail(call, PENSTOCK_STATUS_CANCELLED, "the abort was cancelled") : PENSTOCK_STATUS_OK;
}
static void end(penstock_call* call, penstock_writer* self) {
  (void)call;
  ++ended;
  free(self);
}

static penstock_status load_marker(penstock_call* call, penstock_sink* self, const penstock_view_ref* view, penstock_marker_out* out) {
  (void)view;
  out->fence = mode_is(self->mode, "marker_fence") ? -1 : 3;
  for (int i = 0; i < (mode_is(self->mode, "marker_store_id") ? 100 : 1); ++i) call->host->append(call, out->store_id, "store", 5);
  if (mode_is(self->mode, "marker_without_position")) return PENSTOCK_STATUS_OK;
  out->found = mode_is(self->mode, "marker_found") ? 7 : 1;
  out->committed_fence = mode_is(self->mode, "marker_committed_fence") ? -1 : 2;
  out->position->ordinal = 42;
  call->host->append(call, out->position->detail, "d", 1);
  call->host->append(call, out->position->text, "t", 1);
  return PENSTOCK_STATUS_OK;
}
static penstock_status compare_and_store(penstock_call* call, penstock_sink* self, const penstock_view_ref* view,
                                         int64_t expected_fence, const penstock_position* position) {
  (void)self;
  (void)view;
  (void)expected_fence;
  (void)position;
  return fail(call, PENSTOCK_STATUS_NOT_SUPPORTED, "not this one");
}

/* Answers with one column instead of three. */
static penstock_status lookup(penstock_call* call, penstock_sink* self, const penstock_view_ref* view, const struct ArrowSchema* fields,
                              const penstock_bytes* keys, uint64_t n_keys, struct ArrowArray* out) {
  (void)self;
  (void)view;
  (void)fields;
  (void)keys;
  make_rows(out, 0, (int64_t)n_keys);
  if (mode_is(self->mode, "lookup_fails")) return fail(call, PENSTOCK_STATUS_UNAVAILABLE, "still loading");
  return PENSTOCK_STATUS_OK;
}

static penstock_status describe_keys(penstock_call* call, penstock_sink* self, const penstock_view_ref* view, penstock_buffer* out) {
  (void)self;
  call->host->append(call, out, "row\t", 4);
  call->host->append(call, out, view->view.data, view->view.size);
  return PENSTOCK_STATUS_OK;
}

static penstock_status load_many(penstock_call* call, penstock_sink* self, const penstock_view_ref* const* views, uint64_t n,
                                 penstock_marker_out* const* outs) {
  if (mode_is(self->mode, "many_fails")) return PENSTOCK_STATUS_UNAVAILABLE;
  for (uint64_t i = 0; i < n; ++i) {
    load_marker(call, self, views[i], outs[i]);
    outs[i]->position->ordinal = (int64_t)(100 + i);
    if (mode_is(self->mode, "many_fence") && i + 1 == n) outs[i]->fence = -1;
  }
  return PENSTOCK_STATUS_OK;
}

static const penstock_layout_vtab kLayout = {sizeof kLayout, 0, describe_keys};
static const penstock_marker_vtab kMarker = {sizeof kMarker, 0, load_marker, compare_and_store, NULL};
static const penstock_marker_vtab kMarkers = {sizeof kMarkers, 0, load_marker, compare_and_store, load_many};
/* As of before the slot was there. */
static const penstock_marker_vtab kMarkerOfBefore = {offsetof(penstock_marker_vtab, load_many), 0, load_marker, compare_and_store, load_many};
static const penstock_marker_vtab kMarkerWithHole = {sizeof kMarkerWithHole, 0, load_marker, NULL, NULL};
static const penstock_lookup_vtab kLookup = {sizeof kLookup, 0, lookup};

static const void* get_extension(penstock_sink* self, const char* id) {
  if (mode_is(self->mode, "no_features")) return NULL;
  if (strcmp(id, PENSTOCK_EXT_MARKER) == 0) {
    if (mode_is(self->mode, "marker_hole")) return &kMarkerWithHole;
    if (mode_is(self->mode, "many_of_before")) return &kMarkerOfBefore;
    return strncmp(self->mode, "many", 4) == 0 ? &kMarkers : &kMarker;
  }
  if (strcmp(id, PENSTOCK_EXT_LAYOUT) == 0) return &kLayout;
  return strcmp(id, PENSTOCK_EXT_LOOKUP) == 0 ? &kLookup : NULL;
}

static const penstock_option_desc kMode = {sizeof kMode, PENSTOCK_OPTION_STRING, 0, 0, "mode", "What goes wrong.", "fine", NULL, INT64_MIN, INT64_MAX};
static const penstock_option_desc* const kOptions[] = {&kMode};
static const penstock_sink_vtab kVtab = {sizeof kVtab, 0, open_sink, close_sink, ping, capabilities, begin, write_batch, flush, commit, abort_run, end, get_extension};
static const penstock_component kSink = {sizeof kSink, PENSTOCK_KIND_SINK, "misbehaving", "Misbehaving", "Breaks rules.", kOptions, 1, NULL, 0, &kVtab, accept_options};
static const penstock_component* const kComponents[] = {&kSink};
static const penstock_module kModule = {PENSTOCK_MODULE_MAGIC, sizeof kModule, PENSTOCK_ABI_MAJOR, PENSTOCK_ABI_MINOR, 0, 1, "misbehaving_sink", "1.0.0", "Penstock tests", "Apache-2.0", "", kComponents, init_nothing, deinit_nothing};

const penstock_module* penstock_module_v1(void) { return &kModule; }
