"""The row that everything moves: a text key, ten fields, and the timestamp that says when it changed."""

# column, type in PostgreSQL, type in Penstock, expression over n (the row) and v (the version of its values)
FIELDS = [
    ("i1", "int4", "int32", "n + v"),
    ("i2", "int4", "int32", "n % 1000"),
    ("i3", "int4", "int32", "n * 7 % 100000"),
    ("i4", "int4", "int32", "n % 3"),
    ("f1", "float8", "double", "n / 7.0"),
    ("f2", "float8", "double", "n * 0.25"),
    ("f3", "float8", "double", "random()"),
    ("t1", "text", "string", "'segment-' || n % 5000"),
    ("t2", "text", "string", "'city-' || n % 900000"),
    ("b1", "bool", "bool", "n % 2 = 0"),
]
NAMES = [field[0] for field in FIELDS]
KEY_PREFIX = "penstock:features_v1:"
COLUMNS = ", ".join(["user_id", *NAMES])

CREATE = f"""CREATE TABLE features (user_id text, updated_at timestamptz NOT NULL, {", ".join(f"{f[0]} {f[1]}" for f in FIELDS)});
             CREATE INDEX ON features (updated_at)"""

# A row in the middle, as PostgreSQL prints it.
SAMPLE = ["512345", "345", "86415", "1", "73192.14285714286", "128086.25", "0.7355871931274583", "segment-2345", "city-512345", "t"]


def fill(postgres, rows, version):
    """Every row anew, in the order of its timestamp; every row's values differ from those of another version."""
    postgres.execute("TRUNCATE features")
    postgres.execute(f"""INSERT INTO features SELECT md5(n::text)::uuid::text, clock_timestamp(), {", ".join(f[3] for f in FIELDS)}
                         FROM generate_series(1, {rows}) n, (SELECT {version} v) v""")
    postgres.execute("VACUUM ANALYZE features")


def change(postgres, rows, first):
    """So many rows, from the row `first` on, in one transaction and with one time, so that one run reads them all."""
    postgres.execute(f"""UPDATE features SET updated_at = statement_timestamp(), i1 = i1 + 1
                         WHERE user_id IN (SELECT md5(n::text)::uuid::text FROM generate_series({first}, {first + rows - 1}) n)""")


def penstock_toml(plugins, state, store_url, host="", store="", view=""):
    fields = ", ".join(f'{{ name = "{f[0]}", type = "{f[2]}" }}' for f in FIELDS)
    return f"""
[host]
plugin_dir = "{plugins}"
state_dir = "{state}"
http_port = 0
log_level = "warn"
{host}
[warehouse.prod]
plugin = "postgres"
dsn = {{ env = "BENCH_DSN" }}
[store.profiles]
plugin = "redis"
url = "{store_url}"
{store}
[[batch_source]]
name = "features"
schema = "public"
table = "features"
timestamp_field = "updated_at"
[[view]]
name = "features"
entity = "user_id"
offline = true
online = true
batch_source = "features"
{view}
fields = [ {fields} ]
"""
