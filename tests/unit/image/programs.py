"""The device's own small programs, loaded as modules: they have no ``.py`` in their names."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[3]
PROGRAMS = ROOT / "image/overlay/usr/lib/hutch"


def load(name: str) -> ModuleType:
    """A program of the overlay as a module."""
    loader = importlib.machinery.SourceFileLoader(f"hutch_{name.replace('-', '_')}", str(PROGRAMS / name))
    spec = importlib.util.spec_from_loader(loader.name, loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[loader.name] = module
    loader.exec_module(module)
    return module
