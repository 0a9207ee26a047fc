"""How much the streams of one link may hold. Sizes in bytes."""

from __future__ import annotations

from typing import Final

from protocol.limits import KIB, MIB

STREAM_WINDOW: Final = 256 * KIB
"""Bytes that may be on their way in each direction of a stream before the receiver has taken any."""
WINDOW_STEP: Final = STREAM_WINDOW // 4
"""Bytes taken before the other end is told: a message for each frame would flood the link."""
SEND_BYTES: Final = 64 * KIB
"""Bytes of one stream that may wait for their turn on the link."""
MAX_STREAMS: Final = 256
"""Streams of one link at the same time."""
MAX_UNREAD: Final = 16 * MIB
"""Bytes of all streams of one link that may lie unread; the stream whose bytes no longer fit is closed."""
