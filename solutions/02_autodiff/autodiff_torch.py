# %% [markdown]
# # Automatic differentiation
#
# The *loss* of a network is one number that says how wrong it is. A network learns by moving its
# own numbers in the direction in which the loss falls. The *gradient* points the opposite way,
# where the loss rises, and nobody works it out by hand: the framework watches what is computed, and
# walks back over its recording. In this lesson you learn what is recorded and when, why a gradient
# can be missing, infinite or added to an old one, and how to take the matter into your own hands.
#
# **Afterwards you can**
#
# - get the gradient of any function that you can write in PyTorch, with respect to whatever you
#   like, and leave the caller's tensors as they were;
# - tell a gradient that is missing from one that is zero, and say what cut it off;
# - stop the gradient in one part of a computation, and only there;
# - spot where a gradient becomes infinite or NaN although the function is harmless, and cure it
#   with a gradient of your own;
# - compute second derivatives, and say what has to be kept for them;
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
import warnings
from collections.abc import Callable, Sequence

import matplotlib.pyplot as plt
import numpy as np
import torch

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
# In PyTorch you say which tensors are to be *watched* with `requires_grad=True`. From then on
# whatever is computed from them is recorded. `backward()` walks back over the recording, which is
# also called the *backward pass*, and leaves the gradient of each of these tensors in its attribute
# `.grad`. The part of PyTorch that does all this is called *autograd*.

# %% listing="S1-29"
def f(w1, w2):
    return 3 * w1**2 + 2 * w1 * w2


w1 = torch.tensor(5.0, requires_grad=True)
w2 = torch.tensor(3.0, requires_grad=True)
z = f(w1, w2)
z.backward()
print("f:       ", z.item())
print("gradient:", w1.grad.item(), w2.grad.item())

# %% [markdown]
# There is a second way to ask. `torch.autograd.grad` *returns* the gradients and leaves every
# `.grad` alone, which makes it the better tool inside a function.

# %%
w1.grad = w2.grad = None
gradients = torch.autograd.grad(f(w1, w2), [w1, w2])
print("returned:", [g.item() for g in gradients])
print(".grad:   ", w1.grad, w2.grad)

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
for dtype in (torch.float32, torch.float64):
    a, b = torch.tensor(5.0, dtype=dtype), torch.tensor(3.0, dtype=dtype)
    errors[dtype] = [abs((f(a + h, b) - f(a, b)).item() / h - 36) for h in steps]

fig, axis = plt.subplots(figsize=(7, 3.2), layout="constrained")
for (dtype, values), marker in zip(errors.items(), "os"):
    axis.loglog(steps, values, marker=marker, label=str(dtype).removeprefix("torch."))
    best = np.argmin(values)
    digits = round(np.log10(36 / values[best]))
    print(f"{str(dtype):13} best step {steps[best]:.0e}, digits right: {digits}")
axis.set(xlabel="step h", ylabel="error", title="Difference quotient against 36")
axis.legend()
plt.show()

# %% [markdown]
# At its best the quotient keeps about half of the digits, and you have to know the step. It also
# costs one more evaluation of $f$ for each number that you want a slope for; a network has
# millions. Autograd gets all of them in one walk, exact up to rounding. Difference quotients are
# good for one thing: checking gradients.
#
# ### What is recorded
#
# Every operation on a watched tensor leaves a node in a graph: what was done, with which inputs,
# and what is needed to differentiate it. For our function, with the values that were computed:
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
# Each result points back to its node through `grad_fn`, and each node to the ones before it:

# %%
def show(node, depth=0):
    print("    " * depth + type(node).__name__)
    for earlier, _ in node.next_functions:
        if earlier is not None:
            show(earlier, depth + 1)


show(f(w1, w2).grad_fn)

# %% [markdown]
# (`AccumulateGrad` is where a gradient arrives in `.grad`.) The walk back starts with 1 at the
# result, the slope of $f$ with respect to itself. Each node takes the gradient that reaches it from
# above, the *upstream* gradient, multiplies it by its own slope, and passes it on. This is the
# chain rule, one link at a time:
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
square = w1**2
two = 2 * w1
product = two * w2
z = 3 * square + product
middle = torch.autograd.grad(z, [square, product, two])
print("square, product, times 2:", [g.item() for g in middle])

# %% [markdown]
# What is recorded is what was *done*. A loop or a branch leaves no trace in the graph; the
# operations that it ran do. So any Python is allowed.
#
# **Predict**: the slope of this function at 2 and at -2.

# %%
def winding(w):
    result = w
    for _ in range(3):
        result = result * w if w > 0 else result + w
    return result


for start in (2.0, -2.0):
    w = torch.tensor(start, requires_grad=True)
    (slope,) = torch.autograd.grad(winding(w), w)
    print(f"at {start}: value {winding(w).item()}, slope {slope.item()}")

# %% [markdown]
# ### Asking twice
#
# To walk back, a node may need values from the way forward: the slope of `square` needs $w_1$
# itself. These values are kept until the first walk, then dropped to save memory. A second
# question finds them gone:

# %% tags=["raises-exception"]
z = f(w1, w2)
torch.autograd.grad(z, w1)
torch.autograd.grad(z, w2)

# %% [markdown]
# Either ask for both at once, as above, or say that the graph is to be kept.

# %% listing="S1-30"
z = f(w1, w2)
(first,) = torch.autograd.grad(z, w1, retain_graph=True)
(second,) = torch.autograd.grad(z, w2)
print(first.item(), second.item())

# %% [markdown]
# ### One number at the end
#
# A gradient says how *one* number changes. If the result is a vector, there is no single walk back,
# and PyTorch refuses to guess:

# %% tags=["raises-exception"]
w = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
squares = w**2
squares.backward()

# %% [markdown]
# Make it one number (a sum, a mean), or hand over the upstream gradient yourself: how much each
# entry of the result counts.
#
# **Predict** the three lines.

# %%
upstream = torch.tensor([1.0, 0.0, 100.0])
print("sum:     ", torch.autograd.grad((w**2).sum(), w)[0].tolist())
print("mean:    ", [round(g.item(), 3) for g in torch.autograd.grad((w**2).mean(), w)[0]])
print("weighted:", torch.autograd.grad(w**2, w, grad_outputs=upstream)[0].tolist())

# %% [markdown]
# And a slope is a fraction, so a tensor of whole numbers cannot have one. Beware of
# `torch.tensor(5)`, whose type is int64:

# %% tags=["raises-exception"]
torch.tensor(5, requires_grad=True)

# %% [markdown] exercise="two-argument-gradient" role="task"
# ## Exercise 2.1: both slopes of any function
#
# *3 points*
#
# Write `gradients_of(f, w1, w2)`, which returns the two partial derivatives of `f` at the point
# `(w1, w2)`.
#
# - **In**: `f` takes two float64 tensors of shape `()` and returns one. It is written in PyTorch
#   operations, and may hold Python loops and branches. `w1` and `w2` are Python numbers, whole or
#   not.
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
# Make two tensors that require gradients, of the right type whatever Python numbers came in. Call
# `f` on them. Which of the two ways to ask returns what you need?
#
# </details>

# %% [markdown] exercise="two-argument-gradient" role="hint"
# <details><summary>Hint 2</summary>
#
# `torch.tensor(w1, dtype=torch.float64, requires_grad=True)`, the same for `w2`, and then
# `torch.autograd.grad(f(a, b), (a, b))`, which returns a tuple.
#
# </details>

