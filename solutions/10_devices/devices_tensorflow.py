# %% [markdown]
# # Devices
#
# A tensor lies in the memory of one *device*, and what is computed with it is computed on one. On
# most machines that is the CPU with its main memory, the *host*. A graphics card (GPU) is a second
# device with a memory of its own, and nearly every mistake with GPUs is a mistake about where
# something lives: left behind, copied too often, or read when it should have been left alone.
#
# None of this needs a GPU to be learned. TensorFlow can split one CPU into two *logical* devices,
# which it treats as two in every respect, and whatever can be counted need not be timed. Cells that
# do need a GPU say so and skip themselves; with a GPU they measure your own.
#
# **Afterwards you can**
#
# - name devices, and pick one that is there;
# - tell how large a model is before a single byte of it is allocated, and then make it;
# - find every tensor of a model that was left on the wrong device;
# - move data only when it must move, and say what a copy costs beside the computation;
# - write a training log for which the GPU need not wait;
# - say what several devices do with one batch, and check it with the gradient.
#
# **Time**: about 50 minutes. **You need**: lesson 09 (saving and loading) and those before it.
#
# **How to work.** Where you read *Predict*, stop and write your answer down before you run the cell
# below it; a wrong prediction is where the learning happens. In an exercise, fill in the solution
# cell, run it, then run the tests cells under it: a failed test says what was called, what came
# back, what was wanted and the likely cause. When you hand in, the same rules are also checked on
# other inputs. **Validate** in JupyterLab runs the notebook from top to bottom, as the grader will.
# *Run All Cells* stops at the first tests cell that fails, so take an exercise cell by cell.

# %% role="setup"
import os
import time
from collections.abc import Callable, Iterable

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
    from keras import layers

    # Two devices out of one CPU. It must be said before TensorFlow first uses the CPU.
    two = [tf.config.LogicalDeviceConfiguration()] * 2
    tf.config.set_logical_device_configuration(tf.config.list_physical_devices("CPU")[0], two)
    tf.config.list_logical_devices()
finally:
    os.dup2(stderr_copy, 2)
    os.close(stderr_copy)

tf.get_logger().setLevel("ERROR")  # a strategy reports each of its copies otherwise


def place(tensor: tf.Tensor | tf.Variable) -> str:
    """Return where a tensor or variable lives, in short, such as "CPU:1"."""
    return tensor.device.rpartition("device:")[2]


def count_gpus() -> int:
    """Return how many GPUs TensorFlow sees."""
    return len(tf.config.list_logical_devices("GPU"))


# %% [markdown]
# ## Names of devices
#
# Devices have names such as `CPU:0` or `GPU:1`: a type, and a number that says which one of that
# type. You use a name as a *scope*: `with tf.device(name):` around some code says where it should
# run.
#
# The setup cell has split the CPU. **Predict** how many CPUs TensorFlow now counts, physical and
# logical ones.

# %% listing="S0-32"
print("physical:", len(tf.config.list_physical_devices("CPU")))
print("logical: ", [device.name for device in tf.config.list_logical_devices("CPU")])

# %% [markdown]
# The physical device is the thing, the logical ones are what programs see. The split must be made
# before the first use of the CPU. Asking for a different one later is an error:

# %%
three = [tf.config.LogicalDeviceConfiguration()] * 3
try:
    tf.config.set_logical_device_configuration(tf.config.list_physical_devices("CPU")[0], three)
except RuntimeError as error:
    print(error)

# %% [markdown]
# ### What is there
#
# Here is a look at the graphics cards of this machine (where there is none, the cell says that it
# skips).

# %% listing="S0-31 S0-33" tags=["nbval-ignore-output"]
cards = tf.config.list_physical_devices("GPU")
for card in cards:
    print(card.name, tf.config.experimental.get_device_details(card).get("device_name"))
if not cards:
    print("skipped: no GPU here")

# %% [markdown]
# What if you name a device that is not there? **Predict**: does this raise, and where does the
# tensor live?

# %%
with tf.device("CPU:9"):
    x = tf.ones((2, 3))
print(place(x))

# %% [markdown]
# This is called *soft placement*: TensorFlow takes another device and says nothing. It is
# convenient and hides mistakes. `tf.config.set_soft_device_placement(False)` switches it off:

# %%
tf.config.set_soft_device_placement(False)
try:
    with tf.device("CPU:9"):
        tf.ones((2, 3))
except tf.errors.InvalidArgumentError as error:
    print(str(error).partition("'")[0].strip())
finally:
    tf.config.set_soft_device_placement(True)

# %% [markdown]
# Programs are written on one machine and run on another, so people write a function that gives the
# device asked for if it is there, and the CPU if not. The books write it in one line: take number
# $i$ if there are at least $i + 1$.
#
# **Then and now.** In one of them the function takes any `i`. **Predict** what becomes of `i = -1`
# on a machine with two GPUs. (The number of devices is an argument here, so that we can pretend.)

# %% listing="S0-34"
def from_the_book(i, count):
    return f"GPU:{i}" if count >= i + 1 else "CPU:0"


print("0 of 2: ", from_the_book(0, count=2))
print("5 of 2: ", from_the_book(5, count=2))
print("-1 of 2:", from_the_book(-1, count=2))
try:
    with tf.device(from_the_book(-1, count=2)):
        tf.ones((2, 3))
except tf.errors.InvalidArgumentError as error:
    print(str(error).partition(" '")[0])

# %% [markdown]
# $2 \ge -1 + 1$, so the test is passed, and the name is nonsense. It fails when something is made
# in the scope, perhaps in another file; soft placement does not help, because it chooses for
# devices that are absent and not for names that are none. A function that promises to fall back has
# two ends to check.

# %% [markdown] exercise="try-device" role="task"
# ## Exercise 10.1: a device that is there
#
# *3 points*
#
# Write two functions. Both take `count`, a function without arguments that returns how many GPUs
# there are. It is `count_gpus` from the setup cell unless the caller passes another, as the tests
# do: they pretend that there are 0, 1, 2 or more devices.
#
# - `try_device(i, count)` returns the name of the GPU with index `i` if there is one, that is, for
#   `i` from 0 to `count() - 1`. For every other whole number `i`, negative ones included, it
#   returns the name of the first CPU, number 0.
# - `all_devices(count)` returns a list of names: all GPUs with their index, in ascending order. If
#   there are none, the list holds the first CPU alone.
#
# A name is a text that `tf.device` takes: `"GPU:1"`, `"/GPU:1"` and `"/device:GPU:1"` are all
# right. Both functions ask `count` again on each call. The first tests cell (2 points) is about
# `try_device`, the second (1 point) about `all_devices`.

# %% [markdown] exercise="try-device" role="hint"
# <details><summary>Hint 1</summary>
#
# Which whole numbers are the index of a device if there are two? If there are none? Python can
# compare at both ends at once: `a <= b < c`.
#
# </details>

# %% [markdown] exercise="try-device" role="hint"
# <details><summary>Hint 2</summary>
#
# `f"GPU:{i}"` is the name with index `i`, given only if `0 <= i < count()`. For the list,
# `range(count())` gives all indices; an empty list is false, so `found or [...]` gives something
# else in its place.
#
# </details>

# %% exercise="try-device" role="solution"
def try_device(i: int = 0, count: Callable[[], int] = count_gpus) -> str:
    """Return the name of GPU number i if there is one, and that of the first CPU if not."""
    # BEGIN SOLUTION
    return f"GPU:{i}" if 0 <= i < count() else "CPU:0"
    # END SOLUTION


def all_devices(count: Callable[[], int] = count_gpus) -> list[str]:
    """Return the names of all GPUs in order, or of the first CPU alone if there are none."""
    # BEGIN SOLUTION
    return [f"GPU:{i}" for i in range(count())] or ["CPU:0"]
    # END SOLUTION


# %% exercise="try-device" role="tests" points=2
# Exercise 10.1, tests 1 of 2: one device, or the CPU.
def check_try(i, counts):
    for n in counts:
        called = f"try_device({i}, count) with {n} GPUs"
        try:
            got = try_device(i, lambda n=n: n)
        except (TypeError, IndexError) as error:
            cause = "count is a function; is it asked, count()?"
            if isinstance(error, IndexError):
                cause = "compare i with count(), and make the name from i; a list may be shorter"
            raise AssertionError(
                f"{called} raised {type(error).__name__} ({error}), wanted a name: {cause}"
            ) from None
        assert type(got) is str, (
            f"{called} gave {type(got).__name__}, wanted the name of a device, a text.")
        name = got.upper().rpartition("/")[2].removeprefix("DEVICE:")
        kind, _, index = name.partition(":")
        there = i in range(n)
        wanted = f"GPU:{i}" if there else "CPU:0"
        cause = "that device is there" if there else "there is no such device, give the CPU"
        if kind == "GPU" and i < 0:
            cause = "a negative index names no device: check both ends, 0 <= i < count()"
        elif kind == "GPU" and not there:
            cause = "that device is absent, and naming it does not make it: give the CPU"
            if i == n > 0:
                cause = f"indices end at {n - 1}: compare with <, not with <="
        elif kind == "CPU" and there:
            cause = "the index was not compared with what count() returns in this very call"
        elif kind not in ("CPU", "GPU"):
            cause = "the kinds of devices are GPU and CPU"
        elif not index:
            cause = "give the device its index"
        assert name == wanted, f"{called} gave {got!r}, wanted {wanted!r}: {cause}."


