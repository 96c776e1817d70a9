"""What the extensions that link words share: finding running text, and putting links into it.

The chapters stay plain Markdown this way, which reads well in a notebook too.
"""

from docutils import nodes


def running_texts(doctree):
    """Return the texts that stand in a paragraph or a list, in bold or italics perhaps, but in no code and no link."""
    return [text for text in doctree.findall(nodes.Text) if _runs(text)]


def _runs(text):
    parent = text.parent
    while isinstance(parent, (nodes.strong, nodes.emphasis)):
        parent = parent.parent
    return isinstance(parent, nodes.paragraph)


def link(words, address, kind):
    """Return a link within the book, of a CSS class `kind`."""
    return nodes.reference("", words, internal=True, refuri=address, classes=[kind])


def link_matches(doctree, pattern, address_of, kind):
    """Link what a pattern finds in running text.

    Args:
        doctree: a page, which is changed.
        pattern: a compiled regular expression.
        address_of: called with a match; returns where it leads, or None to leave it as it is.
        kind: a CSS class for the links.
    """
    for text in running_texts(doctree):
        words, parts, end = text.astext(), [], 0
        for match in pattern.finditer(words):
            if address := address_of(match):
                parts += [nodes.Text(words[end : match.start()]), link(match.group(), address, kind)]
                end = match.end()
        if parts:
            text.parent.replace(text, [*parts, nodes.Text(words[end:])])
