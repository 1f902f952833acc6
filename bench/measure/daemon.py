"""What a running host does: a small tick, the read API, and reads while a paced load goes on."""

import contextlib
import datetime
import json
import shutil
import statistics
import subprocess
import sys
import time

from measure import reads, row, ways

TICK_ROWS = 1000
TICKS = 5  # a round
KEYS = 1000
PACE = 100_000
PACED_DATABASE = 15


def wait_for(what, condition, seconds=30):
    until = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > until:
            sys.exit(f"{what}: nothing in {seconds} s")
        time.sleep(0.02)
    return found


@contextlib.contextmanager
def running_host(bench, penstock, interval):
    config = penstock.home / "daemon.toml"
    state = penstock.home / "state"
    config.write_text(row.penstock_toml(bench.build / "plugins", state, bench.redis.url(penstock.database), store=penstock.store,
                                        host=f'interval = "{interval}"\njitter = 0.0\n'))
    with open(penstock.home / "daemon.log", "ab") as log:
        host = subprocess.Popen([bench.build / "penstock", "run", "-c", config], stderr=log, stdout=log)
    try:
        yield config, lambda: host_address(host, state)
    finally:
        host.terminate()
        host.wait()


def host_address(host, state):
    def listening():
        if host.poll() is not None:
            sys.exit(f"the host ended with {host.returncode}")
        return (state / "http").exists() and (state / "http").read_text().strip()

    address, port = wait_for("the host's address", listening).split()
    return address, int(port)


def milliseconds(run):
    ends = []
    for name in ("started_at", "finished_at"):
        text, _, fraction = run[name].rstrip("Z").partition(".")
        ends.append(datetime.datetime.fromisoformat(text).timestamp() * 1000 + float("0." + (fraction or "0")) * 1000)
    return ends[1] - ends[0]


def penstock_ticks(bench, penstock, first):
    out = []
    with running_host(bench, penstock, "100ms") as (config, _):

        def runs():
            history = ways.run([bench.build / "penstock", "history", "--json", "-n", "1000", "-c", config])
            return [one for one in json.loads(history)["runs"] if one["read"] == TICK_ROWS and one["outcome"] == "completed"]

        for number in range(1, TICKS + 1):
            row.change(bench.postgres, TICK_ROWS, first + number * TICK_ROWS)
            wait_for("the tick", lambda: len(runs()) >= number)
        out = [milliseconds(one) for one in runs()[:TICKS]]
    return out


def python_ticks(bench, database, first):
    program = subprocess.Popen([sys.executable, ways.HERE / "python_writer.py", bench.postgres.dsn, bench.redis.url(database), "--ticks"],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    program.stdout.readline()
    out = []
    for number in range(1, TICKS + 1):
        row.change(bench.postgres, TICK_ROWS, first + number * TICK_ROWS)
        program.stdin.write("\n")
        program.stdin.flush()
        rows, seconds = program.stdout.readline().split()
        assert int(rows) == TICK_ROWS
        out.append(float(seconds) * 1000)
    program.stdin.close()
    program.wait()
    return out


def read_latencies(bench, penstock, keys):
    out = {}
    with running_host(bench, penstock, "1h") as (_, address):
        http = reads.Http(address(), row.NAMES)
        for name, client in (("HGETALL", reads.Redis(bench.redis.port, penstock.database)), ("HTTP read", http)):
            reads.latencies(client, keys)  # a warm-up
            out[name] = reads.latencies(client, keys)
    config = penstock.home / "paced.toml"
    config.write_text(row.penstock_toml(bench.build / "plugins", penstock.home / "paced", bench.redis.url(PACED_DATABASE), store=penstock.store,
                                        view=f"max_rows_per_second = {PACE}"))
    shutil.rmtree(penstock.home / "paced", ignore_errors=True)
    load = subprocess.Popen([bench.build / "penstock", "materialize", "--full", "--json", "-c", config], stdout=subprocess.PIPE)
    wait_for("the paced load", lambda: bench.redis.database(PACED_DATABASE).dbsize() > min(bench.rows // 20, PACE))
    out["HGETALL, paced load"] = reads.latencies(reads.Redis(bench.redis.port, penstock.database), keys, lambda: load.poll() is None)
    report = json.loads(load.communicate()[0])
    assert load.returncode == 0, report
    bench.redis.database(PACED_DATABASE).flushdb()
    return out


def latencies(bench, chosen):
    """Of one round, after its updates; needs what Penstock and the Python program have written."""
    by_name = {way.name: way for way in chosen}
    penstock, python = by_name.get(ways.Penstock.name), by_name.get(ways.Python.name)
    out = {}
    if penstock:
        out["tick of 1,000, Penstock, ms"] = statistics.median(penstock_ticks(bench, penstock, bench.rows // 2))
        keys = [bench.postgres.value(f"SELECT md5('{1 + n * bench.rows // KEYS}')::uuid::text") for n in range(KEYS)]
        for name, values in read_latencies(bench, penstock, keys).items():
            out[f"{name}, p50, us"] = reads.percentile(values, 0.5)
            out[f"{name}, p99, us"] = reads.percentile(values, 0.99)
    if python:
        out["tick of 1,000, Python, ms"] = statistics.median(python_ticks(bench, python.database, bench.rows // 4))
    return out
