/* Penstock plugin ABI: the few types that every other header uses.
 *
 * Rules that hold in all headers of this folder:
 *  - Only fixed-width integers, double, pointers and {pointer, length} pairs; no enum-typed field, no libc type, no
 *    hidden padding. The layout is pinned for 64-bit little-endian systems by the project's tests.
 *  - Every growable struct begins with `struct_size`, the size its writer knew. A reader looks at a later field only
 *    through PENSTOCK_HAS. Fields are appended, never moved. Growable structs travel by pointer.
 *  - Text is UTF-8. A penstock_str need not end in NUL; a `const char*` does. Times are int64 nanoseconds since
 *    1970-01-01T00:00:00Z unless a name says otherwise.
 *  - A pointer argument is borrowed for the duration of the call unless its comment says more.
 *  - Thread tags on function pointers: [any] from any thread at any time; [once] once, before everything else;
 *    [serial: object] never two at once for the same object, but possibly from a different thread each time.
 *
 * Source: this project. License: Apache-2.0. */
#ifndef PENSTOCK_BASE_H
#define PENSTOCK_BASE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ABI version of these headers. A host loads a plugin of the same major and of any minor. Major 1 is experimental until
 * it is declared frozen in docs/abi.md. */
#define PENSTOCK_ABI_MAJOR 1
#define PENSTOCK_ABI_MINOR 0

#if defined(__GNUC__) || defined(__clang__)
#define PENSTOCK_EXPORT __attribute__((visibility("default")))
#else
#define PENSTOCK_EXPORT
#endif

/* True when the writer of *p knew `field`. A field outside struct_size must not be read. */
#define PENSTOCK_HAS(p, field)                                                                                         \
  ((uint64_t)(p)->struct_size >= (uint64_t)((const char*)(&(p)->field) - (const char*)(p)) + sizeof((p)->field))

/* Borrowed UTF-8 text. data may be NULL when size is 0. */
typedef struct penstock_str {
  const char* data;
  uint64_t size; /* bytes */
} penstock_str;

/* Borrowed bytes. data may be NULL when size is 0. */
typedef struct penstock_bytes {
  const uint8_t* data;
  uint64_t size; /* bytes */
} penstock_bytes;

/* Outcome of a call: one of PENSTOCK_STATUS_*. An unknown value is read as PENSTOCK_STATUS_INTERNAL. */
typedef int32_t penstock_status;

#define PENSTOCK_STATUS_OK 0
#define PENSTOCK_STATUS_INTERNAL 1            /* a bug, here or in the peer */
#define PENSTOCK_STATUS_INVALID_ARGUMENT 2    /* an option or argument is wrong; changing nothing will not help */
#define PENSTOCK_STATUS_NOT_FOUND 3           /* table, column, file or key is not there */
#define PENSTOCK_STATUS_UNAUTHENTICATED 4     /* wrong or missing credentials */
#define PENSTOCK_STATUS_PERMISSION_DENIED 5   /* known, but not allowed */
#define PENSTOCK_STATUS_UNAVAILABLE 6         /* server down, connection lost, still loading */
#define PENSTOCK_STATUS_CANCELLED 7           /* the host cancelled the call */
#define PENSTOCK_STATUS_DEADLINE_EXCEEDED 8   /* the call's deadline passed */
#define PENSTOCK_STATUS_FAILED_PRECONDITION 9 /* the peer is in a state that a human must change (read-only, evicting) */
#define PENSTOCK_STATUS_RESOURCE_EXHAUSTED 10 /* out of memory, disk, connections */
#define PENSTOCK_STATUS_FENCED 11             /* a newer run of the same view took over */
#define PENSTOCK_STATUS_NOT_SUPPORTED 12      /* this component does not do that */
#define PENSTOCK_STATUS_DATA_LOSS 13          /* the peer answered, but what it said cannot be true */

/* What the host may do after an error. */
#define PENSTOCK_RETRY_NEVER 0           /* needs a change by a human */
#define PENSTOCK_RETRY_SAFE 1            /* nothing happened; the same object may be used again */
#define PENSTOCK_RETRY_UNKNOWN_OUTCOME 2 /* it may or may not have happened: the host starts the run again from its position */
#define PENSTOCK_RETRY_AFTER 3           /* as SAFE, not before retry_after_ns */
#define PENSTOCK_RETRY_RECONNECT 4       /* nothing happened, but the object is dead: close it and open another */

/* How far a view has been synced. The host orders positions by `ordinal`, stores the rest unread and shows `text`.
 * Growable; 48 bytes in 1.0. */
typedef struct penstock_position {
  uint32_t struct_size;
  uint32_t reserved;
  int64_t ordinal;       /* for a timestamp cursor: nanoseconds since the epoch, UTC */
  penstock_bytes detail; /* the plugin's own, at most 4096 bytes */
  penstock_str text;     /* for people */
} penstock_position;

/* A host-owned byte buffer that a plugin fills through penstock_host.append. Opaque. */
typedef struct penstock_buffer penstock_buffer;

/* Where a plugin writes a position: the host sets the buffers, the plugin sets the number and appends. */
typedef struct penstock_position_out {
  uint32_t struct_size;
  uint32_t reserved;
  int64_t ordinal;
  penstock_buffer* detail;
  penstock_buffer* text;
} penstock_position_out;

#ifdef __cplusplus
}
#endif
#endif
