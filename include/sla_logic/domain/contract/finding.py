"""One thing that is wrong with a contract text."""

from collections.abc import Callable
from typing import Literal

from pydantic import SkipValidation

from include.sla_logic.domain.contract.quantities import Term

Level = Literal["refuses", "warns"]


class Finding(Term):
    """One defect; `level` says whether loading refuses or warns, `witness` is a value that shows it."""

    level: Level
    line: int
    code: str
    text: SkipValidation[str]  # a `Sentence` stays one
    witness: str | None = None

    def __str__(self) -> str:
        """Show on one line."""
        shown = f" (for example {self.witness})" if self.witness else ""
        return f"line {self.line}: {self.level}: {self.code}: {self.text}{shown}"


LineOf = Callable[..., int]
