"""What pydantic refuses is said in our words in every language: at forms, in contracts, in mappings and in imports."""

from collections.abc import Iterator
from html import unescape
from importlib import import_module
from inspect import getmembers, isclass
from pkgutil import walk_packages
from typing import Any, get_args

import pytest
from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticKnownError, SchemaValidator, core_schema
from pydantic_core._pydantic_core import list_all_errors  # what pydantic tests its own documentation by

import include.sla_logic as product
from include.sla_logic.domain.fault_words import OTHERWISE, WORDS, fault_in_words
from include.sla_logic.web import translations
from include.sla_logic.web.rendering import retell, retell_kept
from tests.web.desk_sample import HERE

GERMAN = {"Accept-Language": "de", **HERE}
OTHERS = [name for name in translations.languages() if name != translations.FALLBACK]
ALL = set(get_args(core_schema.ErrorType))
# What our own checks say, as they say it.
OURS = {"value_error", "assertion_error"}
# What no data can raise, only a program that calls a function, changes a frozen object, or asks for a Python object.
OF_PROGRAMS = {
    *("no_such_attribute", "get_attribute_error", "needs_python_object", "frozen_field", "frozen_instance"),
    *("dataclass_exact_type", "default_factory_not_called", "missing_sentinel_error", "ellipsis_error"),
    *("is_instance_of", "is_subclass_of", "callable_type", "arguments_type", "missing_argument"),
    *("unexpected_keyword_argument", "missing_keyword_only_argument", "unexpected_positional_argument"),
    *("missing_positional_only_argument", "multiple_argument_values"),
}
KINDS_OF_PROGRAMS = {
    *("arguments", "arguments-v3", "call", "callable", "is-instance", "is-subclass", "missing-sentinel"),
    *("dataclass", "dataclass-args", "custom-error"),
}
EXAMPLES = {each["type"]: each["example_context"] for each in list_all_errors()}


def fault(kind: str) -> Any:
    """Let pydantic refuse a value for this reason, with an example of what it tells about it."""
    told = {name: "'ab', 'cd' or 'ef'" if value == "" else value for name, value in (EXAMPLES[kind] or {}).items()}

    def refuse(_value: Any) -> None:
        raise PydanticKnownError(kind, told or None)  # type: ignore[arg-type]

    with pytest.raises(ValidationError) as refused:
        SchemaValidator(core_schema.no_info_plain_validator_function(refuse)).validate_python("x")
    [only] = refused.value.errors()
    return only


def test_every_kind_of_refusal_that_pydantic_knows_has_our_words_or_comes_from_no_data():
    assert set(WORDS) | OURS | OF_PROGRAMS == ALL
    assert set(WORDS) & OF_PROGRAMS == set()


def test_no_model_of_ours_checks_what_is_left_out():
    kinds = {kind for model in models() for kind in kinds_in(model.__pydantic_core_schema__)}
    assert {"model", "str", "int", "decimal", "union", "tagged-union"} <= kinds
    assert kinds & KINDS_OF_PROGRAMS == set()


def models() -> Iterator[type[BaseModel]]:
    for module in walk_packages(product.__path__, f"{product.__name__}."):
        if ".migrations." not in module.name:
            for _name, each in getmembers(import_module(module.name), isclass):
                if issubclass(each, BaseModel) and each.__module__.startswith(product.__name__):
                    yield each


