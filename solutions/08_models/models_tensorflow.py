# %% [markdown]
# # Models
#
# A block takes inputs, holds parameters and gives outputs. Somewhere at the top of the tree stands
# the block that takes the data as they come and gives the answer that was asked for: the *model*.
# In this lesson you build models that are no longer chains. They have connections that skip layers,
# several inputs, several outputs, and losses of their own. You will also write a model down in a
# second way, as a graph that you can look into and cut.
#
# **Afterwards you can**
#
# - write a model as a chain, as a graph and as a class, and say what each form knows;
# - add residual connections, use one block several times, and tell which shapes go wrong silently;
# - give a model several inputs and several heads, and train it on several losses;
# - say what a topology assumes about the data;
# - compute a loss and a metric inside a model, so that each call counts once;
# - turn a graph into a class that has the same weights and gives the same outputs.
#
# **Time**: about 60 minutes. **You need**: lessons 01 to 07, most of all 03 (blocks), 04
# (parameters), 06 (deferred initialisation) and 07 (custom layers).
#
# **How to work.** Where you read *Predict*, stop and write your answer down before you run the cell
# below it; a wrong prediction is where the learning happens. In an exercise, fill in the solution
# cell, run it, then run the tests cells under it: a failed test says what was called, what came
# back, what was wanted and the likely cause. When you hand in, the same rules are also checked on
# other inputs. **Validate** in JupyterLab runs the notebook from top to bottom, as the grader will.
# *Run All Cells* stops at the first tests cell that fails, so take an exercise cell by cell.

# %% role="setup"
import os
import tempfile
from itertools import permutations
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
# ## From layers to models
#
# Every `keras.Model` is a `keras.Layer` (lesson 03). What does it have that a layer has not?

# %%
print("method         layer  model")
for name in ("weights", "add_loss", "build", "compile", "fit", "predict", "save", "summary"):
    print(f"{name:14} {hasattr(keras.Layer, name)!s:6} {hasattr(keras.Model, name)}")

# %% [markdown]
# A model can be trained, used and saved as a whole. `compile` tells it the loss and the optimizer,
# `fit` runs the training steps (`train_on_batch` runs one), `predict` the forward pass in batches.
# (Lesson 13 opens `fit` and looks inside; until then, it is a loop of training steps.)
#
# The simplest model is a chain of layers. The same network can be written as a class.
#
# **Predict**: do the two below have the same number of parameters? Can the weights of one be set in
# the other?

