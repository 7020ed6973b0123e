"""Runs the comparison and prints a table of ratios. `benches/edge/run` builds and starts it."""

import argparse
import datetime
import json
import os
import pathlib
import platform
import shutil
import signal
import statistics
import subprocess
import sys
import time

import alone
import load
from edge import Edge
from proxies import HERE, Caddy, DidNotRun, Haproxy, Nginx, NginxVariable, Program, free_port

PROXIES = [Edge, Nginx, NginxVariable, Haproxy, Caddy]
FLOOD = 1000
# Row: what it is called, the key under which it is measured, and whether more is better.
ROWS = {
    "h1": [("HTTP/1.1 requests/s", "rate", True), ("HTTP/1.1 proxy CPU per request, us", "cpu", False)],
    "h2": [("h2 requests/s", "rate", True), ("h2 proxy CPU per request, us", "cpu", False)],
    "latency": [("one connection, p50, us", "p50", False), ("one connection, p99, us", "p99", False)],
    "handshakes": [("new handshakes/s", "rate", True), ("CPU per handshake, us", "cpu", False)],
    "flood": [
        (f"throughput left under {FLOOD:,} unknown names/s", "share", True),
        ("CPU per refused name, us", "cpu", False),
    ],
}
# What only this edge is asked for; each on a start of its own.
ALONE = {"swaps": (Edge, lambda proxy, _: alone.swaps(proxy, 20)), "neighbour": (alone.Limited, alone.neighbour)}
EVERYTHING = [*ROWS, "start", *ALONE]
QUICK = ["--rounds", "2", "--seconds", "2", "--certificates", "10000"]
STARTS = [
    ("start to first handshake, s", "start", False),
    ("memory after the start, MiB", "fresh", False),
    ("memory after 10,000 names at most were visited, MiB", "visited", False),
]
# Least ratio of a row, and to whom.
RATIO_GOALS = {
    "HTTP/1.1 requests/s": (0.85, ["nginx"]),
    "h2 requests/s": (0.9, ["nginx"]),
    "new handshakes/s": (1, ["nginx", "HAProxy", "Caddy"]),
}
# What this edge itself must come to: at least, or at most where less is better.
OWN_GOALS = {
    f"throughput left under {FLOOD:,} unknown names/s": 0.95,
    "start to first handshake, s (10,000 certificates)": 2,
    "start to first handshake, s (100,000 certificates)": 5,
    "memory after the start, MiB (100,000 certificates)": 500,
}


class Results:
    """Samples by row and server, what only this edge has, and what did not run."""

    def __init__(self):
        self.samples, self.missing, self.alone = {}, [], []

    def add(self, row, proxy, value):
        self.samples.setdefault(row, {}).setdefault(proxy, []).append(value)

    def skip(self, what, proxy, reason):
        say(f"{what}, {proxy}: did not run: {reason}")
        self.missing.append(f"{what}, {proxy}: {reason}")

    def median(self, row, proxy):
        values = self.samples.get(row, {}).get(proxy)
        return statistics.median(values) if values else None


def say(text):
    print(text, file=sys.stderr, flush=True)


def main():
    options = arguments()
    # Ended from outside it still stops what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    place = pathlib.Path("target/bench-edge").resolve()
    shutil.rmtree(place / "work", ignore_errors=True)
    kinds = [kind for kind in PROXIES if kind.name not in options.without]
    results, titles = Results(), []
    upstream_at = f"{HERE}:{free_port()}"
    upstream = Program("the upstream", [os.environ["EDGE_BENCH"], "upstream", upstream_at], place / "work/upstream")
    try:
        for count in options.certificates:
            first = count == options.certificates[0]
            folder = certificates(place, count)
            proxies = [kind(place / "work", folder, count, upstream_at) for kind in kinds]
            titles += measure_count(proxies, count, options, results, options.only if first else [])
            if first:
                measure_alone(place, folder, count, upstream_at, options, results)
    finally:
        upstream.stop()
    report(results, titles, kinds, options, place)


