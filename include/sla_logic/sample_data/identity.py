"""The numbers of the small TELECO's records, and its random draws."""

from dataclasses import dataclass
from hashlib import sha256


@dataclass(frozen=True)
class Numbers:
    """All numbers of one customer with one service."""

    index: int

    def _of(self, letter: str) -> str:
        return f"{letter}-{1001 + self.index}"

    @property
    def customer(self) -> str:
        """Number in the contract register."""
        return self._of("C")

    @property
    def service(self) -> str:
        """Number of the subscribed service."""
        return self._of("S")

    @property
    def agreement(self) -> str:
        """Number of the agreement."""
        return self._of("A")

    @property
    def account(self) -> str:
        """Number of the billing account."""
        return self._of("B")

    def resource(self, part: str) -> str:
        """Return the number of one resource of the customer's own, e.g. of its port."""
        return f"R-{1001 + self.index}-{part}"

    def alarm(self) -> str:
        """Return the number of the one alarm that is raised at the customer's resources."""
        return self._of("AL")

    def fault(self) -> str:
        """Return the number of the one fault of the customer's resources."""
        return self._of("F")

    def outage(self, number: int) -> str:
        """Return the reference of an interruption of the service."""
        return f"OUT-{1001 + self.index}-{number}"


def draw(seed: int, *subject: object, low: int, high: int) -> int:
    """Draw a whole number from low to high, the same for the same seed and subject."""
    digest = sha256(repr((seed, *subject)).encode()).digest()
    return low + int.from_bytes(digest[:8]) % (high - low + 1)
