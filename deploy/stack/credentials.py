"""Secrets of one local stack: made once, kept in its home, readable by its owner alone."""

import base64
import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

USER = "admin"


@dataclass(frozen=True)
class Credentials:
    """Hold the login and the keys with which the components of one stack trust each other."""

    password: str
    fernet_key: str
    jwt_secret: str
    session_key: str

    @classmethod
    def of(cls, home: Path) -> "Credentials":
        """Read the secrets of this home, or make them: a home that is started again keeps its login."""
        kept = home / "secrets.json"
        if kept.exists():
            return cls(**json.loads(kept.read_text(encoding="utf-8")))
        made = cls(
            password=secrets.token_urlsafe(12),
            fernet_key=base64.urlsafe_b64encode(os.urandom(32)).decode(),
            jwt_secret=secrets.token_urlsafe(64),
            session_key=secrets.token_urlsafe(32),
        )
        _write_private(kept, asdict(made))
        _write_private(home / "passwords.json", {USER: made.password})
        return made

    def environment(self) -> dict[str, str]:
        """Hand the keys to Airflow; the password travels in its file."""
        return {
            "AIRFLOW__CORE__FERNET_KEY": self.fernet_key,
            "AIRFLOW__API_AUTH__JWT_SECRET": self.jwt_secret,
            "AIRFLOW__API__SECRET_KEY": self.session_key,
        }


def _write_private(path: Path, content: dict[str, str]) -> None:
    """Create the file unreadable for others from its first byte."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(content, file)
