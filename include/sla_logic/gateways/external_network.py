"""The operator's own network as the steps see it; what it has not answered yet is asked outside the transaction."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import cast

from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.network import Action, ActionResult, Alarm, Probe, Resource
from include.sla_logic.gateways.kept_measurements import MeasurementKeeper
from include.sla_logic.gateways.network_client import NetworkClient, UnableToReachNetwork
from include.sla_logic.gateways.network_questions import (
    Answer,
    MeasurementOf,
    Order,
    Question,
    ServiceState,
    StateOf,
    UnansweredQuestions,
)
from include.sla_logic.gateways.order_journal import OrderJournal
from include.sla_logic.persistence.batch import Batch
from include.sla_logic.persistence.database import Database
from include.sla_logic.settings import NetworkSystem


class ExternalNetwork:
    """Answers from what the network has answered before; raises `UnansweredQuestions` for the rest.

    What is looked at and measured after an order is another question than the same one before it.
    """

    def __init__(self, batch: Batch) -> None:
        self._answers = cast("Mapping[Question, Answer]", batch.answers)
        self._keeper = MeasurementKeeper(batch)
        self._after: str | None = None
        self._since: datetime | None = None

    def resources(self, service: str) -> Sequence[Resource]:
        return self._state(service).resources

    def alarms(self, service: str) -> Sequence[Alarm]:
        return self._state(service).alarms

    def undertake(self, action: Action, resource: str, *, order: str) -> ActionResult:
        result = cast("ActionResult", self._answer(Order(order, action, resource)))
        self._after = order
        self._since = result.at if self._since is None else max(self._since, result.at)
        return result

    def probe(self, service: str) -> Sequence[Probe]:
        probes = cast("tuple[Probe, ...]", self._answer(MeasurementOf(service, self._after, self._since)))
        self._keeper.keep(service, probes)
        return probes

    def flush(self) -> None:
        """Write what was measured; orders and their answers are kept already."""
        self._keeper.flush()

    def _state(self, service: str) -> ServiceState:
        return cast("ServiceState", self._answer(StateOf(service, self._after)))

    def _answer(self, question: Question) -> Answer:
        if question not in self._answers:
            raise UnansweredQuestions([question])
        answer = self._answers[question]
        if isinstance(answer, ForeseenError):
            raise answer
        return answer


def ask_network(database: Database, system: NetworkSystem, questions: Sequence[Question]) -> dict[Question, Answer]:
    """Ask the network; raise at once what concerns all questions, keep what else goes wrong as the answer."""
    journal, orders = OrderJournal(database), [one for one in questions if isinstance(one, Order)]
    known, sent_before = journal.begin(list(dict.fromkeys(orders)), address=system.url)
    answers: dict[Question, Answer] = dict(known.items())
    with NetworkClient(system) as client:
        for question in questions:
            if question in answers:
                continue
            try:
                answers[question] = _ask(client, journal, question, sent_before=question in sent_before)
            except ForeseenError as error:
                if isinstance(error, UnableToReachNetwork) or error.concerns_all:
                    raise
                answers[question] = error
    return answers


def _ask(client: NetworkClient, journal: OrderJournal, question: Question, *, sent_before: bool) -> Answer:
    if isinstance(question, StateOf):
        return client.state(question)
    if isinstance(question, MeasurementOf):
        return client.measure(question, now=journal.now())
    result = client.give(question, sent_before=sent_before)
    journal.keep(question, result)
    return result
