"""Sliders: what they offer, what the site is handed, and that the latest value always wins."""

import base64
import functools
import html.parser
import io
import json
import sys
import threading
import types

import ipywidgets
import matplotlib.figure
import matplotlib.image
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import plots
from helpers.live import WIDGET_VIEW, live

PATIENCE = 60  # seconds before a test that hangs is given up; none waits that long when all is well


def figure(alt="A result.", height=1):
    return plots.Figure(str(alt), height=height)


def all_kinds(column=1, rate=0.01, size=4, coding="0 and 1", signed=False):
    return figure(f"{column} {rate} {size} {coding} {signed}")


OFFERS = {
    "column": (0, 31),
    "rate": (0.001, 0.1, 0.001),
    "size": [2, 4, 8],
    "coding": ["0 and 1", "−1 and +1"],
    "signed": True,
}


def said(lab):
    """Return the caption as a reader sees it, what is folded left out."""
    return Page(lab.caption.value.split("<details>")[0]).text


class Page(html.parser.HTMLParser):
    """The elements of a piece of HTML, each with its attributes, and its text."""

    def __init__(self, source):
        super().__init__()
        self.elements, self.text = [], ""
        self.feed(source)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.text += data


def element_of(lab):
    page = Page(lab._repr_mimebundle_()["text/html"])
    return page, dict(page.elements)


def test_each_offer_makes_its_kind_of_slider():
    column, rate, size, coding, signed = live(all_kinds, lab="dense", **OFFERS).sliders.values()
    assert isinstance(column, ipywidgets.IntSlider)
    assert (column.min, column.max, column.step, column.value) == (0, 31, 1, 1)
    assert isinstance(rate, ipywidgets.FloatSlider)
    assert (rate.min, rate.max, rate.step, rate.value) == (0.001, 0.1, 0.001, 0.01)
    assert isinstance(size, ipywidgets.SelectionSlider)
    assert (list(size.options), size.value) == ([2, 4, 8], 4)
    assert isinstance(coding, ipywidgets.Dropdown)
    assert (list(coding.options), coding.value) == (["0 and 1", "−1 and +1"], "0 and 1")
    assert isinstance(signed, ipywidgets.Checkbox)
    assert signed.value is False


def test_float_slider_has_a_hundred_steps_unless_told():
    def function(rate=1.0, size=2):
        return figure()

    rate, size = live(function, lab="dense", rate=(0.0, 2.0), size=(0, 10, 2)).sliders.values()
    assert rate.step == pytest.approx(0.02)
    assert size.step == 2


def test_a_small_rate_can_be_read():
    lab = live(lambda rate=0.001, size=2: figure(), lab="dense", rate=(0.0001, 0.01), size=(0, 10))
    # d3's way to write a number, for which Python's format stands in here.
    assert format(0.0003, lab.sliders["rate"].readout_format) == "0.0003"
    assert lab.sliders["size"].readout_format == "d"


def test_labels_have_no_underscores():
    def function(attention_column=1):
        return figure()

    lab = live(function, lab="dense", attention_column=(0, 3))
    assert lab.sliders["attention_column"].description == "attention column"
    _, elements = element_of(lab)
    assert json.loads(elements["attention-lab"]["controls"])[0]["label"] == "attention column"


def test_sites_element_carries_the_same_sliders():
    _, elements = element_of(live(all_kinds, lab="dense", **OFFERS))
    assert elements["attention-lab"]["lab"] == "dense"
    assert json.loads(elements["attention-lab"]["controls"]) == [
        {"name": "column", "label": "column", "value": 1, "kind": "integer", "min": 0, "max": 31, "step": 1},
        {
            "name": "rate",
            "label": "rate",
            "value": 0.01,
            "kind": "number",
            "min": 0.001,
            "max": 0.1,
            "step": 0.001,
        },
        {"name": "size", "label": "size", "value": 4, "kind": "choice", "choices": [2, 4, 8]},
        {
            "name": "coding",
            "label": "coding",
            "value": "0 and 1",
            "kind": "choice",
            "choices": ["0 and 1", "−1 and +1"],
        },
        {"name": "signed", "label": "signed", "value": False, "kind": "switch"},
    ]


