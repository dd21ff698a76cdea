"""Terms that public service levels and compensation rules have: who counts, which days, which windows in a row."""

from datetime import date

import pytest

from include.sla_logic.domain.calendars import calendar_window
from include.sla_logic.domain.contract import check_contract
from include.sla_logic.domain.contract.reach import records_reach
from include.sla_logic.domain.contract.sources import sources_of
from include.sla_logic.domain.measurements import AgreedTime, Delay, MaintenanceWindow, Reading, Ticket
from include.sla_logic.domain.samples import SampleSeries
from tests.domain.sla.make import APRIL, at, contract, facts, first, judge, objective, outage, text_of
from tests.service_hours import WORKING_HOURS

EASTER = {"holidays": [date(2025, 4, 18), date(2025, 4, 21)]}  # Good Friday and Easter Monday


def credit(**parts):
    return {"kind": "credit", **parts}


def due(terms, known, **fields):
    return str(judge(terms, known, **fields).credit_due)


def refusals(*objectives, **fields):
    _contract, findings = check_contract(text_of(*objectives, **fields), name="k")
    return [finding.text for finding in findings if finding.level == "refuses"]


def test_a_charge_pro_rata_is_that_of_the_service_hours():
    """Monday 16:30 to Tuesday 09:45 is 75 minutes of the 176 hours of service of October."""
    terms = contract(
        objective(credit(rate="pro_rata")), zone="Europe/Berlin", counting={"service_hours": WORKING_HOURS}
    )
    october = calendar_window("month", "Europe/Berlin", at("2026-10-10"))
    known = facts(outage("2026-10-05 14:30", "2026-10-06 07:45"), charge="176.00")
    assert due(terms, known, window=october) == "1.25 EUR"


@pytest.mark.parametrize(
    ("parts", "paid"),
    [
        ({}, 14),  # 10 to 23 April
        ({"days": "working"}, 8),  # 10, 11, 14 to 17, 22, 23
        ({"grace_working_days": 2}, 9),  # free are 11 and 14 April
        ({"grace_working_days": 2, "days": "working"}, 5),  # 15, 16, 17, 22, 23
        ({"first_day": "after_report", "grace_working_days": 2, "days": "working"}, 5),
        ({"first_day": "report", "days": "working"}, 7),  # reported on the 11th
    ],
)
def test_days_of_an_outage_are_counted_after_free_working_days_or_on_working_days_alone(parts, paid):
    rule = credit(for_each="day", rate="1 EUR", **{"first_day": "report"} | parts)
    if "first_day" not in parts:
        rule.pop("first_day")
    line = outage("2025-04-10 08:00", "2025-04-23 12:00", reported_at=at("2025-04-11 09:00"))
    if parts.get("first_day") == "after_report":
        line = line.model_copy(update={"reported_at": at("2025-04-10 09:00")})
    terms = contract(objective(rule), calendar=EASTER)
    assert due(terms, facts(line)) == f"{paid}.00 EUR"


def test_working_days_are_numbered_without_the_days_between_them():
    rule = credit(for_each="day", days="working", tiers=[{"rate": "1 EUR"}, {"from_day": 4, "rate": "10 EUR"}])
    terms = contract(objective(rule), calendar=EASTER)
    friday_to_wednesday = outage("2025-04-11 08:00", "2025-04-16 12:00")  # 11, 14 and 15 are 1 to 3, 16 is 4
    assert due(terms, facts(friday_to_wednesday)) == "13.00 EUR"


def test_working_days_late_are_numbered_as_those_of_outages_are():
    rule = credit(for_each="day", days="working", tiers=[{"rate": "1 EUR"}, {"from_day": 4, "rate": "10 EUR"}])
    terms = contract(objective(rule, metric="delay"), calendar=EASTER)
    late = Delay(kind="line", due=date(2025, 4, 11), done=date(2025, 4, 17))
    assert due(terms, facts(delays=(late,))) == "13.00 EUR"


