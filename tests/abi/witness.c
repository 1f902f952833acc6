/* The witness of the ABI: a library whose debug information holds every public type, for abidiff to compare with that of a
 * released minor version (baseline.sh). abidiff sees only what an exported function reaches, and vtables and extensions travel as
 * `const void*`; so every struct has a function of its own. */
#include <penstock/penstock.h>

#define WITNESS(type)                                                                                                  \
  PENSTOCK_EXPORT uint64_t witness_##type(const struct type* it);                                                      \
  uint64_t witness_##type(const struct type* it) { return sizeof *it; }

/* arrow.h */
WITNESS(ArrowSchema)
WITNESS(ArrowArray)
WITNESS(ArrowArrayStream)

/* base.h */
WITNESS(penstock_str)
WITNESS(penstock_bytes)
WITNESS(penstock_position)
WITNESS(penstock_position_out)

/* call.h */
WITNESS(penstock_call)
WITNESS(penstock_error)
WITNESS(penstock_rejection)
WITNESS(penstock_host)

/* options.h */
WITNESS(penstock_option_desc)
WITNESS(penstock_option_value)
WITNESS(penstock_options)

/* module.h */
WITNESS(penstock_component)
WITNESS(penstock_module)

/* source.h */
WITNESS(penstock_table)
WITNESS(penstock_cursor)
WITNESS(penstock_horizon)
WITNESS(penstock_scan)
WITNESS(penstock_scan_info)
WITNESS(penstock_source_vtab)

/* sink.h */
WITNESS(penstock_sink_capabilities)
WITNESS(penstock_run_spec)
WITNESS(penstock_begin_result)
WITNESS(penstock_write_result)
WITNESS(penstock_sink_vtab)
WITNESS(penstock_view_ref)
WITNESS(penstock_marker_out)
WITNESS(penstock_marker_vtab)
WITNESS(penstock_lookup_vtab)
WITNESS(penstock_delete_vtab)
WITNESS(penstock_ttl_vtab)
WITNESS(penstock_layout_vtab)

/* The only export of a plugin. */
const penstock_module* penstock_module_v1(void) { return 0; }
