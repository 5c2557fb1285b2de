# %% [markdown]
# # Parameters
#
# A finished network is a tree of blocks with numbers at its leaves. Training changes these numbers,
# saving writes them down, and much of the daily work is about them: which ones are there, how many,
# which of them are trained, and which of them are one and the same. In this lesson you read, count,
# share and set the parameters of networks, also of those that somebody else has built. Keras calls
# a parameter a *weight*, biases included.
#
# **Afterwards you can**
#
# - find any weight by its layer or by its path, and take a copy that stays as it is;
# - count weights, freeze some of them, and say what freezing does and what it does not;
# - tie layers, so that one weight does the work of several, and say what its gradient is then;
# - tell a tie from equal values, and save a network with a tie so that it can be loaded;
# - use one weight in both directions, as itself and as its transpose, dense and convolutional;
# - set a weight in place, and say what breaks if you replace it instead.
#
# **Time**: about 55 minutes. **You need**: lesson 03 (blocks).
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
# ## Reading weights
#
# ### By layer
#
# The blocks in a `keras.Sequential` are reached by their place in `layers`, and each block has a
# list of its `weights`. A `keras.Input` in front tells the widths, so that the weights are there at
# once, without a call. It is no layer and does not count as a place.
#
# **Predict** what the three layers hold, with shapes.

# %% listing="S0-06 S3-07"
net = keras.Sequential(
    [
        keras.Input((4,)),
        layers.Dense(8, name="hidden"),
        layers.ReLU(name="relu"),
        layers.Dense(1, name="output"),
    ],
    name="net",
)
for place, layer in enumerate(net.layers):
    print(place, layer.name, {w.name: tuple(w.shape) for w in layer.weights})

# %% [markdown]
# The ReLU has nothing to hold. The others have a *kernel*, one column per output, and a bias, one
# number per output.
#
# ### A single weight
#
# Attributes lead to single weights: `layer.bias`. One text prints the type of such a weight and
# reads the value from it.
#
# **Predict**: is a weight a `tf.Variable`? And where does it keep its gradient?

# %% listing="S0-07 S3-08 S3-09"
bias = net.layers[2].bias
bias.assign([0.25])
print("a keras.Variable:", isinstance(bias, keras.Variable))
print("a tf.Variable:   ", isinstance(bias, tf.Variable))
print("has .value:      ", isinstance(bias.value, tf.Variable))
print("as an array:     ", bias.numpy())
print("has .grad:       ", hasattr(bias, "grad"))

# %% [markdown]
# **Then and now.** The weight used to be a `tf.Variable`. Today it is a `keras.Variable`, the same
# for every backend of Keras, and what it holds is the `tf.Variable`, in `value`. Operations and
# tapes take the weight as it is.
#
# A weight has no gradient of its own. (In PyTorch there is one place per parameter, `None` at
# first.) Gradients belong to the tape that you ask, and a tape gives `None` for a weight that took
# no part:

# %%
with tf.GradientTape() as tape:
    loss = ops.sum(net.layers[0](ops.ones((1, 4))))
hidden_bias, output_bias = tape.gradient(loss, [net.layers[0].bias, net.layers[2].bias])
print("bias of hidden:", hidden_bias.numpy())
print("bias of output:", output_bias)

# %% [markdown]
# ### Both together: what a dense layer does with them
#
# With kernel and bias in hand we can do the work of a layer ourselves: $y = x W + b$, for an input
# with two axes or more. The kernel acts on the last axis, and broadcasting adds the *one* bias to
# every row of every example.
#
# **Predict**: what is the gradient of the bias when all outputs are summed, for an input of shape
# `(5, 3, 4)`, where each output row uses the bias once? And for an empty batch?

# %% listing="S4-03"
dense = layers.Dense(2)
dense(ops.ones((1, 4)))  # builds it
for batch in (5, 1, 0):
    x = keras.random.uniform((batch, 3, 4))
    with tf.GradientTape() as tape:
        y = dense(x)
        loss = ops.sum(y)
    same = np.allclose(y, x @ dense.kernel + dense.bias)
    print(f"batch of {batch}: by hand the same: {same},", end=" ")
    print("gradient of the bias:", tape.gradient(loss, dense.bias).numpy())

# %% [markdown]
# Fifteen rows, and each adds 1. An empty batch gives zeros, not `None`: the layer was used, on
# nothing. Keep the sum in mind: **a weight that is used many times gets the sum of what all uses
# contribute.** Half of this lesson rests on it.
#
# ### All at once
#
# A block collects the weights of its whole tree: `weights` is all that is saved,
# `trainable_weights` what is trained, which is what an optimizer wants. `get_weights()` gives all
# values as NumPy arrays.
#
# **Predict**: batch normalisation brings each feature of a batch to mean 0 and standard deviation
# 1, then scales and shifts it by two trained weights, and keeps running statistics of what it has
# seen. In the network below, how many weights are there, and how many are trained?

# %% listing="S0-08 S0-09"
normed = keras.Sequential(
    [keras.Input((4,)), layers.Dense(3, name="dense"), layers.BatchNormalization(name="norm")],
    name="normed",
)
print("weights:          ", [w.name for w in normed.weights])
print("trainable_weights:", [w.name for w in normed.trainable_weights])
print("get_weights()[1]: ", normed.get_weights()[1])

# %% [markdown]
# The statistics are weights that are not trained (lesson 03): saved, changed by the layer itself,
# left alone by the optimizer.
#
# ### A snapshot that moves, and one that does not
#
# Suppose that you keep the best state so far, and go on training.
#
# **Predict** which of these four still show the old value, 0.25, after the change.

# %%
output = net.get_layer("output")
snapshots = {
    "weights": output.weights[1],
    "value": output.bias.value,
    "numpy()": output.bias.numpy(),
    "get_weights()": output.get_weights()[1],
}
output.bias.assign([-1.0])
for how, snapshot in snapshots.items():
    value = snapshot if isinstance(snapshot, np.ndarray) else snapshot.numpy()
    print(f"{how:13} {value}")

# %% [markdown]
# `weights` and `value` are windows: they lead to the live weight. `numpy()` and `get_weights()` are
# photographs: copies that nothing changes any more. (The state dict of PyTorch, the counterpart of
# `get_weights()`, is a window. Mixing the two up costs people their best state.)
#
# A photograph cannot be written through, either. **Predict** the bias after this cell.

# %%
output.bias.numpy()[0] = 50.0
output.get_weights()[1][0] = 50.0
print(output.bias.numpy())

# %% [markdown]
# ### Then and now: names
#
# To find a weight in a large network one needs a name for it. One text prints the names and says
# that they are unique.
#
# **Predict**: `net` has four weights. How many different names are there, and how many paths?

# %%
print("names:", [w.name for w in net.weights])
print("paths:", [w.path for w in net.weights])

# %% [markdown]
# Names say what the weight is for in its layer. The *path* puts the names of the blocks in front:
# the blocks that were being built when the weight was made. So paths tell weights apart, as long as
# blocks that stand side by side have different names. A Sequential insists on that. In a block of
# your own nothing checks it:

# %%
class Pair(keras.Layer):
    def __init__(self, name):
        super().__init__(name=name)
        self.first = layers.Dense(2, use_bias=False, name="dense")
        self.second = layers.Dense(2, use_bias=False, name="dense")

    def call(self, x):
        return self.second(self.first(x))


pair = Pair("pair")
pair(ops.ones((1, 2)))
print([w.path for w in pair.weights])
try:
    keras.Sequential([layers.Dense(2, name="dense"), layers.Dense(2, name="dense")])
except ValueError as error:
    print("Sequential:", str(error).partition(".")[0])

# %% [markdown]
# Two weights, one path, in the block of our own. And since a path says where a weight was *made*, a
# layer that was built before it came into the network lacks the front part:

# %%
early = layers.Dense(2, use_bias=False, name="early")
early(ops.ones((1, 2)))
late = layers.Dense(2, use_bias=False, name="late")
both = keras.Sequential([keras.Input((2,)), early, late], name="both")
print([w.path for w in both.weights])

# %% [markdown]
# Hence two habits: give names to blocks that you will look up (the automatic numbers depend on what
# else was made before), and make the network as a whole. From here on we do.
#
# ### In nested blocks
#
# Large networks come from factories. This one makes a small block; a second one stacks it, with
# names for the stages; and a dense layer finishes the network.

# %% listing="S0-10"
def stage(width, name):
    wide = layers.Dense(2 * width, activation="relu", name="widen")
    return keras.Sequential([wide, layers.Dense(width, name="narrow")], name=name)


def tower(width, n):
    return keras.Sequential([stage(width, f"stage{i}") for i in range(n)], name="tower")


nested = keras.Sequential(
    [keras.Input((4,)), tower(4, 3), layers.Dense(1, name="head")], name="nested"
)
print(tuple(nested(ops.ones((2, 4))).shape))

# %% [markdown]
# `summary()` shows the top level; `expand_nested=True` opens the blocks inside.

# %% listing="S0-11"
nested.summary(expand_nested=True, line_length=64, print_fn=print)

# %% [markdown]
# Every step down the tree is an index into `layers` or a call of `get_layer` with a name.
#
# **Predict** the path of the bias of the first dense layer in the middle stage.

# %% listing="S0-12"
bias = nested.layers[0].layers[1].layers[0].bias
by_name = nested.get_layer("tower").get_layer("stage1").get_layer("widen").bias
by_path = {w.path: w for w in nested.weights}
print("shape:", tuple(bias.shape), " path:", bias.path)
print("the same by name:", by_name is bias)
print("the same by path:", by_path["nested/tower/stage1/widen/bias"] is bias)

# %% [markdown]
# ```mermaid
# flowchart LR
#     nested --> tower
#     nested --> head
#     tower --> stage0
#     tower --> stage1
#     tower --> stage2
#     stage1 --> widen
#     stage1 --> narrow
#     widen --> w(["kernel (4, 8)"])
#     widen --> b(["bias (8,)"])
# ```
#
# Keras has no look-up by path, but a dictionary makes one. `layers` and `get_layer` belong to
# models; a plain `keras.Layer` of your own does not have them, while `weights` is there for every
# block.

# %% [markdown] exercise="parameter-shapes" role="task"
# ## Exercise 4.1: an inventory
#
# *2 points*
#
# Write `parameter_shapes(block)`, which lists the weights of any block.
#
# - **In**: a `keras.Layer` whose weights have been made, however deeply nested; models are layers
#   too, and not every block is a model. **Out**: a dictionary from path to shape, one entry per
#   weight; the order of the entries does not matter.
# - A path is the string in the weight's `path`. In the blocks that you are given no two weights
#   have the same. A shape is a tuple of ints; a weight with a single number and no axis has the
#   shape `()`.
# - All weights count, whether they are trained or not. The state of a random generator, such as a
#   `Dropout` holds, is no weight.
# - A layer that is used at several places has its weights once: one entry each. Two weights with
#   equal values are two.
# - A block without weights gives an empty dictionary.
#
# The first tests cell (1 point) is about nested blocks, the second (1 point) about repeated blocks,
# weights that are not trained and blocks without weights.

# %% [markdown] exercise="parameter-shapes" role="hint"
# <details><summary>Hint 1</summary>
#
# Walking over `layers` shows one level, and only models have it. Which attribute of every block
# reaches the whole tree, and which of the two lists leaves something out?
#
# </details>

# %% [markdown] exercise="parameter-shapes" role="hint"
# <details><summary>Hint 2</summary>
#
# `block.weights` is a list of all weights, each once. `tuple(w.shape)` makes a plain tuple. A
# dictionary comprehension puts path and shape together.
#
# </details>

