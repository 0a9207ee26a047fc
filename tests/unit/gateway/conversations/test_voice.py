from __future__ import annotations

import asyncio

from foundation.bus import Subscription
from gateway.conversations.voice import HISTORY, ChatBus, Voice
from gateway.events.chat import ChatEvent, ConversationRemoved, MessageDelta
from tests.unit.gateway.recorder import Recorder


async def test_text_is_told_at_once_then_gathered_and_never_after_what_followed() -> None:
    device, chat = Recorder(), ChatBus(100)
    voice = Voice("con_1", device, chat)
    async with voice.own.subscribe() as events:
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
    assert chat.last_id == voice.own.last_id == 4
    assert HISTORY >= 256


async def test_gathered_text_does_not_wait_for_more() -> None:
    voice = Voice("con_1", Recorder(), ChatBus(100))
    async with voice.own.subscribe() as events:
        voice.grow("m", "p", "a")
        voice.grow("m", "p", "b")
        async with asyncio.timeout(5):
            assert [(await _next(events)).model_dump()["text"] for _ in range(2)] == ["a", "b"]


async def _next(events: Subscription[ChatEvent]) -> ChatEvent:
    return (await anext(events)).event
