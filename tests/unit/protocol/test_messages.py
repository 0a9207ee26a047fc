"""Every message: read, written, refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from pydantic import BaseModel, JsonValue, ValidationError

from protocol.codec import (
    COMMAND_TYPES,
    EVENT_TYPES,
    NOTICE_TYPES,
    STREAM_TYPES,
    encode,
    parse_command,
    parse_event,
    parse_from_device,
    parse_from_hub,
)
from protocol.commands import COMMANDS, FileUploadChunk, GatewayUpdate, SessionCreate, SessionInput, SshAuthorize
from protocol.events import EVENTS, Ack, GatewayHealth, GatewayHello, GatewayPolicy, GatewayProof
from protocol.notices import NOTICES
from protocol.problems import Problem, ProblemCode
from protocol.streams.messages import STREAM_MESSAGES
from tests.unit.protocol import examples


def _cases() -> list[tuple[type[BaseModel], examples.Json, Callable[[str], BaseModel]]]:
    commands = [(m, examples.command(m.model_fields["type"].default), parse_command) for m in COMMANDS]
    events = [(m, examples.event(m.model_fields["type"].default), parse_event) for m in EVENTS]
    notices = [(m, examples.notice(m.model_fields["type"].default), parse_from_hub) for m in NOTICES]
    streams = [(m, examples.stream(m.model_fields["type"].default), parse_from_device) for m in STREAM_MESSAGES]
    return [*commands, *events, *notices, *streams]


CASES = _cases()
IDS = [case[0].__name__ for case in CASES]


def test_the_examples_cover_every_type() -> None:
    assert set(examples.COMMANDS) == COMMAND_TYPES
    assert set(examples.EVENTS) == EVENT_TYPES
    assert set(examples.NOTICES) == NOTICE_TYPES
    assert set(examples.STREAMS) == STREAM_TYPES
    assert [len(COMMANDS), len(EVENTS), len(NOTICES), len(STREAM_MESSAGES)] == [19, 20, 4, 4]


def test_each_end_reads_all_that_the_other_may_send() -> None:
    down = [*map(examples.command, examples.COMMANDS), *map(examples.notice, examples.NOTICES)]
    up = [examples.event(kind) for kind in examples.EVENTS]
    both = [examples.stream(kind) for kind in examples.STREAMS]
    assert [parse_from_hub(json.dumps(one)).type for one in [*down, *both]] == [one["type"] for one in [*down, *both]]
    assert [parse_from_device(json.dumps(one)).type for one in [*up, *both]] == [one["type"] for one in [*up, *both]]
    assert parse_from_hub(json.dumps(down[0])) == parse_command(json.dumps(down[0]))
    with pytest.raises(Problem, match=r"unknown event: gateway\.challenge"):
        parse_from_device(json.dumps(examples.notice("gateway.challenge")))
    with pytest.raises(Problem, match=r"unknown command: gateway\.proof"):
        parse_from_hub(json.dumps(examples.event("gateway.proof")))


def test_permissions_of_a_later_version_are_left_out() -> None:
    policy = parse_event(json.dumps(examples.event("gateway.policy") | {"allows": ["health", "teleport"]}))
    assert isinstance(policy, GatewayPolicy)
    assert policy.allows == ("health",)


@pytest.mark.parametrize(("model", "wire", "parse"), CASES, ids=IDS)
def test_a_message_survives_the_wire(
    model: type[BaseModel], wire: examples.Json, parse: Callable[[str], BaseModel]
) -> None:
    read = parse(json.dumps(wire))
    assert type(read) is model
    written = read.model_dump_json(exclude_none=True)
    assert json.loads(written) == wire
    assert parse(written) == read


@pytest.mark.parametrize(("model", "wire", "parse"), CASES, ids=IDS)
def test_a_reader_is_tolerant(model: type[BaseModel], wire: examples.Json, parse: Callable[[str], BaseModel]) -> None:
    whole = parse(json.dumps(wire))
    bare = {name: value for name, value in wire.items() if name != "schema_version"}
    assert parse(json.dumps({**bare, "colour": "green", "more": {"request_id": 1}})) == whole
    optional = [name for name, field in model.model_fields.items() if not field.is_required() and name in bare]
    small = {name: value for name, value in bare.items() if name == "type" or name not in optional}
    nulls: examples.Json = {name: None for name in optional if name != "type"}
    assert parse(json.dumps({**small, **nulls})) == parse(json.dumps(small))


@pytest.mark.parametrize(("model", "wire", "parse"), CASES, ids=IDS)
def test_a_required_field_is_required(
    model: type[BaseModel], wire: examples.Json, parse: Callable[[str], BaseModel]
) -> None:
    required = [name for name, field in model.model_fields.items() if field.is_required()]
    assert required
    for name in required:
        with pytest.raises(Problem) as caught:
            parse(json.dumps({key: value for key, value in wire.items() if key != name}))
        assert caught.value.code is ProblemCode.MALFORMED_MESSAGE
        assert f"{name}: Field required" in caught.value.message


def test_a_message_cannot_be_changed() -> None:
    read = parse_command(json.dumps(examples.command("session.end")))
    with pytest.raises(ValidationError, match="frozen"):
        setattr(read, "session_id", "s2")  # noqa: B010 - mypy would refuse the assignment


@pytest.mark.parametrize(("kind", "name", "value"), examples.BAD_FIELDS)
def test_a_bad_field_of_a_command_is_refused_by_name(kind: str, name: str, value: JsonValue) -> None:
    with pytest.raises(Problem) as caught:
        parse_command(json.dumps({**examples.command(kind), name: value}))
    assert caught.value.code is ProblemCode.MALFORMED_MESSAGE
    assert caught.value.message.startswith(f"{kind} has wrong fields: {name}")
    assert caught.value.details == {"type": kind} | ({} if name == "request_id" else {"request_id": "r1"})


def test_a_bad_field_of_an_event_is_refused_by_name() -> None:
    for kind, name, value in examples.BAD_EVENT_FIELDS:
        with pytest.raises(Problem) as caught:
            parse_event(json.dumps({**examples.event(kind), name: value}))
        assert caught.value.code is ProblemCode.MALFORMED_MESSAGE
        assert f"{kind} has wrong fields: {name}" in caught.value.message


def test_a_bad_field_of_a_notice_or_stream_is_refused_by_name() -> None:
    for kind, name, value in examples.BAD_NOTICE_FIELDS:
        made = examples.notice(kind) if kind in examples.NOTICES else examples.stream(kind)
        with pytest.raises(Problem) as caught:
            parse_from_hub(json.dumps({**made, name: value}))
        assert caught.value.code is ProblemCode.MALFORMED_MESSAGE
        assert f"{kind} has wrong fields: {name}" in caught.value.message


def test_values_have_the_types_of_the_program() -> None:
    typed = parse_command(json.dumps(examples.command("session.input")))
    assert isinstance(typed, SessionInput)
    assert typed.data == b"ls\n\x00\xff"
    key = parse_command(json.dumps({**examples.command("ssh.authorize"), "expires_at": "2027-01-01t02:00:00.5+02:00"}))
    assert isinstance(key, SshAuthorize)
    assert key.expires_at == datetime(2027, 1, 1, microsecond=500_000, tzinfo=UTC)
    update = parse_command(json.dumps({**examples.command("gateway.update"), "sha256": "0F" * 32}))
    assert isinstance(update, GatewayUpdate)
    assert update.sha256 == "0f" * 32
    session = parse_command(json.dumps({**examples.command("session.create"), "agent": None}))
    assert isinstance(session, SessionCreate)
    assert session.agent == "claude-code"


def test_the_bounds_themselves_are_inside() -> None:
    chunk = FileUploadChunk(request_id="r", transfer_id="t", seq=0, data=bytes(128 * 1024))
    assert parse_command(encode(chunk)) == chunk
    wire = examples.command("file.upload.begin") | {"size": 20 * 1024 * 1024, "total_chunks": 160}
    assert encode(parse_command(json.dumps(wire)))
    assert encode(parse_command(json.dumps(examples.command("session.resize") | {"cols": 1000, "rows": 1})))


def test_deployed_gateways_that_measure_fractions_of_a_second_are_read() -> None:
    health = parse_event(json.dumps(examples.event("gateway.health") | {"uptime_seconds": 12.9, "cpu_percent": 3}))
    assert isinstance(health, GatewayHealth)
    assert health.uptime_seconds == 12
    assert '"uptime_seconds":12,' in encode(health)


def test_a_long_error_is_cut_and_not_refused() -> None:
    ack = Ack(request_id="r", ok=False, error="x" * 5000)
    assert ack.error == "x" * 4096


def test_secrets_do_not_show_when_a_message_is_printed() -> None:
    create = parse_command(json.dumps(examples.command("session.create") | {"env": {"KEY": "hunter2"}}))
    hello = parse_event(json.dumps(examples.event("gateway.hello") | {"bootstrap_token": "hunter2"}))
    proof = parse_event(json.dumps(examples.event("gateway.proof") | {"enrolment_token": "hunter2"}))
    assert isinstance(proof, GatewayProof)
    assert proof.enrolment_token == "hunter2"
    assert "hunter2" not in f"{proof!r} {proof}"
    typed = SessionInput(request_id="r", session_id="s", data=b"hunter2")
    assert isinstance(hello, GatewayHello)
    assert hello.bootstrap_token == "hunter2"
    assert "hunter2" not in f"{create!r} {hello!r} {typed!r} {create} {hello} {typed}"
