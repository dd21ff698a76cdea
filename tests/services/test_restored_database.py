"""After a restore no number is given out twice, and what the database does not know any more is named."""

import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from include.sla_logic.persistence.installation import highest_numbers
from include.sla_logic.services import UseCases
from include.sla_logic.services.lost_tickets import AirflowRun
from include.sla_logic.services.restored_database import MARGIN, UnableToGoOnAbove
from include.sla_logic.settings import BillingSystem
from tests.faults.outside import Billing
from tests.kept_connections import whole
from tests.notebook import MemoryNotebook
from tests.services.sample import conf
from tests.services.test_installation import checkpoint


@dataclass
class Records:
    """What an Airflow has recorded: runs, the states of their first tasks, the tickets that these handed over."""

    known: list[AirflowRun] = field(default_factory=list)
    first: dict[str, str] = field(default_factory=dict)
    tickets: dict[str, str] = field(default_factory=dict)

    def runs(self):
        return self.known

    def first_state(self, run_id):
        return self.first.get(run_id)

    def ticket(self, run_id):
        return self.tickets.get(run_id)


NO_RECORDS = Records()


@pytest.fixture
def notebook() -> MemoryNotebook:
    return MemoryNotebook()


@pytest.fixture
def bound(any_use_cases, notebook) -> UseCases:
    any_use_cases.installation.enter(notebook)
    any_use_cases.installation.beat(notebook)
    return any_use_cases


def opened(use_cases: UseCases, *runs: str) -> list[str]:
    return [use_cases.incidents.accept(conf(), run_id=run, origin="form").id for run in runs]


def test_no_ticket_that_airflow_has_heard_of_is_given_out_again(bound, notebook):
    notebook.write(notebook.text.replace('"ticket":0', '"ticket":41').replace('"problem":0', '"problem":7'))
    found = bound.restored_database.resume(notebook, NO_RECORDS, by="Kim", reason="disk")
    assert found.next_ticket == f"TT-{41 + MARGIN + 1:06d}"
    assert found.highest["Airflow"] == 41
    assert opened(bound, "run-1") == [found.next_ticket]
    bound.installation.enter(notebook)
    with bound.work.database.read() as connection:
        assert highest_numbers(connection) == (41 + MARGIN + 1, 7 + MARGIN)


def test_numbers_only_grow_whatever_is_said(bound, notebook):
    assert bound.restored_database.resume(notebook, NO_RECORDS, by="K", reason="r", above=99_999).next_ticket == (
        "TT-100000"
    )
    assert opened(bound, "run-1") == ["TT-100000"]
    bound.restored_database.resume(notebook, NO_RECORDS, by="K", reason="r", above=1)
    assert opened(bound, "run-2") > ["TT-100000"]


def test_what_cannot_be_asked_is_said_by_the_operator_and_never_guessed(bound, notebook):
    resume = bound.restored_database.resume
    with pytest.raises(UnableToGoOnAbove, match=r"has not worked the operations database.*--above TT-"):
        resume(MemoryNotebook(), NO_RECORDS, by="Kim", reason="disk")
    notebook.write(notebook.text.replace('"billing":null', '"billing":"http://billing"'))
    with pytest.raises(UnableToGoOnAbove, match="posted to the billing system http://billing: name it"):
        resume(notebook, NO_RECORDS, by="Kim", reason="disk")
    away = replace(bound.work.settings, billing=BillingSystem("http://127.0.0.1:9"))
    with pytest.raises(UnableToGoOnAbove, match=r"did not answer.*--above TT-"):
        UseCases(away).restored_database.resume(notebook, NO_RECORDS, by="Kim", reason="disk")
    assert opened(bound, "run-1") == ["TT-000001"]
    assert resume(notebook, NO_RECORDS, by="Kim", reason="disk", above=5000).next_ticket == "TT-005001"


def test_tickets_that_only_airflow_names_are_named_and_their_numbers_passed(bound, notebook):
    opened(bound, "run-1")
    records = Records(
        [
            AirflowRun("run-1", "running"),
            AirflowRun("gone", "success"),
            AirflowRun("skipped", "success"),
            AirflowRun("refused", "failed"),
            AirflowRun("marked", "success"),
            AirflowRun("young", "queued"),
            AirflowRun("cohort", "running", ("TT-000001", "TT-000777")),
        ],
        {"gone": "success", "skipped": "skipped", "refused": "failed", "run-1": "success", "cohort": "running"},
        {"gone": "TT-000900"},
    )
    found = bound.restored_database.resume(notebook, records, by="Kim", reason="disk")
    assert found.highest["Airflow"] == 900
    gone, skipped, marked, cohort = found.lost
    assert "The run gone has no incident in the operations database (Airflow has its ticket TT-000900)" in gone
    assert "enter_problem_report is skipped. Clear enter_problem_report" in skipped
    assert "it has ended as success without its first task" in marked
    assert cohort == "The run cohort carries TT-000777, which the operations database does not know."


