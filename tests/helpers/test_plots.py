"""Figures show the numbers they were given, say them in words, and can be read on any ground."""

import inspect
import io

import keras
import matplotlib.colors
import matplotlib.image
import matplotlib.pyplot
import matplotlib.text
import ml_dtypes
import numpy as np
import pytest

from helpers import diagram, palette, plots
from tests.helpers.drawn import SEEDS, WEIGHTS, has_colour, overlaps, words

# Eighths, which the smallest floats can hold.
EIGHTHS = np.array([[1, 4, 3], [3, 2, 3], [2, 5, 1]]) / 8


def model(words):
    inputs = keras.Input((3,))
    hidden = keras.layers.Dense(3, "softmax", name="attention")(inputs)
    return {
        words: keras.Model(inputs, keras.layers.Multiply()([inputs, hidden])),
        "b": keras.Model(inputs, hidden),
    }


# Every kind of picture, of a reader's words and of numbers as `of` makes them.
MAKERS = {
    "attention_bars": lambda words, of: plots.attention_bars({words: of(EIGHTHS), "b": of(EIGHTHS[::-1])}, 1),
    "attention_grid": lambda words, of: plots.attention_grid(
        {words: {words: of(EIGHTHS), "b": of(EIGHTHS[0])}, "c": {words: of(EIGHTHS[2]), "b": of(EIGHTHS[1])}}, 1
    ),
    "dots": lambda words, of: plots.dots(
        {"a": {words: of(EIGHTHS[0]), "c": of(EIGHTHS[1])}}, quantity="correlation", alt=f"{words}."
    ),
    "heatmap": lambda words, of: plots.heatmap(of(EIGHTHS), answers=[(0, 1), (2, 1)], row="row", column="step"),
    "layer_graph": lambda words, of: diagram.layer_graph(model(words)),
    "learning_curve": lambda words, of: plots.learning_curve({words: of(EIGHTHS[0]), "b": of(EIGHTHS[1])}),
    "losses_and_attention": lambda words, of: plots.losses_and_attention(
        {words: of(EIGHTHS[0]), "b": of(EIGHTHS[1])}, {words: of(EIGHTHS[2]), "b": of(EIGHTHS[1])}, 1
    ),
    "mechanism": lambda words, of: plots.mechanism(
        of(EIGHTHS[0]), of(EIGHTHS), query=of(EIGHTHS[1]), keys=of(EIGHTHS[::-1]), names=[words, "b", words]
    ),
    "power_laws": lambda words, of: plots.power_laws(
        {"a": {words: {1: 2.0, 4: 8.0}, "c": {1: 1.0, 4: 4e6}}}, size="steps"
    ),
    "query_key_heatmap": lambda words, of: plots.query_key_heatmap(
        {words: of(EIGHTHS), "b": of(EIGHTHS[::-1])}, [1, 0, 1]
    ),
    "sample_bars": lambda words, of: plots.sample_bars({words: of(EIGHTHS[0]), "b": of(-EIGHTHS[1])}, 1),
    "scaling": lambda words, of: plots.scaling({"samples": {1: 2.0, 3: 4.0}}, quantity="seconds"),
    "text_alignment": lambda words, of: plots.text_alignment(of(EIGHTHS), (words + "bc")[:3], "abc"),
    "token_weights": lambda words, of: plots.token_weights(
        [[words, "B", ""], ["a", words, words]], of(EIGHTHS[:2]), [1, 0]
    ),
    "weight_and_effect": lambda words, of: plots.weight_and_effect(
        {words: (of(EIGHTHS), of(EIGHTHS), 1), "b": (of(EIGHTHS), of(EIGHTHS[::-1]), 2)}, ablated=2
    ),
}  # fmt: skip
SENTENCES = {"keyword_verdict"}


def as_they_are(numbers):
    return numbers


@pytest.fixture(params=MAKERS)
def maker(request):
    return MAKERS[request.param]


@pytest.fixture
def make(maker):
    return lambda: maker("y = 1", as_they_are)


def test_every_public_picture_is_looked_at():
    public = {name for name in plots.__all__ if inspect.isfunction(getattr(plots, name))}
    assert MAKERS.keys() == public - SENTENCES | {"layer_graph"}


def test_every_plot_returns_a_figure_with_words(make):
    figure = make()
    assert isinstance(figure, plots.Figure)
    assert str(figure) == repr(figure) == figure.alt
    assert figure.alt.endswith(".")


