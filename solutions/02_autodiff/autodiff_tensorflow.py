# %% [markdown]
# # Automatic differentiation
#
# A network learns by moving its numbers in the direction in which its loss falls. That direction
# is the *gradient*, and nobody works it out by hand: the framework watches what is computed, and
# walks back over its recording. In this lesson you learn what is recorded and when, why a gradient
# can be missing, infinite or added to an old one, and how to take the matter into your own hands.
#
# **Afterwards you can**
#
# - get the gradient of any function that you can write in TensorFlow, with respect to whatever you
#   like, variable or not;
# - tell a gradient that is missing from one that is zero, and say what cut it off;
# - stop the gradient in one part of a computation, and only there;
# - spot where a gradient becomes infinite or NaN although the function is harmless, and cure it
#   with a gradient of your own;
# - compute second derivatives, and say what has to be recorded for them;
# - say when gradients add up, when you want that, and how to keep one call apart from the next.
#
# **Time**: about 55 minutes. **You need**: lesson 01 (tensors).
#
# **How to work.** Where you read *Predict*, stop and write your answer down before you run the cell
# below it; a wrong prediction is where the learning happens. In an exercise, fill in the solution
# cell, run it, then run the tests cells under it: a failed test says what was called, what came
# back, what was wanted and the likely cause. When you hand in, the same rules are also checked on
# other inputs. **Validate** in JupyterLab runs the notebook from top to bottom, as the grader will.
# *Run All Cells* stops at the first tests cell that fails, so take an exercise cell by cell.

# %% role="setup"
import os
from collections.abc import Callable, Sequence

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
# ## Gradients by recording
#
# ### A function of two numbers
#
# Take $f(w_1, w_2) = 3 w_1^2 + 2 w_1 w_2$ at the point $(5, 3)$. Its slopes are
# $\partial f / \partial w_1 = 6 w_1 + 2 w_2$ and $\partial f / \partial w_2 = 2 w_1$.
#
# **Predict**: which two numbers are wanted?
#
# In TensorFlow a *tape* records what is computed inside its `with` block, as far as it depends on
# variables. Afterwards you ask the tape: `tape.gradient(result, sources)` walks back over the
# recording and returns one gradient for each source. (Keras 3 runs on TensorFlow, PyTorch or JAX,
# its *backend*, and leaves gradients to it, so this lesson speaks TensorFlow. What `keras.ops`
# computes is recorded in the same way.)

# %% listing="S1-29"
def f(w1, w2):
    return 3 * w1**2 + 2 * w1 * w2


w1, w2 = tf.Variable(5.0), tf.Variable(3.0)
with tf.GradientTape() as tape:
    z = f(w1, w2)
gradients = tape.gradient(z, [w1, w2])
print("f:       ", z.numpy())
print("gradient:", [g.numpy().item() for g in gradients])

# %% [markdown]
# ### Why not just try?
#
# A gradient could also be had by trying: move $w_1$ a little, by a step $h$, see by how much $f$
# changes, and divide by $h$. This *difference quotient* is not exact. A long step misses the slope,
# since the function bends on the way. With a short step the two values of $f$ agree in almost all
# their digits; what is left after subtracting is rounding error, and the division blows it up.
#
# **Predict**: which step is best, and how many digits are then right, of the 7 that float32 has and
# of the 16 of float64?

# %%
steps = 10.0 ** np.arange(-15, 1)
errors = {}
for dtype in (tf.float32, tf.float64):
    a, b = tf.constant(5.0, dtype), tf.constant(3.0, dtype)
    errors[dtype.name] = [abs((f(a + h, b) - f(a, b)).numpy().item() / h - 36) for h in steps]

fig, axis = plt.subplots(figsize=(7, 3.2), layout="constrained")
for (name, values), marker in zip(errors.items(), "os"):
    axis.loglog(steps, values, marker=marker, label=name)
    best = np.argmin(values)
    digits = round(np.log10(36 / values[best]))
    print(f"{name} best step {steps[best]:.0e}, digits right: {digits}")
axis.set(xlabel="step h", ylabel="error", title="Difference quotient against 36")
axis.legend()
plt.show()

# %% [markdown]
# At its best the quotient keeps about half of the digits, and you have to know the step. It also
# costs one more evaluation of $f$ for each number that you want a slope for; a network has
# millions. A tape gives all of them in one walk, exact up to rounding. Difference quotients are
# good for one thing: checking gradients.
#
# ### What is recorded
#
# For every operation that depends on a watched thing, the tape notes what was done, with which
# inputs, and what is needed to differentiate it. For our function, with the values that were
# computed:
#
# ```mermaid
# flowchart LR
#     w1(["w1 = 5"]) --> square["square: 25"]
#     square --> three["times 3: 75"]
#     w1 --> two["times 2: 10"]
#     two --> product["product: 30"]
#     w2(["w2 = 3"]) --> product
#     three --> sum["sum: 105"]
#     product --> sum
# ```
#
# The walk back starts with 1 at the result, the slope of $f$ with respect to itself. Each operation
# takes the gradient that reaches it from above, the *upstream* gradient, multiplies it by its own
# slope, and passes it on. This is the chain rule, one link at a time:
#
# ```mermaid
# flowchart RL
#     sum["sum"] -- "1" --> three["times 3"]
#     sum -- "1" --> product["product"]
#     three -- "1 · 3 = 3" --> square["square"]
#     square -- "3 · 2 · 5 = 30" --> w1(["w1: 30 + 6 = 36"])
#     product -- "1 · 3 = 3" --> two["times 2"]
#     product -- "1 · 10 = 10" --> w2(["w2: 10"])
#     two -- "3 · 2 = 6" --> w1
# ```
#
# $w_1$ was used twice, and what comes back along the two paths is added. You can ask for the
# numbers in the middle too.

# %%
with tf.GradientTape() as tape:
    square = w1**2
    two = 2 * w1
    product = two * w2
    z = 3 * square + product
middle = tape.gradient(z, [square, product, two])
print("square, product, times 2:", [g.numpy().item() for g in middle])

# %% [markdown]
# Only what happens inside the block is recorded, and of that only what was *done*. A loop or a
# branch leaves no trace on the tape; the operations that it ran do. So any Python is allowed.
#
# **Predict**: the slope of this function at 2 and at -2.

# %%
def winding(w):
    result = w
    for _ in range(3):
        result = result * w if w > 0 else result + w
    return result


for start in (2.0, -2.0):
    w = tf.Variable(start)
    with tf.GradientTape() as tape:
        result = winding(w)
    print(f"at {start}: value {result.numpy()}, slope {tape.gradient(result, w).numpy()}")

# %% [markdown]
# ### Asking twice
#
# To walk back, an operation may need values from the way forward: the slope of `square` needs $w_1$
# itself. The tape keeps these values until the first walk, then drops everything to save memory. A
# second question finds it used up:

# %% tags=["raises-exception"]
with tf.GradientTape() as tape:
    z = f(w1, w2)
tape.gradient(z, w1)
tape.gradient(z, w2)

# %% [markdown]
# Either ask for both at once, as above, or make the tape *persistent*. It then keeps its recording
# for as long as the tape itself exists.

# %% listing="S1-30"
with tf.GradientTape(persistent=True) as tape:
    z = f(w1, w2)
print(tape.gradient(z, w1).numpy(), tape.gradient(z, w2).numpy())
del tape  # and with it all that it kept

# %% [markdown]
# ### One number at the end
#
# A gradient says how *one* number changes. If the result is a vector, TensorFlow takes its sum,
# without saying so. With `output_gradients` you hand over the upstream gradient yourself: how much
# each entry of the result counts.
#
# **Predict** the three lines.

# %%
w = tf.Variable([1.0, 2.0, 3.0])
with tf.GradientTape(persistent=True) as tape:
    squares = w**2
    mean = tf.reduce_mean(squares)
print("vector:  ", tape.gradient(squares, w).numpy())
print("mean:    ", tape.gradient(mean, w).numpy().round(3))
upstream = tf.constant([1.0, 0.0, 100.0])
print("weighted:", tape.gradient(squares, w, output_gradients=upstream).numpy())

# %% [markdown]
# And a slope is a fraction, so whole numbers cannot have one. Beware of `tf.Variable(5)`, whose
# type is int32. PyTorch raises; TensorFlow computes, and hands you `None`:

# %%
whole = tf.Variable(5)
with tf.GradientTape() as tape:
    z = whole * whole
print(z.numpy(), whole.dtype.name, tape.gradient(z, whole))

# %% [markdown] exercise="two-argument-gradient" role="task"
# ## Exercise 2.1: both slopes of any function
#
# *3 points*
#
# Write `gradients_of(f, w1, w2)`, which returns the two partial derivatives of `f` at the point
# `(w1, w2)`.
#
# - **In**: `f` takes two float64 variables or tensors of shape `()` and returns a float64 tensor of
#   shape `()`. It is written in TensorFlow operations, and may hold Python loops and branches. `w1`
#   and `w2` are Python numbers, whole or not.
# - **Out**: a tuple of two float64 tensors of shape `()`, the derivative for `w1` first. (A list
#   will do.)
# - They are exact up to rounding: the relative error is at most $10^{-12}$.
# - `f` uses both of its arguments.
#
# The first tests cell (2 points) tries smooth functions, the second (1 point) functions where a
# difference quotient goes wrong.

# %% [markdown] exercise="two-argument-gradient" role="hint"
# <details><summary>Hint 1</summary>
#
# Make two variables of the right type, whatever Python numbers came in. Call `f` on them inside a
# tape, and ask for both gradients at once.
#
# </details>

