"""Sphinx extension: a page for each lab, alone and large, and a gallery of all: labs/NAME.html, labs/index.html.

They stand outside the theme, for a lecture hall or for a frame on another site. The lab itself comes from its
notebook's saved output, as on the chapter's page; its static picture is written once, for its page and the gallery.

`?theme=dark` or `?theme=light` sets the colours of such a page, else they are its host's (`templates/lab_layout.html`);
`?controls=attention_column,seed` leaves these controls in sight, `?controls=` none (`labs/page/address.ts`); after `#`
stand the settings, as in every link to a lab. A frame around it needs `sandbox="allow-scripts allow-same-origin"`, or
no sandbox: browsers start no worker for a page without an origin, and then the page says so (`static/lab-page.js`).
"""

import base64
import html
import io
import json
import re
from pathlib import Path
from typing import NamedTuple

from docutils import nodes
from PIL import Image
from sphinx.errors import ExtensionError

from web.pages import LAB

FOLDER = "labs"
GALLERY = f"{FOLDER}/index"
OWN = {"palette.css", "attention-lab.css", "attention-lab.js", "lab-page.css", "lab-page.js"}
PICTURE = re.compile(r'<img width="(\d+)" alt="([^"]*)" src="data:image/png;base64,([^"]+)">')

# What to do with a lab, or what to look at.
LINES = {
    "dense": "Hide the answer in one of 32 numbers: the tallest bar should stand where it is.",
    "recurrent": (
        "Hide the answer in one of 20 time steps, and put the attention before or after an LSTM: "
        "which of the two points at the step?"
    ),
    "per_dimension": (
        "Two dimensions hold an answer each, at two steps: give each dimension a softmax of its own, or both one."
    ),
    "pooling": (
        "In each line one letter is the keyword, outlined: watch the weight gather on it, then take the mask away."
    ),
    "self_attention": (
        "Every output step looks for the input step that holds its answer: change the task, the heads, the positions."
    ),
    "seq2seq": "A decoder writes one symbol after another: each row shows at which input steps it looks for it.",
    "dates": (
        "Type a date in one of five languages: a trained model writes it as ISO 8601, "
        "and each row shows which letters it looks at."
    ),
    "explanation": (
        "Take away one step of the input: does the prediction change most where the weight is largest?"
    ),
    "workers": (
        "Train on one worker and on several: they learn the same, until the learning rate is scaled too far."
    ),
}


class LabPage(NamedTuple):
    """What is written of a lab.

    Attributes:
        name: the lab's.
        title: its chapter's, or for a further lab of a chapter its section's.
        element: `<attention-lab …>…</attention-lab>`, as the notebook saved it.
        chapter: the page whose notebook holds it.
        chapter_title: that page's.
        number: the chapter's, empty where chapters have none.
    """

    name: str
    title: str
    element: str
    chapter: str
    chapter_title: str
    number: str

    @property
    def line(self):
        """A sentence on what to do with it."""
        return LINES[self.name]

    @property
    def page(self):
        """The page's name, without its ending."""
        return f"{FOLDER}/{self.name}"

    @property
    def controls(self):
        """The names of its controls, by which an address may leave some of them in sight."""
        written = html.unescape(re.search(r' controls="([^"]*)"', self.element)[1])
        return [control["name"] for control in json.loads(written)]


def setup(app):
    """Register everything with Sphinx."""
    app.connect("html-collect-pages", collect_pages)
    app.connect("html-page-context", load_own)
    app.connect("html-page-context", drop_the_themes, priority=950)  # after all who add some
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def lab_pages(environment):
    """Return a row for each lab that the book's notebooks hold, in their order.

    Raises:
        ExtensionError: a lab has no line here.
    """
    found = [lab for page in sorted(environment.found_docs) for lab in _labs_on(environment, page)]
    if without := {lab.name for lab in found} - LINES.keys():
        raise ExtensionError(f"LINES must have a line for each lab; there is none for {sorted(without)}")
    return found


def names(environment):
    """Return the names of all pages that are written here, without ending."""
    return [*(lab.page for lab in lab_pages(environment)), GALLERY]


def _labs_on(environment, page):
    raws = environment.get_doctree(page).findall(nodes.raw)
    # Where a page shows another one's lab, its element says so.
    held = [raw for raw in raws if re.match("<attention-lab(?! notebook)", raw.astext())]
    chapter_title = environment.titles[page].astext()
    for place, raw in enumerate(held):
        name = re.search(r' lab="(\w+)"', raw.astext())[1]
        title = chapter_title if place == 0 else _section_of(raw).next_node(nodes.title).astext()
        number = ".".join(map(str, environment.toc_secnumbers.get(page, {}).get("", ())))
        yield LabPage(name, title, LAB.search(raw.astext())[0], page, chapter_title, number)


def _section_of(node):
    return node if isinstance(node, nodes.section) else _section_of(node.parent)


def collect_pages(app):
    """Yield what Sphinx writes: each lab's page, then the gallery."""
    if app.builder.name != "html":
        return
    labs = lab_pages(app.env)
    pictures = {lab.name: write_picture(lab, Path(app.outdir)) for lab in labs}
    for lab in labs:
        element = PICTURE.sub(lambda _, lab=lab: pictures[lab.name], lab.element)
        element = element.replace("<attention-lab", f'<attention-lab notebook="{lab.chapter}"', 1)
        yield lab.page, {"title": lab.title, "lab": lab, "body": element}, "lab.html"
    yield GALLERY, {"title": "The labs", "labs": labs, "pictures": pictures, "body": ""}, "labs.html"


def write_picture(lab, site):
    """Write a lab's static picture once, for its page and the gallery; return the element that shows it on both.

    Args:
        lab: the lab.
        site: the folder of the built site.
    """
    width, alt, png = PICTURE.search(lab.element).groups()
    picture = Image.open(io.BytesIO(base64.b64decode(png)))
    file = f"_images/lab-{lab.name}.webp"
    (site / file).parent.mkdir(exist_ok=True)
    picture.save(site / file, lossless=True, quality=100)  # a third of what the PNG takes
    height = round(int(width) * picture.height / picture.width)
    return f'<img width="{width}" height="{height}" alt="{alt}" src="../{file}">'


def load_own(app, page_name, template_name, context, doctree):
    """Load what only these pages need."""
    if page_name.startswith(f"{FOLDER}/"):
        app.add_css_file("lab-page.css", priority=600)  # after the lab's own, some of which it changes
        app.add_js_file("lab-page.js", loading_method="defer", priority=400)  # before the lab's own


def drop_the_themes(app, page_name, template_name, context, doctree):
    """Load nothing of the theme's."""
    if page_name.startswith(f"{FOLDER}/"):
        for kind in ("css_files", "script_files"):
            context[kind] = [file for file in context[kind] if Path(file.filename or "").name in OWN]
