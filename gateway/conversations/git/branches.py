"""Worktrees, commits, pushes, and giving changes up."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from gateway.conversations.git.git import Git, Said
from gateway.conversations.git.snapshots import OBJECTS
from gateway.conversations.types import Worktree
from protocol.problems import Problem, ProblemCode

PUSH_SECONDS: Final = 180.0
WORKTREES: Final = ".worktrees"
"""The folder below the workspace root in which worktrees lie."""
_MAX_SAID: Final = 4000

_UNDO: Final = f"""{OBJECTS}
git diff --binary --no-renames --no-ext-diff --no-textconv "$HUTCH_AFTER" "$HUTCH_BEFORE" -- . |
(cd "$(git rev-parse --show-toplevel)" && git apply --whitespace=nowarn --allow-empty)
"""
_RESTORE: Final = """
set -e
if git rev-parse -q --verify HEAD >/dev/null; then
    git reset -q HEAD -- .
    git checkout -q HEAD -- . 2>/dev/null || true
else
    git rm -r -q --cached --ignore-unmatch -- .
fi
git clean -fdq -- .
"""


async def add_worktree(git: Git, folder: Path, root: Path, name: str) -> tuple[Worktree, Path]:
    """A worktree with a branch of its own, and the folder in it that stands for ``folder``. Raises CONFLICT."""
    head = await git.run(folder, "rev-parse", "HEAD")
    if head.code != 0:
        raise Problem(
            ProblemCode.CONFLICT, "A worktree needs a git repository with a commit. Make one, or work without it."
        )
    prefix = (await git.run(folder, "rev-parse", "--show-prefix")).output.decode(errors="replace").strip()
    place, branch = root / WORKTREES / name, f"hutch/{name}"
    made = await git.run(folder, "worktree", "add", "-q", "-b", branch, str(place), "HEAD", seconds=120)
    if made.code != 0:
        raise _refused("The worktree could not be made", made)
    return Worktree(place, branch, head.output.decode().strip()), place / prefix


async def remove_worktree(git: Git, tree: Worktree) -> bool:
    """Remove a worktree with nothing in it that is not committed, and its branch if nothing was committed on it."""
    main = await git.run(tree.folder, "rev-parse", "--path-format=absolute", "--git-common-dir")
    above = Path(main.output.decode(errors="replace").strip())
    if main.code != 0 or not above.is_absolute():
        return False
    removed = await git.run(above, "worktree", "remove", str(tree.folder), seconds=60)
    if removed.code != 0:
        return False
    tip = await git.run(above, "rev-parse", tree.branch)
    if tip.output.decode().strip() == tree.base:
        await git.run(above, "branch", "-q", "-D", tree.branch)
    return True


async def branch_of(git: Git, folder: Path) -> str | None:
    """The branch that is checked out; None without one."""
    said = await git.run(folder, "symbolic-ref", "-q", "--short", "HEAD")
    return said.output.decode(errors="replace").strip() or None if said.code == 0 else None


async def commit(git: Git, folder: Path, message: str) -> str:
    """Commit everything that changed in a folder; the commit's id. Raises CONFLICT when nothing did."""
    added = await git.run(folder, "add", "-A", "--", ".")
    if added.code != 0:
        raise _refused("The changes could not be added", added)
    if (await git.run(folder, "diff", "--cached", "--quiet", "--", ".")).code == 0:
        raise Problem(ProblemCode.CONFLICT, "Nothing has changed, so there is nothing to commit.")
    who = [] if (await git.run(folder, "config", "user.email")).code == 0 else _NOBODY
    said = await git.run(
        folder, *who, "commit", "-q", "-F", "-", given=message.encode(errors="replace"), hooks=True, seconds=120
    )
    if said.code != 0:
        raise _refused("Git refused the commit", said)
    return (await git.run(folder, "rev-parse", "HEAD")).output.decode().strip()


async def push(git: Git, folder: Path) -> tuple[str, str]:
    """Push the branch to where it comes from, else to ``origin``; its name and what git said. Raises CONFLICT."""
    branch = await branch_of(git, folder)
    if branch is None:
        raise Problem(ProblemCode.CONFLICT, "No branch is checked out here. Check one out in a terminal.")
    remote = (await git.run(folder, "config", f"branch.{branch}.remote")).output.decode(errors="replace").strip()
    said = await git.run(
        folder, "push", "-u", remote or "origin", f"HEAD:refs/heads/{branch}", hooks=True, seconds=PUSH_SECONDS
    )
    if said.code != 0:
        raise _refused("Git could not push", said)
    return branch, _words(said)


async def undo(git: Git, folder: Path, before: str, after: str) -> None:
    """Take back what happened between two trees, in the files alone. Raises CONFLICT where more changed since."""
    said = await git.shell(folder, _UNDO, variables={"HUTCH_BEFORE": before, "HUTCH_AFTER": after})
    if said.code != 0:
        raise _refused("The same places were changed again since, so this cannot be taken back by itself", said)


async def restore(git: Git, folder: Path) -> None:
    """Give up everything in a folder that is not committed. Raises CONFLICT."""
    said = await git.shell(folder, _RESTORE)
    if said.code != 0:
        raise _refused("The changes could not be given up", said)


_NOBODY: Final = ["-c", "user.name=Hutch", "-c", "user.email=hutch@localhost"]


def _refused(what: str, said: Said) -> Problem:
    words = _words(said)
    return Problem(ProblemCode.CONFLICT, f"{what}: {words[:300]}" if words else f"{what}.", {"output": words})


def _words(said: Said) -> str:
    text = f"{said.output.decode(errors='replace')}\n{said.errors}".strip()[-_MAX_SAID:]
    return "".join(char if char.isprintable() or char == "\n" else " " for char in text)
