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
import numpy as np

from helpers import checks

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
LARGEST_INTEGER = 2**53  # up to here JavaScript knows every one


def live(function, *, lab=None, given=None, constants=None, **sliders):
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
        **sliders: for a parameter of `function`, what its slider offers. `(low, high)` or
            `(low, high, step)` of integers or floats; a list of numbers or strings to choose from;
            True or False for a switch; `str` for a box to type in. NumPy's numbers and arrays will
            do. The slider starts at the parameter's default.

    Returns:
        A Live, which a notebook displays. The latest value wins, whichever thread brings it; an
        exception in `function` is shown, and the next value works again.

    Raises:
        TypeError: `function` cannot be called, or a slider, `given` or `constants` is of none of these
            forms.
        ValueError: a number of `given` is too large for half precision, one of `constants` is not
            finite; `function` has no parameter
            of a slider's name, or the parameter has no default, or one that the slider does not
            offer: outside its range, or an integer off its steps.
    """
    if not callable(function):
        raise TypeError(f"function must be callable, got {function!r}")
    if lab is not None and (not isinstance(lab, str) or not lab):
        raise TypeError(f"lab must be the name of a lab, or None, got {lab!r}")
    for name, value in {"given": given, "constants": constants}.items():
        if value is not None and not isinstance(value, dict):
            raise TypeError(f"{name} must be a dict, got {value!r}")
    handed = {
        "given": {name: _handed(name, value) for name, value in (given or {}).items()},
        "constants": {name: _constant(name, value) for name, value in (constants or {}).items()},
    }
    try:
        parameters = inspect.signature(function).parameters
    except ValueError as error:
        raise TypeError(f"function must have parameters that can be read, got {function!r}") from error
    controls = [_control(name, offer, parameters) for name, offer in sliders.items()]
    if not controls:
        raise ValueError("sliders must name at least one parameter of function, got none")
    for name, parameter in parameters.items():
        collects = parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        if name not in sliders and parameter.default is parameter.empty and not collects:
            raise ValueError(f"sliders must include {name!r}: function has no default for it")
    return Live(function, lab, handed, controls)


def _plain(value):
    """Return NumPy's numbers and arrays, also within lists and tuples, as Python's own."""
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    return type(value)(map(_plain, value)) if type(value) in (list, tuple) else value


def _constant(name, value):
    """Return a constant as JSON can hold it."""
    value = _plain(value)
    if isinstance(value, (list, tuple)):
        return [_constant(name, item) for item in value]
    if not isinstance(value, (bool, int, float, str)):
        raise TypeError(
            f"constants must be numbers, texts, True or False, or lists of these, got {value!r} as {name!r}"
        )
    if isinstance(value, float) and not np.isfinite(value):
        raise ValueError(f"constants must be finite, got {value} as {name!r}")
    return value


def _handed(name, value):
    if isinstance(value, str):
        return value
    if not isinstance(value, list):
        raise TypeError(f"given must hold texts and lists of arrays, got {value!r} as {name!r}")
    arrays = [checks.finite_array(f"given[{name!r}]", array) for array in value]
    with np.errstate(over="ignore"):
        halves = [np.asarray(array, "<f2") for array in arrays]
    if not all(np.isfinite(half).all() for half in halves):
        raise ValueError(f"given[{name!r}] must hold numbers up to 65504, half precision's largest")
    return [
        {"shape": half.shape, "float16": base64.b64encode(half.tobytes()).decode("ascii")} for half in halves
    ]


def _control(name, offer, parameters):
    """Return what the kernel's widget and the browser's input both need to know of one slider."""
    if name not in parameters:
        raise ValueError(f"sliders must name parameters of function ({', '.join(parameters)}), got {name!r}")
    value, offer = _plain(parameters[name].default), _plain(offer)
    if value is inspect.Parameter.empty:
        raise ValueError(f"function must give {name!r} a default: its slider starts there")
    control = {
        "name": name,
        "label": name.replace("_", " "),
        "value": value,
        **_range_or_choices(name, offer),
    }
    if control["kind"] == "switch":
        inside = isinstance(value, bool)
    elif control["kind"] == "choice":
        inside = isinstance(value, (int, float, str)) and value in control["choices"]
    elif control["kind"] == "text":
        inside = isinstance(value, str)
    else:
        whole = control["kind"] == "integer"
        is_number = isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)
        inside = is_number and control["min"] <= value <= control["max"]
        # Browsers move a slider to its nearest step: it would show another value than the lab trains.
        if whole and inside:
            inside = (value - control["min"]) % control["step"] == 0
    if not inside:
        raise ValueError(f"{name} must have a default that its slider {offer!r} offers, got {value!r}")
    return control


def _range_or_choices(name, offer):
    if isinstance(offer, bool):
        return {"kind": "switch"}
    if offer is str:
        return {"kind": "text"}
    if isinstance(offer, list) and offer and all(isinstance(choice, (int, float, str)) for choice in offer):
        if not all(isinstance(choice, str) or abs(choice) <= LARGEST_INTEGER for choice in offer):
            raise ValueError(f"{name} must offer numbers from -2**53 to 2**53, got {offer!r}")
        return {"kind": "choice", "choices": offer}
    is_range = isinstance(offer, tuple) and len(offer) in (2, 3)
    if is_range and all(isinstance(end, (int, float)) and not isinstance(end, bool) for end in offer):
        low, high, *step = offer
        whole = all(isinstance(end, int) for end in offer)
        if -LARGEST_INTEGER <= low < high <= LARGEST_INTEGER:
            step = step[0] if step else 1 if whole else (high - low) / 100
            if 0 < step < np.inf:
                return {"kind": "integer" if whole else "number", "min": low, "max": high, "step": step}
        raise ValueError(f"{name} must have low < high and a step above 0, none beyond 2**53, got {offer!r}")
    raise TypeError(
        f"{name} must be (low, high), (low, high, step), a list of choices, True or False, or str; got {offer!r}"
    )


class Live:
    """Sliders over a function and what it showed last, as one output: `live` makes it.

    Attributes:
        sliders: a dict from a parameter's name to its widget; its `value` may be read and set.
        picture: the widget with the picture; its `value` is empty where there is none.
        caption: the widget with the words below.
        box: the widget that holds all of them.
    """

    def __init__(self, function, lab, handed, controls):
        self._function = function
        self._lab = lab
        self._handed = handed
        self._controls = controls
        self._said, self._found, self._margin = "", None, None
        self._waiting = Event()
        self._training = Lock()
        self.sliders = {control["name"]: _widget(control) for control in controls}
        self.picture = ipywidgets.Image(format="png", layout={"width": "100%", "max_width": "538px"})
        self.caption = ipywidgets.HTML()
        for widget in self.sliders.values():
            widget.observe(self._changed, "value")
        panel = ipywidgets.HBox(list(self.sliders.values()), layout={"flex_flow": "row wrap"})
        self.box = ipywidgets.VBox([panel, self.picture, self.caption])

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

    def _changed(self, change=None):
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


def _widget(control):
    options = {
        "description": control["label"],
        "value": control["value"],
        "style": {"description_width": "initial"},
    }
    if control["kind"] == "switch":
        return ipywidgets.Checkbox(indent=False, **options)
    if control["kind"] == "choice":
        words = any(isinstance(choice, str) for choice in control["choices"])
        return (ipywidgets.Dropdown if words else ipywidgets.SelectionSlider)(
            options=control["choices"], **options
        )
    if control["kind"] == "text":
        return ipywidgets.Text(continuous_update=False, **options)
    options |= {"min": control["min"], "max": control["max"], "step": control["step"]}
    if control["kind"] == "integer":
        return ipywidgets.IntSlider(**options)
    return ipywidgets.FloatSlider(readout_format=".3g", **options)  # two decimals show a small rate as 0.00


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
