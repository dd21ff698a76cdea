"""The page of an incident for a shift: what stays in view, the timeline in words, and whom each mail reaches."""

import re
from html import unescape

import pytest

from include.sla_logic.web.wording import plainly


@pytest.fixture(scope="module")
def page(sample):
    from tests.web.desk_sample import client_of

    with client_of(sample) as client:
        return client.get(f"/incidents/{sample.tickets['too_late']}").text


def part(page, name):
    return unescape(re.sub(r"<[^>]+>", " ", page.split(f'data-live="{name}"')[1].split("</section>")[0]))


def test_the_strip_names_clock_next_tier_debt_contract_contact_and_owner(sample, page):
    [line] = [
        one for one in sample.use_cases.board.incidents(wanted()).rows if one.ticket == sample.tickets["too_late"]
    ]
    strip = " ".join(part(page, "strip").split("Significance")[0].split())
    for said in (f"The next tier costs {line.at_stake}", f"Owed so far {line.due}", "Owner nobody"):
        assert said.replace(" EUR", "") in strip.replace(" EUR", "")
    assert "Contract rapid-decision" in strip
    assert "Contact desk@taunus-securities.example" in strip


def wanted():
    from include.sla_logic.services.board import BoardFilter

    return BoardFilter()


def test_the_timeline_begins_with_the_newest_and_has_no_codes(sample, page):
    case = sample.use_cases.lookups.incident(sample.tickets["too_late"])
    story = page.split('data-live="story"')[1].split("</section>")[0]
    told = [unescape(each) for each in re.findall(r"<p[^>]*>(.*?)</p>", story)]
    assert told == [plainly(entry.event) for entry in reversed(case.timeline)]
    assert not [one for one in told if re.search(r"[a-z]_[a-z]|[a-z]:[a-z]|>=", one)]
    assert any(re.search(r"[a-z]_[a-z]", entry.event) for entry in case.timeline)  # else nothing was shown


def test_each_mail_names_recipient_subject_and_state(sample, page):
    said = " ".join(part(page, "out").split())
    assert "to be sent Exchange access: not yet restored (TT-000010)" in said
    assert "to Taunus Securities <desk@taunus-securities.example>" in said
