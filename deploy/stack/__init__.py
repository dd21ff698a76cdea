"""A real Airflow on loopback ports, started for a demo, an operator's desk or a test, and gone afterwards."""

from deploy.stack.airflow_stack import AirflowStack, UnableToStartAirflow
from deploy.stack.rest import AirflowApi, RunNotFinished, UnableToReachAirflow
from deploy.stack.settings import OperationsDatabase, StackSettings

__all__ = [
    "AirflowApi",
    "AirflowStack",
    "OperationsDatabase",
    "RunNotFinished",
    "StackSettings",
    "UnableToReachAirflow",
    "UnableToStartAirflow",
]
