"""A real Airflow on loopback ports, started for a demo, an operator's desk or a test, and gone afterwards."""

from deploy.stack.airflow_stack import AirflowStack, UnableToStartAirflow
from deploy.stack.rest import RunNotFinished, StackApi
from deploy.stack.settings import OperationsDatabase, StackSettings
from include.sla_logic.cli.airflow_api import UnableToReachAirflow

__all__ = [
    "AirflowStack",
    "OperationsDatabase",
    "RunNotFinished",
    "StackApi",
    "StackSettings",
    "UnableToReachAirflow",
    "UnableToStartAirflow",
]
