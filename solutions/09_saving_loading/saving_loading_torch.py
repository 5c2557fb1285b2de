# %% [markdown]
# # Saving and loading
#
# A network that has taken a day to train lives in the memory of one process. To outlive it, it has
# to become bytes in a file, and the bytes have to become a network again: in another process, on
# another day, often on the machine of somebody else. This lesson is about what goes into such
# files, what is left out of them without a word, and when it is dangerous to open one.
#
# **Afterwards you can**
#
# - write tensors, and dictionaries of them, so that every dtype survives and no pickle is needed;
# - say why opening a stranger's pickle runs the stranger's code, and how to load without that risk;
# - save the weights of a network and load them into a clone, in a process that never saw the first;
# - copy some layers from one network into another, and notice a name that does not fit;
# - stop a training run and resume it so that its numbers do not show it;
# - save what is in no weight: widths, thresholds and other settings.
#
# **Time**: about 55 minutes. **You need**: the lessons up to 08 (models).
#
# **How to work.** Where you read *Predict*, stop and write your answer down before you run the cell
# below it; a wrong prediction is where the learning happens. In an exercise, fill in the solution
# cell, run it, then run the tests cells under it: a failed test says what was called, what came
# back, what was wanted and the likely cause. When you hand in, the same rules are also checked on
# other inputs. **Validate** in JupyterLab runs the notebook from top to bottom, as the grader will.
# *Run All Cells* stops at the first tests cell that fails, so take an exercise cell by cell.

# %% role="setup"
import ast
import inspect
import linecache
import os
import pickle
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

# %% [markdown]
# ## Tensors on disk
#
# The cells of this lesson write their files into a temporary folder. The last cell removes it. Some
# cells ask what a file is worth to somebody else: they start a second Python, which knows nothing
# of this notebook, and show what it printed. (The second function is for the tests of 9.2.)

# %% role="setup"
def in_new_process(script: str, *arguments: object) -> str:
    """Run a script in a new Python; return what it printed, and its error if it failed."""
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)], capture_output=True, text=True
    )
    return (done.stdout + done.stderr * bool(done.returncode)).strip()


def text_of_cell(function: Callable) -> str:
    """Return the whole text of the cell that defined a function."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    return "".join(linecache.getlines(code.co_filename)) if code else ""


# %%
storage = tempfile.TemporaryDirectory()
folder = Path(storage.name)


# %% [markdown]
# ### One tensor
#
# A tensor is a dtype, a shape and numbers, and a file that holds these three holds the tensor.
# NumPy's format `.npy` is not much more than that: a line of text, then the numbers as they stand
# in memory.
#
# **Predict**: `x` has six numbers of type int32. How many bytes of the file are numbers?

# %% listing="S0-26"
x = torch.arange(6, dtype=torch.int32).reshape(2, 3)
np.save(folder / "x.npy", x.numpy())

raw = (folder / "x.npy").read_bytes()
print("begins with:", raw[:6])
print("text:", raw[10:128].decode().strip())
print("numbers:", len(raw[128:]), "bytes")
y = torch.from_numpy(np.load(folder / "x.npy"))
print("back:", y.dtype, y.tolist())

# %% [markdown]
# Any program that can read such a line can read the array, and many can. The format of PyTorch
# itself is for PyTorch only, and it keeps what NumPy has no word for. `torch.save` writes a zip
# archive: one file with the structure, and one with the numbers of each *storage*, the piece of
# memory that a tensor looks at.

# %%
torch.save(x, folder / "x.pt")
print("back:", torch.load(folder / "x.pt"))
parts = zipfile.ZipFile(folder / "x.pt").namelist()
print("inside:", [name for name in parts if name.startswith(("x/data/", "x/data.pkl"))])

# %% [markdown]
# A storage is written whole. That matters where a tensor looks at a small part of a large one, as a
# slice does.
#
# **Predict**: the table has 100,000 numbers of four bytes. How large are the two files?

# %%
table = torch.zeros(1000, 100)
torch.save(table[:2], folder / "slice.pt")
torch.save(table[:2].clone(), folder / "clone.pt")
for name in ("slice.pt", "clone.pt"):
    shape = tuple(torch.load(folder / name).shape)
    print(f"{name}: shape {shape}, {(folder / name).stat().st_size / 1000:.0f} kB")

# %% [markdown]
# The first file holds 200 numbers and 99,800 that nobody can reach. `clone()` what you cut out
# before you save it.
#
# ### Then and now: a list of arrays
#
# The books save several arrays as a list. NumPy's `save` takes lists, and makes *one* array of
# each.
#
# **Predict** what comes back, and what happens where the lengths differ.

# %% listing="S0-27"
pair = [np.arange(3, dtype=np.int32), np.ones(3, dtype=np.float32)]
np.save(folder / "pair.npy", pair)
back = np.load(folder / "pair.npy")
print("NumPy: ", type(back).__name__, back.dtype, back.shape)

torch.save([torch.from_numpy(array) for array in pair], folder / "pair.pt")
back = torch.load(folder / "pair.pt")
print("PyTorch:", type(back).__name__, [tensor.dtype for tensor in back])

# %% tags=["raises-exception"]
np.save(folder / "uneven.npy", [np.zeros(3), np.ones(2)])

# %% [markdown]
# The whole numbers have become floating-point numbers, of a type that neither array had, and uneven
# arrays cannot be saved at all. `torch.save` keeps the list as it was. In NumPy, the form for
# several arrays is `np.savez`, which gives each one a name and a file of its own in a zip archive.
#
# ### Then and now: a dictionary of arrays
#
# With a dictionary the listing works and does something else than one thinks. There is no array
# that could hold a dictionary, so NumPy makes an array of shape `()` with one entry of type
# `object`, and has Python *pickle* that. A pickle is Python's own format for objects of any kind.
# By default `np.load` does not read it:

# %% listing="S0-28" tags=["raises-exception"]
state = {"weight": torch.ones(2, 3), "steps": torch.tensor(7)}
np.save(folder / "dictionary.npy", state)
np.load(folder / "dictionary.npy")

# %% [markdown]
# "When allow_pickle=False" sounds as if there were a way, and there is. But then the file needs
# more than NumPy: it names a function that makes tensors, and that belongs to PyTorch. The form of
# today is an archive of arrays.
#
# **Predict**: which of the two files can a Python read that has NumPy and no PyTorch?

# %%
np.savez(folder / "dictionary.npz", **{name: t.numpy() for name, t in state.items()})
script = """
import sys
import numpy as np

sys.modules["torch"] = None  # as if it were not installed
try:
    print(np.load(sys.argv[1], allow_pickle=True))
except ImportError as error:
    print("dictionary.npy:", type(error).__name__)
with np.load(sys.argv[2]) as archive:
    for name in archive.files:
        print("dictionary.npz:", name, archive[name].dtype, archive[name].shape)
