"""A broken promise as it is told to other systems: the rule, the value and the consequence.

TM Forum has the words (SLA API, `slaViolation`) and no published schema for them, so that the schema is our own:
`docs/sla-violation.schema.json`, which the API serves too. Readers must take fields that they do not know.
"""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from include.sla_logic.domain.document import Value
from include.sla_logic.domain.open_apis.parts import (
    Resource,
    customer_party,
    href_of,
    instant,
    money,
    period,
    reference,
)
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.sla import ObjectiveJudgement, SlaComparison

API = "slaViolation/v1"
SCHEMA = "sla-violation.schema.json"
State = Literal["provisional", "broken", "withdrawn"]
PROVISIONAL, BROKEN, WITHDRAWN = "provisional", "broken", "withdrawn"
STATES = (PROVISIONAL, BROKEN, WITHDRAWN)


class Violation(Value):
    """One promise that was judged in one window; the state of one that was kept is that of a violation before it."""

    customer: str
    service: str
    contract: str
    objective: str
    window: Period
    state: State
    told: dict[str, Any]

    @property
    def broken(self) -> bool:
        """Tell whether this judgement calls the promise broken."""
        return self.state != WITHDRAWN


class _Part(BaseModel):
    """A part of the document; what is not known is left out."""

    model_config = ConfigDict(populate_by_name=True, extra="allow")


class Reference(_Part):
    """Another resource by its id."""

    type_: str = Field(alias="@type")
    id: str
    href: str | None = None


class Party(_Part):
    """The customer, as TM Forum refers to a related party."""

    type_: str = Field(alias="@type")
    role: str
    party: Reference = Field(alias="partyOrPartyRole")


class Sla(_Part):
    """The contract that was broken."""

    id: str
    version: str
    name: str = Field(description="Title of the contract.")


class TimePeriod(_Part):
    """A window, its end not included."""

    start: datetime = Field(alias="startDateTime")
    end: datetime = Field(alias="endDateTime")


class Rule(_Part):
    """The promise: one objective of the contract."""

    id: str
    name: str
    metric: str = Field(description="What is promised, such as availability or latency.")
    unit: str
    operator: Literal["at least", "at most"] | None = Field(
        None, description="On which side of the reference value the promise is kept."
    )
    reference_value: float | None = Field(
        None, alias="referenceValue", description="The target; none where the contract only has tiers of credits."
    )
    clause: str | None = Field(None, description="Where it stands in the contract.")


class Amount(_Part):
    """An amount of money."""

    unit: str = Field(pattern="^[A-Z]{3}$", description="Currency.")
    value: float


class Consequence(_Part):
    """What the contract grants for this objective alone, before stacking, cap and what was credited before."""

    kind: Literal["credit", "waivedHours", "none", "toBeDecided"] = Field(
        description="toBeDecided: a person must name the amount, or whether there is one."
    )
    percent: float | None = Field(None, description="Share of the charge of the window.")
    amount: Amount | None = None
    waived_hours: int | None = Field(None, alias="waivedHours", description="Hours left off the bill.")
    reason: str | None = Field(None, description="Why a person must decide.")


class SlaViolation(_Part):
    """One objective of a contract that was not kept in one window, as the newest judgement has it."""

    type_: Literal["SlaViolation"] = Field(alias="@type")
    id: str
    href: str | None = None
    state: State = Field(
        description="provisional: what it rests on still goes on. withdrawn: a later judgement does not find it."
    )
    date: datetime = Field(description="When this was judged.")
    sla: Sla
    service: Reference
    related_party: list[Party] = Field(alias="relatedParty", min_length=1)
    window: TimePeriod
    time_zone: str = Field(alias="timeZone", description="The zone in which the contract counts.")
    judged_in: Reference = Field(alias="judgedIn", description="The trouble ticket or the round of settlement.")
    rule: Rule
    actual_value: float | None = Field(
        None, alias="actualValue", description="In the unit of the rule, rounded half up to 8 decimals."
    )
    consequence: Consequence
    comment: str = Field(description="The judgement in one sentence.")


def violation_schema() -> dict[str, Any]:
    """Return the JSON Schema of a violation."""
    fields: dict[str, Any] = _never_null(SlaViolation.model_json_schema(by_alias=True))
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": f"urn:teleco:{API}", **fields}


def _never_null(node: Any) -> Any:
    """Say of optional fields that they are left out, where pydantic says that they may be null."""
    if isinstance(node, list):
        return [_never_null(part) for part in node]
    if not isinstance(node, dict):
        return node
    kept = {name: _never_null(part) for name, part in node.items() if (name, part) != ("default", None)}
    kinds = [kind for kind in kept.get("anyOf", ()) if kind != {"type": "null"}]
    if len(kinds) == 1:
        del kept["anyOf"]
        kept |= kinds[0]
    return kept


def violations_in(comparison: SlaComparison, *, customer: str, judged_in: Resource) -> Iterator[Violation]:
    """Return every objective of which the judgement says whether it was kept; of the others nothing is said."""
    for one in comparison.objectives:
        if one.breached is not None:
            yield Violation(
                customer=customer,
                service=comparison.service,
                contract=comparison.contract,
                objective=one.objective,
                window=comparison.window,
                state=_state(one, comparison),
                told=told_of(one, comparison, customer, judged_in) if one.breached else {},
            )


def sla_violation(told: Resource, name: str, *, state: str, at: datetime, root: str | None) -> Resource:
    """Write a violation under its name, as it stands since then."""
    href = href_of(root, API, "slaViolation", name)
    named = {"@type": "SlaViolation", "id": name, **({"href": href} if href else {})}
    return named | {"state": state, "date": instant(at)} | told


def _state(one: ObjectiveJudgement, comparison: SlaComparison) -> State:
    if not one.breached:
        return "withdrawn"
    return "provisional" if one.provisional or comparison.provisional else "broken"


def told_of(one: ObjectiveJudgement, comparison: SlaComparison, customer: str, judged_in: Resource) -> Resource:
    """Write what a judgement says of one objective, without name, state and date."""
    return _without_null(
        {
            "sla": {
                "id": comparison.contract,
                "version": comparison.contract_version,
                "name": comparison.contract_title,
            },
            "service": reference("ServiceRef", comparison.service),
            "relatedParty": [customer_party(customer)],
            "window": period(comparison.window),
            "timeZone": comparison.zone,
            "judgedIn": judged_in,
            "rule": _without_null(_rule(one)),
            "actualValue": _number(one.measured),
            "consequence": _without_null(_consequence(one)),
            "comment": one.reason,
        }
    )


def _rule(one: ObjectiveJudgement) -> dict[str, Any]:
    return {
        "id": one.objective,
        "name": one.title,
        "metric": one.metric,
        "unit": one.unit,
        "operator": _operator(one),
        "referenceValue": _number(one.target),
        "clause": one.clause,
    }


def _consequence(one: ObjectiveJudgement) -> dict[str, Any]:
    if one.credit is None:
        return {"kind": "toBeDecided", "reason": one.approval_reason or one.reason}
    if one.credit:
        return {"kind": "credit", "percent": _number(one.credit_percent), "amount": money(one.credit)}
    return {"kind": "waivedHours", "waivedHours": one.waived_hours} if one.waived_hours else {"kind": "none"}


def _operator(one: ObjectiveJudgement) -> str | None:
    """Tell on which side the promise is kept: the margin is positive there."""
    if one.measured is None or one.target is None or not one.margin or one.measured == one.target:
        return None
    return "at least" if (one.measured > one.target) == (one.margin > 0) else "at most"


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def _without_null(said: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in said.items() if value is not None}
