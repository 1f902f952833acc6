/* A source: a connection to a warehouse from which the host reads the rows that changed. */
#ifndef PENSTOCK_SOURCE_H
#define PENSTOCK_SOURCE_H

#include "arrow.h"
#include "base.h"
#include "call.h"
#include "options.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct penstock_source penstock_source; /* the plugin's own */

/* A batch source: where the rows are. Either `table` or `query` is non-empty. */
typedef struct penstock_table {
  uint32_t struct_size;
  uint32_t reserved;
  penstock_str database;
  penstock_str schema;
  penstock_str table;
  penstock_str query;
  const penstock_options* options; /* the component's table_options; never NULL */
} penstock_table;

#define PENSTOCK_CURSOR_TIMESTAMP 1
#define PENSTOCK_CURSOR_XID 2 /* a transaction id column */

/* The column by which the table progresses. */
typedef struct penstock_cursor {
  uint32_t struct_size;
  int32_t kind; /* PENSTOCK_CURSOR_* */
  penstock_str column;
  penstock_str timezone; /* IANA name for naive timestamps; empty: naive timestamps are an error */
  int64_t lag_ns;        /* distance to keep from the source's clock when it cannot know what is still to come */
} penstock_cursor;

/* The guarantee class: what a horizon promises. */
#define PENSTOCK_CLASS_A 1 /* nothing at or below the horizon will ever appear again */
#define PENSTOCK_CLASS_B 2 /* true if writers keep within the lag; lookback is advised */
#define PENSTOCK_CLASS_C 3 /* no promise */

typedef struct penstock_horizon {
  uint32_t struct_size;
  int32_t guarantee; /* PENSTOCK_CLASS_* */
  penstock_position_out* position;
  penstock_buffer* why;    /* one sentence: what the class rests on */
  penstock_buffer* holder; /* empty, or who holds the position back (pid, application, since when) */
} penstock_horizon;

#define PENSTOCK_NULL_CURSOR_EXCLUDE 0 /* rows whose cursor is NULL are not delivered */
#define PENSTOCK_NULL_CURSOR_INCLUDE 1

/* What to read: rows with since < cursor <= until. */
typedef struct penstock_scan {
  uint32_t struct_size;
  int32_t null_cursor; /* PENSTOCK_NULL_CURSOR_* */
  const penstock_table* table;
  const penstock_cursor* cursor;
  const penstock_position* since; /* NULL: from the beginning */
  const penstock_position* until; /* never NULL */
  const penstock_str* columns;    /* the columns wanted, spelt as describe spells them */
  uint64_t n_columns;
  const penstock_str* key_columns; /* the entity's columns, also in `columns`: the second part of the order */
  uint64_t n_key_columns;
  int64_t batch_rows;  /* upper bound for the length of an array */
  int64_t batch_bytes; /* aim for the size of an array; one row may exceed it */
} penstock_scan;

/* What the plugin did itself; the host does the rest. */
#define PENSTOCK_HONOURED_COLUMNS 1u /* only `columns`, in that order */
#define PENSTOCK_HONOURED_SINCE 2u
#define PENSTOCK_HONOURED_UNTIL 4u
#define PENSTOCK_HONOURED_ORDER 8u /* rows come ordered by (cursor, key columns) */
#define PENSTOCK_HONOURED_NULL_CURSOR 16u

typedef struct penstock_scan_info {
  uint32_t struct_size;
  uint32_t honoured;         /* PENSTOCK_HONOURED_* */
  int64_t rows_estimate;     /* -1: unknown */
  penstock_buffer* statement; /* what was or would be run, for `plan` and logs; may stay empty */
  /* When a cursor of kind PENSTOCK_CURSOR_TIMESTAMP is an integer column: how many ns since 1970 one of it counts, 1 for
   * nanoseconds, 1000000000 for seconds. 0 otherwise. `plan` and `scan` say the same. Positions stay in ns: bounds are
   * scaled down to the unit. Without a unit the host refuses the column. */
  int64_t cursor_unit_ns;
  /* `plan` only. One sentence for whoever set the table up: what makes this scan slow, and the remedy ("no index begins with
   * …"); stays empty when there is nothing to say. NULL: nobody reads it, so do not look. */
  penstock_buffer* advice;
} penstock_scan_info;

typedef penstock_status (*penstock_add_partition)(void* context, penstock_bytes token);
typedef penstock_status (*penstock_add_table)(void* context, penstock_str database, penstock_str schema, penstock_str table);

/* Every slot is filled; a plugin without a feature answers PENSTOCK_STATUS_NOT_SUPPORTED. Out-parameters are untouched
 * unless the status is OK. */
typedef struct penstock_source_vtab {
  uint32_t struct_size;
  uint32_t reserved;
  /* [any] Connects. The options are borrowed for the call only. */
  penstock_status (*open)(penstock_call*, const penstock_options*, penstock_source** out);
  /* [serial: source] Ends the object, also after errors. Streams are released before. */
  void (*close)(penstock_call*, penstock_source*);
  /* [serial: source] Is the peer there? */
  penstock_status (*ping)(penstock_call*, penstock_source*);
  /* [serial: source] The table's columns as a struct schema, owned by the caller. NOT_FOUND when it does not exist. */
  penstock_status (*describe)(penstock_call*, penstock_source*, const penstock_table*, struct ArrowSchema* out);
  /* [serial: source] Calls add for each readable table. */
  penstock_status (*list_tables)(penstock_call*, penstock_source*, penstock_add_table add, void* context);
  /* [serial: source] The safe upper bound for the next window, by the source's clock. */
  penstock_status (*horizon)(penstock_call*, penstock_source*, const penstock_table*, const penstock_cursor*,
                             penstock_horizon* out);
  /* [serial: source] Splits the scan: calls add at least once, with tokens that another connection may use. Also fills
   * info->statement. */
  penstock_status (*plan)(penstock_call*, penstock_source*, const penstock_scan*, penstock_add_partition add,
                          void* context, penstock_scan_info* info);
  /* [serial: source] Starts reading a partition. The stream's functions are [serial: source] too; the call stays valid
   * until the stream's release. A stream error is also reported through set_error on that call. */
  penstock_status (*scan)(penstock_call*, penstock_source*, const penstock_scan*, penstock_bytes partition,
                          struct ArrowArrayStream* out, penstock_scan_info* info);
  /* [any] An optional feature's vtable by id, or NULL. */
  const void* (*get_extension)(penstock_source*, const char* id);
} penstock_source_vtab;

#ifdef __cplusplus
}
#endif
#endif
