"""The ways to bring the rows from PostgreSQL to Redis, or half of the way: what they run, and into which database of Redis."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

from measure import row

HERE = pathlib.Path(__file__).parent
# One HSET a row, from COPY's text; the key prefix is Penstock's.
TO_RESP = r"""
function text(s) { printf "$%d\r\n%s\r\n", length(s), s }
BEGIN { n = split(names, name, " ") }
{ printf "*%d\r\n", 2 + 2 * n; text("HSET"); text(prefix $1); for (i = 1; i <= n; i++) { text(name[i]); text($(i + 1)) } }"""
MAWK = ["mawk", "-F", "\t", "-v", "names=" + " ".join(row.NAMES), "-v", "prefix=" + row.KEY_PREFIX, TO_RESP]


def run(command, **more):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)
    if done.returncode != 0:
        sys.exit(f"{command[0]} failed: {(done.stderr or done.stdout).decode()}")
    return done.stdout


class Way:
    """One way. `kinds`: insert (into an empty database), update (of what the insert left there), read (nothing is written)."""

    kinds = ("insert", "update")
    rows = None  # what it moves, if not the whole table
    resident = None  # bytes, when it says so

    def __init__(self, bench, database):
        self.bench, self.database = bench, database

    def prepare(self, kind):
        if kind == "insert":
            self.bench.redis.database(self.database).flushdb()

    def run(self, kind):
        """May return the seconds and the client's CPU seconds, where not all that the process did counts."""

    def check(self, kind):
        """That everything arrived: a fast way that loses rows is no way."""
        if kind != "read":
            found = self.bench.redis.database(self.database).dbsize()
            assert found >= self.bench.rows, f"{self.name}: {found} of {self.bench.rows} rows arrived"


class Penstock(Way):
    name = "Penstock"
    store = ""
    arguments = ()

    def __init__(self, bench, database):
        super().__init__(bench, database)
        self.home = bench.work / f"penstock-{database}"
        self.home.mkdir()
        self.config = self.home / "bench.toml"
        self.config.write_text(row.penstock_toml(bench.build / "plugins", self.home / "state", bench.redis.url(database), store=self.store))

    def prepare(self, kind):
        super().prepare(kind)
        if kind == "insert":
            shutil.rmtree(self.home / "state", ignore_errors=True)

    def run(self, kind):
        report = json.loads(run([self.bench.build / "penstock", "materialize", "--json", "-c", self.config, *self.arguments]))
        read = sum(one["read"] for one in report["runs"])
        assert read == self.bench.rows, f"{self.name} read {read} of {self.bench.rows} rows"
        self.resident = report["max_resident_bytes"]


class PenstockHset(Penstock):
    name = "Penstock, restore = false"
    store = "restore = false"


class PenstockPacked(Penstock):
    name = "Penstock, layout = packed"
    store = 'layout = "packed"'


class SourceAlone(Penstock):
    name = "Penstock, source alone"
    kinds = ("read",)
    arguments = ("--full", "--dry-run")


class SinkAlone(Way):
    name = "Penstock, sink alone"
    layout = "hash"

    def run(self, kind):
        times = run([self.bench.build / "bench/sink_alone", self.bench.build / "plugins/sink_redis.so", self.bench.redis.url(self.database), str(self.bench.rows),
                     "1" if kind == "insert" else "2", self.layout])
        return tuple(map(float, times.split()))


class SinkAlonePacked(SinkAlone):
    name = "Penstock, sink alone, packed"
    layout = "packed"


class Pipe(Way):
    name = "psql → mawk → redis-cli"

    def run(self, kind):
        psql = subprocess.Popen(["psql", "-qAt", self.bench.postgres.dsn, "-c", f"COPY (SELECT {row.COLUMNS} FROM features) TO STDOUT"], stdout=subprocess.PIPE)
        mawk = subprocess.Popen(MAWK, stdin=psql.stdout, stdout=subprocess.PIPE, env=os.environ | {"LC_ALL": "C"})
        run(["redis-cli", "-p", str(self.bench.redis.port), "-n", str(self.database), "--pipe"], stdin=mawk.stdout)
        psql.stdout.close()
        mawk.stdout.close()
        assert psql.wait() == 0 and mawk.wait() == 0


class Python(Way):
    name = "Python program"

    def run(self, kind):
        run([sys.executable, HERE / "python_writer.py", self.bench.postgres.dsn, self.bench.redis.url(self.database)])


class ReadyCommands(Way):
    """The same HSETs, written to a file beforehand: nobody reads, converts or formats."""

    name = "redis-cli, ready HSETs"

    def __init__(self, bench, database):
        super().__init__(bench, database)
        self.file = bench.work / "ready.resp"

    def prepare(self, kind):
        super().prepare(kind)
        if not self.file.exists():
            with open(self.file, "wb") as out:
                psql = subprocess.Popen(["psql", "-qAt", self.bench.postgres.dsn, "-c", f"COPY (SELECT {row.COLUMNS} FROM features) TO STDOUT"], stdout=subprocess.PIPE)
                subprocess.run(MAWK, stdin=psql.stdout, stdout=out, env=os.environ | {"LC_ALL": "C"}, check=True)
                assert psql.wait() == 0

    def run(self, kind):
        with open(self.file, "rb") as commands:
            run(["redis-cli", "-p", str(self.bench.redis.port), "-n", str(self.database), "--pipe"], stdin=commands)


class RedisBenchmark(Way):
    """Ten fields of the same sizes under random keys of the same size; it cannot make each key once, so there is no insert."""

    name = "redis-benchmark HSET"
    kinds = ("update",)

    def prepare(self, kind):
        # Random keys leave holes: three times over are 95 % of them.
        for _ in range(0 if self.bench.redis.database(self.database).dbsize() else 3):
            self.run(kind)

    def run(self, kind):
        key = row.KEY_PREFIX + "0" * 24 + "__rand_int__"
        fields = [text for pair in zip(row.NAMES, row.SAMPLE) for text in pair]
        run(["redis-benchmark", "-p", str(self.bench.redis.port), "--dbnum", str(self.database), "-n", str(self.bench.rows), "-r", str(self.bench.rows), "-c", "4", "-P", "100",
             "-q", "HSET", key, *fields])

    def check(self, kind):
        pass


class CopyAlone(Way):
    name = "psql COPY to nowhere"
    kinds = ("read",)

    def run(self, kind):
        run(["bash", "-c", f"psql -qAt '{self.bench.postgres.dsn}' -c 'COPY (SELECT {row.COLUMNS}, updated_at FROM features) TO STDOUT (FORMAT binary)' >/dev/null"])


def all_ways(bench):
    """In the order of a round: neighbours are those that are compared most."""
    classes = [ReadyCommands, Penstock, PenstockHset, PenstockPacked, Pipe, RedisBenchmark, Python, SinkAlone, SinkAlonePacked, SourceAlone, CopyAlone]
    return [kind(bench, database) for database, kind in enumerate(classes)]
