#!/usr/bin/python3
"""config/penstock.schema.json as an editor reads it: what the host takes satisfies it, and mistakes violate it where they are made.

    schema_test.py PROGRAM PLUGIN_DIR
"""
import datetime
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import tomllib

import jsonschema

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM, PLUGINS = sys.argv[1], sys.argv[2]
SCHEMA = json.loads((ROOT / "config/penstock.schema.json").read_text())
REFERENCE = (ROOT / "config/reference.toml").read_text()
PROFILES = 'url    = "redis://127.0.0.1:6379/0"  # example: an option of the plugin'

# What is changed in the reference, and where the schema must object: the table for a key that is unknown or missing.
MISTAKES = [
    ("workers         = 4 ", "wokers = 4 ", "host"),
    ("workers         = 4 ", 'workers = "4" ', "host.workers"),
    ("workers         = 4 ", "workers = 0 ", "host.workers"),
    ("workers         = 4 ", "workers = 257 ", "host.workers"),
    ("jitter          = 0.1 ", "jitter = 1.5 ", "host.jitter"),
    ('interval        = "5m" ', 'interval = "5" ', "host.interval"),
    ('batch_bytes     = "8MiB" ', 'batch_bytes = "8MB" ', "host.batch_bytes"),
    ("http            = true ", "http = 1 ", "host.http"),
    ('http_address    = "127.0.0.1" ', 'http_address = "0.0.0.0" ', "host.http_address"),
    ('log_level       = "info" ', 'log_level = "loud" ', "host.log_level"),
    ("[[service]]", "[[servise]]", ""),
    ("[store.profiles]", '[store."my-profiles"]', "store"),
    ('plugin = "redis" ', "", "store.profiles"),
    ('plugin = "redis" ', 'plugin = "reddis" ', "store.profiles.plugin"),
    ('plugin = "postgres" ', 'plugin = "redis" ', "warehouse.prod.plugin"),
    (PROFILES, 'urll = "redis://127.0.0.1"', "store.profiles"),
    (PROFILES, 'url = "redis://penstock:secret@127.0.0.1"', "store.profiles.url"),
    (PROFILES, 'url = { env = "A", file = "/b" }', "store.profiles.url"),
    (PROFILES, "url = {}", "store.profiles.url"),
    (PROFILES, 'password = "secret"', "store.profiles.password"),
    (PROFILES, "timeout = 5", "store.profiles.timeout"),
    (PROFILES, 'layout = "hsh"', "store.profiles.layout"),
    (PROFILES, "transaction_rows = 0", "store.profiles.transaction_rows"),
    (PROFILES, "max_row_bytes = 10", "store.profiles.max_row_bytes"),
    (PROFILES, 'restore = "true"', "store.profiles.restore"),
    (PROFILES, "max_profiles = 10", "store.profiles"),  # another plugin's
    ('dsn    = { env = "WAREHOUSE_DSN" }', 'dsn = "postgresql://127.0.0.1/shop"', "warehouse.prod.dsn"),
    ('dsn    = { env = "WAREHOUSE_DSN" }', "", "warehouse.prod"),
    ('database                 = "ANALYTICS" ', 'database = ""', "batch_source.0.database"),
    ('database                 = "ANALYTICS" ', f'database = "{"x" * 4097}"', "batch_source.0.database"),
    ('cursor                   = "timestamp" ', 'cursor = "wal" ', "batch_source.0.cursor"),
    ('cursor                   = "timestamp" ', 'epoch_unit = "minutes" ', "batch_source.0.epoch_unit"),
    ('name                = "account_orders" ', 'name = "account-orders" ', "view.0.name"),
    ("version             = 1 ", "version = 0 ", "view.0.version"),
    ('entity              = "account" ', "", "view.0"),
    ('owner               = "data@example.com" ', 'owner = "data" ', "view.0.owner"),
    ('tags                = { team = "checkout" }', "tags = { team = 1 }", "view.0.tags.team"),
    ('ttl                 = "365d" ', 'tll = "365d" ', "view.0"),
    ('order_by            = ["UPDATED_AT"]', "order_by = []", "view.0.order_by"),
    ('order_by            = ["UPDATED_AT"]', f"order_by = {json.dumps([str(i) for i in range(17)])}", "view.0.order_by"),
    ("backfill_since      = 2024-01-01T00:00:00Z", "backfill_since = 2024-01-01T00:00:00", "view.0.backfill_since"),
    ('{ name = "TOTAL_ORDERS", type = "int64" }', '{ name = "TOTAL_ORDERS", type = "integer" }', "view.0.fields.0.type"),
    ('{ name = "TOTAL_ORDERS", type = "int64" }', '{ name = "TOTAL_ORDERS" }', "view.0.fields.0"),
    ('{ name = "account_orders", version = 1 }', '{ name = "account_orders" }', "service.0.views.0"),
    ('keys        = ["REGION", "ACCOUNT_ID"]', 'keys = ["REGION", "REGION"]', "entity.0.keys"),
]