for i, counts in [(0, [0, 1, 2]), (1, [2, 1, 0]), (-1, [2, 0])]:
    check_try(i, counts)
# BEGIN HIDDEN TESTS
for i, counts in [(3, [3, 4, 0, 8]), (-2, [1, 2, 4]), (7, [8, 7])]:
    check_try(i, counts)
# END HIDDEN TESTS

# %% exercise="try-device" role="tests" points=1
# Exercise 10.1, tests 2 of 2: all devices.
def check_all(counts):
    for n in counts:
        called = f"all_devices(count) with {n} GPUs"
        try:
            got = all_devices(lambda n=n: n)
        except (TypeError, IndexError) as error:
            cause = "count is a function; is it asked, count()?"
            if isinstance(error, IndexError):
                cause = "ask count() alone, which may pretend, and make each name from its index"
            raise AssertionError(
                f"{called} raised {type(error).__name__} ({error}), wanted a list: {cause}"
            ) from None
        assert type(got) is list, f"{called} gave {type(got).__name__}, wanted a list."
        assert all(type(name) is str for name in got), (
            f"{called} gave a list of {sorted({type(d).__name__ for d in got})}, wanted names.")
        names = [name.upper().rpartition("/")[2].removeprefix("DEVICE:") for name in got]
        wanted = [f"GPU:{i}" for i in range(n)] or ["CPU:0"]
        cause = "each GPU once, by its index, in ascending order"
        if not got:
            cause = "an empty list: without a GPU there is still the CPU"
        elif names == ["CPU:0"]:
            cause = "ask count() in each call, which says how many there are"
        elif n and any(name.startswith("CPU") for name in names):
            cause = "the CPU is in the list only if there is no GPU"
        assert names == wanted, f"{called} gave {got}, wanted {wanted}: {cause}."


for counts in [[0, 1, 2]]:
    check_all(counts)
# BEGIN HIDDEN TESTS
for counts in [[3, 0, 8], [1, 0]]:
    check_all(counts)
# END HIDDEN TESTS

# %% [markdown]
# ## A model without memory
#
# Every tensor knows where it lives. Its device is a long text, which also has room for a cluster of
# machines; `place`, from the setup cell, keeps the end of it.

# %% listing="S0-35" tags=["nbval-ignore-output"]
x = tf.ones((2, 3))
print(x.device)
print(place(x))

# %% [markdown]
# Without a scope, TensorFlow chooses: the first GPU if there is one, and the first CPU if not. In a
# scope, what is made is made there; what exists already is left alone.
#
# **Predict** the four places.

# %% listing="S0-36 S0-37"
with tf.device("CPU:0"):
    first = tf.ones((2, 3))
with tf.device("CPU:1"):
    second = tf.zeros((2, 3))
    variable = tf.Variable([1.0, 2.0])
    older = first
print("first:   ", place(first))
print("second:  ", place(second))
print("variable:", place(variable))
print("older:   ", place(older))

# %% [markdown]
# Memory is what a device has least of, so before one makes a model one would like to know whether
# it fits. **Predict** how many bytes the tensors of a batch normalisation over 4 features take. (It
# has a scale and a shift, both trained; and it keeps a moving mean and a moving variance.)

# %%
norm = layers.BatchNormalization(name="norm")
norm.build((None, 4))
for w in norm.weights:
    size = tf.as_dtype(w.dtype).size
    print(f"{w.path:22} {w.dtype} {tuple(w.shape)} x {size} bytes, trained: {w.trainable}")

# %% [markdown]
# $4 \cdot 4 \cdot 4 = 64$: what is not trained needs memory too. Training takes more: a gradient
# for each trained weight, and what the optimizer keeps, for Adam two more numbers each.
#
# That layer was made in order to look at it. For the next one this would not do: a dense layer from
# a million to a million features has $10^{12}$ weights, 4 TB in float32. But size and shape can be
# had without memory, if the model is not made for running. Inside a *graph* of TensorFlow,
# operations are written down in place of being run, those that would make weights included.
#
# **Predict** the shape of the output.

# %%
def huge():
    return keras.Sequential([keras.Input((10**6,)), layers.Dense(10**6), layers.Dense(10)])


with tf.Graph().as_default():
    print("runs at once:", tf.executing_eagerly())
    net = huge()
    y = net(keras.Input((10**6,), batch_size=32))
print("output:", tuple(y.shape))
for w in net.weights:
    print(f"{tuple(w.shape)!s:20} {w.shape.num_elements() * 4 / 1e9:12.6f} GB")

# %% [markdown]
# The weights know their shape, dtype and path, and nothing else. They belong to the graph, and what
# is in it cannot be used outside; for real numbers the model must be made again.

# %%
try:
    net.get_weights()
except TypeError as error:
    print("get_weights raises", type(error).__name__)

# %% [markdown] exercise="meta-size" role="task"
# ## Exercise 10.2: the size first, then the memory
#
# *4 points*
#
# `make` is a function without arguments that builds and returns a model (a `keras.Model`, built, so
# that it has its weights).
#
# **`model_size(make)`** returns two `int`: how many numbers the model's weights hold, and how many
# bytes they take.
#
# - The weights are those in `model.weights`, trainable or not, each of its own dtype. A layer that
#   is used in two places counts once.
# - Nothing is allocated: `make` must run inside a graph, where nothing is executed eagerly. One
#   model of the tests would take 4 TB.
#
# **`build_if_fits(make, arrays, limit)`** returns the model with the values in `arrays`, if its
# weights take at most `limit` bytes, and `None` if they take more.
#
# - `arrays` is a list of NumPy arrays, in the order of `model.weights`, as `get_weights` gives
#   them.
# - No model is made in real memory before it is known that it fits.
# - The returned model is as `make` builds it, but for the values: what was trainable is so still.
#   It can be called, and training it leaves `arrays` as they are.
#
# After both, operations run at once again, as before. The first two tests cells (1 point each) are
# about `model_size`: nothing is allocated, and what counts. The last two (1 point each) are about
# `build_if_fits`: whether there is a model, and which.

# %% [markdown] exercise="meta-size" role="hint"
# <details><summary>Hint 1</summary>
#
# `with tf.Graph().as_default():` around the call of `make` is all that it takes to build without
# memory. Shape and dtype of the weights can be asked for afterwards.
#
# </details>

# %% [markdown] exercise="meta-size" role="hint"
# <details><summary>Hint 2</summary>
#
# A weight `w` has `w.shape.num_elements()` numbers of `tf.as_dtype(w.dtype).size` bytes each.
# `build_if_fits` can use `model_size`. If the size is within the limit, call `make()` again,
# outside of any graph, and then `model.set_weights(arrays)`.
#
# </details>

# %% exercise="meta-size" role="solution"
def model_size(make: Callable[[], keras.Model]) -> tuple[int, int]:
    """Return (numbers, bytes) of the model that make() builds, without allocating it."""
    # BEGIN SOLUTION
    with tf.Graph().as_default():
        model = make()
    numbers = [w.shape.num_elements() for w in model.weights]
    sizes = [tf.as_dtype(w.dtype).size for w in model.weights]
    return sum(numbers), sum(n * size for n, size in zip(numbers, sizes))
    # END SOLUTION


def build_if_fits(
    make: Callable[[], keras.Model], arrays: list[np.ndarray], limit: int
) -> keras.Model | None:
    """Return the model with the values in arrays, or None if it takes more than limit bytes."""
    # BEGIN SOLUTION
    if model_size(make)[1] > limit:
        return None
    model = make()
    model.set_weights(arrays)
    return model
    # END SOLUTION


# %% exercise="meta-size" role="tests" points=1
# Exercise 10.2, tests 1 of 4: the size of a model that is never allocated.
def check_place(inputs, outputs):
    def make():
        assert not tf.executing_eagerly(), (
            f"{called} ran make() eagerly, where it allocates memory: call it inside `with "
            "tf.Graph().as_default():`.")
        return keras.Sequential([keras.Input((inputs,)), layers.Dense(outputs)])

    size = 4 * (inputs + 1) * outputs
    called = f"model_size(make) for a dense layer of {size:,} bytes"
    got = model_size(make)
    assert tf.executing_eagerly(), f"after {called} operations no longer run at once: use a with."
    assert type(got) is tuple and len(got) == 2 and all(type(n) is int for n in got), (
        f"{called} gave {got if type(got) is tuple else type(got).__name__}, wanted a tuple of two "
        "int: the numbers and the bytes.")
    assert got == (size // 4, size), (
        f"{called} gave {got}, wanted {(size // 4, size)}: numbers of 4 bytes each.")


