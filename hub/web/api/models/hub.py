"""The hub itself."""

from __future__ import annotations

from typing import Literal

from foundation.web.models import Answer


class StatusAnswer(Answer):
    """Whether this node of the hub can do its work."""

    status: Literal["healthy", "degraded", "unhealthy"]
    version: str
    reasons: list[str]
