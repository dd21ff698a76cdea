"""The desk's sentences in the reader's language: English in the code, one file of `languages/` for each other one."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, lru_cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path

from babel import Locale, negotiate_locale
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from include.sla_logic.web.refusals import OPEN_APIS

LANGUAGES = Path(__file__).parent / "languages"
FALLBACK = "en"
_FOR_PROGRAMS = ("/api/", "/assets/", f"{OPEN_APIS}/")
_LONGEST = 200  # letters of a header that are read
_reading: ContextVar[str] = ContextVar("reading", default=FALLBACK)


def language() -> str:
    """Return the language of the page that is being made."""
    return _reading.get()


def locale() -> Locale:
    """Return what is known of that language: its months, its decimal sign."""
    return _locale(language())


@cache
def languages() -> tuple[str, ...]:
    """Name the languages that there are: English, and each that has a file."""
    return FALLBACK, *sorted(file.stem for file in LANGUAGES.glob("*.po"))


def sentences() -> NullTranslations:
    """Return the sentences of that language."""
    return _sentences(language())


def gettext(message: str, **values: object) -> str:
    """Return the sentence in the reader's language, with its values filled in; in English where it has none."""
    return _filled(sentences().gettext(message), values) if message else ""


def ngettext(one: str, many: str, number: int, **values: object) -> str:
    """Return the sentence for one or for several."""
    return _filled(sentences().ngettext(one, many, number), values)


def pgettext(context: str, message: str, **values: object) -> str:
    """Return a sentence whose meaning depends on where it stands."""
    return _filled(sentences().pgettext(context, message), values)


def npgettext(context: str, one: str, many: str, number: int, **values: object) -> str:
    """Return such a sentence for one or for several."""
    return _filled(sentences().npgettext(context, one, many, number), values)


@contextmanager
def reading(chosen: str) -> Iterator[None]:
    """Make pages in this language."""
    token = _reading.set(chosen)
    try:
        yield
    finally:
        _reading.reset(token)


@lru_cache(maxsize=256)
def language_of(accepted: str) -> str:
    """Choose the language that an Accept-Language header prefers among those that there are, else English."""
    return negotiate_locale(_preferred(accepted[:_LONGEST]), languages(), sep="-") or FALLBACK


class LanguageMiddleware:
    """Make each page in the language that the browser asks for; what programs read stays English."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request. The language is not set back: the answer to a failure is made further out."""
        depends = scope["type"] == "http" and not any(part in scope["path"] for part in _FOR_PROGRAMS)
        told = Headers(scope=scope).get("accept-language", "") if depends else ""
        _reading.set(language_of(told))
        await self._app(scope, receive, _with_vary(send) if depends else send)


def _with_vary(send: Send) -> Send:
    async def send_with_vary(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).add_vary_header("Accept-Language")
        await send(message)

    return send_with_vary


def _preferred(accepted: str) -> list[str]:
    """Return the languages of the header, the most wanted first; what is no weight counts as none."""
    wanted = []
    for each in accepted.split(","):
        name, _, weight = each.replace(" ", "").partition(";q=")
        if name and (share := _weight(weight)):
            wanted.append((share, name))
    return [name for _, name in sorted(wanted, key=lambda one: -one[0])]


def _weight(text: str) -> float:
    try:
        return min(max(float(text or 1), 0), 1)
    except ValueError:
        return 0


def _filled(sentence: str, values: dict[str, object]) -> str:
    return sentence % values if values else sentence


@cache
def refusals(name: str) -> frozenset[str]:
    """Return what use cases may be refused with, in English, of those that this language has words for."""
    if name == FALLBACK:
        return frozenset()
    said = (each for each in _read(name) if any(place == "refusals" for place, _line in each.locations))
    return frozenset(each.id for each in said if isinstance(each.id, str))


@cache
def _locale(name: str) -> Locale:
    return Locale.parse(name, sep="-")


@cache
def _sentences(name: str) -> NullTranslations:
    """Read the file of a language; it needs no compiling."""
    if name == FALLBACK:
        return NullTranslations()
    compiled = BytesIO()
    write_mo(compiled, _read(name))
    compiled.seek(0)
    return GNUTranslations(compiled)


def _read(name: str) -> Catalog:
    with (LANGUAGES / f"{name}.po").open("rb") as file:
        return read_po(file, locale=name.replace("-", "_"))


def forget() -> None:
    """Forget what was read: the files have changed."""
    for read in (languages, language_of, refusals, _locale, _sentences):
        read.cache_clear()
