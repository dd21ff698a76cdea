"""What TELECO knows before anything breaks: customers, contracts, network and measurements.

Money is kept in minor units beside its currency, samples as integers of 10^-decimals: nothing is rounded here.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from include.sla_logic.persistence.schema.columns import Instant, Json, metadata

customers = Table(
    "customers",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("email", Text),
    Column("locale", String(16), nullable=False),
    Column("protected", Boolean, nullable=False, index=True),
    Column("since", Date),
    Column("address", Text),  # the lines below the name, separated by semicolons
)

billing_accounts = Table(
    "billing_accounts",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("customer", ForeignKey("customers.id"), nullable=False, index=True),
    Column("currency", String(3), nullable=False),
)

contracts = Table(
    "contracts",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("version", String(32), primary_key=True),
    Column("text", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("loaded_at", Instant, nullable=False),
)

services = Table(
    "services",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("kind", String(64), nullable=False),
)

agreements = Table(
    "agreements",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("customer", ForeignKey("customers.id"), nullable=False),
    Column("service", ForeignKey("services.id"), nullable=False),
    Column("contract", String(64), nullable=False),
    Column("contract_version", String(32), nullable=False),
    Column("starts", Date, nullable=False),
    Column("ends", Date),
    Column("monthly_charge", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("account", ForeignKey("billing_accounts.id"), nullable=False),
    ForeignKeyConstraint(["contract", "contract_version"], ["contracts.id", "contracts.version"]),
    CheckConstraint("monthly_charge >= 0", name="charge_not_negative"),
    Index("ix_agreements_subscription", "customer", "service", "starts"),
    Index("ix_agreements_charge", "currency", "monthly_charge"),
    Index("ix_agreements_service", "service"),
)

resources = Table(
    "resources",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("kind", String(64), nullable=False),
    Column("name", Text, nullable=False),
    Column("site", Text, nullable=False),
    Column("layer", String(16), nullable=False),
    Column("state", String(16), nullable=False),
)

topology = Table(
    "topology",
    metadata,
    Column("service", ForeignKey("services.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("resource", ForeignKey("resources.id"), nullable=False, index=True),
    UniqueConstraint("service", "resource"),
)

alarms = Table(
    "alarms",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("resource", ForeignKey("resources.id"), nullable=False),
    Column("code", String(64), nullable=False),
    Column("severity", String(16), nullable=False),
    Column("text", Text, nullable=False),
    Column("raised_at", Instant, nullable=False),
    Column("cleared_at", Instant),
    Index("ix_alarms_open", "resource", "cleared_at"),
)

# The actual faults: only the simulated network reads them.
resource_faults = Table(
    "resource_faults",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("resource", ForeignKey("resources.id"), nullable=False),
    Column("alarm", ForeignKey("alarms.id")),
    Column("effects", Json, nullable=False),  # metric → what is added to the baseline; availability: 0 is down
    Column("cured_by", String(32)),  # null: stubborn, no action cures it
    Column("began_at", Instant, nullable=False),
    Column("cured_at", Instant),
    Index("ix_resource_faults_open", "resource", "cured_at"),
)

network_orders = Table(
    "network_orders",
    metadata,
    Column("order_key", String(250), primary_key=True),
    Column("action", String(32), nullable=False),
    Column("resource", String(64), nullable=False),
    Column("ran", Boolean, nullable=False),
    Column("answer", Text, nullable=False),
    Column("at", Instant, nullable=False),
)

# An order to the operator's own network is kept here before it leaves; its answer is in network_orders.
network_orders_sent = Table(
    "network_orders_sent",
    metadata,
    Column("order_key", String(250), primary_key=True),
    Column("action", String(32), nullable=False),
    Column("resource", String(64), nullable=False),
    Column("sent_at", Instant, nullable=False),
)

# The operator's own network, once it has been asked: without a setting, no step goes back to the simulated one.
network_in_use = Table(
    "network_in_use",
    metadata,
    Column("address", String(512), primary_key=True),
    Column("since", Instant, nullable=False),
)

outages = Table(
    "outages",
    metadata,
    Column("service", ForeignKey("services.id"), primary_key=True),
    Column("reference", String(128), primary_key=True),
    Column("started_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("started_after", Instant),  # where it was only looked at now and then: not yet down
    Column("ended_after", Instant),  # and still down
    Column("cause", Text),
    Column("attribution", String(16), nullable=False),
    Column("affected_percent", String(32)),  # plain digits; all of the service where there is none
    Column("degraded", Boolean),  # null: recorded before this was kept
    Column("detected_at", Instant),
    Column("reported_at", Instant),
    Column("ticket_opened_at", Instant),
    Column("ticket_closed_at", Instant),
    Column("fault", ForeignKey("resource_faults.id")),  # the outage ends when this fault is cured
    Index("ix_outages_time", "service", "started_at"),
    Index("ix_outages_open", "service", "ended_at"),
)

unobserved = Table(
    "unobserved",
    metadata,
    Column("service", ForeignKey("services.id"), primary_key=True),
    Column("started_at", Instant, primary_key=True),
    Column("ended_at", Instant, nullable=False),
)

measured_metrics = Table(
    "measured_metrics",
    metadata,
    Column("service", ForeignKey("services.id"), primary_key=True),
    Column("metric", String(32), primary_key=True),
    Column("unit", String(16), nullable=False),
    Column("step_seconds", Integer, nullable=False),
    Column("decimals", Integer, nullable=False),
    Column("nothing_came_back", String(32)),
    Column("baseline", BigInteger),  # the healthy value, in units of 10^-decimals; the simulated network adds faults
    CheckConstraint("step_seconds > 0", name="step_positive"),
)

# `at` is the START of the step in seconds since 1970; a null value was asked for and not answered.
samples = Table(
    "samples",
    metadata,
    Column("service", String(64), primary_key=True),
    Column("metric", String(32), primary_key=True),
    Column("at", BigInteger, primary_key=True, autoincrement=False),
    Column("value", BigInteger),
    ForeignKeyConstraint(["service", "metric"], ["measured_metrics.service", "measured_metrics.metric"]),
    sqlite_with_rowid=False,
)

maintenance_windows = Table(
    "maintenance_windows",
    metadata,
    Column("service", ForeignKey("services.id"), primary_key=True),
    Column("reference", String(128), primary_key=True),
    Column("starts_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Column("announced_at", Instant),
    Column("reason", Text),
    Index("ix_maintenance_windows_time", "service", "starts_at"),
)

holds = Table(
    "holds",
    metadata,
    Column("service", ForeignKey("services.id"), primary_key=True),
    Column("starts_at", Instant, primary_key=True),
    Column("ends_at", Instant),
    Column("reason", Text, nullable=False),
    Column("owner", String(32), nullable=False),
)

violations = Table(
    "violations",
    metadata,
    Column("agreement", ForeignKey("agreements.id"), primary_key=True),
    Column("objective", String(64), primary_key=True),
    Column("window_start", Instant, primary_key=True),
    Column("window_end", Instant, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Index("ix_violations_recorded", "agreement", "recorded_at"),
)
