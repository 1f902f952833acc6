/* A sink: a Profiles Store that the host writes to.
 *
 * One profile is what a view says about one entity: (view, version, key). Applying a row replaces the profile only if the
 * row's order key is greater; so applying is commutative and idempotent, and a row may come twice.
 *
 * A batch given to write is a struct array with the schema in penstock_run_spec:
 *   column 0  "penstock.key"    format "z"    the profile's key: the entity's key as text; several parts are joined as
 *                                             <bytes>:<part><bytes>:<part>. Never null, never empty.
 *   column 1  "penstock.order"  format "w:N"  the order key; compared byte by byte, unsigned. The last 16 bytes are the
 *                                             fence of the run that read the row (an earlier one when the row was refused
 *                                             as retryable) and a hash of the values; the bytes before them are the times.
 *   column 2… the view's fields, in the view's order, named as in the view:
 *     bytes "z" · string "u" · int32 "i" · int64 "l" · double "g" · float "f" · bool "b" · unix_timestamp "tsn:UTC";
 *     a list of one of these is "+l" with that child. Any value may be null; list elements may not.
 * Within a batch a key appears once. A null field replaces a value: afterwards the profile has that field as null. */
#ifndef PENSTOCK_SINK_H
#define PENSTOCK_SINK_H

#include "arrow.h"
#include "base.h"
#include "call.h"
#include "options.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct penstock_sink penstock_sink;     /* the plugin's own */
typedef struct penstock_writer penstock_writer; /* the plugin's own: one run */

/* Bytes at the end of penstock.order: fence (8, big-endian) and value hash (8). */
#define PENSTOCK_ORDER_SUFFIX 16

#define PENSTOCK_SINK_DURABLE 1u     /* what was committed survives a restart of the store's process, as far as it is configured to */
#define PENSTOCK_SINK_NEWEST_WINS 2u /* compares order keys itself, atomically per profile */
#define PENSTOCK_SINK_TTL 4u         /* expires profiles */
#define PENSTOCK_SINK_UNCHANGED 8u   /* tells unchanged rows from written ones */

typedef struct penstock_sink_capabilities {
  uint32_t struct_size;
  uint32_t flags;      /* PENSTOCK_SINK_* */
  int64_t batch_rows;  /* preferred rows per write; 0: no preference */
  int64_t batch_bytes; /* preferred bytes per write; 0: no preference */
} penstock_sink_capabilities;

/* One run of one view version. Valid until the writer's end. */
typedef struct penstock_run_spec {
  uint32_t struct_size;
  int32_t view_version;
  penstock_str view;
  penstock_str entity;
  penstock_str run_id;
  int64_t ttl_ms; /* from the write on; 0: never expires */
  int64_t order_size; /* N of penstock.order */
  const struct ArrowSchema* schema;
} penstock_run_spec;

typedef struct penstock_begin_result {
  uint32_t struct_size;
  uint32_t reserved;
  int64_t fence; /* greater than the fence of every earlier run of this view in this store; the host writes it into
                    penstock.order */
  int64_t previous_fence; /* of the run of this view that began before in this store, 0 if there was none; -1, as the host sets
                             it: not known. A sink looks at struct_size before it writes this */
} penstock_begin_result;

/* What happened to the rows of one write: written + unchanged + stale + rejected == rows. */
typedef struct penstock_write_result {
  uint32_t struct_size;
  uint32_t reserved;
  int64_t written;
  int64_t unchanged; /* the same values were there (order keys with equal hashes); of the two order keys the store keeps
                        the greater */
  int64_t stale;     /* something newer was there */
  int64_t rejected;  /* as reported through reject */
} penstock_write_result;

typedef struct penstock_sink_vtab {
  uint32_t struct_size;
  uint32_t reserved;
  /* [any] Connects. The options are borrowed for the call only. */
  penstock_status (*open)(penstock_call*, const penstock_options*, penstock_sink** out);
  /* [serial: sink] Ends the object, also after errors. Writers are ended before. */
  void (*close)(penstock_call*, penstock_sink*);
  /* [serial: sink] */
  penstock_status (*ping)(penstock_call*, penstock_sink*);
  /* [serial: sink] */
  penstock_status (*capabilities)(penstock_call*, penstock_sink*, penstock_sink_capabilities* out);
  /* [serial: sink] Takes the view over: from now on every older run of the view version is fenced off. */
  penstock_status (*begin)(penstock_call*, penstock_sink*, const penstock_run_spec*, penstock_begin_result* result,
                           penstock_writer** out);
  /* [serial: sink] Applies a batch; seq counts 1, 2, 3 … within the run. `result` and the rejects are final when it
   * returns OK. FENCED: a newer run took over. Any other error: the writer can only be aborted and ended. */
  penstock_status (*write)(penstock_call*, penstock_writer*, uint64_t seq, struct ArrowArray* batch,
                           penstock_write_result* result);
  /* [serial: sink] After it returns OK every earlier write is as durable as this store makes things. */
  penstock_status (*flush)(penstock_call*, penstock_writer*);
  /* [serial: sink] Stores the marker, after checking the fence. Only after flush. */
  penstock_status (*commit)(penstock_call*, penstock_writer*, const penstock_position*);
  /* [serial: sink] Gives the run up; what was written stays, the marker does not move. */
  penstock_status (*abort)(penstock_call*, penstock_writer*);
  /* [serial: sink] Frees the writer, after commit, abort or an error. */
  void (*end)(penstock_call*, penstock_writer*);
  /* [any] An optional feature's vtable by id (below), or NULL. */
  const void* (*get_extension)(penstock_sink*, const char* id);
} penstock_sink_vtab;

