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
# - write a metric with `update_state`, `result` and `reset_state`, for batches of any size,
#   weighted or not;
# - say what a metric gives before it has seen anything, and after a reset;
# - keep a metric's state where a traced graph can change it, and free of all that grows;
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
import math
import os
from collections.abc import Collection

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
feature = np.array([-2.5, -1.2, -0.3, 0.4, 1.1, 2.4], "float32")
label = np.array([0.0, 0.0, 1.0, 0.0, 1.0, 1.0], "float32")
bias_grid = np.linspace(-4, 4, 801, dtype="float32")[:, None]
probability = ops.sigmoid(feature + bias_grid)
truth = ops.broadcast_to(label, probability.shape)
accuracy_curve = np.mean((probability.numpy() > 0.5) == (label > 0.5), axis=1)
loss_curve = keras.losses.binary_crossentropy(truth, probability)

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
# No optimizer can walk down a staircase by its slope, and the tape does not even try. A comparison
# gives booleans, and through those there is no gradient.
#
# **Predict** the two gradients: a number, zero, or something else?

# %%
b = tf.Variable(0.2)
with tf.GradientTape(persistent=True) as tape:
    p = ops.sigmoid(feature + b)
    loss = keras.losses.binary_crossentropy(label, p)
    accuracy = ops.mean(ops.cast((p > 0.5) == (label > 0.5), "float32"))
print("loss:    ", tape.gradient(loss, b).numpy().round(3))
print("accuracy:", tape.gradient(accuracy, b))

# %% [markdown]
# `None`: there is no path. So the two have different duties:
#
# | | loss | metric |
# |---|---|---|
# | is read by | the optimizer | people, and rules such as "stop when it gets worse" |
# | needs a gradient | yes | no |
# | is computed on | one batch, then thrown away | all batches since the last reset |
# | may be | anything smooth, in any unit | anything at all, best in a unit that people know |
#
# A loss can also serve as a metric, as the mean over an epoch. Few metrics can serve as a loss.
# Keras comes with many of each.
#
# **Predict**: of which does it have more, losses or metrics?

# %% listing="S2-11"
def class_names(module, base):
    found = [getattr(module, name) for name in dir(module)]
    kinds = {c for c in found if isinstance(c, type) and issubclass(c, base) and c is not base}
    return sorted(c.__name__ for c in kinds)


for module, base in [
    (keras.optimizers, keras.optimizers.Optimizer),
    (keras.losses, keras.losses.Loss),
    (keras.metrics, keras.metrics.Metric),
]:
    names = class_names(module, base)
    print(f"{module.__name__.rpartition('.')[2]:10} {len(names)}, such as {', '.join(names[-3:])}")
both = set(class_names(keras.losses, keras.losses.Loss))
both &= set(class_names(keras.metrics, keras.metrics.Metric))
print("in both:  ", ", ".join(sorted(both)[:5]), "and", len(both) - 5, "more")

# %% [markdown]
# A loss may be anything that has a slope; what people want to know has no such bounds. (PyTorch has
# losses and no metrics at all.) You will now write your own, which is a class of ten lines once you
# know what has to be in it.
#
# ## A value over many batches
#
# You have met means over uneven batches in lessons 02 and 08; for metrics they are the heart of the
# matter. Nine errors of a regression come in three batches: four, four, and the one that is left
# over.
#
# **Predict**: the mean of the nine errors, and the mean of the three batch means.

# %%
errors = np.array([1.0, 1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 2.0, 9.0], "float32")


def split(array, size):
    return [array[start : start + size] for start in range(0, len(array), size)]


batch_means = [float(batch.mean()) for batch in split(errors, 4)]
print("batch means:        ", batch_means)
print("mean of batch means:", round(float(np.mean(batch_means)), 2))
print("mean of all errors: ", round(float(errors.mean()), 2))

# %% [markdown]
# In the mean of means, the one error in the last batch counts as much as four others together.
#
# **Predict** the mean of means for batches of 7 and 2, and for three batches of 3.

# %%
for size in (7, 3, 1):
    means = [batch.mean() for batch in split(errors, size)]
    print(f"batches of {size}: mean of means {np.mean(means):.2f}")

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
# batches of a detector, eight examples and six. `keras.metrics.Precision` gets one after the other,
# labels first.
#
# **Predict**: the precision of each batch, their mean, and what Keras says after both.

# %% listing="S1-19"
monday = (
    tf.constant([1, 1, 0, 1, 1, 1, 0, 0]),
    tf.constant([0.9, 0.8, 0.7, 0.6, 0.9, 0.2, 0.4, 0.1]),
)
tuesday = (
    tf.constant([0, 1, 0, 0, 1, 0]),
    tf.constant([0.6, 0.3, 0.8, 0.7, 0.2, 0.4]),
)
precision = keras.metrics.Precision()
for day, (labels, probabilities) in (("monday", monday), ("tuesday", tuesday)):
    called = probabilities.numpy() > 0.5
    real = called & (labels.numpy() == 1)
    print(f"{day:8} {real.sum()} of {called.sum()} calls were real,", end=" ")
    print("Keras so far:", round(float(precision(labels, probabilities)), 2))

# %% [markdown]
# After Monday the precision stands at 0.8, after Tuesday at 0.5, since 4 of 8 calls were real. The
# mean of 0.8 and 0.0 is 0.4, the precision of no set of calls. Had Tuesday's detector stayed
# silent, its own precision would be 0/0, and a mean of batches would have nothing to average. What
# can be added over batches are the *counts*. The same holds for a root mean squared error (carry
# the sum of squares, take the root at the end) and for the $R^2$ of a regression.
#
# ## State: update, result, reset
#
# A metric that works on a stream is an object with a small *state* and three methods:
#
# ```mermaid
# flowchart LR
#     new(["new object"]) --> state
#     batch(["batch"]) -- update_state --> state[("state: sums and counts")]
#     state -- result --> value(["value so far"])
#     reset(["next epoch"]) -- reset_state --> state
# ```
#
# - `update_state` takes a batch and adds to the state. It returns nothing.
# - `result` makes the value out of the state. It changes nothing, so it can be called after every
#   batch, or once, or twice.
# - `reset_state` puts the state back to where it was in the beginning.
#
# Calling the metric, as above, is `update_state` and then `result`. The state is open to see.
#
# **Predict** the two variables of the precision.

# %% listing="S1-20"
print("result:", float(precision.result()))
for v in precision.variables:
    print(f"{v.path.rpartition('/')[2]:16} {v.numpy()}")
precision.reset_state()
print("reset: ", [v.numpy().tolist() for v in precision.variables])

# %% [markdown]
# **Then and now.** The books reset a metric with `reset_states()`. That name was given up for
# `reset_state`, and Keras 3 no longer knows it.

# %% tags=["raises-exception"] listing="S1-20"
precision.reset_states()

# %% [markdown]
# A metric of your own is a subclass of `keras.metrics.Metric`. The constructor makes the state with
# `add_weight`, which gives variables that are never trained; `update_state` changes them with
# `assign` and `assign_add`. There is no `reset_state` to write: the inherited one sets every
# variable to zero. The third argument has to be there, because `fit` and `evaluate` always pass it,
# and is `None` where there are no weights.

# %%
class Accuracy(keras.metrics.Metric):
    """Share of the examples whose probability is on the right side of 0.5."""

    def __init__(self, name="own_accuracy"):
        super().__init__(name=name)
        self.right = self.add_weight(name="right", initializer="zeros")
        self.count = self.add_weight(name="count", initializer="zeros")

    def update_state(self, labels, probabilities, sample_weight=None):
        if sample_weight is not None:
            raise ValueError("this metric takes no weights")
        right = (probabilities > 0.5) == (labels == 1)
        self.right.assign_add(ops.sum(ops.cast(right, "float32")))
        self.count.assign_add(ops.size(labels))

    def result(self):
        return self.right / self.count


# %% [markdown]
# **Predict** the three accuracies.

# %%
accuracy = Accuracy()
for day in (monday, tuesday):
    print("so far:", round(float(accuracy(*day)), 4))
print("state: ", {v.name: float(v.numpy()) for v in accuracy.variables})
accuracy.reset_state()
print("tuesday alone:", round(float(accuracy(*tuesday)), 4))

# %% [markdown]
# One question is open: what is the accuracy of a metric that has seen nothing?
#
# **Predict** the four results.

# %%
print("own accuracy:   ", float(Accuracy().result()))
print("Keras, the same:", float(keras.metrics.BinaryAccuracy().result()))
print("mean of nothing:", float(tf.reduce_mean(tf.zeros((0,)))))
print("0 and then NaN: ", float(0.0 + tf.reduce_mean(tf.zeros((0,)))))

# %% [markdown]
# 0/0 is NaN, and one NaN in a sum makes the sum NaN: a progress display that asks too early shows
# `nan`, and a filter that leaves an empty batch can spoil an evaluation of three hours. Keras's own
# metrics give 0. Neither answer is right by nature. Choose one, write it down, and test it. In this
# lesson a ratio without a denominator is 0, and `ops.divide_no_nan` is a division that does so. The
# widespread trick of adding a small number to the denominator changes every other value as well.

