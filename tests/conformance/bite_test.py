#!/usr/bin/python3
"""Each check of the suite finds the flaw that it is for, and nothing else does; without a flaw everything passes.

    bite_test.py PENSTOCK PLUGINS [FLAW…]

PLUGINS is the folder of the bad plugins. With names of flaws or checks, only those are tried.
"""
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import broken_files
import event_server
import flaws

BAD = ("fail", "crash", "timeout")
SOURCE = """
[warehouse.here]
plugin = "bad_source"
host = "127.0.0.1"
port = {port}
password = {{ env = "PENSTOCK_CHECK_PASSWORD" }}
[[batch_source]]
name = "events"
warehouse = "here"
table = "events"
timestamp_field = "at"
[check]
keys = ["id"]
"""
SINK = """
[store.here]
plugin = "bad_sink"
path = "{path}"
host = "127.0.0.1"
port = {port}
"""
# Only where it is tried: many a flaw that another check is for loses a row.
ROWS = "rows = 14\n"
SERVER = 'server = { host = "host", port = "port" }\n'


class Suite:
    def __init__(self, penstock, plugins, folder, port):
        self.penstock, self.plugins, self.folder = penstock, pathlib.Path(plugins), pathlib.Path(folder)
        broken_files.write(self.plugins / "bad_source.so", self.folder)
        self.port = port

    def quirks(self, flaw):
        """A file for each run: two sinks must not share a store."""
        path = self.folder / f"{flaw.plugin}-{flaw.name}-{flaw.server}.check.toml"
        if flaw.plugin == "bad_sink":
            text = SINK.format(path=path.with_suffix(".profiles"), port=self.port if flaw.server else 0)
            path.write_text(text + "[check]\n" + SERVER if flaw.server else text)
        else:
            text = SOURCE.format(port=self.port) + SERVER if flaw.server else SOURCE.format(port=0)
            path.write_text(text + ROWS if flaw.check in ("", "source.rows") else text)
        return path

    def run(self, plugin, quirks, flaw="", include=""):
        """What the suite found: the ids of checks, by verdict."""
        file = self.folder / f"{plugin}.so"
        command = [self.penstock, "plugins", "check", file if file.exists() else self.plugins / file.name, "--json", "--quirks", quirks]
        if include:
            command += ["--include", include]
        ran = subprocess.run(command, env={**os.environ, "PENSTOCK_FLAW": flaw, "PENSTOCK_CHECK_PASSWORD": "open sesame"}, capture_output=True, text=True,
                             timeout=120)
        try:
            checks = json.loads(ran.stdout)["checks"]
        except (ValueError, KeyError):
            raise SystemExit(f"{plugin} {flaw}: no report: {ran.stdout}{ran.stderr}")
        found = {}
        for check in checks:
            found.setdefault(check["verdict"], {})[check["check"]] = check["findings"]
        if ran.returncode != any(verdict in found for verdict in BAD):
            raise SystemExit(f"{plugin} {flaw}: ended with {ran.returncode}, and found {sorted(found)}")
        return found

    def problem(self, flaw):
        """None, or what is wrong, the last time if it is tried more often."""
        for _ in range(flaw.tries):
            if (problem := self.problem_of_run(flaw)) is None:
                return None
        return problem

    def problem_of_run(self, flaw):
        found = self.run(flaw.plugin, self.quirks(flaw), flaw.name, flaw.include)
        bad = {check: verdict for verdict in BAD for check in found.get(verdict, {})}
        expected = {} if flaw.verdict in ("pass", "warn") else {flaw.check: flaw.verdict}
        what = f"{flaw.plugin} {flaw.name}".strip()
        if bad != expected:
            details = {check: found[verdict][check] for check, verdict in bad.items() if check not in expected}
            return f"{what}: expected {expected}, found {bad} {json.dumps(details)}"
        if flaw.verdict == "warn" and flaw.check not in found.get("warn", {}):
            return f"{what}: expected a warning of {flaw.check}, found {sorted(found.get('warn', {}))}"
        if flaw.verdict == "pass" and found.get("warn"):
            return f"{what}: good, and warned of: {json.dumps(found['warn'])}"
        return None

    def problem_untold(self, untold):
        """What was not told is one failure, and what cannot be tried for that reason refers to it."""
        plugin, text, said = untold
        path = self.folder / f"untold-{flaws.UNTOLD.index(untold)}.check.toml"
        path.write_text(text)
        found = self.run(plugin, path)
        bad = {check: findings for verdict in BAD for check, findings in found.get(verdict, {}).items()}
        if {check: [finding["seen"] for finding in findings] for check, findings in bad.items()} != {"setup.ready": [said]}:
            return f"{plugin} with {text!r}: expected {said}, found {json.dumps(bad)}"
        skipped = {check: findings[0]["seen"] for check, findings in found["skip"].items()}
        for check in ("load.other_hosts", "options.secret", "lifecycle.ping", "faults.cancel", "source.window" if plugin == "bad_source" else "sink.commit"):
            if skipped.get(check) != "not tried: see setup.ready":
                return f"{plugin} with {text!r}: {check} was tried: {skipped.get(check)}"
        return None if "options.declarations" in found["pass"] else f"{plugin} with {text!r}: options.declarations was not tried"


def main(penstock, plugins, *wanted):
    listed = json.loads(subprocess.run([penstock, "plugins", "check", "--list", "--json"], capture_output=True, check=True).stdout)
    known = {check["check"] for check in listed}
    tried = {flaw.check for flaw in flaws.FLAWS}
    problems = [f"{check}: no bad plugin shows that it finds anything" for check in sorted(known - tried)]
    problems += [f"{check}: there is no such check" for check in sorted(tried - known)]
    good = [flaws.Flaw(plugin, "", "", "pass", server=server) for plugin, server in flaws.GOOD]
    rows = [flaw for flaw in good + flaws.FLAWS if not wanted or flaw.name in wanted or flaw.check in wanted or flaw.plugin in wanted]
    with tempfile.TemporaryDirectory() as folder, event_server.serve() as port:
        suite = Suite(penstock, plugins, folder, port)
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            problems += filter(None, pool.map(suite.problem, rows))
            problems += filter(None, pool.map(suite.problem_untold, [untold for untold in flaws.UNTOLD if not wanted or "setup.ready" in wanted]))
    print("\n".join(problems) or f"{len(rows)} plugins, {len(known)} checks")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
