#!/usr/bin/python3
"""Plugins and hosts of one major understand each other, whichever is older.

    minors_test.py HOST NEXT_HOST PLUGINS

HOST has the headers of today, NEXT_HOST those of a next minor version (next_minor.py). PLUGINS holds the frozen plugin as it is built
here, rebuilt with the headers of today and of the next minor, and one that uses what the next minor has.
"""
import hashlib
import pathlib
import platform
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import contract

FROZEN = pathlib.Path(__file__).resolve().parents[1] / "frozen/1.0"
TODAY, NEXT = sys.argv[1:3]
PLUGINS = pathlib.Path(sys.argv[3])
TRANSCRIPT = (FROZEN / "transcript.txt").read_text().splitlines()
MINOR = contract.version(pathlib.Path(__file__).resolve().parents[3] / "sdk/include")[1]
problems = []


def run(host, plugin):
    """What the host prints, line by line. It loads no file that others may write, and a checkout may be one."""
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder) / (plugin.stem + ".so")
        shutil.copyfile(plugin, copy)
        copy.chmod(0o644)
        ran = subprocess.run([host, str(copy)], capture_output=True, text=True, timeout=30)
        return (ran.stdout + ran.stderr).replace(folder + "/", "").splitlines()


def expect(what, wanted, got):
    if wanted != got:
        problems.append("\n  ".join([f"{what}: wanted", *wanted, "got", *got]))


def check(host, plugin, minor):
    """The plugin does in this host what the frozen one did in the first; `minor` is what they say of what is new."""
    lines = run(host, plugin)
    what = f"{plugin.name} in {pathlib.Path(host).name}"
    expect(what, TRANSCRIPT, [line for line in lines if not line.startswith("minor: ")])
    expect(what, minor, [line.removeprefix("minor: ") for line in lines if line.startswith("minor: ")])


def knows(answer):
    scan = "scan knows " + ", ".join(f"{field} {answer}" for field in ("now_ns", "run_number", "row_limit", "branch", "granularity_ns",
                                                                     "sub_ordinal", "bytes_estimate"))
    begin = f"begin knows owner {answer}, profile_count {answer}"
    return 4 * [scan], 3 * [begin]


def check_frozen_binary():
    if platform.machine() != "x86_64":
        print(f"frozen-x86_64.so is not for this machine ({platform.machine()}); the one that is built from its headers is used alone")
        return
    digest, name = (FROZEN / "SHA256SUMS").read_text().split()
    binary = FROZEN / name
    if hashlib.sha256(binary.read_bytes()).hexdigest() != digest:
        problems.append(f"{name} is not the file that was frozen")
    check(TODAY, binary, [f"host {MINOR}, plugin frozen of 0 with 2 components"])
    check(NEXT, binary, [f"host {MINOR + 1}, plugin frozen of 0 with 2 components", *ABSENT])


ABSENT = ["row_count: not there", "profile_count: not there"]
check_frozen_binary()
for built, minor in {"frozen": 0, "rebuilt": MINOR, "rebuilt-next": MINOR + 1}.items():
    check(TODAY, PLUGINS / f"{built}.so", [f"host {MINOR}, plugin frozen of {minor} with 2 components"])
    check(NEXT, PLUGINS / f"{built}.so", [f"host {MINOR + 1}, plugin frozen of {minor} with 2 components", *ABSENT])

scans, begins = knows("no")
check(TODAY, PLUGINS / "newer.so", [f"host {MINOR}, plugin newer of {MINOR + 1} with 2 components", *scans, *begins])
check(TODAY, PLUGINS / "newer-kind.so", [f"host {MINOR}, plugin newer of {MINOR + 1} with 3 components", *scans, *begins])
scans, begins = knows("yes")
check(NEXT, PLUGINS / "newer.so", [f"host {MINOR + 1}, plugin newer of {MINOR + 1} with 2 components", *scans, "row_count: 5", *begins, "profile_count: 8"])
# A kind of the plugin's own minor is one that the host should know.
expect("newer-kind.so in the host of its version", ['failed: plugin "newer-kind.so": component 1: unknown kind 3'],
       run(NEXT, PLUGINS / "newer-kind.so"))

print("\n".join(problems) or "plugins and hosts of both minors understand each other")
sys.exit(1 if problems else 0)
