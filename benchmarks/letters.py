"""CPU milliseconds of one letter by its parts: pictures, words, mail, and what is read of it again when it is sent.

Run with `PYTHONPATH=.:plugins python -m benchmarks letters [--incidents 20] [--rounds 5]`. The letters are those of a
sample; each part is repeated with the same arguments, and the median of the rounds counts. A renderer of SVG
is measured beside our pictures, and reading the whole mail beside reading its headers.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from email.parser import HeaderParser
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import patch

from benchmarks.sample import open_sample
from benchmarks.use_cases import lead_cohort
from include.sla_logic.domain.mail_message import compose, read_message
from include.sla_logic.letters import letter_outbox, objectives_section
from include.sla_logic.letters.charts.performance import as_png, as_svg
from include.sla_logic.letters.charts.png import to_png
from include.sla_logic.letters.letter_outbox import render

Call = tuple[tuple[Any, ...], dict[str, Any]]


@dataclass
class Kept:
    """With what each part was called, and the mails that came of it."""

    letters: list[Call] = field(default_factory=list)
    pictures: list[Call] = field(default_factory=list)
    mails: list[Call] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)


@contextmanager
def kept_calls() -> Iterator[Kept]:
    """Keep the arguments of every letter that is written inside."""
    kept = Kept()

    def noted(calls: list[Call], function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **named: Any) -> Any:
            calls.append((args, named))
            return function(*args, **named)

        return call

    with (
        patch.object(letter_outbox, "render", noted(kept.letters, render)),
        patch.object(letter_outbox, "compose", noted(kept.mails, compose)),
        patch.object(objectives_section, "as_png", noted(kept.pictures, as_png)),
    ):
        yield kept
    kept.texts = [compose(**named) for _, named in kept.mails]


def main() -> None:
    """Lead a cohort to its letters, then repeat each part of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--incidents", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, kept_calls() as kept:
        use_cases, confs = open_sample(Path(folder), options.incidents)
        tickets = [use_cases.incidents.accept(c, run_id=f"own-{i}", origin="benchmark").id for i, c in enumerate(confs)]
        lead_cohort(use_cases, "cohort", tickets)
    count = len(kept.letters)
    print(f"{count} letters with {len(kept.pictures)} pictures       CPU ms of a letter")
    for name, part in parts(kept).items():
        print(f"    {name:52s} {1000 * spent(part, options.rounds) / count:8.2f}", flush=True)


def parts(kept: Kept) -> dict[str, Callable[[], object]]:
    """Return what is measured."""
    headers = HeaderParser(EmailMessage, policy=policy.default)
    return {
        "the whole": lambda: [render(*args, **named) for args, named in kept.letters],
        "pictures": lambda: [as_png(*args, **named) for args, named in kept.pictures],
        "pictures, by a renderer of SVG": lambda: [to_png(as_svg(*args, **named)) for args, named in kept.pictures],
        "mail": lambda: [compose(**named) for _, named in kept.mails],
        "sending: sender and recipient": lambda: [
            (message["From"].addresses, message["To"].addresses) for message in map(headers.parsestr, kept.texts)
        ],
        "sending, with every part read": lambda: [read_message(text)["To"].addresses for text in kept.texts],
    }


def spent(part: Callable[[], object], rounds: int) -> float:
    """Return the CPU seconds of a part: the median of the rounds, after one that pays for what is loaded once."""
    part()
    figures = []
    for _ in range(rounds):
        start = time.process_time()
        part()
        figures.append(time.process_time() - start)
    return median(figures)


if __name__ == "__main__":
    main()