# %% exercise="parameter-shapes" role="solution"
def parameter_shapes(block: keras.Layer) -> dict[str, tuple[int, ...]]:
    """Path and shape of every weight of a block, each weight once."""
    # BEGIN SOLUTION
    return {w.path: tuple(w.shape) for w in block.weights}
    # END SOLUTION


# %% exercise="parameter-shapes" role="tests" points=1
# Exercise 4.1, tests 1 of 2: blocks in blocks.
class Scaled(keras.Layer):
    def __init__(self, name, size, part):
        super().__init__(name=name)
        self.scale, self.part = self.add_weight(shape=size, name="scale"), part

    def call(self, x):
        return self.part(x)


def check_nested(name, block, wanted):
    called = f"parameter_shapes({name})"
    try:
        got = parameter_shapes(block)
    except AttributeError as error:
        raise AssertionError(f"{called} raised AttributeError ({error}): not every block has "
                             "layers, a kernel or a bias; every block has weights.") from None
    assert isinstance(got, dict), f"{called} gave {type(got).__name__}, wanted a dictionary."
    assert all(type(path) is str for path in got), (
        f"{called} has keys of type {sorted({type(path).__name__ for path in got})}, wanted paths: "
        "strings such as 'net/hidden/kernel'.")
    assert all(isinstance(s, tuple) and all(type(n) is int for n in s) for s in got.values()), (
        f"{called} has values of type {sorted({type(s).__name__ for s in got.values()})}, wanted "
        "tuples of ints, one number per axis: tuple(w.shape).")
    missing, extra = sorted(wanted.keys() - got.keys()), sorted(got.keys() - wanted.keys())
    cause = "the weights attribute of a block reaches the whole tree, and w.path is the key."
    if not extra:
        cause = "the blocks inside blocks are left out: go down to every level."
    elif {path.rpartition("/")[2] for path in wanted} == got.keys():
        cause = "w.name is not unique: weights of the same name overwrite each other; use w.path."
    assert not missing, f"{called} has the paths {sorted(got)}, and lacks {missing}: {cause}"
    assert not extra, f"{called} has the paths {extra}, which lead to no weight of the block."
    for path, shape in wanted.items():
        assert got[path] == shape, (
            f"{called}[{path!r}] is {got[path]}, wanted {shape}: the shape as it is stored.")


inner = keras.Sequential([layers.Dense(2, use_bias=False, name="small")], name="inner")
outer = keras.Sequential([keras.Input((4,)), layers.Dense(8, name="big"), inner], name="outer")
own = Scaled("own", (2, 5), layers.Dense(3, name="part"))
own(np.ones((1, 4), "float32"))
for case in [("outer, a Sequential with a Sequential inside", outer,
              {"outer/big/kernel": (4, 8), "outer/big/bias": (8,),
               "outer/inner/small/kernel": (8, 2)}),
             ("own, a layer that holds a weight and a layer", own,
              {"own/scale": (2, 5), "own/part/kernel": (4, 3), "own/part/bias": (3,)})]:
    check_nested(*case)
# BEGIN HIDDEN TESTS
deep = Scaled("deep", (), Scaled("mid", (1,), layers.Conv1D(3, 4, name="conv")))
deep(np.ones((1, 6, 2), "float32"))
for case in [("deep, a layer in a layer in a layer", deep,
              {"deep/scale": (), "mid/scale": (1,), "deep/mid/conv/kernel": (4, 2, 3),
               "deep/mid/conv/bias": (3,)})]:
    check_nested(*case)
# END HIDDEN TESTS

# %% exercise="parameter-shapes" role="tests" points=1
# Exercise 4.1, tests 2 of 2: repeated blocks, weights that are not trained, no weights.
def check_once(name, block, wanted):
    called = f"parameter_shapes({name})"
    try:
        got = parameter_shapes(block)
    except AttributeError as error:
        raise AssertionError(f"{called} raised AttributeError ({error}): not every block has "
                             "layers, a kernel or a bias; every block has weights.") from None
    assert isinstance(got, dict), f"{called} gave {type(got).__name__}, wanted a dictionary."
    assert all(type(path) is str and isinstance(s, tuple) for path, s in got.items()), (
        f"{called} must have strings as keys and tuples as values.")
    missing, extra = sorted(wanted.keys() - got.keys()), sorted(got.keys() - wanted.keys())
    idle = {w.path for w in block.non_trainable_weights}
    assert not (missing and idle.issuperset(missing)), (
        f"{called} lacks {missing}, which are not trained: trainable_weights leaves them out, and "
        "so do layers that are frozen; all weights count, also those with equal values.")
    assert not any("seed" in path for path in extra), (
        f"{called} has {extra}: `variables` lists the state of random generators too; `weights` "
        "does not.")
    assert not missing and not extra, (
        f"{called} has the paths {sorted(got)}, wanted {sorted(wanted)}: one entry per weight "
        "under its path, also for a layer that is used at several places, and for weights with "
        "equal values.")
    for path, shape in wanted.items():
        assert got[path] == shape, f"{called}[{path!r}] is {got[path]}, wanted {shape}."


def make_net(name, width, *blocks):
    return keras.Sequential([keras.Input((width,)), *blocks], name=name)


dense, norm = layers.Dense(2, name="dense"), layers.BatchNormalization(name="norm")
weights = ("gamma", "beta", "moving_mean", "moving_variance")
for case in [("Sequential([dense, ReLU(), dense])",
              make_net("twice", 2, dense, layers.ReLU(), dense),
              {"twice/dense/kernel": (2, 2), "twice/dense/bias": (2,)}),
             ("Sequential([BatchNormalization()])", make_net("normed", 3, norm),
              {f"normed/norm/{w}": (3,) for w in weights}),
             ("ReLU()", layers.ReLU(), {}), ("Dropout(0.5)", layers.Dropout(0.5), {})]:
    check_once(*case)
# BEGIN HIDDEN TESTS
frozen = make_net("frozen", 1, layers.Dense(2, name="dense"))
frozen.trainable = False
alike = [layers.Dense(2, use_bias=False, kernel_initializer="ones", name=name) for name in "ab"]
for case in [("a frozen Sequential([Dense(2)])", frozen,
              {"frozen/dense/kernel": (1, 2), "frozen/dense/bias": (2,)}),
             ("Sequential([a, b]) with equal kernels", make_net("alike", 2, *alike),
              {"alike/a/kernel": (2, 2), "alike/b/kernel": (2, 2)}),
             ("Sequential([ReLU()])", make_net("idle", 2, layers.ReLU()), {})]:
    check_once(*case)
# END HIDDEN TESTS

# %% [markdown]
# ## Counting and freezing
#
# The size of a network is the number of numbers in its weights. `count_params()` gives it for any
# block, once the weights are there. Where are they? A dense layer from $a$ to $b$ holds $ab + b$,
# so the widest pair of neighbours has the most.
#
# Not all of them need to be trained. `layer.trainable = False` *freezes* a layer, or a block with
# all that it holds: its weights are still among `weights`, and no longer among `trainable_weights`.
# This is how people train a new last part, a *head*, on a *body* that was trained before.
#
# **Predict**: which bar will be the longest, and which bars besides the body's will be grey?

# %%
body = keras.Sequential(
    [layers.Dense(96, activation="relu", name="one"), layers.Dense(48, name="two")], name="body"
)
norm, head = layers.BatchNormalization(name="norm"), layers.Dense(10, name="head")
classifier = keras.Sequential([keras.Input((32,)), body, norm, head], name="classifier")
body.trainable = False

trained = {w.path for w in classifier.trainable_weights}
labels = [w.path.removeprefix("classifier/") for w in classifier.weights]
sizes = [w.numpy().size for w in classifier.weights]
colours = ["tab:blue" if w.path in trained else "0.7" for w in classifier.weights]
fig, axis = plt.subplots(figsize=(8, 3.6), layout="constrained")
bars = axis.barh(labels, sizes, color=colours)
axis.bar_label(bars, [f"{size:,}" for size in sizes], padding=4)
axis.invert_yaxis()
axis.set(title="Numbers per weight (grey: not trained)", xlim=(0, 5400))
axis.spines[["top", "right"]].set_visible(False)
plt.show()
print("count_params():", classifier.count_params(), " sum of the bars:", sum(sizes))

# %% [markdown]
# The two kernels of the body outweigh all else; biases hardly count. Grey are the frozen body and
# the running statistics, which are never trained.
#
# Thawing is `trainable = True`, and a single weight has the flag as well.
#
# **Predict** the two lists of trained weights. Does thawing make the running statistics trainable?

# %%
norm.trainable = False
norm.trainable = True
print("norm:", [w.name for w in norm.trainable_weights])
head.kernel.trainable = False
print("head:", [w.name for w in head.trainable_weights])

# %% [markdown]
# ### What freezing does not do
#
# It would be natural to think that a frozen weight has no gradient. (In PyTorch it has none.)
#
# **Predict**: the tape below is asked for the gradient of a frozen kernel. `None`, or numbers?

# %%
frozen = layers.Dense(1, name="frozen")
frozen(ops.ones((1, 2)))
everything = frozen.trainable_weights
frozen.trainable = False
with tf.GradientTape() as tape:
    loss = ops.sum(frozen(ops.ones((1, 2))))
print("gradient of the kernel:  ", tape.gradient(loss, frozen.kernel).numpy().ravel())
print("trainable_weights now:   ", [w.name for w in frozen.trainable_weights])
print("the list made before it: ", [w.name for w in everything])

# %% [markdown]
# Freezing takes weights out of a *list*, and nothing else. A tape goes by the `tf.Variable` in a
# weight, which was made trainable and stays so. (The one that the tape of lesson 02 did not watch
# was *made* with `trainable=False`.) Freezing works because those who train, `fit` and your own
# loops, ask for `trainable_weights`. A loop that uses `weights`, or a list made before the
# freezing, trains the frozen layer. Ask for the list after you have set the flags.

# %% [markdown] exercise="count-parameters" role="task"
# ## Exercise 4.2: how many, and where?
#
# *2 points*
#
# Write `count_parameters(block)`, which makes a table of a block's size: for each of its members,
# how many numbers are trained and how many are not.
#
# - **In**: a `keras.Model` whose weights have been made, however deeply nested. Its direct members
#   are `block.layers`; different ones have different names. **Out**: a dictionary; the order of its
#   entries does not matter. Each value is a tuple of two ints, `(trained, frozen)`.
# - There is one entry for each direct member, under its `name`. It is about all weights of that
#   member, at any depth; a member without weights has `(0, 0)`.
# - One more entry, under the empty string `""`, is about weights that the block holds itself, in
#   none of its members. If it holds none, it is `(0, 0)`.
# - Trained are the weights in `trainable_weights`. All others are frozen, running statistics too. A
#   layer may have a frozen kernel and a trained bias. The state of a random generator, such as a
#   `Dropout` holds, is no weight.
# - Count numbers, not weights: a weight of shape `(4, 8)` counts 32, and one of shape `()` counts
#   1.
# - A weight counts **once in the whole table**, so that its numbers add up to the size of the
#   block: if several members share it, at the first of them, in the order of `block.layers`.
#
# For a Sequential of a `Dense(3, name="front")` on 4 columns and a `ReLU(name="relu")` the table is
# `{"": (0, 0), "front": (15, 0), "relu": (0, 0)}`.
#
# The first tests cell (1 point) is about members of all kinds and frozen parts, the second
# (1 point) about what is shared and what is in no member.

# %% [markdown] exercise="count-parameters" role="hint"
# <details><summary>Hint 1</summary>
#
# `member.trainable_weights` and `member.non_trainable_weights` give every weight of a member once.
# They cannot know what was counted with an earlier member, so that is for you to remember. What
# tells that two weights are one: their values, their shapes, or something else?
#
# </details>

