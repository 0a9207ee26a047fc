"""How an agent CLI is spoken to over the Agent Client Protocol: what to start, and where it departs from the protocol.

https://agentclientprotocol.com. Measured with the versions that :mod:`gateway.agents.pins` names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from gateway.conversations.types import Permission

UsagePlace = Literal["quota"]
"""``quota``: a prompt's answer has ``_meta.quota.token_count`` with ``input_tokens`` and ``output_tokens``."""


@dataclass(frozen=True, slots=True)
class Quirks:
    """Where a CLI departs from the protocol; False and None mean it does as written."""

    tool_call_from_permission: bool = False
    """No ``tool_call`` comes before ``session/request_permission``: make one from the request."""
    drop_empty_chunks: bool = False
    """Sends message chunks without text."""
    load_after_create_fails: bool = False
    """``session/load`` of a session that has no turn yet fails and damages it: make a new one instead."""
    names_sessions_by_minute: bool = False
    """Names a session's file by the minute (UTC) in which it is opened, and writes over it when it is opened again in
    the same one: wait until it is over."""
    output_in_meta: bool = False
    """A tool's output comes in ``_meta.terminal_output_delta`` of its updates."""
    repeats_when_it_retries: bool = False
    """Says an answer again from its beginning when the connection to its provider broke."""
    warnings_as_messages: bool = False
    """Warnings of the program come as message chunks before the answer."""
    mode_changes_as_messages: bool = False
    """A change of mode comes as a message chunk ``[MODE_UPDATE] …``."""
    usage_in_meta: UsagePlace | None = None
    """Where a turn's usage stands when it is not in the answer's own field."""
    writes_files: bool = False
    """Calls ``fs/write_text_file`` even where the client did not offer it: implement it, with path checks."""


@dataclass(frozen=True, slots=True)
class AcpLaunch:
    """A program that speaks ACP on its standard input and output, ready for :class:`gateway.programs.types.Programs`.

    ``environment`` is the whole of it and may hold the CLI's key: never log it, store it or show it.
    """

    cli: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)
    mode: str | None
    """The mode for the permission asked for, to be set with ``session/set_mode`` after new, load and resume; None
    where the CLI has no modes for it and :attr:`environment` already says it."""
    modes: Mapping[Permission, str]
    """The CLI's mode for each permission, for a change in mid-conversation; empty where that takes a new process."""
    model: str | None
    """A model still to be chosen in the session; None where none was asked for, or the start already says it."""
    model_option: str | None
    """The id of the session config option for another model in mid-conversation; None: ``session/set_model``."""
    quirks: Quirks
    own_model: str | None = None
    """What names the CLI's own choice of a model in a session; None where only its start makes that choice."""


class AcpCommands(Protocol):
    """What conversations need to know of agent CLIs."""

    async def conversation(
        self,
        cli: str,
        *,
        folder: Path,
        permission: Permission,
        model: str | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> AcpLaunch:
        """How to start ``cli`` for a conversation in ``folder``, which is made ready so that it asks nothing first.

        ``environment`` is the worker's own (an endpoint, say); it wins over ours, except for PATH and HOME.

        Raises:
            Problem: ``INVALID_REQUEST`` for an unknown name, ``AGENT_MISSING`` when it or its adapter is not installed.
        """
