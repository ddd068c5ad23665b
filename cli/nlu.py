"""``./tienviitta nlu``: the examples that the bot learns from."""

from __future__ import annotations

import importlib
from typing import Any

import typer

app = typer.Typer(no_args_is_help=True)


@app.callback()
def nlu() -> None:
    """Examples of what residents write."""


@app.command()
def duplicates() -> None:
    """Name examples that are too much alike, intents with too few, and held-out utterances that were trained on."""
    # By name: benchmarks also run with the engine's packages, which are not here for types to be checked against.
    check: Any = importlib.import_module("benchmarks.nlu_duplicates")
    raise typer.Exit(check.main())
