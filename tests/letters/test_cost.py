import subprocess
import sys

HEAVY = ("PIL", "resvg", "jinja2", "babel", "weasyprint", "numpy")


def test_importing_the_letter_outbox_loads_nothing_heavy() -> None:
    code = f"import sys, include.sla_logic.letters.letter_outbox; print([m for m in {HEAVY!r} if m in sys.modules])"

    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert answer.stdout.strip() == "[]"