/* Which profiles: a view version. */
typedef struct penstock_view_ref {
  uint32_t struct_size;
  int32_t view_version;
  penstock_str view;
  penstock_str entity;
} penstock_view_ref;

/* "marker/1": the position next to the data. */
#define PENSTOCK_EXT_MARKER "marker/1"

typedef struct penstock_marker_out {
  uint32_t struct_size;
  int32_t found; /* 1: the view version has a marker with a position */
  penstock_position_out* position;
  int64_t fence;             /* the last fence given out, 0: none */
  penstock_buffer* store_id; /* the store's identity: made once, gone when the store is wiped */
  /* Of the run whose commit set the position: kept with it, so that a store that went back to an older copy shows it although
   * the position is the same. 0: not known, as after compare_and_store. */
  int64_t committed_fence;
} penstock_marker_out;

typedef struct penstock_marker_vtab {
  uint32_t struct_size;
  uint32_t reserved;
  /* [serial: sink] */
  penstock_status (*load)(penstock_call*, penstock_sink*, const penstock_view_ref*, penstock_marker_out* out);
  /* [serial: sink] Sets or (position NULL) removes the marker's position if its fence is still expected_fence, else FENCED. */
  penstock_status (*compare_and_store)(penstock_call*, penstock_sink*, const penstock_view_ref*, int64_t expected_fence,
                                       const penstock_position* position);
  /* [serial: sink] Loads the markers of n views, in fewer round trips than n; outs[i] is that of views[i]. The host looks at
   * struct_size first; where the slot is not there or NULL, it loads one after the other. */
  penstock_status (*load_many)(penstock_call*, penstock_sink*, const penstock_view_ref* const* views, uint64_t n,
                               penstock_marker_out* const* outs);
} penstock_marker_vtab;

/* "lookup/1": reads profiles back. */
#define PENSTOCK_EXT_LOOKUP "lookup/1"

#define PENSTOCK_PROFILE_MISSING 0
#define PENSTOCK_PROFILE_FOUND 1
#define PENSTOCK_PROFILE_EXPIRED 2 /* only a store that remembers it */

typedef struct penstock_lookup_vtab {
  uint32_t struct_size;
  uint32_t reserved;
  /* [serial: sink] One row per key, in the order asked. `fields` is a struct schema of the wanted fields (formats as above).
   * The answer's columns: "penstock.state" int8 (PENSTOCK_PROFILE_*), "penstock.order" "z" (null unless found),
   * "penstock.ttl_ms" int64 (null: never expires), then `fields`. The caller owns *out. */
  penstock_status (*read)(penstock_call*, penstock_sink*, const penstock_view_ref*, const struct ArrowSchema* fields,
                          const penstock_bytes* keys, uint64_t n_keys, struct ArrowArray* out);
} penstock_lookup_vtab;

/* "delete/1" */
#define PENSTOCK_EXT_DELETE "delete/1"

typedef struct penstock_delete_vtab {
  uint32_t struct_size;
  uint32_t reserved;
  /* [serial: sink] Removes profiles; *removed is how many were there. */
  penstock_status (*remove)(penstock_call*, penstock_sink*, const penstock_view_ref*, const penstock_bytes* keys,
                            uint64_t n_keys, uint64_t* removed);
} penstock_delete_vtab;

/* "ttl/1" */
#define PENSTOCK_EXT_TTL "ttl/1"

typedef struct penstock_ttl_vtab {
  uint32_t struct_size;
  uint32_t reserved;
  /* [serial: sink] Sets the remaining life of profiles that exist; 0: never expires. *touched is how many existed. */
  penstock_status (*set_ttl)(penstock_call*, penstock_sink*, const penstock_view_ref*, const penstock_bytes* keys,
                             uint64_t n_keys, int64_t ttl_ms, uint64_t* touched);
} penstock_ttl_vtab;

/* "layout/1": where a profile is, for people who look into the store with its own tools. */
#define PENSTOCK_EXT_LAYOUT "layout/1"

typedef struct penstock_layout_vtab {
  uint32_t struct_size;
  uint32_t reserved;
  /* [serial: sink] Appends a pattern such as `hash penstock:users_v1:<domain_userid>`. No I/O. */
  penstock_status (*describe_keys)(penstock_call*, penstock_sink*, const penstock_view_ref*, penstock_buffer* out);
} penstock_layout_vtab;

#ifdef __cplusplus
}
#endif
#endif
