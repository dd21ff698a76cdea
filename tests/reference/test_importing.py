"""Importing: every row is in or has its reason, the same file again changes nothing, on both databases."""

import contextlib
import gzip
import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from include.sla_logic.domain.money import Money
from include.sla_logic.importers import (
    KINDS,
    Rejected,
    UnableToReadFile,
    UnableToReadMapping,
    import_file,
    plain_mapping,
    read_mapping,
    shipped_mappings,
)
from include.sla_logic.persistence.accounts import open_invoice, totals
from include.sla_logic.persistence.contracts import ContractRegister, load_contract
from include.sla_logic.persistence.schema import reference as t

NOW = datetime(2026, 11, 23, tzinfo=UTC)
DAY = date(2026, 11, 23)
CUSTOMERS = "id,name,email,since\nC-1,Ann,ann@example.org,2020-01-31\nC-2,Ben,,\n"


@pytest.fixture
def imports(database, tmp_path):
    """Import text as a file, with columns named like the fields or with a mapping."""
    return Imports(database, tmp_path)


class Imports:
    def __init__(self, database, folder):
        self.database, self.folder = database, folder

    def file(self, text, name="file.csv"):
        path = self.folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def __call__(self, kind, text, *, mapping=None, name="file.csv"):
        return self.of_file(kind, self.file(text, name), mapping=mapping)

    def of_file(self, kind, path, *, mapping=None):
        used = read_mapping(mapping) if mapping else plain_mapping(kind, KINDS[kind].record.model_fields)
        return import_file(self.database, path, kind=kind, mapping=used, as_of=DAY)

    def mapping(self, text):
        return str(self.file(text, "mapping.yaml"))

    def count(self, table):
        with self.database.read() as connection:
            return connection.scalar(select(func.count()).select_from(table))

    def rows(self, table):
        with self.database.read() as connection:
            return connection.execute(select(table)).all()


def outcome(report):
    return report.added, report.changed, report.unchanged, len(report.rejected)


def test_customers_come_in_and_the_same_file_again_changes_nothing(imports):
    assert outcome(imports("customers", CUSTOMERS)) == (2, 0, 0, 0)
    assert outcome(imports("customers", CUSTOMERS)) == (0, 0, 2, 0)
    assert [(row.name, row.email, row.since) for row in imports.rows(t.customers)] == [
        ("Ann", "ann@example.org", date(2020, 1, 31)),
        ("Ben", None, None),
    ]


def test_a_changed_row_changes_its_record(imports):
    imports("customers", CUSTOMERS)
    assert outcome(imports("customers", CUSTOMERS.replace("Ben", "Benno"))) == (0, 1, 1, 0)


def test_a_bad_row_is_left_out_with_line_field_and_reason(imports):
    text = CUSTOMERS + "C 3,Eve,,\nC-4,,,\nC-5,Fay,nobody,\nC-6,Gil,,31.12.2020\nC-7,Hal\n"
    report = imports("customers", text)
    assert report.added == 2
    assert [(r.row, r.field) for r in report.rejected] == [
        (4, "id"),
        (5, "name"),
        (6, "email"),
        (7, "since"),
        (8, "row"),
    ]
    assert report.rejected[-1].reason == "has 2 columns, the header has 4"


def test_a_column_that_is_no_field_is_refused(imports):
    with pytest.raises(UnableToReadFile, match="'emial' is no field of this record; it has id, name"):
        imports("customers", "id,name,emial\nC-1,Ann,x\n")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("id,name,name\nC-1,Ann,Bob\n", "has 'name' more than once"),
        ("id;name\nC-1;Ann\n", "are separated by ';'"),
        ("Customers of 2026\nid,name\nC-1,Ann\n", "is no field of this record|is missing"),
        ("id,email\nC-1,ann@example.com\n", "the column 'name' is missing"),
        ("i\0d,name\nC-1,Ann\n", "is not UTF-8"),
    ],
)
def test_what_is_wrong_with_a_header_is_said_once_and_nothing_is_read(imports, text, says):
    with pytest.raises(UnableToReadFile, match=says):
        imports("customers", text)
    assert imports.rows(t.customers) == []


