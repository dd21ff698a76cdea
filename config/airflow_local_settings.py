"""Every Airflow component imports this module at its start; scheduler and workers of Celery before they fork.

- What every task imports is loaded once, before the forks, and shared by them: a quarter less CPU per task below the
  scheduler, three quarters less on a worker of Celery, where every task would import everything.
- Garbage is searched for a seventieth as often: what is loaded stays, and a task ends before it has much of it.
- Runs in which a task has ended are scheduled before those that only wait (`scheduler_priority_patch`).
- Forks end with their parent. Airflow 3.3 leaves the workers of a killed scheduler alive, and with the sockets that
  they inherited, its database sessions and row locks: the next scheduler silently skips the locked runs for ever.
"""

import ctypes
import gc
import importlib
import os
import signal
import sys

SHARED = (
    "PIL.BmpImagePlugin",
    "PIL.GifImagePlugin",
    "PIL.ImageDraw",
    "PIL.ImageFont",
    "PIL.JpegImagePlugin",
    "PIL.PngImagePlugin",
    "PIL.PpmImagePlugin",
    "airflow.providers.standard.operators.python",
    "airflow.providers.standard.operators.trigger_dagrun",
    "airflow.sdk",
    "babel.core",
    "babel.units",
    "holidays.countries",
    "include.sla_logic.services.event_transports",
    "include.sla_logic.services.transports",
    "include.sla_logic.persistence.billing",
    "include.sla_logic.persistence.queries.incident",
    "include.sla_logic.gateways.sender",
    "include.sla_logic.gateways.simulated_ledger",
    "include.sla_logic.gateways.simulated_network",
    "include.sla_logic.gateways.smtp",
    "include.sla_logic.letters.letter_outbox",
    "include.sla_logic.process.billing",
    "include.sla_logic.process.customer_service",
    "include.sla_logic.process.extra_problem_fix",
    "include.sla_logic.process.resource_provisioning",
    "include.sla_logic.process.service_management",
    "include.sla_logic.services",
    "jinja2",
    "numpy",
    "sla_airflow.operators",
    "sla_airflow.notification_form",
    "sla_airflow.premium",
    "sla_airflow.restoration",
)

gc.set_threshold(50_000, 20, 20)

IS_SCHEDULER = sys.argv[1:2] == ["scheduler"]
IS_WORKER = sys.argv[1:3] == ["celery", "worker"]

if IS_SCHEDULER or IS_WORKER:
    for name in SHARED:
        importlib.import_module(name)
    # Load the business tables and the texts of letters too: reading their YAML costs a task as much as its step, and
    # so does compiling its SQL, of which the last line does most; no connection stays open.
    importlib.import_module("include.sla_logic.persistence.policy_tables").policies_in_force()
    importlib.import_module("include.sla_logic.letters.letter_outbox").preload()
    importlib.import_module("sla_airflow.runtime").warm_up()
if IS_SCHEDULER:
    importlib.import_module("scheduler_priority_patch").install()

PR_SET_PDEATHSIG = 1
FORKS = 2  # a worker or trigger runner, and the process of a task; what a task starts is left alone

_forks = 0


def _end_with_parent() -> None:
    """Ask Linux to kill this process with its parent; on other systems a supervisor must end the process group."""
    global _forks  # noqa: PLW0603 - the depth of this process below its component
    _forks += 1
    if _forks <= FORKS:
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


FORKING = (["scheduler"], ["triggerer"], ["dag-processor"])
if sys.platform == "linux" and (IS_WORKER or sys.argv[1:2] in FORKING):
    os.register_at_fork(after_in_child=_end_with_parent)
