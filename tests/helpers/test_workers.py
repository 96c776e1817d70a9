"""Workers know their place, report, and are gone when they should be; two of them train as one process."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import keras
import nbformat
import numpy as np
import pytest
import yaml

from helpers import data, training, workers
from tools import chapters

CHAPTER = "beyond_one_machine"
FOREVER = "import time\nprint('here', flush=True)\ntime.sleep(600)"
WITH_CHILD = (
    "import subprocess, sys, time\n"
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
    "print(child.pid, flush=True)\n"
    "time.sleep(600)"
)
TIMEOUT = 120  # far more than any of them takes; a deadline, not a measure


@pytest.fixture
def script(tmp_path):
    def write(source):
        path = tmp_path / "script.py"
        path.write_text(source)
        return path

    return write


def alive(pid):
    """Say whether a process runs; one that ended and waits for its parent to ask does not."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True).stdout
    return bool(state.strip()) and not state.startswith("Z")


def gone(*pids):
    deadline = time.monotonic() + TIMEOUT
    while any(map(alive, pids)):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def test_each_worker_knows_its_place_and_its_arguments(script):
    source = "import os, sys\nprint(os.environ['TF_CONFIG'])\nprint(sys.argv[1:], __name__, sys.path[0])"
    path = script(source)
    finished = workers.run(path, "job", 128, count=3)
    configs = [json.loads(worker.output.splitlines()[0]) for worker in finished]
    addresses = configs[0]["cluster"]["worker"]
    assert len(set(addresses)) == 3
    assert all(address.startswith("127.0.0.1:") for address in addresses)
    assert all(config["cluster"] == configs[0]["cluster"] for config in configs)
    assert [config["task"] for config in configs] == [{"type": "worker", "index": k} for k in range(3)]
    said = f"['job', '128'] __main__ {path.parent}"
    assert [worker.output.splitlines()[1] for worker in finished] == [said] * 3
    assert [worker.code for worker in finished] == [0, 0, 0]


def test_workers_have_one_thread_and_no_gpu(script):
    source = "import os\nprint(os.environ['TF_NUM_INTRAOP_THREADS'], os.environ['CUDA_VISIBLE_DEVICES'])"
    assert workers.run(script(source), count=1)[0].output == "1 -1\n"


def test_a_failure_is_told_with_its_reason(script):
    with pytest.raises(RuntimeError, match=r"(?s)worker 0 failed:.*ValueError: no such luck"):
        workers.run(script("raise ValueError('no such luck')"), count=2)


def test_wait_tells_codes_outputs_and_errors_apart(script):
    source = "import sys\nprint('out')\nprint('err', file=sys.stderr)\nsys.exit(3)"
    with workers.Workers(script(source), count=1) as cluster:
        assert cluster.wait(TIMEOUT) == [workers.Finished(3, "out\n", "err\n")]


def test_who_waits_for_a_failed_worker_is_not_waited_for_long(script, monkeypatch):
    monkeypatch.setattr(workers, "GRACE", 0.2)
    source = "import json, os, time\nindex = json.loads(os.environ['TF_CONFIG'])['task']['index']\n"
    with workers.Workers(script(source + "time.sleep(600 * index)\n1 / index"), count=2) as cluster:
        assert [worker.code for worker in cluster.wait(TIMEOUT)] == [1, -signal.SIGKILL]
        assert gone(*cluster.pids)


def test_a_failure_is_told_also_where_the_time_is_up_before_the_others_notice(script):
    source = "import json, os, time\nindex = json.loads(os.environ['TF_CONFIG'])['task']['index']\n"
    source += "if index:\n    raise ValueError('no such luck')\ntime.sleep(600)"
    with pytest.raises(RuntimeError, match=r"(?s)worker 1 failed:.*ValueError: no such luck"):
        workers.run(script(source), count=2, timeout=3)


def test_deadline_kills_all(script):
    with workers.Workers(script(FOREVER), count=2) as cluster:
        cluster.wait_for_lines(1, 1, TIMEOUT)
        with pytest.raises(TimeoutError, match=r"must end within 0.1 s, these did not: \[0, 1\]"):
            cluster.wait(0.1)
        assert gone(*cluster.pids)


def leave(path, how):
    with workers.Workers(path, count=2) as cluster:
        cluster.wait_for_lines(0, 1, TIMEOUT)
        cluster.wait_for_lines(1, 1, TIMEOUT)
        leave.left = [*cluster.pids, *(int(cluster.output(index)) for index in range(2))]
        assert all(map(alive, leave.left))
        if how:
            raise how


