"""Sends one message to one address, through apprise, which blocks: in a thread of its own, with an end."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, Protocol

import structlog

from foundation.notify.kinds import KINDS, kind_of
from protocol.problems import Problem, ProblemCode

if TYPE_CHECKING:
    from apprise import NotifyBase

_LOG = structlog.get_logger("notify")
Severity = Literal["warning", "critical"]
CONNECT_SECONDS: Final = 5
READ_SECONDS: Final = 15
WITHIN: Final = 60.0
"""Seconds after which a message counts as not sent; its thread ends by its own timeouts."""
_THREADS: Final = 4


@dataclass(frozen=True, slots=True)
class Message:
    """What is told."""

    title: str
    body: str
    severity: Severity | None
    """None for good news."""


class Sender(Protocol):
    """Takes messages to addresses."""

    async def check(self, address: str) -> None:
        """Whether an address can be used at all; nothing is sent. Raises :class:`Problem` INVALID_REQUEST."""

    async def send(self, address: str, message: Message) -> None:
        """Send. Raises :class:`Problem` UNAVAILABLE, TIMEOUT or FORBIDDEN; no problem repeats the address."""


class AppriseSender:
    """Sends by the library. ``allow_private`` lets addresses name servers of our own network."""

    def __init__(self, *, allow_private: bool = False, within: float = WITHIN) -> None:
        self._allow_private = allow_private
        self._within = within
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="notify")

    async def close(self) -> None:
        """Let the threads end; what they send is not waited for longer than its own timeouts."""
        await asyncio.to_thread(self._threads.shutdown, cancel_futures=True)

    async def check(self, address: str) -> None:
        """See :meth:`Sender.check`."""
        kind_of(address)
        await asyncio.get_running_loop().run_in_executor(self._threads, _plugin, address)

    async def send(self, address: str, message: Message) -> None:
        """See :meth:`Sender.send`."""
        kind_of(address)
        work = asyncio.get_running_loop().run_in_executor(self._threads, self._send, address, message)
        try:
            async with asyncio.timeout(self._within):
                await asyncio.shield(work)
        except TimeoutError:
            work.add_done_callback(lambda late: late.cancelled() or late.exception())
            raise Problem(ProblemCode.TIMEOUT, "The target did not take the message in time.") from None

    def _send(self, address: str, message: Message) -> None:
        from apprise import NotifyType

        plugin = _plugin(address)
        if not self._allow_private and KINDS[kind_of(address)].names_host:
            check_public(_host_of(plugin))
        types = {"critical": NotifyType.FAILURE, "warning": NotifyType.WARNING, None: NotifyType.SUCCESS}
        try:
            sent = plugin.notify(title=message.title, body=message.body, notify_type=types[message.severity])
        except Exception as error:  # what a hundred services may raise is nowhere listed
            _LOG.info("notify.failed", kind=kind_of(address), error=type(error).__name__)
            sent = False
        if not sent:
            raise Problem(
                ProblemCode.UNAVAILABLE, "The target did not take the message. Check its address and try the test."
            )


def _plugin(address: str) -> NotifyBase:
    from apprise import Apprise, AppriseAsset

    asset = AppriseAsset(
        app_id="Hutch",
        app_desc="Hutch",
        app_url="",
        http_redirects=False,
        async_mode=False,
        secure_logging=True,
        storage_mode="memory",
        pgp_autogen=False,
        pem_autogen=False,
        plugin_paths=[],
    )
    joined = f"{address}{'&' if '?' in address else '?'}cto={CONNECT_SECONDS}&rto={READ_SECONDS}"
    plugin = Apprise.instantiate(joined, asset=asset, suppress_exceptions=True)
    if plugin is None:
        raise Problem(ProblemCode.INVALID_REQUEST, "The address is not complete. See which parts this kind needs.")
    return plugin


def _host_of(plugin: NotifyBase) -> str:
    """Whom the plugin will talk to: for e-mail that is the server of the address's domain."""
    return str(getattr(plugin, "smtp_host", None) or plugin.host or "").strip("[]")


def check_public(host: str) -> None:
    """Refuse a server inside; blocks. Raises :class:`Problem` FORBIDDEN, or UNAVAILABLE for a name that is nobody's."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Problem(
            ProblemCode.UNAVAILABLE, "The server of the address has no such name. Check the address."
        ) from None
    for *_, place in found:
        ip = ipaddress.ip_address(str(place[0]).partition("%")[0])
        mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
        if not (mapped or ip).is_global or ip.is_multicast:
            raise Problem(
                ProblemCode.FORBIDDEN,
                "The address leads into our own network. Use a public one, or let the hub allow private targets.",
            )
