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
import json
import linecache
import os
import pickle
import subprocess
import sys
import tempfile
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

# Without CUDA the import still writes to stderr (TensorFlow issue 100442): mute it meanwhile.
stderr_copy = os.dup(2)
with open(os.devnull, "w") as devnull:
    os.dup2(devnull.fileno(), 2)
try:
    import keras
    import tensorflow as tf
    from keras import layers, ops
finally:
    os.dup2(stderr_copy, 2)
    os.close(stderr_copy)

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
x = tf.reshape(tf.range(6, dtype=tf.int32), (2, 3))
np.save(folder / "x.npy", x.numpy())

raw = (folder / "x.npy").read_bytes()
print("begins with:", raw[:6])
print("text:", raw[10:128].decode().strip())
print("numbers:", len(raw[128:]), "bytes")
y = tf.constant(np.load(folder / "x.npy"))
print("back:", y.dtype.name, y.numpy().tolist())

# %% [markdown]
# Any program that can read such a line can read the array, and many can.
#
# TensorFlow has two types for which NumPy has no word, bfloat16 and strings. **Predict**: both can
# be saved. What comes back?

# %%
np.save(folder / "half.npy", tf.constant([1.5, 2.5], tf.bfloat16).numpy())
print("bfloat16 comes back as", np.load(folder / "half.npy").dtype)
np.save(folder / "words.npy", tf.constant(["to", "fro"]).numpy())
try:
    np.load(folder / "words.npy")
except ValueError as error:
    print("strings:", error)

# %% [markdown]
# Of bfloat16 two bytes per number are left, and nobody knows any longer what they mean: cast to
# float32 first. The strings have become Python objects, and the file a pickle, which we come to in
# a moment. TensorFlow's own format takes both. It is a string of bytes that holds shape, dtype and
# numbers, but the reader has to say which dtype to expect:

# %%
raw = tf.io.serialize_tensor(tf.constant([1.5, 2.5], tf.bfloat16))
tf.io.write_file(str(folder / "half.tensor"), raw)
raw = tf.io.read_file(str(folder / "half.tensor"))
print("back:", tf.io.parse_tensor(raw, tf.bfloat16).numpy().tolist())
try:
    tf.io.parse_tensor(raw, tf.float32)
except tf.errors.InvalidArgumentError as error:
    print(error.message.partition("}} ")[2].partition(" [Op")[0])

# %% [markdown]
# ### Then and now: a list of arrays
#
# The books save several arrays as a list. NumPy's `save` takes lists, and makes *one* array of
# each.
#
# **Predict** what comes back, and what happens where the lengths differ.

# %% listing="S0-27"
np.save(folder / "pair.npy", [tf.range(3).numpy(), tf.ones(3).numpy()])
back = np.load(folder / "pair.npy")
print(type(back).__name__, back.dtype, back.shape)

# %% tags=["raises-exception"]
np.save(folder / "uneven.npy", [tf.zeros(3).numpy(), tf.ones(2).numpy()])

# %% [markdown]
# The whole numbers have become floating-point numbers, of a type that neither array had, and uneven
# arrays cannot be saved at all. The form for several arrays is `np.savez`, which gives each one a
# name and a file of its own in a zip archive.
#
# ### Then and now: a dictionary of arrays
#
# With a dictionary the listing works and does something else than one thinks. There is no array
# that could hold a dictionary, so NumPy makes an array of shape `()` with one entry of type
# `object`, and has Python *pickle* that. A pickle is Python's own format for objects of any kind.
# By default `np.load` does not read it:

# %% listing="S0-28" tags=["raises-exception"]
state = {"weight": tf.ones((2, 3)), "steps": tf.constant(7)}
np.save(folder / "dictionary.npy", state)
np.load(folder / "dictionary.npy")

# %% [markdown]
# "When allow_pickle=False" sounds as if there were a way, and there is. But then the file needs
# more than NumPy: it names a function that makes tensors, and that belongs to TensorFlow. The form
# of today is an archive of arrays.
#
# **Predict**: which of the two files can a Python read that has NumPy and no TensorFlow?

# %%
np.savez(folder / "dictionary.npz", **{name: t.numpy() for name, t in state.items()})
script = """
import sys
import numpy as np

sys.modules["tensorflow"] = None  # as if it were not installed
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
# `np.load` gives an archive that reads an array when it is asked for, and asks the disk for it each
# time. Take out what you need while it is open.
#
# One more thing to know: the arrays are handed over as named arguments, of which two are taken. One
# of these names is refused, the other one is swallowed.

# %%
try:
    np.savez(folder / "taken.npz", **{"file": np.ones(2)})
except TypeError as error:
    print("named file:", error)
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
# - Tensors are `tf.Tensor`s of dtype bool, uint8, int32, int64, float16, float32 or float64 and any
#   shape, `()` and shapes with a 0 in them included.
# - What comes back is a plain `dict` with the same names, in any order, and `tf.Tensor`s of the
#   same dtypes, shapes and values. They stay as they are when the file is removed.
# - All of it comes from the file: `load_tensors` also reads an archive that another program made,
#   and keeps nothing in memory from one call to the next.
# - The dictionary that is saved is left as it was.
#
# The three tests cells (1 point each) save and load, look at the file, and look at what is left
# alone and at archives of another program.

# %% [markdown] exercise="tensor-dictionary" role="hint"
# <details><summary>Hint 1</summary>
#
# `np.savez` and a dictionary with two stars, as in the cell above. For the way back: `tf.constant`
# and `tf.convert_to_tensor` keep the dtype of an *array*. A list has none.
#
# </details>

# %% [markdown] exercise="tensor-dictionary" role="hint"
# <details><summary>Hint 2</summary>
#
# Save `{name: tensor.numpy() for name, tensor in tensors.items()}`. Load inside
# `with np.load(path) as archive:`, and return a dictionary of `tf.constant(archive[name])` for each
# name in `archive.files`.
#
# </details>

# %% exercise="tensor-dictionary" role="solution"
def save_tensors(tensors: dict[str, tf.Tensor], path: Path) -> None:
    """Write named tensors of any shapes and dtypes into an .npz archive."""
    # BEGIN SOLUTION
    np.savez(path, **{name: tensor.numpy() for name, tensor in tensors.items()})
    # END SOLUTION


def load_tensors(path: Path) -> dict[str, tf.Tensor]:
    """Read what save_tensors wrote: the same names, shapes, dtypes and values."""
    # BEGIN SOLUTION
    with np.load(path) as archive:
        return {name: tf.constant(archive[name]) for name in archive.files}
    # END SOLUTION


# %% exercise="tensor-dictionary" role="tests" points=1
# Exercise 9.1, tests 1 of 3: what is saved comes back.
def check_round_trip(arrays):
    """Save and load tensors made from arrays."""
    tensors = {name: tf.constant(array) for name, array in arrays.items()}
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
        except (ValueError, pickle.UnpicklingError) as error:
            raise AssertionError(
                f"{called} for {kinds} raised {type(error).__name__} ({str(error)[:80]}): {cause}"
            ) from None
    assert type(loaded) is dict, f"{called} gave {type(loaded).__name__}, wanted a plain dict."
    assert len(loaded) == len(arrays) and all(name in loaded for name in arrays), (
        f"{called} gave the names {list(loaded)}, wanted {list(arrays)}.")
    for name, array in arrays.items():
        got, wanted = loaded[name], tf.as_dtype(array.dtype)
        assert isinstance(got, tf.Tensor), (
            f"{called}: {name!r} is {type(got).__name__}, wanted a tf.Tensor.")
        assert got.dtype == wanted, (
            f"{called}: {name!r} has dtype {got.dtype.name}, wanted {wanted.name}: lists, a cast "
            "and a common array do not keep the dtype of each tensor.")
        assert tuple(got.shape) == array.shape, (
            f"{called}: {name!r} has shape {tuple(got.shape)}, wanted {array.shape}.")
        assert np.array_equal(got.numpy(), array), (
            f"{called}: {name!r} holds {got.numpy().tolist()}, wanted {array.tolist()}.")


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
    tensors = {name: tf.constant(array) for name, array in arrays.items()}
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
# Exercise 9.1, tests 3 of 3: what is left alone, and an archive that another program made.
def check_left_alone(arrays):
    """Save tensors; load zeros that NumPy saved at the same path."""
    tensors = {name: tf.constant(array) for name, array in arrays.items()}
    given = dict(tensors)
    zeros = {f"{name}.again": np.zeros_like(array) for name, array in arrays.items()}
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "tensors.npz"
        save_tensors(tensors, path)
        assert list(tensors) == list(given) and all(tensors[n] is given[n] for n in given), (
            f"save_tensors changed the dictionary that it was given: it had {list(given)}, and now "
            f"{list(tensors)}.")
        np.savez(path, ones=np.ones(2))
        try:
            load_tensors(path)
            np.savez(path, **zeros)
            found = load_tensors(path)
        except (KeyError, OSError, ValueError) as error:
            raise AssertionError(
                f"load_tensors, for archives with the name ones and with {list(zeros)}, which "
                f"np.savez wrote, raised {type(error).__name__} ({error}): take all arrays from "
                "the file at path.") from None
    assert type(found) is dict and set(found) == set(zeros) and not any(
        np.any(tensor) for tensor in found.values()), (
        f"load_tensors for an archive with {list(zeros)}, all zeros, which np.savez wrote in the "
        f"place of the first, gave {found}: take all from the file at path, and keep nothing in "
        "memory.")


for arrays in [{"weight": np.array([[0.1, -2.0]], "float32"), "steps": np.array(3)}]:
    check_left_alone(arrays)
# BEGIN HIDDEN TESTS
for arrays in [{"w": np.array([1 / 3, 2.0]), "b": np.array([0.5], "float16")},
               {"a.b": np.array([True]), "c": np.zeros((2, 0))}]:
    check_left_alone(arrays)
# END HIDDEN TESTS

# %% [markdown]
# ## What a pickle does when it is opened
#
# A pickle is not a description of an object but a program that builds it, a list of small
# instructions. One of them says: import this function, call it with these arguments, take what it
# returns. Every class may choose the function and the arguments, in its method `__reduce__`.
#
# The class below chooses `print`. The file that is saved here is a dictionary with one harmless
# entry and one surprise. It is opened by a new Python, which knows no class `Surprise`.
#
# **Predict**: what does that Python print, and what is the entry `extra` after loading?

# %%
class Surprise:
    def __reduce__(self):
        return print, ("This line was printed by the file.",)


np.save(folder / "gift.npy", {"weight": np.ones(2), "extra": Surprise()})
script = """
import sys
import numpy as np

