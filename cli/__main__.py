"""``./tienviitta``: one command, a group for each part that has something to administer."""

from __future__ import annotations

import typer

from api.advisers.cli import app as advisers
from catalogue.cli import app as catalogue
from catalogue.cli import rules

app = typer.Typer(help="Administer Tienviitta.", no_args_is_help=True, add_completion=False)
app.add_typer(advisers, name="advisers", help="Accounts of the advisers.")
app.add_typer(catalogue, name="catalogue", help="The catalogue of services: check, load, compare.")
app.add_typer(rules, name="rules", help="The rules of recommendation: explain, cover.")

if __name__ == "__main__":
    app()