# %% [markdown] exercise="two-argument-gradient" role="hint"
# <details><summary>Hint 2</summary>
#
# `a = tf.Variable(w1, dtype=tf.float64)`, the same for `w2`; `with tf.GradientTape() as tape: y =
# f(a, b)`; then `tape.gradient(y, (a, b))`, which returns a tuple when it is given one.
#
# </details>

# %% exercise="two-argument-gradient" role="solution"
def gradients_of(
    f: Callable[[tf.Variable, tf.Variable], tf.Tensor], w1: float, w2: float
) -> tuple[tf.Tensor, tf.Tensor]:
    """Return both partial derivatives of f at (w1, w2), as float64 tensors of shape ()."""
    # BEGIN SOLUTION
    a, b = tf.Variable(w1, dtype=tf.float64), tf.Variable(w2, dtype=tf.float64)
    with tf.GradientTape() as tape:
        y = f(a, b)
    return tape.gradient(y, (a, b))
    # END SOLUTION


# %% exercise="two-argument-gradient" role="tests" points=2
# Exercise 2.1, tests 1 of 2: the slopes of smooth functions.
def check_smooth(formula, f, w1, w2, wanted):
    called = f"gradients_of(f, {w1}, {w2}) for f = {formula}"
    try:
        got = gradients_of(f, w1, w2)
    except NotImplementedError:
        raise
    except RuntimeError as error:
        raise AssertionError(
            f"{called} raised RuntimeError ({str(error)[:60]}…): ask for both gradients at once, "
            "or make the tape persistent.") from None
    assert isinstance(got, (tuple, list)) and len(got) == 2, (
        f"{called} gave {type(got).__name__}, wanted a tuple of two tensors.")
    for place, g in enumerate(got, start=1):
        assert g is not None, (
            f"{called} gave None as derivative {place}: f must run inside the tape, on float64 "
            "variables or watched tensors, and the tape be asked for these very ones. Whole "
            "numbers make int32, which has no gradient.")
        assert isinstance(g, tf.Tensor), (
            f"{called} gave {type(g).__name__} as derivative {place}, wanted a tensor.")
        assert tuple(g.shape) == () and g.dtype == tf.float64, (
            f"{called} gave {g.dtype.name} of shape {tuple(g.shape)} as derivative {place}, wanted "
            "float64 of shape (): tf.Variable(5.0) alone is float32.")
    values = [g.numpy().item() for g in got]
    cause = "let a tape record f, and ask it."
    if np.allclose(values, wanted[::-1]):
        cause = "the two stand the wrong way round."
    elif values == [36.0, 10.0]:
        cause = "36 and 10 belong to another function or point."
    elif np.allclose(values, wanted, rtol=0.01):
        cause = ("close, but not exact: a difference quotient, or float32 on the way? (tf.cast of "
                 "a Python float passes through it.)")
    assert np.allclose(values, wanted, rtol=1e-12, atol=0), (
        f"{called} gave {values}, wanted {np.array(wanted, float).tolist()}: {cause}")


for case in [
    ("3 w1² + 2 w1 w2", lambda a, b: 3 * a**2 + 2 * a * b, 5.0, 3.0, (36, 10)),
    ("3 w1² + 2 w1 w2", lambda a, b: 3 * a**2 + 2 * a * b, -1, 2.5, (-1, -2)),
]:
    check_smooth(*case)
# BEGIN HIDDEN TESTS
for case in [
    ("sin(w1) w2²", lambda a, b: tf.sin(a) * b**2, 0.1, 3, (9 * np.cos(0.1), 6 * np.sin(0.1))),
    ("exp(w1 / w2)", lambda a, b: tf.exp(a / b), 1, -2, (-np.exp(-0.5) / 2, -np.exp(-0.5) / 4)),
]:
    check_smooth(*case)
# END HIDDEN TESTS

# %% exercise="two-argument-gradient" role="tests" points=1
# Exercise 2.1, tests 2 of 2: branches and loops, close to where they change, and large numbers.
def check_exact(formula, f, w1, w2, wanted):
    called = f"gradients_of(f, {w1}, {w2}) for f = {formula}"
    try:
        got = gradients_of(f, w1, w2)
    except NotImplementedError:
        raise
    except RuntimeError as error:
        raise AssertionError(f"{called} raised an error ({str(error)[:60]}…); get the first tests "
                             "cell to pass first.") from None
    assert isinstance(got, (tuple, list)) and len(got) == 2 and all(
        isinstance(g, tf.Tensor) for g in got), (
        f"{called} must give a tuple of two tensors; get the first tests cell to pass first.")
    values = [g.numpy().item() for g in got]
    assert np.allclose(values, wanted, rtol=1e-12, atol=0), (
        f"{called} gave {values}, wanted {list(wanted)}: the tape holds the operations that were "
        "run at this very point. A difference quotient steps across the place where f changes, "
        "and loses its digits where numbers are large. If the first tests cell fails too, begin "
        "there.")


def steep(a, b):
    return 5 * (a - b) if a > b else a - b


for case in [("5 (w1 - w2) if w1 > w2 else w1 - w2", steep, 1.0, 1.0 - 1e-10, (5, -5))]:
    check_exact(*case)


# BEGIN HIDDEN TESTS
def powers(a, b):
    result = a
    while result < 1000:
        result = result * b
    return result


for case in [
    ("5 (w1 - w2) if w1 > w2 else w1 - w2", steep, 1.0 - 1e-10, 1.0, (1, -1)),
    ("|w1 - w2|", lambda a, b: tf.abs(a - b), 2, 2 - 1e-12, (1, -1)),
    ("w1 times w2, until it is 1000 or more", powers, 1, 10.0, (1000, 300)),
    ("w1 w2", lambda a, b: a * b, 123456789.0, 1e-9, (1e-9, 123456789)),
]:
    check_exact(*case)
# END HIDDEN TESTS

# %% [markdown]
# ## What is watched
#
# ### Variables and tensors
#
# Recording costs memory, so a tape records only what depends on something that it *watches*. It
# watches trainable variables by itself, from the moment when they are used.
#
# **Predict**: for which of these sources of $3 x^2$, all of them 5, is there a gradient?

# %%
sources = {
    "tf.Variable(5.0)": tf.Variable(5.0),
    "tf.Variable(5.0, trainable=False)": tf.Variable(5.0, trainable=False),
    "keras.Variable(5.0)": keras.Variable(5.0),
    "tf.constant(5.0)": tf.constant(5.0),
    "tf.Variable(5)": tf.Variable(5),
    "w1 * 1, made before": w1 * 1,
}
for name, x in sources.items():
    with tf.GradientTape() as tape:
        y = 3 * x**2
    gradient = tape.gradient(y, x)
    print(f"{name:34} {gradient if gradient is None else gradient.numpy()}")

# %% [markdown]
# Plain tensors, *frozen* variables (made with `trainable=False`) and whole numbers are not watched.
# Neither is what a variable became before the tape began: for this tape, `w1 * 1` is a tensor like
# any other.
#
# ### A step that loses its variable
#
# Here is gradient descent on $(w - 1)^2$, written twice. Each step subtracts a quarter of the
# gradient; the quarter is called the *learning rate*.
#
# **Predict**: one of the two stops with an error in its second step. Which one?

# %%
def slope_at(w):
    with tf.GradientTape() as tape:
        loss = (w - 1) ** 2
    return tape.gradient(loss, w)


w = tf.Variable(3.0)
for step in range(3):
    w.assign_sub(0.25 * slope_at(w))
    print(f"in place: step {step}, w = {w.numpy()}")

# %%
w = tf.Variable(3.0)
for step in range(3):
    try:
        w = w - 0.25 * slope_at(w)
        print(f"rebound:  step {step}, w = {w.numpy()}, a variable: {isinstance(w, tf.Variable)}")
    except TypeError as error:
        print(f"rebound:  step {step}, {type(error).__name__}: {str(error)[:31]}")
        break

# %% [markdown]
# `w = w - …` computes a new tensor and lets the name `w` point to it. The variable is gone, the
# tape does not watch what came in its place, and the gradient is `None`. A parameter is updated *in
# place*, with `assign`, `assign_sub` or `assign_add`.
#
# ### The gradient for an input
#
# We may also ask how the result changes with the *data*: which pixels matter most to a classifier?
# The data are a plain tensor, so the tape must be told: `tape.watch(x)`.
#
# **Predict**: two cells, which differ in the order of two lines. What does each print?

# %% listing="S1-32"
weights = tf.Variable([2.0, -1.0, 0.5])
pixels = tf.constant([1.0, 3.0, 4.0])
with tf.GradientTape() as tape:
    tape.watch(pixels)
    score = tf.reduce_sum(weights * pixels**2)
print(tape.gradient(score, pixels))

# %%
with tf.GradientTape() as tape:
    score = tf.reduce_sum(weights * pixels**2)
    tape.watch(pixels)
print(tape.gradient(score, pixels))

# %% [markdown]
# A tape cannot recall what it did not record. It goes by the object that it was told of, not by its
# value, so a copy is a different thing:

# %%
with tf.GradientTape() as tape:
    tape.watch(tf.identity(pixels))
    score = tf.reduce_sum(weights * pixels**2)
print("watched a copy:", tape.gradient(score, pixels))

# %% [markdown]
# Watching belongs to the tape, and ends with it: the tensor itself carries no mark, so a function
# that watches its input leaves no trace on it. (In PyTorch the mark is on the tensor, and whoever
# sets it on the caller's tensor has changed it.) `watch` takes tensors and variables, also those
# that are not trainable. A NumPy array must become a tensor first:

# %% tags=["raises-exception"]
with tf.GradientTape() as tape:
    tape.watch(np.array([1.0, 3.0, 4.0]))

