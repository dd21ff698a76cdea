"""What a step asks of the operator's own network; it is asked between two tries of the step, outside a transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.network import Action, ActionResult, Alarm, Probe, Resource


@dataclass(frozen=True)
class StateOf:
    """The resources of a service and their alarms; `after` is the order after which they are looked at."""

    service: str
    after: str | None = None


@dataclass(frozen=True)
class MeasurementOf:
    """A measurement of a service; one that was taken before the order `after`, carried out at `since`, is too old."""

    service: str
    after: str | None = None
    since: datetime | None = None


@dataclass(frozen=True)
class Order:
    """One action on one resource; the same key is carried out once."""

    key: str
    action: Action
    resource: str


@dataclass(frozen=True)
class ServiceState:
    """The resources of a service in topological order from the customer, and their open alarms, oldest first."""

    resources: tuple[Resource, ...]
    alarms: tuple[Alarm, ...]


Question = StateOf | MeasurementOf | Order
# An error is the answer to one question: only the incident that asked it meets it.
Answer = ServiceState | tuple[Probe, ...] | ActionResult | ForeseenError


class UnableToReadAnswer(ForeseenError):
    """The network's adapter does not keep to its API; asking again brings the same answer."""


class UnansweredQuestions(Exception):
    """The step cannot go on before the network has answered; nothing it did is kept."""

    def __init__(self, questions: Sequence[Question]) -> None:
        super().__init__(f"{len(questions)} questions to the network")
        self.questions = questions
