"""How files of operators are read as YAML: nothing is executed, and no value hides another."""

from typing import Any

import yaml

from include.sla_logic.importers.tables.documents import TwiceNamed


class OnceLoader(yaml.SafeLoader):
    """Reads instants as they are written, and refuses a name that stands twice."""


def _once(loader: yaml.SafeLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    pairs = loader.construct_pairs(node, deep=True)
    found = dict(pairs)
    if len(found) != len(pairs):
        raise TwiceNamed(f"a name stands twice in line {node.start_mark.line + 1} or below")
    return found


OnceLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _once)
OnceLoader.add_constructor("tag:yaml.org,2002:timestamp", lambda _loader, node: node.value)
