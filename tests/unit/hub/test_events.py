from __future__ import annotations

import json

import pytest

from hub.events import HUB_EVENTS, MAX_EVENT_BYTES, DeviceOnline, HubEventBase, RolloutChanged, dump_event, load_event


def test_every_event_names_its_organisation_and_group_and_a_type_of_its_own() -> None:
    types = [model.model_fields["type"].default for model in HUB_EVENTS]
    assert len(set(types)) == len(types)
    for model in HUB_EVENTS:
        assert issubclass(model, HubEventBase)
        assert model.__doc__


def test_an_event_comes_back_from_its_json_as_it_was() -> None:
    online = DeviceOnline(organisation_id=1, group_id=2, device_id="hutch-a", name="attic", version="0.2.0")
    rollout = RolloutChanged(
        organisation_id=1, group_id=2, rollout_id=3, version="0.3", state="halted", counts={"x": 1}
    )
    assert load_event(dump_event(online)) == online
    assert load_event(dump_event(rollout)) == rollout


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        json.dumps({"type": "device.online"}).encode(),
        json.dumps({"type": "device.nonsense", "organisation_id": 1, "group_id": 1}).encode(),
        b'"' + b"a" * MAX_EVENT_BYTES + b'"',
    ],
)
def test_what_is_no_event_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        load_event(data)