def test_spaces_around_the_names_of_columns_do_not_matter(imports):
    assert imports("customers", " id , name\nC-1,Ann\n").added == 1


@pytest.mark.parametrize("field", ["started_at", "reported_at"])
def test_an_outage_in_the_future_is_refused_and_its_end_is_not(imports, field):
    imports("services", "id,name\nS-1,One\n")
    then = "2026-01-05T08:00:00Z"
    ahead = {"started_at": then, "reported_at": then, "ended_at": "2199-12-31T00:00:00Z"}
    line = ",".join((ahead | {field: "2198-01-01T00:00:00Z"}).values())
    report = imports("outages", f"service,{','.join(ahead)}\nS-1,{line}\n")
    assert str(report.rejected[0]) == f"row 2, {field}: 2198-01-01T00:00:00Z lies in the future"
    assert imports("outages", f"service,{','.join(ahead)}\nS-1,{','.join(ahead.values())}\n").added == 1


def test_json_lines_come_in_too(imports):
    lines = [json.dumps({"id": "C-1", "name": "Ann", "protected": True}), "", "[1]", "{", json.dumps({"id": {"a": 1}})]
    report = imports("customers", "\n".join(lines), name="file.jsonl")
    assert report.added == 1
    assert [(r.row, r.field, r.reason) for r in report.rejected] == [
        (3, "row", "is not a JSON object"),
        (4, "row", "is not JSON"),
        (5, "id", "is not a single value"),
    ]
    assert imports.rows(t.customers)[0].protected is True


def test_a_packed_file_is_unpacked(imports):
    assert imports("customers", gzip.compress(CUSTOMERS.encode()), name="file.csv.gz").added == 2


def test_a_damaged_row_of_a_file_in_utf8_is_rejected_alone(imports):
    report = imports("customers", b"id,name\nC-1,M\xfcller\nC-2,Bj\xc3\xb6rn\n")
    assert outcome(report) == (1, 0, 0, 1)
    assert "bytes that mean nothing" in report.rejected[0].reason


def test_a_file_in_another_encoding_is_named_once_with_a_guess(imports):
    with pytest.raises(UnableToReadFile, match=r"not UTF-8; it looks like cp1252: say so .*encoding: cp1252"):
        imports("customers", b"id,name\nC-1,M\xfcller\nC-2,Ben\n")
    assert imports.rows(t.customers) == []


def test_control_characters_are_rejected(imports):
    report = imports("customers", "id,name\nC-1,A\x00nn\nC-2,B\u202een\nC-3,=cmd()\n")
    assert outcome(report) == (1, 0, 0, 2)


def test_of_two_rows_that_contradict_each_other_the_second_is_rejected(imports):
    report = imports("customers", "id,name\nC-1,Ann\nC-1,Eve\nC-1,Ann\n")
    assert outcome(report) == (1, 0, 0, 1)
    assert str(report.rejected[0]) == "row 3, id: row 2 says otherwise of C-1"


def test_an_empty_file_and_a_strange_one_are_named(imports):
    with pytest.raises(UnableToReadFile, match="is empty"):
        imports("customers", "")
    with pytest.raises(UnableToReadFile, match=r"no spreadsheet that can be read"):
        imports("customers", CUSTOMERS, name="file.xlsx")
    with pytest.raises(UnableToReadFile, match=r"ends in none of \.csv, \.json"):
        imports("customers", CUSTOMERS, name="file.doc")
    with pytest.raises(UnableToReadFile, match="cannot be read"):
        imports.of_file("customers", imports.folder / "nowhere.csv")


AGREEMENTS = (
    "id,customer,service,contract,contract_version,starts,monthly_charge,currency\n"
    "A-1,C-1,S-1,office-access,1,2024-01-01,12.50,EUR\n"
)


@pytest.fixture
def with_customers(imports):
    imports("customers", CUSTOMERS)
    text = (Path(__file__).parents[2] / "include/sla_logic/sample_data/contracts/office-access.yaml").read_text()
    with imports.database.write() as connection:
        load_contract(connection, text, name="office-access.yaml", now=NOW)
    return imports