for inputs, outputs in [(10**6, 10**6)]:
    check_place(inputs, outputs)
# BEGIN HIDDEN TESTS
for inputs, outputs in [(3, 2)]:
    check_place(inputs, outputs)
# END HIDDEN TESTS

# %% exercise="meta-size" role="tests" points=1
# Exercise 10.2, tests 2 of 4: what counts, and how many bytes it takes.
def check_size(what, parts, numbers, size):
    got = model_size(lambda: keras.Sequential(parts()))
    called = f"model_size(make) for {what}"
    assert type(got) is tuple and len(got) == 2, (
        f"{called} gave {got}; get the first tests cell to pass first.")
    assert got[0] == numbers, (
        f"{called} counted {got[0]:,} numbers, wanted {numbers:,}: count all in model.weights, "
        "trainable or not, each weight once.")
    assert got[1] == size, (
        f"{called} gave {got[1]:,} bytes, wanted {size:,}: each weight has its own dtype, and not "
        "every one takes 4 bytes a number.")


def twice():
    layer = layers.Dense(5)
    x = keras.Input((5,))
    return [x, keras.Model(x, layer(layer(x)))]


for case in [
    ("a BatchNormalization of 4", lambda: [keras.Input((4,)), layers.BatchNormalization()], 16, 64),
    ("a dense layer used twice", twice, 30, 120),
]:
    check_size(*case)
# BEGIN HIDDEN TESTS
for case in [
    ("a frozen float16 layer", lambda: [
        keras.Input((3,)), layers.Dense(2, dtype="float16", trainable=False)], 8, 16),
    ("float64 and float32 layers", lambda: [
        keras.Input((2,)), layers.Dense(3, dtype="float64"), layers.Dense(1)], 13, 88),
    ("a ReLU", lambda: [keras.Input((2,)), layers.ReLU()], 0, 0),
]:
    check_size(*case)
# END HIDDEN TESTS

# %% exercise="meta-size" role="tests" points=1
# Exercise 10.2, tests 3 of 4: made if it fits, and not before that is known.
def check_fit(parts, size, limit):
    eager, arrays = [], keras.Sequential(parts()).get_weights()

    def make():
        eager.append(tf.executing_eagerly())
        return keras.Sequential(parts())

    called = f"build_if_fits(make, arrays, {limit}) for a model of {size} bytes"
    try:
        model = build_if_fits(make, arrays, limit)
    except TypeError as error:
        cause = "the second number that model_size(make) gives is compared with limit"
        if "out of scope" in str(error):
            cause = "a model of the graph cannot be filled; make it again, outside of the graph"
        raise AssertionError(f"{called} raised TypeError ({str(error)[:150]}): {cause}") from None
    assert tf.executing_eagerly(), f"after {called} operations no longer run at once: use a with."
    assert size <= limit or True not in eager, (
        f"{called} ran make() eagerly: memory was allocated before the size was known. Build in a "
        "graph first.")
    assert size <= limit or model is None, (
        f"{called} gave {type(model).__name__}, wanted None: it is too large.")
    assert size > limit or isinstance(model, keras.Model), (
        f"{called} gave {type(model).__name__}, wanted the model: it fits, also when it takes "
        "exactly the limit.")


for limit in (39, 40):
    check_fit(lambda: [keras.Input((4,)), layers.Dense(2)], 40, limit)
# BEGIN HIDDEN TESTS
for limit in (10**9, 107, 30, 108):
    check_fit(lambda: [keras.Input((4,)), layers.Dense(3), layers.BatchNormalization()], 108, limit)
# END HIDDEN TESTS

# %% exercise="meta-size" role="tests" points=1
# Exercise 10.2, tests 4 of 4: the model that is made.
def check_model(what, *kinds):
    eager, rng = [], np.random.default_rng(len(kinds))

    def make():
        eager.append(tf.executing_eagerly())
        return keras.Sequential([keras.Input((4,)), *(kind() for kind in kinds)])

    weights = make().weights
    arrays = [rng.uniform(1, 2, w.shape).astype("float32") for w in weights]
    saved = [array.copy() for array in arrays]
    called = f"build_if_fits(make, arrays, 1000) for {what}"
    eager.clear()
    try:
        model = build_if_fits(make, arrays, 1000)
    except TypeError as error:
        cause = "set_weights(arrays) takes the list; get the third tests cell to pass first"
        if "out of scope" in str(error):
            cause = "a model of the graph cannot be filled; make it again, outside of the graph"
        raise AssertionError(f"{called} raised TypeError ({str(error)[:150]}): {cause}") from None
    assert isinstance(model, keras.Model), (
        f"{called} gave {type(model).__name__}, wanted the model, which fits.")
    assert True in eager, (
        f"{called} gave the model of the graph, whose weights hold no numbers: make it again, "
        "outside of the graph.")
    got = model.get_weights()
    wrong = [i for i, (g, s) in enumerate(zip(got, saved)) if not np.array_equal(g, s)]
    assert len(got) == len(saved) and not wrong, (
        f"{called} gave a model in which the weights number {wrong} differ from arrays: a model "
        "that is made anew has values of its own; set the weights.")
    assert [w.trainable for w in model.weights] == [w.trainable for w in weights], (
        f"{called} gave a model with other trainable weights than make() builds: set values only.")
    y = model(np.ones((2, 4), "float32"))
    assert isinstance(y, tf.Tensor), f"the model of {called} gave {type(y).__name__} when called."
    for w in model.weights:
        w.assign(w + 1.0)
    assert all(np.array_equal(a, s) for a, s in zip(arrays, saved)), f"{called} changed arrays."


for what, *kinds in [("a dense layer", lambda: layers.Dense(2))]:
    check_model(what, *kinds)
# BEGIN HIDDEN TESTS
for what, *kinds in [("a dense layer and a BatchNormalization",
                      lambda: layers.Dense(3), layers.BatchNormalization)]:
    check_model(what, *kinds)
# END HIDDEN TESTS

# %% [markdown]
# ## A model on a device
#
# A Keras model has no method that moves it. Its weights live where they were made: in the scope
# around the first call or `build`. `keras.device` is Keras's own scope, for all of its backends; on
# TensorFlow it is the same as `tf.device`.
#
# **Predict** the two places. (A Keras weight has its tensor variable in `value`.)

# %% listing="S0-42"
with keras.device("cpu:1"):
    net = keras.Sequential([keras.Input((3,)), layers.Dense(4), layers.Dense(2)])
with tf.device("CPU:0"):
    x = tf.ones((2, 3))
    y = net(x)
print("weight of layer:", place(net.layers[0].kernel.value))
print("output:         ", place(y))

# %% [markdown]
# Two things happened that PyTorch would refuse. The weights are on CPU:1, the input is on CPU:0,
# and still there is an output: TensorFlow copied what was missing. And the work was not done where
# the weights are, but where the scope of the *call* says. The weights cross over in every call.
#
# So **make the model and call it in the same scope.** To have an existing model on another device,
# make a second one there and give it the weights.

# %%
with tf.device("CPU:0"):
    moved = keras.models.clone_model(net)
    moved.set_weights(net.get_weights())
    same = np.allclose(moved(x), net(x))
print("weight of layer:", place(moved.layers[0].kernel.value), " same outputs:", same)

# %% [markdown]
# The optimizer's own variables are put beside the weights that they belong to, so moments and
# weights need not meet across devices. **Predict** how many of Adam's six variables for one dense
# layer are on CPU:1. (It has two for each weight, the learning rate and a count of steps.)

# %%
with keras.device("cpu:1"):
    one_layer = keras.Sequential([keras.Input((3,)), layers.Dense(1)])
optimizer = keras.optimizers.Adam()
optimizer.build(one_layer.trainable_variables)
places = [place(v.value) for v in optimizer.variables]
print("on CPU:1:", places.count("CPU:1"), "of", len(places))

# %% [markdown]
# ### What is left behind
#
# A layer may hold tensors that are no weights: plain attributes (lesson 03). They live wherever
# they were made. **Predict** where the constant of this layer is.

# %%
class Shift(keras.Layer):
    """Add a constant, then a dense layer; (batch, 3) to (batch, 1)."""

    def __init__(self, shift, **kwargs):
        super().__init__(**kwargs)
        self.dense = layers.Dense(1, name="dense")
        self.shift = shift

    def call(self, x):
        return self.dense(x + self.shift)


with tf.device("CPU:0"):
    constant = tf.ones((3,))
with tf.device("CPU:1"):
    shift = Shift(constant, name="shift")
    there = tf.ones((2, 3))
    y = shift(there)
print("weight:  ", place(shift.dense.kernel.value))
print("constant:", place(shift.shift))
print("output:  ", place(y))

# %% [markdown]
# Everything else is on CPU:1, and the constant is fetched across in each call. There is no error
# and no warning; on a GPU there is only a step that takes longer than it should.
#
# One can make TensorFlow speak. Under the device *policy* `explicit` it refuses to copy by itself.

