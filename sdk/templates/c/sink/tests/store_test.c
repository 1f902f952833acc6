/* The store's side of the sink: who wins, and who may write. */
#include "../src/store.h"

#include "expect.h"

#include <string.h>

static struct slice slice(const char* text) { return (struct slice){(const uint8_t*)text, strlen(text)}; }

/* An order key of a time, a fence and a hash of values, as short as tests can have it. */
static enum store_result write_profile(struct store* store, int64_t fence, const char* key, char time, char hash) {
  const char order[] = {time, 0, 0, 0, 0, 0, 0, 0, hash};
  struct profile profile;
  memset(&profile, 0, sizeof profile);
  bytes_append(&profile.order, order, sizeof order);
  bytes_append(&profile.values, &hash, 1);
  return store_apply(store, "users_v1", fence, slice(key), &profile, 2);
}

static bool has_hash(void* context, const struct profile* profile) {
  return profile != NULL && profile->values.data[0] == *(const char*)context;
}

static bool reads(struct store* store, const char* key, char hash) { return store_read(store, "users_v1", slice(key), has_hash, &hash); }

static void copy_marker(void* context, const struct marker* marker) { *(struct marker*)context = *marker; }

int main(void) {
  struct store* store = store_named(slice("test"));
  struct position position = {.set = true, .ordinal = 7};
  struct marker marker;
  expect("is the same store by the same name", store != NULL && store_named(slice("test")) == store && store_named(slice("other")) != store);
  expect("lets nobody write before a run has begun", write_profile(store, 0, "ann", 1, 'a') == STORE_FENCED);

  const int64_t first = store_begin(store, "users_v1");
  expect("writes a new profile", write_profile(store, first, "ann", 2, 'a') == STORE_WRITTEN && reads(store, "ann", 'a'));
  expect("leaves out what is older", write_profile(store, first, "ann", 1, 'b') == STORE_STALE && reads(store, "ann", 'a'));
  expect("leaves out what is there", write_profile(store, first, "ann", 2, 'a') == STORE_UNCHANGED);
  expect("writes what is newer", write_profile(store, first, "ann", 4, 'c') == STORE_WRITTEN && reads(store, "ann", 'c'));
  expect("compares bytes as unsigned", write_profile(store, first, "ann", '\xff', 'c') == STORE_UNCHANGED);
  expect("keeps the greater order key of equal values", write_profile(store, first, "ann", 9, 'd') == STORE_STALE);
  expect("is full at its limit",
         write_profile(store, first, "bob", 1, 'a') == STORE_WRITTEN && write_profile(store, first, "cleo", 1, 'a') == STORE_FULL);
  expect("removes a profile", store_remove(store, "users_v1", slice("bob")) && !reads(store, "bob", 'a') &&
             !store_remove(store, "users_v1", slice("bob")));

  expect("keeps a position", store_set_position(store, "users_v1", first, &position, first) == STORE_OK);
  const int64_t second = store_begin(store, "users_v1");
  position = (struct position){.set = true, .ordinal = 8};
  expect("fences earlier runs off", second > first && write_profile(store, first, "ann", '\xff', 'e') == STORE_FENCED &&
             store_set_position(store, "users_v1", first, &position, first) == STORE_FENCED);
  store_read_marker(store, "users_v1", copy_marker, &marker);
  expect("says how far it is, and by which run", marker.position.ordinal == 7 && marker.committed_fence == first && marker.fence == second);
  return failed;
}