def test_an_agreement_opens_its_service_and_account(with_customers):
    assert outcome(with_customers("agreements", AGREEMENTS)) == (1, 0, 0, 0)
    assert outcome(with_customers("agreements", AGREEMENTS)) == (0, 0, 1, 0)
    with with_customers.database.read() as connection:
        agreement = ContractRegister(connection=connection).agreement("C-1", "S-1", at=NOW)
    assert (agreement.account, agreement.service_name) == ("B-C-1", "S-1")
    assert agreement.monthly_charge == Money(amount="12.50", currency="EUR")


INVOICES = "id,account,starts,ends\nI-1,B-C-1,2026-11-01,2026-11-30\n"
LINES = "invoice,position,agreement,text,amount,currency\nI-1,1,A-1,Office access,12.50,EUR\n"
VIOLATIONS = (
    "agreement,objective,window_start,window_end,recorded_at\n"
    "A-1,availability,2026-08-01T00:00:00Z,2026-09-01T00:00:00Z,2026-09-01T06:00:00Z\n"
)


def test_an_account_comes_with_its_invoice_and_a_settled_one_is_no_longer_open(with_customers):
    with_customers("agreements", AGREEMENTS)
    assert outcome(with_customers("invoices", INVOICES)) == (1, 0, 0, 0)
    assert outcome(with_customers("invoice-lines", LINES)) == (1, 0, 0, 0)
    assert outcome(with_customers("invoice-lines", LINES)) == (0, 0, 1, 0)
    with with_customers.database.read() as connection:
        assert open_invoice(connection, "B-C-1") == "I-1"
        assert totals(connection, ["I-1"]) == {"I-1": 1250}
    settled = INVOICES.replace("ends\n", "ends,state\n").replace("2026-11-30", "2026-11-30,settled")
    assert outcome(with_customers("invoices", settled)) == (0, 1, 0, 0)
    with with_customers.database.read() as connection:
        assert open_invoice(connection, "B-C-1") is None


def test_earlier_violations_count_in_the_history_of_the_relationship(with_customers):
    with_customers("agreements", AGREEMENTS)
    with with_customers.database.read() as connection:
        register = ContractRegister(connection=connection)
        agreement = register.agreement("C-1", "S-1", at=NOW)
        assert register.relationship(agreement, at=NOW).violations_last_year == 0
    assert outcome(with_customers("violations", VIOLATIONS)) == (1, 0, 0, 0)
    with with_customers.database.read() as connection:
        assert ContractRegister(connection=connection).relationship(agreement, at=NOW).violations_last_year == 1


@pytest.mark.parametrize(
    ("kind", "text", "reason"),
    [
        ("invoices", INVOICES.replace("B-C-1", "B-9"), "account: B-9 is not known"),
        ("invoices", INVOICES.replace("2026-11-30", "2026-10-30"), "ends lies before starts"),
        ("invoice-lines", LINES.replace("I-1", "I-9"), "invoice: I-9 is not known"),
        ("invoice-lines", LINES.replace("12.50", "12.505"), "amount: '12.505' may be thousands or a fraction"),
        ("violations", VIOLATIONS.replace("A-1", "A-9"), "agreement: A-9 is not known"),
        ("violations", VIOLATIONS.replace("2026-09-01T00", "2026-07-01T00"), "window_end does not lie after"),
    ],
)
def test_a_bill_or_history_that_means_nothing_is_rejected(with_customers, kind, text, reason):
    with_customers("agreements", AGREEMENTS)
    with_customers("invoices", INVOICES)
    report = with_customers(kind, text)
    assert report.added == 0
    assert reason in str(report.rejected[0])


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ("C-1", "C-9", "customer: C-9 is not known"),
        ("office-access,1", "office-access,2", "contract: office-access 2 is not known"),
        ("12.50", "12.505", "monthly_charge: '12.505' may be thousands or a fraction"),
        ("12.50", "12.5055", "monthly_charge: 12.5055 EUR is finer than the minor unit of EUR"),
        ("12.50", "NaN", "monthly_charge: 'NaN' is not a number"),
        ("EUR", "Euro", "currency: is not written as it should be"),
    ],
)
def test_an_agreement_that_means_nothing_is_rejected(with_customers, before, after, reason):
    report = with_customers("agreements", AGREEMENTS.replace(before, after))
    assert report.added == 0
    assert reason in str(report.rejected[0])