# %%
class Regressor(keras.Model):
    """Dense, ReLU, dense: (batch, 8) to (batch, 1)."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.hidden = layers.Dense(30, activation="relu")
        self.output_layer = layers.Dense(1)

    def call(self, x):
        return self.output_layer(self.hidden(x))


chain = keras.Sequential([layers.Dense(30, activation="relu"), layers.Dense(1)])
regressor = Regressor()
eight = np.random.default_rng(0).normal(size=(5, 8)).astype("float32")
for model in (chain, regressor):
    y = model(eight)
    print(type(model).__name__, model.count_params(), [tuple(w.shape) for w in model.weights])
regressor.set_weights(chain.get_weights())
print("same outputs:", np.allclose(chain(eight), regressor(eight)))

# %% [markdown]
# The arithmetic is the same, and so is the number of parameters: 8 · 30 + 30, and 30 + 1. Weights
# are set by their order, which is the same here, too.
#
# There is a third form, the *graph*, which this lesson comes to after the first exercise:
#
# | form | you write | good for |
# |---|---|---|
# | chain | a list of blocks | blocks in a row, one input, one output |
# | graph | which block gets which results | fixed wiring of any shape |
# | class | Python | all else: loops, branches, state |

# %% [markdown]
# ## Residual connections
#
# A *residual* block adds to its input what its layers make of it: $y = x + f(x)$. The sum goes past
# the layers on a path of its own, the *skip connection*. What $f$ has to learn is what remains to
# be added, the residual.
#
# ```mermaid
# flowchart LR
#     x([x]) --> a["dense, ReLU"] --> b["dense, ReLU"] --> plus(("+"))
#     x --> plus
#     plus --> y([y])
# ```
#
# Why would one do that? The next cell stacks layers of width 16, with a skip around each and
# without, and measures how much of the gradient of the output reaches the input.
#
# **Predict**: what becomes of the gradient over 30 layers, in either stack?

# %% listing="S1-26"
def gradient_at_input(depth, skip):
    """Mean length of the gradient that reaches the input of a stack of dense layers."""
    keras.utils.set_random_seed(0)
    stack = [layers.Dense(16, activation="relu") for _ in range(depth)]
    x = tf.constant(np.random.default_rng(0).normal(size=(64, 16)), "float32")
    with tf.GradientTape() as tape:
        tape.watch(x)
        h = x
        for layer in stack:
            z = layer(h)
            h = h + z if skip else z
        total = ops.sum(h)
    return float(np.linalg.norm(tape.gradient(total, x).numpy(), axis=1).mean())


depths = [1, 2, 5, 10, 15, 20, 25, 30]
lengths = {skip: [gradient_at_input(d, skip) for d in depths] for skip in (False, True)}
print("depth  plain    with skips")
for depth, plain, skipping in zip(depths, lengths[False], lengths[True]):
    print(f"{depth:5}  {plain:.1e}  {skipping:.1e}")

# %%
fig, axis = plt.subplots(figsize=(6, 3), layout="constrained")
axis.semilogy(depths, lengths[True], "o-", label="with skips")
axis.semilogy(depths, lengths[False], "s-", label="plain")
axis.set(xlabel="number of layers", ylabel="gradient at the input")
axis.legend()
plt.show()

# %% [markdown]
# Through a plain stack the gradient is multiplied by a matrix at every layer, and with the default
# weights it shrinks more and more: the first layers of a deep stack would hardly learn. The
# derivative of $x + f(x)$ is $1 + f'(x)$, and the 1 is the skip: along it the gradient goes past
# the layers as it came. What comes through the layers is added, so that it grows here, one reason
# why deep networks normalise their hidden values (lesson 07).
#
# ### Shapes in a sum
#
# A sum wants both sides to have one shape. If $f$ changes the width, most mistakes are noticed:

# %% tags=["raises-exception"]
three = ops.ones((2, 3))
layers.Add()([three, layers.Dense(4)(three)])

# %% [markdown]
# Most, not all. **Predict** what happens in the next cell, where the input has width 1.

# %%
column = ops.ones((2, 1))
print(tuple(layers.Add()([column, layers.Dense(4)(column)]).shape))

# %% [markdown]
# The single column was broadcast: it was added to each of the four outputs, and nobody asked for
# that. In TensorFlow with Keras 3.15 it can be worse. `ops.add`, which also stands behind
# `layers.Add` and behind `+` in a graph, has a short cut for adding a bias, and takes a column for
# one if it is as long as the rows are wide.
#
# **Predict**: a column of 0, 1, 2, 3 is added to zeros, in batches of three and of four examples.
# What is row 1 of each result?

# %%
for batch in (3, 4):
    zeros, column = ops.zeros((batch, 4)), np.arange(batch, dtype="float32").reshape(-1, 1)
    print(f"batch of {batch}: ops.add {ops.add(zeros, column)[1].numpy().tolist()}", end=", ")
    print("+ on tensors", (zeros + column)[1].numpy().tolist())

# %% [markdown]
# With a batch of four, `ops.add` put example 1 together with the numbers of all the others, and
# nothing was raised. The same short cut fails on an *empty* batch, in sums that would be fine
# otherwise:

# %%
nothing = ops.zeros((0, 4))
try:
    layers.Add()([nothing, nothing])
except tf.errors.InvalidArgumentError as error:
    print("layers.Add raises", type(error).__name__)
print("+ on tensors:", tuple((nothing + nothing).shape))

# %% [markdown]
# So: let both sides of a sum have one shape. Where the widths differ on purpose, the skip gets a
# dense layer of its own that brings $x$ to the new width; where they should not, a block does well
# to compare the shapes itself, in `build`.
#
# ### One block, many times
#
# A model may use a block several times, as it may use a layer. The count of parameters does not
# tell how often:

# %%
shared = layers.Dense(30, activation="relu")
h = ops.ones((2, 30))
for _ in range(4):
    h = h + shared(h)
print(tuple(h.shape), shared.count_params(), "parameters")

# %% [markdown]
# **Then and now.** A well-known regressor on house prices (8 numbers for each house) has a dense
# layer of width 30, a residual block of two dense layers that is applied $1 + 3$ times, a second
# residual block that is applied once, and a dense layer to one output: 270 + 1,860 + 1,860 + 31 =
# 4,021 parameters. You will write it in a moment. It is trained without trouble. But it has no
# `get_config`.
#
# **Predict**: what comes of saving such a model whole? Here is its beginning and its end.

# %% tags=["raises-exception"]
class NoConfig(keras.Model):
    def __init__(self, num_outputs, **kwargs):
        super().__init__(**kwargs)
        self.entry = layers.Dense(30, activation="relu")
        self.output_layer = layers.Dense(num_outputs)

    def call(self, x):
        return self.output_layer(self.entry(x))


no_config = NoConfig(1)
y = no_config(eight)
with tempfile.TemporaryDirectory() as folder:
    no_config.save(Path(folder) / "model.keras")

# %% [markdown]
# The message speaks of values that cannot be serialised, and 1 can be. But a model of a class of
# its own does not remember what its constructor was given (with a default for `num_outputs` it
# would have recorded the default, right or wrong: lesson 03). Today's form writes the configuration
# itself:

# %%
class WithConfig(NoConfig):
    def __init__(self, num_outputs, **kwargs):
        super().__init__(num_outputs, **kwargs)
        self.num_outputs = num_outputs

    def get_config(self):
        return {**super().get_config(), "num_outputs": self.num_outputs}


with_config = WithConfig(2)
y = with_config(eight)
with tempfile.TemporaryDirectory() as folder:
    with_config.save(Path(folder) / "model.keras")
    custom = {"WithConfig": WithConfig}
    loaded = keras.saving.load_model(Path(folder) / "model.keras", custom_objects=custom)
print("loaded, same outputs:", np.allclose(loaded(eight), y))

# %% [markdown] exercise="residual-regressor" role="task"
# ## Exercise 8.1: a residual regressor
#
# *4 points*
#
# **`ResidualBlock(width, depth)`** is a `keras.Layer` that computes $y = x + f(x)$, where $f$ is a
# chain of `depth` dense layers with a ReLU after *each* of them, the last one included.
#
# - **In** and **out**: float32, shape `(batch, width)`. Nothing is applied to the sum. Gradients
#   flow through both of its terms.
# - The layers are `layers.Dense` with `width` outputs and a bias, `depth` (1 or more) different
#   ones. After the first call, their kernels and biases are the block's only weights.
#
# **`ResidualRegressor(width, num_outputs, repeats)`** is a `keras.Model` of four parts:
#
# 1. a dense layer to `width`, followed by a ReLU;
# 2. a `ResidualBlock(width, 2)`, applied `repeats` times in a row (1 or more): the *same* block
#    each time;
# 3. another `ResidualBlock(width, 2)`, applied once;
# 4. a dense layer from `width` to `num_outputs`, with nothing after it.
#
# - **In**: float32, shape `(batch, num_inputs)`, as wide as the first call brings it. **Out**:
#   float32, shape `(batch, num_outputs)`.
# - After the first call the model has 12 weights, whatever `repeats` is. On 8 columns,
#   `ResidualRegressor(30, 1, 4)` has 4,021 parameters.
#
# The first tests cell (2 points) is about the block, the others about the regressor: the second
# (1 point) about its weights and their gradients, the third (1 point) about what it computes.

# %% [markdown] exercise="residual-regressor" role="hint"
# <details><summary>Hint 1</summary>
#
# The block needs the input twice: once to run through the layers, once for the sum. Keep it under
# its own name. In the regressor, a loop in `call` applies a block again; a loop in `__init__` makes
# new ones. (The name `layers` is taken in a `keras.Model`.)
#
# </details>

# %% [markdown] exercise="residual-regressor" role="hint"
# <details><summary>Hint 2</summary>
#
# Block: `self.hidden = [layers.Dense(width, activation="relu") for _ in range(depth)]`; in `call`,
# start with `h = x`, rebind `h = layer(h)` for each layer, return `x + h`. Regressor: two dense
# layers and two `ResidualBlock(width, 2)` in `__init__`; in `call`, `for _ in range(self.repeats):
# h = self.first(h)`.
#
# </details>

# %% exercise="residual-regressor" role="solution" listing="S1-26 S1-27"
class ResidualBlock(keras.Layer):
    """Add to the input what depth dense layers make of it; (batch, width) to (batch, width)."""

    def __init__(self, width: int, depth: int, **kwargs) -> None:
        super().__init__(**kwargs)
        # BEGIN SOLUTION
        self.hidden = [layers.Dense(width, activation="relu") for _ in range(depth)]
        # END SOLUTION

    def call(self, x: tf.Tensor) -> tf.Tensor:
        # BEGIN SOLUTION
        h = x
        for layer in self.hidden:
            h = layer(h)
        return x + h
        # END SOLUTION


class ResidualRegressor(keras.Model):
    """Dense, residual blocks, dense; (batch, num_inputs) to (batch, num_outputs)."""

    def __init__(self, width: int, num_outputs: int, repeats: int, **kwargs) -> None:
        super().__init__(**kwargs)
        # BEGIN SOLUTION
        self.repeats = repeats
        self.entry = layers.Dense(width, activation="relu")
        self.first = ResidualBlock(width, 2)
        self.second = ResidualBlock(width, 2)
        self.output_layer = layers.Dense(num_outputs)
        # END SOLUTION

    def call(self, x: tf.Tensor) -> tf.Tensor:
        # BEGIN SOLUTION
        h = self.entry(x)
        for _ in range(self.repeats):
            h = self.first(h)
        return self.output_layer(self.second(h))
        # END SOLUTION


# %% exercise="residual-regressor" role="tests" points=2
# Exercise 8.1, tests 1 of 3: the residual block.
def check_block(width, depth, batch):
    name, rng = f"ResidualBlock({width}, {depth})", np.random.default_rng(depth)
    block, x = ResidualBlock(width, depth), rng.normal(size=(batch, width)).astype("float32")
    assert isinstance(block, keras.Layer), f"{name} gave {type(block).__name__}, no keras.Layer."
    y = block(x)
    assert isinstance(y, tf.Tensor) and tuple(y.shape) == (batch, width) and (
        y.dtype == tf.float32), (
        f"{name}(x) gave {type(y).__name__} of shape {np.shape(y)}, wanted a float32 tensor of "
        f"shape ({batch}, {width}).")
    shapes = sorted(tuple(w.shape) for w in block.trainable_weights)
    assert shapes == sorted([(width,), (width, width)] * depth), (
        f"{name} has trainable weights of shapes {shapes} after a call, wanted those of {depth} "
        f"layers.Dense({width}): " + ("make the layers in __init__ and assign them to self."
                                      if not shapes else "is one layer used for all places?"))
    held = {id(d.kernel): d for d in block._flatten_layers() if isinstance(d, layers.Dense)}
    dense = [held[id(w)] for w in block.weights if id(w) in held]
    assert len(dense) == depth, f"{name} has {len(dense)} layers.Dense, wanted {depth}."
    for w in block.weights:
        w.assign(rng.normal(size=w.shape))
    got = np.asarray(block(x))

    def run(order, skip=np.add, last=True, between=True, each=False):
        h = x.astype("float64")
        for i, part in enumerate(order, 1):
            z = h @ part.kernel.numpy() + part.bias.numpy()
            z = np.maximum(z, 0) if (last if i == depth else between) else z
            h = h + z if each else z
        return h if each else skip(x, h)

    wanted = [run(order) for order in permutations(dense)]
    likely = {"the skip is lost: the input is not added": run(dense, skip=lambda x, h: h),
              "a ReLU acts on the sum, too": np.maximum(wanted[0], 0),
              "a ReLU acts on the sum, and none after the last layer":
              np.maximum(run(dense, last=False), 0),
              "no ReLU after the last layer": run(dense, last=False),
              "no ReLU after any layer": run(dense, last=False, between=False),
              "there is a skip around each layer, wanted one around all": run(dense, each=True),
              "the skip multiplies, wanted a sum": run(dense, skip=np.multiply)}
    cause = next((c for c, v in likely.items() if np.allclose(got, v, rtol=1e-4, atol=1e-4)),
                 "add x to what the layers and ReLUs, one after the other, make of it")
    row = np.abs(got - wanted[0]).max(axis=1).argmax()
    assert any(np.allclose(got, w, rtol=1e-4, atol=1e-4) for w in wanted), (
        f"{name}(x) gave {got[row].round(2)} in row {row}, wanted {wanted[0][row].round(2)}: "
        f"{cause}.")
    with tf.GradientTape() as tape:
        total = ops.sum(ops.square(block(x)))
    reached = sum(g is not None for g in tape.gradient(total, block.trainable_weights))
    assert reached == 2 * depth, f"a gradient reaches {reached} of {2 * depth} weights of {name}."


for case in [(4, 2, 5)]:
    check_block(*case)
# BEGIN HIDDEN TESTS
for case in [(3, 3, 6), (5, 1, 4), (2, 2, 1)]:
    check_block(*case)
# END HIDDEN TESTS

# %% exercise="residual-regressor" role="tests" points=1
# Exercise 8.1, tests 2 of 3: the weights of the regressor, shared and not shared; gradients.
def check_weights(inputs, width, outputs, repeats):
    name = f"ResidualRegressor({width}, {outputs}, {repeats})"
    net, x = ResidualRegressor(width, outputs, repeats), np.ones((3, inputs), "float32")
    assert isinstance(net, keras.Model), f"{name} gave {type(net).__name__}, no keras.Model."
    net(x)
    shapes, square = [tuple(w.shape) for w in net.trainable_weights], [(width, width)] * 4
    count, cause = len(shapes), "an entry, two blocks of two dense layers, an output"
    if repeats > 1 and count == 12 + 4 * (repeats - 1):
        cause = "the first block is made anew for each repeat; make it once and apply it in a loop"
    elif count == 8:
        cause = "the second block is a block of its own"
    kernels = [(inputs, width), *square, (width, outputs)]
    assert sorted(shapes) == sorted([*kernels, *((n,) for _, n in kernels)]), (
        f"{name} has {count} trainable weights after a call, of shapes {shapes}, wanted 12, with "
        f"kernels {kernels}: {cause}.")
    for w in net.weights:  # nothing but the skips leads from the output to the entry
        w.assign(np.full(w.shape, 0.0 if tuple(w.shape) == (width, width) else 0.5))
    with tf.GradientTape() as tape:
        total = ops.sum(net(x))
    grads = tape.gradient(total, net.trainable_weights)
    reached = sum(g is not None for g in grads)
    assert reached == 12, (
        f"a gradient reached {reached} of the 12 weights of {name}: is each layer used, and "
        "nothing stopped?")
    assert np.all(grads[shapes.index((inputs, width))]), (
        f"with zeros in the kernels of its blocks, no gradient of {name}(x) gets past the blocks: "
        "the skip adds x itself, not stopped.")


for case in [(5, 4, 2, 3)]:
    check_weights(*case)
# BEGIN HIDDEN TESTS
for case in [(8, 3, 1, 4), (2, 3, 2, 2), (3, 2, 4, 1)]:
    check_weights(*case)
# END HIDDEN TESTS

# %% exercise="residual-regressor" role="tests" points=1
# Exercise 8.1, tests 3 of 3: what the regressor computes.
def check_regressor(inputs, width, outputs, repeats, batch):
    name, rng = f"ResidualRegressor({width}, {outputs}, {repeats})", np.random.default_rng(repeats)
    net, x = ResidualRegressor(width, outputs, repeats), rng.normal(size=(batch, inputs))
    assert isinstance(net, keras.Model), f"{name} gave {type(net).__name__}, no keras.Model."
    y, x = net(x.astype("float32")), x.astype("float32")
    assert isinstance(y, tf.Tensor) and tuple(y.shape) == (batch, outputs) and (
        y.dtype == tf.float32), (
        f"{name}(x) gave {type(y).__name__} of shape {np.shape(y)}, wanted a float32 tensor of "
        f"shape ({batch}, {outputs}).")
    held = {id(d.kernel): d for d in net._flatten_layers() if isinstance(d, layers.Dense)}
    dense = [held[id(w)] for w in net.weights if id(w) in held]
    middle = [p for p in dense if tuple(p.kernel.shape) == (width, width)]
    assert len(dense) == 6 and len(middle) == 4, (
        f"{name} has {len(dense)} dense layers, wanted 6; get the second tests cell to pass first.")
    (first,) = [p for p in dense if tuple(p.kernel.shape) == (inputs, width)]
    (last,) = [p for p in dense if tuple(p.kernel.shape) == (width, outputs)]
    for w in net.weights:
        w.assign(rng.normal(size=w.shape) / 2)
    got = np.asarray(net(x))

    def run(order, times=repeats, skip=True, entry_relu=True):
        def layer(h, part):
            return h @ part.kernel.numpy().astype("float64") + part.bias.numpy()

        h = np.maximum(layer(x, first), 0) if entry_relu else layer(x, first)
        for a, b in [order[:2]] * times + [order[2:]]:
            z = np.maximum(layer(np.maximum(layer(h, a), 0), b), 0)
            h = h + z if skip else z
        return layer(h, last)

    wanted = [run(order) for order in permutations(middle)]
    likely = {"the blocks have lost their skips": run(middle, skip=False),
              "the output has a ReLU": np.maximum(wanted[0], 0),
              "the entry has no ReLU": run(middle, entry_relu=False),
              "the first block is applied once": run(middle, times=1),
              "the first block is applied once more than wanted": run(middle, times=repeats + 1)}
    cause = next((c for c, v in likely.items() if np.allclose(got, v, rtol=1e-4, atol=1e-4)),
                 "get the first tests cell to pass first; then look for a lost or moved part")
    assert any(np.allclose(got, w, rtol=1e-4, atol=1e-4) for w in wanted), (
        f"{name}(x) begins {got.ravel()[:3].round(2)}, wanted {wanted[0].ravel()[:3].round(2)}: "
        f"{cause}.")


for case in [(5, 4, 2, 3, 6)]:
    check_regressor(*case)
# BEGIN HIDDEN TESTS
for case in [(8, 3, 1, 4, 5), (2, 3, 2, 2, 4), (3, 2, 4, 1, 1)]:
    check_regressor(*case)
# END HIDDEN TESTS

# %% [markdown]
# ## A model as a graph
#
# A *graph* is a model written as data: each node is a step, each edge says whose result goes where.
# Keras calls this the *functional* way; lesson 04 used it for a tie. You start from an input that
# has a shape and no numbers, apply layers to it as if it were a tensor, and say at the end what
# goes in and what comes out. The small model below lets its input into a dense layer, and then past
# it as well:
#
# ```mermaid
# flowchart LR
#     x([x]) --> enter["enter"] --> cat["concatenate"]
#     x --> cat
#     cat --> head["head"] --> y([y])
# ```
#
# **Predict**: what does the cell compute while it writes down the graph?

# %%
x = keras.Input((3,), name="x")
h = layers.Dense(4, activation="relu", name="enter")(x)
joined = layers.Concatenate(name="join")([h, x])
y = layers.Dense(2, name="head")(joined)
graph = keras.Model(inputs=x, outputs=y)
print("h is a", type(h).__name__, "of shape", h.shape)
print(tuple(graph(np.ones((5, 3))).shape), [tuple(w.shape) for w in graph.weights])

# %% [markdown]
# No outputs: `x` and `h` are stand-ins, the symbolic tensors of lesson 03, and hold no numbers. But
# shapes are computed on the way, and layers are built, so that the weights are there before the
# first batch. The first axis is `None`, the size of the batch.
#
# The graph knows its steps and all their shapes:

# %%
def show(model):
    """Print the layers of a graph with the shapes that they give."""
    for layer in model.layers:
        print(f"{layer.name:7} {type(layer).__name__:12} {layer.output.shape}")


show(graph)

# %% [markdown]
# So it notices mistakes while it is written, before there are any data. Two layers that do not fit
# raise in the line where they meet. An input that was forgotten raises at the end:

# %% tags=["raises-exception"]
other = keras.Input((3,), name="other")
keras.Model(inputs=other, outputs=y)

# %% [markdown]
# ### What a class looks like in a graph
#
# A model of your own class can be applied to such an input, too. **Predict**: how many layers does
# the graph show?

# %%
class SkipToEnd(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.enter = layers.Dense(4, activation="relu")
        self.head = layers.Dense(2)

    def call(self, x):
        return self.head(ops.concatenate([self.enter(x), x], axis=-1))


around = keras.Model(inputs=x, outputs=SkipToEnd(name="class")(x))
show(around)

# %% [markdown]
# One node: a class is a closed box. (PyTorch goes the other way: `torch.fx` runs `forward` once and
# writes down its steps.)
#
# ### What a graph is good for
#
# A program can read a graph and change it. Here is a use that you may want yourself: to look at the
# hidden values of a model, make a second model that ends earlier.

# %%
hidden = keras.Model(inputs=x, outputs=graph.get_layer("enter").output)
show(hidden)
print("same weights:", hidden.get_layer("enter").kernel is graph.get_layer("enter").kernel)

# %% [markdown]
# Both models consist of the same layers. Whoever trains one trains the other.
#
# The graph also leaves things out, and the last section comes back to what.

# %% [markdown]
# ## Several inputs, several heads
#
# Data often come in parts. A house has some numbers, and a place; a film has a picture and a title.
# Each part gets a *branch* of its own, and the branches are joined. The same hidden values may also
# serve several questions at once. Each question gets a *head*: a layer or two that end in one
# output.
#
# ```mermaid
# flowchart LR
#     left([left]) --> l["dense, ReLU"] --> cat["concatenate"] --> value["dense"] --> v(["value"])
#     right([right]) --> r["dense, ReLU"] --> cat
#     r --> kind["dense"] --> k(["kind"])
# ```
#
# A graph takes a list of inputs. For several outputs, give it a dictionary: callers then ask for
# them by name, and a new head breaks nothing. With a list, `a, b = model(x)` and `b, a = model(x)`
# both run.
#
# ### Joining
#
# Branches are concatenated or added. A sum needs equal widths, and it broadcasts.
#
# **Predict**: five examples go into one branch. By mistake, only one goes into the other. Which of
# the two ways of joining notices?

# %%
a, b = layers.Dense(4)(np.ones((5, 3))), layers.Dense(4)(np.ones((1, 2)))
print("sum:          ", tuple((a + b).shape))
try:
    ops.concatenate([a, b], axis=-1)
except tf.errors.InvalidArgumentError as error:
    print("concatenation:", type(error).__name__)

# %% [markdown]
# Concatenation wants all axes but one to agree. The sum gives each of the five examples the same
# right half. It looks as if it works.
#
# An empty batch, on the other hand, is no mistake to a concatenation: zero rows in, zero rows out.

# %%
none = ops.concatenate([layers.Dense(4)(np.ones((0, 3))), ops.ones((0, 4))], axis=-1)
print("empty batch:", tuple(none.shape), " mean of nothing:", float(ops.mean(none)))

# %% [markdown]
# The trouble starts one step later: the mean of an empty batch is not a number. Remember it for the
# losses.
#
# ### One loss per head
#
# Each head has its own target and its own loss. To take a step you need one number, so the losses
# are added, with weights that say how much each question matters. The gradient of a sum is the sum
# of the gradients, and where two heads share a layer, the layer hears from both.
#
# The next cell takes the gradients of two heads one at a time. (`from_logits=True` tells the loss
# that it gets plain numbers and no probabilities; more on that below.) **Predict** the table: which
# losses reach which layers?

# %%
x = keras.Input((3,))
trunk = layers.Dense(8, activation="relu", name="trunk")
size, colour = layers.Dense(1, name="size"), layers.Dense(4, name="colour")
h = trunk(x)
shared_trunk = keras.Model(inputs=x, outputs={"size": size(h), "colour": colour(h)})

rows = np.random.default_rng(0).normal(size=(6, 3)).astype("float32")
targets = {"size": np.zeros((6, 1)), "colour": np.zeros(6, "int64")}
with tf.GradientTape(persistent=True) as tape:
    outputs = shared_trunk(rows)
    losses = {
        "size": ops.mean(keras.losses.mean_squared_error(targets["size"], outputs["size"])),
        "colour": ops.mean(
            keras.losses.sparse_categorical_crossentropy(
                targets["colour"], outputs["colour"], from_logits=True
            )
        ),
    }
    losses["0.2 size + colour"] = 0.2 * losses["size"] + losses["colour"]

print("loss               trunk  size   colour")
for name, loss in losses.items():
    gradients = tape.gradient(loss, [layer.kernel for layer in (trunk, size, colour)])
    print(f"{name:18}", *(f"{'yes' if g is not None else 'no':6}" for g in gradients))

# %% [markdown]
# The trunk is trained by both. The weights matter when losses have different scales. A squared
# error in dollars is in the billions. A *cross-entropy*, minus the logarithm of the probability
# that the model gives to the right class, is seldom above 10; summed with equal weights, it does
# not count.
#
# `compile` takes losses and their weights by the names of the outputs, and `fit` reports the sum
# and the parts.

# %%
shared_trunk.compile(
    optimizer="sgd",
    loss={
        "size": "mse",
        "colour": keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    },
    loss_weights={"size": 0.2, "colour": 1.0},
)
history = shared_trunk.fit(rows, targets, verbose=0).history
print(sorted(history))

# %% [markdown]
# The colour head returns *logits*, plain numbers and not yet probabilities. A *softmax* makes
# probabilities of them: $e^z$ for each logit $z$, divided by the sum of these. The loss applies it
# itself, in a way that does not overflow, but it must be told. **Predict**: the logits (2, −1)
# favour class 0, and class 1 is the right one. The cross-entropy is 3.05. What does a loss say that
# takes them for probabilities?

# %%
logits, right = np.array([[2.0, -1.0]]), np.array([1])
for from_logits in (True, False):
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=from_logits)
    print(f"from_logits={from_logits}: {float(loss(right, logits)):.2f}")

# %% [markdown]
# No error, and a wrong number. The name in quotes, `"sparse_categorical_crossentropy"`, means
# probabilities.

# %% [markdown] exercise="two-input-two-head" role="task"
# ## Exercise 8.2: two inputs, two heads
#
# *3 points*
#
# Write the function `two_heads(num_left, num_right, width, num_kinds)`, which returns the model of
# the figure as a graph: a `keras.Model` made from inputs and outputs.
#
# | part | computes | from |
# |---|---|---|
# | left branch | dense layer to `width`, then ReLU: $l$ | `left` |
# | right branch | dense layer to `width`, then ReLU: $r$ | `right` |
# | head `"value"` | dense layer to 1, nothing after it | $l$ and $r$ concatenated, $l$ first |
# | head `"kind"` | dense layer to `num_kinds`, nothing after it | $r$ alone |
#
# - **In**: a list of two, `model([left, right])`, float32, of shapes `(batch, num_left)` and
#   `(batch, num_right)`. The model knows these shapes before its first call.
# - **Out**: a dictionary with exactly the keys `"value"` and `"kind"`, whose values are float32
#   tensors of shapes `(batch, 1)` and `(batch, num_kinds)`.
# - The four dense layers are `layers.Dense` with a bias, and hold the only weights: 8 arrays. Each
#   call of `two_heads` makes new ones.
#
# The three tests cells (1 point each) look at the sizes of branches and heads, at the outputs, and
# at which head trains which branch.

# %% [markdown] exercise="two-input-two-head" role="hint"
# <details><summary>Hint 1</summary>
#
# Begin with two `keras.Input`, then write one line for each row of the table. The last line makes
# the model from the inputs and a dictionary of outputs.
#
# </details>

# %% [markdown] exercise="two-input-two-head" role="hint"
# <details><summary>Hint 2</summary>
#
# `left = keras.Input((num_left,))`, `l = layers.Dense(width, activation="relu")(left)`, the same on
# the right, `joined = layers.Concatenate()([l, r])`, `value = layers.Dense(1)(joined)`, `kind =
# layers.Dense(num_kinds)(r)`, without a softmax. Return `keras.Model(inputs=[left, right],
# outputs={"value": value, "kind": kind})`.
#
# </details>

# %% exercise="two-input-two-head" role="solution"
def two_heads(num_left: int, num_right: int, width: int, num_kinds: int) -> keras.Model:
    """Model of [(batch, num_left), (batch, num_right)] to value (batch, 1), kind (batch, n)."""
    # BEGIN SOLUTION
    left, right = keras.Input((num_left,)), keras.Input((num_right,))
    l = layers.Dense(width, activation="relu")(left)
    r = layers.Dense(width, activation="relu")(right)
    value = layers.Dense(1)(layers.Concatenate()([l, r]))
    kind = layers.Dense(num_kinds)(r)
    return keras.Model(inputs=[left, right], outputs={"value": value, "kind": kind})
    # END SOLUTION


# %% exercise="two-input-two-head" role="tests" points=1
# Exercise 8.2, tests 1 of 3: the sizes of branches and heads.
def check_sizes(num_left, num_right, width, num_kinds):
    name = f"two_heads({num_left}, {num_right}, {width}, {num_kinds})"
    net = two_heads(num_left, num_right, width, num_kinds)
    assert isinstance(net, keras.Model), f"{name} gave {type(net).__name__}, not a keras.Model."
    given = [tuple(t.shape) for t in (getattr(net, "inputs", None) or [])]
    assert given == [(None, num_left), (None, num_right)], (
        f"{name} has inputs of shapes {given}, wanted [(None, {num_left}), (None, {num_right})]: "
        "make it from keras.Input and keras.Model(inputs=[left, right], outputs=...).")
    weights = [(num_left, width), (num_right, width), (2 * width, 1), (width, num_kinds)]
    wanted = sorted([*weights, *((n,) for _, n in weights)])
    shapes = sorted(tuple(w.shape) for w in net.trainable_weights)
    assert shapes == wanted, (
        f"{name} has trainable weights of shapes {shapes}, wanted {wanted}: " + (
            "the head \"kind\" gets the right branch alone, not both branches."
            if (2 * width, num_kinds) in shapes else
            "the head \"value\" gets both branches, concatenated: 2 * width values."
            if (2 * width, 1) not in shapes else "two branches and two heads, four Dense."))


for case in [(3, 5, 4, 2)]:
    check_sizes(*case)
# BEGIN HIDDEN TESTS
for case in [(6, 2, 3, 5), (2, 4, 3, 2)]:
    check_sizes(*case)
# END HIDDEN TESTS

# %% exercise="two-input-two-head" role="tests" points=1
# Exercise 8.2, tests 2 of 3: what the two heads give.
def check_heads(num_left, num_right, width, num_kinds, batch):
    name = f"two_heads({num_left}, {num_right}, {width}, {num_kinds})"
    net, rng = two_heads(num_left, num_right, width, num_kinds), np.random.default_rng(width)
    assert isinstance(net, keras.Model), f"{name} gave {type(net).__name__}, not a keras.Model."
    weights = [(num_left, width), (num_right, width), (2 * width, 1), (width, num_kinds)]
    dense = {tuple(d.kernel.shape): d for d in net._flatten_layers() if isinstance(d, layers.Dense)}
    assert sorted(dense) == sorted(weights), (
        f"{name} has other sizes than wanted; get the first tests cell to pass first.")
    for w in net.weights:
        w.assign(rng.normal(size=w.shape))
    left, right = (rng.normal(size=(batch, n)).astype("float32") for n in (num_left, num_right))
    y = net([left, right])
    assert isinstance(y, dict) and set(y) == {"value", "kind"}, (
        f"{name}([left, right]) gave {type(y).__name__}{[*y] if isinstance(y, dict) else ''}, "
        "wanted a dictionary with the keys value and kind.")
    (w1, b1), (w2, b2), (w3, b3), (w4, b4) = (dense[s].get_weights() for s in weights)
    l, r = np.maximum(left @ w1 + b1, 0), np.maximum(right @ w2 + b2, 0)
    value, kind = np.hstack([l, r]) @ w3 + b3, r @ w4 + b4
    softmax = np.exp(kind) / np.exp(kind).sum(axis=1, keepdims=True)
    likely = {"the branches are joined in the wrong order; left goes first":
              np.hstack([r, l]) @ w3 + b3, "that is a softmax; return logits": softmax,
              "a ReLU acts on the value": np.maximum(value, 0), "a ReLU acts on the logits":
              np.maximum(kind, 0), "the branch has no ReLU": (right @ w2 + b2) @ w4 + b4,
              "the left branch has no ReLU": np.hstack([left @ w1 + b1, r]) @ w3 + b3}
    for key, wanted in (("value", value), ("kind", kind)):
        got = y[key]
        assert isinstance(got, tf.Tensor) and tuple(got.shape) == wanted.shape and (
            got.dtype == tf.float32), (
            f"{name}([left, right])[{key!r}] is {type(got).__name__} of shape {np.shape(got)}, "
            f"wanted a float32 tensor of shape {wanted.shape}: are the heads swapped?")
        got = got.numpy()
        cause = next((c for c, v in likely.items() if v.shape == got.shape and np.allclose(
            got, v, rtol=1e-4, atol=1e-4)), "compute the four rows of the table, one by one")
        row = np.abs(got - wanted).max(axis=1).argmax()
        assert np.allclose(got, wanted, rtol=1e-4, atol=1e-4), (
            f"{name}([left, right])[{key!r}] is {got[row].round(2)} in row {row}, wanted "
            f"{wanted[row].round(2)}: {cause}.")


for case in [(3, 5, 4, 2, 6)]:
    check_heads(*case)
# BEGIN HIDDEN TESTS
for case in [(6, 2, 3, 5, 4), (2, 4, 3, 2, 1)]:
    check_heads(*case)
# END HIDDEN TESTS

# %% exercise="two-input-two-head" role="tests" points=1
# Exercise 8.2, tests 3 of 3: which head trains which branch, and new layers for each model.
def check_reach(num_left, num_right, width, num_kinds):
    name = f"two_heads({num_left}, {num_right}, {width}, {num_kinds})"
    net, other = (two_heads(num_left, num_right, width, num_kinds) for _ in range(2))
    assert isinstance(net, keras.Model), f"{name} gave {type(net).__name__}, not a keras.Model."
    common = len({id(w) for w in net.weights} & {id(w) for w in other.weights})
    assert common == 0, f"two models of {name} share {common} weights: make the layers inside."
    found = {tuple(w.shape): w for w in net.weights}
    shapes = {"left branch": (num_left, width), "right branch": (num_right, width),
              "value head": (2 * width, 1), "kind head": (width, num_kinds)}
    assert set(shapes.values()) <= set(found), (
        f"{name} has weights of shapes {sorted(found)}; get the first tests cell to pass first.")
    rng = np.random.default_rng(width)  # positive weights keep every ReLU open
    for w in net.weights:
        w.assign(rng.uniform(0.1, 1, size=w.shape))
    wanted = {"value": ["left branch", "right branch", "value head"],
              "kind": ["right branch", "kind head"]}
    for head, names in wanted.items():
        with tf.GradientTape() as tape:
            y = net([np.ones((2, num_left), "float32"), np.ones((2, num_right), "float32")])
            assert isinstance(y, dict) and isinstance(y.get(head), tf.Tensor), (
                f"{name}([left, right]) gave {type(y).__name__}, wanted a dictionary of tensors.")
            loss = ops.sum(ops.square(y[head]))
        gradients = tape.gradient(loss, [found[s] for s in shapes.values()])
        reached = [n for n, g in zip(shapes, gradients) if g is not None and np.any(g.numpy())]
        assert reached == names, (
            f"a loss on the head {head!r} of {name} reaches {reached}, wanted {names}: the head "
            + ("\"value\" is computed from both branches, " if head == "value" else
               "\"kind\" is computed from the right branch, ") + "nothing stopped.")


for case in [(3, 5, 4, 2)]:
    check_reach(*case)
# BEGIN HIDDEN TESTS
for case in [(4, 2, 3, 6)]:
    check_reach(*case)
# END HIDDEN TESTS

# %% [markdown]
# ## What a topology assumes
#
# The wiring of a model is called its *topology*. To choose one is to choose a set of functions: all
# those that the model computes for some values of its parameters, its *hypothesis space*. Training
# picks one of them. What is not in the set cannot be learned, however long you train; and what all
# members of the set have in common need not be learned at all.
#
# Three topologies see the same 64 points of $\cos 2x$, all of them with $x \ge 0$:
#
# - a line, $wx + b$;
# - a multilayer perceptron with two hidden layers;
# - a *mirror*: one perceptron $g$ that is used twice, $g(x) + g(-x)$.
#
# (They are trained by `Adam`, an optimizer that sets the size of its steps for each entry of
# a weight by itself.)
#
# **Predict**: what does each give for $x < 0$, where there were no data?

# %% listing="S2-11"
def perceptron():
    hidden = [layers.Dense(32, activation="relu"), layers.Dense(32, activation="relu")]
    return keras.Sequential([keras.Input((1,)), *hidden, layers.Dense(1)])


def mirror():
    """The same branch for x and for -x, added."""
    x, branch = keras.Input((1,)), perceptron()
    return keras.Model(inputs=x, outputs=layers.Add()([branch(x), branch(-x)]))


def train(model, x, y, steps=300):
    """Fit y by least squares, with all examples in each step; lesson 13 is about training."""
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss="mse")
    for _ in range(steps):
        model.train_on_batch(x, y)
    return model


keras.utils.set_random_seed(0)
seen = np.linspace(0, 3, 64, dtype="float32").reshape(-1, 1)
line = keras.Sequential([keras.Input((1,)), layers.Dense(1)])
topologies = {"line": line, "perceptron": perceptron(), "mirror": mirror()}
grid = np.linspace(-3, 3, 301, dtype="float32").reshape(-1, 1)
fig, axes = plt.subplots(1, 3, figsize=(10, 3), sharey=True, layout="constrained")
for axis, (name, model) in zip(axes, topologies.items()):
    train(model, seen, np.cos(2 * seen))
    axis.axvspan(0, 3, color="0.93", label="data seen here")
    axis.plot(grid, np.cos(2 * grid), "k--", linewidth=1, label="cos 2x")
    axis.plot(grid, model(grid), linewidth=2, label="model")
    axis.set(title=name, xlabel="x", ylim=(-4, 4))
axes[0].legend(loc="lower left", fontsize="small")
plt.show()

for name, model in topologies.items():
    right = np.mean((model(seen) - np.cos(2 * seen)) ** 2)
    left = np.mean((model(-seen) - np.cos(2 * seen)) ** 2)
    print(f"{name:10} error below 0.1: right {right < 0.1!s:5}  left {left < 0.1}")
untrained = mirror()
print("untrained mirror is even:", np.allclose(untrained(grid), untrained(-grid), atol=1e-6))

# %% [markdown]
# The line cannot bend: the function is not in its hypothesis space. The perceptron has it, along
# with many that agree on the data and differ elsewhere, and training had no reason to choose
# between them. The mirror is even whatever its weights are, so the data on the right settle the
# left as well. That is a gift as long as the truth is even. If it is not, the mirror can never fit
# it.
#
# Every topology assumes something:
#
# | topology | assumes |
# |---|---|
# | dense layer | every output may depend on every input, in a straight line |
# | chain | all that the answer needs passes through every layer, the narrowest included |
# | residual block | the answer is near the input: what is to be learned is a correction |
# | shared block | the same question is asked at several places |
# | several heads | the questions need the same hidden values |
# | convolution | what is near belongs together, and where it is does not matter |
#
# ### Wide and deep
#
# Some of what a model should learn is a plain rule: a larger house costs more. Some is a pattern of
# many features. A *wide-and-deep* model assumes both. Some columns go straight to the output layer
# (wide), where each gets one weight; some go through hidden layers first (deep). A column may do
# both.
#
# ```mermaid
# flowchart LR
#     x([x]) -- wide columns --> cat["concatenate"]
#     x -- deep columns --> d["dense, ReLU, ..."] --> cat
#     cat --> out["dense"] --> y([y])
# ```
#
# To pick columns, NumPy and PyTorch index with a list, `x[:, [2, 0]]`. TensorFlow refuses that; the
# operation is `ops.take` (`tf.gather` in lesson 01). **Predict** the three results.

# %%
table = tf.constant([[10.0, 11.0, 12.0], [20.0, 21.0, 22.0]])
print(ops.take(table, [2, 0], axis=-1).numpy().tolist())
print(ops.take(table, [1], axis=-1).numpy().tolist())
print(ops.take(table, 1, axis=-1).numpy().tolist())

# %% [markdown]
# A list with one entry keeps the column axis; the bare number drops it, and concatenation would
# fail. A column number that does not exist raises, but only when there are numbers: a graph is
# written without complaint.

# %%
three_columns = keras.Input((3,))
print("graph: ", ops.take(three_columns, [0, 5], axis=-1).shape)
try:
    ops.take(table, [0, 5], axis=-1)
except tf.errors.InvalidArgumentError as error:
    print("tensor:", type(error).__name__)

# %% [markdown] exercise="wide-and-deep" role="task"
# ## Exercise 8.3: wide and deep
#
# *3 points*
#
# Write the model `WideAndDeep(wide, deep, hidden)`, a `keras.Model`.
#
# - `wide` and `deep` are lists of column numbers, one or more each, in any order. A column may be
#   in both lists or in none.
# - `hidden` is a list of one or more widths.
# - **In**: `x`, float32, shape `(batch, columns)`, with as many columns as the lists ask for, or
#   more. **Out**: float32, shape `(batch, 1)`.
# - The deep path takes the columns `deep`, in the order of the list, through one dense layer for
#   each width in `hidden`, each followed by a ReLU.
# - The columns `wide`, in the order of the list, and the result of the deep path are concatenated,
#   wide first. One dense layer takes all of that to the output, with nothing after it.
# - All dense layers are `layers.Dense` with a bias. After the first call they hold the only
#   weights: two arrays for each width in `hidden`, and two for the output.
#
# The three tests cells (1 point each) look at the weights, at the outputs, and at what each path
# assumes: the output is linear in a column that only the wide path sees.

# %% [markdown] exercise="wide-and-deep" role="hint"
# <details><summary>Hint 1</summary>
#
# Keep both lists of columns in attributes. What does the output layer get? (The names `layers` and
# `path` are taken in a `keras.Model`.)
#
# </details>

# %% [markdown] exercise="wide-and-deep" role="hint"
# <details><summary>Hint 2</summary>
#
# Layers: `[layers.Dense(n, activation="relu") for n in hidden]`, and `layers.Dense(1)` for the
# output. In `call`: `h = ops.take(x, self.deep, axis=-1)`, then the loop, then
# `ops.concatenate([ops.take(x, self.wide, axis=-1), h], axis=-1)` into the output layer.
#
# </details>

# %% exercise="wide-and-deep" role="solution"
class WideAndDeep(keras.Model):
    """Some columns straight to the output, some through layers; (batch, columns) to (batch, 1)."""

    def __init__(self, wide: list[int], deep: list[int], hidden: list[int], **kwargs) -> None:
        super().__init__(**kwargs)
        # BEGIN SOLUTION
        self.wide, self.deep = list(wide), list(deep)
        self.hidden = [layers.Dense(width, activation="relu") for width in hidden]
        self.output_layer = layers.Dense(1)
        # END SOLUTION

    def call(self, x: tf.Tensor) -> tf.Tensor:
        # BEGIN SOLUTION
        h = ops.take(x, self.deep, axis=-1)
        for layer in self.hidden:
            h = layer(h)
        return self.output_layer(ops.concatenate([ops.take(x, self.wide, axis=-1), h], axis=-1))
        # END SOLUTION


# %% exercise="wide-and-deep" role="tests" points=1
# Exercise 8.3, tests 1 of 3: weights.
def check_weights(wide, deep, hidden, columns):
    name = f"WideAndDeep({wide}, {deep}, {hidden})"
    net = WideAndDeep(list(wide), list(deep), list(hidden))
    assert isinstance(net, keras.Model), f"{name} gave {type(net).__name__}, not a keras.Model."
    try:
        net(np.ones((2, columns), "float32"))
    except TypeError as error:
        told = " ".join(str(error).split())[:150]
        raise AssertionError(f"{name}(x) raised TypeError ({told}…): a "
                             "tensor takes no list as its index; see ops.take.") from None
    shapes = sorted(tuple(w.shape) for w in net.trainable_weights)
    kernels = [*zip([len(deep), *hidden], hidden), (len(wide) + hidden[-1], 1)]
    wanted = sorted([*kernels, *((n,) for _, n in kernels)])
    cause = "one layers.Dense for each width in hidden, and one to the output"
    if not shapes:
        cause = "make the layers in __init__ and assign them to self"
    elif (hidden[-1], 1) in shapes:
        cause = "the output layer gets the deep path alone; the wide columns go there, too"
    elif len(shapes) == len(wanted):
        cause = "how many values does each layer get? wide, deep or both"
    assert shapes == wanted, (
        f"{name} has trainable weights of shapes {shapes} after a call, wanted {wanted}: {cause}.")


for case in [([4, 0], [1, 3, 2], [6, 5], 7)]:
    check_weights(*case)
# BEGIN HIDDEN TESTS
for case in [([2], [4, 2], [3], 5), ([0, 1, 5], [5], [2, 4, 3], 6)]:
    check_weights(*case)
# END HIDDEN TESTS

# %% exercise="wide-and-deep" role="tests" points=1
# Exercise 8.3, tests 2 of 3: outputs.
def check_wide_and_deep(wide, deep, hidden, columns, batch):
    name, rng = f"WideAndDeep({wide}, {deep}, {hidden})", np.random.default_rng(columns)
    net = WideAndDeep(list(wide), list(deep), list(hidden))
    assert isinstance(net, keras.Model), f"{name} gave {type(net).__name__}, not a keras.Model."
    x = rng.normal(size=(batch, columns)).astype("float32")
    y = net(x)
    assert isinstance(y, tf.Tensor) and tuple(y.shape) == (batch, 1) and y.dtype == tf.float32, (
        f"{name}(x) gave {type(y).__name__} of shape {np.shape(y)}, wanted a float32 tensor of "
        f"shape ({batch}, 1).")
    kernels = [*zip([len(deep), *hidden], hidden), (len(wide) + hidden[-1], 1)]
    dense = {tuple(d.kernel.shape): d for d in net._flatten_layers() if isinstance(d, layers.Dense)}
    assert sorted(dense) == sorted(kernels), (
        f"{name} has other sizes than wanted; get the first tests cell to pass first.")
    for w in net.weights:
        w.assign(rng.normal(size=w.shape))
    got = np.asarray(net(x))

    def run(wide, deep, relu=lambda h: np.maximum(h, 0), swap=False):
        h = x[:, deep].astype("float64")
        for w, b in [dense[k].get_weights() for k in kernels[:-1]]:
            h = relu(h @ w + b)
        w, b = dense[kernels[-1]].get_weights()
        return np.hstack([h, x[:, wide]] if swap else [x[:, wide], h]) @ w + b

    wanted = run(wide, deep)
    likely = {"the deep path comes first; wide goes first": run(wide, deep, swap=True),
              "the deep path has no ReLUs": run(wide, deep, relu=lambda h: h),
              "a ReLU acts on the output": np.maximum(wanted, 0),
              "the columns were sorted; keep the order given": run(sorted(wide), sorted(deep)),
              "the first columns were taken, not those in the lists": run(slice(len(wide)), slice(
                  -len(deep), None))}
    cause = next((c for c, v in likely.items() if np.allclose(got, v, rtol=1e-4, atol=1e-4)),
                 "pick the listed columns; each ReLU follows one layer of the deep path")
    row = np.abs(got - wanted).argmax()
    assert np.allclose(got, wanted, rtol=1e-4, atol=1e-4), (
        f"{name}(x) gave {got[row].round(3)} in row {row}, wanted {wanted[row].round(3)}: {cause}.")


for case in [([4, 0], [1, 3, 2], [6, 5], 7, 5)]:
    check_wide_and_deep(*case)
# BEGIN HIDDEN TESTS
for case in [([2], [4, 2], [3], 5, 6), ([0, 1, 5], [5], [2, 4, 3], 6, 1)]:
    check_wide_and_deep(*case)
# END HIDDEN TESTS

# %% exercise="wide-and-deep" role="tests" points=1
# Exercise 8.3, tests 3 of 3: what the two paths assume, and that both are trained.
def check_paths(wide, deep, hidden, columns):
    name, rng = f"WideAndDeep({wide}, {deep}, {hidden})", np.random.default_rng(5)
    net, base = WideAndDeep(list(wide), list(deep), list(hidden)), np.ones((3, columns), "float32")
    assert isinstance(net, keras.Model), f"{name} gave {type(net).__name__}, not a keras.Model."
    y = net(base)
    count = len(net.trainable_weights)
    assert isinstance(y, tf.Tensor) and count == 2 * len(hidden) + 2, (
        f"{name} has {count} trainable weights; get the first tests cell to pass first.")
    for w in net.weights:
        w.assign(rng.uniform(0.1, 1, size=w.shape))
    with tf.GradientTape() as tape:
        total = ops.sum(net(base))
    gradients = tape.gradient(total, net.trainable_weights)
    reached = sum(g is not None and bool(np.any(g.numpy())) for g in gradients)
    assert reached == count, (
        f"a gradient reaches {reached} of the {count} weights of {name}, wanted all: are both "
        "paths used, and nothing stopped?")
    for column in range(columns):
        outputs = []
        for step in (-50, 0, 50):
            moved = base.copy()
            moved[:, column] += step
            outputs.append(float(net(moved)[0, 0]))
        down, up = outputs[1] - outputs[0], outputs[2] - outputs[1]
        moves, straight = abs(up) > 1e-3, abs(up - down) <= 1e-3 * abs(up) + 1e-3
        said = f"column {column} moved by -50 and 50 moves {name}(x) by {-down:.1f} and {up:.1f}"
        assert moves == (column in wide or column in deep), (
            f"{said}: that column is " + ("in no list, and must not matter." if moves else
                                          "in a list, and must matter."))
        if moves:
            assert straight == (column not in deep), (
                f"{said}: " + ("a deep column goes through ReLUs, which bend the output."
                               if straight else "a wide column goes straight to the output."))


for case in [([0, 2], [2, 3], [4], 5)]:
    check_paths(*case)
# BEGIN HIDDEN TESTS
for case in [([3], [0, 1], [5, 3], 4), ([1, 4], [4], [2], 6)]:
    check_paths(*case)
# END HIDDEN TESTS

# %% [markdown]
# ## Losses and metrics from inside a model
#
# Most losses compare the output with a target. Some need what only the model knows: its hidden
# values. Take a model that should, besides predicting, keep its hidden values small. The penalty is
# computed in `call`, and `self.add_loss` hands it to whoever trains.
#
# ### Where the penalty goes
#
# The penalties of a block are in its list `losses`. **Predict**: how many entries are there after
# one call, after a second call, and after one call of a graph that uses the block twice?

# %%
class Quiet(keras.Layer):
    """A dense layer that adds a penalty on its hidden values."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = layers.Dense(2, kernel_initializer="ones")

    def call(self, x):
        h = self.dense(x)
        self.add_loss(ops.mean(ops.square(h)))
        return h


