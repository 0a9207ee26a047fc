"""A program of its own that runs in the agents' account and touches files there, because the daemon may not.

``python -I -S inside.py`` reads one request as JSON and answers with one line of JSON. It imports nothing of Hutch, so
that it starts in a few milliseconds. :mod:`gateway.agents.account` talks to it.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

MAX_REQUEST = 4 * 1024 * 1024
MAX_FILE = 32 * 1024 * 1024
"""Bytes of a settings file that is read."""
PARTIAL = ".partial"

Request = Mapping[str, object]


def place(request: Request) -> object:
    """Write our own files and add to settings; answers the settings files that could not be read and were left."""
    for file in _list(request, "files"):
        _own(Path(str(file["path"])), str(file["text"]), 0o755 if file["executable"] else 0o644)
    return [str(wanted["path"]) for wanted in _list(request, "merges") if not _merge(wanted)]


def begin(request: Request) -> object:
    """Make an empty folder for a tree, and clear away what earlier installations left."""
    prefix, tree = Path(str(request["prefix"])), str(request["tree"])
    prefix.mkdir(mode=0o755, parents=True, exist_ok=True)
    _clear(prefix, str(request["name"]))
    (prefix / tree).mkdir(mode=0o755)
    return str(prefix / tree)


def commit(request: Request) -> object:
    """Give a complete tree its name and make it the one in use, in one step.

    The tree before it stays until the next installation, because sessions may still run from it.
    """
    prefix, name, partial = Path(str(request["prefix"])), str(request["name"]), str(request["tree"])
    tree = prefix / partial.removesuffix(PARTIAL)
    (prefix / partial).rename(tree)
    _swap_link(prefix / name, tree.name)
    (prefix / "bin").mkdir(mode=0o755, exist_ok=True)
    binary = str(request["binary"])
    _swap_link(prefix / "bin" / binary, f"../{name}/node_modules/.bin/{binary}")
    return None


def discard(request: Request) -> object:
    """Remove a tree that did not come to be."""
    shutil.rmtree(Path(str(request["prefix"])) / str(request["tree"]), ignore_errors=True)
    return None


def remove(request: Request) -> object:
    """Remove a CLI with all its trees."""
    prefix, name = Path(str(request["prefix"])), str(request["name"])
    for link in (prefix / "bin" / str(request["binary"]), prefix / name):
        if link.is_symlink():
            link.unlink()
    if prefix.is_dir():
        _clear(prefix, name)
    return None


def look(request: Request) -> object:
    """Which of these files are there and hold something."""
    return [path for path in _texts(request, "paths") if _holds_something(Path(path))]


VERBS: Mapping[str, Callable[[Request], object]] = {
    "place": place,
    "begin": begin,
    "commit": commit,
    "discard": discard,
    "remove": remove,
    "look": look,
}


def main() -> int:
    """Answer one request."""
    request = json.loads(sys.stdin.buffer.read(MAX_REQUEST))
    try:
        answer: object = {"ok": VERBS[str(request["verb"])](request)}
    except OSError as error:
        answer = {"errno": error.errno or 0, "path": str(error.filename or "")}
    sys.stdout.write(json.dumps(answer) + "\n")
    return 0


def merged(value: dict[str, object], wanted: Request) -> dict[str, object]:
    """A settings file's content with what is wanted in it; what a person wrote stays."""
    value = _filled(value, _map(wanted, "absent"), over=False)
    value = _filled(value, _map(wanted, "set"), over=True)
    for where, texts in _map(wanted, "append").items():
        value = _appended(value, where.split("."), texts if isinstance(texts, list) else [])
    return value


def _merge(wanted: Request) -> bool:
    if any(os.path.lexists(path) for path in _texts(wanted, "unless")):
        return True
    # People keep their settings elsewhere and link to them; the link has to stay.
    path = Path(os.path.realpath(str(wanted["path"])))
    try:
        with path.open("rb") as file:
            text = file.read(MAX_FILE + 1)
        before = json.loads(text) if text.strip() else {}
        mode = path.stat().st_mode & 0o777
    except FileNotFoundError:
        before, mode = {}, 0o600
    except ValueError:
        return False
    if not isinstance(before, dict):
        return False
    after = merged(before, wanted)
    if after != before:
        _write(path, json.dumps(after, indent=2) + "\n", mode)
    return True


def _filled(value: dict[str, object], wanted: Mapping[str, object], *, over: bool) -> dict[str, object]:
    filled = dict(value)
    for name, content in wanted.items():
        there = filled.get(name)
        if isinstance(content, dict) and isinstance(there, dict):
            filled[name] = _filled(there, content, over=over)
        elif name not in filled or (over and not isinstance(there, dict)):
            filled[name] = content
    return filled


def _appended(value: dict[str, object], where: list[str], texts: list[object]) -> dict[str, object]:
    there = value.get(where[0])
    if len(where) > 1:
        inner = there if isinstance(there, dict) else {}
        return value if there is not None and inner is not there else {
            **value, where[0]: _appended(inner, where[1:], texts)
        }  # fmt: skip
    if there is not None and not isinstance(there, list):
        return value
    held = there or []
    return {**value, where[0]: [*held, *(text for text in texts if text not in held)]}


def _own(path: Path, text: str, mode: int) -> None:
    with contextlib.suppress(OSError, UnicodeDecodeError):
        if path.read_text(encoding="utf-8") == text and path.stat().st_mode & 0o777 == mode:
            return
    _write(path, text, mode)


def _write(path: Path, text: str, mode: int) -> None:
    """Whole or not at all: other programs read these files at any time."""
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            os.fchmod(file.fileno(), mode)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _clear(prefix: Path, name: str) -> None:
    """Remove unfinished trees and those no longer in use of one CLI."""
    link = prefix / name
    used = str(link.readlink()) if link.is_symlink() else None
    for entry in prefix.iterdir():
        if entry.name.startswith(f"{name}-") and entry.name != used and entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry, ignore_errors=True)


def _swap_link(link: Path, target: str) -> None:
    fresh = link.with_name(f".{link.name}-{os.getpid()}")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target)
    fresh.replace(link)


def _holds_something(path: Path) -> bool:
    try:
        return path.stat().st_size > len("{}\n")
    except OSError:
        return False


def _list(request: Request, name: str) -> list[dict[str, object]]:
    value = request.get(name, [])
    return value if isinstance(value, list) else []


def _texts(request: Request, name: str) -> list[str]:
    value = request.get(name, [])
    return [str(text) for text in value] if isinstance(value, list) else []


def _map(request: Request, name: str) -> dict[str, object]:
    value = request.get(name, {})
    return value if isinstance(value, dict) else {}


if __name__ == "__main__":
    sys.exit(main())
