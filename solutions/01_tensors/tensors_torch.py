# %% [markdown]
# # Tensors
#
# Everything that a neural network takes in, holds and gives out is a *tensor*: a block of numbers
# of one type, arranged along axes. Most of the errors that you will meet in this course are tensors
# of the wrong shape or of the wrong type, and the worst of them raise nothing at all. In this
# lesson you learn to say what comes out before you run a line, and to change tensors without
# changing what belongs to someone else.
#
# **Afterwards you can**
#
# - make tensors, and tell their shape and their type of number before you look;
# - pick out any part of a tensor, move its axes, and reduce along the axes that you mean;
# - work out the shape that two shapes broadcast to, and spot the case that is wrong in silence;
# - say which type comes out when types meet, and convert on purpose;
# - tell memory that is shared from memory that is copied, between tensors and with NumPy;
# - change rows and single cells of a tensor in place, the same cell twice included.
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
import warnings

import matplotlib.pyplot as plt
import numpy as np
import torch

# %% [markdown]
# ## How a notebook works
#
# If you have worked with notebooks before, skip to what this section says of exercises. A notebook
# is a list of *cells*. Cells of text, like this one, are for reading. Cells of code are for
# running: click into one and press Shift+Enter, and what it prints appears below it. Begin with the
# *setup* cell above, which imports what the lesson needs.
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
# *rank*; PyTorch calls it `ndim`.
#
# **Predict**: which shape has each of these three?

# %% listing="S1-01 S1-02 S1-05"
matrix = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
vector = torch.tensor([1.0, 2.0, 3.0])
scalar = torch.tensor(42)
for name, t in (("matrix", matrix), ("vector", vector), ("scalar", scalar)):
    print(f"{name}: rank {t.ndim}, shape {tuple(t.shape)}, dtype {t.dtype}")

# %% [markdown]
# A *scalar* is a tensor without axes: its shape is the empty tuple, and it holds one number, which
# `item()` takes out. The shapes `()`, `(1,)` and `(1, 1)` hold one number each and are three
# different things. Likewise `(3,)`, a row of three numbers, is not `(1, 3)`, a *batch* that has one
# row.

# %%
one_number = (torch.tensor(7.0), torch.tensor([7.0]), torch.tensor([[7.0]]))
print([tuple(t.shape) for t in one_number], [t.item() for t in one_number])
print(tuple(vector.shape), "is not", tuple(torch.tensor([[1.0, 2.0, 3.0]]).shape))

# %% [markdown]
# Nobody said which dtype to use. PyTorch looked at the Python numbers.
#
# **Predict** the four dtypes.

# %%
for values in ([1, 2], [1, 2.5], [True, False], [True, 2]):
    print(values, "->", torch.tensor(values).dtype)

# %% [markdown]
# Python's floats become `float32`, the usual type of a network, although Python itself counts in
# 64 bits. Whole numbers become `int64`, and so do booleans among them. If you want something else,
# say so: `dtype=torch.float32` works wherever a tensor is made. Here are the usual ways to make one
# without typing its numbers.

# %%
makers = {
    "torch.zeros(2, 3)": torch.zeros(2, 3),
    "torch.full((2,), 7)": torch.full((2,), 7),
    "torch.arange(4)": torch.arange(4),
    "torch.linspace(0, 1, 5)": torch.linspace(0, 1, 5),
    "torch.ones_like(matrix)": torch.ones_like(matrix),
}
for code, t in makers.items():
    print(f"{code:24} {tuple(t.shape)!s:7} {t.dtype!s:14} {t.tolist()}")

# %% [markdown]
# A tensor has no holes and no ragged edges: all rows are equally long. It may well be empty. A
# batch of zero rows of width 3 has shape `(0, 3)`, which is not the same as `(0,)`. You get one
# when a filter has let nothing through, and code that you write should survive it.

# %%
print("an empty batch:", tuple(torch.zeros(0, 3).shape), "holds", torch.zeros(0, 3).numel())

# %% tags=["raises-exception"]
torch.tensor([[1, 2, 3], [4, 5]])

# %% [markdown]
# **Then and now.** Under this name the lessons show what no longer works, or never did what was
# said of it, and how it is done today. Some of it comes from books, whose printed programs we call
# *listings*; they are named at the end of each lesson, and you need none of them.
#
# Old code writes `torch.Tensor`, with a capital letter: the class itself, and not the function. It
# takes lists as the function does, always makes `float32` of them, and does something else if it is
# given numbers.
#
# **Predict** the three shapes.

# %%
print("torch.Tensor([3])  ", tuple(torch.Tensor([3]).shape), torch.Tensor([3]).dtype)
print("torch.Tensor(3)    ", tuple(torch.Tensor(3).shape))
print("torch.Tensor(2, 3) ", tuple(torch.Tensor(2, 3).shape))

# %% [markdown]
# `torch.Tensor(3)` is no tensor that holds a 3, but three numbers that nobody has set: whatever lay
# in memory at that place. Write `torch.tensor`.

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
# | `None` | no old axis: a new one, of length 1, at this place |
#
# `torch.newaxis` is another name for `None`.
#
# **Predict** the shape of each line, for the 2 by 3 matrix from above.

# %% listing="S1-03"
parts = {
    "matrix[1]": matrix[1],
    "matrix[:, 1]": matrix[:, 1],
    "matrix[:, 1:2]": matrix[:, 1:2],
    "matrix[..., 1, None]": matrix[..., 1, None],
    "matrix[None, :, 0]": matrix[None, :, 0],
}
for code, t in parts.items():
    print(f"{code:21} {tuple(t.shape)!s:7} {t.tolist()}")

# %% [markdown]
# `matrix[:, 1]` and `matrix[:, 1:2]` hold the same two numbers. The first has lost the axis, the
# second kept it. Which of them you have decides what the next operation does, as you will see.
#
# Two more kinds of entries pick any places: a list of places, and a *mask*, a tensor of booleans.

# %%
print("rows 1, 0 and 1:", matrix[[1, 0, 1]].tolist())
print("greater than 2: ", matrix[matrix > 2].tolist())

# %% [markdown]
# An index out of range raises. A slice does not: it takes what is there, be it nothing.
#
# **Predict**: which shape has `matrix[:, 3:5]`?

