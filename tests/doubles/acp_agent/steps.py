"""The steps of a prompt, one function each: the first word of a line is its name, the rest its argument."""

from __future__ import annotations

import asyncio
import json
import os
import select
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from acp import RequestError, schema
from acp import helpers as make
from acp.interfaces import Client
from pydantic import BaseModel

_OPTIONS = [
    schema.PermissionOption(option_id="yes", name="Allow", kind="allow_once"),
    schema.PermissionOption(option_id="yes-always", name="Always allow", kind="allow_always"),
    schema.PermissionOption(option_id="no", name="Reject", kind="reject_once"),
]


@dataclass
class Turn:
    """A prompt that is being answered."""

    client: Client
    session_id: str
    folder: Path
    prompt: Sequence[Any]
    memory: Sequence[str]
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)
    stop_reason: Any = "end_turn"
    usage: schema.Usage | None = None
    meta: dict[str, Any] | None = None

    async def say(self, text: str) -> None:
        """A chunk of the answer."""
        await self.tell(make.update_agent_message_text(text))

    async def tell(self, update: BaseModel) -> None:
        """An update."""
        await self.client.session_update(self.session_id, cast(Any, update))


async def say(turn: Turn, text: str) -> None:
    """``say TEXT``: a chunk; ``\\n`` stands for a line break."""
    await turn.say(text.replace("\\n", "\n"))


async def think(turn: Turn, text: str) -> None:
    """``think TEXT``."""
    await turn.tell(make.update_agent_thought_text(text))


async def tool(turn: Turn, text: str) -> None:
    """``tool KIND STATUS TITLE``: the call ``t1``, new at first."""
    kind, status, title = text.split(" ", 2)
    await turn.tell(make.start_tool_call("t1", title, kind=kind, status=status, raw_input={"asked": title}))  # type: ignore[arg-type]


async def output(turn: Turn, text: str) -> None:
    """``output STATUS TEXT``: what the call ``t1`` brought."""
    status, said = text.split(" ", 1)
    content = [make.tool_content(make.text_block(said))]
    await turn.tell(make.update_tool_call("t1", status=status, content=content))  # type: ignore[arg-type]


async def diff(turn: Turn, text: str) -> None:
    """``diff PATH TEXT``: the call ``t2`` writes a new file."""
    path, new = text.split(" ", 1)
    content = [make.tool_diff_content(str(turn.folder / path), new, None)]
    await turn.tell(make.start_tool_call("t2", f"Write {path}", kind="edit", status="completed", content=content))


async def plan(turn: Turn, text: str) -> None:
    """``plan A|B``: the first step is done."""
    entries = [make.plan_entry(one, status="pending") for one in text.split("|")]
    entries[0].status = "completed"
    await turn.tell(make.update_plan(entries))


async def commands(turn: Turn, text: str) -> None:
    """``commands A B``: the slash commands there are."""
    found = [schema.AvailableCommand(name=name, description=f"Does {name}") for name in text.split()]
    await turn.tell(
        schema.AvailableCommandsUpdate(session_update="available_commands_update", available_commands=found)
    )


async def context(turn: Turn, text: str) -> None:
    """``context USED SIZE COST``."""
    used, size, cost = text.split()
    dollars = schema.Cost(amount=float(cost), currency="USD")
    await turn.tell(schema.UsageUpdate(session_update="usage_update", used=int(used), size=int(size), cost=dollars))


async def usage(turn: Turn, text: str) -> None:
    """``usage INPUT OUTPUT``."""
    read, written = map(int, text.split())
    turn.usage = schema.Usage(total_tokens=read + written, input_tokens=read, output_tokens=written)


async def quota(turn: Turn, text: str) -> None:
    """``quota INPUT OUTPUT``: usage in ``_meta``."""
    read, written = map(int, text.split())
    turn.meta = {"quota": {"token_count": {"input_tokens": read, "output_tokens": written}}}


async def ask(turn: Turn, text: str) -> None:
    """``ask KIND TITLE``: may I? The outcome is said."""
    kind, title = text.split(" ", 1)
    call = schema.ToolCallUpdate(tool_call_id="p1", title=title, kind=kind, status="pending")
    answer = await turn.client.request_permission(turn.session_id, call, _OPTIONS)
    chosen = answer.outcome.option_id if isinstance(answer.outcome, schema.AllowedOutcome) else "cancelled"
    await turn.say(f"[{chosen}]")


async def write(turn: Turn, text: str) -> None:
    """``write PATH TEXT``: over the client; a refusal is said."""
    path, new = text.split(" ", 1)
    try:
        await turn.client.write_text_file(turn.session_id, str(turn.folder / path), new)
    except RequestError as error:
        await turn.say(f"refused: {error}")