# %% [markdown] exercise="streaming-precision" role="task"
# ## Exercise 12.1: precision over a stream
#
# *3 points*
#
# Write the metric `StreamingPrecision(threshold=0.5)`, without `keras.metrics.Precision`.
#
# - `update_state(labels, probabilities)` takes int64 labels (0 or 1) of shape `(n,)` and float32
#   probabilities of shape `(n,)`, for any `n`, 0 included. A probability *greater than* the
#   threshold is a positive call; one that equals it is none.
# - `result()` returns the true positives divided by the positive calls, over all batches since the
#   object was made or reset, as a float32 tensor of shape `()`. Without any positive call it
#   returns 0. It changes nothing: asked twice, it answers twice the same.
# - `reset_state()` forgets all batches. The threshold stays.
# - Every object has a threshold and counts of its own.
# - All state is in the metric's `variables`, which are there as soon as the constructor is done: an
#   object that is given the values of another one's variables goes on where that one stood.
#
# The three tests cells (1 point each) stream batches, look at streams without positive calls, and
# at `reset_state`, the variables and objects beside each other.

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
# Make both counts with `self.add_weight(name=…, initializer="zeros")`. `called = probabilities >
# self.threshold` is a boolean tensor; `called & (labels == 1)` marks the true positives;
# `ops.sum(ops.cast(mask, "float32"))` counts a mask. `ops.divide_no_nan(a, b)` is 0 where `b` is 0.
#
# </details>

# %% exercise="streaming-precision" role="solution" listing="S1-19"
class StreamingPrecision(keras.metrics.Metric):
    """True positives over positive calls; batches of labels (n,) and probabilities (n,)."""

    def __init__(self, threshold: float = 0.5) -> None:
        super().__init__(name="streaming_precision")
        # BEGIN SOLUTION
        self.threshold = threshold
        self.true_positives = self.add_weight(name="true_positives", initializer="zeros")
        self.calls = self.add_weight(name="calls", initializer="zeros")
        # END SOLUTION

    def update_state(
        self, labels: tf.Tensor, probabilities: tf.Tensor, sample_weight: None = None
    ) -> None:
        if sample_weight is not None:
            raise ValueError("this metric takes no weights")
        # BEGIN SOLUTION
        called = probabilities > self.threshold
        self.true_positives.assign_add(ops.sum(ops.cast(called & (labels == 1), "float32")))
        self.calls.assign_add(ops.sum(ops.cast(called, "float32")))
        # END SOLUTION

    def result(self) -> tf.Tensor:
        # BEGIN SOLUTION
        return ops.divide_no_nan(self.true_positives.value, self.calls.value)
        # END SOLUTION


# %% exercise="streaming-precision" role="tests" points=1
# Exercise 12.1, tests 1 of 3: precision over a stream of batches.
def check_stream(threshold, batches):
    metric, past, ratios = StreamingPrecision(threshold), np.zeros((0, 2)), []
    parts = [metric, *getattr(metric, "__dict__", {}).values()]
    assert not any(isinstance(part, keras.metrics.Precision) for part in parts), (
        "StreamingPrecision uses keras.metrics.Precision; the task is to do its work yourself.")
    for number, (p, y) in enumerate(batches, 1):
        metric.update_state(tf.constant(y, tf.int64), tf.constant(p, tf.float32))
        value = metric.result()
        called = f"StreamingPrecision({threshold}).result() after batch {number} of {len(batches)}"
        assert isinstance(value, tf.Tensor), (
            f"{called} gave a {type(value).__name__}, wanted a tensor.")
        assert tuple(value.shape) == () and value.dtype == tf.float32, (
            f"{called} gave shape {tuple(value.shape)} and {value.dtype.name}, wanted shape () and "
            "float32.")

        past = np.concatenate([past, np.array([p, y]).T])
        p_all, y_all = past[:, 0], past[:, 1] == 1

        def precision(p, y, calls=lambda p: p > threshold):
            return (calls(p) & y).sum() / max(calls(p).sum(), 1)

        mine = precision(np.array(p), np.array(y) == 1)
        ratios.append(mine)
        wanted, got = precision(p_all, y_all), float(value)
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
            value, again = metric.result(), metric.result()
        except ZeroDivisionError:
            raise AssertionError(f"result() {when} divided by zero, wanted 0: without positive "
                                 "calls there is nothing to divide by.") from None
        assert isinstance(value, tf.Tensor) and tuple(value.shape) == (), (
            f"result() {when} gave {value!r:.60}, wanted a tensor of shape ().")
        assert value.dtype == tf.float32, (
            f"result() {when} gave a tensor of {value.dtype.name}, wanted float32.")
        assert math.isnan(value) or float(value) == float(again), (
            f"result() {when} gave {float(value):.4f}, and {float(again):.4f} when asked again: "
            "result must not change the state.")
        return float(value)

    def update(p, y):
        metric.update_state(tf.constant(y, tf.int64), tf.constant(p, tf.float32))

    def wants_zero(when):
        got = read(when)
        assert got == 0, f"result() {when} gave {got}, wanted 0" + (
            ": that is 0/0; test the number of calls first." if math.isnan(got) else ".")

    wants_zero("before the first batch")
    update([], [])
    wants_zero("after an empty batch")
    update([0.2, 0.2, 0.2], [1, 0, 1])
    wants_zero("after a batch without positive calls")
    update(p, y)
    got, wanted = read("after a batch with calls"), np.mean(np.array(y)[np.array(p) > 0.5])
    assert abs(got - wanted) < 1e-5, (
        f"result() after an empty batch, a batch without calls, and probabilities {p} with labels "
        f"{y} gave {got:.4f}, wanted {wanted:.4f}: the batches without calls change nothing.")


for p, y in [([0.9, 0.7, 0.6], [1, 1, 0])]:
    check_nothing(p, y)
# BEGIN HIDDEN TESTS
for p, y in [([0.9], [0]), ([0.6, 0.1, 0.7, 0.8, 0.9], [1, 1, 1, 0, 1])]:
    check_nothing(p, y)
# END HIDDEN TESTS

# %% exercise="streaming-precision" role="tests" points=1
# Exercise 12.1, tests 3 of 3: reset_state, variables, and objects beside each other.
def check_reset(p, y):
    def update(metric, p, y):
        metric.update_state(tf.constant(y, tf.int64), tf.constant(p, tf.float32))

    def wants(metric, wanted, when, cause):
        value = metric.result()
        assert isinstance(value, tf.Tensor) and tuple(value.shape) == (), (
            f"result() {when} gave {value!r:.60}, wanted a tensor of shape ().")
        assert abs(float(value) - wanted) < 1e-5, (
            f"result() {when} gave {float(value):.4f}, wanted {wanted:.4f}: {cause}.")

    metric, heir, high = StreamingPrecision(), StreamingPrecision(), StreamingPrecision(0.75)
    assert isinstance(metric, keras.metrics.Metric) and len(metric.variables) > 0, (
        "StreamingPrecision().variables is empty: Keras sees what add_weight made in __init__, and "
        "neither Python's numbers nor a tf.Variable of your own.")
    hits = np.array(y)[np.array(p) > 0.5]
    update(metric, p, y)
    wants(metric, hits.mean(), f"after probabilities {p} and labels {y}, beside a "
          "StreamingPrecision(0.75),", "the threshold is that of another object, or the first "
          "tests cell does not pass yet")
    update(high, [0.7, 0.8], [0, 1])
    wants(metric, hits.mean(), "once more, after an update of the other object,", "the two share "
          "their counts, or result changes them; keep them in self, and let result only read")
    for variable, value in zip(heir.variables, metric.variables):
        variable.assign(value.numpy())
    update(heir, [0.9] * len(hits), [0] * len(hits))
    wants(heir, hits.mean() / 2, "of an object that was given the variables of this one, and then "
          "as many calls again, all of them wrong,", "some of the state is not in variables but in "
          "attributes, which Keras does not save")
    metric.reset_state()
    wants(metric, 0, "after reset_state()", "something was left from before")
    update(metric, [0.9, 0.8], [1, 0])
    wants(metric, 0.5, "after reset_state() and a batch with 1 of 2 calls right",
          "the reset must put back every part of the state")
    high.reset_state()
    update(high, [0.6, 0.7, 0.9], [0, 0, 1])
    wants(high, 1, "of StreamingPrecision(0.75) after reset_state() and probabilities 0.6, 0.7 and "
          "0.9, of which the last is right,", "the threshold is a setting, and a reset leaves it "
          "alone")


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
# functions of lesson 11. For those no class is needed: hand the function to `compile`, and Keras
# wraps a mean around it. `evaluate` then runs over the batches, updates every metric, and returns
# the results. (Lesson 13 is about both.)
#
# The model below answers 0 to everything, so that the targets are the errors. `huber_mean` is the
# same loss as `huber_each`, averaged over the batch.
#
# **Predict**: which of the two metrics gives the mean over all nine examples?

# %% listing="S1-18"
def huber_each(targets, predictions):
    e = ops.abs(targets - predictions)
    return ops.mean(ops.where(e <= 1, e**2 / 2, e - 0.5), axis=-1)  # one value per example


def huber_mean(targets, predictions):
    return ops.mean(huber_each(targets, predictions))


zero = keras.Sequential([keras.Input((1,)), layers.Dense(1, kernel_initializer="zeros")])
x, y = np.ones((9, 1), "float32"), errors[:, None]
zero.compile(loss=huber_each, metrics=[huber_each, huber_mean])
found = zero.evaluate(x, y, batch_size=4, verbose=0, return_dict=True)
for name in ("huber_each", "huber_mean"):
    print(name, round(found[name], 4))
print("all at once", round(float(huber_mean(y, zero(x))), 4))

# %% [markdown]
# A function that has already averaged makes a mean of means out of every metric around it. A metric
# wants values per example, which is why the losses of lesson 11 were written that way.
#
# ### Weights
#
# If some examples count more than others, the mean becomes $\sum_i w_i v_i / \sum_i w_i$: both sums
# are carried, and the second one has replaced the count. `evaluate` takes the weights as
# `sample_weight`. Three errors of 2, the last with weight 2:
#
# **Predict** the three numbers.

# %%
weights = np.array([1.0, 1.0, 2.0])
zero.compile(
    loss=keras.losses.MeanAbsoluteError(),
    metrics=[keras.metrics.MeanAbsoluteError(name="plain")],
    weighted_metrics=[keras.metrics.MeanAbsoluteError(name="weighted")],
)
for values in ([[2.0], [2.0], [2.0]], [[1.0], [1.0], [4.0]]):
    found = zero.evaluate(
        x[:3], np.array(values), sample_weight=weights, verbose=0, return_dict=True)
    print(np.ravel(values), {name: round(found[name], 2) for name in ("plain", "weighted", "loss")})

