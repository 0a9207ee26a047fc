"""What is needed before a session's program starts: checks, its command, environment and instruction files."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.agents.commands import AgentCommands
from gateway.programs.chores import Chores
from gateway.programs.types import AgentsAccount, User
from gateway.programs.work import Refused
from gateway.sessions.processes import MARKS
from gateway.sessions.types import COLS, ROWS, SessionSpec, is_size
from protocol.problems import Problem, ProblemCode

ID = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
MAX_NAME = 64
MAX_ENV = 256
MAX_ENV_BYTES = 64 * 1024
MAX_INSTRUCTIONS = 1024 * 1024
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}\Z")
_RESERVED = {*MARKS, "TMUX", "TMUX_PANE", "TERM"}


@dataclass(frozen=True, slots=True)
class Launch:
    """A program that is ready to be started."""

    command: Sequence[str]
    workdir: Path
    env: Mapping[str, str]


def new_id() -> str:
    """An id nobody has: 12 letters and digits."""
    return secrets.token_hex(6)


def checked_name(name: str) -> str:
    """A session's name without spaces around it.

    Raises:
        Problem: ``INVALID_REQUEST``.
    """
    name = name.strip()
    if not 1 <= len(name) <= MAX_NAME or not name.isprintable():
        raise _invalid(f"A session's name has 1 to {MAX_NAME} printable characters.", "name")
    return name


def check_size(cols: int, rows: int) -> None:
    """Refuse sizes tmux or a program cannot work with.

    Raises:
        Problem: ``INVALID_REQUEST``.
    """
    if not is_size(cols, rows):
        raise _invalid(f"A terminal has {COLS[0]} to {COLS[1]} columns and {ROWS[0]} to {ROWS[1]} rows.", "cols")


def check_spec(spec: SessionSpec) -> None:
    """Refuse what can be refused without looking at the machine.

    Raises:
        Problem: ``INVALID_REQUEST`` or ``TOO_LARGE``.
    """
    checked_name(spec.name)
    check_size(spec.cols, spec.rows)
    if spec.session_id is not None and not ID.match(spec.session_id):
        raise _invalid("A session's id has 1 to 64 letters, digits, dashes or underscores.", "session_id")
    for name, value in spec.env.items():
        if not _VARIABLE.match(name) or name in _RESERVED or "\0" in value:
            raise _invalid(f"The environment variable {name[:128]!r} cannot be set; leave it out.", "env")
    if len(spec.env) > MAX_ENV or sum(len(n) + len(v.encode()) for n, v in spec.env.items()) > MAX_ENV_BYTES:
        raise Problem(ProblemCode.TOO_LARGE, f"The environment may have {MAX_ENV} variables and 64 KiB.")
    for text in (spec.claude_md, spec.agents_md):
        if text is not None and len(text.encode()) > MAX_INSTRUCTIONS:
            raise Problem(ProblemCode.TOO_LARGE, "An instruction file may have 1 MiB.")


def prepare(
    spec: SessionSpec,
    marked: Mapping[str, str],
    agents: AgentCommands,
    root: Path,
    shell: str | None,
    *,
    account: AgentsAccount,
) -> Launch:
    """Look at the machine: folder, command, environment with ``marked`` in it. Blocks: call it in a thread.

    Raises:
        Problem: ``WORKDIR_MISSING``, ``PERMISSION_DENIED``, ``AGENT_MISSING``, ``SESSION_FAILED``, ``UNAVAILABLE``.
    """
    chores = account.chores
    workdir = _folder(chores, root, spec.workdir)
    login = shell or account.user.shell
    env = {**_clean_environment(account.user, login), **agents.environment(), **spec.env, **marked}
    command = list(agents.command(spec.agent)) if spec.agent is not None else [login, "-l"]
    if chores.program(command[0], env["PATH"]) is None:
        if spec.agent is not None:
            raise Problem(ProblemCode.AGENT_MISSING, f"{spec.agent} is not installed; install it under Agents first.")
        raise Problem(ProblemCode.SESSION_FAILED, f"The shell {login} does not exist; choose another in the settings.")
    _instructions(chores, workdir, "CLAUDE.md", spec.claude_md)
    _instructions(chores, workdir, "AGENTS.md", spec.agents_md)
    return Launch(command, workdir, env)


class EnvironmentFiles:
    """The environment given to each session, in files only the owner reads. Methods block: call them in a thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, session_id: str, env: Mapping[str, str]) -> None:
        """Keep it for the time after a reboot."""
        path = self._path(session_id)
        temporary = path.with_suffix(".new")
        with contextlib.suppress(FileNotFoundError):
            temporary.unlink()
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(dict(env), file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)

    def read(self, session_id: str) -> dict[str, str]:
        """What was kept; empty where nothing readable is there."""
        try:
            content = json.loads(self._path(session_id).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        if not isinstance(content, dict):
            return {}
        return {str(name): value for name, value in content.items() if isinstance(value, str)}

    def remove(self, session_id: str) -> None:
        """The session will not return."""
        with contextlib.suppress(FileNotFoundError):
            self._path(session_id).unlink()

    def _path(self, session_id: str) -> Path:
        return self._folder / f"{session_id}.env.json"


def _folder(chores: Chores, root: Path, workdir: Path) -> Path:
    """Looked for as the agents' account: what only the daemon may see is not there for a session."""
    path = workdir if str(workdir).startswith("~") else root / workdir
    try:
        return chores.folder(path)
    except PermissionError:
        raise Problem(ProblemCode.PERMISSION_DENIED, f"The folder {path} may not be read; choose another.") from None
    except (OSError, ValueError, Refused):
        raise Problem(
            ProblemCode.WORKDIR_MISSING, f"The folder {path} does not exist; make it first or choose another."
        ) from None


def _clean_environment(user: User, shell: str) -> dict[str, str]:
    """A small environment of its own: nothing of the daemon's, whose variables may hold its secrets."""
    return {
        "HOME": str(user.home),
        "USER": user.name,
        "LOGNAME": user.name,
        "SHELL": shell,
        "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin",
        "LANG": "C.UTF-8",
        "COLORTERM": "truecolor",
    }


def _instructions(chores: Chores, workdir: Path, name: str, text: str | None) -> None:
    """Write an instruction file unless the folder has its own; it belongs to the agents, and has only their reach."""
    if text is None:
        return
    try:
        descriptor = chores.create(workdir / name, 0o644)
    except FileExistsError:
        return
    except OSError as error:
        raise Problem(
            ProblemCode.PERMISSION_DENIED, f"{name} cannot be written into {workdir}; choose a folder of your own."
        ) from error
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)


def _invalid(message: str, field: str) -> Problem:
    return Problem(ProblemCode.INVALID_REQUEST, message, {"field": field})
