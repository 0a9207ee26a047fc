"""file.*: files in chunks, both ways."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, suppress
from functools import partial

from gateway.hub_link.channel import Request
from gateway.hub_link.commands.reply import Reply
from gateway.hub_link.services import HubTransfers
from gateway.workspaces.types import DownloadPlan
from protocol.commands import FileCancel, FileDownload, FileUploadBegin, FileUploadChunk, FileUploadEnd
from protocol.events import FileContentBegin, FileContentChunk, FileContentEnd
from protocol.problems import Problem, ProblemCode


class FileCommands:
    """The handlers of the family, and the downloads that are under way."""

    def __init__(self, transfers: HubTransfers) -> None:
        self._transfers = transfers
        self._downloads: dict[str, asyncio.Task[None]] = {}

    async def upload_begin(self, command: FileUploadBegin) -> Reply:
        """Make ready for a file."""
        await self._transfers.begin_upload(command.transfer_id, command.dest_path, command.size, command.total_chunks)
        return Reply()

    async def upload_chunk(self, command: FileUploadChunk) -> Reply:
        """Write the next piece."""
        await self._transfers.chunk(command.transfer_id, command.seq, command.data)
        return Reply()

    async def upload_end(self, command: FileUploadEnd) -> Reply:
        """Put the file in its place."""
        entry = await self._transfers.end_upload(command.transfer_id)
        return Reply(target=entry.path)

    async def download(self, command: FileDownload) -> Reply:
        """Open the file; its pieces follow as fast as the socket takes them, outside of the transfer's lane."""
        plan = await self._transfers.begin_download(command.transfer_id, command.path)
        return Reply(in_stream=True, later=partial(self._send, plan))

    async def cancel(self, command: FileCancel) -> Reply:
        """Stop a transfer in either direction; a download that was under way is refused with a sentence."""
        download = self._downloads.get(command.transfer_id)
        if download is None:
            await self._transfers.cancel(command.transfer_id)
        else:
            download.cancel()
            await asyncio.wait([download])
        return Reply()

    async def _send(self, plan: DownloadPlan, request: Request) -> None:
        task = asyncio.ensure_future(self._send_all(plan, request))
        self._downloads[plan.transfer_id] = task
        try:
            await asyncio.wait([task])
        finally:
            task.cancel()
            await asyncio.wait([task])
            self._downloads.pop(plan.transfer_id, None)
        if task.cancelled():
            raise Problem(ProblemCode.CONFLICT, "The download was cancelled. Ask for the file again if you want it.")
        await task

    async def _send_all(self, plan: DownloadPlan, request: Request) -> None:
        name = plan.transfer_id
        done = False
        try:
            begin = FileContentBegin(transfer_id=name, path=plan.path, size=plan.size, total_chunks=plan.total_chunks)
            await request.tell(begin)
            seq = 0
            async with aclosing(self._transfers.download_chunks(name)) as chunks:
                async for data in chunks:
                    await request.tell(FileContentChunk(transfer_id=name, seq=seq, data=data))
                    seq += 1
            await request.tell(FileContentEnd(transfer_id=name))
            done = True
        finally:
            if not done:
                with suppress(Problem):  # it may have been forgotten together with its reader
                    await self._transfers.cancel(name)
