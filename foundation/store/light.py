"""SQLAlchemy's async engine without its object mapper.

Importing ``sqlalchemy.ext.asyncio`` also loads ``sqlalchemy.orm``, a third of SQLAlchemy's memory (7.5 MB of 23 on
64-bit Linux), for classes this program never uses. The package is entered here without running its ``__init__``;
somebody who asks the package itself for a name still gets the whole of it.
"""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType

PACKAGE = "sqlalchemy.ext.asyncio"


class _Package(ModuleType):
    def __getattr__(self, name: str) -> object:
        spec = None if name.startswith("__") else self.__spec__
        if importlib.util.find_spec(f"{PACKAGE}.{name}"):
            # A module of the package: Python asks for the attribute before it imports the module.
            raise AttributeError(name)
        if spec is None or spec.loader is None:
            raise AttributeError(name)
        self.__class__ = ModuleType  # type: ignore[assignment]  # a plain module from here on
        spec.loader.exec_module(self)
        value: object = getattr(self, name)
        return value


def _enter() -> None:
    spec = importlib.util.find_spec(PACKAGE) if PACKAGE not in sys.modules else None
    if spec is None or spec.submodule_search_locations is None:
        return
    package = _Package(PACKAGE)
    package.__spec__ = spec
    package.__path__ = spec.submodule_search_locations
    sys.modules[PACKAGE] = package


_enter()

from sqlalchemy.ext.asyncio.engine import AsyncConnection, AsyncEngine, create_async_engine  # noqa: E402

__all__ = ["AsyncConnection", "AsyncEngine", "create_async_engine"]