# %%
tf.config.experimental.set_device_policy("explicit")
try:
    with tf.device("CPU:1"):
        y = shift.dense(there)
        print("dense layer:", place(y))
        shift(there)
except tf.errors.InvalidArgumentError as error:
    print("whole layer: refused for conflicting devices:", "conflicting devices" in str(error))
finally:
    tf.config.experimental.set_device_policy("silent")

# %% [markdown]
# The message names two devices and an operation, but no tensor. Better, one looks at everything
# that a model holds. In Keras, `model.weights` has the weights, each with its path. A walk over the
# whole tree of layers, the model itself included, is `_flatten_layers()` (lesson 05).

# %%
print([layer.path for layer in shift._flatten_layers()])
print([name for name, value in vars(shift).items() if isinstance(value, tf.Tensor)])

# %% [markdown] exercise="one-device-audit" role="task"
# ## Exercise 10.3: what was left behind?
#
# *3 points*
#
# Write `audit(model)`: where does each tensor of a model live? It returns a dictionary. The keys
# are the devices in short, as `place` gives them, such as `"CPU:1"`, and only those that occur. The
# value of a device is the list of the paths of the tensors there, in any order.
#
# - The tensors are all `model.weights`, trainable or not, and the **plain attributes** that are a
#   `tf.Tensor` or a `tf.Variable`, of the model and of every layer inside it, however deep.
#   (Tensors inside lists or other objects need not be found.)
# - The path of a weight is its own, `w.path`. The path of a plain attribute is the path of the
#   layer, a slash, and the name of the attribute, such as `shift/shift`. Each path is listed once.
# - The model has been built, and every layer with plain attributes has a name of its own. The model
#   is not changed. An attribute of another type, `None` included, is not listed.
#
# For the layer above: `{"CPU:1": ["shift/dense/kernel", "shift/dense/bias"], "CPU:0":
# ["shift/shift"]}`. The three tests cells (1 point each) look at the paths of weights, at models on
# two devices, and at plain attributes.

# %% [markdown] exercise="one-device-audit" role="hint"
# <details><summary>Hint 1</summary>
#
# Two loops: one over the weights, one over the layers and, for each layer, its attributes. The
# attributes of an object are the entries of the dictionary `vars(layer)`; which of them are
# tensors?
#
# </details>

# %% [markdown] exercise="one-device-audit" role="hint"
# <details><summary>Hint 2</summary>
#
# `for w in model.weights` gives `w.path` and `place(w.value)`. Then `for layer in
# model._flatten_layers()`, `for name, value in vars(layer).items()`: keep a value if
# `isinstance(value, (tf.Tensor, tf.Variable))`; its path is `f"{layer.path}/{name}"`.
# `found.setdefault(place(value), []).append(path)` files it.
#
# </details>

# %% exercise="one-device-audit" role="solution"
def audit(model: keras.Layer) -> dict[str, list[str]]:
    """Return {device: paths of the tensors there}: weights and plain attributes."""
    # BEGIN SOLUTION
    found = {}
    for w in model.weights:
        found.setdefault(place(w.value), []).append(w.path)
    for layer in model._flatten_layers():
        for name, value in vars(layer).items():
            if isinstance(value, (tf.Tensor, tf.Variable)):
                found.setdefault(place(value), []).append(f"{layer.path}/{name}")
    return found
    # END SOLUTION


# %% exercise="one-device-audit" role="tests" points=1
# Exercise 10.3, tests 1 of 3: the paths of weights.
def check_paths(what, *parts):
    """A model wholly on one device."""
    with tf.device("CPU:0"):
        model = keras.Sequential([keras.Input((3,)), *parts])
    called = f"audit(model) for {what}"
    got = audit(model)
    assert isinstance(got, dict) and all(
        type(device) is str and type(paths) is list and all(type(path) is str for path in paths)
        for device, paths in got.items()), (
        f"{called} gave {str(got)[:200]}, wanted a dictionary "
        "from the device as text to a list of paths as text.")
    found = [path for paths in got.values() for path in paths]
    right = {w.path for w in model.weights}
    missing, extra = sorted(right - set(found)), sorted(set(found) - right)
    cause = "look at all weights, with their paths"
    if missing and not {w.path for w in model.trainable_weights} & set(missing):
        cause = f"{missing} are not trained, and take memory all the same: use model.weights"
    elif extra and not missing:
        cause = "model.weights holds the weights, model.variables more than that"
    assert not missing and not extra, (
        f"{called} lacks {missing or 'nothing'} and has {extra or 'nothing'} in addition: {cause}.")
    assert len(found) == len(right), f"{called} gave {got}, wanted each path once."


for case in [
    ("a dense layer", layers.Dense(1)),
    ("a normalisation and a dense layer", layers.BatchNormalization(), layers.Dense(2)),
]:
    check_paths(*case)
# BEGIN HIDDEN TESTS
for case in [
    ("a network inside", keras.Sequential([layers.ReLU(), layers.Dense(3, use_bias=False)])),
    ("a network with a frozen layer", layers.Dense(3, trainable=False), layers.Dense(3)),
    ("a network with dropout", layers.Dense(3), layers.Dropout(0.5)),
    ("a ReLU", layers.ReLU()),
]:
    check_paths(*case)
# END HIDDEN TESTS

# %% exercise="one-device-audit" role="tests" points=1
# Exercise 10.3, tests 2 of 3: models on two devices.
def check_devices(what, parts, devices):
    right = {}
    for part, device in zip(parts, devices):
        with tf.device(device):
            part.build((None, 3))
        right |= {w.path: device for w in part.weights}
    model = keras.Sequential([keras.Input((3,)), *parts])
    called = f"audit(model) for {what}"
    got = audit(model)
    assert isinstance(got, dict), f"{called} gave {type(got).__name__}, wanted a dictionary."
    found = {path: device for device, paths in got.items() for path in paths}
    assert sorted(found) == sorted(right), (
        f"{called} gave {got}, wanted the paths {sorted(right)}; get the first tests cell to pass "
        "first.")
    wrong = {path: found[path] for path in right if found[path] != right[path]}
    cause = "ask each weight for its own device; a model need not be on one"
    if any(len(device) > 5 for device in got):
        cause = "keys are devices in short, as place() gives them"
    assert not wrong, f"{called} says {wrong}, wanted {({p: right[p] for p in wrong})}: {cause}."
    count = sum(map(len, got.values()))
    assert count == len(right) and len(got) == len(set(right.values())), (
        f"{called} gave {got}: wanted each path once, and no device without tensors.")


for case in [
    ("a dense layer", [layers.Dense(1, name="a")], ["CPU:1"]),
    ("a normalisation and a dense layer apart",
     [layers.BatchNormalization(name="b"), layers.Dense(2, name="c")], ["CPU:0", "CPU:1"]),
]:
    check_devices(*case)
# BEGIN HIDDEN TESTS
def inner(name):
    return keras.Sequential([layers.ReLU(), layers.Dense(3, use_bias=False, name="in_" + name)])


for case in [
    ("nested networks on two devices", [inner("d"), inner("e")], ["CPU:1", "CPU:0"]),
    ("two layers on one device", [layers.Dense(3, name="f"), layers.Dense(3, name="g")],
     ["CPU:1", "CPU:1"]),
    ("a ReLU", [layers.ReLU(name="h")], ["CPU:0"]),
]:
    check_devices(*case)
# END HIDDEN TESTS

# %% exercise="one-device-audit" role="tests" points=1
# Exercise 10.3, tests 3 of 3: constants that are plain attributes.
class Constant(keras.Layer):
    def __init__(self, attribute, device, inner=None, kind=tf.identity, **kwargs):
        super().__init__(**kwargs)
        self.inner, self.width, self.nothing, self.label = inner, 2, None, "a"
        with tf.device(device):
            setattr(self, attribute, kind(tf.ones(3)))

    def call(self, x):
        return x if self.inner is None else self.inner(x)


def check_constants(what, model, wanted):
    called = f"audit(model) for {what}"
    with tf.device("CPU:0"):
        model(tf.ones((1, 3)))
    held = [w.path for w in model.weights]
    got = audit(model)
    assert [w.path for w in model.weights] == held, f"{called} added a weight: change nothing."
    assert isinstance(got, dict), f"{called} gave {type(got).__name__}, wanted a dictionary."
    assert all(type(d) is str and type(p) is list for d, p in got.items()), (
        f"{called} gave {got}, wanted a dictionary from text to lists.")
    got = {str(device): sorted(map(str, paths)) for device, paths in got.items()}
    wanted = {device: sorted(paths) for device, paths in wanted.items()}
    listed = {path for paths in got.values() for path in paths}
    constants = {path for paths in wanted.values() for path in paths if "dense" not in path}
    missing = sorted(constants - listed)
    cause = "a plain attribute is no weight; see vars(layer)"
    if missing and len(missing) < len(constants):
        cause = "look at vars() of every layer, those inside included, for tensors and tf.Variables"
    assert not missing, f"{called} lacks {missing}: {cause}."
    assert len(got) == len(wanted) and all(got.get(d) == wanted[d] for d in wanted), (
        f"{called} gave {got}, wanted {wanted}: each by its own path and device, tensors only.")


