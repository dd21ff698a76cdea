"""Collect one paper of each kind from the ways of the small TELECO, as a release has written it, and its problems.

Run `python -m tests.contract.collect_papers NUMBER` once for each release; what it wrote is never changed again.
"""

import json
import sys
import tempfile
from pathlib import Path

from include.sla_logic.adapters.small_teleco import small_teleco
from include.sla_logic.departments.extra_problem_fix import take_over_incident
from include.sla_logic.domain.premium import PremiumCase
from tests.reference.test_small_teleco_walk import ANCHOR, walk_all

FOLDER = Path(__file__).parent / "papers"


def collect() -> tuple[dict[str, dict[str, object]], list[dict[str, object]]]:
    """Return the longest paper of each kind: it has the most in it; and each service problem, kept and as TMF656."""
    papers: dict[str, dict[str, object]] = {}
    with tempfile.TemporaryDirectory() as folder:
        office, ways = walk_all(small_teleco(7, ANCHOR), f"sqlite:///{folder}/teleco.db", Path(folder))
        for key in ways:
            if office.case(f"walk-{key}").document(PremiumCase):
                office.perform(take_over_incident, run_id=f"walk-{key}")
            for paper in office.case(f"walk-{key}").documents:
                if len(json.dumps(paper.body)) > len(json.dumps(papers.get(paper.kind, {}))):
                    papers[paper.kind] = paper.body
        problems = [
            {"kept": view.model_dump(mode="json"), "tmf656": view.as_tmf656()}
            for view in office.problems(open_only=False)
        ]
    return papers, problems


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, written in zip(("release", "service_problems"), collect(), strict=True):
        text = json.dumps(written, indent=1, sort_keys=True)
        (FOLDER / f"{name}_{int(sys.argv[1])}.json").write_text(f"{text}\n", "utf-8")
