"""Where settings come from, what they are by default, and the files that hold none."""

from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from fakes.settings_file import SERVICE, loaded, mistakes
from pydantic import BaseModel

from pytest_canary.config import toml_file
from pytest_canary.config.api_settings import GET_ALL, PUT_PERSON, ApiSettings
from pytest_canary.config.settings import Files, Tables
from pytest_canary.config.settings_file import load
from pytest_canary.config.table import TABLE
from pytest_canary.core.errors import SettingsError

CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\n"
SHOP = ("shop", "shop-lb")


def tables(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """A table, and those that it may hold."""
    yield model
    for field in model.model_fields.values():
        for each in (field.annotation, *get_args(field.annotation)):
            if isinstance(each, type) and issubclass(each, BaseModel):
                yield from tables(each)


def test_every_table_is_of_exact_types_and_known_keys() -> None:
    assert len({*tables(Tables)}) > 15
    assert {each.__name__ for each in tables(Tables) if each.model_config != TABLE} == set()


# The defaults


def test_the_books_layout_needs_no_setting(book: Path) -> None:
    found = load(book)
    assert (found.source, found.root) == ("defaults", book)
    assert found.files == Files(
        context=book / ".",
        dockerfile=book / "Dockerfile",
        deployment=book / "manifests" / "deployment.yml",
        service=book / "manifests" / "service.yml",
        apply=book / "apply.sh",
    )
    replicas = found.replicas
    assert (replicas.canary, replicas.stable, replicas.stable_during_canary) == (1, 3, 2)
    assert found.commands.ping == ["npm", "run", "ping"]
    assert found.commands.migrate == ["npm", "run", "migrate"]
    assert found.environment == {"PORT": "3000"}
    assert found.database.image == "postgres:17"
    assert (found.api.write, found.api.read) == (PUT_PERSON, GET_ALL)
    assert (found.api.version_header, found.api.pod_header) == ("X-Release", "X-Pod")
    assert found.baseline is None


def test_a_file_is_named_from_where_one_stands_or_from_the_root(
    book: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = book / "inner"
    (inner / "manifests").mkdir(parents=True)
    for name in ("Dockerfile", "apply.sh", "manifests/deployment.yml", "manifests/service.yml"):
        (inner / name).write_text((book / name).read_text())
    (inner / "own.toml").write_text('name = "inner"\n')
    monkeypatch.chdir(inner)
    assert load(book, "own.toml").root == inner
    assert load(book, "inner/own.toml").root == inner
    with pytest.raises(SettingsError, match=r"there is no file other\.toml in"):
        load(book, "other.toml")


def test_a_dockerfile_in_app_is_found_too(book: Path) -> None:
    (book / "app").mkdir()
    (book / "Dockerfile").rename(book / "app" / "Dockerfile")
    found = load(book)
    assert found.files.context == book / "app"
    assert found.files.dockerfile == book / "app" / "Dockerfile"


def test_a_dockerfile_at_the_top_comes_before_one_in_app(book: Path) -> None:
    (book / "app").mkdir()
    (book / "app" / "Dockerfile").write_text("FROM scratch\n")
    assert load(book).files.dockerfile == book / "Dockerfile"


@pytest.mark.parametrize(
    ("service", "name", "service_name"),
    [
        (SERVICE.format("shop-lb"), "shop", "shop-lb"),
        (SERVICE.format("shop"), "addressbook", "shop"),
        (SERVICE.format("$name"), "addressbook", "addressbook-lb"),
        ("kind: [", "addressbook", "addressbook-lb"),
        ("just a text", "addressbook", "addressbook-lb"),
        ("metadata: none", "addressbook", "addressbook-lb"),
        # Several documents, of which one is the Service.
        (f"{CONFIG}---\n{SERVICE.format('shop-lb')}", "shop", "shop-lb"),
        (f"{SERVICE.format('metrics')}---\n{SERVICE.format('shop-lb')}", "shop", "shop-lb"),
        # What Kubernetes reads, and PyYAML's own constructor doesn't.
        (f"x: {{a: 2020-02-31, b: 0x_, c: {'1' * 5000}}}\n{SERVICE.format('shop-lb')}", *SHOP),
        # What nobody reads.
        (f"{SERVICE.format('shop-lb')}x: {'[' * 100_000}", "addressbook", "addressbook-lb"),
        (SERVICE.format("|\n    shop-lb\n"), "addressbook", "addressbook-lb"),
    ],
)
def test_the_name_is_the_services_where_it_can_be_read(
    book: Path, service: str, name: str, service_name: str
) -> None:
    (book / "manifests" / "service.yml").write_text(service)
    found = load(book)
    assert (found.name, found.service_name) == (name, service_name)
    assert found.deployment_name("canary") == f"{name}-canary"


def test_a_name_that_is_set_comes_before_the_services(book: Path) -> None:
    assert loaded(book, 'name = "kiosk"').name == "kiosk"


def test_the_environment_adds_to_the_default_port(book: Path) -> None:
    assert loaded(book, 'environment.MODE = "x"').environment == {"PORT": "3000", "MODE": "x"}
    assert loaded(book, 'environment.PORT = "80"').environment == {"PORT": "80"}


def test_what_a_script_releases_with_nothing_is_rehearsed_with_nothing(book: Path) -> None:
    (book / "apply.sh").write_text("#!/bin/sh\nenvsubst <$1 | kubectl apply -f -\n")
    assert load(book).environment == {}
    assert loaded(book, 'environment.PORT = "80"').environment == {"PORT": "80"}


def test_an_api_of_ones_own_is_no_addressbook_and_has_no_header_unless_set(book: Path) -> None:
    own = 'write = {method = "POST", path = "/{unique}"}\nread = {method = "GET", path = "/"}\n'
    found = loaded(book, f"[api]\n{own}")
    assert (found.api.write.path, found.api.read.path) == ("/{unique}", "/")
    assert found.api.version_header is found.api.pod_header is None
    assert loaded(book, f'[api]\nversion-header = "X-V"\n{own}').api.version_header == "X-V"


def test_a_version_header_that_nobody_has_named_is_assumed(book: Path) -> None:
    assert load(book).api.version_header_assumed
    own = 'write = {method = "POST", path = "/{unique}"}\nread = {method = "GET", path = "/"}\n'
    tables = {"": True, 'version-header = "X-Release"': False, 'version-header = ""': False}
    for text, assumed in (tables | {'metrics = "/m"': True, own: False}).items():
        assert loaded(book, f"[api]\n{text}\n").api.version_header_assumed is assumed, text


def test_an_app_may_be_an_addressbook_and_tell_neither_version_nor_pod(book: Path) -> None:
    found = loaded(book, '[api]\nversion-header = ""\npod-header = ""\n').api
    assert found.version_header is found.pod_header is None
    assert (found.write, found.read) == (PUT_PERSON, GET_ALL)


def test_an_app_may_have_a_read_that_is_bounded_and_be_an_addressbook_all_the_same(
    book: Path,
) -> None:
    found = loaded(book, '[api.bounded-read]\nmethod = "GET"\npath = "/first?name={unique}"\n').api
    assert found.bounded_read
    assert found.bounded_read.path == "/first?name={unique}"
    assert (found.write, found.read, found.version_header) == (PUT_PERSON, GET_ALL, "X-Release")
    assert loaded(book, "").api.bounded_read is None


@pytest.mark.parametrize(
    ("text", "level", "why"),
    [
        ('missing-secret]\nlevel = "off"\nwhy = "made by hand"', "off", "made by hand"),
        ('missing-secret]\nlevel = "warning"\nwhy = "made by hand"', "warning", "made by hand"),
        ('missing-secret]\nlevel = "error"', "error", ""),
        ('latest-image]\nlevel = "error"\nwhy = "we mean it"', "error", "we mean it"),
        ('latest-image]\nlevel = "warning"', "warning", ""),
    ],
)
def test_a_rule_has_a_level_and_a_reason_where_that_is_lower_than_its_own(
    book: Path, text: str, level: str, why: str
) -> None:
    (found,) = loaded(book, f"[findings.{text}\n").findings.values()
    assert (found.level, found.why) == (level, why)


def test_an_addressbook_may_have_headers_metrics_and_checks_of_its_own(book: Path) -> None:
    found = loaded(book, '[api]\nversion-header = "X-V"\nmetrics = "/m"\n').api
    assert (found.version_header, found.pod_header, found.metrics) == ("X-V", "X-Pod", "/m")
    assert (found.write, found.read) == (PUT_PERSON, GET_ALL)
    assert loaded(book, "[api]\n").api == load(book).api == ApiSettings()


# Where settings come from


def test_pyproject_holds_settings_too(book: Path) -> None:
    (book / "pyproject.toml").write_text('[tool.canary]\nname = "kiosk"\n')
    found = load(book)
    assert (found.name, found.source) == ("kiosk", "pyproject.toml [tool.canary]")


def test_a_pyproject_without_settings_is_not_their_source(book: Path) -> None:
    (book / "pyproject.toml").write_text('[project]\nname = "x"\n')
    assert load(book).source == "defaults"


def test_a_file_that_is_named_comes_before_all_others(book: Path) -> None:
    (book / "canary.toml").write_text("wrong = 1")
    (book / "other.toml").write_text('name = "kiosk"')
    found = load(book, "other.toml")
    assert (found.name, found.source) == ("kiosk", "other.toml")


def test_paths_are_relative_to_the_file_that_names_them(book: Path) -> None:
    folder = book / "ci"
    folder.mkdir()
    manifests = 'deployment = "../manifests/deployment.yml"\nservice = "../manifests/service.yml"'
    text = f'[image]\ncontext = ".."\n[manifests]\napply = "../apply.sh"\n{manifests}\n'
    (folder / "canary.toml").write_text(text)
    found = load(book, "ci/canary.toml")
    assert found.root == folder
    assert found.files.dockerfile.resolve() == (book / "Dockerfile").resolve()
    assert found.files.apply
    assert found.files.apply.resolve() == (book / "apply.sh").resolve()


def test_a_dockerfile_is_relative_to_its_context(book: Path) -> None:
    (book / "app").mkdir()
    (book / "app" / "Prod.dockerfile").write_text("FROM scratch\n")
    found = loaded(book, '[image]\ncontext = "app"\ndockerfile = "Prod.dockerfile"\n')
    assert found.files.dockerfile == book / "app" / "Prod.dockerfile"


def test_two_files_with_settings_are_one_too_many(book: Path) -> None:
    (book / "pyproject.toml").write_text("[tool.canary]\n")
    assert mistakes(book, "") == [
        "canary.toml and [tool.canary] in pyproject.toml both hold settings; keep one of them"
    ]


def test_a_job_migrates_where_one_is_named(book: Path) -> None:
    (book / "job.yml").write_text("{}\n")
    found = loaded(book, "[migration]\njob = 'job.yml'")
    assert (found.migration.way, found.files.job) == ("job", book / "job.yml")
    assert (found.commands.ping, found.commands.migrate) == ([], []), "npm's, which nobody named"
    pinged = loaded(book, "migration.job = 'job.yml'\ncommands.ping = ['ping']")
    assert pinged.commands.ping == ["ping"]
    assert loaded(book, "").migration.way == "exec"
    (wrong,) = mistakes(book, "migration.job = 'no.yml'")
    assert wrong == f"canary.toml: migration.job = 'no.yml': there is no file {book / 'no.yml'}"


INIT = """kind: Deployment
apiVersion: apps/v1
metadata: {name: $deployment}
spec: {template: {spec: {initContainers: [%s], containers: [{name: app, image: $img}]}}}
"""
UP = "{name: up, image: $img, command: [npm, run, migrate]}"


@pytest.mark.parametrize(
    ("containers", "settings", "way", "container"),
    [
        (UP, "", "init-container", "up"),
        ("{name: migrations, image: $img}", "", "init-container", "migrations"),
        (f"{{name: wait-for-db, image: busybox}}, {UP}", "", "init-container", "up"),
        (f"{UP}, {{name: migrate-more, image: $img}}", "", "exec", None),
        ("{name: migrate, image: $img, restartPolicy: Always}", "", "exec", None),
        ("{name: wait-for-db, image: busybox}", "", "exec", None),
        ("{name: wait-for-migrations, image: $img}", "", "exec", None),
        ("{name: init, image: $img, command: [sh, -c, until migrate --check]}", "", "exec", None),
        (f"{{name: wait-for-migrations, image: $img}}, {UP}", "", "init-container", "up"),
        (UP, "commands.migrate = ['npm', 'run', 'up']", "exec", None),
        (UP, "migration.by = 'exec'", "exec", None),
        (UP, "migration.by = 'start'", "start", None),
        (UP, "migration.container = 'other'", "init-container", "other"),
    ],
)
def test_an_init_container_that_migrates_is_known_where_nothing_else_is_said(
    book: Path, containers: str, settings: str, way: str, container: str | None
) -> None:
    (book / "manifests" / "deployment.yml").write_text(INIT % containers)
    found = loaded(book, settings).migration
    assert (found.way, found.container) == (way, container)


def test_the_one_job_beside_the_deployment_migrates(book: Path) -> None:
    job = "---\nkind: Job\napiVersion: batch/v1\nmetadata: {name: migrate-$deployment}\n"
    path = book / "manifests" / "deployment.yml"
    path.write_text(INIT % "" + job)
    found = loaded(book, "").migration
    assert (found.way, found.along("apply.sh"), found.known) == ("job", True, True)
    path.write_text(INIT % "" + job.replace("migrate-", "report-"))
    assert loaded(book, "").migration.way == "exec", "it is another one"
    command = "spec: {template: {spec: {containers: [{name: a, command: [alembic, upgrade]}]}}}\n"
    path.write_text(INIT % "" + job.replace("migrate-", "report-") + command)
    assert loaded(book, "").migration.way == "job"
    path.write_text(INIT % UP + job)
    assert loaded(book, "").migration.way == "exec", "nobody knows which of the two does"


def test_a_named_file_that_is_missing_is_told(book: Path) -> None:
    with pytest.raises(SettingsError) as wrong:
        load(book, "no.toml")
    assert str(wrong.value) == f"--canary-config: there is no file no.toml in {book}"


def test_a_file_that_is_no_toml_says_where(book: Path) -> None:
    (line,) = mistakes(book, 'name = "a"\nbaseline =\n')
    assert line.startswith("canary.toml is not valid TOML: ")
    assert "line 2" in line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"a = {'[' * 2000}{']' * 2000}", "canary.toml is nested too deeply"),
        (
            f"replicas.stable = {'1' * 5000}",
            "canary.toml is not valid TOML: Exceeds the limit (4300 digits)",
        ),
        ("#" * 1_000_001, "canary.toml has more than 1.0 MB; it holds no settings"),
    ],
)
def test_a_file_that_no_reader_takes_is_told(book: Path, text: str, line: str) -> None:
    (told,) = mistakes(book, text)
    assert told.startswith(line)


