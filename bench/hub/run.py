"""``python -m bench.hub.run``: measure the hub beside its peers (``make bench-hub``)."""

from __future__ import annotations

import argparse
import resource
import sys
from pathlib import Path

from bench.hub.report import Run, as_text, write_page
from bench.hub.scenarios import ALL, CORE, FULL, QUICK, SCENARIOS, SERVERS

PAGE = Path(__file__).parents[2] / "docs" / "performance-hub.md"


def main(arguments: list[str]) -> int:
    """Run what is asked for, print the tables; a whole run also writes docs/performance-hub.md."""
    parser = argparse.ArgumentParser(prog="make bench-hub", description=__doc__)
    parser.add_argument("--only", default=",".join(SCENARIOS), help="scenarios, with commas between")
    parser.add_argument("--servers", default=",".join(ALL), help="whole, hub, raw, nats, with commas between")
    parser.add_argument("--quick", action="store_true", help="2,000 devices and 3 s each, to see that it works")
    chosen = parser.parse_args(arguments)
    size = QUICK if chosen.quick else FULL
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    run: Run = {}
    only, servers = chosen.only.split(","), chosen.servers.split(",")
    for name in only:
        for server in SERVERS.get(name, CORE):
            if server in servers:
                run[name, server] = SCENARIOS[name](server, size)
                sys.stderr.write(f"{name} {server}: {run[name, server]}\n")
    text = as_text(run, size)
    sys.stdout.write(text + "\n")
    if set(only) == set(SCENARIOS) and set(servers) == set(ALL):
        write_page(text, size, PAGE)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
