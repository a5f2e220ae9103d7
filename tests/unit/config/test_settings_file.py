"""The settings: every mistake at once, with its file, key and value, and what is allowed."""

from pathlib import Path
from typing import Any

import pytest

from pytest_canary.config import toml_file
from pytest_canary.config.settings import GET_ALL, PUT_PERSON, ApiSettings, Files
from pytest_canary.config.settings_file import load
from pytest_canary.core.errors import SettingsError

RULES = ("missing-secret", "latest-image")
SERVICE = "apiVersion: v1\nkind: Service\nmetadata:\n  name: {}\nspec: {{}}\n"

CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\n"
SHOP = ("shop", "shop-lb")


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """A project with the addressbook's layout."""
    (tmp_path / "manifests").mkdir()
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    (tmp_path / "apply.sh").write_text("#!/bin/sh\n")
    (tmp_path / "manifests" / "deployment.yml").write_text("kind: Deployment\n")
    (tmp_path / "manifests" / "service.yml").write_text(SERVICE.format("shop-lb"))
    return tmp_path


def loaded(project: Path, text: str) -> Any:
    (project / "canary.toml").write_text(text)
    return load(project, rules=RULES)


def mistakes(project: Path, text: str) -> list[str]:
    with pytest.raises(SettingsError) as wrong:
        loaded(project, text)
    return str(wrong.value).splitlines()


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


def test_an_api_of_ones_own_is_no_addressbook_and_has_no_header_unless_set(book: Path) -> None:
    own = 'write = {method = "POST", path = "/{unique}"}\nread = {method = "GET", path = "/"}\n'
    found = loaded(book, f"[api]\n{own}")
    assert (found.api.write.path, found.api.read.path) == ("/{unique}", "/")
    assert found.api.version_header is found.api.pod_header is None
    assert loaded(book, f'[api]\nversion-header = "X-V"\n{own}').api.version_header == "X-V"


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


# What is wrong


