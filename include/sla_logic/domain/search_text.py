"""One way to cut a text into the words that are searched for: when it is kept, and when somebody asks."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from itertools import chain

LENGTH = 32  # letters of a word that count
MANY = 200  # different words of one incident
_WORD = re.compile(r"[^\W_]+")


def words_of(text: str) -> list[str]:
    """Return the words in small letters without accents, cut at every sign: `Zürich-REF/7` is zurich, ref, 7."""
    plain = text.lower() if text.isascii() else _without_accents(text)
    return [word[:LENGTH] for word in _WORD.findall(plain)]


def _without_accents(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter)).casefold()


def words_to_keep(texts: Iterable[str | None]) -> list[str]:
    """Return the different words of several texts, the first MANY; digits also without the zeros before them."""
    return list(dict.fromkeys(chain.from_iterable(_kept_of(text) for text in texts if text)))[:MANY]


@lru_cache(maxsize=4096)  # names and texts come again and again
def _kept_of(text: str) -> tuple[str, ...]:
    found = list[str]()
    for word in words_of(text):
        found.append(word)
        if word.isdigit() and word.isascii() and (short := word.lstrip("0")):
            found.append(short)
    return tuple(found)
