"""A job calls what it may, and nothing else: what it tries is refused, told and recorded."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from fakes.jobs import commands, one_job, runner

from pytest_canary.core.errors import SettingsError
from pytest_canary.jobs.programs import install_programs
from pytest_canary.jobs.results import CommandResult

Does = Callable[..., CommandResult]


@pytest.fixture
def does(tmp_path: Path) -> Does:
    """Runs one command in a job with the usual programs; returns what came of it."""

    def run(command: str, **options: object) -> CommandResult:
        folder = tmp_path / "run"
        folder.mkdir()
        programs = install_programs(tmp_path / "programs", **options)  # type: ignore[arg-type]
        result = runner(folder, one_job(command), programs=programs).run()
        [found] = commands(result)
        return found

    return run


REFUSED = "it is neither allowed nor stood in for; allow it, or put a stand-in of that name"
MACHINES = "it is the machine's own; call it by its name alone, and allow it, or put a stand-in"


def machines(name: str, folder: Path) -> Path:
    """A program of the machine that no job may call, and that tells that it was."""
    program = folder / "machine" / name
    program.parent.mkdir(exist_ok=True)
    program.write_text(f"#!/bin/sh\ntouch {folder}/called\n")
    program.chmod(0o755)
    return program


@pytest.mark.parametrize(
    "command",
    [
        "terraform apply -auto-approve || true",
        "python3 -c 1 || true",
        "(perl -e 1); true",
        "x=$(ssh host) || true",
        "echo 1 | nc host 1 || true",
        "sudo terraform apply || true",
        "retry -t 1 terraform apply || true",
        "eval 'terraform apply' || true",
        "printf '#!/bin/bash\\nset -x\\nterraform apply || true' >~/s; bash ~/s",
        "f() { terraform apply; }; f || true",
    ],
)
def test_a_program_that_is_not_allowed_is_refused_though_the_machine_has_it(
    does: Does, command: str
) -> None:
    found = does(command)
    assert found.code == 0, found.output
    [call] = found.refused
    assert call.why.startswith(REFUSED)
    assert f"canary: refused: {call.program}: {REFUSED}" in found.output
    assert "canary_" not in found.output, "nothing of the guard is traced"


def test_the_arguments_of_what_is_refused_are_kept(does: Does) -> None:
    found = does("helm upgrade 'a \"b\"' 'c\\d\n\te'")
    assert found.code == 127
    [call] = found.refused
    assert (call.program, call.arguments) == ("helm", ("upgrade", 'a "b"', "c\\d\n\te"))


@pytest.mark.parametrize(
    "command",
    [
        "{0} apply || true",
        "A=1 B= C='x y' D=\"$HOME z\" {0} || true",
        "env A=1 nohup {0}",
        'a=({0} apply); "${{a[@]}}"',
        "exec {0}",
        "X={0}; $X apply || true",
        'X={0}; "$X" apply || true',
        'D=$(dirname {0}); "${{D}}"/tool || true',
        'f() {{ "$1" apply; }}; f {0}',
        "cd $(dirname {0}); ./tool",
        "cd $(dirname {0})/..; machine/tool",
        "x=$({0})",
        "echo | {0}",
        "printf '#!/usr/bin/env bash\\n{0} || true\\necho no' >~/s; chmod +x ~/s; ~/s",
        "export PATH=$(dirname {0}):$PATH; tool",
        "PATH=$(dirname {0}) && tool",
        "sudo {0}",
    ],
)
def test_a_program_of_the_machine_is_refused_by_its_place_too(
    does: Does, tmp_path: Path, command: str
) -> None:
    # /tmp is for what jobs make themselves; the machine's programs are elsewhere.
    place = Path("/var/tmp") / f"canary-{os.getpid()}"
    place.mkdir(exist_ok=True)
    program = machines("tool", place)
    try:
        found = does(command.format(program))
        assert not (place / "called").exists()
        assert found.code
        assert len(found.refused) == 1, found.output
        assert found.refused[0].program in (str(program), "./tool", "machine/tool", "tool")
        assert found.refused[0].why.startswith((MACHINES, REFUSED))
        assert f"canary: refused: {found.refused[0].program}: " in found.output
        assert "no" not in found.output.splitlines()
    finally:
        program.unlink()
        program.parent.rmdir()
        (place / "called").unlink(missing_ok=True)
        place.rmdir()


@pytest.mark.parametrize(
    "command",
    [
        "echo '#!/bin/sh\necho mine' >~/tool; chmod +x ~/tool; ~/tool && cd ~ && ./tool",
        "mkdir ~/bin; echo echo mine >~/bin/t; chmod +x ~/bin/t; export PATH=~/bin:$PATH; t && t",
        "/bin/cat /dev/null; echo mine; echo mine; command cat /dev/null; exec 3>&-",
        'A=$(echo a /usr/bin/perl) B="$(echo a /usr/bin/perl)" echo mine; x=mine; echo $x',
        "a=(/usr/bin/perl -e 1); echo mine ${a[@]}; A=(x /usr/bin/perl); printf '%s ' mine",
        "echo /usr/bin/python3 mine; : /usr/bin/perl; echo '; /usr/bin/perl; ' mine",
        "set -eu; trap 'echo err' ERR; [[ a =~ (a) ]]; echo ${BASH_REMATCH[1]} mine; echo $_",
        "cat <<E | tr a-z A-Z | tr A-Z a-z\nmine /usr/bin/perl\nmine\nE",
    ],
)
def test_what_is_the_jobs_own_is_not_refused(does: Does, command: str) -> None:
    found = does(command)
    assert found.code == 0, found.output
    assert found.output.count("mine") == 2
    assert "refused" not in found.output
    assert found.refused == ()


def test_a_job_reads_nothing_of_this_machines_profile(does: Does) -> None:
    found = does("shopt -q login_shell && echo $PATH; env | sort | cut -d= -f1 | tr '\\n' ' '")
    path, names = found.output.split("\n")
    assert path.endswith("/programs/programs")
    known = ("CANARY_", "SEMAPHORE_", "GIT_", "BASH_ENV", "HOME", "LANG", "LC_", "PATH", "PWD")
    more = ("SHELL", "SHLVL", "TERM", "TMPDIR", "USER", "CI", "DISPLAY", "PAGER", "SEMAPHORE", "PS")
    assert [
        each for each in names.split() if not each.startswith((*known, *more, "_", "OLDPWD"))
    ] == []


@pytest.mark.parametrize(
    ("command", "kind"),
    [
        ("git -C . push origin master", "refused"),
        ("git fetch", "refused"),
        ("git --version", "allowed"),
        ("git -c a.b=c init -q x && test -d x", "allowed"),
        ("git -C push status", "allowed"),
    ],
)
def test_of_git_a_job_may_call_what_stays_on_this_machine(
    does: Does, command: str, kind: str
) -> None:
    found = does(command)
    [call] = found.calls
    assert (call.program, call.kind) == ("git", kind)
    if kind == "refused":
        assert found.code == 127
        assert "of git, only other commands are allowed; allow it, or" in found.output


def test_more_may_be_allowed_as_a_whole_or_in_part(does: Does) -> None:
    own = ["perl", "git count-objects", "git var"]
    found = does("perl -e 'print 2'; git -C / var -l >/dev/null; git gc", allowed=own)
    assert [(each.kind, *each.arguments) for each in found.calls] == [
        ("allowed", "-C", "/", "var", "-l"),
        ("refused", "gc"),
    ]
    assert found.output.startswith("2canary: refused: git: of git, only ")


@pytest.mark.parametrize(
    ("allowed", "sentence"),
    [
        ("no-such-tool run", "no-such-tool is allowed, and this machine has none; install it"),
        ("git -C x", "git -C x is to be allowed; name the words that come first, without options"),
        ("../x", "../x is to be allowed; name a program by its name alone"),
    ],
)
def test_what_is_allowed_must_be_there(tmp_path: Path, allowed: str, sentence: str) -> None:
    with pytest.raises(SettingsError) as raised:
        install_programs(tmp_path / "programs", allowed=[allowed])
    assert raised.value.sentence == sentence


def test_a_teams_stand_ins_come_before_all_others(does: Does, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "terraform").write_text("#!/usr/bin/env bash\necho applied $*\n")
    (own / "curl").write_text("#!/bin/sh\necho ours\n")
    (own / "seq").write_text("#!/bin/sh\necho counted\n")
    (own / "use.bash").write_text("use() { cd /; }\n")
    found = does("terraform x; curl y; seq 1; use; pwd", stand_ins=own)
    assert found.output == "applied x\nours\ncounted\n/\n"
    assert found.refused == ()


def test_a_folder_of_stand_ins_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="none: there is no such folder of stand-ins"):
        install_programs(tmp_path / "programs", stand_ins=tmp_path / "none")
