"""Fixtures that every test gets: nothing may be left behind, and nothing may block the loop."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psutil
import pytest
from blockbuster import BlockBuster, blockbuster_ctx

PACKAGES = ["protocol", "provisioning", "gateway", "webui", "appliance"]


def _is_async(request: pytest.FixtureRequest) -> bool:
    return inspect.iscoroutinefunction(getattr(request.node, "obj", None))


@pytest.fixture(autouse=True)
def no_blocking_calls(request: pytest.FixtureRequest) -> Iterator[BlockBuster | None]:
    """Fail a test in which our own code blocks the event loop."""
    if not _is_async(request):
        yield None
        return
    with blockbuster_ctx(PACKAGES) as blockbuster:
        yield blockbuster


@pytest.fixture(autouse=True)
async def no_task_left() -> AsyncIterator[None]:
    """Fail a test that leaves a task running on its loop."""
    before = asyncio.all_tasks()
    yield
    left = [task for task in asyncio.all_tasks() - before - {asyncio.current_task()} if not task.done()]
    assert not left, f"the test left tasks behind: {left}"


@pytest.fixture(autouse=True)
def no_process_left(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Fail a test that leaves a child process, or a tmux server with its socket under the test's folder."""
    me = psutil.Process()
    before = set(me.children(recursive=True))
    yield
    new = [child for child in me.children(recursive=True) if child not in before]
    _, alive = psutil.wait_procs(new, timeout=3)
    names = [f"{p.pid} {' '.join(p.cmdline())}" for p in alive if p.is_running()]
    names += _tmux_servers(tmp_path_factory.getbasetemp())
    assert not names, f"the test left processes behind: {names}"


def _tmux_servers(base: Path) -> list[str]:
    found = []
    for process in psutil.process_iter(["name", "cmdline"]):
        words: list[str] = process.info["cmdline"] or []
        if (process.info["name"] or "").startswith("tmux") and any(str(base) in word for word in words):
            found.append(f"{process.pid} {' '.join(words)}")
    return found
