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
DELIVERIES = Counter("tienviitta_deliveries_total", "Tries to deliver a webhook", ["outcome"], registry=REGISTRY)
QUEUE = Gauge("tienviitta_queue", "Handoffs that wait for an adviser", registry=REGISTRY)
OUTBOX = Gauge("tienviitta_outbox", "Deliveries by state", ["state"], registry=REGISTRY)
