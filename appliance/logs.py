"""Logs: one structured stream, coloured on a terminal, with priorities in the journal, JSON elsewhere."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping, MutableMapping
from typing import Literal, TextIO

import structlog
from structlog.types import EventDict, Processor

_PRIORITY: Mapping[str, int] = {"debug": 7, "info": 6, "warning": 4, "error": 3, "critical": 2}
"""syslog(3) levels, as sd-daemon(3) reads them from a ``<N>`` prefix."""

_HIDDEN = ("password", "token", "secret", "authorization", "cookie", "setup_code")


def hide_secrets(_logger: object, _method: str, event: MutableMapping[str, object]) -> MutableMapping[str, object]:
    """Blank the value of every key that names a secret, in case one is logged by mistake."""
    for key in event:
        if any(word == key or key.endswith(f"_{word}") for word in _HIDDEN):
            event[key] = "[hidden]"
    return event


def _journal(_logger: object, _method: str, event: EventDict) -> str:
    priority = _PRIORITY.get(str(event.pop("level", "info")), 6)
    text = str(event.pop("event", ""))
    trace = event.pop("exception", None)
    pairs = " ".join(f"{key}={value!r}" for key, value in event.items())
    lines = [f"{text} {pairs}".rstrip(), *(str(trace).splitlines() if trace else [])]
    return "\n".join(f"<{priority}>{line}" for line in lines)


def choose_format(
    wanted: Literal["auto", "console", "json", "journal"], stream: TextIO, environ: Mapping[str, str]
) -> Literal["console", "json", "journal"]:
    """The format for a stream: the terminal, systemd's journal (``JOURNAL_STREAM``, systemd.exec(5)) or a file."""
    if wanted != "auto":
        return wanted
    if stream.isatty():
        return "console"
    return "journal" if "JOURNAL_STREAM" in environ else "json"


def set_up(level: str, wanted: Literal["auto", "console", "json", "journal"], stream: TextIO | None = None) -> None:
    """Send structlog and the standard library's logging to ``stream`` (stderr) in one format."""
    out = stream or sys.stderr
    shape = choose_format(wanted, out, os.environ)
    number = logging.getLevelNamesMapping()[level.upper()]
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        hide_secrets,
    ]
    final: list[Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if shape == "console":
        shared.append(structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False))
        final.append(structlog.dev.ConsoleRenderer(colors=out.isatty()))
    elif shape == "journal":
        final += [structlog.processors.format_exc_info, _journal]
    else:
        shared.append(structlog.processors.TimeStamper(fmt="iso"))
        final += [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    handler = logging.StreamHandler(out)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=final))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(number)
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(number),
        cache_logger_on_first_use=True,
    )
