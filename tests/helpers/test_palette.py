"""The book's colours can be told apart and read, on both grounds and with every colour blindness."""

import matplotlib.colors
import numpy as np
import pytest

from helpers import palette


def linear(colour):
    """Return the light of a colour's red, green and blue (sRGB, IEC 61966-2-1)."""
    part = np.array(matplotlib.colors.to_rgb(colour))
    return np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)


def contrast(one, other):
    """Return the contrast ratio of WCAG 2.1 between two colours."""
    low, high = sorted(float(linear(colour) @ [0.2126, 0.7152, 0.0722]) for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


def test_contrast_formula_knows_its_ends():
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("ground", [palette.LIGHT["ground"], palette.DARK["ground"]])
@pytest.mark.parametrize(("name", "least"), [("weight", 3), ("answer", 3), ("muted", 4)])
def test_figure_colours_stand_out_on_both_grounds(ground, name, least):
    assert contrast(palette.FIGURE[name], ground) >= least


@pytest.mark.parametrize("page", [palette.LIGHT, palette.DARK], ids=["light", "dark"])
@pytest.mark.parametrize("behind", ["ground", "surface"])
def test_site_colours_can_be_read(page, behind):
    for name, least in {"text": 7, "muted": 4.5, "weight": 4.5, "answer": 4.5}.items():
        assert contrast(page[name], page[behind]) >= least


# Machado, Oliveira and Fernandes (2009): what each complete colour blindness makes of linear light.
COLOUR_BLINDNESS = {
    "none": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


def lab(light):
    """Return CIE L*a*b* of linear red, green and blue, where equal distances look alike."""
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    x, y, z = np.cbrt(np.clip(to_xyz @ light, 0, 1) / [0.9505, 1.0, 1.089])
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("kind", COLOUR_BLINDNESS)
@pytest.mark.parametrize(
    "colours", [palette.FIGURE, palette.LIGHT, palette.DARK], ids=["figure", "light", "dark"]
)
def test_weight_and_answer_differ_to_the_colour_blind(kind, colours):
    seen = [lab(COLOUR_BLINDNESS[kind] @ linear(colours[name])) for name in ("weight", "answer")]
    # 10 is told apart at a glance; neighbours on a good palette lie 20 and more apart.
    assert np.linalg.norm(seen[0] - seen[1]) > 40
