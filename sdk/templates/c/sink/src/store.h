/* Stands for your store and its client library: here it is memory of this process, gone with it. What it offers is what a store has to
 * offer to be a Profiles Store: a comparison and a write that cannot be separated, and a fence for each view. */
#ifndef STORE_H
#define STORE_H

#include "profile.h"

/* How far a view has been synced: the host's position, kept unread. */
struct position {
  bool set;
  int64_t ordinal;
  struct bytes detail, text;
};
struct marker {
  struct position position;
  int64_t fence;           /* the last given out, 0: none */
  int64_t committed_fence; /* of the run that set the position, 0: none did */
};

#define STORE_ID_BYTES 33
struct store;

enum store_result { STORE_WRITTEN, STORE_UNCHANGED, STORE_STALE, STORE_FULL, STORE_FENCED, STORE_NO_MEMORY, STORE_OK };

/* The store of that name; made when it is first asked for, kept until the process ends. NULL: no memory. All functions may be called from
 * any thread: many sinks of the host use a store at once. A view is named with its version. */
struct store* store_named(struct slice name);
const char* store_id(const struct store* store); /* made with the store, as good as random */

/* A new run of the view: fences the runs before it off. 0: no memory. */
int64_t store_begin(struct store* store, const char* view);
/* Newest wins. Takes what is in the profile. A profile that would be more than `limit` is not made. */
enum store_result store_apply(struct store* store, const char* view, int64_t fence, struct slice key, struct profile* profile, int64_t limit);
/* Takes what is in the position; FENCED when the view's last fence is another one. */
enum store_result store_set_position(struct store* store, const char* view, int64_t fence, struct position* position, int64_t committed_fence);
void position_free(struct position* position);

/* Calls `use` with the view's marker, which may be used until it returns, or with one of zeros. */
void store_read_marker(struct store* store, const char* view, void (*use)(void* context, const struct marker* marker), void* context);
/* Calls `use` with the profile, or NULL when there is none; returns what it returns. */
bool store_read(struct store* store, const char* view, struct slice key, bool (*use)(void* context, const struct profile* profile),
                void* context);
/* Was there one? */
bool store_remove(struct store* store, const char* view, struct slice key);

#endif
