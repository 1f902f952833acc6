"""A private PostgreSQL and a private Redis on free ports, and the CPU seconds that each has used."""

import os
import pathlib
import socket
import subprocess
import time

import psycopg2
import redis


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def cpu_seconds(pid):
    """Of a process and of the children that it has reaped."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


class Postgres:
    def __init__(self, work):
        binaries = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))[-1]
        home = work / "postgres"
        home.mkdir()
        # PostgreSQL refuses to run as root.
        self._as = {}
        if os.geteuid() == 0:
            work.chmod(0o755)
            subprocess.run(["chown", "postgres", home], check=True)
            self._as = {"user": "postgres", "group": "postgres", "extra_groups": []}
        port = free_port()
        self.dsn = f"postgresql://postgres@127.0.0.1:{port}/postgres"
        self._control = [binaries / "pg_ctl", "-D", home / "data", "-l", home / "log", "-w"]
        subprocess.run([binaries / "initdb", "-D", home / "data", "-U", "postgres", "-A", "trust"], check=True, stdout=subprocess.DEVNULL, **self._as)
        options = f"-p {port} -k {home} -c listen_addresses=127.0.0.1 -c fsync=off -c max_wal_size=8GB -c autovacuum=off -c shared_buffers=512MB"
        subprocess.run([*self._control, "-o", options, "start"], check=True, stdout=subprocess.DEVNULL, **self._as)
        self._pid = int((home / "data/postmaster.pid").read_text().split()[0])
        self._connection = psycopg2.connect(self.dsn)
        self._connection.autocommit = True
        self._sessions = self._children()
        self.version = self.value("SHOW server_version").split()[0]

    def _children(self):
        return len(pathlib.Path(f"/proc/{self._pid}/task/{self._pid}/children").read_text().split())

    def execute(self, sql):
        with self._connection.cursor() as cursor:
            cursor.execute(sql)

    def value(self, sql):
        with self._connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchone()[0]

    def cpu(self):
        """Without the session that this program holds. Waits for the others to end: only then does their time count."""
        until = time.monotonic() + 10
        while self._children() > self._sessions and time.monotonic() < until:
            time.sleep(0.01)
        return cpu_seconds(self._pid)

    def cpu_of(self, application):
        """Of the sessions of an application that are open now; those that have ended do not count."""
        with self._connection.cursor() as cursor:
            cursor.execute("SELECT pid FROM pg_stat_activity WHERE application_name = %s", (application,))
            return sum(cpu_seconds(pid) for (pid,) in cursor.fetchall())

    def stop(self):
        self._connection.close()
        subprocess.run([*self._control, "-m", "immediate", "stop"], stdout=subprocess.DEVNULL, **self._as)


class Redis:
    def __init__(self, work, *more):
        self.port = free_port()
        self._process = subprocess.Popen(["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", work, *more], stdout=subprocess.DEVNULL)
        self._databases = {}
        until = time.monotonic() + 10
        while True:
            try:
                self.version = self.database(0).info("server")["redis_version"]
                return
            except redis.exceptions.ConnectionError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)

    def database(self, number):
        if number not in self._databases:
            self._databases[number] = redis.Redis(port=self.port, db=number)
        return self._databases[number]

    def url(self, number):
        return f"redis://127.0.0.1:{self.port}/{number}"

    def empty(self):
        self.database(0).flushall()

    def cpu(self):
        return cpu_seconds(self._process.pid)

    def stop(self):
        self._process.kill()
        self._process.wait()


class Cluster:
    """Masters without replicas."""

    def __init__(self, work, masters):
        self._nodes = []
        try:
            for number in range(masters):
                home = work / f"node-{number}"
                home.mkdir()
                self._nodes.append(Redis(home, "--cluster-enabled", "yes", "--cluster-port", str(free_port())))
            addresses = [f"127.0.0.1:{node.port}" for node in self._nodes]
            subprocess.run(["redis-cli", "--cluster", "create", *addresses, "--cluster-yes"], check=True, stdout=subprocess.DEVNULL)
        except BaseException:
            self.stop()
            raise
        self._url = "redis://" + ",".join(addresses)

    def url(self, _database):
        return self._url

    def empty(self):
        for node in self._nodes:
            node.database(0).flushall()

    def cpu(self):
        return sum(node.cpu() for node in self._nodes)

    def stop(self):
        for node in self._nodes:
            node.stop()
