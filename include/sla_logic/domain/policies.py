"""The business tables in force, read and checked together."""

from collections.abc import Mapping
from typing import Any, Self

from pydantic import ValidationError, model_validator

from include.sla_logic.domain.contract.reading import Lines, UnableToReadContract, read_fields
from include.sla_logic.domain.counter_measures import CounterMeasurePolicy
from include.sla_logic.domain.credit_policy import CreditPolicy
from include.sla_logic.domain.diagnosis_table import DiagnosisPolicy
from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.priorities import PriorityPolicy, Table
from include.sla_logic.domain.remedies import RemedyPolicy
from include.sla_logic.domain.significance import SignificancePolicy

NAMES = ("priorities", "counter_measures", "significance", "diagnosis", "remedies", "credits")


class UnableToReadPolicies(ForeseenError):
    """A business table is missing, is not YAML, or contradicts itself or another table."""


class Policies(Table):
    """All tables of policies/; they are only loaded if they fit together."""

    priorities: PriorityPolicy
    counter_measures: CounterMeasurePolicy
    significance: SignificancePolicy
    diagnosis: DiagnosisPolicy
    remedies: RemedyPolicy
    credits: CreditPolicy

    @model_validator(mode="after")
    def _has_a_remedy_for_every_diagnosis(self) -> Self:
        remedies = {remedy.type for remedy in self.remedies.remedies}
        if missing := sorted(self.diagnosis.types - remedies):
            msg = f"remedies has no remedy for {', '.join(missing)}"
            raise ValueError(msg)
        if unused := sorted(remedies - self.diagnosis.types):
            msg = f"diagnosis never ends with {', '.join(unused)}, which remedies names"
            raise ValueError(msg)
        return self

    @property
    def versions(self) -> dict[str, str]:
        """The version of each table, by its name."""
        return {name: getattr(self, name).version for name in NAMES}


def read_policies(texts: Mapping[str, str]) -> Policies:
    """Read the tables from the texts of `<name>.yaml`, by name; raise `UnableToReadPolicies` with every fault."""
    if missing := [name for name in NAMES if name not in texts]:
        msg = f"The business table {missing[0]}.yaml is missing."
        raise UnableToReadPolicies(msg)
    read = {name: _fields(name, texts[name]) for name in NAMES}
    try:
        return Policies.model_validate({name: fields for name, (fields, _) in read.items()})
    except ValidationError as error:
        lines = {name: known for name, (_, known) in read.items()}
        faults = "; ".join(_fault(fault["loc"], fault["msg"], lines) for fault in error.errors())
        msg = f"The business tables cannot be used: {faults}."
        raise UnableToReadPolicies(msg) from error


def _fields(name: str, text: str) -> tuple[dict[str, Any], Lines]:
    """Read one table as contracts are read: exact numbers, and no key twice."""
    try:
        return read_fields(text, name=f"{name}.yaml")
    except UnableToReadContract as error:
        msg = f"{name}.yaml, line {error.line}, is no business table: {error.reason}."
        raise UnableToReadPolicies(msg) from error


def _fault(place: tuple[int | str, ...], said: str, lines: Mapping[str, Lines]) -> str:
    reason = said.removeprefix("Value error, ")
    if not place:
        return reason
    name, *path = place
    field = f", {'.'.join(map(str, path))}" if path else ""
    return f"{name}.yaml, line {lines[str(name)][tuple(path)]}{field}: {reason}"
