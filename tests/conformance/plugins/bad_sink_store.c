/* The way into the store, and what a flaw holds back from it. */
#include "bad_sink.h"

#define MAX_HELD_ROWS 4096

/* What a flaw holds back, under the store's lock. */
static struct {
  int32_t view;
  unsigned char key[DEFAULT_MAX_KEY];
  uint64_t size;
  stored_bytes values;
} held_rows[MAX_HELD_ROWS];
static int n_held_rows;
static struct {
  int there;
  int32_t view;
  int64_t ordinal, fence;
  uint64_t detail_size, text_size;
  unsigned char detail[MAX_DETAIL];
  char text[MAX_DETAIL];
} held_marker;

void hold_back_values(int32_t view, const void* key, uint64_t size, stored_bytes values) {
  if (n_held_rows == MAX_HELD_ROWS) return;
  held_rows[n_held_rows].view = view;
  memcpy(held_rows[n_held_rows].key, key, size);
  held_rows[n_held_rows].size = size;
  held_rows[n_held_rows++].values = values;
}

void hold_back_marker(int32_t view, const penstock_position* position, int64_t fence) {
  held_marker.there = 1;
  held_marker.view = view;
  held_marker.ordinal = position->ordinal;
  held_marker.fence = fence;
  held_marker.detail_size = position->detail.size;
  held_marker.text_size = position->text.size;
  if (position->detail.size != 0) memcpy(held_marker.detail, position->detail.data, position->detail.size);
  if (position->text.size != 0) memcpy(held_marker.text, position->text.data, position->text.size);
}

void enter(penstock_sink* sink) {
  lock_store(sink->fd);
  while (n_held_rows > 0) {
    --n_held_rows;
    stored_profile* const profile = find_profile(sink->store, held_rows[n_held_rows].view, held_rows[n_held_rows].key, held_rows[n_held_rows].size);
    if (profile != NULL) profile->values = held_rows[n_held_rows].values;
  }
  if (held_marker.there) {
    const penstock_position position = {.struct_size = sizeof position,
                                        .ordinal = held_marker.ordinal,
                                        .detail = {held_marker.detail, held_marker.detail_size},
                                        .text = {held_marker.text, held_marker.text_size}};
    keep_marker(&sink->store->views[held_marker.view], &position, held_marker.fence);
    held_marker.there = 0;
  }
}

void leave(penstock_sink* sink) { unlock_store(sink->fd); }

void keep_marker(stored_view* view, const penstock_position* position, int64_t fence) {
  const uint64_t detail = position->detail.size < MAX_DETAIL ? position->detail.size : MAX_DETAIL;
  const uint64_t text = position->text.size < MAX_DETAIL ? position->text.size : MAX_DETAIL;
  view->has_marker = 1;
  view->ordinal = position->ordinal;
  if (detail != 0) memcpy(view->detail, position->detail.data, detail);
  if (text != 0) memcpy(view->text, position->text.data, text);
  const unsigned char* const nul = detail == 0 ? NULL : memchr(view->detail, 0, detail);
  view->detail_size = has_flaw("detail_cut_at_nul") && nul != NULL ? (int32_t)(nul - view->detail) : (int32_t)detail;
  view->text_size = (int32_t)text;
  view->committed_fence = fence;
}
