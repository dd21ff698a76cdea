"""What the pages show: hostile texts without effect, figures as they are kept, queues in order."""

import csv
import io
import json
import re
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from markupsafe import escape
from pydantic import TypeAdapter
from sqlalchemy import insert, select, update

from include.sla_logic.domain.corrective_actions import CorrectiveActions
from include.sla_logic.domain.counter_measures import CounterMeasurePlan
from include.sla_logic.domain.problem_report import ProblemReport
from include.sla_logic.persistence.queries.board import read_board
from include.sla_logic.persistence.queries.board_filter import BoardFilter
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.persistence.schema.accounts import applied_billing_credits
from include.sla_logic.persistence.schema.problems import service_problems
from include.sla_logic.persistence.schema.queue import queue
from include.sla_logic.persistence.schema.system_t import documents, outbox, ticket_status_history, tickets
from include.sla_logic.process.graph import STEPS, WAIT
from include.sla_logic.process.layout import PLACES
from include.sla_logic.services.tables import harmless
from include.sla_logic.web.presenters import present_document
from include.sla_logic.web.process_picture import current_steps, draw_process
from tests.reference.walk import next_step
from tests.spread import spread
from tests.web.desk_sample import ANCHOR, HELD, client_of

NOW = ANCHOR + timedelta(minutes=10)

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{7*7}}",
    "${7*7} $(id) `id`",
    "' OR 1=1 --",
    "=cmd|' /C calc'!A0",
    "\u0627\u0644\u0639\u0631\u0628\u064a\u0629",
    "javascript:alert(1)",
    "../../etc/passwd",
]
MARKUP = re.compile(r"<script>alert|<img src=x|onerror=alert\(1\)>", re.IGNORECASE)


@pytest.mark.parametrize("text", spread(HOSTILE, every=3))
def test_a_hostile_text_is_shown_on_every_page_and_does_nothing(own_sample, text):
    ticket = own_sample.walk(HELD, until=WAIT, description=text)
    with own_sample.use_cases.work.database.write() as connection:
        connection.execute(update(t.customers).values(name=text))
        connection.execute(update(t.services).values(name=text))
        row = {"key": text, "ticket": 1, "kind": "mail", "payload": {}, "state": "dead", "attempts": 1}
        at = {"created_at": ANCHOR, "next_attempt_at": ANCHOR, "last_error": text}
        connection.execute(insert(outbox), [row | at])
        connection.execute(update(service_problems).values(resource=text[:64], type_of_problem=text[:64], reason=text))
        connection.execute(update(queue).values(cause=text[:64], contract=text, outcome=text[:32], closed_at=ANCHOR))
    own_sample.use_cases.restorations.release(ticket.id, by=text, reason=text)
    with client_of(own_sample) as client:
        for path in (
            "/?shown=all",
            f"/incidents/{ticket.id}",
            f"/services/{ticket.service}",
            "/waiting",
            "/problems?shown=all",
            "/reports",
            "/new",
        ):
            answer = client.get(path)
            assert answer.status_code == 200, path
            assert not MARKUP.search(answer.text), path
            if path.startswith("/incidents"):
                assert str(escape(text)) in answer.text
        for path in ("/", "/api/v1/incidents"):
            assert client.get(path, params={"search": text[:64]}).status_code == 200
        page = client.get("/", params={"search": text[:64]}).text
        assert not MARKUP.search(page)
        table = client.get("/reports.csv?month=2026-11").text
    for row in csv.reader(io.StringIO(table)):
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_spreadsheet_takes_no_name_for_a_formula(text):
    assert harmless(text) == "'" + text


def test_path_like_and_control_characters_in_addresses_find_nothing(desk):
    for name in ("..%2f..%2fetc%2fpasswd", "%00", "%0d%0aX-Evil:1", "TT-%F0%9F%92%A5", "TT-" + "9" * 60):
        for place in ("incidents", "services", "runs", "api/v1/incidents"):
            answer = desk.get(f"/{place}/{name}")
            assert answer.status_code == 400 if name == "%00" else answer.status_code in {200, 404}, (place, name)
            assert "x-evil" not in answer.headers


def test_every_step_of_the_process_has_a_place_of_its_own_in_the_picture():
    assert set(PLACES) == set(STEPS)
    assert len({(place.column, place.row) for place in PLACES.values()}) == len(PLACES)


