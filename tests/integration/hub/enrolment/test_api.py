"""Enrolment over REST: what each may do, what is answered, what the audit log says."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hub.events import DeviceChanged, DeviceClaimed, DeviceRevoked
from hub.ports import DeviceRow
from protocol.close_codes import CloseCode
from protocol.commands import AnyCommand
from protocol.link.actions import Answered as LinkAnswered
from tests.integration.hub.enrolment.rig import Answered, HubRig
from tests.unit.hub.enrolment.rig import HOME, Machine, shown


async def issued(rig: HubRig, machine: Machine) -> str:
    return (await rig.doors.claims.issue(await rig.doors.stranger(machine))).code


async def claim(
    rig: HubRig, machine: Machine, who: str = "olga", group: int | None = None, name: str = "shed"
) -> Answered:
    entered = await rig.call(who, "POST", "/api/claims", {"code": await issued(rig, machine)})
    assert entered.status == 201
    body = {"fingerprint": entered.json["fingerprint"], "group_id": group or rig.group, "name": name}
    return await rig.call(who, "POST", f"/api/claims/{entered.json['claim_id']}", body)


def in_days(days: float) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).isoformat()


def batch(rig: HubRig, **other: Any) -> dict[str, object]:  # noqa: ANN401 (fields of a JSON body)
    return {"group_id": rig.group, "label": "school", "max_uses": 2, "expires_at": in_days(1), **other}


async def last_audit(rig: HubRig) -> tuple[str, str, str, str, object]:
    entry = (await rig.doors.audit.entries(limit=1))[0]
    return entry.who, entry.action, entry.target, entry.result, entry.columns["device_id"]


async def test_a_person_claims_a_waiting_device(rig: HubRig) -> None:
    machine = Machine()
    async with aclosing(rig.doors.door.wait_claimed(await rig.doors.stranger(machine))) as waiting:
        code = shown(await anext(waiting))
        told = asyncio.ensure_future(anext(waiting))
        entered = await rig.call("olga", "POST", "/api/claims", {"code": code})
        assert entered.status == 201
        assert (entered.json["hostname"], entered.json["version"], entered.json["source"]) == ("pi", "1.2.3", HOME)
        claim_id = entered.json["claim_id"]
        again = await rig.call("olga", "GET", f"/api/claims/{claim_id}")
        assert again.json == entered.json
        body = {"fingerprint": entered.json["fingerprint"], "group_id": rig.group, "name": " shed "}
        confirmed = await rig.call("olga", "POST", f"/api/claims/{claim_id}", body)
        assert confirmed.status == 201
        assert confirmed.json["name"] == "shed"
        assert isinstance(await told, DeviceRow)
    assert await last_audit(rig) == ("olga", "device.claim", "shed", "ok", machine.id)
    assert isinstance(rig.doors.events[-1], DeviceClaimed)
    assert (await rig.call("vera", "GET", f"/api/devices/{machine.id}")).json == confirmed.json


@pytest.mark.parametrize(("who", "status"), [(None, 401), ("nina", 403), ("vera", 403), ("olga", 201), ("anna", 201)])
async def test_who_may_enter_a_code(rig: HubRig, who: str | None, status: int) -> None:
    code = await issued(rig, Machine())
    assert (await rig.call(who, "POST", "/api/claims", {"code": code})).status == status


@pytest.mark.parametrize(
    ("who", "group", "status"),
    [("olga", "group", 201), ("olga", "second_group", 404), ("otto", "group", 404), ("anna", "second_group", 201)],
)
async def test_into_which_group_somebody_may_claim(rig: HubRig, who: str, group: str, status: int) -> None:
    machine = Machine()
    assert (await claim(rig, machine, who, getattr(rig, group))).status == status
    assert (await rig.doors.devices.get(machine.id) is not None) == (status == 201)


async def test_wrong_codes_are_told_apart_from_typing_mistakes(rig: HubRig) -> None:
    mistyped = await rig.call("olga", "POST", "/api/claims", {"code": "0000-0000-1"})
    assert (mistyped.status, mistyped.code) == (400, "invalid_request")
    wrong = await rig.call("olga", "POST", "/api/claims", {"code": "0000-0000-0"})
    assert (wrong.status, wrong.code) == (403, "claim_wrong")
    for _ in range(4):
        await rig.call("olga", "POST", "/api/claims", {"code": "0000-0000-0"})
    assert (await rig.call("olga", "POST", "/api/claims", {"code": "0000-0000-0"})).status == 429


async def test_somebody_elses_claim_is_not_there(rig: HubRig) -> None:
    entered = await rig.call("olga", "POST", "/api/claims", {"code": await issued(rig, Machine())})
    path = f"/api/claims/{entered.json['claim_id']}"
    body = {"fingerprint": entered.json["fingerprint"], "group_id": rig.group, "name": "mine"}
    assert (await rig.call("anna", "GET", path)).status == 404
    assert (await rig.call("anna", "POST", path, body)).status == 404
    assert (await rig.call("anna", "DELETE", path)).status == 204
    assert (await rig.call("olga", "GET", path)).status == 200
    assert (await rig.call("olga", "DELETE", path)).status == 204
    assert (await rig.call("olga", "GET", path)).status == 404


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 65])
async def test_names_that_are_none(rig: HubRig, name: str) -> None:
    refused = await claim(rig, Machine(), name=name)
    assert (refused.status, refused.code) == (400, "invalid_request")


@pytest.mark.parametrize(
    ("who", "status"), [(None, 401), ("nina", 404), ("otto", 404), ("vera", 403), ("olga", 403), ("anna", 201)]
)
async def test_who_may_make_a_batch(rig: HubRig, who: str | None, status: int) -> None:
    assert (await rig.call(who, "POST", "/api/batches", batch(rig))).status == status


async def test_a_batch_from_its_making_to_its_end(rig: HubRig) -> None:
    made = (await rig.call("anna", "POST", "/api/batches", batch(rig))).json
    assert made["token"].startswith("hutch_batch_")
    assert isinstance(await rig.doors.prove(Machine(), token=made["token"]), DeviceRow)
    second = (await rig.call("anna", "POST", "/api/batches", batch(rig, group_id=rig.second_group))).json
    listed = (await rig.call("anna", "GET", "/api/batches?limit=1")).json
    assert [one["id"] for one in listed["batches"]] == [second["batch"]["id"]]
    listed = (await rig.call("anna", "GET", f"/api/batches?limit=1&after={listed['after']}")).json
    assert [(one["id"], one["uses"]) for one in listed["batches"]] == [(made["batch"]["id"], 1)]
    assert listed["after"] is None
    for who in ("olga", "vera", "otto"):
        assert (await rig.call(who, "GET", "/api/batches")).json["batches"] == []
    path = f"/api/batches/{made['batch']['id']}"
    assert [(await rig.call(who, "DELETE", path)).status for who in ("otto", "vera", "olga", "anna")] == [
        404,
        403,
        403,
        204,
    ]
    assert not isinstance(await rig.doors.prove(Machine(), token=made["token"]), DeviceRow)


@pytest.mark.parametrize(
    "other",
    [{"max_uses": 0}, {"max_uses": 10_001}, {"expires_at": in_days(-1)}, {"expires_at": in_days(400)}, {"label": ""}],
)
async def test_batches_that_are_none(rig: HubRig, other: dict[str, object]) -> None:
    assert (await rig.call("anna", "POST", "/api/batches", batch(rig, **other))).code == "invalid_request"


async def test_a_gateway_of_another_make(rig: HubRig) -> None:
    body = {"gateway_id": "vibe_1", "name": "Vibe", "group_id": rig.group}
    assert [(await rig.call(who, "POST", "/api/gateways", body)).status for who in (None, "otto", "vera")] == [
        401,
        404,
        403,
    ]
    made = await rig.call("olga", "POST", "/api/gateways", body)
    assert made.status == 201
    assert made.json["device"]["proves_by"] == "token"
    assert await rig.doors.door.bearer("vibe_1", made.json["token"], HOME) is not None
    again = await rig.call("olga", "POST", "/api/gateways", body)
    assert (again.status, again.code) == (409, "conflict")


async def test_a_device_is_renamed_by_its_operators_and_moved_by_its_owners(rig: HubRig) -> None:
    machine = Machine()
    await claim(rig, machine)
    path = f"/api/devices/{machine.id}"
    assert (await rig.call("vera", "PATCH", path, {"name": "barn"})).status == 403
    renamed = await rig.call("olga", "PATCH", path, {"name": "barn"})
    assert (renamed.status, renamed.json["name"]) == (200, "barn")
    event = rig.doors.events[-1]
    assert isinstance(event, DeviceChanged)
    assert event.changed == ("name",)
    assert (await rig.call("olga", "PATCH", path, {"group_id": rig.second_group})).status == 403
    assert (await rig.call("anna", "PATCH", path, {"group_id": rig.other_group})).status == 404
    moved = await rig.call("anna", "PATCH", path, {"group_id": rig.second_group})
    assert (moved.status, moved.json["group_id"]) == (200, rig.second_group)
    assert (await rig.call("olga", "GET", path)).status == 404
    assert await last_audit(rig) == ("anna", "device.change", "barn", "ok", machine.id)


async def test_a_device_is_revoked_and_removed_by_its_owners(rig: HubRig) -> None:
    machine = Machine()
    await claim(rig, machine)
    path = f"/api/devices/{machine.id}"
    assert [(await rig.call(who, "POST", f"{path}/revoke")).status for who in (None, "otto", "vera", "olga")] == [
        401,
        404,
        403,
        403,
    ]
    revoked = await rig.call("anna", "POST", f"{path}/revoke")
    assert (revoked.status, revoked.json["state"]) == (200, "revoked")
    assert rig.doors.sockets.cuts[-1][:2] == (machine.id, CloseCode.REVOKED)
    assert isinstance(rig.doors.events[-1], DeviceRevoked)
    assert (await rig.call("olga", "DELETE", path)).status == 403
    assert (await rig.call("anna", "DELETE", path)).status == 204
    assert (await rig.call("anna", "GET", path)).status == 404
    assert (await claim(rig, machine)).status == 201


async def test_somebody_has_a_device_rotate_its_key(rig: HubRig) -> None:
    machine, new = Machine(), Ed25519PrivateKey.generate()
    before = (await claim(rig, machine)).json
    path = f"/api/devices/{machine.id}/rotate-key"
    refused = await rig.call("olga", "POST", path)
    assert (refused.status, refused.code) == (409, "conflict")

    def rotates(command: AnyCommand) -> LinkAnswered:
        return LinkAnswered(command, True, None, (machine.rotation(new),))

    rig.doors.sockets.answer = rotates
    assert (await rig.call("vera", "POST", path)).status == 403
    rotated = await rig.call("olga", "POST", path)
    assert rotated.status == 200
    assert rotated.json["fingerprint"] != before["fingerprint"]
    assert rotated.json["id"] == before["id"]


async def test_no_secret_reaches_the_audit_log(rig: HubRig) -> None:
    code = await issued(rig, Machine())
    await rig.call("olga", "POST", "/api/claims", {"code": code})
    made = (await rig.call("anna", "POST", "/api/batches", batch(rig))).json
    body = {"gateway_id": "vibe_1", "name": "Vibe", "group_id": rig.group}
    gateway = (await rig.call("olga", "POST", "/api/gateways", body)).json
    entries = repr(await rig.doors.audit.entries(limit=100))
    for secret in (code, code.replace("-", ""), made["token"], gateway["token"]):
        assert secret not in entries