def test_picture_is_a_transparent_png(make):
    png = make().png()
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    pixels = matplotlib.image.imread(io.BytesIO(png))
    assert pixels.shape[1] == int(plots.WIDTH * plots.DOTS_PER_INCH)
    for corner in (pixels[0, 0], pixels[0, -1], pixels[-1, 0], pixels[-1, -1]):
        assert corner[3] == 0
    # Around the cells and between the bars the ground is transparent too.
    assert (pixels[..., 3] == 0).mean() > 0.15
    assert (pixels[..., 3] == 1).any()


def test_second_run_gives_the_same_bytes(make):
    assert make().png() == make().png()


def test_no_figure_is_left_open(make):
    make().png()
    assert matplotlib.pyplot.get_fignums() == []


def test_notebook_gets_the_picture_and_the_words(make):
    figure = make()
    data, metadata = figure._repr_mimebundle_()
    assert data == {"image/png": figure.png(), "text/plain": figure.alt}
    found = {} if figure.found is None else {"found": figure.found}
    assert metadata == {"image/png": {"alt": figure.alt, "width": 538, **found}}


def test_nothing_is_drawn_in_a_colour_that_one_ground_swallows(make):
    figure = make()
    figure.draw_without_rendering()
    assert words(figure)
    allowed = set(palette.FIGURE.values())
    assert {matplotlib.colors.to_hex(text.get_color()) for text in words(figure)} <= allowed
    for axes in figure.axes:
        for spine in axes.spines.values():
            assert not (axes.axison and spine.get_visible()) or has_colour(spine.get_edgecolor(), "muted")


