# %% [markdown]
# # Blocks
#
# Networks with hundreds of layers are written in a few dozen lines, because nobody writes them
# layer by layer. They are made of *blocks*: pieces of network that are written once, used many
# times, and put together into larger blocks. In this lesson you build blocks from the ground up,
# starting with a dense layer and ending with a factory that stacks any block as often as you like.
#
# **Afterwards you can**
#
# - say what happens when a block is called, and why you write `call` but never call it;
# - write a block of your own, and tell which of its attributes the framework will train and save;
# - write the container that chains blocks, repeated blocks included;
# - keep a constant in a block so that it is saved with it and never trained;
# - use loops and branches in a forward pass that also work where Keras traces a graph;
# - build large blocks from small ones: nested, side by side, and from a factory.
#
# **Time**: about 50 minutes. **You need**: lessons 01 (tensors) and 02 (automatic differentiation).
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
# ## From layers to blocks
#
# A *block* takes inputs, holds parameters and gives outputs. A dense layer is a block. A ReLU is
# one too, although it has no parameters to hold. Put some blocks in a row and the row is a block
# again, with inputs, parameters and outputs of its own. So is the whole network.
#
# ```mermaid
# flowchart LR
#     x([input]) --> hidden
#     subgraph net ["the network: a block"]
#         direction LR
#         subgraph body ["its body: a block"]
#             direction LR
#             hidden["dense 20 → 256"] --> relu["ReLU"]
#         end
#         relu --> output["dense 256 → 10"]
#     end
#     output --> y([output])
# ```
#
# In Keras every block is a `keras.Layer`, from the smallest to the largest. The name is narrower
# than the thing. There is also `keras.Model`, and one text on Keras says that `Dense` is a model.
#
# **Predict**: which of these three are layers, and which are models?

# %%
print("            layer   model")
for kind in (layers.Dense, layers.ReLU, keras.Sequential):
    is_layer, is_model = issubclass(kind, keras.Layer), issubclass(kind, keras.Model)
    print(f"{kind.__name__:11} {is_layer!s:7} {is_model}")
print("every model is a layer:", issubclass(keras.Model, keras.Layer))

# %% [markdown]
# **Then and now.** "`Dense` is a `Model`" has it the wrong way round. Every model is a layer: one
# that can do more. It has `fit`, which trains it, `predict`, which runs it over data in batches,
# and `save`. Derive from `keras.Layer` for a block that will be a part of something, from
# `keras.Model` for the thing that you train and save whole.
#
# ### A chain of layers
#
# `keras.Sequential` makes a block out of other blocks by running them one after the other. The next
# cell builds the network of the figure, a *multilayer perceptron* (MLP), and gives it a batch of
# two examples. The 256 values between its two dense layers are neither input nor output: they are
# its *hidden layer*, and each of them is a *hidden unit*.
#
# **Predict**: which shape comes out, and how many numbers does the network hold as parameters,
# before the call and after it?

# %% listing="S0-01 S3-01"
net = keras.Sequential(
    [
        layers.Dense(256, name="hidden"),
        layers.ReLU(name="relu"),
        layers.Dense(10, name="output"),
    ]
)
batch = ops.ones((2, 20))
print("before:", sum(w.value.numpy().size for w in net.weights))
print("output:", tuple(net(batch).shape))
print("after: ", net.count_params())

# %% [markdown]
# Each example has become 10 numbers. The parameters are a weight matrix of 20 · 256 numbers and 256
# biases, then one of 256 · 10 numbers and 10 biases.
#
# Nowhere does the code say 20. A Keras layer makes its weights (Keras calls all parameters
# *weights*, biases included) when it meets its first input, and learns the width from that: it is
# *built*. Before, there is nothing to count. (Lesson 06 is about this wait. Until then: call a
# block once before you look at its weights.)
#
# From then on the network can list them, because a block knows the blocks that it is made of.

# %%
for layer in net.layers:
    for w in layer.weights:
        print(f"{layer.name:7} {w.name:7} {tuple(w.shape)!s:10} {w.numpy().size:5}")

# %% [markdown]
# ### Anatomy of a dense layer
#
# Keras calls the weight matrix the *kernel*. The one that takes 20 numbers to 256 has shape
# `(20, 256)`: one column per output. A dense layer computes $y = x W + b$, and the next cell does
# so by hand. The bias has one entry per output; broadcasting adds it to every row of the batch.

# %% listing="S4-03"
dense = layers.Dense(2)
rows = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], "float32")
dense(rows)  # builds it
print("bias at the start:", dense.bias.numpy())

dense.kernel.assign([[1.0, 0.0], [0.0, -1.0], [2.0, 1.0]])
dense.bias.assign([10.0, 20.0])
print("by hand:", (rows @ dense.kernel.numpy() + dense.bias.numpy()).tolist())
print("layer:  ", dense(rows).numpy().tolist())

# %% [markdown]
# **Then and now.** One handbook says of dense layers that the output is two-dimensional, and that
# the bias starts with the same random scheme as the kernel. Neither holds. The bias started at zero
# above, and a dense layer acts on the last axis and leaves all leading axes as they are. (PyTorch
# draws the bias at random too. Lesson 05 is about choosing these yourself.)
#
# **Predict** the shape.

# %%
print(tuple(dense(ops.ones((4, 5, 3))).shape))

# %% [markdown]
# There must be at least one leading axis, though. A single vector is refused:

# %% tags=["raises-exception"]
layers.Dense(2, name="two_outputs")(ops.ones((3,)))

# %% [markdown]
# ### What a call does besides computing
#
# The computation of a block, its *forward pass*, is in its method `call`, yet you have seen no call
# of `call`: we wrote `net(batch)`. Calling a block runs `keras.Layer.__call__`, which does its
# bookkeeping and then runs `call`. Here is a block that speaks up when one of its methods runs.
#
# **Predict**: what does each of the three uses print?

# %%
class Doubler(keras.Layer):
    """Double the input, and say what happens."""

    def build(self, input_shape):
        print("  build: the input has shape", input_shape)

    def call(self, x):
        kind = "tensor" if isinstance(x, tf.Tensor) else "NumPy array"
        print(f"  call:  the input is a {kind} of type {x.dtype.name}")
        return 2 * x


numbers = np.array([[1.0, 2.0, 3.0]])  # NumPy's default is float64
doubler = Doubler()
print("doubler(numbers):")
doubler(numbers)
print("doubler(numbers) again:")
doubler(numbers)
print("Doubler().call(numbers):")
y = Doubler().call(numbers)

# %% [markdown]
# The call turned the array into a tensor of the block's own type, float32, and ran `build`, but
# only the first time: that is where layers make their weights. Without the call, `call` got what
# the caller had, and nothing was built.
#
# A call also tells the blocks inside whether the network is being trained. A dropout layer, which
# sets a random part of its input to zero, does so in training only:

# %%
noisy = keras.Sequential([layers.Dropout(0.5)])
many = ops.ones((1, 1000))
print("zeros in a plain call:               ", bool(ops.any(noisy(many) == 0)))
print("zeros in a call with training=True:  ", bool(ops.any(noisy(many, training=True) == 0)))

# %% [markdown]
# **Then and now.** Texts like to say that `net(x)` is short for `net.call(x)`. The numbers are
# often the same, and still the sentence is wrong.
#
# **Predict** what `built` says in the two cases.

# %%
def two_layers():
    return keras.Sequential([layers.Dense(4), layers.Dense(2)])


called, bypassed = two_layers(), two_layers()
print("same shape:", called(batch).shape == bypassed.call(batch).shape)
print("net(x):      built is", called.built)
print("net.call(x): built is", bypassed.built)

# %% [markdown]
# A network that does not count as built will not tell its number of parameters. And a layer that
# makes its own weights does not get as far as that:

# %%
for what, attempt in {
    "bypassed.count_params()": lambda: bypassed.count_params(),
    "Dense(2).call(batch)": lambda: layers.Dense(2).call(batch),
}.items():
    try:
        attempt()
    except (ValueError, AttributeError) as error:
        print(what, "raises", type(error).__name__)

# %% [markdown]
# So there are two rules, and they mirror each other. **Write `call`, not `__call__`**: a block that
# defines `__call__` itself has thrown the bookkeeping away, and nothing says so. **Call the block,
# not `call`.**

# %%
class Shortcut(keras.Layer):
    def __call__(self, x):
        return 2 * x


shortcut = Shortcut()
y = shortcut(numbers)
print("a tensor:", isinstance(y, tf.Tensor), " built:", shortcut.built)

# %% [markdown]
# ## A block of your own
#
# A chain cannot express everything. Suppose that a block should let through a part of each input,
# and should learn how large a part: $y = x \cdot \mathrm{sigmoid}(\mathrm{dense}(x))$. The input is
# used twice, so this is no chain. You write a class with two methods: the constructor makes what
# the block holds, `call` says what it does.

# %% listing="S4-01"
class Gate(keras.Layer):
    """Let through a learned part of each input; (..., width) to (..., width)."""

    def __init__(self, width):
        super().__init__()
        self.dense = layers.Dense(width)

    def call(self, x):
        return x * ops.sigmoid(self.dense(x))


gate = Gate(4)
print(tuple(gate(ops.ones((2, 4))).shape))
print([w.name for w in gate.weights])

# %% [markdown]
# There is nothing to write for the gradient: the tape records what `call` does. And nobody told the
# block about its weights. It found them because of one assignment, `self.dense = …`.
#
# ### What assignment registers
#
# `keras.Layer` watches the assignments to `self`, looks at each value, and keeps a register of
# those that it knows.
#
# **Predict**: which of these seven attributes bring something into `weights`, the record of what is
# saved?

# %%
class Shelf(keras.Layer):
    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(1, use_bias=False, name="dense")
        self.spare = [layers.Dense(1, use_bias=False, name="dense_in_a_list")]
        self.named = {"key": layers.Dense(1, use_bias=False, name="dense_in_a_dictionary")}
        self.scale = self.add_weight(shape=(1,), name="scale")
        self.shift = ops.ones((1,))
        self.offset = tf.Variable([1.0], name="offset")
        out_of_sight = layers.Dense(1, use_bias=False, name="dense_in_a_function")
        self.function = lambda x: out_of_sight(x)

    def call(self, x):
        parts = [self.dense, *self.spare, *self.named.values(), self.function]
        return sum(part(x) for part in parts) * self.scale + self.shift + self.offset


shelf = Shelf()
shelf(ops.ones((1, 2)))
for w in shelf.weights:
    print(w.path.removeprefix(shelf.name + "/"))

