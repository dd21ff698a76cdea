"""Make the secrets of deploy/compose.yaml, one file each: `python3 deploy/compose_secrets.py [FOLDER]`.

Files that are there already stay: write your own mail server into `TELECO_SMTP_URL`, or another address of the
operations database into `AIRFLOW_CONN_TELECO_DB` and `TELECO_DB_URL`. Needs nothing but Python.
"""

import base64
import json
import os
import secrets
import sys
from pathlib import Path

FOLDER = Path(__file__).with_name("secrets")
TRIAL_MAIL = "smtp://mail:1025?sender=sla@teleco.example"
USER = "admin"


def contents() -> dict[str, str]:
    """Make a set of secrets that fit each other: file names and what is in them."""
    postgres, redis = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    metadata, operations = (
        f"postgresql+psycopg://postgres:{postgres}@postgres/{name}" for name in ("airflow", "teleco")
    )
    return {
        "postgres_password": postgres,
        "redis_password": redis,
        "alarms_token": secrets.token_urlsafe(32),
        "passwords.json": json.dumps({USER: secrets.token_urlsafe(12)}),
        "AIRFLOW__API__SECRET_KEY": secrets.token_urlsafe(32),
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_urlsafe(64),
        "AIRFLOW__CELERY__BROKER_URL": f"redis://:{redis}@redis:6379/0",
        "AIRFLOW__CORE__FERNET_KEY": base64.urlsafe_b64encode(os.urandom(32)).decode(),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": metadata,
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": metadata,
        "AIRFLOW_CONN_TELECO_DB": operations.replace("postgresql+psycopg", "postgresql"),
        "TELECO_DB_URL": operations,
        "TELECO_SMTP_URL": TRIAL_MAIL,
    }


def write(folder: Path) -> list[str]:
    """Write all files into an empty folder, else none; answers the names of what was written.

    Others cannot enter the folder. The files can be read by everybody: in a container they belong to somebody else.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(folder.iterdir()):
        return []
    made = contents()
    for name, content in made.items():
        (folder / name).write_text(content, encoding="utf-8")
        (folder / name).chmod(0o644)
    return sorted(made)


if __name__ == "__main__":
    place = Path(sys.argv[1]) if sys.argv[1:] else FOLDER
    names = write(place)
    print("\n".join(names) if names else f"{place} has secrets; they stay as they are.")
