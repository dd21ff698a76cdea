"""Importing agreements: a day belongs to one, changes have a first day, currencies agree; on both databases."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from include.sla_logic.importers import KINDS, import_file, plain_mapping
from include.sla_logic.importers.importer import ImportReport
from include.sla_logic.persistence.contracts import ContractRegister, load_contract
from include.sla_logic.persistence.database import Database
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.persistence.schema.accounts import applied_billing_credits
from tests.domain.sla.make import text_of

HEADER = "id,customer,service,contract,contract_version,starts,ends,monthly_charge,currency,account,valid_from\n"
OLD = "A-1,K-1,S-1,K-1,7,2026-01-01,{ends},100.00,EUR,,\n"
NEW = "A-2,K-1,S-1,K-1,7,{starts},,200.00,EUR,,\n"


class Register:
    """Import rows of agreements, and ask who pays what."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database, self.file = database, folder / "rows.csv"
        with database.write() as connection:
            for version, currency in (("7", "EUR"), ("8", "EUR"), ("USD", "USD")):
                load_contract(
                    connection, text_of(version=version, currency=currency), name=version, now=datetime.now(UTC)
                )
        self.bring("customers", "id,name\nK-1,One\nK-2,Two\n")

    def bring(self, kind: str, text: str) -> ImportReport:
        self.file.write_text(text)
        mapping = plain_mapping(kind, KINDS[kind].record.model_fields)
        return import_file(
            self.database,
            self.file,
            kind=kind,
            mapping=mapping,
            as_of=date(2026, 11, 1),
        )

    def agree(self, *rows: str) -> tuple[int, int, int, list[str]]:
        report = self.bring("agreements", HEADER + "".join(rows))
        return report.added, report.changed, report.unchanged, [str(one) for one in report.rejected]

    def paid(self, day: str, customer: str = "K-1") -> str:
        with self.database.read() as connection:
            register = ContractRegister(connection=connection)
            found = register.agreement(customer, "S-1", at=datetime.fromisoformat(f"{day}T12:00:00+00:00"))
            return f"{found.id} {found.contract_version} {found.monthly_charge} {found.account}"

    def judge(self) -> None:
        """Let a window of A-1 have been judged: a credit of it is on record."""
        when = datetime(2026, 10, 1, tzinfo=UTC)
        credit = {"id": "T-1:a:20261001", "ticket": "T-1", "agreement": "A-1", "objective": "a", "text": "x"}
        credit |= {"customer": "K-1", "service": "S-1", "account": "B-K-1"}
        amounts = {"gross": 100, "amount": 100, "currency": "EUR", "state": "declined"}
        times = {"window_start": when, "window_end": datetime(2026, 11, 1, tzinfo=UTC), "recorded_at": when}
        with self.database.write() as connection:
            connection.execute(insert(applied_billing_credits).values(**credit, **amounts, **times))


@pytest.fixture
def register(database: Database, tmp_path: Path) -> Register:
    return Register(database, tmp_path)


def test_an_overlap_is_refused_with_both_rows_named(register: Register) -> None:
    added, _, _, [refusal] = register.agree(OLD.format(ends=""), NEW.format(starts="2026-10-16"))
    assert added == 1
    assert refusal.startswith("row 3, starts: A-1 (row 2: 2026-01-01 to no end) and A-2 (row 3: 2026-10-16 to no end)")
    _, _, _, [again] = register.agree(NEW.format(starts="2026-10-16"))
    assert "A-1 (already known: 2026-01-01 to no end) and A-2 (row 2" in again


@pytest.mark.parametrize("swapped", [False, True])
def test_an_upgrade_comes_in_whatever_the_order_of_its_rows(register: Register, swapped: bool) -> None:
    assert register.agree(OLD.format(ends=""))[0] == 1
    rows = [OLD.format(ends="2026-10-15"), NEW.format(starts="2026-10-16")]
    assert register.agree(*(rows[::-1] if swapped else rows)) == (1, 1, 0, [])
    assert register.agree(*rows) == (0, 0, 2, [])
    assert (register.paid("2026-10-15"), register.paid("2026-10-16")) == (
        "A-1 7 100.00 EUR B-K-1",
        "A-2 7 200.00 EUR B-K-1",
    )


