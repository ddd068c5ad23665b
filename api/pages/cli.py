"""The widget on the command line: ``embed`` prints what a site copies, ``colours`` checks a city's colours."""

from __future__ import annotations

from typing import Annotated, get_args

import typer

from api.pages import bundle
from api.pages import colours as palette
from settings import get_settings

app = typer.Typer(help="The chat widget.", no_args_is_help=True)


@app.command()
def embed(
    server: Annotated[str | None, typer.Option(help="The chat's address; without it, the service's own.")] = None,
    pinned: Annotated[bool, typer.Option(help="Pin this very release with a checksum.")] = False,
) -> None:
    """Print the lines to copy to a site."""
    address = (server or get_settings().url).rstrip("/")
    script = bundle.widget()
    if pinned:
        source = f'src="{address}/{script.name}"\n  integrity="{script.integrity}" crossorigin="anonymous"'
    else:
        source = f'src="{address}/widget.js"'
    typer.echo(f'<script type="module" {source}></script>')
    typer.echo(f'<tienviitta-chat><a href="{address}/chat">Avaa chatti</a></tienviitta-chat>')


@app.command()
def colours(
    own: Annotated[
        list[str] | None, typer.Argument(help="The city's colours, like primary=#7a0019 link=#0b5a89.")
    ] = None,
) -> None:
    """Check that text can be read in the colours of a city, light and dark. Fails when a pair cannot."""
    chosen = {f"--tv-{name}": value for name, _, value in (item.partition("=") for item in own or [])}
    bad = 0
    for scheme in get_args(palette.Scheme):
        try:
            pairs = palette.check(chosen, scheme)
        except ValueError as error:
            typer.echo(f"Error: {error}.", err=True)
            raise typer.Exit(2) from None
        typer.echo(f"{scheme}:")
        for pair in pairs:
            verdict = "ok" if pair.legible else f"cannot be read, {palette.AA}:1 is needed"
            name, on = pair.name.removeprefix("--tv-"), pair.on.removeprefix("--tv-")
            typer.echo(f"  {name:<15}on {on:<12}{pair.ratio:5.2f}:1  {verdict}")
            bad += not pair.legible
    if bad:
        raise typer.Exit(1)
