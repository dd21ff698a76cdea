"""`sla import`: an operator's own data from CSV or JSON lines, through mapping files."""

import csv
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from include.sla_logic.cli.import_tickets import tickets
from include.sla_logic.cli.imported import show_rehearsed, show_rejected
from include.sla_logic.cli.opening import open_use_cases
from include.sla_logic.cli.options import AsJson
from include.sla_logic.cli.output import private, show_json, show_table, shown
from include.sla_logic.cli.period import read_instant
from include.sla_logic.cli.person import PerhapsBy
from include.sla_logic.cli.uploads import uploads
from include.sla_logic.domain.errors import ForeseenError

if TYPE_CHECKING:
    from include.sla_logic.importers import ImportReport, Mapping
    from include.sla_logic.importers.rejection import Rejected

app = typer.Typer(no_args_is_help=True, help="Import your own customers, services, measurements and tickets.")

_REJECTED = 3
_SHOWN = 20
_KINDS = {
    "customers": "customers: id, name, email, locale, protected, since",
    "services": "services: id, name, kind",
    "agreements": "agreements: id, customer, service, contract, contract_version, starts, monthly_charge, currency",
    "outages": "interruptions: service, started_at, ended_at or seconds, cause, attribution",
    "samples": "measured samples; needs a mapping that names the series",
    "maintenance": "planned work: service, reference, starts_at, ends_at, announced_at, reason",
    "resources": "resources: id, kind, name, site, layer, state",
    "topology": "which service runs on which resource: service, position, resource",
    "alarms": "alarms: id, resource, code, severity, text, raised_at, cleared_at",
    "invoices": "invoices of billing accounts: id, account, starts, ends, state",
    "invoice-lines": "charges of an invoice: invoice, position, agreement, text, amount, currency",
    "violations": "earlier violations: agreement, objective, window_start, window_end, recorded_at",
}


_CompleteUntil = Annotated[
    str | None, typer.Option(help="An instant until which these records are complete, for settlement.")
]
_CompleteFor = Annotated[
    list[str] | None, typer.Option(help="Only of this service (repeat it for several); all, if not given.")
]


class UnableToImport(ForeseenError):
    """The mapping does not describe this kind of record."""


def _command(kind: str) -> Callable[..., None]:
    def run(  # noqa: PLR0913 - one parameter for each option
        file: Annotated[Path, typer.Argument(help="CSV or JSON lines, plain or gzip.")],
        *,
        mapping: Annotated[
            str | None, typer.Option(help="A mapping file, or the name of a shipped one (`sla import mappings`).")
        ] = None,
        as_of: Annotated[
            datetime | None,
            typer.Option(formats=["%Y-%m-%d"], help="The date of the file, for ages; today, if not given."),
        ] = None,
        rejected: Annotated[Path | None, typer.Option(help="CSV file for all rejected rows.")] = None,
        complete_until: _CompleteUntil = None,
        complete_for: _CompleteFor = None,
        by: PerhapsBy = None,
        dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would come in, and keep nothing.")] = False,
        as_json: AsJson = False,
    ) -> None:
        day = as_of.date() if as_of else datetime.now(UTC).date()
        if rejected is not None:
            _check_writable(rejected, file)
        complete = _complete(kind, complete_until, complete_for or [], by)
        report = _import(kind, file, mapping, day, dry_run=dry_run)
        if complete is not None and (report.rejected or dry_run):
            why = "this was a dry run" if dry_run else "rows were rejected"
            typer.echo(f"Warning: {why}, so nothing is noted as complete.", err=True)
        elif complete is not None:
            complete(file.name)
        show_json(vars(report)) if as_json else _show(kind, report, dry_run=dry_run)
        if rejected is not None:
            _write_rejected(rejected, report.rejected)
        if report.rejected:
            raise typer.Exit(_REJECTED)

    run.__doc__ = f"""Import {_KINDS[kind]}.

    The same file again changes nothing. Exit code 3: some rows were rejected and are in quarantine, all others are in.
    """
    return run


for _kind in _KINDS:
    app.command(_kind)(_command(_kind))
app.command("tickets")(tickets)
app.command("uploads")(uploads)


