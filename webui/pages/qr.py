"""Addresses as pictures, for the camera of a phone."""

from __future__ import annotations

from typing import Literal

from markupsafe import Markup


def qr(address: str, *, error: Literal["l", "m"]) -> Markup:
    """A QR code (ISO/IEC 18004). Black on white in dark pages too: many cameras read nothing else.

    ``error`` is how much damage it stands: ``l`` for a long address, whose picture is dense enough.
    """
    # Loaded here: most devices never show one.
    import segno

    code = segno.make_qr(address, error=error)
    drawn = code.svg_inline(dark="#000", light="#fff", border=3, omitsize=True, svgclass=None, lineclass=None)
    return Markup(drawn)  # noqa: S704 - made of numbers by the library, and of nothing that came from outside
