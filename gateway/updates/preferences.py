"""What a person says about updates: whether they come by themselves, and when the device may restart for them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import time
from typing import Self

from foundation.store.settings import SettingsTable
from gateway.updates.types import WINDOW_FORM, Automatic
from protocol.problems import Problem, ProblemCode

AUTOMATIC_SETTING = "update.automatic"
WINDOW_SETTING = "update.window"


@dataclass(frozen=True, slots=True)
class Window:
    """Hours of every day in local time, ``begin`` inside and ``end`` outside of them; may reach over midnight."""

    begin: time
    end: time

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``03:00-05:00``. Raises Problem INVALID_REQUEST."""
        found = re.match(WINDOW_FORM, text.strip())
        if found is None or found[1] + found[2] == found[3] + found[4]:
            raise Problem(
                ProblemCode.INVALID_REQUEST,
                "Write the window as two times of the day between them, such as 03:00-05:00.",
            )
        return cls(time(int(found[1]), int(found[2])), time(int(found[3]), int(found[4])))

    @property
    def minutes(self) -> int:
        """How long it is."""
        return (_minute(self.end) - _minute(self.begin)) % (24 * 60)

    def since(self, now: time) -> int | None:
        """Minutes since it began; None outside of it."""
        passed = (_minute(now) - _minute(self.begin)) % (24 * 60)
        return passed if passed < self.minutes else None

    def __str__(self) -> str:
        return f"{self.begin:%H:%M}-{self.end:%H:%M}"


DEFAULT_WINDOW = Window(time(3), time(5))


@dataclass(frozen=True, slots=True)
class Preferences:
    """What is in force. ``settled`` names what the settings file decides, which the page cannot change."""

    automatic: Automatic
    window: Window
    channel: str | None
    settled: frozenset[str] = frozenset()


class UpdatePreferences:
    """The preferences: from the settings file where it has them, else from the page."""

    def __init__(
        self, table: SettingsTable, *, channel: str | None, automatic: Automatic | None, window: Window | None
    ) -> None:
        self._table = table
        self._channel = channel
        self._automatic = automatic
        self._window = window

    async def get(self) -> Preferences:
        """What is in force now."""
        automatic, window = self._automatic, self._window
        settled = {name for name, value in (("automatic", automatic), ("window", window)) if value is not None}
        if automatic is None:
            automatic = "patch" if await self._table.get(AUTOMATIC_SETTING) == "patch" else "off"
        if window is None:
            window = _kept(await self._table.get(WINDOW_SETTING))
        return Preferences(automatic, window, self._channel, frozenset(settled))

    async def change(self, *, automatic: Automatic | None = None, window: str | None = None) -> Preferences:
        """Change what is given. Raises Problem CONFLICT for what the settings file decides, INVALID_REQUEST."""
        wanted = None if window is None else Window.parse(window)
        if (automatic not in (None, self._automatic) and self._automatic) or (
            wanted not in (None, self._window) and self._window
        ):
            raise Problem(
                ProblemCode.CONFLICT, "This is set in the device's settings file or environment. Change it there."
            )
        if automatic is not None and self._automatic is None:
            await self._table.put(AUTOMATIC_SETTING, automatic)
        if wanted is not None and self._window is None:
            await self._table.put(WINDOW_SETTING, str(wanted))
        return await self.get()


def _kept(value: object) -> Window:
    try:
        return Window.parse(value) if isinstance(value, str) else DEFAULT_WINDOW
    except Problem:
        return DEFAULT_WINDOW


def _minute(moment: time) -> int:
    return moment.hour * 60 + moment.minute
