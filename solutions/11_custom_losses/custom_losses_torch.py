# %% [markdown]
# # Custom losses
#
# Training makes one number smaller. What that number is, is up to you: how wrong a single
# prediction counts as, how much each example matters, what the weights themselves should cost, and
# which values they must never take. In this lesson you write each of these parts yourself, and meet
# the mistakes that leave no trace but a network that learns the wrong thing.
#
# **Afterwards you can**
#
# - write a loss as a function that gives one number per example, and say why the mean comes last;
# - find and prevent the quietest mistake of all, targets of shape `(n,)` against outputs `(n, 1)`;
# - weight examples and choose what the sum is divided by;
# - recognise activations that overflow, and why some losses want numbers before the activation;
# - add L1 and L2 penalties on the right parameters, and keep weights inside a permitted region;
# - write a loss object whose settings survive saving and loading.
#
# **Time**: about 55 minutes. **You need**: lesson 09 (saving and loading).
#
# **How to work.** Where you read *Predict*, stop and write your answer down before you run the cell
# below it; a wrong prediction is where the learning happens. In an exercise, fill in the solution
# cell, run it, then run the tests cells under it: a failed test says what was called, what came
# back, what was wanted and the likely cause. When you hand in, the same rules are also checked on
# other inputs. **Validate** in JupyterLab runs the notebook from top to bottom, as the grader will.
# *Run All Cells* stops at the first tests cell that fails, so take an exercise cell by cell.

# %% role="setup"
import json
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

# %% [markdown]
# ## From predictions to one number
#
# A loss function compares what the network said with what it should have said. It does so for each
# example by itself; only then are the examples weighted and put together. Penalties on the weights
# join at the end, and a constraint acts after the step.
#
# ```mermaid
# flowchart LR
#     pred([outputs]) --> per["one loss per example"]
#     target([targets]) --> per
#     per --> reduce["weight and reduce"]
#     reduce --> total(["total: one number"])
#     kernels([weights]) --> penalty["penalty"]
#     penalty --> total
#     total --> step["gradient and step"]
#     step --> constraint["constraint"]
# ```
#
# The order of this lesson is the order of the figure. Nothing in it needs a special class: a loss
# is any function made of differentiable operations. Here is the squared error of three examples
# with two outputs each.
#
# **Predict** the shape of `per_example`, and which rows of the gradient are zero.

# %%
outputs = torch.tensor([[1.0, 2.0], [0.0, 0.0], [3.0, -1.0]], requires_grad=True)
targets = torch.tensor([[1.0, 2.0], [1.0, 0.0], [0.0, 1.0]])

per_example = ((outputs - targets) ** 2).mean(dim=1)
loss = per_example.mean()
loss.backward()
print("per example:", per_example.tolist())
print(f"loss: {loss.item():.4f}")
print("gradient:", [[f"{g:.2f}" for g in row] for row in outputs.grad.tolist()])

# %% [markdown]
# The mean over the outputs, `dim=1`, leaves one number per example; the mean over the batch leaves
# one in all. The first example was predicted exactly and pulls at nothing.
#
# ### Built-in losses
#
# PyTorch has each loss twice: as a function in `torch.nn.functional`, and as a class in `torch.nn`
# whose objects hold the settings and are called like blocks. Both take the outputs first, then the
# targets, and both reduce to the mean unless told otherwise.

# %%
print(F.mse_loss(outputs, targets).item() == nn.MSELoss()(outputs, targets).item())
print(tuple(F.mse_loss(outputs, targets, reduction="none").shape))

# %% [markdown]
# `reduction="none"` gives one loss per *output*, shape `(3, 2)`: nothing has been averaged. Keras,
# with the same word, would average over the last axis and give one loss per example.
#
# Which loss suits is decided by what the network should say, together with its last layer:
#
# | the network says | last layer | loss | targets |
# |---|---|---|---|
# | numbers | dense | `nn.MSELoss`, `nn.L1Loss`, `nn.HuberLoss` | numbers, same shape |
# | yes or no | dense, 1 output | `nn.BCEWithLogitsLoss` | 0.0 or 1.0, same shape |
# | one of k classes | dense, k outputs | `nn.CrossEntropyLoss` | class numbers, `(n,)`, int64 |
# | counts | dense, 1 output | `nn.PoissonNLLLoss` | counts, same shape |
#
# Choosing a network is choosing a set of functions among which training may search, its *hypothesis
# space* (lesson 08); choosing a loss is saying which of them is best. An optimizer only decides how
# to search. All three come as built-in parts:

# %% listing="S2-11"
parts = {
    "losses": (nn, ["MSELoss", "L1Loss", "HuberLoss", "BCEWithLogitsLoss", "CrossEntropyLoss"]),
    "more losses": (nn, ["KLDivLoss", "PoissonNLLLoss", "CosineEmbeddingLoss", "CTCLoss"]),
    "optimizers": (torch.optim, ["SGD", "RMSprop", "Adagrad", "Adam", "AdamW"]),
}
for kind, (module, names) in parts.items():
    print(f"{kind:12}", *(name for name in names if hasattr(module, name)))

# %% [markdown]
# ## A loss that forgives outliers
#
# The squared error has a weakness: an error of 10 counts a hundred times as much as an error of 1,
# so that a single wrong target can rule the fit. The absolute error grows evenly, but its slope is
# as steep next to zero as far away, and training jitters around the goal.
#
# The *Huber loss* is squared for small errors $e$ and absolute for large ones. A threshold $t$ says
# where it changes over:
#
# $$h_t(e) = \begin{cases} \tfrac12 e^2 & |e| \le t \\ t\,|e| - \tfrac12 t^2 & |e| > t \end{cases}$$
#
# The term $-\tfrac12 t^2$ makes the two pieces meet. In the figure, on the right, the slope: this
# is what an example pulls with.
#
# **Predict**: with which strength does an error of 3 pull for $t = 1$? For $t = 2$? Under the
# squared error $\tfrac12 e^2$?

# %%
errors = torch.linspace(-4, 4, 401, requires_grad=True)
curves = {"squared, e²/2": errors**2 / 2, "absolute, |e|": errors.abs()}
for threshold in (0.5, 1.0, 2.0):
    huber_curve = F.huber_loss(errors, torch.zeros(401), reduction="none", delta=threshold)
    curves[f"Huber, t = {threshold}"] = huber_curve

fig, (left, right) = plt.subplots(1, 2, figsize=(10, 3.4), layout="constrained")
for name, curve in curves.items():
    (slope,) = torch.autograd.grad(curve.sum(), errors)
    style = "-" if name.startswith("Huber") else "--"
    left.plot(errors.detach(), curve.detach(), style, label=name)
    right.plot(errors.detach(), slope, style)
    print(f"{name:15} slope at 3: {slope[350].item():.1f}")
left.set(title="loss", xlabel="error e", ylim=(0, 5))
right.set(title="slope", xlabel="error e", ylim=(-3, 3))
left.legend(fontsize=8, loc="upper center")
plt.show()

# %% [markdown]
# The slope of the Huber loss is the error itself, cut off at $\pm t$. So an outlier pulls, but
# never harder than $t$. What that does to a fit shows in the smallest model there is, one constant
# for five numbers, one of which is a typing error.
#
# **Predict**: which constant is best under the squared error, and which under the absolute one?

# %%
measured = torch.tensor([1.0, 2.0, 3.0, 4.0, 90.0])
candidates = torch.linspace(0, 30, 3001).reshape(-1, 1)
difference = candidates - measured  # a row per candidate, by broadcasting
for name, losses in {
    "squared": difference**2,
    "absolute": difference.abs(),
    "Huber, t = 1": F.huber_loss(difference, torch.zeros_like(difference), reduction="none"),
}.items():
    best = losses.mean(dim=1).argmin()
    print(f"{name:13} best constant {candidates[best].item():.2f}")

# %% [markdown]
# The squared error asks for the mean, 20, which resembles none of the numbers. The absolute error
# asks for the median, and so does the Huber loss here: both stay with the four.
#
# The first exercise asks for this loss *per example*. That is no formality: as soon as examples
# have weights, a loss that has already taken the mean comes out wrong, as the section on weights
# shows.

# %% [markdown] exercise="huber-per-sample" role="task"
# ## Exercise 11.1: the Huber loss, per example
#
# *3 points*
#
# Write the function `huber(y_pred, y_true, threshold=1.0)`.
#
# - **In**: `y_pred` and `y_true`, float32, both of shape `(n, d)`: `n` examples with `d` outputs
#   each. `threshold` is a positive Python number, the $t$ of the formula above.
# - **Out**: float32, shape `(n,)`. For each example, the mean over its `d` outputs of
#   $h_t(\text{y\_pred} - \text{y\_true})$.
# - `backward` reaches `y_pred`, and the gradient is right for every error, zero included.
# - The arguments are not changed.
#
# The three tests cells (1 point each) look at the formula, at the mean over the outputs, and at the
# gradient.

# %% [markdown] exercise="huber-per-sample" role="hint"
# <details><summary>Hint 1</summary>
#
# Work on all errors at once and leave the mean to the end. Both pieces of the formula use the
# absolute error. Which function of torch takes one value where a condition holds and another where
# it does not?
#
# </details>

# %% [markdown] exercise="huber-per-sample" role="hint"
# <details><summary>Hint 2</summary>
#
# With `size = (y_pred - y_true).abs()`, the two pieces are `size**2 / 2` and
# `threshold * size - threshold**2 / 2`. `torch.where(size <= threshold, …, …)` chooses between
# them, and `.mean(dim=1)` averages over the outputs of each example.
#
# </details>

# %% exercise="huber-per-sample" role="solution" listing="S1-11"
def huber(y_pred: torch.Tensor, y_true: torch.Tensor, threshold: float = 1.0) -> torch.Tensor:
    """Huber loss of each example: (n, d) float32 twice to (n,) float32."""
    # BEGIN SOLUTION
    size = (y_pred - y_true).abs()
    each = torch.where(size <= threshold, size**2 / 2, threshold * size - threshold**2 / 2)
    return each.mean(dim=1)
    # END SOLUTION


# %% exercise="huber-per-sample" role="tests" points=1
# Exercise 11.1, tests 1 of 3: the formula, for errors on both sides of the threshold.
def check_formula(errors, threshold):
    """One output for each example, so that there is nothing to average."""
    y_true = torch.arange(len(errors)).float()[:, None]
    e = np.array(errors)
    y = huber(y_true + torch.tensor(errors)[:, None], y_true, threshold)
    called = f"huber(y_pred, y_true, {threshold}) for one output and errors {errors}"
    assert type(y) is torch.Tensor, f"{called} gave {type(y).__name__}, not a torch.Tensor."
    assert tuple(y.shape) == e.shape, (
        f"{called} gave shape {tuple(y.shape)}, wanted {e.shape}: one number per example.")
    assert y.dtype == torch.float32, f"{called} gave {y.dtype}, wanted torch.float32."

    def pieces(small, linear):
        return np.where(small, e**2 / 2, linear)

    t, size, y = threshold, np.abs(e), y.detach().double().numpy()
    wanted = pieces(size <= t, t * size - t**2 / 2)
    likely = {
        "the threshold is fixed at 1": pieces(size <= 1, size - 0.5),
        "the linear piece is t|e|, so that the loss jumps at the threshold: subtract t²/2":
            pieces(size <= t, t * size),
        "the linear piece is that for t = 1, so that the loss jumps":
            pieces(size <= t, size - 0.5),
        "that is the loss divided by the threshold, which is what smooth_l1_loss gives": wanted / t,
        "large errors of one sign are squared: compare the absolute error with the threshold":
            pieces(-e <= t, t * size - t**2 / 2),
        "large errors below zero are squared: compare the absolute error with the threshold":
            pieces(e <= t, t * size - t**2 / 2),
        "that is twice the loss: the small errors count e²/2": 2 * wanted,
    }
    cause = next((c for c, v in likely.items() if np.allclose(y, v, rtol=1e-4, atol=1e-5)),
                 "e²/2 up to the threshold, t|e| - t²/2 beyond it")
    assert np.allclose(y, wanted, rtol=1e-4, atol=1e-5), (
        f"{called} gave {y.round(3)}, wanted {wanted.round(3)}: {cause}.")


