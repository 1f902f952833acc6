/* What a sink may offer besides: markers, lookups, deletion, lives, layout. */
#include "bad_sink.h"

#include "arrow_columns.h"

#include <stdio.h>

/* Other checks than those of lookups ask for as many keys at once. */
#define MANY_KEYS 10

/* -1 when the view was never begun. A flaw takes all versions of a view for one. */
static int32_t view_of(penstock_sink* sink, const penstock_view_ref* view) {
  return view_index(sink->store, view->view.data, view->view.size, view->view_version, 0);
}

static int32_t view_of_profiles(penstock_sink* sink, const penstock_view_ref* view) {
  for (int32_t version = 1; has_flaw("versions_mixed") && version < view->view_version; ++version) {
    const int32_t found = view_index(sink->store, view->view.data, view->view.size, version, 0);
    if (found >= 0) return found;
  }
  return view_of(sink, view);
}

static void load_one(penstock_call* call, penstock_sink* sink, const penstock_view_ref* view, penstock_marker_out* out) {
  const int32_t found = view_of(sink, view);
  const stored_view* const stored = found < 0 ? NULL : &sink->store->views[found];
  out->found = stored != NULL && stored->has_marker;
  out->fence = stored == NULL ? 0 : stored->fence;
  if (PENSTOCK_HAS(out, committed_fence)) out->committed_fence = stored == NULL ? 0 : stored->committed_fence;
  call->host->append(call, out->store_id, sink->store->id, has_flaw("store_id_of_view") && found % 2 == 0 ? 16 : 32);
  if (!out->found) return;
  out->position->ordinal = stored->ordinal;
  call->host->append(call, out->position->detail, stored->detail, (uint64_t)stored->detail_size);
  call->host->append(call, out->position->text, stored->text, (uint64_t)stored->text_size);
}

static penstock_status load(penstock_call* call, penstock_sink* sink, const penstock_view_ref* view, penstock_marker_out* out) {
  const penstock_status status = check_call(call);
  if (status != PENSTOCK_STATUS_OK) return status;
  enter(sink);
  load_one(call, sink, view, out);
  leave(sink);
  return PENSTOCK_STATUS_OK;
}

static penstock_status load_many(penstock_call* call, penstock_sink* sink, const penstock_view_ref* const* views, uint64_t n,
                                 penstock_marker_out* const* outs) {
  const penstock_status status = check_call(call);
  if (status != PENSTOCK_STATUS_OK) return status;
  enter(sink);
  for (uint64_t i = 0; i < n; ++i) load_one(call, sink, views[has_flaw("load_many_shifted") ? n - 1 - i : i], outs[i]);
  leave(sink);
  return PENSTOCK_STATUS_OK;
}

static penstock_status compare_and_store(penstock_call* call, penstock_sink* sink, const penstock_view_ref* view, int64_t expected_fence,
                                         const penstock_position* position) {
  const penstock_status status = check_call(call);
  if (status != PENSTOCK_STATUS_OK) return status;
  enter(sink);
  const int32_t found = view_index(sink->store, view->view.data, view->view.size, view->view_version, 1);
  stored_view* const stored = found < 0 ? NULL : &sink->store->views[found];
  const int fenced = stored != NULL && stored->fence != expected_fence && !has_flaw("compare_left_out");
  if (stored != NULL && !fenced) {
    if (position != NULL)
      keep_marker(stored, position, 0);
    else
      stored->has_marker = 0;
    stored->committed_fence = 0;
  }
  leave(sink);
  if (stored == NULL) return fail(call, PENSTOCK_STATUS_RESOURCE_EXHAUSTED, PENSTOCK_RETRY_NEVER, "the store has no room for another view");
  if (fenced) return fail(call, PENSTOCK_STATUS_FENCED, PENSTOCK_RETRY_NEVER, "a newer run of this view has begun in the store");
  return PENSTOCK_STATUS_OK;
}

static const penstock_marker_vtab kMarker = {.struct_size = sizeof kMarker, .load = load, .compare_and_store = compare_and_store, .load_many = load_many};

