"""Feeds: systems that are asked for records again and again, as an operator's file of feeds describes them."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BeforeValidator, Field, ValidationError, model_validator

from include.sla_logic.domain.calendars import UnableToReadInstant, read_instant
from include.sla_logic.domain.durations import parse_duration
from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.fault_words import fault_in_words
from include.sla_logic.importers.mapping import MAPPING_FILES
from include.sla_logic.importers.once_loader import OnceLoader
from include.sla_logic.importers.sources import Part
from include.sla_logic.importers.tables.documents import TwiceNamed

_PLACE = re.compile(r"\{(since|until)(?::(epoch|epoch_ms))?\}")
_LARGEST = 1_000_000  # letters
_WAYS = ("http", "sql", "files")


class UnableToReadFeeds(ForeseenError):
    """The file of feeds does not exist, or does not describe feeds."""


def _moment(written: Any) -> Any:
    try:
        found = written if isinstance(written, datetime) else read_instant(str(written))
    except UnableToReadInstant as error:
        raise ValueError(str(error)) from error
    return found.replace(microsecond=0)  # as it is asked for


Seconds = Annotated[int, BeforeValidator(parse_duration), Field(ge=0)]
Moment = Annotated[datetime, BeforeValidator(_moment)]


class Stretch(Part):
    """The time that is asked for: from `since` until before `until`."""

    since: datetime
    until: datetime

    def fill(self, template: Any) -> Any:
        """Put the two moments where a template has `{since}`, `{until:epoch}` or `{since:epoch_ms}`."""
        if isinstance(template, str):
            whole = _PLACE.fullmatch(template)
            written = _PLACE.sub(self._written, template)
            return int(written) if whole and whole[2] else written
        if isinstance(template, Mapping):
            return {name: self.fill(value) for name, value in template.items()}
        if isinstance(template, list | tuple):
            return [self.fill(value) for value in template]
        return template

    def _written(self, found: re.Match[str]) -> str:
        moment: datetime = getattr(self, found[1])
        match found[2]:
            case "epoch":
                return str(int(moment.timestamp()))
            case "epoch_ms":
                return str(int(moment.timestamp()) * 1000)
            case _:
                return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Http(Part):
    """A question over HTTP: `path` behind the connection's address, `query` in the address, or a JSON `body` sent.

    A text that is nothing but `{since:epoch}` becomes a number. `next` is the jmespath of the address of the following
    page, where there may be several.
    """

    path: str = ""
    query: dict[str, str | int] = Field(default_factory=dict)
    body: Any = None
    next: str | None = None


class Feed(Part):
    """One feed: an Airflow connection, what to ask it for, and the mapping that reads the answer.

    By time (`http`, `sql` with `:since` and `:until`) it is asked from where it was read, less `overlap`, until now
    less `behind`, at most `at_most` at once; it begins at `starts`. `files` names files by a pattern, each read once
    it has not changed for `behind`; a file that changes is read again. `every` is the least time between two readings.
    `services` are those that it feeds; without any, all. Lengths are whole seconds.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")
    connection: str | None = None
    kind: Literal["outages", "samples", "maintenance", "resources", "topology", "alarms"]
    mapping: str
    http: Http | None = None
    sql: str | None = None
    files: str | None = None
    starts: Moment | None = None
    every: Seconds = 0
    overlap: Seconds = 0
    behind: Seconds = 60
    at_most: Annotated[Seconds, Field(gt=0)] = 86_400
    services: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = [way for way in _WAYS if getattr(self, way) is not None]
        if len(ways) != 1:
            msg = f"needs one of http, sql and files, and has {' and '.join(ways) or 'none'}"
            raise ValueError(msg)
        if self.by_time and self.starts is None:
            msg = "needs starts: the instant from which it is asked for the first time"
            raise ValueError(msg)
        if self.by_time and self.connection is None:
            msg = "needs connection: the Airflow connection that is asked"
            raise ValueError(msg)
        if self.sql is not None and not {":since", ":until"} <= set(re.findall(r":\w+", self.sql)):
            msg = "the sql must ask for rows between :since and :until"
            raise ValueError(msg)
        return self

    @property
    def way(self) -> str:
        """Name what asks it: http, sql or files."""
        return next(way for way in _WAYS if getattr(self, way) is not None)

    @property
    def by_time(self) -> bool:
        """Tell whether it is asked for stretches of time: then it is known how far it was read."""
        return self.files is None

    def stretch(self, read_until: datetime | None, now: datetime, step: int = 1) -> Stretch | None:
        """Return the next stretch to ask for, or None where all is read that is old enough.

        Both of its ends are multiples of `step` seconds since 1970: a server that counts steps from the begin of the
        stretch, as Prometheus does, then answers for the same instants each time.
        """
        assert self.starts is not None  # noqa: S101 - checked above
        known = self.starts if read_until is None else max(read_until, self.starts)
        newest = _on_grid(now, -self.behind, step)
        until = min(newest, _on_grid(known, self.at_most, step))
        if until <= known:
            return None
        return Stretch(since=_on_grid(max(self.starts, _seconds_after(known, -self.overlap)), 0, step), until=until)


def _seconds_after(moment: datetime, seconds: int) -> datetime:
    return datetime.fromtimestamp(moment.timestamp() + seconds, UTC)


def _on_grid(moment: datetime, seconds: int, step: int) -> datetime:
    """Add the seconds to the moment, and go back to a multiple of `step` seconds since 1970."""
    return datetime.fromtimestamp((int(moment.timestamp()) + seconds) // step * step, UTC)


def read_feeds(path: Path | None) -> dict[str, Feed]:
    """Read the file of feeds: under `feeds`, each by its name. Without a file there are none."""
    if path is None:
        return {}
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UnableToReadFeeds(f"The file of feeds {path} cannot be read: {type(error).__name__}.") from error
    if len(text) > _LARGEST:
        raise UnableToReadFeeds(f"The file of feeds {path.name} is longer than {_LARGEST} letters.")
    try:
        document = yaml.load(text, OnceLoader)  # noqa: S506 - a safe loader that refuses a name that stands twice
    except (yaml.YAMLError, TwiceNamed, RecursionError) as error:
        raise UnableToReadFeeds(f"The file of feeds {path.name} is not YAML: {str(error)[:200]}.") from error
    if not isinstance(document, dict) or set(document) != {"feeds"} or not isinstance(document["feeds"], dict):
        raise UnableToReadFeeds(f"The file of feeds {path.name} needs one key, `feeds`, with each feed by its name.")
    return {str(name): _feed(str(name), told, path) for name, told in document["feeds"].items()}


def _feed(name: str, told: Any, path: Path) -> Feed:
    file = path.name
    if not isinstance(told, dict):
        raise UnableToReadFeeds(f"{file}: the feed {name} has no settings.")
    try:
        feed = Feed.model_validate({**told, "name": name})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        said = fault_in_words(first)
        raise UnableToReadFeeds(f"{file}: feed {name}{f', {where}' if where else ''}: {said}.") from error
    if Path(feed.mapping).suffix in MAPPING_FILES:
        return feed.model_copy(update={"mapping": str(path.parent / feed.mapping)})
    return feed