def test_no_line_of_the_picture_runs_through_a_step(sample):
    picture = draw_process(sample.use_cases.lookups.incident(sample.tickets[HELD]))
    for edge in picture.edges:
        points = [tuple(map(int, point.split(","))) for point in edge.points.split()]
        for (ax, ay), (bx, by) in pairwise(points):
            for box in picture.steps:
                beside = max(ax, bx) <= box.x or min(ax, bx) >= box.x + picture.wide
                above = max(ay, by) <= box.y or min(ay, by) >= box.y + picture.high
                assert beside or above, (edge.points, box.task)


def test_the_picture_marks_what_is_done_and_what_comes_next(sample):
    case = sample.use_cases.lookups.incident(sample.tickets[HELD])
    picture = draw_process(case)
    states = {box.task: box.state for box in picture.steps}
    assert {task for task, state in states.items() if state == "done"} == set(case.tasks)
    assert [task for task, state in states.items() if state == "now"] == [WAIT]
    assert current_steps(case) == (WAIT,)


def test_nothing_comes_next_for_a_closed_incident(sample):
    for key, ticket in sample.tickets.items():
        if key != HELD:
            assert current_steps(sample.use_cases.lookups.incident(ticket)) == ()


def test_while_an_incident_goes_on_the_picture_names_the_next_step(own_sample):
    ticket = own_sample.report(HELD)
    while (step := next_step(own_sample.use_cases, ticket.run_id)) != WAIT:
        assert current_steps(own_sample.use_cases.lookups.incident(ticket.id)) == (step,)
        own_sample.take(step, ticket.run_id)


def test_every_incident_shows_its_money_as_it_is_kept(desk, sample):
    for key, ticket in sample.tickets.items():
        page = desk.get(f"/incidents/{ticket}").text
        case = sample.use_cases.lookups.incident(ticket)
        assert ticket in page
        if case.rebate:
            assert f"{case.rebate.total.amount:,} {case.rebate.total.currency}" in page, key
            for line in case.rebate.lines:
                for step in line.arithmetic:
                    assert step.replace("'", "&#39;") in page


def test_every_document_is_there_in_sentences_and_as_json(desk, sample):
    ticket = sample.tickets["premium"]
    page = desk.get(f"/incidents/{ticket}").text
    for document in sample.use_cases.lookups.incident(ticket).documents:
        place = f"/incidents/{ticket}/documents/{document.kind}/{document.round}"
        assert place in page
        assert desk.get(place).json() == document.body
        told = present_document(document.kind, document.body)
        assert all(str(escape(sentence)) in page for sentence in told)
    assert desk.get(f"/incidents/{ticket}/documents/Secret/1").status_code == 404


def test_the_performance_of_the_service_is_drawn_as_a_picture_of_its_own(desk, sample):
    ticket = sample.tickets["premium"]
    assert "/charts/0.svg" in desk.get(f"/incidents/{ticket}").text
    answer = desk.get(f"/incidents/{ticket}/charts/0.svg")
    assert answer.headers["content-type"].startswith("image/svg+xml")
    assert "sandbox" in answer.headers["content-security-policy"]
    assert desk.get(f"/incidents/{ticket}/charts/50.svg").status_code == 404


def test_a_picture_is_drawn_as_wide_as_the_page_asks_for(desk, sample):
    for key in ("premium", "correction_fails"):  # a bar, and a curve
        place = f"/incidents/{sample.tickets[key]}/charts/0.svg"
        for width in (300, 440, 890):
            assert f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}"' in desk.get(f"{place}?width={width}").text
        assert {desk.get(f"{place}?width={width}").status_code for width in ("0", "100000", "wide")} == {422}


def test_while_an_incident_goes_on_its_service_is_drawn_as_it_is_measured_now(desk, sample):
    ticket = sample.tickets[HELD]
    assert sample.use_cases.lookups.incident(ticket).closed is None
    [number, *_] = re.findall(rf"/incidents/{ticket}/charts/(\d+)\.svg", desk.get(f"/incidents/{ticket}").text)
    assert "<svg" in desk.get(f"/incidents/{ticket}/charts/{number}.svg").text


