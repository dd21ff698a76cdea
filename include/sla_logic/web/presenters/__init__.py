"""Each document of a case file in a few sentences; its JSON has every field."""

import json
from collections.abc import Mapping
from typing import Any

from include.sla_logic.domain.document import Document
from include.sla_logic.web.presenters import analysis, customer_service, money, restoration  # noqa: F401 - each registers its own
from include.sla_logic.web.presenters.phrases import present

KINDS: Mapping[str, type[Document]] = {kind.kind(): kind for kind in present.registry if kind is not object}


def present_document(kind: str, body: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the sentences of a stored document; none where its kind is unknown or its body cannot be read."""
    if kind not in KINDS:
        return ()
    try:
        document = KINDS[kind].model_validate_json(json.dumps(body))
    except ValueError:
        return ()
    return tuple(present(document))
