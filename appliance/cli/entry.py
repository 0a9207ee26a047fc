"""What the ``hutch`` program begins with: the broker starts without loading anything else."""

from __future__ import annotations

import sys


def main() -> int:
    """Run one command."""
    if sys.argv[1:2] == ["broker"]:
        from appliance.cli.broker import main as broker

        return broker(sys.argv[2:])
    from appliance.cli.main import main as everything

    return everything()


if __name__ == "__main__":
    sys.exit(main())
