"""Where a context leads, and whether it may be production."""

from pathlib import Path

import pytest
import yaml

from pytest_canary.config.options import Options
from pytest_canary.config.target import Target, find_target, says_production
from pytest_canary.core.errors import SettingsError

SERVER = "https://10.0.0.1:6443"


def kubeconfig(path: Path, context: str = "shop-test", server: str = SERVER) -> str:
    document = {
        "contexts": [{"name": context, "context": {"cluster": "shop", "user": "me"}}],
        "clusters": [{"name": "shop", "cluster": {"server": server}}],
    }
    path.write_text(yaml.safe_dump(document))
    return str(path)


def refused(options: Options) -> str:
    with pytest.raises(SettingsError) as failure:
        find_target(options)
    return str(failure.value)


def test_a_context_leads_to_its_server(tmp_path: Path) -> None:
    options = Options(context="shop-test", kubeconfig=kubeconfig(tmp_path / "config"))
    assert find_target(options) == Target("shop-test", "shop", SERVER)


def test_of_several_kubeconfigs_the_first_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [
        str(tmp_path / "gone"),
        kubeconfig(tmp_path / "1", server="https://first"),
        kubeconfig(tmp_path / "2", server="https://second"),
    ]
    monkeypatch.setenv("KUBECONFIG", ":".join(paths))
    assert find_target(Options(context="shop-test")).server == "https://first"
    monkeypatch.delenv("KUBECONFIG")
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".kube").mkdir()
    kubeconfig(tmp_path / ".kube" / "config", server="https://home")
    assert find_target(Options(context="shop-test")).server == "https://home"


def test_a_context_that_is_not_there_is_told_with_the_nearest(tmp_path: Path) -> None:
    path = kubeconfig(tmp_path / "config")
    assert refused(Options(context="shop-tset", kubeconfig=path)) == (
        "--canary-context=shop-tset: no kubeconfig has such a context; did you mean shop-test?"
    )
    assert refused(Options(context="x", kubeconfig=str(tmp_path / "no"))) == (
        f"--kubeconfig={tmp_path}/no: there is no such file"
    )


@pytest.mark.parametrize(
    "text", ["{", "- 1\n", "contexts: 3", "contexts: [3, {name: x}]", "a: &a [*a]", "a: 2020-02-31"]
)
def test_a_kubeconfig_that_is_none_is_told_in_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "config").write_text(text)
    said = refused(Options(context="x", kubeconfig=str(tmp_path / "config")))
    assert "\n" not in said
    assert "kubeconfig" in said


@pytest.mark.parametrize(
    "name",
    [
        "prod",
        "shop-prod",
        "gke_shop_europe-west1_Production",
        "arn:aws:eks:eu-west-1:1:cluster/live",
        "https://api.prod.example.com:6443",
    ],
)
def test_production_is_a_word_between_separators(name: str) -> None:
    assert says_production(name)


@pytest.mark.parametrize("name", ["product-test", "delivery", "olive", "reproduction", "prod1", ""])
def test_what_only_begins_or_ends_like_it_is_not_production(name: str) -> None:
    assert not says_production(name)


@pytest.mark.parametrize(
    ("context", "namespace", "server", "name"),
    [
        ("shop-prod", None, SERVER, "shop-prod"),
        ("shop", "live", SERVER, "live"),
        ("shop", None, "https://prod.example.com", "https://prod.example.com"),
    ],
)
def test_production_has_to_be_confirmed_by_the_name_that_says_so(
    tmp_path: Path, context: str, namespace: str | None, server: str, name: str
) -> None:
    path = kubeconfig(tmp_path / "config", context, server)

    def options(confirm: str | None) -> Options:
        return Options(context=context, namespace=namespace, kubeconfig=path, confirm=confirm)

    for confirm in (None, "yes"):
        assert refused(options(confirm)) == (
            f"--canary-context={context}: {name} looks like production; if it is meant, "
            f"say --canary-confirm={name}"
        )
    assert find_target(options(name)).alarming == name


def test_what_confirms_another_context_is_refused(tmp_path: Path) -> None:
    path = kubeconfig(tmp_path / "config")
    assert refused(Options(context="shop-test", kubeconfig=path, confirm="prod")) == (
        "--canary-confirm=prod: the walk would be in context shop-test"
    )
    # CI may always confirm what it names.
    assert find_target(Options(context="shop-test", kubeconfig=path, confirm="shop-test"))
