"""Which encoding a text is in: a mark at its beginning says so, UTF-8 proves itself, all else must be stated."""

import codecs

from include.sla_logic.importers.tables.dialect import UnableToReadFile

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LONGEST = 4  # bytes of a letter in UTF-8, which may be cut at the end of a piece


def encoding_of(beginning: bytes, stated: str | None, name: str) -> str:
    """Return the encoding to read with; raise `UnableToReadFile` where none is stated and it is not UTF-8.

    A text in UTF-8 may have damaged lines, each rejected alone; a text without a single letter of UTF-8 in it is
    in another encoding.
    """
    marked = next((encoding for mark, encoding in _MARKS if beginning.startswith(mark)), None)
    if stated is not None:
        return _agreed(codecs.lookup(stated).name, marked, beginning, name)
    if marked is not None:
        return marked
    guess = guess_encoding(beginning)
    if guess is not None:
        raise UnableToReadFile(f"{name} is not UTF-8; it looks like {guess}: say so in a mapping (encoding: {guess}).")
    return "utf-8-sig"


def guess_encoding(beginning: bytes) -> str | None:
    """Return a likely encoding of a text that is not UTF-8, or None."""
    if beginning[:2].count(0) == 1 and beginning[:200].count(0) * 3 > len(beginning[:200]):
        return "utf-16-be" if beginning[0] == 0 else "utf-16-le"
    decoded = beginning.decode("utf-8", "replace")
    damaged = "\ufffd" in decoded[:-_LONGEST]
    if not damaged or any(letter > "\x7f" and letter != "\ufffd" for letter in decoded):
        return None
    try:
        beginning.decode("cp1252")
    except UnicodeDecodeError:
        return "latin-1"
    return "cp1252"


def _agreed(stated: str, marked: str | None, beginning: bytes, name: str) -> str:
    if marked is not None:
        if stated.split("-")[0:2] != marked.removesuffix("-sig").split("-")[0:2]:
            raise UnableToReadFile(f"{name} begins with the mark of {marked}, and the mapping says {stated}.")
        return marked
    if stated == "utf-8" and guess_encoding(beginning) is not None:
        raise UnableToReadFile(
            f"{name} is not UTF-8, though the mapping says so; it looks like {guess_encoding(beginning)}."
        )
    return stated