def test_element_holds_the_picture_and_its_words_without_scripts():
    lab = live(all_kinds, lab="dense", **OFFERS)
    page, elements = element_of(lab)
    assert [tag for tag, _ in page.elements] == ["attention-lab", "figure", "img", "figcaption"]
    assert elements["img"]["alt"] == "1 0.01 4 0 and 1 False"
    assert elements["img"]["src"].startswith("data:image/png;base64,iVBOR")
    assert page.text.startswith("1 0.01 4 0 and 1 False ")


def test_a_message_at_the_defaults_leaves_no_picture_in_the_element():
    page, _ = element_of(live(lambda text="five": "no <number>", lab="dates", text=str))
    assert [tag for tag, _ in page.elements] == ["attention-lab", "figure", "figcaption"]
    assert page.text.startswith("no <number> ")


def test_bundle_serves_kernel_site_and_text():
    lab = live(all_kinds, lab="dense", **OFFERS)
    bundle = lab._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html", WIDGET_VIEW}
    assert bundle["text/plain"] == repr(lab) == "1 0.01 4 0 and 1 False"
    view = bundle[WIDGET_VIEW]
    assert view == {"version_major": 2, "version_minor": 0, "model_id": lab.box.model_id}
    assert view["model_id"]


def test_box_holds_sliders_picture_and_caption():
    lab = live(all_kinds, lab="dense", **OFFERS)
    panel, picture, caption = lab.box.children
    assert list(panel.children) == list(lab.sliders.values())
    assert isinstance(picture, ipywidgets.Image)
    assert isinstance(caption, ipywidgets.HTML)


def test_colab_is_given_no_choice_but_the_widgets(monkeypatch):
    monkeypatch.setitem(sys.modules, "google.colab", types.ModuleType("google.colab"))
    bundle = live(all_kinds, lab="dense", **OFFERS)._repr_mimebundle_()
    assert set(bundle) == {"text/plain", WIDGET_VIEW}


def test_showing_it_trains_once_with_the_defaults():
    calls = []

    def function(column=1):
        calls.append(column)
        return figure()

    lab = live(function, lab="dense", column=(0, 3))
    assert calls == []
    assert repr(lab) == "live lab 'dense'"
    lab._repr_mimebundle_()
    lab._repr_mimebundle_()
    assert calls == [1]


def test_parameters_without_a_slider_keep_their_defaults():
    calls = []

    def function(column=1, epochs=7):
        calls.append((column, epochs))
        return figure()

    live(function, lab="dense", column=(0, 3)).sliders["column"].value = 2
    assert calls == [(2, 7)]


def test_a_function_may_collect_other_arguments():
    calls = []

    def function(column=1, *others, **more):
        calls.append((column, others, more))
        return figure()

    live(function, lab="dense", column=(0, 3)).sliders["column"].value = 2
    assert calls == [(2, (), {})]


def test_a_move_shows_the_new_figure():
    def function(column=1):
        return figure(f"Column {column}.", height=column)

    lab = live(function, lab="dense", column=(1, 4))
    lab.sliders["column"].value = 3
    assert lab.picture.value == figure(height=3).png()
    assert said(lab) == repr(lab) == "Column 3."


def test_plain_matplotlib_figure_will_do():
    def function(column=1):
        return matplotlib.figure.Figure(figsize=(2, 1), dpi=100)

    lab = live(function, lab="dense", column=(1, 4))
    bundle = lab._repr_mimebundle_()
    assert matplotlib.image.imread(io.BytesIO(lab.picture.value)).shape[:2] == (100, 200)
    assert bundle["text/plain"] == "live lab 'dense'"


def test_busy_sign_shows_while_it_trains():
    seen = []

    def function(column=1):
        seen.append(lab.caption.value)
        return figure("Done.")

    lab = live(function, lab="dense", column=(1, 4))
    lab.sliders["column"].value = 2
    assert seen == ["<em>training …</em>"]
    assert said(lab) == "Done."


HOSTILE = "\"><script>alert('x')</script>&amp;<b a=\""


