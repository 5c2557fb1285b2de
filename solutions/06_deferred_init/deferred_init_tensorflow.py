# %% [markdown]
# # Deferred initialisation
#
# A dense layer needs two numbers: how many values go in and how many come out. The second one is
# your choice. The first one is not: it is whatever the block before happens to give, or the data.
# A framework can wait for the first batch and read it off, and in Keras every layer does. In this
# lesson you find out what such a layer is before it knows its shapes, write layers that wait, and
# learn what else has to wait with them: counting, setting values, optimizers, and the moment when
# a mistake is noticed.
#
# **Afterwards you can**
#
# - say what exists in a network before its first batch, and what does not;
# - say in which order shapes become known, and what the first batch decides for good;
# - write a layer that makes its weights once, from the first batch that it meets;
# - take an activation by name, and notice a wrong name where it was written;
# - train a network all of whose weights reach the optimizer, deferred ones included;
# - make a layer refuse a wrong width with a message that helps.
#
# **Time**: about 50 minutes. **You need**: lesson 05 (initialisation).
#
# **How to work.** Where you read *Predict*, stop and write your answer down before you run the cell
# below it; a wrong prediction is where the learning happens. In an exercise, fill in the solution
# cell, run it, then run the tests cells under it: a failed test says what was called, what came
# back, what was wanted and the likely cause. When you hand in, the same rules are also checked on
# other inputs. **Validate** in JupyterLab runs the notebook from top to bottom, as the grader will.
# *Run All Cells* stops at the first tests cell that fails, so take an exercise cell by cell.

# %% role="setup"
import os
import re
import warnings
from collections.abc import Callable

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


def reason(error):
    """The line of an error message that says what is wrong, without Keras's frame around it."""
    lines = str(error).splitlines() or [""]
    line = lines[2] if lines[0].startswith("Exception encountered") else lines[0]
    line = line.replace("\x1b[1m", "").replace("\x1b[0m", "")
    return re.sub(r" \[Op:.*", "", line.rpartition("}} ")[2])


# %% [markdown]
# ## Every size, by hand
#
# Here is a dense layer in plain Python, and a chain of such layers. The layer makes its weight and
# bias in the constructor, so it has to be told both sizes there.

# %% listing="S2-05"
class NaiveDense:
    """A dense layer that is told every size."""

    def __init__(self, input_size, output_size, activation):
        self.W = tf.Variable(tf.random.normal((input_size, output_size), stddev=0.1))
        self.b = tf.Variable(tf.zeros((output_size,)))
        self.activation = activation

    def __call__(self, x):
        return self.activation(tf.matmul(x, self.W) + self.b)


