#!/usr/bin/python3
"""Does what a guide says, word by word: every code block of the Markdown file is used, or the guide fails.

    guide.py GUIDE BUILD_FOLDER        (what was built there is installed into a temporary folder first, for the guide to use)

A comment before a block says what it is; comments are not shown to readers:
    <!-- file: NAME -->      the block is the file; with "append:" it is added to its end
    <!-- output -->          what the commands before it print: each line, in this order; … stands for any text, also of several lines
    <!-- part of: NAME -->   it is shown again: the lines are in the file
    <!-- not run: WHY -->
A block of sh without a comment is run, in the folder that the blocks before it left; it must succeed.
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

GUIDE, BUILD = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2]
BLOCK = re.compile(r"^(?:<!-- (?P<what>[^>]+?) -->\n)?```(?P<language>\w*)\n(?P<text>.*?)^```$", re.M | re.S)


def fail(block, message):
    line = GUIDE.read_text()[: block.start()].count("\n") + 1
    sys.exit(f"{GUIDE.name}:{line}: {message}")


class Reader:
    """Follows the guide: writes its files, runs its commands, compares what they print."""

    def __init__(self, work, prefix):
        self.work, self.folder, self.printed = work, work, ""
        self.environment = os.environ | {"PATH": f"{prefix}/bin:{os.environ['PATH']}", "CMAKE_PREFIX_PATH": str(prefix), "CMAKE_GENERATOR": "Ninja"}

    def run(self, block):
        # The folder after the last command is where the next block begins.
        script = f"set -euo pipefail\n{block['text']}\npwd >{self.work}/.folder\n"
        done = subprocess.run(["bash", "-c", script], cwd=self.folder, env=self.environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.printed = done.stdout
        if done.returncode != 0:
            fail(block, f"ended with {done.returncode}:\n{block['text']}{done.stdout}")
        self.folder = pathlib.Path((self.work / ".folder").read_text().strip())

    def write(self, block, name, mode):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if mode == "a" and not path.exists():
            fail(block, f"{name} is added to before it is there")
        with open(path, mode) as file:
            file.write(block["text"])

    def compare(self, block):
        pattern = ".*?".join(re.escape(part) for part in block["text"].rstrip("\n").split("…"))
        if not re.search(pattern, self.printed, re.S):
            fail(block, f"the guide shows\n{block['text']}\nbut this was printed:\n{self.printed}")

    def find(self, block, name):
        if block["text"].strip() not in (self.folder / name).read_text():
            fail(block, f"{name} does not hold these lines")

    def follow(self, block):
        what, _, name = (block["what"] or "").partition(": ")
        if what == "file":
            self.write(block, name, "w")
        elif what == "append":
            self.write(block, name, "a")
        elif what == "output":
            self.compare(block)
        elif what == "part of":
            self.find(block, name)
        elif what == "not run":
            pass
        elif block["language"] == "sh" and not what:
            self.run(block)
        else:
            fail(block, "nothing says what this block is")


def main():
    text = GUIDE.read_text()
    blocks = list(BLOCK.finditer(text))
    if len(re.findall(r"^```", text, re.M)) != 2 * len(blocks) or not blocks:
        sys.exit(f"{GUIDE.name}: a code block has no end, or there is none")
    # The host loads no plugin from a folder that others may write, and a checkout may be in one.
    os.umask(0o022)
    with tempfile.TemporaryDirectory(prefix="penstock-guide.") as folder:
        work, prefix = pathlib.Path(folder) / "work", pathlib.Path(folder) / "prefix"
        work.mkdir()
        subprocess.run(["cmake", "--install", BUILD, "--prefix", prefix], check=True, stdout=subprocess.DEVNULL)
        reader = Reader(work, prefix)
        for block in blocks:
            reader.follow(block)
    print(f"{GUIDE.name}: {len(blocks)} blocks")


main()
