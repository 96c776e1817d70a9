"""Sphinx extension: links each "Vaswani and others (2017)" or "Kingma and Ba, 2015" to the list of references.

An entry's key in `references.bib` is the first author's name and the year.
"""

import re
import unicodedata
from pathlib import Path

from sphinx.util import logging

from web.running_text import link_matches

REFERENCES = "references"
AUTHORS = r"(?P<author>[A-Z][^\W\d_]+)(?: and \w+)?"
CITATION = re.compile(AUTHORS + r"(?:, (?P<year>\d{4})\b| \((?P<year_apart>\d{4})\))")
KEY = re.compile(r"(?m)^@\w+\{(\w+),")

logger = logging.getLogger(__name__)


def setup(app):
    """Register the links with Sphinx; each entry of the list gets its key as its id."""
    app.setup_extension("sphinxcontrib.bibtex")
    app.config.bibtex_cite_id = "cite-{key}"
    app.connect("doctree-resolved", link_citations)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def keys(source):
    """Return the keys of all entries of `references.bib`."""
    return set(KEY.findall((Path(source) / "references.bib").read_text()))


def key_of(match):
    """Return the key that a citation asks for, as (author, year).

    >>> key_of(CITATION.search("as Jain and Wallace (2019) say"))
    ('jain', '2019')
    """
    author = unicodedata.normalize("NFD", match["author"]).encode("ascii", "ignore").decode()
    return author.lower(), match["year"] or match["year_apart"]


def link_citations(app, doctree, page):
    """Link the citations in a page's running text; warn of a known author with a year that is not there."""
    if page == REFERENCES or REFERENCES not in app.env.found_docs:
        return
    known = keys(app.srcdir)
    authors = {key.rstrip("0123456789") for key in known}
    address = app.builder.get_relative_uri(page, REFERENCES)

    def address_of(match):
        author, year = key_of(match)
        if f"{author}{year}" in known:
            return f"{address}#cite-{author}{year}"
        if author in authors:
            logger.warning("%s is not in references.bib", match.group(), location=page)
        return None

    link_matches(doctree, CITATION, address_of, "citation")