# %% [markdown] exercise="count-parameters" role="hint"
# <details><summary>Hint 2</summary>
#
# Keep a set `seen` of `id(w)`, and go through `block.layers`. For each weight whose `id` is not in
# `seen`: add it to `seen`, and add `w.numpy().size` to one of two counts of the entry. Whatever in
# `block.weights` has not been seen after that is the block's own. (`np.prod(())` is the float 1.0,
# and wants an `int` around it.)
#
# </details>

# %% exercise="count-parameters" role="solution"
def count_parameters(block: keras.Model) -> dict[str, tuple[int, int]]:
    """(trained, frozen) numbers of each direct member, and of the block itself under ""."""
    # BEGIN SOLUTION
    table, seen = {}, set()
    # The block itself comes last: what no member has by then is its own.
    for name, part in [*((layer.name, layer) for layer in block.layers), ("", block)]:
        counts = []
        for weights in (part.trainable_weights, part.non_trainable_weights):
            new = [w for w in weights if id(w) not in seen]
            seen.update(id(w) for w in new)
            counts.append(sum(w.numpy().size for w in new))
        if name not in table:
            table[name] = tuple(counts)
    return table
    # END SOLUTION


# %% exercise="count-parameters" role="tests" points=1
# Exercise 4.2, tests 1 of 2: members of all kinds, frozen in part.
def check_members(shown, block, wanted):
    got = count_parameters(block)
    called = f"count_parameters({shown})"
    assert isinstance(got, dict), f"{called} gave {type(got).__name__}, wanted a dictionary."
    assert got.keys() == wanted.keys(), (
        f"{called} has the keys {sorted(map(str, got))}, wanted {sorted(wanted)}: one for each "
        "direct member, also for one without weights, and '' for the block itself.")
    for name, pair in got.items():
        called = f"count_parameters({shown})[{name!r}]"
        assert isinstance(pair, tuple) and len(pair) == 2 and all(
            isinstance(n, int | np.integer) and not isinstance(n, bool) for n in pair), (
            f"{called} is {pair!r}, wanted a tuple of two ints, (trained, frozen); np.prod(()) is "
            "a float.")
        pair, part = tuple(map(int, pair)), block.get_layer(name) if name else block
        trained, frozen = wanted[name]
        likely = {
            "that is (frozen, trained), the wrong way round": (frozen, trained),
            "weights were counted, and not the numbers in them": (
                len(part.trainable_weights), len(part.non_trainable_weights)),
            "frozen weights were counted as trained; a layer may be frozen in part": (
                trained + frozen, 0),
            "weights that are never trained, such as running statistics, belong to the second": (
                trained, 0),
            "the first number is the total; wanted is what is trained": (trained + frozen, frozen),
            "the state of a random generator is no weight; count `weights`, not `variables`": (
                trained, frozen + 2)}
        cause = next((text for text, counts in likely.items() if name and counts == pair),
                     "add the size of every weight of the member, at any depth, to one of two sums")
        assert pair == wanted[name], f"{called} is {pair}, wanted {wanted[name]}: {cause}."


front, norm = layers.Dense(3, name="front"), layers.BatchNormalization(name="norm")
first, last = layers.Dense(5), layers.Dense(2, use_bias=False)
inner = keras.Sequential([first, last], name="inner")
deep = keras.Sequential([keras.Input((4,)), front, inner, norm, layers.ReLU(name="relu"),
                         layers.Dropout(0.5, name="drop")])
rest = {"": (0, 0), "front": (15, 0), "norm": (4, 4), "relu": (0, 0), "drop": (0, 0)}
check_members("deep", deep, {**rest, "inner": (30, 0)})
for part, title, inside in [(first.kernel, "the kernel of first", (15, 15))]:
    part.trainable = False
    check_members(f"deep with {title} frozen", deep, {**rest, "inner": inside})
# BEGIN HIDDEN TESTS
for part, title, inside in [(last, "last, as well as that kernel,", (5, 25)),
                            (inner, "inner", (0, 30))]:
    part.trainable = False
    check_members(f"deep with {title} frozen", deep, {**rest, "inner": inside})
deep.trainable = False
for shown, block in {"deep, frozen as a whole": deep}.items():
    rest = {"": (0, 0), "front": (0, 15), "norm": (0, 8), "relu": (0, 0), "drop": (0, 0)}
    check_members(shown, block, {**rest, "inner": (0, 30)})
# END HIDDEN TESTS

# %% exercise="count-parameters" role="tests" points=1
# Exercise 4.2, tests 2 of 2: weights that are shared, or in no member.
class Scaled(keras.Model):
    def __init__(self, shape, *parts):
        super().__init__()
        self.scale, self.parts = self.add_weight(shape=shape, name="scale"), list(parts)
        for part in parts:
            part.build((None, 3))


def check_once(shown, block, wanted):
    got = count_parameters(block)
    called = f"count_parameters({shown})"
    assert isinstance(got, dict) and got.keys() == wanted.keys(), (
        f"{called} gave {got!r:.99}, wanted a dictionary with the keys {sorted(wanted)}: one for "
        "each different member, and '' for the block itself.")
    assert all(isinstance(pair, tuple) and len(pair) == 2 for pair in got.values()), (
        f"{called} is {got}, wanted pairs of ints; get the first tests cell to pass first.")
    more, cause = {n: sum(got[n]) - sum(wanted[n]) for n in wanted}, "begin with the first cell"
    if more[""] < 0:
        cause = "weights that the block holds itself are missing under ''"
    elif more[""] > 0:
        cause = "'' is for what is in no member"
    elif min(more.values()) < 0:
        cause = ("a weight was taken for another one with the same values or the same shape, or a "
                 "layer that stands at two places lost its count; one and the same means the same "
                 "object, v is w")
    elif max(more.values()) > 0:
        cause = "what an earlier member has is counted again"
    assert got == wanted, f"{called} is {got}, wanted {wanted}: {cause}."


def make_tower(name, *parts):
    return keras.Sequential([keras.Input((3,)), *parts], name=name)


a, b = layers.Dense(3, name="a"), layers.Dense(3, name="b")
for case in [("Sequential([one, two]), both with the layer a inside",
              make_tower("net", make_tower("one", a), make_tower("two", a, b)),
              {"": (0, 0), "one": (12, 0), "two": (12, 0)}),
             ("a model with a weight of shape () and a Dense(3)",
              Scaled((), layers.Dense(3, name="own")), {"": (1, 0), "own": (12, 0)}),
             ("Sequential([b, ReLU(), b])", make_tower("twice", b, layers.ReLU(name="r"), b),
              {"": (0, 0), "b": (12, 0), "r": (0, 0)})]:
    check_once(*case)
# BEGIN HIDDEN TESTS
c, d, e = (layers.Dense(3, name=name, kernel_initializer="ones") for name in "cde")
c.trainable = False
for case in [("a model with a weight of shape (2, 3, 4) and two Dense(3) of equal values",
              Scaled((2, 3, 4), d, e), {"": (24, 0), "d": (12, 0), "e": (12, 0)}),
             ("Sequential([frozen c, two]) with c inside two as well",
              make_tower("no", c, make_tower("two", c, d)),
              {"": (0, 0), "c": (0, 12), "two": (12, 0)}),
             ("a model with a weight of shape (0, 3)", Scaled((0, 3)), {"": (0, 0)})]:
    check_once(*case)
# END HIDDEN TESTS

# %% [markdown]
# ## One weight, several places
#
# ### A shared layer
#
# A layer may stand at several places of a network, which then share its weights (lesson 03). The
# network has fewer weights than places for them: the places are *tied*.
#
# **Predict** for the network below: how many places, how many different layers, how many weights?

# %% listing="S0-18 S3-13"
shared = layers.Dense(5, activation="tanh", name="shared")
first, last = layers.Dense(5, activation="tanh", name="first"), layers.Dense(1, name="last")
tied = keras.Sequential([keras.Input((3,)), first, shared, shared, last], name="tied")
print("places: ", [layer.name for layer in tied.layers])
print("layers: ", len({id(layer) for layer in tied.layers}))
print("weights:", [w.path for w in tied.weights])

# %% [markdown]
# **Then and now.** One text says of such a network that Keras removes the second use of the layer
# as a duplicate. Nothing is removed: there are four places, and the input passes all four. What
# counts once is the *weights*. (PyTorch counts its parameters once as well, and lists the shared
# ones under both names in its state dict.)
#
# The proof: run the chain by hand, with the shared layer once and twice.

# %%
x = ops.ones((1, 3))
once = last(shared(first(x)))
twice = last(shared(shared(first(x))))
print("used once: ", np.allclose(tied(x), once))
print("used twice:", np.allclose(tied(x), twice))

# %% [markdown]
# ### Then and now: a tie that is lost on its way to a file
#
# There is one thing that does remove duplicates.
#
# **Predict**: this network uses `shared` twice and is saved whole. What comes back?

