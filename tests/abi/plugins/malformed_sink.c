/* A sink whose lookup answers what is malformed in the way that the option "mode" names. */
#include "nothing.h"
#include "rows.h"

PENSTOCK_MODULE_NOTE("malformed_sink", "1.0.0")

#define ROWS 3

struct penstock_sink {
  char mode[MODE_SIZE];
};

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
  (void)self;
  (void)spec;
  (void)result;
  (void)out;
  return fail(call, PENSTOCK_STATUS_NOT_SUPPORTED, "not this one");
}
static penstock_status write_batch(penstock_call* call, penstock_writer* self, uint64_t seq, struct ArrowArray* batch,
                                   penstock_write_result* result) {
  (void)self;
  (void)seq;
  (void)batch;
  (void)result;
  return fail(call, PENSTOCK_STATUS_NOT_SUPPORTED, "not this one");
}
static penstock_status no_writer(penstock_call* call, penstock_writer* self) {
  (void)self;
  return fail(call, PENSTOCK_STATUS_NOT_SUPPORTED, "not this one");
}
static penstock_status commit(penstock_call* call, penstock_writer* self, const penstock_position* position) {
  (void)position;
  return no_writer(call, self);
}
static void end(penstock_call* call, penstock_writer* self) {
  (void)call;
  (void)self;
}

/* What a lookup of one text field "t" answers for three keys: found, missing, found. */
struct answer {
  struct ArrowArray columns[4];
  struct ArrowArray* children[4];
  const void *none[1], *states[2], *orders[3], *ttls[2], *texts[3];
  int8_t state[ROWS];
  int32_t order_ends[ROWS + 1], text_ends[ROWS + 1];
  int64_t ttl[ROWS];
  uint8_t found;
  char bytes[8];
};

static void release_answer(struct ArrowArray* self) {
  free(self->private_data);
  self->release = NULL;
}

static penstock_status lookup(penstock_call* call, penstock_sink* self, const penstock_view_ref* view, const struct ArrowSchema* fields,
                              const penstock_bytes* keys, uint64_t n_keys, struct ArrowArray* out) {
  const char* mode = self->mode;
  struct answer* a = (struct answer*)calloc(1, sizeof *a);
  const int32_t ends[] = {0, 3, 3, 7};
  const void** buffers[] = {a->states, a->orders, a->ttls, a->texts};
  const int64_t n_buffers[] = {2, 3, 2, 3};
  (void)call;
  (void)view;
  (void)fields;
  (void)keys;
  (void)n_keys;
  a->state[0] = a->state[2] = PENSTOCK_PROFILE_FOUND;
  a->found = 5;
  memcpy(a->bytes, "onedrei", 8);
  memcpy(a->order_ends, ends, sizeof ends);
  memcpy(a->text_ends, ends, sizeof ends);
  a->states[1] = a->state, a->ttls[1] = a->ttl;
  a->orders[0] = a->texts[0] = a->ttls[0] = &a->found;
  a->orders[1] = a->order_ends, a->texts[1] = a->text_ends;
  a->orders[2] = a->texts[2] = a->bytes;
  for (int i = 0; i < 4; ++i) {
    a->columns[i] = (struct ArrowArray){ROWS, i > 0, 0, n_buffers[i], 0, buffers[i], NULL, NULL, release_nothing_array, NULL};
    a->children[i] = &a->columns[i];
  }
  *out = (struct ArrowArray){ROWS, 0, 0, 1, 4, a->none, a->children, NULL, release_answer, a};
  if (mode_is(mode, "answer_nothing")) out->release(out);
  if (mode_is(mode, "answer_too_few_rows"))
    for (int i = out->length = 1; i <= 4; ++i) a->columns[i - 1].length = 1, a->columns[i - 1].null_count = 0;
  if (mode_is(mode, "answer_without_the_field")) out->n_children = 3;
  if (mode_is(mode, "answer_column_too_long")) a->columns[3].length = 4;
  if (mode_is(mode, "answer_no_utf8")) a->bytes[6] = (char)0xff;
  if (mode_is(mode, "answer_offsets_decrease")) a->text_ends[2] = 2;
  if (mode_is(mode, "answer_state_unknown")) a->state[1] = 9;
  if (mode_is(mode, "answer_state_null")) a->states[0] = &a->found, a->columns[0].null_count = 1;
  if (mode_is(mode, "answer_without_order")) a->found = 1, a->columns[1].null_count = a->columns[2].null_count = a->columns[3].null_count = 2;
  if (mode_is(mode, "answer_life_negative")) a->ttl[2] = -1;
  if (mode_is(mode, "answer_life_overflows")) a->ttl[2] = INT64_MAX;
  if (mode_is(mode, "life_of_centuries")) a->ttl[2] = INT64_MAX / 1000000;
  return PENSTOCK_STATUS_OK;
}

static const penstock_lookup_vtab kLookup = {sizeof kLookup, 0, lookup};
static const penstock_lookup_vtab kLookupTooSmall = {8, 0, lookup};
static const penstock_lookup_vtab kLookupWithHole = {sizeof kLookup, 0, NULL};

static const void* get_extension(penstock_sink* self, const char* id) {
  if (strcmp(id, PENSTOCK_EXT_LOOKUP) != 0) return NULL;
  if (mode_is(self->mode, "lookup_too_small")) return &kLookupTooSmall;
  return mode_is(self->mode, "lookup_with_hole") ? &kLookupWithHole : &kLookup;
}

static const penstock_option_desc kMode = {sizeof kMode, PENSTOCK_OPTION_STRING, 0, 0, "mode", "What is malformed.", "fine", NULL, INT64_MIN, INT64_MAX};
static const penstock_option_desc* const kOptions[] = {&kMode};
static const penstock_sink_vtab kSinkVtab = {sizeof kSinkVtab, 0, open_sink, close_sink, ping_sink, capabilities, begin, write_batch, no_writer, commit, no_writer, end, get_extension};
static const penstock_component kSink = {sizeof kSink, PENSTOCK_KIND_SINK, "misbehaving", "Malformed", "Gives malformed Arrow structs.", kOptions, 1, NULL, 0, &kSinkVtab, accept_options};
static const penstock_component* const kComponents[] = {&kSink};
static const penstock_module kModule = {PENSTOCK_MODULE_MAGIC, sizeof kModule, PENSTOCK_ABI_MAJOR, PENSTOCK_ABI_MINOR, 0, 1, "malformed_sink", "1.0.0", "Penstock tests", "Apache-2.0", "", kComponents, init_nothing, deinit_nothing};

const penstock_module* penstock_module_v1(void) { return &kModule; }