quiet, pairs = Quiet(), np.ones((3, 2), "float32")
for call in (1, 2):
    quiet(pairs)
    print("after call", call, [float(loss) for loss in quiet.losses])

x = keras.Input((2,))
twice = keras.Model(inputs=x, outputs=quiet(quiet(x)))
twice(pairs)
print("used twice  ", [float(loss) for loss in twice.losses])

# %% [markdown]
# Each outermost call begins a new list, so the penalties are those of the latest call and nothing
# is counted twice. Inside one call every use adds its own.
#
# `fit` adds the list to the main loss. A loop of your own must do so itself. **Predict** the three
# numbers: the main loss is 9, the penalties are 4 and 16.

# %%
twice.compile(optimizer=keras.optimizers.SGD(0.0), loss="mse")  # a step that changes nothing
ones = np.ones((3, 2), "float32")
print("fit:     ", twice.fit(ones, ones, verbose=0).history["loss"])
main = ops.mean(ops.square(twice(ones) - ones))
print("by hand: ", float(main), "without,", float(main + sum(twice.losses)), "with the penalties")

# %% [markdown]
# People who do not trust this add the penalties once more, in `compute_loss` or `train_step`, and
# count them twice. Others keep the sum themselves, in an attribute with `+=`, and add the penalties
# of all calls so far at each call.
#
# The penalty must also stay a tensor. `float(...)` or `ops.stop_gradient` leaves the right number
# and takes away the gradient, so that nothing is trained by it, and no error says so.
#
# ### A metric is another thing
#
# A *loss* is of one batch and has a gradient. A *metric* is for people to read: a mean over all
# examples since the last reset.
#
# **Then and now.** The well-known listing of such a model calls `self.add_metric`, too:

# %% tags=["raises-exception"]
class OldStyle(keras.Model):
    def call(self, x):
        self.add_metric(ops.mean(x), name="mean_input")
        return x


OldStyle()(pairs)

# %% [markdown]
# Today a metric is an object that the model holds. Assigned to an attribute, it is registered:
# `fit` prints it under its name and resets it at the start of each *epoch*, each pass over the
# data. You call its `update_state`.
#
# What do you give to it? The errors of four examples come in a batch of three and a batch of one.
# **Predict** the result if it gets the mean of each batch, and if it gets all errors.

# %%
batches = [tf.constant([1.0, 1.0, 1.0]), tf.constant([5.0])]
of_means, of_examples = keras.metrics.Mean(name="means"), keras.metrics.Mean(name="examples")
for errors in batches:
    of_means.update_state(ops.mean(errors))
    of_examples.update_state(errors)
print("mean of means:     ", float(of_means.result()))
print("mean over examples:", float(of_examples.result()))

# %% [markdown]
# Given a vector, `Mean` counts each entry. An empty vector adds nothing and does no harm; the mean
# of an empty batch is not a number, and one of those spoils the total for good:

# %%
empty = ops.zeros((0,))
of_examples.update_state(empty)
of_means.update_state(ops.mean(empty))
print("all errors:", float(of_examples.result()), " means:", float(of_means.result()))

