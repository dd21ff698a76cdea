"""A notification as people and portals send it is accepted, or answered with every fault and what to send instead."""

import re
from ast import literal_eval
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.sla_logic.domain.notification import Metric, ProblemNotification
from include.sla_logic.domain.notification_check import Refusal, receive
from include.sla_logic.domain.notification_text import UnableToReadNotification, read_notification
from include.sla_logic.domain.reported_units import UNITS
from include.sla_logic.services import UnableToAcceptNotification
from tests.hostile import FORGERS, HARMLESS
from tests.services.sample import conf

NOW = datetime(2026, 11, 29, 18, tzinfo=UTC)


def parameter(value: Any, unit: Any = "ms", metric: str = "latency") -> dict[str, Any]:
    return {"parameters": [{"metric": metric, "value": value, "unit": unit}]}


def answered(**changes: Any) -> str:
    """Return the whole answer to a notification with these changes, empty where it is accepted."""
    result = receive(conf(**changes), now=NOW).result
    return str(result) if isinstance(result, Refusal) else ""


ANSWERS = [
    ({"observed_from": "2026-11-29T12:00:00"}, ".observed_from", ["no time zone", "write 2026-11-29T12:00:00Z"]),
    ({"observed_from": "2026-11-29T12:00:00"}, ".observed_from", ["2026-11-29T12:00:00+01:00"]),
    *(
        ({"observed_from": text}, ".observed_from", ["ISO 8601", "write it as 2025-04-10T08:00:00Z"])
        for text in ("29.11.2026 12:00", "2026-11-29 12:00 CET", "11/29/2026 1:00 PM", "this morning")
    ),
    *(
        ({"observed_from": number}, ".observed_from", ["is a number, not an instant; write it as 2025-04-10"])
        for number in ("20261129", "46355.5", 46355.5, 1795953600, "1795953600000", 0)
    ),
    ({"observed_from": "1970-01-01T00:00:00Z"}, ".observed_from", ["no time of ours"]),
    ({"observed_from": "2026-11-29T20:00:00Z"}, ".observed_from", ["lies in the future"]),
    ({"observed_to": "ongoing"}, ".observed_to", ["leave it out while the problem lasts"]),
    ({"observed_to": "2026-11-01T00:00:00Z"}, ".observed_to", ["lies before observed_from", "send a later one"]),
    (parameter("180ms"), ".parameters.0.value", ["send value 180, unit ms"]),
    (parameter("1.2 %", "percent", "packet_loss"), ".parameters.0.value", ["send value 1.2, unit percent"]),
    (parameter("1,2", "percent", "packet_loss"), ".parameters.0.value", ["send value 1.2, with a point"]),
    (parameter("1,250"), ".parameters.0.value", ["1.250 or 1250, whichever it is"]),
    (parameter("fast"), ".parameters.0.value", ['"fast" is not read here; send a number from 0']),
    (parameter(-1), ".parameters.0.value", ["-1 is not read here; send a number from 0"]),
    (parameter(None), ".parameters.0.value", ["is missing"]),
    (parameter(180, "percent"), ".parameters.0", ["latency is never in percent; send its value in ms or s"]),
    (parameter(1, "ms", "packet_loss"), ".parameters.0", ["packet_loss is never in ms; send its value in percent"]),
    (parameter(40, "percent", "throughput"), ".parameters.0", ["Mbit/s, kbit/s or Gbit/s"]),
    (parameter(120, "%", "packet_loss"), ".parameters.0", ["120 percent is more than all of it"]),
    (parameter(1, "ms", "mood"), ".parameters.0.metric", ['"mood" is not read here; send availability, latency']),
    ({"parameters": {"latency": "180 ms"}}, ".parameters", ['[{"metric": "latency", "value": 180, "unit": "ms"}]']),
    ({"parameters": "latency 180ms"}, ".parameters", ['[{"metric": "latency", "value": 180, "unit": "ms"}]']),
    ({"parameters": ["latency"]}, ".parameters.0", ['"latency" is no problem parameter; send a list']),
    ({"parameters": parameter(1)["parameters"] * 51}, ".parameters", ["more than 50 parameters"]),
    ({"service": ["S-1", "S-2", "S-3"]}, ".service", ["one service for each report: send 3 reports"]),
    ({"service": "S-1, S-2"}, ".service", ["one service for each report: send 2 reports"]),
    ({"service": "office line"}, ".service", ["send the number of one service"]),
    ({"customer": "Huber & Co"}, ".customer", ["send the customer's number as in the contract register"]),
    ({"symptom": "no internet"}, ".symptom", ["send service_down, intermittent", "with other, say in the description"]),
    ({"symptom": None}, ".symptom", ["is missing; send service_down"]),
    *(({"impact": word}, ".impact", ["1 (high)"]) for word in ("high", "P1", 0, 4, True, [])),
    ({"description": ""}, ".description", ["is missing; send the problem in the customer's words"]),
    ({"description": "\u200b "}, ".description", ["is missing"]),
    ({"description": "x" * 5000}, ".description", ["has 5000 characters", "in 1 to 4000 characters"]),
    ({"external_reference": "INC/2026/0815"}, ".external_reference", ["such as INC-2026-0815"]),
    ({"external_reference": "#4711"}, ".external_reference", ["such as 4711"]),
    ({"phone": "+43 1 1234567"}, ".phone", ["is no field here; leave it out, or say it in the description"]),
    ({"servise": "S-1"}, ".servise", ["send service if that is meant"]),
    ({"schema_version": "x"}, ".schema_version", ["is no field here"]),
]


