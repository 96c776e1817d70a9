"""Sliders over a function that returns a figure: retraining under the reader's finger.

A running kernel shows ipywidgets; the book's site shows an `<attention-lab>` element, which trains
the same model in the reader's browser. Both take their sliders from the one call to `live`.
"""

import base64
import html
import inspect
import io
import json
import sys
import traceback
from threading import Event, Lock

import ipywidgets
import matplotlib.figure

from helpers import checks, controls

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def live(function, *, lab=None, given=None, constants=None, suggestions=None, **sliders):
    """Put sliders over `function`; every move calls it and shows the figure it returns.

    Args:
        function: called with one keyword argument a slider. It returns a Figure, or yields several
            of them as training goes on; a new slider value then stops it at the next one. Any figure
            of Matplotlib's will do; those of `pyplot` are closed. Where there is nothing to draw it
            returns a message, a str.
        lab: the name of the lab that does the same in the browser, such as "dense"; None where
            the browser has none, so that the site shows the picture.
        given: what that lab is handed where it cannot train its model itself: a dict of texts, and
            of lists of float arrays, such as a model's weights, which travel in half precision.
        constants: what function and lab have in common beside the sliders, such as how many samples
            they train on: a dict of numbers, texts, True or False, or lists of these.
        suggestions: what a reader may try, each one press away: a dict from a few words to the settings
            that they make, {slider: value}. A slider that is not named goes to its default.
        **sliders: for a parameter of `function`, what its slider offers. `(low, high)` or
            `(low, high, step)` of integers or floats; a list of numbers or strings to choose from;
            True or False for a switch; `str` for a box to type in. NumPy's numbers and arrays will
            do. The slider starts at the parameter's default.

    Returns:
        A Live, which a notebook displays. The latest value wins, whichever thread brings it; an
        exception in `function` is shown, and the next value works again.

    Raises:
        TypeError: `function` cannot be called, or a slider, `given`, `constants` or `suggestions` is of
            none of these forms.
        ValueError: a number of `given` is too large for half precision, one of `constants` is not
            finite; `function` has no parameter of a slider's name, or the parameter has no default, or
            one that the slider does not offer: outside its range, or an integer off its steps; a
            suggestion sets no slider, or one to what it does not offer.
    """
    if not callable(function):
        raise TypeError(f"function must be callable, got {function!r}")
    if lab is not None and (not isinstance(lab, str) or not lab):
        raise TypeError(f"lab must be the name of a lab, or None, got {lab!r}")
    for name, value in {"given": given, "constants": constants, "suggestions": suggestions}.items():
        if value is not None and not isinstance(value, dict):
            raise TypeError(f"{name} must be a dict, got {value!r}")
    handed = {
        "given": {name: controls.handed(name, value) for name, value in (given or {}).items()},
        "constants": {name: controls.constant(name, value) for name, value in (constants or {}).items()},
    }
    try:
        parameters = inspect.signature(function).parameters
    except ValueError as error:
        raise TypeError(f"function must have parameters that can be read, got {function!r}") from error
    offered = [controls.read(name, offer, parameters) for name, offer in sliders.items()]
    if not offered:
        raise ValueError("sliders must name at least one parameter of function, got none")
    for name, parameter in parameters.items():
        collects = parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        if name not in sliders and parameter.default is parameter.empty and not collects:
            raise ValueError(f"sliders must include {name!r}: function has no default for it")
    by_name = {control["name"]: control for control in offered}
    handed["suggestions"] = [
        {"text": text, "settings": controls.suggestion(text, settings, by_name)}
        for text, settings in (suggestions or {}).items()
    ]
    return Live(function, lab, handed, offered)


