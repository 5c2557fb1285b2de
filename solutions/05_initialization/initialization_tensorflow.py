# %% [markdown]
# # Initialisation
#
# Training changes the weights of a network little by little, so the weights must start somewhere.
# Where they start decides whether the network learns at all: if all hidden units start alike they
# stay alike, and if the numbers are a little too small or too large, thirty layers turn the input
# into zeros or into overflow. In this lesson you learn what a layer starts with, how to start it
# with something else, how large that should be, and how to start one part of a network over again.
#
# **Afterwards you can**
#
# - say what each kind of layer starts with, and draw all dense layers of any network anew;
# - write an initialiser of your own that minds shape and type, and keeps its settings when saved;
# - say why the scale of the weights matters in a deep network, and choose it;
# - give each layer a scheme of its own without one overwriting the other;
# - compute fan-in, fan-out and the Glorot bound of a dense or a convolution kernel by hand;
# - use seeds, and start one block over while every other bit stays as it was.
#
# **Time**: about 55 minutes. **You need**: lesson 04 (parameters) and what comes before it.
#
# **How to work.** Where you read *Predict*, stop and write your answer down before you run the cell
# below it; a wrong prediction is where the learning happens. In an exercise, fill in the solution
# cell, run it, then run the tests cells under it: a failed test says what was called, what came
# back, what was wanted and the likely cause. When you hand in, the same rules are also checked on
# other inputs. **Validate** in JupyterLab runs the notebook from top to bottom, as the grader will.
# *Run All Cells* stops at the first tests cell that fails, so take an exercise cell by cell.

# %% role="setup"
import math
import os
import random
import tempfile
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
    from keras import initializers, layers, ops
finally:
    os.dup2(stderr_copy, 2)
    os.close(stderr_copy)

# %% [markdown]
# ## What a layer starts with
#
# A layer draws its first weights when it is built. Nothing has to be asked for, so it is easy to
# forget that a choice was made.
#
# The default for kernels is Glorot's uniform scheme: uniform between $-a$ and $a$ with
# $a = \sqrt{6/(n+m)}$, where $n$ is the number of inputs that one output depends on, and $m$ the
# number of outputs that one input reaches.
#
# **Predict**: the dense layer below has 400 inputs and 300 outputs. Which largest kernel entry do
# you expect? Which of the tensors start with the same numbers each time?

# %%
keras.utils.set_random_seed(0)
kinds = {
    "Dense(300)": (layers.Dense(300), (None, 400)),
    "Conv2D(32, 5)": (layers.Conv2D(32, 5), (None, 9, 9, 16)),
    "Embedding(400, 300)": (layers.Embedding(400, 300), (None,)),
    "LayerNormalization()": (layers.LayerNormalization(), (None, 300)),
}
print("layer                 tensor      from     to     std")
for kind, (layer, input_shape) in kinds.items():
    layer.build(input_shape)
    for w in layer.weights:
        v = w.numpy()
        print(f"{kind:21} {w.name:10} {v.min():6.3f} {v.max():6.3f}  {v.std():5.3f}")

# %% [markdown]
# $\sqrt{6/700} = 0.093$. For the convolution each output depends on $16 \cdot 5 \cdot 5 = 400$
# numbers, and each input reaches $32 \cdot 5 \cdot 5 = 800$: $\sqrt{6/1200} = 0.071$. An embedding,
# a table with a row of numbers for each word, draws uniformly between −0.05 and 0.05. Biases start
# at 0. A normalisation layer multiplies what it has normalised by 1 and adds 0: it starts without
# any effect of its own.
#
# (PyTorch draws the weight *and the bias* of dense layers and convolutions uniformly between
# $-1/\sqrt{n}$ and $1/\sqrt{n}$.)
#
# Numbers that are uniform between $-a$ and $a$ have the standard deviation $a/\sqrt{3}$, which for
# 0.093 is the 0.053 of the table. We shall need that again.
#
# ## Normal and constant starts
#
# ### Chosen when the layer is made
#
# An *initialiser* is an object that is called with a shape and a type and gives a tensor. A layer
# takes one for each of its weights, and calls it when it is built.

# %% listing="S0-13 S3-10"
keras.utils.set_random_seed(0)
dense = layers.Dense(
    50,
    kernel_initializer=initializers.RandomNormal(mean=0.0, stddev=0.01),
    bias_initializer=initializers.Zeros(),
)
dense.build((None, 100))
print("kernel:", tuple(dense.kernel.shape), "std", round(dense.kernel.numpy().std(), 3))
print("bias:  ", dense.bias.numpy().any())

# %% [markdown]
# The short form is the name in quotes, as in lesson 03.
#
# **Predict**: does `"random_normal"` mean the standard normal distribution?

# %%
short = layers.Dense(50, kernel_initializer="random_normal")
short.build((None, 100))
print("std of 'random_normal':", round(short.kernel.numpy().std(), 2))
print("its settings:", {k: short.kernel_initializer.get_config()[k] for k in ("mean", "stddev")})

# %% [markdown]
# A name stands for the class with its default settings, and those are small: a standard deviation
# of 0.05 here, a range of ±0.05 for `"random_uniform"`. Where the number matters, write it.
#
# ### Then and now: one object, two layers
#
# A well-known listing takes its normal distribution from TensorFlow itself:
# `tf.random_normal_initializer`. It still exists. Keras has a class for the same purpose,
# `keras.initializers.RandomNormal`, and the listing works with both. Yet they are not the same.
#
# **Predict**: each object is called twice for the same shape. Are the numbers equal?

# %%
for name, initialiser in {
    "tf.random_normal_initializer": tf.random_normal_initializer(stddev=0.01),
    "RandomNormal": initializers.RandomNormal(stddev=0.01),
    "RandomNormal, with SeedGenerator": initializers.RandomNormal(
        stddev=0.01, seed=keras.random.SeedGenerator()
    ),
}.items():
    equal = np.array_equal(initialiser((2, 3)), initialiser((2, 3)))
    print(f"{name:33} equal: {equal}")

# %% [markdown]
# A Keras initialiser draws its *seed* when it is made, and starts from that seed in each call. So
# one object that is given to two layers of one shape gives them the same numbers, and nothing warns
# of it. Two layers that start alike are a waste, as you will see in a moment. Make one object per
# layer (a name in quotes does), or one with a `SeedGenerator`, which goes on to new numbers.
#
# ### Too late for the constructor
#
# What if the network exists already? The initialiser is an attribute of the layer, so one might set
# that.
#
# **Predict**: what is the standard deviation after this?

# %%
dense.kernel_initializer = initializers.RandomNormal(stddev=1.0)
print("after setting the attribute:", round(dense.kernel.numpy().std(), 2))
dense.kernel.assign(dense.kernel_initializer(dense.kernel.shape, dtype=dense.kernel.dtype))
print("after assigning a draw:     ", round(dense.kernel.numpy().std(), 2))

# %% [markdown]
# The attribute is read once, when the layer is built. After that it is a note about the past.
# `assign` writes into the variable, which stays the same object, as an optimizer needs it (lesson
# 04).
#
# ### Over a whole network
#
# To initialise a whole network one walks over its layers. A model lists its layers in `layers`: one
# level of them. A block that is derived from `keras.Layer` has no such list. What Keras itself uses
# to walk over the whole tree, the block itself included, is `_flatten_layers()`. (The underscore
# says that a later version may rename it.)
#
# **Predict**: which dense layers does each of the two walks reach? Which of them does the test
# `type(layer) is layers.Dense` let through?

# %%
class Scaled(layers.Dense):
    """A dense layer whose output is halved."""

    def call(self, x):
        return super().call(x) / 2


class Pair(keras.Layer):
    """Two dense layers in a row."""

    def __init__(self):
        super().__init__()
        self.parts = [layers.Dense(100, name="plain"), Scaled(50, name="scaled")]

    def call(self, x):
        return self.parts[1](self.parts[0](x))


net = keras.Sequential([layers.Dense(50, name="outer"), layers.ReLU(), Pair()])
net(ops.ones((1, 100)))
walks = {"net.layers": net.layers, "_flatten_layers()": net._flatten_layers()}
for name, walk in walks.items():
    found = [layer for layer in walk if isinstance(layer, layers.Dense)]
    exact = [layer.name for layer in found if type(layer) is layers.Dense]
    print(f"{name:18} {sorted(layer.name for layer in found)}, by type only: {sorted(exact)}")

# %% [markdown]
# Ask with `isinstance`: a comparison of types passes over *subclasses*, and says nothing. There are
# two more gaps to mind. A layer may have no bias; its attribute `bias` is then `None`. And a layer
# may have no kernel *yet*:

# %%
no_bias = layers.Dense(2, use_bias=False)
no_bias.build((None, 3))
print("bias:", no_bias.bias)

# %% tags=["raises-exception"]
layers.Dense(2).kernel.assign(np.ones((3, 2)))

# %% [markdown]
# So call such a network once, on any batch of the right width, and initialise it after that. The
# other way round there is nothing to assign to.
#
# ### All the same number
#
# `Constant` fills a weight with one number. Why not start there? The next cell trains a network
# with four hidden units from a constant start and from a random one.
#
# **Predict**: after training, how many *different* hidden units does each network have? (A hidden
# unit is a column of the first kernel.)

# %% listing="S0-14 S3-11"
def train(net, steps=150):
    """Fit y = x1 * x2 on a few points; return the loss after the last step."""
    points = tf.constant([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])
    wanted = tf.reduce_prod(points, axis=1, keepdims=True)
    for _ in range(steps):
        with tf.GradientTape() as tape:
            loss = ops.mean((net(points) - wanted) ** 2)
        for w, gradient in zip(net.trainable_weights, tape.gradient(loss, net.trainable_weights)):
            w.assign_sub(0.3 * gradient)
    return float(loss)


