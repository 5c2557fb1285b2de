# %% [markdown]
# # Training loops
#
# A network learns by repeating one step: compute, compare, differentiate, update. Everything else
# in a training program is there to feed that step, to watch it and to stop it. Keras has a method
# `fit` that does all of this; PyTorch has none, so everyone who uses it writes the loop. In this
# lesson you write it too, piece by piece, and find the places where a loop that runs without an
# error trains the wrong thing.
#
# **Afterwards you can**
#
# - write a training loop by hand and check it against numbers worked out on paper;
# - say what each line of a step does, and what happens if it is missing or comes too early;
# - report the mean loss of an epoch rightly when the batches are of different sizes;
# - evaluate a model without changing anything in it;
# - change the learning rate over time, and from one part of a model to another;
# - take a step although some parameters are frozen and some have no gradient.
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
import io
import sys
import warnings
from collections.abc import Callable, Iterable

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

# %% [markdown]
# ## One step, then many
#
# ```mermaid
# flowchart LR
#     batch(["a batch x, y"]) --> forward["predict: model(x)"]
#     forward --> loss["compare: one number, the loss"]
#     loss --> backward["differentiate: gradients"]
#     backward --> update["update the parameters"]
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
xs, ys = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([2.0, 4.0, 6.0])
w = torch.tensor(0.0, requires_grad=True)
loss = ((w * xs - ys) ** 2).mean()
loss.backward()
print(f"loss {loss.item():.3f}, slope {w.grad.item():.3f}")
with torch.no_grad():
    w -= 0.1 * w.grad
print(f"w after the step: {w.item():.3f}")

# %% [markdown]
# That was one step of *gradient descent*. The update stands under `no_grad`, because it is not part
# of what shall be differentiated, and it writes into `w` in place, so that `w` stays the tensor
# that everybody else knows.
#
# How large should a step be? The slope says in which direction the loss falls, not how far. The
# next cell takes twelve steps with each of four learning rates.
#
# **Predict**: which of the four ends nearest to $w = 2$, and what does the largest do?

# %%
def descend(learning_rate, steps=12):
    """The weights that gradient descent passes through, from 0 on."""
    w, path = torch.tensor(0.0, requires_grad=True), [0.0]
    for _ in range(steps):
        loss = ((w * xs - ys) ** 2).mean()
        (slope,) = torch.autograd.grad(loss, w)
        with torch.no_grad():
            w -= learning_rate * slope
        path.append(w.item())
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
# ### A column and a row
#
# Real inputs have several features. With `x` of shape `(n, d)` a dense layer gives predictions of
# shape `(n, 1)`, a column. Targets often come as `(n,)`. Lesson 11 trained a line on such a pair:
# each prediction was compared with each target, nothing raised, and the line learned the mean of
# all targets. Before you subtract, look at the shapes.

# %% [markdown] exercise="linear-from-zero" role="task"
# ## Exercise 13.1: linear regression from zero
#
# *3 points*
#
# Write `fit_linear(x, y, learning_rate=0.01, steps=100)`. It fits the model
# $\hat y = x\,w + b$ by gradient descent and returns the pair `(w, b)`.
#
# - **In**: `x`, float32, shape `(n, d)`; `y`, float32, shape `(n,)`. **Out**: `w`, float32, shape
#   `(d,)`, and `b`, float32, shape `()`; both tensors.
# - `w` and `b` start at zero, at every call.
# - The loss is the mean over the `n` examples of $(\hat y_i - y_i)^2$. All examples are used in
#   every step.
# - A step computes the gradients of `w` and of `b` at the same place, then takes `learning_rate`
#   times its gradient away from each. There are exactly `steps` steps, perhaps none.
# - The caller's `x` and `y` stay as they are.
#
# By hand, with autograd or with an optimizer: every way is right. A handbook gives for
# $x = ((1, 2, 3), (4, 5, 6))$ and $y = (10, 20)$ the weights 0.40784496, 1.19106495, 1.97428548 and
# the bias 0.78322077, and yours should agree to six digits. The three tests cells (1 point each)
# look at one step, at many, and at what a call leaves behind.

# %% [markdown] exercise="linear-from-zero" role="hint"
# <details><summary>Hint 1</summary>
#
# What is the shape of `x @ w` if `w` has shape `(d,)`, and what if it has shape `(d, 1)`? Which of
# the two may be subtracted from `y`? And if you call `backward` a second time, what is in `w.grad`?
#
# </details>

# %% [markdown] exercise="linear-from-zero" role="hint"
# <details><summary>Hint 2</summary>
#
# Start with `w = torch.zeros(x.shape[1], requires_grad=True)` and
# `b = torch.zeros((), requires_grad=True)`. In the loop:
# `loss = ((x @ w + b - y) ** 2).mean()`, then `torch.autograd.grad(loss, (w, b))`, then both
# updates under `torch.no_grad()`. Return `w.detach(), b.detach()`.
#
# </details>

# %% exercise="linear-from-zero" role="solution" listing="S4-02"
def fit_linear(
    x: torch.Tensor, y: torch.Tensor, learning_rate: float = 0.01, steps: int = 100
) -> tuple[torch.Tensor, torch.Tensor]:
    """Gradient descent from zero; x (n, d) and y (n,) float32 to w (d,) and b () float32."""
    # BEGIN SOLUTION
    w = torch.zeros(x.shape[1], requires_grad=True)
    b = torch.zeros((), requires_grad=True)
    for _ in range(steps):
        loss = ((x @ w + b - y) ** 2).mean()
        slope_w, slope_b = torch.autograd.grad(loss, (w, b))
        with torch.no_grad():
            w -= learning_rate * slope_w
            b -= learning_rate * slope_b
    return w.detach(), b.detach()
    # END SOLUTION


# %% exercise="linear-from-zero" role="tests" points=1
# Exercise 13.1, tests 1 of 3: one step from zero.
def check_step(x, y, rate):
    x64, y64 = np.array(x), np.array(y)
    n, d = x64.shape
    called = f"fit_linear(x, y, {rate}, 1) for x of shape ({n}, {d}) and y of shape ({n},)"
    pair = fit_linear(torch.tensor(x), torch.tensor(y), rate, 1)
    assert type(pair) in (tuple, list) and len(pair) == 2, (
        f"{called} gave {type(pair).__name__}, wanted the pair (w, b).")
    for name, got, shape in zip("wb", pair, ((d,), ())):
        assert isinstance(got, torch.Tensor), (
            f"{called}: {name} is of type {type(got).__name__}, wanted a tensor.")
        assert tuple(got.shape) == shape and got.dtype == torch.float32, (
            f"{called}: {name} is {got.dtype} of shape {tuple(got.shape)}, wanted float32 of "
            f"{shape}.")
    got = np.array([*pair[0].tolist(), pair[1].item()])
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
    pair = fit_linear(torch.tensor(x), torch.tensor(y), rate, steps)
    assert type(pair) in (tuple, list) and len(pair) == 2, (
        f"{called} gave {type(pair).__name__}, wanted the pair (w, b).")
    got = np.append(*(np.asarray(torch.as_tensor(t).detach(), "float64") for t in pair))
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
# Exercise 13.1, tests 3 of 3: no steps at all, a second call, and the caller's data.
def check_calls(x, y):
    x, y = torch.tensor(x), torch.tensor(y)
    before = x.clone(), y.clone()
    called = f"fit_linear(x, y) for x of shape {tuple(x.shape)}"
    runs = [fit_linear(x, y, 0.01, steps) for steps in (20, 20, 0)]
    for run in runs:
        assert type(run) in (tuple, list) and len(run) == 2 and all(
            isinstance(t, torch.Tensor) for t in run), f"{called} did not give a pair of tensors."
    values = [np.array([*w.flatten().tolist(), *b.flatten().tolist()]) for w, b in runs]
    assert np.any(np.abs(values[0]) > 1e-3), f"{called} with 20 steps gave only zeros."
    assert values[0].shape == values[1].shape and np.allclose(values[0], values[1], atol=1e-6), (
        f"{called} gave {values[0].round(4)}, and on a second call {values[1].round(4)}: each call "
        "starts at zero, and nothing is kept from the call before.")
    assert not values[2].any(), (
        f"{called} with steps=0 gave {values[2].round(4)}, wanted zeros: w and b start at zero.")
    assert torch.equal(x, before[0]) and torch.equal(y, before[1]), (
        f"{called} changed the caller's x or y.")
    assert not x.requires_grad and not y.requires_grad, (
        f"{called} left requires_grad set on the caller's data; only w and b are trained.")


for case in [([[1.0, 2.0], [3.0, -1.0], [0.0, 1.0]], [1.0, 2.0, 3.0])]:
    check_calls(*case)
# BEGIN HIDDEN TESTS
for case in [([[0.5, 1.5, -2.0]], [4.0])]:
    check_calls(*case)
# END HIDDEN TESTS

# %% [markdown]
# ## The optimizer
#
# ### Three lines
#
# An *optimizer* knows the parameters and takes over the update. The step is then three lines.
# `zero_grad` clears what the last step left, `backward` adds this step's gradients into `.grad`,
# `step` reads `.grad` and writes into the parameters.
#
# Each of the three can be forgotten, and two of them can change places. Nothing raises.
#
# **Predict**: the cell trains a dense layer on the line $y = 2x$, in four ways. Which of the curves
# reach zero?

# %%
def losses_of(order, steps=40):
    """Train with the calls in `order`, a list of names; the loss before each step."""
    model, column = nn.Linear(1, 1), (xs.reshape(3, 1), ys.reshape(3, 1))
    with torch.no_grad():
        model.weight.zero_()
        model.bias.zero_()
    optimizer, losses = torch.optim.SGD(model.parameters(), lr=0.05), []
    for _ in range(steps):
        loss = F.mse_loss(model(column[0]), column[1])
        losses.append(loss.item())
        calls = {"zero": optimizer.zero_grad, "backward": loss.backward, "step": optimizer.step}
        for name in order:
            calls[name]()
    return losses


curves = {
    "zero, backward, step": ["zero", "backward", "step"],
    "no zero": ["backward", "step"],
    "no step": ["zero", "backward"],
    "backward, zero, step": ["backward", "zero", "step"],
}
fig, axis = plt.subplots(figsize=(7, 3), layout="constrained")
for (title, order), style, width in zip(curves.items(), ("-", "--", "-", ":"), (2, 2, 5, 2)):
    axis.plot(losses_of(order), style, linewidth=width, label=title)
axis.set(xlabel="step", ylabel="loss", ylim=(-1, 34))
axis.legend(loc="upper right")
plt.show()

# %% [markdown]
# Only the first one arrives. Without zeroing, every step adds all gradients so far, and the weight
# swings to and fro. Without `step`, or with the gradients cleared before `step` sees them, nothing
# is updated, and the two flat curves lie on each other. Where you put `zero_grad` is up to you, as
# long as it is not between `backward` and `step`. First thing in the step is the safest place: it
# also clears what others have left.
#
# `zero_grad` does not write zeros: it sets `.grad` to `None` (lesson 04). The last section of this
# lesson shows what difference that makes.
#
# ### What the built-in optimizers do with a gradient
#
# *SGD* moves by learning rate times gradient. With *momentum* it keeps a velocity: each step the
# velocity becomes a part of itself plus the gradient. *Adam* divides a running mean of the
# gradients by the root of a running mean of their squares, so that the size of a gradient cancels.
#
# **Predict**: the gradient is 10 in every step and the learning rate 0.1. How far does each of the
# three move in its first step, and how far in its third?

# %% listing="S2-11"
def moves(optimizer_class, **options):
    """How far a parameter moves in each of three steps with gradient 10."""
    parameter = nn.Parameter(torch.zeros(()))
    optimizer, places = optimizer_class([parameter], lr=0.1, **options), [0.0]
    for _ in range(3):
        parameter.grad = torch.tensor(10.0)
        optimizer.step()
        places.append(parameter.item())
    return [round(a - b, 3) for a, b in zip(places, places[1:])]


print("SGD            ", moves(torch.optim.SGD))
print("SGD, momentum  ", moves(torch.optim.SGD, momentum=0.9))
print("Adam           ", moves(torch.optim.Adam))
for kinds, where in (
    ("SGD RMSprop Adam AdamW NAdam Adagrad Adadelta", torch.optim),
    ("MSELoss L1Loss HuberLoss CrossEntropyLoss BCEWithLogitsLoss KLDivLoss", nn),
):
    print(where.__name__, "has them all:", all(hasattr(where, kind) for kind in kinds.split()))

# %% [markdown]
# By hand: SGD moves by 0.1 · 10 each time; momentum by 0.1 times 10, then 0.9 · 10 + 10 = 19, then
# 0.9 · 19 + 10 = 27.1; Adam by its learning rate. So the same rate means different things to
# different optimizers: 0.1 is timid for SGD on small gradients, and bold for Adam on any.
#
# Momentum and Adam remember. That memory lives in the optimizer *object*, which is therefore made
# once, before the loop. One that is made anew in every step has no memory, and again nothing
# raises.

# %% [markdown]
# ## The loss that is minimised
#
# ### Penalties
#
# Lesson 11 has added a penalty to the loss: $\lambda$ times the sum of the squares of all kernels,
# the parameters with two or more axes, keeps weights small. The thing to remember in a loop is that
# the loss of the data and the loss that is differentiated are then two numbers. Here is a model
# with two dense layers whose kernels, not biases, are to be penalised. (`nn.ELU` is a smooth
# relative of the ReLU.)

# %% listing="S1-36"
torch.manual_seed(0)
model = nn.Sequential(nn.Linear(8, 30), nn.ELU(), nn.Linear(30, 1))


def l2_penalty(model, factor):
    """factor times the sum of squares of all kernels; biases have one axis only."""
    return factor * sum((p**2).sum() for p in model.parameters() if p.dim() > 1)


print("penalised:", [name for name, p in model.named_parameters() if p.dim() > 1])

# %% [markdown]
# The option `weight_decay` of an optimizer is something else. As lesson 11 has shown, it reaches
# the biases too; nor does it show in any loss that you print.

# %% [markdown] exercise="one-step-by-hand" role="task"
# ## Exercise 13.2: one step
#
# *3 points*
#
# Write `train_step(model, optimizer, x, y, l2)`, one step of training on one batch.
#
# - **In**: a model; an optimizer that was made for its parameters; `x`, float32, which the model
#   takes; `y`, float32, of the same shape as `model(x)`; `l2`, a Python float of 0 or more.
#   **Out**: the total loss as a Python float.
# - The total loss is the mean of all squared differences between `model(x)` and `y`, plus `l2`
#   times the sum of the squares of all entries of the model's kernels: all parameters with two or
#   more axes, of any block and under any name. Biases and others are not penalised.
# - The model is put into training mode first, with `model.train()`, and stays in it.
# - The parameters are updated by one step of `optimizer`, the one that was given, with the
#   gradients of this total loss alone: gradients that are left from earlier do not count.
# - The loss that comes back is the one *before* the update.
#
# Each of the three tests cells gives 1 point: a step without penalty, a step with it, and two steps
# in a row.

# %% [markdown] exercise="one-step-by-hand" role="hint"
# <details><summary>Hint 1</summary>
#
# Six lines: training mode, clear the gradients, the loss of the data, add the penalty, backward,
# step. Which of them must come before which? A loss tensor keeps its value when the parameters
# change later.
#
# </details>

# %% [markdown] exercise="one-step-by-hand" role="hint"
# <details><summary>Hint 2</summary>
#
# `model.train()`, `optimizer.zero_grad()`, `loss = F.mse_loss(model(x), y)`; add
# `l2 * (p**2).sum()` for every `p` of `model.parameters()` with `p.dim() > 1`; `loss.backward()`,
# `optimizer.step()`, and return `loss.item()`.
#
# </details>

# %% exercise="one-step-by-hand" role="solution"
def train_step(
    model: nn.Module, optimizer: torch.optim.Optimizer, x: torch.Tensor, y: torch.Tensor, l2: float
) -> float:
    """Update the model on one batch; the total loss before the update."""
    # BEGIN SOLUTION
    model.train()
    optimizer.zero_grad()
    loss = ((model(x) - y) ** 2).mean()
    for p in model.parameters():
        if p.dim() > 1:
            loss = loss + l2 * (p**2).sum()
    loss.backward()
    optimizer.step()
    return loss.item()
    # END SOLUTION


# %% exercise="one-step-by-hand" role="tests" points=1
# Exercise 13.2, tests 1 of 3: one step without penalty. The last block doubles in training only.
class Louder(nn.Module):
    def forward(self, x):
        return 2 * x if self.training else x


def check_step(n, inputs, outputs, rate):
    rng = np.random.default_rng(n)
    w, b, x, y = (rng.normal(size=s) for s in (
        (outputs, inputs), outputs, (n, inputs), (n, outputs)))
    dense = nn.Linear(inputs, outputs)
    with torch.no_grad():
        dense.weight.copy_(torch.from_numpy(w))
        dense.bias.copy_(torch.from_numpy(b))
    model = nn.Sequential(dense, Louder()).eval()
    optimizer = torch.optim.SGD(model.parameters(), lr=rate)
    loss = train_step(model, optimizer, torch.tensor(x).float(), torch.tensor(y).float(), 0.0)
    called = f"train_step(model, SGD, x, y, l2=0.0) for x ({n}, {inputs}) and y ({n}, {outputs})"
    assert type(loss) is float, f"{called} gave {type(loss).__name__}, wanted a Python float."

    def step(factor, count):
        r = factor * (x @ w.T + b) - y
        scale = rate * 2 / count * factor
        new = w - scale * r.T @ x, b - scale * r.sum(0)
        after = factor * (x @ new[0].T + new[1]) - y
        return np.append(*new), (r**2).sum() / count, (after**2).sum() / count

    count = n * outputs
    wanted, wanted_loss, late = step(2, count)
    got = np.append(dense.weight.detach().numpy(), dense.bias.detach().numpy())
    likely = {
        "nothing was updated: step comes after backward, with no zero_grad between the two":
            np.append(w, b),
        "the model did not run in training mode; call model.train() first": step(1, count)[0],
        "the squares were summed; wanted is the mean over all entries": step(2, 1)[0],
        "the mean is over all entries, not over the rows only": step(2, n)[0]}
    cause = next((c for c, v in likely.items() if np.allclose(got, v, rtol=1e-4, atol=1e-4)),
                 "the order is forward, loss, backward, step")
    assert np.allclose(got, wanted, rtol=1e-4, atol=1e-4), (
        f"{called} left the parameters {got.round(3)}, wanted {wanted.round(3)}: {cause}.")
    cause = "that is the loss after the update" if np.isclose(loss, late, rtol=1e-4) else (
        "wanted is the mean of all squared differences")
    assert np.isclose(loss, wanted_loss, rtol=1e-4), (
        f"{called} gave a loss of {loss:.4f}, wanted {wanted_loss:.4f}: {cause}.")
    assert model.training, f"{called} left the model in evaluation mode."


for case in [(4, 3, 2, 0.1)]:
    check_step(*case)
# BEGIN HIDDEN TESTS
for case in [(1, 2, 3, 0.05), (7, 1, 1, 0.02)]:
    check_step(*case)
# END HIDDEN TESTS

# %% exercise="one-step-by-hand" role="tests" points=1
# Exercise 13.2, tests 2 of 3: one step with the penalty.
def check_penalty(model, kind, x, l2, rate):
    """One step with targets that are 1 above the outputs, so that the loss of the data is 1."""
    x, parameters, rng = torch.tensor(x), list(model.parameters()), np.random.default_rng(len(kind))
    with torch.no_grad():
        for p in parameters:
            p.copy_(torch.from_numpy(rng.uniform(0.5, 2, size=p.shape)))
        y = model(x) + 1
    start = [p.detach().clone() for p in parameters]
    slopes = torch.autograd.grad(((model(x) - y) ** 2).mean(), parameters)
    loss = train_step(model, torch.optim.SGD(parameters, lr=rate), x, y, l2)
    called = f"train_step(model, SGD(lr={rate}), x, y, l2={l2}) for {kind}"
    assert type(loss) is float, f"{called} gave {type(loss).__name__}, wanted a Python float."

    def after(factors):
        return [p - rate * (s + 2 * f * p) for p, s, f in zip(start, slopes, factors)]

    def same(values):
        return all(torch.allclose(p, v, rtol=1e-4, atol=1e-4) for p, v in zip(parameters, values))

    kernels = [l2 * (p.ndim > 1) for p in start]
    places = [i for i, factor in enumerate(kernels) if factor]
    likely = {"the penalty has no effect on the update: add it to the loss as a tensor, before "
              "backward": [0] * len(start), "the biases are penalised too": [l2] * len(start),
              "only the first kernel is penalised": [l2 * (i == places[0]) for i in range(9)],
              "only the last kernel is penalised": [l2 * (i == places[-1]) for i in range(9)],
              "the penalty is half of what was asked for": [f / 2 for f in kernels],
              "the sum of the squares is wanted, not its root": [
                  f / 2 / p.norm() for f, p in zip(kernels, start)],
              "each kernel counts once, however many blocks hold it": [2 * f for f in kernels]}
    cause = next((text for text, f in likely.items() if same(after(f))), "count the axes of every "
                 "parameter; classes and names of blocks do not tell")
    for (name, p), wanted in zip(model.named_parameters(), after(kernels)):
        assert torch.allclose(p, wanted, rtol=1e-4, atol=1e-4), (
            f"{called} left {p.flatten()[0].item():.3f} in {name}, which has {p.ndim} axes, wanted "
            f"{wanted.flatten()[0].item():.3f}: {cause}.")
    total = 1 + l2 * sum((p.double() ** 2).sum().item() for p in start if p.ndim > 1)
    cause = "that is the loss of the data alone" if np.isclose(loss, 1, rtol=1e-3) else (
        "wanted is the loss of the data plus the penalty, before the update")
    assert np.isclose(loss, total, rtol=1e-4), (
        f"{called} gave a loss of {loss:.4f}, wanted {total:.4f}: {cause}.")


for case in [(nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1)), "two dense layers",
              [[1.0, -2.0], [0.5, 1.0]], 0.3, 0.02)]:
    check_penalty(*case)
# BEGIN HIDDEN TESTS
class Odd(nn.Module):
    def __init__(self):
        super().__init__()
        self.chain = nn.Sequential(nn.Conv1d(2, 3, 1), nn.Flatten(), nn.LayerNorm(3))
        self.mix = nn.Parameter(torch.ones(3, 2))

    def forward(self, x):
        return self.chain(x) @ self.mix


nested = nn.Sequential(nn.Linear(2, 4), nn.Sequential(nn.Linear(4, 2)))
for case in [
    (nested, "nested layers", [[1.0, 0.25]], 0.05, 0.1),
    (Odd(), "a Conv1d, a LayerNorm and a kernel mix", [[[1.0], [2.0]]], 0.25, 0.1),
]:
    check_penalty(*case)
# END HIDDEN TESTS

# %% exercise="one-step-by-hand" role="tests" points=1
# Exercise 13.2, tests 3 of 3: two steps in a row, with momentum, and gradients left from earlier.
def check_two_steps(n, rate, momentum, leftover):
    rng = np.random.default_rng(n)
    w, b, velocity = rng.normal(size=(1, 2)), rng.normal(size=1), np.zeros(3)
    dense = nn.Linear(2, 1)
    with torch.no_grad():
        dense.weight.copy_(torch.from_numpy(w))
        dense.bias.copy_(torch.from_numpy(b))
    if leftover:
        dense(torch.full((1, 2), 100.0)).sum().backward()
    optimizer = torch.optim.SGD(dense.parameters(), lr=rate, momentum=momentum)
    previous = 0
    for number in (1, 2):
        x, y = rng.normal(size=(n, 2)), rng.normal(size=(n, 1))
        train_step(dense, optimizer, torch.tensor(x).float(), torch.tensor(y).float(), 0.0)
        got = np.append(dense.weight.detach().numpy(), dense.bias.detach().numpy())
        r = 2 / n * (x @ w.T + b - y)
        slope, start = np.append(r.T @ x, r.sum(0)), np.append(w, b)
        forgetful = start - rate * slope
        velocity = momentum * velocity + slope
        wanted = start - rate * velocity
        cause = "get the first tests cell to pass first"
        if number == 1 and leftover:
            cause = ("the gradients that were there before the call have been added in; clear them "
                     "before backward")
        elif number == 2 and momentum and np.allclose(got, forgetful, atol=1e-4):
            cause = ("the momentum is lost, as if each step had a new optimizer; use the one that "
                     "was given")
        elif number == 2 and np.allclose(got, wanted - rate * previous, atol=1e-4):
            cause = "the gradients of step 1 have been added in; clear them before backward"
        assert np.allclose(got, wanted, rtol=1e-4, atol=1e-4), (
            f"after step {number} of train_step with SGD(lr={rate}, momentum={momentum}) weight "
            f"and bias are {got.round(3)}, wanted {wanted.round(3)}: {cause}.")
        w, b, previous = wanted[None, :2], wanted[2:], slope


for case in [(4, 0.1, 0.0, False), (3, 0.1, 0.0, True)]:
    check_two_steps(*case)
# BEGIN HIDDEN TESTS
for case in [(5, 0.05, 0.9, False), (2, 0.02, 0.5, True)]:
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
generator = torch.Generator().manual_seed(1)


def random_batch(x, y, size=50):
    """Rows drawn independently of each other, so that a row may come more than once."""
    rows = torch.randint(len(x), (size,), generator=generator)
    return x[rows], y[rows]


numbers = torch.arange(1000)
drawn = torch.cat([random_batch(numbers, numbers)[0] for _ in range(20)])
print("seen with independent draws:", round(len(drawn.unique()) / 1000, 2))
order = torch.randperm(1000, generator=generator)
print("seen with a shuffled order: ", len(torch.cat(order.split(50)).unique()) / 1000)

# %% [markdown]
# With independent draws about $1/e$, 37 %, of the examples are left out. On average that does no
# harm, but an "epoch" is then a number of steps and not a pass over the data. Shuffle the row
# numbers and cut them, and every example comes once. That is also what PyTorch's `DataLoader` does
# with `shuffle=True`.
#
# **Predict** the sizes of the batches for 10 examples in batches of 4.

# %%
from torch.utils.data import DataLoader, TensorDataset

ten = TensorDataset(torch.arange(10.0).reshape(10, 1), torch.arange(10.0).reshape(10, 1))
print([len(x) for x, y in DataLoader(ten, batch_size=4, shuffle=True)])
print([len(x) for x, y in DataLoader(ten, batch_size=4, shuffle=True, drop_last=True)])

# %% [markdown]
# The last batch is smaller, unless it is dropped. Whoever averages over batches has to know: the
# mean over the examples weighs each batch mean by its number of rows (lesson 12).
#
# ### Small batches that bite
#
# A last batch can be as small as one. In training, batch normalisation asks for the spread of a
# feature over the batch, which one example does not have.

# %% tags=["raises-exception"]
nn.BatchNorm1d(3)(torch.ones(1, 3))

# %% [markdown]
# And if a filter has left nothing in a batch, the mean over no rows is not a number.
#
# **Predict**: what is the gradient of the weight for such a batch?

# %%
layer = nn.Linear(1, 1)
loss = F.mse_loss(layer(torch.ones(0, 1)), torch.ones(0, 1))
loss.backward()
print("loss:", loss.item(), "gradient:", layer.weight.grad.item())

# %% [markdown]
# The gradient is a sum over no rows, and zero. The loss spoils the epoch, even with the weight 0:
# NaN times 0 is NaN (lesson 12). And a step with a gradient of zero is not nothing, as momentum
# goes on. Leave empty batches out.
#
# One more trap: a generator is used up after one pass. Whoever makes it before the loop over the
# epochs trains for one epoch, whatever the loop says.

# %%
batches = (batch for batch in DataLoader(ten, batch_size=4))
print("batches in three epochs:", [sum(1 for batch in batches) for epoch in range(3)])

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
#   rows of this batch, a float32 tensor of shape `()` without gradient. `batches`, an iterable of
#   pairs `(x, y)`; the first axis of `x` and `y` is the batch. **Out**: a Python float.
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
# `step(x, y).item() * len(x)` to the total and `len(x)` to the count. After the loop raise if the
# count is 0, else return `total / count`.
#
# </details>

# %% exercise="epoch-mean" role="solution"
def epoch_mean(
    step: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
    batches: Iterable[tuple[torch.Tensor, torch.Tensor]],
) -> float:
    """Call step on every batch that has rows; the mean loss per example."""
    # BEGIN SOLUTION
    total, count = 0.0, 0
    for x, y in batches:
        if len(x) == 0:
            continue
        total += step(x, y).item() * len(x)
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
    pairs = [(torch.tensor(x).float(), torch.zeros(len(x))) for x in data]
    called = f"epoch_mean(step, batches) for batches of {sizes} examples"
    got = epoch_mean(lambda x, y: (x**2).mean(), pairs)
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
    data = [(torch.full((n, 2), i + 1.0), torch.full((n,), -i - 1.0)) for i, n in enumerate(sizes)]
    seen = []

    def step(x, y):
        seen.append((x, y))
        return torch.tensor(1.5)

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
    order = [(x[0, 0].item(), len(x)) for x, y in seen]
    assert order == wanted, (
        f"{called}: step saw (value, rows) {order}, wanted {wanted}: one call for each batch that "
        "has rows, in the order in which they come.")
    assert all(y.shape == (len(x),) and torch.equal(y, -x[:, 0]) for x, y in seen), (
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
# ### Two switches
#
# Some blocks do one thing in training and another in use. Dropout sets values to zero at random,
# but only in training. Batch normalisation uses the mean and spread of the batch in training, and
# in use those that it has collected. They look at their flag `training`, which `train()` and
# `eval()` set throughout the tree of blocks.
#
# There is a second switch, `torch.no_grad`, and the two are mixed up easily.
#
# **Predict**: fill in the four lines. Which switch stops the recording of the graph, and which one
# keeps the statistics of the normalisation as they are?

# %%
def try_switches(mode, recording):
    """One pass; is a graph recorded, and have the running statistics moved?"""
    norm = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)).train(mode == "train")
    with torch.set_grad_enabled(recording):
        y = norm(torch.tensor([[1.0, 5.0], [3.0, 9.0]]))
    return y.requires_grad, bool(norm[1].running_mean.abs().sum() > 0)


for mode in ("train", "eval"):
    for recording in (True, False):
        graph, moved = try_switches(mode, recording)
        switch = "with a graph" if recording else "no_grad     "
        print(f"{mode:5} {switch}: graph {graph!s:5}  statistics moved {moved}")

# %% [markdown]
# `eval()` is about what blocks compute, `no_grad` about what autograd records; neither implies the
# other. An evaluation wants both. To forget `eval()` does more than make the numbers noisy: in the
# second line the model has *learned* from the data that it was evaluated on.
#
# ### Leaving things as they were
#
# After an evaluation in the middle of training, the model must go back into training. Most loops
# call `model.train()` for that.
#
# **Predict**: the normalisation in this model is frozen; it shall go on with the statistics of
# earlier training. What are the three flags after an evaluation that ends with `train()`?

# %%
model = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2), nn.Dropout(0.5))
model.train()
model[1].eval()
print("before:", [block.training for block in model])
model.eval()
model.train()
print("after: ", [block.training for block in model])

# %% [markdown]
# `train()` sets *every* flag. Whoever shall leave things as they were has to note each flag of
# `model.modules()` and put each one back. `try … finally` puts them back even where the evaluation
# breaks off with an error.

# %% [markdown] exercise="evaluate-unchanged" role="task"
# ## Exercise 13.4: look, do not touch
#
# *4 points*
#
# Write `evaluate(model, loss_fn, batches)`. It returns the mean loss per example of a model in
# evaluation mode, and leaves the model as it was.
#
# - **In**: a model; `loss_fn`, a function: `loss_fn(prediction, y)`, in this order, gives the mean
#   loss over the rows of a batch, a tensor of shape `()`; `batches`, an iterable of pairs
#   `(x, y)`, perhaps a generator, each with at least one row, and at least one of them. **Out**: a
#   Python float.
# - The model and then `loss_fn` are called once for each batch, in the order of the batches. Every
#   block of the model runs in evaluation mode, and autograd records nothing.
# - Batches may be of different sizes. Every example counts the same.
# - Afterwards all is as before: the flag `training` of every single block, the parameters, their
#   gradients and `requires_grad`, the running statistics, and whether autograd records.
# - If the model or `loss_fn` raises an error, the error goes on to the caller, and the flags and
#   the recording are put back all the same.
#
# The four tests cells (1 point each) look at the number, at how it is computed, at what is left
# behind, and at what is left behind by an error.

# %% [markdown] exercise="evaluate-unchanged" role="hint"
# <details><summary>Hint 1</summary>
#
# Three things in turn: note the flags, evaluate, put the flags back. There are as many flags as
# `model.modules()` has blocks, the model itself included. The mean over uneven batches is that of
# exercise 13.3.
#
# </details>

# %% [markdown] exercise="evaluate-unchanged" role="hint"
# <details><summary>Hint 2</summary>
#
# `flags = [(block, block.training) for block in model.modules()]`. Then `try:` `model.eval()`, and
# `with torch.no_grad():` the loop. In `finally:` set `block.training = flag` for each pair. (Not
# `block.train(flag)`: that would also set all the blocks inside.)
#
# </details>

# %% exercise="evaluate-unchanged" role="solution"
def evaluate(
    model: nn.Module,
    loss_fn: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
    batches: Iterable[tuple[torch.Tensor, torch.Tensor]],
) -> float:
    """The mean loss per example in evaluation mode; the model stays as it was."""
    # BEGIN SOLUTION
    flags = [(block, block.training) for block in model.modules()]
    total, count = 0.0, 0
    try:
        model.eval()
        with torch.no_grad():
            for x, y in batches:
                total += loss_fn(model(x), y).item() * len(x)
                count += len(x)
    finally:
        for block, flag in flags:
            block.training = flag
    return total / count
    # END SOLUTION


# %% exercise="evaluate-unchanged" role="tests" points=1
# Exercise 13.4, tests 1 of 4: the number.
def check_value(sizes):
    model, rng = nn.Linear(2, 1), np.random.default_rng(len(sizes))
    with torch.no_grad():
        model.weight.copy_(torch.tensor([[1.0, -2.0]]))
        model.bias.fill_(0.5)
    data = [(rng.normal(size=(n, 2)) + i, rng.normal(size=(n, 1))) for i, n in enumerate(sizes)]
    batches = [(torch.tensor(x).float(), torch.tensor(y).float()) for x, y in data]
    got = evaluate(model, lambda p, y: ((2 * p - y) ** 2).mean(), (pair for pair in batches))
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
              "the arguments of loss_fn are swapped; the prediction comes first": (
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
# Exercise 13.4, tests 2 of 4: how it is computed. A block notes its calls, and triples in training.
class Noted(nn.Module):
    def __init__(self):
        super().__init__()
        self.calls = []

    def forward(self, x):
        self.calls.append((self.training, torch.is_grad_enabled()))
        return 3 * x if self.training else x


def check_mode(sizes, training):
    noted, given = Noted(), []
    model = nn.Sequential(nn.Sequential(nn.Dropout(0.9), noted)).train(training)
    batches = [(torch.full((n, 1), float(n)), torch.zeros(n, 1)) for n in sizes]

    def loss_fn(prediction, y):
        given.append((prediction.flatten().tolist(), y.flatten().tolist()))
        return (prediction - y).mean()

    got = evaluate(model, loss_fn, (pair for pair in batches))
    mode = "training" if training else "evaluation"
    called = f"evaluate(model, loss_fn, batches), {sizes} examples, model in {mode} mode before"
    assert len(noted.calls) == len(sizes), (
        f"{called}, ran the model {len(noted.calls)} times, wanted once for each batch.")
    assert not any(flag for flag, _ in noted.calls), (
        f"{called}, ran a block in training mode: no_grad does not change the mode, eval() does.")
    assert not any(recording for _, recording in noted.calls), (
        f"{called}, recorded a graph: eval() does not stop autograd, torch.no_grad() does.")
    wanted = [([float(n)] * n, [0.0] * n) for n in sizes]
    assert given == wanted, (
        f"{called}, called loss_fn with {given}, wanted {wanted}: once for each batch, with the "
        "prediction and the target.")
    mean = sum(n * n for n in sizes) / sum(sizes)
    assert np.isclose(got, mean, rtol=1e-4), (
        f"{called}, gave {got}, wanted {mean:.4f}; get the first tests cell to pass first.")


for case in [([4, 2], True)]:
    check_mode(*case)
# BEGIN HIDDEN TESTS
for case in [([1, 3], True), ([3], False), ([2, 1, 1, 2], False)]:
    check_mode(*case)
# END HIDDEN TESTS

# %% exercise="evaluate-unchanged" role="tests" points=1
# Exercise 13.4, tests 3 of 4: flags, parameters, gradients and statistics stay as they were.
def check_unchanged(*flags):
    """flags: those of the model, the layer, a chain, the normalisation in it and the dropout."""
    model = nn.Sequential(nn.Linear(2, 3), nn.Sequential(nn.BatchNorm1d(3)), nn.Dropout(0.5))
    model(torch.tensor([[1.0, 2.0], [3.0, -1.0]])).sum().backward()
    model[0].bias.requires_grad_(False)
    for block, flag in zip(model.modules(), flags):
        block.training = flag
    state = {name: t.clone() for name, t in model.state_dict().items()}
    slopes = [p.grad.clone() for p in model.parameters()]
    wanted = [p.requires_grad for p in model.parameters()]
    batches = [(torch.full((n, 2), 5.0) + torch.arange(2 * n).reshape(n, 2), torch.zeros(n, 3))
               for n in (4, 3, 2)]
    what = "evaluate(model, loss_fn, batches)"
    got = evaluate(model, lambda prediction, y: (prediction - y).abs().mean(), batches)
    assert type(got) is float, f"{what} gave {type(got).__name__}, wanted a Python float."
    after = [block.training for block in model.modules()]
    assert after == list(flags), (
        f"{what} left the flags training of model, layer, chain, normalisation inside, dropout at "
        f"{after}, they were {list(flags)} before: train() and eval() set all flags; note each one "
        "and put it back.")
    for name, before in state.items():
        assert torch.equal(model.state_dict()[name], before), (
            f"{what} changed {name}: " + (
                "in training mode the running statistics move, with or without a graph."
                if name.startswith("1.") else "parameters are not to be touched."))
    for p, slope in zip(model.parameters(), slopes):
        assert p.grad is not None and torch.equal(p.grad, slope), (
            f"{what} changed or cleared a gradient; no backward and no zero_grad in an evaluation.")
    assert [p.requires_grad for p in model.parameters()] == wanted, (
        f"{what} changed requires_grad of a parameter; use torch.no_grad() instead.")
    assert torch.is_grad_enabled(), f"{what} left the recording of graphs switched off."


for flags in [(True, True, True, True, True), (True, True, True, False, True)]:
    check_unchanged(*flags)
# BEGIN HIDDEN TESTS
for flags in [(False, False, False, False, False), (False, True, False, True, False)]:
    check_unchanged(*flags)
# END HIDDEN TESTS

# %% exercise="evaluate-unchanged" role="tests" points=1
# Exercise 13.4, tests 4 of 4: an error goes on to the caller, and the flags are put back.
class Broken(nn.Module):
    """Raises if a number is above 100."""

    def forward(self, x):
        if x.max() > 100:
            raise ArithmeticError("raised by a block of the model")
        return x


def check_error(flags, numbers, where):
    """flags: those of the model, the dropout, a chain and the block in it."""
    model = nn.Sequential(nn.Dropout(0.5), nn.Sequential(Broken()))
    for block, flag in zip(model.modules(), flags):
        block.training = flag

    def loss_fn(prediction, y):
        if prediction.max() > 10:
            raise ArithmeticError("raised by loss_fn")
        return (prediction - y).mean()

    # Forty rows: a dropout that is left on makes zeros of two in one case of four.
    batches = [(torch.full((40, 1), number), torch.zeros(40, 1)) for number in numbers]
    what = f"evaluate(model, loss_fn, batches), where {where} raises an error,"
    try:
        evaluate(model, loss_fn, batches)
        raised = False
    except ArithmeticError:
        raised = True
    assert raised, f"{what} did not pass the error on to the caller."
    after = [block.training for block in model.modules()]
    assert after == list(flags), (
        f"{what} left the flags training of model, dropout, chain and the block inside at {after}, "
        f"they were {list(flags)} before: put them back in a finally clause, which also runs when "
        "an error passes through.")
    assert torch.is_grad_enabled(), f"{what} left the recording of graphs switched off."


for case in [((True, True, True, True), (1.0, 50.0), "loss_fn")]:
    check_error(*case)
# BEGIN HIDDEN TESTS
for case in [((True, False, True, False), (50.0,), "loss_fn"),
             ((False, True, False, True), (1.0, 2.0, 500.0), "the model")]:
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
# notebook, one plain line per epoch (or per ten) says the same. A bar that people know is that of
# the package `tqdm`, which draws a widget in notebooks; this course does without the package.
#
# ### A live plot
#
# The best display is the loss as a curve that grows while the model trains. Jupyter gives every
# notebook a function `display`. With `display_id=True` it returns a handle, and `handle.update`
# draws the figure again in the same place. So one picture stays in the notebook, however often it
# was drawn. Each update sends the whole picture, so the loop below does it in every tenth epoch;
# and in the end it closes the figure, or else the notebook would show it a second time.
#
# Here is the loop whole: the parts that a training needs, then the two loops, over epochs and over
# batches. Each epoch ends with an evaluation on data that are not trained on.

# %% listing="S1-39"
torch.manual_seed(3)
x_all = torch.rand(240, 1) * 4 - 2
y_all = torch.sin(2 * x_all) + 0.1 * torch.randn(240, 1)
train_data = TensorDataset(x_all[:150], y_all[:150])
x_valid, y_valid = x_all[150:], y_all[150:]

model = nn.Sequential(nn.Linear(1, 30), nn.ELU(), nn.Dropout(0.02), nn.Linear(30, 1))
loader = DataLoader(train_data, batch_size=32, shuffle=True)
loss_fn = nn.MSELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
metrics = {"mae": lambda prediction, y: (prediction - y).abs().mean()}


# %% [markdown]
# **Predict**: which of the two curves will be the lower one at the beginning, training or
# validation? (When is each of them computed?)

# %% listing="S1-40"
history = {"loss": [], "mae": [], "val_loss": []}
fig, axis = plt.subplots(figsize=(6, 2.8), layout="constrained")
curves = {name: axis.plot([], label=name)[0] for name in ("loss", "val_loss")}
axis.set(xlabel="epoch", ylabel="mean squared error", xlim=(0, 20), ylim=(0, 0.8))
axis.legend()
handle = display(fig, display_id=True)  # noqa: F821 (Jupyter's own)

for epoch in range(20):
    model.train()
    sums, count = {"loss": 0.0, "mae": 0.0}, 0
    for x, y in loader:
        optimizer.zero_grad()
        prediction = model(x)
        loss = loss_fn(prediction, y)
        (loss + l2_penalty(model, 1e-4)).backward()
        optimizer.step()
        sums["loss"] += loss.item() * len(x)
        sums["mae"] += metrics["mae"](prediction.detach(), y).item() * len(x)
        count += len(x)
    for name, total in sums.items():
        history[name].append(total / count)
    model.eval()
    with torch.no_grad():
        history["val_loss"].append(loss_fn(model(x_valid), y_valid).item())
    if epoch % 10 == 9:
        for name, curve in curves.items():
            curve.set_data(range(1, epoch + 2), history[name])
        handle.update(fig)
        print(f"epoch {epoch + 1}: better than at the start:", end=" ")
        print({name: values[-1] < values[0] for name, values in history.items()})
plt.close(fig)

# %% [markdown]
# The training loss of an epoch is a mean over batches that were seen while the model was getting
# better; the validation loss is computed at the end of the epoch, by the better model, without
# dropout. That is why it starts below the other, and it says nothing against the training.
#
# The lines print comparisons and not losses, since the last digits of a training differ
# from machine to machine. In your own loops, print the numbers.

# %% [markdown]
# ## A `fit` of your own
#
# ### The loop as a function
#
# Keras ships the loop: `model.compile(optimizer, loss, metrics)` stores the parts, and
# `model.fit(x, y, epochs)` runs it. In PyTorch the word *compile* means something else
# (lesson 14), and there is no `fit`. But the loop that you have seen changes little from task to
# task, so write it once. What does change, the step, comes as an argument: this is what Keras
# users get by overriding `train_step`.

# %%
def ordinary_step(model, optimizer, loss_fn, x, y):
    """Update the model on one batch; its predictions and loss before the update."""
    optimizer.zero_grad()
    prediction = model(x)
    loss = loss_fn(prediction, y)
    loss.backward()
    optimizer.step()
    return prediction.detach(), loss.detach()


def fit(model, optimizer, loss_fn, batches, epochs, metrics=(), step=ordinary_step):
    """Train; the means per epoch of the loss and of each metric, a function with a name."""
    history = {name: [] for name in ("loss", *(m.__name__ for m in metrics))}
    for epoch in range(epochs):
        model.train()
        sums, count = dict.fromkeys(history, 0.0), 0
        for x, y in batches:
            prediction, loss = step(model, optimizer, loss_fn, x, y)
            sums["loss"] += loss.item() * len(x)
            for metric in metrics:
                sums[metric.__name__] += metric(prediction, y).item() * len(x)
            count += len(x)
        for name, total in sums.items():
            history[name].append(total / count)
    return history


# %% [markdown]
# ### Three roads to the same weights
#
# If `fit` is the loop and no magic, then a loop by hand, `fit`, and `fit` with a step of our own
# must arrive at the same numbers. The data are those of exercise 13.1, and Keras is there too: the
# last line holds what its `fit` reaches with SGD, rate 0.01 and 100 epochs of one batch.
#
# **Predict**: to how many digits will they agree?

# %%
rows, targets = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), torch.tensor([[10.0], [20.0]])


def from_zero():
    """A dense layer that starts at zero, and an optimizer for it."""
    layer = nn.Linear(3, 1)
    with torch.no_grad():
        layer.weight.zero_()
        layer.bias.zero_()
    return layer, torch.optim.SGD(layer.parameters(), lr=0.01)


def step_without_optimizer(model, optimizer, loss_fn, x, y):
    """The same step, with its update written out."""
    prediction = model(x)
    loss = loss_fn(prediction, y)
    parameters = list(model.parameters())
    for p, slope in zip(parameters, torch.autograd.grad(loss, parameters)):
        with torch.no_grad():
            p -= 0.01 * slope
    return prediction.detach(), loss.detach()


by_hand, optimizer = from_zero()
for _ in range(100):
    optimizer.zero_grad()
    F.mse_loss(by_hand(rows), targets).backward()
    optimizer.step()
fitted, optimizer = from_zero()
fit(fitted, optimizer, F.mse_loss, [(rows, targets)], epochs=100)
own_step, optimizer = from_zero()
fit(own_step, optimizer, F.mse_loss, [(rows, targets)], epochs=100, step=step_without_optimizer)
by_keras = (0.40784496, 1.19106495, 1.97428548, 0.78322077)
for name, layer in (("by hand", by_hand), ("fit", fitted), ("own step", own_step)):
    numbers = [*layer.weight[0].tolist(), layer.bias.item()]
    print(f"{name:11}", *(f"{number:.4f}" for number in numbers), end="  ")
    print("agrees to 6 digits:", np.allclose(numbers, by_keras, rtol=0, atol=1e-6))
print("Keras's fit", *(f"{number:.4f}" for number in by_keras))

# %% [markdown]
# ### Parts by name, as objects, and your own
#
# Keras takes its parts in three ways, and all three have their counterpart here. A *name*, such as
# `"rmsprop"`, is looked up and becomes an object with default options.

# %% listing="S2-08"
layer, _ = from_zero()
optimizer = getattr(torch.optim, "RMSprop")(layer.parameters())
print(type(optimizer).__name__, "with learning rate", optimizer.defaults["lr"])
print(getattr(F, "mse_loss")(torch.tensor(1.0), torch.tensor(3.0)).item())

# %% [markdown]
# An *object* carries its options, and *your own parts* are functions and classes that do what the
# built-in ones do. The optimizer below moves every parameter by a fixed amount, whatever the size
# of the gradient; all that it has to define is `step`.
#
# **Then and now.** The books name "accuracy" as the metric, for whatever model. Keras looks at the
# shape of the output and takes, for one linear output, a *binary* accuracy: how often is the
# prediction equal to the target, after rounding to 0 or 1? Here is the metric, written out.
#
# **Predict** the accuracy of our regression after training, when its predictions are a few tenths
# away from the targets 10 and 20.

# %% listing="S2-09 S2-10"
class SignDescent(torch.optim.Optimizer):
    """Move every parameter by the learning rate, against the sign of its gradient."""

    def __init__(self, parameters, lr):
        super().__init__(parameters, {"lr": lr})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    p -= group["lr"] * p.grad.sign()


def mean_absolute(prediction, y):
    return (prediction - y).abs().mean()


def binary_accuracy(prediction, y):
    return ((prediction > 0.5).float() == y).float().mean()


for optimizer_class, rate in ((torch.optim.SGD, 0.01), (SignDescent, 0.05)):
    layer, _ = from_zero()
    parts = {"loss_fn": nn.HuberLoss(delta=2.0), "metrics": (mean_absolute, binary_accuracy)}
    log = fit(layer, optimizer_class(layer.parameters(), lr=rate),
              batches=[(rows, targets)], epochs=200, **parts)
    print(optimizer_class.__name__, {name: round(values[-1], 1) for name, values in log.items()})

# %% [markdown]
# The predictions are close, and the accuracy is 0. A metric that does not fit the task raises
# nothing; it has to be chosen.

# %% [markdown]
# ## Learning rates
#
# ### Schedules
#
# A large rate gets far and a small one gets close, so the rate is often lowered on the way. A
# *scheduler* holds the optimizer and changes its rate at each call of `step`.
#
# **Predict** the four curves before you look: a step of one half every 15 epochs, a decay by 7 %
# per epoch, half a cosine wave, and the same after a warm-up of 8 epochs.

# %%
from torch.optim import lr_scheduler as schedules


def rates_of(make_schedule, epochs=50):
    """The learning rate that each epoch runs with; make_schedule gets the optimizer."""
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.1)
    schedule, rates = make_schedule(optimizer), []
    for _ in range(epochs):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return rates


def warm_up_then_cosine(optimizer):
    rise = schedules.LinearLR(optimizer, start_factor=0.1, total_iters=8)
    fall = schedules.CosineAnnealingLR(optimizer, T_max=42)
    return schedules.SequentialLR(optimizer, [rise, fall], milestones=[8])


recipes = {
    "StepLR": lambda optimizer: schedules.StepLR(optimizer, step_size=15, gamma=0.5),
    "ExponentialLR": lambda optimizer: schedules.ExponentialLR(optimizer, gamma=0.93),
    "CosineAnnealingLR": lambda optimizer: schedules.CosineAnnealingLR(optimizer, T_max=50),
    "warm-up, then cosine": warm_up_then_cosine,
}
fig, axis = plt.subplots(figsize=(7, 3), layout="constrained")
for (title, recipe), style in zip(recipes.items(), ("-", "--", "-.", ":")):
    axis.plot(rates_of(recipe), style, linewidth=2, label=title)
axis.set(xlabel="epoch", ylabel="learning rate")
axis.legend(loc="upper right")
plt.show()
halved = rates_of(recipes["StepLR"])
print("StepLR in epochs 0, 15, 30:", [round(halved[epoch], 4) for epoch in (0, 15, 30)])

# %% [markdown]
# **Then and now.** Up to PyTorch 1.0 the scheduler's step came *before* the optimizer's, and texts
# of that time still say so. Today that skips the first rate. PyTorch warns, but a warning is easily
# lost in a log; the cell catches it and prints its beginning.
#
# **Predict** the rate of the very first step for a scheduler that halves the rate every time.

# %%
def first_rate(order):
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.1)
    schedule = schedules.ExponentialLR(optimizer, gamma=0.5)
    for name in order:
        if name == "optimizer":
            used = optimizer.param_groups[0]["lr"]
            optimizer.step()
        else:
            schedule.step()
    return used


with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    print("then:", first_rate(["schedule", "optimizer"]))
    print("now: ", first_rate(["optimizer", "schedule"]))
print(str(caught[0].message).split(". ")[0])

# %% [markdown]
# ### Two rates at once
#
# When a trained network gets a new last layer, its *head*, the head has to learn from scratch while
# the rest, the *body*, should move little. Optimizers take *groups* of parameters for that, each
# with options of its own; what a group leaves out comes from the optimizer.

# %%
class Pretrained(nn.Module):
    def __init__(self):
        super().__init__()
        self.header = nn.Linear(3, 4)
        self.head = nn.Linear(4, 2)

    def forward(self, x):
        return self.head(torch.tanh(self.header(x)))


net = Pretrained()
optimizer = torch.optim.SGD(
    [{"params": net.header.parameters()}, {"params": net.head.parameters(), "lr": 0.1}],
    lr=0.001, momentum=0.9)
for group in optimizer.param_groups:
    print([tuple(p.shape) for p in group["params"]], group["lr"], group["momentum"])

# %% [markdown]
# The groups must be *disjoint*. A parameter that stands in two of them is refused:

# %% tags=["raises-exception"]
everything, head = {"params": net.parameters()}, {"params": net.head.parameters(), "lr": 0.1}
torch.optim.SGD([everything, head], lr=0.001)

# %% [markdown]
# So the body is "all that is not in the head", and this is where it goes wrong.
#
# **Predict**: three ways to say that are tried below. Which parameters does each take for the head?

# %%
print("by name:", [n for n, p in net.named_parameters() if n.startswith("head")])
try:
    print("by in:  ", [n for n, p in net.named_parameters() if p in list(net.head.parameters())])
except RuntimeError as error:
    print("by in:   RuntimeError:", str(error).splitlines()[0])
ids = {id(p) for p in net.head.parameters()}
print("by id:  ", [n for n, p in net.named_parameters() if id(p) in ids])

# %% [markdown]
# The name of the first layer begins with the same letters. And `in` compares with `==`, which
# tensors do number by number. What is wanted is identity, and a set of `id`s has it.
#
# A group may carry any option, `weight_decay` too. In lesson 11, SGD's `weight_decay` did to the
# weight what a penalty with half the factor does, and reached the bias as well.
#
# **Predict**: three layers with weight 1 and bias 1 take a step: one on a penalty with
# $\lambda = 0.1$, one with `weight_decay=0.2` for everything, one with it for the weight alone.
# Which two come out the same? (The loss of the data is zero here, to leave the penalty alone.)

# %%
def after_one_step(groups_of, factor=0.0):
    """Weight and bias of a dense layer, both 1, after one step; groups_of gets the layer."""
    layer = nn.Linear(1, 1)
    with torch.no_grad():
        layer.weight.fill_(1.0)
        layer.bias.fill_(1.0)
    optimizer = torch.optim.SGD(groups_of(layer), lr=0.5)
    loss = 0 * layer(torch.ones(1, 1)).sum() + l2_penalty(layer, factor)
    loss.backward()
    optimizer.step()
    return f"weight {layer.weight.item():.2f}, bias {layer.bias.item():.2f}"


def decay_all(layer):
    return [{"params": layer.parameters(), "weight_decay": 0.2}]


def decay_weight(layer):
    return [{"params": [layer.weight], "weight_decay": 0.2}, {"params": [layer.bias]}]


print("penalty:             ", after_one_step(lambda layer: layer.parameters(), factor=0.1))
print("decay of everything: ", after_one_step(decay_all))
print("decay of the weight: ", after_one_step(decay_weight))

# %% [markdown]
# With a group of its own for the bias, SGD's `weight_decay` does what the penalty does.

# %% [markdown] exercise="two-learning-rates" role="task"
# ## Exercise 13.5: two learning rates
#
# *3 points*
#
# Write `two_rates(model, head, body_rate, head_rate, momentum=0.0)`. It returns an optimizer that
# trains the two parts of a model with different learning rates.
#
# - **In**: a model; `head`, a block that is somewhere inside the model; three Python floats.
#   **Out**: a `torch.optim.SGD` with that momentum.
# - All parameters of `head` are trained with `head_rate`, all others of the model with `body_rate`.
# - Every parameter of the model belongs to exactly one group, frozen ones (`requires_grad` is
#   `False`) too, so that they are there when they are thawed.
# - A parameter that is used both in the head and elsewhere in the model counts as the head's.
# - What belongs to the head is told by identity: names of attributes mean nothing.
#
# The three tests cells (1 point each) look at the groups, at what tells the head from the body, and
# at two steps.

# %% [markdown] exercise="two-learning-rates" role="hint"
# <details><summary>Hint 1</summary>
#
# Which parameters of the model are not in the head? Ask with `id`. A generator such as
# `head.parameters()` can be gone through only once, so make a list of what you need twice.
#
# </details>

# %% [markdown] exercise="two-learning-rates" role="hint"
# <details><summary>Hint 2</summary>
#
# `ours = list(head.parameters())`, `ids = {id(p) for p in ours}`, and
# `rest = [p for p in model.parameters() if id(p) not in ids]`. Then `torch.optim.SGD` with a list
# of two dictionaries, each with `"params"` and `"lr"`, and `momentum=momentum`.
#
# </details>

# %% exercise="two-learning-rates" role="solution"
def two_rates(
    model: nn.Module, head: nn.Module, body_rate: float, head_rate: float, momentum: float = 0.0
) -> torch.optim.SGD:
    """SGD with head_rate for the parameters of head and body_rate for all others of model."""
    # BEGIN SOLUTION
    ours = list(head.parameters())
    ids = {id(p) for p in ours}
    rest = [p for p in model.parameters() if id(p) not in ids]
    groups = [{"params": rest, "lr": body_rate}, {"params": ours, "lr": head_rate}]
    return torch.optim.SGD(groups, lr=body_rate, momentum=momentum)
    # END SOLUTION


# %% exercise="two-learning-rates" role="tests" points=1
# Exercise 13.5, tests 1 of 3: who is trained with which rate.
def check_groups(place, body_rate, head_rate):
    """A model of four layers, one of them in a block of its own; the head is at a place."""
    model = nn.Sequential(nn.Linear(3, 2), nn.Sequential(nn.Linear(2, 4)), nn.ReLU(),
                          nn.Linear(4, 2, bias=False))
    head = model.get_submodule(place)
    called = f"two_rates(model, head, {body_rate}, {head_rate}) with the block {place!r} as head"
    try:
        optimizer = two_rates(model, head, body_rate, head_rate)
    except (RuntimeError, ValueError) as error:
        if isinstance(error, NotImplementedError):
            raise
        cause = ("parameters are compared with ==, number by number; compare their ids"
                 if isinstance(error, RuntimeError) else "the groups have to be disjoint")
        raise AssertionError(f"{called} raised {type(error).__name__} ({str(error)[:80]}): "
                             f"{cause}.") from None
    assert isinstance(optimizer, torch.optim.SGD), (
        f"{called} gave {type(optimizer).__name__}, wanted a torch.optim.SGD.")
    places = [(p, group["lr"]) for group in optimizer.param_groups for p in group["params"]]
    for name, p in model.named_parameters():
        rates, ours = [r for q, r in places if q is p], name.startswith(f"{place}.")
        wanted, part = (head_rate, "head") if ours else (body_rate, "body")
        cause = {0: "it is in no group and will not be trained",
                 1: "it is in the group of the other part"}.get(
                     len(rates), "it is in more than one group")
        assert rates == [wanted], (
            f"{called}: {name}, in the {part}, has the learning rates {rates}, wanted {[wanted]}: "
            f"{cause}.")
    count = len(list(model.parameters()))
    assert len(places) == count, (
        f"{called}: the groups hold {len(places)} parameters, the model has {count}.")


for case in [("3", 0.01, 0.5), ("1.0", 0.25, 0.125)]:
    check_groups(*case)
# BEGIN HIDDEN TESTS
for case in [("0", 0.5, 0.0625), ("1", 0.125, 0.25)]:
    check_groups(*case)
# END HIDDEN TESTS

# %% exercise="two-learning-rates" role="tests" points=1
# Exercise 13.5, tests 2 of 3: layers that only identity tells apart.
class TwoParts(nn.Module):
    """Layers of equal shape, two of equal numbers; tied: one weight is in both parts."""

    def __init__(self, kind):
        super().__init__()
        self.head_norm = nn.Linear(3, 3)
        self.inner = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
        self.last = nn.Linear(3, 3)
        self.part = self.inner[1] if kind == "inside" else self.last
        if kind == "tied":
            self.last.weight = self.head_norm.weight
        if kind == "frozen":
            self.inner[0].requires_grad_(False)
        self.inner[0].load_state_dict(self.last.state_dict())


def check_identity(kind, body_rate, head_rate):
    model = TwoParts(kind)
    called = f"two_rates(model, head, {body_rate}, {head_rate}), case {kind!r}"
    try:
        optimizer = two_rates(model, model.part, body_rate, head_rate)
    except NotImplementedError:
        raise
    except Exception as error:
        raise AssertionError(f"{called} raised {type(error).__name__} ({str(error)[:80]}): the "
                             "groups have to be disjoint; tell them by id, not by ==.") from None
    groups, ours = optimizer.param_groups, {id(p) for p in model.part.parameters()}
    for name, p in model.named_parameters():
        rates = [group["lr"] for group in groups for other in group["params"] if other is p]
        wanted, part = (head_rate, "head") if id(p) in ours else (body_rate, "body")
        cause = "get the first tests cell to pass first"
        if len(rates) == 0 and not p.requires_grad:
            cause = "frozen parameters belong to a group too"
        elif len(rates) == 0 and name.startswith("inner.0"):
            cause = "its numbers are those of the head, and it is another tensor; compare ids"
        elif kind == "tied" and p is model.last.weight:
            cause = "a parameter that is used in both parts counts as the head's"
        elif len(rates) == 1 and part == "body" and name.startswith("head"):
            cause = "a name that begins with 'head' does not make it the head's; compare ids"
        assert rates == [wanted], (
            f"{called}: {name}, in the {part}, has the learning rates {rates}, wanted {[wanted]}: "
            f"{cause}.")


for case in [("equal", 0.01, 0.5), ("inside", 0.25, 0.125)]:
    check_identity(*case)
# BEGIN HIDDEN TESTS
for case in [("tied", 0.01, 0.1), ("frozen", 0.3, 0.02)]:
    check_identity(*case)
# END HIDDEN TESTS

# %% exercise="two-learning-rates" role="tests" points=1
# Exercise 13.5, tests 3 of 3: two steps of training.
def check_steps(body_rate, head_rate, momentum):
    body, head = nn.Linear(2, 2), nn.Linear(2, 2)
    model = nn.Sequential(body, head)
    called = f"two_rates(model, head, {body_rate}, {head_rate}, {momentum})"
    try:
        optimizer = two_rates(model, head, body_rate, head_rate, momentum)
    except ValueError as error:
        raise AssertionError(f"{called} raised ValueError ({error}); get the first tests cell to "
                             "pass first.") from None
    assert isinstance(optimizer, torch.optim.SGD), (
        f"{called} gave {type(optimizer).__name__}, wanted a torch.optim.SGD.")
    named = [("body", body_rate, p) for p in body.parameters()]
    named += [("head", head_rate, p) for p in head.parameters()]
    values = [p.detach().double().numpy().copy() for *_, p in named]
    speeds = [0.0] * len(named)
    for number, slope in ((1, 2.0), (2, -1.0)):
        for *_, p in named:
            p.grad = torch.full_like(p, slope)
        optimizer.step()
        for i, (part, rate, p) in enumerate(named):
            speeds[i] = momentum * speeds[i] + slope
            before, values[i] = values[i], values[i] - rate * speeds[i]
            moved = (p.detach().numpy() - before).ravel()
            cause = "check the rates of both groups"
            if momentum and np.allclose(moved, -rate * slope, atol=1e-5):
                cause = "the momentum is not passed on to the optimizer"
            elif np.allclose(moved, 0, atol=1e-6):
                cause = "these parameters are in no group"
            assert np.allclose(moved, -rate * speeds[i], rtol=1e-3, atol=1e-5), (
                f"step {number} of {called} with gradient {slope} moved a parameter of the {part} "
                f"by {moved[0]:.4f}, wanted {-rate * speeds[i]:.4f}: {cause}.")


for case in [(0.125, 0.5, 0.0), (0.5, 0.25, 0.9)]:
    check_steps(*case)
# BEGIN HIDDEN TESTS
for case in [(0.0, 0.2, 0.5), (1.5, 0.1, 0.0)]:
    check_steps(*case)
# END HIDDEN TESTS

# %% [markdown]
# ## Frozen, missing, too large
#
# ### None is not zero
#
# A parameter that took no part in the loss has `None` for a gradient. An optimizer skips it. A
# gradient of zeros is something else.
#
# **Predict**: an SGD with momentum has taken one step with gradient 1. Then the parameter gets no
# gradient in one run, and zero in the other. Where does it go in the second step?

# %%
for second in (None, torch.tensor(0.0)):
    parameter = nn.Parameter(torch.zeros(()))
    optimizer = torch.optim.SGD([parameter], lr=0.1, momentum=0.9)
    parameter.grad = torch.tensor(1.0)
    optimizer.step()
    parameter.grad = second
    optimizer.step()
    print(f"second gradient {'None' if second is None else 0.0}: {parameter.item():.2f}")

# %% [markdown]
# With zero, the momentum carries it on. That is one reason why `zero_grad` sets `None`, and why a
# `None` must not be "repaired" into a zero.
#
# ### Frozen, and still moving
#
# Freezing, `requires_grad_(False)`, stops new gradients. One that is there already is still applied
# (lesson 04): the optimizer asks whether there is a gradient, and not whether the parameter is
# frozen. Clear the gradients when you freeze, or look at the flag.
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
a, b, unused = (nn.Parameter(torch.zeros(n)) for n in (2, 1, 1))
a.grad, b.grad = torch.tensor([3.0, 4.0]), torch.tensor([12.0])
norm = nn.utils.clip_grad_norm_([a, b, unused], max_norm=6.5)
print(f"length {norm.item():.1f}")
print("left:", [round(v, 3) for v in (*a.grad.tolist(), *b.grad.tolist())], unused.grad)

# %% [markdown]
# Half of each, as 6.5 is half of 13; the parameter without gradient is passed over. Clipping each
# gradient for itself would have left (3, 4) as it is and turned the direction.

# %% [markdown] exercise="frozen-and-missing" role="task"
# ## Exercise 13.6: a step that tolerates
#
# *3 points*
#
# Write `clipped_step(parameters, learning_rate, max_norm)`, one step of plain gradient descent with
# clipping by global norm.
#
# - **In**: `parameters`, an iterable of `nn.Parameter`, perhaps a generator; their gradients are in
#   `.grad`; two Python floats, `max_norm` above 0. **Out**: the global norm before clipping, a
#   Python float.
# - A parameter *takes part* if it is not frozen (`requires_grad` is `True`) and its `.grad` is not
#   `None`.
# - The global norm is the root of the sum of the squares of all entries of the gradients that take
#   part. If none takes part, it is 0.0.
# - If the norm is above `max_norm`, all gradients that take part are scaled by `max_norm / norm`.
#   A norm at or below it changes nothing.
# - Each parameter that takes part becomes, in place, itself minus `learning_rate` times its
#   (scaled) gradient. All others keep their values, even if a gradient is left over in them.
#
# What is in `.grad` afterwards does not matter. The first tests cell (2 points) is about who takes
# part, with a limit that is never reached, the second (1 point) about clipping.

# %% [markdown] exercise="frozen-and-missing" role="hint"
# <details><summary>Hint 1</summary>
#
# Decide first, in one list, who takes part; everything else works on that list. The sum of squares
# runs over all of them before anything is updated.
#
# </details>

# %% [markdown] exercise="frozen-and-missing" role="hint"
# <details><summary>Hint 2</summary>
#
# `active = [p for p in parameters if p.requires_grad and p.grad is not None]`; the norm is
# `sum((p.grad**2).sum().item() for p in active) ** 0.5`; the factor is `max_norm / norm` if the
# norm is above the limit, else 1. Update with `p -= learning_rate * factor * p.grad` under
# `torch.no_grad()`.
#
# </details>

# %% exercise="frozen-and-missing" role="solution"
def clipped_step(
    parameters: Iterable[nn.Parameter], learning_rate: float, max_norm: float
) -> float:
    """Update in place all parameters that take part; their global norm before clipping."""
    # BEGIN SOLUTION
    active = [p for p in parameters if p.requires_grad and p.grad is not None]
    norm = sum((p.grad**2).sum().item() for p in active) ** 0.5
    factor = max_norm / norm if norm > max_norm else 1.0
    with torch.no_grad():
        for p in active:
            p -= learning_rate * factor * p.grad
    return norm
    # END SOLUTION


# %% exercise="frozen-and-missing" role="tests" points=2
# Exercise 13.6, tests 1 of 2: who takes part. Letters: n normal, f frozen with a gradient left
# over, m without a gradient, b both frozen and without, z with a gradient of zeros.
def check_part(pattern, rate):
    rng = np.random.default_rng(len(pattern))
    values = [rng.normal(size=(2, i + 1)).astype("float32") for i in range(len(pattern))]
    slopes = [rng.normal(size=v.shape) * (kind != "z") for v, kind in zip(values, pattern)]
    parameters = [nn.Parameter(torch.tensor(v)) for v in values]
    for p, slope, kind in zip(parameters, slopes, pattern):
        p.grad = None if kind in "mb" else torch.from_numpy(slope).float()
        p.requires_grad_(kind not in "fb")
    called = f"clipped_step(parameters, {rate}, max_norm=1000.0), parameters {pattern!r}"
    try:
        norm = clipped_step((p for p in parameters), rate, 1000.0)
    except NotImplementedError:
        raise
    except Exception as error:
        cause = "a gradient may be None, and a parameter frozen; leave those out"
        if not set(pattern) & set("nz"):
            cause = "nothing takes part here, and the norm is 0.0"
        elif not set(pattern) & set("fmb"):
            cause = "update under no_grad, and mind a norm of zero"
        raise AssertionError(f"{called}, raised {type(error).__name__} ({str(error)[:80]}): "
                             f"{cause}.") from None
    assert type(norm) is float, f"{called}, gave {type(norm).__name__}, wanted a Python float."
    for p, old, slope, kind in zip(parameters, values, slopes, pattern):
        wanted = old - rate * slope if kind in "nz" else old
        got = p.detach().numpy()
        cause = {"f": "it is frozen, and the gradient left over in it does not count",
                 "z": "a gradient of zeros moves nothing, and makes no NaN",
                 "n": "wanted is learning_rate times gradient less"}.get(kind, "it has no gradient")
        if kind == "n" and np.array_equal(got, old):
            cause = "nothing was updated; a generator can be gone through only once"
        assert np.allclose(got, wanted, rtol=1e-4, atol=1e-5), (
            f"{called}, made {got.ravel()[:2].round(3)} of a parameter {kind!r} that began "
            f"{old.ravel()[:2].round(3)}, wanted {wanted.ravel()[:2].round(3)}: {cause}.")
    active = [s for s, kind in zip(slopes, pattern) if kind in "nz"]
    wanted = np.sqrt(sum((s**2).sum() for s in active))
    stale = np.sqrt(sum((s**2).sum() for s, kind in zip(slopes, pattern) if kind in "nzf"))
    cause = "gradients of frozen parameters do not count" if np.isclose(norm, stale) else (
        "the root of the sum of all squares, over the gradients that take part")
    assert np.isclose(norm, wanted, rtol=1e-4, atol=1e-6), (
        f"{called}, gave the norm {norm:.4f}, wanted {wanted:.4f}: {cause}.")


for case in [("nmn", 0.5), ("nfn", 0.5), ("nn", 0.1)]:
    check_part(*case)
# BEGIN HIDDEN TESTS
for case in [("mfbn", 0.2), ("mb", 0.3), ("z", 0.3), ("fzmn", 1.0), ("", 0.1)]:
    check_part(*case)
# END HIDDEN TESTS

# %% exercise="frozen-and-missing" role="tests" points=1
# Exercise 13.6, tests 2 of 2: clipping, and the norm that it goes by.
def check_clip(slopes, frozen, rate, max_norm):
    parameters = [nn.Parameter(torch.ones(len(s))) for s in slopes]
    for p, slope in zip(parameters, slopes):
        p.grad = torch.tensor(slope)
    extra = [nn.Parameter(torch.ones(1)), nn.Parameter(torch.ones(1))]
    extra[1].grad = torch.tensor([frozen])
    extra[1].requires_grad_(False)
    called = f"clipped_step(parameters, {rate}, {max_norm}) with gradients {slopes}"
    try:
        norm = clipped_step([extra[0], *parameters, extra[1]], rate, max_norm)
    except (TypeError, AttributeError) as error:
        raise AssertionError(f"{called}, one of them missing, raised {type(error).__name__} "
                             f"({error}); get the first tests cell to pass first.") from None
    assert type(norm) is float, f"{called}, gave {type(norm).__name__}, wanted a Python float."
    total = float(np.sqrt(sum(g * g for s in slopes for g in s)))
    stale = float(np.sqrt(total**2 + frozen**2))
    got = np.concatenate([(1 - p.detach().numpy()) / rate for p in parameters])
    vectors = [np.array(s) for s in slopes]

    def scaled(length):
        return np.concatenate(vectors) * (max_norm / length)

    factor = min(1.0, max_norm / total)
    wanted = np.concatenate(vectors) * factor
    likely = [("nothing was clipped", np.concatenate(vectors)),
              ("each gradient was clipped for itself; there is one norm over all", np.concatenate(
                  [v * min(1.0, max_norm / np.sqrt(v @ v)) for v in vectors])),
              ("each entry was clipped for itself", np.clip(
                  np.concatenate(vectors), -max_norm, max_norm)),
              ("the gradient of a frozen parameter is in the norm", scaled(max(stale, max_norm))),
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
# - A step is: predict, compare, differentiate, update. In PyTorch gradients add up in `.grad`, so a
#   step clears them first; no wrong order raises.
# - A column of predictions against a row of targets gives a square, and a model that predicts the
#   mean.
# - The optimizer is made once: its memory, such as momentum, is part of the training.
# - A penalty is part of what is differentiated and not of the error that is reported;
#   `weight_decay` reaches the biases too, unless a group leaves them out.
# - Weigh batch means by batch size; leave out empty batches; a generator lasts one epoch.
# - `eval()` and `no_grad` are two switches. `train()` sets the flag of every block, those too that
#   were to stay frozen.
# - `fit` is this loop and nothing else: all roads reach the same weights.
# - Groups of parameters must be disjoint, and identity decides who belongs where.
# - `None` is not zero; a frozen parameter with a gradient left over still moves.

# %% [markdown]
# ## Where to read on
#
# - [`torch.optim`](https://docs.pytorch.org/docs/stable/optim.html), the reference: optimizers,
#   parameter groups, schedulers.
# - [Optimizing model parameters](https://docs.pytorch.org/tutorials/beginner/basics/optimization_tutorial.html),
#   PyTorch's own tutorial of the loop.
# - [Training and evaluation with the built-in methods](https://keras.io/guides/training_with_built_in_methods/),
#   the same ground in Keras.
# - [Autograd mechanics](https://docs.pytorch.org/docs/stable/notes/autograd.html), with a section
#   on `no_grad` and evaluation mode.
# - A. Géron, *Hands-On Machine Learning*, chapter 12, "Custom Models and Training with TensorFlow".
# - F. Chollet, *Deep Learning with Python*, chapter 3.
#
# Next: lesson 14 turns functions such as a training step into graphs, and asks when that pays.
