"""Notifications: browsers that are told."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from foundation.web.models import Answer, Body
from gateway.notify.types import Browser, PushKeys


class PushKeyAnswer(Answer):
    """By which a push service knows this device (VAPID, RFC 8292)."""

    key: str = Field(description="The point on P-256, base64url: what PushManager.subscribe wants.")


class NewBrowser(Body):
    """What ``PushSubscription.toJSON()`` gives."""

    endpoint: str = Field(min_length=10, max_length=2048, pattern=r"^https?://[!-~]+$")
    keys: PushKeys
    expirationTime: float | None = Field(None, description="As the browser says; not used.")  # noqa: N815


class BrowserAnswer(Answer):
    """A browser that is told. Its address is not shown."""

    id: int
    label: str
    created_at: datetime
    last_sent_at: datetime | None
    last_error: str | None

    @classmethod
    def of(cls, one: Browser) -> BrowserAnswer:
        """The answer that shows a browser."""
        return cls(
            id=one.id,
            label=one.label,
            created_at=one.created_at,
            last_sent_at=one.last_sent_at,
            last_error=one.last_error,
        )


class BrowsersAnswer(Answer):
    """One's own browsers, the latest first."""

    browsers: list[BrowserAnswer]


class AddedBrowser(Answer):
    """The number of a browser that is told from now on."""

    id: int