# %%
def save_and_load(model):
    """Save a model to a .keras file and load it again."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        model.save(path)
        return keras.saving.load_model(path)


shorter = keras.Sequential([keras.Input((3,)), first, shared, shared])
loaded = save_and_load(shorter)
print("saved: ", [layer.name for layer in shorter.layers])
print("loaded:", [layer.name for layer in loaded.layers])
print("same outputs:", np.allclose(loaded(x), shorter(x)))

# %% [markdown]
# Another network, and not a word about it: the configuration of a Sequential names each layer once.
# If a layer with weights follows the repeated one, as in `tied`, the weights in the file do not fit
# the shorter network, and an error says so, if not why:

# %% tags=["raises-exception"]
save_and_load(tied)

# %% [markdown]
# Today's form is the *functional API*: start with a `keras.Input`, call layers on it one after the
# other, and make a model from the first and the last value. Its configuration records every *call*,
# so that a layer which is called twice comes back as one layer with two uses.

# %%
def functional(first, shared, last):
    start = keras.Input((3,))
    return keras.Model(start, last(shared(shared(first(start)))), name="functional")


model = functional(first, shared, last)
loaded = save_and_load(model)
print("layers:", [layer.name for layer in model.layers[1:]], " weights:", len(model.weights))
print("loaded: same outputs:", np.allclose(loaded(x), model(x)), " weights:", len(loaded.weights))

# %% [markdown]
# `model.layers` of such a network is a list of layers, no list of places, and begins with the
# input: do not index it by place.
#
# ### The gradient is the sum
#
# A tied weight is used at two places, and gets the sum of what both contribute, as the bias got a
# sum over all rows. We can watch the two parts: take the same network apart, with two layers that
# have equal values and are not tied. (`build((None, 2))` makes the weights of a layer for inputs of
# width 2, as a first call would.)
#
# **Predict** how the three numbers are related.

# %%
def plain(width=2):
    return layers.Dense(width, use_bias=False)


one_layer, front, back = plain(), plain(), plain()
x = np.array([[1.0, 2.0]], "float32")
for layer in (one_layer, front, back):
    layer.build((None, 2))
    layer.kernel.assign([[1.0, 0.25], [-0.5, 0.5]])
with tf.GradientTape(persistent=True) as tape:
    loss_tied = ops.sum(one_layer(ops.tanh(one_layer(x))))
    loss_untied = ops.sum(back(ops.tanh(front(x))))
gradients = {
    "front": tape.gradient(loss_untied, front.kernel),
    "back": tape.gradient(loss_untied, back.kernel),
    "tied": tape.gradient(loss_tied, one_layer.kernel),
}
for name, gradient in gradients.items():
    print(f"{name:6} {gradient[1, 0]:.4f}")

# %% [markdown]
# No extra code is needed: the tape adds because the same variable took part twice. The weight still
# moves once per step, as `trainable_weights` has it once.
#
# ### What looks like a tie
#
# Two layers can also be given the same numbers without becoming one. Both networks below are two
# dense layers without bias, start with equal weights and are trained for 40 steps. In the first,
# the *values* of one layer were copied into the other with `set_weights`; in the second, the same
# *layer* stands at both places.
#
# The steps are taken by an *optimizer*, which makes the step of gradient descent in lesson 02 for
# many variables at once: `SGD(0.3).apply(gradients, variables)` subtracts the learning rate, 0.3,
# times its gradient from each variable, in place.

# %%
variable = keras.Variable([1.0, 2.0])
keras.optimizers.SGD(0.3).apply([ops.array([10.0, -10.0])], [variable])
print(variable.numpy().round(4))

# %% [markdown]
# **Predict**: are the two weights of the first network equal at the end, trained on the same data
# from the same start?

# %%
rng = np.random.default_rng(3)
x = rng.normal(size=(16, 2)).astype("float32")
target = np.stack([np.sin(2 * x[:, 0]), x[:, 0] * x[:, 1]], axis=1).astype("float32")
courses, counts = {}, {}
for how in ("values", "layer"):
    front = plain()
    back = plain() if how == "values" else front
    network = keras.Sequential([keras.Input((2,)), front, layers.Activation("tanh"), back])
    front.kernel.assign([[0.8, 0.3], [-0.5, 0.9]])
    back.set_weights(front.get_weights())
    optimizer = keras.optimizers.SGD(0.3)
    course = []
    for step in range(41):
        course.append((front.kernel.numpy()[0, 0], back.kernel.numpy()[0, 0]))
        with tf.GradientTape() as tape:
            loss = ops.mean(ops.square(network(x) - target))
        variables = network.trainable_weights
        optimizer.apply(tape.gradient(loss, variables), variables)
    courses[how], counts[how] = np.array(course), len(network.weights)

fig, axes = plt.subplots(1, 2, figsize=(8, 3), sharey=True, layout="constrained")
for axis, (how, course) in zip(axes, courses.items()):
    axis.plot(courses["layer"][:, 0], color="0.8", linewidth=6, label="a real tie")
    axis.plot(course[:, 0], label="front")
    axis.plot(course[:, 1], "--", label="back")
    axis.set(title=f"{how}: {counts[how]} weight{'s'[: counts[how] > 1]}", xlabel="step")
axes[0].set_ylabel("entry [0, 0] of the kernel")
axes[0].legend(frameon=False)
plt.show()

# %% [markdown]
# Copied values go their own ways from the first step on, since the two places get different
# gradients. The test of a tie is not equality of values but identity: one weight, not two.
#
# What about copies of a whole network? `keras.models.clone_model` makes a new network of the same
# kind, with weights of its own.
#
# **Predict** the three answers.

# %%
clone = keras.models.clone_model(model)
print("weights of the clone:", len(clone.weights))
kernels = {id(w): w for w in clone.weights + model.weights}
print("different weights in both together:", len(kernels))
print("same values:", np.allclose(clone.get_layer("shared").kernel, shared.kernel))

# %% [markdown]
# The clone is tied within itself, nothing ties it to its original, and it starts with new random
# values.

# %% [markdown] exercise="tie-layers" role="task"
# ## Exercise 4.3: tie two layers
#
# *3 points*
#
# Write `tie_layers(net, i, j)`, which returns a network like `net` whose dense layers at the places
# `i` and `j` are tied.
#
# - **In**: `net`, a `keras.Sequential` that begins with a `keras.Input`; `i` and `j`, two different
#   places in `net.layers`, in any order, with `layers.Dense` of the same sizes there, both with a
#   bias or both without. All layers of `net` are different.
# - **Out**: a `keras.Layer` (a model is one) that runs the same chain of blocks. The kernel, and
#   the bias if there is one, of the layer at place `i` do the work at *both* places: those very
#   weights, as they were, not copies. The weights that stood at place `j` are no weights of the
#   result.
# - All other blocks are those of `net`, and stay as they are.
# - Training the result keeps the tie: one gradient, which is the sum of both uses, and one update
#   per step.
# - What becomes of `net` is up to you. The result need not be a Sequential.
#
# The three tests cells (1 point each) look at the weights, at what is computed, and at two
# training steps.

# %% [markdown] exercise="tie-layers" role="hint"
# <details><summary>Hint 1</summary>
#
# Keras does not let you exchange the weights of a layer that is built. But a layer is free to stand
# at two places of a *new* network. No numbers need to be copied, neither by `set_weights` nor by
# cloning.
#
# </details>

# %% [markdown] exercise="tie-layers" role="hint"
# <details><summary>Hint 2</summary>
#
# `blocks = list(net.layers)`, then `blocks[j] = blocks[i]`. Call the blocks one after the other on
# `x = start = keras.Input(net.input_shape[1:])`, and return `keras.Model(start, x)`. (A
# `keras.Sequential` of the `keras.Input` and the blocks does it too, as long as it is not saved
# whole.)
#
# </details>

# %% exercise="tie-layers" role="solution"
def tie_layers(net: keras.Sequential, i: int, j: int) -> keras.Layer:
    """The chain net with the dense layer of place i at the places i and j."""
    # BEGIN SOLUTION
    blocks = list(net.layers)
    blocks[j] = blocks[i]
    x = start = keras.Input(net.input_shape[1:])
    for block in blocks:
        x = block(x)
    return keras.Model(start, x)
    # END SOLUTION


# %% exercise="tie-layers" role="tests" points=1
# Exercise 4.3, tests 1 of 3: one kernel and one bias at two places.
def check_tie(sizes, i, j, bias):
    """Tie places of a chain of dense layers with a tanh after each."""
    dense = [layers.Dense(width, use_bias=bias) for width in sizes[1:]]
    chain = [block for d in dense for block in (d, layers.Activation("tanh"))]
    net = keras.Sequential([keras.Input((sizes[0],)), *chain])
    kept, gone = dense[i // 2].weights, dense[j // 2].weights
    others = [w for k, d in enumerate(dense) if 2 * k not in (i, j) for w in d.weights]
    before = [w.numpy() for w in kept + others]
    result = tie_layers(net, i, j)
    called = f"tie_layers(net, {i}, {j})"
    assert isinstance(result, keras.Layer), (
        f"{called} gave {type(result).__name__}, wanted a keras.Layer, such as a model.")
    held = {id(w): w for w in result.weights}
    strangers = [w for w in held.values() if all(w is not v for v in kept + others)]
    cause = f"put the layer of place {i} at both places."
    if all(id(w) not in held for w in kept) and all(id(w) in held for w in gone):
        cause = f"it is tied the wrong way round: the weights of place {i} stay."
    elif any(w.shape == v.shape and np.array_equal(w.numpy(), v.numpy())
             for w in strangers for v in kept if len(v.shape) > 1):
        cause = "values were copied (set_weights, assign, a clone); a tie needs no copies."
    elif any(v is w for v in gone for w in strangers):
        cause = f"the layer that stood at place {j} is still there."
    assert not strangers and all(id(w) in held for w in kept), (
        f"{called} gave a network with {len(held)} weights, {len(strangers)} of which are neither "
        f"those of place {i} nor of other places: {cause}")
    assert all(id(w) in held for w in others), (
        f"{called} gave a network that lacks weights of other places; keep all other blocks.")
    assert all(np.array_equal(w.numpy(), old) for w, old in zip(kept + others, before)), (
        f"{called} changed values of weights that should stay as they are.")


for case in [((3, 4, 4, 4, 2), 2, 4, True)]:
    check_tie(*case)
# BEGIN HIDDEN TESTS
for case in [((4, 4, 3, 4, 4, 2), 6, 0, True), ((2, 5, 5, 5, 5), 2, 6, False)]:
    check_tie(*case)
# END HIDDEN TESTS

# %% exercise="tie-layers" role="tests" points=1
# Exercise 4.3, tests 2 of 3: what is computed.
def check_output(sizes, i, j, bias):
    """Tie places of a chain of dense layers with a tanh after each, and call the result."""
    rng = np.random.default_rng(len(sizes))
    dense = [layers.Dense(width, use_bias=bias) for width in sizes[1:]]
    chain = [block for d in dense for block in (d, layers.Activation("tanh"))]
    net = keras.Sequential([keras.Input((sizes[0],)), *chain])
    for w in net.weights:
        w.assign(rng.normal(size=w.shape) / 2)
    values = [d.get_weights() for d in dense]
    result, called = tie_layers(net, i, j), f"tie_layers(net, {i}, {j})"
    assert isinstance(result, keras.Layer), (
        f"{called} gave {type(result).__name__}, wanted a keras.Layer, such as a model.")
    x = rng.normal(size=(3, sizes[0]))
    try:
        y = result(x.astype("float32"))
    except (ValueError, TypeError, tf.errors.InvalidArgumentError) as error:
        what = str(error).split("[1m")[-1].split("[0m")[0].split("}}")[-1].strip(" .\x1b")[:120]
        raise AssertionError(f"the result of {called} raised {type(error).__name__} for a batch of "
                             f"3 ({what}): run all blocks, in order.") from None
    values[j // 2] = values[i // 2]
    for kernel, *rest in values:
        x = np.tanh(x @ kernel + (rest[0] if bias else 0))
    assert isinstance(y, tf.Tensor) and tuple(y.shape) == x.shape, (
        f"the result of {called} gave {type(y).__name__} of shape {np.shape(y)} for a batch of 3, "
        f"wanted a tensor of shape {x.shape}: run all blocks in order.")
    assert np.allclose(y, x, rtol=1e-3, atol=1e-4), (
        f"the result of {called} gave {np.round(y[0], 3)} in row 0, wanted {x[0].round(3)}: the "
        f"values of place {i} at both places, and all blocks in order.")


for case in [((3, 4, 4, 4, 2), 2, 4, True)]:
    check_output(*case)
# BEGIN HIDDEN TESTS
for case in [((4, 4, 3, 4, 4, 2), 6, 0, True), ((2, 5, 5, 5, 5), 2, 6, False)]:
    check_output(*case)
# END HIDDEN TESTS

# %% exercise="tie-layers" role="tests" points=1
# Exercise 4.3, tests 3 of 3: two training steps keep the tie.
def check_steps(width, i, j):
    """Train a chain of dense layers with a tanh after each."""
    rng = np.random.default_rng(width)
    dense = [layers.Dense(width) for _ in range(3)]
    chain = [block for d in dense for block in (d, layers.Activation("tanh"))]
    net = keras.Sequential([keras.Input((width,)), *chain])
    for w in net.weights:
        w.assign(rng.normal(size=w.shape) / 2)
    kernel = dense[i // 2].kernel
    result, called = tie_layers(net, i, j), f"tie_layers(net, {i}, {j})"
    assert isinstance(result, keras.Layer), (
        f"{called} gave {type(result).__name__}, wanted a keras.Layer, such as a model.")
    x, factor = (rng.normal(size=(4, width)).astype("float32") for _ in range(2))
    dense[j // 2] = dense[i // 2]

    def untied():
        """The gradients of the same chain made of plain tensors, one for each place."""
        kernels, h = [tf.constant(layer.kernel.numpy()) for layer in dense], x
        with tf.GradientTape() as tape:
            tape.watch(kernels)
            for layer, k in zip(dense, kernels):
                h = tf.tanh(h @ k + layer.bias.numpy())
        return [g.numpy() for g in tape.gradient(h, kernels, factor)]

    for step in (1, 2):
        with tf.GradientTape() as tape:
            y = result(x)
        assert isinstance(y, tf.Tensor), (
            f"the result of {called} gave {type(y).__name__}, wanted a tensor.")
        variables = result.trainable_weights
        gradients = tape.gradient(y, variables, factor)
        got = next((g for v, g in zip(variables, gradients) if v is kernel), None)
        parts = untied()
        wanted = parts[i // 2] + parts[j // 2]
        advice = f"is the very layer of place {i} used at both places?"
        if got is not None and np.allclose(got, parts[i // 2], rtol=1e-3, atol=1e-4):
            advice = f"that is the part of place {i} alone; place {j} uses another weight."
        assert got is not None and np.allclose(got, wanted, rtol=1e-3, atol=1e-4), (
            f"step {step}: the gradient of the kernel of place {i} after {called} begins "
            f"{'None' if got is None else np.round(got[0], 3)}, wanted the sum of both uses, "
            f"{wanted[0].round(3)}: {advice}")
        moved = kernel.numpy() - 0.1 * wanted
        keras.optimizers.SGD(0.1).apply(gradients, variables)
        assert np.allclose(kernel.numpy(), moved, rtol=1e-3, atol=1e-4), (
            f"step {step}: an SGD step moved the kernel of place {i} otherwise than once.")


for width, i, j in [(3, 2, 4)]:
    check_steps(width, i, j)
# BEGIN HIDDEN TESTS
for width, i, j in [(2, 4, 0), (5, 0, 2)]:
    check_steps(width, i, j)
# END HIDDEN TESTS

# %% [markdown]
# ## A weight and its transpose
#
# ### There and back
#
# The two uses of a tied weight need not be the same. A network that squeezes its input into few
# numbers and then restores it, an *autoencoder*, can use one weight for both directions: $W$ on the
# way in, $W^\top$ on the way back. That halves the weights, and it is one weight with two uses
# again, whose gradients add up.
#
# In Keras's convention `W` has shape `(inputs, hidden)`, and a batch of rows `x` is multiplied by
# `W` on the way in: `x @ W` is `(batch, hidden)`, and the product with the transpose leads back.
#
# **Predict**: how many weights does this block have, and which shape comes out?

# %% listing="S3-15"
class ThereAndBack(keras.Layer):
    """A linear map and its transpose on one weight: (batch, inputs) to the same."""

    def __init__(self, hidden):
        super().__init__()
        self.there = layers.Dense(hidden, use_bias=False, name="there")

    def call(self, x):
        h = self.there(x)
        return h @ ops.transpose(self.there.kernel)


squeeze = ThereAndBack(2)
print("output: ", tuple(squeeze(ops.ones((3, 4))).shape))
print("weights:", [(w.name, tuple(w.shape)) for w in squeeze.weights])

# %% [markdown]
# The kernel is there once the layer has been called, which it is in the line before. Take the
# transpose where you use it, in `call`: a transposed array that is kept from an earlier time does
# not follow when the weight is trained, and a second `Dense` is a second weight.
#
# **Predict**: both transposes below were taken before the weight changed. Which of them is still
# right?

# %%
kept_transpose = ops.transpose(squeeze.there.kernel)
squeeze.there.kernel.assign(ops.ones((4, 2)))
print("kept: ", bool(ops.all(kept_transpose == 1.0)))
print("fresh:", bool(ops.all(ops.transpose(squeeze.there.kernel) == 1.0)))

# %% [markdown]
# Which way round? If `inputs` and `hidden` differ, a wrong turn raises an error. If they are equal
# it gives wrong numbers, and if `W` happens to be symmetric not even that.
#
# **Predict** the two lines.

# %%
x = np.array([[1.0, 2.0]], "float32")
symmetric = np.array([[2.0, 1.0], [1.0, 3.0]], "float32")
lopsided = np.array([[2.0, 0.0], [1.0, 3.0]], "float32")
for name, W in {"symmetric": symmetric, "lopsided": lopsided}.items():
    print(f"{name:10} there and back {(x @ W @ W.T).tolist()}, wrong way {(x @ W.T @ W).tolist()}")

# %% [markdown]
# **Test such code with a weight that is square and not symmetric.** The identity, all ones, or a
# weight of zeros prove nothing.
#
# The same pair can be used several times, say to let the restored input settle. One weight then
# takes part in four products.
#
# **Predict** how the gradient compares with the sum over four separate weights of the same value.
# And what comes of a product whose left side is still a NumPy array?

# %% listing="S3-16"
def round_trips(x, weights):
    """Go there with one weight and back with the next, for each pair of weights."""
    for there, back in zip(weights[::2], weights[1::2]):
        x = ops.tanh(x @ there) @ ops.transpose(back)
    return x


W = keras.Variable(lopsided / 4)
separate = [keras.Variable(lopsided / 4) for _ in range(4)]
with tf.GradientTape(persistent=True) as tape:
    tied_output = ops.sum(round_trips(tf.constant(x), [W] * 4))
    separate_output = ops.sum(round_trips(tf.constant(x), separate))
    left_is_numpy = ops.sum(x @ W)
parts = [g.numpy()[1, 0] for g in tape.gradient(separate_output, separate)]
print("four parts:", [f"{part:.4f}" for part in parts], "sum:", f"{sum(parts):.4f}")
print("one weight:", f"{tape.gradient(tied_output, W).numpy()[1, 0]:.4f}")
print("NumPy @ W: ", tape.gradient(left_is_numpy, W))

# %% [markdown]
# With an array on its left, `@` is NumPy's, and no tape sees what NumPy does. Inside `call` this
# cannot happen, as a call turns arrays into tensors (lesson 03); outside, start from a tensor.
#
# ### What a convolution does
#
# A *convolution* moves a small weight, its *kernel*, along its input. At each place it multiplies
# what lies under the kernel by it, number by number, and adds up: one output per place. The
# *stride* is how far the kernel moves from place to place, and *padding* is zeros that are put on
# at the ends first, so that the kernel can stand there too. The *transposed convolution* goes the
# other way: each number of *its* input lays down a copy of the kernel, multiplied by that number,
# and where copies overlap they are added.
#
# **Predict**: the kernel is `[1, 2, 3]`. On paper, what is the first output of a convolution of
# `[1, 0, 2, 1, 3, 0]`? How many outputs are there with stride 1, and how many with stride 2 and one
# zero at each end?

# %%
def boxes(axis, numbers, row, start, colour):
    """Draw numbers in boxes, from place `start` on."""
    for place, number in enumerate(numbers, start):
        box = plt.Rectangle((place, -row), 1, 0.9, facecolor=colour, edgecolor="0.5")
        axis.add_patch(box)
        axis.text(place + 0.5, 0.45 - row, f"{number:g}", ha="center", va="center")


def column(numbers):
    """(places,) to (1, places, 1): one example, one channel."""
    return np.array(numbers, "float32")[None, :, None]


def convolve(x, kernel, stride, padding):
    padded = ops.pad(column(x), [[0, 0], [padding, padding], [0, 0]])
    return ops.conv(padded, column(kernel)[0, :, :, None], strides=stride).numpy().ravel().tolist()


def convolve_back(h, kernel):
    return ops.conv_transpose(column(h), column(kernel)[0, :, :, None]).numpy().ravel().tolist()


x, kernel = [1.0, 0.0, 2.0, 1.0, 3.0, 0.0], [1.0, 2.0, 3.0]
fig, axes = plt.subplots(1, 3, figsize=(11, 2.7), layout="constrained")
for axis, stride, padding in ((axes[0], 1, 0), (axes[1], 2, 1)):
    boxes(axis, x, 0, 0, "white")
    for end in (-padding, len(x)):
        boxes(axis, [0] * padding, 0, end, "0.9")
    for i, y in enumerate(convolve(x, kernel, stride, padding)):
        boxes(axis, kernel, i + 1, i * stride - padding, "lightblue")
        boxes(axis, [y], i + 1, 8, "moccasin")
    axis.set(title=f"convolution, stride {stride}, padding {padding}", ylim=(-4.2, 1.2))
h = [1.0, 0.0, 2.0, 1.0]
for i, number in enumerate(h):
    boxes(axes[2], [number], i, -2, "white")
    boxes(axes[2], [number * k for k in kernel], i, i, "lightblue")
boxes(axes[2], convolve_back(h, kernel), 4, 0, "moccasin")
axes[2].set(title="transposed convolution, stride 1", ylim=(-4.2, 1.2))
for axis in axes:
    axis.set(xlim=(-3, 10), aspect="equal")
    axis.axis("off")
plt.show()

# %% [markdown]
# Left and in the middle, the input lies on top, the kernel below it at each of its places, and the
# yellow numbers are the outputs: 1·1 + 2·0 + 3·2 = 7. On the right, the white numbers are the
# input; the yellow row adds up each column of copies.
#
# Padding makes up for what the kernel takes off, a stride of 2 halves the number of places.
#
# (`padding="same"` puts on as many zeros as keep one output per place at stride 1; the default,
# `"valid"`, puts on none.)
#
# There may be several numbers at each place: the *channels*, such as the three colours of an image.
# A kernel then has a row for each channel, and all products are added into one output. For several
# output channels there are several kernels, called *filters*. Keras keeps the input as `(batch,
# places, channels)` and the weight as `(size, channels, filters)`.
#
# **Predict** the two rows that come out: the first filter looks at channel 0 only, the second adds
# what lies under it in both channels.

# %%
channels = np.array([[1, 0, 2, 1, 3, 0], [5, 5, 5, 0, 0, 0]], "float32")
filters = np.array([[[1, 2, 3], [0, 0, 0]], [[1, 1, 1], [1, 1, 1]]], "float32")
two_channels, weight = channels.T[None], filters.T  # in the order that Keras wants
y = ops.conv(two_channels, weight)
print(f"{two_channels.shape} with {weight.shape} gives {tuple(y.shape)}")
print(y[0].numpy().T.tolist())

# %% [markdown]
# ### The transpose of a convolution
#
# A convolution is a linear map too, if one with many zeros and repeated entries. So it has a
# matrix, and the matrix has a transpose. To see the matrix, send unit vectors through the
# convolution: each gives one column.
#
# **Predict**: the kernel is `[1, 2, 3]`, the input has six numbers, there is no padding. What shape
# has the matrix, and where are its zeros?

# %%
kernel = np.array([1.0, 2.0, 3.0], "float32").reshape(3, 1, 1)  # (size, channels, filters)
units = {n: np.eye(n, dtype="float32")[:, :, None] for n in (4, 6)}  # (batch, places, channels)
matrix = ops.conv(units[6], kernel).numpy()[:, :, 0].T
transposed = ops.conv_transpose(units[4], kernel).numpy()[:, :, 0].T
fig, axes = plt.subplots(1, 2, figsize=(8, 4), layout="constrained")
for axis, title, m in zip(axes, ("conv", "conv_transpose"), (matrix, transposed)):
    axis.imshow(m, cmap="Blues", vmin=0, vmax=6)
    axis.set(xlim=(-0.5, 5.5), ylim=(5.5, -0.5), frame_on=False)
    axis.set(title=f"{title} as a matrix, {m.shape}", xticks=[], yticks=[])
    for (row, column), value in np.ndenumerate(m):
        axis.text(column, row, f"{value:.0f}", ha="center", va="center", color="0.2")
plt.show()
print("one is the transpose of the other:", np.array_equal(transposed, matrix.T))

# %% [markdown]
# Each row of the left matrix is one position of the kernel. `ops.conv_transpose` *with the same
# kernel* is the matrix on the right, its transpose: it maps the four outputs back to six places,
# laying a copy of the kernel, scaled by the output, where the kernel had been. It is no inverse,
# just as $W^\top$ is no inverse of $W$.
#
# So the convolutional pair needs one weight as well. A convolution stores it as `(height, width,
# channels, filters)`, a transposed convolution as `(height, width, its outputs, its inputs)`, which
# is the same: nothing has to be turned round by hand.

# %% listing="S3-14"
conv = layers.Conv2D(filters=8, kernel_size=3, use_bias=False)
image = keras.random.uniform((2, 10, 7, 3))
with tf.GradientTape() as tape:
    hidden = conv(image)
    restored = ops.conv_transpose(hidden, conv.kernel)
    loss = ops.sum(restored)
for name, tensor in {"image": image, "hidden": hidden, "restored": restored}.items():
    print(f"{name:9} {tuple(tensor.shape)}")
gradient = tape.gradient(loss, conv.kernel)
print("weights:", len(conv.weights), " its gradient:", tuple(gradient.shape))

# %% [markdown]
# A transpose has a property that can be tested without writing down the matrix: for all $x$ and
# $z$, the inner product of $Ax$ with $z$ is that of $x$ with $A^\top z$. With a stride above 1 the
# size is no longer restored by itself: several input sizes lead to one output size, and
# `output_padding` has to say which is meant.

# %%
z = keras.random.uniform(hidden.shape)
left = float(ops.sum(conv(image) * z))
right = float(ops.sum(image * ops.conv_transpose(z, conv.kernel)))
print("the inner products agree:", np.isclose(left, right, rtol=1e-3, atol=1e-2))
for size in (5, 6):
    out = ops.conv(ops.ones((1, size, 1)), kernel, strides=2)
    back = ops.conv_transpose(out, kernel, strides=2)
    print(f"stride 2: from {size} to {out.shape[1]}, and back to {back.shape[1]}")

# %% [markdown] exercise="transposed-twin" role="task"
# ## Exercise 4.4: one weight, both directions
#
# *4 points*
#
# Write two blocks, each with a single weight.
#
# **`DenseTwin(hidden)`** has a weight `W` of shape `(inputs, hidden)`, as `layers.Dense` stores it,
# where `inputs` is the width that the first call brings, and for a batch of rows $x$ computes
#
# $$h = \tanh(x\,W), \qquad y = h\,W^\top$$
#
# - **In** and **out**: float32, shape `(batch, inputs)`.
#
# **`ConvTwin(filters, size)`** has a kernel `K` of shape `(size, size, channels, filters)`, as
# `layers.Conv2D` stores it, where `channels` is what the first call brings, and computes
#
# $$h = \tanh(\mathrm{conv}(x)), \qquad y = \mathrm{conv}^\top(h)$$
#
# where conv is the convolution with `K`, stride 1 and no padding (`"valid"`), and
# $\mathrm{conv}^\top$ is its transpose, with the same `K`.
#
# - **In** and **out**: float32, shape `(batch, height, width, channels)`, height and width at least
#   `size`.
#
# For both:
#
# - The weight is the block's only weight, there as soon as the first call is done, and there is no
#   bias. Its initial values and the names of attributes are up to you.
# - The tanh acts on $h$ and nowhere else.
# - Both uses see the weight as it is at the time of the call, and the gradient of the weight is the
#   sum of both.
#
# The four tests cells (1 point each) look at what a `DenseTwin` computes, at what a `ConvTwin`
# computes, at the gradients of both, and at what both compute after a training step.

# %% [markdown] exercise="transposed-twin" role="hint"
# <details><summary>Hint 1</summary>
#
# A layer made in the constructor, `layers.Dense` or `layers.Conv2D` without bias, makes the weight
# in the right shape when it is called. Call the layer on the way there; on the way back use its
# `kernel` in an operation.
#
# </details>

# %% [markdown] exercise="transposed-twin" role="hint"
# <details><summary>Hint 2</summary>
#
# `ops.matmul(h, ops.transpose(self.there.kernel))` leads back from the dense layer,
# `ops.conv_transpose(h, self.there.kernel)` from the convolution. No NumPy, no `stop_gradient`, no
# second layer.
#
# </details>

# %% exercise="transposed-twin" role="solution"
class DenseTwin(keras.Layer):
    """W, tanh, W transposed, on one weight: (batch, inputs) float32 to the same."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        # BEGIN SOLUTION
        self.there = layers.Dense(hidden, use_bias=False)
        # END SOLUTION

    def call(self, x: tf.Tensor) -> tf.Tensor:
        # BEGIN SOLUTION
        h = ops.tanh(self.there(x))
        return ops.matmul(h, ops.transpose(self.there.kernel))
        # END SOLUTION