for start in ("constant", "default"):
    keras.utils.set_random_seed(2)
    scheme = initializers.Constant(0.5) if start == "constant" else "glorot_uniform"
    hidden = layers.Dense(4, activation="tanh", kernel_initializer=scheme)
    last = layers.Dense(1, kernel_initializer=scheme)
    net = keras.Sequential([keras.Input((2,)), hidden, last])
    loss = train(net)
    units = np.unique(hidden.kernel.numpy().round(4), axis=1).shape[1]
    print(f"{start:8} start: different hidden units {units}, loss {loss:.1f}")

# %% [markdown]
# Units that start alike compute the same, get the same gradient and take the same step. The network
# has four hidden units and behaves as if it had one. Random numbers *break the symmetry*. For
# biases a constant is fine: units with different kernels are different already.

# %% [markdown] exercise="normal-everywhere" role="task"
# ## Exercise 5.1: normal everywhere
#
# *3 points*
#
# Write the function `init_normal(net, example)`. It draws the kernels of all dense layers in `net`
# from the normal distribution with mean 0 and *standard deviation* 0.01, and sets their biases to
# zero.
#
# - **In**: `net`, any `keras.Layer`; `example`, a batch that `net` can be called on (float32). The
#   function changes `net` in place. What it returns is not looked at.
# - A dense layer is a `layers.Dense` or an instance of a subclass of it. It counts at any depth of
#   the tree, and `net` itself may be one.
# - A dense layer may have no bias.
# - `net` may have been called before or not. If not, call it on `example` to have it built.
# - Every kernel gets a draw of its own; two layers of one shape do not get the same numbers.
# - The variables stay the objects that they were, and the weights of all other layers keep their
#   values, running statistics too.
#
# The three tests cells (1 point each) look at which layers are reached, at the distribution, and at
# networks that were never called and what must not change.

# %% [markdown] exercise="normal-everywhere" role="hint"
# <details><summary>Hint 1</summary>
#
# Which of the two walks reaches every layer? Which test lets subclasses through? What must have
# happened before a kernel can be assigned? And how often may one initialiser object be used?
#
# </details>

# %% [markdown] exercise="normal-everywhere" role="hint"
# <details><summary>Hint 2</summary>
#
# First `net(example)`. Then for each `layer` in `net._flatten_layers()`: if `isinstance(layer,
# layers.Dense)`, make a new `initializers.RandomNormal(stddev=0.01)`, call it with
# `layer.kernel.shape` and assign the result to `layer.kernel`. If `layer.bias is not None`, assign
# zeros of its shape.
#
# </details>

# %% exercise="normal-everywhere" role="solution"
def init_normal(net: keras.Layer, example: tf.Tensor) -> None:
    """Draw the kernels of all dense layers from N(0, 0.01²), set their biases to 0, in place."""
    # BEGIN SOLUTION
    net(example)  # builds what is not built
    for layer in net._flatten_layers():
        if isinstance(layer, layers.Dense):
            draw = initializers.RandomNormal(stddev=0.01)
            layer.kernel.assign(draw(layer.kernel.shape, dtype=layer.kernel.dtype))
            if layer.bias is not None:
                layer.bias.assign(ops.zeros_like(layer.bias))
    # END SOLUTION


# %% exercise="normal-everywhere" role="tests" points=1
# Exercise 5.1, tests 1 of 3: dense layers at every depth, of every kind.
class Doubling(layers.Dense):
    def call(self, x):
        return 2 * super().call(x)


class Wrapper(keras.Layer):
    def __init__(self, *blocks):
        super().__init__()
        self.blocks = list(blocks)

    def call(self, x):
        for block in self.blocks:
            x = block(x)
        return x


def check_reached(title, net, width):
    x = tf.ones((2, width))
    net(x)
    for w in net.weights:
        w.assign(np.full(w.shape, 7.0))
    try:
        init_normal(net, x)
    except AttributeError as error:
        raise AssertionError(
            f"init_normal on {title} raised AttributeError ({error}): a layer made with "
            "use_bias=False has None for its bias; a block that is no model has no `layers`."
        ) from None
    for layer in net._flatten_layers():
        if not isinstance(layer, layers.Dense):
            continue
        where = f"after init_normal on {title} a {type(layer).__name__} of width {layer.units}"
        cause = "it was not reached; _flatten_layers() sees every depth, `layers` one level."
        if getattr(layer.kernel_initializer, "stddev", None) == 0.01:
            cause = ("the attribute kernel_initializer was set, which is read only when a layer is "
                     "built; assign a draw to the kernel.")
        elif type(layer) is not layers.Dense:
            cause = ("it was not reached, as it is a subclass of Dense; use isinstance, which "
                     "accepts subclasses, and not a comparison of types or names.")
        largest = np.abs(layer.kernel.numpy()).max()
        assert largest != 7, f"{where} has the kernel that it had: {cause}"
        assert 0 < largest < 7, f"{where} has a kernel of size up to {largest:.3f}, wanted a draw."
        assert layer.bias is None or not layer.bias.numpy().any(), (
            f"{where} has a bias that is not zero; biases start at 0, too.")


twins = keras.Sequential([layers.Dense(70), Wrapper(layers.ReLU(), layers.Dense(70))])
mixed = keras.Sequential([Doubling(80), layers.ReLU(), layers.Dense(60, use_bias=False)])
for case in [("a Sequential with a block inside", twins, 70), ("a Sequential", mixed, 60)]:
    check_reached(*case)
# BEGIN HIDDEN TESTS
deep = Wrapper(Wrapper(Wrapper(layers.ReLU(), Doubling(90, use_bias=False))))
for case in [("layers.Dense(90)", layers.Dense(90), 50), ("a chain three deep", deep, 50)]:
    check_reached(*case)
# END HIDDEN TESTS

# %% exercise="normal-everywhere" role="tests" points=1
# Exercise 5.1, tests 2 of 3: the distribution.
def check_distribution(*sizes):
    net = keras.Sequential([keras.Input(sizes[:1]), *(layers.Dense(n) for n in sizes[1:])])
    init_normal(net, tf.ones((2, sizes[0])))
    for layer in net.layers:
        w, std = layer.kernel.numpy().astype("float64"), layer.kernel.numpy().std()
        where = f"after init_normal on a Sequential a kernel of shape {w.shape}"
        cause = "is it a normal distribution with stddev=0.01 and mean 0?"
        if 0.045 < std < 0.055:
            cause = "0.05 is the default of RandomNormal; write stddev=0.01."
        elif 0.09 < std < 0.11:
            cause = "0.01 is to be the standard deviation, and not the variance."
        assert 0.009 < std < 0.011 and abs(w.mean()) < 0.001, (
            f"{where} has mean {w.mean():.4f} and standard deviation {std:.4f}, wanted 0 and 0.01: "
            f"{cause}")
        share = np.mean(np.abs(w) > 0.02)
        assert 0.02 < share < 0.08, (
            f"{where}: {share:.1%} are beyond two standard deviations, wanted about 4.6%, as in a "
            "normal distribution: is it uniform, or cut off?")
    first, second = (layer.kernel.numpy() for layer in net.layers[:2])
    assert not np.array_equal(first, second), (
        "init_normal on a Sequential gave two layers the same numbers: one initialiser object "
        "gives the same numbers in each call, so make one for each layer, and set no seed.")


for sizes in [(70, 70, 70)]:
    check_distribution(*sizes)
# BEGIN HIDDEN TESTS
for sizes in [(80, 80, 80, 50)]:
    check_distribution(*sizes)
# END HIDDEN TESTS

# %% exercise="normal-everywhere" role="tests" points=1
# Exercise 5.1, tests 3 of 3: networks that were never called, and what must stay.
def check_unbuilt(width, hidden, called_before):
    fixed = {"gamma_initializer": initializers.Constant(0.75),
             "beta_initializer": initializers.Constant(0.25)}
    dense, norm = layers.Dense(hidden), layers.LayerNormalization(**fixed)
    net = keras.Sequential([dense, norm, layers.ReLU(), layers.Dense(60)])
    x = tf.ones((3, width))
    if called_before:
        net(x)
    variables = [*net.weights]
    title = f"a network that was {'called before' if called_before else 'never called'}"
    try:
        init_normal(net, x)
    except (AttributeError, ValueError) as error:
        raise AssertionError(
            f"init_normal on {title} raised {type(error).__name__} ({str(error)[:80]}…): a layer "
            "has no kernel before its first call, so call net(example) first.") from None
    assert len(net.weights) == 6, (
        f"after init_normal on {title} it has {len(net.weights)} weights, wanted 6: call "
        "net(example) to have it built, before you walk over it.")
    w = dense.weights[0].numpy()
    assert tuple(w.shape) == (width, hidden), f"the first layer has a kernel of shape {w.shape}."
    cause = "get the first two tests cells to pass first."
    if dense.kernel is not dense.weights[0]:
        cause = "an attribute got a new variable; assign to the one that is there."
    elif abs(w.std() * np.sqrt((width + hidden) / 2) - 1) < 0.1:
        cause = ("that is its default, drawn when it was built: it was not reached, or net was "
                 "built later; call net(example) before you assign.")
    assert 0.009 < w.std() < 0.011, (
        f"after init_normal on {title} its first layer has a kernel with standard deviation "
        f"{w.std():.4f}, wanted 0.01: {cause}")
    assert np.all(norm.gamma.numpy() == 0.75) and np.all(norm.beta.numpy() == 0.25), (
        f"init_normal on {title} changed its LayerNormalization; only dense layers are to be "
        "drawn: ask what kind of layer it is, not how many axes a weight has.")
    assert not variables or [id(v) for v in variables] == [id(v) for v in net.weights], (
        f"init_normal on {title} replaced its variables, which an optimizer made before does not "
        "know: assign to the ones that are there.")


for case in [(80, 60, False)]:
    check_unbuilt(*case)
norm = layers.BatchNormalization()
init_normal(keras.Sequential([layers.Dense(4), norm]), tf.ones((3, 5)))
assert norm.built and np.all(norm.moving_variance.numpy() == 1), (
    "init_normal on a network with a BatchNormalization changed its running statistics: call "
    "net(example) without training=True.")
