"""Sphinx extension: how pages look from outside, to search engines and where a link to one is shared.

A page is described by its first paragraph, and its picture is its own lab's: no ready-made
extension knows that picture.
"""

import base64
import html
import io
import re
import textwrap
import zipfile
from pathlib import Path

from docutils import nodes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.image import imread
from matplotlib.lines import Line2D
from PIL import Image

from helpers.palette import DARK, LIGHT
from web import lab_pages

WIDTH, HEIGHT = 1200, 630  # pixels; the proportion that messengers and social networks show whole
STATIC_PICTURE = re.compile(r'<attention-lab.*?src="data:image/png;base64,([^"]+)"', re.DOTALL)


def setup(app):
    """Register everything with Sphinx."""
    app.connect("html-page-context", describe_page)
    app.connect("build-finished", finish_site)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def describe_page(app, page, template, context, doctree):
    """Add a description and a preview picture to a page's head."""
    if doctree is None or app.builder.name != "html":
        return
    site, title = app.config.html_title, title_of(app.env, page)
    description = " ".join(doctree.next_node(nodes.paragraph).astext().split())
    picture = STATIC_PICTURE.search(context["body"])
    name = f"_images/preview-{page}.png"
    target = Path(app.outdir) / name
    target.parent.mkdir(exist_ok=True)
    target.write_bytes(card(site, title, description, picture and base64.b64decode(picture.group(1))))
    address = app.config.html_baseurl
    tags = {
        "og:title": title,
        "og:description": description,
        "og:type": "website",
        "og:site_name": site,
        "og:url": f"{address}{page}.html",
        "og:image": f"{address}{name}",
        "og:image:width": str(WIDTH),
        "og:image:height": str(HEIGHT),
        "og:image:alt": f"{title}: {description}",
    }
    context["metatags"] += _meta("name", {"description": description, "twitter:card": "summary_large_image"})
    context["metatags"] += _meta("property", tags)


def title_of(environment, page):
    """Return a page's title, with its number where it is a chapter's."""
    number = environment.toc_secnumbers.get(page, {}).get("", ())
    return "".join(f"{part}. " for part in number) + environment.titles[page].astext()


def _meta(kind, tags):
    return "".join(f'<meta {kind}="{name}" content="{html.escape(text)}">\n' for name, text in tags.items())


def card(site, title, description, picture=None):
    """Return a preview picture as PNG bytes.

    Args:
        site: the site's name.
        title: the page's title.
        description: a sentence or two.
        picture: PNG bytes of the figure, or None.
    """
    figure = Figure((WIDTH / 100, HEIGHT / 100), dpi=100, facecolor=LIGHT["ground"])
    FigureCanvasAgg(figure)
    figure.text(0.05, 0.9, site, fontsize=17, color=LIGHT["muted"], va="top")
    figure.text(0.05, 0.81, title, fontsize=34, color=LIGHT["text"], va="top")
    lines = textwrap.wrap(description, 40 if picture else 84, max_lines=7, placeholder=" …")
    figure.text(0.05, 0.64, "\n".join(lines), fontsize=17, color=LIGHT["text"], va="top", linespacing=1.5)
    if picture:
        axes = figure.add_axes((0.48, 0.06, 0.47, 0.66))
        axes.imshow(imread(io.BytesIO(picture)), interpolation="lanczos")
        axes.set_anchor("N")
        axes.axis("off")
    figure.add_artist(Line2D((0, 1), (0.01, 0.01), linewidth=12, color=LIGHT["weight"]))
    drawn, small = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, format="png", metadata={"Software": None})
    # Of few colours: a third of the bytes, and nobody sees a difference.
    few = Image.open(drawn).convert("RGB").quantize(128, dither=Image.Dither.NONE)
    few.save(small, "png", optimize=True)
    return small.getvalue()


def finish_site(app, exception):
    """Write the list of pages for search engines, the page for wrong addresses, the notebooks' archive."""
    if exception or app.builder.name != "html":
        return
    address = app.config.html_baseurl
    pages = sorted({*app.env.found_docs, *lab_pages.names(app.env)})
    locations = "".join(f"<url><loc>{address}{page}.html</loc></url>\n" for page in pages)
    (Path(app.outdir) / "sitemap.xml").write_text(
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{locations}</urlset>\n'
    )
    archive_notebooks(Path(app.srcdir), Path(app.outdir) / "_static" / "notebooks.zip")
    pages = sorted(app.env.found_docs, key=lambda page: (page != app.config.root_doc, page))
    titles = {page: title_of(app.env, page) for page in pages}
    (Path(app.outdir) / "404.html").write_text(not_found_page(app.config.html_title, address, titles))


def archive_notebooks(folder, target):
    """Put all notebooks of a folder into one archive, byte by byte the same at every build."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.glob("*.ipynb")):
            # Of the moment of the build, nothing: not the clock's time, only the first that zip knows.
            archive.writestr(zipfile.ZipInfo(path.name), path.read_bytes(), zipfile.ZIP_DEFLATED)


def not_found_page(site, address, titles):
    """Return a page for addresses that are none, whole in itself: a host shows it at any depth.

    Args:
        site: the site's name.
        address: where the site is, https://…/.
        titles: the pages' titles by their names, in the order to list them.
    """
    links = "".join(
        f'<li><a href="{address}{page}.html">{html.escape(title)}</a></li>' for page, title in titles.items()
    )
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex">
<link rel="icon" href="data:,">
<title>No such page: {html.escape(site)}</title>
<style>
body {{ max-width: 40rem; margin: 4rem auto; padding: 0 1rem; font: 1.1rem/1.6 system-ui, sans-serif;
  color: {LIGHT["text"]}; background: {LIGHT["ground"]}; }}
a {{ color: {LIGHT["weight"]}; }}
@media screen and (prefers-color-scheme: dark) {{
  body {{ color: {DARK["text"]}; background: {DARK["ground"]}; }}
  a {{ color: {DARK["weight"]}; }}
}}
</style>
</head>
<body>
<main>
<h1>No such page</h1>
<p>The answer is not at this address. It is in one of these:</p>
<ul>{links}</ul>
</main>
</body>
</html>
"""
