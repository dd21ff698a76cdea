"""Refusals of the use cases are said in the reader's language; programs and the audit read English."""

from datetime import timedelta
from html import unescape

import pytest

from include.sla_logic.domain.disputes import DisputeState
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.sentence import Code, Sentence
from include.sla_logic.domain.trouble_ticket import TicketStatus
from include.sla_logic.web import rendering, translations
from tests.clock import NOON
from tests.web.desk_sample import HERE
from tests.web.test_actions import credit_that_waits, told

GERMAN = {"Accept-Language": "de", **HERE}
WHY = {"reason": "Spätschicht"}


def refused(client, path, **fields):
    answer = client.post(path, data=WHY | fields, headers=GERMAN)
    assert 400 <= answer.status_code < 500
    return unescape(answer.text)


def test_what_the_team_is_refused_is_said_in_german(own_desk, own_sample, ticket):
    own_sample.use_cases.team.take(ticket, by="nora nights")
    acts = f"/acts/ticket/{ticket}"
    assert "nora nights hat das Ticket seit 23. Nov. 2026 23:" in refused(own_desk, f"{acts}/take")
    assert "nora nights hat das Ticket, nicht Sie" in refused(own_desk, f"{acts}/give-back")
    assert "'otto' hat den Desk noch nicht benutzt" in refused(own_desk, f"{acts}/assign", person="otto")
    assert "nicht zurückgestellt" in refused(own_desk, f"{acts}/resume")
    assert f"Der Lauf von {ticket} ist noch unterwegs" in refused(own_desk, f"{acts}/reopen")
    assert "Schreiben Sie einen Text." in refused(own_desk, f"{acts}/note", text=" ")
    assert f"Der Lauf von {ticket} ist noch unterwegs" in refused(own_desk, f"{acts}/resolve", basis="reason")
    assert "Schreiben Sie auf, was der Kunde sagt" in refused(own_desk, f"{acts}/dispute", contested="outages", text="")
    empty = own_desk.post(f"/incidents/{ticket}/attachments", files={"file": ("a.log", b"")}, headers=GERMAN)
    assert "Die Datei ist leer" in empty.text


def test_a_missed_release_is_said_in_german_and_kept_in_english(own_desk, own_sample, ticket):
    own_sample.clock.now = own_sample.use_cases.restorations.find(ticket).deadline
    page = refused(own_desk, f"/acts/ticket/{ticket}/release")
    assert f"Der Entstörungsauftrag von {ticket} musste bis " in page
    assert "UTC gesendet werden; diese Frist ist verstrichen." in page
    [(_, _, detail)] = told(own_sample, ticket)
    assert detail.startswith(f"The restoration request of {ticket} had to be sent by 2026-")
    said = own_desk.post(f"/api/v1/acts/ticket/{ticket}/release", json=WHY, headers=GERMAN).json()["detail"]
    assert said == detail


def test_after_the_deadline_a_release_is_not_asked_for_and_not_offered(own_desk, own_sample, ticket):
    for path in ("/", "/waiting", f"/incidents/{ticket}"):
        assert f"/acts/ticket/{ticket}/release" in own_desk.get(path).text
    own_sample.clock.now = own_sample.use_cases.restorations.find(ticket).deadline + timedelta(seconds=1)
    for path in ("/", "/waiting", f"/incidents/{ticket}"):
        assert f"/acts/ticket/{ticket}/release" not in own_desk.get(path).text
    assert "The deadline has passed: nothing can be released any more." in own_desk.get(f"/incidents/{ticket}").text
    for name in ("release", "reject"):
        asked = own_desk.get(f"/acts/ticket/{ticket}/{name}")
        assert asked.status_code == 409
        assert "that was missed" in asked.text
        assert "<form" not in asked.text
    assert own_desk.get("/acts/ticket/TT-999999/release").status_code == 404


def test_amounts_and_persons_of_credits_are_refused_in_german(own_desk, own_sample):
    credit = credit_that_waits(own_sample)
    act = f"/acts/credit/{credit.reference}"
    assert "ist kein Betrag: Schreiben Sie ihn als 12.50 EUR." in refused(own_desk, f"{act}/enter", amount="viel")
    assert "Geben Sie einen Betrag über 0 ein, nicht 0,00 EUR" in refused(own_desk, f"{act}/enter", amount="0.00")
    assert own_desk.post(f"{act}/enter", data=WHY | {"amount": "1200.50"}, headers=GERMAN).status_code == 303
    assert "Eine andere Person muss ihn genehmigen" in refused(own_desk, f"{act}/approve")
    bulk = own_desk.post(
        "/acts/credit/many", data=WHY | {"name": "approve", f"pick:{credit.reference}": "1"}, headers=GERMAN
    )
    assert "Eine andere Person muss ihn genehmigen" in bulk.text


def test_a_report_that_is_refused_says_each_fault_in_german(own_desk):
    form = {"customer": "C-404", "service": "S-1001", "symptom": "service_down", "observed_from": "2026-11-22T10:00"}
    page = refused(own_desk, "/new", **form, description="Leitung <b>tot</b>", external_reference="Wien 7")
    assert "im Vertragsverzeichnis gibt es keinen Kunden C-404; senden Sie die Nummer, die er dort hat" in page
    assert '"Wien 7" kann hier nicht gelesen werden; senden Sie 1 bis 64 Zeichen' in page
    assert "etwa Wien-7" in page
    later = refused(
        own_desk, "/new", **form | {"customer": "C-1001", "observed_from": "2036-11-22T10:00"}, description="x"
    )
    assert "liegt in der Zukunft; senden Sie eine vergangene Zeit" in later


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (NOON, "2. Nov. 2026 12:00 UTC"),
        (NOON.date(), "2. November 2026"),
        (Period(start=NOON, end=NOON + timedelta(days=1)), "2. Nov. 2026 12:00 – 3. Nov. 2026 12:00"),
        (Money(amount=1000, currency="EUR"), "1.000"),
        ((TicketStatus.PENDING, TicketStatus.RESOLVED), "behoben"),
        (Code("held"), "zurück"),
        (DisputeState.ACCEPTED, "an"),
        (12_000, "12.000"),
        ("TT-000001", "TT-000001"),
        (Sentence("nothing"), "nichts"),
    ],
)
def test_a_value_is_written_as_the_reader_writes_it(value, shown):
    sentence = Sentence("%(month)s lies in the future.", month=value)
    with translations.reading("de"):
        told_so = rendering.retell(sentence)
    assert shown in told_so
    assert told_so.endswith(" liegt in der Zukunft.")
    assert rendering.retell(sentence) == sentence


def test_the_limit_of_an_upload_is_a_size_and_not_a_count_of_bytes(own_desk):
    assert "At most 32 MiB." in own_desk.get("/files").text
    assert [rendering.size(count) for count in (12, 2_300_000, 32 << 20)] == ["12 bytes", "2.3 MB", "32 MiB"]
