"""Names that stand for customers and people in what is handed on: the same each time, found only with the key."""

import hmac
from dataclasses import dataclass

_DIGITS = 16


@dataclass(frozen=True)
class Pseudonyms:
    """Pseudonyms of one installation; without a key, everything keeps its name."""

    key: str | None

    def of(self, kind: str, name: str) -> str:
        """Return the pseudonym of a name (`customer-1f0c…`); a customer and a person of one name have two."""
        if self.key is None:
            return name
        digest = hmac.digest(bytes.fromhex(self.key), f"{kind}\0{name}".encode("utf-8", "surrogatepass"), "sha256")
        return f"{kind}-{digest.hex()[:_DIGITS]}"
