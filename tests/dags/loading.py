"""Read a DAG file as Airflow does: by its path."""

import importlib.util
import sys
from functools import cache
from pathlib import Path
from types import ModuleType

from airflow.sdk import DAG

DAGS = Path(__file__).resolve().parents[2] / "dags"


@cache
def load_dag(name: str) -> DAG:
    dag: DAG = _load(name).dag
    return dag


def _load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"dag_file_{name}", DAGS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