@app.command("mappings")
def mappings() -> None:
    """List the mappings that come with the product."""
    from include.sla_logic.importers import read_mapping, shipped_mappings
    from include.sla_logic.importers.tickets import read_ticket_mapping, shipped_ticket_mappings

    found = [(name, read_mapping(name)) for name in shipped_mappings()]
    rows = [(name, mapping.title, ", ".join(mapping.sections)) for name, mapping in found]
    rows += [(name, read_ticket_mapping(name).title, "tickets") for name in shipped_ticket_mappings()]
    show_table(("mapping", "for", "kinds"), rows, empty="No mappings are shipped.")


@app.command("sniff")
def sniff_file(file: Annotated[Path, typer.Argument(help="A file of outages in columns of its own.")]) -> None:
    """Propose a mapping for an unknown file of outages, with what it is unsure of as comments."""
    from include.sla_logic.importers.sniffing import sniff

    typer.echo("\n".join(map(shown, sniff(file).text().splitlines())))


def _complete(kind: str, until: str | None, services: list[str], by: str | None) -> "Callable[[str], None] | None":
    """Return what notes that the records are complete, once they are imported without a rejected row."""
    from include.sla_logic.domain.contract.sources import KINDS

    if until is None:
        if services:
            raise UnableToImport("Say until when they are complete: --complete-until.")
        return None
    if kind not in KINDS:
        raise UnableToImport(f"No contract is judged on {kind}: --complete-until is for {', '.join(KINDS)}.")
    if not by:
        raise UnableToImport("Say who knows that the records are complete: --by.")
    moment = read_instant(until)
    imports = open_use_cases().imports
    return lambda name: imports.complete(kind, until=moment, by=by, source=name, services=services)


def _import(kind: str, file: Path, mapping_name: str | None, day: date, *, dry_run: bool) -> "ImportReport":
    from include.sla_logic.cli.progress import counting
    from include.sla_logic.importers.tables import count_rows

    mapping = _mapping(kind, mapping_name)
    use_cases = open_use_cases()
    with counting(f"Importing {kind}", "rows", total=count_rows(file)) as progress:
        return use_cases.imports.records(
            file, kind=kind, mapping=mapping, as_of=day, progress=progress, dry_run=dry_run
        )


def _mapping(kind: str, name: str | None) -> "Mapping":
    from include.sla_logic.importers import KINDS, plain_mapping, read_mapping

    if name is None and kind == "samples":
        raise UnableToImport("Samples need a mapping that names their series and units (--mapping).")
    mapping = None if name is None else read_mapping(name)
    if mapping is None or not mapping.sections:
        return plain_mapping(kind, KINDS[kind].record.model_fields, mapping)
    if kind not in mapping.sections:
        msg = f"The mapping {name} describes {', '.join(mapping.sections)}, not {kind}."
        raise UnableToImport(msg)
    return mapping


def _show(kind: str, report: "ImportReport", *, dry_run: bool) -> None:
    more = f" {report.joined} rows end what others begin." if report.joined else ""
    more += f" {report.repeated} stand there twice." if report.repeated else ""
    more += f" Some rows hold several: {report.further} more." if report.further else ""
    typer.echo(
        f"{report.rows} rows: {report.added} {kind} added, {report.changed} changed, {report.unchanged} known already, "
        f"{report.passed_over} rows passed over, {len(report.rejected)} rows rejected.{more}"
    )
    if report.passed:
        typer.echo(f"Passed over: {shown(report.most_passed())}.")
    for line in report.coverage[:_SHOWN]:
        typer.echo(f"  {shown(line)}")
    if dry_run:
        show_rehearsed(report.first)
    for warning in report.warnings:
        typer.echo(f"Warning: {shown(warning)}", err=True)
    show_rejected(report.rejected, kept=not dry_run)


def _check_writable(path: Path, imported: Path) -> None:
    """Raise where the file cannot be written, before anything is imported; its contents are kept."""
    if path.exists() and imported.exists() and path.samefile(imported):
        raise UnableToImport(f"{path} is the file to be imported: the rejected rows need a file of their own.")
    with open(path, "a", encoding="utf-8", opener=private):
        pass


def _write_rejected(path: Path, rejections: "Sequence[Rejected]") -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("row", "field", "reason"))
        writer.writerows((rejected.row, _cell(rejected.field), _cell(rejected.reason)) for rejected in rejections)


def _cell(text: Any) -> str:
    """Keep a spreadsheet from taking text that came from outside for a formula."""
    safe = shown(text)
    return f"'{safe}" if safe[:1] in {"=", "+", "-", "@"} else safe
