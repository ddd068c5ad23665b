"""``./tienviitta``: one command, a group for each part that has something to administer."""

from __future__ import annotations

import typer

from api.advisers.audit_cli import app as audit
from api.advisers.cli import app as advisers
from api.deliveries.cli import app as deliveries
from api.pages.cli import app as widget
from api.privacy.cli import backup, keys, restore, retention
from catalogue.cli import app as catalogue
from catalogue.cli import rules
from cli.dependencies import dependencies
from cli.nlu import app as nlu
from cli.talk import app as talk

app = typer.Typer(help="Administer Tienviitta.", no_args_is_help=True, add_completion=False)
app.add_typer(advisers, name="advisers", help="Accounts of the advisers.")
app.add_typer(audit, name="audit", help="What advisers did, without texts.")
app.add_typer(catalogue, name="catalogue", help="The catalogue of services: check, load, compare.")
app.add_typer(deliveries, name="deliveries", help="Outgoing webhooks: what waits or is dead, try and send again.")
app.add_typer(widget, name="widget", help="The chat widget: what a site copies, whether its colours can be read.")
app.add_typer(nlu, name="nlu", help="Examples of what residents write: check them.")
app.add_typer(rules, name="rules", help="The rules of recommendation: explain, cover.")
app.add_typer(keys, name="keys", help="Encryption keys: list, add, rotate, remove.")
app.add_typer(retention, name="retention", help="What is kept and until when.")
app.command()(backup)
app.command()(restore)
app.command()(dependencies)
app.add_typer(talk, name="talk", help="Talks: make a dialogue test of one, personal data removed.")

if __name__ == "__main__":
    app()