@pytest.mark.parametrize("how", [None, ValueError("a bug in a cell"), KeyboardInterrupt()], ids=repr)
def test_leaving_the_block_in_any_way_kills_workers_and_their_children(script, how):
    if how is None:
        leave(script(WITH_CHILD), how)
    else:
        with pytest.raises(type(how)):
            leave(script(WITH_CHILD), how)
    assert gone(*leave.left)


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM], ids=["SIGKILL", "SIGTERM"])
def test_workers_end_when_who_started_them_is_killed(script, tmp_path, end):
    path = script(WITH_CHILD)
    starter = tmp_path / "starter.py"
    starter.write_text(
        "import time\nfrom helpers import workers\n"
        f"cluster = workers.Workers({str(path)!r}, count=2)\n"
        f"for index in range(2):\n    cluster.wait_for_lines(index, 1, {TIMEOUT})\n"
        "print(*cluster.pids, cluster.output(0), cluster.output(1), flush=True)\ntime.sleep(600)"
    )
    with subprocess.Popen([sys.executable, starter], stdout=subprocess.PIPE, text=True) as notebook:
        lines = [notebook.stdout.readline() for _ in range(2)]
        pids = [int(pid) for line in lines for pid in line.split()]
        assert len(pids) == 4
        assert all(map(alive, pids))
        notebook.send_signal(end)
    assert gone(*pids)


def test_killing_one_leaves_the_other(script):
    with workers.Workers(script(FOREVER), count=2) as cluster:
        cluster.wait_for_lines(0, 1, TIMEOUT)
        cluster.kill(1)
        assert gone(cluster.pids[1])
        assert alive(cluster.pids[0])


def test_output_can_be_read_while_it_is_written(script, monkeypatch):
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    source = "import sys, time\nfor number in range(3):\n    print(number)\ntime.sleep(600)"
    with workers.Workers(script(source), count=1) as cluster:
        cluster.wait_for_lines(0, 3, TIMEOUT)
        assert cluster.output(0) == cluster.output(0) == "0\n1\n2\n"


def test_waiting_for_lines_that_never_come(script):
    early = pytest.raises(RuntimeError, match="worker 0 ended early")
    with workers.Workers(script("print('one')"), count=1) as cluster, early:
        cluster.wait_for_lines(0, 2, TIMEOUT)
    late = pytest.raises(TimeoutError, match=r"worker 0 must write 9 lines within 0.1 s")
    with workers.Workers(script(FOREVER), count=1) as cluster, late:
        cluster.wait_for_lines(0, 9, 0.1)


def test_half_a_line_is_none(script):
    source = "import time\nprint('half a li', end='', flush=True)\ntime.sleep(600)"
    with workers.Workers(script(source), count=1) as cluster:
        while not cluster.output(0):
            time.sleep(0.02)
        with pytest.raises(TimeoutError, match="must write 1 lines"):
            cluster.wait_for_lines(0, 1, 0.1)


@pytest.mark.parametrize(
    ("ask", "error", "message"),
    [
        (lambda cluster: cluster.kill(-1), ValueError, "index must be from 0 to 0, got -1"),
        (lambda cluster: cluster.output(1), ValueError, "index must be from 0 to 0, got 1"),
        (lambda cluster: cluster.wait_for_lines(1, 1, 1), ValueError, "index must be from 0 to 0, got 1"),
        (lambda cluster: cluster.wait_for_lines(0, "x", 1), TypeError, "count must be an integer, got 'x'"),
        (lambda cluster: cluster.wait_for_lines(0, 0, 1), ValueError, "count must be at least 1, got 0"),
    ],
)
def test_a_worker_that_is_not_there_is_refused_and_none_is_harmed(script, ask, error, message):
    with workers.Workers(script(FOREVER), count=1) as cluster:
        with pytest.raises(error, match=message):
            ask(cluster)
        assert alive(cluster.pids[0])


@pytest.mark.parametrize(
    ("count", "error", "message"),
    [
        (0, ValueError, "count must be from 1 to 64, got 0"),
        (65, ValueError, "count must be from 1 to 64, got 65"),
        ("2", TypeError, "count must be an integer, got '2'"),
    ],
)
def test_bad_counts(script, count, error, message):
    with pytest.raises(error, match=message):
        workers.run(script("pass"), count=count)


@pytest.mark.parametrize(
    ("timeout", "error", "message"),
    [
        (None, TypeError, "timeout must be a number of seconds, got None"),
        ("9", TypeError, "timeout must be a number of seconds, got '9'"),
        (-1, ValueError, "timeout must be at least 0 seconds, got -1"),
        (float("nan"), ValueError, "timeout must be at least 0 seconds, got nan"),
    ],
)
def test_a_bad_timeout_is_refused_before_anything_starts(script, monkeypatch, timeout, error, message):
    path = script("pass")
    with workers.Workers(path, count=1) as cluster:
        for wait in (cluster.wait, lambda timeout: cluster.wait_for_lines(0, 1, timeout)):
            with pytest.raises(error, match=message):
                wait(timeout)
    monkeypatch.setattr(workers, "Workers", None)  # were it called, that would be another error
    with pytest.raises(error, match=message):
        workers.run(path, count=1, timeout=timeout)


