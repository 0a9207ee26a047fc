"""An answer on its way into the store while the turn ends: what began to be written is known to be there."""

from __future__ import annotations

import asyncio

import pytest

from gateway.conversations.ids import Ids
from gateway.conversations.permissions import Permissions
from gateway.conversations.records.messages import MessageRecords
from gateway.conversations.turning import Turning
from gateway.conversations.types import Message, TurnState
from gateway.conversations.updates import Said
from tests.integration.conversations.rig import Rig, words


class Lingering(MessageRecords):
    """A store that has taken a message and is slow to say so."""

    def __init__(self, records: MessageRecords) -> None:
        super().__init__(records._store)
        self.taken = asyncio.Event()
        self.go_on = asyncio.Event()

    async def add(self, message: Message) -> None:
        await super().add(message)
        self.taken.set()
        await self.go_on.wait()


async def test_a_write_that_is_cut_off_is_not_made_again(rig: Rig) -> None:
    talk = await rig.begin()
    first = await rig.do(talk, "say before")
    records = Lingering(rig.conversations._messages)
    async with rig.conversations._lives.hold(talk.id) as live:
        assert live.last_turn is not None
        turning = Turning(live, live.last_turn, Permissions(), records, Ids())
        turning.told([Said("Half of it")])
        flush = asyncio.create_task(turning.flush())
        await records.taken.wait()
        flush.cancel()
        records.go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await flush
        turning.told([Said(", and the rest.")])
        await turning.flush()
    said = await rig.answer(talk)
    assert (said.turn_id, words(said.parts)) == (first.id, "Half of it, and the rest.")


async def test_a_turn_whose_end_cannot_be_written_ends_all_the_same(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    talk = await rig.begin()
    runner = rig.conversations._runner

    class Broken(MessageRecords):
        async def add(self, message: Message) -> None:
            raise RuntimeError("what nobody thought of")

    kept = runner._messages
    monkeypatch.setattr(runner, "_messages", Broken(kept._store))
    turn = await rig.do(talk, "say lost")
    assert turn.state is TurnState.DONE
    monkeypatch.setattr(runner, "_messages", kept)
    again = await rig.do(talk, "say heard")
    assert (again.state, await rig.said(talk)) == (TurnState.DONE, "heard")
