"""From a picture's specification to an SVG that fits into the page."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path
from xml.etree import ElementTree

from pytest_canary.core.background import Background
from pytest_canary.core.processes import Processes
from pytest_canary.core.waiting import Waiter
from pytest_canary.reporting.pictures.frame import Picture, Spec

TIMEOUT = 60
NAMESPACE = "http://www.w3.org/2000/svg"


class Drawer:
    """The program that draws, started with this, as it takes a while until it can; it draws once.

    Where it is not asked to, `close` ends it.
    """

    def __init__(self) -> None:
        self._processes = Processes()
        self._specs: Future[Sequence[Spec]] = Future()
        self._drawing = Background("the pictures", self._run, TIMEOUT, Waiter()).start()

    def draw(self, pictures: Sequence[Picture]) -> dict[tuple[str, str], str]:
        """Every picture in every size, by its key and the frame's name, ready for the page.

        Raises:
            CommandError: they can't be drawn.
            WaitTimeoutError: nor in a minute.
        """
        wanted = [(each, name) for each in pictures for name in each.specs]
        svgs = self.draw_specs([each.specs[name] for each, name in wanted])
        return {
            (each.key, name): embed(svg, f"{each.key}-{name}", each.title, each.description)
            for (each, name), svg in zip(wanted, svgs, strict=True)
        }

    def draw_specs(self, specs: Sequence[Spec]) -> list[str]:
        """The specifications as SVGs.

        Raises:
            CommandError: they can't be drawn.
            WaitTimeoutError: nor in a minute.
        """
        self._specs.set_result(specs)
        try:
            found: list[str] = json.loads(self._drawing.wait(Waiter()))
        finally:
            self.close()
        return found

    def close(self) -> None:
        """End it, if it still runs."""
        self._specs.cancel()
        self._processes.kill_all()

    def _run(self, _: Waiter) -> bytes:
        # Not as a module: that would import the whole package again. -P: nor what lies beside it.
        argv = [sys.executable, "-P", str(Path(__file__).with_name("draw.py"))]
        # It ends when it has drawn what it is asked for, or is killed.
        return self._processes.run_bytes(argv, timeout=math.inf, stdin=self._wait_for_specs())

    def _wait_for_specs(self) -> Iterator[bytes]:
        yield json.dumps(list(self._specs.result())).encode()


def embed(svg: str, key: str, title: str, description: str) -> str:
    """An SVG as a part of a page: it scales, has a name and a description, and IDs of its own."""
    # Our own drawing, of text that it has escaped; a document type, where entities would be, is
    # refused all the same.
    if "<!DOCTYPE" in svg:
        raise ValueError("an SVG with a document type")
    root = ElementTree.fromstring(svg)  # noqa: S314
    for element in root.iter():
        element.tag = element.tag.removeprefix(f"{{{NAMESPACE}}}")
        for name, value in list(element.attrib.items()):
            # Of an image only its name and description are read out.
            if name == "role" or name.startswith("aria-"):
                del element.attrib[name]
            elif name == "id":
                element.set(name, f"{key}-{value}")
            else:
                element.set(name, value.replace("url(#", f"url(#{key}-"))
    root.attrib = {
        "xmlns": NAMESPACE,
        "viewBox": root.attrib["viewBox"],
        "role": "img",
        "aria-labelledby": f"{key}-title {key}-desc",
    }
    for number, (tag, text) in enumerate((("title", title), ("desc", description))):
        element = ElementTree.Element(tag, {"id": f"{key}-{tag}"})
        element.text = text
        root.insert(number, element)
    return ElementTree.tostring(root, encoding="unicode")
