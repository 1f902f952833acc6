#!/usr/bin/python3
"""Are the headers still compatible with every minor version that was released? baseline/<major>.<minor>.xml is what abidw saw in the
witness library when that version was made; abidiff compares it with the headers of today.

    baseline.py INCLUDE WORK     says what is not, and fails
    baseline.py --update         writes the baseline of the headers' own version, anew if it is there

What may differ from an earlier minor is what a minor may do: fields and slots behind the last one of a struct with a struct_size,
structs that are new. From the baseline of their own version the headers may not differ at all: what was released is not appended to.
There are no suppressions: the obvious one, for changes of size, also hid a parameter that had changed its type. Instead the report
is read line by line, and a line that is not known to be harmless is a problem.
"""
import pathlib
import platform
import re
import subprocess
import sys
import tempfile

import contract

HERE = pathlib.Path(__file__).resolve().parent
BASELINES = HERE / "baseline"
SKIPPED = 77

# abidiff's exit code is a set of these.
USAGE_OR_ERROR = 1 | 2

# How abidiff says through what it came to a change; the change itself stands in another line.
PATH_TO_A_CHANGE = [re.compile(pattern) for pattern in (
    r"Functions changes summary: 0 Removed, ",
    r"Variables changes summary: 0 Removed, 0 Changed, 0 Added variables?$",
    r"\d+ functions? with some (indirect )?sub-type changes?:$",
    r"\d+ Added functions?:$",
    r"\[A\] 'function uint64_t witness_\w+\(.*\)'",
    r"\[C\] 'function .*' has some (indirect )?sub-type changes:$",
    r"return type changed:$",
    r"parameter \d+ of type '.*' (has sub-type changes|changed):$",
    r"in pointed to type '.*':$",
    r"in unqualified underlying type '.*':$",
    r"((unqualified )?underlying|pointed to) type '.*' changed(, as (being reported|reported earlier))?:?$",
    r"type size hasn't changed$",
    r"\d+ data member changes?:$",
    r"\d+ data member insertions?:$",
    r"(and )?type of '.*' changed(, as (being reported|reported earlier))?:?$",
)]


def build(include, library):
    """The witness of the headers in that folder. By gcc, as debug information differs from compiler to compiler."""
    command = ["gcc", "-std=c11", "-g", "-O0", "-shared", "-fPIC", f"-I{pathlib.Path(include).resolve()}", "witness.c", "-o", str(library)]
    # From its own folder, so that no path of this machine is in it.
    subprocess.run(command, cwd=HERE, check=True)


def unexpected(report, growable):
    """The lines of abidiff's report that a minor version does not explain; growable names the structs that may get longer."""
    found = []
    struct, end = None, None
    for line in map(str.strip, report.splitlines()):
        if named := re.search(r"type '(?:struct )?(.*?)'(?: changed)?:$", line):
            struct, end = named.group(1), None
        if grown := re.fullmatch(r"type size changed from (\d+) to (\d+) \(in bits\)", line):
            end = int(grown.group(1))
            if int(grown.group(2)) > end and struct in growable:
                continue
        elif added := re.fullmatch(r"'.*', at offset (\d+) \(in bits\)", line):
            if end is not None and int(added.group(1)) >= end:
                continue
        elif line == "" or any(pattern.match(line) for pattern in PATH_TO_A_CHANGE):
            continue
        found.append(f"{struct}: {line}" if struct else line)
    return found


def compare(baseline, library, same_version, growable):
    """What is wrong with the library for those who were built for the baseline."""
    # All that abidiff knows to leave out by itself is shown, harmless or told before.
    command = ["abidiff", "--no-default-suppression", "--harmless", "--redundant", "--no-show-locs", str(baseline), str(library)]
    ran = subprocess.run(command, capture_output=True, text=True)
    if ran.returncode & USAGE_OR_ERROR or ran.stderr:
        return [f"abidiff failed ({ran.returncode}): {ran.stderr}"]
    if ran.returncode and not ran.stdout.strip():
        return [f"abidiff sees a difference ({ran.returncode}) and does not say which"]
    if same_version:
        return ran.stdout.strip().splitlines() if ran.returncode else []
    return unexpected(ran.stdout, growable)


def problems(include, library):
    """What is wrong with the headers in that folder. Builds their witness as `library`."""
    major, minor = contract.version(include)
    released = sorted(int(path.stem.split(".")[1]) for path in BASELINES.glob(f"{major}.*.xml"))
    if not released:
        return [f"there is no baseline of major {major}"]
    if minor < released[-1]:
        return [f"the headers say {major}.{minor}, but {major}.{released[-1]} was released"]
    build(include, library)
    found = []
    growable = contract.structs(include).keys() - contract.FIXED
    for earlier in released:
        for problem in compare(BASELINES / f"{major}.{earlier}.xml", library, earlier == minor, growable):
            found.append(f"against {major}.{earlier}: {problem}")
    if found and minor == released[-1]:
        found.append(f"{major}.{minor} was released: to append to it, raise PENSTOCK_ABI_MINOR (CONTRIBUTING.md, \"The ABI\")")
    return found


def is_wrong_machine():
    if platform.machine() == "x86_64":
        return False
    print(f"skipped: the baselines were made on x86-64, and this is {platform.machine()}; layout.c pins the layout here")
    return True


def update():
    include = HERE.parents[1] / "sdk/include"
    major, minor = contract.version(include)
    with tempfile.TemporaryDirectory() as work:
        library = pathlib.Path(work) / "witness.so"
        build(include, library)
        out = BASELINES / f"{major}.{minor}.xml"
        subprocess.run(["abidw", "--no-corpus-path", "--no-comp-dir-path", "--no-show-locs", "--no-elf-needed", "--no-parameter-names",
                        "--out-file", str(out), str(library)], check=True)
    print(f"wrote {out.relative_to(HERE.parents[1])}")


def main():
    if is_wrong_machine():
        return SKIPPED
    if sys.argv[1:] == ["--update"]:
        return update()
    include, work = sys.argv[1:]
    pathlib.Path(work).mkdir(parents=True, exist_ok=True)
    found = problems(include, pathlib.Path(work) / "witness.so")
    print("\n".join(found) or "compatible with every released minor")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
