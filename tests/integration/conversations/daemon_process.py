"""A daemon's conversations in a process of their own, to be killed: ``python -m … ROOT OPTIONS STEPS…``.

Says the conversation's id once the words of the first answer are in the store.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from foundation.store.database import Store
from gateway.conversations.records.messages import MessageRecords
from gateway.conversations.types import NewMessage
from gateway.store.schema import DEVICE_SCHEMA
from tests.doubles.acp_agent import ScriptedCommands
from tests.integration.conversations.rig import running


async def main(root: Path, options: list[str], prompts: list[str]) -> None:
    """Begin, send, wait until the store has the beginning of the answer, say so, and go on until killed."""
    async with running(root, scripted=ScriptedCommands(root / "agent-state", options=options)) as rig:
        talk = await rig.begin()
        for prompt in prompts:
            await rig.conversations.send(talk.id, NewMessage(prompt, by="ann"))
        store = await Store.open(f"sqlite:///{root}/hutch.db", DEVICE_SCHEMA)
        records = MessageRecords(store)
        while not any(one.role == "agent" and one.parts for one in await records.page(talk.id)):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        sys.stdout.write(f"{talk.id}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), json.loads(sys.argv[2]), sys.argv[3:]))
