"""Semaphore's condition for a promotion, on what each CI system tells."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from pytest_canary.config.git import git
from pytest_canary.config.promotion import promotion
from pytest_canary.config.revision import Revision, revision
from pytest_canary.config.settings import PromotionSettings
from pytest_canary.core.errors import CommandError

BOOK = PromotionSettings()
ALLOWED, REFUSED = True, False

SEMAPHORE = {"SEMAPHORE": "true"}
GITHUB = {"GITHUB_ACTIONS": "true"}
GITLAB = {"GITLAB_CI": "true"}

TOLD = [
    (
        {**SEMAPHORE, "SEMAPHORE_GIT_REF_TYPE": "branch", "SEMAPHORE_GIT_BRANCH": "master"},
        Revision("master", (), "Semaphore"),
        ALLOWED,
    ),
    (
        {**SEMAPHORE, "SEMAPHORE_GIT_REF_TYPE": "branch", "SEMAPHORE_GIT_BRANCH": "setup"},
        Revision("setup", (), "Semaphore"),
        REFUSED,
    ),
    (
        {**SEMAPHORE, "SEMAPHORE_GIT_REF_TYPE": "tag", "SEMAPHORE_GIT_TAG_NAME": "hotfix-7"},
        Revision(None, ("hotfix-7",), "Semaphore"),
        ALLOWED,
    ),
    (
        {
            **SEMAPHORE,
            "SEMAPHORE_GIT_REF_TYPE": "pull-request",
            "SEMAPHORE_GIT_BRANCH": "master",
            "SEMAPHORE_GIT_PR_NUMBER": "12",
        },
        Revision(None, (), "Semaphore", "pull request 12", "12"),
        REFUSED,
    ),
    (
        {**GITHUB, "GITHUB_REF_TYPE": "branch", "GITHUB_REF_NAME": "master"},
        Revision("master", (), "GitHub Actions"),
        ALLOWED,
    ),
    (
        {**GITHUB, "GITHUB_REF_TYPE": "branch", "GITHUB_REF_NAME": "main"},
        Revision("main", (), "GitHub Actions"),
        REFUSED,
    ),
    (
        {**GITHUB, "GITHUB_REF_TYPE": "tag", "GITHUB_REF_NAME": "hotfix/login"},
        Revision(None, ("hotfix/login",), "GitHub Actions"),
        ALLOWED,
    ),
    (
        {**GITHUB, "GITHUB_REF_TYPE": "tag", "GITHUB_REF_NAME": "v2-hotfix"},
        Revision(None, ("v2-hotfix",), "GitHub Actions"),
        REFUSED,
    ),
    (  # a fork's master, asking to be merged
        {
            **GITHUB,
            "GITHUB_REF_TYPE": "branch",
            "GITHUB_REF_NAME": "12/merge",
            "GITHUB_HEAD_REF": "master",
        },
        Revision(None, (), "GitHub Actions", "a pull request of master", "12"),
        REFUSED,
    ),
    (  # pull_request_target runs on the target
        {
            **GITHUB,
            "GITHUB_REF_TYPE": "branch",
            "GITHUB_REF_NAME": "master",
            "GITHUB_HEAD_REF": "evil",
        },
        Revision(None, (), "GitHub Actions", "a pull request of evil"),
        REFUSED,
    ),
    ({**GITLAB, "CI_COMMIT_BRANCH": "master"}, Revision("master", (), "GitLab CI"), ALLOWED),
    ({**GITLAB, "CI_COMMIT_TAG": "hotfix1"}, Revision(None, ("hotfix1",), "GitLab CI"), ALLOWED),
    ({**GITLAB, "CI_COMMIT_TAG": "v2.0"}, Revision(None, ("v2.0",), "GitLab CI"), REFUSED),
    (
        {
            **GITLAB,
            "CI_MERGE_REQUEST_IID": "5",
            "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "master",
        },
        Revision(None, (), "GitLab CI", "merge request !5", "5"),
        REFUSED,
    ),
]


def no_git(*words: str) -> str:
    raise AssertionError(f"git is not to be asked: {words}")


@pytest.mark.parametrize(("environ", "expected", "allowed"), TOLD)
def test_what_ci_tells(environ: Mapping[str, str], expected: Revision, allowed: bool) -> None:
    found = revision(environ, no_git)
    assert found == expected
    assert promotion(passed=True, revision=found, condition=BOOK).allowed is allowed
    failed = promotion(passed=False, revision=found, condition=BOOK)
    assert failed.sentence == (
        "the real promotion would not be allowed: the rehearsal did not pass"
    )


@pytest.mark.parametrize(
    ("found", "condition", "sentence"),
    [
        (Revision("master", (), "git"), BOOK, "would be allowed: it passed, on branch master"),
        (
            Revision(None, ("v1", "hotfix2"), "git"),
            BOOK,
            "would be allowed: it passed, and tag hotfix2 matches ^hotfix",
        ),
        (
            Revision("topic", ("v1",), "git"),
            BOOK,
            "would not be allowed: it passed on branch topic and tag v1 (git), and needs branch "
            "master or a tag that matches ^hotfix",
        ),
        (
            Revision(None, (), "not in git"),
            PromotionSettings(branches=["main", "release"], tags=[]),
            "would not be allowed: it passed on neither a branch nor a tag (not in git), and "
            "needs branch main or release",
        ),
        (
            Revision("main", (), "git"),
            PromotionSettings(branches=[], tags=[]),
            "would not be allowed: it passed on branch main (git), and needs nothing that could "
            "ever be, as promotion allows none",
        ),
        (
            Revision(None, (), "GitLab CI", "merge request !5"),
            BOOK,
            "would not be allowed: it passed on merge request !5 (GitLab CI), and needs branch "
            "master or a tag that matches ^hotfix",
        ),
    ],
)
def test_the_answer_says_why(found: Revision, condition: PromotionSettings, sentence: str) -> None:
    answer = promotion(passed=True, revision=found, condition=condition)
    assert answer.sentence == f"the real promotion {sentence}"


MASTER = PromotionSettings(when="result = 'passed' and\n(branch = 'master' or tag =~ '^v*')")


@pytest.mark.parametrize(
    ("found", "when", "sentence"),
    [
        (
            Revision("master", (), "git"),
            MASTER.when,
            "would be allowed: it passed, and promotion.when holds on branch master",
        ),
        (
            Revision("topic", ("v1",), "git"),
            MASTER.when,
            "would be allowed: it passed, and promotion.when holds on tag v1",
        ),
        (
            Revision("topic", (), "git"),
            MASTER.when,
            "would not be allowed: it passed on branch topic (git), and needs result = 'passed' "
            "and (branch = 'master' or tag =~ '^v*')",
        ),
        (  # a commit's branch and its tag are two workflows at Semaphore
            Revision("master", ("v1",), "git"),
            "branch = 'master' and tag = 'v1'",
            "would not be allowed: it passed on branch master and tag v1 (git), and needs branch "
            "= 'master' and tag = 'v1'",
        ),
        (
            Revision(None, (), "GitLab CI", "merge request !5", "5"),
            "pull_request = '5'",
            "would be allowed: it passed, and promotion.when holds on merge request !5",
        ),
        (
            Revision(None, (), "GitHub Actions", "a pull request of evil"),
            "pull_request =~ '.*' and branch != 'master'",
            "would be allowed: it passed, and promotion.when holds on a pull request of evil",
        ),
        (
            Revision("master", (), "git", "pull request 5", "5"),
            "branch = 'master'",
            "would not be allowed: it passed on pull request 5 (git), and needs branch = 'master'",
        ),
        (  # nothing is ever run on neither
            Revision(None, (), "not in git"),
            "result = 'passed'",
            "would not be allowed: it passed on neither a branch nor a tag (not in git), and needs "
            "result = 'passed'",
        ),
        (
            Revision("a(b", (), "git"),
            "'a' =~ branch",
            "would not be allowed: it passed, and promotion.when can't be evaluated on branch a(b: "
            "not a regular expression: missing ), unterminated subpattern at position 1",
        ),
    ],
)
def test_a_condition_is_evaluated_as_semaphore_would(
    found: Revision, when: str, sentence: str
) -> None:
    answer = promotion(passed=True, revision=found, condition=PromotionSettings(when=when))
    assert answer.sentence == f"the real promotion {sentence}"
    assert not promotion(
        passed=False, revision=found, condition=PromotionSettings(when=when)
    ).allowed


def test_a_branch_is_what_the_list_says_whatever_it_is_called() -> None:
    for name in ("true", "it's", "a*"):
        listed = PromotionSettings(branches=[name])
        assert promotion(passed=True, revision=Revision(name, (), "git"), condition=listed).allowed


@pytest.mark.parametrize(
    "found", [Revision(None, ("v1",), "git"), Revision(None, (), "git", "pull request 5", "5")]
)
def test_what_is_on_no_branch_is_on_none_without_a_name_either(found: Revision) -> None:
    assert not promotion(
        passed=True, revision=found, condition=PromotionSettings(branches=[""])
    ).allowed


def test_git_tells_branch_and_tags(tmp_path: Path) -> None:
    def here(*words: str) -> str:
        return git(tmp_path, *words)

    assert revision({}, here) == Revision(None, (), "not in git")
    for words in (
        ("init", "--quiet", "--initial-branch=topic"),
        ("-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "--allow-empty", "-m1"),
        ("tag", "hotfix1"),
    ):
        here(*words)
    assert revision({}, here) == Revision("topic", ("hotfix1",), "git")
    here("checkout", "--quiet", "--detach")
    assert revision({"CI": "true"}, here) == Revision(None, ("hotfix1",), "git")


def test_a_git_that_can_not_say_is_not_taken_for_none() -> None:
    def missing(*words: str) -> str:
        raise CommandError("`git` can't be started: No such file or directory: git")

    assert revision({}, missing).origin == (
        "git can't say: `git` can't be started: No such file or directory: git"
    )
