"""What one would write in an afternoon: a server-side cursor, dicts, a pipeline of HSET. Compared with; not a part of Penstock.

    python_writer.py DSN REDIS_URL          every row
    python_writer.py DSN REDIS_URL --ticks  for each line of its input the rows that changed since the last; prints the seconds
"""

import sys
import time

import psycopg2
import redis

ROWS = 1000
FIELDS = ["i1", "i2", "i3", "i4", "f1", "f2", "f3", "t1", "t2", "b1"]
SELECT = f"SELECT user_id, updated_at, {', '.join(FIELDS)} FROM features"


def write(store, rows):
    pipeline = store.pipeline(transaction=False)
    for row in rows:
        values = dict(zip(FIELDS, row[2:]))
        values["b1"] = int(values["b1"])
        pipeline.hset("penstock:features_v1:" + row[0], mapping=values)
    pipeline.execute()


def copy_all(connection, store):
    cursor = connection.cursor(name="rows")
    cursor.itersize = ROWS
    cursor.execute(SELECT)
    while rows := cursor.fetchmany(ROWS):
        write(store, rows)


def tick(connection, store):
    cursor = connection.cursor()
    cursor.execute("SELECT max(updated_at) FROM features")
    (last,) = cursor.fetchone()
    connection.commit()
    print("ready", flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        cursor.execute(SELECT + " WHERE updated_at > %s ORDER BY updated_at", (last,))
        rows = cursor.fetchall()
        if rows:
            last = rows[-1][1]
            write(store, rows)
        connection.commit()
        print(len(rows), time.perf_counter() - start, flush=True)


if __name__ == "__main__":
    (tick if "--ticks" in sys.argv else copy_all)(psycopg2.connect(sys.argv[1]), redis.Redis.from_url(sys.argv[2]))
