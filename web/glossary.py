"""Sphinx extension: links the first use of each glossary term on a page to its entry."""

import re

from docutils import nodes

from web.running_text import link, running_texts

GLOSSARY = "glossary"
ENTRY_LEVEL = 3  # "### term"


def setup(app):
    """Register the links with Sphinx."""
    app.connect("doctree-resolved", link_first_uses)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def link_first_uses(app, doctree, page):
    """Link each term where the page first uses it in running text."""
    if page == GLOSSARY or GLOSSARY not in app.env.found_docs:
        return
    address = app.builder.get_relative_uri(page, GLOSSARY)
    waiting = entries(app.env.get_doctree(GLOSSARY))
    for text in running_texts(doctree):
        parts, waiting = linked(text.astext(), waiting, address)
        if len(parts) > 1:
            text.parent.replace(text, parts)


def entries(glossary):
    """Return the glossary's terms as a dict from entry id to the pattern that finds the term."""
    found = {}
    for section in glossary.findall(nodes.section):
        if _level(section) == ENTRY_LEVEL:
            found[section["ids"][0]] = pattern(section.next_node(nodes.title).astext())
    return found


def _level(section):
    level = 0
    while section is not None:
        level += isinstance(section, nodes.section)
        section = section.parent
    return level


def pattern(term):
    """Return a pattern for a term in singular or plural, as a whole word.

    >>> bool(pattern("query").search("Two queries.")), bool(pattern("weights").search("its weight"))
    (True, True)
    >>> pattern("mask").search("unmasked")
    """
    stem = re.escape(term.removesuffix("s") if not term.endswith("ss") else term)
    ending = "(?:y|ies)" if stem.endswith("y") else "(?:e?s)?"
    return re.compile(rf"(?<![\w-]){stem.removesuffix('y')}{ending}(?![\w-])", re.IGNORECASE)


def linked(text, waiting, address):
    """Split a text at the first uses of the terms that wait for one.

    Returns:
        The nodes that make up the text, and the terms that still wait.
    """
    uses = [(match, key) for key, term in waiting.items() if (match := term.search(text))]
    if not uses:
        return [nodes.Text(text)], waiting
    # The earliest; of two that begin together the longer: "attention column" before "attention".
    match, key = min(uses, key=lambda use: (use[0].start(), -use[0].end()))
    waiting = {other: term for other, term in waiting.items() if other != key}
    use = link(match.group(), f"{address}#{key}", "glossary-term")
    rest, waiting = linked(text[match.end() :], waiting, address)
    return [nodes.Text(text[: match.start()]), use, *rest], waiting
