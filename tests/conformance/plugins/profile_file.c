#define _GNU_SOURCE
#include "profile_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

static void make_identity(char id[33]) {
  unsigned char bytes[16];
  for (size_t have = 0; have < sizeof bytes;) {
    const ssize_t count = getrandom(bytes + have, sizeof bytes - have, 0);
    if (count > 0) have += (size_t)count;
  }
  for (int i = 0; i < 16; ++i) snprintf(id + 2 * i, 3, "%02x", bytes[i]);
}

profile_file* open_store(const char* path, int* fd) {
  const int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return NULL;
  void* const mapped =
      ftruncate(file, STORE_BYTES) == 0 ? mmap(NULL, STORE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0) : MAP_FAILED;
  if (mapped == MAP_FAILED) {
    const int error = errno;
    close(file);
    errno = error;
    return NULL;
  }
  profile_file* const store = mapped;
  lock_store(file);
  if (store->used == 0) {
    make_identity(store->id);
    store->used = sizeof *store;
  }
  unlock_store(file);
  *fd = file;
  return store;
}

void close_store(profile_file* store, int fd) {
  munmap(store, STORE_BYTES);
  close(fd);
}

void lock_store(int fd) {
  while (flock(fd, LOCK_EX) != 0 && errno == EINTR) continue;
}

void unlock_store(int fd) { flock(fd, LOCK_UN); }

int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int32_t view_index(profile_file* store, const char* name, uint64_t size, int32_t version, int make) {
  if (size > MAX_NAME) return -1;
  for (int32_t i = 0; i < store->n_views; ++i) {
    const stored_view* const view = &store->views[i];
    if (view->version == version && (uint64_t)view->name_size == size && memcmp(view->name, name, size) == 0) return i;
  }
  if (!make || store->n_views == MAX_VIEWS) return -1;
  stored_view* const view = &store->views[store->n_views];
  memset(view, 0, sizeof *view);
  memcpy(view->name, name, size);
  view->name_size = (int32_t)size;
  view->version = version;
  return store->n_views++;
}

static uint32_t hash_of(const void* key, uint64_t size) {
  uint32_t hash = 2166136261u;
  for (uint64_t i = 0; i < size; ++i) hash = (hash ^ ((const unsigned char*)key)[i]) * 16777619u;
  return hash;
}

stored_profile* find_profile(profile_file* store, int32_t view, const void* key, uint64_t size) {
  const uint32_t hash = hash_of(key, size);
  for (int32_t i = 0; i < store->n_profiles; ++i) {
    stored_profile* const profile = &store->profiles[i];
    if (profile->hash != hash || profile->view != view || profile->key.size != size || memcmp(bytes_at(store, profile->key), key, size) != 0)
      continue;
    if (profile->expires_ms == 0 || profile->expires_ms > now_ms()) return profile;
    remove_profile(store, profile);
    return NULL;
  }
  return NULL;
}

stored_profile* make_profile(profile_file* store, int32_t view, const void* key, uint64_t size) {
  if (store->n_profiles == MAX_PROFILES) return NULL;
  stored_profile* const profile = &store->profiles[store->n_profiles];
  memset(profile, 0, sizeof *profile);
  if (!keep_bytes(store, key, size, &profile->key)) return NULL;
  profile->view = view;
  profile->hash = hash_of(key, size);
  ++store->n_profiles;
  return profile;
}

void remove_profile(profile_file* store, stored_profile* profile) { *profile = store->profiles[--store->n_profiles]; }

int keep_bytes(profile_file* store, const void* bytes, uint64_t size, stored_bytes* out) {
  if (size > STORE_BYTES - store->used) return 0;
  if (size != 0) memcpy((unsigned char*)store + store->used, bytes, size);
  *out = (stored_bytes){store->used, size};
  store->used += size;
  return 1;
}

const unsigned char* bytes_at(const profile_file* store, stored_bytes bytes) { return (const unsigned char*)store + bytes.at; }
