/* A store of profiles in a file that several processes map: what one has written, another sees, also when the first was killed. */
#ifndef PROFILE_FILE_H
#define PROFILE_FILE_H

#include <stdint.h>

#define MAX_VIEWS 512
#define MAX_PROFILES 16384
#define MAX_NAME 256
#define MAX_DETAIL 4096
#define MAX_ORDER 256
#define STORE_BYTES (64u << 20)

/* A view version: its marker and its fences. */
typedef struct stored_view {
  char name[MAX_NAME];
  int32_t name_size, version;
  int64_t fence, committed_fence;
  int32_t has_marker;
  int64_t ordinal;
  int32_t detail_size, text_size;
  unsigned char detail[MAX_DETAIL], text[MAX_DETAIL];
} stored_view;

/* Bytes in the store's file, by where they begin. */
typedef struct stored_bytes {
  uint64_t at, size;
} stored_bytes;

typedef struct stored_profile {
  int32_t view; /* index of its view */
  uint32_t hash;
  stored_bytes key;
  int64_t expires_ms; /* 0: never */
  int32_t order_size;
  unsigned char order[MAX_ORDER];
  stored_bytes values;
} stored_profile;

typedef struct profile_file {
  char id[33];
  int64_t last_fence;
  int32_t n_views, n_profiles;
  uint64_t used;
  stored_view views[MAX_VIEWS];
  stored_profile profiles[MAX_PROFILES];
} profile_file;

/* Maps the file, which is made when it is not there. NULL, and errno, when that cannot be done. *fd is for lock_store. */
profile_file* open_store(const char* path, int* fd);
void close_store(profile_file* store, int fd);
/* Everything below is used between these two. */
void lock_store(int fd);
void unlock_store(int fd);

int64_t now_ms(void);
/* The index of the view; one that is not there is made if `make`, else -1; -1 when there is no room for another. */
int32_t view_index(profile_file* store, const char* name, uint64_t size, int32_t version, int make);
/* NULL when there is none, or no longer. */
stored_profile* find_profile(profile_file* store, int32_t view, const void* key, uint64_t size);
/* NULL when the store is full. */
stored_profile* make_profile(profile_file* store, int32_t view, const void* key, uint64_t size);
void remove_profile(profile_file* store, stored_profile* profile);
/* Keeps a copy. 0 when the store is full. */
int keep_bytes(profile_file* store, const void* bytes, uint64_t size, stored_bytes* out);
const unsigned char* bytes_at(const profile_file* store, stored_bytes bytes);

#endif