class ConvTwin(keras.Layer):
    """Convolution, tanh, its transpose, on one kernel: (batch, height, width, channels) kept."""

    def __init__(self, filters: int, size: int) -> None:
        super().__init__()
        # BEGIN SOLUTION
        self.there = layers.Conv2D(filters, size, use_bias=False)
        # END SOLUTION

    def call(self, x: tf.Tensor) -> tf.Tensor:
        # BEGIN SOLUTION
        h = ops.tanh(self.there(x))
        return ops.conv_transpose(h, self.there.kernel)
        # END SOLUTION


# %% exercise="transposed-twin" role="tests" points=1
# Exercise 4.4, tests 1 of 4: what a DenseTwin holds and computes.
def check_dense(inputs, hidden, batch):
    name, rng = f"DenseTwin({hidden})", np.random.default_rng(inputs + hidden)
    rows = rng.normal(size=(batch, inputs))
    called = f"{name}(x) for x of shape ({batch}, {inputs})"
    twin = DenseTwin(hidden)
    assert isinstance(twin, keras.Layer), f"{name} gave {type(twin).__name__}, not a keras.Layer."
    try:
        twin(rows.astype("float32"))
    except (ValueError, tf.errors.InvalidArgumentError) as error:
        what = str(error).split("[1m")[-1].split("[0m")[0].split("}}")[-1].strip(" .\x1b")[:120]
        raise AssertionError(
            f"{called} raised {type(error).__name__} ({what}): with W of shape ({inputs}, "
            f"{hidden}), x @ W is ({batch}, {hidden}), and the transpose leads back.") from None
    shapes = sorted(tuple(w.shape) for w in twin.weights)
    assert len(shapes) > 0, (
        f"{name} has no weights after a call, wanted one of shape ({inputs}, {hidden}): make the "
        "layer in __init__ and assign it to self.")
    cause = ("it is stored the other way round." if shapes == [(hidden, inputs)] else
             "a second layer is a second weight, and there is no bias.")
    assert shapes == [(inputs, hidden)] and len(twin.trainable_weights) == 1, (
        f"{name} has weights of shapes {shapes} after a call, {len(twin.trainable_weights)} of "
        f"them trained, wanted one of shape ({inputs}, {hidden}): {cause}")
    w = rng.normal(size=(inputs, hidden))
    twin.weights[0].assign(w)
    y = twin(rows.astype("float32"))
    assert isinstance(y, tf.Tensor), f"{called} gave a {type(y).__name__}, wanted a tensor."
    assert tuple(y.shape) == (batch, inputs) and y.dtype == tf.float32, (
        f"{called} gave {y.dtype.name} of shape {tuple(y.shape)}, wanted float32 of "
        f"{(batch, inputs)}.")
    got, h = np.asarray(y, "float64"), np.tanh(rows @ w)
    wanted = h @ w.T
    likely = {"the tanh is missing": rows @ w @ w.T,
              "there is a tanh on the output as well": np.tanh(wanted),
              "the tanh acts on the output and not on h": np.tanh(rows @ w @ w.T)}
    if inputs == hidden:
        likely["W and its transpose are the wrong way round"] = np.tanh(rows @ w.T) @ w
        likely["the way back uses the weight as the way there does, not transposed"] = h @ w
        likely["the way there uses W transposed, as the way back does"] = np.tanh(rows @ w.T) @ w.T
    cause = next((text for text, v in likely.items() if np.allclose(got, v, rtol=1e-3, atol=1e-3)),
                 "use the weight of the block as it is at the time of the call, both times")
    assert np.allclose(got, wanted, rtol=1e-3, atol=1e-3), (
        f"{called} gave {got[0].round(3)} in row 0, wanted {wanted[0].round(3)}: {cause}.")


