"""The sockets of the device: the page's address, the ``hutch`` command's, and the one for the hub's people."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from foundation.settings import Listen
from protocol.problems import Problem, ProblemCode

_GRACE_SECONDS = 2.0
"""How long requests under way may finish after a stop."""


@asynccontextmanager
async def serve(
    app: web.Application, listen: Listen, *private: Path, chosen_by: str = "--listen"
) -> AsyncIterator[list[str]]:
    """Serve the application while inside; yields its addresses. ``private``: Unix sockets for our own user alone.

    ``chosen_by`` is what a person sets to have another address.

    Raises:
        Problem: CONFLICT when the port is taken, PERMISSION_DENIED when it may not be opened.
    """
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_GRACE_SECONDS)
    await runner.setup()
    try:
        await _listen(runner, listen, chosen_by)
        await _listen_privately(runner, private)
        yield [f"http://{_authority(listen, port)}" for port in _ports(runner)]
    finally:
        await runner.cleanup()


async def _listen(runner: web.AppRunner, listen: Listen, chosen_by: str) -> None:
    try:
        await web.TCPSite(runner, listen.host, listen.port).start()
    except PermissionError:
        raise Problem(
            ProblemCode.PERMISSION_DENIED,
            f"Port {listen.port} may not be opened. Choose one above 1023 with {chosen_by}.",
        ) from None
    except OSError as error:
        raise Problem(
            ProblemCode.CONFLICT,
            f"{listen.authority} cannot be listened on ({error.strerror}). "
            f"Stop what listens there, or choose another with {chosen_by}.",
        ) from None


async def _listen_privately(runner: web.AppRunner, paths: Iterable[Path]) -> None:
    before = os.umask(0o177)
    try:
        for path in paths:
            await web.UnixSite(runner, path).start()
    finally:
        os.umask(before)


def _ports(runner: web.AppRunner) -> list[int]:
    return list(dict.fromkeys(address[1] for address in runner.addresses if isinstance(address, tuple)))


def _authority(listen: Listen, port: int) -> str:
    return Listen(host=listen.host, port=port).authority
