"""Let Airflow's scheduler look first at the runs in which something has happened.

Airflow 3.3 looks at all runs under way in turn, twenty at a time and about 12 ms each, whether or not there is anything
to decide. Beside a hundred incidents that wait for days, the next step of another would be seen after more than a
second, beside a thousand after twelve. Runs that were never looked at come first; so a run in which a task has ended
since the last look is made one of those. Never so many at once that no other has its turn: retries and time limits
need it.
"""

from datetime import timedelta
from typing import Any

AIRFLOW = "3.3."  # whose order this is made for; under another, the scheduler is left as it is
OVERLAP = timedelta(seconds=0.25)  # between an end that is written and a look that did not see it yet


def install() -> None:
    """Put it before the scheduler's own question for runs."""
    from airflow import __version__
    from airflow.models.dagrun import DagRun

    if not __version__.startswith(AIRFLOW):
        return
    ask = DagRun.get_running_dag_runs_to_examine

    def put_first_and_ask(*, session: Any) -> Any:
        if session.get_bind().dialect.name == "postgresql":
            put_first(session)
        return ask(session=session)

    DagRun.get_running_dag_runs_to_examine = staticmethod(put_first_and_ask)  # type: ignore[method-assign,assignment]


def put_first(session: Any) -> None:
    """Forget when those runs were looked at last; what another scheduler holds is its own business."""
    from airflow.models.dagrun import DagRun
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.state import DagRunState, State
    from sqlalchemy import Interval, exists, literal, select, update

    ended_since = exists().where(
        TaskInstance.dag_id == DagRun.dag_id,
        TaskInstance.run_id == DagRun.run_id,
        TaskInstance.state.in_(State.finished),
        TaskInstance.updated_at > DagRun.last_scheduling_decision - literal(OVERLAP, Interval()),
    )
    changed = select(DagRun.id).where(DagRun.state == DagRunState.RUNNING, ended_since)
    some = changed.order_by(DagRun.last_scheduling_decision).limit(max(1, DagRun.DEFAULT_DAGRUNS_TO_EXAMINE - 1))
    free = some.with_for_update(skip_locked=True, key_share=True, of=DagRun)
    statement = update(DagRun).where(DagRun.id.in_(free)).values(last_scheduling_decision=None)
    session.execute(statement, execution_options={"synchronize_session": False})
