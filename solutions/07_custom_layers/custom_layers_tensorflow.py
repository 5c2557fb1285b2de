# %% [markdown]
# # Custom layers
#
# Keras comes with more than a hundred layers, and sooner or later you want one that is not among
# them: a normalisation from last week's paper, a product of features, noise of a certain kind. In
# this lesson you write six layers from nothing but tensor operations. Each of them is short. What
# takes care are the edges: whole numbers, inputs with more than two axes, a batch of one, the
# difference between training and use, and what is lost when the layer is saved.
#
# **Afterwards you can**
#
# - write a layer without weights that leaves the gradient intact and works in a graph;
# - write a layer with weights, for inputs of any rank and features on any axis;
# - take an activation by name or as a function, and give the layer a configuration from which it
#   can be made again;
# - write layers with several inputs and outputs, and refuse inputs that do not fit together;
# - make a layer behave differently in training, wherever it sits in a network;
# - turn a formula with means, roots or sums over several indices into a layer that is right for
#   small numbers, large numbers and any batch.
#
# **Time**: about 60 minutes. **You need**: lessons 01 to 06, above all 03 (blocks).
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
from typing import Any

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


def functions_of_keras(layer: keras.Layer, x: tf.Tensor) -> set[str]:
    """Return the names of all functions of Keras that work on layer(x), for the tests of 7.5."""
    try:
        graph = tf.function(layer).get_concrete_function(x).graph
    except Exception:  # such as NumPy in the layer
        return set()
    frames = [frame for operation in graph.get_operations() for frame in operation.traceback]
    return {frame.name for frame in frames if "keras" in frame.filename}


# %% [markdown]
# ## Layers without weights
#
# A layer is a block that you do not want to take apart any further: a subclass of `keras.Layer`
# with a `call` that is made of tensor operations. The smallest layers hold nothing. Here is one
# that shifts its input so that the mean of all its entries is zero.
#
# **Predict** what becomes of the numbers 1 to 5.

# %% listing="S0-21"
class Centred(keras.Layer):
    """Subtract the mean of all entries; any shape to the same shape."""

    def call(self, x):
        return x - ops.mean(x)


centred = Centred()
print(centred(np.array([1.0, 2.0, 3.0, 4.0, 5.0])).numpy().tolist())

# %% [markdown]
# There is no constructor, because there is nothing to keep. The layer can be a link of any chain:

# %% listing="S0-22"
keras.utils.set_random_seed(0)
net = keras.Sequential([layers.Dense(128), Centred()])
y = net(keras.random.uniform((4, 8)))
print("output:", tuple(y.shape), " mean is zero:", abs(float(ops.mean(y))) < 1e-6)
print("weights of the layer:", len(net.layers[1].weights))

# %% [markdown]
# ### The batch takes part
#
# A dense layer treats each example by itself. This one does not: the mean runs over the whole
# batch.
#
# **Predict**: the row (1, 3) goes through the layer alone, and then beside the row (5, 7). Which
# row comes out in each case? And a batch that holds a single number?

# %%
row, neighbour = np.array([[1.0, 3.0]]), np.array([[5.0, 7.0]])
print("alone:          ", centred(row)[0].numpy().tolist())
print("in a batch:     ", centred(np.concatenate([row, neighbour]))[0].numpy().tolist())
print("a single number:", centred(np.array([[42.0]]))[0].numpy().tolist())

# %% [markdown]
# Whoever computes over the batch axis makes the answer for one example depend on its neighbours,
# and a batch of one loses everything. That can be wanted. It should never happen by accident, so
# state over which axes you compute: `ops.mean(x, axis=0)` takes the mean over the batch, one for
# each column; `axis=(0, 1)` takes it over two axes, and `axis=-1` over the last one.

# %%
numbers = ops.reshape(ops.arange(12.0), (2, 2, 3))
print("axis=0:     ", tuple(ops.mean(numbers, axis=0).shape))
print("axis=(0, 1):", ops.mean(numbers, axis=(0, 1)).numpy().tolist())
print("axis=-1:    ", ops.mean(numbers, axis=-1).numpy().tolist())

# %% [markdown]
# ### Then and now: the mean of whole numbers
#
# The well-known listing behind `Centred` takes the mean with TensorFlow's own `tf.reduce_mean`.
#
# **Predict** what it makes of the whole numbers 1, 2 and 4, whose mean is 7/3, and what it makes of
# them as bytes.

# %%
class TfCentred(keras.Layer):
    def call(self, x):
        return x - tf.reduce_mean(x)


for dtype in ("int32", "uint8"):
    print(f"{dtype:5}", TfCentred()(np.array([1, 2, 4], dtype)).numpy().tolist())

# %% [markdown]
# The mean of whole numbers is cut to a whole number, so that nothing is centred; and among bytes,
# which know no minus sign, 1 − 2 is 255. A call casts floating-point inputs to the layer's own
# type, but leaves whole numbers as they are. `ops.mean` gives a float32, and then the subtraction
# refuses:

# %% tags=["raises-exception"]
centred(np.array([1, 2, 4], "int32"))

# %% [markdown]
# Better than a wrong answer, and still an error in the middle of somebody else's network. A layer
# that should take counts, pixels or token numbers casts them first. Its own floating-point type is
# `self.compute_dtype`.

# %%
class CastAndCentred(keras.Layer):
    def call(self, x):
        x = ops.cast(x, self.compute_dtype)
        return x - ops.mean(x)


for dtype in ("int32", "uint8", "float64"):
    y = CastAndCentred()(np.array([1, 2, 4], dtype))
    print(f"{dtype:7} becomes {y.dtype.name}", [round(value, 2) for value in y.numpy().tolist()])

# %% [markdown]
# ### A function as a layer
#
# For a layer without weights a whole class can feel like much. `layers.Lambda` turns any function
# into a layer.
#
# **Then and now.** `Lambda` spread through texts because it is so short. It has two drawbacks.
# **Predict** both: what happens when the model below is saved and loaded, and how many weights does
# a `Lambda` show whose function uses a dense layer?

# %% listing="S1-22"
def save_and_load(model, **options):
    """Save a model to a .keras file and load it again."""
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder) / "model.keras")
        return keras.saving.load_model(Path(folder) / "model.keras", **options)


x = np.zeros((1, 2), "float32")
model = keras.Sequential([keras.Input((2,)), layers.Lambda(lambda x: ops.exp(x) - 1)])
print("before:", model(x).numpy().tolist())
for options in ({}, {"safe_mode": False}):
    try:
        loaded = save_and_load(model, **options)
        print("loaded:", loaded(x).numpy().tolist())
    except (ValueError, NameError) as error:
        reason = "'ops' is not defined" if "'ops'" in str(error) else "no lambda is loaded"
        print(f"with options {options}: {type(error).__name__}, {reason}")

inner = layers.Dense(2)
hides = layers.Lambda(lambda x: ops.tanh(inner(x)))
print("output:", tuple(hides(x).shape), " weights:", len(hides.weights))

# %% [markdown]
# A nameless function is saved as Python's byte code, which Keras loads only if you switch its
# safety off; and then the code does not find the `ops` that it was written beside. A layer inside a
# function is out of the register's sight: it would run in the network and never be trained. Today's
# form gives the function a name and registers it:

# %%
@keras.saving.register_keras_serializable(package="custom_layers")
def exp_minus_one(x):
    return ops.exp(x) - 1


model = keras.Sequential([keras.Input((2,)), layers.Activation(exp_minus_one)])
print("after loading:", save_and_load(model)(x).numpy().tolist())

# %% [markdown] exercise="centre-features" role="task"
# ## Exercise 7.1: centre each feature
#
# *3 points*
#
# Write the layer `CentreFeatures()`. It subtracts from every feature the mean of that feature, so
# that each feature of the output has mean zero.
#
# - **In**: `x` of rank 2 or more, shape `(batch, ..., features)`, with at least one entry; floating
#   point, or whole numbers of any integer dtype. **Out**: the same shape, float32 (the layer's own
#   type). Whole numbers are cast first.
# - The mean of a feature runs over all axes *but the last*: over the batch and, for rank 3 and
#   more, over the axes between.
# - Each batch is centred by its own mean, in training and otherwise. The layer remembers nothing
#   and has no weights. A single row gives zeros.
# - The gradient flows through the mean too: the mean is part of the computation.
# - The layer works inside a `keras.Sequential` with a `keras.Input`, under `fit` and `predict` too.
#
# The first tests cell (2 points) looks at values and dtypes, the second (1 point) at the gradient
# and at the layer in a graph.

# %% [markdown] exercise="centre-features" role="hint"
# <details><summary>Hint 1</summary>
#
# There are two steps: whole numbers become float32, then the mean is subtracted. Over which axes?
# For rank 2 that is axis 0, for rank 3 axes 0 and 1, for rank 4 axes 0, 1 and 2.
#
# </details>

# %% [markdown] exercise="centre-features" role="hint"
# <details><summary>Hint 2</summary>
#
# `ops.mean(x, axis=tuple(range(len(x.shape) - 1)))` has one entry per feature for every rank, and
# broadcasting lines it up with the last axis. Cast with `ops.cast(x, self.compute_dtype)` first.
#
# </details>

# %% exercise="centre-features" role="solution" listing="S0-21 S0-22"
class CentreFeatures(keras.Layer):
    """Subtract each feature's mean; (batch, ..., features) to the same shape, float32."""

    def call(self, x: tf.Tensor) -> tf.Tensor:
        # BEGIN SOLUTION
        x = ops.cast(x, self.compute_dtype)
        return x - ops.mean(x, axis=tuple(range(len(x.shape) - 1)))
        # END SOLUTION


# %% exercise="centre-features" role="tests" points=2
# Exercise 7.1, tests 1 of 2: what is subtracted, and the dtype.
def check_centre(dtype, *shapes):
    """Send one batch of each shape through one layer, every second one in training."""
    layer, rng, first = CentreFeatures(), np.random.default_rng(7), None
    assert isinstance(layer, keras.Layer), (
        f"CentreFeatures() gave {type(layer).__name__}, wanted a keras.Layer.")
    for number, shape in enumerate(shapes):
        v = rng.integers(0, 12, size=shape) / (2 if dtype.startswith("float") else 1)
        mode = ", training=True" * (number % 2)
        called = f"CentreFeatures()(x{mode}) for {dtype} x of shape {shape}"
        try:
            y = layer(v.astype(dtype), training=number % 2 == 1)
        except NotImplementedError:
            raise
        except (tf.errors.InvalidArgumentError, TypeError) as error:
            raise AssertionError(
                f"{called} raised {type(error).__name__}: " + (
                    "subtract the mean of this batch, one number for each feature."
                    if dtype.startswith("float") else "cast x to self.compute_dtype first, since "
                    "whole numbers and floats do not mix.")) from None
        assert isinstance(y, tf.Tensor), f"{called} gave {type(y).__name__}, wanted a tensor."
        assert tuple(y.shape) == shape, f"{called} gave shape {tuple(y.shape)}, wanted {shape}."
        assert y.dtype == tf.float32, (
            f"{called} gave {y.dtype.name}, wanted float32: cast x to self.compute_dtype first, "
            "since the mean of whole numbers is cut.")

        leading, got = tuple(range(v.ndim - 1)), np.asarray(y, "float64")
        mean = v.mean(leading)
        first = mean if first is None else first
        wanted = v - mean
        likely = {
            "that is less the mean of the whole tensor; each feature has its own": v - v.mean(),
            "each row was centred by its own mean, and each feature should be":
                v - v.mean(-1, keepdims=True),
            "the mean ran over axis 0 only; it runs over all axes but the last": v - v.mean(0),
            "the mean was cut to a whole number; cast before you take it": v - np.floor(mean),
            "it was divided by the spread as well": wanted / (v.std(leading) + 1e-9),
            "the mean of an earlier batch was used; each batch has its own":
                v - (first if first.shape == mean.shape else mean + 1)}
        cause = next((c for c, a in likely.items() if np.allclose(got, a, rtol=1e-5, atol=1e-5)),
                     "subtract from each feature its mean over all other axes")
        rows = [a.reshape(-1, shape[-1]) for a in (v, got, wanted)]
        row = np.abs(rows[1] - rows[2]).max(1).argmax()
        assert np.allclose(got, wanted, rtol=1e-5, atol=1e-5), (
            f"{called} turned the row {rows[0][row]} into {rows[1][row].round(3)}, wanted "
            f"{rows[2][row].round(3)}: {cause}.")


for dtype, *shapes in [("float32", (4, 3), (2, 3)), ("int32", (4, 2))]:
    check_centre(dtype, *shapes)
# BEGIN HIDDEN TESTS
for dtype, *shapes in [("float32", (2, 3, 4), (1, 4), (2, 2, 3, 2)), ("uint8", (3, 5, 2)),
                       ("float64", (5, 5)), ("int64", (2, 3))]:
    check_centre(dtype, *shapes)
