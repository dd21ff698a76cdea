"""A real Zabbix, Debian's, with a trigger that fires and recovers: the feed reads the problem and its end."""

import gzip
import json
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import psycopg
import pytest

from deploy.ports import free_port
from deploy.postgres import PostgresServer
from include.sla_logic.services import UseCases
from include.sla_logic.services.feed_questions import ask_system
from include.sla_logic.settings import HttpSystem
from tests.clock import Clock
from tests.imports.test_zabbix import FEEDS, MAPPING, outages
from tests.services.sample import open_use_cases
from tests.system_packages import install_unless

pytestmark = pytest.mark.more

PACKAGES = ("zabbix-server-pgsql", "zabbix-frontend-php", "zabbix-sender", "php-cli")
PACKAGES += ("php-pgsql", "php-mbstring", "php-gd", "php-bcmath", "php-xml")
TABLES, PAGES = Path("/usr/share/zabbix-server-pgsql"), Path("/usr/share/zabbix")
CONFIG = "/etc/zabbix/zabbix.conf.php"  # where Debian's pages look for their settings
SERVER = """
ListenIP=127.0.0.1
LogType=console
DBHost=127.0.0.1
DBName=zabbix
DBUser=postgres
AllowRoot=1
AllowUnsupportedDBVersions=1
CacheUpdateFrequency=2
"""


class Zabbix:
    """Its API, and a way to send values for the only host."""

    def __init__(self, url: str, port: int) -> None:
        self.url, self._port, self._auth = url, port, ""

    def call(self, method: str, parameters: Any) -> Any:
        body = {"jsonrpc": "2.0", "method": method, "params": parameters, "id": 1}
        body |= {"auth": self._auth} if self._auth else {}
        answer = httpx.post(f"{self.url}/api_jsonrpc.php", json=body, trust_env=False, timeout=60).json()
        assert "error" not in answer, answer
        return answer["result"]

    def answers(self) -> bool:
        try:
            return bool(self.call("apiinfo.version", []))
        except (httpx.HTTPError, ValueError):
            return False

    def watch_a_line(self) -> str:
        """Make a host with a trigger for answers that do not come; return a token for the API."""
        self._auth = self.call("user.login", {"username": "Admin", "password": "zabbix"})
        group = self.call("hostgroup.create", {"name": "lines"})["groupids"][0]
        tags = [{"tag": "service", "value": "S-1"}]
        made = self.call("host.create", {"host": "line", "groups": [{"groupid": group}], "tags": tags})
        item = {"hostid": made["hostids"][0], "name": "answers", "key_": "answers", "type": 2, "value_type": 3}
        self.call("item.create", item)
        self.call("trigger.create", {"description": "No answer", "expression": "last(/line/answers)=0", "priority": 4})
        token = self.call("token.create", {"name": "feed", "userid": "1"})["tokenids"]
        return str(self.call("token.generate", token)[0]["token"])

    def send(self, value: int) -> bool:
        command = ["zabbix_sender", "-z", "127.0.0.1", "-p", str(self._port), "-s", "line", "-k", "answers", "-o"]
        said = subprocess.run([*command, str(value)], check=False, capture_output=True, text=True).stdout
        return "processed: 1;" in said

    def problems(self, *, over: bool) -> bool:
        found = self.call("problem.get", {"output": "extend", "recent": True})
        return any((one["r_clock"] != "0") == over for one in found)


def wait_for(reached: Callable[[], bool], log: Path) -> None:
    end = time.monotonic() + 300
    while not reached():
        assert time.monotonic() < end, log.read_text("utf-8")[-2000:]
        time.sleep(0.5)


@contextmanager
def running(command: list[str], log: Path) -> Iterator[None]:
    with log.open("w") as writing, subprocess.Popen(command, stdout=writing, stderr=writing) as process:
        try:
            yield
        finally:
            process.terminate()


