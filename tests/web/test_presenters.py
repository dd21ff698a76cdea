"""Every document that a case file can hold is shown in sentences that a person reads."""

import re

import pytest

from include.sla_logic.domain.document import Document
from include.sla_logic.domain.follow_up import Basis
from include.sla_logic.persistence.queries.incident import KeptDocument
from include.sla_logic.web.presenters import KINDS, present_document
from tests.web.desk_sample import HELD

# What no manager should have to read: codes, instants of programs, Python's own words.
MACHINE = re.compile(
    r"\b[a-zA-Z]+_[a-zA-Z_]+\b|\d{4}-\d\d-\d\dT|\bNone\b|\bTrue\b|\bFalse\b|[{}\[\]<>]|\bPT\d|Decimal\("
)
QUOTED = re.compile(r"“[^”]*”")


def every_kind(parent=Document):
    for kind in parent.__subclasses__():
        if kind.__module__.startswith("include.sla_logic.domain."):
            yield kind
        yield from every_kind(kind)


@pytest.fixture(scope="module")
def documents(sample) -> dict[str, list[KeptDocument]]:
    """Gather what the incidents of the sample left behind, by kind."""
    follow_up(sample)
    found: dict[str, list[KeptDocument]] = {}
    for ticket in [
        *sample.tickets.values(),
        *(c for t in sample.tickets.values() for c in sample.use_cases.lookups.incident(t).children),
    ]:
        for document in sample.use_cases.lookups.incident(ticket).documents:
            found.setdefault(document.kind, []).append(document)
    return found


def follow_up(sample) -> None:
    """Do to one incident what people do after a run."""
    ticket, acts, ann = sample.tickets["too_late"], sample.use_cases.follow_ups, {"by": "ann", "reason": "seen on site"}
    sample.clock.now = max(sample.clock.now, sample.use_cases.lookups.incident(ticket).closed.closed_at)
    acts.record(ticket, done="Changed the card", done_at=sample.clock.now, by="ann")
    acts.measure(ticket, **ann)
    acts.resolve(ticket, basis=Basis.REASON, **ann)
    acts.reopen(ticket, **ann)


def test_every_kind_of_document_has_its_presenter():
    assert set(KINDS) == {kind.kind() for kind in every_kind()}


def test_the_sample_leaves_every_kind_of_document(documents):
    assert set(documents) == set(KINDS)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_document_is_presented_in_whole_sentences_without_codes(documents, kind):
    for document in documents[kind]:
        told = present_document(kind, document.body)
        assert told
        for sentence in told:
            said = QUOTED.sub("“”", sentence)
            assert not MACHINE.search(said), said
            assert said[0].isupper() or said[0].isdigit() or said[0].lower() in "“c", said
            assert said.endswith((".", "”")), said
            assert ".." not in said, said
            assert len(said.split()) >= 3, said


def test_what_is_presented_follows_the_document(sample):
    case = sample.use_cases.lookups.incident(sample.tickets[HELD])
    report = next(p for p in case.documents if p.kind == "ProblemReport")
    [first, words, *_] = present_document("ProblemReport", report.body | {"description": "It hums <b>loudly</b>."})
    assert report.body["customer_name"] in first
    assert words == "In the customer's words: “It hums <b>loudly</b>.”"
    request = next(p for p in case.documents if p.kind == "RestorationRequest")
    assert any(
        "waits for an operator's release" in told for told in present_document("RestorationRequest", request.body)
    )
    sent = present_document("RestorationRequest", request.body | {"held_because": None})
    assert any("sent at once" in told for told in sent)


def test_an_unknown_or_damaged_document_is_shown_by_its_fields():
    assert present_document("Horoscope", {"sign": "lion"}) == ()
    assert present_document("Rebate", {"contract": "B"}) == ()
