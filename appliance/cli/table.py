"""Every command of ``hutch``. docs/commands.md lists them; a test compares."""

from __future__ import annotations

from pathlib import Path

from appliance.cli import care, device, doctor, link, people, service, sessions, talking, update
from appliance.cli.commands import Argument, Command
from appliance.config import Settings

_PASSPHRASE = Argument(("--passphrase-stdin",), "read the passphrase from standard input", flag=True)
_SESSION = Argument(("session",), "id or name of the session")

COMMANDS: tuple[Command[Settings], ...] = (
    Command(("run",), "Run the device until it is told to stop.", device.run, lean=True),
    Command(("status",), "Say how the device is.", device.status, [Argument(("--json",), "as JSON", flag=True)]),
    Command(("doctor",), "Check what the device needs, and say what to mend.", doctor.run),
    Command(
        ("boot-check",),
        "Check whether a start went well; decides whether an update stays.",
        doctor.boot_check,
        [Argument(("--json",), "file to write the verdict to", kind=Path)],
    ),
    Command(
        ("update", "status"), "Say how updates stand.", update.status, [Argument(("--json",), "as JSON", flag=True)]
    ),
    Command(("update", "check"), "Ask the channel for a newer version.", update.check),
    Command(
        ("update", "install"),
        "Install a version; it runs after a restart.",
        update.install,
        [
            Argument(("what",), "address or file of a bundle; without it what the channel offers", optional=True),
            Argument(("--sha256",), "checksum of the bundle at the address"),
            Argument(("--downgrade",), "install an older version too", flag=True),
        ],
    ),
    Command(("update", "restart"), "Restart into what was installed.", update.restart),
    Command(
        ("backup",),
        "Save the device in one encrypted file.",
        care.backup,
        [
            Argument(("file",), "file to write; - is the standard output"),
            Argument(("--workspaces",), "folders of the workspace to save too, with commas between, or all"),
            _PASSPHRASE,
        ],
    ),
    Command(
        ("restore",),
        "Bring back what a backup holds.",
        care.restore,
        [Argument(("file",), "the backup; - is the standard input"), _PASSPHRASE],
    ),
    Command(
        ("reset",),
        "Forget everything, and make a new device of it.",
        care.reset,
        [
            Argument(("--name",), "name of the device, instead of being asked for it"),
            Argument(("--workspace",), "remove the files in the workspace too", flag=True),
        ],
    ),
    Command(
        ("support",),
        "Write what somebody who helps wants to see, without secrets.",
        care.support,
        [Argument(("file",), "file to write; - is the standard output")],
    ),
    Command(
        ("service", "show"),
        "Print the service that runs the device.",
        service.show,
        [Argument(("--kind",), "what runs services", default="systemd", choices=["systemd", "launchd"])],
    ),
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
        ("send",),
        "Send a message to an agent, and print what it says.",
        talking.send,
        [
            Argument(("text",), "what to say; - reads it from standard input"),
            Argument(("--to",), "title or id of the conversation", default=talking.DEFAULT),
            Argument(("--no-wait",), "come back when the message is accepted", flag=True),
        ],
    ),
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
