"""One game: an incident, the hands of its series, and an operator who brings it to its end."""

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from deploy.stack.rest import StackApi
from include.sla_logic.cli.airflow_api import AirflowBusy, UnableToReachAirflow, runs_of
from include.sla_logic.persistence.incident_records import ticket_id
from include.sla_logic.services.watchdog import lost_tasks
from tests.faults.installation import DAG, Installation
from tests.hands.games.buttons import Buttons
from tests.hands.games.customers import Known, load
from tests.hands.games.series import Series
from tests.hands.games.watch import Seen, Standing, Watch

IMPATIENT_SECONDS = 30  # after which the next hand does not wait any longer for its step
STUCK_SECONDS = 600  # without any task that has moved; a busy machine needs long for one
LOOKED_AFTER_SECONDS = 300  # for which an operator leaves it to the watchdog to start a deleted run
CLEARS = 12  # more than any series can need: one for each decision and each document
FAILED = ("failed", "upstream_failed")


@dataclass
class Game:
    """What was played, and what was found meanwhile."""

    known: Known
    buttons: Buttons
    healed: int = 0  # clears of the operator
    findings: list[str] = field(default_factory=list)

    @property
    def series(self) -> Series:
        return self.known.series

    def incidents(self, seen: Seen) -> Iterator[tuple[str, Standing]]:
        """Yield the references of this game that have become an incident."""
        for reference in sorted(self.buttons.references):
            if reference in seen.incidents:
                yield reference, seen.incidents[reference]