# %% [markdown]
# ### Then and now: a build that forgets
#
# A block can make a layer in `build`, when it needs the width of the input (lesson 06). The same
# listing makes one of its layers there, and leaves it to the first call to build it and the others.
#
# **Predict**: the weights are saved, and loaded into a second model that was built for the same
# shape. Loading raises nothing. Are the outputs the same?

# %%
class Echo(keras.Model):
    """Dense to 4, then back to the width of the input, which build learns."""

    def __init__(self, complete, **kwargs):
        super().__init__(**kwargs)
        self.complete = complete
        self.hidden = layers.Dense(4)

    def build(self, input_shape):
        self.back = layers.Dense(input_shape[-1])
        if self.complete:
            self.hidden.build(input_shape)
            self.back.build((None, 4))

    def call(self, x):
        return self.back(self.hidden(x))


for complete in (False, True):
    first, second = Echo(complete), Echo(complete)
    y = first(eight)
    second.build((None, 8))
    with tempfile.TemporaryDirectory() as folder:
        first.save_weights(Path(folder) / "echo.weights.h5")
        count = len(second.weights)
        second.load_weights(Path(folder) / "echo.weights.h5")
    same = np.allclose(second(eight), y)
    print(f"builds its layers: {complete!s:5}  weights before loading: {count}  same: {same}")

