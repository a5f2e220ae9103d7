"""To which plans a check applies."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_canary.config.plan import Plan


def upgrade(plan: Plan) -> bool:
    """Applies to an upgrade only."""
    return plan.upgrade


def has_canary(plan: Plan) -> bool:
    """Applies where the candidate is on trial beside the baseline."""
    return plan.has_canary


def updates(plan: Plan) -> bool:
    """Applies where the baseline is updated as a whole."""
    return not plan.has_canary


def has_canary_beside(plan: Plan) -> bool:
    """Applies to an upgrade in which both versions run side by side."""
    return plan.upgrade and plan.has_canary


def outlives_migration(plan: Plan) -> bool:
    """Applies to an upgrade whose baseline is still there after the migration."""
    return plan.upgrade and (plan.has_canary or not plan.migrates_along)


def first(plan: Plan) -> bool:
    """Applies to a first release only."""
    return not plan.upgrade


def first_with_service(plan: Plan) -> bool:
    """Applies to a first release whose Service comes before it; a chart's comes with it."""
    return first(plan) and plan.settings.files.renderer != "helm"


def runs_pipelines(plan: Plan) -> bool:
    """Applies where the transitions are what the project's own pipelines do."""
    return plan.runs_pipelines


def has_script(plan: Plan) -> bool:
    """Applies where a script of the project's own applies its manifests."""
    return plan.settings.files.apply is not None


def tells_versions(plan: Plan) -> bool:
    """Applies where a header tells which version answered an upgrade's requests."""
    return plan.upgrade and plan.tells_versions


def knows_who_answers(plan: Plan) -> bool:
    """Applies where a header tells which version answered, or the run's own node counts."""
    return plan.tells_versions or has_own_cluster(plan)


def knows_who_answers_an_upgrade(plan: Plan) -> bool:
    """Applies where it is known which version answered an upgrade's requests."""
    return plan.upgrade and knows_who_answers(plan)


def has_other_requests(plan: Plan) -> bool:
    """Applies to an app that is asked more than to write and read."""
    return bool(plan.checks)


def has_other_requests_at_baseline(plan: Plan) -> bool:
    """Applies to an upgrade of an app that is asked more than to write and read."""
    return plan.upgrade and has_other_requests(plan)


def has_database(plan: Plan) -> bool:
    """Applies where there is a database."""
    return plan.has_database


def migrates(plan: Plan) -> bool:
    """Applies where there is something to migrate."""
    return plan.migrates


def migrates_by_manifest(plan: Plan) -> bool:
    """Applies where what migrates stands in a manifest."""
    return migrates(plan) and plan.settings.migration.way in ("job", "hook", "init-container")


def migrates_to_an_end(plan: Plan) -> bool:
    """Applies where what migrates ends by itself; an app that does goes on."""
    return migrates(plan) and plan.settings.migration.way != "start"


def migrates_live_to_an_end(plan: Plan) -> bool:
    """Applies to the same, while a version is live."""
    return plan.upgrade and migrates_to_an_end(plan)


def pings(plan: Plan) -> bool:
    """Applies where a command asks for the database before the migration."""
    return migrates(plan) and bool(plan.settings.commands.ping)


def comes_before_migration(plan: Plan) -> bool:
    """Applies to an upgrade whose canary is there before the migration, if there is one."""
    return plan.upgrade and not plan.migrates_first


def migrates_live(plan: Plan) -> bool:
    """Applies where there is something to migrate while a version is live."""
    return plan.upgrade and plan.migrates


def goes_down(plan: Plan) -> bool:
    """Applies where an upgrade's migration can be taken back."""
    return migrates_live(plan) and bool(plan.settings.commands.down)


def has_traffic(plan: Plan) -> bool:
    """Applies where there is traffic."""
    return plan.traffic


def has_traffic_at_baseline(plan: Plan) -> bool:
    """Applies to an upgrade with traffic, which flows from its baseline on."""
    return plan.upgrade and plan.traffic


def judges(plan: Plan) -> bool:
    """Applies where there is a baseline to compare with, and traffic."""
    return plan.judges


def judges_canary(plan: Plan) -> bool:
    """Applies to the same, where both are asked side by side."""
    return plan.judges and plan.has_canary


def judges_update(plan: Plan) -> bool:
    """Applies to the same, where the one is asked after the other."""
    return plan.judges and not plan.has_canary


def tells_updated_versions(plan: Plan) -> bool:
    """Applies where a header tells which version answered, and nothing told it before."""
    return tells_versions(plan) and not plan.has_canary


def has_much_to_migrate(plan: Plan) -> bool:
    """Applies where a migration is seen by itself: there is one, or a canary that is asked."""
    return plan.has_canary or plan.migrates


def may_judge(plan: Plan) -> bool:
    """Applies where there is a verdict; and to a check, whose project may have a baseline."""
    if not plan.options.check:
        return plan.judges
    named = plan.options.baseline or plan.settings.baseline
    return plan.traffic and named != "none"


def compares(plan: Plan) -> bool:
    """Applies where the baseline has manifests of its own, and to a check that can't know it."""
    return plan.compares


def has_pipelines(plan: Plan) -> bool:
    """Applies where a pipeline's file is named."""
    return plan.pipeline is not None


def has_promotions(plan: Plan) -> bool:
    """Applies where it is one of Semaphore's: nobody else's promote."""
    if plan.pipeline is None:
        return False
    # Most plans have none, and no time for it.
    from pytest_canary.pipelines.kinds import kind_of

    return kind_of(plan.pipeline) == "Semaphore"


def has_own_cluster(plan: Plan) -> bool:
    """Applies where the run has a cluster of its own; somebody else's nodes are not its matter."""
    return plan.options.context is None


def loads_images(plan: Plan) -> bool:
    """Applies where images are loaded into a kind cluster, not pushed to a registry."""
    return has_own_cluster(plan)


def loads_baseline(plan: Plan) -> bool:
    """Applies where a baseline's image is loaded into a kind cluster."""
    return loads_images(plan) and plan.upgrade
