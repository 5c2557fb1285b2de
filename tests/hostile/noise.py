"""Honest noise: right answers that print, warn, draw and shadow, and must get full marks."""

DOUBLE = "def double(x):\n    return 2 * x"

NOISES = {
    "warnings": """import warnings
warnings.warn("careful")
warnings.warn("old", DeprecationWarning)
def double(x):
    warnings.warn("slow", RuntimeWarning)
    return 2 * x""",
    "warnings-as-errors": f"import warnings\nwarnings.simplefilter('error')\n{DOUBLE}",
    "stderr": """import sys
print("on stderr", file=sys.stderr)
def double(x):
    sys.stderr.write("again\\n")
    return 2 * x""",
    "logging": """import logging
logging.basicConfig(level=logging.DEBUG)
logging.error("an error, only logged")
def double(x):
    logging.exception("nothing")
    return 2 * x""",
    "prints": """def double(x):
    print("x is", x, flush=True)
    return 2 * x
double(torch.ones(2))""",
    "plots": """%matplotlib inline
import matplotlib.pyplot as plt
plt.plot([1, 2, 3])
plt.show()
def double(x):
    plt.plot(x.numpy())
    return 2 * x""",
    "magics": f"%%time\n{DOUBLE}",
    "line-magics": f"{DOUBLE}\n%time double(torch.ones(2))\n%timeit -n 2 -r 1 double(torch.ones(2))\n!ls\n%pwd",
    "autoreload": f"%load_ext autoreload\n%autoreload 2\n{DOUBLE}",
    "precision": f"%precision 3\n%config InlineBackend.figure_format = 'svg'\n{DOUBLE}",
    "progress-bar": """import sys, time
for step in range(50):
    print(f"\\r{step}/50 " + "#" * step, end="", flush=True)
def double(x):
    print("\\rworking\\b\\b\\b", end="")
    return 2 * x""",
    "non-ascii": """größe = "Ärger mit 中文 and 🦜"
print(größe, "\\x00\\x1b[31mred\\x1b[0m")
def double(x):
    变量 = 2 * x
    return 变量""",
    "import-star": f"from math import *\nfrom numpy import *\nfrom torch import *\n{DOUBLE}",
    "shadowed-builtins": f"sum_, list, type, print, abs, id = 0, [1], 'kind', None, 3, 4\n{DOUBLE}",
    "shadowed-modules": f"np = 'not a module'\ntf = keras = None\n{DOUBLE}\ntorch = np",
    "own-names": f"exec = eval = get_ipython = mark = tokens = order = 3\n{DOUBLE}",
    "del-names": f"{DOUBLE}\ndel np",
    "own-assertions": f"{DOUBLE}\nassert double(torch.ones(1)).item() == 2",
    "failing-cell": f"{DOUBLE}\n1 / 0",
    "failing-assertion": f"{DOUBLE}\nassert False, 'my own check'",
    "wrapped": """import functools
def timed(function):
    @functools.wraps(function)
    def wrapper(*arguments, **options):
        return function(*arguments, **options)
    return wrapper
@timed
def double(x):
    return 2 * x""",
    "torch-settings": f"torch.manual_seed(1)\ntorch.set_printoptions(precision=2)\ntorch.set_grad_enabled(True)\ntorch.set_num_threads(1)\n{DOUBLE}",
    "numpy-settings": f"np.set_printoptions(precision=1)\nnp.seterr(all='raise')\nnp.random.seed(0)\n{DOUBLE}",
    "own-modules-of-torch": f"import torch.nn as nn, torch.fx, torch.utils.data\nnn.Linear(2, 2)(torch.ones(1, 2)).sum().backward()\n{DOUBLE}",
    "compiled": """@torch.compile(backend="eager")
def double(x):
    return 2 * x
double(torch.ones(2))""",
    "later-imports": f"import json, decimal, fractions, sqlite3, urllib.request\n{DOUBLE}",
    "threads": """import threading
from concurrent.futures import ThreadPoolExecutor
def double(x):
    with ThreadPoolExecutor(2) as pool:
        return pool.submit(lambda: 2 * x).result()""",
    "subprocess": f"import subprocess\nprint(subprocess.run(['echo', 'hi'], capture_output=True, text=True).stdout)\n{DOUBLE}",
    "async": f"import asyncio\nawait asyncio.sleep(0)\n{DOUBLE}",
    "garbage": f"import gc\ngc.collect()\nprint(len([o for o in gc.get_objects() if type(o) is torch.Tensor]))\n{DOUBLE}",
    "inspect": """import inspect
def double(x):
    assert inspect.signature(double).parameters
    return 2 * x
print(inspect.getsource(double))""",
    "tempfile": """import os, shutil, tempfile
with tempfile.TemporaryDirectory() as folder:
    open(os.path.join(folder, "a"), "w").write("a")
    shutil.copy(os.path.join(folder, "a"), "b")
open("model.pt", "wb").write(b"x" * 10**6)
torch.save(torch.ones(2), "weights.pt")
torch.load("weights.pt")
def double(x):
    return 2 * x""",
    "namedtuples": """from collections import namedtuple
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple
def double(x):
    Pair = namedtuple("Pair", "a b")
    @dataclass
    class Point:
        a: int
    class Colour(Enum):
        RED = 1
    class Named(NamedTuple):
        a: int
    try:
        raise KeyError("x")
    except KeyError as error:
        import traceback
        traceback.format_exc()
    return Pair(2, Colour.RED).a * x""",
}
