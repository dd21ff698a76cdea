"""Every button of a series, pressed as a person does: through Airflow's REST API, or the doors of the desk."""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.persistence.incident_records import ticket_id
from include.sla_logic.process import graph
from tests.faults.installation import DAG, Installation
from tests.hands.games.customers import Known
from tests.hands.games.series import STARTED_WITH, Button, Hand

EXTRA = "premium_problem_fix"
GROUPS = {
    step.name: "".join(letter if letter.isalnum() else "_" for letter in stage.title.lower())
    for stage in graph.STAGES
    for step in stage.steps
}


class Buttons:
    """Presses for one game and keeps what came of it; what Airflow refuses is no fault."""

    def __init__(self, installation: Installation, known: Known) -> None:
        self.installation, self.known = installation, known
        self.runs: set[str] = set()  # more runs of the process that people have started
        self.references: set[str] = {known.conf["external_reference"]}
        self.log: list[str] = []

    def press(self, hand: Hand, ticket: int | None) -> None:
        """Press one button; `ticket` is the number of the incident, if it has one yet."""
        try:
            answer = _PRESSED[hand.button](self, hand, ticket)
        except ForeseenError as refusal:
            answer = f"refused: {refusal}"
        self.note(f"{hand} -> {answer}")

    def note(self, said: object) -> None:
        self.log.append(f"{time.strftime('%H:%M:%S')} {said}")

    def start(self) -> None:
        self.installation.stack.api.start_run(DAG, conf=dict(self.known.conf), run_id=self.known.run_id)
        self.runs.add(self.known.run_id)

    def clear(self, run_id: str, tasks: list[str], **flags: bool) -> object:
        body = {"dry_run": False, "task_ids": tasks, "dag_run_id": run_id, "only_failed": False, **flags}
        return self._ask("POST", f"/api/v2/dags/{DAG}/clearTaskInstances", json=body)

    def clear_run(self, run_id: str, *, only_failed: bool = False) -> object:
        return self._ask("POST", f"{_run(run_id)}/clear", json={"dry_run": False, "only_failed": only_failed})

    def delete(self, run_id: str) -> object:
        return self._ask("DELETE", _run(run_id))

    def answer(self, how: str) -> str:
        """Release or reject the request; what came of it stands in the database, and the oracle looks there."""
        answer = {"released": "release", "rejected": "reject"}[how]
        door = getattr(self.installation.use_cases.restorations, answer)
        with suppress(ForeseenError):
            door(self.known.run_id, by="Kim", reason=f"{how} by hand")
            return how
        return "refused"

    def trigger(self, run_id: str, conf: Mapping[str, Any], dag: str = DAG) -> object:
        if dag == DAG:
            self.runs.add(run_id)
        body = {"conf": dict(conf), "dag_run_id": run_id, "logical_date": None}
        return self._ask("POST", f"/api/v2/dags/{dag}/dagRuns", json=body)

    def mark_task(self, hand: Hand, _ticket: int | None) -> object:
        body = {"new_state": hand.state, **dict.fromkeys(hand.flags, True)}
        return self._ask("PATCH", f"{_run(self.known.run_id)}/taskInstances/{hand.task}", json=body)

    def mark_group(self, hand: Hand, _ticket: int | None) -> object:
        place = f"{_run(self.known.run_id)}/taskGroupInstances/{GROUPS[hand.task]}"
        return self._ask("PATCH", place, json={"new_state": hand.state})

    def clear_task(self, hand: Hand, _ticket: int | None) -> object:
        return self.clear(self.known.run_id, [hand.task], **dict.fromkeys(hand.flags, True))

    def delete_task(self, hand: Hand, _ticket: int | None) -> object:
        return self._ask("DELETE", f"{_run(self.known.run_id)}/taskInstances/{hand.task}")

    def mark_run(self, hand: Hand, _ticket: int | None) -> object:
        return self._ask("PATCH", _run(self.known.run_id), json={"state": hand.state})

    def clear_whole_run(self, hand: Hand, _ticket: int | None) -> object:
        return self.clear_run(self.known.run_id, only_failed="only_failed" in hand.flags)

    def delete_run(self, hand: Hand, _ticket: int | None) -> object:
        """Delete the run, which must not be active; some start it again and tell something else."""
        run_id = self.known.run_id
        answers = [self._ask("PATCH", _run(run_id), json={"state": "failed"}), self.delete(run_id)]
        if STARTED_WITH in hand.flags:
            answers.append(self.trigger(run_id, {**self.known.conf, "description": "It is worse now."}))
        return answers

    def pause(self, hand: Hand, _ticket: int | None) -> object:
        """Pause the DAG for all games at once."""
        self._ask("PATCH", f"/api/v2/dags/{DAG}", json={"is_paused": True})
        time.sleep(hand.seconds)
        return self._ask("PATCH", f"/api/v2/dags/{DAG}", json={"is_paused": False})

    def same_again(self, hand: Hand, _ticket: int | None) -> object:
        return self.trigger(f"again.{self.known.series.seed}.{hand.after}", self.known.conf)

    def same_run(self, _hand: Hand, _ticket: int | None) -> object:
        return self.trigger(self.known.run_id, self.known.conf)

    def named_like_ticket(self, _hand: Hand, ticket: int | None) -> object:
        return self.trigger(ticket_id(ticket or self.known.series.seed), self.known.conf)

    def other_conf(self, hand: Hand, _ticket: int | None) -> object:
        changed = {"description": "It is worse now.", "urgency": 3, "service": "S-1001"}[hand.state]
        conf = {**self.known.conf, hand.state: changed}
        return self.trigger(f"edited.{self.known.series.seed}.{hand.after}", conf)

    def other_reference(self, hand: Hand, _ticket: int | None) -> object:
        """Report the same problem once more: a second incident, for which the window must not be paid again."""
        reference = f"GAME-{self.known.series.seed}-{hand.after}"
        self.references.add(reference)
        return self.trigger(f"incident.{reference}", {**self.known.conf, "external_reference": reference})

    def cohort(self, hand: Hand, ticket: int | None) -> object:
        told = ("customer", "service", "symptom", "description", "observed_from")
        conf = {name: self.known.conf[name] for name in told}
        run_id = f"cohort.{self.known.series.seed}.{hand.after}"
        return self.trigger(run_id, {**conf, "incidents": [ticket_id(ticket or self.known.series.seed)]})

    def premium(self, hand: Hand, ticket: int | None) -> object:
        named = ticket_id(ticket) if ticket and hand.after % 2 else self.known.run_id
        return self.trigger(f"extra.{self.known.series.seed}.{hand.after}", {"incident": named}, EXTRA)

    def release(self, _hand: Hand, _ticket: int | None) -> object:
        return self.answer("released")

    def reject(self, _hand: Hand, _ticket: int | None) -> object:
        return self.answer("rejected")

    def _ask(self, method: str, path: str, **parameters: Any) -> int:
        return self.installation.stack.api.request(method, path, **parameters).status_code


