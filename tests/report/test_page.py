"""report.html in a real headless Chromium: dark and light, wide and on a phone."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest
from axe_playwright_python.sync_playwright import Axe
from fakes.reports import SAMPLES
from playwright.sync_api import Browser, Playwright
from report.browser import SCREENSHOTS, Open, Opened, launch

NAMES = sorted(path.stem for path in SAMPLES.glob("*.json"))
SCREENS: dict[str, dict[str, Any]] = {
    "light": {"width": 1180, "scheme": "light"},
    "dark": {"width": 1180, "scheme": "dark"},
    "phone": {"width": 360, "scheme": "light", "scale": 2},
    "phone-dark": {"width": 360, "scheme": "dark", "scale": 2},
}
# What each sample has data for.
PICTURES: dict[str, set[str]] = {
    "green": {"timeline", "replicas", "requests", "latency"},
    "no-go": {"timeline", "replicas", "requests", "latency"},
    "failed": {"timeline", "replicas", "requests", "errors", "latency"},
    "first-release": {"timeline", "replicas"},
    "interrupted": {"timeline", "replicas", "requests", "latency"},
    "inconclusive": {"timeline", "replicas", "requests", "latency"},
    "hostile": {"timeline", "replicas", "requests", "errors", "latency"},
    "empty": set(),
}


@pytest.mark.parametrize("screen", ["light", "phone-dark"])
@pytest.mark.parametrize("name", NAMES)
def test_the_page_opens_without_a_word_on_the_console_or_a_request(
    show: Open, name: str, screen: str
) -> None:
    with show(name, **SCREENS[screen]) as page:
        page.page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        assert page.said == []
        assert [url for url in page.asked[1:] if not url.startswith("data:")] == []
        assert page.page.url == page.asked[0]


def test_a_machine_without_a_browser_is_told_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FileNotFoundError, match=r"chromium, .* is on the PATH; `make report`"):
        launch(cast("Playwright", None))


def test_a_word_on_the_console_is_heard(browser: Browser, pages: dict[str, Path]) -> None:
    page = browser.new_page()
    opened = Opened(page)
    page.goto(pages["empty"].as_uri())
    page.evaluate("console.warn('hear this')")
    page.evaluate("document.body.append(Object.assign(new Image, {src: 'http://127.0.0.1:9/x'}))")
    page.wait_for_timeout(50)
    page.close()
    assert opened.said[0] == "warning: hear this"
    assert "violates the following Content Security Policy" in opened.said[1]


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("name", NAMES)
def test_every_picture_can_be_seen(show: Open, name: str, screen: str) -> None:
    width = SCREENS[screen]["width"]
    with show(name, **SCREENS[screen]) as page:
        found = page.pictures()
        size = "wide" if width > 760 else "narrow"
        large = {key.removesuffix(f"-{size}") for key in found if not key.endswith("-cell")}
        assert large == PICTURES[name]
        for key, picture in found.items():
            assert picture["marks"] > 0, key
            assert picture["height"] > 15, key
            if not key.endswith("-cell"):
                assert picture["width"] > width * 0.7, key
        if SCREENSHOTS:
            page.page.screenshot(path=Path(SCREENSHOTS, f"{name}-{screen}.png"), full_page=True)


@pytest.mark.parametrize(
    "sabotage",
    [
        "document.querySelectorAll('.requests .role-mark').forEach(mark => mark.remove())",
        "document.querySelectorAll('.mark-area, .mark-line').forEach(mark => mark.remove())",
        "document.querySelectorAll('.requests .role-mark *').forEach(mark => {"
        "mark.style.fill = mark.style.stroke = 'transparent'})",
        "document.querySelectorAll('.requests .role-mark').forEach(mark => {"
        "mark.style.transform = 'translate(0, 4000px)'})",
    ],
)
def test_a_picture_without_visible_marks_is_found_out(show: Open, sabotage: str) -> None:
    with show("green") as page:
        assert page.pictures()["requests-wide"]["marks"] > 0
        page.page.evaluate(sabotage)
        assert page.pictures()["requests-wide"]["marks"] == 0


@pytest.mark.parametrize("name", NAMES)
def test_the_page_never_scrolls_sideways(show: Open, name: str) -> None:
    with show(name) as page:
        page.page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        for width in (320, 360, 560, 761, 1180, 1900):
            page.page.set_viewport_size({"width": width, "height": 800})
            assert page.overflow == 0, width


def test_a_page_that_scrolls_sideways_is_found_out(show: Open) -> None:
    with show("green", width=360) as page:
        page.page.evaluate("document.querySelector('h2').style.width = '500px'")
        assert page.overflow > 0


def test_one_drawing_serves_dark_and_light(show: Open) -> None:
    seen = {}
    for scheme in ("light", "dark"):
        with show("green", scheme=scheme) as page:
            colours = page.page.evaluate(
                """() => [getComputedStyle(document.body).backgroundColor,
                getComputedStyle(document.querySelector(
                  '.requests .wide .role-axis-label text')).fill,
                ...[...document.querySelectorAll('.requests .wide .mark-line path')]
                   .map(line => getComputedStyle(line).stroke)]"""
            )
            seen[scheme] = colours
            assert page.dark(colours[0]) == (scheme == "dark")
            assert page.dark(colours[1]) == (scheme == "light")
            assert len(set(colours)) == len(set(colours[:2])) + 2, "two versions, two colours"
    assert not set(seen["light"]) & set(seen["dark"])


def test_it_is_printed_on_white(show: Open) -> None:
    with show("green", scheme="dark") as page:
        page.page.emulate_media(media="print", color_scheme="dark")
        body, ink = page.page.evaluate(
            "(style => [style.backgroundColor, style.color])(getComputedStyle(document.body))"
        )
        assert not page.dark(body)
        assert page.dark(ink)


def test_pictures_keep_their_colours_where_a_server_keeps_the_style_out(
    browser: Browser, pages: dict[str, Path]
) -> None:
    # As Jenkins serves artefacts.
    policy = "sandbox; default-src 'none'; img-src 'self'; style-src 'self';"
    page = browser.new_page(viewport={"width": 1180, "height": 800})
    page.route(
        "http://artefacts.invalid/*",
        lambda route: route.fulfill(
            path=pages["green"], headers={"Content-Security-Policy": policy}
        ),
    )
    page.goto("http://artefacts.invalid/report.html")
    lines = page.evaluate(
        "[...document.querySelectorAll('.requests .wide .mark-line path')]"
        ".map(line => getComputedStyle(line).stroke)"
    )
    page.close()
    assert set(lines) == {"rgb(47, 107, 201)", "rgb(184, 98, 0)"}


# By keyboard.


def test_the_first_key_leads_past_the_head(show: Open) -> None:
    with show("green") as page:
        page.page.keyboard.press("Tab")
        link = page.page.locator(".skip")
        assert link.evaluate("link => document.activeElement === link")
        assert link.evaluate("link => link.getBoundingClientRect().top") == 0
        page.page.keyboard.press("Enter")
        assert page.page.evaluate("document.activeElement.id") == "main"


@pytest.mark.parametrize("name", ["green", "failed"])
def test_all_that_can_be_used_is_reached_in_reading_order_and_shows_it(
    show: Open, name: str
) -> None:
    with show(name, width=360) as page:
        wanted = page.page.evaluate(
            """() => [...document.querySelectorAll('a, summary, [tabindex="0"]')]
              .filter(each => each.checkVisibility()).map((each, number) => {
                each.dataset.number = number; return number })"""
        )
        reached = []
        for _ in wanted:
            page.page.keyboard.press("Tab")
            number, outline, width = page.page.evaluate(
                """() => { const style = getComputedStyle(document.activeElement);
                return [document.activeElement.dataset.number, style.outlineStyle,
                        style.outlineWidth] }"""
            )
            reached.append(int(number))
            assert (outline, width) == ("solid", "3px")
    assert reached == wanted


def test_a_stage_opens_by_a_key(show: Open) -> None:
    with show("green") as page:
        page.page.locator(".stage > summary").first.focus()
        checks = page.page.locator(".stage .checks").first
        assert not checks.is_visible()
        page.page.keyboard.press("Enter")
        assert checks.is_visible()


# By screen reader.


@pytest.mark.parametrize("screen", ["light", "phone-dark"])
@pytest.mark.parametrize("name", ["green", "failed", "inconclusive", "interrupted", "empty"])
def test_axe_finds_nothing(show: Open, name: str, screen: str) -> None:
    with show(name, **SCREENS[screen]) as page:
        page.page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        found = Axe().run(page.page)
        assert found.violations_count == 0, found.generate_report()


def test_axe_finds_what_is_wrong(show: Open) -> None:
    with show("green") as page:
        page.page.evaluate("document.querySelector('.note').style.color = '#eee'")
        assert "color-contrast" in Axe().run(page.page).generate_report()


def test_a_screen_reader_is_told_the_answer_the_sections_and_the_pictures(show: Open) -> None:
    with show("failed") as page:
        told = page.page.locator("body").aria_snapshot()
    for line in (
        '- heading "Failed" [level=1]',
        '- heading "The release as a picture" [level=2]',
        '- heading "Requests lost a second" [level=3]',
        '- heading "Findings" [level=2]',
        '- region "Figures"',
        "- main:",
        "- banner:",
        "- contentinfo:",
    ):
        assert line in told, told
    assert '- img "Ready pods by version' in told
    assert "canary failed" in told


def test_the_data_of_every_picture_are_there_as_a_table(show: Open) -> None:
    with show("failed") as page:
        for key in PICTURES["failed"] - {"errors", "latency"}:
            figure = page.page.locator(f"figure.{key}")
            figure.locator("summary").click()
            assert figure.locator("table tbody tr").count() > 2
