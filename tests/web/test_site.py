"""The built site in a real Chromium: whole, accessible, on its own, from a sub-folder."""

import functools
import gzip
import re
import zipfile
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import matplotlib.image
import pytest
import yaml
from playwright.sync_api import Browser, Page
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

from tools import chapters, labs
from tools.lab_page import LABS
from tools.serve import serving
from web import first_paint

ROOT = Path(__file__).parents[2]
SITE = ROOT / "_build" / "html"
ADDRESS = yaml.safe_load((ROOT / "_config.yml").read_text())["html"]["baseurl"]
AXE = LABS / "node_modules" / "axe-core" / "axe.min.js"
PAGES = sorted(path.name for path in SITE.glob("*.html"))
CHAPTERS = list(dict.fromkeys(row.chapter for row in labs.LABS.values()))
READING_PAGES = [name for name in PAGES if name not in ("genindex.html", "search.html")]


def text_of(name: str) -> str:
    return (SITE / name).read_text()


def test_the_site_is_built():
    assert "index.html" in PAGES, "run `make site` first"


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> Iterator[str]:
    """The site in a sub-folder, as on a project page."""
    root = tmp_path_factory.mktemp("host")
    (root / "attention").symlink_to(SITE)
    with serving(root) as host:
        yield f"{host}/attention"


class NoFramesError(Exception):
    """Headless on a busy machine, Chromium sometimes stops drawing a page, and no lab comes into view."""


class Visit:
    """A page that was opened, with all that it asked for and complained about."""

    def __init__(self, browser: Browser, url: str, **options) -> None:
        self.context = browser.new_context(**options)
        self.context.set_default_timeout(120_000)  # nothing is timed here, and a machine may be busy
        self.page: Page = self.context.new_page()
        self.requested: list[str] = []
        self.failed: list[str] = []
        self.problems: list[str] = []
        self.page.on("request", lambda request: self.requested.append(request.url))
        self.page.on("response", lambda r: r.status >= 400 and self.failed.append(r.url))
        self.page.on("console", lambda m: m.type in ("error", "warning") and self.problems.append(m.text))
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.goto(url, wait_until="load")

    def scroll_through(self) -> None:
        """See the whole page, so that what loads late or trains in view does."""
        height = self.page.evaluate("document.documentElement.scrollHeight")
        for top in range(0, height, 800):
            self.page.evaluate("top => window.scrollTo(0, top)", top)
            self.page.wait_for_timeout(20)
        for lab in self.page.locator("attention-lab").all():
            # Not by Playwright's own scrolling and waiting, which ask for frames that a busy machine may not draw.
            lab.evaluate("lab => lab.scrollIntoView()")
            try:
                self.page.wait_for_function(TRAINED, arg=lab.element_handle(), polling=100)
            except PlaywrightTimeoutError:
                if self.page.evaluate(DRAWN):
                    raise
                raise NoFramesError from None


TRAINED = "lab => lab.dataset.state === 'done'"
DRAWN = "new Promise(say => { requestAnimationFrame(() => say(true)); setTimeout(say, 10_000, false); })"
# Those in a fold load when it opens; here they need not wait for that.
PICTURES = """Promise.all([...document.querySelectorAll("main img")].map(async (image) => {
    image.loading = "eager";
    await image.decode().catch(() => {});
    return [image.src, image.alt, image.complete && image.naturalWidth];
}))"""


@pytest.fixture(scope="module")
def seen_through(browser, address):
    """Open a page, see all of it, and close it: once for all tests that ask what it loaded and showed."""

    def see(name: str) -> tuple[Visit, list]:
        page = Visit(browser, f"{address}/{name}")
        try:
            page.scroll_through()
            return page, page.page.evaluate(PICTURES)
        finally:
            page.context.close()

    @functools.cache
    def see_once(name: str) -> tuple[Visit, list]:
        try:
            return see(name)
        except NoFramesError:
            return see(name)  # a page opened anew is drawn

    return see_once


@pytest.fixture
def visit(browser, address):
    visits = []

    def open_page(name: str, **options) -> Visit:
        visits.append(Visit(browser, f"{address}/{name}", **options))
        return visits[-1]

    yield open_page
    for each in visits:
        each.context.close()


