#!/usr/bin/python3
"""Every struct, field, slot and constant of the headers is pinned in layout.c, and every struct has its witness in witness.c.

    complete_test.py INCLUDE
"""
import pathlib
import re
import sys

import contract

HERE = pathlib.Path(__file__).resolve().parent
include = sys.argv[1]
layout = (HERE / "layout.c").read_text()
witness = (HERE / "witness.c").read_text()

pinned = set(re.findall(r"^(?:SIZE\((\w+)|FIELD\((\w+), (\w+)|(?:VALUE|TEXT)\((\w+))", layout, flags=re.M))
sizes = {size for size, _, _, _ in pinned}
fields = {(struct, field) for _, struct, field, _ in pinned}
values = {value for _, _, _, value in pinned}
witnesses = set(re.findall(r"^WITNESS\((\w+)\)", witness, flags=re.M))

problems = []
declared = contract.structs(include)
for struct, names in declared.items():
    if struct not in sizes:
        problems.append(f"layout.c does not pin the size of {struct}")
    if struct not in witnesses:
        problems.append(f"witness.c has no witness of {struct}")
    if struct not in contract.FIXED and "struct_size" not in names[:2]:
        problems.append(f"{struct} can never grow: it does not begin with struct_size")
    problems += [f"layout.c does not pin {struct}.{name}" for name in names if (struct, name) not in fields]
# The version is what layout.c says in its first lines.
version = {"PENSTOCK_ABI_MAJOR", "PENSTOCK_ABI_MINOR"}
problems += [f"layout.c does not pin {name}" for name in contract.constants(include) if name not in values | version]
if len(declared) < 30 or sum(map(len, declared.values())) < 150:
    problems.append(f"the headers were not understood: {len(declared)} structs")

print("\n".join(problems) or f"{len(declared)} structs with {sum(map(len, declared.values()))} fields and slots are pinned")
sys.exit(1 if problems else 0)