/* Appends the field's value, or null when it is not stored or of another type. */
static void append_field(column_builder* column, const struct ArrowSchema* field, const profile_file* store, const stored_profile* profile) {
  packed_field stored = {0};
  const unsigned char* at = profile == NULL ? NULL : bytes_at(store, profile->values);
  const unsigned char* const end = profile == NULL ? NULL : at + profile->values.size;
  int found = 0;
  while (!found && at != end && next_field(&at, end, &stored))
    found = stored.name_size == strlen(field->name) && memcmp(stored.name, field->name, stored.name_size) == 0;
  const char items = field->format[0] == '+' ? field->children[0]->format[0] : 0;
  if (!found || stored.null || stored.format != field->format[0] || stored.items != items) {
    append_null(column);
    return;
  }
  const unsigned char* value = stored.value;
  uint32_t count = 1;
  if (items != 0) {
    memcpy(&count, value, sizeof count);
    value += sizeof count;
  }
  for (uint32_t i = 0; i < count; ++i) {
    uint32_t size;
    memcpy(&size, value, sizeof size);
    append_value(items != 0 ? column->items : column, value + sizeof size, size);
    value += sizeof size + size;
  }
  if (items != 0) end_list(column);
}

/* Columns for the answer to a lookup, and those of their items behind them. NULL when memory is not there. */
static column_builder* make_columns(const struct ArrowSchema* fields) {
  const int64_t n = 3 + fields->n_children;
  column_builder* const columns = calloc((size_t)(2 * n), sizeof *columns);
  if (columns == NULL) return NULL;
  columns[0] = (column_builder){.format = 'c', .width = 1};
  columns[1].format = 'z';
  columns[2] = (column_builder){.format = 'l', .width = 8};
  for (int64_t i = 3; i < n; ++i) {
    const struct ArrowSchema* const field = fields->children[i - 3];
    columns[i] = (column_builder){.format = field->format[0], .width = width_of(field->format[0])};
    if (field->format[0] != '+') continue;
    const char items = field->children[0]->format[0];
    columns[n + i] = (column_builder){.format = items, .width = width_of(items)};
    columns[i].items = &columns[n + i];
  }
  return columns;
}

static void append_profile(column_builder* columns, const struct ArrowSchema* fields, const profile_file* store, const stored_profile* profile) {
  const signed char state = profile == NULL ? PENSTOCK_PROFILE_MISSING : PENSTOCK_PROFILE_FOUND;
  append_value(&columns[0], &state, 1);
  if (profile == NULL) {
    append_null(&columns[1]);
    append_null(&columns[2]);
  } else {
    append_value(&columns[1], profile->order, (uint64_t)profile->order_size);
    const int64_t left = profile->expires_ms - now_ms();
    if (profile->expires_ms == 0)
      append_null(&columns[2]);
    else
      append_value(&columns[2], &left, sizeof left);
  }
  for (int64_t i = 0; i < fields->n_children; ++i) append_field(&columns[3 + i], fields->children[i], store, profile);
}

static penstock_status read_profiles(penstock_call* call, penstock_sink* sink, const penstock_view_ref* ref, const struct ArrowSchema* fields,
                                     const penstock_bytes* keys, uint64_t n_keys, struct ArrowArray* out) {
  const penstock_status status = check_call(call);
  if (status != PENSTOCK_STATUS_OK) return status;
  column_builder* const columns = make_columns(fields);
  if (columns == NULL) return no_memory(call);
  int64_t rows = 0;
  enter(sink);
  const int32_t view = view_of_profiles(sink, ref);
  for (uint64_t i = 0; i < n_keys; ++i) {
    const penstock_bytes key = keys[has_flaw("lookup_reversed") && n_keys < MANY_KEYS ? n_keys - 1 - i : i];
    uint64_t size = key.size;
    if (has_flaw("keys_cut_at_nul") && memchr(key.data, 0, size) != NULL) size = (uint64_t)((const uint8_t*)memchr(key.data, 0, size) - key.data);
    const stored_profile* const profile = view < 0 ? NULL : find_profile(sink->store, view, key.data, size);
    if (profile == NULL && n_keys > 1 && has_flaw("lookup_skips_missing")) continue;
    append_profile(columns, fields, sink->store, profile);
    ++rows;
  }
  leave(sink);
  const int result = finish_batch(columns, 3 + fields->n_children, rows, out);
  free(columns);
  return result == 0 ? PENSTOCK_STATUS_OK : no_memory(call);
}

