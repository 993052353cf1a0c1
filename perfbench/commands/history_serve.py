"""`perfbench history serve`: a published site in a browser of this machine."""

from __future__ import annotations

from pathlib import Path

import click

from perfbench.errors import UsageError

PORT = 8417


@click.command()
@click.argument("folder", required=False, type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=PORT,
    show_default=True,
    help="Its port; 0 takes a free one.",
)
def command(folder: Path | None, port: int) -> None:
    """Show a published site on 127.0.0.1, for this machine alone, until Ctrl-C.

    FOLDER is the site (default: that of [history], .perfbench/site).
    """
    from perfbench.commands.preview import ADDRESS, PreviewServer  # noqa: PLC0415
    from perfbench.commands.site_folder import is_site  # noqa: PLC0415

    if folder is None:
        from perfbench.commands.history_place import history_place  # noqa: PLC0415

        place = history_place()
        folder = place.root / place.config.history.site
    if not is_site(folder):
        raise UsageError(f"{folder} holds no published site", "write one: perfbench history publish")
    try:
        server = PreviewServer(folder, port)
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(
            f"cannot listen on {ADDRESS}:{port}: {reason}", "take a free port: --port 0"
        ) from error
    with server:
        click.echo(f"{folder} is at {server.url} (Ctrl-C ends)")
        try:
            server.serve_forever(poll_interval=0.2)
        except KeyboardInterrupt:
            click.echo("", err=True)