# BEGIN HIDDEN TESTS
for case in [(45, 110, False), (50, 90, True)]:
    check_unbuilt(*case)
# END HIDDEN TESTS

# %% [markdown]
# ## An initialiser of your own
#
# An initialiser is anything that can be called with a shape and a type and gives a tensor: a
# function, or an object derived from `keras.initializers.Initializer`. Here is one that gives $+s$
# or $-s$ for each entry, first as a function.

# %%
def random_signs(shape, dtype=None):
    """Give +1 and -1 at random, as a tensor of the shape and type asked for."""
    draw = keras.random.uniform(shape, -1.0, 1.0, dtype=dtype)
    return ops.sign(draw)


dense = layers.Dense(2, kernel_initializer=random_signs)
dense.build((None, 3))
print("values:", np.unique(dense.kernel.numpy()).tolist())
print("two calls equal:", np.array_equal(random_signs((8, 8)), random_signs((8, 8))))

# %% [markdown]
# `keras.random.uniform` without a seed goes on to new numbers with each call. `dtype=None` means
# Keras's default type, which is float32 unless someone has set another.
#
# ### The type that is asked for
#
# **Then and now.** A well-known listing draws uniform numbers and keeps some of them by multiplying
# with a mask of zeros and ones, and makes the mask of type float32. The layer says which type it
# needs, and that need not be float32.
#
# **Predict**: for which of the three types does the first function work, and for which the second?

# %%
def masked_as_listed(shape, dtype=None):
    draw = tf.random.uniform(shape, -1, 1, dtype=dtype)
    return draw * tf.cast(draw > 0, tf.float32)


def masked(shape, dtype=None):
    draw = keras.random.uniform(shape, -1.0, 1.0, dtype=dtype)
    return ops.where(draw > 0, draw, ops.zeros_like(draw))


for function in (masked_as_listed, masked):
    for dtype in ("float32", "float16", None):
        try:
            got = function((2, 3), dtype=dtype).dtype.name
            print(f"{function.__name__:16} {dtype}: gives {got}")
        except (TypeError, tf.errors.InvalidArgumentError) as error:
            print(f"{function.__name__:16} {dtype}: raises {type(error).__name__}")

# %% [markdown]
# TensorFlow does not mix types (lesson 01), and its own functions do not take `None` for a type.
# The functions of `keras.random` and `keras.ops` do. (PyTorch would promote to float32 without a
# word, and the layer would fail later, when it is used.)
#
# ### Settings that survive saving
#
# A function has no settings. An initialiser with settings is a class: the constructor keeps them,
# `__call__` uses them. There is a third method to write. Keras saves with a model the configuration
# of its initialisers, and makes them anew from it.
#
# **Predict**: below, one class says what its settings are and the other leaves it out. Both are
# made with the scale 0.25. Which scale does each have after saving and loading?

# %% listing="S1-17"
class Signs(initializers.Initializer):
    """Give +scale and -scale at random."""

    def __init__(self, scale=1.0):
        self.scale = scale

    def __call__(self, shape, dtype=None):
        return self.scale * ops.sign(keras.random.uniform(shape, -1.0, 1.0, dtype=dtype))

    def get_config(self):
        return {"scale": self.scale}


class ForgetfulSigns(Signs):
    def get_config(self):
        return {}  # as the base class has it


def save_and_load(model, kind):
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder) / "model.keras")
        known = {kind.__name__: kind}
        return keras.saving.load_model(Path(folder) / "model.keras", custom_objects=known)


for kind in (Signs, ForgetfulSigns):
    dense = layers.Dense(2, kernel_initializer=kind(scale=0.25))
    model = keras.Sequential([keras.Input((3,)), dense])
    loaded = save_and_load(model, kind).layers[0]
    same = np.array_equal(loaded.kernel.numpy(), dense.kernel.numpy())
    scale = loaded.kernel_initializer.scale
    print(f"{kind.__name__:14} same kernel: {same}, scale of the initialiser: {scale}")

# %% [markdown]
# The *values* arrive in both cases. But whoever starts the loaded layer over, or makes another one
# from its configuration, gets another scale from the second class, and no error. Write
# `get_config` for every initialiser with settings. (PyTorch saves values only, and forgets how they
# were drawn.)

# %% [markdown] exercise="thresholded-uniform" role="task"
# ## Exercise 5.2: a uniform draw with a hole
#
# *3 points*
#
# Write the initialiser `ThresholdedUniform(limit=10.0, edge=5.0)`, a subclass of
# `keras.initializers.Initializer`. It draws each entry from the uniform distribution between
# `-limit` and `limit`. A draw $x$ with $|x| \ge$ `edge` is kept; any other becomes 0.
#
# - `limit` and `edge` are floats, $0 \le$ `edge` $\le$ `limit`.
# - **In** (of a call): `shape`, a tuple, also `()` and `(0, 3)`; `dtype`, one of `"float16"`,
#   `"bfloat16"`, `"float32"`, `"float64"`, or `None` for Keras's default type. **Out**: a tensor of
#   that shape and type.
# - There is one draw per entry: with the defaults about half of the entries are 0. A draw of
#   exactly `edge` is kept; in bfloat16, with its few digits, that is no rarity.
# - Each call is a new draw, also of one and the same object.
# - `get_config()` returns a dictionary, from which `from_config` of the class (it is inherited)
#   makes an initialiser with the same settings.
#
# The first tests cell (2 points) looks at the values, the second (1 point) at types, shapes and the
# configuration.

# %% [markdown] exercise="thresholded-uniform" role="hint"
# <details><summary>Hint 1</summary>
#
# Follow `Signs` for the three methods, and `masked` for what is kept. Which number do you compare
# with `edge`, if negative draws count by their size? No entry is drawn a second time.
#
# </details>

# %% [markdown] exercise="thresholded-uniform" role="hint"
# <details><summary>Hint 2</summary>
#
# `__init__` keeps both numbers; `get_config` returns `{"limit": self.limit, "edge": self.edge}`.
# In `__call__`: `draw = keras.random.uniform(shape, -self.limit, self.limit, dtype=dtype)`, then
# `ops.where(ops.abs(draw) >= self.edge, draw, ops.zeros_like(draw))`.
#
# </details>

# %% exercise="thresholded-uniform" role="solution" listing="S0-16"
class ThresholdedUniform(initializers.Initializer):
    """Draw from U(-limit, limit); entries smaller than edge in size become 0."""

    def __init__(self, limit: float = 10.0, edge: float = 5.0) -> None:
        # BEGIN SOLUTION
        self.limit = limit
        self.edge = edge
        # END SOLUTION

    def __call__(self, shape: tuple[int, ...], dtype: str | None = None) -> tf.Tensor:
        """Give a tensor of the shape and type."""
        # BEGIN SOLUTION
        draw = keras.random.uniform(shape, -self.limit, self.limit, dtype=dtype)
        return ops.where(ops.abs(draw) >= self.edge, draw, ops.zeros_like(draw))
        # END SOLUTION

    def get_config(self) -> dict:
        """Give the settings, by name."""
        # BEGIN SOLUTION
        return {"limit": self.limit, "edge": self.edge}
        # END SOLUTION


# %% exercise="thresholded-uniform" role="tests" points=2
# Exercise 5.2, tests 1 of 2: the values.
def check_values(*settings):
    limit, edge = settings or (10.0, 5.0)
    name = f"ThresholdedUniform({', '.join(map(str, settings))})"
    initialiser = ThresholdedUniform(*settings)
    assert isinstance(initialiser, initializers.Initializer), (
        f"{name} gave {type(initialiser).__name__}, wanted a keras.initializers.Initializer.")
    tensors, called = [initialiser((50, 80)) for _ in range(2)], f"{name}((50, 80))"
    for t in tensors:
        assert isinstance(t, tf.Tensor), f"{called} gave {type(t).__name__}, wanted a tensor."
        assert tuple(t.shape) == (50, 80), f"{called} gave a tensor of shape {tuple(t.shape)}."
        assert t.dtype == tf.float32, f"{called} gave {t.dtype.name}, wanted float32."
    v = tensors[0].numpy().astype("float64")
    size = np.abs(v)
    assert size.max() <= limit, (
        f"{called} has an entry of size {size.max():.2f}, wanted at most {limit}: the draw is "
        "uniform, from -limit to limit, with the limit that is given.")
    between = np.mean((size > 0) & (size < edge))
    cause = "look at the same draw that you keep, and set what is smaller than edge to 0."
    if between and not np.any(size > edge):
        cause = "the wrong side was kept; what is at least as large as edge in size is to stay."
    assert between == 0, (
        f"{called}: {between:.0%} of the entries are neither 0 nor at least {edge} in size: "
        f"{cause}")
    zeros, share = np.mean(v == 0), edge / limit
    cause = "is each entry drawn once, from -limit to limit?"
    if zeros == 0:
        cause = "were small entries drawn again, or moved to the edge? They become 0."
    elif 1 > zeros > share + 0.2 and not np.any(v < 0):
        cause = "negative entries are lost; compare the size, ops.abs(x), with the edge."
    assert abs(zeros - share) < 0.06, (
        f"{called}: {zeros:.0%} of the entries are 0, wanted about {share:.0%}: {cause}")
    kept = v[v != 0]
    assert abs(np.mean(kept > 0) - 0.5) < 0.1, (
        f"{called}: {np.mean(kept > 0):.0%} of the entries kept are above 0, wanted about half: "
        "draw from -limit to limit.")
    middle = np.mean(np.abs(kept) > (edge + limit) / 2)
    assert abs(middle - 0.5) < 0.1, (
        f"{called}: of the entries kept {middle:.0%} lie in the outer half between {edge} and "
        f"{limit}, wanted about half: the draw is uniform.")
    assert not np.array_equal(*(t.numpy() for t in tensors)), (
        f"{called} gave the same numbers in two calls: each call is a new draw. Set no seed, and "
        "keep no RandomUniform object, which repeats itself.")