def test_a_file_of_nothing_but_mistakes_is_told_in_part(book: Path) -> None:
    lines = mistakes(book, "\n".join(f"wrong{number} = 1" for number in range(2000)))
    assert len(lines) == 51
    assert lines[-1] == "canary.toml: and 1,950 more"


def test_a_file_that_cannot_be_read_is_told(book: Path) -> None:
    (book / "canary.toml").mkdir()
    with pytest.raises(SettingsError, match=r"there is no file canary\.toml"):
        load(book, "canary.toml")
    with pytest.raises(SettingsError) as wrong:
        toml_file.parse(book / "canary.toml")
    assert str(wrong.value) == "canary.toml can't be read: Is a directory"


@pytest.mark.parametrize("text", ["tool = 1", "[[tool]]\ncanary = 1"])
def test_a_pyproject_whose_tools_are_no_table_holds_no_settings(book: Path, text: str) -> None:
    (book / "pyproject.toml").write_text(text)
    assert load(book).source == "defaults"


def test_a_path_that_no_file_system_takes_is_a_missing_file(book: Path) -> None:
    long = "a" * 300
    (line,) = mistakes(book, f'[manifests]\nservice = "{long}"')
    assert line.startswith(f"canary.toml: manifests.service = '{'a' * 199}…: there is no file /")
    lines = mistakes(book, f'[image]\ncontext = "{long}"')
    assert "there is no folder /" in lines[0]
    with pytest.raises(SettingsError, match=r"--canary-config: there is no file a{200}… in "):
        load(book, long)


def test_a_table_in_pyproject_must_be_one(book: Path) -> None:
    (book / "pyproject.toml").write_text("[tool]\ncanary = 3\n")
    with pytest.raises(SettingsError) as wrong:
        load(book)
    assert str(wrong.value) == "pyproject.toml [tool.canary] = 3: a table"
