"""Why a connection ended, as a sentence for a person."""

from __future__ import annotations

from typing import Final

from gateway.hub_link.messages import line
from protocol.close_codes import CloseCode

_SENTENCES: Final = {
    CloseCode.PROOF_WRONG: "The hub did not accept the proof of this device's key. Leave the hub and join it again if "
    "this goes on.",
    CloseCode.REVOKED: "A person took this device off the hub. Leave the hub, or claim the device again.",
    CloseCode.REPLACED: "Another connection with this device's key took the place of this one. Look whether the "
    "device's data was copied to a second machine. Connecting again.",
    CloseCode.DUPLICATE_KEY: "The hub found two devices with this device's key. Remove the copy of the data folder on "
    "the other machine, or give this device a new identity.",
    CloseCode.TOO_MANY: "The hub has had too many attempts of this device. Trying again every 30 seconds.",
}
SELDOM: Final = frozenset(
    {CloseCode.PROOF_WRONG, CloseCode.REVOKED, CloseCode.DUPLICATE_KEY, CloseCode.TOO_MANY, CloseCode.CLOCK_WRONG}
)
"""After these the device waits as long as it ever does: another attempt at once would change nothing."""


def sentence(code: int | None, reason: str) -> str:
    """What a close code of the hub means; ``reason`` is the hub's own word, shown for the clock alone."""
    if code in (None, 1006):
        return "The connection to the hub was lost. Connecting again."
    if code == CloseCode.CLOCK_WRONG:
        said = line(reason, 123)
        return f"This device's clock is not right: {said}. Set it, or wait until it has set itself; trying again."
    known = _SENTENCES.get(CloseCode(code)) if code in frozenset(CloseCode) else None
    return known or f"The hub closed the connection (code {code}). Connecting again."
