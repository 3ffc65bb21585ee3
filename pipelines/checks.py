"""Asset checks: `exphil.assets.checks`, on the batch of the run, or on the whole store when run on their own."""

import dagster as dg

from exphil.assets.checks import CHECKS, Check
from pipelines.session import Session


def _asset_check(check: Check) -> dg.AssetChecksDefinition:
    @dg.asset_check(asset=check.asset, name=check.name, description=check.doc, blocking=False)
    def run(
        context: dg.AssetCheckExecutionContext, session: dg.ResourceParam[Session]
    ) -> dg.AssetCheckResult:
        batch = context.partition_key if context.has_partition_key else None
        found = check.run(session.store(), batch)
        shown = "\n".join(f"- {example}" for example in found.examples)
        return dg.AssetCheckResult(
            passed=found.passed,
            severity=dg.AssetCheckSeverity.ERROR if check.is_fault else dg.AssetCheckSeverity.WARN,
            description=None if found.passed else f"{found.num_wrong} wrong of {found.num_checked}",
            metadata={
                "checked": found.num_checked,
                "wrong": found.num_wrong,
                "looked_at": batch or "the whole store",
                **found.figures,
                **({"examples": dg.MetadataValue.md(shown)} if shown else {}),
            },
        )

    return run


asset_checks = [_asset_check(check) for check in CHECKS]
