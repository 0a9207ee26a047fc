"""Running git, or a few lines of shell around it, in the agents' account; what it says is bounded and not believed."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.programs.output import printed
from gateway.programs.types import Programs
from protocol.problems import Problem, ProblemCode

MAX_OUTPUT: Final = 16 * 1024 * 1024
MAX_ERRORS: Final = 16 * 1024
SECONDS: Final = 20.0
MAX_INPUT: Final = 60_000
"""Bytes of input: what a pipe takes before anybody reads."""
_NO_HOOKS: Final = {
    "GIT_CONFIG_COUNT": "2",
    "GIT_CONFIG_KEY_0": "core.hooksPath",
    "GIT_CONFIG_VALUE_0": "/dev/null",
    "GIT_CONFIG_KEY_1": "core.fsmonitor",
    "GIT_CONFIG_VALUE_1": "false",
}
"""Looking at a repository runs nothing of it (git-config(1), GIT_CONFIG_COUNT)."""


@dataclass(frozen=True, slots=True)
class Said:
    """How a program ended, and what it said."""

    code: int
    output: bytes
    errors: str


class Git:
    """Runs git."""

    def __init__(self, programs: Programs) -> None:
        self._programs = programs

    async def run(
        self, folder: Path, *words: str, given: bytes = b"", hooks: bool = False, seconds: float = SECONDS
    ) -> Said:
        """``git WORDS`` in a folder, with input ``given``; with the repository's hooks on request. Raises as below."""
        variables = {} if hooks else _NO_HOOKS
        return await self._start(("git", *words), folder, variables, given, seconds)

    async def shell(
        self, folder: Path, script: str, *, variables: Mapping[str, str] | None = None, seconds: float = SECONDS
    ) -> Said:
        """Lines of shell in a folder. What differs comes in ``variables``, never in the text of the script.

        Raises:
            Problem: WORKDIR_MISSING, UNAVAILABLE (no git here), TIMEOUT, TOO_LARGE.
        """
        given = {**_NO_HOOKS, **(variables or {})}
        return await self._start(("/bin/sh", "-c", script), folder, given, b"", seconds)

    async def _start(
        self, command: tuple[str, ...], folder: Path, variables: Mapping[str, str], given: bytes, seconds: float
    ) -> Said:
        if len(given) > MAX_INPUT:
            raise Problem(ProblemCode.TOO_LARGE, "This is too much for git at once.")
        its_input = subprocess.DEVNULL if not given else _filled(given)
        try:
            said = await printed(
                self._programs,
                command,
                folder=folder,
                environment={**self._environment(), **variables},
                seconds=seconds,
                limit=MAX_OUTPUT,
                stdin=its_input,
            )
        except TimeoutError:
            raise Problem(ProblemCode.TIMEOUT, "Git took too long here. Try it in a terminal.") from None
        except OSError as error:
            raise _problem_of(error, folder) from error
        finally:
            if its_input >= 0:
                os.close(its_input)
        if max(len(said.out), len(said.errors)) > MAX_OUTPUT:
            raise Problem(ProblemCode.TOO_LARGE, "This changed more than can be shown. Look at it in a terminal.")
        return Said(said.code, said.out, said.errors[-MAX_ERRORS:].decode(errors="replace"))

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self._programs.home),
            "LC_ALL": "C",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_OPTIONAL_LOCKS": "0",
            "GIT_ASKPASS": "true",
            "GIT_SSH_COMMAND": "ssh -oBatchMode=yes",
            "GIT_EDITOR": "true",
        }


def _filled(given: bytes) -> int:
    """The end of a pipe that holds all of the input."""
    read_end, write_end = os.pipe()
    with os.fdopen(write_end, "wb", buffering=0) as pipe:
        pipe.write(given)
    return read_end


def _problem_of(error: OSError, folder: Path) -> OSError | Problem:
    if isinstance(error, FileNotFoundError | NotADirectoryError | PermissionError):
        with suppress(OSError):
            if folder.is_dir():
                return Problem(ProblemCode.UNAVAILABLE, "Git is not installed on this device. Install it.")
        return Problem(ProblemCode.WORKDIR_MISSING, f"The folder {folder} is gone.")
    return error