for settings in [(), (4.0, 1.0)]:
    check_values(*settings)
# BEGIN HIDDEN TESTS
for settings in [(2.0, 1.5), (3.0, 0.0), (0.5, 0.125)]:
    check_values(*settings)
# END HIDDEN TESTS

# %% exercise="thresholded-uniform" role="tests" points=1
# Exercise 5.2, tests 2 of 2: types, shapes and the configuration.
def check_type(shape, dtype):
    initialiser = ThresholdedUniform()
    called = f"ThresholdedUniform()({shape}, dtype={dtype!r})"
    try:
        t = initialiser(shape, dtype=dtype)
    except (TypeError, ValueError, tf.errors.InvalidArgumentError) as error:
        raise AssertionError(
            f"{called} raised {type(error).__name__} ({str(error)[:80]}…): draw, mask and result "
            "all have the type that is asked for; None means Keras' default.") from None
    assert isinstance(t, tf.Tensor), f"{called} gave {type(t).__name__}, wanted a tensor."
    assert tuple(t.shape) == shape, f"{called} gave a tensor of shape {tuple(t.shape)}."
    assert t.dtype.name == (dtype or "float32"), (
        f"{called} gave {t.dtype.name}, wanted {dtype or 'float32'}: hand the dtype on to the draw "
        "and to whatever else makes a tensor.")
    v = np.abs(tf.cast(t, tf.float64).numpy())
    assert np.all((v == 0) | ((v >= 5) & (v <= 10))), (
        f"{called} gave entries that are neither 0 nor between 5 and 10 in size.")
    assert dtype != "bfloat16" or np.any(v == 5), (
        f"{called} gave no entry of size 5, wanted some hundreds: in a type with so few digits "
        "many draws are exactly 5, and a draw of exactly `edge` is kept.")


def check_config(limit, edge):
    config = ThresholdedUniform(limit, edge).get_config()
    called = f"ThresholdedUniform({limit}, {edge}).get_config()"
    assert isinstance(config, dict), f"{called} gave {type(config).__name__}, wanted a dictionary."
    try:
        again = ThresholdedUniform.from_config(config)
    except TypeError as error:
        raise AssertionError(
            f"{called} gave {config}, and from_config raised TypeError ({error}): the keys are the "
            "names of the constructor's arguments.") from None
    v = np.abs(again((400,)).numpy())
    assert np.all((v == 0) | ((v >= edge) & (v <= limit))) and np.any(v > 0) and np.any(v == 0), (
        f"an initialiser made from {called}, {config}, gives sizes up to {v.max():.2f}, wanted 0 "
        f"or between {edge} and {limit}: the settings are lost; put them into the dictionary.")


for case in [((7,), "float16"), ((40, 30), None)]:
    check_type(*case)
for settings in [(2.0, 1.5)]:
    check_config(*settings)
# BEGIN HIDDEN TESTS
for case in [((), "float32"), ((0, 3), "float32"), ((3, 3, 2, 4), "float64"),
             ((200, 100), "bfloat16")]:
    check_type(*case)
for settings in [(40.0, 20.0)]:
    check_config(*settings)
# END HIDDEN TESTS

# %% [markdown]
# ## How large?
#
# ### One layer
#
# Take a dense layer with $n$ inputs and no bias. Each output is a sum of $n$ products. Let the
# weights have mean 0 and standard deviation $s$, and be independent of the inputs. Then each
# product has mean 0, variances of independent terms add up, and
#
# $$\text{mean of } y^2 = n\, s^2 \cdot \text{mean of } x^2$$
#
# One layer multiplies the size of the values by $s\sqrt{n}$. A ReLU after it sets half of the
# outputs to zero, which halves the mean square: the factor becomes $s\sqrt{n/2}$.
#
# **Predict** the factors for $n = 256$ and $s = 0.01$, without and with the ReLU.

# %%
keras.utils.set_random_seed(0)
x = keras.random.normal((1000, 256))
y = x @ initializers.RandomNormal(stddev=0.01)((256, 256))


def root_mean_square(t):
    return np.sqrt(np.mean(np.asarray(t, "float64") ** 2))


print(f"dense:       {root_mean_square(y) / root_mean_square(x):.2f}")
print(f"dense, ReLU: {root_mean_square(ops.relu(y)) / root_mean_square(x):.2f}")

# %% [markdown]
# ### Thirty layers
#
# A factor of 0.113 does no harm once. Thirty times in a row it gives $0.113^{30} \approx 10^{-28}$.
# So the factor has to be near 1, which for a ReLU network means $s = \sqrt{2/n}$. This is the
# scheme of *He* and others, `HeNormal` in Keras.
#
# There is a second side to it. The gradient runs through the layers backwards: there each input
# collects a sum over the layer's *outputs*, and the factor is $s\sqrt{m}$ for $m$ outputs. A layer
# with as many outputs as inputs can suit both. For the others *Glorot* and Bengio chose the middle,
#
# $$s = \sqrt{\frac{2}{n + m}}$$
#
# It comes in two shapes: `GlorotNormal` draws normally with this $s$; `GlorotUniform` draws
# uniformly between $-a$ and $a$ where $a = s\sqrt{3} = \sqrt{6/(n+m)}$, which has the same standard
# deviation. (The scheme is also called *Xavier*, after the first name of Glorot, and in PyTorch
# only so.) The number of inputs of an output is called *fan-in*, the number of outputs of an input
# *fan-out*.
#
# **Predict**: Keras's default is `GlorotUniform`. By which factor does it multiply the values in a
# ReLU network with 256 units in every layer? Which of the five schemes below survive thirty layers?

# %%
schemes = {
    "normal, std 0.2": lambda: initializers.RandomNormal(stddev=0.2),
    "He": initializers.HeNormal,
    "Glorot (default)": initializers.GlorotUniform,
    "PyTorch's default": lambda: initializers.VarianceScaling(1 / 3, "fan_in", "uniform"),
    "normal, std 0.01": lambda: initializers.RandomNormal(stddev=0.01),
}


def spread_by_layer(make_initialiser, activation, depth=30, width=256):
    """Standard deviation of the values before the first layer and after each; the last values."""
    keras.utils.set_random_seed(0)
    x = keras.random.normal((500, width))
    spread = [np.std(x)]
    for _ in range(depth):
        kernel = make_initialiser()((width, width))
        x = activation(x @ kernel)
        spread.append(np.std(np.asarray(x, "float64")))
    return spread, np.asarray(x)


fig, axes = plt.subplots(1, 2, figsize=(10, 3.6), sharey=True, layout="constrained")
for axis, activation in zip(axes, (ops.relu, ops.tanh)):
    print(f"{activation.__name__}: size after 30 layers, as a power of ten")
    for name, make_initialiser in schemes.items():
        spread, values = spread_by_layer(make_initialiser, activation)
        axis.semilogy(spread, label=name, linewidth=2)
        near_one = np.mean(np.abs(values) > 0.97)
        saturated = f"  saturated {near_one:3.0%}" if activation is ops.tanh else ""
        print(f"  {name:17} {round(math.log10(spread[-1])):4}{saturated}")
    axis.set(title=f"30 layers with {activation.__name__}", xlabel="layer", ylim=(1e-31, 1e13))
axes[0].set_ylabel("standard deviation of the values")
axes[1].legend(loc="lower left")
plt.show()

# %% [markdown]
# With ReLU only He's scheme keeps its size. Glorot's loses a factor $\sqrt{2}$ per layer, since it
# was made for activations that do not cut away half; PyTorch's default loses $\sqrt{6}$.
# (`VarianceScaling` is the general form of these schemes: a scale over fan-in, fan-out or their
# mean, drawn normally or uniformly.) With tanh, Glorot's shrinks slowly, and weights that are too
# large cause no overflow, because tanh ends at 1. They do other harm: nearly half of the values sit
# beyond ±0.97, where tanh is flat and passes hardly any gradient on. Such units are *saturated*.
#
# And the gradient of the weights? **Predict** its size in the first and in the last of 30 ReLU
# layers, as a power of ten, if the standard deviation is 0.01. Which of the two is smaller?

# %%
for name in ("He", "Glorot (default)", "normal, std 0.01"):
    keras.utils.set_random_seed(0)
    kernels = [tf.Variable(schemes[name]()((256, 256))) for _ in range(30)]
    x = keras.random.normal((100, 256))
    with tf.GradientTape() as tape:
        for kernel in kernels:
            x = ops.relu(x @ kernel)
        loss = ops.mean(x)
    sizes = [root_mean_square(g) for g in tape.gradient(loss, [kernels[0], kernels[-1]])]
    first, last = (round(math.log10(size)) for size in sizes)
    print(f"{name:16} first layer 10^{first}, last 10^{last}")

# %% [markdown]
# The first is as small as the last. The gradient of a weight is a product of what comes in, shrunk
# by the layers before, and of what comes back, shrunk by the layers after: every weight feels all
# other layers. With He's scheme all of them learn; with the last one no learning rate helps.
#
# Here are four schemes for one layer with 400 inputs and 100 outputs, 40,000 weights each.
# **Predict** the bound of Glorot's uniform draw.

# %%
keras.utils.set_random_seed(0)
starts = {
    "normal, std 0.01": initializers.RandomNormal(stddev=0.01),
    "PyTorch's default": initializers.VarianceScaling(1 / 3, "fan_in", "uniform"),
    "Glorot uniform": initializers.GlorotUniform(),
    "Glorot normal": initializers.GlorotNormal(),
}
fig, axis = plt.subplots(figsize=(8, 3.2), layout="constrained")
for name, initialiser in starts.items():
    kernel = initialiser((400, 100)).numpy().flatten()
    axis.hist(kernel, bins=np.linspace(-0.2, 0.2, 161), histtype="step", label=name, linewidth=1.5)
    print(f"{name:17} std {kernel.std():.3f}, largest {np.abs(kernel).max():.2f}")
