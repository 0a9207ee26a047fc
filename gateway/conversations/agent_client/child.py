"""A program of an agent with pipes on all three descriptors, and its end: nothing of it is left behind."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from gateway.conversations.agent_client.pipes import Errors, Lines
from gateway.programs.ending import end
from gateway.programs.pipes import reader_of, writer_of
from gateway.programs.types import Program, Programs
from protocol.problems import Problem, ProblemCode

GRACE: Final = 0.2
"""Seconds between asking a program to end and ending it: a cancel has to be over within one second."""


class Child:
    """A running program."""

    def __init__(
        self, program: Program, lines: Lines, errors: Errors, transports: Sequence[asyncio.BaseTransport]
    ) -> None:
        self._program = program
        self._transports = transports
        self._errors = errors
        self.lines = lines
        self._ending: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int:
        """Its process id, and its group's."""
        return self._program.pid

    @property
    def returncode(self) -> int | None:
        """None while it runs."""
        return self._program.returncode

    @property
    def errors(self) -> str:
        """The end of what it said on standard error."""
        return self._errors.tail

    async def wait(self) -> int:
        """Its exit code, negative for a signal."""
        return await self._program.wait()

    async def end(self) -> None:
        """End every process of its group and let go of the pipes. May be called twice; goes on when cancelled."""
        if self._ending is None:
            self._ending = asyncio.create_task(self._end(), name=f"end of agent {self.pid}")
        await asyncio.shield(self._ending)

    async def _end(self) -> None:
        await self.lines.close()
        await end(self._program, grace=GRACE)
        await self._errors.close()
        for transport in self._transports:
            transport.close()


async def start_child(
    programs: Programs,
    command: Sequence[str],
    *,
    folder: Path,
    environment: Mapping[str, str],
    heard: Callable[[], None],
) -> Child:
    """Start a program; ``heard`` is called with every message of it.

    Raises:
        Problem: AGENT_MISSING, WORKDIR_MISSING, PERMISSION_DENIED.
    """
    starting = asyncio.ensure_future(_start(programs, command, folder, environment, heard))
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        # Nobody knows of the program yet: it has to be there before it can be ended.
        with suppress(Problem):
            await (await starting).end()
        raise


async def _start(
    programs: Programs,
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    heard: Callable[[], None],
) -> Child:
    pipes = [os.pipe() for _ in range(3)]
    (its_input, our_output), (our_input, its_output), (our_errors, its_errors) = pipes
    try:
        program = await programs.start(
            command, folder=folder, environment=environment, stdin=its_input, stdout=its_output, stderr=its_errors
        )
    except BaseException as error:
        for descriptor in (our_output, our_input, our_errors):
            os.close(descriptor)
        raise _problem_of(error, command, folder) from error
    finally:
        for descriptor in (its_input, its_output, its_errors):
            os.close(descriptor)
    reader, from_output = await reader_of(our_input)
    errors, from_errors = await reader_of(our_errors)
    writer = await writer_of(our_output)
    lines = Lines(reader, writer, heard)
    return Child(program, lines, Errors(errors), (from_output, from_errors, writer.transport))


def _problem_of(error: BaseException, command: Sequence[str], folder: Path) -> BaseException:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        if error.filename is not None and str(error.filename) == str(folder):
            return Problem(ProblemCode.WORKDIR_MISSING, f"The folder {folder} is gone. Make it again, then try again.")
        return Problem(ProblemCode.AGENT_MISSING, f"{command[0]} cannot be started. Install the agent CLI again.")
    if isinstance(error, PermissionError):
        return Problem(
            ProblemCode.PERMISSION_DENIED, f"The agent may not enter {folder}, or {command[0]} may not be run."
        )
    return error