# %% [markdown]
# Three answers to "the mean of 2, 2 and 2". What stands in `metrics` never hears of the weights.
# What stands in `weighted_metrics` divides by their sum. The loss divides by the number of
# examples; that is no harm for a loss, where a factor is only a factor in the step size. A metric
# has a unit: a mean of 2, 2 and 2 that is 2.67 is wrong, whatever the weights.
#
# ### Then and now: a metric class that listened to half of its arguments
#
# A book shows a Huber metric as a class. Its constructor makes the two sums by calls such as this:

# %% tags=["raises-exception"] listing="S1-21"
class BookHuber(keras.metrics.Metric):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.total = self.add_weight("total", initializer="zeros")


BookHuber()

# %% [markdown]
# In Keras 3 the first argument of `add_weight` is the shape. The name is given as `name=`, and the
# shape of a single number, `()`, is the default. With that repaired the class runs.
#
# **Predict** the three numbers.

# %% listing="S1-21"
class RepairedHuber(keras.metrics.Metric):
    def __init__(self, threshold=1.0, **kwargs):
        super().__init__(**kwargs)
        self.threshold = threshold
        self.total = self.add_weight(name="total", initializer="zeros")
        self.count = self.add_weight(name="count", initializer="zeros")

    def update_state(self, targets, predictions, sample_weight=None):
        values = keras.losses.huber(targets[:, None], predictions[:, None], self.threshold)
        self.total.assign_add(ops.sum(values))
        self.count.assign_add(ops.size(targets))

    def result(self):
        return self.total / self.count

    def get_config(self):
        return {**super().get_config(), "threshold": self.threshold}


repaired, targets = RepairedHuber(), tf.constant([1.0, 1.0, 4.0])
print("no weights:      ", round(float(repaired(targets, tf.zeros(3))), 4))
repaired.reset_state()
print("after a reset:   ", float(repaired.result()))
repaired.update_state(targets, tf.zeros(3), sample_weight=tf.constant([1.0, 1.0, 0.0]))
print("weights 1, 1, 0: ", round(float(repaired.result()), 4))

# %% [markdown]
# Someone gave a weight of zero to an outlier, and the metric counted it in full. An argument that
# is accepted and ignored is worse than one that is missing. And after a reset there is 0/0. Today's
# form is in the next exercise.
#
# One thing the class does well: `get_config` writes the threshold down, so that a copy made from
# the configuration measures the same thing (lesson 11 did this for losses).
#
# **Predict**: does the copy also have the state?

# %%
original = RepairedHuber(threshold=2.0, name="huber")
original.update_state(targets, tf.zeros(3))
copy = RepairedHuber.from_config(original.get_config())
print("threshold:", copy.threshold, " state:", [float(v.numpy()) for v in copy.variables])

# %% [markdown]
# ### Shapes that fit by accident
#
# A column against a row, which lesson 11 had in losses, does its harm in metrics too: predictions
# of shape `(n, 1)`, and labels of shape `(n,)`.
#
# **Predict**: three examples, all called right. What does our accuracy say?

# %%
labels, column = tf.constant([1, 0, 1]), tf.constant([[0.9], [0.2], [0.8]])
accuracy = Accuracy()
accuracy.update_state(labels, column)
print("shape of the comparison:", tuple(((column > 0.5) == (labels == 1)).shape))
print("own accuracy:  ", round(float(accuracy.result()), 2))
print("Keras accuracy:", float(keras.metrics.BinaryAccuracy()(labels, column)))

# %% [markdown]
# Each of the three was compared with all three labels, five of the nine pairs agree, and the
# accuracy is 167 per cent. Had we divided by the nine, it would be a believable 56 per cent. Keras
# squeezes a last axis of 1 away for its own metrics, and not for yours. So a metric checks the
# shapes *before it changes its state*, and raises an error that shows both.
#
# The caller drops the axis with `ops.squeeze(column, axis=1)`, and names it: a bare `squeeze` also
# drops the batch when the last batch holds one example (lesson 11).
#
# And a note on dtypes. A count feels like an integer, and `add_weight` takes a `dtype`.
#
# **Predict** what is left of the half.

# %%
total = keras.metrics.Mean().add_weight(name="total", dtype="int32", initializer="zeros")
total.assign_add(0.5)
total.assign_add(2.9)
print(total.numpy())

# %% [markdown]
# `assign_add` converts what it gets to the dtype of the variable, and nothing is said about the
# fractions. A state that may ever have to hold a weight is float.

# %% [markdown] exercise="huber-metric" role="task"
# ## Exercise 12.2: a weighted Huber metric
#
# *4 points*
#
# Write the metric `HuberMetric(threshold=1.0)`. The Huber value of an error $e$ with threshold $t$
# is $e^2/2$ where $|e| \le t$, and $t\,(|e| - t/2)$ elsewhere (lesson 11).
#
# - `update_state(targets, predictions, sample_weight=None)` takes float32 tensors of shape `(n,)`,
#   for any `n`, 0 included. The weights are float32, shape `(n,)`, 0 or more; without them each
#   example weighs 1.
# - `result()` returns $\sum_i w_i h_i / \sum_i w_i$ over all the examples since the object was made
#   or reset, as a float32 tensor of shape `()`; 0 if the weights add up to 0.
# - `reset_state()` forgets all batches. The threshold stays.
# - Every object has a threshold and sums of its own.
# - `update_state` raises a `ValueError` if the shapes of targets, predictions and weights (where
#   given) are not all the same, and the state is then as it was before.
# - The state is in the metric's `variables`, which are there as soon as the constructor is done.
#
# The four tests cells (1 point each) stream uneven batches, weigh them, try what must not get into
# the sums (nothing at all, zero weights, other shapes), and look at `reset_state`, the variables
# and objects beside each other.

# %% [markdown] exercise="huber-metric" role="hint"
# <details><summary>Hint 1</summary>
#
# Two sums are carried. Without weights, what are they? Write `update_state` so that the case
# without weights is the case with weights of 1.
#
# </details>

# %% [markdown] exercise="huber-metric" role="hint"
# <details><summary>Hint 2</summary>
#
# Compare the shapes first, and `raise ValueError(…)`. `ops.where(e <= t, e**2 / 2, t * (e - t /
# 2))` with `e = ops.abs(predictions - targets)` gives a value per example. Then `sample_weight =
# ops.ones_like(values)` if there are none, add `ops.sum(sample_weight * values)` to one sum and
# `ops.sum(sample_weight)` to the other. `result` is an `ops.divide_no_nan`.
#
# </details>

# %% exercise="huber-metric" role="solution" listing="S1-21"
class HuberMetric(keras.metrics.Metric):
    """Weighted mean of Huber values over batches of targets and predictions of shape (n,)."""

    def __init__(self, threshold: float = 1.0) -> None:
        super().__init__(name="huber_metric")
        # BEGIN SOLUTION
        self.threshold = threshold
        self.total = self.add_weight(name="total", initializer="zeros")
        self.weight = self.add_weight(name="weight", initializer="zeros")
        # END SOLUTION

    def update_state(
        self, targets: tf.Tensor, predictions: tf.Tensor, sample_weight: tf.Tensor | None = None
    ) -> None:
        # BEGIN SOLUTION
        if sample_weight is None:
            sample_weight = ops.ones_like(targets)
        shapes = [tuple(t.shape) for t in (targets, predictions, sample_weight)]
        if len(set(shapes)) > 1:
            raise ValueError(f"targets, predictions and weights have shapes {shapes}")
        e, t = ops.abs(predictions - targets), self.threshold
        values = ops.where(e <= t, e**2 / 2, t * (e - t / 2))
        self.total.assign_add(ops.sum(sample_weight * values))
        self.weight.assign_add(ops.sum(sample_weight))
        # END SOLUTION

    def result(self) -> tf.Tensor:
        # BEGIN SOLUTION
        return ops.divide_no_nan(self.total.value, self.weight.value)
        # END SOLUTION


