"""What a worker process starts with: `python -m helpers.worker script.py …` runs the script, watched.

Without TensorFlow here, so that a worker is told apart from the script it runs, and starts at once.
"""

import os
import runpy
import signal
import sys
import threading


def end_with_parent():
    """Kill this process and all it started as soon as the other end of its standard input is closed.

    The system closes that end when the parent is gone, also when it was killed and could not tidy up.
    """

    def wait():
        # Not `sys.stdin`: a thread that holds its lock breaks an orderly exit.
        os.read(0, 1)
        os.killpg(os.getpgrp(), signal.SIGKILL)

    threading.Thread(target=wait, daemon=True).start()


if __name__ == "__main__":
    end_with_parent()
    sys.argv = sys.argv[1:]
    sys.path[0] = os.path.dirname(os.path.abspath(sys.argv[0]))
    runpy.run_path(sys.argv[0], run_name="__main__")