def arguments():
    parser = argparse.ArgumentParser(prog="benches/edge/run", description=__doc__)
    numbers = lambda text: [int(number) for number in text.split(",")]
    names = lambda text: [name for name in text.split(",") if name]
    parser.add_argument("--rounds", type=int, default=4, help="turns of each server in each row (4)")
    parser.add_argument("--seconds", type=int, default=3, help="length of a turn (3)")
    parser.add_argument("--quick", action="store_true", help=f"as {' '.join(QUICK)}: all rows in some minutes, roughly")
    parser.add_argument("--only", type=names, default=EVERYTHING, help=f"of {','.join(EVERYTHING)}")
    parser.add_argument("--certificates", type=numbers, default=[10_000, 100_000], help="10000,100000; the first is for all rows")
    parser.add_argument("--without", action="append", default=[], help=f"leave out a server: {'; '.join(kind.name for kind in PROXIES)}")
    parser.add_argument("--limit", type=int, default=200, help="seconds that a server may take to start (200)")
    words = sys.argv[1:]
    return parser.parse_args([*QUICK, *words] if "--quick" in words else words)


def certificates(place, count):
    """A folder of that many certificates that are good for another month."""
    folder = place / f"certificates-{count}"
    made = folder / "made"
    if not made.exists() or time.time() - made.stat().st_mtime > 30 * 86_400:
        say(f"making {count:,} certificates")
        shutil.rmtree(folder, ignore_errors=True)
        load.run([os.environ["EDGE_BENCH"], "certificates", str(folder), str(count)])
        made.touch()
    return folder


def measure_count(proxies, count, options, results, rows):
    """Everything with that many certificates; returns the titles of its rows."""
    titles = []
    wants_start = "start" in options.only
    turns = min(options.rounds, 3) if wants_start and count <= 10_000 else 1
    together = any(row in ROWS for row in rows)
    alive = []
    try:
        for proxy in proxies:
            if start(proxy, count, options, results, turns) and together:
                alive.append(proxy)
            else:
                proxy.stop()
        if wants_start:
            titles += [(f"{title} ({count:,} certificates)", better) for title, _, better in STARTS]
        for row in rows:
            if row in ROWS:
                measure_row(row, alive, options, results)
                titles += [(title, better) for title, _, better in ROWS[row]]
    finally:
        for proxy in proxies:
            proxy.stop()
    return titles


def measure_alone(place, folder, count, upstream_at, options, results):
    for row, (kind, work) in ALONE.items():
        if row not in options.only or Edge.name in options.without:
            continue
        proxy = kind(place / "work" / row, folder, count, upstream_at)
        try:
            proxy.fill_store()
            proxy.start(options.limit)
            proxy.wait_for_snapshot(options.limit)
            for what, seen in work(proxy, options.rounds):
                say(f"{what}: {seen}")
                results.alone.append((what, seen))
        except DidNotRun as reason:
            results.skip(row, proxy.name, reason)
        finally:
            proxy.stop()


def start(proxy, count, options, results, turns):
    """Starts it `turns` times; it stays up after the last. False where it could not."""
    title = f"{count:,} certificates"
    try:
        for what, seconds in proxy.seed(options.limit):
            say(f"{title}, {proxy.name}: {what}: {seconds:.2f} s")
            results.alone.append((f"{what} ({title})", f"{seconds:.2f} s"))
        for turn in range(turns):
            proxy.stop()
            seconds = proxy.start(options.limit)
            fresh = proxy.program.memory()
            say(f"{title}, {proxy.name}: up after {seconds:.2f} s, {fresh:.0f} MiB")
            values = {"start": seconds, "fresh": fresh}
            if turn + 1 == turns:
                load.visit(proxy, min(count, 10_000))
                values["visited"] = proxy.program.memory()
            for name, key, _ in STARTS:
                if key in values:
                    results.add(f"{name} ({title})", proxy.name, values[key])
        return True
    except DidNotRun as reason:
        results.skip(title, proxy.name, reason)
        return False


