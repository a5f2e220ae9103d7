"""report.html as text; tests/report opens it in a browser."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import NoReturn

import pytest
from fakes.reports import SAMPLES, sample

from pytest_canary.core.errors import CanaryError, CommandError
from pytest_canary.reporting import page as pages
from pytest_canary.reporting import write
from pytest_canary.reporting.document import Report, Version, Versions
from pytest_canary.reporting.figures import Availability
from pytest_canary.reporting.page import html, legend, linkable, tiles
from pytest_canary.reporting.pictures import charts
from pytest_canary.reporting.pictures.drawing import Drawer
from pytest_canary.reporting.pictures.frame import COLOURS

NAMES = sorted(path.stem for path in SAMPLES.glob("*.json"))
STYLE = Path(pages.__file__).parent / "templates" / "report.css"


class Reader(HTMLParser):
    """Every element with its attributes, the text outside of style, and the page as it was."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.source = text
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._style = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._style = tag == "style"

    def handle_endtag(self, tag: str) -> None:
        self._style = False

    def handle_data(self, data: str) -> None:
        if not self._style:
            self.text += data


Drawings = dict[str, dict[tuple[str, str], str]]


def page(report: Report, svgs: dict[tuple[str, str], str]) -> Reader:
    """A page with these pictures."""
    return Reader(html(report, lambda _: svgs))


