"""Business tables: data that policies/ holds, read strictly."""

from pydantic import ConfigDict

from include.sla_logic.domain.document import Value


class Table(Value):
    """A business table of policies/: an unknown key is a mistake, never ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid")
