"""Sentences of the templates, each looked up once in a language: a page says some of them hundreds of times."""

from functools import lru_cache
from gettext import NullTranslations

from jinja2 import Environment
from markupsafe import Markup

from include.sla_logic.web import translations


def install_sentences(environment: Environment) -> None:
    """Let templates say their sentences in the reader's language; values are escaped, a percent sign is doubled."""
    environment.install_gettext_callables(  # type: ignore[attr-defined]  # the extension brings it
        translations.gettext,
        translations.ngettext,
        pgettext=translations.pgettext,
        npgettext=translations.npgettext,
        newstyle=True,
    )
    environment.globals |= {"gettext": _say, "_": _say}


def _say(message: str, /, **values: object) -> Markup:
    """Say a sentence as Jinja's own function does, which makes a context of the template for each."""
    known = translations.sentences()
    return _look_up(known, message) % values if values else _without_values(known, message)


@lru_cache(maxsize=4096)
def _look_up(known: NullTranslations, message: str) -> Markup:
    return Markup(known.gettext(message) if message else "")  # noqa: S704 - our own sentence


@lru_cache(maxsize=4096)
def _without_values(known: NullTranslations, message: str) -> Markup:
    return _look_up(known, message) % {}
