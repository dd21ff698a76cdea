"""What `sla` can do: command, module in this package, and one line of help."""

from types import MappingProxyType

COMMANDS = MappingProxyType(
    {
        "database": ("database", "Migrate the operations database, see its contents, move or restore it."),
        "load": ("load", "Load reference data: the small TELECO, contracts."),
        "import": ("imports", "Import your own customers, services, measurements and tickets."),
        "feed": ("feeds", "See what is collected from other systems, and how far."),
        "alarm": ("alarm", "See alarms of monitoring systems, and what they hit."),
        "contract": ("contract", "Check and explain contracts."),
        "assess": ("assess", "Judge measurements against a contract."),
        "simulate": ("simulate", "See what past windows would have cost under another contract."),
        "replay": ("replay", "Decide past incidents again under other business tables."),
        "judgement": ("judgement", "See what differs between two judgements."),
        "service": ("service", "See what is used and left of each promise."),
        "credit": ("credit", "Approve, decline and claim credits that wait."),
        "customer": ("customer", "Erase the personal data of a customer."),
        "dispute": ("dispute", "Record what customers contest, and decide it."),
        "settlement": ("settlement", "Settle windows that have ended; release what waits."),
        "report": ("report", "Report a month: credits for finance, services for a customer."),
        "incident": ("incident", "Start an incident, look at it, act on it."),
        "problem": ("problem", "See service problems: one cause behind many incidents."),
        "backlog": ("backlog", "See what waits to be processed, and enter notifications that may wait."),
        "process": ("process", "Print the process as BPMN 2.0."),
        "export": ("export", "Export the process log for process mining."),
        "conformance": ("conformance", "Compare what incidents did with the process."),
        "outbox": ("outbox", "See what is sent to customers and billing, and send it again."),
        "listener": ("listener", "See who listens to events, and let suspended listeners go on."),
        "doctor": ("doctor", "Check what must be true, and resume what is stalled."),
        "quarantine": ("quarantine", "See refused notifications, and accept them after all."),
    }
)
