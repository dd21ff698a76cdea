"""The trials of `scale` and what the simulation makes of them, kept as JSON and shown as the tables of docs/scale.md.

`PYTHONPATH=.:plugins python -m benchmarks.scale_figures` simulates again and renews the page.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from itertools import pairwise
from typing import Any

from benchmarks.kept_trials import read, read_trials, write
from benchmarks.scale_model import PLACES, Answer, Fit, Prediction, answer, fit, predictions
from benchmarks.trials import Trial
from deploy.stack.settings import ROOT

FILE, PAGE = ROOT / "docs" / "scale.json", ROOT / "docs" / "scale.md"
BEGIN, END = "<!-- figures: made by benchmarks/scale_figures.py -->\n", "<!-- end of figures -->\n"
NAMES = {"quiet": "LocalExecutor, earlier", "local": "LocalExecutor", "celery": "Celery, two workers"}
RATES, WAYS = (10.0, 100.0), ("cohorts", "single runs")
ASKED = (2_500, 5_000, 10_000)


def fits(content: dict[str, Any]) -> Iterator[tuple[Fit, list[Prediction]]]:
    """Fit each executor that has been tried with more at once than there are places, and predict its other trials."""
    trials, like = read_trials(content), None
    for executor in ("local", "quiet", "celery"):
        own = [one for one in trials if one.executor == executor]
        if any(one.kind == "at once" and one.incidents > one.places for one in own):
            found = fit(own, content["cores"], like=like if executor == "quiet" else None)
            like = like or found.costs
            yield found, predictions(found, own)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table of a page."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def name(trial: Trial) -> str:
    """Name a trial as the page does."""
    told = _what(trial)
    return told if trial.places == PLACES else f"{told}, {trial.places} places"


def _what(trial: Trial) -> str:
    if trial.kind == "backlog":
        return f"backlog of {trial.incidents:,} in cohorts of {trial.cohort:,}"
    if trial.kind == "rate":
        return f"{trial.rate:g} incidents a second, {trial.incidents} of them"
    return {0: "nothing to do", 1: "one incident"}.get(trial.incidents, f"{trial.incidents} incidents at once")


def measured(trials: Sequence[Trial]) -> str:
    """Show what was measured."""
    parts = (("scheduler",), ("api-server",), ("PostgreSQL",), ("tasks", "workers", "Redis"))
    rows = []
    for one in trials:
        each = [1000 * one.spent / count if count else 0.0 for count in (one.incidents, one.tasks)]
        spent = [] if "all" in one.cpu else [sum(one.cpu.get(part, 0.0) for part in group) for group in parts]
        shown = [f"{one.wall:.1f}", f"{one.spent:.1f}", *(f"{n:,.0f}" if n else "" for n in each)]
        rows.append([NAMES[one.executor], name(one), *shown, ", ".join(f"{s:.1f}" for s in spent), f"{one.others:.2f}"])
    head = ["executor", "trial", "wall s", "CPU s", "CPU ms an incident", "CPU ms a task"]
    return table([*head, "CPU s of scheduler, api-server, PostgreSQL, workers", "cores of other programs"], rows)


def slopes(trials: Sequence[Trial]) -> str:
    """Say what further tickets cost, from each size of backlog to the next."""
    rows = []
    keys = dict.fromkeys((one.executor, one.cohort) for one in trials if one.kind == "backlog")
    for executor, cohort in keys:
        sizes = [one for one in trials if (one.kind, one.executor, one.cohort) == ("backlog", executor, cohort)]
        for small, large in pairwise(sorted(sizes, key=lambda t: t.incidents)):
            more = large.incidents - small.incidents
            costs = (1000 * (large.spent - small.spent) / more, 1000 * (large.wall - small.wall) / more)
            span = f"{small.incidents:,} to {large.incidents:,}, cohorts of {cohort:,}"
            rows.append([NAMES[executor], span, *(f"{cost:.0f}" for cost in costs)])
    return table(["executor", "tickets", "CPU ms of a further ticket", "wall ms of a further ticket"], rows)


def ratio(trials: Sequence[Trial]) -> str:
    """Say what a task costs on Celery against LocalExecutor."""
    told = []
    for one in trials:
        same = [t for t in trials if (t.kind, t.incidents, t.executor) == ("at once", one.incidents, "celery")]
        if (one.kind, one.executor) == ("at once", "local") and one.incidents > 1 and same:
            times = same[0].spent / same[0].tasks / (one.spent / one.tasks)
            met = "met" if times <= 1.2 else "missed"
            told.append(f"{times:.2f} with {one.incidents} at once (aim 1.2: {met})")
    return f"CPU of a task on Celery against LocalExecutor, all processes: {', '.join(told) or 'not measured'}.\n"


def missing(trials: Sequence[Trial]) -> str:
    """Say which of the sizes that were asked for are not measured yet."""
    there = {(one.executor, one.incidents) for one in trials if one.kind == "backlog"}
    told = []
    for who in ("local", "celery"):
        left = [f"{size:,}" for size in ASKED if not _near(there, who, size)]
        told += [f"{', '.join(left)} by {NAMES[who]}"] * bool(left)
    return f"Backlogs that are not measured yet: {'; '.join(told)}.\n" if told else ""


def _near(there: set[tuple[str, int]], who: str, size: int) -> bool:
    return any(name == who and 0.99 * size <= tickets <= size for name, tickets in there)


def fitted(found: Sequence[Fit]) -> str:
    """Show what the simulation was given."""
    rows = []
    for one in found:
        costs = one.costs
        task = ", ".join(f"{1000 * s:.0f}" for s in (costs.scheduler, costs.api, costs.database, costs.worker))
        ticket = f"{1000 * costs.ticket_worker:.1f}, {1000 * costs.ticket_database:.1f}"
        waits = [f"{costs.linger:.2f}", f"{1000 * costs.after:.0f}", f"{1000 * costs.pause:.0f}"]
        rows.append(
            [NAMES[one.executor], task, ticket, *waits, f"{costs.idle:.2f}", f"{one.tasks}, {one.cohort_tasks}"]
        )
    head = [
        "executor",
        "CPU ms of a task: scheduler, api-server, PostgreSQL, worker",
        "and of a ticket: worker, PostgreSQL",
    ]
    head += ["place kept after the end, s", "worker's CPU beside the next task, ms", "pause between tasks, ms"]
    return table([*head, "cores with nothing to do", "tasks of a single run, of a cohort"], rows)


def predicted(made: Sequence[Prediction]) -> str:
    """Show what was predicted, and how wrong."""
    rows = [
        [
            NAMES[p.trial.executor],
            name(p.trial),
            p.what,
            f"{p.measured:.1f}",
            f"{p.predicted:.1f}",
            f"{100 * p.error:+.0f} %",
        ]
        for p in made
    ]
    return table(["executor", "trial", "seconds", "measured", "predicted", "error"], rows)


def answered(answers: Sequence[Answer]) -> str:
    """Show what higher rates need."""
    rows = []
    for one in answers:
        cores = [one.workers, one.schedulers, one.api_servers, one.database]
        shown = [str(sum(cores)), *(f"{n} ({100 * b:.0f} %)" for n, b in zip(cores, one.busy.values(), strict=True))]
        rows.append(
            [
                NAMES[one.executor],
                f"{one.rate:g}",
                one.way,
                *shown,
                str(one.places),
                f"{one.mean:.0f}, {one.slowest:.0f}",
            ]
        )
    head = [
        "executor",
        "a second",
        "as",
        "cores",
        "workers' cores (busy)",
        "schedulers",
        "api-servers",
        "PostgreSQL's cores",
    ]
    return table([*head, "places", "mean and 95th percentile, s"], rows)


def figures(content: dict[str, Any]) -> str:
    """Write everything that stands between the marks of the page."""
    trials, found = read_trials(content), list(fits(content))
    made = [prediction for _, some in found for prediction in some]
    answers = [Answer(**row) for row in content["answers"]]
    return "\n".join(
        [
            f"Machine: {content['machine']}.\n",
            "### Measured\n",
            measured(trials),
            slopes(trials),
            ratio(trials),
            missing(trials),
            "### What the simulation was given\n",
            fitted([one for one, _ in found]),
            "### What it predicted\n",
            predicted(made),
            "### What a rate needs\n",
            answered(answers),
        ]
    )


def renewed(page: str, shown: str) -> str:
    """Put the figures between the marks."""
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}\n{shown}{END}{rest.partition(END)[2]}"


def renew() -> None:
    """Simulate what the rates need, keep it, renew the page."""
    content = read(FILE)
    content["answers"] = [
        asdict(answer(one, rate, way))
        for one, _ in fits(content)
        for way in WAYS
        for rate in RATES
        if way != "cohorts" or one.costs.ticket_worker
    ]
    write(FILE, content)
    PAGE.write_text(renewed(PAGE.read_text("utf-8"), figures(content)), "utf-8")


if __name__ == "__main__":
    renew()
