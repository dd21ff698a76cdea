"""The service report of a customer's month: page, mail, PDF and CSV say the same, in the customer's language."""

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from include.sla_logic.cli import app
from include.sla_logic.persistence.contracts import UnableToFindRecord
from include.sla_logic.persistence.queries.reports import UnableToReadMonth
from include.sla_logic.services.monthly_reports import UnableToSendReport
from tests.assessment.provider import Provider
from tests.assessment.test_settlement import LONG, SHORT, agreed, close
from tests.assessment.test_statements import in_words, letters
from tests.state_machine.test_agreements_that_change import empty_database


@pytest.fixture
def provider(tmp_path) -> Provider:
    provider = agreed(Provider(tmp_path, empty_database(), provider="Fibra Andina"))
    provider.clock.now = datetime(2026, 11, 10, tzinfo=UTC)
    provider.fail(SHORT, LONG)
    return provider


def test_it_names_promises_measurements_every_outage_credits_and_the_next_period(provider):
    reports = provider.use_cases.monthly_reports
    before = in_words(reports.as_text("K-1", "2026-10"))
    assert "These figures are provisional: this period has not been settled yet." in before
    assert "No credit was booked for this period." in before
    close(provider)
    text = in_words(reports.as_text("K-1", "2026-10"))
    assert "provisional" not in text
    for said in (
        "Service report for October 2026",
        "Promises not kept: 1 Credited: €25.00",
        "The time from 1 October 2026, 00:00:00 (UTC+00:00) to 1 November 2026, 00:00:00 (UTC+00:00): 31 days.",
        "Measured: 94.49% Not kept Downtime that counts: 1 day 17 hours",
        "3 October 2026, 00:00:00 (UTC+00:00) – 4 October 2026, 16:00:00 (UTC+00:00) 1 day 16 hours",
        "for 1 October 2026 – 31 October 2026 €25.00",
        "The next period of your contract: 1 November 2026 – 30 November 2026.",
        "Fibra Andina Customer Service",
    ):
        assert said in text
    assert "1 day 16 hours" in in_words(reports.as_page("K-1", "2026-10"))


def test_the_sheet_is_in_the_customers_language_and_has_the_same_figures(provider):
    close(provider)
    assert provider.bring("customers", "id,name,email,locale\nK-1,Eins,eins@example.org,de\n") == []
    rows = list(csv.DictReader(io.StringIO(provider.use_cases.monthly_reports.as_csv("K-1", "2026-10")), delimiter=";"))
    outages = [one for one in rows if one["Art"] == "Ausfall"]
    assert [int(one["Sekunden"]) for one in outages] == [40 * 3600, 3600]
    [promise] = [one for one in rows if one["Art"] == "Zusage"]
    assert (promise["Gemessen"], int(promise["Sekunden"])) == ("94,49\xa0%", 41 * 3600)
    assert [one["Betrag"] for one in rows if one["Art"] == "Gutschrift"] == ["25,00"]


def test_it_is_mailed_on_request_once_for_each_thing_that_it_says(provider):
    close(provider)
    before, reports = len(letters(provider)), provider.use_cases.monthly_reports
    reports.send("K-1", "2026-10", by="ann")
    with pytest.raises(UnableToSendReport, match="nothing has changed since"):
        reports.send("K-1", "2026-10", by="ann")
    provider.fail((LONG[1] + timedelta(days=2), LONG[1] + timedelta(days=2, hours=1)))
    reports.send("K-1", "2026-10", by="ann")
    assert len(letters(provider)) == before + 2


def test_the_command_line_prints_and_sends_it(provider, monkeypatch):
    close(provider)
    monkeypatch.setenv("TELECO_DB_URL", provider.use_cases.work.settings.database_url)
    asked = ["report", "customer", "--month", "2026-10", "--customer", "K-1"]
    assert "Service report for October 2026" in in_words(CliRunner().invoke(app, asked).output)
    assert CliRunner().invoke(app, [*asked, "--csv"]).output.startswith("Service,Name,From,To,Kind,What")
    before = len(letters(provider))
    assert "in the outbox" in CliRunner().invoke(app, [*asked, "--send", "--by", "ann"]).output
    assert len(letters(provider)) == before + 1


def test_a_credit_that_a_person_decides_about_is_named_without_an_amount(tmp_path):
    provider = agreed(Provider(tmp_path, empty_database(), approval_limit=20))
    provider.fail(LONG)
    close(provider)
    text = in_words(provider.use_cases.monthly_reports.as_text("K-1", "2026-10").replace("\n! ", " "))
    assert "a second person still decides about a credit for this period" in text
    assert "€25.00" not in text


def test_only_services_of_the_month_are_named_and_no_month_that_has_not_begun(provider):
    reports = provider.use_cases.monthly_reports
    assert "You had no service from us in August 2026." in in_words(reports.as_text("K-1", "2026-08"))
    with pytest.raises(UnableToReadMonth, match="lies in the future"):
        reports.as_text("K-1", "2026-12")
    with pytest.raises(UnableToFindRecord):
        reports.as_text("K-9", "2026-10")


def test_a_month_of_which_nothing_was_ever_read_is_not_called_kept(tmp_path):
    provider = Provider(tmp_path, empty_database())
    assert provider.agree("A-1,K-1,S-1,K-1,1,2026-09-01,,100,EUR,B-1,") == []
    assess, october = provider.use_cases.sla_status.assess, datetime(2026, 10, 5, tzinfo=UTC)
    unread = assess("S-1", customer="K-1", at=october).objectives[0]
    assert (unread.verdict, unread.coverage_percent) == ("no_data", 0)
    assert "Cannot be judged" in provider.use_cases.monthly_reports.as_text("K-1", "2026-10")
    provider.fail((datetime(2026, 12, 2, tzinfo=UTC), datetime(2026, 12, 2, 1, tzinfo=UTC)))
    assert assess("S-1", customer="K-1", at=october).objectives[0].verdict == "no_data"  # records begin later
    provider.fail((datetime(2026, 9, 2, tzinfo=UTC), datetime(2026, 9, 2, 1, tzinfo=UTC)))
    assert assess("S-1", customer="K-1", at=october).objectives[0].verdict == "met"
    november = assess("S-1", customer="K-1", at=datetime(2026, 11, 5, tzinfo=UTC))
    assert november.objectives[0].verdict == "met"
    september = assess("S-1", customer="K-1", at=datetime(2026, 9, 5, tzinfo=UTC))
    assert september.objectives[0].verdict == "breached"


def test_a_month_that_somebody_has_called_complete_is_judged_though_nothing_is_on_record(tmp_path):
    provider = agreed(Provider(tmp_path, empty_database()))
    found = provider.use_cases.sla_status.assess("S-1", customer="K-1", at=datetime(2026, 10, 5, tzinfo=UTC))
    assert (found.objectives[0].verdict, found.objectives[0].coverage_percent) == ("met", 100)