"""
print(in_new_process(script, folder / "dictionary.npy", folder / "dictionary.npz"))

# %% [markdown]
# `np.load` does not read the arrays of an archive. It reads one when you ask for it, from the disk,
# each time anew.
#
# **Predict** both lines: is it the same array twice, and can it be asked for after the `with`?

# %%
with np.load(folder / "dictionary.npz") as archive:
    print("the same array twice:", archive["weight"] is archive["weight"])
try:
    archive["weight"]
except AttributeError as error:
    print("after the with:", type(error).__name__)

# %% [markdown]
# So take out what you need while the archive is open.
#
# Three things to know about the way through NumPy. A tensor that is part of a graph must be
# detached first. NumPy has no bfloat16. And the arrays are handed over as named arguments, of which
# two are taken: one of these names is refused, the other one is swallowed.

# %%
attempts = {
    "requires a gradient": lambda: torch.ones(2, requires_grad=True).numpy(),
    "bfloat16": lambda: torch.ones(2, dtype=torch.bfloat16).numpy(),
    "named file": lambda: np.savez(folder / "taken.npz", **{"file": np.ones(2)}),
}
for what, attempt in attempts.items():
    try:
        attempt()
    except (RuntimeError, TypeError) as error:
        print(f"{what}: {type(error).__name__}")
np.savez(folder / "taken.npz", **{"allow_pickle": np.array(True), "kept": np.ones(2)})
print("named allow_pickle:", np.load(folder / "taken.npz").files)

# %% [markdown] exercise="tensor-dictionary" role="task"
# ## Exercise 9.1: a dictionary of tensors
#
# *3 points*
#
# Write the pair of functions
#
# - `save_tensors(tensors, path)`, which writes a dictionary from names to tensors into one file,
# - `load_tensors(path)`, which reads it back and returns such a dictionary.
#
# The rules:
#
# - `path` is a `pathlib.Path` that ends in `.npz`. The file is an archive that `np.load(path)`
#   opens with its defaults, so without pickle; it holds one array for each name, and nothing else.
# - Names are strings such as `encoder.0.weight`; `file` and `allow_pickle` are not among them. The
#   dictionary may be empty.
# - Tensors have dtype bool, uint8, int32, int64, float16, float32 or float64 and any shape, `()`
#   and shapes with a 0 in them included. Some require a gradient.
# - What comes back is a plain `dict` with the same names, in any order, and `torch.Tensor`s of the
#   same dtypes, shapes and values, which require no gradient. They stay as they are when the file
#   is removed.
# - All of it comes from the file: `load_tensors` also reads an archive that another program made,
#   and keeps nothing in memory from one call to the next.
# - The dictionary that is saved, its tensors, and whether they require a gradient, are left as they
#   were.
#
# The three tests cells (1 point each) save and load, look at the file, and look at tensors with
# gradients and archives of another program.

# %% [markdown] exercise="tensor-dictionary" role="hint"
# <details><summary>Hint 1</summary>
#
# `np.savez` and a dictionary with two stars, as in the cell above. Which method takes a tensor out
# of its graph, so that `numpy()` is allowed? For the way back: `torch.tensor` and
# `torch.from_numpy` look at the dtype of the array, `torch.Tensor` does not.
#
# </details>

# %% [markdown] exercise="tensor-dictionary" role="hint"
# <details><summary>Hint 2</summary>
#
# Save `{name: tensor.detach().numpy() for name, tensor in tensors.items()}`. Load inside
# `with np.load(path) as archive:`, and return a dictionary of `torch.from_numpy(archive[name])` for
# each name in `archive.files`.
#
# </details>

# %% exercise="tensor-dictionary" role="solution"
def save_tensors(tensors: dict[str, torch.Tensor], path: Path) -> None:
    """Write named tensors of any shapes and dtypes into an .npz archive."""
    # BEGIN SOLUTION
    np.savez(path, **{name: tensor.detach().numpy() for name, tensor in tensors.items()})
    # END SOLUTION


def load_tensors(path: Path) -> dict[str, torch.Tensor]:
    """Read what save_tensors wrote: the same names, shapes, dtypes and values."""
    # BEGIN SOLUTION
    with np.load(path) as archive:
        return {name: torch.from_numpy(archive[name]) for name in archive.files}
    # END SOLUTION


# %% exercise="tensor-dictionary" role="tests" points=1
# Exercise 9.1, tests 1 of 3: what is saved comes back.
def check_round_trip(arrays):
    """Save and load tensors made from arrays."""
    tensors = {name: torch.tensor(array) for name, array in arrays.items()}
    kinds = {name: f"{array.dtype} {array.shape}" for name, array in arrays.items()}
    called, cause = "save_tensors", "keep each tensor as an array of its own"
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "tensors.npz"
        try:
            save_tensors(tensors, path)
            assert path.exists(), (
                f"save_tensors for {kinds} wrote no file at the path that it was given; the folder "
                f"holds {sorted(p.name for p in Path(place).iterdir())}.")
            called, cause = "load_tensors after save_tensors", "were pickled objects saved?"
            loaded = load_tensors(path)
        except (RuntimeError, ValueError, pickle.UnpicklingError) as error:
            if isinstance(error, NotImplementedError):
                raise
            raise AssertionError(
                f"{called} for {kinds} raised {type(error).__name__} ({str(error)[:80]}): {cause}"
            ) from None
    assert type(loaded) is dict, f"{called} gave {type(loaded).__name__}, wanted a plain dict."
    assert len(loaded) == len(arrays) and all(name in loaded for name in arrays), (
        f"{called} gave the names {list(loaded)}, wanted {list(arrays)}.")
    for name, array in arrays.items():
        got, wanted = loaded[name], torch.from_numpy(array)
        assert type(got) is torch.Tensor, (
            f"{called}: {name!r} is {type(got).__name__}, wanted a torch.Tensor.")
        assert got.dtype == wanted.dtype, (
            f"{called}: {name!r} has dtype {got.dtype}, wanted {wanted.dtype}: lists, "
            "torch.Tensor(...) and a common array do not keep the dtype of each tensor.")
        assert tuple(got.shape) == array.shape, (
            f"{called}: {name!r} has shape {tuple(got.shape)}, wanted {array.shape}.")
        assert np.array_equal(got.detach().numpy(), array), (
            f"{called}: {name!r} holds {got.tolist()}, wanted {array.tolist()}.")


for arrays in [
    {"weight": np.array([[1.5, -2.0, 0.1]], "float32"), "steps": np.array([3, 2**40])},
    {"encoder.0.weight": np.arange(6.0).reshape(3, 2), "on": np.array([True, False])},
]:
    check_round_trip(arrays)
# BEGIN HIDDEN TESTS
for arrays in [
    {"scalar": np.array(2.5, "float16"), "empty": np.zeros((0, 3), "int32")},
    {"image": np.arange(8, dtype="uint8").reshape(2, 4).T, "a name/with signs": np.ones(1)},
    {"w": np.array([1 / 3, 2 / 3]), "b": np.array([1 / 3], "float32")},
    {"allowed": np.array(True), "n": np.array([[-1]], "int32"), "m": np.array([[7]])},
    {},
]:
    check_round_trip(arrays)
# END HIDDEN TESTS

# %% exercise="tensor-dictionary" role="tests" points=1
# Exercise 9.1, tests 2 of 3: the file, opened by NumPy alone.
def check_file(arrays):
    tensors = {name: torch.tensor(array) for name, array in arrays.items()}
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "tensors.npz"
        save_tensors(tensors, path)
        files = sorted(p.name for p in Path(place).iterdir())
        assert files == ["tensors.npz"], f"save_tensors wrote {files}, wanted tensors.npz alone."
        try:
            archive = np.load(path)
            names = list(archive.files)
        except (ValueError, AttributeError, OSError) as error:
            raise AssertionError(
                f"np.load cannot open the file of save_tensors as an archive ({str(error)[:80]}): "
                "it is a pickle or a single array; np.savez writes archives.") from None
        assert not any("data.pkl" in name for name in names), (
            "save_tensors wrote a file of torch.save, which holds a pickle: np.savez needs none.")
        with archive:
            assert sorted(names) == sorted(arrays), (
                f"the archive of save_tensors holds {names}, wanted {list(arrays)}: one array for "
                "each name, and two stars in front of the dictionary.")
            for name, wanted in arrays.items():
                try:
                    got = archive[name]
                except ValueError:
                    raise AssertionError(
                        f"save_tensors pickled {name!r}: np.load cannot read it by default. Save "
                        "NumPy arrays.") from None
                assert got.dtype == wanted.dtype and np.array_equal(got, wanted), (
                    f"in the archive of save_tensors {name!r} is {got.dtype} {got.tolist()}, "
                    f"wanted {wanted.dtype} {wanted.tolist()}.")


for arrays in [{"weight": np.array([[0.1, -2.0]], "float32"), "steps": np.array(3)}]:
    check_file(arrays)
# BEGIN HIDDEN TESTS
for arrays in [{"a.b": np.array([True]), "c": np.zeros((2, 0), "float16"), "d": np.ones(3)}]:
    check_file(arrays)
# END HIDDEN TESTS

# %% exercise="tensor-dictionary" role="tests" points=1
# Exercise 9.1, tests 3 of 3: tensors with gradients, and an archive that another program made.
def check_left_alone(arrays, with_gradient):
    """Save tensors, some with a gradient; load zeros that NumPy saved at the same path."""
    tensors = {name: torch.tensor(array) for name, array in arrays.items()}
    for name in with_gradient:
        tensors[name].requires_grad_()
    given = dict(tensors)
    zeros = {f"{name}.again": np.zeros_like(array) for name, array in arrays.items()}
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "tensors.npz"
        try:
            save_tensors(tensors, path)
        except RuntimeError as error:
            if isinstance(error, NotImplementedError):
                raise
            raise AssertionError(
                f"save_tensors for {list(tensors)}, where {with_gradient} require a gradient, "
                f"raised RuntimeError ({error}): detach a tensor before numpy().") from None
        try:
            loaded = load_tensors(path)
            np.savez(path, **zeros)
            found = load_tensors(path)
        except (KeyError, OSError, ValueError) as error:
            raise AssertionError(
                f"load_tensors, after save_tensors or for an archive with {list(zeros)}, which "
                f"np.savez wrote, raised {type(error).__name__} ({error}): take all arrays from "
                "the file at path, and none of objects.") from None
    assert type(loaded) is dict and set(loaded) == set(arrays), (
        "load_tensors after save_tensors gave other names; get the first tests cell to pass first.")
    for name, array in arrays.items():
        before = given[name]
        assert tensors.get(name) is before and before.requires_grad == (
            name in with_gradient) and np.array_equal(before.detach().numpy(), array), (
            f"save_tensors changed {name!r} in the dictionary that it was given, or its gradient.")
        assert not getattr(loaded[name], "requires_grad", False), (
            f"load_tensors after save_tensors: {name!r} requires a gradient, wanted none.")
    assert type(found) is dict and set(found) == set(zeros) and not any(
        bool(tensor.any()) for tensor in found.values()), (
        f"load_tensors for an archive with {list(zeros)}, all zeros, which np.savez wrote in the "
        f"place of the first, gave {found}: take all from the file at path, and keep nothing in "
        "memory.")


for case in [({"weight": np.array([[0.1, -2.0]], "float32"), "steps": np.array(3)}, ["weight"])]:
    check_left_alone(*case)
# BEGIN HIDDEN TESTS
for case in [({"w": np.array([1 / 3, 2.0]), "b": np.array([0.5], "float16")}, ["w", "b"]),
             ({"a.b": np.array([True]), "c": np.zeros((2, 0))}, [])]:
    check_left_alone(*case)
# END HIDDEN TESTS

# %% [markdown]
# ## What a pickle does when it is opened
#
# A pickle is not a description of an object but a program that builds it, a list of small
# instructions. One of them says: import this function, call it with these arguments, take what it
# returns. Every class may choose the function and the arguments, in its method `__reduce__`.
#
# The class below chooses `print`. The file that is saved here is a dictionary with one harmless
# entry and one surprise.
#
# **Predict**: what is printed by the next cell, and what is the entry `extra` after loading?

# %%
class Surprise:
    def __reduce__(self):
        return print, ("This line was printed by the file.",)


torch.save({"weight": torch.ones(2), "extra": Surprise()}, folder / "gift.pt")
content = torch.load(folder / "gift.pt", weights_only=False)
print("extra:", content["extra"])

# %% [markdown]
# The file printed a line before anybody had looked at its content. The class `Surprise` is not even
# needed for that: whoever opens the file only needs `print`, which every Python has. In place of
# `print` there could be a function that deletes files or sends yours away, and nothing in the
# weights would look odd. So the rule is short: **never unpickle what a stranger has made.** That
# goes for `pickle.load`, for `np.load(..., allow_pickle=True)` and for
# `torch.load(..., weights_only=False)`.
#
# The safe way has become the default. `torch.load` without that argument builds tensors and plain
# Python values, refuses every function that it does not know, and names the one it met. You can
# also have the names listed without opening the file.

# %%
try:
    torch.load(folder / "gift.pt")
except pickle.UnpicklingError as error:
    print("refused because of:", str(error).partition("GLOBAL ")[2].split()[0])
names = torch.serialization.get_unsafe_globals_in_checkpoint(folder / "gift.pt")
print("names in the file: ", names)

# %% [markdown]
# **Then and now.** Until version 2.6, from 2025, `torch.load(path)` unpickled whatever it found,
# and that is the call that one reads in books and older programs. Files that were written with it
# in mind are refused today. Some of them hold nothing bad, such as this one, where the best loss so
# far was computed by NumPy.

# %%
torch.save({"best": np.mean([0.5, 0.25])}, folder / "best.pt")
try:
    torch.load(folder / "best.pt")
except pickle.UnpicklingError:
    names = torch.serialization.get_unsafe_globals_in_checkpoint(folder / "best.pt")
    print("refused:", sorted(names))
torch.save({"best": float(np.mean([0.5, 0.25]))}, folder / "best.pt")
print("opened: ", torch.load(folder / "best.pt"))

# %% [markdown]
# The cure is not to switch the guard off but to save plain values: tensors, numbers, strings, and
# lists and dictionaries of them.
#
# ## Weights, and the code that they belong to
#
# ### The state dict
#
# A network is code and numbers. The numbers are the *state dict*, a dictionary of all parameters
# and buffers with their paths as names. It is what one saves. The code is in your program already,
# and makes a network of the same form, a *clone*, into which the numbers are loaded.
#
# ```mermaid
# flowchart LR
#     subgraph first ["one process"]
#         net["network"] -- "state_dict" --> names["names and numbers"]
#     end
#     names -- "torch.save" --> file[("file")]
#     subgraph second ["another process"]
#         code["the same code"] -- "builds" --> clone["clone"]
#     end
#     file -- "torch.load, load_state_dict" --> clone
# ```
#
# **Predict** the two answers.

# %% listing="S0-29 S0-30"
class MLP(nn.Module):
    def __init__(self, num_hidden=8):
        super().__init__()
        self.hidden = nn.Linear(3, num_hidden)
        self.output = nn.Linear(num_hidden, 2)

    def forward(self, x):
        return self.output(F.relu(self.hidden(x)))


torch.manual_seed(0)
net = MLP()
torch.save(net.state_dict(), folder / "weights.pt")

clone = MLP()
batch = torch.tensor([[1.0, -2.0, 0.5], [0.0, 3.0, 1.0]])
print("same outputs before loading:", torch.equal(net(batch), clone(batch)))
print(clone.load_state_dict(torch.load(folder / "weights.pt")))
print("same outputs after loading: ", torch.equal(net(batch), clone(batch)))

# %% [markdown]
# `load_state_dict` copies the numbers into the tensors that the clone has. It returns a report, not
# the network: `clone = clone.load_state_dict(…)` is a popular mistake.
#
# A state dict on disk is a copy. In memory it is not, as lesson 04 has shown. Suppose that you
# train on and want to keep the best weights seen so far.
#
# **Predict**: which of the two keeps the old weights when the network changes?

# %%
best = net.state_dict()
best_copy = {name: tensor.clone() for name, tensor in net.state_dict().items()}
old = net.hidden.bias[0].item()
with torch.no_grad():
    net.hidden.bias += 1.0
print("state_dict(): still the old one:", best["hidden.bias"][0].item() == old)
print("with clone():  still the old one:", best_copy["hidden.bias"][0].item() == old)
report = net.load_state_dict(best_copy)

# %% [markdown]
# The entries of a state dict *are* the weights, seen without their gradient. The "best" weights
# would have followed the training and been the last ones.
#
# ### Whole networks
#
# `torch.save(net, path)` also works, and looks handier: no clone, no code. It pickles the object.
# A pickle holds no code either. It holds the *name* of the class, here `__main__.MLP`, and the
# attributes of the object. In this process there is such a class. In another one?
#
# **Predict**: which of the two files can the second process use?

# %%
torch.save(net, folder / "whole.pt")
script = """
import sys
import torch
from torch import nn