# %% [markdown]
# A model with a `build` of its own counts as built once that has run, and an unbuilt layer inside
# it has no weights to load. They were drawn at random in the first call. So: **a `build` builds
# every layer inside**, each with the shape that it will get.

# %% [markdown] exercise="reconstruction-loss" role="task"
# ## Exercise 8.4: a reconstruction loss
#
# *4 points*
#
# A regressor that must also be able to reconstruct its inputs from its hidden values is kept from
# throwing away what it does not need yet.
#
# ```mermaid
# flowchart LR
#     x([x]) --> hidden["dense, ReLU"] --> output["dense"] --> y([prediction])
#     hidden --> reconstruct["dense"] --> r([reconstruction])
# ```
#
# Write the model `ReconstructingRegressor(width, rate)`, a `keras.Model`.
#
# - `model(x)`: `x` is float32 of shape `(batch, num_inputs)`. With $h$ the hidden values (width
#   `width`), it returns the prediction $\mathrm{dense}(h)$, float32 of shape `(batch, 1)`.
# - The three dense layers are `layers.Dense` with a bias and hold the only trainable weights, six
#   arrays. All six are there after `model.build((None, num_inputs))`. The reconstruction
#   $\mathrm{dense}(h)$ has as many columns as `x`.
# - The *error* of an example is the mean, over its columns, of the squared difference between
#   reconstruction and input.
# - Each call, with `training=True` or without, adds one loss: `rate` times the mean error of the
#   examples of *that call*, of shape `()`, through which gradients flow. It is then all that is in
#   `model.losses`.
# - Under `fit` and `train_on_batch`, the total is the main loss that `compile` was given plus this
#   loss, counted once.
# - The model holds a metric of the name `"reconstruction_error"`, so that it is in `model.metrics`
#   after `compile`: the mean error (without `rate`) of all examples in all calls since the metric
#   was last reset. An empty batch, which has no mean and makes the loss NaN, leaves the metric as
#   it was.
#
# The first tests cell (2 points) looks at a call and its loss, the second (1 point) at training
# steps, the third (1 point) at the metric.

# %% [markdown] exercise="reconstruction-loss" role="hint"
# <details><summary>Hint 1</summary>
#
# Compute the errors first, a tensor of shape `(batch,)`: which axis does that mean run over? The
# loss is made from their mean. The metric gets all of them. The width of the reconstruction is
# known in `build`.
#
# </details>

# %% [markdown] exercise="reconstruction-loss" role="hint"
# <details><summary>Hint 2</summary>
#
# In `build`: make `self.reconstruct = layers.Dense(input_shape[-1])`, then build all three layers,
# two of them for `(None, self.width)`. In `call`: `errors = ops.mean(ops.square(self.reconstruct(h)
# - x), axis=-1)`, `self.add_loss(self.rate * ops.mean(errors))`, `self.error.update_state(errors)`,
# where `self.error` is a `keras.metrics.Mean(name="reconstruction_error")`.
#
# </details>

# %% exercise="reconstruction-loss" role="solution" listing="S1-28"
class ReconstructingRegressor(keras.Model):
    """Predict, and reconstruct the input on the way; (batch, num_inputs) to (batch, 1)."""

    def __init__(self, width: int, rate: float, **kwargs) -> None:
        super().__init__(**kwargs)
        # BEGIN SOLUTION
        self.width, self.rate = width, rate
        self.hidden = layers.Dense(width, activation="relu")
        self.output_layer = layers.Dense(1)
        self.error = keras.metrics.Mean(name="reconstruction_error")
        # END SOLUTION

    def build(self, input_shape: tuple) -> None:
        # BEGIN SOLUTION
        self.reconstruct = layers.Dense(input_shape[-1])
        self.hidden.build(input_shape)
        self.output_layer.build((None, self.width))
        self.reconstruct.build((None, self.width))
        # END SOLUTION

    def call(self, x: tf.Tensor) -> tf.Tensor:
        # BEGIN SOLUTION
        h = self.hidden(x)
        errors = ops.mean(ops.square(self.reconstruct(h) - x), axis=-1)
        self.add_loss(self.rate * ops.mean(errors))
        self.error.update_state(errors)
        return self.output_layer(h)
        # END SOLUTION


# %% exercise="reconstruction-loss" role="tests" points=2
# Exercise 8.4, tests 1 of 3: the prediction, and the loss of one call.
def check_loss(inputs, width, rate, batches):
    name, rng = f"ReconstructingRegressor({width}, {rate})", np.random.default_rng(width)
    net = ReconstructingRegressor(width, rate)
    assert isinstance(net, keras.Model), f"{name} gave {type(net).__name__}, not a keras.Model."
    net.build((None, inputs))
    kernels = [(inputs, width), (width, 1), (width, inputs)]
    wanted = sorted([*kernels, *((n,) for _, n in kernels)])
    shapes = sorted(tuple(w.shape) for w in net.trainable_weights)
    assert shapes == wanted, (
        f"{name} after build((None, {inputs})) has trainable weights of shapes {shapes}, wanted "
        f"{wanted}: build makes the reconstruction layer and builds all three layers.")
    dense = {tuple(d.kernel.shape): d for d in net._flatten_layers() if isinstance(d, layers.Dense)}
    for w in net.trainable_weights:
        w.assign(rng.normal(size=w.shape))
    (w, b), (v, c), (u, d) = (dense[k].get_weights() for k in kernels)
    before = 0.0
    for call, (size, training) in enumerate(batches, 1):
        x = rng.normal(size=(size, inputs)).astype("float32")
        with tf.GradientTape() as tape:
            y = net(x, training=training)
            losses = list(net.losses)
            total = sum(losses, start=tf.zeros(()))
        h = np.maximum(x @ w + b, 0)
        assert isinstance(y, tf.Tensor) and tuple(y.shape) == (size, 1) and np.allclose(
            y, h @ v + c, rtol=1e-4, atol=1e-4), (
            f"{name}(x) did not give the prediction, dense(relu(dense(x))) of shape ({size}, 1).")
        said = f"after call {call} (training={training}) of {name}"
        cause = "add the mean over the examples"
        if len(losses) != 1:
            cause = "add_loss runs once" if losses else "add_loss runs in training and otherwise"
        assert len(losses) == 1 and tuple(np.shape(losses[0])) == (), (
            f"{said} there are {len(losses)} losses, of shapes "
            f"{[tuple(np.shape(l)) for l in losses]}, wanted one of shape (): {cause}.")
        square = (h @ u + d - x) ** 2
        got, value = float(total), rate * square.mean()
        likely = {"that is the sum over all calls so far": before + value,
                  "that is the mean over all calls so far, the metric": (before + value) / call,
                  "the rate is missing": square.mean(), "it is 0 in this mode": 0.0,
                  "the squares are summed; take their mean over all": rate * square.sum(),
                  "the squares are summed over columns; take a mean": rate * square.sum(1).mean()}
        cause = next((c for c, v in likely.items() if np.isclose(got, v, rtol=1e-3)),
                     "it is rate times the mean of (reconstruction - x) ** 2 of this call")
        assert np.isclose(got, value, rtol=1e-3), (
            f"{said} the loss is {got:.4f}, wanted {value:.4f}: {cause}.")
        before += value
        gradients = tape.gradient(total, [dense[k].kernel for k in kernels])
        reached = [g is not None and bool(np.any(g.numpy())) for g in gradients]
        assert reached == [True, False, True], (
            f"{said} the loss trains [hidden, output, reconstruction] {reached}, wanted [True, "
            "False, True]: reconstruct from the hidden values; no float, no stop_gradient.")


