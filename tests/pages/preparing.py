"""What a page takes for granted: the reader's own files, an incident that waits, the number of a message.

Each is called before each line of a block and returns the line with the reader's own numbers in it.
"""

import gzip
import json
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from types import MappingProxyType

from sqlalchemy import insert, select

from include.sla_logic.persistence.schema.reference import contracts
from include.sla_logic.persistence.schema.system_t import outbox
from include.sla_logic.services import UnableToAcceptNotification
from include.sla_logic.services.lookups import UnableToFindIncident
from tests.backlog.logs import event, write_csv, write_jsonl
from tests.pages.blocks import ROOT
from tests.pages.typing_them import Before, Reader

OWN = ROOT / "docs" / "own-data"
HELD_AS = r"TT-0000\d\d"


def shown(page: str, language: str, number: int = 0) -> str:
    """Return the example of a page."""
    text = (ROOT / "docs" / page).read_text("utf-8")
    return str(re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)[number])


def walk_of_the_readme(reader: Reader, line: str) -> str:
    """Look as late as a person does: when the incident is there, and waits."""

    def waits() -> bool:
        with suppress(UnableToFindIncident):
            wait = reader.use_cases.lookups.incident("TT-000001").restoration
            return wait is not None and wait.held_because is not None
        return False

    if "incident start" not in line:
        reader.until(waits)
    return line


def own_files(reader: Reader, line: str) -> str:
    for name, here in {"my-contract.yaml": "contracts/business-line.yaml", "contracts/": "contracts"}.items():
        if name in line:
            reader.take(OWN / here, name.rstrip("/"))
    if "customers.csv" in line:
        reader.take(OWN / "customers.csv", "customers.csv")
    return line


def own_data(reader: Reader, line: str) -> str:
    """Airflow runs already; the letter is written once the run has ended."""
    if line == "make up":
        assert reader.up.runs
        return ""
    if "TT-000001" in line:
        assert reader.ended("incident.MAIL-2001") == "success"
        return line.replace("TT-000001", reader.use_cases.lookups.incident("MAIL-2001").ticket.id)
    return line


def held(reader: Reader, line: str) -> str:
    return re.sub(HELD_AS, reader.hold(), line) if re.search(HELD_AS, line) else line


def exports(reader: Reader, line: str) -> str:
    reader.write("services.csv", "id,name\nS-1,One\n")
    reader.sla("import services services.csv")
    reader.write("ours.yaml", shown("imports.md", "yaml"))
    (reader.folder / "export.csv").write_text(shown("imports.md", "csv"), "cp1252")
    if "--mapping" not in line:
        reader.write("export.csv", "service,started_at,ended_at\nS-1,2026-10-05T08:00:00Z,2026-10-05T09:00:00Z\n")
    return line


def notification(reader: Reader, line: str) -> str:
    said = json.loads(shown("intake.md", "json"))
    reader.write("notification.json", json.dumps(said))
    reports = [json.dumps(said | {"external_reference": f"BATCH-{number}"}) for number in (1, 2)]
    reader.write("reports.jsonl", "\n".join(reports))
    return line.replace("http://127.0.0.1:8080", reader.address)


def logs(reader: Reader, line: str) -> str:
    """Write an open ticket in each of the formats."""
    row = {"number": "INC1", "incident_state": "Active", "opened_at": "01/11/2026 08:00"}
    row |= {"sys_updated_at": "01/11/2026 08:10", "caller_id": "7", "category": "3", "subcategory": "1"}
    row |= {"u_symptom": "?", "impact": "2", "urgency": "2"}
    pack(reader, "incidents.csv.gz", row)
    row = {
        "case_id": "1-7",
        "timestamp": "2026-11-01T08:00:00+00:00",
        "status": "Accepted",
        "sub_status": "In Progress",
    }
    row |= {"org_line": "Org line A2", "org_country": "se", "product": "PROD1", "impact": "Medium"}
    pack(reader, "events.csv.gz", row)
    write_csv(reader.folder / "ours.csv", [event("W-1", "acknowledged", "1 08:00")])
    write_jsonl(reader.folder / "ours.jsonl", [event("W-2", "acknowledged", "1 08:00")])
    reader.write("helpdesk.yaml", next(text for text in yamls() if "Our helpdesk" in text))
    row = {"Nr": "1", "Opened": "01.11.2026 08:00", "When": "01.11.2026 08:05", "State": "working", "Comment": "-"}
    row |= {"Who": "Ben & Co", "Line": "1001", "Subject": "slow", "Severity": "normal"}
    reader.write("helpdesk.csv", rows(row))
    return line


def yamls() -> list[str]:
    return re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "intake.md").read_text("utf-8"), re.DOTALL)


