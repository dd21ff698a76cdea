"""The letter to the customer about an incident or a settled window, as stored in the outbox."""

from dataclasses import dataclass
from typing import Any

from include.sla_logic.letters.pdf import UnableToMakePdf, as_pdf
from include.sla_logic.persistence.queries.letters import newest_letter
from include.sla_logic.persistence.settlement import round_number
from include.sla_logic.persistence.statements import letter_of_round
from include.sla_logic.persistence.unit_of_work import UnitOfWork

__all__ = ["Letters", "UnableToMakePdf"]


@dataclass(frozen=True)
class Letters:
    """Shows the newest letter of an incident, or of a round such as SR-12, delivered or not.

    Raises `UnableToFindLetter` or `UnableToFindStatement` where there is none.
    """

    work: UnitOfWork

    def as_page(self, reference: str) -> str:
        """Return the letter as a page that stands alone, for a screen or a printer."""
        from include.sla_logic.letters.letter_outbox import as_page

        return as_page(self._newest(reference))

    def as_pdf(self, reference: str) -> bytes:
        """Return the letter as PDF; raise `UnableToMakePdf` where the programs for it are missing."""
        return as_pdf(self._newest(reference))

    def as_text(self, reference: str) -> str:
        """Return the letter as text, for a terminal."""
        from include.sla_logic.domain.mail_message import read_message, text_of

        return text_of(read_message(str(self._newest(reference)["message"])))

    def _newest(self, reference: str) -> dict[str, Any]:
        with self.work.reading() as connection:
            round_ = round_number(reference)
            return newest_letter(connection, reference) if round_ is None else letter_of_round(connection, round_)
