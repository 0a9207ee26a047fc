"""What an adapter is."""

from __future__ import annotations

import shutil
from abc import ABC, abstractmethod
from pathlib import Path

import aiohttp
import psutil

from bench.processes import PeerFailed, Server, family, free_port
from bench.terminal import Terminal

PEERS_FOLDER = Path(__file__).parent.parent / ".peers"
"""Where tools/bench.sh installs the peers."""


class Peer(ABC):
    """A program that shows terminals. ``start`` once, then ``open`` a new shell for each measurement."""

    name: str
    survives: bool = False
    """Whether a session goes on when its last viewer is gone."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.folder.mkdir(parents=True)
        self.port = free_port()
        self.server: Server | None = None
        self.client = aiohttp.ClientSession(f"http://127.0.0.1:{self.port}")

    @abstractmethod
    async def start(self) -> None:
        """Start the server and wait until it answers; PeerFailed with the reason when that cannot be."""

    @abstractmethod
    async def open(self) -> Terminal:
        """A new shell and a viewer of it."""

    def processes(self) -> list[psutil.Process]:
        """The server's processes, the terminals' programs aside."""
        if self.server is None:
            return []
        return [process for process in family(self.server.process) if not _is_program(process)]

    async def stop(self) -> None:
        """Let go of everything."""
        await self.client.close()
        if self.server is not None:
            self.server.stop()


def _is_program(process: psutil.Process) -> bool:
    try:
        return process.name() in {"sh", "dash", "bash", "cat", "seq"}
    except psutil.NoSuchProcess:
        return True


def installed(path: Path) -> Path:
    """A file of an installed peer; PeerFailed where it was not installed."""
    if not path.exists():
        raise PeerFailed("not installed here")
    return path


def node() -> str:
    """The Node that runs the peers from npm."""
    found = shutil.which("node")
    if found is None:
        raise PeerFailed("needs node")
    return found
