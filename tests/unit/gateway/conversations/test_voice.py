from __future__ import annotations

import asyncio

import pytest

from foundation.bus import Subscription
from gateway.conversations import voice as voice_module
from gateway.conversations.voice import ChatBus, Voice
from gateway.events.chat import ChatEvent, ConversationRemoved, MessageDelta
from tests.unit.gateway.recorder import Recorder


async def test_text_is_told_at_once_then_gathered_and_never_after_what_followed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(voice_module, "GATHER_SECONDS", 3600.0)
    device, chat = Recorder(), ChatBus(100)
    voice = Voice("con_1", device, chat)
    async with voice.listen() as events:
        voice.grow("m", "p", "a")
        voice.grow("m", "p", "b")
        voice.grow("m", "p", "c")
        voice.grow("m", "q", "d")
        voice.publish(ConversationRemoved(conversation_id="con_1"))
        found = [await _next(events) for _ in range(4)]
    texts = [(event.part_id, event.text) for event in found if isinstance(event, MessageDelta)]
    assert texts == [("p", "a"), ("p", "bc"), ("q", "d")]
    assert found[-1].type == "conversation.removed"
    assert [event.type for event in device.events] == ["conversation.removed"]
    assert chat.last_id == 4


async def test_gathered_text_does_not_wait_for_more() -> None:
    voice = Voice("con_1", Recorder(), ChatBus(100))
    async with voice.listen() as events:
        voice.grow("m", "p", "a")
        voice.grow("m", "p", "b")
        async with asyncio.timeout(5):
            assert [(await _next(events)).model_dump()["text"] for _ in range(2)] == ["a", "b"]


async def test_who_comes_later_hears_nothing_of_before() -> None:
    voice = Voice("con_1", Recorder(), ChatBus(100))
    voice.grow("m", "p", "before")
    async with voice.listen() as one, voice.listen() as two:
        voice.grow("m", "p", "after")
        async with asyncio.timeout(5):
            assert [(await _next(events)).model_dump()["text"] for events in (one, two)] == ["after", "after"]


async def _next(events: Subscription[ChatEvent]) -> ChatEvent:
    return (await anext(events)).event
