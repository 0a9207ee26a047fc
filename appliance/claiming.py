"""A claim code on a console or terminal, with its QR code as text."""

from __future__ import annotations

import io
import sys

from gateway.hub_link.status import Claim


def show_claim(claim: Claim) -> None:
    """Print a claim code on the console, beside the setup code: for the person who stands there, not for a journal."""
    sys.stdout.write("\n" + "\n".join(claim_lines(claim, picture=sys.stdout.isatty())) + "\n\n")
    sys.stdout.flush()


def claim_lines(claim: Claim, *, picture: bool) -> list[str]:
    """What a person needs to claim the device at its hub; with a QR code of the address as text, where it fits."""
    lines = [f"  Claim this device: open {claim.url} and enter the code {claim.code}"]
    return [*lines, *qr_text(claim.address)] if picture else lines


def qr_text(text: str) -> list[str]:
    """A QR code as lines for a terminal; two rows of it make one line."""
    # Loaded here: a device without a hub, and one that is claimed, do without.
    import segno

    out = io.StringIO()
    segno.make_qr(text, error="l").terminal(out, compact=True, border=2)
    return out.getvalue().rstrip("\n").split("\n")
