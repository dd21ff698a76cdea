"""The sentences of a letter in the reader's language: one file of `languages/` for each."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from include.sla_logic.domain.errors import NotFoundError
from include.sla_logic.letters.formats import Formats

if TYPE_CHECKING:
    from babel import Locale

LANGUAGES = Path(__file__).parent / "languages"
FALLBACK = "en"


class UnableToFindPhrase(NotFoundError):
    """A language file lacks a sentence that a letter needs."""


class Wording(Formats):
    """Sentences of one language, with the number and date formats of the reader's region."""

    def __init__(self, locale_name: str, zone: str) -> None:
        """Choose the language file; a locale without one reads English."""
        asked = _parse(locale_name)
        self.language = asked.language if asked and asked.language in languages() else FALLBACK
        phrases = _phrases(self.language)
        regional = asked if asked and asked.language == self.language and asked.territory else None
        super().__init__(regional or _locale(phrases["formats"]), zone)
        self._phrases = phrases

    def say(self, key: str, **values: str) -> str:
        """Return the sentence with its values filled in."""
        phrase = self._phrases.get(key)
        if phrase is None:
            raise UnableToFindPhrase(f"{self.language}.yaml has no sentence {key!r}.")
        return phrase.format(**values)

    def has(self, key: str) -> bool:
        """Tell whether there is such a sentence."""
        return key in self._phrases


@cache
def languages() -> frozenset[str]:
    """Name the languages for which there is a file."""
    return frozenset(file.stem for file in LANGUAGES.glob("*.yaml"))


@cache
def _phrases(language: str) -> dict[str, str]:
    import yaml

    text = (LANGUAGES / f"{language}.yaml").read_text(encoding="utf-8")
    return dict(_flat(yaml.load(text, Loader=yaml.CSafeLoader)))


def _flat(node: dict[str, Any], prefix: str = "") -> Any:
    for key, value in node.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", str(value).strip()


def _locale(name: str) -> Locale:
    from babel import Locale

    return Locale.parse(name)


def _parse(name: str) -> Locale | None:
    """Read `de`, `de-AT` or `de_AT`; anything else is no locale."""
    from babel import UnknownLocaleError

    try:
        return _locale(name.replace("-", "_"))
    except (ValueError, UnknownLocaleError, TypeError):
        return None
