"""``python -m webui.describe VERSION`` prints the description of the device's API (OpenAPI 3.1) as JSON.

The daemon asks a process of its own, see :mod:`foundation.web.description`.
"""

from __future__ import annotations

import sys

from foundation.web.openapi import About, print_description
from gateway.accounts.types import Role
from webui.routes import ROUTES


def about(version: str) -> About:
    """What the description says of a device that runs ``version``."""
    return About(
        title="Hutch",
        version=version,
        description="A device where coding agents live: sessions, files, people, health, events.",
        cookie="hutch_session",
        who={
            Role.VIEWER: "everybody with a login",
            Role.OPERATOR: "operators and admins",
            Role.ADMIN: "admins",
        },
    )


if __name__ == "__main__":
    print_description(ROUTES, about(sys.argv[1]))
