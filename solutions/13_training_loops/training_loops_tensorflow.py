# %% [markdown]
# # Training loops
#
# A network learns by repeating one step: compute, compare, differentiate, update. Everything else
# in a training program is there to feed that step, to watch it and to stop it. Keras ships such a
# program: `compile` takes the parts and `fit` runs the loop. In this lesson you write the loop by
# hand, piece by piece, take `fit` apart with what you then know, and find the places where a loop
# that runs without an error trains the wrong thing.
#
# **Afterwards you can**
#
# - write a training loop by hand and check it against numbers worked out on paper;
# - say what `compile` and `fit` do, and replace the step inside `fit` by your own;
# - report the mean loss of an epoch rightly when the batches are of different sizes;
# - evaluate a model without changing anything in it;
# - change the learning rate over time, and from one part of a model to another;
# - take a step although some weights are frozen and some have no gradient.
#
# **Time**: about 60 minutes. **You need**: lesson 12 (metrics), and through it 11 (losses).
#
# **How to work.** Where you read *Predict*, stop and write your answer down before you run the cell
# below it; a wrong prediction is where the learning happens. In an exercise, fill in the solution
# cell, run it, then run the tests cells under it: a failed test says what was called, what came
# back, what was wanted and the likely cause. When you hand in, the same rules are also checked on
# other inputs. **Validate** in JupyterLab runs the notebook from top to bottom, as the grader will.
# *Run All Cells* stops at the first tests cell that fails, so take an exercise cell by cell.

# %% role="setup"
import contextlib
import io
import os
import re
import sys
import warnings
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
    from keras import layers, ops
finally:
    os.dup2(stderr_copy, 2)
    os.close(stderr_copy)

# %% [markdown]
# ## One step, then many
#
# ```mermaid
# flowchart LR
#     batch(["a batch x, y"]) --> forward["predict: model(x)"]
#     forward --> loss["compare: one number, the loss"]
#     loss --> backward["differentiate: gradients"]
#     backward --> update["update the weights"]
#     update -- next batch --> batch
# ```
#
# Take the smallest model there is, one weight $w$ that predicts $w x$, and three examples that lie
# on the line $y = 2x$. The loss is the mean of the squared differences, and its slope can be had on
# paper:
#
# $$L(w) = \frac{1}{n} \sum_i (w x_i - y_i)^2, \qquad
# \frac{dL}{dw} = \frac{2}{n} \sum_i x_i (w x_i - y_i)$$
#
# **Predict**: at $w = 0$, what is the loss and what is its slope? Where does a step with learning
# rate 0.1 lead?

# %%
xs, ys = tf.constant([1.0, 2.0, 3.0]), tf.constant([2.0, 4.0, 6.0])
w = tf.Variable(0.0)
with tf.GradientTape() as tape:
    loss = ops.mean((w * xs - ys) ** 2)
slope = tape.gradient(loss, w)
print(f"loss {loss:.3f}, slope {slope:.3f}")
w.assign_sub(0.1 * slope)
print(f"w after the step: {w.numpy():.3f}")

# %% [markdown]
# That was one step of *gradient descent*. The loss is computed under the tape, which records how it
# came about; the update is not, because it is no part of what shall be differentiated. It writes
# into the variable, so that `w` stays the one that everybody else knows.
#
# How large should a step be? The slope says in which direction the loss falls, not how far. The
# next cell takes twelve steps with each of four learning rates.
#
# **Predict**: which of the four ends nearest to $w = 2$, and what does the largest do?

# %%
def descend(learning_rate, steps=12):
    """The weights that gradient descent passes through, from 0 on."""
    w, path = tf.Variable(0.0), [0.0]
    for _ in range(steps):
        with tf.GradientTape() as tape:
            loss = ops.mean((w * xs - ys) ** 2)
        w.assign_sub(learning_rate * tape.gradient(loss, w))
        path.append(w.numpy())
    return np.array(path)


paths = {rate: descend(rate) for rate in (0.01, 0.1, 0.2, 0.22)}
fig, axes = plt.subplots(1, 4, figsize=(11, 2.8), sharey=True, layout="constrained")
valley = np.linspace(-1.2, 5.2, 200)
for axis, (rate, path) in zip(axes, paths.items()):
    axis.plot(valley, 14 / 3 * (valley - 2) ** 2, color="0.7")
    axis.plot(path, 14 / 3 * (path - 2) ** 2, "o-", markersize=4, linewidth=1)
    axis.set(title=f"learning rate {rate}", xlabel="w", xlim=(-1.2, 5.2), ylim=(-2, 45))
axes[0].set_ylabel("loss")
plt.show()
for rate, path in paths.items():
    print(f"learning rate {rate:<4}: w = {path[-1]:.2f} after 12 steps")

# %% [markdown]
# The grey curve is the loss. A small rate creeps; 0.1 arrives almost at once; 0.2 jumps from one
# side of the valley to the other and comes down slowly; 0.22 jumps a little farther each time and
# leaves the picture. The curvature of this loss is 28/3 everywhere, and steps stay stable while the
# rate is below 2 divided by it, which is 0.214.
#
# Real inputs have several features. With `x` of shape `(n, d)` a dense layer gives a column of
# predictions, `(n, 1)`, and targets often come as a row, `(n,)`. Lesson 11 has shown what a loop
# learns if one is subtracted from the other: the mean of all targets, and nothing warns. So before
# you subtract, look at the shapes.

# %% [markdown] exercise="linear-from-zero" role="task"
# ## Exercise 13.1: linear regression from zero
#
# *3 points*
#
# Write `fit_linear(x, y, learning_rate=0.01, steps=100)`. It fits the model
# $\hat y = x\,w + b$ by gradient descent and returns the pair `(w, b)`.
#
# - **In**: `x`, float32, shape `(n, d)`; `y`, float32, shape `(n,)`; both tensors. **Out**: `w`,
#   float32, shape `(d,)`, and `b`, float32, shape `()`; tensors or variables.
# - `w` and `b` start at zero, at every call.
# - The loss is the mean over the `n` examples of $(\hat y_i - y_i)^2$. All examples are used in
#   every step.
# - A step computes the gradients of `w` and of `b` at the same place, then takes `learning_rate`
#   times its gradient away from each. There are exactly `steps` steps, perhaps none.
#
# By hand, with a tape or with an optimizer: every way is right. A handbook gives for
# $x = ((1, 2, 3), (4, 5, 6))$ and $y = (10, 20)$ the weights 0.40784496, 1.19106495, 1.97428548 and
# the bias 0.78322077, and yours should agree to six digits. The three tests cells (1 point each)
# look at one step, at many, and at what a call leaves behind.

# %% [markdown] exercise="linear-from-zero" role="hint"
# <details><summary>Hint 1</summary>
#
# `x @ w` wants a matrix on both sides; `tf.linalg.matvec(x, w)` takes a `w` of shape `(d,)` and
# gives shape `(n,)`. If you prefer a column `w` of shape `(d, 1)`: what may be subtracted from it?
#
# </details>

# %% [markdown] exercise="linear-from-zero" role="hint"
# <details><summary>Hint 2</summary>
#
# Start with `w = tf.Variable(tf.zeros(x.shape[1]))` and `b = tf.Variable(0.0)`. In the loop, under
# a tape: `loss = ops.mean((tf.linalg.matvec(x, w) + b - y) ** 2)`. After it `tape.gradient(loss,
# (w, b))`, then `assign_sub` for both.
#
# </details>

# %% exercise="linear-from-zero" role="solution" listing="S4-02"
def fit_linear(
    x: tf.Tensor, y: tf.Tensor, learning_rate: float = 0.01, steps: int = 100
) -> tuple[tf.Tensor, tf.Tensor]:
    """Gradient descent from zero; x (n, d) and y (n,) float32 to w (d,) and b () float32."""
    # BEGIN SOLUTION
    w = tf.Variable(tf.zeros(x.shape[1]))
    b = tf.Variable(0.0)
    for _ in range(steps):
        with tf.GradientTape() as tape:
            loss = ops.mean((tf.linalg.matvec(x, w) + b - y) ** 2)
        slope_w, slope_b = tape.gradient(loss, (w, b))
        w.assign_sub(learning_rate * slope_w)
        b.assign_sub(learning_rate * slope_b)
    return w.value(), b.value()
    # END SOLUTION


# %% exercise="linear-from-zero" role="tests" points=1
# Exercise 13.1, tests 1 of 3: one step from zero.
def check_step(x, y, rate):
    x64, y64 = np.array(x), np.array(y)
    n, d = x64.shape
    called = f"fit_linear(x, y, {rate}, 1) for x of shape ({n}, {d}) and y of shape ({n},)"
    pair = fit_linear(tf.constant(x), tf.constant(y), rate, 1)
    assert type(pair) in (tuple, list) and len(pair) == 2, (
        f"{called} gave {type(pair).__name__}, wanted the pair (w, b).")
    for name, got, shape in zip("wb", pair, ((d,), ())):
        assert isinstance(got, (tf.Tensor, tf.Variable, keras.Variable)), (
            f"{called}: {name} is of type {type(got).__name__}, wanted a tensor.")
        dtype = tf.as_dtype(got.dtype).name
        assert tuple(got.shape) == shape and dtype == "float32", (
            f"{called}: {name} is {dtype} of shape {tuple(got.shape)}, wanted float32 of {shape}.")
    got = np.append(pair[0].numpy(), pair[1].numpy()).astype("float64")
    wanted = 2 * rate / n * np.append(y64 @ x64, y64.sum())
    square = 2 * rate / n * np.append(y64.mean() * x64.sum(0), y64.sum())
    likely = {"the squares were summed; the loss is their mean": n * wanted,
              "the loss is the mean of the squares, not half of it": wanted / 2,
              "the bias is never updated": np.append(wanted[:-1], 0),
              "the step went uphill; take the gradient away": -wanted,
              "every prediction was compared with every target; a column minus a row is a square, "
              "so bring both to shape (n,)": square}
    cause = next((text for text, v in likely.items() if np.allclose(got, v, rtol=1e-4, atol=1e-5)),
                 "start at zero, mean of squares, both gradients at the same place")
    assert np.allclose(got, wanted, rtol=1e-5, atol=1e-5), (
        f"{called} gave w and b {got.round(5)}, wanted {wanted.round(5)}: {cause}.")


