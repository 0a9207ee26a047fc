"""Versions in their order: ``1.2.3``, and ``1.2.3-rc.1`` or ``1.2.3rc1`` before it (semver.org, PEP 440)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Self

from protocol.problems import Problem, ProblemCode

_FORM = re.compile(
    r"v?(?P<major>\d{1,9})\.(?P<minor>\d{1,9})(?:\.(?P<patch>\d{1,9}))?"
    r"(?:(?:-(?P<pre>[a-zA-Z]{1,16})|\.?(?P<short>alpha|beta|a|b|rc|dev))[-.]?(?P<number>\d{1,9})?)?(?:\+[0-9A-Za-z.-]{1,64})?",
    re.ASCII,
)
_FINAL = (1, "", 0)


@dataclass(frozen=True, order=True, slots=True)
class Version:
    """A version that can be compared; what stands behind ``+`` says nothing about the order."""

    major: int
    minor: int
    patch: int
    stage: tuple[int, str, int] = field(default=_FINAL)
    """(0, letters, number) of what comes before a release; a release itself is greater than these."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a version. Raises Problem INVALID_REQUEST for a text that is none."""
        found = _FORM.fullmatch(text.strip())
        if found is None:
            raise Problem(
                ProblemCode.INVALID_REQUEST, f"“{text[:40]}” is no version. Write it as 1.2.3, or 1.2.3-rc.1 before it."
            )
        pre = (found["pre"] or found["short"] or "").lower()
        stage = (0, pre, int(found["number"] or 0)) if pre else _FINAL
        return cls(int(found["major"]), int(found["minor"]), int(found["patch"] or 0), stage)

    @property
    def final(self) -> bool:
        """Whether it is a release, and nothing that comes before one."""
        return self.stage == _FINAL


def is_newer(version: str, than: str) -> bool:
    """Whether one version comes after the other. Raises Problem for a text that is none."""
    return Version.parse(version) > Version.parse(than)


def same(one: str, other: str) -> bool:
    """Whether both name the same version. Raises Problem for a text that is none."""
    return Version.parse(one) == Version.parse(other)


def is_patch(version: str, of: str) -> bool:
    """Whether a version only mends the other: a release of the same major and minor number, and newer."""
    new, old = Version.parse(version), Version.parse(of)
    return new.final and new > old and (new.major, new.minor) == (old.major, old.minor)


def check_step(version: str, running: str, *, downgrade: bool) -> None:
    """Refuse what is no step forward. Raises Problem CONFLICT for the running version, and for older ones unasked."""
    if same(version, running):
        raise Problem(ProblemCode.CONFLICT, f"Version {version} runs already. There is nothing to do.")
    if not downgrade and not is_newer(version, running):
        raise Problem(
            ProblemCode.CONFLICT,
            f"{version} is older than {running}, which runs. Ask for a downgrade if you mean it.",
            {"downgrade": True},
        )
