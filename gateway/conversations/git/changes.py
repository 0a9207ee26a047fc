"""What changed between two trees: files with both their sides, bounded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from gateway.conversations.git.git import Git
from gateway.conversations.git.snapshots import OBJECTS

MAX_FILES: Final = 300
MAX_SIDE: Final = 512 * 1024
"""Bytes of one side of a file that are shown."""
MAX_SHOWN: Final = 6 * 1024 * 1024
"""Bytes of all sides together."""

_DIFF: Final = f"""{OBJECTS}
git diff --raw --numstat -z --no-renames --no-abbrev --no-ext-diff --no-textconv --relative "$HUTCH_FROM" "$HUTCH_TO"
"""
_SIDES: Final = f"""{OBJECTS}
printf '%s\\n' $HUTCH_BLOBS | git cat-file --batch-check='%(objectname) %(objectsize)' |
while read -r name size; do
    case $size in *[!0-9]*) continue;; esac
    if [ "$size" -le "$HUTCH_MOST" ]; then echo "$name"; fi
done | git cat-file --batch
"""
EMPTY: Final = "empty"
"""Stands for no file on that side."""


@dataclass(frozen=True, slots=True)
class Changed:
    """A file that is another one; lines None where it is no text. ``old`` None: new file, ``new`` None: removed.

    ``shown`` False where the sides are no text, or too long, and are left out.
    """

    path: str
    added: int | None
    removed: int | None
    old_blob: str = EMPTY
    new_blob: str = EMPTY
    old: str | None = None
    new: str | None = None
    shown: bool = False


async def changes(git: Git, folder: Path, before: str, after: str) -> Sequence[Changed]:
    """What is different in ``after``, by path below ``folder``. Raises :class:`Problem`; empty for unknown trees."""
    said = await git.shell(folder, _DIFF, variables={"HUTCH_FROM": before, "HUTCH_TO": after})
    if said.code != 0:
        return []
    found = _parsed(said.output)[:MAX_FILES]
    texts = await _texts(git, folder, [blob for one in found for blob in (one.old_blob, one.new_blob) if blob != EMPTY])
    shown, left = [], MAX_SHOWN
    for one in found:
        whole = _with_sides(one, texts)
        left -= len(whole.old or "") + len(whole.new or "")
        shown.append(whole if left >= 0 else one)
    return shown


def _with_sides(one: Changed, texts: Mapping[str, str]) -> Changed:
    sides = [None if blob == EMPTY else texts.get(blob) for blob in (one.old_blob, one.new_blob)]
    known = all(blob == EMPTY or blob in texts for blob in (one.old_blob, one.new_blob))
    return replace(one, old=sides[0], new=sides[1], shown=True) if known and one.added is not None else one


def _parsed(output: bytes) -> list[Changed]:
    """``--raw --numstat -z``: first the raw records, then the counts (git-diff(1), Raw output format)."""
    words = output.decode(errors="surrogateescape").split("\0")
    blobs: dict[str, tuple[str, str]] = {}
    found: list[Changed] = []
    at = 0
    while at < len(words) - 1:
        word = words[at]
        if word.startswith(":"):
            fields = word[1:].split(" ")
            blobs[words[at + 1]] = (_blob(fields[2], fields[0]), _blob(fields[3], fields[1]))
            at += 2
            continue
        added, removed, path = word.split("\t", 2)
        old, new = blobs.get(path, (EMPTY, EMPTY))
        shown = path.encode(errors="surrogateescape").decode(errors="replace")
        found.append(Changed(shown, _lines(added), _lines(removed), old, new))
        at += 1
    return found


def _blob(name: str, mode: str) -> str:
    """The blob of one side; none for nothing and for another repository inside this one."""
    return EMPTY if not name.strip("0") or mode == "160000" else name


def _lines(text: str) -> int | None:
    return int(text) if text.isdigit() else None


async def _texts(git: Git, folder: Path, blobs: Sequence[str]) -> dict[str, str]:
    """The texts of blobs that are text and short enough."""
    if not blobs:
        return {}
    variables = {"HUTCH_BLOBS": " ".join(dict.fromkeys(blobs)), "HUTCH_MOST": str(MAX_SIDE)}
    said = await git.shell(folder, _SIDES, variables=variables)
    found: dict[str, str] = {}
    rest = said.output
    while rest:
        head, _, rest = rest.partition(b"\n")
        name, _, size = head.decode(errors="replace").partition(" blob ")
        if not size.isdigit():
            break
        body, rest = rest[: int(size)], rest[int(size) + 1 :]
        if b"\0" not in body:
            found[name] = body.decode(errors="replace")
    return found
