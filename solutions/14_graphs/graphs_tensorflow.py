# %% [markdown]
# # Graphs
#
# So far Python was in charge: each operation ran when its line was reached, and Python read the
# lines anew in every call. That is easy to follow and to debug. It also means that nobody knows
# what comes next, so nobody can leave out, join or reorder anything. A *graph* is the list of a
# function's tensor operations, written down once and run many times. `fit` has used graphs all the
# time. This lesson shows how TensorFlow records them, what is lost on the way, when it records
# again, and when it pays.
#
# **Afterwards you can**
#
# - say what of a function ends up in its graph, and look at the graph;
# - predict when a call records a new graph, and write functions that record only once;
# - put branches and loops that depend on the data into a graph;
# - keep state in a graph function;
# - find what does not belong in a graph, and get rid of it;
# - measure whether compiling pays.
#
# **Time**: about 60 minutes. **You need**: lesson 13 (training loops).
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
import logging
import os
import tempfile
import time
from collections.abc import Callable

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

tf.get_logger().setLevel(logging.ERROR)  # warnings about recording are printed on request


def operations(concrete):
    """The operations of a recorded graph, those of all graphs inside it among them."""
    definition = concrete.graph.as_graph_def()
    inside = [definition.node, *(f.node_def for f in definition.library.function)]
    return [node.op for nodes in inside for node in nodes]


# %% [markdown]
# ## A function and its graph
#
# ### Recorded once
#
# `tf.function(function)` returns a *graph function*. It takes the same arguments and gives the same
# results. At its first call it *traces* the Python function, that is, records it: it runs it with
# stand-ins for the tensors (the symbolic tensors of lesson 03), and notes each operation that is
# done to them. The result is a graph, which is kept and run from then on.
# `experimental_get_tracing_count()` tells how often a function was traced.
#
# **Predict**: how often has it been traced after `tf.function`, after the first call, after the
# second?

# %% listing="S1-41"
def cube(x):
    return x**3


graph_cube = tf.function(cube)
print("made:       ", graph_cube.experimental_get_tracing_count())
for value in (2.0, 3.0):
    result = graph_cube(tf.constant(value)).numpy()
    print("after a call:", graph_cube.experimental_get_tracing_count(), "result:", result)

# %% [markdown]
# Nothing is traced before a call, because only a call tells what the arguments are like. The second
# call has found a graph that fits, and ran it: Python did not read `cube` again. The decorator
# `@tf.function` above a `def` does the same as `tf.function(…)`.
#
# A graph for certain arguments is called a *concrete function*. You can ask for one with a
# `tf.TensorSpec` for each argument, which says shape and dtype (float32 if it does not). Here is
# its graph, one operation a line.

# %%
def show(concrete):
    """Print the operations of a graph: name, type, and the results that they read."""
    for operation in concrete.graph.get_operations():
        print(f"{operation.name:10} {operation.type:12} {[x.name for x in operation.inputs]}")


show(graph_cube.get_concrete_function(tf.TensorSpec((), tf.float32)))

# %% [markdown]
# ### What Python did is gone
#
# The graph holds tensor operations only. The next function makes a detour through a dictionary,
# texts, a loop and a branch before it touches the tensor, and prints something.
#
# **Predict**: how many multiplications are in its graph? What is printed at the second call?

# %%
options = {"scale_a": 2.0, "name": "hat", "scale_b": 3.0}


def rescale(x):
    factor = 1.0
    for name, value in options.items():
        if name.startswith("scale"):
            factor *= value
    print("Python is here, x is", type(x).__name__)
    return x * factor


graph_rescale = tf.function(rescale)
for _ in range(2):
    print(graph_rescale(tf.ones(2)).numpy())
show(graph_rescale.get_concrete_function(tf.TensorSpec((2,), tf.float32)))

# %% [markdown]
# One. Everything that is not a tensor was worked out while tracing, and its result, 6.0, is a
# constant of the graph. Even `print` ran at tracing only; the stand-in for `x` has no numbers yet.
# (`tf.print` is an operation, and prints whenever the graph runs.) Python is the language in which
# you *write* graphs; in the graph there is none.
#
# **Predict**: now the options change. What does the graph function say?

# %%
options["scale_a"] = 100.0
print("Python:", rescale(tf.ones(2)).numpy())
print("graph: ", graph_rescale(tf.ones(2)).numpy())

# %% [markdown]
# The old value was *frozen* while tracing, and nothing notices. That is the classic bug of graphs,
# in every framework. (PyTorch guards such values, and records again.) Whatever shall vary between
# calls must come in as an argument, or be a variable.
#
# ### Back to Python
#
# The Python function is still there, untouched, inside the graph function. And all graph functions
# can be told to run as plain Python for a while, so that a debugger can stop in them.
#
# **Predict**: how many lines does the call of `graph_rescale` print?

# %% listing="S1-43"
print("the original:", graph_cube.python_function is cube)
tf.config.run_functions_eagerly(True)
print(graph_rescale(tf.ones(2)).numpy())
tf.config.run_functions_eagerly(False)

# %% [markdown]
# Two, as Python is back. `fit` makes a graph function of your model, loss and metrics; for a model
# there is `compile(run_eagerly=True)`.
#
# **Then and now.** Books add a second way: a layer made with `dynamic=True` is never traced. That
# option is gone. **Predict**: 6 batches in one epoch; how often does Python run `call`, as a graph
# and eagerly?

# %% listing="S1-44"
class Noting(layers.Layer):
    calls = 0

    def call(self, x):
        Noting.calls += 1
        return x


for eagerly in (False, True):
    model = keras.Sequential([keras.Input((2,)), Noting(), layers.Dense(1)])
    model.compile(optimizer="sgd", loss="mse", run_eagerly=eagerly)
    Noting.calls = 0
    model.fit(np.ones((12, 2)), np.ones((12, 1)), batch_size=2, verbose=0)
    print(f"run_eagerly={eagerly!s:5} Python ran call {Noting.calls} times")
try:
    layers.Dense(1, dynamic=True)
except ValueError as error:
    print("ValueError:", error)

# %% [markdown]
# Once for the tracing, or once for each batch.
#
# ## When it records again
#
# ### What a graph is kept for
#
# A graph is right only for arguments like those it was traced with. TensorFlow looks at each
# argument and makes a *key* of it: of a tensor the dtype and the shape, of everything else the
# value. It keeps one graph for each key.
#
# ```mermaid
# flowchart LR
#     call(["a call"]) --> key["key: dtypes and shapes of tensors,\nvalues of everything else"]
#     key --> known{"a graph for\nthis key?"}
#     known -- yes --> run["run that graph"]
#     known -- no --> trace["trace: a new graph"]
#     trace --> run
# ```
#
# **Predict** for each call whether it traces.

# %%
graph_cube = tf.function(cube)
for text in ("tf.ones(2)", "tf.zeros(2)", "tf.ones(3)", "tf.ones((2, 1))",
             "tf.ones(2, tf.float64)", "np.ones(2)", "tf.ones(2)"):
    graph_cube(eval(text))
    print(f"{text:22} graphs: {graph_cube.experimental_get_tracing_count()}")

# %% [markdown]
# New values change nothing. A new size, rank or dtype does. An array becomes a tensor, here of
# float64, as NumPy makes them. And the last call found the graph of the first: all are kept, not
# only the latest. One Python function, many graphs: `tf.function` is called *polymorphic* for that.
#
# ### Numbers
#
# Python numbers are no tensors. Their *value* is the key, because it may have been used for
# anything.
#
# **Then and now.** Listings call a graph function with 2 and with 2.0. **Predict** what comes back
# in each of the first three lines. (In Python, `2 == 2.0`.)

# %% listing="S1-42"
graph_cube = tf.function(cube)
print("2, then 2.0: ", graph_cube(2), graph_cube(2.0))
other_cube = tf.function(cube)
print("2.0, then 2: ", other_cube(2.0), other_cube(2))
print("a tensor 2.0:", graph_cube(tf.constant(2.0)))
print("graphs:", graph_cube.experimental_get_tracing_count())

# %% [markdown]
# Equal keys, one graph: `graph_cube(2.0)` ran the graph that was traced with 2, and gave the whole
# number 8. What a call returns depends on who called before. Give tensors to graph functions, and
# Python numbers only for what is a setting.
#
# **Predict** the number of graphs after each call of `times`.

# %%
def times(x, number):
    return x * number


graph_times = tf.function(times)
for number in (2, 2, 2.0, 3, 3.0, 2):
    graph_times(tf.ones(3), number)
    print(f"{number:<4} graphs: {graph_times.experimental_get_tracing_count()}")

# %% [markdown]
# ### Sizes that vary
#
# One graph for each size is a bad bargain where every batch is of another size. There are two ways
# to have fewer:
#
# - `tf.function(f, reduce_retracing=True)`: the first graph is for its shape only. When a call
#   comes that does not fit, the new graph leaves open what has varied.
# - `tf.function(f, input_signature=[tf.TensorSpec((None,), tf.float32)])`: you say it in advance, a
#   `TensorSpec` for each argument. `None` stands for any size. There is this one graph, and
#   arguments that do not fit are an error.
#
# **Predict** the three curves: how many graphs are there after each of the calls?

