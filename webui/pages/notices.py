"""What a page says after a change that led back to it: the address carries a word, this table has the sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from aiohttp import hdrs, web


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence and how it is coloured."""

    text: str
    kind: str = "good"


NOTICES: Final[dict[str, Notice]] = {
    "session-ended": Notice("The session has ended. Its folder is as it was."),
    "session-forgotten": Notice("The session is off the list."),
    "session-renamed": Notice("The session has its new name."),
    "session-returns": Notice("The session starts again in its folder after a reboot."),
    "session-stays-away": Notice("The session does not start again after a reboot."),
    "folder-made": Notice("The folder is there."),
    "file-moved": Notice("Moved."),
    "file-removed": Notice("Deleted."),
    "file-uploaded": Notice("Uploaded."),
    "person-added": Notice("Added. Tell them their name and password in person."),
    "person-removed": Notice("Removed. Their logins and tokens stopped working."),
    "role-changed": Notice("The role is changed. They have to log in again."),
    "password-changed": Notice("The password is changed. Their other logins stopped working."),
    "token-revoked": Notice("The token stopped working."),
    "key-added": Notice("The key may log in over SSH now."),
    "key-revoked": Notice("The key cannot log in any more."),
    "hub-saved": Notice("Saved. The link to the hub is being made."),
    "hub-removed": Notice("This device no longer talks to a hub."),
    "install-started": Notice("The installation is running. It takes a few minutes on a small device.", "info"),
    "logged-out": Notice("You are logged out."),
    "log-in-again": Notice("The password is changed. Log in with the new one."),
}


def see(address: str) -> web.Response:
    """The answer that sends a browser to ``address`` on this device (303, RFC 9110, 15.4.4)."""
    return web.Response(status=303, headers={hdrs.LOCATION: address})


def back_to(address: str, done: str, **query: str) -> web.Response:
    """The redirect after a change, with the word of :data:`NOTICES` that the page then shows."""
    if done not in NOTICES:
        raise KeyError(done)
    return see(f"{address}?{urlencode({**query, 'done': done})}")
