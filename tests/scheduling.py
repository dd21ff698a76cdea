"""How tests are spread over the workers: file by file, so that what the tests of a file share is made once."""

from xdist.scheduler import LoadGroupScheduling  # type: ignore[import-untyped]


class FileScheduling(LoadGroupScheduling):  # type: ignore[misc]
    """Hands out files in the order in which they were collected; the tests of a group stay together across files."""

    def _split_scope(self, nodeid: str) -> str:
        group: str = super()._split_scope(nodeid)
        return nodeid.split("::", 1)[0] if group == nodeid else group
