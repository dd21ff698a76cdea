"""The list of problem parameters that a customer sends: what every way in accepts."""

import re
from datetime import datetime
from decimal import Decimal
from enum import IntEnum, StrEnum
from typing import Annotated, Any, Self

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, ConfigDict, Field, ValidationInfo, model_validator

from include.sla_logic.domain.document import Document, Value
from include.sla_logic.domain.instants import as_written
from include.sla_logic.domain.notification_cleaning import cleaned, cleaned_fields
from include.sla_logic.domain.reported_units import why_not
from include.sla_logic.domain.sentence import Sentence

# Controls of either set, marks of direction, letters that hide text, and halves of letters (no database keeps them);
# what is harmless is cleaned before.
_UNPRINTABLE = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2065-\u206f\ufff9-\ufffb"
    r"\ud800-\udfff\U000e0000-\U000e007f]"
)


_UNPRINTABLE_BEFORE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def _printable(text: str, info: ValidationInfo) -> str:
    """Refuse control and text-direction characters, which forge logs, headers and pages.

    Stored notifications are exempt: they were accepted when fewer characters were refused, and their runs must go on.
    """
    refused = _UNPRINTABLE_BEFORE if info.mode == "json" else _UNPRINTABLE
    if found := refused.search(text):
        msg = "contains the control character %(sign)s; send the text without it"
        raise ValueError(Sentence(msg, sign=f"U+{ord(found.group()):04X}"))
    return text


Reference = Annotated[
    str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.:+~-]+$"), BeforeValidator(cleaned)
]
Text = Annotated[str, AfterValidator(_printable), BeforeValidator(cleaned)]
Told = Annotated[AwareDatetime, BeforeValidator(as_written)]


class Symptom(StrEnum):
    """What the customer perceives."""

    SERVICE_DOWN = "service_down"
    INTERMITTENT = "intermittent"
    SLOW = "slow"
    PACKET_LOSS = "packet_loss"
    POOR_VOICE = "poor_voice"
    OTHER = "other"


class Level(IntEnum):
    """ITIL impact and urgency: 1 is the highest."""

    HIGH = 1
    MEDIUM = 2
    LOW = 3


def _a_level(said: Any) -> Any:
    """Refuse a truth value: Python would read `true` as 1, the highest."""
    if isinstance(said, bool):
        msg = f"{said} is no level; write 1 (high), 2 or 3"
        raise ValueError(msg)  # noqa: TRY004 - pydantic turns it into its own error
    return said


ToldLevel = Annotated[Level, BeforeValidator(_a_level)]


class Metric(StrEnum):
    """A quantity that a customer can report and a contract can promise."""

    AVAILABILITY = "availability"
    LATENCY = "latency"
    PACKET_LOSS = "packet_loss"
    JITTER = "jitter"
    THROUGHPUT = "throughput"
    OTHER = "other"


class ProblemParameter(Value):
    """One observed quantity, as the customer states it: metric, value, unit."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    metric: Annotated[Metric, Field(title="Quantity", description="What was observed.")]
    value: Annotated[
        Decimal,
        Field(title="Value", description="How much, in the unit below.", allow_inf_nan=False, ge=0, le=10**12),
    ]
    unit: Annotated[Text, Field(title="Unit", description="Such as ms or percent.", min_length=1, max_length=16)]

    _leave_out_blanks = model_validator(mode="before")(cleaned_fields)

    @model_validator(mode="after")
    def _is_in_a_unit_of_its_metric(self, info: ValidationInfo) -> Self:
        """Refuse latency in percent; stored notifications are exempt: they were accepted before this was checked."""
        if info.mode != "json" and (why := why_not(self.metric, self.value, self.unit)):
            raise ValueError(why)
        return self


def _form(section: str | None, **hints: Any) -> dict[str, Any]:
    """Return the hints for Airflow's form: it folds every section, so what is required stands in none."""
    return {"section": section, **hints}


class ProblemNotification(Document):
    """What a run of `sla_violation` is started with, by form, REST, CLI or backlog (process.md, row 1).

    Unknown fields are refused: a misspelt field must not be lost silently.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    customer: Reference = Field(
        title="Customer",
        description="Number of the customer as in the contract register.",
        examples=["C-1001"],
        json_schema_extra=_form(None),
    )
    service: Reference = Field(
        title="Service",
        description="Number of the subscribed service that has degraded.",
        examples=["S-1001"],
        json_schema_extra=_form(None),
    )
    symptom: Symptom = Field(
        title="Symptom",
        description="What the customer perceives.",
        json_schema_extra=_form(
            None,
            values_display={
                "service_down": "Service is down",
                "intermittent": "Service comes and goes",
                "slow": "Service is slow",
                "packet_loss": "Data is lost",
                "poor_voice": "Poor voice quality",
                "other": "Something else",
            },
        ),
    )
    description: Annotated[Text, Field(min_length=1, max_length=4000)] = Field(
        title="Description",
        description="The problem in the customer's words.",
        examples=["Video calls break off since this morning."],
        json_schema_extra=_form(None, format="multiline"),
    )
    observed_from: Told = Field(
        title="Observed from",
        description="Since when the problem has been perceived, with time zone.",
        examples=["2026-11-02T08:15:00+00:00"],
        json_schema_extra=_form(None),
    )
    observed_to: Told | None = Field(
        default=None,
        title="Observed to",
        description="Until when; empty while the problem lasts.",
        examples=["2026-11-02T09:40:00+00:00"],
        json_schema_extra=_form("More about the problem"),
    )
    reported_at: Told | None = Field(
        default=None,
        title="Reported at",
        description="When the customer reported it; empty means the moment of entry.",
        examples=["2026-11-02T08:30:00+00:00"],
        json_schema_extra=_form("More about the problem"),
    )
    impact: ToldLevel = Field(
        default=Level.MEDIUM,
        title="Impact",
        description="How much of the customer's business is hit.",
        json_schema_extra=_form("Assessment", values_display={"1": "1 - high", "2": "2 - medium", "3": "3 - low"}),
    )
    urgency: ToldLevel = Field(
        default=Level.MEDIUM,
        title="Urgency",
        description="How soon it must be corrected.",
        json_schema_extra=_form("Assessment", values_display={"1": "1 - high", "2": "2 - medium", "3": "3 - low"}),
    )
    parameters: tuple[ProblemParameter, ...] = Field(
        default=(),
        max_length=50,
        title="Problem parameters",
        description="Observed quantities: metric (such as latency, packet_loss, throughput), value and unit.",
        examples=[[{"metric": "latency", "value": 180, "unit": "ms"}]],
        json_schema_extra=_form("More about the problem"),
    )
    external_reference: Reference | None = Field(
        default=None,
        title="External reference",
        description="The sender's own number of this incident; the same number is never processed twice.",
        examples=["WEB-2026-0815"],
        json_schema_extra=_form("More about the problem"),
    )

    _leave_out_blanks = model_validator(mode="before")(cleaned_fields)

    @model_validator(mode="after")
    def _ends_after_it_began(self) -> Self:
        if self.observed_to is not None and self.observed_to < self.observed_from:
            msg = "observed_to lies before observed_from"
            raise ValueError(msg)
        return self

    def reported(self, otherwise: datetime) -> datetime:
        """Return when the customer reported it, or the moment of entry if they did not say."""
        return self.reported_at or otherwise
