"""The page of each lab on the built site, the gallery of all, and labs in frames on pages of another origin."""

import html
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import yaml
from playwright.sync_api import Browser, FrameLocator, Page, expect

from helpers import palette
from tests.labs.watched import Watched, axe_problems, notice, the_lab, verdict
from tools import chapters, labs
from tools.lab_page import LABS, wait_until_trained
from tools.serve import serving

ROOT = Path(__file__).parents[2]
SITE = ROOT / "_build" / "html"
ADDRESS = yaml.safe_load((ROOT / "_config.yml").read_text())["html"]["baseurl"]
AXE = LABS / "node_modules" / "axe-core" / "axe.min.js"
PAGES = ["index", *labs.LABS]


def text_of(page: str) -> str:
    return (SITE / "labs" / f"{page}.html").read_text()


def links_of(page: str) -> set[str]:
    return set(re.findall(r'<a href="([^"]+)"', text_of(page)))


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with serving(SITE) as address:
        yield f"{address}/labs"


@pytest.fixture
def watched(browser: Browser, site: str) -> Iterator[Watched]:
    # Not the folder of labs: they load what stands beside it.
    watched = Watched(browser, site.removesuffix("/labs"))
    yield watched
    watched.finish()


def open_page(watched: Watched, page: str, **options) -> Page:
    return watched.open(f"labs/{page}", **options)


# ---- What stands in the pages -----------------------------------------------------------------------


def test_every_lab_has_a_page_and_nothing_else_has():
    assert {path.stem for path in (SITE / "labs").iterdir()} == set(PAGES)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_says_what_it_is_and_where_and_allows_nothing_injected(page):
    text = text_of(page)
    description = html.unescape(re.search('<meta name="description" content="([^"]+)">', text)[1])
    assert 40 < len(description) < 250
    assert [description in html.unescape(text_of(other)) for other in PAGES].count(True) == 1
    assert f'<link rel="canonical" href="{ADDRESS}labs/{page}.html">' in text
    assert f"<loc>{ADDRESS}labs/{page}.html</loc>" in (SITE / "sitemap.xml").read_text()
    policy = re.search('<meta http-equiv="Content-Security-Policy" content="([^"]+)">', text)[1]
    assert "default-src 'self'" in policy
    assert "'unsafe-eval'" not in policy


@pytest.mark.parametrize("page", PAGES)
def test_a_page_loads_nothing_of_the_theme_and_no_picture_twice(page):
    text = text_of(page)
    loaded = {
        Path(urlsplit(name).path).name
        for name in re.findall(r'<(?:link|script)\b[^>]* (?:href|src)="([^"]+)"', text)
    }
    lab_code = {"attention-lab.css", "attention-lab.js"} if page != "index" else set()
    expected = {"palette.css", "lab-page.css", "lab-page.js", "favicon.svg", f"{page}.html", *lab_code}
    assert loaded == expected
    assert "data:image" not in text
    for name in re.findall(r'<img [^>]*src="([^"]+)"', text):
        assert (SITE / "labs" / name).is_file()


def test_the_pages_lead_to_each_other_and_to_their_chapters():
    assert {f"{name}.html" for name in labs.LABS} < links_of("index")
    for name, row in labs.LABS.items():
        assert {"index.html", f"../{chapters.notebook(row.chapter).stem}.html"} <= links_of(name)
    broken = {link for page in PAGES for link in links_of(page) if not (SITE / "labs" / link).is_file()}
    assert broken == set()
    assert f'href="{ADDRESS}labs/index.html"' in (SITE / "index.html").read_text()


# ---- In a browser -----------------------------------------------------------------------------------


OUTSIDE = """[...document.querySelectorAll("main, main > *, .gallery > *, .lab-control > *")].filter(
    node => node.getBoundingClientRect().right > node.parentElement.getBoundingClientRect().right + 1
).map(node => node.outerHTML.slice(0, 120))"""


