"""Each document of a case file as prose: a few sentences that say what it says; its JSON has every figure."""

import json
from collections.abc import Mapping
from typing import Any

from include.sla_logic.domain.document import Document
from include.sla_logic.web.presenters import analysis, customer_service, restoration  # noqa: F401 - each tells its own documents
from include.sla_logic.web.presenters.phrases import tell

KINDS: Mapping[str, type[Document]] = {kind.kind(): kind for kind in tell.registry if kind is not object}


def present_document(kind: str, body: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the sentences of one kept document; none for a kind that nobody tells or a document that cannot be read."""
    if kind not in KINDS:
        return ()
    try:
        document = KINDS[kind].model_validate_json(json.dumps(body))
    except ValueError:
        return ()
    return tuple(tell(document))
