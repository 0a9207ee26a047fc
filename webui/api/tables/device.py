"""The device, its health, keys, agent CLIs, hub, audit log and events."""

from __future__ import annotations

from typing import Final

from foundation.web import audit as audit_models
from foundation.web import description
from foundation.web.routing import Route
from gateway.accounts.types import Role
from webui.api import agents, audit, device, hub, metrics, ssh_keys
from webui.api.models import device as device_models
from webui.api.models import events as event_models
from webui.api.models import hub as hub_models
from webui.api.tables.sizes import SMALL
from webui.streams import events

DEVICE_ROUTES: Final[list[Route[Role]]] = [
    Route(
        "GET",
        "/health",
        device.status,
        None,
        "Whether the device is well",
        answer=device_models.StatusAnswer,
        more_statuses={503: None},
    ),
    Route("GET", "/metrics", metrics.metrics, Role.VIEWER, "Metrics for Prometheus", raw_answer=("text/plain",)),
    Route("GET", "/api/device", device.show_device, Role.VIEWER, "The device", answer=device_models.DeviceAnswer),
    Route(
        "GET",
        "/api/device/health",
        device.health_samples,
        Role.VIEWER,
        "Health over time",
        query=device_models.HealthQuery,
        answer=device_models.HealthSamplesAnswer,
    ),
    Route("GET", "/api/ssh-keys", ssh_keys.list_keys, Role.ADMIN, "List SSH keys", answer=device_models.SshKeysAnswer),
    Route(
        "POST",
        "/api/ssh-keys",
        ssh_keys.authorize_key,
        Role.ADMIN,
        "Let an SSH key in",
        "ssh.authorize",
        body=device_models.NewSshKey,
        answer=device_models.SshKeyAnswer,
        status=201,
        max_body=4 * SMALL,
    ),
    Route(
        "DELETE",
        "/api/ssh-keys",
        ssh_keys.revoke_key,
        Role.ADMIN,
        "Lock an SSH key out",
        "ssh.revoke",
        query=device_models.FingerprintQuery,
        status=204,
    ),
    Route("GET", "/api/agents", agents.list_agents, Role.VIEWER, "List agent CLIs", answer=device_models.AgentsAnswer),
    Route(
        "POST",
        "/api/agents/{name}/install",
        agents.install_agent,
        Role.OPERATOR,
        "Install an agent CLI",
        "agent.install",
        answer=device_models.InstallAnswer,
        status=202,
        max_body=SMALL,
    ),
    Route("GET", "/api/hub", hub.show_hub, Role.ADMIN, "The link to the hub", answer=hub_models.HubAnswer),
    Route(
        "PUT",
        "/api/hub",
        hub.link_hub,
        Role.ADMIN,
        "Link to a hub",
        "hub.link",
        body=hub_models.HubSettings,
        answer=hub_models.HubAnswer,
        max_body=SMALL,
    ),
    Route(
        "PUT",
        "/api/hub/policy",
        hub.change_policy,
        Role.ADMIN,
        "Say what the hub may do",
        "hub.policy",
        body=hub_models.HubPolicy,
        answer=hub_models.HubAnswer,
        max_body=SMALL,
    ),
    Route(
        "POST",
        "/api/hub/rotate-key",
        hub.rotate_key,
        Role.ADMIN,
        "Change the key shown to the hub",
        "hub.rotate_key",
        answer=hub_models.HubAnswer,
        max_body=SMALL,
    ),
    Route("DELETE", "/api/hub", hub.unlink_hub, Role.ADMIN, "Forget the hub", "hub.unlink", status=204),
    Route(
        "GET",
        "/api/audit",
        audit.list_entries,
        Role.ADMIN,
        "The audit log",
        query=audit_models.AuditQuery,
        answer=audit_models.AuditAnswer,
    ),
    Route(
        "GET",
        "/api/audit/export",
        audit.export,
        Role.ADMIN,
        "The whole audit log as a file",
        "audit.export",
        query=audit_models.ExportQuery,
        raw_answer=("application/x-ndjson", "text/csv"),
    ),
    Route(
        "GET",
        "/api/events",
        events.events,
        Role.VIEWER,
        "Everything that happens, as it happens",
        query=event_models.EventsQuery,
        answer=event_models.EventAnswer,
        kind="stream",
    ),
    Route(
        "GET",
        "/api/openapi.json",
        description.openapi,
        Role.VIEWER,
        "The description of this API",
        raw_answer=("application/json",),
    ),
]