class Player:
    """Plays a game in a thread of its own."""

    def __init__(self, installation: Installation, watch: Watch, series: Series) -> None:
        self.installation, self.watch = installation, watch
        known = load(installation.use_cases, series)
        self.game = Game(known, Buttons(installation, known))
        self.reference = known.conf["external_reference"]
        self.answered = False
        self.lost: dict[str, tuple[str, ...]] = {}

    @property
    def api(self) -> StackApi:
        return self.installation.stack.api

    def play(self) -> Game:
        game, buttons = self.game, self.game.buttons
        buttons.start()
        for hand in game.series.hands:
            self._until(partial(self._has_done, hand.after), IMPATIENT_SECONDS)
            standing = self.watch.seen.incidents.get(self.reference)
            buttons.press(hand, standing.ticket if standing else None)
        self._bring_to_its_end()
        return game

    def _has_done(self, steps: int, seen: Seen) -> bool:
        standing = seen.incidents.get(self.reference)
        return standing is not None and standing.done >= steps

    def _until(self, reached: Callable[[Seen], bool], seconds: float) -> bool:
        """Wait for it; meanwhile the operator answers the request, when the series says so."""

        def looked(seen: Seen) -> bool:
            self._answer_when_due(seen)
            return reached(seen)

        return self.watch.until(looked, seconds)

    def _answer_when_due(self, seen: Seen) -> None:
        standing, answer = seen.incidents.get(self.reference), self.game.series.answer
        if self.answered or standing is None or standing.waits_since is None or answer.how is None:
            return
        if seen.at >= standing.waits_since.timestamp() + answer.after_seconds:
            self.answered = True
            self.game.buttons.note(f"the operator: {answer.how} -> {self.game.buttons.answer(answer.how)}")

    def _bring_to_its_end(self) -> None:
        """Clear what the sentences of failed tasks name until the incident has ended and no run goes on."""
        for _ in range(CLEARS):
            if not self._come_to_rest():
                self.game.findings.append(f"is stuck: {self._situation()}")
                return
            left = [one for _, one in self.game.incidents(self.watch.seen) if not one.closed]
            if not left and self.reference in self.watch.seen.incidents:
                return
            for run_id in [one.run_id for one in left] or [self.game.known.run_id]:
                with suppress(AirflowBusy):
                    self._heal(run_id)
        self.game.findings.append(f"is not healed by {CLEARS} clears: {self._situation()}")

    def _come_to_rest(self) -> bool:
        """Wait until no run of the game goes on; False where nothing at all has moved for long."""
        before = ""
        while not self._until(lambda seen: self.game.buttons.runs.isdisjoint(seen.active), STUCK_SECONDS):
            if (now := self._situation()) == before:
                return False
            before = now
        return True

    def _heal(self, run_id: str) -> None:
        self.game.healed += 1
        failed = self._failed_tasks(run_id)
        if failed is None:
            self._start_again(run_id)
            return
        if self.lost.get(run_id):
            self._delete_and_start_again(run_id, f"it has lost {self.lost.pop(run_id)}")
            return
        sentences = [sentence for task, tries in failed.items() if (sentence := self._sentence(run_id, task, tries))]
        if any("Delete this run" in sentence for sentence in sentences):
            self._delete_and_start_again(run_id, sentences)
            return
        if named := re.findall("Clear the task ([a-z_]+)", " ".join(sentences)):
            did = self.game.buttons.clear(run_id, named[:1], include_downstream=True)
            self.game.buttons.note(f"the operator: clears {named[0]} of {run_id} -> {did}")
        elif failed:
            did = self.game.buttons.clear(run_id, list(failed), include_downstream=True)
            self.game.buttons.note(f"the operator: clears {list(failed)} of {run_id} -> {did} {sentences}")
        else:
            self._clear_what_looks_ended(run_id)
        self._until(lambda seen: run_id in seen.active, 30)

    def _delete_and_start_again(self, run_id: str, why: object) -> None:
        self.game.buttons.note(f"the operator: deletes {run_id} -> {self.game.buttons.delete(run_id)} {why}")
        self._start_again(run_id)

    def _start_again(self, run_id: str) -> None:
        """Leave a deleted run to the watchdog half of the times; else start it as a person would."""
        if self.game.series.seed % 2 and self._until(lambda seen: run_id in seen.active, LOOKED_AFTER_SECONDS):
            self.game.buttons.note(f"the watchdog has started {run_id}")
            return
        answer = self.game.buttons.trigger(run_id, self.game.known.conf)
        self.game.buttons.note(f"the operator: starts {run_id} -> {answer}")

    def _clear_what_looks_ended(self, run_id: str) -> None:
        """Nothing has failed: only the doctor can say that something is missing, and must, unless a wait is open."""
        if self._is_waited_for(run_id):
            return
        standing = self.watch.seen.incidents.get(self.reference)
        violations = self.installation.use_cases.monitoring.violations(settled=True)
        if standing and not any(one.subject == ticket_id(standing.ticket) for one in violations):
            now = self.watch.seen.incidents.get(self.reference)
            if not (now and now.closed) and run_id not in self.watch.seen.active:
                self.game.findings.append(f"{run_id} has ended, its incident has not, and the doctor does not say so")
        did = self.game.buttons.clear_run(run_id)
        self.game.buttons.note(f"the operator: clears the run {run_id} -> {did}")

    def _is_waited_for(self, run_id: str) -> bool:
        """Tell whether the watchdog resumes the run once its request is answered or too late, as it must."""

        def waits(seen: Seen) -> bool:
            standing = seen.incidents.get(self.reference)
            return standing is not None and standing.waits_until is not None

        if not waits(self.watch.seen):
            return False
        self._until(lambda seen: not waits(seen) or run_id in seen.active, STUCK_SECONDS)
        if self._until(lambda seen: run_id in seen.active, LOOKED_AFTER_SECONDS):
            self.game.buttons.note(f"the watchdog resumes {run_id} after its wait")
            return True
        return False

    def _failed_tasks(self, run_id: str) -> dict[str, int] | None:
        """Return the failed tasks, each with its number of tries; None where Airflow has no such run."""
        answer = self.api.request("GET", f"{runs_of(DAG)}/{run_id}/taskInstances", params={"limit": 200})
        if answer.is_error:
            return None
        tasks = answer.json()["task_instances"]
        self.lost[run_id] = lost_tasks([task["task_id"] for task in tasks])  # as `sla doctor --repair` does
        return {task["task_id"]: task["try_number"] for task in tasks if task["state"] == "failed"}

    def _sentence(self, run_id: str, task: str, tries: int) -> str:
        """Read in the task's log why it failed; empty where a person has marked it."""
        path = f"{runs_of(DAG)}/{run_id}/taskInstances/{task}/logs/{tries}"
        answer = self.api.request("GET", path, params={"full_content": True}, headers={"Accept": "application/json"})
        if answer.is_error:
            return ""
        entries = [entry for entry in answer.json()["content"] if isinstance(entry, dict)]
        errors = [error for entry in entries for error in entry.get("error_detail") or []]
        return next((str(error["exc_value"]) for error in errors if error["exc_type"] == "AirflowFailException"), "")

    def _situation(self) -> str:
        said = []
        for run_id in sorted(self.game.buttons.runs):
            try:
                states = self.api.task_states(DAG, run_id)
                said.append(f"{run_id} {self.api.run_state(DAG, run_id)} {_unfinished(states)}")
            except UnableToReachAirflow as refusal:
                said.append(f"{run_id}: {refusal}")
        return "; ".join(said)


def _unfinished(states: dict[str, str | None]) -> dict[str, str | None]:
    return {task: state for task, state in states.items() if state not in {"success", "skipped"}}
