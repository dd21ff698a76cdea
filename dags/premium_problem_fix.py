"""The extra problem fix process for premium customers, to which `sla_violation` links.

It takes over the incident as a child ticket and assigns it. The process text gives no further details; add here what
else TELECO does for a premium customer.
"""

from airflow.sdk import DAG, Param

from include.sla_logic.process import extra_problem_fix
from sla_airflow.notifier import FailedStep
from sla_airflow.operators import TRY_FOR_AN_HOUR
from sla_airflow.premium import Takeover

with DAG(
    "premium_problem_fix",
    description="Take over the incident of a premium customer as a child ticket.",
    doc_md=__doc__,
    tags=["incident", "premium"],
    schedule=None,
    catchup=False,
    max_active_runs=100,
    params={
        "incident": Param(
            title="Incident",
            description="Run of sla_violation whose incident to take over.",
            type="string",
            minLength=1,
        )
    },
    default_args={
        **TRY_FOR_AN_HOUR,
        "priority_weight": 500,  # before the steps of other incidents, whose weight is the number of steps that follow
        "weight_rule": "absolute",
        "on_failure_callback": FailedStep(incident="incident"),
    },
) as dag:
    Takeover(step=extra_problem_fix.take_over_incident)
