"""What was kept as an English text, told again in the reader's language where it is one of our sentences.

Refused rows and failures are kept as they were said, in English: a form was answered, a file was read by another
process, years ago. A pattern of a refusal that fits the whole text tells which sentence it was, with its values.
"""

import re
from functools import cache, lru_cache
from itertools import chain
from typing import NamedTuple

from include.sla_logic.domain.sentence import Sentence
from include.sla_logic.web.translations import refusals

_PLACE = re.compile(r"%\((\w+)\)s")
_LEAST = 8  # signs of a sentence itself: less may fit what somebody else has written
# What says only that more follows: a value in brackets, the row of a file.
_FRAMES = ("%(why)s (row %(row)s)", "%(why)s (%(given)s)")


class _Pattern(NamedTuple):
    """A sentence with places for values: its longest part, which stands in every text that it fits, and how to fit."""

    says: str
    part: str
    form: re.Pattern[str]


@lru_cache(maxsize=4096)
def recognised(text: str, language: str) -> str:
    """Return the sentence of ours that a kept text is, if this language has words for it; else the text."""
    if len(text) >= _LEAST and text in refusals(language):
        return Sentence(text)
    fitting = (_fitted(pattern, text, language) for pattern in _patterns(language))
    framed = (found for frame in _FRAMES if (found := _fitted(_pattern(frame), text, language)) is not None)
    known = (found for found in framed if isinstance(found.values["why"], Sentence))
    return next((found for found in chain(known, fitting) if found is not None), text)


def _fitted(pattern: _Pattern, text: str, language: str) -> Sentence | None:
    found = pattern.form.fullmatch(text) if pattern.part in text else None
    if found is None:
        return None
    values = {name: recognised(value, language) for name, value in found.groupdict().items()}
    return Sentence(pattern.says, **values)


@lru_cache(maxsize=4)
def _patterns(language: str) -> tuple[_Pattern, ...]:
    """Return the patterns that a text can be told by, those that say the most first."""
    said = [each for each in refusals(language) if _PLACE.search(each) and len(_PLACE.sub("", each)) >= _LEAST]
    said.sort(key=lambda each: (-len(_PLACE.sub("", each)), each))
    return tuple(map(_pattern, (*said, *_FRAMES)))


@cache
def _pattern(says: str) -> _Pattern:
    fixed, seen = [part.replace("%%", "%") for part in _PLACE.split(says)[::2]], set[str]()
    form = re.escape(fixed[0])
    for name, behind in zip(_PLACE.findall(says), fixed[1:], strict=True):
        form += f"(?P={name})" if name in seen else f"(?P<{name}>.+)"
        form += re.escape(behind)
        seen.add(name)
    return _Pattern(says, max(fixed, key=len), re.compile(form, re.DOTALL))
