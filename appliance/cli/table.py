"""Every command of ``hutch``. docs/commands.md lists them; a test compares."""

from __future__ import annotations

from appliance.cli import device, doctor, link, people, sessions
from appliance.cli.commands import Argument, Command
from appliance.config import Settings

_SESSION = Argument(("session",), "id or name of the session")

COMMANDS: tuple[Command[Settings], ...] = (
    Command(("run",), "Run the device until it is told to stop.", device.run, lean=True),
    Command(("status",), "Say how the device is.", device.status, [Argument(("--json",), "as JSON", flag=True)]),
    Command(("doctor",), "Check what the device needs, and say what to mend.", doctor.run),
    Command(
        ("user", "add"),
        "Add a person.",
        people.add,
        [
            Argument(("name",), "name to log in with"),
            Argument(("--role",), "what they may do", default="operator", choices=["admin", "operator", "viewer"]),
            Argument(("--password-stdin",), "read the password from standard input instead of asking", flag=True),
        ],
    ),
    Command(
        ("session", "new"),
        "Start a session.",
        sessions.new,
        [
            Argument(("name",), "name of the session"),
            Argument(("--agent",), "agent CLI to start; a shell without it"),
            Argument(("--workdir",), "folder to start in, from the workspace root", default=""),
        ],
    ),
    Command(("session", "list"), "List the sessions.", sessions.show, [Argument(("--json",), "as JSON", flag=True)]),
    Command(("session", "attach"), "Join a session in this terminal (leave with C-b d).", sessions.attach, [_SESSION]),
    Command(("session", "end"), "End a session.", sessions.end, [_SESSION]),
    Command(
        ("screenshot",),
        "Save a picture of a session's screen.",
        sessions.screenshot,
        [Argument(("session",), "id or name of the session"), Argument(("file",), "PNG file to write")],
    ),
    Command(
        ("link", "join"),
        "Join a hub, and print the code to claim this device with.",
        link.join,
        [
            Argument(("address",), "address of the hub"),
            Argument(("--token-stdin",), "read a token that the hub gave from standard input", flag=True),
        ],
    ),
    Command(("link", "show"), "Say how the link to the hub is, with the claim code.", link.show),
    Command(("link", "leave"), "Leave the hub.", link.leave),
    Command(
        ("link", "allow"),
        "Say what the hub may do.",
        link.allow,
        [Argument(("permissions",), "all, health, or a list such as terminals,files")],
    ),
    Command(("link", "rotate-key"), "Change the key that this device shows to its hub.", link.rotate_key),
)
