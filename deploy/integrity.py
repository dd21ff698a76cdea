"""Read the DAGs as Airflow does and refuse what an operator could not run: `python -m deploy.integrity`."""

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from deploy.stack.settings import ROOT, sqlite_url

LEAST_RETRIES = 2


def check(dags_folder: Path) -> Iterator[str]:
    """Tell each fault: unreadable files, no DAG at all, no tags, no documentation, too few retries."""
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(dag_folder=dags_folder)
    for file, error in bag.import_errors.items():
        yield f"{file} cannot be read:\n{error}"
    if not bag.dags:
        yield f"there is no DAG in {dags_folder.name}/"
    for dag_id, dag in sorted(bag.dags.items()):
        yield from (f"{dag_id}: {fault}" for fault in _faults(dag))
        print(f"{dag_id}: {len(dag.tasks)} tasks, tags {', '.join(sorted(dag.tags))}")


def _faults(dag: Any) -> Iterator[str]:
    if not dag.tags:
        yield "has no tags"
    if not dag.doc_md:
        yield "has no doc_md"
    retries = dag.default_args.get("retries", 0)
    if retries < LEAST_RETRIES:
        yield f"retries {retries} times by default; {LEAST_RETRIES} is the least"


def main() -> int:
    """Use a throw-away home, so that no setting of the user's decides."""
    with tempfile.TemporaryDirectory(prefix="airflow-integrity-") as home:
        os.environ.update(
            {
                "AIRFLOW_HOME": home,
                "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
                "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
                "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
                "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": sqlite_url(Path(home) / "airflow.db"),
            }
        )
        sys.path.insert(0, str(ROOT / "plugins"))
        faults = list(check(ROOT / "dags"))
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