try:
    net = torch.load(sys.argv[1], weights_only=False)
except AttributeError as error:
    print("whole.pt:  ", str(error).split(" on ")[0])

class MLP(nn.Module):
    def __init__(self, num_hidden=8):
        super().__init__()
        self.hidden = nn.Linear(3, num_hidden)
        self.output = nn.Linear(num_hidden, 2)

net = MLP()
print("weights.pt:", net.load_state_dict(torch.load(sys.argv[2])))
"""
print(in_new_process(script, folder / "whole.pt", folder / "weights.pt"))

# %% [markdown]
# The pickled network is useless without its class, and the class must be found under the same name
# in the same module: rename it, or move it to another file, and your own old files are lost. It
# also needs `weights_only=False`. So it is neither handy nor safe.
#
# ### The formats side by side
#
# | file | what it stores | who can read it | safe from a stranger? |
# |---|---|---|---|
# | `.npy`, `.npz` | dtype, shape, numbers, names | NumPy, many languages | yes, by default |
# | `.npy` of objects | a pickle | Python with the packages it names | no |
# | `torch.save(state_dict)` | names and tensors | PyTorch | yes, by default |
# | `torch.save(net)` | a pickle: names of classes, attributes | PyTorch with these classes | no |
#
# None of them holds the code of the network. "By default" means that the reader leaves
# `allow_pickle` and `weights_only` as they are. What do the defaults say to the files that we have
# written so far?

# %%
for name in ("x.npy", "dictionary.npy", "dictionary.npz", "weights.pt", "whole.pt", "gift.pt"):
    load = torch.load if name.endswith(".pt") else np.load
    try:
        load(folder / name)
        verdict = "opened"
    except (ValueError, pickle.UnpicklingError):
        verdict = "refused"
    archive = "zip archive" if zipfile.is_zipfile(folder / name) else "plain file"
    print(f"{name:15} {archive:12} {verdict}")

# %% [markdown] exercise="weights-in-new-process" role="task"
# ## Exercise 9.2: weights in a new process
#
# *3 points*
#
# Write the pair of functions
#
# - `save_weights(net, path)`, which writes the state dict of a network into a file,
# - `load_into_clone(make_network, path)`, which returns a new network with the weights of the file.
#
# The rules:
#
# - `net` is any `nn.Module`, `path` a `pathlib.Path`. `make_network` is a function without
#   arguments that returns a new network of the same form each time; lazy layers in it (lesson 06)
#   have not seen a batch.
# - The file holds the whole state dict as it was when `save_weights` was called, under its names,
#   and nothing else. `torch.load(path)` opens it with its defaults.
# - `load_into_clone` makes its network with `make_network` and takes every number from the file.
#   Each call returns another network, and leaves other networks alone.
# - The two functions may run in different processes, and the file may be moved in between. The
#   tests start a second Python that knows what the first cell imports (but for `plt`), the *whole
#   text of your solution cell*, and `make_network`; it has no other cell, and nothing that this
#   process keeps in memory. What your functions need in addition must be in the solution cell.
#
# The three tests cells (1 point each) look at the file, load it in this process, and load it in a
# new one.

# %% [markdown] exercise="weights-in-new-process" role="hint"
# <details><summary>Hint 1</summary>
#
# The section above did all of it. Three steps make the second function: code makes the clone, the
# file gives a dictionary, the clone takes it in. What does `load_state_dict` return?
#
# </details>

# %% [markdown] exercise="weights-in-new-process" role="hint"
# <details><summary>Hint 2</summary>
#
# `torch.save(net.state_dict(), path)`. Then `clone = make_network()`, on a line of its own
# `clone.load_state_dict(torch.load(path))`, and `return clone`.
#
# </details>

# %% exercise="weights-in-new-process" role="solution"
def save_weights(net: nn.Module, path: Path) -> None:
    """Write all parameters and buffers of a network into a file."""
    # BEGIN SOLUTION
    torch.save(net.state_dict(), path)
    # END SOLUTION


def load_into_clone(make_network: Callable[[], nn.Module], path: Path) -> nn.Module:
    """Return a new network from make_network with the numbers of the file."""
    # BEGIN SOLUTION
    clone = make_network()
    clone.load_state_dict(torch.load(path))
    return clone
    # END SOLUTION


# %% exercise="weights-in-new-process" role="tests" points=1
# Exercise 9.2, tests 1 of 3: the file.
def check_file(make_network, kind):
    """Save a network, change it, and open the file."""
    net = make_network()
    with torch.no_grad():
        for tensor in net.state_dict().values():
            tensor += 1
    wanted = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "net.pt"
        save_weights(net, path)
        with torch.no_grad():  # training goes on
            for tensor in net.state_dict().values():
                tensor.zero_()
        assert path.exists(), f"save_weights(net, path) for {kind} wrote no file at path."
        try:
            content = torch.load(path)
        except (pickle.UnpicklingError, RuntimeError, EOFError):
            raise AssertionError(
                f"torch.load does not open the file that save_weights wrote for {kind}: was the "
                "network itself pickled? Save its state dict with torch.save.") from None
    assert isinstance(content, dict), (
        f"the file that save_weights wrote for {kind} holds {type(content).__name__}, wanted the "
        "state dict.")
    missing, extra = sorted(set(wanted) - set(content)), sorted(set(content) - set(wanted))
    assert not missing and not extra, (
        f"the file that save_weights wrote for {kind} lacks {missing or 'nothing'} and holds "
        f"{extra or 'nothing'} in addition: save net.state_dict(), which holds buffers as well as "
        "parameters.")
    for name, tensor in wanted.items():
        got = content[name]
        assert torch.is_tensor(got) and got.dtype == tensor.dtype and torch.equal(got, tensor), (
            f"{name} in the file that save_weights wrote for {kind} is not what was saved: it is "
            f"{got}, wanted {tensor}.")


for make, kind in [(lambda: nn.Linear(3, 2), "Linear(3, 2)")]:
    check_file(make, kind)
# BEGIN HIDDEN TESTS
for make, kind in [
    (lambda: nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3)), "Sequential(Linear, BatchNorm1d)"),
    (lambda: nn.Sequential(nn.Linear(2, 2).requires_grad_(False), nn.Sequential(nn.Linear(2, 1))),
     "nested Sequential with a frozen layer"),
]:
    check_file(make, kind)
# END HIDDEN TESTS

# %% exercise="weights-in-new-process" role="tests" points=1
# Exercise 9.2, tests 2 of 3: the clone, in this process.
def check_clone(make_network, kind):
    """Twice, at one path: save a network, change it, move the file and load it."""
    clones, called = [], f"load_into_clone for {kind}"
    with tempfile.TemporaryDirectory() as place:
        path, moved = Path(place) / "net.pt", Path(place) / "moved.pt"
        for net in (make_network(), make_network()):
            with torch.no_grad():
                for tensor in net.state_dict().values():
                    tensor += 1
            wanted = {name: tensor.numpy().copy() for name, tensor in net.state_dict().items()}
            save_weights(net, path)
            assert path.exists(), f"save_weights(net, path) for {kind} wrote no file at path."
            with torch.no_grad():  # training goes on
                for tensor in net.state_dict().values():
                    tensor.zero_()
            try:
                clone = load_into_clone(make_network, path.replace(moved))
            except (OSError, KeyError) as error:
                raise AssertionError(
                    f"{called} raised {type(error).__name__} ({str(error)[:80]}): take all from "
                    "the file at path alone; it was moved after it was written.") from None
            assert isinstance(clone, nn.Module), (
                f"{called} gave {type(clone).__name__}, wanted the network: load_state_dict "
                "returns a report, not the network.")
            assert clone is not net, f"{called} gave the network that was saved, wanted a new one."
            got = {name: tensor.numpy() for name, tensor in clone.state_dict().items()}
            assert list(got) == list(wanted), f"{called} gave a network that is no {kind}."
            wrong = [name for name in wanted if not np.array_equal(got[name], wanted[name])]
            cause = "it was not loaded, or not from this file: read it in each call"
            if not any(got[name].any() for name in wrong):
                cause = "it has the value of now; the file has that of when it was saved"
            assert not wrong, f"{wrong[0]} of the clone of {kind} is not what was saved: {cause}."
            clones.append(clone)
    with torch.no_grad():
        for tensor in clones[0].state_dict().values():
            tensor.fill_(9)
    assert not any((t == 9).any() for t in clones[1].state_dict().values()), (
        f"two calls of {called} gave networks that share tensors: make a new one in each call.")


for case in [(lambda: nn.Linear(3, 2), "Linear(3, 2)")]:
    check_clone(*case)
# BEGIN HIDDEN TESTS
for case in [(lambda: nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3)), "Linear, BatchNorm1d"),
             (lambda: nn.Sequential(nn.Sequential(nn.Linear(2, 1).requires_grad_(False))),
              "a nested Sequential with a frozen layer")]:
    check_clone(*case)
# END HIDDEN TESTS

# %% exercise="weights-in-new-process" role="tests" points=1
# Exercise 9.2, tests 3 of 3: in a new process.
SCRIPT = """
import ast, inspect, linecache, os, pickle, subprocess, sys, tempfile, zipfile
from collections.abc import Callable
from pathlib import Path
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
for network, path, width in {cases}:
    space, x = dict(globals()), torch.linspace(-1, 1, 4 * width).reshape(4, width)
    exec({solution_cell!r} + network, space)
    clone = space["load_into_clone"](space["make_network"], Path(path))
    print("\\nanswer:", clone.eval()(x).tolist())
