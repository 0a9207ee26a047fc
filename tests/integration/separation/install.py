"""Installs a packed CLI as the daemon does: ``python -m … BROKER PREFIX TARBALL``; says how that went as JSON."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import replace
from pathlib import Path

from appliance.separation import agents_account, agents_user
from gateway.agents.installer import Agents
from gateway.events.types import DeviceBus
from tests.integration.agents.test_installing import TINY
from tests.integration.separation.accounts import AGENTS


async def main(broker: Path, prefix: Path, tarball: str) -> None:
    """Install it through the broker."""
    account = await agents_account(agents_user(AGENTS.pw_name), broker, {})
    try:
        agents = Agents(prefix, DeviceBus(), catalog={"tiny": replace(TINY, source=tarball)}, programs=account)
        status = await agents.install("tiny")
    finally:
        await account.close()
    sys.stdout.write(json.dumps({"version": status.version, "installed": status.installed}))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]))
