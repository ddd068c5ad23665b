"""The api's figures for Prometheus. No label ever holds anything about a person."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

REGISTRY = CollectorRegistry()

REQUESTS = Counter("tienviitta_http_requests_total", "HTTP requests", ["method", "route", "status"], registry=REGISTRY)
REQUEST_SECONDS = Histogram(
    "tienviitta_http_request_seconds", "Time to answer a request, seconds", ["route"], registry=REGISTRY
)
ENGINE_SECONDS = Histogram(
    "tienviitta_engine_seconds", "Time that the engine took for one message, seconds", registry=REGISTRY
)
TURNS = Counter("tienviitta_turns_total", "Messages sent to the engine, by outcome", ["outcome"], registry=REGISTRY)
CONVERSATIONS = Counter("tienviitta_conversations_total", "Talks begun", registry=REGISTRY)
HANDOFF_EVENTS = Counter("tienviitta_handoff_events_total", "What happened to handoffs", ["event"], registry=REGISTRY)
REDACTIONS = Counter(
    "tienviitta_redactions_total", "Messages that something was left out of", ["kind"], registry=REGISTRY
)
LIMITED = Counter("tienviitta_limited_total", "Calls that came too often, by limit", ["limit"], registry=REGISTRY)
DELIVERIES = Counter("tienviitta_deliveries_total", "Tries to deliver a webhook", ["outcome"], registry=REGISTRY)
FEEDBACK = Counter(
    "tienviitta_feedback_total", "What residents thought of a talk, by whom they talked with", ["about", "helped"],
    registry=REGISTRY,
)  # fmt: skip
SIGN_INS = Counter(
    "tienviitta_sign_ins_total", "Advisers' sign-ins, by way and by how they ended", ["way", "outcome"],
    registry=REGISTRY,
)  # fmt: skip
QUEUE = Gauge("tienviitta_queue", "Handoffs that wait for an adviser", registry=REGISTRY)
OUTBOX = Gauge("tienviitta_outbox", "Deliveries by state", ["state"], registry=REGISTRY)
WAIT_SECONDS = Gauge(
    "tienviitta_handoff_wait_seconds",
    "Waits for an adviser that ended within the last 24 hours; NaN when there were none",
    ["quantile"],
    registry=REGISTRY,
)
LONGEST_WAIT_SECONDS = Gauge(
    "tienviitta_longest_wait_seconds", "How long the one who has waited longest has waited by now", registry=REGISTRY
)
