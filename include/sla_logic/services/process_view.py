"""How the process goes: what incidents of a month did, as figures for the desk."""

from dataclasses import dataclass

from include.sla_logic.persistence.queries.process_figures import ProcessFigures, StepFigure, Variant, process_figures
from include.sla_logic.persistence.queries.reports import month_of
from include.sla_logic.persistence.unit_of_work import UnitOfWork

__all__ = ["ProcessFigures", "ProcessView", "StepFigure", "Variant"]


@dataclass(frozen=True)
class ProcessView:
    """Reads, never writes; months are those of UTC."""

    work: UnitOfWork

    def month(self, month: str, *, contract: str = "", outcome: str = "") -> ProcessFigures:
        """Return the figures of incidents reported in a month (2026-11); raise `UnableToReadMonth`."""
        period = month_of(month)
        with self.work.reading() as connection:
            return process_figures(connection, period, contract=contract, outcome=outcome)