def test_outages_and_degradations_have_rates_of_their_own():
    rule = credit(for_each="day", rate="6 EUR")
    down = objective(rule, id="down", counting={"faults": ["outage"]})
    bad = objective(credit(for_each="day", rate="3 EUR"), id="bad", counting={"faults": ["degradation"]})
    terms = contract(down, bad, stacking="sum")
    known = facts(
        outage("2025-04-10 08:00", "2025-04-11 08:00", "A"),
        outage("2025-04-20 08:00", "2025-04-22 08:00", "B", degraded=True),
    )
    assert due(terms, known) == "21.00 EUR"
    whys = {i.reference: i.why for o in judge(terms, known).objectives for i in o.intervals if i.kind == "excluded"}
    assert whys == {
        "A": "the contract does not count a fault that is an outage",
        "B": "the contract does not count a fault that is a degradation",
    }


def test_announced_work_is_left_out_inside_its_hours_alone():
    nights = [{"days": ["tue", "wed"], "starts": "23:00", "ends": "04:00"}]
    terms = contract(objective(credit(block="1 h", rate="1 EUR")), maintenance={"within": nights}, zone="Europe/Berlin")
    work = MaintenanceWindow(reference="M", start=at("2025-04-08 20:00"), end=at("2025-04-09 04:00"))
    window = calendar_window("month", "Europe/Berlin", at("2025-04-10"))
    judged = judge(terms, facts(outage("2025-04-08 20:00", "2025-04-09 04:00"), maintenance=(work,)), window=window)
    assert str(judged.credit_due) == "3.00 EUR"  # from 22:00 to 23:00 and from 4:00 to 6:00
    assert [one.seconds for one in judged.refused_maintenance] == [3600, 7200]
    assert "3 h of it lie outside tue, wed 23:00-04:00" in judged.objectives[0].warnings[0]


@pytest.mark.parametrize(("start", "paid"), [("2025-04-05 10:00:00", 1), ("2025-04-05 09:59:59", 10)])
def test_an_event_is_numbered_among_those_that_ended_in_the_days_before_it(start, paid):
    tiers = [{"rate": "1 EUR"}, {"from_event": 2, "rate": "10 EUR"}]
    terms = contract(objective(credit(for_each="event", events_over={"days": 28}, tiers=tiers)))
    known = facts(outage("2025-03-07 00:00", "2025-03-08 10:00", "A"), outage(start, "2025-04-05 12:00", "B"))
    assert due(terms, known) == f"{paid}.00 EUR"
    assert records_reach(terms, APRIL).start <= at("2025-03-04 00:00")


def test_repairs_and_tickets_are_numbered_over_days_as_outages_are():
    tiers = [{"below": "1 h", "rate": 0}, {"at_least": "1 h", "rate": "1 EUR"}, {"from_event": 2, "rate": "10 EUR"}]
    rule = credit(for_each="event", events_over={"days": 7}, tiers=tiers)
    repairs = contract(objective(rule, metric="time_to_restore"))
    known = facts(
        outage("2025-04-01 00:00", "2025-04-01 02:00", "A"),
        outage("2025-04-08 01:00", "2025-04-08 03:00", "B"),
        outage("2025-04-15 03:00", "2025-04-15 05:00", "C"),
    )
    assert due(repairs, known) == "12.00 EUR"  # B began within seven days of the end of A, C seven days after that of B
    tickets = contract(objective(rule, metric="time_to_resolve"), claim={"ticket": "not_required"})
    times = [("2025-04-01 00:00", "2025-04-01 02:00"), ("2025-04-08 01:00", "2025-04-08 03:00")]
    resolved = tuple(
        Ticket(reference=f"T{number}", opened_at=at(opened), resolved_at=at(ended))
        for number, (opened, ended) in enumerate(times)
    )
    assert due(tickets, facts(tickets=resolved)) == "11.00 EUR"


def latency(*samples, name="latency"):
    pairs = [(at(moment), value) for moment, value in samples]
    return SampleSeries.from_samples(pairs, metric=name, unit="ms", step_seconds=3600)