# END HIDDEN TESTS

# %% exercise="centre-features" role="tests" points=1
# Exercise 7.1, tests 2 of 2: the gradient, and the layer in a graph.
def check_gradient(shape):
    layer, rng = CentreFeatures(), np.random.default_rng(1)
    assert isinstance(layer, keras.Layer), (
        f"CentreFeatures() gave {type(layer).__name__}, wanted a keras.Layer.")
    v, factor = rng.normal(size=shape), rng.normal(size=shape)
    x = tf.constant(v, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x)
        assert isinstance(y, tf.Tensor) and tuple(y.shape) == shape, (
            f"CentreFeatures()(x) for x of shape {shape} gave {type(y).__name__}, wanted a tensor.")
        loss = tf.reduce_sum(tf.constant(factor, tf.float32) * y)
    got = tape.gradient(loss, x)
    assert got is not None, (
        f"CentreFeatures()(x) for x of shape {shape} is cut off from x, so that nothing before it "
        "can be trained: no NumPy and no stop_gradient.")
    wanted = factor - factor.mean(tuple(range(len(shape) - 1)))
    cut = np.allclose(got, factor, rtol=1e-4, atol=1e-4)
    assert np.allclose(got, wanted, rtol=1e-4, atol=1e-4), (
        f"the gradient of sum(c * CentreFeatures()(x)) for x of shape {shape} is wrong: " + (
            "it is c, as if the mean were a constant. The mean depends on x: no stop_gradient, "
            "and no NumPy." if cut else "get the first tests cell to pass first."))
    assert not layer.variables, "CentreFeatures() keeps variables; it needs none."
    try:
        model = keras.Sequential([keras.Input(shape[1:]), CentreFeatures()])
        graph = tf.function(model)(x)  # as fit and predict do
    except Exception as error:
        raise AssertionError(
            f"keras.Sequential([keras.Input({shape[1:]}), CentreFeatures()]) raised "
            f"{type(error).__name__}: there the batch size is unknown and tensors have no "
            "numbers; compute with ops.") from None
    assert np.allclose(graph, v - v.mean(tuple(range(len(shape) - 1))), rtol=1e-4, atol=1e-4), (
        "in a Sequential that runs as a graph CentreFeatures() gives other outputs than alone.")


for shape in [(4, 3)]:
    check_gradient(shape)
# BEGIN HIDDEN TESTS
for shape in [(2, 5, 3), (1, 2)]:
    check_gradient(shape)
# END HIDDEN TESTS

# %% [markdown]
# ## Layers with weights
#
# A layer that learns makes its weights with `add_weight`, and does so in `build`, which a call runs
# once, with the shape of the first input (lesson 06). This one multiplies each feature by a number
# of its own.
#
# **Predict**: how many weights does it show before and after its first call?

# %% listing="S2-01"
class Scale(keras.Layer):
    """Multiply each feature by a learned factor; (..., width) to (..., width)."""

    def build(self, input_shape):
        self.factor = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="factor")

    def call(self, x):
        return x * self.factor


# %% listing="S2-02"
scale = Scale()
print("before:", [(w.name, tuple(w.shape)) for w in scale.weights])
print(scale(np.array([[1.0, 2.0, 3.0]])).numpy().tolist())
print("after: ", [(w.name, tuple(w.shape)) for w in scale.weights])

# %% [markdown]
# Because `build` learns the width, no layer of this chain is told the size of its input, and ours
# is no exception:

# %% listing="S2-03 S2-04"
chain = keras.Sequential([layers.Dense(3, activation="relu"), Scale(), layers.Dense(1)])
print("output:", tuple(chain(np.ones((4, 7))).shape))
print("weights:", [tuple(w.shape) for w in chain.weights if w.name != "bias"])

# %% [markdown]
# ### Then and now: a dense layer as a Model
#
# A well-known listing writes a dense layer of its own as a subclass of `keras.Model`, and its text
# says that no serialiser of one's own is needed for it. Here is that idea, and beside it the same
# layer derived from `keras.Layer`.

# %% listing="S0-23"
class ModelDense(keras.Model):
    """A dense layer with ReLU, as it stands in a book."""

    def __init__(self, units):
        super().__init__()
        self.units = units

    def build(self, input_shape):
        shape = (input_shape[-1], self.units)
        self.kernel = self.add_weight(shape=shape, initializer="random_normal", name="kernel")
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")

    def call(self, x):
        return ops.relu(x @ self.kernel + self.bias)