def pages_of(folder: Path, database: int, server: int) -> Path:
    """Copy Zabbix's pages, with settings of their own in place of the machine's."""
    pages, config = folder / "pages", folder / "zabbix.conf.php"
    shutil.copytree(PAGES, pages, ignore=shutil.ignore_patterns("audio", "certs"))
    reader = pages / "include" / "classes" / "core" / "CConfigFile.php"
    reader.write_text(reader.read_text("utf-8").replace(CONFIG, str(config)), "utf-8")
    settings = {"TYPE": "POSTGRESQL", "SERVER": "127.0.0.1", "PORT": str(database), "DATABASE": "zabbix"}
    settings |= {"USER": "postgres", "PASSWORD": "", "SCHEMA": "", "ENCRYPTION": False, "DOUBLE_IEEE754": True}
    config.write_text(
        f"<?php $DB = json_decode('{json.dumps(settings)}', true); "
        f"$ZBX_SERVER = '127.0.0.1'; $ZBX_SERVER_PORT = '{server}'; $ZBX_SERVER_NAME = ''; "
        "$IMAGE_FORMAT_DEFAULT = IMAGE_FORMAT_PNG;",
        "utf-8",
    )
    return pages


def port_for_zabbix() -> int:
    """Return a free port below 32,768: Zabbix listens on no higher one."""
    for port in range(21_051, 32_000):
        with suppress(OSError):
            return free_port(port)
    raise AssertionError("no port is free")


@contextmanager
def zabbix(folder: Path) -> Iterator[Zabbix]:
    with ExitStack() as stack:
        postgres = stack.enter_context(PostgresServer())
        url = postgres.create_database("zabbix", template="template0").replace("postgresql+psycopg", "postgresql")
        with psycopg.connect(url, autocommit=True) as connection:
            for name in ("schema", "images", "data"):
                connection.execute(gzip.decompress((TABLES / f"{name}.sql.gz").read_bytes()))
        port, web = port_for_zabbix(), free_port()
        # The path of a socket has at most 107 bytes: the test's own folder may be too long for Zabbix's names.
        sockets = stack.enter_context(TemporaryDirectory(prefix="zbx-"))
        more = f"ListenPort={port}\nDBPort={postgres.port}\nPidFile={folder}/pid\nSocketDir={sockets}\n"
        (folder / "server.conf").write_text(f"{SERVER}{more}", "utf-8")
        server = ["zabbix_server", "-f", "-c", str(folder / "server.conf")]
        stack.enter_context(running(server, folder / "server.log"))
        pages = pages_of(folder, postgres.port, port)
        stack.enter_context(running(["php", "-S", f"127.0.0.1:{web}", "-t", str(pages)], folder / "web.log"))
        there = Zabbix(f"http://127.0.0.1:{web}", port)
        wait_for(there.answers, folder / "web.log")
        yield there


def present() -> bool:
    return all(shutil.which(name) for name in ("zabbix_server", "zabbix_sender", "php")) and PAGES.is_dir()


def test_a_problem_of_a_real_zabbix_comes_in_and_ends(tmp_path: Path) -> None:
    if not install_unless(present, *PACKAGES):
        pytest.skip("needs Zabbix: Debian's packages cannot be installed here")
    began = datetime.now(UTC).replace(microsecond=0)
    with zabbix(tmp_path) as there:
        token, log = there.watch_a_line(), tmp_path / "server.log"
        (tmp_path / "mapping.yaml").write_text(MAPPING, "utf-8")
        feeds = FEEDS.replace("2026-11-02T00:00:00Z", began.isoformat())
        feeds = feeds.replace("        id: 1\n", '        id: 1\n        auth: "{token}"\n') + "    behind: 1 s\n"
        (tmp_path / "feeds.yaml").write_text(feeds, "utf-8")
        clock = Clock(datetime.now(UTC))
        settings = open_use_cases(f"sqlite:///{tmp_path / 't.db'}", tmp_path, clock).work.settings
        use_cases = UseCases(replace(settings, feeds=tmp_path / "feeds.yaml"), clock=clock)
        use_cases.feeds.due()
        ask = partial(ask_system, system=HttpSystem(there.url, token=token))

        def read() -> list[tuple[str, datetime, datetime | None]]:
            """Read up to a second ago, which includes all that Zabbix has shown until now."""
            time.sleep(2)
            clock.now = datetime.now(UTC)
            assert use_cases.feeds.read("zabbix", ask=ask, find=lambda _: []).rejected == 0
            return outages(use_cases)

        wait_for(partial(there.send, 1), log)
        assert read() == []
        assert there.send(0)
        wait_for(partial(there.problems, over=False), log)
        ((reference, start, end),) = read()
        assert (reference.startswith("ZABBIX-"), end) == (True, None)
        assert began <= start
        assert there.send(1)
        wait_for(partial(there.problems, over=True), log)
        ((same, unchanged, end),) = read()
    assert (same, unchanged) == (reference, start)
    assert end is not None
    assert start <= end
