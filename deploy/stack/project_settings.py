"""airflow_settings.yaml as the Astro CLI reads it: exactly its keys, no others."""

from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from include.sla_logic.domain.errors import ForeseenError


class UnableToReadProjectSettings(ForeseenError):
    """Name the key of airflow_settings.yaml that the Astro CLI would not understand."""


class _Exact(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class ProjectConnection(_Exact):
    """Describe one Airflow connection."""

    conn_id: str = Field(min_length=1)
    conn_type: str = Field(min_length=1)
    conn_host: str | None = None
    conn_schema: str | None = None
    conn_login: str | None = None
    conn_password: str | None = None
    conn_port: int | None = None
    conn_uri: str | None = None
    conn_extra: dict[str, Any] | str | None = None


class ProjectPool(_Exact):
    """Describe one pool; the Astro CLI leaves out a pool of 0 slots."""

    pool_name: str = Field(min_length=1)
    pool_slot: int = Field(gt=0)
    pool_description: str


class ProjectVariable(_Exact):
    """Describe one variable."""

    variable_name: str = Field(min_length=1)
    variable_value: str


class ProjectSettings(_Exact):
    """Hold what a local Airflow of this project starts with."""

    connections: list[ProjectConnection]
    pools: list[ProjectPool]
    variables: list[ProjectVariable]

    @classmethod
    def read(cls, file: Path) -> "ProjectSettings":
        """Read the file.

        Raises UnableToReadProjectSettings with the key that is wrong.
        """
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
        if not isinstance(content, dict) or set(content) != {"airflow"}:
            raise UnableToReadProjectSettings(f"{file.name} must have the one top key 'airflow'")
        try:
            return cls.model_validate(content["airflow"])
        except ValidationError as error:
            wrong = error.errors()[0]
            key = ".".join(str(part) for part in wrong["loc"])
            raise UnableToReadProjectSettings(f"{file.name}: airflow.{key}: {wrong['msg']}") from error
