"""Sphinx extension: the book where nothing moves, as PDF (by `singlehtml`) and as EPUB.

Labs become their pictures; in an EPUB, equations become MathML (see `mathematics`).
"""

import re
from pathlib import Path

from docutils import nodes

ASSETS = Path(__file__).parent / "static"
LAB = re.compile(r"<attention-lab\b.*?(<figure>.*?</figure>)</attention-lab>", re.DOTALL)
EPUB_STYLES = ("epub.css", "pygments.css", "e-reader.css")
FOLD = re.compile(r"<summary aria-label[^>]*>\s*<p[^>]*>Show (?:the )?(.*?)</p>.*?</summary>", re.DOTALL)
SCRIPT = re.compile(r"<script\b.*?</script>", re.DOTALL)
SLIDERS = re.compile(r" Its sliders need JavaScript[^<]*")


def setup(app):
    """Register everything with Sphinx."""
    app.connect("builder-inited", leave_the_theme_out)
    app.connect("env-check-consistency", number_the_contents)
    app.connect("html-page-context", show_pictures, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def leave_the_theme_out(app):
    """Disconnect the site's theme from an EPUB, which has one of its own, and leave its files out."""
    if app.builder.name == "epub":
        app.config.html_static_path = [str(ASSETS / "e-reader.css")]
        for listener in list(app.events.listeners.get("html-page-context", [])):
            if listener.handler.__module__.startswith(("sphinx_book_theme", "pydata_sphinx_theme")):
                app.disconnect(listener.id)


def number_the_contents(app, environment):
    """Put the chapters' numbers into an EPUB's contents, which Sphinx makes of the titles alone."""
    if app.builder.name == "epub":
        for contents in environment.tocs.values():
            title = next(contents.findall(nodes.reference))
            if "secnumber" in title:
                number = ".".join(map(str, title["secnumber"]))
                title.insert(0, nodes.Text(f"{number}. "))


def show_pictures(app, page_name, template_name, context, doctree):
    """Put each lab's picture in the lab's place, everywhere but on the site."""
    if app.builder.name != "html" and "body" in context:
        context["body"] = LAB.sub(lambda match: still(match.group(1)), context["body"])
    if app.builder.name == "epub":
        body = SCRIPT.sub("", context.get("body", ""))
        context["body"] = FOLD.sub(lambda match: folded(match.group(1)), body)
        styles = context.get("css_files", [])
        context["css_files"] = [style for style in styles if Path(style.filename).name in EPUB_STYLES]
        context["script_files"] = []


def still(figure):
    """Return a lab's static figure as well-formed XML that promises no sliders.

    >>> still('<figure><img src="a"><figcaption>Found. Its sliders need JavaScript.</figcaption></figure>')
    '<figure><img src="a"/><figcaption>Found.</figcaption></figure>'
    """
    return SLIDERS.sub("", re.sub(r"(<img\b[^>]*[^/>])>", r"\1/>", figure))


def folded(what):
    """Return the head of a fold, for readers that do not fold and for those that do.

    >>> folded("what comes of it")
    '<summary>What comes of it</summary>'
    """
    return f"<summary>{what.capitalize()}</summary>"
