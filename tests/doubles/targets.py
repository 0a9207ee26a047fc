"""A sender of notifications that keeps what it is given."""

from __future__ import annotations

from foundation.notify.sending import Message
from protocol.problems import Problem, ProblemCode


class KeptMessages:
    """Takes messages, or refuses them while ``refusing``."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Message]] = []
        self.refusing = False

    async def check(self, address: str) -> None:
        """Refuses an address that ends in ``wrong``."""
        if address.endswith("wrong"):
            raise Problem(ProblemCode.INVALID_REQUEST, "The address is not complete.")

    async def send(self, address: str, message: Message) -> None:
        """Keep it."""
        if self.refusing:
            raise Problem(ProblemCode.UNAVAILABLE, "The target did not take the message.")
        self.sent.append((address, message))
