"""Asking feeds: an answer over HTTP, or rows of a database, written into files that an import can read."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit
from uuid import UUID

from include.sla_logic.domain.errors import ForeseenError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import httpx

    from include.sla_logic.settings import HttpSystem

_LARGEST, _MOST_PAGES, _AT_ONCE = 500 * 1024**2, 1000, 5000
_TOKEN = "{token}"  # noqa: S105 - where a body wants the token


class UnableToAskFeed(ForeseenError):
    """The feed gave no answer that can be read; it is asked again later."""


def ask_http(
    system: HttpSystem,
    *,
    path: str,
    query: Mapping[str, str | int],
    body: Any,
    next_page: str | None,
    into: Path,
) -> list[Path]:
    """Write each page of the answer into a file; raise `UnableToAskFeed` for a refusal, a redirect, silence."""
    import httpx

    headers = {"Accept": "application/json"}
    sent = _with_token(body, system.token)
    if system.token and sent == body:
        headers["Authorization"] = f"Bearer {system.token}"
    login = (system.login, system.password or "") if system.login and not system.token else None
    found: list[Path] = []
    url = httpx.URL(system.url.rstrip("/") + path).copy_merge_params(dict(query))
    asked = {url}
    with httpx.Client(timeout=system.timeout, auth=login, headers=headers, trust_env=False) as client:
        for number in range(_MOST_PAGES):
            file = into.with_name(f"{into.stem}-{number + 1}.json" if next_page else f"{into.stem}.json")
            _fetch(client, url, sent, file)
            found.append(file)
            following = _following(file, next_page)
            if following is None:
                return found
            url = _same_host(url, following)
            if url in asked:
                raise UnableToAskFeed(f"The address of the next page, {url.host}{url.path}, was asked before.")
            asked.add(url)
    raise UnableToAskFeed(f"The answer has more than {_MOST_PAGES} pages: ask for less time at once (at_most).")


def _with_token(body: Any, token: str | None) -> Any:
    """Put the connection's token where the body has `{token}`: some systems read it there and not in a header."""
    if body == _TOKEN:
        if not token:
            raise UnableToAskFeed(f"The body names {_TOKEN}, but the connection's extra has no token.")
        return token
    if isinstance(body, dict):
        return {name: _with_token(value, token) for name, value in body.items()}
    if isinstance(body, list):
        return [_with_token(value, token) for value in body]
    return body


def _fetch(client: httpx.Client, url: httpx.URL, body: Any, file: Path) -> None:
    import httpx

    shown = f"{url.host}{url.path}"
    length = 0
    try:
        with (
            client.stream("GET" if body is None else "POST", url, json=body) as answer,
            file.open("wb") as writing,
        ):
            if answer.status_code != httpx.codes.OK:
                start = next(answer.iter_text(300), "")
                raise UnableToAskFeed(f"{shown} answered {answer.status_code}: {' '.join(start.split())[:200]}")
            for part in answer.iter_bytes():
                length += len(part)
                if length > _LARGEST:
                    raise UnableToAskFeed(f"The answer of {shown} is larger than {_LARGEST} bytes (at_most).")
                writing.write(part)
        if not length:
            raise UnableToAskFeed(f"{shown} answered {answer.status_code} and sent nothing.")
    except httpx.HTTPError as error:
        raise UnableToAskFeed(f"{shown} gave no answer: {type(error).__name__}.") from error


def _following(file: Path, next_page: str | None) -> str | None:
    if next_page is None:
        return None
    import jmespath

    try:
        found = jmespath.search(next_page, json.loads(file.read_bytes()))
    except ValueError as error:
        raise UnableToAskFeed("The answer is not JSON.") from error
    if found is not None and not isinstance(found, str):
        raise UnableToAskFeed(f"The answer has no address at {next_page!r}, but {type(found).__name__}.")
    return found or None


def _same_host(url: httpx.URL, following: str) -> httpx.URL:
    """Go to the next page on the same server alone: the login must not leave it."""
    import httpx

    absolute = urljoin(str(url), following)
    if urlsplit(absolute)[:2] != urlsplit(str(url))[:2]:
        raise UnableToAskFeed(f"The next page is on another server, {urlsplit(absolute).netloc[:100]!r}.")
    return httpx.URL(absolute)


def ask_database(url: str, sql: str, *, since: datetime, until: datetime, into: Path) -> list[Path]:
    """Write the rows of a query into a file of JSON lines, each column under its name."""
    from sqlalchemy import create_engine, text
    from sqlalchemy.exc import SQLAlchemyError
    from sqlalchemy.pool import NullPool

    file = into.with_suffix(".jsonl")
    try:
        engine = create_engine(url, poolclass=NullPool)
        with (
            engine.connect().execution_options(yield_per=_AT_ONCE) as connection,
            file.open("w", encoding="utf-8") as out,
        ):
            rows = connection.execute(text(sql), {"since": since, "until": until})
            names = list(rows.keys())
            if len(set(names)) != len(names):
                twice = next(name for name in names if names.count(name) > 1)
                raise UnableToAskFeed(f"The query has two columns named {twice!r}: name them apart with AS.")
            out.writelines(_lines(names, rows))
    except SQLAlchemyError as error:
        said = " ".join(str(getattr(error, "orig", None) or error).split())
        raise UnableToAskFeed(f"The database did not answer the query: {said[:200]}") from error
    except ModuleNotFoundError as error:
        raise UnableToAskFeed(f"The driver of the connection is not installed: {error.name}.") from error
    return [file]


def _lines(names: list[str], rows: Any) -> Iterator[str]:
    for row in rows:
        yield json.dumps({name: _plain(name, value) for name, value in zip(names, row, strict=True)}) + "\n"


def _plain(name: str, value: Any) -> Any:
    if value is None or isinstance(value, str | int | bool):
        return value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat() if value.tzinfo else value.isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Decimal | float | UUID):
        return str(value)
    if isinstance(value, timedelta) and not value.microseconds:
        return f"PT{int(value.total_seconds())}S"
    if isinstance(value, list | dict):
        return value
    raise UnableToAskFeed(
        f"The column {name!r} has a {type(value).__name__}: turn it into text or a number in the query."
    )
