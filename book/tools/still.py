"""Sphinx extension: the book where nothing moves, as PDF (by `singlehtml`) and as EPUB.

Labs become their pictures; in an EPUB, equations become MathML (see `mathematics`).
"""

import re
from pathlib import Path

LAB = re.compile(r"<attention-lab\b.*?(<figure>.*?</figure>)</attention-lab>", re.DOTALL)
EPUB_STYLES = ("basic.css", "epub.css", "pygments.css")
SCRIPT = re.compile(r"<script\b.*?</script>", re.DOTALL)
SLIDERS = re.compile(r" Its sliders need JavaScript[^<]*")


def setup(app):
    """Register everything with Sphinx."""
    app.connect("builder-inited", leave_the_theme_out)
    app.connect("html-page-context", show_pictures, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def leave_the_theme_out(app):
    """Disconnect the site's theme from an EPUB, which has one of its own, and leave its files out."""
    if app.builder.name == "epub":
        app.config.html_static_path = []
        for listener in list(app.events.listeners.get("html-page-context", [])):
            if listener.handler.__module__.startswith(("sphinx_book_theme", "pydata_sphinx_theme")):
                app.disconnect(listener.id)


def show_pictures(app, page_name, template_name, context, doctree):
    """Put each lab's picture in the lab's place, everywhere but on the site."""
    if app.builder.name != "html" and "body" in context:
        context["body"] = LAB.sub(lambda match: still(match.group(1)), context["body"])
    if app.builder.name == "epub":
        context["body"] = SCRIPT.sub("", context.get("body", ""))
        styles = context.get("css_files", [])
        context["css_files"] = [style for style in styles if Path(style.filename).name in EPUB_STYLES]
        context["script_files"] = []


def still(figure):
    """Return a lab's static figure as well-formed XML that promises no sliders.

    >>> still('<figure><img src="a"><figcaption>Found. Its sliders need JavaScript.</figcaption></figure>')
    '<figure><img src="a"/><figcaption>Found.</figcaption></figure>'
    """
    return SLIDERS.sub("", re.sub(r"(<img\b[^>]*[^/>])>", r"\1/>", figure))
