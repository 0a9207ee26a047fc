"""``hutch hub …``: the control plane, run and looked after. It has settings of its own, see docs/hub-settings.md."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from appliance.cli.commands import Argument, Command, add_commands
from appliance.cli.people import asked_password
from appliance.version import VERSION
from hub.config import HubSettings, load
from protocol.problems import Problem

_SETTINGS = {
    "data": ("--data", "data"),
    "listen": ("--listen", "listen"),
    "database": ("--database", "database_url"),
    "nats": ("--nats", "nats_url"),
    "public_url": ("--public-url", "public_url"),
}
"""The settings on the command line: the name in the namespace, the flag, the setting."""


def run(_options: argparse.Namespace, settings: HubSettings) -> int:
    """Run the hub in the foreground."""
    # Loaded here: the other commands do without the whole hub.
    from appliance.lock import hold
    from appliance.logs import set_up
    from appliance.serving import serve
    from foundation.files import make_private_folder
    from gateway.host.systemd import Notifier
    from hub import bootstrap

    set_up(settings.log_level, settings.log_format)
    make_private_folder(settings.data.absolute())
    with hold(settings.lock_path, "hub"):
        return bootstrap.run(settings, bootstrap.Surroundings(VERSION, Notifier(), serve))


def add_person(options: argparse.Namespace, settings: HubSettings) -> int:
    """Add a person, with or without a running hub."""
    from hub.console import NewPerson, add

    wish = NewPerson(
        name=options.name,
        password=asked_password(options.password_stdin),
        administrator=options.administrator,
        organisation=options.organisation,
        role=options.role,
    )
    print(f"Added {asyncio.run(add(settings, wish))}.")
    return 0


def backup(options: argparse.Namespace, settings: HubSettings) -> int:
    """Write the store and the hub's key into one file."""
    from hub.backup import write_backup

    write_backup(settings, options.file, VERSION)
    print(f"Wrote {options.file}. It holds the hub's key: keep it where nobody else can read it.")
    return 0


def restore(options: argparse.Namespace, settings: HubSettings) -> int:
    """Bring a backup back. The hub must not run."""
    from appliance.lock import hold
    from foundation.files import make_private_folder
    from hub.backup import read_backup

    make_private_folder(settings.data.absolute())
    with hold(settings.lock_path, "hub"):
        read_backup(settings, options.file, replace=options.replace)
    print("Restored. Start the hub again.")
    return 0


COMMANDS: tuple[Command[HubSettings], ...] = (
    Command((), "Run the hub until it is told to stop.", run),
    Command(
        ("user", "add"),
        "Add a person.",
        add_person,
        [
            Argument(("name",), "name to log in with"),
            Argument(("--administrator",), "may make organisations and people", flag=True),
            Argument(("--organisation",), "make them a member of this organisation, which is made when there is none"),
            Argument(("--role",), "their role there", default="owner", choices=["owner", "operator", "viewer"]),
            Argument(("--password-stdin",), "read the password from standard input instead of asking", flag=True),
        ],
    ),
    Command(
        ("backup",),
        "Write the store and the hub's key into one file.",
        backup,
        [Argument(("file",), "file to write; it must not exist", kind=Path)],
    ),
    Command(
        ("restore",),
        "Bring a backup back.",
        restore,
        [
            Argument(("file",), "file that “hutch hub backup” wrote", kind=Path),
            Argument(("--replace",), "replace what is there", flag=True),
        ],
    ),
)


def build_parser(commands: Sequence[Command[HubSettings]] = COMMANDS) -> argparse.ArgumentParser:
    """The parser of everything behind ``hutch hub``."""
    [alone] = [command for command in commands if not command.words]
    parser = argparse.ArgumentParser(prog="hutch hub", description=alone.summary)
    _add_settings(parser, None)
    parser.set_defaults(command=alone)
    behind = [command for command in commands if command.words]
    # A leaf's default would replace what was given before its name.
    add_commands(parser, behind, lambda leaf: _add_settings(leaf, argparse.SUPPRESS), required=False)
    return parser


def main(arguments: Sequence[str]) -> int:
    """Run one command; a refusal is printed as a sentence and ends with 1."""
    options = build_parser().parse_args(arguments)
    command: Command[HubSettings] = options.command
    try:
        overrides = {setting: getattr(options, name) for name, (_, setting) in _SETTINGS.items()}
        return command.run(options, load(options.config, os.environ, overrides))
    except Problem as problem:
        print(f"hutch: {problem.message} ({problem.code})", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _add_settings(parser: argparse.ArgumentParser, default: str | None) -> None:
    parser.add_argument("--config", type=Path, default=default, help="settings file (default: /etc/hutch/hub.toml)")
    for flag, setting in _SETTINGS.values():
        parser.add_argument(flag, default=default, help=str(HubSettings.model_fields[setting].description))