def assert_reads_well(page: Page) -> None:
    page.add_script_tag(path=AXE)
    for width in (1280, 360):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(OUTSIDE) == [], width
        assert axe_problems(page) == [], width


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", labs.LABS)
def test_a_lab_trains_alone_finds_its_answer_and_reads_well(watched, name, theme):
    page = open_page(watched, f"{name}.html?theme={theme}", bypass_csp=True)
    lab = the_lab(page)
    assert verdict(lab)
    # What a date's right alignment is, nobody has written down.
    assert lab.get_attribute("data-found") == ("true" if labs.LABS[name].draws else None)
    expect(notice(lab)).to_be_empty()
    assert_reads_well(page)


def test_the_policy_lets_a_lab_train(watched):
    verdict(the_lab(open_page(watched, "dense.html")))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_gallery_reads_well_and_a_card_leads_to_its_lab(watched, theme):
    page = open_page(watched, f"index.html?theme={theme}", bypass_csp=True)
    page.get_by_text("What the controls are called").click()
    assert_reads_well(page)
    shown = page.locator("main img").evaluate_all(
        "all => all.map(({ alt, naturalWidth }) => alt && naturalWidth)"
    )
    assert len(shown) == len(labs.LABS)
    assert all(shown)
    page.locator("main img").last.click(force=True)  # its link lies over it
    expect(the_lab(page)).to_have_attribute("lab", list(labs.LABS)[-1])


def ground(page: Page) -> str:
    red, green, blue = page.evaluate(
        "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)"
    )
    return f"#{red:02x}{green:02x}{blue:02x}"


@pytest.mark.parametrize("page", ["dense", "index"])
def test_a_page_is_as_dark_as_its_host_or_as_its_address_asks(watched, page):
    colours = {"light": palette.LIGHT["ground"], "dark": palette.DARK["ground"]}
    for host, other in (("light", "dark"), ("dark", "light")):
        for asked, expected in (
            ("", host),
            (f"?theme={host}", host),
            (f"?theme={other}", other),
            ("?theme=x", host),
        ):
            shown = open_page(watched, f"{page}.html{asked}", color_scheme=host)
            assert ground(shown) == colours[expected], (host, asked)
            expect(shown.locator("html")).to_have_attribute("data-theme", expected)
        without_scripts = open_page(watched, f"{page}.html", color_scheme=host, java_script_enabled=False)
        expect(without_scripts.locator("body")).to_have_css(
            "background-color", re.compile(rgb(colours[host]))
        )
    follows = open_page(watched, f"{page}.html", color_scheme="light")
    follows.emulate_media(color_scheme="dark")
    expect(follows.locator("html")).to_have_attribute("data-theme", "dark")


def rgb(colour: str) -> str:
    return ", ".join(str(int(colour[at : at + 2], 16)) for at in (1, 3, 5))


def in_sight(page: Page) -> list[str]:
    return (
        the_lab(page)
        .locator(".lab-control:visible")
        .evaluate_all("all => all.map(node => node.firstElementChild.textContent)")
    )


LABELS = [*(control["label"] for control in labs.controls("dense").values()), "five seeds"]


@pytest.mark.parametrize(
    ("asked", "labels"),
    [
        ("", LABELS),
        ("?controls=attention_column,seed", ["attention column", "seed"]),
        ("?controls=seed,attention_column,nonsense", ["attention column", "seed"]),
        ("?controls=signed&theme=dark", ["signed"]),
        ("?controls=nonsense", LABELS),
        ("?controls=", []),
    ],
)
def test_an_address_leaves_in_sight_the_controls_that_it_names(watched, asked, labels):
    page = open_page(watched, f"dense.html{asked}#dense?attention_column=7&epochs=5&seed=3")
    lab = the_lab(page)
    verdict(lab)
    assert in_sight(page) == labels
    # What is hidden has the setting of the link all the same.
    assert lab.get_attribute("data-settings").startswith("#dense?attention_column=7&input_dim=32&epochs=5&")
    expect(lab.get_by_role("button", name="Another seed")).to_have_count(int("seed" in labels))


def test_a_link_copied_here_leads_to_the_chapter(watched):
    page = open_page(watched, "seq2seq.html", permissions=["clipboard-read", "clipboard-write"])
    the_lab(page).get_by_role("button", name="Copy link").click()
    expect(notice(the_lab(page))).to_contain_text("Copied: the link opens this lab with these settings.")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(f"{watched.site}/06_seq2seq_attention.html#seq2seq?task=reverse&")


