"""Sphinx extension: what the book's pages need beyond Jupyter Book.

It puts the palette into a style sheet, labs onto pages, icons into them, and a content security
policy onto every page, so that no page asks another host for anything.
"""

import base64
import hashlib
import itertools
import json
import re
import shutil
from pathlib import Path

import pydata_sphinx_theme
from docutils import nodes
from docutils.parsers.rst import Directive

from helpers import palette
from web.icons import draw_icons

TABLE = re.compile(r'<table class="cards table">.*?</table>', re.DOTALL)
ROLES = {
    "table": "table",
    "thead": "rowgroup",
    "tbody": "rowgroup",
    "tr": "row",
    "th": "columnheader",
    "td": "cell",
}
LAB = re.compile(r"<attention-lab\b.*?</attention-lab>", re.DOTALL)
PROMISE = re.compile(r"</h1>\s*<p>.*?</p>", re.DOTALL)
LED_UP = (
    '<p class="lab-above">It is <a class="reference internal" href="#lab">at the top of this page</a>.</p>'
)
INLINE_SCRIPT = re.compile(r"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", re.DOTALL)
INLINE_HANDLER = re.compile(r'\son[a-z]+="([^"]*)"')


def setup(app):
    """Register everything with Sphinx."""
    app.add_directive("lab", LabDirective)
    app.add_css_file("palette.css")
    app.add_css_file("book.css")
    app.add_js_file("folds.js")
    app.add_js_file("print.js")
    app.connect("builder-inited", write_palette)
    app.connect("html-page-context", drop_unused_scripts, priority=900)
    app.connect("html-page-context", add_lab_code)
    # After all other extensions: whatever page they write gets the policy too.
    app.connect("build-finished", finish_site, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


class LabDirective(Directive):
    """Show the live lab of a notebook on another page: ```{lab} 01_dense_attention```.

    The element comes from the notebook's saved output, so its sliders are still written once.
    """

    required_arguments = 1

    def run(self):
        """Return the notebook's `<attention-lab>` element as raw HTML."""
        name = self.arguments[0]
        environment = self.state.document.settings.env
        path = Path(environment.srcdir) / f"{name}.ipynb"
        environment.note_dependency(str(path))
        outputs = [o for cell in json.loads(path.read_text())["cells"] for o in cell.get("outputs", [])]
        pages = ["".join(output.get("data", {}).get("text/html", "")) for output in outputs]
        labs = [match.group() for page in pages if (match := LAB.search(page))]
        if not labs:
            raise self.error(f"{name}.ipynb holds no lab; run it first: make run")
        element = labs[0].replace("<attention-lab", f'<attention-lab notebook="{name}"', 1)
        return [nodes.raw("", element, format="html")]


def drop_unused_scripts(app, page_name, template_name, context, doctree):
    """Leave out thebe, which Jupyter Book adds twice to every page and this book does not use."""
    for kind in ("script_files", "css_files"):
        context[kind] = [file for file in context.get(kind, []) if "thebe" not in _source(file).lower()]


def _source(file):
    return f"{getattr(file, 'filename', file)} {getattr(file, 'attributes', {}).get('body', '')}"


def add_lab_code(app, page_name, template_name, context, doctree):
    """Load lab code on pages with a lab only, and tell each lab which notebook it comes from."""
    body = context.get("body", "")
    if "<attention-lab" not in body or app.builder.name != "html":
        return
    app.add_css_file("labs/attention-lab.css")
    app.add_js_file("labs/attention-lab.js", type="module")
    theme = app.config.html_theme_options
    colab = (
        "https://colab.research.google.com/github/"
        + theme["repository_url"].removeprefix("https://github.com/")
        + f"/blob/{theme['repository_branch']}/{theme['path_to_docs']}"
    )

    def complete(match):
        element = match.group()
        if "notebook=" not in element.split(">", 1)[0]:
            element = element.replace("<attention-lab", f'<attention-lab notebook="{page_name}"', 1)
        name = re.search(r'notebook="([^"]+)"', element).group(1)
        root = "../" * page_name.count("/")
        return element.replace(
            "<attention-lab", f'<attention-lab root="{root}" colab="{colab}/{name}.ipynb"', 1
        )

    body = LAB.sub(complete, body)
    context["body"] = lab_first(body) if page_name != app.config.root_doc else body


def lab_first(body):
    """Move a chapter's first lab up to the first screen, behind the first paragraph, and lead to it from where it stood.

    The notebook's cell stays where its code can be understood, and is written once.

    >>> lab_first('<h1>A</h1><p>b</p><p>c</p><attention-lab x></attention-lab>')
    '<h1>A</h1><p>b</p><div id="lab"><attention-lab x></attention-lab></div><p>c</p><p class="lab-above">It is <a class="reference internal" href="#lab">at the top of this page</a>.</p>'
    """
    lab, promise = LAB.search(body), PROMISE.search(body)
    if not promise or lab.start() < promise.end():
        return body
    between, after = body[promise.end() : lab.start()], body[lab.end() :]
    return f'{body[: promise.end()]}<div id="lab">{lab[0]}</div>{between}{LED_UP}{after}'


def write_palette(app):
    """Write the palette's style sheet, before pages ask for its checksum."""
    if app.builder.name == "html":
        static = Path(app.outdir) / "_static"
        static.mkdir(parents=True, exist_ok=True)
        (static / "palette.css").write_text(palette.style_sheet())


def finish_site(app, exception):
    """Add to a finished HTML build what no page template covers."""
    if exception or app.builder.name != "html":
        return
    static = Path(app.outdir) / "_static"
    theme = Path(pydata_sphinx_theme.__file__).parent / "theme" / "pydata_sphinx_theme" / "static"
    font_awesome = (theme / "scripts" / "fontawesome.js").read_text()
    for page in Path(app.outdir).glob("**/*.html"):
        page.write_text(
            with_security_policy(
                label_cells(mend_landmarks_and_labels(draw_icons(page.read_text(), font_awesome)))
            )
        )
    mend_excerpts(static / "searchtools.js")
    drop_unused_files(static)


def mend_landmarks_and_labels(page):
    """Name the theme's sidebar as a part of the page, and its controls by the words that are on them."""
    page = page.replace(
        '<div id="pst-primary-sidebar"',
        '<div id="pst-primary-sidebar" role="complementary" aria-label="Site"',
        1,
    )
    page = page.replace('<summary aria-label="Toggle hidden content">', "<summary>")
    # The role that docutils gives the entries of a bibliography is withdrawn from the standard.
    page = page.replace('role="doc-biblioentry"', 'role="listitem"')
    return re.sub(r'(<button class="[^"]*search-button-field[^"]*"[^>]*) aria-label="Search"', r"\1", page)


def label_cells(page):
    """Tell each cell the head of its column, in the tables that a phone shows as cards.

    The roles are those that the elements have anyway, until a style sheet stacks them.

    >>> label_cells('<table class="cards table"><tr><th>a <b>b</b></th></tr><tr><td>1</td></tr></table>')
    '<table role="table" class="cards table"><tr role="row"><th role="columnheader">a <b>b</b></th></tr>\
<tr role="row"><td role="cell" data-head="a b">1</td></tr></table>'
    """

    def label(match):
        heads = [
            re.sub("<.*?>", "", head) for head in re.findall(r"<th\b.*?>(.*?)</th>", match[0], re.DOTALL)
        ]
        columns = itertools.cycle(heads)
        labelled = re.sub("<td", lambda _: f'<td data-head="{next(columns)}"', match[0])
        return re.sub(
            "<(table|thead|tbody|tr|th|td)(?![a-z])", lambda tag: f'{tag[0]} role="{ROLES[tag[1]]}"', labelled
        )

    return TABLE.sub(label, page)


def mend_excerpts(search):
    """Let what a search finds be quoted without what only paper shows, and each equation once, not three times."""
    search.write_text(search.read_text().replace('"style"]', '"style", ".onlyprint", ".katex-mathml"]'))


def drop_unused_files(static):
    """Remove what no page loads: the theme's 6 MB of icons and maps of its sources, the README's picture."""
    shutil.rmtree(static / "vendor" / "fontawesome", ignore_errors=True)
    for file in {*static.glob("scripts/fontawesome.js*"), *static.rglob("*.map"), static / "lab.png"}:
        file.unlink()


def with_security_policy(page):
    """Return an HTML page with a policy that lets it load from its own site alone.

    The theme's own inline scripts and handlers are allowed by their hashes; no other one runs.
    """
    if "Content-Security-Policy" in page:
        return page
    scripts = INLINE_SCRIPT.findall(page) + INLINE_HANDLER.findall(page)
    digests = {hashlib.sha256(script.encode()).digest() for script in scripts}
    hashes = " ".join(sorted(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests))
    policy = (
        "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; "
        f"script-src 'self' 'wasm-unsafe-eval' 'unsafe-hashes' {hashes}; object-src 'none'; base-uri 'none'; "
        "form-action 'self'"
    )
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    return page.replace("<head>", f"<head>\n    {meta}", 1)