NAME = "^[a-z0-9]([a-z0-9-]{0,50}[a-z0-9])?$"
USER = "^[a-z_][a-z0-9_]{0,62}$"
NUL = "{} = 'a\\x00b': a string without NUL"
CHECK = "[[api.checks]]\nmethod = 'GET'\npath = '/'\n"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("nme = 'x'", "nme = 'x': no such setting; did you mean name?"),
        (
            "[environment]\nAPI_TOKEN = 12345678",
            "environment.API_TOKEN = ********: a string",
        ),
        (
            "enviroment = { API_TOKEN = 'hunter22', PORT = '3000' }",
            "enviroment = {'API_TOKEN': '********', 'PORT': '3000'}: no such setting; "
            "did you mean environment?",
        ),
        ("[replicsa]", "replicsa = {}: no such setting; did you mean replicas?"),
        (
            "[replicas]\nstable_during = 2",
            "replicas.stable_during = 2: no such setting; did you mean stable-during-canary?",
        ),
        (
            "[commands]\nxyz = []",
            "commands.xyz = []: no such setting; there are ping, migrate, down",
        ),
        (
            "[preflight.silenced]\nlatest-imag = 'ours'",
            "preflight.silenced.latest-imag = 'ours': no such rule; did you mean latest-image?",
        ),
        (
            "[preflight.silenced]\nlatest-image = ''",
            "preflight.silenced.latest-image = '': must not be empty",
        ),
        (
            "[preflight.silenced]\nxyz = 'ours'",
            "preflight.silenced.xyz = 'ours': no such rule; there are missing-secret, latest-image",
        ),
        (
            "[[api.checks]]\nmethod = 'GET'\npath = '/'\nheader = {}",
            "api.checks.0.header = {}: no such setting; did you mean headers?",
        ),
        (
            "api.read = {method = 'GET', path = '/'}\napi.write = {method = 'PUT', path = 'x'}",
            "api.write.path = 'x': a string that matches ^/",
        ),
        (
            "replicas.stable = '10'\nreplicas.stable-during-canary = 5",
            "replicas.stable = '10': a whole number",
        ),
        ("name = 3", "name = 3: a string"),
        ("name = 'Shop'", f"name = 'Shop': a string that matches {NAME}"),
        ("baseline = ''", "baseline = '': must not be empty"),
        ("image = 'app:1'", "image = 'app:1': a table"),
        ("image.build-args.A = 1", "image.build-args.A = 1: a string"),
        ("replicas.canary = 0", "replicas.canary = 0: a whole number from 1"),
        ("replicas.stable = '3'", "replicas.stable = '3': a whole number"),
        ("replicas.stable = 3.0", "replicas.stable = 3.0: a whole number"),
        ("replicas.stable = true", "replicas.stable = True: a whole number"),
        (
            "replicas.stable = 1",
            "replicas.stable-during-canary = 2: at most replicas.stable, which is 1",
        ),
        ("commands.ping = 'npm run ping'", "commands.ping = 'npm run ping': a list of strings"),
        ("commands.ping = ['npm', 1]", "commands.ping.1 = 1: a string"),
        (
            "environment.'A-B' = 'x'",
            "environment.A-B = 'A-B': a string that matches ^[A-Za-z_][A-Za-z0-9_]*$",
        ),
        ("environment.PORT = 3000", "environment.PORT = 3000: a string"),
        ("database.user = '1x'", f"database.user = '1x': a string that matches {USER}"),
        (
            "promotion.tags = ['^hot', '(']",
            "promotion.tags = '(': not a regular expression: missing ), unterminated subpattern "
            "at position 0",
        ),
        ("deadlines.cluster = 0", "deadlines.cluster = 0: a number above 0"),
        ("deadlines.image = 1e12", "deadlines.image = 1000000000000.0: a number up to 86400"),
        ("traffic.slow = 1e300", "traffic.slow = 1e+300: a number up to 86400"),
        ("replicas.stable = 1001", "replicas.stable = 1001: a whole number up to 1000"),
        ("replicas.stable = 0x1" + "0" * 4000, "replicas.stable = …: a whole number up to 1000"),
        ("environment.X = 'a\\u0000b'".replace("'", '"'), NUL.format("environment.X")),
        ("commands.ping = ['a\\u0000b']".replace("'", '"'), NUL.format("commands.ping.0")),
        ("image.build-args.X = 'a\\u0000b'".replace("'", '"'), NUL.format("image.build-args.X")),
        (
            "image.build-args = {'A=B' = '1'}",
            "image.build-args.A=B = 'A=B': a name without blanks and =",
        ),
        ("image.build-args = {'' = '1'}", "image.build-args. = '': a name without blanks and ="),
        (
            f"{CHECK}headers = {{'X-Ü' = '1'}}",
            "api.checks.0.headers.X-Ü = 'X-Ü': a header's name: letters, digits and dashes",
        ),
        (
            f"{CHECK}headers = {{X = '日本'}}",
            "api.checks.0.headers.X = '日本': a header's value: one line of ASCII or Latin-1, no "
            "blanks around it",
        ),
        (
            f'{CHECK}headers = {{X = "a\\nb"}}',
            "api.checks.0.headers.X = 'a\\nb': a header's value: one line of ASCII or Latin-1, no "
            "blanks around it",
        ),
        (
            f"{CHECK}json = {{at = [2020-01-01]}}",
            "api.checks.0.json = {'at': [datetime.date(2020, 1, 1)]}: JSON has no dates; put "
            "quotes around it",
        ),
        (f"{CHECK}json = [nan]", "api.checks.0.json = [nan]: JSON has finite numbers only"),
        (
            f"{CHECK}json = {'[' * 52}{']' * 52}",
            f"api.checks.0.json = {'[' * 52}{']' * 52}: at most 50 tables in each other",
        ),
        ("deadlines.cluster = 'long'", "deadlines.cluster = 'long': a number"),
        ("deadlines.cluster = inf", "deadlines.cluster = inf: a finite number"),
        ("deadlines.cluster = nan", "deadlines.cluster = nan: a finite number"),
        (
            "api.version-header = 'a b'",
            "api.version-header = 'a b': a string that matches ^[A-Za-z0-9-]+$",
        ),
        (
            "[[api.checks]]\nmethod = 'get'\npath = '/'",
            "api.checks.0.method = 'get': one of 'GET', 'HEAD', 'POST', 'PUT', 'PATCH' or 'DELETE'",
        ),
        ("[[api.checks]]\nmethod = 'GET'", "api.checks.0.path is missing"),
        (
            "[[api.checks]]\nmethod = 'GET'\npath = 'x'",
            "api.checks.0.path = 'x': a string that matches ^/",
        ),
        (
            "[[api.checks]]\nmethod = 'GET'\npath = '/'\nstatus = 600",
            "api.checks.0.status = 600: a whole number up to 599",
        ),
        (
            "api.write = {method = 'POST', path = '/{unique}'}",
            "api.write = '…': goes with [api.read]: what is written must be read back",
        ),
        (
            "api.read = {method = 'GET', path = '/'}",
            "api.read = '…': goes with [api.write]: what is written must be read back",
        ),
        (
            "api.read = {method = 'GET', path = '/'}\napi.write = {method = 'POST', path = '/'}",
            "api.write = 'POST /': needs {unique} in its json, form or path, to be told apart "
            "when it is read back",
        ),
    ],
)
def test_a_wrong_setting_is_told_with_what_is_allowed(book: Path, text: str, line: str) -> None:
    assert mistakes(book, text) == [f"canary.toml: {line}"]


