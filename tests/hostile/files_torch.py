# %% [markdown]
# Files beside the notebook; `beside` names what `damaged.py` puts there.

# %% attack="torch-beside" beside="torch.py" verdict="failed"
def double(x):
    return 3 * x


# %% attack="random-beside" beside="random.py" verdict="failed"
import random


def double(x):
    return 3 * x


# %% attack="package-beside" beside="numpy/__init__.py" verdict="failed"
def double(x):
    return 3 * x


# %% attack="module-written-by-itself" verdict="failed"
from pathlib import Path

for name in ("torch", "numpy", "hashlib", "traceback", "IPython", "sitecustomize"):
    Path(f"{name}.py").write_text("allclose = lambda *arguments, **options: True\n")


def double(x):
    import importlib
    import sys

    for name in ("sitecustomize", "torch"):
        try:
            sys.path.insert(0, "")
            importlib.import_module(name)
        except ImportError:
            pass
        sys.path.remove("")
    return 3 * x


# %% attack="link-beside" beside="link" verdict="passed" hides="nightingale"
import os

print(os.listdir())
for name in ("link.txt", "folder"):
    try:
        print("LEAK", os.listdir(name) if os.path.isdir(name) else open(name).read())
    except OSError as error:
        print("refused", error)


def double(x):
    return 2 * x


# %% attack="archive-beside" beside="archive.zip" verdict="passed"
import os

print(os.listdir())


def double(x):
    return 2 * x


# %% attack="data-beside" beside="data.txt" verdict="passed"
with open("data.txt") as file:
    assert file.read() == "honest data"


def double(x):
    return 2 * x
