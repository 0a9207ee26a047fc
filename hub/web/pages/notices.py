"""What a page says after a change that led back to it."""

from __future__ import annotations

from typing import Final

from foundation.web.site import Notice

NOTICES: Final[dict[str, Notice]] = {
    "logged-out": Notice("You are logged out."),
    "joined": Notice("You are in."),
    "password-changed": Notice("The password is changed. Your other logins and your tokens stopped working."),
    "password-set": Notice("The password is set. Their logins and tokens stopped working."),
    "token-revoked": Notice("The token stopped working."),
    "invitation-withdrawn": Notice("The invitation is withdrawn. Its link stopped working."),
    "role-changed": Notice("The role is given. It counts from now on."),
    "role-removed": Notice("The role is taken away. What they had open is closed."),
    "group-added": Notice("The group is there."),
    "group-renamed": Notice("The group has its new name."),
    "group-removed": Notice("The group is gone."),
    "organisation-added": Notice("The organisation is there, and you own it."),
    "organisation-renamed": Notice("The organisation has its new name."),
    "account-changed": Notice("The account is changed."),
    "person-removed": Notice("Removed. Their logins and tokens stopped working."),
}
