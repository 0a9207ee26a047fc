"""docs/fleet.md tells of every event, rule, threshold and kind of target there is, and of no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from foundation.notify.kinds import KINDS
from hub.events import HUB_EVENTS, AlertEventBase, AnyHubEvent, DeviceEventBase, HubEventBase
from hub.fleet.alerts.rules import RULES
from hub.fleet.alerts.types import Thresholds

TEXT = (Path(__file__).parents[4] / "docs" / "fleet.md").read_text()


def cells(heading: str) -> dict[str, str]:
    """The first cell of each row of the table below a heading, and the rest of its row."""
    body = TEXT.split(heading, 1)[1]
    rows = re.findall(r"^\| (`.*?) \| (.*) \|$", body.split("\n\n|", 1)[1].split("\n\n", 1)[0], flags=re.MULTILINE)
    return dict(rows)


def own_fields(event: type[AnyHubEvent]) -> set[str]:
    shared: type[HubEventBase] = HubEventBase
    for base in (DeviceEventBase, AlertEventBase):
        if issubclass(event, base):
            shared = base
    return set(event.model_fields) - set(shared.model_fields) - {"type"}


@pytest.mark.parametrize("event", HUB_EVENTS)
def test_every_event_is_described_with_its_fields(event: type[AnyHubEvent]) -> None:
    section = TEXT.split(f"### `{event.model_fields['type'].default}`", 1)[1].split("\n### ", 1)[0]
    assert set(re.findall(r"^\| `([a-z_]+)` \|", section, flags=re.MULTILINE)) == own_fields(event)


def test_no_event_is_described_that_does_not_exist() -> None:
    described = re.findall(r"^### `(.*)`$", TEXT, flags=re.MULTILINE)
    assert sorted(described) == sorted(str(event.model_fields["type"].default) for event in HUB_EVENTS)


def test_every_rule_is_described_with_its_severity() -> None:
    described = {name.strip("`"): row.split(" | ", 1)[0] for name, row in cells("## Alerts").items()}
    assert described == {rule.name: rule.severity for rule in RULES}


def test_every_threshold_is_described_with_its_default() -> None:
    described = {name.strip("`"): row.split(" | ", 1)[0] for name, row in cells("An owner sets").items()}
    defaults = Thresholds().model_dump()
    assert described == {name: "all" if value is None else f"{value:g}" for name, value in defaults.items()}


def test_every_kind_of_target_is_described() -> None:
    described = {scheme for cell in cells("## Notifications") for scheme in re.findall(r"`([a-z]+)`", cell)}
    assert described == set(KINDS)
