"""The command `sla`: one module for each group of commands, imported only when it is used."""

import os
import sys
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from include.sla_logic.cli.commands import COMMANDS
from include.sla_logic.domain.errors import ForeseenError

_HELP = "sla.help"


class LazyGroup(TyperGroup):
    """Name the groups without importing them, and turn every failure into one sentence and exit code 1."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        module, says = COMMANDS[cmd_name]
        if ctx.meta.get(_HELP):
            return TyperCommand(cmd_name, help=says)
        group = import_module(f"include.sla_logic.cli.{module}").app
        group._add_completion = False  # noqa: SLF001 - the group cannot know that it is one of several
        command = typer.main.get_command(group)
        command.name = cmd_name
        return command

    def format_help(self, ctx: Any, formatter: Any) -> None:
        ctx.meta[_HELP] = True
        super().format_help(ctx, formatter)

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except Exception as error:
            sentence = sentence_of(error)
            if sentence is None or os.environ.get("SLA_TRACEBACK"):
                raise
            from include.sla_logic.cli.output import shown

            sys.stderr.write(f"sla: {shown(sentence)}\n")  # it may quote what was sent
            raise typer.Exit(1) from error


def sentence_of(error: Exception) -> str | None:
    """Say in one sentence what went wrong; None for what typer itself reports."""
    if type(error).__module__.startswith(("click", "typer")) or isinstance(error, BrokenPipeError):
        return None  # the reader of a pipe may stop when it has enough; click ends quietly
    if isinstance(error, ForeseenError):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        return f"{'' if error.filename is None else f'{error.filename}: '}{error.strerror}."
    from sqlalchemy.exc import InterfaceError, OperationalError

    if isinstance(error, OperationalError | InterfaceError):
        first_line = str(error.orig).strip().splitlines()[0]
        return f"The operations database cannot be used: {first_line}."
    return f"An unforeseen error: {type(error).__name__}: {error}. SLA_TRACEBACK=1 shows where."


app = typer.Typer(
    name="sla",
    cls=LazyGroup,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="SLA violations from the report to the rebate. Settings: TELECO_DB_URL, TELECO_LETTERS, TELECO_SMTP_URL.",
)


@app.callback()
def _root() -> None:
    """Keep `sla` a group, whatever is mounted in it."""
