"""Nothing on a page escapes translation, and every file of `languages/` has all of it."""

import re
from collections.abc import Iterator
from functools import cache
from gettext import NullTranslations
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from babel.messages.pofile import read_po
from jinja2 import Environment
from markupsafe import Markup

from include.sla_logic.web import rendering, translations
from include.sla_logic.web.actions import ACTIONS
from include.sla_logic.web.presenters import present_document
from tests.web import walks
from tests.web.catalogue import as_text, bring_up_to_date
from tests.web.desk_sample import HERE, client_of

FILES = sorted(translations.LANGUAGES.glob("*.po"))
SAID, DATA = ("⟦", "⟧"), ("⟪", "⟫")  # around sentences, and around what pages are filled with
OPEN, SHUT = "⟦⟪", "⟧⟫"
NOT_READ = {"code", "pre", "script", "style"}
READ = (
    "title",
    "aria-label",
    "placeholder",
    "alt",
    "data-label",
    "data-over",
    "data-expired",
    "data-failing",
    "data-away",
)
LETTERS = re.compile(r"[A-Za-z]{2}")
PLACEHOLDER = re.compile(r"%\((\w+)\)s|%%")
TRANSLATING = {"_", "gettext", "ngettext", "join", "replace"}
# What is the same in every language, or the address of something.
ALIKE = {"UTC", "CSV", "JSON", "PDF", "XES", "OCEL 2.0 (JSON)", "AL", "api/v1/"}


def messages_of(file: Path) -> list:
    with file.open("rb") as text:
        return [message for message in read_po(text, locale=file.stem) if message.id]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_language_has_every_sentence_of_the_desk_and_no_other(file):
    missing = [message.id for message in bring_up_to_date(file) if message.id and not _is_whole(message)]
    assert missing == [], "python -m tests.web.catalogue brings the file up to date: translate what is empty"
    assert file.read_text(encoding="utf-8") == as_text(bring_up_to_date(file)), "python -m tests.web.catalogue"


def _is_whole(message) -> bool:
    said = message.string if isinstance(message.string, tuple | list) else (message.string,)
    return bool(said) and all(said) and not message.fuzzy


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_translation_keeps_the_places_of_values_and_the_markup(file):
    for message in messages_of(file):
        sources = message.id if isinstance(message.id, tuple) else (message.id,)
        targets = message.string if isinstance(message.string, tuple) else (message.string,)
        for source, target in zip(sources, targets, strict=True):
            for what in (PLACEHOLDER, re.compile(r"</?[a-z]+[^>]*>"), re.compile(r"&[a-z]+;"), re.compile("…")):
                assert sorted(what.findall(source)) == sorted(what.findall(target)), source


class Marked(NullTranslations):
    """Says every sentence in marks, so that what is said without them stands out."""

    def gettext(self, message: str) -> str:
        return "\n".join(f"{SAID[0]}{line}{SAID[1]}" for line in message.split("\n"))

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.gettext(msgid1 if n == 1 else msgid2)

    def pgettext(self, context: str, message: str) -> str:  # noqa: ARG002 - as gettext calls it
        return self.gettext(message)