axis.set(xlabel="weight", ylabel="how many of 40,000", ylim=(0, 2500))
axis.legend()
plt.show()

# %% [markdown]
# $\sqrt{6/500} = 0.11$. (The peak of the narrow distribution is cut off at the top; it goes up to
# 4,000.) Glorot's two shapes have the same standard deviation and different tails; the normal one
# is cut off at about 0.14, where Keras draws again. The factor $s\sqrt{n}$ knows the standard
# deviation only, and nothing of the shape.
#
# ## A scheme for each layer
#
# A ReLU layer wants He's scale, a tanh layer Glorot's, and an output layer often a special value.
# Where the network is written, each layer is simply told:

# %% listing="S0-15 S3-12"
def small_net():
    first = layers.Dense(30, kernel_initializer=initializers.GlorotUniform(), name="first")
    last = layers.Dense(10, kernel_initializer=initializers.Constant(42.0), name="last")
    return keras.Sequential([keras.Input((20,)), first, layers.ReLU(), last])


def largest(net):
    kernels = [layer.kernel.numpy() for layer in net.layers if isinstance(layer, layers.Dense)]
    return [round(float(np.abs(kernel).max()), 2) for kernel in kernels]


net = small_net()
print("largest entries:", largest(net))

# %% [markdown]
# In a network that exists already, a function does the work, and it must tell the layers apart.
#
# **Predict**: the next cell wants a new Glorot draw in the first layer and 7 in the last. It tries
# in two ways. What does each leave in the first layer?

# %%
def fill(block, make_initialiser):
    """Draw the kernels of all dense layers in a block, each with a new initialiser."""
    for layer in block._flatten_layers():
        if isinstance(layer, layers.Dense):
            layer.kernel.assign(make_initialiser()(layer.kernel.shape, layer.kernel.dtype))


def seven():
    return initializers.Constant(7.0)


whole, parts = small_net(), small_net()
fill(whole, initializers.GlorotUniform)
fill(whole, seven)
fill(parts.get_layer("first"), initializers.GlorotUniform)
fill(parts.get_layer("last"), seven)
print("the whole net, twice:", largest(whole))
print("each its own block:  ", largest(parts))

# %% [markdown]
# The second walk over the whole network wrote over what the first had done. The last one wins,
# always. `get_layer(name)` gives one block of a model by its name, and a walk that starts there
# stays inside.

# %% [markdown] exercise="xavier-and-constant" role="task"
# ## Exercise 5.3: Xavier here, 42 there
#
# *3 points*
#
# Write the function `xavier_and_constant(net, xavier_name, constant_name, value=42.0)`. It starts
# two blocks of a network in two ways and leaves all others alone. (Xavier is Glorot.)
#
# - **In**: `net`, a `keras.Model` that is built; the names of two of its blocks, as `net.get_layer`
#   takes them. Either block may be a `layers.Dense` or hold `layers.Dense`s at any depth. No layer
#   belongs to both. `value` is a float.
# - The kernels of all `layers.Dense`s in the first block are drawn from Glorot's *uniform*
#   distribution, each by its own shape. Each kernel gets a draw of its own; two of one shape do not
#   get the same numbers.
# - The kernels of all `layers.Dense`s in the second block are filled with `value`.
# - Everything else keeps its values: all biases, and all layers outside the two blocks.
# - The variables stay the objects that they were. What the function returns is not looked at.
#
# The first tests cell (2 points) looks at the two blocks, the second (1 point) at everything else.

# %% [markdown] exercise="xavier-and-constant" role="hint"
# <details><summary>Hint 1</summary>
#
# What became of the first layer when the whole network was walked over twice? Which block should
# each walk start from? And what does setting `kernel_initializer` do to a layer that is built?
#
# </details>

# %% [markdown] exercise="xavier-and-constant" role="hint"
# <details><summary>Hint 2</summary>
#
# `net.get_layer(xavier_name)._flatten_layers()` walks over the first block, itself included. For
# each `layers.Dense` in it assign `initializers.GlorotUniform()(layer.kernel.shape)` to its kernel;
# walk over the second block in the same way, with `initializers.Constant(value)`. No bias is
# touched.
#
# </details>

# %% exercise="xavier-and-constant" role="solution"
def xavier_and_constant(
    net: keras.Model, xavier_name: str, constant_name: str, value: float = 42.0
) -> None:
    """Glorot-uniform kernels in the one block, a constant in the other; in place."""
    # BEGIN SOLUTION
    for layer in net.get_layer(xavier_name)._flatten_layers():
        if isinstance(layer, layers.Dense):
            layer.kernel.assign(initializers.GlorotUniform()(layer.kernel.shape))
    for layer in net.get_layer(constant_name)._flatten_layers():
        if isinstance(layer, layers.Dense):
            layer.kernel.assign(initializers.Constant(value)(layer.kernel.shape))
    # END SOLUTION


# %% exercise="xavier-and-constant" role="tests" points=2
# Exercise 5.3, tests 1 of 2: the two blocks.
def check_blocks(xavier_name, constant_name, *value):
    deep = keras.Sequential([keras.Input((60,)), layers.ReLU(), layers.Dense(60)])
    body = keras.Sequential([keras.Input((120,)), layers.Dense(60), layers.Dense(60), deep],
                            name="body")
    net = keras.Sequential([keras.Input((50,)), layers.Dense(120, name="stem"),
                            layers.ReLU(), body, layers.Dense(40, name="head")])
    for w in net.weights:
        w.assign(np.full(w.shape, 7.0))
    called = ", ".join(map(repr, (xavier_name, constant_name, *value)))
    called = f"xavier_and_constant(net, {called})"
    try:
        xavier_and_constant(net, xavier_name, constant_name, *value)
    except AttributeError as error:
        raise AssertionError(f"{called} raised AttributeError ({error}): a block may be a layer or "
                             "hold layers; _flatten_layers() walks over all of them.") from None
    wanted, drawn = (value or (42.0,))[0], []
    swapped = not any(np.all(w == wanted) for w in net.get_layer(constant_name).get_weights())
    for layer in net.get_layer(xavier_name)._flatten_layers():
        if not isinstance(layer, layers.Dense):
            continue
        w, where = layer.kernel.numpy(), f"after {called} a kernel of '{xavier_name}'"
        assert not np.all(w == wanted), (
            f"{where} is {wanted} throughout, wanted Glorot's draw: " + (
                "the two blocks are swapped." if swapped else "it was overwritten. Let each "
                "scheme walk over its own block, not over the whole network."))
        unset = isinstance(layer.kernel_initializer, initializers.GlorotUniform)
        assert not np.all(w == 7), f"{where} was not drawn: every Dense in the block counts" + (
            ", and setting kernel_initializer does nothing to a layer that is built; assign to the "
            "kernel." if unset else ".")
        bound, largest, std = np.sqrt(6 / sum(w.shape)), np.abs(w).max(), w.std()
        cause = "is it GlorotUniform, called with the kernel's shape?"
        if abs(std / bound - 3**-0.5) < 0.06 and largest > 1.1 * bound:
            cause = "the standard deviation is right, but the draw is normal and not uniform."
        assert largest <= 1.0001 * bound and largest > 0.95 * bound and std > 0.54 * bound, (
            f"{where}, of shape {w.shape}, has size up to {largest:.4f} and standard deviation "
            f"{std:.4f}, wanted up to {bound:.4f} and {bound / np.sqrt(3):.4f}: {cause}")
        assert not any(np.array_equal(w, other) for other in drawn), (
            f"{where} has the same numbers as another one of its shape: one initialiser object "
            "gives the same numbers in each call, so make one for each layer.")
        drawn.append(w)
    for layer in net.get_layer(constant_name)._flatten_layers():
        if isinstance(layer, layers.Dense):
            w = layer.kernel.numpy()
            assert np.allclose(w, wanted), (
                f"after {called} a kernel of '{constant_name}' runs from {w.min():.4f} to "
                f"{w.max():.4f}, wanted {wanted}, the `value`, throughout.")


for case in [("stem", "head"), ("body", "stem", -0.5)]:
    check_blocks(*case)
# BEGIN HIDDEN TESTS
for case in [("head", "body"), ("stem", "body", 3.0)]:
    check_blocks(*case)
# END HIDDEN TESTS

# %% exercise="xavier-and-constant" role="tests" points=1
# Exercise 5.3, tests 2 of 2: everything else stays as it was.
def check_rest(xavier_name, constant_name):
    body = keras.Sequential([keras.Input((5,)), layers.Dense(6), layers.LayerNormalization(),
                             layers.Dense(6)], name="body")
    net = keras.Sequential([keras.Input((4,)), layers.Dense(5, name="stem"),
                            layers.LayerNormalization(name="norm"), body,
                            layers.Dense(2, name="head"),
                            *(layers.Dense(2, name=f"{n}_more") for n in ("stem", "body", "head"))])
    rng = np.random.default_rng(5)
    for w in net.weights:
        w.assign(rng.normal(size=w.shape))
    variables, before = [*net.weights], net.get_weights()
    called = f"xavier_and_constant(net, {xavier_name!r}, {constant_name!r})"
    xavier_and_constant(net, xavier_name, constant_name)
    assert [id(w) for w in net.weights] == [id(w) for w in variables], (
        f"{called} replaced variables: assign to the ones that are there.")
    of_blocks = {id(w): layer for name in (xavier_name, constant_name)
                 for layer in net.get_layer(name)._flatten_layers()
                 for w in layer.weights if isinstance(layer, layers.Dense)}
    inside = {id(w) for name in (xavier_name, constant_name) for w in net.get_layer(name).weights}
    for w, old in zip(variables, before):
        drawn = id(w) in of_blocks and w is of_blocks[id(w)].weights[0]
        changed = not np.array_equal(w.numpy(), old)
        assert not changed or drawn, (
            f"{called} changed a {w.name}, of shape {tuple(w.shape)}: " + (
                "biases keep their values." if w.name == "bias" else
                "it is no kernel of a dense layer." if id(w) in inside else
                "it is in neither of the two blocks; let each scheme walk over its own only."))
        assert changed or not drawn, f"{called} left a kernel as it was, wanted it started anew."


