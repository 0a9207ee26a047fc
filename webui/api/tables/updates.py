"""Updates of the device."""

from __future__ import annotations

from typing import Final

from foundation.web.routing import Route
from gateway.accounts.types import Role
from gateway.updates.uploads import PIECE
from webui.api import updates
from webui.api.models import updates as models
from webui.api.tables.sizes import SMALL

UPDATE_ROUTES: Final[list[Route[Role]]] = [
    Route("GET", "/api/updates", updates.show_updates, Role.VIEWER, "How updates stand", answer=models.UpdatesAnswer),
    Route(
        "POST",
        "/api/updates/check",
        updates.check_channel,
        Role.ADMIN,
        "Look for an update",
        "update.check",
        answer=models.UpdatesAnswer,
        max_body=SMALL,
    ),
    Route(
        "POST",
        "/api/updates/install",
        updates.install,
        Role.ADMIN,
        "Install an update",
        "update.install",
        body=models.InstallOrder,
        answer=models.UpdatesAnswer,
        status=202,
        max_body=SMALL,
    ),
    # Not in the audit log piece by piece: that the bundle was installed is.
    Route(
        "PUT",
        "/api/updates/bundle",
        updates.put_bundle,
        Role.ADMIN,
        "Send a piece of a bundle",
        query=models.PieceQuery,
        answer=models.UploadedAnswer,
        max_body=PIECE,
        raw_body=True,
    ),
    Route(
        "GET",
        "/api/updates/media",
        updates.list_media,
        Role.ADMIN,
        "List bundles on USB sticks",
        answer=models.MediaAnswer,
    ),
    Route(
        "POST",
        "/api/updates/restart",
        updates.restart,
        Role.ADMIN,
        "Restart into what was installed",
        "update.restart",
        answer=models.UpdatesAnswer,
        status=202,
        max_body=SMALL,
    ),
    Route(
        "PUT",
        "/api/updates/preferences",
        updates.change_preferences,
        Role.ADMIN,
        "Say what is updated by itself",
        "update.preferences",
        body=models.PreferencesChange,
        answer=models.UpdatesAnswer,
        max_body=SMALL,
    ),
]