class NaiveChain:
    """Layers in a row."""

    def __init__(self, layers):
        self.layers = layers

    def __call__(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


chain = NaiveChain(
    [
        NaiveDense(784, 256, ops.relu),
        NaiveDense(256, 64, ops.relu),
        NaiveDense(64, 10, ops.relu),
    ]
)
print(tuple(chain(tf.ones((2, 784))).shape))

# %% [markdown]
# Six sizes are written down, and only three of them were choices: 256, 64 and 10. The 784 belongs
# to the data, and 256 and 64 stand there a second time because each layer has to be told what the
# layer before it gives. Now somebody tries a narrower middle layer, and changes one line.
#
# **Predict**: is the slip noticed when the chain is made, or when it is called? Which layer does
# the message name? (`reason`, from the setup cell, cuts the frame off an error message.)

# %%
chain = NaiveChain(
    [
        NaiveDense(784, 256, ops.relu),
        NaiveDense(256, 32, ops.relu),
        NaiveDense(64, 10, ops.relu),
    ]
)
print("made")
try:
    chain(tf.ones((2, 784)))
except tf.errors.InvalidArgumentError as error:
    print("raises:", reason(error))

# %% [markdown]
# The chain was made without complaint, and the message names no layer, only two shapes that do not
# fit.
#
# ### A size that nobody wants to compute
#
# Between dense layers, the width is at least easy to look up. Behind convolutions it is not. The
# next block takes images of one channel, and flattens what its convolutions make of them. How many
# numbers per image reach a dense layer behind it? By hand, for images of 28 × 28: the first
# convolution keeps 28 (its padding makes up for its kernel), pooling (the mean of each patch of 2 ×
# 2) halves it to 14, the second convolution takes off 4, which leaves 10, pooling halves that to 5,
# and there are 16 channels: 16 · 5 · 5 = 400.
#
# Keras can do the sum. `compute_output_shape` sends a shape through the layers, and no numbers.
# The `None` stands for the size of the batch, which is left open.
#
# **Predict**: what is the width for images of 31 × 31, and of 32 × 32?

# %%
def make_features():
    """Two convolutions, each with a pooling behind it, then flattened."""
    return keras.Sequential(
        [
            layers.Conv2D(6, kernel_size=5, padding="same", activation="relu"),
            layers.AveragePooling2D(2),
            layers.Conv2D(16, kernel_size=5, activation="relu"),
            layers.AveragePooling2D(2),
            layers.Flatten(),
        ]
    )


features = make_features()


def flat_width(side):
    """How many numbers per image come out for images of side × side."""
    return features.compute_output_shape((None, side, side, 1))[-1]


for side in (28, 31, 32):
    print(f"images of {side} × {side}: {flat_width(side)} numbers")
print("weights made on the way:", len(features.weights))

# %%
sides = list(range(12, 65))
widths = [flat_width(side) for side in sides]
fig, axis = plt.subplots(figsize=(7, 3.2), layout="constrained")
axis.plot(sides, widths, drawstyle="steps-post", linewidth=2)
for side, place in {28: (22, 1000), 32: (36, 150)}.items():
    axis.plot(side, flat_width(side), "o", color="C1")
    axis.annotate(f"{side}: {flat_width(side)}", (side, flat_width(side)), place,
                  arrowprops={"arrowstyle": "-", "color": "0.6"})
axis.set(title="What the dense layer would have to be told", xlabel="side of the image",
         ylabel="numbers after Flatten")
plt.show()

# %% [markdown]
# Both poolings drop a remainder, so the widths come in steps: images of 28 to 31 give 400, and one
# pixel more gives 576. Change one kernel, one padding or the size of the images, and somebody has
# to do the sum again. It had better be the framework.

# %% [markdown]
# ## Shapes that wait
#
# `layers.Dense(32)` is told its output width only; there is no argument for the other one. The same
# goes for every layer of Keras: a convolution is not told how many channels come in.

# %% listing="S2-03"
layer = layers.Dense(32, activation="relu")
print("built:", layer.built, " weights:", len(layer.weights))
layer(tf.ones((2, 784)))
print("built:", layer.built, " kernel:", tuple(layer.kernel.shape))

# %% [markdown]
# The first batch brought 784 columns, and with that the layer was *built*. A chain of such layers
# names no size twice, and the image network above is no longer a sum to do:

# %% listing="S2-04"
model = keras.Sequential([layers.Dense(256, activation="relu"), layers.Dense(10)])
print("784 columns:", tuple(model(tf.ones((2, 784))).shape))

classifier = keras.Sequential([make_features(), layers.Dense(10)])
print("images:", tuple(classifier(tf.ones((2, 40, 40, 1))).shape), end="  ")
print("last kernel:", tuple(classifier.layers[1].kernel.shape))

# %% [markdown]
# ### What exists before the first batch
#
# **Predict**: the next network has met no batch. Which of these six questions raise an error?

# %% listing="S0-19"
net = keras.Sequential(
    [layers.Dense(256, activation="relu", name="hidden"), layers.Dense(10, name="output")]
)
questions = {
    "len(net.layers)": lambda: len(net.layers),
    "net.weights": lambda: net.weights,
    "net.get_weights()": lambda: net.get_weights(),
    "net.count_params()": lambda: net.count_params(),
    "net.layers[0].kernel": lambda: net.layers[0].kernel,
    "net.output_shape": lambda: net.output_shape,
}
for question, ask in questions.items():
    try:
        print(f"{question:21}", ask())
    except (AttributeError, ValueError) as error:
        print(f"{question:21} raises {type(error).__name__}")

# %% [markdown]
# **Then and now.** A well-known text says that `get_weights()` raises an error as long as no data
# has come through. It does not, and gives an empty list, which is worse: a loop over no weights
# does nothing and says nothing. What does raise is the number of parameters and a weight by its
# name.
#
# Layers exist, weights do not: neither their names nor their number is known, since each layer
# decides when it is built. What is there is the recipe, that is units, activation and initialisers.
# To find out whether a layer is ready, ask for `built`.
#
# **Predict** the four shapes after a batch of two examples with 20 numbers each.

# %% listing="S0-20"
print("before:", net.built, [tuple(w.shape) for w in net.weights])
print("output:", tuple(net(tf.ones((2, 20))).shape))
print("after: ", net.built, [tuple(w.shape) for w in net.weights])

# %% [markdown]
# The 20 came from the data, the two 256 of the last kernel and of the first agree without anyone
# having said so, and the 2, the size of the batch, is nowhere: no weight depends on it.

# %% [markdown] exercise="shapes-before-after" role="task"
# ## Exercise 6.1: shapes before and after
#
# *2 points*
#
# Write the function `shapes_before_and_after(net, x)`, which records what a network knows about its
# shapes before a batch, gives it the batch, and records again.
#
# - **In**: `net`, a `keras.Sequential` whose members may be built, not built, without weights, or
#   blocks with blocks inside; `x`, a batch that `net` accepts.
# - **Out**: a tuple `(before, after)` of two dictionaries. Each has one entry for each direct
#   member of `net`, also for members without weights. The key is the member's `name`.
# - The value is a list with the shape of each weight that this member has *at that moment*, in the
#   order of its `weights`, those of blocks inside included. A shape is a tuple of integers. If
#   there are no weights, the list is empty.
# - The network that came in is the one that gets the batch; you make no copy of it.
#
# For `keras.Sequential([layers.Dense(4, name="dense"), layers.ReLU(name="relu")])` and a batch of
# shape `(2, 3)` the result is `({"dense": [], "relu": []}, {"dense": [(3, 4), (4,)], "relu": []})`.
#
# The first tests cell (1 point) uses networks in which nothing is built, the second (1 point)
# networks of which some parts are.

# %% [markdown] exercise="shapes-before-after" role="hint"
# <details><summary>Hint 1</summary>
#
# You need the same record twice, so write the record first: a loop over `net.layers`. Must it hold
# the weights, or something that stays as it is when more weights are made?
#
# </details>

# %% [markdown] exercise="shapes-before-after" role="hint"
# <details><summary>Hint 2</summary>
#
# For one member: `[tuple(w.shape) for w in member.weights]`. Put that into a dictionary by
# `member.name`, inside a function of its own; call that function, then `net(x)`, then that function
# again.
#
# </details>

# %% exercise="shapes-before-after" role="solution"
Shapes = dict[str, list[tuple[int, ...]]]


def shapes_before_and_after(net: keras.Sequential, x: tf.Tensor) -> tuple[Shapes, Shapes]:
    """Record the shapes of the weights of each member of net, before and after the batch x."""
    # BEGIN SOLUTION
    def known() -> Shapes:
        return {member.name: [tuple(w.shape) for w in member.weights] for member in net.layers}

    before = known()
    net(x)
    return before, known()
    # END SOLUTION


# %% exercise="shapes-before-after" role="tests" points=1
# Exercise 6.1, tests 1 of 2: networks in which nothing is built at first.
def check_unbuilt(widths, x_shape):
    net = keras.Sequential([member for i, width in enumerate(widths) for member in (
        layers.Dense(width, name=f"dense{i}"), layers.ReLU(name=f"relu{i}"))])
    shown = ", ".join(f"Dense({width}), ReLU()" for width in widths)
    called = f"shapes_before_and_after(Sequential({shown}), x) for x of shape {x_shape}"
    result = shapes_before_and_after(net, tf.ones(x_shape))
    assert isinstance(result, tuple) and len(result) == 2, (
        f"{called} gave a {type(result).__name__}, wanted a tuple (before, after).")
    n, filled = x_shape[-1], {}
    for i, width in enumerate(widths):
        filled |= {f"dense{i}": [(n, width), (width,)], f"relu{i}": []}
        n = width
    empty = {key: [] for key in filled}
    for when, got, wanted in zip(("before", "after"), result, (empty, filled)):
        assert isinstance(got, dict), f"{called}: {when} is a {type(got).__name__}, wanted a dict."
        assert sorted(map(repr, got)) == sorted(map(repr, wanted)), (
            f"{called}: {when} has the keys {list(got)}, wanted {list(wanted)}: the name "
            "of each direct member of the Sequential, also of one without weights.")
        for key, shapes in got.items():
            assert type(shapes) is list and all(isinstance(s, tuple) for s in shapes), (
                f"{called}: {when}[{key!r}] should be a list of tuples.")
            plain = [tuple(n if type(n) is int else "?" for n in s) for s in shapes]
            cause = "record the shapes of the weights, in their order."
            if when == "before" and plain == filled[key]:
                cause = "that was recorded after the batch, or still refers to the weights."
            elif when == "after" and plain == []:
                cause = "did the network that came in get the batch?"
            elif when == "after" and plain == wanted[key][:1]:
                cause = "the bias is a weight too."
            assert plain == wanted[key], (
                f"{called}: {when}[{key!r}] is {plain}, wanted {wanted[key]}: {cause}")


for case in [([4], (2, 3)), ([8, 5, 2], (1, 6))]:
    check_unbuilt(*case)
# BEGIN HIDDEN TESTS
for case in [([3, 7], (5, 4, 2)), ([256, 10], (2, 20))]:
    check_unbuilt(*case)
# END HIDDEN TESTS

# %% exercise="shapes-before-after" role="tests" points=1
# Exercise 6.1, tests 2 of 2: networks of which some parts are built, or all.
def check_built(net, x, before, after):
    names = [member.name for member in net.layers]
    called = f"shapes_before_and_after(Sequential({', '.join(names)}), x)"
    result = shapes_before_and_after(net, x)
    assert isinstance(result, tuple) and len(result) == 2, (
        f"{called} gave a {type(result).__name__}, wanted a tuple (before, after).")
    for when, got, wanted in zip(("before", "after"), result, (before, after)):
        assert isinstance(got, dict) and len(got) == len(wanted), (
            f"{called}: {when} should be a dictionary with one entry for each direct member.")
        for name, shapes in zip(names, wanted):
            mine = got.get(name)
            assert type(mine) is list, f"{called}: {when}[{name!r}] should be a list, is {mine!r}."
            plain = [tuple(map(int, s)) for s in mine if isinstance(s, tuple)]
            cause = "record what is known at that moment."
            if when == "before" and plain == after[names.index(name)]:
                cause = "that was recorded after the batch, or still refers to the weights."
            elif len(plain) < len(shapes):
                cause = ("are those of blocks inside the member there, those known before, and "
                         "those that are not trained?")
            elif len(plain) > len(shapes):
                cause = "the state of a random generator is a variable and no weight."
            assert plain == shapes, (
                f"{called}: {when}[{name!r}] is {plain}, wanted {shapes}: {cause}")


base = layers.Dense(4, name="base")
base.build((None, 3))
inner = keras.Sequential([layers.Dense(2), layers.ReLU()], name="inner")
partly = keras.Sequential([base, inner, layers.Dense(5, name="head")])
all_known = [[(3, 4), (4,)], [(4, 2), (2,)], [(2, 5), (5,)]]
for before in ([all_known[0], [], []], all_known):
    check_built(partly, tf.ones((2, 3)), before, all_known)
# BEGIN HIDDEN TESTS
started = keras.Sequential([keras.Input((4,)), layers.Dropout(0.5, name="drop"),
                            layers.Dense(1, name="dense")])
frozen = layers.Dense(1, use_bias=False, trainable=False)
deep = keras.Sequential([keras.Sequential([keras.Sequential([frozen], name="in")], name="out")])
for case in [(started, tf.ones((3, 4)), [[], [(4, 1), (1,)]], [[], [(4, 1), (1,)]]),
             (deep, tf.ones((1, 2)), [[]], [[(2, 1)]])]:
    check_built(*case)
# END HIDDEN TESTS

# %% [markdown]
# ## One batch, one moment after the other
#
# ### The order in which shapes become known
#
# A layer learns its input width when its input arrives, and what arrives at the third layer is made
# by the second. So the shapes become known from front to back. But does the second layer have to
# wait until the first has *computed*? We can watch: this dense layer writes down, whenever it is
# built or run, which kernels exist by now.
#
# **Predict**: when the first layer computes, does the kernel of the second exist?

# %%
moments = {}


class Watched(layers.Dense):
    """A dense layer that notes when it is built and when it runs."""

    def build(self, input_shape):
        super().build(input_shape)
        note(f"{self.name}\nbuilt")

    def call(self, x):
        note(f"{self.name}\nruns")
        return super().call(x)


watched = keras.Sequential(
    [Watched(64, name="first"), Watched(32, name="second"), Watched(10, name="third")]
)


def note(moment):
    moments[moment] = [tuple(d.kernel.shape) if d.built else None for d in watched.layers]


note("before the\nbatch")
watched(tf.ones((2, 20)))

fig, axis = plt.subplots(figsize=(10, 2.8), layout="constrained")
known = np.array([[shape is not None for shape in shapes] for shapes in moments.values()]).T
axis.imshow(known, cmap="Blues", vmin=0, vmax=2.5, aspect="auto")
for column, shapes in enumerate(moments.values()):
    for row, shape in enumerate(shapes):
        axis.text(column, row, "?" if shape is None else f"{shape[0]} × {shape[1]}",
                  ha="center", va="center")
axis.set(xticks=range(len(moments)), xticklabels=moments, yticks=range(3),
         yticklabels=[d.name for d in watched.layers], title="Kernels that exist")
plt.show()

# %% [markdown]
# No layer had to wait for numbers. A `Sequential` sends the *shape* of the batch through the chain,
# builds every layer on the way, and computes afterwards:
#
# ```mermaid
# flowchart LR
#     a(["shape (2, 20)"]) -->|builds first: 20 × 64| b(["(2, 64)"])
#     b -->|builds second: 64 × 32| c(["(2, 32)"])
#     c -->|builds third: 32 × 10| d(["(2, 10)"])
#     d -.-> e["then the numbers go through"]
# ```
#
# (PyTorch's lazy layers get their shapes one at a time, each just before it computes.)
#
# A block of your own has a Python method where a `Sequential` has a list. Keras cannot know what
# the method does without running it.
#
# **Predict**: how many lines does each of the two calls print?

# %%
class Pair(keras.Layer):
    def __init__(self):
        super().__init__()
        self.first, self.second = layers.Dense(4), layers.Dense(3)

    def call(self, x):
        print("  call, x of shape", tuple(x.shape))
        return self.second(self.first(x))


pair = Pair()
for count in ("first call:", "second call:"):
    print(count)
    pair(tf.ones((2, 20)))

# %% [markdown]
# The first call ran the method twice: once to build what is inside, and once for the result. So do
# not count calls, print or append to lists in `call`. A block with a `build` method of its own is
# spared the extra run:

# %%
class BuiltPair(Pair):
    def build(self, input_shape):
        self.first.build(input_shape)
        self.second.build((*input_shape[:-1], 4))


print("first call:")
y = BuiltPair()(tf.ones((2, 20)))

# %% [markdown]
# The order has a consequence. If the first batch fails half-way, the layers in front of the failure
# are built and those behind it are not.
#
# **Predict**: somebody corrects the width of the batch to 9 columns. Is the network as good as new?

# %%
fixed = layers.Dense(3, name="fixed")
fixed.build((None, 5))
half = keras.Sequential([layers.Dense(4, name="front"), fixed, layers.Dense(2, name="back")],
                        name="half")
for columns in (20, 9):
    try:
        half(tf.ones((2, columns)))
    except ValueError as error:
        print(f"{columns} columns: {reason(error)}")
print({part.name: part.built for part in half.layers})

# %% [markdown]
# ### What the first batch decides
#
# The widths that come with the first batch are kept, whether or not that batch was a good one.
# Here somebody fed the table the wrong way round, with the 20 columns as rows.
#
# **Predict**: which of the two calls raises?

# %%
table = tf.ones((8, 20))
regressor = keras.Sequential(
    [layers.Dense(16, activation="relu", name="hidden"), layers.Dense(1, name="output")]
)
for batch in (tf.transpose(table), table):
    try:
        print("a batch of shape", tuple(batch.shape), "gives", tuple(regressor(batch).shape))
    except ValueError as error:
        print("a batch of shape", tuple(batch.shape), "raises:", reason(error))

# %% [markdown]
# The wrong batch went through and the right one was blamed. That is the price of waiting: a layer
# that accepts any width cannot notice a wrong one the first time. So say the shape yourself, right
# after the network is made. There are two ways. `keras.Input` at the head of a `Sequential` gives
# the shape of one example, `build` that of a batch, with `None` for its size.

# %%
declared = keras.Sequential([keras.Input((20,)), layers.Dense(16), layers.Dense(1)])
built = keras.Sequential([layers.Dense(16), layers.Dense(1)])
built.build((None, 20))
for network in (declared, built):
    print(network.built, [tuple(w.shape) for w in network.weights], network.output_shape)

# %% [markdown]
# No weight depends on the size of the batch, so `None` is fine for that axis, and the first batch
# may be small. What about unusual ones?
#
# **Predict** for each batch whether the call works, and whether the layer is built afterwards.

# %%
batches = {
    "one example": np.ones((1, 20)),
    "no example": np.ones((0, 20)),
    "integers": np.ones((2, 20), "int64"),
    "no batch axis": np.ones(20),
}
for what, batch in batches.items():
    layer = layers.Dense(3)
    try:
        y = layer(batch)
        outcome = f"gives {tuple(y.shape)}, {y.dtype.name}"
    except ValueError as error:
        outcome = f"raises {type(error).__name__}"
    print(f"{what:13} {outcome:21} built: {layer.built}")

# %% [markdown]
# The float64 of NumPy was cast to the layer's own float32, and the product with a float32 kernel
# made float32 of the integers too: the *layer's* dtype decides, the batch's does not. A vector
# without a batch axis was refused before anything was made.
#
# There is one trap in `build`. A `Sequential` knows its layers. A block of your own does not know
# what its `call` will do with them.
#
# **Predict**: does `build` make the weights of this model, as it did for the `Sequential`?

# %%
class PairModel(keras.Model):
    def __init__(self):
        super().__init__()
        self.first, self.second = layers.Dense(4), layers.Dense(3)

    def call(self, x):
        return self.second(self.first(x))


pair_model = PairModel()
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    pair_model.build((None, 20))
print("warnings:", len(caught))
print("built:", pair_model.built, " parameters:", pair_model.count_params())
pair_model(tf.ones((1, 20)))
print("after a call:", pair_model.count_params())

# %% [markdown]
# It says that it is built, and has nothing. For a subclass without a `build` of its own, `build`
# only sets the flag, and warns. (We caught the warning; read yours.) Give such a model one small
# batch, and count.

# %% [markdown]
# ## A layer that builds itself
#
# ### What a call does, in a sketch
#
# How does a layer know that this is its first batch? Lesson 03 showed that calling a block does
# more than run `call`. Here is the part that matters now, in plain Python: a base class that has
# one method for making weights and one for computing, and runs the first only once.
#
# **Predict** how often the next cell prints "build", and what happens with the third batch.

# %% listing="S2-06"
class SelfBuilding:
    """What Keras does around your methods: build at the first call, then compute."""

    def __init__(self):
        self.built = False

    def __call__(self, x):
        if not self.built:
            self.build(tuple(x.shape))
            self.built = True
        return self.call(x)


class Scale(SelfBuilding):
    def build(self, input_shape):
        print("build from", input_shape)
        self.scale = tf.Variable(tf.ones(input_shape[-1:]))

    def call(self, x):
        return x * self.scale


scale = Scale()
for shape in [(2, 3), (5, 3), (2, 4)]:
    try:
        print("output", tuple(scale(tf.ones(shape)).shape))
    except tf.errors.InvalidArgumentError as error:
        print("raises:", reason(error))

# %% [markdown]
# The second batch has another size and the same width: nothing is built. The third has another
# width: nothing is built either, since the flag says that it has been done, and the product fails.
# Everything in deferred initialisation hangs on that one `if`, and in Keras it is already written:
# `keras.Layer.__call__` contains it. You write `build` and `call`.
#
# ### build and call
#
# `build` gets the shape of the first input, as a tuple, and makes the weights with `add_weight`.
# Give each a name, or it is called `variable_7`, or whichever number is free.

# %% listing="S2-01"
class SimpleDense(keras.Layer):
    """A dense layer without bias: (..., n) to (..., units), for the n of the first batch."""

    def __init__(self, units, activation=None):
        super().__init__()
        self.units = units
        self.activation = activation

    def build(self, input_shape):
        self.kernel = self.add_weight(
            shape=(input_shape[-1], self.units), initializer="glorot_uniform", name="kernel"
        )

    def call(self, x):
        y = ops.matmul(x, self.kernel)
        return y if self.activation is None else self.activation(y)


# %% listing="S2-02"
dense = SimpleDense(3, activation=ops.relu)
print("before:", [tuple(w.shape) for w in dense.weights])
print("output:", tuple(dense(tf.ones((2, 5))).shape))
print("after: ", [tuple(w.shape) for w in dense.weights], [w.name for w in dense.weights])

# %% [markdown]
# Since `build` asks for nothing but a shape, the layer fits into everything that builds ahead of
# time:

# %%
ahead = keras.Sequential([keras.Input((5,)), SimpleDense(3), SimpleDense(2)])
print([tuple(w.shape) for w in ahead.weights])

# %% [markdown]
# ### Not in call
#
# Must it be `build`? The `if` could be in `call` just as well, and in PyTorch that is often done.
#
# **Predict**: what does Keras make of it?

# %% tags=["raises-exception"]
class LateDense(keras.Layer):
    def call(self, x):
        if not hasattr(self, "kernel"):
            self.kernel = self.add_weight(shape=(x.shape[-1], 3), name="kernel")
        return ops.matmul(x, self.kernel)


LateDense()(tf.ones((2, 5)))

# %% [markdown]
# By the time `call` runs, the layer counts as built and its register of weights is closed. It would
# also be wrong in a graph (lesson 14), where `call` is traced once and may be traced again. So:
# make weights in the constructor if their shapes are known there, else in `build`.

# %% [markdown]
# ### More than a missing number
#
# So far `build` has saved you one number. A layer of your own may do more with the width of its
# input: anything in it can depend on that. Nobody could tell such a layer its sizes in advance
# without knowing the width.
#
# Here is a block that adds a bottleneck of the square root of its width to whatever comes in. It
# makes its layers in `build`, and builds them there too, so that its own `build` leaves nothing
# undone.
#
# **Predict** the shapes of the two kernels for inputs of width 16 and of width 100.

# %%
class Bottleneck(keras.Layer):
    """Through a layer of width √n and back: (..., n) to (..., n)."""

    def build(self, input_shape):
        n = input_shape[-1]
        narrow = round(n**0.5)
        self.down, self.up = layers.Dense(narrow, activation="relu"), layers.Dense(n)
        self.down.build(input_shape)
        self.up.build((*input_shape[:-1], narrow))

    def call(self, x):
        return x + self.up(self.down(x))


for n in (16, 100):
    block = Bottleneck()
    block.build((None, n))
    print(f"width {n}:", [tuple(w.shape) for w in block.weights if len(w.shape) == 2])

# %% [markdown] exercise="widening-layer" role="task"
# ## Exercise 6.2: a layer that widens
#
# *3 points*
#
# Write the layer `Widen()`: a dense layer whose output width depends on its input width, and the
# function `widen_three_times()`, which chains three of them.
#
# - **In**: `x`, float32, shape `(..., n)` of rank 2 or more, `n` of 1 or more. **Out**: float32,
#   shape `(..., m)` with `m` = 2n if n is even, 3n if n is odd: $x W + b$, without activation.
# - The first call makes $W$ of shape `(n, m)` and $b$ of shape `(m,)`, both trained and the layer's
#   only weights. Before it, there are none. Later calls use the same weights.
# - Gradients reach `x`, so that layers in a chain are all trained.
# - `widen_three_times()` returns a `keras.Sequential` of three `Widen` layers, each with weights of
#   its own, and without a `keras.Input`.
#
# The first tests cell (2 points) looks at one `Widen`, the second (1 point) at the chain.

# %% [markdown] exercise="widening-layer" role="hint"
# <details><summary>Hint 1</summary>
#
# Both sizes are known at the same moment, and not before. Which entry of `input_shape` is n? In the
# chain, each of the three meets another width.
#
# </details>

# %% [markdown] exercise="widening-layer" role="hint"
# <details><summary>Hint 2</summary>
#
# Follow `Bottleneck`, with one layer: in `build`, `n = input_shape[-1]`, then
# `m = 2 * n if n % 2 == 0 else 3 * n`, then `self.dense = layers.Dense(m)` and its `build`. The
# chain is `keras.Sequential([Widen(), Widen(), Widen()])`; `[Widen()] * 3` would be one layer at
# three places.
#
# </details>

# %% exercise="widening-layer" role="solution"
class Widen(keras.Layer):
    """A dense layer, (..., n) to (..., 2n) for even n and to (..., 3n) for odd n."""

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        # BEGIN SOLUTION
        n = input_shape[-1]
        self.dense = layers.Dense(2 * n if n % 2 == 0 else 3 * n)
        self.dense.build(input_shape)
        # END SOLUTION

    def call(self, x: tf.Tensor) -> tf.Tensor:
        # BEGIN SOLUTION
        return self.dense(x)
        # END SOLUTION


def widen_three_times() -> keras.Sequential:
    """Chain three Widen layers, each with weights of its own."""
    # BEGIN SOLUTION
    return keras.Sequential([Widen(), Widen(), Widen()])
    # END SOLUTION


# %% exercise="widening-layer" role="tests" points=2
# Exercise 6.2, tests 1 of 2: one layer: its width, its weights, a second call.
def check_widen(shape, second_batch):
    n = shape[-1]
    m = 2 * n if n % 2 == 0 else 3 * n
    layer = Widen()
    assert isinstance(layer, keras.Layer), f"Widen() gave a {type(layer).__name__}, not a layer."
    assert len(layer.weights) == 0, (
        f"Widen() has weights of shapes {[tuple(w.shape) for w in layer.weights]} before its first "
        "call, wanted none: no width is known in the constructor.")
    rng, kept = np.random.default_rng(n), None
    for call, leading in enumerate((shape[:-1], second_batch), start=1):
        x = rng.normal(size=(*leading, n)).astype("float32")
        called = f"call {call} of Widen(), x of shape {x.shape},"
        try:
            y = layer(tf.constant(x))
        except (ValueError, tf.errors.InvalidArgumentError) as error:
            raise AssertionError(
                f"{called} raised {type(error).__name__} ({reason(error)}): make weights and "
                "layers once, in build, for the last axis of the input.") from None
        assert isinstance(y, tf.Tensor), f"{called} gave a {type(y).__name__}, not a tensor."
        cause = f"n is {n}, the last axis of x."
        if y.shape[-1:] == (5 * n - m,):
            cause = f"{n} is {'odd, so m is 3n' if n % 2 else 'even, so m is 2n'}."
        assert tuple(y.shape) == (*leading, m) and y.dtype == tf.float32, (
            f"{called} gave {y.dtype.name} of shape {tuple(y.shape)}, wanted float32 of shape "
            f"{(*leading, m)}: {cause}")
        held = sorted(layer.trainable_weights, key=lambda w: len(w.shape))
        shapes = [tuple(w.shape) for w in held]
        assert shapes == [(m,), (n, m)] and len(layer.weights) == 2, (
            f"{called} leaves trained weights of shapes {shapes}, wanted {[(m,), (n, m)]}: make "
            "them in build, with add_weight or as a layer that is assigned to self.")
        b, W = held
        assert kept is None or (W is kept[0] and b is kept[1]), (
            f"{called} made new weights: they are made in the first call, and kept.")
        wanted = x.astype("float64") @ W.numpy() + b.numpy()
        assert np.allclose(y, wanted, rtol=1e-4, atol=1e-4), (
            f"{called} gave {y.numpy().ravel()[:3].round(3)}..., wanted "
            f"{wanted.ravel()[:3].round(3)}...: x @ W + b, without activation.")
        b.assign(rng.normal(size=b.shape))
        W.assign(rng.normal(size=W.shape))
        kept = W, b


for case in [((5, 4), (2,)), ((2, 3), (1,))]:
    check_widen(*case)
# BEGIN HIDDEN TESTS
for case in [((4, 1), (3,)), ((3, 7, 10), (6,)), ((1, 9), (4, 2)), ((3, 2), (3,))]:
    check_widen(*case)
# END HIDDEN TESTS

# %% exercise="widening-layer" role="tests" points=1
# Exercise 6.2, tests 2 of 2: three in a chain.
def check_chain(batch, widths):
    net = widen_three_times()
    assert isinstance(net, keras.Sequential), (
        f"widen_three_times() gave a {type(net).__name__}, wanted a keras.Sequential.")
    parts = net.layers
    assert len(parts) == 3 and all(isinstance(part, Widen) for part in parts), (
        f"widen_three_times() holds {[type(p).__name__ for p in parts]}, wanted three Widen.")
    assert len({id(part) for part in parts}) == 3, (
        "widen_three_times() holds one Widen at several places: it would meet three widths, and "
        "has shapes for one. Make three instances.")
    x = np.random.default_rng(batch).normal(size=(batch, widths[0])).astype("float32")
    for call in (1, 2):
        with tf.GradientTape() as tape:
            tape.watch(given := tf.constant(x))
            y = net(given)
        called = f"call {call} of widen_three_times(), x of shape {x.shape},"
        assert isinstance(y, tf.Tensor) and tuple(y.shape) == (batch, widths[-1]), (
            f"{called} gave {tuple(getattr(y, 'shape', ()))}, wanted {(batch, widths[-1])}: the "
            f"widths are {' → '.join(map(str, widths))}.")
        shapes = [tuple(w.shape) for part in parts for w in part.weights if len(w.shape) == 2]
        wanted = list(zip(widths, widths[1:]))
        assert shapes == wanted, f"{called} leaves kernels of shapes {shapes}, wanted {wanted}."
        h = x.astype("float64")
        for part in parts:
            b, W = (w.numpy() for w in sorted(part.weights, key=lambda w: len(w.shape)))
            h = h @ W + b
        assert np.allclose(y, h, rtol=1e-3, atol=1e-3), (
            f"{called} does not give what the three layers give one after the other.")
        missing = sum(g is None for g in tape.gradient(y, [given, *net.trainable_weights]))
        assert missing == 0, (
            f"for {called} {missing} of x and the 6 weights have no gradient: use them as they "
            "are, without stop_gradient and NumPy.")
    other = widen_three_times()
    other(tf.ones((1, widths[0])))
    common = {id(w) for w in net.weights} & {id(w) for w in other.weights}
    assert not common, "two chains share weights: each call of widen_three_times makes new ones."


for case in [(2, [3, 9, 27, 81]), (5, [4, 8, 16, 32])]:
    check_chain(*case)
# BEGIN HIDDEN TESTS
for case in [(1, [5, 15, 45, 135]), (3, [2, 4, 8, 16]), (4, [1, 3, 9, 27])]:
    check_chain(*case)
# END HIDDEN TESTS

# %% [markdown]
# ### Then and now: an activation by name
#
# A much-read text passes its own dense layer an activation as text, `activation="relu"`, as one
# does with built-in layers. Its constructor keeps what it gets.
#
# **Predict**: which line raises?

# %% tags=["raises-exception"] listing="S2-07"
dense = SimpleDense(3, activation="relu")
print("constructed")
dense(tf.ones((2, 5)))

# %% [markdown]
# The constructor has no objection to a piece of text. Only the call tries to use it as a function,
# perhaps in another file, and the message does not say "relu". By then the kernel had been made, as
# the next cell shows: the layer is half done.
#
# A name has to be looked up, once, in the constructor, so that a wrong one is noticed where it was
# written. `keras.activations.get` does it. It takes a name, a function or `None`.

# %%
print("the kernel was made:", tuple(dense.kernel.shape))
print(keras.activations.get("relu").__name__, keras.activations.get(ops.tanh).__name__)
print("None is", keras.activations.get(None).__name__)
try:
    keras.activations.get("rellu")
except ValueError as error:
    print(error)

# %% [markdown] exercise="lazy-dense" role="task"
# ## Exercise 6.3: a dense layer that waits
#
# *4 points*
#
# Write the layer `LazyDense(units, activation=None)`: a dense layer that takes its input width from
# its first batch. Do without `layers.Dense`: the waiting is what you write here.
#
# - **In**: `x`, float32, shape `(..., n)` of rank 2 or more. **Out**: float32, shape
#   `(..., units)`: the activation of $x W + b$.
# - Before the first call the layer has no weights.
# - The first call makes two weights, $W$ of shape `(n, units)` and $b$ of shape `(units,)`, both
#   trained. They are the layer's only ones. Their names and initial values are up to you.
# - Later calls, with any batch size, use the weights of the first. Gradients reach `x`, too.
# - `activation` is `None` (nothing is applied), a function of a tensor such as `ops.tanh`, or a
#   name that `keras.activations.get` knows, such as `"relu"`. A name that does not exist there
#   raises an error, of any kind, when the layer is *constructed*.
#
# The four tests cells (1 point each) look at the weights before and after the first call, at what
# later calls compute and at training, at the activation, and at names that do not exist.

# %% [markdown] exercise="lazy-dense" role="hint"
# <details><summary>Hint 1</summary>
#
# Start from `SimpleDense`. Two things are missing: a bias, and the step from a name to a function.
# When does each of the three become possible: the shape of $W$, the shape of $b$, the lookup?
#
# </details>

# %% [markdown] exercise="lazy-dense" role="hint"
# <details><summary>Hint 2</summary>
#
# In the constructor: `self.activation = keras.activations.get(activation)`, which is the identity
# for `None`. In `build(self, input_shape)`: `self.add_weight(shape=(input_shape[-1], self.units),
# initializer="glorot_uniform", name="kernel")`, and another one of shape `(self.units,)` with
# `initializer="zeros"`. In `call`: the activation of `ops.matmul(x, self.kernel) + self.bias`.
#
# </details>

# %% exercise="lazy-dense" role="solution"
class LazyDense(keras.Layer):
    """A dense layer, (..., n) to (..., units), that learns n from its first batch."""

    def __init__(
        self, units: int, activation: str | Callable[[tf.Tensor], tf.Tensor] | None = None
    ) -> None:
        super().__init__()
        # BEGIN SOLUTION
        self.units = units
        self.activation = keras.activations.get(activation)
        # END SOLUTION

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        # BEGIN SOLUTION
        self.kernel = self.add_weight(
            shape=(input_shape[-1], self.units), initializer="glorot_uniform", name="kernel"
        )
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")
        # END SOLUTION

    def call(self, x: tf.Tensor) -> tf.Tensor:
        # BEGIN SOLUTION
        return self.activation(ops.matmul(x, self.kernel) + self.bias)
        # END SOLUTION


# %% exercise="lazy-dense" role="tests" points=1
# Exercise 6.3, tests 1 of 4: the weights before the first call and after it.
def check_waiting(units, shape):
    name, n = f"LazyDense({units})", shape[-1]
    layer, second = LazyDense(units), LazyDense(units)
    assert isinstance(layer, keras.Layer), f"{name} gave a {type(layer).__name__}, not a layer."
    assert len(layer.weights) == 0, (
        f"{name} has weights of shapes {[tuple(w.shape) for w in layer.weights]} before its first "
        "call, wanted none: make them in build and not in the constructor, which cannot know the "
        "input width.")
    called = f"{name}(x) for x of shape {shape}"
    try:
        y = layer(tf.ones(shape))
    except ValueError as error:
        raise AssertionError(
            f"{called} raised ValueError ({reason(error)}): weights and layers are made in the "
            "constructor or in build, not in call.") from None
    assert isinstance(y, tf.Tensor), f"{called} gave a {type(y).__name__}, not a tensor."
    wanted = (*shape[:-1], units)
    assert tuple(y.shape) == wanted and y.dtype == tf.float32, (
        f"{called} gave {y.dtype.name} of shape {tuple(y.shape)}, wanted float32 of {wanted}.")
    assert not any(isinstance(part, layers.Dense) for part in layer._flatten_layers()), (
        f"{name} uses layers.Dense; the task is to write the waiting yourself.")
    shapes, wanted = sorted(tuple(w.shape) for w in layer.weights), [(units,), (n, units)]
    assert len(shapes) > 0, (
        f"{name} has no weights after {called}: make them with self.add_weight, in build; Keras "
        "does not see a tf.Variable.")
    trained = len(layer.trainable_weights)
    assert shapes == sorted(wanted) and trained == 2, (
        f"after {called} the weights have the shapes {shapes}, {trained} of them trained, wanted "
        f"{sorted(wanted)}, all trained: W is (n, units) for the n of the last axis, b is "
        "(units,).")
    second(tf.ones((3, n + 2)))
    theirs = sorted(tuple(w.shape) for w in second.weights)
    assert theirs == sorted([(units,), (n + 2, units)]), (
        f"a second {name}, called with {n + 2} columns, has weights of shapes {theirs}: every "
        "instance waits for its own first batch.")


for case in [(4, (2, 3)), (1, (1, 7))]:
    check_waiting(*case)
# BEGIN HIDDEN TESTS
for case in [(6, (5, 2, 4)), (3, (0, 5)), (2, (9, 1))]:
    check_waiting(*case)
# END HIDDEN TESTS

# %% exercise="lazy-dense" role="tests" points=1
# Exercise 6.3, tests 2 of 4: what the first and later calls compute, and training.
def check_later_calls(units, n, batches):
    layer = LazyDense(units)
    assert isinstance(layer, keras.Layer), f"LazyDense gave a {type(layer).__name__}, not a layer."
    rng, kept = np.random.default_rng(units), []
    for call, batch in enumerate(batches, start=1):
        x = rng.normal(size=(*batch, n)).astype("float32")
        with tf.GradientTape() as tape:
            tape.watch(given := tf.constant(x))
            y = layer(given)
        called = f"call {call} of LazyDense({units}), x of shape {x.shape},"
        assert isinstance(y, tf.Tensor), f"{called} gave a {type(y).__name__}, not a tensor."
        held = sorted(layer.weights, key=lambda w: len(w.shape))
        assert [len(w.shape) for w in held] == [1, 2], (
            f"{called} leaves {len(held)} weights; get the first tests cell to pass first.")
        b, W = held
        assert all(v is w and np.array_equal(v, old) for v, (w, old) in zip(held, kept)), (
            f"{called} made new weights or changed those that it had: they are made and filled "
            "once, in build.")
        wanted = x.astype("float64") @ W.numpy().astype("float64") + b.numpy()
        got = y.numpy()
        assert got.shape == wanted.shape and np.allclose(got, wanted, rtol=1e-4, atol=1e-4), (
            f"{called} gave shape {got.shape} beginning {got.ravel()[:3].round(3)}, wanted "
            f"{wanted.shape} beginning {wanted.ravel()[:3].round(3)} with the W and b that it has: "
            "without an activation the result is x @ W + b.")
        missing = sum(g is None for g in tape.gradient(y, [given, *layer.trainable_weights]))
        assert missing == 0 and len(layer.trainable_weights) == 2, (
            f"for {called} W, b or x has no gradient: use them as they are, without stop_gradient "
            "and NumPy, and have W and b trained.")
        for w in held:
            w.assign(rng.normal(size=w.shape))
        kept = [(w, w.numpy()) for w in held]


for case in [(4, 3, [(2,), (5,), (1,)])]:
    check_later_calls(*case)
# BEGIN HIDDEN TESTS
for case in [(3, 3, [(4,), (2, 6), (3,)]), (1, 8, [(1,), (7,)])]:
    check_later_calls(*case)
# END HIDDEN TESTS

# %% exercise="lazy-dense" role="tests" points=1
# Exercise 6.3, tests 3 of 4: the activation.
def check_activation(shown, activation, function):
    called = f"LazyDense(3, activation={shown})"
    try:
        layer = LazyDense(3, activation=activation)
    except (AttributeError, KeyError, ValueError) as error:
        raise AssertionError(f"{called} raised {type(error).__name__} ({error}): take None, a "
                             "function, or any name that keras.activations.get knows.") from None
    x = np.array([[1.0, -2.0], [3.0, 0.5], [-4.0, 2.0], [0.25, -0.5]], "float32")
    try:
        layer(tf.constant(x))
    except TypeError as error:
        raise AssertionError(f"{called} was constructed, and its call raised TypeError "
                             f"({reason(error)}): a name has to be looked up before it can be "
                             "called.") from None
    held = sorted(layer.weights, key=lambda w: len(w.shape))
    assert [len(w.shape) for w in held] == [1, 2], (
        f"{called}: get the first tests cell to pass first.")
    b, W = np.array([0.5, -1.0, 0.25]), np.array([[1.0, -1.0, 0.5], [-0.5, 2.0, 1.5]])
    held[0].assign(b)
    held[1].assign(W)
    y = layer(tf.constant(x))
    assert isinstance(y, tf.Tensor), f"{called}(x) gave a {type(y).__name__}, not a tensor."
    b, W = (w.numpy() for w in sorted(layer.weights, key=lambda w: len(w.shape)))
    linear = x @ W + b
    wanted, got = function(linear), y.numpy()
    assert got.shape == wanted.shape, f"{called}(x) gave shape {got.shape}, wanted {wanted.shape}."
    cause = "apply the activation once, to x @ W + b"
    if np.allclose(got, linear, rtol=1e-4, atol=1e-4):
        cause = "no activation was applied"
    elif np.allclose(got, np.maximum(linear, 0), rtol=1e-4, atol=1e-4):
        cause = "that is a ReLU, whatever was asked for"
    assert np.allclose(got, wanted, rtol=1e-4, atol=1e-4), (
        f"{called}(x) gave {got[0].round(3)} in row 0, wanted {wanted[0].round(3)}: {cause}.")


for case in [("'relu'", "relu", lambda a: np.maximum(a, 0)), ("'tanh'", "tanh", np.tanh),
             ("ops.sin", ops.sin, np.sin)]:
    check_activation(*case)
# BEGIN HIDDEN TESTS
for case in [("'softplus'", "softplus", lambda a: np.log1p(np.exp(a))),
             ("ops.square", ops.square, np.square),
             ("a function", lambda a: ops.where(a > 0, a, a / 2),
              lambda a: np.where(a > 0, a, a / 2))]:
    check_activation(*case)
# END HIDDEN TESTS

# %% exercise="lazy-dense" role="tests" points=1
# Exercise 6.3, tests 4 of 4: a name that does not exist.
def check_unknown_name(wrong, right):
    LazyDense(3, activation=right)  # raises nothing
    try:
        layer = LazyDense(3, activation=wrong)
    except NotImplementedError:
        raise
    except Exception:
        return
    raise AssertionError(
        f"LazyDense(3, activation={wrong!r}) gave a {type(layer).__name__} and no error, although "
        "there is no such function: look the name up in the constructor, and have no default.")


for case in [("rellu", "relu")]:
    check_unknown_name(*case)
# BEGIN HIDDEN TESTS
for case in [("tanhh", "tanh")]:
    check_unknown_name(*case)
# END HIDDEN TESTS

# %% [markdown]
# ## What has to wait with the shapes
#
# ### Initialisation and counting
#
# In lesson 05 you gave layers an *initialiser*. That works before the first batch, since an
# initialiser is a recipe: `build` asks it for values when the shape is known. Values themselves
# have to wait, and forgetting that is usually loud.

# %%
fresh = keras.Sequential([layers.Dense(2, kernel_initializer="ones", name="dense")])
attempts = {
    "setting values": lambda: fresh.set_weights([np.full((3, 2), 0.5), np.zeros(2)]),
    "counting": lambda: fresh.count_params(),
}
for when in ("before", "after"):
    for what, attempt in attempts.items():
        try:
            attempt()
            print(f"{when:6} build, {what} works")
        except ValueError as error:
            print(f"{when:6} build, {what} raises {type(error).__name__}")
    fresh.build((None, 3))

# %% [markdown]
# ### Optimizers
#
# A training step by hand (lesson 02 had the tape) ends with an optimizer (lesson 04): an object
# that is given gradients and variables, and updates the variables. It keeps numbers of its own for
# each variable, such as the momentum, a running sum of earlier gradients, and makes them in a
# `build` of its own. (Other texts, and some later lessons, ask for `trainable_variables`, which is
# the same list as `trainable_weights`.)
#
# **Then and now.** `compile` tells a model which optimizer and which loss `fit` is to use.
# `compile(optimizer="sgd")` on a network without weights looks like a mistake of this kind, and is
# none: a Keras optimizer waits too, until it is first used. It goes wrong where somebody asks a
# network for its variables too early, and keeps the answer.
#
# **Predict**: the second optimizer below is built before the first batch. What happens at the first
# step?

# %%
early = keras.Sequential([layers.Dense(4, activation="relu"), layers.Dense(1)])
early.compile(optimizer="sgd", loss="mse")
print("compiled, and the optimizer is built:", early.optimizer.built)

optimizer = keras.optimizers.SGD(learning_rate=0.1)
optimizer.build(early.trainable_weights)

x, wanted = np.linspace(-1, 1, 40, dtype="float32").reshape(8, 5), np.ones((8, 1), "float32")
with tf.GradientTape() as tape:
    loss = ops.mean((early(x) - wanted) ** 2)
gradients = tape.gradient(loss, early.trainable_weights)
try:
    optimizer.apply(gradients, early.trainable_weights)
except ValueError as error:
    print("raises:", str(error).partition(":")[0])

# %% [markdown]
# The list was empty when the optimizer was built, and the variables of the network are strangers to
# it. That is the good case, since something raised. Now take a network of which one layer is built
# already, because it comes from somewhere else, and somebody who keeps the list of variables.
#
# **Predict**: after three training steps, which of the two layers has changed?

# %%
keras.utils.set_random_seed(0)
base = layers.Dense(4, activation="tanh", name="base")
base.build((None, 5))
mixed = keras.Sequential([base, layers.Dense(1, name="head")])
variables = mixed.trainable_weights
optimizer = keras.optimizers.SGD(learning_rate=0.1)
print("variables in the list:", len(variables))

start, losses = None, []
for step in range(3):
    with tf.GradientTape() as tape:
        loss = ops.mean((mixed(x) - wanted) ** 2)
    losses.append(float(loss))
    start = start or [w.numpy() for w in mixed.trainable_weights]
    optimizer.apply(tape.gradient(loss, variables), variables)
for w, old in zip(mixed.trainable_weights, start):
    name = "/".join(w.path.split("/")[-2:])
    print(f"{name:12} changed: {not np.array_equal(w.numpy(), old)}")
print("the loss fell at every step:", losses[0] > losses[1] > losses[2])

# %% [markdown]
# `trainable_weights` makes a new list each time it is asked. The one that was kept is *stale*: it
# knows nothing of the head, which is never trained. The loss falls all the same, by what the base
# can do alone, so nothing looks broken. The safe order is always the same: shapes first, then
# the variables, then the optimizer, and one optimizer only, since an optimizer with momentum
# remembers earlier steps.

# %% [markdown] exercise="late-optimizer" role="task"
# ## Exercise 6.4: an optimizer that comes late enough
#
# *3 points*
#
# Write the class `Trainer(net, make_optimizer)`, which trains `net` on the mean squared error. It
# is made before `net` has met a batch, and some layers of `net` make their weights only then.
#
# - `net` is a `keras.Model` or another `keras.Layer`, built, partly built or not built.
# - `make_optimizer` is a function that takes a list of variables and returns a Keras optimizer that
#   is built for exactly these. The trainer calls it exactly once in its life, with *all* trainable
#   variables of `net`, when all of them exist.
# - `step(x, y)` does one training step on one batch and returns the loss before the update, a
#   Python float: the mean of $(\mathrm{net}(x) - y)^2$ over all entries. `x` and `y` are float32
#   tensors; `y` has the shape of `net(x)`.
# - Every call of `step` updates every trainable variable once, the first call included, by the
#   gradients of this batch.
#
# The first tests cell (2 points) compares three steps with a computation by hand, the second
# (1 point) looks at what `make_optimizer` is given, for several networks.

# %% [markdown] exercise="late-optimizer" role="hint"
# <details><summary>Hint 1</summary>
#
# The constructor can keep its two arguments and not much more. `step` has to make the optimizer at
# its first call, and find it there at later ones. At which line of a training step does every
# variable exist for the first time?
#
# </details>

# %% [markdown] exercise="late-optimizer" role="hint"
# <details><summary>Hint 2</summary>
#
# In the constructor `self.optimizer = None`. In `step`: compute the loss under a `tf.GradientTape`;
# then `variables = self.net.trainable_weights`; if there is no optimizer yet, make it from these;
# then `self.optimizer.apply(tape.gradient(loss, variables), variables)`; then `return float(loss)`.
#
# </details>

# %% exercise="late-optimizer" role="solution"
class Trainer:
    """Train net on the mean squared error; may be made before net has met a batch."""

    def __init__(
        self,
        net: keras.Layer,
        make_optimizer: Callable[[list[keras.Variable]], keras.optimizers.Optimizer],
    ) -> None:
        # BEGIN SOLUTION
        self.net = net
        self.make_optimizer = make_optimizer
        self.optimizer = None
        # END SOLUTION

    def step(self, x: tf.Tensor, y: tf.Tensor) -> float:
        """Do one training step on the batch (x, y); return the loss before the update."""
        # BEGIN SOLUTION
        with tf.GradientTape() as tape:
            loss = ops.mean((self.net(x) - y) ** 2)
        variables = self.net.trainable_weights
        if self.optimizer is None:
            self.optimizer = self.make_optimizer(variables)
        self.optimizer.apply(tape.gradient(loss, variables), variables)
        return float(loss)
        # END SOLUTION


# %% exercise="late-optimizer" role="tests" points=2
# Exercise 6.4, tests 1 of 2: three steps with momentum, against a computation by hand.
def by_hand(rate, batches, momentum):
    """(loss, weight) of each step, for the prediction w * x and w = 0.5 at first."""
    w, speed, states = 0.5, 0, []
    for x, y in batches:
        error = w * np.array(x) - y
        speed = momentum * speed + np.mean(2 * error * x)
        w = w - rate * speed
        states.append((np.mean(error**2), w))
    return states


def check_steps(rate, batches):
    late = layers.Dense(1, use_bias=False, kernel_initializer=keras.initializers.Constant(0.5))

    def make_optimizer(variables):
        optimizer = keras.optimizers.SGD(rate, momentum=0.9)
        optimizer.build(list(variables))
        return optimizer

    name, states = "Trainer(net, SGD with momentum), no weight before the first batch:", []
    try:
        trainer = Trainer(keras.Sequential([late]), make_optimizer)
        for batch in batches:
            loss = trainer.step(*(tf.reshape(tf.constant(a), (-1, 1)) for a in batch))
            states.append((loss, late.kernel.numpy().item()))
    except ValueError as error:
        raise AssertionError(f"{name} ValueError in step {len(states) + 1} ({reason(error)}): was "
                             "make_optimizer called before net had met a batch?") from None
    no_memory = by_hand(rate, batches, 0)
    for i, (got, wanted) in enumerate(zip(states, by_hand(rate, batches, 0.9))):
        assert type(got[0]) is float, f"{name} step gave a {type(got[0]).__name__}, not a float."
        cause = "the loss before one update by the gradients of this batch"
        if got[1] == 0.5:
            cause = "nothing was updated"
        elif np.allclose(got, no_memory[i], rtol=1e-3):
            cause = "the momentum of earlier steps is lost; make the optimizer once"
        assert np.allclose(got, wanted, rtol=1e-3), (
            f"{name} step {i + 1} gave the loss {got[0]:.4f} and left the weight at {got[1]:.4f}, "
            f"wanted {wanted[0]:.4f} and {wanted[1]:.4f}: {cause}.")


for case in [(0.1, [([1.0, -2.0], [0.5, 1.0]), ([0.5, 1.5], [1.0, 2.0]), ([1.0], [2.0])])]:
    check_steps(*case)
# BEGIN HIDDEN TESTS
for case in [(0.05, [([1.0, 2.0, 0.5], [0.5, 1.0, -1.0]), ([1.5], [2.0]), ([0.5], [2.0])])]:
    check_steps(*case)
# END HIDDEN TESTS

# %% exercise="late-optimizer" role="tests" points=1
# Exercise 6.4, tests 2 of 2: what make_optimizer is given, and when.
def check_given(what, net, kind, x):
    made = []

    def make_optimizer(variables):
        made.append(list(variables))
        optimizer = kind(0.05)
        optimizer.build(made[-1])
        return optimizer

    trainer, y = Trainer(net, make_optimizer), tf.fill((len(x), 2), 3.0)
    try:
        loss = trainer.step(x, y)
    except ValueError as error:
        raise AssertionError(
            f"Trainer, {what}: the first step raised ValueError ({str(error)[:60]}…), after "
            f"make_optimizer had been given {len(made[-1]) if made else 0} variables: was net "
            "asked for them before its first batch?") from None
    assert type(loss) is float, f"Trainer, {what}: step gave a {type(loss).__name__}, not a float."
    assert made, (f"Trainer, {what}: make_optimizer was never called: is an optimizer kept in the "
                  "class or in a global?")
    given, every = {id(v) for v in made[-1]}, net.trainable_weights
    assert given == {id(v) for v in every}, (
        f"Trainer, {what}: make_optimizer was given {len(given)} variables, wanted all "
        f"{len(every)} that are trained: ask net for them after it has met its first batch.")
    before = [v.numpy() for v in every]
    trainer.step(x, y)
    assert len(made) == 1, (
        f"Trainer, {what}: make_optimizer was called {len(made)} times in 2 steps, wanted once.")
    moved = sum(not np.array_equal(v, old) for v, old in zip(every, before))
    assert moved == len(every), (
        f"Trainer, {what}: step 2 changed {moved} of {len(every)} variables, wanted all.")


x = tf.reshape(tf.linspace(-1.0, 1.0, 12), (4, 3))
waiting = keras.Sequential([layers.Dense(5, activation="tanh"), layers.Dense(2)])
first = layers.Dense(4, activation="tanh")
first.build((None, 3))
half = keras.Sequential([first, layers.Dense(2)])
for case in [("nothing built, Adam", waiting, keras.optimizers.Adam, x),
             ("only the first layer built, SGD", half, keras.optimizers.SGD, x)]:
    check_given(*case)
# BEGIN HIDDEN TESTS
frozen = layers.Dense(4, activation="tanh", trainable=False)
ready = keras.Sequential([keras.Input((3,)), frozen, layers.Dense(2)])
for case in [("everything built, one layer frozen, SGD", ready, keras.optimizers.SGD, x),
             ("one layer, a batch of one", layers.Dense(2), keras.optimizers.SGD, x[:1])]:
    check_given(*case)
# END HIDDEN TESTS

# %% [markdown]
# ## When a width does not fit
#
# After the first batch the width is fixed, and a batch with another one is a mistake. How helpful
# is the message? It depends on the layer. `Offset` adds a number of its own to each column.
#
# **Predict** what the three blocks say to batches with one column too many, and to batches with
# just one column.

# %%
class Offset(keras.Layer):
    """Add one trained number to each column: (..., n) to (..., n), n from the first batch."""

    def build(self, input_shape):
        self.offset = self.add_weight(
            shape=(input_shape[-1],), initializer="zeros", name="offset"
        )

    def call(self, x):
        return x + self.offset


blocks = {
    "Dense": layers.Dense(3, name="three"),
    "Offset, Dense": keras.Sequential([Offset(), layers.Dense(3)]),
    "Offset": Offset(),
}
for kinds, block in blocks.items():
    block(tf.ones((2, 20)))
    print(kinds)
    for width in (21, 1):
        try:
            print(f"  width {width:2}: gives {tuple(block(tf.ones((2, width))).shape)}")
        except (ValueError, tf.errors.InvalidArgumentError) as error:
            told = reason(error)
            print(f"  width {width:2}: {told.partition('layer: ')[2] or told}")

# %% [markdown]
# `Dense` is well behaved: it says what it expected, and its full message (cut short here) names the
# layer as well. The layer of our own leaves it to the operation that fails, which knows shapes and
# no layers. And the width of 1 is the worst case: `Offset` *broadcasts*, so one column becomes
# twenty equal ones, and the layer behind it is content. Nothing raises.
#
# `Dense` does it with an *input specification*, which any layer can have. It says what is allowed,
# and Keras compares it with each input before `call` runs. Set it in `build`, where the width is
# known.

# %%
class CheckedOffset(Offset):
    def build(self, input_shape):
        super().build(input_shape)
        self.input_spec = layers.InputSpec(min_ndim=2, axes={-1: input_shape[-1]})


checked = CheckedOffset(name="checked")
checked(tf.ones((2, 20)))
for width in (21, 1):
    try:
        checked(tf.ones((2, width)))
    except ValueError as error:
        print(reason(error))

# %% [markdown]
# If the words should be your own, compare the widths yourself: one `if` in `call`, before anything
# is computed.
#
# There is a shorter way to get a message of one's own, and it is a bad one: run the layer, catch
# whatever goes wrong, and say that it was the width.
#
# **Predict** what the next cell prints. There is a typing error in the layer inside, and the batch
# has the right width.

# %%
class Doubled(keras.Layer):
    def __init__(self):
        super().__init__()
        self.factor = 2.0

    def call(self, x):
        return self.facotr * x


class Blaming(keras.Layer):
    def __init__(self, block):
        super().__init__()
        self.block = block

    def call(self, x):
        try:
            return self.block(x)
        except Exception:
            raise ValueError("wrong width") from None


for block in (Blaming(Doubled()), Doubled()):
    try:
        block(tf.ones((2, 20)))
    except (ValueError, AttributeError) as error:
        print(reason(error))

# %% [markdown]
# The handler swallowed the message that would have helped and put a wrong one in its place. It also
# catches nothing where nothing is raised: the single column of `Offset` goes through as before.
# Check the one thing that you mean to check, and let every other error be.

# %% [markdown] exercise="clear-error" role="task"
# ## Exercise 6.5: a clear error
#
# *3 points*
#
# Write the layer `Guard(name, block)`, which runs another block and refuses batches of the wrong
# width with a clear message.
#
# - `name` is a string, which the constructor hands to the base class as the layer's name; `block`
#   is a `keras.Layer`, which is called with `x` and whose result the guard returns. Its weights are
#   the guard's weights, and gradients flow through the guard as they do through `block`.
# - The width is the *last* axis of `x`, which has rank 1 or more. The first batch that a guard is
#   called with decides which width it expects, even if `block` raises an error with it. The other
#   axes may differ from call to call.
# - A later batch of another width raises a `ValueError`, and `block` is not called with it. The
#   message contains the name and the two numbers in these words: `expected 20` and `received 21`,
#   if the guard expects 20 and gets 21. What else it says is up to you. (The frame that Keras puts
#   around messages from inside `call` does no harm.)
# - After that the guard goes on working, and still expects what it expected.
# - An error that is raised inside `block` comes out with its own type and message.
#
# The three tests cells (1 point each) look at which batches are refused, at the words of the
# message, and at what must go through.

# %% [markdown] exercise="clear-error" role="hint"
# <details><summary>Hint 1</summary>
#
# The guard has to remember one number from the first call to the later ones, in the instance. Which
# method runs at the first call only? The guard can see whether the width is wrong by looking at
# `x`, before anything has failed: no `try` is needed.
#
# </details>

# %% [markdown] exercise="clear-error" role="hint"
# <details><summary>Hint 2</summary>
#
# In `build`: `self.expected = input_shape[-1]`. In `call`: `received = x.shape[-1]`; if the two
# differ, raise `ValueError` with `f"{self.name}: expected {self.expected} columns, received
# {received}"`; then return `self.block(x)`.
#
# </details>

# %% exercise="clear-error" role="solution"
class Guard(keras.Layer):
    """Run block, but refuse batches whose width is not that of the first one."""

    def __init__(self, name: str, block: keras.Layer) -> None:
        super().__init__(name=name)
        # BEGIN SOLUTION
        self.block = block
        # END SOLUTION

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        # BEGIN SOLUTION
        self.expected = input_shape[-1]
        # END SOLUTION

    def call(self, x: tf.Tensor) -> tf.Tensor:
        # BEGIN SOLUTION
        received = x.shape[-1]
        if received != self.expected:
            raise ValueError(
                f"layer {self.name!r} expected {self.expected} columns, received {received}"
            )
        return self.block(x)
        # END SOLUTION


# %% exercise="clear-error" role="tests" points=1
# Exercise 6.5, tests 1 of 3: what is refused.
class Seeing(keras.Layer):
    """Add an offset to each column, and write down every width that comes in."""

    def __init__(self, width):
        super().__init__()
        self.offset, self.widths = self.add_weight(shape=(width,), initializer="ones"), []

    def call(self, x):
        self.widths.append(x.shape[-1])
        return x + self.offset


def check_refused(width, wrong_widths, batch):
    block = Seeing(width)
    guard = Guard("guard", block)
    for received in wrong_widths:
        try:
            y = guard(tf.ones((batch, width)))
        except ValueError as error:
            raise AssertionError(
                f"Guard('guard', block) refused a batch of the right width, {width} "
                f"({reason(error)}), among batches of other widths.") from None
        assert isinstance(y, tf.Tensor) and tuple(y.shape) == (batch, width), (
            f"Guard('guard', block) called with {width} columns did not return what block gives.")
        called = f"Guard('guard', block), called with {width} columns and then with {received},"
        raised = None
        try:
            guard(tf.ones((batch, received)))
        except NotImplementedError:
            raise
        except Exception as error:
            raised = error
        assert raised is not None, (
            f"{called} raised nothing: compare the width with that of the first batch before block "
            "runs; do not count on an error from block, since a single column broadcasts.")
        assert type(raised) is ValueError, (
            f"{called} raised {type(raised).__name__} ({reason(raised)}), wanted a ValueError of "
            "its own: compare the last axis with that of the first batch.")
        assert received not in block.widths, (
            f"{called} gave the wrong batch to block before it refused it.")

    block = Seeing(width)
    guard = Guard("guard", block)
    for received in (width + 1, width):
        raised = None
        try:
            guard(tf.ones((batch, received)))
        except Exception as error:
            raised = error
    cause = "the first batch decides, even if block raises an error with it; keep its width first"
    if width + 1 not in block.widths:
        cause = "its own first batch decides, and not that of another guard"
    assert type(raised) is ValueError and width not in block.widths, (
        f"a new Guard('guard', block), called with {width + 1} columns and then with {width}, took "
        f"the second batch or raised no ValueError: {cause}.")


for case in [(20, [1, 21], 3), (3, [2, 15], 2)]:
    check_refused(*case)
# BEGIN HIDDEN TESTS
for case in [(1, [12, 2], 1), (128, [1, 12, 1280], 5), (4, [7, 1, 7], 4)]:
    check_refused(*case)
# END HIDDEN TESTS

# %% exercise="clear-error" role="tests" points=1
# Exercise 6.5, tests 2 of 3: the words of the message.
def check_words(name, width, received):
    guard, message, shown = Guard(name, layers.Identity()), None, None
    try:
        guard(tf.ones((2, width)))
    except ValueError as error:
        raise AssertionError(f"Guard({name!r}, block) refused its first batch ({reason(error)}); "
                             "get the first tests cell to pass first.") from None
    try:
        guard(tf.ones((2, received)))
    except ValueError as error:
        message, shown = re.sub(r"\x1b\[\d+m", "", str(error)), reason(error)
    called = f"Guard({name!r}, block), called with {width} columns and then with {received},"
    assert message is not None, (
        f"{called} raised nothing; get the first tests cell to pass first.")
    assert name in message, f"{called} raised ValueError({shown}): the name is missing."
    told = [re.search(rf"\b{word} {n}\b", message) is not None for word, n in (
        ("expected", width), ("received", received), ("expected", received))]
    assert told[0] and told[1], (
        f"{called} raised ValueError({shown}), wanted the words 'expected {width}' and "
        f"'received {received}'{': the two are the wrong way round' if told[2] else ''}.")


for case in [("first_dense", 20, 21), ("head", 3, 1)]:
    check_words(*case)
# BEGIN HIDDEN TESTS
for case in [("output-layer", 1, 12), ("encoder.2", 128, 1280)]:
    check_words(*case)
# END HIDDEN TESTS

# %% exercise="clear-error" role="tests" points=1
# Exercise 6.5, tests 3 of 3: what goes through.
class Moody(keras.Layer):
    """Double the input, or raise the error that it was given."""

    def __init__(self):
        super().__init__()
        self.error = None
        self.weight = self.add_weight(shape=(), initializer=keras.initializers.Constant(2.0))

    def call(self, x):
        if self.error is not None:
            raise self.error
        return self.weight * x


def check_through(shapes, error):
    block, name = Moody(), "Guard('moody', block)"
    guard, other = Guard("moody", block), Guard("other", Moody())
    assert isinstance(guard, keras.Layer), f"Guard gave a {type(guard).__name__}, not a layer."
    for guarded, shape in [(guard, shape) for shape in shapes] + [(other, (2, 9))]:
        x = np.random.default_rng(len(shape)).normal(size=shape).astype("float32")
        try:
            y = guarded(tf.constant(x))
        except ValueError as told:
            raise AssertionError(
                f"{name} refused x of shape {shape} ({reason(told)}): only the last axis counts, "
                "and only this guard's own first batch.") from None
        assert isinstance(y, tf.Tensor) and np.array_equal(y.numpy(), 2 * x), (
            f"{name} called with x of shape {shape} did not return what block gives, 2 * x.")
    x = tf.ones(shapes[0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = guard(x)
    for what, gradient in zip(("x", "the weight of block"),
                              tape.gradient(y, [x, block.weight.value])):
        assert gradient is not None, (
            f"no gradient flows from the result of {name} to {what}: give x itself to block and "
            "return its result, without stop_gradient or NumPy.")
    assert [id(w) for w in guard.weights] == [id(block.weight)], (
        f"the weights of {name} are not those of block: assign block to self.")

    block.error, raised = error, None
    try:
        guard(tf.ones(shapes[0]))
    except NotImplementedError:
        raise
    except Exception as caught:
        raised = caught
    assert type(raised) is type(error) and error.args[0] in str(raised), (
        f"block raised {error!r} for a batch of the right width, and out of the guard came "
        f"{type(raised).__name__}({reason(raised)}): an error with another cause must come out as "
        "it is.")


for case in [([(2, 5), (7, 5), (1, 5), (3, 2, 5)], RuntimeError("out of ink"))]:
    check_through(*case)
# BEGIN HIDDEN TESTS
for case in [([(4, 1), (1, 1), (0, 1)], ValueError("negative price")),
             ([(3,), (3, 3), (2, 3)], KeyError("colour")),
             ([(5, 4, 2), (4, 2)], TypeError("not a picture"))]:
    check_through(*case)
# END HIDDEN TESTS

# %% [markdown]
# ## PyTorch and Keras side by side
#
# | idea | PyTorch | Keras 3 |
# |---|---|---|
# | dense layer | `nn.Linear(20, 256)` is told both widths | `layers.Dense(256)` always waits |
# | dense layer that waits | `nn.LazyLinear(256)` | the same |
# | before the first batch | names and placeholders, no shapes | no weights at all: `[]` |
# | asking for a shape then | `weight.shape` raises | `layer.kernel` raises |
# | asking for the number of parameters then | `numel()` raises | `count_params()` raises |
# | is it ready? | `isinstance(p, UninitializedParameter)` | `layer.built` |
# | first batch without data | `net(torch.empty(0, 20))` | `net.build((None, 20))` |
# | order in a chain | each layer just before it computes | all layers first, then all computing |
# | your layer makes its weights in | `initialize_parameters`, or `forward` | `build` |
# | making them in the forward pass | works, with drawbacks | raises |
# | layer turns into another class | yes, `LazyLinear` into `Linear` | no |
# | loading before the first batch | works with placeholders | raises |
# | activation by name | look it up yourself | `keras.activations.get` |
# | optimizer made too early | placeholders, or a stale list | an empty or stale list |
# | wrong width later | the operation fails, without a name | built-in layers name themselves |
# | declare the width that is expected | compare in `forward` | `InputSpec`, or compare in `call` |

# %% [markdown]
# ## Summary
#
# - Only the input width has to wait: it belongs to the data or to the block before. The size of the
#   batch is in no weight.
# - Before it is built, a layer has a recipe and no weights. `weights` and `get_weights()` give an
#   empty list and do not raise.
# - A `Sequential` builds all its layers from the shape of the first batch, front to back, and
#   computes afterwards. A subclass without `build` runs `call` twice the first time.
# - The first batch decides for good, even if it was the wrong one and even if it failed half-way.
#   Say the shape yourself: `keras.Input`, `build`, or one small batch for a subclass, whose `build`
#   may set the flag and make nothing.
# - A layer of your own makes its weights in `build`, once, and never in `call`.
# - Look names up in the constructor, so that a wrong one is noticed where it was written.
# - Count, set values and ask for variables after building. A list of variables that is kept from
#   before is stale, and no error says so.
# - Check the width yourself where a wrong one would broadcast. Say which layer, what it expected
#   and what it received, and leave all other errors alone.

# %% [markdown]
# ## Where to read on
#
# - [Making new layers and models via subclassing](https://keras.io/guides/making_new_layers_and_models_via_subclassing/),
#   with a section on deferring the creation of weights.
# - [The Sequential model](https://keras.io/guides/sequential_model/), with a section on specifying
#   the input shape in advance.
# - [`keras.Layer`](https://keras.io/api/layers/base_layer/) and
#   [layer activations](https://keras.io/api/layers/activations/), the reference pages.
# - *Dive into Deep Learning*, chapter [Builders' Guide](https://d2l.ai/chapter_builders-guide/index.html),
#   sections "Lazy Initialization" and "Parameter Initialization".
# - F. Chollet, *Deep Learning with Python*, chapter 3, on layers, automatic shape inference and
#   what a call does.
#
# Next: lesson 07 writes layers of all kinds: without weights, with several inputs and outputs, and
# with a behaviour of their own in training.