for errors, threshold in [([0.5, -1.5, 3.0, -5.0], 2.0)]:
    check_formula(errors, threshold)
# BEGIN HIDDEN TESTS
for errors, threshold in [([0.25, -0.25, 0.75, -4.0, 2.0], 0.5), ([-2.5, 7.0], 3), ([0.5], 1.0)]:
    check_formula(errors, threshold)
y = huber(torch.tensor([[4.0]]), torch.tensor([[1.0]]))
assert type(y) is torch.Tensor and tuple(y.shape) == (1,) and abs(y.item() - 2.5) < 1e-5, (
    f"huber([[4.]], [[1.]]) gave {y}, wanted [2.5]: the threshold is 1 if none is given.")
# END HIDDEN TESTS

# %% exercise="huber-per-sample" role="tests" points=1
# Exercise 11.1, tests 2 of 3: the mean over the outputs of each example.
def check_mean(shape, threshold):
    n, d = shape
    rng = np.random.default_rng(n)
    e = (rng.normal(size=shape) * 3 * threshold).astype("float32").astype("float64")
    e.flat[0], e.flat[-1] = -5 * threshold, 5 * threshold
    y = huber(torch.from_numpy(e).float(), torch.zeros(shape), threshold)
    called = f"huber(y_pred, y_true, {threshold}) for shape {shape}"
    assert type(y) is torch.Tensor, f"{called} gave {type(y).__name__}, not a torch.Tensor."
    got_shape = tuple(y.shape)
    cause = {(): "one number for the whole batch; average over the outputs only, not the examples",
             (d,): "that is the mean over the examples; average over dim=1, the outputs",
             (n, d): "that is one per output; average over the outputs of each example"}.get(
                 got_shape, "one number per example")
    assert got_shape == (n,), f"{called} gave shape {got_shape}, wanted ({n},): {cause}."

    def each(e, t=threshold):
        return np.where(np.abs(e) <= t, e**2 / 2, t * np.abs(e) - t**2 / 2)

    y, wanted = y.detach().double().numpy(), each(e).mean(axis=1)
    likely = {
        "that is the sum over the outputs, wanted their mean": each(e).sum(axis=1),
        "the errors of an example are averaged before the formula, not after": each(e.mean(axis=1)),
    }
    cause = next((c for c, v in likely.items() if np.allclose(y, v, rtol=1e-4, atol=1e-5)),
                 "get the first tests cell to pass first; then the mean over the outputs")
    assert np.allclose(y, wanted, rtol=1e-4, atol=1e-5), (
        f"{called} begins {y[:3].round(3)}, wanted {wanted[:3].round(3)}: {cause}.")


for shape, threshold in [((5, 3), 2.0)]:
    check_mean(shape, threshold)
# BEGIN HIDDEN TESTS
for shape, threshold in [((3, 3), 0.5), ((1, 4), 3), ((6, 2), 1.5)]:
    check_mean(shape, threshold)
# END HIDDEN TESTS

# %% exercise="huber-per-sample" role="tests" points=1
# Exercise 11.1, tests 3 of 3: the gradient, with an error of zero among the errors.
def check_huber_gradient(errors, threshold):
    y_true = torch.full((len(errors), len(errors[0])), 1.0)
    leaf = (torch.tensor(errors) + y_true).requires_grad_()
    y_pred, before = leaf.clone(), leaf.detach().clone()
    y = huber(y_pred, y_true, threshold)
    called = f"huber(y_pred, y_true, {threshold}) for errors {errors}"
    assert type(y) is torch.Tensor and y.requires_grad, (
        f"{called} is cut off from y_pred: no detach, no NumPy, no float.")
    y.sum().backward()
    assert torch.equal(before, y_pred.detach()) and bool((y_true == 1).all()), (
        f"{called} changed its arguments: no in-place operations on them.")
    assert leaf.grad is not None, (
        f"{called} has a gradient, but it does not reach y_pred: compute with the tensors that "
        "were given, and make no new one of numbers.")
    got, e = leaf.grad.double().numpy(), np.array(errors)
    wanted = np.clip(e, -threshold, threshold) / e.shape[1]
    assert np.isfinite(got).all(), (
        f"the gradient of {called} is {got.tolist()}: use abs() for the absolute error; a square "
        "root has no slope at zero.")
    assert np.allclose(got, wanted, rtol=1e-4, atol=1e-6), (
        f"the gradient of {called} is {got.round(3).tolist()}, wanted {wanted.round(3).tolist()}: "
        f"the error, cut off at ±{threshold}, over {e.shape[1]} outputs.")


for errors, threshold in [([[0.0, 1.0, -1.5], [2.5, -4.0, 0.5]], 2.0)]:
    check_huber_gradient(errors, threshold)
# BEGIN HIDDEN TESTS
for errors, threshold in [([[0.0], [1000.0], [-0.25]], 0.5), ([[3.0, 0.0]], 5.0)]:
    check_huber_gradient(errors, threshold)
# END HIDDEN TESTS

# %% [markdown]
# ## Shapes that fit too well
#
# Lesson 01 had a perfect model with a bad loss. Its predictions were a column, `(n, 1)`, as a
# network with one output gives them; its targets were a row, `(n,)`, as they are read from a table.
# The difference is a square, in which each prediction meets each target. Its mean has a gradient,
# and training runs. What does it learn? Here is a line with a little noise, fitted twice from the
# same start.
#
# **Predict** the slope and intercept that the second fit ends with.

# %%
rng = np.random.default_rng(0)
x = torch.linspace(-1, 1, 12).reshape(-1, 1)
y = 2 * x[:, 0] + 1 + 0.2 * torch.from_numpy(rng.normal(size=12)).float()


def fit_line(targets):
    """Fit slope and intercept by 300 steps on the mean squared error."""
    line = nn.Linear(1, 1)
    nn.init.zeros_(line.weight)
    nn.init.zeros_(line.bias)
    optimizer = torch.optim.SGD(line.parameters(), lr=0.1)
    for _ in range(300):
        optimizer.zero_grad()
        ((line(x) - targets) ** 2).mean().backward()
        optimizer.step()
    return line


right_fit, wrong_fit = fit_line(y.reshape(-1, 1)), fit_line(y)
for name, line in {"(n, 1)": right_fit, "(n,)": wrong_fit}.items():
    print(f"targets {name:6} slope {line.weight.item():.2f}, intercept {line.bias.item():.2f}")

fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
with torch.no_grad():
    square = (right_fit(x) - y) ** 2
image = left.imshow(square, cmap="Blues")
left.plot(range(12), range(12), "o", color="tab:orange", markersize=4, label="what was meant")
left.set(title="(n, 1) against (n,): n × n errors", xlabel="target", ylabel="prediction")
left.legend(fontsize=8, loc="upper right")
fig.colorbar(image, ax=left, label="squared error")
right.plot(x[:, 0], y, "o", color="0.5", label="data")
with torch.no_grad():
    right.plot(x[:, 0], right_fit(x), label="targets (n, 1)")
    right.plot(x[:, 0], wrong_fit(x), label="targets (n,)")
right.set(title="what is learned", xlabel="x", ylabel="y")
right.legend(fontsize=8)
plt.show()

# %% [markdown]
# The second fit has slope zero and gives every example the mean of all targets: compared with all
# of them at once, that is the best answer. No error, no NaN, a loss that falls and then stays high.
# Only the diagonal of the square was meant.
#
# ### Who notices?
#
# The built-in losses look at the shapes. But they do not all do the same. Below, three of them get
# perfect predictions, `(4, 1)`, and their targets, `(4,)`.
#
# **Predict**: which of the three raise?

# %%
row = torch.tensor([1.0, 2.0, 3.0, 4.0])
column = row[:, None]
for name, loss_function in {
    "mse_loss": F.mse_loss,
    "binary_cross_entropy": F.binary_cross_entropy,
    "your own": lambda p, t: ((p - t) ** 2).mean(),
}.items():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result = f"{loss_function(column / 4, row / 4).item():.4f}"
        except ValueError as error:
            result = type(error).__name__
    print(f"{name:21} {result:10} warnings: {len(caught)}")

# %% [markdown]
# One warns and computes the wrong number, one refuses, and your own function does neither. So a
# loss of your own begins with a look at the shapes. Two remedies are themselves traps:
#
# - `squeeze()` without an axis removes *every* axis of length 1. A batch of one becomes a scalar.
# - `reshape(-1)` on both makes everything fit that has as many numbers, right or wrong.
#
# And equal ranks are not enough: `(1,)` against `(5,)` broadcasts as well.

# %%
print(tuple(torch.ones(1, 1).squeeze().shape), tuple(torch.ones(1, 1).squeeze(1).shape))
print(tuple((torch.ones(1) - torch.ones(5)).shape))

# %% [markdown] exercise="one-column-targets" role="task"
# ## Exercise 11.2: one column or none
#
# *3 points*
#
# Write the function `squared_error(y_pred, y_true)`, which takes a row or a column, and nothing
# else.
#
# - **In**: `y_pred`, float32, and `y_true`, float32 or int64. Each has shape `(n,)` or `(n, 1)`,
#   whichever the other has. `n` may be 1, or 0.
# - **Out**: float32, shape `(n,)`: the squared error of each example.
# - Any other pair of shapes raises `ValueError`: different numbers of examples, a second axis that
#   is not of length 1, no axes, or more than two.
# - `backward` reaches `y_pred`.
#
# The first tests cell (2 points) uses pairs that fit, the second (1 point) pairs that do not.

# %% [markdown] exercise="one-column-targets" role="hint"
# <details><summary>Hint 1</summary>
#
# Bring each argument by itself to the shape `(n,)`, and refuse it if it is neither a row nor a
# column. Then compare the two. `t.ndim` and `t.shape` tell all that you need to know.
#
# </details>

# %% [markdown] exercise="one-column-targets" role="hint"
# <details><summary>Hint 2</summary>
#
# A column is what has `t.ndim == 2 and t.shape[1] == 1`; `t[:, 0]` is then the row, for a batch of
# one too. After that, `t.ndim != 1` is an error, and so is `y_pred.shape != y_true.shape`.
#
# </details>

# %% exercise="one-column-targets" role="solution"
def squared_error(y_pred: torch.Tensor, y_true: torch.Tensor) -> torch.Tensor:
    """Squared error of each example: (n,) or (n, 1), each by itself, to (n,) float32."""
    # BEGIN SOLUTION
    rows = []
    for t in (y_pred, y_true):
        if t.ndim == 2 and t.shape[1] == 1:
            t = t[:, 0]
        if t.ndim != 1:
            raise ValueError(f"wanted shape (n,) or (n, 1), got {tuple(t.shape)}")
        rows.append(t)
    if rows[0].shape != rows[1].shape:
        raise ValueError(f"{len(rows[0])} predictions for {len(rows[1])} targets")
    return (rows[0] - rows[1]) ** 2
    # END SOLUTION


# %% exercise="one-column-targets" role="tests" points=2
# Exercise 11.2, tests 1 of 2: rows and columns, whole-number targets, a batch of one.
def check_squared_error(pred_shape, true_shape, dtype=torch.float32):
    n = pred_shape[0]
    p = np.random.default_rng(n).normal(size=n) * 3
    t = np.arange(n) + 1.0
    y_pred = torch.from_numpy(p).float().reshape(pred_shape).requires_grad_()
    y_true = torch.from_numpy(t).to(dtype).reshape(true_shape)
    called = f"squared_error(y_pred, y_true) for shapes {pred_shape} and {true_shape}, {dtype}"
    try:
        y = squared_error(y_pred, y_true)
    except NotImplementedError:
        raise
    except Exception as error:
        raise AssertionError(f"{called} raised {type(error).__name__} ({str(error)[:80]}), but "
                             "these shapes and dtypes are permitted.") from None
    assert type(y) is torch.Tensor, f"{called} gave {type(y).__name__}, not a torch.Tensor."
    got_shape = tuple(y.shape)
    cause = "one number for each example."
    if n > 1 and got_shape == (n, n):
        cause = "each prediction was compared with each target: bring both to one shape first."
    elif got_shape == () and n == 1:
        cause = "squeeze() without an axis removes the batch of one as well."
    elif got_shape == ():
        cause = "the mean or the sum was taken; the losses of the examples were asked for."
    elif got_shape == (n, 1):
        cause = "the result is a row, not a column."
    assert got_shape == (n,), f"{called} gave shape {got_shape}, wanted ({n},): {cause}"
    assert y.dtype == torch.float32, f"{called} gave {y.dtype}, wanted torch.float32."
    wanted = (p - t) ** 2
    got = y.detach().numpy()
    cause = "the difference, squared, with nothing averaged"
    if np.allclose(got, (np.trunc(p) - t) ** 2, atol=1e-4):
        cause = "the predictions were cut to whole numbers; it is the targets that must change"
    assert np.allclose(got, wanted, rtol=1e-4, atol=1e-4), (
        f"{called} begins {got[:3].round(3)}, wanted {wanted[:3].round(3)}: {cause}.")
    assert y.requires_grad, f"{called} is cut off from y_pred: no detach, no NumPy."
    y.sum().backward()
    assert y_pred.grad is not None and np.allclose(
        y_pred.grad.numpy().ravel(), 2 * (p - t), rtol=1e-4, atol=1e-4), (
        f"the gradient of {called} is not twice the error.")


for case in [((4, 1), (4,)), ((4,), (4, 1)), ((3, 1), (3, 1), torch.int64), ((1, 1), (1,))]:
    check_squared_error(*case)
# BEGIN HIDDEN TESTS
for case in [((5,), (5,)), ((1,), (1, 1), torch.int64), ((6, 1), (6,), torch.int64), ((1,), (1,)),
             ((0, 1), (0,)), ((1, 1), (1, 1))]:
    check_squared_error(*case)
# END HIDDEN TESTS

# %% exercise="one-column-targets" role="tests" points=1
# Exercise 11.2, tests 2 of 2: what does not fit is refused.
def check_refused(pred_shape, true_shape, reason):
    called = f"squared_error(y_pred, y_true) for shapes {pred_shape} and {true_shape}"
    try:
        y = squared_error(torch.ones(pred_shape), torch.ones(true_shape))
    except NotImplementedError:
        raise
    except ValueError:
        return
    except Exception as error:
        raise AssertionError(f"{called} raised {type(error).__name__}, wanted ValueError: look at "
                             "the shapes before you compute.") from None
    raise AssertionError(f"{called} gave {type(y).__name__} of shape "
                         f"{tuple(getattr(y, 'shape', ()))}, wanted ValueError: {reason}.")


for case in [
    ((4,), (3,), "four predictions, three targets"),
    ((5, 1), (1,), "one target is not a target for all five"),
    ((4, 1), (1, 4), "(1, 4) is one example with four outputs, not a column"),
]:
    check_refused(*case)
# BEGIN HIDDEN TESTS
for case in [
    ((1,), (5,), "one prediction is not a prediction for all five"),
    ((1, 3), (3,), "(1, 3) is one example with three outputs"),
    ((4, 2), (4, 2), "two outputs are not one column"),
    ((4, 2), (8,), "as many numbers, but not as many examples"),
    ((0, 2), (0,), "two outputs are not one column, not even without examples"),
    ((), (4,), "a number without axes is no batch"),
    ((1,), (), "a number without axes is no batch, not even of one"),
    ((), (1, 1), "a number without axes is no batch, not even of one"),
    ((), (), "two numbers without axes are no batch"),
    ((3, 1, 1), (3,), "more than two axes"),
    ((1, 1, 1), (1,), "more than two axes"),
    ((0,), (1,), "no predictions, one target"),
]:
    check_refused(*case)
# END HIDDEN TESTS

# %% [markdown]
# ## Weights and reduction
#
# Not all examples are equal. Some are rare and should count more, some are doubtful and should
# count less, some are padding and should not count at all. Each gets a *weight* $w_i$, and the loss
# becomes $\sum_i w_i \ell_i$, divided by something.
#
# ### Why the mean comes last
#
# Suppose someone has averaged too early, and the weights meet a loss that is one number already.
#
# **Predict**: the second and third examples below are padding. Which of the two numbers is the loss
# of the first?

# %% listing="S1-11"
losses = torch.tensor([1.0, 5.0, 9.0])
weights = torch.tensor([1.0, 0.0, 0.0])
print("weights on each example:", (weights * losses).sum().item())
print("weights on the mean:    ", (weights * losses.mean()).sum().item())

# %% [markdown]
# The second line weights the *mean*, padding included. It raises no error, since broadcasting is
# content with a number. This is why a loss gives one value per example and leaves the reduction to
# someone else.
#
# ### Divided by what?
#
# There are two candidates: the number of examples $n$, and the sum of the weights. With weights
# that are all 1 they agree; with padding they do not.
#
# **Predict**: `mse_loss` and `huber_loss` both take a `weight`. The weights are 1, 2, 3, 4. Do the
# two divide by the same number?

# %%
p, t, w = torch.tensor([1.0, 2.0, 3.0, 4.0]), torch.zeros(4), torch.tensor([1.0, 2.0, 3.0, 4.0])
for function in (F.mse_loss, F.huber_loss):
    total = function(p, t, weight=w, reduction="sum").item()
    mean = function(p, t, weight=w, reduction="mean").item()
    print(f"{function.__name__:10} sum {total:.0f}, mean {mean:.2f}: divided by {total / mean:.0f}")

# %% [markdown]
# One divides by the sum of the weights, 10, the other by the number of examples, 4. Neither is
# wrong, but you must know which you have:
#
# - **by the number of examples**: an example with weight 2 pulls twice as hard, whoever else is in
#   the batch; a batch full of padding pulls little;
# - **by the sum of the weights**: a weighted average. It stays between the smallest and the largest
#   loss, but how hard an example pulls depends on the company it is in.
#
# `nn.CrossEntropyLoss` with class weights divides by the sum of the weights of the classes that
# occur in the batch. Keras divides by the number of examples, unless asked for
# `"mean_with_sample_weight"`.
#
# The same question comes up between batches, as in lessons 02 and 08: the mean of two batch means
# is the mean of all examples only if the batches are of the same size.

# %%
first, second = torch.tensor([1.0, 1.0, 1.0, 1.0]), torch.tensor([6.0])
print("mean of means:", ((first.mean() + second.mean()) / 2).item())
print("mean of all:  ", torch.cat([first, second]).mean().item())

# %% [markdown]
# And either divisor can be zero. **Predict**: what is the mean of an empty batch? What is the
# gradient if the NaN is replaced afterwards by `torch.where`?

# %%
print("empty mean:", torch.empty(0).mean().item())

losses = torch.tensor([1.0, 5.0], requires_grad=True)
total = torch.zeros(2).sum()  # all weights are zero
loss = torch.where(total > 0, losses.sum() / total, 0.0)
loss.backward()
print("loss:", loss.item(), " gradient:", losses.grad.tolist())

# %% [markdown]
# The value has been mended, the gradient has not. `where` chooses between two results, but both
# were computed, and the backward pass goes through both: zero times infinity is NaN (lesson 02).
# Make the divisor harmless *before* you divide by it.

# %% [markdown] exercise="weighted-reduction" role="task"
# ## Exercise 11.3: weigh, then reduce
#
# *3 points*
#
# Write the function `reduce_losses(losses, weights=None, reduction="mean")`.
#
# - **In**: `losses`, float32, shape `(n,)`, one per example; `weights`, float32, shape `(n,)`, none
#   of them negative, or `None`, which means that each is 1. `n` may be 0.
# - **Out**: float32. With $\ell$ for the losses and $w$ for the weights:
#
# | `reduction` | result | shape |
# |---|---|---|
# | `"none"` | each $w_i \ell_i$ | `(n,)` |
# | `"sum"` | $\sum w_i \ell_i$ | `()` |
# | `"mean"` | $\sum w_i \ell_i$ divided by $n$ | `()` |
# | `"weighted_mean"` | $\sum w_i \ell_i$ divided by $\sum w_i$ | `()` |
#
# - Where the divisor is zero, the result is 0. If it has a gradient, the gradient holds no NaN.
# - Any other `reduction` raises `ValueError`.
# - `backward` reaches `losses` wherever the divisor is not zero. The arguments are not changed.
#
# The three tests cells (1 point each) look at the four reductions, at divisors that are zero, and
# at weights that are `None` and names that do not exist.

# %% [markdown] exercise="weighted-reduction" role="hint"
# <details><summary>Hint 1</summary>
#
# First make the weighted losses, whatever the reduction. `"sum"` and both means start from the same
# sum. The divisor of `"mean"` is a count, known before any weight is looked at.
#
# </details>

# %% [markdown] exercise="weighted-reduction" role="hint"
# <details><summary>Hint 2</summary>
#
# `weights = torch.ones_like(losses)` stands in for `None`. The two divisors are `len(losses)` and
# `weights.sum()`. Where one is zero, so is the sum: look at it in a plain `if`, and return the sum
# undivided.
#
# </details>

# %% exercise="weighted-reduction" role="solution"
def reduce_losses(
    losses: torch.Tensor, weights: torch.Tensor | None = None, reduction: str = "mean"
) -> torch.Tensor:
    """Weigh the losses of n examples and reduce them: (n,) float32 to (n,) or () float32."""
    # BEGIN SOLUTION
    if reduction not in ("none", "sum", "mean", "weighted_mean"):
        raise ValueError(f"no such reduction: {reduction}")
    if weights is None:
        weights = torch.ones_like(losses)
    weighted = weights * losses
    if reduction == "none":
        return weighted
    total = weighted.sum()
    if reduction == "sum":
        return total
    divisor = len(losses) if reduction == "mean" else weights.sum()
    # Where the divisor is zero, so is the sum.
    return total / divisor if divisor > 0 else total
    # END SOLUTION


# %% exercise="weighted-reduction" role="tests" points=1
# Exercise 11.3, tests 1 of 3: the four reductions.
def check_reduction(l, w, reduction):
    leaf, weights = torch.tensor(l, requires_grad=True), torch.tensor(w)
    losses = leaf.clone()
    y = reduce_losses(losses, weights, reduction)
    l, w = np.array(l), np.array(w)
    n = len(l)
    called = f"reduce_losses({l.tolist()}, {w.tolist()}, {reduction!r})"
    assert type(y) is torch.Tensor, f"{called} gave {type(y).__name__}, not a torch.Tensor."
    wanted, slope = {
        "none": (w * l, w), "sum": ((w * l).sum(), w), "mean": ((w * l).sum() / n, w / n),
        "weighted_mean": ((w * l).sum() / w.sum(), w / w.sum())}[reduction]
    assert tuple(y.shape) == np.shape(wanted), (
        f"{called} gave shape {tuple(y.shape)}, wanted {np.shape(wanted)}.")
    assert y.dtype == torch.float32, f"{called} gave {y.dtype}, wanted torch.float32."
    likely = {
        "the weights were left out": {"none": l, "sum": l.sum()}.get(reduction, l.mean()),
        "divided by the sum of the weights, wanted the number of examples": (w * l).sum() / w.sum(),
        "divided by the number of examples, wanted the sum of the weights": (w * l).sum() / n,
        "divided by the number of weights that are not zero": (w * l).sum() / (w > 0).sum(),
        "divided twice": (w * l).sum() / n / w.sum(),
        "the weights met a loss that was averaged already": (w * l.mean()).mean(),
        "the weights met a loss that was averaged before them": (w * l.mean()).sum() / w.sum(),
    }
    got = y.detach().double().numpy()
    cause = next((c for c, v in likely.items() if np.shape(v) == got.shape and np.allclose(got, v)),
                 "multiply each loss by its weight, then add, then divide")
    assert np.allclose(got, wanted, rtol=1e-5, atol=1e-6), (
        f"{called} gave {got.round(4)}, wanted {np.round(wanted, 4)}: {cause}.")
    assert y.requires_grad, f"{called} is cut off from losses: no detach, no float, no NumPy."
    y.sum().backward()
    assert leaf.grad is not None, f"{called} has a gradient, but it does not reach losses."
    assert np.allclose(leaf.grad.numpy(), slope, rtol=1e-5, atol=1e-6), (
        f"the gradient of {called} is {leaf.grad.numpy().round(4)}, wanted {slope.round(4)}.")
    assert np.allclose(weights.numpy(), w) and np.allclose(losses.detach().numpy(), l), (
        f"{called} changed its arguments: no in-place operations on them.")


for reduction in ["none", "sum", "mean", "weighted_mean"]:
    check_reduction([1.0, 5.0, 9.0, 2.0], [2.0, 0.0, 1.0, 0.5], reduction)
# BEGIN HIDDEN TESTS
for reduction in ["none", "sum", "mean", "weighted_mean"]:
    check_reduction([3.0, 0.25, 7.0], [0.5, 4.0, 3.0], reduction)
    check_reduction([-2.0], [0.25], reduction)
# END HIDDEN TESTS

# %% exercise="weighted-reduction" role="tests" points=1
# Exercise 11.3, tests 2 of 3: a divisor of zero.
def check_divisor(l, w, reduction, wanted, cause="where the divisor is zero, the result is 0"):
    leaf, weights = torch.tensor(l, requires_grad=True), torch.tensor(w)
    try:
        y = reduce_losses(leaf.clone(), weights, reduction)
    except ZeroDivisionError:
        y = "ZeroDivisionError"
    called = f"reduce_losses({l}, {w}, {reduction!r})"
    assert type(y) is torch.Tensor and y.dtype == torch.float32, (
        f"{called} gave {y}, wanted a float32 tensor: {cause}.")
    got = y.detach().numpy()
    assert got.shape == np.shape(wanted) and np.allclose(got, wanted), (
        f"{called} gave {got}, wanted {wanted}: {cause}.")
    if y.requires_grad:
        y.sum().backward()
        assert leaf.grad is None or bool(leaf.grad.isfinite().all()), (
            f"the value of {called} is right, but its gradient is {leaf.grad.tolist()}: make the "
            "divisor harmless before you divide; where() does not stop the gradient.")


for case in [([1.0, 5.0], [0.0, 0.0], "weighted_mean", 0.0), ([], [], "mean", 0.0)]:
    check_divisor(*case)
# BEGIN HIDDEN TESTS
for case in [
    ([], [], "weighted_mean", 0.0),
    ([2.0], [0.0], "weighted_mean", 0.0),
    ([2.0, 4.0], [0.0, 0.0], "mean", 0.0, "all weights are zero"),
    ([1.0], [1e-3], "weighted_mean", 1.0, "a small divisor is not zero"),
    ([], [], "none", [], "'none' divides by nothing, and gives one number per example"),
    ([1.0, 5.0], [0.0, 0.0], "none", [0.0, 0.0], "'none' divides by nothing, and keeps the shape"),
]:
    check_divisor(*case)
# END HIDDEN TESTS

# %% exercise="weighted-reduction" role="tests" points=1
# Exercise 11.3, tests 3 of 3: no weights, no reduction, and no such reduction.
def check_left_out(l, wanted, *reduction):
    y = reduce_losses(torch.tensor(l), None, *reduction)
    called = f"reduce_losses({', '.join(map(repr, (l, None, *reduction)))})"
    assert type(y) is torch.Tensor and y.dtype == torch.float32, (
        f"{called} gave {y}, wanted a float32 tensor.")
    y = y.detach().numpy()
    assert y.shape == np.shape(wanted) and np.allclose(y, wanted), (
        f"{called} gave {y}, wanted {wanted}: without weights each weight is 1.")


def check_name(name):
    try:
        reduce_losses(torch.ones(2), torch.ones(2), name)
        told = "nothing"
    except NotImplementedError:
        raise
    except ValueError:
        return
    except Exception as error:
        told = type(error).__name__
    raise AssertionError(
        f"reduce_losses(losses, weights, {name!r}) raised {told}, wanted ValueError.")


for l, wanted, reduction in [([1.0, 5.0, 3.0], 3.0, "mean")]:
    check_left_out(l, wanted, reduction)
for name in ["average"]:
    check_name(name)
# BEGIN HIDDEN TESTS
for l, wanted, reduction in [([1.0, 5.0, 3.0], 3.0, "weighted_mean"), ([], 0.0, "weighted_mean"),
                             ([1.0, 5.0], [1.0, 5.0], "none"), ([1.0, 5.0], 6.0, "sum")]:
    check_left_out(l, wanted, reduction)
check_left_out([1.0, 6.0], 3.5)
for name in ["", None]:
    check_name(name)
y = reduce_losses(torch.tensor([1.0, 3.0]), torch.tensor([1.0, 3.0]))
assert type(y) is torch.Tensor and tuple(y.shape) == () and abs(y.item() - 5.0) < 1e-5, (
    f"reduce_losses([1, 3], [1, 3]) gave {y}, wanted 5: the reduction is 'mean' if none is given.")
# END HIDDEN TESTS

# %% [markdown]
# ## Activations, and losses that want logits
#
# An activation is a function like any other, and you may write your own: anything differentiable
# does. What decides whether it is of use are the large numbers. The softplus of lesson 02,
# $\log(1 + e^x)$, is a smooth ReLU, and books write it down as the formula says.
#
# **Predict**, before you look it up: where does the formula break, and what is the gradient there?

# %% listing="S1-16"
def naive_softplus(x):
    return torch.log(torch.exp(x) + 1.0)


for function in (naive_softplus, F.softplus):
    x = torch.tensor([-1000.0, 0.0, 80.0, 89.0, 1000.0], requires_grad=True)
    y = function(x)
    y.sum().backward()
    print(function.__name__)
    print("  values:  ", *(f"{v:6.1f}" for v in y.tolist()))
    print("  gradient:", *(f"{g:6.1f}" for g in x.grad.tolist()))

# %% [markdown]
# **Then and now.** The softplus of the book overflows: $e^{89}$ is too large for float32, the
# logarithm of infinity is infinite, and the gradient is infinity over infinity. The built-in one
# does not. (Lesson 02 shows the form $\max(x, 0) + \log(1 + e^{-|x|})$, which never raises $e$ to a
# positive power.)
#
# The same happens between the last activation and the loss. A network that says yes or no could end
# in a sigmoid, and the loss take the logarithm of what comes out. But a sigmoid in float32 is
# exactly 1 from about 17 on, and then the logarithm of its complement is that of zero. So the loss
# should get the number *before* the sigmoid, the *logit*, and do both in one formula.
#
# **Predict**: the network is very sure, and wrong. What does each loss say, and how hard does it
# pull?

# %%
target = torch.zeros(1)
for name, function in {
    "by hand": lambda z: -torch.log(1 - torch.sigmoid(z)).mean(),
    "sigmoid, then BCE": lambda z: F.binary_cross_entropy(torch.sigmoid(z), target),
    "BCE with logits": lambda z: F.binary_cross_entropy_with_logits(z, target),
}.items():
    logit = torch.tensor([30.0], requires_grad=True)
    loss = function(logit)
    loss.backward()
    print(f"{name:18} loss {loss.item():6.1f}, gradient {logit.grad.item():.1f}")

# %% [markdown]
# The loss should be 30 and pull with strength 1. By hand it is infinite, and its gradient NaN. The
# built-in binary cross-entropy (BCE) cuts the logarithm off at −100, so that the loss looks
# sensible; but nothing pulls, and the network never unlearns its mistake. Only the form with logits
# is right. `nn.CrossEntropyLoss` wants logits as well, and a softmax before it is a mistake that no
# error reports.

# %% [markdown]
# ## Regularisers
#
# So far the loss looked at predictions. A *regulariser* looks at the weights, and adds a penalty
# for large ones: $\lambda_1 \sum |w|$, which is called L1, or $\lambda_2 \sum w^2$, called L2.
#
# Together with an activation, an initialiser and a constraint, which is the next section, that
# makes four functions around one dense layer. In Keras a layer takes all four as arguments. In
# PyTorch a layer knows none of them: you call each one where it belongs.

# %% listing="S1-16"
def my_activation(x):
    return F.softplus(x)


def my_initialiser(weight):
    outputs, inputs = weight.shape
    return torch.randn_like(weight) * (2.0 / (inputs + outputs)) ** 0.5


def my_regulariser(weight):
    return 0.01 * weight.abs().sum()


def my_constraint(weight):
    return weight.clamp(min=0.0)


torch.manual_seed(0)
layer = nn.Linear(8, 4)
with torch.no_grad():
    layer.weight.copy_(my_initialiser(layer.weight))
    print("some weights below zero:", bool((layer.weight < 0).any()))
    layer.weight.copy_(my_constraint(layer.weight))
    print("after the constraint:   ", bool((layer.weight < 0).any()))
hidden = my_activation(layer(torch.ones(2, 8)))
penalty = my_regulariser(layer.weight)
print("output:", tuple(hidden.shape), " penalty: one number:", tuple(penalty.shape) == ())

# %% [markdown]
# The initialiser is Glorot's scheme. Its `outputs, inputs = weight.shape` holds for dense layers
# only: the weight of a convolution has four axes, and lesson 05 computes its fan-in and fan-out.
#
# ### What a penalty does
#
# In the next cell, ten inputs, of which only the first two matter. Three fits, which differ in
# their penalty.
#
# **Predict**: which of the penalties makes the eight useless weights smallest?

# %%
rng = np.random.default_rng(1)
inputs = torch.from_numpy(rng.normal(size=(20, 10))).float()
truth = torch.tensor([[2.0, -1.0] + [0.0] * 8])
answers = inputs @ truth.T + 0.5 * torch.from_numpy(rng.normal(size=(20, 1))).float()


def fit_with(penalty):
    net = nn.Linear(10, 1)
    nn.init.zeros_(net.weight)
    nn.init.zeros_(net.bias)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.05)
    for _ in range(500):
        optimizer.zero_grad()
        (F.mse_loss(net(inputs), answers) + penalty(net.weight)).backward()
        optimizer.step()
    return net.weight.detach()[0].numpy()


for name, penalty in {
    "none": lambda weight: 0.0,
    "L1": lambda weight: 0.3 * weight.abs().sum(),
    "L2": lambda weight: 0.3 * (weight**2).sum(),
}.items():
    fitted = fit_with(penalty)
    useless = np.abs(fitted[2:]).mean()
    print(f"{name:5} first two {fitted[:2].round(1)}, mean size of the others {useless:.2f}")

# %% [markdown]
# L1 pulls with the same strength at every size and brings the useless weights to about zero. L2
# pulls in proportion to the size: it takes most from the large weights and hardly anything from the
# small ones, so that here the first two shrink and the others stay about as they were.
#
# **Biases are left alone.** A penalty is to keep the output from changing wildly with the input,
# and a bias does not do that: penalise it, and the network can no longer say where zero is. By
# *kernel* we mean the weight that multiplies inputs. In the layers that you know it is the
# parameter with two or more axes, while biases, and the scales of normalisation layers, have one.
#
# ### Weight decay
#
# PyTorch's optimizers have an argument `weight_decay`. With SGD it adds `weight_decay * w` to the
# gradient. The gradient of $\lambda w^2$ is $2 \lambda w$.
#
# **Predict**: which of the two parameters differs after one step?

# %%
def one_step(weight_decay, l2):
    net = nn.Linear(2, 1)
    with torch.no_grad():
        net.weight.copy_(torch.tensor([[1.0, -2.0]]))
        net.bias.fill_(4.0)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, weight_decay=weight_decay)
    loss = F.mse_loss(net(torch.ones(1, 2)), torch.zeros(1, 1)) + l2 * (net.weight**2).sum()
    loss.backward()
    optimizer.step()
    weights = ", ".join(f"{w:.2f}" for w in net.weight[0].tolist())
    return f"weight {weights}, bias {net.bias.item():.2f}"


print("weight_decay = 0.2:", one_step(weight_decay=0.2, l2=0.0))
print("penalty, l2 = 0.1: ", one_step(weight_decay=0.0, l2=0.1))

# %% [markdown]
# The weight moved alike, with twice the factor; the bias did not: `weight_decay` acts on everything
# that the optimizer was given. (`Adam` does the same with its `weight_decay`. `AdamW` takes the
# decay off the weights directly, past Adam's rescaling of the gradient, and so differs from a
# penalty. Lesson 13 sorts parameters into groups.)
#
# One trap is left. A penalty must be computed anew in each step, from the parameters themselves.
# Taken from `weight.data`, from NumPy or from `item()`, it is a constant: it raises the loss and
# changes no gradient.
#
# **Predict** the gradient of the second line.

# %%
layer = nn.Linear(2, 1)
with torch.no_grad():
    layer.weight.copy_(torch.tensor([[1.0, -2.0]]))
for name, weight in {"weight": layer.weight, "weight.data": layer.weight.data}.items():
    layer.weight.grad = None
    loss = 0.0 * layer(torch.ones(1, 2)).sum() + (weight**2).sum()
    loss.backward()
    print(f"{name:12} loss {loss.item()}, gradient {layer.weight.grad.tolist()}")

# %% [markdown] exercise="kernel-penalty" role="task"
# ## Exercise 11.4: a penalty on kernels
#
# *3 points*
#
# Write the function `penalised_loss(net, loss, l1=0.0, l2=0.0)`.
#
# - **In**: `net`, an `nn.Module`; `loss`, float32, shape `()`; two Python numbers.
# - **Out**: float32, shape `()`: `loss` plus `l1` times the sum of $|w|$ plus `l2` times the sum of
#   $w^2$, both over all entries of all kernels of `net`.
# - A kernel is a parameter of `net` with two or more axes: at any depth, of any block, under any
#   name, frozen or not. One that is used in two places counts once. All others are left out.
# - `backward` on the result reaches the kernels through the penalty, and everything that `loss`
#   came from through `loss`. The tensor `loss` itself is not changed.
# - A net without kernels has no penalty.
#
# The three tests cells (1 point each) look at the value, at what counts as a kernel, and at
# gradients.

# %% [markdown] exercise="kernel-penalty" role="hint"
# <details><summary>Hint 1</summary>
#
# `net.parameters()` walks the whole tree. Which property of a parameter tells a kernel from a bias?
# And which way of adding leaves the caller's `loss` as it is?
#
# </details>

# %% [markdown] exercise="kernel-penalty" role="hint"
# <details><summary>Hint 2</summary>
#
# Go through the parameters with `p.ndim >= 2`, and rebind in each turn:
# `loss = loss + l1 * p.abs().sum() + l2 * (p**2).sum()`. `loss += …` would write into the caller's
# tensor.
#
# </details>

# %% exercise="kernel-penalty" role="solution" listing="S1-17"
def penalised_loss(
    net: nn.Module, loss: torch.Tensor, l1: float = 0.0, l2: float = 0.0
) -> torch.Tensor:
    """Add L1 and L2 penalties on the kernels of net to a loss: () float32 to () float32."""
    # BEGIN SOLUTION
    for p in net.parameters():
        if p.ndim >= 2:
            loss = loss + l1 * p.abs().sum() + l2 * (p**2).sum()
    return loss
    # END SOLUTION


# %% exercise="kernel-penalty" role="tests" points=1
# Exercise 11.4, tests 1 of 3: the value, for dense layers at two depths.
def check_penalty(widths, l1, l2):
    inner = nn.Sequential(nn.Linear(widths[1], widths[2]), nn.LayerNorm(widths[2]), nn.ReLU())
    net, rng = nn.Sequential(nn.Linear(*widths[:2]), inner), np.random.default_rng(4)
    with torch.no_grad():
        for p in net.parameters():
            p.copy_(torch.from_numpy(rng.normal(size=p.shape) * 2))
    everything = [p.detach().double().numpy() for p in net.parameters()]
    kernels = [a for a in everything if a.ndim == 2]
    y = penalised_loss(net, torch.tensor(1.5), l1=l1, l2=l2)
    called = f"penalised_loss(net, 1.5, l1={l1}, l2={l2}) for two dense layers and a LayerNorm"
    assert type(y) is torch.Tensor, f"{called} gave {type(y).__name__}, not a torch.Tensor."
    assert tuple(y.shape) == (), f"{called} gave shape {tuple(y.shape)}, wanted one number, ()."
    assert y.dtype == torch.float32, f"{called} gave {y.dtype}, wanted torch.float32."

    def penalty(arrays, absolute=np.abs, square=np.square, each=np.sum):
        return sum(l1 * each(absolute(a)) + l2 * each(square(a)) for a in arrays)

    likely = {
        "there is no penalty": 1.5,
        "biases, or scales of a normalisation, are penalised too": 1.5 + penalty(everything),
        "only the penalty came back, without the loss": penalty(kernels),
        "the L1 part adds the weights themselves, not their absolute values":
            1.5 + penalty(kernels, absolute=lambda a: a),
        "the L2 part takes the root: the sum of squares is wanted": 1.5 + sum(
            l1 * np.abs(a).sum() + l2 * np.sqrt((a**2).sum()) for a in kernels),
        "the mean of each kernel was taken, not the sum": 1.5 + penalty(kernels, each=np.mean),
        "only the outermost kernels count; there are more further in": 1.5 + penalty(kernels[:1]),
        "the L2 part is halved": 1.5 + penalty(kernels, square=lambda a: a**2 / 2),
    }
    got, wanted = y.item(), 1.5 + penalty(kernels)
    cause = next((c for c, v in likely.items() if np.isclose(got, v, rtol=1e-4)),
                 "go through all kernels, at every depth, once each")
    assert np.isclose(got, wanted, rtol=1e-4), (
        f"{called} gave {got:.4f}, wanted {wanted:.4f}: {cause}.")


for l1, l2 in [(0.1, 0.0), (0.0, 0.3)]:
    check_penalty((2, 4, 3), l1, l2)
# BEGIN HIDDEN TESTS
for l1, l2 in [(0.2, 0.5), (0.0, 0.0)]:
    check_penalty((5, 1, 2), l1, l2)
y = penalised_loss(nn.Linear(2, 1), torch.tensor(2.0))
assert type(y) is torch.Tensor and abs(y.item() - 2.0) < 1e-6, (
    f"penalised_loss(net, 2.0) gave {y}, wanted 2: both factors are 0 if none are given.")
# END HIDDEN TESTS

# %% exercise="kernel-penalty" role="tests" points=1
# Exercise 11.4, tests 2 of 3: what counts as a kernel.
def check_kernels(net, description):
    """With l1 + l2 = 1 the penalty of a network of ones is the number of entries of its kernels."""
    with torch.no_grad():
        for p in net.parameters():
            p.fill_(1.0)
    y = penalised_loss(net, torch.tensor(0.5), l1=0.75, l2=0.25)
    called = f"penalised_loss(net, 0.5, l1=0.75, l2=0.25) for {description}, all ones,"
    assert type(y) is torch.Tensor and tuple(y.shape) == (), (
        f"{called} gave {y}; get the first tests cell to pass first.")

    def size(parameters):
        return 0.5 + sum(p.numel() for p in parameters)

    named, kernels = dict(net.named_parameters()), [p for p in net.parameters() if p.ndim >= 2]
    each_use = [p for block in net.modules() for p in block.parameters(recurse=False)]
    likely = {
        "no kernel was found: look at all parameters, of any depth and name, frozen or not": 0.5,
        "only kernels with two axes count; a convolution has four":
            size(p for p in kernels if p.ndim == 2),
        "scales of a normalisation are penalised too: count axes, do not go by names":
            size(p for name, p in named.items() if "weight" in name),
        "biases, or scales of a normalisation, are penalised too": size(named.values()),
        "a kernel that is used in two places counts once": size(
            p for p in each_use if p.ndim >= 2),
    }
    got, wanted = y.item(), size(kernels)
    cause = next((c for c, v in likely.items() if np.isclose(got, v, rtol=1e-4)),
                 "two or more axes make a kernel, at every depth, once each")
    assert np.isclose(got, wanted, rtol=1e-4), (
        f"{called} gave {got:.4f}, wanted {wanted:.4f}: {cause}.")


for net, description in [(nn.Sequential(nn.Conv2d(2, 3, 2), nn.Flatten(), nn.Linear(3, 2)),
                          "a convolution and a dense layer")]:
    check_kernels(net, description)
# BEGIN HIDDEN TESTS
class Mixing(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.mix = nn.Parameter(torch.ones(width, width), requires_grad=False)


tied = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
tied[1].weight = tied[0].weight
for net, description in [
    (nn.Sequential(nn.Sequential(nn.Linear(2, 3), nn.LayerNorm(3))), "a dense layer, a LayerNorm"),
    (nn.Linear(5, 2), "one dense layer"), (nn.LayerNorm(3), "a LayerNorm, without kernels"),
    (tied, "two dense layers with one kernel"), (Mixing(3), "a block with a kernel mix, frozen"),
]:
    check_kernels(net, description)
# END HIDDEN TESTS

# %% exercise="kernel-penalty" role="tests" points=1
# Exercise 11.4, tests 3 of 3: the gradients, and the loss that was given.
def check_penalty_gradient(l1, l2):
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1))
    values = [[[1.0, -2.0], [0.5, -3.0]], [5.0, -6.0], [[-1.0, 2.0]], [7.0]]
    with torch.no_grad():
        for p, value in zip(net.parameters(), values):
            p.copy_(torch.tensor(value))
    base = torch.tensor(2.0, requires_grad=True)
    loss = base * 3
    y = penalised_loss(net, loss, l1=l1, l2=l2)
    called = f"penalised_loss(net, loss, l1={l1}, l2={l2})"
    assert loss.item() == 6.0, (
        f"{called} changed the tensor loss from 6 to {loss.item():.3f}: loss += … writes into the "
        "caller's tensor; write loss = loss + ….")
    assert type(y) is torch.Tensor and y.requires_grad, (
        f"{called} has no gradient: no detach, no data, no item.")
    y.backward()
    assert base.grad is not None and base.grad.item() == 3.0, (
        f"{called} is cut off from the loss that was given.")
    for (name, p), value in zip(net.named_parameters(), values):
        v = np.array(value)
        wanted = l1 * np.sign(v) + 2 * l2 * v if v.ndim == 2 else 0 * v
        got = np.zeros(v.shape) if p.grad is None else p.grad.double().numpy()
        cause = ""
        if v.ndim == 1:
            cause = ": biases are not penalised"
        elif not got.any():
            cause = ": the penalty is a constant, taken from data, item or NumPy"
        assert np.allclose(got, wanted, rtol=1e-4, atol=1e-5), (
            f"after backward on {called} the gradient of {name} is {got.round(3).tolist()}, wanted "
            f"{wanted.round(3).tolist()}{cause}.")


for l1, l2 in [(0.5, 0.1)]:
    check_penalty_gradient(l1, l2)
# BEGIN HIDDEN TESTS
for l1, l2 in [(0.25, 0.0), (0.0, 2.0)]:
    check_penalty_gradient(l1, l2)
# END HIDDEN TESTS

# %% [markdown]
# ## Constraints
#
# A penalty makes a value dear; a *constraint* makes it impossible. A rate may not be negative, a
# mixture must add up to 1, a row may have at most length 3. The common way is to let the optimizer
# step as it likes and then to put the weights back at the nearest permitted place.
#
# When is the question. The figure has two weights and a loss whose lowest point, the cross, is not
# permitted: the first weight is negative there. We take the same steps three times: without a
# constraint, with `clamp` before each step, and with `clamp` after each step.
#
# **Predict**: where does each path end?

# %%
centre = torch.tensor([-1.0, 1.5])
curvature = torch.tensor([[2.0, 0.8], [0.8, 1.0]])


def bowl(w):
    """A quadratic loss of two weights, lowest at centre: (..., 2) to (...)."""
    return 0.5 * ((w - centre) @ curvature * (w - centre)).sum(dim=-1)


def walk(when):
    w = torch.tensor([2.0, 0.5], requires_grad=True)
    optimizer, path = torch.optim.SGD([w], lr=0.25), [w.detach().clone()]
    for _ in range(60):
        with torch.no_grad():
            if when == "before":
                w.clamp_(min=0.0)
        optimizer.zero_grad()
        bowl(w).backward()
        optimizer.step()
        with torch.no_grad():
            if when == "after":
                w.clamp_(min=0.0)
        path.append(w.detach().clone())
    return torch.stack(path)


across, up = torch.linspace(-1.8, 2.4, 80), torch.linspace(-0.4, 2.6, 80)
axis_x, axis_y = torch.meshgrid(across, up, indexing="xy")
fig, axis = plt.subplots(figsize=(6, 3.8), layout="constrained")
heights = bowl(torch.stack([axis_x, axis_y], dim=-1))
axis.contour(across, up, heights, levels=12, cmap="Greys_r")
axis.axvspan(-1.8, 0, color="tab:red", alpha=0.12)
for when, style in {"never": "o-", "before": "s-", "after": "^-"}.items():
    path = walk(when)
    axis.plot(path[:, 0], path[:, 1], style, markersize=4, label=f"clamp {when}")
    print(f"clamp {when:7} ends at {path[-1, 0]:.2f}, {path[-1, 1]:.2f}")
axis.plot(*centre, "x", color="black", markersize=9)
axis.set(xlabel="first weight", ylabel="second weight", xlim=(-1.8, 2.4), ylim=(-0.4, 2.6))
axis.legend(fontsize=8)
plt.show()

# %% [markdown]
# In the red region the first weight is negative. With the clamp *before* each step the weights are
# permitted when the gradient is computed, and what the step leaves behind, and what you save, is
# not. Only the clamp *after* each step ends on the border, at the best place that is permitted.
#
# Two details of the code matter:
#
# - `with torch.no_grad()` and an operation that ends in `_`: the clamp is no part of the
#   computation, and it writes into the tensor that the optimizer holds. A new `nn.Parameter` would
#   be another tensor, and the optimizer would go on with the old one (lesson 04).
# - A constraint in `forward` only, `x @ self.weight.clamp(min=0).T`, leaves the stored weight as it
#   is, and where that is negative its gradient is zero: it never comes back.
#
# **Predict** the gradient.

# %%
weight = torch.tensor([-0.5, 2.0], requires_grad=True)
((weight.clamp(min=0.0) * torch.tensor([1.0, 1.0])).sum() - 5.0).pow(2).backward()
print(weight.grad.tolist())

# %% [markdown]
# A constraint that lives in `forward` should have a slope everywhere, such as `F.softplus`, and
# then the parameter is a different thing from the weight. `torch.nn.utils.parametrize` does that
# for built-in layers.

# %% [markdown] exercise="non-negative-weights" role="task"
# ## Exercise 11.5: weights that are never negative
#
# *3 points*
#
# Write the function `constrained_step(net, optimizer, loss_fn, x, y)`, one step of training.
#
# - **In**: `net`, an `nn.Module`; `optimizer`, which holds all parameters of `net`; `loss_fn`, a
#   function of outputs and targets that returns a tensor of shape `()`; a batch `x` and its targets
#   `y`.
# - It computes the loss of `net(x)`, the gradients of this loss alone, whatever was left from
#   before, and lets `optimizer` take one step.
# - Then every entry of a kernel that is below 0 becomes 0. A kernel is a parameter with two or more
#   axes, as in exercise 11.4: at any depth, of any block, under any name, frozen or not. All other
#   entries and parameters stay as the optimizer left them.
# - The parameters remain the same objects, held by the optimizer and ready for the next step.
# - **Out**: the loss before the step, as a Python `float`.
#
# The three tests cells (1 point each) compare two steps with a computation by hand, look at what is
# set to 0, and at how training goes on from step to step.

# %% [markdown] exercise="non-negative-weights" role="hint"
# <details><summary>Hint 1</summary>
#
# It is the loop of the figure, once through: zero the gradients, forward, backward, step, clamp.
# Which parameters are clamped, and what may autograd not see?
#
# </details>

# %% [markdown] exercise="non-negative-weights" role="hint"
# <details><summary>Hint 2</summary>
#
# After `optimizer.step()`, inside `with torch.no_grad():`, go through `net.parameters()` and call
# `p.clamp_(min=0.0)` on those with `p.ndim >= 2`. `loss.item()` is the float.
#
# </details>

# %% exercise="non-negative-weights" role="solution" listing="S1-16"
def constrained_step(
    net: nn.Module,
    optimizer: torch.optim.Optimizer,
    loss_fn: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
    x: torch.Tensor,
    y: torch.Tensor,
) -> float:
    """Train on one batch, then set negative entries of kernels to 0; return the loss before."""
    # BEGIN SOLUTION
    optimizer.zero_grad()
    loss = loss_fn(net(x), y)
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        for p in net.parameters():
            if p.ndim >= 2:
                p.clamp_(min=0.0)
    return loss.item()
    # END SOLUTION


# %% exercise="non-negative-weights" role="tests" points=1
# Exercise 11.5, tests 1 of 3: two steps of a dense layer, against a computation by hand.
def check_steps(seed, batch, lr):
    rng, net = np.random.default_rng(seed), nn.Linear(3, 2)
    w, b, x, y = (rng.normal(size=s) for s in ((2, 3), 2, (batch, 3), (batch, 2)))
    with torch.no_grad():
        net.weight.copy_(torch.from_numpy(w)), net.bias.copy_(torch.from_numpy(b - 1))
    b, optimizer = b - 1, torch.optim.SGD(net.parameters(), lr=lr)

    def update(w, tilt=0.5):
        """Kernel and bias after a step on the mean of (p - t)² + tilt * p, not yet constrained."""
        g = (2 * (x @ w.T + b - y) + tilt) / y.size
        return w - lr * g.T @ x, b - lr * g.sum(axis=0)

    for step in (1, 2):
        error, (free, bias), (swapped, other) = x @ w.T + b - y, update(w), update(w, tilt=0)
        loss, wanted = (error**2 + (error + y) / 2).mean(), (np.maximum(free, 0), bias)
        called = f"constrained_step, call {step} with SGD(lr={lr})"
        result = constrained_step(
            net, optimizer, lambda p, t: ((p - t) ** 2 + p / 2).mean(),
            torch.from_numpy(x).float(), torch.from_numpy(y).float())
        got = [p.detach().double().numpy() for p in net.parameters()]

        def same(arrays, got=got):
            return all(np.allclose(a, b, rtol=1e-3, atol=1e-4) for a, b in zip(got, arrays))

        likely = {
            "the kernel was constrained before the update, and the step made some negative again":
                update(np.maximum(w, 0)),
            "the kernel is not constrained, or only in the forward pass, or only in a copy":
                (free, bias),
            "nothing was updated": (w, b),
            "loss_fn got the targets first; outputs come first": (np.maximum(swapped, 0), other),
            "biases are constrained too": (np.maximum(free, 0), np.maximum(bias, 0)),
            "negative entries became positive: abs where 0 was wanted": (np.abs(free), bias),
        }
        order = "zero the gradients, one step on the loss of the batch, then the clamp"
        again = "gradients were left from the first call, or the optimizer's link is broken"
        cause = next((c for c, v in likely.items() if same(v)), order if step == 1 else again)
        assert same(wanted), (
            f"after {called} the kernel is {got[0].round(3).tolist()}, wanted "
            f"{wanted[0].round(3).tolist()}, and the bias {got[1].round(3).tolist()}, wanted "
            f"{wanted[1].round(3).tolist()}: {cause}.")
        assert type(result) is float and np.isclose(result, loss, rtol=1e-3), (
            f"{called} returned {result!r}, wanted the float {loss:.4f}, the loss before the step.")
        w, b = wanted


for case in [(0, 4, 0.1)]:
    check_steps(*case)
# BEGIN HIDDEN TESTS
for case in [(3, 1, 0.05), (5, 7, 0.3)]:
    check_steps(*case)
# END HIDDEN TESTS

# %% exercise="non-negative-weights" role="tests" points=1
# Exercise 11.5, tests 2 of 3: what is constrained, and what is left as it is.
def check_constrained(net, description, *shape):
    """Take a step with learning rate 0 from a place where all parameters are -0.5."""
    with torch.no_grad():
        for p in net.parameters():
            p.fill_(-0.5)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.0)
    constrained_step(net, optimizer, lambda p, t: (t - p).mean(),
                     torch.ones(shape), torch.ones(1, 1))
    for name, p in net.named_parameters():
        kernel = p.ndim >= 2
        cause = ("it has one axis, and is no kernel, whatever its name" if not kernel else
                 "it is a kernel: it has two or more axes, whatever its block, depth and name"
                 if p.requires_grad else "frozen kernels are constrained too")
        wanted = torch.full_like(p, 0.0 if kernel else -0.5)
        assert torch.equal(p, wanted), (
            f"after constrained_step {name} of {description}, all -0.5 before a step with "
            f"learning rate 0, is {p.flatten()[0].item():.2f}, wanted {0.0 if kernel else -0.5}: "
            f"{cause}.")


inner = nn.Sequential(nn.LayerNorm(2), nn.Linear(2, 1))
for case in [(nn.Sequential(nn.Linear(2, 2), inner), "two dense layers and a LayerNorm, nested",
              1, 2)]:
    check_constrained(*case)
# BEGIN HIDDEN TESTS
class Odd(nn.Module):
    def __init__(self):
        super().__init__()
        self.chain = nn.Sequential(nn.Conv1d(2, 3, 1), nn.Flatten(), nn.LayerNorm(3))
        self.form = nn.Bilinear(3, 3, 1).requires_grad_(False)
        self.mix = nn.ParameterList([torch.ones(3, 3)])

    def forward(self, x):
        h = self.chain(x) @ self.mix[0]
        return self.form(h, h)


for case in [(Odd(), "a Conv1d, a LayerNorm, a weight mix and a frozen Bilinear", 1, 2, 1)]:
    check_constrained(*case)
# END HIDDEN TESTS

# %% exercise="non-negative-weights" role="tests" points=1
# Exercise 11.5, tests 3 of 3: the parameters stay the optimizer's, and are trained on.
def check_link(momentum):
    net = nn.Linear(2, 1)
    with torch.no_grad():
        net.weight.copy_(torch.tensor([[0.5, -0.5]]))
        net.bias.fill_(-1.0)
    held = list(net.parameters())
    groups = [{"params": [p]} for p in reversed(held)]
    optimizer = torch.optim.SGD(groups, lr=0.1, momentum=momentum)
    for p in held:
        p.grad = torch.full_like(p, 100.0)
    x, y = torch.tensor([[1.0, 2.0]]), torch.tensor([[-3.0]])
    called = f"constrained_step with SGD(two groups, lr=0.1, momentum={momentum})"
    w, b, velocity = np.array([0.5, -0.5]), -1.0, np.zeros(3)
    for step in (1, 2, 3):
        result = constrained_step(net, optimizer, lambda p, t: ((p - t) ** 2).mean(), x, y)
        error = w @ np.array([1.0, 2.0]) + b + 3.0
        velocity = momentum * velocity + 2 * error * np.array([1.0, 2.0, 1.0])
        w, b = np.maximum(w - 0.1 * velocity[:2], 0), b - 0.1 * velocity[2]
        now = list(net.parameters())
        assert len(now) == 2 and all(a is p for a, p in zip(now, held)), (
            f"after {called} the net holds other parameters than the optimizer: change them in "
            "place, under torch.no_grad(), and assign no new nn.Parameter.")
        assert all(p.requires_grad and p.is_leaf for p in held), (
            f"after {called} a parameter no longer asks for gradients.")
        got = np.append(net.weight.detach().numpy()[0], net.bias.item())
        assert np.allclose(got, [*w, b], rtol=1e-3, atol=1e-3), (
            f"{called}, step {step}: weights and bias are {got.round(3)}, wanted "
            f"{np.append(w, b).round(3)}: the gradients of this loss alone, the optimizer's own "
            "step, then the clamp, for kernels of every parameter group.")
        assert type(result) is float and np.isclose(result, error**2, rtol=1e-3), (
            f"{called} returned {result!r}, wanted the float {error**2:.4f}, the loss before the "
            "step.")


for momentum in [0.0]:
    check_link(momentum)
# BEGIN HIDDEN TESTS
for momentum in [0.5]:
    check_link(momentum)
# END HIDDEN TESTS

# %% [markdown]
# ## Losses with settings
#
# A loss with a setting needs to keep it somewhere. Take the quantile loss of exercise 9.5, which is
# also called *pinball loss*: answers that are too low cost $q$ times the error, answers that are
# too high $1 - q$ times. There are three ways to hold $q$.
#
# A function with an extra argument is the simplest, but a training loop calls
# `loss(outputs, targets)` and knows of no third. A *factory* is a function that makes a loss and
# remembers the setting. A class holds the setting in an object, where it can be seen.
#
# **Predict**: are the three numbers the same?

# %% listing="S1-13"
def pinball(y_pred, y_true, q=0.5):
    error = y_true - y_pred
    return torch.maximum(q * error, (q - 1) * error).mean()


def make_pinball(q):
    def pinball_loss(y_pred, y_true):
        return pinball(y_pred, y_true, q)

    return pinball_loss


class Pinball(nn.Module):
    def __init__(self, q=0.5):
        super().__init__()
        self.q = q

    def forward(self, y_pred, y_true):
        return pinball(y_pred, y_true, self.q)


y_pred, y_true = torch.tensor([[1.0], [5.0]]), torch.tensor([[4.0], [4.0]])
print(f"function: {pinball(y_pred, y_true, 0.9).item():.4f}")
print(f"factory:  {make_pinball(0.9)(y_pred, y_true).item():.4f}")
print(f"class:    {Pinball(0.9)(y_pred, y_true).item():.4f}")

# %% [markdown]
# ### What is saved
#
# The object is a block, and its $q$ a plain attribute. As lesson 09 has shown, that is in no state
# dict. **Predict**: are the built-in losses better off? What is in the state dict of a Huber loss?

# %% listing="S1-12"
print(dict(Pinball(0.9).state_dict()), dict(nn.HuberLoss(delta=2.0).state_dict()))
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "loss.pt"
    torch.save(Pinball(0.9).state_dict(), path)
    loaded = Pinball()
    print(loaded.load_state_dict(torch.load(path)), "q =", loaded.q)

# %% [markdown]
# They are not. Both state dicts are empty, so loading succeeds and $q$ is back at its default.
# Lesson 09 put the number into a buffer; that holds numbers only, and a loss has other settings
# too.
#
# **Then and now.** The book hands the loss over again at loading, from its factory. That works, as
# long as the one who loads remembers the setting; lesson 09 shows a threshold that was forgotten.
# Below, someone goes on training a saved network and believes that the loss is the same.
#
# **Predict**: is there an error?

# %% listing="S1-14"
torch.manual_seed(0)
net = nn.Linear(1, 1)
with torch.no_grad():
    net.weight.fill_(1.0)
    net.bias.fill_(0.0)
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "net.pt"
    torch.save(net.state_dict(), path)
    loaded = nn.Linear(1, 1)
    loaded.load_state_dict(torch.load(path))
inputs, answers = torch.tensor([[1.0], [2.0]]), torch.tensor([[3.0], [6.0]])
print(f"saved with q = 0.9:  {make_pinball(0.9)(net(inputs), answers).item():.2f}")
print(f"loaded with q = 0.5: {make_pinball(0.5)(loaded(inputs), answers).item():.2f}")

# %% [markdown]
# The network is the same, the loss is not, and it trains on towards another goal. Nothing but a
# note of the setting would have helped.
#
# ### A configuration
#
# The note is the *configuration* of lessons 07 and 09: a dictionary of plain values (numbers,
# texts, lists) that are the arguments of the constructor. It goes into a file as JSON, beside the
# state dict, and from it the object is made anew. Two methods do it, `get_config` and
# `from_config`, named as in Keras. The regulariser below has them.

# %% listing="S1-17"
class L1Penalty:
    def __init__(self, factor):
        self.factor = factor

    def __call__(self, weight):
        return self.factor * weight.abs().sum()

    def get_config(self):
        return {"factor": self.factor}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


text = json.dumps(L1Penalty(0.25).get_config())
print(text)
print(L1Penalty.from_config(json.loads(text))(torch.tensor([[1.0, -3.0]])).item())

# %% [markdown]
# A configuration holds *every* argument: what is left out comes back as the default, and says
# nothing. And it holds plain values: a tensor is no number to JSON.

# %% tags=["raises-exception"]
json.dumps(L1Penalty(torch.tensor(0.25)).get_config())

# %% [markdown] exercise="configured-loss" role="task"
# ## Exercise 11.6: a loss that remembers
#
# *3 points*
#
# Write the block `HuberLoss(threshold=1.0, reduction="mean")`.
#
# - Called as `loss(y_pred, y_true)` with two float32 tensors of shape `(n, d)`, `n` of 1 or more,
#   it computes the Huber loss of each example, with the formula and the mean over the `d` outputs
#   of exercise 11.1, and reduces it: `"none"` gives shape `(n,)`, `"sum"` and `"mean"`, over the
#   examples, shape `()`. The result is float32, and `backward` reaches `y_pred`.
# - `get_config()` returns a new dictionary with the entries `"threshold"` and `"reduction"`, as
#   they were given to the constructor. `json.dumps` accepts it.
# - The class method `HuberLoss.from_config(config)` makes a loss from such a dictionary, and does
#   not change it.
# - Every `HuberLoss` has settings of its own. They do not change with a dictionary that came from
#   `get_config` or went into `from_config`.
#
# `threshold` is a positive Python number, and you need not check it or `reduction`. The three tests
# cells (1 point each) look at what the loss computes, at the threshold on its way through JSON, and
# at the reduction and dictionaries that change.

# %% [markdown] exercise="configured-loss" role="hint"
# <details><summary>Hint 1</summary>
#
# Follow `L1Penalty` for the configuration and `Pinball` for the block. Which arguments has the
# constructor? Each must be kept by `__init__`, used by `forward` and noted by `get_config`.
#
# </details>

# %% [markdown] exercise="configured-loss" role="hint"
# <details><summary>Hint 2</summary>
#
# `get_config` returns `{"threshold": self.threshold, "reduction": self.reduction}` and
# `from_config` returns `cls(**config)`. In `forward`, compute the losses of shape `(n,)` with
# `torch.where` and `.mean(dim=1)`, then return them, their `sum()` or their `mean()`, depending on
# `self.reduction`.
#
# </details>

# %% exercise="configured-loss" role="solution" listing="S1-15"
class HuberLoss(nn.Module):
    """Huber loss with a configuration: (n, d) float32 twice to (n,) or () float32."""

    def __init__(self, threshold: float = 1.0, reduction: str = "mean") -> None:
        super().__init__()
        # BEGIN SOLUTION
        self.threshold = threshold
        self.reduction = reduction
        # END SOLUTION

    def forward(self, y_pred: torch.Tensor, y_true: torch.Tensor) -> torch.Tensor:
        # BEGIN SOLUTION
        t = self.threshold
        size = (y_pred - y_true).abs()
        losses = torch.where(size <= t, size**2 / 2, t * size - t**2 / 2).mean(dim=1)
        if self.reduction == "none":
            return losses
        return losses.sum() if self.reduction == "sum" else losses.mean()
        # END SOLUTION

    def get_config(self) -> dict:
        # BEGIN SOLUTION
        return {"threshold": self.threshold, "reduction": self.reduction}
        # END SOLUTION

    @classmethod
    def from_config(cls, config: dict) -> "HuberLoss":
        # BEGIN SOLUTION
        return cls(**config)
        # END SOLUTION


# %% exercise="configured-loss" role="tests" points=1
# Exercise 11.6, tests 1 of 3: what the loss computes, with a threshold of its own.
def check_value(threshold, other):
    e = np.array([[0.3, -6.0], [8.0, 1.2], [-2.0, 0.7]])
    base = np.array([[2.0, -1.0], [0.5, 3.0], [-4.0, 1.5]])

    def by_hand(t):
        return np.where(np.abs(e) <= t, e**2 / 2, t * np.abs(e) - t**2 / 2).mean()

    name, loss = f"HuberLoss({threshold})", HuberLoss(threshold)
    HuberLoss(other, "sum")
    assert isinstance(loss, nn.Module), f"{name} gave {type(loss).__name__}, not an nn.Module."
    y_pred = torch.from_numpy(base + e).float().requires_grad_()
    y = loss(y_pred, torch.from_numpy(base).float())
    assert type(y) is torch.Tensor and tuple(y.shape) == () and y.dtype == torch.float32, (
        f"{name}(y_pred, y_true) gave {y}, wanted a float32 tensor of shape ().")
    likely = {
        f"each object has settings of its own, not those of a later HuberLoss({other}, 'sum')":
            [by_hand(other), 3 * by_hand(threshold), 3 * by_hand(other)],
        "that is the loss for threshold 1, the default": by_hand(1.0),
    }
    got, wanted = y.item(), by_hand(threshold)
    cause = next((c for c, v in likely.items() if np.isclose(got, v, rtol=1e-4).any()),
                 "the formula of exercise 11.1, and the mean over outputs and examples")
    assert np.isclose(got, wanted, rtol=1e-4), (
        f"{name}(y_pred, y_true) gave {got:.4f}, wanted {wanted:.4f}: {cause}.")
    assert y.requires_grad, f"{name}(y_pred, y_true) is cut off from y_pred."
    y.backward()
    assert y_pred.grad is not None, (
        f"{name}(y_pred, y_true) has a gradient, but it does not reach y_pred.")


for threshold, other in [(2.5, 0.5)]:
    check_value(threshold, other)
# BEGIN HIDDEN TESTS
for threshold, other in [(0.25, 4.0), (3, 1.0), (1.0, 2.0)]:
    check_value(threshold, other)
# END HIDDEN TESTS

# %% exercise="configured-loss" role="tests" points=1
# Exercise 11.6, tests 2 of 3: the threshold, sent through JSON.
def check_threshold(threshold):
    e = np.array([[0.3, -6.0], [8.0, 1.2]])
    name, loss = f"HuberLoss({threshold})", HuberLoss(threshold)
    config = loss.get_config()
    assert type(config) is dict, f"{name}.get_config() gave {type(config).__name__}, wanted a dict."
    assert "threshold" in config, (
        f"{name}.get_config() gave {config}: the threshold is missing, and would be reset to 1.")
    try:
        text = json.dumps(config)
    except TypeError:
        raise AssertionError(f"json.dumps does not take {name}.get_config(), {config}: keep the "
                             "threshold as the plain number that was given.") from None
    assert type(config["threshold"]) in (int, float) and config["threshold"] == threshold, (
        f"{name}.get_config() has threshold {config['threshold']!r}, wanted {threshold}: keep the "
        "number as it was given; in float32 it is another one.")
    loaded = HuberLoss.from_config(json.loads(text))
    called = f"HuberLoss.from_config({text})"
    assert type(loaded) is HuberLoss and loaded is not loss, (
        f"{called} gave {type(loaded).__name__}, wanted a new HuberLoss.")
    for each, what in ((loaded, called), (loss, f"after from_config, {name}")):
        try:
            got = each(torch.from_numpy(e).float(), torch.zeros(2, 2))
        except TypeError as error:
            raise AssertionError(
                f"{what}(y_pred, y_true) raised TypeError ({str(error)[:60]}): is the threshold a "
                "number, or the whole dictionary? cls(**config) takes it apart.") from None
        assert type(got) is torch.Tensor, (
            f"{what}(y_pred, y_true) gave {type(got).__name__}, wanted a torch.Tensor.")
        wanted, default = (np.where(np.abs(e) <= t, e**2 / 2, t * np.abs(e) - t**2 / 2).mean()
                           for t in (threshold, 1.0))
        cause = "that is the loss for threshold 1, the default" if (
            tuple(got.shape) == () and np.isclose(got.item(), default)) else "see the first cell"
        assert tuple(got.shape) == () and np.isclose(got.item(), wanted, rtol=1e-4), (
            f"{what}(y_pred, y_true) gave {got}, wanted {wanted:.4f}: {cause}; the constructor "
            "must get the threshold of the configuration.")


for threshold in [2.5]:
    check_threshold(threshold)
# BEGIN HIDDEN TESTS
for threshold in [0.1, 3, 1.0]:
    check_threshold(threshold)
# END HIDDEN TESTS

# %% exercise="configured-loss" role="tests" points=1
# Exercise 11.6, tests 3 of 3: the reduction, which is a setting too, and dictionaries that change.
def check_reduction_kept(reduction, threshold, e):
    e = np.array(e)
    losses = np.where(np.abs(e) <= threshold, e**2 / 2,
                      threshold * np.abs(e) - threshold**2 / 2).mean(axis=1)
    name = f"HuberLoss({threshold}, {reduction!r})"
    first = HuberLoss(threshold, reduction)
    config = first.get_config()
    assert type(config) is dict, f"{name}.get_config() gave {type(config).__name__}, wanted a dict."
    assert type(config.get("reduction")) is str and config["reduction"] == reduction, (
        f"{name}.get_config() gave {config}: the reduction is missing or wrong, and would be "
        "reset to the mean.")
    assert "threshold" in config, (
        f"{name}.get_config() gave {config}: get the second tests cell to pass first.")
    noted = {"threshold": threshold, "reduction": reduction}
    given = dict(noted)
    loaded = HuberLoss.from_config(given)
    assert given == noted, f"HuberLoss.from_config changed its argument from {noted} to {given}."
    assert type(loaded) is HuberLoss, (
        f"HuberLoss.from_config({noted}) gave {type(loaded).__name__}, wanted a HuberLoss.")
    given["threshold"] = 99.0  # the caller's own, from here on
    config["threshold"], config["reduction"] = 99.0, "other"
    again = first.get_config()
    assert type(again) is dict and again.get("threshold") == threshold, (
        f"a change to the dictionary that {name}.get_config() returned has changed the loss: "
        "return a new dictionary each time.")
    wanted = {"none": losses, "sum": losses.sum(), "mean": losses.mean()}[reduction]
    for loss, called in ((first, name), (loaded, f"HuberLoss.from_config({noted})")):
        y = loss(torch.from_numpy(e + 2).float(), torch.full(e.shape, 2.0))
        assert type(y) is torch.Tensor and y.dtype == torch.float32, (
            f"{called}(y_pred, y_true) gave {type(y).__name__}, wanted a float32 tensor.")
        assert tuple(y.shape) == np.shape(wanted), (
            f"{called}(y_pred, y_true) gave shape {tuple(y.shape)}, wanted {np.shape(wanted)}: "
            "is the reduction kept and used, and the mean over the outputs taken first?")
        y = y.detach().numpy()
        assert np.allclose(y, wanted, rtol=1e-4, atol=1e-5), (
            f"{called}(y_pred, y_true) gave {y.round(4)}, wanted {np.round(wanted, 4)}: "
            "one loss per example, then the reduction over the examples; and the loss must not "
            "keep the dictionary that it was made from, which the caller may change.")


for reduction in ["none", "sum", "mean"]:
    check_reduction_kept(reduction, 2.0, [[0.5, -3.0, 1.0], [4.0, 2.0, -0.5]])
# BEGIN HIDDEN TESTS
for reduction in ["sum", "none", "mean"]:
    check_reduction_kept(reduction, 0.5, [[3.0], [-0.25], [1.0], [0.0]])
    check_reduction_kept(reduction, 1.5, [[1.0, 2.0, -3.0]])
# END HIDDEN TESTS

# %% [markdown]
# ## PyTorch and Keras side by side
#
# | idea | PyTorch | Keras 3 |
# |---|---|---|
# | order of arguments | outputs, targets | targets, outputs |
# | a loss with settings | an `nn.Module` | a `keras.losses.Loss` |
# | you write | `forward`, reduction included | `call`, one loss per example |
# | default reduction | mean over all numbers | sum over examples, divided by their number |
# | `"none"` gives | one loss per output | one loss per example |
# | weights of examples | your own; `weight=` in some | `sample_weight=` in every loss object |
# | weighted mean divides by | depends on the function | number of examples, unless told |
# | `(n, 1)` against `(n,)` | built-in: warns or raises | built-in: lines up; your own: n × n |
# | logits | `BCEWithLogitsLoss`, `CrossEntropyLoss` | `from_logits=True` |
# | regulariser | your own term, or `weight_decay` | `kernel_regularizer=`, collected in `losses` |
# | constraint | your own, after `step()` | `kernel_constraint=`, applied by the optimizer |
# | settings are saved | by you, as JSON | in the `.keras` file, by `get_config` |

# %% [markdown]
# ## Summary
#
# - A loss gives one number per example. Weights come next, the reduction last; averaged too early,
#   the weights have nothing left to weigh.
# - The Huber loss is squared up to a threshold and linear beyond it, so an outlier pulls with
#   limited strength.
# - `(n, 1)` against `(n,)` compares everything with everything, and trains a network to say the
#   mean. Look at the shapes first; be precise about the axis that you drop.
# - A mean has a divisor: the number of examples, or the sum of the weights. Either may be zero, and
#   NaN is kept out of the gradient only if it never arises.
# - Give losses the logits. An activation before a logarithm overflows, or silences the gradient.
# - A penalty is a part of the total loss, on kernels, computed from the parameters themselves. A
#   constraint acts after the step, in place, out of autograd's sight.
# - A setting that is in no configuration is reset to its default at loading, and no error says so.

# %% [markdown]
# ## Where to read on
#
# - [Loss functions](https://docs.pytorch.org/docs/stable/nn.html#loss-functions), the list of what
#   is built in, and
#   [`HuberLoss`](https://docs.pytorch.org/docs/stable/generated/torch.nn.HuberLoss.html).
# - [Parametrizations
#   tutorial](https://docs.pytorch.org/tutorials/intermediate/parametrizations.html), constraints
#   that live in the forward pass.
# - [Losses](https://keras.io/api/losses/), the same ground in Keras.
# - I. Loshchilov, F. Hutter,
#   [Decoupled Weight Decay Regularization](https://arxiv.org/abs/1711.05101), why `AdamW` exists.
# - A. Géron, *Hands-On Machine Learning*, chapter 12, "Custom Models and Training with TensorFlow".
#
# Next: lesson 12 measures how good a network is, which is not the same as what it is trained on.
