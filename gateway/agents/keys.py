"""API keys of agent CLIs: sealed in the settings table, opened only for the process of their CLI."""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from gateway.agents.cli import AgentCli
from gateway.agents.registry import CATALOG, cli_named
from protocol.problems import Problem, ProblemCode

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic import JsonValue

    from foundation.secrets_box import SecretsBox

T = TypeVar("T")
_SENDABLE = re.compile(r"[\x21-\x7e]{8,4096}\Z")


class SettingsValues(Protocol):
    """What is needed of :class:`foundation.store.settings.SettingsTable`."""

    async def get(self, name: str) -> JsonValue | None:
        """A value."""

    async def put(self, name: str, value: JsonValue) -> None:
        """Set it."""


@dataclass(frozen=True, slots=True)
class _Sealed:
    variable: str
    text: str


class AgentKeys:
    """The keys. The box is loaded when the first key is used, since most devices have none."""

    def __init__(self, settings: SettingsValues, key_file: Path, *, catalog: Mapping[str, AgentCli] = CATALOG) -> None:
        self._settings = settings
        self._key_file = key_file
        self._catalog = catalog
        self._box: SecretsBox | None = None

    async def variable(self, agent: str) -> str | None:
        """The variable for which a key is kept; None without one."""
        sealed = await self._sealed(agent)
        return sealed.variable if sealed else None

    async def environment(self, agent: str) -> Mapping[str, str]:
        """The key in its variable, for the process of this CLI and for nothing else; empty without one.

        Raises:
            Problem: UNAVAILABLE when the device's own key for secrets is another one than at the time it was kept.
        """
        sealed = await self._sealed(agent)
        if sealed is None:
            return {}
        content = base64.b64decode(sealed.text)
        return {sealed.variable: await self._with_box(lambda box: box.open(content, _belongs_to(agent)))}

    async def put(self, agent: str, key: str, variable: str | None = None) -> None:
        """Keep a key in place of the one there was.

        Raises:
            Problem: INVALID_REQUEST for a text that is no key, or a variable that this CLI does not read.
        """
        known = cli_named(self._catalog, agent).ways.keys
        chosen = variable or (known[0] if known else "")
        if chosen not in known:
            raise Problem(ProblemCode.INVALID_REQUEST, f"{agent} takes a key in one of: {', '.join(known) or 'none'}.")
        if not _SENDABLE.match(key):
            raise Problem(
                ProblemCode.INVALID_REQUEST, "That is no API key. A key has 8 or more characters and no blanks."
            )
        sealed = await self._with_box(lambda box: box.seal(key, _belongs_to(agent)))
        await self._settings.put(_name(agent), {"variable": chosen, "sealed": base64.b64encode(sealed).decode()})

    async def remove(self, agent: str) -> None:
        """Forget a key; without one nothing happens."""
        cli_named(self._catalog, agent)
        await self._settings.put(_name(agent), None)

    async def _sealed(self, agent: str) -> _Sealed | None:
        kept = await self._settings.get(_name(agent))
        if not isinstance(kept, dict):
            return None
        return _Sealed(str(kept["variable"]), str(kept["sealed"]))

    async def _with_box(self, use: Callable[[SecretsBox], T]) -> T:
        return await asyncio.to_thread(lambda: use(self._opened()))

    def _opened(self) -> SecretsBox:
        if self._box is None:
            # Loads a cryptographic library that a device without keys never needs.
            from foundation.secrets_box import load_secrets_box

            self._box = load_secrets_box(self._key_file)
        return self._box


def _name(agent: str) -> str:
    return f"agent.key.{agent}"


def _belongs_to(agent: str) -> str:
    return _name(agent)
