"""deploy/compose.yaml as Compose 5 reads it."""

import json
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "deploy" / "compose.yaml"
COMPOSE = Path(sys.executable).with_name("docker-compose")


@cache
def compose() -> Any:
    command = [str(COMPOSE), "-f", str(FILE), "--profile", "trial", "config", "--format", "json"]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TELECO_")}
    done = subprocess.run(command, env=inherited, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    return json.loads(done.stdout)


def given(service: str) -> set[str]:
    """Name what a component finds in its environment: set by the file, by the image, or by a secret of that name."""
    found = compose()["services"][service]
    secrets = {secret["source"] for secret in found["secrets"]}
    image = re.findall(r"^ENV (\w+)=", (ROOT / "deploy" / "Dockerfile").read_text(), re.MULTILINE)
    return set(found["environment"]) | {name for name in secrets if name.isupper()} | set(image)
