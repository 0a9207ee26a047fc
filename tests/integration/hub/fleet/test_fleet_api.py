"""The fleet over REST: who sees what, and what changes."""

from __future__ import annotations

from typing import Any

import pytest

from hub.events import AnyHubEvent
from hub.fleet.alerts.types import Place, Raise
from hub.ports import DeviceRow
from tests.integration.hub.enrolment.rig import HubRig
from tests.unit.hub.fleet.examples import NOW, active, health, hello


def connect(rig: HubRig, device_id: str, group_id: int, organisation_id: int) -> None:
    """A device comes, with one session that waits."""
    row = DeviceRow(device_id, organisation_id, group_id, device_id)
    state = rig.hub.fleet.state
    state.connected(row, hello(device_id), NOW)
    state.heard(device_id, health(active("s1", name="fix it", status="waiting"), device_id=device_id), NOW)


async def connect_all(rig: HubRig) -> None:
    for name, group_id in (("pi", rig.group), ("attic", rig.second_group), ("theirs", rig.other_group)):
        group = await rig.hub.people.organisations.find_group(group_id)
        assert group is not None
        connect(rig, name, group_id, group.organisation_id)


SEES = {"anna": {"pi", "attic"}, "olga": {"pi"}, "vera": {"pi"}, "otto": {"theirs"}, "nina": set[str]()}


@pytest.mark.parametrize("who", sorted(SEES))
async def test_everybody_sees_their_own_devices_sessions_and_events(rig: HubRig, who: str) -> None:
    await connect_all(rig)
    await rig.hub.fleet.trail.flush()
    listed = await rig.call(who, "GET", "/api/devices")
    assert {device["id"] for device in listed.json["devices"]} == SEES[who]
    sessions = await rig.call(who, "GET", "/api/sessions?status=waiting")
    assert {session["device_id"] for session in sessions.json["sessions"]} == SEES[who]
    past = await rig.call(who, "GET", "/api/events/past")
    assert {event["device_id"] for event in past.json["events"]} == SEES[who]
    summary = await rig.call(who, "GET", "/api/fleet")
    assert (summary.json["devices"], summary.json["waiting"]) == (len(SEES[who]), len(SEES[who]))
    for device in ("pi", "attic", "theirs"):
        for path in ("state", "health", "sessions", "sessions/s1"):
            shown = await rig.call(who, "GET", f"/api/devices/{device}/{path}")
            assert shown.status == (200 if device in SEES[who] else 404), (device, path)


async def test_a_device_in_full_and_its_tags(rig: HubRig) -> None:
    await connect_all(rig)
    tagged = await rig.call("olga", "PUT", "/api/devices/pi/tags", {"tags": ["Solar", "field"]})
    assert tagged.json == {"tags": ["field", "solar"]}
    state = (await rig.call("vera", "GET", "/api/devices/pi/state")).json
    assert (state["online"], state["version"], state["waiting"], state["tags"]) == (
        True,
        "0.2.0",
        1,
        ["field", "solar"],
    )
    assert state["health"]["cpu_percent"] == 10.0
    assert [one["id"] for one in (await rig.call("anna", "GET", "/api/devices?tag=solar")).json["devices"]] == ["pi"]
    assert (await rig.call("anna", "GET", "/api/fleet")).json["tags"] == {"field": 1, "solar": 1}
    assert (await rig.call("vera", "PUT", "/api/devices/pi/tags", {"tags": []})).code == "forbidden"
    assert (await rig.call("olga", "PUT", "/api/devices/pi/tags", {"tags": ["two words"]})).code == "invalid_request"


async def test_pages_of_devices(rig: HubRig) -> None:
    first = (await rig.call("anna", "GET", "/api/devices?limit=1")).json
    second = (await rig.call("anna", "GET", f"/api/devices?limit=1&after={first['next']}")).json
    assert [first["devices"][0]["id"], second["devices"][0]["id"], second["next"]] == ["attic", "pi", None]
    for wrong in ("limit=0", "limit=501", "after=x", "sort=bearer_digest", "state=x", "group=x", "nonsense=1"):
        assert (await rig.call("anna", "GET", f"/api/devices?{wrong}")).code == "invalid_request", wrong


async def test_thresholds_of_a_group(rig: HubRig) -> None:
    path = f"/api/groups/{rig.group}/alerts"
    usual = (await rig.call("vera", "GET", path)).json["thresholds"]
    assert usual["offline_minutes"] == 10
    assert (await rig.call("olga", "PUT", path, usual)).code == "forbidden"
    changed = await rig.call("anna", "PUT", path, {**usual, "disk_percent": 50.0})
    assert changed.json["thresholds"]["disk_percent"] == 50.0
    assert rig.hub.fleet.limits.of(rig.group).disk_percent == 50.0
    await rig.hub.fleet.limits.load()
    assert rig.hub.fleet.limits.of(rig.group).disk_percent == 50.0
    assert (await rig.call("anna", "PUT", path, {**usual, "disk_percent": 500})).code == "invalid_request"