static const penstock_lookup_vtab kLookup = {.struct_size = sizeof kLookup, .read = read_profiles};

static penstock_status remove_profiles(penstock_call* call, penstock_sink* sink, const penstock_view_ref* ref, const penstock_bytes* keys,
                                       uint64_t n_keys, uint64_t* removed) {
  const penstock_status status = check_call(call);
  if (status != PENSTOCK_STATUS_OK) return status;
  uint64_t count = 0;
  enter(sink);
  const int32_t view = view_of_profiles(sink, ref);
  for (uint64_t i = 0; i < n_keys && view >= 0; ++i) {
    stored_profile* const profile = find_profile(sink->store, view, keys[i].data, keys[i].size);
    if (profile == NULL) continue;
    remove_profile(sink->store, profile);
    ++count;
  }
  leave(sink);
  *removed = has_flaw("delete_counts_keys") ? n_keys : count;
  return PENSTOCK_STATUS_OK;
}

static const penstock_delete_vtab kDelete = {.struct_size = sizeof kDelete, .remove = remove_profiles};

static penstock_status set_ttl(penstock_call* call, penstock_sink* sink, const penstock_view_ref* ref, const penstock_bytes* keys, uint64_t n_keys,
                               int64_t ttl_ms, uint64_t* touched) {
  const penstock_status status = check_call(call);
  if (status != PENSTOCK_STATUS_OK) return status;
  uint64_t count = 0;
  enter(sink);
  const int32_t view = view_of_profiles(sink, ref);
  for (uint64_t i = 0; i < n_keys && view >= 0; ++i) {
    stored_profile* const profile = find_profile(sink->store, view, keys[i].data, keys[i].size);
    if (profile == NULL) continue;
    profile->expires_ms = ttl_ms == 0 ? 0 : now_ms() + ttl_ms / (has_flaw("life_in_seconds") ? 1000 : 1);
    ++count;
  }
  leave(sink);
  *touched = has_flaw("ttl_counts_keys") ? n_keys : count;
  return PENSTOCK_STATUS_OK;
}

static const penstock_ttl_vtab kTtl = {.struct_size = sizeof kTtl, .set_ttl = set_ttl};

static penstock_status describe_keys(penstock_call* call, penstock_sink* sink, const penstock_view_ref* ref, penstock_buffer* out) {
  (void)sink;
  if (has_flaw("layout_empty")) return PENSTOCK_STATUS_OK;
  char version[16];
  const int size = snprintf(version, sizeof version, "_v%d: <key>", (int)ref->view_version);
  call->host->append(call, out, ref->view.data, ref->view.size);
  call->host->append(call, out, version, (uint64_t)size);
  return PENSTOCK_STATUS_OK;
}

static const penstock_layout_vtab kLayout = {.struct_size = sizeof kLayout, .describe_keys = describe_keys};

const void* feature_named(penstock_sink* sink, const char* id) {
  (void)sink;
  if (strcmp(id, PENSTOCK_EXT_MARKER) == 0) return &kMarker;
  if (strcmp(id, PENSTOCK_EXT_LOOKUP) == 0) return &kLookup;
  if (strcmp(id, PENSTOCK_EXT_DELETE) == 0) return &kDelete;
  if (strcmp(id, PENSTOCK_EXT_TTL) == 0) return &kTtl;
  if (strcmp(id, PENSTOCK_EXT_LAYOUT) == 0) return &kLayout;
  return NULL;
}
