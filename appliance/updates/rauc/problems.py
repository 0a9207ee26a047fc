"""What RAUC says, in words that tell what to do. One table, the first row that fits wins."""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple

from protocol.problems import Problem, ProblemCode


class _Row(NamedTuple):
    said: tuple[str, ...]
    code: ProblemCode
    words: str


_REFUSED: Final = ProblemCode.BUNDLE_REFUSED
_TABLE: Final = (
    _Row(
        ("certificate is not yet valid",),
        ProblemCode.CLOCK_WRONG,
        "The bundle's signature is not valid yet by this device's clock, which says {now}. Connect the device to a "
        "network, so that the clock sets itself, or set it, then try again.",
    ),
    _Row(
        ("certificate has expired",),
        _REFUSED,
        "The certificate this bundle was signed with has expired (the device's clock says {now}). "
        "Take a bundle that was signed with a valid one.",
    ),
    _Row(
        ("certificate revoked",),
        _REFUSED,
        "The certificate this bundle was signed with was revoked. Do not use this bundle; take a newer one.",
    ),
    _Row(
        ("unable to get local issuer", "self signed", "self-signed", "unable to get issuer", "unsuitable certificate"),
        _REFUSED,
        "The bundle is signed, but with a key that this device does not trust. "
        "Take a bundle from who made this device's system.",
    ),
    _Row(
        ("compatible mismatch",),
        _REFUSED,
        "The bundle is made for another kind of device. Take the one for {compatible}.",
    ),
    _Row(
        ("signature size is 0", "no signature", "not a cms", "wrong tag", "asn1"),
        _REFUSED,
        "The bundle is not signed, or was cut short. Download it again from where you trust.",
    ),
    _Row(
        ("invalid bundle format", "exceeds bundle size", "invalid identifier", "bundle is too small"),
        _REFUSED,
        "This is no whole bundle: it was cut short, or is another kind of file. Download it again.",
    ),
    _Row(
        ("format not allowed", "not allowed by configuration", "bundle format"),
        _REFUSED,
        "The bundle has a format this device does not take. Take a bundle made for releases.",
    ),
    _Row(
        ("signature verification failed", "verification failure", "digest failure"),
        _REFUSED,
        "The bundle was changed after it was signed, or damaged on its way. Download it again.",
    ),
    _Row(
        ("min-bundle-version", "minimum version", "older than"),
        _REFUSED,
        "The bundle is older than what this device accepts at all. Take a newer one.",
    ),
    _Row(
        ("no space left",),
        ProblemCode.DISK_FULL,
        "There is no room for the update. Delete what is not needed, then try again.",
    ),
    _Row(
        ("already processing", "already installing"),
        ProblemCode.CONFLICT,
        "An update is being installed already. Wait until it is through, then try again.",
    ),
    _Row(
        ("no such file",),
        ProblemCode.NOT_FOUND,
        "The bundle is not there any more. Upload it again, or put the stick back in.",
    ),
)
UNKNOWN: Final = "rauc info error"
"""What RAUC before 1.9 says for everything that is wrong with a bundle."""


def problem_of(said: str, *, compatible: str = "", now: datetime | None = None) -> Problem:
    """The problem behind what RAUC said; ``compatible`` is what this device is, for the sentence."""
    low = said.lower()
    when = f"{(now or datetime.now().astimezone()):%d %B %Y, %H:%M}"
    for row in _TABLE:
        if any(part in low for part in row.said):
            words = row.words.format(now=when, compatible=f"“{compatible}”" if compatible else "this device")
            return Problem(row.code, words, {"rauc": said[:500]})
    return Problem(
        ProblemCode.INSTALL_FAILED,
        f"The update could not be installed: {said[:300] or 'no reason was given'}. "
        "The version that runs is as it was. Try again, or take another bundle.",
        {"rauc": said[:500]},
    )