@pytest.fixture(scope="module")
def made(drawings: Drawings) -> dict[str, Reader]:
    return {name: page(sample(name), drawings[name]) for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_no_text_of_a_run_becomes_an_element(made: dict[str, Reader], name: str) -> None:
    tags = {tag for tag, _ in made[name].elements}
    assert not tags & {"script", "img", "b", "i", "iframe", "object", "foreignobject", "use"}
    for tag, attributes in made[name].elements:
        assert not [each for each in attributes if each.startswith("on")], tag
        assert "style" not in attributes, "the policy would keep it out"


def test_evidence_is_shown_as_it_is(made: dict[str, Reader]) -> None:
    assert "<script>alert(1)</script> KeyError: 'search_name'" in made["failed"].text


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_fetched(made: dict[str, Reader], name: str) -> None:
    for tag, attributes in made[name].elements:
        for attribute in ("src", "href", "xlink:href", "action", "data"):
            value = attributes.get(attribute)
            if value is not None and tag != "a":
                assert value.startswith("data:"), (tag, value)


def test_the_policy_lets_only_the_pages_own_style_in() -> None:
    text = html(sample("empty"), Drawer().draw)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy
    style = text.split("<style>")[1].split("</style>")[0]
    assert style == STYLE.read_text()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy[1].replace("&#39;", "'").replace("&#43;", "+") == (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def test_only_files_below_the_report_are_links(made: dict[str, Reader]) -> None:
    links = [attributes["href"] for tag, attributes in made["hostile"].elements if tag == "a"]
    assert links == ["#main"]
    links = [attributes["href"] for tag, attributes in made["failed"].elements if tag == "a"]
    assert links == [
        "#main",
        *(f"findings/90dd3c/1/{n}.txt" for n in ("describe", "events", "log", "previous")),
        *(
            f"findings/90dd3c/pipelines/{n}.txt"
            for n in (
                "1-build/Build-1-Image",
                "1-build/Tests-1-Functional",
                "2-canary/Push-1-Push",
                "2-canary/Deploy-1-Deploy",
                "3-rollback/Rollback-1-Rollback",
            )
        ),
    ]


@pytest.mark.parametrize(
    ("path", "is_one"),
    [
        ("findings/90dd3c/1/log.txt", True),
        ("log", True),
        ("../log", False),
        ("findings/../../log", False),
        ("/etc/passwd", False),
        ("javascript:alert(1)", False),
        ("//x.invalid/", False),
        ("", False),
    ],
)
def test_a_path_that_may_be_a_link(path: str, is_one: bool) -> None:
    assert linkable(path) is is_one


def test_the_answer_comes_first(made: dict[str, Reader]) -> None:
    for name, word in (("green", "Go"), ("no-go", "No-go"), ("failed", "Failed")):
        heading = re.search(r"<h1>(.*?)</h1>", made[name].source)
        assert heading
        assert heading[1] == word
    order = [
        made["failed"].text.index(text) for text in ("Failed", "Rolled back", "The release as")
    ]
    assert order == sorted(order)


def test_what_to_do_next_is_told_at_the_head_unless_all_is_well(made: dict[str, Reader]) -> None:
    head = made["failed"].text.split("The release as a picture")[0]
    assert "Next: canary-report/findings/90dd3c/1/ (describe, events, log, previous log)" in head
    assert "Next:" not in made["green"].text
    assert "Next: raise verdict.seconds" in made["inconclusive"].text


def test_warnings_are_told_at_the_head_and_among_the_findings(made: dict[str, Reader]) -> None:
    text = made["first-release"].text
    head, _, rest = text.partition("The release as a picture")
    assert "! 1 warning: latest-image" in " ".join(head.split())
    assert "Container proxy runs proxies.example/proxy, which may be another image" in rest
    assert "warning" not in made["green"].text
    classes = [given.get("class") for tag, given in made["failed"].elements if tag == "article"]
    assert classes == ["finding", "finding", "finding warning", "finding off"]


def test_what_is_off_is_in_the_report_with_its_reason(made: dict[str, Reader]) -> None:
    text = " ".join(made["failed"].text.split())
    off = text.partition("1 finding of rules that are off")[2]
    why = "the selector of a Deployment that is there already can't be changed"
    assert f"level off: {why}" in off
    assert f"overlapping-selectorsoff1{why}" in off
    assert "pull-policywarning0the proxy is loaded by hand" in off
    assert "Levels that the settings set" not in made["green"].text


def test_a_failed_rollback_is_told_beside_what_failed_first(drawings: Drawings) -> None:
    report = sample("failed")
    failures = report.failures.model_copy(update={"rolled_back": False, "rollback": "2/3 ready"})
    text = page(report.model_copy(update={"failures": failures}), drawings["failed"]).text
    assert "The rollback failed too: 2/3 ready" in text
    assert "Failed after that, in stage rollback: 13 of 1,100 requests were lost" in text


def test_the_style_has_every_colour_of_the_pictures_twice() -> None:
    style = STYLE.read_text()
    light, dark = (part.split("}")[0] for part in style.split(":root {")[1:])
    for name, value in COLOURS.items():
        assert f"--{name}: {value};" in light, name
        assert f"--{name}: " in dark, name


def test_the_legend_names_versions_by_role_and_own_name(made: dict[str, Reader]) -> None:
    def told(report: Report) -> list[tuple[str, str]]:
        return legend(report, charts.pictures(report))

    assert told(sample("failed")) == [
        ("baseline", "baseline, version 1"),
        ("canary", "candidate, version 2"),
        ("other", "no version told"),
        ("lost", "lost requests"),
    ]
    report = sample("first-release")
    nameless = tuple(r.model_copy(update={"version": "candidate"}) for r in report.replicas)
    versions = Versions(candidate=Version())
    report = report.model_copy(update={"replicas": nameless, "versions": versions})
    assert told(report) == [("canary", "candidate")]


def test_what_is_left_out_is_said(drawings: Drawings) -> None:
    report = sample("failed").model_copy(update={"left_out": {"traffic.losses": 2700}})
    assert "2,700 more are left out here." in page(report, drawings["failed"]).text


# The figures at the head.


def told(report: Report) -> dict[str, tuple[str, str, str]]:
    return {tile.label: (tile.value, tile.note, tile.tone) for tile in tiles(report)}


def test_the_figures_of_a_green_release() -> None:
    assert told(sample("green")) == {
        "requests": ("1,295", "none lost", "good"),
        "acknowledged writes": ("259", "each there once", "good"),
        "of connections to the canary": ("34 %", "29 to 39; 33 % of the replicas", ""),
        "the canary's p95": ("12 ms", "the baseline's: 12 ms", ""),
        "fewest replicas available": ("2", "the strategy allows 2", "good"),
        "checks held": ("52", "all of them, in 46.3 s", ""),
    }


def test_the_figures_of_a_failure() -> None:
    found = told(sample("failed"))
    assert found["requests"] == ("765", "47 lost", "bad")
    assert found["acknowledged writes"] == ("141", "1 lost", "bad")
    assert found["checks held"] == ("27", "2 failed, 20 not made", "bad")


def test_no_data_is_no_good_news() -> None:
    report = sample("green")
    assert report.traffic
    none = report.traffic.model_copy(update={"sent": 0, "lost": 0, "read_back": False})
    found = told(report.model_copy(update={"traffic": none}))
    assert found["requests"] == ("0", "so nothing is known of them", "")
    assert found["acknowledged writes"] == ("259", "not read back", "")


def test_too_few_replicas_are_told_of_the_transition_that_fell_lowest() -> None:
    rows = (
        Availability(deployment="web", transition="promote", lowest=2, allowed=2),
        Availability(deployment="web", transition="roll back", lowest=1, allowed=2),
    )
    found = told(sample("green").model_copy(update={"availability": rows}))
    assert found["fewest replicas available"] == ("1", "the strategy allows 2", "bad")


# Its file.


def test_a_page_without_pictures_says_why_and_has_their_data() -> None:
    def fail(_: object) -> NoReturn:
        raise CommandError("`python` was ended by SIGKILL", "no memory <left>")

    found = Reader(html(sample("green"), fail))
    assert "The pictures could not be drawn; their data are below." in found.text
    assert "`python` was ended by SIGKILL\n    no memory <left>" in found.text
    assert "addressbook-stable" in found.text
    assert [a for tag, a in found.elements if tag == "details" and "open" in a]
    assert not [tag for tag, a in found.elements if tag == "svg" and a.get("role") == "img"]


def test_both_files_are_written_whole_and_nothing_beside_them(tmp_path: Path) -> None:
    folder = tmp_path / "canary-report" / "deep"
    assert write(sample("empty"), folder) == [folder / "report.html", folder / "report.json"]
    again = write(sample("first-release"), folder)
    assert sorted(path.name for path in folder.iterdir()) == ["report.html", "report.json"]
    assert again[0].read_text().rstrip().endswith("</html>")
    assert Report.model_validate_json(again[1].read_text()) == sample("first-release")


def test_a_report_that_can_not_be_written_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(sample("empty"), tmp_path)
    before = (tmp_path / "report.json").read_text()

    def full(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(CanaryError) as error:
        write(sample("empty").model_copy(update={"left_out": {"traffic.losses": 1}}), tmp_path)
    assert str(error.value) == (
        f"the report can't be written to {tmp_path}: No space left on device; "
        "name another folder with --canary-report"
    )
    assert (tmp_path / "report.json").read_text() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.html", "report.json"]


def test_a_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "report").write_text("")
    with pytest.raises(CanaryError, match=r"can't be written to .*report: File exists; name"):
        write(sample("empty"), tmp_path / "report")
