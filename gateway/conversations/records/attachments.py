"""What is known of attached files."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

import sqlalchemy as sa

from foundation.store.database import Store
from gateway.store.chat_tables import attachments


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that a person uploaded for a conversation. ``size`` in bytes."""

    id: str
    conversation_id: str
    name: str
    mime: str
    size: int
    created_at: datetime


class AttachmentRecords:
    """Rows of attachments."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def add(self, attachment: Attachment) -> None:
        """Keep one."""
        async with self._store.begin() as connection:
            await connection.execute(sa.insert(attachments).values(asdict(attachment)))

    async def remove(self, attachment: Attachment) -> None:
        """Forget one."""
        of_it = sa.and_(attachments.c.conversation_id == attachment.conversation_id, attachments.c.id == attachment.id)
        async with self._store.begin() as connection:
            await connection.execute(sa.delete(attachments).where(of_it))

    async def get(self, conversation_id: str, attachment_id: str) -> Attachment | None:
        """One of a conversation."""
        of_it = sa.and_(attachments.c.conversation_id == conversation_id, attachments.c.id == attachment_id)
        async with self._store.read() as connection:
            row = (await connection.execute(sa.select(attachments).where(of_it))).first()
            return None if row is None else Attachment(**row._mapping)

    async def of(self, conversation_id: str) -> list[Attachment]:
        """Those of a conversation, oldest first."""
        of_it = sa.select(attachments).where(attachments.c.conversation_id == conversation_id)
        async with self._store.read() as connection:
            rows = await connection.execute(of_it.order_by(attachments.c.id))
            return [Attachment(**row._mapping) for row in rows]