# %% [markdown] exercise="input-gradient" role="task"
# ## Exercise 2.2: the gradient for an input
#
# *3 points*
#
# Write `input_gradient(f, x)`, which returns the gradient of `f(x)` with respect to `x`, and leaves
# no trace.
#
# - **In**: `x`, float32, of any shape. It may be a tensor, or a variable, trainable or not. `f`
#   takes such a tensor or variable and returns a float32 tensor of shape `()` that depends on it.
#   It may use other variables.
# - **Out**: a float32 tensor of the shape of `x`.
# - Afterwards `x` has the values that it had before, and, if it is a variable, the same setting of
#   `trainable`.
#
# The first tests cell (2 points) uses tensors, the second (1 point) variables.

# %% [markdown] exercise="input-gradient" role="hint"
# <details><summary>Hint 1</summary>
#
# What does a tape watch by itself, and what must it be told? When, before or after `f` has run? And
# on which object must `f` be called?
#
# </details>

# %% [markdown] exercise="input-gradient" role="hint"
# <details><summary>Hint 2</summary>
#
# Inside the tape, `tape.watch(x)` first and `y = f(x)` then. After the block, `tape.gradient(y,
# x)`.
#
# </details>

# %% exercise="input-gradient" role="solution"
def input_gradient(
    f: Callable[[tf.Tensor | tf.Variable], tf.Tensor], x: tf.Tensor | tf.Variable
) -> tf.Tensor:
    """Return the gradient of f(x) with respect to x, float32 of the shape of x."""
    # BEGIN SOLUTION
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = f(x)
    return tape.gradient(y, x)
    # END SOLUTION


# %% exercise="input-gradient" role="tests" points=2
# Exercise 2.2, tests 1 of 2: the gradient for a tensor.
def check_tensor(values):
    x, scale = tf.constant(values), tf.Variable(0.5)
    called = f"input_gradient(f, x) for f(x) = sum(0.5 x³) and the tensor x = {values}"
    got = input_gradient(lambda x: tf.reduce_sum(scale * x**3), x)
    assert got is not None, (
        f"{called} gave None, wanted a tensor: watch x before f runs, run f inside the tape, on "
        "the very tensor that is watched, and ask for the gradient of that one.")
    assert isinstance(got, tf.Tensor), (
        f"{called} gave {type(got).__name__}, wanted a tensor: the one gradient itself, no "
        "container with it.")
    wanted = 1.5 * np.array(values, dtype=np.float64) ** 2
    assert tuple(got.shape) == wanted.shape and got.dtype == tf.float32, (
        f"{called} gave {got.dtype.name} of shape {tuple(got.shape)}, wanted float32 of shape "
        f"{wanted.shape}, one slope per entry of x: is it the gradient for a variable of f?")
    cause = "the gradient of f(x) with respect to x, at x."
    if np.allclose(got, wanted, rtol=0.1, atol=0.1):
        cause = "close, but not exact: a difference quotient?"
    elif wanted.shape == () and np.isclose(got, np.array(values) ** 3):
        cause = "that is the gradient for a variable that f uses."
    assert np.allclose(got, wanted, rtol=1e-5, atol=1e-6), (
        f"{called} gave {got.numpy().round(4).tolist()}, wanted {wanted.tolist()}: {cause}")


for values in [[1.0, -2.0, 3.0], [[1.0, -2.0], [0.0, 0.5]]]:
    check_tensor(values)
# BEGIN HIDDEN TESTS
for values in [3.0, [[[2.0], [-1.0]]]]:
    check_tensor(values)
# END HIDDEN TESTS

# %% exercise="input-gradient" role="tests" points=1
# Exercise 2.2, tests 2 of 2: the gradient for a variable, and what the caller finds afterwards.
def check_variable(values, trainable):
    x, weights = tf.Variable(values, trainable=trainable), tf.Variable([2.0, -1.0, 0.5])
    called = f"input_gradient(f, x) for a variable x with trainable={trainable}"
    got = input_gradient(lambda x: tf.reduce_sum(weights * x**2), x)
    assert got is not None, (
        f"{called} gave None, wanted a tensor: a frozen variable is not watched by itself.")
    wanted = 2 * np.array([2.0, -1.0, 0.5]) * np.array(values)
    assert isinstance(got, tf.Tensor) and tuple(got.shape) == wanted.shape, (
        f"{called} gave {type(got).__name__}, wanted a tensor of shape {wanted.shape}.")
    assert np.allclose(got, wanted, rtol=1e-5, atol=1e-6), (
        f"{called} gave {got.numpy().round(4).tolist()}, wanted {wanted.tolist()}: is it the "
        "gradient for x, and not for a variable that f uses?")
    assert np.array_equal(x.numpy(), np.array(values, "float32")), (
        f"{called} changed x to {x.numpy().tolist()}, before it was {values}.")
    assert x.trainable is trainable, (
        f"{called} left x.trainable at {x.trainable}: the setting is the caller's. tape.watch(x) "
        "needs no change of it.")


for case in [([[1.0, -2.0, 3.0]], False)]:
    check_variable(*case)
# BEGIN HIDDEN TESTS
for case in [([4.0, 5.0, -6.0], True), ([0.5, 0.25, -3.0], False)]:
    check_variable(*case)
# END HIDDEN TESTS

# %% [markdown]
# ## Missing gradients, and stopped ones
#
# ### None is not zero
#
# Suppose that the result does not depend on $w_2$ at all. Its slope is zero, you could say.
# TensorFlow says something else: there is no path back to $w_2$, so there is no gradient.
#
# **Predict** the three lines.

# %% listing="S1-31"
w1, w2 = tf.Variable(5.0), tf.Variable(3.0)
constant = tf.constant(3.0)
with tf.GradientTape(persistent=True) as tape:
    z = 3 * w1**2 + constant


def told(gradients):
    """Turn a list of gradients into numbers and None."""
    return [g if g is None else round(g.numpy().item(), 4) for g in gradients]


print("a variable that is not used:", told(tape.gradient(z, [w1, w2])))
print("a constant that is used:    ", told(tape.gradient(z, [w1, constant])))
zeros = tape.gradient(z, [w1, w2, constant], unconnected_gradients="zero")
print("unconnected_gradients:      ", told(zeros))

# %% [markdown]
# TensorFlow returns `None` without complaint, and the trouble comes later, when somebody computes
# with it. `unconnected_gradients="zero"` puts zeros of the right shape in its place.
#
# A gradient that is *zero* is another thing: there is a path, and on it the slope happens to be
# zero. The difference is worth knowing, because `None` mostly means that something is not
# connected as you think.
#
# ### Where the path breaks
#
# **Predict**: for each of these lines, is the result connected with $w$, and if so, what is its
# slope at $w = 2.6$? (*ReLU* gives the larger of its input and 0.)

# %%
makers = {
    "w * w": lambda w: w * w,
    "ops.square(w)": lambda w: ops.square(w),
    "tf.nn.relu(w - 5)": lambda w: tf.nn.relu(w - 5),
    "tf.sign(w)": lambda w: tf.sign(w),
    "tf.round(w)": lambda w: tf.round(w),
    "tf.cast(w > 1, tf.float32)": lambda w: tf.cast(w > 1, tf.float32),
    "w * w.numpy()": lambda w: w * w.numpy(),
    "tf.constant(np.square(w))": lambda w: tf.constant(np.square(w)),
}
for name, make in makers.items():
    w = tf.Variable(2.6)
    with tf.GradientTape() as tape:
        y = make(w)
    slope = tape.gradient(y, w)
    print(f"{name:27} {'not connected' if slope is None else round(slope.numpy().item(), 4)}")

# %% [markdown]
# Whole numbers, comparisons, rounding and NumPy cut the path. ReLU on its flat side and the sign
# keep it, with slope zero: nothing is learned through them, and nothing says so. And look at
# `w * w.numpy()`: half of $w^2$ came from NumPy, so half of its slope is gone. No error and no
# `None`, only a wrong gradient. (PyTorch refuses to hand a watched tensor to NumPy.)
#
# ### Stopping on purpose
#
# Some values should count and not be learned from: a target that the same network has computed, a
# statistic, a term that is only watched. `tf.stop_gradient` (in Keras, `ops.stop_gradient`) gives
# the value without its history. Here is our function again, with the gradient stopped in its second
# term.
#
# **Predict** the value and both gradients.

# %% listing="S1-33"
def half_stopped(w1, w2):
    return 3 * w1**2 + tf.stop_gradient(2 * w1 * w2)


with tf.GradientTape() as tape:
    z = half_stopped(w1, w2)
print("value:    ", z.numpy())
print("gradients:", told(tape.gradient(z, [w1, w2])))

# %% [markdown]
# The value is 105 as before. The first gradient lost the 6 that came through the second term. The
# second was only in that term, and is `None`.
#
# A whole stretch of code can be kept off the tape with `tape.stop_recording()`, or simply be run
# before the tape begins. Either saves the memory of a recording.

# %%
with tf.GradientTape() as tape:
    with tape.stop_recording():
        second_term = 2 * w1 * w2
    z = 3 * w1**2 + second_term
print("gradients:", told(tape.gradient(z, [w1, w2])))

# %% [markdown] exercise="stop-one-term" role="task"
# ## Exercise 2.3: stop one term
#
# *3 points*
#
# A loss has two terms, `f` and `g`. The second counts, but nothing is to be learned from it. Write
# `stop_second(f, g, ws)`, which returns the loss and its gradients.
#
# - **In**: `ws`, a list of trainable variables, float32 or float64, of any shapes. `f` and `g` take
#   these variables as separate arguments, `f(*ws)`, and return a tensor of shape `()`. `f` uses at
#   least one of them, not always all.
# - **Out**: a tuple `(total, gradients)`. `total` is a tensor of shape `()` with the value
#   `f(*ws) + g(*ws)`.
# - `gradients` is a list or tuple with one tensor for each of `ws`, of the same shape and dtype:
#   the gradient of `total`, where no gradient flows through `g`.
# - Where there is no path through `f`, the gradient is a tensor of zeros, never `None`.
#
# In the first tests cell (2 points) `f` uses all of `ws`, in the second (1 point) it does not.

