"""The sample reports as pages, and the browser that opens them."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from fakes.reports import SAMPLES
from playwright.sync_api import Browser, sync_playwright
from report.browser import Open, Opened, launch, opened

from pytest_canary.reporting import write
from pytest_canary.reporting.reading import read


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests."""
    with sync_playwright() as playwright:
        running = launch(playwright)
        yield running
        running.close()


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """report.html of every sample, by its name."""
    folder = tmp_path_factory.mktemp("reports")
    return {
        path.stem: write(read(path), folder / path.stem)[0]
        for path in sorted(SAMPLES.glob("*.json"))
    }


@pytest.fixture
def show(browser: Browser, pages: dict[str, Path]) -> Open:
    """Opens a sample's page: `with show("green", width=360, scheme="dark") as page`."""

    def make(name: str, **screen: object) -> AbstractContextManager[Opened]:
        return opened(browser, pages[name].as_uri(), **screen)  # type: ignore[arg-type]

    return make