def test_words_are_legible_on_a_phone(make):
    figure = make()
    figure.draw_without_rendering()
    on_a_phone = 360 / (72 * plots.WIDTH)  # the figure's 72 points an inch on 360 pixels
    sizes = [text.get_size() for text in figure.findobj(matplotlib.text.Text) if text.get_text()]
    assert min(sizes) * on_a_phone > 9


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: plots.attention_bars("x", 0), TypeError, "panels must be an array of numbers"),
        (lambda: plots.attention_bars([[[1.0]]], 0), ValueError, r"panels must have 1 or 2 dimension\(s\)"),
        (lambda: plots.attention_bars([1.0, np.nan], 0), ValueError, "panels must be finite"),
        (lambda: plots.attention_bars({"a": [1.0], "b": [1.0, 2.0]}, 0), ValueError, r"panels .* \[1, 2\]"),
        (lambda: plots.attention_bars({}, 0), TypeError, "panels must be a dict"),
        (lambda: plots.attention_grid({"a": {"b": [1.0]}, "c": {}}, 0), TypeError, "rows must be a dict"),
        (lambda: plots.attention_grid({"a": {"b": [1.0]}}, 1), ValueError, "answer must be from 0 to 0"),
        (lambda: plots.attention_grid({}, 0), TypeError, "rows must be a dict"),
        (lambda: plots.weight_and_effect({}), TypeError, "rows must be a dict"),
        (
            lambda: plots.weight_and_effect({"a": ([0.5, 0.5], [1, 0], 2)}),
            ValueError,
            "answer must be from 0",
        ),
        (lambda: plots.weight_and_effect({"a": ([0.5, 0.5], [1], 0)}), ValueError, "equal numbers of values"),
        (
            lambda: plots.weight_and_effect({"a": ([1, 0], [1, 0], 0)}, ablated=-1),
            ValueError,
            "ablated must be from 0 to 1, got -1",
        ),
        (lambda: plots.dots([], quantity="q", alt="a"), TypeError, "panels must be a dict"),
        (
            lambda: plots.dots({"a": {"b": [1]}, "c": {}}, quantity="q", alt="a"),
            TypeError,
            "panels must be a dict",
        ),
        (lambda: plots.dots({"a": {"b": [2]}}, quantity="q", alt="a"), ValueError, "numbers from -1 to 1"),
        (lambda: plots.scaling({}, quantity="s"), TypeError, "panels must be a dict"),
        (
            lambda: plots.scaling({"n": {1: np.nan}}, quantity="s"),
            ValueError,
            r"panels\['n'\] must be finite",
        ),
        (lambda: plots.attention_bars(WEIGHTS, 4), ValueError, "answer must be from 0 to 3, got 4"),
        (lambda: plots.attention_bars(WEIGHTS, 1.0), TypeError, "answer must be an integer, got 1.0"),
        (lambda: plots.sample_bars(WEIGHTS, 0), TypeError, "panels must be a dict"),
        (lambda: plots.sample_bars({"a": SEEDS}, 0), ValueError, r"panels must have 1 dimension\(s\)"),
        (lambda: plots.sample_bars({"a": WEIGHTS}, -1), ValueError, "answer must be from 0 to 3, got -1"),
        (lambda: plots.attention_bars([], 0), ValueError, "panels must not be empty"),
        (lambda: plots.heatmap(WEIGHTS), ValueError, r"weights must have 2 dimension\(s\)"),
        (lambda: plots.heatmap([["a"]]), TypeError, "weights must be an array of numbers"),
        (lambda: plots.heatmap(SEEDS, answers=[(3, 0)]), ValueError, "answers must be from 0 to 2, got 3"),
        (lambda: plots.heatmap(SEEDS, answers=[(0, 3)]), ValueError, "answers must be from 0 to 2, got 3"),
        (lambda: plots.token_weights([], []), ValueError, "tokens must hold at least one row, got none"),
        (lambda: plots.token_weights("ab", [[1.0]]), TypeError, "tokens must be a list of rows, got str$"),
        (
            lambda: plots.token_weights([["a"], "b"], [[1.0], [1.0]]),
            TypeError,
            "tokens must be rows of strings, got str as row 1$",
        ),
        (
            lambda: plots.token_weights([["a"], ["b", 1, "c"]], [[1.0], [1.0, 0, 0]]),
            TypeError,
            "tokens must be rows of strings, got 1 in row 1$",
        ),
        (
            lambda: plots.token_weights([["a"]], "weights"),
            TypeError,
            "weights must hold one entry a row, got str$",
        ),
        (lambda: plots.token_weights([["a"]], []), ValueError, "tokens, weights and answers must have equal"),
        (lambda: plots.token_weights([["a"]], [[1.0, 0.0]]), ValueError, "weights must be one a token"),
        (lambda: plots.token_weights([["a"]], [[np.nan]]), ValueError, "weights must be finite"),
        (lambda: plots.token_weights([[]], [[]]), ValueError, "weights must not be empty"),
        (
            lambda: plots.token_weights([["a"]], [[1.0]], [1]),
            ValueError,
            "answers must be from 0 to 0, got 1",
        ),
        (
            lambda: plots.keyword_verdict(WEIGHTS, [0], [WEIGHTS]),
            ValueError,
            r"weights must have 2 dimension",
        ),
        (lambda: plots.keyword_verdict([WEIGHTS], [4], [WEIGHTS]), ValueError, "answers must be from 0 to 3"),
        (lambda: plots.keyword_verdict([WEIGHTS], [0.5], [WEIGHTS]), TypeError, "answers must be integers"),
        (lambda: plots.keyword_verdict([WEIGHTS], [0, 1], [WEIGHTS]), ValueError, "padding must fit, got"),
        (lambda: plots.keyword_verdict([WEIGHTS], [0], SEEDS), ValueError, "padding must fit, got"),
        (lambda: plots.learning_curve({}), TypeError, "history must be a dict"),
        (lambda: plots.learning_curve([1.0]), TypeError, "history must be a dict"),
        (lambda: plots.learning_curve({"loss": [np.nan]}), ValueError, r"history\['loss'\] must be finite"),
        (lambda: plots.learning_curve({"loss": 1.0}), ValueError, r"history\['loss'\] must have 1 dim"),
    ],
)
def test_bad_arguments_are_refused_by_name(call, error, message):
    with pytest.raises(error, match=message):
        call()


HOSTILE = [
    "from $5 to $10",
    "$$",
    "\\frac{$x^2$",
    "我喜欢这部电影",
    "한국어 영화",
    "العربية جميلة",
    "😀🤖",
    "a\tb\x1b",
    "a title that is much too long to stand beside a chart, as a name of a model may be in a hurry",
    "a" * 200,
]


@pytest.mark.filterwarnings("ignore:no font here has")
@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:16]))
def test_any_text_is_drawn_as_it_is_written(maker, text, recwarn):
    figure = maker(text, as_they_are)
    figure.png()
    assert not overlaps(figure)
    for artist in words(figure):
        assert not artist.get_parse_math()
        box = artist.get_window_extent()
        assert -1 <= box.x0 <= box.x1 <= figure.bbox.x1 + 1, artist.get_text()
    assert [str(warning.message) for warning in recwarn if "Glyph" in str(warning.message)] == []