# %% [markdown]
# Layers are registered, alone or inside a list, a tuple or a dictionary; so is what `add_weight`
# makes. The plain tensor, the raw `tf.Variable` and the layer that only a function can reach are
# ordinary attributes: you can use them in `call`, but they are neither trained nor saved. The next
# two sections come back to that.
#
# The register is made by `super().__init__()`. **Predict**: is a missing line noticed when the
# block is constructed, or when it is called?

# %% tags=["raises-exception"]
class Forgetful(keras.Layer):
    def __init__(self):
        self.dense = layers.Dense(1)

    def call(self, x):
        return self.dense(x)


forgetful = Forgetful()
print("constructed")
forgetful(ops.ones((1, 2)))

# %% [markdown]
# (PyTorch raises as soon as the layer is assigned.)
#
# Why make the layers in the constructor, and not in `call`, where they are used? The block below
# makes its layer where it uses it.
#
# **Predict**: how many weights does it show? Are the outputs of two calls on the same input the
# same?

# %%
class Amnesic(keras.Layer):
    def call(self, x):
        return layers.Dense(1)(x)


amnesic = Amnesic()
example = ops.ones((1, 3))
print("same output twice:", np.array_equal(amnesic(example), amnesic(example)))
print("weights:", len(amnesic.weights))

# %% [markdown]
# Each call draws a new layer and forgets it. There is nothing that could be trained. What should
# last from call to call is made once, in the constructor (or in `build`, which also runs once).
#
# ### Then and now: saved, but not loaded
#
# A whole model goes into a file with `model.save("name.keras")`. The books show models whose
# constructor takes nothing but `self`. Here is one, and its twin with `**kwargs`.
#
# **Predict**: both can be saved. Which can be loaded?