async def test_alerts_are_seen_by_their_group_and_acknowledged_by_name(rig: HubRig) -> None:
    heard: list[AnyHubEvent] = []
    rig.hub.fleet.announcer.on_publish(heard.append)
    group = await rig.hub.people.organisations.find_group(rig.group)
    assert group is not None
    place = Place("pi", "pi", group.organisation_id, group.id, "pi")
    alert = await rig.hub.fleet.alerts.raise_(place, Raise("disk", "", "warning", "The disk is full."))
    assert alert is not None
    for who, count in (("anna", 1), ("vera", 1), ("otto", 0), ("nina", 0)):
        assert len((await rig.call(who, "GET", "/api/alerts")).json["alerts"]) == count, who
    path = f"/api/alerts/{alert.id}/acknowledge"
    assert (await rig.call("vera", "POST", path)).code == "forbidden"
    assert (await rig.call("otto", "POST", path)).code == "not_found"
    assert (await rig.call("olga", "POST", path)).json["acknowledged_by"] == "olga"
    assert (await rig.call("anna", "POST", path)).json["acknowledged_by"] == "olga"
    assert [event.type for event in heard] == ["alert.acknowledged"]
    rules = (await rig.call("nina", "GET", "/api/alerts/rules")).json["rules"]
    assert {"offline", "waiting", "rollout_halted"} <= {rule["name"] for rule in rules}


async def test_targets_belong_to_a_person_or_to_owners(rig: HubRig) -> None:
    group = await rig.hub.people.organisations.find_group(rig.group)
    assert group is not None
    body: dict[str, Any] = {
        "organisation_id": group.organisation_id,
        "group_id": group.id,
        "name": "phone",
        "address": "ntfys://ntfy.example.org/secret-topic",
    }
    assert (await rig.call("vera", "POST", "/api/notifications", body)).code == "forbidden"
    assert (await rig.call("otto", "POST", "/api/notifications", body)).code == "not_found"
    assert (await rig.call("nina", "POST", "/api/notifications", {**body, "personal": True})).code == "not_found"
    mine = await rig.call("vera", "POST", "/api/notifications", {**body, "personal": True})
    assert (mine.status, mine.json["kind_name"], mine.json["personal"]) == (201, "ntfy", True)
    ours = await rig.call("anna", "POST", "/api/notifications", {**body, "quiet_from": 1320, "quiet_to": 420})
    assert ours.status == 201
    assert "secret-topic" not in str(mine.json) + str(ours.json)
    listing = f"/api/notifications?organisation_id={group.organisation_id}"
    for who, seen in (("vera", [mine]), ("anna", [ours]), ("otto", [])):
        found = (await rig.call(who, "GET", listing)).json["targets"]
        assert [one["id"] for one in found] == [one.json["id"] for one in seen], who
    path = f"/api/notifications/{mine.json['id']}"
    for who in ("anna", "olga", "otto"):
        assert (await rig.call(who, "DELETE", path)).code == "not_found", who
    assert (await rig.call("vera", "POST", f"{path}/test")).status == 204
    assert [address for address, _ in rig.sent.sent] == [body["address"]]
    rig.sent.refusing = True
    assert (await rig.call("vera", "POST", f"{path}/test")).status == 503
    assert (await rig.call("olga", "DELETE", f"/api/notifications/{ours.json['id']}")).code == "forbidden"
    wishes = {"name": "pager", "critical_only": True, "timezone": "Europe/Berlin"}
    assert (await rig.call("vera", "PUT", path, wishes)).json["name"] == "pager"
    assert (await rig.call("vera", "DELETE", path)).status == 204
    assert (await rig.call("vera", "DELETE", path)).code == "not_found"


@pytest.mark.parametrize(
    "change",
    [
        {"address": "file:///etc/passwd"},
        {"address": "dbus://"},
        {"address": "json://host/?template=/etc/passwd"},
        {"address": "mailtos://u:p@example.org?pgpkey=/etc/shadow"},
        {"address": "ntfy://host/a topic"},
        {"address": "json://host/wrong"},
        {"rules": ["nonsense"]},
        {"quiet_from": 10},
        {"timezone": "../../etc/passwd"},
        {"name": "two\nlines"},
    ],
)
async def test_targets_that_make_no_sense_are_refused_without_being_repeated(
    rig: HubRig, change: dict[str, object]
) -> None:
    group = await rig.hub.people.organisations.find_group(rig.group)
    assert group is not None
    body = {"organisation_id": group.organisation_id, "name": "x", "address": "json://host.example.org/", **change}
    refused = await rig.call("anna", "POST", "/api/notifications", body)
    assert refused.code == "invalid_request"
    assert "passwd" not in str(refused.json)