class LayerDense(keras.Layer):
    """A dense layer with ReLU that can be saved."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    build, call = ModelDense.build, ModelDense.call


# %% listing="S0-24"
print("output:", tuple(ModelDense(3)(np.ones((2, 5))).shape))

# %% [markdown]
# **Predict**: in a chain, which of the two gives outputs, which can be saved, and which loaded?

# %% listing="S0-25"
x = np.ones((2, 64), "float32")
for kind in (ModelDense, LayerDense):
    chain = keras.Sequential([kind(8), kind(1)])
    print(f"{kind.__name__}: output {tuple(chain(x).shape)},", end=" ")
    try:
        loaded = save_and_load(chain, custom_objects={kind.__name__: kind})
        print("loaded, same outputs:", np.allclose(loaded(x), chain(x)))
    except NotImplementedError as error:
        print("saving raises", type(error).__name__)

# %% [markdown]
# Both compute. For the `Model`, Keras does not know how to write down what the constructor was
# given, and wants a method `get_config`. (In lesson 03 it wrote down a default, right or wrong;
# here there is none.) For the `Layer` it does know, as long as the arguments are plain values, and
# `**kwargs` lets the name and the dtype be handed back in. A layer is a `keras.Layer`.
#
# ### Start values
#
# The listing also starts its kernel with `"random_normal"`, whose standard deviation, or *spread*,
# is 0.05 whatever the number of inputs. Each output is a sum of that many random terms, so its
# spread grows with their number.
#
# **Predict** the spread of the outputs for inputs of spread 1 and 16, 400 and 10,000 columns.

# %%
keras.utils.set_random_seed(0)
for scheme in ("random_normal", "lecun_normal"):
    spreads = []
    for inputs in (16, 400, 10_000):
        kernel = keras.initializers.get(scheme)((inputs, 100))
        spreads.append(float(ops.std(keras.random.normal((500, inputs)) @ kernel)))
    print(f"{scheme:13}", [round(spread, 1) for spread in spreads])

# %% [markdown]
# `"lecun_normal"` draws with a spread of $1/\sqrt{n}$ for $n$ inputs; lesson 05 is about such
# schemes. Without an `initializer`, `add_weight` uses the Glorot uniform one, which is also called
# Xavier: for $n$ inputs and $m$ outputs, each entry is uniform between $-\sqrt{6/(n+m)}$ and
# $\sqrt{6/(n+m)}$. The bias may start at zeros. The kernel is random, so that its columns, which
# all see the same input, differ at the start.
#
# ### An activation, by function or by name
#
# In lesson 06 a dense layer took its activation by name as well as by function, and its constructor
# turned a name into a function with `keras.activations.get`, so that a wrong name fails there and
# not at the first call. Names have another use: they can be written into a file, and functions
# cannot. Here once more is what `get` takes: a name, a function, and `None` for no activation.

# %% listing="S2-07"
for activation in ("tanh", ops.tanh, None):
    function = keras.activations.get(activation)
    print(f"{type(activation).__name__:8} gives {float(function(ops.array(0.5))):.3f}")
try:
    keras.activations.get("tanhh")
except ValueError as error:
    print(error)

# %% [markdown]
# ### Inputs of any rank
#
# In lesson 03 a dense layer took inputs with more than two axes. For a layer of your own this
# depends on how you write the product.
#
# **Predict**: which of these four products of a `(4, 5, 3)` input and a `(3, 2)` kernel work, and
# with which shape?

# %%
x, kernel = ops.ones((4, 5, 3)), ops.ones((3, 2))
for label, product in {
    "x @ kernel":                                  lambda: x @ kernel,
    "ops.reshape(x, (-1, 3)) @ kernel":            lambda: ops.reshape(x, (-1, 3)) @ kernel,
    'tf.einsum("bi,ij->bj", x, kernel)':           lambda: tf.einsum("bi,ij->bj", x, kernel),
    "ops.sum(x[:, :, None] * kernel, axis=1)":     lambda: ops.sum(x[:, :, None] * kernel, axis=1),
}.items():
    try:
        print(f"{label:41}", tuple(product().shape))
    except (ValueError, tf.errors.InvalidArgumentError) as error:
        print(f"{label:41} raises {type(error).__name__}")

# %% [markdown]
# `@` multiplies along the last axis and leaves all leading axes alone. The second form loses the
# axes, the other two are right for matrices only. An empty batch is no special case for `@`. The
# two mistakes that `@` does notice are a wrong width and a wrong dtype; `ops.matmul` casts whole
# numbers by itself.

# %%
print("empty batch:", tuple((ops.ones((0, 3)) @ kernel).shape))
whole = ops.ones((4, 3), "int32")
for label, product in {
    "width 7 @ kernel":          lambda: ops.ones((4, 7)) @ kernel,
    "int32 @ kernel":            lambda: whole @ kernel,
    "ops.matmul(int32, kernel)": lambda: ops.matmul(whole, kernel),
}.items():
    try:
        print(f"{label:26} {product().dtype.name}")
    except tf.errors.InvalidArgumentError as error:
        print(f"{label:26} raises {type(error).__name__}")

# %% [markdown]
# ### Features on another axis
#
# So far the features have been the last axis, and so it is with images in Keras: `(batch, height,
# width, channels)`. PyTorch, and much data that comes from there, has `(batch, channels, height,
# width)`. What belongs to one pixel then stands on axis 1, and `@` would multiply along a row of
# pixels instead. So the features have to be brought to the end first, and back afterwards.
#
# **Predict**: both lines below turn shape `(2, 3, 2, 4)` into `(2, 2, 4, 3)`. Which of them keeps
# the three channels of a pixel together?

# %%
image = ops.reshape(ops.arange(48.0), (2, 3, 2, 4))
moved, reshaped = ops.moveaxis(image, 1, -1), ops.reshape(image, (2, 2, 4, 3))
print("the first pixel:", image[0, :, 0, 0].numpy().tolist())
print("moved:          ", moved[0, 0, 0].numpy().tolist())
print("reshaped:       ", reshaped[0, 0, 0].numpy().tolist())

# %% [markdown]
# `moveaxis` takes an axis from one place to another and leaves the order of the others as it is.
# `reshape` only counts through the entries again (lesson 01): right shape, wrong numbers, no error.
# This kernel keeps channel 0 and channel 2:

# %%
kernel = ops.array([[1.0, 0.0], [0.0, 0.0], [0.0, 1.0]])
picked = ops.moveaxis(ops.moveaxis(image, 1, -1) @ kernel, -1, 1)
wanted = ops.take(image, [0, 2], axis=1)
print(tuple(picked.shape), "channels 0 and 2:", np.array_equal(picked, wanted))

# %% [markdown]
# A dense layer over the channels treats every pixel alike. Networks for images are full of such
# layers; there they go by the name of *1 × 1 convolution*. Which axis holds the features is a
# setting of the layer. Its weights do not tell: their shapes are the same for every axis.

# %% [markdown]
# ### The configuration
#
# `Power` raises the size of each entry to a fixed power and keeps its sign. The exponent is a
# setting: a number that somebody chose, no weight. A file of weights cannot hold it. It belongs to
# the *configuration*, which models had in lesson 03 and initialisers in lesson 05: a dictionary of
# the arguments from which a layer can be made again. Keras asks for it with `get_config` and turns
# it back into a layer with `from_config`.
#
# Below are three variants: one leaves the configuration to Keras, one writes it and forgets the
# exponent, one writes it in full.
#
# **Predict**: which of the three give (8, −27) again after saving and loading?

# %% listing="S1-23"
class Power(keras.Layer):
    """Raise the size of each entry to a power, keep its sign; any shape to the same shape."""

    def __init__(self, exponent=1.0, **kwargs):
        super().__init__(**kwargs)
        self.exponent = exponent

    def call(self, x):
        return ops.sign(x) * ops.abs(x) ** self.exponent


class ForgetfulPower(Power):
    def get_config(self):
        return super().get_config()


class NotedPower(Power):
    def get_config(self):
        return {**super().get_config(), "exponent": self.exponent}


x = np.array([[2.0, -3.0]], "float32")
for kind in (Power, ForgetfulPower, NotedPower):
    model = keras.Sequential([keras.Input((2,)), kind(3.0)])
    loaded = save_and_load(model, custom_objects={kind.__name__: kind})
    print(f"{kind.__name__:14} {model(x).numpy().tolist()} after: {loaded(x).numpy().tolist()}")

# %% [markdown]
# The forgetful layer loads without a word, with the default exponent. And leaving it to Keras works
# only for plain arguments: numbers, strings, `None`, lists of these. A function is none.
#
# **Predict**: which of these two can tell their configuration?

# %%
class Bent(keras.Layer):
    """Apply an activation given by name or as a function."""

    def __init__(self, activation=None, **kwargs):
        super().__init__(**kwargs)
        self.activation = keras.activations.get(activation)

    def call(self, x):
        return self.activation(x)


class NotedBent(Bent):
    def get_config(self):
        name = keras.activations.serialize(self.activation)
        return {**super().get_config(), "activation": name}


for layer in (Bent("tanh"), Bent(ops.tanh), NotedBent(ops.tanh)):
    try:
        print(type(layer).__name__, repr(layer.get_config()["activation"]))
    except NotImplementedError:
        print(type(layer).__name__, "wants a get_config")

# %% [markdown]
# `keras.activations.serialize` is the way back from the function to its name. The pattern for every
# configuration is the one above: start from the configuration of the base class, which holds name
# and dtype, and add each argument of your own, in plain form.
#
# ```mermaid
# flowchart LR
#     layer["layer"] -- get_config --> config["arguments, plain"]
#     layer -- weights --> values["arrays"]
#     config -- from_config --> fresh["new layer"]
#     values -- "build, then load" --> fresh
# ```

# %% [markdown] exercise="dense-from-scratch" role="task"
# ## Exercise 7.2: a dense layer from scratch
#
# *4 points*
#
# Write the layer `OwnDense(units, activation=None, axis=-1, **kwargs)` without using
# `layers.Dense`. Along one axis of its input it computes $y = a(x W + b)$, where $a$ is the
# activation. (`LazyDense` of lesson 06 did that much along the last axis. New are the random start,
# the axis, the name and the dtype in `**kwargs`, and a configuration that holds all settings.)
#
# - **In**: `x`, float32, rank 2 or more; the number of entries along `axis`, called num_inputs
#   here, is whatever the first call brings, and the batch may be empty. **Out**: float32, `units`
#   entries along `axis`. All other axes stay as they are, and where they are: with `axis=1` and 5
#   units, `(2, 3, 8, 6)` becomes `(2, 5, 8, 6)`.
# - `axis` is an int that counts axes of `x` as in an index: from the front, or, if it is negative,
#   from the back. Axis 0, the batch, is none of features.
# - $W$ has shape `(num_inputs, units)` and $b$ has shape `(units,)`. They are the only weights, and
#   both are trained; gradients reach `x`, too.
# - $W$ starts by the Xavier (Glorot) uniform scheme, drawn anew for every layer; $b$ starts at
#   zeros.
# - `activation` is `None` for none, a function from tensor to tensor that acts on each entry for
#   itself, or the name of one of Keras's activations, such as `"relu"`.
# - `get_config()` returns what the base class does, and `units`, `activation` and `axis` in plain
#   form.
#   For an activation by name, `None`, or a function of `keras.activations`, the layer that
#   `OwnDense.from_config(layer.get_config())` makes has the same name and computes the same with
#   the same weights; a model with the layer can be saved as `.keras` and loaded.
#
# The four tests cells (1 point each) look at what is computed along the last axis, at other axes,
# at start values and training, and at the configuration.

# %% [markdown] exercise="dense-from-scratch" role="hint"
# <details><summary>Hint 1</summary>
#
# Follow `Scale` for the weights and `NotedBent` for the activation and the configuration. Begin
# with the last axis only: the formula is one line if you choose the product that works for every
# rank. Other axes need one step before it and one after it.
#
# </details>

# %% [markdown] exercise="dense-from-scratch" role="hint"
# <details><summary>Hint 2</summary>
#
# Constructor: `super().__init__(**kwargs)`, keep `units` and `axis`, and what
# `keras.activations.get` returns. Build: `self.add_weight(shape=(input_shape[self.axis],
# self.units), name="kernel")`, and a bias with `initializer="zeros"`. Call: `ops.moveaxis(x,
# self.axis, -1)`, then the formula, then `ops.moveaxis(y, -1, self.axis)`.
#
# </details>

# %% exercise="dense-from-scratch" role="solution" listing="S0-23 S0-24 S0-25 S1-23 S2-01 S2-07"
class OwnDense(keras.Layer):
    """Dense layer with activation along one axis: any number of entries to units, float32."""

    def __init__(
        self,
        units: int,
        activation: str | Callable[[tf.Tensor], tf.Tensor] | None = None,
        axis: int = -1,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        # BEGIN SOLUTION
        self.units, self.axis = units, axis
        self.activation = keras.activations.get(activation)
        # END SOLUTION

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        # BEGIN SOLUTION
        self.kernel = self.add_weight(shape=(input_shape[self.axis], self.units), name="kernel")
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")
        # END SOLUTION

    def call(self, x: tf.Tensor) -> tf.Tensor:
        # BEGIN SOLUTION
        y = self.activation(ops.moveaxis(x, self.axis, -1) @ self.kernel + self.bias)
        return ops.moveaxis(y, -1, self.axis)
        # END SOLUTION

    def get_config(self) -> dict[str, Any]:
        """Return the arguments from which this layer can be made again, in plain form."""
        # BEGIN SOLUTION
        activation = keras.activations.serialize(self.activation)
        settings = {"units": self.units, "activation": activation, "axis": self.axis}
        return {**super().get_config(), **settings}
        # END SOLUTION


# %% exercise="dense-from-scratch" role="tests" points=1
# Exercise 7.2, tests 1 of 4: what is computed along the last axis, for every rank and activation.
def check_dense(shape, units, *activation):
    inputs, a = shape[-1], activation[0] if activation else None
    shown = "" if not activation else f", {a!r}" if isinstance(a, str | None) else ", ops.cos"
    name = f"OwnDense({units}{shown})"
    called = f"{name}(x) for x of shape {shape}"
    layer, rng = OwnDense(units, *activation), np.random.default_rng(units)
    assert isinstance(layer, keras.Layer), f"{name} gave {type(layer).__name__}, not a keras.Layer."
    w, b, x = (rng.normal(size=s) for s in ((inputs, units), (units,), shape))
    for _ in range(2):  # the first call builds
        try:
            y = layer(x.astype("float32"))
        except NotImplementedError:
            raise
        except (tf.errors.InvalidArgumentError, TypeError, ValueError, IndexError) as error:
            string = "'str' object" in str(error)
            raise AssertionError(f"{called} raised {type(error).__name__}: " + (
                "turn the name of an activation into a function, in __init__." if string else
                "write x @ W, with W made in build for the last axis of x; a product that is "
                "right for matrices only will not do.")) from None
        assert not any(isinstance(part, layers.Dense) for part in layer._flatten_layers()), (
            f"{name} uses layers.Dense; the task is to do its work yourself.")
        found = {tuple(v.shape): v for v in layer.trainable_weights}
        assert sorted(found) == sorted([w.shape, b.shape]) and len(layer.weights) == 2, (
            f"{name} has trainable weights of shapes {sorted(found)} after a call on {inputs} "
            f"columns, wanted {w.shape} and {b.shape}: make both with add_weight, in build.")
        found[w.shape].assign(w), found[b.shape].assign(b)
    assert isinstance(y, tf.Tensor) and tuple(y.shape) == (*shape[:-1], units), (
        f"{called} gave {type(y).__name__} of shape {tuple(getattr(y, 'shape', ()))}, wanted "
        f"{(*shape[:-1], units)}: the leading axes stay as they are.")
    act = {"relu": lambda v: np.maximum(v, 0), "tanh": np.tanh, None: lambda v: v,
           "softplus": lambda v: np.log1p(np.exp(v)), ops.cos: np.cos}[a]
    got, linear, wanted = np.asarray(y), x @ w + b, act(x @ w + b)
    likely = {"the bias is missing": act(x @ w), "the activation is not applied": linear,
              "the bias is added after the activation": act(x @ w) + b,
              "a ReLU is applied that nobody asked for": np.maximum(linear, 0)}
    cause = next((c for c, v in likely.items() if np.allclose(got, v, rtol=1e-4, atol=1e-4)),
                 "is it activation(x @ W + b) with the weights of the layer?")
    assert y.dtype == tf.float32 and np.allclose(got, wanted, rtol=1e-4, atol=1e-4), (
        f"{called} gave {y.dtype.name} that begins {got.ravel()[:3].round(3)}, wanted float32 that "
        f"begins {wanted.ravel()[:3].round(3)} with the W and b that it has: {cause}.")


for case in [((4, 3), 2), ((2, 5, 3), 4, "relu"), ((6, 2), 3, ops.cos)]:
    check_dense(*case)
# BEGIN HIDDEN TESTS
for case in [((1, 4), 6, None), ((2, 3, 2, 5), 2, "tanh"), ((3, 2), 5, "softplus"), ((0, 3), 2)]:
    check_dense(*case)
# END HIDDEN TESTS

# %% exercise="dense-from-scratch" role="tests" points=1
# Exercise 7.2, tests 2 of 4: features on another axis.
def check_axis(shape, units, axis):
    inputs, rng = shape[axis], np.random.default_rng(axis + 9)
    called = f"OwnDense({units}, 'tanh', axis={axis})(x) for x of shape {shape}"
    layer = OwnDense(units, "tanh", axis=axis)
    assert isinstance(layer, keras.Layer), f"OwnDense gave {type(layer).__name__}, no keras.Layer."
    w, b, x = (rng.normal(size=s) for s in ((inputs, units), (units,), shape))
    for _ in range(2):  # the first call builds
        try:
            y = layer(x.astype("float32"))
        except (tf.errors.InvalidArgumentError, ValueError) as error:
            raise AssertionError(
                f"{called} raised {type(error).__name__}: W is made for {inputs} inputs; bring the "
                "axis to the end, multiply, add the bias, and bring it back.") from None
        assert not any(isinstance(part, layers.Dense) for part in layer._flatten_layers()), (
            f"{called}: uses layers.Dense; the task is to do its work yourself.")
        found = {tuple(v.shape): v for v in layer.trainable_weights}
        assert sorted(found) == sorted([w.shape, b.shape]), (
            f"{called}: trainable weights of shapes {sorted(found)}, wanted {w.shape} and "
            f"{b.shape}: the input has {inputs} entries along axis {axis}.")
        found[w.shape].assign(w), found[b.shape].assign(b)
    moved = np.moveaxis(x, axis, -1)
    wanted = np.tanh(np.moveaxis(moved @ w + b, -1, axis))
    assert isinstance(y, tf.Tensor) and tuple(y.shape) == wanted.shape, (
        f"{called} gave shape {tuple(getattr(y, 'shape', ()))}, wanted {wanted.shape}: the new "
        "features stand where the old ones stood, and all other axes stay where they were.")
    likely = {}
    if inputs == units:
        likely["reshape mixes up the entries; it moves no axis"] = np.tanh(
            x.reshape(moved.shape) @ w + b).reshape(shape)
    if inputs == units == shape[-1]:
        likely = {"that is along the last axis": np.tanh(x @ w + b),
                  "the bias runs along the last axis": np.tanh(
                      np.moveaxis(moved @ w, -1, axis) + b)}
    cause = next((c for c, v in likely.items() if np.allclose(y, v, 1e-3, 1e-3)),
                 "the product and the bias act along that axis, for each place on the others")
    assert np.allclose(y, wanted, rtol=1e-3, atol=1e-3), (
        f"{called} begins {y.numpy().ravel()[:3].round(3)}, wanted "
        f"{wanted.ravel()[:3].round(3)}: {cause}.")


for case in [((5, 4, 2), 4, -2), ((2, 3, 4, 3), 3, 1), ((2, 5, 3), 4, 1)]:
    check_axis(*case)
# BEGIN HIDDEN TESTS
for case in [((2, 4, 3, 3), 3, 2), ((2, 2, 3, 2, 4), 5, -3), ((0, 3, 2), 4, 1)]:
    check_axis(*case)
# END HIDDEN TESTS

# %% exercise="dense-from-scratch" role="tests" points=1
# Exercise 7.2, tests 3 of 4: start values, and two training steps.
def check_training(inputs, units, shape):
    name, bound = f"OwnDense({units}, 'tanh')", (6 / (inputs + units)) ** 0.5
    layer, second = (OwnDense(units, "tanh") for _ in range(2))
    assert isinstance(layer, keras.Layer), f"{name} gave {type(layer).__name__}, not a keras.Layer."
    rng = np.random.default_rng(0)
    v, factor = rng.normal(size=shape), rng.normal(size=(*shape[:-1], units))
    x = tf.constant(v, tf.float32)
    layer(x), second(x)
    found, other = ({tuple(w.shape): w for w in m.trainable_weights} for m in (layer, second))
    assert set(found) == {(inputs, units), (units,)}, (
        f"{name} has trainable weights of shapes {sorted(found)}; get the first tests cell to pass "
        "first.")
    kernel, bias = found[inputs, units], found[units,]
    w = kernel.numpy().astype("float64")
    drawn = len(np.unique(w)) > 0.9 * w.size
    centred, spread = abs(w.mean()) < 0.1 * bound, abs(w.std() / bound * 3**0.5 - 1) < 0.1
    cause = ("equal columns make equal outputs" if not drawn else
             "the draws lie around 0" if not centred else "the draws are uniform" if spread else
             "the bound is the root of 6 / (inputs + units), as in \"glorot_uniform\"")
    assert drawn and centred and spread and np.abs(w).max() < 1.001 * bound, (
        f"W of {name} on {inputs} columns starts between {w.min():.3g} and {w.max():.3g}, with "
        f"standard deviation {w.std():.3g}; wanted the Xavier (Glorot) uniform scheme, which draws "
        f"between {-bound:.3f} and {bound:.3f}, with standard deviation {bound / 3**0.5:.3f}: "
        f"{cause}.")
    assert not np.array_equal(w, other[inputs, units].numpy()), (
        f"two layers {name} start with the same W: no fixed seed, and no initializer object that "
        "several layers share.")
    assert not bias.numpy().any(), f"b of {name} starts at {bias.numpy()[:3]}…, wanted zeros."
    for step in (1, 2):
        w, b = kernel.numpy().astype("float64"), bias.numpy().astype("float64")
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x)
            assert isinstance(y, tf.Tensor), f"{name}(x) gave {type(y).__name__}, not a tensor."
            loss = tf.reduce_sum(tf.constant(factor, tf.float32) * y)
        act = np.tanh(v @ w + b)
        assert tuple(y.shape) == act.shape and np.allclose(y, act, rtol=1e-3, atol=1e-3), (
            f"step {step}: {name} computes something else; get the first tests cell to pass first.")
        gradients = tape.gradient(loss, [kernel, bias, x])
        up = (factor * (1 - act**2)).reshape(-1, units)
        wanted = {"W": v.reshape(-1, inputs).T @ up, "b": up.sum(0), "x": (up @ w.T).reshape(shape)}
        for (label, value), gradient in zip(wanted.items(), gradients):
            assert gradient is not None and np.allclose(gradient, value, rtol=1e-3, atol=1e-3), (
                f"step {step}: the gradient of {name} with respect to {label} is "
                f"{'missing' if gradient is None else 'wrong'}: use x, W and b themselves in call, "
                "without NumPy or stop_gradient, and make nothing anew there.")
        kernel.assign_sub(0.05 * gradients[0])
        bias.assign_sub(0.05 * gradients[1])


for case in [(200, 100, (3, 200))]:
    check_training(*case)
# BEGIN HIDDEN TESTS
for case in [(50, 300, (2, 3, 50))]:
    check_training(*case)
# END HIDDEN TESTS

# %% exercise="dense-from-scratch" role="tests" points=1
# Exercise 7.2, tests 4 of 4: the configuration, and a model that is saved and loaded.
def check_config(units, *settings):
    shown = ", ".join([str(units), *(getattr(s, "__name__", None) or repr(s) for s in settings)])
    name, layer = f"OwnDense({shown}, name='own')", OwnDense(units, *settings, name="own")
    assert isinstance(layer, keras.Layer), f"{name} gave {type(layer).__name__}, not a keras.Layer."
    OwnDense(units + 1, "sigmoid", -3)  # a later layer must not change this one
    config = layer.get_config()
    assert isinstance(config, dict), (
        f"{name}.get_config() gave {type(config).__name__}, wanted a dictionary.")
    assert config.get("name") == "own" and "dtype" in config, (
        f"{name}.get_config() holds no name or no dtype: start from super().get_config().")
    assert config.get("units") == units and {"activation", "axis"} <= config.keys(), (
        f"{name}.get_config() has the keys {sorted(config)} and units={config.get('units')}: add "
        "all three arguments, units, activation and axis, as this layer has them.")
    assert isinstance(config["activation"], str | dict | None), (
        f"{name}.get_config() holds the activation as a {type(config['activation']).__name__}, "
        "wanted plain form: keras.activations.serialize gives the name of a function.")
    x = np.random.default_rng(5).normal(size=(units,) * 3).astype("float32")
    model = keras.Sequential([keras.Input(x.shape[1:]), layer])
    wanted = model(x)
    try:
        twin = keras.Sequential([keras.Input(x.shape[1:]), OwnDense.from_config(config)])
        twin.set_weights(model.get_weights())
        with tempfile.TemporaryDirectory() as folder:
            model.save(Path(folder) / "own.keras")
            loaded = keras.saving.load_model(
                Path(folder) / "own.keras", custom_objects={"OwnDense": OwnDense})
        results = {"made by from_config": twin(x), "in a model saved and loaded": loaded(x)}
    except Exception as error:
        plain = {key: config[key] for key in ("units", "activation", "axis")}
        raise AssertionError(
            f"making {name} again from its configuration, with {plain}, raised "
            f"{type(error).__name__}: does __init__ take what get_config returns, and hand "
            "**kwargs to super()?") from None
    for how, y in results.items():
        assert isinstance(y, tf.Tensor) and np.allclose(y, wanted, rtol=1e-4, atol=1e-4), (
            f"{name}, {how}, computes something else with the same weights: are the activation "
            "and the axis in its configuration those of this layer?")


for case in [(3, "tanh"), (4, keras.activations.relu), (3, None, 1)]:
    check_config(*case)
# BEGIN HIDDEN TESTS
for case in [(2,), (5, "relu", -2), (3, keras.activations.tanh)]:
    check_config(*case)
# END HIDDEN TESTS

# %% [markdown]
# ## Several inputs, several outputs
#
# A call may take a list of tensors, and return a tuple. This layer takes the two coordinates of
# points in the plane and gives their distances from the origin and their directions.

# %%
class Polar(keras.Layer):
    """Distance and direction of points: [x, y], both of shape (...), give two tensors like them."""

    def call(self, inputs):
        x, y = inputs
        return ops.sqrt(x * x + y * y), ops.arctan2(y, x)


polar = Polar()
distance, direction = polar([np.array([3.0, 0.0]), np.array([4.0, 2.0])])
print("distance: ", distance.numpy().tolist())
print("direction:", [round(angle, 2) for angle in direction.numpy().tolist()])

# %% [markdown]
# (A layer that has to `build` gets a list of shapes then. Keras 3 also takes several arguments,
# `call(self, x, y)`; the list is what its own layers with several inputs use.)
#
# **Predict**: can such a layer be the first link of a Sequential? And a link in the middle?

# %%
pair = [np.ones((2, 1)), np.ones((2, 1))]
for label, attempt in {
    "first:": lambda: keras.Sequential([Polar(), layers.Dense(1)])(pair),
    "middle:": lambda: keras.Sequential([layers.Dense(1), Polar(), layers.Dense(1)])(pair[0]),
    "one tensor of two rows:": lambda: Polar()(pair[0]),
}.items():
    try:
        y = attempt()
        print(label, f"no error, and {len(y)} results of shape {tuple(y[0].shape)}")
    except (ValueError, TypeError) as error:
        print(label, "raises", type(error).__name__)

# %% [markdown]
# A chain passes one value from link to link. The last line is the nasty case: a *single* tensor
# with two rows can be unpacked as well, into its rows, and nothing raises. Layers with several
# inputs belong in a block whose `call` says what goes where:

# %%
class Compass(keras.Layer):
    """Make two coordinates of each row, return the direction; (batch, width) to (batch, 1)."""

    def __init__(self):
        super().__init__()
        self.east, self.north = layers.Dense(1), layers.Dense(1)
        self.polar = Polar()

    def call(self, x):
        distance, direction = self.polar([self.east(x), self.north(x)])
        return direction


print(tuple(Compass()(np.ones((5, 4))).shape))

# %% [markdown]
# Two inputs bring a danger that one input does not have: they may not belong together.
#
# **Predict**: three coordinates as a column and three as a plain vector, that is shapes `(3, 1)`
# and `(3,)`. What comes out?

# %%
distance, direction = polar([np.ones((3, 1)), np.ones(3)])
print(tuple(distance.shape))

# %% [markdown]
# Broadcasting has made nine points out of three, and no error tells. Where both inputs should have
# one shape, the layer should say so:

# %% tags=["raises-exception"]
class StrictPolar(Polar):
    def call(self, inputs):
        x, y = inputs
        if tuple(x.shape) != tuple(y.shape):
            raise ValueError(
                f"StrictPolar wants inputs of one shape, got {tuple(x.shape)} and {tuple(y.shape)}")
        return super().call(inputs)


StrictPolar()([np.ones((3, 1)), np.ones(3)])

# %% [markdown]
# (This `if` is harmless in a graph: it looks at shapes, which are known when the graph is made,
# with `None` for the size of the batch.)

# %% [markdown] exercise="two-in-three-out" role="task"
# ## Exercise 7.3: two inputs, three outputs
#
# *3 points*
#
# Write the layer `Compare()`, which takes a list of two tensors and says how they relate:
# `Compare()([a, b])`.
#
# - **In**: `a` and `b`, float32, rank 2 or more, both of the same shape `(..., width)`.
# - **Out**: a tuple of three float32 tensors, in this order:
#     1. the difference `a` minus `b`, shape `(..., width)`;
#     2. the larger of the two, entry by entry, shape `(..., width)`;
#     3. the dot product of each row of `a` with the same row of `b`, that is the sum over the last
#        axis of the products, shape `(..., 1)`.
# - If the shapes differ, whether or not they could be broadcast, the call raises a `ValueError`.
# - Gradients flow back into both. The layer has no weights, and works on symbolic inputs
#   (`keras.Input`), so that it can be part of a model that `fit` trains.
#
# The first tests cell looks at the three outputs, the second at the gradients and symbolic inputs,
# the third at inputs that do not fit (1 point each).

# %% [markdown] exercise="two-in-three-out" role="hint"
# <details><summary>Hint 1</summary>
#
# Unpack the list, and compare the shapes before you compute anything. Two of the outputs are one
# operation each. For the third: multiply, then sum over one axis only, and keep that axis.
#
# </details>

# %% [markdown] exercise="two-in-three-out" role="hint"
# <details><summary>Hint 2</summary>
#
# `a.shape != b.shape` compares shapes. `ops.maximum(a, b)` takes the larger, entry by entry.
# `ops.sum(a * b, axis=-1, keepdims=True)` leaves an axis of length 1. Return the three with commas
# between them.
#
# </details>

# %% exercise="two-in-three-out" role="solution" listing="S1-24"
class Compare(keras.Layer):
    """Two (..., width) tensors to difference (..., width), larger (..., width), dot (..., 1)."""

    def call(self, inputs: list[tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        # BEGIN SOLUTION
        a, b = inputs
        if a.shape != b.shape:
            raise ValueError(f"a has shape {tuple(a.shape)}, b has shape {tuple(b.shape)}")
        return a - b, ops.maximum(a, b), ops.sum(a * b, axis=-1, keepdims=True)
        # END SOLUTION


# %% exercise="two-in-three-out" role="tests" points=1
# Exercise 7.3, tests 1 of 3: the three outputs.
def check_compare(shape):
    layer, rng = Compare(), np.random.default_rng(len(shape))
    assert isinstance(layer, keras.Layer), (
        f"Compare() gave {type(layer).__name__}, wanted a keras.Layer.")
    a, b = rng.normal(size=shape), rng.normal(size=shape)
    called = f"Compare()([a, b]) for a and b of shape {shape}"
    try:
        results = layer([a.astype("float32"), b.astype("float32")])
    except (tf.errors.InvalidArgumentError, ValueError) as error:
        raise AssertionError(f"{called} raised {type(error).__name__}: compute entry by entry, and "
                             "sum over the last axis, for every rank.") from None
    except TypeError as error:
        raise AssertionError(f"{called} raised TypeError ({error}): call takes one argument beside "
                             "self, the list [a, b].") from None
    assert isinstance(results, tuple) and len(results) == 3, (
        f"{called} gave {type(results).__name__}, wanted a tuple of 3: return the three results "
        "with commas between them, neither stacked nor in a list.")
    wanted = {"the difference": a - b, "the larger": np.maximum(a, b),
              "the dot product": (a * b).sum(-1, keepdims=True)}
    for (what, value), y in zip(wanted.items(), results):
        assert isinstance(y, tf.Tensor), f"{called}: {what} is {type(y).__name__}, not a tensor."
        got = np.asarray(y, "float64")
        assert got.shape == value.shape, (
            f"{called}: {what} has shape {got.shape}, wanted {value.shape}: " + (
                "sum over the last axis only, and keep that axis with length 1."
                if what == "the dot product" else "see the task for the order of the three."))
        assert y.dtype == tf.float32, f"{called}: {what} is {y.dtype.name}, wanted float32."
        likely = {"that is b minus a": b - a, "that is its absolute value": np.abs(a - b),
                  "that is the smaller": np.minimum(a, b), "that is the product": a * b,
                  "that is the larger": np.maximum(a, b), "that is the difference": a - b,
                  "that is the larger of the absolute values": np.maximum(abs(a), abs(b)),
                  "that is the mean over the row, not the sum": value / shape[-1]}
        cause = next((c for c, v in likely.items() if v.shape == got.shape
                      and np.allclose(got, v, rtol=1e-4, atol=1e-4)), "see the task for it")
        assert np.allclose(got, value, rtol=1e-4, atol=1e-4), (
            f"{called}: {what} begins {got.ravel()[:3].round(3)}, wanted "
            f"{value.ravel()[:3].round(3)}: {cause}.")


for shape in [(4, 3)]:
    check_compare(shape)
# BEGIN HIDDEN TESTS
for shape in [(2, 5, 3), (1, 4), (3, 2, 2, 3)]:
    check_compare(shape)
# END HIDDEN TESTS

# %% exercise="two-in-three-out" role="tests" points=1
# Exercise 7.3, tests 2 of 3: gradients for both inputs, and symbolic inputs.
def check_flow(shape):
    layer, rng = Compare(), np.random.default_rng(4)
    assert isinstance(layer, keras.Layer), (
        f"Compare() gave {type(layer).__name__}, wanted a keras.Layer.")
    a, b, c, d = (rng.normal(size=shape) for _ in range(4))
    e = rng.normal(size=(*shape[:-1], 1))
    tensors = [tf.constant(v, tf.float32) for v in (a, b)]
    for number, what in enumerate(("difference", "larger", "dot product")):
        with tf.GradientTape() as tape:
            tape.watch(tensors)
            try:
                results = layer(tensors)
            except (tf.errors.InvalidArgumentError, ValueError, TypeError) as error:
                raise AssertionError(f"Compare()([a, b]) raised {type(error).__name__}; get the "
                                     "first tests cell to pass first.") from None
            assert isinstance(results, tuple) and [
                tuple(y.shape) for y in results if isinstance(y, tf.Tensor)
            ] == [shape, shape, e.shape], (
                "Compare()([a, b]) did not give the three tensors; get the first tests cell to "
                "pass first.")
            value = (a - b, np.maximum(a, b), (a * b).sum(-1, keepdims=True))[number]
            assert np.allclose(results[number], value, rtol=1e-4, atol=1e-4), (
                f"the {what} is another; get the first tests cell to pass first.")
            loss = tf.reduce_sum(tf.constant((c, d, e)[number], tf.float32) * results[number])
        wanted = {"a": (c, d * (a > b), e * b)[number], "b": (-c, d * (b > a), e * a)[number]}
        for (label, value), got in zip(wanted.items(), tape.gradient(loss, tensors)):
            assert got is not None and np.allclose(got, value, rtol=1e-4, atol=1e-4), (
                f"the gradient of the {what} of Compare()([a, b]) with respect to {label} is "
                f"{'missing' if got is None else 'wrong'}: no NumPy and no stop_gradient.")
    try:
        inputs = [keras.Input(shape[1:]), keras.Input(shape[1:])]
        model = keras.Model(inputs, list(Compare()(inputs)))
        graph = tf.function(model)(tensors)  # as fit and predict do
    except Exception as error:
        raise AssertionError(
            f"a model with Compare()([a, b]) on two keras.Input({shape[1:]}) raised "
            f"{type(error).__name__}: there tensors have no numbers, and the batch size is None; "
            "compute with ops.") from None
    for what, y, value in zip(("difference", "larger", "dot product"), graph, results):
        assert np.allclose(y, value, rtol=1e-4, atol=1e-4), (
            f"in a model that runs as a graph the {what} comes out differently than alone.")


for shape in [(4, 3)]:
    check_flow(shape)
# BEGIN HIDDEN TESTS
for shape in [(2, 3, 2)]:
    check_flow(shape)
# END HIDDEN TESTS

# %% exercise="two-in-three-out" role="tests" points=1
# Exercise 7.3, tests 3 of 3: inputs that do not fit.
def check_refusal(a_shape, b_shape):
    layer = Compare()
    assert isinstance(layer, keras.Layer), (
        f"Compare() gave {type(layer).__name__}, wanted a keras.Layer.")
    a, b = np.ones(a_shape, "float32"), np.ones(b_shape, "float32")
    try:
        fitting = layer([a, a])
    except (tf.errors.InvalidArgumentError, ValueError, TypeError) as error:
        raise AssertionError(f"Compare()([a, b]) for a and b of shape {a_shape}, which fit, raised "
                             f"{type(error).__name__}; get the first tests cell to pass first."
                             ) from None
    assert isinstance(fitting, tuple) and len(fitting) == 3, (
        f"Compare()([a, b]) for a and b of shape {a_shape} must give a tuple of 3 tensors; it gave "
        f"{type(fitting).__name__}.")
    called = f"Compare()([a, b]) for a of shape {a_shape} and b of shape {b_shape}"
    try:
        layer([a, b])
    except ValueError:
        return
    except Exception as error:
        raise AssertionError(
            f"{called} raised {type(error).__name__}, wanted a ValueError: compare the shapes "
            "before you compute, and raise ValueError.") from None
    raise AssertionError(
        f"{called} raised nothing, wanted a ValueError: broadcasting stretched one of the inputs. "
        "Compare the whole shapes, before you compute.")


for case in [((3, 4), (3, 1)), ((2, 3), (3, 2))]:
    check_refusal(*case)
# BEGIN HIDDEN TESTS
for case in [((3, 4), (1, 4)), ((3, 3), (3,)), ((2, 3, 4), (3, 4)), ((1, 1), (5, 2)),
             ((2, 3, 4), (2, 1, 4))]:
    check_refusal(*case)
# END HIDDEN TESTS

# %% [markdown]
# ## Different in training
#
# Some layers should act in training only. Dropout is one, and you can write it yourself: in
# training it sets a random part of the entries to zero and scales the others up, so that the mean
# stays; in use it passes everything on. How does it know? If its `call` has an argument named
# `training`, Keras fills it in.

# %%
class Thin(keras.Layer):
    """In training, drop a random part of the entries and scale up the others; shape is kept."""

    def __init__(self, rate, **kwargs):
        super().__init__(**kwargs)
        self.rate = rate

    def call(self, x, training=False):
        if not training:
            return x
        kept = keras.random.uniform(ops.shape(x)) >= self.rate
        return x * ops.cast(kept, x.dtype) / (1 - self.rate)


# %% [markdown]
# **Predict** for an input of 100,000 ones: the share of zeros and the mean of the output, for a
# plain call of the chain and for a call with `training=True`. Neither chain below has a word about
# training in its code.

# %%
keras.utils.set_random_seed(0)
net = keras.Sequential([keras.Sequential([Thin(0.2)]), layers.Activation("linear")])
ones = np.ones((100, 1000), "float32")
for label, y in {"plain": net(ones), "training=True": net(ones, training=True)}.items():
    zeros = ops.mean(ops.cast(y == 0, "float32"))
    print(f"{label:14} zeros: {float(zeros):.2f}  mean: {float(ops.mean(y)):.2f}")

# %% [markdown]
# The call of the outermost block passes the mode on to every layer that is *called* below it, and
# whose `call` has an argument of that name. `fit` calls with `training=True`, `predict` and
# `evaluate` with `training=False`. (In PyTorch the mode is an attribute of each block, set by
# `train()` and `eval()`.)
#
# ### Missing the message
#
# **Predict**: all three layers below change the sign in training, or so they say. Which of them
# does inside another block that is called with `training=True`?

# %%
class Flip(keras.Layer):
    def call(self, x, training=False):
        return -x if training else x


class FlipOtherName(keras.Layer):
    def call(self, x, train=False):
        return -x if train else x


class FlipFlag(keras.Layer):
    training = False

    def call(self, x):
        return -x if self.training else x


for layer in (Flip(), FlipOtherName(), FlipFlag()):
    y = keras.Sequential([layer])(np.ones((1, 1)), training=True)
    print(f"{type(layer).__name__:14} {y.numpy().item():4}")

# %% [markdown]
# Only the argument is filled in, and only under this name.
#
# ### Random numbers that are not random
#
# Under `fit`, `call` runs once for each shape of input, and the graph that it leaves behind runs
# from then on. What Python and NumPy compute in `call` is computed that one time.
#
# **Predict**: each of the layers below is run three times as a graph, which `tf.function` makes of
# it (lesson 14). Which of them draw three different numbers?

# %%
class NumpyDraw(keras.Layer):
    def call(self, x):
        return x + np.random.normal()


class KerasDraw(keras.Layer):
    def call(self, x):
        return x + keras.random.normal(())


class SeededDraw(keras.Layer):
    def call(self, x):
        return x + keras.random.normal((), seed=1)


for layer in (NumpyDraw(), KerasDraw(), SeededDraw()):
    graph = tf.function(keras.Sequential([layer]))
    drawn = {graph(np.zeros((1, 1), "float32")).numpy().item() for _ in range(3)}
    print(f"{type(layer).__name__:10} {len(drawn)} different")

# %% [markdown]
# NumPy drew while the graph was made; its number is a constant in the graph. A `seed` that is a
# plain number gives the same draw in every call. `keras.random` without a seed is what you want.
# (For a stream of its own a layer keeps a `keras.random.SeedGenerator`.)
#
# And one more trap of graphs. There the size of the batch may be unknown: `x.shape` then holds a
# `None`, with which nothing can be drawn. `ops.shape(x)` gives the size that the batch has when the
# graph runs.

# %%
@tf.function(input_signature=[tf.TensorSpec((None, 3))])
def shapes(x):
    print("x.shape:", tuple(x.shape))
    return ops.shape(x)[0]


print("ops.shape(x)[0]:", shapes(np.ones((5, 3), "float32")).numpy())

# %% [markdown] exercise="noise-in-training" role="task"
# ## Exercise 7.4: noise in training only
#
# *3 points*
#
# Write the layer `AddNoise(std, **kwargs)`. Noise on the inputs of a network keeps it from learning
# them by heart.
#
# - **In**: `x`, float32, any shape, the size of the batch perhaps unknown. **Out**: float32, the
#   same shape. `std` is a Python float of 0 or more.
# - In training the layer returns $x + s\,n$ with $s$ = `std`, where each entry of $n$ is drawn from
#   the normal distribution with mean 0 and standard deviation 1: every entry its own, and anew in
#   every call, also in a graph. The layer sets no fixed seed.
# - Otherwise it returns the values of `x`, unchanged. A plain call is not training.
# - The mode comes from the call: of the layer itself, with `training=True`, or of any block around
#   it.
# - The layer has no weights, and the gradient of each output entry with respect to its input entry
#   is 1.
#
# The first tests cell looks at the noise, the second at the mode, the third at repeated calls and
# the gradient (1 point each).

# %% [markdown] exercise="noise-in-training" role="hint"
# <details><summary>Hint 1</summary>
#
# `Thin` has all the parts. What has to be drawn here, in which shape, and in which method? The
# constructor runs once, `call` in every call.
#
# </details>

# %% [markdown] exercise="noise-in-training" role="hint"
# <details><summary>Hint 2</summary>
#
# `keras.random.normal(ops.shape(x))` draws one number for each entry of `x`. With `call(self, x,
# training=False)`: if `training`, return the sum; otherwise return `x`.
#
# </details>

# %% exercise="noise-in-training" role="solution" listing="S1-25"
class AddNoise(keras.Layer):
    """In training, add normal noise of the given spread; any shape to the same shape, float32."""

    def __init__(self, std: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        # BEGIN SOLUTION
        self.std = std
        # END SOLUTION

    def call(self, x: tf.Tensor, training: bool = False) -> tf.Tensor:
        # BEGIN SOLUTION
        if training:
            return x + self.std * keras.random.normal(ops.shape(x))
        return x
        # END SOLUTION


# %% exercise="noise-in-training" role="tests" points=1
# Exercise 7.4, tests 1 of 3: the noise in training.
def check_noise(std, shape):
    layer, name = AddNoise(std), f"AddNoise({std})"
    assert isinstance(layer, keras.Layer), f"{name} gave {type(layer).__name__}, not a keras.Layer."
    v = np.random.default_rng(2).normal(5.0, 3.0, size=shape).astype("float32")
    y = layer(v, training=True)
    called = f"{name}(x, training=True) for x of shape {shape}"
    assert isinstance(y, tf.Tensor), f"{called} gave {type(y).__name__}, wanted a tensor."
    assert tuple(y.shape) == shape and y.dtype == tf.float32, (
        f"{called} gave {y.dtype.name} of shape {tuple(y.shape)}, wanted float32 of {shape}.")
    noise = np.asarray(y, "float64") - v
    spread, mean, outside = noise.std(), noise.mean(), (np.abs(noise) > 2 * std).mean()
    assert np.abs(noise).max() > 1e-3 * std, f"{called} added nothing: in training there is noise."
    assert spread > 0.1 * std, (
        f"{called} added {mean:.3f} to every entry: draw one number for each entry of x.")
    assert max(noise.mean(0).std(), noise.mean(1).std()) < 0.5 * spread, (
        f"{called} added the same to a whole row or column: draw one number for each entry.")
    causes = {std**2: "it was multiplied by std squared", 1.0: "std is not used",
              std**0.5: "std was taken for the variance"}
    cause = next((c for s, c in causes.items() if abs(spread / s - 1) < 0.05),
                 "the noise must not depend on x, and is drawn around 0")
    assert abs(spread / std - 1) < 0.05 and abs(mean) < 0.1 * std, (
        f"{called} added noise of mean {mean:.2f} and standard deviation {spread:.2f}, wanted 0 "
        f"and {std}: {cause}.")
    far = np.abs(noise).max() / std
    assert 0.03 < outside < 0.06 and far > 3, (
        f"{called} added noise of which {outside:.0%} lies beyond two standard deviations, and "
        f"nothing beyond {far:.1f}; wanted about 5%, and some beyond 3: the distribution is to be "
        "the normal one.")


for case in [(0.5, (100, 200))]:
    check_noise(*case)
# BEGIN HIDDEN TESTS
for case in [(3.0, (300, 50)), (2.0, (40, 500))]:
    check_noise(*case)
# END HIDDEN TESTS

# %% exercise="noise-in-training" role="tests" points=1
# Exercise 7.4, tests 2 of 3: the mode, for the layer alone and deep inside a network.
def check_mode(depth, shape):
    layer = net = AddNoise(2.0)
    assert isinstance(layer, keras.Layer), (
        f"AddNoise(2.0) gave {type(layer).__name__}, wanted a keras.Layer.")
    x = np.random.default_rng(3).normal(size=shape).astype("float32")
    for _ in range(depth):
        net = keras.Sequential([net, layers.Activation("linear")])
    where = "AddNoise(2.0)" + (f" inside {depth} keras.Sequential" if depth else "")
    for options in ({"training": True}, {}, {"training": True}, {"training": False}):
        shown = ", ".join(["x", *(f"{k}={v}" for k, v in options.items())])
        y = net(x, **options)
        assert isinstance(y, tf.Tensor) and tuple(y.shape) == shape, (
            f"{where} gave {type(y).__name__}, wanted a tensor of shape {shape}.")
        added = not np.array_equal(y, x)
        assert added or not options.get("training"), (
            f"{where}, called with ({shown}), added no noise: call(self, x, training=False) is "
            "told the mode, under this name; a flag of your own is not.")
        assert options.get("training") or not added, (
            f"{where}, called with ({shown}), added noise: only training brings noise, and a mode "
            "must not be remembered from an earlier call.")


for case in [(0, (3, 4)), (2, (3, 4))]:
    check_mode(*case)
# BEGIN HIDDEN TESTS
for case in [(0, (5,)), (1, (2, 3, 4)), (3, (1, 6))]:
    check_mode(*case)
predicted = keras.Sequential([keras.Input((3,)), AddNoise(2.0)]).predict(
    np.ones((2, 3), "float32"), verbose=0)
assert np.array_equal(predicted, np.ones((2, 3))), "AddNoise(2.0) added noise under predict."
# END HIDDEN TESTS

# %% exercise="noise-in-training" role="tests" points=1
# Exercise 7.4, tests 3 of 3: call after call, in a graph too, and the gradient.
def check_calls(std, shape):
    name, noisy, drawn = f"AddNoise({std})", [AddNoise(std), AddNoise(std)], []
    assert isinstance(noisy[0], keras.Layer), (
        f"{name} gave {type(noisy[0]).__name__}, wanted a keras.Layer.")
    x = tf.constant(np.random.default_rng(9).normal(size=shape), tf.float32)
    for layer in (noisy[0], noisy[0], noisy[1]):
        y = layer(x, training=True)
        assert isinstance(y, tf.Tensor) and tuple(y.shape) == shape, (
            f"{name}(x, training=True) gave {type(y).__name__}, wanted a tensor of shape {shape}.")
        drawn.append(y.numpy() - x.numpy())
    model = keras.Sequential([keras.Input(shape[1:]), noisy[0]])

    @tf.function(autograph=False, input_signature=[tf.TensorSpec((None, *shape[1:]))])
    def graph(x):  # as fit does
        return model(x, training=True)

    try:
        drawn += [graph(x).numpy() - x.numpy() for _ in range(2)]
    except Exception as error:
        raise AssertionError(
            f"{name} in a graph, with a batch of unknown size, raised {type(error).__name__}: draw "
            "with ops.shape(x), since x.shape holds None there, and without NumPy.") from None
    assert drawn[0].std() > 1e-3, (
        f"{name}(x, training=True) added nothing, or the same number to every entry.")
    for i, j, what in [(0, 1, "two calls of one layer"), (0, 2, "two layers"),
                       (3, 4, "two calls of one graph, as fit makes them,")]:
        assert abs(np.corrcoef(drawn[i].ravel(), drawn[j].ravel())[0, 1]) < 0.5, (
            f"{what} {name} added the same noise: draw it in call, anew each time, with "
            "keras.random and no fixed seed. What NumPy draws is a constant in a graph.")
    assert not noisy[0].weights, f"{name} has weights; it needs none."
    (_, u), (_, w) = [(AddNoise(std), keras.random.normal((9,))) for _ in range(2)]
    assert not np.array_equal(u, w), f"making {name} sets the seed of Keras; the layer sets none."
    for training in (True, False):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = noisy[0](x, training=training)
        got = tape.gradient(y, x)
        assert got is not None and np.allclose(got, 1.0), (
            f"the gradient of {name}(x, training={training}) is "
            f"{'missing' if got is None else 'not 1'}: the noise is added, does not depend on x, "
            "and comes from keras.random.")


for case in [(1.0, (20, 300))]:
    check_calls(*case)
# BEGIN HIDDEN TESTS
for case in [(0.5, (8, 4, 200))]:
    check_calls(*case)
still = AddNoise(0.0)(np.array([[1.0, -2.0]], "float32"), training=True)
assert isinstance(still, tf.Tensor) and np.array_equal(still, [[1.0, -2.0]]), (
    "AddNoise(0.0)(x, training=True) must give the values of x: the spread of the noise is 0.")
# END HIDDEN TESTS

# %% [markdown]
# ## Normalisation
#
# Layers learn more easily if what comes in has about the same size everywhere. *Layer
# normalisation* brings each row to mean 0 and variance 1 by itself, without looking at its
# neighbours in the batch: from $x$ subtract the mean $\mu$ of the row, then divide by the root of
# its variance $\sigma^2$.
#
# **Predict**: the second row is a hundred times the first. How do the results differ?

# %%
rows = ops.array([[1.0, 2.0, 3.0, 6.0], [100.0, 200.0, 300.0, 600.0]])
deviation = rows - ops.mean(rows, axis=-1, keepdims=True)
variance = ops.mean(deviation**2, axis=-1, keepdims=True)
print("variance:", variance[:, 0].numpy().tolist())
for row in (deviation / ops.sqrt(variance)).numpy().tolist():
    print([round(value, 3) for value in row])

# %% [markdown]
# They do not: a row's place and scale are gone, only its pattern is left. The formula looks
# harmless. There are three traps in it.
#
# ### Trap one: which variance?
#
# The *biased* variance divides the sum of squares by $n$, the *unbiased* one by $n - 1$. The name
# is no judgement: layer normalisation uses the biased one. **Predict** which one `ops.var`
# computes, and what the two give for a row with a single entry, where $n - 1$ is zero.

# %%
def unbiased(x):
    """Variance with n - 1, over the last axis."""
    deviation = x - ops.mean(x, axis=-1, keepdims=True)
    return ops.sum(deviation**2, axis=-1) / (x.shape[-1] - 1)


for label, x in {"four entries": rows[0], "one entry": rows[0, :1]}.items():
    print(f"{label:12}  ops.var {float(ops.var(x)):.3f}  unbiased {float(unbiased(x)):.3f}")

# %% [markdown]
# `ops.var`, TensorFlow and NumPy are biased unless told otherwise. (`torch.var` is not, and has
# spoilt many a translation between the two.) The unbiased variance of a single entry is 0/0.
#
# ### Trap two: where does the small number go?
#
# A row of equal entries has variance 0, and 0/0 is NaN. A small number $\varepsilon$ prevents that.
# It is added to the *variance*, inside the root: $\sqrt{\sigma^2 + \varepsilon}$. A common mistake
# adds it to the root: $\sqrt{\sigma^2} + \varepsilon$. Does it matter? We send rows of smaller and
# smaller spread through both and look at the largest entry.
#
# **Predict** for $\varepsilon = 10^{-5}$: below which spread does each of the two curves begin to
# fall?

# %%
def largest_entry(spread, inside, outside):
    """Normalise the row (-spread, spread) in float64 and return its largest entry."""
    x = np.stack([-spread, spread], axis=-1)
    variance = x.var(axis=-1, keepdims=True)
    return (x / (np.sqrt(variance + inside) + outside)).max(axis=-1)


eps = 1e-5
spreads = np.logspace(-7, 1, 200)
fig, axis = plt.subplots(figsize=(7, 3), layout="constrained")
axis.semilogx(spreads, largest_entry(spreads, eps, 0.0), linewidth=2, label="ε inside the root")
axis.semilogx(spreads, largest_entry(spreads, 0.0, eps), "--", linewidth=2, label="ε outside")
for place in (eps, eps**0.5):
    axis.axvline(place, color="0.8", linewidth=1, zorder=0)
axis.set(xlabel="spread of the row", ylabel="largest entry after")
axis.legend()
plt.show()
for spread in (1.0, 1e-3):
    inside, outside = largest_entry(spread, eps, 0.0), largest_entry(spread, 0.0, eps)
    print(f"spread {spread:5}: inside {inside:.3f}, outside {outside:.3f}")

# %% [markdown]
# Outside, the curve falls at a spread of $\varepsilon$ (left grey line), inside at
# $\sqrt{\varepsilon}$ (right grey line), three hundred times earlier: what is nearly constant is
# then left small and not blown up to full size. For ordinary rows the two agree, which is why the
# mistake survives most tests. A test with a large $\varepsilon$ finds it.
#
# ### Trap three: a detour through large numbers
#
# The variance is also the mean of the squares minus the square of the mean. On paper.
#
# **Predict** whether the detour finds the variance of 3000, 3001, 3002 and 3003, which is 1.25.

# %%
far = ops.array([3000.0, 3001.0, 3002.0, 3003.0])
detour = ops.mean(far * far) - ops.mean(far) ** 2
direct = ops.mean((far - ops.mean(far)) ** 2)
print("direct:", float(direct))
print("the detour is wrong by more than a tenth:", abs(float(detour) - 1.25) > 0.1)

# %% [markdown]
# The squares are about nine million, and float32 has seven digits: what distinguishes the four
# numbers is rounded away before the subtraction. Subtract the mean first, then square.
#
# A network may do better without mean 0 and variance 1 in some features. So the layer ends with a
# learned factor $\gamma$ and a learned offset $\beta$ for each feature, which start at 1 and 0:
#
# $$y = \gamma\,\frac{x - \mu}{\sqrt{\sigma^2 + \varepsilon}} + \beta$$

# %% [markdown] exercise="layer-norm" role="task"
# ## Exercise 7.5: layer normalisation
#
# *3 points*
#
# Write the layer `OwnLayerNorm(eps=1e-5, **kwargs)`, which computes the formula above by itself: it
# uses no ready-made layer normalisation, neither `layers.LayerNormalization` nor a function such as
# `ops.layer_normalization`.
#
# - **In**: `x`, float32, rank 2 or more, shape `(..., width)`. **Out**: the same shape and dtype.
# - $\mu$ and $\sigma^2$ are the mean and the *biased* variance over the last axis, for each row by
#   itself. `eps` is a Python float above 0; it is added to the variance, inside the root.
# - $\gamma$ and $\beta$ have shape `(width,)`, are the only weights, both trained, and start at
#   ones and zeros. The width is whatever the first call brings.
# - Rows may lie far from zero: about 3000 with a spread of 1, say, must come out right to two
#   digits. A row of equal entries gives $\beta$, also if `width` is 1.
# - Gradients flow through mean and variance too.
#
# The three tests cells (1 point each) look at the normalised rows, at $\gamma$ and $\beta$, and at
# gradients.

# %% [markdown] exercise="layer-norm" role="hint"
# <details><summary>Hint 1</summary>
#
# Go by the steps of the formula: mean of each row, deviations, the mean of their squares, the root
# of that plus `eps`, the quotient, then $\gamma$ and $\beta$. Which of these have to keep the last
# axis, so that they can be subtracted from or divided into `x`?
#
# </details>

# %% [markdown] exercise="layer-norm" role="hint"
# <details><summary>Hint 2</summary>
#
# `ops.mean(x, axis=-1, keepdims=True)` and `ops.var(x, axis=-1, keepdims=True)` give $\mu$ and
# $\sigma^2$ for every rank. In `build`, make two weights of shape `(input_shape[-1],)`, with the
# initialisers `"ones"` and `"zeros"`.
#
# </details>

# %% exercise="layer-norm" role="solution"
class OwnLayerNorm(keras.Layer):
    """Normalise each row, then scale and shift: (..., width) float32 to the same shape."""

    def __init__(self, eps: float = 1e-5, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        # BEGIN SOLUTION
        self.eps = eps
        # END SOLUTION

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        # BEGIN SOLUTION
        self.gamma = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="gamma")
        self.beta = self.add_weight(shape=(input_shape[-1],), initializer="zeros", name="beta")
        # END SOLUTION

    def call(self, x: tf.Tensor) -> tf.Tensor:
        # BEGIN SOLUTION
        deviation = x - ops.mean(x, axis=-1, keepdims=True)
        variance = ops.mean(deviation**2, axis=-1, keepdims=True)
        return self.gamma * deviation / ops.sqrt(variance + self.eps) + self.beta
        # END SOLUTION


# %% exercise="layer-norm" role="tests" points=1
# Exercise 7.5, tests 1 of 3: the normalised rows; gamma and beta as they are at the start.
def check_norm(rows, *eps):
    v = np.asarray(rows, "float32").astype("float64")
    width, shape, e = v.shape[-1], v.shape, eps[0] if eps else 1e-5
    layer, name = OwnLayerNorm(*eps), f"OwnLayerNorm({', '.join(map(str, eps))})"
    assert isinstance(layer, keras.Layer), f"{name} gave {type(layer).__name__}, not a keras.Layer."
    called = f"{name}(x) for x of shape {shape}"
    try:
        y = layer(v.astype("float32"))
    except tf.errors.InvalidArgumentError:
        raise AssertionError(f"{called} raised InvalidArgumentError: keep the last axis of mean "
                             "and variance, with length 1, so that they fit x.") from None
    assert "layer_normalization" not in functions_of_keras(layer, tf.constant(v, tf.float32)), (
        f"{name} uses a ready-made layer normalisation; compute the formula yourself.")
    assert isinstance(y, tf.Tensor), f"{called} gave {type(y).__name__}, wanted a tensor."
    assert tuple(y.shape) == shape and y.dtype == tf.float32, (
        f"{called} gave {y.dtype.name} of shape {tuple(y.shape)}, wanted float32 of {shape}.")
    got = np.asarray(y, "float64")

    def norm(axis=-1, n=1.0, inside=e, outside=0.0, root=0.5):
        d = v - v.mean(axis, keepdims=True)
        variance = (d**2).mean(axis, keepdims=True) * n
        return d / ((variance + inside) ** root + outside + 1e-30)

    likely = {
        "eps is outside the root; add it to the variance, inside": norm(inside=0, outside=e),
        "the variance is the unbiased one; the biased one is wanted":
            norm(n=width / max(width - 1, 1)),
        "eps is missing, or is not the one that was given": norm(inside=1e-5),
        "it was divided by the variance and not by its root": norm(root=1),
        "it was normalised over the batch; each row goes by itself": norm(axis=0),
        "each example was normalised whole; each row goes by itself": norm(tuple(range(1, v.ndim))),
        "nothing was normalised": v}
    far, wanted = np.abs(v).mean() > 500, norm()
    close = 1e-2 if far else 1e-3
    cause = next((c for c, a in likely.items() if np.allclose(got, a, rtol=1e-3, atol=1e-3)),
                 "subtract the mean first, then square: squares of large numbers lose digits"
                 if far else "go through the formula step by step; gamma is all ones, beta zeros")
    row = np.abs(got - wanted).reshape(-1, width).max(1).argmax()
    assert np.allclose(got, wanted, rtol=close, atol=close), (
        f"{called} gave {got.reshape(-1, width)[row].round(3)} in one row, wanted "
        f"{wanted.reshape(-1, width)[row].round(3)}: {cause}.")


draw = np.random.default_rng(0).normal(size=(3, 4, 5))
for case in [(draw[0], 2.0), (draw[:, 0] * 3 + 7,), (draw[1, :, :4] + 3000,)]:
    check_norm(*case)
# BEGIN HIDDEN TESTS
for case in [(draw, 0.5), (draw[:, :2, :3] / 100, 1e-3), (np.full((2, 3), 7.0),),
             (np.array([[5.0], [-3.0]]),), (draw[2, :1] * 1000,)]:
    check_norm(*case)
# END HIDDEN TESTS

# %% exercise="layer-norm" role="tests" points=1
# Exercise 7.5, tests 2 of 3: gamma and beta.
def check_weights(shape):
    width, rng = shape[-1], np.random.default_rng(shape[-1])
    layer, name, v = OwnLayerNorm(0.5), "OwnLayerNorm(0.5)", rng.normal(size=shape)
    assert isinstance(layer, keras.Layer), f"{name} gave {type(layer).__name__}, not a keras.Layer."
    try:
        layer(v.astype("float32"))
    except tf.errors.InvalidArgumentError:
        raise AssertionError(f"{name}(x) for x of shape {shape} raised InvalidArgumentError; get "
                             "the first tests cell to pass first.") from None
    assert "layer_normalization" not in functions_of_keras(layer, tf.constant(v, tf.float32)), (
        f"{name} uses a ready-made layer normalisation; compute the formula yourself.")
    starts = sorted((w.numpy().tolist() for w in layer.trainable_weights), key=str)
    assert starts == [[0.0] * width, [1.0] * width] and len(layer.weights) == 2, (
        f"the trainable weights of {name} start at {starts}, wanted a gamma of {width} ones and a "
        f"beta of {width} zeros, both from add_weight.")
    beta, gamma = sorted(layer.trainable_weights, key=lambda w: w.numpy()[0])
    g, b = rng.uniform(1, 2, size=width), rng.normal(size=width)
    gamma.assign(g), beta.assign(b)
    y, called = layer(v.astype("float32")), f"{name}(x) for x of shape {shape}"
    assert isinstance(y, tf.Tensor) and tuple(y.shape) == shape, (
        f"{called} gave {type(y).__name__} of shape {tuple(getattr(y, 'shape', ()))}, wanted "
        f"{shape}.")
    got, d = np.asarray(y, "float64"), v - v.mean(-1, keepdims=True)
    h = d / np.sqrt((d**2).mean(-1, keepdims=True) + 0.5)
    likely = {"gamma and beta are not used": h, "beta is missing": h * g,
              "gamma multiplies beta too": (h + b) * g, "gamma is missing": h + b}
    cause = next((c for c, a in likely.items() if np.allclose(got, a, rtol=1e-3, atol=1e-3)),
                 "get the first tests cell to pass first")
    assert np.allclose(got, h * g + b, rtol=1e-3, atol=1e-3), (
        f"{called} with gamma {g.round(2)} and beta {b.round(2)} begins {got.ravel()[:3].round(3)},"
        f" wanted {(h * g + b).ravel()[:3].round(3)}: {cause}.")


for shape in [(4, 5)]:
    check_weights(shape)
# BEGIN HIDDEN TESTS
for shape in [(2, 3, 4), (3, 1)]:
    check_weights(shape)
# END HIDDEN TESTS

# %% exercise="layer-norm" role="tests" points=1
# Exercise 7.5, tests 3 of 3: gradients.
def check_gradients(shape, eps):
    width, rng, name = shape[-1], np.random.default_rng(6), f"OwnLayerNorm({eps})"
    layer, v, factor = OwnLayerNorm(eps), rng.normal(size=shape), rng.normal(size=shape)
    assert isinstance(layer, keras.Layer), f"{name} gave {type(layer).__name__}, not a keras.Layer."
    x = tf.constant(v, tf.float32)
    try:
        layer(x)
    except tf.errors.InvalidArgumentError:
        raise AssertionError(f"{name}(x) for x of shape {shape} raised InvalidArgumentError; get "
                             "the first tests cell to pass first.") from None
    assert "layer_normalization" not in functions_of_keras(layer, tf.constant(v, tf.float32)), (
        f"{name} uses a ready-made layer normalisation; compute the formula yourself.")
    starts = sorted((w.numpy().tolist() for w in layer.trainable_weights), key=str)
    assert starts == [[0.0] * width, [1.0] * width], (
        f"{name} has other weights than wanted; get the first tests cell to pass first.")
    beta, gamma = sorted(layer.trainable_weights, key=lambda w: w.numpy()[0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x)
        assert isinstance(y, tf.Tensor) and tuple(y.shape) == shape, (
            f"{name}(x) for x of shape {shape} gave {type(y).__name__}, wanted a tensor like x.")
        loss = tf.reduce_sum(tf.constant(factor, tf.float32) * y)
    gradients = tape.gradient(loss, [x, gamma, beta])
    d, leading = v - v.mean(-1, keepdims=True), tuple(range(len(shape) - 1))
    root = np.sqrt((d**2).mean(-1, keepdims=True) + eps)
    h = d / root
    assert np.allclose(y, h, rtol=1e-3, atol=1e-3), (
        f"{name} computes something else; get the first tests cell to pass first.")
    constant_root = (factor - factor.mean(-1, keepdims=True)) / root
    wanted = {"x": constant_root - h * (factor * h).mean(-1, keepdims=True) / root,
              "gamma": (factor * h).sum(leading), "beta": factor.sum(leading)}
    for (label, value), got in zip(wanted.items(), gradients):
        assert got is not None, f"{label} of {name} has no gradient: no NumPy, no stop_gradient."
        cut = label == "x" and np.allclose(got, constant_root, rtol=1e-3, atol=1e-3)
        assert np.allclose(got, value, rtol=1e-3, atol=1e-3), (
            f"the gradient of {name} with respect to {label} begins "
            f"{got.numpy().ravel()[:3].round(3)}, wanted {value.ravel()[:3].round(3)}: " + (
                "the variance is cut off from x; it is part of the computation." if cut else
                "mean and variance depend on x, and nothing of that may be stopped."))


for case in [((4, 3), 0.1)]:
    check_gradients(*case)
# BEGIN HIDDEN TESTS
for case in [((2, 3, 5), 1.0)]:
    check_gradients(*case)
# END HIDDEN TESTS

# %% [markdown]
# ## Products of features
#
# A dense layer adds up features, each with its own factor. It never multiplies one feature by
# another. A *quadratic* or *bilinear form* does, with a weight $W_{ij}$ for each pair of features:
#
# $$x^\top W x = \sum_i \sum_j x_i\, W_{ij}\, x_j$$
#
# **Predict** the form by hand for $x = (1, 2)$ and the matrix below.

# %%
x = np.array([1.0, 2.0])
W = np.array([[1.0, 2.0], [0.0, -1.0]])
by_hand = sum(x[i] * W[i, j] * x[j] for i in range(2) for j in range(2))
print("loops:", by_hand.item(), " products:", (x @ W @ x).item())
print("with the transposed matrix:", (x @ W.T @ x).item())

# %% [markdown]
# The form of $W$ and that of its transpose are the same, since $x_i x_j = x_j x_i$. What can such a
# form look like? Over the plane of two features it can be drawn.
#
# **Predict**: a bowl, a saddle, or flat, for each of these three?
#
# $$W_1 = \begin{pmatrix} 1 & 0 \\ 0 & 1 \end{pmatrix} \qquad
# W_2 = \begin{pmatrix} 0 & 1 \\ 0 & 0 \end{pmatrix} \qquad
# W_3 = \begin{pmatrix} 0 & 1 \\ -1 & 0 \end{pmatrix}$$

# %%
matrices = {
    "identity": np.eye(2),
    "one product": np.array([[0.0, 1.0], [0.0, 0.0]]),
    "one and minus one": np.array([[0.0, 1.0], [-1.0, 0.0]]),
}
axis_values = np.linspace(-2, 2, 81)
grid = np.stack(np.meshgrid(axis_values, axis_values), axis=-1).reshape(-1, 2)
fig, axes = plt.subplots(1, 3, figsize=(10, 3.2), sharey=True, layout="constrained")
for axis, (title, W) in zip(axes, matrices.items()):
    form = ops.reshape(ops.einsum("bi,ij,bj->b", grid, W, grid), (81, 81))
    shades = axis.contourf(
        axis_values, axis_values, form, levels=np.linspace(-8.5, 8.5, 18), cmap="RdBu_r"
    )
    axis.set(title=title, xlabel="feature 1", aspect="equal")
axes[0].set_ylabel("feature 2")
fig.colorbar(shades, ax=axes, label="value of the form", ticks=[-8, -4, 0, 4, 8])
plt.show()

# %% [markdown]
# The identity gives a bowl. A single product gives a saddle: red where both features have the same
# sign, blue where they differ, which a single dense layer cannot tell apart. The last one is flat
# zero: its two entries cancel, because only the sum $W_{ij} + W_{ji}$ matters.
#
# ### A whole batch at once
#
# The figure needed the form for 6,561 points. **Predict** the shapes of these two attempts for a
# batch of 3 rows.

# %%
batch = ops.array([[1.0, 2.0], [0.0, 1.0], [3.0, -1.0]])
W = ops.array([[1.0, 2.0], [0.0, -1.0]])
product = batch @ W @ ops.transpose(batch)
form = ops.einsum("bi,ij,bj->b", batch, W, batch)
print(tuple(product.shape), " diagonal:", ops.diagonal(product).numpy().tolist())
print(tuple(form.shape), "    form:    ", form.numpy().tolist())

# %% [markdown]
# The chain of products pairs every row with every other row: nine numbers, of which three were
# wanted. `ops.einsum` (`tf.einsum` in lesson 01) lets you say exactly what you mean. Each operand
# has its axes named by letters; a letter that stands on the right is kept, all others are summed
# over. `b` stands on the right, so there is one result for each row. Three dots, `...`, stand for
# any number of leading axes.

# %% [markdown] exercise="bilinear-form" role="task"
# ## Exercise 7.6: several forms at once
#
# *3 points*
#
# Write the layer `BilinearForm(num_outputs, **kwargs)`. It has one matrix $W_k$ for each output,
# and
#
# $$y_k = x^\top W_k\, x = \sum_i \sum_j x_i\, W_{kij}\, x_j$$
#
# - **In**: `x`, float32, rank 2 or more, shape `(..., width)`; the width is whatever the first call
#   brings. **Out**: float32, shape `(..., num_outputs)`. Each row is treated by itself.
# - The only weight is $W$, of shape `(num_outputs, width, width)`, and it is trained: $W_k$ is
#   `W[k]`. Its start values are random, each a draw of its own, below 100 in size (any scheme will
#   do), and drawn anew for every layer.
# - Gradients reach $W$ and `x`.
#
# The first tests cell (2 points) looks at what is computed, the second (1 point) at start values
# and gradients.

# %% [markdown] exercise="bilinear-form" role="hint"
# <details><summary>Hint 1</summary>
#
# The formula has four indices: the row, $k$, $i$ and $j$. Which two are summed over, and which two
# are left? In which order do they stand on each of the three factors?
#
# </details>

# %% [markdown] exercise="bilinear-form" role="hint"
# <details><summary>Hint 2</summary>
#
# Take `ops.einsum("bi,ij,bj->b", x, W, x)` from above. Put a `k` in front of `ij` and behind the
# arrow, and `...` in place of `b`.
#
# </details>

# %% exercise="bilinear-form" role="solution"
class BilinearForm(keras.Layer):
    """Quadratic forms of each row: (..., width) float32 to (..., num_outputs) float32."""

    def __init__(self, num_outputs: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        # BEGIN SOLUTION
        self.num_outputs = num_outputs
        # END SOLUTION

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        # BEGIN SOLUTION
        width = input_shape[-1]
        self.W = self.add_weight(shape=(self.num_outputs, width, width), name="W")
        # END SOLUTION

    def call(self, x: tf.Tensor) -> tf.Tensor:
        # BEGIN SOLUTION
        return ops.einsum("...i,kij,...j->...k", x, self.W, x)
        # END SOLUTION


# %% exercise="bilinear-form" role="tests" points=2
# Exercise 7.6, tests 1 of 2: what is computed, for every rank.
def check_form(shape, outputs):
    width, name = shape[-1], f"BilinearForm({outputs})"
    layer, rng = BilinearForm(outputs), np.random.default_rng(width)
    assert isinstance(layer, keras.Layer), f"{name} gave {type(layer).__name__}, not a keras.Layer."
    w, v = rng.normal(size=(outputs, width, width)), rng.normal(size=shape)
    called = f"{name}(x) for x of shape {shape}"
    try:
        for _ in range(2):  # the first call builds
            y = layer(v.astype("float32"))
            shapes = [tuple(p.shape) for p in layer.weights]
            assert shapes == [w.shape] and len(layer.trainable_weights) == 1, (
                f"{name} has weights of shapes {shapes} after a call on {width} columns, wanted "
                f"one, {w.shape}: one trainable add_weight, k as its first axis, no bias.")
            layer.weights[0].assign(w)
    except (NotImplementedError, AssertionError):
        raise
    except (tf.errors.InvalidArgumentError, ValueError, IndexError, TypeError) as error:
        raise AssertionError(
            f"{called} raised {type(error).__name__}: i and j are the last two axes of W, and x "
            "may have any number of leading axes.") from None
    assert isinstance(y, tf.Tensor), f"{called} gave {type(y).__name__}, wanted a tensor."
    got, wanted = np.asarray(y, "float64"), np.einsum("...i,kij,...j->...k", v, w, v)
    cause = "one number for each row and each k."
    if shape[-2] in got.shape[-2:] and got.size > wanted.size:
        cause = "that pairs every row with every row; each row is treated for itself."
    elif got.shape == (outputs, *shape[:-1]):
        cause = "k came first; it is the last axis of the result."
    assert got.shape == wanted.shape, (
        f"{called} gave shape {got.shape}, wanted {wanted.shape}: {cause}")
    assert y.dtype == tf.float32, f"{called} gave {y.dtype.name}, wanted float32."
    likely = [("only the diagonal of each matrix was used", np.einsum("...i,kii->...k", v * v, w)),
              ("one x is missing; the form has x on both sides", np.einsum("...i,kij->...k", v, w))]
    if outputs == width:  # only then do other orders of the axes run at all
        likely += [("the axes of W were taken in another order; W[k] is the matrix of output k",
                    np.einsum(f"...i,{s},...j->...k", v, w, v)) for s in ("ijk", "ikj")]
    cause = next((c for c, a in likely if np.allclose(got, a, rtol=1e-3, atol=1e-3)),
                 "sum over i and j, for each row and each k")
    assert np.allclose(got, wanted, rtol=1e-3, atol=1e-3), (
        f"{called} begins {got.ravel()[:3].round(3)}, wanted {wanted.ravel()[:3].round(3)}: "
        f"{cause}.")


for case in [((4, 3), 3), ((2, 5, 3), 2)]:
    check_form(*case)
# BEGIN HIDDEN TESTS
for case in [((1, 2), 5), ((4, 4), 4), ((2, 3, 2, 3), 1), ((3, 2), 3)]:
    check_form(*case)
# END HIDDEN TESTS

# %% exercise="bilinear-form" role="tests" points=1
# Exercise 7.6, tests 2 of 2: start values, and gradients in two training steps.
def check_steps(shape, outputs):
    width, name, rng = shape[-1], f"BilinearForm({outputs})", np.random.default_rng(8)
    layer, second = BilinearForm(outputs), BilinearForm(outputs)
    assert isinstance(layer, keras.Layer), f"{name} gave {type(layer).__name__}, not a keras.Layer."
    v, factor = rng.normal(size=shape), rng.normal(size=(*shape[:-1], outputs))
    x = tf.constant(v, tf.float32)
    try:
        layer(x), second(x)
    except (tf.errors.InvalidArgumentError, ValueError, IndexError, TypeError) as error:
        raise AssertionError(f"{name}(x) for x of shape {shape} raised {type(error).__name__}; get "
                             "the first tests cell to pass first.") from None
    assert [tuple(p.shape) for p in layer.trainable_weights] == [(outputs, width, width)], (
        f"{name} has other weights than W; get the first tests cell to pass first.")
    W = layer.trainable_weights[0]
    w = W.numpy()
    assert len(np.unique(w)) > 0.9 * w.size and np.abs(w).max() < 100, (
        f"W of {name} starts with {w.ravel()[:3]}, wanted random values below 100, each a draw of "
        "its own: draw random values in build.")
    assert not np.array_equal(w, second.trainable_weights[0].numpy()), (
        f"two {name} start with the same W: draw random values in build, without a fixed seed.")
    for step in (1, 2):
        w = W.numpy().astype("float64")
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x)
            form = np.einsum("...i,kij,...j->...k", v, w, v)
            assert isinstance(y, tf.Tensor) and tuple(y.shape) == form.shape and np.allclose(
                y, form, rtol=1e-3, atol=1e-2), (
                f"step {step}: {name} computes something else; get the first tests cell to pass "
                "first.")
            loss = tf.reduce_sum(tf.constant(factor, tf.float32) * y)
        gradients = tape.gradient(loss, [W, x])
        f, rows = factor.reshape(-1, outputs), v.reshape(-1, width)
        both = np.einsum("bk,kij,bj->bi", f, w + w.transpose(0, 2, 1), rows).reshape(shape)
        wanted = {"W": np.einsum("bk,bi,bj->kij", f, rows, rows), "x": both}
        for (label, value), got in zip(wanted.items(), gradients):
            assert got is not None and np.allclose(got, value, rtol=1e-3, atol=1e-2), (
                f"step {step}: the gradient of {name} with respect to {label} is "
                f"{'missing' if got is None else 'wrong'}: x stands on both sides of W, and both "
                "count; use W itself, no stop_gradient and no NumPy.")
        W.assign_sub(0.1 * gradients[0])


for case in [((4, 20), 10)]:
    check_steps(*case)
# BEGIN HIDDEN TESTS
for case in [((2, 3, 15), 20)]:
    check_steps(*case)
# END HIDDEN TESTS

# %% [markdown]
# ## PyTorch and Keras side by side
#
# | idea | PyTorch | Keras 3 |
# |---|---|---|
# | a layer is | an `nn.Module` with `forward` | a `keras.Layer` with `call` |
# | its parameters | `nn.Parameter`, in `__init__` | `add_weight`, in `build` |
# | input width | an argument | from the first input |
# | start values | `nn.init`, in place | `initializer=` of `add_weight` |
# | a function as a layer | a small class | `layers.Lambda`, or a named function |
# | mean of whole numbers | raises | cut to a whole number by TensorFlow |
# | float64 input | an error unless the layer is float64 | cast to the layer's dtype |
# | activation by name | your own look-up | `keras.activations.get(name)` |
# | configuration | your own convention | `get_config` and `from_config` |
# | features on another axis | `x.movedim(1, -1)` | `ops.moveaxis(x, 1, -1)` |
# | several inputs | several arguments | one list, or several arguments |
# | mode | `self.training`, set by `train()` and `eval()` | `training`, an argument of `call` |
# | it reaches nested layers | because the tree is walked | because the call passes it on |
# | random numbers | `torch.randn_like(x)` | `keras.random.normal(ops.shape(x))` |
# | variance | unbiased unless `correction=0` | `ops.var`: biased |
# | named axes | `torch.einsum` | `ops.einsum` |

# %% [markdown]
# ## Summary
#
# - A layer is a class with a `call` made of tensor operations; NumPy and `stop_gradient` cut the
#   gradient, and what Python or NumPy computes is a constant in a graph.
# - Say over which axes you compute. What runs over the batch axis makes examples depend on each
#   other, and a batch of one is where you notice. Cast whole numbers first.
# - Weights are made in `build`. Use products that work for every rank; move an axis with
#   `moveaxis`, never with `reshape`.
# - Derive layers from `keras.Layer`, resolve names in the constructor, take `**kwargs`, and return
#   every argument of your own from `get_config`, in plain form: what is forgotten there is reset to
#   its default, without a word.
# - Layers with several inputs sit in blocks, not in chains, and should refuse shapes that do not
#   belong together before broadcasting hides it.
# - The mode is an argument of `call`, named `training`, and comes with the call.
# - Formulas have traps that ordinary numbers do not show: the unbiased variance, the place of
#   $\varepsilon$, differences of large squares. Test with large $\varepsilon$, far-off rows, one
#   column, one row.

# %% [markdown]
# ## Where to read on
#
# - [Making new layers and models via subclassing](https://keras.io/guides/making_new_layers_and_models_via_subclassing/),
#   Keras's own guide, and its page on the
#   [base Layer class](https://keras.io/api/layers/base_layer/).
# - The reference pages of
#   [`LayerNormalization`](https://keras.io/api/layers/normalization_layers/layer_normalization/)
#   and [`GaussianNoise`](https://keras.io/api/layers/regularization_layers/gaussian_noise/).
# - J. L. Ba, J. R. Kiros and G. E. Hinton, [Layer Normalization](https://arxiv.org/abs/1607.06450).
# - *Dive into Deep Learning*, section
#   [Custom Layers](https://d2l.ai/chapter_builders-guide/custom-layer.html), from which this unit
#   grew.
# - A. Géron, *Hands-On Machine Learning*, chapter 12, "Custom Models and Training with TensorFlow".
#
# Next: lesson 08 joins layers into models with branches, several heads and losses of their own.
