"""The shape of the API, without its words: `python -m tests.web.api_shape` renews `openapi.json` on purpose."""

import json
from pathlib import Path
from typing import Any, NoReturn

from include.sla_logic.web import build_desk

STORED = Path(__file__).with_name("openapi.json")
WORDS = {"description", "summary"}


def shape_of_the_api() -> str:
    """Return the OpenAPI description of the desk as JSON, with everything that programs depend on."""
    desk = build_desk(_unused, reader=_unused, writer=_unused)
    return json.dumps(_without_words(desk.openapi()), indent=1, sort_keys=True) + "\n"


def _without_words(part: Any) -> Any:
    if isinstance(part, dict):  # a field may be called description: its schema is no text
        texts = {name for name in WORDS & part.keys() if isinstance(part[name], str)}
        return {name: _without_words(each) for name, each in part.items() if name not in texts}
    return [_without_words(each) for each in part] if isinstance(part, list) else part


def _unused() -> NoReturn:
    raise NotImplementedError


if __name__ == "__main__":
    STORED.write_text(shape_of_the_api(), encoding="utf-8")
