"""Every package says what it holds and stays small enough to be read."""

import ast
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ROOT / "include" / "sla_logic"
MODULES = sorted([*PRODUCT.rglob("*.py"), *(ROOT / "plugins").rglob("*.py"), *(ROOT / "dags").glob("*.py")])
DOMAIN = ("domain", "domain/contract", "domain/sla")


def _lines(file: Path) -> int:
    return len(file.read_text("utf-8").splitlines())


def _package(file: Path) -> str:
    """Name the package directly below sla_logic; the domain is three: its documents, the contract and the judgement."""
    parts = file.relative_to(PRODUCT).parts[:-1]
    nested = "/".join(parts[:2])
    return nested if nested in DOMAIN else "".join(parts[:1])


def _shares() -> dict[str, float]:
    lines: Counter[str] = Counter()
    for file in PRODUCT.rglob("*.py"):
        lines[_package(file)] += _lines(file)
    return {name: count / lines.total() for name, count in lines.items()}


def test_no_package_holds_more_than_a_quarter_and_no_part_of_the_domain_more_than_a_fifth() -> None:
    assert {name: share for name, share in _shares().items() if share > (0.2 if name in DOMAIN else 0.25)} == {}


@pytest.mark.parametrize("package", sorted(file.parent for file in PRODUCT.rglob("__init__.py")), ids=lambda p: p.name)
def test_every_package_says_in_one_line_what_it_holds(package: Path) -> None:
    text = ast.get_docstring(ast.parse((package / "__init__.py").read_text("utf-8")))
    assert text or package.name == "versions"  # Alembic reads that folder, nobody imports it
    assert "\n" not in (text or "").partition("\n\n")[0]


def test_no_module_has_more_than_250_lines() -> None:
    assert {str(file.relative_to(ROOT)): _lines(file) for file in MODULES if _lines(file) > 250} == {}


def test_no_function_has_more_than_40_lines() -> None:
    long = {
        f"{file.relative_to(ROOT)}: {node.name}": length
        for file in MODULES
        if "versions" not in file.parts  # a migration is one list of operations
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or 0) - node.lineno + 1) > 40
    }
    assert long == {}
