"""What clients of the four APIs send, and what they read out of the streams, by the public specifications."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import aiohttp

Json = dict[str, object]
PARAMETERS: Json = {"type": "object", "properties": {"command": {"type": "string"}}, "required": ["command"]}


@dataclass(frozen=True)
class Event:
    """A server-sent event: its name, and its data as JSON, or as text where it is none."""

    name: str
    data: Json
    text: str


@dataclass(frozen=True)
class Client:
    """One API: where it is asked, how, and what its streams hold."""

    name: str
    path: str
    whole_path: str
    body: Callable[[str, bool], Json]
    text: Callable[[Sequence[Event]], str]
    reasoning: Callable[[Sequence[Event]], str]
    call: Callable[[Sequence[Event]], tuple[str, Json]]
    tokens: Callable[[Sequence[Event]], tuple[int, int]]
    answered: Callable[[Json], Json]
    """From a body, the one that follows once the tool has answered."""


def dig(value: object, *path: str | int) -> object:
    """What lies at a path of names and places; None where there is nothing."""
    for step in path:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int):
            value = value[step] if -len(value) <= step < len(value) else None
        else:
            return None
    return value


def joined(events: Sequence[Event], kind: str | None, *path: str | int) -> str:
    """The texts at a path of all events (of one type), put together."""
    found = (dig(event.data, *path) for event in events if kind is None or event.data.get("type") == kind)
    return "".join(text for text in found if isinstance(text, str))


def of_type(events: Sequence[Event], kind: str) -> list[Json]:
    """The data of the events of one type."""
    return [event.data for event in events if event.data.get("type") == kind]


def read_events(raw: str) -> list[Event]:
    """The events of a whole stream."""
    events = []
    for block in raw.split("\n\n"):
        fields: Mapping[str, str] = dict(line.split(": ", 1) for line in block.splitlines())
        if fields:
            text = fields["data"]
            data = cast(Json, json.loads(text)) if text.startswith("{") else {}
            events.append(Event(fields.get("event", ""), data, text))
    return events


async def stream(url: str, client: Client, prompt: str) -> list[Event]:
    """Ask for a stream and read it to its end."""
    return await stream_body(url, client, client.body(prompt, True))


async def stream_body(url: str, client: Client, body: Json) -> list[Event]:
    """The same with a body of the test's own."""
    async with aiohttp.ClientSession(url) as http, http.post(client.path, json=body) as answer:
        assert answer.status == 200
        assert answer.content_type == "text/event-stream"
        return read_events(await answer.text())
