"""After an erasure no table, file or page holds the name, the address or the words of the customer; the money stays."""

import json
import quopri
import zlib
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import MetaData, select, text
from sqlalchemy.exc import DBAPIError
from typer.testing import CliRunner

from include.sla_logic.cli import app
from include.sla_logic.domain.erasure import MARK, erase_in, eraser, parts_of_name
from include.sla_logic.domain.follow_up import Basis
from include.sla_logic.services import UseCases
from include.sla_logic.services.erasure import UnableToErase
from include.sla_logic.web import Caller
from tests.assessment.provider import Provider
from tests.assessment.test_settlement import SHORT, booked, claimed, close, complete
from tests.events.listeners import listening
from tests.events.partners import Partners
from tests.state_machine.test_agreements_that_change import empty_database
from tests.use_case_fixtures import POSTGRES
from tests.web.one_person import desk_as

NAME, ADDRESS = "Wilhelmina Ångström-Quux", "wilhelmina.quux@example.org"
SAID, NOTED, WRITTEN, CONTESTED, FILED = "zebrafinch", "okapikalb", "quastenflosser", "nebelparder", "grottenolm"
STREET = "Kaninchenbau 7"
SECRETS = ("Wilhelmina", "Quux", ADDRESS, STREET, SAID, NOTED, WRITTEN, CONTESTED, FILED)
WHY = {"by": "otto", "reason": "They asked for it."}


@pytest.fixture(params=["sqlite", POSTGRES])
def provider(request: pytest.FixtureRequest, tmp_path: Path) -> Provider:
    url = None if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    return led(Provider(tmp_path, empty_database(), url=url))


def led(provider: Provider) -> Provider:
    """Lead one incident to its end, with a note, a message, a file and a dispute."""
    provider.clock.now = datetime(2026, 10, 20, tzinfo=UTC)
    provider.bring("customers", f"id,name,email,address\nK-1,{NAME},{ADDRESS},{STREET}; 10115 Berlin\n")
    assert provider.agree("A-1,K-1,S-1,K-1,1,2026-10-01,2026-10-31,100,EUR,B-1,") == []
    complete(provider, provider.clock.now)
    provider.fail(SHORT)
    provider.said = f"Our {SAID} is down. Call {NAME}."
    provider.lead(SHORT[0])
    team = provider.use_cases.team
    team.note("TT-000001", f"She said {NOTED}; ask {NAME}.", by="ann")
    team.message("TT-000001", f"Dear customer, {WRITTEN}.", by="ann")
    provider.use_cases.team.files.attach("TT-000001", f"{FILED} of Quux.txt", f"A {FILED}.".encode(), by="ann")
    provider.use_cases.disputes.record("TT-000001", contested="outages", words=f"My {CONTESTED} fell ill.", by="ann")
    return provider


def end(provider: Provider) -> None:
    """Do all that is left: decide, resolve, settle, send."""
    provider.use_cases.disputes.decline("DP-1", by="ben", reason=f"Sorry, {NAME}: the probe was sound.")
    how = {"basis": Basis.REASON, "by": "ann", "reason": f"{NAME} says that it works."}
    provider.use_cases.follow_ups.resolve("TT-000001", **how)
    provider.clock.now = datetime(2027, 1, 20, tzinfo=UTC)
    complete(provider, datetime(2027, 1, 5, tzinfo=UTC))
    close(provider)
    while provider.use_cases.outbox.deliver().sent:
        pass


def read(value: object) -> str:
    """Return a cell as text, also what is packed, or encoded in a mail."""
    if isinstance(value, bytes):
        with suppress(zlib.error):
            value = zlib.decompress(value)
        value = value.decode("utf-8", "replace")
    said = value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
    plain = quopri.decodestring(said.replace("\\r\\n", "\r\n").encode()).decode("utf-8", "replace")
    return said + plain + said.encode().decode("unicode_escape", "replace")


def dump(provider: Provider) -> dict[str, str]:
    """Return all that the installation holds: every table, and every file beside the database."""
    found = {}
    with provider.use_cases.work.reading() as connection:
        tables = MetaData()
        tables.reflect(connection)
        for table in tables.sorted_tables:
            found[table.name] = "\n".join(read(cell) for row in connection.execute(select(table)) for cell in row)
    for file in (provider.folder / "letters").rglob("*"):
        if file.is_file():
            found[str(file)] = read(file.read_bytes())
    return found


def held_in(found: dict[str, str]) -> set[tuple[str, str]]:
    return {(name, secret) for name, said in found.items() for secret in SECRETS if secret.lower() in said.lower()}


