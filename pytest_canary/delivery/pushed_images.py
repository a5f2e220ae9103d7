"""The images that a release's pipelines make: each name that they give, and each that they push."""

from __future__ import annotations

from collections.abc import Callable

from pytest_canary.cluster.container_engine import ContainerEngine, Image
from pytest_canary.cluster.run import Run
from pytest_canary.core.errors import ImageError, ReleaseError
from pytest_canary.jobs.asks import Ask
from pytest_canary.k8s.image_names import full_name

Load = Callable[[Image], None]


class PushedImages:
    """Takes what jobs push, and puts it on the run's node once there is one.

    Args:
        engine: has the images.
        run: owns the names that jobs give to images, and that no image of the engine had before.
    """

    def __init__(self, engine: ContainerEngine, run: Run) -> None:
        self._engine = engine
        self._run = run
        self._load: Load | None = None
        self._pushed: dict[str, Image] = {}
        self._built = ""
        self._names: set[str] = set()

    def answer(self, ask: Ask) -> None:
        """Answer what a job asks before it names an image or pushes one; all else may go on."""
        if ask.kind == "push":
            self._take(ask)
            return
        if ask.kind == "names":
            for name in ask.arguments:
                # What somebody's own image is called already, is not the run's to remove.
                if self._engine.find(name) is None:
                    self._run.note_image(name)
                    self._names.add(full_name(name))
        elif ask.kind == "owned":
            others = [each for each in ask.arguments if full_name(each) not in self._names]
            if others:
                ask.answer(1, f"canary: docker rmi: {others[0]} is no name that a job has given")
                return
        ask.answer()

    def put_on(self, load: Load) -> None:
        """Put what was pushed so far on a node, and from now on what is.

        Args:
            load: puts an image there.

        Raises:
            ImageError: one can't be put there.
        """
        self._load = load
        for each in self._pushed.values():
            load(each)

    def find(self, file: str, identity: str, part: str | None) -> Image:
        """The image that a release is about.

        Args:
            file: the pipeline's that has pushed it, for messages.
            identity: the workflow's, which the names of its images have.
            part: what is in its name, where the settings say so.

        Raises:
            ReleaseError: none was pushed, or several that may be it.
        """
        tagged = {name: each for name, each in self._pushed.items() if identity in name}
        named = {n: each for n, each in (tagged or self._pushed).items() if (part or "") in n}
        if not named:
            raise ReleaseError(
                f"{file} has run to its end and pushed no image{f' called {part}' if part else ''},"
                " so that there is nothing to release; let a job `docker push` what it has built"
            )
        if len({each.id for each in named.values()}) > 1:
            raise ReleaseError(
                f"{file} pushes several images, and nothing tells which is the app's: "
                f"{', '.join(each.ref for each in named.values())}; set pipeline.image to a part "
                "of its name"
            )
        found = next(iter(named.values()))
        self._built = found.id
        return found

    @property
    def built(self) -> list[str]:
        """The names under which the image was pushed that the release is about."""
        return [each.ref for each in self._pushed.values() if each.id == self._built]

    def give(self, image: Image) -> None:
        """Let an image be there as if a job had pushed it under its name.

        Raises:
            ImageError: it can't be put on the node.
        """
        if self._engine.find(image.ref) is None:
            self._run.note_image(image.ref)
            self._names.add(full_name(image.ref))
        self._engine.tag(image)
        self._pushed[full_name(image.ref)] = image
        if self._load:
            self._load(image)

    def has_built(self, name: str) -> bool:
        """Whether an image of that name was pushed, and is the one that the release is about."""
        pushed = self._pushed.get(full_name(name))
        return pushed is not None and pushed.id == self._built

    def _take(self, ask: Ask) -> None:
        (name,) = ask.arguments
        found = self._engine.find(name)
        if found is None:
            ask.answer(1, f"canary: docker push: {name} is not in the engine")
            return
        image = Image(found.id, name)
        self._pushed[full_name(name)] = image
        try:
            if self._load:
                self._load(image)
        except ImageError as error:
            ask.answer(1, f"canary: docker push: {error}")
            return
        ask.answer(0, f"canary: {name} {'is on the node' if self._load else 'is kept'}")
