"""Opening the WebSocket to a hub, and saying in a sentence why that did not work."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from http import HTTPStatus

from pydantic import SecretStr
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, InvalidMessage, InvalidStatus, InvalidURI

from protocol.problems import Problem, ProblemCode

MAX_MESSAGE = 2 * 1024 * 1024
"""Bytes the socket reads into one message at most (wire v1)."""
OPEN_TIMEOUT = 15.0
CLOSE_TIMEOUT = 2.0
UNSENT_BYTES = 32 * 1024
"""Bytes the kernel may hold unsent: what lies there cannot be overtaken by an answer."""

# The library logs the request headers at DEBUG, and the token is one of them.
_socket_log = logging.getLogger("gateway.hub_link.websocket")
_socket_log.setLevel(logging.INFO)


class _Connect(connect):
    """Follows no redirect: the token is for the address that a person entered, and for no other."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


async def open_socket(url: str, token: SecretStr | None, gateway_id: str) -> ClientConnection:
    """Connect to ``url`` (ws or wss) as the wire says; without a token the hub will ask for a proof.

    Raises Problem HUB_REFUSED when the hub does not accept this device (wrong token), HUB_UNREACHABLE for
    everything else. Pings are left to the caller.
    """
    context = await asyncio.to_thread(ssl.create_default_context) if url.startswith("wss:") else None
    try:
        connection = await _Connect(
            url,
            additional_headers={"Authorization": _authorization(token), "X-Gateway-Id": gateway_id},
            compression=None,
            max_size=MAX_MESSAGE,
            open_timeout=OPEN_TIMEOUT,
            close_timeout=CLOSE_TIMEOUT,
            ping_interval=None,
            logger=_socket_log,
            ssl=context,
        )
    except (OSError, InvalidHandshake, InvalidURI, TimeoutError, ValueError) as error:
        raise explain(error) from None
    _keep_unsent_small(connection)
    return connection


def _authorization(token: SecretStr | None) -> str:
    return "Hutch-Key" if token is None else f"Bearer {token.get_secret_value()}"


def _keep_unsent_small(connection: ClientConnection) -> None:
    raw = connection.transport.get_extra_info("socket")
    option = getattr(socket, "TCP_NOTSENT_LOWAT", None)
    if raw is not None and option is not None and raw.family in (socket.AF_INET, socket.AF_INET6):
        raw.setsockopt(socket.IPPROTO_TCP, option, UNSENT_BYTES)


def explain(error: Exception) -> Problem:
    """Why a connection could not be opened, and what a person can do; never quotes what a stranger's server said."""
    if isinstance(error, InvalidStatus):
        return _explain_status(error.response.status_code)
    if isinstance(error, ssl.SSLError):
        return _unreachable(
            "The hub's certificate is not valid or not trusted here. Check the address and this device's clock."
        )
    if isinstance(error, socket.gaierror):
        return _unreachable("The hub's name could not be found. Check the address and the network; trying again.")
    if isinstance(error, TimeoutError):
        return _unreachable("The hub did not answer in time. Trying again.")
    if isinstance(error, InvalidMessage | InvalidHandshake | InvalidURI | ValueError):
        return _unreachable("What answers at the hub's address does not speak WebSocket. Check the address.")
    return _unreachable("The hub cannot be reached. Check that it runs and that this device is online; trying again.")


def _explain_status(status: int) -> Problem:
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return Problem(
            ProblemCode.HUB_REFUSED,
            "The hub does not accept this device, or wants a token. Enter a valid token in the settings; "
            "until then the device tries again every 30 seconds.",
            {"status": status},
        )
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        sentence = "The hub's address points to another one. Enter the final address in the settings."
    elif status == HTTPStatus.NOT_FOUND:
        sentence = "There is no hub at this address (404). Check the address in the settings."
    else:
        sentence = f"The hub answered with status {status}. Trying again."
    return Problem(ProblemCode.HUB_UNREACHABLE, sentence, {"status": status})


def _unreachable(sentence: str) -> Problem:
    return Problem(ProblemCode.HUB_UNREACHABLE, sentence)
