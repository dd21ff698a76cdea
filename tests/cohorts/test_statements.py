"""However many incidents are led together, each step needs a bounded number of statements."""

import pytest

from benchmarks.sample import open_sample
from benchmarks.walk import MOST_FILES, MOST_STATEMENTS, files_entered, open_walk, statements_of
from include.sla_logic.gateways.sender import PORTION, Transport
from include.sla_logic.services import transports
from tests.cohorts.counting import SENDING, statements_of_steps
from tests.cohorts.golden_case_files import plain_letters

MOST = 26  # for all incidents of a transaction together
MOST_FOR_A_PORTION = 8  # of messages


@pytest.mark.parametrize("size", [1, 20, pytest.param(200, marks=pytest.mark.more)])
def test_each_step_takes_a_bounded_number_of_statements(size, tmp_path, monkeypatch):
    real = transports.transports
    taken = Transport(lambda message: {"taken": message.key}, refused=())
    monkeypatch.setattr(transports, "transports", lambda *parts: real(*parts) | {"mail": taken})
    use_cases, confs = open_sample(tmp_path, size)
    tickets = [
        use_cases.incidents.accept(conf, run_id=f"own-{number}", origin="test").id for number, conf in enumerate(confs)
    ]
    with plain_letters():
        found = statements_of_steps(use_cases, tickets)
    sending = found.pop(SENDING)
    counts = {task: len(statements) for task, statements in found.items()}
    assert {task: count for task, count in counts.items() if count > MOST} == {}
    portions = len(use_cases.outbox.messages(limit=1000)) // PORTION + 2
    assert len(sending) <= MOST_FOR_A_PORTION * portions
    assert {one.state for one in use_cases.outbox.messages(limit=100_000)} == {"sent"}


def test_one_incident_is_compared_in_few_files_and_statements(tmp_path):
    files = files_entered(open_walk(tmp_path / "files"))
    statements = statements_of(open_walk(tmp_path / "statements"))
    assert len(files) <= MOST_FILES, sorted(files)
    assert len(statements) <= MOST_STATEMENTS, statements