def kinds_in(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(schema.get("type"), str):
            yield schema["type"]
        parts = [part for name, part in schema.items() if name not in {"metadata", "serialization"}]
    else:
        parts = list(schema) if isinstance(schema, list | tuple) else []
    for part in parts:
        yield from kinds_in(part)


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("kind", sorted(WORDS))
def test_each_is_said_in_every_language_also_when_it_was_kept(kind, name):
    wrong = fault(kind)
    said = fault_in_words(wrong)
    assert said != wrong["msg"]
    assert "%(" not in said
    with translations.reading(name):
        told = retell(said)
        assert told not in (said, "")
        assert "%(" not in told
        assert retell_kept(str(said)) == told
        assert retell_kept(f"{said} ('x') (row 7)") == f"{told} ('x') ({'Zeile' if name == 'de' else 'row'} 7)"
        assert retell(OTHERWISE) != OTHERWISE
    assert retell_kept(str(said)) == said


def test_our_own_checks_are_said_as_they_are_and_an_unknown_kind_has_words_too():
    assert fault_in_words({"type": "value_error", "ctx": {"error": ValueError("is ours")}}) == "is ours"
    assert fault_in_words({"type": "of_tomorrow", "msg": "Input should be new"}) == OTHERWISE


@pytest.mark.parametrize(
    ("path", "english", "german"),
    [
        (
            "/?page=x",
            "page: is no whole number: write digits",
            "page: ist keine ganze Zahl: Schreiben Sie nur Ziffern.",
        ),
        ("/?page=0", "page: is too small: write at least 1.", "page: ist zu klein: Schreiben Sie mindestens 1."),
        ("/?sort=odd", "sort: is not written as it should be", "sort: ist anders geschrieben, als es sein soll"),
        (
            "/?shown=odd",
            "shown: is not known: write one of: &#39;open&#39;, ",
            "shown: ist nicht bekannt: Schreiben Sie",
        ),
        ("/?search=" + "x" * 99, "search: is too long: write at most", "search: ist zu lang: Schreiben Sie höchstens"),
        ("/files/0", "number: is too small", "number: ist zu klein"),
    ],
)
def test_an_address_that_cannot_be_read_is_refused_in_the_readers_language(own_desk, path, english, german):
    assert english in own_desk.get(path).text
    page = own_desk.get(path, headers=GERMAN)
    assert page.status_code == 422
    assert german in page.text
    assert "Input" not in page.text


def sent(desk, content: str, kind: str = "outages", **fields: str):
    return desk.post(
        "/files", data={"kind": kind, **fields}, files={"file": ("a.csv", content.encode())}, headers=GERMAN
    )


def test_refused_rows_are_told_in_german_from_the_dry_run_to_the_quarantine(own_desk):
    rows = "service,reference,started_at,seconds\nS-1001,A,2026-11-05T08:00:00Z,-300\nS-1001,,2026-11-05T08:00:00Z,9\n"
    shown = own_desk.get(sent(own_desk, rows).headers["location"], headers=GERMAN)
    own_desk.post("/files/1/import", headers=GERMAN)
    for page in (shown, own_desk.get("/files/1", headers=GERMAN), own_desk.get("/waiting", headers=GERMAN)):
        text = unescape(page.text)
        assert "ist zu klein: Schreiben Sie mindestens 0 ('-300')" in text
        assert "is too small" not in text
    assert "(Zeile 2)" in text
    assert "is too small: write at least 0 ('-300')" in unescape(own_desk.get("/waiting").text)


def test_what_the_import_itself_refuses_is_told_in_german_too(own_desk):
    header = "service,reference,started_at,ended_at\n"
    rows = f"{header}S-404,A,2026-11-05T08:00:00Z,\nS-1001,B,2036-11-05T08:00:00Z,\nS-1001,C\n"
    page = unescape(own_desk.get(sent(own_desk, rows).headers["location"], headers=GERMAN).text)
    for said in (
        "S-404 ist nicht bekannt",
        "Importieren Sie zuerst die Dienste oder die Vereinbarungen",
        "2036-11-05T08:00:00Z liegt in der Zukunft",
        "Berichtigen Sie die Zeit, ihr Jahr oder ihre Zone.",
        "hat 2 Spalten, die Kopfzeile hat 4",
        "Berichtigen Sie die Zeile in der Datei.",
    ):
        assert said in page


def test_a_mapping_that_is_refused_says_it_in_german(own_desk):
    page = sent(own_desk, "a\n1\n", own_mapping="sections: {outages: {columns: {service: {column: 5}}}}")
    assert page.status_code == 422
    assert "kann nicht verwendet werden: title: fehlt." in page.text
    assert "Field required" not in page.text
