"""The wheel, built from this tree and installed into an environment of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest
from fakes.folders import ROOT


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built by the project's own backend."""
    folder = tmp_path_factory.mktemp("dist")
    argv = [sys.executable, "-m", "build", "--wheel", "--outdir", str(folder), str(ROOT)]
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="session")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python that has the wheel, its dependencies, and nothing of this tree."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder)
    found = folder / "bin" / "python"
    # This environment's pip, and no compiling ahead: little of it is imported.
    pip = [sys.executable, "-m", "pip", "--python", str(found), "--disable-pip-version-check"]
    install = ["install", "-q", "--no-compile", "-c", str(ROOT / "constraints.txt"), str(wheel)]
    subprocess.run([*pip, *install], check=True)
    return found


def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "pytest_canary/py.typed" in names
    assert "pytest_canary/stages/canary.py" in names
    for name in ("report.schema.json", "templates/report.html", "templates/report.css"):
        assert f"pytest_canary/reporting/{name}" in names
    for name in ("guard.bash", "functions/checkout.bash", "programs/docker"):
        assert f"pytest_canary/jobs/stand_ins/{name}" in names
    for name in ("app/Dockerfile", "app/addressbook/web.py", "manifests/service.yml", "apply.sh"):
        assert f"pytest_canary/demo/bundled/{name}" in names
    assert "pytest_canary/demo/canary.toml" in names
    assert [name for name in names if "__pycache__" in name] == []
    folders = {name.split("/")[0] for name in names}
    assert folders == {"pytest_canary", next(f for f in folders if f.endswith(".dist-info"))}


def test_the_installed_plugin_collects_the_packaged_stages(python: Path, tmp_path: Path) -> None:
    (tmp_path / "manifests").mkdir()
    for name in ("Dockerfile", "apply.sh", "manifests/deployment.yml", "manifests/service.yml"):
        (tmp_path / name).write_text("")
    argv = [str(python), "-m", "pytest", "--canary", "--collect-only", "-q"]
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "canary/cluster::the cluster comes up" in done.stdout
    assert "canary/cleanup::no container is left" in done.stdout


def test_the_installed_plugin_has_its_demo_in_an_empty_folder(python: Path, tmp_path: Path) -> None:
    argv = [str(python), "-m", "pytest", "--canary-demo", "--canary-check"]
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "canary: nothing wrong found in deployment.yml and service.yml" in done.stdout, (
        done.stdout
    )
    argv = [str(python), "-m", "pytest", "--canary-demo", "--collect-only", "-q"]
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "canary/verdict::" in done.stdout


def test_a_type_checker_sees_the_public_names(python: Path, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "from pytest_canary import Cluster, Options, Rehearsal, Release\n"
        "def f(rehearsal: Rehearsal) -> Release:\n    return rehearsal.release\n"
        "reveal_type(f)\n"
    )
    argv = [sys.executable, "-m", "mypy", "--strict", f"--python-executable={python}", str(script)]
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=False)
    own = "pytest_canary.rehearsal.rehearsal.Rehearsal"
    assert f"{own}) -> pytest_canary.release.release.Release" in done.stdout, done.stdout


def test_the_version_is_the_projects(python: Path) -> None:
    code = (
        "import importlib.metadata as m, json; print(json.dumps(m.metadata('pytest-canary').json))"
    )
    done = subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    assert f'version = "{found["version"]}"' in (ROOT / "pyproject.toml").read_text()
