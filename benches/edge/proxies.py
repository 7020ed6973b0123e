"""The servers of the comparison: their settings, their start, and what they cost."""

import json
import os
import pathlib
import signal
import socket
import ssl
import subprocess
import time

TICK = os.sysconf("SC_CLK_TCK")
HERE = "127.0.0.1"
PLATFORM = "platform"


def host(number):
    """As the Rust half names them: every tenth is an agency's own, under the platform's."""
    return f"t{number:06}.{'clients' if number % 10 else PLATFORM}.example"


def free_port():
    with socket.socket() as probe:
        probe.bind((HERE, 0))
        return probe.getsockname()[1]


class DidNotRun(Exception):
    """Says why in its text."""


class Program:
    """A process and its children, in a session of their own."""

    def __init__(self, name, command, work, env=None):
        self.name = name
        self.log = work / "log"
        work.mkdir(parents=True, exist_ok=True)
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command, cwd=work, env={**os.environ, **(env or {})}, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    def pids(self):
        for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = path.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[3]) == self.process.pid:
                yield int(path.parent.name), fields

    def cpu(self):
        """Seconds that all of its processes have used."""
        return sum(int(fields[11]) + int(fields[12]) for _, fields in self.pids()) / TICK

    def memory(self):
        """Proportional set size in MiB."""
        total = 0
        for pid, _ in self.pids():
            try:
                lines = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            except OSError:
                continue
            total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
        return total / 1024

    def check(self):
        if self.process.poll() is not None:
            raise DidNotRun(f"{self.name} ended: {self.last_words()}")

    def last_words(self):
        return " / ".join(self.log.read_text(errors="replace").splitlines()[-3:]) or "it said nothing"

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                pass
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()


class Proxy:
    """One server with the certificates of a folder; a subclass says how it is set up."""

    name = "?"

    def __init__(self, place, certificates, count, upstream):
        self.work = place / f"{self.name.replace(' ', '-')}-{count}"
        self.work.mkdir(parents=True, exist_ok=True)
        self.certificates, self.count, self.upstream = certificates, count, upstream
        self.port = free_port()
        self.program = None

    def seed(self, _limit):
        """What has to be there before the first start, and what is measured on the way."""
        return ()

    def prepare(self):
        """Writes the settings; returns the command and what its environment has on top."""
        raise NotImplementedError

    def start(self, limit):
        """Seconds from its start until it has shaken hands."""
        command, env = self.prepare()
        begun = time.monotonic()
        self.program = Program(self.name, command, self.work, env)
        try:
            while not self.shakes_hands():
                self.program.check()
                if time.monotonic() - begun > limit:
                    raise DidNotRun(f"no handshake within {limit} s: {self.program.last_words()}")
                time.sleep(0.005)
        except DidNotRun:
            self.stop()
            raise
        return time.monotonic() - begun

    def shakes_hands(self):
        trust = ssl.create_default_context(cafile=self.certificates / "root.pem")
        try:
            with socket.create_connection((HERE, self.port), 5) as plain:
                with trust.wrap_socket(plain, server_hostname=host(self.count - 1)):
                    return True
        except OSError:
            return False

    def stop(self):
        if self.program:
            self.program.stop()
            self.program = None


class Nginx(Proxy):
    name = "nginx"

    def server(self, names, certificate):
        return f"""
  server {{
    listen {HERE}:{self.port} ssl http2;
    server_name {names};
    ssl_certificate {self.certificates}/hosts/{certificate}.pem;
    ssl_certificate_key {self.certificates}/hosts/{certificate}.pem;
    location / {{ proxy_pass http://app; }}
  }}"""

    def servers(self):
        refuse = f"""
  server {{
    listen {HERE}:{self.port} ssl http2 default_server backlog=4096;
    ssl_reject_handshake on;
  }}"""
        return refuse + "".join(self.server(host(n), host(n)) for n in range(self.count))

    def prepare(self):
        settings = f"""
daemon off;
{'user root;' if os.geteuid() == 0 else ''}
worker_processes auto;
pid {self.work}/pid;
error_log stderr crit;
worker_rlimit_nofile 16384;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  client_body_temp_path {self.work}/body;
  proxy_temp_path {self.work}/proxy;
  fastcgi_temp_path {self.work}/fastcgi;
  uwsgi_temp_path {self.work}/uwsgi;
  scgi_temp_path {self.work}/scgi;
  keepalive_requests 100000000;
  server_names_hash_max_size {4 * self.count};
  server_names_hash_bucket_size 128;
  ssl_protocols TLSv1.3;
  ssl_ecdh_curve X25519;
  upstream app {{ server {self.upstream}; keepalive 128; keepalive_requests 100000000; }}
  proxy_http_version 1.1;
  proxy_set_header Connection "";
  proxy_set_header Host $host;
  proxy_set_header X-Forwarded-For $remote_addr;
  proxy_set_header X-Forwarded-Proto $scheme;
{self.servers()}
}}
"""
        (self.work / "nginx.conf").write_text(settings)
        return ["nginx", "-p", str(self.work), "-e", "stderr", "-c", str(self.work / "nginx.conf")], None


class NginxVariable(Nginx):
    """Reads the certificate's file at every handshake."""

    name = "nginx, variable certificate"

    def servers(self):
        return self.server("~.", "$ssl_server_name").replace(" ssl http2;", " ssl http2 default_server backlog=4096;", 1)


class Haproxy(Proxy):
    name = "HAProxy"

    def prepare(self):
        settings = f"""
global
  maxconn 8000
  ssl-default-bind-options ssl-min-ver TLSv1.3
  ssl-default-bind-curves X25519
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  http-reuse always
frontend edge
  bind {HERE}:{self.port} ssl crt {self.certificates}/hosts alpn h2,http/1.1 strict-sni
  http-request set-header X-Forwarded-For %[src]
  http-request set-header X-Forwarded-Proto https
  default_backend app
backend app
  server app {self.upstream}
"""
        (self.work / "haproxy.cfg").write_text(settings)
        return ["haproxy", "-db", "-f", str(self.work / "haproxy.cfg")], None


class Caddy(Proxy):
    name = "Caddy"

    def prepare(self):
        server = {
            "listen": [f"{HERE}:{self.port}"],
            "protocols": ["h1", "h2"],
            "automatic_https": {"disable": True},
            "tls_connection_policies": [{"protocol_min": "tls1.3", "curves": ["x25519"]}],
            "routes": [{"handle": [{"handler": "reverse_proxy", "upstreams": [{"dial": self.upstream}]}]}],
        }
        settings = {
            "admin": {"disabled": True, "config": {"persist": False}},
            "logging": {"logs": {"default": {"level": "ERROR"}}},
            "apps": {
                "http": {"servers": {"edge": server}},
                "tls": {"certificates": {"load_folders": [f"{self.certificates}/hosts"]}},
            },
        }
        (self.work / "caddy.json").write_text(json.dumps(settings))
        return ["caddy", "run", "--config", str(self.work / "caddy.json")], {"HOME": str(self.work), "XDG_DATA_HOME": str(self.work)}
