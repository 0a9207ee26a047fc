"""``hutch service show``: the service that runs this device, as a file of the system that starts it."""

from __future__ import annotations

import argparse
import sys

from appliance.config import Settings
from provisioning.services.types import Service


def show(options: argparse.Namespace, settings: Settings) -> int:
    """Print the file; the commands that bring it into force go to the standard error."""
    # Loaded here: the table of commands is read by the daemon too.
    from provisioning.services.kinds import KINDS

    kind, service = KINDS[options.kind], device_service(settings, options)
    print(kind.render(service), end="")
    print(f"Write it to {kind.path(service)}, then run:", file=sys.stderr)
    for command in kind.install(service):
        print("  " + " ".join(command), file=sys.stderr)
    return 0


def device_service(settings: Settings, options: argparse.Namespace) -> Service:
    """The device with these settings, in the account that asks, with agents in the same one."""
    command = [sys.executable, "-m", "appliance.cli.entry", "run"]
    if options.config is not None:
        command += ["--config", str(options.config.absolute())]
    command += ["--data", str(settings.data.absolute()), "--listen", str(settings.listen)]
    return Service(
        name="hutch",
        description="Hutch",
        command=tuple(command),
        log=settings.data.absolute() / "hutch.log",
        sessions_inside=True,
    )