for inputs, hidden, batch in [(5, 2, 4), (3, 3, 4)]:
    check_dense(inputs, hidden, batch)
# BEGIN HIDDEN TESTS
for inputs, hidden, batch in [(2, 6, 3), (4, 4, 1)]:
    check_dense(inputs, hidden, batch)
# END HIDDEN TESTS

# %% exercise="transposed-twin" role="tests" points=1
# Exercise 4.4, tests 2 of 4: what a ConvTwin holds and computes.
def check_conv(filters, size, shape):
    channels, kernel_shape = shape[-1], (size, size, shape[-1], filters)
    name, rng = f"ConvTwin({filters}, {size})", np.random.default_rng(size)
    k, x = rng.normal(size=kernel_shape), rng.normal(size=shape)
    called = f"{name}(x) for x of shape {shape}"
    twin = ConvTwin(filters, size)
    assert isinstance(twin, keras.Layer), f"{name} gave {type(twin).__name__}, not a keras.Layer."
    try:
        twin(x.astype("float32"))
    except (ValueError, TypeError, tf.errors.InvalidArgumentError) as error:
        what = str(error).split("[1m")[-1].split("[0m")[0].split("}}")[-1].strip(" .\x1b")[:120]
        raise AssertionError(
            f"{called} raised {type(error).__name__} ({what}): the way back is conv_transpose with "
            "K as it is stored.") from None
    shapes = sorted(tuple(w.shape) for w in twin.weights)
    assert shapes == [kernel_shape] and len(twin.trainable_weights) == 1, (
        f"{name} has weights of shapes {shapes} after a call, wanted one trained weight of shape "
        f"{kernel_shape}: a second layer is a second weight, and there is no bias.")
    twin.weights[0].assign(k)
    y = twin(x.astype("float32"))
    assert isinstance(y, tf.Tensor), f"{called} gave a {type(y).__name__}, wanted a tensor."
    assert tuple(y.shape) == shape and y.dtype == tf.float32, (
        f"{called} gave {y.dtype.name} of shape {tuple(y.shape)}, wanted float32 of {shape}: the "
        "way there has no padding, and the transpose of a convolution restores the size.")
    rows, columns = shape[1] - size + 1, shape[2] - size + 1
    steps = [(a, b, slice(a, a + rows), slice(b, b + columns))
             for a in range(size) for b in range(size)]

    def conv(x, k):
        return sum(np.einsum("nhwc,cf->nhwf", x[:, r, c], k[a, b]) for a, b, r, c in steps)

    def back(h, k):
        y = np.zeros(shape)
        for a, b, r, c in steps:
            y[:, r, c] += np.einsum("nhwf,cf->nhwc", h, k[a, b])
        return y

    got, h, flipped = np.asarray(y, "float64"), np.tanh(conv(x, k)), k[::-1, ::-1]
    wanted = back(h, k)
    likely = {"the tanh is missing": back(conv(x, k), k),
              "there is a tanh on the output as well": np.tanh(wanted),
              "the way back uses the kernel mirrored: a padded convolution is a transpose only of "
              "a flipped kernel; conv_transpose does it for you": back(h, flipped)}
    if channels == filters:
        likely["channels and filters are swapped on the way back"] = back(h, k.swapaxes(2, 3))
    cause = next((text for text, v in likely.items() if np.allclose(got, v, rtol=1e-3, atol=1e-3)),
                 "conv there and conv_transpose back, with the same kernel and nothing else")
    at = np.unravel_index(np.abs(got - wanted).argmax(), shape)
    assert np.allclose(got, wanted, rtol=1e-3, atol=1e-3), (
        f"{called} gave {got[at]:.3f} at {[int(n) for n in at]}, wanted {wanted[at]:.3f}: {cause}.")


