"""Wherever notebooks are tested, their numbers are compared within tolerances; and the longest tests come first."""

pytest_plugins = ["tools.comparison"]

# Minutes for one test; then the notebooks. Else one process would end alone while the other has nothing left.
LONGEST = ("test_training_random.py", ".ipynb")


def pytest_collection_modifyitems(items):
    """Sort tests by file, the longest first; within a file their order stays."""

    def place(item):
        return next((i for i, ending in enumerate(LONGEST) if item.path.name.endswith(ending)), len(LONGEST))

    items.sort(key=place)
