"""What a broken invariant looks like."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Violation:
    """The invariant (I1 to I15 of docs/reliability.md), what it is about, and what is wrong in one sentence."""

    invariant: str
    subject: str
    says: str

    def __str__(self) -> str:
        """Say it in one line."""
        return f"{self.invariant} {self.subject}: {self.says}"
