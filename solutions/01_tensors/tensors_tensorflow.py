# %% [markdown]
# # Tensors
#
# Everything that a neural network takes in, holds and gives out is a *tensor*: a block of numbers
# of one type, arranged along axes. Most of the errors that you will meet in this course are tensors
# of the wrong shape or of the wrong type, and the worst of them raise nothing at all. In this
# lesson you learn to say what comes out before you run a line, and how to keep numbers that change
# in a framework whose tensors do not.
#
# **Afterwards you can**
#
# - make tensors, and tell their shape and their type of number before you look;
# - pick out any part of a tensor, move its axes, and reduce along the axes that you mean;
# - work out the shape that two shapes broadcast to, and spot the case that is wrong in silence;
# - say where TensorFlow refuses to mix types, where it converts in silence, and convert on purpose;
# - tell memory that is shared from memory that is copied, between tensors and NumPy;
# - change rows and single cells of a variable in place, the same cell twice included.
#
# **Time**: about 55 minutes. **You need**: Python, and a little NumPy. This is the first lesson.
#
# **How to work.** Where you read *Predict*, stop and write your answer down before you run the cell
# below it; a wrong prediction is where the learning happens. In an exercise, fill in the solution
# cell, run it, then run the tests cells under it: a failed test says what was called, what came
# back, what was wanted and the likely cause. When you hand in, the same rules are also checked on
# other inputs. **Validate** in JupyterLab runs the notebook from top to bottom, as the grader will.
# *Run All Cells* stops at the first tests cell that fails, so take an exercise cell by cell.

# %% role="setup"
import os

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
    from keras import ops
finally:
    os.dup2(stderr_copy, 2)
    os.close(stderr_copy)

# %% [markdown]
# ## How a notebook works
#
# If you have worked with notebooks before, skip to what this section says of exercises. A notebook
# is a list of *cells*. Cells of text, like this one, are for reading. Cells of code are for
# running: click into one and press Shift+Enter, and what it prints appears below it. Begin with the
# *setup* cell above, which imports what the lesson needs (the lines around the imports keep
# TensorFlow from printing messages about its machine).
#
# All cells talk to one running Python, the *kernel*. What a cell has defined stays there, and each
# later run of any cell starts from what it finds.

# %%
runs = 0

# %% [markdown]
# **Predict**: what does the next cell print if you run it three times in a row?

# %%
runs = runs + 1
print("this cell has run", runs, "time(s) since the last reset")

# %% [markdown]
# So the order in which cells *ran* decides what you see, not the order on the page. When results
# make no sense, open the menu *Kernel* and choose *Restart Kernel and Run up to Selected Cell*: it
# forgets everything and runs the cells above once each, from the top. The grader starts the same
# way, with nothing in memory.
#
# An exercise has a task, folded hints, a *solution cell* and *tests cells*. The solution cell holds
# functions without a body; until you write it, they raise `NotImplementedError`, and so do the
# tests. Keep the names and the arguments, and put everything that your solution needs into that
# cell. Tests cells are locked. They call what you wrote, and one that fails ends like this:

# %% tags=["raises-exception"]
def double(number):
    return number + 2


for number in [2, 5]:
    got = double(number)
    assert got == 2 * number, (
        f"double({number}) gave {got}, wanted {2 * number}: it adds 2, where it should double.")

# %% [markdown]
# Read the last lines first. `assert` says nothing where all is well, and raises the message where
# it is not. For the input 2 this `double` happens to be right, so a test with the input 2 alone
# would have praised it. That is why the grader tries other inputs as well: these *hidden tests*
# check what the task says, and nothing else. A tests cell gives all of its points or none.
#
# You may add cells of your own anywhere, to try things out. Before grading, locked cells that were
# changed or deleted are put back as they were, so there is little that you can break.

# %% [markdown]
# ## Making tensors
#
# A tensor is made from a number, from a list, or from lists of lists. It knows its *shape*, the
# length of each axis, and its *dtype*, the type of all of its numbers. The number of axes is its
# *rank*; TensorFlow calls it `ndim`.
#
# **Predict**: which shape has each of these three?

