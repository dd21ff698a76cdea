"""The names of runs: one notification is one run, however often it is sent."""

import re
from hashlib import sha256

from include.sla_logic.domain.notification import ProblemNotification

RUN_ID = re.compile(r"[A-Za-z0-9_.~:+-]{1,250}")  # what Airflow allows by default


def run_id_of(notification: ProblemNotification) -> str:
    """Name the run after the sender's reference, or else after the content."""
    if notification.external_reference:
        return f"incident.{notification.external_reference}"
    return f"incident.{sha256(notification.model_dump_json().encode()).hexdigest()[:32]}"


def premium_run_id(run_id: str) -> str:
    """Name the run of the extra problem fix process after the incident's run, always the same."""
    name = f"premium.{run_id}"
    return name if RUN_ID.fullmatch(name) else f"premium.{sha256(run_id.encode()).hexdigest()}"


def part_run_id(run_id: str, number: int) -> str:
    """Name the run in which a part of the incidents of a run goes on; numbers count from 1."""
    name = f"{run_id}__{number}"
    return name if RUN_ID.fullmatch(name) else f"part.{sha256(run_id.encode()).hexdigest()}__{number}"
