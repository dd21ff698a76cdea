"""`sla import tickets`: event logs of other systems, through mapping files."""

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from include.sla_logic.cli.output import show_json, shown

if TYPE_CHECKING:
    from include.sla_logic.importers.tickets import TicketImport, TicketReport

_REJECTED = 3
_SHOWN = 20


class TicketFormat(StrEnum):
    """What is known without a mapping file."""

    SERVICENOW = "servicenow"
    VINST = "vinst"
    CSV = "csv"
    JSONL = "jsonl"

    @property
    def plain(self) -> Literal["csv", "jsonl"] | None:
        """What the file is whose columns are named like ours, or by a mapping of the operator's own."""
        known: dict[TicketFormat, Literal["csv", "jsonl"]] = {TicketFormat.CSV: "csv", TicketFormat.JSONL: "jsonl"}
        return known.get(self)


def tickets(
    file: Annotated[Path, typer.Argument(help="CSV or JSON lines, plain or gzip; rows of a ticket follow each other.")],
    layout: Annotated[
        TicketFormat, typer.Option("--format", help="servicenow, vinst, or columns named like ours: csv, jsonl.")
    ] = TicketFormat.CSV,
    mapping: Annotated[
        str | None, typer.Option(help="A mapping file of your own; --format then says csv or jsonl.")
    ] = None,
    source: Annotated[str | None, typer.Option(help="Name of the other system; by default that of the format.")] = None,
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%dT%H:%M"], help="Only what had happened by then (UTC).")
    ] = None,
    reports_only: Annotated[
        bool,
        typer.Option("--reports-only", help="Only the reports: every ticket waits, whether or not it was settled."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Import tickets with their histories: settled ones become history, open ones wait in the backlog.

    The same file again changes nothing and goes on where a killed import stopped. Exit code 3: some were rejected
    and are in quarantine, all others are in.
    """
    from include.sla_logic.cli.progress import counting
    from include.sla_logic.importers.files import count_rows
    from include.sla_logic.services import Settings, UseCases

    work = _work(layout, mapping, source=source, until=until, reports_only=reports_only)
    use_cases = UseCases(Settings.from_environment())
    with counting("Importing tickets", "rows", total=count_rows(file)) as progress:
        report = use_cases.imports.tickets(file, work, progress=progress)
    show_json(vars(report)) if as_json else _show(report)
    if report.rejected:
        raise typer.Exit(_REJECTED)


def _work(
    layout: TicketFormat, mapping: str | None, *, source: str | None, until: datetime | None, reports_only: bool
) -> "TicketImport":
    """Describe the import; only the plain formats leave the columns, or the mapping, to the operator."""
    from include.sla_logic.importers.tickets import TicketImport, read_ticket_mapping

    named = Path(mapping).stem if mapping else layout.value
    return TicketImport(
        mapping=read_ticket_mapping(mapping or ("plain" if layout.plain else layout.value)),
        source=source or named,
        layout=layout.plain,
        until=until.replace(tzinfo=UTC) if until else None,
        reports_only=reports_only,
    )


def _show(report: "TicketReport") -> None:
    typer.echo(
        f"{report.rows} rows, {report.tickets} tickets: {report.waiting} wait, {report.history} are history, "
        f"{report.continued} went on, {report.unchanged} known already, {report.later} opened later, "
        f"{len(report.rejected)} rejected."
    )
    for rejected in report.rejected[:_SHOWN]:
        typer.echo(f"  {shown(str(rejected))}", err=True)
    if len(report.rejected) > _SHOWN:
        typer.echo(f"  … and {len(report.rejected) - _SHOWN} more: `sla quarantine list` has all of them.", err=True)