def rows(row: Mapping[str, str]) -> str:
    return f"{','.join(row)}\n{','.join(row.values())}\n"


def pack(reader: Reader, name: str, row: Mapping[str, str]) -> None:
    (reader.folder / name).write_bytes(gzip.compress(rows(row).encode()))


def quarantined(reader: Reader, line: str) -> str:
    """Let a report be refused, and name its number."""
    said = json.loads(shown("intake.md", "json")) | {"external_reference": "CORRECTED"}
    reader.write("notification.json", json.dumps(said))
    if not reader.use_cases.quarantine.entries(imports=False):
        with suppress(UnableToAcceptNotification):
            reader.use_cases.incidents.accept({"customer": "C-1001"}, run_id="refused", origin="test")
    [entry] = reader.use_cases.quarantine.entries(imports=False)
    return re.sub(r"(show|retry) 7", rf"\1 {entry.id}", line)


def in_doubt(reader: Reader, line: str) -> str:
    """Let a posting wait for a person's word, and name its number."""
    now = datetime.now(UTC)
    message = {
        "key": f"pages:{len(line)}",
        "kind": "billing",
        "state": "dead",
        "attempts": 1,
        "payload": {"credit": "X"},
    }
    message |= {"created_at": now, "next_attempt_at": now, "last_error": "UnableToLookForCredit: played"}
    with reader.use_cases.work.database.write() as connection:
        number = connection.execute(insert(outbox).values(message).returning(outbox.c.id)).scalar_one()
    return line.replace("release 7", f"release {number}")


def settled(reader: Reader, line: str) -> str:
    """Name the first run, and a window of the provider of the page on own data, whose month is over."""
    if "settlement show" in line:
        reader.sla("settlement run")  # goes on with the run that was released
    return re.sub(r"(release|runs) 12", r"\1 1", line).replace("C-1001 S-1001", "C-2001 S-2001")


def small_provider(reader: Reader) -> None:
    """Take in the provider of the page on own data, with the outages where its files have them."""
    reader.sla("database migrate")
    reader.sla("load contracts docs/own-data/contracts/")
    for kind in ("customers", "services", "agreements", "invoices", "invoice-lines"):
        reader.sla(f"import {kind} docs/own-data/{kind}.csv")
    reader.sla("import outages docs/own-data/outages.csv --complete-until 2026-11-01 --by ann")


def simulated(reader: Reader, line: str) -> str:
    """Write the contract that an analyst has changed, and what a command prints to where the page has it."""
    with reader.use_cases.work.reading() as connection:
        known = connection.scalar(select(contracts.c.text).where(contracts.c.id == "office-access"))
    reader.write("new.yaml", re.sub(r"(?m)^version: .*$", "version: changed", str(known)).replace("1 h", "2 h"))
    return printed(reader, line)


def replayed(reader: Reader, line: str) -> str:
    """Write a table that a process owner has changed."""
    table = (ROOT / "include" / "sla_logic" / "policies" / "priorities.yaml").read_text("utf-8")
    (reader.folder / "tables").mkdir(exist_ok=True)
    reader.write("tables/priorities.yaml", table.replace("P5: P3D", "P5: P4D"))
    return printed(reader, line)


def printed(reader: Reader, line: str) -> str:
    """Put what a command prints into the file where the line has it."""
    if found := re.match(r"sla (.+?) > (\S+)", line):
        reader.write(found[2], reader.sla(found[1]))
        return ""
    return line


def adopted(reader: Reader, line: str) -> str:
    return line.replace("0a1b2c3d", str(reader.use_cases.lookups.database_status()["installation"]))


def alarms(reader: Reader, line: str) -> str:
    """Send the page's own alarms; tests/alarms sends them with a token that is right."""
    (reader.folder / "alarms.json").write_text(shown("alarms.md", "json"), "utf-8")
    reader.script("ALARMS_TOKEN=none-is-set")
    return line


BEFORE: Mapping[tuple[str, str], Before] = MappingProxyType(
    {
        ("README.md", "contract check"): own_files,
        ("docs/alarms.md", "curl"): alarms,
        ("docs/billing.md", "outbox release"): in_doubt,
        ("docs/desk.md", "curl"): held,
        ("docs/imports.md", "export.csv"): exports,
        ("docs/intake.md", "curl"): notification,
        ("docs/intake.md", "httpx"): notification,
        ("docs/intake.md", "incident start"): notification,
        ("docs/intake.md", "import tickets"): logs,
        ("docs/operations.md", "quarantine show"): quarantined,
        ("docs/operations.md", "incident release"): held,
        ("docs/operations.md", "database adopt"): adopted,
        ("docs/simulation.md", "--contract new.yaml"): simulated,
        ("docs/simulation.md", "sla replay"): replayed,
    }
)
