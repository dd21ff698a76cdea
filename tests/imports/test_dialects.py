"""Whatever dialect a table is in, a mapping that says so reads the same facts; broken bytes break no importer."""

import csv
import io
import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from include.sla_logic.importers import KINDS, Rejected, UnableToReadFile
from include.sla_logic.importers.headers import check_columns, check_names
from include.sla_logic.importers.mapping import Mapping
from include.sla_logic.importers.pairing import Pairing
from include.sla_logic.importers.rejection import UnableToImportRow
from include.sla_logic.importers.row_reader import RowReader
from include.sla_logic.importers.tables import open_table
from include.sla_logic.importers.tickets import read_ticket_mapping
from include.sla_logic.importers.tickets.event_log import group_rows_by_ticket, read_ticket
from tests.backlog.logs import event, write_csv

KIND = KINDS["outages"]
FIRST = datetime(2026, 1, 5, 10, tzinfo=UTC)  # ten in the morning: no clock of these zones is changed then
SERIALS = datetime(1899, 12, 30, tzinfo=UTC)
TIMES = {
    None: lambda moment: moment.isoformat(sep=" "),
    "%d.%m.%Y %H:%M:%S": lambda moment: f"{moment:%d.%m.%Y %H:%M:%S}",
    "%m/%d/%Y %I:%M:%S %p": lambda moment: f"{moment:%m/%d/%Y %I:%M:%S %p}",
    "epoch": lambda moment: f"{moment.timestamp():.0f}",
    "epoch_ms": lambda moment: f"{moment.timestamp() * 1000:.0f}",
    "excel": lambda moment: f"{(moment.replace(tzinfo=UTC) - SERIALS) / timedelta(days=1):.9f}",
}
LENGTHS = ("seconds", "clock", "iso", "minutes")
CAUSES = st.text("abcäöüß éñ;,|\t\"'\n-=.", min_size=1, max_size=20).filter(lambda text: text.strip() == text)
FACTS = st.lists(st.tuples(st.integers(0, 300), st.integers(1, 5000), CAUSES), min_size=1, max_size=6)


@dataclass(frozen=True)
class Written:
    """How a table is written."""

    layout: str
    encoding: str
    delimiter: str
    decimal: str
    time: str | None
    length: str
    zone: str
    preamble: int
    seed: int


WAYS = st.builds(
    Written,
    layout=st.sampled_from(("csv", "jsonl", "json", "xlsx")),
    encoding=st.sampled_from(("utf-8", "utf-8-sig", "utf-16", "cp1252", "latin-1")),
    delimiter=st.sampled_from((",", ";", "\t", "|")),
    decimal=st.sampled_from((".", ",")),
    time=st.sampled_from(tuple(TIMES)),
    length=st.sampled_from(LENGTHS),
    zone=st.sampled_from(("UTC", "Europe/Berlin", "America/New_York")),
    preamble=st.integers(0, 2),
    seed=st.integers(0, 1000),
)


def length_of(seconds: int, how: Written) -> str:
    if how.length == "clock":
        return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    if how.length == "iso":
        return f"PT{seconds}S"
    return str(seconds) if how.length == "seconds" else f"{seconds / 60:.6f}".replace(".", how.decimal)


def table_of(facts: list[tuple[int, int, str]], how: Written) -> list[list[str]]:
    rows = []
    for number, (day, seconds, cause) in enumerate(facts):
        local = (FIRST + timedelta(days=day, hours=number)).astimezone(ZoneInfo(how.zone))
        moment = local.replace(tzinfo=None) if how.time is None else local
        rows.append([f"O-{number}", "S-1", TIMES[how.time](moment), length_of(seconds, how), cause, "more"])
    Random(how.seed).shuffle(rows)  # noqa: S311 - seeded
    return [["Nr", "Line", "Begin", "Length", "Why", "Else"], *rows]


def write(file: Path, table: list[list[str]], how: Written) -> None:
    header, *rows = table
    objects = [dict(zip(header, row, strict=True)) for row in rows]
    if how.layout == "xlsx":
        book = Workbook()
        for line in [["a report"]] * how.preamble + table:
            book.worksheets[0].append(line)
        for cell in (cell for line in book.worksheets[0].iter_rows() for cell in line):
            cell.data_type = "n" if cell.value is None else "s"  # a text that begins with = is no formula
        book.save(file)
    elif how.layout == "csv":
        text = io.StringIO()
        text.write("a report\n" * how.preamble)
        csv.writer(text, delimiter=how.delimiter).writerows(table)
        file.write_bytes(text.getvalue().encode(how.encoding))
    elif how.layout == "jsonl":
        lines = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in objects)
        file.write_bytes(("a report\n" * how.preamble + lines).encode(how.encoding))
    else:
        document = json.dumps({"data": {"rows": objects}}, ensure_ascii=False, indent=1)
        file.write_bytes(document.encode(how.encoding))


def mapping_of(how: Written) -> Mapping:
    begin: dict[str, Any] = {"column": "Begin", "zone": how.zone}
    length: dict[str, Any] = {"column": "Length", **({"multiply": 60} if how.length == "minutes" else {})}
    columns = {
        "reference": "Nr",
        "service": "Line",
        "started_at": begin | ({"format": how.time} if how.time else {}),
        "seconds": length,
        "cause": "Why",
    }
    said = {"title": "t", "layout": how.layout, "decimal": how.decimal, "sections": {"outages": {"columns": columns}}}
    if how.layout != "xlsx":
        said["encoding"] = how.encoding
    return Mapping.model_validate(
        said
        | ({"delimiter": how.delimiter} if how.layout == "csv" else {})
        | ({"rows": "data.rows"} if how.layout == "json" else {"skip_rows": how.preamble})
    )


