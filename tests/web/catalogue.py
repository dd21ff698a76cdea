"""What the desk says, taken from its code; `python -m tests.web.catalogue` renews the files of `languages/`."""

import ast
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from io import BytesIO
from pathlib import Path
from typing import Any

import yaml
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from include.sla_logic.domain.contract.schema import contract_schema
from include.sla_logic.domain.customer_report import CreditState, NextStep
from include.sla_logic.domain.finance import Payment, Standing
from include.sla_logic.domain.lanes import Lane
from include.sla_logic.domain.network import Action, ResourceState, Severity
from include.sla_logic.domain.notification import Metric, ProblemNotification, Symptom
from include.sla_logic.domain.resolution import Outcome
from include.sla_logic.domain.restoration import RestorationOutcome
from include.sla_logic.domain.service_performance import ObjectiveState
from include.sla_logic.domain.service_problem import ProblemEnd
from include.sla_logic.domain.settlement import RoundState
from include.sla_logic.domain.significance import Band
from include.sla_logic.domain.sla.objective_judgement import Verdict
from include.sla_logic.domain.trouble_ticket import TicketStatus
from include.sla_logic.process.graph import STEPS
from include.sla_logic.process.layout import PLACES
from include.sla_logic.services.board import SHOWN
from include.sla_logic.services.holds import ClockOwner
from include.sla_logic.web import translations, wording
from include.sla_logic.web.actions import ACTIONS
from include.sla_logic.web.presenters import KINDS
from include.sla_logic.web.yaml_words import PROBLEMS

WEB = Path(translations.__file__).parent
POLICIES = WEB.parent / "policies"
METHODS = [("**.py", "python"), ("**.html.j2", "jinja2")]
OPTIONS = {"**.html.j2": {"extensions": "jinja2.ext.i18n", "silent": "false", "newstyle_gettext": "true"}}
CODES: tuple[type[Any], ...] = (
    Action, Band, ClockOwner, CreditState, Metric, NextStep, ObjectiveState, Outcome, Payment, ProblemEnd,
    ResourceState, RestorationOutcome, RoundState, Severity, Standing, Symptom, TicketStatus, Verdict,
)  # fmt: skip
# Codes that are no enumeration: of messages, credits, runs, members of a run, ways in, and acts in the activity log.
OTHERS = """
sent, dead, claimed, mail, billing, held, booked, posted, unclaimed, to_be_paid_out, lapsed, open, ended, carried, left,
set aside, accepted, form, REST, backlog, due_by_priority, next_credit_tier, restoration released,
restoration rejected, restoration answer refused, credit approved, amount entered, credit claimed, credit declined,
credit paid out, ticket taken, ticket assigned, ticket given back, message retried, message released, report sent,
settlement released, notification accepted, notification refused, notification refused again,
import rejections dismissed, run taken up again, task failed, outages, attributions, samples, maintenance, holds,
unobserved, dispute recorded, dispute decided, file attached, customer erased,
link down, accept, work recorded, measured again, incident resolved,
incident reopened, customer written to, note written, problem acknowledged, automatic restoration, all,
month, quarter, year, day, event
"""
FACTORS = ("service_class", "agreement_ends", "chronic_right", "other_open_incidents")
ANSWERS = (400, 401, 403, 404, 405, 409, 413, 414, 415, 422, 500, 501, 502, 503)


def messages() -> Catalog:
    """Return every sentence that the code marks, and every word that a code becomes, without translations."""
    found = Catalog(charset="utf-8")
    for file, _line, message, _comments, context in extract_from_dir(WEB, METHODS, OPTIONS):
        found.add(message, locations=[(file, 0)], context=context)
    for message, where in vocabulary():
        if message and message not in found:
            found.add(message, locations=[(where, 0)])
    return found


def vocabulary() -> Iterator[tuple[str, str]]:
    """Return what stands in no call of gettext: tables of the desk, codes as words, and texts of the policies."""
    yield from (
        (said, "actions.py") for each in ACTIONS.values() for said in (each.title, each.explanation, each.button)
    )
    yield from ((said, "wording.py") for said in wording.sentences())
    yield from ((said, "yaml_words.py") for said in PROBLEMS)
    yield from ((said, "the process") for said in _of_the_process())
    yield from ((said, "the form") for said in _of_the_form())
    yield from ((HTTPStatus(status).phrase, "answers") for status in ANSWERS)
    codes = [code.value for each in CODES for code in each if isinstance(code.value, str)]
    codes += [each.strip() for each in OTHERS.replace("\n", " ").split(",")] + list(SHOWN) + list(FACTORS)
    yield from ((wording.in_words(code), "codes") for code in codes)
    yield from ((code.replace("_", " "), "codes") for code in codes)
    yield from ((said, "policies") for said in _of_the_policies())
    yield from ((said, "refusals") for said in _of_the_refusals())
    yield from ((said, "contracts") for said in _of_the_contracts(contract_schema()))


