"""This edge as one of the servers of the comparison."""

import base64
import os

from proxies import HERE, DidNotRun, Proxy, free_port


class Edge(Proxy):
    name = "this edge"

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.database = f"sqlite://{self.work}/latchkey.db"
        self.key = base64.b64encode(os.urandom(32)).decode()

    def seed(self):
        raise DidNotRun("nothing puts certificates into its store yet")

    def prepare(self):
        return [os.environ["LATCHKEY"], "proxy"], {
            "LATCHKEY_DATABASE_URL": self.database,
            "LATCHKEY_EDGE_KEY": self.key,
            "LATCHKEY_EDGE_SECRET": "only-for-the-benchmark",
            "LATCHKEY_PLATFORM_HOST": "platform.example",
            "LATCHKEY_HTTP_LISTEN": f"{HERE}:{free_port()}",
            "LATCHKEY_HTTPS_LISTEN": f"{HERE}:{self.port}",
            "LATCHKEY_ADMIN_LISTEN": f"{HERE}:{free_port()}",
            "LATCHKEY_APP_UPSTREAMS": self.upstream,
            "LATCHKEY_ISSUER": "internal",
            "LATCHKEY_DATA_DIR": str(self.work / "data"),
            "LATCHKEY_LOG": "warn",
        }