def test_hostile_words_stay_words():
    def function(choice=HOSTILE):
        return figure(HOSTILE)

    lab = live(function, lab=HOSTILE, choice=[HOSTILE, "other"])
    page, elements = element_of(lab)
    assert [tag for tag, _ in page.elements] == ["attention-lab", "figure", "img", "figcaption"]
    assert elements["attention-lab"]["lab"] == HOSTILE
    assert json.loads(elements["attention-lab"]["controls"])[0]["choices"] == [HOSTILE, "other"]
    assert elements["img"]["alt"] == HOSTILE
    assert page.text.startswith(HOSTILE)
    caption = Page(lab.caption.value)
    assert (caption.elements, caption.text) == ([("span", {})], HOSTILE)


@given(st.text(min_size=1), st.text(min_size=1))
def test_any_words_reach_the_site_as_they_are(lab_name, choice):
    def function(choice=choice):
        return matplotlib.figure.Figure(figsize=(0.1, 0.1))

    _, elements = element_of(live(function, lab=lab_name, choice=[choice]))
    assert json.loads(elements["attention-lab"]["controls"])[0]["choices"] == [choice]
    # HTML itself reads a carriage return and a NUL as something else; no name has them.
    if not set(lab_name) & {"\r", "\0"}:
        assert elements["attention-lab"]["lab"] == lab_name


def in_thread(function):
    thread = threading.Thread(target=function, daemon=True)
    thread.start()
    return thread


def wait_for(thread):
    thread.join(PATIENCE)
    assert not thread.is_alive()


def busy_lab():
    """Return a lab that trains at value 1 on another thread until `go_on` is set, and what it saw."""
    seen, started, go_on = [], threading.Event(), threading.Event()

    def function(amount=0):
        seen.append(amount)
        if amount == 1:
            started.set()
            assert go_on.wait(PATIENCE)
        return figure(f"Amount {amount}.")

    lab = live(function, lab="dense", amount=(0, 2000))
    trainer = in_thread(lambda: setattr(lab.sliders["amount"], "value", 1))
    assert started.wait(PATIENCE)
    return lab, seen, go_on, trainer


def test_latest_value_wins_while_another_thread_trains():
    lab, seen, go_on, trainer = busy_lab()
    movers = []
    for amount in (2, 3, 4):
        # On threads of their own: a move that waited for the training would hang here, not below.
        movers.append(in_thread(lambda amount=amount: setattr(lab.sliders["amount"], "value", amount)))
        wait_for(movers[-1])
    assert seen == [1]
    go_on.set()
    wait_for(trainer)
    assert seen == [1, 4]
    assert said(lab) == "Amount 4."


def test_a_thousand_quick_values_end_at_the_last():
    lab, seen, go_on, trainer = busy_lab()
    wait_for(in_thread(lambda: [setattr(lab.sliders["amount"], "value", value) for value in range(2, 1002)]))
    go_on.set()
    wait_for(trainer)
    assert seen == [1, 1001]
    assert said(lab) == "Amount 1001."


def test_a_thousand_values_from_four_threads_end_at_the_last():
    def function(amount=0):
        return matplotlib.figure.Figure(figsize=(0.1, 0.1))

    shown = []
    lab = live(lambda amount=0: shown.append(amount) or function(amount), lab="dense", amount=(0, 2000))
    slider = lab.sliders["amount"]
    threads = [
        in_thread(lambda start=start: [setattr(slider, "value", start + step) for step in range(250)])
        for start in (1, 301, 601, 901)
    ]
    for thread in threads:
        wait_for(thread)
    assert shown[-1] == slider.value
    slider.value = 2000
    assert shown[-1] == 2000, "nobody holds the lock any more"


def test_value_that_comes_as_a_training_ends_is_not_lost(monkeypatch):
    class LettingOneIn:
        """A lock that lets another thread move the slider at the last moment before it opens."""

        def __init__(self):
            self.lock, self.movers = threading.Lock(), []

        def acquire(self, blocking):
            return self.lock.acquire(blocking=blocking)

        def release(self):
            if not self.movers:
                self.movers.append(in_thread(lambda: setattr(lab.sliders["amount"], "value", 2)))
                wait_for(self.movers[0])
            self.lock.release()

    monkeypatch.setattr("helpers.live.Lock", LettingOneIn)
    lab = live(lambda amount=0: figure(f"Amount {amount}."), lab="dense", amount=(0, 9))
    lab.sliders["amount"].value = 1
    assert said(lab) == "Amount 2."