# %% [markdown] exercise="stop-one-term" role="hint"
# <details><summary>Hint 1</summary>
#
# If you stop the sum, or the variables before `f` sees them, nothing is left to learn from. What
# exactly should lose its history? And which option turns a missing gradient into zeros?
#
# </details>

# %% [markdown] exercise="stop-one-term" role="hint"
# <details><summary>Hint 2</summary>
#
# Inside a tape, `total = f(*ws) + tf.stop_gradient(g(*ws))`. Then `tape.gradient(total, ws,
# unconnected_gradients="zero")`, or `tf.zeros_like(w)` for each `None`.
#
# </details>

# %% exercise="stop-one-term" role="solution"
def stop_second(
    f: Callable[..., tf.Tensor], g: Callable[..., tf.Tensor], ws: list[tf.Variable]
) -> tuple[tf.Tensor, Sequence[tf.Tensor]]:
    """Return f(*ws) + g(*ws), shape (), and its gradients for ws, none of them through g."""
    # BEGIN SOLUTION
    with tf.GradientTape() as tape:
        total = f(*ws) + tf.stop_gradient(g(*ws))
    return total, tape.gradient(total, ws, unconnected_gradients="zero")
    # END SOLUTION


# %% exercise="stop-one-term" role="tests" points=2
# Exercise 2.3, tests 1 of 2: one term is stopped, and only that one.
def check_stopped(a, b, dtype):
    ws = [tf.Variable(v, dtype=dtype) for v in (a, b)]
    called = f"stop_second(f, g, [a, b]) for f = sum(a² b), g = sum(a b²), a = {a}, b = {b}"
    answer = stop_second(
        lambda a, b: tf.reduce_sum(a**2 * b), lambda a, b: tf.reduce_sum(a * b**2), ws)
    assert isinstance(answer, tuple) and len(answer) == 2, (
        f"{called} gave {type(answer).__name__}, wanted a tuple (total, gradients).")
    total, gradients = answer
    a, b = np.array(a), np.array(b)
    f, g = (a**2 * b).sum(), (a * b**2).sum()
    assert isinstance(total, tf.Tensor) and tuple(total.shape) == (), (
        f"{called} gave a total of type {type(total).__name__}, wanted a tensor of shape ().")
    assert np.isclose(total, f + g, rtol=1e-5, atol=0), (
        f"{called} gave the total {total.numpy():.4f}, wanted {f + g:.4f}: a stopped term still "
        "counts in the value.")
    assert isinstance(gradients, (list, tuple)) and len(gradients) == 2, (
        f"{called} gave gradients of type {type(gradients).__name__}, wanted a list of 2 tensors.")
    through_f, through_g = [2 * a * b, a**2], [b**2, 2 * a * b]
    for name, got, wanted, other in zip("ab", gradients, through_f, through_g):
        assert got is not None, (
            f"{called} gave None as the gradient for {name}: both paths are blocked. Stop the "
            "value of g alone, not the sum, and give f the variables themselves, inside the tape.")
        assert isinstance(got, tf.Tensor) and tuple(got.shape) == wanted.shape, (
            f"{called} gave {type(got).__name__} of shape {np.shape(got)} as the gradient for "
            f"{name}, wanted a tensor of shape {wanted.shape}.")
        assert got.dtype == dtype, (
            f"{called} gave a gradient of {got.dtype.name} for {name}, wanted {dtype.name}.")
        cause = "only the path through f counts."
        if np.allclose(got, wanted + other, rtol=1e-4):
            cause = "nothing is stopped; this is the gradient of both terms."
        elif np.allclose(got, other, rtol=1e-4):
            cause = "the first term is stopped, and should be the second."
        elif not got.numpy().any():
            cause = "both paths are blocked. Stop the value of g alone."
        assert np.allclose(got, wanted, rtol=1e-5, atol=0), (
            f"{called} gave {got.numpy().round(4).tolist()} as the gradient for {name}, wanted "
            f"{wanted.tolist()}: {cause}")


for case in [(5.0, 3.0, tf.float32)]:
    check_stopped(*case)
# BEGIN HIDDEN TESTS
for case in [([1.0, -2.0, 4.0], [0.5, 3.0, -1.0], tf.float64), ([[2.0]], [[7.0]], tf.float32)]:
    check_stopped(*case)
# END HIDDEN TESTS

# %% exercise="stop-one-term" role="tests" points=1
# Exercise 2.3, tests 2 of 2: zeros where no gradient arrives.
def check_missing(shape, dtype):
    w1, w2 = tf.Variable(5.0, dtype=dtype), tf.Variable(tf.fill(shape, tf.constant(3.0, dtype)))
    called = f"stop_second(f, g, [w1, w2]) for f = 3 w1², g = sum(2 w1 w2) and w2 of shape {shape}"
    answer = stop_second(
        lambda w1, w2: 3 * w1**2, lambda w1, w2: tf.reduce_sum(2 * w1 * w2), [w1, w2])
    assert isinstance(answer, tuple) and isinstance(answer[-1], (list, tuple)), (
        f"{called} gave {type(answer).__name__}, wanted a tuple (total, gradients).")
    for name, w, got, right in zip(("w1", "w2"), (w1, w2), answer[-1], (30.0, 0.0)):
        assert got is not None, (
            f"{called} gave None as the gradient for {name}, wanted {right} for each entry: a "
            "missing gradient comes back as zeros.")
        assert isinstance(got, tf.Tensor), (
            f"{called} gave {type(got).__name__} as the gradient for {name}, wanted a tensor.")
        assert got.shape == w.shape and got.dtype == w.dtype, (
            f"{called} gave {got.dtype.name} of shape {tuple(got.shape)} as the gradient for "
            f"{name}, wanted {w.dtype.name} of shape {tuple(w.shape)}: zeros like the variable.")
        assert np.allclose(got, right, rtol=1e-5, atol=0), (
            f"{called} gave {got.numpy().tolist()} as the gradient for {name}, wanted {right} for "
            "each entry: no gradient flows through g.")
    assert len(answer[-1]) == 2, f"{called} gave {len(answer[-1])} gradients, wanted 2."


for case in [((), tf.float32)]:
    check_missing(*case)
# BEGIN HIDDEN TESTS
for case in [((2, 3), tf.float32), ((4,), tf.float64)]:
    check_missing(*case)
# END HIDDEN TESTS

# %% [markdown]
# ## Numbers that break gradients
#
# A gradient is exact for the operations that were run. They were run on floating-point numbers,
# which are few: float32 ends at about $3.4 \cdot 10^{38}$, and below about $10^{-45}$ there is only
# zero.
#
# ### Then and now: the root of almost nothing
#
# The slope of $\sqrt x$ is $1 / (2 \sqrt x)$. A well-known text takes the gradient at $10^{-50}$,
# gets infinity, and explains that the slope is too large for float32.
#
# **Predict**: what is the slope, by the formula? Would float32 have room for it?

# %% listing="S1-34"
for dtype in (tf.float32, tf.float64):
    x = tf.Variable(1e-50, dtype=dtype)
    with tf.GradientTape() as tape:
        root = tf.sqrt(x)
    print(f"{dtype.name} x = {x.numpy():.0e}, slope {tape.gradient(root, x).numpy():.0e}")
print(f"largest float32: {tf.float32.max:.0e}")

# %% [markdown]
# The observation is right and the reason is not. $5 \cdot 10^{24}$ would fit easily. But $10^{-50}$
# does not: in float32 it *is* zero, and at zero the slope of the root is infinite in any type.
#
# ### Infinity times zero
#
# That an infinite slope arises at zero would be bearable. It does not stay there. The length of a
# vector is $\sqrt{\sum x_i^2}$. At the origin, which is no exotic place, the root passes on
# infinity and the square multiplies it by $2 \cdot 0$.
#
# **Predict** the gradient.

# %%
x = tf.Variable([0.0, 0.0])
with tf.GradientTape(persistent=True) as tape:
    length = tf.sqrt(tf.reduce_sum(x**2))
    softened = tf.sqrt(tf.reduce_sum(x**2) + 1e-12)
print(tape.gradient(length, x).numpy())

# %% [markdown]
# NaN spreads: one update later the weights are NaN, and a step after that the whole network. The
# usual cure is a small number under the root.

# %%
print(tape.gradient(softened, x).numpy())

# %% [markdown]
# ### A function that is harmless, and its formula
#
# *Softplus*, $\log(1 + e^x)$, is a smooth ReLU: close to 0 on the left, close to $x$ on the right,
# with slope $\mathrm{sigmoid}(x) = 1 / (1 + e^{-x})$ between 0 and 1 everywhere. Nothing could be
# tamer.
#
# **Predict**: where does the formula, typed in as it stands, break? ($e^{88}$ is about
# $1.7 \cdot 10^{38}$.)

# %%
def naive_softplus(x):
    return tf.math.log(1 + tf.exp(x))


def value_and_slope(function, values):
    """Return a function's values and its slopes at each of the values, as lists."""
    x = tf.constant(values)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = function(x)
    return y.numpy().tolist(), tape.gradient(y, x).numpy().tolist()


values = [-1000.0, 0.0, 80.0, 89.0, 1000.0]
print("     x       y   slope")
for x, y, slope in zip(values, *value_and_slope(naive_softplus, values)):
    print(f"{x:6} {y:7.2f} {slope:7.2f}")

