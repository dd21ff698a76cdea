"""What a case file tells: its objects, with a record of which of their fields somebody has read."""

import re
from collections.abc import Iterator
from typing import Any

Path = str
# Fields that name, explain or show, and change no number. Everything else has to be read by somebody.
WORDS_ONLY = re.compile(
    r"id|contract|title|covers|arithmetic|expected|source|provider|assumptions|known_defect"
    r"|note|notes|comment|description|label|name|reference|ref|evidence|ticket_id|site|service"
)


class UnableToTranslate(Exception):
    """A case tells something that cannot be said in a contract file or in facts; never guessed, never skipped."""


class Told:
    """One object of a case file; reading a field is recorded, so that nothing it tells is lost in silence."""

    def __init__(self, fields: dict[str, Any], where: Path = "") -> None:
        """Wrap the object and every object inside it."""
        self.where, self._read = where, set[str]()
        self._fields = {key: _wrapped(value, f"{where}{key}") for key, value in fields.items()}

    def __contains__(self, key: str) -> bool:
        """Tell whether the field is there, even as null."""
        return key in self._fields

    def get(self, key: str, default: Any = None) -> Any:
        """Read a field; one that is there as null is None."""
        self._read.add(key)
        return self._fields.get(key, default)

    def __getitem__(self, key: str) -> Any:
        """Read a field that has to be there."""
        if key not in self._fields:
            raise UnableToTranslate(f"{self.where or 'the case'} lacks {key}")
        return self.get(key)

    def find(self, pattern: str) -> tuple[bool, Any]:
        """Read the fields whose whole name matches; say whether there was one, and the first value."""
        found = [(key, self.get(key)) for key in self._fields if re.fullmatch(pattern, key)]
        told = [value for _key, value in found if value is not None]
        if len(told) > 1 and any(value != told[0] for value in told):
            raise UnableToTranslate(f"{self.where or 'the case'} tells {' and '.join(key for key, _ in found)}")
        return bool(found), told[0] if told else None

    def value(self, pattern: str) -> Any:
        """Read the field whose whole name matches, or None."""
        return self.find(pattern)[1]

    def objects(self, key: str) -> list["Told"]:
        """Read a list of objects; none where the field is missing or null."""
        return list(self.get(key) or [])

    def read_all(self) -> None:
        """Count every field as read."""
        self._read.update(self._fields)

    def unread(self) -> list[Path]:
        """Return where the fields are that nobody has read, other than words."""
        return [path for key, value in self._fields.items() for path in self._missed(key, value)]

    def _missed(self, key: str, value: Any) -> Iterator[Path]:
        if WORDS_ONLY.fullmatch(key):
            return
        if key not in self._read:
            if value not in (None, [], {}):
                yield f"{self.where}{key}"
            return
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, Told):
                yield from child.unread()


def _wrapped(value: Any, where: Path) -> Any:
    if isinstance(value, dict):
        return Told(value, f"{where}.")
    if isinstance(value, list):
        return [_wrapped(child, f"{where}.{i}") for i, child in enumerate(value, start=1)]
    return value
