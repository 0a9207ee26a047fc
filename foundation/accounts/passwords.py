"""Password hashes: argon2id (RFC 9106), computed in few threads so that logins never take the machine."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from protocol.problems import Problem, ProblemCode

if TYPE_CHECKING:
    from argon2 import PasswordHasher


@dataclass(frozen=True, slots=True)
class HashCost:
    """What one hash costs. The default is OWASP's: 19 MiB, two passes, one lane."""

    memory_kib: int = 19 * 1024
    passes: int = 2
    lanes: int = 1


_M_MMAP_THRESHOLD = -3
_BIG = 1024 * 1024


def _map_big_buffers() -> None:
    """Have the C library give a hash's memory back when it is done, instead of keeping 19 MiB for each thread.

    glibc raises its threshold for mapped blocks to the biggest one that was freed, unless it is set (mallopt(3)).
    """
    import ctypes

    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _BIG)


class Passwords:
    """Hashes and verifies passwords, ``threads`` at a time; more than ``queue`` waiting are turned away."""

    def __init__(self, cost: HashCost | None = None, threads: int = 2, queue: int = 32) -> None:
        self._cost = cost or HashCost()
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="passwords")
        self._limit = threads + queue
        self._running = 0
        self._making = threading.Lock()
        self._hasher: PasswordHasher | None = None
        self._dummy = ""

    async def hash(self, password: bytes) -> str:
        """A new hash in the PHC form ``$argon2id$…``."""
        return await self._run(password, None)

    async def verify(self, stored: str | None, password: bytes) -> str | None:
        """None where the password is another one, else the hash to keep: ``stored``, or a new one at today's cost.

        ``stored`` None takes as long as a real hash and is never right, so that time tells nothing of who exists.
        """
        return await self._run(password, stored or "") or None

    def close(self) -> None:
        """Start nothing new; a hash that is being computed ends on its own."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _run(self, password: bytes, stored: str | None) -> str:
        if self._running >= self._limit:
            raise Problem(ProblemCode.RATE_LIMITED, "Too many logins at once. Try again soon.", {"retry_after": 5})
        self._running += 1
        try:
            work = self._hash if stored is None else self._verify
            return await asyncio.wrap_future(self._pool.submit(work, password, stored or ""))
        finally:
            self._running -= 1

    def _hash(self, password: bytes, _stored: str) -> str:
        return self._ready().hash(password)

    def _verify(self, password: bytes, stored: str) -> str:
        from argon2.exceptions import InvalidHashError, VerificationError

        hasher = self._ready()
        try:
            hasher.verify(stored or self._dummy, password)
        except (VerificationError, InvalidHashError):
            return ""
        if not stored:
            return ""
        return hasher.hash(password) if hasher.check_needs_rehash(stored) else stored

    def _ready(self) -> PasswordHasher:
        # Argon2 is loaded at the first login: a device nobody logs in to does without.
        from argon2 import PasswordHasher

        with self._making:
            if self._hasher is None:
                _map_big_buffers()
                cost = self._cost
                hasher = PasswordHasher(
                    time_cost=cost.passes, memory_cost=cost.memory_kib, parallelism=cost.lanes, encoding="utf-8"
                )
                self._dummy = hasher.hash(b"nobody's password")
                self._hasher = hasher
            return self._hasher