# %% exercise="huber-metric" role="tests" points=1
# Exercise 12.2, tests 1 of 4: Huber values over uneven batches.
def check_huber(threshold, batches):
    metric, seen, means = HuberMetric(threshold), [], []
    for number, batch in enumerate(batches, 1):
        targets = np.arange(len(batch), dtype="float32")
        metric.update_state(tf.constant(targets), tf.constant(targets + batch, tf.float32))
        value = metric.result()
        called = f"HuberMetric({threshold}).result() after batches of errors {batches[:number]}"
        assert isinstance(value, tf.Tensor), (
            f"{called} gave a {type(value).__name__}, wanted a tensor.")
        assert tuple(value.shape) == () and value.dtype == tf.float32, (
            f"{called} gave shape {tuple(value.shape)} and {value.dtype.name}, wanted shape () and "
            "float32: one value for all that was seen.")

        def huber(errors, t=threshold):
            e = np.abs(np.array(errors))
            return np.where(e <= t, e**2 / 2, t * (e - t / 2))

        seen += batch
        means.append(huber(batch).mean())
        e, got, wanted = np.abs(seen), float(value), huber(seen).mean()
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
                     "add up Huber values and weights over all batches, and divide once")
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
        more = {} if w is None else {"sample_weight": tf.constant(w)}
        metric.update_state(tf.zeros(len(batch)), tf.constant(batch), **more)
        e, w = np.abs(batch), np.ones(len(batch)) if w is None else np.array(w)
        h = np.where(e <= threshold, e**2 / 2, threshold * (e - threshold / 2))
        errors, weights = np.append(errors, h), np.append(weights, w)
        means.append((w * h).sum() / w.sum())
    value = metric.result()
    called = f"HuberMetric({threshold}).result() after errors and weights {batches}"
    assert isinstance(value, tf.Tensor) and tuple(value.shape) == (), (
        f"{called} gave {value!r:.60}, wanted a tensor of shape ().")
    assert value.dtype == tf.float32, f"{called} gave {value.dtype.name}, wanted float32."
    got, wanted = float(value), (weights * errors).sum() / weights.sum()
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
            value = metric.result()
        except ZeroDivisionError:
            raise AssertionError(f"result() {when} divided by zero, wanted {wanted}.") from None
        assert isinstance(value, tf.Tensor) and tuple(value.shape) == (), (
            f"result() {when} gave {value!r:.60}, wanted a tensor of shape ().")
        got = float(value)
        assert abs(got - wanted) < 1e-5, (
            f"result() {when} gave {got:.4f}, wanted {wanted}: "
            + ("that is 0/0; test the sum of the weights first." if math.isnan(got) else cause))

    wants(0, "before the first batch", "nothing was seen.")
    metric.update_state(tf.zeros(0), tf.zeros(0))
    wants(0, "after an empty batch", "nothing was seen.")
    metric.update_state(tf.zeros(2), tf.ones(2), sample_weight=tf.zeros(2))
    wants(0, "after two examples of weight 0", "their values must not count.")
    metric.update_state(tf.zeros(2), tf.constant([1.0, 3.0]))
    wants(1.5, "after errors of weight 0 and errors 1 and 3", "weight 0 is no weight at all.")
    targets, predictions, *weights = [tf.ones(shape) for shape in shapes]
    called = f"update_state() with targets, predictions and weights of shapes {shapes}"[:110]
    try:
        metric.update_state(targets, predictions, *weights)
    except ValueError:
        wants(1.5, f"after {called} had raised", "check the shapes before you change the state.")
    except Exception as error:
        raise AssertionError(f"{called} raised {type(error).__name__} ({str(error)[:80]}), wanted "
                             "a ValueError: compare the shapes yourself, first.") from None
    else:
        raise AssertionError(f"{called} was accepted, wanted a ValueError: broadcasting pairs "
                             "every prediction with every target.")


for shapes in [[(3,), (3, 1)], [(2,), (2,), (2, 1)]]:
    check_refused(shapes)
# BEGIN HIDDEN TESTS
for shapes in [[(4, 1), (4,)], [(4,), (1,)], [(3,), (3,), (1,)]]:
    check_refused(shapes)
# END HIDDEN TESTS

# %% exercise="huber-metric" role="tests" points=1
# Exercise 12.2, tests 4 of 4: reset_state, variables, and objects beside each other.
def check_reset(threshold, error):
    """Errors above the threshold, in a metric with this threshold and in one with another."""
    metric, heir, other = HuberMetric(threshold), HuberMetric(threshold), HuberMetric(0.125)
    assert isinstance(metric, keras.metrics.Metric) and len(metric.variables) > 0, (
        f"HuberMetric({threshold}).variables is empty: Keras sees what add_weight made in "
        "__init__, and neither Python's numbers nor a tf.Variable of your own.")
    wanted = threshold * (error - threshold / 2)

    def wants(metric, wanted, when, cause):
        value = metric.result()
        assert isinstance(value, tf.Tensor) and tuple(value.shape) == (), (
            f"result() {when} gave {value!r:.60}, wanted a tensor of shape ().")
        assert abs(float(value) - wanted) < 1e-4, (
            f"result() of HuberMetric({threshold}) {when} gave {float(value):.4f}, wanted "
            f"{wanted:.4f}: {cause}.")

    metric.update_state(tf.zeros(1), tf.constant([error]))
    wants(metric, wanted, f"after an error of {error}, beside a HuberMetric(0.125),", "the "
          "threshold is that of another object, or the first tests cell does not pass yet")
    other.update_state(tf.zeros(1), tf.constant([64.0]))
    wants(metric, wanted, "once more, after an update of the other object,",
          "the two share their sums; keep them in self")
    for variable, value in zip(heir.variables, metric.variables):
        variable.assign(value.numpy())
    heir.update_state(tf.zeros(1), tf.zeros(1))
    wants(heir, wanted / 2, f"that was given the variables of one that has seen an error of "
          f"{error}, and then an error of 0,", "some of the state is not in variables but in "
          "attributes, which Keras does not save")
    metric.reset_state()
    wants(metric, 0, "after reset_state()", "something was left from before")
    metric.update_state(tf.zeros(2), tf.constant([0.0, error]))
    wants(metric, wanted / 2, f"after reset_state() and errors of 0 and {error}", "the reset must "
          "put back both sums; the threshold is a setting, and a reset leaves it alone")


for threshold, error in [(4.0, 6.0)]:
    check_reset(threshold, error)
# BEGIN HIDDEN TESTS
for threshold, error in [(0.5, 3.0), (2.0, 9.0)]:
    check_reset(threshold, error)
# END HIDDEN TESTS

# %% [markdown]
# ## Reset, and whose state it is
#
# A metric is made once and used for every epoch, so it is reset between epochs. `fit` and
# `evaluate` do that; in a loop of your own it is your job. When it is forgotten, nothing raises.
#
# **Predict**: a detector has 3 of 4 right in epoch 1, 4 of 4 in epoch 2. What is reported?

# %%
accuracy = Accuracy()
epoch_1 = tf.constant([1, 1, 0, 0]), tf.constant([0.9, 0.8, 0.1, 0.6])
epoch_2 = tf.constant([1, 1, 0, 0]), tf.constant([0.9, 0.8, 0.1, 0.2])
for number, data in enumerate((epoch_1, epoch_2), 1):
    accuracy.update_state(*data)
    print(f"epoch {number}: {float(accuracy.result()):.3f}")

# %% [markdown]
# The second epoch was perfect. What you see is the mean since the program began: a curve that is
# smoother than the truth and lags behind it.
#
# ### One state per object
#
# You want one accuracy for training and one for validation. Here is a metric whose state is written
# where it looks tidy: at the top of the class.
#
# **Predict** what the second object says before it has seen anything, and what the first one says
# after its reset.

# %%
class TidyMean(keras.metrics.Metric):
    total, count = tf.Variable(0.0), tf.Variable(0.0)

    def update_state(self, values):
        self.total.assign_add(ops.sum(values))
        self.count.assign_add(ops.sum(ops.ones_like(values)))

    def result(self):
        return ops.divide_no_nan(self.total, self.count)


training, validation = TidyMean(name="training"), TidyMean(name="validation")
training.update_state(tf.constant([1.0, 2.0, 3.0]))
print("validation:", float(validation.result()))
training.reset_state()
print("reset:     ", float(training.result()))
print("variables: ", training.variables)

# %% [markdown]
# Two things went wrong. What stands in the body of a class is made once, when the class is made,
# and belongs to all its objects; a default argument such as `def __init__(self, totals={})` is the
# same trap. And a raw `tf.Variable` is none that Keras knows (lesson 03), so the inherited
# `reset_state`, which walks over `variables`, walks past it. Make state in `__init__`, with
# `add_weight`.
#
# ### Where a state starts
#
# Not every state is a sum, and not every state starts at 0. A *smallest error so far* that starts
# at 0 stays at 0 for good. It starts at the value that every first error replaces: infinity for a
# minimum, minus infinity for a maximum.
#
# **Predict** the state of this metric when it is new, and after a reset.

# %%
class Smallest(keras.metrics.Metric):
    def __init__(self):
        super().__init__(name="smallest")
        infinity = keras.initializers.Constant(math.inf)
        self.smallest = self.add_weight(name="smallest", initializer=infinity)

    def update_state(self, values):
        self.smallest.assign(ops.minimum(self.smallest, ops.min(values)))

    def result(self):
        return self.smallest


smallest = Smallest()
print("new:  ", float(smallest.smallest.numpy()))
smallest.reset_state()
print("reset:", float(smallest.smallest.numpy()))

# %% [markdown]
# The inherited `reset_state` does not ask the initialiser. It assigns zeros. A metric whose state
# starts elsewhere writes a `reset_state` of its own.
#
# Minima have a second trap. The sum of an empty batch is 0 and does no harm; a minimum of nothing
# does not exist.
#
# **Predict** which of the three raises.

# %%
nothing = tf.zeros((0,))
for name, reduce in (("ops.sum", ops.sum), ("ops.min", ops.min), ("tf.reduce_min", tf.reduce_min)):
    try:
        print(name, "of nothing:", float(reduce(nothing)))
    except tf.errors.InvalidArgumentError as error:
        print(name, "of nothing raises", type(error).__name__)

# %% [markdown]
# TensorFlow's own reduction gives the starting value of a minimum, which is just right here. With
# `ops.min`, put the state and the batch into one tensor first: that is never empty.
#
# ### A value that changes afterwards
#
# `Smallest` has one more fault: its `result` hands out the variable itself.
#
# **Predict** the history of three epochs with errors 1, 2 and 3.

# %%
history = []
for value in (1.0, 2.0, 3.0):
    smallest.smallest.assign(math.inf)
    smallest.update_state(tf.constant([value]))
    history.append(smallest.result())
print([float(entry.numpy()) for entry in history], "of type", type(history[0]).__name__)

# %% [markdown]
# The history holds one variable three times, and every `assign` reaches all of its entries.
# `result` returns a tensor: something computed, or `tf.identity(self.smallest.value)`.

