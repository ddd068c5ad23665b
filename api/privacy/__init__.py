"""Redaction, encryption at rest, retention."""