# %%
def graphs_after(sizes, **options):
    """The number of graphs after each call of a new graph function."""
    graph_cube, counts = tf.function(cube, **options), []
    for size in sizes:
        graph_cube(tf.ones(size))
        counts.append(graph_cube.experimental_get_tracing_count())
    return counts


sizes = [4, 4, 6, 5, 1, 7, 1, 4]
signature = [tf.TensorSpec((None,), tf.float32)]
fig, axis = plt.subplots(figsize=(7, 3), layout="constrained")
for shift, label, options in (
    (0.08, "no option", {}),
    (0, "reduce_retracing", {"reduce_retracing": True}),
    (-0.08, "input_signature", {"input_signature": signature}),
):
    counts = graphs_after(sizes, **options)
    shifted = np.array(counts) + shift  # so that no curve hides another
    axis.step(range(len(sizes)), shifted, "o-", where="post", linewidth=1, label=label)
    print(f"{label:16} {counts}")
axis.set(xlabel="size of the tensor, call by call", ylabel="graphs so far", ylim=(0, 6))
axis.set_xticks(range(len(sizes)), sizes)
axis.legend(loc="upper left")
plt.show()

# %% [markdown]
# Read the middle row call by call. Size 4 gets a graph of its own. Size 6 shows that the size
# varies, and the second graph takes every size; 5, 1 and 7 run it. The last 4 still fits the first.
#
# What does the graph know of a size that is open? **Predict** the first two lines.

# %%
@tf.function(input_signature=signature)
def sizes_of(x):
    print("while tracing, x.shape:", x.shape)
    return tf.shape(x)


print("in the graph, tf.shape(x):", sizes_of(tf.ones(5)).numpy())
try:
    sizes_of(tf.ones((2, 2)))
except TypeError as error:
    print("TypeError:", str(error).partition(" due to")[0])

# %% [markdown]
# `x.shape` is what is known while tracing, `tf.shape(x)` an operation that gives the size when the
# graph runs. A matrix does not fit the signature.
#
# ### Too many
#
# TensorFlow never gives up, but it warns. (We have switched its warnings off in the setup cell; the
# next cell listens to them.) **Predict** at which of the sizes 2, 3, 4, … the first warning comes.

# %%
class Listener(logging.Handler):
    def emit(self, record):
        print(f"at size {size}:", record.getMessage().partition(" to ")[0], "…")


logger = tf.get_logger()
handlers, logger.handlers = logger.handlers, [Listener()]
logger.setLevel(logging.WARNING)
square = tf.function(lambda x: x * x, autograph=False)
for size in range(2, 12):
    square(tf.ones(size))
logger.handlers = handlers
logger.setLevel(logging.ERROR)

# %% [markdown]
# Five tracings within the last ten calls are too many, and after two warnings it is silent. Read
# the text when you meet it in a loop of yours: it goes on with the three usual reasons.

# %% [markdown] exercise="trace-counts" role="task"
# ## Exercise 14.1: count the graphs
#
# *3 points*
#
# Write down what you have just learned as two functions that predict, call by call, how many graphs
# there are. Before the first call of a list there are none. You may check your functions against a
# real graph function, but work out the rule first.
#
# **`trace_counts(calls)`** is about `tf.function(times)` with `times(x, number) = x * number`.
#
# - **In**: `calls`, a list of pairs `(x, number)`: the arguments of the calls, in order. `x` is a
#   tensor of any dtype and shape; `number` a Python `int` or `float`. **Out**: a list of as many
#   ints: the number of graphs after each call.
#
# **`relaxed_counts(sizes)`** is about `tf.function(cube, reduce_retracing=True)`.
#
# - **In**: `sizes`, a list of ints of 0 or more: the calls have a float32 tensor of shape `(size,)`
#   each. **Out**: the number of graphs after each call, as above.
#
# The lists are not changed, and may be empty. Each tests cell is about one of the functions: the
# first gives 2 points, the second 1.

# %% [markdown] exercise="trace-counts" role="hint"
# <details><summary>Hint 1</summary>
#
# What must two calls have in common to run the same graph? Write it as a tuple, a *key*. A call
# traces if its key is not among those of all calls before it. Are 2 and 2.0 the same key?
#
# </details>

# %% [markdown] exercise="trace-counts" role="hint"
# <details><summary>Hint 2</summary>
#
# The key of `(x, number)` is `(x.dtype, tuple(x.shape), number)`. Collect keys in a set; its length
# is the count. In `relaxed_counts` there are two keys: the first size, and all sizes that differ
# from it.
#
# </details>

# %% exercise="trace-counts" role="solution"
def trace_counts(calls: list[tuple[tf.Tensor, int | float]]) -> list[int]:
    """The number of graphs after each call x * number, without options."""
    # BEGIN SOLUTION
    keys, counts = set(), []
    for x, number in calls:
        keys.add((x.dtype, tuple(x.shape), number))
        counts.append(len(keys))
    return counts
    # END SOLUTION


def relaxed_counts(sizes: list[int]) -> list[int]:
    """The number of graphs after each call with a tensor of a size, with reduce_retracing."""
    # BEGIN SOLUTION
    keys, counts = set(), []
    for size in sizes:
        keys.add(size == sizes[0])
        counts.append(len(keys))
    return counts
    # END SOLUTION


# %% exercise="trace-counts" role="tests" points=2
# Exercise 14.1, tests 1 of 2: trace_counts. A call is written (dtype, shape, number).
def check_trace_counts(calls, wanted):
    kinds = {"f": tf.float32, "d": tf.float64, "i": tf.int64}
    real = [(tf.cast(tf.fill(shape, i + 2), kinds[kind]), number)
            for i, (kind, shape, number) in enumerate(calls)]
    got = trace_counts(real)
    called = f"trace_counts for calls (dtype, shape, number) {calls}"
    assert type(got) is list and all(type(n) is int for n in got), (
        f"{called} gave {got!r:.60}, wanted a list of ints.")
    assert len(got) == len(wanted), (
        f"{called} gave {len(got)} counts, wanted one for each of the {len(wanted)} calls.")
    assert len(real) == len(calls), f"{called} changed the list that it was given."
    wrong = next((i for i, (a, b) in enumerate(zip(got, wanted)) if a != b), 0)
    kind, shape, number = calls[wrong] if calls else ("", (), 0)
    new = not calls or wanted[wrong] > (wanted[wrong - 1] if wrong else 0)
    alike = [c for c in calls[:wrong] if c[:2] == (kind, shape)]
    cause = "is the first with this dtype, shape and number, and traces"
    if not new and any(repr(c[2]) != repr(number) for c in alike if c[2] == number):
        cause = "has a number that is equal to an earlier one, and equal values are one key"
    elif not new and got[wrong] == wanted[wrong] + 1 and calls[wrong - 1] != calls[wrong]:
        cause = "is like an earlier one, and all graphs are kept, not only the latest"
    elif not new:
        cause = "is like an earlier one; the values in a tensor do not count"
    elif alike:
        cause = "has a number that is new, and the value of a Python number is part of the key"
    elif any(c[1:] == (shape, number) for c in calls[:wrong]):
        cause = "has a dtype that is new"
    elif any(len(c[1]) == len(shape) for c in calls[:wrong]):
        cause = "has a size that is new, and a graph is for one shape"
    assert got == wanted, (
        f"{called} gave {got}, wanted {wanted}: call {wrong}, counted from 0, {cause}.")


for case in [
    ([("f", (3,), 2), ("f", (3,), 2), ("f", (4,), 2), ("f", (3,), 2)], [1, 1, 2, 2]),
    ([("f", (3,), 2), ("d", (3,), 2), ("f", (3, 1), 2), ("i", (3,), 2)], [1, 2, 3, 4]),
    ([("f", (3,), 2), ("f", (3,), 2.0), ("f", (3,), 3), ("f", (3,), 2.0)], [1, 1, 2, 2]),
]:
    check_trace_counts(*case)
# BEGIN HIDDEN TESTS
for case in [
    ([("f", (2, 3), 1), ("f", (3, 2), 1), ("f", (6,), 1), ("f", (2, 3), 1)], [1, 2, 3, 3]),
    ([("f", (), 0), ("f", (), 0.0), ("f", (), 0.5), ("f", (), -1), ("f", (0,), 0), ("f", (), -1.0),
      ("f", (), 0)], [1, 1, 2, 3, 4, 4, 4]),
    ([], []),
]:
    check_trace_counts(*case)
# END HIDDEN TESTS

# %% exercise="trace-counts" role="tests" points=1
# Exercise 14.1, tests 2 of 2: relaxed_counts.
def check_relaxed_counts(sizes, wanted):
    given = list(sizes)
    got = relaxed_counts(given)
    called = f"relaxed_counts({sizes})"
    assert type(got) is list and all(type(n) is int for n in got), (
        f"{called} gave {got!r:.60}, wanted a list of ints.")
    assert given == sizes, f"{called} changed the list that it was given."
    distinct = [len(set(sizes[:i + 1])) for i in range(len(sizes))]
    cause = "the first size, and one graph for all others: that makes two at the most"
    if got == distinct:
        cause = "that is one graph for each size; the second graph leaves the size open"
    elif got == [1] * len(sizes):
        cause = "the first graph is for its own size only"
    elif got == list(range(1, len(sizes) + 1)):
        cause = "a size that came before finds its graph"
    assert got == wanted, f"{called} gave {got}, wanted {wanted}: {cause}."


