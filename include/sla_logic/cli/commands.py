"""What `sla` can do: command, module in this package, and one line of help."""

from types import MappingProxyType

COMMANDS = MappingProxyType(
    {
        "database": ("database", "Migrate the operations database, see its contents, move or restore it."),
        "load": ("load", "Load reference data: the small TELECO, contracts."),
        "import": ("imports", "Import your own customers, services, measurements and tickets."),
        "feed": ("feeds", "See what is collected from other systems, and how far."),
        "contract": ("contract", "Check and explain contracts."),
        "assess": ("assess", "Judge measurements against a contract."),
        "service": ("service", "See what is used and left of each promise."),
        "credit": ("credit", "Approve, decline and claim credits that wait."),
        "settlement": ("settlement", "Settle windows that have ended; release what waits."),
        "report": ("report", "Report a month: credits for finance, services for a customer."),
        "incident": ("incident", "Start an incident, look at it, release or reject its restoration request."),
        "problem": ("problem", "See service problems: one cause behind many incidents."),
        "backlog": ("backlog", "See what waits to be processed, and enter notifications that may wait."),
        "outbox": ("outbox", "See what is sent to customers and billing, and send it again."),
        "doctor": ("doctor", "Check what must be true, and resume what is stalled."),
        "quarantine": ("quarantine", "See refused notifications, and accept them after all."),
    }
)
