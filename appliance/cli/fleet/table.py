"""Every command of ``hutch fleet``. docs/commands.md lists them; a test compares."""

from __future__ import annotations

from appliance.cli.commands import Argument, Command
from appliance.cli.fleet import devices, login, rollouts, sessions
from appliance.cli.fleet.account import Account

_DEVICE = Argument(("device",), "id or name of the device")
_SESSION = Argument(("session",), "id or name of the session")
_JSON = Argument(("--json",), "as JSON", flag=True)
_WORKDIR = Argument(("--workdir",), "folder in the device's workspace")
_AGENTS = ["claude-code", "codex", "gemini", "opencode"]

_MOVES = tuple(
    Command(("rollout", word), summary, rollouts.mover(word), [Argument(("rollout",), "id of the rollout", kind=int)])
    for word, summary in rollouts.MOVES.items()
)

COMMANDS: tuple[Command[Account], ...] = (
    Command(
        ("login",),
        "Log in to a hub; the token is kept for this user.",
        login.log_in,
        [
            Argument(("url",), "the hub's address, like https://hub.example.org"),
            Argument(("--name",), "name to log in with"),
            Argument(("--token-stdin",), "read an API token from standard input instead", flag=True),
        ],
    ),
    Command(("logout",), "Revoke the token and forget it.", login.log_out),
    Command(
        ("devices",),
        "List the devices.",
        devices.show,
        [
            Argument(("--q",), "words in the name, id, host name or a tag"),
            Argument(("--tag",), "only those with this tag"),
            Argument(("--state",), "only those in this state, e.g. online, offline, waiting"),
            _JSON,
        ],
    ),
    Command(
        ("session", "list"),
        "List the sessions of all devices, or of one.",
        sessions.show,
        [Argument(("--device",), "id or name of the device"), _JSON],
    ),
    Command(
        ("session", "new"),
        "Start a session on a device and print its id.",
        sessions.new,
        [
            _DEVICE,
            Argument(("name",), "what the session is called"),
            Argument(("--agent",), "agent CLI to run; the login shell when left out", choices=_AGENTS),
            _WORKDIR,
        ],
    ),
    Command(
        ("session", "attach"), "Join a session in this terminal (leave with C-]).", sessions.attach, [_DEVICE, _SESSION]
    ),
    Command(("session", "end"), "End a session.", sessions.end, [_DEVICE, _SESSION]),
    Command(
        ("run",),
        "Run a command on a device, print what it prints, and end with its exit code.",
        sessions.run,
        [_DEVICE, _WORKDIR, Argument(("line",), "the command, after --", rest=True)],
    ),
    Command(
        ("rollout", "list"),
        "List rollouts, or show one and the devices that failed.",
        rollouts.show,
        [Argument(("rollout",), "id of the rollout", kind=int, optional=True)],
    ),
    Command(
        ("rollout", "new"),
        "Propose a rollout to a group and print its id.",
        rollouts.new,
        [
            Argument(("group",), "id or name of the group"),
            Argument(("--url",), "where devices download the release", required=True),
            Argument(("--sha256",), "its SHA-256", required=True),
            Argument(("--release",), "its version", required=True),
            Argument(("--stages",), "how many at a time, like 1:3600,10%%:3600,100%%; default everybody at once"),
            Argument(("--failures",), "failures at which it stops itself", kind=int, default=1),
        ],
    ),
    *_MOVES,
)
