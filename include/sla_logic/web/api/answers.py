"""What every answer of the API is made of, and the body that asks for an action.

The names of these models and of their fields are public: a test compares them with the stored description of the API.
Documents of a case file (`SlaComparison`, `Rebate`, …) are public too and are answered as they are stored.
"""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field


class Answer(BaseModel):
    """A part of an answer, filled from the row with the same field names."""

    model_config = ConfigDict(from_attributes=True)

    @classmethod
    def of(cls, row: object) -> Self:
        """Read the fields from a row of a query."""
        return cls.model_validate(row)


class Fault(Answer):
    """One fault of a notification: the field, written `.field`, and what is wrong and to be sent instead."""

    field: str
    reason: str


class Problem(BaseModel):
    """Why a request was refused; a notification's faults stand one by one too."""

    status: int
    title: str
    detail: str
    faults: list[Fault] = []


class StartedRun(BaseModel):
    """The run that works on a notification."""

    run_id: str


class Order(BaseModel):
    """Why something is to be done, and what the action asks.

    A hold: who owes the next step; a credit to enter: its amount as 12.50; a claim: the day on which it was received;
    a ticket to assign: to which person; a note or a message to the customer: its text; a message:
    the numbers of the attachments that it carries; recorded work: when it was done;
    a resolution: what it rests on, and whether the tickets of the extra process end too; a dispute: the kind of record
    that is contested, and the customer's words as its text. Taking a ticket, giving it back, writing and a dispute need
    no reason.
    """

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[str, Field(min_length=1, max_length=500)] | None = None
    owner: Literal["customer", "provider"] | None = None
    amount: Annotated[str, Field(max_length=40)] | None = None
    received_on: Annotated[str, Field(max_length=10)] | None = None
    person: Annotated[str, Field(max_length=250)] | None = None
    text: Annotated[str, Field(max_length=4000)] | None = None
    done_at: Annotated[str, Field(max_length=32)] | None = None
    basis: Literal["measurement", "reason"] | None = None
    with_children: Literal["yes", "no"] | None = None
    contested: Literal["outages", "attributions", "samples", "maintenance", "holds", "unobserved"] | None = None
    attachments: Annotated[tuple[int, ...], Field(max_length=100)] = ()


class Done(BaseModel):
    """What was done, and which incident it belongs to."""

    done: str
    ticket: str | None