# %%
print(tuple(matrix[:, 3:5].shape))

# %% tags=["raises-exception"]
matrix[:, 3]

# %% [markdown]
# Nor may a step be negative in PyTorch, as it may in NumPy. `flip` turns an axis around.

# %%
print(matrix.flip(1).tolist())

# %% tags=["raises-exception"]
matrix[:, ::-1]

# %% [markdown]
# ### Reshaping is not transposing
#
# A tensor keeps its numbers in one long row in memory, with the last axis running fastest.
# `reshape` leaves that row as it is and cuts it into other lengths. `.T` and `permute` exchange
# *axes*: what was at `[i, j]` is now at `[j, i]`. Both can turn shape `(2, 3)` into `(3, 2)`.
#
# **Predict**: what stands in the first row of each?

# %%
count = torch.arange(6).reshape(2, 3)
panels = {"count": count, "count.T": count.T, "count.reshape(3, 2)": count.reshape(3, 2)}
fig, axes = plt.subplots(1, 3, figsize=(8, 2.8), layout="constrained")
for axis, (title, t) in zip(axes, panels.items()):
    axis.imshow(t.tolist(), cmap="viridis", vmin=-1, vmax=8)
    axis.set(title=f"{title}, {tuple(t.shape)}", xticks=[], yticks=[])
    for i in range(t.shape[0]):
        for j in range(t.shape[1]):
            axis.text(j, i, t[i, j].item(), ha="center", va="center", color="white", fontsize=14)
plt.show()
print("transposed:", count.T.tolist())
print("reshaped:  ", count.reshape(3, 2).tolist())

# %% [markdown]
# In the middle, columns have become rows, colours and all. On the right, the numbers still count
# from left to right, and numbers that stood in different rows now share one. If rows are examples,
# `reshape` has mixed the examples, and the shape does not give it away. So: `reshape` to merge or
# split *neighbouring* axes, `permute` to change their *order*. `permute(1, 2, 0)` says which old
# axis comes first, second and third.
#
# **Predict** the two shapes.

# %%
stack = torch.zeros(2, 3, 4)
print(tuple(stack.permute(1, 2, 0).shape), tuple(stack.reshape(6, 4).shape))

# %% [markdown]
# ## Computing
#
# Operators act on each number by itself: `+`, `*`, `**`, and functions such as `torch.sqrt`. The
# product of matrices has a sign of its own, `@`.

# %% listing="S1-04"
print("matrix + 10:       ", (matrix + 10).tolist())
print("square:            ", torch.square(matrix).tolist())
print("matrix * matrix:   ", (matrix * matrix).tolist())
print("matrix @ matrix.T: ", (matrix @ matrix.T).tolist())

# %% [markdown]
# ### Reductions
#
# A sum, a mean or a maximum can be taken over everything, or along one axis. The axis that you name
# as `dim` is the one that *disappears*. With `keepdim=True` it stays, with length 1.
#
# **Predict** the four shapes.

# %%
reductions = {
    "matrix.sum()": matrix.sum(),
    "matrix.sum(dim=0)": matrix.sum(dim=0),
    "matrix.sum(dim=1)": matrix.sum(dim=1),
    "matrix.sum(dim=1, keepdim=True)": matrix.sum(dim=1, keepdim=True),
}
for code, t in reductions.items():
    print(f"{code:32} {tuple(t.shape)!s:7} {t.tolist()}")

# %% [markdown]
# Some things to know, each of which has cost somebody an afternoon:

# %%
whole = torch.tensor([1, 2, 4])
largest = matrix.max(dim=1)
print("sum of uint8 200 and 100:   ", torch.tensor([200, 100], dtype=torch.uint8).sum().item())
print("mean of whole numbers:      ", round(whole.to(torch.float32).mean().item(), 3))
print("max along an axis is a pair:", largest.values.tolist(), "at", largest.indices.tolist())
print("sum of an empty batch:      ", torch.zeros(0, 3).sum(dim=0).tolist())
print("mean of an empty batch:     ", torch.zeros(0, 3).mean(dim=0).tolist())

# %% tags=["raises-exception"]
whole.mean()

# %% [markdown]
# A sum of small whole numbers is counted in `int64`; a mean of whole numbers raises, since it would
# have to be a fraction (TensorFlow gives 2 here, without a word). The sum over nothing is 0, and
# the mean over nothing is `nan`, *not a number*.
#
# `squeeze` removes axes of length 1. Without an argument it removes *all* of them, and which axes
# have length 1 depends on the data.
#
# **Predict** both shapes: a batch of four rows, and a batch of one.

# %%
for batch in (torch.ones(4, 3, 1), torch.ones(1, 3, 1)):
    print(tuple(batch.shape), "squeeze() ->", tuple(batch.squeeze().shape), end=", ")
    print("squeeze(dim=2) ->", tuple(batch.squeeze(dim=2).shape))

# %% [markdown]
# The code worked for months, and then the last batch had one row. Name the axis.
#
# Last, `torch.einsum` names axes by letters: those on the left and not on the right are summed
# over, and the right side gives the order. It is the clearest way to write a sum and a transpose in
# one go.

# %%
print(torch.einsum("ij->j", matrix).tolist(), "are the sums of columns")
print(tuple(torch.einsum("abc->ca", stack).shape))

# %% [markdown] exercise="select-reduce" role="task"
# ## Exercise 1.1: select, reduce, rearrange
#
# *3 points*
#
# Measurements come as `x[example, sensor, day]`. Write `window_means(x, start, stop)`, which takes
# for each example and each sensor the mean over the days `start`, `start + 1`, … up to and
# *without* `stop`.
#
# - **In**: `x`, float32, shape `(examples, sensors, days)`; whole numbers
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
# `reshape`, look at the figure again.
#
# </details>

# %% [markdown] exercise="select-reduce" role="hint"
# <details><summary>Hint 2</summary>
#
# `x[:, :, start:stop].mean(dim=2, keepdim=True)` has shape `(examples, sensors, 1)`. The old axes
# 1, 2 and 0 are to become the first, second and third: `permute` takes just these numbers.
#
# </details>

# %% exercise="select-reduce" role="solution"
def window_means(x: torch.Tensor, start: int, stop: int) -> torch.Tensor:
    """Mean of the days start to stop - 1; (examples, sensors, days) to (sensors, 1, examples)."""
    # BEGIN SOLUTION
    return x[:, :, start:stop].mean(dim=2, keepdim=True).permute(1, 2, 0)
    # END SOLUTION


