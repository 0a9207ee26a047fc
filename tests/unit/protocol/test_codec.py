"""What the codec does with text that is not as it should be."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.codec import encode, parse_command, parse_event
from protocol.commands import AnyCommand
from protocol.events import SessionSnapshot
from protocol.problems import Problem, ProblemCode
from tests.unit.protocol import examples

MIB = 1024 * 1024


def _refused(text: str | bytes) -> Problem:
    with pytest.raises(Problem) as caught:
        parse_command(text)
    return caught.value


def test_an_unknown_command_is_named_as_the_wire_asks() -> None:
    problem = _refused('{"type": "session.dance", "request_id": "r1"}')
    assert problem.code is ProblemCode.UNKNOWN_COMMAND
    assert problem.message == "unknown command: session.dance"
    assert problem.details == {"request_id": "r1", "type": "session.dance"}


def test_an_unknown_type_is_shown_short_and_harmless() -> None:
    problem = _refused(json.dumps({"type": "\x1b[2J\n" + "x" * 5000}))
    assert problem.message == "unknown command: ?[2J?" + "x" * 95


def test_an_unknown_event_has_a_code_of_its_own() -> None:
    with pytest.raises(Problem) as caught:
        parse_event('{"type": "gateway.dream"}')
    assert caught.value.code is ProblemCode.UNKNOWN_EVENT


def test_a_command_is_no_event_and_an_event_no_command() -> None:
    assert _refused(json.dumps(examples.event("ack"))).code is ProblemCode.UNKNOWN_COMMAND
    with pytest.raises(Problem, match=r"unknown event: ssh\.list"):
        parse_event(json.dumps(examples.command("ssh.list")))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "7",
        '"x"',
        "{}",
        '{"type": null}',
        '{"type": 5}',
        "{",
        "[" * 50_000,
        b"\xff\xfe",
        "\ud800",
        "NaN",
    ],
    ids=lambda text: repr(text[:12]),
)
def test_what_is_no_message_is_malformed(text: str | bytes) -> None:
    problem = _refused(text)
    assert problem.code is ProblemCode.MALFORMED_MESSAGE
    assert problem.details == {}


def test_a_request_id_is_found_in_broken_json() -> None:
    assert _refused('{"type": "ssh.list", "request_id" :\n"r-7", ').details == {"request_id": "r-7"}
    assert _refused('{"request_id": "r-7"} trailing').details == {"request_id": "r-7"}


def test_a_doubtful_request_id_is_not_believed() -> None:
    assert _refused('{"request_id": "r-7", "env": {"request_id": "r-8"}').details == {}
    assert _refused('{"data": "\\"request_id\\": \\"r-7\\"').details == {}
    assert _refused('{"type": "ssh.list", "request_id": 7}').details == {"type": "ssh.list"}


def test_a_command_over_one_mebibyte_is_refused_with_its_request_id() -> None:
    wire = json.dumps({**examples.command("session.input", "r-9"), "data": "A" * MIB})
    problem = _refused(wire)
    assert problem.code is ProblemCode.TOO_LARGE
    assert problem.details == {"request_id": "r-9", "size": len(wire), "limit": MIB}
    last = json.dumps({"type": "session.input", "data": "A" * MIB, "session_id": "s", "request_id": "r-10"})
    assert _refused(last).details["request_id"] == "r-10"


def test_the_limit_counts_bytes_and_the_last_byte_is_allowed() -> None:
    wire = json.dumps(examples.command("ssh.list"))
    assert parse_command(wire + " " * (MIB - len(wire))).type == "ssh.list"
    assert _refused(wire + " " * (MIB - len(wire) + 1)).code is ProblemCode.TOO_LARGE
    assert _refused("ñ" * (MIB // 2 + 1)).code is ProblemCode.TOO_LARGE


def test_many_wrong_fields_make_a_short_sentence() -> None:
    problem = _refused(json.dumps({"type": "gateway.update", "request_id": "r1"}))
    assert problem.message.count("Field required") == 3
    env = {"\x1b" * 500 + str(n): 1 for n in range(200)}
    assert len(_refused(json.dumps({**examples.command("session.create"), "env": env})).message) < 1000


def test_a_problem_repeats_nothing_of_what_was_read() -> None:
    for name in ("session_id", "data", "request_id", "schema_version"):
        problem = _refused(json.dumps({**examples.command("session.input"), name: "hunter2 !"}))
        assert "hunter2" not in f"{problem} {problem.details}"


def test_a_message_too_large_to_send_is_refused() -> None:
    snapshot = SessionSnapshot(session_id="s", content="\x1b" * 200_000)
    with pytest.raises(Problem) as caught:
        encode(snapshot)
    assert caught.value.code is ProblemCode.TOO_LARGE
    assert len(encode(snapshot, max_bytes=None)) > MIB
    wide = SessionSnapshot(session_id="s", content="ñ" * 600_000)
    with pytest.raises(Problem, match="may hold 1048576"):
        encode(wide)


def _outcome(text: str) -> AnyCommand | Problem:
    try:
        return parse_command(text)
    except Problem as problem:
        return problem


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.binary(max_size=300) | st.text(max_size=300))
@settings(deadline=None)
def test_garbage_is_a_problem_and_nothing_else(text: str | bytes) -> None:
    for parse in (parse_command, parse_event):
        with pytest.raises(Problem):
            parse(text)


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_a_garbled_message_is_read_or_a_problem(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(sorted(examples.COMMANDS)))
    wire = examples.command(kind)
    for name in data.draw(st.lists(st.sampled_from(sorted(wire)), max_size=3)):
        wire[name] = data.draw(JSON_VALUES)
    text = json.dumps(wire)
    for _ in range(data.draw(st.integers(0, 2))):
        at = data.draw(st.integers(0, len(text)))
        text = text[:at] + data.draw(st.text(max_size=2)) + text[at + data.draw(st.integers(0, 2)) :]
    outcome = _outcome(text)
    if isinstance(outcome, Problem):
        assert isinstance(outcome.details.get("request_id", ""), str)
        assert len(outcome.message) < 2000
    else:
        assert parse_command(encode(outcome)) == outcome
