"""The programs that a job may call: PATH has a folder of links to them, and nothing else.

What is not among them is refused and recorded, with what to do: by every bash of a job, the scripts
that it starts included, whether it is called by its name, by its place on the machine, or by a
folder of the machine in PATH. Another shell, make or Python finds no other program in PATH either,
but says so in its own words, and nothing records it.

This is a guard against what nobody meant; it is no prison. What an allowed program does itself is
not looked at: whether Python opens a connection, docker mounts the machine's folders, make or a
`#!` names a program by its place, or a command writes elsewhere than HOME and TMPDIR, which alone
are thrown away. Neither is a command whose name bash has to compute, `$(…)/tool` or `/opt/*/tool`,
nor one that `xargs`, `find` or `command -p` is to run, nor any in a shell that sets a DEBUG trap of
its own. The network is not shut off: the programs that fetch and push are stood in for. Credentials
of the machine are out of reach of what looks for them in HOME and variables.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from pytest_canary.core.errors import SettingsError

ADVICE = "allow it, or put a stand-in of that name into the folder of stand-ins"

_TEXT_AND_FILES = """
    awk base64 basename bash bunzip2 bzip2 cat chmod cksum cmp column comm cp csplit cut date dd
    df diff dirname du egrep env envsubst expand expr false fgrep file find fmt fold gawk getopt
    grep gunzip gzip head hexdump hostname iconv id install join jq ln ls mawk md5sum mkdir mkfifo
    mktemp mv nice nl nohup nproc od openssl paste patch printenv ps readlink realpath rm rmdir
    sed seq sh sha1sum sha256sum sha512sum shuf sleep sort split stat stdbuf stty sum tac tail tar
    tee test time timeout touch tput tr true truncate tty uname unexpand uniq unlink unzip uuidgen
    wc which whoami xargs xxd xz yes yq zcat zip
"""
_GIT = """
    add apply archive blame branch cat-file checkout clean commit config describe diff diff-tree
    for-each-ref grep init log ls-files ls-tree merge-base name-rev reset restore rev-list rev-parse
    shortlog show show-ref stash status switch symbolic-ref tag version