def test_older_value_read_early_cannot_win():
    lab = live(lambda amount=0: figure(f"Amount {amount}."), lab="dense", amount=(0, 9))
    slider = lab.sliders["amount"]

    class Interrupted(dict):
        """Widgets whose values, once read, are outdated by another thread before they are used."""

        interrupted = False

        def items(self):
            values = [(name, types.SimpleNamespace(value=widget.value)) for name, widget in super().items()]
            if not self.interrupted:
                self.interrupted = True
                wait_for(in_thread(lambda: setattr(slider, "value", 2)))
            return values

    lab.sliders = Interrupted(lab.sliders)
    slider.value = 1
    assert slider.value == 2
    assert said(lab) == "Amount 2."


def test_a_function_that_moves_its_own_slider_trains_again_after():
    seen = []

    def function(amount=0):
        seen.append(amount)
        if amount == 1:
            lab.sliders["amount"].value = 5
            assert seen == [1]
        return figure(f"Amount {amount}.")

    lab = live(function, lab="dense", amount=(0, 9))
    # On a thread of its own, so that a lock that waits for itself fails here instead of hanging.
    wait_for(in_thread(lambda: setattr(lab.sliders["amount"], "value", 1)))
    assert seen == [1, 5]
    assert said(lab) == "Amount 5."


def test_yielded_figures_are_shown_as_they_come():
    pictures = []

    def function(epochs=1):
        for epoch in range(1, epochs + 1):
            yield figure(f"Epoch {epoch}.", height=epoch)
            pictures.append(lab.picture.value)

    lab = live(function, lab="dense", epochs=(1, 5))
    lab.sliders["epochs"].value = 3
    assert pictures == [figure(height=height).png() for height in (1, 2, 3)]
    assert said(lab) == "Epoch 3."


def test_training_stops_at_the_next_figure_when_a_new_value_waits():
    reached = []

    def function(amount=0):
        for epoch in range(5):
            reached.append((amount, epoch))
            if (amount, epoch) == (1, 2):
                wait_for(in_thread(lambda: setattr(lab.sliders["amount"], "value", 2)))
            yield figure(f"Amount {amount}.")

    lab = live(function, lab="dense", amount=(0, 9))
    lab.sliders["amount"].value = 1
    assert reached == [(1, 0), (1, 1), (1, 2)] + [(2, epoch) for epoch in range(5)]
    assert said(lab) == "Amount 2."


def failing(error, late):
    """Return a lab whose function raises at value 1, `late` after a first figure."""

    def at_once(amount=0):
        if amount == 1:
            raise error
        return figure(f"Amount {amount}.")

    def after_a_figure(amount=0):
        yield figure(f"Amount {amount}.")
        if amount == 1:
            raise error

    return live(after_a_figure if late else at_once, lab="dense", amount=(0, 9))


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ValueError("too <few> samples"), "ValueError: too <few> samples"),
        (KeyboardInterrupt(), "Interrupted. Move a slider to train again."),
    ],
)
def test_what_went_wrong_is_shown_and_the_next_value_works(error, words, late):
    lab = failing(error, late)
    lab.sliders["amount"].value = 1
    assert said(lab) == repr(lab) == words
    assert "<few>" not in lab.caption.value
    lab.sliders["amount"].value = 2
    assert said(lab) == repr(lab) == "Amount 2."


def test_failure_at_the_defaults_is_shown_too():
    def function(amount=0):
        raise RuntimeError("no")

    bundle = live(function, lab="dense", amount=(0, 9))._repr_mimebundle_()
    assert bundle["text/plain"] == "RuntimeError: no"
    assert "RuntimeError: no" in bundle["text/html"]


@pytest.mark.parametrize("result", [None, 3, [plots.Figure("In a list.", 1)]])
def test_function_must_return_a_figure_or_a_message(result):
    lab = live(lambda amount=0: result, lab="dense", amount=(0, 9))
    lab.sliders["amount"].value = 1
    assert said(lab) == f"TypeError: function must return a Figure or a str, got {type(result).__name__}"