for case in [(4, 3, 0.3, [(5, True), (2, True), (3, False)])]:
    check_loss(*case)
# BEGIN HIDDEN TESTS
for case in [(2, 6, 0.05, [(1, False), (4, True)]), (3, 5, 2.0, [(6, True), (1, False)])]:
    check_loss(*case)
# END HIDDEN TESTS

# %% exercise="reconstruction-loss" role="tests" points=1
# Exercise 8.4, tests 2 of 3: the total loss in training steps.
def check_training(inputs, width, rate, sizes):
    name, rng = f"ReconstructingRegressor({width}, {rate})", np.random.default_rng(inputs)
    net = ReconstructingRegressor(width, rate)
    assert isinstance(net, keras.Model), f"{name} gave {type(net).__name__}, not a keras.Model."
    net.build((None, inputs))
    net.compile(optimizer=keras.optimizers.SGD(0.01), loss="mse", run_eagerly=True)
    kernels = [(inputs, width), (width, 1), (width, inputs)]
    dense = {tuple(d.kernel.shape): d for d in net._flatten_layers()
             if isinstance(d, layers.Dense) and d.built}
    assert set(kernels) <= set(dense), f"{name} lacks a layer; get the first cell to pass first."
    for w in net.trainable_weights:
        w.assign(rng.normal(size=w.shape))
    earlier = 0.0
    for step, size in enumerate(sizes, 1):
        (w, b), (v, c), (u, d) = (dense[k].get_weights() for k in kernels)
        x = rng.normal(size=(size, inputs)).astype("float32")
        y = rng.normal(size=(size, 1)).astype("float32")
        logs = net.train_on_batch(x, y, return_dict=True)
        h = np.maximum(x @ w + b, 0)
        main, extra = ((h @ v + c - y) ** 2).mean(), rate * ((h @ u + d - x) ** 2).mean()
        got, said = float(logs["loss"]), f"train_on_batch, step {step}, of {name}"
        likely = {"the extra loss is missing in training": main, "the extra loss is in it twice; "
                  "Keras has added it already": main + 2 * extra, "the rate is missing":
                  main + extra / rate, "the extra losses of earlier steps are in it, too":
                  main + extra + earlier, "it is the extra loss alone": extra}
        cause = next((c for c, v in likely.items() if np.isclose(got, v, rtol=1e-3)),
                     "main loss of the prediction plus extra loss of this call")
        assert np.isclose(got, main + extra, rtol=1e-3), (
            f"{said} reports the loss {got:.4f}, wanted {main:.4f} + {extra:.4f}: {cause}.")
        told = {key: round(float(value), 4) for key, value in logs.items()}
        assert np.isclose(told.get("reconstruction_error", np.nan), extra / rate, rtol=1e-3), (
            f"{said} reports {told}, wanted also reconstruction_error: {extra / rate:.4f}, the "
            "mean error: assign a metric of that name to self, and update it in call.")
        gradient = (2 * rate / (size * inputs) * (h.T @ (h @ u + d - x)))
        moved = u - dense[kernels[2]].kernel.numpy()
        assert np.allclose(moved, 0.01 * gradient, rtol=1e-2, atol=1e-5), (
            f"{said} did not train the reconstruction layer by the gradient of the extra loss.")
        earlier += extra


for case in [(4, 3, 0.3, [5, 2])]:
    check_training(*case)
# BEGIN HIDDEN TESTS
for case in [(2, 5, 0.1, [1, 6, 3])]:
    check_training(*case)
# END HIDDEN TESTS

# %% exercise="reconstruction-loss" role="tests" points=1
# Exercise 8.4, tests 3 of 3: the metric.
def check_metric(inputs, width, rounds):
    name, rng = f"ReconstructingRegressor({width}, 0.5)", np.random.default_rng(inputs)
    net, other = (ReconstructingRegressor(width, 0.5) for _ in range(2))
    assert isinstance(net, keras.Model), f"{name} gave {type(net).__name__}, not a keras.Model."
    held = []
    for model in (net, other):
        model.build((None, inputs))
        held.append([m for m in model.metrics if m.name == "reconstruction_error"])
    assert len(held[0]) == 1, (
        f"{name} has the metrics {[m.name for m in net.metrics]}, wanted one with the name "
        "reconstruction_error: assign a keras.metrics.Mean to self.")
    dense = {tuple(d.kernel.shape): d for d in net._flatten_layers()
             if isinstance(d, layers.Dense) and d.built}
    kernels = [(inputs, width), (width, inputs)]
    assert set(kernels) <= set(dense), f"{name} lacks a layer; get the first cell to pass first."
    (w, b), (u, d) = (dense[k].get_weights() for k in kernels)
    for number, batches in enumerate(rounds, 1):
        held[0][0].reset_state()
        errors, means, seen, trained = [], [], 0.0, 0
        for size, training in batches:
            x = rng.normal(size=(size, inputs)).astype("float32") * (number + len(means)) * 2
            net(x, training=training)
            batch = ((np.maximum(x @ w + b, 0) @ u + d - x) ** 2).mean(axis=1)
            seen, trained = seen + training * batch.sum(), trained + training * size
            errors.extend(batch)
            means.append(batch.mean() if size else np.nan)
        got, wanted = float(held[0][0].result()), np.mean(errors)
        sizes = [size for size, _ in batches]
        said = f"after calls on batches of {sizes} examples the metric of {name}"
        likely = {"that is the mean of the batches' means; give it all errors": np.mean(means),
                  "the rate belongs to the loss, not to the metric": wanted / 2,
                  "calls in evaluation mode count, too": seen / max(trained, 1),
                  "that is the last batch alone": means[-1], "it was not updated": 0.0}
        cause = next((c for c, v in likely.items() if np.isclose(got, v, rtol=1e-3)),
                     "examples of before the reset count no more" if number > 1 else
                     "it is the mean of the errors of all examples")
        if np.isnan(got):
            cause = "the mean of an empty batch is NaN; give the metric the errors, not their mean"
        assert np.isclose(got, wanted, rtol=1e-3), (
            f"{said} is {got:.4f}, wanted {wanted:.4f}: {cause}.")
    silent = float(held[1][0].result())
    assert silent == 0.0, (
        f"calls of one {name} show in the metric of another: make the metric in __init__.")


for case in [(3, 4, [[(3, True), (1, True)], [(2, False), (5, True)]])]:
    check_metric(*case)
# BEGIN HIDDEN TESTS
for case in [(2, 6, [[(4, True), (0, True), (1, False)], [(0, True), (2, True), (3, True)]])]:
    check_metric(*case)
# END HIDDEN TESTS

# %% [markdown]
# ## From a graph to a class
#
# A graph is one path through a program, written down. That is why tools can read it, and it is also
# its limit. The next cell writes a graph in a loop whose length is a variable.
#
# **Predict**: zeros go into the finished graph. What comes out, and does it change when `repeats`
# does?

# %%
repeats = 3
x = keras.Input((2,))
one_more = layers.Dense(2, activation="relu", kernel_initializer="zeros", bias_initializer="ones")
h = x
for step in range(repeats):
    h = layers.Add(name=f"add_{step + 1}")([h, one_more(h)])
unrolled = keras.Model(inputs=x, outputs=h)
print(unrolled(np.zeros((1, 2))).numpy().tolist())
repeats = 0
print(unrolled(np.zeros((1, 2))).numpy().tolist())

# %%
print([layer.name for layer in unrolled.layers if "add" in layer.name])

# %% [markdown]
# The loop ran while the graph was written. The graph has three sums, and there is no loop in it. A
# question about numbers cannot even be asked, since the stand-in has none:

# %% tags=["raises-exception"]
if ops.sum(x) > 0:
    print("positive")

# %% [markdown]
# (What a layer does only in training is decided inside the layer, at each call: dropout works in a
# graph. What *you* do at the time of writing is decided for good.)
#
# So, at times, you have a graph and need a class: because a number of steps should become an
# argument, because you want a branch, or to set a breakpoint. The way there is always the same:
#
# 1. One attribute in the constructor for each *distinct* layer with weights. A layer that stands at
#    three places is one attribute.
# 2. One line in `call` for each node. Where nodes repeat, write the loop that they came from.
# 3. Take the layers over from the graph, so that the weights are the same variables and not equal
#    ones. They are built already.
# 4. Compare outputs on a few inputs.
#
# "The same variables" is more than the same numbers. **Predict** the last line.

# %%
shares = keras.Sequential([graph.get_layer("enter")])
copied = keras.Sequential([keras.Input((3,)), layers.Dense(4, activation="relu")])
copied.set_weights(hidden.get_weights())
rows = np.ones((1, 3), "float32")
print("equal at first: ", *(np.allclose(model(rows), hidden(rows)) for model in (shares, copied)))
hidden.get_layer("enter").bias.assign_add([1.0, 2.0, 3.0, 4.0])
print("after an update:", *(np.allclose(model(rows), hidden(rows)) for model in (shares, copied)))

# %% [markdown] exercise="functional-to-subclass" role="task"
# ## Exercise 8.5: rewrite a graph as a class
#
# *3 points*
#
# You are given a model that was written as a graph. It has three dense layers with the names
# `enter`, `shared` and `head`, of which `enter` and `shared` end in a ReLU of their own
# (`activation="relu"`). `shared` stands at *two* places:
#
# ```mermaid
# flowchart LR
#     x([x]) --> enter --> h0(["h0"])
#     h0 --> s1["shared"] --> p1(("+"))
#     h0 --> p1 --> h1(["h1"]) --> s2["shared"] --> p2(("+"))
#     h1 --> p2 --> h2(["h2"]) --> cat["concatenate h2, x"] --> head --> y([y])
#     x --> cat
# ```
#
# Write the class `Rewritten(graph)`, a `keras.Model`.
#
# - The constructor takes the three layers over from the graph, as `graph.get_layer(name)` finds
#   them: its weights are the graph's weights, the same 6 variables, and there are no others.
# - `model(x)` gives what `graph(x)` gives. `model(x, repeats=n)` applies `shared` and the sum `n`
#   times in place of 2, for `n` of 0 or more.
# - **In**: `x`, float32, shape `(batch, columns)`. **Out**: float32, shape `(batch, outputs)`. The
#   sizes are those of the given layers.
# - It is written in Python: the graph itself is neither called nor kept.
#
# (Here Keras and PyTorch differ: Keras writes such graphs with its functional API, PyTorch traces
# them. The rewriting is the same.)
#
# The three tests cells (1 point each) look at the weights, at the outputs, and at other numbers of
# repeats.

# %% [markdown] exercise="functional-to-subclass" role="hint"
# <details><summary>Hint 1</summary>
#
# Follow the four steps above. How many attributes are there, and how many of the lines of `call`
# can be a loop? What is given to `head` has the width of `shared` plus that of `x`.
#
# </details>

# %% [markdown] exercise="functional-to-subclass" role="hint"
# <details><summary>Hint 2</summary>
#
# Constructor: `self.enter = graph.get_layer("enter")`, and so on. `call(self, x, repeats=2)`: `h =
# self.enter(x)`; then, `repeats` times, `h = h + self.shared(h)`; then
# `self.head(ops.concatenate([h, x], axis=-1))`.
#
# </details>