# %%
grid = np.concatenate([np.linspace(-10, 20, 121), np.arange(25, 131, 5)]).tolist()
naive_y, naive_slope = value_and_slope(naive_softplus, grid)
true_slope = 0.5 * (1 + np.tanh(np.array(grid) / 2))
fig, axes = plt.subplots(1, 2, figsize=(9, 3), layout="constrained")
for axis, title, right, naive in (
    (axes[0], "softplus", np.logaddexp(0, grid), naive_y),
    (axes[1], "its slope", true_slope, naive_slope),
):
    axis.plot(grid, right, color="0.75", linewidth=6, label="right")
    axis.plot(grid, naive, linewidth=1.5, label="log(1 + exp(x)), float32")
    axis.axvline(88.7, color="0.5", linewidth=1, linestyle=":")
    axis.set(title=title, xlabel="x")
axes[0].legend(fontsize=9)
plt.show()

# %% [markdown]
# Left of the dotted line all is well. At 89, $e^x$ overflows; the value is infinite, the slope is
# infinity divided by infinity.
#
# The value is easily mended: for large $x$, softplus is $x$ to all digits, so take $x$ there.
#
# **Predict**: what does this do to the slope?

# %%
def chosen_softplus(x):
    return tf.where(x > 30, x, tf.math.log(1 + tf.exp(x)))


print("     x       y   slope")
for x, y, slope in zip(values, *value_and_slope(chosen_softplus, values)):
    print(f"{x:6} {y:7.2f} {slope:7.2f}")

# %% [markdown]
# The value is right, and the slope still NaN. `tf.where` computes *both* branches and then chooses.
# On the way back the branch not chosen receives the upstream gradient 0, and 0 times infinity is
# NaN. Whoever meets a NaN behind a `where` should look at the branch not taken.
#
# One can also rewrite the formula so that nothing overflows. With $|x|$ in the exponent, $e^{-|x|}$
# is at most 1:
#
# $$\log(1 + e^x) = \max(x, 0) + \log(1 + e^{-|x|})$$
#
# **Predict**: the slope at 0 should be 0.5. What does the tape make of it, when the maximum is
# written with `relu` and with `maximum`?

# %%
def with_relu(x):
    return tf.nn.relu(x) + tf.math.log1p(tf.exp(-tf.abs(x)))


def with_maximum(x):
    return tf.maximum(x, 0.0) + tf.math.log1p(tf.exp(-tf.abs(x)))


for function in (with_relu, with_maximum):
    y, slope = value_and_slope(function, values)
    print(f"{function.__name__:12} y", [round(v, 2) for v in y], "slope", slope)

# %% [markdown]
# No overflow, and the slope at 0 is 0 or 1. The sum of the two terms is smooth there, but each term
# has a kink, and at a kink the tape has to take *some* slope. (`log1p(t)` is $\log(1 + t)$, exact
# for tiny $t$ too.) A tape differentiates what you wrote, not what you meant. We know what we mean:
# the slope is a sigmoid. So let us say so.
#
# ### A gradient of your own
#
# An operation with a gradient of its own is a function under `@tf.custom_gradient` (in Keras,
# `ops.custom_gradient`). It returns two things: its result, and a function that gets the upstream
# gradient and returns it multiplied by the operation's slope, one link of the chain. Here is a root
# whose slope at zero is zero.

# %%
@tf.custom_gradient
def safe_root(x):
    """Square root of x ≥ 0, with slope 0 where x is 0."""
    root = tf.sqrt(x)

    def backward(upstream):
        return tf.where(root > 0, upstream / (2 * root), tf.zeros_like(root))

    return root, backward


for start in ([0.0, 0.0], [3.0, 4.0]):
    x = tf.Variable(start)
    with tf.GradientTape() as tape:
        length = safe_root(tf.reduce_sum(x**2))
    gradient = tape.gradient(length, x).numpy()
    print("length", length.numpy(), "gradient", [round(g, 4) for g in gradient.tolist()])

# %% [markdown]
# Who calls `safe_root` gets the root alone; the tape keeps `backward`. In it the `where` does no
# harm, since nobody differentiates it.
#
# `backward` is believed without question. If it is wrong, so is every gradient that passes through.
#
# **Predict**: `careless` is $x^2$ with a backward that ignores what comes from upstream. Which of
# the three gradients at $x = 3$ come out right?

# %%
@tf.custom_gradient
def careless(x):
    def backward(upstream):
        return 2 * x

    return x**2, backward


outer = {
    "x²": (lambda y: y, 6),
    "10 x²": (lambda y: 10 * y, 60),
    "sin(x²)": (lambda y: tf.sin(y), 6 * np.cos(9)),
}
for name, (function, right) in outer.items():
    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = function(careless(x))
    print(f"{name:8} {tape.gradient(y, x).numpy():6.2f}, right would be {right:6.2f}")

# %% [markdown]
# Alone it looks right, because alone the upstream gradient is 1. This is where difference quotients
# earn their keep: `tf.test.compute_gradient` computes all slopes in both ways, once for each entry
# of the result, with upstream gradients that are 1 at one entry and 0 elsewhere.

# %%
x = tf.constant([0.5, 3.0], tf.float64)
for operation in (safe_root, careless):
    (by_tape,), (by_quotient,) = tf.test.compute_gradient(operation, [x])
    worst = np.abs(by_tape - by_quotient).max()
    print(operation.__name__, "agrees with difference quotients:", worst < 1e-3)

# %% [markdown] exercise="stable-softplus" role="task"
# ## Exercise 2.4: a softplus that holds
#
# *3 points*
#
# Write the operation `softplus(x)`, $y = \log(1 + e^x)$ with the gradient
# $\mathrm{upstream} \cdot \mathrm{sigmoid}(x)$, for any finite input.
#
# - **In**: `x`, a float32 tensor of any shape. **Out**: a float32 tensor of the same shape.
# - Entries may be as far out as ±1000, and one tensor may hold entries of all sizes.
# - The gradient is the upstream gradient, entry by entry, times the slope of that entry.
# - Values and gradients are finite. Their error is at most $10^{-5}$, or $10^{-5}$ of the right
#   value where that is larger than 1.
#
# Elementary functions such as `tf.exp`, `tf.math.log1p`, `tf.abs`, `tf.where` are enough. The
# decorator is there already, so return two things. The first tests cell (1 point) looks at values,
# the second (2 points) at gradients.

# %% [markdown] exercise="stable-softplus" role="hint"
# <details><summary>Hint 1</summary>
#
# Nothing differentiates the inside of such a function, so kinks and `where` are harmless there;
# overflow is not. An `if` cannot decide for each entry. What must the slope be multiplied by?
#
# </details>

# %% [markdown] exercise="stable-softplus" role="hint"
# <details><summary>Hint 2</summary>
#
# The value is `tf.nn.relu(x) + tf.math.log1p(tf.exp(-tf.abs(x)))`. The inner function returns
# `upstream * tf.sigmoid(x)`. Return both, value first. (`tf.sigmoid` is safe everywhere;
# `exp(x) / (1 + exp(x))` is not.)
#
# </details>