for case in [([2, 2, 3, 4, 5, 2], [1, 1, 2, 2, 2, 2]), ([5, 1, 7, 8, 1], [1, 2, 2, 2, 2])]:
    check_relaxed_counts(*case)
# BEGIN HIDDEN TESTS
for case in [([1, 2, 3, 1, 0, 4, 0], [1, 2, 2, 2, 2, 2, 2]), ([0, 1, 0], [1, 2, 2]), ([], []),
             ([7], [1]), ([6, 6, 6], [1, 1, 1]), ([9, 2, 9], [1, 2, 2])]:
    check_relaxed_counts(*case)
# END HIDDEN TESTS

# %% [markdown]
# ## One graph for all
#
# A function that is to be traced once must vary in nothing that is in the key. There are two cures,
# and often you need both.
#
# **Sizes**: leave them open in an `input_signature`.
#
# **Numbers**: give the function a *tensor* instead. What is in a tensor is not part of the key.
#
# **Predict**: the learning rate falls from call to call. How many graphs are there in the end, with
# the rate as a number and as a tensor?

# %%
def descend(w, slope, rate):
    return w - rate * slope


for kind, convert in (("numbers", lambda rate: rate), ("tensors", tf.constant)):
    graph_descend = tf.function(descend)
    for rate in (0.1, 0.05, 0.025, 0.0125):
        w = graph_descend(tf.ones(3), tf.ones(3), convert(rate))
    print(f"{kind}: {graph_descend.experimental_get_tracing_count()} graphs, w {w[0]:.4f}")

# %% [markdown]
# **Predict**: and if the rates are 0.5, 0.25 and 1 (an int), each made a tensor by `tf.constant`?

# %%
graph_descend = tf.function(descend)
for rate in (0.5, 0.25, 1):
    try:
        graph_descend(tf.ones(3), tf.ones(3), tf.constant(rate))
    except (ValueError, TypeError) as error:
        print(type(error).__name__, "for", tf.constant(rate).dtype.name)
print("graphs:", graph_descend.experimental_get_tracing_count())

# %% [markdown]
# A tensor made of a whole number is int32: another key, and a new tracing, in which the dtypes do
# not fit. Say the dtype: `tf.constant(rate, tf.float32)`. An `input_signature` can say it once for
# all. A number that is given where the signature has a `TensorSpec` becomes a tensor of its dtype.

# %%
three = tf.TensorSpec((3,), tf.float32)
signature = [three, three, tf.TensorSpec((), tf.float32)]
graph_descend = tf.function(descend, input_signature=signature)
for rate in (0.5, 0.25, 1):
    w = graph_descend(tf.ones(3), tf.ones(3), rate)
    print(f"rate {rate}: w {w[0]:.2f}, graphs: {graph_descend.experimental_get_tracing_count()}")

# %% [markdown]
# A new graph function has no graphs. **Predict**: how often does this loop trace?

# %%
traced = 0


def noting(x):
    global traced
    traced += 1
    return x + 1


for _ in range(3):
    tf.function(noting)(tf.ones(2))
print("traced:", traced)

# %% [markdown]
# Make it once, outside of the loop.

# %% [markdown] exercise="trace-once" role="task"
# ## Exercise 14.2: once and for all
#
# *3 points*
#
# Write `trace_once(function)`. It returns a function `run(x, factor)` that computes
# `function(x, factor)` as a graph and traces `function` only once.
#
# - **In**: `function`, a Python function of two tensors that uses TensorFlow operations only.
#   **Out**: `run`.
# - `run` takes `x`, a float32 tensor of shape `(n,)`; `n` may be another in each call. `factor` is
#   a Python `int` or `float`, any at each call.
# - `run` returns what `function` returns for `x` and a float32 tensor of shape `()` that holds
#   `factor`.
# - `function` is called once, by the tracing, however often `run` is called. Each call of
#   `trace_once` makes a `run` with a graph of its own.
#
# The first tests cell (2 points) counts tracings, the second (1 point) looks at values, and at two
# functions in turn.

# %% [markdown] exercise="trace-once" role="hint"
# <details><summary>Hint 1</summary>
#
# There are two reasons to trace again here. One option of `tf.function` cures both: it says what
# each of the two arguments is like.
#
# </details>

# %% [markdown] exercise="trace-once" role="hint"
# <details><summary>Hint 2</summary>
#
# `tf.function(function, input_signature=[…])` with a `tf.TensorSpec((None,), tf.float32)` for `x`
# and a `tf.TensorSpec((), tf.float32)` for `factor`.
#
# </details>

# %% exercise="trace-once" role="solution"
def trace_once(
    function: Callable[[tf.Tensor, tf.Tensor], tf.Tensor],
) -> Callable[[tf.Tensor, int | float], tf.Tensor]:
    """A graph function of (x, factor) that is traced once, whatever it is called with."""
    # BEGIN SOLUTION
    signature = [tf.TensorSpec((None,), tf.float32), tf.TensorSpec((), tf.float32)]
    return tf.function(function, input_signature=signature)
    # END SOLUTION


# %% exercise="trace-once" role="tests" points=2
# Exercise 14.2, tests 1 of 2: how many tracings. A call is written (size of x, factor).
def check_one_graph(calls):
    eager = []

    @tf.autograph.experimental.do_not_convert
    def function(x, factor):
        eager.append(tf.executing_eagerly())
        return tf.cumsum(x * factor)

    run = trace_once(function)
    assert callable(run), f"trace_once gave {type(run).__name__}, wanted a function run(x, factor)."
    for i, (size, factor) in enumerate(calls):
        called = f"after run(x, factor) for (size of x, factor) {calls[:i + 1]}"
        try:
            run(tf.range(1.0, size + 1), factor)
        except Exception as error:
            raise AssertionError(
                f"{called[6:]} raised {type(error).__name__} ({str(error)[:90]}): a signature that "
                "the arguments do not fit? x is float32 of any size; the factor, int or float, is "
                "to become float32.") from None
        count = len(eager)
        assert count > 0, f"{called} function was not called."
        assert not any(eager), (
            f"{called} function ran as plain Python: give it to tf.function, and call what comes "
            "back.")
        cause = "the first call needs one"
        if i and calls[i] == calls[i - 1]:
            cause = "the same call again must find its graph; call tf.function once, outside of run"
        elif i and factor != calls[i - 1][1]:
            cause = "only the factor changed; a Python number is a key, what a tensor holds is not"
        elif i:
            cause = "only the size changed; leave it open with None in an input_signature"
        assert count == 1, f"{called} function was traced {count} times, wanted 1: {cause}."


for calls in [[(4, 2.5), (4, 2.5), (4, 0.5), (7, 0.5), (7, 2), (3, 2)]]:
    check_one_graph(calls)
# BEGIN HIDDEN TESTS
for calls in [[(2, 1), (2, 1), (9, 1), (9, -3), (1, -3), (9, -3), (9, 0.25)], [(1, 0), (6, 0)],
              [(5, 1.0), (5, -1.0), (2, -1.0), (3, -1.0), (4, -1.0)]]:
    check_one_graph(calls)
# END HIDDEN TESTS

# %% exercise="trace-once" role="tests" points=1
# Exercise 14.2, tests 2 of 2: values, and two functions in turn.
def check_values(calls):
    counts = [0, 0]

    @tf.autograph.experimental.do_not_convert
    def cumulated(x, factor):
        counts[0] += 1
        return tf.cumsum(x * factor)

    @tf.autograph.experimental.do_not_convert
    def lowered(x, factor):
        counts[1] += 1
        return x - tf.fill(tf.shape(x), factor)

    runs = [trace_once(cumulated), trace_once(lowered)]
    for size, factor in calls:
        x64 = np.arange(1.0, size + 1)
        wanted = [np.cumsum(x64 * factor), x64 - factor]
        for i, (run, name) in enumerate(zip(runs, ("cumsum(x * factor)", "x - factor"))):
            called = f"run(x, {factor}) for {name} and x = {x64.tolist()}"
            try:
                got = run(tf.constant(x64, tf.float32), factor)
            except Exception as error:
                raise AssertionError(
                    f"{called} raised {type(error).__name__} ({str(error)[:90]}); function gets a "
                    "tensor x and a float32 tensor of shape ().") from None
            assert isinstance(got, tf.Tensor), f"{called} gave {type(got).__name__}, not a tensor."
            assert got.dtype == tf.float32 and tuple(got.shape) == (size,), (
                f"{called} gave {got.dtype.name} of shape {tuple(got.shape)}, wanted float32 of "
                f"({size},).")
            got = got.numpy()
            cause = "that is what function gives for these arguments"
            if np.allclose(got, wanted[1 - i], atol=1e-4):
                cause = "that is the result of the other function; each run has a graph of its own"
            elif np.allclose(got, [np.cumsum(x64 * int(factor)), x64 - int(factor)][i], atol=1e-4):
                cause = "the factor was cut down to a whole number"
            elif np.allclose(got, [np.cumsum(x64 * calls[0][1]), x64 - calls[0][1]][i], atol=1e-4):
                cause = "that is the result for the factor of the first call"
            assert np.allclose(got, wanted[i], rtol=1e-5, atol=1e-5), (
                f"{called} gave {got.tolist()}, wanted {wanted[i].tolist()}: {cause}.")
    assert counts == [1, 1], (
        f"two functions given to trace_once were called {counts} times, wanted once each.")