# %% [markdown] exercise="reset-and-reuse" role="task"
# ## Exercise 12.3: the range of the errors, epoch after epoch
#
# *4 points*
#
# Write the metric `ErrorRange()`: the smallest and the largest absolute error.
#
# - `update_state(targets, predictions)` takes two float32 tensors of shape `(n,)`, for any `n`, 0
#   included. The absolute errors are $|\mathrm{prediction} - \mathrm{target}|$.
# - `result()` returns a float32 tensor of shape `(2,)`: the smallest and the largest absolute error
#   of all the examples since the object was made or reset. Before the first example these are `inf`
#   and `-inf`.
# - `reset_state()` forgets everything, and the object can be used as if it were new.
# - Every `ErrorRange` has a state of its own, all of it in its `variables`. What `result` returned
#   once never changes.
#
# The four tests cells (1 point each) stream batches, look at the start and at empty batches, reset
# and go on, and use two objects by turns.

# %% [markdown] exercise="reset-and-reuse" role="hint"
# <details><summary>Hint 1</summary>
#
# Two numbers are the whole state. What must they be before the first error, so that the first error
# replaces both? The inherited `reset_state` does not put them there.
#
# </details>

# %% [markdown] exercise="reset-and-reuse" role="hint"
# <details><summary>Hint 2</summary>
#
# Make both with `add_weight`, then call `self.reset_state()` in the constructor, and write there
# `self.smallest.assign(math.inf)` and `self.largest.assign(-math.inf)`. In `update_state`,
# `tf.reduce_min(errors)` and `tf.reduce_max(errors)` also work for an empty batch.
# `ops.stack([self.smallest.value, self.largest.value])` is a new tensor each time.
#
# </details>

# %% exercise="reset-and-reuse" role="solution"
class ErrorRange(keras.metrics.Metric):
    """Smallest and largest absolute error over batches of shape (n,); result has shape (2,)."""

    def __init__(self) -> None:
        super().__init__(name="error_range")
        # BEGIN SOLUTION
        self.smallest = self.add_weight(name="smallest", initializer="zeros")
        self.largest = self.add_weight(name="largest", initializer="zeros")
        self.reset_state()
        # END SOLUTION

    def reset_state(self) -> None:
        # BEGIN SOLUTION
        self.smallest.assign(math.inf)
        self.largest.assign(-math.inf)
        # END SOLUTION

    def update_state(
        self, targets: tf.Tensor, predictions: tf.Tensor, sample_weight: None = None
    ) -> None:
        if sample_weight is not None:
            raise ValueError("this metric takes no weights")
        # BEGIN SOLUTION
        errors = ops.abs(predictions - targets)
        self.smallest.assign(ops.minimum(self.smallest, tf.reduce_min(errors)))
        self.largest.assign(ops.maximum(self.largest, tf.reduce_max(errors)))
        # END SOLUTION

    def result(self) -> tf.Tensor:
        # BEGIN SOLUTION
        return ops.stack([self.smallest.value, self.largest.value])
        # END SOLUTION


# %% exercise="reset-and-reuse" role="tests" points=1
# Exercise 12.3, tests 1 of 4: the range over a stream of batches.
def check_range(batches):
    metric, seen = ErrorRange(), []
    for number, errors in enumerate(batches, 1):
        targets = np.arange(len(errors), dtype="float32")
        metric.update_state(tf.constant(targets), tf.constant(targets + errors, tf.float32))
        value = metric.result()
        called = f"ErrorRange().result() after batches of errors {batches[:number]}"
        assert isinstance(value, (tf.Tensor, keras.Variable, tf.Variable)), (
            f"{called} gave a {type(value).__name__}, wanted a tensor.")
        dtype = tf.as_dtype(value.dtype).name
        assert tuple(value.shape) == (2,) and dtype == "float32", (
            f"{called} gave shape {tuple(value.shape)} and {dtype}, wanted shape (2,) and float32.")
        seen += errors
        absolute, got = np.abs(seen), value.numpy().tolist()
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
            value = metric.result()
        except Exception as error:
            raise AssertionError(f"result() {when} raised {type(error).__name__} "
                                 f"({str(error)[:80]}), wanted {wanted}: {cause}.") from None
        assert isinstance(value, (tf.Tensor, keras.Variable, tf.Variable)) and (
            tuple(value.shape) == (2,)), (
            f"result() {when} gave {value!r:.60}, wanted a tensor of shape (2,).")
        got = value.numpy().tolist()
        assert got == wanted, f"result() {when} gave {got}, wanted {wanted}: {cause}."

    def update(errors):
        try:
            metric.update_state(tf.zeros(len(errors)), tf.constant(errors, tf.float32))
        except (tf.errors.InvalidArgumentError, ValueError) as error:
            if errors:
                raise
            raise AssertionError(
                f"update_state() with an empty batch raised {type(error).__name__}: a minimum of "
                "nothing does not exist; tf.reduce_min gives inf for it.") from None

    start = "start from inf and -inf, which every first error replaces"
    wants([math.inf, -math.inf], "of a new object", f"{start} (state in the body of the class, or "
          "in a default argument, belongs to all objects)")
    update([])
    wants([math.inf, -math.inf], "after an empty batch", start)
    update(errors)
    update([])
    wants([float(np.abs(errors).min()), float(np.abs(errors).max())],
          f"after an empty batch, errors {errors} and an empty batch", "a batch without examples "
          "changes nothing")


ErrorRange().update_state(tf.zeros(2), tf.constant([9.0, 0.5]))
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
        metric.reset_state()
        try:
            fresh = metric.result()
        except Exception as error:
            fresh = error
        assert isinstance(fresh, (tf.Tensor, keras.Variable, tf.Variable)), (
            f"result() after reset_state() gave {fresh!r:.60}, wanted a tensor of shape (2,).")
        assert fresh.numpy().tolist() == [math.inf, -math.inf], (
            f"result() after reset_state() in epoch {number} gave {fresh.numpy().tolist()}, wanted "
            "[inf, -inf]: the inherited reset_state assigns 0 to what is in variables, and nothing "
            "to anything else; write one that puts back all of the state to where it starts.")
        for errors in batches:
            metric.update_state(tf.zeros(len(errors)), tf.constant(errors))
        absolute = np.abs(np.concatenate(batches))
        wanted.append([float(absolute.min()), float(absolute.max())])
        history.append(metric.result())
        assert np.allclose(history[-1].numpy(), wanted[-1]), (
            f"result() at the end of epoch {number} gave {history[-1].numpy().tolist()}, wanted "
            f"{wanted[-1]}: " + ("reset_state() must forget the errors of the epochs before."
                                 if number > 1 else "get the first tests cell to pass first."))
    got = [entry.numpy().tolist() for entry in history]
    assert np.allclose(got, wanted), (
        f"the values kept from {len(epochs)} epochs read {got} in the end, wanted {wanted}: they "
        "changed afterwards, so result handed out the state itself, a variable; return a tensor "
        "made from it.")


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
    assert isinstance(training, keras.metrics.Metric) and len(training.variables) > 0, (
        "ErrorRange().variables is empty: Keras sees what add_weight made in __init__, and "
        "neither Python's numbers nor a tf.Variable of your own.")

    def wants(metric, which, errors, when):
        try:
            value = metric.result()
        except Exception as error:
            value = error
        wanted = [min(errors, default=math.inf), max(errors, default=-math.inf)]
        assert isinstance(value, (tf.Tensor, keras.Variable, tf.Variable)), (
            f"result() of the {which} gave {value!r:.60}, wanted a tensor of shape (2,).")
        assert tuple(value.shape) == (2,) and np.allclose(value.numpy(), wanted), (
            f"result() of the {which} {when} gave {value.numpy().tolist()}, wanted {wanted}: " + (
                "get the first tests cell to pass first." if value.numpy().tolist() == [0, 0] else
                "the two share state. What stands in the body of the class, in a default argument "
                "or in a global belongs to all objects; make it in __init__."))

    def update(metric, errors):
        metric.update_state(tf.zeros(len(errors)), tf.constant(errors))

    update(training, first_errors)
    wants(validation, "second ErrorRange", [], "when only the first was updated")
    update(validation, second_errors)
    wants(training, "first ErrorRange", first_errors, "after an update of the second")
    third = ErrorRange()
    wants(third, "third ErrorRange", [], "when it was new")
    for variable, value in zip(third.variables, training.variables):
        variable.assign(value.numpy())
    got = third.result().numpy().tolist()
    assert np.allclose(got, [min(first_errors), max(first_errors)]), (
        f"an ErrorRange that was given the variables of one with the errors {first_errors} says "
        f"{got}: the state is not in variables but in attributes, which Keras does not save.")
    wants(validation, "second ErrorRange", second_errors, "when a third had been made")
    validation.reset_state()
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
# ### A graph in a number
#
# `fit` and `evaluate` do not run your `update_state` batch after batch. They run it once, to record
# a *graph* of what it does to tensors and variables, and then run the graph. (Such a recording is
# called *tracing*. `tf.function` does the same; lesson 14 is about it.) Whatever Python does
# besides happens once, at recording. Here is a mean with its state in two Python attributes.
#
# **Predict**: after three batches with the losses 1, 2 and 3, what are `total` and `count`?

# %%
class AttributeMean(keras.metrics.Metric):
    def __init__(self):
        super().__init__(name="attribute_mean")
        self.total, self.count = 0.0, 0

    def update_state(self, loss):
        self.total = self.total + loss
        self.count = self.count + 1

    def result(self):
        return self.total / self.count


metric = AttributeMean()
recorded = tf.function(metric.update_state)
for value in (1.0, 2.0, 3.0):
    recorded(tf.constant(value))
print("count:", metric.count)
print("total:", type(metric.total).__name__, "of shape", tuple(metric.total.shape))
print("belongs to the recorded graph:", metric.total.graph is not None)

# %% [markdown]
# The count stands at 1, for one recording. The total is no number, but a place in the graph, and
# holds on to that graph as long as the metric lives. Asked for its value from outside, it raises.

# %%
try:
    metric.result()
except TypeError as error:
    print(type(error).__name__ + ":", str(error).partition(". ")[0])

