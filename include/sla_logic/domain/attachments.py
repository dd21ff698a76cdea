"""Files attached to an incident: what they are by their content, and under which name they are kept."""

import re
import unicodedata
from enum import StrEnum
from io import BytesIO
from types import MappingProxyType
from typing import Annotated
from zipfile import BadZipFile, ZipFile

from pydantic import Field

from include.sla_logic.domain.errors import InvalidInputError
from include.sla_logic.domain.mail_message import one_line
from include.sla_logic.domain.sentence import Sentence
from include.sla_logic.domain.tables import Table

MEGABYTE = 1_000_000
_NAME_LIMIT = 120
_FORBIDDEN = re.compile(r'[<>:"|?*\\/%]')
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")


class UnableToTakeFile(InvalidInputError):
    """A file is too large, empty, or of a kind that is not taken; the sentence says what to send instead."""


class FileKind(StrEnum):
    """What a file is."""

    PDF = "pdf"
    PNG = "png"
    JPEG = "jpeg"
    GIF = "gif"
    TEXT = "text"
    WORD = "word"
    SPREADSHEET = "spreadsheet"
    PRESENTATION = "presentation"
    CAPTURE = "capture"


class AttachmentPolicy(Table):
    """The table of attachments; sizes in megabytes."""

    version: str
    largest: Annotated[int, Field(ge=1, le=100)]
    largest_mail: Annotated[int, Field(ge=1, le=100)]
    most: Annotated[int, Field(ge=1, le=1000)]
    kinds: Annotated[frozenset[FileKind], Field(min_length=1)]

    @property
    def taken(self) -> str:
        """Name the kinds that are taken."""
        return ", ".join(kind for kind in FileKind if kind in self.kinds)


