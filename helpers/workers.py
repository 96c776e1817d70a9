"""A cluster on one machine: worker processes that know of each other, and are gone when it ends."""

import json
import numbers
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from helpers import checks

HOST = "127.0.0.1"  # the loopback interface: nothing leaves the machine
GRACE = 30  # seconds that the others have to notice that a worker failed


class Finished(NamedTuple):
    """What became of a worker: its exit code (−9: killed), standard output and standard error."""

    code: int
    output: str
    errors: str


def tf_config(addresses, index):
    """Return the value of the variable TF_CONFIG that makes a process one worker of a cluster.

    Args:
        addresses: a list of "host:port", the same list in the same order for every worker.
        index: which of them this worker is; number 0 is the chief, who saves the backup.

    Returns:
        A string, JSON as `tf.distribute.cluster_resolver.TFConfigClusterResolver` reads it.

    Raises:
        TypeError: an address that is no string, or an index that is no integer.
        ValueError: an address without a port, none at all, or an index outside of them.

    >>> tf_config(["first:2222", "second:2222"], 1)
    '{"cluster": {"worker": ["first:2222", "second:2222"]}, "task": {"type": "worker", "index": 1}}'
    """
    if not isinstance(addresses, (list, tuple)) or not all(isinstance(one, str) for one in addresses):
        raise TypeError(f"addresses must be a list of strings host:port, got {addresses!r}")
    wrong = [one for one in addresses if not one.rpartition(":")[0] or not one.rpartition(":")[2].isdigit()]
    if wrong or not addresses:
        raise ValueError(f"addresses must be one or more host:port, got {wrong or 'none'}")
    index = checks.integer("index", index, 0, len(addresses) - 1)
    task = {"type": "worker", "index": index}
    return json.dumps({"cluster": {"worker": list(addresses)}, "task": task})


def run(script, *arguments, count, timeout=120):
    """Run a script in `count` worker processes at once and return what became of each.

    Args:
        script: the path of a Python script, the same for all. TF_CONFIG tells it which worker it is.
        *arguments: what it finds in `sys.argv[1:]`, made strings.
        count: how many workers, 1 … 64.
        timeout: seconds after which all are killed, 0 or more.

    Returns:
        A list of Finished, one a worker.

    Raises:
        FileNotFoundError: there is no such script.
        TypeError, ValueError: `count` is no integer or out of range, `timeout` no number or below 0.
        RuntimeError: a worker failed; with the end of its standard error.
        TimeoutError: they did not end in time.
    """
    _check_seconds(timeout)  # before there is anything to wait for
    with Workers(script, *arguments, count=count) as cluster:
        results = cluster.wait(timeout)
    for index, result in enumerate(results):
        # Who was killed only followed: the first that failed on its own says why.
        if result.code > 0:
            raise RuntimeError(f"worker {index} failed:\n{_end(result.errors)}")
    if any(result.code for result in results):
        raise RuntimeError(f"workers were killed: exit codes {[result.code for result in results]}")
    return results


