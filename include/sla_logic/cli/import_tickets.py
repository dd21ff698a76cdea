"""`sla import tickets`: event logs of other systems, through mapping files."""

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from include.sla_logic.cli.backlog import Now, announce
from include.sla_logic.cli.imported import show_rehearsed, show_rejected
from include.sla_logic.cli.opening import open_use_cases
from include.sla_logic.cli.options import AsJson
from include.sla_logic.cli.output import show_json

if TYPE_CHECKING:
    from include.sla_logic.importers.tickets import TicketImport, TicketReport

_REJECTED = 3


class TicketFormat(StrEnum):
    """What is known without a mapping file."""

    SERVICENOW = "servicenow"
    VINST = "vinst"
    JIRA = "jira"
    ZAMMAD = "zammad"
    CSV = "csv"
    JSONL = "jsonl"
    JSON = "json"
    XLSX = "xlsx"

    @property
    def is_layout(self) -> bool:
        """Whether it says what the file is, and not whose columns it has."""
        return self in {TicketFormat.CSV, TicketFormat.JSONL, TicketFormat.JSON, TicketFormat.XLSX}


def tickets(  # noqa: PLR0913, PLR0917 - the options of the command
    file: Annotated[Path, typer.Argument(help="CSV, JSON or XLSX, text plain or gzip; rows in any order.")],
    layout: Annotated[
        TicketFormat | None,
        typer.Option("--format", help="A help desk we know, or what the file is; without it the name says so."),
    ] = None,
    mapping: Annotated[str | None, typer.Option(help="A mapping file of your own.")] = None,
    source: Annotated[str | None, typer.Option(help="Name of the other system; by default that of the format.")] = None,
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%dT%H:%M"], help="Only what had happened by then (UTC).")
    ] = None,
    reports_only: Annotated[
        bool,
        typer.Option("--reports-only", help="Only the reports: every ticket waits, whether or not it was settled."),
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would come in, and keep nothing.")] = False,
    now: Now = False,
    as_json: AsJson = False,
) -> None:
    """Import tickets with their histories: settled ones become history, open ones wait in the backlog.

    The same file again changes nothing and goes on where a killed import stopped. Exit code 3: some were rejected
    and are in quarantine, all others are in.
    """
    from include.sla_logic.cli.progress import counting
    from include.sla_logic.importers.tables import count_rows

    work = _work(layout, mapping, source=source, until=until, reports_only=reports_only)
    use_cases = open_use_cases()
    with counting("Importing tickets", "rows", total=count_rows(file)) as progress:
        report = use_cases.imports.tickets(file, work, progress=progress, dry_run=dry_run)
    show_json(vars(report)) if as_json else _show(report, dry_run=dry_run)
    if now and report.waiting and not dry_run:
        announce()
    if report.rejected:
        raise typer.Exit(_REJECTED)


def _work(
    layout: TicketFormat | None, mapping: str | None, *, source: str | None, until: datetime | None, reports_only: bool
) -> "TicketImport":
    """Describe the import: whose columns a file has, and what it is where its name does not say."""
    from include.sla_logic.importers.tickets import TicketImport, read_ticket_mapping

    known = layout is not None and not layout.is_layout
    described = read_ticket_mapping(mapping or (str(layout) if known else "plain"))
    if layout is not None and layout.is_layout:
        described = described.model_copy(update={"layout": layout.value})
    return TicketImport(
        mapping=described,
        source=source or (Path(mapping).stem if mapping else str(layout) if known else "csv"),
        until=until.replace(tzinfo=UTC) if until else None,
        reports_only=reports_only,
    )


def _show(report: "TicketReport", *, dry_run: bool) -> None:
    typer.echo(
        f"{report.rows} rows, {report.tickets} tickets: {report.waiting} wait, {report.history} are history, "
        f"{report.continued} went on, {report.unchanged} known already, {report.later} opened later, "
        f"{len(report.rejected)} rejected."
    )
    if dry_run:
        show_rehearsed(report.first)
    show_rejected(report.rejected, kept=not dry_run)