content = np.load(sys.argv[1], allow_pickle=True).item()
print("extra:", content["extra"])
"""
print(in_new_process(script, folder / "gift.npy"))

# %% [markdown]
# The file printed a line before anybody had looked at its content. Whoever opens it does not need
# the class, only `print`, which every Python has. In place of `print` there could be a function
# that deletes files or sends yours away, and nothing in the weights would look odd. So the rule is
# short: **never unpickle what a stranger has made.** That goes for `pickle.load` and for
# `np.load(..., allow_pickle=True)`. The safe way is the default:

# %%
try:
    np.load(folder / "gift.npy")
except ValueError as error:
    print("refused:", error)

# %% [markdown]
# **Then and now.** Keras does not pickle, and still its files could run code: a `Lambda` layer
# holds a Python function, and the compiled function goes into the file. Older versions of Keras
# rebuilt and ran it without asking. Today's `load_model` refuses, as you saw in lesson 07, unless
# it is told `safe_mode=False`.
#
# **Predict**: how often is the line printed, and by what?

# %%
surprise = layers.Lambda(lambda x: print("This line was printed by the layer.") or x)
risky = keras.Sequential([keras.Input((2,)), surprise])
risky.save(folder / "risky.keras")
try:
    keras.saving.load_model(folder / "risky.keras")
except ValueError as error:
    print("refused:", str(error).partition(". ")[0])
print("in unsafe mode:")
risky = keras.saving.load_model(folder / "risky.keras", safe_mode=False)

# %% [markdown]
# (`print` returns `None`, so that `or x` gives `x`.) Once when the network was made, and once, in
# unsafe mode, when it was only *loaded*: Keras ran the function to learn its shape. The cure is not
# to switch the guard off but to write a layer class, which the reader of the file has to have.
#
# ## Weights, and the code that they belong to
#
# ### The weights file
#
# A network is code and numbers. The numbers are its weights, and they are what one saves most
# often. The code is in your program already, and makes a network of the same form, a *clone*, into
# which the numbers are loaded.
#
# ```mermaid
# flowchart LR
#     subgraph first ["one process"]
#         net["network"]
#     end
#     net -- "save_weights" --> file[("name.weights.h5")]
#     subgraph second ["another process"]
#         code["the same code"] -- "builds" --> clone["clone"]
#     end
#     file -- "load_weights" --> clone
# ```
#
# Here is a network, and here are its numbers.

# %%
class MLP(keras.Model):
    def __init__(self, num_hidden=8, **kwargs):
        super().__init__(**kwargs)
        self.hidden = layers.Dense(num_hidden, activation="relu")
        self.out = layers.Dense(2)

    def call(self, x):
        return self.out(self.hidden(x))


keras.utils.set_random_seed(0)
net = MLP()
batch = np.array([[1.0, -2.0, 0.5], [0.0, 3.0, 1.0]], "float32")
net(batch)  # builds it
for w in net.weights:
    print(w.path.removeprefix("mlp/"), tuple(w.shape))

# %% [markdown]
# **Then and now.** The listing in the books saves them into a file called `mlp.params`. Today the
# end of the name has to say what is in the file:

# %% listing="S0-29" tags=["raises-exception"]
net.save_weights("mlp.params")

# %% [markdown]
# With the right name it works. The clone of the listing is a new network that has never been
# called, so it has no weights (lesson 06) into which the numbers could go. There are two ways to
# build it, by its method `build` and by a call.
#
# **Predict**: which of the three clones gives the outputs of the first network?

# %% listing="S0-30"
net.save_weights(folder / "mlp.weights.h5")

new_clone, told_shape, called = MLP(), MLP(), MLP()
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    told_shape.build((None, 3))
called(batch)
for how, clone in {"new": new_clone, "build": told_shape, "call": called}.items():
    try:
        clone.load_weights(folder / "mlp.weights.h5")
        print(f"{how:5} loaded, same outputs: {np.allclose(clone(batch), net(batch))}")
    except ValueError as error:
        print(f"{how:5} {str(error).partition('. ')[0]}")
print("warning of build:", str(caught[0].message).partition("however ")[2].partition(". ")[0])

# %% [markdown]
# The second is the dangerous one. `MLP` has no `build` of its own, so the inherited one has marked
# the network as built without making a weight. Loading found nothing to fill and raised nothing,
# and the first call drew random weights. The warning scrolls by; the outputs do not tell. So:
# **call the clone once on an example, then load.**
#
# The weights in a file are a copy. In memory it depends on what you ask for. Suppose that you train
# on and want to keep the best weights seen so far.
#
# **Predict**: which of the two keeps the old weights when the network changes?

# %%
best = net.weights
best_copy = net.get_weights()
old = net.hidden.bias.numpy()[0]
net.hidden.bias.assign_add(np.ones(8))
print("weights:      still the old one:", bool(best[1].numpy()[0] == old))
print("get_weights(): still the old one:", bool(best_copy[1][0] == old))
net.set_weights(best_copy)

# %% [markdown]
# `weights` is a list of the variables themselves. The "best" weights would have followed the
# training and been the last ones.
#
# ### Whole networks
#
# `net.save("name.keras")` saves a network whole. The file is a zip archive.

# %%
plain = keras.Sequential([keras.Input((3,)), layers.Dense(4), layers.Dense(2)])
plain.save(folder / "plain.keras")
net.save(folder / "mlp.keras")
print(zipfile.ZipFile(folder / "mlp.keras").namelist())

# %% [markdown]
# It holds a configuration, from which the network is made anew, and the weights. There is no code
# in it. **Predict**: what does a configuration hold of the class `MLP`?

# %%
with zipfile.ZipFile(folder / "mlp.keras") as archive:
    config = json.loads(archive.read("config.json"))
print({key: config[key] for key in ("module", "class_name", "registered_name")})

# %% [markdown]
# Its *name*, and the module in which it is to be found. In this process there is a class `MLP` in
# `__main__`. In another one? The next cell takes the class away before it loads, so that it sees
# what another process would see.
#
# **Predict**: which of the two files can be used without the class? What about the weights file?

# %%
kept = MLP
del MLP
for name in ("plain.keras", "mlp.keras"):
    try:
        loaded = keras.saving.load_model(folder / name)
        print(name, "loaded:", loaded.count_params(), "parameters")
    except TypeError as error:
        print(name, "not loaded:", str(error).partition(". ")[0])

MLP = kept
clone = MLP()
clone(batch)
clone.load_weights(folder / "mlp.weights.h5")
print("mlp.weights.h5 loaded:", clone.count_params(), "parameters")

# %% [markdown]
# A network of built-in layers needs no code of yours. A class of your own has to be there, and
# Keras has to know which one is meant; the last section shows how. For the weights alone, the class
# is enough.
#
# ### The formats side by side
#
# | file | what it stores | who can read it | safe from a stranger? |
# |---|---|---|---|
# | `.npy`, `.npz` | dtype, shape, numbers, names | NumPy, many languages | yes, by default |
# | `.npy` of objects | a pickle | Python with the packages it names | no |
# | `.weights.h5` | weights, optimizer | Keras, with code that builds the network | yes |
# | `.keras` | configuration, weights, optimizer | Keras, with your own classes | yes, by default |
# | `.keras` with a `Lambda` | the same and compiled Python | Keras in unsafe mode | no |
#
# "By default" means that the reader leaves `allow_pickle` and `safe_mode` as they are. What do the
# defaults say to the files that we have written so far?

# %%
for name in ("x.npy", "gift.npy", "dictionary.npz", "plain.keras", "risky.keras"):
    load = keras.saving.load_model if name.endswith(".keras") else np.load
    try:
        load(folder / name)
        verdict = "opened"
    except ValueError:
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
# - `save_weights(net, path)`, which writes the weights of a network into a file,
# - `load_into_clone(make_network, example, path)`, which returns a new network with the weights of
#   the file.
#
# The rules:
#
# - `net` is a `keras.Model` that has been called; `path` is a `pathlib.Path` that ends in
#   `.weights.h5`. `make_network` is a function without arguments that returns a new network of the
#   same form each time: not yet built, and perhaps of a class without a `build` of its own.
#   `example` is a NumPy array, a batch that the network can be called on.
# - The file is one that Keras's `load_weights` reads. It holds all weights, trained or not, as they
#   were when `save_weights` was called.
# - `load_into_clone` makes its network with `make_network` and takes every number from the file.
#   Each call returns another network, and leaves other networks alone.
# - The two functions may run in different processes, and the file may be moved in between. The
#   tests start a second Python that knows what the first cell imports (but for `plt` and `tf`), the
#   *whole text of your solution cell*, and `make_network`; it has no other cell, and nothing that
#   this process keeps in memory. What your functions need in addition must be in the solution cell.
# - There is no `tf` because Keras can compute with other *backends*, and is told in an environment
#   variable which one to take. In that process it is PyTorch, which has to be installed (where this
#   course is, it is, and in Colab too). What is in Keras's files does not depend on the backend.
#   Matplotlib and scikit-learn are left out, because Keras starts sooner without them. Use `keras`,
#   `layers`, `ops` and NumPy.
#
# The three tests cells (1 point each) look at the file, load it in this process, and load it in a
# new one, which takes a few seconds.

# %% [markdown] exercise="weights-in-new-process" role="hint"
# <details><summary>Hint 1</summary>
#
# The section above did all of it. Four steps make the second function: code makes the clone, a call
# gives it weights, the file gives them their numbers, and the clone is returned. Why is
# `clone.build(example.shape)` not enough?
#
# </details>

# %% [markdown] exercise="weights-in-new-process" role="hint"
# <details><summary>Hint 2</summary>
#
# `net.save_weights(path)`. Then `clone = make_network()`, `clone(example)`,
# `clone.load_weights(path)` and `return clone`, each on a line of its own.
#
# </details>

# %% exercise="weights-in-new-process" role="solution"
def save_weights(net: keras.Model, path: Path) -> None:
    """Write all weights of a network into a file that ends in .weights.h5."""
    # BEGIN SOLUTION
    net.save_weights(path)
    # END SOLUTION


def load_into_clone(
    make_network: Callable[[], keras.Model], example: np.ndarray, path: Path
) -> keras.Model:
    """Return a new network from make_network, built on example, with the numbers of the file."""
    # BEGIN SOLUTION
    clone = make_network()
    clone(example)
    clone.load_weights(path)
    return clone
    # END SOLUTION


# %% exercise="weights-in-new-process" role="tests" points=1
# Exercise 9.2, tests 1 of 3: the file.
def check_file(make_network, kind, width):
    """Save a network, change it, and let Keras read the file."""
    rng = np.random.default_rng(width)
    example = rng.normal(size=(2, width)).astype("float32")
    net, reader = make_network(), make_network()
    net(example), reader(example)
    wanted = [rng.uniform(1, 5, size=w.shape).astype("float32") for w in net.weights]
    net.set_weights(wanted)
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "net.weights.h5"
        save_weights(net, path)
        net.set_weights([np.zeros_like(a) for a in wanted])  # training goes on
        assert path.exists(), f"save_weights(net, path) for {kind} wrote no file at path."
        try:
            reader.load_weights(path)
        except (OSError, ValueError, KeyError) as error:
            raise AssertionError(
                f"load_weights cannot read what save_weights wrote for {kind}: "
                f"{str(error)[:80]}. Write it with the network's own save_weights.") from None
    for w, a in zip(reader.weights, wanted):
        assert np.array_equal(w.numpy(), a), (
            f"in the file of save_weights for {kind} the weight {w.name} of shape {a.shape} is not "
            "what was saved: save all weights, trained or not.")


def chain(*kinds):
    return lambda: keras.Sequential([kind() for kind in kinds])


for make, kind, width in [(chain(lambda: layers.Dense(2)), "a dense layer", 3)]:
    check_file(make, kind, width)
# BEGIN HIDDEN TESTS
for make, kind, width in [
    (chain(lambda: layers.Dense(3), layers.BatchNormalization), "Dense, BatchNormalization", 2),
    (chain(lambda: layers.Dense(4, trainable=False), lambda: layers.Dense(4), layers.ReLU),
     "a frozen layer, another one, ReLU", 5),
]:
    check_file(make, kind, width)
# END HIDDEN TESTS

# %% exercise="weights-in-new-process" role="tests" points=1
# Exercise 9.2, tests 2 of 3: the clone, in this process.
class Plain(keras.Model):  # without a build of its own
    def __init__(self, part):
        super().__init__()
        self.part = part

    def call(self, x):
        return self.part(x)


def check_clone(make_network, kind, width):
    """Twice, at one path: save a network, change it, move the file and load it."""
    rng, clones, called = np.random.default_rng(width), [], f"load_into_clone for {kind}"
    example = rng.normal(size=(2, width)).astype("float32")
    with tempfile.TemporaryDirectory() as place:
        path, moved = Path(place) / "net.weights.h5", Path(place) / "moved.weights.h5"
        for net in (make_network(), make_network()):
            net(example)
            wanted = [rng.uniform(1, 5, size=w.shape).astype("float32") for w in net.weights]
            net.set_weights(wanted)
            save_weights(net, path)
            assert path.exists(), f"save_weights(net, path) for {kind} wrote no file at path."
            net.set_weights([np.zeros_like(a) for a in wanted])  # training goes on
            try:
                clone = load_into_clone(make_network, example, path.replace(moved))
            except (ValueError, OSError, KeyError) as error:
                cause = "call the clone on example before you load into it"
                if not isinstance(error, ValueError):
                    cause = "take all from the file at path alone; it was moved"
                raise AssertionError(
                    f"{called} raised {type(error).__name__} ({str(error)[:80]}): {cause}."
                ) from None
            assert isinstance(clone, keras.Model), (
                f"{called} gave {type(clone).__name__}, wanted the network.")
            assert clone is not net, f"{called} gave the network that was saved, wanted a new one."
            assert len(clone.weights) == len(wanted), (
                f"{called} gave a network with {len(clone.weights)} weights, wanted {len(wanted)}: "
                "build() marks a class without a build of its own as built and makes no weights, "
                "and load_weights then loads nothing. Call the clone on example.")
            cause = "load all of them from the file, in each call, after the clone was built"
            if not any(a.any() for a in clone.get_weights()):
                cause = "they have the values of now; the file has those of when it was saved"
            assert all(map(np.array_equal, clone.get_weights(), wanted)), (
                f"the weights of the clone of {kind} are not what was saved: {cause}.")
            clones.append(clone)
    clones[0].set_weights([np.full_like(a, 9) for a in wanted])
    assert not any((a == 9).any() for a in clones[1].get_weights()), (
        f"two calls of {called} gave networks that share weights: make a new one in each call.")


for case in [(lambda: Plain(layers.Dense(2)), "a subclass", 3)]:
    check_clone(*case)
# BEGIN HIDDEN TESTS
for case in [(lambda: keras.Sequential([layers.Dense(3), layers.Dense(3, trainable=False)]),
              "a Sequential with a frozen layer", 2),
             (lambda: Plain(layers.BatchNormalization()), "a subclass with a normalisation", 5)]:
    check_clone(*case)
# END HIDDEN TESTS

# %% exercise="weights-in-new-process" role="tests" points=1
# Exercise 9.2, tests 3 of 3: in a new process.
SCRIPT = """
import ast, inspect, json, linecache, os, pickle, subprocess, sys, tempfile, warnings, zipfile
from collections.abc import Callable
from pathlib import Path
os.environ["KERAS_BACKEND"] = "torch"
sys.modules |= dict.fromkeys(["tensorflow", "matplotlib", "sklearn"])  # as if not installed
import keras
import numpy as np
from keras import layers, ops
for network, path, width in {cases}:
    space, x = dict(globals()), np.linspace(-1, 1, 4 * width, dtype="float32").reshape(4, width)
    exec({solution_cell!r} + network, space)
    clone = space["load_into_clone"](space["make_network"], x, Path(path))
    print("\\nanswer:", ops.convert_to_numpy(clone(x)).tolist())