def test_a_row_that_the_database_refuses_does_not_take_others_with_it(imports):
    imports("services", "id,name\nS-1,One\n")
    imports("resources", "id,kind,name,site\nR-1,port,Port,Here\nR-2,link,Link,Here\n")
    text = "service,position,resource\nS-1,1,R-1\nS-1,2,R-1\nS-1,3,R-2\n"
    report = imports("topology", text)
    assert outcome(report) == (2, 0, 0, 1)
    assert report.rejected[0].row == 3
    assert report.rejected[0].reason.startswith("contradicts what is known")


OUTAGES = """
title: up and down
layout: csv
sections:
  outages:
    only: {state: [down]}
    columns:
      service: {value: S-1}
      started_at: {column: at, zone: Europe/Berlin}
      seconds: seconds
"""


def test_up_and_down_intervals_become_outages(imports):
    imports("services", "id,name\nS-1,One\n")
    text = (
        "state,at,seconds\nup,2026-03-28 10:00:00,60\ndown,2026-03-28 10:01:00,25\ndown,2026-03-28 12:00:00+00:00,5\n"
    )
    report = imports("outages", text, mapping=imports.mapping(OUTAGES))
    assert (report.added, report.passed_over) == (2, 1)
    first, second = sorted(imports.rows(t.outages), key=lambda row: row.started_at)
    assert (first.started_at, first.ended_at) == (
        datetime(2026, 3, 28, 9, 1, tzinfo=UTC),
        datetime(2026, 3, 28, 9, 1, 25, tzinfo=UTC),
    )
    assert second.started_at.hour == 12


@pytest.mark.parametrize("skipped_or_repeated", ["2026-03-29 02:30:00", "2026-10-25 02:30:00"])
def test_a_local_time_that_is_skipped_or_repeated_is_not_guessed(imports, skipped_or_repeated):
    imports("services", "id,name\nS-1,One\n")
    report = imports("outages", f"state,at,seconds\ndown,{skipped_or_repeated},60\n", mapping=imports.mapping(OUTAGES))
    assert "skipped or repeated" in report.rejected[0].reason


SAMPLES = """
title: samples
layout: csv
sections:
  samples:
    labelled_by: end
    columns: {service: link, at: at}
    series:
      - metric: packet_loss
        unit: percent
        from: {column: lost, multiply: 5}
        step_seconds: 300
        nothing_came_back: 100
      - {metric: latency, unit: ms, from: delay, step_seconds: 300}
"""


def test_samples_labelled_by_their_end_are_kept_by_their_start(imports):
    imports("services", "id,name\nS-1,One\n")
    mapping = imports.mapping(SAMPLES)
    text = "link,at,lost,delay\nS-1,2026-11-01T00:05:00Z,20,\nS-1,2026-11-01T00:10:00Z,0.083,5.0525\n"
    assert outcome(imports("samples", text, mapping=mapping)) == (3, 0, 0, 0)
    assert outcome(imports("samples", text, mapping=mapping)) == (0, 0, 3, 0)
    midnight = int(datetime(2026, 11, 1, tzinfo=UTC).timestamp())
    assert sorted((row.metric, row.at - midnight, row.value) for row in imports.rows(t.samples)) == [
        ("latency", 300, 5053),
        ("packet_loss", 0, 100_000),
        ("packet_loss", 300, 415),
    ]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("S-9,2026-11-01T00:05:00Z,0,5", "service: S-9 is not known"),
        ("S-1,2026-11-01T00:06:00Z,0,5", "off the grid of 300 s"),
        ("S-1,2026-11-01T00:05:00,0,5", "at: 2026-11-01T00:05:00 has no time zone"),
        ("S-1,2026-11-01T00:05:00Z,lots,5", "lost: 'lots' is not a number"),
        ("S-1,2026-11-01T00:05:00Z,1e999999999,5", "lost: '1e999999999' is no number that can be measured"),
        ("S-1,2026-11-01T00:05:00Z,1e-999999999,5", "lost: '1e-999999999' is no number that can be measured"),
        ("S-1,2026-11-01T00:05:00Z,0,1e-999999999", "delay: '1e-999999999' is no number that can be measured"),
        ("S-1,9999-11-01T00:05:00Z,0,5", "9999-11-01T00:05:00Z is no time of ours"),
    ],
)
def test_a_sample_that_means_nothing_is_rejected(imports, row, reason):
    imports("services", "id,name\nS-1,One\n")
    report = imports("samples", f"link,at,lost,delay\n{row}\n", mapping=imports.mapping(SAMPLES))
    assert report.added == 0
    assert reason in str(report.rejected[0])


