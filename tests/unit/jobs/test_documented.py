"""docs/pipelines.md tells of everything that stands in for something."""

from importlib.resources import files

from fakes.folders import DOCS

from pytest_canary.jobs.programs import ALSO

TEXT = (DOCS / "pipelines.md").read_text()


def test_every_stand_in_is_told() -> None:
    packaged = files("pytest_canary.jobs") / "stand_ins"
    names = [each.name for each in (packaged / "programs").iterdir()]
    names += [each.name.removesuffix(".bash") for each in (packaged / "functions").iterdir()]
    assert {"checkout", "docker", "kubectl"} <= set(names)
    assert [each for each in [*names, *ALSO] if f"`{each}`" not in TEXT] == []