"""

ALLOWED = (*_TEXT_AND_FILES.split(), *(f"git {each}" for each in _GIT.split()))
"""What is allowed unless more is: programs, or programs with the words that must come first."""

# Options whose value is no word of the command.
_VALUED = {
    "git": ("-C", "-c", "--git-dir", "--work-tree", "--namespace"),
    "go": ("-C",),
    "make": ("-C", "-f", "--file", "--directory"),
    "npm": ("--prefix", "-w", "--workspace"),
    "yarn": ("--cwd",),
}

ALSO = {"apt": "pip", "apt-get": "pip", "pip3": "pip", "wget": "curl"}
"""Programs for which the stand-in of another one does."""

# What stand-ins call.
_REAL = ("curl", "docker", "flock", "git", "kubectl", "wget")


@dataclass(frozen=True)
class Programs:
    """What jobs may call.

    Attributes:
        environment: what their shells find before anything is exported.
        begin: a script that each of them reads first; None for none.
    """

    environment: Mapping[str, str]
    begin: Path | None = None


def install_programs(
    folder: Path,
    *,
    allowed: Sequence[str] = (),
    stand_ins: Path | None = None,
    advice: str = ADVICE,
    kubeconfig: Path | None = None,
    kubectl: Path | None = None,
    repository: Path | None = None,
    engine: Mapping[str, str] | None = None,
) -> Programs:
    """Make the folder of what a run's jobs may call.

    Args:
        folder: an empty one, for this alone; not below a job's own.
        allowed: what is allowed beside `ALLOWED`: "make", or "npm ci" for no other npm.
        stand_ins: a team's own: each file is a program, or, where it is called NAME.bash, read by
            each job's shell. They come before those that are packaged.
        advice: what to do about a program that is refused, for its message.
        kubeconfig: the run's, which the clouds' stand-ins hand out.
        kubectl: the program, which need not be there yet; None for the machine's.
        repository: the one that `checkout` clones.
        engine: the variables by which docker finds its engine: DOCKER_HOST.

    Raises:
        SettingsError: the folder of stand-ins isn't there; or what is allowed is no program's name,
            or isn't on the machine.
    """
    folder = folder.resolve()
    for name in ("programs", "real", "allowed", "functions"):
        (folder / name).mkdir(parents=True)
    if kubectl:
        (folder / "real" / "kubectl").symlink_to(kubectl)
    _link(folder, [*ALLOWED, *allowed], required=allowed)
    _stand_in(folder)
    if stand_ins is not None:
        if not stand_ins.is_dir():
            raise SettingsError(f"{stand_ins}: there is no such folder of stand-ins")
        _copy(stand_ins, folder)
    given = {"CANARY_KUBECONFIG": kubeconfig, "CANARY_REPOSITORY": repository}
    environment = {
        **(engine or {}),
        "BASH_ENV": str(folder / "guard.bash"),
        "CANARY_ADVICE": advice,
        "CANARY_ROOT": str(folder),
        "PATH": str(folder / "programs"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        **{name: str(path.resolve()) for name, path in given.items() if path},
    }
    return Programs(environment, folder / "job.bash")


def _link(folder: Path, allowed: Sequence[str], required: Sequence[str]) -> None:
    """Links to what is allowed as a whole, and gates to what is in part."""
    parts: dict[str, list[str]] = {}
    for each in allowed:
        name, *first = each.split() or [""]
        parts.setdefault(name, []).append(" ".join(first))
    wanted = {_name(each) for each in required}
    gate = files("pytest_canary.jobs") / "stand_ins" / "gate"
    for name, words in parts.items():
        program = shutil.which(name)
        if not program and name in wanted:
            raise SettingsError(f"{name} is allowed, and this machine has none; install it")
        if not program:
            continue
        if "" in words:
            (folder / "programs" / name).symlink_to(program)
            continue
        (folder / "real" / name).symlink_to(program)
        lines = [*_VALUED.get(name, ()), *words]
        (folder / "allowed" / name).write_text("".join(f"{line}\n" for line in lines))
        _write(folder / "programs" / name, gate.read_text())


def _name(allowed: str) -> str:
    """The program of what a team allows."""
    name, *words = allowed.split() or [""]
    if not name or "/" in name:
        raise SettingsError(f"{allowed} is to be allowed; name a program by its name alone")
    if any(word.startswith("-") for word in words):
        raise SettingsError(
            f"{allowed} is to be allowed; name the words that come first, without options"
        )
    return name


def _stand_in(folder: Path) -> None:
    """The packaged stand-ins, for what is not allowed itself."""
    packaged = files("pytest_canary.jobs") / "stand_ins"
    for name in ("lib.bash", "guard.bash", "job.bash"):
        (folder / name).write_text((packaged / name).read_text())
    (folder / "gitconfig").write_text("[safe]\n\tdirectory = *\n")
    for each in (packaged / "functions").iterdir():
        (folder / "functions" / each.name).write_text(each.read_text())
    texts = {each.name: each.read_text() for each in (packaged / "programs").iterdir()}
    texts |= {name: texts[other] for name, other in ALSO.items()}
    for name, text in texts.items():
        if not (folder / "programs" / name).exists():
            _write(folder / "programs" / name, text)
    for name in _REAL:
        program = shutil.which(name)
        if program and not os.path.lexists(folder / "real" / name):
            (folder / "real" / name).symlink_to(program)


def _copy(stand_ins: Path, folder: Path) -> None:
    """A team's stand-ins, in the place of what else has their names."""
    for each in sorted(stand_ins.iterdir()):
        if each.suffix == ".bash":
            (folder / "functions" / each.name).write_bytes(each.read_bytes())
        elif each.is_file():
            program = folder / "programs" / each.name
            program.unlink(missing_ok=True)
            program.write_bytes(each.read_bytes())
            program.chmod(0o755)


def _write(program: Path, text: str) -> None:
    program.write_text(text)
    program.chmod(0o755)
