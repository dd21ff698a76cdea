"""Broken promises are kept once for each window and objective, whichever judgement calls them broken."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random
from threading import Barrier

import pytest
from jsonschema import Draft202012Validator

from include.sla_logic.domain.open_apis.sla_violation import (
    STATES,
    Violation,
    sla_violation,
    violation_schema,
    violations_in,
)
from include.sla_logic.domain.period import Period
from include.sla_logic.persistence.keyset import Cut
from include.sla_logic.persistence.sla_violations import find_violations, note_violations
from include.sla_logic.services.sla_violations import UnableToFindViolation, ViolationFilter
from tests.assessment.provider import RULE, Provider
from tests.assessment.test_settlement import LONG, SHORT, agreed, close
from tests.domain.sla.make import APRIL, contract, facts, objective, outage, text_of
from tests.domain.sla.make import compare as judge
from tests.state_machine.test_agreements_that_change import empty_database

JANUARY = datetime(2027, 1, 12, 8, tzinfo=UTC)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def provider(request, tmp_path) -> Provider:
    url = None if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    return agreed(Provider(tmp_path, empty_database(), url=url))


def listed(provider, **wanted):
    found, total = provider.use_cases.open_apis.sla_violations.listed(ViolationFilter(**wanted), Cut(limit=20))
    assert total == len(found.rows)
    return found.rows


def told(one):
    """Return the document of a violation, after its schema has judged it."""
    document = sla_violation(one.told, one.id, state=one.state, at=one.changed_at, root="/tmf-api")
    assert faults(document) == []
    return document


def faults(document):
    return [error.message for error in Draft202012Validator(violation_schema()).iter_errors(document)]


def shorten(provider, start: datetime, end: datetime) -> None:
    """Correct the end of an outage that was imported."""
    provider.fail((start, end))


def test_a_month_that_was_judged_names_rule_value_and_consequence(provider):
    provider.fail(LONG)
    provider.use_cases.settlement.preview()
    assert listed(provider) == []
    close(provider)
    [one] = listed(provider)
    document = told(one)
    assert (document["id"], document["state"]) == ("SV-000001", "broken")
    assert (document["rule"]["id"], document["rule"]["metric"]) == ("availability", "availability")
    assert document["actualValue"] == pytest.approx(94.62365591)
    assert document["consequence"] == {"kind": "credit", "percent": 25.0, "amount": {"unit": "EUR", "value": 25.0}}
    assert document["window"] == {"startDateTime": "2026-10-01T00:00:00Z", "endDateTime": "2026-11-01T00:00:00Z"}
    assert document["judgedIn"]["@type"] == "SettlementRunRef"
    assert document["relatedParty"][0]["partyOrPartyRole"]["id"] == "K-1"


def test_the_same_judgement_again_changes_nothing(provider):
    provider.fail(LONG)
    close(provider)
    before = listed(provider)
    close(provider)
    assert listed(provider) == before


def test_an_incident_of_a_month_that_goes_on_is_provisional_until_the_month_is_settled(provider):
    provider.fail((JANUARY, JANUARY + timedelta(hours=20)))
    provider.lead(JANUARY)
    [one] = listed(provider)
    assert (told(one)["state"], told(one)["judgedIn"]["@type"]) == ("provisional", "TroubleTicketRef")
    provider.clock.now = datetime(2027, 2, 20, tzinfo=UTC)
    provider.use_cases.imports.complete("outages", until=provider.clock.now, by="ann", source="outages.csv")
    close(provider)
    [after] = listed(provider)
    assert (after.id, told(after)["state"]) == (one.id, "broken")


@pytest.mark.parametrize("seconds", [30, 7_200])
def test_a_corrected_outage_changes_the_violation_or_withdraws_it(provider, seconds):
    provider.fail(LONG)
    close(provider)
    shorten(provider, LONG[0], LONG[0] + timedelta(seconds=seconds))
    close(provider)
    [one] = listed(provider)
    assert told(one)["state"] == ("withdrawn" if seconds == 30 else "broken")
    assert told(one)["consequence"]["percent"] == (25.0 if seconds == 30 else 10.0)
    shorten(provider, *LONG)
    close(provider)
    [again] = listed(provider)
    assert (again.id, told(again)["state"], told(again)["consequence"]["percent"]) == (one.id, "broken", 25.0)


def test_a_promise_without_a_credit_is_told_too(provider):
    strict = objective(RULE, target="99.99", clause="4.2", title="Availability of the month")
    provider.use_cases.imports.contracts([("9", text_of(strict, version="9", claim={"automatic": True}))])
    assert provider.agree("A-9,K-2,S-9,K-1,9,2026-10-01,,100,EUR,B-2,") == []
    rows = f"S-9,O-9,{SHORT[0].isoformat()},{(SHORT[0] + timedelta(minutes=30)).isoformat()}"
    assert provider.bring("outages", f"service,reference,started_at,ended_at\n{rows}\n") == []
    close(provider)
    [one] = listed(provider)
    document = told(one)
    assert document["rule"] == {
        "id": "availability",
        "name": "Availability of the month",
        "metric": "availability",
        "unit": "percent",
        "operator": "at least",
        "referenceValue": 99.99,
        "clause": "4.2",
    }
    assert (document["consequence"], document["service"]["id"]) == ({"kind": "none"}, "S-9")
    assert document["comment"].startswith("Availability of the month missed: 99.93")


def test_what_was_found_in_a_window_that_is_gone_is_withdrawn(provider):
    provider.fail(SHORT)
    close(provider)
    assert provider.agree("A-1,K-1,S-1,K-1,1,2026-09-01,2026-10-15,100,EUR,B-1,") == []
    close(provider)
    states = {one.told["window"]["endDateTime"][:10]: told(one)["state"] for one in listed(provider)}
    assert states == {"2026-11-01": "withdrawn", "2026-10-16": "broken"}


def test_what_an_incident_found_in_a_window_that_ended_sooner_is_withdrawn_once_that_is_settled(provider):
    provider.fail((JANUARY, JANUARY + timedelta(hours=20)))
    provider.lead(JANUARY)
    assert provider.agree("A-1,K-1,S-1,K-1,1,2026-09-01,2027-01-25,100,EUR,B-1,") == []
    provider.clock.now = datetime(2027, 2, 20, tzinfo=UTC)
    provider.use_cases.imports.complete("outages", until=provider.clock.now, by="ann", source="outages.csv")
    run = provider.use_cases.settlement.run(by="ann", shards=1)
    assert run.state == "ended"
    states = {one.told["window"]["endDateTime"][:10]: told(one)["state"] for one in listed(provider)}
    assert states == {"2027-02-01": "withdrawn", "2027-01-26": "broken"}


@pytest.mark.more
@pytest.mark.postgres
def test_judgements_at_once_keep_each_promise_once_and_never_wait_for_each_other(empty_postgres_url, tmp_path):
    work = Provider(tmp_path, empty_database(), url=empty_postgres_url).use_cases.work
    firsts = [datetime(2026, month, 1, tzinfo=UTC) for month in range(1, 10)]
    months = [Period(start=start, end=end) for start, end in pairwise(firsts)]

    promise = Violation(
        customer="K-1",
        service="S-1",
        contract="line:1",
        objective="availability",
        window=months[0],
        state="broken",
        told={},
    )

    together = Barrier(4)

    def judge_some(seed: int) -> set[tuple[str, Period]]:
        chosen, found = Random(seed), set[tuple[str, Period]]()  # noqa: S311 - a test
        for number in range(60):
            with work.writing() as connection:
                together.wait(timeout=60)
                some = [{"service": f"S-{number // 3}", "window": one} for one in chosen.sample(months, 4)]
                judged = [promise.model_copy(update=one | {"state": chosen.choice(STATES)}) for one in some]
                note_violations(connection, judged, now=JANUARY, settled=chosen.random() < 0.5)
                found |= {(one.service, one.window) for one in judged if one.broken}
        return found

    with ThreadPoolExecutor(4) as threads:
        found = set().union(*threads.map(judge_some, range(4)))
    with work.reading() as connection:
        _part, total = find_violations(connection, ViolationFilter(), Cut(limit=20))
    assert total == len(found)


def test_violations_are_found_by_what_they_are_and_by_whose_they_are(provider):
    provider.fail(LONG)
    close(provider)
    every = (
        ({"customers": {"K-1"}}, {"customers": {"K-2"}}),
        ({"violations": ["SV-000001"]}, {"violations": ["SV-000002", "TT-000001"]}),
        ({"services": ["S-1"]}, {"services": ["S-2"]}),
        ({"contracts": ["K-1"]}, {"contracts": ["K-2"]}),
        ({"objectives": ["availability"]}, {"objectives": ["latency"]}),
        ({"states": ["broken", "provisional"]}, {"states": ["withdrawn"]}),
    )
    for wanted, other in every:
        assert (len(listed(provider, **wanted)), len(listed(provider, **other))) == (1, 0), wanted
    with pytest.raises(UnableToFindViolation):
        provider.use_cases.open_apis.sla_violations.find("SV-000001", customers={"K-2"})


def documents_of(rule, *outages, **fields):
    comparison = judge(contract(objective(rule, **fields)), facts(*outages), window=APRIL, as_of=APRIL.end)
    found = list(violations_in(comparison, customer="C-1", judged_in={"@type": "TroubleTicketRef", "id": "TT-000001"}))
    return [sla_violation(one.told, "SV-1", state=one.state, at=APRIL.end, root=None) for one in found if one.broken]


def test_a_promise_that_was_kept_is_no_violation():
    assert documents_of(None, outage("2025-04-02 08:00", "2025-04-02 08:01")) == []


def test_what_a_person_must_decide_is_said_so():
    gap = {"kind": "tiers", "tiers": [{"at_least": "99.9", "credit": 0}, {"below": "99", "credit": "25%"}]}
    [document] = documents_of(gap, outage("2025-04-02 08:00", "2025-04-02 10:00"), target="99.9")
    assert faults(document) == []
    assert (document["consequence"]["kind"], "amount" in document["consequence"]) == ("toBeDecided", False)
    assert "gap" in document["consequence"]["reason"] or "tier" in document["consequence"]["reason"]


def test_the_schema_finds_what_is_missing_or_of_another_kind():
    [document] = documents_of(None, outage("2025-04-02 08:00", "2025-04-03 08:00"))
    assert faults(document) == []
    for change in (
        {"state": "open"},
        {"consequence": {}},
        {"relatedParty": []},
        {"rule": {"id": "x"}},
        {"date": 1},
        {"actualValue": None},
    ):
        assert faults(document | change) != [], change
    assert faults(document | {"new": "field"}) == []
