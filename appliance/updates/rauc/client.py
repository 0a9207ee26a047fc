"""RAUC's D-Bus interface (``de.pengutronix.rauc.Installer``), typed; written for RAUC 1.8 and newer."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from appliance.updates.backend import Told
from appliance.updates.bus import Bus, Connect, Refused, Target
from appliance.updates.rauc.problems import UNKNOWN, problem_of
from protocol.problems import Problem, ProblemCode

SERVICE: Final = "de.pengutronix.rauc"
INSTALLER: Final = Target(SERVICE, "/", f"{SERVICE}.Installer")
_NO_METHOD: Final = "org.freedesktop.DBus.Error.UnknownMethod"
_NO_SERVICE: Final = ("org.freedesktop.DBus.Error.ServiceUnknown", "org.freedesktop.DBus.Error.NameHasNoOwner")
_DENIED: Final = "org.freedesktop.DBus.Error.AccessDenied"
INSPECT_SECONDS: Final = 300.0
"""Reading a whole bundle from a slow stick takes long."""


class SlotStatus(BaseModel):
    """A slot as RAUC describes it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    state: str = ""
    bootname: str = ""
    boot_status: str = Field(default="", alias="boot-status")
    version: str | None = Field(default=None, alias="bundle.version")


ADAPTIVE: Final = "block-hash-index"
"""The method by which RAUC takes from the slots what they have of an image, and fetches the rest."""
LOOK_SECONDS: Final = 120.0
"""Reading the end of a bundle over the network; RAUC itself gives up after some tries."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What a bundle's manifest says."""

    compatible: str
    version: str
    manifest: str = ""
    """Its own hash (hex); RAUC before 1.9 does not tell."""
    adaptive: bool = False
    """Whether only what is missing has to be read of every image."""


