"""What a team might add to the walk: its own tests, each in the stage that it belongs to.

pytest --canary examples
"""

import pytest

from pytest_canary import Addressbook, Cluster, Database, Release


@pytest.mark.canary("baseline")
def test_a_person_can_be_found_by_the_name_that_was_put(canary_api: Addressbook) -> None:
    sammy = canary_api.put("Sammy", "David Jr")
    assert sammy in canary_api.all()


@pytest.mark.canary("migration")
def test_the_migration_adds_the_column_that_the_search_needs(canary_database: Database) -> None:
    columns = canary_database.query(
        "select column_name from information_schema.columns where table_name = 'person'"
    )
    assert ("search_name",) in columns


@pytest.mark.canary("stable")
def test_every_stable_pod_is_on_a_node_of_ours(
    canary_cluster: Cluster, canary_release: Release
) -> None:
    # One that has ended is listed until its kubelet has cleared it away.
    running = ["--field-selector=status.phase=Running", "-l", "deployment=addressbook-stable"]
    pods = canary_release.kubectl("get", "pods", *running, "-o", "name")
    nodes = canary_cluster.kubectl("get", "nodes", "-o", "name")
    assert len(pods.split()) == 3
    assert nodes.split() == [f"node/{canary_cluster.node}"]
