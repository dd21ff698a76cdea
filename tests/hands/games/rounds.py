"""Many games at once in one Airflow, and the judgement over all of them."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from deploy.stack.rest import FINISHED
from tests.faults.installation import HASTE, Installation, open_installation
from tests.hands.games.buttons import EXTRA
from tests.hands.games.oracle import judge
from tests.hands.games.player import Game, Player
from tests.hands.games.series import Button, Series
from tests.hands.games.watch import Watch

AT_ONCE = 24
OPERATORS = {"TELECO_OPERATORS": "operators@teleco.example"}
WATCHDOG_MINUTES = "1"


@dataclass
class Result:
    """What was played and found; each finding with the seed that plays it again."""

    games: list[Game] = field(default_factory=list)
    findings: list[tuple[int, str]] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def hands(self) -> Counter[Button]:
        return Counter(hand.button for game in self.games for hand in game.series.hands)

    @property
    def healed(self) -> int:
        """The games in which the operator had to clear something in the end."""
        return sum(game.healed > 0 for game in self.games)


@contextmanager
def open_airflow(folder: Path, *, operations: str) -> Iterator[Installation]:
    """Open an installation whose watchdog is impatient."""
    with open_installation(folder, operations=operations, environment={**HASTE, **OPERATORS}) as opened:
        opened.stack.wait_for_dags([EXTRA])
        opened.stack.api.set_variable("sla_watchdog_minutes", WATCHDOG_MINUTES)
        yield opened


def play(
    installation: Installation,
    seeds: Iterable[int],
    *,
    at_once: int = AT_ONCE,
    minutes: float | None = None,
    tell: Callable[[str], None] = print,
) -> Result:
    """Play these games, `at_once` side by side, then judge them together; begin none when the minutes are over."""
    result, began = Result(), time.monotonic()
    with closing(Watch(installation)) as watch, ThreadPoolExecutor(at_once) as people:

        def one(seed: int) -> Game | None:
            if minutes is not None and time.monotonic() > began + 60 * minutes:
                return None
            return Player(installation, watch, Series.of(seed)).play()

        started = {people.submit(one, seed): seed for seed in seeds}
        for done in as_completed(started):
            if (broken := done.exception()) is not None:
                result.findings.append((started[done], f"the player broke off: {broken!r}"))
            elif (game := done.result()) is not None:
                result.games.append(game)
                tell(f"{time.monotonic() - began:5.0f} s  {len(result.games)} games; {_said(game)}")
    result.seconds = time.monotonic() - began
    _settle(installation)
    result.findings += [*judge(installation, result.games), *_judge_all(installation)]
    return result


def _said(game: Game) -> str:
    found = " ".join(game.findings)
    return f"seed {game.series.seed}: {len(game.series.hands)} hands, {game.healed} clears {found}".strip()


def _settle(installation: Installation) -> None:
    """Wait until every message has left and the extra process has nothing more to do."""
    use_cases, api = installation.use_cases, installation.stack.api

    def quiet() -> bool:
        installation.hurry()
        messages = partial(use_cases.outbox.messages, limit=1)
        left = messages(state="waiting") or messages(state="claimed")
        return not left and set(api.run_states(EXTRA).values()) <= FINISHED

    installation.until(quiet, "not quiet")


def _judge_all(installation: Installation) -> Iterator[tuple[int, str]]:
    """Ask the doctor, and compare outbox, mailbox and billing; 0 stands for no game in particular."""
    tickets = installation.use_cases.lookups.tickets(limit=100_000)
    installation.started = {ticket.run_id for ticket in tickets if ticket.parent is None}
    verdict = installation.judge()
    for says in (*verdict.lost, *verdict.doubled):
        yield 0, says
    for letter, times in Counter(installation.mailbox.letters.values()).items():
        if times > 1:
            yield 0, f"{times} letters say the same to {letter.to}: {letter.subject}"
