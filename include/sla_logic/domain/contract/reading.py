"""Reading a contract from YAML text, with the line of everything that is wrong."""

from collections.abc import Mapping

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from include.sla_logic.domain.contract.contract import Contract
from include.sla_logic.domain.contract.schema_faults import MOST_FAULTS, Fault, faults_by_schema
from include.sla_logic.domain.contract.yaml_text import (
    Lines,
    Path,
    UnableToReadContract,
    read_fields,
    shortened,
)
from include.sla_logic.domain.fault_words import fault_in_words
from include.sla_logic.domain.sentence import Sentence

__all__ = [
    "Lines",
    "UnableToReadContract",
    "parse_contract",
    "parse_stored",
    "parse_supposing",
    "read_fields",
]


def parse_contract(text: str, *, name: str) -> tuple[Contract, Lines]:
    """Return the contract and its lines without linting it; what the published schema refuses is refused."""
    fields, lines = read_fields(text, name=name)
    faults = faults_by_schema(fields, lines)
    try:
        contract = Contract.model_validate(fields)
    except ValidationError as error:
        said = _faults(error, lines)
        better = {fault.path for fault in said}
        faults = [fault for fault in faults if fault.owner not in better]
        named = {fault.path[:depth] for fault in faults for depth in range(len(fault.path) + 1)}
        faults += [fault for fault in said if fault.path not in named][: max(0, MOST_FAULTS - len(faults))]
    if faults:
        faults.sort(key=lambda fault: (lines[fault.path], not fault.code.startswith("missing_")))
        first, *rest = (_unreadable(fault, lines, name) for fault in faults)
        first.others = tuple(rest)
        raise first
    return contract, lines


def parse_stored(text: str, *, name: str) -> Contract:
    """Return a contract that was checked when it was loaded: what is refused today still judges what it judged."""
    fields, lines = read_fields(text, name=name)
    try:
        return Contract.model_validate(fields)
    except ValidationError as error:
        raise _unreadable(next(iter(_faults(error, lines))), lines, name) from error


def _unreadable(fault: Fault, lines: Lines, name: str) -> UnableToReadContract:
    return UnableToReadContract(fault.said, name=name, line=lines[fault.path], code=fault.code)


def _faults(error: ValidationError, lines: Lines) -> list[Fault]:
    return [_fault(wrong, lines) for wrong in error.errors()]


def _fault(wrong: ErrorDetails, lines: Lines) -> Fault:
    """Name the field, what stands there, and what is wrong with it."""
    missing = wrong["loc"][-1:] if wrong["type"] == "missing" else ()
    path = (*_known(wrong["loc"], lines), *missing)
    field = ".".join(map(str, path)) or Sentence("the contract")
    given = wrong["input"]
    why = fault_in_words(wrong)
    if isinstance(given, dict | list):  # also where a term is missing, or terms contradict each other
        said = Sentence("%(field)s: %(why)s", field=field, why=why)
    else:
        said = Sentence("%(field)s: %(why)s (given: %(given)s)", field=field, why=why, given=shortened(str(given)))
    return Fault(path, said, f"missing_{missing[0]}" if missing else "unreadable")


def parse_supposing(text: str, supposed: Mapping[str, str], *, name: str) -> tuple[Contract, Lines] | None:
    """Return the contract as if its missing terms were these, to lint the rest of it; None where more is wrong."""
    try:
        fields, lines = read_fields(text, name=name)
        return Contract.model_validate({**supposed, **fields}), lines
    except (UnableToReadContract, ValidationError):
        return None


def _known(loc: tuple[str | int, ...], lines: Lines) -> Path:
    """Drop what pydantic puts between the fields: kinds, which may also be names of fields that stand beside."""
    path: Path = ()
    for part, following in zip(loc, [*loc[1:], ""], strict=False):
        beside = (*path, following) in lines and (*path, part, following) not in lines
        if (*path, part) in lines and not beside:
            path = (*path, part)
    return path
