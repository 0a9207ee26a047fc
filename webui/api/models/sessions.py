"""Sessions."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from foundation.web.models import Answer, Body, Line
from gateway.agents.types import AgentName
from gateway.sessions.types import SessionInfo, SessionStatus, Snapshot
from protocol.fields import Base64Bytes

Columns = Annotated[int, Field(ge=1, le=1000)]
Rows = Annotated[int, Field(ge=1, le=1000)]
EnvName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,127}$")]
EnvValue = Annotated[str, StringConstraints(max_length=8192, pattern=r"^[^\x00]*$")]
Instructions = Annotated[str, StringConstraints(max_length=256 * 1024)]
SessionName = Annotated[Line, Field(min_length=1)]


class NewSession(Body):
    """A session to begin."""

    name: SessionName
    agent: AgentName | Literal["none"] | None = Field(None, description="Left out or none: the login shell.")
    workdir: str | None = Field(
        None,
        max_length=4096,
        pattern=r"^[^\x00]*$",
        description="A folder: absolute, or relative to the workspace root, which is where it starts when left out.",
    )
    env: dict[EnvName, EnvValue] = Field(default_factory=dict, max_length=100)
    claude_md: Instructions | None = Field(None, description="CLAUDE.md for the folder, unless it has its own.")
    agents_md: Instructions | None = Field(None, description="AGENTS.md for the folder, unless it has its own.")
    cols: Columns = 80
    rows: Rows = 24
    returns: bool = Field(True, description="Start again in its folder after a reboot.")


class SessionAnswer(Answer):
    """A session as it stands."""

    id: str
    name: str
    agent: str | None
    workdir: str
    status: SessionStatus
    title: str
    cols: int
    rows: int
    created_at: datetime
    last_activity_at: datetime
    returns: bool
    pid: int | None
    exit_code: int | None
    viewers: int
    waiting_for: str | None = Field(description="What a session that waits asks the person, where its program tells.")
    control: str | None = Field(description="Who holds its keyboard.")

    @classmethod
    def of(cls, info: SessionInfo, control: str | None) -> SessionAnswer:
        """The answer that shows a session."""
        return cls(
            id=info.id,
            name=info.name,
            agent=info.agent,
            workdir=str(info.workdir),
            status=info.status,
            title=info.title,
            cols=info.cols,
            rows=info.rows,
            created_at=info.created_at,
            last_activity_at=info.last_activity_at,
            returns=info.returns,
            pid=info.pid,
            exit_code=info.exit_code,
            viewers=info.viewers,
            waiting_for=info.waiting_for,
            control=control,
        )


class SessionsAnswer(Answer):
    """The sessions of this device."""

    sessions: list[SessionAnswer]


class SessionChange(Body):
    """What to change of a session; what is left out stays."""

    name: SessionName | None = None
    returns: bool | None = None


class EndQuery(Body):
    """Whether to forget it, too."""

    forget: bool = Field(False, description="Remove an ended session from the list instead of ending a live one.")


class EndAnswer(Answer):
    """How it ended; the exit code is null where it could not be learned."""

    exit_code: int | None


class SnapshotQuery(Body):
    """How much history."""

    scrollback: int = Field(0, ge=0, le=50_000, description="Lines above the screen.")


class SnapshotAnswer(Answer):
    """A screen at one moment, ready to be written to a cleared terminal; cursor positions count from 0."""

    type: Literal["session.snapshot"] = "session.snapshot"
    schema_version: Literal["1"] = "1"
    session_id: str
    seq: int = Field(description="The number of the first output frame that comes after it.")
    content: str
    cols: int
    rows: int
    cursor_x: int
    cursor_y: int
    cursor_visible: bool
    alternate_on: bool
    scrollback: int
    modes: str
    title: str

    @classmethod
    def of(cls, snapshot: Snapshot) -> SnapshotAnswer:
        """The answer that shows a screen."""
        return cls(
            session_id=snapshot.session_id,
            seq=snapshot.seq,
            content=snapshot.content,
            cols=snapshot.cols,
            rows=snapshot.rows,
            cursor_x=snapshot.cursor_x,
            cursor_y=snapshot.cursor_y,
            cursor_visible=snapshot.cursor_visible,
            alternate_on=snapshot.alternate_on,
            scrollback=snapshot.scrollback,
            modes=snapshot.modes,
            title=snapshot.title,
        )


class Input(Body):
    """Bytes to type into a session."""

    data: Base64Bytes = Field(description="Base64.")


class Size(Body):
    """The size of a terminal."""

    cols: Columns
    rows: Rows


class ControlAnswer(Answer):
    """Who holds the keyboard of a session."""

    holder: str | None


class TerminalQuery(SnapshotQuery):
    """How much history the first snapshot of a terminal WebSocket brings."""
