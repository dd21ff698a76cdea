"""Each paper of a case file as prose: a few sentences that say what it says; its JSON has every figure."""

import json
from collections.abc import Mapping
from typing import Any

from include.sla_logic.console.telling import judged, restored, searched  # noqa: F401 - each tells its own papers
from include.sla_logic.console.telling.words import tell
from include.sla_logic.domain.document import Document

KINDS: Mapping[str, type[Document]] = {kind.kind(): kind for kind in tell.registry if kind is not object}


def tell_paper(kind: str, body: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the sentences of one kept paper; none for a kind that nobody tells or a paper that cannot be read."""
    if kind not in KINDS:
        return ()
    try:
        paper = KINDS[kind].model_validate_json(json.dumps(body))
    except ValueError:
        return ()
    return tuple(tell(paper))
