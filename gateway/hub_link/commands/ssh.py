"""ssh.*: who may log in."""

from __future__ import annotations

from gateway.host import types as host
from gateway.hub_link.commands.reply import Reply
from gateway.hub_link.messages import line
from gateway.hub_link.services import HubSshKeys
from protocol.commands import SshAuthorize, SshList, SshRevoke
from protocol.events import SshKey, SshKeys
from protocol.limits import MAX_ITEMS


class SshCommands:
    """The handlers of the family."""

    def __init__(self, keys: HubSshKeys) -> None:
        self._keys = keys

    async def authorize(self, command: SshAuthorize) -> Reply:
        """Let a key in; the audit log names it by its fingerprint."""
        key = await self._keys.authorize(command.public_key, command.label, command.expires_at)
        return Reply(target=key.fingerprint)

    async def revoke(self, command: SshRevoke) -> Reply:
        """Take a key out."""
        await self._keys.revoke(command.fingerprint)
        return Reply()

    async def list(self, command: SshList) -> Reply:
        """Every key, other people's included."""
        keys = tuple(_key(key) for key in await self._keys.list())
        return Reply((SshKeys(request_id=command.request_id, keys=keys[:MAX_ITEMS]),))


def _key(key: host.SshKey) -> SshKey:
    return SshKey(
        fingerprint=line(key.fingerprint, 128) or "unknown",
        label=line(key.label, 256),
        algorithm=line(key.algorithm, 256),
        added_at=key.added_at,
        expires_at=key.expires_at,
    )
