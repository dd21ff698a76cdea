"""Finding what is wrong with a contract before it is used."""

from collections.abc import Iterable
from functools import partial

from include.sla_logic.domain.contract.agreement_linting import lint_agreement_terms
from include.sla_logic.domain.contract.contract import Contract
from include.sla_logic.domain.contract.finding import Finding, LineOf
from include.sla_logic.domain.contract.reading import Lines, UnableToReadContract, parse_contract, parse_supposing
from include.sla_logic.domain.contract.term_linting import lint_objective, lint_terms
from include.sla_logic.domain.contract.terms import Counting
from include.sla_logic.domain.contract.tier_linting import lint_tiers
from include.sla_logic.domain.sentence import Sentence

# What is supposed of a contract that lacks a term, only to say what else is wrong with it.
_SUPPOSED = {"zone": "UTC", "currency": "EUR", "charge_base": "recurring", "version": "0", "title": "untitled"}


_TWICE = "objectives.%(number)s.id: the objective %(name)s is named twice: give each an id of its own"


def _line(lines: Lines, *path: str | int) -> int:
    return lines[path]


def _findings(contract: Contract, lines: Lines) -> Iterable[Finding]:
    yield from lint_terms(contract, partial(_line, lines))
    yield from lint_agreement_terms(contract, partial(_line, lines))
    yield from _named_twice(contract, partial(_line, lines, "objectives"))
    yield from _empty_hours(contract.counting, partial(_line, lines, "counting", "service_hours"))
    for number, objective in enumerate(contract.objectives):
        own = partial(_line, lines, "objectives", number, "counting", "service_hours")
        yield from _empty_hours(objective.counting, own)
        yield from lint_objective(contract, objective, partial(_line, lines, "objectives", number))
        yield from lint_tiers(contract, objective, partial(_line, lines, "objectives", number, "rule"))


def _named_twice(contract: Contract, line: LineOf) -> Iterable[Finding]:
    names = [objective.id for objective in contract.objectives]
    for number, name in enumerate(names):
        if name in names[:number]:
            text = Sentence(_TWICE, number=str(number), name=name)
            yield Finding(level="refuses", line=line(number, "id"), code="named_twice", text=text)


def _empty_hours(counting: Counting | None, line: LineOf) -> Iterable[Finding]:
    for number, hours in enumerate(counting.service_hours or () if counting else ()):
        if hours.is_empty:
            text = Sentence("service_hours.%(number)s: %(why)s", number=str(number), why=hours.when_empty)
            yield Finding(level="refuses", line=line(number), code="empty_hours", text=text)


def check_contract(text: str, *, name: str) -> tuple[Contract | None, tuple[Finding, ...]]:
    """Return the contract, where it can be read, and everything that is wrong with it, by line."""
    try:
        contract, lines = parse_contract(text, name=name)
    except UnableToReadContract as error:
        wrong = [Finding(level="refuses", line=e.line, code=e.code, text=e.reason) for e in (error, *error.others)]
        supposed = parse_supposing(text, _SUPPOSED, name=name)
        return None, (*wrong, *(() if supposed is None else _sorted(*supposed)))
    return contract, _sorted(contract, lines)


def _sorted(contract: Contract, lines: Lines) -> tuple[Finding, ...]:
    return tuple(sorted(_findings(contract, lines), key=lambda finding: (finding.line, finding.code)))


def read_contract(text: str, *, name: str) -> Contract:
    """Return a contract that may be used; raise `UnableToReadContract` with the line of the first refusal."""
    contract, findings = check_contract(text, name=name)
    refusal = next((finding for finding in findings if finding.level == "refuses"), None)
    if refusal is not None:
        raise UnableToReadContract(refusal.text, name=name, line=refusal.line, code=refusal.code)
    if contract is None:  # pragma: no cover - an unreadable contract always has a refusal
        raise UnableToReadContract(Sentence("it cannot be read"), name=name)
    return contract