def one(amount=5):
    return figure()


def none(amount):
    return figure()


def two(amount, epochs=3):
    return figure()


def of(default):
    return lambda amount=default: figure()


@pytest.mark.parametrize(
    ("function", "sliders", "error", "message"),
    [
        ("retrain", {"amount": (0, 9)}, TypeError, "function must be callable, got 'retrain'"),
        (one, {}, ValueError, "sliders must name at least one parameter of function"),
        (
            one,
            {"size": (0, 9)},
            ValueError,
            r"sliders must name parameters of function \(amount\), got 'size'",
        ),
        (none, {"amount": (0, 9)}, ValueError, "function must give 'amount' a default"),
        (
            two,
            {"epochs": (0, 9)},
            ValueError,
            "sliders must include 'amount': function has no default for it",
        ),
        (of(10), {"amount": (0, 9)}, ValueError, r"amount must have a default .*\(0, 9\) offers, got 10"),
        (of(-1), {"amount": (0, 9)}, ValueError, "amount must have a default .* got -1"),
        (
            of(4),
            {"amount": (0, 10, 3)},
            ValueError,
            r"amount must have a default .*\(0, 10, 3\) offers, got 4",
        ),
        (of(0.5), {"amount": (0, 9)}, ValueError, "amount must have a default .* got 0.5"),
        (of(True), {"amount": (0, 9)}, ValueError, "amount must have a default .* got True"),
        (of("5"), {"amount": (0, 9)}, ValueError, "amount must have a default .* got '5'"),
        (of(2.5), {"amount": (0.0, 2.0)}, ValueError, "amount must have a default .* got 2.5"),
        (of(float("nan")), {"amount": (0.0, 2.0)}, ValueError, "amount must have a default .* got nan"),
        (
            of("c"),
            {"amount": ["a", "b"]},
            ValueError,
            r"amount must have a default .*\['a', 'b'\] .* got 'c'",
        ),
        (of(1), {"amount": True}, ValueError, "amount must have a default .* True offers, got 1"),
        (one, {"amount": (9, 0)}, ValueError, r"amount must have low < high and a step .*\(9, 0\)"),
        (one, {"amount": (5, 5)}, ValueError, r"amount must have low < high"),
        (one, {"amount": (0, 9, 0)}, ValueError, "amount must have low < high and a step above 0"),
        (one, {"amount": (0, 9, -1)}, ValueError, "amount must have low < high and a step above 0"),
        (one, {"amount": (0, float("inf"))}, ValueError, "amount must have low < high"),
        (one, {"amount": (0, float("nan"))}, ValueError, "amount must have low < high"),
        (one, {"amount": (0,)}, TypeError, r"amount must be \(low, high\), .* got \(0,\)"),
        (one, {"amount": (0, 1, 2, 3)}, TypeError, r"amount must be \(low, high\)"),
        (one, {"amount": ("a", "b")}, TypeError, r"amount must be \(low, high\)"),
        (one, {"amount": (False, True)}, TypeError, r"amount must be \(low, high\)"),
        (one, {"amount": []}, TypeError, r"amount must be \(low, high\).* got \[\]"),
        (one, {"amount": [5, None]}, TypeError, r"amount must be \(low, high\)"),
        (one, {"amount": "ab"}, TypeError, r"amount must be \(low, high\).* got 'ab'"),
        (one, {"amount": 5}, TypeError, r"amount must be \(low, high\).* got 5"),
        (one, {"amount": None}, TypeError, r"amount must be \(low, high\).* got None"),
    ],
)
def test_bad_sliders_are_refused_by_name(function, sliders, error, message):
    with pytest.raises(error, match=message):
        live(function, lab="dense", **sliders)


@pytest.mark.parametrize("lab", ["", 3])
def test_lab_must_have_a_name(lab):
    with pytest.raises(TypeError, match="lab must be the name of a lab"):
        live(one, lab=lab, amount=(0, 9))


@given(st.integers(-100, 100), st.integers(-100, 100), st.integers(-100, 100))
def test_default_must_lie_in_its_range(low, high, default):
    if low < high and low <= default <= high:
        assert live(of(default), lab="dense", amount=(low, high)).sliders["amount"].value == default
    else:
        with pytest.raises(ValueError, match="amount must have"):
            live(of(default), lab="dense", amount=(low, high))


