"""The book's way as a renderer: what its script is told, and what is known of what it makes."""

import shutil
from pathlib import Path

from fakes.folders import BUNDLED_TEMPLATE, ROOT

from pytest_canary.config.options import Options
from pytest_canary.config.plan import plan
from pytest_canary.config.settings_file import load
from pytest_canary.manifests.rendered import Given
from pytest_canary.rendering.renderer import Renderer
from pytest_canary.rendering.renderers import renderer_of

GIVEN = Given("addressbook-canary", 1, "addressbook:2", {"PORT": "3000"})


def of(root: Path) -> Renderer:
    """A project's renderer."""
    return renderer_of(plan(load(root), Options(check=True)), root)


def test_the_books_layout_is_rendered_by_its_script() -> None:
    renderer = of(ROOT)
    command = renderer.apply(GIVEN)
    assert (command.program, command.cwd) == (ROOT / "apply.sh", ROOT)
    assert command.words == (BUNDLED_TEMPLATE, "addressbook-canary", "1", "addressbook:2")
    shared = renderer.apply_shared("addressbook:2")
    assert shared
    assert (shared.program, shared.words) == (
        None,
        ("apply", "-f", ROOT / "manifests" / "service.yml"),
    )
    assert renderer.script().name == "apply.sh"


def test_what_it_makes_is_told_with_the_templates_lines() -> None:
    renderer = of(ROOT)
    made = renderer.render(GIVEN).deployment("addressbook-canary")
    assert made
    assert made.at("spec", "replicas") == 1
    assert made.source.where(made.line("spec", "replicas")) == "manifests/deployment.yml:10"
    (service,) = renderer.shared_objects("addressbook:2").documents
    assert (service.kind, service.source.shown) == ("Service", "manifests/service.yml")
    assert renderer.pull_secrets() == {"registry"}


def test_versions_differ_by_each_of_the_three_files(tmp_path: Path) -> None:
    book = tmp_path
    for name in ("manifests/deployment.yml", "manifests/service.yml", "apply.sh"):
        (book / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, book / name)
    (book / "Dockerfile").touch()
    files = load(book).files
    assert files.apply
    before = of(book).fingerprint()
    for path in (files.deployment, files.service, files.apply):
        text = path.read_text()
        path.write_text(f"{text}# more\n")
        assert of(book).fingerprint() != before
        path.write_text(text)
    assert of(book).fingerprint() == before
