"""How settings are read: defaults, then the file, then the environment, then the command line."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from protocol.problems import Problem, ProblemCode

S = TypeVar("S", bound=BaseModel)


class Listen(BaseModel):
    """An address to listen on, written ``HOST:PORT`` or ``[IPV6]:PORT``; port 0 lets the kernel choose."""

    model_config = ConfigDict(frozen=True)

    host: str = Field(min_length=1)
    port: int = Field(ge=0, le=65535)

    @classmethod
    def parse(cls, value: object) -> object:
        """The two halves of ``HOST:PORT``."""
        if not isinstance(value, str):
            return value
        host, _, port = value.rpartition(":")
        return {"host": host.strip("[]"), "port": port}

    @property
    def authority(self) -> str:
        """As it stands in a URL."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def split_commas(value: object) -> object:
    """A list as the environment writes it; for a ``BeforeValidator``."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the settings of one program come from."""

    default_file: Path
    prefix: str
    """Of the environment's names, e.g. ``HUTCH_``."""
    document: str
    """The document that describes the settings."""
    aliases: Mapping[str, str] = field(default_factory=lambda: {"database_url": "DATABASE_URL"})
    """Variables without the prefix that count for settings nothing else names, because people expect them to."""

    def env_name(self, setting: str) -> str:
        """The environment variable of a setting."""
        return f"{self.prefix}{setting.upper()}"

    def load(
        self,
        model: type[S],
        file: Path | None,
        environ: Mapping[str, str],
        overrides: Mapping[str, object] | None = None,
    ) -> S:
        """Read the settings; those in :attr:`aliases` also from variables of other names.

        Raises:
            Problem: INVALID_REQUEST naming the setting and what is wrong with it, NOT_FOUND for a file that is not.
        """
        values = self._read(file)
        for name, variable in self.aliases.items():
            if name in model.model_fields and (value := environ.get(variable)):
                values[name] = value
        for name in model.model_fields:
            if (value := environ.get(self.env_name(name))) is not None:
                values[name] = value
        values.update({name: value for name, value in (overrides or {}).items() if value is not None})
        try:
            return model.model_validate(values)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            what = f"The setting “{where}” is" if where else "The settings are"
            raise Problem(
                ProblemCode.INVALID_REQUEST,
                f"{what} not right: {first['msg']}. See {self.document}.",
                {"setting": where},
            ) from None

    def _read(self, file: Path | None) -> dict[str, object]:
        path = file or self.default_file
        try:
            return dict(tomllib.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            if file is None:
                return {}
            raise Problem(ProblemCode.NOT_FOUND, f"There is no settings file {file}. Check --config.") from None
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise Problem(
                ProblemCode.INVALID_REQUEST,
                f"The settings file {path} cannot be read: {error}. Mend it and start again.",
            ) from None
