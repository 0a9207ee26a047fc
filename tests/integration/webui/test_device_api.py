from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime

from prometheus_client.parser import text_string_to_metric_families

from foundation.actors import Actor
from gateway.accounts.types import Role
from gateway.events.types import HubLinkChanged
from gateway.host.types import Health
from tests.integration.webui.rig import Rig

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPBGiPRkVvXo6vdDPSuB4ahSfvXx6y/Lx+3kN9C1ciPN anna@laptop"


def measured(**changed: float) -> Health:
    now = datetime.now(UTC)
    return Health(now, 12.5, 100, 1000, int(changed.get("disk", 300)), 1000, 3600, changed.get("celsius", 51.0))


async def test_the_device_says_what_it_is_and_how_it_does(rig: Rig) -> None:
    answered = await rig.call("GET", "/api/device", role=Role.VIEWER)
    assert answered.json["hostname"] == "hutch-test"
    assert answered.json["cpus"] >= 1
    assert answered.json["health"] is None
    rig.health.append(measured())
    answered = await rig.call("GET", "/api/device", role=Role.VIEWER)
    assert answered.json["health"]["temperature_celsius"] == 51.0


async def test_health_samples_for_charts(rig: Rig) -> None:
    await rig.device.health_history.add(measured())
    samples = (await rig.call("GET", "/api/device/health?minutes=5")).json["samples"]
    assert [sample["cpu_percent"] for sample in samples] == [12.5]
    assert (await rig.call("GET", "/api/device/health?minutes=0")).code == "invalid_request"
    assert (await rig.call("GET", "/api/device/health?minutes=5&minutes=6")).code == "invalid_request"
    assert (await rig.call("GET", "/api/device/health?hours=5")).code == "invalid_request"


async def test_wellness_is_told_to_everybody(rig: Rig) -> None:
    well = await rig.call("GET", "/health", role=None)
    assert (well.status, well.json["status"], well.json["version"]) == (200, "healthy", "0.0.1")
    rig.health.append(measured(disk=920))
    full = await rig.call("GET", "/health", role=None)
    assert (full.status, full.json["status"], full.json["reasons"]) == (200, "degraded", ["disk_nearly_full"])
    rig.health.append(measured(celsius=86))
    hot = await rig.call("GET", "/health", role=None)
    assert (hot.status, hot.json["status"]) == (503, "unhealthy")


async def test_a_store_that_cannot_be_written_is_unhealthy(rig: Rig) -> None:
    async with rig.store.begin() as connection:
        await connection.exec_driver_sql("DROP TABLE settings")
    broken = await rig.call("GET", "/health", role=None)
    assert (broken.status, broken.json["reasons"]) == (503, ["store_not_writable"])


async def test_metrics_are_what_prometheus_reads(rig: Rig) -> None:
    rig.health.append(measured())
    answered = await rig.call("GET", "/metrics", role=Role.VIEWER)
    assert answered.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    families = {family.name: family for family in text_string_to_metric_families(answered.body.decode())}
    assert families["hutch_cpu_percent"].samples[0].value == 12.5
    assert families["hutch_events"].samples[0].value == rig.device.bus.last_id > 0
    states = {sample.labels["state"]: sample.value for sample in families["hutch_hub_link"].samples}
    assert states == {"off": 1, "connecting": 0, "unclaimed": 0, "online": 0, "waiting": 0}
    assert (await rig.call("GET", "/metrics", role=Role.VIEWER)).status == 200


async def test_ssh_keys_are_let_in_and_locked_out(rig: Rig) -> None:
    added = await rig.call("POST", "/api/ssh-keys", json={"public_key": KEY, "label": "laptop"})
    assert (added.status, added.json["managed"]) == (201, True)
    fingerprint = added.json["fingerprint"]
    keys = (await rig.call("GET", "/api/ssh-keys")).json["keys"]
    assert [key["fingerprint"] for key in keys] == [fingerprint]
    assert (await rig.call("POST", "/api/ssh-keys", json={"public_key": "rubbish", "label": "x"})).code == "key_invalid"
    removed = await rig.call("DELETE", "/api/ssh-keys", params={"fingerprint": fingerprint})
    assert removed.status == 204
    assert (await rig.call("GET", "/api/ssh-keys")).json["keys"] == []


async def test_agent_clis_are_listed_and_unknown_ones_refused(rig: Rig) -> None:
    agents = (await rig.call("GET", "/api/agents", role=Role.VIEWER)).json["agents"]
    assert {agent["agent"] for agent in agents} == {"claude-code", "codex", "gemini", "opencode"}
    assert (await rig.call("POST", "/api/agents/emacs/install")).code == "not_found"


async def test_the_hub_is_set_and_forgotten_and_its_token_never_answered(rig: Rig) -> None:
    assert (await rig.call("GET", "/api/hub")).json["state"] == "off"
    hub = {"url": "ws://127.0.0.1:9", "token": "hub-secret-token"}
    linked = await rig.call("PUT", "/api/hub", json=hub)
    assert linked.status == 200
    assert b"hub-secret" not in linked.body
    assert "127.0.0.1:9" in linked.json["url"]
    assert (await rig.call("PUT", "/api/hub", json={**hub, "url": "ftp://x"})).code == "invalid_request"
    async with rig.device.bus.subscribe(after=0) as events:
        assert (await rig.call("DELETE", "/api/hub")).status == 204
        states = []
        async for published in events:
            if isinstance(published.event, HubLinkChanged):
                states.append(published.event.state)
                if states[-1] == "off" and len(states) > 1:
                    break
    assert (await rig.call("GET", "/api/hub")).json["url"] is None
    assert "hub-secret" not in str(await rig.device.audit.entries(limit=50))


async def test_the_audit_log_turns_pages_and_is_exported(rig: Rig) -> None:
    for number in range(5):
        await rig.device.audit.record(Actor("=cmd()", "console"), "test", f"t{number}", details={"n": number})
    page = (await rig.call("GET", "/api/audit?action=test&limit=2")).json["entries"]
    assert [entry["target"] for entry in page] == ["t4", "t3"]
    older = (await rig.call("GET", f"/api/audit?action=test&limit=2&before={page[-1]['id']}")).json["entries"]
    assert [entry["target"] for entry in older] == ["t2", "t1"]
    lines = (await rig.call("GET", "/api/audit/export")).body.decode().splitlines()
    assert [entry["target"] for entry in map(json.loads, lines) if entry["action"] == "test"][:2] == ["t0", "t1"]
    exported = await rig.call("GET", "/api/audit/export?format=csv")
    assert exported.headers["Content-Disposition"] == 'attachment; filename="hutch-audit.csv"'
    rows = [row for row in csv.DictReader(io.StringIO(exported.body.decode())) if row["action"] == "test"]
    assert rows[0]["who"] == "'=cmd()"
    assert rows[0]["details"] == '{"n": 0}'


async def test_strangers_cannot_fill_the_audit_log(rig: Rig) -> None:
    for _ in range(80):
        await rig.call("POST", "/api/people", role=None)
    assert len(await rig.device.audit.entries(limit=100, action="person.add")) == 60
