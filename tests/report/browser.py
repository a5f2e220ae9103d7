"""A page in a real headless Chromium, and what a person would find of it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from playwright.sync_api import Browser, Page, Playwright

# Where pictures of the pages go, for a person to look at; none are taken where nobody names it.
SCREENSHOTS = os.environ.get("CANARY_SCREENSHOTS")
# Debian's name first; the others are those of other systems.
NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")


def launch(playwright: Playwright) -> Browser:
    """Start the system's own Chromium; nothing is downloaded."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        raise FileNotFoundError(
            f"none of {', '.join(NAMES)} is on the PATH; `make report` installs Chromium"
        )
    # As root, in a container, Chromium can't make its own sandbox; the page is ours.
    return playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])


class Opened:
    """A page that is open, and all that it has said and asked for since."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.said: list[str] = []
        self.asked: list[str] = []
        page.on("console", lambda message: self.said.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.said.append(f"error: {error}"))
        page.on("request", lambda request: self.asked.append(request.url))

    @property
    def overflow(self) -> int:
        """Pixels by which the page is wider than the screen."""
        script = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        return int(self.page.evaluate(script))

    def pictures(self) -> dict[str, dict[str, Any]]:
        """The pictures that are shown, by the name of their title's element.

        Of each: its width and height, and how many of its marks one can see: they have an extent
        and a paint. Axes, and what lies behind every picture, are no marks.
        """
        return dict(self.page.evaluate(MARKS))

    def dark(self, text: str) -> bool:
        """Whether a CSS colour is a dark one."""
        red, green, blue = (int(part) for part in text.split("(")[1].rstrip(")").split(",")[:3])
        return red * 0.299 + green * 0.587 + blue * 0.114 < 110


Open = Callable[..., AbstractContextManager[Opened]]

MARKS = """() => Object.fromEntries(
  [...document.querySelectorAll('svg[role=img]')].filter(svg => svg.checkVisibility()).map(svg => {
    const box = svg.getBoundingClientRect();
    const key = svg.getAttribute('aria-labelledby').split(' ')[0].replace(/-title$/, '');
    // The stages and transitions are the first two layers of every picture but their own.
    const behind = /^(replicas|requests|errors|latency)-/.test(key) ? /layer_[01]_/ : /^$/;
    const painted = (style, what) => style[what] !== 'none'
      && !/, 0\\)$|transparent/.test(style[what])
      && style[what + 'Opacity'] !== '0';
    const seen = [...svg.querySelectorAll('.role-mark path, .role-mark line, .role-mark text')]
      .filter(mark => {
        if (behind.test(mark.closest('.role-mark').getAttribute('class'))) return false;
        const size = mark.getBoundingClientRect(), style = getComputedStyle(mark);
        return size.width + size.height > 0 && size.left < box.right && size.right > box.left
          && size.top < box.bottom && size.bottom > box.top
          && (painted(style, 'fill') || painted(style, 'stroke'));
      });
    return [key, {width: box.width, height: box.height, marks: seen.length}];
  }))"""


@contextmanager
def opened(
    browser: Browser, address: str, *, width: int = 1180, scheme: str = "light", scale: float = 1
) -> Iterator[Opened]:
    """A page on a screen of that width, of someone who wants nothing to move."""
    page = browser.new_page(
        viewport={"width": width, "height": 800},
        color_scheme=scheme,  # type: ignore[arg-type]
        device_scale_factor=scale,
        reduced_motion="reduce",
    )
    try:
        found = Opened(page)
        page.goto(address)
        yield found
    finally:
        page.close()
