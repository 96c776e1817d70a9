"""What a slider of `live` offers, as the kernel's widget and the browser's input both need to know it."""

import base64
import inspect

import ipywidgets
import numpy as np

from helpers import checks

LARGEST_INTEGER = 2**53  # up to here JavaScript knows every one


def plain(value):
    """Return NumPy's numbers and arrays, also within lists and tuples, as Python's own."""
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    return type(value)(map(plain, value)) if type(value) in (list, tuple) else value


def constant(name, value):
    """Return a constant as JSON can hold it."""
    value = plain(value)
    if isinstance(value, (list, tuple)):
        return [constant(name, item) for item in value]
    if not isinstance(value, (bool, int, float, str)):
        raise TypeError(
            f"constants must be numbers, texts, True or False, or lists of these, got {value!r} as {name!r}"
        )
    if isinstance(value, float) and not np.isfinite(value):
        raise ValueError(f"constants must be finite, got {value} as {name!r}")
    return value


def suggestion(text, settings, controls):
    """Return the settings of a suggestion as JSON can hold them; `controls` are those of the lab, by name."""
    if not isinstance(text, str) or not isinstance(settings, dict):
        raise TypeError(f"suggestions must lead from a text to a dict, got {text!r}: {settings!r}")
    if not settings:
        raise ValueError(f"suggestions must set a slider each, got none for {text!r}")
    for name, value in settings.items():
        if name not in controls:
            raise ValueError(
                f"suggestions must set sliders ({', '.join(controls)}), got {name!r} for {text!r}"
            )
        if not _offers(controls[name], plain(value)):
            raise ValueError(
                f"suggestions must set {name} to what its slider offers, got {value!r} for {text!r}"
            )
    return {name: plain(value) for name, value in settings.items()}


def handed(name, value):
    """Return a text as it is, and a list of arrays in half precision, as JSON can hold them."""
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


def read(name, offer, parameters):
    """Return one slider as a dict: its name, label, kind, first value and range or choices."""
    if name not in parameters:
        raise ValueError(f"sliders must name parameters of function ({', '.join(parameters)}), got {name!r}")
    value, offer = plain(parameters[name].default), plain(offer)
    if value is inspect.Parameter.empty:
        raise ValueError(f"function must give {name!r} a default: its slider starts there")
    control = {
        "name": name,
        "label": name.replace("_", " "),
        "value": value,
        **_range_or_choices(name, offer),
    }
    if not _offers(control, value):
        raise ValueError(f"{name} must have a default that its slider {offer!r} offers, got {value!r}")
    return control


def _offers(control, value):
    if control["kind"] == "switch":
        return isinstance(value, bool)
    if control["kind"] == "choice":
        return isinstance(value, (int, float, str)) and value in control["choices"]
    if control["kind"] == "text":
        return isinstance(value, str)
    whole = control["kind"] == "integer"
    is_number = isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)
    if not is_number or not control["min"] <= value <= control["max"]:
        return False
    # Browsers move a slider to its nearest step: it would show another value than the lab trains.
    return not whole or (value - control["min"]) % control["step"] == 0


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


def widget(control):
    """Return the ipywidget of a control."""
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


def button(text, press):
    """Return a button that calls `press` with itself."""
    widget = ipywidgets.Button(description=text, layout={"width": "auto"})
    widget.on_click(press)
    return widget
