"""Finished training runs in the Dagster UI, as materializations of the asset `policy`."""

from typing import Any

from exphil.cli.output import note


def record_in_dagster(outcome: Any) -> None:
    """Show a finished run beside those that the UI started. What goes wrong here costs the run nothing."""
    from pipelines.runner import record_policy

    try:
        record_policy(outcome.run.folder, outcome.run.config, outcome.validation)
    except (
        Exception
    ) as error:  # the weights are saved; an instance that cannot be written is no failure of training
        note(f"the Dagster UI does not show this run: {str(error).splitlines()[0]}")
