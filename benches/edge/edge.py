"""This edge as one of the servers of the comparison."""

import base64
import os
import shutil
import time

import load
from proxies import HERE, PLATFORM, DidNotRun, Proxy, free_port

LIMITS = ["agency", "agency-api", "agency-link", "agency-sign-in", "agency-page", "client", "link", "sign-in", "api", "asset"]


class Edge(Proxy):
    name = "this edge"
    # Beside those that one client must not reach here.
    limits = {}

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.file = self.work / "latchkey.db"
        self.key = None

    def seed(self, limit):
        """Yields what is only measured here: seconds to the first handshake in other circumstances than the peers know."""
        self.fill_store()
        yield "first start, from the database", self.start(limit)
        self.wait_for_snapshot(limit)
        self.stop()
        away = self.file.rename(self.file.with_suffix(".away"))
        yield "start with the database away", self.start(limit)
        load.visit(self, min(self.count, 10_000))
        self.stop()
        away.rename(self.file)

    def fill_store(self):
        """Once for a folder of certificates; every run takes a copy."""
        made, key = self.certificates / "edge.db", self.certificates / "edge.key"
        if not key.exists():
            made.unlink(missing_ok=True)
            new = base64.b64encode(os.urandom(32)).decode()
            load.run([os.environ["EDGE_BENCH"], "seed", f"sqlite://{made}", new, str(self.certificates), str(self.count)])
            key.write_text(new)
        self.key = key.read_text()
        shutil.copy(made, self.file)
        load.run(["env", f"LATCHKEY_DATABASE_URL=sqlite://{self.file}", os.environ["LATCHKEY"], "migrate"])

    def wait_for_snapshot(self, limit):
        """Until its copy of everything is on disk."""
        begun = time.monotonic()
        while not (self.work / "data/snapshot").exists():
            self.program.check()
            if time.monotonic() - begun > limit:
                raise DidNotRun("it wrote no snapshot")
            time.sleep(0.1)
        time.sleep(2)

    def prepare(self):
        limits = [f"{name}={self.limits.get(name, '1000000/1000000')}" for name in LIMITS]
        return [os.environ["LATCHKEY"], "proxy"], {
            "LATCHKEY_DATABASE_URL": f"sqlite://{self.file}",
            "LATCHKEY_EDGE_KEY": self.key,
            "LATCHKEY_EDGE_SECRET": "only-for-the-benchmark",
            "LATCHKEY_PLATFORM_HOST": f"{PLATFORM}.example",
            "LATCHKEY_HTTP_LISTEN": f"{HERE}:{free_port()}",
            "LATCHKEY_HTTPS_LISTEN": f"{HERE}:{self.port}",
            "LATCHKEY_ADMIN_LISTEN": f"{HERE}:{free_port()}",
            "LATCHKEY_APP_UPSTREAMS": self.upstream,
            "LATCHKEY_DATA_DIR": str(self.work / "data"),
            # Counted as ever; one client is as good as all of them here.
            "LATCHKEY_LIMITS": ", ".join([*limits, "concurrency=100000/100000"]),
            # Nothing here is to be asked of others.
            "LATCHKEY_ISSUER": "internal",
            "LATCHKEY_DNS_SERVERS": f"{HERE}:9",
            "LATCHKEY_LOG": "warn",
        }