for case in [("a layer with a constant", Constant("scale", "CPU:1", name="one"),
              {"CPU:1": ["one/scale"]})]:
    check_constants(*case)
# BEGIN HIDDEN TESTS
deep = Constant("table", "CPU:0", layers.Dense(1, name="dense"), name="deep")
deeper = Constant("t", "CPU:0", Constant("u", "CPU:1", name="low"), name="mid")
for case in [
    ("constants on two levels", Constant("c", "CPU:1", deep, name="outer"),
     {"CPU:0": ["outer/deep/table", "outer/deep/dense/kernel", "outer/deep/dense/bias"],
      "CPU:1": ["outer/c"]}),
    ("constants on three levels", Constant("c", "CPU:1", deeper, name="top"),
     {"CPU:0": ["top/mid/t"], "CPU:1": ["top/c", "top/mid/low/u"]}),
    ("a raw variable", Constant("v", "CPU:1", kind=tf.Variable, name="raw"), {"CPU:1": ["raw/v"]}),
]:
    check_constants(*case)
# END HIDDEN TESTS

# %% [markdown]
# ## Copies, and what they cost
#
# **Then and now.** A well-known text says that TensorFlow raises an error when two tensors on
# different devices are added. You have seen enough to **predict** what happens, and where the sums
# live.

# %% listing="S0-39"
with tf.device("CPU:0"):
    left = tf.ones((2, 3))
with tf.device("CPU:1"):
    right = tf.ones((2, 3))
    there = left + right
with tf.device("CPU:0"):
    here = left + right
print(place(here), place(there), here.numpy().tolist())

# %% [markdown]
# It copies whichever is not where the scope is, and adds. (PyTorch does raise.) Without a scope it
# would take the device that it takes for everything: even `right + right` is then computed on the
# first GPU or CPU.
#
# An error would at least have told you about the copy. So copy yourself, once, and know where.
# **Then and now.** The same text shows a copy by naming the tensor again, `Z = X`, in the scope of
# the other device. **Predict**: where is `Z`?

# %% listing="S0-38"
with tf.device("CPU:0"):
    X = tf.reshape(tf.range(6.0), (2, 3))
with tf.device("CPU:1"):
    Z = X
    W = tf.identity(X)
print("Z = X:           ", place(Z), "same object:", Z is X)
print("W = identity(X): ", place(W), "same object:", W is X)

# %% [markdown]
# An assignment gives a thing another name; a scope changes where *operations* run, and there was
# none. `tf.identity` is an operation: it returns its input, as a new tensor, in the scope's place.
#
# **Then and now.** The text then proves that nothing is copied a second time, by showing that `Z2
# is Z` after `Z2 = Z` in the scope. That holds for any name in Python and proves nothing.
# **Predict**: does `tf.identity` return the tensor itself if it is in the right place already?

# %% listing="S0-40"
with tf.device("CPU:1"):
    Z2 = W
    W2 = tf.identity(W)
print("name:    ", Z2 is W)
print("identity:", W2 is W, " both on", place(W2))

# %% [markdown]
# It makes a new tensor each time. To copy only if needed, compare first. And mind what you compare:
# the device of a tensor is a long text, and the name in your hand is a short one with several
# spellings. `tf.DeviceSpec` takes names apart.

# %%
print("equal as texts:", W.device == "CPU:1")
for name in ("CPU:1", "/CPU:1", "/device:CPU:1", "cpu:1", W.device):
    spec = tf.DeviceSpec.from_string(name)
    print(spec.device_type, spec.device_index)

# %% [markdown]
# ### The price
#
# Why care? Because a copy between host and GPU goes through a narrow pipe. NVIDIA's data sheet of
# the H100 SXM gives these figures: 67 · 10¹² float32 operations per second, 3.35 TB/s to the card's
# own memory, and 128 GB/s on the PCIe bus to the host, which is 64 GB/s each way.
#
# Take two square matrices with $n$ rows. To copy them to the card are $2 \cdot 4 n^2$ bytes, to
# multiply them are $2 n^3$ operations. **Predict**: for $n = 1000$, which takes longer? From which
# $n$ on is it the other way round?

# %%
operations, to_host, own_memory = 67e12, 64e9, 3.35e12  # per second, from the data sheet
n = np.array([10.0**k for k in np.linspace(2, 4.5, 26)])
copying = 2 * 4 * n**2 / to_host
reading = 2 * 4 * n**2 / own_memory
multiplying = 2 * n**3 / operations
crossing = 4 * operations / to_host
print(f"n = 1000: copy {8e6 / to_host * 1e6:.0f} µs, multiply {2e9 / operations * 1e6:.0f} µs")
print(f"equal at n = {crossing:.0f}")

fig, axis = plt.subplots(figsize=(7, 3.6), layout="constrained")
axis.loglog(n, copying * 1e3, label="copy both matrices from the host", linewidth=2)
axis.loglog(n, multiplying * 1e3, label="multiply them", linewidth=2)
axis.loglog(n, reading * 1e3, label="read them from the card's own memory", linewidth=2)
axis.axvline(crossing, color="0.8", zorder=0)
axis.set(xlabel="rows n", ylabel="milliseconds", title="H100 SXM, by its data sheet")
axis.legend()
plt.show()

# %% [markdown]
# Below 4,000 rows the way there costs more than the work, for a thousand rows four times as much.
# What stays on the card is read fifty times as fast. Hence the habits: make the model on the
# device, move each batch once, keep everything in between there, and do not send small jobs.
#
# These are peak rates, and real ones are lower. If there is a GPU in your machine, here are its
# own. (Why `sync_devices` is there is the subject of the next section.)

# %% tags=["nbval-ignore-output"]
if tf.config.list_logical_devices("GPU"):
    wait = tf.test.experimental.sync_devices
    for rows in (100, 1000, 10_000):
        with tf.device("CPU:0"):
            a = tf.ones((rows, rows))
        with tf.device("GPU:0"):
            b = tf.identity(a)
            c = b @ b  # the first product loads the library
            wait()
            t0 = time.perf_counter()
            b = tf.identity(a)
            wait()
            t1 = time.perf_counter()
            c = b @ b
            wait()
            t2 = time.perf_counter()
        print(f"n = {rows:6}: copy {1e3 * (t1 - t0):8.3f} ms, multiply {1e3 * (t2 - t1):8.3f} ms")
else:
    print("skipped: no GPU here")

# %% [markdown] exercise="copy-if-needed" role="task"
# ## Exercise 10.4: move a batch, if it must move
#
# *3 points*
#
# A batch is rarely a single tensor. Write `to_device(batch, device)`, which returns the batch with
# all its tensors on `device`.
#
# - `batch` is a `tf.Tensor`, or a list, tuple or dictionary of such things, nested as deep as you
#   like. It may hold anything else too, such as numbers, texts or `None`.
# - `device` is the name of a device that is there, such as `"CPU:1"`, in any of the spellings
#   `"CPU:1"`, `"/CPU:1"`, `"/device:CPU:1"` and `"cpu:1"`.
# - A tensor that is already there comes back as it is: the same object, no copy. Any other is
#   copied there, with its shape, dtype, values and link to the gradient.
# - Lists, tuples and dictionaries come back as such, of the same length and with the same keys in
#   the same order; everything else comes back as it is. What the caller passed is not changed.
#
# The three tests cells (1 point each) have single tensors, tensors inside of nested batches, and
# the batches around them.

# %% [markdown] exercise="copy-if-needed" role="hint"
# <details><summary>Hint 1</summary>
#
# For one tensor: compare type and index of the two devices, as the cell with `tf.DeviceSpec` does;
# if they differ, one operation in a scope makes the copy. For the rest, a function may call itself
# on each part of a container, and build a new container of the same kind.
#
# </details>

# %% [markdown] exercise="copy-if-needed" role="hint"
# <details><summary>Hint 2</summary>
#
# Ask in turn: a `tf.Tensor`? then `here, wanted = (tf.DeviceSpec.from_string(d) for d in
# (batch.device, device))`; if `device_type` and `device_index` agree, return `batch`, otherwise
# `tf.identity(batch)` in `with tf.device(device):`. A `dict`? then
# `{key: to_device(value, device) for key, value in batch.items()}`. A `list`, a `tuple`? likewise.
# Anything else: return it.
#
# </details>

# %% exercise="copy-if-needed" role="solution"
def to_device(batch: object, device: str) -> object:
    """Return the batch with every tensor on device; tensors already there are not copied."""
    # BEGIN SOLUTION
    if isinstance(batch, tf.Tensor):
        here, wanted = (tf.DeviceSpec.from_string(d) for d in (batch.device, device))
        if (here.device_type, here.device_index) == (wanted.device_type, wanted.device_index):
            return batch
        with tf.device(device):
            return tf.identity(batch)
    if isinstance(batch, dict):
        return {key: to_device(value, device) for key, value in batch.items()}
    if isinstance(batch, (list, tuple)):
        return type(batch)(to_device(value, device) for value in batch)
    return batch
    # END SOLUTION


