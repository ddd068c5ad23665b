"""Talks: identity, order, idempotency, storage, events, transcript, erasure."""