# %% exercise="functional-to-subclass" role="solution"
class Rewritten(keras.Model):
    """The graph of the figure as a class; (batch, columns) to (batch, outputs)."""

    def __init__(self, graph: keras.Model, **kwargs) -> None:
        super().__init__(**kwargs)
        # BEGIN SOLUTION
        self.enter = graph.get_layer("enter")
        self.shared = graph.get_layer("shared")
        self.head = graph.get_layer("head")
        # END SOLUTION

    def call(self, x: tf.Tensor, repeats: int = 2) -> tf.Tensor:
        # BEGIN SOLUTION
        h = self.enter(x)
        for _ in range(repeats):
            h = h + self.shared(h)
        return self.head(ops.concatenate([h, x], axis=-1))
        # END SOLUTION


# %% exercise="functional-to-subclass" role="tests" points=1
# Exercise 8.5, tests 1 of 3: the same weights.
def check_weights(columns, width, outputs):
    x = keras.Input((columns,))
    h = layers.Dense(width, activation="relu", name="enter")(x)
    shared = layers.Dense(width, activation="relu", name="shared")
    for _ in range(2):
        h = layers.Add()([h, shared(h)])
    y = layers.Dense(outputs, name="head")(layers.Concatenate()([h, x]))
    graph = keras.Model(inputs=x, outputs=y)
    net = Rewritten(graph)
    assert isinstance(net, keras.Model), f"Rewritten(graph) gave {type(net).__name__}, no Model."
    net(np.ones((2, columns), "float32"))
    parts = list(net._flatten_layers())
    assert not any(part is graph or type(part) is type(graph) for part in parts), (
        "Rewritten(graph) holds the graph itself: take over its three layers only.")
    ours, found = {id(w) for w in graph.weights}, {id(w) for w in net.weights}
    cause = "take over each of the three layers, and nothing else"
    if len(found) == 6:
        cause = "equal numbers in other variables; take the layers over without copying them"
    elif len(found) == 8:
        cause = "there is a layer of its own for each use of shared; use one twice"
    elif len(found) == 0:
        cause = "assign the layers to self, so that Keras sees them"
    assert found == ours, (
        f"of the {len(found)} weights of Rewritten(graph) {len(found & ours)} are the graph's, "
        f"wanted its 6 and no others: {cause}.")


for case in [(3, 4, 2)]:
    check_weights(*case)
# BEGIN HIDDEN TESTS
for case in [(2, 3, 1)]:
    check_weights(*case)
# END HIDDEN TESTS

# %% exercise="functional-to-subclass" role="tests" points=1
# Exercise 8.5, tests 2 of 3: the same outputs, without the graph.
def check_outputs(columns, width, outputs, batch):
    x, rng, runs = keras.Input((columns,)), np.random.default_rng(width), []

    class Counted(layers.Concatenate):
        def call(self, inputs):
            runs.append(1)
            return super().call(inputs)

    enter = layers.Dense(width, activation="relu", name="enter")
    shared = layers.Dense(width, activation="relu", name="shared")
    head, h = layers.Dense(outputs, name="head"), enter(x)
    for _ in range(2):
        h = layers.Add()([h, shared(h)])
    graph = keras.Model(inputs=x, outputs=head(Counted(name="join")([h, x])))
    for w in graph.weights:
        w.assign(rng.normal(size=w.shape))
    values = rng.normal(size=(batch, columns)).astype("float32")
    net = Rewritten(graph)
    held, runs[:] = any(type(p) is Counted for p in net._flatten_layers()), []
    y = net(values)
    assert isinstance(y, tf.Tensor) and tuple(y.shape) == (batch, outputs) and (
        y.dtype == tf.float32), (
        f"Rewritten(graph)(x) gave {type(y).__name__} of shape {np.shape(y)}, wanted a float32 "
        f"tensor of shape ({batch}, {outputs}).")
    whole = any(type(part) is type(graph) for part in net._flatten_layers())
    assert not whole and (held or not runs), (
        "Rewritten(graph)(x) called the graph: write its steps in Python.")
    (w, b), (v, c), (u, d) = (layer.get_weights() for layer in (enter, shared, head))

    def run(times=2, skip=1, swap=False):
        h = np.maximum(values @ w + b, 0)
        for _ in range(times):
            h = skip * h + np.maximum(h @ v + c, 0)
        return np.hstack([values, h] if swap else [h, values]) @ u + d

    likely = {"shared is used once, wanted twice": run(times=1), "the sums are lost": run(skip=0),
              "x comes first in the concatenation; h2 goes first": run(swap=True)}
    got, wanted = y.numpy(), run()
    cause = next((c for c, v in likely.items() if np.allclose(got, v, rtol=1e-4, atol=1e-4)),
                 "write one line for each node of the figure")
    row = np.abs(got - wanted).max(axis=1).argmax()
    assert np.allclose(got, wanted, rtol=1e-4, atol=1e-4), (
        f"Rewritten(graph)(x) gave {got[row].round(2)} in row {row}, the graph "
        f"{wanted[row].round(2)}: {cause}.")


for case in [(3, 4, 2, 5)]:
    check_outputs(*case)
# BEGIN HIDDEN TESTS
for case in [(5, 2, 3, 4), (2, 3, 1, 1)]:
    check_outputs(*case)
# END HIDDEN TESTS

# %% exercise="functional-to-subclass" role="tests" points=1
# Exercise 8.5, tests 3 of 3: other numbers of repeats, and steps on the graph's weights.
def check_repeats(columns, width, outputs, numbers):
    x, rng = keras.Input((columns,)), np.random.default_rng(columns)
    enter = layers.Dense(width, activation="relu", name="enter")
    shared = layers.Dense(width, activation="relu", name="shared")
    head, h = layers.Dense(outputs, name="head"), enter(x)
    for _ in range(2):
        h = layers.Add()([h, shared(h)])
    graph = keras.Model(inputs=x, outputs=head(layers.Concatenate()([h, x])))
    net, values = Rewritten(graph), rng.normal(size=(4, columns)).astype("float32")
    assert isinstance(net, keras.Model), f"Rewritten(graph) gave {type(net).__name__}, no Model."

    def run(times):
        (w, b), (v, c), (u, d) = (layer.get_weights() for layer in (enter, shared, head))
        h = np.maximum(values @ w + b, 0)
        for _ in range(times):
            h = h + np.maximum(h @ v + c, 0)
        return np.hstack([h, values]) @ u + d

    for n in numbers:  # each time with other weights, as after a training step
        for w in graph.weights:
            w.assign(rng.normal(size=w.shape) / 2)
        said = f"Rewritten(graph)(x, repeats={n})"
        with tf.GradientTape() as tape:
            y = net(values, repeats=n)
            assert isinstance(y, tf.Tensor) and tuple(y.shape) == (4, outputs), (
                f"{said} gave {type(y).__name__}, wanted a tensor of shape (4, {outputs}).")
            total = ops.sum(ops.square(y))
        got, wanted = y.numpy(), run(n)
        cause = "get the cells above to pass first; then, apply the same step that often"
        if np.allclose(got, run(2), rtol=1e-4, atol=1e-4):
            cause = "that is 2 repeats, whatever was asked for"
        row = np.abs(got - wanted).max(axis=1).argmax()
        assert np.allclose(got, wanted, rtol=1e-4, atol=1e-4), (
            f"{said} gave {got[row].round(2)} in row {row}, wanted {wanted[row].round(2)}: "
            f"{cause}.")
        kernels = {"enter": enter.kernel, "shared": shared.kernel, "head": head.kernel}
        gradients = zip(kernels, tape.gradient(total, list(kernels.values())))
        missing = [k for k, g in gradients if g is None and (n or k != "shared")]
        assert not missing, f"the gradient of {said} does not reach {missing} of the graph."


for case in [(3, 4, 2, [2, 1, 3])]:
    check_repeats(*case)
# BEGIN HIDDEN TESTS
for case in [(2, 3, 4, [0, 5, 2])]:
    check_repeats(*case)
# END HIDDEN TESTS

# %% [markdown]
# ## PyTorch and Keras side by side
#
# | idea | PyTorch | Keras 3 |
# |---|---|---|
# | a model is | any `nn.Module` | a `keras.Model`: a layer with `fit`, `predict`, `save` |
# | chain | `nn.Sequential` | `keras.Sequential` |
# | graph | `fx.symbolic_trace`, from a class | `keras.Model(inputs, outputs)` |
# | class | `nn.Module` with `forward` | `keras.Model` with `call` |
# | the graph knows | steps | steps and shapes |
# | hidden values | cut the graph; a hook | `keras.Model(inputs, layer.output)` |
# | several inputs | arguments of `forward` | a list or dictionary of inputs |
# | several outputs | return a dictionary | the same; `compile` takes losses by its keys |
# | losses of several heads | add them yourself | `loss_weights` in `compile` |
# | loss from inside | an attribute, or part of the output | `self.add_loss(value)` |
# | it is added to the main loss | by you | by `fit` |
# | metric from inside | counters of your own | a `keras.metrics.Mean` as an attribute |
# | picks columns | `x[:, [2, 0]]` | `ops.take(x, [2, 0], axis=-1)` |
# | empty batch | a mean of it is NaN | the same; `ops.add` of two of them raises |
# | to save a class whole | state dict and the code | `get_config` and the code |

# %% [markdown]
# ## Summary
#
# - A model is the block that is trained, saved and handed over as a whole. Write it as a chain if
#   it is one, as a graph if its wiring is fixed, as a class if it needs Python.
# - A residual block adds its input to what its layers make of it; the gradient always has the way
#   past the layers. A sum broadcasts, so see that both sides have one shape.
# - A block that is applied several times has one set of weights; a new block for each place has its
#   own.
# - Several inputs are a list, several heads a dictionary of outputs. Their losses are added, with
#   weights, and a shared layer learns from all of them.
# - A topology is an assumption: what is not in its hypothesis space cannot be learned, what all of
#   it has in common need not be.
# - A loss from inside belongs to one call; `add_loss` sees to that, and `fit` adds it once. A
#   metric is over all examples since the reset: give it the errors, not their mean.
# - A `build` builds every layer inside, and a model that is to be saved whole has a `get_config`.
# - A graph is one path, frozen: loops are unrolled. To rewrite it as a class, take over its layers
#   and write its nodes as lines.

# %% [markdown]
# ## Where to read on
#
# - [The functional API](https://keras.io/guides/functional_api/), the guide to graphs in Keras.
# - [Making new layers and models via subclassing](https://keras.io/guides/making_new_layers_and_models_via_subclassing/),
#   with `add_loss`, and [`keras.Model`](https://keras.io/api/models/model/), the reference page.
# - [`torch.fx`](https://docs.pytorch.org/docs/stable/fx.html), how PyTorch gets graphs out of
#   classes.
# - K. He and others, [Deep Residual Learning for Image Recognition](https://arxiv.org/abs/1512.03385),
#   2015, and H.-T. Cheng and others,
#   [Wide & Deep Learning for Recommender Systems](https://arxiv.org/abs/1606.07792), 2016.
# - A. Géron, *Hands-On Machine Learning*, chapters 10 (several inputs and outputs) and 12 (losses
#   and metrics from inside a model).
# - F. Chollet, *Deep Learning with Python*, chapter 3, on topologies and hypothesis spaces.
#
# Next: lesson 09 writes models to files and reads them back.