def test_a_message_takes_the_place_of_the_picture():
    lab = live(lambda text="5": figure() if text.isdigit() else "no number", lab=None, text=str)
    lab._repr_mimebundle_()
    assert lab.picture.value
    lab.sliders["text"].value = "five"
    assert said(lab) == repr(lab) == "no number"
    assert lab.picture.value == b""
    lab.sliders["text"].value = "5"
    assert bytes(lab.picture.value).startswith(b"\x89PNG")


def test_a_box_to_type_in_waits_for_the_whole_text():
    box = live(lambda text="5": figure(), lab=None, text=str).sliders["text"]
    assert isinstance(box, ipywidgets.Text)
    assert box.value == "5"
    assert not box.continuous_update
    with pytest.raises(ValueError, match="text must have a default that its slider"):
        live(lambda text=5: figure(), lab=None, text=str)


def test_without_a_twin_in_the_browser_the_site_gets_the_picture(monkeypatch):
    lab = live(lambda text="5": figure(), lab=None, text=str)
    bundle = lab._repr_mimebundle_()
    assert "text/html" not in bundle
    assert bundle["image/png"].startswith(b"\x89PNG")
    assert bundle["text/plain"] == figure().alt
    monkeypatch.setitem(sys.modules, "google.colab", object())
    assert "image/png" not in lab._repr_mimebundle_()


def handed(lab):
    """What the lab's element hands over, as the browser decodes it."""
    _, elements = element_of(lab)
    return json.loads(elements["attention-lab"]["given"])


def test_a_model_is_handed_to_the_lab_in_half_precision():
    arrays = [np.array([[1.5, -2.0, 6e-8]]), np.float32([0.1])]
    lab = live(lambda text="5": figure(), lab="dates", given={"letters": HOSTILE, "model": arrays}, text=str)
    given = handed(lab)
    assert given["letters"] == HOSTILE
    for written, array in zip(given["model"], arrays, strict=True):
        values = np.frombuffer(base64.b64decode(written["float16"]), "<f2").reshape(written["shape"])
        np.testing.assert_array_equal(values, array.astype("float16"))


def test_nothing_is_handed_over_where_there_is_nothing():
    _, elements = element_of(live(lambda text="5": figure(), lab="dates", text=str))
    assert "given" not in elements["attention-lab"]


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ([1], TypeError, r"given must be a dict, got \[1\]"),
        ({"model": 5}, TypeError, "given must hold texts and lists of arrays, got 5 as 'model'"),
        ({"model": [["a"]]}, TypeError, r"given\['model'\] must be an array of numbers"),
        ({"model": [[np.nan]]}, ValueError, r"given\['model'\]"),
        ({"model": [[1e6]]}, ValueError, r"given\['model'\] must hold numbers up to 65504"),
    ],
)
def test_what_cannot_be_handed_over_is_named(given, error, message):
    with pytest.raises(error, match=message):
        live(lambda text="5": figure(), lab="dates", given=given, text=str)


@pytest.mark.parametrize(
    ("found", "margin", "attributes"),
    [
        (True, 0.427, {"data-found": "true", "data-margin": "0.43"}),
        (False, -0.05, {"data-found": "false", "data-margin": "-0.05"}),
        (None, None, {}),
    ],
)
def test_element_and_caption_say_whether_the_answer_was_found(found, margin, attributes):
    def function(amount=0):
        return plots.Figure("The words do not matter: not found, found.", 1, found=found, margin=margin)

    lab = live(function, lab="dense", amount=(0, 9))
    element = element_of(lab)[1]["attention-lab"]
    assert {name: value for name, value in element.items() if name.startswith("data-")} == attributes
    assert Page(lab.caption.value).elements == [("span", attributes)]


