"""The pages of the fleet: devices, sessions, alerts, and how devices come in."""

from __future__ import annotations

from typing import Final

from foundation.web.routing import Handler, Route
from hub.people.roles import Role
from hub.web.pages import (
    alerts,
    claim,
    device,
    device_actions,
    device_commands,
    enrolment,
    fleet,
    notifications,
    sessions,
    terminal,
)
from hub.web.pages.rows import OPERATOR, OWNER, VIEWER, form, page

_DEVICE: Final = "/fleet/{device_id}"
_PART: Final = "/parts/fleet/{device_id}"

_LISTS: Final[list[Route[Role]]] = [
    page("/", fleet.fleet_page, "Every device"),
    page("/parts/fleet", fleet.list_part, "The list of devices alone"),
    page("/parts/fleet-head", fleet.head_part, "What needs a look, alone"),
    page("/sessions", sessions.sessions_page, "Sessions of all devices"),
    page("/parts/sessions", sessions.sessions_part, "The sessions alone"),
    page("/alerts", alerts.alerts_page, "Alerts"),
    page("/parts/alerts", alerts.alerts_part, "The alerts alone"),
    form(
        "/alerts/{alert_id}/acknowledge",
        alerts.acknowledge,
        "Take care of an alert",
        "alert.acknowledge",
        role=OPERATOR,
        scope="alert",
    ),
    page("/notifications", notifications.notifications_page, "Where alerts are told"),
    form("/notifications", notifications.add_target, "Have alerts told somewhere", "target.add"),
    form(
        "/notifications/{target_id}/test",
        notifications.test_target,
        "Send a test",
        "target.test",
        scope="target",
    ),
    form(
        "/notifications/{target_id}/remove",
        notifications.remove_target,
        "Tell it nothing more",
        "target.remove",
        scope="target",
    ),
]

_COMING_IN: Final[list[Route[Role]]] = [
    page("/claim", claim.claim_page, "Add a device"),
    form("/claim", claim.enter_code, "Enter the code that a device shows", "claim.enter"),
    page("/claim/{claim_id}", claim.confirm_page, "Compare and name a device"),
    form("/claim/{claim_id}", claim.confirm, "Confirm a claim: the fingerprint is the device's", "device.claim"),
    form("/claim/{claim_id}/cancel", claim.cancel, "Let a claim go", "claim.cancel"),
    page("/enrolment", enrolment.enrolment_page, "Many devices at once"),
    form("/enrolment/batches", enrolment.add_batch, "Make a batch", "batch.add"),
    form(
        "/enrolment/batches/{batch_id}/revoke",
        enrolment.revoke_batch,
        "Revoke a batch",
        "batch.revoke",
        role=OWNER,
        scope="batch",
    ),
    form("/enrolment/gateways", enrolment.add_gateway, "Register a gateway of another make", "gateway.add"),
]


def _act(word: str, handler: Handler, summary: str, audit: str, role: Role) -> Route[Role]:
    return form(f"{_DEVICE}/{word}", handler, summary, audit, role=role, scope="device")


_ONE: Final[list[Route[Role]]] = [
    page(_DEVICE, device.device_page, "A device", scope="device"),
    page(f"{_PART}/head", device.head_part, "How a device is, alone", scope="device"),
    page(f"{_PART}/sessions", device.sessions_part, "The sessions of a device alone", scope="device"),
    page(f"{_PART}/health", device.health_part, "The health of a device alone", scope="device"),
    page(f"{_PART}/happened", device.happened_part, "What happened to a device, alone", scope="device"),
    page(f"{_PART}/commands", device_commands.commands_part, "The queued commands of a device alone", scope="device"),
    page(
        f"{_DEVICE}/sessions/{{session_id}}",
        terminal.terminal_page,
        "A session's terminal",
        role=VIEWER,
        scope="device",
        csp="terminal",
    ),
    _act("rename", device_actions.rename, "Rename a device", "device.change", OPERATOR),
    _act("move", device_actions.move, "Move a device to another group", "device.change", OWNER),
    _act("tags", device_actions.tag, "Tag a device", "device.tags", OPERATOR),
    _act("rotate-key", device_actions.rotate_key, "Have a device make itself a new key", "device.rotate-key", OPERATOR),
    _act("revoke", device_actions.revoke, "Let a device in no more", "device.revoke", OWNER),
    _act("remove", device_actions.remove, "Remove a device", "device.remove", OWNER),
    _act("sessions", device_actions.start_session, "Start a session", "session.create", OPERATOR),
    _act("sessions/{session_id}/end", device_actions.end_session, "End a session", "session.end", OPERATOR),
    _act(
        "commands/{command_id}/cancel", device_actions.cancel_command, "Take a command back", "command.cancel", OPERATOR
    ),
]

FLEET_PAGES: Final[list[Route[Role]]] = [*_LISTS, *_COMING_IN, *_ONE]