# %%
class Plain(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(2)

    def call(self, x):
        return self.dense(x)


class Loadable(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = layers.Dense(2)

    def call(self, x):
        return self.dense(x)


def save_and_load(model):
    """Save a model to a .keras file and load it again; None if that fails."""
    kind = type(model)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        model.save(path)
        try:
            return keras.saving.load_model(path, custom_objects={kind.__name__: kind})
        except TypeError as error:
            print(f"{kind.__name__}: {str(error).splitlines()[-1]}")


for model in (Plain(), Loadable()):
    y = model(batch)
    loaded = save_and_load(model)
    if loaded is not None:
        print(f"{type(model).__name__}: loaded, same outputs: {np.allclose(loaded(batch), y)}")

# %% [markdown]
# The file holds a *configuration*, from which Keras makes the model anew before it fills in the
# weights. `trainable` and `dtype` are in every configuration and belong to the base class: take
# `**kwargs` and hand them up.
#
# What about arguments of your own? **Predict** the two numbers.

# %%
class Wide(keras.Model):
    def __init__(self, units=8, **kwargs):
        super().__init__(**kwargs)
        self.units = units


class WideWithConfig(Wide):
    def get_config(self):
        return {**super().get_config(), "units": self.units}


print("without get_config:", Wide(units=16).get_config()["units"])
print("with get_config:   ", WideWithConfig(units=16).get_config()["units"])

# %% [markdown]
# Left to itself, a model records the *default* and not what you passed. Write `get_config` for
# every model that takes arguments and is to be saved whole. (Lesson 09 is about saving; the
# exercises of this lesson save weights only.)
#
# ### Why the activation sits between the layers
#
# An MLP is dense, ReLU, dense. The ReLU is its *activation*: a function without parameters that
# acts on each value by itself. Why does it stand there, between the layers? A network with one
# input can be drawn. We take six hidden units and set their weights by hand, so that unit $i$
# changes sign at a place of our choosing. Then we run the same two layers with the ReLU between
# them, without it, and with the ReLU after both.
#
# **Predict**: what do the three curves look like?

# %%
grid = np.linspace(-3, 3, 601, dtype="float32").reshape(-1, 1)
first, last = layers.Dense(6), layers.Dense(1)
last(first(grid))  # builds both
signs = np.array([[1.0, 1.0, 1.0, 1.0, -1.0, -1.0]])
sign_changes = np.array([-2.2, -1.3, -0.4, 0.5, 1.3, 2.1])
first.set_weights([signs, -signs[0] * sign_changes])
last.set_weights([np.array([[-2.5], [2.7], [-2.2], [2.5], [-2.7], [2.0]]), np.array([2.0])])

curves = {
    "dense, ReLU, dense": last(ops.relu(first(grid))),
    "dense, dense": last(first(grid)),
    "dense, dense, ReLU": ops.relu(last(first(grid))),
}
fig, axes = plt.subplots(1, 3, figsize=(10, 3), sharey=True, layout="constrained")
for axis, (title, curve) in zip(axes, curves.items()):
    axis.plot(grid, curve, linewidth=2)
    axis.set(title=title, xlabel="input")
    for place in sign_changes:
        axis.axvline(place, color="0.8", linewidth=1, zorder=0)
axes[0].set_ylabel("output")
plt.show()

# %% [markdown]
# With the ReLU in between, the curve bends at each grey line, where one hidden unit is switched on
# or off; more units, more bends. Without it the two layers give a straight line, whatever their
# weights. A ReLU after both cuts that line off at zero: it adds a single bend, and as the last
# thing in the network it forbids negative outputs.
#
# The straight line is no accident of our weights. Two dense layers in a row are one dense layer:
#
# $$(x W_1 + b_1) W_2 + b_2 = x\,(W_1 W_2) + (b_1 W_2 + b_2)$$

# %%
slope = (first.kernel.numpy() @ last.kernel.numpy()).item()
intercept = (first.bias.numpy() @ last.kernel.numpy() + last.bias.numpy()).item()
line = slope * grid + intercept
print(f"one layer: slope {slope:.2f}, intercept {intercept:.2f}")
print("same as dense, dense:", np.allclose(line, curves["dense, dense"], atol=1e-4))

# %% [markdown] exercise="mlp" role="task"
# ## Exercise 3.1: an MLP of your own
#
# *3 points*
#
# Write the block `MLP(num_hidden, num_outputs)`: a dense layer, a ReLU, a dense layer.
#
# - **In**: `x`, float32, shape `(batch, num_inputs)`; the width `num_inputs` is whatever the first
#   call brings. **Out**: float32, shape `(batch, num_outputs)`.
# - Both dense layers are `layers.Dense` with a bias. The first gives `num_hidden` values; the ReLU
#   acts on those; the second gives the output, and nothing comes after it.
# - The kernels and biases of these two layers are the block's only weights: four arrays, there as
#   soon as the first call is done, all trainable, and reached by the gradient.
# - Every `MLP` has weights of its own.
#
# Names of attributes are up to you. The first tests cell (2 points) looks at what the block
# computes, the second (1 point) at its weights in training and in a second instance.

# %% [markdown] exercise="mlp" role="hint"
# <details><summary>Hint 1</summary>
#
# Follow `Gate`: what must last from call to call is made in `__init__` and assigned to `self`;
# `call` only uses it.
#
# </details>

# %% [markdown] exercise="mlp" role="hint"
# <details><summary>Hint 2</summary>
#
# The constructor makes `layers.Dense(num_hidden)` and `layers.Dense(num_outputs)`. In `call`, pass
# `x` through the first, the result through `ops.relu`, and that through the second. (Instead of
# `ops.relu` the first layer may have `activation="relu"`.)
#
# </details>

# %% exercise="mlp" role="solution" listing="S0-02 S3-02 S3-03"
class MLP(keras.Layer):
    """Dense, ReLU, dense: (batch, num_inputs) float32 to (batch, num_outputs) float32."""

    def __init__(self, num_hidden: int, num_outputs: int) -> None:
        super().__init__()
        # BEGIN SOLUTION
        self.hidden = layers.Dense(num_hidden)
        self.output_layer = layers.Dense(num_outputs)
        # END SOLUTION

    def call(self, x: tf.Tensor) -> tf.Tensor:
        # BEGIN SOLUTION
        return self.output_layer(ops.relu(self.hidden(x)))
        # END SOLUTION


# %% exercise="mlp" role="tests" points=2
# Exercise 3.1, tests 1 of 2: what an MLP computes.
def check_mlp(inputs, hidden, outputs, batch):
    name = f"MLP({hidden}, {outputs})"
    rng = np.random.default_rng(inputs)
    x = rng.normal(size=(batch, inputs)).astype("float32")
    net = MLP(hidden, outputs)
    assert isinstance(net, keras.Layer), (
        f"{name} gave an object of type {type(net).__name__}, wanted a keras.Layer.")
    called = f"{name}(x) for x of shape ({batch}, {inputs})"
    y = net(x)
    assert isinstance(y, tf.Tensor), f"{called} gave a {type(y).__name__}, wanted a tensor."
    assert tuple(y.shape) == (batch, outputs), (
        f"{called} gave shape {tuple(y.shape)}, wanted ({batch}, {outputs}): the first argument is "
        "the width of the hidden layer, the second that of the output.")
    assert y.dtype == tf.float32, f"{called} gave {y.dtype.name}, wanted float32."
    wanted_shapes = [(inputs, hidden), (hidden,), (hidden, outputs), (outputs,)]
    shapes = sorted(tuple(w.shape) for w in net.weights)
    assert len(shapes) > 0, (
        f"{name} has no weights after a call, wanted 4: a layer made inside call is new each time "
        "and forgotten; make the layers in __init__ and assign each of them to self.")
    assert shapes == sorted(wanted_shapes) and len(net.trainable_weights) == 4, (
        f"{name} after a call on {inputs} columns has weights of shapes {shapes}, "
        f"{len(net.trainable_weights)} of them trainable, wanted {sorted(wanted_shapes)}: two "
        "layers.Dense with a bias each, one of width num_hidden and one of width num_outputs.")

    weights = {tuple(w.shape): w for w in net.weights}
    for w in net.weights:
        w.assign(rng.normal(size=w.shape))
    y = np.asarray(net(x), "float64")
    w1, b1, w2, b2 = (weights[s].numpy().astype("float64") for s in wanted_shapes)
    h = x @ w1 + b1
    wanted = np.maximum(h, 0) @ w2 + b2
    linear = h @ w2 + b2
    likely = {
        "there is no activation between the two layers": linear,
        "an activation acts on the output, where nothing should": np.maximum(wanted, 0),
        "the ReLU acts on the output and not between the layers": np.maximum(linear, 0),
        "the ReLU acts on the input and not on the hidden layer": (
            np.maximum(x, 0) @ w1 + b1) @ w2 + b2,
    }
    cause = next((c for c, v in likely.items() if np.allclose(y, v, rtol=1e-4, atol=1e-4)),
                 "compute dense, ReLU, dense and nothing after, with the layers made in __init__")
    assert np.allclose(y, wanted, rtol=1e-4, atol=1e-4), (
        f"{called} gave {y[0].round(3)} in its first row, its weights say {wanted[0].round(3)}: "
        f"{cause}.")


for sizes in [(5, 7, 3, 6)]:
    check_mlp(*sizes)
# BEGIN HIDDEN TESTS
for sizes in [(3, 8, 6, 9), (6, 2, 4, 1)]:
    check_mlp(*sizes)
# END HIDDEN TESTS

# %% exercise="mlp" role="tests" points=1
# Exercise 3.1, tests 2 of 2: an MLP is trained, and shares nothing with other MLPs.
def check_training(inputs, hidden, outputs):
    name = f"MLP({hidden}, {outputs})"
    net, second = MLP(hidden, outputs), MLP(hidden, outputs)
    assert isinstance(net, keras.Layer) and isinstance(second, keras.Layer), (
        f"{name} gave an object of type {type(net).__name__}, wanted a keras.Layer.")
    x = np.ones((2, inputs), "float32")
    net(x), second(x)
    mine, theirs = net.trainable_weights, second.trainable_weights
    assert len(mine) == 4 and len(theirs) == 4, (
        f"two {name} have {len(mine)} and {len(theirs)} trainable weights after a call, wanted 4 "
        "each: make both layers in __init__ and assign them to self.")
    common = len({id(w) for w in mine} & {id(w) for w in theirs})
    assert common == 0, (
        f"two {name} share {common} weights, wanted none: layers kept in the class, in a default "
        "argument or in a global are made once for all instances. Make them in __init__.")

    for w in mine:
        w.assign(np.full(w.shape, 0.5))
    for step in (1, 2):
        with tf.GradientTape() as tape:
            y = net(x)
            assert isinstance(y, tf.Tensor), (
                f"{name}(x) gave a {type(y).__name__}, wanted a tensor.")
            loss = ops.sum(y * y)
        gradients = tape.gradient(loss, mine)
        reached = sum(g is not None for g in gradients)
        assert reached == 4, (
            f"in training step {step} {reached} of the 4 weights of {name} have a gradient, wanted "
            "all: no NumPy and no stop_gradient in call, and nothing made anew there.")
        for w, gradient in zip(mine, gradients):
            w.assign_sub(0.001 * gradient)
    assert len(net.weights) == 4, (
        f"after three calls {name} has {len(net.weights)} weights, wanted 4.")


for sizes in [(4, 6, 2)]:
    check_training(*sizes)
# BEGIN HIDDEN TESTS
for sizes in [(1, 3, 5)]:
    check_training(*sizes)
# END HIDDEN TESTS

# %% [markdown]
# ## A container of your own
#
# `keras.Sequential` is a block like any other: a register of blocks, and a `call` that loops over
# them. You will now write one. First, some things about the register that are worth knowing.
#
# ### A list is a registry, the keys of a dictionary are not
#
# `Average` returns the mean of what its members return, an *ensemble*. The class does not care what
# kind of collection it is given.
#
# **Predict**: how many weight arrays do the three ensembles show?

# %%
class Average(keras.Layer):
    def __init__(self, members):
        super().__init__()
        self.members = members

    def call(self, x):
        return ops.mean(ops.stack([member(x) for member in self.members]), axis=0)


a, b, c, d, e, f = (layers.Dense(1) for _ in range(6))
ensembles = {
    "in a list": Average([a, b]),
    "in a tuple": Average((c, d)),
    "as dictionary keys": Average({e: "first", f: "second"}),
}
for kind, ensemble in ensembles.items():
    y = ensemble(ops.ones((3, 2)))
    print(f"{kind:19} output {tuple(y.shape)}, {len(ensemble.weights)} weight arrays")

# %% [markdown]
# All three can be called, and give outputs of the same shape. But Keras looks at the *values* of a
# dictionary, not at its keys: a larger network with the last ensemble inside would train everything
# but the ensemble, and save everything but the ensemble. Nothing raises. Count the weights of every
# container that you write.
#
# There are also names to avoid. `weights`, `losses` and `metrics` are taken, in a `keras.Model`
# also `layers`, and using one is an error. `_layers` is taken too, for the register itself, and
# overwriting it is no error.
#
# **Predict**: are members that are kept there trained? Are they saved? (The `keras.Input` in front
# says how wide the input is, so that the weights are there without a call.)

# %%
class AverageInRegister(keras.Layer):
    def __init__(self, members):
        super().__init__()
        self._layers = members

    def call(self, x):
        return ops.mean(ops.stack([member(x) for member in self._layers]), axis=0)


x = np.random.default_rng(0).normal(size=(3, 2)).astype("float32")
for kind in (Average, AverageInRegister):
    original, copy = (
        keras.Sequential([keras.Input((2,)), kind([layers.Dense(1), layers.Dense(1)])])
        for _ in range(2)
    )
    with tempfile.TemporaryDirectory() as folder:
        original.save_weights(Path(folder) / "kept.weights.h5")
        copy.load_weights(Path(folder) / "kept.weights.h5")
    print(f"{kind.__name__}: {len(original.weights)} weight arrays,", end=" ")
    print("same outputs after loading:", np.allclose(original(x), copy(x)))

# %% [markdown]
# Trained yes, saved no, and not a word from Keras at loading.
#
# ### Then and now: a container that loads empty
#
# The well-known listing gives its container a starred argument, `__init__(self, *blocks)`, and its
# text calls the result "the same as Sequential". As to the computation, it is. Here is the idea in
# a smaller model, which adds to its input what each of its members makes of it.
#
# **Predict**: saved whole and loaded again, which of the two gives the same outputs as before?

# %%
class Starred(keras.Model):
    def __init__(self, *members):
        super().__init__()
        self.members = members

    def call(self, x):
        return x + sum(member(x) for member in self.members)


class StarredWithKwargs(keras.Model):
    def __init__(self, *members, **kwargs):
        super().__init__(**kwargs)
        self.members = members

    def call(self, x):
        return x + sum(member(x) for member in self.members)


def compare(model, x):
    """Say what became of a model that was saved and loaded."""
    y = model(x)
    loaded = save_and_load(model)
    if loaded is not None:
        print(f"{type(model).__name__}: loaded with {len(loaded.members)} members,", end=" ")
        print("same outputs:", np.allclose(loaded(x), y), end=", ")
        print("gives its input back:", np.allclose(loaded(x), x))


compare(Starred(layers.Dense(2), layers.Dense(2)), x)
compare(StarredWithKwargs(layers.Dense(2), layers.Dense(2)), x)

# %% [markdown]
# The first is saved without complaint and cannot be loaded. The second is worse: it loads, without
# a word, as a container with nothing in it. A configuration is a dictionary of named arguments, and
# starred arguments have no names.
#
# Today's form takes one *list*, and says itself how its members get into the configuration and out
# again. Registering the class does away with `custom_objects`.

# %%
@keras.saving.register_keras_serializable(package="blocks")
class Listed(keras.Model):
    def __init__(self, members, **kwargs):
        super().__init__(**kwargs)
        self.members = list(members)

    def call(self, x):
        return x + sum(member(x) for member in self.members)

    def get_config(self):
        members = [keras.saving.serialize_keras_object(member) for member in self.members]
        return {**super().get_config(), "members": members}

    @classmethod
    def from_config(cls, config):
        members = [keras.saving.deserialize_keras_object(member) for member in config["members"]]
        return cls(**{**config, "members": members})


compare(Listed([layers.Dense(2), layers.Dense(2)]), x)

# %% [markdown]
# The exercise keeps the star, which is handier to write, and asks only that the *weights* can be
# saved and loaded.

# %% [markdown] exercise="own-sequential" role="task"
# ## Exercise 3.2: your own Sequential
#
# *3 points*
#
# Write the container `OwnSequential(*blocks)`, without using `keras.Sequential`.
#
# - **In**: whatever the first block takes. **Out**: what the last block returns.
# - A call runs the blocks in the order given: the first on the input, each other one on what the
#   block before it returned. Each block is *called* (`block(x)`), so that it is built and told
#   whether it is training. Gradients flow back through all of them, to the input.
# - Without any blocks the container returns its input.
# - The container holds the blocks themselves, not copies. Their weights are the container's
#   weights, so that whoever holds the container can train and save them.
# - The weights file of one model with an `OwnSequential` in it (`save_weights`) loads into another
#   one made from blocks of the same kinds and sizes.
# - The same block may be given more than once. It then runs as often as it was given, at those
#   places, and its weights count once in `weights`. Different blocks may have the same name.
#
# The three tests cells (1 point each) look at what the container holds, at the order in which it
# runs the blocks, and at a block that is repeated.

# %% [markdown] exercise="own-sequential" role="hint"
# <details><summary>Hint 1</summary>
#
# There are two jobs. The constructor must get the blocks into the register: which kinds of
# attribute does Keras look into, and which of them keep an order and may hold a thing twice? `call`
# must carry one value from block to block, and without blocks that value is the input.
#
# </details>

# %% [markdown] exercise="own-sequential" role="hint"
# <details><summary>Hint 2</summary>
#
# `self.blocks = list(blocks)` registers each block at its place, repeated or not. In `call`, rebind
# `x` in a loop: `for block in self.blocks: x = block(x)`. Return `x` after the loop.
#
# </details>

# %% exercise="own-sequential" role="solution" listing="S0-03 S3-04"
class OwnSequential(keras.Layer):
    """Chain blocks in the order given; the same block may appear twice."""

    def __init__(self, *blocks: keras.Layer) -> None:
        super().__init__()
        # BEGIN SOLUTION
        self.blocks = list(blocks)
        # END SOLUTION

    def call(self, x: tf.Tensor) -> tf.Tensor:
        # BEGIN SOLUTION
        for block in self.blocks:
            x = block(x)
        return x
        # END SOLUTION


# %% exercise="own-sequential" role="tests" points=1
# Exercise 3.2, tests 1 of 3: what the container holds, and the weights file.
def check_held(*widths):
    x = np.random.default_rng(3).normal(size=(4, widths[0])).astype("float32")
    blocks = [layers.Dense(width) for width in widths[1:]]
    name = f"OwnSequential({', '.join(f'Dense({width})' for width in widths[1:])})"
    try:
        chain = OwnSequential(*blocks)
        assert isinstance(chain, keras.Layer), (
            f"{name} gave a {type(chain).__name__}, wanted a keras.Layer.")
        y = chain(x)
    except AttributeError as error:
        what = str(error).split("[1m")[-1].split("[0m")[0].strip(" .\x1b")[:120]
        raise AssertionError(f"{name}, or its call, raised AttributeError ({what}): " + (
            "Keras has an attribute of that name; give yours another." if "reserved" in what else
            "write block(x), which builds the block; block.call(x) does not.")) from None
    assert isinstance(y, tf.Tensor), f"{name}(x) gave {type(y).__name__}, wanted a tensor."
    assert not any(isinstance(part, keras.Sequential) for part in chain._flatten_layers()), (
        f"{name} has a keras.Sequential inside; the task is to do its work yourself.")
    held = {id(w) for w in chain.weights}
    theirs = {id(w) for block in blocks for w in block.weights}
    assert len(held) > 0, (
        f"{name} has no weights after a call, wanted {2 * len(blocks)}: Keras does not see blocks "
        "that are dictionary keys or that only a function can reach; assign a list of them to "
        "self.")
    assert held == theirs, (
        f"{name} has {len(held)} weights after a call, {len(held & theirs)} of them those of the "
        "blocks it was given: it must hold the blocks themselves, and not copies.")
    original, copy = (
        keras.Sequential([keras.Input((widths[0],)), OwnSequential(*map(layers.Dense, widths[1:]))])
        for _ in range(2))
    with tempfile.TemporaryDirectory() as folder:
        original.save_weights(Path(folder) / "chain.weights.h5")
        try:
            copy.load_weights(Path(folder) / "chain.weights.h5")
        except ValueError:
            raise AssertionError(
                f"the weights file of a model with {name} does not load into another one: "
                "attributes must have the same names in every instance (places, say, not names of "
                "layers).") from None
    assert np.allclose(original(x), copy(x), rtol=1e-4, atol=1e-4), (
        f"the weights file of a model with {name} was loaded into another one, whose outputs then "
        "differ: the blocks are not in the file. Are they in an attribute that belongs to Keras, "
        "such as _layers?")


for widths in [(3, 5, 2)]:
    check_held(*widths)
# BEGIN HIDDEN TESTS
for widths in [(2, 4, 4, 1)]:
    check_held(*widths)
# END HIDDEN TESTS

# %% exercise="own-sequential" role="tests" points=1
# Exercise 3.2, tests 2 of 3: every block once, in order, as a call.
def check_order(*steps):
    def scaling(step):
        return layers.Rescaling(float(step[0]), offset=float(step[1]))

    name = f"OwnSequential({', '.join(f'x * {f} + {o}' for f, o in steps)})"
    x = np.random.default_rng(3).normal(size=(4, 3)).astype("float32")
    chain = OwnSequential(*map(scaling, steps))
    assert isinstance(chain, keras.Layer), f"{name} gave a {type(chain).__name__}, not a layer."
    with tf.GradientTape() as tape:
        tape.watch(start := tf.constant(x))
        y = chain(start)
    assert not any(isinstance(part, keras.Sequential) for part in chain._flatten_layers()), (
        f"{name} has a keras.Sequential inside; the task is to do its work yourself.")
    assert isinstance(y, tf.Tensor) and tuple(y.shape) == x.shape, (
        f"{name}(x) gave {type(y).__name__} of shape {np.shape(y)}, wanted a tensor of {x.shape}.")

    def run(steps):
        value = x
        for factor, offset in steps:
            value = factor * value + offset
        return value

    likely = {"each block got the input, not what the block before it returned": run(steps[-1:]),
              "the blocks ran in reversed order": run(steps[::-1]),
              "only the first block ran": run(steps[:1])}
    cause = next((c for c, v in likely.items() if np.allclose(y, v, atol=1e-4)),
                 "run all blocks, once each, in the order given")
    assert np.allclose(y, run(steps), atol=1e-4), (
        f"{name}(x) turned {x[0, 0]:.2f} into {y[0, 0]:.2f}, wanted {run(steps)[0, 0]:.2f}: "
        f"{cause}.")
    assert tape.gradient(y, start) is not None, (
        f"no gradient flows back through {name} to its input: no NumPy, no stop_gradient in call.")


check_order((2, 0), (1, 3))
chain, ones = OwnSequential(layers.ReLU(), layers.Dropout(0.5)), np.ones((8, 50), "float32")
plain, training = chain(ones), chain(ones, training=True)
assert np.all(np.asarray(plain) == 1) and np.any(np.asarray(training) == 0), (
    "OwnSequential(ReLU(), dropout) must drop nothing in a plain call, and something in a call "
    "with training=True: write block(x), since block.call(x) skips what a call does.")
# BEGIN HIDDEN TESTS
check_order((1, 1), (3, 0), (1, -2), (-1, 0))
try:
    same = OwnSequential()(np.array([[1.0, -2.0]], "float32"))
except Exception as error:
    raise AssertionError(f"OwnSequential()(x), a container without blocks, raised "
                         f"{type(error).__name__} ({str(error)[:99]}), wanted x back.") from None
assert isinstance(same, tf.Tensor) and np.array_equal(same, [[1.0, -2.0]]), (
    "OwnSequential()(x), a container without blocks, must give x back.")
nested = OwnSequential(OwnSequential(layers.Dropout(0.5)))
nested = nested(np.ones((8, 50), "float32"), training=True)
assert np.any(np.asarray(nested) == 0), (
    "OwnSequential(OwnSequential(dropout))(x, training=True) did not reach the dropout inside.")
# END HIDDEN TESTS

# %% exercise="own-sequential" role="tests" points=1
# Exercise 3.2, tests 3 of 3: the same block twice.
def check_repeated(pattern):
    """Chain the blocks that the letters stand for: d is one Dense(3), t is a tanh."""
    x, rng = np.array([[0.5, -1.0, 2.0]], "float32"), np.random.default_rng(7)
    dense = layers.Dense(3)
    dense.build((None, 3))
    dense.set_weights([rng.normal(size=(3, 3)), rng.normal(size=3)])
    blocks = {"d": dense, "t": layers.Activation("tanh")}
    name = f"OwnSequential({', '.join({'d': 'dense', 't': 'tanh'}[c] for c in pattern)})"
    chain = OwnSequential(*(blocks[c] for c in pattern))
    assert isinstance(chain, keras.Layer), (
        f"{name} gave a {type(chain).__name__}, not a keras.Layer.")
    y = chain(x)
    assert isinstance(y, tf.Tensor) and tuple(y.shape) == (1, 3), (
        f"{name}(x) gave {type(y).__name__} of shape {np.shape(y)}, wanted a tensor of (1, 3).")
    held = {id(w) for w in chain.weights}
    assert held == {id(w) for w in dense.weights}, (
        f"{name} has {len(held)} weights, wanted the 2 of dense: a repeated block is one block, "
        "registered and not copied.")

    def run(pattern):
        value, w, b = x.astype("float64"), dense.kernel.numpy(), dense.bias.numpy()
        for c in pattern:
            value = value @ w + b if c == "d" else np.tanh(value)
        return value

    dropped = [run(dict.fromkeys(pattern)), run([*dict.fromkeys(pattern[::-1])][::-1])]
    cause = "a repeated block runs at each of the places where it was given, and nowhere else"
    if any(np.allclose(y, value, rtol=1e-4, atol=1e-4) for value in dropped):
        cause = ("the repeated block was dropped; sets, and dictionaries with blocks or their "
                 "names as keys, keep one of each")
    assert np.allclose(y, run(pattern), rtol=1e-4, atol=1e-4), (
        f"{name}(x) gave {np.round(y[0], 3)}, wanted {run(pattern)[0].round(3)}: {cause}.")


for pattern in ["dtd"]:
    check_repeated(pattern)
# BEGIN HIDDEN TESTS
for pattern in ["dd", "tddtdt"]:
    check_repeated(pattern)
twins = [layers.Rescaling(2.0, name="twin"), layers.Rescaling(1.0, offset=1.0, name="twin")]
assert np.allclose(OwnSequential(*twins)(np.full((1, 2), 2.0, "float32")), 5.0), (
    "OwnSequential(a, b), where a and b are different blocks of one name, must run both: nothing "
    "makes names unique.")
# END HIDDEN TESTS

# %% [markdown]
# ## Constants in the forward pass
#
# Not every tensor in a block should be trained. The mean of the training data, a table of
# positions, a random projection that stays as it was drawn: such constants take part in the
# computation and are left alone by the *optimizer*, which takes the steps of training. Where to
# keep them?
#
# ### Weight, fixed weight, plain attribute
#
# **Predict**: the block below keeps an array in each of five ways. Fill in this table with yes and
# no before you run the cell that prints it.
#
# | kept as | saved? | trained? |
# |---|---|---|
# | `self.add_weight(…)` | | |
# | `self.add_weight(…, trainable=False)` | | |
# | `keras.Variable(…, trainable=False)` | | |
# | `tf.Variable(…)` | | |
# | plain attribute | | |

# %%
class Keeper(keras.Layer):
    def __init__(self):
        super().__init__()
        self.weight = self.add_weight(shape=(1,), initializer="ones")
        self.fixed = self.add_weight(shape=(1,), initializer="ones", trainable=False)
        self.variable = keras.Variable([1.0], trainable=False)
        self.raw = tf.Variable([1.0])
        self.plain = ops.ones((1,))


keeper = Keeper()
answer = {True: "yes", False: "no"}
saved = {id(w) for w in keeper.weights}
trained = {id(w) for w in keeper.trainable_weights}
print("kept as   saved  trained")
for name in ("weight", "fixed", "variable", "raw", "plain"):
    tensor = getattr(keeper, name)
    print(f"{name:9} {answer[id(tensor) in saved]:6} {answer[id(tensor) in trained]}")

# %% [markdown]
# `add_weight` with `trainable=False` is the home of a constant: saved, not trained. A
# `keras.Variable` does the same job and starts from a value that you have already. A raw
# `tf.Variable` is one that Keras does not know. A plain attribute is right for things that are no
# part of the state, such as a width or a limit, and wrong for arrays that the outputs depend on.
#
# ### Then and now: the constant that was not saved
#
# The well-known listing keeps its random constant in a plain attribute. As long as one works with
# one and the same object, all is well. So let us save the weights and load them into a second one.
#
# **Predict**: loading raises no error. Will the copy give the same outputs?

# %%
class PlainMix(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(3)
        self.mix = keras.random.uniform((3, 3))

    def call(self, x):
        return self.dense(x) @ self.mix


def same_after_loading(original, copy, x):
    """Load the weights of one model into the other; tell whether their outputs agree."""
    original(x), copy(x)
    with tempfile.TemporaryDirectory() as folder:
        original.save_weights(Path(folder) / "mix.weights.h5")
        copy.load_weights(Path(folder) / "mix.weights.h5")
    return np.allclose(original(x), copy(x))


probe = ops.ones((2, 3))
print("same outputs:", same_after_loading(PlainMix(), PlainMix(), probe))

# %% [markdown]
# The dense layer has arrived, and the copy computes something else: the constant was not in the
# file, and each object has drawn its own.
#
# Today's form is `add_weight`, with an initialiser for the values. The constant is then reached as
# `self.mix`, as before.

# %%
class SavedMix(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(3)
        uniform = keras.initializers.RandomUniform(0.0, 1.0)
        self.mix = self.add_weight(shape=(3, 3), initializer=uniform, trainable=False)

    def call(self, x):
        return self.dense(x) @ self.mix


print("same outputs:", same_after_loading(SavedMix(), SavedMix(), probe))

# %% [markdown]
# Why the two numbers in `RandomUniform(0.0, 1.0)`? There is also a short form, the name in quotes.
#
# **Predict** the range of the values that it draws.

# %%
values = keras.initializers.get("random_uniform")((10_000,))
print(f'"random_uniform" draws from {ops.min(values):.2f} to {ops.max(values):.2f}')

# %% [markdown]
# ### One layer, used twice
#
# A layer may be used at two places in one `call`. The two uses share one kernel and one bias, and
# their gradient is the sum of what both contribute. The smallest case has a single weight $w$ and
# no bias: $y = w \cdot (w \cdot x)$.
#
# **Predict** $y$ and the derivative of $y$ with respect to $w$, at $w = 3$ and $x = 1$.

# %%
times_w = layers.Dense(1, use_bias=False, kernel_initializer=keras.initializers.Constant(3.0))
one = ops.ones((1, 1))
with tf.GradientTape() as tape:
    y = times_w(times_w(one))
(gradient,) = tape.gradient(y, times_w.trainable_weights)
print("y:", y.numpy().item(), " dy/dw:", gradient.numpy().item(), " weights:", len(times_w.weights))

# %% [markdown]
# $y = w^2 x$, and its derivative $2wx = 6$ has a 3 from each use. The tape adds them up for you.
#
# How do you know how often a layer is used? Not from the weights. One edition of the listing that
# this section is about says in its text that the dense layer is reused, while its code calls the
# layer once. Below are two blocks with the same promise in their docstrings.
#
# **Predict**: how do their parameter counts compare, and how often is `dense` called?

# %%
class CountingDense(layers.Dense):
    """A dense layer that counts its calls."""

    calls = 0

    def call(self, x):
        self.calls += 1
        return super().call(x)


class Twice(keras.Layer):
    """Use one dense layer twice."""

    def __init__(self):
        super().__init__()
        self.dense = CountingDense(4)

    def call(self, x):
        return self.dense(ops.tanh(self.dense(x)))


class SaysTwice(Twice):
    """Use one dense layer twice (or so it says)."""

    def call(self, x):
        return ops.tanh(self.dense(x))


for block in (Twice(), SaysTwice()):
    block(ops.ones((1, 4)))  # builds it, for which Keras runs call a second time
    block.dense.calls = 0
    block(ops.ones((1, 4)))
    print(f"{type(block).__name__:9} {block.count_params()} parameters,", end=" ")
    print("calls of dense:", block.dense.calls)

# %% [markdown] exercise="fixed-weight-mlp" role="task"
# ## Exercise 3.3: a fixed weight
#
# *3 points*
#
# Write the block `FixedWeightMLP(width)`. It has one dense layer, `layers.Dense(width)` with a
# bias, and one constant matrix `C`, and computes
#
# $$h = \mathrm{dense}(x), \qquad r = \mathrm{relu}(h\,C + 1), \qquad y = \mathrm{dense}(r)$$
#
# - **In** and **out**: float32, shape `(batch, width)`.
# - `dense` is the *same* layer both times. Its kernel and bias are all that is trained.
# - `C` has shape `(width, width)`. It is drawn once, in `__init__` or in `build`, from the uniform
#   distribution on [0, 1); every instance draws its own, and a call never changes it.
# - `C` is saved: it is among the block's `weights`, stored the way round in which `h @ C` uses it.
#   It is the only weight there that is not trained.
# - Gradients flow back through the product with `C` into the first use of `dense`.
# - The block works inside a `keras.Sequential`, under `fit` too.
#
# The three tests cells (1 point each) look at what is stored, at what the block computes, and at
# training steps.

# %% [markdown] exercise="fixed-weight-mlp" role="hint"
# <details><summary>Hint 1</summary>
#
# Look at the table that `Keeper` printed: which rows say saved and not trained? And how many
# `layers.Dense` does the constructor make, if both uses are to be the same layer?
#
# </details>

# %% [markdown] exercise="fixed-weight-mlp" role="hint"
# <details><summary>Hint 2</summary>
#
# Constructor: one `layers.Dense(width)`, and a weight `self.C` from `self.add_weight` with
# `shape=(width, width)`, `initializer=keras.initializers.RandomUniform(0.0, 1.0)` and
# `trainable=False`. Call: call the layer on `x`; multiply by `self.C` from the right with `@`, add
# 1, apply `ops.relu`; call the same layer on that.
#
# </details>

# %% exercise="fixed-weight-mlp" role="solution" listing="S0-04 S3-05"
class FixedWeightMLP(keras.Layer):
    """Dense, fixed random product and ReLU, the same dense again: (batch, width) to the same."""

    def __init__(self, width: int) -> None:
        super().__init__()
        # BEGIN SOLUTION
        self.dense = layers.Dense(width)
        uniform = keras.initializers.RandomUniform(0.0, 1.0)
        self.C = self.add_weight(shape=(width, width), initializer=uniform, trainable=False)
        # END SOLUTION

    def call(self, x: tf.Tensor) -> tf.Tensor:
        # BEGIN SOLUTION
        r = ops.relu(self.dense(x) @ self.C + 1)
        return self.dense(r)
        # END SOLUTION


# %% exercise="fixed-weight-mlp" role="tests" points=1
# Exercise 3.3, tests 1 of 3: what is stored.
def check_stored(width):
    name, block = f"FixedWeightMLP({width})", FixedWeightMLP(width)
    assert isinstance(block, keras.Layer), (
        f"{name} gave a {type(block).__name__}, wanted a keras.Layer.")
    x = np.random.default_rng(width).normal(size=(4, width)).astype("float32")
    y, again = block(x), block(x)
    assert np.shape(y) == x.shape and np.allclose(y, again, rtol=1e-4, atol=1e-4), (
        f"two calls of one {name} on the same x differ: C is drawn in call; draw it once, in "
        "__init__.")
    trained = sorted(tuple(w.shape) for w in block.trainable_weights)
    fixed = block.non_trainable_weights
    assert trained.count((width,)) < 2, (
        f"{name} trains weights of shapes {trained}, wanted one kernel and one bias: there are two "
        "dense layers, but the same layer should be used twice.")
    assert trained.count((width, width)) < 2, (
        f"{name} trains {trained.count((width, width))} matrices, wanted only the kernel of dense: "
        "C is trainable. add_weight gives a weight that is trained unless told trainable=False.")
    assert trained == [(width,), (width, width)], (
        f"{name} trains weights of shapes {trained}, wanted {[(width,), (width, width)]}: one "
        "layers.Dense(width) with a bias, assigned to self in __init__.")
    assert len(fixed) == 1 and tuple(fixed[0].shape) == (width, width), (
        f"{name} has {len(fixed)} weights that are not trained, wanted C alone: a plain attribute "
        "(tensor, array, tf.Variable) is not saved; add_weight(..., trainable=False) is for that.")
    return fixed[0].numpy()


small, *drawn = [check_stored(width) for width in (3, 40, 40)]
assert all(0 <= c.min() < 0.1 and 0.9 < c.max() <= 1 and 0.4 < c.mean() < 0.6 for c in drawn), (
    f"C of FixedWeightMLP(40) runs from {drawn[0].min():.2f} to {drawn[0].max():.2f}, mean "
    f"{drawn[0].mean():.2f}: wanted a draw from the uniform distribution on [0, 1), as by "
    "RandomUniform(0.0, 1.0); without the two numbers the range is another.")
assert not np.array_equal(*drawn), (
    "two FixedWeightMLP(40) have the same C: every instance draws its own, without a fixed seed.")
# BEGIN HIDDEN TESTS
unused = check_stored(width=5)
# END HIDDEN TESTS

# %% exercise="fixed-weight-mlp" role="tests" points=1
# Exercise 3.3, tests 2 of 3: what is computed.
def check_output(width, batch):
    name, rng = f"FixedWeightMLP({width})", np.random.default_rng(width)
    block = FixedWeightMLP(width)
    assert isinstance(block, keras.Layer), (
        f"{name} gave a {type(block).__name__}, wanted a keras.Layer.")
    x = rng.normal(size=(batch, width)).astype("float32")
    block(x)
    shapes = sorted((w.trainable, tuple(w.shape)) for w in block.weights)
    assert shapes == [(False, (width, width)), (True, (width,)), (True, (width, width))], (
        f"the weights of {name} have (trained, shape) {shapes}; get the first tests cell to pass "
        "first.")
    for v in block.weights:
        v.assign(rng.normal(size=v.shape) if v.trainable else rng.uniform(size=v.shape))
    y = block(x)
    assert isinstance(y, tf.Tensor) and tuple(y.shape) == x.shape and y.dtype == tf.float32, (
        f"{name}(x) gave {type(y).__name__} of shape {np.shape(y)}, wanted a float32 tensor of "
        f"{x.shape}.")
    b, w = (v.numpy() for v in sorted(block.trainable_weights, key=lambda v: len(v.shape)))
    c, y = block.non_trainable_weights[0].numpy(), y.numpy()
    h = x @ w + b

    def rest(a):
        return np.maximum(a, 0) @ w + b

    wanted = rest(h @ c + 1)
    likely = {"the + 1 is missing": rest(h @ c), "C is transposed": rest(h @ c.T + 1),
              "dense is used once, and should be used twice": np.maximum(h @ c + 1, 0),
              "the first use of dense is missing": rest(x @ c + 1),
              "the ReLU is missing": (h @ c + 1) @ w + b,
              "the ReLU comes before the product with C": rest(np.maximum(h, 0) @ c + 1),
              "the 1 is added after the ReLU": (np.maximum(h @ c, 0) + 1) @ w + b}
    cause = next((t for t, v in likely.items() if np.allclose(y, v, rtol=1e-3, atol=1e-3)),
                 "compute dense, h @ C + 1 with the C of block.weights, ReLU, dense")
    assert np.allclose(y, wanted, rtol=1e-3, atol=1e-3), (
        f"{name}(x) gave {y[0].round(3)} in its first row, wanted {wanted[0].round(3)}: {cause}.")


for width, batch in [(3, 4)]:
    check_output(width, batch)
# BEGIN HIDDEN TESTS
for width, batch in [(5, 1)]:
    check_output(width, batch)
# END HIDDEN TESTS

# %% exercise="fixed-weight-mlp" role="tests" points=1
# Exercise 3.3, tests 3 of 3: two training steps, and the block as part of a graph.
def check_steps(width, batch):
    name, rng = f"FixedWeightMLP({width})", np.random.default_rng(width)
    block, x = FixedWeightMLP(width), rng.normal(size=(batch, width)).astype("float32")
    assert isinstance(block, keras.Layer), f"{name} gave a {type(block).__name__}, not a layer."
    block(x)
    shapes = sorted((w.trainable, tuple(w.shape)) for w in block.weights)
    assert shapes == [(False, (width, width)), (True, (width,)), (True, (width, width))], (
        f"the weights of {name} have (trained, shape) {shapes}, wanted a trained kernel and bias "
        "and a C that is not trained. Get the first tests cell to pass first.")
    bias, kernel = sorted(block.trainable_weights, key=lambda w: len(w.shape))
    constant = block.non_trainable_weights[0]
    for w in block.weights:
        w.assign(rng.uniform(size=w.shape) if w is constant else rng.normal(size=w.shape))
    kept = constant.numpy()
    for step in (1, 2):
        w, b, c = (v.numpy().astype("float64") for v in (kernel, bias, constant))
        with tf.GradientTape() as tape:
            loss = ops.sum(block(x))
        gradients = tape.gradient(loss, [kernel, bias])
        assert all(g is not None for g in gradients), (
            f"step {step}: the kernel or bias of dense in {name} has no gradient: no NumPy and no "
            "stop_gradient in call.")
        a, ones, got = (x @ w + b) @ c + 1, np.ones(x.shape), gradients[0].numpy()
        second_use = np.maximum(a, 0).T @ ones
        wanted = second_use + x.T @ ((ones @ w.T * (a > 0)) @ c.T)
        cut = np.allclose(got, second_use, rtol=1e-3, atol=1e-3)
        assert np.allclose(got, wanted, rtol=1e-3, atol=1e-3), (
            f"step {step}: the gradient of the kernel of {name} begins {got[0].round(3)}, wanted "
            f"{wanted[0].round(3)}: " + (
                "only the second use of dense counts; the product with C is cut off (stop_gradient "
                "or NumPy)." if cut else "do both uses of dense go through one layer?"))
        kernel.assign_sub(0.01 * gradients[0])
        bias.assign_sub(0.01 * gradients[1])

    try:
        model = keras.Sequential([keras.Input((width,)), block])
        graph = tf.function(model)(x)  # as fit and predict do
    except Exception as error:
        raise AssertionError(
            f"keras.Sequential([keras.Input(({width},)), {name}]) raised {type(error).__name__}: "
            "there call gets symbolic tensors, without numbers; compute with ops alone.") from None
    assert np.allclose(graph, block(x), rtol=1e-3, atol=1e-3), (
        f"in a Sequential that runs as a graph {name} gives other outputs than alone.")
    assert np.array_equal(constant.numpy(), kept), (
        f"training changed C of {name}: it stays as drawn.")


for width, batch in [(3, 4)]:
    check_steps(width, batch)
# BEGIN HIDDEN TESTS
for width, batch in [(6, 2)]:
    check_steps(width, batch)
# END HIDDEN TESTS

# %% [markdown]
# ## Python control flow in the forward pass
#
# ### Branches and loops
#
# `call` is ordinary Python. It may look at the numbers and decide what to do next. The tape records
# what was done, so the gradient belongs to the path that was taken.
#
# `Doubled` doubles its input until its largest entry reaches a goal.
#
# **Predict** the output for the entries 1 and 3 and the goal 20, and the gradient of each output
# entry with respect to its input entry.

# %%
class Doubled(keras.Layer):
    """Double the input until its largest entry, which is above 0, reaches the goal."""

    def __init__(self, goal):
        super().__init__()
        self.goal = goal

    def call(self, x):
        while ops.max(x) < self.goal:
            x = 2.0 * x
        return x


x = tf.constant([[1.0, 3.0]])
with tf.GradientTape() as tape:
    tape.watch(x)
    y = Doubled(20.0)(x)
print("output:  ", y.numpy().tolist())
print("gradient:", tape.gradient(y, x).numpy().tolist())

# %% [markdown]
# Three doublings, and a gradient of $2^3$: the tape knows the three products, and nothing of the
# loop.
#
# ### Then and now: a loop that Keras cannot trace
#
# The well-known listing calls its loop once, as above, and then nests the block in a Sequential.
#
# **Predict**: which of these three uses of the block work?

# %%
class Holder(keras.Model):
    """Hold one block."""

    def __init__(self, block):
        super().__init__()
        self.block = block

    def call(self, x):
        return self.block(x)


def in_sequential(block):
    return keras.Sequential([keras.Input((2,)), block])


def report(what, use):
    """Print what a use of a block gives, or the kind of error that it raises."""
    try:
        print(f"{what:15}", use())
    except TypeError as error:
        print(f"{what:15}", "raises", type(error).__name__)


report("called:", lambda: Doubled(20.0)(x).numpy().tolist())
report("in predict:", lambda: Holder(Doubled(20.0)).predict(x, verbose=0).tolist())
report("in Sequential:", lambda: in_sequential(Doubled(20.0)).output_shape)

# %% [markdown]
# Only the first. `predict`, `evaluate` and `fit` do not run `call` for every batch. They run it
# once (for each shape and type of input) on a *symbolic* tensor that has a shape and a type but no
# numbers, record the operations as a graph, and run the graph from then on. A Sequential that knows
# its input does so as well, to find its output shape. Python's `while` needs a number at that
# moment, and there is none.
#
# So the loop itself must become an operation of the graph. `ops.while_loop(cond, body, value)` is
# that operation: as long as `cond(value)` holds, it replaces `value` by `body(value)`.

# %%
class GraphDoubled(keras.Layer):
    """Double the input until its largest entry, which is above 0, reaches the goal."""

    def __init__(self, goal):
        super().__init__()
        self.goal = goal

    def call(self, x):
        return ops.while_loop(lambda x: ops.max(x) < self.goal, lambda x: 2.0 * x, x)


report("called:", lambda: GraphDoubled(20.0)(x).numpy().tolist())
report("in predict:", lambda: Holder(GraphDoubled(20.0)).predict(x, verbose=0).tolist())
report("in Sequential:", lambda: in_sequential(GraphDoubled(20.0)).output_shape)

# %% [markdown]
# Both functions must work with tensors alone, and the body must keep shape and type. (In PyTorch
# the plain `while` will do, since nothing is traced unless you ask for it.)
#
# The same holds for branches. A Python `if` is fine as long as it looks at something that is known
# without the numbers, such as a shape or a setting; `ops.cond` chooses by a number.
#
# **Predict**: which of these three can be part of a Sequential?

# %%
class PadToEven(keras.Layer):
    """Add a column of zeros if the number of columns is odd."""

    def call(self, x):
        if x.shape[-1] % 2 == 1:
            x = ops.pad(x, [[0, 0], [0, 1]])
        return x


class Flip(keras.Layer):
    """Change all signs if the sum of the batch is negative."""

    def call(self, x):
        if ops.sum(x) < 0:
            x = -x
        return x


class GraphFlip(keras.Layer):
    """Change all signs if the sum of the batch is negative."""

    def call(self, x):
        return ops.cond(ops.sum(x) < 0, lambda: -x, lambda: x)


for block in (PadToEven(), Flip(), GraphFlip()):
    report(f"{type(block).__name__}:", lambda: in_sequential(block).output_shape)

# %% [markdown] exercise="shrink" role="task"
# ## Exercise 3.4: halve until small
#
# *3 points*
#
# Write the block `Shrink(limit=1.0)`. It halves its input as often as is needed, and no more often,
# until the sum of the absolute values is at most `limit`, and returns the result.
#
# - **In**: `x`, finite numbers, float32, of any shape. **Out**: the same shape and dtype. `limit`
#   is a Python float above 0.
# - The sum runs over the whole of `x`, the batch axis included: one sum, and one number of halvings
#   for all entries.
# - A sum exactly at the limit is small enough. An input that is small enough comes back with its
#   values unchanged.
# - The caller's tensor or array keeps its values.
# - After *k* halvings the gradient of each output entry with respect to its input entry is
#   $2^{-k}$.
# - The block has no weights, and works as part of a `keras.Sequential` with a `keras.Input`, under
#   `predict` and `fit` too.
#
# The first tests cell (2 points) looks at values, the second (1 point) at gradients and at the
# block inside a Sequential.

# %% [markdown] exercise="shrink" role="hint"
# <details><summary>Hint 1</summary>
#
# The condition must be one number for the whole batch, and minus signs must not cancel plus signs.
# Follow `GraphDoubled`: what is its condition, what its body? Does your loop stop when the sum
# *equals* the limit?
#
# </details>

# %% [markdown] exercise="shrink" role="hint"
# <details><summary>Hint 2</summary>
#
# Keep `limit` in the constructor. Then go on as long as `ops.sum(ops.abs(x)) > self.limit`, with
# `x / 2` as the body, and return what `ops.while_loop` returns. The comparison does not take part
# in the gradient.
#
# </details>

# %% exercise="shrink" role="solution"
class Shrink(keras.Layer):
    """Halve x until its absolute values sum to at most limit; same shape and dtype."""

    def __init__(self, limit: float = 1.0) -> None:
        super().__init__()
        # BEGIN SOLUTION
        self.limit = limit
        # END SOLUTION

    def call(self, x: tf.Tensor) -> tf.Tensor:
        # BEGIN SOLUTION
        return ops.while_loop(lambda x: ops.sum(ops.abs(x)) > self.limit, lambda x: x / 2, x)
        # END SOLUTION


# %% exercise="shrink" role="tests" points=2
# Exercise 3.4, tests 1 of 2: the values that come back, and the caller's array.
def check_shrink(values, limit=None):
    name = "Shrink()" if limit is None else f"Shrink({limit})"
    block = Shrink() if limit is None else Shrink(limit)
    assert isinstance(block, keras.Layer), (
        f"{name} gave a {type(block).__name__}, wanted a keras.Layer.")
    x = np.array(values, "float32")
    y = block(x)
    called = f"{name}(x) for x = {values}"
    assert isinstance(y, tf.Tensor), f"{called} gave a {type(y).__name__}, wanted a tensor."
    before = np.array(values, "float64")
    assert tuple(y.shape) == before.shape and y.dtype == tf.float32, (
        f"{called} gave {y.dtype.name} of shape {tuple(y.shape)}, wanted float32 of {x.shape}.")
    assert np.array_equal(x, np.array(values, "float32")), (
        f"{called} changed the caller's array to {x.tolist()}.")

    limit, got = limit or 1.0, np.asarray(y, "float64")
    total, wanted, halvings = np.abs(before).sum(), before, 0
    while np.abs(wanted).sum() > limit:
        wanted, halvings = wanted / 2, halvings + 1
    rows = np.abs(before).sum(axis=-1, keepdims=True)
    by_row = np.ceil(np.log2(np.maximum(rows / limit, 1)))
    signed, size = (np.ceil(np.log2(max(s / limit, 1))) for s in (before.sum(), abs(before.sum())))
    likely = [
        ("it was halved once too often; a sum exactly at the limit is small enough", wanted / 2),
        ("the limit that was given was not used", before / 2**np.ceil(np.log2(max(total, 1)))),
        ("the signs cancelled in the sum; sum the absolute values", before / 2**signed),
        ("the signs cancelled in the sum; sum the absolute values", before / 2**size),
        ("it was halved at most once; halve as often as needed", before / 2),
        ("it was scaled to land on the limit; only halving is allowed",
         before * limit / (total or 1)),
        ("each row went by its own sum; there is one sum, over the batch", before / 2**by_row),
        ("nothing was halved", before),
    ]
    cause = next((c for c, v in likely if np.allclose(got, v, rtol=1e-5, atol=0)),
                 "compare the sum of all absolute values with the limit that was given")
    assert np.allclose(got, wanted, rtol=1e-5, atol=0), (
        f"{called} gave {got.round(5).tolist()}, wanted {wanted.round(5).tolist()} "
        f"({halvings} halvings): {cause}.")


for case in [([[3.0, -2.0], [-1.0, 0.5]],), ([0.5, -0.25, 0.25],), ([[4.0, 2.0, 2.0]], 4.0)]:
    check_shrink(*case)
# BEGIN HIDDEN TESTS
for case in [([[[7.0, -1.0]], [[-9.0, 4.0]], [[2.0, -0.5]]], 2.5), ([[0.2, -0.3]], 0.01),
             ([[5.0, -4.0], [0.0, 0.5]], 12.0), ([[0.0, 0.0]],), (-12.0, 5.0),
             ([[-6.0], [-5.0], [-4.0]], 4.0)]:
    check_shrink(*case)
# END HIDDEN TESTS

# %% exercise="shrink" role="tests" points=1
# Exercise 3.4, tests 2 of 2: the gradient, and the block where Keras traces a graph.
def check_gradient(values, limit):
    name = f"Shrink({limit})"
    block = Shrink(limit)
    assert isinstance(block, keras.Layer), f"{name} gave a {type(block).__name__}, not a layer."
    x, v = tf.constant(values), np.array(values)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = block(x)
        assert isinstance(y, tf.Tensor), f"{name}(x) gave a {type(y).__name__}, wanted a tensor."
    assert len(block.weights) == 0, f"{name} has weights, wanted none."
    gradient = tape.gradient(y, x)
    factor = 0.5 ** max(0, int(np.ceil(np.log2(np.abs(v).sum() / limit))))
    advice = "no stop_gradient, no NumPy, and nothing but halvings between x and the output"
    assert gradient is not None, f"{name}(x) has no gradient with respect to x: {advice}."
    assert np.allclose(gradient, factor, rtol=1e-5, atol=0), (
        f"the gradient of {name}(x) for x = {values} is {gradient.numpy().tolist()}, wanted "
        f"{factor} everywhere: {advice}.")

    what = f"keras.Sequential([keras.Input({v.shape[1:]}), Dense(3), {name}])"
    dense = layers.Dense(3)
    try:
        model = keras.Sequential([keras.Input(v.shape[1:]), dense, Shrink(limit)])
        run = tf.function(model)  # as predict and fit do
        run(x)
    except Exception as error:
        raise AssertionError(
            f"{what} raised {type(error).__name__}: there call gets a symbolic tensor without "
            "numbers, which Python's while and if, float() and NumPy need. Use ops.while_loop."
        ) from None
    kernel = np.array([[2.0, -3.0, 1.0]] * v.shape[1])
    dense.set_weights([kernel, np.full(3, 0.5)])
    for scale in (1.0, 10.0):
        with tf.GradientTape() as tape:
            total = ops.sum(run(scale * x))
        gradient = tape.gradient(total, dense.kernel)
        hidden = scale * v @ kernel + 0.5
        factor = 0.5 ** max(0, int(np.ceil(np.log2(np.abs(hidden).sum() / limit))))
        assert np.allclose(total, factor * hidden.sum(), rtol=1e-4, atol=1e-6), (
            f"run as a graph, {what} gave outputs with sum {float(total):.4g} for x = "
            f"{(scale * v).tolist()}, wanted {factor * hidden.sum():.4g}: the number of halvings "
            "must be found anew for each batch.")
        wanted = factor * scale * np.repeat(v.sum(0)[:, None], 3, axis=1)
        assert gradient is not None and np.allclose(gradient, wanted, rtol=1e-4, atol=1e-6), (
            f"run as a graph, {what} gives the kernel of the dense layer a wrong gradient: "
            f"{advice}.")


for values, limit in [([[3.0, -2.0], [-1.0, 0.5]], 1.0)]:
    check_gradient(values, limit)
# BEGIN HIDDEN TESTS
for values, limit in [([[1.5, 2.5, -7.0]], 0.3), ([[0.25, 0.5], [-1.0, 0.1]], 100.0)]:
    check_gradient(values, limit)
# END HIDDEN TESTS

# %% [markdown]
# ## Blocks of blocks
#
# ### Nesting
#
# Everything so far is a `keras.Layer`, your own classes as much as the built-in ones. They can be
# mixed and nested freely, and each container asks its parts for their weights in turn.
#
# **Predict**: how many parameters does this network have? A dense layer from $a$ to $b$ has
# $ab + b$, and a `Gate(4)` holds one from 4 to 4.

# %% listing="S0-05 S3-06"
mixed = keras.Sequential(
    [
        keras.Input((3,)),
        layers.Dense(4),
        keras.Sequential([Gate(4), layers.Activation("tanh")]),
        GraphDoubled(20.0),
        Holder(keras.Sequential([Gate(4), layers.Dense(2)])),
    ]
)
print("output:", mixed.output_shape)
print("parameters:", mixed.count_params())
print("weight arrays:", len(mixed.weights))

# %% [markdown]
# The first axis of the output is `None`: the size of the batch stays open. Four dense layers, at
# three depths, have two arrays each, and all of them are in `mixed.weights`. Had `Doubled` stood in
# the place of `GraphDoubled`, the network could not have been built at all.

# %% [markdown]
# ### Factories
#
# Deep networks repeat a block many times. Copying the line is tedious, so people multiply lists.
#
# **Predict**: a `Gate(4)` has 20 parameters. How many do three of them have?

# %%
multiplied = keras.Sequential([Gate(4)] * 3)
multiplied(ops.ones((1, 4)))
print("blocks:", len(multiplied.layers))
print("parameters:", multiplied.count_params())
print("first is third:", multiplied.layers[0] is multiplied.layers[2])

# %% [markdown]
# `[block] * 3` holds the same object three times: a network of depth three with the parameters of
# one. That may be what you want, and is called weight sharing. If it is not, you need the *recipe*
# for a block and not the block: a function that makes a new one each time it is called, a
# *factory*.

# %%
def make_gate():
    return Gate(4)


one, other = make_gate(), make_gate()
one(ops.ones((1, 4))), other(ops.ones((1, 4)))
print("same object:", one is other)
print("same weights:", np.array_equal(one.dense.kernel, other.dense.kernel))

# %% [markdown]
# Blocks also stand side by side. Networks that look at an image at several scales run the same
# input through several branches, and lay the results next to each other:
#
# ```mermaid
# flowchart LR
#     x([input]) --> a["left block"]
#     x --> b["right block"]
#     a --> join["concatenate on the last axis"]
#     b --> join
#     join --> y([output])
# ```
#
# In the last exercise you write both: the branches and the factory.

# %% [markdown] exercise="parallel" role="task"
# ## Exercise 3.5: side by side, and over again
#
# *4 points*
#
# Two pieces that larger networks are made of.
#
# **`Parallel(left, right)`** is a block that holds two blocks, gives its input to both, and
# concatenates what they return along the *last* axis, `left` first.
#
# - **In**: `x`, float32, rank 2 or more. **Out**: float32; if `left` returns `(..., a)` and `right`
#   returns `(..., b)`, the result is `(..., a + b)`.
# - Both blocks are *called* (`left(x)`), on the input as it came. Their weights are the weights of
#   the `Parallel`, and the gradient reaches all of them.
# - `left` and `right` may be one and the same block.
#
# **`repeat_block(make_block, n)`** is a function that returns a `keras.Sequential` of `n` blocks,
# for `n` of 1 or more.
#
# - `make_block` is a function without arguments that returns a new block each time.
# - `repeat_block` calls it exactly `n` times, and the result holds exactly the blocks that came
#   back, in the order in which they were made.
#
# The first two tests cells (1 point each) look at what `Parallel` holds and calls and at what it
# computes, the third (2 points) at `repeat_block`.

# %% [markdown] exercise="parallel" role="hint"
# <details><summary>Hint 1</summary>
#
# `Parallel`: assign both blocks to `self`, and call both on the same `x`. The last axis has a name
# that holds for every rank. `repeat_block`: how often does `[make_block()] * n` call `make_block`?
#
# </details>

# %% [markdown] exercise="parallel" role="hint"
# <details><summary>Hint 2</summary>
#
# `ops.concatenate([a, b], axis=-1)` concatenates along the last axis, whatever the rank. A list
# comprehension calls the factory anew for each entry, `[make_block() for _ in range(n)]`, and
# `keras.Sequential` takes the list.
#
# </details>

# %% exercise="parallel" role="solution"
class Parallel(keras.Layer):
    """Run two blocks on one input; (..., a) and (..., b) become (..., a + b), left first."""

    def __init__(self, left: keras.Layer, right: keras.Layer) -> None:
        super().__init__()
        # BEGIN SOLUTION
        self.left = left
        self.right = right
        # END SOLUTION

    def call(self, x: tf.Tensor) -> tf.Tensor:
        # BEGIN SOLUTION
        return ops.concatenate([self.left(x), self.right(x)], axis=-1)
        # END SOLUTION


def repeat_block(make_block: Callable[[], keras.Layer], n: int) -> keras.Sequential:
    """Chain n blocks, each from its own call of make_block."""
    # BEGIN SOLUTION
    return keras.Sequential([make_block() for _ in range(n)])
    # END SOLUTION


# %% exercise="parallel" role="tests" points=1
# Exercise 3.5, tests 1 of 3: what Parallel holds, and how it calls it.
def check_held(width):
    left, right = layers.Dense(width), layers.Dense(width)
    name, block = f"Parallel(Dense({width}), Dense({width}))", Parallel(left, right)
    assert isinstance(block, keras.Layer), (
        f"{name} gave a {type(block).__name__}, wanted a keras.Layer.")
    ones, dropout = np.ones((2, 4, 50), "float32"), layers.Dropout(0.5)
    try:
        for half in [Parallel(dropout, layers.ReLU()), Parallel(layers.ReLU(), dropout)]:
            assert not np.array_equal(half(ones, training=True), half(ones)), (
                "Parallel(dropout, relu)(x, training=True), or with both the other way round, must "
                "drop something: write left(x), since left.call(x) skips what a call does.")
        with tf.GradientTape() as tape:
            y = block(np.ones((2, 3, width), "float32"))
    except (ValueError, TypeError, AttributeError, tf.errors.InvalidArgumentError) as error:
        what = str(error).split("[1m")[-1].split("[0m")[0].split("}}")[-1].strip(" .\x1b")[:120]
        raise AssertionError(f"a Parallel raised {type(error).__name__} in its call ({what}): both "
                             "blocks get x, and ops.concatenate takes a list of what they return."
                             ) from None
    assert isinstance(y, tf.Tensor), f"{name}(x) gave a {type(y).__name__}, wanted a tensor."
    held, theirs = {id(w) for w in block.weights}, {id(w) for w in left.weights + right.weights}
    assert len(held) > 0, (
        f"{name} has no weights after a call, wanted 4: Keras does not see blocks that only a "
        "function can reach; assign both to self.")
    assert held == theirs and len(block.trainable_weights) == 4, (
        f"the weights of {name} are not the 4 of the blocks it was given: it must hold both "
        "blocks, and no copies.")
    reached = sum(g is not None for g in tape.gradient(y, block.trainable_weights))
    assert reached == 4, (
        f"the gradient reached {reached} of the 4 weights of {name}, wanted all: no NumPy and no "
        "stop_gradient in call.")


for width in [2]:
    check_held(width)
# BEGIN HIDDEN TESTS
for width in [5]:
    check_held(width)
# END HIDDEN TESTS

# %% exercise="parallel" role="tests" points=1
# Exercise 3.5, tests 2 of 3: two blocks side by side.
def check_parallel(shape):
    x = np.random.default_rng(len(shape)).normal(size=shape).astype("float32")
    name, block = "Parallel(x * 2, x + 3)", Parallel(
        layers.Rescaling(2.0), layers.Rescaling(1.0, offset=3.0))
    assert isinstance(block, keras.Layer), (
        f"{name} gave a {type(block).__name__}, wanted a keras.Layer.")
    try:
        y = block(x)
    except NotImplementedError:
        raise
    except (ValueError, TypeError, IndexError, tf.errors.InvalidArgumentError) as error:
        what = str(error).split("[1m")[-1].split("[0m")[0].split("}}")[-1].strip(" .\x1b")[:120]
        raise AssertionError(
            f"{name}(x) for x of shape {shape} raised {type(error).__name__} ({what}): both blocks "
            "get x, and their results are concatenated on the last axis.") from None
    assert isinstance(y, tf.Tensor), f"{name}(x) gave a {type(y).__name__}, wanted a tensor."
    assert y.dtype == tf.float32, f"{name}(x) gave {y.dtype.name}, wanted float32."
    l, r, got = 2 * x, x + 3, np.asarray(y)
    wanted = np.concatenate([l, r], axis=-1)
    likely = {
        "the results were added; concatenate them": l + r,
        "the right block got what the left one returned": l + 3,
        "the right block got what the left one returned; both must get the input":
            np.concatenate([l, l + 3], axis=-1),
        "the right block came first; left goes first": np.concatenate([r, l], axis=-1),
        "that is concatenation on axis 0, the batch; the last is wanted": np.concatenate([l, r]),
        "that is concatenation on axis 1, which is the last axis only for rank 2":
            np.concatenate([l, r], axis=1),
        "the results were stacked on a new axis": np.stack([l, r], axis=-1),
    }
    cause = next((c for c, v in likely.items() if v.shape == got.shape and np.allclose(got, v)),
                 "both results belong side by side on the last axis")
    assert got.shape == wanted.shape and np.allclose(got, wanted), (
        f"{name}(x) for x of shape {shape} gave shape {got.shape} beginning "
        f"{got.ravel()[:4].round(2)}, wanted shape {wanted.shape} beginning "
        f"{wanted.ravel()[:4].round(2)}: {cause}.")


for shape in [(5, 2), (5, 4, 2)]:
    check_parallel(shape)
# BEGIN HIDDEN TESTS
for shape in [(3, 4), (1, 2, 5, 3)]:
    check_parallel(shape)
x = np.ones((4, 3), "float32")
dense, relu = layers.Dense(1), layers.ReLU()
dense.build(x.shape)
for title, parts, shape in [("Dense(1), relu", (dense, relu), (4, 4)),
                            ("relu, relu", (relu, relu), (4, 6))]:
    y = Parallel(*parts)(x)
    assert isinstance(y, tf.Tensor) and tuple(y.shape) == shape, (
        f"Parallel({title})(x) for x of shape (4, 3) gave shape {np.shape(y)}, wanted {shape}: the "
        "widths may differ, and where both are one block, names as keys keep one of each.")
# END HIDDEN TESTS

# %% exercise="parallel" role="tests" points=2
# Exercise 3.5, tests 3 of 3: a factory, called n times.
def check_repeat(n, width):
    made = []

    def make_block():
        made.append(layers.Dense(width))
        return made[-1]

    name = f"repeat_block(make_block, {n})"
    try:
        net = repeat_block(make_block, n)
    except ValueError as error:
        raise AssertionError(f"{name} raised ValueError ({str(error)[:90]}...): the list for "
                             "keras.Sequential must hold blocks, make_block(), each made "
                             "once.") from None
    assert isinstance(net, keras.Sequential), (
        f"{name} gave a {type(net).__name__}, wanted a keras.Sequential.")
    blocks = net.layers
    if len(made) == 1 < len(blocks):
        same = all(block is blocks[0] for block in blocks)
        raise AssertionError(
            f"{name} called make_block once and holds " + (
                "one instance at all places, which shares its weights" if same else
                "copies of that block, where new blocks were asked for")
            + f": wanted {n} calls, one for each block.")
    assert len(made) == n, (
        f"{name} called make_block {len(made)} times, wanted {n}: call it once for each block.")
    assert len(blocks) == n, f"{name} holds {len(blocks)} blocks, wanted {n}."
    places = [next((i for i, m in enumerate(made) if m is block), None) for block in blocks]
    assert places == list(range(n)), (
        f"{name} holds the blocks made as number {places} (None: not made by make_block), wanted "
        f"{list(range(n))}: all of them as they came back, in the order in which they were made.")
    x = np.random.default_rng(n).normal(size=(2, width)).astype("float32")
    y = net(x)
    wanted = x.astype("float64")
    for m in made:
        wanted = wanted @ m.kernel.numpy() + m.bias.numpy()
    assert isinstance(y, tf.Tensor) and tuple(y.shape) == (2, width) and np.allclose(
        y, wanted, rtol=1e-4, atol=1e-4), (
        f"{name}(x) does not run its {n} blocks one after the other.")


for n, width in [(3, 4), (2, 3)]:
    check_repeat(n, width)
# BEGIN HIDDEN TESTS
for n, width in [(1, 2), (7, 3)]:
    check_repeat(n, width)
# END HIDDEN TESTS

# %% [markdown]
# ## PyTorch and Keras side by side
#
# | idea | PyTorch | Keras 3 |
# |---|---|---|
# | a block is | an `nn.Module` | a `keras.Layer`; a `keras.Model` is a `Layer` that can do more |
# | you write | `__init__` and `forward` | `__init__` and `call`, at times `build` |
# | you use | `block(x)`: hooks, then `forward` | `block(x)`: `build` if needed, then `call` |
# | dense layer | `nn.Linear(20, 256)` | `layers.Dense(256)`: input width inferred |
# | its weight | `(out, in)`, `x @ W.T + b` | `(in, out)`, `x @ W + b` |
# | its bias starts | uniform within ±1/√in | at zero |
# | chain of blocks | `nn.Sequential(a, b)` | `keras.Sequential([a, b])` |
# | assignment registers | modules and parameters | layers and variables, also in lists and dicts |
# | several blocks | `nn.ModuleList`, `nn.ModuleDict` | a plain list or dictionary |
# | `super().__init__()` missing | raises when a layer is assigned | raises when called |
# | everything saved | `state_dict()` | `weights` |
# | what is trained | `parameters()` with `requires_grad` | `trainable_weights` |
# | saved, not trained | `register_buffer("c", value)` | `add_weight(..., trainable=False)` |
# | to load it | build the block, `load_state_dict` | the same; whole models: `get_config` |
# | loop on the data | Python `while` | `keras.ops.while_loop` |
# | join on the last axis | `torch.cat([a, b], dim=-1)` | `ops.concatenate([a, b], axis=-1)` |

# %% [markdown]
# ## Summary
#
# - A block takes inputs, holds parameters and gives outputs; blocks hold blocks, so a network is a
#   tree of them, and every tool that walks the tree works on your blocks too.
# - Write `call`, call the block. The call does the bookkeeping (building, conversion, training
#   mode) around `call`.
# - The base class knows what you *assigned* to `self` as a layer or a weight, alone or inside a
#   list, a tuple or the values of a dictionary. What it does not know is not trained and not saved,
#   and no error says so.
# - A container is a registry plus a loop. To be saved whole it must take its blocks as a list and
#   write them into its configuration.
# - A layer that is used twice has one set of parameters. A constant belongs in a weight with
#   `trainable=False`.
# - Python loops and branches in `call` may look at shapes and settings; those that look at numbers
#   are written with `ops.while_loop` and `ops.cond`.
# - A factory makes new blocks, with new parameters, each time; repeating one instance shares them.

# %% [markdown]
# ## Where to read on
#
# - [Making new layers and models via subclassing](https://keras.io/guides/making_new_layers_and_models_via_subclassing/),
#   the guide to what this lesson is about.
# - [The Sequential model](https://keras.io/guides/sequential_model/) and
#   [Save, serialize, and export models](https://keras.io/guides/serialization_and_saving/), two
#   more guides.
# - [`keras.Layer`](https://keras.io/api/layers/base_layer/) and
#   [core operations](https://keras.io/api/ops/core/), with `while_loop` and `cond`, the reference
#   pages.
# - [Modules](https://docs.pytorch.org/docs/stable/notes/modules.html), the same ground in PyTorch.
# - *Dive into Deep Learning*, chapter [Builders' Guide](https://d2l.ai/chapter_builders-guide/index.html),
#   the chapter from which this unit grew.
# - A. Géron, *Hands-On Machine Learning*, chapter 12, "Custom Models and Training with TensorFlow".
#
# Next: lesson 04 looks into the tree of blocks and reads, sets and ties its parameters.
