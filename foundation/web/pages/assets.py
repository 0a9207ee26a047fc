"""The built scripts and styles: which hashed file stands for which source, as Vite's manifest says."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

_log = logging.getLogger(__name__)

STATIC = Path(__file__).parents[1] / "static"
"""Where the build lies: package data in the wheel, git-ignored in a checkout."""


class _Chunk(BaseModel):
    """One entry of the manifest (https://vite.dev/guide/backend-integration)."""

    model_config = ConfigDict(frozen=True)

    file: str
    css: list[str] = Field(default_factory=list)
    imports: list[str] = Field(default_factory=list)


_MANIFEST = TypeAdapter(dict[str, _Chunk])


@dataclass(frozen=True, slots=True)
class Entry:
    """What one page has to load, as paths below ``/static``; ``shell.url`` makes addresses of them."""

    script: str | None = None
    styles: tuple[str, ...] = ()
    preloads: tuple[str, ...] = ()


@dataclass
class Assets:
    """The manifest, read once at start; before that, and without a build, pages are plain but work."""

    folder: Path = STATIC
    _chunks: dict[str, _Chunk] = field(default_factory=dict)

    def load(self) -> None:
        """Read the manifest from disk (blocking). A build that is missing is logged, not an error."""
        try:
            self._chunks = _MANIFEST.validate_json((self.folder / "manifest.json").read_bytes())
        except (OSError, ValidationError):
            _log.warning("the web sources are not built: run npm ci and npm run build in webui/frontend")
            self._chunks = {}

    def entry(self, source: str) -> Entry:
        """The script, styles and preloads of a source such as ``src/main.ts``."""
        chunk = self._chunks.get(source)
        if chunk is None:
            return Entry()
        seen = self._with_imports(source)
        styles = tuple(_address(name) for key in reversed(seen) for name in self._chunks[key].css)
        preloads = tuple(_address(self._chunks[key].file) for key in seen[1:])
        return Entry(script=_address(chunk.file), styles=styles, preloads=preloads)

    def url(self, source: str) -> str:
        """The path of a file without imports, such as the mark; empty without a build."""
        chunk = self._chunks.get(source)
        return _address(chunk.file) if chunk else ""

    def _with_imports(self, source: str) -> list[str]:
        seen: list[str] = []
        waiting = [source]
        while waiting:
            key = waiting.pop(0)
            if key not in seen and key in self._chunks:
                seen.append(key)
                waiting.extend(self._chunks[key].imports)
        return seen


def _address(name: str) -> str:
    return f"/static/{name}"
