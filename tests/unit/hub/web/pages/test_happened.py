"""What happened, in sentences."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hub.events import HUB_EVENTS
from hub.fleet.trail import LEFT_OUT, Happened
from hub.web.pages.happened import line_of

AT = datetime(2026, 11, 21, 8, 30, tzinfo=UTC)
KEPT = sorted({str(event.model_fields["type"].default) for event in HUB_EVENTS} - LEFT_OUT)


def happened(kind: str, **data: object) -> Happened:
    return Happened(1, AT, 1, 1, "pi", kind, data)


@pytest.mark.parametrize("kind", KEPT)
def test_every_kind_that_is_kept_has_a_sentence(kind: str) -> None:
    assert line_of(happened(kind)).icon != "info"


def test_what_a_newer_version_wrote_is_named_as_it_is() -> None:
    assert line_of(happened("device.sang")).words == "device.sang"


@pytest.mark.parametrize(
    ("kind", "data", "words"),
    [
        ("device.offline", {"reason": "no pong"}, "Went offline: no pong"),
        ("device.offline", {"reason": ""}, "Went offline."),
        ("device.changed", {"changed": ["name", "group_id"]}, "Changed: name, group."),
        ("session.ended", {"session_name": "blog", "exit_code": 3}, "The session blog ended with exit code 3."),
        ("session.ended", {"session_name": "blog", "exit_code": None}, "The session blog ended."),
        ("session.runaway", {"over": True}, "A session that wrote too much is shown again."),
        ("update.finished", {"version": "1.4.0", "error": None}, "Updated to 1.4.0."),
        ("update.finished", {"version": None, "error": "no room"}, "An update failed: no room"),
    ],
)
def test_the_sentences(kind: str, data: dict[str, object], words: str) -> None:
    assert line_of(happened(kind, **data)).words == words