for case in [(3, 2, (2, 4, 5, 2)), (2, 3, (1, 4, 4, 2))]:
    check_conv(*case)
# BEGIN HIDDEN TESTS
for case in [(4, 3, (3, 3, 6, 1)), (2, 1, (2, 2, 2, 3)), (3, 2, (2, 3, 4, 3))]:
    check_conv(*case)
# END HIDDEN TESTS

# %% exercise="transposed-twin" role="tests" points=1
# Exercise 4.4, tests 3 of 4: both uses count in the gradient.
def check_gradient(name, twin, x):
    """Compare with the gradients of two separate weights."""
    assert isinstance(twin, keras.Layer), f"{name} gave {type(twin).__name__}, not a keras.Layer."
    try:
        twin(x)
    except (ValueError, TypeError, tf.errors.InvalidArgumentError) as error:
        raise AssertionError(f"{name}(x) raised {type(error).__name__}; get the first tests cells "
                             "to pass first.") from None
    assert len(twin.weights) == 1, (
        f"{name} has {len(twin.weights)} weights, wanted 1; get the first tests cells to pass "
        "first.")
    weight, rng = twin.weights[0], np.random.default_rng(5)
    weight.assign(rng.normal(size=weight.shape) / 2)
    factor = rng.normal(size=x.shape).astype("float32")
    w1, w2 = tf.constant(weight.numpy()), tf.constant(weight.numpy())
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([w1, w2])
        y = twin(x)
        assert isinstance(y, tf.Tensor) and np.shape(y) == x.shape, (
            f"{name}(x) gave {type(y).__name__}; get the first tests cells to pass first.")
        loss = tf.reduce_sum(y * factor)
        wanted_loss = tf.reduce_sum(back(tf.tanh(there(x, w1)), w2) * factor)
    got = tape.gradient(loss, weight)
    assert got is not None, (
        f"the weight of {name} gets no gradient: no NumPy and no stop_gradient in call.")
    part_there, part_back = (g.numpy() for g in tape.gradient(wanted_loss, [w1, w2]))
    cause = "one weight should be used both times."
    if np.allclose(got, part_there, rtol=1e-3, atol=1e-3):
        cause = "only the way there counts; the way back is cut off (stop_gradient, NumPy)."
    elif np.allclose(got, part_back, rtol=1e-3, atol=1e-3):
        cause = "only the way back counts; the way there is cut off (stop_gradient, NumPy)."
    wanted = part_there + part_back
    assert np.allclose(got, wanted, rtol=1e-3, atol=1e-3), (
        f"the gradient of the weight of {name} begins {np.ravel(got)[:3].round(3)}, wanted the sum "
        f"of both uses, {wanted.ravel()[:3].round(3)}: {cause}")


def there(x, w):
    return x @ w if len(w.shape) == 2 else tf.nn.conv2d(x, w, 1, "VALID")


def back(h, w):
    if len(w.shape) == 2:
        return h @ tf.transpose(w)
    return tf.nn.conv2d_transpose(h, w, [len(h), *image.shape[1:]], 1, "VALID")


image = np.random.default_rng(1).normal(size=(2, 4, 3, 2)).astype("float32")
for case in [("DenseTwin(3)", DenseTwin(3), image[0, :, :, 0]),
             ("ConvTwin(3, 2)", ConvTwin(3, 2), image)]:
    check_gradient(*case)
# BEGIN HIDDEN TESTS
for case in [("DenseTwin(7)", DenseTwin(7), image[1, :1, :, 1]),
             ("ConvTwin(2, 3)", ConvTwin(2, 3), image[:1])]:
    check_gradient(*case)
# END HIDDEN TESTS

# %% exercise="transposed-twin" role="tests" points=1
# Exercise 4.4, tests 4 of 4: after a training step there is still one weight, up to date.
def check_after_step(name, twin, x):
    assert isinstance(twin, keras.Layer), f"{name} gave {type(twin).__name__}, not a keras.Layer."
    try:
        twin(x)
    except (ValueError, TypeError, tf.errors.InvalidArgumentError) as error:
        raise AssertionError(f"{name}(x) raised {type(error).__name__}; get the first tests cells "
                             "to pass first.") from None
    assert len(twin.weights) == 1, (
        f"{name} has {len(twin.weights)} weights, wanted 1; get the first tests cells to pass "
        "first.")
    weight = twin.weights[0]
    for when in ("before", "after"):
        with tf.GradientTape() as tape:
            y = twin(x)
        w = tf.constant(weight.numpy())
        assert isinstance(y, tf.Tensor) and np.shape(y) == x.shape and np.allclose(
            y, back(tf.tanh(there(x, w)), w), rtol=1e-3, atol=1e-3), (
            f"{name}(x) {when} a training step is not what its weight says at that time: " + (
                "get the first tests cells to pass first." if when == "before" else
                "a copy of the weight is kept from before."))
        gradient = tape.gradient(y, weight, tf.constant(x[..., ::-1]))
        assert gradient is not None, f"the weight of {name} gets no gradient."
        weight.assign_sub(0.5 * gradient)
    assert len(twin.weights) == 1, (
        f"after three calls {name} has {len(twin.weights)} weights, wanted 1.")


def there(x, w):
    return x @ w if len(w.shape) == 2 else tf.nn.conv2d(x, w, 1, "VALID")


def back(h, w):
    if len(w.shape) == 2:
        return h @ tf.transpose(w)
    return tf.nn.conv2d_transpose(h, w, [len(h), *image.shape[1:]], 1, "VALID")


image = np.random.default_rng(1).normal(size=(2, 4, 3, 2)).astype("float32")
for case in [("DenseTwin(3)", DenseTwin(3), image[0, :, :, 0]),
             ("ConvTwin(3, 2)", ConvTwin(3, 2), image)]:
    check_after_step(*case)
# BEGIN HIDDEN TESTS
for case in [("DenseTwin(7)", DenseTwin(7), image[1, :1, :, 1]),
             ("ConvTwin(2, 3)", ConvTwin(2, 3), image[:1])]:
    check_after_step(*case)
# END HIDDEN TESTS

# %% [markdown]
# ## Setting values
#
# ### In place
#
# You have set weights a few times by now: one with `assign`, all weights of a block with
# `set_weights`. Both are careful.
#
# **Predict**: four of the next six attempts raise. Which two go through?

# %%
layer = layers.Dense(3, name="layer")
layer.build((None, 2))
row, matrix = [1.0, 2.0, 3.0], np.array([[1, 2, 3], [4, 5, 6]])
attempts = {
    "assign shape (3,)": lambda: layer.kernel.assign(row),
    "assign shape (3, 2)": lambda: layer.kernel.assign(matrix.T),
    "assign ints": lambda: layer.kernel.assign(matrix),
    "assign float64": lambda: layer.kernel.assign(matrix / 2),
    "set_weights of one": lambda: layer.set_weights([matrix]),
    "set_weights of (1, 3)": lambda: layer.set_weights([matrix, np.array([row])]),
}
for what, attempt in attempts.items():
    try:
        attempt()
        print(f"{what:21} {layer.kernel.numpy().tolist()}, {layer.kernel.dtype}")
    except ValueError as error:
        print(f"{what:21} {type(error).__name__}")

# %% [markdown]
# `assign` converts the type to that of the weight, and insists on the exact shape: it does not
# broadcast. (PyTorch's `copy_` does, without a word.) `set_weights` wants one array per weight, in
# the order of `weights`.
#
# Three things look like setting and set nothing. **Predict** the kernel after this cell.

# %%
layer.kernel.assign(np.zeros((2, 3)))
layer.weights[0] = keras.Variable(np.ones((2, 3)))  # into a list that was made for us
layer.kernel.numpy()[:] = 1.0  # into a copy
kernel = layer.kernel
kernel = np.ones((2, 3))  # a new value for a name
print(layer.kernel.numpy().tolist())

# %% [markdown]
# ### In place, or replaced?
#
# Why not assign a new weight to the attribute? An optimizer is given weights, and keeps track of
# these objects. Keras knows the danger and refuses:

# %% tags=["raises-exception"]
layer.bias = keras.Variable(np.ones(3))

# %% [markdown]
# But it refuses only what it recognises as state. A plain tensor or array is an ordinary attribute,
# and ordinary attributes can be set at any time.
#
# **Predict**: after `layer.bias = ops.ones((3,))`, what does the layer compute with, what do its
# `weights` hold, and what does a training step change?

# %%
layer.bias = ops.ones((3,))
x = ops.ones((1, 2))
print("output:         ", layer(x).numpy().tolist())
print("weights:        ", {w.name: w.numpy().tolist() for w in layer.weights if w.name == "bias"})
with tf.GradientTape() as tape:
    loss = ops.sum(layer(x))
gradients = tape.gradient(loss, layer.trainable_weights)
print("gradient arrived:", [gradient is not None for gradient in gradients])

# %% [markdown]
# The layer computes with the new tensor. The weight that is trained, saved and counted is the old
# one, which the layer does not use any more: it gets no gradient, and nothing that is learned or
# loaded will reach the output again.
#
# An optimizer that was made before keeps to its weights as well. One that is asked to train a
# weight that it does not know says so:

# %% tags=["raises-exception"]
optimizer = keras.optimizers.SGD(0.1)
optimizer.build(net.trainable_weights)
stranger = keras.Variable([1.0], name="stranger")
optimizer.apply([ops.ones((1,))], [stranger])

# %% [markdown]
# So the recipe is short: find the weight, and `assign`. The weight stays the same object, and
# whoever holds it, an optimizer or a second place that is tied, sees the new values. The last
# exercise puts the recipe into a function.

# %% [markdown] exercise="set-by-path" role="task"
# ## Exercise 4.5: set a weight by its path
#
# *3 points*
#
# Write `set_by_path(block, path, value)`, which gives one weight of a block new values.
#
# - **In**: `block`, a `keras.Layer` whose weights have been made, however deeply nested; `path`,
#   the `path` of one of its weights, trained or not, which no other weight has; `value`, a NumPy
#   array of floats or integers.
# - The weight at `path` takes the values of `value`, converted to the weight's own dtype.
# - It stays the same weight: an optimizer made before goes on to train it, all places that share it
#   see the new values, and a frozen weight stays frozen.
# - Values are copied: neither the weight nor the array follows later changes of the other.
# - If no weight has this path, raise a `KeyError`; paths of blocks are no paths of weights. The
#   state of a random generator, such as a `Dropout` holds, is no weight either.
# - If the shape of `value` is not exactly that of the weight, raise a `ValueError`. There is no
#   broadcasting and no reshaping.
# - If an error is raised, nothing has changed.
#
# The first tests cell (1 point) sets values, the second (1 point) looks at whether it is still the
# same weight, the third (1 point) is about the errors.

# %% [markdown] exercise="set-by-path" role="hint"
# <details><summary>Hint 1</summary>
#
# First find the weight. A dictionary from path to weight raises the right error by itself. Which
# way of setting checks the shape by itself?
#
# </details>

# %% [markdown] exercise="set-by-path" role="hint"
# <details><summary>Hint 2</summary>
#
# `{w.path: w for w in block.weights}[path]` is the weight or a `KeyError`. `assign(value)` sets it
# in place, converts the type and raises a `ValueError` if the shape differs.
#
# </details>

# %% exercise="set-by-path" role="solution"
def set_by_path(block: keras.Layer, path: str, value: np.ndarray) -> None:
    """Assign an array of the same shape to the weight at a path."""
    # BEGIN SOLUTION
    weights = {w.path: w for w in block.weights}
    weights[path].assign(value)
    # END SOLUTION