# ---- In a frame on another page ---------------------------------------------------------------------


@pytest.fixture
def framed(browser: Browser, tmp_path: Path) -> Iterator[Callable[..., tuple[Page, FrameLocator]]]:
    """A page of another origin that holds a line of HTML."""
    contexts = []

    with serving(tmp_path) as host:

        def frame(line: str, *, cors: bool = False, **options) -> tuple[Page, FrameLocator]:
            (tmp_path / "index.html").write_text(f"<!doctype html><title>Host</title><p>Before</p>{line}")
            contexts.append(browser.new_context(**options))
            if cors:
                contexts[-1].route("**/_static/**", allow_all_origins)
            page = contexts[-1].new_page()
            page.goto(f"{host}/index.html")
            return page, page.frame_locator("iframe")

        yield frame
        for context in contexts:
            context.close()


def allow_all_origins(route) -> None:
    """As GitHub Pages does, and other hosts do not."""
    response = route.fetch()
    route.fulfill(response=response, headers={**response.headers, "access-control-allow-origin": "*"})


def copied_line(watched: Watched, page: str) -> str:
    page = open_page(watched, page, permissions=["clipboard-read", "clipboard-write"])
    lab = the_lab(page)
    verdict(lab)
    lab.get_by_role("button", name="Embed").click()
    expect(notice(lab)).to_contain_text(
        "Copied: the line shows this lab with these settings on a page of your own."
    )
    return page.evaluate("navigator.clipboard.readText()")


@pytest.mark.parametrize("page", ["../01_dense_attention.html", "../index.html", "dense.html?controls=seed"])
def test_the_copied_line_shows_the_lab_on_another_origin_with_its_settings(watched, framed, page):
    line = copied_line(watched, f"{page}#dense?attention_column=7&epochs=5&learning_rate=0.01")
    page, frame = framed(line)
    lab = frame.locator("attention-lab")
    wait_until_trained(lab)
    assert "on column 7: found." in lab.locator(".lab-verdict").inner_text()
    assert lab.locator(".lab-control:visible").count() == (1 if "controls=" in line else len(LABELS))
    assert page.evaluate("scrollY") == 0
    # Its links open beside the page, not in its frame.
    with page.context.expect_page() as opened:
        frame.get_by_role("link", name="All labs").click()
    expect(opened.value.get_by_role("heading", name="The labs")).to_be_visible()


def test_a_frame_is_as_dark_as_the_page_around_it(watched, framed):
    _, frame = framed(copied_line(watched, "dense.html"), color_scheme="dark")
    expect(frame.locator("html")).to_have_attribute("data-theme", "dark")


def test_without_a_clipboard_the_line_is_shown(watched):
    page = open_page(
        watched, "dates.html", script="Object.defineProperty(navigator, 'clipboard', { value: undefined })"
    )
    wait_until_trained(the_lab(page))
    the_lab(page).get_by_role("button", name="Embed").click()
    line = the_lab(page).get_by_label("Line for a page of your own").input_value()
    source = html.unescape(re.search(' src="([^"]+)"', line)[1])
    assert unquote(source) == f"{watched.site}/labs/dates.html#dates?date=Friday,+September+5,+2025"
    assert ' title="A lab on attention: dates"' in line


@pytest.mark.parametrize("cors", [False, True])
def test_where_a_sandbox_takes_its_origin_away_a_lab_keeps_its_picture_and_says_why(watched, framed, cors):
    line = copied_line(watched, "dense.html").replace(" allow-same-origin", "")
    _, frame = framed(line, cors=cors)
    caption = frame.locator("main figcaption")
    said = " This page is sandboxed without allow-same-origin, so the browser starts no training here: "
    expect(caption).to_have_text(
        re.compile(f"on column 1: found.{said}the picture is the book's own.$"), timeout=5000
    )
    expect(frame.locator("main img")).to_be_visible()
    assert frame.locator("main img").evaluate("picture => picture.naturalWidth") > 500
    expect(frame.locator("attention-lab, button, input")).to_have_count(0)