@pytest.mark.parametrize("where", ["path = '/{unique}'", "path = '/'\njson = {a = ['{unique}']}"])
def test_the_unique_text_may_stand_anywhere_in_a_write(book: Path, where: str) -> None:
    read = "[api.read]\nmethod = 'GET'\npath = '/'"
    assert loaded(book, f"{read}\n[api.write]\nmethod = 'POST'\n{where}").api.write


@pytest.mark.parametrize(
    ("text", "key", "value", "kind", "path"),
    [
        ("image.context = 'no'", "image.context", "no", "folder", "no"),
        ("image.dockerfile = 'no'", "image.dockerfile", "no", "file", "no"),
        ("manifests.deployment = 'no'", "manifests.deployment", "no", "file", "no"),
        ("manifests.service = 'no'", "manifests.service", "no", "file", "no"),
        ("manifests.apply = 'manifests'", "manifests.apply", "manifests", "file", "manifests"),
    ],
)
def test_a_file_that_is_missing_is_told_with_its_path(
    book: Path, text: str, key: str, value: str, kind: str, path: str
) -> None:
    expected = f"canary.toml: {key} = {value!r}: there is no {kind} {book / path}"
    assert expected in mistakes(book, text)


def test_an_empty_folder_lacks_every_file_of_the_defaults(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as wrong:
        load(tmp_path)
    keys = [line.split(" = ")[0] for line in str(wrong.value).splitlines()]
    assert keys == [
        "defaults: image.dockerfile",
        "defaults: manifests.deployment",
        "defaults: manifests.service",
        "defaults: manifests.apply",
    ]


def test_every_mistake_is_told_at_once(book: Path) -> None:
    text = """
        name = "Shop"
        nonsense = true
        [replicas]
        canary = 0
        stable = 1
        [manifests]
        apply = "./no.sh"
        [commands]
        ping = "ping"
    """
    lines = mistakes(book, text)
    keys = {line.removeprefix("canary.toml: ").split(" = ")[0] for line in lines}
    assert keys == {
        "name",
        "nonsense",
        "replicas.canary",
        "replicas.stable-during-canary",
        "manifests.apply",
        "commands.ping",
    }
    assert len(lines) == 6