def test_a_character_that_no_font_has_is_drawn_as_its_number():
    nowhere = "\U000f0000"  # of the private use area
    with pytest.warns(UserWarning, match=r"^no font here has U\+F0000: drawn as numbers$"):
        figure = plots.token_weights([[f"a{nowhere}", "日"]], [[0.5, 0.5]])
    figure.png()
    assert [text.get_text() for text in figure.axes[0].texts] == ["aU+F0000", "日"]
    assert nowhere in figure.alt


@pytest.mark.filterwarnings("ignore:no font here has")
def test_what_an_axis_counts_is_written_as_readably():
    for figure in (
        plots.heatmap(EIGHTHS, row="\U000f0000", column="$\U000f0000$"),
        plots.query_key_heatmap(EIGHTHS, [1, 0, 1], query="\U000f0000", key="$\U000f0000$"),
        plots.scaling({"$\U000f0000$": {1: 2.0, 3: 4.0}}, quantity="\U000f0000"),
    ):
        figure.png()
        assert {"U+F0000", "$U+F0000$"} <= {text.get_text() for text in words(figure)}


@pytest.mark.parametrize("dtype", ["float16", "float32", "bfloat16", "float8_e4m3fn"])
def test_numbers_of_any_precision_give_the_same_picture(maker, dtype):
    small = maker("a", lambda numbers: numbers.astype(getattr(ml_dtypes, dtype, dtype)))
    usual = maker("a", as_they_are)
    assert small.png() == usual.png()
    assert (small.alt, small.found, small.margin) == (usual.alt, usual.found, usual.margin)


def test_tensors_and_lists_give_the_same_picture(maker):
    usual = maker("a", as_they_are).png()
    assert maker("a", np.ndarray.tolist).png() == usual
    assert maker("a", lambda numbers: keras.ops.convert_to_tensor(numbers, "bfloat16")).png() == usual


def test_whole_numbers_and_booleans_are_numbers():
    attended = np.array([[True, False, False], [False, False, True]])
    for weights in (attended, attended.astype("uint8")):
        assert plots.heatmap(weights, answers=[(0, 0), (1, 2)]).found
        assert plots.query_key_heatmap(weights, [0, 2]).found
        assert plots.attention_bars(weights[1], 2).found
        assert plots.token_weights([["a", "b", "c"]], weights[1:], [2]).found


MANY = {
    "panels": lambda: plots.attention_bars({str(i): [0.5, 0.5] for i in range(300)}, 0),
    "rows": lambda: plots.attention_grid({str(i): {"a": [0.5, 0.5]} for i in range(300)}, 0),
    "tokens": lambda: plots.token_weights([["a", "b"]] * 300, [[0.5, 0.5]] * 300),
    "target": lambda: plots.text_alignment(np.ones((300, 2)), "ab", "a" * 300),
    "weights": lambda: plots.losses_and_attention(
        {str(i): [1.0] for i in range(300)}, {str(i): [1.0, 0] for i in range(300)}, 0
    ),
}


@pytest.mark.parametrize("name", MANY)
def test_too_many_rows_are_refused_by_the_name_of_what_holds_them(name):
    with pytest.raises(
        ValueError, match=rf"^{name} must fill at most \d+ rows of a picture, got 300: draw some"
    ):
        MANY[name]()


def test_too_long_a_source_is_refused_by_name():
    with pytest.raises(
        ValueError, match=r"^source must be shorter to be read in one picture, got 200 characters$"
    ):
        plots.text_alignment(np.ones((2, 200)), "m" * 200, "ab")


def test_hundreds_of_rows_and_single_columns_are_drawn():
    rows = np.arange(1.0, 301).reshape(300, 1)
    for figure in (
        plots.heatmap(rows / 300),
        plots.heatmap(rows.T / 300, answers=[(0, 299)]),
        plots.query_key_heatmap(rows / 300, np.zeros(300, int)),
        plots.attention_bars(rows[:, 0] / 300, 299),
        plots.attention_bars([[1.0]], 0),
        plots.token_weights([["a"]], [[1.0]], [0]),
        plots.text_alignment([[1.0]], "a", "b"),
    ):
        assert figure.png()
        assert not overlaps(figure)
