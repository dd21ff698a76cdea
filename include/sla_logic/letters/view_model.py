"""The content of a letter, without form: the page and the plain text are rendered from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar


class Tone(StrEnum):
    """How good the news is; it only chooses a colour: the text says everything."""

    GOOD = "good"
    MIXED = "mixed"
    BAD = "bad"
    PLAIN = "plain"


@dataclass(frozen=True)
class Fact:
    """A name and its value; `note` is printed smaller, below."""

    label: str
    value: str
    note: str = ""
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True)
class Paragraph:
    """Plain prose."""

    kind: ClassVar[str] = "paragraph"
    text: str


@dataclass(frozen=True)
class Quote:
    """The customer's own words, line breaks kept."""

    kind: ClassVar[str] = "quote"
    text: str


@dataclass(frozen=True)
class Facts:
    """Names and values, one below the other."""

    kind: ClassVar[str] = "facts"
    facts: tuple[Fact, ...]


@dataclass(frozen=True)
class Objective:
    """One promise beside what was measured of it."""

    kind: ClassVar[str] = "objective"
    name: str
    promised: Fact
    measured: Fact
    verdict: str
    tone: Tone
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Step:
    """One thing that happened."""

    when: str
    what: str
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True)
class Steps:
    """What was done, in order."""

    kind: ClassVar[str] = "steps"
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Line:
    """One line of a bill; a line without an amount explains the one below."""

    text: str
    amount: str = ""


@dataclass(frozen=True)
class Account:
    """A computation, line by line, and its result."""

    kind: ClassVar[str] = "account"
    lines: tuple[Line, ...]
    total: Line


@dataclass(frozen=True)
class Note:
    """Something that must not be missed."""

    kind: ClassVar[str] = "note"
    text: str
    tone: Tone = Tone.MIXED


@dataclass(frozen=True)
class Image:
    """A picture; `alt` says in words what it shows."""

    kind: ClassVar[str] = "image"
    name: str
    alt: str
    caption: str
    content: bytes = field(repr=False)


Block = Paragraph | Quote | Facts | Objective | Steps | Account | Note | Image


@dataclass(frozen=True)
class Section:
    """A heading and its content."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Letter:
    """One whole letter in one language; `appendix` is the heading below which its sections follow the signature.

    `colon` is what stands between a label and its value on one line.
    """

    language: str
    subject: str
    preview: str
    date: str
    reference: Fact
    tone: Tone
    badge: str
    headline: str
    greeting: str
    opening: tuple[str, ...]
    figures: tuple[Fact, ...]
    sections: tuple[Section, ...]
    closing: tuple[str, ...]
    footer: tuple[str, ...]
    company: str
    colon: str
    recipient: str = ""
    address: tuple[str, ...] = ()
    theirs: Fact | None = None
    numbers: tuple[Fact, ...] = ()
    appendix: str = ""

    @property
    def images(self) -> tuple[Image, ...]:
        """The pictures that travel with the letter."""
        return tuple(b for section in self.sections for b in section.blocks if isinstance(b, Image))