def test_the_history_of_each_priority_is_told(desk, sample):
    changes = 0
    for ticket in sample.tickets.values():
        plan, page = (
            sample.use_cases.lookups.incident(ticket).document(CounterMeasurePlan),
            desk.get(f"/incidents/{ticket}").text,
        )
        for change in [change for measure in plan.measures for change in measure.history] if plan else []:
            changes += 1
            assert f"{change.before} → {change.after}" in page
            assert str(escape(change.reason)) in page
    assert changes > 0


def test_every_step_that_was_taken_leads_to_its_task_in_airflow(desk, sample):
    case = sample.use_cases.lookups.incident(sample.tickets["premium"])
    page = desk.get(f"/incidents/{case.ticket.id}").text
    for task in case.tasks:
        assert f"/dags/sla_violation/runs/{case.ticket.run_id}/tasks/{task}" in page


def test_a_child_ticket_leads_to_its_own_run_and_its_parent_to_it(desk, sample):
    case = sample.use_cases.lookups.incident(sample.tickets["premium"])
    [child] = case.children
    page = desk.get(f"/incidents/{child}").text
    assert (
        f'href="/dags/premium_problem_fix/runs/premium.{case.ticket.run_id}">run premium.{case.ticket.run_id}' in page
    )
    assert f'href="/incidents/{case.ticket.id}"' in page
    assert f'href="/incidents/{child}"' in desk.get(f"/incidents/{case.ticket.id}").text
    assert "/tasks/" not in page


def credits_kept(sample, *said):
    """Keep credits of one customer's service, each with ticket and state; return the service."""
    with sample.use_cases.work.database.write() as connection:
        like = connection.execute(select(t.agreements)).first()
        row = {name: getattr(like, name) for name in ("customer", "service", "account", "currency")}
        row |= {"agreement": like.id, "objective": "o", "text": "a credit", "gross": 1, "amount": 1}
        row |= dict.fromkeys(("window_start", "window_end", "recorded_at"), ANCHOR)
        rows = [row | {"id": ticket, "ticket": ticket, "state": state} for ticket, state in said]
        connection.execute(insert(applied_billing_credits), rows)
    return like.service


def test_the_board_counts_every_credit_that_an_operator_can_decide_and_no_other(own_sample):
    states = ["held"] * 11 + ["unclaimed"] * 3
    credits_kept(own_sample, *((f"TT-{n}", state) for n, state in enumerate(states)))
    with client_of(own_sample) as client:
        assert "<b>11</b> credits to decide" in client.get("/").text


def test_a_credit_that_settlement_brought_links_to_no_incident(own_sample):
    service = credits_kept(own_sample, ("SR-1", "held"))
    with client_of(own_sample) as client:
        for page in ("/waiting", f"/services/{service}"):
            text = client.get(page).text
            assert "Settlement SR-1" in text
            assert "incidents/SR-1" not in text


def test_what_is_to_be_released_is_counted_and_listed_alike(own_sample):
    ticket = own_sample.walk(HELD, until=WAIT)
    with client_of(own_sample) as client:
        assert ticket.id in client.get("/?shown=waiting").text
        own_sample.clock.now = own_sample.use_cases.restorations.find(ticket.id).deadline
        page = client.get("/?shown=waiting").text
    assert "<b>0</b> to release" in page
    assert "No incident matches" in page


def test_an_incident_is_found_by_ticket_reference_and_run(desk, sample):
    case = sample.use_cases.lookups.incident(sample.tickets["premium"])
    for name in (case.ticket.id, case.ticket.external_reference, case.ticket.run_id):
        assert desk.get(f"/incidents/{name}").status_code == 200
    assert f"/dags/sla_violation/runs/{case.ticket.run_id}" in desk.get(f"/runs/{case.ticket.run_id}").text


