"""What a page says after a change that led back to it."""

from __future__ import annotations

from typing import Final

from foundation.web.site import Notice

NOTICES: Final[dict[str, Notice]] = {
    "session-ended": Notice("The session has ended. Its folder is as it was."),
    "session-forgotten": Notice("The session is off the list."),
    "session-renamed": Notice("The session has its new name."),
    "session-returns": Notice("The session starts again in its folder after a reboot."),
    "session-stays-away": Notice("The session does not start again after a reboot."),
    "talk-archived": Notice("Archived. It is still found by the search, and under Archived."),
    "talk-returned": Notice("The conversation is back in the list."),
    "talk-removed": Notice("The conversation is gone, with everything in it. Files stay."),
    "worker-saved": Notice("Saved. Conversations notice when their agents wake."),
    "worker-removed": Notice("Removed. Its conversations stay."),
    "notifications-saved": Notice("Saved."),
    "target-added": Notice("Added. Press Test to see that it arrives."),
    "target-tested": Notice("Sent. Look whether it arrived."),
    "target-removed": Notice("Removed. It is told nothing more."),
    "browser-removed": Notice("Removed. That browser is told nothing more."),
    "permission-answered": Notice("The agent has your answer."),
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
    "hub-policy": Notice("Saved. From now on the hub may do this and nothing else."),
    "hub-key": Notice("The device has a new key. The old one is forgotten as soon as the hub knows the new one."),
    "hub-removed": Notice("This device no longer talks to a hub."),
    "install-started": Notice("The installation is running. It takes a few minutes on a small device.", "info"),
    "agent-removed": Notice("Removed. Its settings and logins are as they were."),
    "agent-login": Notice("The login is starting. Its address appears here.", "info"),
    "agent-code": Notice("Entered. Look at the terminal if nothing changes here.", "info"),
    "agent-key": Notice("The key is kept. Sessions started from now on have it."),
    "agent-key-removed": Notice("The key is forgotten. Sessions that run still have it."),
    "update-none": Notice("This device is up to date."),
    "update-offered": Notice("There is a newer version."),
    "update-begun": Notice("The update is being installed. The device works on meanwhile.", "info"),
    "update-restarts": Notice("The device restarts. This takes a minute or two.", "info"),
    "update-preferences": Notice("Saved."),
    "logged-out": Notice("You are logged out."),
    "log-in-again": Notice("The password is changed. Log in with the new one."),
}
