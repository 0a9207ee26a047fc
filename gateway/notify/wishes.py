"""What is to be told, kept among the settings."""

from __future__ import annotations

from typing import Final, Protocol

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from gateway.notify.types import Kind, Wishes

_NAME: Final = "notify.wishes"
MINUTES_A_DAY: Final = 24 * 60


class Values(Protocol):
    """What is needed of :class:`foundation.store.settings.SettingsTable`."""

    async def get(self, name: str) -> JsonValue | None:
        """A value."""

    async def put(self, name: str, value: JsonValue) -> None:
        """Set it."""


class _Kept(BaseModel):
    model_config = ConfigDict(extra="ignore")

    kinds: frozenset[Kind] = frozenset(Kind)
    quiet_from: int | None = Field(None, ge=0, lt=MINUTES_A_DAY)
    quiet_to: int | None = Field(None, ge=0, lt=MINUTES_A_DAY)


async def read_wishes(values: Values) -> Wishes:
    """The wishes; everything at any hour where nobody has said otherwise."""
    try:
        kept = _Kept.model_validate(await values.get(_NAME) or {})
    except ValidationError:
        return Wishes()
    return Wishes(kept.kinds, kept.quiet_from, kept.quiet_to)


async def write_wishes(values: Values, wishes: Wishes) -> None:
    """Keep them."""
    kinds: list[JsonValue] = [kind.value for kind in Kind if kind in wishes.kinds]
    await values.put(_NAME, {"kinds": kinds, "quiet_from": wishes.quiet_from, "quiet_to": wishes.quiet_to})