async def read(turn: Turn, path: str) -> None:
    """``read PATH``: over the client."""
    try:
        found = await turn.client.read_text_file(turn.session_id, str(turn.folder / path))
    except RequestError as error:
        await turn.say(f"refused: {error}")
    else:
        await turn.say(found.content)


async def terminal(turn: Turn, command: str) -> None:
    """``terminal COMMAND``: asks for a terminal."""
    try:
        await turn.client.create_terminal(turn.session_id, command)
    except RequestError as error:
        await turn.say(f"refused: {error}")


async def edit(turn: Turn, text: str) -> None:
    """``edit PATH TEXT``: writes a file by itself."""
    path, new = text.split(" ", 1)
    await asyncio.to_thread((turn.folder / path).write_text, new)


async def binary(turn: Turn, path: str) -> None:
    """``binary PATH``: writes a file that is no text."""
    await asyncio.to_thread((turn.folder / path).write_bytes, b"\0\1\2")


async def blocks(turn: Turn, _: str) -> None:
    """Says what the prompt was made of."""
    found = []
    for block in turn.prompt:
        extra = getattr(block, "uri", None) or getattr(block, "mime_type", None) or ""
        found.append(f"{block.type} {extra}".strip())
    await turn.say(json.dumps(found))


async def memory(turn: Turn, _: str) -> None:
    """Says what was said to it before in this session."""
    await turn.say(json.dumps(list(turn.memory)))


async def first(turn: Turn, _: str) -> None:
    """Says the first text of the prompt."""
    await turn.say(turn.prompt[0].text)


async def env(turn: Turn, name: str) -> None:
    """``env NAME``: says a variable."""
    await turn.say(os.environ.get(name, "(none)"))


async def pid(turn: Turn, _: str) -> None:
    """Says its process id."""
    await turn.say(str(os.getpid()))


async def child(turn: Turn, _: str) -> None:
    """Starts a program that outlives it, and says its process id."""
    null = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec("sleep", "600", stdin=null, stdout=null, stderr=null)
    await turn.say(str(process.pid))


async def wait(turn: Turn, _: str) -> None:
    """Waits until it is cancelled."""
    await turn.cancelled.wait()


async def error(turn: Turn, text: str) -> None:
    """``error CODE MESSAGE``: the prompt fails."""
    code, message = text.split(" ", 1)
    raise RequestError(int(code), message)


async def stop(turn: Turn, reason: str) -> None:
    """``stop REASON``."""
    turn.stop_reason = reason


async def crash(_turn: Turn, text: str) -> None:
    """``crash CODE WORDS``: ends with words on standard error."""
    code, _, words = text.partition(" ")
    sys.stderr.write(f"{words}\n")
    sys.stderr.flush()
    os._exit(int(code))


async def killed(_turn: Turn, _: str) -> None:
    """Ends as one that the kernel kills for want of memory."""
    os.kill(os.getpid(), signal.SIGKILL)


async def garbage(_turn: Turn, count: str) -> None:
    """``garbage N``: N lines that are no messages."""
    await asyncio.to_thread(_spill, b"this is no JSON at all, and never was\n" * int(count))


async def endless(_turn: Turn, size: str) -> None:
    """``endless N``: one line of N bytes without an end."""
    await asyncio.to_thread(_spill, b"x" * int(size))


async def flood(turn: Turn, count: str) -> None:
    """``flood N``: N chunks of 1 KiB, as fast as it goes."""
    for _number in range(int(count)):
        await turn.say("y" * 1024)


async def noise(_: Turn, count: str) -> None:
    """``noise N``: N KiB on standard error."""
    sys.stderr.write("z" * 1024 * int(count))
    sys.stderr.flush()


async def raw(_: Turn, line: str) -> None:
    """``raw LINE``: written as it is."""
    await asyncio.to_thread(_spill, f"{line}\n".encode())


def _spill(data: bytes) -> None:
    """Write all of it to standard output, which the event loop has made one that does not block."""
    rest = memoryview(data)
    while rest:
        select.select([], [1], [])
        with suppress(BlockingIOError):
            rest = rest[os.write(1, rest[:4096]) :]


Step = Callable[[Turn, str], Awaitable[None]]
_ALL: tuple[Step, ...] = (
    *(say, think, tool, output, diff, plan, commands, context, usage, quota, ask, write, read, terminal, edit),
    *(
        binary,
        blocks,
        memory,
        first,
        env,
        pid,
        child,
        wait,
        error,
        stop,
        crash,
        killed,
        garbage,
        endless,
        flood,
        noise,
        raw,
    ),
)
STEPS: dict[str, Step] = {step.__name__: step for step in _ALL}