# %% exercise="copy-if-needed" role="tests" points=1
# Exercise 10.4, tests 1 of 3: one tensor.
def check_tensor(values, dtype, start, device):
    with tf.device(start):
        x = tf.constant(values, dtype)
    called = f"to_device(x, {device!r}) for {dtype} of shape {tuple(x.shape)} on {start}"
    y = to_device(x, device)
    assert isinstance(y, tf.Tensor), f"{called} gave {type(y).__name__}, wanted a tensor."
    wanted = device.upper()[-5:]
    cause = "a scope around an assignment copies nothing" if y is x else "copy it to that device"
    assert place(y) == wanted, f"{called} gave a tensor on {place(y)}: {cause}."
    if start == wanted:
        assert y is x, (
            f"{called} gave another tensor, wanted x itself: it is there already, and a copy each "
            "time is memory and time for nothing. Is the long name compared with a short one?")
    assert tuple(y.shape) == tuple(x.shape) and y.dtype == x.dtype, (
        f"{called} gave {y.dtype.name} of shape {tuple(y.shape)}: a copy keeps shape and dtype.")
    assert np.array_equal(y.numpy(), np.array(values, dtype)), f"{called} changed the values."
    if dtype == "float32":
        with tf.GradientTape() as tape:
            tape.watch(x)
            total = tf.reduce_sum(3.0 * to_device(x, device))
        slope = tape.gradient(total, x)
        assert slope is not None and np.allclose(slope, 3.0), (
            f"{called} cut the link to the gradient: copy with an operation, not through NumPy.")


for case in [
    ([[1.0, 2.0], [3.0, 4.0]], "float32", "CPU:0", "CPU:1"),
    ([[1.0, 2.0], [3.0, 4.0]], "float32", "CPU:0", "CPU:0"),
    ([1, 2, 3], "int64", "CPU:1", "CPU:1"),
    ([1.5], "float32", "CPU:1", "/CPU:0"),
]:
    check_tensor(*case)
# BEGIN HIDDEN TESTS
for case in [
    (2.5, "float32", "CPU:1", "/device:CPU:1"),
    ([True, False], "bool", "CPU:0", "cpu:1"),
    ([[]], "float64", "CPU:0", "/CPU:0"),
    ([0.5, -1.0], "float32", "CPU:1", "cpu:1"),
    ([7, 8], "int32", "CPU:1", "/device:CPU:0"),
]:
    check_tensor(*case)
# END HIDDEN TESTS

# %% exercise="copy-if-needed" role="tests" points=1
# Exercise 10.4, tests 2 of 3: tensors inside of nested batches.
def tensors_in(part, path="batch"):
    """Pairs of a path and a tensor, in order."""
    if isinstance(part, tf.Tensor):
        return [(path, part)]
    if not isinstance(part, (list, tuple, dict)):
        return []
    pairs = part.items() if isinstance(part, dict) else enumerate(part)
    return [found for key, value in pairs for found in tensors_in(value, f"{path}[{key!r}]")]


def check_nested(batch, device):
    called = f"to_device({type(batch).__name__} with tensors inside, {device!r})"
    before = tensors_in(batch)
    try:
        after = dict(tensors_in(to_device(batch, device)))
    except (TypeError, RecursionError) as error:
        raise AssertionError(
            f"{called} raised {type(error).__name__} ({error}): go into lists, tuples and dicts "
            "only; numbers, texts and None come back as they are.") from None
    for path, old in before:
        new = after.get(path)
        assert isinstance(new, tf.Tensor), (
            f"{called} has no tensor at {path}, wanted one: return containers like those given.")
        assert place(new) == device, (
            f"{called}: {path} is on {place(new)}: go into containers inside containers, too.")
        assert new is old or place(old) != device, (
            f"{called}: {path} was there already and was copied nevertheless.")
        assert np.array_equal(new.numpy(), old.numpy()), f"{called}: {path} has other values."


with tf.device("CPU:0"):
    a, b = tf.ones(2), tf.range(3)
with tf.device("CPU:1"):
    c = tf.zeros(1)
for case in [([a, b], "CPU:1"), ({"x": a, "y": (b, c), "id": 7, "none": None}, "CPU:1")]:
    check_nested(*case)
# BEGIN HIDDEN TESTS
for case in [
    ([{"deep": [(a, {"er": b})]}, "text"], "CPU:1"),
    ((a, [b, c], 2.5), "CPU:0"),
    ((c, [c, {"c": c}]), "CPU:1"),
]:
    check_nested(*case)
# END HIDDEN TESTS

# %% exercise="copy-if-needed" role="tests" points=1
# Exercise 10.4, tests 3 of 3: the batches around the tensors.
def check_containers(batch, device):
    called = f"to_device({type(batch).__name__} with tensors inside, {device!r})"

    def ids_of(part):
        if isinstance(part, dict):
            return {key: ids_of(value) for key, value in part.items()}
        return [ids_of(p) for p in part] if isinstance(part, (list, tuple)) else id(part)

    def compare(old, new, where):
        if isinstance(old, (list, tuple, dict)):
            assert type(new) is type(old) and len(new) == len(old), (
                f"{where} came back as {type(new).__name__}, wanted a {type(old).__name__} of "
                f"{len(old)} parts.")
            assert not len(old) or new is not old or isinstance(old, tuple), (
                f"{where} is the caller's own {type(old).__name__}: make a new one.")
            keys = list(old) if isinstance(old, dict) else range(len(old))
            assert not isinstance(old, dict) or list(new) == keys, f"{where} has other keys."
            for key in keys:
                compare(old[key], new[key], f"{where}[{key!r}]")
        elif not isinstance(old, tf.Tensor):
            assert new is old, f"{where}, no tensor, came back as something else."

    before = ids_of(batch)
    try:
        got = to_device(batch, device)
    except (TypeError, RecursionError) as error:
        raise AssertionError(
            f"{called} raised {type(error).__name__} ({error}): go into lists, tuples and dicts "
            "only; numbers, texts and None come back as they are.") from None
    assert ids_of(batch) == before, (
        f"{called} changed the caller's batch: put the copies into a new container.")
    compare(batch, got, f"{called}: batch")


with tf.device("CPU:0"):
    a, b = tf.ones(2), tf.range(3)
with tf.device("CPU:1"):
    c = tf.zeros(1)
for case in [([a, b], "CPU:1"), ({"x": a, "y": (b, c), "id": 7, "none": None}, "CPU:1")]:
    check_containers(*case)
# BEGIN HIDDEN TESTS
for case in [([{"deep": [(a, {"er": b})]}, "text"], "CPU:1"),
             ((a, [b, c], 2.5), "CPU:0"), ({}, "CPU:1"), ((c, [c, {"c": c}]), "CPU:1")]:
    check_containers(*case)
# END HIDDEN TESTS

# %% [markdown]
# ## When the host waits
#
# A GPU works on its own. When Python runs `y = x @ w` on a GPU, the operation is put into the GPU's
# queue and the line is done; `y` is a tensor whose numbers do not exist yet. Python goes on, and
# puts the next operation into the queue. As long as nobody looks at a number, the host runs ahead,
# and the GPU never lacks work.
#
# Somebody looks. `float(loss)` is a number in Python, so the host must wait until everything that
# the loss depends on is computed, and only then can it go on to prepare the next step. Meanwhile
# the queue is empty. That is a *synchronisation*.
#
# ```mermaid
# sequenceDiagram
#     participant H as host
#     participant G as GPU
#     H->>G: step 1
#     H->>G: step 2
#     Note over H: runs ahead
#     H->>G: float(loss)
#     Note over H: waits
#     G-->>H: 0.25
#     Note over G: has nothing to do
#     H->>G: step 3
# ```
#
# The next cell plays this through for five steps. It supposes that the host takes 0.6 ms to prepare
# a step and the GPU 1.0 ms to compute it, and draws who is busy when.
#
# **Predict** the two totals.

# %%
def timeline(steps, host, gpu, read_each_step):
    """Return when host and GPU begin each step, and when everything is done, in ms."""
    host_starts, gpu_starts, host_free, gpu_free = [], [], 0.0, 0.0
    for _ in range(steps):
        host_starts.append(host_free)
        host_free += host
        gpu_starts.append(max(host_free, gpu_free))
        gpu_free = gpu_starts[-1] + gpu
        if read_each_step:
            host_free = gpu_free
    return host_starts, gpu_starts, gpu_free