for case in [("stem", "head"), ("body", "head")]:
    check_rest(*case)
# BEGIN HIDDEN TESTS
for case in [("body", "stem"), ("head", "body")]:
    check_rest(*case)
# END HIDDEN TESTS

# %% [markdown]
# ## The fans of a convolution
#
# Glorot's and He's schemes need fan-in and fan-out. For a dense layer these are the two sides of
# the kernel. The kernel of a convolution has four axes, `(height, width, in, out)`: a *window* of
# height and width, then channels and filters (lesson 04). So where are the fans? They can be
# counted with a tape, which knows what depends on what: the gradient of *one* output is nonzero at
# the inputs that it depends on.
#
# **Predict** fan-in and fan-out of a convolution from 2 channels to 5 with a 3 by 3 window.

# %%
conv = layers.Conv2D(5, kernel_size=3, padding="same", kernel_initializer="ones")
image = tf.ones((1, 9, 9, 2))
with tf.GradientTape() as tape:
    tape.watch(image)
    one_output = conv(image)[0, 4, 4, 0]
print("kernel:", tuple(conv.kernel.shape))
gradient = tape.gradient(one_output, image)
print("inputs that one output depends on:", np.count_nonzero(gradient))
one_pixel = np.zeros((1, 9, 9, 2), "float32")
one_pixel[0, 4, 4, 0] = 1.0
print("outputs that one input reaches:   ", np.count_nonzero(conv(one_pixel)))

# %% [markdown]
# Each output is a sum over all input channels and the whole window, $2 \cdot 3 \cdot 3 = 18$; each
# input takes part in $5 \cdot 3 \cdot 3 = 45$ outputs. In general
#
# $$\text{fan-in} = \text{in} \cdot k, \qquad \text{fan-out} = \text{out} \cdot k$$
#
# where $k$ is the number of entries of the window: the product of all axes before the last two, and
# 1 if there are none. (PyTorch stores the window last: `(out, in, height, width)`.)
#
# **Then and now.** A listing for an initialiser of one's own takes the scale from
# `shape[0] + shape[1]`, which is right for dense layers, and the text around it does not say that
# it is right for no other.
#
# **Predict**: for a 3 by 3 convolution from 64 channels to 64, what does `shape[0] + shape[1]` add
# up? What does that do to the values after ten layers?

# %% listing="S1-16"
def glorot_of_the_listing(shape, dtype=None):
    std = math.sqrt(2 / (shape[0] + shape[1]))
    return keras.random.normal(shape, stddev=std, dtype=dtype)


def after_ten(initialiser):
    """Standard deviation of a kernel, and of the values after ten convolutions."""
    keras.utils.set_random_seed(0)
    x = keras.random.normal((2, 12, 12, 64))
    for _ in range(10):
        conv = layers.Conv2D(64, 3, padding="same", kernel_initializer=initialiser)
        x = conv(x)
    return conv.kernel.numpy().std(), np.std(x)


for name, initialiser in (("listing", glorot_of_the_listing), ("Keras", "glorot_normal")):
    std, spread = after_ten(initialiser)
    print(f"{name:7} std {std:.3f}, values after ten layers about 10^{round(math.log10(spread))}")

# %% [markdown]
# It adds the sides of the window, $3 + 3$. The standard deviation is $\sqrt{2/6} = 0.58$ in place
# of $\sqrt{2/1152} = 0.042$, too large by a factor of 14, and ten layers make of that more than
# $10^{11}$.
#
# What about weights with a single axis, such as a bias? They have no fans. PyTorch raises an error,
# and so will you; Keras takes the length for both and says nothing.

# %%
bias = initializers.GlorotUniform()((600,)).numpy()
print("bound of a bias with 600 entries, in Keras:", round(float(np.abs(bias).max()), 2))

# %% [markdown] exercise="xavier-bound" role="task"
# ## Exercise 5.4: the bound by hand
#
# *3 points*
#
# Write the function `xavier_bound(shape)` that computes the bound $a = \sqrt{6/(\text{fan-in} +
# \text{fan-out})}$ of Glorot's (Xavier's) uniform distribution from the shape of a kernel.
#
# - **In**: `shape`, a tuple of whole numbers above 0, as Keras stores kernels: `(in, out)` for a
#   dense layer, `(length, in, out)`, `(height, width, in, out)` and so on for a convolution, with
#   any number of window axes.
# - **Out**: a Python `float`, right to six digits.
# - A shape with fewer than two axes has no fans: raise `ValueError`.
#
# The three tests cells (1 point each) look at dense kernels, at convolutions and at shapes without
# fans.

# %% [markdown] exercise="xavier-bound" role="hint"
# <details><summary>Hint 1</summary>
#
# Which axes are the channels, and which the window? The window multiplies *both* fans. Check your
# formula with the 18 and the 45 of the text.
#
# </details>

# %% [markdown] exercise="xavier-bound" role="hint"
# <details><summary>Hint 2</summary>
#
# `window = math.prod(shape[:-2])` is 1 for a dense layer, since an empty product is 1. Then the
# fans are `shape[-2] * window` and `shape[-1] * window`. Check `len(shape) < 2` first.
#
# </details>

# %% exercise="xavier-bound" role="solution"
def xavier_bound(shape: tuple[int, ...]) -> float:
    """Bound of Glorot's uniform distribution for a kernel of shape (*window, in, out)."""
    # BEGIN SOLUTION
    if len(shape) < 2:
        raise ValueError(f"a weight of shape {tuple(shape)} has no fan-in and fan-out")
    window = math.prod(shape[:-2])
    return math.sqrt(6 / ((shape[-2] + shape[-1]) * window))
    # END SOLUTION


# %% exercise="xavier-bound" role="tests" points=1
# Exercise 5.4, tests 1 of 3: dense kernels.
def check_dense(shape):
    got = xavier_bound(shape)
    called = f"xavier_bound({shape})"
    assert isinstance(got, float), (
        f"{called} returned {type(got).__name__}, wanted a Python float.")
    total = shape[0] + shape[1]
    likely = {"that is the standard deviation √(2/(fan-in + fan-out)); the bound is √3 times that":
              (2 / total) ** 0.5, "that is 6/(fan-in + fan-out) without the root": 6 / total,
              "that takes the fan-in alone": (6 / shape[0]) ** 0.5,
              "that takes the fan-out alone": (6 / shape[1]) ** 0.5,
              "that takes the product of the fans, not the sum":
              (6 / (shape[0] * shape[1])) ** 0.5,
              "that is PyTorch's default, 1/√(fan-in)": shape[0] ** -0.5}
    wanted = (6 / total) ** 0.5
    cause = next((c for c, v in likely.items() if np.isclose(got, v, rtol=1e-6)),
                 "wanted √(6/(fan-in + fan-out))")
    assert np.isclose(got, wanted, rtol=1e-6, atol=0), (
        f"{called} gave {got:.6f}, wanted {wanted:.6f}: {cause}.")


for shape in [(400, 100), (3, 7)]:
    check_dense(shape)
# BEGIN HIDDEN TESTS
for shape in [(1, 1), (512, 30), (10, 1)]:
    check_dense(shape)
# END HIDDEN TESTS

# %% exercise="xavier-bound" role="tests" points=1
# Exercise 5.4, tests 2 of 3: kernels of convolutions.
def check_convolution(shape):
    got = xavier_bound(shape)
    called = f"xavier_bound({shape})"
    assert isinstance(got, float), (
        f"{called} returned {type(got).__name__}, wanted a Python float.")
    *window, n, m = shape
    k = np.prod(window)
    likely = {"shape[0] + shape[1] are the fans of a dense kernel only; here the first axes are "
              "the window": shape[0] + shape[1],
              "in + out without the window, which multiplies both fans": n + m,
              "the window multiplies the fan-in only; it multiplies both fans": n * k + m,
              "the window multiplies the fan-out only; it multiplies both fans": n + m * k,
              "these are the fans of PyTorch, which stores (out, in, window); here it is (window, "
              "in, out)": (shape[0] + shape[1]) * np.prod(shape[2:]),
              "one axis of the window is left out": (n + m) * shape[0],
              "the sides of the window are added, not multiplied": (n + m) * sum(window)}
    wanted = (6 / ((n + m) * k)) ** 0.5
    right = np.isclose(got, wanted, rtol=1e-6, atol=0)
    cause = next((c for c, total in likely.items()
                  if not right and np.isclose(got, (6 / total) ** 0.5, rtol=1e-6)),
                 "wanted √(6/(fan-in + fan-out)) with fan-in = in · window, fan-out = out · window")
    assert right, f"{called} gave {got:.6f}, wanted {wanted:.6f}: {cause}."


for shape in [(3, 4, 2, 7)]:
    check_convolution(shape)
# BEGIN HIDDEN TESTS
for shape in [(5, 8, 16), (3, 3, 6, 1), (2, 5, 6, 3, 4), (1, 1, 9, 2)]:
    check_convolution(shape)
# END HIDDEN TESTS

# %% exercise="xavier-bound" role="tests" points=1
# Exercise 5.4, tests 3 of 3: shapes without fans.
def check_refused(shape):
    called = f"xavier_bound({shape})"
    try:
        got = xavier_bound(shape)
    except NotImplementedError:
        raise
    except ValueError:
        return
    except Exception as error:
        raise AssertionError(
            f"{called} raised {type(error).__name__} ({error}), wanted a ValueError: check the "
            "number of axes before you use them.") from None
    raise AssertionError(
        f"{called} returned {got!r:.60}, wanted a ValueError: a weight with fewer than two axes, "
        "such as a bias, has no fan-in and fan-out.")


