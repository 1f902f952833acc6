#!/usr/bin/python3
"""baseline.py finds what would break a plugin that is already built, and lets a new minor version grow. Each case is a copy of the
headers with one change in it. And the baselines are those of the frozen plugins' headers.

    baseline_test.py INCLUDE
"""
import pathlib
import shutil
import sys
import tempfile

import baseline

include = pathlib.Path(sys.argv[1])

PING = "  penstock_status (*ping)(penstock_call*, penstock_source*);\n"
MORE = "  penstock_status (*more)(penstock_call*, penstock_source*);\n"
STREAM = "  void (*release)(struct ArrowArrayStream*);\n  void* private_data;\n"
TOKEN = "(void* context, penstock_bytes token)"
GET_EXTENSION = "  const void* (*get_extension)(penstock_source*, const char* id);\n"
METRIC = "  void (*metric)(penstock_call* call, penstock_str name, double value);\n"
NEXT_MINOR = ("base.h", "#define PENSTOCK_ABI_MINOR 0", "#define PENSTOCK_ABI_MINOR 1")

# What happens to the headers, as file, text and new text, in version 1.1.
BREAKS = {
    "a parameter of a slot has another type": ("source.h", "penstock_bytes partition,", "penstock_str partition,"),
    "a parameter of a slot is no longer const": ("sink.h", "writer*, const penstock_position*);", "writer*, penstock_position*);"),
    "a parameter of a callback has another type": ("source.h", TOKEN, "(void* context, penstock_str token)"),
    "a slot takes one parameter more": ("sink.h", "(*flush)(penstock_call*,", "(*flush)(int64_t, penstock_call*,"),
    "a slot returns something else": ("call.h", "int64_t (*deadline_ns)", "int32_t (*deadline_ns)"),
    "a slot is gone": ("source.h", PING, ""),
    "the last slot is gone": ("source.h", GET_EXTENSION, ""),
    "a slot comes before another": ("source.h", GET_EXTENSION, MORE + GET_EXTENSION),
    "a slot of an extension has another type": ("sink.h", "uint64_t* removed", "int64_t* removed"),
    "two fields change places": ("options.h", "  double number;   /* DOUBLE */\n  penstock_str text;", "  penstock_str text;\n  double number;"),
    "two fields of one type change places": ("sink.h", "  int64_t written;\n  int64_t unchanged;", "  int64_t unchanged;\n  int64_t written;"),
    "a field gets wider": ("module.h", "  uint32_t n_components;", "  uint64_t n_components;"),
    "a field gets a sign": ("source.h", "  uint64_t n_columns;", "  int64_t n_columns;"),
    "a field gets another name": ("sink.h", "  int64_t stale; ", "  int64_t outdated; "),
    "a field comes into the middle": ("options.h", "  const char* doc; ", "  const char* more;\n  const char* doc; "),
    "a struct of fixed size grows": ("arrow.h", STREAM, STREAM + "  int64_t more;\n"),
    "a struct that others hold by value grows": ("base.h", "} penstock_str;", "  uint64_t more;\n} penstock_str;"),
}
ALLOWED = {
    "a slot is appended to a vtable": ("source.h", GET_EXTENSION, GET_EXTENSION + MORE),
    "a function is appended to the host": ("call.h", METRIC, METRIC + "  void (*more)(penstock_call* call);\n"),
    "two fields are appended to a struct": (
        "sink.h", "} penstock_sink_capabilities;", "  int32_t more;\n  uint32_t reserved;\n} penstock_sink_capabilities;"),
}


def problems_after(*changes):
    with tempfile.TemporaryDirectory() as work:
        copy = pathlib.Path(work) / "include"
        shutil.copytree(include, copy)
        for name, old, new in changes:
            header = copy / "penstock" / name
            text = header.read_text()
            assert text.count(old) == 1, f"{name} has this {text.count(old)} times: {old}"
            header.write_text(text.replace(old, new))
        return baseline.problems(copy, pathlib.Path(work) / "witness.so")


if baseline.is_wrong_machine():
    sys.exit(baseline.SKIPPED)
wrong = [f"goes through: {what}" for what, change in BREAKS.items() if not problems_after(NEXT_MINOR, change)]
for what, change in ALLOWED.items():
    wrong += [f"is held against a new minor: {what}: {problem}" for problem in problems_after(NEXT_MINOR, change)]
    if not problems_after(change):
        wrong.append(f"goes through although the version is the old one: {what}")
# Each frozen plugin is built with the headers of which its baseline was made.
for frozen in sorted((baseline.HERE / "frozen").iterdir()):
    with tempfile.TemporaryDirectory() as work:
        library = pathlib.Path(work) / "witness.so"
        baseline.build(frozen / "include", library)
        wrong += [f"frozen/{frozen.name}/include: {line}"
                  for line in baseline.compare(baseline.BASELINES / f"{frozen.name}.xml", library, True, set())]
print("\n".join(wrong) or f"{len(BREAKS)} breaks are found, {len(ALLOWED)} additions are not held against a new minor")
sys.exit(1 if wrong else 0)
