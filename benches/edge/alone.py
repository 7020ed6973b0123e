"""What is asked of this edge alone: new versions under load, and a neighbour that floods."""

import json
import os
import signal
import statistics
import subprocess
import time

import load
from edge import Edge
from proxies import DidNotRun, host

# Of an agency, a second. Low, so that a hundred times as much fits beside everything else on a small machine.
LIMIT = 50
FLOOD = 100 * LIMIT
NEIGHBOUR = 40
# Each second of a turn is so many requests of the neighbour's: this many make its 99th percentile one of several.
TURN = 10


class Limited(Edge):
    """With limits that somebody reaches."""

    limits = {"agency": f"{LIMIT}/{LIMIT}"}


def asking(proxy, number, protocol, connections, rate, seconds):
    """Clients of one host, under way."""
    words = ["ask", load.address(proxy), host(number), protocol, connections, rate, seconds]
    return subprocess.Popen([os.environ["EDGE_BENCH"], *map(str, words)], stdout=subprocess.PIPE, text=True)


def answers(clients):
    return json.loads(clients.communicate()[0])


def swaps(proxy, count):
    """Yields what `count` new versions in a row cost clients on connections that they keep as long as they may."""
    length = 3 * count
    everything = {
        "HTTP/1.1": asking(proxy, 0, "h1", 16, 2000, length),
        "h2": asking(proxy, 0, "h2", 8, 2000, length),
    }
    begun = time.monotonic()
    try:
        for _ in range(count):
            replace(proxy)
        seconds = time.monotonic() - begun
        seen = {name: answers(clients) for name, clients in everything.items()}
    finally:
        for clients in everything.values():
            clients.kill()
    if seconds > length:
        raise DidNotRun(f"{count} versions took {seconds:.0f} s, the load only {length} s")
    told = []
    for name, one in seen.items():
        failed = one["failed"] + one["other"] + one["limited"]
        told.append(f"{failed} of {one['good'] + failed:,} on {name}")
    yield f"failed requests while {count} versions take over from each other", f"{', '.join(told)}; {seconds / count:.1f} s each"


def replace(proxy):
    """Asks the running version to give its sockets to a new one, and waits until that is alone."""
    running = alive(proxy)
    if len(running) != 1:
        raise DidNotRun(f"{len(running)} processes where one version should run")
    os.kill(running[0], signal.SIGUSR2)
    begun = time.monotonic()
    while True:
        left = alive(proxy)
        if len(left) == 1 and left != running:
            return
        if not left or time.monotonic() - begun > 60:
            raise DidNotRun(f"the new version did not take over: {proxy.program.last_words()}")
        time.sleep(0.05)


def alive(proxy):
    """Who has ended is still there, as a zombie, until somebody asks how."""
    return [pid for pid, fields in proxy.program.pids() if fields[0] != "Z"]


def neighbour(proxy, rounds):
    """Yields the 99th percentile of one agency while another one asks for a hundred times its limit, and while none does."""
    calm, flooded, refused = [], [], 0
    for _ in range(rounds):
        calm.append(percentile(proxy))
        flood = asking(proxy, 10, "h1", 64, FLOOD, TURN + 1)
        time.sleep(0.5)
        flooded.append(percentile(proxy))
        refused += answers(flood)["limited"]
    noise = max(calm) - min(calm)
    more = statistics.median(flooded) / statistics.median(calm) - 1
    yield (
        f"a neighbour's p99 while an agency asks for {FLOOD:,}/s of its {LIMIT}/s",
        f"{statistics.median(flooded):,.0f} us, {more:+.0%}; without the flood {statistics.median(calm):,.0f} us, "
        f"between its turns {noise:,.0f} us; {refused:,} refused",
    )


def percentile(proxy):
    seen = answers(asking(proxy, 0, "h1", 8, NEIGHBOUR, TURN))
    if seen["failed"] or seen["other"] or seen["limited"]:
        raise DidNotRun(f"the neighbour's requests: {seen}")
    return seen["p99_us"]
