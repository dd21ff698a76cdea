"""Runs that carry many incidents: how to start one, how a task knows one."""

from collections.abc import Mapping, Sequence
from typing import Any

from airflow.sdk import Context

# The form requires these; a run that carries incidents has the real ones in System T.
_PLACEHOLDERS = {
    "customer": "cohort",
    "service": "cohort",
    "symptom": "other",
    "observed_from": "1970-01-01T00:00:00+00:00",
}


def conf_of_cohort(tickets: Sequence[str]) -> dict[str, Any]:
    """Return the conf with which one run of `sla_violation` carries these tickets of System T."""
    return {**_PLACEHOLDERS, "description": f"A cohort of {len(tickets)} incidents.", "incidents": list(tickets)}


def carries_cohort(context: Context) -> bool:
    """Tell whether the run was started with tickets of System T rather than with one notification."""
    conf = context["dag_run"].conf
    return isinstance(conf, Mapping) and "incidents" in conf