"""


def check_elsewhere(networks):
    """Save networks here, load them in one new process, and compare what they compute."""
    cases, wanted = [], []
    with tempfile.TemporaryDirectory() as place:
        for network, width in networks:
            here, path = {"nn": nn}, Path(place) / f"{width}.pt"
            exec(network, here)
            net, x = here["make_network"](), torch.linspace(-1, 1, 4 * width).reshape(4, width)
            net(x)  # batch normalisation takes note, lazy layers get a width
            try:
                save_weights(net, path)
            except pickle.PicklingError as error:
                raise AssertionError(
                    f"save_weights raised PicklingError ({str(error)[:80]}): was the network "
                    "itself pickled? Save its state dict.") from None
            assert path.exists(), "save_weights(net, path) wrote no file at path."
            cases.append((network, str(path), width))
            wanted.append(net.eval()(x).detach().numpy())
        cell = text_of_cell(load_into_clone)
        told = in_new_process(SCRIPT.format(solution_cell=cell, cases=cases)).splitlines()
    if told and told[-1].startswith("NotImplementedError"):
        raise NotImplementedError
    answers = [ast.literal_eval(s[8:]) for s in told if s.startswith("answer: ")]
    assert len(answers) == len(cases), (
        f"in a new process load_into_clone failed: {''.join(told[-1:])[:200]}. It has the setup "
        "cell, the solution cell, make_network and the file, and nothing that was kept in memory.")
    for got, right in zip(map(np.array, answers), wanted):
        assert got.shape == right.shape and np.allclose(got, right, rtol=1e-5, atol=1e-6), (
            f"in a new process the clone gives {got[0].round(5)} for the first row, the network "
            f"gave {right[0].round(5)}: not every number came from the file as it was.")


networks = [("""
class Doubled(nn.Linear):
    def forward(self, x):
        return 2 * super().forward(x)