# %% [markdown]
# The same metric works when every batch is run in plain Python, so a first test will not show the
# fault. And where Python only counts, nothing raises at all.
#
# **Predict**: two evaluations of nine examples in batches of four. How many batches does the metric
# count in each?

# %%
class BatchCounter(keras.metrics.Metric):
    def __init__(self, name="attribute"):
        super().__init__(name=name)
        self.batches = 0

    def update_state(self, targets, predictions, sample_weight=None):
        self.batches += 1

    def result(self):
        return tf.constant(float(self.batches))


class VariableCounter(keras.metrics.Metric):
    def __init__(self, name="variable"):
        super().__init__(name=name)
        self.batches = self.add_weight(name="batches", initializer="zeros")

    def update_state(self, targets, predictions, sample_weight=None):
        self.batches.assign_add(1)

    def result(self):
        return tf.identity(self.batches.value)


zero.compile(loss="mse", metrics=[BatchCounter(), VariableCounter()])
for _ in range(2):
    found = zero.evaluate(x, y, batch_size=4, verbose=0, return_dict=True)
    print({name: found[name] for name in ("attribute", "variable")})

# %% [markdown]
# An `assign_add` to a variable is recorded, and happens for every batch. That is the whole reason
# for `add_weight`, and for making the variables in the constructor, before anything is recorded.
# What a variable takes up is a value: it keeps no tape and no graph.
#
# ### A list
#
# A second way to grow is to keep everything: append all predictions to a list and compute at the
# end. Run in plain Python, the value is right for any metric, and the price is a second copy of the
# results. (Recorded, the list holds places in a graph.)
#
# **Predict**: how many numbers are kept after 100 batches of 32 examples with 10 classes, in the
# list, in two sums, and in `keras.metrics.AUC`?

# %%
kept, right, count = [], 0, 0
for _ in range(100):
    logits, classes = np.zeros((32, 10), "float32"), np.zeros(32, "int64")
    kept.append((logits, classes))
    right += int((logits.argmax(axis=1) == classes).sum())
    count += len(classes)
print("list:", sum(array.size for pair in kept for array in pair))
print("sums:", len([right, count]))
print("AUC: ", sum(math.prod(v.shape) for v in keras.metrics.AUC().variables))

# %% [markdown]
# Where a metric needs an order over all examples (a median, the area under a ROC curve), counts in
# fixed bins stand in for the list: a state of constant size, and a value as fine as the bins.
# `keras.metrics.AUC` keeps four counts for each of 200 thresholds.
#
# ### A counter that stops
#
# **Predict** the two results: 16,777,216 is $2^{24}$.

# %%
for dtype in ("float32", "float64"):
    examples = keras.metrics.Mean().add_weight(name="examples", dtype=dtype, initializer="zeros")
    examples.assign(16_777_216.0)
    examples.assign_add(1)
    print(dtype, f"{examples.numpy():,.0f}")

# %% [markdown]
# A float32 number has 24 binary digits. From there on, adding 1 changes nothing, and a count stands
# still. Variables are float32 unless you say `dtype="float64"`, which has 53 digits and costs
# nothing in a metric.
#
# ### A mean of nothing
#
# One more way to lose an epoch. A filter leaves a batch without examples; its mean loss is NaN; and
# someone weighs it with its number of examples, 0.
#
# **Predict** the product, and what `keras.metrics.Mean` says after that batch and a good one.

# %%
loss_of_nothing = tf.reduce_mean(tf.zeros((0,)))
print("0 times NaN:", float(0 * loss_of_nothing))
mean = keras.metrics.Mean()
mean.update_state(loss_of_nothing, sample_weight=0)
mean.update_state(1.0, sample_weight=4)
print("Mean:       ", float(mean.result()))

# %% [markdown]
# A weight of zero does not remove a NaN. Skip the batch.

# %% [markdown] exercise="no-graph-kept" role="task"
# ## Exercise 12.4: the mean loss of an epoch
#
# *4 points*
#
# Write the metric `RunningLoss()`, to be used inside a training loop.
#
# - `update_state(loss, n)` takes the mean loss of a batch, a float32 tensor of shape `()`, and the
#   number of its examples, a Python `int` of 0 or more.
# - `result()` returns the mean loss over all the examples since the object was made or reset, as a
#   float32 tensor of shape `()`; 0 if there were no examples.
# - `reset_state()` forgets all batches.
# - Every object has a state of its own.
# - A batch with `n = 0` changes nothing, even if its loss is NaN. A NaN with examples is not
#   hidden: the mean is then NaN.
# - `update_state` works under a `tf.GradientTape` and inside a `tf.function`; `result` is then
#   asked for outside.
# - The object keeps no tensor of a graph, and what it keeps does not grow with the number of
#   updates.
#
# The four tests cells (1 point each) look at the mean beside another object, at empty batches, NaN
# and the tape, at updates inside a `tf.function`, and whether the state grows.

# %% [markdown] exercise="no-graph-kept" role="hint"
# <details><summary>Hint 1</summary>
#
# The state is one sum over examples and one number of examples. What does a mean over `n` examples
# have to be multiplied with, to become a sum again? And where must the two numbers be kept, so that
# a recorded update reaches them?
#
# </details>

# %% [markdown] exercise="no-graph-kept" role="hint"
# <details><summary>Hint 2</summary>
#
# Make both numbers with `add_weight` in the constructor. `update_state`: if `n` is more than 0,
# `self.total.assign_add(n * loss)` and `self.count.assign_add(n)`. No `float(…)`, no `.numpy()`.
# `result` is an `ops.divide_no_nan`.
#
# </details>

# %% exercise="no-graph-kept" role="solution"
class RunningLoss(keras.metrics.Metric):
    """Mean loss per example, from the mean losses () of batches and their sizes."""

    def __init__(self) -> None:
        super().__init__(name="running_loss")
        # BEGIN SOLUTION
        self.total = self.add_weight(name="total", initializer="zeros")
        self.count = self.add_weight(name="count", initializer="zeros")
        # END SOLUTION

    def update_state(self, loss: tf.Tensor, n: int) -> None:
        # BEGIN SOLUTION
        if n > 0:
            self.total.assign_add(n * loss)
            self.count.assign_add(n)
        # END SOLUTION

    def result(self) -> tf.Tensor:
        # BEGIN SOLUTION
        return ops.divide_no_nan(self.total.value, self.count.value)
        # END SOLUTION


# %% exercise="no-graph-kept" role="tests" points=1
# Exercise 12.4, tests 1 of 4: the mean over examples, beside another object.
def check_values(batches):
    metric, other = RunningLoss(), RunningLoss()
    assert isinstance(metric, keras.metrics.Metric), (
        f"RunningLoss() gave a {type(metric).__name__}, not a keras Metric.")

    def read(when):
        value = metric.result()
        assert isinstance(value, tf.Tensor) and tuple(value.shape) == (), (
            f"result() {when} gave {value!r:.60}, wanted a tensor of shape ().")
        assert value.dtype == tf.float32, (
            f"result() {when} gave {value.dtype.name}, wanted float32.")
        return float(value)

    for loss, n in batches:
        metric.update_state(tf.constant(loss), n)
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
    assert abs(got - wanted) < 1e-4, f"result() {when} gave {got:.4f}, wanted {wanted}: {cause}."
    other.update_state(tf.constant(50.0), 3)
    got = read("once more, after an update of another object")
    assert abs(got - wanted) < 1e-4, (
        f"result() once more, after an update of another RunningLoss, gave {got:.4f}, wanted "
        f"{wanted}: the two share their state; keep it in self.")
    metric.reset_state()
    got = read("after reset_state()")
    assert got == 0, f"result() after reset_state() gave {got}, wanted 0: there were no examples."
    metric.update_state(tf.constant(2.5), 3)
    got = read("after reset_state() and a batch of loss 2.5")
    assert abs(got - 2.5) < 1e-4, (
        f"result() after reset_state() and a batch of 3 with loss 2.5 gave {got}, wanted 2.5: the "
        "reset must put back every part of the state.")


for batches in [[(1.0, 4), (9.0, 1)], [(4.0, 3), (1.0, 2)]]:
    check_values(batches)
# BEGIN HIDDEN TESTS
for batches in [[(6.25, 1), (0.25, 7), (2.25, 2)], [(9.0, 1), (1.0, 5)]]:
    check_values(batches)
# END HIDDEN TESTS

# %% exercise="no-graph-kept" role="tests" points=1
# Exercise 12.4, tests 2 of 4: empty batches, NaN, and the tape beside them.
def check_left_alone(batches):
    metric = RunningLoss()

    def read(when):
        try:
            value = metric.result()
        except ZeroDivisionError:
            raise AssertionError(f"result() {when} divided by zero, wanted 0.") from None
        assert isinstance(value, tf.Tensor) and tuple(value.shape) == (), (
            f"result() {when} gave {value!r:.60}, wanted a tensor of shape ().")
        return float(value)

    got = read("before the first batch")
    assert got == 0, f"result() before the first batch gave {got}, wanted 0."
    for value, n in batches:
        w = tf.Variable(value)
        with tf.GradientTape() as tape:
            loss = w**2 if n else w * math.nan
            metric.update_state(loss, n)
        gradient = tape.gradient(loss, w)
        assert n == 0 or (gradient is not None and abs(float(gradient) - 2 * value) < 1e-4), (
            f"the gradient of the loss with update_state(loss, {n}) under the tape is {gradient}, "
            f"wanted {2 * value}: update_state must leave the loss alone.")
    when = f"after batches of (loss, n) {[(v**2 if n else math.nan, n) for v, n in batches]}"
    got, wanted = read(when), sum(v**2 * n for v, n in batches) / sum(n for _, n in batches)
    assert abs(got - wanted) < 1e-4, (
        f"result() {when} gave {got:.4f}, wanted {wanted:.4f}: an empty batch was counted, or 0 "
        "times NaN was added; look at n first.")
    metric.update_state(tf.constant(math.nan), 2)
    got = read("after a batch of 2 examples with loss NaN")
    assert math.isnan(got), (
        f"result() after a batch of 2 examples with loss NaN gave {got}, wanted NaN: leave out the "
        "batches without examples, not those whose loss is NaN.")


