"""`perfbench profile clean`: removes old profiles, and nothing else."""

from __future__ import annotations

import time

import click

from perfbench.commands.options import seconds


@click.command()
@click.option(
    "--older-than", "age", callback=seconds, metavar="TIME", help="Those taken longer ago: '7 days'."
)
@click.option("--all", "everything", is_flag=True, help="All of them.")
@click.option("--dry-run", is_flag=True, help="Say what would go; remove nothing.")
def command(age: float | None, everything: bool, dry_run: bool) -> None:
    """Remove profiles from `profiles/`: folders that hold a profile's manifest, and no others."""
    import shutil  # noqa: PLC0415

    from perfbench.commands.profile_folder import profiles_folder  # noqa: PLC0415
    from perfbench.commands.profile_listing import Stored, stored_profiles, write_index  # noqa: PLC0415
    from perfbench.errors import PerfbenchError, UsageError  # noqa: PLC0415

    if (age is None) == (not everything):
        raise UsageError("which profiles is not said", "give --older-than TIME, or --all")
    folder = profiles_folder()
    limit = time.time() - (age or 0.0)
    found = [one for one in stored_profiles(folder) if isinstance(one, Stored)]
    old = [one.folder for one in found if everything or one.manifest.started < limit]
    for path in old:
        if not dry_run:
            try:
                shutil.rmtree(path)
            except OSError as error:
                reason = error.strerror or str(error)
                raise PerfbenchError(f"cannot remove {path}: {reason}", "remove it by hand") from error
            if not any(path.parent.iterdir()):
                path.parent.rmdir()
        click.echo(f"{'would remove' if dry_run else 'removed'} {path}")
    if not old:
        click.echo(f"nothing to remove in {folder}")
    elif not dry_run:
        write_index(folder)
