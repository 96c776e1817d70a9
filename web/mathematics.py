"""Sphinx extension: mathematics drawn by KaTeX while the site is built, so that no page runs a script for it.

`sphinxcontrib-katex` does this through a server of its own, which at times is asked before it
listens; one call of node for each page has no such moment.
"""

import json
import re
import shutil
import subprocess
from pathlib import Path

from docutils import nodes
from sphinx.util import logging

from web.running_text import link_matches

LABS = Path(__file__).parents[1] / "labs"
KATEX = LABS / "node_modules" / "katex" / "dist"

# `\tag{2.1}` in an equation, and "equation 2.1" in running text, of any chapter.
TAG = re.compile(r"\\tag\{(?P<number>\d+\.\d+)\}")
MENTION = re.compile(r"(?i)\bequation (?P<number>(?P<chapter>\d+)\.\d+)")

logger = logging.getLogger(__name__)

RENDER = """
const katex = require("katex");
const { equations, output } = JSON.parse(require("fs").readFileSync(0, "utf8"));
const draw = ([latex, displayMode]) => katex.renderToString(latex, { displayMode, output, strict: "error" });
process.stdout.write(JSON.stringify(equations.map(draw)));
"""


def setup(app):
    """Register the renderer with Sphinx."""
    app.add_html_math_renderer("katex", (visit_inline, None), (visit_block, None))
    app.add_css_file("katex/katex.min.css")
    app.connect("doctree-resolved", link_equations)
    app.connect("doctree-resolved", draw_page)
    app.connect("build-finished", copy_style)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def render(equations, output="htmlAndMathml"):
    """Return the HTML of equations.

    Args:
        equations: pairs (LaTeX, whether it stands on a line of its own).
        output: what KaTeX calls its kinds of output; "mathml" needs neither a style sheet nor fonts.

    Raises:
        ValueError: KaTeX does not understand one of them.
    """
    command = ["node", "--input-type=commonjs", "--eval", RENDER]
    task = {"equations": equations, "output": output}
    done = subprocess.run(command, cwd=LABS, input=json.dumps(task), capture_output=True, text=True)
    if done.returncode:
        raise ValueError(f"KaTeX: {done.stderr.strip()[-500:]}")
    return json.loads(done.stdout)


def number_of(equation):
    """Return the number that an equation's LaTeX gives it, such as "2.1", or None."""
    match = TAG.search(equation.astext())
    return match and match["number"]


def anchor(number):
    """Return the id of the equation with this number."""
    return f"equation-{number.replace('.', '-')}"


def link_equations(app, document, page_name):
    """Link each mention of an equation to it, and warn of one that does not exist."""

    def address_of(match):
        chapter = f"{int(match['chapter']):02}_"
        page = next((name for name in sorted(app.env.found_docs) if name.startswith(chapter)), None)
        equations = app.env.get_doctree(page).findall(nodes.math_block) if page else []
        if match["number"] in map(number_of, equations):
            return f"{app.builder.get_relative_uri(page_name, page)}#{anchor(match['number'])}"
        logger.warning("there is no %s", match.group(), location=page_name)
        return None

    link_matches(document, MENTION, address_of, "equation")


def draw_page(app, document, page_name):
    """Put its HTML on each of a page's equations."""
    if app.builder.format != "html":
        return
    equations = [*document.findall(nodes.math), *document.findall(nodes.math_block)]
    if equations:
        pairs = [(TAG.sub("", node.astext()), isinstance(node, nodes.math_block)) for node in equations]
        drawn = render(pairs, "mathml" if app.builder.name == "epub" else "htmlAndMathml")
        for node, html in zip(equations, drawn, strict=True):
            node["katex"] = html


def visit_inline(translator, node):
    """Write an equation within a line."""
    translator.body.append(translator.starttag(node, "span", "", CLASS="math") + node["katex"] + "</span>")
    raise nodes.SkipNode


def visit_block(translator, node):
    """Write an equation on a line of its own, with its number, which is a link to it, where it has one."""
    number = number_of(node)
    # KaTeX lays a tag over an equation that is as wide as a phone.
    tag = f'<a class="equation-number" href="#{anchor(number)}">({number})</a>' if number else ""
    ids = {"ids": [anchor(number)]} if number else {}
    translator.body.append(translator.starttag(node, "div", CLASS="math", **ids))
    translator.body.append(f"{node['katex']}{tag}</div>")
    raise nodes.SkipNode


def copy_style(app, exception):
    """Copy KaTeX's style sheet and the one font format that every browser of today reads."""
    if exception or app.builder.name not in ("html", "singlehtml"):
        return
    target = Path(app.outdir) / "_static" / "katex"
    (target / "fonts").mkdir(parents=True, exist_ok=True)
    shutil.copy(KATEX / "katex.min.css", target)
    for font in (KATEX / "fonts").glob("*.woff2"):
        shutil.copy(font, target / "fonts")
