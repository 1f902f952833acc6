/* The call context: what the host lends to every function of a plugin. */
#ifndef PENSTOCK_CALL_H
#define PENSTOCK_CALL_H

#include "base.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PENSTOCK_LOG_DEBUG 1
#define PENSTOCK_LOG_INFO 2
#define PENSTOCK_LOG_WARN 3
#define PENSTOCK_LOG_ERROR 4

struct penstock_host;

/* One call of the host into a plugin. Valid until the function returns; the call given to source.scan stays valid until
 * the stream it made is released. Only the head is public; the host keeps its own data behind it. */
typedef struct penstock_call {
  uint32_t struct_size;
  uint32_t reserved;
  const struct penstock_host* host;
} penstock_call;

/* An error as a plugin reports it; the host copies everything. */
typedef struct penstock_error {
  uint32_t struct_size;
  penstock_status status; /* PENSTOCK_STATUS_* other than OK */
  int32_t retry;          /* PENSTOCK_RETRY_* */
  int32_t vendor_code;    /* the peer's own number, or 0 */
  int64_t retry_after_ns; /* with PENSTOCK_RETRY_AFTER */
  penstock_str sqlstate;  /* five characters, or empty */
  penstock_str message;   /* one sentence, no secrets: action and cause; the host adds the view and the object */
} penstock_error;

#define PENSTOCK_REJECT_NO_COLUMN (-1)

/* A row of the current batch that cannot be written. */
typedef struct penstock_rejection {
  uint32_t struct_size;
  int32_t column;    /* index in the batch's schema, or PENSTOCK_REJECT_NO_COLUMN */
  int64_t row;       /* index in the batch given to write */
  int32_t retryable; /* 1: worth another try: a later run gives the row again, with the order key that it has now */
  uint32_t reserved;
  penstock_str reason;
} penstock_rejection;

/* The host's side. All functions may be called from any thread while `call` is valid. */
typedef struct penstock_host {
  uint32_t struct_size;
  uint32_t abi_major;
  uint32_t abi_minor;
  uint32_t reserved;

  /* Is a message of this PENSTOCK_LOG_* level wanted? */
  int32_t (*log_enabled)(penstock_call* call, int32_t level);
  /* One line; the host adds time, view and component. Never per row. No secrets. */
  void (*log)(penstock_call* call, int32_t level, penstock_str message);
  /* Records why the function is about to return something other than OK. The last one wins. */
  void (*set_error)(penstock_call* call, const penstock_error* error);
  /* Adds a key and value to the recorded error (query id, file, line). */
  void (*add_error_detail)(penstock_call* call, penstock_str key, penstock_str value);
  /* 1 once the host wants the call to end; stays 1. Cheap enough for an inner loop. */
  int32_t (*cancelled)(penstock_call* call);
  /* A descriptor that polls readable once the call is cancelled; owned by the host, never read it. -1: none. */
  int32_t (*cancel_fd)(penstock_call* call);
  /* When the call must be over, on CLOCK_MONOTONIC; INT64_MAX: no limit. */
  int64_t (*deadline_ns)(penstock_call* call);
  /* Calls fn(arg) once, on another thread, when the call is cancelled (at once if it is). Returns a token, never 0. */
  uint64_t (*on_cancel)(penstock_call* call, void (*fn)(void* arg), void* arg);
  /* After it returns the callback is not running and will not run. */
  void (*off_cancel)(penstock_call* call, uint64_t token);
  /* Only within sink.write: reports a row that is not written. */
  void (*reject)(penstock_call* call, const penstock_rejection* rejection);
  /* Appends to a host-owned buffer that the current call was given. */
  void (*append)(penstock_call* call, penstock_buffer* buffer, const void* data, uint64_t size);
  /* Adds to a counter shown as penstock_plugin_<name>; name is [a-z0-9_]+. */
  void (*metric)(penstock_call* call, penstock_str name, double value);
} penstock_host;

#ifdef __cplusplus
}
#endif
#endif