def read(file: Path, mapping: Mapping) -> list[Any]:
    """Return every record and rejection of a file of outages, as an import reads them."""
    section = mapping.sections["outages"]
    reader = RowReader(section, mapping, KIND.record, date(2026, 11, 30))
    found: list[Any] = []
    with open_table(file, mapping) as table:
        check_columns(table.columns, section, KIND, file, mapping)
        rows = table.rows if section.pairs is None else Pairing(reader, section.pairs).paired(table.rows)
        for entry in rows:
            found += [entry] if isinstance(entry, Rejected) else list(reader.records(entry[1]))
    return found


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(facts=FACTS, how=WAYS)
def test_the_same_facts_are_read_from_a_table_in_any_dialect(tmp_path: Path, facts: Any, how: Written) -> None:
    file = tmp_path / f"file.{how.layout}"
    write(file, table_of(facts, how), how)
    found = sorted((record for record, _series in read(file, mapping_of(how))), key=lambda one: one.reference)
    said = [
        (FIRST + timedelta(days=day, hours=number), seconds, cause)
        for number, (day, seconds, cause) in enumerate(facts)
    ]
    read_back = [(one.started_at, round(one.seconds), one.cause) for one in found]
    assert read_back == said


MAPPINGS: dict[str, Mapping] = {}
BROKEN = ("csv", "jsonl", "json", "xlsx", "pairs")


def break_bytes(data: bytes, random: Random, number: int) -> bytes:
    broken = bytearray(data)
    for _ in range(number):
        place = random.randrange(len(broken))
        match random.randrange(4):
            case 0:
                broken[place] = random.randrange(256)
            case 1:
                broken[place] ^= 1 << random.randrange(8)
            case 2:
                del broken[place]
            case _:
                broken.insert(place, random.choice(b"\x00\xff,;\"'\n\r{}[]:=9-"))
        if not broken:
            return b""
    return bytes(broken)


def survive(folder: Path, layout: str, random: Random, number: int) -> None:
    """Break a file of this layout and read it: a sentence about all of it, or about a row, and never another error."""
    how = Written(layout if layout != "pairs" else "csv", "utf-8", ",", ".", None, "seconds", "UTC", 0, 0)
    file = folder / f"file.{how.layout}"
    facts = [(day, 600, "Störung, x") for day in range(4)]
    if not (folder / layout).exists():
        write(file, table_of(facts, how), how)
        (folder / layout).write_bytes(file.read_bytes())
    mapping = MAPPINGS.setdefault(layout, mapping_of(how))
    if layout == "pairs":
        pairs = {"open": {"Else": ["more"]}, "close": {"Else": ["less"]}, "key": "Line"}
        section = {"pairs": pairs, "columns": {"service": "Line", "started_at": "Begin", "ended_at": "Begin"}}
        mapping = Mapping.model_validate({"title": "t", "sections": {"outages": section}})
    file.unlink(missing_ok=True)  # some file systems write to the disk at once where a file is cut and filled again
    file.write_bytes(break_bytes((folder / layout).read_bytes(), random, number))
    with suppress(UnableToReadFile):
        assert all(isinstance(one, tuple | Rejected | UnableToImportRow) for one in read(file, mapping))


@pytest.mark.parametrize("layout", BROKEN)
def test_broken_bytes_are_told_in_a_sentence(tmp_path: Path, layout: str) -> None:
    random = Random(16)  # noqa: S311 - seeded
    for number in range(40):
        survive(tmp_path, layout, random, 1 + number % 20)


@pytest.mark.more
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("layout", BROKEN)
def test_a_million_broken_bytes_are_told_in_a_sentence(tmp_path: Path, layout: str) -> None:
    random = Random(2026)  # noqa: S311 - seeded
    for number in range(20_000):
        survive(tmp_path, layout, random, 1 + number % 100)


def survive_tickets(log: bytes, file: Path, random: Random, number: int) -> None:
    """Break a log of tickets and read it: a sentence about all of it, about a row or a ticket, and no other error."""
    mapping = read_ticket_mapping("plain")
    if number % 4:  # one in which every byte is a letter: in UTF-8 a single one refuses all of the file
        mapping = mapping.model_copy(update={"encoding": "latin-1"})
    file.unlink(missing_ok=True)
    head = 0 if number % 10 == 0 else log.index(b"\n") + 1  # else no header would be left after so many
    file.write_bytes(log[:head] + break_bytes(log[head:], random, number))
    with suppress(UnableToReadFile), open_table(file, mapping) as table:
        check_names(table.columns or (), mapping.needed(), mapping.known, file, mapping)
        for found in group_rows_by_ticket(table.rows, mapping):
            if not isinstance(found, Rejected):
                with suppress(UnableToImportRow):
                    read_ticket(*found, mapping)


@pytest.mark.parametrize("files", [20, pytest.param(1_250, marks=[pytest.mark.more, pytest.mark.timeout(3600)])])
def test_a_broken_log_of_tickets_is_told_in_a_sentence(tmp_path: Path, files: int) -> None:
    """A million bytes in 1,250 logs of 60 tickets: most of a log stays readable, so that its rows are broken too."""
    random = Random(2026)  # noqa: S311 - seeded
    rows = [
        event(f"T-{n % 60}", ("acknowledged", "pending", "closed")[n // 60], f"1 {8 + n // 60:02d}:00")
        for n in range(180)
    ]
    log = write_csv(tmp_path / "log.csv", rows).read_bytes()
    for number in range(files):
        survive_tickets(log, tmp_path / "broken.csv", random, 1 + number % 1600)