# %% exercise="select-reduce" role="tests" points=2
# Exercise 1.1, tests 1 of 2: the right numbers in the right places.
def check_window(examples, sensors, days, start, stop):
    numbers = np.random.default_rng(days).normal(size=(examples, sensors, days)).astype("float32")
    called = f"window_means(x, {start}, {stop}) for x of shape {numbers.shape}"
    got = window_means(torch.from_numpy(numbers.copy()), start, stop)
    assert type(got) is torch.Tensor, f"{called} gave {type(got).__name__}, not a torch.Tensor."
    shape, wanted_shape = tuple(got.shape), (sensors, 1, examples)
    cause = {
        (sensors, examples): "the axis of the days is gone: keepdim=True keeps it, None adds one.",
        (examples, sensors): "the axis of the days is gone, and the others want exchanging.",
        (examples, sensors, 1): "the mean is there; now permute the axes.",
        (examples, 1, sensors): "examples and sensors want exchanging.",
        (days, 1, examples): "the mean ran along the sensors; it belongs along the days.",
        (sensors, 1, days): "the mean ran along the examples; it belongs along the days.",
    }.get(shape, "slice the last axis, take the mean along it, then bring the axes in order.")
    assert shape == wanted_shape, f"{called} gave shape {shape}, wanted {wanted_shape}: {cause}"
    assert got.dtype == torch.float32, f"{called} gave {got.dtype}, wanted torch.float32."

    x, got = numbers.astype("float64"), got.detach().numpy()

    def means(first, last):
        return x[:, :, first:last].mean(axis=2).T[:, None, :]

    wanted = means(start, stop)
    likely = {
        "the means are right and in wrong places: reshape does not exchange axes, permute does":
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
    got = window_means(torch.from_numpy(numbers.copy()), start, stop)
    assert type(got) is torch.Tensor, f"{called} gave {type(got).__name__}, not a torch.Tensor."
    shape, wanted_shape = tuple(got.shape), (sensors, 1, examples)
    assert shape == wanted_shape, (
        f"{called} gave shape {shape}, wanted {wanted_shape}. If the first tests cell passes: "
        "squeeze() without an axis removes every axis of length 1, and a reshape to -1 cannot "
        "tell how many there were; name each axis.")
    wanted = numbers.astype("float64")[:, :, start:stop].mean(axis=2).T[:, None, :]
    assert np.allclose(got.detach().numpy(), wanted, rtol=1e-4, atol=1e-5), (
        f"{called} gave {got.detach().double().numpy().round(3).tolist()}, wanted "
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
    print(a, "and", b, "->", tuple((torch.ones(a) + torch.ones(b)).shape))

# %% [markdown]
# An axis of length 1 stretches to any length, and 0 is a length. Lengths that merely divide each
# other, such as 2 and 4, do not fit; nothing is ever repeated except a 1.

# %% tags=["raises-exception"]
torch.ones(3, 2) + torch.ones(3)

# %% [markdown]
# This is why `keepdim=True` exists. To subtract from each row its own mean, the means must stand in
# a column.

# %%
square = torch.tensor([[1.0, 3.0], [10.0, 30.0]])
print("means:           ", square.mean(dim=1).tolist())
print("with keepdim:    ", (square - square.mean(dim=1, keepdim=True)).tolist())
print("without keepdim: ", (square - square.mean(dim=1)).tolist())

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
targets = torch.tensor([1.0, 2.0, 3.0, 4.0, 5.0])
predictions = targets[:, None]
differences = predictions - targets
print("shapes:", tuple(predictions.shape), "and", tuple(targets.shape))
print("loss:  ", (differences**2).mean().item())
print("wanted:", ((predictions[:, 0] - targets) ** 2).mean().item())
useless = torch.full((5, 1), 3.0)
print("loss of a model that always says 3:", ((useless - targets) ** 2).mean().item())

# %%
fig, axes = plt.subplots(1, 2, figsize=(7.5, 3), width_ratios=[3, 2], layout="constrained")
both = ((differences, "(5, 1) − (5,)"), (predictions - targets[:, None], "(5, 1) − (5, 1)"))
for axis, (t, title) in zip(axes, both):
    axis.imshow(t.tolist(), cmap="coolwarm", vmin=-4, vmax=4)
    axis.set(title=f"{title} → {tuple(t.shape)}", xticks=[], ylabel="example")
    for i in range(t.shape[0]):
        for j in range(t.shape[1]):
            axis.text(j, i, f"{t[i, j].item():.0f}", ha="center", va="center")
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
# - **Out**: a tuple of whole numbers (`torch.Size` is one too), or `None` if the two shapes do not
#   fit together. Nothing is raised.
#
# You may loop over the axes yourself, or find a function of PyTorch or NumPy that does it. The
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
# take `m`; otherwise return `None`. (Or put `torch.broadcast_shapes(a, b)` in a `try`, and catch
# the `RuntimeError` of shapes that do not fit.)
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
    except (IndexError, ValueError, RuntimeError) as error:
        if isinstance(error, NotImplementedError):
            raise
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
    except (IndexError, ValueError, RuntimeError) as error:
        if isinstance(error, NotImplementedError):
            raise
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
# **Then and now.** The books that teach TensorFlow say that there are *no* implicit casts: a
# `float32` and a whole number cannot be added, by design, since silent conversions cost time and
# precision that nobody asked for. PyTorch has decided otherwise. It *promotes*: booleans become
# whole numbers, whole numbers become floats, and among dtypes of one kind the wider one wins.
#
# **Predict** the six results, the last two above all.

# %% listing="S1-07"
f32 = torch.tensor([1.0, 2.0])
f64 = torch.tensor([1.0, 2.0], dtype=torch.float64)
i64 = torch.tensor([1, 2])
u8 = torch.tensor([200, 100], dtype=torch.uint8)
sums = {
    "float32 + int64": f32 + i64,
    "float32 + float64": f32 + f64,
    "uint8 + int64": u8 + i64,
    "int64 + 2.5": i64 + 2.5,
    "float32 + a float64 scalar": f32 + torch.tensor(1.0, dtype=torch.float64),
    "uint8 + uint8": u8 + u8,
}
for what, t in sums.items():
    print(f"{what:28} {t.dtype!s:14} {t.tolist()}")

# %% [markdown]
# A Python number or a tensor *without axes* counts for its kind only: 2.5 makes floats of whole
# numbers, but a 64-bit scalar makes no `float64` of a `float32` vector. A `float64` vector does,
# and from there it spreads through everything that follows, twice the size and slower. And
# `uint8 + uint8` stays `uint8`: 200 + 200 is 400, which is 144 more than 256. The type of images
# overflows in silence.
#
# Promotion has its limits. A product of matrices does not promote:

# %% tags=["raises-exception"]
torch.ones(2, 2) @ torch.ones(2, 2, dtype=torch.float64)

# %% [markdown]
# Nor does anything that writes into an existing tensor, for its dtype is settled. To add 0.5 to
# whole numbers with `+=` raises. An assignment does not raise.
#
# **Predict**: what does the tensor hold?

# %%
whole = torch.tensor([1, 2, 4])
try:
    whole += 0.5
except RuntimeError as error:
    print("+= raises:", error)
whole[0] = 2.7
print("assigned:", whole.tolist(), whole.dtype)

# %% [markdown]
# ### Converting on purpose
#
# `t.to(torch.float32)`, or `t.float()` for short, converts. From float to whole numbers the
# fraction is cut off, towards zero. And `float32` cannot hold every whole number: from 2²⁴ =
# 16,777,216 on there are gaps.
#
# **Predict** the last line: does `to` make a new tensor if there is nothing to convert?

# %% listing="S1-08"
print("to int64:", torch.tensor([2.7, -2.7]).to(torch.int64).tolist())
print("2**24 + 1 in float32:", torch.tensor(2**24 + 1).to(torch.float32).to(torch.int64).item())
print("7 / 2:", (torch.tensor(7) / 2).item(), " -7 // 2:", (torch.tensor(-7) // 2).item())
print("the same tensor:", f32.to(torch.float32) is f32)

# %% [markdown]
# It gives back the tensor that it was called on. So never write *into* the result of a `to`:
# whether the caller's tensor changes with it depends on the dtype that it came with.

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
# - `a` and `b` are left as they were.
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
# Convert both, then add: `a.to(torch.float32)`, and the same for `b`. Add with `+`, which makes a
# new tensor. (`a.to(torch.float32)` may be `a` itself, so `add_` or `+=` on it would change the
# caller's tensor.)
#
# </details>

# %% exercise="mixed-sum" role="solution"
def mixed_sum(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Sum of two tensors of one shape and any dtypes, as float32 of that shape."""
    # BEGIN SOLUTION
    return a.to(torch.float32) + b.to(torch.float32)
    # END SOLUTION


# %% exercise="mixed-sum" role="tests" points=2
# Exercise 1.3, tests 1 of 2: dtypes that differ, and arguments that stay as they were.
def check_mixed(values_a, dtype_a, values_b, dtype_b):
    first, second = np.array(values_a, dtype_a), np.array(values_b, dtype_b)
    a, b = torch.from_numpy(first.copy()), torch.from_numpy(second.copy())
    called = f"mixed_sum({values_a} as {dtype_a}, {values_b} as {dtype_b})"
    got = mixed_sum(a, b)
    assert type(got) is torch.Tensor, f"{called} gave {type(got).__name__}, not a torch.Tensor."
    wanted = first.astype("float64") + second.astype("float64")
    assert tuple(got.shape) == wanted.shape, (
        f"{called} gave shape {tuple(got.shape)}, wanted {wanted.shape}.")
    result = got.detach().double().numpy()
    if not np.allclose(result, wanted, rtol=1e-6, atol=1e-6):
        cut = [np.trunc(n.astype("float64")) for n in (first, second)]
        cause = "convert both to float32, then add."
        if np.allclose(result, cut[0] + cut[1]):
            cause = "fractions were cut off on the way: a float was converted to whole numbers."
        raise AssertionError(
            f"{called} gave {result.tolist()}, wanted {wanted.tolist()}: {cause}")
    assert got.dtype == torch.float32, (
        f"{called} gave {got.dtype}, wanted torch.float32: a sum has the dtype to which the two "
        "are promoted; convert both to float32.")
    for name, t, before in (("a", a, first), ("b", b, second)):
        assert t.numpy().dtype == before.dtype and np.array_equal(t.numpy(), before), (
            f"{called} changed its argument {name} to {t.tolist()}: where there is nothing to "
            "convert, to() gives back the tensor itself, and += or add_ writes into it.")


for case in [([1.5, -2.25], "float32", [2, 3], "int64"), ([4, -1], "int32", [0.75, 0.5], "float64"),
             ([2, 5], "int64", [1, 1], "int64")]:
    check_mixed(*case)
# BEGIN HIDDEN TESTS
for case in [([0.1, -0.9], "float64", [0.7, 2.6], "float32"), (2.5, "float64", 3, "uint8"),
             ([3, -7], "int64", [-0.5, 0.5], "float32"), ([2049.0], "float32", [0.25], "float32"),
             ([True, False], "bool", [0.5, 1.5], "float64"),
             ([[7], [9]], "uint8", [[-8], [1]], "int32"),
             ([0.1, 3e-6], "float64", [0.2, 5e-6], "float64"),
             (np.zeros((0, 3)), "float64", np.ones((0, 3)), "bool")]:
    check_mixed(*case)
# END HIDDEN TESTS

# %% exercise="mixed-sum" role="tests" points=1
# Exercise 1.3, tests 2 of 2: sums that the dtype of the arguments cannot hold.
def check_overflow(values_a, values_b, dtype):
    first, second = np.array(values_a, dtype), np.array(values_b, dtype)
    called = f"mixed_sum({values_a}, {values_b}), both {dtype},"
    got = mixed_sum(torch.from_numpy(first.copy()), torch.from_numpy(second.copy()))
    assert type(got) is torch.Tensor, f"{called} gave {type(got).__name__}, not a torch.Tensor."
    wanted = first.astype("float64") + second.astype("float64")
    assert tuple(got.shape) == wanted.shape and got.dtype == torch.float32, (
        f"{called} gave shape {tuple(got.shape)}, {got.dtype}, wanted {wanted.shape}, float32; "
        "get the first tests cell to pass first.")
    result, inside = got.detach().double().numpy(), (first + second).astype("float64")
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
# Data come as NumPy arrays as often as not. `torch.tensor(array)` makes a tensor of an array,
# `t.numpy()` an array of a tensor, and NumPy's own functions then take the array.

# %% listing="S1-06"
array = np.array([2.0, 4.0, 5.0])
from_array = torch.tensor(array)
print("array:      ", array.dtype, array.tolist())
print("as a tensor:", from_array.dtype, torch.square(from_array).tolist())
print("and back:   ", type(matrix.numpy()).__name__, np.square(matrix.numpy()).tolist())

# %% [markdown]
# Note the dtype. NumPy counts in `float64`, and the tensor keeps what the array had, where a list
# of the same numbers gives `float32`. Add one such tensor to the values of a network, and promotion
# carries `float64` on. Say `dtype=torch.float32` at the border.
#
# **Then and now.** Books say that the two can be mixed freely, NumPy's functions on tensors and the
# other way round. In TensorFlow they can. In PyTorch an operation wants tensors. A tensor plus an
# array gives a result and a warning. An array plus a tensor raises, and the message names something
# that nobody wanted to do:

# %%
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    total = torch.ones(2) + np.ones(2)
print(total.dtype, [warning.category.__name__ for warning in caught])

# %% tags=["raises-exception"]
np.ones(2) + torch.ones(2)

# %% [markdown]
# ### Shared or copied?
#
# An array is a piece of memory with a shape and a dtype. So is a tensor, and PyTorch often lets
# both use *the same* piece, because a copy costs time.
#
# ```mermaid
# flowchart LR
#     array["array (NumPy)"] --> memory[("2.0, 4.0, 5.0")]
#     shared["torch.from_numpy(array)"] --> memory
#     part["a slice of it"] --> memory
#     copied["torch.tensor(array)"] --> other[("2.0, 4.0, 5.0")]
# ```
#
# The next cell makes a tensor of an array in five ways, then writes a 9 into the array and looks
# whether the tensor has changed too.
#
# **Predict** the five answers.

# %%
ways = {
    "torch.tensor(array)": lambda array: torch.tensor(array),
    "torch.from_numpy(array)": lambda array: torch.from_numpy(array),
    "torch.as_tensor(array)": lambda array: torch.as_tensor(array),
    "torch.as_tensor(array, float32)": lambda array: torch.as_tensor(array, dtype=torch.float32),
    "from_numpy(array).float()": lambda array: torch.from_numpy(array).float(),
}
for dtype in ("float64", "float32"):
    print(f"an array of {dtype}:")
    for code, make in ways.items():
        array = np.zeros(3, dtype)
        t = make(array)
        array[0] = 9
        print(f"    {code:32} {str(t.dtype):14}", "shared" if t[0] == 9 else "copied")

# %% [markdown]
# Look at the last two ways. On the `float64` array they had to convert and so had to copy. On the
# `float32` array there was nothing to convert, and they shared. Whether you got memory of your own
# depended on what the caller happened to pass in. Such code passes every test on `float64` data and
# corrupts somebody's `float32` data later.
#
# The way back shares too: `t.numpy()` is a view of the tensor, for writing as well.

# %%
t = torch.zeros(3)
t.numpy()[1] = 7
print(t.tolist())

# %% [markdown]
# Between tensors it is the same. A slice, a transpose, a new axis are *views*: another shape on the
# same memory. A list of places or a mask makes a copy, and `clone()` always does. `reshape` gives a
# view where it can, and a copy where it cannot.
#
# **Predict**: which of these share memory with `base`?

# %%
views = {
    "base[0]": lambda base: base[0],
    "base[:, 1:]": lambda base: base[:, 1:],
    "base.T": lambda base: base.T,
    "base.reshape(6)": lambda base: base.reshape(6),
    "base.T.reshape(6)": lambda base: base.T.reshape(6),
    "base[[0, 1]]": lambda base: base[[0, 1]],
    "base[base >= 0]": lambda base: base[base >= 0],
    "base.clone()": lambda base: base.clone(),
}
for code, view in views.items():
    base = torch.zeros(2, 3)
    view(base)[...] = 1
    print(f"{code:18}", "shared" if base.sum() > 0 else "copied")

# %% [markdown]
# Two kinds of arrays resist. An array that was reversed by a negative step, `array[::-1]`, is
# stored as it was and read backwards; tensors cannot do that, and `torch.tensor` and
# `torch.from_numpy` raise. And an array may be marked *read-only*, which tensors cannot be.
# `torch.from_numpy` warns once and shares all the same, and then the tensor is a way around the
# lock:

# %%
locked = np.zeros(3, dtype="float32")
locked.flags.writeable = False
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # "The given NumPy array is not writable, ..."
    torch.from_numpy(locked)[0] = 5
print(locked.tolist())

# %% tags=["raises-exception"]
torch.tensor(np.arange(3.0)[::-1])

# %% [markdown]
# Both are mended on NumPy's side: `array.copy()` is stored forwards, writable and yours.

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
# - **Out**: a tensor, float32, of the same shape, with the same values in the same places, as
#   exactly as float32 can give them.
# - Later changes of the array leave the tensor as it is; later changes of the tensor leave the
#   array as it is. The call changes nothing about the array itself.
#
# The first tests cell (1 point) looks at dtype, shape and values, the second (2 points) at
# independence.

# %% [markdown] exercise="independent-copy" role="hint"
# <details><summary>Hint 1</summary>
#
# One of the five ways above copied whatever the dtype, but raises for an array with a negative
# step. What can be done about that before PyTorch sees the array?
#
# </details>

# %% [markdown] exercise="independent-copy" role="hint"
# <details><summary>Hint 2</summary>
#
# `array.copy()` is a new array without negative steps. `torch.tensor(…, dtype=torch.float32)` takes
# it. (Or `torch.from_numpy(array.astype("float32"))`: `astype` copies even if the dtype is float32
# already, and the tensor then shares memory with that copy only.)
#
# </details>

# %% exercise="independent-copy" role="solution"
def independent_copy(array: np.ndarray) -> torch.Tensor:
    """Float32 tensor with the values and the shape of an array, in memory of its own."""
    # BEGIN SOLUTION
    return torch.tensor(array.copy(), dtype=torch.float32)
    # END SOLUTION


# %% exercise="independent-copy" role="tests" points=1
# Exercise 1.4, tests 1 of 2: dtype, shape and values.
def check_values(kind, array):
    called = f"independent_copy(array) for {kind} of {array.dtype}, shape {array.shape},"
    wanted = array.astype("float64")
    try:
        got = independent_copy(array)
    except ValueError as error:
        raise AssertionError(
            f"{called} raised ValueError ({str(error)[:60]}…): tensors cannot step backwards "
            "through memory; make a copy in NumPy first.") from None
    assert type(got) is torch.Tensor, f"{called} gave {type(got).__name__}, not a torch.Tensor."
    assert got.dtype == torch.float32, (
        f"{called} gave {got.dtype}, wanted torch.float32: the tensor keeps the dtype of the array "
        "(and lists that of their numbers) unless you name one.")
    shape = tuple(got.shape)
    assert shape == wanted.shape, (
        f"{called} gave shape {shape}, wanted {wanted.shape}" + (
            ": a list of no rows has forgotten how wide they were." if 0 in wanted.shape else "."))
    result = got.detach().double().numpy()
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
    assert type(got) is torch.Tensor, f"{called} gave {type(got).__name__}, not a torch.Tensor."
    right = tuple(got.shape) == before.shape and got.dtype == torch.float32
    assert right and np.array_equal(got.detach().numpy(), before), (
        f"{called} gave wrong values, shape or dtype; get the first tests cell to pass first.")
    assert array.dtype == before.dtype and np.array_equal(array, before), (
        f"{called} changed the array itself, from {before.tolist()} to {array.tolist()}.")
    owner += 10
    assert np.array_equal(got.detach().numpy(), before), (
        f"{called} gave {before.tolist()}; after owner += 10 on the array the tensor says "
        f"{got.tolist()}: they share memory. from_numpy, as_tensor and torch.Tensor can share, and "
        "to() or float() copy only if there is something to convert.")
    with torch.no_grad():
        got.fill_(-1)
    assert np.array_equal(array, before + 10), (
        f"{called}: after writing -1 into the tensor the array says {array.tolist()}, wanted "
        f"{(before + 10).tolist()}: they share memory.")


for case in [("an array", "float32", lambda a: a[:]), ("an array", "float64", lambda a: a[:])]:
    check_independent(*case)
# BEGIN HIDDEN TESTS
for case in [("a transposed array", "float32", lambda a: a.T), ("a row", "float32", lambda a: a[1]),
             ("a column", "float32", lambda a: a[:, 1]), ("an array", "int64", lambda a: a[:]),
             ("a read-only array", "float32", lambda a: a[:], True)]:
    check_independent(*case)
# END HIDDEN TESTS

# %% [markdown]
# ## Changing a tensor
#
# ### Variables
#
# The parameters of a network change in training, so frameworks need something that holds numbers
# and can be given new ones. In TensorFlow tensors never change, and a class of its own does that
# job, the *variable*.
#
# **Then and now.** PyTorch once had a class `Variable` as well, and you still meet it in old code.
# Today every tensor can be changed. What is left of the class is a function that gives back a
# tensor:

# %%
print(type(torch.autograd.Variable(torch.ones(2))).__name__)

# %% [markdown]
# An assignment to an index writes into the tensor. Methods whose names end in an underscore write
# too, where those without it make a new tensor: `copy_`, `mul_`, `fill_`, `add_`.

# %% listing="S1-09"
v = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
v.mul_(2)
print("doubled:   ", v.tolist())
v[0, 1] = 42.0
print("one cell:  ", v.tolist())
v[:, 2] = torch.tensor([0.0, 1.0])
print("a column:  ", v.tolist())
v[1] = 5
print("a row:     ", v.tolist())
v.copy_(torch.tensor([[7.0, 8.0, 9.0], [10.0, 11.0, 12.0]]))
print("everything:", v.tolist())

# %% [markdown]
# What is written is broadcast to the place where it goes, and converted to the dtype that is there:
# the whole number 5 has become three floats.
#
# ### Writing is not renaming
#
# A function gets a tensor, and is to double it for its caller.
#
# **Predict**: after which of the four calls does the caller's tensor hold 2?

# %%
def by_name(t):
    t = t * 2


def by_augmented(t):
    t *= 2


def by_method(t):
    t.mul_(2)


def by_copy(t):
    t = t.clone()
    t *= 2


for function in (by_name, by_augmented, by_method, by_copy):
    t = torch.ones(1)
    function(t)
    print(f"{function.__name__:13} {t.item():.0f}")

# %% [markdown]
# `t = …` gives a name inside the function to another tensor; the caller never learns of it. That is
# *rebinding*. `t *= 2` on a tensor writes in place, although `t = t * 2` does not. And whoever
# shares the memory sees the change: views, and the NumPy array that the tensor came from. That is
# what you want of a parameter, and the last thing you want of data that a caller lent to you.
#
# ### Scattered cells
#
# Two lists of places, one for the rows and one for the columns, reach cells that lie anywhere. The
# lists are read in pairs.
#
# **Predict**: what does the tensor hold at the end? The place `(1, 0)` is named twice.

# %% listing="S1-10"
v = torch.zeros(2, 3)
rows, columns = torch.tensor([0, 1]), torch.tensor([0, 2])
v[rows, columns] = torch.tensor([100.0, 200.0])
print("written:", v.tolist())

v = torch.zeros(2, 3)
rows, columns = torch.tensor([0, 1, 1]), torch.tensor([2, 0, 0])
v[rows, columns] += torch.tensor([1.0, 10.0, 100.0])
print("added:  ", v.tolist())

# %% [markdown]
# The place `(1, 0)` was to get 10 and 100. It got one of them. `v[rows, columns] += …` is three
# steps: read all the cells, add, write all the cells. Both reads of `(1, 0)` saw the old value, and
# one write went over the other; which one is not even promised. `index_put_` with `accumulate=True`
# adds one by one. `index_add_` does so for whole rows.
#
# The same happens wherever things are counted. The next cell also counts the words of a text, each
# given by its number in a list of words.

# %%
v = torch.zeros(2, 3)
v.index_put_((rows, columns), torch.tensor([1.0, 10.0, 100.0]), accumulate=True)
print("put, accumulated:", v.tolist())

words = torch.tensor([2, 0, 2, 2, 1])
counts = torch.zeros(3)
counts[words] += 1
print("counted with +=: ", counts.tolist())
print("index_add_:      ", torch.zeros(3).index_add_(0, words, torch.ones(5)).tolist())

# %% [markdown]
# One more trap. People flatten a tensor to reach its cells by one number each. That works as long
# as the flat tensor is a view. A transposed tensor is not *contiguous*: its numbers do not lie in
# memory in the order in which they are read. `reshape` and `flatten` make a copy of it, as you saw
# above, and an update of that copy is lost. `view` never copies; it raises instead, which is
# kinder.

# %%
for name, table in (("as made", torch.zeros(2, 3)), ("transposed", torch.zeros(3, 2).T)):
    table.reshape(-1)[4] = 1
    print(f"{name:10} contiguous: {table.is_contiguous()!s:5}  after the update: {table.tolist()}")

# %% tags=["raises-exception"]
torch.zeros(3, 2).T.view(-1)

# %% [markdown] exercise="scatter-update" role="task"
# ## Exercise 1.5: update a table in place
#
# *4 points*
#
# Write `update_table(table, row, values, places, amounts)`, which changes the caller's table in two
# steps: first the whole row `row` is set to `values`; then each cell named in `places` is increased
# by its amount.
#
# - **In**: `table`, a float32 tensor of shape `(n, m)`; `row`, a whole number from 0 to n − 1; and
#   three NumPy arrays: `values`, float32, shape `(m,)`; `places`, int64, shape `(k, 2)`, one
#   `(row, column)` per line; `amounts`, float32, shape `(k,)`. k may be 0.
# - **Out**: the change happens *in* `table`, and everything that shares memory with it sees the
#   change. What the function returns does not matter.
# - A place that is named several times gets all of its amounts. A place may lie in the row that was
#   set: the amount then comes on top of the new value.
# - `table` may be a view of another tensor, a transpose for instance.
# - The three arrays are left as they were.
#
# The first tests cell (2 points) names each place once, the second (1 point) repeats places and
# updates views, the third (1 point) looks at the three arrays afterwards.

# %% [markdown] exercise="scatter-update" role="hint"
# <details><summary>Hint 1</summary>
#
# Turn the arrays into tensors first; a tensor does not take an array by assignment. The row is one
# assignment to an index. For the cells you need all the row numbers and all the column numbers,
# which are the two columns of `places`; and you have seen which way of adding counts repeated
# places each time.
#
# </details>

# %% [markdown] exercise="scatter-update" role="hint"
# <details><summary>Hint 2</summary>
#
# `table[row] = torch.tensor(values)`. Then `rows, columns = torch.tensor(places).T` and
# `table.index_put_((rows, columns), torch.tensor(amounts), accumulate=True)`. A loop
# over the places that adds to one cell at a time is right as well.
#
# </details>

# %% exercise="scatter-update" role="solution"
def update_table(
    table: torch.Tensor, row: int, values: np.ndarray, places: np.ndarray, amounts: np.ndarray
) -> None:
    """In place: set a row of table (n, m) to values (m,), add amounts (k,) at places (k, 2)."""
    # BEGIN SOLUTION
    table[row] = torch.tensor(values)
    rows, columns = torch.tensor(places).T
    table.index_put_((rows, columns), torch.tensor(amounts), accumulate=True)
    # END SOLUTION


# %% exercise="scatter-update" role="tests" points=2
# Exercise 1.5, tests 1 of 3: a row and scattered cells, each named once.
def check_update(shape, row, places):
    rng = np.random.default_rng(shape[0])
    start = rng.integers(-9, 10, size=shape).astype("float32")
    values = rng.integers(10, 20, size=shape[1]).astype("float32")
    amounts = rng.integers(100, 200, size=len(places)).astype("float32")
    places = np.array(places, dtype="int64")
    table = torch.from_numpy(start.copy())
    view = table[:]
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
        "the table is as it was: the change went into another tensor. t = … only renames": start,
        "only the row was set: the cells were changed in a copy, or not at all": only_row,
        "the row was set after the cells, and wiped out an amount": row_last,
        "cells were set to their amounts; the amounts are to be added": replaced,
        "rows and columns of places are exchanged": swapped,
    }
    got = view.numpy()
    cause = next((c for c, v in likely.items() if np.array_equal(got, v)),
                 "first the row, then the cells, all in the caller's table")
    if np.array_equal(table.numpy(), wanted):
        cause = ("the table itself is right, but it got new memory, and views of the old one do "
                 "not see the change: write into it")
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
# Exercise 1.5, tests 2 of 3: places that repeat, tables that are views, and nothing to add.
def check_repeats(shape, row, places, transposed=False):
    start = np.arange(shape[0] * shape[1], dtype="float32").reshape(shape)
    values = np.full(shape[1], 50.0, dtype="float32")
    amounts = np.array([1000.0 * 2**i for i in range(len(places))], dtype="float32")
    places = np.array(places, dtype="int64").reshape(-1, 2)
    table = torch.from_numpy(start.T.copy()).T if transposed else torch.from_numpy(start.copy())
    view = table[:]
    kind = "a transposed table" if transposed else "a table"
    called = f"update_table for {kind} of shape {shape}, row {row}, places {places.tolist()}"
    try:
        update_table(table, row, values.copy(), places.copy(), amounts.copy())
    except (RuntimeError, IndexError) as error:
        if isinstance(error, NotImplementedError):
            raise
        raise AssertionError(
            f"{called} raised {type(error).__name__} ({error}): index by rows and columns, which "
            "works for views and for no places at all.") from None
    only_row, once, wanted = start.copy(), start.copy(), start.copy()
    for t in (only_row, once, wanted):
        t[row] = values
    for (i, j), amount in zip(places, amounts):
        once[i, j] = only_row[i, j] + amount
        wanted[i, j] += amount
    got = view.numpy()
    cause = "first the row, then all amounts; get the first tests cell to pass first."
    repeated = len({tuple(place) for place in places.tolist()}) < len(places)
    if len(places) and np.array_equal(got, only_row):
        cause = ("the amounts went into a copy: reshape and flatten copy a transposed table, and "
                 "an index by lists copies always.")
    elif repeated and np.array_equal(got, once):
        cause = ("a place that is named twice got one of its amounts: t[rows, columns] += reads "
                 "all cells before it writes; accumulate instead.")
    i, j = map(int, np.unravel_index(np.argmax(got != wanted), shape))
    assert np.array_equal(got, wanted), (
        f"{called}, values all 50 and amounts {amounts.tolist()}: the cell ({i}, {j}) held "
        f"{start[i, j]} and now holds {got[i, j]}, wanted {wanted[i, j]}: {cause}")


for case in [((2, 3), 0, [(1, 2), (1, 2), (0, 1)])]:
    check_repeats(*case)
# BEGIN HIDDEN TESTS
for case in [((3, 2), 2, [(2, 0), (0, 1), (2, 0), (2, 0)]), ((2, 3), 1, [(0, 2), (1, 1)], True),
             ((3, 4), 0, [(1, 1), (2, 3), (1, 1)], True), ((3, 2), 1, [])]:
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
    table = torch.from_numpy(start.copy())
    called = f"update_table(table, {row}, values, places, amounts) with places {places.tolist()}"
    try:
        update_table(table, row, *given.values())
    except NotImplementedError:
        raise
    except (RuntimeError, IndexError) as error:
        raise AssertionError(f"{called} raised {type(error).__name__} ({error}); get the first "
                             "tests cell to pass first.") from None
    wanted = start.copy()
    wanted[row] = values
    wanted[places[:, 0], places[:, 1]] += amounts
    assert np.array_equal(table.numpy(), wanted), (
        f"{called} gave a wrong table; get the first tests cell to pass first.")
    for name, before in (("values", values), ("places", places), ("amounts", amounts)):
        assert np.array_equal(given[name], before), (
            f"{called} changed the caller's {name} from {before.tolist()} to "
            f"{given[name].tolist()}: from_numpy shares memory with the array; write into a copy.")


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
# by a million documents fits in memory only like that. Products with ordinary, *dense* tensors
# work; assignment to cells does not.
#
# **Predict** the product.

# %%
sparse = torch.sparse_coo_tensor(
    [[0, 1], [1, 2]], [3.0, 4.0], size=(2, 3), check_invariants=True)
print("stored:", sparse.coalesce().values().tolist(), "dense:", sparse.to_dense().tolist())
print("times a column of 1, 10, 100:", (sparse @ torch.tensor([[1.0], [10.0], [100.0]])).tolist())

# %% [markdown]
# The first list holds the rows, the second the columns. A place that occurs twice counts as the sum
# of its values; `coalesce` adds them up. `check_invariants=True` has PyTorch check that the places
# lie inside the shape.
#
# ### Ragged
#
# Sentences have different lengths. The list of lists that `torch.tensor` refused above fits into a
# *nested* tensor: all values in one row, and the *offsets* at which each sentence begins.
#
# **Predict** the offsets, and the means.

# %%
nested = torch.nested.nested_tensor(
    [torch.tensor([1.0, 2.0, 3.0]), torch.tensor([4.0])], layout=torch.jagged)
print("values: ", nested.values().tolist())
print("offsets:", nested.offsets().tolist())
print("means:  ", nested.mean(dim=1).tolist())
print("padded: ", nested.to_padded_tensor(0.0).tolist())

# %% [markdown]
# The last line shows the common alternative: *pad* all to the same length with a value that means
# nothing. It works with everything, and every mean must then leave the padding out: the mean of the
# second padded row is 1.33, of its values 4.
#
# ### Text
#
# PyTorch has no tensors of strings. Text becomes numbers first, by a vocabulary of words, or simply
# as its bytes.
#
# **Predict**: how many numbers does the word "né" give?

# %%
text = "né"
coded = torch.tensor(list(text.encode("utf-8")), dtype=torch.uint8)
print(len(text), "characters,", len(coded), "bytes:", coded.tolist())
print("and back:", bytes(coded.tolist()).decode("utf-8"))

vocabulary = {word: number for number, word in enumerate(sorted({"to", "be", "or", "not"}))}
print(torch.tensor([vocabulary[word] for word in "to be or not to be".split()]).tolist())

# %% [markdown]
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
# - A tensor is memory with a shape and a dtype. A list of floats gives `float32`, an array keeps
#   its dtype. `()`, `(1,)` and `(1, 1)` are three shapes.
# - An index by a number removes an axis, a slice keeps it, `None` adds one. A reduction removes the
#   axis that it names, unless `keepdim=True`.
# - `reshape` cuts one row of numbers anew; `permute` exchanges axes. Only one of them keeps
#   examples apart.
# - Broadcasting aligns shapes at the right. `(n,)` against `(n, 1)` gives `(n, n)`, without a word.
# - PyTorch promotes dtypes, except in products of matrices and in place. Small whole numbers
#   overflow. Convert before you compute.
# - `from_numpy`, `as_tensor`, `numpy()`, slices and transposes share memory; `to` and `reshape`
#   share when they can. `torch.tensor` and `clone` copy.
# - `t = …` renames; `t[…] = …`, `t *= …` and methods with an underscore write. Where a place may be
#   named twice, accumulate.

# %% [markdown]
# ## Where to read on
#
# - [`torch.Tensor`](https://docs.pytorch.org/docs/stable/tensors.html), the reference: dtypes, ways
#   to make tensors, every method.
# - [Broadcasting semantics](https://docs.pytorch.org/docs/stable/notes/broadcasting.html) and
#   [Tensor views](https://docs.pytorch.org/docs/stable/tensor_view.html): which operations stretch,
#   and which share.
# - [Type promotion](https://docs.pytorch.org/docs/stable/tensor_attributes.html), the whole rule.
# - [Sparse tensors](https://docs.pytorch.org/docs/stable/sparse.html) and
#   [nested tensors](https://docs.pytorch.org/docs/stable/nested.html).
# - [NumPy: broadcasting](https://numpy.org/doc/stable/user/basics.broadcasting.html), with
#   pictures.
# - A. Géron, *Hands-On Machine Learning*, chapter 12, "Custom Models and Training with TensorFlow":
#   its section on tensors is where this lesson started.
#
# Next: lesson 02 records what is computed with tensors, and differentiates it.