# %% exercise="two-argument-gradient" role="solution"
def gradients_of(
    f: Callable[[torch.Tensor, torch.Tensor], torch.Tensor], w1: float, w2: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return both partial derivatives of f at (w1, w2), as float64 tensors of shape ()."""
    # BEGIN SOLUTION
    a = torch.tensor(w1, dtype=torch.float64, requires_grad=True)
    b = torch.tensor(w2, dtype=torch.float64, requires_grad=True)
    return torch.autograd.grad(f(a, b), (a, b))
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
        cause = "make tensors with requires_grad=True, and call f on those"
        if "floating point" in str(error):
            cause = "whole numbers make an int64 tensor; give dtype=torch.float64"
        elif "second time" in str(error):
            cause = "ask for both gradients at once, or keep the graph with retain_graph=True"
        raise AssertionError(f"{called} raised an error ({str(error)[:60]}…): {cause}.") from None
    assert isinstance(got, (tuple, list)) and len(got) == 2, (
        f"{called} gave {type(got).__name__}, wanted a tuple of two tensors.")
    for place, g in enumerate(got, start=1):
        assert type(g) is torch.Tensor, (
            f"{called} gave {type(g).__name__} as derivative {place}, wanted a tensor"
            + (": is it the .grad of something that is no leaf, or was never asked for?"
               if g is None else "."))
        assert tuple(g.shape) == () and g.dtype == torch.float64, (
            f"{called} gave {g.dtype} of shape {tuple(g.shape)} as derivative {place}, wanted "
            "torch.float64 of shape (): torch.tensor(5.0) alone is float32.")
    values = [g.item() for g in got]
    cause = "let PyTorch record f, and ask it."
    if np.allclose(values, wanted[::-1]):
        cause = "the two stand the wrong way round."
    elif values == [36.0, 10.0]:
        cause = "36 and 10 belong to another function or point."
    elif np.allclose(values, wanted, rtol=0.01):
        cause = "close, but not exact: a difference quotient, or float32 on the way?"
    assert np.allclose(values, wanted, rtol=1e-12, atol=0), (
        f"{called} gave {values}, wanted {np.array(wanted, float).tolist()}: {cause}")


for case in [
    ("3 w1² + 2 w1 w2", lambda a, b: 3 * a**2 + 2 * a * b, 5.0, 3.0, (36, 10)),
    ("3 w1² + 2 w1 w2", lambda a, b: 3 * a**2 + 2 * a * b, -1, 2.5, (-1, -2)),
]:
    check_smooth(*case)
# BEGIN HIDDEN TESTS
for case in [
    ("sin(w1) w2²", lambda a, b: torch.sin(a) * b**2, 0.1, 3, (9 * np.cos(0.1), 6 * np.sin(0.1))),
    ("exp(w1 / w2)", lambda a, b: torch.exp(a / b), 1, -2, (-np.exp(-0.5) / 2, -np.exp(-0.5) / 4)),
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
    assert isinstance(got, (tuple, list)) and [type(g) for g in got] == [torch.Tensor] * 2, (
        f"{called} must give a tuple of two tensors; get the first tests cell to pass first.")
    values = [g.item() for g in got]
    assert np.allclose(values, wanted, rtol=1e-12, atol=0), (
        f"{called} gave {values}, wanted {list(wanted)}: the graph holds the operations that were "
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
    ("|w1 - w2|", lambda a, b: torch.abs(a - b), 2, 2 - 1e-12, (1, -1)),
    ("w1 times w2, until it is 1000 or more", powers, 1, 10.0, (1000, 300)),
    ("w1 w2", lambda a, b: a * b, 123456789.0, 1e-9, (1e-9, 123456789)),
]:
    check_exact(*case)
# END HIDDEN TESTS

# %% [markdown]
# ## What is watched
#
# ### Leaves and results
#
# Recording costs memory, so PyTorch records only what depends on a tensor that asked for it. Such a
# tensor, made by you and not computed from others, is a *leaf*.
#
# **Predict**: for each of these tensors, does it require a gradient, and is it a leaf?

# %%
plain = torch.tensor([1.0, 2.0])
leaf = torch.tensor([1.0, 2.0], requires_grad=True)
with torch.no_grad():
    unrecorded = leaf * 2
tensors = {
    "plain": plain,
    "leaf": leaf,
    "plain * 2": plain * 2,
    "leaf * plain": leaf * plain,
    "leaf.clone()": leaf.clone(),
    "leaf.detach()": leaf.detach(),
    "in no_grad": unrecorded,
}
print("               requires_grad  is_leaf")
for name, tensor in tensors.items():
    print(f"{name:14} {tensor.requires_grad!s:14} {tensor.is_leaf}")

# %% [markdown]
# One tensor that is watched makes the whole result watched. A plain tensor, the result of plain
# ones, a detached tensor and what was computed under `torch.no_grad()` have no history, and count
# as leaves for that reason.
#
# `backward()` fills the `.grad` of leaves that require a gradient, and of nothing else. Asking a
# result for its `.grad` gives `None`, with a warning.

# %%
result = leaf * 2
result.sum().backward()
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    print("result.grad:", result.grad)
print(str(caught[0].message).partition(". ")[0])
print("leaf.grad:  ", leaf.grad.tolist())

# %% [markdown]
# ### A step that loses its leaf
#
# Here is *gradient descent* on $(w - 1)^2$, written twice. Each step subtracts a quarter of the
# gradient; the quarter is called the *learning rate*.
#
# **Predict**: one of the two stops with an error in its second step. Which one?

# %%
def slope_at(w):
    """Back-propagate (w - 1)² and return what arrived in w.grad."""
    w.grad = None
    ((w - 1) ** 2).backward()
    return w.grad


w = torch.tensor(3.0, requires_grad=True)
for step in range(3):
    gradient = slope_at(w)
    with torch.no_grad():
        w -= 0.25 * gradient
    print(f"in place: step {step}, w = {w.item()}")

# %%
w = torch.tensor(3.0, requires_grad=True)
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the one about .grad of a result
    for step in range(3):
        try:
            w = w - 0.25 * slope_at(w)
            print(f"rebound:  step {step}, w = {w.item()}, is a leaf: {w.is_leaf}")
        except TypeError as error:
            print(f"rebound:  step {step}, {type(error).__name__}: {str(error)[:31]}")
            break

# %% [markdown]
# `w = w - …` makes a new tensor, a result with a history, and lets the name `w` point to it. The
# leaf is gone, and `.grad` of a result is `None`. A parameter is updated *in place*, and under
# `no_grad`, since the update is no part of the function.
#
# ### The gradient for an input
#
# We may also ask how the result changes with the *data*: which pixels matter most to a classifier?
# The data are a plain tensor, and asking at once fails:

# %% tags=["raises-exception"]
weights = torch.tensor([2.0, -1.0, 0.5], requires_grad=True)
pixels = torch.tensor([1.0, 3.0, 4.0])
torch.autograd.grad((weights * pixels**2).sum(), pixels)

# %% [markdown]
# `requires_grad_()`, with the underscore of methods that change a tensor in place, sets the flag.
# It sets it on the caller's tensor, and there it stays:

# %% listing="S1-32"
pixels.requires_grad_()
score = (weights * pixels**2).sum()
print("gradient:", torch.autograd.grad(score, pixels)[0].tolist())
print("the caller's tensor now requires a gradient:", pixels.requires_grad)

# %% tags=["raises-exception"]
pixels.numpy()

# %% [markdown]
# What worked before, works no longer, and every computation with the data is recorded from now on.
# `detach()` gives a tensor of one's own: it has the same values (the very same memory), no history,
# and a flag that is not the caller's.

# %%
pixels = torch.tensor([1.0, 3.0, 4.0])
own = pixels.detach().requires_grad_()
print("flags:      ", own.requires_grad, pixels.requires_grad)
print("same memory:", own.data_ptr() == pixels.data_ptr())

# %% [markdown]
# There is one more trace that a caller may find. `backward()` reaches *every* leaf.
#
# **Predict**: we wanted the gradient for `own`. What does `weights.grad` hold afterwards?

# %%
weights.grad = None
(weights * own**2).sum().backward()
print("own.grad:    ", own.grad.tolist())
print("weights.grad:", weights.grad.tolist())

# %% [markdown]
# The next training step would add its own gradient to that. `torch.autograd.grad` touches no
# `.grad` at all.

# %% [markdown] exercise="input-gradient" role="task"
# ## Exercise 2.2: the gradient for an input
#
# *3 points*
#
# Write `input_gradient(f, x)`, which returns the gradient of `f(x)` with respect to `x`, and leaves
# no trace.
#
# - **In**: `x`, float32, of any shape. It may be a plain tensor, a leaf that requires a gradient,
#   or the result of a recorded computation. `f` takes a tensor of that shape and returns a float32
#   tensor of shape `()` that depends on it. It may use other tensors that require gradients.
# - **Out**: float32, of the shape of `x`.
# - Afterwards `x` has the values, the `requires_grad` flag and the `.grad` that it had before.
# - The `.grad` of the other tensors that `f` uses is as it was, too.
#
# The first tests cell (2 points) looks at the gradient, the second (1 point) at what the caller has
# afterwards.

# %% [markdown] exercise="input-gradient" role="hint"
# <details><summary>Hint 1</summary>
#
# You need a tensor with the values of `x` whose flag you may set. `f` must be called on *that*
# tensor, since only then does its result depend on it. Which way to ask leaves every `.grad` alone?
#
# </details>

# %% [markdown] exercise="input-gradient" role="hint"
# <details><summary>Hint 2</summary>
#
# `own = x.detach().requires_grad_()`, then `torch.autograd.grad(f(own), own)`, which returns a
# tuple with one gradient in it.
#
# </details>

# %% exercise="input-gradient" role="solution"
def input_gradient(f: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    """Return the gradient of f(x) with respect to x, float32 of the shape of x."""
    # BEGIN SOLUTION
    own = x.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(f(own), own)
    return gradient
    # END SOLUTION


# %% exercise="input-gradient" role="tests" points=2
# Exercise 2.2, tests 1 of 2: the gradient.
def check_gradient(values, kind):
    x = torch.tensor(values)
    if kind != "plain":
        x.requires_grad_()
    if kind == "result":
        x = x * 1
    scale = torch.tensor(0.5, requires_grad=True)
    called = f"input_gradient(f, x) for f(x) = sum(0.5 x³) and x = {values} ({kind})"
    try:
        got = input_gradient(lambda x: (scale * x**3).sum(), x)
    except NotImplementedError:
        raise
    except RuntimeError as error:
        cause = "call f on a tensor that requires a gradient, and ask for the gradient of that one"
        if "leaf variables" in str(error):
            cause = "the flag of a result cannot be set; take x.detach() first"
        raise AssertionError(f"{called} raised an error ({str(error)[:70]}…): {cause}.") from None
    assert type(got) is torch.Tensor, (
        f"{called} gave {type(got).__name__}, wanted a torch.Tensor: " + (
            "backward() fills .grad of leaves only, and only of those that f was called on."
            if got is None else "the one gradient itself, not a container with it."))
    wanted = 1.5 * np.array(values, dtype=np.float64) ** 2
    assert tuple(got.shape) == wanted.shape and got.dtype == torch.float32, (
        f"{called} gave {got.dtype} of shape {tuple(got.shape)}, wanted torch.float32 of shape "
        f"{wanted.shape}, one slope per entry of x" + (
            ": that is the gradient for a tensor that f uses." if wanted.shape else "."))
    values_got = got.detach().double().numpy()
    cause = "the gradient of f(x) with respect to x, at x."
    if np.allclose(values_got, wanted, rtol=0.1, atol=0.1):
        cause = "close, but not exact: a difference quotient?"
    elif np.allclose(values_got, wanted + 1, rtol=1e-5, atol=1e-5):
        cause = "it was added to a .grad that was there before."
    assert np.allclose(values_got, wanted, rtol=1e-5, atol=1e-6), (
        f"{called} gave {values_got.round(4).tolist()}, wanted {wanted.tolist()}: {cause}")


for case in [([1.0, -2.0, 3.0], "plain"), ([[1.0, -2.0], [0.0, 0.5]], "leaf")]:
    check_gradient(*case)
# BEGIN HIDDEN TESTS
for case in [(3.0, "plain"), ([[[2.0], [-1.0]]], "plain"), ([4.0, -1.0], "result")]:
    check_gradient(*case)
# END HIDDEN TESTS

# %% exercise="input-gradient" role="tests" points=1
# Exercise 2.2, tests 2 of 2: what the caller finds afterwards.
def check_traces(kind):
    values = [[1.0, -2.0, 3.0]]
    start = torch.tensor(values, requires_grad=kind != "plain")
    x = start * 1 if kind == "result" else start
    weights = torch.tensor([2.0, -1.0, 0.5], requires_grad=True)
    weights.grad = torch.tensor([10.0, 20.0, 30.0])
    if kind == "leaf":
        x.grad = torch.ones(1, 3)
    called = f"input_gradient(f, x) for a {kind} tensor x"
    try:
        got = input_gradient(lambda x: (weights * x**2).sum(), x)
    except NotImplementedError:
        raise
    except RuntimeError as error:
        raise AssertionError(f"{called} raised an error ({str(error)[:70]}…); get the first tests "
                             "cell to pass first.") from None
    assert type(got) is torch.Tensor and np.allclose(
        got.detach().numpy(), [[4.0, 4.0, 3.0]], rtol=1e-5, atol=0), (
        f"{called} gave a wrong gradient: does it add to a .grad that was there before, or does "
        "the first tests cell fail too?")
    assert x.requires_grad == (kind != "plain"), (
        f"{called} left x.requires_grad at {x.requires_grad}: the flag is the caller's; set it on "
        "x.detach(), a tensor of your own.")
    assert x.detach().tolist() == values, (
        f"{called} changed x to {x.detach().tolist()}: detach() shares its memory.")
    if kind == "plain":
        assert x.grad is None, (
            f"{called} left x.grad at {x.grad.tolist()}, before it was None: backward() stores, "
            "torch.autograd.grad only returns.")
    if kind == "leaf":
        assert x.grad is not None and x.grad.tolist() == [[1.0, 1.0, 1.0]], (
            f"{called} left x.grad at {x.grad}, before it was ones: backward() adds to the .grad "
            "of x, and clearing it destroys what the caller had.")
    assert weights.grad is not None and weights.grad.tolist() == [10.0, 20.0, 30.0], (
        f"{called} changed the .grad of a tensor that f uses to {weights.grad}, before it was "
        "10, 20, 30: backward() reaches every leaf; torch.autograd.grad touches none.")


for kind in ["plain"]:
    check_traces(kind)
# BEGIN HIDDEN TESTS
for kind in ["leaf", "result"]:
    check_traces(kind)
# END HIDDEN TESTS

# %% [markdown]
# ## Missing gradients, and stopped ones
#
# ### None is not zero
#
# Suppose that the result does not depend on $w_2$ at all. Its slope is zero, you could say. PyTorch
# says something else: there is no path back to $w_2$, so there is no gradient.
#
# **Predict**: what does each of the four questions below answer?

# %% listing="S1-31"
w1 = torch.tensor(5.0, requires_grad=True)
w2 = torch.tensor(3.0, requires_grad=True)
constant = torch.tensor(3.0)

(3 * w1**2).backward()
print("backward():       ", w1.grad.item(), w2.grad)
w1.grad = None

print("allow_unused:     ", torch.autograd.grad(3 * w1**2, [w1, w2], allow_unused=True))
print("materialize_grads:", torch.autograd.grad(3 * w1**2, [w1, w2], materialize_grads=True))
for name, other in {"w2": w2, "constant": constant}.items():
    try:
        torch.autograd.grad(3 * w1**2, [w1, other])
    except RuntimeError as error:
        print(f"asked for {name}: {str(error).partition('. ')[0]}")

# %% [markdown]
# `backward()` leaves `None`. `torch.autograd.grad` takes it for a mistake, unless you allow it;
# `materialize_grads=True` puts zeros of the right shape in place of `None`. A tensor that does not
# require a gradient at all is refused in any case.
#
# A gradient that is *zero* is another thing: there is a path, and on it the slope happens to be
# zero. The difference is worth knowing, because `None` mostly means that something is not
# connected as you think.
#
# ### Where the path breaks
#
# **Predict**: for each of these lines, is the result connected with $w$, and if so, what is its
# slope at $w = 2.6$?

# %%
makers = {
    "w * w": lambda w: w * w,
    "torch.relu(w - 5)": lambda w: torch.relu(w - 5),
    "torch.round(w)": lambda w: torch.round(w),
    "w.long() * 1.0": lambda w: w.long() * 1.0,
    "(w > 1) * 1.0": lambda w: (w > 1) * 1.0,
    "w * w.item()": lambda w: w * w.item(),
    "w.detach() * 2": lambda w: w.detach() * 2,
    "torch.tensor(w.item())": lambda w: torch.tensor(w.item()),
}
for name, make in makers.items():
    w = torch.tensor(2.6, requires_grad=True)
    y = make(w)
    slope = round(torch.autograd.grad(y, w)[0].item(), 4) if y.requires_grad else "not connected"
    print(f"{name:23} {slope}")

# %% [markdown]
# Whole numbers, comparisons and Python numbers cut the path. Rounding keeps it, with slope zero. So
# does *ReLU*, $\max(x, 0)$, on its flat side: nothing is learned there, and nothing says so. And
# look at `w * w.item()`: one of the two factors is a Python number by now, so half of the slope is
# gone. No error and no `None`, only a wrong gradient. NumPy at least is refused as long as a
# gradient is at stake:

# %% tags=["raises-exception"]
np.square(torch.tensor([1.0, 2.0], requires_grad=True))

# %% [markdown]
# ### Stopping on purpose
#
# Some values should count and not be learned from: a target that the same network has computed, a
# statistic, a term that is only watched. `detach()` gives the value without its history. Here is
# our function again, with the gradient stopped in its second term.
#
# **Predict** the value and both gradients.

# %% listing="S1-33"
def half_stopped(w1, w2):
    return 3 * w1**2 + (2 * w1 * w2).detach()


z = half_stopped(w1, w2)
gradients = torch.autograd.grad(z, [w1, w2], allow_unused=True)
print("value:    ", z.item())
print("gradients:", *(g if g is None else g.item() for g in gradients))

# %% [markdown]
# The value is 105 as before. The first gradient lost the 6 that came through the second term. The
# second was only in that term, and is `None`.
#
# To stop a whole stretch of code, run it under `torch.no_grad()`. It need not be told what to
# detach, and it saves the memory of a recording.

# %%
with torch.no_grad():
    second_term = 2 * w1 * w2
z = 3 * w1**2 + second_term
print("gradient:", torch.autograd.grad(z, w1)[0].item())

# %% [markdown] exercise="stop-one-term" role="task"
# ## Exercise 2.3: stop one term
#
# *3 points*
#
# A loss has two terms, `f` and `g`. The second counts, but nothing is to be learned from it. Write
# `stop_second(f, g, ws)`, which returns the loss and its gradients.
#
# - **In**: `ws`, a list of leaf tensors that require gradients, float32 or float64, of any shapes.
#   `f` and `g` take these tensors as separate arguments, `f(*ws)`, and return a tensor of shape
#   `()`. `f` uses at least one of them, not always all.
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
# If you detach the sum, or the tensors before `f` sees them, nothing is left to learn from. What
# exactly should lose its history? And which option turns a missing gradient into zeros?
#
# </details>

# %% [markdown] exercise="stop-one-term" role="hint"
# <details><summary>Hint 2</summary>
#
# `total = f(*ws) + g(*ws).detach()`. Then `torch.autograd.grad(total, ws, materialize_grads=True)`,
# or `allow_unused=True` and `torch.zeros_like(w)` for each `None`.
#
# </details>

# %% exercise="stop-one-term" role="solution"
def stop_second(
    f: Callable[..., torch.Tensor], g: Callable[..., torch.Tensor], ws: list[torch.Tensor]
) -> tuple[torch.Tensor, Sequence[torch.Tensor]]:
    """Return f(*ws) + g(*ws), shape (), and its gradients for ws, none of them through g."""
    # BEGIN SOLUTION
    total = f(*ws) + g(*ws).detach()
    return total, torch.autograd.grad(total, ws, materialize_grads=True)
    # END SOLUTION


# %% exercise="stop-one-term" role="tests" points=2
# Exercise 2.3, tests 1 of 2: one term is stopped, and only that one.
def check_stopped(a, b, dtype):
    ws = [torch.tensor(v, dtype=dtype, requires_grad=True) for v in (a, b)]
    called = f"stop_second(f, g, [a, b]) for f = sum(a² b), g = sum(a b²), a = {a}, b = {b}"
    try:
        answer = stop_second(lambda a, b: (a**2 * b).sum(), lambda a, b: (a * b**2).sum(), ws)
    except NotImplementedError:
        raise
    except RuntimeError as error:
        cause = "is it f(*ws) plus the detached value of g?"
        if "does not require grad" in str(error):
            cause = ("both paths are blocked. Detach the value of g alone, not the sum, and give f "
                     "the tensors themselves.")
        raise AssertionError(f"{called} raised an error ({str(error)[:60]}…): {cause}") from None
    assert isinstance(answer, tuple) and len(answer) == 2, (
        f"{called} gave {type(answer).__name__}, wanted a tuple (total, gradients).")
    total, gradients = answer
    a, b = np.array(a), np.array(b)
    f, g = (a**2 * b).sum(), (a * b**2).sum()
    assert type(total) is torch.Tensor and tuple(total.shape) == (), (
        f"{called} gave a total of type {type(total).__name__}, wanted a tensor of shape ().")
    assert np.isclose(total.item(), f + g, rtol=1e-5, atol=0), (
        f"{called} gave the total {total.item():.4f}, wanted {f + g:.4f}: a stopped term still "
        "counts in the value.")
    assert isinstance(gradients, (list, tuple)) and len(gradients) == 2, (
        f"{called} gave gradients of type {type(gradients).__name__}, wanted a list of 2 tensors.")
    through_f, through_g = [2 * a * b, a**2], [b**2, 2 * a * b]
    for name, got, wanted, other in zip("ab", gradients, through_f, through_g):
        assert type(got) is torch.Tensor and tuple(got.shape) == wanted.shape, (
            f"{called} gave no tensor of shape {wanted.shape} as the gradient for {name}, but "
            f"{type(got).__name__}: is f cut off as well?")
        assert got.dtype == dtype, f"{called}: gradient of {got.dtype} for {name}, wanted {dtype}."
        values, cause = got.detach().double().numpy(), "only the path through f counts."
        if np.allclose(values, wanted + other, rtol=1e-4):
            cause = "nothing is stopped; this is the gradient of both terms."
        elif np.allclose(values, other, rtol=1e-4):
            cause = "the first term is stopped, and should be the second."
        elif not values.any():
            cause = "both paths are blocked. Detach the value of g alone."
        assert np.allclose(values, wanted, rtol=1e-5, atol=0), (
            f"{called} gave {values.round(4).tolist()} as the gradient for {name}, wanted "
            f"{wanted.tolist()}: {cause}")


for case in [(5.0, 3.0, torch.float32)]:
    check_stopped(*case)
# BEGIN HIDDEN TESTS
for case in [
    ([1.0, -2.0, 4.0], [0.5, 3.0, -1.0], torch.float64), ([[2.0]], [[7.0]], torch.float32),
]:
    check_stopped(*case)
# END HIDDEN TESTS

# %% exercise="stop-one-term" role="tests" points=1
# Exercise 2.3, tests 2 of 2: zeros where no gradient arrives.
def check_missing(shape, dtype):
    w1 = torch.tensor(5.0, requires_grad=True)
    w2 = torch.full(shape, 3.0, dtype=dtype, requires_grad=True)
    called = f"stop_second(f, g, [w1, w2]) for f = 3 w1², g = sum(2 w1 w2) and w2 of shape {shape}"
    try:
        answer = stop_second(lambda w1, w2: 3 * w1**2, lambda w1, w2: (2 * w1 * w2).sum(), [w1, w2])
    except NotImplementedError:
        raise
    except RuntimeError as error:
        cause = "get the first tests cell to pass first"
        if "not have been used" in str(error):
            cause = "with allow_unused=True or materialize_grads=True that is no mistake"
        raise AssertionError(f"{called} raised an error ({str(error)[:60]}…): {cause}.") from None
    assert isinstance(answer, tuple) and isinstance(answer[-1], (list, tuple)), (
        f"{called} gave {type(answer).__name__}, wanted a tuple (total, gradients).")
    for name, w, got, right in zip(("w1", "w2"), (w1, w2), answer[-1], (30.0, 0.0)):
        assert got is not None, (
            f"{called} gave None as the gradient for {name}, wanted {right} for each entry: a "
            "missing gradient comes back as zeros.")
        assert type(got) is torch.Tensor, (
            f"{called} gave {type(got).__name__} as the gradient for {name}, wanted a tensor.")
        assert got.shape == w.shape and got.dtype == w.dtype, (
            f"{called} gave {got.dtype} of shape {tuple(got.shape)} as the gradient for {name}, "
            f"wanted {w.dtype} of shape {tuple(w.shape)}: zeros like the tensor itself.")
        assert np.allclose(got.detach().numpy(), right, rtol=1e-5, atol=0), (
            f"{called} gave {got.tolist()} as the gradient for {name}, wanted {right} for each "
            "entry: no gradient flows through g.")
    assert len(answer[-1]) == 2, f"{called} gave {len(answer[-1])} gradients, wanted 2."


for case in [((), torch.float32)]:
    check_missing(*case)
# BEGIN HIDDEN TESTS
for case in [((2, 3), torch.float32), ((4,), torch.float64)]:
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
for dtype in (torch.float32, torch.float64):
    x = torch.tensor(1e-50, dtype=dtype, requires_grad=True)
    (slope,) = torch.autograd.grad(torch.sqrt(x), x)
    print(f"{str(dtype):13} x = {x.item():.0e}, slope {slope.item():.0e}")
print(f"largest float32: {torch.finfo(torch.float32).max:.0e}")

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
x = torch.zeros(2, requires_grad=True)
print(torch.autograd.grad(torch.sqrt((x**2).sum()), x)[0].tolist())

# %% [markdown]
# NaN spreads: one update later the weights are NaN, and a step after that the whole network. The
# usual cure is a small number under the root.

# %%
print(torch.autograd.grad(torch.sqrt((x**2).sum() + 1e-12), x)[0].tolist())

# %% [markdown]
# ### A function that is harmless, and its formula
#
# *Softplus*, $\log(1 + e^x)$, is a smooth ReLU: close to 0 on the left, close to $x$ on the right.
# Its slope is $\mathrm{sigmoid}(x) = 1 / (1 + e^{-x})$, which lies between 0 and 1 everywhere.
# Nothing could be tamer.
#
# **Predict**: where does the formula, typed in as it stands, break? ($e^{88}$ is about
# $1.7 \cdot 10^{38}$.)

# %%
def naive_softplus(x):
    return torch.log(1 + torch.exp(x))


def value_and_slope(function, values):
    """Return a function's values and its slopes at each of the values, as lists."""
    x = torch.tensor(values, requires_grad=True)
    y = function(x)
    (slope,) = torch.autograd.grad(y.sum(), x)
    return y.detach().tolist(), slope.tolist()


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
    return torch.where(x > 30, x, torch.log(1 + torch.exp(x)))


print("     x       y   slope")
for x, y, slope in zip(values, *value_and_slope(chosen_softplus, values)):
    print(f"{x:6} {y:7.2f} {slope:7.2f}")

# %% [markdown]
# The value is right, and the slope still NaN. `torch.where` computes *both* branches and then
# chooses. On the way back the branch not chosen receives the upstream gradient 0, and 0 times
# infinity is NaN. Whoever meets a NaN behind a `where` should look at the branch not taken.
#
# One can also rewrite the formula so that nothing overflows. With $|x|$ in the exponent, $e^{-|x|}$
# is at most 1:
#
# $$\log(1 + e^x) = \max(x, 0) + \log(1 + e^{-|x|})$$
#
# **Predict**: the slope at 0 should be 0.5. What does autograd make of it, when the maximum is
# written with `relu` and with `clamp`?

# %%
def with_relu(x):
    return torch.relu(x) + torch.log1p(torch.exp(-torch.abs(x)))


def with_clamp(x):
    return torch.clamp(x, min=0) + torch.log1p(torch.exp(-torch.abs(x)))


for function in (with_relu, with_clamp):
    y, slope = value_and_slope(function, values)
    print(f"{function.__name__:10} y", [round(v, 2) for v in y], "slope", slope)

# %% [markdown]
# No overflow, and the slope at 0 is 0 or 1. The sum of the two terms is smooth there, but each term
# has a kink, and at a kink autograd has to take *some* slope. (`log1p(t)` is $\log(1 + t)$, exact
# for tiny $t$ too.) Autograd differentiates what you wrote, not what you meant. We know what we
# mean: the slope is a sigmoid. So let us say so.
#
# ### A gradient of your own
#
# An operation with a gradient of its own is a subclass of `torch.autograd.Function` with two static
# methods. `forward` computes, and may save tensors in `ctx` for later. `backward` gets the upstream
# gradient and returns it multiplied by the operation's slope: one link of the chain. Here is a root
# whose slope at zero is zero.

# %%
class SafeRoot(torch.autograd.Function):
    """Square root of x ≥ 0, with slope 0 where x is 0."""

    @staticmethod
    def forward(ctx, x):
        root = torch.sqrt(x)
        ctx.save_for_backward(root)
        return root

    @staticmethod
    def backward(ctx, upstream):
        (root,) = ctx.saved_tensors
        return torch.where(root > 0, upstream / (2 * root), 0.0)


for start in ([0.0, 0.0], [3.0, 4.0]):
    x = torch.tensor(start, requires_grad=True)
    length = SafeRoot.apply((x**2).sum())
    (gradient,) = torch.autograd.grad(length, x)
    print("length", length.item(), "gradient", [round(g, 4) for g in gradient.tolist()])

# %% [markdown]
# It is run with `apply`. In `backward` the `where` does no harm, since nobody differentiates it.
#
# `backward` is believed without question. If it is wrong, so is every gradient that passes through.
#
# **Predict**: `Careless` is $x^2$ with a backward that ignores what comes from upstream. Which of
# the three gradients at $x = 3$ come out right?

# %%
class Careless(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**2

    @staticmethod
    def backward(ctx, upstream):
        (x,) = ctx.saved_tensors
        return 2 * x


outer = {
    "x²": (lambda y: y, 6),
    "10 x²": (lambda y: 10 * y, 60),
    "sin(x²)": (lambda y: torch.sin(y), 6 * np.cos(9)),
}
for name, (function, right) in outer.items():
    x = torch.tensor(3.0, requires_grad=True)
    (slope,) = torch.autograd.grad(function(Careless.apply(x)), x)
    print(f"{name:8} {slope.item():6.2f}, right would be {right:6.2f}")

# %% [markdown]
# Alone it looks right, because alone the upstream gradient is 1. This is where difference quotients
# earn their keep: `torch.autograd.gradcheck` compares a backward with them, in float64, for random
# upstream gradients.

# %%
x = torch.tensor([0.5, 3.0], dtype=torch.float64, requires_grad=True)
for operation in (SafeRoot, Careless):
    passed = torch.autograd.gradcheck(operation.apply, x, raise_exception=False)
    print(operation.__name__, "agrees with difference quotients:", passed)

# %% [markdown] exercise="stable-softplus" role="task"
# ## Exercise 2.4: a softplus that holds
#
# *3 points*
#
# Write the operation `Softplus`, $y = \log(1 + e^x)$ with the gradient
# $\mathrm{upstream} \cdot \mathrm{sigmoid}(x)$, for any finite input.
#
# - **In**: `x`, float32, of any shape, also an empty one, used as `Softplus.apply(x)`. **Out**:
#   float32, the same shape. `x` keeps its values.
# - Entries may be as far out as ±1000, and one tensor may hold entries of all sizes.
# - `backward` returns the upstream gradient, entry by entry, times the slope of that entry.
# - Values and gradients are finite. Their error is at most $10^{-5}$, or $10^{-5}$ of the right
#   value where that is larger than 1.
#
# Elementary functions such as `exp`, `log1p`, `abs`, `where` are enough. The first tests cell
# (1 point) looks at values, the second (2 points) at gradients.

# %% [markdown] exercise="stable-softplus" role="hint"
# <details><summary>Hint 1</summary>
#
# Nothing differentiates the inside of `forward` or `backward`, so kinks and `where` are harmless
# there; overflow is not. An `if` cannot decide for each entry. What does `backward` need to know
# about the way forward, and what must the slope be multiplied by?
#
# </details>

# %% [markdown] exercise="stable-softplus" role="hint"
# <details><summary>Hint 2</summary>
#
# `forward`: `ctx.save_for_backward(x)`, and return `torch.relu(x) +
# torch.log1p(torch.exp(-x.abs()))`.
# `backward`: `(x,) = ctx.saved_tensors`, and return `upstream * torch.sigmoid(x)`.
# (`torch.sigmoid` is safe everywhere; `exp(x) / (1 + exp(x))` is not.)
#
# </details>

# %% exercise="stable-softplus" role="solution" listing="S1-35"
class Softplus(torch.autograd.Function):
    """log(1 + exp(x)) without overflow; float32 of any shape to the same shape."""

    @staticmethod
    def forward(ctx: torch.autograd.function.FunctionCtx, x: torch.Tensor) -> torch.Tensor:
        # BEGIN SOLUTION
        ctx.save_for_backward(x)
        return torch.relu(x) + torch.log1p(torch.exp(-torch.abs(x)))
        # END SOLUTION

    @staticmethod
    def backward(
        ctx: torch.autograd.function.FunctionCtx, upstream: torch.Tensor
    ) -> torch.Tensor:
        # BEGIN SOLUTION
        (x,) = ctx.saved_tensors
        return upstream * torch.sigmoid(x)
        # END SOLUTION


# %% exercise="stable-softplus" role="tests" points=1
# Exercise 2.4, tests 1 of 2: values.
def check_values(values):
    x = torch.tensor(values)
    before = np.array(values, dtype=np.float32)
    called = f"Softplus.apply(x) for x of shape {before.shape}"
    try:
        y = Softplus.apply(x)
    except NotImplementedError:
        raise
    except RuntimeError as error:
        cause = "see forward"
        if "ambiguous" in str(error):
            cause = "an if decides for the whole tensor; torch.where decides entry by entry"
        raise AssertionError(f"{called} raised an error ({str(error)[:70]}): {cause}.") from None
    assert type(y) is torch.Tensor, f"{called} gave {type(y).__name__}, not a torch.Tensor."
    assert tuple(y.shape) == before.shape and y.dtype == torch.float32, (
        f"{called} gave {y.dtype} of shape {tuple(y.shape)}, wanted torch.float32 of that shape.")
    assert np.array_equal(x.numpy(), before), f"{called} changed x: a method such as clamp_ did."
    wanted = np.logaddexp(0, before.astype(np.float64)).reshape(-1)
    got, flat = y.detach().double().numpy().reshape(-1), before.reshape(-1)
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
    x = torch.tensor(values, requires_grad=True)
    given = torch.tensor(upstream).expand(x.shape)
    called = f"the gradient of Softplus.apply(x), upstream gradient {upstream},"
    y = Softplus.apply(x)
    assert type(y) is torch.Tensor and y.requires_grad, (
        "Softplus.apply(x) must be a tensor that is connected with x.")
    (got,) = torch.autograd.grad(y, x, grad_outputs=given, allow_unused=True)
    assert type(got) is torch.Tensor, f"{called} is {got}: backward returned nothing."
    assert got.shape == x.shape, f"{called} has shape {tuple(got.shape)}, not that of x."
    flat = np.array(values, dtype=np.float64).reshape(-1)
    slope = 0.5 * (1 + np.tanh(flat / 2))
    u = given.double().numpy().reshape(-1)
    wanted, got = u * slope, got.detach().double().numpy().reshape(-1)
    wrong = ~np.isclose(got, wanted, rtol=1e-5, atol=1e-5)
    place = int(wrong.argmax()) if len(wrong) else 0

    def is_like(other):
        return np.allclose(got, other, rtol=1e-4, atol=1e-4)

    cause = "upstream times sigmoid(x), for every entry."
    if np.isnan(got).any() or np.isinf(got).any():
        cause = "exp(x) overflows above 88, and infinity over infinity is NaN; use torch.sigmoid."
    elif is_like(slope):
        cause = "the upstream gradient is ignored; backward multiplies it by the slope."
    elif is_like(u):
        cause = "that is the upstream gradient alone, without the slope."
    elif is_like(u * (1 - slope)):
        cause = "that is the slope at -x."
    elif is_like(u * 0.5 * (1 + np.tanh(np.logaddexp(0, flat) / 2))):
        cause = "that is sigmoid(y): the result was saved, and x is needed."
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
# The walk back is a computation like any other: products and sums. With `create_graph=True` it is
# recorded too, and then the gradient has a history of its own and can be differentiated.
#
# **Predict**: the slope of $w^3$ at 2, and the slope of that slope. What does the last line print?

# %%
w = torch.tensor(2.0, requires_grad=True)
(slope,) = torch.autograd.grad(w**3, w, create_graph=True)
(curvature,) = torch.autograd.grad(slope, w)
print("value 8.0, slope", slope.item(), "slope of the slope", curvature.item())

(unrecorded,) = torch.autograd.grad(w**3, w)
print("connected:", slope.requires_grad, unrecorded.requires_grad)

# %% [markdown]
# Without `create_graph` the gradient is a plain number, and asking on fails in the same way as it
# did for data that nobody watched:

# %% tags=["raises-exception"]
torch.autograd.grad(unrecorded, w)

# %% [markdown]
# ### The Hessian
#
# A function of several numbers has a gradient with several entries, and each entry has a gradient
# of its own. Together these are the *Hessian*, a matrix of second derivatives: row $i$ is the
# gradient of entry $i$ of the gradient. For $3 w_1^2 + 2 w_1 w_2$ it is
#
# $$H = \begin{pmatrix} 6 & 2 \\ 2 & 0 \end{pmatrix}$$
#
# **Predict**: the next cell differentiates the *sum* of the gradient, which takes one walk instead
# of two. What does it get?

# %%
def g(w):
    return 3 * w[0] ** 2 + 2 * w[0] * w[1]


w = torch.tensor([5.0, 3.0], requires_grad=True)
(gradient,) = torch.autograd.grad(g(w), w, create_graph=True)
print("gradient:       ", gradient.tolist())
print("of the sum:     ", torch.autograd.grad(gradient.sum(), w, retain_graph=True)[0].tolist())
for i in range(2):
    (row,) = torch.autograd.grad(gradient[i], w, retain_graph=True)
    print(f"row {i}:          ", row.tolist())

# %% [markdown]
# The sum gives 8 and 2: the rows added up. Entry by entry is what is wanted here, and since every
# row walks over the same recorded graph, the graph has to be kept. PyTorch has the loop ready-made:

# %%
print(torch.autograd.functional.hessian(g, torch.tensor([5.0, 3.0])).tolist())

# %% [markdown]
# One case needs care. The gradient of a *linear* function is constant: it depends on nothing, and
# has no history although you asked for one.
#
# **Predict**: which of the three gradients is connected with $w$?

# %%
functions = {
    "w₀²": lambda w: w[0] ** 2,
    "2 w₀ + 5 w₁": lambda w: 2 * w[0] + 5 * w[1],
    "w₀ w₁": lambda w: w[0] * w[1],
}
for name, function in functions.items():
    (gradient,) = torch.autograd.grad(function(w), w, create_graph=True)
    print(f"{name:12} gradient {gradient.tolist()}, connected: {gradient.requires_grad}")

# %% [markdown]
# Its second derivatives are zero all the same, as you know from school. It is `None` and zero
# again.

# %% [markdown] exercise="gradient-and-hessian" role="task"
# ## Exercise 2.5: gradient and Hessian
#
# *3 points*
#
# Write `gradient_and_hessian(f, x)` for a function of a vector.
#
# - **In**: `x`, a plain float64 tensor of shape `(n,)`, `n` of 1 or more. `f` takes such a tensor
#   and returns a float64 tensor of shape `()` that depends on it, perhaps not on all entries, and
#   on no other tensor that requires a gradient.
# - **Out**: a tuple `(gradient, hessian)` of float64 tensors, of shapes `(n,)` and `(n, n)`. Row
#   `i` of the Hessian holds the derivatives of entry `i` of the gradient.
# - Both are exact up to rounding: the relative error is at most $10^{-9}$.
# - Where `f` is linear, second derivatives are zeros.
# - Afterwards `x` has the values, the `requires_grad` flag and the `.grad` that it had before.
#
# The first tests cell (2 points) uses functions whose gradient changes, the second (1 point)
# functions that are linear, in part or altogether, and looks at `x` afterwards.

# %% [markdown] exercise="gradient-and-hessian" role="hint"
# <details><summary>Hint 1</summary>
#
# Ask for the gradient so that it is recorded. Then ask for the gradient of each of its entries, and
# stack the answers. What do all these questions share, and must not use up? And what if the
# gradient is not connected at all?
#
# </details>

# %% [markdown] exercise="gradient-and-hessian" role="hint"
# <details><summary>Hint 2</summary>
#
# `(gradient,) = torch.autograd.grad(f(own), own, create_graph=True)`. If
# `gradient.requires_grad` is false, the Hessian is `torch.zeros(n, n)` in float64. Otherwise
# `torch.stack` of `torch.autograd.grad(entry, own, retain_graph=True)[0]` for each `entry` of
# `gradient`.
#
# </details>

# %% exercise="gradient-and-hessian" role="solution"
def gradient_and_hessian(
    f: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return gradient (n,) and Hessian (n, n) of f at x (n,), all float64."""
    # BEGIN SOLUTION
    own = x.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(f(own), own, create_graph=True)
    if not gradient.requires_grad:
        return gradient, torch.zeros(len(own), len(own), dtype=own.dtype)
    rows = [torch.autograd.grad(entry, own, retain_graph=True)[0] for entry in gradient]
    return gradient.detach(), torch.stack(rows)
    # END SOLUTION


# %% exercise="gradient-and-hessian" role="tests" points=2
# Exercise 2.5, tests 1 of 2: functions whose gradient changes.
def check_curved(formula, f, values, wanted_gradient, wanted_hessian):
    called = f"gradient_and_hessian(f, x) for f = {formula} and x = {values}"
    try:
        got = gradient_and_hessian(f, torch.tensor(values, dtype=torch.float64))
    except NotImplementedError:
        raise
    except RuntimeError as error:
        cause = "is every tensor connected with the next?"
        if "second time" in str(error):
            cause = "the graph is used up after the first row; retain_graph=True keeps it."
        elif "does not require grad" in str(error):
            cause = "the gradient was not recorded (create_graph=True), or x is not watched."
        raise AssertionError(f"{called} raised an error ({str(error)[:60]}…): {cause}") from None
    assert isinstance(got, (tuple, list)) and len(got) == 2, (
        f"{called} gave {type(got).__name__}, wanted a tuple (gradient, hessian).")
    right = [np.array(w, dtype=np.float64) for w in (wanted_gradient, wanted_hessian)]
    for name, tensor, wanted in zip(("gradient", "Hessian"), got, right):
        assert type(tensor) is torch.Tensor, (
            f"{called} gave {type(tensor).__name__} as the {name}, wanted a tensor.")
        cause = ""
        if name == "Hessian" and tensor.dim() == 1:
            cause = (": that is one walk for all entries, whose result is the sum of the rows. Ask "
                     "for the gradient of each entry by itself")
        assert tuple(tensor.shape) == wanted.shape and tensor.dtype == torch.float64, (
            f"{called} gave a {name} of {tensor.dtype} and shape {tuple(tensor.shape)}, wanted "
            f"torch.float64 and {wanted.shape}{cause}.")
        values_got, cause = tensor.detach().numpy(), "row i is the gradient of entry i."
        if name == "Hessian" and np.allclose(values_got, np.diag(np.diag(wanted)), atol=1e-9):
            cause = "only the diagonal is there; differentiate each entry by every variable."
        elif name == "Hessian" and np.allclose(values_got, np.cumsum(wanted, axis=0), atol=1e-9):
            cause = "each row has the rows above it added: .grad adds up from walk to walk."
        elif np.allclose(values_got, wanted, rtol=1e-2, atol=1e-2):
            cause = "close, but not exact: difference quotients, or float32 on the way?"
        elif name == "gradient":
            cause = "is it the gradient of f(x), and of nothing else?"
        assert np.allclose(values_got, wanted, rtol=1e-9, atol=1e-12), (
            f"{called} gave the {name} {values_got.round(5).tolist()}, wanted "
            f"{wanted.round(5).tolist()}: {cause}")


A = torch.tensor([[1.0, 4.0, 0.0], [-2.0, 3.0, 5.0], [6.0, 1.0, -1.0]], dtype=torch.float64)
for case in [
    ("3 x₀² + 2 x₀ x₁", lambda x: 3 * x[0] ** 2 + 2 * x[0] * x[1], [5.0, 3.0], [36, 10],
     [[6, 2], [2, 0]]),
]:
    check_curved(*case)
# BEGIN HIDDEN TESTS
for case in [
    ("x @ A @ x", lambda x: x @ A @ x, [1.0, 2.0, 3.0], [24, 32, 12],
     [[2, 2, 6], [2, 6, 6], [6, 6, -2]]),
    ("exp(x₀)", lambda x: torch.exp(x).sum(), [0.5], [np.exp(0.5)], [[np.exp(0.5)]]),
    ("x₀ x₁ x₂", lambda x: x.prod(), [2.0, -3.0, 5.0], [-15, 10, -6],
     [[0, 5, -3], [5, 0, 2], [-3, 2, 0]]),
]:
    check_curved(*case)
# END HIDDEN TESTS

# %% exercise="gradient-and-hessian" role="tests" points=1
# Exercise 2.5, tests 2 of 2: functions that are linear, in part or altogether; x afterwards.
def check_linear(formula, f, values, wanted_gradient, wanted_hessian):
    called = f"gradient_and_hessian(f, x) for f = {formula} and x = {values}"
    x = torch.tensor(values, dtype=torch.float64)
    try:
        got = gradient_and_hessian(f, x)
    except NotImplementedError:
        raise
    except (RuntimeError, TypeError, AttributeError) as error:
        raise AssertionError(
            f"{called} raised {type(error).__name__} ({str(error)[:70]}…): the gradient of a "
            "linear function has no history, and its second derivatives are zeros.") from None
    assert isinstance(got, (tuple, list)) and [type(t) for t in got] == [torch.Tensor] * 2, (
        f"{called} must give a tuple of two tensors, gave {got}: where f is linear, the Hessian is "
        "a tensor of zeros.")
    right = [np.array(w, dtype=np.float64) for w in (wanted_gradient, wanted_hessian)]
    for name, tensor, wanted in zip(("gradient", "Hessian"), got, right):
        assert tuple(tensor.shape) == wanted.shape and tensor.dtype == torch.float64, (
            f"{called} gave a {name} of {tensor.dtype} and shape {tuple(tensor.shape)}, wanted "
            f"torch.float64 and {wanted.shape}.")
        assert np.allclose(tensor.detach().numpy(), wanted, rtol=1e-9, atol=1e-12), (
            f"{called} gave the {name} {tensor.tolist()}, wanted {wanted.tolist()}.")
    assert x.tolist() == values, (
        f"{called} changed x to {x.tolist()}: the values are the caller's; detach() shares them.")
    assert not x.requires_grad and x.grad is None, (
        f"{called} left x.requires_grad at {x.requires_grad} and x.grad at {x.grad}, before they "
        "were False and None: both are the caller's; set the flag on x.detach(), a tensor of your "
        "own.")


for case in [("2 x₀ - 5 x₁", lambda x: 2 * x[0] - 5 * x[1], [1.0, 4.0], [2, -5], [[0, 0], [0, 0]])]:
    check_linear(*case)
# BEGIN HIDDEN TESTS
for case in [
    ("x₀ + x₁²", lambda x: x[0] + x[1] ** 2, [1.0, 4.0, 7.0], [1, 8, 0],
     [[0, 0, 0], [0, 2, 0], [0, 0, 0]]),
    ("3 x₀", lambda x: 3 * x.sum(), [2.0], [3], [[0]]),
]:
    check_linear(*case)
# END HIDDEN TESTS

# %% [markdown]
# ## Gradients that add up
#
# ### `.grad` is a sum
#
# `backward()` does not *set* `.grad`. It adds to it.
#
# **Predict** what the three lines print.

# %%
w1 = torch.tensor(5.0, requires_grad=True)
w2 = torch.tensor(3.0, requires_grad=True)
for call in range(3):
    f(w1, w2).backward()
    print(f"after call {call + 1}: {w1.grad.item()}")

# %% [markdown]
# Inside one walk the paths that meet at a tensor are added; here this goes on from walk to walk,
# until somebody clears `.grad`. Forgetting it is one of the commonest mistakes in a training loop,
# and a quiet one. Here is gradient descent on $(w - 1)^2$ from 3, with and without the line that
# clears.
#
# **Predict**: both start with the same step. Where does the second one go?

# %%
for clear in (True, False):
    w, way = torch.tensor(3.0, requires_grad=True), []
    for step in range(6):
        if clear:
            w.grad = None
        ((w - 1) ** 2).backward()
        with torch.no_grad():
            w -= 0.25 * w.grad
        way.append(round(w.item(), 3))
    print("cleared:    " if clear else "not cleared:", way)

# %% [markdown]
# Without clearing, each step still carries all the gradients before it, and $w$ swings past the
# minimum and back.
#
# ### When a sum is what you want
#
# The adding up has its use. A batch that does not fit into memory can be cut into small ones: run
# and back-propagate them one by one, and the gradients of all arrive in `.grad`. That is right
# because the gradient of a sum is the sum of the gradients. A *mean* needs more care.
#
# **Predict**: five numbers, in batches of one and of four. Which of the two lines is the gradient
# of the mean loss over all five, at $w = 0$?

# %%
def losses_of(w, batch):
    """One loss per example, shape (n,): the squared distance from w."""
    return (batch - w) ** 2


batches = [torch.tensor([10.0]), torch.tensor([1.0, 2.0, 1.0, 2.0])]
w = torch.tensor(0.0, requires_grad=True)

means = [torch.autograd.grad(losses_of(w, batch).mean(), w)[0] for batch in batches]
print("mean of the means:         ", sum(means).item() / 2)
sums = [torch.autograd.grad(losses_of(w, batch).sum(), w)[0] for batch in batches]
print("sum, divided by the number:", sum(sums).item() / 5)

# %% [markdown]
# By hand: $-2 \cdot (10 + 1 + 2 + 1 + 2) / 5 = -6.4$. In the mean of the means the one example of
# the small batch counts as much as the four others together.
#
# A batch may even be empty, for instance when a filter has left nothing of it. The sum over no
# examples is 0 and does no harm. The mean is 0 divided by 0: whoever averages the loss has NaN in
# the record of the training.

# %%
empty = torch.zeros(0)
for name, loss in {"sum": losses_of(w, empty).sum(), "mean": losses_of(w, empty).mean()}.items():
    print(f"{name:4} {loss.item()}, gradient {torch.autograd.grad(loss, w)[0].item()}")

# %% [markdown]
# One last trap. `.grad` is one tensor, and adding happens in place. Whoever keeps it, keeps
# something that goes on changing.

# %%
w.grad = None
losses_of(w, batches[0]).sum().backward()
kept, copied = w.grad, w.grad.clone()
losses_of(w, batches[1]).sum().backward()
print("kept:  ", kept.item())
print("copied:", copied.item())

# %% [markdown] exercise="this-call-only" role="task"
# ## Exercise 2.6: of this call only
#
# *3 points*
#
# Write `mean_gradient(losses_of, w, batches)`: the gradient, with respect to `w`, of the mean loss
# over *all* examples in a list of batches. It adds up within a call, and never from one call to the
# next.
#
# - **In**: `w`, a float32 leaf that requires a gradient. `batches`, a list of tensors with examples
#   on the first axis. Their sizes differ, a batch may be empty, and there is at least one example
#   in all. `losses_of(w, batch)` returns one float32 loss per example, shape `(n,)`.
# - **Out**: a float32 tensor of the shape of `w`. Each example counts the same, whichever batch it
#   is in.
# - Each batch is given to `losses_of` once, by itself and in the order of the list: together they
#   may not fit into memory. (An empty one may be left out.)
# - The same call again returns the same gradient, and a gradient that was returned never changes
#   later.
# - Afterwards `w` and `w.grad` are as they were before; `w.grad` may hold something that the caller
#   needs.
#
# The first tests cell (2 points) looks at one call, the second (1 point) at several.

# %% [markdown] exercise="this-call-only" role="hint"
# <details><summary>Hint 1</summary>
#
# Add up the gradients of the *sums* of losses, count the examples, divide at the end. Where would
# you add them up, if `w.grad` belongs to the caller?
#
# </details>

# %% [markdown] exercise="this-call-only" role="hint"
# <details><summary>Hint 2</summary>
#
# Start with `total = torch.zeros_like(w)` and `count = 0`. For each batch, `losses = losses_of(w,
# batch)`, add `torch.autograd.grad(losses.sum(), w)[0]` to the total and `len(losses)` to the
# count. Return `total / count`.
#
# </details>

# %% exercise="this-call-only" role="solution"
def mean_gradient(
    losses_of: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
    w: torch.Tensor,
    batches: list[torch.Tensor],
) -> torch.Tensor:
    """Return the gradient for w, of the shape of w, of the mean loss over all examples."""
    # BEGIN SOLUTION
    total, count = torch.zeros_like(w), 0
    for batch in batches:
        losses = losses_of(w, batch)
        total += torch.autograd.grad(losses.sum(), w)[0]
        count += len(losses)
    return total / count
    # END SOLUTION


# %% exercise="this-call-only" role="tests" points=2
# Exercise 2.6, tests 1 of 2: one call.
def check_one_call(sizes):
    rng, seen = np.random.default_rng(sum(sizes)), []
    data = [rng.integers(-8, 9, size=(n, 3)).astype(np.float32) for n in sizes]
    w = torch.tensor([1.0, -2.0, 0.5], requires_grad=True)

    def losses_of(w, batch):
        seen.append(len(batch))
        return (batch @ w) ** 2

    called = f"mean_gradient(losses_of, w, batches) for batches of {sizes} examples"
    got = mean_gradient(losses_of, w, [torch.tensor(batch) for batch in data])
    assert type(got) is torch.Tensor, f"{called} gave {type(got).__name__}, not a torch.Tensor."
    assert tuple(got.shape) == (3,) and got.dtype == torch.float32, (
        f"{called} gave {got.dtype} of shape {tuple(got.shape)}, wanted torch.float32 of (3,).")
    v = np.array([1.0, -2.0, 0.5])
    each = [2 * (batch @ v) @ batch.astype(np.float64) for batch in data]
    wanted, values = sum(each) / sum(sizes), got.detach().double().numpy()
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
def check_several_calls(start, before):
    def losses_of(w, batch):
        return (batch - w) ** 2

    w = torch.tensor(start, requires_grad=True)
    if before is not None:
        w.grad = torch.tensor(before)
    batches = [torch.tensor([10.0]), torch.tensor([1.0, 2.0, 1.0, 2.0])]
    others = [torch.tensor([5.0, 7.0])]
    called = f"mean_gradient(losses_of, w, batches), with w.grad = {before} before,"
    results = [mean_gradient(losses_of, w, b) for b in (batches, batches, others)]
    assert all(type(g) is torch.Tensor and tuple(g.shape) == () for g in results), (
        f"{called} gave {[type(g).__name__ for g in results]}, wanted tensors of shape ().")
    got = [round(g.item(), 4) for g in results]
    wanted = [2 * (start - 3.2), 2 * (start - 3.2), 2 * (start - 6.0)]
    cause = "each call stands for itself. If the first tests cell fails too, begin there."
    if len({id(g) for g in results}) < 3 or len({g.data_ptr() for g in results}) < 3:
        cause = "all calls returned the same tensor, which goes on changing; return a new one."
    elif not np.isclose(got[0], got[1], rtol=1e-4, atol=1e-3):
        cause = "what an earlier call left behind was added: it accumulates from call to call."
    elif before is not None and np.isclose(got[0] - before, wanted[0], atol=1e-3):
        cause = "what the caller had in w.grad was added."
    assert np.allclose(got, wanted, rtol=1e-4, atol=1e-3), (
        f"{called} three times, the last on other batches, gave {got}, wanted "
        f"{np.round(wanted, 4).tolist()}: {cause}")
    after = None if w.grad is None else w.grad.item()
    assert w.requires_grad and w.item() == start, f"{called} changed w itself."
    assert after == before and type(after) is type(before), (
        f"{called} left w.grad at {after}: it belongs to the caller. backward() adds to it, and "
        "clearing it destroys what was there; torch.autograd.grad leaves it alone.")


for case in [(0.0, None)]:
    check_several_calls(*case)
# BEGIN HIDDEN TESTS
for case in [(1.5, 100.0), (-4.0, 0.0)]:
    check_several_calls(*case)
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
# - Autograd records the operations that depend on a watched tensor, as they are run. One walk back,
#   link by link, gives the gradients of one number with respect to everything.
# - `backward()` adds to the `.grad` of every leaf; `torch.autograd.grad` returns gradients and
#   touches nothing. Inside a function, and for other people's tensors, use the second.
# - The walk uses the graph up. `retain_graph` keeps it for another walk, `create_graph` records the
#   walk itself, for second derivatives.
# - `None` means that there is no path; zero means a path with slope zero. Python numbers, whole
#   numbers, comparisons and `detach` cut the path.
# - A gradient can be infinite or NaN where the function is harmless: look for overflow, for roots
#   at zero, and at the branch that a `where` did not take. Rewriting helps, or a gradient of your
#   own, which must multiply the upstream gradient by its slope.
# - Gradients add up over the uses of a tensor, and in `.grad` from call to call. Sums may be added
#   over batches, means may not.

# %% [markdown]
# ## Where to read on
#
# - [Autograd mechanics](https://docs.pytorch.org/docs/stable/notes/autograd.html), PyTorch's own
#   notes on what is recorded, saved and freed.
# - [Extending PyTorch](https://docs.pytorch.org/docs/stable/notes/extending.html), on
#   `torch.autograd.Function`.
# - [`torch.autograd`](https://docs.pytorch.org/docs/stable/autograd.html), the reference page.
# - [Introduction to gradients and automatic differentiation](https://www.tensorflow.org/guide/autodiff),
#   the same ground in TensorFlow.
# - A. G. Baydin and others, [Automatic differentiation in machine learning: a survey](https://arxiv.org/abs/1502.05767).
# - A. Géron, *Hands-On Machine Learning*, chapter 12, from which the listings of this unit come.
#
# Next: lesson 03 puts layers together into blocks, whose gradients you now know how to get.