@pytest.mark.parametrize("name", PAGES)
def test_page_asks_no_other_host_and_has_no_error(seen_through, address, name):
    page, _ = seen_through(name)
    others = [url for url in page.requested if not url.startswith((address, "data:"))]
    assert others == []
    assert page.failed == []
    assert page.problems == []


def violations(page: Page, *, contrast: bool) -> list[tuple[str, list[str]]]:
    """Return what axe finds wrong; contrast, half of its time, is the same at every width."""
    rules = {"color-contrast": {"enabled": contrast}}
    options = {"resultTypes": ["violations"], "rules": rules}
    found = page.evaluate("options => axe.run(document, options)", options)["violations"]
    return [(v["id"], [node["html"][:160] for node in v["nodes"][:3]]) for v in found]


CUT_OFF_EQUATIONS = """[...document.querySelectorAll("div.math")].filter(frame =>
    frame.scrollWidth > frame.clientWidth && getComputedStyle(frame).overflowX !== "auto" ||
    frame.firstElementChild.getBoundingClientRect().left < frame.getBoundingClientRect().left - 1).length"""


def assert_accessible(page: Page, *, contrast: bool = False) -> None:
    assert violations(page, contrast=contrast) == []


def assert_fits(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    assert page.evaluate(CUT_OFF_EQUATIONS) == 0


# As browsers do that do not measure what is folded; ours does, and then nothing would be proved.
UNMEASURED = "details:not([open]) > :not(summary) { display: none !important }"
OPEN_FOLDS = "folds => document.querySelectorAll(folds).forEach(fold => { fold.open = true; })"
WITHIN_REACH = """[...document.querySelectorAll("pre")].every(pre => pre.tabIndex === 0
    || pre.scrollWidth <= pre.clientWidth && pre.scrollHeight <= pre.clientHeight)"""
ARRIVED = (
    "![...document.querySelectorAll('.lab-source pre')].some(pre => pre.textContent.startsWith('Loading'))"
)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_page_is_accessible_and_fits_a_desk_and_a_phone_with_folds_closed_and_open(visit, name, scheme):
    page = visit(name, color_scheme=scheme, viewport={"width": 1280, "height": 800}, bypass_csp=True).page
    page.add_script_tag(path=AXE)
    assert_accessible(page)
    assert_fits(page)
    page.set_viewport_size({"width": 360, "height": 800})
    page.wait_for_function(WITHIN_REACH)  # once the theme has looked again
    assert_fits(page)
    page.add_style_tag(content=UNMEASURED)
    page.evaluate("window.dispatchEvent(new Event('resize'))")  # now the theme looks, and then once more
    page.wait_for_function("document.querySelector('details pre[tabindex=\"0\"]') === null")
    page.evaluate(OPEN_FOLDS, "details:not(.lab-source)")
    page.wait_for_function(WITHIN_REACH, timeout=30_000)
    page.evaluate(OPEN_FOLDS, ".lab-source")
    page.wait_for_function(ARRIVED)
    assert page.evaluate(WITHIN_REACH)
    assert_accessible(page, contrast=True)
    assert_fits(page)


@pytest.mark.parametrize("row", [labs.LABS[labs.first_of(chapter)] for chapter in CHAPTERS], ids=CHAPTERS)
def test_a_chapter_opens_with_its_lab_and_the_code_leads_up_to_it(visit, row):
    name = f"{chapters.notebook(row.chapter).stem}.html"
    page = visit(name, viewport={"width": 1280, "height": 900}).page
    picture = page.locator("attention-lab .lab-picture").first
    page.wait_for_function(TRAINED, arg=page.locator("attention-lab").first.element_handle())
    assert picture.bounding_box()["y"] + picture.bounding_box()["height"] < 900
    page.get_by_role("link", name="at the top of this page").click()
    assert page.evaluate("document.querySelector('#lab').getBoundingClientRect().top") >= 0


PAPER = {"width": 642, "height": 971}  # A4 less the margins that book.css asks for, in pixels
LOOK_AT_PAPER = """addEventListener("beforeprint", () => {
    const shown = selector => [...document.querySelectorAll(selector)].filter(node => node.checkVisibility());
    const texts = shown("body *").filter(
        node => [...node.childNodes].some(child => child.nodeType === Node.TEXT_NODE && child.data.trim()));
    const brightness = node => {
        const [red, green, blue] = getComputedStyle(node).color.match(/\\d+/g);
        return 0.2 * red + 0.7 * green + 0.1 * blue;
    };
    const told = nodes => nodes.map(node => node.outerHTML.slice(0, 160));
    window.paper = {
        pale: told(texts.filter(node => brightness(node) > 120)),
        cut: told(shown("pre, table, img, svg, div.math").filter(node =>
            node.scrollWidth > node.clientWidth || node.getBoundingClientRect().right > innerWidth)),
        screen: told(shown("button, .prev-next-footer, #pst-back-to-top")),
    };
})"""


@pytest.mark.parametrize("name", READING_PAGES)
def test_page_prints_whole_and_dark_on_white_from_a_dark_screen(visit, name):
    page = visit(name, color_scheme="dark", viewport=PAPER).page
    page.emulate_media(media="print")
    page.evaluate(LOOK_AT_PAPER)
    page.pdf()
    assert page.evaluate("paper") == {"pale": [], "cut": [], "screen": []}
    if name != "404.html":
        assert page.locator("html").get_attribute("data-theme") == "dark", "on the screen nothing changes"


@pytest.mark.parametrize("name", ["index.html", "listings.html"])
def test_on_a_phone_a_table_of_prose_is_cards_with_the_head_at_each_cell(visit, name):
    page = visit(name, viewport={"width": 360, "height": 800}).page
    tables = page.locator("article table").all()
    assert tables
    for table in tables:
        heads = table.get_by_role("columnheader").all_inner_texts()
        cells = table.get_by_role("cell").evaluate_all(
            """cells => cells.map(cell => [
                cell.getBoundingClientRect().width, getComputedStyle(cell, "::before").content])"""
        )
        assert all(250 < width < 328 for width, _ in cells)
        assert [shown for _, shown in cells[: len(heads)]] == [f'"{head}" / ""' for head in heads]


@pytest.mark.parametrize("name", READING_PAGES)
def test_pictures_are_there_and_described(seen_through, name):
    _, pictures = seen_through(name)
    assert all(width > 0 for _, _, width in pictures), pictures
    assert all(alt and not alt.startswith("_images") for _, alt, _ in pictures), pictures


def test_quiz_opens_by_keyboard_and_without_scripts(visit):
    page = visit("01_dense_attention.html", java_script_enabled=False).page
    right = page.locator("details.answer.right").first
    assert not right.get_by_text("Right.").is_visible()
    right.locator("summary").focus()
    page.keyboard.press("Enter")
    assert right.get_by_text("Right.").is_visible()


COLUMNS = """prints => prints.filter(pre => pre.checkVisibility()).map(pre => {
    const { fontSize, paddingLeft, paddingRight } = getComputedStyle(pre);
    const columns = (pre.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight)) / parseFloat(fontSize) / 0.6;
    return [columns, parseFloat(fontSize)];
})"""


def test_on_a_phone_prints_and_equations_are_smaller_but_legible(visit):
    page = visit("01_dense_attention.html", viewport={"width": 360, "height": 800}).page
    sizes = page.locator(".cell_output pre").evaluate_all(COLUMNS)
    assert len(sizes) > 20
    assert all(columns > 42 and size >= 11.5 for columns, size in sizes)
    assert page.locator("div.math").evaluate_all(
        "all => all.every(one => one.scrollWidth <= one.clientWidth)"
    )


HEIGHTS = """(lab, sentences) => {
    const verdict = lab.querySelector(".lab-verdict");
    return sentences.map(sentence => { verdict.textContent = sentence; return verdict.offsetHeight; });
}"""
VERDICTS = [
    "The answer has the largest mean weight in 16 of 16 rows: found.",
    "y = 1: The largest weight, 0.46, is on column 0: found. y = 0: The largest weight, 0.15, is on column 0: found.",
    "y = 1: The largest weight, 0.04, is on column 30, the answer on column 28: not found. "
    "y = 0: The largest weight, 0.04, is on column 28: not clear yet (0.04 of all, an equal share is 0.03).",
]


@pytest.mark.parametrize("width", [1280, 1000, 768, 640, 480])
def test_controls_do_not_move_with_what_the_verdict_says(visit, width):
    lab = visit("index.html", viewport={"width": width, "height": 800}).page.locator("attention-lab")
    lab.scroll_into_view_if_needed()
    lab.locator(".lab-verdict").wait_for()  # until it is drawn it has no height
    assert len(set(lab.evaluate(HEIGHTS, VERDICTS))) == 1


CHOSEN = """group => [...group.querySelectorAll("input")].map(input => {
    input.checked = true;
    return [...group.children].map(choice => choice.offsetTop - group.offsetTop);
})"""


def test_choices_stay_in_their_rows_whichever_is_chosen(visit):
    models = visit("07_attention_as_explanation.html").page.locator(".lab-controls .lab-choices").first
    models.wait_for()  # until the lab has a picture, its controls have no place
    rows = models.evaluate(CHOSEN)
    assert rows == [rows[0]] * 4


ROOM = """lab => {
    const words = document.createRange();
    words.selectNodeContents(lab.querySelector(".lab-panel-title"));
    const ticks = [...lab.querySelectorAll(".lab-ticks text")].map(tick => tick.getBoundingClientRect().left);
    return Math.min(...ticks) - words.getBoundingClientRect().right;
}"""


def test_the_name_of_a_panel_stands_clear_of_its_ticks(visit):
    lab = visit("07_attention_as_explanation.html").page.locator("attention-lab")
    lab.scroll_into_view_if_needed()
    lab.locator(".lab-ticks text").first.wait_for(state="attached")
    assert lab.evaluate(ROOM) >= 4


BESIDE = """form => {
    const [glass, text] = [...form.children].map(child => child.getBoundingClientRect());
    return glass.width > 0 && glass.right <= text.left;
}"""


def test_search_shows_the_whole_word_and_quotes_an_equation_once(visit):
    page = visit("search.html?q=softmax").page
    assert page.locator("main form.bd-search").evaluate(BESIDE)
    found = page.locator("ul.search li", has_text="Words and symbols > softmax").locator(".context")
    found.wait_for()
    assert "operatorname" not in found.inner_text()
    assert found.inner_text().count("softmax(z)") == 1
    page = visit("index.html").page
    page.keyboard.press("Control+k")
    assert page.locator("#pst-search-dialog form").evaluate(BESIDE)


class _Links(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag, attributes) -> None:
        for name, value in attributes:
            if name in ("href", "src") and value:
                self.links.append(value)
            if name in ("id", "name") and value:
                self.ids.add(value)


LAB_NAMED = re.compile(r'(<attention-lab)\b[^>]*?( lab="\w+")')


def test_no_link_within_the_site_is_broken():
    pages = {name: _Links(text_of(name)) for name in PAGES}
    broken = []
    for name, page in pages.items():
        for link in page.links:
            target, fragment = urldefrag(urljoin(f"https://site/{name}", link))
            if urlsplit(target).netloc != "site" or not target.startswith("https:"):
                continue
            path = unquote(urlsplit(target).path).lstrip("/") or "index.html"
            # What sets a lab names one of the page that it leads to.
            lab, _, settings = fragment.partition("?")
            if settings and f'<attention-lab lab="{lab}"' in LAB_NAMED.sub(r"\1\2", text_of(path)):
                continue
            missing_part = fragment and path in pages and fragment not in pages[path].ids
            if not (SITE / path).is_file() or missing_part:
                broken.append((name, link))
    assert broken == []


INJECT = """
    window.refused = new Set();
    addEventListener("securitypolicyviolation", event => refused.add(event.effectiveDirective));
    const { body } = document;
    const add = (tag, options) => body.appendChild(Object.assign(document.createElement(tag), options));
"""
# Every way to run a script of one's own, or to reach another host, and the rule that must stand against it.
INJECTIONS = {
    "script-src-elem": "add('script', { textContent: 'window.injected = true' })",
    "script-src-attr": "body.insertAdjacentHTML('beforeend', '<img src=x: onerror=\"window.injected = true\">')",
    "script-src": "setTimeout(() => { try { eval('window.injected = true') } catch {} })",
    "worker-src": "try { new Worker(URL.createObjectURL(new Blob(['1']))) } catch {}",
    "img-src": "add('img', { src: 'https://example.org/picture.png' })",
    "style-src-elem": "add('link', { rel: 'stylesheet', href: 'https://example.org/style.css' })",
    "frame-src": "add('iframe', { src: 'https://example.org/' })",
    "object-src": "add('object', { data: 'https://example.org/' })",
    "media-src": "add('video', { src: 'https://example.org/film.mp4' })",
    "connect-src": "fetch('https://example.org/').catch(() => {})",
    "base-uri": "add('base', { href: 'https://example.org/' })",
    "form-action": "add('form', { action: 'https://example.org/', method: 'post' }).submit()",
}


@pytest.mark.parametrize("name", PAGES)
def test_policy_allows_the_page_itself_and_nothing_injected(visit, name):
    page = visit(name).page
    page.evaluate(f"() => {{ {INJECT} {'; '.join(INJECTIONS.values())} }}")
    page.wait_for_function("count => refused.size >= count", arg=len(INJECTIONS))
    assert set(page.evaluate("[...refused]")) == set(INJECTIONS)
    assert page.evaluate("window.injected") is None


def test_only_pages_with_a_lab_load_lab_code():
    for name in PAGES:
        text = text_of(name)
        assert ("labs/attention-lab.js" in text) == ("<attention-lab" in text), name
    assert "<attention-lab" in text_of("index.html")


def test_front_page_lab_comes_from_the_notebook_and_leads_to_it(visit):
    lab = visit("index.html").page.locator("attention-lab")
    assert lab.get_attribute("notebook") == "01_dense_attention"
    assert lab.get_attribute("colab").endswith("/blob/main/book/01_dense_attention.ipynb")


def test_nothing_pale_lies_behind_a_lab_on_a_dark_page(visit):
    labs = visit("01_dense_attention.html", color_scheme="dark").page.locator("attention-lab")
    grounds = labs.evaluate_all(
        """labs => labs.flatMap(lab => {
            const grounds = [];
            for (let node = lab.parentElement; node !== document.body; node = node.parentElement)
                grounds.push(getComputedStyle(node).backgroundColor);
            return grounds;
        })"""
    )
    assert len(grounds) > 5
    assert set(grounds) <= {"rgba(0, 0, 0, 0)"}


def test_without_javascript_a_lab_is_its_picture_and_a_sentence(visit):
    page = visit("index.html", java_script_enabled=False).page
    assert page.locator("attention-lab").get_attribute("data-found") == "true"
    assert page.locator("attention-lab img").get_attribute("alt").endswith(": found.")
    assert "need JavaScript" in page.locator("attention-lab figcaption").inner_text()


def test_mathematics_is_in_the_page_without_a_script(visit):
    page = visit("01_dense_attention.html", java_script_enabled=False).page
    assert page.locator(".katex-display").count() >= 1
    assert page.locator(".katex-error").count() == 0


def compressed_size(files: Iterable[Path]) -> int:
    return sum(len(gzip.compress(file.read_bytes())) for file in files)


def test_pages_and_site_are_light(seen_through, address):
    """Compressed, as a web host sends them: no page over 1 MB with all it loads, 350 kB of it lab code; the site under 12 MB."""
    for name in PAGES:
        page, _ = seen_through(name)
        loaded = {url for url in page.requested if url.startswith(address)}
        files = [SITE / unquote(urlsplit(url).path.removeprefix("/attention/")) for url in loaded]
        assert compressed_size(files) < 1_000_000, name
        assert compressed_size(file for file in files if file.parent.name == "labs") <= 350_000, name
    assert sum(file.stat().st_size for file in SITE.rglob("*") if file.is_file()) < 12_000_000


def test_no_page_names_a_script_or_style_of_another_host():
    for name in PAGES:
        sources = re.findall(
            r'<(?:script|link(?! rel="canonical")|img|iframe)\b[^>]*(?:src|href)="(https?:[^"]*)"',
            text_of(name),
        )
        assert sources == [], name


def test_pages_describe_themselves_to_search_engines_and_in_shared_links():
    descriptions = set()
    for name in set(READING_PAGES) - {"404.html"}:
        text = text_of(name)
        tags = dict(re.findall(r'<meta (?:name|property)="([^"]+)" content="([^"]*)">', text))
        assert 40 < len(tags["description"]) < 250, name
        descriptions.add(tags["description"])
        assert tags["og:url"] == ADDRESS + name
        picture = matplotlib.image.imread(SITE / tags["og:image"].removeprefix(ADDRESS))
        assert picture.shape[:2] == (630, 1200), name
    assert len(descriptions) == len(READING_PAGES) - 1, "each page has a description of its own"


def test_sitemap_lists_every_page():
    listed = set(re.findall("<loc>(.*?)</loc>", text_of("sitemap.xml")))
    pages_of_labs = [f"labs/{name}.html" for name in ("index", *labs.LABS)]
    reading_pages = [name for name in READING_PAGES if name != "404.html"]
    assert listed == {ADDRESS + name for name in [*reading_pages, *pages_of_labs]}


def test_page_for_wrong_addresses_leads_back():
    links = [link for link in _Links(text_of("404.html")).links if link != "data:,"]
    assert links[0] == ADDRESS + "index.html"
    assert all((SITE / link.removeprefix(ADDRESS)).is_file() for link in links)


def words_of(html: str) -> str:
    return re.sub("<.*?>", "", html)


def test_chapters_and_nothing_else_bear_their_numbers():
    for name in set(READING_PAGES) - {"404.html"}:
        number = f"{int(name[:2])}. " if re.match(r"\d\d_", name) else ""
        headings = [words_of(h) for h in re.findall(r"<h[1-6]>(.*?)<a class=\"headerlink\"", text_of(name))]
        assert [h.split()[0] for h in headings if re.match(r"\d+\. ", h)] == number.split(), name
        assert headings[0].startswith(number), name
        assert f'<meta property="og:title" content="{headings[0]}">' in text_of(name)
        assert f">{headings[0]}</a></li>" in text_of("404.html")


def test_terms_are_linked_where_a_chapter_first_uses_them():
    linked = set()
    for name in READING_PAGES:
        terms = re.findall(r'class="glossary-term reference internal" href="([^"]+)"', text_of(name))
        assert len(terms) == len(set(terms)), name
        if name[0].isdigit() and name != "404.html":
            assert "glossary.html#weights" in terms, name
        linked.update(terms)
    entries = re.findall(r'<section id="([^"]+)">\s*<h3>', text_of("glossary.html"))
    assert linked == {f"glossary.html#{entry}" for entry in entries}


def test_every_paper_is_cited_where_it_is_used():
    cited = set()
    for name in READING_PAGES:
        cited.update(re.findall(r'class="citation reference internal" href="[^"]*#([^"]+)"', text_of(name)))
    assert cited == set(re.findall(r'id="(cite-\w+)"', text_of("references.html")))


def test_every_chapter_numbers_its_equations_and_mentions_lead_to_them():
    for name in READING_PAGES:
        if re.match(r"\d\d_", name):
            chapter = int(name[:2])
            numbers = re.findall(r'<a class="equation-number" href="#equation-(\d+)-(\d+)">', text_of(name))
            assert numbers == [(str(chapter), str(i + 1)) for i in range(len(numbers))], name
            assert len(numbers) == text_of(name).count('class="katex-display"') > 0, name
    mentions = [
        (name, *match)
        for name in READING_PAGES
        for match in re.findall(r'class="equation reference internal" href="([^"#]*)#([^"]+)"', text_of(name))
    ]
    assert len(mentions) >= 4
    for name, page, anchor in mentions:
        assert f'id="{anchor}"' in text_of(page or name), (name, page)


def test_the_archive_holds_every_notebook():
    archive = zipfile.ZipFile(SITE / "_static" / "notebooks.zip")
    notebooks = sorted((ROOT / "book").glob("*.ipynb"))
    assert archive.namelist() == [path.name for path in notebooks]
    assert all(archive.read(path.name) == path.read_bytes() for path in notebooks)
    assert ADDRESS + "_static/notebooks.zip" in _Links(text_of("index.html")).links


COLOURS = """names => {
    const code = document.querySelector(".highlight pre");
    const style = (name) => getComputedStyle(code.appendChild(Object.assign(document.createElement("span"), { className: name })));
    return names.map((name) => [...style(name).color.match(/\\d+/g).map(Number), Number(style(name).fontWeight)]);
}"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_code_does_not_mark_would_look_nearly_like_its_plain_text(visit, theme):
    page = visit("01_dense_attention.html").page
    assert page.locator(".highlight .n, .highlight .p").count() == 0
    page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
    plain, keyword, *unmarked = page.evaluate(COLOURS, ["", "k", *first_paint.PLAIN])

    def distance(style):
        return max(abs(one - other) for one, other in zip(style, plain, strict=True))

    assert max(map(distance, unmarked)) <= 30 < distance(keyword)