def test_a_series_is_never_bent_to_another_step(imports):
    imports("services", "id,name\nS-1,One\n")
    imports("samples", "link,at,lost,delay\nS-1,2026-11-01T00:05:00Z,0,5\n", mapping=imports.mapping(SAMPLES))
    hourly = imports.mapping(SAMPLES.replace("300", "3600"))
    report = imports("samples", "link,at,lost,delay\nS-1,2026-11-01T01:00:00Z,0,5\n", mapping=hourly)
    assert "the mapping says" in report.rejected[0].reason
    assert imports.count(t.samples) == 2


def test_an_import_that_broke_off_goes_on_where_it_was(imports):
    lines = "".join(f"C-{number},Name {number}\n" for number in range(2500))
    calls = []

    def break_off(rows):
        calls.append(rows)
        if len(calls) == 2:
            raise KeyboardInterrupt

    path = imports.file("id,name\n" + lines)
    mapping = plain_mapping("customers", KINDS["customers"].record.model_fields)
    arguments = {"kind": "customers", "mapping": mapping, "as_of": DAY}
    with pytest.raises(KeyboardInterrupt):
        import_file(imports.database, path, progress=break_off, **arguments)
    assert imports.count(t.customers) == 2000
    assert outcome(import_file(imports.database, path, **arguments)) == (500, 0, 2000, 0)


def test_shipped_mappings_can_be_read():
    assert {"home_line", "smokeping_five_minute", "smokeping_hourly", "telco_customers"} <= set(shipped_mappings())
    for name in shipped_mappings():
        assert set(read_mapping(name).sections) <= set(KINDS)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("title: x\nsections: {samples: {columns: {at: {zone: Mars/Base}}}}", "IANA"),
        ("title: x\nsections: {samples: {colums: {}}}", "sections.samples.colum"),
        ("{", "is not YAML"),
    ],
)
def test_a_mapping_that_describes_nothing_is_refused(tmp_path, text, reason):
    path = tmp_path / "mapping.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(UnableToReadMapping, match=reason):
        read_mapping(str(path))


def test_an_unknown_mapping_is_refused_with_those_that_exist():
    with pytest.raises(UnableToReadMapping, match=r"shipped are .*home_line"):
        read_mapping("nothing")


CELLS = st.text(max_size=30)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=8))
def test_whatever_stands_in_the_cells_every_row_is_in_or_rejected(tmp_path_factory, rows):
    import csv

    from include.sla_logic.importers.row_reader import RowReader
    from include.sla_logic.importers.tables import open_table

    path = tmp_path_factory.mktemp("cells") / "file.csv"
    with path.open("w", encoding="utf-8", newline="", errors="surrogatepass") as file:
        writer = csv.writer(file)
        writer.writerow(("id", "name", "since"))
        writer.writerows(rows)
    mapping = plain_mapping("customers", KINDS["customers"].record.model_fields)
    reader = RowReader(mapping.sections["customers"], mapping, KINDS["customers"].record, DAY)
    with contextlib.suppress(UnableToReadFile), open_table(path, mapping) as table:
        for entry in table.rows:
            if not isinstance(entry, Rejected):
                list(reader.records(entry[1]))