# What must not be called a mistake.
RIGHT = [
    (PROFILES, 'url = { env = "REDIS_URL" }\npassword = { env = "REDIS_PASSWORD" }'),
    (PROFILES, 'layout = "packed"\nmax_row_bytes = 2048\npipeline_bytes = "64KiB"\ntimeout = "500ms"\nrestore = false'),
    ("backfill_since      = 2024-01-01T00:00:00Z", 'backfill_since = "2024-01-01"'),
    ("jitter          = 0.1 ", "jitter = 1 "),
    ('cursor                   = "timestamp" ', 'epoch_unit = "ms" '),
    ('"WAREHOUSE_DSN" }', '"WAREHOUSE_DSN" }\nsslmode = "verify-ca"\nmargin = "0s"'),
]

ENVIRONMENT = {"WAREHOUSE_DSN": "postgresql://127.0.0.1/shop", "REDIS_URL": "redis://127.0.0.1", "REDIS_PASSWORD": "x"}
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)


def as_json(value):
    """TOML's times are text in JSON."""
    if isinstance(value, dict):
        return {key: as_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_json(item) for item in value]
    return value.isoformat() if isinstance(value, (datetime.date, datetime.time)) else value


def objections(toml):
    return [".".join(map(str, error.absolute_path)) for error in VALIDATOR.iter_errors(as_json(tomllib.loads(toml)))]


def refused_by_host(toml, folder):
    file = pathlib.Path(folder) / "penstock.toml"
    file.write_text(toml.replace('"/usr/lib/penstock/plugins"', json.dumps(PLUGINS)))
    outcome = subprocess.run([PROGRAM, "validate", "-c", file], env=os.environ | ENVIRONMENT, capture_output=True, text=True)
    return outcome.returncode != 0


def changed(old, new):
    assert old in REFERENCE, f"not in the reference: {old}"
    # The rest of the line, a comment, goes too.
    before, after = REFERENCE.split(old, 1)
    return before + new + (after if old.endswith("}") or old.startswith("[") else "\n" + after.split("\n", 1)[1])


def main():
    wrong = []

    def expect(met, what):
        if not met:
            wrong.append(what)

    jsonschema.Draft7Validator.check_schema(SCHEMA)
    files = [*(ROOT / "config").glob("*.toml"), *(ROOT / "config/examples").glob("*.toml")]
    expect(len(files) >= 7, "the configurations are not where they are looked for")
    for file in files:
        text = file.read_text()
        expect(objections(text) == [], f"{file}: {objections(text)}")
        schema = os.path.relpath(ROOT / "config/penstock.schema.json", file.parent)
        schema = schema if schema.startswith(".") else "./" + schema
        expect(text.startswith(f"#:schema {schema}\n"), f"{file}: does not begin with #:schema {schema}")
    with tempfile.TemporaryDirectory() as folder:
        for old, new, place in MISTAKES:
            toml = changed(old, new)
            expect(place in objections(toml), f"{new or 'without ' + old}: objections at {objections(toml)}, not at {place!r}")
            expect(refused_by_host(toml, folder), f"{new or 'without ' + old}: the host takes it")
        for old, new in RIGHT:
            toml = changed(old, new)
            expect(objections(toml) == [], f"{new}: objections at {objections(toml)}")
            expect(not refused_by_host(toml, folder), f"{new}: the host refuses it")
    for text in wrong:
        print(text)
    return 1 if wrong else 0


sys.exit(main())