@pytest.fixture
def marked(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let every page be made with marks around its sentences, and others around the data in its templates."""

    def around(value: object) -> object:
        if isinstance(value, Markup) or SAID[0] in str(value):
            return value
        return f"{DATA[0]}{value}{DATA[1]}" if LETTERS.search(str(value)) else value

    make = rendering._templates.__wrapped__

    @cache
    def templates() -> Environment:
        made = make()
        made.finalize = around
        return made

    monkeypatch.setattr(rendering, "_templates", templates)
    monkeypatch.setattr(translations, "_sentences", lambda _name: Marked())
    yield
    monkeypatch.undo()


class Reader(HTMLParser):
    """Collects what a person reads of a page: its texts, and the attributes that are shown or read aloud."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.bare: list[str] = []  # what stands in no marks, which may begin in one element and end in another
        self._left_out = self._depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._left_out += tag in NOT_READ
        shown = [value for name, value in attrs if name in READ and value]
        self.texts += shown
        self.bare += [self._outside(value) for value in shown]

    def handle_endtag(self, tag: str) -> None:
        self._left_out -= tag in NOT_READ

    def handle_data(self, data: str) -> None:
        if not self._left_out and data.strip():
            self.texts.append(data.strip())
            self.bare.append(self._outside(data))

    def _outside(self, text: str) -> str:
        kept = ""
        for sign in text:
            self._depth += (sign in OPEN) - (sign in SHUT)
            kept += sign if not self._depth and sign not in SHUT else ""
        return kept.strip()


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    return reader


def pages(client, sample) -> Iterator[tuple[str, str]]:
    """Walk the pages for people, with one incident of every kind, every action and a few refusals."""
    asked = [walks.walk(each) for each in walks.READING]
    asked += [walks.walk(each) for each in walks.CHANGING]
    asked += [("GET", f"/incidents/{ticket}", {}) for ticket in sample.tickets.values()]
    asked += [("GET", path, {}) for path in ("/?shown=all", "/?search=nobody", "/problems?shown=all", "/new?find=a")]
    asked += [("GET", path, {}) for path in ("/runs/none", "/incidents/none", "/nowhere", "/new?customer=C-1001")]
    asked += [("GET", f"/services/{service}", {}) for service in ("S-1002", "S-1003", "S-1005")]
    asked += [("GET", f"/acts/{kind}/1/{name}", {}) for kind, name in ACTIONS]
    for method, path, sent in asked:
        answer = client.request(method, path, headers={"Accept-Language": "de", **HERE}, **sent)
        if answer.headers.get("content-type", "").startswith("text/html") and "/letter" not in path:
            yield path, answer.text


@pytest.mark.more
@pytest.mark.usefixtures("marked")
def test_no_text_of_a_template_escapes_translation(sample):
    escaped = set()
    with client_of(sample) as client:
        for path, page in pages(client, sample):
            bare = [text for text in read(page).bare if LETTERS.search(text) and text not in ALIKE]
            escaped |= {(path.partition("?")[0], text) for text in bare}
    assert sorted(escaped) == []


def test_no_word_in_an_expression_of_a_template_escapes_translation():
    escaped = []
    for name in sorted(rendering._templates().list_templates()):
        escaped += [(name, word) for word in _words_shown(name)]
    assert escaped == []


def _words_shown(name: str) -> Iterator[str]:
    """Return the words that an expression may put into a text, or into an attribute that is read, untranslated."""
    environment = rendering._templates()
    source, *_ = environment.loader.get_source(environment, name)
    before, inside, tokens = "", False, []
    for _line, kind, value in environment.lex(source):
        if kind == "data":
            before += value
        elif kind == "variable_begin":
            inside, tokens = True, []
        elif kind == "variable_end":
            inside = False
            attribute = (
                re.search(r"([a-z-]+)=\"[^\"]*$", before[before.rfind("<") :])
                if before.rfind("<") > before.rfind(">")
                else None
            )
            if before.rfind("<") <= before.rfind(">") or (attribute and attribute[1] in READ):
                yield from _bare_words(tokens)
        elif inside and kind != "whitespace":
            tokens.append((kind, value))


def _bare_words(tokens: list[tuple[str, str]]) -> Iterator[str]:
    """Return strings that are no key and no comparison; of what is passed on, those that look like a sentence."""
    called = [""]
    for place, (kind, value) in enumerate(tokens):
        before, after = tokens[place - 1][1] if place else "", tokens[place + 1][1] if place + 1 < len(tokens) else ""
        if value == "(":
            called.append(before)
        elif value == ")":
            called.pop()
        is_key = after in {":", "]", "=="} or before in {"==", "!=", "["}
        if kind != "string" or is_key or not LETTERS.search(value) or called[-1] in TRANSLATING:
            continue
        if len(called) == 1 or called[-1] in {"", "or", "and", "if", "else"} or " " in value or value[1].isupper():
            yield value


@pytest.mark.usefixtures("marked")
def test_every_sentence_about_a_document_is_translated(sample):
    escaped = set()
    for ticket in sample.tickets.values():
        for document in sample.use_cases.lookups.incident(ticket).documents:
            kept = str(document.body)
            for said in present_document(document.kind, document.body):
                if SAID[0] not in said and said.rstrip(".")[1:40] not in kept:
                    escaped.add(said)
    assert escaped == set()


@pytest.mark.more
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_no_page_says_in_english_what_its_language_has_words_for(sample, file):
    said = {message.id: message.string for message in messages_of(file) if isinstance(message.id, str)}
    same = {
        text
        for message in messages_of(file)
        for text in (message.string if isinstance(message.string, tuple) else (message.string,))
    }
    english = {source for source, target in said.items() if source != target and LETTERS.search(source)} - same
    columns = {text for kind in sample.use_cases.imports.kinds() for text in _of_columns(kind)}
    found = set()
    with client_of(sample) as client:
        for path, page in pages(client, sample):
            assert f'<html lang="{file.stem}">' in page
            found |= {(path.partition("?")[0], text) for text in read(page).texts if text in english}
    assert {(path, text) for path, text in found if path != "/files" or text not in columns} == set()


def _of_columns(kind: Any) -> Iterator[str]:
    """Return what files of this kind have in them: names and examples, which are in no language."""
    yield kind.name
    for column in kind.columns:
        yield from (column.name, column.example, column.form)