def test_an_active_incident_of_which_airflow_has_no_run_is_named_once_it_is_old_enough(use_cases, clock):
    opened(use_cases, "run-1", "run-2")
    there = Records([AirflowRun("run-2", "running")], {"run-2": "success"})
    assert use_cases.monitoring.lost(there) == ()
    clock.pass_by(minutes=11)
    assert use_cases.monitoring.lost(there) == ("TT-000001 is active, and Airflow has no run run-1 of it.",)


def test_the_operators_are_told_once_an_hour_what_is_lost(use_cases, clock):
    told = UseCases(replace(use_cases.work.settings, operators="ops@teleco.example"), clock=clock)
    records = Records([AirflowRun("gone", "success")], {"gone": "success"})
    assert told.monitoring.comparison_is_due()
    assert len(told.monitoring.tell_lost(records)) == 1
    assert not told.monitoring.comparison_is_due()
    [mail] = told.outbox.messages()
    assert mail.key.startswith("<failed-step.lost-tickets.2026110212.")
    clock.pass_by(hours=1)
    assert told.monitoring.comparison_is_due()
    told.monitoring.tell_lost(records)
    assert len(told.outbox.messages()) == 2


def test_the_second_customers_credit_does_not_vanish_as_posted(use_cases, notebook, tmp_path, clock):
    """Post a credit, restore the backup from before it, post another: billing has both, each on its account."""
    billing = Billing()
    system = BillingSystem(f"http://127.0.0.1:{billing.port}")
    teleco = UseCases(replace(use_cases.work.settings, billing=system), clock=clock)
    teleco.installation.enter(notebook)
    teleco.installation.beat(notebook)
    checkpoint(teleco)
    file = Path(teleco.work.database.engine.url.database)
    backup = shutil.copyfile(whole(file), tmp_path / "backup.db")
    first = credited(teleco, "run-1", "A-1")
    assert teleco.outbox.deliver().sent == [first]
    teleco.installation.beat(notebook)
    checkpoint(teleco)
    whole(file).write_bytes(backup.read_bytes())

    found = teleco.restored_database.resume(notebook, Records(), by="Kim", reason="disk")
    assert found.highest["billing"] == 1
    assert found.lost == (f"Billing & Collections has {first}, unknown here.",)
    second = credited(teleco, "run-2", "A-2")
    assert second != first
    assert teleco.outbox.deliver().sent == [second]
    assert {key: posted[0] for key, posted in billing.postings.items()} == {first: "A-1", second: "A-2"}
    assert billing.contradictions == []
    billing.close()


def test_even_under_the_old_key_another_customers_credit_is_an_alarm(use_cases, clock):
    """Give the first number out again, as the first release did after a restore: nothing is marked as posted."""
    billing = Billing()
    system = BillingSystem(f"http://127.0.0.1:{billing.port}")
    settings = replace(use_cases.work.settings, billing=system, operators="ops@teleco.example")
    teleco = UseCases(settings, clock=clock)
    key = credited(teleco, "run-1", "A-2")
    billing.post(key, {"billingAccount": {"id": "A-1"}, "taxExcludedAmount": {"value": 24.0, "unit": "EUR"}})
    assert "account A-1 instead of A-2" in teleco.outbox.deliver().dead[key]
    assert [message.kind for message in teleco.outbox.messages(state="dead")] == ["billing"]
    assert [message.kind for message in teleco.outbox.messages() if message.state != "dead"] == ["mail"]
    assert "account A-1 instead of A-2" in teleco.lookups.incident("run-1").timeline[-1].event
    billing.close()


def credited(use_cases: UseCases, run_id: str, account: str) -> str:
    """Open an incident and put a credit of it into the outbox; return its key."""
    from include.sla_logic.domain.money import Money
    from include.sla_logic.persistence.billing import posting
    from include.sla_logic.process.step import Step

    keys = []

    def post(file) -> None:
        money = Money(amount="24.00", currency="EUR")
        message = posting(file.installation, f"{file.ticket.id}:latency:20261101", account, money)
        keys.append(message.key)
        file.outgoing.put(kind=message.kind, key=message.key, payload=message.payload)

    use_cases.incidents.accept(conf(), run_id=run_id, origin="form")
    use_cases.incidents.perform(Step("post", "", post), run_id=run_id)
    return keys[0]
