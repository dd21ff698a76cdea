"""Secrets of one local stack: made once, kept in its home, readable by its owner alone."""

import base64
import json
import os
import secrets
from dataclasses import asdict, dataclass, replace
from pathlib import Path

USER = "admin"


@dataclass(frozen=True)
class Credentials:
    """Hold the login, the keys with which the components of one stack trust each other, and its servers' passwords."""

    password: str
    fernet_key: str
    jwt_secret: str
    session_key: str
    metadata_password: str
    redis_password: str

    @classmethod
    def of(cls, home: Path) -> "Credentials":
        """Read the secrets of this home, or make them: a home that is started again keeps its login."""
        kept = home / "secrets.json"
        known = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
        made = cls(
            password=secrets.token_urlsafe(12),
            fernet_key=base64.urlsafe_b64encode(os.urandom(32)).decode(),
            jwt_secret=secrets.token_urlsafe(64),
            session_key=secrets.token_urlsafe(32),
            metadata_password=secrets.token_urlsafe(32),
            redis_password=secrets.token_urlsafe(32),
        )
        credentials = replace(made, **known)
        if asdict(credentials) != known:
            _write_private(kept, asdict(credentials))
            _write_private(home / "passwords.json", {USER: credentials.password})
        return credentials

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
