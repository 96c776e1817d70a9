"""Five seeds at once: means with their range, and how many of five have found the answer."""

import re

import pytest
from playwright.sync_api import expect

from tests.labs.watched import (
    FIXTURES,
    assert_no_problems_in_every_dress,
    numbers,
    the_lab,
    verdict,
)
from tools import labs

folder, site, watched = FIXTURES

WITH_SEEDS = [name for name, lab in labs.LABS.items() if lab.draws]
CELL = re.compile(r"(\d\.\d{3}) \((\d\.\d\d) to (\d\.\d\d)\)")


def five(lab):
    return lab.get_by_label("five seeds")


def test_means_and_ranges_are_those_of_the_five_runs(watched):
    lab = the_lab(watched.open("workers.html#workers?epochs=6"))
    each = []
    for seed in range(5):
        lab.get_by_label("seed", exact=True).fill(str(seed))
        told = verdict(lab)
        weights = [row[1:] for row in numbers(lab) if row[0].startswith("weight")]
        each.append(
            ([[float(cell) for cell in row] for row in weights], lab.get_attribute("data-found"), told)
        )
    five(lab).check()
    said = verdict(lab)
    found = sum(answer == "true" for _, answer, _ in each)
    assert said.startswith(f"Seeds 0 to 4: found in {found} of 5")
    expect(lab).to_have_attribute("data-found", str(found == 5).lower())
    together = [row[1:] for row in numbers(lab) if row[0].startswith("weight")]
    for i, row in enumerate(together):
        for j, cell in enumerate(row):
            mean, low, high = map(float, CELL.match(cell).groups())
            alone = [weights[i][j] for weights, *_ in each]
            assert mean == pytest.approx(sum(alone) / 5, abs=0.001)
            assert (low, high) == pytest.approx((min(alone), max(alone)), abs=0.006)
    expect(lab.locator(".lab-progress-text")).to_have_text(re.compile(r"5 seeds, 6 epochs in \d+\.\d s"))
    # Reading a bar says its range too.
    lab.get_by_role("group", name="Single weights").press("ArrowRight")
    expect(lab.locator(".lab-reading")).to_contain_text(
        re.compile(r"\d\.\d\d \(\d\.\d\d to \d\.\d\d\); an equal share")
    )


@pytest.mark.parametrize("name", WITH_SEEDS)
def test_every_lab_trains_five_seeds(watched, name):
    page = watched.open(f"{name}.html#{name}?five_seeds=true")
    lab = the_lab(page)
    expect(five(lab)).to_be_checked()
    said = verdict(lab)
    assert re.match(r"Seeds 0 to 4: found in \d of 5", said)
    assert lab.get_attribute("data-settings").endswith("&five_seeds=true")
    shown = lab.locator(".lab-range").evaluate_all("lines => lines.map(line => line.style.display)")
    assert set(shown) <= {""}
    assert_no_problems_in_every_dress(page)


def test_another_seed_is_one_run_again(watched):
    lab = the_lab(watched.open("quick.html"))
    alone = verdict(lab)
    five(lab).check()
    assert verdict(lab) != alone
    lab.get_by_label("seed", exact=True).press("ArrowRight")
    expect(five(lab)).not_to_be_checked()
    assert not verdict(lab).startswith("Seeds")
    assert "five_seeds" not in lab.get_attribute("data-settings")
    lab.get_by_role("button", name="Reset").press("Enter")
    assert verdict(lab) == alone


def test_one_training_at_a_time_is_stepped_through(watched):
    lab = the_lab(watched.open("quick.html"))
    verdict(lab)
    step_through = lab.get_by_role("button", name="Step through")
    five(lab).check()
    verdict(lab)
    step_through.press("Enter")
    assert not verdict(lab).startswith("Seeds")
    expect(five(lab)).not_to_be_checked()
    five(lab).check()
    assert verdict(lab).startswith("Seeds")
    expect(step_through).to_have_attribute("aria-expanded", "false")
    expect(lab.get_by_label("Moment of the training")).to_be_hidden()


def test_a_move_during_the_five_trains_anew(watched):
    lab = the_lab(watched.open("recurrent.html"))
    verdict(lab)
    five(lab).check()
    expect(lab.locator(".lab-progress-text")).to_have_text(re.compile("^seed 1, epoch "))
    lab.get_by_label("epochs").fill("1")
    expect(lab.locator(".lab-progress-text")).to_have_text(
        re.compile("^seed 0, epoch 1 of 1|^5 seeds, 1 epoch ")
    )
    assert verdict(lab).startswith("Seeds 0 to 4: ")
    expect(lab.locator(".lab-progress-text")).to_have_text(re.compile("^5 seeds, 1 epoch in "))