# %% exercise="stable-softplus" role="solution" listing="S1-35"
@tf.custom_gradient
def softplus(x: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
    """log(1 + exp(x)) without overflow; float32 of any shape to the same shape."""
    # BEGIN SOLUTION
    def backward(upstream):
        return upstream * tf.sigmoid(x)

    return tf.nn.relu(x) + tf.math.log1p(tf.exp(-tf.abs(x))), backward
    # END SOLUTION


# %% exercise="stable-softplus" role="tests" points=1
# Exercise 2.4, tests 1 of 2: values.
def check_values(values):
    before = np.array(values, dtype=np.float32)
    called = f"softplus(x) for x of shape {before.shape}"
    try:
        y = softplus(tf.constant(before))
    except ValueError as error:
        cause = "see softplus"
        if "ambiguous" in str(error):
            cause = "an if decides for the whole tensor; tf.where decides entry by entry"
        raise AssertionError(f"{called} raised an error ({str(error)[:70]}): {cause}.") from None
    assert isinstance(y, tf.Tensor), (
        f"{called} gave {type(y).__name__}, wanted a tensor: keep the decorator.")
    assert tuple(y.shape) == before.shape and y.dtype == tf.float32, (
        f"{called} gave {y.dtype.name} of shape {tuple(y.shape)}, wanted float32 of that shape.")
    wanted = np.logaddexp(0, before.astype(np.float64)).reshape(-1)
    got, flat = y.numpy().astype(np.float64).reshape(-1), before.reshape(-1)
    wrong = ~np.isclose(got, wanted, rtol=1e-5, atol=1e-5)
    place = int(wrong.argmax()) if len(wrong) else 0
    cause = "log(1 + exp(x)), for every entry."
    if not np.isfinite(got).all():
        cause = "exp(x) overflows above 88; for large x softplus is x, to all digits."
    elif wrong.any() and np.isclose(got[place], max(flat[place], 0), atol=1e-5):
        cause = "that is a ReLU; close to 0 softplus lies above it."
    elif wrong.any() and flat[place] > 20:
        cause = "for large x it must go on growing: cutting x off is no cure."
    assert not wrong.any(), (
        f"{called} gave {got[place]:.6f} for the entry {flat[place]:.6g}, wanted "
        f"{wanted[place]:.6f}: {cause}")


for values in [[-1000.0, -2.0, 0.0, 1.5, 1000.0]]:
    check_values(values)
# BEGIN HIDDEN TESTS
for values in [
    np.linspace(-120, 120, 961).tolist(), [[50.0, -50.0], [3.0, -3.0]], 7.0, 100.0, [[]],
]:
    check_values(values)
# END HIDDEN TESTS

# %% exercise="stable-softplus" role="tests" points=2
# Exercise 2.4, tests 2 of 2: gradients, with and without something upstream.
def check_slope(values, upstream):
    x = tf.constant(values, tf.float32)
    given = tf.broadcast_to(tf.constant(upstream), x.shape)
    called = f"the gradient of softplus(x), upstream gradient {upstream},"
    with tf.GradientTape() as tape:
        tape.watch(x)
        try:
            y = softplus(x)
        except ValueError as error:
            raise AssertionError(f"softplus(x) raised an error ({str(error)[:70]}); get the first "
                                 "tests cell to pass first.") from None
    assert isinstance(y, tf.Tensor) and y.shape == x.shape, (
        f"softplus(x) gave {type(y).__name__}, wanted a tensor of the shape of x.")
    got = tape.gradient(y, x, output_gradients=given)
    assert isinstance(got, tf.Tensor) and got.shape == x.shape, (
        f"{called} is {type(got).__name__}, wanted a tensor of the shape of x: what does the inner "
        "function return?")
    flat = np.array(values, dtype=np.float64).reshape(-1)
    slope = 0.5 * (1 + np.tanh(flat / 2))
    u, got = (t.numpy().astype(np.float64).reshape(-1) for t in (given, got))
    wanted = u * slope
    wrong = ~np.isclose(got, wanted, rtol=1e-5, atol=1e-5)
    place = int(wrong.argmax()) if len(wrong) else 0

    def is_like(other):
        return np.allclose(got, other, rtol=1e-4, atol=1e-4)

    cause = "upstream times sigmoid(x), for every entry."
    if not np.isfinite(got).all():
        cause = "exp(x) overflows above 88, and infinity over infinity is NaN; use tf.sigmoid."
    elif is_like(slope):
        cause = "the upstream gradient is ignored; multiply it by the slope."
    elif is_like(u):
        cause = "that is the upstream gradient alone, without the slope."
    elif is_like(u * (1 - slope)):
        cause = "that is the slope at -x."
    elif is_like(u * 0.5 * (1 + np.tanh(np.logaddexp(0, flat) / 2))):
        cause = "that is sigmoid(y), and sigmoid(x) is needed."
    elif is_like(np.where(flat == 0, got, wanted)):
        cause = "only the slope at 0 is wrong, the place of a kink; return the sigmoid."
    assert not wrong.any(), (
        f"{called} is {got[place]:.6f} at {flat[place]:.6g}, wanted {wanted[place]:.6f}: {cause}")


for case in [([-1000.0, -2.0, 0.0, 1.5, 1000.0], 1.0), ([-1.0, 0.0, 2.0], [3.0, -2.0, 0.5])]:
    check_slope(*case)
# BEGIN HIDDEN TESTS
for case in [
    (np.linspace(-120, 120, 961).tolist(), -7.0), ([[50.0, -50.0], [3.0, -3.0]], [10.0, 0.1]),
    (0.0, 4.0), (250.0, 1.0), ([[]], 2.0),
]:
    check_slope(*case)
# END HIDDEN TESTS

# %% [markdown]
# ## Gradients of gradients
#
# ### Recording the walk back
#
# The walk back is a computation like any other: products and sums. If it happens inside the block
# of a second tape, that tape records it, and the gradient can be differentiated in turn.
#
# **Predict**: the slope of $w^3$ at 2, and the slope of that slope.

# %%
w = tf.Variable(2.0)
with tf.GradientTape() as outer:
    with tf.GradientTape() as inner:
        z = w**3
    slope = inner.gradient(z, w)
curvature = outer.gradient(slope, w)
print("value", z.numpy(), "slope", slope.numpy(), "slope of the slope", curvature.numpy())

# %% [markdown]
# One line decides. **Predict** what becomes of the second gradient when the first is asked for a
# little further to the left.

# %%
with tf.GradientTape() as outer:
    with tf.GradientTape() as inner:
        z = w**3
slope = inner.gradient(z, w)
print("slope", slope.numpy(), "slope of the slope", outer.gradient(slope, w))

# %% [markdown]
# The outer tape had stopped recording, so for it the gradient is a tensor from nowhere.
#
# ### The Hessian
#
# A function of several numbers has a gradient with several entries, and each entry has a gradient
# of its own. Together these are the *Hessian*, a matrix of second derivatives: row $i$ is the
# gradient of entry $i$ of the gradient. For $3 w_1^2 + 2 w_1 w_2$ it is
#
# $$H = \begin{pmatrix} 6 & 2 \\ 2 & 0 \end{pmatrix}$$
#
# **Predict**: asked for the gradient of a vector, a tape takes the sum of its entries. What does
# the next cell get for the whole gradient at once, and what for each entry?

# %%
def g(w):
    return 3 * w[0] ** 2 + 2 * w[0] * w[1]


w = tf.Variable([5.0, 3.0])
with tf.GradientTape(persistent=True) as outer:
    with tf.GradientTape() as inner:
        z = g(w)
    gradient = inner.gradient(z, w)
    entries = tf.unstack(gradient)
print("gradient:", gradient.numpy())
print("at once: ", outer.gradient(gradient, w).numpy())
for i, entry in enumerate(entries):
    print(f"row {i}:   ", outer.gradient(entry, w).numpy())
print("too late:", outer.gradient(gradient[0], w))

# %% [markdown]
# At once gives 8 and 2: the rows added up. Entry by entry is what is wanted here, and since every
# row is another question to the outer tape, that tape must be persistent. The entries are picked
# out *inside* its block: picking is an operation too, and the last line shows what happens when it
# is not recorded. TensorFlow has the loop ready-made:

# %%
with tf.GradientTape() as outer:
    with tf.GradientTape() as inner:
        z = g(w)
    gradient = inner.gradient(z, w)
print(outer.jacobian(gradient, w).numpy())

# %% [markdown]
# One case needs care. The gradient of a *linear* function is constant: it depends on nothing.
#
# **Predict**: for which of the three functions is the second answer `None`?

# %%
functions = {
    "w₀²": lambda w: w[0] ** 2,
    "2 w₀ + 5 w₁": lambda w: 2 * w[0] + 5 * w[1],
    "w₀ w₁": lambda w: w[0] * w[1],
}
for name, function in functions.items():
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            z = function(w)
        gradient = inner.gradient(z, w)
    rows = outer.gradient(gradient, w)
    print(f"{name:12} {gradient.numpy()}", "None" if rows is None else rows.numpy())

# %% [markdown]
# The second derivatives of a linear function are zero all the same, as you know from school. It is
# `None` and zero again, and again `unconnected_gradients="zero"` helps.

# %% [markdown] exercise="gradient-and-hessian" role="task"
# ## Exercise 2.5: gradient and Hessian
#
# *3 points*
#
# Write `gradient_and_hessian(f, x)` for a function of a vector.
#
# - **In**: `x`, a plain float64 tensor of shape `(n,)`, `n` of 1 or more. `f` takes such a tensor
#   and returns a float64 tensor of shape `()` that depends on it, perhaps not on all entries.
# - **Out**: a tuple `(gradient, hessian)` of float64 tensors, of shapes `(n,)` and `(n, n)`. Row
#   `i` of the Hessian holds the derivatives of entry `i` of the gradient.
# - Both are exact up to rounding: the relative error is at most $10^{-9}$.
# - Where `f` is linear, second derivatives are zeros.
#
# The first tests cell (2 points) uses functions whose gradient changes, the second (1 point)
# functions that are linear, in part or altogether.

# %% [markdown] exercise="gradient-and-hessian" role="hint"
# <details><summary>Hint 1</summary>
#
# Two tapes, one inside the other, and `x` is a plain tensor for both. The gradient is asked for,
# and taken apart, inside the block of the outer one. Then ask the outer tape for the gradient of
# each entry, and stack the answers. What if the gradient is not connected at all?
#
# </details>

# %% [markdown] exercise="gradient-and-hessian" role="hint"
# <details><summary>Hint 2</summary>
#
# The outer tape is `tf.GradientTape(persistent=True)`, and both tapes `watch(x)`. Inside the outer
# block, `gradient = inner.gradient(y, x)` and `entries = tf.unstack(gradient)`. After it,
# `tf.stack` of `outer.gradient(entry, x, unconnected_gradients="zero")` for each entry.
#
# </details>

# %% exercise="gradient-and-hessian" role="solution"
def gradient_and_hessian(
    f: Callable[[tf.Tensor], tf.Tensor], x: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Return gradient (n,) and Hessian (n, n) of f at x (n,), all float64."""
    # BEGIN SOLUTION
    with tf.GradientTape(persistent=True) as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = f(x)
        gradient = inner.gradient(y, x)
        entries = tf.unstack(gradient)
    rows = [outer.gradient(entry, x, unconnected_gradients="zero") for entry in entries]
    return gradient, tf.stack(rows)
    # END SOLUTION


# %% exercise="gradient-and-hessian" role="tests" points=2
# Exercise 2.5, tests 1 of 2: functions whose gradient changes.
def check_curved(formula, f, values, wanted_gradient, wanted_hessian):
    called = f"gradient_and_hessian(f, x) for f = {formula} and x = {values}"
    advice = ("both tapes watch x, and the gradient is asked for and taken apart inside the block "
              "of the outer one")
    try:
        got = gradient_and_hessian(f, tf.constant(values, tf.float64))
    except NotImplementedError:
        raise
    except (RuntimeError, ValueError, TypeError) as error:
        cause = "is something None? " + advice[0].upper() + advice[1:]
        if "non-persistent" in str(error).lower():
            cause = "the tape is used up after the first question; make it persistent"
        raise AssertionError(f"{called} raised an error ({str(error)[:70]}…): {cause}.") from None
    assert isinstance(got, (tuple, list)) and len(got) == 2, (
        f"{called} gave {type(got).__name__}, wanted a tuple (gradient, hessian).")
    right = [np.array(w, dtype=np.float64) for w in (wanted_gradient, wanted_hessian)]
    for name, tensor, wanted in zip(("gradient", "Hessian"), got, right):
        assert isinstance(tensor, tf.Tensor), (
            f"{called} gave {type(tensor).__name__} as the {name}, wanted a tensor: {advice}.")
        cause = ""
        if name == "Hessian" and len(tensor.shape) == 1:
            cause = (": that is one walk for all entries, whose result is the sum of the rows. Ask "
                     "for the gradient of each entry by itself")
        assert tuple(tensor.shape) == wanted.shape and tensor.dtype == tf.float64, (
            f"{called} gave a {name} of {tensor.dtype.name} and shape {tuple(tensor.shape)}, "
            f"wanted float64 and {wanted.shape}{cause}.")
        cause = "row i is the gradient of entry i."
        if name == "Hessian" and not tensor.numpy().any():
            cause = f"all zeros: the outer tape saw no connection; {advice}."
        elif name == "Hessian" and np.allclose(tensor, np.diag(np.diag(wanted)), atol=1e-9):
            cause = "only the diagonal is there; differentiate each entry by every variable."
        elif np.allclose(tensor, wanted, rtol=1e-2, atol=1e-2):
            cause = "close, but not exact: difference quotients, or float32 on the way?"
        elif name == "gradient":
            cause = "is it the gradient of f(x), and of nothing else?"
        assert np.allclose(tensor, wanted, rtol=1e-9, atol=1e-12), (
            f"{called} gave the {name} {tensor.numpy().round(5).tolist()}, wanted "
            f"{wanted.round(5).tolist()}: {cause}")


A = tf.constant([[1.0, 4.0, 0.0], [-2.0, 3.0, 5.0], [6.0, 1.0, -1.0]], tf.float64)
for case in [
    ("3 x₀² + 2 x₀ x₁", lambda x: 3 * x[0] ** 2 + 2 * x[0] * x[1], [5.0, 3.0], [36, 10],
     [[6, 2], [2, 0]]),
]:
    check_curved(*case)
# BEGIN HIDDEN TESTS
for case in [
    ("x @ A @ x", lambda x: tf.reduce_sum(x * tf.linalg.matvec(A, x)), [1.0, 2.0, 3.0],
     [24, 32, 12], [[2, 2, 6], [2, 6, 6], [6, 6, -2]]),
    ("exp(x₀)", lambda x: tf.reduce_sum(tf.exp(x)), [0.5], [np.exp(0.5)], [[np.exp(0.5)]]),
    ("x₀ x₁ x₂", lambda x: x[0] * x[1] * x[2], [2.0, -3.0, 5.0], [-15, 10, -6],
     [[0, 5, -3], [5, 0, 2], [-3, 2, 0]]),
]:
    check_curved(*case)
# END HIDDEN TESTS

# %% exercise="gradient-and-hessian" role="tests" points=1
# Exercise 2.5, tests 2 of 2: functions that are linear, in part or altogether.
def check_linear(formula, f, values, wanted_gradient, wanted_hessian):
    called = f"gradient_and_hessian(f, x) for f = {formula} and x = {values}"
    try:
        got = gradient_and_hessian(f, tf.constant(values, tf.float64))
    except NotImplementedError:
        raise
    except (RuntimeError, ValueError, TypeError, AttributeError) as error:
        raise AssertionError(
            f"{called} raised {type(error).__name__} ({str(error)[:70]}…): the gradient of a "
            "linear function is not connected, and its second derivatives are zeros.") from None
    assert isinstance(got, (tuple, list)) and len(got) == 2 and all(
        isinstance(t, tf.Tensor) for t in got), (
        f"{called} must give a tuple of two tensors, gave {got}: where f is linear, the Hessian is "
        "a tensor of zeros.")
    right = [np.array(w, dtype=np.float64) for w in (wanted_gradient, wanted_hessian)]
    for name, tensor, wanted in zip(("gradient", "Hessian"), got, right):
        assert tuple(tensor.shape) == wanted.shape and tensor.dtype == tf.float64, (
            f"{called} gave a {name} of {tensor.dtype.name} and shape {tuple(tensor.shape)}, "
            f"wanted float64 and {wanted.shape}.")
        assert np.allclose(tensor, wanted, rtol=1e-9, atol=1e-12), (
            f"{called} gave the {name} {tensor.numpy().tolist()}, wanted {wanted.tolist()}.")


for case in [("2 x₀ - 5 x₁", lambda x: 2 * x[0] - 5 * x[1], [1.0, 4.0], [2, -5], [[0, 0], [0, 0]])]:
    check_linear(*case)
# BEGIN HIDDEN TESTS
for case in [
    ("x₀ + x₁²", lambda x: x[0] + x[1] ** 2, [1.0, 4.0, 7.0], [1, 8, 0],
     [[0, 0, 0], [0, 2, 0], [0, 0, 0]]),
    ("3 x₀", lambda x: 3 * tf.reduce_sum(x), [2.0], [3], [[0]]),
]:
    check_linear(*case)
# END HIDDEN TESTS

# %% [markdown]
# ## Gradients that add up
#
# ### What adds up, and what does not
#
# Within one walk, everything that leads to the result is added: the two uses of $w_1$, the entries
# of a vector. From walk to walk nothing is added, for each tape starts from nothing.
#
# **Predict** the three numbers. What would PyTorch have in `.grad`, which adds from call to call?

# %%
w1, w2 = tf.Variable(5.0), tf.Variable(3.0)
for call in range(3):
    with tf.GradientTape() as tape:
        z = f(w1, w2)
    print(f"call {call + 1}: {tape.gradient(z, w1).numpy()}")

# %% [markdown]
# So a call is safe, unless something of yours outlives it. Here is gradient descent on
# $(w - 1)^2$ from 3, twice. The second time the loss is added to a running total, inside a tape
# that is kept from step to step, and the gradient of the total is taken.
#
# **Predict**: both start with the same step. Where does the second one go?

# %%
for keep in (False, True):
    w, way = tf.Variable(3.0), []
    tape, total = tf.GradientTape(persistent=True), 0.0
    for step in range(6):
        if not keep:
            tape, total = tf.GradientTape(), 0.0
        with tape:
            total = total + (w - 1) ** 2
        w.assign_sub(0.25 * tape.gradient(total, w))
        way.append(round(w.numpy().item(), 3))
    print("kept:    " if keep else "new tape:", way)

# %% [markdown]
# Each step of the second still carries all the gradients before it, and $w$ swings past the minimum
# and back. The tape also grows with every step. A running total for the record belongs outside, as
# a Python number.
#
# ### When a sum is what you want
#
# Adding up has its use. A batch that does not fit into memory can be cut into small ones: compute
# their gradients one by one, and add. That is right because the gradient of a sum is the sum of the
# gradients. A *mean* needs more care.
#
# **Predict**: five numbers, in batches of one and of four. Which of the two lines is the gradient
# of the mean loss over all five, at $w = 0$?

# %%
def losses_of(w, batch):
    """One loss per example, shape (n,): the squared distance from w."""
    return (batch - w) ** 2


def gradient_of(reduce, batch):
    """The gradient for w of the reduced losses of one batch."""
    with tf.GradientTape() as tape:
        loss = reduce(losses_of(w, batch))
    return tape.gradient(loss, w)


batches = [tf.constant([10.0]), tf.constant([1.0, 2.0, 1.0, 2.0])]
w = tf.Variable(0.0)
means = sum(gradient_of(tf.reduce_mean, batch) for batch in batches)
print("mean of the means:         ", means.numpy() / 2)
sums = sum(gradient_of(tf.reduce_sum, batch) for batch in batches)
print(f"sum, divided by the number: {sums.numpy() / 5:.1f}")

# %% [markdown]
# By hand: $-2 \cdot (10 + 1 + 2 + 1 + 2) / 5 = -6.4$. In the mean of the means the one example of
# the small batch counts as much as the four others together.
#
# A batch may even be empty, for instance when a filter has left nothing of it. The sum over no
# examples is 0 and does no harm. The mean is 0 divided by 0: whoever averages the loss has NaN in
# the record of the training.

# %%
empty = tf.zeros((0,))
for reduce in (tf.reduce_sum, tf.reduce_mean):
    loss = reduce(losses_of(w, empty)).numpy()
    print(f"{reduce.__name__:11} {loss}, gradient {gradient_of(reduce, empty).numpy()}")

# %% [markdown]
# One last trap. The sum needs a place. A variable that is made once, outside the function, is a
# place that remembers, and whoever keeps it, keeps something that goes on changing.
#
# **Predict**: the gradient for the first batch is -20. What do the two calls return, and what is
# `first` in the end?

# %%
place = tf.Variable(0.0)


def added(batch):
    place.assign_add(gradient_of(tf.reduce_sum, batch))
    return place


first = added(batches[0])
print("first call: ", first.numpy())
print("second call:", added(batches[0]).numpy())
print("first, now: ", first.numpy())

# %% [markdown] exercise="this-call-only" role="task"
# ## Exercise 2.6: of this call only
#
# *3 points*
#
# Write `mean_gradient(losses_of, w, batches)`: the gradient, with respect to `w`, of the mean loss
# over *all* examples in a list of batches. It adds up within a call, and never from one call to the
# next.
#
# - **In**: `w`, a trainable float32 variable. `batches`, a list of tensors with examples on the
#   first axis. Their sizes differ, a batch may be empty, and there is at least one example in all.
#   `losses_of(w, batch)` returns one float32 loss per example, shape `(n,)`.
# - **Out**: a float32 tensor of the shape of `w`. Each example counts the same, whichever batch it
#   is in.
# - Each batch is given to `losses_of` once, by itself, in the order of the list: together they may
#   not fit into memory. (An empty one may be left out.)
# - The same call again returns the same gradient, and a gradient that was returned never changes
#   later.
# - Afterwards `w` is as it was before.
#
# The first tests cell (2 points) looks at one call, the second (1 point) at several.

# %% [markdown] exercise="this-call-only" role="hint"
# <details><summary>Hint 1</summary>
#
# Add up the gradients of the *sums* of losses, count the examples, divide at the end. Where must
# the sum begin, if no call is to know of another one?
#
# </details>

# %% [markdown] exercise="this-call-only" role="hint"
# <details><summary>Hint 2</summary>
#
# Start with `total = tf.zeros_like(w)` and `count = 0`. For each batch, compute `losses =
# losses_of(w, batch)` inside a new tape, and rebind `total = total + tape.gradient(losses, w)`
# (a tape takes the sum of a vector) and `count += len(batch)`. Return `total / count`.
#
# </details>

# %% exercise="this-call-only" role="solution"
def mean_gradient(
    losses_of: Callable[[tf.Variable, tf.Tensor], tf.Tensor],
    w: tf.Variable,
    batches: list[tf.Tensor],
) -> tf.Tensor:
    """Return the gradient for w, of the shape of w, of the mean loss over all examples."""
    # BEGIN SOLUTION
    total, count = tf.zeros_like(w), 0
    for batch in batches:
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(losses_of(w, batch))
        total += tape.gradient(loss, w)
        count += len(batch)
    return total / count
    # END SOLUTION


# %% exercise="this-call-only" role="tests" points=2
# Exercise 2.6, tests 1 of 2: one call.
def check_one_call(sizes):
    rng, seen = np.random.default_rng(sum(sizes)), []
    data = [rng.integers(-8, 9, size=(n, 3)).astype(np.float32) for n in sizes]
    w = tf.Variable([1.0, -2.0, 0.5])

    def losses_of(w, batch):
        seen.append(len(batch))
        return tf.linalg.matvec(batch, w) ** 2

    called = f"mean_gradient(losses_of, w, batches) for batches of {sizes} examples"
    got = mean_gradient(losses_of, w, [tf.constant(batch) for batch in data])
    assert isinstance(got, tf.Tensor), (
        f"{called} gave {type(got).__name__}, wanted a tensor. (A variable goes on changing, and "
        "None means that losses_of did not run inside the tape.)")
    assert tuple(got.shape) == (3,) and got.dtype == tf.float32, (
        f"{called} gave {got.dtype.name} of shape {tuple(got.shape)}, wanted float32 of (3,).")
    v = np.array([1.0, -2.0, 0.5])
    each = [2 * (batch @ v) @ batch.astype(np.float64) for batch in data]
    wanted, values = sum(each) / sum(sizes), got.numpy().astype(np.float64)
    full = [gradient / n for gradient, n in zip(each, sizes) if n]

    def is_like(other):
        return np.allclose(values, other, rtol=1e-3, atol=1e-3)

    cause = "add up the gradients of the summed losses, divide by the number of examples."
    if is_like(sum(each)):
        cause = "that is the gradient of the sum; divide it by the number of examples."
    elif is_like(sum(full) / len(sizes)) or is_like(sum(full) / len(full)) or is_like(sum(full)):
        cause = "the batches differ in size, so their means must not simply be added or averaged."
    elif is_like(sum(each) / len(sizes)):
        cause = "it is divided by the number of batches; divide by the number of examples."
    elif any(is_like(g) for g in full) or is_like(each[-1] / sum(sizes)):
        cause = "only one batch counts; add up over all of them."
    assert np.allclose(values, wanted, rtol=1e-4, atol=1e-4), (
        f"{called} gave {values.round(3).tolist()}, wanted {wanted.round(3).tolist()}: {cause}")
    assert [n for n in seen if n] == [n for n in sizes if n], (
        f"{called} gave losses_of batches of {seen}: each batch is to be used once, by itself.")


for sizes in [[1, 4], [2, 0, 5]]:
    check_one_call(sizes)
# BEGIN HIDDEN TESTS
for sizes in [[3], [0, 7, 1, 2], [0, 1]]:
    check_one_call(sizes)
# END HIDDEN TESTS

# %% exercise="this-call-only" role="tests" points=1
# Exercise 2.6, tests 2 of 2: several calls, and what the caller has afterwards.
def check_several_calls(start):
    def losses_of(w, batch):
        return (batch - w) ** 2

    w = tf.Variable(start)
    batches = [tf.constant([10.0]), tf.constant([1.0, 2.0, 1.0, 2.0])]
    others = [tf.constant([5.0, 7.0])]
    called = f"mean_gradient(losses_of, w, batches) at w = {start}"
    results = [mean_gradient(losses_of, w, b) for b in (batches, batches, others)]
    assert not any(isinstance(g, tf.Variable) for g in results), (
        f"{called} gave a variable, which goes on changing after it was returned: it accumulates "
        "from call to call. Return a tensor.")
    assert all(isinstance(g, tf.Tensor) and tuple(g.shape) == () for g in results), (
        f"{called} gave {[type(g).__name__ for g in results]}, wanted tensors of shape ().")
    got = [round(g.numpy().item(), 4) for g in results]
    wanted = [2 * (start - 3.2), 2 * (start - 3.2), 2 * (start - 6.0)]
    cause = "each call stands for itself. If the first tests cell fails too, begin there."
    if not np.isclose(got[0], got[1], rtol=1e-4, atol=1e-3):
        cause = "what an earlier call left behind was added: it accumulates from call to call."
    assert np.allclose(got, wanted, rtol=1e-4, atol=1e-3), (
        f"{called} three times, the last on other batches, gave {got}, wanted "
        f"{np.round(wanted, 4).tolist()}: {cause}")
    assert w.numpy().item() == start, f"{called} changed w itself to {w.numpy()}."


for start in [0.0]:
    check_several_calls(start)
# BEGIN HIDDEN TESTS
for start in [1.5, -4.0]:
    check_several_calls(start)
# END HIDDEN TESTS

# %% [markdown]
# ## PyTorch and Keras side by side
#
# Keras 3 leaves gradients to its backend, so the right column is TensorFlow for the most part.
#
# | idea | PyTorch | TensorFlow and Keras 3 |
# |---|---|---|
# | recorded: what depends on | tensors that require a gradient | watched ones, inside a tape |
# | watched from the start | leaves made with `requires_grad=True` | trainable variables |
# | watch a plain tensor | `x.detach().requires_grad_()` | `tape.watch(x)` |
# | ask | `torch.autograd.grad(y, x)` | `tape.gradient(y, x)` |
# | ask, and store | `y.backward()` adds to `.grad` | none |
# | ask again | `retain_graph=True` | `tf.GradientTape(persistent=True)` |
# | result is a vector | refused without `grad_outputs` | taken as its sum |
# | no path | `None` in `.grad`; `grad` raises unless `allow_unused=True` | `None` |
# | zeros for `None` | `materialize_grads=True` | `unconnected_gradients="zero"` |
# | rounding | connected, slope 0 | not connected |
# | whole numbers | `requires_grad=True` raises | `None` |
# | stop a term | `t.detach()` | `tf.stop_gradient(t)`, `keras.ops.stop_gradient(t)` |
# | stop a stretch of code | `with torch.no_grad():` | `with tape.stop_recording():` |
# | own gradient | `torch.autograd.Function` | `@tf.custom_gradient`, `keras.ops.custom_gradient` |
# | second derivatives | `create_graph=True` | a tape inside a tape |
# | Hessian | `torch.autograd.functional.hessian` | `tape.jacobian` of a gradient |
# | update a parameter | in place, under `no_grad` | `w.assign_sub(…)` |
# | from call to call | adds up until `.grad` is cleared | each tape starts from nothing |

# %% [markdown]
# ## Summary
#
# - A tape records the operations that run inside its block and depend on something watched. One
#   walk back, link by link, gives the gradients of one number with respect to everything.
# - Trainable variables are watched by themselves; tensors and frozen variables must be told of,
#   before they are used. An update rebinds nothing: `assign`.
# - The walk uses the tape up; a persistent tape can be asked again. Second derivatives need a tape
#   around the tape, and the first gradient asked for inside it.
# - `None` means that there is no path; zero means a path with slope zero. NumPy, whole numbers,
#   comparisons, rounding and `stop_gradient` cut the path.
# - A gradient can be infinite or NaN where the function is harmless: look for overflow, for roots
#   at zero, and at the branch that a `where` did not take. Rewriting helps, or a gradient of your
#   own, which must multiply the upstream gradient by its slope.
# - Gradients add up over the uses of a variable and the entries of a vector, not from tape to tape.
#   Sums may be added over batches, means may not.

# %% [markdown]
# ## Where to read on
#
# - [Introduction to gradients and automatic differentiation](https://www.tensorflow.org/guide/autodiff)
#   and [Advanced automatic differentiation](https://www.tensorflow.org/guide/advanced_autodiff),
#   TensorFlow's own guides.
# - [`tf.GradientTape`](https://www.tensorflow.org/api_docs/python/tf/GradientTape) and
#   [`tf.custom_gradient`](https://www.tensorflow.org/api_docs/python/tf/custom_gradient), the
#   reference pages.
# - [Autograd mechanics](https://docs.pytorch.org/docs/stable/notes/autograd.html), the same ground
#   in PyTorch.
# - A. G. Baydin and others, [Automatic differentiation in machine learning: a survey](https://arxiv.org/abs/1502.05767).
# - A. Géron, *Hands-On Machine Learning*, chapter 12, from which the listings of this unit come.
#
# Next: lesson 03 puts layers together into blocks, whose gradients you now know how to get.
