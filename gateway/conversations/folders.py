"""The folder a conversation works in: its files by name, what a turn changed, commit, push, giving changes up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from gateway.conversations.finding import best, walked
from gateway.conversations.git.branches import branch_of, commit, push, restore, undo
from gateway.conversations.git.changes import Changed, changes
from gateway.conversations.git.git import Git
from gateway.conversations.git.snapshots import Snapshots
from gateway.conversations.live import Live
from gateway.conversations.lives import Lives
from gateway.conversations.records.conversations import ConversationRecords
from gateway.conversations.records.rows import KeptTurn
from gateway.host.errnos import problems_of
from gateway.workspaces.rights import Rights
from protocol.problems import Problem, ProblemCode

_HEAD = 'git rev-parse -q --verify "HEAD^{tree}" || git hash-object -t tree /dev/null'


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed; ``available`` False where there is no git, or no trace of the turn (any more)."""

    available: bool
    branch: str | None
    files: Sequence[Changed]


class WorkFolders:
    """Works in the folders of conversations. Every refusal is a Problem."""

    def __init__(
        self, lives: Lives, records: ConversationRecords, git: Git, snapshots: Snapshots, *, rights: Rights
    ) -> None:
        self._lives = lives
        self._records = records
        self._git = git
        self._snapshots = snapshots
        self._rights = rights

    async def files(self, conversation_id: str, text: str, limit: int) -> Sequence[str]:
        """Paths below the folder that go with a text, the best first: for @mentions."""
        async with self._lives.hold(conversation_id) as live:
            folder = live.kept.conversation.folder
        found = await self._tracked(folder)
        if not found:
            with problems_of(str(folder)):
                found = await asyncio.to_thread(walked, folder, self._rights)
        return await asyncio.to_thread(best, found, text, limit)

    async def changes(self, conversation_id: str, turn_id: str | None) -> Changes:
        """What a turn changed, or what is not committed."""
        async with self._lives.hold(conversation_id) as live:
            folder = live.kept.conversation.folder
            before, after = await self._trees(live, turn_id)
        branch = await branch_of(self._git, folder)
        if before is None or after is None:
            return Changes(False, branch, [])
        return Changes(True, branch, await changes(self._git, folder, before, after))

    async def commit(self, conversation_id: str, message: str) -> tuple[str, str | None]:
        """Commit everything that changed; the commit and its branch."""
        async with self._quiet(conversation_id) as folder:
            made = await commit(self._git, folder, message)
            return made, await branch_of(self._git, folder)

    async def push(self, conversation_id: str) -> tuple[str, str]:
        """Push the branch; its name, and what git said."""
        async with self._lives.hold(conversation_id) as live:
            return await push(self._git, live.kept.conversation.folder)

    async def discard(self, conversation_id: str, turn_id: str | None) -> None:
        """Take back what a turn changed, or give up everything that is not committed."""
        async with self._quiet(conversation_id) as folder:
            if turn_id is None:
                await restore(self._git, folder)
                return
            async with self._lives.hold(conversation_id) as live:
                before, after = await self._trees(live, turn_id)
            if before is None or after is None:
                raise Problem(ProblemCode.CONFLICT, "There is no trace of what this turn changed. Use git yourself.")
            if before != after:
                await undo(self._git, folder, before, after)

    @asynccontextmanager
    async def _quiet(self, conversation_id: str) -> AsyncIterator[Path]:
        async with self._lives.hold(conversation_id) as live:
            if live.turning is not None:
                raise Problem(ProblemCode.CONFLICT, "The agent is at work here. Wait until it is done, or stop it.")
            yield live.kept.conversation.folder

    async def _trees(self, live: Live, turn_id: str | None) -> tuple[str | None, str | None]:
        folder = live.kept.conversation.folder
        if turn_id is None:
            head = await self._git.shell(folder, _HEAD)
            before = head.output.decode(errors="replace").strip() if head.code == 0 else None
            return before, await self._snapshots.take(folder)
        if live.turning is None and live.runner is not None:
            # The turn is over, and what it changed is being looked at.
            await asyncio.wait({live.runner})
        kept = await self._turn(live, turn_id)
        if live.turning is not None and live.turning.id == turn_id:
            return live.turning.kept.tree_before, await self._snapshots.take(folder)
        return kept.tree_before, kept.tree_after

    async def _turn(self, live: Live, turn_id: str) -> KeptTurn:
        kept = await self._records.turn(turn_id)
        if kept is None or kept.turn.conversation_id != live.id:
            raise Problem(ProblemCode.NOT_FOUND, "There is no such turn. Look at the conversation again.")
        return kept

    async def _tracked(self, folder: Path) -> list[str]:
        """What git knows of and does not ignore; nothing where there is no git."""
        try:
            said = await self._git.run(folder, "ls-files", "-co", "--exclude-standard", "-z")
        except Problem:
            return []
        return said.output.decode(errors="replace").split("\0")[:-1] if said.code == 0 else []