def test_a_refused_row_leaves_what_is_known_and_what_conflicts_with_that_is_refused_too(register: Register) -> None:
    register.agree(OLD.format(ends="2026-05-31"), NEW.format(starts="2026-06-01"))
    longer, between = OLD.format(ends="2026-12-31"), "A-3,K-1,S-1,K-1,7,2026-05-01,2026-05-31,1,EUR,,\n"
    added, changed, _, refused = register.agree(between, longer)
    assert (added, changed, len(refused)) == (0, 0, 2)
    assert register.paid("2026-05-15") == "A-1 7 100.00 EUR B-K-1"


@pytest.mark.parametrize("change", ["150.00,EUR", "100.00,EUR,B-NEW"])
def test_a_change_needs_its_first_day_once_a_window_was_judged(register: Register, change: str) -> None:
    register.agree(OLD.format(ends=""))
    row = f"A-1,K-1,S-1,K-1,7,2026-01-01,,{change}"
    row += "," * (HEADER.count(",") - row.count(","))
    register.judge()
    _, _, _, [refusal] = register.agree(f"{row}\n")
    assert "a window was judged under it" in refusal
    assert "write valid_from" in refusal
    assert register.paid("2026-10-20") == "A-1 7 100.00 EUR B-K-1"
    assert register.agree(f"{row}2026-10-16\n") == (0, 1, 0, [])
    assert register.agree(f"{row}2026-10-16\n") == (0, 0, 1, [])
    assert register.paid("2026-10-15") == "A-1 7 100.00 EUR B-K-1"
    assert register.paid("2026-10-20") != "A-1 7 100.00 EUR B-K-1"


def test_before_any_judgement_a_row_is_corrected_in_place(register: Register) -> None:
    register.agree(OLD.format(ends=""))
    assert register.agree("A-1,K-1,S-1,K-1,8,2026-01-01,,150.00,EUR,,\n") == (0, 1, 0, [])
    assert register.paid("2026-01-01") == "A-1 8 150.00 EUR B-K-1"


def test_a_history_comes_in_one_file_and_again_changes_nothing(register: Register) -> None:
    rows = (
        OLD.format(ends=""),
        "A-1,K-1,S-1,K-1,8,2026-01-01,,150.00,EUR,,2026-03-01\n",
        "A-1,K-2,S-1,K-1,8,2026-01-01,,150.00,EUR,,2026-06-01\n",
    )
    assert register.agree(*rows) == (1, 2, 0, [])
    assert register.agree(*rows) == (0, 0, 3, [])
    assert register.paid("2026-02-28") == "A-1 7 100.00 EUR B-K-1"
    assert register.paid("2026-05-31") == "A-1 8 150.00 EUR B-K-1"
    assert register.paid("2026-06-01", customer="K-2") == "A-1 8 150.00 EUR B-K-2"
    _, _, _, [refusal] = register.agree("A-1,K-2,S-1,K-1,8,2026-01-01,,170.00,EUR,,\n")
    assert "row 2, monthly_charge: A-1 has 150.00 EUR, and it has changed before" in refusal


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("A-1,K-1,S-1,K-1,USD,2026-01-01,,1,EUR,,\n", "row 2, currency: EUR, but the contract K-1 USD is in USD"),
        ("A-1,K-1,S-1,K-1,USD,2026-01-01,,1,USD,B-EUR,\n", "row 2, account: the account B-EUR is in EUR"),
        ("A-1,K-1,S-1,K-1,7,2026-01-01,,1,EUR,,2025-12-31\n", "row 2, valid_from: 2025-12-31 lies outside"),
        ("A-1,K-1,S-1,K-1,7,2026-01-01,,1,EUR,,2026-02-01\n", "row 2, valid_from: what holds from 2026-01-01 to then"),
    ],
)
def test_what_cannot_be_true_is_refused_with_its_field(register: Register, row: str, says: str) -> None:
    with register.database.write() as connection:
        connection.execute(insert(t.billing_accounts).values(id="B-EUR", customer="K-1", currency="EUR"))
    added, _, _, [refusal] = register.agree(row)
    assert added == 0
    assert refusal.startswith(says)
    with register.database.read() as connection:
        assert connection.execute(select(t.agreements)).all() == []


def test_an_invoice_line_is_in_the_currency_of_its_account(register: Register) -> None:
    register.agree(OLD.format(ends=""))
    register.bring("invoices", "id,account,starts,ends\nI-1,B-K-1,2026-10-01,2026-10-31\n")
    report = register.bring(
        "invoice-lines", "invoice,position,agreement,text,amount,currency\nI-1,1,A-1,Line,100,USD\n"
    )
    [refusal] = [str(one) for one in report.rejected]
    assert refusal == "row 2, currency: USD, but the account of the invoice I-1 is in EUR"
