"""The files of `fixtures/faults/`: what can be wrong with one, and that each is a fault at all.

What becomes of them on a cluster is for tests/acceptance/test_faults.py.
"""

import importlib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from pytest_canary import settings
from pytest_canary.plan import Options, plan
from pytest_canary.preflight import inspect
from pytest_canary.rules.subject import Node

ROOT = Path(__file__).parents[2]


def loader() -> ModuleType:
    """The reader of these files, which lives beside the test that needs it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "tests" / "acceptance")
        return importlib.import_module("faults")


faults = loader()
FAULTS = faults.load(ROOT / "fixtures" / "faults")
MANIFESTS = {
    name: (ROOT / "manifests" / f"{name}.yml").read_text() for name in ("deployment", "service")
}
CONTAINER = "spec.template.spec.containers[addressbook]"
EXPECT = '[expect]\nstage = "canary"\ncode = "ReadinessProbe"\nwords = ["404"]\n'
PROBE = f"""
fault = "the readiness probe asks a path that isn't there"
[deployment]
"{CONTAINER}.readinessProbe.httpGet.path" = "/health"
"""


def deployment(changes: dict[str, Any]) -> Any:
    """The bundled template with changes, read."""
    return yaml.safe_load(faults.patched(MANIFESTS["deployment"], changes))


def test_a_file_becomes_a_fault() -> None:
    fault = faults.fault("readiness-path", PROBE + EXPECT)

    assert fault.told == "the readiness probe asks a path that isn't there"
    assert fault.expect == faults.Expect("canary", "ReadinessProbe", ("404",))
    assert fault.deployment == {f"{CONTAINER}.readinessProbe.httpGet.path": "/health"}
    assert fault.image is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("fault = ", "x.toml is not valid TOML: "),
        (EXPECT, "x.toml lacks fault"),
        (PROBE, "x.toml lacks expect"),
        (PROBE + EXPECT.replace('code = "ReadinessProbe"\n', ""), "x.toml lacks code"),
        (PROBE + EXPECT.replace("canary", "canaries"), "x.toml: there is no stage 'canaries'"),
        (PROBE + EXPECT.replace('"404"', ""), "x.toml: no word is expected, so any sentence would"),
        (PROBE + EXPECT + "after = ['kubectl']", "unexpected keyword argument 'after'"),
        (PROBE + EXPECT + "[deployments]", "unexpected keyword argument 'deployments'"),
        ('fault = "none"\n' + EXPECT, "x.toml changes nothing, so it is no fault"),
        ('fault = "x"\nafter = ["kubectl get pods"]\n' + EXPECT, "x.toml changes nothing"),
        ('fault = "x"\n[image]\n' + EXPECT, "x.toml: the image changes nothing"),
        ('fault = "x"\n[image]\nrun = "ls"\n' + EXPECT, "unexpected keyword argument 'run'"),
        (
            'fault = "x"\n[image.files]\n"../x" = ""\n' + EXPECT,
            "x.toml: file '../x' is not below the app's folder",
        ),
        (
            'fault = "x"\n[image.files]\n"/x" = ""\n' + EXPECT,
            "x.toml: file '/x' is not below the app's folder",
        ),
        (
            'fault = "x"\nbefore = ["kubectl create quota q"]\n' + EXPECT,
            "x.toml says what comes before, and not how to undo it after",
        ),
        (
            'fault = "x"\nmeanwhile = ["rm -r /"]\n' + EXPECT,
            "x.toml: 'rm -r /' is no kubectl command",
        ),
    ],
)
def test_a_mistake_in_a_file_is_told(text: str, told: str) -> None:
    with pytest.raises(faults.FaultError) as raised:
        faults.fault("x", text)
    assert told in str(raised.value)


def test_an_empty_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(faults.FaultError, match="there is no fault in "):
        faults.load(tmp_path)


def test_words_must_stand_in_their_order() -> None:
    expect = faults.Expect("canary", "X", ("GET /health", "404"))

    assert expect.missing("GET /health on port http is answered with 404") == ""
    assert expect.missing("GET /health on port http is answered with 500") == "404"
    assert expect.missing("404 is the answer to GET /health") == "404"


def test_a_value_is_replaced_and_variables_stay_what_they_are() -> None:
    path = f"{CONTAINER}.readinessProbe.httpGet.path"
    made = faults.patched(MANIFESTS["deployment"], {path: "/health"})

    assert 'value: "$PORT"' in made
    assert "replicas: $replicas" in made
    before, after = yaml.safe_load(MANIFESTS["deployment"]), yaml.safe_load(made)
    probe = after["spec"]["template"]["spec"]["containers"][0]["readinessProbe"]
    assert probe["httpGet"].pop("path") == "/health"
    probe["httpGet"]["path"] = "/ready"
    assert after == before


def test_what_is_not_there_is_made() -> None:
    made = deployment({"spec.template.spec.nodeSelector.disktype": "ssd"})
    assert made["spec"]["template"]["spec"]["nodeSelector"] == {"disktype": "ssd"}


def test_an_entry_is_added_to_a_list_that_is_there_and_to_one_that_is_not() -> None:
    path = "spec.template.spec"
    made = deployment(
        {f"{path}.containers[+]": {"name": "proxy"}, f"{path}.initContainers[+]": {"name": "first"}}
    )
    spec = made["spec"]["template"]["spec"]
    assert [each["name"] for each in spec["containers"]] == ["addressbook", "proxy"]
    assert spec["initContainers"] == [{"name": "first"}]


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("", "'' is no path in a manifest"),
        ("spec..template", "'spec..template' is no path in a manifest"),
        ("spec.template.spec.containers[proxy].image", ": there is no proxy"),
        ("spec.replicas.least", ": there is no place for least"),
        ("spec.template[app].image", ": there is no list in which app could be"),
        (f"{CONTAINER}.imagePullPolicy", "imagePullPolicy has that value already"),
    ],
)
def test_a_path_that_leads_nowhere_is_told(path: str, told: str) -> None:
    with pytest.raises(faults.FaultError) as raised:
        faults.patched(MANIFESTS["deployment"], {path: "IfNotPresent"})
    assert told in str(raised.value)


def test_a_layer_runs_as_the_candidate_does_unless_it_says_otherwise() -> None:
    def dockerfile(**what: Any) -> str:
        return str(faults.Layer(**what).dockerfile("app:2", "10001"))

    assert dockerfile(cmd=("python", "x.py")) == 'FROM app:2\nCMD ["python", "x.py"]\n'
    assert dockerfile(user="0") == "FROM app:2\nUSER 0\n"
    assert dockerfile(files={"x.py": ""}) == "FROM app:2\nUSER 0\nCOPY x.py x.py\nUSER 10001\n"


def test_of_two_settings_tables_the_second_counts() -> None:
    made = faults.merged({"a": {"b": 1, "c": 2}, "d": 3}, {"a": {"b": 4}, "e": 5})
    assert made == {"a": {"b": 4, "c": 2}, "d": 3, "e": 5}


def test_there_are_as_many_as_were_asked_for() -> None:
    assert len(FAULTS) >= 20


@pytest.fixture(params=FAULTS, ids=lambda fault: fault.name)
def fault(request: pytest.FixtureRequest) -> Any:
    return request.param


def test_a_fault_changes_what_it_names(fault: Any) -> None:
    for name, text in MANIFESTS.items():
        changes = getattr(fault, name)
        same = yaml.safe_load(faults.patched(text, changes)) == yaml.safe_load(text)
        assert same == (not changes)


def test_the_static_check_knows_what_it_can_know_and_no_more(fault: Any, tmp_path: Path) -> None:
    """On a node of two processors; so that no other fault hides behind the one that is meant."""
    files = {}
    for name, text in MANIFESTS.items():
        files[name] = tmp_path / f"{name}.yml"
        files[name].write_text(faults.patched(text, getattr(fault, name)))
    found = settings.check(dict(fault.settings), ROOT, fault.name).model_copy(update=files)
    chosen = Options(node_image="kindest/node:v1.35.4", baseline="addressbook:1")

    findings = inspect(plan(found, chosen), ROOT, Node(cpus=2, memory=8 * 2**30)).findings

    codes = tuple(each.code for each in findings)
    before = fault.expect.stage == "preflight"
    assert codes == ((fault.expect.code,) if before else fault.expect.preflight)
