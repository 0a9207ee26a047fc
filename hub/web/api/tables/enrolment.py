"""Claims, batches, gateways of another make, and the devices themselves."""

from __future__ import annotations

from typing import Final

from foundation.web.routing import Route
from hub.people.roles import Role
from hub.web.api import batches, claims, device, gateways
from hub.web.api.models import enrolment as models
from hub.web.security.scopes import HUB_SCOPE

SMALL: Final = 16 * 1024
"""Bytes of a body that holds a few fields."""

_CLAIMS: Final[list[Route[Role]]] = [
    Route(
        "POST",
        "/api/claims",
        claims.enter_code,
        Role.VIEWER,
        "Enter the code that a device shows",
        "claim.enter",
        body=models.ClaimCodeBody,
        answer=models.ClaimAnswer,
        status=201,
        max_body=SMALL,
        scope=HUB_SCOPE,
    ),
    Route(
        "GET",
        "/api/claims/{claim_id}",
        claims.show_claim,
        Role.VIEWER,
        "Show a claim that one opened",
        answer=models.ClaimAnswer,
        scope=HUB_SCOPE,
    ),
    Route(
        "POST",
        "/api/claims/{claim_id}",
        claims.confirm_claim,
        Role.VIEWER,
        "Confirm a claim: the fingerprint is the device's",
        "device.claim",
        body=models.Confirmation,
        answer=models.DeviceAnswer,
        status=201,
        max_body=SMALL,
        scope=HUB_SCOPE,
    ),
    Route(
        "DELETE",
        "/api/claims/{claim_id}",
        claims.cancel_claim,
        Role.VIEWER,
        "Let a claim go",
        "claim.cancel",
        status=204,
        scope=HUB_SCOPE,
    ),
]

_BATCHES: Final[list[Route[Role]]] = [
    Route(
        "GET",
        "/api/batches",
        batches.list_batches,
        Role.VIEWER,
        "List the batches of the groups one owns",
        query=models.BatchesQuery,
        answer=models.BatchesAnswer,
        scope=HUB_SCOPE,
    ),
    Route(
        "POST",
        "/api/batches",
        batches.add_batch,
        Role.VIEWER,
        "Make a batch",
        "batch.add",
        body=models.NewBatchBody,
        answer=models.NewBatchAnswer,
        status=201,
        max_body=SMALL,
        scope=HUB_SCOPE,
    ),
    Route(
        "DELETE",
        "/api/batches/{batch_id}",
        batches.revoke_batch,
        Role.OWNER,
        "Revoke a batch",
        "batch.revoke",
        status=204,
        scope="batch",
    ),
]

_DEVICES: Final[list[Route[Role]]] = [
    Route(
        "POST",
        "/api/gateways",
        gateways.add_gateway,
        Role.VIEWER,
        "Register a gateway of another make",
        "gateway.add",
        body=models.NewGateway,
        answer=models.NewGatewayAnswer,
        status=201,
        max_body=SMALL,
        scope=HUB_SCOPE,
    ),
    Route(
        "GET",
        "/api/devices/{device_id}",
        device.show_device,
        Role.VIEWER,
        "Show a device",
        answer=models.DeviceAnswer,
        scope="device",
    ),
    Route(
        "PATCH",
        "/api/devices/{device_id}",
        device.change_device,
        Role.OPERATOR,
        "Rename a device, or move it",
        "device.change",
        body=models.DeviceChange,
        answer=models.DeviceAnswer,
        max_body=SMALL,
        scope="device",
    ),
    Route(
        "DELETE",
        "/api/devices/{device_id}",
        device.remove_device,
        Role.OWNER,
        "Remove a device",
        "device.remove",
        status=204,
        scope="device",
    ),
    Route(
        "POST",
        "/api/devices/{device_id}/revoke",
        device.revoke_device,
        Role.OWNER,
        "Let a device in no more",
        "device.revoke",
        answer=models.DeviceAnswer,
        max_body=SMALL,
        scope="device",
    ),
    Route(
        "POST",
        "/api/devices/{device_id}/rotate-key",
        device.rotate_key,
        Role.OPERATOR,
        "Have a device make itself a new key",
        "device.rotate-key",
        answer=models.DeviceAnswer,
        max_body=SMALL,
        scope="device",
    ),
]

ENROLMENT_ROUTES: Final[list[Route[Role]]] = [*_CLAIMS, *_BATCHES, *_DEVICES]