@pytest.mark.parametrize(("changes", "field", "says"), ANSWERS)
def test_each_fault_is_named_with_its_field_and_what_to_send(changes: Any, field: str, says: list[str]) -> None:
    answer = answered(**changes)
    assert answer.startswith(f"{field}: ")
    for part in says:
        assert part in answer


def test_no_answer_has_the_words_of_a_parser() -> None:
    told = " ".join(answered(**changes) for changes, _, _ in ANSWERS)
    for word in (
        "nput should",
        "pattern",
        "xtra input",
        "ield required",
        "tuple",
        "validat",
        "Value error",
        "datetime",
    ):
        assert word not in told


def test_every_fault_is_in_one_answer_in_the_order_of_the_fields() -> None:
    wrong = {"impact": "high", "foo": 1, "observed_from": "yesterday", "service": "", "observed_to": "2999-01-01"}
    wrong |= parameter("180ms") | {"reported_at": "2026-11-30T18:00:00Z"}
    result = receive(conf(**wrong), now=NOW).result
    assert isinstance(result, Refusal)
    assert [fault.field for fault in result.faults] == [
        ".service", ".observed_from", ".observed_to", ".reported_at", ".impact", ".parameters.0.value", ".foo"
    ]  # fmt: skip
    assert str(result) == "; ".join(map(str, result.faults))


def test_a_flood_of_faults_is_counted() -> None:
    result = receive(conf(**{f"field_{n}": n for n in range(500)}), now=NOW).result
    assert isinstance(result, Refusal)
    assert str(result).endswith("; and 480 more faults")


@pytest.mark.parametrize("letter", HARMLESS.values(), ids=HARMLESS)
def test_what_is_harmless_and_not_seen_is_cleaned(letter: str) -> None:
    received = receive(conf(description=f"a{letter}b", external_reference="WEB-1"), now=NOW)
    assert isinstance(received.result, ProblemNotification)
    assert received.result.description in {"ab", "a\nb"}


@pytest.mark.parametrize("letter", FORGERS.values(), ids=FORGERS)
def test_what_forges_is_refused(letter: str) -> None:
    assert "send the text without it" in answered(description=f"a{letter}b")


def test_a_number_with_an_unseen_letter_is_the_number() -> None:
    received = receive(conf(customer="\ufeffC-1\u200b", service="\u2060S-1"), now=NOW)
    assert isinstance(received.result, ProblemNotification)
    assert (received.result.customer, received.result.service) == ("C-1", "S-1")


@given(st.sampled_from(["observed_to", "reported_at", "impact", "urgency", "parameters", "external_reference"]),
       st.sampled_from([None, "", " ", "\u200b", "\n\t"]))  # fmt: skip
def test_what_is_empty_is_absent(name: str, empty: str | None) -> None:
    assert receive(conf() | {name: empty}, now=NOW).result == receive(conf(), now=NOW).result


@pytest.mark.parametrize("said", [1, "1", 1.0, " 1"])
def test_a_level_in_digits_is_the_level(said: object) -> None:
    result = receive(conf(impact=said), now=NOW).result
    assert isinstance(result, ProblemNotification)
    assert result.impact == 1


def test_the_units_of_each_metric_are_read_in_any_case_and_other_takes_any() -> None:
    assert set(UNITS) == set(Metric) - {"other"}
    for metric, units in UNITS.items():
        for unit in (*units, units[0].upper()):
            assert answered(**parameter(40, unit, metric)) == "", (metric, unit)
    assert answered(**parameter(40, "furlongs", "other")) == ""
    assert answered(**parameter("99.5", "%", "availability")) == ""


