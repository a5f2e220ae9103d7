"""What the app and its Service are called, where only what a tool makes tells."""

from __future__ import annotations

import re
from pathlib import Path

from pytest_canary.config.migration_settings import own_commands, recognise, with_hook
from pytest_canary.config.settings import NAME, Settings
from pytest_canary.core.errors import ReleaseError, SettingsError
from pytest_canary.manifests.documents import Document, read
from pytest_canary.manifests.jobs import runs_with_a_version
from pytest_canary.manifests.parsing import parse
from pytest_canary.manifests.version import STABLE
from pytest_canary.rendering.renderers import chart_of, objects_of


def with_names(settings: Settings, kubectl: Path | None = None) -> Settings:
    """The settings with the names that their manifests say.

    Args:
        settings: as their file has them.
        kubectl: the program that makes them, where one does; None for the one on PATH.

    Raises:
        SettingsError: nothing can be made of them; or there are several Deployments, and no setting
            says which is released.
    """
    if settings.files.apply:
        return settings
    try:
        if settings.files.renderer == "helm":
            return _of_chart(settings)
        objects = objects_of(settings.files, settings.root, kubectl)
    except ReleaseError as error:
        raise SettingsError(f"{settings.source}: {error.sentence}") from error
    name = settings.name
    if not name:
        called = [each.name for each in objects.deployments()]
        if len(called) > 1:
            raise SettingsError(
                f"{settings.source}: name is missing: {objects.source.shown} has "
                f"{len(called)} Deployments ({', '.join(called)}), and one of them is released; "
                f'name it, such as name = "{called[0]}"'
            )
        # What can't be read, or isn't there, a check tells with its line.
        name = next((each for each in called if re.fullmatch(NAME, each)), "app")
    deployment = objects.deployment(name)
    service = objects.service(deployment, name) if deployment else None
    service_name = service.name if service else f"{name}-lb"
    jobs = [each for each in objects.parsed.documents if each.kind == "Job"]
    own = settings.files.job
    if own and any(each.source.path.resolve() == own.resolve() for each in jobs):
        raise SettingsError(
            f"{settings.source}: migration.job = {settings.migration.job!r}: stands among the "
            'manifests, whose Job needs no file of its own; say migration.by = "job" instead'
        )
    settings = _with_migration(settings, [*([deployment] if deployment else []), *jobs])
    return settings.model_copy(update={"name": name, "service_name": service_name})


def _of_chart(settings: Settings) -> Settings:
    """The app is called as its chart is, and the Service as the chart has it."""
    chart = settings.files.sources[0]
    told = parse(read(chart / "Chart.yaml", settings.root)).values
    own = str(told[0].get("name") or "") if told and isinstance(told[0], dict) else ""
    name = settings.name or (own if re.fullmatch(NAME, own) else "app")
    settings = settings.model_copy(update={"name": name, "service_name": f"{name}-lb"})
    objects = chart_of(settings, settings.root, settings.files).objects()
    stable = [each for each in objects.deployments() if each.name == f"{name}-{STABLE}"]
    service = objects.service(stable[0], name) if stable else None
    # Both releases of a chart that is installed twice may have one.
    made = {each.name: each for each in objects.parsed.documents if runs_with_a_version(each)}
    hooks = list(made.values())
    settings = _with_migration(settings, [*stable, *hooks], by_helm=True)
    migration = with_hook(settings.migration, hooks)
    settings = settings.model_copy(update={"migration": migration})
    return settings.model_copy(update={"service_name": service.name}) if service else settings


def _with_migration(
    settings: Settings, documents: list[Document], *, by_helm: bool = False
) -> Settings:
    """The settings with what migrates by these objects, where nobody has said what does."""
    migration = recognise(settings.migration, settings.commands, documents, by_helm=by_helm)
    commands = own_commands(migration, settings.commands)
    return settings.model_copy(update={"migration": migration, "commands": commands})
