"""The product's wait alone, under the product's DAG id: what many held incidents cost a triggerer.

The steps before it are done already, and those after it are left to others; `held_incidents` copies this file.
"""

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

from include.sla_logic.process import resource_provisioning
from sla_airflow.operators import TRY_FOR_AN_HOUR
from sla_airflow.restoration import RestorationSensor

with DAG("sla_violation", schedule=None, catchup=False, max_active_runs=10_000, default_args=TRY_FOR_AN_HOUR) as dag:
    hold = RestorationSensor(task_id="await_restoration_request", goes_on=resource_provisioning.go_on_after_the_wait)
    hold >> [EmptyOperator(task_id="track_errors"), EmptyOperator(task_id="terminate_restoration")]
