"""Sends one message to one browser (RFC 8030, 8291, 8292) through pywebpush, which blocks: in a thread, with an end."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

from foundation.notify.sending import check_public
from gateway.notify.types import Kind, Notice, PushPlace
from gateway.notify.vapid import VapidKey
from protocol.problems import Problem, ProblemCode

SECONDS: Final = 15.0
_KEPT: Final = {Kind.WAITS: timedelta(days=1), Kind.FINISHED: timedelta(hours=8), Kind.FAILED: timedelta(hours=8)}
"""How long a push service keeps a message for a browser that is away."""
_GONE: Final = frozenset({404, 410})
_MAX_BODY: Final = 600
"""Characters; a push service takes 4096 bytes, encrypted."""


class BrowserGoneError(Exception):
    """The browser does not want to be told any more, or is not there (RFC 8030, 7.3)."""


class PushSender:
    """``subject`` is whom a push service may complain to, a URL. ``allow_private`` is for tests: endpoints come from
    browsers, and must not lead into the network of the device."""

    def __init__(self, subject: str, *, allow_private: bool = False) -> None:
        self._subject = subject
        self._allow_private = allow_private
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="push")

    async def close(self) -> None:
        """Let the threads end."""
        await asyncio.to_thread(self._threads.shutdown, cancel_futures=True)

    def check(self, place: PushPlace) -> None:
        """Raises INVALID_REQUEST for an endpoint that no push service has."""
        try:
            scheme, host = urlsplit(place.endpoint).scheme, urlsplit(place.endpoint).hostname
        except ValueError:
            scheme, host = "", None
        if not host or (scheme != "https" and not self._allow_private):
            raise Problem(ProblemCode.INVALID_REQUEST, "The address of the push service is no https address.")

    async def send(self, place: PushPlace, notice: Notice, key: VapidKey) -> None:
        """Send.

        Raises:
            BrowserGoneError: when it is to be forgotten.
            Problem: UNAVAILABLE or FORBIDDEN; none repeats the address.
        """
        self.check(place)
        await asyncio.get_running_loop().run_in_executor(self._threads, self._send, place, notice, key)

    def _send(self, place: PushPlace, notice: Notice, key: VapidKey) -> None:
        import requests
        from pywebpush import WebPushException, webpush

        if not self._allow_private:
            check_public(urlsplit(place.endpoint).hostname or "")
        with requests.Session() as session:
            session.max_redirects = 0
            session.trust_env = False
            try:
                webpush(
                    place.model_dump(),
                    payload_of(notice),
                    vapid_private_key=key.private,
                    vapid_claims={"sub": self._subject},
                    ttl=int(_KEPT[notice.kind].total_seconds()),
                    headers={"Urgency": "high" if notice.kind is Kind.WAITS else "normal"},
                    timeout=SECONDS,
                    requests_session=session,
                )
            except WebPushException as error:
                status = getattr(error.response, "status_code", None)
                if status in _GONE:
                    raise BrowserGoneError from None
                raise Problem(
                    ProblemCode.UNAVAILABLE, f"The push service did not take the message ({status or 'no answer'})."
                ) from None
            except (requests.RequestException, ValueError):
                raise Problem(ProblemCode.UNAVAILABLE, "The push service cannot be reached.") from None


def payload_of(notice: Notice) -> str:
    """What the page's service worker reads."""
    return json.dumps(
        {
            "title": notice.title[:120],
            "body": notice.body[:_MAX_BODY],
            "path": notice.path,
            "tag": notice.path,
            "kind": notice.kind.value,
        }
    )