"""


def check_elsewhere(networks):
    """Save networks here, load them in one new process, and compare what they compute."""
    cases, wanted = [], []
    with tempfile.TemporaryDirectory() as place:
        for network, width in networks:
            here, path = {"keras": keras, "layers": layers}, Path(place) / f"{width}.weights.h5"
            exec(network, here)
            net, rng = here["make_network"](), np.random.default_rng(width)
            x = np.linspace(-1, 1, 4 * width, dtype="float32").reshape(4, width)
            net(x)
            net.set_weights([rng.uniform(0.5, 2, size=w.shape) for w in net.weights])
            save_weights(net, path)
            assert path.exists(), "save_weights(net, path) wrote no file at path."
            cases.append((network, str(path), width))
            wanted.append(np.asarray(net(x)))
        cell = text_of_cell(load_into_clone)
        told = in_new_process(SCRIPT.format(solution_cell=cell, cases=cases)).splitlines()
    if told and told[-1].startswith("NotImplementedError"):
        raise NotImplementedError
    answers = [ast.literal_eval(s[8:]) for s in told if s.startswith("answer: ")]
    assert len(answers) == len(cases), (
        f"in a new process load_into_clone failed: {''.join(told[-1:])[:200]}. There is no tf "
        "there, and nothing kept in memory: only the setup, the solution cell, make_network, the "
        "file.")
    for got, right in zip(map(np.array, answers), wanted):
        assert got.shape == right.shape and np.allclose(got, right, rtol=1e-4, atol=1e-5), (
            f"in a new process the clone gives {got[0].round(5)} for the first row, the network "
            f"gave {right[0].round(5)}: not every number came from the file as it was.")


networks = [("""
class Network(keras.Model):
    def __init__(self):
        super().__init__()
        self.hidden, self.norm = layers.Dense(4, "relu"), layers.BatchNormalization()
    def call(self, x):
        return self.norm(self.hidden(x))