class Live:
    """Sliders over a function and what it showed last, as one output: `live` makes it.

    Attributes:
        sliders: a dict from a parameter's name to its widget; its `value` may be read and set.
        picture: the widget with the picture; its `value` is empty where there is none.
        caption: the widget with the words below.
        box: the widget that holds all of them.
    """

    def __init__(self, function, lab, handed, offered):
        self._function = function
        self._lab = lab
        self._handed = handed
        self._controls = offered
        self._said, self._found, self._margin = "", None, None
        self._waiting = Event()
        self._training = Lock()
        self._moves_several = False
        self.sliders = {control["name"]: controls.widget(control) for control in offered}
        self.picture = ipywidgets.Image(format="png", layout={"width": "100%", "max_width": "538px"})
        self.caption = ipywidgets.HTML()
        for widget in self.sliders.values():
            widget.observe(self._changed, "value")
        panel = ipywidgets.HBox(list(self.sliders.values()), layout={"flex_flow": "row wrap"})
        tries = [
            controls.button(each["text"], self._trying(each["settings"])) for each in handed["suggestions"]
        ]
        row = ipywidgets.HBox(tries, layout={"flex_flow": "row wrap"})
        self.box = ipywidgets.VBox([panel, self.picture, self.caption, *([row] if tries else [])])

    def __repr__(self):
        return self._said or f"live lab {self._lab or checks.name_of(self._function)!r}"

    def _repr_mimebundle_(self, include=None, exclude=None):
        if not self.picture.value and not self._said:
            self._changed()
        bundle = {
            "text/plain": repr(self),
            WIDGET_VIEW: {"version_major": 2, "version_minor": 0, "model_id": self.box.model_id},
        }
        # Colab does not say which of the two it prefers, so there it gets no choice.
        if "google.colab" not in sys.modules:
            if self._lab:
                bundle["text/html"] = self._element()
            elif self.picture.value:
                bundle["image/png"] = bytes(self.picture.value)
        return bundle

    def _trying(self, settings):
        def move(button):
            self._moves_several = True
            try:
                for control in self._controls:
                    name = control["name"]
                    self.sliders[name].value = settings.get(name, control["value"])
            finally:
                self._moves_several = False
            self._changed()

        return move

    def _changed(self, change=None):
        if self._moves_several:  # one training for all of them
            return
        # Some kernels call back on another thread while the first call still trains: whoever
        # trains takes up what the others leave behind, and looks again after letting go. Values are
        # read only then, so that an older one, read early, cannot come in late and win.
        self._waiting.set()
        while self._waiting.is_set() and self._training.acquire(blocking=False):
            try:
                while self._waiting.is_set():
                    self._waiting.clear()
                    self._train({name: widget.value for name, widget in self.sliders.items()})
            finally:
                self._training.release()

    def _train(self, values):
        self.caption.value = "<em>training …</em>"
        before, details = _pyplot_figures(), ""
        try:
            figures = self._function(**values)
            for figure in figures if inspect.isgenerator(figures) else [figures]:
                self._show(figure)
                if self._waiting.is_set():
                    break
        except Exception as error:
            self._say(f"{type(error).__name__}: {error}", found=False)
            details = _details(error)
        except KeyboardInterrupt:
            self._say("Interrupted. Move a slider to train again.", found=False)
        finally:
            # Else the notebook would show them once more, below the lab.
            for number in _pyplot_figures() - before:
                sys.modules["matplotlib.pyplot"].close(number)
        self.caption.value = f"<span{_written(self._result())}>{html.escape(self._said)}</span>{details}"

    def _show(self, figure):
        if isinstance(figure, str):  # it takes the place of a picture, so nothing was found
            self.picture.value = b""
            self._say(figure, found=False)
        else:
            self.picture.value = _png(figure)
            about = [getattr(figure, name, None) for name in ("found", "margin")]
            self._say(getattr(figure, "alt", ""), *about)

    def _say(self, words, found, margin=None):
        self._said, self._found, self._margin = words, found, margin

    def _result(self):
        """Return what was found as attributes of an element, for whoever reads no sentence."""
        attributes = {}
        if self._found is not None:
            attributes["data-found"] = str(self._found).lower()
        if self._margin is not None:
            attributes["data-margin"] = f"{self._margin:.2f}"
        return attributes

    def _element(self):
        said, picture = html.escape(self._said), ""
        if self.picture.value:  # a message comes without
            picture = f'<img width="538" alt="{said}" src="{_data_address(self.picture.value)}">'
        attributes = {"lab": self._lab}
        attributes |= {name: json.dumps(value) for name, value in self._handed.items() if value}
        attributes["controls"] = json.dumps(self._controls)
        return (
            f"<attention-lab{_written(attributes | self._result())}>"
            f"<figure>{picture}<figcaption>{said} "
            "Its sliders need JavaScript here, or a running notebook.</figcaption></figure></attention-lab>"
        )


def _written(attributes):
    return "".join(f' {name}="{html.escape(value)}"' for name, value in attributes.items())


def _pyplot_figures():
    """Return the numbers of the figures that pyplot keeps, where anybody uses it."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    return set(pyplot.get_fignums()) if pyplot else set()


def _details(error):
    """Return where an exception came from: the last line of the reader's code, and the rest on demand."""
    frames = traceback.extract_tb(error.__traceback__)[1:]  # without our own call
    own = [frame for frame in frames if "site-packages" not in frame.filename] or frames
    where = "".join(f"line {frame.lineno} in {frame.name}: {frame.line}" for frame in own[-1:])
    where = html.escape(where or "Traceback")
    rest = "".join([*traceback.format_list(frames), *traceback.format_exception_only(error)])
    return f"<details><summary>{where}</summary><pre>{html.escape(rest)}</pre></details>"


def _png(figure):
    if not isinstance(figure, matplotlib.figure.Figure):
        raise TypeError(f"function must return a Figure or a str, got {type(figure).__name__}")
    if hasattr(figure, "png"):
        return figure.png()
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()


def _data_address(png):
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")
