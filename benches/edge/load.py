"""What is asked of a server, and how the answers are read."""

import json
import os
import pathlib
import re
import subprocess

from proxies import HERE, DidNotRun, host

FOLDER = pathlib.Path(__file__).resolve().parent


def run(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        raise DidNotRun(f"{command[0]}: {done.stdout[-300:]}")
    return done.stdout


def tool(*words):
    """A task of the Rust half."""
    return json.loads(run([os.environ["EDGE_BENCH"], *map(str, words)]))


def address(proxy):
    return f"{HERE}:{proxy.port}"


def url(proxy):
    return f"https://{host(0)}:{proxy.port}/"


def costing(proxy, work):
    """What `work` measured, and the microseconds of CPU that the server used for each of its requests."""
    before = proxy.program.cpu()
    measured, requests = work()
    spent = proxy.program.cpu() - before
    proxy.program.check()
    return {**measured, "cpu": spent * 1e6 / max(requests, 1)}


def wrk(proxy, seconds, connections):
    """HTTP/1.1 over TLS."""
    output = run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", str(FOLDER / "wrk.lua"), url(proxy)])
    broken = re.search(r"Non-2xx.*|Socket errors.*", output)
    if broken:
        raise DidNotRun(broken[0])
    return {
        "rate": float(re.search(r"Requests/sec:\s+([\d.]+)", output)[1]),
        "requests": int(re.search(r"(\d+) requests in", output)[1]),
        "p50": microseconds(re.search(r"(?m)^\s*50%\s+(\S+)", output)[1]),
        "p99": microseconds(re.search(r"(?m)^\s*99%\s+(\S+)", output)[1]),
    }


def microseconds(text):
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s)", text).groups()
    return float(number) * {"us": 1, "ms": 1e3, "s": 1e6}[unit]


def h1(proxy, seconds):
    def work():
        seen = wrk(proxy, seconds, 32)
        return {"rate": seen["rate"]}, seen["requests"]

    return costing(proxy, work)


def h2(proxy, seconds):
    def work():
        output = run(["h2load", "-t1", "-c16", "-m8", f"-D{seconds}", f"--connect-to={address(proxy)}", url(proxy)])
        total, good = map(int, re.search(r"requests: (\d+) total.*?(\d+) succeeded", output).groups())
        succeeded = int(re.search(r"status codes: (\d+) 2xx", output)[1])
        if not succeeded or "Application protocol: h2" not in output:
            raise DidNotRun(f"{total} requests, {good} answered, {succeeded} of them well")
        return {"rate": succeeded / seconds}, succeeded

    return costing(proxy, work)


def latency(proxy, seconds):
    seen = wrk(proxy, seconds, 1)
    return {"p50": seen["p50"], "p99": seen["p99"]}


def visit(proxy, count):
    """Every certificate once, verified."""
    seen = tool("visit", address(proxy), proxy.certificates, count)
    if seen["failed"]:
        raise DidNotRun(f"{seen['failed']} of {count} hosts without a right certificate")


def handshakes(proxy, seconds):
    def work():
        seen = tool("handshakes", address(proxy), proxy.count, seconds)
        if seen["failed"] > seen["done"] // 1000:
            raise DidNotRun(f"{seen['failed']} handshakes failed, {seen['done']} did not")
        return {"rate": seen["per_second"]}, seen["done"]

    return costing(proxy, work)


def flood(proxy, seconds, rate):
    """The throughput of others under a flood of unknown names, as a share of that under one that its sender answers itself."""
    calm = flooded(proxy, seconds, rate, "nobody")
    return {"share": flooded(proxy, seconds, rate, address(proxy)) / calm, **refusals(proxy, rate)}


def flooded(proxy, seconds, rate, target):
    command = [os.environ["EDGE_BENCH"], "flood", target, str(rate), str(seconds + 1)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as stream:
        others = wrk(proxy, seconds, 32)["rate"]
        seen = json.loads(stream.communicate()[0])
    if seen["failed"]:
        raise DidNotRun(f"{seen['failed']} of the flood's connections got no answer")
    return others


def refusals(proxy, rate):
    """What it costs the server to refuse one name, measured alone."""

    def work():
        seen = tool("flood", address(proxy), rate, 2)
        return {}, sum(seen.values())

    return costing(proxy, work)