make_network = lambda: nn.Sequential(Doubled(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
""", 3)]
# BEGIN HIDDEN TESTS
networks += [(f"\nmake_network = lambda: nn.Sequential({blocks})", width) for blocks, width in [
    ("nn.LazyLinear(3), nn.ReLU(), nn.LazyLinear(1)", 5),
    ("nn.Dropout(0.5), nn.Linear(2, 6).requires_grad_(False)", 2)]]
# END HIDDEN TESTS
for together in [networks]:
    check_elsewhere(together)

# %% [markdown]
# ## A part of a network
#
# Often a network is not to be loaded whole. A new task wants other outputs, but the first layers,
# trained for weeks, are to be kept. What helps is that a state dict is a dictionary, and what hurts
# is that everything in it goes by name.
#
# ### Names that do not fit
#
# **Predict**: the next state dict has a typing error in one name. What does `load_state_dict` say,
# strict as it is by default? What does it say with `strict=False`, and what becomes of the bias?

# %%
typo = {"hidden.weight": torch.zeros(8, 3), "hidden.bais": torch.zeros(8)}
target = nn.ModuleDict({"hidden": nn.Linear(3, 8)})
try:
    target.load_state_dict(typo)
except RuntimeError as error:
    for line in str(error).splitlines()[1:]:
        print("strict:", line.strip())
print("strict=False:", target.load_state_dict(typo, strict=False))
print("bias loaded:", target["hidden"].bias.abs().sum().item() == 0)

# %% [markdown]
# `strict=False` means: take what fits by name, leave the rest as it is. The report tells what was
# left, and a cell whose last line is something else does not show it. The network then starts from
# random numbers where you think that it has learned ones, and trains all the same, only worse. Use
# `strict=False` where you *know* which names are missing, and compare the report with that.
#
# A wrong shape is an error in both cases:

# %%
try:
    target.load_state_dict({"hidden.weight": torch.zeros(3, 8)}, strict=False)
except RuntimeError as error:
    print(str(error).splitlines()[1].strip())

# %% [markdown]
# ### A container and its names
#
# The names come from the attributes of your classes, so they change with them. Here are two
# containers as in lesson 03, without their `forward`, which is not needed for saving. One registers
# its blocks under the numbers of their places, as `nn.Sequential` does, the other one in a list
# called `blocks`.
#
# **Predict**: which of the two state dicts does an `nn.Sequential` of the same layers take?

# %% listing="S0-03"
class Placed(nn.Module):
    def __init__(self, *blocks):
        super().__init__()
        for place, block in enumerate(blocks):
            self.add_module(str(place), block)


class Listed(nn.Module):
    def __init__(self, *blocks):
        super().__init__()
        self.blocks = nn.ModuleList(blocks)


plain = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2))
for kind in (Placed, Listed):
    saved = kind(nn.Linear(3, 4), nn.Linear(4, 2)).state_dict()
    try:
        plain.load_state_dict(saved)
        verdict = "fits"
    except RuntimeError:
        verdict = "does not fit"
    print(f"{kind.__name__}: {list(saved)[:2]} …: {verdict}")

renamed = {name.removeprefix("blocks."): tensor for name, tensor in saved.items()}
print("renamed:", plain.load_state_dict(renamed))

# %% [markdown]
# What kinds of block the container was made of, and what it does with them, is in neither file.
# That is for code to say, or for a configuration that you save in addition. The last section comes
# back to it.
#
# ### A copy, not an alias
#
# Within one process, a layer can be handed to another network by assignment. **Predict**: after
# training the second network, what has happened to the first?

# %%
first, second = MLP(), MLP()
second.hidden = first.hidden
before = first.hidden.weight.detach().clone()
optimizer = torch.optim.SGD(second.parameters(), lr=0.1)
second(batch).pow(2).sum().backward()
optimizer.step()
print("first network as before:", torch.equal(first.hidden.weight, before))

# %% [markdown]
# Both networks hold the same layer, and training one trains the other. That is weight sharing, and
# right where it is meant. For a starting point you want the numbers and not the layer:
# `second.hidden.load_state_dict(first.hidden.state_dict())` copies them into the tensors that are
# there. An optimizer that was made before still works on these tensors; a new layer it would not
# know.

# %% [markdown] exercise="copy-two-layers" role="task"
# ## Exercise 9.3: reuse two layers
#
# *3 points*
#
# Write `copy_layers(source, target, names)`, which copies the numbers of some layers, such as the
# first two, from one network into another one. It returns nothing.
#
# - `source` and `target` are networks (`nn.Module`); `names` is a list of paths of blocks, as
#   `named_modules()` has them: `"hidden1"`, or `"body.0"`. A name stands for exactly this block, so
#   `"hidden1"` does not mean `"hidden10"`. An `nn.ReLU` is a block too, with nothing to copy; a
#   parameter such as `"hidden1.weight"` is none. Where both networks have the block, its
#   parameters and buffers have the same names, shapes and dtypes in both.
# - Afterwards all parameters and buffers of these blocks have in `target` the values that they have
#   in `source`. Everything else in `target`, and the whole of `source`, is as it was; nothing is
#   frozen or switched to evaluation mode.
# - The parameters of `target` are the same tensor objects as before, so that an optimizer which
#   was made earlier goes on working. The two networks share no memory: training one leaves the
#   other alone.
# - If a name is no block of `source`, or no block of `target`, the function raises an exception
#   whose message contains that name (`KeyError`, `ValueError` or `AttributeError`, as you like),
#   and `target` is as it was, also where other names in the list were right.
#
# The three tests cells (1 point each) look at what is copied, at what the two networks share
# afterwards, and at names that are not there.

# %% [markdown] exercise="copy-two-layers" role="hint"
# <details><summary>Hint 1</summary>
#
# A block inside a network is a block, with a state dict of its own. `net.get_submodule(name)` finds
# it and raises if it is not there. When do you have to find all blocks, if no copy may be made
# before every name is known to be right?
#
# </details>

# %% [markdown] exercise="copy-two-layers" role="hint"
# <details><summary>Hint 2</summary>
#
# Two loops. The first makes a list of pairs `(source.get_submodule(name),
# target.get_submodule(name))`; where that raises `AttributeError`, raise `KeyError(name)`. The
# second calls `theirs.load_state_dict(ours.state_dict())` for each pair.
#
# </details>

# %% exercise="copy-two-layers" role="solution"
def copy_layers(source: nn.Module, target: nn.Module, names: list[str]) -> None:
    """Copy parameters and buffers of the named blocks from source into target."""
    # BEGIN SOLUTION
    pairs = []
    for name in names:
        try:
            pairs.append((source.get_submodule(name), target.get_submodule(name)))
        except AttributeError:
            raise KeyError(name) from None
    for ours, theirs in pairs:
        theirs.load_state_dict(ours.state_dict())
    # END SOLUTION


# %% exercise="copy-two-layers" role="tests" points=1
# Exercise 9.3, tests 1 of 3: what is copied, and what is left as it was.
def make_network(names, width, rng):
    """A network of blocks with these names and one of another width; every number is drawn."""
    kinds = {"norm": nn.BatchNorm1d(4), "act": nn.ReLU(), "body": nn.Sequential(
        nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Linear(4, 4))}
    net = nn.Sequential()
    for name in names:
        net.add_module(name, kinds.get(name, nn.Linear(4, 4)))
    net.add_module("last", nn.Linear(4, width))
    with torch.no_grad():
        for tensor in net.state_dict().values():
            tensor.copy_(torch.from_numpy(rng.uniform(1, 9, size=tuple(tensor.shape))))
    return net


def numbers(net):
    return {name: tensor.numpy().copy() for name, tensor in net.state_dict().items()}


def check_copy(blocks, names):
    rng, called = np.random.default_rng(3), f"copy_layers(source, target, {names})"
    source, target = make_network(blocks, 2, rng), make_network(blocks, 5, rng)
    ours, theirs = numbers(source), numbers(target)
    try:
        copy_layers(source, target, names)
    except NotImplementedError:
        raise
    except Exception as error:
        cause = "ask get_submodule(), which knows blocks at any depth and without parameters"
        if isinstance(error, (RuntimeError, TypeError)):
            cause = "copy block by block, with load_state_dict, into the tensors that are there"
        raise AssertionError(
            f"{called} raised {type(error).__name__} ({str(error)[:150]}), but both networks have "
            f"these blocks: {cause}.") from None
    changed = [n for n, got in numbers(source).items() if not np.array_equal(got, ours[n])]
    assert not changed, (
        f"{called} changed {changed} of source, which is only read: first source, then target.")
    now = numbers(target)
    assert list(now) == list(theirs), f"{called} changed what target is made of."
    chosen = [n for n in now if any(n.startswith(f"{block}.") for block in names)]
    left = [n for n in chosen if not np.array_equal(now[n], ours[n])]
    cause = "buffers belong to a block as well as parameters" if set(left) <= {
        n for n, _ in target.named_buffers()} else "all parameters of the named blocks are copied"
    assert not left, f"after {called} target has not the values of source in {left}: {cause}."
    changed = [n for n in now if n not in chosen and not np.array_equal(now[n], theirs[n])]
    assert not changed, (
        f"after {called} target has changed in {changed}: only the blocks that were named are "
        "copied, by their whole name.")


for case in [(["hidden1", "hidden2"], ["hidden1", "hidden2"]), (["one", "norm"], ["one", "norm"])]:
    check_copy(*case)
# BEGIN HIDDEN TESTS
for case in [
    (["hidden1", "hidden10"], ["hidden1"]), (["one", "two"], ["two"]), (["one", "two"], []),
    (["body"], ["body.1", "body.0"]), (["body"], ["body"]), (["one", "act"], ["act", "one"]),
]:
    check_copy(*case)
# END HIDDEN TESTS

# %% exercise="copy-two-layers" role="tests" points=1
# Exercise 9.3, tests 2 of 3: the same parameters as before, and no memory in common.
def check_apart(make, names):
    """Copy all blocks of a network into another one, then write into the other one."""
    source, target = make(), make()
    parameters = dict(target.named_parameters())
    called = f"copy_layers(source, target, {names})"
    try:
        result = copy_layers(source, target, names)
    except (KeyError, ValueError, AttributeError, TypeError, RuntimeError) as error:
        if isinstance(error, NotImplementedError):
            raise
        raise AssertionError(
            f"{called} raised {type(error).__name__} ({error}); get the first tests cell to pass "
            "first.") from None
    assert result is None, f"{called} returned {type(result).__name__}, wanted None."
    now = dict(target.named_parameters())
    assert set(now) == set(parameters) and all(now[n] is p for n, p in parameters.items()), (
        f"after {called} target has other parameter objects than before, which an optimizer made "
        "earlier does not know: copy into the tensors that are there, and do not assign layers.")
    assert all(p.requires_grad for net in (source, target) for p in net.parameters()) and all(
        block.training for net in (source, target) for block in net.modules()), (
        f"{called} froze parameters or switched a network to evaluation mode: copy numbers only.")
    ours = {name: tensor.clone() for name, tensor in source.state_dict().items()}
    assert all(torch.equal(t, ours[name]) for name, t in target.state_dict().items()), (
        f"after {called} target has other numbers than source; get the first tests cell to pass "
        "first.")
    with torch.no_grad():
        for tensor in target.state_dict().values():
            tensor.fill_(-1)
    for name, tensor in source.state_dict().items():
        assert torch.equal(tensor, ours[name]), (
            f"after {called} {name} of source changes together with target: the two networks share "
            "memory. Copy the values; an assignment or .data = makes an alias.")


for make, names in [(lambda: nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 4)),
                     ["0", "2"])]:
    check_apart(make, names)
# BEGIN HIDDEN TESTS
for make, names in [
    (lambda: nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4)), ["1", "0"]),
    (lambda: nn.Sequential(nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1))), ["0.0", "0.1"]),
    (lambda: nn.Sequential(nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))), ["0"]),
]:
    check_apart(make, names)
# END HIDDEN TESTS

# %% exercise="copy-two-layers" role="tests" points=1
# Exercise 9.3, tests 3 of 3: a name that is not there.
def check_missing(ours, theirs, names, missing):
    """Networks with layers of the given names; one of the names asked for is missing."""
    source, target = nn.Sequential(), nn.Sequential()
    for net, own in ((source, ours), (target, theirs)):
        for number, name in enumerate(own):
            net.add_module(name, nn.Linear(2, 2))
            nn.init.constant_(net.get_submodule(name).weight, number + 10 * (net is source))
    before = {n: t.numpy().copy() for n, t in target.state_dict().items()}
    called = f"copy_layers(source with {ours}, target with {theirs}, {names})"
    try:
        copy_layers(source, target, names)
        told = None
    except NotImplementedError:
        raise
    except Exception as error:
        told = f"{type(error).__name__}: {error}"
    assert told is not None, (
        f"{called} returned as if nothing were wrong, wanted an exception that names {missing!r}: "
        "strict=False, filters and get() with a default hide a typing error.")
    assert missing in told, (
        f"{called} raised {told[:150]}, wanted an exception whose message contains {missing!r}.")
    after = {n: t.numpy() for n, t in target.state_dict().items()}
    changed = [n for n in before if not np.array_equal(after[n], before[n])]
    assert not changed, (
        f"{called} raised, as it should, and had changed {changed} of target by then: look for all "
        "blocks before you copy the first one.")


for case in [
    (["hidden1", "hidden2"], ["hidden1", "hidden2"], ["hidden1", "hiden2"], "hiden2"),
    (["hidden1", "hidden2"], ["hidden1", "hidden3"], ["hidden1", "hidden2"], "hidden2"),
]:
    check_missing(*case)
# BEGIN HIDDEN TESTS
for case in [
    (["hidden1", "hidden3"], ["hidden1", "hidden2"], ["hidden1", "hidden2"], "hidden2"),
    (["hidden10", "hidden2"], ["hidden10", "hidden2"], ["hidden2", "hidden1"], "hidden1"),
    (["a", "b"], ["a", "b"], ["nothing"], "nothing"),
    (["a", "b"], ["a", "b"], ["b", "a.weight"], "weight"),
]:
    check_missing(*case)
# END HIDDEN TESTS

# %% [markdown]
# ## Checkpoints
#
# A *checkpoint* is what one saves in the middle of training, in order to go on from there. The
# weights are not enough: the next step depends on more than on them.
#
# | what | where it is | without it |
# |---|---|---|
# | parameters, buffers | `net.state_dict()` | training starts anew |
# | moments, step counts, learning rate | `optimizer.state_dict()` | Adam forgets the past |
# | state of a learning-rate schedule | `scheduler.state_dict()` | the schedule starts anew |
# | number of steps or epochs done | a variable of yours | the loop runs too long |
# | state of the random generator | `torch.get_rng_state()` | other units are dropped |
#
# (An *epoch* is one pass over all of the training data. A *schedule* is a rule by which the
# learning rate changes during training; lesson 13 has some.)
#
# Adam sizes each step by the past: for each entry of a parameter it keeps two running means, one of
# the gradients and one of their squares. These are its *moments*. They do not exist before the
# first step.

# %%
net = MLP()
optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
print("before the first step:", optimizer.state_dict()["state"])
net(batch).pow(2).sum().backward()
optimizer.step()
for name, value in optimizer.state_dict()["state"][0].items():
    print(f"{name:11} {tuple(value.shape)}")

# %% [markdown]
# Now an experiment. A network with dropout is trained for 60 steps. After 30 steps the states of
# network, optimizer and generator are saved. Then, three times, a new run loads a part of them and
# trains for the other 30 steps: with the weights only, with the optimizer's state too, and with the
# state of the random generator as well.
#
# **Predict**: how far from the uninterrupted run do the weights get in the three cases?

# %%
torch.manual_seed(1)
inputs = torch.randn(64, 3)
targets = inputs.sum(dim=1, keepdim=True).sin()


def new_run():
    net = nn.Sequential(nn.Linear(3, 32), nn.ReLU(), nn.Dropout(0.2), nn.Linear(32, 1))
    return net, torch.optim.Adam(net.parameters(), lr=0.01)


def train(net, optimizer, steps):
    """Train, and return the parameters after each step as one row."""
    path = []
    for _ in range(steps):
        optimizer.zero_grad()
        F.mse_loss(net(inputs), targets).backward()
        optimizer.step()
        path.append(torch.cat([p.detach().flatten() for p in net.parameters()]))
    return torch.stack(path)


net, optimizer = new_run()
train(net, optimizer, 30)
checkpoint = {
    "net": net.state_dict(),
    "optimizer": optimizer.state_dict(),
    "generator": torch.get_rng_state(),
}
torch.save(checkpoint, folder / "checkpoint.pt")
uninterrupted = train(net, optimizer, 30)

distances = {}
for loaded in (["net"], ["net", "optimizer"], ["net", "optimizer", "generator"]):
    torch.manual_seed(2)  # a new process would not know the old state
    net, optimizer = new_run()
    checkpoint = torch.load(folder / "checkpoint.pt")
    net.load_state_dict(checkpoint["net"])
    if "optimizer" in loaded:
        optimizer.load_state_dict(checkpoint["optimizer"])
    if "generator" in loaded:
        torch.set_rng_state(checkpoint["generator"])
    resumed = train(net, optimizer, 30)
    distances[", ".join(loaded)] = (resumed - uninterrupted).norm(dim=1)

fig, axis = plt.subplots(figsize=(7, 3.2), layout="constrained")
for (label, distance), style in zip(distances.items(), ("-", "--", "-")):
    axis.plot(range(31, 61), distance, style, linewidth=2, label=f"loaded: {label}")
axis.set(xlabel="training step", title="Distance of the weights from the uninterrupted run")
axis.legend()
plt.show()
for label, distance in distances.items():
    print(f"{label}: distance 0 after the last step: {distance[-1].item() == 0}")

# %% [markdown]
# With the weights only, the first steps go far astray: a new Adam knows no past gradients, and its
# first steps are long ones. With its state, what is left is chance: other units are dropped. With
# the state of the generator the resumed run is the same run, to the last bit.
#
# Mind the order. The optimizer must have been made for the parameters of the network that is
# loaded; `load_state_dict` keeps these tensors, so it does not matter which of the two is loaded
# first. But a generator that is set *before* the network is made has moved on by the time that
# training starts, since the new network draws its first weights from it: set it last.
#
# And what is in memory is not yet on disk. A process that dies while it writes leaves half a file,
# and if that has the name of the last good checkpoint, there is none. Write to another name first,
# and rename: that happens at once or not at all.

# %%
def write_safely(content, path):
    """Save under another name, then put the file in its place in one go."""
    torch.save(content, path.with_suffix(".part"))
    os.replace(path.with_suffix(".part"), path)


write_safely({"step": 30}, folder / "latest.pt")
try:
    write_safely({"step": 31, "rest": (n for n in range(3))}, folder / "latest.pt")
except TypeError as error:
    print("failed:", error)
print("latest:", torch.load(folder / "latest.pt"))
print("left over:", [path.name for path in folder.glob("*.part")])

# %% [markdown] exercise="resume-equals-uninterrupted" role="task"
# ## Exercise 9.4: resume as if nothing had happened
#
# *4 points*
#
# Write the pair of functions
#
# - `save_checkpoint(path, net, optimizer, step)`, which returns nothing, and
# - `load_checkpoint(path, net, optimizer)`, which returns the number of steps done.
#
# The rules:
#
# - A run that is saved, loaded into a new network and a new optimizer, and trained on gives the
#   same numbers as one that was never interrupted.
# - The checkpoint is one file, at `path`; `torch.load(path)` opens it with its defaults. The file
#   may be moved before loading, and a later checkpoint at the same path takes its place.
# - It holds what comes next depends on: parameters and buffers of `net`; state and settings of
#   `optimizer`, the learning rate of that moment included (an optimizer may have several groups of
#   parameters, each with a learning rate); `step`, a Python `int`; and the state of PyTorch's
#   global random generator (`torch.get_rng_state()`), from which dropout draws.
# - `load_checkpoint` gets a `net` and an `optimizer` made by the same code, with other first
#   weights and perhaps another learning rate. The optimizer works on the parameters of this `net`,
#   and still does so afterwards. It returns `step` as an `int`, and leaves the generator such that
#   the next draws are those which would have followed the call of `save_checkpoint`.
# - Saving changes nothing: network, optimizer and generator go on as if it had not happened.
#
# The four tests cells (1 point each) look at what the network gets back, at what the optimizer gets
# back, at a run with dropout, and at the file and what saving leaves behind.

# %% [markdown] exercise="resume-equals-uninterrupted" role="hint"
# <details><summary>Hint 1</summary>
#
# Go through the table at the beginning of the section: four of its rows apply here, and each has a
# call that reads the state and one that sets it. `torch.save` takes a dictionary.
#
# </details>

# %% [markdown] exercise="resume-equals-uninterrupted" role="hint"
# <details><summary>Hint 2</summary>
#
# Save a dictionary with `net.state_dict()`, `optimizer.state_dict()`, `step` and
# `torch.get_rng_state()`. Load it with `torch.load(path)`; call `load_state_dict` of `net` and of
# `optimizer`, then `torch.set_rng_state(...)` as the last thing before you return the step.
#
# </details>

# %% exercise="resume-equals-uninterrupted" role="solution"
def save_checkpoint(
    path: Path, net: nn.Module, optimizer: torch.optim.Optimizer, step: int
) -> None:
    """Write all that the next training step depends on into one file."""
    # BEGIN SOLUTION
    checkpoint = {
        "net": net.state_dict(),
        "optimizer": optimizer.state_dict(),
        "step": step,
        "generator": torch.get_rng_state(),
    }
    torch.save(checkpoint, path)
    # END SOLUTION


def load_checkpoint(path: Path, net: nn.Module, optimizer: torch.optim.Optimizer) -> int:
    """Put a checkpoint into net, optimizer and random generator; return the steps done."""
    # BEGIN SOLUTION
    checkpoint = torch.load(path)
    net.load_state_dict(checkpoint["net"])
    optimizer.load_state_dict(checkpoint["optimizer"])
    torch.set_rng_state(checkpoint["generator"])
    return checkpoint["step"]
    # END SOLUTION


# %% exercise="resume-equals-uninterrupted" role="tests" points=1
# Exercise 9.4, tests 1 of 4: the step and the network, without random numbers.
def check_network(kind, before, after):
    """Train, save, train on; load into a new network, and compare with the moment of saving."""
    rng = np.random.default_rng(before)
    x, target = (torch.from_numpy(rng.normal(size=s)).float() for s in ((16, 3), (16, 1)))

    def make():
        net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Tanh(), nn.Linear(4, 1))
        return net, kind(net.parameters(), lr=0.05)

    def train(net, optimizer, steps):
        for _ in range(steps):
            optimizer.zero_grad()
            F.mse_loss(net(x), target).backward()
            optimizer.step()

    (net, optimizer), (second, resumed) = make(), make()
    train(net, optimizer, before)
    name = f"the checkpoint of a run with {kind.__name__}"
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "checkpoint.pt"
        save_checkpoint(path, net, optimizer, before)
        wanted = {key: t.double().numpy().copy() for key, t in net.state_dict().items()}
        train(net, optimizer, after)
        assert path.exists(), f"save_checkpoint wrote no file for {name}."
        step = load_checkpoint(path, second, resumed)
        save_checkpoint(path, net, optimizer, before + after)
        later = load_checkpoint(path, *make())
    assert type(step) is int, f"load_checkpoint gave {type(step).__name__}, wanted an int."
    assert step == before, f"load_checkpoint gave {step}, wanted the {before} that were saved."
    assert later == before + after, (
        f"a later checkpoint, of step {before + after}, was saved at the path of the first one, "
        f"and load_checkpoint gave {later}: was it written, and is the file read in each call?")
    for key, got in second.state_dict().items():
        assert np.allclose(got.double().numpy(), wanted[key], rtol=1e-6, atol=0), (
            f"{key} was not restored from {name}: the network has it from its own start, or has "
            "the numbers of a later moment. The state dict holds parameters and buffers.")


for case in [(torch.optim.Adam, 3, 3)]:
    check_network(*case)
# BEGIN HIDDEN TESTS
for case in [(torch.optim.SGD, 2, 4), (torch.optim.AdamW, 5, 2)]:
    check_network(*case)
# END HIDDEN TESTS

# %% exercise="resume-equals-uninterrupted" role="tests" points=1
# Exercise 9.4, tests 2 of 4: the optimizer, with its memory and its settings.
def check_optimizer(kind, settings, before, after, groups=1):
    """Train, save, train on; load into a new optimizer, and compare with the moment of saving."""
    rng = np.random.default_rng(before)
    x, target = (torch.from_numpy(rng.normal(size=s)).float() for s in ((16, 3), (16, 1)))

    def make(lr):
        net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
        parts = [net] if groups == 1 else [net[0], net[2]]
        return net, kind([{"params": part.parameters()} for part in parts], lr=lr, **settings)

    def train(net, optimizer, steps):
        for _ in range(steps):
            optimizer.zero_grad()
            F.mse_loss(net(x), target).backward()
            optimizer.step()

    def memory(optimizer):
        return {(i, name): np.asarray(value) + 0.0 for i, kept in
                optimizer.state_dict()["state"].items() for name, value in kept.items()}

    (net, optimizer), (second, resumed) = make(lr=0.05), make(lr=3.0)
    train(net, optimizer, before)
    for group, rate in zip(optimizer.param_groups, (0.02, 0.03)):  # as a schedule would
        group["lr"] = rate
    name = f"the checkpoint of a run with {kind.__name__}"
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "checkpoint.pt"
        save_checkpoint(path, net, optimizer, before)
        wanted = memory(optimizer)
        train(net, optimizer, after)
        load_checkpoint(path, second, resumed)
    rates, got = [group["lr"] for group in resumed.param_groups], memory(resumed)
    assert len(rates) == groups and np.allclose(rates, [0.02, 0.03][:groups]), (
        f"after loading {name} the learning rate is {rates}, by group of parameters, wanted "
        f"{[0.02, 0.03][:groups]} as it was saved: load the whole state dict of the optimizer.")
    own = {id(p) for p in second.parameters()}
    assert all(id(p) in own for group in resumed.param_groups for p in group["params"]), (
        f"after loading {name} the optimizer works on other tensors than the network has.")
    assert set(got) == set(wanted) and all(
        np.allclose(got[key], wanted[key], rtol=1e-6, atol=0) for key in wanted), (
        f"the optimizer's memory was not restored from {name}: it has {len(got)} entries, wanted "
        f"{len(wanted)} with the moments and step counts of when it was saved.")


for case in [(torch.optim.Adam, {}, 3, 3)]:
    check_optimizer(*case)
# BEGIN HIDDEN TESTS
for case in [
    (torch.optim.SGD, {"momentum": 0.9}, 2, 4),
    (torch.optim.AdamW, {"weight_decay": 0.1}, 5, 2, 2),
]:
    check_optimizer(*case)
# END HIDDEN TESTS

# %% exercise="resume-equals-uninterrupted" role="tests" points=1
# Exercise 9.4, tests 3 of 4: a run with dropout.
def check_random(rate, before, after):
    """As above, with random numbers in each step; the new run begins with another state."""
    x = torch.from_numpy(np.random.default_rng(after).normal(size=(8, 5))).float()

    def make():
        net = nn.Sequential(nn.Linear(5, 6), nn.Dropout(rate), nn.Linear(6, 1))
        return net, torch.optim.Adam(net.parameters(), lr=0.05)

    def train(net, optimizer, steps):
        for _ in range(steps):
            optimizer.zero_grad()
            net(x).pow(2).mean().backward()
            optimizer.step()

    name = f"a run with Dropout({rate})"
    torch.manual_seed(before)
    net, optimizer = make()
    train(net, optimizer, before)
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "checkpoint.pt"
        save_checkpoint(path, net, optimizer, before)
        train(net, optimizer, after)
        wanted = torch.rand(4).tolist()
        torch.manual_seed(1000 + before)
        second, resumed = make()
        load_checkpoint(path, second, resumed)
    train(second, resumed, after)
    got = torch.rand(4).tolist()
    assert np.allclose(got, wanted, rtol=0, atol=0), (
        f"{after} steps after load_checkpoint for {name} the generator draws "
        f"{np.round(got, 3).tolist()}, in the uninterrupted run {np.round(wanted, 3).tolist()}: "
        "save torch.get_rng_state() and set it when loading, as the last thing; seeding with a "
        "number starts the sequence anew.")
    for (key, p), q in zip(net.named_parameters(), second.parameters()):
        assert np.allclose(p.detach().numpy(), q.detach().numpy(), rtol=1e-5, atol=1e-7), (
            f"{after} steps after load_checkpoint for {name} {key} differs from the uninterrupted "
            "run, although the generator is right: see the first two tests cells.")


for case in [(0.5, 3, 3)]:
    check_random(*case)
# BEGIN HIDDEN TESTS
for case in [(0.2, 1, 5), (0.8, 4, 1)]:
    check_random(*case)
# END HIDDEN TESTS

# %% exercise="resume-equals-uninterrupted" role="tests" points=1
# Exercise 9.4, tests 4 of 4: the file, and what saving leaves behind.
def check_saving(width, step):
    net = nn.Sequential(nn.Linear(width, 2), nn.BatchNorm1d(2), nn.Dropout(0.5)).train()
    optimizer = torch.optim.Adam(net.parameters())
    x = torch.from_numpy(np.random.default_rng(width).normal(size=(4, width))).float()
    net(x).sum().backward()
    optimizer.step()
    parameters = list(net.parameters())
    numbers = {key: t.numpy().copy() for key, t in net.state_dict().items()}
    generator = torch.get_rng_state().numpy().copy()
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "checkpoint.pt"
        save_checkpoint(path, net, optimizer, step)
        files = sorted(p.name for p in Path(place).iterdir())
        assert files == ["checkpoint.pt"], (
            f"save_checkpoint left the files {files}, wanted checkpoint.pt alone.")
        assert np.array_equal(torch.get_rng_state().numpy(), generator), (
            "save_checkpoint changed the state of the random generator: read it, and neither seed "
            "it nor draw from it.")
        assert net.training and all(p is q for p, q in zip(net.parameters(), parameters)) and all(
            np.array_equal(t.numpy(), numbers[key]) for key, t in net.state_dict().items()), (
            "save_checkpoint changed the network: its numbers, its tensors or its training mode.")
        assert all(len(optimizer.state[p]) > 0 for p in parameters), (
            "save_checkpoint emptied the optimizer's memory.")
        try:
            torch.load(path)
        except (pickle.UnpicklingError, RuntimeError, EOFError) as error:
            named = str(error).partition("GLOBAL ")[2].split()[:1] or "nothing that it knows"
            raise AssertionError(
                f"torch.load refuses the checkpoint, because it holds {named}: was a network, an "
                "optimizer or another object pickled? Save state dicts and numbers.") from None
        with torch.no_grad():
            for p in parameters:
                p.fill_(7)
        second = nn.Sequential(nn.Linear(width, 2), nn.BatchNorm1d(2), nn.Dropout(0.5))
        resumed, moved = torch.optim.Adam(second.parameters()), path.rename(f"{place}/moved.pt")
        try:
            got = load_checkpoint(moved, second, resumed)
        except (OSError, KeyError, NameError) as error:
            raise AssertionError(
                f"load_checkpoint from a file that was moved raised {type(error).__name__} "
                f"({str(error)[:100]}): all that it needs must be in the file.") from None
    assert type(got) is int and got == step, (
        f"load_checkpoint gave {got!r}, wanted the step that was saved, {step}.")
    assert all(np.array_equal(t.numpy(), numbers[k]) for k, t in second.state_dict().items()), (
        "load_checkpoint gave other numbers than those of the moment of saving.")


for width, step in [(3, 12)]:
    check_saving(width, step)
# BEGIN HIDDEN TESTS
for width, step in [(5, 0), (2, 10**6)]:
    check_saving(width, step)
# END HIDDEN TESTS

# %% [markdown]
# ## What is in no weight
#
# ### Settings of the network
#
# A state dict says how wide the layers are, but only to those who look at the shapes. Other
# settings leave no trace at all, as lesson 07 has shown with an exponent: the rate of a dropout, an
# activation, a slope.
#
# **Predict**: does loading notice that the slopes differ? Are the outputs the same?

# %%
steep = nn.Sequential(nn.Linear(3, 4), nn.LeakyReLU(0.5))
flat = nn.Sequential(nn.Linear(3, 4), nn.LeakyReLU(0.01))
print(flat.load_state_dict(steep.state_dict()))
print("same outputs:", torch.allclose(steep(batch), flat(batch)))

# %% [markdown]
# So save the settings next to the weights, in a *configuration* (lesson 07): a dictionary of the
# arguments from which code makes the network. It consists of plain values, and the safe
# `torch.load` reads it. The name of the class may go into the file as well, as text, to be looked
# up in a dictionary of classes that *you* allow.

# %%
class Slope(nn.Module):
    def __init__(self, width, slope):
        super().__init__()
        self.config = {"width": width, "slope": slope}
        self.dense = nn.Linear(3, width)

    def forward(self, x):
        return F.leaky_relu(self.dense(x), self.config["slope"])


KINDS = {"Slope": Slope, "MLP": MLP}
steep = Slope(width=4, slope=0.5)
content = {"kind": "Slope", "config": steep.config, "weights": steep.state_dict()}
torch.save(content, folder / "steep.pt")

content = torch.load(folder / "steep.pt")
again = KINDS[content["kind"]](**content["config"])
again.load_state_dict(content["weights"])
print(content["config"], "same outputs:", torch.equal(steep(batch), again(batch)))

# %% [markdown]
# ### Then and now: the threshold that went back to its default
#
# A loss has settings too. The Huber loss is quadratic for errors up to a threshold and linear
# beyond. The books make it with a factory, and a network that was trained with threshold 2 is saved
# and loaded. Nobody saved the threshold.
#
# **Predict**: the errors below are 3, 1 and −4. What do the two lines print?

# %% listing="S1-12 S1-13 S1-14"
def make_huber(threshold=1.0):
    def huber(prediction, target):
        error = (prediction - target).abs()
        return torch.where(
            error <= threshold, error**2 / 2, threshold * error - threshold**2 / 2
        ).mean()

    return huber


errors = torch.tensor([3.0, 1.0, -4.0])
huber = make_huber(threshold=2.0)
torch.save({"weights": net.state_dict(), "loss": "huber"}, folder / "trained.pt")
print(f"when it was saved:  {huber(errors, torch.zeros(3)):.2f}")

content = torch.load(folder / "trained.pt")
huber = {"huber": make_huber()}[content["loss"]]
print(f"when it was loaded: {huber(errors, torch.zeros(3)):.2f}")

# %% [markdown]
# No error, no warning, another loss. In Keras the same happens when a model is loaded and the
# function handed over for the name is one with another threshold; a class without configuration
# does it all by itself. In PyTorch, is a loss that is an `nn.Module` safe, since it has a state
# dict?
#
# **Predict** what is printed.

# %% listing="S1-15"
class Huber(nn.Module):
    def __init__(self, threshold=1.0):
        super().__init__()
        self.threshold = threshold

    def forward(self, prediction, target):
        return make_huber(self.threshold)(prediction, target)


fresh = Huber()
print(fresh.load_state_dict(Huber(threshold=2.0).state_dict()))
print("threshold:", fresh.threshold)

# %% [markdown]
# A plain attribute is in no state dict, so an empty dictionary was loaded, and every key matched.
# There are two cures inside the module. A *buffer* holds a number as a tensor. For anything that is
# no tensor, a module may give *extra state*: what `get_extra_state` returns is saved with the state
# dict, and handed to `set_extra_state` when that is loaded. Here are both, in layers.

# %%
class ScaleBuffer(nn.Module):
    def __init__(self, factor=1.0):
        super().__init__()
        self.register_buffer("factor", torch.tensor(factor))

    def forward(self, x):
        return self.factor * x


class ScaleExtra(nn.Module):
    def __init__(self, factor=1.0):
        super().__init__()
        self.factor = factor

    def get_extra_state(self):
        return {"factor": self.factor}

    def set_extra_state(self, state):
        self.factor = state["factor"]

    def forward(self, x):
        return self.factor * x


for kind in (ScaleBuffer, ScaleExtra):
    torch.save(nn.Sequential(nn.Linear(1, 1), kind(3.0)).state_dict(), folder / "scale.pt")
    content = torch.load(folder / "scale.pt")
    fresh = nn.Sequential(nn.Linear(1, 1), kind())
    fresh.load_state_dict(content)
    print(f"{kind.__name__}: {list(content)[2]}, factor {float(fresh[1].factor)}")

# %% [markdown]
# A buffer is right for numbers that the computation uses. Whatever the constructor works out from a
# setting and keeps must be worked out again after loading, or else the old value stays in use.

# %% [markdown] exercise="configurable-loss" role="task"
# ## Exercise 9.5: a loss that keeps its setting
#
# *3 points*
#
# The *quantile loss* makes a network predict a quantile of its targets instead of their mean. With
# the error $e = \mathrm{target} - \mathrm{prediction}$ and a quantile $q$ it is
#
# $$\ell = \max\bigl(q\,e,\ (q - 1)\,e\bigr)$$
#
# so that with $q = 0.9$ a prediction that is too low costs nine times as much as one that is too
# high. Write it as a module, `QuantileLoss(quantile=0.5)`.
#
# - `quantile` is a Python float between 0 and 1. A call takes `prediction` and `target`, float32
#   and of the same shape, and returns the mean of $\ell$ over all entries: a float32 tensor of
#   shape `()`. Gradients flow into `prediction`.
# - The loss has no parameters: nothing of it is trained.
# - Its state dict carries the quantile. A `QuantileLoss` made with any quantile, into which the
#   state dict of another one is loaded, computes from then on what the other one computes (to about
#   six digits). This also holds for a loss that is a part of a larger module.
# - The state dict, saved with `torch.save`, is opened by `torch.load` with its defaults, and loads
#   strictly.
# - Two losses share nothing: loading into one leaves the other alone.
#
# The three tests cells (1 point each) look at what is computed, save and load, and look at several
# losses beside each other.

# %% [markdown] exercise="configurable-loss" role="hint"
# <details><summary>Hint 1</summary>
#
# `torch.maximum` takes two tensors and gives the larger entries. For the quantile, choose one of
# the two ways of the last cell; the buffer needs less code.
#
# </details>

# %% [markdown] exercise="configurable-loss" role="hint"
# <details><summary>Hint 2</summary>
#
# `self.register_buffer("quantile", torch.tensor(quantile))` in the constructor. In `forward`:
# `error = target - prediction`, then the mean of `torch.maximum(self.quantile * error,
# (self.quantile - 1) * error)`.
#
# </details>

# %% exercise="configurable-loss" role="solution"
class QuantileLoss(nn.Module):
    """Mean quantile loss of two float32 tensors of one shape; the quantile is part of the state."""

    def __init__(self, quantile: float = 0.5) -> None:
        super().__init__()
        # BEGIN SOLUTION
        self.register_buffer("quantile", torch.tensor(quantile))
        # END SOLUTION

    def forward(self, prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        # BEGIN SOLUTION
        error = target - prediction
        return torch.maximum(self.quantile * error, (self.quantile - 1) * error).mean()
        # END SOLUTION


# %% exercise="configurable-loss" role="tests" points=1
# Exercise 9.5, tests 1 of 3: what the loss computes.
def check_loss(quantile, predictions, targets):
    name = "QuantileLoss()" if quantile is None else f"QuantileLoss({quantile})"
    loss = QuantileLoss() if quantile is None else QuantileLoss(quantile)
    assert isinstance(loss, nn.Module), f"{name} gave {type(loss).__name__}, not an nn.Module."
    prediction = torch.tensor(predictions, requires_grad=True)
    value = loss(prediction, torch.tensor(targets))
    called = f"{name}({predictions}, {targets})"
    assert type(value) is torch.Tensor, (
        f"{called} gave {type(value).__name__}, wanted a torch.Tensor.")
    assert tuple(value.shape) == () and value.dtype == torch.float32, (
        f"{called} gave {value.dtype} of shape {tuple(value.shape)}, wanted float32 of shape (): "
        "the mean over all entries.")
    assert len(list(loss.parameters())) == 0, f"{name} has parameters, wanted none."
    q = 0.5 if quantile is None else quantile
    error = np.array(targets) - np.array(predictions)
    each = np.where(error > 0, q * error, (q - 1) * error)
    likely = {
        "prediction and target are swapped": np.where(
            error < 0, -q * error, (1 - q) * error).mean(),
        "it is the sum, not the mean": each.sum(),
        "it is the smaller of the two, not the larger": np.where(
            error < 0, q * error, (q - 1) * error).mean(),
        "the quantile is not used": np.abs(error).mean() / 2,
    }
    got, wanted = value.item(), each.mean()
    cause = next((c for c, v in likely.items() if np.isclose(got, v, rtol=1e-5)),
                 "the mean of max(q e, (q - 1) e) with e = target - prediction")
    assert np.isclose(got, wanted, rtol=1e-5, atol=1e-7), (
        f"{called} gave {got:.5f}, wanted {wanted:.5f}: {cause}.")
    assert value.requires_grad, f"{called} is cut off from the prediction: no detach, no NumPy."
    value.backward()
    slope = np.where(error > 0, -q, 1 - q) / error.size
    assert np.allclose(prediction.grad.numpy(), slope, rtol=1e-5, atol=1e-7), (
        f"the gradient of {called} is {prediction.grad.tolist()}, wanted {slope.tolist()}.")


for case in [(0.9, [1.0, 5.0], [3.0, 4.0]), (None, [[0.0], [2.0]], [[-1.0], [5.0]])]:
    check_loss(*case)
# BEGIN HIDDEN TESTS
for case in [(0.25, [[1.0, -2.0, 0.5]], [[0.0, 2.0, 2.5]]), (0.01, [3.0], [1.0])]:
    check_loss(*case)
# END HIDDEN TESTS

# %% exercise="configurable-loss" role="tests" points=1
# Exercise 9.5, tests 2 of 3: the quantile survives saving and loading.
def check_kept(quantile, start):
    """Load the state of a loss with one quantile into a loss made with another."""
    def value(loss):
        result = loss(torch.tensor([0.0, 0.0, 0.0]), torch.tensor([3.0, -1.0, 2.0]))
        assert type(result) is torch.Tensor and tuple(result.shape) == (), (
            "QuantileLoss gives no tensor of shape (); get the first tests cell to pass first.")
        return result.item()

    with tempfile.TemporaryDirectory() as place:
        torch.save(QuantileLoss(quantile).state_dict(), Path(place) / "loss.pt")
        try:
            state = torch.load(Path(place) / "loss.pt")
        except pickle.UnpicklingError:
            raise AssertionError(
                f"torch.load refuses the state dict of QuantileLoss({quantile}): extra state must "
                "be tensors and plain values.") from None
    fresh = QuantileLoss(start)
    before = value(fresh)
    try:
        fresh.load_state_dict(state)
    except (RuntimeError, TypeError, KeyError) as error:
        raise AssertionError(
            f"the state dict of QuantileLoss({quantile}) does not load into QuantileLoss({start}): "
            f"{str(error)[:150]}") from None
    got, wanted = value(fresh), (5 * quantile + (1 - quantile)) / 3
    cause = "after loading, it computes with a part of the old quantile: what the constructor "
    cause += "worked out from it was kept"
    if np.isclose(got, before, rtol=1e-4):
        cause = f"it still computes with {start}: the quantile is a plain attribute, which no "
        cause += "state dict holds, or forward uses a copy that was kept aside"
    assert np.isclose(got, wanted, rtol=1e-5), (
        f"the state of QuantileLoss({quantile}), loaded into QuantileLoss({start}): for errors 3, "
        f"-1, 2 the loss is {got:.5f}, wanted {wanted:.5f}: {cause}.")


for case in [(0.9, 0.5)]:
    check_kept(*case)
# BEGIN HIDDEN TESTS
for case in [(0.2, 0.7), (0.99, 0.01), (0.123456, 0.5)]:
    check_kept(*case)
# END HIDDEN TESTS

# %% exercise="configurable-loss" role="tests" points=1
# Exercise 9.5, tests 3 of 3: parts of larger modules, which share nothing.
def check_several(quantile, start):
    """Load a network with a loss in it into another one, beside a third."""
    def make(q):
        return nn.ModuleDict({"net": nn.Linear(1, 1), "loss": QuantileLoss(q)})

    def value(module):
        result = module["loss"](torch.tensor([0.0, 0.0, 0.0]), torch.tensor([3.0, -1.0, 2.0]))
        return torch.as_tensor(result).sum().item()

    def wanted(q):
        return (5 * q + (1 - q)) / 3

    assert isinstance(QuantileLoss(start), nn.Module), (
        "QuantileLoss is no nn.Module; get the first tests cell to pass first.")
    saved, loaded, other = make(quantile), make(start), make(start)
    assert not list(other["loss"].parameters()), "QuantileLoss has parameters: q is trained."
    got = value(saved)
    assert np.isclose(got, wanted(quantile), rtol=1e-5), (
        f"QuantileLoss({quantile}), beside a QuantileLoss({start}) made after it, gives {got:.5f} "
        f"for errors 3, -1, 2, wanted {wanted(quantile):.5f}: either the first tests cell fails "
        "too, or the two losses share their quantile.")
    made = f"the state of a network with QuantileLoss({quantile}) in it, loaded into a network "
    made += f"with QuantileLoss({start})"
    loaded.load_state_dict({key: t.clone() if torch.is_tensor(t) else t
                            for key, t in saved.state_dict().items()})
    got = value(loaded)
    assert np.isclose(got, wanted(quantile), rtol=1e-5), (
        f"{made}: for errors 3, -1, 2 the loss is {got:.5f}, wanted {wanted(quantile):.5f}; get "
        "the second tests cell to pass first.")
    assert np.isclose(value(saved), wanted(quantile)) and np.isclose(value(other), wanted(start)), (
        f"{made}, changed a third QuantileLoss as well: they share something.")


for case in [(0.9, 0.5)]:
    check_several(*case)
# BEGIN HIDDEN TESTS
for case in [(0.2, 0.7), (0.99, 0.01)]:
    check_several(*case)
# END HIDDEN TESTS

# %% [markdown]
# The last cell of code in this lesson removes the files.

# %%
storage.cleanup()
print("folder still there:", folder.exists())

# %% [markdown]
# ## PyTorch and Keras side by side
#
# | idea | PyTorch | Keras 3 |
# |---|---|---|
# | one array | `np.save`, `torch.save` | `np.save` |
# | several, without pickle | `np.savez`, or a dictionary with `torch.save` | `np.savez` |
# | weights to a file | `torch.save(net.state_dict(), path)` | `net.save_weights("n.weights.h5")` |
# | weights from a file | `load_state_dict(torch.load(path))` | `load_weights(path)`, once built |
# | names in the file | paths of attributes | attributes, or kinds of layers and their order |
# | name missing in the file | an error, unless `strict=False` | an error, unless `skip_mismatch` |
# | name in the file that nobody wants | an error, unless `strict=False` | silence |
# | the whole network | a pickle without its code | `.keras`: configuration, weights, optimizer |
# | your classes at loading | import them, build the network | register, or `custom_objects` |
# | settings | a dictionary, buffers, `get_extra_state` | `get_config` |
# | safe by default | `weights_only=True` | `safe_mode=True` |
# | optimizer | `optimizer.state_dict()` | in the `.keras` file; `optimizer.variables` |
# | random state | `torch.get_rng_state()`, one for all | in each layer, in `net.variables` |

# %% [markdown]
# ## Summary
#
# - An array on disk is a dtype, a shape and numbers. `np.savez` keeps many, each as it is, without
#   pickle; lists and dictionaries given to `np.save` do not come back as they were.
# - A pickle is a program that runs when it is opened. Leave `weights_only` and `allow_pickle` at
#   their defaults, and save plain values so that you can.
# - Save the state dict, not the network. Code makes the clone, the file gives the numbers; in
#   another process nothing else is there.
# - A state dict in memory is an alias of the weights; clone what you want to keep.
# - Loading goes by name. `strict=False` hides typing errors; a copied layer has its own memory, an
#   assigned one does not.
# - A checkpoint holds whatever the next step depends on: network, optimizer, schedule, step, random
#   state. Write it under another name first.
# - What is in no weight is in no file, unless you put it there: a configuration, a buffer, extra
#   state.

# %% [markdown]
# ## Where to read on
#
# - [Serialization semantics](https://docs.pytorch.org/docs/stable/notes/serialization.html),
#   PyTorch's own notes: storages, views, `weights_only`, extra state.
# - [Saving and loading models](https://docs.pytorch.org/tutorials/beginner/saving_loading_models.html),
#   the tutorial.
# - [`numpy.lib.format`](https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html):
#   `.npy`, described byte by byte.
# - [`pickle`](https://docs.python.org/3/library/pickle.html), with its warning in red.
# - [Safetensors](https://huggingface.co/docs/safetensors/index), a format for tensors of any
#   framework that cannot hold code.
# - [Save, serialize, and export models](https://keras.io/guides/serialization_and_saving/), the
#   same ground in Keras.
# - *Dive into Deep Learning*, chapter [Builders' Guide](https://d2l.ai/chapter_builders-guide/index.html),
#   the chapter from which this unit grew.
#
# Next: lesson 10 asks on which device a tensor lives, and what it costs to move it.