# %% exercise="set-by-path" role="tests" points=1
# Exercise 4.5, tests 1 of 3: the values arrive, and nothing else changes.
def check_values(path, dtype):
    rng = np.random.default_rng(len(path))
    a, b = layers.Dense(3, name="a"), layers.Dense(3, name="b")
    net = keras.Sequential(
        [keras.Input((3,)), a, keras.Sequential([b], name="inner"), a], name="net")
    held = {w.path: w for w in net.weights}
    before = {p: w.numpy() for p, w in held.items()}
    value = (9 * rng.normal(size=before[path].shape)).astype(dtype)
    called = f"set_by_path(net, {path!r}, value) with {np.dtype(dtype).name} values"
    set_by_path(net, path, value.copy())
    assert {id(w) for w in net.weights} == {id(w) for w in held.values()}, (
        f"{called} left the network with other weights than before: set the values of the old one.")
    got = held[path].numpy()
    assert got.dtype == np.float32 and held[path].dtype == "float32", (
        f"{called} made the weight {got.dtype}: it keeps its own dtype, float32.")
    assert got.shape == value.shape and np.allclose(got, value, rtol=1e-5), (
        f"{called}: the weight begins {got.ravel()[:3].round(3)}, wanted "
        f"{value.ravel()[:3].round(3)}: assigning to a name, to an entry of a list, to a copy "
        "(numpy(), get_weights()) or to an attribute leaves the weight as it was.")
    changed = [p for p, w in held.items() if p != path and not np.array_equal(w.numpy(), before[p])]
    assert not changed, (
        f"{called} changed other weights as well: {changed}. Names like 'kernel' are not unique.")
    x = rng.normal(size=(4, 3)).astype("float32")
    y = wanted = x
    for d in (a, b, a):
        part = "net/a" if d is a else "net/inner/b"
        wanted = wanted @ held[f"{part}/kernel"].numpy() + held[f"{part}/bias"].numpy()
    assert np.allclose(net(y), wanted, rtol=1e-3, atol=1e-3), (
        f"{called}: the network does not compute with its weights any more; was an attribute bound "
        "to a tensor?")


for case in [("net/inner/b/kernel", "float64"), ("net/a/bias", "float32")]:
    check_values(*case)
# BEGIN HIDDEN TESTS
for case in [("net/a/kernel", "float32"), ("net/inner/b/bias", "int64")]:
    check_values(*case)
own = layers.Dense(2, name="own")
own(np.ones((1, 2), "float32"))
try:
    set_by_path(own, "own/kernel", np.array([[1.0, 2.0], [3.0, 4.0]]))
except AttributeError as error:
    raise AssertionError(f"set_by_path(dense, 'own/kernel', value) raised AttributeError ({error})"
                         ": not every block has layers; every block has weights.") from None
assert np.array_equal(own.kernel.numpy(), [[1, 2], [3, 4]]), (
    "set_by_path(dense, 'own/kernel', value), where the block is a single layer, did not set it.")
# END HIDDEN TESTS

# %% exercise="set-by-path" role="tests" points=1
# Exercise 4.5, tests 2 of 3: it is still the same weight.
def check_same(path, frozen):
    rng = np.random.default_rng(len(path))
    a, b = layers.Dense(3, name="a"), layers.Dense(3, name="b")
    net = keras.Sequential(
        [keras.Input((3,)), a, keras.Sequential([b], name="inner"), a], name="net")
    weight = {w.path: w for w in net.weights}[path]
    weight.trainable = not frozen
    variables = net.trainable_weights
    optimizer = keras.optimizers.SGD(0.5)
    optimizer.build(variables)
    value = rng.normal(size=weight.shape).astype("float32")
    original = value.copy()
    called = f"set_by_path(net, {path!r}, value)"
    try:
        set_by_path(net, path, value)
    except KeyError:
        raise AssertionError(f"{called} raised KeyError, but there is such a weight, "
                             f"{'frozen' if frozen else 'trained'}: all of net.weights can be "
                             "set.") from None
    now = {w.path: w for w in net.weights}.get(path)
    assert now is weight, (
        f"{called} replaced the weight by a new one, which an optimizer made before does not know: "
        "assign to the old one.")
    assert weight.trainable is not frozen, (
        f"{called} set trainable to {weight.trainable}; it stays as it was.")
    with tf.GradientTape() as tape:
        loss = ops.sum(net(rng.normal(size=(4, 3)).astype("float32")))
    gradients = tape.gradient(loss, variables)
    assert all(g is not None for g in gradients), (
        f"after {called} a weight gets no gradient: the network computes with something else, a "
        "tensor in the place of the weight.")
    step = next((0.5 * g.numpy() for v, g in zip(variables, gradients) if v is weight), 0)
    optimizer.apply(gradients, variables)
    trained = weight.numpy()
    assert np.allclose(trained, original - step, rtol=1e-3, atol=1e-3), (
        f"an optimizer made before {called} does not train the weight with the new values.")
    assert np.array_equal(value, original), f"training changed the caller's array after {called}."
    value[...] = 77
    assert np.array_equal(weight.numpy(), trained), (
        f"a later change of the array changed the weight after {called}: copy the values.")


for case in [("net/inner/b/kernel", False), ("net/a/bias", False)]:
    check_same(*case)
# BEGIN HIDDEN TESTS
for case in [("net/a/kernel", False), ("net/a/bias", True)]:
    check_same(*case)
# END HIDDEN TESTS

# %% exercise="set-by-path" role="tests" points=1
# Exercise 4.5, tests 3 of 3: what has to be refused, and a weight that is never trained.
def make_normed():
    inner = keras.Sequential([layers.Dense(2, name="last")], name="inner")
    dense, norm = layers.Dense(3, name="dense"), layers.BatchNormalization(name="norm")
    drop = layers.Dropout(0.5, name="drop")
    return keras.Sequential([keras.Input((2,)), dense, norm, drop, inner], name="net")


def check_refused(path, shape, wanted):
    block = make_normed()
    state = block.get_layer("drop").seed_generator.state.path
    path = state if path == "state" else path
    before = {w.path: w.numpy() for w in block.weights}
    called = f"set_by_path(block, {path!r}, value) with a value of shape {shape}"
    raised = None
    try:
        set_by_path(block, path, np.full(shape, 5.0, "float32"))
    except NotImplementedError:
        raise
    except Exception as error:
        raised = error
    reason = (f"the paths of the block are {[*before]}"
              if wanted is KeyError else f"{path} has shape {before[path].shape}")
    if path == state:
        reason = ("that is the state of the random generator of a Dropout, which `variables` lists "
                  "and `weights` does not")
    assert raised is not None, (
        f"{called} raised nothing, wanted a {wanted.__name__}: {reason}.")
    assert isinstance(raised, wanted), (
        f"{called} raised {type(raised).__name__} ({str(raised)[:80]}), wanted a "
        f"{wanted.__name__}: {reason}.")
    changed = [w.path for w in block.weights if not np.array_equal(before[w.path], w.numpy())]
    assert not changed, f"{called} raised as it should, but changed {changed} before: check first."


for case in [("net/dense/kernle", (2, 3), KeyError), ("net/dense/kernel", (3, 2), ValueError),
             ("net/dense/kernel", (3,), ValueError)]:
    check_refused(*case)
# BEGIN HIDDEN TESTS
for case in [("dense/kernel", (2, 3), KeyError), ("net/dense", (2, 3), KeyError),
             ("kernel", (2, 3), KeyError), ("", (3,), KeyError), ("state", (2,), KeyError),
             ("net/dense/bias", (), ValueError), ("net/dense/bias", (1, 3), ValueError),
             ("net/inner/last/kernel", (6,), ValueError),
             ("net/dense/kernel", (1, 3), ValueError)]:
    check_refused(*case)
block = make_normed()
try:
    set_by_path(block, "net/norm/moving_mean", np.array([1, 2, 3]))
except KeyError:
    raise AssertionError("set_by_path(block, 'net/norm/moving_mean', [1, 2, 3]) raised KeyError: "
                         "weights that are not trained can be set too.") from None
statistics = {w.path: w.numpy().tolist() for w in block.weights}["net/norm/moving_mean"]
assert statistics == [1.0, 2.0, 3.0], (
    f"set_by_path(block, 'net/norm/moving_mean', [1, 2, 3]) left {statistics}: weights that are "
    "not trained can be set too.")
# END HIDDEN TESTS

# %% [markdown]
# ## PyTorch and Keras side by side
#
# | idea | PyTorch | Keras 3 |
# |---|---|---|
# | a parameter is | an `nn.Parameter`, which is a tensor | a `keras.Variable`, which holds one |
# | its value | `p.detach()`, shares memory | `w.value`; `w.numpy()` is a copy |
# | its gradient | in `p.grad`, `None` at first | comes from the tape, is not kept |
# | there from | construction on | the first call on (or `build`) |
# | of one layer | `net[0].weight`, `net[0].bias` | `net.layers[0].kernel`, `.bias` |
# | by path | `net.get_parameter("0.bias")` | look for `w.path` in `net.weights` |
# | paths are unique | yes | only if names of neighbours are |
# | all that can be trained | `parameters()` | `trainable_weights` |
# | all that is saved | `state_dict()`: the live tensors | `weights`; `get_weights()` gives copies |
# | running statistics | buffers | weights that are not trained |
# | count | `sum(p.numel() for p in …)` | `count_params()`, `summary()` |
# | freeze | `block.requires_grad_(False)` | `layer.trainable = False` |
# | frozen, and the gradient | none is computed | the tape still gives it if asked |
# | tie | same parameter or same layer twice | same layer twice, functional API |
# | tied, saved | listed at every place | once; whole networks: functional API |
# | transposed convolution | `F.conv_transpose2d(h, K)` | `ops.conv_transpose(h, K)` |
# | set | `copy_` in `no_grad()`; broadcasts | `w.assign(value)`; checks the shape |
# | replace | accepted; optimizer and ties are lost | refused, or not noticed for plain tensors |

# %% [markdown]
# ## Summary
#
# - Weights are reached by layer (`layer.bias`), by path (a dictionary over `weights`) or all at
#   once. A path holds the names of the blocks that were being built when the weight was made; it
#   tells weights apart if neighbours have different names.
# - `weights` and `value` are live, `numpy()` and `get_weights()` are copies.
# - `trainable_weights` is a list, and freezing takes weights out of it; the tape does not know.
#   Ask for the list after you have set the flags.
# - A weight that is used several times gets the sum of the gradients of all uses. Tied means: the
#   same weight, not the same values.
# - The same layer twice in a Sequential is one layer at two places. Saved whole, the network loses
#   the second place; write it with the functional API.
# - One weight serves a map and its transpose; the transpose of a convolution is `conv_transpose`,
#   with the same kernel. Test with weights that are not symmetric.
# - Set values with `assign`, which checks the shape. A plain tensor in the place of a weight is
#   used, and neither trained nor saved.

# %% [markdown]
# ## Where to read on
#
# - [The Sequential model](https://keras.io/guides/sequential_model/) and
#   [The functional API](https://keras.io/guides/functional_api/), with shared layers.
# - [Transfer learning and fine-tuning](https://keras.io/guides/transfer_learning/), on freezing and
#   what `trainable` does.
# - [`keras.Layer`](https://keras.io/api/layers/base_layer/), the reference, with `weights`,
#   `get_weights` and `count_params`.
# - [`keras.ops`, neural network operations](https://keras.io/api/ops/nn/), with `conv` and
#   `conv_transpose`.
# - *Dive into Deep Learning*, chapter [Builders' Guide](https://d2l.ai/chapter_builders-guide/index.html),
#   the chapter from which this unit grew.
#
# Next: lesson 05 chooses the values with which weights start.