fig, axes = plt.subplots(2, 1, figsize=(8, 3.2), sharex=True, layout="constrained")
logs = {"float(loss) in each step": True, "one at the end": False}
for axis, (title, each) in zip(axes, logs.items()):
    host_starts, gpu_starts, total = timeline(5, 0.6, 1.0, each)
    print(f"{title}: {total:.1f} ms")
    axis.broken_barh([(start, 0.6) for start in host_starts], (1.1, 0.8), color="C0", edgecolor="w")
    axis.broken_barh([(start, 1.0) for start in gpu_starts], (0.1, 0.8), color="C1", edgecolor="w")
    axis.set(yticks=[0.5, 1.5], yticklabels=["GPU", "host"], title=title)
axes[1].set_xlabel("milliseconds")
plt.show()

# %% [markdown]
# Neither host nor GPU was slow in the first picture. They took turns.
#
# ### What counts as looking
#
# On the CPU there is nothing to wait for, and still the question can be answered here: *count* the
# looks. The function in the next cell calls another one, and meanwhile listens at the three doors
# through which Python gets at the numbers of a tensor: the method behind `numpy()`, `float()` and
# their like, and two functions of NumPy. Afterwards it puts everything back.

# %% role="setup"
def count_reads(function: Callable, *arguments: object) -> tuple[object, int]:
    """Call function(*arguments); return its result, and how often the host read a tensor."""
    reads = 0

    def listen(original):
        def read(x, *args, **kwargs):
            nonlocal reads
            reads += isinstance(x, tf.Tensor)
            return original(x, *args, **kwargs)

        return read

    eager = next(kind for kind in type(tf.constant(0)).__mro__ if "_numpy" in vars(kind))
    doors = [(eager, "_numpy"), (np, "array"), (np, "asarray")]
    originals = [getattr(owner, name) for owner, name in doors]
    try:
        for (owner, name), original in zip(doors, originals):
            setattr(owner, name, listen(original))
        result = function(*arguments)
    finally:
        for (owner, name), original in zip(doors, originals):
            setattr(owner, name, original)
    return result, reads


# %% [markdown]
# **Predict** which of these ten read a number, before you run the cell.

# %%
loss, best = tf.constant(0.25), tf.constant(0.5)
for what, use in {
    "loss.numpy()": lambda: loss.numpy(),
    "float(loss)": lambda: float(loss),
    "loss * 3 + best": lambda: loss * 3 + best,
    "loss.shape, loss.dtype": lambda: (loss.shape, loss.dtype),
    'f"{loss:.2f}"': lambda: f"{loss:.2f}",
    "loss < best": lambda: loss < best,
    "1 if loss < best else 0": lambda: 1 if loss < best else 0,
    "tf.minimum(loss, best)": lambda: tf.minimum(loss, best),
    "tf.stack([loss, best])": lambda: tf.stack([loss, best]),
    "np.mean([loss, best])": lambda: np.mean([loss, best]),
}.items():
    print(f"{what:24} reads: {count_reads(use)[1]}")

# %% [markdown]
# Arithmetic stays on the device, and so does a comparison. To *branch* on a comparison, Python must
# know how it came out. Printing reads; shapes and dtypes are known to the host anyway; `tf.stack`
# joins tensors where they are, NumPy fetches every single one. Now a log that reads the loss of
# each step, one that does not, and the metric that `fit` uses (lesson 08).

# %%
losses = [tf.constant(float(i)) for i in range(100)]


def with_metric():
    mean = keras.metrics.Mean()
    for loss in losses:
        mean.update_state(loss)
    return float(mean.result())


for what, log in {
    "float in each step": lambda: sum(float(loss) for loss in losses) / 100,
    "float at the end": lambda: float(tf.add_n(losses)) / 100,
    "keras.metrics.Mean": with_metric,
}.items():
    mean, reads = count_reads(log)
    print(f"{what:18} {mean} with {reads} reads")

# %% [markdown]
# On a machine with a GPU, the cell below measures: how long Python needs to put a hundred products
# into the queue, and how long until they are computed. It also shows why a stopwatch without
# `sync_devices` lies.

# %% tags=["nbval-ignore-output"]
if tf.config.list_logical_devices("GPU"):
    with tf.device("GPU:0"):
        a = tf.ones((4000, 4000))
        b = a @ a
        tf.test.experimental.sync_devices()
        start = time.perf_counter()
        for _ in range(100):
            b = a @ a
        queued = time.perf_counter() - start
        tf.test.experimental.sync_devices()
        done = time.perf_counter() - start
    print(f"queued after {1e3 * queued:.1f} ms, computed after {1e3 * done:.1f} ms")
else:
    print("skipped: no GPU here")

# %% [markdown] exercise="one-sync-per-epoch" role="task"
# ## Exercise 10.5: one look per epoch
#
# *3 points*
#
# Write `run_epoch(step, batches)`, the part of a training loop that keeps the log.
#
# - `batches` yields at least one batch, and can be gone through only once. A batch is a tensor
#   whose first axis counts its examples, `len(batch)` of them, at least one; its other axes may
#   have another length in each batch.
# - `step(batch)` does one training step and returns the mean loss of that batch: a float32 tensor
#   without axes. Call it once for each batch, in order.
# - **Out**: a Python `float`, the mean loss *over all examples* of the epoch. Batches may differ in
#   size, so this is not the mean of what the steps returned.
# - The host reads **once**, after the last step. The tests call your function with `count_reads`,
#   so everything that the list above showed to read is counted.
#
# The first tests cell (1 point) looks at the mean, the second (2 points) counts.

# %% [markdown] exercise="one-sync-per-epoch" role="hint"
# <details><summary>Hint 1</summary>
#
# A running sum of tensors is a tensor. What has to be summed, so that batches of different size get
# their due? And what of it does the host know without asking?
#
# </details>

# %% [markdown] exercise="one-sync-per-epoch" role="hint"
# <details><summary>Hint 2</summary>
#
# Start with `total, examples = 0.0, 0`. For each batch, add `step(batch) * len(batch)` to the one
# and `len(batch)` to the other: the first becomes a tensor, the second stays a number. After the
# loop, `float(total) / examples`.
#
# </details>

# %% exercise="one-sync-per-epoch" role="solution"
def run_epoch(
    step: Callable[[tf.Tensor], tf.Tensor], batches: Iterable[tf.Tensor]
) -> float:
    """Run step on each batch; return the mean loss over all examples, read from the device once."""
    # BEGIN SOLUTION
    total, examples = 0.0, 0
    for batch in batches:
        total = total + step(batch) * len(batch)
        examples += len(batch)
    return float(total) / examples
    # END SOLUTION


# %% exercise="one-sync-per-epoch" role="tests" points=1
# Exercise 10.5, tests 1 of 2: the mean over all examples.
def check_mean(losses, sizes):
    batches = [tf.fill((size, i + 1), float(i)) for i, size in enumerate(sizes)]
    seen = []

    def step(batch):
        seen.append(int(batch[0, 0]))
        return tf.constant(losses[seen[-1]])

    called = f"run_epoch(step, batches) for losses {losses} of batches with {sizes} examples"
    got = run_epoch(step, iter(batches))
    assert type(got) is float, f"{called} gave {type(got).__name__}, wanted a float of Python's."
    assert seen == list(range(len(sizes))), (
        f"{called} ran step on the batches {seen}, wanted {list(range(len(sizes)))}: each once.")
    wanted = float(np.dot(losses, sizes) / np.sum(sizes))
    likely = {
        "that is the mean of the batches, in which small batches weigh too much": np.mean(losses),
        "that is the loss of the last batch": losses[-1],
        "that is the sum; divide by the number of examples": np.dot(losses, sizes),
        "divide by the number of examples, not of batches": np.dot(losses, sizes) / len(sizes),
    }
    cause = next((c for c, v in likely.items() if abs(got - v) < 1e-4),
                 "weigh each loss with len(batch), and divide by the number of examples")
    assert abs(got - wanted) < 1e-4, f"{called} gave {got:.4f}, wanted {wanted:.4f}: {cause}."


for case in [([4.0, 1.0], [1, 3]), ([2.0, 0.5, 3.0], [4, 4, 2])]:
    check_mean(*case)
# BEGIN HIDDEN TESTS
for case in [([0.25], [7]), ([5.0, 0.0, 1.0, 2.0], [1, 10, 2, 2]), ([1.5, 8.0], [6, 1])]:
    check_mean(*case)
# END HIDDEN TESTS

# %% exercise="one-sync-per-epoch" role="tests" points=2
# Exercise 10.5, tests 2 of 2: how often the host reads.
def check_reads(losses, sizes):
    made = iter([tf.constant(loss) for loss in losses])
    batches = [tf.zeros((size, 1)) for size in sizes]
    # A lambda: while count_reads listens, no statement of these tests may run.
    zero = tf.zeros(())
    got, reads = count_reads(run_epoch, lambda batch: next(made, zero), iter(batches))
    called = f"run_epoch(step, batches) with {len(sizes)} batches"
    assert type(got) is float, f"{called} gave {type(got).__name__}, wanted a float of Python's."
    cause = "bring the losses together on the device, with a sum or tf.stack, and read the result"
    if reads >= len(sizes):
        cause = ("numpy, float, print, an f-string or an if on the loss of a step makes the host "
                 "wait; keep the running sum a tensor")
    assert reads <= 1, (
        f"{called} read the device {reads} times, wanted once, after the last step: {cause}.")
    wanted = float(np.dot(losses, sizes) / np.sum(sizes))
    assert abs(got - wanted) < 1e-4, (
        f"{called} gave {got:.4f}, wanted {wanted:.4f}; get the first tests cell to pass first.")


