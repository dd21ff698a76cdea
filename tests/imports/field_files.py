"""The files of the field with the answers that were worked out by hand, and a mapping where a file needs one."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class FieldFile:
    """One file: what comes in, as the first fields of each record, or the sentence by which all of it is refused."""

    path: str
    kind: str = "outages"
    mapping: str | None = None  # text of a mapping, or the name of one in the folder
    records: tuple[str, ...] = ()
    refused: tuple[tuple[int, str], ...] = ()  # row, and a part of field and reason
    says: str = ""  # the sentence about the whole file
    counts: dict[str, int] = field(default_factory=dict)


def _outage(service: str, reference: str, start: str, end: str | int) -> str:
    last = f"seconds={end}" if isinstance(end, int) else f"ended_at={end}"
    return f"service={service} reference={reference} started_at={start} {last}"


def _of(sections: str, *lines: str) -> str:
    return "\n".join(("title: of the field", *lines, "sections:", *(f"  {line}" for line in sections.splitlines())))


_UTF = _outage("S-UTF", "U-1", "2026-10-05T08:00:00Z", "2026-10-05T09:00:00Z") + " cause=Kabelriß Straße"
_SEMI = _outage("S-SEMI", "L-1", "2026-10-05T08:00:00Z", "2026-10-05T09:00:00Z") + " cause=Störung Verteiler"
_GERMAN = """outages:
  columns:
    service: Leitung
    reference: Nr
    started_at: {column: Beginn, format: "%d.%m.%Y %H:%M", zone: Europe/Berlin}
    ended_at: {column: Ende, format: "%d.%m.%Y %H:%M", zone: Europe/Berlin}
    cause: Ursache"""


def _times(written: str, zone: str = "") -> str:
    told = f"format: {written}" + (f", zone: {zone}" if zone else "")
    ours = "{column: started_at, TOLD}, ended_at: {column: ended_at, TOLD, optional: true}".replace("TOLD", told)
    return f"outages:\n  columns: {{service: service, reference: reference, started_at: {ours}}}"


_PLAIN_FIELDS = "{service: service, reference: reference, "
_DATED = """agreements:
  columns:
    id: id
    customer: customer
    service: service
    contract: contract
    contract_version: contract_version
    starts: {column: starts, format: excel}
    monthly_charge: monthly_charge
    currency: currency"""
FILES = (
    FieldFile("01-utf16-tab-excel/outages.csv", records=(_UTF,)),
    FieldFile("01-utf16-tab-excel/outages-utf16-comma.csv", records=(_UTF,)),
    FieldFile("01-utf16-tab-excel/outages-utf8-tab.csv", records=(_UTF,)),
    FieldFile("01-utf16-tab-excel/outages.tsv", records=(_UTF,)),
    FieldFile("02-semicolon-latin1-decimal-comma/ausfaelle.csv", says="looks like cp1252: say so in a mapping"),
    FieldFile(
        "02-semicolon-latin1-decimal-comma/ausfaelle.csv",
        mapping=_of(_GERMAN, "encoding: latin-1", 'delimiter: ";"'),
        records=(_SEMI,),
    ),
    FieldFile("02-semicolon-latin1-decimal-comma/ausfaelle-utf8.csv", says="separated by ';': say so in a mapping"),
    FieldFile(
        "02-semicolon-latin1-decimal-comma/ausfaelle-utf8.csv", mapping=_of(_GERMAN, 'delimiter: ";"'), records=(_SEMI,)
    ),
    FieldFile(
        "02-semicolon-latin1-decimal-comma/ausfaelle-utf8-comma.csv", mapping="map-format.yaml", records=(_SEMI,)
    ),
    FieldFile(
        "02-semicolon-latin1-decimal-comma/ausfaelle-utf8-comma.csv",
        mapping="map.yaml",
        refused=((2, "started_at: '05.10.2026 10:00' is not a date and time of ISO 8601"),),
    ),
    FieldFile(
        "02-semicolon-latin1-decimal-comma/samples.csv",
        kind="samples",
        mapping=_of(
            "samples:\n  columns: {service: Leitung, at: Zeit}\n  series:\n"
            "    - {metric: latency, unit: ms, from: RTT, step_seconds: 300}",
            'decimal: ","',
            'thousands: "."',
        ),
        records=(
            "service=S-SEMI at=2026-10-05T08:00:00Z metric=latency value=18.4",
            "service=S-SEMI at=2026-10-05T08:05:00Z metric=latency value=1018.4",
        ),
    ),
    FieldFile(
        "02-semicolon-latin1-decimal-comma/thousands.csv",
        kind="agreements",
        refused=((2, "monthly_charge: '1.250' may be thousands or a fraction: say so in a mapping"),),
    ),
    FieldFile(
        "02-semicolon-latin1-decimal-comma/thousands.csv",
        kind="agreements",
        mapping='title: German numbers\nthousands: "."',
        records=("id=A-TH monthly_charge=1250",),
    ),
    FieldFile(
        "02-semicolon-latin1-decimal-comma/charges.csv",
        kind="agreements",
        mapping='title: German numbers\ndecimal: ","\nthousands: "."',
        records=("id=A-COMMA monthly_charge=1250.5",),
        refused=(
            (3, "monthly_charge: '1,250.50' is not a number"),
            (4, "monthly_charge: '99.00' is not a number"),
            (5, "monthly_charge: '99.00' is not a number"),
        ),
    ),
    FieldFile(
        "02-semicolon-latin1-decimal-comma/charges.csv",
        kind="agreements",
        refused=(
            (2, "monthly_charge: '1.250,50' is not a number; a mapping says how"),
            (3, "monthly_charge: '1,250.50' is not a number; a mapping says how"),
            (4, "starts: '01.02.2026' is not a day"),
            (5, "starts: '2026-02-01 00:00:00' is not a day"),
        ),
    ),
    FieldFile("03-excel-serial/outages.csv", refused=((2, "started_at: 46300.3333333333 is a number"),)),
    FieldFile("03-excel-serial/outages-int.csv", refused=((2, "started_at: 46300 is a number"),)),
    FieldFile(
        "03-excel-serial/maintenance.csv", kind="maintenance", refused=((2, "starts_at: 46300.3333 is a number"),)
    ),
    FieldFile("03-excel-serial/agreements.csv", kind="agreements", refused=((2, "starts: '46054' is not a day"),)),
    FieldFile(
        "03-excel-serial/agreements.csv", kind="agreements", mapping=_of(_DATED), records=("id=A-XL starts=2026-02-01",)
    ),
    FieldFile(
        "03-excel-serial/outages.csv",
        mapping=_of(_times("excel", "UTC")),
        records=(_outage("S-EXC", "X-1", "2026-10-05T08:00:00Z", "2026-10-05T09:00:00Z"),),
    ),
    FieldFile(
        "03-excel-serial/maintenance.csv",
        kind="maintenance",
        mapping=_of(
            "maintenance:\n  columns: " + _PLAIN_FIELDS + "starts_at: {column: starts_at, format: excel, zone: UTC}, "
            "ends_at: {column: ends_at, format: excel, zone: UTC}}"
        ),
        records=("service=S-EXC reference=M-1 starts_at=2026-10-05T08:00:00Z ends_at=2026-10-05T09:00:00Z",),
    ),
    FieldFile(
        "04-epoch-ms/outages.csv",
        mapping=_of(_times("epoch_ms")),
        records=(_outage("S-EPO", "E-1", "2026-10-05T08:00:00Z", "2026-10-05T09:00:00Z"),),
        refused=((3, "started_at: 1791194400 as epoch_ms is of 1970: it is counted in another unit"),),
    ),
    FieldFile(
        "04-epoch-ms/outages.jsonl",
        mapping=_of(_times("epoch").replace("}}", "}, seconds: {column: seconds, optional: true}}")),
        records=("service=S-EPO reference=E-4 started_at=2026-10-05T14:00:00 seconds=600",),
        refused=((1, "started_at: '1791201600000' lies beyond the calendar"),),
    ),
    FieldFile(
        "05-twelve-hour-clock/outages.csv",
        mapping=_of(_times('"%m/%d/%Y %I:%M %p"', "America/New_York")),
        records=(_outage("S-AMP", "P-1", "2026-10-06T03:30:00Z", "2026-10-06T04:30:00Z"),),
    ),
    FieldFile("05-twelve-hour-clock/outages-iso12.csv", refused=((2, "started_at: '2026-10-05 11:30 PM' is not"),)),
    FieldFile(
        "06-24-00/outages.csv",
        records=(
            _outage("S-24", "T-1", "2026-10-05T22:00:00Z", "2026-10-06T00:00:00Z"),
            _outage("S-24", "T-2", "2026-10-06T22:00:00Z", "2026-10-07T00:00:00Z"),
            _outage("S-24", "T-3", "2026-10-07T08:00:00Z", "2026-10-07T09:00:00Z"),
        ),
        refused=((5, "is a leap second"),),
    ),
    FieldFile(
        "06-24-00/outages-local.csv",
        mapping="map.yaml",
        records=(_outage("S-24", "T-5", "2026-10-05T20:00:00Z", "2026-10-05T22:00:00Z"),),
    ),
    FieldFile(
        "07-durations/outages.csv",
        records=tuple(_outage("S-DUR", f"D-{n}", f"2026-10-{n + 4:02}T08:00:00Z", 3600) for n in (1, 2, 3, 4)),
        refused=((6, "seconds: is too small: write at least 0 ('-300')"), (9, "seconds: is blank: give")),
        counts={"rows": 8, "added": 6},
    ),
    FieldFile("07-durations/correction.csv", records=(_outage("S-DUR", "D-8", "2026-10-12T08:00:00Z", 600),)),
    FieldFile(
        "07-durations/outages-minutes.csv",
        mapping="minutes.yaml",
        records=(
            _outage("S-DUR", "DM-1", "2026-10-13T08:00:00Z", 3600),
            _outage("S-DUR", "DM-2", "2026-10-14T08:00:00Z", 30),
        ),
    ),
    FieldFile(
        "07-durations/end-and-length.csv",
        records=(_outage("S-DUR", "DE-1", "2026-10-15T08:00:00Z", "2026-10-15T09:00:00Z"),),
    ),
    FieldFile(
        "07-durations/date-and-time-apart.csv",
        mapping=_of(
            "outages:\n  columns: " + _PLAIN_FIELDS + "started_at: {join: [day, from], zone: UTC}, "
            "ended_at: {join: [day, to], zone: UTC}}"
        ),
        records=(_outage("S-DUR", "DD-1", "2026-10-16T08:00:00Z", "2026-10-16T09:00:00Z"),),
    ),
    FieldFile("08-duplicate-headers/outages.csv", says="has 'started_at' more than once in its first line"),
    FieldFile(
        "09-quoted-newlines-preamble/outages.csv",
        records=(
            _outage("S-NL", "N-1", "2026-10-05T08:00:00Z", "2026-10-05T09:00:00Z"),
            _outage("S-NL", "N-3", "2026-10-07T08:00:00Z", "2026-10-07T09:00:00Z"),
        ),
        refused=((4, "started_at: 'bad' is not a date and time"),),
    ),
    FieldFile(
        "09-quoted-newlines-preamble/sep.csv",
        records=(_outage("S-NL", "N-4", "2026-10-05T08:00:00Z", "2026-10-05T09:00:00Z"),),
    ),
    FieldFile(
        "09-quoted-newlines-preamble/report.csv", says="Line 3 has the names: say so in a mapping (skip_rows: 2)"
    ),
    FieldFile(
        "09-quoted-newlines-preamble/report.csv",
        mapping="title: report\nskip_rows: 2",
        records=(_outage("S-NL", "N-5", "2026-10-08T08:00:00Z", "2026-10-08T09:00:00Z"),),
        refused=((5, "started_at"),),
    ),
    FieldFile(
        "11-statuspage-json/incidents.json", says="say where its rows are in the mapping (rows: …); lists are at"
    ),
    FieldFile(
        "11-statuspage-json/incidents.json",
        mapping=_of(
            "outages:\n  each: components\n  only: {impact: [minor, major, critical]}\n  columns:\n"
            "    service: {column: components.name, values: {API: S-M1, Console: S-M2}}\n    reference: id\n"
            "    started_at: started_at\n    ended_at: resolved_at\n    cause: name",
            "layout: json",
            "rows: incidents",
        ),
        records=(
            "service=S-M1 reference=i1 started_at=2026-10-05T07:55:00Z ended_at=2026-10-05T09:00:00",
            "service=S-M2 reference=i1 started_at=2026-10-05T07:55:00Z ended_at=2026-10-05T09:00:00",
            "service=S-M1 reference=i2 started_at=2026-10-06T08:00:00",
        ),
        counts={"rows": 2, "further": 1, "added": 3},
    ),
    FieldFile("11-statuspage-json/incidents.jsonl", mapping="map-nested.yaml", counts={"added": 3, "further": 1}),
    FieldFile("11-statuspage-json/flattened.jsonl", mapping="map.yaml", counts={"added": 3, "further": 1}),
    FieldFile(
        "12-header-whitespace/outages.csv",
        records=(_outage("S-HDR", "W-1", "2026-10-05T08:00:00Z", "2026-10-05T09:00:00Z"),),
    ),
    FieldFile("12-header-whitespace/trailing.csv", counts={"added": 1}),
    FieldFile("12-header-whitespace/case.csv", says="'ended_at' is meant, perhaps"),
    FieldFile("12-header-whitespace/extra.csv", says="'region' is no field of this record"),
    FieldFile(
        "12-header-whitespace/unknown-service.csv",
        refused=((2, "service: S-NOSUCH is not known"), (3, "service: s-hdr is not known")),
    ),
    FieldFile("15-up-down-heartbeats/events.csv", mapping="map.yaml", counts={"added": 3, "passed_over": 2, "open": 3}),
    FieldFile(
        "15-up-down-heartbeats/events.csv",
        mapping=_of(
            "outages:\n  pairs: {open: {event: [down]}, close: {event: [up]}, key: monitor}\n  columns:\n"
            "    service: monitor\n    started_at: {column: datetime, zone: UTC}\n"
            "    ended_at: {column: datetime, zone: UTC}\n    cause: reason"
        ),
        records=(
            "service=S-HB started_at=2026-10-05T08:00:00Z ended_at=2026-10-05T08:20:00Z",
            "service=S-HB started_at=2026-10-06T08:00:00Z ended_at=2026-10-06T08:30:00Z",
        ),
        counts={"rows": 5, "joined": 3, "added": 2},
    ),
    FieldFile(
        "27-hierarchical-services/each.csv",
        mapping="each.yaml",
        records=(
            "service=S-LEG1 reference=TR-2 started_at=2026-11-06T08:00:00Z ended_at=2026-11-06T11:00:00Z",
            "service=S-LEG2 reference=TR-2 started_at=2026-11-06T08:00:00Z ended_at=2026-11-06T11:00:00Z",
        ),
    ),
    FieldFile(
        "28-gaps-in-samples/long.csv",
        kind="samples",
        mapping="long.yaml",
        records=("service=S-GAP at=2026-11-05T00:00:00Z metric=latency value=20",),
        counts={"passed_over": 1},
    ),
    FieldFile("30-future-end/outages.csv", records=(_outage("S-FUT", "F-1", "2026-11-20T08:00:00Z", "2099-12-31"),)),
    FieldFile("30-future-end/future-start.csv", refused=((2, "started_at: 2027-10-05T08:00:00Z lies in the future"),)),
)