for batches in [[(2.0, 3), (0.5, 0), (1.0, 2)]]:
    check_left_alone(batches)
# BEGIN HIDDEN TESTS
for batches in [[(0.5, 0), (2.5, 1), (1.5, 2)], [(3.0, 1), (1.0, 5), (0.1, 0)]]:
    check_left_alone(batches)
# END HIDDEN TESTS

# %% exercise="no-graph-kept" role="tests" points=1
# Exercise 12.4, tests 3 of 4: updates inside a tf.function.
def check_recorded(steps, n):
    metric, w = RunningLoss(), tf.Variable(tf.ones(5))
    update = tf.function(metric.update_state)

    @tf.function(autograph=False)
    def train_step(step):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((w * step) ** 2)
            update(loss, n)
        return tape.gradient(loss, w)

    called = f"{steps} updates with n = {n} inside a tf.function"
    try:
        for step in range(1, steps + 1):
            train_step(tf.constant(float(step)))
    except NotImplementedError as error:
        if "symbolic" not in str(error):
            raise
        raise AssertionError(f"{called} raised NotImplementedError: NumPy and float() need numbers "
                             "that a recorded loss does not have yet.") from None
    except (AttributeError, TypeError, ValueError) as error:
        raise AssertionError(
            f"{called} raised {type(error).__name__} ({str(error).strip().splitlines()[-1]:.120}): "
            "a recorded loss has no numpy() and no float yet, and variables are made in "
            "__init__.") from None
    kept = [part for part in tf.nest.flatten(vars(metric)) if tf.is_symbolic_tensor(part)]
    assert not kept, (
        f"after {called} the metric keeps {len(kept)} tensors of the recorded graph, and the whole "
        "graph with them: an attribute was rebound, or a list got the loss. Make variables with "
        "add_weight in __init__ and use assign_add.")
    value = metric.result()
    assert isinstance(value, tf.Tensor) and tuple(value.shape) == (), (
        f"result() after {called} gave {value!r:.60}, wanted a tensor of shape ().")
    got, wanted = float(value), np.mean([step**2 for step in range(1, steps + 1)])
    assert abs(got - wanted) < 1e-4 * wanted, (
        f"result() after {called} gave {got:.4f}, wanted {wanted:.4f}: Python numbers change once, "
        "when the function is recorded; variables change at every step.")


for steps, n in [(5, 2)]:
    check_recorded(steps, n)
# BEGIN HIDDEN TESTS
for steps, n in [(2, 4), (9, 3)]:
    check_recorded(steps, n)
# END HIDDEN TESTS

# %% exercise="no-graph-kept" role="tests" points=1
# Exercise 12.4, tests 4 of 4: the state does not grow.
def numbers_kept(thing, seen):
    """Count the numbers and letters in a value, through containers of any kind."""
    if id(thing) in seen:
        return 0
    seen.add(id(thing))
    if isinstance(thing, (tf.Tensor, tf.Variable, keras.Variable, np.ndarray)):
        return math.prod(thing.shape)
    if isinstance(thing, (str, bytes, bytearray)):
        return len(thing)
    if isinstance(thing, Collection):
        parts = [*thing, *thing.values()] if isinstance(thing, dict) else thing
        return sum(1 + numbers_kept(part, seen) for part in parts)
    return 1


