"""Puts the device's notifications together."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from foundation.notify.sending import AppriseSender
from foundation.store.database import Store
from foundation.store.settings import SettingsTable
from gateway.events.types import DeviceBus
from gateway.notify.held import HeldRecords
from gateway.notify.notifications import Notifications
from gateway.notify.push import PushSender
from gateway.notify.records import NotifyRecords
from gateway.notify.vapid import VapidKeys
from gateway.sessions.manager import Sessions
from protocol.problems import Problem

if TYPE_CHECKING:
    from foundation.secrets_box import SecretsBox


@dataclass(frozen=True, slots=True)
class Told:
    """The notifications, and what has to be closed with them."""

    notifications: Notifications
    sender: AppriseSender
    push: PushSender

    async def close(self) -> None:
        """Let the threads end."""
        await self.sender.close()
        await self.push.close()


def notifications_of(
    store: Store, values: SettingsTable, bus: DeviceBus, sessions: Sessions, key: Path, *, name: str
) -> Told:
    """The notifications of the device that is called ``name``; ``key`` is the file of the secrets' key.

    Targets may lie in the device's own network: its owner sets them. What browsers name as their push service may not.
    """

    def box() -> SecretsBox:
        # Cryptography is loaded with the first secret, and most devices have none.
        from foundation.secrets_box import load_secrets_box

        return load_secrets_box(key)

    def is_agent(session_id: str) -> bool:
        try:
            return sessions.get(session_id).agent is not None
        except Problem:
            return False

    sender, push = AppriseSender(allow_private=True), PushSender(f"https://{name}.local")
    notifications = Notifications(
        bus,
        NotifyRecords(store, box),
        HeldRecords(store),
        values,
        VapidKeys(values, box),
        sender=sender,
        push=push,
        is_agent=is_agent,
    )
    return Told(notifications, sender, push)
