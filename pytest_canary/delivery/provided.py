"""What a job gets of secrets: nobody's values, but for those that the run itself has."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_canary.config.pipeline_settings import PipelineSettings
from pytest_canary.jobs.environment import Secret
from pytest_canary.jobs.markers import mark_secret

REGISTRY = "registry.pytest-canary.invalid"
"""Semaphore's own registry, which is none here: what is pushed goes to the node."""


def described_secrets(settings: PipelineSettings, known: Mapping[str, str]) -> dict[str, Secret]:
    """The secrets that the settings describe, by name.

    Args:
        settings: what each secret gives.
        known: variables that the run has values for, as it has a database: those are the values.
            All others are made up, each of its own, so that it is known where one comes out.
    """
    secrets = {}
    for name, described in settings.secrets.items():
        made = mark_secret(described.variables, described.files)
        own = {each: known[each] for each in described.variables if each in known}
        secrets[name] = Secret({**made.variables, **own}, made.files)
    return secrets


def with_known_values(secrets: Mapping[str, Secret], known: Mapping[str, str]) -> dict[str, Secret]:
    """The same secrets, with the values that the run has by now."""
    return {
        name: Secret(
            {each: known.get(each, value) for each, value in secret.variables.items()}, secret.files
        )
        for name, secret in secrets.items()
    }


def registry_variables() -> dict[str, str]:
    """Semaphore's own registry, as every job is told of it."""
    made = mark_secret(["SEMAPHORE_REGISTRY_USERNAME", "SEMAPHORE_REGISTRY_PASSWORD"])
    return {"SEMAPHORE_REGISTRY_URL": REGISTRY, **made.variables}