def check_size(few, many):
    metric, sizes = RunningLoss(), []
    for step in range(1, many + 1):
        metric.update_state(tf.constant(float(step)), step)
        if step in (few, many):
            of_class = {k: v for k, v in vars(type(metric)).items() if not k.startswith("__")}
            sizes.append(numbers_kept([vars(metric), of_class, metric.variables], set()))
    assert sizes[0] == sizes[1], (
        f"a RunningLoss keeps {sizes[0]} numbers or letters after {few} updates and {sizes[1]} "
        f"after {many}, wanted the same: it collects what it is given. Keep one sum and one count.")
    value = metric.result()
    wanted = sum(step**2 for step in range(1, many + 1)) / sum(range(1, many + 1))
    assert isinstance(value, tf.Tensor) and tuple(value.shape) == (), (
        f"result() gave {value!r:.60}, wanted a tensor of shape ().")
    assert abs(float(value) - wanted) < 1e-3, (
        f"result() after losses and sizes 1 to {many} gave {float(value):.4f}, wanted "
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
logits = tf.constant([[2.0, 0.5, 1.0, -1.0], [0.1, 0.3, 0.2, 0.4], [-3.0, -1.0, -2.0, -4.0]])
labels = tf.constant([2, 3, 0], tf.int64)
best_two = ops.top_k(logits, 2)[1]
print(best_two.numpy().tolist())

# %% [markdown]
# **Predict**: which of the three labels are among the two best, and which are the best? Then run
# the next cell, and look at the shapes of its last comparison.

# %%
column = ops.cast(labels[:, None], best_two.dtype)
print("top 1:", (ops.argmax(logits, axis=1) == ops.cast(labels, "int32")).numpy().tolist())
print("top 2:", ops.any(best_two == column, axis=1).numpy().tolist())
print("shapes:", tuple(best_two.shape), tuple(column.shape))

# %% [markdown]
# The casts are needed since `top_k` and `argmax` give int32, and TensorFlow compares no int32 with
# int64. `labels[:, None]` has shape `(3, 1)`, and each label is compared with the candidates of its
# own row. Without the `None` this cell would raise, and that would be luck: for a batch of exactly
# $k$ examples, or of one, the shapes fit by accident, and labels meet the candidates of other rows.
#
# **Predict**: three rows, $k = 3$, and four classes. What is the share of hits, and what does the
# forgotten axis make of it?

# %%
three = ops.top_k(logits, 3)[1]
print("right:    ", ops.any(three == column, axis=1).numpy().tolist())
print("forgotten:", ops.any(three == column[:, 0], axis=1).numpy().tolist())

# %% [markdown]
# Nothing raised, and two of the three hits are lost. TensorFlow has a function for the whole line,
# which takes the labels first: `tf.math.in_top_k`.

# %%
print("in_top_k: ", tf.math.in_top_k(labels, logits, 2).numpy().tolist())

# %% [markdown]
# ### Logits or probabilities
#
# Softmax keeps the order of the logits, so the k best are the same with and without it. On paper.
#
# **Predict**: the order of the logits is class 0, class 3, class 2, class 1. What is left of it?
# The label is class 2: is it among the two best?

# %%
large, third = tf.constant([[300.0, 10.0, 50.0, 100.0]]), tf.constant([2])
print("softmax:               ", ops.softmax(large).numpy().tolist())
print("among two logits:      ", bool(tf.math.in_top_k(third, large, 2)[0]))
print("among two probabilities:", bool(tf.math.in_top_k(third, ops.softmax(large), 2)[0]))

# %% [markdown]
# In float32 everything beyond the first has become 0, and three classes share the second place.
# `in_top_k` counts all of them as hits, `top_k` takes the first that it meets, and both are wrong.
# Rank the logits.
#
# Two edges are left. There may be fewer than $k$ classes. And logits can be all equal, as those of
# a dead network are: `in_top_k` counts how many classes are *better* than the label, and finds
# none.
#
# **Predict** the three results.

# %%
dead = ops.zeros((3, 4))
print("hits of a dead network:", tf.math.in_top_k(labels, dead, 1).numpy().tolist())
print("in_top_k, k = 5:       ", tf.math.in_top_k(labels, logits, 5).numpy().tolist())
try:
    ops.top_k(logits, 5)
except tf.errors.InvalidArgumentError as error:
    print("top_k, k = 5:           raises", type(error).__name__)

# %% [markdown] exercise="top-k-accuracy" role="task"
# ## Exercise 12.5: top-k accuracy from logits
#
# *3 points*
#
# Write the metric `TopKAccuracy(k)`, for `k` of 1 or more, without
# `keras.metrics.SparseTopKCategoricalAccuracy`.
#
# - `update_state(labels, logits)` takes int64 labels of shape `(n,)`, from 0 to `classes - 1`, and
#   float32 logits of shape `(n, classes)`, for any `n`, 0 included.
# - `result()` returns the share of all examples, since the object was made or reset, whose label is
#   among the `k` classes with the largest logits in its row, as a float32 tensor of shape `()`; 0
#   if there were no examples.
# - With `k` of `classes` or more, every example is a hit.
# - Logits may be large: those of a row go from -1000 to 1000. No row that is tested has two equal
#   logits.
# - `reset_state()` forgets all batches. `k` stays, and every object has a `k` and counts of its
#   own.
# - The state is in the metric's `variables`, which are there as soon as the constructor is done.
#
# The three tests cells (1 point each) stream batches, try large logits and large `k`, and look at
# empty batches, `reset_state`, the variables and objects beside each other.

# %% [markdown] exercise="top-k-accuracy" role="hint"
# <details><summary>Hint 1</summary>
#
# The state is the same as that of `Accuracy`: hits and examples. What is new is one line, which
# turns labels and logits into a boolean for each row. No softmax is needed.
#
# </details>

# %% [markdown] exercise="top-k-accuracy" role="hint"
# <details><summary>Hint 2</summary>
#
# `tf.math.in_top_k(labels, logits, self.k)` is that line, also for large `k`. (With `ops.top_k`:
# not more than `logits.shape[1]` of them, labels cast to int32 and with an axis, and `ops.any` over
# axis 1.) Cast the booleans to float32 before you add them up.
#
# </details>

# %% exercise="top-k-accuracy" role="solution"
class TopKAccuracy(keras.metrics.Metric):
    """Share of labels (n,) among the k largest logits of their rows (n, classes)."""

    def __init__(self, k: int) -> None:
        super().__init__(name="top_k_accuracy")
        # BEGIN SOLUTION
        self.k = k
        self.hits = self.add_weight(name="hits", initializer="zeros")
        self.count = self.add_weight(name="count", initializer="zeros")
        # END SOLUTION

    def update_state(
        self, labels: tf.Tensor, logits: tf.Tensor, sample_weight: None = None
    ) -> None:
        if sample_weight is not None:
            raise ValueError("this metric takes no weights")
        # BEGIN SOLUTION
        hits = tf.math.in_top_k(labels, logits, self.k)
        self.hits.assign_add(ops.sum(ops.cast(hits, "float32")))
        self.count.assign_add(ops.size(labels))
        # END SOLUTION

    def result(self) -> tf.Tensor:
        # BEGIN SOLUTION
        return ops.divide_no_nan(self.hits.value, self.count.value)
        # END SOLUTION


# %% exercise="top-k-accuracy" role="tests" points=1
# Exercise 12.5, tests 1 of 3: hits over a stream of batches.
def check_hits(k, classes, sizes, seed):
    rng = np.random.default_rng(seed)
    metric, ranks, shares, others, lowest = TopKAccuracy(k), [], [], [], []
    parts = [metric, *getattr(metric, "__dict__", {}).values()]
    assert not any(isinstance(p, keras.metrics.SparseTopKCategoricalAccuracy) for p in parts), (
        "TopKAccuracy uses Keras's SparseTopKCategoricalAccuracy; the task is to do its work.")
    for number, n in enumerate(sizes, 1):
        logits = np.stack([rng.permutation(classes) for _ in range(n)]) - classes / 2
        labels = rng.integers(classes, size=n)
        called = (f"TopKAccuracy({k}).result() after batches of {sizes[:number]} rows with "
                  f"{classes} classes")
        try:
            metric.update_state(tf.constant(labels, tf.int64), tf.constant(logits, tf.float32))
        except (tf.errors.InvalidArgumentError, ValueError) as error:
            raise AssertionError(
                f"TopKAccuracy({k}).update_state() with labels {labels.shape} and logits "
                f"{logits.shape} raised {type(error).__name__} ({str(error).splitlines()[0]:.99}): "
                "labels need an axis, labels[:, None], and the dtype of the indices.") from None
        value = metric.result()
        assert isinstance(value, tf.Tensor), (
            f"{called} gave a {type(value).__name__}, wanted a tensor.")
        assert tuple(value.shape) == () and value.dtype == tf.float32, (
            f"{called} gave shape {tuple(value.shape)} and {value.dtype.name}, wanted shape () and "
            "float32.")
        order = np.argsort(-logits, axis=1)
        new = [list(row).index(label) for row, label in zip(order, labels)]
        ranks += new
        shares.append(np.mean(np.array(new) < k))
        lowest += [label in row[-k:] for row, label in zip(order, labels)]
        fits = n in (1, k)  # then labels also meet the candidates of other rows
        others += list((order[:, :k] == labels).any(axis=1) if fits else np.array(new) < k)
        ranks_all, got = np.array(ranks), float(value)
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
        value = metric.result()
        assert isinstance(value, tf.Tensor) and tuple(value.shape) == (), (
            f"result() {when} gave {value!r:.60}, wanted a tensor of shape ().")
        assert abs(float(value) - wanted) < 1e-5, (
            f"result() {when} gave {float(value):.4f}, wanted {wanted}: {cause}")

    for two, three in [(scale / 3, scale / 6), (-scale / 3, -scale / 2)]:
        metric, rows, labels = TopKAccuracy(2), [], []
        for label in range(1, classes):
            for second in (label, label % (classes - 1) + 1):  # then the label is second, or third
                row = -scale * np.linspace(0.6, 1.0, classes)
                row[[0, label]], row[second] = [scale, three], two
                rows.append(row)
                labels.append(label)
        metric.update_state(tf.constant(labels, tf.int64), tf.constant(rows, tf.float32))
        wants(metric, 0.5, f"with k = 2, for rows with one logit of {scale:.0f}, with the label "
              f"second ({two:.0f}) in half of them and third ({three:.0f}) in the others,", "rank "
              "the logits themselves; softmax makes all but the largest of such logits 0, and "
              "equal, in float64 too. (Or is k not used? See the first tests cell.)")
    for k in (classes, classes + 3):
        metric, rows = TopKAccuracy(k), tf.reshape(tf.range(2.0 * classes), (2, classes))
        try:
            metric.update_state(tf.constant([0, classes - 1], tf.int64), rows)
        except (tf.errors.InvalidArgumentError, ValueError) as error:
            raise AssertionError(
                f"TopKAccuracy({k}).update_state() with {classes} classes raised "
                f"{type(error).__name__}: with that many candidates every example is a "
                "hit.") from None
        wants(metric, 1, f"with k = {k} and {classes} classes", "every example is a hit.")
    metric.update_state(tf.constant([2 * classes - 1], tf.int64), tf.range(3.0 * classes)[None])
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
# Exercise 12.5, tests 3 of 3: nothing, reset_state, variables, and objects beside each other.
def check_reset(k, classes):
    """One row for each place of the label, from the largest logit to the smallest."""
    metric, heir, other = TopKAccuracy(k), TopKAccuracy(k), TopKAccuracy(1)
    assert isinstance(metric, keras.metrics.Metric) and len(metric.variables) > 0, (
        f"TopKAccuracy({k}) is no keras Metric with variables: make the state with add_weight in "
        "__init__.")
    rows, labels = -np.tile(np.arange(classes), (classes, 1)), np.arange(classes)

    def update(metric, some):
        metric.update_state(tf.constant(labels[some]), tf.constant(rows[some], tf.float32))

    def wants(metric, wanted, when, cause):
        try:
            value = metric.result()
        except ZeroDivisionError:
            raise AssertionError(f"result() {when} divided by zero, wanted {wanted}.") from None
        assert isinstance(value, tf.Tensor) and tuple(value.shape) == (), (
            f"result() {when} gave {value!r:.60}, wanted a tensor of shape ().")
        assert abs(float(value) - wanted) < 1e-5, (
            f"result() of TopKAccuracy({k}) {when} gave {float(value):.4f}, wanted {wanted:.4f}: "
            f"{cause}.")

    wants(metric, 0, "before the first batch", "nothing was seen")
    update(metric, slice(0, 0))
    wants(metric, 0, "after an empty batch", "nothing was seen")
    update(metric, slice(None))
    wants(metric, k / classes, f"after labels in places 1 to {classes}, beside a TopKAccuracy(1),",
          "k is that of another object, or the first tests cell does not pass yet")
    update(other, slice(1, 2))
    wants(metric, k / classes, "once more, after an update of the other object,",
          "the two share their counts; keep them in self")
    for variable, value in zip(heir.variables, metric.variables):
        variable.assign(value.numpy())
    update(heir, [0] * classes)
    wants(heir, (k / classes + 1) / 2, "that was given the variables of that one, and then as many "
          "rows again, all of them hits,", "some of the state is not in variables but in "
          "attributes, which Keras does not save")
    metric.reset_state()
    wants(metric, 0, "after reset_state()", "it must put back hits and examples")
    update(metric, slice(k + 1))
    wants(metric, k / (k + 1), f"after reset_state() and labels in places 1 to {k + 1}",
          "it must put back hits and examples, both, and leave k alone, which is a setting")


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
# | function as a metric | wrap it in a class | hand it to `compile`; values per example |
# | the trap in a sum | a loss keeps its graph: `detach()` | a traced tensor: use `assign_add` |
# | 0/0 | NaN from tensors, an exception from numbers | NaN; `ops.divide_no_nan` gives 0 |
# | top-k from logits | `logits.topk(k)`, `labels[:, None]` | `tf.math.in_top_k` |

# %% [markdown]
# ## Summary
#
# - A loss needs a gradient and lives for one batch. A metric needs neither, and is read by people.
# - What is reported must not depend on how the data were cut. Carry what can be added (sums,
#   counts, weights, minima) and divide once, in `result`. A mean of batch values is right only for
#   means over batches of equal size.
# - With weights, divide by the sum of the weights. `metrics` in `compile` never sees weights,
#   `weighted_metrics` does.
# - Write down what a metric gives when it has seen nothing, and test it; `ops.divide_no_nan` gives
#   0.
# - State is made per object, in the constructor, with `add_weight`. The inherited `reset_state`
#   sets it to zero; if it starts elsewhere, write your own. `result` returns a tensor, not the
#   variable.
# - Python attributes change when a graph is recorded, variables whenever it runs. Nothing that
#   belongs to a graph goes into the state, and nothing that grows.
# - Check shapes before the state changes: broadcasting makes plausible nonsense out of `(n, 1)` and
#   `(n,)`.

# %% [markdown]
# ## Where to read on
#
# - [Metrics](https://keras.io/api/metrics/), what Keras brings along, and its
#   [base metric class](https://keras.io/api/metrics/base_metric/), the reference pages.
# - [Training and evaluation with the built-in
#   methods](https://keras.io/guides/training_with_built_in_methods/), with a part on metrics of
#   your own and on sample weights.
# - [`tf.math.in_top_k`](https://www.tensorflow.org/api_docs/python/tf/math/in_top_k), with its rule
#   for equal values.
# - [Metrics and scoring](https://scikit-learn.org/stable/modules/model_evaluation.html) in
#   scikit-learn's user guide: what there is to measure, and what each number means.
# - [Implementing a metric](https://lightning.ai/docs/torchmetrics/stable/pages/implement.html) in
#   TorchMetrics, the same ground in PyTorch.
# - A. Géron, *Hands-On Machine Learning*, chapter 12, "Custom Models and Training with TensorFlow".
#
# Next: lesson 13 puts model, loss, metric and optimizer together in a training loop.
