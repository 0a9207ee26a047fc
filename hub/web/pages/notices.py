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
    "device-claimed": Notice("It is yours. It connects within seconds."),
    "claim-cancelled": Notice("Let go. The device shows another code.", "info"),
    "batch-revoked": Notice("The token lets no more devices in."),
    "device-renamed": Notice("The device has its new name."),
    "device-moved": Notice("The device is in its new group."),
    "device-tagged": Notice("The tags are kept."),
    "key-rotated": Notice("The device has a new key."),
    "device-revoked": Notice("The device is cut off, and let in no more."),
    "device-removed": Notice("The device is removed. It can be claimed again."),
    "session-ended": Notice("The session has ended. Its folder is as it was."),
    "command-cancelled": Notice("Taken back. The device is not told of it."),
    "thresholds-set": Notice("Kept. They count from now on."),
    "alert-taken": Notice("Good. Nobody is told of it any more."),
    "target-added": Notice("Added. Send a test to see that it works."),
    "target-tested": Notice("Sent. Look whether it has arrived."),
    "target-removed": Notice("Removed. Nothing more is told there."),
    "rollout-proposed": Notice("Proposed. An owner of the group has to approve it."),
    "rollout-approved": Notice("Approved. The first devices are told now."),
    "rollout-paused": Notice("Paused. Devices under way go on."),
    "rollout-resumed": Notice("It goes on."),
    "rollout-halted": Notice("Halted."),
    "rollout-cancelled": Notice("Cancelled."),
    "rollout-retried": Notice("They have another turn."),
    "person-removed": Notice("Removed. Their logins and tokens stopped working."),
}
