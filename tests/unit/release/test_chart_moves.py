"""What moves a release that Helm keeps, with a program in its place that tells what it hears."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes import objects
from fakes.cluster import Namespace
from fakes.folders import BUNDLED_TEMPLATE
from fakes.helm import answer, asked
from fakes.helm import root as root
from fakes.manifest_sets import planned

from pytest_canary.core.errors import ReleaseError
from pytest_canary.core.processes import Processes
from pytest_canary.release.chart_moves import ChartMoves
from pytest_canary.release.commands import Commands
from pytest_canary.release.printed_secrets import PrintedSecrets
from pytest_canary.rendering.helm import HelmChart
from pytest_canary.rendering.renderers import renderer_of

REVISION = """echo '[{"name": "shop", "revision": "7", "status": "deployed"}]'"""


def of(root: Path, releases: int = 1) -> HelmChart:
    """The project's chart; what was asked for it is forgotten."""
    table = {"path": "chart", "releases": releases}
    found = renderer_of(planned(root, manifests=table), root)
    assert isinstance(found, HelmChart)
    (root / "bin" / "asked").unlink()
    return found


def moves(root: Path, **tracks: tuple[int, str]) -> ChartMoves:
    """What moves a release that stands so."""
    namespace = Namespace(root, root / "deleted")
    for track, (replicas, image) in tracks.items():
        made = objects.deployment(BUNDLED_TEMPLATE, f"shop-{track}", replicas, image)
        namespace.controllers.roll_out(made)
    environment = {"PATH": f"{root}/bin:/usr/bin:/bin"}
    printed = PrintedSecrets({}, [])
    commands = Commands(Path("kubectl"), environment, "canary-1a2b", Processes(), None, printed)
    return ChartMoves(namespace, commands, ["shop:1", "shop:2"])


def test_one_track_is_scaled_and_the_other_stays_as_it_stands(root: Path) -> None:
    found = of(root)
    moved = moves(root, stable=(3, "shop:1"), canary=(1, "shop:2"))
    moved.scale(found, "shop-stable", 2, "shop-canary")
    (told,) = asked(root)
    assert told == (
        f'upgrade shop {root}/chart --install --set-json canary.image="shop:2" --set-json '
        'canary.replicas=1 --set-json stable.image="shop:1" --set-json stable.replicas=2 '
        "--namespace=canary-1a2b"
    )
    with pytest.raises(ReleaseError, match="there is no Deployment shop-stable to scale"):
        moves(root).scale(found, "shop-stable", 2, "shop-canary")


def test_a_track_is_deleted_by_helm_and_only_where_it_is(root: Path) -> None:
    found = of(root)
    moves(root, stable=(3, "shop:2"), canary=(1, "shop:2")).delete(
        found, "shop-canary", "shop-stable"
    )
    (told,) = asked(root)
    assert "canary.replicas=0 " in told
    assert "stable.replicas=3 " in told
    moves(root).delete(found, "shop-canary", "shop-stable")
    assert len(asked(root)) == 1


def test_it_comes_back_to_the_revision_before_the_canary(root: Path) -> None:
    found = of(root)
    answer(root, REVISION)
    moved = moves(root, stable=(2, "shop:1"), canary=(1, "shop:2"))
    moved.remember(found)
    assert moved.roll_back(found, "shop-canary")
    assert asked(root)[-1] == "rollback shop 7 --namespace=canary-1a2b"


def test_a_canary_in_a_release_of_its_own_is_uninstalled(root: Path) -> None:
    found = of(root, releases=2)
    answer(root, REVISION)
    moved = moves(root, stable=(2, "shop:1"), canary=(1, "shop:2"))
    moved.remember(found)
    assert moved.roll_back(found, "shop-canary")
    assert [each.split(" --")[0] for each in asked(root)[-2:]] == [
        "rollback shop-stable 7",
        "uninstall shop-canary",
    ]


def test_in_a_first_release_there_is_nothing_to_come_back_to(root: Path) -> None:
    found = of(root)
    answer(root, "echo '[]'")
    moved = moves(root, canary=(1, "shop:2"))
    moved.remember(found)
    assert not moved.roll_back(found, "shop-canary")
    assert not moves(root).roll_back(found, "shop-canary")


@pytest.mark.parametrize("said", ["no JSON", "[{}]", '{"a": 1}'])
def test_a_helm_that_tells_no_revision_is_told(root: Path, said: str) -> None:
    found = of(root)
    answer(root, f"echo '{said}'")
    with pytest.raises(ReleaseError, match="`helm list` does not tell the revision that stands"):
        moves(root).remember(found)


def test_a_helm_that_fails_fails_the_release(root: Path) -> None:
    found = of(root)
    answer(root, "echo 'Error: UPGRADE FAILED: another operation is in progress' >&2; exit 1")
    with pytest.raises(ReleaseError) as failed:
        moves(root, stable=(3, "shop:1")).scale(found, "shop-stable", 2, "shop-canary")
    assert failed.value.sentence == "`helm upgrade shop` exited with code 1"
    assert "another operation is in progress" in failed.value.evidence