def pages(provider: Provider) -> dict[str, str]:
    desk = TestClient(desk_as(Caller("otto", may_write=True), lambda: provider.use_cases))
    places = ("/", "/?shown=all", "/incidents/TT-000001", "/incidents/TT-000001/letter", "/waiting", "/settlement")
    places += ("/settlement/windows", "/api/v1/incidents?shown=all", "/api/v1/incidents/TT-000001", "/api/v1/audit")
    places += ("/api/v1/disputes?state=all", "/reports/customer?customer=K-1&month=2026-10")
    answers = {place: desk.get(place) for place in places}
    assert {place: answer.status_code for place, answer in answers.items() if answer.status_code != 200} == {}
    return {place: answer.text for place, answer in answers.items()}


def sound(provider: Provider) -> list[str]:
    monitoring = provider.use_cases.monitoring
    return [str(one) for one in (*monitoring.violations(), *monitoring.unsettled())]


def test_nothing_personal_is_left_and_the_money_and_the_decisions_stay(provider: Provider) -> None:
    end(provider)
    tables = {name for name, _secret in held_in(dump(provider))}
    assert {"customers", "documents", "notes", "disputes", "outbox", "search_words", "attachments"} <= tables
    assert any("letters" in name for name in tables)  # where no mail server is set, letters are files
    before = (booked(provider), [one.state for one in provider.use_cases.settlement.windows().windows])
    assert provider.use_cases.erasure.erase("K-1", **WHY).incidents == 1

    assert held_in(dump(provider)) == set()
    assert held_in(pages(provider)) == set()
    assert held_in({"letter": provider.use_cases.letters.as_text("TT-000001")}) == set()
    assert (booked(provider), [one.state for one in provider.use_cases.settlement.windows().windows]) == before
    assert before[0] == {"2026-10": pytest.approx(10)}
    assert provider.use_cases.disputes.of("DP-1").decided_by == "ben"
    assert provider.use_cases.lookups.incident("TT-000001").audit != ()
    assert sound(provider) == []
    close(provider)
    with pytest.raises(UnableToErase, match="erased before"):
        provider.use_cases.erasure.erase("K-1", **WHY)


@pytest.mark.more
def test_what_is_open_unsent_or_in_force_is_refused_with_what_to_do_until_it_is_done(tmp_path: Path) -> None:
    provider = led(Provider(tmp_path, empty_database(), approval_limit=5))
    assert provider.agree("A-2,K-1,S-2,K-1,1,2026-10-01,,100,EUR,B-1,") == []
    use_cases, asked = provider.use_cases, []

    def approve() -> None:
        use_cases.credits.approve(use_cases.credits.waiting()[0].reference, by="cleo", reason="seen")

    def end_agreement() -> None:
        assert provider.agree("A-2,K-1,S-2,K-1,1,2026-10-01,2026-10-31,100,EUR,B-1,") == []

    def settle() -> None:
        complete(provider, datetime(2027, 1, 5, tzinfo=UTC))
        close(provider)

    basis = {"basis": Basis.REASON, "by": "ann", "reason": "It works."}
    done = {
        "TT-000001 is inProgress: end its run and resolve it first.": lambda: use_cases.follow_ups.resolve(
            "TT-000001", **basis
        ),
        "is waiting: send it first (`sla outbox send`).": use_cases.outbox.deliver,
        "DP-1 is open: decide it first.": lambda: use_cases.disputes.decline("DP-1", by="ben", reason="no"),
        "is held: decide it, or book its claim, first.": approve,
        "The agreement A-2 is in force: import its end first.": end_agreement,
        "is not settled: `sla settlement run` first.": settle,
    }
    provider.clock.now = datetime(2027, 1, 20, tzinfo=UTC)
    for _ in range(20):
        kept = dump(provider)
        try:
            use_cases.erasure.erase("K-1", **WHY)
            break
        except UnableToErase as refused:
            [says] = [each for each in done if str(refused).endswith(each)]
        assert dump(provider) == kept
        asked.append(says)
        done[says]()
    assert set(asked) == set(done)
    assert held_in(dump(provider)) == set()
    with pytest.raises(Exception, match="No customer has the number"):
        use_cases.erasure.erase("K-9", **WHY)


