"""Templates as Python code, kept beside the bytecode of our own modules: to compile them is a third of a start."""

from __future__ import annotations

import sys
from contextlib import suppress
from importlib.util import cache_from_source
from pathlib import Path
from typing import Final

from jinja2 import FileSystemBytecodeCache
from jinja2.bccache import Bucket

_FORM: Final = 1
"""To be counted up with every change of the options in :func:`foundation.web.pages.rendering.make_environment`."""


class CompiledTemplates(FileSystemBytecodeCache):
    """As with modules: a changed template is compiled anew, and where nothing may be written it always is."""

    def __init__(self) -> None:
        folder = Path(cache_from_source(__file__)).parent
        super().__init__(str(folder), f"template-{_FORM}-%s.cache")

    def load_bytecode(self, bucket: Bucket) -> None:
        """Look for one."""
        with suppress(OSError):
            super().load_bytecode(bucket)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep one."""
        if not sys.dont_write_bytecode:
            with suppress(OSError):
                Path(self.directory).mkdir(parents=True, exist_ok=True)
                super().dump_bytecode(bucket)
