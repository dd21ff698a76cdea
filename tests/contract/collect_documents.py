"""Collect one document of each kind from the ways of the small TELECO, as a release has written it, and its problems.

Run `python -m tests.contract.collect_documents NUMBER` once for each release; what it wrote is never changed again.
"""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from include.sla_logic.domain.open_apis.service_problem import service_problem
from include.sla_logic.domain.premium import PremiumCase
from include.sla_logic.process.extra_problem_fix import take_over_incident
from include.sla_logic.sample_data import make_sample
from tests.reference.walk import ANCHOR, walk_all

FOLDER = Path(__file__).parent / "documents"


def collect() -> tuple[dict[str, dict[str, Any]], list[dict[str, Any]]]:
    """Return the longest document of each kind: it has the most in it; and each service problem, kept and as TMF656."""
    documents: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as folder:
        use_cases, ways = walk_all(make_sample(7, ANCHOR), f"sqlite:///{folder}/teleco.db", Path(folder))
        for key in ways:
            if use_cases.lookups.incident(f"walk-{key}").document(PremiumCase):
                use_cases.incidents.perform(take_over_incident, run_id=f"walk-{key}")
            for document in use_cases.lookups.incident(f"walk-{key}").documents:
                if len(json.dumps(document.body)) > len(json.dumps(documents.get(document.kind, {}))):
                    documents[document.kind] = document.body
        problems = [
            {"kept": view.model_dump(mode="json"), "tmf656": service_problem(view)}
            for view in use_cases.lookups.service_problems(open_only=False)
        ]
    return documents, problems


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, written in zip(("release", "service_problems"), collect(), strict=True):
        text = json.dumps(written, indent=1, sort_keys=True)
        (FOLDER / f"{name}_{int(sys.argv[1])}.json").write_text(f"{text}\n", "utf-8")