class _Update(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    compatible: str = ""
    version: str = ""


class _Image(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    adaptive: list[str] = []


class _Manifest(BaseModel):
    """What InspectBundle answers (``r_manifest_to_dict`` in RAUC's manifest.c)."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    update: _Update
    images: list[_Image] = []
    hash: str = Field(default="", alias="manifest-hash")


_SLOTS: TypeAdapter[list[tuple[str, SlotStatus]]] = TypeAdapter(list[tuple[str, SlotStatus]])
_TEXTS: TypeAdapter[list[str]] = TypeAdapter(list[str])
_PROGRESS: TypeAdapter[tuple[int, str, int]] = TypeAdapter(tuple[int, str, int])


class RaucClient:
    """Asks RAUC; each question over a connection of its own."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect

    async def compatible(self) -> str:
        """What this device is, as the bundles for it say."""
        async with self._connect() as bus:
            return str(await self._get(bus, "Compatible"))

    async def busy(self) -> bool:
        """Whether something is being installed."""
        async with self._connect() as bus:
            return await self._get(bus, "Operation") != "idle"

    async def slots(self) -> tuple[list[tuple[str, SlotStatus]], str]:
        """The slots that can be started from, and the name of the one that is next; empty where nobody knows."""
        async with self._connect() as bus:
            found = _SLOTS.validate_python((await self._call(bus, "GetSlotStatus"))[0])
            try:
                primary = str((await bus.call(INSTALLER, "GetPrimary"))[0])
            except Refused:
                primary = ""  # no slot is bootable: the boot loader falls back on the last good one
        return [(name, status) for name, status in found if status.bootname], primary

    async def mark(self, state: str, slot: str) -> None:
        """Mark a slot (``booted`` or ``other``, or its name) as ``good``, ``bad`` or ``active``."""
        async with self._connect() as bus:
            await self._call(bus, "Mark", "ss", [state, slot])

    async def inspect(self, bundle: Path) -> Contents:
        """Verify a bundle's signature and read its manifest. Raises Problem, as the table of problems says."""
        async with self._connect() as bus:
            try:
                answer = await bus.call(
                    INSTALLER, "InspectBundle", "sa{sv}", [str(bundle), {}], seconds=INSPECT_SECONDS
                )
                return _contents(answer[0])
            except Refused as refused:
                if refused.name != _NO_METHOD:
                    raise await self._why(bus, bundle, refused) from None
            try:  # RAUC before 1.9
                compatible, version = _TEXTS.validate_python(
                    await bus.call(INSTALLER, "Info", "s", [str(bundle)], seconds=INSPECT_SECONDS)
                )
            except Refused as refused:
                raise await self._why(bus, bundle, refused) from None
            return Contents(compatible, version)

    async def look(self, url: str) -> Contents | None:
        """As :meth:`inspect`, of a bundle on a web server; None where RAUC is too old for that. Raises Problem."""
        async with self._connect() as bus:
            try:
                answer = await bus.call(INSTALLER, "InspectBundle", "sa{sv}", [url, {}], seconds=LOOK_SECONDS)
            except Refused as refused:
                if refused.name == _NO_METHOD:
                    return None
                compatible = str(await self._get(bus, "Compatible"))
                raise _known(refused) or problem_of(refused.words, compatible=compatible) from None
            return _contents(answer[0])

    async def install(self, bundle: Path, told: Told) -> None:
        """Install a bundle into the slot that does not run, and make that one the next. Raises Problem."""
        async with self._connect() as bus:
            await self._installed(bus, str(bundle), told, {})

    async def stream(self, url: str, manifest: str, told: Told) -> None:
        """As :meth:`install`, from a web server, and only a bundle with this manifest. Raises Problem."""
        from dbus_fast.signature import Variant

        async with self._connect() as bus:
            await self._installed(bus, url, told, {"require-manifest-hash": Variant("s", manifest)})

    async def _installed(self, bus: Bus, source: str, told: Told, options: Mapping[str, object]) -> None:
        said = await self._install(bus, source, told, options)
        if said is not None:
            raise problem_of(said, compatible=str(await self._get(bus, "Compatible")))

    async def _install(self, bus: Bus, source: str, told: Told, options: Mapping[str, object]) -> str | None:
        """None when it went well, else what RAUC said."""
        done: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def heard(_interface: str, member: str, body: Sequence[object]) -> None:
            if done.done():
                return
            if member == "Completed":
                done.set_result(int(str(body[0])))
            elif member == "NameOwnerChanged" and not body[2]:
                done.set_exception(_gone("ended in the middle"))
            elif member == "PropertiesChanged" and isinstance(body[1], Mapping) and "Progress" in body[1]:
                percent, words, _ = _PROGRESS.validate_python(body[1]["Progress"])
                told(percent, words)

        async with bus.hearing(SERVICE, heard):
            try:
                await self._call(bus, "InstallBundle", "sa{sv}", [source, dict(options)])
                failed = await done
            finally:
                if done.done() and not done.cancelled():
                    done.exception()
        return str(await self._get(bus, "LastError")) if failed else None

    async def _why(self, bus: Bus, bundle: Path, refused: Refused) -> Problem:
        """The problem with a bundle that was refused.

        Old RAUC gives no reason there, but does when it is told to install the bundle, which it checks in the same way
        before it touches a slot.
        """
        known = _known(refused)
        if known is not None:
            return known
        compatible = str(await self._get(bus, "Compatible"))
        if UNKNOWN not in refused.words:
            return problem_of(refused.words, compatible=compatible)
        said = await self._install(bus, str(bundle), lambda _percent, _words: None, {})
        if said is None:
            # It may have been on its way when it was looked at. Nobody has compared its version: it does not count.
            await self._call(bus, "Mark", "ss", ["active", "booted"])
            said = "the bundle changed while it was read"
        return problem_of(said, compatible=compatible)

    async def _get(self, bus: Bus, name: str) -> object:
        try:
            return await bus.get(INSTALLER, name)
        except Refused as refused:
            raise _known(refused) or problem_of(refused.words) from None

    async def _call(self, bus: Bus, member: str, signature: str = "", body: Sequence[object] = ()) -> list[object]:
        try:
            return await bus.call(INSTALLER, member, signature, body)
        except Refused as refused:
            raise _known(refused) or problem_of(refused.words) from None


def _contents(answer: object) -> Contents:
    try:
        read = _Manifest.model_validate(answer)
    except ValidationError:
        raise problem_of("invalid bundle format: there is no manifest") from None
    adaptive = bool(read.images) and all(ADAPTIVE in image.adaptive for image in read.images)
    return Contents(read.update.compatible, read.update.version, read.hash.lower(), adaptive)


def _known(refused: Refused) -> Problem | None:
    if refused.name in _NO_SERVICE:
        return _gone("does not run")
    if refused.name == _DENIED:
        return Problem(
            ProblemCode.PERMISSION_DENIED,
            "RAUC does not let Hutch's account update the device. See the D-Bus policy in docs/updates.md.",
        )
    return None


def _gone(what: str) -> Problem:
    return Problem(ProblemCode.UPDATE_UNAVAILABLE, f"RAUC {what} on this machine. See its log: journalctl -u rauc.")
