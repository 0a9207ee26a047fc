from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

from gateway.conversations.types import TurnState
from gateway.events.chat import ChatEvent, ConversationChanged
from tests.integration.conversations.rig import CONFIG, SECONDS, running, until


async def test_an_idle_agent_makes_room_and_wakes_with_its_memory(tmp_path: Path) -> None:
    async with running(tmp_path, replace(CONFIG, max_awake=1)) as rig:
        one, two = await rig.begin(), await rig.begin()
        await rig.do(one, "say one")
        assert (await rig.conversations.get(one.id)).awake
        await rig.do(two, "say two")
        assert not (await rig.conversations.get(one.id)).awake
        assert (await rig.conversations.get(two.id)).awake
        await rig.do(one, "memory")
        assert json.loads(await rig.said(one)) == ["say one"]


async def test_many_at_once_share_the_places(tmp_path: Path) -> None:
    async with running(tmp_path, replace(CONFIG, max_awake=2)) as rig:
        talks = [await rig.begin() for _ in range(5)]
        awake: set[str] = set()
        most = 0

        async def count() -> None:
            nonlocal most
            async with rig.bus.subscribe() as events:
                async for published in events:
                    event = published.event
                    if isinstance(event, ConversationChanged):
                        (awake.add if event.awake else awake.discard)(event.conversation_id)
                        most = max(most, len(awake))

        counting = asyncio.create_task(count())
        turns = await asyncio.gather(*(rig.do(talk, f"say {talk.id}") for talk in talks))
        counting.cancel()
        await asyncio.gather(counting, return_exceptions=True)
        assert [turn.state for turn in turns] == [TurnState.DONE] * 5
        assert [await rig.said(talk) for talk in talks] == [talk.id for talk in talks]
        assert most == 2


async def test_a_message_that_waits_for_a_place_can_be_cancelled(tmp_path: Path) -> None:
    async with running(tmp_path, replace(CONFIG, max_awake=1)) as rig:
        busy, waiting = await rig.begin(), await rig.begin()
        async with rig.following(busy) as events, rig.following(waiting) as others:
            await rig.send(busy, "say x", "wait")
            await until(events, "message.added")
            await until(events, "message.added")
            turn = await rig.send(waiting, "say y")
            await until(others, "turn.started")
            assert await rig.conversations.cancel(waiting.id)
            assert (await rig.conversations.wait(waiting.id, turn.id)).state is TurnState.CANCELLED
            await rig.conversations.cancel(busy.id)


async def test_agents_that_idle_are_put_to_sleep(tmp_path: Path) -> None:
    async with running(tmp_path, replace(CONFIG, idle_seconds=0.3)) as rig:
        talk = await rig.begin()
        async with rig.following(talk) as events:
            sweeping = asyncio.create_task(rig.conversations.run())
            await rig.do(talk, "say x")
            async with asyncio.timeout(SECONDS):
                assert await _until_asleep(events)
            sweeping.cancel()
            await asyncio.gather(sweeping, return_exceptions=True)
        assert not (await rig.conversations.get(talk.id)).awake


async def _until_asleep(events: AsyncIterator[ChatEvent]) -> bool:
    woke = False
    async for event in events:
        if isinstance(event, ConversationChanged):
            if woke and not event.awake:
                return True
            woke = event.awake
    return False
