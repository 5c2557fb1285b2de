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
    "display": f"""from IPython.display import HTML, Image, Markdown, clear_output, display, update_display
display(HTML("<b>bold</b>"), Markdown("*text*"), {{"a": 1}}, display_id="shown")
update_display(Markdown("changed"), display_id="shown")
clear_output(wait=True)
{DOUBLE}
display(double(np.ones(2)))""",
    "display-in-the-tests": """from IPython.display import clear_output, display
def double(x):
    display(x)
    clear_output()
    display({"text/plain": "raw"}, raw=True)
    return 2 * x""",
    "tqdm": """from time import sleep
from tqdm import tqdm, trange
for step in tqdm(range(30), desc="größer"):
    sleep(0.005)
def double(x):
    with trange(3) as bar:
        for step in bar:
            bar.set_postfix(step=step)
            tqdm.write("in between")
    return 2 * x""",
    "tqdm-notebook": """from tqdm.auto import tqdm as automatic
from tqdm.notebook import tqdm
for step in tqdm(range(5)):
    for inner in automatic(range(5), leave=False):
        pass
def double(x):
    for step in tqdm(range(3)):
        pass
    return 2 * x""",
    "widgets": """import ipywidgets as widgets
from IPython.display import display
slider = widgets.IntSlider(value=3, description="Ärger")
out = widgets.Output()
display(widgets.VBox([slider, out]))
slider.observe(lambda change: print(change), names="value")
slider.value = 7
with out:
    print("captured")
def double(x):
    slider.value += 1
    with out:
        print("captured")
    return 2 * x""",
    "interact": f"""from ipywidgets import interact, interactive
@interact(n=(0, 10), name=["a", "b"])
def show(n=3, name="a"):
    print(n, name)
{DOUBLE}
interactive(double, x=(0.0, 1.0))""",
    "matplotlib-magic": f"{DOUBLE}\n%matplotlib\n%matplotlib inline\n%config InlineBackend.close_figures = False",
    "figures": """import matplotlib
import matplotlib.pyplot as plt
plt.style.use("ggplot")
plt.rcParams["figure.dpi"] = 200
figure, axes = plt.subplots(2, 2)
axes[0, 0].imshow(np.random.rand(50, 50))
figure.savefig("figure.png")
def double(x):
    plt.figure()
    plt.hist(np.asarray(x))
    plt.savefig("hist.pdf")
    plt.close("all")
    return 2 * x
figure""",
    "cell-magics": f"%%capture out\nprint('kept')\n{DOUBLE}",
    "shell-output": f"files = !ls -la\nprint(files)\n!echo on stderr >&2\n%env\n%who\n%history -l 2\n{DOUBLE}\ndouble?",
    "logging-to-files": """import logging, sys
logging.basicConfig(filename="log.txt", level=logging.DEBUG, force=True)
logger = logging.getLogger("mine")
logger.addHandler(logging.StreamHandler(sys.stdout))
logging.captureWarnings(True)
def double(x):
    logger.warning("doubling %s", x)
    return 2 * x""",
    "warnings-filtered": f"import warnings\nwarnings.filterwarnings('ignore')\n{DOUBLE}",
    "async-functions": """import asyncio
async def later(x):
    await asyncio.sleep(0.001)
    return 2 * x
async def count():
    for number in range(3):
        yield number
async for number in count():
    print(number)
print(await asyncio.gather(later(1), later(2)))
background = asyncio.create_task(asyncio.sleep(60))
def double(x):
    try:
        later(x).send(None)
    except StopIteration:
        pass
    return 2 * x""",
    "non-ascii-identifiers": """π, Ω, 变量 = 3.14, "ohm", "量"
class Größe:
    höhe = π
def überschuss(ж, *, ñ=2):
    return ñ * ж
def double(x):
    return überschuss(x)
Größe.höhe""",
    "del-everything": f"{DOUBLE}\nfor name in [n for n in globals() if not n.startswith('_') and n not in ('double', 'get_ipython')]:\n    del globals()[name]",
    "type-hints": """from __future__ import annotations
from typing import Callable, TypeVar
T = TypeVar("T")
def double(x: T) -> T:
    result: T = 2 * x
    return result""",
}


def _numbered(content: dict, counts: list[int | None]) -> None:
    """Number the code cells as if they had been run in this order, again and again."""
    cells = [cell for cell in content["cells"] if cell["cell_type"] == "code"]
    for cell, count in zip(cells, counts * len(cells)):
        cell["execution_count"] = count


def _code(source: str) -> dict:
    return {
        "cell_type": "code",
        "id": f"mine-{abs(hash(source)) % 10**6}",
        "metadata": {},
        "source": source,
        "outputs": [],
        "execution_count": 41,
    }


def run_backwards(content: dict) -> None:
    """Leave numbers and outputs as they are when cells were run bottom to top."""
    _numbered(content, [93, 92, 7, 6, 5, 4, 3])


def run_some_twice(content: dict) -> None:
    _numbered(content, [2, 2, None, 188, 2, 0])


def tests_run_before_the_solution(content: dict) -> None:
    """Leave the error that the tests showed when they were run too early."""
    for cell in content["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade"):
            cell["execution_count"] = 1
            cell["outputs"] = [
                {
                    "output_type": "error",
                    "ename": "NameError",
                    "evalue": "name 'double' is not defined",
                    "traceback": ["NameError: name 'double' is not defined"],
                }
            ]


def used_before_defined(content: dict) -> None:
    """Use, on top, what cells below define: it worked in the order in which they were run."""
    content["cells"].insert(0, _code("print(double(np.ones(2)), helper(3))"))
    content["cells"].append(_code("def helper(x):\n    return double(x)\nanswer = total([1.0])"))
    _numbered(content, [99, 5, 3, 8])


def cells_in_between(content: dict) -> None:
    """Rename, delete and run again between the cells of the exercises."""
    content["cells"].insert(1, _code("%reset -f\nprint('fresh')"))
    content["cells"].insert(1, _code("del np\ndouble = total = None"))
    content["cells"].append(_code("del double\ntotal = 'gone'"))


DISORDERS = (
    run_backwards,
    run_some_twice,
    tests_run_before_the_solution,
    used_before_defined,
    cells_in_between,
)
"""What an honest notebook looks like whose cells were run in a strange order."""
