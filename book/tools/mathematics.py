"""Sphinx extension: mathematics drawn by KaTeX while the site is built, so that no page runs a script for it.

`sphinxcontrib-katex` does this through a server of its own, which at times is asked before it
listens; one call of node for each page has no such moment.
"""

import json
import shutil
import subprocess
from pathlib import Path

from docutils import nodes
from sphinx.util.math import get_node_equation_number

LABS = Path(__file__).parents[2] / "labs"
KATEX = LABS / "node_modules" / "katex" / "dist"

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


def draw_page(app, document, page_name):
    """Put its HTML on each of a page's equations."""
    if app.builder.format != "html":
        return
    equations = [*document.findall(nodes.math), *document.findall(nodes.math_block)]
    if equations:
        pairs = [(node.astext(), isinstance(node, nodes.math_block)) for node in equations]
        drawn = render(pairs, "mathml" if app.builder.name == "epub" else "htmlAndMathml")
        for node, html in zip(equations, drawn, strict=True):
            node["katex"] = html


def visit_inline(translator, node):
    """Write an equation within a line."""
    translator.body.append(translator.starttag(node, "span", "", CLASS="math") + node["katex"] + "</span>")
    raise nodes.SkipNode


def visit_block(translator, node):
    """Write an equation on a line of its own, with its number where it has one."""
    translator.body.append(translator.starttag(node, "div", CLASS="math"))
    if node["number"]:
        translator.body.append(f'<span class="eqno">({get_node_equation_number(translator, node)})')
        translator.add_permalink_ref(node, "Link to this equation")
        translator.body.append("</span>")
    translator.body.append(node["katex"] + "</div>")
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
