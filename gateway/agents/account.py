"""The account in which agents work, as far as files and short programs go. Everything runs through Programs."""

from __future__ import annotations

import asyncio
import errno
import json
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from subprocess import DEVNULL
from typing import IO

from pydantic import JsonValue, TypeAdapter, ValidationError

from gateway.agents import inside
from gateway.agents.processes import Finished, run
from gateway.host.errnos import problem_of
from gateway.programs.ending import end
from gateway.programs.types import Programs
from protocol.problems import Problem, ProblemCode

ASK_SECONDS = 60.0
"""How long a look at files may take; removing a big tree from a slow card takes its time."""
MAX_ANSWER = 256 * 1024
_ANSWER: TypeAdapter[dict[str, JsonValue]] = TypeAdapter(dict[str, JsonValue])


class AgentsFiles:
    """Files and programs of the agents' account."""

    def __init__(self, programs: Programs) -> None:
        self._programs = programs

    @property
    def home(self) -> Path:
        """Its home folder."""
        return self._programs.home

    async def run(
        self,
        command: Sequence[str],
        *,
        folder: Path,
        environment: Mapping[str, str],
        seconds: float,
        on_line: Callable[[str], None],
        stdin: int = DEVNULL,
    ) -> Finished:
        """As :func:`gateway.agents.processes.run`."""
        return await run(
            self._programs, command, folder=folder, environment=environment, seconds=seconds, on_line=on_line,
            stdin=stdin,
        )  # fmt: skip

    async def ask(self, what: str, verb: str, **request: object) -> JsonValue:
        """Have :mod:`gateway.agents.inside` do something; ``what`` names it to the person where that fails.

        Raises:
            Problem: what the system's refusal means, UNAVAILABLE for no answer within a minute.
        """
        with ExitStack() as stack:
            given, answer = await asyncio.to_thread(_files, stack, json.dumps({"verb": verb, **request}))
            await self._finish(what, given, answer)
            read = await asyncio.to_thread(_read, answer)
        try:
            told = _ANSWER.validate_json(read)
        except ValidationError:
            raise Problem(
                ProblemCode.UNAVAILABLE, f"{what} could not be used: the agents' account did not answer. Try again."
            ) from None
        if isinstance(number := told.get("errno"), int):
            raise problem_of(OSError(number, errno.errorcode.get(number, "unknown")), str(told.get("path")) or what)
        return told.get("ok")

    async def _finish(self, what: str, given: IO[bytes], answer: IO[bytes]) -> None:
        command = (sys.executable, "-I", "-S", inside.__file__)
        environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}
        try:
            program = await self._programs.start(
                command, folder=Path("/"), environment=environment, stdin=given.fileno(), stdout=answer.fileno(),
                stderr=DEVNULL,
            )  # fmt: skip
        except OSError as error:
            raise problem_of(error, what) from error
        try:
            async with asyncio.timeout(ASK_SECONDS):
                await program.wait()
        except TimeoutError:
            raise Problem(ProblemCode.UNAVAILABLE, f"{what} did not answer within a minute. Try again.") from None
        finally:
            await end(program)


def _files(stack: ExitStack, request: str) -> tuple[IO[bytes], IO[bytes]]:
    """The request, and a place for the answer. Not a pipe: neither side waits for the other."""
    given = stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 - the stack closes it
    given.write(request.encode())
    given.seek(0)
    return given, stack.enter_context(tempfile.TemporaryFile())


def _read(answer: IO[bytes]) -> bytes:
    answer.seek(0)
    return answer.read(MAX_ANSWER)
