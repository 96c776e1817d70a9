"""Sphinx extension: links in a chapter's text that set its lab, `[after the LSTM](#recurrent?place=after)`.

The settings follow the lab's name as in the address of the page. Where no lab runs, the words stay without the link.
"""

import re

from docutils import nodes
from docutils.transforms import Transform

SETTINGS = re.compile(r"#\w+\?")
KIND = "lab-link"


def setup(app):
    """Register everything with Sphinx."""
    app.add_transform(KeepLabLinks)
    app.connect("doctree-resolved", unlink_where_no_lab_runs)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


class KeepLabLinks(Transform):
    """Keep MyST, whose own transform comes after this one, from looking for a section of such a name."""

    default_priority = 870

    def apply(self):
        """Mark the links to labs."""
        for link in self.document.findall(nodes.reference):
            if SETTINGS.match(link.get("refuri", "")):
                del link["id_link"]
                link["classes"].append(KIND)


def unlink_where_no_lab_runs(app, doctree, page_name):
    """On paper and on e-readers, put the words in the link's place."""
    if app.builder.name == "html":
        return
    for link in list(doctree.findall(nodes.reference)):
        if KIND in link["classes"]:
            link.parent.replace(link, link.children)
