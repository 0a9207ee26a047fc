"""Files, uploads and downloads."""

from __future__ import annotations

from typing import Final

from foundation.web.routing import Route
from gateway.accounts.types import Role
from webui.api import downloads, files, uploads
from webui.api.models import files as file_models
from webui.api.tables.sizes import SMALL

FILE_ROUTES: Final[list[Route[Role]]] = [
    Route(
        "GET",
        "/api/files",
        files.list_files,
        Role.VIEWER,
        "List a folder",
        query=file_models.FolderQuery,
        answer=file_models.EntriesAnswer,
    ),
    Route(
        "DELETE",
        "/api/files",
        files.remove_file,
        Role.OPERATOR,
        "Remove a file or folder",
        "file.remove",
        query=file_models.PathQuery,
        status=204,
    ),
    Route(
        "GET",
        "/api/files/content",
        downloads.download,
        Role.VIEWER,
        "Download a file",
        query=file_models.PathQuery,
        raw_answer=("application/octet-stream",),
        more_statuses={206: None, 416: "The file has no such range."},
    ),
    Route(
        "POST",
        "/api/files/folders",
        files.make_folder,
        Role.OPERATOR,
        "Make a folder",
        "file.folder",
        body=file_models.NewFolder,
        status=204,
        max_body=SMALL,
    ),
    Route(
        "POST",
        "/api/files/move",
        files.move_file,
        Role.OPERATOR,
        "Move or rename a file",
        "file.move",
        body=file_models.Move,
        status=204,
        max_body=SMALL,
    ),
    Route(
        "POST",
        "/api/files/uploads",
        uploads.begin_upload,
        Role.OPERATOR,
        "Begin an upload",
        "file.upload",
        body=file_models.NewUpload,
        answer=file_models.UploadAnswer,
        status=201,
        max_body=SMALL,
    ),
    # Not in the audit log one by one: the beginning and the end of the upload are.
    Route(
        "PUT",
        "/api/files/uploads/{transfer_id}/chunks/{seq}",
        uploads.put_chunk,
        Role.OPERATOR,
        "Send a piece of a file",
        status=204,
        max_body=file_models.PAGE_CHUNK,
        raw_body=True,
    ),
    Route(
        "POST",
        "/api/files/uploads/{transfer_id}/end",
        uploads.end_upload,
        Role.OPERATOR,
        "Finish an upload",
        "file.uploaded",
        body=file_models.UploadEnd,
        answer=file_models.EntryAnswer,
        status=201,
        max_body=SMALL,
    ),
    Route(
        "DELETE",
        "/api/files/uploads/{transfer_id}",
        uploads.cancel_upload,
        Role.OPERATOR,
        "Give an upload up",
        "file.upload_cancel",
        status=204,
    ),
    Route(
        "GET",
        "/api/workspaces",
        files.list_workspaces,
        Role.VIEWER,
        "List the folders of the workspace",
        answer=file_models.WorkspacesAnswer,
    ),
]
