"""Where things lie on disk: every path of the device in one place."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from appliance.config import Settings
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

    @classmethod
    def of(cls, settings: Settings) -> Layout:
        """The layout that the settings describe."""
        data = settings.data.absolute()
        secret_url = settings.database_url
        return cls(
            data=data,
            workspace=(settings.workspace or data / "workspace").absolute(),
            agents=(settings.agents or data / "agents").absolute(),
            sockets=(settings.sockets or _socket_folder(data)).absolute(),
            authorized_keys=(settings.authorized_keys or Path.home() / ".ssh" / "authorized_keys").absolute(),
            database_url=secret_url.get_secret_value() if secret_url else f"sqlite+aiosqlite:///{data / 'hutch.db'}",
        )

    def prepare(self) -> None:
        """Make the folders, private where they hold secrets.

        Raises:
            Problem: PERMISSION_DENIED when one cannot be made or belongs to somebody else.
        """
        for folder in (self.data, self.sockets, self.session_state):
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