def test_the_last_figure_of_several_says_whether_the_answer_was_found():
    def function(amount=0):
        for margin in (0.2, 0.8):
            yield plots.Figure("Words.", 1, found=margin > 0.5, margin=margin)

    _, elements = element_of(live(function, lab="dense", amount=(0, 9)))
    assert elements["attention-lab"]["data-found"] == "true"
    assert elements["attention-lab"]["data-margin"] == "0.80"


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt()])
def test_a_message_or_a_failure_has_found_nothing(error):
    def function(amount=0):
        yield plots.Figure("Words.", 1, found=True, margin=0.9)
        raise error

    for lab in (
        live(lambda amount=0: "no date: found", lab="dates", amount=(0, 9)),
        live(function, lab="dense", amount=(0, 9)),
    ):
        _, elements = element_of(lab)
        assert elements["attention-lab"]["data-found"] == "false"
        assert "data-margin" not in elements["attention-lab"]


def test_constants_travel_in_the_element_as_json():
    constants = {
        "samples": np.int64(512),
        "rate": np.float32(0.5),
        "steps": [1, 2],
        "name": HOSTILE,
        "mask": True,
    }
    _, elements = element_of(live(of(5), lab="dense", constants=constants, amount=(0, 9)))
    assert json.loads(elements["attention-lab"]["constants"]) == {
        "samples": 512,
        "rate": 0.5,
        "steps": [1, 2],
        "name": HOSTILE,
        "mask": True,
    }
    _, elements = element_of(live(of(5), lab="dense", amount=(0, 9)))
    assert "constants" not in elements["attention-lab"]


@pytest.mark.parametrize(
    ("constants", "error", "message"),
    [
        ([1], TypeError, r"constants must be a dict, got \[1\]"),
        (
            {"a": None},
            TypeError,
            "constants must be numbers, texts, True or False, or lists of these, got None as 'a'",
        ),
        ({"a": [1, {}]}, TypeError, "got {} as 'a'"),
        ({"a": float("nan")}, ValueError, "constants must be finite, got nan as 'a'"),
    ],
)
def test_constants_that_json_cannot_hold_are_named(constants, error, message):
    with pytest.raises(error, match=message):
        live(of(5), lab="dense", constants=constants, amount=(0, 9))


def scaled(factor, amount=1):
    return figure(f"Scaled {factor * amount}.")


class Experiment:
    """A reader's own class."""

    def retrain(self, amount=1):
        return figure(f"Amount {amount}.")

    def __call__(self, amount=1):
        return figure(f"Called with {amount}.")


@pytest.mark.parametrize(
    ("function", "name", "words"),
    [
        (functools.partial(scaled, 10), "scaled", "Scaled 20."),
        (functools.partial(scaled, factor=3, amount=1), "scaled", "Scaled 6."),
        (Experiment().retrain, "retrain", "Amount 2."),
        (Experiment(), "Experiment", "Called with 2."),
        (lambda amount=1: figure(f"Amount {amount}."), "lambda", "Amount 2."),
    ],
)
def test_whatever_can_be_called_gets_sliders(function, name, words):
    lab = live(function, lab=None, amount=(0, 9))
    assert repr(lab) == f"live lab {name!r}"
    lab.sliders["amount"].value = 2
    assert said(lab) == repr(lab) == words


def test_a_function_without_a_signature_is_named():
    with pytest.raises(TypeError, match="function must have parameters that can be read, got <class 'type'>"):
        live(type, lab=None, amount=(0, 9))


@pytest.mark.parametrize(
    ("offer", "default", "choices"),
    [
        ([np.int64(2), np.int64(4)], np.int64(4), [2, 4]),
        (np.array([2, 4]), 4, [2, 4]),
        (np.float32([0.5, 0.25]), np.float32(0.25), [0.5, 0.25]),
        (list(np.array(["a", "b"])), np.str_("b"), ["a", "b"]),
    ],
)
def test_numpy_choices_are_choices(offer, default, choices):
    seen = []
    lab = live(lambda amount=default: seen.append(amount) or figure(), lab="dense", amount=offer)
    _, elements = element_of(lab)
    control = json.loads(elements["attention-lab"]["controls"])[0]
    assert control["choices"] == list(lab.sliders["amount"].options) == choices
    lab.sliders["amount"].value = choices[0]
    assert seen == [default, choices[0]]
    assert type(seen[-1]) is type(choices[0])


