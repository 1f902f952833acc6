#include "store.h"

#include <pthread.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HASH_BYTES 8 /* the last of an order key: the hash of the row's values */

/* Every kind of node begins with its key, so that one comparison serves all trees. */
struct node {
  struct slice key;
};
struct profile_node {
  struct node node;
  struct profile profile;
};
struct view {
  struct node node;
  void* profiles; /* a tree of profile_node */
  struct marker marker;
};
struct store {
  struct node node;
  char id[STORE_ID_BYTES];
  pthread_mutex_t mutex;
  void* views; /* a tree of view */
  int64_t profiles;
};

static int compare_nodes(const void* left, const void* right) {
  const struct slice a = ((const struct node*)left)->key, b = ((const struct node*)right)->key;
  const size_t common = a.size < b.size ? a.size : b.size;
  const int order = common == 0 ? 0 : memcmp(a.data, b.data, common);
  return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

static void* find_node(void* const* tree, struct slice key) {
  const struct node wanted = {key};
  void* const* found = tfind(&wanted, tree, compare_nodes);
  return found == NULL ? NULL : *found;
}

static void* find_view(struct store* store, const char* view) {
  return find_node(&store->views, (struct slice){(const uint8_t*)view, strlen(view)});
}

/* Adds a node of `size` bytes, zeroed, with a copy of the key behind it. NULL: no memory. */
static void* add_node(void** tree, struct slice key, size_t size) {
  struct node* node = calloc(1, size + key.size);
  if (node == NULL) return NULL;
  if (key.size != 0) memcpy((uint8_t*)node + size, key.data, key.size);
  node->key = (struct slice){(const uint8_t*)node + size, key.size};
  if (tsearch(node, tree, compare_nodes) == NULL) return free(node), NULL;
  return node;
}

static bool make_id(char* id) {
  uint8_t random[(STORE_ID_BYTES - 1) / 2];
  if (getentropy(random, sizeof random) != 0) return false;
  for (size_t i = 0; i < STORE_ID_BYTES - 1; ++i) id[i] = "0123456789abcdef"[(random[i / 2] >> (i % 2 * 4)) & 15];
  return true;
}

struct store* store_named(struct slice name) {
  static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  static void* stores;
  pthread_mutex_lock(&mutex);
  struct store* store = find_node(&stores, name);
  if (store == NULL && (store = add_node(&stores, name, sizeof *store)) != NULL) {
    pthread_mutex_init(&store->mutex, NULL);
    if (!make_id(store->id)) {
      tdelete(store, &stores, compare_nodes);
      free(store);
      store = NULL;
    }
  }
  pthread_mutex_unlock(&mutex);
  return store;
}

const char* store_id(const struct store* store) { return store->id; }

int64_t store_begin(struct store* store, const char* name) {
  pthread_mutex_lock(&store->mutex);
  struct view* view = find_view(store, name);
  if (view == NULL) view = add_node(&store->views, (struct slice){(const uint8_t*)name, strlen(name)}, sizeof *view);
  const int64_t fence = view == NULL ? 0 : ++view->marker.fence;
  pthread_mutex_unlock(&store->mutex);
  return fence;
}

/* Bytes as unsigned, which is how order keys are compared. */
static int compare_orders(const struct bytes* a, const struct bytes* b) {
  const int order = memcmp(a->data, b->data, a->size < b->size ? a->size : b->size);
  return order != 0 ? order : (a->size > b->size) - (a->size < b->size);
}

static bool have_equal_hashes(const struct bytes* a, const struct bytes* b) {
  return a->size == b->size && a->size >= HASH_BYTES && memcmp(a->data + a->size - HASH_BYTES, b->data + b->size - HASH_BYTES, HASH_BYTES) == 0;
}

static void swap(struct bytes* a, struct bytes* b) {
  const struct bytes kept = *a;
  *a = *b;
  *b = kept;
}

/* What is left in `profile` afterwards is not needed any more. */
static enum store_result apply(struct store* store, struct view* view, struct slice key, struct profile* profile, int64_t limit) {
  struct profile_node* found = find_node(&view->profiles, key);
  if (found == NULL) {
    if (store->profiles >= limit) return STORE_FULL;
    if ((found = add_node(&view->profiles, key, sizeof *found)) == NULL) return STORE_NO_MEMORY;
    ++store->profiles;
  } else {
    const int order = compare_orders(&profile->order, &found->profile.order);
    if (order <= 0) return order == 0 ? STORE_UNCHANGED : STORE_STALE;
  }
  /* The greater order key is kept even where the values stay: a row that lies between the two must not win later. */
  const bool same = have_equal_hashes(&profile->order, &found->profile.order);
  swap(&found->profile.order, &profile->order);
  if (!same) swap(&found->profile.values, &profile->values);
  return same ? STORE_UNCHANGED : STORE_WRITTEN;
}

enum store_result store_apply(struct store* store, const char* name, int64_t fence, struct slice key, struct profile* profile, int64_t limit) {
  pthread_mutex_lock(&store->mutex);
  struct view* view = find_view(store, name);
  const enum store_result result = view == NULL || view->marker.fence != fence ? STORE_FENCED : apply(store, view, key, profile, limit);
  pthread_mutex_unlock(&store->mutex);
  profile_free(profile);
  return result;
}

void position_free(struct position* position) {
  bytes_free(&position->detail);
  bytes_free(&position->text);
}

enum store_result store_set_position(struct store* store, const char* name, int64_t fence, struct position* position, int64_t committed_fence) {
  struct position old = *position;
  enum store_result result = STORE_FENCED;
  pthread_mutex_lock(&store->mutex);
  struct view* view = find_view(store, name);
  if (view != NULL && view->marker.fence == fence) {
    old = view->marker.position;
    view->marker.position = *position;
    view->marker.committed_fence = committed_fence;
    result = STORE_OK;
  }
  pthread_mutex_unlock(&store->mutex);
  position_free(&old);
  return result;
}

void store_read_marker(struct store* store, const char* name, void (*use)(void*, const struct marker*), void* context) {
  static const struct marker kNone;
  pthread_mutex_lock(&store->mutex);
  struct view* view = find_view(store, name);
  use(context, view == NULL ? &kNone : &view->marker);
  pthread_mutex_unlock(&store->mutex);
}

bool store_read(struct store* store, const char* name, struct slice key, bool (*use)(void*, const struct profile*), void* context) {
  pthread_mutex_lock(&store->mutex);
  struct view* view = find_view(store, name);
  struct profile_node* found = view == NULL ? NULL : find_node(&view->profiles, key);
  const bool result = use(context, found == NULL ? NULL : &found->profile);
  pthread_mutex_unlock(&store->mutex);
  return result;
}

bool store_remove(struct store* store, const char* name, struct slice key) {
  pthread_mutex_lock(&store->mutex);
  struct view* view = find_view(store, name);
  struct profile_node* found = view == NULL ? NULL : find_node(&view->profiles, key);
  if (found != NULL) {
    tdelete(found, &view->profiles, compare_nodes);
    profile_free(&found->profile);
    free(found);
    --store->profiles;
  }
  pthread_mutex_unlock(&store->mutex);
  return found != NULL;
}
