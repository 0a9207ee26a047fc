"""The same script through every API: the clients, written from the specifications, read back what was scripted."""

from __future__ import annotations

import asyncio
import json

import aiohttp
import pytest

from tests.doubles.model_server import (
    Answer,
    Break,
    Cut,
    Hold,
    ModelServer,
    Outcome,
    Refuse,
    RunShell,
    Say,
    Think,
    Turn,
    Turns,
    Usage,
)
from tests.unit.doubles.asking import Client, dig, stream, stream_body
from tests.unit.doubles.clients import ANTHROPIC, CHAT, CLIENTS, GEMINI, RESPONSES

every_api = pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.name)
ALPHA = Turn(
    "ALPHA",
    (
        Answer((Think(("so ", "then")), Say(("Hello ", "there")), RunShell("ls -l")), Usage(100, 20, 30, 5)),
        Answer((Say(("The end",)),)),
    ),
)
SHELL_TOOLS = {"anthropic": "Bash", "responses": "exec_command", "chat": "bash", "gemini": "run_shell_command"}


@every_api
async def test_text_reasoning_call_and_usage_arrive(client: Client) -> None:
    async with ModelServer(Turns(ALPHA)) as server:
        events = await stream(server.url, client, "do ALPHA")
    assert client.text(events) == "Hello there"
    assert client.reasoning(events) == "so then"
    assert client.call(events) == (SHELL_TOOLS[client.name], {"command": "ls -l"})
    assert client.tokens(events) == (100, 20)


@every_api
async def test_next_answer_follows_the_tool(client: Client) -> None:
    async with ModelServer(Turns(ALPHA)) as server:
        body = client.answered(client.body("do ALPHA", True))
        events = await stream_body(server.url, client, body)
        record = server.journal.turns[-1]
    assert client.text(events) == "The end"
    assert record.request is not None
    assert [seen.role for seen in record.request.history] == ["user", "model", "tool"]
    assert "listed" in record.request.history[-1].text


@every_api
async def test_same_answer_without_a_stream(client: Client) -> None:
    async with (
        ModelServer(Turns(ALPHA)) as server,
        aiohttp.ClientSession(server.url) as http,
        http.post(client.whole_path, json=client.body("do ALPHA", False)) as answer,
    ):
        text = await answer.text()
        assert answer.content_type == "application/json"
    assert "Hello there" in text
    assert "ls -l" in text
    assert SHELL_TOOLS[client.name] in text


@every_api
async def test_every_piece_is_written_down_when_it_goes(client: Client) -> None:
    script = Turns(Turn("BRAVO", (Answer((Say(("one ", "two ")), Hold("gate"), Say(("three",)))),)))
    async with ModelServer(script) as server:
        asking = asyncio.create_task(stream(server.url, client, "do BRAVO"))
        await server.journal.held("gate")
        before = [sent.text for sent in server.journal.turns[0].sent]
        server.journal.release("gate")
        events = await asking
        record = server.journal.turns[0]
    assert before == ["one ", "two "]
    assert client.text(events) == record.text == "one two three"
    assert record.outcome is Outcome.DONE
    times = [record.at, *(sent.at for sent in record.sent), record.ended_at or 0.0]
    assert times == sorted(times)


@every_api
async def test_first_attempt_is_refused_and_the_second_is_not(client: Client) -> None:
    refused = Answer((Refuse(429, "Slow down.", retry_after=7),))
    script = Turns(Turn("CHARLIE", ([refused, Answer((Say(("fine",)),))],)))
    async with ModelServer(script) as server:
        body = client.body("do CHARLIE", True)
        async with aiohttp.ClientSession(server.url) as http, http.post(client.path, json=body) as answer:
            assert answer.status == 429
            assert answer.headers["Retry-After"] == "7"
            assert dig(json.loads(await answer.text()), "error", "message") == "Slow down."
        assert client.text(await stream(server.url, client, "do CHARLIE")) == "fine"
        assert [record.outcome for record in server.journal.records] == [Outcome.REFUSED, Outcome.DONE]


@every_api
async def test_cut_connection_ends_without_the_end(client: Client) -> None:
    async with ModelServer(Turns(Turn("DELTA", (Answer((Say(("half",)), Cut())),)))) as server:
        with pytest.raises(aiohttp.ClientError):
            await stream(server.url, client, "do DELTA")
        assert server.journal.records[0].outcome is Outcome.CUT


@pytest.mark.parametrize(
    ("client", "place"),
    [
        (ANTHROPIC, ("error", "message")),
        (RESPONSES, ("response", "error", "message")),
        (CHAT, ("error", "message")),
        (GEMINI, ("error", "message")),
    ],
    ids=lambda value: value.name if isinstance(value, Client) else "",
)
async def test_stream_breaks_in_the_words_of_the_api(client: Client, place: tuple[str, ...]) -> None:
    async with ModelServer(Turns(Turn("ECHO", (Answer((Say(("half",)), Break("Too much."))),)))) as server:
        events = await stream(server.url, client, "do ECHO")
    assert client.text(events) == "half"
    assert dig(events[-1].data, *place) == "Too much."


@every_api
async def test_client_that_hangs_up_is_noticed(client: Client) -> None:
    async with ModelServer(Turns(Turn("FOXTROT", (Answer((Say(("one",)), Hold("never"))),)))) as server:
        asking = asyncio.create_task(stream(server.url, client, "do FOXTROT"))
        await server.journal.held("never")
        asking.cancel()
        await server.journal.until(lambda: server.journal.records[0].outcome is Outcome.GONE, "hang-up")


@every_api
async def test_malformed_body_is_refused(client: Client) -> None:
    async with (
        ModelServer(Turns()) as server,
        aiohttp.ClientSession(server.url) as http,
        http.post(client.path, data=b'{"messages": 7, "input": 7, "contents": 7}') as answer,
    ):
        assert answer.status == 400
        assert dig(json.loads(await answer.text()), "error", "message")


@every_api
async def test_credentials_are_not_kept(client: Client) -> None:
    names = ("Authorization", "x-api-key", "x-goog-api-key")
    async with ModelServer(Turns()) as server, aiohttp.ClientSession(server.url) as http:
        headers = dict.fromkeys(names, "Bearer sk-very-secret-1234")
        async with http.post(client.path, json=client.body("hello", True), headers=headers) as answer:
            await answer.read()
        kept = server.journal.records[0].headers
    assert [kept[name.lower()] for name in names] == ["…1234"] * 3
