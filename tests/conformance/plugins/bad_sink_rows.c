/* How rows are stored, and which one wins. */
#include "bad_sink.h"

#include "arrow_columns.h"

#include <time.h>

/* Bytes that grow. */
typedef struct packed_row {
  unsigned char* bytes;
  uint64_t size, room;
  int failed;
} packed_row;

static void put(packed_row* row, const void* bytes, uint64_t size) {
  if (row->size + size > row->room) {
    const uint64_t room = (row->size + size) * 2;
    unsigned char* const grown = realloc(row->bytes, room);
    if (grown == NULL) {
      row->failed = 1;
      return;
    }
    row->bytes = grown;
    row->room = room;
  }
  if (size != 0) memcpy(row->bytes + row->size, bytes, size);
  row->size += size;
}

static void put_value(packed_row* row, const struct ArrowArray* column, char format, int64_t index) {
  unsigned char room = 0;
  uint64_t size = 0;
  const void* value = value_of(column, format, width_of(format), index, &room, &size);
  const double zero = 0;
  if (format == 'g' && has_flaw("negative_zero_lost") && memcmp(value, "\0\0\0\0\0\0\0\x80", 8) == 0) value = &zero;
  const uint32_t size32 = (uint32_t)size;
  put(row, &size32, sizeof size32);
  put(row, value, size);
}

static void put_list(packed_row* row, const struct ArrowArray* column, char items, int64_t index) {
  int64_t begin = 0, end = 0;
  list_range(column, index, &begin, &end);
  if (has_flaw("lists_cut") && end - begin > 2) end = begin + 2;
  const uint32_t count = (uint32_t)(end - begin);
  put(row, &count, sizeof count);
  for (int64_t i = begin; i < end; ++i) put_value(row, column->children[0], items, i);
}

/* The field of that name as it is stored, for a flaw that keeps it. */
static int stored_field(const profile_file* store, const stored_profile* profile, const char* name, packed_field* out) {
  if (profile == NULL) return 0;
  const unsigned char* at = bytes_at(store, profile->values);
  const unsigned char* const end = at + profile->values.size;
  while (next_field(&at, end, out))
    if (out->name_size == strlen(name) && memcmp(out->name, name, out->name_size) == 0) return 1;
  return 0;
}

static void put_field(packed_row* row, const column_spec* spec, const struct ArrowArray* column, int64_t index, const profile_file* store,
                      const stored_profile* old) {
  const uint16_t name_size = (uint16_t)strlen(spec->name);
  put(row, &name_size, sizeof name_size);
  put(row, spec->name, name_size);
  packed_field before;
  const int keeps = has_flaw("null_keeps_value") && is_null(column, index) && stored_field(store, old, spec->name, &before);
  unsigned char room;
  uint64_t size = 1;
  if (spec->format == 'u' && !is_null(column, index)) value_of(column, 'u', 0, index, &room, &size);
  const int null = keeps ? before.null : is_null(column, index) || (size == 0 && has_flaw("empty_text_lost"));
  const char head[3] = {spec->format, spec->items, (char)null};
  put(row, head, sizeof head);
  const uint64_t at = row->size;
  uint32_t value_size = 0;
  put(row, &value_size, sizeof value_size);
  if (keeps)
    put(row, before.value, before.size);
  else if (!null && spec->format == '+')
    put_list(row, column, spec->items, index);
  else if (!null)
    put_value(row, column, spec->format, index);
  if (row->failed) return;
  value_size = (uint32_t)(row->size - at - sizeof value_size);
  memcpy(row->bytes + at, &value_size, sizeof value_size);
}

int next_field(const unsigned char** at, const unsigned char* end, packed_field* out) {
  if (*at == end) return 0;
  uint16_t name_size;
  uint32_t size;
  memcpy(&name_size, *at, sizeof name_size);
  out->name = (const char*)*at + sizeof name_size;
  out->name_size = name_size;
  const unsigned char* const head = *at + sizeof name_size + name_size;
  out->format = (char)head[0];
  out->items = (char)head[1];
  out->null = head[2];
  memcpy(&size, head + 3, sizeof size);
  out->value = head + 3 + sizeof size;
  out->size = size;
  *at = out->value + size;
  return 1;
}

static void reject(penstock_call* call, int64_t row, int32_t column, int32_t retryable, const char* reason) {
  penstock_rejection rejection = {.struct_size = sizeof rejection, .column = column, .row = row, .retryable = retryable};
  rejection.reason = (penstock_str){reason, strlen(reason)};
  call->host->reject(call, &rejection);
}

/* Compares order keys. */
static int is_newer(const penstock_writer* writer, const unsigned char* order, const stored_profile* profile) {
  const size_t times = (size_t)writer->order_size - PENSTOCK_ORDER_SUFFIX;
  if (has_flaw("last_write_wins") && memcmp(order, profile->order, times) != 0) return 1;
  if (has_flaw("order_signed") && ((order[0] ^ profile->order[0]) & 0x80)) return (order[0] & 0x80) == 0;
  return memcmp(order, profile->order, (size_t)writer->order_size) > 0;
}