for case in [([4.0, 1.0, 2.0], [1, 3, 3])]:
    check_reads(*case)
# BEGIN HIDDEN TESTS
for case in [([float(i % 7) for i in range(40)], [1 + i % 3 for i in range(40)]), ([2.5], [4])]:
    check_reads(*case)
# END HIDDEN TESTS

# %% [markdown]
# ## Several devices
#
# With more than one device, the usual plan is *data parallel*: each device holds a copy of the
# model and gets a share of the batch, and before the optimizer acts, the gradients are brought
# together, so that all copies take the same step and stay the same.
#
# ```mermaid
# flowchart LR
#     b([batch]) --> s1[share 1] --> d1["copy on device 0"] --> g1[gradient]
#     b --> s2[share 2] --> d2["copy on device 1"] --> g2[gradient]
#     g1 --> avg["average"]
#     g2 --> avg
#     avg --> u["the same step on both copies"]
# ```
#
# Does that give the gradient of the whole batch? With two logical CPUs we can do it by hand: two
# copies of a model, each on its device, each with a share.
#
# **Predict**: for shares of 4 and 4 examples, is the average the gradient of the whole batch? For
# shares of 6 and 2?

# %%
rng = np.random.default_rng(0)
data = rng.normal(size=(8, 3)).astype("float32")
target = rng.normal(size=(8, 1)).astype("float32")


def copy_on(device):
    with tf.device(device):
        return keras.Sequential([keras.Input((3,)), layers.Dense(1, kernel_initializer="ones")])


def gradient(model, device, x, y):
    """Return the gradient of the mean squared error with respect to the kernel."""
    with tf.device(device), tf.GradientTape() as tape:
        loss = tf.reduce_mean((model(x) - y) ** 2)
    return tape.gradient(loss, model.trainable_variables[0].value).numpy()


one, other = copy_on("CPU:0"), copy_on("CPU:1")
whole = gradient(one, "CPU:0", data, target)
for k in (4, 6):
    g1 = gradient(one, "CPU:0", data[:k], target[:k])
    g2 = gradient(other, "CPU:1", data[k:], target[k:])
    weighted = (k * g1 + (8 - k) * g2) / 8
    print(
        f"shares [{k}, {8 - k}]: average {np.allclose((g1 + g2) / 2, whole, atol=1e-5)!s:5}",
        f"weighted by size {np.allclose(weighted, whole, atol=1e-5)}",
    )

# %% [markdown]
# For equal shares the plain average is right; for others each gradient must count by its examples,
# for the same reason as in the log above.
#
# ### A strategy
#
# `tf.distribute.MirroredStrategy` does all this: under its scope each variable becomes a *mirrored*
# one, with a copy on every device, and `fit` splits the batches and brings the gradients together.
#
# **Then and now.** The well-known listing makes a `Sequential` without an input in the scope and
# calls it afterwards. **Predict** what kind of variable the weights are, in each of the two models.

# %% listing="S0-41"
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
with strategy.scope():
    with_input = keras.Sequential([keras.Input((3,)), layers.Dense(1)])
    without_input = keras.Sequential([layers.Dense(1)])
without_input(data)
for name, model in {"with input": with_input, "without": without_input}.items():
    print(f"{name:11} {type(model.weights[0].value).__name__}")
print("copies on", [place(v) for v in with_input.weights[0].value.values])

# %% [markdown]
# Without an input the weights were made at the first call, and that was outside the scope. Nothing
# raised. Start with `keras.Input`, and make the model and compile it in the scope.
#
# **Predict**: does training on two devices give other weights than on one?

# %%
def linear():
    model = keras.Sequential([keras.Input((3,)), layers.Dense(1, kernel_initializer="zeros")])
    model.compile(optimizer=keras.optimizers.SGD(0.1), loss="mse")
    return model


with strategy.scope():
    mirrored = linear()
with tf.device("CPU:0"):
    single = linear()
for model in (mirrored, single):
    model.fit(data, target, batch_size=8, epochs=3, shuffle=False, verbose=0)
copies = [v.numpy() for v in mirrored.weights[0].value.values]
print("copies agree:       ", np.array_equal(*copies))
print("same as one device: ", np.allclose(copies[0], single.get_weights()[0], atol=1e-5))

# %% [markdown]
# The bringing together is a copy again, of as many numbers as the model has weights, in every step.
# On the data sheet of the H100 SXM, cards among themselves have NVLink with 900 GB/s, both ways
# together, against 128 GB/s on the PCIe bus. **Predict**: for a model of a billion float32 weights,
# how long does it take to send the gradients one way, over either?

# %%
size = 1e9 * 4
for link, rate in {"PCIe": 128e9 / 2, "NVLink": 900e9 / 2}.items():
    print(f"{link:6} {1e3 * size / rate:5.1f} ms")

# %% [markdown]
# Whether two devices are nearly twice as fast as one depends on what a step takes beside that. Two
# cards in your machine can be seen in the cell below: the same work on one and on both. Because the
# queues are independent, one Python thread keeps both busy.

# %% tags=["nbval-ignore-output"]
if len(tf.config.list_logical_devices("GPU")) >= 2:
    matrices = []
    for device in ("GPU:0", "GPU:1"):
        with tf.device(device):
            matrices.append(tf.ones((8000, 8000)))
    for which, devices in {"both products on GPU:0": [0, 0], "one on each": [0, 1]}.items():
        for _ in range(2):  # the first round loads the library
            tf.test.experimental.sync_devices()
            start = time.perf_counter()
            for i in devices:
                with tf.device(f"GPU:{i}"):
                    matrices[i] @ matrices[i]
            tf.test.experimental.sync_devices()
        print(f"{which}: {1e3 * (time.perf_counter() - start):.1f} ms")
else:
    print("skipped: fewer than two GPUs here")

# %% [markdown]
# ## PyTorch and Keras side by side
#
# | idea | PyTorch | TensorFlow and Keras 3 |
# |---|---|---|
# | name of a device | `torch.device("cuda", 1)` | a text, `"GPU:1"` |
# | how many | `torch.cuda.device_count()` | `tf.config.list_logical_devices("GPU")` |
# | an index that is absent | raises when used | falls back to another device |
# | a second device without a GPU | `meta`, which has no memory | a logical CPU, which has |
# | make it there | `device=`, or `with torch.device(...)` | `with tf.device(...)`, `keras.device` |
# | where is it | `x.device` | `x.device`; a weight: `w.value.device` |
# | copy it there | `x.to(device)` | `tf.identity(x)` in the scope |
# | copy only if needed | `x.to(device)` does | compare the devices first |
# | inputs on two devices | raises | copies silently |
# | move a model | `net.to(device)` | make it in the scope |
# | left behind | plain attributes | plain attributes, and nobody notices |
# | a model without memory | `with torch.device("meta")` | `with tf.Graph().as_default()` |
# | read a number | `item`, `float`, `print`, `if` | `numpy`, `float`, `print`, `if` |
# | data parallel | `DistributedDataParallel` | `tf.distribute.MirroredStrategy` |

# %% [markdown]
# ## Summary
#
# - A device name is a name: it promises nothing, and TensorFlow quietly takes another device if the
#   one you named is absent. Pick a device that is there, and check the index at both ends.
# - The scope decides where work is done. Inputs from elsewhere are copied, silently and each time.
# - In a graph a model has shapes and dtypes and no numbers: size it up there, then make it for
#   real.
# - Weights live where they were made. Make the model and call it in the same scope, and look for
#   plain attributes that were made elsewhere.
# - An assignment copies nothing, whatever the scope; `tf.identity` in a scope always does.
# - The way to the card is slow beside the card. Make a model there, move a batch once, a result
#   rarely.
# - The host runs ahead until it reads a number. Sum on the device, read once.
# - Data parallel is averaging gradients, each share weighted by its examples. Under a strategy,
#   begin the model with `keras.Input`.

# %% [markdown]
# ## Where to read on
#
# - [Use a GPU](https://www.tensorflow.org/guide/gpu), TensorFlow's guide to devices, placement and
#   logical devices.
# - [Distributed training](https://www.tensorflow.org/guide/distributed_training), TensorFlow's
#   guide to strategies.
# - [Multi-GPU training with Keras](https://keras.io/guides/distributed_training_with_tensorflow/).
# - [NVIDIA H100](https://www.nvidia.com/en-us/data-center/h100/), the data sheet.
# - *Dive into Deep Learning*, [GPUs](https://d2l.ai/chapter_builders-guide/use-gpu.html), the
#   section from which this unit grew.
#
# Next: lesson 11 writes losses, activations and penalties of one's own.
