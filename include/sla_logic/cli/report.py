"""`sla report`: what finance books at a month's end, and what a customer is told of a month."""

from pathlib import Path
from typing import Annotated

import typer

from include.sla_logic.cli.opening import open_use_cases
from include.sla_logic.cli.options import AsJson
from include.sla_logic.cli.output import show_json, show_table, shown, write_private
from include.sla_logic.cli.person import By

app = typer.Typer(no_args_is_help=True, help="Report a month.")

Month = Annotated[str, typer.Option(help="The month, as 2026-11.")]


@app.command()
def finance(
    month: Month,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print one row for each credit, as CSV.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show credits as they stood at the end of a month: provisional, held, unclaimed, lapsed, to be paid out."""
    from include.sla_logic.services.tables import finance_as_csv

    report = open_use_cases().reports.finance(month)
    if as_csv:
        typer.echo(finance_as_csv(report), nl=False)
    elif as_json:
        show_json(report.model_dump(mode="json"))
    else:
        columns = ("contract", "cause", "state", "payment", "credits", "amount", "reasons")
        rows = [
            (
                *(one.contract, one.cause, one.standing.value, one.payment.value, one.credits),
                *(
                    str(one.money) if not one.unknown else f"{one.money}, {one.unknown} not named",
                    " ".join(one.reasons),
                ),
            )
            for one in report.lines
        ]
        typer.echo(f"Credits as they stood on {shown(report.at)}")
        show_table(columns, rows, empty="No credit stood open or was decided.", less=("reasons",))


@app.command("customer")
def customer_month(
    month: Month,
    customer: Annotated[str, typer.Option(help="Whose services.")],
    by: By,
    pdf: Annotated[Path | None, typer.Option(help="Write it to this file as PDF.")] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print it as CSV, in the customer's language.")] = False,
    send: Annotated[bool, typer.Option("--send", help="Put it into the outbox, for the customer.")] = False,
) -> None:
    """Show a customer's month, service by service: promised, measured, outages, credits, the next period."""
    reports = open_use_cases().monthly_reports
    if send:
        typer.echo(f"The report is in the outbox: {reports.send(customer, month, by=by)}")
    elif pdf is not None:
        write_private(pdf, reports.as_pdf(customer, month))
        typer.echo(f"The report of {customer} is in {pdf}.")
    else:
        typer.echo((reports.as_csv if as_csv else reports.as_text)(customer, month), nl=False)
