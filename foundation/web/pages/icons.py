"""The icons of the pages: files in ``templates/icons``, put into the page itself, so that they need no request."""

from __future__ import annotations

from functools import cache
from pathlib import PurePosixPath

from jinja2 import Environment
from markupsafe import Markup

_FOLDER = PurePosixPath("icons")


class Icons:
    """Every icon by its file's name. They stand beside words, so screen readers pass over them."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self.icon = cache(self._icon)

    def mark(self) -> Markup:
        """The Hutch mark: a box with ears, a prompt on its door."""
        return self.icon("mark")

    def _icon(self, name: str) -> Markup:
        text = self._environment.get_template(str(_FOLDER / f"{name}.svg")).render()
        return Markup(" ".join(text.split()))  # noqa: S704 - our own files
