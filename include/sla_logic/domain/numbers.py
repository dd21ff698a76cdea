"""The numbers of rows as people read them, such as TT-000001."""

_MOST = 18  # digits: every such number fits into a column, and no row will ever have more


def written(prefix: str, number: int) -> str:
    """Write a number after what says of which kind it is, with six digits or more: TT-000001."""
    return f"{prefix}{number:06d}"


def number_in(prefix: str, text: str) -> int | None:
    """Return the number after `prefix`; None for any other text, and for a number that no column holds."""
    digits = text.removeprefix(prefix)
    is_number = digits.isascii() and digits.isdigit() and len(digits) <= _MOST
    return int(digits) if is_number and text.startswith(prefix) else None
