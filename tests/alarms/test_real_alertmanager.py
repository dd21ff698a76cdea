"""A real Prometheus and Alertmanager watch a target that fails and recovers: its alarm is raised, and cleared."""

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import uvicorn
import yaml
from pytest_httpserver import HTTPServer
from sqlalchemy import insert
from werkzeug import Response

from deploy.ports import free_port
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.services import UseCases
from include.sla_logic.web import Caller, build_desk
from tests.alarms.alerts import NODE, lay_out
from tests.alarms.test_webhook import TOKEN, example
from tests.imports.test_real_prometheus import is_ready, wait_for
from tests.services.sample import open_use_cases
from tests.system_packages import install_unless

pytestmark = pytest.mark.more
RULE = {
    "alert": "LinkDown",
    "expr": "probe_success == 0",
    "labels": {"severity": "critical"},
    "annotations": {"summary": "no light"},
}


@contextmanager
def running(folder: Path, name: str, words: Sequence[str], address: str) -> Iterator[None]:
    with (folder / f"{name}.log").open("w") as log:
        process = subprocess.Popen([name, *words, f"--web.listen-address={address}"], stdout=log, stderr=log)
        try:
            wait_for(partial(is_ready, f"http://{address}/-/ready"))
            yield
        finally:
            process.terminate()
            process.wait()


@contextmanager
def served(use_cases: UseCases) -> Iterator[str]:
    def reader() -> Caller:
        return Caller("rita")

    port = free_port()
    desk = build_desk(lambda: use_cases, reader=reader, writer=reader)
    server = uvicorn.Server(uvicorn.Config(desk, port=port, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        wait_for(partial(is_ready, f"http://127.0.0.1:{port}/problems"))
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


def block_of_the_page(folder: Path, url: str) -> dict[str, Any]:
    """Return the block of docs/alarms.md with our address and token, and waits of a test."""
    block: dict[str, Any] = yaml.safe_load(example("yaml"))
    (folder / "token").write_text(TOKEN, "utf-8")
    [webhook] = block["receivers"][0]["webhook_configs"]
    webhook["url"] = f"{url}/api/v1/alarms/alertmanager"
    webhook["http_config"]["authorization"]["credentials_file"] = str(folder / "token")
    block["route"] |= {"group_wait": "1s", "group_interval": "1s", "repeat_interval": "3s"}
    return block


def written(file: Path, what: object) -> str:
    file.write_text(json.dumps(what), "utf-8")  # JSON is YAML
    return str(file)


def test_a_target_that_fails_and_recovers_raises_and_clears_one_alarm(tmp_path: Path, httpserver: HTTPServer) -> None:
    programs = ("prometheus", "prometheus-alertmanager")
    if not install_unless(lambda: all(shutil.which(name) for name in programs), *programs):
        pytest.skip("needs Prometheus and Alertmanager: Debian's packages cannot be installed here")
    fails = threading.Event()

    def metrics(_request: object) -> Response:
        line = f'probe_success{{resource="{NODE}"}} {int(not fails.is_set())}\n'
        return Response(line, content_type="text/plain")

    httpserver.expect_request("/metrics").respond_with_handler(metrics)
    sample = open_use_cases(f"sqlite:///{tmp_path / 't.db'}", tmp_path)
    use_cases = UseCases(replace(sample.work.settings, alarms_token=TOKEN))
    began = datetime.now(UTC).replace(microsecond=0)
    with use_cases.work.writing() as connection:
        lay_out(connection, 2)
        down = {"service": "S-0001", "reference": "O-1", "attribution": "provider", "degraded": False}
        connection.execute(insert(t.outages), [down | {"started_at": began}])
    views = use_cases.alarm_views
    manager, prometheus = (f"127.0.0.1:{free_port()}" for _ in range(2))
    with ExitStack() as stack:
        url = stack.enter_context(served(use_cases))
        block = written(tmp_path / "am.yml", block_of_the_page(tmp_path, url))
        words = (f"--config.file={block}", f"--storage.path={tmp_path / 'am'}", "--cluster.listen-address=")
        stack.enter_context(running(tmp_path, "prometheus-alertmanager", words, manager))
        rules = written(tmp_path / "rules.yml", {"groups": [{"name": "probes", "rules": [RULE]}]})
        config = {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [rules],
            "alerting": {"alertmanagers": [{"static_configs": [{"targets": [manager]}]}]},
            "scrape_configs": [
                {"job_name": "probe", "static_configs": [{"targets": [f"{httpserver.host}:{httpserver.port}"]}]}
            ],
        }
        words = (f"--config.file={written(tmp_path / 'p.yml', config)}", f"--storage.tsdb.path={tmp_path / 'tsdb'}")
        stack.enter_context(running(tmp_path, "prometheus", words, prometheus))
        fails.set()
        wait_for(lambda: views.listed().total == 1)
        assert len(use_cases.proactive_incidents.open(limit=9).tickets) == 2
        [raised] = views.listed().rows
        wait_for(lambda: views.find(raised.id).last_received_at > raised.last_received_at)  # it was repeated
        fails.clear()
        wait_for(lambda: views.listed().total == 0)
        fails.set()
        wait_for(lambda: views.listed().total == 1)
        (tmp_path / "alarms.json").write_text(example("json"), "utf-8")
        curl = example("sh").replace("/incident-desk", "")
        environment = os.environ | {"AIRFLOW": url, "ALARMS_TOKEN": TOKEN}
        said = subprocess.run(["/bin/sh", "-c", curl], cwd=tmp_path, env=environment, capture_output=True, check=True)
    assert json.loads(said.stdout)["received"] == 2
    mine = [one for one in views.listed(raised_only=False).rows if one.source == "alertmanager"]
    assert [(one.code, one.object, one.severity, one.text) for one in mine] == [
        ("LINK_DOWN", NODE, "critical", "no light")
    ] * 2
    assert [one.ended_at is None for one in mine] == [True, False]
    assert use_cases.proactive_incidents.open(limit=9).tickets == ()  # their first incidents are open
    [outage] = use_cases.sla_status.assess_with_facts("S-0001").facts.outages
    first = mine[-1].raised_at.replace(microsecond=0)  # facts are judged to the second
    assert (outage.detected_at, outage.reported_at, outage.ticket_opened_at) == (first, None, None)