def test_the_report_of_a_month_counts_what_was_closed_in_it(desk, sample):
    cases = [sample.use_cases.lookups.incident(ticket) for ticket in sample.tickets.values()]
    closed = [case.closed for case in cases if case.closed and f"{case.closed.closed_at:%Y-%m}" == "2026-11"]
    report = desk.get("/api/v1/reports/2026-11").json()
    assert report["total"]["incidents"] == len(closed) > 5
    by_outcome = {group["name"]: group["incidents"] for group in report["by_outcome"]}
    assert by_outcome == {name: [c.outcome for c in closed].count(name) for name in {c.outcome for c in closed}}
    assert sum(group["incidents"] for group in report["by_cause"]) == len(closed)
    spans = []
    for case in cases:
        actions, said = case.document(CorrectiveActions), case.document(ProblemReport)
        if case.closed and actions and actions.verified:
            spans.append((actions.undertaken_at - said.reported_at).total_seconds())
    assert report["total"]["restored"] == len(spans) > 3
    median = timedelta(seconds=int(sorted(spans)[(len(spans) - 1) // 2]))
    assert TypeAdapter(timedelta).validate_python(report["total"]["restored_within"]) == median
    for cut in ("outcome", "cause", "contract", "department"):
        assert sum(group["restored"] for group in report[f"by_{cut}"]) == len(spans)
    rows = list(csv.DictReader(io.StringIO(desk.get("/reports.csv?month=2026-11").text)))
    assert rows[0]["incidents"] == str(len(closed))
    assert {row["cut"] for row in rows} == {"all", "outcome", "cause", "contract", "department"}
    assert rows[0]["median_seconds_to_restore"] == str(int(median.total_seconds()))
    by_contract = {row["name"]: row for row in rows if row["cut"] == "contract"}
    for group in report["by_contract"]:
        row = by_contract[group["name"]]
        assert (row["breaches"], row["credits"]) == (
            str(group["breaches"]),
            "; ".join(f"{Decimal(c['amount']):.2f} {c['currency']}" for c in group["credits"]),
        )
    page = desk.get("/reports?month=2026-11").text
    for title in ("By outcome", "By cause", "By contract", "By department that corrected"):
        assert title in page
    assert f"median from report to correction, of {len(spans)} restored" in page
    assert desk.get("/api/v1/reports/2025-01").json()["total"]["incidents"] == 0


@pytest.mark.parametrize("month", ["2026-13", "november", "0000-00", "9999-12", "2026-11-01"])
def test_a_month_that_is_none_is_refused(desk, month):
    assert desk.get(f"/reports?month={month}").status_code == 422
    assert desk.get(f"/reports.csv?month={month}").status_code == 422
    assert desk.get(f"/api/v1/reports/{month}").status_code == 422


def test_a_service_shows_its_windows_as_they_are_judged_now(desk, sample):
    for notification in sample.data.notifications.values():
        view = desk.get(f"/api/v1/services/{notification.service}").json()
        assert view["agreements"]
        for agreement in view["agreements"]:
            assert len(agreement["windows"]) == 3
            assert len({window["window"]["start"] for window in agreement["windows"]}) == 3
        page = desk.get(f"/services/{notification.service}")
        assert page.status_code == 200
        for agreement in view["agreements"]:
            for window in agreement["windows"]:
                if window["chronic"]:
                    left = window["chronic"]["events_left"]
                    words = f"{left} more outage{'' if left == 1 else 's'} give" if left else "Chronic right reached"
                    assert words in page.text


def seed(sample, count):
    """Add many incidents in a queue order that is known, without their documents."""
    rows, places = [], []
    for number in range(1000, 1000 + count):
        rows.append(
            {"number": number, "external_key": f"run s{number}", "run_id": f"s{number}", "origin": "seed",
             "customer": f"C-{number % 50}", "service": f"S-{number % 70}", "status": "inProgress",
             "assigned_to": "Customer Service", "escalated": number % 10 == 0, "created_at": ANCHOR}
        )  # fmt: skip
        place = f"{(number * 7919) % count:08d}"
        priority = f"P{number % 5 + 1}"
        places.append(
            {"ticket": number, "open": number % 4 != 0, "place": place, "protected": False, "priority": priority}
        )
    with sample.use_cases.work.database.write() as connection:
        connection.execute(insert(tickets), rows)
        connection.execute(insert(queue), places)
        first = {"sequence": 1, "status": "inProgress", "reason": "seed", "at": ANCHOR}
        connection.execute(insert(ticket_status_history), [first | {"ticket": row["number"]} for row in rows])


def test_pages_cut_thousands_of_incidents_without_losing_or_repeating_one(own_sample):
    seed(own_sample, 3000)
    with own_sample.use_cases.work.reading() as connection:
        first = read_board(connection, BoardFilter(shown="all"), now=NOW, size=200)
        assert (first.total, first.pages) == (3000, 15)
        lines = [
            line
            for page in range(1, 16)
            for line in read_board(connection, BoardFilter(shown="all"), now=NOW, page=page, size=200).rows
        ]
        assert len({line.ticket for line in lines}) == 3000
        assert read_board(connection, BoardFilter(), now=NOW, size=10).total == 2250
        few = read_board(connection, BoardFilter(priority="P1", customer="C-0", shown="all"), now=NOW, size=200)
        assert {line.customer for line in few.rows} == {"C-0"}
        assert read_board(connection, BoardFilter(search="%"), now=NOW, size=10).total == 0
        assert read_board(connection, BoardFilter(search="TT-001234", shown="all"), now=NOW, size=10).total == 1
    with client_of(own_sample) as client:
        assert "Page 2 of 45" in client.get("/?page=2").text
        assert "No incident matches" in client.get("/?page=9999").text


def test_the_queue_goes_by_protection_priority_next_tier_score_and_age(sample):
    with sample.use_cases.work.reading() as connection:
        lines = read_board(connection, BoardFilter(), now=NOW, size=50).rows

    def rank(line):
        left = line.runs_out_at.replace(microsecond=0).timestamp() if line.runs_out_at else float("inf")
        return (not line.protected, line.priority or "P9", left, -(line.score or 0), line.created_at, line.ticket)

    assert [line.ticket for line in lines] == [line.ticket for line in sorted(lines, key=rank)]
    assert len(lines) > 1


def test_the_place_in_the_queue_follows_the_documents(sample):
    with sample.use_cases.work.reading() as connection:
        lines = {line.ticket: line for line in read_board(connection, BoardFilter(shown="all"), now=NOW, size=200).rows}
    for ticket in sample.tickets.values():
        case, line = sample.use_cases.lookups.incident(ticket), lines[ticket]
        if case.closed:
            assert (line.outcome, line.credit) == (case.closed.outcome, case.closed.credit)
            assert line.open or line.runs_out_at is None
        assert line.due is not None
        assert line.priority is not None


def test_no_document_of_a_case_is_too_long_for_its_page(desk, sample):
    ticket = sample.tickets["premium"]
    with sample.use_cases.work.database.write() as connection:
        row = {
            "ticket": 1,
            "kind": "Investigation",
            "round": 99,
            "schema_version": 1,
            "task": "x",
            "written_at": ANCHOR,
        }
        connection.execute(insert(documents), [row | {"body": json.dumps({"lines": ["x" * 50] * 5000})}])
    assert len(desk.get(f"/incidents/{ticket}").content) < 400_000


def test_the_board_counts_down_only_while_the_clock_runs_and_settles_only_what_is_settled(own_sample):
    ticket = own_sample.walk(HELD, until=WAIT).id
    number = int(ticket.removeprefix("TT-"))
    with own_sample.use_cases.work.database.write() as connection:
        now = own_sample.use_cases.work.database.now(connection)
        state = {"open": True, "budget_seconds": 7200, "judged_at": now, "next_tier_at": now + timedelta(hours=2)}
        connection.execute(update(queue).where(queue.c.ticket == number).values(**state, closed_at=now))
        begun = {"ticket": number, "sequence": 90, "status": "inProgress", "reason": "", "at": now}
        connection.execute(insert(ticket_status_history), [begun])

    def row():
        with client_of(own_sample) as client:
            page = client.get(f"/?search={ticket}&shown=all").text
        return page[page.index('data-label="Next breach or tier"') : page.index('data-label="At stake"')]

    assert "data-countdown" in row()
    assert "settled" not in row()
    with own_sample.use_cases.work.database.write() as connection:
        asked = {"ticket": number, "sequence": 91, "status": "pending", "reason": "Asked.", "at": now}
        connection.execute(insert(ticket_status_history), [asked])
    assert "data-countdown" not in row()
    assert "on hold for customer" in row()
    with own_sample.use_cases.work.database.write() as connection:
        connection.execute(update(queue).where(queue.c.ticket == number).values(open=False))
    assert "settled" in row()
