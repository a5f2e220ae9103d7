"""The promotion's condition is that of a pipeline file, where `[promotion]` names one."""

from pathlib import Path

import pytest
from fakes.settings_file import loaded, mistakes

from pytest_canary.config.options import Options
from pytest_canary.config.plan import plan
from pytest_canary.config.promotion import promotion
from pytest_canary.config.promotion_condition import misgivings
from pytest_canary.config.revision import Revision

HEAD = """version: v1.0
agent: {machine: {type: e1-standard-2}}
blocks: [{task: {jobs: [{commands: [date]}]}}]
"""
FILE = ".semaphore/semaphore.yml"
NAMED = f"promotion.pipeline = '{FILE}'"
LEAD = f"canary.toml: promotion.pipeline = '{FILE}': "
ON_FAILED = "result = 'failed'"
BOOK = "result = 'passed' and (branch = 'master' or tag =~ '^hotfix*')"


def automatic(name: str, when: str) -> str:
    return f'{{name: {name}, pipeline_file: next.yml, auto_promote: {{when: "{when}"}}}}'


def by_hand(name: str, more: str = "") -> str:
    return f"{{name: {name}, pipeline_file: /next.yml{more}}}"


@pytest.fixture
def pipeline(book: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the book's pipeline is."""
    monkeypatch.chdir(book)  # and not where the bundled ones are
    (book / ".semaphore").mkdir()
    for folder in (book, book / ".semaphore"):
        (folder / "next.yml").touch()
    return book / FILE


def write(path: Path, *promotions: str) -> None:
    path.write_text(f"{HEAD}promotions: [{', '.join(promotions)}]\n" if promotions else HEAD)


@pytest.mark.parametrize("name", ["", "\npromotion.name = 'Canary'"])
def test_the_condition_is_the_pipelines(book: Path, pipeline: Path, name: str) -> None:
    write(pipeline, by_hand("Stable"), automatic("Canary", BOOK))
    settings = loaded(book, NAMED + name)

    def told(revision: Revision) -> str:
        return promotion(passed=True, revision=revision, condition=settings.promotion).sentence

    assert told(Revision(None, ("hotfire",), "git")) == (
        "the real promotion would be allowed: it passed, and promotion Canary of "
        ".semaphore/semaphore.yml holds on tag hotfire"
    )
    assert told(Revision("topic", (), "git")) == (
        "the real promotion would not be allowed: it passed on branch topic (git), and needs "
        f"{BOOK}"
    )
    (found,) = misgivings(settings)
    assert (found.code, found.where) == ("misleading-promotion", FILE)
    assert found.sentence.startswith(f"promotion Canary of {FILE}: '^hotfix*' at character 52 is ")


def test_a_condition_may_be_a_boolean(book: Path, pipeline: Path) -> None:
    pipeline.write_text(
        f"{HEAD}promotions: [{{name: A, pipeline_file: next.yml, auto_promote: {{when: true}}}}]"
    )
    settings = loaded(book, NAMED)
    assert settings.promotion.when == "true"
    assert promotion(
        passed=True, revision=Revision("any", (), "git"), condition=settings.promotion
    ).allowed


@pytest.mark.parametrize(
    ("promotions", "more", "problem"),
    [
        ((), "", "it has no promotion with auto_promote, which would have a condition"),
        (
            (by_hand("Stable"),),
            "",
            "it has no promotion with auto_promote, which would have a condition",
        ),
        (
            (by_hand("Stable"),),
            "promotion.name = 'Stable'",
            f"{FILE}:4: promotion Stable is started by hand; write auto_promote with a condition",
        ),
        (
            (by_hand("Old", ", auto_promote_on: [{result: passed}]"),),
            "promotion.name = 'Old'",
            f"{FILE}:4: promotion Old is started by auto_promote_on, which is deprecated; write "
            "auto_promote with a condition",
        ),
        (
            (automatic("AWS", BOOK), automatic("GCP", BOOK)),
            "",
            "several promotions have auto_promote; set promotion.name to one of them: AWS, GCP",
        ),
        (
            (automatic("AWS", BOOK), by_hand("GCP")),
            "promotion.name = 'AWs'",
            "it has no promotion AWs, which promotion.name asks for; did you mean AWS?",
        ),
        (
            (automatic("A", BOOK),),
            "promotion.tags = []",
            "says all by itself; leave promotion.tags out",
        ),
        (
            (automatic("A", "change_in('/app')"),),
            "",
            "A: there is no function change_in here, which is called at character 1",
        ),
        (
            (automatic("A", "'${{parameters.GO}}' = 'true'"),),
            "",
            "A: asks for a parameter, whose value no rehearsal knows",
        ),
        (
            ("{name: A, pipeline_file: none.yml}",),
            "",
            f"{FILE}:4: promotions[0].pipeline_file: there is no file none.yml",
        ),
        (
            ("{nam: A, name: B, pipeline_file: next.yml}",),
            "",
            f"{FILE}:4: promotions[0].nam: no such key; did you mean name?",
        ),
    ],
)
def test_what_keeps_a_condition_from_being_read_is_told(
    book: Path, pipeline: Path, promotions: tuple[str, ...], more: str, problem: str
) -> None:
    write(pipeline, *promotions)
    assert mistakes(book, f"{NAMED}\n{more}") == [f"{LEAD}{problem}"]


@pytest.mark.parametrize("option", [None, FILE])
def test_the_pipeline_that_is_looked_at_has_the_condition_where_the_settings_have_none(
    book: Path, pipeline: Path, option: str | None
) -> None:
    write(pipeline, by_hand("Stable"), automatic("Canary", BOOK), automatic("Back", ON_FAILED))
    text = "" if option else f"pipeline.file = '{FILE}'"
    made = plan(loaded(book, text), Options(check=True, pipeline=option))
    found = made.settings.promotion
    assert (found.when, found.pipeline, found.name) == (BOOK, FILE, "Canary")


@pytest.mark.parametrize(
    ("more", "promotions"),
    [
        ("promotion.tags = ['^v']", [automatic("Canary", BOOK)]),
        ("", [automatic("AWS", BOOK), automatic("GCP", BOOK)]),
        ("", [by_hand("Stable"), automatic("Back", ON_FAILED)]),
        ("", [automatic("Canary", "change_in('/app')")]),
        ("", [automatic("Canary", "'${{parameters.GO}}' = 'true'")]),
        ("", ["{nam: A, name: B, pipeline_file: next.yml}"]),
    ],
)
def test_where_it_is_not_plain_which_the_settings_stay(
    book: Path, pipeline: Path, more: str, promotions: list[str]
) -> None:
    write(pipeline, *promotions)
    settings = loaded(book, f"pipeline.file = '{FILE}'\n{more}")
    assert plan(settings, Options(check=True)).settings.promotion == settings.promotion


def test_every_mistake_of_a_pipeline_is_a_line_and_twenty_are_told(
    book: Path, pipeline: Path
) -> None:
    pipeline.write_text(HEAD + "".join(f"k{number}: 1\n" for number in range(30)))
    found = mistakes(book, NAMED)
    assert [each.startswith(f"{LEAD}{FILE}:") for each in found] == [True] * 20 + [False]
    assert found[-1] == f"{LEAD}and 10 more"


def test_a_pipeline_beyond_measure_is_told(book: Path, pipeline: Path) -> None:
    pipeline.write_text("#" * 2_000_001)
    assert mistakes(book, NAMED) == [f"{LEAD}{FILE}:1: it has more than 2.0 MB"]