def test_a_stored_notification_in_a_unit_that_is_refused_today_is_still_read() -> None:
    stored = ProblemNotification.model_validate(conf(**parameter(180))).model_dump_json()
    assert ProblemNotification.model_validate_json(stored.replace('"ms"', '"percent"')).parameters[0].unit == "percent"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"customer": "C-9"}, r"^\.customer: there is no customer C-9 in the contract register; send the number"),
        ({"service": "S-9"}, r"^\.service: customer C-1 has no agreement for service S-9 .*; C-1 has S-1\.$"),
        ({"service": "s-1"}, r"^\.service: .*; send S-1\.$"),
        ({"service": None}, r"^\.service: is missing; .*; C-1 has S-1\.$"),
        ({"service": "the office line"}, r"^\.service: .*; C-1 has S-1\.$"),
        ({"service": "S-9", "impact": "high"}, r"^\.service: .*; C-1 has S-1; \.impact: "),
        (
            {"customer": "C-9", "symptom": "?", "service": None},
            r"^\.customer: there is .*; \.service: is .*; \.symptom",
        ),
        ({"service": "S-9", "observed_from": "?"}, r"^\.service: .* has no service S-9; C-1 has S-1; \.observed_from"),
    ],
)
def test_the_register_is_asked_before_a_run_exists_and_names_what_the_customer_has(use_cases, changes, says) -> None:
    with pytest.raises(UnableToAcceptNotification, match=says) as refused:
        use_cases.intake.check(conf(**changes))
    assert refused.value.faults
    assert use_cases.quarantine.entries() == []
    with pytest.raises(UnableToAcceptNotification) as later:
        use_cases.incidents.accept(conf(**changes), run_id="run-1", origin="REST")
    assert str(later.value) == f"{refused.value} The notification is kept in quarantine as 1."


def test_what_is_checked_is_as_its_sender_wrote_it(use_cases) -> None:
    """The time of the check must not enter the name of the run: a form sent twice is one run."""
    assert use_cases.intake.check(conf(observed_to="", impact="1")).reported_at is None


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        (b"", "it is empty"),
        (b"{}{}", "a second value begins in line 1"),
        (b"{}\n{}", "a second value begins in line 2"),
        ("{\u201ca\u201d: 1}".encode(), "typographic quotation marks; write straight ones"),
        (b'{"a": ', "line 1 cannot be read from column 7 on"),
        (b'{"a": "\xff"}', "byte 8 is of another encoding; save it as UTF-8"),
        ("{}".encode("utf-16"), "in UTF-8 but in UTF-16; save it as UTF-8"),
        ("{}".encode("utf-16-be"), "in UTF-8 but in UTF-16"),
        (b"[1]", "no JSON object with named fields"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a": ' + b"1" * 9000 + b"}", "a number with too many digits"),
    ],
)
def test_a_body_that_is_none_is_told_what_it_is(sent: bytes, says: str) -> None:
    with pytest.raises(UnableToReadNotification, match=r"^It holds no JSON") as refused:
        read_notification(sent, name="It")
    assert says in str(refused.value)


ACCEPTED = {"24:00", "throughput", "other Mbit/s", "impact as string digit", "html mail", "zero-width", "vertical tab",
            "observed_to empty"}  # fmt: skip
OF_THE_REGISTER = {"unknown service", "unknown customer", "lower case", "old report 2019"}


def test_what_was_sent_when_it_was_tried_is_accepted_or_answered_in_our_words(shared_data: Path) -> None:
    text = (shared_data / "field_files/50-intake/transcript.txt").read_text("utf-8")
    cases = re.findall(r"^## (.+?) (\{.*\})$", text, flags=re.MULTILINE)
    assert len(cases) > 50
    answers = {}
    for title, changes in cases:
        body = conf(observed_from="2026-11-29T12:00:00Z") | literal_eval(changes)
        sent = {name: value for name, value in body.items() if value != "<missing>"}
        result = receive(sent, now=NOW).result
        answers[title] = str(result) if isinstance(result, Refusal) else ""
    assert {title for title, answer in answers.items() if not answer} == ACCEPTED | OF_THE_REGISTER
    with pytest.raises(UnableToReadNotification, match="UTF-16; save it as UTF-8"):
        read_notification((shared_data / "field_files/50-intake/utf16.json").read_bytes(), name="utf16.json")
