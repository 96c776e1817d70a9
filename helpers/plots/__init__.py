"""Figures that say in words what they show.

Every function returns a `Figure`. Its `alt` is the result as a sentence: the text for readers who
cannot see the picture, the verdict under a live lab, and what a test compares with a fresh run. Its
`found` is the result as a fact, by the rule in `found.py`.
"""

from helpers.plots.bars import attention_bars, attention_grid, sample_bars, weight_and_effect
from helpers.plots.figure import WIDTH, Figure
from helpers.plots.found import Verdict
from helpers.plots.heatmaps import heatmap, query_key_heatmap, text_alignment
from helpers.plots.letters import DOTS_PER_INCH, FONT_SIZE
from helpers.plots.measurements import dots, power_laws, scaling
from helpers.plots.mechanism import mechanism
from helpers.plots.tokens import keyword_verdict, token_weights
from helpers.plots.trainings import learning_curve, losses_and_attention

__all__ = [
    "DOTS_PER_INCH",
    "FONT_SIZE",
    "WIDTH",
    "Figure",
    "Verdict",
    "attention_bars",
    "attention_grid",
    "dots",
    "heatmap",
    "keyword_verdict",
    "learning_curve",
    "losses_and_attention",
    "mechanism",
    "power_laws",
    "query_key_heatmap",
    "sample_bars",
    "scaling",
    "text_alignment",
    "token_weights",
    "weight_and_effect",
]
