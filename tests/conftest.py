"""Fixtures that every test gets: a home of its own, nothing left behind, and nothing that blocks the loop."""

from __future__ import annotations

import asyncio
import gc
import inspect
import os
import sys
from collections.abc import AsyncIterator, Callable, Generator, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
import uvloop
from blockbuster import BlockBuster, blockbuster_ctx
from hypothesis import settings

from tests.postgres import postgres, postgres_url

__all__ = ["postgres", "postgres_url"]
PACKAGES = ["protocol", "foundation", "provisioning", "gateway", "webui", "hub", "appliance"]
SHELL = "/bin/sh"
# How long an example takes says more of what else the machine does than of the code. What hangs, the runner ends.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
GRACE_SECONDS = 3.0
"""How long a process that was told to end may take to be gone."""
LONGEST = (
    "tests/integration/releases/",
    "tests/browser/test_every_page.py",
    "tests/browser/hub/test_every_page.py",
    "tests/integration/hub_days/",
    "tests/integration/netns/",
)
"""Half a minute and more, much of it waiting. Begun first, they run beside everything else, not alone at the end."""

ON_UVLOOP = (
    "tests/integration/foundation/",
    "tests/integration/hub/",
    "tests/integration/hub_days/",
    "tests/integration/tunnel/",
    "tests/unit/hub/",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest: worker 0 has them, and the others take over what else it was given (worksteal)."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))


def pytest_asyncio_loop_factories(item: pytest.Item) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """The hub's tests run on the loop that a hub runs on: its transports, for one, are no subclasses of asyncio's."""
    if item.nodeid.startswith(ON_UVLOOP):
        return {"uvloop": uvloop.new_event_loop}
    return {"asyncio": asyncio.new_event_loop}


@pytest.fixture(scope="session", autouse=True)
def home_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An empty home and a plain shell: neither the person's files nor the settings of their device reach a test."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name in [*os.environ]:
            if name.startswith(("HUTCH_", "XDG_")) or name in ("DATABASE_URL", "OPENCODE_SERVER_PASSWORD"):
                patch.delenv(name)
        # Processes are started by the hundred: none should compile our modules and templates anew.
        patch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
        patch.setattr(sys, "dont_write_bytecode", False)
        patch.setenv("HOME", str(home))
        patch.setenv("SHELL", SHELL)
        patch.setenv("HUTCH_SHELL", SHELL)
        # One fixed port for all: a test that wants it chooses its own.
        patch.setenv("HUTCH_OPENCODE_LISTEN", "off")
        yield home


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Describe a failure without the garbage collector in between.

    A finalizer that complains while pytest parses the source of the failed test ends Python 3.11.2, which is Debian
    12's, with "AST constructor recursion depth mismatch" (python/cpython#106905), and with it the whole run.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


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
    """Fail a test that leaves a process: a child, or any that works in the run's folder, as tmux servers do."""
    base = tmp_path_factory.getbasetemp()
    before = set(psutil.pids())
    yield
    ours = [process for process in _new_processes(before) if _is_ours(process, base)]
    _, left = psutil.wait_procs(ours, timeout=GRACE_SECONDS)
    names = [_describe(process) for process in left if _is_alive(process)]
    for process in left:
        with suppress(psutil.Error):
            process.kill()
            process.wait(GRACE_SECONDS)
    assert not names, f"the test left processes behind: {names}"


def _new_processes(before: set[int]) -> Iterator[psutil.Process]:
    for pid in psutil.pids():
        if pid not in before:
            with suppress(psutil.NoSuchProcess):
                yield psutil.Process(pid)


def _is_ours(process: psutil.Process, base: Path) -> bool:
    """Whether it is a descendant, or names the run's folder in its arguments, folder or environment.

    A tmux server is nobody's child, and the one of a long path has its socket elsewhere; its folder tells.
    """
    try:
        if os.getpid() in (parent.pid for parent in process.parents()):
            return True
        places = [*process.cmdline(), process.cwd(), process.environ().get("HOME", "")]
    except psutil.Error:
        return False
    return any(str(base) in place for place in places)


def _is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _describe(process: psutil.Process) -> str:
    try:
        return f"{process.pid} {' '.join(process.cmdline())}"
    except psutil.Error:
        return str(process.pid)