IN_A_ROW = credit(when="target_missed", in_a_row=2, rate="10%")
SLOW = objective(IN_A_ROW, metric="latency", target=25)


@pytest.mark.parametrize(("march", "paid"), [(25, "0.00 EUR"), (26, "10.00 EUR")])
def test_a_rule_may_pay_from_the_second_missed_window_in_a_row_on(march, paid):
    known = facts(series=(latency(("2025-03-20 00:00", march), ("2025-04-20 00:00", 26)),))
    judged = first(contract(SLOW), known)
    assert str(judged.credit) == paid
    assert judged.breached
    row = 2 if march > 25 else 1
    assert f"{row} window(s) in a row missed the target, paid from no. 2 on" in judged.steps
    assert records_reach(contract(SLOW), APRIL).start == at("2025-03-01")


def test_a_window_of_which_nobody_knows_is_refused_and_one_before_the_agreement_was_not_missed():
    known = facts(series=(latency(("2025-04-20 00:00", 26)),))
    judged = first(contract(SLOW), known)
    assert judged.reason == "It is not known whether the window from 2025-03-01 missed the target of availability."
    new = known.model_copy(update={"agreements": (AgreedTime(start=at("2025-04-01")),)})
    assert str(first(contract(SLOW), new).credit) == "0.00 EUR"


@pytest.mark.parametrize(("begun", "paid"), [([5], "0.00 EUR"), ([3], "10.00 EUR"), ([], "0.00 EUR")])
def test_a_window_with_nothing_to_restore_missed_nothing(begun, paid):
    """No repair in March is no gap in what is known: the row begins with April."""
    repair = {"id": "r", "metric": "time_to_restore", "target": "4 h", "rule": IN_A_ROW}
    repaired = [outage(f"2025-03-20 0{hour}:00", "2025-03-20 08:00", "A") for hour in begun]
    known = facts(*repaired, outage("2025-04-20 03:00", "2025-04-20 08:00", "B"))
    assert str(first(contract(repair), known).credit) == paid


def test_a_reading_of_one_window_says_nothing_of_the_windows_before_it():
    judged = first(contract(SLOW), facts(readings=(Reading(metric="latency", value="26", unit="ms"),)))
    assert judged.reason == "A rule about several windows needs records of all of them; readings are of one window."


def test_each_objective_may_have_a_series_of_its_own():
    rule = credit(when="target_missed", rate="10%")
    near = objective(rule, id="near", metric="latency", target=20, measure={"kind": "mean", "series": "near"})
    far = objective(rule, id="far", metric="latency", target=90, measure={"kind": "mean", "series": "far"})
    terms = contract(near, far)
    series = latency(("2025-04-20 00:00", 30), name="near"), latency(("2025-04-20 00:00", 80), name="far")
    assert [o.breached for o in judge(terms, facts(series=series)).objectives] == [True, False]
    assert [str(source) for source in sources_of(terms)] == ["samples of far", "samples of near"]


def answered(number, minutes, priority=None):
    opened = at(f"2025-04-{number:02d} 08:00")
    done = None if minutes is None else at(f"2025-04-{number:02d} 08:{minutes:02d}")
    return Ticket(reference=f"T{number}", priority=priority, opened_at=opened, responded_at=done)


@pytest.mark.parametrize(
    ("measure", "target", "value"),
    [
        ({"kind": "share_beyond", "bound": {"more_than": "30 min"}}, 5, 50),
        ({"kind": "share_beyond", "bound": {"at_least": 1800}}, 5, 75),
        ({"kind": "percentile", "percentile": 75}, "30 min", 1860),
        ({"kind": "mean"}, "30 min", (600 + 1800 + 1860 + 2 * 86_400) / 4),
    ],
)
def test_a_statistic_of_single_times_is_that_of_the_tickets(measure, target, value):
    """The last ticket still waits, two days after it was opened."""
    terms = contract(
        objective(credit(when="target_missed", rate="5%"), metric="time_to_respond", target=target, measure=measure),
        claim={"ticket": "not_required"},
    )
    tickets = (answered(1, 10), answered(2, 30), answered(3, 31), answered(28, None))
    judged = first(terms, facts(tickets=tickets), as_of=at("2025-04-30 08:00"))
    assert judged.measured == value
    assert str(judged.credit) == "5.00 EUR"
    assert judged.provisional


