"""The page Process counts what each case file says, worked out here one case at a time."""

import re
from collections import Counter, defaultdict
from datetime import timedelta
from itertools import pairwise
from statistics import median_low

import pytest

from include.sla_logic.process.graph import EDGES, END, FIRST, STEPS, WAIT
from include.sla_logic.services import Settings, UseCases
from include.sla_logic.services.holds import ClockOwner
from tests.reference.walk import next_step
from tests.web.desk_sample import HELD, client_of
from tests.web.test_process_log import copy_of

MONTH = "2026-11"


@pytest.fixture(scope="module")
def sample(built_sample, tmp_path_factory):
    """Put the incident that waits on hold for a while; then it is released and goes to its end."""
    sample = built_sample.again(tmp_path_factory.mktemp("process"))
    ticket, uses = sample.tickets[HELD], sample.use_cases
    run_id = uses.lookups.incident(ticket).ticket.run_id
    uses.holds.hold(ticket, owner=ClockOwner.CUSTOMER, by="otto", reason="Nobody is in.")
    sample.clock.now += timedelta(hours=3)
    uses.holds.resume(ticket, by="otto", reason="They are back.")
    sample.clock.now += timedelta(hours=1)
    uses.restorations.release(ticket, by="otto", reason="It may run.")
    while step := next_step(uses, run_id):
        sample.take(step, run_id)
    return sample


def cases_of(use_cases, tickets, **wanted):
    cases = [use_cases.lookups.incident(ticket) for ticket in tickets]
    return [case for case in cases if all(case.closed and case.closed.outcome == value for value in wanted.values())]


def expected(cases):
    """Work out step times, lines, ways and where the time went, case by case."""
    times, edges, ways, spent = defaultdict(list), Counter(), defaultdict(list), Counter()
    for case in cases:
        done = {step.task: step for step in case.path if step.task in STEPS}
        for task, step in done.items():
            led = [
                e for e in EDGES if e.after == task and e.before in done and e.choice in {None, done[e.before].choice}
            ]
            since = max((done[e.before].done_at for e in led), default=case.ticket.created_at)
            times[task].append(step.done_at - since)
            edges.update((e.before, task) for e in led)
        end = done.get(END)
        choices = frozenset((task, step.choice) for task, step in done.items() if STEPS[task].chooses)
        ways[choices, end is not None].append(end.done_at - case.ticket.created_at if end else timedelta())
        if end:
            spent += Counter(_spent(case, end.done_at))
    return times, dict(edges), ways, spent


def _spent(case, end):
    history = [*case.status_history]
    holds = [
        (one.at, min(after.at, end))
        for one, after in pairwise(history)
        if one.status in {"pending", "held"} and one.at < end
    ]
    hold = sum((until - since for since, until in holds), timedelta())
    wait = timedelta()
    if case.restoration:
        opened, decided = case.restoration.opened_at, case.restoration.decided_at
        both = (min(until, decided) - max(since, opened) for since, until in holds)
        wait = decided - opened - sum((each for each in both if each > timedelta()), timedelta())
    total = end - case.ticket.created_at
    return {"hold": hold.total_seconds(), "wait": wait.total_seconds(), "work": (total - hold - wait).total_seconds()}


def near(one, other):
    """Compare to the second: the database keeps differences to a part of one."""
    return abs(one.total_seconds() - other) <= 1


def check(figures, cases):
    times, edges, ways, spent = expected(cases)
    assert figures.incidents == len(cases)
    assert {name: figure.count for name, figure in figures.steps.items()} == {n: len(t) for n, t in times.items()}
    assert all(near(figure.median, median_low(times[name]).total_seconds()) for name, figure in figures.steps.items())
    assert figures.edges == edges
    found = {(frozenset(one.choices.items()), one.ended): one for one in figures.variants}
    assert {way: one.count for way, one in found.items()} == {way: len(took) for way, took in ways.items()}
    assert all(near(one.median, median_low(ways[way]).total_seconds()) for way, one in found.items() if one.ended)
    assert near(figures.spent.hold, spent["hold"])
    assert near(figures.spent.wait, spent["wait"])
    assert near(figures.spent.work, spent["work"])


def test_every_figure_is_what_the_case_files_say(sample):
    figures = sample.use_cases.process_view.month(MONTH)
    check(figures, cases_of(sample.use_cases, sample.tickets.values()))
    assert figures.spent.hold >= timedelta(hours=3)
    assert timedelta(hours=1) <= figures.spent.wait < timedelta(hours=3)
    assert {FIRST, WAIT, END, "create_customer_report"} < set(figures.steps)


def test_an_outcome_and_a_contract_leave_out_the_others_and_a_month_has_what_was_reported_in_it(sample):
    uses = sample.use_cases
    restored = uses.process_view.month(MONTH, outcome="restored")
    check(restored, cases_of(uses, sample.tickets.values(), outcome="restored"))
    assert 0 < restored.incidents < 13
    whole = uses.process_view.month(MONTH)
    by_contract = [uses.process_view.month(MONTH, contract=name).incidents for name in whole.contracts]
    assert (sum(by_contract), len(by_contract) > 1) == (whole.incidents, True)
    assert uses.process_view.month("2026-10").incidents == 0
    assert restored.outcomes == whole.outcomes


@pytest.mark.more
def test_postgresql_counts_the_same(sample, postgres_url, tmp_path):
    there = UseCases(Settings(postgres_url, tmp_path), clock=sample.clock)
    copy_of(sample.use_cases, there)
    check(there.process_view.month(MONTH), cases_of(sample.use_cases, sample.tickets.values()))


def test_the_page_shows_picture_variants_and_where_the_time_goes_and_keeps_what_was_chosen(sample):
    figures = sample.use_cases.process_view.month(MONTH)
    with client_of(sample, "reader") as client:
        page = client.get(f"/process?month={MONTH}").text
        chosen = client.get(f"/process?month={MONTH}&contract=office-access&outcome=%3Cscript%3E").text
        empty = client.get("/process?month=2026-10").text
        assert client.get("/process?month=soon").status_code == 422
    drawn = re.findall(r'class="figures-of"[^>]*>(\d+)', page)
    assert len(drawn) == len(STEPS)
    assert sorted(map(int, drawn)) == sorted(
        figures.steps[name].count if name in figures.steps else 0 for name in STEPS
    )
    assert page.count('data-label="Median to the end"') == len(figures.variants)
    assert all(f'<th scope="row">{name}' in page for name in ("Work", "Wait", "Hold"))
    assert "not premium → Does significance change priorities? no → analyzable here → minor corrective actions" in page
    assert 'href="/process" aria-current="page"' in page
    assert '<option value="office-access" selected>' in chosen
    assert "<script>" not in chosen.partition("<main")[2]
    assert "No such incident was reported" in empty
