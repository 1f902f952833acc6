/* What the sink can do besides writing: "marker/1", without which the host would not know how far the data in the store goes, "lookup/1",
 * without which nobody could read through the host, and "delete/1". */
#include "sink.h"

#include <stdlib.h>

struct marker_reader {
  penstock_call* call;
  penstock_marker_out* out;
};

static void give_marker(void* context, const struct marker* marker) {
  const struct marker_reader* reader = context;
  const struct position* position = &marker->position;
  penstock_marker_out* out = reader->out;
  out->found = position->set;
  out->position->ordinal = position->ordinal;
  if (position->detail.size != 0) reader->call->host->append(reader->call, out->position->detail, position->detail.data, position->detail.size);
  if (position->text.size != 0) reader->call->host->append(reader->call, out->position->text, position->text.data, position->text.size);
  out->fence = marker->fence;
  if (PENSTOCK_HAS(out, committed_fence)) out->committed_fence = marker->committed_fence;
}

static penstock_status load(penstock_call* call, penstock_sink* self, const penstock_view_ref* view, penstock_marker_out* out) {
  struct marker_reader reader = {call, out};
  char* name = view_name(view->view, view->view_version);
  if (name == NULL) return fail_without_memory(call);
  store_read_marker(self->store, name, give_marker, &reader);
  append_text(call, out->store_id, store_id(self->store));
  free(name);
  return PENSTOCK_STATUS_OK;
}

/* Where asking for many costs as much as asking for one, a store is asked once. */
static penstock_status load_many(penstock_call* call, penstock_sink* self, const penstock_view_ref* const* views, uint64_t n,
                                 penstock_marker_out* const* outs) {
  penstock_status status = PENSTOCK_STATUS_OK;
  for (uint64_t i = 0; status == PENSTOCK_STATUS_OK && i < n; ++i) status = load(call, self, views[i], outs[i]);
  return status;
}

static penstock_status compare_and_store(penstock_call* call, penstock_sink* self, const penstock_view_ref* view, int64_t expected_fence,
                                         const penstock_position* position) {
  char* name = view_name(view->view, view->view_version);
  if (name == NULL) return fail_without_memory(call);
  const penstock_status status = set_position(call, self->store, name, expected_fence, position, 0);
  free(name);
  return status;
}

static const penstock_marker_vtab kMarker = {
    .struct_size = sizeof kMarker, .load = load, .compare_and_store = compare_and_store, .load_many = load_many};

struct lookup {
  const struct fields* fields;
  struct column* columns; /* state, order key, remaining life, then the fields */
};

static bool append_profile(void* context, const struct profile* profile) {
  const struct lookup* lookup = context;
  const int8_t state = profile == NULL ? PENSTOCK_PROFILE_MISSING : PENSTOCK_PROFILE_FOUND;
  bool there = column_append(&lookup->columns[0], &state, sizeof state) && column_append_null(&lookup->columns[2]); /* never expires */
  there = there && (profile == NULL ? column_append_null(&lookup->columns[1])
                                    : column_append(&lookup->columns[1], profile->order.data, profile->order.size));
  for (size_t i = 0; there && i < lookup->fields->n; ++i)
    there = profile == NULL ? column_append_null(&lookup->columns[3 + i])
                            : append_value(profile, &lookup->fields->fields[i], &lookup->columns[3 + i]);
  return there;
}

/* Each field may be a list, so there is an item for each. NULL: no memory. */
static struct column* make_columns(const struct fields* fields) {
  struct column* columns = calloc(3 + 2 * fields->n, sizeof *columns);
  if (columns == NULL) return NULL;
  columns[0].format = "c";
  columns[1].format = "z";
  columns[2].format = "l";
  for (size_t i = 0; i < fields->n; ++i) {
    struct column *column = &columns[3 + i], *item = &columns[3 + fields->n + i];
    const int type = fields->fields[i].type;
    column->format = type < LIST ? value_formats[type] : "+l";
    if (type >= LIST) item->format = value_formats[type - LIST], column->item = item;
  }
  return columns;
}

static penstock_status read_profiles(penstock_call* call, penstock_sink* self, const penstock_view_ref* view, const struct ArrowSchema* schema,
                                     const penstock_bytes* keys, uint64_t n_keys, struct ArrowArray* out) {
  struct fields fields;
  const enum fields_result copied = copy_fields(schema, 0, &fields);
  if (copied == FIELDS_BAD_TYPE)
    return fail(call, PENSTOCK_STATUS_NOT_SUPPORTED, PENSTOCK_RETRY_NEVER, "one of the fields has a type that cannot be stored");
  if (copied != FIELDS_OK) return fail_without_memory(call);
  char* name = view_name(view->view, view->view_version);
  struct column* columns = make_columns(&fields);
  const size_t n_columns = 3 + fields.n;
  struct lookup lookup = {&fields, columns};
  bool there = name != NULL && columns != NULL;
  for (uint64_t i = 0; there && i < n_keys; ++i)
    there = store_read(self->store, name, (struct slice){keys[i].data, (size_t)keys[i].size}, append_profile, &lookup);
  there = there && make_batch(columns, n_columns, out);
  for (size_t i = 0; columns != NULL && i < n_columns; ++i) column_free(&columns[i]);
  free(columns);
  free(name);
  fields_free(&fields);
  return there ? PENSTOCK_STATUS_OK : fail_without_memory(call);
}

static const penstock_lookup_vtab kLookup = {.struct_size = sizeof kLookup, .read = read_profiles};

static penstock_status remove_profiles(penstock_call* call, penstock_sink* self, const penstock_view_ref* view, const penstock_bytes* keys,
                                       uint64_t n_keys, uint64_t* removed) {
  char* name = view_name(view->view, view->view_version);
  uint64_t count = 0;
  if (name == NULL) return fail_without_memory(call);
  for (uint64_t i = 0; i < n_keys; ++i) count += store_remove(self->store, name, (struct slice){keys[i].data, (size_t)keys[i].size});
  free(name);
  *removed = count;
  return PENSTOCK_STATUS_OK;
}

static const penstock_delete_vtab kDelete = {.struct_size = sizeof kDelete, .remove = remove_profiles};

const void* get_extension(penstock_sink* self, const char* id) {
  (void)self;
  if (strcmp(id, PENSTOCK_EXT_MARKER) == 0) return &kMarker;
  if (strcmp(id, PENSTOCK_EXT_LOOKUP) == 0) return &kLookup;
  if (strcmp(id, PENSTOCK_EXT_DELETE) == 0) return &kDelete;
  return NULL;
}
