"""The board for a team: one line an incident, sorted by address, several acted on at once with one reason."""

import re

import pytest

from include.sla_logic.process.graph import WAIT
from include.sla_logic.services.board import BoardFilter
from tests.web.desk_sample import HELD, HERE, MEMBERS, client_of
from tests.web.test_actions import told

OTTO = MEMBERS["operator"].name


def rows(client, **asked):
    return re.findall(r'<th scope="row" data-label="Incident"><a [^>]*>(TT-\d+)<', client.get("/", params=asked).text)


def lines(client, **asked):
    return client.get("/api/v1/incidents", params={"shown": "all", "size": 200} | asked).json()["incidents"]


@pytest.mark.parametrize("by", ["ticket", "customer", "age", "priority", "owner", "stake", "owed"])
def test_each_column_sorts_upwards_and_downwards_what_is_unknown_last(desk, by):
    def key(line):
        money = line["at_stake"] if by == "stake" else line["due"]
        return {
            "ticket": int(line["ticket"][3:]),
            "customer": (line["customer"], line["service"]),
            "age": line["created_at"],
            "priority": line["priority"],
            "owner": line["owner"],
        }.get(by, money and (money["currency"], float(money["amount"])))

    for sort, down in ((by, False), (f"-{by}", True)):
        found = [key(line) for line in lines(desk, sort=sort) if by != "stake" or not line["assumed"]]
        known = [one for one in found if one is not None]
        assert known == sorted(known, reverse=down)
        if by != "stake":  # what is assumed to be at stake is not in the table that sorts
            assert found == known + [None] * (len(found) - len(known))


def test_the_heading_turns_the_order_and_keeps_the_filters(desk):
    page = desk.get("/", params={"shown": "all", "sort": "owed"}).text
    assert re.search(r'aria-sort="ascending"><a href="/\?shown=all&amp;sort=-owed">Owed so far ↑', page)
    assert desk.get("/", params={"sort": "drop table"}).status_code == 422


def test_a_line_says_what_the_customer_said_and_when_something_last_changed(desk, sample):
    case = sample.use_cases.lookups.incident(sample.tickets["too_late"])
    [line] = [one for one in lines(desk) if one["ticket"] == case.ticket.id]
    said = sample.data.notifications["too_late"]
    assert (line["symptom"], line["words"]) == (said.symptom.value, " ".join(said.description.split())[:160])
    assert line["changed_at"] == case.timeline[-1].at.isoformat().replace("+00:00", "Z")


def test_a_child_ticket_is_folded_under_its_open_parent_and_found_by_its_name(own_sample):
    parent = own_sample.report("premium")
    for step in ("enter_problem_report", "compare_with_sla", "determine_counter_measures"):
        own_sample.take(step, parent.run_id)
    for step in ("determine_customer_significance", "is_customer_premium", "link_to_extra_problem_fix"):
        own_sample.take(step, parent.run_id)
    [child] = own_sample.use_cases.lookups.incident(parent.id).children
    with client_of(own_sample) as desk:
        assert rows(desk) == [parent.id]
        assert f'title="extra process: {child}">+1<' in desk.get("/").text
        assert rows(desk, search=child) == [child]
        assert sorted(line["ticket"] for line in lines(desk)) == sorted([parent.id, child])
    assert own_sample.use_cases.board.overview(BoardFilter(fold=True)).counts.open == 1


def many(client, kind, picked, **fields):
    picks = {f"pick:{one}": "1" for one in picked}
    return client.post(f"/acts/{kind}/many", data=fields | picks, headers=HERE)


def test_several_are_done_with_one_reason_each_by_itself_and_each_result_is_told(own_sample):
    waiting, other = own_sample.walk(HELD, until=WAIT).id, own_sample.walk("no_violation").id
    with client_of(own_sample) as desk:
        answer = many(desk, "ticket", [waiting, other, "TT-999999"], name="hold", owner="provider", reason="storm")
        assert answer.status_code == 200
        assert "1 of 3 done" in answer.text
        assert re.search(rf'{waiting}</a>\s*<span class="chip good">done', answer.text)
        assert re.search(rf'{other}</a>\s*<span class="chip bad">refused</span> \S', answer.text)
        assert "TT-999999" in answer.text
    assert told(own_sample, waiting) == [(OTTO, "ticket on hold", "storm")]
    assert told(own_sample, other) == []


def test_without_a_reason_or_with_another_action_nothing_is_done(own_sample):
    waiting = own_sample.walk(HELD, until=WAIT).id
    with client_of(own_sample) as desk:
        assert many(desk, "ticket", [waiting], name="release", reason=" ").status_code == 422
        assert many(desk, "ticket", [waiting], name="reject", reason="x").status_code == 404
        assert "Nothing was chosen" in many(desk, "ticket", [], name="release", reason="x").text
    assert told(own_sample, waiting) == []


def test_requests_of_one_cause_are_released_together_and_each_counts_as_done(own_sample):
    both = [own_sample.walk(HELD, until=WAIT, external_reference=name).id for name in ("A", "B")]
    with client_of(own_sample) as desk:
        answer = many(desk, "ticket", both, name="release", reason="The reserve route has room.")
        assert "2 of 2 done" in answer.text
        assert "0 of 2 done" in many(desk, "ticket", both, name="release", reason="again").text
    assert told(own_sample, both[1])[0][:2] == (OTTO, "restoration released")


def test_the_answer_leads_back_to_the_list_as_it_was(own_sample):
    with client_of(own_sample) as desk:
        for kind, place in (("ticket", ""), ("credit", "waiting")):
            assert desk.get(f"/acts/{kind}/many").headers["location"] == f"/{place}"
            for sent, back in (
                (f"http://testserver/{place}?page=2", f"/{place}?page=2"),
                ("http://x/y?z=1", f"/{place}"),
            ):
                fields = {"name": {"ticket": "hold", "credit": "approve"}[kind], "reason": "x"}
                said = desk.post(f"/acts/{kind}/many", data=fields, headers=HERE | {"Referer": sent}).text
                assert f'data-list="{back}"' in said
                assert f'href="{back}"' in said


def test_a_reader_chooses_nothing(sample):
    with client_of(sample, "reader") as desk:
        assert 'type="checkbox"' not in desk.get("/").text
        assert many(desk, "ticket", ["TT-000009"], name="release", reason="x").status_code == 403