static int is_unchanged(const penstock_writer* writer, const unsigned char* order, const stored_profile* profile, int newer) {
  const size_t times = (size_t)writer->order_size - PENSTOCK_ORDER_SUFFIX;
  const size_t hash = (size_t)writer->order_size - 8;
  if (has_flaw("repeats_rewritten") && !newer) return 0;
  return memcmp(order + hash, profile->order + hash, 8) == 0 && (newer || memcmp(order, profile->order, times) == 0);
}

/* Stores the row's values; 0 when there is no room. `profile` is NULL for a new one. */
static int store_row(penstock_writer* writer, stored_profile* profile, int32_t view, const void* key, uint64_t key_size, const unsigned char* order,
                     const packed_row* row) {
  profile_file* const store = writer->sink->store;
  stored_bytes values;
  if (!keep_bytes(store, row->bytes, row->size, &values)) return 0;
  if (profile == NULL && (profile = make_profile(store, view, key, key_size)) == NULL) return 0;
  if (has_flaw("values_after_order") && key_size <= DEFAULT_MAX_KEY)
    hold_back_values(view, key, key_size, values);
  else
    profile->values = values;
  profile->order_size = (int32_t)writer->order_size;
  memcpy(profile->order, order, (size_t)writer->order_size);
  return 1;
}

static int64_t expiry(const penstock_writer* writer) {
  if (writer->ttl_ms == 0 || has_flaw("never_expires")) return 0;
  if (has_flaw("ttl_in_seconds")) return now_ms() + writer->ttl_ms / 1000;
  return writer->ttl_ms > INT64_MAX - now_ms() ? INT64_MAX : now_ms() + writer->ttl_ms;
}

/* Between comparing a row and storing it: until another run has begun, and a moment more for what that writes. One at a time, so that the other
 * does not wait too. */
static void wait_for_newer_run(penstock_writer* writer) {
  static int somebody_waits;
  const struct timespec moment = {0, 1000000};
  if (somebody_waits) return;
  somebody_waits = 1;
  for (int left = 20; left > 0; --left) {
    const int superseded = writer->sink->store->views[writer->view].fence != writer->fence;
    if (superseded && left > 10) left = 10;
    leave(writer->sink);
    nanosleep(&moment, NULL);
    enter(writer->sink);
  }
  somebody_waits = 0;
}

/* Applies one row and counts it. 0 when memory is not there. */
int apply_row(penstock_call* call, penstock_writer* writer, const struct ArrowArray* batch, int64_t index, penstock_write_result* counts) {
  profile_file* const store = writer->sink->store;
  const int32_t view = has_flaw("writers_share_view") ? view_begun_last : writer->view;
  uint64_t key_size = 0, order_size = 0;
  const unsigned char* const key = value_of(batch->children[0], 'z', 0, index, NULL, &key_size);
  const unsigned char* const order = value_of(batch->children[1], 'w', writer->order_size, index, NULL, &order_size);
  if ((int64_t)key_size > writer->sink->max_key) {
    reject(call, has_flaw("rejected_row_wrong") ? index + 1 : index, 0, 0, "the key is longer than max_key allows");
    ++counts->rejected;
    return 1;
  }
  if (has_flaw("keys_cut_at_nul") && memchr(key, 0, key_size) != NULL) key_size = (uint64_t)((const unsigned char*)memchr(key, 0, key_size) - key);
  stored_profile* profile = find_profile(store, view, key, key_size);
  if (profile != NULL && profile->order_size != writer->order_size) {
    reject(call, index, 1, 1, "the profile was written with an order key of another width");
    if (has_flaw("other_width_lost")) remove_profile(store, profile);
    ++counts->rejected;
    return 1;
  }
  const int newer = profile == NULL || is_newer(writer, order, profile);
  if (profile != NULL && is_unchanged(writer, order, profile, newer)) {
    if (newer && !has_flaw("order_not_raised")) memcpy(profile->order, order, (size_t)writer->order_size);
    profile->expires_ms = expiry(writer);
    ++counts->unchanged;
    return 1;
  }
  const int repeats = !newer && memcmp(order, profile->order, (size_t)writer->order_size) == 0;
  if (!newer && !(repeats && has_flaw("repeats_rewritten"))) {
    ++counts->stale;
    return 1;
  }
  if (has_flaw("compare_apart") && index == 0) {
    wait_for_newer_run(writer);
    profile = find_profile(store, view, key, key_size);
  }
  packed_row row = {0};
  for (int64_t i = 2; i < writer->n_columns; ++i) put_field(&row, &writer->columns[i], batch->children[i], index, store, profile);
  const int stored = !row.failed && store_row(writer, profile, view, key, key_size, order, &row);
  free(row.bytes);
  if (row.failed) return 0;
  if (!stored) {
    reject(call, index, PENSTOCK_REJECT_NO_COLUMN, 1, "the store is full");
    ++counts->rejected;
    return 1;
  }
  find_profile(store, view, key, key_size)->expires_ms = expiry(writer);
  ++counts->written;
  return 1;
}
