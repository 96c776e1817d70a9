"""Sphinx extension: a page is seen early, and nothing on it moves then.

The theme brings ten style sheets, nine tenths of them unused, and scripts that the page waits for. Here the sheets
become one, without the rules that no page can use; scripts wait for the page; pictures say their size beforehand; and
code has no marks for what looks as if it had none, which was nearly half of all that a chapter is made of.
"""

import base64
import hashlib
import json
import os
import re
import struct
import subprocess
from pathlib import Path

LABS = Path(__file__).parents[1] / "labs"
LINK = re.compile(
    r'[ \t]*<link\b(?=[^>]*\brel="stylesheet")[^>]*\bhref="([^"]*_static/)([^"?]+\.css)[^"]*"[^>]*>\n?'
)
# Pages without the theme load little.
THEME = "pydata-sphinx-theme.css"
JOINED = "site.css"
# The book's own are short, and PurgeCSS does not know all that is new in them.
OWN = re.compile(r"palette\.css|book\.css|labs/|katex/")
ADDRESS = re.compile(r"url\((?P<quote>[\"']?)(?!data:|https?:|/|#)(?P<path>[^)\"']+)(?P=quote)\)")
IMPORT = re.compile(r'@import "(?P<path>[^"]+)";')
SCRIPT = re.compile(r'<script(?![^>]*\b(?:defer|async|type)\b)(?P<rest>[^>]*\bsrc="(?P<source>[^"]+)")')
# What inline scripts of the theme speak of.
AT_ONCE = "documentation_options.js"
ARTICLE = re.compile(r"<article\b.*?</article>", re.DOTALL)
IMAGE = re.compile(r"<img\b[^>]*>")
CODE = re.compile(r"<pre\b.*?</pre>", re.DOTALL)
# Pygments' names, punctuation, blanks and modules: hardly another colour than the text around them, in both schemes.
PLAIN = ("n", "p", "w", "nn")
PLAIN_TOKEN = re.compile(rf'<span class="(?:{"|".join(PLAIN)})">([^<]*)</span>')
WIDTH = re.compile(r'\bwidth(?:="|: ?)(?P<pixels>\d+)')

# Of each rule a sheet keeps what may match: all words of the pages and their scripts are names that may be there.
PURGE = """
const { PurgeCSS } = require("purgecss");
const { transformSync } = require("esbuild");
const { content, sheets } = JSON.parse(require("fs").readFileSync(0, "utf8"));
const words = (text) => text.match(/[\\w-]+/g) ?? [];
const shorten = async ({ css, isOwn }) => {
  if (isOwn) return css;
  const options = { content: content.map((raw) => ({ raw, extension: "html" })), css: [{ raw: css }], defaultExtractor: words };
  return (await new PurgeCSS().purge(options))[0].css;
};
Promise.all(sheets.map(shorten)).then((kept) => {
  const { code } = transformSync(kept.join("\\n"), { loader: "css", minify: true, legalComments: "none" });
  process.stdout.write(code);
});
"""


def setup(app):
    """Register everything with Sphinx."""
    # Before the security policy, which is the last word on a page.
    app.connect("build-finished", hasten, priority=850)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def hasten(app, exception):
    """Join the style sheets of a finished site, and let its pages wait for no script and no picture."""
    if exception or app.builder.name != "html":
        return
    site = Path(app.outdir)
    written = {path: path.read_text() for path in sorted(site.glob("**/*.html"))}
    pages = {path: page for path, page in written.items() if THEME in page}
    sheets = sheets_of(pages.values())
    scripts = [path.read_text() for path in sorted((site / "_static").rglob("*.js"))]
    css = joined(site / "_static", sheets, [*pages.values(), *scripts])
    (site / "_static" / JOINED).write_text(css)
    version = hashlib.sha256(css.encode()).hexdigest()[:8]
    for path, page in pages.items():
        page = with_one_sheet(page, version)
        path.write_text(without_plain_marks(with_sizes(without_waiting(page), path.parent)))