for case in [([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [10.0, 20.0], 0.01)]:
    check_step(*case)
# BEGIN HIDDEN TESTS
for case in [([[1.0], [2.0], [4.0]], [1.0, 0.0, -3.0], 0.1), ([[2.0, -1.0]], [7.0], 0.05)]:
    check_step(*case)
# END HIDDEN TESTS

# %% exercise="linear-from-zero" role="tests" points=1
# Exercise 13.1, tests 2 of 3: many steps.
def descent(x, y, rate, steps, kind=""):
    """Gradient descent in float64, with one mistake if asked."""
    n, w, b, gw, gb = len(y), np.zeros(x.shape[1]), 0.0, 0.0, 0.0
    for _ in range(steps):
        r = x @ w + b - (y.mean() if kind == "square" else y)
        scale = {"sum": 2, "half": 1 / n}.get(kind, 2 / n)
        keep = kind == "kept"
        gw, gb = keep * gw + scale * r @ x, keep * gb + scale * r.sum()
        w, b = w - rate * gw, b - (kind != "no bias") * rate * gb
    return np.append(w, b)


def check_fit(x, y, rate, steps):
    x64, y64 = np.array(x), np.array(y)
    called = f"fit_linear(x, y, {rate}, {steps}) for x of shape {x64.shape}"
    pair = fit_linear(tf.constant(x), tf.constant(y), rate, steps)
    assert type(pair) in (tuple, list) and len(pair) == 2, (
        f"{called} gave {type(pair).__name__}, wanted the pair (w, b).")
    got = np.append(*(np.asarray(t, "float64") for t in pair))
    likely = {"square": "every prediction was compared with every target; a column minus a row is "
                        "a square, so bring both to shape (n,)",
              "sum": "the squares were summed; the loss is their mean",
              "half": "the loss is the mean of the squares, not half of it",
              "kept": "gradients add up from step to step; each step needs its own",
              "no bias": "the bias is never updated"}
    wanted = descent(x64, y64, rate, steps)
    with np.errstate(all="ignore"):
        cause = next((text for kind, text in likely.items() if got.shape == wanted.shape and
                      np.allclose(got, descent(x64, y64, rate, steps, kind), 1e-4, 1e-4)),
                     "start at zero, both gradients at the same place, then both updates")
    assert got.shape == wanted.shape and np.allclose(got, wanted, rtol=1e-5, atol=1e-5), (
        f"{called} gave w and b {got.round(5)}, wanted {wanted.round(5)}: {cause}.")


for case in [([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [10.0, 20.0], 0.01, 100)]:
    check_fit(*case)
# BEGIN HIDDEN TESTS
for case in [
    ([[1.0, -2.0], [0.5, 3.0], [-1.5, 1.0], [2.0, 0.0], [1.0, 1.0]], [3.0, -1.0, 4.0, 1.0, -5.0],
     0.05, 37),
    ([[2.0, -1.0, 0.5, 1.0]], [7.0], 0.02, 3),
    ([[1.0], [2.0]], [0.01, -0.03], 0.1, 25),
]:
    check_fit(*case)
# END HIDDEN TESTS

# %% exercise="linear-from-zero" role="tests" points=1
# Exercise 13.1, tests 3 of 3: no steps at all, and a second call.
def check_calls(x, y):
    x, y = tf.constant(x), tf.constant(y)
    called = f"fit_linear(x, y) for x of shape {tuple(x.shape)}"
    values = []
    for steps in (20, 20, 0):
        run = fit_linear(x, y, 0.01, steps)
        assert type(run) in (tuple, list) and len(run) == 2 and all(
            isinstance(t, (tf.Tensor, tf.Variable, keras.Variable)) for t in run), (
            f"{called} did not give a pair of tensors.")
        values.append(np.concatenate([t.numpy().ravel() for t in run]))
    assert np.any(np.abs(values[0]) > 1e-3), f"{called} with 20 steps gave only zeros."
    assert values[0].shape == values[1].shape and np.allclose(values[0], values[1], atol=1e-6), (
        f"{called} gave {values[0].round(4)}, and on a second call {values[1].round(4)}: each call "
        "starts at zero, and nothing is kept from the call before.")
    assert not values[2].any(), (
        f"{called} with steps=0 gave {values[2].round(4)}, wanted zeros: w and b start at zero.")


for case in [([[1.0, 2.0], [3.0, -1.0], [0.0, 1.0]], [1.0, 2.0, 3.0])]:
    check_calls(*case)
# BEGIN HIDDEN TESTS
for case in [([[0.5, 1.5, -2.0]], [4.0])]:
    check_calls(*case)
# END HIDDEN TESTS

# %% [markdown]
# ## The optimizer
#
# ### Two lines
#
# An *optimizer* takes over the update. The step then has two parts: under a tape the loss is
# computed, and after it `optimizer.apply(gradients, variables)` changes the variables. The
# gradients are values that `tape.gradient` returns; nothing is kept, so nothing has to be cleared.
# (PyTorch adds gradients up in the parameters, and a loop there begins with a line that clears
# them.) The variables are those in `trainable_variables`, the same list as `trainable_weights`.
#
# The tape records what is computed while it is open.
#
# **Predict**: in the step below the loss is computed one line too late. What are the gradients?

# %%
layer = layers.Dense(1)
with tf.GradientTape() as tape:
    prediction = layer(tf.reshape(xs, (3, 1)))
late = ops.mean((prediction - tf.reshape(ys, (3, 1))) ** 2)
gradients = tape.gradient(late, layer.trainable_variables)
print(gradients)

# %% tags=["raises-exception"]
keras.optimizers.SGD(0.05).apply(gradients, layer.trainable_variables)

# %% [markdown]
# With no gradient at all, the optimizer refuses to go on. That is the kind of mistake one likes to
# make. The next one is silent. Optimizers have a memory: with *momentum*, SGD keeps a velocity for
# each variable, which every step lowers to a part of itself and raises by the gradient.
#
# **Predict**: three loops train a dense layer on the line $y = 2x$: with momentum, without, and
# with momentum but with a new optimizer in each step. Which two curves look the same?

# %%
def losses_of(momentum, anew=False, steps=40):
    """Train by hand; the loss before each step."""
    layer = layers.Dense(1, kernel_initializer="zeros")
    column, losses = (tf.reshape(xs, (3, 1)), tf.reshape(ys, (3, 1))), []
    optimizer = keras.optimizers.SGD(0.01, momentum=momentum)
    for _ in range(steps):
        if anew:
            optimizer = keras.optimizers.SGD(0.01, momentum=momentum)
        with tf.GradientTape() as tape:
            loss = ops.mean((layer(column[0]) - column[1]) ** 2)
        optimizer.apply(tape.gradient(loss, layer.trainable_variables), layer.trainable_variables)
        losses.append(float(loss))
    return losses


curves = {
    "momentum 0.8": losses_of(0.8),
    "no momentum": losses_of(0.0),
    "momentum 0.8, a new optimizer in each step": losses_of(0.8, anew=True),
}
fig, axis = plt.subplots(figsize=(7, 3), layout="constrained")
for (title, curve), style, width in zip(curves.items(), ("-", "-", ":"), (2, 5, 2)):
    axis.plot(curve, style, linewidth=width, label=title)
axis.set(xlabel="step", ylabel="loss")
axis.legend(loc="upper right")
plt.show()

# %% [markdown]
# An optimizer that is made anew has no memory, and nothing raises. The optimizer is made once,
# before the loop.
#
# ### What the built-in optimizers do with a gradient
#
# *SGD* moves by learning rate times gradient; with momentum, by learning rate times velocity.
# *Adam* divides a running mean of the gradients by the root of a running mean of their squares, so
# that the size of a gradient cancels.
#
# **Predict**: the gradient is 10 in every step and the learning rate 0.1. How far does each of the
# three move in its first step, and how far in its third?

# %% listing="S2-11"
def moves(optimizer):
    """How far a variable moves in each of three steps with gradient 10."""
    variable, places = keras.Variable(0.0), [0.0]
    for _ in range(3):
        optimizer.apply([tf.constant(10.0)], [variable])
        places.append(float(variable.value))
    return [round(a - b, 3) for a, b in zip(places, places[1:])]


print("SGD            ", moves(keras.optimizers.SGD(0.1)))
print("SGD, momentum  ", moves(keras.optimizers.SGD(0.1, momentum=0.9)))
print("Adam           ", moves(keras.optimizers.Adam(0.1)))
for kinds, where in (
    ("SGD RMSprop Adam AdamW Nadam Adagrad Adadelta", keras.optimizers),
    ("MeanSquaredError Huber CategoricalCrossentropy BinaryCrossentropy KLDivergence",
     keras.losses),
    ("MeanAbsoluteError BinaryAccuracy SparseCategoricalAccuracy AUC Precision", keras.metrics),
):
    name = where.__name__.rpartition(".")[2]
    print(f"keras.{name} has them all:", all(hasattr(where, kind) for kind in kinds.split()))

# %% [markdown]
# By hand: SGD moves by 0.1 · 10 each time; momentum by 0.1 times 10, then 0.9 · 10 + 10 = 19, then
# 0.9 · 19 + 10 = 27.1; Adam by its learning rate. So the same rate means different things to
# different optimizers: 0.1 is timid for SGD on small gradients, and bold for Adam on any.
#
# **Then and now.** Older code names the rate `lr`. That name is gone. Keras says so, and it is one
# of the first errors that people meet who copy a listing.

# %% tags=["raises-exception"]
keras.optimizers.SGD(lr=0.1)

# %% [markdown]
# ## The loss that is minimised
#
# ### Penalties
#
# Lesson 11 has added a penalty to the loss: $\lambda$ times the sum of the squared weights keeps
# weights small. In Keras a layer takes it as an argument. The model then computes it, and offers it
# in the list `model.losses`. The thing to remember in a loop is that the loss of the data and the
# loss that is differentiated are two numbers.
#
# **Predict**: two layers are penalised. How many entries has `model.losses`, before the first call
# and after the third?

# %% listing="S1-36"
keras.utils.set_random_seed(0)
l2 = keras.regularizers.L2(0.05)
model = keras.Sequential([
    keras.Input((8,)),
    layers.Dense(30, activation="elu", kernel_initializer="he_normal", kernel_regularizer=l2),
    layers.Dense(1, kernel_regularizer=l2),
])
print("before a call:", len(model.losses))
for _ in range(3):
    model(ops.ones((2, 8)))
print("after three:  ", len(model.losses))
by_hand = 0.05 * sum(float(ops.sum(layer.kernel**2)) for layer in model.layers)
print("sum of model.losses is the penalty:", np.isclose(float(sum(model.losses)), by_hand))

# %% [markdown]
# The penalties are not collected, but computed when you ask, from the weights as they are. Ask
# under the tape: outside of it they are numbers without a gradient.
#
# The optimizer's `weight_decay` (lesson 11) is another thing: it reaches biases too, unless some
# variables are excluded by name, and it shows in no loss.

# %% [markdown] exercise="one-step-by-hand" role="task"
# ## Exercise 13.2: one step
#
# *3 points*
#
# Write `train_step(model, optimizer, x, y)`, one step of training on one batch.
#
# - **In**: a built model; a Keras optimizer; `x`, float32, which the model takes; `y`, float32, of
#   the same shape as `model(x)`. **Out**: the total loss as a Python float.
# - The total loss is the mean of all squared differences between the model's output and `y`, plus
#   all that is in the model's `losses`, if anything, from whatever layers and weights it comes.
# - The model is called with `training=True`.
# - The model's trainable variables are updated by one step of `optimizer`, the one that was given,
#   with the gradients of this total loss. The model is not compiled.
# - The loss that comes back is the one *before* the update.
#
# Each of the three tests cells gives 1 point: a step without penalty, a step with it, and two steps
# in a row.

# %% [markdown] exercise="one-step-by-hand" role="hint"
# <details><summary>Hint 1</summary>
#
# Under the tape: the output, the loss of the data, the penalties. After it: gradients, update. What
# is missing in the gradient if the penalties are added after the tape?
#
# </details>

# %% [markdown] exercise="one-step-by-hand" role="hint"
# <details><summary>Hint 2</summary>
#
# `loss = ops.mean((model(x, training=True) - y) ** 2) + sum(model.losses)` under
# `with tf.GradientTape() as tape:`. (The sum of an empty list is 0.) Then
# `optimizer.apply(tape.gradient(loss, variables), variables)` for the model's
# `trainable_variables`, and return `float(loss)`.
#
# </details>

# %% exercise="one-step-by-hand" role="solution"
def train_step(
    model: keras.Model, optimizer: keras.optimizers.Optimizer, x: tf.Tensor, y: tf.Tensor
) -> float:
    """Update the model on one batch; the total loss before the update."""
    # BEGIN SOLUTION
    variables = model.trainable_variables
    with tf.GradientTape() as tape:
        loss = ops.mean((model(x, training=True) - y) ** 2) + sum(model.losses)
    optimizer.apply(tape.gradient(loss, variables), variables)
    return float(loss)
    # END SOLUTION


# %% exercise="one-step-by-hand" role="tests" points=1
# Exercise 13.2, tests 1 of 3: one step without penalty. The last layer doubles in training only.
class Louder(layers.Layer):
    def call(self, x, training=False):
        return 2 * x if training else x


def check_step(n, inputs, outputs, rate):
    rng = np.random.default_rng(n)
    w, b, x, y = (rng.normal(size=s) for s in (
        (inputs, outputs), outputs, (n, inputs), (n, outputs)))
    dense = layers.Dense(outputs)
    model = keras.Sequential([keras.Input((inputs,)), dense, Louder()])
    dense.set_weights([w, b])
    optimizer = keras.optimizers.SGD(rate)
    loss = train_step(model, optimizer, tf.constant(x, "float32"), tf.constant(y, "float32"))
    called = f"train_step(model, SGD, x, y) for x ({n}, {inputs}) and y ({n}, {outputs})"
    assert type(loss) is float, f"{called} gave {type(loss).__name__}, wanted a Python float."

    def step(factor, count):
        r = factor * (x @ w + b) - y
        scale = rate * 2 / count * factor
        new = w - scale * x.T @ r, b - scale * r.sum(0)
        after = factor * (x @ new[0] + new[1]) - y
        return np.append(*new), (r**2).sum() / count, (after**2).sum() / count

    count = n * outputs
    wanted, wanted_loss, late = step(2, count)
    got = np.append(*dense.get_weights())
    likely = {
        "nothing was updated; apply the gradients to the trainable variables": np.append(w, b),
        "the model did not run in training mode; call it with training=True": step(1, count)[0],
        "the squares were summed; wanted is the mean over all entries": step(2, 1)[0],
        "the mean is over all entries, not over the rows only": step(2, n)[0]}
    cause = next((c for c, v in likely.items() if np.allclose(got, v, rtol=1e-4, atol=1e-4)),
                 "the order is output, loss, gradients, update")
    assert np.allclose(got, wanted, rtol=1e-4, atol=1e-4), (
        f"{called} left the weights {got.round(3)}, wanted {wanted.round(3)}: {cause}.")
    cause = "that is the loss after the update" if np.isclose(loss, late, rtol=1e-4) else (
        "wanted is the mean of all squared differences")
    assert np.isclose(loss, wanted_loss, rtol=1e-4), (
        f"{called} gave a loss of {loss:.4f}, wanted {wanted_loss:.4f}: {cause}.")
    assert not model.compiled, f"{called} compiled the model."


for case in [(4, 3, 2, 0.1)]:
    check_step(*case)
# BEGIN HIDDEN TESTS
for case in [(1, 2, 3, 0.05), (7, 1, 1, 0.02)]:
    check_step(*case)
# END HIDDEN TESTS

# %% exercise="one-step-by-hand" role="tests" points=1
# Exercise 13.2, tests 2 of 3: one step with penalties.
def check_penalty(kind, factors, rate, *parts):
    """One step with targets that are 1 above the outputs; a factor for each trainable weight."""
    model, rng = keras.Sequential([keras.Input((2,)), *parts]), np.random.default_rng(len(kind))
    start = [rng.uniform(0.5, 2, size=w.shape).astype("float32") for w in model.weights]
    model.set_weights(start)
    x = tf.constant([[1.0, -2.0], [0.5, 1.0]])
    y = tf.constant(model(x).numpy() + 1)
    with tf.GradientTape() as tape:
        data = tf.reduce_mean((model(x) - y) ** 2)
    slopes = [g.numpy() for g in tape.gradient(data, model.trainable_variables)]
    loss = train_step(model, keras.optimizers.SGD(rate), x, y)
    called = f"train_step(model, SGD({rate}), x, y) for {kind}"
    assert type(loss) is float, f"{called} gave {type(loss).__name__}, wanted a Python float."

    def after(factors):
        return [p - rate * (s + 2 * f * p) for p, s, f in zip(start, slopes, factors)]

    def same(arrays):
        return all(np.allclose(a, b, rtol=1e-4, atol=1e-4)
                   for a, b in zip(model.get_weights(), arrays))

    places = [i for i, f in enumerate(factors) if f]
    likely = {"the penalty has no effect on the update: add model.losses to the loss, under the "
              "tape": [0] * len(factors),
              "the first penalty is missing": [f * (i != places[0]) for i, f in enumerate(factors)],
              "the last penalty is missing": [f * (i != places[-1]) for i, f in enumerate(factors)],
              "the penalties are counted twice": [2 * f for f in factors],
              "the mean of the penalties was added, wanted is their sum": [
                  f / len(places) for f in factors]}
    cause = next((text for text, f in likely.items() if same(after(f))),
                 "add all of model.losses, which has the penalties of every layer and weight")
    for w, wanted in zip(model.trainable_variables, after(factors)):
        assert np.allclose(w.numpy(), wanted, rtol=1e-4, atol=1e-4), (
            f"{called} left {w.numpy().ravel()[0]:.3f} in {w.path}, wanted "
            f"{wanted.ravel()[0]:.3f}: {cause}.")
    total = 1 + sum(f * (p.astype("float64") ** 2).sum() for f, p in zip(factors, start))
    cause = "that is the loss of the data alone" if np.isclose(loss, 1, rtol=1e-3) else (
        "wanted is the loss of the data plus the penalties, before the update")
    assert np.isclose(loss, total, rtol=1e-4), (
        f"{called} gave a loss of {loss:.4f}, wanted {total:.4f}: {cause}.")


def dense(units, factor):
    return layers.Dense(units, kernel_regularizer=keras.regularizers.L2(factor))


for case in [("two dense layers with L2 penalties", [0.3, 0, 0.1, 0], 0.02,
              dense(3, 0.3), dense(1, 0.1))]:
    check_penalty(*case)
# BEGIN HIDDEN TESTS
slopes = layers.PReLU(alpha_regularizer=keras.regularizers.L2(0.5))
bias = layers.Dense(1, bias_regularizer=keras.regularizers.L2(0.25))
for case in [
    ("two nested layers with L2 penalties", [0.05, 0, 0.2, 0], 0.1,
     dense(4, 0.05), keras.Sequential([dense(2, 0.2)])),
    ("penalties on the slopes of a PReLU and on a bias inside", [0.5, 0, 0.25], 0.1,
     slopes, keras.Sequential([bias])),
]:
    check_penalty(*case)
# END HIDDEN TESTS

# %% exercise="one-step-by-hand" role="tests" points=1
# Exercise 13.2, tests 3 of 3: two steps in a row, with momentum.
def check_two_steps(sizes, rate, momentum):
    rng = np.random.default_rng(sizes[0])
    w, b, velocity = rng.normal(size=(2, 1)), rng.normal(size=1), np.zeros(3)
    dense = layers.Dense(1)
    model = keras.Sequential([keras.Input((2,)), dense])
    dense.set_weights([w, b])
    optimizer = keras.optimizers.SGD(rate, momentum=momentum)
    previous = 0
    for number, n in enumerate(sizes, start=1):
        x, y = rng.normal(size=(n, 2)), rng.normal(size=(n, 1))
        train_step(model, optimizer, tf.constant(x, "float32"), tf.constant(y, "float32"))
        got = np.append(*dense.get_weights())
        r = 2 / n * (x @ w + b - y)
        slope, start = np.append(x.T @ r, r.sum(0)), np.append(w, b)
        velocity = momentum * velocity + slope
        wanted = start - rate * velocity
        cause = "get the first tests cell to pass first"
        if number == 2 and momentum and np.allclose(got, start - rate * slope, atol=1e-4):
            cause = ("the momentum is lost, as if each step had a new optimizer; use the one that "
                     "was given, without resetting it")
        elif number == 2 and np.allclose(got, start - rate * (slope + previous), atol=1e-4):
            cause = "the gradients of step 1 have been added in; each step has its own"
        elif number == 2 and np.allclose(got, start, atol=1e-5):
            cause = "step 2 changed nothing"
        assert np.allclose(got, wanted, rtol=1e-4, atol=1e-4), (
            f"after step {number} of train_step with SGD({rate}, momentum={momentum}) kernel and "
            f"bias are {got.round(3)}, wanted {wanted.round(3)}: {cause}.")
        w, b, previous = wanted[:2, None], wanted[2:], slope
    assert int(optimizer.iterations) == len(sizes), (
        f"after {len(sizes)} calls of train_step the optimizer has counted "
        f"{int(optimizer.iterations)} steps: one call is one step of the optimizer that was given.")


for case in [((3, 5), 0.1, 0.5), ((4, 4), 0.1, 0.0)]:
    check_two_steps(*case)
# BEGIN HIDDEN TESTS
for case in [((5, 1), 0.05, 0.9), ((2, 3), 0.02, 0.0)]:
    check_two_steps(*case)
# END HIDDEN TESTS

# %% [markdown]
# ## Batches and epochs
#
# ### Where batches come from
#
# Large data are taken in *batches*, and one pass over all of the data is an *epoch*. A well-known
# listing draws each batch at random from all examples, by drawing row numbers.
#
# **Predict**: 1,000 examples, batches of 50, so 20 batches make an epoch. How many of the examples
# has the model seen after one epoch?

# %% listing="S1-37"
rng = np.random.default_rng(1)


def random_batch(x, y, size=50):
    """Rows drawn independently of each other, so that a row may come more than once."""
    rows = rng.integers(len(x), size=size)
    return x[rows], y[rows]


numbers = np.arange(1000)
drawn = np.concatenate([random_batch(numbers, numbers)[0] for _ in range(20)])
print("seen with independent draws:", round(len(np.unique(drawn)) / 1000, 2))
shuffled = tf.data.Dataset.from_tensor_slices(numbers).shuffle(1000, seed=1).batch(50)
seen = np.concatenate([batch.numpy() for batch in shuffled])
print("seen with a shuffled order: ", len(np.unique(seen)) / 1000)

# %% [markdown]
# With independent draws about $1/e$, 37 %, of the examples are left out. On average that does no
# harm, but an "epoch" is then a number of steps and not a pass over the data. Shuffle the rows and
# cut them into batches, and every example comes once. That is what `fit` does with arrays, and a
# `tf.data.Dataset` with `shuffle` and `batch`.
#
# **Predict** the sizes of the batches for 10 examples in batches of 4.

# %%
ten = tf.data.Dataset.from_tensor_slices((tf.zeros((10, 1)), tf.ones((10, 1))))
print([len(x) for x, y in ten.batch(4)])
print([len(x) for x, y in ten.batch(4, drop_remainder=True)])

# %% [markdown]
# The last batch is smaller, unless it is dropped. So the mean over an epoch is not the mean of the
# batch means: each counts by its number of rows (lesson 12).
#
# ### Small batches that bite
#
# A last batch can be as small as one. In training, batch normalisation subtracts the mean of a
# feature over the batch. **Predict** what it makes of a single example, whatever that is.

# %%
norm = layers.BatchNormalization()
print(norm(tf.constant([[3.0, -70.0]]), training=True).numpy().tolist())

# %% [markdown]
# All information is gone, and nothing is said. (PyTorch raises.) And if a filter has left nothing
# in a batch, the mean over no rows is not a number.
#
# **Predict**: what is the gradient of the weight for such a batch? What becomes of the mean over
# the epoch, where this loss is weighted by its number of rows, 0? And of the collected statistics?

# %%
layer, nothing = layers.Dense(1), tf.zeros((0, 1))
layer.build((None, 1))
with tf.GradientTape() as tape:
    loss = ops.mean((layer(nothing) - nothing) ** 2)
print("loss:", loss.numpy(), "gradient:", tape.gradient(loss, layer.kernel).numpy().tolist())
print("weighted:", (0.25 * 4 + float(loss) * 0) / 4)
norm(tf.zeros((0, 2)), training=True)
print("statistics:", norm.moving_mean.numpy().tolist())

# %% [markdown]
# The gradient is a sum over no rows, and zero. The loss spoils the epoch: NaN times 0 is NaN again.
# And a batch normalisation that has seen one empty batch is spoilt for good. Leave empty batches
# out.
#
# One more trap: a Python generator is used up after one pass. Whoever makes it before the loop over
# the epochs trains for one epoch, whatever the loop says. A `Dataset` starts again.

# %%
batches = (batch for batch in ten.batch(4))
print("generator:", [sum(1 for batch in batches) for epoch in range(3)])
print("dataset:  ", [sum(1 for batch in ten.batch(4)) for epoch in range(3)])

# %% [markdown] exercise="epoch-mean" role="task"
# ## Exercise 13.3: the mean of an epoch
#
# *3 points*
#
# Write `epoch_mean(step, batches)`. It trains for one epoch and returns the mean loss per example.
# (In exercise 10.5 the point was how often the device is read. Here you may read every loss, and
# the point is what may come in: batches without rows, or none at all.)
#
# - **In**: `step`, a function; `step(x, y)` trains on one batch and returns the mean loss over the
#   rows of this batch, a float32 tensor of shape `()`. `batches`, an iterable of pairs `(x, y)` of
#   tensors; the first axis of `x` and `y` is the batch. **Out**: a Python float.
# - `step` is called once for each batch, in the order in which they come. Each call trains, so
#   there must be no more of them.
# - Batches may be of different sizes. Every *example* counts the same.
# - A batch without rows is left out: `step` is not called for it.
# - `batches` may be a generator: it can be gone through once, and has no length.
# - If there was not a single row, raise `ValueError`.
#
# The first tests cell (2 points) looks at the mean, the second (1 point) at empty batches and at
# the calls of `step`.

# %% [markdown] exercise="epoch-mean" role="hint"
# <details><summary>Hint 1</summary>
#
# A batch mean times the number of rows is a sum over rows. Which two numbers have to be carried
# through the loop?
#
# </details>

# %% [markdown] exercise="epoch-mean" role="hint"
# <details><summary>Hint 2</summary>
#
# Start with `total, count = 0.0, 0`. For every pair: if `len(x)` is 0, `continue`; otherwise add
# `float(step(x, y)) * len(x)` to the total and `len(x)` to the count. After the loop raise if the
# count is 0, else return `total / count`.
#
# </details>

# %% exercise="epoch-mean" role="solution"
def epoch_mean(
    step: Callable[[tf.Tensor, tf.Tensor], tf.Tensor],
    batches: Iterable[tuple[tf.Tensor, tf.Tensor]],
) -> float:
    """Call step on every batch that has rows; the mean loss per example."""
    # BEGIN SOLUTION
    total, count = 0.0, 0
    for x, y in batches:
        if len(x) == 0:
            continue
        total += float(step(x, y)) * len(x)
        count += len(x)
    if count == 0:
        raise ValueError("no examples")
    return total / count
    # END SOLUTION


# %% exercise="epoch-mean" role="tests" points=2
# Exercise 13.3, tests 1 of 2: the mean over examples.
def check_mean(sizes, width):
    rng = np.random.default_rng(len(sizes))
    data = [rng.normal(size=(n, width)) + 3 * i for i, n in enumerate(sizes)]
    pairs = [(tf.constant(x, "float32"), tf.zeros(len(x))) for x in data]
    called = f"epoch_mean(step, batches) for batches of {sizes} examples"
    got = epoch_mean(lambda x, y: tf.reduce_mean(x**2), pairs)
    assert type(got) is float, f"{called} gave {type(got).__name__}, wanted a Python float."
    means = np.array([(x**2).mean() for x in data])
    wanted = (means * sizes).sum() / sum(sizes)
    running = means[0]
    for mean in means[1:]:
        running = (running + mean) / 2
    likely = {
        "that is the mean of the batch means; weigh each by its number of rows": means.mean(),
        "that is the sum of the batch means": means.sum(),
        "that is the sum over examples; divide by their number": (means * sizes).sum(),
        "that is the loss of the last batch": means[-1],
        "averaging with each new batch gives the last ones too much weight": running,
        "the weights are right, the divisor is not: it is the number of examples": (
            (means * sizes).sum() / (sizes[0] * len(sizes))),
        "that divides by the number of entries, not of rows": wanted / width,
        "a batch of one row was left out; only those without rows are": (
            sum(m * n for m, n in zip(means, sizes) if n > 1) / max(sum(
                n for n in sizes if n > 1), 1)),
    }
    cause = next((text for text, value in likely.items() if np.isclose(got, value, rtol=1e-5)),
                 "sum the losses of all examples and divide by their number")
    assert np.isclose(got, wanted, rtol=1e-5), (
        f"{called} with mean losses {means.round(3)} gave {got:.4f}, wanted {wanted:.4f}: {cause}.")


for case in [([4, 4, 2], 3)]:
    check_mean(*case)
# BEGIN HIDDEN TESTS
for case in [([5], 2), ([1, 7, 1, 3], 4), ([2, 2, 2, 1], 2), ([64, 64, 1], 1)]:
    check_mean(*case)
# END HIDDEN TESTS

# %% exercise="epoch-mean" role="tests" points=1
# Exercise 13.3, tests 2 of 2: the calls of step, a generator, and batches without rows.
def check_calls(sizes):
    data = [(tf.fill((n, 2), i + 1.0), tf.fill((n,), -i - 1.0)) for i, n in enumerate(sizes)]
    seen = []

    def step(x, y):
        seen.append((x.numpy(), y.numpy()))
        return tf.constant(1.5)

    called = f"epoch_mean(step, batches) for a generator with batches of {sizes} examples"
    wanted = [(i + 1.0, n) for i, n in enumerate(sizes) if n > 0]
    try:
        got = epoch_mean(step, (pair for pair in data))
    except NotImplementedError:
        raise
    except ValueError:
        assert not wanted, f"{called} raised ValueError, but there are examples."
        got = None
    except Exception as error:
        raise AssertionError(
            f"{called} raised {type(error).__name__} ({error}): a generator has no len(), gives "
            "everything once, and may give no rows at all.") from None
    assert wanted or got is None, (
        f"{called} gave {got!r:.30}, wanted a ValueError: there is no example to take a mean over.")
    assert all(len(x) > 0 for x, y in seen), (
        f"{called} called step on a batch without rows; its mean is not a number, and NaN times 0 "
        "is NaN again. Leave such batches out.")
    order = [(float(x[0, 0]), len(x)) for x, y in seen]
    assert order == wanted, (
        f"{called}: step saw (value, rows) {order}, wanted {wanted}: one call for each batch that "
        "has rows, in the order in which they come.")
    assert all(y.shape == (len(x),) and np.array_equal(y, -x[:, 0]) for x, y in seen), (
        f"{called}: step did not get the y that came with its x.")
    assert got is None or (type(got) is float and np.isclose(got, 1.5, rtol=1e-5)), (
        f"{called} gave {got!r:.30}, wanted 1.5, as every call of step gave 1.5.")


for case in [[2, 0, 3], [0]]:
    check_calls(case)
# BEGIN HIDDEN TESTS
for case in [[0, 1, 0, 4, 2], [], [0, 0], [3, 1]]:
    check_calls(case)
# END HIDDEN TESTS

# %% [markdown]
# ## Training and evaluation
#
# ### An argument, not a state
#
# Some layers do one thing in training and another in use. Dropout sets values to zero at random,
# but only in training. Batch normalisation uses the mean and spread of the batch in training, and
# in use those that it has collected. Which of the two is wanted, a Keras model is told with each
# call: `model(x, training=True)`. The tape has nothing to do with it.
#
# **Predict**: fill in the four lines. When do the collected statistics move?

# %%
def try_call(training, taped):
    """One call; is there a gradient, and have the collected statistics moved?"""
    norm = keras.Sequential([keras.Input((2,)), layers.Dense(2), layers.BatchNormalization()])
    with tf.GradientTape() if taped else contextlib.nullcontext() as tape:
        y = ops.sum(norm(tf.constant([[1.0, 5.0], [3.0, 9.0]]), training=training) ** 2)
    gradient = taped and tape.gradient(y, norm.trainable_variables)[0] is not None
    return gradient, bool(np.abs(norm.layers[1].moving_mean.numpy()).sum() > 0)


for training in (True, False):
    for taped in (True, False):
        gradient, moved = try_call(training, taped)
        under = "with a tape" if taped else "no tape    "
        print(f"training={training!s:5} {under}: gradient {gradient!s:5}  statistics moved {moved}")

# %% [markdown]
# To evaluate with `training=True` does more than make the numbers noisy: in the second line the
# model has *learned* from the data that it was evaluated on.
#
# Without the argument a model takes what each layer's `call` has for a default, which is `False`
# for the built-in layers. For layers that you or others have written it may be anything: say what
# you want.
#
# ### Leaving things as they were
#
# The flag `trainable` is another matter: it says which weights are trained. A batch normalisation
# with `trainable=False` also goes on with the statistics that it has, even in training, so some
# people switch a model with it.
#
# **Predict**: the normalisation in this model is frozen. What are the flags after an evaluation
# that sets `trainable` to `False` and then back to `True`?

# %%
model = keras.Sequential([
    keras.Input((2,)), layers.Dense(2), layers.BatchNormalization(), layers.Dropout(0.5)])
model.layers[1].trainable = False
model(tf.constant([[1.0, 5.0], [3.0, 9.0]]), training=True)
moved = bool(np.abs(model.layers[1].moving_mean.numpy()).sum() > 0)
print("frozen, called with training=True: statistics moved", moved)
print("before:", [layer.trainable for layer in model.layers])
model.trainable = False
model.trainable = True
print("after: ", [layer.trainable for layer in model.layers])

# %% [markdown]
# The flag of a model sets those of *all* layers inside. An evaluation has no business with it.
#
# Compiling has a price too: `model.compile` gives the model a new optimizer, without the memory of
# the old one. A function that shall leave things as they were does not compile, and
# `model.evaluate` needs a compiled model.

# %% [markdown] exercise="evaluate-unchanged" role="task"
# ## Exercise 13.4: look, do not touch
#
# *4 points*
#
# Write `evaluate(model, loss_fn, batches)`. It returns the mean loss per example of a model in use,
# and leaves the model as it was.
#
# - **In**: a built model; `loss_fn`, a function: `loss_fn(y, prediction)`, in this order, gives the
#   mean loss over the rows of a batch, a float32 tensor of shape `()`; `batches`, an iterable of
#   pairs `(x, y)` of tensors, perhaps a generator, each with at least one row, and at least one of
#   them. **Out**: a Python float.
# - The model and then `loss_fn` are called once for each batch, in the order of the batches. The
#   model is called with `training=False`, so that this reaches every layer, also one whose own
#   default is `True`.
# - Batches may be of different sizes. Every example counts the same. The model's `losses` are not
#   part of the result.
# - Afterwards all is as before: the weights, trainable or not, the collected statistics and the
#   state of random layers among them; the flag `trainable` of the model and of each layer, at any
#   depth, also if an error comes up; and a model that was not compiled is not compiled, one that
#   was has the optimizer that it had.
# - If the model or `loss_fn` raises an error, the error goes on to the caller.
#
# The four tests cells (1 point each) look at the number, at how it is computed, at what is left
# behind, and at what is left behind by an error.

# %% [markdown] exercise="evaluate-unchanged" role="hint"
# <details><summary>Hint 1</summary>
#
# There is nothing to switch and nothing to put back if you tell the model with each call what is
# wanted. The mean over uneven batches is that of exercise 13.3.
#
# </details>

# %% [markdown] exercise="evaluate-unchanged" role="hint"
# <details><summary>Hint 2</summary>
#
# For each pair: `loss = loss_fn(y, model(x, training=False))`; add `float(loss) * len(x)` to a
# total and `len(x)` to a count. Return the total divided by the count.
#
# </details>

# %% exercise="evaluate-unchanged" role="solution"
def evaluate(
    model: keras.Model,
    loss_fn: Callable[[tf.Tensor, tf.Tensor], tf.Tensor],
    batches: Iterable[tuple[tf.Tensor, tf.Tensor]],
) -> float:
    """The mean loss per example of the model in use; the model stays as it was."""
    # BEGIN SOLUTION
    total, count = 0.0, 0
    for x, y in batches:
        total += float(loss_fn(y, model(x, training=False))) * len(x)
        count += len(x)
    return total / count
    # END SOLUTION


# %% exercise="evaluate-unchanged" role="tests" points=1
# Exercise 13.4, tests 1 of 4: the number.
def check_value(sizes):
    dense = layers.Dense(1, kernel_regularizer=keras.regularizers.L2(0.5))
    model, rng = keras.Sequential([keras.Input((2,)), dense]), np.random.default_rng(len(sizes))
    model.set_weights([np.array([[1.0], [-2.0]]), np.array([0.5])])
    data = [(rng.normal(size=(n, 2)) + i, rng.normal(size=(n, 1))) for i, n in enumerate(sizes)]
    batches = [(tf.constant(x, "float32"), tf.constant(y, "float32")) for x, y in data]
    got = evaluate(model, lambda y, p: tf.reduce_mean((2 * p - y) ** 2), (pair for pair in batches))
    called = f"evaluate(model, loss_fn, batches) for {sizes} examples"
    assert type(got) is float, f"{called} gave {type(got).__name__}, wanted a Python float."

    def loss(x, y, first=2, second=1):
        p = x @ np.array([[1.0], [-2.0]]) + 0.5
        return ((first * p - second * y) ** 2).mean()

    means = np.array([loss(x, y) for x, y in data])
    wanted = (means * sizes).sum() / sum(sizes)
    swapped = [loss(x, y, first=-1, second=-2) for x, y in data]
    likely = {"that is the mean of the batch means; weigh each by its number of rows": means.mean(),
              "that is the sum over examples; divide by their number": (means * sizes).sum(),
              "that is the loss of the last batch": means[-1],
              "the penalties in model.losses are no part of the result": 2.5 + wanted,
              "the arguments of loss_fn are swapped; the target comes first": (
                  np.dot(swapped, sizes) / sum(sizes))}
    cause = next((text for text, value in likely.items() if np.isclose(got, value, rtol=1e-4)),
                 "weigh the mean loss of each batch by its number of rows")
    assert np.isclose(got, wanted, rtol=1e-4), (
        f"{called} gave {got:.4f}, wanted {wanted:.4f}: {cause}.")


for sizes in [[4, 4, 2]]:
    check_value(sizes)
# BEGIN HIDDEN TESTS
for sizes in [[1, 6], [3], [5, 1, 1, 2]]:
    check_value(sizes)
# END HIDDEN TESTS

# %% exercise="evaluate-unchanged" role="tests" points=1
# Exercise 13.4, tests 2 of 4: how it is computed. A layer notes its calls, and triples in training.
class Noted(layers.Layer):
    def call(self, x, training=True):
        self.calls = [*getattr(self, "calls", []), training]
        return 3 * x if training else x


def check_mode(sizes):
    noted, given = Noted(), []
    model = keras.Sequential([keras.Input((1,)), layers.Dropout(0.9), noted])
    model.run_eagerly = True  # for answers that use predict: each batch is a call
    noted.calls = []
    batches = [(tf.fill((n, 1), float(n)), tf.zeros((n, 1))) for n in sizes]

    def loss_fn(y, prediction):
        given.append("symbols" if tf.is_symbolic_tensor(prediction) else (
            np.ravel(y).tolist(), np.ravel(prediction).tolist()))
        return tf.reduce_mean(prediction - y)

    got = evaluate(model, loss_fn, (pair for pair in batches))
    called = f"evaluate(model, loss_fn, batches) for {sizes} examples"
    assert "symbols" not in given, (
        f"{called} called loss_fn in a graph, as a compiled model does in evaluate or "
        "test_on_batch: call the model and loss_fn yourself, batch by batch.")
    assert len(noted.calls) == len(sizes), (
        f"{called} ran the model {len(noted.calls)} times, wanted once for each batch.")
    assert not any(noted.calls), (
        f"{called} ran a layer whose default is training=True in training mode: say training=False "
        "in the call of the model, then it reaches every layer.")
    wanted = [([0.0] * n, [float(n)] * n) for n in sizes]
    assert given == wanted, (
        f"{called} called loss_fn with {given}, wanted {wanted}: once for each batch, with the "
        "target and the prediction.")
    mean = sum(n * n for n in sizes) / sum(sizes)
    assert np.isclose(got, mean, rtol=1e-4), (
        f"{called} gave {got}, wanted {mean:.4f}; get the first tests cell to pass first.")


for sizes in [[4, 2]]:
    check_mode(sizes)
# BEGIN HIDDEN TESTS
for sizes in [[1, 3], [3], [2, 1, 1, 2]]:
    check_mode(sizes)
# END HIDDEN TESTS

# %% exercise="evaluate-unchanged" role="tests" points=1
# Exercise 13.4, tests 3 of 4: weights, statistics, random state, flags and optimizer stay.
def check_unchanged(frozen, compiled=False):
    """frozen: the places of layers that are not trained; the last two are in a model inside."""
    inside = keras.Sequential([layers.Dense(3), layers.BatchNormalization()])
    model = keras.Sequential([keras.Input((2,)), layers.Dense(3, kernel_regularizer="l2"),
                              layers.BatchNormalization(), layers.Dropout(0.5), inside])
    for place in frozen:
        [*model.layers, *inside.layers][place].trainable = False
    optimizer = keras.optimizers.SGD(0.1)
    if compiled:
        model.compile(optimizer=optimizer, loss="mae")
    blocks = [model, *model.layers, *inside.layers]
    variables = [v for block in blocks for v in block.variables]
    state, flags = [v.numpy() for v in variables], [block.trainable for block in blocks]
    batches = [(tf.constant(np.arange(2.0 * n).reshape(n, 2) + 5, "float32"), tf.zeros((n, 3)))
               for n in (4, 3, 2)]
    what = "evaluate(model, loss_fn, batches)"
    got = evaluate(model, lambda y, prediction: tf.reduce_mean(tf.abs(prediction - y)), batches)
    assert type(got) is float, f"{what} gave {type(got).__name__}, wanted a Python float."
    after = [block.trainable for block in blocks]
    assert after == flags, (
        f"{what} left the flags trainable of the model, its layers and theirs at {after}, they "
        f"were {flags} before: the flag of a model sets those of all layers; leave it alone.")
    for variable, before in zip(variables, state):
        assert np.array_equal(variable.numpy(), before), (
            f"{what} changed {variable.path}: with training=True the statistics of a normalisation "
            "move and dropout draws random numbers; with training=False neither happens.")
    assert model.compiled is compiled, f"{what} compiled the model; there is no need to."
    assert not compiled or model.optimizer is optimizer, (
        f"{what} gave the model a new optimizer, without the memory of the old one.")
    assert int(optimizer.iterations) == 0, f"{what} took a training step."


for case in [((),), ((1,),)]:
    check_unchanged(*case)
# BEGIN HIDDEN TESTS
for case in [((0, 2), True), ((4,),)]:
    check_unchanged(*case)
# END HIDDEN TESTS

# %% exercise="evaluate-unchanged" role="tests" points=1
# Exercise 13.4, tests 4 of 4: an error goes on to the caller, and the flags stay.
class Broken(layers.Layer):
    """Raises if a number is above 100."""

    def call(self, x):
        if not tf.is_symbolic_tensor(x) and np.max(x) > 100:
            raise ArithmeticError("raised by a layer of the model")
        return x


def check_error(frozen, compiled, numbers, where):
    """frozen: the places of layers that are not trained; the last one is in a model inside."""
    inside = keras.Sequential([Broken()])
    model = keras.Sequential([keras.Input((1,)), layers.Dropout(0.5), inside])
    optimizer = keras.optimizers.SGD(0.1)
    if compiled:
        model.compile(optimizer=optimizer, loss="mae")
    model.run_eagerly, blocks = True, [model, *model.layers, *inside.layers]
    for place in frozen:
        blocks[place].trainable = False
    flags = [block.trainable for block in blocks]

    def loss_fn(y, prediction):
        if not tf.is_symbolic_tensor(prediction) and np.max(prediction) > 10:
            raise ArithmeticError("raised by loss_fn")
        return tf.reduce_mean(prediction - y)

    # Forty rows: a dropout that is left on makes zeros of two in one case of four.
    batches = [(tf.fill((40, 1), number), tf.zeros((40, 1))) for number in numbers]
    what = f"evaluate(model, loss_fn, batches), where {where} raises an error,"
    try:
        evaluate(model, loss_fn, batches)
        raised = False
    except ArithmeticError:
        raised = True
    assert model.compiled is compiled and (not compiled or model.optimizer is optimizer), (
        f"{what} compiled the model; there is no need to.")
    assert raised, f"{what} did not pass the error on to the caller."
    after = [block.trainable for block in blocks]
    assert after == flags, (
        f"{what} left the flags trainable of the model, its layers and theirs at {after}, they "
        f"were {flags} before: leave them alone, then there is nothing to put back.")


for case in [((1,), False, (1.0, 50.0), "loss_fn")]:
    check_error(*case)
# BEGIN HIDDEN TESTS
for case in [((), True, (50.0,), "loss_fn"), ((3,), False, (1.0, 2.0, 500.0), "the model")]:
    check_error(*case)
# END HIDDEN TESTS

# %% [markdown]
# ## The whole loop
#
# ### Telling how far it is
#
# People want to see that a long training moves on. A well-known listing keeps a status bar: it
# writes a line that begins with a carriage return, `\r`, so that each line covers the one before.
#
# **Predict**: on a terminal one line is seen at a time. The next cell lets the same function write
# into a text. How many characters long is it after three batches of one epoch?

# %% listing="S1-38"
def status_bar(done, total, loss, out=sys.stdout):
    """Overwrite the line before with a bar for `done` of `total` examples."""
    bar = "=" * (20 * done // total)
    out.write(f"\r{done:3}/{total} [{bar:20}] loss {loss:.3f}")


with io.StringIO() as text:
    for done, loss in ((50, 0.9), (100, 0.7), (150, 0.6)):
        status_bar(done, 150, loss, out=text)
    written = text.getvalue()
print(len(written), "characters:", repr(written[:45]), "…")

# %% [markdown]
# **Then and now.** What a terminal covers, a file keeps. A notebook is a file: 100 epochs of 1,000
# batches come to 100,000 such lines, and a viewer that does not know `\r` shows them all. In a
# notebook of your own, one plain line per epoch (or per ten) says the same. Keras brings a bar with
# it; we come to it with `fit`.
#
# ### A live plot
#
# The best display is the loss as a curve that grows while the model trains. Jupyter gives every
# notebook a function `display`. With `display_id=True` it returns a handle, and `handle.update`
# draws the figure again in the same place, so that one picture stays in the notebook. The loop
# below does this in every tenth epoch, since each update sends the whole picture.
#
# Here is the loop whole: the parts that a training needs, then the two loops, over epochs and over
# batches. Each epoch ends with an evaluation on data that are not trained on.
#
# **Then and now.** Two names in older listings of these parts are gone. **Predict** what the last
# two lines print.

# %% listing="S1-39"
keras.utils.set_random_seed(3)
x_all = np.random.default_rng(3).uniform(-2, 2, size=(240, 1)).astype("float32")
noise = np.random.default_rng(4).normal(scale=0.1, size=(240, 1))
y_all = (np.sin(2 * x_all) + noise).astype("float32")
x_valid, y_valid = x_all[150:], y_all[150:]

l2 = keras.regularizers.L2(1e-4)
model = keras.Sequential([
    keras.Input((1,)),
    layers.Dense(30, activation="relu", kernel_regularizer=l2),
    layers.Dropout(0.02),
    layers.Dense(1, kernel_regularizer=l2),
])
train_data = tf.data.Dataset.from_tensor_slices((x_all[:150], y_all[:150]))
batches = train_data.shuffle(150, seed=3).batch(64)
loss_fn = keras.losses.MeanSquaredError()
optimizer = keras.optimizers.Adam(learning_rate=0.03)
mean_loss, mean_error = keras.metrics.Mean(), keras.metrics.MeanAbsoluteError()
print("tf.keras.losses.mean_squared_error:", hasattr(tf.keras.losses, "mean_squared_error"))
print("metric.reset_states:", hasattr(mean_loss, "reset_states"))

# %% [markdown]
# The function is `keras.losses.mean_squared_error` now, and the method `reset_state`, without s. A
# metric must be reset at the start of every epoch (lesson 12), and a mean of losses must be told
# how many rows each one stands for.
#
# **Predict**: while the loss is falling, which of the two curves is the lower one most of the time,
# training or validation? (When is each of them computed?)

# %% listing="S1-40"
history = {"loss": [], "mae": [], "val_loss": []}
fig, axis = plt.subplots(figsize=(6, 2.8), layout="constrained")
curves = {name: axis.plot([], label=name)[0] for name in ("loss", "val_loss")}
axis.set(xlabel="epoch", ylabel="mean squared error", xlim=(0, 20), ylim=(0, 0.8))
axis.legend()
handle = display(fig, display_id=True)  # noqa: F821 (Jupyter's own)

for epoch in range(20):
    mean_loss.reset_state()
    mean_error.reset_state()
    for x, y in batches:
        with tf.GradientTape() as tape:
            prediction = model(x, training=True)
            loss = loss_fn(y, prediction)
            total = loss + sum(model.losses)
        gradients = tape.gradient(total, model.trainable_variables)
        optimizer.apply(gradients, model.trainable_variables)
        mean_loss.update_state(loss, sample_weight=len(x))
        mean_error.update_state(y, prediction)
    history["loss"].append(float(mean_loss.result()))
    history["mae"].append(float(mean_error.result()))
    history["val_loss"].append(float(loss_fn(y_valid, model(x_valid, training=False))))
    if epoch % 10 == 9:
        for name, curve in curves.items():
            curve.set_data(range(1, epoch + 2), history[name])
        handle.update(fig)
        print(f"epoch {epoch + 1}: better than at the start:", end=" ")
        print({name: values[-1] < values[0] for name, values in history.items()})
plt.close(fig)  # or Jupyter would show it a second time, below

# %% [markdown]
# The training loss of an epoch is a mean over batches that were seen while the model was getting
# better; the validation loss is computed at the end of the epoch, by the better model, without
# dropout. That is why it is mostly the lower one, and it says nothing against the training.
#
# The lines print comparisons and not losses, since the last digits of a training differ from
# machine to machine. In your own loops, print the numbers.

# %% [markdown]
# ## What `compile` and `fit` do
#
# ### Parts by name, as objects, and your own
#
# `compile` translates no code. It stores an optimizer, a loss and metrics in the model, and `fit`
# runs the loop that you have just written, as a graph (lesson 14). The parts can be given by
# *name*; a name becomes an object with default options.
#
# **Then and now.** The books name "accuracy" as the metric, for whatever model.
#
# **Predict**: which accuracy does Keras take for a model with one linear output, and what can it be
# for targets of 10 and 20?

# %% listing="S2-08"
rows, targets = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), np.array([[10.0], [20.0]])


def from_zero():
    """A model with one dense layer that starts at zero."""
    return keras.Sequential([keras.Input((3,)), layers.Dense(1, kernel_initializer="zeros")])


model = from_zero()
model.compile(optimizer="rmsprop", loss="mean_squared_error", metrics=["accuracy"])
log = model.evaluate(rows, targets, verbose=0, return_dict=True)
print(type(model.optimizer).__name__, "with rate", round(float(model.optimizer.learning_rate), 4))
print(type(model.metrics[1].metrics[0]).__name__, log)

# %% [markdown]
# How often is the output, rounded to 0 or 1, equal to the target? Never, and nothing raises. A
# metric has to be chosen for the task.
#
# *Objects* carry their options. Listings of some years ago give a single metric as it is:

# %% listing="S2-09" tags=["raises-exception"]
model.compile(
    optimizer=keras.optimizers.RMSprop(learning_rate=1e-4),
    loss=keras.losses.MeanSquaredError(),
    metrics=keras.metrics.MeanAbsoluteError(),
)

# %% [markdown]
# Today metrics come in a list, also if there is only one. *Your own parts* go the same way: a loss
# and a metric may be functions, and an optimizer a subclass. This one moves every variable by a
# fixed amount, whatever the size of the gradient.

# %% listing="S2-10"
class SignDescent(keras.optimizers.Optimizer):
    """Move every variable by the learning rate, against the sign of its gradient."""

    def update_step(self, gradient, variable, learning_rate):
        self.assign_sub(variable, learning_rate * ops.sign(gradient))


def cubed_error(y, prediction):
    return ops.mean(ops.abs(prediction - y) ** 3, axis=-1)


def largest_error(y, prediction):
    return ops.max(ops.abs(prediction - y), axis=-1)


model = from_zero()
model.compile(optimizer=SignDescent(learning_rate=0.1), loss=cubed_error, metrics=[largest_error])
log = model.fit(rows, targets, epochs=20, verbose=0).history
largest = log["largest_error"]
print("the largest error is less than a quarter of what it was:", largest[-1] < largest[0] / 4)

# %% [markdown]
# ### The bar that people know
#
# `fit` shows a progress bar for each epoch, with `verbose=2` one plain line, with `verbose=0`
# nothing. The bar is drawn with `\r` too, and it shows how long a step takes, which is never the
# same twice. To keep the lesson's text stable, the next cell catches what `fit` writes, and prints
# the last state of each line, with the times taken out. In your own notebook, just call `fit`.
#
# **Predict**: four batches of uneven size. Is the loss at the end of the line the one of the last
# batch?

# %%
def settled(text):
    """The last state of each line of a progress bar, without colours and times."""
    text = re.sub(r"\x1b\[\d+m|\x08", "", text)
    last = [line.split("\r")[-1].rstrip() for line in text.split("\n")]
    return "\n".join(re.sub(r" \d+m?s \S+/step", " …", line) for line in last).strip()


examples, wanted = np.arange(7.0).reshape(7, 1), np.zeros((7, 1))
model = keras.Sequential([keras.Input((1,)), layers.Dense(1, kernel_initializer="ones")])
model.compile(optimizer=keras.optimizers.SGD(0.0), loss="mean_squared_error")
with contextlib.redirect_stdout(io.StringIO()) as screen:
    model.fit(examples, wanted, batch_size=2, epochs=2, shuffle=False)
print(settled(screen.getvalue()))
print("mean of all squares:", (examples**2).mean(), " of the last batch:", 6.0**2)

# %% [markdown]
# It is the mean over all rows so far, weighted as it should be.
#
# ### Your own step inside `fit`
#
# A subclass of `keras.Model` may define `train_step(data)`, and `fit` then runs this for each
# batch: your step, with Keras's loop, bar, history and callbacks (objects whose methods `fit` calls
# on the way, after each epoch for example) around it. `compute_loss` is the loss that was compiled,
# plus the penalties; the method returns what the bar shows.

# %%
class Stepper(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(1, kernel_initializer="zeros")

    def call(self, x):
        return self.dense(x)

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            prediction = self(x, training=True)
            loss = self.compute_loss(x=x, y=y, y_pred=prediction)
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply(gradients, self.trainable_variables)
        return {"loss": loss}


# %% [markdown]
# ### Three roads to the same weights
#
# If `fit` is the loop and no magic, then a loop by hand, `fit`, and `fit` with a step of our own
# must arrive at the same numbers. The data are those of exercise 13.1, the optimizer SGD with rate
# 0.01, and the data make one batch. For `fit` we put this batch 100 times into one epoch: 100
# steps, and the work around an epoch only once.
#
# **Predict**: to how many digits will they agree?

# %%
by_hand, optimizer = from_zero(), keras.optimizers.SGD(0.01)
for _ in range(100):
    with tf.GradientTape() as tape:
        loss = ops.mean((by_hand(rows) - targets) ** 2)
    optimizer.apply(tape.gradient(loss, by_hand.trainable_variables), by_hand.trainable_variables)

fitted, own_step = from_zero(), Stepper()
batches = tf.data.Dataset.from_tensors((rows, targets)).repeat(100)
for model in (fitted, own_step):
    model.compile(optimizer=keras.optimizers.SGD(0.01), loss="mean_squared_error")
    model.fit(batches, shuffle=False, verbose=0)

by_handbook = (0.40784496, 1.19106495, 1.97428548, 0.78322077)
for name, model in (("by hand", by_hand), ("fit", fitted), ("train_step", own_step)):
    numbers = np.concatenate([value.ravel() for value in model.get_weights()])
    print(f"{name:12}", *(f"{number:.4f}" for number in numbers), end="  ")
    print("agrees to 6 digits:", np.allclose(numbers, by_handbook, rtol=0, atol=1e-6))
print("the handbook", *(f"{number:.4f}" for number in by_handbook))

# %% [markdown]
# ## Learning rates
#
# ### Schedules
#
# A large rate gets far and a small one gets close, so the rate is often lowered on the way. In
# Keras a *schedule* is a function of the step, given to the optimizer in the place of the rate. It
# counts *steps* of the optimizer, that is batches, and not epochs.
#
# **Predict** the four curves before you look: a step of one half every 15 steps, a decay by 7 % per
# step, half a cosine wave, and the same after a warm-up of 8 steps.

# %%
from keras.optimizers import schedules

recipes = {
    "PiecewiseConstantDecay": schedules.PiecewiseConstantDecay(
        [14, 29, 44], [0.1, 0.05, 0.025, 0.0125]),
    "ExponentialDecay": schedules.ExponentialDecay(0.1, decay_steps=1, decay_rate=0.93),
    "CosineDecay": schedules.CosineDecay(0.1, decay_steps=50),
    "warm-up, then cosine": schedules.CosineDecay(
        0.01, decay_steps=42, warmup_steps=8, warmup_target=0.1),
}
fig, axis = plt.subplots(figsize=(7, 3), layout="constrained")
for (title, recipe), style in zip(recipes.items(), ("-", "--", "-.", ":")):
    axis.plot([float(recipe(step)) for step in range(50)], style, linewidth=2, label=title)
axis.set(xlabel="step", ylabel="learning rate")
axis.legend(loc="upper right")
plt.show()
halved = recipes["PiecewiseConstantDecay"]
print("piecewise, in steps 0, 15, 30:", [round(float(halved(step)), 4) for step in (0, 15, 30)])

# %% [markdown]
# **Then and now.** Optimizers once had an argument `decay`, and listings with it still run: the
# argument is ignored. Keras warns, but a warning is easily lost in a log; the cell catches it.
#
# **Predict**: the rate starts at 0.1. What is it after three steps, then and now?

# %%
def rate_after(optimizer, steps=3):
    variable = keras.Variable(0.0)
    for _ in range(steps):
        optimizer.apply([tf.constant(1.0)], [variable])
    return round(float(optimizer.learning_rate), 4)


with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    print("decay=0.5:       ", rate_after(keras.optimizers.SGD(0.1, decay=0.5)))
print(caught[0].message)
falling = schedules.InverseTimeDecay(0.1, decay_steps=1, decay_rate=0.5)
print("InverseTimeDecay:", rate_after(keras.optimizers.SGD(falling)))

# %% [markdown]
# ### Two rates at once
#
# When a trained network gets a new last layer, its *head*, the head has to learn from scratch while
# the rest, the *body*, should move little. A Keras optimizer has one rate, so two rates are two
# optimizers, each with its own part of the variables and of the gradients.

# %%
body, head = layers.Dense(4, name="header"), layers.Dense(2, name="head")
net = keras.Sequential([keras.Input((3,)), body, head], name="net")
slow, fast = keras.optimizers.SGD(0.001), keras.optimizers.SGD(0.1)
with tf.GradientTape() as tape:
    loss = ops.mean(net(tf.ones((2, 3))) ** 2)
in_body, in_head = tape.gradient(loss, (body.trainable_variables, head.trainable_variables))
slow.apply(in_body, body.trainable_variables)
fast.apply(in_head, head.trainable_variables)
print([round(float(optimizer.learning_rate), 4) for optimizer in (slow, fast)])

# %% [markdown]
# The parts must be *disjoint*, or a variable is moved twice. So the body is "all that is not in the
# head", and this is where it goes wrong.
#
# **Predict**: three ways to say that are tried below. Which variables does each take for the head?

# %%
def paths(variables):
    return [v.path for v in variables]


ours = head.trainable_variables
print("by path:", paths(v for v in net.trainable_variables if "head" in v.path))
try:
    print("by in:  ", paths(v for v in net.trainable_variables if v in ours))
except Exception as error:
    print("by in:   raises", type(error).__name__)
ids = {id(v) for v in ours}
print("by id:  ", paths(v for v in net.trainable_variables if id(v) in ids))

# %% [markdown]
# The name of the first layer begins with the same letters. And `in` compares with `==`, which Keras
# variables do number by number. What is wanted is identity, and a set of `id`s has it.

# %% [markdown] exercise="two-learning-rates" role="task"
# ## Exercise 13.5: two learning rates
#
# *3 points*
#
# Write `two_rates(model, head, body_rate, head_rate, momentum=0.0)`. It returns a function
# `update(gradients)` that trains the two parts of a model with different learning rates.
#
# - **In**: a built model; `head`, a layer that is somewhere inside the model; three Python floats.
#   **Out**: a function.
# - `update(gradients)` takes the gradients of the model's `trainable_variables`, a list of tensors
#   in the order that this list has at the call of `two_rates`, and makes one step of SGD with that
#   momentum.
# - All trainable variables of `head` move with `head_rate`, all others of the model with
#   `body_rate`; each moves exactly once per call. Frozen variables are not in the list, and stay.
# - A variable that is used both in the head and elsewhere in the model counts as the head's.
# - What belongs to the head is told by identity: names, paths and equal numbers mean nothing.
# - The memory of the momentum lasts from one call of `update` to the next, and two functions made
#   by two calls of `two_rates` share nothing.
#
# The three tests cells (1 point each) look at one update, at what tells the head from the body, and
# at two updates in a row.

# %% [markdown] exercise="two-learning-rates" role="hint"
# <details><summary>Hint 1</summary>
#
# Which places in `model.trainable_variables` belong to the head? Ask with `id`, once, before you
# define `update`. The optimizers are made there too; why not inside `update`?
#
# </details>

# %% [markdown] exercise="two-learning-rates" role="hint"
# <details><summary>Hint 2</summary>
#
# `variables = list(model.trainable_variables)`, `ids = {id(v) for v in head.trainable_variables}`,
# and two optimizers. In `update`, make for each part the list of pairs `(gradient, variable)` of
# `zip(gradients, variables)` whose `id(variable)` is, or is not, in `ids`, and give it to
# `apply_gradients` of its optimizer, which is `apply` for a list of pairs.
#
# </details>

# %% exercise="two-learning-rates" role="solution"
def two_rates(
    model: keras.Model, head: keras.Layer, body_rate: float, head_rate: float, momentum: float = 0.0
) -> Callable[[list[tf.Tensor]], None]:
    """A function for one step: head_rate for the variables of head, body_rate for all others."""
    # BEGIN SOLUTION
    variables = list(model.trainable_variables)
    ids = {id(v) for v in head.trainable_variables}
    slow = keras.optimizers.SGD(body_rate, momentum=momentum)
    fast = keras.optimizers.SGD(head_rate, momentum=momentum)

    def update(gradients):
        pairs = list(zip(gradients, variables))
        slow.apply_gradients([pair for pair in pairs if id(pair[1]) not in ids])
        fast.apply_gradients([pair for pair in pairs if id(pair[1]) in ids])

    return update
    # END SOLUTION


# %% exercise="two-learning-rates" role="tests" points=1
# Exercise 13.5, tests 1 of 3: who moves with which rate.
def check_rates(place, body_rate, head_rate):
    """A model of layers of unequal shapes, the second of them in a model inside."""
    inner = keras.Sequential([layers.Dense(4)])
    model = keras.Sequential([
        keras.Input((3,)), layers.Dense(2), inner, layers.Dense(5, use_bias=False)])
    head = [model.layers[0], inner.layers[0], model.layers[2], inner][place]
    called = f"two_rates(model, head, {body_rate}, {head_rate}), head {head.name}"
    variables = list(model.trainable_variables)
    before, slopes = [v.numpy() for v in variables], [i + 1.0 for i in range(len(variables))]
    try:
        update = two_rates(model, head, body_rate, head_rate)
        assert callable(update), f"{called} gave {type(update).__name__}, wanted a function."
        update([tf.fill(tuple(v.shape), s) for s, v in zip(slopes, variables)])
    except (TypeError, ValueError, tf.errors.InvalidArgumentError) as error:
        cause = "each optimizer gets its part of the gradients, with their variables"
        if "ambiguous" in str(error) or "Equal" in str(error):
            cause = "variables are compared with ==, number by number; compare their ids"
        elif isinstance(error, tf.errors.InvalidArgumentError):
            cause = "a variable got the gradient of another variable; keep the order"
        raise AssertionError(
            f"{called} and one update raised {type(error).__name__} ({str(error)[:90]}): "
            f"{cause}.") from None
    ours = {id(v) for v in head.variables}
    for v, old, slope in zip(variables, before, slopes):
        moved = (v.numpy() - old).ravel()
        rates = (head_rate, body_rate) if id(v) in ours else (body_rate, head_rate)
        likely = [(slope * rates[1], "that is the rate of the other part; tell the parts by id"),
                  (slope * sum(rates), "it moved with both rates; the parts are to be disjoint"),
                  (2 * slope * rates[0], "it moved twice"), (0.0, "it is in neither part"),
                  *((s * rates[0], "it got the gradient of another variable; keep the order")
                    for s in slopes)]
        cause = next((t for by, t in likely if np.allclose(-moved, by, atol=1e-5)), "plain SGD")
        assert np.allclose(moved, -slope * rates[0], rtol=1e-3, atol=1e-5), (
            f"{called}: {v.path}, in the {'head' if id(v) in ours else 'body'}, with gradient "
            f"{slope}, moved by {moved[0]:.4f}, wanted {-slope * rates[0]:.4f}: {cause}.")


for case in [(2, 0.01, 0.5), (1, 0.25, 0.125)]:
    check_rates(*case)
# BEGIN HIDDEN TESTS
for case in [(0, 0.5, 0.0625), (3, 0.125, 0.25)]:
    check_rates(*case)
# END HIDDEN TESTS

# %% exercise="two-learning-rates" role="tests" points=1
# Exercise 13.5, tests 2 of 3: layers that only identity tells apart.
def make_parts(kind):
    """A model of layers of equal shape, and its head."""
    a, b, c = (layers.Dense(3, name=name) for name in ("head_norm", "inner", "last"))
    inner = keras.Sequential([keras.Input((3,)), a, b], name="lower")
    outputs = inputs = keras.Input((3,))
    for layer in [inner, a, c] if kind == "tied" else [inner, c]:
        outputs = layer(outputs)
    a.trainable = kind != "frozen"
    for layer in (b, c) if kind == "equal" else ():
        layer.set_weights(a.get_weights())
    return keras.Model(inputs, outputs), {"inside": b, "tied": a}.get(kind, c)


def check_identity(kind, body_rate, head_rate):
    model, head = make_parts(kind)
    called = f"two_rates(model, head, {body_rate}, {head_rate}), case {kind!r}"
    variables, everything = list(model.trainable_variables), list(model.variables)
    before, ours = [v.numpy() for v in everything], {id(v) for v in head.variables}
    slopes = {id(v): i + 1.0 for i, v in enumerate(variables)}
    try:
        update = two_rates(model, head, body_rate, head_rate)
        update([tf.fill(tuple(v.shape), slopes[id(v)]) for v in variables])
    except NotImplementedError:
        raise
    except Exception as error:
        raise AssertionError(f"{called} and one update raised {type(error).__name__} "
                             f"({str(error)[:90]}): each variable is in one of the two parts; tell "
                             "them by id, not by ==.") from None
    for v, old in zip(everything, before):
        moved, slope = (v.numpy() - old).ravel(), slopes.get(id(v), 0.0)
        rates = (head_rate, body_rate) if id(v) in ours else (body_rate, head_rate)
        likely = [(slope * rates[1], "that is the rate of the other part; tell the parts by id, "
                   "not by names, paths, places or numbers"),
                  (slope * sum(rates), "it moved with both rates; the parts are to be disjoint"),
                  (0.0, "it is in neither part")]
        cause = next((t for by, t in likely if np.allclose(-moved, by, atol=1e-5)),
                     "get the first tests cell to pass first")
        if id(v) not in slopes:
            cause = "it is frozen, and the gradients are those of the trainable variables alone"
        assert np.allclose(moved, -slope * rates[0], rtol=1e-3, atol=1e-5), (
            f"{called}: {v.path}, in the {'head' if id(v) in ours else 'body'}, with gradient "
            f"{slope}, moved by {moved[0]:.4f}, wanted {-slope * rates[0]:.4f}: {cause}.")


for case in [("plain", 0.01, 0.5), ("inside", 0.25, 0.125)]:
    check_identity(*case)
# BEGIN HIDDEN TESTS
for case in [("tied", 0.01, 0.1), ("frozen", 0.3, 0.02), ("equal", 0.25, 0.5)]:
    check_identity(*case)
# END HIDDEN TESTS

# %% exercise="two-learning-rates" role="tests" points=1
# Exercise 13.5, tests 3 of 3: two updates in a row, and one by a second function.
def check_updates(body_rate, head_rate, momentum):
    body, head = layers.Dense(2), layers.Dense(2, bias_initializer="ones")
    model = keras.Sequential([keras.Input((2,)), body, head])
    called = f"two_rates(model, head, {body_rate}, {head_rate}, {momentum})"
    update = two_rates(model, head, body_rate, head_rate, momentum)
    assert callable(update), f"{called} gave {type(update).__name__}, wanted a function."
    rates = [body_rate, body_rate, head_rate, head_rate]
    values, speeds = [v.numpy().astype("float64") for v in model.variables], [0.0] * 4
    for number, slope in ((1, 2.0), (2, -1.0)):
        update([tf.fill(tuple(v.shape), slope) for v in model.trainable_variables])
        for i, (rate, v) in enumerate(zip(rates, model.variables)):
            speeds[i] = momentum * speeds[i] + slope
            before, values[i] = values[i], values[i] - rate * speeds[i]
            moved, part = (v.numpy() - before).ravel(), "head" if i > 1 else "body"
            cause = "check the rates of both parts"
            if momentum and np.allclose(moved, -rate * slope, atol=1e-5):
                cause = ("the momentum is not passed on, or is lost: optimizers that are made "
                         "inside update are new each time")
            elif np.allclose(moved, 0, atol=1e-6):
                cause = "these variables are in neither part"
            assert np.allclose(moved, -rate * speeds[i], rtol=1e-3, atol=1e-5), (
                f"update {number} of {called} with gradient {slope} moved a variable of the {part} "
                f"by {moved[0]:.4f}, wanted {-rate * speeds[i]:.4f}: {cause}.")
    start = [v.numpy() for v in model.variables]
    another = two_rates(model, head, body_rate, head_rate, momentum)
    another([tf.ones(tuple(v.shape)) for v in model.trainable_variables])
    for rate, v, before in zip(rates, model.variables, start):
        moved = (v.numpy() - before).ravel()
        assert np.allclose(moved, -rate, rtol=1e-3, atol=1e-5), (
            f"the first update of a second {called}, with gradient 1, moved a variable by "
            f"{moved[0]:.4f}, wanted {-rate:.4f}: the two functions share the memory of the "
            "momentum; make it anew in each call of two_rates.")


for case in [(0.125, 0.5, 0.0), (0.5, 0.25, 0.9)]:
    check_updates(*case)
# BEGIN HIDDEN TESTS
for case in [(0.0, 0.2, 0.5), (1.5, 0.1, 0.0)]:
    check_updates(*case)
# END HIDDEN TESTS

# %% [markdown]
# ## Frozen, missing, too large
#
# ### None is not zero
#
# A variable that took no part in the loss has `None` for a gradient. An optimizer skips it, and
# warns (the cell catches the warning and prints how it begins). A gradient of zeros is something
# else.
#
# **Predict**: an SGD with momentum has taken one step with gradient 1. Then the variable gets no
# gradient in one run, and zero in the other. Where does it go in the second step?

# %%
for second in (None, tf.constant(0.0)):
    variable, other = keras.Variable(0.0, name="w"), keras.Variable(0.0)
    optimizer, one = keras.optimizers.SGD(0.1, momentum=0.9), tf.constant(1.0)
    optimizer.apply([one, one], [variable, other])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        optimizer.apply([second, one], [variable, other])
    told = str(caught[0].message).split(" when")[0] if caught else "no warning"
    kind = "None" if second is None else "0.0 "
    print(f"second gradient {kind}: {float(variable.value):.2f}  ({told})")

# %% [markdown]
# With zero, the momentum carries it on. That is why a `None` must not be "repaired" into a zero.
#
# ### Frozen, and still moving
#
# Freezing is `layer.trainable = False`: the layer's variables leave the list `trainable_variables`
# (lesson 04).
#
# **Predict**: a step asks the tape for the gradients of `variables`, where it should be
# `trainable_variables`. Does a frozen layer move?

# %%
frozen = layers.Dense(1, kernel_initializer="ones")
frozen.build((None, 1))
frozen.trainable = False
print("can be trained:", frozen.trainable_variables)
with tf.GradientTape() as tape:
    loss = ops.sum(5 * frozen(tf.ones((1, 1))))
gradients = tape.gradient(loss, frozen.variables)
keras.optimizers.SGD(0.1).apply(gradients, frozen.variables)
print(f"frozen at 1.0, now {frozen.get_weights()[0].item():.1f}")

# %% [markdown]
# It does: the tape records it, the optimizer does what it is told, and nobody looks at the flag.
# Give it the list `trainable_variables`, or look at the flag of each variable.
#
# ### Clipping
#
# One bad batch can bring a gradient that is a thousand times too large, and one step undoes the
# training. *Clipping by global norm* takes all gradients together as one long vector. If its length
# is above a limit, all of them are scaled by the same factor, so that the direction stays.
#
# **Predict**: the gradients are (3, 4) and (12). How long is the vector, and what is left of it at
# a limit of 6.5?

# %%
gradients = [tf.constant([3.0, 4.0]), tf.constant([12.0]), None]
clipped, norm = tf.clip_by_global_norm(gradients, 6.5)
print(f"length {norm:.1f}")
print("left:", [None if g is None else g.numpy().round(3).tolist() for g in clipped])

# %% [markdown]
# Half of each, as 6.5 is half of 13; the missing gradient is passed over. Clipping each gradient
# for itself would have left (3, 4) as it is and turned the direction. An optimizer clips by itself
# if it is made with `global_clipnorm=6.5`. (`clipnorm`, with a shorter name, goes by each gradient
# alone.)

# %% [markdown] exercise="frozen-and-missing" role="task"
# ## Exercise 13.6: a step that tolerates
#
# *3 points*
#
# Write `clipped_step(variables, gradients, learning_rate, max_norm)`, one step of plain gradient
# descent with clipping by global norm.
#
# - **In**: `variables`, a list of `keras.Variable`; `gradients`, a list of the same length, each a
#   tensor of the shape of its variable, or `None`; two Python floats, `max_norm` above 0. **Out**:
#   the global norm before clipping, a Python float.
# - A variable *takes part* if it is not frozen (`trainable` is `True`) and its gradient is not
#   `None`.
# - The global norm is the root of the sum of the squares of all entries of the gradients that take
#   part. If none takes part, it is 0.0.
# - If the norm is above `max_norm`, all gradients that take part are scaled by `max_norm / norm`.
#   A norm at or below it changes nothing.
# - Each variable that takes part is assigned itself minus `learning_rate` times its (scaled)
#   gradient. All others keep their values, even if there is a gradient for them.
# - The two lists stay as they are.
#
# The first tests cell (2 points) is about who takes part, with a limit that is never reached, the
# second (1 point) about clipping.

# %% [markdown] exercise="frozen-and-missing" role="hint"
# <details><summary>Hint 1</summary>
#
# Decide first, in one list of pairs, who takes part; everything else works on that list. The sum of
# squares runs over all of them before anything is updated.
#
# </details>

# %% [markdown] exercise="frozen-and-missing" role="hint"
# <details><summary>Hint 2</summary>
#
# `active = [(v, g) for v, g in zip(variables, gradients) if v.trainable and g is not None]`; the
# norm is `sum(float(ops.sum(g**2)) for v, g in active) ** 0.5`; the factor is `max_norm / norm` if
# the norm is above the limit, else 1. Update with `v.assign_sub(learning_rate * factor * g)`.
#
# </details>

# %% exercise="frozen-and-missing" role="solution"
def clipped_step(
    variables: list[keras.Variable],
    gradients: list[tf.Tensor | None],
    learning_rate: float,
    max_norm: float,
) -> float:
    """Update all variables that take part; the global norm of their gradients before clipping."""
    # BEGIN SOLUTION
    active = [(v, g) for v, g in zip(variables, gradients) if v.trainable and g is not None]
    norm = sum(float(ops.sum(g**2)) for v, g in active) ** 0.5
    factor = max_norm / norm if norm > max_norm else 1.0
    for v, g in active:
        v.assign_sub(learning_rate * factor * g)
    return norm
    # END SOLUTION


# %% exercise="frozen-and-missing" role="tests" points=2
# Exercise 13.6, tests 1 of 2: who takes part. Letters: n normal, f frozen but with a gradient,
# m without a gradient, b both frozen and without, z with a gradient of zeros.
def check_part(pattern, rate):
    rng = np.random.default_rng(len(pattern))
    values = [rng.normal(size=(2, i + 1)).astype("float32") for i in range(len(pattern))]
    slopes = [rng.normal(size=v.shape) * (kind != "z") for v, kind in zip(values, pattern)]
    variables = [keras.Variable(v, trainable=kind not in "fb") for v, kind in zip(values, pattern)]
    gradients = [None if kind in "mb" else tf.constant(s, "float32")
                 for s, kind in zip(slopes, pattern)]
    lists = [list(variables), list(gradients)]
    called = f"clipped_step(variables, gradients, {rate}, max_norm=1000.0), variables {pattern!r}"
    try:
        norm = clipped_step(variables, gradients, rate, 1000.0)
    except NotImplementedError:
        raise
    except Exception as error:
        cause = "a gradient may be None, and a variable frozen; leave those pairs out, both halves"
        if not set(pattern) & set("nz"):
            cause = "nothing takes part here, and the norm is 0.0"
        elif not set(pattern) & set("fmb"):
            cause = "everything takes part here; mind a norm of zero"
        raise AssertionError(f"{called}, raised {type(error).__name__} ({str(error)[:80]}): "
                             f"{cause}.") from None
    assert type(norm) is float, f"{called}, gave {type(norm).__name__}, wanted a Python float."
    for v, old, slope, kind in zip(lists[0], values, slopes, pattern):
        wanted = old - rate * slope if kind in "nz" else old
        got = v.numpy()
        cause = {"f": "it is frozen, and its gradient does not count",
                 "z": "a gradient of zeros moves nothing, and makes no NaN"}.get(
                     kind, "it has no gradient" if kind in "mb" else "wanted is learning_rate "
                     "times its gradient less")
        assert np.allclose(got, wanted, rtol=1e-4, atol=1e-5), (
            f"{called}, made {got.ravel()[:2].round(3)} of a variable {kind!r} that began "
            f"{old.ravel()[:2].round(3)}, wanted {wanted.ravel()[:2].round(3)}: {cause}.")
    active = [s for s, kind in zip(slopes, pattern) if kind in "nz"]
    wanted = np.sqrt(sum((s**2).sum() for s in active))
    stale = np.sqrt(sum((s**2).sum() for s, kind in zip(slopes, pattern) if kind in "nzf"))
    cause = "gradients of frozen variables do not count" if np.isclose(norm, stale) else (
        "the root of the sum of all squares, over the gradients that take part")
    assert np.isclose(norm, wanted, rtol=1e-4, atol=1e-6), (
        f"{called}, gave the norm {norm:.4f}, wanted {wanted:.4f}: {cause}.")
    same = all(len(now) == len(old) and all(a is b for a, b in zip(now, old))
               for now, old in zip((variables, gradients), lists))
    assert same, f"{called}, changed one of the lists that it was given."


for case in [("nmn", 0.5), ("nfn", 0.5), ("nn", 0.1)]:
    check_part(*case)
# BEGIN HIDDEN TESTS
for case in [("mfbn", 0.2), ("mb", 0.3), ("z", 0.3), ("fzmn", 1.0), ("", 0.1)]:
    check_part(*case)
# END HIDDEN TESTS

# %% exercise="frozen-and-missing" role="tests" points=1
# Exercise 13.6, tests 2 of 2: clipping, and the norm that it goes by.
def check_clip(slopes, frozen, rate, max_norm):
    variables = [keras.Variable(np.ones(len(s), "float32")) for s in slopes]
    extra = [keras.Variable([1.0]), keras.Variable([1.0], trainable=False)]
    gradients = [None, *(tf.constant(s) for s in slopes), tf.constant([frozen])]
    called = f"clipped_step(variables, gradients, {rate}, {max_norm}) with gradients {slopes}"
    try:
        norm = clipped_step([extra[0], *variables, extra[1]], gradients, rate, max_norm)
    except (TypeError, ValueError, AttributeError) as error:
        raise AssertionError(f"{called}, one of them missing, raised {type(error).__name__} "
                             f"({error}); get the first tests cell to pass first.") from None
    assert type(norm) is float, f"{called}, gave {type(norm).__name__}, wanted a Python float."
    total = float(np.sqrt(sum(g * g for s in slopes for g in s)))
    stale = float(np.sqrt(total**2 + frozen**2))
    got = np.concatenate([(1 - v.numpy()) / rate for v in variables])
    vectors = [np.array(s) for s in slopes]

    def scaled(length):
        return np.concatenate(vectors) * (max_norm / length)

    wanted = np.concatenate(vectors) * min(1.0, max_norm / total)
    likely = [("nothing was clipped", np.concatenate(vectors)),
              ("each gradient was clipped for itself; there is one norm over all", np.concatenate(
                  [v * min(1.0, max_norm / np.sqrt(v @ v)) for v in vectors])),
              ("each entry was clipped for itself", np.clip(
                  np.concatenate(vectors), -max_norm, max_norm)),
              ("the gradient of a frozen variable is in the norm", scaled(max(stale, max_norm))),
              ("gradients below the limit were scaled up to it", scaled(total)),
              ("the sum of squares was not rooted", scaled(max(total**2, max_norm)))]
    cause = next((text for text, v in likely if np.allclose(got, v, rtol=1e-3, atol=1e-4)),
                 "scale all by max_norm / norm if the norm is above the limit")
    assert np.allclose(got, wanted, rtol=1e-3, atol=1e-4), (
        f"{called}, moved by learning rate times {got.round(3)}, wanted {wanted.round(3)}: "
        f"{cause}.")
    assert np.isclose(norm, total, rtol=1e-4), (
        f"{called}, gave the norm {norm:.4f}, wanted {total:.4f}, the one before clipping, of the "
        "gradients that take part.")


for case in [([[3.0, 4.0], [12.0]], 0.0, 0.5, 3.25), ([[0.3], [0.4]], 2.0, 0.5, 1.0)]:
    check_clip(*case)
# BEGIN HIDDEN TESTS
for case in [([[6.0, -8.0], [-2.0, 1.0, 0.5]], 20.0, 0.25, 5.0), ([[0.5, -0.5]], 0.0, 1.0, 4.0),
             ([[30.0], [-40.0]], 0.0, 0.1, 0.5), ([[0.3], [0.4]], 2.0, 0.5, 0.25)]:
    check_clip(*case)
# END HIDDEN TESTS

# %% [markdown]
# ## PyTorch and Keras side by side
#
# | idea | PyTorch | Keras 3 |
# |---|---|---|
# | the loop | you write it | `model.fit`, or you write it |
# | its parts | arguments of your loop | `model.compile(optimizer, loss, metrics)` |
# | another step | another function | override `train_step` |
# | gradients | `loss.backward()`, into `.grad` | `tape.gradient(loss, variables)`, returned |
# | clear them | `optimizer.zero_grad()` | nothing to clear |
# | update | `optimizer.step()` | `optimizer.apply(gradients, variables)` |
# | penalty | add it to the loss | `kernel_regularizer`; add `model.losses` in your own loop |
# | decay of all parameters | `weight_decay=…` | `weight_decay=…` |
# | training mode | `model.train()`, a flag of every block | `model(x, training=True)`, per call |
# | evaluation | `model.eval()` and `no_grad` | `model(x, training=False)`, no tape |
# | batches | `DataLoader` | `batch_size=…`, or `tf.data` |
# | batch of one, batch normalisation | raises in training | gives zeros |
# | progress | a line that you print | `verbose=1`: a bar; `verbose=2`: a line |
# | schedule | an object that you step | a learning rate that depends on the step |
# | two rates | parameter groups | two optimizers |
# | no gradient | skipped | skipped, with a warning |
# | clipping | `nn.utils.clip_grad_norm_` | `global_clipnorm=…` of the optimizer |

# %% [markdown]
# ## Summary
#
# - A step is: predict, compare, differentiate, update. The loss and its penalties are computed
#   under the tape, the update is not.
# - A column of predictions against a row of targets gives a square, and a model that predicts the
#   mean.
# - The optimizer is made once: its memory, such as momentum, is part of the training.
# - Penalties are in `model.losses`; a loop by hand has to add them. `weight_decay` reaches the
#   biases too.
# - Weigh batch means by batch size; leave out empty batches; a generator lasts one epoch.
# - `training=…` goes with each call; `trainable` is another matter, and not for switching.
# - `compile` stores parts, `fit` is this loop, `train_step` replaces its middle: all roads reach
#   the same weights. Metrics come in a list, and "accuracy" is a guess.
# - A schedule counts steps. Two rates are two optimizers, over disjoint parts, told by identity.
# - `None` is not zero; an optimizer that is given a frozen variable moves it.

# %% [markdown]
# ## Where to read on
#
# - [Training and evaluation with the built-in methods](https://keras.io/guides/training_with_built_in_methods/),
#   all of `compile` and `fit`.
# - [Writing a training loop from scratch in TensorFlow](https://keras.io/guides/writing_a_custom_training_loop_in_tensorflow/).
# - [Customizing what happens in `fit()` with TensorFlow](https://keras.io/guides/custom_train_step_in_tensorflow/),
#   on `train_step`.
# - [Optimizers](https://keras.io/api/optimizers/), the reference, with the schedules.
# - A. Géron, *Hands-On Machine Learning*, chapter 12, "Custom Models and Training with TensorFlow".
# - F. Chollet, *Deep Learning with Python*, chapter 3.
#
# Next: lesson 14 turns functions such as a training step into graphs, and asks when that pays.