make_network = Network
""", 3)]
# BEGIN HIDDEN TESTS
networks += [(f"\nmake_network = lambda: keras.Sequential([{own}])", width) for own, width in [
    ("layers.Dense(3, trainable=False), layers.ReLU(), layers.Dense(1)", 5),
    ("layers.Dropout(0.5), layers.Dense(6), layers.BatchNormalization()", 2)]]
# END HIDDEN TESTS
for together in [networks]:
    check_elsewhere(together)

# %% [markdown]
# ## A part of a network
#
# Often a network is not to be loaded whole. A new task wants other outputs, but the first layers,
# trained for weeks, are to be kept. What is loaded goes by name and place, and a name that does not
# fit is not always noticed.
#
# ### Names that do not fit
#
# The names in a weights file come from the attributes of your classes. The class below has one
# attribute misspelt, and a third layer.
#
# **Predict**: what does `load_weights` say by default? What with `skip_mismatch=True`, and what
# becomes of the hidden layer?

# %%
class Misspelt(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.hiden = layers.Dense(8, activation="relu", name="hiden")
        self.out = layers.Dense(2, name="out")

    def call(self, x):
        return self.out(self.hiden(x))


target = Misspelt()
target(batch)
try:
    target.load_weights(folder / "mlp.weights.h5")
except ValueError as error:
    print("by default:", str(error).splitlines()[2])
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always", UserWarning)
    target.load_weights(folder / "mlp.weights.h5", skip_mismatch=True)
print("warnings with skip_mismatch:", len(caught))
print("hidden layer loaded:", np.allclose(target.hiden.kernel, net.hidden.kernel))
print("output layer loaded:", np.allclose(target.out.kernel, net.out.kernel))

# %% [markdown]
# `skip_mismatch=True` means: take what fits, leave the rest as it is, and warn. The network then
# starts from random numbers where you think that it has learned ones, and trains all the same, only
# worse. Use it where you *know* which layers cannot fit.
#
# The other direction is not even worth a warning to Keras. **Predict**: what if the file has more
# layers than the network?

# %%
three = keras.Sequential([keras.Input((3,)), *(layers.Dense(3) for _ in range(3))])
three.save_weights(folder / "three.weights.h5")
two = keras.Sequential([keras.Input((3,)), *(layers.Dense(3) for _ in range(2))])
two.load_weights(folder / "three.weights.h5")
print("loaded:", np.allclose(two.layers[1].kernel, three.layers[1].kernel))

# %% [markdown]
# ### A container and its names
#
# In a `Sequential` the layers have no attributes of their own. Keras then names them by kind and
# order: the first dense layer, the second. A container of your own keeps its blocks under a name of
# its own.
#
# **Predict**: which of the two weights files does a `Sequential` of the same layers take?

# %% listing="S0-03"
class Chain(keras.Model):
    def __init__(self, *blocks, **kwargs):
        super().__init__(**kwargs)
        self.blocks = blocks

    def call(self, x):
        for block in self.blocks:
            x = block(x)
        return x


chain = Chain(layers.Dense(4), layers.Dense(2))
chain(batch)
other = keras.Sequential([layers.Dense(4, name="renamed"), layers.Dense(2)])
other(batch)
for kind, saved in {"Chain": chain, "Sequential with other names": other}.items():
    saved.save_weights(folder / "saved.weights.h5")
    try:
        plain.load_weights(folder / "saved.weights.h5")
        print(f"{kind}: fits")
    except ValueError:
        print(f"{kind}: does not fit")
plain.set_weights(chain.get_weights())
print("by way of lists: same outputs:", np.allclose(plain(batch), chain(batch)))

# %% [markdown]
# Inside one process the way round is a list: `get_weights` and `set_weights` know no names, only
# the order. What kinds of block the container was made of, and what it does with them, is not in
# the weights file. That is for a configuration, and the last section comes back to it.
#
# ### A copy, not an alias
#
# A layer can be handed to another network. **Predict**: after one training step of the second
# network, what has happened to the first?

# %%
first = keras.Sequential([keras.Input((3,)), layers.Dense(4, name="hidden"), layers.Dense(2)])
second = keras.Sequential([keras.Input((3,)), first.get_layer("hidden"), layers.Dense(5)])
before = first.get_layer("hidden").get_weights()[0]
with tf.GradientTape() as tape:
    loss = ops.mean(second(batch) ** 2)
gradients = tape.gradient(loss, second.trainable_weights)
keras.optimizers.SGD(0.1).apply(gradients, second.trainable_weights)
after = first.get_layer("hidden").get_weights()[0]
print("first network as before:", np.array_equal(before, after))

# %% [markdown]
# Both networks hold the same layer, and training one trains the other. That is weight sharing, and
# right where it is meant. For a starting point you want the numbers and not the layer:
# `get_layer(name)` finds a layer and raises if there is none of that name, `get_weights` gives
# copies of its numbers, and `set_weights` writes them into the variables that are there. An
# optimizer that was made before still works on these variables.

# %% [markdown] exercise="copy-two-layers" role="task"
# ## Exercise 9.3: reuse two layers
#
# *3 points*
#
# Write `copy_layers(source, target, names)`, which copies the numbers of some layers, such as the
# first two, from one network into another one. It returns nothing.
#
# - `source` and `target` are Keras models that are built; `names` is a list of names of layers, as
#   `get_layer` takes them. A name stands for exactly this layer, so `"hidden1"` does not mean
#   `"hidden10"`, and the path of a weight, such as `"hidden1/kernel"`, is no name of a layer. Where
#   both networks have the layer, its weights have the same order, shapes and dtypes in both. The
#   layer may stand at another place. It may have no weights; then there is nothing to copy.
# - Afterwards all weights of these layers, trained or not, have in `target` the values that they
#   have in `source`. Everything else in `target`, and the whole of `source`, is as it was; nothing
#   is frozen.
# - The weights of `target` are the same variables as before, so that an optimizer which was made
#   earlier goes on working. The two networks share no weights: training one leaves the other alone.
# - If a name is no layer of `source`, or no layer of `target`, the function raises an exception
#   whose message contains that name (`ValueError` or `KeyError`, as you like), and `target` is as
#   it was, also where other names in the list were right.
#
# The three tests cells (1 point each) look at what is copied, at what the two networks share
# afterwards, and at names that are not there.

# %% [markdown] exercise="copy-two-layers" role="hint"
# <details><summary>Hint 1</summary>
#
# The last paragraph above names three methods; they are all that is needed. When do you have to
# find all layers, if no copy may be made before every name is known to be right?
#
# </details>

# %% [markdown] exercise="copy-two-layers" role="hint"
# <details><summary>Hint 2</summary>
#
# Two steps. First a list of pairs, `[(source.get_layer(name), target.get_layer(name)) for name in
# names]`, which raises by itself. Then a loop that calls `theirs.set_weights(ours.get_weights())`
# for each pair.
#
# </details>

# %% exercise="copy-two-layers" role="solution"
def copy_layers(source: keras.Model, target: keras.Model, names: list[str]) -> None:
    """Copy all weights of the named layers from source into target."""
    # BEGIN SOLUTION
    pairs = [(source.get_layer(name), target.get_layer(name)) for name in names]
    for ours, theirs in pairs:
        theirs.set_weights(ours.get_weights())
    # END SOLUTION


# %% exercise="copy-two-layers" role="tests" points=1
# Exercise 9.3, tests 1 of 3: what is copied, and what is left as it was.
def make_network(names, width, rng):
    """A network of layers with these names and one of another width; every number is drawn."""
    kinds = {"norm": layers.BatchNormalization, "relu": layers.ReLU}
    blocks = [kinds[n](name=n) if n in kinds else layers.Dense(4, name=n) for n in names]
    net = keras.Sequential([keras.Input((4,)), *blocks, layers.Dense(width, name="last")])
    net.set_weights([rng.uniform(1, 9, size=w.shape).astype("float32") for w in net.weights])
    return net


def numbers(net):
    return {f"{a.name}/{w.name}": w.numpy().copy() for a in net.layers for w in a.weights}


def check_copy(blocks, names, reverse=False):
    rng = np.random.default_rng(3)
    source = make_network(blocks, 2, rng)
    target = make_network(blocks[::-1] if reverse else blocks, 5, rng)
    ours, theirs = numbers(source), numbers(target)
    called = f"copy_layers(source, target, {names})"
    try:
        copy_layers(source, target, names)
    except NotImplementedError:
        raise
    except Exception as error:
        raise AssertionError(
            f"{called} raised {type(error).__name__} ({str(error)[:150]}), but both networks have "
            "these layers: look for layers, not for weights, of which a layer may have none, or "
            "others than a kernel and a bias; copy with get_weights() and set_weights().") from None
    changed = [n for n, got in numbers(source).items() if not np.array_equal(got, ours[n])]
    assert not changed, (
        f"{called} changed {changed} of source, which is only read: first source, then target.")
    now = numbers(target)
    assert list(now) == list(theirs), f"{called} changed what target is made of."
    chosen = [n for n in now if n.partition("/")[0] in names]
    left = [n for n in chosen if not np.array_equal(now[n], ours[n])]
    assert not left, (
        f"after {called} target has not the values of source in {left}: all weights of the named "
        "layers are copied, biases and untrained ones too.")
    changed = [n for n in now if n not in chosen and not np.array_equal(now[n], theirs[n])]
    assert not changed, (
        f"after {called} target has changed in {changed}: only the layers that were named are "
        "copied, by their whole name.")


for case in [(["hidden1", "hidden2"], ["hidden1", "hidden2"]), (["one", "norm"], ["one", "norm"])]:
    check_copy(*case)
# BEGIN HIDDEN TESTS
for case in [
    (["hidden1", "hidden10"], ["hidden1"]), (["one", "two", "three"], ["three", "two"]),
    (["one", "two", "norm"], ["two", "norm"], True), (["one", "two"], []),
    (["one", "relu"], ["relu", "one"]),
]:
    check_copy(*case)
# END HIDDEN TESTS

# %% exercise="copy-two-layers" role="tests" points=1
# Exercise 9.3, tests 2 of 3: the same variables as before, and none in common.
def check_apart(*kinds):
    """Copy all layers of a network into another one, then write into the other one."""
    source, target = (keras.Sequential([keras.Input((3,)), *(
        kind(name=f"layer{i}") for i, kind in enumerate(kinds))]) for _ in range(2))
    names = [layer.name for layer in source.layers]
    source.set_weights([np.full(w.shape, i + 2.0) for i, w in enumerate(source.weights)])
    variables, called = target.weights, f"copy_layers(source, target, {names})"
    trained = [w.trainable for w in (*source.weights, *variables)]
    try:
        result = copy_layers(source, target, names)
    except (KeyError, ValueError, AttributeError, TypeError) as error:
        raise AssertionError(
            f"{called} raised {type(error).__name__} ({error}); get the first tests cell to pass "
            "first.") from None
    assert result is None, f"{called} returned {type(result).__name__}, wanted None."
    held = [w for layer in target.layers for w in layer.weights]
    assert len(held) == len(variables) and all(a is b for a, b in zip(held, variables)), (
        f"after {called} target has other variables than before, which an optimizer made earlier "
        "does not know: copy into the variables that are there; an assignment makes an alias.")
    assert [w.trainable for w in (*source.weights, *held)] == trained, (
        f"{called} changed which weights are trained: copy numbers, and freeze nothing.")
    ours = source.get_weights()
    assert all(np.array_equal(w.numpy(), a) for w, a in zip(held, ours)), (
        f"after {called} target has other numbers than source; get the first tests cell to pass "
        "first.")
    target.set_weights([np.full(w.shape, -1.0) for w in held])
    for w, a in zip(source.weights, ours):
        assert np.array_equal(w.numpy(), a), (
            f"after {called} {w.path} of source changes together with target: the two networks "
            "share their weights. Copy the values.")


def dense(name):
    return layers.Dense(4, name=name)


for kinds in [(dense, dense)]:
    check_apart(*kinds)
# BEGIN HIDDEN TESTS
norm = layers.BatchNormalization
for kinds in [(dense, norm), (norm, layers.ReLU, dense, dense)]:
    check_apart(*kinds)
# END HIDDEN TESTS

# %% exercise="copy-two-layers" role="tests" points=1
# Exercise 9.3, tests 3 of 3: a name that is not there.
def check_missing(ours, theirs, names, missing):
    """Networks with layers of the given names; one of the names asked for is missing."""
    rng, pair = np.random.default_rng(len(names)), []
    for own in (ours, theirs):
        net = keras.Sequential([keras.Input((2,)), *(layers.Dense(2, name=name) for name in own)])
        net.set_weights([rng.normal(size=w.shape) for w in net.weights])
        pair.append(net)
    source, target = pair
    before = target.get_weights()
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
        "skip_mismatch, filters and get() with a default hide a typing error.")
    assert missing in told, (
        f"{called} raised {told[:150]}, wanted an exception whose message contains {missing!r}.")
    assert all(np.array_equal(a, b) for a, b in zip(target.get_weights(), before)), (
        f"{called} raised, as it should, and had changed target by then: look for all layers "
        "before you copy the first one.")


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
    (["a", "b"], ["a", "b"], ["b", "a/kernel"], "a/kernel"),
    (["a", "b"], ["a", "b"], ["kernel"], "kernel"),
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
# | weights, trained or not | `net.weights` | training starts anew |
# | moments, step count, learning rate | `optimizer.variables` | Adam forgets the past |
# | number of steps or epochs done | a variable of yours | the loop runs too long |
# | random state of dropout layers | in `net.variables` | other units are dropped |
#
# `net.variables` is `net.weights` and more: a layer that draws random numbers keeps the state of
# its generator in a variable that is no weight.
#
# Adam, an optimizer, sizes each step by the past: for each entry of a weight it keeps two running
# means, one of the gradients and one of their squares. These are its *moments*. They do not exist
# before the optimizer is built, which its first step does, or `optimizer.build`.
#
# **Predict**: the network below makes one training step, is saved whole and loaded. What has the
# file kept of the optimizer's step count, and what of the dropout layer's state, a seed and a
# counter?

# %%
optimizer = keras.optimizers.Adam(0.01)
small = keras.Sequential(
    [keras.Input((3,)), layers.Dense(4), layers.Dropout(0.5, seed=1), layers.Dense(1)]
)
print("variables of the optimizer:", len(optimizer.variables), end=" ")
optimizer.build(small.trainable_variables)
print("and, once built,", len(optimizer.variables))
print("weights:", len(small.weights), " variables:", len(small.variables))

small.compile(optimizer, loss="mse")
small.train_on_batch(batch, np.ones((2, 1)))
small.save(folder / "small.keras")
loaded = keras.saving.load_model(folder / "small.keras")
for kind, model in {"saved: ": small, "loaded:": loaded}.items():
    state = model.layers[1].seed_generator.state.numpy().tolist()
    print(kind, "step", int(model.optimizer.iterations.numpy()), " dropout", state)

# %% [markdown]
# The optimizer is in a `.keras` file, the state of the dropout layer is in none of Keras's files.
# Does it matter? An experiment. A network with dropout is trained for 60 steps. After 30 steps all
# of its variables and those of the optimizer are saved. Then, three times, a new network and a new
# optimizer load a part of them and train for the other 30 steps: with the weights only, with the
# optimizer's variables too, and with the random state as well.
#
# **Predict**: how far from the uninterrupted run do the weights get in the three cases?

# %%
rng = np.random.default_rng(1)
inputs = rng.normal(size=(64, 3)).astype("float32")
targets = np.sin(inputs.sum(axis=1, keepdims=True))


def new_run():
    net = keras.Sequential(
        [keras.Input((3,)), layers.Dense(32, "relu"), layers.Dropout(0.2), layers.Dense(1)]
    )
    optimizer = keras.optimizers.Adam(0.01)
    optimizer.build(net.trainable_variables)
    return net, optimizer


def train(net, optimizer, steps):
    """Train, and return the weights after each step as one row."""
    path = []
    for _ in range(steps):
        with tf.GradientTape() as tape:
            loss = ops.mean((net(inputs, training=True) - targets) ** 2)
        optimizer.apply(tape.gradient(loss, net.trainable_weights), net.trainable_weights)
        path.append(np.concatenate([w.numpy().ravel() for w in net.weights]))
    return np.stack(path)


def variables_of(net, optimizer):
    """All that a run consists of, by kind."""
    random_state = [v for v in net.variables if "seed_generator" in v.path]
    return {"weights": net.weights, "optimizer": optimizer.variables, "random": random_state}


keras.utils.set_random_seed(1)
net, optimizer = new_run()
train(net, optimizer, 30)
arrays = {
    f"{kind}{i}": v.numpy()
    for kind, variables in variables_of(net, optimizer).items()
    for i, v in enumerate(variables)
}
np.savez(folder / "checkpoint.npz", **arrays)
uninterrupted = train(net, optimizer, 30)

distances = {}
for kinds in (["weights"], ["weights", "optimizer"], ["weights", "optimizer", "random"]):
    keras.utils.set_random_seed(2)  # a new process would not know the old state
    net, optimizer = new_run()
    with np.load(folder / "checkpoint.npz") as archive:
        for kind in kinds:
            for i, variable in enumerate(variables_of(net, optimizer)[kind]):
                variable.assign(archive[f"{kind}{i}"])
    resumed = train(net, optimizer, 30)
    distances[", ".join(kinds)] = np.linalg.norm(resumed - uninterrupted, axis=1)

fig, axis = plt.subplots(figsize=(7, 3.2), layout="constrained")
for (label, distance), style in zip(distances.items(), ("-", "--", "-")):
    axis.plot(range(31, 61), distance, style, linewidth=2, label=f"loaded: {label}")
axis.set(xlabel="training step", title="Distance of the weights from the uninterrupted run")
axis.legend()
plt.show()
for label, distance in distances.items():
    print(f"{label}: distance below 0.001 after the last step: {bool(distance[-1] < 0.001)}")

# %% [markdown]
# With the weights only, the first steps go far astray: a new Adam knows no past gradients, and its
# first steps are long ones. With its variables, what is left is chance: other units are dropped.
# With the random state the resumed run is the same run.
#
# One trap lies in the order of things: variables that do not exist yet cannot be filled. Both
# network and optimizer must be built first. TensorFlow's own checkpoints, `tf.train.Checkpoint`,
# are no exception. They can say so, but have to be asked.
#
# **Predict**: what does reading into an unbuilt network do, and what does the question say?

# %%
source = MLP()
source(batch)
tf.train.Checkpoint(net=source).write(str(folder / "tf-checkpoint"))
for how in ("unbuilt", "built"):
    clone = MLP()
    if how == "built":
        clone(batch)
    status = tf.train.Checkpoint(net=clone).read(str(folder / "tf-checkpoint"))
    same = np.allclose(clone(batch), source(batch))
    try:
        status.assert_consumed()
        print(f"{how}: same outputs: {same}, all values found their place")
    except AssertionError:
        print(f"{how}: same outputs: {same}, some values found no place")
    status.expect_partial()  # otherwise TensorFlow complains when the checkpoint is thrown away

# %% [markdown]
# And what is in memory is not yet on disk. A process that dies while it writes leaves half a file,
# and if that has the name of the last good checkpoint, there is none. Write to another name first,
# and rename: that happens at once or not at all.

# %%
def write_safely(arrays, path):
    """Save under another name, then put the file in its place in one go."""
    with open(path.with_suffix(".part"), "wb") as file:
        np.savez(file, **arrays)
    os.replace(path.with_suffix(".part"), path)


write_safely({"step": np.array(30)}, folder / "latest.npz")
try:
    write_safely({"step": np.array(31), "rest": (n for n in range(3))}, folder / "latest.npz")
except TypeError as error:
    print("failed:", error)
with np.load(folder / "latest.npz") as archive:
    print("latest:", int(archive["step"]))
print("left over:", [path.name for path in folder.glob("*.part")])

# %% [markdown] exercise="resume-equals-uninterrupted" role="task"
# ## Exercise 9.4: resume as if nothing had happened
#
# *4 points*
#
# Write the pair of functions
#
# - `save_checkpoint(folder, net, optimizer, step)`, which returns nothing, and
# - `load_checkpoint(folder, net, optimizer)`, which returns the number of steps done.
#
# The rules:
#
# - A run that is saved, loaded into a new network and a new optimizer, and trained on gives the
#   same numbers as one that was never interrupted.
# - `folder` is a `pathlib.Path`, a folder that exists and is empty before saving. How many files
#   you write there, and in which format, is up to you. The folder may be moved before loading, and
#   another folder with another checkpoint may take its place.
# - The checkpoint holds what comes next depends on: the weights of `net`, trained or not; the
#   random state of its dropout layers, however deep; the variables of `optimizer`, the learning
#   rate of that moment included; and `step`, a Python `int`.
# - `load_checkpoint` gets a `net` that is built and an `optimizer` that has not been used, made by
#   the same code, with other first weights and perhaps another learning rate. It returns `step` as
#   an `int`.
# - Saving changes nothing: network and optimizer go on as if it had not happened.
#
# The four tests cells (1 point each) look at what the network gets back, at what the optimizer gets
# back, at a run with dropout, and at what saving leaves behind.

# %% [markdown] exercise="resume-equals-uninterrupted" role="hint"
# <details><summary>Hint 1</summary>
#
# Two lists hold it all: `net.variables`, which has the random state among its members, and
# `optimizer.variables`. The second is short as long as the optimizer is not built. The experiment
# above shows how variables get into an `.npz` file and out of it.
#
# </details>

# %% [markdown] exercise="resume-equals-uninterrupted" role="hint"
# <details><summary>Hint 2</summary>
#
# Save `np.savez(folder / "checkpoint.npz", step=step, **arrays)`, where `arrays` has a name such as
# `net0`, `net1`, `optimizer0` for the value of each variable of the two lists. To load: first
# `optimizer.build(net.trainable_variables)`, then `variable.assign(archive[name])` for all of them
# in the same order, and `return int(archive["step"])`.
#
# </details>

# %% exercise="resume-equals-uninterrupted" role="solution"
def save_checkpoint(
    folder: Path, net: keras.Model, optimizer: keras.Optimizer, step: int
) -> None:
    """Write all that the next training step depends on into a folder."""
    # BEGIN SOLUTION
    variables = [*net.variables, *optimizer.variables]
    arrays = {f"variable{i}": variable.numpy() for i, variable in enumerate(variables)}
    np.savez(folder / "checkpoint.npz", step=step, **arrays)
    # END SOLUTION


def load_checkpoint(folder: Path, net: keras.Model, optimizer: keras.Optimizer) -> int:
    """Put a checkpoint into net and optimizer; return the steps done."""
    # BEGIN SOLUTION
    optimizer.build(net.trainable_variables)
    with np.load(folder / "checkpoint.npz") as archive:
        for i, variable in enumerate([*net.variables, *optimizer.variables]):
            variable.assign(archive[f"variable{i}"])
        return int(archive["step"])
    # END SOLUTION


# %% exercise="resume-equals-uninterrupted" role="tests" points=1
# Exercise 9.4, tests 1 of 4: the step and the network, without random numbers.
def check_network(kind, before, after):
    """Train, save, train on; load into a new network, and compare with the moment of saving."""
    rng = np.random.default_rng(before)
    x, target = (rng.normal(size=s).astype("float32") for s in ((16, 3), (16, 1)))

    def make():
        net = keras.Sequential([
            keras.Input((3,)), layers.Dense(4, "tanh"), layers.BatchNormalization(),
            layers.Dense(1)])
        return net, kind(0.05)

    def train(net, optimizer, steps):
        for _ in range(steps):
            with tf.GradientTape() as tape:
                loss = ops.mean((net(x, training=True) - target) ** 2)
            optimizer.apply(tape.gradient(loss, net.trainable_weights), net.trainable_weights)

    (net, optimizer), (second, resumed) = make(), make()
    train(net, optimizer, before)
    name = f"the checkpoint of a run with {kind.__name__}"
    with tempfile.TemporaryDirectory() as place:
        folder, older = Path(place) / "checkpoint", Path(place) / "older"
        folder.mkdir()
        save_checkpoint(folder, net, optimizer, before)
        wanted = net.get_weights()
        train(net, optimizer, after)
        assert any(folder.iterdir()), f"save_checkpoint wrote no file for {name}."
        step = load_checkpoint(folder, second, resumed)
        folder.rename(older), folder.mkdir()
        save_checkpoint(folder, net, optimizer, before + after)
        later = load_checkpoint(folder, *make())
    assert type(step) is int, f"load_checkpoint gave {type(step).__name__}, wanted an int."
    assert step == before, f"load_checkpoint gave {step}, wanted the {before} that were saved."
    assert later == before + after, (
        f"a later checkpoint, of step {before + after}, took the place of the first one, and "
        f"load_checkpoint gave {later}: does it read the folder in each call?")
    for w, a in zip(second.weights, wanted):
        assert np.allclose(w.numpy(), a, rtol=1e-6, atol=0), (
            f"{w.path} was not restored from {name}: the network has it from its own start, or has "
            "the numbers of a later moment. Save all weights, trained or not.")


for case in [(keras.optimizers.Adam, 3, 3)]:
    check_network(*case)
# BEGIN HIDDEN TESTS
for case in [(keras.optimizers.SGD, 2, 4), (keras.optimizers.RMSprop, 5, 2)]:
    check_network(*case)
# END HIDDEN TESTS

# %% exercise="resume-equals-uninterrupted" role="tests" points=1
# Exercise 9.4, tests 2 of 4: the optimizer, with its memory and its learning rate.
def check_optimizer(kind, settings, before, after):
    """Train, save, train on; load into a new optimizer, and compare with the moment of saving."""
    rng = np.random.default_rng(before)
    x, target = (rng.normal(size=s).astype("float32") for s in ((16, 3), (16, 1)))

    def make(lr):
        net = keras.Sequential([keras.Input((3,)), layers.Dense(4, "tanh"), layers.Dense(1)])
        return net, kind(learning_rate=lr, **settings)

    def train(net, optimizer, steps):
        for _ in range(steps):
            with tf.GradientTape() as tape:
                loss = ops.mean((net(x) - target) ** 2)
            optimizer.apply(tape.gradient(loss, net.trainable_weights), net.trainable_weights)

    def values(variables):
        return [np.array(v.numpy(), "float64") for v in variables]

    (net, optimizer), (second, resumed) = make(lr=0.05), make(lr=3.0)
    train(net, optimizer, before)
    optimizer.learning_rate = 0.02  # as a schedule would
    name = f"the checkpoint of a run with {kind.__name__}"
    with tempfile.TemporaryDirectory() as place:
        save_checkpoint(Path(place), net, optimizer, before)
        wanted = values(optimizer.variables)
        train(net, optimizer, after)
        load_checkpoint(Path(place), second, resumed)
    rate, got = float(resumed.learning_rate.numpy()), values(resumed.variables)
    assert np.isclose(rate, 0.02), (
        f"after loading {name} the learning rate is {rate:.2f}, wanted 0.02, which it had when it "
        "was saved: it is one of the optimizer's variables.")
    assert len(got) == len(wanted), (
        f"after loading {name} the optimizer has {len(got)} variables, wanted {len(wanted)}: it "
        "was not built when its moments were to be restored, and they were lost without a word. "
        "Call optimizer.build(net.trainable_variables) first.")
    assert all(np.allclose(a, b, rtol=1e-6, atol=0) for a, b in zip(got, wanted)), (
        f"the optimizer's variables were not restored from {name}: its moments and its step count "
        "are not those of when it was saved.")


for case in [(keras.optimizers.Adam, {}, 3, 3)]:
    check_optimizer(*case)
# BEGIN HIDDEN TESTS
for case in [
    (keras.optimizers.SGD, {"momentum": 0.9}, 2, 4),
    (keras.optimizers.RMSprop, {"centered": True}, 5, 2),
]:
    check_optimizer(*case)
# END HIDDEN TESTS

# %% exercise="resume-equals-uninterrupted" role="tests" points=1
# Exercise 9.4, tests 3 of 4: a run with dropout.
def check_random(rates, before, after):
    """As above, with random numbers in each step; the new run begins with another state."""
    x = np.random.default_rng(after).normal(size=(8, 5)).astype("float32")

    def make(seed):
        dropouts = [layers.Dropout(rate, seed=seed + i) for i, rate in enumerate(rates)]
        net = keras.Sequential([  # the second one, if there is one, is in a network inside
            keras.Input((5,)), layers.Dense(6), dropouts[0], keras.Sequential(
                [layers.Dense(3), *dropouts[1:]]), layers.Dense(1)])
        return net, keras.optimizers.Adam(0.05)

    def train(net, optimizer, steps):
        for _ in range(steps):
            with tf.GradientTape() as tape:
                loss = ops.mean(net(x, training=True) ** 2)
            optimizer.apply(tape.gradient(loss, net.trainable_weights), net.trainable_weights)

    def random_state(net):
        return [v.numpy().tolist() for v in net.variables if "seed_generator" in v.path]

    name = f"a run with {len(rates)} dropout layer{'s' * (len(rates) > 1)}"
    net, optimizer = make(seed=1)
    train(net, optimizer, before)
    with tempfile.TemporaryDirectory() as place:
        save_checkpoint(Path(place), net, optimizer, before)
        wanted = random_state(net)
        train(net, optimizer, after)
        second, resumed = make(seed=100)
        load_checkpoint(Path(place), second, resumed)
    got = random_state(second)
    assert got == wanted, (
        f"after load_checkpoint for {name} the random state (seed, counter) is {got}, wanted "
        f"{wanted} as it was saved: it is in net.variables, and neither in net.weights nor in "
        "Keras' files nor in those of tf.train.Checkpoint(net).")
    train(second, resumed, after)
    for a, b in zip(net.weights, second.weights):
        assert np.allclose(a.numpy(), b.numpy(), rtol=1e-5, atol=1e-6), (
            f"{after} steps after load_checkpoint for {name} {a.path} differs from the "
            "uninterrupted run, although the random state is right: see the first two tests cells.")


for case in [([0.5], 3, 3)]:
    check_random(*case)
# BEGIN HIDDEN TESTS
for case in [([0.2, 0.4], 1, 4), ([0.8], 4, 1)]:
    check_random(*case)
# END HIDDEN TESTS

# %% exercise="resume-equals-uninterrupted" role="tests" points=1
# Exercise 9.4, tests 4 of 4: what saving leaves behind, and folders that move.
def check_saving(width, step):
    def make():
        net = keras.Sequential([
            keras.Input((width,)), layers.Dense(2), layers.BatchNormalization(),
            layers.Dropout(0.5)])
        return net, keras.optimizers.Adam(0.1)

    def train(net, optimizer):
        with tf.GradientTape() as tape:
            loss = ops.sum(net(x, training=True) ** 3)
        optimizer.apply(tape.gradient(loss, net.trainable_weights), net.trainable_weights)

    def values(net, optimizer):
        return [v.numpy().copy() for v in (*net.variables, *optimizer.variables)]

    x = np.random.default_rng(width).normal(size=(4, width)).astype("float32")
    net, optimizer = make()
    train(net, optimizer)
    before, weights = values(net, optimizer), net.get_weights()
    with tempfile.TemporaryDirectory() as place:
        first, moved, later = (Path(place) / name for name in ("first", "moved", "later"))
        first.mkdir(), later.mkdir()
        save_checkpoint(first, net, optimizer, step)
        after = values(net, optimizer)
        assert len(after) == len(before) and all(
            np.array_equal(a, b) for a, b in zip(after, before)), (
            "save_checkpoint changed the network or the optimizer: their variables, or the random "
            "state of a dropout layer, from which it must not draw.")
        train(net, optimizer)
        save_checkpoint(later, net, optimizer, step + 1)
        first.rename(moved)
        second, resumed = make()
        try:
            got = load_checkpoint(moved, second, resumed)
        except (OSError, KeyError, NameError) as error:
            raise AssertionError(
                f"load_checkpoint from a folder that was moved raised {type(error).__name__} "
                f"({str(error)[:100]}): all that it needs must be in the folder.") from None
    assert type(got) is int and got == step, (
        f"load_checkpoint gave {got!r}, wanted the step that was saved in this folder, {step}.")
    assert all(np.array_equal(w.numpy(), a) for w, a in zip(second.weights, weights)), (
        "load_checkpoint gave other weights than those which were saved in this folder: is "
        "anything kept in memory, or in a place that a second checkpoint overwrites?")


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
# A weights file says how wide the layers are, but only to those who look at the shapes. Other
# settings leave no trace in it at all: the rate of a dropout, an activation, a slope. A `.keras`
# file has a place for them, the configuration. Who fills it?
#
# **Predict**: both models below were made with slope 0.5. With which slope does each come back?

# %%
class Slope(keras.Model):
    def __init__(self, width=4, slope=0.01, **kwargs):
        super().__init__(**kwargs)
        self.width, self.slope = width, slope
        self.dense = layers.Dense(width)

    def call(self, x):
        return ops.leaky_relu(self.dense(x), negative_slope=self.slope)


@keras.saving.register_keras_serializable(package="saving")
class SlopeWithConfig(Slope):
    def get_config(self):
        return {**super().get_config(), "width": self.width, "slope": self.slope}


for model in (Slope(slope=0.5), SlopeWithConfig(slope=0.5)):
    y = model(batch)
    model.save(folder / "slope.keras")
    loaded = keras.saving.load_model(folder / "slope.keras", custom_objects={"Slope": Slope})
    same = np.allclose(loaded(batch), y)
    print(f"{type(model).__name__}: slope {loaded.slope}, same outputs: {same}")

# %% [markdown]
# Left to itself, a model records the *default*, and nothing warns (lesson 03). Write `get_config`
# for every model that takes arguments. The cell also shows the two ways to tell Keras which class a
# name means: `custom_objects` at loading, or registering the class once where it is defined.
#
# A container is the hardest case, because its arguments are blocks. With a starred argument it
# comes back empty, as that of lesson 03 did. It has to take a list, and to write its blocks into
# the configuration and read them out again:

# %% listing="S0-03"
@keras.saving.register_keras_serializable(package="saving")
class ListChain(keras.Model):
    def __init__(self, blocks, **kwargs):
        super().__init__(**kwargs)
        self.blocks = list(blocks)

    def call(self, x):
        for block in self.blocks:
            x = block(x)
        return x

    def get_config(self):
        blocks = [keras.saving.serialize_keras_object(block) for block in self.blocks]
        return {**super().get_config(), "blocks": blocks}

    @classmethod
    def from_config(cls, config):
        blocks = [keras.saving.deserialize_keras_object(block) for block in config["blocks"]]
        return cls(**{**config, "blocks": blocks})


for model in (
    Chain(layers.Dense(4), layers.Dense(2)),
    ListChain([layers.Dense(4), layers.Dense(2)]),
):
    y = model(batch)
    model.save(folder / "chain.keras")
    loaded = keras.saving.load_model(folder / "chain.keras", custom_objects={"Chain": Chain})
    y_again = loaded(batch)
    same = y_again.shape == y.shape and np.allclose(y_again, y)
    print(f"{type(model).__name__}: {len(loaded.blocks)} blocks, same outputs: {same}")

# %% [markdown]
# ### Then and now: the threshold that went back to its default
#
# A loss has settings too. The Huber loss is quadratic for errors up to a threshold and linear
# beyond. The books make it with a factory, and save a model that was compiled with it. The name of
# the file in the listing has no ending, which fails today; with `.keras` it works. The
# configuration holds the name of the function, `huber`, and no threshold.
#
# **Predict**: the errors below are 3, 1 and −4. What do the lines print, where the first is the
# loss with threshold 2 that was saved, the second what is loaded with `custom_objects`, and the
# third what is loaded without them?

# %% listing="S1-12 S1-13 S1-14"
def make_huber(threshold=1.0):
    def huber(target, prediction):
        error = ops.abs(target - prediction)
        linear = threshold * error - threshold**2 / 2
        return ops.mean(ops.where(error <= threshold, error**2 / 2, linear), axis=-1)

    return huber


errors, zeros = np.array([[3.0], [1.0], [-4.0]], "float32"), np.zeros((3, 1), "float32")
line = keras.Sequential([keras.Input((1,)), layers.Dense(1)])
line.compile(optimizer="sgd", loss=make_huber(threshold=2.0))
try:
    line.save(folder / "my_model")
except ValueError as error:
    print("without an ending:", str(error).partition(". ")[0])
line.save(folder / "line.keras")
print(f"saved:                  {np.mean(line.loss(zeros, errors)):.2f}")

custom = {"huber": make_huber()}
loaded = keras.saving.load_model(folder / "line.keras", custom_objects=custom)
print(f"with custom_objects:    {np.mean(loaded.loss(zeros, errors)):.2f}")
loaded = keras.saving.load_model(folder / "line.keras")
print(f"without custom_objects: {np.mean(loaded.loss(zeros, errors)):.2f},", end=" ")
print("a loss of Keras' own:", loaded.loss is keras.losses.huber)

# %% [markdown]
# No error, no warning, another loss. The function that is handed over for the name is taken,
# whatever its threshold. And without one Keras even found a `huber` of its own, with threshold 1,
# because the names are the same. (With a name that Keras does not know, loading would have failed,
# which is better.)
#
# A loss that is a class can have a configuration. **Predict**: which threshold does each of the two
# classes come back with?

# %% listing="S1-15"
class Huber(keras.losses.Loss):
    def __init__(self, threshold=1.0, **kwargs):
        super().__init__(**kwargs)
        self.threshold = threshold

    def call(self, y_true, y_pred):
        return make_huber(self.threshold)(y_true, y_pred)


class HuberWithConfig(Huber):
    def get_config(self):
        return {**super().get_config(), "threshold": self.threshold}


for kind in (Huber, HuberWithConfig):
    line.compile(optimizer="sgd", loss=kind(threshold=2.0))
    line.save(folder / "line.keras")
    loaded = keras.saving.load_model(
        folder / "line.keras", custom_objects={kind.__name__: kind}
    )
    print(f"{kind.__name__}: threshold {loaded.loss.threshold}")

# %% [markdown]
# `get_config` of the base class holds what every loss has, its name and its reduction. They come
# back as arguments of the constructor, and that is what `**kwargs` is for.

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
# high. Write it as a `keras.losses.Loss`, `QuantileLoss(quantile=0.5, **kwargs)`.
#
# - `quantile` is a Python float between 0 and 1, kept as it is in the attribute `quantile`. Other
#   arguments of a Keras loss, such as `reduction` and `name`, may be given and do what they always
#   do.
# - `call(y_true, y_pred)` takes targets and predictions, float32 of shape `(batch, width)`, and
#   returns one value per example: the mean of $\ell$ over the last axis, float32 of shape
#   `(batch,)`. Keras reduces that to one number, with the weights of the examples if there are any.
# - A model that is compiled with a `QuantileLoss`, saved as `.keras` and loaded with
#   `custom_objects={"QuantileLoss": QuantileLoss}` has a loss with the same quantile, the same
#   reduction and the same name, without anybody giving them again. (Registering the class is
#   allowed, and not needed.)
#
# The three tests cells (1 point each) look at what is computed, save and load, and look at losses
# with other arguments beside each other.

# %% [markdown] exercise="configurable-loss" role="hint"
# <details><summary>Hint 1</summary>
#
# Follow `HuberWithConfig`. `ops.maximum` takes two tensors and gives the larger entries. What would
# be missing from the file if `get_config` returned the quantile alone?
#
# </details>

# %% [markdown] exercise="configurable-loss" role="hint"
# <details><summary>Hint 2</summary>
#
# Constructor: `self.quantile = quantile`. `call`: `error = y_true - y_pred`, then
# `ops.mean(ops.maximum(q * error, (q - 1) * error), axis=-1)` with `q = self.quantile`.
# `get_config`: a dictionary of `**super().get_config()` and `"quantile"`.
#
# </details>

# %% exercise="configurable-loss" role="solution"
class QuantileLoss(keras.losses.Loss):
    """Quantile loss per example, (batch, width) to (batch,); its configuration has the quantile."""

    def __init__(self, quantile: float = 0.5, **kwargs) -> None:
        super().__init__(**kwargs)
        # BEGIN SOLUTION
        self.quantile = quantile
        # END SOLUTION

    def call(self, y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:
        # BEGIN SOLUTION
        error = y_true - y_pred
        return ops.mean(ops.maximum(self.quantile * error, (self.quantile - 1) * error), axis=-1)
        # END SOLUTION

    def get_config(self) -> dict:
        # BEGIN SOLUTION
        return {**super().get_config(), "quantile": self.quantile}
        # END SOLUTION


# %% exercise="configurable-loss" role="tests" points=1
# Exercise 9.5, tests 1 of 3: what the loss computes.
def check_loss(quantile, targets, predictions):
    name = "QuantileLoss()" if quantile is None else f"QuantileLoss({quantile})"
    loss = QuantileLoss() if quantile is None else QuantileLoss(quantile)
    assert isinstance(loss, keras.losses.Loss), (
        f"{name} gave {type(loss).__name__}, wanted a keras.losses.Loss.")
    y_true, y_pred = tf.constant(targets), tf.constant(predictions)
    QuantileLoss(0.375)  # another one, with a setting of its own
    each = loss.call(y_true, y_pred)
    called = f"{name}.call({targets}, {predictions})"
    assert isinstance(each, tf.Tensor), f"{called} gave {type(each).__name__}, wanted a tf.Tensor."
    assert tuple(each.shape) == (len(targets),) and each.dtype == tf.float32, (
        f"{called} gave {each.dtype.name} of shape {tuple(each.shape)}, wanted float32 of shape "
        f"({len(targets)},): one value per example, the mean over the last axis only.")
    q = 0.5 if quantile is None else quantile
    error = np.array(targets) - np.array(predictions)
    terms = np.where(error > 0, q * error, (q - 1) * error)
    wanted, got = terms.mean(axis=-1), each.numpy().astype("float64")
    likely = {
        "prediction and target are swapped": np.where(
            error < 0, -q * error, (1 - q) * error).mean(axis=-1),
        "it is the sum over the last axis, not the mean": terms.sum(axis=-1),
        "it is the smaller of the two, not the larger": np.where(
            error < 0, q * error, (q - 1) * error).mean(axis=-1),
        "the quantile is not used": np.abs(error).mean(axis=-1) / 2,
        "the quantile is that of a loss made later; each object has its own": np.where(
            error > 0, 0.375 * error, -0.625 * error).mean(axis=-1),
    }
    cause = next((c for c, v in likely.items() if np.allclose(got, v, rtol=1e-5)),
                 "the mean of max(q e, (q - 1) e) with e = target - prediction")
    assert np.allclose(got, wanted, rtol=1e-5, atol=1e-7), (
        f"{called} gave {got.round(5).tolist()}, wanted {wanted.round(5).tolist()}: {cause}.")
    weights = np.arange(1.0, len(targets) + 1, dtype="float32")
    with tf.GradientTape() as tape:
        tape.watch(y_pred)
        total = loss(y_true, y_pred, sample_weight=weights)
    assert np.isclose(float(total), (weights * wanted).mean(), rtol=1e-5), (
        f"{name}(targets, predictions, sample_weight={weights.tolist()}) gave {float(total):.5f}, "
        f"wanted {(weights * wanted).mean():.5f}: leave weights and reduction to Keras.")
    assert tape.gradient(total, y_pred) is not None, (
        f"no gradient flows through {name} into the prediction: no NumPy in call.")


for case in [(0.9, [[1.0], [5.0]], [[3.0], [4.0]]), (None, [[0.0, 2.0]], [[-1.0, 5.0]])]:
    check_loss(*case)
# BEGIN HIDDEN TESTS
for case in [
    (0.25, [[1.0, -2.0, 0.5], [3.0, 1.0, 0.25]], [[0.0, 2.0, 2.5], [1.0, 1.5, 4.0]]),
    (0.01, [[3.0]], [[1.0]]),
]:
    check_loss(*case)
# END HIDDEN TESTS

# %% exercise="configurable-loss" role="tests" points=1
# Exercise 9.5, tests 2 of 3: the quantile survives saving and loading.
def check_kept(quantile):
    """Save a compiled model whole and load it."""
    name, loss = f"QuantileLoss({quantile})", QuantileLoss(quantile)
    assert isinstance(loss, keras.losses.Loss), (
        f"{name} gave {type(loss).__name__}, wanted a keras.losses.Loss.")
    y_true, y_pred = tf.constant([[3.0], [-1.0]]), tf.constant([[0.0], [0.0]])
    wanted = (3 * quantile + 1 - quantile) / 2
    net = keras.Sequential([keras.Input((2,)), layers.Dense(1)])
    net.compile(optimizer="sgd", loss=loss)
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "net.keras"
        net.save(path)
        try:
            loaded = keras.saving.load_model(path, custom_objects={"QuantileLoss": QuantileLoss})
        except (TypeError, ValueError) as error:
            last = str(error).strip().splitlines()[-1]
            raise AssertionError(
                f"a model compiled with {name} was saved and cannot be loaded ({last[:120]}): the "
                "constructor must take all that get_config returns, name and reduction too."
            ) from None
    again = loaded.loss
    assert type(again) is QuantileLoss, (
        f"a model compiled with {name} came back with a loss of type {type(again).__name__}.")
    kept = getattr(again, "quantile", None)
    assert type(kept) is float, (
        f"a model compiled with {name} came back with a quantile of type {type(kept).__name__}, "
        "wanted the attribute quantile to be the float that was given.")
    assert np.isclose(kept, quantile), (
        f"a model compiled with {name} came back with quantile {kept}, and nothing said so: what "
        "get_config does not return is not in the file, and the default takes its place.")
    got = np.asarray(again(y_true, y_pred), "float64")
    assert got.shape == () and np.isclose(got, wanted, rtol=1e-5), (
        f"a model compiled with {name} came back with a loss that gives {got.round(5)} for errors "
        f"3 and -1, wanted {wanted:.5f}.")


for quantile in [0.9]:
    check_kept(quantile)
# BEGIN HIDDEN TESTS
for quantile in [0.2, 0.75]:
    check_kept(quantile)
# END HIDDEN TESTS

# %% exercise="configurable-loss" role="tests" points=1
# Exercise 9.5, tests 3 of 3: reduction and name survive as well, and losses share nothing.
def check_several(quantile, reduction, title):
    """Make a loss with all its arguments, save it in a model and load it, beside another one."""
    name = f"QuantileLoss({quantile}, reduction={reduction!r}, name={title!r})"
    loss, other = QuantileLoss(quantile, reduction=reduction, name=title), QuantileLoss(0.375)
    assert isinstance(loss, keras.losses.Loss), (
        f"{name} gave {type(loss).__name__}, wanted a keras.losses.Loss.")
    y_true, y_pred = tf.constant([[3.0], [-1.0]]), tf.constant([[0.0], [0.0]])
    each = np.array([3 * quantile, 1 - quantile])
    wanted = each.sum() if reduction == "sum" else each if reduction is None else each.mean()

    def check_value(loss, which):
        got = np.asarray(loss(y_true, y_pred), "float64")
        assert got.shape == np.shape(wanted) and np.allclose(got, wanted, rtol=1e-5), (
            f"{name}, {which}, gives {got.round(5)} for errors 3 and -1, wanted "
            f"{np.round(wanted, 5)}: see the other tests cells, and hand **kwargs up to the base "
            "class.")

    check_value(loss, "before anything is saved")
    net = keras.Sequential([keras.Input((2,)), layers.Dense(1)])
    net.compile(optimizer="sgd", loss=loss)
    with tempfile.TemporaryDirectory() as place:
        net.save(Path(place) / "net.keras")
        again = keras.saving.load_model(
            Path(place) / "net.keras", custom_objects={"QuantileLoss": QuantileLoss}).loss
    assert type(again) is QuantileLoss, (
        f"a model compiled with {name} came back with a loss of type {type(again).__name__}.")
    assert again.reduction == reduction and again.name == title, (
        f"a model compiled with {name} came back with reduction {again.reduction!r} and name "
        f"{again.name!r}: get_config must hold that of the base class too, super().get_config().")
    check_value(again, "saved and loaded")
    got, wanted = float(other(y_true, y_pred)), (3 * 0.375 + 0.625) / 2
    assert np.isclose(got, wanted, rtol=1e-5), (
        f"QuantileLoss(0.375) gives {got:.5f} for errors 3 and -1, wanted {wanted:.5f}, after "
        f"{name} was saved and loaded: each object has a quantile of its own.")


for case in [(0.9, "sum", "high")]:
    check_several(*case)
# BEGIN HIDDEN TESTS
for case in [(0.2, "mean_with_sample_weight", "low"), (0.75, None, "each")]:
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
# - A pickle is a program that runs when it is opened. Leave `allow_pickle` and `safe_mode` at their
#   defaults, and save arrays and classes so that you can.
# - Weights are saved without code. Code makes the clone, a call builds it, the file gives the
#   numbers; in another process nothing else is there. `build` on a class without one loads nothing.
# - `weights` are the variables themselves; `get_weights` gives copies.
# - `skip_mismatch` hides typing errors, and surplus layers in a file are never noticed. A layer
#   handed to another network is shared, not copied.
# - A checkpoint holds whatever the next step depends on: weights, optimizer, step, random state.
#   The last is in none of Keras's files. Write it under another name first.
# - What is in no weight is in no file, unless you put it there: `get_config`, for models with
#   arguments and for losses with settings.

# %% [markdown]
# ## Where to read on
#
# - [Save, serialize, and export models](https://keras.io/guides/serialization_and_saving/), the
#   guide to what this lesson is about, and to exporting a network as a graph.
# - [Whole model saving and loading](https://keras.io/api/models/model_saving_apis/model_saving_and_loading/)
#   and [weights-only saving and loading](https://keras.io/api/models/model_saving_apis/weights_saving_and_loading/),
#   the reference pages.
# - [Training checkpoints](https://www.tensorflow.org/guide/checkpoint), TensorFlow's guide to
#   `tf.train.Checkpoint`.
# - [`numpy.lib.format`](https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html):
#   `.npy`, described byte by byte.
# - [`pickle`](https://docs.python.org/3/library/pickle.html), with its warning in red.
# - [Serialization semantics](https://docs.pytorch.org/docs/stable/notes/serialization.html), the
#   same ground in PyTorch.
# - *Dive into Deep Learning*, chapter [Builders' Guide](https://d2l.ai/chapter_builders-guide/index.html),
#   and A. Géron, *Hands-On Machine Learning*, chapter 12, from which this unit grew.
#
# Next: lesson 10 asks on which device a tensor lives, and what it costs to move it.