def test_tickets_of_other_priorities_do_not_count_and_one_without_a_priority_is_refused():
    urgent = objective(
        credit(for_each="event", when="target_missed", rate="5%"),
        metric="time_to_respond",
        target="15 min",
        counting={"priorities": ["P1"]},
    )
    terms = contract(urgent, claim={"ticket": "not_required"})
    known = facts(tickets=(answered(1, 16, "P1"), answered(2, 40, "P2")))
    assert due(terms, known) == "5.00 EUR"
    judged = first(terms, facts(tickets=(answered(1, 16, "P1"), answered(2, 40))))
    assert judged.reason == (
        "The contract counts tickets of priority P1, and T2 has none: give a facts file with tickets[].priority."
    )
    many = first(terms, facts(tickets=tuple(answered(day, 16) for day in range(1, 8))))
    assert "and T1, T2, T3, T4, T5 has none" in many.reason  # no more than five are named


def test_a_mean_opinion_score_is_better_the_higher_it_is():
    tiers = [
        {"at_least": "4.0", "rate": 0},
        {"at_least": "3.6", "below": "4.0", "rate": "5%"},
        {"below": "3.6", "rate": "20%"},
    ]
    terms = contract(objective(credit(tiers=tiers), metric="mos", target="4.0"), cap={"share": "100%"})
    for score, paid in (("4.0", "0.00"), ("3.99", "5.00"), ("3.6", "5.00"), ("3.59", "20.00")):
        assert due(terms, facts(readings=(Reading(metric="mos", value=score, unit="MOS"),))) == f"{paid} EUR"
    hole = [tiers[0], tiers[2]]
    _contract, findings = check_contract(text_of(objective(credit(tiers=hole), metric="mos", target="4.0")), name="k")
    assert ("tier_hole", "3.6 MOS") in [(finding.code, finding.witness) for finding in findings]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (
            {"metric": "time_to_respond", "target": "1 h", "measure": {"kind": "mean", "series": "answers"}},
            "series names samples, but time_to_respond is measured by single times",
        ),
        (
            {"metric": "latency", "target": 5, "measure": {"kind": "share_beyond", "bound": {"more_than": "5 min"}}},
            "the bound is a length of time, but no time is counted",
        ),
        ({"metric": "time_to_restore", "target": 4, "unit": "h"}, "time_to_restore is counted in s: leave unit out"),
        (
            {"target": 99.9, "counting": {"priorities": ["P1"]}},
            "priorities are those of tickets, but availability is measured by outages",
        ),
    ],
)
def test_what_does_not_fit_what_is_measured_is_refused(fields, said):
    assert any(said in text for text in refusals(objective(credit(when="target_missed", rate="5%"), **fields)))


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (credit(in_a_row=2, rate="5%"), "in_a_row needs when: target_missed"),
        (credit(days="working", rate="5%", when="target_missed"), "days needs for_each: day"),
        (credit(grace_working_days=2, rate="5%", when="target_missed"), "grace_working_days need for_each: day"),
    ],
)
def test_parts_that_need_others_are_refused_without_them(rule, said):
    assert any(said in text for text in refusals(objective(rule, target=99.9), calendar=EASTER)), refusals(
        objective(rule, target=99.9)
    )


def test_a_text_with_a_colon_is_told_to_need_quotes():
    text = text_of(objective()).replace("title: A contract", "title: A contract: gold")
    assert check_contract(text, name="k")[1][0].text.startswith("not YAML")
    text = text_of(objective()) + "assumptions:\n- here: it is a field\n"
    [finding] = [one for one in check_contract(text, name="k")[1] if one.level == "refuses"]
    assert finding.text == (
        "assumptions.0: this is no text to YAML, but a field and its value: write it in quotes, as a colon stands in it"
    )