def test_of_letters_and_events_only_their_own_are_erased_and_of_events_every_word(
    provider: Provider, tmp_path: Path
) -> None:
    provider.bring("customers", "id,name,email\nK-1-2,Two,two@example.org\nK.1,Three,three@example.org\n")
    file = tmp_path / "open-apis.yaml"
    provider.use_cases = UseCases(replace(provider.use_cases.work.settings, open_apis=file), clock=provider.clock)
    partners = Partners(provider.use_cases, provider.clock, file)
    with listening() as listener:
        partners.allow(listener.origin, customers=["K-1"])
        partners.register(listener.url)
        provider.use_cases.team.message("TT-000001", "Axolotl", by="ann")
        end(provider)
        for customer in ("K-1", "K-1-2", "K.1"):
            provider.use_cases.monthly_reports.send(customer, "2026-10", by="ann")
        provider.use_cases.outbox.deliver()
        partners.housekeeping(3)
    assert "Axolotl" in json.dumps(listener.told)
    provider.use_cases.erasure.erase("K-1", **WHY)
    found = dump(provider)
    assert held_in(found) == set()
    assert "Axolotl" not in found["outbox"]
    assert [name in found["outbox"] for name in ("two@example.org", "three@example.org")] == [True, True]
    assert sum("two@example.org" in said or "three@example.org" in said for said in found.values()) >= 3


def test_what_was_said_when_a_settled_credit_was_decided_is_erased_too(tmp_path: Path) -> None:
    provider = claimed(tmp_path)
    provider.bring("customers", f"id,name,email,address\nK-1,{NAME},{ADDRESS},\n")
    assert provider.agree("A-1,K-1,S-1,K-1,1,2026-09-01,2026-10-31,100,EUR,B-1,") == []
    provider.fail(SHORT)
    provider.clock.now = datetime(2026, 11, 10, tzinfo=UTC)
    close(provider)
    [waiting] = provider.use_cases.credits.waiting()
    provider.use_cases.credits.claim(waiting.reference, by="ann", reason=f"{NAME} called.")
    provider.clock.now = datetime(2027, 1, 20, tzinfo=UTC)
    close(provider)
    while provider.use_cases.outbox.deliver().sent:
        pass
    assert ("audit", "Quux") in held_in(dump(provider))
    provider.use_cases.erasure.erase("K-1", **WHY)
    assert held_in(dump(provider)) == set()


def test_rows_that_are_only_added_stay_so_for_everybody_else(provider: Provider) -> None:
    end(provider)
    provider.use_cases.erasure.erase("K-1", **WHY)
    for said in ("UPDATE documents SET body = '{}'", "DELETE FROM documents", "UPDATE audit SET detail = ''"):
        with pytest.raises(DBAPIError), provider.use_cases.work.writing() as connection:
            connection.execute(text(said))


def test_in_a_terminal(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("include.sla_logic.services.UseCases", lambda _settings: provider.use_cases)
    refused = CliRunner().invoke(app, ["customer", "erase", "K-1", "--reason", "asked", "--by", "otto"])
    assert refused.exit_code == 1
    assert "first" in refused.stderr
    end(provider)
    done = CliRunner().invoke(app, ["customer", "erase", "K-1", "--reason", "asked", "--by", "otto"])
    assert "K-1 is erased in 1 incidents" in done.stdout


def test_after_the_retention_the_customer_is_erased_and_those_still_refused_are_named(provider: Provider) -> None:
    erasure = provider.use_cases.erasure
    end(provider)
    assert erasure.after(365) == {}
    provider.bring("customers", "id,name,email\nK-3,Three,three@example.org\n")
    assert provider.agree("A-3,K-3,S-3,K-1,1,2026-11-01,2026-11-30,100,EUR,B-3,") == []
    found = erasure.after(30)
    assert found["K-1"] is None
    assert "is not settled: `sla settlement run` first" in (found["K-3"] or "")
    assert held_in(dump(provider)) == set()
    assert list(erasure.after(30)) == ["K-3"]


def test_those_that_are_refused_keep_nobody_waiting(provider: Provider) -> None:
    end(provider)
    provider.bring("customers", "id,name,email\nA-9,Three,three@example.org\n")
    assert provider.agree("A-3,A-9,S-3,K-1,1,2026-11-01,2026-11-30,100,EUR,B-3,") == []
    assert list(provider.use_cases.erasure.after(30, limit=1)) == ["A-9", "K-1"]
    assert held_in(dump(provider)) == set()


def test_a_word_that_is_also_a_code_stays_where_it_is_one() -> None:
    erase = eraser(["slow", *parts_of_name("Ann Leevers"), "Customer Service"])
    said = {"symptom": "slow", "description": "slow", "reason": "It is slow for Leevers.", "lane": "Customer Service"}
    assert erase_in(said, erase) == said | {"description": MARK, "reason": f"It is {MARK} for {MARK}."}
