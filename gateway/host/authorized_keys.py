"""The lines of an authorized_keys file: ours, which we write and remove, and those of others, which we only read.

A line of ours is ``[expiry-time="YYYYMMDDHHMMSSZ" ]ALGORITHM BASE64 hutch:ADDED LABEL``. The expiry is OpenSSH's own
option (sshd(8)), so sshd enforces it even when the daemon is down; the ``Z`` makes it UTC and is understood since
OpenSSH 9.1. A line that anybody changed into another form is no longer ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from gateway.host.public_keys import PublicKey, decoded, fingerprint, inner_algorithm
from gateway.host.types import SshKey
from protocol.problems import Problem, ProblemCode

MAX_LABEL = 64
"""Characters of a label."""

_OURS = re.compile(
    rb'(?:expiry-time="(?P<expires>\d{14})Z" )?(?P<algorithm>[a-z0-9@.-]+) (?P<base64>[A-Za-z0-9+/=]+) '
    rb"hutch:(?P<added>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)(?: (?P<label>[^\r\n]+))?"
)
_OPTIONS = re.compile(rb'(?:[^\s"]|"(?:\\.|[^"\\])*")+[ \t]+')
_KEY = re.compile(rb"(?P<algorithm>[A-Za-z0-9@.-]+)[ \t]+(?P<base64>[A-Za-z0-9+/=]+)(?:[ \t]+(?P<comment>.*))?")
_RAW_LINES = re.compile(rb"[^\n]*\n|[^\n]+")
_EXPIRY = "%Y%m%d%H%M%S"
_ADDED = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True, slots=True)
class Line:
    """One line with its ending, byte for byte, and the key in it where there is one."""

    raw: bytes
    key: SshKey | None

    @property
    def managed(self) -> bool:
        """Whether we wrote it."""
        return self.key is not None and self.key.managed

    def expired(self, now: datetime) -> bool:
        """Whether it is ours and its time is over."""
        return self.managed and self.key is not None and self.key.expires_at is not None and self.key.expires_at <= now


def read_lines(data: bytes) -> list[Line]:
    """The lines of a file; joined together they are the file again, byte for byte."""
    # Only a line feed ends a line for sshd; a carriage return inside somebody's line must not make two of it.
    return [Line(raw, _key_of(raw.removesuffix(b"\n"))) for raw in _RAW_LINES.findall(data)]


def joined(lines: Iterable[Line]) -> bytes:
    """The file made of these lines."""
    return b"".join(line.raw for line in lines)


def our_line(key: PublicKey, label: str, added_at: datetime, expires_at: datetime | None) -> tuple[Line, SshKey]:
    """The line that lets a key in, and what it reads as; times lose their fractions of a second."""
    added = added_at.astimezone(UTC).replace(microsecond=0)
    until = expires_at.astimezone(UTC).replace(microsecond=0) if expires_at else None
    option = f'expiry-time="{until.strftime(_EXPIRY)}Z" ' if until else ""
    comment = f"hutch:{added.strftime(_ADDED)} {label}".rstrip()
    shown = SshKey(key.fingerprint, label, key.algorithm, managed=True, added_at=added, expires_at=until)
    return Line(f"{option}{key.algorithm} {key.base64} {comment}\n".encode(), shown), shown


def checked_label(label: str) -> str:
    """A label as it is kept. Raises INVALID_REQUEST unless it is at most 64 printable characters."""
    plain = label.strip()
    if len(plain) > MAX_LABEL or not plain.isprintable():
        raise Problem(
            ProblemCode.INVALID_REQUEST,
            f"A label has at most {MAX_LABEL} printable characters, on one line. Choose a shorter one.",
            {"limit": MAX_LABEL},
        )
    return plain


def _key_of(line: bytes) -> SshKey | None:
    return _our_key(line) or _foreign_key(line)


def _our_key(line: bytes) -> SshKey | None:
    found = _OURS.fullmatch(line)
    blob = decoded(found["base64"].decode()) if found else None
    if found is None or blob is None or inner_algorithm(blob) != found["algorithm"].decode():
        return None
    try:
        added = datetime.strptime(found["added"].decode(), _ADDED).replace(tzinfo=UTC)
        expires = found["expires"]
        until = datetime.strptime(expires.decode(), _EXPIRY).replace(tzinfo=UTC) if expires else None
    except ValueError:
        return None
    return SshKey(
        fingerprint=fingerprint(blob),
        label=_shown(found["label"] or b""),
        algorithm=found["algorithm"].decode(),
        managed=True,
        added_at=added,
        expires_at=until,
    )


def _foreign_key(line: bytes) -> SshKey | None:
    text = line.strip(b" \t\r")
    if not text or text.startswith(b"#"):
        return None
    options = _OPTIONS.match(text)
    return _plain_key(text) or (_plain_key(text[options.end() :]) if options else None)


def _plain_key(text: bytes) -> SshKey | None:
    found = _KEY.fullmatch(text)
    blob = decoded(found["base64"].decode()) if found else None
    if found is None or blob is None or inner_algorithm(blob) != found["algorithm"].decode():
        return None
    label = _shown(found["comment"] or b"")
    return SshKey(fingerprint=fingerprint(blob), label=label, algorithm=found["algorithm"].decode(), managed=False)


def _shown(comment: bytes) -> str:
    return "".join(c for c in comment.decode(errors="replace") if c.isprintable()).strip()[:MAX_LABEL]
