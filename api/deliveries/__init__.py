"""Outgoing webhooks: outbox and delivery."""
