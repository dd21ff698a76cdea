"""One customer with a line whose agreements change: rows are imported, incidents are led through the process."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

from include.sla_logic.importers import KINDS, plain_mapping
from include.sla_logic.process.graph import WAIT
from include.sla_logic.process.stages import step_named
from include.sla_logic.process.way import next_steps
from include.sla_logic.services import UseCases
from include.sla_logic.settings import Settings
from tests.clock import Clock
from tests.domain.sla.make import objective, text_of
from tests.kept_connections import whole
from tests.reference.walk import SECOND, settle_the_wait

LATER = datetime(2027, 1, 20, 9, tzinfo=UTC)
RULE = {
    "kind": "tiers",
    "tiers": [
        {"at_least": "99.9", "credit": 0},
        {"at_least": "99", "below": "99.9", "credit": "10%"},
        {"below": "99", "credit": "25%"},
    ],
}
TERMS: Mapping[str, Mapping[str, object]] = {
    "1": {"zone": "UTC"},
    "2": {"zone": "Europe/Berlin", "billing_day": 10},
    "3": {"zone": "America/Los_Angeles"},
}
HEADER = "id,customer,service,contract,contract_version,starts,ends,monthly_charge,currency,account,valid_from\n"

_prepared: dict[tuple[bytes, str], tuple[bytes, datetime]] = {}  # SQLite files with contracts and customers


class Provider:
    """Use cases on a database of its own, months after everything that happens in it."""

    def __init__(self, folder: Path, migrated: bytes, *, url: str | None = None, **terms: object) -> None:
        self.said = "Down."
        self.folder, self.clock = folder, Clock(LATER, tick=SECOND)
        file, terms = folder / "provider.db", {"claim": {"automatic": True}} | terms
        kind = migrated, repr(sorted(terms.items()))
        known = _prepared.get(kind) if url is None else None
        file.write_bytes(migrated if known is None else known[0])
        self.use_cases = UseCases(Settings(url or f"sqlite:///{file}", folder / "letters"), clock=self.clock)
        if known is not None:
            self.clock.now = known[1]
            return
        if url is not None:
            self.use_cases.work.migrate()
        self._prepare(terms)
        if url is None:
            _prepared[kind] = whole(file).read_bytes(), self.clock.now

    def _prepare(self, terms: Mapping[str, object]) -> None:
        """Bring the contracts and the customers."""
        texts = [
            (name, text_of(objective(RULE), version=name, **(dict(said) | dict(terms)))) for name, said in TERMS.items()
        ]
        self.use_cases.imports.contracts(texts)
        self.bring("customers", "id,name,email\nK-1,One,one@example.org\nK-2,Two,two@example.org\n")

    def bring(self, kind: str, text: str) -> list[str]:
        """Import rows; return what is refused."""
        file = self.folder / "rows.csv"
        file.write_text(text)
        mapping = plain_mapping(kind, KINDS[kind].record.model_fields)
        report = self.use_cases.imports.records(
            file, kind=kind, mapping=mapping, as_of=date(2027, 1, 20), progress=lambda _rows: None
        )
        return [str(one) for one in report.rejected]

    def agree(self, *rows: str) -> list[str]:
        return self.bring("agreements", HEADER + "\n".join(rows) + "\n")

    def fail(self, *outages: tuple[datetime, datetime]) -> None:
        rows = [f"S-1,O-{start:%m%dT%H%M%S},{start.isoformat()},{end.isoformat()}" for start, end in outages]
        assert self.bring("outages", "service,reference,started_at,ended_at\n" + "\n".join(rows) + "\n") == []

    def lead(self, at: datetime, *, customer: str = "K-1", meanwhile: Callable[[], object] = lambda: None) -> Decimal:
        """Lead an incident observed at that moment to its end; return what was booked for it."""
        run = f"run-{at:%m%dT%H%M%S}"
        said = {"service": "S-1", "symptom": "service_down", "description": self.said, "observed_from": at.isoformat()}
        ticket = self.use_cases.incidents.accept({"customer": customer, **said}, run_id=run, origin="test")
        done: dict[str, str | None] = {}
        while following := next_steps(done):
            step = following[0]
            if step == WAIT:
                done[step] = settle_the_wait(self.use_cases, self.clock, run, ticket.id, None)
            else:
                done[step] = self.use_cases.incidents.perform(step_named(step), run_id=run)
            if len(done) == 3:  # row 4 of the process: the agreement is found, and judged once
                meanwhile()
        adjustment = self.use_cases.lookups.incident(run).adjustment
        assert adjustment is not None
        return adjustment.booked.amount
