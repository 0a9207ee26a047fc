"""SSH keys that may log in on this device."""

from __future__ import annotations

from aiohttp import web

from foundation.web.answers import answer, nothing
from foundation.web.context import note
from foundation.web.parsing import parse_body, parse_query
from webui.api.models.device import FingerprintQuery, NewSshKey, SshKeyAnswer, SshKeysAnswer
from webui.context import device_of


async def list_keys(request: web.Request) -> web.Response:
    """The keys in authorized_keys, ours and those written by hand."""
    keys = await device_of(request).ssh_keys.list()
    return answer(SshKeysAnswer(keys=[SshKeyAnswer.of(key) for key in keys]))


async def authorize_key(request: web.Request) -> web.Response:
    """Let a key in, for good or until a time."""
    body = await parse_body(request, NewSshKey)
    note(request).target = body.label
    key = await device_of(request).ssh_keys.authorize(body.public_key, body.label, body.expires_at)
    note(request).target = key.fingerprint
    return answer(SshKeyAnswer.of(key), 201)


async def revoke_key(request: web.Request) -> web.Response:
    """Lock a key out that Hutch let in."""
    query = parse_query(request, FingerprintQuery)
    note(request).target = query.fingerprint
    await device_of(request).ssh_keys.revoke(query.fingerprint)
    return nothing()
