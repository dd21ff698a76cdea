"""Sentences that people read in their own language."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Self


class Code(str):
    """A word of the database, such as `booked`, that a reader's language has a word for."""

    __slots__ = ()


class Sentence(str):  # noqa: SLOT000 - it keeps its pattern beside the text
    """An English sentence that keeps its pattern and its values, so that another language can say it.

    It is written `Sentence("%(ticket)s is %(status)s, not on hold.", ticket=…, status=…)`. Values may be sentences
    themselves, instants (said in UTC), amounts, enumerations, a `Code`, tuples of these, or texts, which stay as they
    are.
    """

    says: str
    values: Mapping[str, object]

    def __new__(cls, says: str, **values: object) -> Self:
        """Fill the values in; without any, a percent sign is one."""
        shown = {name: _in_english(value) for name, value in values.items()}
        made = super().__new__(cls, says % shown if values else says)
        made.says, made.values = says, values
        return made

    def with_texts(self, change: Callable[[str], str]) -> Self:
        """Return the sentence with each text among its values changed, such as what somebody else has written."""
        values: dict[str, object] = {}
        for name, value in self.values.items():
            if isinstance(value, Sentence):
                values[name] = value.with_texts(change)
            else:
                values[name] = change(value) if type(value) is str else value
        return type(self)(self.says, **values)


def sentence_of(error: Exception) -> str:
    """Return what an error says: a `Sentence` where it was raised with one."""
    first = error.args[0] if error.args else ""
    return first if isinstance(first, Sentence) else str(error)


def _in_english(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(_in_english, value))
    return f"{value.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if isinstance(value, datetime) else str(value)
