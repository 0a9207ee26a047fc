"""What the shared web has to know of a device."""

from __future__ import annotations

from foundation.web.security.hosts import host_names
from foundation.web.site import Pages, PrefixOf, Site, no_visit
from protocol.problems import ProblemCode
from webui.context import Device
from webui.pages.frame import frame
from webui.pages.notices import NOTICES
from webui.security.authority import DeviceAuthority


def site_of_device(device: Device, prefix_of: PrefixOf) -> Site:
    """The site of ``device``; ``prefix_of`` as in :attr:`foundation.web.site.Site.prefix_of`."""
    return Site(
        title="Hutch",
        noun="device",
        name=device.name,
        authority=DeviceAuthority(device.accounts, device.audit, console=device.console_socket, door=device.hub_door),
        hosts=host_names(device.name, device.allowed_hosts),
        pages=Pages(
            package="webui",
            frame=frame,
            notices=NOTICES,
            fields={
                ProblemCode.SETUP_CODE_WRONG: "code",
                ProblemCode.NAME_TAKEN: "name",
                ProblemCode.WORKDIR_MISSING: "workdir",
                ProblemCode.AGENT_MISSING: "agent",
                ProblemCode.KEY_INVALID: "public_key",
            },
            manifest="/manifest.webmanifest",
            tokens="/settings/tokens",
            example="/api/sessions",
        ),
        trusted_proxies=device.trusted_proxies,
        secure_cookies=device.secure_cookies,
        visit_of=device.hub_door.visit if device.hub_door is not None else no_visit,
        prefix_of=prefix_of,
        own_names=(f"{device.name}.local", device.name),
    )
