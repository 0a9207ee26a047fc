"""The device's web application, built from the route table."""

from __future__ import annotations

import time

from aiohttp import web

from foundation.web.application import make_application
from foundation.web.description import DESCRIPTION, Description
from foundation.web.metrics import EXPOSITION, Exposition
from foundation.web.site import PrefixOf, no_prefix
from webui.api.metrics import make_collector
from webui.context import DEVICE, Device
from webui.meters import METERS, Meters
from webui.routes import ROUTES
from webui.site import site_of_device
from webui.streams.control_watch import CONTROL_WATCH, ControlWatch, control_watch_context
from webui.streams.revocations import revocations_context
from webui.wellness import WELLNESS, WellnessCheck


def make_app(device: Device, prefix_of: PrefixOf = no_prefix) -> web.Application:
    """The application that serves ``device``: every row of the route table behind the gate, and nothing else.

    ``prefix_of`` tells below which path of somebody else's pages a request's browser sees this device.
    """
    app = make_application(site_of_device(device, prefix_of), ROUTES)
    meters = Meters()
    app[DEVICE] = device
    app[METERS] = meters
    app[CONTROL_WATCH] = ControlWatch(device.bus)
    app[WELLNESS] = WellnessCheck(device, time.monotonic)
    app[EXPOSITION] = Exposition(lambda: make_collector(device, meters))
    app[DESCRIPTION] = Description("webui.describe", device.version)
    app.cleanup_ctx.extend([revocations_context, control_watch_context])
    return app
