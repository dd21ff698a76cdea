"""The locks, the ranges and the image's files say the same."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.tooling.docker_ignore import is_left_out

ROOT = Path(__file__).resolve().parents[2]
UV = Path(sys.executable).with_name("uv")


def _requirements(name: str) -> list[Requirement]:
    lines = (line.strip() for line in (ROOT / name).read_text().splitlines())
    return [Requirement(line) for line in lines if line and not line.startswith(("#", "-r"))]


def _locked(name: str) -> dict[str, Version]:
    pins = re.findall(r"^([a-zA-Z0-9._-]+)(?:\[[^]]*\])?==([^ ;\\]+)", (ROOT / name).read_text(), re.MULTILINE)
    return {canonicalize_name(project): Version(version) for project, version in pins}


@pytest.mark.parametrize(
    ("ranges", "lock"),
    [
        ("requirements.txt", "requirements.lock"),
        ("requirements.txt", "requirements-dev.lock"),
        ("requirements-dev.txt", "requirements-dev.lock"),
        ("requirements-celery.txt", "requirements-celery.lock"),
        ("deploy/installer.txt", "deploy/installer.lock"),
    ],
)
def test_each_requirement_is_locked_within_its_range(ranges: str, lock: str) -> None:
    locked = _locked(lock)
    outside = [
        str(requirement)
        for requirement in _requirements(ranges)
        if locked.get(canonicalize_name(requirement.name), Version("0.dev0")) not in requirement.specifier
    ]
    assert outside == []


def test_both_locks_pin_the_same_versions() -> None:
    product, checks = _locked("requirements.lock"), _locked("requirements-dev.lock")
    assert {name: version for name, version in product.items() if checks.get(name) != version} == {}


def test_what_celery_adds_is_nothing_that_the_product_has() -> None:
    assert _locked("requirements-celery.lock").keys() & _locked("requirements.lock").keys() == set()


LOCKS = ["requirements.lock", "requirements-dev.lock", "requirements-celery.lock", "deploy/installer.lock"]


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_version_has_a_hash_and_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text()
    entries = re.split(r"\n(?=[a-zA-Z0-9])", text.strip())
    assert [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry] == []
    assert "://" not in text


def test_airflow_is_left_to_the_image_within_its_minor_version() -> None:
    (airflow,) = (found for found in _requirements("requirements.txt") if found.name == "apache-airflow")
    assert {str(part) for part in airflow.specifier} == {">=3.3", "<3.4"}


def test_the_image_is_the_runtime_of_that_minor_version_with_python_3_11() -> None:
    lines = [line for line in (ROOT / "Dockerfile").read_text().splitlines() if line and not line.startswith("#")]
    assert re.fullmatch(r"ARG RUNTIME_TAG=3\.3-\d+-python-3\.11", lines[0])
    assert lines[1].startswith("FROM ")
    assert lines[1].endswith("/runtime:${RUNTIME_TAG}")
    assert "ENV PYTHONPATH=/usr/local/airflow" in lines


@pytest.mark.more
def test_what_the_image_installs_resolves_and_imports_in_a_fresh_environment(tmp_path: Path) -> None:
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([UV, "venv", "--quiet", "--no-config", "--python", sys.executable, tmp_path / "venv"], check=True)
    subprocess.run(
        [UV, "pip", "install", "--quiet", "--no-config", "--python", python, "-r", ROOT / "requirements.txt"],
        check=True,
    )
    subprocess.run([UV, "pip", "check", "--quiet", "--no-config", "--python", python], check=True)
    # The image copies what .dockerignore leaves; what it copies must find all that it imports in that environment.
    image = tmp_path / "image"
    shutil.copytree(ROOT, image, ignore=_left_out)
    environment = {"AIRFLOW_HOME": str(tmp_path / "home"), "PYTHONPATH": str(image), "PATH": "/usr/bin:/bin"}
    for words in (["-m", "deploy.integrity"], ["-c", "from include.sla_logic.cli import app; app(['--help'])"]):
        subprocess.run([python, *words], check=True, cwd=image, env=environment)
    everything = (
        "import importlib, pkgutil, include.sla_logic as p\n"
        "for found in pkgutil.walk_packages(p.__path__, 'include.sla_logic.'):\n"
        "    if '.migrations.' not in found.name: importlib.import_module(found.name)"  # Alembic runs those itself
    )
    subprocess.run([python, "-c", everything], check=True, cwd=image, env=environment)


def _left_out(folder: str, names: list[str]) -> list[str]:
    place = Path(folder).relative_to(ROOT)
    return [name for name in names if is_left_out((place / name).as_posix())]


def test_what_the_image_takes_from_debian_are_names_of_packages() -> None:
    lines = (ROOT / "packages.txt").read_text().splitlines()
    assert [line for line in lines if not re.fullmatch(r"[a-z0-9][a-z0-9+.-]+", line)] == []
