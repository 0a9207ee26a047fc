"""Backup, restore, factory reset, support bundle."""

from __future__ import annotations

from typing import Final

from foundation.web.routing import Route
from gateway.accounts.types import Role
from gateway.care.types import PIECE
from webui.api import care
from webui.api.models import care as models
from webui.api.tables.sizes import SMALL

_FOLDERS: Final = 512 * 1024
"""Bytes of the names of as many folders as a backup takes."""
_FILE: Final = ("application/octet-stream",)
_RANGES: Final = {206: None, 416: "The file has no such range."}

CARE_ROUTES: Final[list[Route[Role]]] = [
    Route("GET", "/api/care", care.show_care, Role.ADMIN, "How backups stand", answer=models.CareAnswer),
    Route(
        "POST",
        "/api/care/backup",
        care.make_backup,
        Role.ADMIN,
        "Make a backup",
        "care.backup",
        body=models.NewBackup,
        answer=models.CareAnswer,
        status=202,
        max_body=_FOLDERS,
    ),
    Route(
        "GET",
        "/api/care/backup",
        care.download_backup,
        Role.ADMIN,
        "Download the backup",
        "care.backup_download",
        raw_answer=_FILE,
        more_statuses=_RANGES,
    ),
    Route(
        "DELETE",
        "/api/care/backup",
        care.remove_backup,
        Role.ADMIN,
        "Remove the backup",
        "care.backup_remove",
        status=204,
    ),
    Route(
        "POST",
        "/api/care/restore",
        care.begin_restore,
        Role.ADMIN,
        "Bring a backup",
        "care.restore_check",
        body=models.NewRestore,
        answer=models.CareAnswer,
        status=201,
        max_body=SMALL,
    ),
    # Not in the audit log piece by piece: the beginning and what becomes of it are.
    Route(
        "PUT",
        "/api/care/restore/file",
        care.put_piece,
        Role.ADMIN,
        "Send a piece of a backup",
        query=models.RestorePieceQuery,
        answer=models.ReceivedAnswer,
        max_body=PIECE,
        raw_body=True,
    ),
    Route(
        "DELETE",
        "/api/care/restore",
        care.give_restore_up,
        Role.ADMIN,
        "Forget the backup that was brought",
        "care.restore_cancel",
        status=204,
    ),
    Route(
        "POST",
        "/api/care/restore/begin",
        care.restore,
        Role.ADMIN,
        "Restore the backup that was brought",
        "care.restore",
        answer=models.CareAnswer,
        status=202,
        max_body=SMALL,
    ),
    Route(
        "POST",
        "/api/care/reset",
        care.reset,
        Role.ADMIN,
        "Factory reset",
        "care.reset",
        body=models.ResetOrder,
        answer=models.CareAnswer,
        status=202,
        max_body=SMALL,
    ),
    Route(
        "GET",
        "/api/support",
        care.support,
        Role.ADMIN,
        "Download a support bundle",
        "care.support",
        raw_answer=_FILE,
        more_statuses=_RANGES,
    ),
]
