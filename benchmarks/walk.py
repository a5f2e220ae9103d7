"""How long a walk takes beside a bare script that makes the same transitions.

    python benchmarks/walk.py [--runs N] [--reuse] [--canary-baseline IMAGE] [FOLDER] > table.md

FOLDER is a project; the one that has this file, the bundled addressbook, unless another is given.
Both make a cluster, walk and remove everything, in turn, so that what else the machine does
strikes both alike. With --reuse the walk is one in a cluster that an earlier run has left.

    python benchmarks/walk.py --growth [SERIES …] …

tells instead how a walk grows with its replicas, what is beside it, its rows and its requests, and
what other walks beside it cost.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(Path(__file__).parent), str(ROOT)]

import growth  # noqa: E402
import side_by_side  # noqa: E402
from figures import Sample, table  # noqa: E402
from runs import Run, RunError, run  # noqa: E402
from time_line import Line, lines_of, steps_of  # noqa: E402

from pytest_canary.config import settings_file  # noqa: E402
from pytest_canary.config.api_settings import Request  # noqa: E402
from pytest_canary.config.options import Options  # noqa: E402
from pytest_canary.config.plan import Plan  # noqa: E402
from pytest_canary.core.errors import CanaryError  # noqa: E402
from pytest_canary.rehearsal.planning import load_settings, make_plan  # noqa: E402
from pytest_canary.reporting.document import Report  # noqa: E402

BARE = Path(__file__).with_name("bare.sh")


def curl_words(request: Request) -> str:
    """A request as curl takes it, the path last; UNIQUE stands for a text that no other has."""
    words = ["-X", request.method]
    for name, value in request.headers.items():
        words += ["-H", f"{name}: {value}"]
    if request.json_ is not None:
        words += ["-H", "Content-Type: application/json", "-d", json.dumps(request.json_)]
    for name, value in (request.form or {}).items():
        words += ["--data-urlencode", f"{name}={value}"]
    return shlex.join(word.replace("{unique}", "UNIQUE") for word in (*words, request.path))


def bare_environment(plan: Plan) -> dict[str, str]:
    """What the bare script has to know of a project.

    Raises:
        RunError: it has no way for what is to be rehearsed.
    """
    settings, baseline = plan.settings, plan.baseline
    if baseline.kind != "image":
        raise RunError(
            f"the bare script upgrades from an image, and the baseline is {baseline.text}; "
            "name one with --canary-baseline=IMAGE"
        )
    if settings.files.apply is None:
        raise RunError(
            f"the bare script calls an apply.sh, and {settings.files.renderer} makes these; "
            "name settings with a script: --canary-config"
        )
    files, replicas, commands = settings.files, settings.replicas, settings.commands
    args = settings.image.build_args.items()
    found = {
        "NAME": settings.name,
        "BASELINE": baseline.value,
        "CANDIDATE": plan.options.image or "",
        "CONTEXT": str(files.context),
        "DOCKERFILE": str(files.dockerfile),
        "BUILD_ARGS": shlex.join(w for name, v in args for w in ("--build-arg", f"{name}={v}")),
        "DEPLOYMENT": str(files.deployment),
        "SERVICE": str(files.service),
        "SERVICE_NAME": settings.service_name,
        "APPLY": str(files.apply),
        "CANARY": str(replicas.canary),
        "STABLE": str(replicas.stable),
        "FEWER": str(replicas.stable_during_canary),
        "PING": shlex.join(commands.ping),
        "MIGRATE": shlex.join(commands.migrate),
        "DOWN": shlex.join(commands.down),
        "POSTGRES_IMAGE": settings.database.image,
        "DB_SCHEMA": settings.database.name,
        "DB_USER": settings.database.user,
        "WRITE": curl_words(settings.api.write),
        "READ": curl_words(settings.api.read),
    }
    if plan.options.node_image:
        found["NODE_IMAGE"] = plan.options.node_image
    return {**settings.environment, **found}


@dataclass(frozen=True)
class Contest:
    """A project, and how its runs are made.

    Attributes:
        folder: the project.
        plan: what is walked.
        options: pytest's, that say the same.
        config: the settings' file, where one is named.
        reuse: whether the walk is in a cluster that is there already.
    """

    folder: Path
    plan: Plan
    options: list[str]
    config: str | None
    reuse: bool

    def bare(self) -> Run:
        """One run of the script."""
        return run([BARE, self.folder], self.folder, os.environ | bare_environment(self.plan))

    def walk(self, scratch: Path) -> tuple[Run, Report]:
        """One walk, and its report; with `reuse`, in a cluster that was made just before it."""
        if not self.reuse:
            return self._walk(scratch / "report", os.environ)
        # Records of their own, so that the reaper takes no other cluster that somebody has kept.
        env = os.environ | {"XDG_STATE_HOME": str(scratch / "state")}
        try:
            self._walk(scratch / "before", env, "--canary-reuse", "--canary-until=cluster")
            return self._walk(scratch / "report", env, "--canary-reuse")
        finally:
            run([*self.pytest, "--canary-reap"], self.folder, env)

    @contextmanager
    def growing(self, scratch: Path, registry: str) -> Iterator[tuple[growth.Walk, growth.Beside]]:
        """Makes walks of any size, in a cluster of their own that is there; removes it.

        Args:
            scratch: a fresh folder.
            registry: the image of the one from which walks side by side get theirs.
        """
        env = os.environ | {"XDG_STATE_HOME": str(scratch / "state")}
        settings = settings_file.find(self.folder, self.config) or self.folder / "canary.toml"
        overlay = settings.with_name(f"canary-growth-{os.getpid()}.toml")
        filled = scratch / "filled"

        def walk(size: growth.Size) -> tuple[Run, float]:
            overlay.write_text(growth.overlaid(settings, size.settings))
            filled.write_text("")
            kept = [each for each in self.options if not each.startswith("--canary-config")]
            walked = ["--canary", "--canary-reuse", f"--canary-config={overlay}"]
            pytest = [
                *self.pytest[:-1],
                f"--rootdir={self.folder}",
                f"--canary-report={scratch / 'report'}",
            ]
            argv = [*pytest, *walked, *kept, str(growth.FILL)]
            told = {**env, **size.environment, "FILLED": str(filled)}
            done = run(argv, self.folder, told)
            return done, done.seconds - sum(map(float, filled.read_text().split()))

        def beside(number: int) -> tuple[Run, float]:
            with side_by_side.served(scratch / "state", registry) as (there, told):
                # Which node a cluster has that is there is not theirs to say.
                kept = [each for each in self.options if not each.startswith("--kind-image")]
                argv = [*self.pytest, "--canary", *kept, *there]
                argvs = [[*argv, f"--canary-report={scratch / str(at)}"] for at in range(number)]
                return side_by_side.run_all(argvs, self.folder, env | told)

        try:
            self._walk(scratch / "before", env, "--canary-reuse", "--canary-until=cluster")
            yield walk, beside
        finally:
            overlay.unlink(missing_ok=True)
            run([*self.pytest, "--canary-reap"], self.folder, env)

    def _walk(self, report: Path, env: Mapping[str, str], *more: str) -> tuple[Run, Report]:
        argv = [*self.pytest, "--canary", *self.options, f"--canary-report={report}", *more]
        done = run(argv, self.folder, env)
        return done, Report.model_validate_json((report / "report.json").read_text())

    @property
    def pytest(self) -> list[str]:
        """The harness alone: the project's own tests are no part of what is compared."""
        return [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--ignore-glob=*"]


def tables(
    run_bare: Callable[[], Run],
    run_walk: Callable[[Path], tuple[Run, Report]],
    runs: int,
    name: str = "walk",
) -> Iterator[str]:
    """The report's lines, in Markdown.

    Args:
        run_bare: runs the script.
        run_walk: walks, with a folder for what it leaves.
        runs: how often either is run.
        name: what the walk is called.
    """
    bare: list[Run] = []
    walks: list[tuple[Run, Report]] = []
    for number in range(runs):
        # Who comes second finds the machine's caches as the first has left them.
        for turn in (number, number + 1):
            if turn % 2:
                with tempfile.TemporaryDirectory() as scratch:
                    walks.append(run_walk(Path(scratch)))
            else:
                bare.append(run_bare())
        told = f"bare script {bare[-1].seconds:.1f} s, {name} {walks[-1][0].seconds:.1f} s"
        print(f"round {number + 1} of {runs}: {told}", file=sys.stderr, flush=True)
    samples = [
        Sample("bare script", [each.seconds for each in bare]),
        Sample(name, [each.seconds for each, _ in walks]),
    ]
    yield f"\n{table(samples)}"
    script = bare[samples[0].typical]
    yield f"\n### Where the bare script's {script.seconds:.1f} s go\n"
    yield from rows(steps_of(script.printed, script.seconds))
    done, report = walks[samples[1].typical]
    yield f"\n### Where the walk's {done.seconds:.1f} s go\n"
    yield from rows(lines_of(report, done.began, done.seconds))


def rows(lines: Sequence[Line]) -> Iterator[str]:
    """A table's rows."""
    yield "| stage | what | s |\n|---|---|--:|"
    for line in lines:
        yield line.markdown


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT, help="the project")
    parser.add_argument("--runs", type=int, default=5, help="rounds, each with one run of either")
    parser.add_argument("--reuse", action="store_true", help="walk in a cluster that is there")
    parser.add_argument(
        "--growth",
        nargs="*",
        choices=growth.SIZES,
        metavar="SERIES",
        help="walk in several sizes instead; of " + ", ".join(growth.SIZES),
    )
    parser.add_argument(
        "--registry-image",
        metavar="IMAGE",
        default=os.environ.get("REGISTRY_IMAGE", "registry:2"),
        help="from which walks side by side get their images; %(default)s unless said otherwise",
    )
    parser.add_argument("--canary-baseline", metavar="IMAGE", help="as pytest takes it")
    parser.add_argument("--canary-image", metavar="IMAGE", help="likewise")
    parser.add_argument("--canary-config", metavar="FILE", help="likewise")
    parser.add_argument("--kind-image", metavar="IMAGE", help="likewise")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = given.folder.resolve()
    # Relative to where this was started, or to the project, which is where pytest is.
    config = given.canary_config
    if config and Path(config).exists():
        config = str(Path(config).resolve())
    try:
        plan = make_plan(
            load_settings(folder, config),
            Options(
                image=given.canary_image,
                baseline=given.canary_baseline,
                node_image=given.kind_image,
            ),
        )
        bare_environment(plan)
        options = [
            f"--{name}={value}"
            for name, value in (
                ("canary-baseline", plan.baseline.name),
                ("canary-image", given.canary_image),
                ("canary-config", config),
                ("kind-image", given.kind_image),
            )
            if value
        ]
        contest = Contest(folder, plan, options, config, given.reuse)
        if given.growth is not None:
            with (
                tempfile.TemporaryDirectory() as scratch,
                contest.growing(Path(scratch), given.registry_image) as (walk, beside),
            ):
                for line in growth.told(given.growth or growth.SIZES, walk, beside):
                    print(line, flush=True)
            return
        print(f"{given.runs} rounds on {os.cpu_count()} cores; {plan.title}.")
        name = "walk, cluster reused" if given.reuse else "walk"
        for line in tables(contest.bare, contest.walk, given.runs, name):
            print(line, flush=True)
    except (CanaryError, RunError) as error:
        sys.exit(f"walk.py: {error}")


if __name__ == "__main__":
    main()
