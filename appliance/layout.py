"""Where things lie on disk: every path of the device in one place."""

from __future__ import annotations

import os
import sys
import tempfile
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from appliance.config import Settings
from appliance.separation import FOLDER_MODE, SOCKETS_MODE, agents_user, refuse_within_reach
from gateway.programs.types import User
from gateway.programs.wire import SOCKET
from protocol.problems import Problem, ProblemCode
from provisioning.identity import KEY_FILE_NAME

_LONGEST_SOCKET_FOLDER = 108 - len("/") - 64 - len(".pipe.sock") - 1
"""A UNIX socket path has 108 bytes with its NUL; the longest session id has 64."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The files and folders of one device."""

    data: Path
    workspace: Path
    agents: Path
    sockets: Path
    authorized_keys: Path
    database_url: str
    broker: Path
    agent_user: User | None = None
    """The account that agents work in, where it is another than the daemon's."""

    @property
    def lock(self) -> Path:
        """Held by the running daemon."""
        return self.data / "lock"

    @property
    def console(self) -> Path:
        """The socket that the ``hutch`` command talks to."""
        return self.data / "console.sock"

    @property
    def hub_door(self) -> Path:
        """The socket behind which the hub's people see the pages."""
        return self.data / "hub.sock"

    @property
    def setup_code(self) -> Path:
        """The one-time code, until somebody has used it."""
        return self.data / "setup-code"

    @property
    def hub_credentials(self) -> Path:
        """URL and token of the hub."""
        return self.data / "hub.json"

    @property
    def hub_memory(self) -> Path:
        """What the hub may do, and its key."""
        return self.data / "hub-memory.json"

    @property
    def device_key(self) -> Path:
        """The device's own key towards hubs."""
        return self.data / KEY_FILE_NAME

    @property
    def updates(self) -> Path:
        """Bundles on their way, and how far an update is."""
        return self.data / "updates"

    @property
    def session_state(self) -> Path:
        """What sessions need to come back after a reboot."""
        return self.data / "sessions"

    @property
    def conversation_state(self) -> Path:
        """Attachments of conversations, and which agents' programs run."""
        return self.data / "conversations"

    @property
    def secrets_key(self) -> Path:
        """What opens the secrets in the store."""
        return self.data / "secrets.key"

    @property
    def built_in_agents(self) -> Path:
        """Agent CLIs that came with this release, beside its programs; only images that were built so have them."""
        return Path(sys.prefix) / "agents"

    @property
    def agents_folders(self) -> dict[Path, int]:
        """What the agents' account makes for itself, with the modes."""
        return {self.sockets: SOCKETS_MODE, self.workspace: FOLDER_MODE, self.agents: FOLDER_MODE}

    @classmethod
    def of(cls, settings: Settings) -> Layout:
        """The layout that the settings describe.

        Raises:
            Problem: INVALID_REQUEST when ``agent_user`` is no account, or none that agents should have.
        """
        data = settings.data.absolute()
        secret_url = settings.database_url
        user = agents_user(settings.agent_user) if settings.agent_user else None
        broker = (settings.broker or Path(SOCKET)).absolute()
        return cls(
            data=data,
            workspace=(settings.workspace or (user.home / "work" if user else data / "workspace")).absolute(),
            agents=(settings.agents or (user.home / ".hutch" / "agents" if user else data / "agents")).absolute(),
            sockets=(settings.sockets or (broker.parent / "tmux" if user else _socket_folder(data))).absolute(),
            broker=broker,
            agent_user=user,
            authorized_keys=(settings.authorized_keys or Path.home() / ".ssh" / "authorized_keys").absolute(),
            database_url=secret_url.get_secret_value() if secret_url else f"sqlite+aiosqlite:///{data / 'hutch.db'}",
        )

    def prepare(self) -> None:
        """Make the folders, private where they hold secrets.

        Raises:
            Problem: PERMISSION_DENIED when one cannot be made or belongs to somebody else.
        """
        if self.agent_user is not None:
            # What agents own is made by themselves, when their account is reached.
            for folder in (self.data, self.session_state, self.conversation_state):
                _private(folder)
            refuse_within_reach(self.data, self.agent_user)
            return
        for folder in (self.data, self.sockets, self.session_state, self.conversation_state):
            _private(folder)
        for folder in (self.workspace, self.agents):
            _make(folder)


def _socket_folder(data: Path) -> Path:
    folder = data / "tmux"
    if len(os.fsencode(folder)) <= _LONGEST_SOCKET_FOLDER:
        return folder
    name = sha256(os.fsencode(data)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"hutch-{os.getuid()}-{name}"


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Problem(
            ProblemCode.PERMISSION_DENIED,
            f"The folder {folder} cannot be made: {error.strerror}. Choose another with --data, or mend its rights.",
        ) from None


def _private(folder: Path) -> None:
    _make(folder)
    if folder.is_symlink() or folder.stat().st_uid != os.getuid():
        raise Problem(
            ProblemCode.PERMISSION_DENIED,
            f"The folder {folder} belongs to somebody else. Start Hutch as its owner, or choose another with --data.",
        )
    folder.chmod(0o700)
