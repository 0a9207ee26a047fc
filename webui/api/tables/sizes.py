"""How large request bodies may be, in bytes."""

from __future__ import annotations

from typing import Final

SMALL: Final = 16 * 1024
"""A form's worth of fields."""
MIB: Final = 1024 * 1024
