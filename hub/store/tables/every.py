"""Every table of the hub: importing this fills the metadata. Each part adds its module here."""

from __future__ import annotations

from hub.store.tables import metadata, people

METADATA = metadata.METADATA
MODULES = (metadata, people)