for calls in [[(4, 3), (4, 2.5), (3, -1)]]:
    check_values(calls)
# BEGIN HIDDEN TESTS
for calls in [[(1, 0), (7, 1.75), (3, 2)], [(5, 0.1), (2, 0.7), (2, 1)]]:
    check_values(calls)
# END HIDDEN TESTS

# %% [markdown]
# ## Branches and loops
#
# ### A branch on a value
#
# While a function is traced, Python decides each `if`. What if the condition is a tensor, which has
# no value then? Tracing alone cannot answer that:

# %%
def bend(x):
    if tf.reduce_sum(x) > 0:
        return x + 1
    return x - 1


try:
    tf.function(bend, autograph=False)(tf.ones(2))
except tf.errors.OperatorNotAllowedInGraphError as error:
    print("OperatorNotAllowedInGraphError:", str(error).partition(". ")[0])

# %% [markdown]
# To have the decision in the graph, it must be an operation. There are two. `tf.where` computes
# both sides and picks for each entry. `tf.cond` gets a condition and two functions without
# arguments, and runs one of the two.
#
# And there is *AutoGraph*: unless you switch it off as above, `tf.function` first rewrites the
# source of your function, so that an `if` on a tensor becomes a `tf.cond`.
#
# **Predict**: which of the three functions has both sides in its graph, one beside the other?

# %%
def bend_where(x):
    return tf.where(tf.reduce_sum(x) > 0, x + 1, x - 1)


def bend_cond(x):
    return tf.cond(tf.reduce_sum(x) > 0, lambda: x + 1, lambda: x - 1)


for function in (bend_where, bend_cond, bend):
    graph_bend = tf.function(function)
    print(graph_bend(tf.ones(2)).numpy(), graph_bend(-tf.ones(2)).numpy(),
          "graphs:", graph_bend.experimental_get_tracing_count())
    concrete = graph_bend.get_concrete_function(tf.TensorSpec((2,)))
    kinds = [operation.type for operation in concrete.graph.get_operations()]
    print([kind for kind in kinds if kind not in ("Const", "Identity")])

# %% [markdown]
# (`StatelessIf` holds its two branches as graphs of their own; `AddV2` and `Sub` are in there.)
#
# ### Generated code
#
# `tf.autograph.to_code` shows what AutoGraph made of a function. Here is a loop on a tensor. In the
# noise, look for three things: what was the condition, what was the body, and who decides whether
# it becomes a loop in the graph?

# %% listing="S1-45"
def halve(x):
    while tf.reduce_sum(x) > 1:
        x = x / 2
    return x


print(tf.autograph.to_code(halve))

# %% [markdown]
# `loop_test` is the condition, `loop_body` the body; `get_state` and `set_state` say what is taken
# from round to round. `ag__.while_stmt` looks at the first condition: if it is a tensor, it makes a
# `tf.while_loop`, otherwise it goes round in Python, while tracing.
#
# The same rule decides for `for`. One of the two loops below runs over Python's `range`, the other
# over `tf.range`. (`operations`, from the setup cell, lists all operations of a graph, those of the
# graphs inside it among them.)
#
# **Predict**: which of the graphs has more operations for 30 rounds than for 3?

# %%
def double_python(x, times):
    for _ in range(times):
        x = x * 2
    return x


def double_tensor(x, times):
    for _ in tf.range(times):
        x = x * 2
    return x


for function in (double_python, double_tensor):
    graph_double = tf.function(function)
    lengths = [len(operations(graph_double.get_concrete_function(tf.TensorSpec(()), times)))
               for times in (3, 30)]
    print(f"{function.__name__}: {lengths}")

# %% [markdown]
# The loop over `range` was *unrolled*: Python went round, and each multiplication was recorded.
# That is fine for three, slow to trace for a thousand, and impossible where the number of rounds
# depends on the data.
#
# AutoGraph needs the source of a function. It has none for code that is made by `exec`, and it does
# not touch functions of libraries. Where it does not reach, write the loop yourself:
# `tf.while_loop(condition, body, state)`. `state` is a list of tensors; `condition` and `body` get
# them as arguments; `body` returns the new state, in shape and dtype as before. (`ops.while_loop`
# in lesson 03 is the same for layers.)
#
# **Predict**: the body counts its rounds in two ways. What do the two counters say for 1 and 5?

# %%
def grow(x):
    """Double x until it is at least 100; the number of rounds, counted in two ways."""
    python_rounds = 0

    def body(x, rounds):
        nonlocal python_rounds
        python_rounds += 1
        return x * 2, rounds + 1

    x, rounds = tf.while_loop(lambda x, rounds: x < 100, body, (x, 0))
    return rounds, python_rounds


graph_grow = tf.function(grow, autograph=False)
for value in (1.0, 5.0):
    rounds, python_rounds = graph_grow(tf.constant(value))
    print("tensor:", rounds.numpy(), "Python:", int(python_rounds))

# %% [markdown]
# The body is traced once, and Python counted that.

# %% [markdown] exercise="graph-loop" role="task"
# ## Exercise 14.3: a loop in the graph
#
# *4 points*
#
# Take a whole number. If it is even, halve it; if it is odd, multiply it by 3 and add 1. Go on
# until it is 1. (That one always arrives there has never been proved.) From 6 it takes 8 steps: 3,
# 10, 5, 16, 8, 4, 2, 1.
#
# Write `collatz_steps(n, most)`, the number of steps from `n` to 1, or `most` if it takes more.
#
# - **In**: `n`, an int64 tensor of shape `()`, 1 or more; `most`, a Python `int` of 0 or more.
#   **Out**: an int64 tensor of shape `()`. From 1 it takes 0 steps.
# - It works when it is called from plain Python, and when it is called inside a
#   `tf.function(…, autograph=False)`. There one graph, traced with an `n` that has no value, is
#   right for every `n`.
# - The loop is in the graph, not unrolled: the graph does not grow with `most`, and has at most 300
#   operations, those of the graphs inside it among them. Nothing is handed to Python with
#   `tf.py_function` or `tf.numpy_function`.
#
# Put `@tf.function` above your function if you want AutoGraph to work on it; that holds also where
# the caller has switched it off. The first tests cell (1 point) looks at the steps in Python, the
# second (1 point) at one graph for all `n`, the third (2 points) at the size of the graph.

# %% [markdown] exercise="graph-loop" role="hint"
# <details><summary>Hint 1</summary>
#
# The state of the loop is `n` and the number of steps so far, both int64 tensors. When does it go
# on? There are two conditions. With AutoGraph you may write `and`; with `tf.while_loop` it is
# `tf.logical_and`, or `&` with parentheses around each side.
#
# </details>

# %% [markdown] exercise="graph-loop" role="hint"
# <details><summary>Hint 2</summary>
#
# Start with `steps = tf.constant(0, tf.int64)`. By hand: `tf.while_loop(condition, body, (n,
# steps))`, where `condition` returns `(n != 1) & (steps < most)` and `body` returns
# `tf.where(n % 2 == 0, n // 2, 3 * n + 1), steps + 1`; return the second entry. With `@tf.function`
# a Python `while` and `if` say the same.
#
# </details>

