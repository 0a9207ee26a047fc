"""Which answer a request gets, and which tool a step becomes."""

from __future__ import annotations

import json
from typing import cast

import aiohttp
import pytest

from tests.doubles.model_server import (
    Answer,
    Call,
    ModelRequest,
    ModelServer,
    RunShell,
    Say,
    Seen,
    Tool,
    Turn,
    Turns,
    WriteFile,
    words,
)
from tests.doubles.model_server.demo import Demo
from tests.doubles.model_server.request import Role, Schema
from tests.doubles.model_server.script import Refuse
from tests.doubles.model_server.tools import NoSuchTool, resolve
from tests.unit.doubles.asking import Json, dig, joined, of_type, read_events, stream_body
from tests.unit.doubles.clients import ANTHROPIC, RESPONSES

FIRST, SECOND, OTHER = (Answer((Say((text,)),)) for text in ("first", "second", "other"))


def schema(*required: str, **types: str) -> Schema:
    return Schema(properties={name: Schema(type=kind) for name, kind in types.items()}, required=list(required))


def request(
    *history: tuple[Role, str], tools: tuple[Tool, ...] = (Tool("bash", schema(command="string")),)
) -> ModelRequest:
    return ModelRequest("chat", "m", "", [Seen(role, text) for role, text in history], tools, True)


def test_answer_goes_by_the_rounds_of_tools() -> None:
    script = Turns(Turn("ALPHA", (FIRST, SECOND)))
    asked: list[tuple[Role, str]] = [("user", "do ALPHA")]
    assert script.answer(request(*asked)) is FIRST
    # Two calls made at once are answered by two results, in one round.
    asked += [("model", ""), ("tool", "a"), ("tool", "b")]
    assert script.answer(request(*asked)) is SECOND
    assert script.answer(request(*asked, ("model", ""), ("tool", "c"))) is SECOND


def test_last_marker_counts_and_the_program_may_say_more_after_it() -> None:
    script = Turns(Turn("ALPHA", (FIRST,)), Turn("BRAVO", (OTHER,)))
    asked: list[tuple[Role, str]] = [
        ("user", "do ALPHA"),
        ("model", "done"),
        ("user", "do BRAVO"),
        ("user", "# Environment"),
    ]
    assert script.answer(request(*asked)) is OTHER
    assert script.answer(request(("user", "Person: do ALPHA\nYou: done\n\ndo BRAVO"))) is OTHER
    assert script.answer(request(("user", "Person: do BRAVO\nYou: done\n\ndo ALPHA"))) is FIRST


def test_unknown_message_gets_the_other_answer() -> None:
    steps = Turns(otherwise="What?").answer(request(("user", "hello"))).steps
    assert steps == (Say(("What?",)),)


def test_words_put_together_are_the_text() -> None:
    text = "one two\n\n  three. "
    assert "".join(words(text)) == text
    assert words(text) == ("one", " two", "\n\n  three. ")


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        (Tool("Bash", schema("command", command="string")), {"command": "ls"}),
        (Tool("exec_command", schema("cmd", cmd="string", workdir="string")), {"cmd": "ls"}),
        (Tool("shell", schema("command", command="array")), {"command": ["/bin/sh", "-c", "ls"]}),
        (
            Tool("bash", schema("command", "description", command="string", description="string")),
            {"command": "ls", "description": "Runs ls"},
        ),
    ],
)
def test_shell_command_becomes_what_the_client_offers(tool: Tool, arguments: dict[str, object]) -> None:
    assert resolve(RunShell("ls"), request(tools=(tool,))) == Call(tool.name, arguments)