def measure_row(row, proxies, options, results):
    """In turns; who was first is last in the next round."""
    work = {
        "h1": load.h1,
        "h2": load.h2,
        "latency": load.latency,
        "handshakes": load.handshakes,
        "flood": lambda proxy, seconds: load.flood(proxy, seconds, FLOOD),
    }[row]
    lost = set()
    for turn in range(options.rounds):
        cut = turn % max(len(proxies), 1)
        for proxy in proxies[cut:] + proxies[:cut]:
            if proxy.name in lost:
                continue
            try:
                values = work(proxy, options.seconds)
            except DidNotRun as reason:
                lost.add(proxy.name)
                results.skip(row, proxy.name, reason)
                continue
            say(f"{row} {turn + 1}/{options.rounds}, {proxy.name}: " + ", ".join(f"{key} {value:.6g}" for key, value in values.items()))
            for title, key, _ in ROWS[row]:
                results.add(title, proxy.name, values[key])


def report(results, titles, kinds, options, place):
    edge, peers = Edge.name, [kind.name for kind in kinds if kind is not Edge]
    print(f"\n{machine()}; {options.rounds} turns of {options.seconds} s each, medians\n")
    print(f"This edge relative to its peers. Of a row marked v, less is better.\n\n| | {' | '.join(peers)} | goal |\n|---|{'---|' * len(peers)}---|")
    for title, more in titles:
        ratios = {peer: ratio(results.median(title, edge), results.median(title, peer)) for peer in peers}
        print(f"| {title}{'' if more else ' v'} | {' | '.join(map(number, ratios.values()))} | {ratio_goal(title, ratios)} |")
    print(f"\nAs measured:\n\n| | {' | '.join([edge, *peers])} | goal of this edge |\n|---|{'---|' * (len(peers) + 1)}---|")
    for title, more in titles:
        cells = [number(results.median(title, name)) for name in [edge, *peers]]
        print(f"| {title} | {' | '.join(cells)} | {own_goal(title, more, results.median(title, edge))} |")
    if results.alone:
        print("\nThis edge alone:\n\n| | |\n|---|---|")
    for what, seen in results.alone:
        print(f"| {what} | {seen} |")
    print("\nDid not run:" if results.missing else "\nEverything ran.")
    for line in results.missing:
        print(f"- {line}")
    file = place / "results.json"
    file.write_text(json.dumps({"machine": machine(), "samples": results.samples, "alone": results.alone, "missing": results.missing}, indent=1))
    print(f"\nEvery sample: {file}")


def ratio(mine, theirs):
    return mine / theirs if mine and theirs else None


def ratio_goal(title, ratios):
    if title not in RATIO_GOALS:
        return ""
    least, peers = RATIO_GOALS[title]
    seen = [ratios.get(peer) for peer in peers]
    missed = any(value is not None and value < least for value in seen)
    return f"{least} of {', '.join(peers)}{': missed' if missed else ''}"


def own_goal(title, more, seen):
    if title not in OWN_GOALS:
        return ""
    goal = OWN_GOALS[title]
    missed = seen is not None and (seen < goal if more else seen > goal)
    return f"{goal}{': missed' if missed else ''}"


def number(value):
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def machine():
    """What the numbers were taken on."""
    versions = [
        subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False).stdout.split("\n")[0]
        for command in (["nginx", "-v"], ["haproxy", "-v"], ["caddy", "version"])
    ]
    names = [versions[0].replace("nginx version: ", ""), " ".join(versions[1].split()[:3]), f"Caddy {versions[2].split()[0]}"]
    load_now = f"load {os.getloadavg()[0]:.1f}"
    return ", ".join([datetime.date.today().isoformat(), f"{os.cpu_count()} cores", f"Linux {platform.release()}", load_now, *names])


if __name__ == "__main__":
    main()