# %% exercise="graph-loop" role="solution"
def collatz_steps(n: tf.Tensor, most: int) -> tf.Tensor:
    """Steps from n to 1, at most `most`; n int64 () to int64 ()."""
    # BEGIN SOLUTION
    def condition(n: tf.Tensor, steps: tf.Tensor) -> tf.Tensor:
        return (n != 1) & (steps < most)

    def body(n: tf.Tensor, steps: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return tf.where(n % 2 == 0, n // 2, 3 * n + 1), steps + 1

    return tf.while_loop(condition, body, (n, tf.constant(0, tf.int64)))[1]
    # END SOLUTION


# %% exercise="graph-loop" role="tests" points=1
# Exercise 14.3, tests 1 of 3: the steps, in Python.
def check_steps(numbers, most):
    def count(n, even=None):
        steps = 0
        while n != 1 and steps < most:
            n = n // 2 if (n % 2 == 0 if even is None else even) else 3 * n + 1
            steps += 1
        return steps

    for number in numbers:
        called = f"collatz_steps(n, {most}) for n = {number}"
        got = collatz_steps(tf.constant(number, tf.int64), most)
        assert isinstance(got, tf.Tensor) and got.dtype == tf.int64 and got.shape == (), (
            f"{called} gave {got!r:.60}, wanted an int64 tensor of shape ().")
        wanted, got = count(number), int(got)
        cause = "count the steps until n is 1"
        if got == count(number, number % 2 == 0):
            cause = ("the branch was taken once, for the first n; in every round it depends on "
                     "the n of that round")
        elif got == most:
            cause = "the loop goes on after 1 is reached"
        elif got > most:
            cause = f"it takes more than {most} steps, so the answer is {most}"
        elif got in (0, 1):
            cause = "a Python number that the body counts up is counted once, while tracing"
        elif got == wanted + 1:
            cause = "the start is no step"
        assert got == wanted, f"{called} gave {got}, wanted {wanted}: {cause}."


for case in [([6, 7, 1], 12)]:
    check_steps(*case)
# BEGIN HIDDEN TESTS
for case in [([5, 2], 3), ([9], 0), ([1, 27], 111)]:
    check_steps(*case)
# END HIDDEN TESTS

# %% exercise="graph-loop" role="tests" points=1
# Exercise 14.3, tests 2 of 3: one graph, traced with an n without a value and right for all.
def check_graph(numbers, most):
    collatz_steps(tf.constant(numbers[0], tf.int64), most)
    graph = tf.function(lambda n: collatz_steps(n, most), autograph=False)
    for number in numbers:
        called = f"collatz_steps(n, {most}) in a graph for n = {number}"
        try:
            got = graph(tf.constant(number, tf.int64))
        except Exception as error:
            raise AssertionError(
                f"{called} raised {type(error).__name__} ({str(error).strip()[:90]}): in a graph n "
                "has no value, so no Python while, if, int() or .numpy() can use it; put "
                "@tf.function above the function, or write tf.while_loop and tf.where.") from None
        assert isinstance(got, tf.Tensor) and got.dtype == tf.int64 and got.shape == (), (
            f"{called} gave {got!r:.60}, wanted an int64 tensor of shape ().")
        n, steps = number, 0
        while n != 1 and steps < most:
            n, steps = (n // 2 if n % 2 == 0 else 3 * n + 1), steps + 1
        cause = "a graph must count as Python does"
        if int(got) in (0, 1):
            cause = "a Python number that the body counts up is counted once, while tracing"
        assert int(got) == steps, f"{called} gave {int(got)}, wanted {steps}: {cause}."


for case in [([6, 7, 1, 5], 12)]:
    check_graph(*case)
# BEGIN HIDDEN TESTS
for case in [([5, 6, 2], 3), ([9, 1], 0), ([1, 27, 3], 111)]:
    check_graph(*case)
# END HIDDEN TESTS

# %% exercise="graph-loop" role="tests" points=2
# Exercise 14.3, tests 3 of 3: the loop is in the graph, whatever `most` is.
def check_size(numbers, few, many):
    lengths = []
    for most in (few, many):
        graph = tf.function(lambda n: collatz_steps(n, most), autograph=False)
        called = f"collatz_steps(n, {most}) in a graph"
        collatz_steps(tf.constant(numbers[0], tf.int64), most)
        for number in numbers:
            try:
                concrete = graph.get_concrete_function(tf.TensorSpec((), tf.int64))
                got = concrete(tf.constant(number, tf.int64))
            except Exception as error:
                raise AssertionError(f"{called} raised {type(error).__name__}; get the tests "
                                     "before this one to pass first.") from None
            n, steps = number, 0
            while n != 1 and steps < most:
                n, steps = (n // 2 if n % 2 == 0 else 3 * n + 1), steps + 1
            assert isinstance(got, tf.Tensor) and got.dtype == tf.int64 and int(got) == steps, (
                f"{called} for n = {number} gave {got!r:.60}, wanted {steps}; get the tests "
                "before this one to pass first.")
        kinds = operations(concrete)
        assert not any("PyFunc" in kind for kind in kinds), (
            f"{called} hands its work to Python, with tf.py_function or tf.numpy_function: that is "
            "no loop in the graph.")
        lengths.append(len(kinds))
    assert lengths[0] == lengths[1], (
        f"the graph of collatz_steps(n, most) has {lengths[0]} operations for most = {few} and "
        f"{lengths[1]} for most = {many}, wanted the same number: a Python loop over range(most) "
        "is unrolled; tf.while_loop, or while on a tensor with @tf.function, is a loop in the "
        "graph.")
    assert lengths[0] <= 300, (
        f"the graph of collatz_steps(n, most) has {lengths[0]} operations, wanted at most 300: a "
        "Python loop is unrolled, whatever it runs over; tf.while_loop is a loop in the graph.")


for case in [((6, 7), 3, 12)]:
    check_size(*case)
# BEGIN HIDDEN TESTS
for case in [((5, 27), 1, 9)]:
    check_size(*case)
# END HIDDEN TESTS

# %% [markdown]
# ## State
#
# ### What changes between calls
#
# A list, a number in an attribute, a variable: each could carry something from call to call. Lesson
# 12 has shown a metric that went wrong in this way.
#
# **Predict**: three layers add up their calls. What does each return in four calls of one graph?

# %%
class Counting(layers.Layer):
    def __init__(self, kind):
        super().__init__()
        self.kind, self.seen, self.calls_so_far = kind, [], 0
        self.count = self.add_weight(shape=(), initializer="zeros", trainable=False)

    def call(self, x):
        if self.kind == "list":
            self.seen.append(1)
        elif self.kind == "number":
            self.calls_so_far += 1
        else:
            self.count.assign_add(1)
        return x + len(self.seen) + self.calls_so_far + self.count


for kind in ("list", "number", "variable"):
    graph = tf.function(Counting(kind))
    print(f"{kind:8} {[graph(tf.zeros(())).numpy().item() for _ in range(4)]}")

# %% [markdown]
# The list got its entry, and the number its one, once, while tracing; both are constants of the
# graph. Only what happens to the variable is an operation. (PyTorch gets all three right, and
# records the first two again in every call.)
#
# So **state belongs in variables**, changed by `assign`, `assign_add` and the like.
#
# **Predict**: this one makes its variable itself. It is meant to sum up what it is given; what
# comes of it?

# %%
@tf.function
def forgetting(x):
    total = tf.Variable(0.0)
    return total.assign_add(x)


try:
    forgetting(tf.constant(1.0))
except ValueError as error:
    print(str(error).strip().splitlines()[-1].strip().partition(". ")[0])

# %% [markdown]
# A variable must be there *before* the graph; a layer makes it in `__init__`.
#
# Nor can a tensor leave the graph in which it was made. **Predict**: what is in the list?

# %%
kept = []


@tf.function
def keep(x):
    kept.append(2 * x)
    return x


keep(tf.constant(1.0))
keep(tf.constant(5.0))
print(len(kept), "entry,", "a number:", hasattr(kept[0], "numpy"))

# %% [markdown]
# A stand-in from the tracing, without a number, that keeps the whole graph in memory.

# %% [markdown] exercise="graph-state" role="task"
# ## Exercise 14.4: remember
#
# *4 points*
#
# Write the layer `RunningMean(width)`. Called with a batch, it returns the mean of each feature,
# over all rows that it has been called with so far, this batch among them.
#
# - **In**: `x`, float32, shape `(batch, width)`, at least one row, the size of the batch perhaps
#   unknown while tracing. **Out**: a float32 tensor (no variable, which would change in later
#   calls), shape `(width,)`. Every *row* counts the same, also if batches are of different sizes.
# - It works in plain Python and in a `tf.function(…, autograph=False)`, and both carry the same
#   state on.
# - All calls with batches of one shape run one graph.
# - The state is in weights that the constructor makes with `add_weight`, none of them trainable, so
#   that `get_weights` of one `RunningMean(width)`, given to `set_weights` of another, lets it go on
#   from there. Every `RunningMean` has state of its own.
# - `reset()` forgets all rows. It is called outside of graphs, and graphs traced before it remain
#   in use.
#
# Each tests cell gives 1 point: for calls in Python, calls in a graph, `reset` and a second
# instance, and the weights.

# %% [markdown] exercise="graph-state" role="hint"
# <details><summary>Hint 1</summary>
#
# A mean can be carried on if you know two things. Which two? Both go into weights, and `reset` sets
# both to zero. How many rows has a batch whose size is not known while tracing?
#
# </details>

# %% [markdown] exercise="graph-state" role="hint"
# <details><summary>Hint 2</summary>
#
# `self.total = self.add_weight(shape=(width,), initializer="zeros", trainable=False)`, and the same
# for `self.count` with shape `()`. In `call`, `self.total.assign_add(ops.sum(x, axis=0))` and
# `self.count.assign_add(ops.cast(ops.shape(x)[0], "float32"))`; return their quotient. `reset`
# assigns `ops.zeros_like(…)` to both.
#
# </details>

# %% exercise="graph-state" role="solution"
class RunningMean(layers.Layer):
    """The mean over all rows so far; (batch, width) float32 to (width,) float32."""

    def __init__(self, width: int) -> None:
        super().__init__()
        # BEGIN SOLUTION
        self.total = self.add_weight(shape=(width,), initializer="zeros", trainable=False)
        self.count = self.add_weight(shape=(), initializer="zeros", trainable=False)
        # END SOLUTION

    def call(self, x: tf.Tensor) -> tf.Tensor:
        # BEGIN SOLUTION
        self.total.assign_add(ops.sum(x, axis=0))
        self.count.assign_add(ops.cast(ops.shape(x)[0], "float32"))
        return self.total / self.count
        # END SOLUTION

    def reset(self) -> None:
        """Forget all rows."""
        # BEGIN SOLUTION
        self.total.assign(ops.zeros_like(self.total))
        self.count.assign(0.0)
        # END SOLUTION


# %% exercise="graph-state" role="tests" points=1
# Exercise 14.4, tests 1 of 4: calls in Python, with so many rows each.
def check_calls(width, sizes):
    rng, rows = np.random.default_rng(width), []
    block = RunningMean(width)
    assert isinstance(block, keras.Layer), f"RunningMean({width}) is not a Keras layer."
    for i, n in enumerate(sizes):
        batch = rng.normal(size=(n, width)) + i
        called = f"call {i} of RunningMean({width}), with {n} rows after calls with {sizes[:i]},"
        got = block(tf.constant(batch, tf.float32))
        rows.append(batch)
        assert isinstance(got, tf.Tensor) and got.dtype == tf.float32 and (
            tuple(got.shape) == (width,)), (
            f"{called} gave {got!r:.60}, wanted a float32 tensor of shape ({width},), which a "
            "variable is not.")
        got, wanted = got.numpy(), np.concatenate(rows).mean(0)
        means = np.array([b.mean(0) for b in rows])
        cause = "carry total and number of rows from call to call"
        if i and np.allclose(got, means[-1], atol=1e-4):
            cause = "that is the mean of this batch alone; the state must last from call to call"
        elif i and np.allclose(got, means.mean(0), atol=1e-4):
            cause = "that is the mean of the means of batches; every row counts the same"
        elif np.allclose(got, np.concatenate(rows).sum(0), atol=1e-4):
            cause = "that is the sum"
        assert np.allclose(got, wanted, rtol=1e-4, atol=1e-4), (
            f"{called} gave {got.round(3)}, wanted {wanted.round(3)}: {cause}.")


for case in [(2, [3, 3]), (3, [4, 1, 2])]:
    check_calls(*case)
# BEGIN HIDDEN TESTS
for case in [(1, [2, 5, 2, 1]), (4, [1, 1, 6])]:
    check_calls(*case)
# END HIDDEN TESTS

# %% exercise="graph-state" role="tests" points=1
# Exercise 14.4, tests 2 of 4: calls in a graph. A call is written (rows, in a graph or not).
def check_graph(width, calls, signature=None):
    rng, rows, block = np.random.default_rng(width), [], RunningMean(width)
    graph = tf.function(lambda x: block(x), autograph=False, input_signature=signature)
    causes = {
        "singleton": "a variable was made in the call; make it in __init__ with add_weight",
        "out of scope": "a tensor was kept that belongs to a graph; assign to weights instead",
        "FuncGraph": "a tensor was kept that belongs to a graph; assign to weights instead",
        "numpy": "in a graph a tensor has no value",
        "len is not": "the size of the batch is not known while tracing; ops.shape(x)[0] is",
        "None": "the size of the batch is not known while tracing; ops.shape(x)[0] is"}
    for i, (n, in_graph) in enumerate(calls):
        batch = rng.normal(size=(n, width)) + i
        called = f"call {i} of RunningMean({width}) in (rows, in a graph) {calls[:i + 1]}"
        try:
            got = (graph if in_graph else block)(tf.constant(batch, tf.float32))
        except Exception as error:
            if isinstance(error, NotImplementedError) and not str(error):
                raise
            text = " ".join(str(error).replace("\x1b[1m", "").replace("\x1b[0m", "").split())
            cause = next((causes[word] for word in causes if word in text), "tensors only")
            raise AssertionError(f"{called} raised {type(error).__name__}: {cause}. (It said: "
                                 f"{text[-150:]})") from None
        rows.append(batch)
        got, wanted = np.array(got), np.concatenate(rows).mean(0)
        cause = "graph and plain Python carry the same state on"
        if i and np.allclose(got, batch.mean(0), atol=1e-4):
            cause = "that is the mean of this batch alone"
        assert got.shape == wanted.shape and np.allclose(got, wanted, rtol=1e-4, atol=1e-4), (
            f"{called} gave {got.round(3)}, wanted {wanted.round(3)}: {cause}. What Python keeps, "
            "in lists, numbers or tensors, is frozen while tracing; carry total and number of rows "
            "in weights, by assign_add.")
    wanted = 1 if signature else len({n for n, in_graph in calls if in_graph})
    assert graph.experimental_get_tracing_count() == wanted, (
        f"RunningMean({width}), called with (rows, in a graph) {calls}, was traced "
        f"{graph.experimental_get_tracing_count()} times, wanted {wanted}. Where the first call "
        "makes weights, it is traced twice: make them in __init__, not in build.")


for case in [(2, [(3, True), (3, True), (3, True), (3, True)])]:
    check_graph(*case)
# BEGIN HIDDEN TESTS
for case in [(1, [(2, False), (5, True), (2, True), (5, True)]),
             (4, [(3, True), (3, False), (3, True), (1, False), (3, True)]),
             (2, [(3, True), (5, True), (1, True)], [tf.TensorSpec((None, 2))])]:
    check_graph(*case)
# END HIDDEN TESTS

# %% exercise="graph-state" role="tests" points=1
# Exercise 14.4, tests 3 of 4: reset, and a second instance.
def check_reset(width, n):
    block, other = RunningMean(width), RunningMean(width)
    graph = tf.function(lambda x: block(x), autograph=False)
    first, second, called = tf.ones((n, width)), tf.fill((n, width), 5.0), f"RunningMean({width})"
    try:
        graph(first)
        graph(first)
    except Exception as error:
        if isinstance(error, NotImplementedError) and not str(error):
            raise
        raise AssertionError(f"{called} in a graph raised {type(error).__name__}; get the tests "
                             "before this one to pass first.") from None

    def is_all(got, value):
        return isinstance(got, (tf.Tensor, keras.Variable)) and np.allclose(
            got.numpy(), np.full(width, value))

    got = other(second)
    assert is_all(got, 5), (
        f"the first call of a second {called}, with rows of 5, gave {got!r:.60}, wanted 5 "
        "everywhere: every instance has state of its own; make it in __init__.")
    block.reset()
    got = graph(second)
    assert is_all(got, 5), (
        f"{called} in a graph, called with rows of 1, reset, then called with rows of 5 gave "
        f"{got!r:.60}, wanted 5 everywhere: reset must assign to total and count; what replaces "
        "them, the graph does not know.")
    block.reset()
    got = block(first)
    assert is_all(got, 1), (
        f"{called}, reset after a call in a graph, then called in Python with rows of 1 gave "
        f"{got!r:.60}, wanted 1 everywhere.")
    got = graph(second)
    assert is_all(got, 3), (
        f"{called}, reset, called in Python with rows of 1, then in its graph with as many rows "
        f"of 5 gave {got!r:.60}, wanted 3 everywhere: after reset the graph must still find the "
        "weights that the layer uses; assign to them.")
    count = graph.experimental_get_tracing_count()
    assert count == 1, f"{called}, called and reset, was traced {count} times, wanted 1."
    assert is_all(other(first), 3), f"reset of one {called} changed another one."


for case in [(2, 3)]:
    check_reset(*case)
# BEGIN HIDDEN TESTS
for case in [(1, 1), (4, 2)]:
    check_reset(*case)
# END HIDDEN TESTS

# %% exercise="graph-state" role="tests" points=1
# Exercise 14.4, tests 4 of 4: the weights.
def check_weights(width, sizes):
    block, other = RunningMean(width), RunningMean(width)
    graph = tf.function(lambda x: block(x), autograph=False)
    batches = [np.arange(1.0 * n * width).reshape(n, width) for n in sizes]
    called = f"RunningMean({width})"
    try:
        for batch in batches[:-1]:
            graph(tf.constant(batch, tf.float32))
    except Exception as error:
        if isinstance(error, NotImplementedError) and not str(error):
            raise
        raise AssertionError(f"{called} in a graph raised {type(error).__name__}; get the tests "
                             "before this one to pass first.") from None
    assert len(block.trainable_weights) == 0, (
        f"{called} has trainable weights, wanted none: say trainable=False in add_weight.")
    weights = block.get_weights()
    assert len(weights) > 0, (
        f"get_weights of {called} is empty: only what add_weight makes is a weight; a plain "
        "tf.Variable or attribute is not.")
    try:
        other.set_weights(weights)
    except ValueError:
        raise AssertionError(
            f"the weights of one {called} do not fit into another: make all of them in "
            "__init__.") from None
    got = other(tf.constant(batches[-1], tf.float32))
    wanted = np.concatenate(batches).mean(0)
    assert isinstance(got, (tf.Tensor, keras.Variable)) and np.allclose(got.numpy(), wanted), (
        f"a new {called} that got the weights of one called with {sizes[:-1]} rows, called with "
        f"{sizes[-1]} rows, gave {got!r:.60}, wanted {wanted.tolist()}: total and count must both "
        "be weights.")


for case in [(2, [3, 1, 2])]:
    check_weights(*case)
# BEGIN HIDDEN TESTS
for case in [(3, [1, 4]), (1, [2, 2, 2, 3])]:
    check_weights(*case)
# END HIDDEN TESTS

# %% [markdown]
# ## Without a break
#
# PyTorch ends a graph where something does not fit in, lets Python do it, and begins another: a
# *graph break*. TensorFlow knows no breaks. What does not fit is an error, or it happens at tracing
# only. **Predict** what each of these lines does in a graph.

# %%
def try_in_a_graph(function):
    try:
        return tf.function(function, autograph=False)(tf.constant([2.0, -5.0])).numpy()
    except Exception as error:
        return f"{type(error).__name__}: {str(error)[:60]}"


for text in ("x / x.numpy().max()", "x / float(tf.reduce_max(x))", "x / max(x[0], 1.0)",
             "np.abs(x)", "x / tf.reduce_max(x)", "tf.py_function(np.abs, [x], tf.float32)"):
    print(f"{text:39} {try_in_a_graph(eval('lambda x: ' + text))}")

# %% [markdown]
# All of the first four want a value, here and now. The last uses a back door: `tf.py_function` puts
# a Python function into the graph as one operation. Nothing can be optimised across such a hole, it
# is lost when the graph is saved, and on a GPU everything waits for Python.
#
# **Predict**: in plain Python `.numpy()` works. Is the gradient the same if a divisor went through
# it?

# %%
for name, divisor in (("tensor", tf.reduce_max), ("number", lambda x: x.numpy().max())):
    x = tf.constant([2.0, 1.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.reduce_sum(x / divisor(x))
    print(name, tape.gradient(y, x).numpy())

# %% [markdown]
# By hand: $x_1/x_1 + x_2/x_1$ has the slopes $-x_2/x_1^2 = -0.25$ and $1/x_1 = 0.5$. With
# `.numpy()` the divisor is a constant, and the first slope is wrong.
#
# The cure is mostly the same. Compute with tensors to the end, return what you would like to print
# or log, and let the caller look at it, once, outside of the graph.

# %% [markdown] exercise="no-breaks" role="task"
# ## Exercise 14.5: mend it
#
# *3 points*
#
# A colleague's function brings signals down to a peak of 1. It works in plain Python, but not in a
# graph, and has a wrong gradient:
#
# ```python
# def limit_peak(x):
#     peak = np.abs(x.numpy()).max()
#     print("peak", peak)
#     if peak > 1:
#         x = x / peak
#     return x, tf.constant(peak)
# ```
#
# Write `limit_peak(x)` so that it gives the same results as one graph.
#
# - **In**: `x`, float32, any shape with at least one entry. **Out**: the pair `(y, peak)`: `peak`,
#   float32, shape `()`, is the largest absolute value of `x`; `y`, float32, of the shape of `x`, is
#   `x / peak` if the peak is above 1, else `x`.
# - Nothing is printed, not by Python and not by the graph.
# - It works in plain Python, and inside a `tf.function(…, autograph=False)`, where one graph is
#   right for all inputs of one shape, on both sides of the threshold. No value leaves it on the
#   way: no `.numpy()`, no `tf.py_function`.
# - The gradient is that of these formulas. In `x / peak` it flows through `peak` too. For an `x` of
#   zeros, the sum of `y` has the gradient 1 everywhere. (At a peak of exactly 1 it jumps; nobody
#   asks for it there.)
#
# Each tests cell gives 1 point: for values in Python, for one graph, and for the gradient.

# %% [markdown] exercise="no-breaks" role="hint"
# <details><summary>Hint 1</summary>
#
# Leave `peak` a tensor. The branch can be an operation, `tf.where`, but mind lesson 02: where
# computes both sides, and a gradient through the side that was not chosen can be NaN. What would
# you have to divide by, so that no branch is needed?
#
# </details>

# %% [markdown] exercise="no-breaks" role="hint"
# <details><summary>Hint 2</summary>
#
# Dividing by 1 changes nothing: the divisor is `peak` where it is above 1, else 1. For tensors that
# is `tf.maximum(peak, 1.0)`.
#
# </details>

# %% exercise="no-breaks" role="solution"
def limit_peak(x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Scale x down to a peak of 1 if it is above; float32 to (same shape, peak of shape ())."""
    # BEGIN SOLUTION
    peak = tf.reduce_max(tf.abs(x))
    return x / tf.maximum(peak, 1.0), peak
    # END SOLUTION


# %% exercise="no-breaks" role="tests" points=1
# Exercise 14.5, tests 1 of 3: values, in Python.
def check_values(values):
    called = f"limit_peak(x) for x = {values}"
    x = tf.constant(values)
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        pair = limit_peak(x)
    assert printed.getvalue() == "", (
        f"{called} printed {printed.getvalue()[:30]!r}: the caller gets peak, and may print it.")
    assert type(pair) in (tuple, list) and len(pair) == 2 and all(
        isinstance(t, tf.Tensor) for t in pair), (
        f"{called} gave {type(pair).__name__}, wanted a pair of tensors (y, peak).")
    shapes = [(t.dtype.name, tuple(t.shape)) for t in pair]
    assert shapes == [("float32", tuple(x.shape)), ("float32", ())], (
        f"{called} gave dtypes and shapes {shapes}, wanted float32 of {tuple(x.shape)} and of ().")
    a, y, peak = np.array(values), *(t.numpy() for t in pair)
    top = np.abs(a).max()
    wanted = a / max(top, 1)
    cause = "divide by the peak where it is above 1, else by nothing"
    if top > 0 and np.allclose(y, a / top, atol=1e-5):
        cause = "a signal with a peak below 1 stays as it is"
    elif np.allclose(y, a, atol=1e-5):
        cause = "a peak above 1 must come down"
    elif np.allclose(y, np.clip(a, -1, 1), atol=1e-5):
        cause = "the whole signal is scaled; its peaks are not cut off"
    assert np.allclose(peak, top, rtol=1e-5), (
        f"{called} gave the peak {peak:.3f}, wanted {top:.3f}, the largest absolute value.")
    assert np.allclose(y, wanted, rtol=1e-5, atol=1e-6), (
        f"{called} gave y = {y.round(3).tolist()}, wanted {wanted.round(3).tolist()}: {cause}.")


for values in [[0.5, -3.0], [0.25, -0.5], [4.0, 1.0]]:
    check_values(values)
# BEGIN HIDDEN TESTS
for values in [[[0.5, 1.0, 0.1]], [[-8.0, 2.0], [3.0, 0.5]], [0.0], -2.0, [1.0]]:
    check_values(values)
# END HIDDEN TESTS

# %% exercise="no-breaks" role="tests" points=1
# Exercise 14.5, tests 2 of 3: one graph, traced with an x without values and right for all.
def check_one_graph(inputs):
    with contextlib.redirect_stdout(io.StringIO()):
        limit_peak(tf.constant(inputs[0]))
    graph = tf.function(lambda x: limit_peak(x), autograph=False)
    for i, values in enumerate(inputs):
        called = f"limit_peak(x) in a graph for x = {values}"
        try:
            with contextlib.redirect_stdout(io.StringIO()) as printed:
                pair = graph(tf.constant(values))
        except Exception as error:
            raise AssertionError(
                f"{called} raised {type(error).__name__} ({str(error).strip()[:90]}): in a graph x "
                "has no value. No .numpy(), float(), NumPy or Python if on it, unless @tf.function "
                "above the function lets AutoGraph rewrite the if.") from None
        assert printed.getvalue() == "", f"{called} printed {printed.getvalue()[:30]!r}."
        assert isinstance(pair, (tuple, list)) and [*map(tf.is_tensor, pair)] == [True] * 2, (
            f"{called} gave {pair!r:.60}, wanted a pair of tensors; get the first tests cell to "
            "pass first.")
        y, peak, a = pair[0].numpy(), pair[1].numpy(), np.array(values)
        top = np.abs(a).max()
        wanted = a / max(top, 1)
        cause = "if it is right in Python, something was frozen"
        if i and np.allclose(y, a / max(np.abs(inputs[0]).max(), 1)):
            cause = "that is the divisor of the first call, frozen while tracing"
        assert np.allclose(peak, top) and np.allclose(y, wanted, atol=1e-6), (
            f"{called} gave y = {y.round(3).tolist()} and the peak {peak.round(3)}, wanted "
            f"{wanted.round(3).tolist()} and {top:.3f}: {cause}.")
    kinds = operations(graph.get_concrete_function(tf.TensorSpec(a.shape)))
    left = [kind for kind in kinds if "PyFunc" in kind or "Print" in kind]
    assert not left, (
        f"the graph of limit_peak holds {', '.join(left)}: no tf.print, no tf.py_function or "
        "tf.numpy_function; compute with tensors to the end.")


for inputs in [[[0.5, -3.0], [0.25, -0.5], [4.0, 1.0]]]:
    check_one_graph(inputs)
# BEGIN HIDDEN TESTS
for inputs in [[[[0.5, 1.0, 0.1]], [[-8.0, 2.0, 3.0]]], [[0.0], [-2.0], [1.0]], [-0.5, 5.0]]:
    check_one_graph(inputs)
# END HIDDEN TESTS

# %% exercise="no-breaks" role="tests" points=1
# Exercise 14.5, tests 3 of 3: the gradient of the sum of y, and of the peak.
def check_gradient(values):
    a = np.array(values)
    top, at = np.abs(a).max(), np.abs(a).argmax()
    slope = np.zeros(len(a))
    slope[at] = np.sign(a[at])
    wanted = np.ones(len(a))
    if top > 1:
        wanted = 1 / top - a.sum() / top**2 * slope
    graph = tf.function(lambda x: limit_peak(x), autograph=False)
    for way, call in (("", limit_peak), (" in a graph", graph)):
        called = f"for x = {values}{way}, the gradient of the sum of y from limit_peak(x)"
        x = tf.constant(values)
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(x)
            try:
                y, peak = call(x)
                total = tf.reduce_sum(y)
            except Exception as error:
                if isinstance(error, NotImplementedError) and not str(error):
                    raise
                raise AssertionError(f"limit_peak(x){way} raised {type(error).__name__}; get the "
                                     "tests before this one to pass first.") from None
        got = tape.gradient(total, x)
        assert got is not None, f"{called} is None: the way from x to y is cut off."
        got = got.numpy()
        cause = "it is 1 / peak, and for the entry at the peak the slope of the peak comes to it"
        if not np.isfinite(got).all():
            cause = "1 / 0 or 0 / 0 has no slope, also on the side that tf.where leaves out"
        elif top > 1 and np.allclose(got, 1 / top, rtol=1e-4):
            cause = "the peak was treated as a constant"
        assert np.allclose(got, wanted, rtol=1e-4, atol=1e-5), (
            f"{called} is {got.round(4)}, wanted {wanted.round(4)}: {cause}.")
        got = tape.gradient(peak, x) if tf.is_tensor(peak) else None
        assert got is not None, (
            f"limit_peak(x) for x = {values}{way} gave a peak that is cut off from x: .numpy() and "
            "stop_gradient end the gradient.")
        assert top == 0 or np.allclose(got.numpy(), slope, atol=1e-5), (
            f"for x = {values}{way}, the gradient of the peak is {got.numpy().round(4)}, wanted "
            f"{slope}.")


for values in [[2.0, 1.0, -0.5], [0.5, -0.25], [0.0, 0.0]]:
    check_gradient(values)
# BEGIN HIDDEN TESTS
for values in [[1.0, -4.0, 3.0], [0.0], [0.125, -0.75, 0.5], [-1.5]]:
    check_gradient(values)
# END HIDDEN TESTS

# %% [markdown]
# ## When it pays
#
# ### What is made of a graph
#
# Before a graph runs, TensorFlow improves it: what is computed twice is computed once, what depends
# on constants only is computed in advance, what is not needed is left out. Operations that do not
# wait for each other may run at the same time. All of that needs to know the whole.
#
# `jit_compile=True` goes further. The compiler *XLA* turns the graph into machine code, and joins
# operations into few loops over memory, so that results in between need not be written out and read
# back.
#
# The next cell measures. On the left is the time of one call, for tensors of growing size: plain
# Python, the graph, and the graph compiled by XLA. On the right is the time for a number of calls
# in all, tracing and compiling included. The times are those of *your* machine and go into the
# figure only. Where XLA cannot run, the cell says so and goes on.
#
# **Predict**: for which sizes does the graph gain most over Python?

# %%
def wave(x):
    total = tf.zeros(())
    for k in range(1, 9):
        total = total + tf.sin(x) ** k / (1 + tf.exp(-x))
    return total


def seconds(function, x, calls=5, rounds=5):
    """The shortest mean time of a call."""
    best = float("inf")
    for _ in range(rounds):
        start = time.perf_counter()
        for _ in range(calls):
            function(x)
        best = min(best, (time.perf_counter() - start) / calls)
    return best


signature = [tf.TensorSpec((None,))]
ways = {
    "Python": wave,
    "graph": tf.function(wave, input_signature=signature),
    "XLA": tf.function(wave, jit_compile=True),
}
lengths, times_of, first = [10, 300, 3_000, 30_000], {}, {}
for name, function in ways.items():
    try:
        start = time.perf_counter()
        function(tf.linspace(0.0, 1.0, 300))
        first[name] = time.perf_counter() - start
        for n in lengths:
            function(tf.linspace(0.0, 1.0, n))
        times_of[name] = [seconds(function, tf.linspace(0.0, 1.0, n)) for n in lengths]
    except Exception as error:
        print(f"{name} cannot run here: {type(error).__name__}")

fig, (left, right) = plt.subplots(1, 2, figsize=(10, 3.5), layout="constrained")
calls = np.geomspace(1, 1e5, 50)
for name, measured in times_of.items():
    left.loglog(lengths, 1e6 * np.array(measured), "o-", label=name)
    right.loglog(calls, first[name] + (calls - 1) * measured[1], label=name)
left.set(xlabel="entries of the tensor", ylabel="microseconds a call", title="one call")
right.set(xlabel="number of calls", ylabel="seconds in all", title="300 entries, with tracing")
left.legend()
plt.show()

# %% [markdown]
# Look at your own figure for three things:
#
# - With small tensors Python is most of the time, and a graph gains most. With large ones the
#   operations take the time, and what helps is to have fewer of them, or to join them.
# - The gain comes from many small operations: here eight rounds with half a dozen each.
# - Tracing costs as much as dozens or hundreds of calls, and compiling more. A function that is
#   called a few times, or is traced again and again, is better left to Python.
#
# ### A training step
#
# A training step is many small operations, called many times: the best case. The step of lesson 13
# needs no change but the decorator. The variables of model and optimizer must exist before, and the
# batches should be of one size, or the signature open.
#
# **Predict**: 30 steps on batches of 4, 4 and 2. How many graphs? Does it learn the same as without
# the decorator?

# %%
def train(as_graph):
    model = keras.Sequential([keras.Input((1,)), layers.Dense(1, kernel_initializer="zeros")])
    optimizer = keras.optimizers.SGD(0.05, momentum=0.5)
    optimizer.build(model.trainable_variables)

    def step(x, y):
        with tf.GradientTape() as tape:
            loss = ops.mean((model(x, training=True) - y) ** 2)
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply(gradients, model.trainable_variables)
        return loss

    run = tf.function(step) if as_graph else step
    x = tf.reshape(tf.linspace(-1.0, 1.0, 10), (10, 1))
    for _ in range(10):
        for rows in (slice(0, 4), slice(4, 8), slice(8, 10)):
            run(x[rows], 3 * x[rows] + 1)
    if as_graph:
        print("graphs:", run.experimental_get_tracing_count())
    return np.concatenate([w.ravel() for w in model.get_weights()])


print("same weights:", np.allclose(train(as_graph=True), train(as_graph=False), atol=1e-5))

# %% [markdown]
# One graph for each size of batch, and the same weights.
#
# ### A graph to take away
#
# A concrete function needs no Python any more, and can be saved without your code.
# `tf.saved_model.save` writes the graphs of a `tf.Module` or a model, `model.export` does so for a
# Keras model. What is loaded is graphs, and only those that were traced.

# %%
parcel = tf.Module()
parcel.run = tf.function(bend, input_signature=[tf.TensorSpec((None,))])
with tempfile.TemporaryDirectory() as folder:
    tf.saved_model.save(parcel, folder)
    loaded = tf.saved_model.load(folder)
print(loaded.run(tf.ones(2)).numpy(), loaded.run(-tf.ones(3)).numpy())

# %% [markdown]
# ## PyTorch and Keras side by side
#
# | idea | PyTorch | Keras 3 on TensorFlow |
# |---|---|---|
# | record a function | `torch.compile(f)` | `tf.function(f)` |
# | how | reads the bytecode of Python | runs the function with stand-ins; AutoGraph rewrites it |
# | what cannot be recorded | breaks the graph, Python goes on | an error, or frozen |
# | break as an error | `fullgraph=True` | always |
# | new size, dtype | guards fail, new graph | new graph |
# | sizes relaxed | by default at the second size; `dynamic=True` | `reduce_retracing=True` |
# | fixed in advance | `mark_dynamic` | `input_signature=[tf.TensorSpec([None])]` |
# | Python number | guard on type and value, then relaxed | a graph for each value; 2 is 2.0 |
# | too many graphs | falls back to Python after 8 | a warning |
# | count graphs | a backend that counts | `f.experimental_get_tracing_count()` |
# | original function | `inspect.unwrap(f)` | `f.python_function` |
# | all as Python | `torch.compiler.set_stance("force_eager")` | `run_functions_eagerly(True)` |
# | branch | `torch.cond`, `torch.where` | `if`, by AutoGraph; `tf.cond`, `tf.where` |
# | loop | `torch.while_loop` | `while`, by AutoGraph; `tf.while_loop` |
# | state | buffers | variables |
# | list appended to | right, recorded again | frozen at recording |
# | print | breaks the graph | Python's at recording only; `tf.print` |
# | look at it | `graph.code` in a backend | `tf.autograph.to_code`, `concrete.graph` |
# | code generation | `inductor`, the default | `jit_compile=True` |
# | take it away | `torch.export` | `tf.saved_model`, `model.export` |

# %% [markdown]
# ## Summary
#
# - A graph holds tensor operations. What Python did while tracing is gone, or a constant.
# - One graph for each key: dtypes and shapes of tensors, values of everything else. Equal numbers
#   are one key, 2 and 2.0 among them.
# - Give numbers that vary as tensors, leave sizes open in an `input_signature`, and make a graph
#   function once.
# - A decision on the data must be an operation: `tf.where`, `tf.cond`, `tf.while_loop`, or `if` and
#   `while` that AutoGraph rewrites. A Python loop is unrolled. What is decided while tracing is
#   frozen.
# - State belongs in variables that exist before the graph.
# - What wants a value breaks a graph. Return tensors; look at them outside.
# - Graphs gain most where many small operations run many times. Measure, and count the calls.

# %% [markdown]
# ## Where to read on
#
# - [Better performance with tf.function](https://www.tensorflow.org/guide/function), the guide:
#   tracing, control flow, state, and their limits.
# - [Introduction to graphs and tf.function](https://www.tensorflow.org/guide/intro_to_graphs).
# - [AutoGraph reference](https://github.com/tensorflow/tensorflow/blob/master/tensorflow/python/autograph/g3doc/reference/index.md),
#   what of Python is rewritten, and how.
# - [XLA](https://openxla.org/xla/tf2xla), on `jit_compile`.
# - A. Géron, *Hands-On Machine Learning*, chapter 12, "TensorFlow Functions and Graphs", from which
#   the idea of this lesson comes.
#
# Next: lesson 15 puts everything together on real data.
