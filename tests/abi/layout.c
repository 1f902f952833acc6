/* The layout of plugin ABI 1.0 on 64-bit little-endian systems, pinned: this file does not compile when a struct changes
 * its size, a field its place or type, or a constant its value. What a later minor appends is added here; what is here does
 * not change. */
#include <penstock/penstock.h>

#include <stddef.h>

#define SIZE(type, size) _Static_assert(sizeof(struct type) == (size), "size of " #type)
#define FIELD(type, field, offset, ...)                                                                                \
  _Static_assert(offsetof(struct type, field) == (offset), "offset of " #type "." #field);                             \
  _Static_assert(_Generic(&((struct type*)0)->field, __typeof__(__VA_ARGS__)*: 1, default: 0), "type of " #type "." #field)

_Static_assert(sizeof(void*) == 8, "64-bit");
_Static_assert(PENSTOCK_ABI_MAJOR == 1 && PENSTOCK_ABI_MINOR == 0, "ABI 1.0");

/* arrow.h */
SIZE(ArrowSchema, 72);
FIELD(ArrowSchema, format, 0, const char*);
FIELD(ArrowSchema, name, 8, const char*);
FIELD(ArrowSchema, metadata, 16, const char*);
FIELD(ArrowSchema, flags, 24, int64_t);
FIELD(ArrowSchema, n_children, 32, int64_t);
FIELD(ArrowSchema, children, 40, struct ArrowSchema**);
FIELD(ArrowSchema, dictionary, 48, struct ArrowSchema*);
FIELD(ArrowSchema, release, 56, void (*)(struct ArrowSchema*));
FIELD(ArrowSchema, private_data, 64, void*);
SIZE(ArrowArray, 80);
FIELD(ArrowArray, length, 0, int64_t);
FIELD(ArrowArray, null_count, 8, int64_t);
FIELD(ArrowArray, offset, 16, int64_t);
FIELD(ArrowArray, n_buffers, 24, int64_t);
FIELD(ArrowArray, n_children, 32, int64_t);
FIELD(ArrowArray, buffers, 40, const void**);
FIELD(ArrowArray, children, 48, struct ArrowArray**);
FIELD(ArrowArray, dictionary, 56, struct ArrowArray*);
FIELD(ArrowArray, release, 64, void (*)(struct ArrowArray*));
FIELD(ArrowArray, private_data, 72, void*);
SIZE(ArrowArrayStream, 40);
FIELD(ArrowArrayStream, get_schema, 0, int (*)(struct ArrowArrayStream*, struct ArrowSchema* out));
FIELD(ArrowArrayStream, get_next, 8, int (*)(struct ArrowArrayStream*, struct ArrowArray* out));
FIELD(ArrowArrayStream, get_last_error, 16, const char* (*)(struct ArrowArrayStream*));
FIELD(ArrowArrayStream, release, 24, void (*)(struct ArrowArrayStream*));
FIELD(ArrowArrayStream, private_data, 32, void*);

/* base.h */
SIZE(penstock_str, 16);
FIELD(penstock_str, data, 0, const char*);
FIELD(penstock_str, size, 8, uint64_t);
SIZE(penstock_bytes, 16);
FIELD(penstock_bytes, data, 0, const uint8_t*);
FIELD(penstock_bytes, size, 8, uint64_t);
SIZE(penstock_position, 48);
FIELD(penstock_position, struct_size, 0, uint32_t);
FIELD(penstock_position, reserved, 4, uint32_t);
FIELD(penstock_position, ordinal, 8, int64_t);
FIELD(penstock_position, detail, 16, penstock_bytes);
FIELD(penstock_position, text, 32, penstock_str);
SIZE(penstock_position_out, 32);
FIELD(penstock_position_out, struct_size, 0, uint32_t);
FIELD(penstock_position_out, reserved, 4, uint32_t);
FIELD(penstock_position_out, ordinal, 8, int64_t);
FIELD(penstock_position_out, detail, 16, penstock_buffer*);
FIELD(penstock_position_out, text, 24, penstock_buffer*);

/* call.h */
SIZE(penstock_call, 16);
FIELD(penstock_call, struct_size, 0, uint32_t);
FIELD(penstock_call, reserved, 4, uint32_t);
FIELD(penstock_call, host, 8, const struct penstock_host*);
SIZE(penstock_error, 56);
FIELD(penstock_error, struct_size, 0, uint32_t);
FIELD(penstock_error, status, 4, penstock_status);
FIELD(penstock_error, retry, 8, int32_t);
FIELD(penstock_error, vendor_code, 12, int32_t);
FIELD(penstock_error, retry_after_ns, 16, int64_t);
FIELD(penstock_error, sqlstate, 24, penstock_str);
FIELD(penstock_error, message, 40, penstock_str);
SIZE(penstock_rejection, 40);
FIELD(penstock_rejection, struct_size, 0, uint32_t);
FIELD(penstock_rejection, column, 4, int32_t);
FIELD(penstock_rejection, row, 8, int64_t);
FIELD(penstock_rejection, retryable, 16, int32_t);
FIELD(penstock_rejection, reserved, 20, uint32_t);
FIELD(penstock_rejection, reason, 24, penstock_str);
SIZE(penstock_host, 112);
FIELD(penstock_host, struct_size, 0, uint32_t);
FIELD(penstock_host, abi_major, 4, uint32_t);
FIELD(penstock_host, abi_minor, 8, uint32_t);
FIELD(penstock_host, reserved, 12, uint32_t);
FIELD(penstock_host, log_enabled, 16, int32_t (*)(penstock_call* call, int32_t level));
FIELD(penstock_host, log, 24, void (*)(penstock_call* call, int32_t level, penstock_str message));
FIELD(penstock_host, set_error, 32, void (*)(penstock_call* call, const penstock_error* error));
FIELD(penstock_host, add_error_detail, 40, void (*)(penstock_call* call, penstock_str key, penstock_str value));
FIELD(penstock_host, cancelled, 48, int32_t (*)(penstock_call* call));
FIELD(penstock_host, cancel_fd, 56, int32_t (*)(penstock_call* call));
FIELD(penstock_host, deadline_ns, 64, int64_t (*)(penstock_call* call));
FIELD(penstock_host, on_cancel, 72, uint64_t (*)(penstock_call* call, void (*fn)(void* arg), void* arg));
FIELD(penstock_host, off_cancel, 80, void (*)(penstock_call* call, uint64_t token));
FIELD(penstock_host, reject, 88, void (*)(penstock_call* call, const penstock_rejection* rejection));
FIELD(penstock_host, append, 96, void (*)(penstock_call* call, penstock_buffer* buffer, const void* data, uint64_t
      size));
FIELD(penstock_host, metric, 104, void (*)(penstock_call* call, penstock_str name, double value));

/* options.h */
SIZE(penstock_option_desc, 64);
FIELD(penstock_option_desc, struct_size, 0, uint32_t);
FIELD(penstock_option_desc, type, 4, int32_t);
FIELD(penstock_option_desc, flags, 8, uint32_t);
FIELD(penstock_option_desc, reserved, 12, uint32_t);
FIELD(penstock_option_desc, name, 16, const char*);
FIELD(penstock_option_desc, doc, 24, const char*);
FIELD(penstock_option_desc, default_value, 32, const char*);
FIELD(penstock_option_desc, choices, 40, const char* const*);
FIELD(penstock_option_desc, min, 48, int64_t);
FIELD(penstock_option_desc, max, 56, int64_t);
SIZE(penstock_option_value, 72);
FIELD(penstock_option_value, struct_size, 0, uint32_t);
FIELD(penstock_option_value, type, 4, int32_t);
FIELD(penstock_option_value, name, 8, penstock_str);
FIELD(penstock_option_value, integer, 24, int64_t);
FIELD(penstock_option_value, number, 32, double);
FIELD(penstock_option_value, text, 40, penstock_str);
FIELD(penstock_option_value, list, 56, const penstock_str*);
FIELD(penstock_option_value, n_list, 64, uint64_t);
SIZE(penstock_options, 24);
FIELD(penstock_options, struct_size, 0, uint32_t);
FIELD(penstock_options, reserved, 4, uint32_t);
FIELD(penstock_options, values, 8, const penstock_option_value* const*);
FIELD(penstock_options, n_values, 16, uint64_t);

/* module.h */
SIZE(penstock_component, 80);
FIELD(penstock_component, struct_size, 0, uint32_t);
FIELD(penstock_component, kind, 4, int32_t);
FIELD(penstock_component, id, 8, const char*);
FIELD(penstock_component, title, 16, const char*);
FIELD(penstock_component, doc, 24, const char*);
FIELD(penstock_component, options, 32, const penstock_option_desc* const*);
FIELD(penstock_component, n_options, 40, uint64_t);
FIELD(penstock_component, table_options, 48, const penstock_option_desc* const*);
FIELD(penstock_component, n_table_options, 56, uint64_t);
FIELD(penstock_component, vtab, 64, const void*);
FIELD(penstock_component, validate, 72, penstock_status (*)(penstock_call*, const penstock_options*));
SIZE(penstock_module, 88);
FIELD(penstock_module, magic, 0, uint32_t);
FIELD(penstock_module, struct_size, 4, uint32_t);
FIELD(penstock_module, abi_major, 8, uint32_t);
FIELD(penstock_module, abi_minor, 12, uint32_t);
FIELD(penstock_module, flags, 16, uint32_t);
FIELD(penstock_module, n_components, 20, uint32_t);
FIELD(penstock_module, id, 24, const char*);
FIELD(penstock_module, version, 32, const char*);
FIELD(penstock_module, vendor, 40, const char*);
FIELD(penstock_module, license, 48, const char*);
FIELD(penstock_module, url, 56, const char*);
FIELD(penstock_module, components, 64, const penstock_component* const*);
FIELD(penstock_module, init, 72, penstock_status (*)(const penstock_host*, penstock_call*));
FIELD(penstock_module, deinit, 80, void (*)(void));

/* source.h */
SIZE(penstock_table, 80);
FIELD(penstock_table, struct_size, 0, uint32_t);
FIELD(penstock_table, reserved, 4, uint32_t);
FIELD(penstock_table, database, 8, penstock_str);
FIELD(penstock_table, schema, 24, penstock_str);
FIELD(penstock_table, table, 40, penstock_str);
FIELD(penstock_table, query, 56, penstock_str);
FIELD(penstock_table, options, 72, const penstock_options*);
SIZE(penstock_cursor, 48);
FIELD(penstock_cursor, struct_size, 0, uint32_t);
FIELD(penstock_cursor, kind, 4, int32_t);
FIELD(penstock_cursor, column, 8, penstock_str);
FIELD(penstock_cursor, timezone, 24, penstock_str);
FIELD(penstock_cursor, lag_ns, 40, int64_t);
SIZE(penstock_horizon, 32);
FIELD(penstock_horizon, struct_size, 0, uint32_t);
FIELD(penstock_horizon, guarantee, 4, int32_t);
FIELD(penstock_horizon, position, 8, penstock_position_out*);
FIELD(penstock_horizon, why, 16, penstock_buffer*);
FIELD(penstock_horizon, holder, 24, penstock_buffer*);
SIZE(penstock_scan, 88);
FIELD(penstock_scan, struct_size, 0, uint32_t);
FIELD(penstock_scan, null_cursor, 4, int32_t);
FIELD(penstock_scan, table, 8, const penstock_table*);
FIELD(penstock_scan, cursor, 16, const penstock_cursor*);
FIELD(penstock_scan, since, 24, const penstock_position*);
FIELD(penstock_scan, until, 32, const penstock_position*);
FIELD(penstock_scan, columns, 40, const penstock_str*);
FIELD(penstock_scan, n_columns, 48, uint64_t);
FIELD(penstock_scan, key_columns, 56, const penstock_str*);
FIELD(penstock_scan, n_key_columns, 64, uint64_t);
FIELD(penstock_scan, batch_rows, 72, int64_t);
FIELD(penstock_scan, batch_bytes, 80, int64_t);
SIZE(penstock_scan_info, 40);
FIELD(penstock_scan_info, struct_size, 0, uint32_t);
FIELD(penstock_scan_info, honoured, 4, uint32_t);
FIELD(penstock_scan_info, rows_estimate, 8, int64_t);
FIELD(penstock_scan_info, statement, 16, penstock_buffer*);
FIELD(penstock_scan_info, cursor_unit_ns, 24, int64_t);
FIELD(penstock_scan_info, advice, 32, penstock_buffer*);
SIZE(penstock_source_vtab, 80);
FIELD(penstock_source_vtab, struct_size, 0, uint32_t);
FIELD(penstock_source_vtab, reserved, 4, uint32_t);
FIELD(penstock_source_vtab, open, 8, penstock_status (*)(penstock_call*, const penstock_options*, penstock_source**
      out));
FIELD(penstock_source_vtab, close, 16, void (*)(penstock_call*, penstock_source*));
FIELD(penstock_source_vtab, ping, 24, penstock_status (*)(penstock_call*, penstock_source*));
FIELD(penstock_source_vtab, describe, 32, penstock_status (*)(penstock_call*, penstock_source*, const penstock_table*,
      struct ArrowSchema* out));
FIELD(penstock_source_vtab, list_tables, 40, penstock_status (*)(penstock_call*, penstock_source*, penstock_add_table
      add, void* context));
FIELD(penstock_source_vtab, horizon, 48, penstock_status (*)(penstock_call*, penstock_source*, const penstock_table*,
      const penstock_cursor*, penstock_horizon* out));
FIELD(penstock_source_vtab, plan, 56, penstock_status (*)(penstock_call*, penstock_source*, const penstock_scan*,
      penstock_add_partition add, void* context, penstock_scan_info* info));
FIELD(penstock_source_vtab, scan, 64, penstock_status (*)(penstock_call*, penstock_source*, const penstock_scan*,
      penstock_bytes partition, struct ArrowArrayStream* out, penstock_scan_info* info));
FIELD(penstock_source_vtab, get_extension, 72, const void* (*)(penstock_source*, const char* id));

/* sink.h */
SIZE(penstock_sink_capabilities, 24);
FIELD(penstock_sink_capabilities, struct_size, 0, uint32_t);
FIELD(penstock_sink_capabilities, flags, 4, uint32_t);
FIELD(penstock_sink_capabilities, batch_rows, 8, int64_t);
FIELD(penstock_sink_capabilities, batch_bytes, 16, int64_t);
SIZE(penstock_run_spec, 80);
FIELD(penstock_run_spec, struct_size, 0, uint32_t);
FIELD(penstock_run_spec, view_version, 4, int32_t);
FIELD(penstock_run_spec, view, 8, penstock_str);
FIELD(penstock_run_spec, entity, 24, penstock_str);
FIELD(penstock_run_spec, run_id, 40, penstock_str);
FIELD(penstock_run_spec, ttl_ms, 56, int64_t);
FIELD(penstock_run_spec, order_size, 64, int64_t);
FIELD(penstock_run_spec, schema, 72, const struct ArrowSchema*);
SIZE(penstock_begin_result, 24);
FIELD(penstock_begin_result, struct_size, 0, uint32_t);
FIELD(penstock_begin_result, reserved, 4, uint32_t);
FIELD(penstock_begin_result, fence, 8, int64_t);
FIELD(penstock_begin_result, previous_fence, 16, int64_t);
SIZE(penstock_write_result, 40);
FIELD(penstock_write_result, struct_size, 0, uint32_t);
FIELD(penstock_write_result, reserved, 4, uint32_t);
FIELD(penstock_write_result, written, 8, int64_t);
FIELD(penstock_write_result, unchanged, 16, int64_t);
FIELD(penstock_write_result, stale, 24, int64_t);
FIELD(penstock_write_result, rejected, 32, int64_t);
SIZE(penstock_sink_vtab, 96);
FIELD(penstock_sink_vtab, struct_size, 0, uint32_t);
FIELD(penstock_sink_vtab, reserved, 4, uint32_t);
FIELD(penstock_sink_vtab, open, 8, penstock_status (*)(penstock_call*, const penstock_options*, penstock_sink** out));
FIELD(penstock_sink_vtab, close, 16, void (*)(penstock_call*, penstock_sink*));
FIELD(penstock_sink_vtab, ping, 24, penstock_status (*)(penstock_call*, penstock_sink*));
FIELD(penstock_sink_vtab, capabilities, 32, penstock_status (*)(penstock_call*, penstock_sink*,
      penstock_sink_capabilities* out));
FIELD(penstock_sink_vtab, begin, 40, penstock_status (*)(penstock_call*, penstock_sink*, const penstock_run_spec*,
      penstock_begin_result* result, penstock_writer** out));
FIELD(penstock_sink_vtab, write, 48, penstock_status (*)(penstock_call*, penstock_writer*, uint64_t seq, struct
      ArrowArray* batch, penstock_write_result* result));
FIELD(penstock_sink_vtab, flush, 56, penstock_status (*)(penstock_call*, penstock_writer*));
FIELD(penstock_sink_vtab, commit, 64, penstock_status (*)(penstock_call*, penstock_writer*, const penstock_position*));
FIELD(penstock_sink_vtab, abort, 72, penstock_status (*)(penstock_call*, penstock_writer*));
FIELD(penstock_sink_vtab, end, 80, void (*)(penstock_call*, penstock_writer*));
FIELD(penstock_sink_vtab, get_extension, 88, const void* (*)(penstock_sink*, const char* id));
SIZE(penstock_view_ref, 40);
FIELD(penstock_view_ref, struct_size, 0, uint32_t);
FIELD(penstock_view_ref, view_version, 4, int32_t);
FIELD(penstock_view_ref, view, 8, penstock_str);
FIELD(penstock_view_ref, entity, 24, penstock_str);
SIZE(penstock_marker_out, 40);
FIELD(penstock_marker_out, struct_size, 0, uint32_t);
FIELD(penstock_marker_out, found, 4, int32_t);
FIELD(penstock_marker_out, position, 8, penstock_position_out*);
FIELD(penstock_marker_out, fence, 16, int64_t);
FIELD(penstock_marker_out, store_id, 24, penstock_buffer*);
FIELD(penstock_marker_out, committed_fence, 32, int64_t);
SIZE(penstock_marker_vtab, 32);
FIELD(penstock_marker_vtab, struct_size, 0, uint32_t);
FIELD(penstock_marker_vtab, reserved, 4, uint32_t);
FIELD(penstock_marker_vtab, load, 8, penstock_status (*)(penstock_call*, penstock_sink*, const penstock_view_ref*,
      penstock_marker_out* out));
FIELD(penstock_marker_vtab, compare_and_store, 16, penstock_status (*)(penstock_call*, penstock_sink*, const
      penstock_view_ref*, int64_t expected_fence, const penstock_position* position));
FIELD(penstock_marker_vtab, load_many, 24, penstock_status (*)(penstock_call*, penstock_sink*, const penstock_view_ref* const* views,
      uint64_t n, penstock_marker_out* const* outs));
SIZE(penstock_lookup_vtab, 16);
FIELD(penstock_lookup_vtab, struct_size, 0, uint32_t);
FIELD(penstock_lookup_vtab, reserved, 4, uint32_t);
FIELD(penstock_lookup_vtab, read, 8, penstock_status (*)(penstock_call*, penstock_sink*, const penstock_view_ref*,
      const struct ArrowSchema* fields, const penstock_bytes* keys, uint64_t n_keys, struct ArrowArray* out));
SIZE(penstock_delete_vtab, 16);
FIELD(penstock_delete_vtab, struct_size, 0, uint32_t);
FIELD(penstock_delete_vtab, reserved, 4, uint32_t);
FIELD(penstock_delete_vtab, remove, 8, penstock_status (*)(penstock_call*, penstock_sink*, const penstock_view_ref*,
      const penstock_bytes* keys, uint64_t n_keys, uint64_t* removed));
SIZE(penstock_ttl_vtab, 16);
FIELD(penstock_ttl_vtab, struct_size, 0, uint32_t);
FIELD(penstock_ttl_vtab, reserved, 4, uint32_t);
FIELD(penstock_ttl_vtab, set_ttl, 8, penstock_status (*)(penstock_call*, penstock_sink*, const penstock_view_ref*,
      const penstock_bytes* keys, uint64_t n_keys, int64_t ttl_ms, uint64_t* touched));
SIZE(penstock_layout_vtab, 16);
FIELD(penstock_layout_vtab, struct_size, 0, uint32_t);
FIELD(penstock_layout_vtab, reserved, 4, uint32_t);
FIELD(penstock_layout_vtab, describe_keys, 8,
      penstock_status (*)(penstock_call*, penstock_sink*, const penstock_view_ref*, penstock_buffer* out));

/* What has a name of its own. */
#define TYPE(value, ...) _Static_assert(_Generic((value), __VA_ARGS__: 1, default: 0), #value)
TYPE((penstock_status)0, int32_t);
TYPE((penstock_add_partition)0, penstock_status (*)(void* context, penstock_bytes token));
TYPE((penstock_add_table)0, penstock_status (*)(void* context, penstock_str database, penstock_str schema, penstock_str table));
TYPE((penstock_module_v1_fn)0, const penstock_module* (*)(void));
TYPE(penstock_module_v1, const penstock_module* (*)(void));

/* What the numbers mean. */
#define VALUE(name, number) _Static_assert((name) == (number), #name)
VALUE(ARROW_FLAG_DICTIONARY_ORDERED, 1);
VALUE(ARROW_FLAG_NULLABLE, 2);
VALUE(ARROW_FLAG_MAP_KEYS_SORTED, 4);
VALUE(PENSTOCK_STATUS_OK, 0);
VALUE(PENSTOCK_STATUS_INTERNAL, 1);
VALUE(PENSTOCK_STATUS_INVALID_ARGUMENT, 2);
VALUE(PENSTOCK_STATUS_NOT_FOUND, 3);
VALUE(PENSTOCK_STATUS_UNAUTHENTICATED, 4);
VALUE(PENSTOCK_STATUS_PERMISSION_DENIED, 5);
VALUE(PENSTOCK_STATUS_UNAVAILABLE, 6);
VALUE(PENSTOCK_STATUS_CANCELLED, 7);
VALUE(PENSTOCK_STATUS_DEADLINE_EXCEEDED, 8);
VALUE(PENSTOCK_STATUS_FAILED_PRECONDITION, 9);
VALUE(PENSTOCK_STATUS_RESOURCE_EXHAUSTED, 10);
VALUE(PENSTOCK_STATUS_FENCED, 11);
VALUE(PENSTOCK_STATUS_NOT_SUPPORTED, 12);
VALUE(PENSTOCK_STATUS_DATA_LOSS, 13);
VALUE(PENSTOCK_RETRY_NEVER, 0);
VALUE(PENSTOCK_RETRY_SAFE, 1);
VALUE(PENSTOCK_RETRY_UNKNOWN_OUTCOME, 2);
VALUE(PENSTOCK_RETRY_AFTER, 3);
VALUE(PENSTOCK_RETRY_RECONNECT, 4);
VALUE(PENSTOCK_LOG_DEBUG, 1);
VALUE(PENSTOCK_LOG_INFO, 2);
VALUE(PENSTOCK_LOG_WARN, 3);
VALUE(PENSTOCK_LOG_ERROR, 4);
VALUE(PENSTOCK_REJECT_NO_COLUMN, -1);
VALUE(PENSTOCK_OPTION_STRING, 1);
VALUE(PENSTOCK_OPTION_INT, 2);
VALUE(PENSTOCK_OPTION_DOUBLE, 3);
VALUE(PENSTOCK_OPTION_BOOL, 4);
VALUE(PENSTOCK_OPTION_DURATION, 5);
VALUE(PENSTOCK_OPTION_SIZE, 6);
VALUE(PENSTOCK_OPTION_STRING_LIST, 7);
VALUE(PENSTOCK_OPTION_STRING_MAP, 8);
VALUE(PENSTOCK_OPTION_REQUIRED, 1u);
VALUE(PENSTOCK_OPTION_SECRET, 2u);
VALUE(PENSTOCK_MODULE_MAGIC, 0x4b545350u);
VALUE(PENSTOCK_KIND_SOURCE, 1);
VALUE(PENSTOCK_KIND_SINK, 2);
VALUE(PENSTOCK_NOTE_TYPE, 0x4b545350);
VALUE(PENSTOCK_CURSOR_TIMESTAMP, 1);
VALUE(PENSTOCK_CURSOR_XID, 2);
VALUE(PENSTOCK_CLASS_A, 1);
VALUE(PENSTOCK_CLASS_B, 2);
VALUE(PENSTOCK_CLASS_C, 3);
VALUE(PENSTOCK_NULL_CURSOR_EXCLUDE, 0);
VALUE(PENSTOCK_NULL_CURSOR_INCLUDE, 1);
VALUE(PENSTOCK_HONOURED_COLUMNS, 1u);
VALUE(PENSTOCK_HONOURED_SINCE, 2u);
VALUE(PENSTOCK_HONOURED_UNTIL, 4u);
VALUE(PENSTOCK_HONOURED_ORDER, 8u);
VALUE(PENSTOCK_HONOURED_NULL_CURSOR, 16u);
VALUE(PENSTOCK_ORDER_SUFFIX, 16);
VALUE(PENSTOCK_SINK_DURABLE, 1u);
VALUE(PENSTOCK_SINK_NEWEST_WINS, 2u);
VALUE(PENSTOCK_SINK_TTL, 4u);
VALUE(PENSTOCK_SINK_UNCHANGED, 8u);
VALUE(PENSTOCK_PROFILE_MISSING, 0);
VALUE(PENSTOCK_PROFILE_FOUND, 1);
VALUE(PENSTOCK_PROFILE_EXPIRED, 2);

/* Texts by which the two sides find each other. */
#define TEXT(name, text)                                                                                               \
  _Static_assert(sizeof name == sizeof text && __builtin_memcmp(name, text, sizeof text) == 0, #name)
TEXT(PENSTOCK_MODULE_SYMBOL, "penstock_module_v1");
TEXT(PENSTOCK_EXT_MARKER, "marker/1");
TEXT(PENSTOCK_EXT_LOOKUP, "lookup/1");
TEXT(PENSTOCK_EXT_DELETE, "delete/1");
TEXT(PENSTOCK_EXT_TTL, "ttl/1");
TEXT(PENSTOCK_EXT_LAYOUT, "layout/1");