def sheets_of(pages):
    """Return the names of all style sheets, in the order of the pages that load most of them."""
    lists = [[name for _, name in LINK.findall(page)] for page in pages]
    return list(dict.fromkeys(name for names in sorted(lists, key=len, reverse=True) for name in names))


def joined(static, names, content):
    """Return the style sheets of these names as one, without the rules that nothing in `content` can use."""
    sheets = [{"css": inlined(static / name, static), "isOwn": bool(OWN.search(name))} for name in names]
    task = json.dumps({"content": content, "sheets": sheets})
    command = ["node", "--input-type=commonjs", "--eval", PURGE]
    done = subprocess.run(command, cwd=LABS, input=task, capture_output=True, text=True)
    if done.returncode:
        raise ValueError(f"The style sheets cannot be joined: {done.stderr.strip()[-500:]}")
    return done.stdout


def inlined(sheet, static):
    """Return a style sheet with what it imports, and with addresses as they are from the folder `static`."""

    def moved(match):
        return f"url({os.path.relpath(sheet.parent / match['path'], static)})"

    css = ADDRESS.sub(moved, sheet.read_text())
    return IMPORT.sub(lambda match: inlined(sheet.parent / match["path"], static), css)


def with_one_sheet(page, version):
    """Return a page that loads the joined style sheet in the place of its first one.

    >>> with_one_sheet('<link rel="stylesheet" href="_static/a.css"><link href="_static/b.css" rel="stylesheet">', "1")
    '<link rel="stylesheet" href="_static/site.css?v=1">'
    """
    links = list(LINK.finditer(page))
    for link in reversed(links):
        one = f'<link rel="stylesheet" href="{link[1]}{JOINED}?v={version}">' if link is links[0] else ""
        page = page[: link.start()] + one + page[link.end() :]
    return page


def without_waiting(page):
    """Return a page whose scripts run, in their order, once all of it is there.

    >>> without_waiting('<script src="a.js"></script><script>b()</script><script type="module" src="c.js"></script>')
    '<script defer src="a.js"></script><script>b()</script><script type="module" src="c.js"></script>'
    """
    return SCRIPT.sub(
        lambda match: match[0] if AT_ONCE in match["source"] else f"<script defer{match['rest']}", page
    )


def without_plain_marks(page):
    """Return a page whose code marks only what has a colour of its own.

    >>> without_plain_marks('<pre><span class="n">x</span> <span class="o">=</span> <span class="mi">1</span></pre>')
    '<pre>x <span class="o">=</span> <span class="mi">1</span></pre>'
    """
    return CODE.sub(lambda code: PLAIN_TOKEN.sub(r"\1", code[0]), page)


def with_sizes(page, folder):
    """Return a page whose article's pictures say their size; those after the first load when they come near."""
    first = True

    def sized(match):
        nonlocal first
        image, later, first = match[0], not first, False
        if later and "loading=" not in image:
            image = image.replace("<img", '<img loading="lazy" decoding="async"', 1)
        size = size_of(image, folder)
        if size is None or " height=" in image:
            return image
        width = int(found["pixels"]) if (found := WIDTH.search(image)) else size[0]
        height = round(width * size[1] / size[0])
        image = re.sub(r'\swidth="\d+"', "", image)
        return image.replace("<img", f'<img width="{width}" height="{height}"', 1)

    return ARTICLE.sub(lambda article: IMAGE.sub(sized, article[0]), page)


def size_of(image, folder):
    """Return width and height in pixels of the PNG that an `<img>` shows; None where it shows something else."""
    source = re.search(r'\bsrc="([^"]+)"', image)
    if source is None:
        return None
    if source[1].startswith("data:image/png;base64,"):
        head = base64.b64decode(source[1].removeprefix("data:image/png;base64,")[:64])
    else:
        file = folder / source[1].split("?")[0]
        if file.suffix != ".png" or not file.is_file():
            return None
        with file.open("rb") as opened:
            head = opened.read(48)
    return struct.unpack(">II", head[16:24]) if head.startswith(b"\x89PNG") else None