def test_file_is_written_by_a_tool_a_patch_or_the_shell() -> None:
    step = WriteFile("/w/a.txt", "one\ntwo\n")
    patch = "*** Begin Patch\n*** Add File: /w/a.txt\n+one\n+two\n*** End Patch\n"
    write = Tool("write", schema(content="string", filePath="string"))
    shell = Tool("exec_command", schema(cmd="string"))
    free = Tool("apply_patch", Schema(), free=True)
    assert resolve(step, request(tools=(shell, write))).arguments == {"filePath": "/w/a.txt", "content": "one\ntwo\n"}
    assert resolve(step, request(tools=(shell, free))) == Call("apply_patch", text=patch)
    assert patch in str(resolve(step, request(tools=(shell,))).arguments["cmd"])
    scripted = resolve(step, request(tools=(Tool("exec", Schema(), free=True, namespace="functions"),)))
    assert (scripted.name, scripted.namespace, scripted.arguments) == ("exec", "functions", {})
    assert f"tools.apply_patch({json.dumps(patch)})" in scripted.text


def test_missing_tool_is_said() -> None:
    with pytest.raises(NoSuchTool, match="glob"):
        resolve(RunShell("ls"), request(tools=(Tool("glob", Schema()),)))


async def test_title_is_answered_in_the_shape_that_is_asked_for() -> None:
    shape = {"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"]}
    wanted = {"output_config": {"format": {"type": "json_schema", "schema": shape}}}
    body = {**ANTHROPIC.body("name ALPHA", True), "tools": []}
    script = Turns(Turn("ALPHA", (FIRST,)), title="A day out")
    async with ModelServer(script) as server, aiohttp.ClientSession(server.url) as http:
        async with http.post("/v1/messages", json=body) as answer:
            plain = ANTHROPIC.text(read_events(await answer.text()))
        async with http.post("/v1/messages", json=body | wanted) as answer:
            shaped = ANTHROPIC.text(read_events(await answer.text()))
        assert len(server.journal.asides) == 2
        assert server.journal.turns == []
    assert plain == "A day out"
    assert json.loads(shaped) == {"title": "A day out"}


async def test_tools_that_codex_declares_in_its_input_are_called_with_their_namespace() -> None:
    script = {"type": "custom", "name": "exec", "description": "Runs JavaScript"}
    spaces = [{"type": "namespace", "name": "functions", "tools": [script]}]
    declared: Json = {"type": "additional_tools", "role": "developer", "tools": spaces}
    body = RESPONSES.body("do ALPHA", True)
    body = {**body, "tools": [], "input": [declared, *cast(list[Json], body["input"])]}
    async with ModelServer(Turns(Turn("ALPHA", (Answer((RunShell("ls"),)),)))) as server:
        events = await stream_body(server.url, RESPONSES, body)
    item = dig(of_type(events, "response.output_item.done")[0], "item")
    assert isinstance(item, dict)
    assert (item["type"], item["name"], item["namespace"]) == ("custom_tool_call", "exec", "functions")
    assert joined(events, "response.custom_tool_call_input.delta", "delta") == item["input"]
    assert 'tools.exec_command({"cmd": "ls"})' in str(item["input"])


async def test_other_paths_are_strays_and_greetings_are_not() -> None:
    async with ModelServer(Turns()) as server, aiohttp.ClientSession(server.url) as http:
        for method, path, status in (("HEAD", "/", 200), ("HEAD", "/api/hello", 200), ("POST", "/v1/telemetry", 404)):
            async with http.request(method, path) as answer:
                assert answer.status == status
        async with http.post("/v1beta/models/m:countTokens", json={"contents": []}) as answer:
            assert dig(await answer.json(), "totalTokens")
        assert [record.path for record in server.journal.strays] == ["/v1/telemetry"]


def test_demo_does_what_the_lines_say() -> None:
    demo = Demo()
    steps = demo.answer(request(("user", "run ls\nthink hard"))).steps
    assert [type(step).__name__ for step in steps] == ["Think", "RunShell"]
    failing = request(("user", "fail 429"))
    assert demo.answer(failing).steps == (Refuse(429, retry_after=2),)
    assert isinstance(demo.answer(failing).steps[0], Say)
    after = demo.answer(request(("user", "run ls"), ("model", ""), ("tool", "listed"))).steps
    assert "listed" in "".join(text for step in after if isinstance(step, Say) for text in step.deltas)
