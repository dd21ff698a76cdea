"""The terms of what is paid in the end: nothing up to an amount, and in which units."""

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from include.sla_logic.domain.contract.conditions import given
from include.sla_logic.domain.contract.quantities import Quantity, Term
from include.sla_logic.domain.sentence import Sentence
from include.sla_logic.domain.written import in_files


class LeastCredit(Term):
    """A credit that is smaller is not paid: only one of `at_least`, or of `more_than`, this amount."""

    at_least: Annotated[Quantity, Field(gt=0)] | None = None
    more_than: Annotated[Quantity, Field(ge=0)] | None = None

    model_config = ConfigDict(json_schema_extra=in_files(oneOf=[given("at_least"), given("more_than")]))

    @model_validator(mode="after")
    def _has_one_bound(self) -> Self:
        if (self.at_least is None) == (self.more_than is None):
            raise ValueError(Sentence("give one of at_least and more_than"))
        return self

    @property
    def amount(self) -> Decimal:
        """The amount that is given."""
        return self.at_least if self.at_least is not None else self.more_than or Decimal(0)


class CreditUnits(Term):
    """The credit is paid in whole units of this amount, rounded half up, up or down."""

    unit: Annotated[Quantity, Field(gt=0)]
    rounded: Literal["half_up", "up", "down"] = "half_up"
