"""In which order images come into the node, and what is told where one can't."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from fakes.engine import Engine, image_id
from fakes.errors import raised
from fakes.provisions import Bench
from fakes.traffic import until

from pytest_canary.cluster.container_engine import Image
from pytest_canary.cluster.provision import Provision
from pytest_canary.config.baseline import Baseline
from pytest_canary.config.plan import Plan
from pytest_canary.config.settings import Settings
from pytest_canary.core.errors import ImageError
from pytest_canary.core.measuring import Kind
from pytest_canary.core.processes import Processes
from pytest_canary.core.waiting import Waiter


class Slow(Engine):
    """An engine that has the database only once both versions wait for it to be loaded.

    Attributes:
        in_time: whether the database's objects were there before a version was loaded.
        waiter: sees by what is measured who waits.
    """

    def __init__(self, node: str, deleted: Path, begun: threading.Event) -> None:
        super().__init__(node, deleted)
        self._begun = begun
        self._waiting: set[str] = set()
        self.in_time = False
        self.waiter = Waiter(measure=self._measure)

    @contextmanager
    def _measure(self, _: Kind, name: str) -> Iterator[None]:
        self._waiting.add(name)
        yield

    def tag(self, image: Image) -> None:
        if "db" in image.ref:
            until(lambda: {"candidate load", "baseline load"} <= self._waiting)
        super().tag(image)

    def load(self, images: Sequence[Image], node: str, timeout: float) -> None:
        if self.loaded:
            self.in_time = self._begun.wait(60)
        else:
            time.sleep(0.5)  # from what is measured, it is a line to where they wait
        super().load(images, node, timeout)


def test_versions_are_loaded_together_while_the_database_starts(
    bench: Bench, configured: Callable[..., Settings]
) -> None:
    begun, given = threading.Event(), []
    bench.engine = Slow("dev-control-plane", bench.folder / "deleted", begun)
    for name in ("shop:1", "shop:2", "postgres:17"):
        bench.engine.known[name] = Image(image_id(name), name)
    settings = configured(name="shop", database={"image": "postgres:17"}, deadlines={"cluster": 99})
    baseline = Baseline("image", "shop:1", "a test")
    plan = Plan(settings, replace(bench.options, image="shop:2"), baseline)

    def first(image: Image) -> list[dict[str, Any]]:
        given.append(image.ref)
        begun.set()
        return []

    run = bench.run()
    made = (plan, run, run, bench.engine, bench.engine.waiter, Processes(), ())
    up = Provision(*made, first=first).bring_up()

    assert up.database
    assert given == [up.database.ref]
    assert bench.engine.in_time, "PostgreSQL starts before the versions are there"
    database, versions = bench.engine.loaded
    assert database == [up.database.ref]
    assert up.baseline
    assert sorted(versions) == sorted([up.candidate.image, up.baseline.image])


class Refusing(Slow):
    """One that can't save the candidate, alone or among others.

    Attributes:
        refused: how many it was asked for with it, each time.
    """

    def __init__(self, node: str, deleted: Path, begun: threading.Event) -> None:
        super().__init__(node, deleted, begun)
        self.refused: list[int] = []

    def load(self, images: Sequence[Image], node: str, timeout: float) -> None:
        if any(image.id == image_id("shop:2") for image in images):
            self.refused.append(len(images))
            raise ImageError(f"image {', '.join(each.ref for each in images)} can't be saved")
        super().load(images, node, timeout)


def test_of_several_that_are_loaded_together_the_one_that_fails_is_named(
    bench: Bench, configured: Callable[..., Settings]
) -> None:
    begun = threading.Event()
    begun.set()
    bench.engine = Refusing("dev-control-plane", bench.folder / "deleted", begun)
    for name in ("shop:1", "shop:2", "postgres:17"):
        bench.engine.known[name] = Image(image_id(name), name)
    settings = configured(name="shop", database={"image": "postgres:17"}, deadlines={"cluster": 99})
    baseline = Baseline("image", "shop:1", "a test")
    plan, run = replace(bench.plan, settings=settings, baseline=baseline), bench.run()
    made = (plan, run, run, bench.engine, bench.engine.waiter, Processes(), ())
    sentence = raised(lambda: Provision(*made).bring_up()).sentence
    assert bench.engine.refused == [2, 1], "together, and then by itself"
    assert sentence.startswith("image shop:")
    assert "," not in sentence
