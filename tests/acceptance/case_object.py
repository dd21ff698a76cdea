"""The objects of a case file, which record which of their fields have been read."""

import re
from collections.abc import Iterator
from typing import Any

Path = str
# Fields that name, explain or show, and change no number. Every other field has to be read.
WORDS_ONLY = re.compile(
    r"id|contract|title|covers|arithmetic|expected|source|provider|assumptions|known_defect"
    r"|note|notes|comment|description|label|name|reference|ref|evidence|ticket_id|site|service"
)


class UnableToTranslate(Exception):
    """A case says something that no contract file or facts can express; it is never guessed or skipped."""


class CaseObject:
    """One object of a case file; it records which fields are read, so that an unknown field fails the test."""

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
        given = [value for _key, value in found if value is not None]
        if len(given) > 1 and any(value != given[0] for value in given):
            raise UnableToTranslate(f"{self.where or 'the case'} tells {' and '.join(key for key, _ in found)}")
        return bool(found), given[0] if given else None

    def value(self, pattern: str) -> Any:
        """Read the field whose whole name matches, or None."""
        return self.find(pattern)[1]

    def objects(self, key: str) -> list["CaseObject"]:
        """Read a list of objects; none where the field is missing or null."""
        return list(self.get(key) or [])

    def read_all(self) -> None:
        """Count every field as read."""
        self._read.update(self._fields)

    def unread(self) -> list[Path]:
        """Return the paths of the fields that were not read, other than words."""
        return [path for key, value in self._fields.items() for path in self._missed(key, value)]

    def _missed(self, key: str, value: Any) -> Iterator[Path]:
        if WORDS_ONLY.fullmatch(key):
            return
        if key not in self._read:
            if value not in (None, [], {}):
                yield f"{self.where}{key}"
            return
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, CaseObject):
                yield from child.unread()


def _wrapped(value: Any, where: Path) -> Any:
    if isinstance(value, dict):
        return CaseObject(value, f"{where}.")
    if isinstance(value, list):
        return [_wrapped(child, f"{where}.{i}") for i, child in enumerate(value, start=1)]
    return value