for shape in [(64,)]:
    check_refused(shape)
# BEGIN HIDDEN TESTS
for shape in [(), (1,)]:
    check_refused(shape)
# END HIDDEN TESTS

# %% [markdown]
# ## Setting weights directly
#
# Sometimes you know the numbers: from a file, from a paper, or because you want to check a layer by
# hand. Then no initialiser is needed; `assign` takes arrays, as in lesson 04.
#
# **Predict**: which of these three ways change the kernel?

# %%
dense = layers.Dense(2)
dense.build((None, 3))
dense.kernel.assign(np.arange(6.0).reshape(3, 2))
array = dense.kernel.numpy()
array[0, 0] = 42.0
print("through numpy():     ", dense.kernel.numpy()[0].tolist())
try:
    dense.kernel[0, 0] = 42.0
except TypeError as error:
    print("through an item:      raises", type(error).__name__)
dense.kernel[0, 0].assign(42.0)
print("assign to a slice:   ", dense.kernel.numpy()[0].tolist())

# %% [markdown]
# `numpy()` gives a copy, and a Keras variable takes no item assignment.
#
# **Then and now.** The last way is that of the listings. It works here because a slice of a
# *TensorFlow* variable has a method `assign`; on the other backends of Keras (JAX, PyTorch) a slice
# is a plain array, and the line fails. The form for all backends makes the new value first and
# assigns it whole.

# %% listing="S0-17"
dense.kernel.assign(np.arange(6.0).reshape(3, 2))
dense.kernel.assign(dense.kernel + 1)
dense.kernel.assign(ops.scatter_update(dense.kernel, [[0, 0]], [42.0]))
dense.bias.assign([0.0, -1.0])
print(dense.kernel.numpy().tolist())

# %% [markdown]
# `scatter_update(x, indices, values)` gives a copy of `x` in which each row of `indices` names one
# cell to replace. As in lesson 04, `assign` keeps the type of the variable and takes its exact
# shape only. (PyTorch's `copy_` would broadcast.)
#
# ## Seeds, and starting over
#
# ### What a seed fixes
#
# Unseeded initialisers take their seeds from a generator, a machine that gives one number after the
# other. `keras.utils.set_random_seed` puts it at the beginning of a sequence (and those of Python,
# NumPy and TensorFlow too). `tf.random.set_seed` is for TensorFlow's own functions.
#
# **Predict**: which of the other four layers are equal to the first one?

# %%
def new_layer():
    layer = layers.Dense(2)
    layer.build((None, 3))
    return layer


keras.utils.set_random_seed(7)
first = new_layer()
others = {"second": new_layer()}
keras.utils.set_random_seed(7)
others["third"] = new_layer()
keras.utils.set_random_seed(7)
extra = layers.Dense(1)  # never built
others["fourth"] = new_layer()
tf.random.set_seed(7)
others["fifth"] = new_layer()
for name, layer in others.items():
    equal = np.array_equal(layer.kernel.numpy(), first.kernel.numpy())
    print(f"{name:6} equal to the first: {equal}")

# %% [markdown]
# A seed fixes the *sequence*, not the layer. Put one layer in front, and all layers after it start
# differently; the extra layer was not even built, but its initialisers took their seeds when they
# were made. Whoever compares two architectures under "the same seed" does not compare the same
# weights. If a layer should get its numbers no matter what happens around it, give its initialiser
# a seed of its own:

# %%
def seeded():
    return initializers.RandomNormal(stddev=0.01, seed=7)


print("same numbers:", np.array_equal(seeded()((3, 2)), seeded()((3, 2))))

# %% [markdown]
# The opposite mistake is such a seed in the factory that makes *all* layers: then all layers of one
# shape start alike.
#
# ### Starting one layer over
#
# A layer remembers its initialisers. So to start it over one would call them again.
#
# **Predict**: after a training step, a layer is started over in two ways. Which of the two gives
# numbers that the layer has not had before?

# %%
dense = new_layer()
at_first = dense.kernel.numpy()
dense.kernel.assign_sub(np.ones((3, 2)))  # stands for training
for what, initialiser in {
    "its own initialiser:": dense.kernel_initializer,
    "a clone of it:      ": dense.kernel_initializer.clone(),
}.items():
    dense.kernel.assign(initialiser(dense.kernel.shape, dtype=dense.kernel.dtype))
    print(what, "same as at first:", np.array_equal(dense.kernel.numpy(), at_first))

# %% [markdown]
# Its own initialiser holds its seed and repeats itself. Its *clone* is made from the same
# configuration, in which no seed was set, and so has drawn a new one. Building the layer once more
# does not work:

# %% tags=["raises-exception"]
dense.build((None, 3))

# %% [markdown]
# ### Borrowing the generator
#
# An initialiser without a seed takes one from the module `random` of Python itself, when it is
# made, and so does a clone. If numbers are to depend on a seed and on nothing else, that generator
# can be seeded just before. But from then on *everything* that the program draws there comes from
# that sequence: whatever a later layer starts with, for one.
#
# **Predict**: two programs differ in the seed at their top, 1 or 2. Both borrow the generator for a
# layer. For which version do they draw the same number afterwards?

# %%
def draw_layer(seed, put_back):
    state = random.getstate()
    random.seed(seed)
    layer = new_layer()
    if put_back:
        random.setstate(state)
    return layer


for put_back in (False, True):
    numbers = []
    for top in (1, 2):
        random.seed(top)
        draw_layer(seed=7, put_back=put_back)
        numbers.append(round(random.random(), 3))
    print(f"put back: {put_back!s:5}  drawn afterwards: {numbers}")
kernels = [draw_layer(seed=7, put_back=True).kernel.numpy() for _ in range(2)]
print("same kernel for the same seed:", np.array_equal(*kernels))

# %% [markdown]
# Without the last step the seed at the top has lost its effect, and nobody is told. A function that
# needs the generator for itself gives it back as it found it. (`set_random_seed` would change the
# generators of NumPy and TensorFlow as well, and those would have to be put back, too.)
#
# ### Starting one block over
#
# Why start over just one block? To train a pretrained network on a new task, people keep its body
# and start its last part, its *head*, afresh. All the rest must then stay exactly as it was.
#
# One trap is in the names. **Predict**: which layers does this selection find?

# %%
chain = keras.Sequential([keras.Input((2,))])
for i in range(12):
    chain.add(layers.Dense(2, name=f"dense_{i}"))
print([layer.name for layer in chain.layers if layer.name.startswith("dense_1")])

# %% [markdown]
# "dense_10" is no part of "dense_1". Ask for the block, `get_layer("dense_1")`, and walk from
# there.

# %% [markdown] exercise="reinitialise-one" role="task"
# ## Exercise 5.5: start one block over
#
# *3 points*
#
# Write the function `reinitialise(net, name, seed)`. It starts one block of a network over, with
# numbers that depend on the seed, and changes nothing else.
#
# - **In**: `net`, a `keras.Model` that is built; `name`, the name of one of its blocks, as
#   `net.get_layer` takes it; `seed`, an int. The block may be a `layers.Dense` or hold
#   `layers.Dense`s at any depth; nothing else in it has weights. A `Dense` in it may have no bias,
#   and none belongs to another block too.
# - Each kernel in the block gets a draw from its layer's own `kernel_initializer`, each bias one
#   from its layer's own `bias_initializer`. These are classes of Keras without a seed set, with
#   settings of any kind.
# - The numbers depend on the seed and on nothing else: the same seed gives the same numbers,
#   whatever was drawn before, and another seed gives others. Two layers of one shape in the block
#   do not get the same numbers.
# - Everything outside the block keeps every bit: weights, and the generators of Python (`random`)
#   and NumPy. What the program draws there after the call is what it would have drawn without it.
# - The variables stay the objects that they were. What the function returns is not looked at.
#
# The three tests cells (1 point each) look at the block, at the seed, and at everything else.

# %% [markdown] exercise="reinitialise-one" role="hint"
# <details><summary>Hint 1</summary>
#
# Reach the block by its name, then walk over what is in it, itself included. What must you do with
# a layer's initialiser so that it does not repeat itself? Where does the seed have to be set, and
# how often, and what has to happen before and after that?
#
# </details>

# %% [markdown] exercise="reinitialise-one" role="hint"
# <details><summary>Hint 2</summary>
#
# First `state = random.getstate()` and `random.seed(seed)`. For each `layers.Dense` in
# `net.get_layer(name)._flatten_layers()`:
# `layer.kernel.assign(layer.kernel_initializer.clone()(layer.kernel.shape))`, and if `layer.bias is
# not None`, the same with `bias` and `bias_initializer`. At the end `random.setstate(state)`.
#
# </details>

# %% exercise="reinitialise-one" role="solution"
def reinitialise(net: keras.Model, name: str, seed: int) -> None:
    """Draw the block of that name anew from the seed, in place; leave everything else as it is."""
    # BEGIN SOLUTION
    state = random.getstate()
    random.seed(seed)
    for layer in net.get_layer(name)._flatten_layers():
        if isinstance(layer, layers.Dense):
            layer.kernel.assign(layer.kernel_initializer.clone()(layer.kernel.shape))
            if layer.bias is not None:
                layer.bias.assign(layer.bias_initializer.clone()(layer.bias.shape))
    random.setstate(state)
    # END SOLUTION


