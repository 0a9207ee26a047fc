"""Text from outside, made fit for a column: bounded, and free of what a database cannot keep."""

from __future__ import annotations


def column_text(text: str, limit: int) -> str:
    """At most ``limit`` characters, NUL and lone surrogates replaced; a cut shows as an ellipsis."""
    clean = text.replace("\x00", "\ufffd").encode("utf-8", errors="replace").decode("utf-8")
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"
