#!/usr/bin/python3
"""The headers of the minor version that comes next, as it might be: those of today with something appended wherever something may be.

    next_minor.py INCLUDE OUT
"""
import pathlib
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import contract

# What is appended to which struct.
APPENDED = {
    "penstock_host": "int64_t (*now_ns)(penstock_call* call);",
    "penstock_call": "int64_t run_number;",
    "penstock_error": "int64_t blamed_row;",
    "penstock_rejection": "int64_t seen_before;",
    "penstock_position": "int64_t sub_ordinal;",
    "penstock_position_out": "int64_t sub_ordinal;",
    "penstock_option_desc": "const char* unit;",
    "penstock_component": "const char* icon;",
    "penstock_module": "const char* checksum;",
    "penstock_table": "penstock_str branch;",
    "penstock_cursor": "int64_t granularity_ns;",
    "penstock_horizon": "int64_t lag_ns;",
    "penstock_scan": "int64_t row_limit;",
    "penstock_scan_info": "int64_t bytes_estimate;",
    "penstock_source_vtab": "penstock_status (*row_count)(penstock_call*, penstock_source*, int64_t* out);",
    "penstock_sink_capabilities": "int64_t max_key_bytes;",
    "penstock_run_spec": "penstock_str owner;",
    "penstock_begin_result": "int64_t profile_count;",
    "penstock_write_result": "int64_t bytes;",
    "penstock_sink_vtab": "penstock_status (*profile_count)(penstock_call*, penstock_sink*, int64_t* out);",
    "penstock_view_ref": "penstock_str owner;",
    "penstock_marker_out": "int64_t committed_at_ns;",
    "penstock_marker_vtab": "penstock_status (*remove)(penstock_call*, penstock_sink*, const penstock_view_ref*);",
    "penstock_lookup_vtab": "penstock_status (*count)(penstock_call*, penstock_sink*, uint64_t* out);",
    "penstock_delete_vtab": "penstock_status (*remove_all)(penstock_call*, penstock_sink*, const penstock_view_ref*);",
    "penstock_ttl_vtab": "penstock_status (*clear)(penstock_call*, penstock_sink*, const penstock_view_ref*);",
    "penstock_layout_vtab": "penstock_status (*describe_marker)(penstock_call*, penstock_sink*, penstock_buffer* out);",
}
# The host's configuration is not built again for the next minor, and it is what makes these.
UNCHANGED = {"penstock_option_value", "penstock_options"}


def replace_once(text, old, new):
    assert text.count(old) == 1, f"this is there {text.count(old)} times: {old}"
    return text.replace(old, new)


def main():
    include, out = map(pathlib.Path, sys.argv[1:])
    growable = contract.structs(include).keys() - contract.FIXED - UNCHANGED
    assert growable == APPENDED.keys(), f"what may grow is not what grows here: {growable ^ APPENDED.keys()}"
    minor = contract.version(include)[1]
    shutil.rmtree(out, ignore_errors=True)
    shutil.copytree(include, out)
    for header in (out / "penstock").glob("*.h"):
        text = header.read_text()
        for struct, field in APPENDED.items():
            if f"}} {struct};" in text:
                text = replace_once(text, f"}} {struct};", f"  {field}\n}} {struct};")
        if header.name == "base.h":
            text = replace_once(text, f"#define PENSTOCK_ABI_MINOR {minor}\n", f"#define PENSTOCK_ABI_MINOR {minor + 1}\n#define PENSTOCK_NEXT_MINOR\n")
        if header.name == "module.h":
            text = replace_once(text, "#define PENSTOCK_KIND_SINK 2\n", "#define PENSTOCK_KIND_SINK 2\n#define PENSTOCK_KIND_CATALOG 3\n")
        header.write_text(text)


main()
