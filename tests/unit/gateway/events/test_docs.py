from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from gateway.events.types import AnyEvent

DOCUMENT = Path(__file__).parents[4] / "docs" / "events.md"
EVENTS: tuple[type[BaseModel], ...] = get_args(get_args(AnyEvent)[0])


def documented() -> dict[str, set[str]]:
    """Event types in the document with the fields in the table below each."""
    sections = re.split(r"^## `([a-z._]+)`$", DOCUMENT.read_text(), flags=re.MULTILINE)[1:]
    pairs = zip(sections[::2], sections[1::2], strict=True)
    return {name: set(re.findall(r"^\| `([a-z_]+)` \|", body, flags=re.MULTILINE)) for name, body in pairs}


def name_of(event: type[BaseModel]) -> str:
    return str(event.model_fields["type"].default)


@pytest.mark.parametrize("event", EVENTS, ids=name_of)
def test_every_event_is_described_with_its_fields(event: type[BaseModel]) -> None:
    assert documented()[name_of(event)] == set(event.model_fields) - {"at", "type"}


def test_no_event_is_described_that_does_not_exist() -> None:
    assert set(documented()) == {name_of(event) for event in EVENTS}
