"""What raw streams are given to read into or to write."""

from __future__ import annotations


def view_of(buffer: object) -> memoryview:
    """The bytes of any buffer, as :class:`io.RawIOBase` is given them. Raises TypeError for what is none."""
    return memoryview(buffer).cast("B")  # type: ignore[arg-type] # typing has no name for "any buffer" before 3.12