def _of_the_contracts(part: Any) -> Iterator[str]:
    """Return what the schema of contracts says about a value that has to be written: `a currency of ISO 4217, …`."""
    if isinstance(part, dict):
        said = part.get("description", "")
        if isinstance(said, str) and said.startswith("a "):
            yield said
    for each in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        yield from _of_the_contracts(each)


def _of_the_refusals() -> Iterator[str]:
    """Return the pattern of each `Sentence` below the desk: a text in its call, or in a variable passed to it."""
    for file in sorted(WEB.parent.rglob("*.py")):
        source = file.read_text(encoding="utf-8")
        if "Sentence(" in source:
            tree = ast.parse(source)
            functions = (each for each in ast.walk(tree) if isinstance(each, ast.FunctionDef))
            blocks: list[ast.Module | ast.FunctionDef] = [tree, *functions]
            yield from dict.fromkeys(said for block in blocks for said in _said_in(block))


def _said_in(block: ast.Module | ast.FunctionDef) -> Iterator[str]:
    nodes = list(ast.walk(block))
    said = [each.args[0] for each in nodes if isinstance(each, ast.Call) and _called(each) == "Sentence" and each.args]
    names = {each.id for each in said if isinstance(each, ast.Name)}
    given = [
        each for each in (nodes if isinstance(block, ast.FunctionDef) else block.body) if isinstance(each, ast.Assign)
    ]
    said += [each.value for each in given if any(isinstance(to, ast.Name) and to.id in names for to in each.targets)]
    for each in said:
        either = (each.body, each.orelse) if isinstance(each, ast.IfExp) else (each,)
        yield from (one.value for one in either if isinstance(one, ast.Constant) and isinstance(one.value, str))


def _called(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _of_the_process() -> Iterable[str]:
    yield from (lane.value for lane in Lane)
    yield from (to.label for step in STEPS.values() for to in step.followed_by)
    yield from ("\n".join(place.lines) for place in PLACES.values())
    yield from map(wording.title_of, [*STEPS, *KINDS, "take_over_incident"])
    yield from ("By outcome", "By cause", "By contract", "By department that corrected")


def _of_the_form() -> Iterable[str]:
    for field in ProblemNotification.model_fields.values():
        yield from (field.title or "", field.description or "")
        extra = field.json_schema_extra
        yield from (extra.get("values_display", {}) if isinstance(extra, dict) else {}).values()  # type: ignore[union-attr, misc]


def _of_the_policies() -> Iterable[str]:
    diagnosis, remedies, catalogue, significance = (
        yaml.safe_load((POLICIES / f"{name}.yaml").read_text(encoding="utf-8"))
        for name in ("diagnosis", "remedies", "counter_measures", "significance")
    )
    types = {each["type"] for each in (*diagnosis["alarms"], *diagnosis["states"], *remedies["remedies"])}
    yield from map(wording.in_words, sorted(types | {diagnosis["unexplained"], *significance} - {"version"}))
    yield from (wording.in_words(each["alarm"].lower()) for each in diagnosis["alarms"])
    yield from (each[part] for each in remedies["remedies"] for part in ("title", "why_held") if part in each)
    yield from (each["title"] for each in catalogue["catalogue"])


def bring_up_to_date(file: Path) -> Catalog:
    """Return the file's catalogue with what the desk says now: what is new is empty, what is no longer said is gone."""
    with file.open("rb") as text:
        kept = read_po(text, locale=file.stem)
    kept.update(messages(), no_fuzzy_matching=True, update_creation_date=False)
    kept.obsolete.clear()
    return kept


def as_text(catalogue: Catalog) -> str:
    """Write a catalogue without what changes from day to day."""
    text = BytesIO()
    write_po(text, catalogue, width=118, sort_by_file=True, ignore_obsolete=True)
    changing = (
        '"POT-Creation',
        '"PO-Revision',
        '"Generated',
        '"Project-Id',
        '"Report-Msgid',
        '"Last-Transl',
        '"Language-T',
    )
    lines = text.getvalue().decode().splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith(changing))


if __name__ == "__main__":
    for name in sorted(translations.LANGUAGES.glob("*.po")):
        name.write_text(as_text(bring_up_to_date(name)), encoding="utf-8")
