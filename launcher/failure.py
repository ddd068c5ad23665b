"""The one error of the launcher that a person sees: a line, no trace."""

from __future__ import annotations


class LaunchError(Exception):
    """Something stops the command; the message is one line that says what and what to do."""
