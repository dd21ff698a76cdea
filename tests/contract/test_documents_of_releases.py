"""Documents that a release has written are read for ever: runs wait for days, case files for years."""

import json
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import pytest

from include.sla_logic import domain
from include.sla_logic.domain.document import Document
from include.sla_logic.domain.open_apis.service_problem import service_problem
from include.sla_logic.domain.problem_view import ProblemView

RELEASES = sorted((Path(__file__).parent / "documents").glob("release_*.json"))
PROBLEMS = [
    pytest.param(problem["kept"], problem["tmf656"], id=f"{release.stem}-{problem['tmf656']['id']}")
    for release in sorted((Path(__file__).parent / "documents").glob("service_problems_*.json"))
    for problem in json.loads(release.read_text("utf-8"))
]
DOCUMENTS = [
    pytest.param(kind, body, id=f"{release.stem}-{kind}")
    for release in RELEASES
    for kind, body in json.loads(release.read_text("utf-8")).items()
]


def kinds_of_document() -> dict[str, type[Document]]:
    """Return every kind of document that the domain knows."""
    for module in walk_packages(domain.__path__, prefix=f"{domain.__name__}."):
        import_module(module.name)
    return {kind.kind(): kind for kind in Document.__subclasses__() if kind.__module__.startswith(domain.__name__)}


@pytest.mark.parametrize(("kind", "body"), DOCUMENTS)
def test_a_document_of_an_earlier_release_is_read_completely(kind, body):
    read = kinds_of_document()[kind].model_validate_json(json.dumps(body))
    assert missing_in(json.loads(read.model_dump_json()), body) == []


@pytest.mark.parametrize(("kept", "shown"), PROBLEMS)
def test_a_service_problem_of_an_earlier_release_is_shown_as_it_was(kept, shown):
    read = ProblemView.model_validate_json(json.dumps(kept))
    assert missing_in(json.loads(read.model_dump_json()), kept) == []
    now = service_problem(read)
    assert missing_in(now if "troubleTicket" in shown else as_it_was_told(now), shown) == []


def as_it_was_told(now):
    """Say what is told of a service problem today in the words of before, which claimed to be TMF656 and were not."""
    known = {one["name"]: one["value"] for one in now["characteristic"]}
    [analysed] = [one["entity"]["id"] for one in now["relatedEntity"] if one["role"] == "analysedAs"]
    moments = {
        "creationDate": now["creationDate"],
        "resolutionDate": now.get("statusChangeDate"),  # also of one that was not resolved
        "firstAlert": known["beganAt"],
        "releaseDate": known.get("releasedAt"),
    }
    return now | {
        "statusChangeReason": now["statusChangeReason"].partition(":")[0].lower()
        if "statusChangeReason" in now
        else None,
        "associatedTroubleTicket": now["troubleTicket"],
        "analysedAs": {"id": analysed},
        **{name: None if at is None else at.replace("Z", "+00:00") for name, at in moments.items()},
    }


def missing_in(now: object, then: object, place: str = "") -> list[str]:
    """Name whatever an earlier document says and today's reading of it does not; new fields are welcome."""
    if isinstance(then, dict) and isinstance(now, dict):
        return [fault for name, value in then.items() for fault in missing_in(now.get(name), value, f"{place}.{name}")]
    if isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        return [
            fault
            for index, pair in enumerate(zip(now, then, strict=True))
            for fault in missing_in(*pair, f"{place}.{index}")
        ]
    return [] if now == then else [f"{place}: {then!r} is read as {now!r}"]


def test_every_kind_of_document_is_kept_for_some_release():
    kept = {kind for release in RELEASES for kind in json.loads(release.read_text("utf-8"))}
    assert set(kinds_of_document()) - kept == set(), "collect_documents.py collects what the demo's ways write"


def test_a_field_that_is_lost_is_noticed():
    assert missing_in({"a": 1, "c": [1]}, {"a": 1, "b": 2, "c": [1, 2]}) == [
        ".b: 2 is read as None",
        ".c: [1, 2] is read as [1]",
    ]
