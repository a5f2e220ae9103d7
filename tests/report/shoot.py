"""Take a picture of a report: `python tests/report/shoot.py report.html picture.png`.

Down to the end of the release's picture, as docs/report.md has it; `--whole` goes on to the end.
"""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

from playwright.sync_api import FloatRect, sync_playwright
from report.browser import launch, opened


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("report", type=Path)
    parser.add_argument("picture", type=Path)
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("--width", type=int, default=1180)
    parser.add_argument("--whole", action="store_true")
    given = parser.parse_args()
    scheme = "dark" if given.dark else "light"
    address = given.report.resolve().as_uri()
    with sync_playwright() as playwright:
        browser = launch(playwright)
        with opened(browser, address, width=given.width, scheme=scheme) as shown:
            last = shown.page.locator("footer" if given.whole else "section:has(> #picture)")
            box = last.bounding_box() or {"y": 0, "height": 800}
            clip: FloatRect = {
                "x": 0,
                "y": 0,
                "width": given.width,
                "height": box["y"] + box["height"] + 20,
            }
            given.picture.parent.mkdir(parents=True, exist_ok=True)
            shown.page.screenshot(path=given.picture, full_page=True, clip=clip)
        browser.close()


if __name__ == "__main__":
    main()