def test_numpy_ranges_and_switches_are_ranges_and_switches():
    ends = (np.int64(1), np.int32(9), np.int64(2))
    three, half = np.int64(3), np.float64(0.5)
    lab = live(
        lambda size=three, rate=half, mask=np.True_: figure(),
        lab="dense",
        size=ends,
        rate=(np.float32(0), np.float32(1)),
        mask=np.True_,
    )
    size, rate, mask = lab.sliders.values()
    assert isinstance(size, ipywidgets.IntSlider)
    assert (size.min, size.max, size.step, size.value) == (1, 9, 2, 3)
    assert isinstance(rate, ipywidgets.FloatSlider)
    assert isinstance(mask, ipywidgets.Checkbox)
    element_of(lab)  # JSON knows no NumPy


@pytest.fixture
def pyplot():
    import matplotlib.pyplot as pyplot

    pyplot.close("all")
    yield pyplot
    pyplot.close("all")


def test_a_pyplot_figure_is_shown_once_and_closed(pyplot):
    def function(amount=1):
        drawn, axes = pyplot.subplots(figsize=(amount, 1), dpi=100)
        axes.plot([1, 2])
        return drawn

    lab = live(function, lab=None, amount=(1, 9))
    for amount in (2, 3):
        lab.sliders["amount"].value = amount
        assert matplotlib.image.imread(io.BytesIO(lab.picture.value)).shape[:2] == (100, 100 * amount)
        assert pyplot.get_fignums() == []


def test_pyplot_figures_are_closed_however_the_function_ends(pyplot):
    def function(ending="yields"):
        drawn, axes = pyplot.subplots(figsize=(1, 1), dpi=100)
        if ending == "raises":
            raise ValueError("no")
        yield drawn
        assert pyplot.fignum_exists(drawn.number), "it may go on drawing on it"
        axes.plot([1, 2])
        yield drawn

    lab = live(function, lab=None, ending=["yields", "raises"])
    for ending in ("raises", "yields"):
        lab.sliders["ending"].value = ending
        assert pyplot.get_fignums() == []
    assert lab.picture.value


def test_a_figure_that_was_open_before_stays_open(pyplot):
    other = pyplot.figure()
    lab = live(lambda amount=1: pyplot.figure(figsize=(1, 1)), lab=None, amount=(1, 9))
    lab.sliders["amount"].value = 2
    assert pyplot.get_fignums() == [other.number]


def deeper(amount):
    raise ValueError("too <few> samples")


def test_an_exception_says_where_it_came_from_and_the_rest_on_demand():
    lab = live(lambda amount=1: deeper(amount), lab="dense", amount=(0, 9))
    lab.sliders["amount"].value = 2
    page = Page(lab.caption.value)
    assert page.elements[0] == ("span", {"data-found": "false"})
    assert [tag for tag, _ in page.elements] == ["span", "details", "summary", "pre"]
    words, where = page.text.split(" in deeper: ")[0].rsplit("line", 1)
    assert words == "ValueError: too <few> samples"
    assert where.strip().isdecimal()
    assert ' in deeper: raise ValueError("too <few> samples")' in page.text
    assert page.text.index("deeper(amount)") < page.text.rindex("ValueError: too <few> samples")
    assert "helpers/live.py" not in page.text, "our own call is no news to the reader"
    # What is saved goes to other machines: it has no path in it.
    bundle = lab._repr_mimebundle_()
    assert "test_live" not in bundle["text/html"] + bundle["text/plain"]


def test_an_exception_within_a_library_points_to_the_readers_own_line():
    lab = live(lambda amount=1: np.ones((2, 2)).reshape(amount), lab="dense", amount=(0, 9))
    lab.sliders["amount"].value = 3
    summary = lab.caption.value.split("<summary>")[1].split("</summary>")[0]
    assert "np.ones((2, 2)).reshape(amount)" in html.unescape(summary)
    lab = live(lambda amount=1: np.linalg.inv(np.zeros((amount, amount))), lab="dense", amount=(0, 9))
    lab.sliders["amount"].value = 3
    summary, rest = html.unescape(lab.caption.value.split("<summary>")[1]).split("</summary>")
    assert "np.linalg.inv(np.zeros((amount, amount)))" in summary
    assert "LinAlgError: Singular matrix" in rest