_OPEN_XML = "application/vnd.openxmlformats-officedocument."
_OPEN = "application/vnd.oasis.opendocument."
# By extension: the kind, the MIME type, and other extensions that mean the same. The first of a kind is its own.
_FORMATS: MappingProxyType[str, tuple[FileKind, str, frozenset[str]]] = MappingProxyType(
    {
        "pdf": (FileKind.PDF, "application/pdf", frozenset()),
        "png": (FileKind.PNG, "image/png", frozenset()),
        "jpg": (FileKind.JPEG, "image/jpeg", frozenset({"jpeg"})),
        "gif": (FileKind.GIF, "image/gif", frozenset()),
        "txt": (FileKind.TEXT, "text/plain", frozenset({"log", "csv", "json", "eml", "md"})),
        "docx": (FileKind.WORD, f"{_OPEN_XML}wordprocessingml.document", frozenset()),
        "odt": (FileKind.WORD, f"{_OPEN}text", frozenset()),
        "xlsx": (FileKind.SPREADSHEET, f"{_OPEN_XML}spreadsheetml.sheet", frozenset()),
        "ods": (FileKind.SPREADSHEET, f"{_OPEN}spreadsheet", frozenset()),
        "pptx": (FileKind.PRESENTATION, f"{_OPEN_XML}presentationml.presentation", frozenset()),
        "odp": (FileKind.PRESENTATION, f"{_OPEN}presentation", frozenset()),
        "pcap": (FileKind.CAPTURE, "application/vnd.tcpdump.pcap", frozenset({"cap"})),
        "pcapng": (FileKind.CAPTURE, "application/x-pcapng", frozenset()),
    }
)
_BEGINNINGS = (
    (b"%PDF-", "pdf"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpg"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"\xd4\xc3\xb2\xa1", "pcap"),
    (b"\xa1\xb2\xc3\xd4", "pcap"),
    (b"\x4d\x3c\xb2\xa1", "pcap"),
    (b"\xa1\xb2\x3c\x4d", "pcap"),
    (b"\x0a\x0d\x0d\x0a", "pcapng"),
)
_PARTS = (("word/document.xml", "docx"), ("xl/workbook.xml", "xlsx"), ("ppt/presentation.xml", "pptx"))


def media_type(name: str) -> str:
    """Return the MIME type of a file under the name that `take_file` gave it."""
    extension = name.rpartition(".")[2].lower()
    found = next((mime for own, (_, mime, same) in _FORMATS.items() if extension == own or extension in same), None)
    return found or "application/octet-stream"


def take_file(name: str, content: bytes, policy: AttachmentPolicy) -> tuple[str, FileKind]:
    """Return the name under which the file is kept, and what it is; raise `UnableToTakeFile`.

    The name has no path and no character that hides or forges, and always ends as its content does.
    """
    check_size(len(content), policy)
    extension = _extension(content, policy)
    kind, _, same = _FORMATS[extension]
    if kind not in policy.kinds:
        msg = "The file is of the kind %(kind)s, which is not taken. Send one of: %(taken)s."
        raise UnableToTakeFile(Sentence(msg, kind=kind, taken=policy.taken))
    return _clean(name, extension, same), kind


def check_size(size: int, policy: AttachmentPolicy) -> None:
    """Raise `UnableToTakeFile` where there is nothing in the file, or too much."""
    if not size:
        raise UnableToTakeFile(Sentence("The file is empty: choose one that has content."))
    if size > policy.largest * MEGABYTE:
        raise UnableToTakeFile(too_large(policy))


def too_large(policy: AttachmentPolicy) -> str:
    """Say what to send instead of a file that is too large."""
    return Sentence(
        "A file has at most %(most)s MB. Send the part that matters, or a smaller picture, or attach a note that says "
        "where the whole file is.",
        most=policy.largest,
    )


def _extension(content: bytes, policy: AttachmentPolicy) -> str:
    known = next((extension for start, extension in _BEGINNINGS if content.startswith(start)), None)
    if known is not None:
        return known
    if content.startswith(b"PK\x03\x04"):
        return _of_archive(content, policy)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        msg = "Its content is of no kind that is taken. Send one of: %(taken)s; text as UTF-8."
        raise UnableToTakeFile(Sentence(msg, taken=policy.taken)) from error
    if found := _CONTROL.search(text):
        msg = "The text contains the control character %(sign)s; send it without."
        raise UnableToTakeFile(Sentence(msg, sign=f"U+{ord(found.group()):04X}"))
    return "txt"


def _of_archive(content: bytes, policy: AttachmentPolicy) -> str:
    """Tell documents of Office programs from other archives by the names of their parts; nothing is unpacked."""
    try:
        with ZipFile(BytesIO(content)) as archive:
            names = {name.lower() for name in archive.namelist()}
    except (BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise UnableToTakeFile(Sentence("The file is broken: save it again, or send it as PDF.")) from error
    if any(name.endswith("vbaproject.bin") or name.startswith("basic/") for name in names):
        raise UnableToTakeFile(Sentence("The document contains macros: save it without them, or send it as PDF."))
    written = content[30:110]
    for extension in ("odt", "ods", "odp"):
        if written.startswith(b"mimetype" + _FORMATS[extension][1].encode() + b"PK"):
            return extension
    found = next((extension for part, extension in _PARTS if part in names), None)
    if found is None:
        msg = "Archives are not taken: send the files in it one by one, each of: %(taken)s."
        raise UnableToTakeFile(Sentence(msg, taken=policy.taken))
    return found


def _clean(name: str, extension: str, same: frozenset[str]) -> str:
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    clean = _FORBIDDEN.sub("_", one_line("".join(sign for sign in last if sign.isprintable()), 10_000)).strip(". ")
    stem, dot, end = clean.rpartition(".")
    if not dot or end.lower() not in {extension, *same}:
        stem, end = clean, extension
    stem = stem[: _NAME_LIMIT - len(end) - 1].strip(". ") or "file"
    return f"{'_' if _DEVICES.match(f'{stem}.{end}') else ''}{stem}.{end.lower()}"
