"""Make the secrets of deploy/compose.yaml, one file each: `python3 deploy/compose_secrets.py [FOLDER]`.

Files that are there already stay, and what is missing is added: write your own mail server into `TELECO_SMTP_URL`,
your network and your billing system into `TELECO_NETWORK_URL` and `TELECO_BILLING_URL`, which are empty at first, or
another address of the operations database into `AIRFLOW_CONN_TELECO_DB` and `TELECO_DB_URL`. Needs nothing but Python.
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
# A password and the addresses that hold it: a new one of them would not fit those that are there.
FITTING = (
    frozenset(
        {
            "postgres_password",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC",
            "AIRFLOW_CONN_TELECO_DB",
            "TELECO_DB_URL",
        }
    ),
    frozenset({"redis_password", "AIRFLOW__CELERY__BROKER_URL"}),
)


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
        "TELECO_BILLING_URL": "",
        "TELECO_DB_URL": operations,
        "TELECO_NETWORK_URL": "",
        "TELECO_SMTP_URL": TRIAL_MAIL,
    }


def write(folder: Path) -> list[str]:
    """Add the files that are missing in the folder and leave the others; answers the names of what was written.

    Of files that must fit each other either all are made or none (`torn` names those). Others cannot enter the folder;
    the files can be read by everybody: in a container they belong to somebody else.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    left = {name for names in torn(folder) for name in names}
    made = {name: text for name, text in contents().items() if name not in left and not (folder / name).exists()}
    for name, content in made.items():
        (folder / name).write_text(content, encoding="utf-8")
        (folder / name).chmod(0o644)
    return sorted(made)


def torn(folder: Path) -> list[list[str]]:
    """Name the files that are missing while others are there that they must fit, a list for each password."""
    missing = [sorted(name for name in names if not (folder / name).exists()) for names in FITTING]
    return [names for names, whole in zip(missing, FITTING, strict=True) if 0 < len(names) < len(whole)]


if __name__ == "__main__":
    place = Path(sys.argv[1]) if sys.argv[1:] else FOLDER
    added = write(place)
    print("\n".join(added) if added else f"Nothing was added to {place}.")
    for names in torn(place):
        print(f"Missing, and to be written by hand with the password of the other files: {', '.join(names)}.")
    sys.exit(1 if torn(place) else 0)
