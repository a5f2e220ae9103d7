"""The pipeline that is looked at is the option's or the settings'; unless it is named, none is."""

from pathlib import Path

import pytest
from fakes.folders import ROOT
from fakes.settings_file import loaded, mistakes
from fakes.world_settings import DELIVERED

from pytest_canary.config.options import Options
from pytest_canary.config.pipeline_file import find_pipeline
from pytest_canary.config.plan import plan
from pytest_canary.config.settings_file import check
from pytest_canary.core.errors import SettingsError

FILE = ".semaphore/semaphore.yml"


@pytest.fixture
def pipeline(book: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(book)  # and not where the bundled pipelines are
    (book / ".semaphore").mkdir()
    (book / FILE).touch()
    return book / FILE


def test_a_pipeline_that_nobody_names_is_not_looked_at(book: Path, pipeline: Path) -> None:
    checked = plan(loaded(book, ""), Options(check=True))
    assert checked.pipeline is None
    assert checked.title == "shop, its manifests alone"


@pytest.mark.parametrize("option", [None, FILE])
def test_it_is_the_settings_or_the_options(book: Path, pipeline: Path, option: str | None) -> None:
    (book / "other.yml").touch()
    text = "pipeline.file = 'other.yml'" if option else f"pipeline.file = '{FILE}'"
    checked = plan(loaded(book, text), Options(check=True, pipeline=option))
    assert checked.pipeline == pipeline
    assert checked.title == "shop, its manifests and pipelines alone"


def test_a_shell_completes_the_option_from_where_one_stands(
    book: Path, pipeline: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(pipeline.parent)
    assert find_pipeline(loaded(book, ""), Options(pipeline="semaphore.yml")) == pipeline


@pytest.mark.parametrize("name", ["none.yml", "x" * 5000, "a\0b", ".semaphore"])
def test_an_option_that_names_no_file_is_told(book: Path, pipeline: Path, name: str) -> None:
    with pytest.raises(SettingsError) as wrong:
        plan(loaded(book, ""), Options(check=True, pipeline=name))
    lead = f"--canary-pipeline: there is no file {name[:200]}"
    assert str(wrong.value).startswith(lead)
    assert str(wrong.value).endswith(f" in {book}")


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("pipeline.file = 'none.yml'", "pipeline.file = 'none.yml': there is no file "),
        ("pipeline.secrets.a = {}", "pipeline.secrets.a = '{}': name the variables or files that "),
        ("pipeline.secrets.a.variables = ['A=1']", "pipeline.secrets.a.variables.0 = 'A=1': "),
        ("pipeline.secrets.a.value = 'x'", "pipeline.secrets.a.value = 'x': no such setting"),
        ("pipeline.registry = 'registry:2'", "pipeline.registry = 'registry:2': "),
        ("registry.image = ''", "registry.image = '': "),
        ("registry.user-variable = 'A B'", "registry.user-variable = 'A B': "),
        ("registry.hosts = ['https://gcr.io']", "registry.hosts.0 = 'https://gcr.io': "),
    ],
)
def test_what_is_wrong_in_the_settings_is_told(book: Path, text: str, mistake: str) -> None:
    (found,) = mistakes(book, text)
    assert found.startswith(f"canary.toml: {mistake}"), found


def test_what_migrates_beside_a_command_is_none_of_the_pipelines() -> None:
    tables = DELIVERED | {"migration": {"by": "start"}}
    with pytest.raises(SettingsError) as wrong:
        plan(check(tables, ROOT, "canary.toml"), Options(baseline="none"))
    assert str(wrong.value).startswith('canary.toml: migration.by = "start": where pipelines make')
    looked_at = {"pipeline": {**DELIVERED["pipeline"], "run": False}}
    plan(check(tables | looked_at, ROOT, "canary.toml"), Options(baseline="none"))


def test_a_run_has_no_registry_of_its_own_unless_it_is_wanted(book: Path) -> None:
    found = loaded(book, "")
    assert not found.pipeline.registry
    assert found.registry.user_variable == "DOCKER_USERNAME"
    assert found.registry.password_variable == "DOCKER_PASSWORD"
    text = "pipeline.registry = true\nregistry.hosts = ['gcr.io', 'registry.invalid:5000']"
    assert loaded(book, text).registry.hosts == ["gcr.io", "registry.invalid:5000"]
