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
    from pytest_canary.rehearsal.rehearsal import Rehearsal
    from pytest_canary.release.release import Release
    from pytest_canary.traffic import Traffic


@pytest.fixture
def canary_rehearsal(request: pytest.FixtureRequest) -> Rehearsal:
    """The whole rehearsal, of which the other fixtures are parts; of a check its findings alone."""
    rehearsal = request.config.stash.get(state.REHEARSAL, None)
    if rehearsal is None:
        pytest.skip("needs `pytest --canary`")
    return rehearsal


@pytest.fixture
def canary_cluster(canary_rehearsal: Rehearsal) -> Cluster:
    """The kind cluster, with `kubectl()` and `port_forward()`, as pytest-kind has them."""
    return canary_rehearsal.cluster


@pytest.fixture
def canary_release(canary_rehearsal: Rehearsal) -> Release:
    """The release and its transitions."""
    return canary_rehearsal.release


@pytest.fixture
def canary_api(canary_rehearsal: Rehearsal) -> Addressbook | Api:
    """The client of the app's API, through the Service; for an app with [api] set, of that API."""
    return canary_rehearsal.api


@pytest.fixture
def canary_traffic(canary_rehearsal: Rehearsal) -> Traffic:
    """The load that runs from the baseline to the rollback: `assert canary_traffic.lost == 0`."""
    return canary_rehearsal.traffic


@pytest.fixture
def canary_database(canary_rehearsal: Rehearsal) -> Database:
    """The database in the cluster: `canary_database.query("select …")`."""
    return canary_rehearsal.database