# %% listing="S1-01 S1-02 S1-05"
matrix = tf.constant([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
vector = tf.constant([1.0, 2.0, 3.0])
scalar = tf.constant(42)
for name, t in (("matrix", matrix), ("vector", vector), ("scalar", scalar)):
    print(f"{name}: rank {t.ndim}, shape {t.shape}, dtype {t.dtype.name}")

# %% [markdown]
# `tf.constant` says what it makes: no operation changes a tensor once it is there. What does change
# is a *variable*, to which this lesson comes near its end.
#
# A *scalar* is a tensor without axes: its shape is the empty tuple, and it holds one number, which
# `int()` and `float()` take out. The shapes `()`, `(1,)` and `(1, 1)` hold one number each and are
# three different things. Likewise `(3,)`, a row of three numbers, is not `(1, 3)`, a *batch* that
# has one row. (A batch holds one example per row; the numbers in a row are its *width*.) `numpy()`
# gives the numbers of any tensor as an array.

# %%
print("a scalar as a number:", int(scalar))
for t in (tf.constant(7.0), tf.constant([7.0]), tf.constant([[7.0]])):
    print(t.shape, t.numpy().tolist())
print(vector.shape, "is not", tf.constant([[1.0, 2.0, 3.0]]).shape)

# %% [markdown]
# Nobody said which dtype to use. TensorFlow looked at the Python numbers.
#
# **Predict** the four dtypes.

# %%
for values in ([1, 2], [1, 2.5], [True, False], [1, 2**40]):
    print(values, "->", tf.constant(values).dtype.name)

# %% [markdown]
# Python's floats become `float32`, the usual type of a network, although Python itself counts in
# 64 bits. Whole numbers become `int32`, if they fit. If you want something else, say so:
# `dtype=tf.float32` works wherever a tensor is made. Here are the usual ways to make one without
# typing its numbers.

# %%
makers = {
    "tf.zeros((2, 3))": tf.zeros((2, 3)),
    "tf.fill((2,), 7)": tf.fill((2,), 7),
    "tf.range(4)": tf.range(4),
    "tf.linspace(0.0, 1.0, 5)": tf.linspace(0.0, 1.0, 5),
    "tf.ones_like(matrix)": tf.ones_like(matrix),
}
for code, t in makers.items():
    print(f"{code:25} {t.shape!s:7} {t.dtype.name:8} {t.numpy().tolist()}")

# %% [markdown]
# A tensor has no holes and no ragged edges: all rows are equally long. It may well be empty. A
# batch of zero rows of width 3 has shape `(0, 3)`, which is not the same as `(0,)`. You get one
# when a filter has let nothing through, and code that you write should survive it.

# %%
print("an empty batch:", tf.zeros((0, 3)).shape, "holds", int(tf.size(tf.zeros((0, 3)))))

# %% tags=["raises-exception"]
tf.constant([[1, 2, 3], [4, 5]])

# %% [markdown]
# **Then and now.** Under this name the lessons show what no longer works, or never did what was
# said of it, and how it is done today. Some of it comes from books, whose printed programs we call
# *listings*; they are named at the end of each lesson, and you need none of them.
#
# In TensorFlow's first years a tensor was a promise: it had a shape and no numbers, until a
# *session* ran the program that it belonged to. Old books and answers begin with one. Sessions are
# gone; a tensor has its numbers as soon as it is made. (You meet tensors without numbers again in
# lesson 03; lesson 14 is about them.)

# %% tags=["raises-exception"]
tf.Session().run(matrix)

# %% [markdown]
# ## Picking out parts
#
# ### Indices and new axes
#
# Square brackets hold one entry per axis, separated by commas. Each entry says what becomes of its
# axis:
#
# | entry | what becomes of the axis |
# |---|---|
# | a number, `1` or `-1` | one place is taken, and the axis is gone |
# | a slice, `1:3` or `:` | a part of it, or all; the axis stays, even with one place left |
# | `...` | stands for as many `:` as there is room for |
# | `tf.newaxis` or `None` | no old axis: a new one, of length 1, at this place |
#
# **Predict** the shape of each line, for the 2 by 3 matrix from above.

# %% listing="S1-03"
parts = {
    "matrix[1]": matrix[1],
    "matrix[:, 1]": matrix[:, 1],
    "matrix[:, 1:2]": matrix[:, 1:2],
    "matrix[..., 1, tf.newaxis]": matrix[..., 1, tf.newaxis],
    "matrix[None, :, 0]": matrix[None, :, 0],
    "matrix[:, ::-1]": matrix[:, ::-1],
}
for code, t in parts.items():
    print(f"{code:27} {t.shape!s:7} {t.numpy().tolist()}")

# %% [markdown]
# `matrix[:, 1]` and `matrix[:, 1:2]` hold the same two numbers. The first has lost the axis, the
# second kept it. Which of them you have decides what the next operation does, as you will see.
#
# A *mask*, a tensor of booleans, picks any places. And a list of places? In
# NumPy and in PyTorch, `matrix[[1, 0]]` is row 1 and then row 0.
#
# **Predict**: what is it in TensorFlow?

# %%
print("greater than 2:   ", matrix[matrix > 2].numpy().tolist())
print("matrix[[1, 0]]:   ", matrix[[1, 0]].numpy().tolist())
print("rows 1 and 0:     ", tf.gather(matrix, [1, 0]).numpy().tolist())
print("columns 2 and 0:  ", tf.gather(matrix, [2, 0], axis=1).numpy().tolist())

# %% [markdown]
# It is `matrix[1, 0]`, a single number. TensorFlow takes the list for a tuple, and nothing is
# raised. Use `tf.gather` for a list of places.
#
# An index out of range raises. A slice does not: it takes what is there, be it nothing.
#
# **Predict**: which shape has `matrix[:, 3:5]`?

# %%
print(matrix[:, 3:5].shape)

# %% tags=["raises-exception"]
matrix[:, 3]

# %% [markdown]
# ### Reshaping is not transposing
#
# A tensor keeps its numbers in one long row in memory, with the last axis running fastest.
# `tf.reshape` leaves that row as it is and cuts it into other lengths. `tf.transpose` exchanges
# *axes*: what was at `[i, j]` is now at `[j, i]`. Both can turn shape `(2, 3)` into `(3, 2)`.
#
# **Predict**: what stands in the first row of each?

# %%
count = tf.reshape(tf.range(6), (2, 3))
panels = {
    "count": count,
    "tf.transpose(count)": tf.transpose(count),
    "tf.reshape(count, (3, 2))": tf.reshape(count, (3, 2)),
}
fig, axes = plt.subplots(1, 3, figsize=(8, 2.8), layout="constrained")
for axis, (title, t) in zip(axes, panels.items()):
    axis.imshow(t, cmap="viridis", vmin=-1, vmax=8)
    axis.set(title=f"{title}, {t.shape}", xticks=[], yticks=[])
    axis.title.set_fontsize(10)
    for i in range(t.shape[0]):
        for j in range(t.shape[1]):
            axis.text(j, i, int(t[i, j]), ha="center", va="center", color="white", fontsize=14)
plt.show()
print("transposed:", panels["tf.transpose(count)"].numpy().tolist())
print("reshaped:  ", panels["tf.reshape(count, (3, 2))"].numpy().tolist())

# %% [markdown]
# In the middle, columns have become rows, colours and all. On the right, the numbers still count
# from left to right, and numbers that stood in different rows now share one. If rows are examples,
# `tf.reshape` has mixed the examples, and the shape does not give it away. So: `tf.reshape` to
# merge or split *neighbouring* axes, `tf.transpose` to change their *order*. With a list it says
# which old axis comes first, second and third.
#
# **Predict** the two shapes.

# %%
stack = tf.zeros((2, 3, 4))
print(tf.transpose(stack, [1, 2, 0]).shape, tf.reshape(stack, (6, 4)).shape)

# %% [markdown]
# ## Computing
#
# Operators act on each number by itself: `+`, `*`, `**`, and functions such as `tf.sqrt`. The
# product of matrices has a sign of its own, `@`.

# %% listing="S1-04"
print("matrix + 10:      ", (matrix + 10).numpy().tolist())
print("square:           ", tf.square(matrix).numpy().tolist())
print("matrix * matrix:  ", (matrix * matrix).numpy().tolist())
print("with @:           ", (matrix @ tf.transpose(matrix)).numpy().tolist())

# %% [markdown]
# Many operations exist twice, in `tf` and in `keras.ops` (the setup cell imports it as `ops`),
# which works on other frameworks too. Mostly they agree. This lesson points out where they do not.
#
# ### Reductions
#
# A sum, a mean or a maximum can be taken over everything, or along one axis. The axis that you name
# is the one that *disappears*. With `keepdims=True` it stays, with length 1.
#
# **Predict** the four shapes.

# %%
reductions = {
    "tf.reduce_sum(matrix)": tf.reduce_sum(matrix),
    "tf.reduce_sum(matrix, axis=0)": tf.reduce_sum(matrix, axis=0),
    "tf.reduce_sum(matrix, axis=1)": tf.reduce_sum(matrix, axis=1),
    "the same with keepdims=True": tf.reduce_sum(matrix, axis=1, keepdims=True),
}
for code, t in reductions.items():
    print(f"{code:30} {t.shape!s:7} {t.numpy().tolist()}")

# %% [markdown]
# Some things to know, each of which has cost somebody an afternoon.
#
# **Predict** the first four lines: the mean of 1, 2 and 4, and the sum of 200 and 100.

# %%
whole = tf.constant([1, 2, 4])
pixels = tf.constant([200, 100], dtype=tf.uint8)
print("tf.reduce_mean of 1, 2, 4:", tf.reduce_mean(whole).numpy())
print("ops.mean of 1, 2, 4:      ", ops.mean(whole).numpy().round(3))
print("tf.reduce_sum of uint8:   ", tf.reduce_sum(pixels).numpy())
print("ops.sum of uint8:         ", ops.sum(pixels).numpy())
print("sum of an empty batch:    ", tf.reduce_sum(tf.zeros((0, 3)), axis=0).numpy().tolist())
print("mean of an empty batch:   ", tf.reduce_mean(tf.zeros((0, 3)), axis=0).numpy().tolist())

# %% [markdown]
# `tf.reduce_mean` and `tf.reduce_sum` stay in the dtype of their input. A mean of whole numbers is
# cut to a whole number, and a sum of `uint8`, the type of images, overflows at 256 (300 is 256 and
# 44). Keras chooses a dtype that can hold the result. The sum over nothing is 0, and the mean over
# nothing is `nan`, *not a number*.
#
# `tf.squeeze` removes axes of length 1. Without an axis it removes *all* of them, and which axes
# have length 1 depends on the data.
#
# **Predict** both shapes: a batch of four rows, and a batch of one.

# %%
for batch in (tf.ones((4, 3, 1)), tf.ones((1, 3, 1))):
    print(batch.shape, "squeeze ->", tf.squeeze(batch).shape, end=", ")
    print("squeeze, axis=2 ->", tf.squeeze(batch, axis=2).shape)

# %% [markdown]
# The code worked for months, and then the last batch had one row. Name the axis.
#
# Last, `tf.einsum` names axes by letters: those on the left and not on the right are summed over,
# and the right side gives the order. It is the clearest way to write a sum and a transpose in one
# go.

# %%
print(tf.einsum("ij->j", matrix).numpy().tolist(), "are the sums of columns")
print(tf.einsum("abc->ca", stack).shape)

# %% [markdown] exercise="select-reduce" role="task"
# ## Exercise 1.1: select, reduce, rearrange
#
# *3 points*
#
# Measurements come as `x[example, sensor, day]`. Write `window_means(x, start, stop)`, which takes
# for each example and each sensor the mean over the days `start`, `start + 1`, … up to and
# *without* `stop`.
#
# - **In**: `x`, a float32 tensor of shape `(examples, sensors, days)`; whole numbers
#   0 ≤ `start` < `stop` ≤ `days`.
# - **Out**: a tensor, float32, shape `(sensors, 1, examples)`: sensors first, the axis of the days
#   kept in the middle with length 1, examples last. The entry `[s, 0, e]` belongs to sensor `s` of
#   example `e`.
# - Each axis may have length 1. There may be no examples at all: `(0, sensors, days)` gives
#   `(sensors, 1, 0)`.
#
# The first tests cell (2 points) looks at numbers and their places, the second (1 point) at axes of
# length 1 and at empty batches.

# %% [markdown] exercise="select-reduce" role="hint"
# <details><summary>Hint 1</summary>
#
# Three steps, one after the other: a slice on the last axis, a mean along it, and a new order of
# the axes. Write the shape down after each. If only the last step is left and it tempts you to
# reshape, look at the figure again.
#
# </details>

# %% [markdown] exercise="select-reduce" role="hint"
# <details><summary>Hint 2</summary>
#
# `tf.reduce_mean(x[:, :, start:stop], axis=2, keepdims=True)` has shape `(examples, sensors, 1)`.
# The old axes 1, 2 and 0 are to become the first, second and third: `tf.transpose` takes a list of
# just these numbers.
#
# </details>

# %% exercise="select-reduce" role="solution"
def window_means(x: tf.Tensor, start: int, stop: int) -> tf.Tensor:
    """Mean of the days start to stop - 1; (examples, sensors, days) to (sensors, 1, examples)."""
    # BEGIN SOLUTION
    means = tf.reduce_mean(x[:, :, start:stop], axis=2, keepdims=True)
    return tf.transpose(means, [1, 2, 0])
    # END SOLUTION


# %% exercise="select-reduce" role="tests" points=2
# Exercise 1.1, tests 1 of 2: the right numbers in the right places.
def check_window(examples, sensors, days, start, stop):
    numbers = np.random.default_rng(days).normal(size=(examples, sensors, days)).astype("float32")
    called = f"window_means(x, {start}, {stop}) for x of shape {numbers.shape}"
    got = window_means(tf.constant(numbers), start, stop)
    assert isinstance(got, tf.Tensor), f"{called} gave a {type(got).__name__}, wanted a tensor."
    shape, wanted_shape = tuple(got.shape), (sensors, 1, examples)
    cause = {
        (sensors, examples): "the axis of the days is gone: keepdims keeps it, None adds one.",
        (examples, sensors): "the axis of the days is gone, and the others want exchanging.",
        (examples, sensors, 1): "the mean is there; now transpose the axes.",
        (examples, 1, sensors): "examples and sensors want exchanging.",
        (days, 1, examples): "the mean ran along the sensors; it belongs along the days.",
        (sensors, 1, days): "the mean ran along the examples; it belongs along the days.",
    }.get(shape, "slice the last axis, take the mean along it, then bring the axes in order.")
    assert shape == wanted_shape, f"{called} gave shape {shape}, wanted {wanted_shape}: {cause}"
    assert got.dtype == tf.float32, f"{called} gave {got.dtype.name}, wanted float32."

    x, got = numbers.astype("float64"), got.numpy()

    def means(first, last):
        return x[:, :, first:last].mean(axis=2).T[:, None, :]

    wanted = means(start, stop)
    likely = {
        "the means are right and in wrong places: reshape does not exchange axes, transpose does":
            wanted[:, 0].T.reshape(wanted_shape),
        "that is the sum of the days": wanted * (stop - start),
        "that is the mean of all days": means(0, days),
        "the day stop is not to be counted": means(start, stop + 1),
        "the day start is to be counted": means(start + 1, stop) if stop - start > 1 else np.inf,
    }
    cause = next((c for c, v in likely.items() if np.allclose(got, v, rtol=1e-4, atol=1e-5)),
                 "does entry [s, 0, e] hold the mean for sensor s of example e?")
    assert np.allclose(got, wanted, rtol=1e-4, atol=1e-5), (
        f"{called} begins with {got[0, 0].round(3)} for sensor 0, wanted {wanted[0, 0].round(3)}: "
        f"{cause}.")


for case in [(4, 3, 6, 2, 5)]:
    check_window(*case)
# BEGIN HIDDEN TESTS
for case in [(3, 5, 7, 0, 7), (2, 4, 8, 5, 7), (5, 2, 4, 0, 3)]:
    check_window(*case)
# END HIDDEN TESTS

# %% exercise="select-reduce" role="tests" points=1
# Exercise 1.1, tests 2 of 2: axes of length 1, and no examples at all.
def check_small(examples, sensors, days, start, stop):
    numbers = np.random.default_rng(days).normal(size=(examples, sensors, days)).astype("float32")
    called = f"window_means(x, {start}, {stop}) for x of shape {numbers.shape}"
    got = window_means(tf.constant(numbers), start, stop)
    assert isinstance(got, tf.Tensor), f"{called} gave a {type(got).__name__}, wanted a tensor."
    shape, wanted_shape = tuple(got.shape), (sensors, 1, examples)
    assert shape == wanted_shape, (
        f"{called} gave shape {shape}, wanted {wanted_shape}. If the first tests cell passes: "
        "tf.squeeze without an axis removes every axis of length 1, and a reshape to -1 cannot "
        "tell how many there were; name each axis.")
    wanted = numbers.astype("float64")[:, :, start:stop].mean(axis=2).T[:, None, :]
    assert np.allclose(got.numpy(), wanted, rtol=1e-4, atol=1e-5), (
        f"{called} gave {got.numpy().astype('float64').round(3).tolist()}, wanted "
        f"{wanted.round(3).tolist()}; get the first tests cell to pass first.")


for case in [(1, 3, 6, 2, 4), (2, 3, 5, 1, 2)]:
    check_small(*case)
# BEGIN HIDDEN TESTS
for case in [(4, 1, 5, 1, 3), (1, 1, 1, 0, 1), (0, 3, 4, 1, 3)]:
    check_small(*case)
# END HIDDEN TESTS

# %% [markdown]
# ## Broadcasting
#
# What if two tensors of different shapes meet in `+`, `-`, `*` or a comparison? They are
# *broadcast*: stretched to a common shape, without a copy in memory. The rule has three lines.
#
# 1. Write the two shapes one below the other, aligned at the **right**.
# 2. Where one of them has no axis left, put a 1.
# 3. Axis by axis, the two lengths must be equal, or one of them must be 1. That one is stretched to
#    the length of the other. Anything else is an error.
#
# ```
# (8, 1, 6)         (5, 4)            (3,)             (3, 2)
# (   7, 1)         (   4,)         (3, 1)             (3,)
# ---------         -------         ------             ------
# (8, 7, 6)         (5, 4)          (3, 3)             2 against 3: error
# ```
#
# **Predict** all five results. The last two pairs need care.

# %%
pairs = [((2, 3), (3,)), ((2, 3), (2, 1)), ((), (2, 3)), ((3,), (3, 1)), ((0,), (1,))]
for a, b in pairs:
    print(a, "and", b, "->", (tf.ones(a) + tf.ones(b)).shape)

# %% [markdown]
# An axis of length 1 stretches to any length, and 0 is a length. Lengths that merely divide each
# other, such as 2 and 4, do not fit; nothing is ever repeated except a 1.

# %% tags=["raises-exception"]
tf.ones((3, 2)) + tf.ones((3,))

# %% [markdown]
# This is why `keepdims=True` exists. To subtract from each row its own mean, the means must stand
# in a column.

# %%
square = tf.constant([[1.0, 3.0], [10.0, 30.0]])
means = tf.reduce_mean(square, axis=1)
column = tf.reduce_mean(square, axis=1, keepdims=True)
print("means:            ", means.numpy().tolist())
print("with keepdims:    ", (square - column).numpy().tolist())
print("without keepdims: ", (square - means).numpy().tolist())

# %% [markdown]
# The last line is wrong, and raised nothing: the matrix is square, so two means fit along its
# columns just as well. On a matrix of 2 by 3 it would have raised. Test code on shapes in which all
# lengths differ.
#
# ### A perfect model with a bad loss
#
# Here is the most expensive line in this lesson. A model gives one number per example, as a column
# of shape `(5, 1)`. The targets have shape `(5,)`. The model is perfect: its predictions *are* the
# targets. Its loss is the mean of the squared differences.
#
# **Predict** the loss.

# %%
targets = tf.constant([1.0, 2.0, 3.0, 4.0, 5.0])
predictions = targets[:, tf.newaxis]
differences = predictions - targets
print("shapes:", predictions.shape, "and", targets.shape)
print("loss:  ", tf.reduce_mean(differences**2).numpy())
print("wanted:", tf.reduce_mean((predictions[:, 0] - targets) ** 2).numpy())
useless = tf.fill((5, 1), 3.0)
print("loss of a model that always says 3:", tf.reduce_mean((useless - targets) ** 2).numpy())

# %%
fig, axes = plt.subplots(1, 2, figsize=(7.5, 3), width_ratios=[3, 2], layout="constrained")
both = ((differences, "(5, 1) − (5,)"), (predictions - targets[:, None], "(5, 1) − (5, 1)"))
for axis, (t, title) in zip(axes, both):
    axis.imshow(t, cmap="coolwarm", vmin=-4, vmax=4)
    axis.set(title=f"{title} → {t.shape}", xticks=[], ylabel="example")
    for i in range(t.shape[0]):
        for j in range(t.shape[1]):
            axis.text(j, i, f"{float(t[i, j]):.0f}", ha="center", va="center")
plt.show()

# %% [markdown]
# On the left, every prediction was compared with every target. Only the diagonal was meant. By this
# loss, a model that says 3, the mean of the targets, whatever it is shown, is twice as good as the
# perfect one, and training will get there: the loss falls, and the model learns nothing. Compare
# shapes before you subtract.

# %% [markdown] exercise="broadcast-shape" role="task"
# ## Exercise 1.2: which shape comes out?
#
# *3 points*
#
# Write `broadcast_shape(a, b)`, which says what shape two tensors of shapes `a` and `b` give when
# they are added.
#
# - **In**: two tuples of whole numbers, each 0 or more. They may be of different lengths, and `()`
#   is a shape.
# - **Out**: a tuple of whole numbers (a `tf.TensorShape` is not one; `tuple(…)` makes it one), or
#   `None` if the two shapes do not fit together. Nothing is raised.
#
# You may loop over the axes yourself, or find a function of TensorFlow or NumPy that does it. The
# first tests cell (2 points) is about shapes that fit, the second (1 point) about shapes that do
# not, each beside one that does.

# %% [markdown] exercise="broadcast-shape" role="hint"
# <details><summary>Hint 1</summary>
#
# Bring both shapes to the same length by putting ones at the *front* of the shorter. Then `zip`
# goes through them axis by axis. Which of the two lengths is the result, if one of them is 1? Do
# not say "the greater": try 0 and 1.
#
# </details>

# %% [markdown] exercise="broadcast-shape" role="hint"
# <details><summary>Hint 2</summary>
#
# `rank = max(len(a), len(b))` and `a = (1,) * (rank - len(a)) + a` align the first shape; do
# the same with the other. In the loop: if `n == m` or `m == 1`, take `n`; otherwise, if `n == 1`,
# take `m`; otherwise return `None`. (Or put `np.broadcast_shapes(a, b)` in a `try`, and catch the
# `ValueError` of shapes that do not fit.)
#
# </details>

# %% exercise="broadcast-shape" role="solution"
def broadcast_shape(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...] | None:
    """Shape of a sum of tensors of shapes a and b, or None if they do not fit."""
    # BEGIN SOLUTION
    rank = max(len(a), len(b))
    a = (1,) * (rank - len(a)) + a
    b = (1,) * (rank - len(b)) + b
    if any(n != m and 1 not in (n, m) for n, m in zip(a, b)):
        return None
    return tuple(m if n == 1 else n for n, m in zip(a, b))
    # END SOLUTION


# %% exercise="broadcast-shape" role="tests" points=2
# Exercise 1.2, tests 1 of 2: shapes that fit.
def check_fits(a, b, wanted):
    called = f"broadcast_shape({a}, {b})"
    try:
        got = broadcast_shape(a, b)
    except (IndexError, ValueError, tf.errors.InvalidArgumentError) as error:
        raise AssertionError(
            f"{called} raised {type(error).__name__} ({error}), wanted {wanted}: shapes of "
            "different lengths are aligned at the right, with ones in front.") from None
    assert got is not None, (
        f"{called} gave None, wanted {wanted}: the two fit. Are they aligned at the right, and is "
        "a 1 stretched to any length, on either side?")
    assert isinstance(got, tuple), (
        f"{called} gave an object of type {type(got).__name__}, wanted the tuple {wanted}.")
    assert all(isinstance(n, (int, np.integer)) for n in got), (
        f"{called} gave a tuple with {', '.join(type(n).__name__ for n in got)} in it, wanted "
        "whole numbers.")
    got, cause = tuple(int(n) for n in got), "align at the right; where one length is 1, the other."
    if len(got) < max(len(a), len(b)):
        cause = "axes that only one shape has are kept: zip stops at the shorter of the two."
    elif 0 in wanted and 0 not in got:
        cause = "a 1 stretches to the length of the other axis, to 0 as well; max says otherwise."
    elif got in (a, b):
        cause = "that is one of the shapes as it was, though both of them have to be stretched."
    elif sorted(got) == sorted(wanted):
        cause = "the lengths are right, their order is not."
    assert got == wanted, f"{called} gave {got}, wanted {wanted}: {cause}"


for case in [((2, 3), (3,), (2, 3)), ((3,), (3, 1), (3, 3)), ((8, 1, 6), (7, 1), (8, 7, 6))]:
    check_fits(*case)
# BEGIN HIDDEN TESTS
for case in [((4, 1), (4,), (4, 4)), ((), (5, 2), (5, 2)), ((), (), ()), ((0,), (1,), (0,)),
             ((3, 4), (3, 4), (3, 4)), ((1, 6), (2, 1, 0, 1), (2, 1, 0, 6)),
             ((5, 4), (1,), (5, 4)), ((2, 1, 4), (9, 1, 3, 1), (9, 2, 3, 4))]:
    check_fits(*case)
# END HIDDEN TESTS

# %% exercise="broadcast-shape" role="tests" points=1
# Exercise 1.2, tests 2 of 2: shapes that do not fit, each beside two that do.
def check_misfit(a, b, fitting):
    called = f"broadcast_shape({a}, {b})"
    try:
        got = broadcast_shape(a, b)
    except (IndexError, ValueError, tf.errors.InvalidArgumentError) as error:
        raise AssertionError(
            f"{called} raised {type(error).__name__}, wanted None: catch the error of the library, "
            "or compare the lengths yourself.") from None
    cause = "each pair of lengths must be equal or contain a 1."
    if len(a) != len(b):
        cause = "shapes are aligned at the right, and there these lengths do not fit."
    elif 0 in a + b:
        cause = "0 fits 0 and 1, and no other length."
    elif all(n % m == 0 or m % n == 0 for n, m in zip(a, b)):
        cause = "one length divides the other, but nothing is repeated except a 1."
    told = f"{got}" if isinstance(got, (tuple, list)) else f"an object of {type(got).__name__}"
    assert got is None, f"{called} gave {told}, wanted None: {cause}"
    x, y, wanted = fitting
    got = broadcast_shape(x, y)
    assert isinstance(got, tuple) and tuple(int(n) for n in got) == wanted, (
        f"broadcast_shape({x}, {y}) must be {wanted}: this pair fits, though its neighbour "
        f"{a} and {b} does not.")


for case in [((3, 2), (3,), ((3, 2), (2,), (3, 2))), ((4,), (2,), ((4,), (1,), (4,)))]:
    check_misfit(*case)
# BEGIN HIDDEN TESTS
for case in [((2,), (2, 3), ((3,), (2, 3), (2, 3))), ((0,), (3,), ((0,), (0,), (0,))),
             ((5, 4, 3), (5, 1), ((5, 4, 3), (4, 1), (5, 4, 3))),
             ((6, 1, 2), (7, 1, 1), ((6, 1, 2), (7, 1), (6, 7, 2)))]:
    check_misfit(*case)
# END HIDDEN TESTS

# %% [markdown]
# ## Types of numbers
#
# ### When types meet
#
# Two tensors of different dtypes cannot be added. That is by design: silent conversions cost time
# and precision, and TensorFlow makes none that nobody asked for.

# %% tags=["raises-exception"]
tf.constant(2.0) + tf.constant(40)

# %% [markdown]
# A Python number is no tensor yet: it takes the dtype of the tensor that it meets, if it can. So
# does a NumPy array.
#
# **Then and now.** Books leave it at "no implicit casts". Between tensors that is so. At the border
# to NumPy it never was.
#
# **Predict**: which of these six raise, and what do the others give?

# %% listing="S1-07"
f32 = tf.constant([1.0, 2.0])
i32 = tf.constant([1, 2])
sums = {
    "float32 + float64 tensor": lambda: f32 + tf.constant([1.0, 2.0], dtype=tf.float64),
    "float32 + 2": lambda: f32 + 2,
    "int32 + 2.5": lambda: i32 + 2.5,
    "float32 + float64 array": lambda: f32 + np.array([0.5, 0.5]),
    "int32 + float64 array": lambda: i32 + np.array([0.9, 0.9]),
    "int32 + int64 array": lambda: i32 + np.array([2**40, 2**40]),
}
for what, add in sums.items():
    try:
        t = add()
        print(f"{what:26} {t.dtype.name:8} {t.numpy().tolist()}")
    except tf.errors.InvalidArgumentError:
        print(f"{what:26} raises")

# %% [markdown]
# The Python number 2.5 was refused, since an `int32` cannot hold it. The *array* of 0.9 was not: it
# was cut to zeros, and 2⁴⁰ lost all the bits that did not fit. Make tensors of arrays yourself, and
# say which dtype.
#
# Keras is of another mind. `keras.ops` *promotes*: whole numbers become floats, and among dtypes of
# one kind the wider one wins. And two operations surprise people although only one dtype takes
# part.
#
# **Predict** the dtype of 7 / 2, and the last line.

# %%
u8 = tf.constant([200, 100], dtype=tf.uint8)
results = {
    "ops.add(int32, float32)": ops.add(i32, f32),
    "tf.constant(7) / 2": tf.constant(7) / 2,
    "tf.constant(7) // 2": tf.constant(7) // 2,
    "uint8 + uint8": u8 + u8,
}
for what, t in results.items():
    print(f"{what:24} {t.dtype.name:8} {t.numpy().tolist()}")

# %% [markdown]
# A quotient of `int32` numbers is `float64`, and cannot be added to the `float32` values of a
# network. And `uint8 + uint8` stays `uint8`: 200 + 200 is 400, which is 144 more than 256. It
# overflows in silence.
#
# ### Converting on purpose
#
# `tf.cast(t, tf.float32)` converts. From float to whole numbers the fraction is cut off, towards
# zero. And `float32` cannot hold every whole number: from 2²⁴ = 16,777,216 on there are gaps.

# %% listing="S1-08"
f64 = tf.constant([1.0, 2.0], dtype=tf.float64)
print("float32 + float64:", (f32 + tf.cast(f64, tf.float32)).dtype.name)
print("to int32:", tf.cast(tf.constant([2.7, -2.7]), tf.int32).numpy().tolist())
print("2**24 + 1 in float32:", int(tf.cast(tf.constant(2**24 + 1), tf.float32)))
print("True in float32:", float(tf.cast(True, tf.float32)))
print("the same tensor:", tf.cast(f32, tf.float32) is f32)

# %% [markdown]
# The last line: where there is nothing to convert, `tf.cast` gives back the tensor that it got. No
# harm is done, since tensors do not change.

# %% [markdown] exercise="mixed-sum" role="task"
# ## Exercise 1.3: a sum of anything
#
# *3 points*
#
# Write `mixed_sum(a, b)`, which adds two tensors number by number, whatever their dtypes, and gives
# `float32`.
#
# - **In**: two tensors of the same shape, any shape. Each has one of the dtypes bool, uint8, int32,
#   int64, float32 and float64, not necessarily the same. `True` counts as 1.
# - **Out**: a tensor, float32, of the same shape: the sums of the *values*, as exactly as float32
#   can give them. Nothing is cut off, and nothing overflows on the way: 200 and 100 give 300 in
#   every dtype that can hold them.
#
# The first tests cell (2 points) mixes dtypes, the second (1 point) adds dtypes that are too small
# for their sum.

# %% [markdown] exercise="mixed-sum" role="hint"
# <details><summary>Hint 1</summary>
#
# Which dtype do the numbers have while they are added? If you add first and convert afterwards, it
# is too late for `uint8`. If you convert one to the dtype of the other, which one?
#
# </details>

# %% [markdown] exercise="mixed-sum" role="hint"
# <details><summary>Hint 2</summary>
#
# Convert both, then add: `tf.cast(a, tf.float32)`, and the same for `b`. Do not go through
# `b.numpy()`: an array beside a tensor is converted to the tensor's dtype, whatever that is.
#
# </details>

# %% exercise="mixed-sum" role="solution"
def mixed_sum(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    """Sum of two tensors of one shape and any dtypes, as float32 of that shape."""
    # BEGIN SOLUTION
    return tf.cast(a, tf.float32) + tf.cast(b, tf.float32)
    # END SOLUTION


# %% exercise="mixed-sum" role="tests" points=2
# Exercise 1.3, tests 1 of 2: dtypes that differ.
def check_mixed(values_a, dtype_a, values_b, dtype_b):
    first, second = np.array(values_a, dtype_a), np.array(values_b, dtype_b)
    called = f"mixed_sum({values_a} as {dtype_a}, {values_b} as {dtype_b})"
    try:
        got = mixed_sum(tf.constant(first), tf.constant(second))
    except tf.errors.InvalidArgumentError as error:
        raise AssertionError(
            f"{called} raised InvalidArgumentError ({str(error)[:110]}…): TensorFlow adds tensors "
            "of one dtype only, and booleans not at all; convert both.") from None
    assert isinstance(got, tf.Tensor), f"{called} gave a {type(got).__name__}, wanted a tensor."
    wanted = first.astype("float64") + second.astype("float64")
    assert tuple(got.shape) == wanted.shape, (
        f"{called} gave shape {tuple(got.shape)}, wanted {wanted.shape}.")
    result = got.numpy().astype("float64")
    if not np.allclose(result, wanted, rtol=1e-6, atol=1e-6):
        cut = [np.trunc(n.astype("float64")) for n in (first, second)]
        cause = "convert both to float32, then add."
        if np.allclose(result, cut[0] + cut[1]):
            cause = "fractions were cut off on the way: a float was converted to whole numbers."
        raise AssertionError(
            f"{called} gave {result.tolist()}, wanted {wanted.tolist()}: {cause}")
    assert got.dtype == tf.float32, (
        f"{called} gave {got.dtype.name}, wanted float32: a sum has the dtype of what was added, "
        "and keras.ops the one to which the two are promoted, unless you convert.")


for case in [([1.5, -2.25], "float32", [2, 3], "int64"), ([4, -1], "int32", [0.75, 0.5], "float64"),
             ([2, 5], "int64", [1, 1], "int64")]:
    check_mixed(*case)
# BEGIN HIDDEN TESTS
for case in [([0.1, -0.9], "float64", [0.7, 2.6], "float32"), (2.5, "float64", 3, "uint8"),
             ([3, -7], "int64", [-0.5, 0.5], "float32"), ([2049.0], "float32", [0.25], "float32"),
             ([True, False], "bool", [0.5, 1.5], "float64"),
             ([[7], [9]], "uint8", [[-8], [1]], "int32"),
             ([0.1, 3e-6], "float64", [0.2, 5e-6], "float64"),
             (np.zeros(0), "float64", np.ones(0), "bool")]:
    check_mixed(*case)
# END HIDDEN TESTS

# %% exercise="mixed-sum" role="tests" points=1
# Exercise 1.3, tests 2 of 2: sums that the dtype of the arguments cannot hold.
def check_overflow(values_a, values_b, dtype):
    first, second = np.array(values_a, dtype), np.array(values_b, dtype)
    called = f"mixed_sum({values_a}, {values_b}), both {dtype},"
    try:
        got = mixed_sum(tf.constant(first), tf.constant(second))
    except tf.errors.InvalidArgumentError as error:
        raise AssertionError(f"{called} raised InvalidArgumentError ({str(error)[:110]}…): "
                             "TensorFlow does not add booleans, nor two dtypes; convert both."
                             ) from None
    assert isinstance(got, tf.Tensor), f"{called} gave a {type(got).__name__}, wanted a tensor."
    wanted = first.astype("float64") + second.astype("float64")
    assert tuple(got.shape) == wanted.shape and got.dtype == tf.float32, (
        f"{called} gave shape {got.shape}, {got.dtype.name}, wanted {wanted.shape}, float32; "
        "get the first tests cell to pass first.")
    result, inside = got.numpy().astype("float64"), (first + second).astype("float64")
    cause = "convert both to float32, then add."
    if np.allclose(result, inside):
        cause = f"they were added as {dtype}, which cannot hold the sum; convert before you add."
    assert np.allclose(result, wanted, rtol=1e-6), (
        f"{called} gave {result.tolist()}, wanted {wanted.tolist()}: {cause}")


for case in [([200, 1], [100, 2], "uint8")]:
    check_overflow(*case)
# BEGIN HIDDEN TESTS
for case in [([255], [255], "uint8"), ([2_000_000_000], [2_000_000_000], "int32"),
             ([True, True], [True, False], "bool")]:
    check_overflow(*case)
# END HIDDEN TESTS

# %% [markdown]
# ## Tensors and NumPy
#
# ### There and back
#
# Data come as NumPy arrays as often as not. `tf.constant(array)` makes a tensor of an array, and
# `t.numpy()` an array of a tensor. TensorFlow's functions take arrays too, and NumPy's take
# tensors.

# %% listing="S1-06"
array = np.array([2.0, 4.0, 5.0])
from_array = tf.constant(array)
print("array:           ", array.dtype, array.tolist())
print("as a tensor:     ", from_array.dtype.name, from_array.numpy().tolist())
print("tf.square(array):", type(tf.square(array)).__name__, tf.square(array).numpy().tolist())
print("np.square(matrix):", type(np.square(matrix)).__name__, np.square(matrix).tolist())

# %% [markdown]
# Note the dtype. NumPy counts in `float64`, and the tensor keeps what the array had, where a list
# of the same numbers gives `float32`. Add such a tensor to the values of a network, and TensorFlow
# raises. Say `dtype=tf.float32` at the border:

# %%
print(tf.constant(array, dtype=tf.float32).dtype.name)

# %% [markdown]
# ### Shared or copied?
#
# An array is a piece of memory with a shape and a dtype. In NumPy, several arrays can use *the
# same* piece: a slice of an array is a *view*, and who writes into one writes into both. A tensor
# must not change, so TensorFlow cannot let it use memory that an array may write to. It copies.
#
# ```mermaid
# flowchart LR
#     array["array (NumPy)"] --> memory[("2.0, 4.0, 5.0")]
#     part["a slice of it"] --> memory
#     lent["from_dlpack"] --> memory
#     copied["tf.constant(array)"] --> other[("2.0, 4.0, 5.0")]
# ```
#
# There is a back door. *DLPack* is how frameworks hand memory to each other, and it hands over the
# memory itself.
#
# The next cell makes something of an array in seven ways, then writes a 9 into the array and looks
# whether the result has changed too.
#
# **Predict** the seven answers for an array of `float32`.

# %%
ways = {
    "array[:]": lambda array: array[:],
    "array.astype('float32')": lambda array: array.astype("float32"),
    "np.asarray(array, 'float32')": lambda array: np.asarray(array, "float32"),
    "tf.constant(array)": lambda array: tf.constant(array),
    "tf.convert_to_tensor(array)": lambda array: tf.convert_to_tensor(array),
    "ops.convert_to_tensor(array)": lambda array: ops.convert_to_tensor(array),
    "from_dlpack(array)": lambda array: tf.experimental.dlpack.from_dlpack(array.__dlpack__()),
}
for dtype in ("float64", "float32"):
    print(f"an array of {dtype}:")
    for code, make in ways.items():
        array = np.zeros(3, dtype)
        t = make(array)
        array[0] = 9
        seen = np.asarray(t)
        print(f"    {code:29} {seen.dtype!s:8}", "shared" if seen[0] == 9 else "copied")

# %% [markdown]
# Look at `np.asarray(array, "float32")`. On the `float64` array it had to convert and so had to
# copy. On the `float32` array there was nothing to convert, and it shared. Whether you got memory
# of your own depended on what the caller happened to pass in. Such code passes every test on
# `float64` data and corrupts somebody's `float32` data later.
#
# And the last way made a tensor that changed under its owner's eyes, where the rest of TensorFlow
# relies on tensors that do not. Worse, TensorFlow expects tensors to begin at certain addresses,
# and an array may begin anywhere: compute with such a tensor, and the whole Python process may die.
# Leave this door to programs that know about memory.
#
# On the way back, `t.numpy()` copies. `np.asarray(t)` gives a *read-only* view, which is safe as
# well:

# %%
t = tf.zeros(3)
t.numpy()[1] = 7
print("the tensor:", t.numpy().tolist())

# %% tags=["raises-exception"]
np.asarray(t)[1] = 7

# %% [markdown] exercise="independent-copy" role="task"
# ## Exercise 1.4: a copy of your own
#
# *3 points*
#
# Write `independent_copy(array)`, which makes a float32 tensor with the values of a NumPy array, in
# memory that nothing else uses.
#
# - **In**: a NumPy array of any shape, of one of the dtypes bool, uint8, int32, int64, float32 and
#   float64. It may be a view of another array, transposed or reversed (`array[::-1]`), it may be
#   read-only, and it may be empty.
# - **Out**: a tensor (no variable and no array), float32, of the same shape, with the same values
#   in the same places, as exactly as float32 can give them.
# - Later changes of the array leave the tensor as it is. The call changes nothing about the array
#   itself.
#
# The first tests cell (1 point) looks at dtype, shape and values, the second (2 points) at
# independence.

# %% [markdown] exercise="independent-copy" role="hint"
# <details><summary>Hint 1</summary>
#
# Two decisions: which dtype, and shared or copied. The seven ways above show which copied whatever
# the dtype. None of them needs a detour through lists, which forget the shape of what is empty.
#
# </details>

# %% [markdown] exercise="independent-copy" role="hint"
# <details><summary>Hint 2</summary>
#
# `tf.constant` copies, and takes a `dtype`.
#
# </details>

# %% exercise="independent-copy" role="solution"
def independent_copy(array: np.ndarray) -> tf.Tensor:
    """Float32 tensor with the values and the shape of an array, in memory of its own."""
    # BEGIN SOLUTION
    return tf.constant(array, dtype=tf.float32)
    # END SOLUTION


# %% exercise="independent-copy" role="tests" points=1
# Exercise 1.4, tests 1 of 2: dtype, shape and values.
def check_values(kind, array):
    called = f"independent_copy(array) for {kind} of {array.dtype}, shape {array.shape},"
    wanted = array.astype("float64")
    try:
        got = independent_copy(array)
    except (tf.errors.InvalidArgumentError, BufferError) as error:
        raise AssertionError(
            f"{called} raised {type(error).__name__} ({str(error)[:60]}…): DLPack hands over the "
            "memory of an array, and not every array's; make a copy.") from None
    assert isinstance(got, tf.Tensor), f"{called} gave a {type(got).__name__}, wanted a tensor."
    assert got.dtype == tf.float32, (
        f"{called} gave {got.dtype.name}, wanted float32: the tensor keeps the dtype of the array "
        "(and lists that of their numbers) unless you name one.")
    shape = tuple(got.shape)
    assert shape == wanted.shape, (
        f"{called} gave shape {shape}, wanted {wanted.shape}" + (
            ": a list of no rows has forgotten how wide they were." if 0 in wanted.shape else "."))
    result = got.numpy().astype("float64")
    assert np.allclose(result, wanted, rtol=1e-6, atol=1e-30), (
        f"{called} gave {result.tolist()}, wanted {wanted.tolist()}: " + (
            "the fractions are lost." if np.allclose(result, np.trunc(wanted)) else
            "same values, same places, no detour through another dtype."))


for kind, array in {"an array": np.array([[0.1, 2.5], [-3.75, 4.0]]),
                    "a reversed array": np.array([1.5, 2.5, 3.5], "float32")[::-1]}.items():
    check_values(kind, array)
# BEGIN HIDDEN TESTS
for kind, array in {"a transposed array": np.arange(6).reshape(2, 3).T,
                    "an array of masks": np.array([True, False, True]),
                    "a scalar array": np.array(1 / 3),
                    "an array with large and small values": np.array([1e30, 1e-20, -70000.25]),
                    "an array of pixels": np.array([[0, 255]], "uint8"),
                    "an array of counts": np.array([-4, 7], "int32"),
                    "a mirrored array": np.arange(6.0).reshape(2, 3)[:, ::-1],
                    "an empty batch": np.zeros((0, 3)),
                    "an empty array": np.zeros((2, 0, 3), "float32")}.items():
    check_values(kind, array)
# END HIDDEN TESTS

# %% exercise="independent-copy" role="tests" points=2
# Exercise 1.4, tests 2 of 2: memory of its own.
def check_independent(kind, dtype, view, lock=False):
    owner = np.arange(1, 7).reshape(2, 3).astype(dtype)
    array = view(owner)
    array.flags.writeable = not lock
    before = array.copy()
    called = f"independent_copy(array) for {kind} of {dtype}"
    got = independent_copy(array)
    assert isinstance(got, tf.Tensor), f"{called} gave a {type(got).__name__}, wanted a tensor."
    right = tuple(got.shape) == before.shape and got.dtype == tf.float32
    assert right and np.array_equal(got.numpy(), before), (
        f"{called} gave wrong values, shape or dtype; get the first tests cell to pass first.")
    assert array.dtype == before.dtype and np.array_equal(array, before), (
        f"{called} changed the array itself, from {before.tolist()} to {array.tolist()}.")
    owner += 10
    assert np.array_equal(got.numpy(), before), (
        f"{called} gave {before.tolist()}; after owner += 10 on the array the tensor says "
        f"{got.numpy().tolist()}: they share memory. DLPack shares always; tf.constant copies.")


for case in [("an array", "float32", lambda a: a[:]), ("an array", "float64", lambda a: a[:])]:
    check_independent(*case)
# BEGIN HIDDEN TESTS
for case in [("a transposed array", "float32", lambda a: a.T), ("a row", "float32", lambda a: a[1]),
             ("a column", "float32", lambda a: a[:, 1]), ("an array", "int64", lambda a: a[:]),
             ("a read-only array", "float32", lambda a: a[:], True)]:
    check_independent(*case)
# END HIDDEN TESTS

# %% [markdown]
# ## Changing a variable
#
# ### Variables
#
# The parameters of a network change in training. Tensors do not change:

# %% tags=["raises-exception"]
matrix[0, 1] = 42.0

# %% [markdown]
# So there is a class for what does: a *variable* holds a tensor, and can be given another one of
# the same shape and dtype. It takes part in computations as a tensor does; what comes out is a
# tensor. `assign` writes everything, and an index before it says where.

# %% listing="S1-09"
v = tf.Variable([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
v.assign(2 * v)
print("doubled:   ", v.numpy().tolist())
v[0, 1].assign(42.0)
print("one cell:  ", v.numpy().tolist())
v[:, 2].assign([0.0, 1.0])
print("a column:  ", v.numpy().tolist())
v.assign_add(tf.ones((2, 3)))
print("all plus 1:", v.numpy().tolist())
print("v is a", type(v).__name__, "and 2 * v a", type(2 * v).__name__)

# %% [markdown]
# Keras has a class `keras.Variable`, which works on other frameworks too. On TensorFlow it holds a
# `tf.Variable`, which it gives as `value`. The weights of Keras layers are of this kind; you will
# meet them in lesson 03.

# %%
weight = keras.Variable([1.0, 2.0])
weight.assign([3.0, 4.0])
print("holds:", weight.numpy().tolist())
print("is a tf.Variable:", isinstance(weight, tf.Variable))
print("its value is one:", isinstance(weight.value, tf.Variable))

# %% [markdown]
# A variable keeps its shape and its dtype. Assign a tensor of another dtype, and it raises. Assign
# a NumPy array, and it is converted, as in a sum.
#
# **Predict**: what does the variable hold?

# %%
counter = tf.Variable([1, 2])
try:
    counter.assign(tf.constant([1.9, -1.9]))
except ValueError:
    print("a tensor: raises")
counter.assign(np.array([1.9, -1.9]))
print("an array:", counter.numpy().tolist(), counter.dtype.name)

# %% [markdown]
# **Then and now.** Books write `v[0, 1] = 42.0` to show that it fails, and it still does, on a
# variable as on a tensor: an assignment needs the method. (In PyTorch this line works on every
# tensor.)

# %% tags=["raises-exception"]
v[0, 1] = 42.0

# %% [markdown]
# ### Writing is not renaming
#
# A function gets a variable, and is to double it for its caller.
#
# **Predict**: after which of the four calls does the caller's variable hold 2? One raises.

# %%
def by_name(v):
    v = v * 2


def by_augmented(v):
    v *= 2


def by_assign(v):
    v.assign(v * 2)


def by_copy(v):
    v = tf.Variable(v)
    v.assign(v * 2)


for function in (by_name, by_augmented, by_assign, by_copy):
    v = tf.Variable([1.0])
    try:
        function(v)
        print(f"{function.__name__:13} {v.numpy().tolist()}")
    except RuntimeError as error:
        print(f"{function.__name__:13} {v.numpy().tolist()} {str(error)[:60]}…")

# %% [markdown]
# `v = …` gives a name inside the function to something else; the caller never learns of it. That is
# *rebinding*. `v *= 2` would rebind too, so TensorFlow forbids it. Only `assign` and its relatives
# write into the variable that the caller holds. A tensor that was read from the variable before
# keeps its numbers:

# %%
v = tf.Variable([1.0, 2.0])
before = v[0]
v.assign([5.0, 6.0])
print("read before:", before.numpy(), " the variable now:", v.numpy().tolist())

# %% [markdown]
# ### Scattered cells
#
# `scatter_nd_update` reaches cells that lie anywhere. It takes a list of places, each with as many
# numbers as the variable has axes, and a list of values. `scatter_nd_add` adds instead. For tensors
# there is `tf.tensor_scatter_nd_update`, which makes a *new* tensor.
#
# **Predict**: what does the variable hold at the end? The place `[1, 0]` is named twice.

# %% listing="S1-10"
v = tf.Variable(tf.zeros((2, 3)))
v.scatter_nd_update(indices=[[0, 0], [1, 2]], updates=[100.0, 200.0])
print("written:          ", v.numpy().tolist())

places, amounts = [[0, 2], [1, 0], [1, 0]], [1.0, 10.0, 100.0]
v = tf.Variable(tf.zeros((2, 3)))
v.scatter_nd_update(places, tf.gather_nd(v, places) + amounts)
print("read, add, write: ", v.numpy().tolist())

v = tf.Variable(tf.zeros((2, 3)))
v.scatter_nd_add(places, amounts)
print("scatter_nd_add:   ", v.numpy().tolist())

# %% [markdown]
# The place `[1, 0]` was to get 10 and 100. In the second line it got one of them. `tf.gather_nd`
# read all the cells, the sum was made, and all the cells were written. Both reads of `[1, 0]` saw
# the old value, and one write went over the other; which one is not even promised. `scatter_nd_add`
# adds one by one.
#
# The same happens wherever things are counted: words in a text, gradients of an embedding.

# %%
words = tf.constant([[2], [0], [2], [2], [1]])
counts = tf.Variable(tf.zeros(3))
counts.scatter_nd_update(words, tf.gather_nd(counts, words) + 1)
print("read, add, write:", counts.numpy().tolist())
counts.assign(tf.zeros(3))
counts.scatter_nd_add(words, tf.ones(5))
print("scatter_nd_add:  ", counts.numpy().tolist())

# %% [markdown]
# One more trap: an index gives a tensor, and so does `tf.reshape`. Only the index of a *variable*
# comes with `assign`. What was reshaped has forgotten where it came from.

# %% tags=["raises-exception"]
tf.reshape(counts, (3, 1))[0].assign([1.0])

# %% [markdown] exercise="scatter-update" role="task"
# ## Exercise 1.5: update a table in place
#
# *4 points*
#
# Write `update_table(table, row, values, places, amounts)`, which changes the caller's table in two
# steps: first the whole row `row` is set to `values`; then each cell named in `places` is increased
# by its amount.
#
# - **In**: `table`, a `tf.Variable`, float32, shape `(n, m)`; `row`, a whole number from 0 to
#   n − 1; and three NumPy arrays: `values`, float32, shape `(m,)`; `places`, int64, shape `(k, 2)`,
#   one `(row, column)` per line; `amounts`, float32, shape `(k,)`. k may be 0.
# - **Out**: the change happens *in* `table`, and everyone who holds the variable sees it. What the
#   function returns does not matter.
# - A place that is named several times gets all of its amounts. A place may lie in the row that was
#   set: the amount then comes on top of the new value.
# - The three arrays are left as they were.
#
# The first tests cell (2 points) names each place once, the second (1 point) repeats places, or
# names none, the third (1 point) looks at the three arrays afterwards.

# %% [markdown] exercise="scatter-update" role="hint"
# <details><summary>Hint 1</summary>
#
# The row is one assignment to an index. For the cells, you have seen which way of adding counts
# repeated places each time. TensorFlow takes the arrays as they are.
#
# </details>

# %% [markdown] exercise="scatter-update" role="hint"
# <details><summary>Hint 2</summary>
#
# `table[row].assign(values)`, then `table.scatter_nd_add` with places and amounts. A loop over the
# places that assigns to one cell at a time is right as well.
#
# </details>

# %% exercise="scatter-update" role="solution"
def update_table(
    table: tf.Variable, row: int, values: np.ndarray, places: np.ndarray, amounts: np.ndarray
) -> None:
    """In place: set a row of table (n, m) to values (m,), add amounts (k,) at places (k, 2)."""
    # BEGIN SOLUTION
    table[row].assign(values)
    table.scatter_nd_add(places, amounts)
    # END SOLUTION


# %% exercise="scatter-update" role="tests" points=2
# Exercise 1.5, tests 1 of 3: a row and scattered cells, each named once.
def check_update(shape, row, places):
    rng = np.random.default_rng(shape[0])
    start = rng.integers(-9, 10, size=shape).astype("float32")
    values = rng.integers(10, 20, size=shape[1]).astype("float32")
    amounts = rng.integers(100, 200, size=len(places)).astype("float32")
    places = np.array(places, dtype="int64")
    table = tf.Variable(start)
    called = f"update_table(table, {row}, values, places, amounts) with places {places.tolist()}"
    update_table(table, row, values.copy(), places.copy(), amounts.copy())

    rows, columns = places.T
    only_row, wanted, replaced, row_last, swapped = (start.copy() for _ in range(5))
    for t in (only_row, wanted, replaced, swapped):
        t[row] = values
    wanted[rows, columns] += amounts
    replaced[rows, columns] = amounts
    row_last[rows, columns] += amounts
    row_last[row] = values
    if rows.max() < shape[1] and columns.max() < shape[0]:
        swapped[columns, rows] += amounts
    likely = {
        "the table is as it was: the change went into something else. table = … only renames, "
        "numpy() copies, and tf.tensor_scatter_nd_add makes a new tensor": start,
        "only the row was set: the cells were changed in a copy, or not at all": only_row,
        "the row was set after the cells, and wiped out an amount": row_last,
        "cells were set to their amounts; the amounts are to be added": replaced,
        "rows and columns of places are exchanged": swapped,
    }
    got = table.numpy()
    cause = next((c for c, v in likely.items() if np.array_equal(got, v)),
                 "first the row, then the cells, all in the caller's variable")
    i, j = map(int, np.unravel_index(np.argmax(got != wanted), shape))
    assert np.array_equal(got, wanted), (
        f"{called}, values {values.tolist()} and amounts {amounts.tolist()}: the cell ({i}, {j}) "
        f"held {start[i, j]} and now holds {got[i, j]}, wanted {wanted[i, j]}: {cause}.")


for case in [((3, 4), 1, [(0, 2), (1, 2), (2, 0)])]:
    check_update(*case)
# BEGIN HIDDEN TESTS
for case in [((4, 4), 3, [(0, 1), (3, 2), (2, 3)]), ((2, 5), 0, [(1, 4), (0, 0), (1, 0)]),
             ((1, 2), 0, [(0, 1)])]:
    check_update(*case)
# END HIDDEN TESTS

# %% exercise="scatter-update" role="tests" points=1
# Exercise 1.5, tests 2 of 3: places that repeat, and nothing to add.
def check_repeats(shape, row, places):
    start = np.arange(shape[0] * shape[1], dtype="float32").reshape(shape)
    values = np.full(shape[1], 50.0, dtype="float32")
    amounts = np.array([1000.0 * 2**i for i in range(len(places))], dtype="float32")
    places = np.array(places, dtype="int64").reshape(-1, 2)
    table = tf.Variable(start)
    called = f"update_table for a table of shape {shape}, row {row}, places {places.tolist()}"
    try:
        update_table(table, row, values.copy(), places.copy(), amounts.copy())
    except (tf.errors.InvalidArgumentError, ValueError, IndexError) as error:
        raise AssertionError(
            f"{called} raised {type(error).__name__} ({str(error).split('}} ')[-1][:80]}…): does "
            "it work for any number of places, none included?") from None
    once, wanted = start.copy(), start.copy()
    once[row] = wanted[row] = values
    for (i, j), amount in zip(places, amounts):
        once[i, j] = (values[j] if i == row else start[i, j]) + amount
        wanted[i, j] += amount
    got = table.numpy()
    cause = "first the row, then all amounts; get the first tests cell to pass first."
    repeated = len({tuple(place) for place in places.tolist()}) < len(places)
    if repeated and np.array_equal(got, once):
        cause = ("a place that is named twice got one of its amounts: all cells were read before "
                 "any was written; scatter_nd_add accumulates.")
    i, j = map(int, np.unravel_index(np.argmax(got != wanted), shape))
    assert np.array_equal(got, wanted), (
        f"{called}, values all 50 and amounts {amounts.tolist()}: the cell ({i}, {j}) held "
        f"{start[i, j]} and now holds {got[i, j]}, wanted {wanted[i, j]}: {cause}")


for case in [((2, 3), 0, [(1, 2), (1, 2), (0, 1)])]:
    check_repeats(*case)
# BEGIN HIDDEN TESTS
for case in [((3, 2), 2, [(2, 0), (0, 1), (2, 0), (2, 0)]), ((3, 2), 1, []),
             ((3, 4), 0, [(1, 1), (2, 3), (1, 1)])]:
    check_repeats(*case)
# END HIDDEN TESTS

# %% exercise="scatter-update" role="tests" points=1
# Exercise 1.5, tests 3 of 3: the arrays are left as they were.
def check_arguments(shape, row, places):
    start = np.arange(shape[0] * shape[1], dtype="float32").reshape(shape)
    values = np.arange(50, 50 + shape[1], dtype="float32")
    places = np.array(places, dtype="int64")
    amounts = np.arange(100, 100 + len(places), dtype="float32")
    given = {"values": values.copy(), "places": places.copy(), "amounts": amounts.copy()}
    table = tf.Variable(start)
    called = f"update_table(table, {row}, values, places, amounts) with places {places.tolist()}"
    try:
        update_table(table, row, *given.values())
    except (tf.errors.InvalidArgumentError, ValueError, IndexError) as error:
        raise AssertionError(f"{called} raised {type(error).__name__}; get the first tests cell to "
                             "pass first.") from None
    wanted = start.copy()
    wanted[row] = values
    wanted[places[:, 0], places[:, 1]] += amounts
    assert np.array_equal(table.numpy(), wanted), (
        f"{called} gave a wrong table; get the first tests cell to pass first.")
    for name, before in (("values", values), ("places", places), ("amounts", amounts)):
        assert np.array_equal(given[name], before), (
            f"{called} changed the caller's {name} from {before.tolist()} to "
            f"{given[name].tolist()}: a function gets the array itself, and a slice of it is a "
            "view; write into a copy.")


for case in [((3, 2), 1, [(0, 1), (1, 0)])]:
    check_arguments(*case)
# BEGIN HIDDEN TESTS
for case in [((2, 3), 0, [(1, 2), (0, 1), (1, 0)]), ((4, 2), 2, [(3, 1)])]:
    check_arguments(*case)
# END HIDDEN TESTS

# %% [markdown]
# ## A short tour: sparse, ragged, text
#
# Not all data are full boxes of numbers. Three kinds come up again and again; this is what to reach
# for.
#
# ### Sparse
#
# A *sparse* tensor stores the places and the values of what is not zero. A table of a million words
# by a million documents fits in memory only like that. It is a class of its own, with functions of
# its own in `tf.sparse`.
#
# **Predict** the product.

# %%
sparse = tf.sparse.SparseTensor(
    indices=[[0, 1], [1, 2]], values=[3.0, 4.0], dense_shape=[2, 3])
print("stored:", sparse.values.numpy().tolist(), end=", ")
print("dense:", tf.sparse.to_dense(sparse).numpy().tolist())
column = tf.constant([[1.0], [10.0], [100.0]])
product = tf.sparse.sparse_dense_matmul(sparse, column)
print("times a column of 1, 10, 100:", product.numpy().tolist())

# %% [markdown]
# Each place is a pair. The places must come in order, row by row, and none twice; many functions
# raise otherwise. `tf.sparse.reorder` sorts them:

# %%
unsorted = tf.sparse.SparseTensor([[1, 2], [0, 1]], [4.0, 3.0], [2, 3])
try:
    tf.sparse.to_dense(unsorted)
except tf.errors.InvalidArgumentError:
    print("out of order; reordered:", end=" ")
print(tf.sparse.to_dense(tf.sparse.reorder(unsorted)).numpy().tolist())

# %% [markdown]
# ### Ragged
#
# Sentences have different lengths. The list of lists that `tf.constant` refused above fits into a
# *ragged* tensor: all values in one row, and the *row splits* between the sentences.
#
# **Predict** the row splits, and the means.

# %%
ragged = tf.ragged.constant([[1.0, 2.0, 3.0], [4.0]])
print("shape:     ", ragged.shape)
print("values:    ", ragged.values.numpy().tolist())
print("row splits:", ragged.row_splits.numpy().tolist())
print("means:     ", tf.reduce_mean(ragged, axis=1).numpy().tolist())
print("padded:    ", ragged.to_tensor(0.0).numpy().tolist())

# %% [markdown]
# `None` in the shape says that the rows differ in length. Most functions of `tf` take ragged
# tensors. The last line shows the common alternative: *pad* all to the same length with a value
# that means nothing. It works with everything, and every mean must then leave the padding out: the
# mean of the second padded row is 1.33, of its values 4.
#
# ### Text
#
# TensorFlow has tensors of strings. Each entry is a string of *bytes*, of any length, and counts as
# one entry: its length is no part of the shape. The functions are in `tf.strings`.
#
# **Predict**: how long is "né"?

# %%
texts = tf.constant(["né", "to be or not"])
print("shape:     ", texts.shape, texts.dtype.name)
print("bytes:     ", tf.strings.length(texts).numpy().tolist())
print("characters:", tf.strings.length(texts, unit="UTF8_CHAR").numpy().tolist())
print("the codes: ", tf.strings.unicode_decode(texts[0], "UTF-8").numpy().tolist())
print("words:     ", tf.strings.split(texts).to_list())

# %% [markdown]
# The words come as a ragged tensor, since the texts have different numbers of them.
#
# ## PyTorch and Keras side by side
#
# | idea | PyTorch | TensorFlow and Keras 3 |
# |---|---|---|
# | make one | `torch.tensor([1.0, 2.0])` | `tf.constant([1.0, 2.0])` |
# | whole numbers become | `int64` | `int32` |
# | new axis | `t[:, None]`, `t.unsqueeze(1)` | `t[:, tf.newaxis]`, `ops.expand_dims(t, 1)` |
# | rows 1 and 0 | `t[[1, 0]]` | `tf.gather(t, [1, 0])`; `t[[1, 0]]` is `t[1, 0]` |
# | transpose | `t.T`, `t.permute(1, 2, 0)` | `tf.transpose(t)`, `tf.transpose(t, [1, 2, 0])` |
# | reduce | `t.sum(dim=0, keepdim=True)` | `tf.reduce_sum(t, axis=0, keepdims=True)` |
# | mean of whole numbers | raises | `tf.reduce_mean`: a whole number; `ops.mean`: a float |
# | `float32 + int64` | `float32` | raises; `ops.add` gives `float32` |
# | sum of `uint8` | in `int64` | `tf.reduce_sum`: in `uint8`, overflows |
# | convert | `t.to(torch.float32)` | `tf.cast(t, tf.float32)` |
# | array to tensor | `from_numpy` shares, `tensor` copies | `tf.constant` copies |
# | tensor to array | `t.numpy()` shares | `t.numpy()` copies |
# | slices | views | values that nothing can change |
# | what can change | every tensor | `tf.Variable`, `keras.Variable` |
# | set a cell | `t[0, 1] = 42.0` | `v[0, 1].assign(42.0)` |
# | add to scattered cells | `index_put_(…, accumulate=True)` | `v.scatter_nd_add(…)` |
# | index out of range | raises | raises; `tf.gather` on a GPU gives 0 |
# | sparse | `torch.sparse_coo_tensor` | `tf.sparse.SparseTensor` |
# | ragged | `torch.nested.nested_tensor` | `tf.ragged.constant` |
# | text | none: numbers | `tf.string` |

# %% [markdown]
# ## Summary
#
# - A tensor is memory with a shape and a dtype, and does not change. A list of floats gives
#   `float32`, an array keeps its dtype. `()`, `(1,)` and `(1, 1)` are three shapes.
# - An index by a number removes an axis, a slice keeps it, `tf.newaxis` adds one. Lists of places
#   are for `tf.gather`. A reduction removes the axis that it names, unless `keepdims=True`.
# - `tf.reshape` cuts one row of numbers anew; `tf.transpose` exchanges axes. Only one of them keeps
#   examples apart.
# - Broadcasting aligns shapes at the right. `(n,)` against `(n, 1)` gives `(n, n)`, without a word.
# - Tensors of different dtypes do not mix; arrays beside tensors are converted in silence;
#   `keras.ops` promotes. Small whole numbers overflow. Convert before you compute.
# - `tf.constant` and `numpy()` copy; views of arrays and DLPack share; `np.asarray` shares where it
#   has nothing to convert.
# - `v = …` renames; `assign`, with an index or without, writes. Where a place may be named twice,
#   `scatter_nd_add`.

# %% [markdown]
# ## Where to read on
#
# - [Introduction to tensors](https://www.tensorflow.org/guide/tensor) and
#   [Introduction to variables](https://www.tensorflow.org/guide/variable), TensorFlow's own guides.
# - [Introduction to tensor slicing](https://www.tensorflow.org/guide/tensor_slicing), with gather
#   and scatter.
# - [Ragged tensors](https://www.tensorflow.org/guide/ragged_tensor),
#   [sparse tensors](https://www.tensorflow.org/guide/sparse_tensor) and
#   [Unicode strings](https://www.tensorflow.org/text/guide/unicode).
# - [Keras ops](https://keras.io/api/ops/), the functions that work on every framework.
# - [NumPy: broadcasting](https://numpy.org/doc/stable/user/basics.broadcasting.html), with
#   pictures.
# - A. Géron, *Hands-On Machine Learning*, chapter 12, "Custom Models and Training with TensorFlow":
#   its section on tensors is where this lesson started.
#
# Next: lesson 02 records what is computed with tensors, and differentiates it.
