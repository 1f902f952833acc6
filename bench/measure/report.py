"""The figures as tables for people, the goals with what was measured, and the part of bench/README.md that holds both."""

import datetime
import os
import pathlib
import re
import subprocess

from measure import plot

BEGIN, END = "<!-- postgres-to-redis: written by --write -->", "<!-- postgres-to-redis: end -->"
PLOT = "postgres-to-redis.svg"


def table(head, rows):
    """Markdown that also reads well in a terminal: the first column to the left, the others to the right."""
    rows = [head, *rows]
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]

    def line(row):
        return "| " + " | ".join(cell.ljust(width) if i == 0 else cell.rjust(width) for i, (cell, width) in enumerate(zip(row, widths))) + " |"

    rule = "|" + "|".join("-" * (width + 2) if i == 0 else "-" * (width + 1) + ":" for i, width in enumerate(widths)) + "|"
    return "\n".join([line(rows[0]), rule, *map(line, rows[1:])])


def figures_table(figures):
    rows = []
    for (name, kind), one in figures.items():
        resident = f"{one['resident'] / 2**20:.0f}" if "resident" in one else "-"
        low, high = one["spread"]
        rows.append([name, kind, f"{one['rows/s']:,.0f}", f"{low / 1000:,.0f}–{high / 1000:,.0f}", f"{one['client']:.2f}", f"{one['postgres']:.2f}", f"{one['redis']:.2f}", resident])
    return table(["way", "rows", "rows/s", "k rows/s, range", "client CPU-s/M", "PostgreSQL CPU-s/M", "Redis CPU-s/M", "MiB"], rows)


def latency_table(latencies):
    return table(["latency", "median of the rounds"], [[name.rpartition(", ")[0], f"{value:,.2f} ms" if name.endswith("ms") else f"{value:,.0f} µs"] for name, value in latencies.items()])


def goals(figures, latencies):
    """[goal, wanted, measured, met]; a goal whose parts were not measured is left out."""
    out = []

    def add(goal, wanted, measured, met):
        out.append([goal, wanted, measured, "yes" if met else "**no**"])

    def at_least(goal, value, limit):
        add(goal, f"≥ {limit:g}×", f"{value:.2f}×", value >= limit)

    penstock = {kind: figures.get(("Penstock", kind)) for kind in ("insert", "update")}
    for kind, mine in penstock.items():
        if not mine:
            continue
        ready, by_hset = figures.get(("redis-cli, ready HSETs", kind)), figures.get(("Penstock, restore = false", kind))
        if ready and by_hset and ready["redis"] > 0:
            share = by_hset["rows/s"] * ready["redis"] / 1e6
            add(f"restore = false against Redis's own bound on the plain HSETs, {kind}", "≥ 95 %", f"{share:.0%}", share >= 0.95)
        if by_hset:
            at_least(f"rows/s by RESTORE against by HSET, {kind}", mine["rows/s"] / by_hset["rows/s"], {"insert": 1.6, "update": 1.4}[kind])
        packed = figures.get(("Penstock, layout = packed", kind))
        if packed and kind == "update":
            at_least("rows/s of layout = packed against hash, update", packed["rows/s"] / mine["rows/s"], 2)
        add(f"host CPU, {kind}", "≤ 0.7 CPU-s/M", f"{mine['client']:.2f}", mine["client"] <= 0.7)
        pipe = figures.get(("psql → mawk → redis-cli", kind))
        if pipe:
            at_least(f"rows/s against psql → mawk → redis-cli, {kind}", mine["rows/s"] / pipe["rows/s"], {"insert": 1.3, "update": 1.9}[kind])
            share = pipe["client"] / mine["client"]
            add(f"client CPU against psql → mawk → redis-cli, {kind}", "≤ 1/8", f"1/{share:.1f}", share >= 8)
        python = figures.get(("Python program", kind))
        if python:
            at_least(f"rows/s against the Python program, {kind}", mine["rows/s"] / python["rows/s"], 7)
            share = python["client"] / mine["client"]
            add(f"client CPU against the Python program, {kind}", "≤ 1/25", f"1/{share:.1f}", share >= 25)
    tick, other = latencies.get("tick of 1,000, Penstock, ms"), latencies.get("tick of 1,000, Python, ms")
    if tick:
        add("tick of 1,000 changes", "≤ 10 ms", f"{tick:.1f} ms", tick <= 10)
        if other:
            at_least("tick of 1,000 changes against the Python program", other / tick, 2)
    paced = latencies.get("HGETALL, paced load, p99, us")
    if paced:
        add("HGETALL while 100,000 rows/s are written, p99", "≤ 250 µs", f"{paced:.0f} µs", paced <= 250)
    http, plain = latencies.get("HTTP read, p99, us"), latencies.get("HGETALL, p99, us")
    if http and plain:
        add("HTTP read of a profile, p99, against HGETALL's", "≤ 3×", f"{http / plain:.2f}×", http / plain <= 3)
    return out


def hardware():
    model = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    return f"{os.cpu_count()} cores ({model.group(1) if model else 'unknown'}), {memory:.0f} GiB"


def machine(bench):
    return f"{hardware()}, PostgreSQL {bench.postgres.version}, Redis {bench.redis.version}"


def commit(root):
    described = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=root, capture_output=True, text=True).stdout.strip() or "unknown"
    return f"{datetime.date.today()}, commit `{described}`"


def show(bench, figures, latencies, load, root, write):
    parts = [
        f"{commit(root)}, {machine(bench)}; {bench.rows:,} rows, {bench.runs} rounds, medians. Load average before the first round: {load:.2f}.",
        figures_table(figures),
    ]
    if latencies:
        parts.append(latency_table(latencies))
    reached = goals(figures, latencies)
    if reached:
        parts.append(table(["goal", "wanted", "measured", "met"], reached))
    print("\n\n".join(parts))
    if not write:
        return
    groups = {}
    for (name, kind), one in figures.items():
        groups.setdefault(name, []).append((kind, one["rows/s"]))
    (root / "bench" / PLOT).write_text(plot.bars(f"Rows per second, {bench.rows:,} rows", list(groups.items())))
    readme = root / "bench/README.md"
    text = readme.read_text()
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    assert begin and end, f"{readme} has lost its marks"
    parts.insert(1, f"![Rows per second of each way]({PLOT})")
    readme.write_text(before + BEGIN + "\n" + "\n\n".join(parts) + "\n" + END + after)