# %% exercise="reinitialise-one" role="tests" points=1
# Exercise 5.5, tests 1 of 3: the block that is started over.
def check_block(name):
    ranges = {70: ((3, 4), (0.5, 1)), 80: ((1, 2), None), 90: ((-4, -3), (0.25, 0.5)),
              50: ((-1, 0), (0.5, 0.75))}

    def dense(units, **options):
        kernel, bias = (initializers.RandomUniform(*r) if r else None for r in ranges[units])
        return layers.Dense(units, kernel_initializer=kernel, bias_initializer=bias,
                            use_bias=bias is not None, **options)

    deep = keras.Sequential([keras.Input((80,)), layers.ReLU(), dense(90)])
    body = keras.Sequential([keras.Input((70,)), dense(80), deep], name="body")
    net = keras.Sequential(
        [keras.Input((60,)), dense(70, name="stem"), body, dense(50, name="head")])
    for w in net.weights:
        w.assign(np.full(w.shape, 9.0))
    called = f"reinitialise(net, {name!r}, 1)"
    try:
        reinitialise(net, name, 1)
    except AttributeError as error:
        raise AssertionError(
            f"{called} raised AttributeError ({error}): a Dense may have no bias, and a block "
            "that holds layers has no kernel; walk over the layers in it.") from None
    for layer in net.get_layer(name)._flatten_layers():
        for w, wanted in zip(layer.weights, ranges[layer.units] if hasattr(layer, "units") else []):
            where = f"after {called} a Dense of width {layer.units} has"
            v, (low, high) = w.numpy(), wanted
            assert not np.all(v == 9), (
                f"{where} the {w.name} that it had: every Dense in the block is started over, "
                "at any depth, kernel and bias; _flatten_layers() sees them all.")
            assert low <= v.min() and v.max() <= high and np.ptp(v) > 0.8 * (high - low), (
                f"{where} a {w.name} from {v.min():.3f} to {v.max():.3f}, wanted a draw from "
                f"{low} to {high}: the layer's own {w.name}_initializer, with its settings.")


for name in ["stem", "body"]:
    check_block(name)
# BEGIN HIDDEN TESTS
for name in ["head"]:
    check_block(name)
# END HIDDEN TESTS

# %% exercise="reinitialise-one" role="tests" points=1
# Exercise 5.5, tests 2 of 3: the seed, and the generators of the program.
def make_net():
    def dense(**options):
        return layers.Dense(5, bias_initializer=initializers.RandomUniform(1.0, 2.0), **options)

    body = keras.Sequential([keras.Input((5,)), dense(), layers.ReLU(), dense()], name="body")
    return keras.Sequential([keras.Input((6,)), dense(name="stem"), body])


def check_seed(name, seed):
    nets, called, drawn = (make_net(), make_net()), f"reinitialise(net, {name!r}, {seed})", []
    at_first = nets[0].get_layer(name).get_weights()
    for net, top in zip(nets, (1, 2)):
        random.seed(top), np.random.seed(top)
        try:
            reinitialise(net, name, seed)
        except AttributeError as error:
            raise AssertionError(f"{called} raised AttributeError ({error}): get the first tests "
                                 "cell to pass first.") from None
        after = random.random(), np.random.random()
        random.seed(top), np.random.seed(top)
        assert after == (random.random(), np.random.random()), (
            f"{called} left the generator of Python or NumPy at another place, so that all that "
            "the program draws later is changed: keep the state of what you seed and put it back.")
        drawn.append(net.get_layer(name).get_weights())
    assert not any(np.array_equal(v, w) for v, w in zip(at_first, drawn[0])), (
        f"{called} gave the numbers that the layer has had before: a Keras initialiser repeats "
        "itself, so use a clone of it.")
    assert all(np.array_equal(v, w) for v, w in zip(*drawn)), (
        f"{called} gave other numbers after random.seed(2) than after random.seed(1): they depend "
        "on the argument `seed` only, so seed the generator with it before the draw.")
    kernels = [v for v in drawn[0] if v.shape == (5, 5)]
    assert len(kernels) < 2 or not np.array_equal(*kernels), (
        f"{called} gave two layers of one shape the same numbers: seed once, before the first "
        "layer, and not before each of them.")
    reinitialise(nets[0], name, seed + 1)
    again = nets[0].get_layer(name).get_weights()
    assert not any(np.array_equal(v, w) for v, w in zip(again, drawn[0])), (
        f"reinitialise(net, {name!r}, {seed + 1}) gave the numbers of {called}: use the seed that "
        "is given.")


for case in [("body", 7), ("stem", 0)]:
    check_seed(*case)
# BEGIN HIDDEN TESTS
for case in [("body", 12345), ("body", 0)]:
    check_seed(*case)
# END HIDDEN TESTS

# %% exercise="reinitialise-one" role="tests" points=1
# Exercise 5.5, tests 3 of 3: everything else keeps every bit.
def check_rest(name):
    bias = initializers.RandomUniform(1.0, 2.0)
    chain = [layers.Dense(3, name=f"dense_{i}", bias_initializer=bias) for i in range(12)]
    head = keras.Sequential(
        [keras.Input((3,)), layers.Dense(3, bias_initializer=bias), layers.Dense(2)], name="head")
    net = keras.Sequential([keras.Input((3,)), *chain, layers.LayerNormalization(), head])
    rng = np.random.default_rng(12)
    for w in net.weights:
        w.assign(rng.normal(scale=5, size=w.shape))
    variables, before = [*net.weights], net.get_weights()
    inside = {id(w) for w in net.get_layer(name).weights}
    called = f"reinitialise(net, {name!r}, 3)"
    try:
        reinitialise(net, name, 3)
    except AttributeError as error:
        raise AssertionError(f"{called} raised AttributeError ({error}): get the first tests cell "
                             "to pass first.") from None
    assert [id(w) for w in net.weights] == [id(w) for w in variables], (
        f"{called} replaced variables, which an optimizer made before does not know: assign to the "
        "ones that are there.")
    owner = {id(w): layer.name for layer in net.layers for w in layer.weights}
    for w, old in zip(variables, before):
        changed, place = not np.array_equal(w.numpy(), old), owner[id(w)]
        assert not changed or id(w) in inside, (
            f"{called} changed a {w.name} of '{place}', which is not the block '{name}': " + (
                "the name was compared as text; use net.get_layer(name)."
                if place.startswith(name) else
                "start over this block only, and not the whole network."))
        assert changed or id(w) not in inside, f"{called} left a {w.name} of '{place}' as it was."


for name in ["head", "dense_1"]:
    check_rest(name)
# BEGIN HIDDEN TESTS
for name in ["dense_11"]:
    check_rest(name)
# END HIDDEN TESTS

# %% [markdown]
# ## PyTorch and Keras side by side
#
# | idea | PyTorch | Keras 3 |
# |---|---|---|
# | a dense weight starts | uniform within ±1/√fan-in | uniform within ±√(6/(fan-in + fan-out)) |
# | its bias starts | uniform within ±1/√fan-in | at zero |
# | an initialiser is | a function that fills a tensor | called with shape and dtype |
# | it is chosen | after the layer was made | when the layer is made: `kernel_initializer=` |
# | normal | `nn.init.normal_(w, std=0.01)` | `RandomNormal(stddev=0.01)` |
# | constant | `nn.init.constant_(w, 42.0)` | `Constant(42.0)` |
# | Xavier is called | `xavier_uniform_` | `GlorotUniform` |
# | He is called | `kaiming_normal_` | `HeNormal` |
# | over a tree | `net.apply(f)`, `net.modules()` | a walk over the layers, then `assign` |
# | no weights before the first call | `nn.LazyLinear` | every layer |
# | convolution weight | `(out, in, height, width)` | `(height, width, in, out)` |
# | one initialiser, two layers | two draws | built-in ones: the same numbers twice |
# | set part of a weight | `w[0, 0] = 42.0`, no gradient | `w.assign(ops.scatter_update(w, …))` |
# | wrong shape | `copy_` broadcasts | `assign` raises |
# | start over | `reset_parameters()` | `initializer.clone()` and `assign` |
# | seed of everything | `torch.manual_seed(7)` | `keras.utils.set_random_seed(7)` |
# | borrow the generator | `torch.random.fork_rng()` | `random.getstate()`, `random.setstate(…)` |
# | saved with the model | the values | the values, and the initialiser's configuration |

# %% [markdown]
# ## Summary
#
# - Every layer starts somewhere: dense layers and convolutions by Glorot's uniform scheme, biases
#   at 0, embeddings within ±0.05, normalisation at 1 and 0.
# - Weights that start equal stay equal. Random numbers break the symmetry; biases may start at 0.
# - A Keras initialiser repeats itself: one object per layer, or a `SeedGenerator`, or a clone.
# - Each layer multiplies the size of the values by about $s\sqrt{n}$, with ReLU by $s\sqrt{n/2}$,
#   and depth turns a factor into a power. He's scheme keeps the size with ReLU, Glorot's is the
#   middle between forward and backward.
# - The window of a convolution multiplies both fans.
# - An initialiser gives the shape and the type that it is asked for, and says in `get_config` what
#   its settings are.
# - `kernel_initializer` is read when a layer is built; later, `assign`. Walk over the whole tree,
#   ask with `isinstance`, mind layers without bias and without kernel.
# - The last one to write wins: let each scheme walk over its own block.
# - A seed fixes a sequence of numbers, not the numbers of a layer. Who borrows the generator puts
#   it back.

# %% [markdown]
# ## Where to read on
#
# - [Layer weight initializers](https://keras.io/api/layers/initializers/), all initialisers with
#   their formulas, and a part on writing your own.
# - X. Glorot and Y. Bengio,
#   [Understanding the difficulty of training deep feedforward neural networks](https://proceedings.mlr.press/v9/glorot10a.html),
#   and K. He and others, [Delving Deep into Rectifiers](https://arxiv.org/abs/1502.01852): the
#   papers of the two schemes.
# - [`torch.nn.init`](https://docs.pytorch.org/docs/stable/nn.init.html), the same ground in
#   PyTorch.
# - *Dive into Deep Learning*, chapter [Builders' Guide](https://d2l.ai/chapter_builders-guide/index.html),
#   the chapter from which this unit grew, and the section
#   [Numerical Stability and Initialization](https://d2l.ai/chapter_multilayer-perceptrons/numerical-stability-and-init.html).
# - A. Géron, *Hands-On Machine Learning*, chapters 11 and 12.
#
# Next: lesson 06 asks when a layer can have weights at all, and what to do until then.
