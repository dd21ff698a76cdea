"""The file of the open APIs: which users of Airflow are partners and of which customers, and what is limited."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from include.sla_logic.domain.callbacks import EventHosts, read_origin, read_range
from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.fault_words import fault_in_words
from include.sla_logic.importers.once_loader import OnceLoader
from include.sla_logic.importers.tables.documents import TwiceNamed

_LARGEST = 10_000_000  # letters
Customer = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.:+~-]+$")]
Origin = Annotated[str, AfterValidator(read_origin)]
AddressRange = Annotated[str, AfterValidator(lambda said: str(read_range(said)))]
User = Annotated[str, Field(min_length=1, max_length=250)]


class UnableToReadOpenApis(ForeseenError):
    """The file of the open APIs does not exist, or cannot be understood."""


class Partner(BaseModel):
    """What a partner may see, and the origins of listeners to which its events may be sent."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    customers: Annotated[frozenset[Customer], Field(min_length=1)]
    listeners: frozenset[Origin] = frozenset()


class OpenApiSettings(BaseModel):
    """Partners by the name of their user; lists can be entered at `largest_offset` at most.

    The names of listeners may lead to public addresses, and to those of `listener_ranges`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    partners: Mapping[User, Partner] = Field(default_factory=dict)
    largest_offset: Annotated[int, Field(ge=0, le=1_000_000)] = 10_000
    listener_ranges: tuple[AddressRange, ...] = ()

    def customers_of(self, user: str) -> frozenset[str]:
        """Return whose records a partner may see: none where the user is no partner."""
        return self.partners[user].customers if user in self.partners else frozenset()

    def event_hosts(self, user: str) -> EventHosts:
        """Return where the events of a partner may be sent."""
        origins = self.partners[user].listeners if user in self.partners else frozenset()
        return EventHosts(origins, tuple(map(read_range, self.listener_ranges)))


def read_open_apis(path: Path | None) -> OpenApiSettings:
    """Read the file; without one there are no partners. Raise `UnableToReadOpenApis`.

    It is parsed again only after it has changed.
    """
    if path is None:
        return OpenApiSettings()
    try:
        known = path.stat()
        return _read(path, (known.st_ino, known.st_mtime_ns, known.st_size))
    except (OSError, UnicodeDecodeError) as error:
        raise UnableToReadOpenApis(
            f"The file of the open APIs {path} cannot be read: {type(error).__name__}."
        ) from error


@lru_cache(maxsize=4)
def _read(path: Path, _version: tuple[int, ...]) -> OpenApiSettings:
    text, name = path.read_text("utf-8"), f"The file of the open APIs {path.name}"
    if len(text) > _LARGEST:
        raise UnableToReadOpenApis(f"{name} is longer than {_LARGEST} letters.")
    try:
        document: Any = yaml.load(text, OnceLoader)  # noqa: S506 - a safe loader that refuses a name that stands twice
    except (yaml.YAMLError, TwiceNamed, RecursionError) as error:
        raise UnableToReadOpenApis(f"{name} is not YAML: {str(error)[:200]}.") from error
    try:
        return OpenApiSettings.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "all of it"
        raise UnableToReadOpenApis(f"{name} cannot be used: {where}: {fault_in_words(first)}.") from error
