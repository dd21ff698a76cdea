"""`sla process`: the process itself, for programs that draw or run processes."""

import typer

app = typer.Typer(no_args_is_help=True, help="See the process itself.")


@app.callback()
def _group() -> None:
    """Keep `sla process` a group, whatever it has."""


@app.command()
def bpmn() -> None:
    """Print the process as BPMN 2.0, with lanes and layout: every step, decision and wait under its own name."""
    from include.sla_logic.process.bpmn import process_as_bpmn

    typer.echo(process_as_bpmn(), nl=False)
