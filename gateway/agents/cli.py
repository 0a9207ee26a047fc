"""What an agent CLI is to Hutch: a row of what is installed, and the ways in which this one differs from the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gateway.agents.acp import Quirks
from gateway.agents.pins import Pin
from gateway.agents.signs import Sign
from gateway.conversations.types import Permission


@dataclass(frozen=True, slots=True)
class Place:
    """Where and with what a CLI is started. ``variables`` is its environment so far, the key included."""

    program: Path
    adapter: Path | None
    """What speaks ACP for it; None where the CLI does so itself."""
    own: Path
    """The folder of the files in :attr:`Ways.files`."""
    home: Path
    folder: Path
    variables: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Start:
    """A command, and the variables it needs on top of those it has."""

    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Talk:
    """As :class:`gateway.agents.acp.AcpLaunch`, without what all CLIs have in common."""

    start: Start
    modes: Mapping[Permission, str] = field(default_factory=dict)
    model: str | None = None
    model_option: str | None = None
    own_model: str | None = None


@dataclass(frozen=True, slots=True)
class Merge:
    """What a JSON file of the CLI has to say before it starts.

    ``absent`` is put where nothing is said yet; ``set`` also over what the CLI itself wrote there. ``path`` is below
    the home folder, or absolute. ``unless`` are files beside which this one is not made.
    """

    path: str
    absent: Mapping[str, object] = field(default_factory=dict)
    set: Mapping[str, object] = field(default_factory=dict)
    append: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Texts that lists have to hold; the key is the list's place, its parts separated by dots."""
    unless: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OwnFile:
    """A file of ours beside the CLIs, or below the home folder where a CLI looks for it there."""

    name: str
    text: str
    executable: bool = False
    at_home: bool = False


@dataclass(frozen=True, slots=True)
class LoginWay:
    """How a person logs in with the vendor's own command.

    ``hosts`` are those of the addresses a person may be sent to (with their subdomains), because what a terminal shows
    is not to be trusted; empty where the CLI knows many vendors. ``credentials`` are the files below the home folder
    of which one is there after a login.
    """

    arguments: tuple[str, ...]
    hosts: tuple[str, ...]
    credentials: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    code: str | None = None
    """A regular expression of a code that the vendor's page asks for."""


class Ways:
    """What differs from CLI to CLI. This one is a CLI that needs nothing."""

    login: LoginWay | None = None
    keys: tuple[str, ...] = ()
    """The variables in which it takes an API key, the usual one first."""
    quirks: Quirks = Quirks()

    def terminal(self, place: Place, arguments: tuple[str, ...], *, hooks: bool) -> Start:
        """How it starts in a terminal; with ``hooks`` it is to tell :mod:`gateway.agents.hooks` what it does."""
        return Start((str(place.program), *arguments))

    def conversation(self, place: Place, permission: Permission, model: str | None) -> Talk | None:
        """How it starts to speak ACP; None where it cannot."""
        return None

    def merges(self, place: Place) -> tuple[Merge, ...]:
        """What its settings have to say, so that it starts without a question."""
        return ()

    def files(self) -> tuple[OwnFile, ...]:
        """Files of ours that it reads."""
        return ()

    def hook(self, event: str, data: Mapping[str, object]) -> Sign | None:
        """What a hook says; None for one that says nothing of the status."""
        return None

    def title(self, title: str) -> Sign | None:
        """What the terminal's title says; None for one that says nothing."""
        return None


@dataclass(frozen=True, slots=True)
class Adapter:
    """A package that speaks ACP for a CLI, installed without the copy of the CLI that it brings."""

    pin: Pin
    binary: str
    source: str | None = None
    """What npm is to install in its place: the path of a tarball."""


@dataclass(frozen=True, slots=True)
class AgentCli:
    """One agent CLI: where it comes from and how it is started in a terminal. Sizes in MB, on arm64, rounded up."""

    name: str
    title: str
    binary: str
    package: str
    version: str
    disk_mb: int
    node_major: int
    """The oldest Node that installs and starts it."""
    arguments: tuple[str, ...] = ()
    """What a terminal session passes to the program."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables it needs in every session."""
    as_root: Mapping[str, str] = field(default_factory=dict)
    """Variables it needs besides where sessions run as root (a container, a developer's machine)."""
    setup: tuple[str, ...] = ()
    """The package's own install step, run in its folder. Scripts of all other packages are not run."""
    source: str | None = None
    """What npm is to install instead of ``package@version``: the path of a tarball."""
    adapter: Adapter | None = None
    ways: Ways = field(default_factory=Ways)
