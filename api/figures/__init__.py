"""Figures of the handover: how long residents wait, what becomes of requests, what residents think of it."""
