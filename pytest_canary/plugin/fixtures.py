"""The fixtures that a team's own tests use, marked with the stage that they belong to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_canary.plugin import state

if TYPE_CHECKING:
    from pytest_canary.api.addressbook import Addressbook
    from pytest_canary.api.client import Api
    from pytest_canary.cluster.kind import Cluster
    from pytest_canary.database.database import Database
    from pytest_canary.plugin.manifest_check import ManifestCheck
    from pytest_canary.rehearsal.rehearsal import Walk
    from pytest_canary.release.release import Release
    from pytest_canary.traffic import Traffic


@pytest.fixture
def canary_walk(request: pytest.FixtureRequest) -> Walk | ManifestCheck:
    """The whole rehearsal, of which the other fixtures are parts; of a check its findings alone."""
    rehearsal = request.config.stash.get(state.REHEARSAL, None)
    if rehearsal is None:
        pytest.skip("needs `pytest --canary`")
    return rehearsal


@pytest.fixture
def canary_cluster(canary_walk: Walk) -> Cluster:
    """The kind cluster, with pytest-kind's `kubectl()` and `port_forward()`."""
    return canary_walk.cluster


@pytest.fixture
def release(canary_walk: Walk) -> Release:
    """The release and its transitions."""
    return canary_walk.release


@pytest.fixture
def addressbook(canary_walk: Walk) -> Addressbook | Api:
    """The client of the app's API, through the Service; for an app with [api] set, of that API."""
    return canary_walk.api


@pytest.fixture
def traffic(canary_walk: Walk) -> Traffic:
    """The load that runs from the baseline to the rollback: `assert traffic.lost == 0`."""
    return canary_walk.traffic


@pytest.fixture
def database(canary_walk: Walk) -> Database:
    """The database in the cluster: `database.query("select …")`."""
    return canary_walk.database
