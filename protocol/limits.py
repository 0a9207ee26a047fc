"""How much of everything the wire carries. Sizes in bytes, times in seconds, unless a name says otherwise."""

from __future__ import annotations

from typing import Final

KIB: Final = 1024
MIB: Final = 1024 * KIB

# Messages
MAX_SOCKET_BYTES: Final = 2 * MIB
"""A WebSocket message over this size closes the socket (close code 1009)."""
MAX_MESSAGE_BYTES: Final = MIB
"""A command over this size is refused; we send no message over it, because many WebSocket servers stop there."""

# Binary frames
MAX_OUTPUT_PAYLOAD: Final = 16 * KIB
MAX_FRAME_BYTES: Final = 64 * KIB
"""A hub refuses a whole binary frame over this size."""
MAX_SEQ: Final = 2**53 - 1
"""The largest seq in a JSON message: what every JSON reader keeps exactly. At 10,000 frames a second, 28,000 years."""

# Files
MAX_FILE_BYTES: Final = 20 * MIB
MAX_CHUNK_BYTES: Final = 128 * KIB
MAX_CHUNKS: Final = 64 * KIB
"""A count: 20 MiB in chunks of 320 bytes."""
TRANSFER_SILENCE: Final = 300.0

# Terminals
MAX_COLS: Final = 1000
MAX_ROWS: Final = 1000

# Lists
MAX_ITEMS: Final = 10_000
MAX_ENV: Final = 256

# Times of the link
PING_EVERY: Final = 20.0
PONG_WITHIN: Final = 15.0
PINGS_LOST: Final = 2
HEALTH_EVERY: Final = 30.0
SILENT_AFTER: Final = 90.0
"""How long a hub hears nothing of a device before it closes the connection."""
BACKOFF_FIRST: Final = 1.0
BACKOFF_MOST: Final = 30.0
STABLE_AFTER: Final = 30.0
ANSWER_WITHIN: Final = 10.0