def _run(run_id: str) -> str:
    return f"/api/v2/dags/{DAG}/dagRuns/{quote(run_id)}"


_Pressed = Callable[[Buttons, Hand, int | None], object]
_PRESSED: Mapping[Button, _Pressed] = MappingProxyType(
    {
        Button.MARK_TASK: Buttons.mark_task,
        Button.MARK_GROUP: Buttons.mark_group,
        Button.CLEAR_TASK: Buttons.clear_task,
        Button.DELETE_TASK: Buttons.delete_task,
        Button.MARK_RUN: Buttons.mark_run,
        Button.CLEAR_RUN: Buttons.clear_whole_run,
        Button.DELETE_RUN: Buttons.delete_run,
        Button.PAUSE: Buttons.pause,
        Button.SAME_AGAIN: Buttons.same_again,
        Button.SAME_RUN: Buttons.same_run,
        Button.NAMED_LIKE_TICKET: Buttons.named_like_ticket,
        Button.OTHER_CONF: Buttons.other_conf,
        Button.OTHER_REFERENCE: Buttons.other_reference,
        Button.COHORT: Buttons.cohort,
        Button.PREMIUM: Buttons.premium,
        Button.RELEASE: Buttons.release,
        Button.REJECT: Buttons.reject,
    }
)