class Workers:
    """Worker processes that run one script, until they end or the `with` block does.

    Each is told its place in the cluster by TF_CONFIG, has a free port of the loopback interface,
    computes with one thread, as if it were a machine with one core, and sees no GPU: two processes
    cannot share one. All that still run are killed, with what they started, when the block is left,
    however that happens; and they kill themselves when the process that started them is gone. What
    a worker that ended by itself has left behind is not looked for.

    Takes what `run` takes, and refuses what it does. That a worker failed, `wait` tells as a result.

    Raises:
        OSError: on Windows, which has no process groups.
    """

    def __init__(self, script, *arguments, count):
        if not hasattr(os, "killpg"):
            raise OSError("workers are killed by their process groups, which Windows lacks: use Colab or WSL")
        if not isinstance(script, (str, os.PathLike)):
            raise TypeError(f"script must be the path of a Python script, got {script!r}")
        if not Path(script).is_file():
            raise FileNotFoundError(f"script must be the path of a Python script, got {str(script)!r}")
        count = checks.integer("count", count, 1, 64)
        addresses = [f"{HOST}:{port}" for port in free_ports(count)]
        command = [sys.executable, "-m", "helpers.worker", str(script), *map(str, arguments)]
        self._processes, self._files = [], []
        try:
            for index in range(count):
                # Without a name, they are gone with us, however we end.
                files = [tempfile.TemporaryFile(), tempfile.TemporaryFile()]  # noqa: SIM115
                self._files.append(files)
                self._processes.append(_start(command, tf_config(addresses, index), *files))
        except BaseException:
            self.stop()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.stop()

    @property
    def pids(self):
        """The process ids; each worker leads a process group of its own."""
        return [process.pid for process in self._processes]

    def output(self, index):
        """Return what worker `index` has written to its standard output so far."""
        index = self._checked(index)
        return _text(self._files[index][0])

    def wait_for_lines(self, index, count, timeout):
        """Wait until worker `index` has written `count` whole lines to its standard output.

        Raises:
            RuntimeError: it ended before that.
            TimeoutError: it did not within `timeout` seconds.
            TypeError, ValueError: there is no such worker, `count` is no integer or below 1, `timeout`
                no number or below 0.
        """
        index, count = self._checked(index), checks.integer("count", count)
        _check_seconds(timeout)
        deadline = time.monotonic() + timeout
        while self.output(index).count("\n") < count:
            if self._processes[index].poll() is not None:
                raise RuntimeError(f"worker {index} ended early:\n{_end(_text(self._files[index][1]))}")
            if time.monotonic() > deadline:
                raise TimeoutError(f"worker {index} must write {count} lines within {timeout} s")
            time.sleep(0.02)

    def kill(self, index):
        """Kill worker `index` and all it started, as a machine fails: no program can answer SIGKILL."""
        process = self._processes[self._checked(index)]
        # The group may outlive its leader, but only an unreaped leader's number is surely still its own.
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def wait(self, timeout):
        """Wait until all have ended and return a list of Finished, one a worker.

        When one has failed, the others get GRACE seconds to notice, but no more than are left of
        `timeout`; then they are killed.

        Raises:
            TimeoutError: they did not end within `timeout` seconds, and none has failed; they are killed.
            TypeError, ValueError: `timeout` is no number or below 0.
        """
        _check_seconds(timeout)
        deadline = time.monotonic() + timeout
        while None in (codes := [process.poll() for process in self._processes]):
            now = time.monotonic()
            if any(codes):
                deadline = min(deadline, now + GRACE)
            if now > deadline:
                self.stop()
                if not any(codes):  # else those that still ran may have waited for the one that failed
                    running = [index for index, code in enumerate(codes) if code is None]
                    raise TimeoutError(
                        f"workers must end within {timeout} s, these did not: {running}. Worker "
                        f"{running[0]} wrote:\n{_end(_text(self._files[running[0]][1]))}"
                    )
            time.sleep(0.05)
        return [Finished(code, *map(_text, files)) for code, files in zip(codes, self._files, strict=True)]

    def stop(self):
        """Kill those that still run, and wait until they are gone."""
        for index in range(len(self._processes)):
            self.kill(index)

    def _checked(self, index):
        return checks.integer("index", index, 0, len(self._processes) - 1)


def _check_seconds(timeout):
    if isinstance(timeout, bool) or not isinstance(timeout, numbers.Real):
        raise TypeError(f"timeout must be a number of seconds, got {timeout!r}")
    if not timeout >= 0:  # nor NaN
        raise ValueError(f"timeout must be at least 0 seconds, got {timeout!r}")


def _start(command, config, output, errors):
    environment = {
        "TF_CONFIG": config,
        "TF_NUM_INTRAOP_THREADS": "1",
        "TF_CPP_MIN_LOG_LEVEL": "2",
        "CUDA_VISIBLE_DEVICES": "-1",
        "PYTHONUNBUFFERED": "1",
    }
    return subprocess.Popen(
        command,
        env=os.environ | environment,
        stdin=subprocess.PIPE,  # nobody writes into it; see helpers/worker.py
        stdout=output,
        stderr=errors,
        start_new_session=True,
    )


def _text(file):
    # Reading from an offset of our own: the worker writes at the file's.
    return os.pread(file.fileno(), os.fstat(file.fileno()).st_size, 0).decode(errors="replace")


def _end(errors, lines=5):
    return "\n".join(errors.splitlines()[-lines:])


def free_ports(count):
    """Return `count` different ports of the loopback interface, 1 … 64, that nobody uses now.

    >>> len(set(free_ports(3)))
    3
    """
    count = checks.integer("count", count, 1, 64)
    sockets = [socket.create_server((HOST, 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports
