# %% [markdown]
# # Custom metrics
#
# A loss is written for the optimizer, a *metric* for people: the share of alarms that were real,
# the largest error of the night, how often the right answer was among the first five. A data set
# comes in batches, so a metric is computed from many pieces that are never all there at once. That
# is where metrics go wrong, and they go wrong quietly: the number that is reported is a plausible
# one. In this lesson you write metrics whose value does not depend on how the data were cut.
#
# **Afterwards you can**
#
# - say what a metric is allowed that a loss is not, and the other way round;
# - tell when the mean of per-batch values is wrong, and keep the sums that make it right;
# - write a metric with `update`, `compute` and `reset`, for batches of any size, weighted or not;
# - say what a metric gives before it has seen anything, and after a reset;
# - keep a metric from holding on to the graph, or to anything else that grows;
# - count top-k hits straight from logits.
#
# **Time**: about 55 minutes. **You need**: the lessons up to 11 (custom losses).
#
# **How to work.** Where you read *Predict*, stop and write your answer down before you run the cell
# below it; a wrong prediction is where the learning happens. In an exercise, fill in the solution
# cell, run it, then run the tests cells under it: a failed test says what was called, what came
# back, what was wanted and the likely cause. When you hand in, the same rules are also checked on
# other inputs. **Validate** in JupyterLab runs the notebook from top to bottom, as the grader will.
# *Run All Cells* stops at the first tests cell that fails, so take an exercise cell by cell.

# %% role="setup"
import gc
import math
import warnings
import weakref

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

# %% [markdown]
# ## A loss trains, a metric reports
#
# Take six examples with one feature each, and a classifier with one number to choose: it calls an
# example positive with probability $\mathrm{sigmoid}(x + b)$. For each $b$ we compute two values
# over the six examples: the cross-entropy, and the *accuracy*, the share of examples that are on
# the right side of 0.5.
#
# **Predict**: what do the two curves look like, as functions of $b$? Where is the slope of the
# accuracy?

# %%
feature = torch.tensor([-2.5, -1.2, -0.3, 0.4, 1.1, 2.4])
label = torch.tensor([0.0, 0.0, 1.0, 0.0, 1.0, 1.0])
bias_grid = torch.linspace(-4, 4, 801)
probability = torch.sigmoid(feature + bias_grid[:, None])
accuracy_curve = ((probability > 0.5) == (label > 0.5)).double().mean(dim=1)
loss_curve = F.binary_cross_entropy(
    probability, label.expand_as(probability), reduction="none"
).mean(dim=1)

fig, axes = plt.subplots(1, 2, figsize=(9, 3), layout="constrained")
axes[0].plot(bias_grid, loss_curve, linewidth=2)
axes[0].set(title="loss: cross-entropy", xlabel="b", ylim=(0, None))
axes[1].plot(bias_grid, accuracy_curve, linewidth=2, color="C1")
axes[1].set(title="metric: accuracy", xlabel="b", ylim=(0, 1.05))
plt.show()

# %% [markdown]
# The loss has a slope nearly everywhere, and going down it leads to the lowest loss. The accuracy
# is a staircase: flat, with a jump where an example changes sides. The two do not even agree on the
# best $b$: where the loss is lowest, near 0, the accuracy is 0.67, and there are stairs of 0.83 on
# both sides.
#
# No optimizer can walk down a staircase by its slope, and autograd does not even try. A comparison
# gives booleans, and through those there is no gradient.
#
# **Predict** what this cell does.

# %% tags=["raises-exception"]
b = torch.tensor(0.2, requires_grad=True)
accuracy = ((torch.sigmoid(feature + b) > 0.5) == (label > 0.5)).float().mean()
accuracy.backward()

# %% [markdown]
# So the two have different duties:
#
# | | loss | metric |
# |---|---|---|
# | is read by | the optimizer | people, and rules such as "stop when it gets worse" |
# | needs a gradient | yes | no, and should not carry one along |
# | is computed on | one batch, then thrown away | all batches since the last reset |
# | may be | anything smooth, in any unit | anything at all, best in a unit that people know |
#
# A loss can also serve as a metric, as the mean over an epoch. Few metrics can serve as a loss.
#
# PyTorch brings many losses along, and optimizers for them.
#
# **Predict**: how many metrics?

# %% listing="S2-11"
losses = [name for name in dir(nn) if name.endswith("Loss")]
print("losses:    ", len(losses), "such as", losses[1:3])
optimizers = [name for name in dir(torch.optim) if name[0].isupper() and name != "Optimizer"]
print("optimizers:", len(optimizers), "such as", optimizers[2:5])
print("metrics:   ", [name for name in dir(torch) + dir(nn) if "metrics" in name.lower()])

# %% [markdown]
# None. (Keras has several dozen. For PyTorch there are separate packages.) You write your own, and
# that is a class of ten lines once you know what has to be in it.
#
# ## A value over many batches
#
# You have met means over uneven batches in lessons 02 and 08; for metrics they are the heart of the
# matter. Nine errors of a regression come in three batches: four, four, and the one that is left
# over.
#
# **Predict**: the mean of the nine errors, and the mean of the three batch means.

# %%
errors = torch.tensor([1.0, 1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 2.0, 9.0])
batch_means = torch.stack([batch.mean() for batch in errors.split(4)])
print("batch means:        ", batch_means.tolist())
print("mean of batch means:", round(batch_means.mean().item(), 2))
print("mean of all errors: ", round(errors.mean().item(), 2))

# %% [markdown]
# In the mean of means, the one error in the last batch counts as much as four others together.
#
# **Predict** the mean of means for batches of 7 and 2, and for three batches of 3.

# %%
for size in (7, 3, 1):
    means = [batch.mean().item() for batch in errors.split(size)]
    print(f"batches of {size}: mean of means {sum(means) / len(means):.2f}")

# %% [markdown]
# Batches of equal size give the mean of the errors, others do so by luck. A number that depends on
# how the data were cut says something about the cut, and nothing about your model.
#
# The remedy is to carry sums and divide once: the sum of the errors and their number. Here is a
# longer stream, with batches of many sizes. Each grey bar is a batch; its width is the number of
# examples, its height the mean error.
#
# **Predict**: which line ends at the mean over all the examples, the dotted one?

# %%
rng = np.random.default_rng(12)
sizes = [40, 10, 35, 5, 30, 5, 25, 5, 40, 5]
stream = [rng.gamma(2.0, 1.0 if size > 10 else 3.0, size) for size in sizes]
seen = np.cumsum(sizes)
means = np.array([batch.mean() for batch in stream])
running = np.cumsum([batch.sum() for batch in stream]) / seen
mean_of_means = np.cumsum(means) / np.arange(1, len(means) + 1)

fig, axis = plt.subplots(figsize=(9, 3.4), layout="constrained")
axis.bar(seen - sizes, means, width=sizes, align="edge", color="0.88", edgecolor="0.7")
axis.plot(seen, mean_of_means, "s--", color="C3", label="mean of the batch means so far")
axis.plot(seen, running, "o-", color="C0", label="sum of errors / number of examples")
axis.axhline(np.concatenate(stream).mean(), color="0.3", linestyle=":", label="all at once")
axis.set(xlabel="examples seen", ylabel="mean error", xlim=(0, seen[-1] + 2), ylim=(0, 9))
axis.legend(loc="upper center", ncols=3)
plt.show()
print("all at once:  ", np.concatenate(stream).mean().round(2))
print("sum / number: ", running[-1].round(2))
print("mean of means:", mean_of_means[-1].round(2))

# %% [markdown]
# The small batches hold the hard examples here, so the mean of means is far too high. With easy
# examples in the small batches it would be too low.
#
# Equal batches are no way out, because many metrics are no mean over examples. *Precision* is the
# share of the examples called positive that really are: true positives over all positive calls. Two
# batches of a detector, eight examples and six:
#
# **Predict**: the precision of each batch, their mean, and the precision over all the examples.

# %% listing="S1-19"
monday = (
    torch.tensor([0.9, 0.8, 0.7, 0.6, 0.9, 0.2, 0.4, 0.1]),
    torch.tensor([1, 1, 0, 1, 1, 1, 0, 0]),
)
tuesday = (
    torch.tensor([0.6, 0.3, 0.8, 0.7, 0.2, 0.4]),
    torch.tensor([0, 1, 0, 0, 1, 0]),
)


def called_and_real(probabilities, labels):
    called = probabilities > 0.5
    return int(called.sum()), int((called & (labels == 1)).sum())


for day, data in (("monday", monday), ("tuesday", tuesday)):
    called, real = called_and_real(*data)
    print(f"{day:8} {real} of {called} calls were real: precision {real / called}")
called, real = called_and_real(*[torch.cat(parts) for parts in zip(monday, tuesday)])
print(f"both     {real} of {called} calls were real: precision {real / called}")

# %% [markdown]
# After Monday the precision stands at 0.8, after Tuesday at 0.5; the mean of 0.8 and 0.0 is 0.4,
# the precision of no set of calls. Had Tuesday's detector stayed silent, its own precision would be
# 0/0, and a mean of batches would have nothing to average. What can be added over batches are the
# *counts*. The same holds for a root mean squared error (carry the sum of squares, take the root at
# the end) and for the $R^2$ of a regression.
#
# ## State: update, compute, reset
#
# A metric that works on a stream is an object with a small *state* and three methods:
#
# ```mermaid
# flowchart LR
#     new(["new object"]) --> state
#     batch(["batch"]) -- update --> state[("state: sums and counts")]
#     state -- compute --> value(["value so far"])
#     reset(["next epoch"]) -- reset --> state
# ```
#
# - `update` takes a batch and adds to the state. It returns nothing.
# - `compute` makes the value out of the state. It changes nothing, so it can be called after every
#   batch, or once, or twice.
# - `reset` puts the state back to where it was in the beginning.
#
# Most packages of metrics use these names. The constructor calls `reset`, so that what the state
# starts from is written in one place.

# %%
class Accuracy:
    """Share of the examples whose probability is on the right side of 0.5."""

    def __init__(self):
        self.reset()

    def reset(self):
        self.right = 0
        self.count = 0

    def update(self, probabilities, labels):
        self.right += int(((probabilities > 0.5) == (labels == 1)).sum())
        self.count += labels.numel()

    def compute(self):
        return self.right / self.count


# %% [markdown]
# **Predict** the three accuracies, and the state at the end.

# %% listing="S1-20"
accuracy = Accuracy()
for day in (monday, tuesday):
    accuracy.update(*day)
    print("so far:", round(accuracy.compute(), 4))
print("state: ", vars(accuracy))
accuracy.reset()
print("reset: ", vars(accuracy))
accuracy.update(*tuesday)
print("tuesday alone:", round(accuracy.compute(), 4))

# %% [markdown]
# One question is open: what is the accuracy of a metric that has seen nothing?

# %% tags=["raises-exception"]
Accuracy().compute()

# %% [markdown]
# An exception is one possible answer, but a harsh one: a progress display that asks too early, or a
# filter that leaves an empty batch, would end an evaluation of three hours. With tensors the same
# division gives NaN, and one NaN in a sum of values makes the sum NaN.
#
# **Predict** the three results.

# %%
print("0/0 of tensors:  ", (torch.tensor(0) / torch.tensor(0)).item())
print("mean of nothing: ", torch.tensor([]).mean().item())
print("0 and then NaN:  ", (torch.tensor(0.0) + torch.tensor([]).mean()).item())

# %% [markdown]
# Neither answer is right by nature. Choose one, write it down, and test it. In this lesson a ratio
# without a denominator is 0, as it is in Keras. Test the denominator for that. The widespread trick
# of adding a small number to it changes every other value as well.

# %% [markdown] exercise="streaming-precision" role="task"
# ## Exercise 12.1: precision over a stream
#
# *3 points*
#
# Write the metric `StreamingPrecision(threshold=0.5)`.
#
# - `update(probabilities, labels)` takes float32 probabilities of shape `(n,)` and int64 labels (0
#   or 1) of shape `(n,)`, for any `n`, 0 included. A probability *greater than* the threshold is a
#   positive call; one that equals it is none.
# - `compute()` returns the true positives divided by the positive calls, over all batches since the
#   object was made or reset, as a float32 tensor of shape `()`. Without any positive call it
#   returns 0. It changes nothing: asked twice, it answers twice the same.
# - `reset()` forgets all batches. The threshold stays.
# - Every object has a threshold and counts of its own.
#
# The three tests cells (1 point each) stream batches, look at streams without positive calls, and
# at `reset` and objects beside each other.

# %% [markdown] exercise="streaming-precision" role="hint"
# <details><summary>Hint 1</summary>
#
# The state is two counts. Which two, so that the precision over everything is one divided by the
# other? Neither of them is a precision.
#
# </details>

# %% [markdown] exercise="streaming-precision" role="hint"
# <details><summary>Hint 2</summary>
#
# `called = probabilities > self.threshold` is a boolean tensor; `called & (labels == 1)` marks the
# true positives; `int(mask.sum())` counts a mask. In `compute`, look at the number of calls before
# you divide, and wrap the result: `torch.tensor(value, dtype=torch.float32)`.
#
# </details>

# %% exercise="streaming-precision" role="solution" listing="S1-19"
class StreamingPrecision:
    """True positives over positive calls; batches of probabilities (n,) and labels (n,)."""

    def __init__(self, threshold: float = 0.5) -> None:
        # BEGIN SOLUTION
        self.threshold = threshold
        self.reset()
        # END SOLUTION

    def reset(self) -> None:
        # BEGIN SOLUTION
        self.true_positives = 0
        self.calls = 0
        # END SOLUTION

    def update(self, probabilities: torch.Tensor, labels: torch.Tensor) -> None:
        # BEGIN SOLUTION
        called = probabilities > self.threshold
        self.true_positives += int((called & (labels == 1)).sum())
        self.calls += int(called.sum())
        # END SOLUTION

    def compute(self) -> torch.Tensor:
        # BEGIN SOLUTION
        value = self.true_positives / self.calls if self.calls else 0.0
        return torch.tensor(value, dtype=torch.float32)
        # END SOLUTION


# %% exercise="streaming-precision" role="tests" points=1
# Exercise 12.1, tests 1 of 3: precision over a stream of batches.
def check_stream(threshold, batches):
    metric, past, ratios = StreamingPrecision(threshold), np.zeros((0, 2)), []
    for number, (p, y) in enumerate(batches, 1):
        metric.update(torch.tensor(p, dtype=torch.float32), torch.tensor(y, dtype=torch.int64))
        value = metric.compute()
        called = f"StreamingPrecision({threshold}).compute() after batch {number} of {len(batches)}"
        assert type(value) is torch.Tensor, (
            f"{called} gave {type(value).__name__}, wanted a torch.Tensor.")
        assert tuple(value.shape) == (), (
            f"{called} gave a tensor of shape {tuple(value.shape)}, wanted ().")
        assert value.dtype == torch.float32, f"{called} gave {value.dtype}, wanted torch.float32."

        past = np.concatenate([past, np.array([p, y]).T])
        p_all, y_all = past[:, 0], past[:, 1] == 1

        def precision(p, y, calls=lambda p: p > threshold):
            return (calls(p) & y).sum() / max(calls(p).sum(), 1)

        mine = precision(np.array(p), np.array(y) == 1)
        ratios.append(mine)
        wanted, got = precision(p_all, y_all), value.item()
        likely = {
            "that is the mean of the batches' precisions; carry the two counts": np.mean(ratios),
            "that is the precision of the last batch alone; add to the state": mine,
            "that is recall; divide by the positive calls, not by the positive labels":
                ((p_all > threshold) & y_all).sum() / max(y_all.sum(), 1),
            "that is the accuracy; negatives do not count": ((p_all > threshold) == y_all).mean(),
            "the threshold was ignored": precision(p_all, y_all, lambda p: p > 0.5),
            "a probability equal to the threshold is no positive call":
                precision(p_all, y_all, lambda p: p >= threshold),
        }
        cause = next((c for c, v in likely.items() if abs(v - got) < 1e-5),
                     "count true positives and positive calls over all the batches")
        assert abs(got - wanted) < 1e-5, f"{called} gave {got:.4f}, wanted {wanted:.4f}: {cause}."


two_days = [([0.9, 0.8, 0.7, 0.6, 0.9, 0.2, 0.4, 0.1], [1, 1, 0, 1, 1, 1, 0, 0]),
            ([0.6, 0.3, 0.8, 0.7, 0.2, 0.4], [0, 1, 0, 0, 1, 0])]
high = [([0.8, 0.75, 0.6, 0.3, 0.2], [1, 0, 1, 1, 1]), ([0.9], [0])]
for threshold, batches in [(0.5, two_days), (0.75, high)]:
    check_stream(threshold, batches)
# BEGIN HIDDEN TESTS
for threshold, batches in [
    (0.25, [([0.3], [0]), ([0.25, 0.5, 0.9, 0.1], [1, 1, 1, 1]), ([0.2, 0.3], [1, 0])]),
    (0.0, [([0.0, 0.0, 1.0, 0.5], [0, 0, 1, 0]), ([1.0, 0.1], [0, 1])]),
    (0.5, [([0.6, 0.7, 0.8, 0.2, 0.9], [1, 1, 0, 1, 1]), ([0.1, 0.5], [0, 1]), ([0.7], [0])]),
    (0.5, [([0.6, 0.7], [1, 0]), ([], []), ([0.8], [1])]),
]:
    check_stream(threshold, batches)
# END HIDDEN TESTS

# %% exercise="streaming-precision" role="tests" points=1
# Exercise 12.1, tests 2 of 3: no positive calls, and the same question twice.
def check_nothing(p, y):
    metric = StreamingPrecision()

    def read(when):
        try:
            value, again = metric.compute(), metric.compute()
        except ZeroDivisionError:
            raise AssertionError(f"compute() {when} divided by zero, wanted 0: without positive "
                                 "calls there is nothing to divide by.") from None
        assert type(value) is torch.Tensor and tuple(value.shape) == (), (
            f"compute() {when} gave {value!r:.60}, wanted a torch.Tensor of shape ().")
        assert value.dtype == torch.float32, (
            f"compute() {when} gave a tensor of {value.dtype}, wanted torch.float32.")
        assert math.isnan(value.item()) or value.item() == again.item(), (
            f"compute() {when} gave {value.item():.4f}, and {again.item():.4f} when asked again: "
            "compute must not change the state.")
        return value.item()

    def wants_zero(when):
        got = read(when)
        assert got == 0, f"compute() {when} gave {got}, wanted 0" + (
            ": that is 0/0; test the number of calls first." if math.isnan(got) else ".")

    wants_zero("before the first batch")
    metric.update(torch.zeros(0), torch.zeros(0, dtype=torch.int64))
    wants_zero("after an empty batch")
    metric.update(torch.full((3,), 0.2), torch.tensor([1, 0, 1]))
    wants_zero("after a batch without positive calls")
    metric.update(torch.tensor(p), torch.tensor(y))
    got, wanted = read("after a batch with calls"), np.mean(np.array(y)[np.array(p) > 0.5])
    assert abs(got - wanted) < 1e-5, (
        f"compute() after an empty batch, a batch without calls, and probabilities {p} with labels "
        f"{y} gave {got:.4f}, wanted {wanted:.4f}: the batches without calls change nothing.")


for p, y in [([0.9, 0.7, 0.6], [1, 1, 0])]:
    check_nothing(p, y)
# BEGIN HIDDEN TESTS
for p, y in [([0.9], [0]), ([0.6, 0.1, 0.7, 0.8, 0.9], [1, 1, 1, 0, 1])]:
    check_nothing(p, y)
# END HIDDEN TESTS

# %% exercise="streaming-precision" role="tests" points=1
# Exercise 12.1, tests 3 of 3: reset, and objects beside each other.
def check_reset(p, y):
    def wants(metric, wanted, when, cause):
        value = metric.compute()
        assert type(value) is torch.Tensor and tuple(value.shape) == (), (
            f"compute() {when} gave {value!r:.60}, wanted a torch.Tensor of shape ().")
        assert abs(value.item() - wanted) < 1e-5, (
            f"compute() {when} gave {value.item():.4f}, wanted {wanted:.4f}: {cause}.")

    metric, other = StreamingPrecision(), StreamingPrecision(0.0)
    hits = np.array(y)[np.array(p) > 0.5]
    metric.update(torch.tensor(p), torch.tensor(y))
    wants(metric, hits.mean(), f"after probabilities {p} and labels {y}, beside a "
          "StreamingPrecision(0.0),", "the threshold is that of another object, or the first tests "
          "cell does not pass yet")
    other.update(torch.full((4,), 0.1), torch.tensor([0, 0, 0, 1]))
    wants(metric, hits.mean(), "once more, after an update of the other object,", "the two share "
          "their counts, or compute changes them; keep them in self, and let compute only read")
    metric.update(torch.full(hits.shape, 0.9), torch.zeros(hits.shape, dtype=torch.int64))
    wants(metric, hits.mean() / 2, "after as many calls again, all of them wrong,",
          "add to the counts")
    metric.reset()
    wants(metric, 0, "after reset()", "something was left from before")
    wants(other, 0.25, "of the other object after a reset of this one", "the two share their state")
    metric.update(torch.tensor([0.9, 0.8]), torch.tensor([1, 0]))
    wants(metric, 0.5, "after reset() and a batch with 1 of 2 calls right",
          "reset must put back every part of the state")
    metric = StreamingPrecision(0.85)
    metric.reset()
    metric.update(torch.tensor([0.9, 0.8]), torch.tensor([1, 0]))
    wants(metric, 1, "of StreamingPrecision(0.85) after reset() and probabilities 0.9 and 0.8, "
          "labels 1 and 0", "reset must leave the threshold")


for p, y in [([0.9, 0.7, 0.6, 0.2], [1, 1, 0, 0])]:
    check_reset(p, y)
# BEGIN HIDDEN TESTS
for p, y in [([0.9], [0]), ([0.6, 0.1, 0.7, 0.8, 0.9], [1, 1, 1, 0, 1])]:
    check_reset(p, y)
# END HIDDEN TESTS

# %% [markdown]
# ## From functions to metrics
#
# Many metrics are the mean of something that a function computes per example, such as the loss
# functions of lesson 11. One class serves them all: it takes the function.

# %% listing="S1-18"
class MeanOf:
    """Mean over all examples of function(predictions, targets), which gives a value for each."""

    def __init__(self, function):
        self.function = function
        self.reset()

    def reset(self):
        self.total = 0.0
        self.count = 0

    def update(self, predictions, targets):
        values = self.function(predictions, targets)
        self.total += values.sum().item()
        self.count += values.numel()

    def compute(self):
        return self.total / self.count if self.count else 0.0


def huber_each(predictions, targets):
    return F.huber_loss(predictions, targets, reduction="none")


def huber_mean(predictions, targets):
    return F.huber_loss(predictions, targets)  # reduces to the mean


# %% [markdown]
# `huber_mean` is the same loss with its default reduction, the mean over the batch.
#
# **Predict**: which of the two metrics gives the mean over all nine examples?

# %%
predictions = torch.zeros(9)
per_example, per_batch = MeanOf(huber_each), MeanOf(huber_mean)
for p, t in zip(predictions.split(4), errors.split(4)):
    per_example.update(p, t)
    per_batch.update(p, t)
print("per example:", round(per_example.compute(), 4))
print("per batch:  ", round(per_batch.compute(), 4))
print("all at once:", round(huber_mean(predictions, errors).item(), 4))

# %% [markdown]
# A function that has already averaged makes a mean of means out of every metric around it. A metric
# wants values per example, which is why the losses of lesson 11 were written that way.
#
# ### Weights
#
# If some examples count more than others, the mean becomes $\sum_i w_i v_i / \sum_i w_i$: both sums
# are carried, and the second one has replaced the count. Three errors, the last with weight 2.
#
# **Predict**: which of the three results are 2 when all three errors are 2?

# %%
weights = torch.tensor([1.0, 1.0, 2.0])
for values in (torch.tensor([2.0, 2.0, 2.0]), torch.tensor([1.0, 1.0, 4.0])):
    weighted = (weights * values).sum()
    print(values.tolist(), end="  ")
    print("sum of weights:", round((weighted / weights.sum()).item(), 2), end="   ")
    print("examples:", round((weighted / 3).item(), 2), end="   ")
    print("unweighted:", round(values.mean().item(), 2))

# %% [markdown]
# Dividing by the number of examples is what many losses do, and for a loss it does no harm: a
# factor in the loss is a factor in the step size. A metric has a unit. A mean of 2, 2 and 2 that
# is 2.67 is wrong, whatever the weights.
#
# ### Then and now: a metric class that listened to half of its arguments
#
# A book shows a Huber metric as a class for Keras. Carried over to PyTorch, it looks like this. It
# takes weights because every metric of Keras has to.
#
# **Predict** the three numbers.

# %% listing="S1-21"
class BookHuber:
    def __init__(self):
        self.total, self.count = torch.tensor(0.0), torch.tensor(0.0)

    def reset(self):
        self.total.zero_()
        self.count.zero_()

    def update(self, predictions, targets, weights=None):
        values = huber_each(predictions, targets)
        self.total += values.sum()
        self.count += values.numel()

    def compute(self):
        return self.total / self.count


book = BookHuber()
book.update(torch.zeros(3), torch.tensor([1.0, 1.0, 4.0]))
print("no weights:      ", round(book.compute().item(), 4))
book.reset()
print("after a reset:   ", book.compute().item())
book.update(torch.zeros(3), torch.tensor([1.0, 1.0, 4.0]), weights=torch.tensor([1.0, 1.0, 0.0]))
print("weights 1, 1, 0: ", round(book.compute().item(), 4))

# %% [markdown]
# Someone gave a weight of zero to an outlier, and the metric counted it in full. An argument that
# is accepted and ignored is worse than one that is missing. And after `reset` there is 0/0. Today's
# form is in the next exercise.
#
# ### Shapes that fit by accident
#
# Broadcasting is most dangerous in metrics, because nothing fails. The last layer of a network for
# one number gives shape `(n, 1)`; labels usually have shape `(n,)`.
#
# **Predict**: three examples, all called right. What does the accuracy say?

# %%
column = torch.tensor([[0.9], [0.2], [0.8]])
labels = torch.tensor([1, 0, 1])
accuracy = Accuracy()
accuracy.update(column, labels)
print("shape of the comparison:", tuple(((column > 0.5) == (labels == 1)).shape))
print("accuracy:", round(accuracy.compute(), 2))

# %% [markdown]
# Each of the three was compared with all three labels, five of the nine pairs agree, and the
# accuracy is 167 per cent. Had we divided by the nine, it would be a believable 56 per cent. So a
# metric checks the shapes *before it changes its state*, and raises an error that shows both.
#
# The caller drops the axis with `column.squeeze(1)`. As in lesson 11, name the axis: a bare
# `squeeze()` also drops the batch when the last batch holds one example.
#
# And a note on dtypes. Counts that start as an integer tensor cannot take up a fraction in place;
# Python's numbers can.

# %% tags=["raises-exception"]
total = torch.tensor(0)
total += torch.tensor(0.5)

# %% [markdown] exercise="huber-metric" role="task"
# ## Exercise 12.2: a weighted Huber metric
#
# *4 points*
#
# Write the metric `HuberMetric(threshold=1.0)`. The Huber value of an error $e$ with threshold $t$
# is $e^2/2$ where $|e| \le t$, and $t\,(|e| - t/2)$ elsewhere (lesson 11).
#
# - `update(predictions, targets, weights=None)` takes float32 tensors of shape `(n,)`, for any
#   `n`, 0 included. `weights` are float32, shape `(n,)`, 0 or more; without them each example
#   weighs 1.
# - `compute()` returns $\sum_i w_i h_i / \sum_i w_i$ over all the examples since the object was
#   made or reset, as a float32 tensor of shape `()`; 0 if the weights add up to 0.
# - `reset()` forgets all batches. The threshold stays.
# - Every object has a threshold and sums of its own.
# - `update` raises a `ValueError` if the shapes of predictions, targets and weights (where given)
#   are not all the same, and the state is then as it was before.
#
# The four tests cells (1 point each) stream uneven batches, weigh them, try what must not get into
# the sums (nothing at all, zero weights, other shapes), and look at `reset` and at objects beside
# each other.

# %% [markdown] exercise="huber-metric" role="hint"
# <details><summary>Hint 1</summary>
#
# Two sums are carried. Without weights, what are they? Write `update` so that the case without
# weights is the case with weights of 1.
#
# </details>

# %% [markdown] exercise="huber-metric" role="hint"
# <details><summary>Hint 2</summary>
#
# `F.huber_loss(predictions, targets, reduction="none", delta=self.threshold)` gives a value per
# example (or use `torch.where`). Compare the shapes first, and `raise ValueError(…)`. Then
# `weights = torch.ones_like(values)` if there are none, add `(weights * values).sum()` to one sum
# and `weights.sum()` to the other. In `compute`, test the second sum before you divide.
#
# </details>

# %% exercise="huber-metric" role="solution" listing="S1-21"
class HuberMetric:
    """Weighted mean of Huber values over batches of predictions and targets of shape (n,)."""

    def __init__(self, threshold: float = 1.0) -> None:
        # BEGIN SOLUTION
        self.threshold = threshold
        self.reset()
        # END SOLUTION

    def reset(self) -> None:
        # BEGIN SOLUTION
        self.total = 0.0
        self.weight = 0.0
        # END SOLUTION

    def update(
        self,
        predictions: torch.Tensor,
        targets: torch.Tensor,
        weights: torch.Tensor | None = None,
    ) -> None:
        # BEGIN SOLUTION
        if weights is None:
            weights = torch.ones_like(targets)
        shapes = [tuple(t.shape) for t in (predictions, targets, weights)]
        if len(set(shapes)) > 1:
            raise ValueError(f"predictions, targets and weights have shapes {shapes}")
        values = F.huber_loss(predictions, targets, reduction="none", delta=self.threshold)
        self.total += (weights * values).sum().item()
        self.weight += weights.sum().item()
        # END SOLUTION

    def compute(self) -> torch.Tensor:
        # BEGIN SOLUTION
        value = self.total / self.weight if self.weight else 0.0
        return torch.tensor(value, dtype=torch.float32)
        # END SOLUTION


# %% exercise="huber-metric" role="tests" points=1
# Exercise 12.2, tests 1 of 4: Huber values over uneven batches.
def check_huber(threshold, batches):
    metric, seen, means = HuberMetric(threshold), [], []
    for number, batch in enumerate(batches, 1):
        targets = torch.arange(len(batch), dtype=torch.float32)
        metric.update(targets + torch.tensor(batch), targets)
        value = metric.compute()
        called = f"HuberMetric({threshold}).compute() after batches of errors {batches[:number]}"
        assert type(value) is torch.Tensor, (
            f"{called} gave {type(value).__name__}, wanted a torch.Tensor.")
        assert tuple(value.shape) == () and value.dtype == torch.float32, (
            f"{called} gave shape {tuple(value.shape)} and {value.dtype}, wanted shape () and "
            "torch.float32: one value for all that was seen.")

        def huber(errors, t=threshold):
            e = np.abs(np.array(errors))
            return np.where(e <= t, e**2 / 2, t * (e - t / 2))

        seen += batch
        means.append(huber(batch).mean())
        e, got, wanted = np.abs(seen), value.item(), huber(seen).mean()
        likely = {
            "that is the mean of the batch means; carry the sum and the weight": np.mean(means),
            "that is the last batch alone; add to the state": means[-1],
            "the threshold was ignored and taken as 1": huber(seen, 1.0).mean(),
            "that is the sum; divide by the weights' sum": huber(seen).sum(),
            "the sum was divided by the number of batches": huber(seen).sum() / number,
            "the two branches of the Huber value are swapped":
                np.where(e > threshold, e**2 / 2, threshold * (e - threshold / 2)).mean(),
            "the straight part must be t * (|e| - t/2)":
                np.where(e <= threshold, e**2 / 2, threshold * e).mean(),
        }
        cause = next((c for c, v in likely.items() if abs(v - got) < 1e-4 * max(1, abs(v))),
                     "add up Huber values and weights over all batches, and "
                     "divide once")
        assert abs(got - wanted) < 1e-4 * max(1, wanted), (
            f"{called} gave {got:.4f}, wanted {wanted:.4f}: {cause}.")


for threshold, batches in [(1.0, [[0.5, -2.0, 1.0], [3.0]]),
                           (2.5, [[4.0], [-1.0, 2.0, -3.0, 0.0]])]:
    check_huber(threshold, batches)
# BEGIN HIDDEN TESTS
for threshold, batches in [
    (0.5, [[0.25, -4.0], [1.0, 1.0, 7.0], [-0.1]]),
    (3.0, [[2.0, -2.5, 9.0, 0.5, 1.5], [-3.0], [10.0, -10.0]]),
]:
    check_huber(threshold, batches)
# END HIDDEN TESTS

# %% exercise="huber-metric" role="tests" points=1
# Exercise 12.2, tests 2 of 4: weights.
def check_weights(batches, threshold=1.5):
    metric, errors, weights, means = HuberMetric(threshold), [], [], []
    for batch, w in batches:
        more = () if w is None else (torch.tensor(w),)
        metric.update(torch.tensor(batch), torch.zeros(len(batch)), *more)
        e, w = np.abs(batch), np.ones(len(batch)) if w is None else np.array(w)
        h = np.where(e <= threshold, e**2 / 2, threshold * (e - threshold / 2))
        errors, weights = np.append(errors, h), np.append(weights, w)
        means.append((w * h).sum() / w.sum())
    value = metric.compute()
    called = f"HuberMetric({threshold}).compute() after errors and weights {batches}"
    assert type(value) is torch.Tensor and tuple(value.shape) == (), (
        f"{called} gave {value!r:.60}, wanted a torch.Tensor of shape ().")
    assert value.dtype == torch.float32, f"{called} gave {value.dtype}, wanted torch.float32."
    got, wanted = value.item(), (weights * errors).sum() / weights.sum()
    likely = {
        "the weights were ignored": errors.mean(),
        "that divides by the number of examples; divide by the sum of the weights":
            (weights * errors).mean(),
        "that is the mean of the batches' weighted means; carry both sums": np.mean(means),
        "each batch's weighted mean was counted by its size; carry the sum of the weights":
            np.average(means, weights=[len(batch) for batch, w in batches]),
        "the weights were squared": (weights**2 * errors).sum() / weights.sum(),
    }
    cause = next((c for c, v in likely.items() if abs(v - got) < 1e-4),
                 "sum of weight times value, divided by the sum of the weights")
    assert abs(got - wanted) < 1e-4, f"{called} gave {got:.4f}, wanted {wanted:.4f}: {cause}."


for batches in [[([1.0, -4.0], [1.0, 3.0]), ([2.0, 0.5, -1.0], [0.5, 0.0, 0.25])]]:
    check_weights(batches)
# BEGIN HIDDEN TESTS
for batches in [[([3.0], [0.2]), ([0.5, -5.0, 1.0], [2.0, 0.0, 7.0])],
                [([-2.0, 1.0, 4.0], None), ([6.0, 0.0], [4.0, 1.0]), ([1.0], [0.125])],
                [([2.0, -1.0], [0.25, 0.125])]]:
    check_weights(batches)
# END HIDDEN TESTS

# %% exercise="huber-metric" role="tests" points=1
# Exercise 12.2, tests 3 of 4: what must not get into the sums.
def check_refused(shapes):
    metric = HuberMetric()

    def wants(wanted, when, cause):
        try:
            value = metric.compute()
        except ZeroDivisionError:
            raise AssertionError(f"compute() {when} divided by zero, wanted {wanted}.") from None
        assert type(value) is torch.Tensor and tuple(value.shape) == (), (
            f"compute() {when} gave {value!r:.60}, wanted a torch.Tensor of shape ().")
        got = value.item()
        assert abs(got - wanted) < 1e-5, (
            f"compute() {when} gave {got:.4f}, wanted {wanted}: "
            + ("that is 0/0; test the sum of the weights first." if math.isnan(got) else cause))

    wants(0, "before the first batch", "nothing was seen.")
    metric.update(torch.zeros(0), torch.zeros(0))
    wants(0, "after an empty batch", "nothing was seen.")
    metric.update(torch.ones(2), torch.zeros(2), torch.zeros(2))
    wants(0, "after two examples of weight 0", "their values must not count.")
    metric.update(torch.tensor([1.0, 3.0]), torch.zeros(2))
    wants(1.5, "after errors of weight 0 and errors 1 and 3", "weight 0 is no weight at all.")
    tensors = [torch.ones(shape) for shape in shapes]
    called = f"update() with predictions, targets and weights of shapes {shapes}"[:110]
    try:
        metric.update(*tensors)
    except ValueError:
        wants(1.5, f"after {called} had raised", "check the shapes before you change the state.")
    except Exception as error:
        raise AssertionError(f"{called} raised {type(error).__name__} ({str(error)[:80]}), wanted "
                             "a ValueError: compare the shapes yourself, first.") from None
    else:
        raise AssertionError(f"{called} was accepted, wanted a ValueError: broadcasting pairs "
                             "every prediction with every target.")


for shapes in [[(3, 1), (3,)], [(2,), (2,), (2, 1)]]:
    check_refused(shapes)
# BEGIN HIDDEN TESTS
for shapes in [[(4,), (4, 1)], [(1,), (4,)], [(3,), (3,), (1,)]]:
    check_refused(shapes)
# END HIDDEN TESTS

# %% exercise="huber-metric" role="tests" points=1
# Exercise 12.2, tests 4 of 4: reset, and objects beside each other.
def check_reset(threshold, error):
    """Errors above the threshold, in a metric with this threshold and in one with another."""
    metric, other = HuberMetric(threshold), HuberMetric(0.125)
    wanted = threshold * (error - threshold / 2)

    def wants(wanted, when, cause):
        value = metric.compute()
        assert type(value) is torch.Tensor and tuple(value.shape) == (), (
            f"compute() {when} gave {value!r:.60}, wanted a torch.Tensor of shape ().")
        assert abs(value.item() - wanted) < 1e-4, (
            f"compute() of HuberMetric({threshold}) {when} gave {value.item():.4f}, wanted "
            f"{wanted:.4f}: {cause}.")

    metric.update(torch.tensor([error]), torch.zeros(1))
    wants(wanted, f"after an error of {error}, beside a HuberMetric(0.125),", "the threshold is "
          "that of another object, or the first tests cell does not pass yet")
    other.update(torch.tensor([64.0]), torch.zeros(1))
    wants(wanted, "once more, after an update of the other object,", "the two share their sums; "
          "keep them in self")
    metric.update(torch.zeros(1), torch.zeros(1))
    wants(wanted / 2, f"after errors of {error} and 0, in two batches,", "add to both sums")
    metric.reset()
    wants(0, "after reset()", "something was left from before")
    metric.update(torch.tensor([0.0, error]), torch.zeros(2))
    wants(wanted / 2, f"after reset() and errors of 0 and {error}", "the threshold must stay, and "
          "both sums must start from 0")


for threshold, error in [(4.0, 6.0)]:
    check_reset(threshold, error)
# BEGIN HIDDEN TESTS
for threshold, error in [(0.5, 3.0), (2.0, 9.0)]:
    check_reset(threshold, error)
# END HIDDEN TESTS

# %% [markdown]
# ## Reset, and whose state it is
#
# A metric is made once and used for every epoch, so it is reset between epochs. When that is
# forgotten, nothing raises.
#
# **Predict**: a detector has 3 of 4 right in epoch 1, 4 of 4 in epoch 2. What is reported?

# %%
accuracy = Accuracy()
epoch_1 = torch.tensor([0.9, 0.8, 0.1, 0.6]), torch.tensor([1, 1, 0, 0])
epoch_2 = torch.tensor([0.9, 0.8, 0.1, 0.2]), torch.tensor([1, 1, 0, 0])
for number, data in enumerate((epoch_1, epoch_2), 1):
    accuracy.update(*data)
    print(f"epoch {number}: {accuracy.compute():.3f}")

# %% [markdown]
# The second epoch was perfect. What you see is the mean since the program began: a curve that is
# smoother than the truth and lags behind it.
#
# ### One state per object
#
# You want one accuracy for training and one for *validation*, for data that are not trained on.
# Here is a metric whose state is written where it looks tidy: at the top of the class.
#
# **Predict** what the second object says before it has seen anything.

# %%
class TidyMean:
    totals = {"sum": 0.0, "count": 0}

    def update(self, values):
        self.totals["sum"] += values.sum().item()
        self.totals["count"] += values.numel()

    def compute(self):
        return self.totals["sum"] / self.totals["count"]


training, validation = TidyMean(), TidyMean()
training.update(torch.tensor([1.0, 2.0, 3.0]))
print("validation:", validation.compute())
print("same dictionary:", training.totals is validation.totals)

# %% [markdown]
# What stands in the body of a class is made once, when the class is made, and belongs to all its
# objects. A default argument such as `def __init__(self, totals={})` is the same trap. State is
# made in `__init__`, or in a `reset` that `__init__` calls.
#
# ### Where a state starts
#
# Not every state is a sum, and not every state starts at 0. A *smallest error so far* that starts
# at 0 stays at 0 for good. It starts at the value that every first error replaces: infinity for a
# minimum, minus infinity for a maximum. (A reset to zero of everything is what `keras.metrics` does
# by default, so there such a metric has to bring its own.)
#
# Minima have a second trap. The sum of an empty batch is 0 and does no harm; a minimum of nothing
# does not exist.
#
# **Predict** which of the two raises.

# %%
nothing = torch.tensor([])
for name, reduce in (("sum", torch.sum), ("min", torch.min)):
    try:
        print(name, "of nothing:", reduce(nothing).item())
    except RuntimeError as error:
        print(name, "of nothing raises", type(error).__name__)
with_the_state = torch.cat([torch.tensor([math.inf]), nothing])
print("min of the state and nothing:", with_the_state.min().item())

# %% [markdown]
# ### A value that changes afterwards
#
# When the state is a tensor, `compute` may hand out the state itself.
#
# **Predict** the history of three epochs with errors 1, 2 and 3.

# %%
class LiveSum:
    def __init__(self):
        self.total = torch.zeros(())

    def reset(self):
        self.total.zero_()

    def update(self, values):
        self.total += values.sum()

    def compute(self):
        return self.total


live, history = LiveSum(), []
for value in (1.0, 2.0, 3.0):
    live.reset()
    live.update(torch.tensor([value]))
    history.append(live.compute())
print([entry.item() for entry in history])

# %% [markdown]
# The history holds one tensor three times, and every in-place change reaches all of its entries.
# `compute` must return a new tensor (`self.total.clone()`, or anything that is computed), or the
# state must be replaced and not changed in place.

# %% [markdown] exercise="reset-and-reuse" role="task"
# ## Exercise 12.3: the range of the errors, epoch after epoch
#
# *4 points*
#
# Write the metric `ErrorRange()`: the smallest and the largest absolute error.
#
# - `update(predictions, targets)` takes two float32 tensors of shape `(n,)`, for any `n`, 0
#   included. The absolute errors are $|\mathrm{prediction} - \mathrm{target}|$.
# - `compute()` returns a float32 tensor of shape `(2,)`: the smallest and the largest absolute
#   error of all the examples since the object was made or reset. Before the first example these are
#   `inf` and `-inf`.
# - `reset()` forgets everything, and the object can be used as if it were new.
# - Every `ErrorRange` has a state of its own. What `compute` returned once never changes.
#
# The four tests cells (1 point each) stream batches, look at the start and at empty batches, reset
# and go on, and use two objects by turns.

# %% [markdown] exercise="reset-and-reuse" role="hint"
# <details><summary>Hint 1</summary>
#
# Two numbers are the whole state. What must they be before the first error, so that the first error
# replaces both? Make them in `reset`, and call `reset` from `__init__`.
#
# </details>

# %% [markdown] exercise="reset-and-reuse" role="hint"
# <details><summary>Hint 2</summary>
#
# `update` begins with `if predictions.numel() == 0: return`. After that,
# `self.smallest = min(self.smallest, errors.min().item())`, and the same with `max`. `compute`
# returns `torch.tensor([self.smallest, self.largest])`, a new tensor each time.
#
# </details>

# %% exercise="reset-and-reuse" role="solution"
class ErrorRange:
    """Smallest and largest absolute error over batches of shape (n,); compute gives shape (2,)."""

    def __init__(self) -> None:
        # BEGIN SOLUTION
        self.reset()
        # END SOLUTION

    def reset(self) -> None:
        # BEGIN SOLUTION
        self.smallest = math.inf
        self.largest = -math.inf
        # END SOLUTION

    def update(self, predictions: torch.Tensor, targets: torch.Tensor) -> None:
        # BEGIN SOLUTION
        errors = (predictions - targets).abs()
        if errors.numel():
            self.smallest = min(self.smallest, errors.min().item())
            self.largest = max(self.largest, errors.max().item())
        # END SOLUTION

    def compute(self) -> torch.Tensor:
        # BEGIN SOLUTION
        return torch.tensor([self.smallest, self.largest], dtype=torch.float32)
        # END SOLUTION


# %% exercise="reset-and-reuse" role="tests" points=1
# Exercise 12.3, tests 1 of 4: the range over a stream of batches.
def check_range(batches):
    metric, seen = ErrorRange(), []
    for number, errors in enumerate(batches, 1):
        targets = torch.arange(len(errors), dtype=torch.float32)
        metric.update(targets + torch.tensor(errors), targets)
        value = metric.compute()
        called = f"ErrorRange().compute() after batches of errors {batches[:number]}"
        assert type(value) is torch.Tensor, (
            f"{called} gave {type(value).__name__}, wanted a torch.Tensor.")
        assert tuple(value.shape) == (2,) and value.dtype == torch.float32, (
            f"{called} gave shape {tuple(value.shape)} and {value.dtype}, wanted shape (2,) and "
            "torch.float32.")
        seen += errors
        absolute, got = np.abs(seen), value.tolist()
        wanted = [float(absolute.min()), float(absolute.max())]
        likely = {
            "that is the range of the last batch alone": [np.abs(errors).min(),
                                                          np.abs(errors).max()],
            "those are signed errors; take absolute values": [min(seen), max(seen)],
            "a smallest error that starts from 0 stays there; start from inf": [0, wanted[1]],
            "the largest comes second": wanted[::-1],
            "those are squared errors": [w**2 for w in wanted],
        }
        cause = next((c for c, v in likely.items() if np.allclose(v, got)),
                     "keep the smallest and the largest absolute error of all batches")
        assert np.allclose(got, wanted), f"{called} gave {got}, wanted {wanted}: {cause}."


for batches in [[[2.0, -5.0, 3.0], [4.0]], [[-1.5], [0.5, -3.0]]]:
    check_range(batches)
# BEGIN HIDDEN TESTS
for batches in [[[-7.0, 6.5], [-6.75, 8.0, 7.0], [7.5]], [[1.0], [2.0, -0.25]]]:
    check_range(batches)
# END HIDDEN TESTS

# %% exercise="reset-and-reuse" role="tests" points=1
# Exercise 12.3, tests 2 of 4: the start, and batches without examples.
def check_start(errors):
    """Ask a new object; give it an empty batch, a batch, and an empty batch again."""
    metric = ErrorRange()

    def wants(wanted, when, cause):
        try:
            value = metric.compute()
        except Exception as error:
            raise AssertionError(f"compute() {when} raised {type(error).__name__} ({error}), "
                                 f"wanted {wanted}: {cause}.") from None
        assert type(value) is torch.Tensor and tuple(value.shape) == (2,), (
            f"compute() {when} gave {value!r:.60}, wanted a tensor of shape (2,).")
        got = value.tolist()
        assert got == wanted, f"compute() {when} gave {got}, wanted {wanted}: {cause}."

    def update(errors, targets):
        try:
            metric.update(targets + torch.tensor(errors), targets)
        except (RuntimeError, ValueError) as error:
            if errors:
                raise
            raise AssertionError(
                f"update() with an empty batch raised {type(error).__name__} ({error}): a minimum "
                "of nothing does not exist; return before you ask for it.") from None

    start = "start from inf and -inf, which every first error replaces"
    wants([math.inf, -math.inf], "of a new object", f"{start} (state in the body of the class, or "
          "in a default argument, belongs to all objects)")
    update([], torch.zeros(0))
    wants([math.inf, -math.inf], "after an empty batch", start)
    update(errors, torch.zeros(len(errors)))
    update([], torch.zeros(0))
    wants([float(np.abs(errors).min()), float(np.abs(errors).max())],
          f"after an empty batch, errors {errors} and an empty batch", "a batch without examples "
          "changes nothing")


ErrorRange().update(torch.tensor([9.0, 0.5]), torch.zeros(2))
for errors in [[2.0, -5.0, 3.0]]:
    check_start(errors)
# BEGIN HIDDEN TESTS
for errors in [[-0.25], [1.0, 8.0]]:
    check_start(errors)
# END HIDDEN TESTS

# %% exercise="reset-and-reuse" role="tests" points=1
# Exercise 12.3, tests 3 of 4: reset, and go on.
def check_epochs(epochs):
    metric, history, wanted = ErrorRange(), [], []
    for number, batches in enumerate(epochs, 1):
        metric.reset()
        try:
            fresh = metric.compute()
        except Exception as error:
            fresh = error
        assert type(fresh) is torch.Tensor and tuple(fresh.shape) == (2,), (
            f"compute() after reset() gave {fresh!r:.60}, wanted a tensor of shape (2,).")
        assert fresh.tolist() == [math.inf, -math.inf], (
            f"compute() after reset() in epoch {number} gave {fresh.tolist()}, wanted [inf, -inf]: "
            "reset must put back all of the state to where it starts, which is not 0.")
        for i, errors in enumerate(batches, 1):
            metric.update(torch.tensor(errors), torch.zeros(len(errors)))
            absolute = np.abs(np.concatenate(batches[:i]))
            wanted.append([float(absolute.min()), float(absolute.max())])
            history.append(metric.compute())
        assert np.allclose(history[-1].tolist(), wanted[-1]), (
            f"compute() at the end of epoch {number} gave {history[-1].tolist()}, wanted "
            f"{wanted[-1]}: " + ("reset() must forget the errors of the epochs before."
                                 if number > 1 else "get the first tests cell to pass first."))
    got = [entry.tolist() for entry in history]
    assert np.allclose(got, wanted), (
        f"the values kept after each batch of {len(epochs)} epochs read {got} in the end, wanted "
        f"{wanted}: they changed afterwards, so compute handed out the state itself; return a new "
        "tensor.")


for epochs in [[[[1.0, -9.0], [4.0]], [[2.0], [3.0, -2.5]]]]:
    check_epochs(epochs)
# BEGIN HIDDEN TESTS
for epochs in [[[[0.5]], [[6.0, 5.0], [-7.0]], [[5.5, -5.25, 5.75]]]]:
    check_epochs(epochs)
# END HIDDEN TESTS

# %% exercise="reset-and-reuse" role="tests" points=1
# Exercise 12.3, tests 4 of 4: two objects, used by turns.
def check_two(first_errors, second_errors):
    training, validation = ErrorRange(), ErrorRange()

    def wants(metric, which, errors, when):
        try:
            value = metric.compute()
        except Exception as error:
            value = error
        wanted = [min(errors, default=math.inf), max(errors, default=-math.inf)]
        assert type(value) is torch.Tensor and tuple(value.shape) == (2,), (
            f"compute() of the {which} gave {value!r:.60}, wanted a tensor of shape (2,).")
        assert np.allclose(value.tolist(), wanted), (
            f"compute() of the {which} {when} gave {value.tolist()}, wanted {wanted}: " + (
                "get the first tests cell to pass first." if value.tolist() == [0, 0] else
                "the two share state. What stands in the body of the class, in a default argument "
                "or in a global belongs to all objects; make it in __init__ or reset."))

    def update(metric, errors):
        metric.update(torch.tensor(errors), torch.zeros(len(errors)))

    update(training, first_errors)
    wants(validation, "second ErrorRange", [], "when only the first was updated")
    update(validation, second_errors)
    wants(training, "first ErrorRange", first_errors, "after an update of the second")
    third = ErrorRange()
    wants(third, "third ErrorRange", [], "when it was new")
    wants(validation, "second ErrorRange", second_errors, "when a third had been made")
    validation.reset()
    wants(training, "first ErrorRange", first_errors, "after a reset of the second")


for first_errors, second_errors in [([1.0, 3.0], [2.0, 8.0])]:
    check_two(first_errors, second_errors)
# BEGIN HIDDEN TESTS
for first_errors, second_errors in [([5.0], [0.5, 9.0, 4.0]), ([0.25, 7.0], [1.0])]:
    check_two(first_errors, second_errors)
# END HIDDEN TESTS

# %% [markdown]
# ## What a metric must not keep
#
# ### A history in a number
#
# The commonest metric of all is the mean loss of an epoch, and it is fed with losses that come
# straight out of training. Such a loss is no mere number: it is the end of a graph that reaches
# back through the whole network (lesson 02). Add it to a sum, and the sum is the end of a larger
# graph. The function below counts the nodes that a tensor holds on to.
#
# **Predict** how the three counts grow with the number of steps.

# %%
def graph_nodes(tensor):
    """Count the nodes of the graph that ends in this tensor."""
    seen, todo = set(), [getattr(tensor, "grad_fn", None)]
    while todo:
        node = todo.pop()
        if node is not None and node not in seen:
            seen.add(node)
            todo += [before for before, _ in node.next_functions]
    return len(seen)


net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
x, y = torch.ones(16, 4), torch.zeros(16, 1)
totals = {"total + loss": 0.0, "total + loss.detach()": 0.0, "total + loss.item()": 0.0}
print("steps ", *totals)
for step in range(1, 101):
    loss = F.mse_loss(net(x), y)
    totals["total + loss"] = totals["total + loss"] + loss
    totals["total + loss.detach()"] = totals["total + loss.detach()"] + loss.detach()
    totals["total + loss.item()"] = totals["total + loss.item()"] + loss.item()
    if step in (1, 10, 100):
        print(f"{step:5} ", *[f"{graph_nodes(t):>{len(name)}}" for name, t in totals.items()])

# %% [markdown]
# The first sum holds the graphs of all hundred steps, with every activation that was saved for
# `backward`, until the end of the epoch. Memory fills up, and training fails at a step that has
# nothing to do with the cause.
#
# There are two ways out. `loss.item()` gives a Python number, and waits for the device to finish
# (lesson 10). `loss.detach()` gives a tensor with the same number and no history, and does not
# wait. Both leave the loss as it was. `loss.detach_()`, with the underscore, cuts the caller's loss
# off. **Predict** what becomes of the step.

# %% tags=["raises-exception"]
loss = F.mse_loss(net(x), y)
total = loss.detach_()
loss.backward()

# %% [markdown]
# An `update` under `@torch.no_grad()` records nothing of what it computes, which saves thinking
# about each line.
#
# ### Then and now: `loss.data[0]`
#
# Training loops from PyTorch's first year have a line `running += loss.data[0]`. A loss was a
# tensor of one element then. Since version 0.4 it has shape `()`, without an axis that could be
# indexed.

# %% tags=["raises-exception"]
loss.data[0]

# %% [markdown]
# The repair that comes to mind, dropping the `[0]` and the `.data` with it, is the leak of the
# first column.
#
# ### A list
#
# A second way to grow is to keep everything: append all predictions to a list and compute at the
# end. The value is right for any metric, and the price is a second copy of the results.
#
# **Predict**: how many numbers are kept after 100 batches of 32 examples with 10 classes, in the
# list and in two sums?

# %%
kept, right, count = [], 0, 0
for _ in range(100):
    logits, classes = torch.zeros(32, 10), torch.zeros(32, dtype=torch.int64)
    kept.append((logits, classes))
    right += int((logits.argmax(dim=1) == classes).sum())
    count += len(classes)
print("list:", sum(tensor.numel() for pair in kept for tensor in pair))
print("sums:", len([right, count]))

# %% [markdown]
# Where a metric needs an order over all examples (a median, the area under a ROC curve), counts in
# fixed bins stand in for the list: a state of constant size, and a value as fine as the bins.
#
# ### A counter that stops
#
# **Predict** the two results: 16,777,216 is $2^{24}$.

# %%
examples = torch.tensor(16_777_216.0)
print("float32:", f"{(examples + 1).item():,.0f}")
print("float64:", f"{(examples.double() + 1).item():,.0f}")

# %% [markdown]
# A float32 number has 24 binary digits. From there on, adding 1 changes nothing, and a count stands
# still. Python's numbers and float64 tensors have 53 digits, and cost nothing in a metric.
#
# ### A mean of nothing
#
# One more way to lose an epoch. A filter leaves a batch without examples; its mean loss is NaN; and
# someone weighs it with its number of examples, 0.
#
# **Predict** the product.

# %%
print("0 times NaN:", 0 * torch.tensor([]).mean().item())

# %% [markdown]
# A weight of zero does not remove a NaN. Skip the batch.

# %% [markdown] exercise="no-graph-kept" role="task"
# ## Exercise 12.4: the mean loss of an epoch
#
# *4 points*
#
# Write the metric `RunningLoss()`, to be used inside a training loop.
#
# - `update(loss, n)` takes the mean loss of a batch, a float32 tensor of shape `()` that may be the
#   end of a graph, and the number of its examples, a Python `int` of 0 or more.
# - `compute()` returns the mean loss over all the examples since the object was made or reset, as a
#   float32 tensor of shape `()` that does not require a gradient; 0 if there were no examples.
# - `reset()` forgets all batches.
# - Every object has a state of its own.
# - A batch with `n = 0` changes nothing, even if its loss is NaN. A NaN with examples is not
#   hidden: the mean is then NaN.
# - `update` leaves the caller's `loss` as it was: `loss.backward()` works afterwards.
# - The object keeps no graph, and what it keeps does not grow with the number of updates.
#
# The four tests cells (1 point each) look at the mean beside another object, at empty batches, NaN
# and the caller's loss, whether graphs are let go, and whether the state grows.

# %% [markdown] exercise="no-graph-kept" role="hint"
# <details><summary>Hint 1</summary>
#
# The state is one sum over examples and one number of examples. What does a mean over `n` examples
# have to be multiplied with, to become a sum again? And what of `loss` may enter the state?
#
# </details>

# %% [markdown] exercise="no-graph-kept" role="hint"
# <details><summary>Hint 2</summary>
#
# Begin with `if n == 0: return`. Then `self.total += n * loss.item()` and `self.count += n`. (To
# avoid the wait: `self.total = self.total + n * loss.detach().double()`.) `compute` divides if
# there is something to divide by, and makes a float32 tensor of it.
#
# </details>

# %% exercise="no-graph-kept" role="solution"
class RunningLoss:
    """Mean loss per example, from the mean losses () of batches and their sizes."""

    def __init__(self) -> None:
        # BEGIN SOLUTION
        self.reset()
        # END SOLUTION

    def reset(self) -> None:
        # BEGIN SOLUTION
        self.total = 0.0
        self.count = 0
        # END SOLUTION

    def update(self, loss: torch.Tensor, n: int) -> None:
        # BEGIN SOLUTION
        if n > 0:
            self.total += n * loss.item()
            self.count += n
        # END SOLUTION

    def compute(self) -> torch.Tensor:
        # BEGIN SOLUTION
        value = self.total / self.count if self.count else 0.0
        return torch.tensor(value, dtype=torch.float32)
        # END SOLUTION


# %% exercise="no-graph-kept" role="tests" points=1
# Exercise 12.4, tests 1 of 4: the mean over examples, beside another object.
def check_values(batches):
    metric, other = RunningLoss(), RunningLoss()

    def read(when):
        value = metric.compute()
        assert type(value) is torch.Tensor and tuple(value.shape) == (), (
            f"compute() {when} gave {value!r:.60}, wanted a torch.Tensor of shape ().")
        assert value.dtype == torch.float32, (
            f"compute() {when} gave {value.dtype}, wanted torch.float32.")
        return value.item()

    for loss, n in batches:
        metric.update(torch.tensor(loss), n)
    losses, sizes = np.array(batches).T
    when = f"after batches of (loss, n) {batches}"
    got, wanted = read(when), (losses * sizes).sum() / sizes.sum()
    likely = {
        "that is the mean of the batches' losses; weigh each with its n": losses.mean(),
        "n * loss was divided by the number of batches": (losses * sizes).mean(),
        "the losses were added without n": losses.sum() / sizes.sum(),
        "that is the last loss alone": losses[-1]}
    cause = next((c for c, v in likely.items() if abs(v - got) < 1e-4),
                 "add up n * loss and n, and divide once")
    assert abs(got - wanted) < 1e-4, f"compute() {when} gave {got:.4f}, wanted {wanted}: {cause}."
    other.update(torch.tensor(50.0), 3)
    got = read("once more, after an update of another object")
    assert abs(got - wanted) < 1e-4, (
        f"compute() once more, after an update of another RunningLoss, gave {got:.4f}, wanted "
        f"{wanted}: the two share their state; keep it in self.")
    metric.reset()
    got = read("after reset()")
    assert got == 0, f"compute() after reset() gave {got}, wanted 0: there were no examples."
    metric.update(torch.tensor(2.5), 3)
    got = read("after reset() and a batch of loss 2.5")
    assert abs(got - 2.5) < 1e-4, (
        f"compute() after reset() and a batch of 3 with loss 2.5 gave {got}, wanted 2.5: reset "
        "must put back every part of the state.")


for batches in [[(1.0, 4), (9.0, 1)], [(4.0, 3), (1.0, 2)]]:
    check_values(batches)
# BEGIN HIDDEN TESTS
for batches in [[(6.25, 1), (0.25, 7), (2.25, 2)], [(9.0, 1), (1.0, 5)]]:
    check_values(batches)
# END HIDDEN TESTS

# %% exercise="no-graph-kept" role="tests" points=1
# Exercise 12.4, tests 2 of 4: empty batches, NaN, and losses that stay usable.
def check_left_alone(batches):
    metric = RunningLoss()

    def read(when):
        try:
            value = metric.compute()
        except ZeroDivisionError:
            raise AssertionError(f"compute() {when} divided by zero, wanted 0.") from None
        assert type(value) is torch.Tensor and tuple(value.shape) == (), (
            f"compute() {when} gave {value!r:.60}, wanted a torch.Tensor of shape ().")
        return value.item()

    got = read("before the first batch")
    assert got == 0, f"compute() before the first batch gave {got}, wanted 0."
    for value, n in batches:
        w = torch.tensor(value, requires_grad=True)
        loss = w**2 if n else w * math.nan
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # float(loss) warns that there is a gradient
            metric.update(loss, n)
        kept = loss.item()
        assert n == 0 or abs(kept - value**2) < 1e-4, (
            f"update(loss, {n}) changed the caller's loss from {value**2} to {kept:.4f}: what "
            "detach() gives shares its numbers with loss, so that *= changes both.")
        try:
            loss.backward()
        except RuntimeError as error:
            raise AssertionError(
                f"loss.backward() after update(loss, {n}) raised RuntimeError ({error}): update "
                "changed the caller's loss; detach() makes a new tensor, detach_() does "
                "not.") from None
        assert n == 0 or abs(w.grad.item() - 2 * value) < 1e-4, (
            f"the gradient of the loss after update(loss, {n}) is {w.grad.item()}, wanted "
            f"{2 * value}: update must leave the graph alone.")
    when = f"after batches of (loss, n) {[(v**2 if n else math.nan, n) for v, n in batches]}"
    got, wanted = read(when), sum(v**2 * n for v, n in batches) / sum(n for _, n in batches)
    assert abs(got - wanted) < 1e-4, (
        f"compute() {when} gave {got:.4f}, wanted {wanted:.4f}: an empty batch was counted, or 0 "
        "times NaN was added; look at n first.")
    metric.update(torch.tensor(math.nan), 2)
    got = read("after a batch of 2 examples with loss NaN")
    assert math.isnan(got), (
        f"compute() after a batch of 2 examples with loss NaN gave {got}, wanted NaN: leave out "
        "the batches without examples, not those whose loss is NaN.")


for batches in [[(2.0, 3), (0.5, 0), (1.0, 2)]]:
    check_left_alone(batches)
# BEGIN HIDDEN TESTS
for batches in [[(0.5, 0), (2.5, 1), (1.5, 2)], [(3.0, 1), (1.0, 5), (0.1, 0)]]:
    check_left_alone(batches)
# END HIDDEN TESTS

# %% exercise="no-graph-kept" role="tests" points=1
# Exercise 12.4, tests 3 of 4: graphs are let go.
class Saved:
    """What autograd saves for backward, in an object that can be watched."""

    def __init__(self, tensor):
        self.tensor = tensor


def check_released(steps, n):
    watched, metric = [], RunningLoss()
    w = torch.ones(5, requires_grad=True)

    def pack(tensor):
        saved = Saved(tensor)
        watched.append(weakref.ref(saved))
        return saved

    def alive():
        gc.collect()
        return sum(reference() is not None for reference in watched)

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda saved: saved.tensor):
        for step in range(1, steps + 1):
            loss = ((w * step) ** 2).mean()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                metric.update(loss, n)
            del loss
    held = alive()
    assert held == 0, (
        f"after {steps} updates, with every loss deleted, {held} of the {len(watched)} tensors "
        "that autograd saved for them are still held: the metric keeps the graph. Let loss.item() "
        "or loss.detach() into the state, not loss.")
    value = metric.compute()
    assert type(value) is torch.Tensor and tuple(value.shape) == (), (
        f"compute() gave {value!r:.60}, wanted a torch.Tensor of shape ().")
    assert value.requires_grad is False, (
        "what compute() gave requires a gradient, wanted a plain value: detach what goes in.")
    wanted = np.mean([step**2 for step in range(1, steps + 1)])
    assert abs(value.item() - wanted) < 1e-4 * wanted, (
        f"compute() after {steps} updates gave {value.item():.4f}, wanted {wanted:.4f}; get the "
        "first tests cell to pass first.")


for steps, n in [(5, 2)]:
    check_released(steps, n)
# BEGIN HIDDEN TESTS
for steps, n in [(2, 1), (9, 3)]:
    check_released(steps, n)
# END HIDDEN TESTS

# %% exercise="no-graph-kept" role="tests" points=1
# Exercise 12.4, tests 4 of 4: the state does not grow.
def numbers_kept(thing, seen):
    """Count the numbers in an object, through its attributes, class and containers."""
    if id(thing) in seen:
        return 0
    seen.add(id(thing))
    if isinstance(thing, torch.Tensor):
        return thing.numel()
    if isinstance(thing, np.ndarray):
        return thing.size
    if isinstance(thing, dict):
        return sum(numbers_kept(part, seen) for part in thing.values())
    if isinstance(thing, (str, bytes)):
        return 1 + len(thing) // 16  # a log must not grow, either
    if isinstance(thing, type) or callable(thing):
        return 1
    if hasattr(thing, "__iter__"):
        return sum(1 + numbers_kept(part, seen) for part in thing)
    return 1 + sum(numbers_kept(part, seen) for part in getattr(thing, "__dict__", {}).values())


def check_size(few, many):
    metric, sizes = RunningLoss(), []
    for step in range(1, many + 1):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            metric.update(torch.tensor(float(step), requires_grad=True) * 1.0, step)
        if step in (few, many):
            of_class = {k: v for k, v in vars(type(metric)).items() if not k.startswith("__")}
            sizes.append(numbers_kept([vars(metric), of_class], set()))
    assert sizes[0] == sizes[1], (
        f"a RunningLoss keeps {sizes[0]} numbers after {few} updates and {sizes[1]} after {many}, "
        "wanted the same: it collects what it is given. Keep one sum and one count.")
    value = metric.compute()
    wanted = sum(step**2 for step in range(1, many + 1)) / sum(range(1, many + 1))
    assert type(value) is torch.Tensor and tuple(value.shape) == (), (
        f"compute() gave {value!r:.60}, wanted a torch.Tensor of shape ().")
    assert abs(value.item() - wanted) < 1e-3, (
        f"compute() after losses and sizes 1 to {many} gave {value.item():.4f}, wanted "
        f"{wanted:.4f}; get the first tests cell to pass first.")


for few, many in [(3, 40)]:
    check_size(few, many)
# BEGIN HIDDEN TESTS
for few, many in [(2, 70)]:
    check_size(few, many)
# END HIDDEN TESTS

# %% [markdown]
# ## From logits: the k best
#
# A classifier with many classes gives *logits*, one number per class, and the largest one is its
# answer. With a thousand classes of dogs and mushrooms, the first answer is a strict measure.
# *Top-k accuracy* counts an example as a hit if its label is among the k classes with the largest
# logits.

# %%
logits = torch.tensor([[2.0, 0.5, 1.0, -1.0], [0.1, 0.3, 0.2, 0.4], [-3.0, -1.0, -2.0, -4.0]])
labels = torch.tensor([2, 3, 0])
print(logits.topk(2, dim=1).indices.tolist())

# %% [markdown]
# **Predict**: which of the three labels are among the two best, and which are the best? Then the
# next cell, and the shape of its last comparison.

# %%
best_two = logits.topk(2, dim=1).indices
print("top 1:", (logits.argmax(dim=1) == labels).tolist())
print("top 2:", (best_two == labels[:, None]).any(dim=1).tolist())
print("shapes:", tuple(best_two.shape), tuple(labels[:, None].shape))

# %% [markdown]
# `labels[:, None]` has shape `(3, 1)`, and each label is compared with the candidates of its own
# row. Without the `None` this cell would raise, and that would be luck: for a batch of exactly $k$
# examples, or of one, the shapes fit by accident, and labels meet the candidates of other rows.
#
# **Predict**: three rows, $k = 3$, and four classes. What is the share of hits, and what does the
# forgotten axis make of it?

# %%
three = logits.topk(3, dim=1).indices
print("right:    ", (three == labels[:, None]).any(dim=1).tolist())
print("forgotten:", (three == labels).any(dim=1).tolist())

# %% [markdown]
# Nothing raised, and two of the three hits are lost.
#
# ### Logits or probabilities
#
# Softmax keeps the order of the logits, so the k best are the same with and without it. On paper.
#
# **Predict**: the order of the logits is class 0, class 3, class 2, class 1. What is left of it?

# %%
large = torch.tensor([[300.0, 10.0, 50.0, 100.0]])
print("softmax:", large.softmax(dim=1).tolist())

# %% [markdown]
# In float32 everything beyond the first has become 0, and the second best is whichever of three
# equal numbers the sort happens to meet first. Rank the logits.
#
# Two edges are left. There may be fewer than $k$ classes, and then `topk` raises. And logits can be
# all equal, as those of a dead network are: then a metric that counts how many classes are *better*
# than the label finds none, and reports 100 per cent.
#
# **Predict** both results.

# %%
dead = torch.zeros(3, 4)
better = (dead > dead.gather(1, labels[:, None])).sum(dim=1)
print("hits of a dead network by counting:", (better < 1).float().mean().item())
try:
    logits.topk(5, dim=1)
except RuntimeError as error:
    print("topk(5) of 4 classes:", error)

# %% [markdown] exercise="top-k-accuracy" role="task"
# ## Exercise 12.5: top-k accuracy from logits
#
# *3 points*
#
# Write the metric `TopKAccuracy(k)`, for `k` of 1 or more.
#
# - `update(logits, labels)` takes float32 logits of shape `(n, classes)` and int64 labels of shape
#   `(n,)`, from 0 to `classes - 1`, for any `n`, 0 included.
# - `compute()` returns the share of all examples, since the object was made or reset, whose label
#   is among the `k` classes with the largest logits in its row, as a float32 tensor of shape `()`;
#   0 if there were no examples.
# - With `k` of `classes` or more, every example is a hit.
# - Logits may be large: those of a row go from -1000 to 1000. No row that is tested has two equal
#   logits.
# - `reset()` forgets all batches. `k` stays, and every object has a `k` and counts of its own.
#
# The three tests cells (1 point each) stream batches, try large logits and large `k`, and look at
# empty batches, `reset` and objects beside each other.

# %% [markdown] exercise="top-k-accuracy" role="hint"
# <details><summary>Hint 1</summary>
#
# The state is the same as that of `Accuracy`: hits and examples. What is new is one line, which
# turns logits and labels into a boolean for each row. No softmax is needed.
#
# </details>

# %% [markdown] exercise="top-k-accuracy" role="hint"
# <details><summary>Hint 2</summary>
#
# `k = min(self.k, logits.shape[1])`, then `logits.topk(k, dim=1).indices` of shape `(n, k)`.
# Compare with `labels[:, None]`, and `any(dim=1)` says for each row whether the label is there.
#
# </details>

# %% exercise="top-k-accuracy" role="solution"
class TopKAccuracy:
    """Share of labels (n,) among the k largest logits of their rows (n, classes)."""

    def __init__(self, k: int) -> None:
        # BEGIN SOLUTION
        self.k = k
        self.reset()
        # END SOLUTION

    def reset(self) -> None:
        # BEGIN SOLUTION
        self.hits = 0
        self.count = 0
        # END SOLUTION

    def update(self, logits: torch.Tensor, labels: torch.Tensor) -> None:
        # BEGIN SOLUTION
        best = logits.topk(min(self.k, logits.shape[1]), dim=1).indices
        self.hits += int((best == labels[:, None]).any(dim=1).sum())
        self.count += labels.numel()
        # END SOLUTION

    def compute(self) -> torch.Tensor:
        # BEGIN SOLUTION
        value = self.hits / self.count if self.count else 0.0
        return torch.tensor(value, dtype=torch.float32)
        # END SOLUTION


# %% exercise="top-k-accuracy" role="tests" points=1
# Exercise 12.5, tests 1 of 3: hits over a stream of batches.
def check_hits(k, classes, sizes, seed):
    rng = np.random.default_rng(seed)
    metric, ranks, shares, others, lowest = TopKAccuracy(k), [], [], [], []
    for number, n in enumerate(sizes, 1):
        logits = np.stack([rng.permutation(classes) for _ in range(n)]) - classes / 2
        labels = rng.integers(classes, size=n)
        called = (f"TopKAccuracy({k}).compute() after batches of {sizes[:number]} rows with "
                  f"{classes} classes")
        try:
            metric.update(torch.from_numpy(logits).float(), torch.from_numpy(labels))
        except RuntimeError as error:
            raise AssertionError(
                f"TopKAccuracy({k}).update() with logits {logits.shape} and labels {labels.shape} "
                f"raised RuntimeError ({error}): labels need an axis, labels[:, None].") from None
        value = metric.compute()
        assert type(value) is torch.Tensor, (
            f"{called} gave {type(value).__name__}, wanted a torch.Tensor.")
        assert tuple(value.shape) == () and value.dtype == torch.float32, (
            f"{called} gave shape {tuple(value.shape)} and {value.dtype}, wanted shape () and "
            "torch.float32.")
        order = np.argsort(-logits, axis=1)
        new = [list(row).index(label) for row, label in zip(order, labels)]
        ranks += new
        shares.append(np.mean(np.array(new) < k))
        lowest += [label in row[-k:] for row, label in zip(order, labels)]
        fits = n in (1, k)  # then labels also meet the candidates of other rows
        others += list((order[:, :k] == labels).any(axis=1) if fits else np.array(new) < k)
        ranks_all, got = np.array(ranks), value.item()
        wanted = np.mean(ranks_all < k)
        likely = {
            "that is the mean of the batches' shares; carry hits and examples": np.mean(shares),
            "that is the last batch alone; add to the state": shares[-1],
            "that is top 1; k was ignored": np.mean(ranks_all == 0),
            "only the class in place k was looked at": np.mean(ranks_all == k - 1),
            "the hits were divided by k times the examples": wanted / k,
            "labels were compared with other rows; write labels[:, None]": np.mean(others),
            "that ranks the smallest logits first": np.mean(lowest),
        }
        cause = next((c for c, v in likely.items() if abs(v - got) < 1e-5),
                     "count the rows whose label is among the k largest logits")
        assert abs(got - wanted) < 1e-5, f"{called} gave {got:.4f}, wanted {wanted:.4f}: {cause}."


for k, classes, sizes in [(2, 5, [12, 7, 2]), (1, 3, [6, 4])]:
    check_hits(k, classes, sizes, seed=k)
# BEGIN HIDDEN TESTS
for k, classes, sizes in [(3, 6, [3, 1, 9]), (4, 9, [4, 10, 4, 1]), (2, 7, [1, 11])]:
    check_hits(k, classes, sizes, seed=10 + k)
# END HIDDEN TESTS

# %% exercise="top-k-accuracy" role="tests" points=1
# Exercise 12.5, tests 2 of 3: large logits, and large k.
def check_large(classes, scale):
    def wants(metric, wanted, when, cause):
        value = metric.compute()
        assert type(value) is torch.Tensor and tuple(value.shape) == (), (
            f"compute() {when} gave {value!r:.60}, wanted a torch.Tensor of shape ().")
        assert abs(value.item() - wanted) < 1e-5, (
            f"compute() {when} gave {value.item():.4f}, wanted {wanted}: {cause}")

    for two, three in [(scale / 3, scale / 6), (-scale / 3, -scale / 2)]:
        metric, rows, labels = TopKAccuracy(2), [], []
        for label in range(1, classes):
            for second in (label, label % (classes - 1) + 1):  # then the label is second, or third
                row = -scale * np.linspace(0.6, 1.0, classes)
                row[[0, label]], row[second] = [scale, three], two
                rows.append(row)
                labels.append(label)
        metric.update(torch.from_numpy(np.array(rows)).float(), torch.tensor(labels))
        wants(metric, 0.5, f"with k = 2, for rows with one logit of {scale:.0f}, with the label "
              f"second ({two:.0f}) in half of them and third ({three:.0f}) in the others,", "rank "
              "the logits themselves; softmax makes all but the largest of such logits 0, and "
              "equal, in float64 too. (Or is k not used? See the first tests cell.)")
    for k in (classes, classes + 3):
        metric, rows = TopKAccuracy(k), torch.arange(2.0 * classes).reshape(2, classes)
        try:
            metric.update(rows, torch.tensor([0, classes - 1]))
        except (RuntimeError, IndexError) as error:
            raise AssertionError(
                f"TopKAccuracy({k}).update() with {classes} classes raised {type(error).__name__} "
                f"({error}): with that many candidates every example is a hit.") from None
        wants(metric, 1, f"with k = {k} and {classes} classes", "every example is a hit.")
    metric.update(torch.arange(3.0 * classes)[None], torch.tensor([2 * classes - 1]))
    wants(metric, 1, f"with k = {k}, after {classes} classes and a row of {3 * classes} with the "
          f"label in place {classes + 1},", "k stays; a batch with fewer classes must not change "
          "it.")


for classes, scale in [(6, 600.0)]:
    check_large(classes, scale)
# BEGIN HIDDEN TESTS
for classes, scale in [(10, 900.0), (5, 1000.0)]:
    check_large(classes, scale)
# END HIDDEN TESTS

# %% exercise="top-k-accuracy" role="tests" points=1
# Exercise 12.5, tests 3 of 3: nothing, reset, and objects beside each other.
def check_reset(k, classes):
    """One row for each place of the label, from the largest logit to the smallest."""
    metric, other = TopKAccuracy(k), TopKAccuracy(1)
    rows, labels = -torch.arange(float(classes)).repeat(classes, 1), torch.arange(classes)

    def wants(wanted, when, cause):
        try:
            value = metric.compute()
        except ZeroDivisionError:
            raise AssertionError(f"compute() {when} divided by zero, wanted {wanted}.") from None
        assert type(value) is torch.Tensor and tuple(value.shape) == (), (
            f"compute() {when} gave {value!r:.60}, wanted a torch.Tensor of shape ().")
        assert abs(value.item() - wanted) < 1e-5, (
            f"compute() of TopKAccuracy({k}) {when} gave {value.item():.4f}, wanted {wanted:.4f}: "
            f"{cause}.")

    wants(0, "before the first batch", "nothing was seen")
    metric.update(rows[:0], labels[:0])
    wants(0, "after an empty batch", "nothing was seen")
    metric.update(rows, labels)
    wants(k / classes, f"after labels in places 1 to {classes}, beside a TopKAccuracy(1),",
          "k is that of another object, or the first tests cell does not pass yet")
    other.update(rows[:1], labels[1:2])
    wants(k / classes, "once more, after an update of the other object,",
          "the two share their counts; keep them in self")
    metric.update(rows, torch.zeros_like(labels))
    wants((k / classes + 1) / 2, "after as many rows again, all of them hits,", "add to the counts")
    metric.reset()
    wants(0, "after reset()", "reset must put back hits and examples")
    metric.update(rows[:k + 1], labels[:k + 1])
    wants(k / (k + 1), f"after reset() and labels in places 1 to {k + 1}",
          "reset must put back hits and examples, and leave k")


for k, classes in [(2, 5)]:
    check_reset(k, classes)
# BEGIN HIDDEN TESTS
for k, classes in [(3, 4), (4, 9)]:
    check_reset(k, classes)
# END HIDDEN TESTS

# %% [markdown]
# ## PyTorch and Keras side by side
#
# | idea | PyTorch | Keras 3 |
# |---|---|---|
# | metrics in the box | none | several dozen in `keras.metrics` |
# | a metric of your own is | a class of your own | a subclass of `keras.metrics.Metric` |
# | take in a batch | `update(predictions, targets)` | `update_state(y_true, y_pred, …)` |
# | the order of the arguments | predictions first, as in `F.huber_loss` | targets first |
# | ask for the value | `compute()` | `result()` |
# | forget | `reset()` | `reset_state()`, once `reset_states()` |
# | both at once | write it if you want it | `metric(y_true, y_pred)`: value so far |
# | state lives in | Python numbers, or tensors | variables from `add_weight(name=…)` |
# | a state that starts at inf | set it in `reset` | `reset_state` puts 0: override it |
# | who calls it | your loop | `fit` and `evaluate`, or your loop |
# | function as a metric | wrap it, as `MeanOf` does | hand it to `compile`; values per example |
# | the trap in a sum | a loss keeps its graph: `detach()` | a traced tensor: use `assign_add` |
# | 0/0 | NaN from tensors, an exception from numbers | NaN; `ops.divide_no_nan` gives 0 |
# | top-k from logits | `logits.topk(k)`, `labels[:, None]` | `tf.math.in_top_k` |

# %% [markdown]
# ## Summary
#
# - A loss needs a gradient and lives for one batch. A metric needs neither, and is read by people.
# - What is reported must not depend on how the data were cut. Carry what can be added (sums,
#   counts, weights, minima) and divide once, in `compute`. A mean of batch values is right only for
#   means over batches of equal size.
# - With weights, divide by the sum of the weights.
# - Write down what a metric gives when it has seen nothing, and test the denominator for it.
# - State is made per object, in `reset`, from its neutral value: 0 for sums, infinity for minima.
#   `compute` returns a new value each time.
# - Nothing with a history goes into the state, and nothing that grows. Count in Python's numbers or
#   in float64.
# - Check shapes before the state changes: broadcasting makes plausible nonsense out of `(n, 1)` and
#   `(n,)`.

# %% [markdown]
# ## Where to read on
#
# - [Frequently asked questions](https://docs.pytorch.org/docs/stable/notes/faq.html) of PyTorch, on
#   memory: "Don't accumulate history across your training loop".
# - [`torch.topk`](https://docs.pytorch.org/docs/stable/generated/torch.topk.html), the reference
#   page.
# - [Implementing a metric](https://lightning.ai/docs/torchmetrics/stable/pages/implement.html) in
#   TorchMetrics, a package of metrics with the same three methods.
# - [Metrics and scoring](https://scikit-learn.org/stable/modules/model_evaluation.html) in
#   scikit-learn's user guide: what there is to measure, and what each number means.
# - [Base metric class](https://keras.io/api/metrics/base_metric/), the same ground in Keras.
# - A. Géron, *Hands-On Machine Learning*, chapter 12, "Custom Models and Training with TensorFlow".
#
# Next: lesson 13 puts model, loss, metric and optimizer together in a training loop.