def test_a_script_that_is_not_there():
    with pytest.raises(FileNotFoundError, match=r"script must be the path of a Python script, got 'no\.py'"):
        workers.run("no.py", count=1)


@pytest.mark.parametrize(
    ("addresses", "index", "error", "message"),
    [
        ("host:1", 0, TypeError, "addresses must be a list of strings host:port, got 'host:1'"),
        (["host"], 0, ValueError, r"addresses must be one or more host:port, got \['host'\]"),
        (["host:1", ":2"], 0, ValueError, r"got \[':2'\]"),
        ([], 0, ValueError, "got none"),
        (["host:1"], 1, ValueError, "index must be from 0 to 0, got 1"),
        (["host:1"], "0", TypeError, "index must be an integer, got '0'"),
    ],
)
def test_bad_addresses(addresses, index, error, message):
    with pytest.raises(error, match=message):
        workers.tf_config(addresses, index)


def test_free_ports_are_free():
    for port in workers.free_ports(8):
        with workers.socket.create_server((workers.HOST, port)):
            pass


# From here on the scripts and the recipe of the chapter.


@pytest.fixture
def job(tmp_path, monkeypatch):
    """A folder with the chapter's scripts, a job for 4 epochs and more, and its data."""
    monkeypatch.chdir(tmp_path)
    for cell in cells("code"):
        magic, _, source = cell.partition("\n")
        if magic.startswith("%%writefile "):
            (tmp_path / magic.split()[1]).write_text(source)
    names = chapters.definitions(CHAPTER)
    x, y = data.get_data(1_024, 32, seed=0)
    names["make_job"]("job", x, y)
    return names, x, y


def cells(kind):
    notebook = nbformat.read(chapters.notebook(CHAPTER), as_version=4)
    return [cell.source for cell in notebook.cells if cell.cell_type == kind]


@pytest.mark.parametrize("victim", [0, 1], ids=["the chief", "the other one"])
def test_a_killed_training_goes_on_to_the_losses_and_weights_of_one_process(job, victim):
    names, x, y = job
    arguments = ("train.py", "job", 64, 60)
    with workers.Workers(*arguments, count=2) as cluster:
        cluster.wait_for_lines(0, 2, TIMEOUT)
        cluster.kill(victim)
        finished = cluster.wait(TIMEOUT)
        assert gone(*cluster.pids)
    assert finished[victim].code == -signal.SIGKILL
    assert finished[1 - victim].code != 0
    again = workers.run(*arguments, count=2)
    before, after = names["losses"](finished[0]), names["losses"](again[0])
    # Killed between backup and report, the chief does not report an epoch that is done.
    assert min(after) - max(before) in ((1, 2) if victim == 0 else (1,))
    assert max(after) == 60

    retrainer = training.Retrainer(names["build_model"], batch_size=64)
    alone = retrainer.train(x, y, epochs=60, seed=0)["loss"]
    for number, loss in (before | after).items():
        assert loss == pytest.approx(alone[number - 1], abs=1e-4)
    assert alone[-1] < alone[0] - 0.1
    trained = keras.models.load_model("job/backup.keras")
    for got, wanted in zip(trained.get_weights(), retrainer.model.get_weights(), strict=True):
        np.testing.assert_allclose(got, wanted, atol=1e-3)


def test_recipe_for_kubernetes_gives_each_pod_its_place():
    recipe = re.search(r"```yaml\n(.*?)```", "\n".join(cells("markdown")), re.DOTALL).group(1)
    service, batch_job = yaml.safe_load_all(recipe)
    name, pods = batch_job["metadata"]["name"], batch_job["spec"]["completions"]
    pod = batch_job["spec"]["template"]["spec"]
    container = pod["containers"][0]
    assert service["spec"]["selector"] == {"job-name": name}
    assert service["metadata"]["name"] == pod["subdomain"]
    assert batch_job["spec"]["parallelism"] == pods
    assert container["volumeMounts"][0]["name"] == pod["volumes"][0]["name"]
    (text,) = container["args"]
    text = text.replace("python train.py /job 128 20", 'echo "$TF_CONFIG"')
    for index in (0, pods - 1):
        path = f"{os.path.dirname(sys.executable)}{os.pathsep}{os.environ['PATH']}"
        here = os.environ | {"JOB_COMPLETION_INDEX": str(index), "PATH": path}
        done = subprocess.run([*container["command"], text], env=here, capture_output=True, text=True)
        config = json.loads(done.stdout.splitlines()[-1])
        assert config["cluster"]["worker"] == [f"{name}-{k}.{name}:2222" for k in range(pods)]
        assert config["task"]["index"] == index


def test_windows_is_refused_in_one_sentence(monkeypatch):
    monkeypatch.delattr("os.killpg")
    with pytest.raises(OSError, match="process groups, which Windows lacks: use Colab or WSL"):
        workers.Workers(__file__, count=1)
