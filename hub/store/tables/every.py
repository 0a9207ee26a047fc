"""Every table of the hub: importing this fills the metadata. Each part adds its module here."""

from __future__ import annotations

from hub.store.tables import devices, fleet, metadata, nodes, people, rollouts

METADATA = metadata.METADATA
MODULES = (metadata, people, devices, fleet, nodes, rollouts)
