# %% [markdown]
# # Graphs
#
# So far Python was in charge: each operation ran when its line was reached, and Python read the
# lines anew in every call. That is easy to follow and to debug. It also means that nobody knows
# what comes next, so nobody can leave out, join or reorder anything. A *graph* is the list of a
# function's tensor operations, written down once and run many times. This lesson shows how PyTorch
# records graphs, what is lost on the way, when it records again, and when it pays.
#
# **Afterwards you can**
#
# - say what of a function ends up in its graph, and look at the graph;
# - predict when a call records a new graph, and write functions that record only once;
# - put branches and loops that depend on the data into a graph;
# - keep state in a graph function;
# - find graph breaks and get rid of them;
# - measure whether compiling pays.
#
# **Time**: about 60 minutes. **You need**: lesson 13 (training loops); graphs as data are from
# lesson 08.
#
# **How to work.** Where you read *Predict*, stop and write your answer down before you run the cell
# below it; a wrong prediction is where the learning happens. In an exercise, fill in the solution
# cell, run it, then run the tests cells under it: a failed test says what was called, what came
# back, what was wanted and the likely cause. When you hand in, the same rules are also checked on
# other inputs. **Validate** in JupyterLab runs the notebook from top to bottom, as the grader will.
# *Run All Cells* stops at the first tests cell that fails, so take an exercise cell by cell.

# %% role="setup"
import contextlib
import inspect
import io
import logging
import time
import warnings
from collections.abc import Callable

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import fx, nn

torch._logging.set_logs(dynamo=logging.ERROR)  # remarks of the compiler are printed on request
torch.compiler.reset()  # loads the compiler now, which takes a moment

# The default backend would take long to start; let it stop at once, with this in its message.
own_compiler = torch._inductor.config.cpp.cxx
torch._inductor.config.cpp.cxx = ("in this lesson give torch.compile a backend",)


class GraphCounter:
    """A backend that keeps each graph it is given, and runs it as it is."""

    def __init__(self):
        self.graphs = []

    def __call__(self, graph, inputs):
        self.graphs.append(graph)
        return graph.forward


# %% [markdown]
# ## A function and its graph
#
# ### Recorded once
#
# `torch.compile(function)` returns a function that takes the same arguments and gives the same
# results. At its first call it *records* a graph: it goes through the bytecode of the function,
# which is what Python itself runs, and notes each operation on tensors. It hands the graph to a
# *backend*, which returns something that can be run.
#
# The default backend, `inductor`, writes C++ or GPU code, for which it needs a compiler and a
# while. We use one of our own: `GraphCounter`, in the setup cell above, keeps every graph that it
# is given, so that we can count them and look at them, and leaves each as it is. Name a backend
# whenever you write `torch.compile` in this lesson: the setup cell has switched `inductor` off.
#
# **Predict**: how many graphs are there after `torch.compile`, after the first call, after the
# second?

# %% listing="S1-41"
def cube(x):
    return x**3


counter = GraphCounter()
graph_cube = torch.compile(cube, backend=counter)
print("compiled:   ", len(counter.graphs))
print("first call: ", graph_cube(torch.tensor(2.0)), len(counter.graphs))
print("second call:", graph_cube(torch.tensor(3.0)), len(counter.graphs))

# %% [markdown]
# Nothing is recorded before a call, because only a call tells what the arguments are like. The
# second call has found a graph that fits, and ran it: Python did not read `cube` again. Here is the
# graph, node by node, as in lesson 08.

# %%
def show(graph):
    """Print the nodes of a graph: name, kind of step, what it does, what it takes."""
    for node in graph.graph.nodes:
        target = getattr(node.target, "__name__", str(node.target))
        print(f"{node.name:10} {node.op:13} {target:10} {[str(a) for a in node.args]}")


show(counter.graphs[0])

# %% [markdown]
# ### What Python did is gone
#
# The graph holds tensor operations only. The next function makes a detour through a dictionary,
# texts, a loop and a branch before it touches the tensor.
#
# **Predict**: how many multiplications are in its graph?

# %%
def rescale(x, options):
    factor = 1.0
    for name, value in options.items():
        if name.startswith("scale"):
            factor *= value
    return x * factor


counter = GraphCounter()
graph_rescale = torch.compile(rescale, backend=counter)
print(graph_rescale(torch.ones(2), {"scale_a": 2.0, "name": "hat", "scale_b": 3.0}))
show(counter.graphs[0])

# %% [markdown]
# One. Everything that is not a tensor was worked out while recording, and its result, 6.0, stands
# in the graph. Python is the language in which you *write* graphs; in the graph there is none.
#
# ### Back to Python
#
# The Python function is still there, untouched, and you can get it back from the compiled one. And
# all compiled functions can be told to run as plain Python for a while, in which a debugger can
# stop and a `print` prints. (Keras has `run_eagerly` for this.)
#
# **Predict**: a call with a tensor of another shape would need a new graph. How many graphs does
# the last line print?

# %% listing="S1-43 S1-44"
print("the original:", inspect.unwrap(graph_cube) is cube)
counter.graphs.clear()
with torch.compiler.set_stance("force_eager"):
    print(tuple(graph_rescale(torch.ones(4, 5), {}).shape), "graphs:", len(counter.graphs))

# %% [markdown]
# Gradients go through a graph as through any other function, so a whole model can be compiled: it
# is a function, too.
#
# **Predict**: does the state dict of the compiled model have the same names?

# %%
model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1))
compiled = torch.compile(model, backend=GraphCounter())
compiled(torch.ones(2, 3)).sum().backward()
print("gradient in the model:", model[0].weight.grad is not None)
print(list(model.state_dict())[:2])
print(list(compiled.state_dict())[:2])

# %% [markdown]
# The compiled model wraps the first one and shares its parameters. Save the state dict of the
# original, or the names will not fit when you load.

# %% [markdown]
# ## When it records again
#
# ### Guards
#
# A graph is right only as long as what was true while recording is true: the shapes, the types, the
# Python values that were used. PyTorch notes all of this in *guards*, and checks them at each call.
#
# ```mermaid
# flowchart LR
#     call(["a call"]) --> guards{"guards of a\nrecorded graph hold?"}
#     guards -- yes --> run["run that graph"]
#     guards -- none do --> record["record a new graph,\nwith guards of its own"]
#     record --> run
# ```
#
# **Predict** for each call whether it records. The graphs of all earlier calls are kept. (The
# option `dynamic=False` is explained below, under *Sizes that vary*.)

# %%
counter = GraphCounter()
graph_cube = torch.compile(cube, backend=counter, dynamic=False)
for text in ("torch.ones(2)", "torch.zeros(2)", "torch.ones(3)", "torch.ones(2, 1)",
             "torch.ones(2, dtype=torch.float64)", "torch.ones(2, requires_grad=True)",
             "torch.ones(2)"):
    graph_cube(eval(text))
    print(f"{text:35} graphs: {len(counter.graphs)}")

# %% [markdown]
# New values change nothing. A new size, rank or dtype does, and so does a tensor that wants a
# gradient. The last call found the graph of the first: all are kept, not only the latest. One
# Python function, many graphs: a compiled function is called *polymorphic* for that.
#
# Which guard failed, PyTorch tells if a second recording is made an error. (The cell begins with
# `torch.compiler.reset()`, which forgets all graphs of all functions, so that there is one only.)

# %%
torch.compiler.reset()
counter = GraphCounter()
graph_cube = torch.compile(cube, backend=counter)
graph_cube(torch.ones(2))
for x in (torch.ones(3), torch.ones(2, dtype=torch.float64), torch.ones(2, 1)):
    try:
        with torch._dynamo.config.patch(error_on_recompile=True):
            graph_cube(x)
    except torch._dynamo.exc.RecompileError as error:
        print(str(error).splitlines()[-1].partition(": ")[2])

# %% [markdown]
# ### Numbers
#
# Python numbers are no tensors. Their *values* may have been used for anything, so there is a guard
# on the value and on the type.
#
# **Then and now.** In one book a graph function is called with 2, and in TensorFlow a later call
# with 2.0 gets the graph of the first, in which everything is a whole number. **Predict** what
# PyTorch makes of 2 and 2.0, and how many graphs `times` has after each call.

# %% listing="S1-42"
print("cube of numbers:", graph_cube(2), graph_cube(2.0))


def times(x, number):
    return x * number


counter = GraphCounter()
graph_times = torch.compile(times, backend=counter, dynamic=False)
for number in (2, 2, 2.0, 3, 3.0, 2):
    graph_times(torch.ones(3), number)
    print(f"{number:<4} graphs: {len(counter.graphs)}")

# %% [markdown]
# Each value has a graph, and so has each type: 2 and 2.0 are equal, but not of one type.
#
# ### Sizes that vary
#
# One graph for each size would be a bad bargain where every batch is of another size. PyTorch
# therefore has three ways to record, set by the option `dynamic`:
#
# - `dynamic=False`: each size is a constant. A new size is a new graph.
# - `dynamic=True`: each size is a variable of the graph.
# - Left out: a size starts as a constant. If a call comes with another, the new graph has a
#   variable in its place, which stands for every size from 2 on.
#
# Sizes 0 and 1 are always constants, as much behaves differently there. (Think of broadcasting.)
#
# **Predict** the three curves: how many graphs are there after each of the calls?

# %%
def graphs_after(sizes, **options):
    """The number of graphs after each call of a new compiled function."""
    torch.compiler.reset()
    counter, counts = GraphCounter(), []
    graph_cube = torch.compile(cube, backend=counter, **options)
    for size in sizes:
        graph_cube(torch.ones(size))
        counts.append(len(counter.graphs))
    return counts


sizes = [4, 4, 6, 5, 1, 7, 1, 4]
fig, axis = plt.subplots(figsize=(7, 3), layout="constrained")
for shift, options in ((0.08, {"dynamic": False}), (0, {}), (-0.08, {"dynamic": True})):
    counts = graphs_after(sizes, **options)
    label = f"dynamic={options['dynamic']}" if options else "left out"
    shifted = np.array(counts) + shift  # so that no curve hides another
    axis.step(range(len(sizes)), shifted, "o-", where="post", linewidth=1, label=label)
    print(f"{label:13} {counts}")
axis.set(xlabel="size of the tensor, call by call", ylabel="graphs so far", ylim=(0, 6))
axis.set_xticks(range(len(sizes)), sizes)
axis.legend(loc="upper left")
plt.show()

# %% [markdown]
# Read the middle row call by call. Size 4 is recorded as a constant. Size 6 shows that the size
# varies, and the second graph takes every size from 2 on; 5 and 7 run it. Size 1 gets a graph of
# its own. The last 4 still fits the first.
#
# Python numbers in the arguments are treated in the same way: one that varies becomes a variable.
#
# **Predict** the number of graphs after each call of `times`, now without the option.

# %%
torch.compiler.reset()
counter = GraphCounter()
graph_times = torch.compile(times, backend=counter)
for number in (2, 3, 4, 2.0, 2.5, 3.5, 1):
    graph_times(torch.ones(3), number)
    print(f"{number:<4} graphs: {len(counter.graphs)}")

# %% [markdown]
# The change from 2 to 3 makes the number a variable. The type is guarded still, so the first float
# records again, but with a variable from the start: it is known to vary by then. Unlike the size 1,
# the number 1 is nothing special.
#
# ### Too many
#
# Whoever records without end would be slower than Python. **Predict**: with `dynamic=False`, how
# many graphs are there after 14 sizes?

# %%
print(graphs_after(range(2, 16), dynamic=False))
print("limit:", torch._dynamo.config.recompile_limit)

# %% [markdown]
# After eight graphs of one function PyTorch gives up, and runs what fits no graph as plain Python.
# The results are right, and only a line in the log says so, which we have switched off.

# %% [markdown] exercise="trace-counts" role="task"
# ## Exercise 14.1: count the graphs
#
# *3 points*
#
# Write down what you have just learned as two functions that predict, call by call, how many graphs
# there are. Before the first call of a list there are none. You may check your functions against a
# real compiled function and its `GraphCounter`, but work out the rule first.
#
# **`trace_counts(calls)`** is about `torch.compile(times, backend=counter, dynamic=False)` with
# `times(x, number) = x * number`.
#
# - **In**: `calls`, a list of pairs `(x, number)`: the arguments of the calls, in order. `x` is a
#   tensor, without a gradient, of any dtype and shape; `number` a Python `int` or `float`. **Out**:
#   a list of as many ints: the number of graphs after each call.
#
# **`relaxed_counts(sizes)`** is about `torch.compile(cube, backend=counter)`, the option `dynamic`
# left out.
#
# - **In**: `sizes`, a list of ints of 0 or more: the calls have a float32 tensor of shape `(size,)`
#   each. **Out**: the number of graphs after each call, as above.
#
# No list needs more than eight graphs. The lists are not changed, and may be empty. Each tests cell
# is about one of the functions: the first gives 2 points, the second 1.

# %% [markdown] exercise="trace-counts" role="hint"
# <details><summary>Hint 1</summary>
#
# What must two calls have in common to run the same graph? Write it as a tuple, a *key*. A call
# records if its key is not among those of all calls before it. Are 2 and 2.0 the same key in
# Python?
#
# </details>

# %% [markdown] exercise="trace-counts" role="hint"
# <details><summary>Hint 2</summary>
#
# The key of `(x, number)` is `(x.dtype, x.shape, type(number), number)`. Collect keys in a set; its
# length is the count. In `relaxed_counts` the keys are: the first size; 0 and 1, each for itself;
# and one for all sizes from 2 on that differ from the first. (A call of the first size runs the
# first graph.)
#
# </details>

# %% exercise="trace-counts" role="solution"
def trace_counts(calls: list[tuple[torch.Tensor, int | float]]) -> list[int]:
    """The number of graphs after each call x * number, all sizes constant."""
    # BEGIN SOLUTION
    keys, counts = set(), []
    for x, number in calls:
        keys.add((x.dtype, x.shape, type(number), number))
        counts.append(len(keys))
    return counts
    # END SOLUTION


def relaxed_counts(sizes: list[int]) -> list[int]:
    """The number of graphs after each call with a tensor of a size, sizes relaxed by default."""
    # BEGIN SOLUTION
    keys, counts = set(), []
    for size in sizes:
        keys.add(size if size < 2 or size == sizes[0] else "any")
        counts.append(len(keys))
    return counts
    # END SOLUTION


# %% exercise="trace-counts" role="tests" points=2
# Exercise 14.1, tests 1 of 2: trace_counts. A call is written (dtype, shape, number).
def check_trace_counts(calls, wanted):
    kinds = {"f": torch.float32, "d": torch.float64, "i": torch.int64}
    real = [(torch.full(shape, i + 2).to(kinds[kind]), number)
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
    same = [c for c in calls[:wrong] if c[:2] == (kind, shape) and c[2] == number]
    cause = "is the first with this dtype, shape and number, and records"
    if not new and got[wrong] == wanted[wrong] + 1 and calls[wrong - 1] != calls[wrong]:
        cause = "is like an earlier one, and all graphs are kept, not only the latest"
    elif not new:
        cause = "is like an earlier one; the values in a tensor do not count"
    elif same:
        cause = "has a number that is equal to an earlier one, but of another type"
    elif any(c[:2] == (kind, shape) for c in calls[:wrong]):
        cause = "has a number that is new, and there is a guard on its value"
    elif any(c[1:] == (shape, number) for c in calls[:wrong]):
        cause = "has a dtype that is new"
    elif any(len(c[1]) == len(shape) for c in calls[:wrong]):
        cause = "has a size that is new, and with dynamic=False each size is a constant"
    assert got == wanted, (
        f"{called} gave {got}, wanted {wanted}: call {wrong}, counted from 0, {cause}.")


for case in [
    ([("f", (3,), 2), ("f", (3,), 2), ("f", (4,), 2), ("f", (3,), 2)], [1, 1, 2, 2]),
    ([("f", (3,), 2), ("d", (3,), 2), ("f", (3, 1), 2), ("i", (3,), 2)], [1, 2, 3, 4]),
    ([("f", (3,), 2), ("f", (3,), 2.0), ("f", (3,), 3), ("f", (3,), 2.0)], [1, 2, 3, 3]),
]:
    check_trace_counts(*case)
# BEGIN HIDDEN TESTS
for case in [
    ([("f", (2, 3), 1), ("f", (3, 2), 1), ("f", (6,), 1), ("f", (2, 3), 1)], [1, 2, 3, 3]),
    ([("i", (), 0), ("i", (), 0.0), ("f", (), 0), ("i", (), -1), ("i", (0,), 0), ("i", (), -1),
      ("f", (), 0)], [1, 2, 3, 4, 5, 5, 5]),
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
    cause = "the first size, 0, 1, and all others: that makes four graphs at the most"
    if got == distinct:
        cause = "that is one graph for each size; the second size from 2 on gets a relaxed graph"
    elif got == [1] * len(sizes):
        cause = "the first graph holds for its own size only"
    elif got == [min(2, n) for n in distinct]:
        cause = "sizes 0 and 1 are constants, and each has a graph of its own"
    assert got == wanted, f"{called} gave {got}, wanted {wanted}: {cause}."


for case in [([2, 2, 3, 4, 5, 2], [1, 1, 2, 2, 2, 2]), ([5, 1, 7, 8, 1], [1, 2, 3, 3, 3])]:
    check_relaxed_counts(*case)
# BEGIN HIDDEN TESTS
for case in [([1, 2, 3, 1, 0, 4, 0], [1, 2, 2, 2, 3, 3, 3]), ([0, 1, 0], [1, 2, 2]), ([], []),
             ([5, 1, 0, 7, 8, 1, 5], [1, 2, 3, 4, 4, 4, 4]), ([9, 2, 9], [1, 2, 2]), ([7], [1])]:
    check_relaxed_counts(*case)
# END HIDDEN TESTS

# %% [markdown]
# ## One graph for all
#
# A function that is to record once must vary in nothing that is guarded. There are two cures, and
# often you need both.
#
# **Sizes**: `dynamic=True` makes all sizes variables from the start. If only some vary, mark them,
# before the call, with `torch._dynamo.mark_dynamic`.
#
# **Predict**: axis 0 of `x` is marked. How many graphs are there after each of these calls?

# %%
torch.compiler.reset()
counter = GraphCounter()
graph_cube = torch.compile(cube, backend=counter)
for shape in ((4, 3), (6, 3), (5, 3), (5, 2)):
    x = torch.ones(shape)
    torch._dynamo.mark_dynamic(x, 0)
    graph_cube(x)
    print(shape, "graphs:", len(counter.graphs))

# %% [markdown]
# The other axis was a constant, until it varied.
#
# **Numbers**: give the function a *tensor* instead. What is in a tensor is not guarded.
#
# **Predict**: the learning rate falls from call to call. How many graphs are there in the end, with
# the rate as a number and as a tensor?

# %%
def descend(w, slope, rate):
    return w - rate * slope


for kind, convert in (("numbers", lambda rate: rate), ("tensors", torch.tensor)):
    torch.compiler.reset()
    counter = GraphCounter()
    graph_descend = torch.compile(descend, backend=counter, dynamic=False)
    for rate in (0.1, 0.05, 0.025, 0.0125):
        w = graph_descend(torch.ones(3), torch.ones(3), convert(rate))
    print(f"{kind}: {len(counter.graphs)} graphs, w {w[0]:.4f}")

# %% [markdown]
# **Predict**: and if the rates are 1 (an int), 0.5 and 0.25, each made a tensor by `torch.tensor`?

# %%
counter = GraphCounter()
graph_descend = torch.compile(descend, backend=counter)
for rate in (1, 0.5, 0.25):
    graph_descend(torch.ones(3), torch.ones(3), torch.tensor(rate))
print("graphs:", len(counter.graphs), " dtypes:", torch.tensor(1).dtype, torch.tensor(0.5).dtype)

# %% [markdown]
# A tensor made of a whole number is int64, and dtypes are guarded.

# %% [markdown] exercise="trace-once" role="task"
# ## Exercise 14.2: once and for all
#
# *3 points*
#
# Write `trace_once(function, backend)`. It returns a function `run(x, factor)` that computes
# `function(x, factor)` as a graph and records only one.
#
# - **In**: `function`, a Python function of two tensors that uses torch operations only; `backend`,
#   the backend that gets the graph: hand it on to `torch.compile`. **Out**: `run`.
# - `run` takes `x`, a float32 tensor of shape `(n,)`, without a gradient; `n` is 2 or more and may
#   be another in each call. `factor` is a Python `int` or `float`, any at each call.
# - `run` returns what `function` returns for `x` and a float32 tensor of shape `()` that holds
#   `factor`.
# - `backend` is called once, however often `run` is called. Each call of `trace_once` makes a `run`
#   with a graph of its own.
#
# The first tests cell (2 points) counts graphs, the second (1 point) looks at values, and at two
# functions in turn.

# %% [markdown] exercise="trace-once" role="hint"
# <details><summary>Hint 1</summary>
#
# There are two reasons to record again here, and a cure for each in the section above. `factor`
# comes as a number: who can turn it into something else before the graph sees it?
#
# </details>

# %% [markdown] exercise="trace-once" role="hint"
# <details><summary>Hint 2</summary>
#
# `graph = torch.compile(function, backend=backend, dynamic=True)`, made once, outside of `run`.
# Inside, `run` returns `graph(x, torch.tensor(factor, dtype=torch.float32))`.
#
# </details>

# %% exercise="trace-once" role="solution"
def trace_once(
    function: Callable[[torch.Tensor, torch.Tensor], torch.Tensor], backend: Callable
) -> Callable[[torch.Tensor, int | float], torch.Tensor]:
    """A compiled function of (x, factor) that records one graph, whatever it is called with."""
    # BEGIN SOLUTION
    graph = torch.compile(function, backend=backend, dynamic=True)

    def run(x: torch.Tensor, factor: int | float) -> torch.Tensor:
        return graph(x, torch.tensor(factor, dtype=torch.float32))

    return run
    # END SOLUTION


# %% exercise="trace-once" role="tests" points=2
# Exercise 14.2, tests 1 of 2: how many graphs. A call is written (size of x, factor).
def check_one_graph(calls):
    torch.compiler.reset()
    counter = GraphCounter()
    run = trace_once(lambda x, factor: torch.cumsum(x * factor, 0), counter)
    assert callable(run), f"trace_once gave {type(run).__name__}, wanted a function run(x, factor)."
    for i, (size, factor) in enumerate(calls):
        called = f"after run(x, factor) for (size of x, factor) {calls[:i + 1]}"
        try:
            run(torch.arange(1.0, size + 1), factor)
        except Exception as error:
            cause = "give the backend to torch.compile, or it takes its own, inductor"
            if type(error).__name__ != "InductorError":
                cause = str(error)[:80]
            raise AssertionError(
                f"{called[6:]} raised {type(error).__name__}: {cause}.") from None
        count = len(counter.graphs)
        assert count > 0, (
            f"{called} the backend was not called: nothing is compiled, or not for this backend. "
            "Give function and backend to torch.compile, and call what comes back.")
        cause = "the first call needs one"
        if i and calls[i] == calls[i - 1]:
            cause = "the same call again must find its graph; call torch.compile once"
        elif i and type(factor) is not type(calls[i - 1][1]):
            cause = ("the number changed between int and float; whatever comes, the graph should "
                     "get a float32 tensor")
        elif i and factor != calls[i - 1][1]:
            cause = "only the factor changed; a number is guarded, what a tensor holds is not"
        elif i:
            cause = "only the size changed; make it a variable of the graph with dynamic=True"
        assert count == 1, f"{called} there are {count} graphs, wanted 1: {cause}."
    torch.compiler.reset()


for calls in [[(4, 2.5), (4, 2.5), (4, 0.5), (7, 0.5), (7, 2), (3, 2)]]:
    check_one_graph(calls)
# BEGIN HIDDEN TESTS
for calls in [[(2, 1), (2, 1), (2, 0), (9, 0), (9, -3), (9, 0.25), (5, 0.25)], [(3, 0), (6, 0)],
              [(5, 1.0), (5, -1.0), (2, -1.0), (3, -1.0), (4, -1.0)]]:
    check_one_graph(calls)
# END HIDDEN TESTS

# %% exercise="trace-once" role="tests" points=1
# Exercise 14.2, tests 2 of 2: values, and two functions in turn.
def check_values(calls):
    torch.compiler.reset()
    counters = GraphCounter(), GraphCounter()
    runs = [trace_once(lambda x, factor: torch.cumsum(x * factor, 0), counters[0]),
            trace_once(lambda x, factor: x - factor[None].expand(len(x)), counters[1])]
    for size, factor in calls:
        x = torch.arange(1.0, size + 1)
        x64 = np.arange(1.0, size + 1)
        wanted = [np.cumsum(x64 * factor), x64 - factor]
        for i, (run, name) in enumerate(zip(runs, ("cumsum(x * factor)", "x - factor"))):
            called = f"run(x, {factor}) for {name} and x = {x.tolist()}"
            try:
                got = run(x, factor)
            except Exception as error:
                raise AssertionError(f"{called} raised {type(error).__name__} "
                                     f"({str(error)[:80]}); function gets a tensor x and a float32 "
                                     "tensor of shape ().") from None
            assert type(got) is torch.Tensor, f"{called} gave {type(got).__name__}, not a tensor."
            assert got.dtype == torch.float32 and tuple(got.shape) == (size,), (
                f"{called} gave {got.dtype} of shape {tuple(got.shape)}, wanted float32 ({size},).")
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
    assert len(counters[0].graphs) == len(counters[1].graphs) == 1, (
        f"of two functions given to trace_once, {[len(c.graphs) for c in counters]} graphs came to "
        "their backends, wanted one each.")
    torch.compiler.reset()


for calls in [[(4, 3), (4, 2.5), (3, -1)]]:
    check_values(calls)
# BEGIN HIDDEN TESTS
for calls in [[(2, 0), (7, 1.75), (3, 2)], [(5, 0.1), (2, 0.7), (2, 1)]]:
    check_values(calls)
# END HIDDEN TESTS

# %% [markdown]
# ## Branches and loops
#
# ### A branch on a value
#
# While a graph is recorded, Python decides each `if`. What if the condition is a tensor?
#
# **Predict**: how many graphs does the function below need for its two calls, and what is in them?

# %%
def bend(x):
    if x.sum() > 0:
        return x + 1
    return x - 1


counter = GraphCounter()
graph_bend = torch.compile(bend, backend=counter)
print(graph_bend(torch.ones(2)).tolist(), graph_bend(-torch.ones(2)).tolist())
for graph in counter.graphs:
    print([node.name for node in graph.graph.nodes])

# %% [markdown]
# Three. The value of `x.sum() > 0` is not known while recording, so the first graph ends there. Its
# result goes back to Python, Python takes the branch, and each branch is a graph of its own. That
# is a *graph break*: right results, but no graph of the whole. `fullgraph=True` makes it an error:

# %%
try:
    torch.compile(bend, backend=GraphCounter(), fullgraph=True)(torch.ones(2))
except torch._dynamo.exc.Unsupported as error:
    print("Unsupported:", str(error).splitlines()[0])

# %% [markdown]
# **Then and now.** The older way to get a graph was `torch.jit.trace`: run the function once with
# an example, and keep the operations that came by. It has no guards. **Predict** what its graph
# answers for the second input, for which `bend` takes the other branch.

# %%
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    frozen = torch.jit.trace(bend, torch.ones(2))
print("Python:", bend(-torch.ones(2)).tolist(), " trace:", frozen(-torch.ones(2)).tolist())
print(str(next(w.message for w in caught if "boolean" in str(w.message)))[:47] + " …")
print("deprecated:", any("deprecated" in str(w.message) for w in caught))

# %% [markdown]
# The branch was *frozen*: the graph does for ever what the example did, and is silently wrong. That
# is the classic bug of graphs, in every framework: a decision that was taken while recording.
#
# ### Branches in the graph
#
# To have the decision in the graph, it must be an operation. There are two. `torch.where` computes
# both sides and picks for each entry. `torch.cond` gets a condition, two functions and their
# arguments, and runs one of the two.

# %%
def bend_where(x):
    return torch.where(x.sum() > 0, x + 1, x - 1)


def bend_cond(x):
    return torch.cond(x.sum() > 0, lambda x: x + 1, lambda x: x - 1, (x,))


for function in (bend_where, bend_cond):
    counter = GraphCounter()
    graph_bend = torch.compile(function, backend=counter, fullgraph=True)
    print(graph_bend(torch.ones(2)).tolist(), graph_bend(-torch.ones(2)).tolist(),
          "graphs:", len(counter.graphs))
    print([node.name for node in counter.graphs[0].graph.nodes])

# %% [markdown]
# The arguments of `torch.cond` are nodes of the graph, and `cond_true_0` and `cond_false_0` are
# graphs themselves. (Neither of the two functions may return an argument as it is; return a `clone`
# of it.)
#
# ### Loops
#
# A graph is data, and PyTorch can write it as Python code again. It is the best way to see what
# became of a loop.
#
# **Predict**: what does the graph of a loop over `range(3)` look like?

# %% listing="S1-45"
def double(x, times):
    for _ in range(times):
        x = x * 2
    return x


counter = GraphCounter()
torch.compile(double, backend=counter)(torch.ones(2), 3)
print(counter.graphs[0].code.strip())

# %% [markdown]
# The loop was *unrolled*: Python went round three times, and three multiplications were recorded.
# That is fine for three, slow to record for a thousand, and impossible where the number of rounds
# depends on the data. A loop that is *in* the graph is written with `torch.while_loop(condition,
# body, state)`. `state` is a tuple of tensors; `condition` and `body` get them as arguments;
# `condition` returns a tensor of shape `()`, `body` the new state, in shape and dtype as before.
# What comes back is the last state. (It is younger than the rest and may still change; for a loop
# whose length you know, unrolling is the usual way.)
#
# **Predict**: how many rounds does this take for 1 and for 5?

# %%
def grow(x):
    """Double x until it is at least 100; the number of rounds."""

    def condition(x, rounds):
        return x < 100

    def body(x, rounds):
        return x * 2, rounds + 1

    return torch.while_loop(condition, body, (x, torch.tensor(0)))[1]


counter = GraphCounter()
graph_grow = torch.compile(grow, backend=counter, fullgraph=True)
print([graph_grow(torch.tensor(x)).item() for x in (1.0, 5.0, 200.0)], len(counter.graphs), "graph")
show(counter.graphs[0])

# %% [markdown]
# The body, too, is recorded once. A Python number that it counted up would be 1 in the graph, so
# PyTorch makes that an error. That is why `rounds` is a tensor and part of the state.

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
# - It works in plain Python and compiled with `fullgraph=True`. For one `most` there is one graph,
#   recorded with any `n` and right for every other.
# - The loop is in the graph, not unrolled: the graph does not grow with `most`, and has at most 100
#   nodes, those of the graphs inside it among them.
#
# The first tests cell (1 point) looks at the steps in Python. The second (1 point) records with one
# `n` and calls with others, the third (2 points) looks at the size of the graph.

# %% [markdown] exercise="graph-loop" role="hint"
# <details><summary>Hint 1</summary>
#
# The state of the loop is `n` and the number of steps so far, both tensors. When does it go on?
# There are two conditions, and `and` needs to know a value; for tensors there is `&`, with
# parentheses around each side.
#
# </details>

# %% [markdown] exercise="graph-loop" role="hint"
# <details><summary>Hint 2</summary>
#
# `condition(n, steps)` returns `(n != 1) & (steps < most)`. `body(n, steps)` returns
# `torch.where(n % 2 == 0, n // 2, 3 * n + 1)` and `steps + 1`. Start with `(n, torch.tensor(0))`;
# the second entry of what `torch.while_loop` returns is the answer.
#
# </details>

# %% exercise="graph-loop" role="solution"
def collatz_steps(n: torch.Tensor, most: int) -> torch.Tensor:
    """Steps from n to 1, at most `most`; n int64 () to int64 ()."""
    # BEGIN SOLUTION
    def condition(n: torch.Tensor, steps: torch.Tensor) -> torch.Tensor:
        return (n != 1) & (steps < most)

    def body(n: torch.Tensor, steps: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return torch.where(n % 2 == 0, n // 2, 3 * n + 1), steps + 1

    return torch.while_loop(condition, body, (n, torch.tensor(0)))[1]
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

    torch.compiler.reset()
    for number in numbers:
        called = f"collatz_steps(n, {most}) for n = {number}"
        try:
            with torch.compiler.set_stance("default", force_backend="eager"):
                got = collatz_steps(torch.tensor(number), most)
        except torch._dynamo.exc.TorchDynamoException as error:
            raise AssertionError(
                f"{called} raised {type(error).__name__} ({str(error).splitlines()[0][:90]}): "
                "torch.while_loop records condition and body, so no Python if, and, or on a tensor "
                "in there, and no Python number that changes; write torch.where and &, and keep "
                "what changes in the state, as tensors.") from None
        assert type(got) is torch.Tensor and tuple(got.shape) == () and got.dtype == torch.int64, (
            f"{called} gave {got!r:.40}, wanted an int64 tensor of shape (): begin the loop with "
            "tensors.")
        wanted, got = count(number), got.item()
        cause = "count the steps until n is 1"
        if got == count(number, number % 2 == 0):
            cause = ("the branch was taken once, for the first n; in every round it depends on "
                     "the n of that round")
        elif got == most:
            cause = "the loop goes on after 1 is reached"
        elif got > most:
            cause = f"it takes more than {most} steps, so the answer is {most}"
        elif got == wanted + 1:
            cause = "the start is no step"
        assert got == wanted, f"{called} gave {got}, wanted {wanted}: {cause}."
    torch.compiler.reset()


for case in [([6, 7, 1], 12)]:
    check_steps(*case)
# BEGIN HIDDEN TESTS
for case in [([5, 2], 3), ([9], 0), ([1, 27], 111)]:
    check_steps(*case)
# END HIDDEN TESTS

# %% exercise="graph-loop" role="tests" points=1
# Exercise 14.3, tests 2 of 3: one graph, recorded with the first n and right for all of them.
def check_graph(numbers, most):
    torch.compiler.reset()
    counter, answers = GraphCounter(), []
    graph = torch.compile(lambda n: collatz_steps(n, most), backend=counter, fullgraph=True)
    for number in numbers:
        called = f"collatz_steps(n, {most}) in a graph for n = {number}"
        if answers:
            called += f", recorded with n = {numbers[0]},"
        try:
            got = graph(torch.tensor(number))
        except Exception as error:
            raise AssertionError(
                f"{called} raised {type(error).__name__} ({str(error).splitlines()[0][:90]}): in a "
                "graph n has no value, so no Python while, if, int() or .item() can use it; write "
                "torch.while_loop and torch.where.") from None
        assert type(got) is torch.Tensor and tuple(got.shape) == () and got.dtype == torch.int64, (
            f"{called} gave {got!r:.40}, wanted an int64 tensor of shape ().")
        n, steps = number, 0
        while n != 1 and steps < most:
            n, steps = (n // 2 if n % 2 == 0 else 3 * n + 1), steps + 1
        answers.append(steps)
        cause = "a graph must count as Python does"
        if got.item() == answers[0]:
            cause = f"that is the answer for {numbers[0]}: it was frozen while recording"
        assert got.item() == steps, f"{called} gave {got.item()}, wanted {steps}: {cause}."
    assert len(counter.graphs) == 1, (
        f"collatz_steps(n, {most}) in a graph for n in {numbers} came to {len(counter.graphs)} "
        "graphs, wanted 1: a value of n has become a constant of the graph.")
    torch.compiler.reset()


with (contextlib.suppress(torch._dynamo.exc.TorchDynamoException),
      torch.compiler.set_stance("default", force_backend="eager")):
    collatz_steps(torch.tensor(1), 0)
for case in [([6, 7, 1, 5], 12)]:
    check_graph(*case)
# BEGIN HIDDEN TESTS
for case in [([5, 6, 2], 3), ([9, 1], 0), ([1, 27, 3], 111)]:
    check_graph(*case)
# END HIDDEN TESTS

# %% exercise="graph-loop" role="tests" points=2
# Exercise 14.3, tests 3 of 3: the loop is in the graph, whatever `most` is.
def check_size(numbers, few, many):
    sizes = []
    for most in (few, many):
        torch.compiler.reset()
        counter = GraphCounter()
        graph = torch.compile(lambda n: collatz_steps(n, most), backend=counter, fullgraph=True)
        for number in numbers:
            called = f"collatz_steps(n, {most}) in a graph, for n = {number}"
            try:
                got = graph(torch.tensor(number))
            except torch._dynamo.exc.TorchDynamoException as error:
                raise AssertionError(f"{called}, raised {type(error).__name__}; get the tests "
                                     "before this one to pass first.") from None
            n, steps = number, 0
            while n != 1 and steps < most:
                n, steps = (n // 2 if n % 2 == 0 else 3 * n + 1), steps + 1
            assert type(got) is torch.Tensor and got.dtype == torch.int64 and got.item() == steps, (
                f"{called}, gave {got!r:.40}, wanted {steps}; get the tests before this one to "
                "pass first.")
        assert len(counter.graphs) == 1, (
            f"collatz_steps(n, {most}) for n in {numbers} came to {len(counter.graphs)} graphs; "
            "get the tests before this one to pass first.")
        inside = [m for m in counter.graphs[0].modules() if isinstance(m, fx.GraphModule)]
        sizes.append(sum(len(m.graph.nodes) for m in inside))
    assert sizes[0] == sizes[1], (
        f"the graph of collatz_steps(n, most) has {sizes[0]} nodes for most = {few} and {sizes[1]} "
        f"for most = {many}, wanted the same number: a Python loop over range(most) is unrolled; "
        "torch.while_loop is a loop in the graph.")
    assert sizes[0] <= 100, (
        f"the graph of collatz_steps(n, most) has {sizes[0]} nodes, wanted at most 100: a Python "
        "loop is unrolled, whatever it runs over; torch.while_loop is a loop in the graph.")
    torch.compiler.reset()


with (contextlib.suppress(torch._dynamo.exc.TorchDynamoException),
      torch.compiler.set_stance("default", force_backend="eager")):
    collatz_steps(torch.tensor(1), 0)
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
# A list or a number in an attribute, a tensor in a buffer: each can carry something from call to
# call. PyTorch sees that the function changes them, and does the change for real after the graph
# has run. But what the graph *read* of them is guarded.
#
# **Predict**: three blocks keep count of their calls. How many graphs has each after four calls?

# %%
class Counting(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.kind, self.calls, self.seen = kind, 0, []
        self.register_buffer("count", torch.zeros(()))

    def forward(self, x):
        if self.kind == "list":
            self.seen.append(1)
        elif self.kind == "number":
            self.calls += 1
        else:
            self.count += 1
        return x + len(self.seen) + self.calls + self.count


for kind in ("list", "number", "buffer"):
    torch.compiler.reset()
    counter = GraphCounter()
    graph = torch.compile(Counting(kind), backend=counter, fullgraph=True)
    results = [graph(torch.zeros(())).item() for _ in range(4)]
    print(f"{kind:6} results {results}, graphs {len(counter.graphs)}")

# %% [markdown]
# All results are right. But the length of the list and the number in the attribute are constants of
# the graph, so each call needs a new one, until the limit. The buffer is a tensor: it goes into the
# graph as an input, and what it holds is free. (In TensorFlow the first two are worse: there the
# results are wrong.)
#
# So **state belongs in tensors**, made in the constructor, registered as buffers, and changed in
# place or assigned anew.
#
# A tensor made *inside* the function is made by the graph, in each call. **Predict** the results.

# %%
class Forgetting(nn.Module):
    def forward(self, x):
        self.register_buffer("total", torch.zeros(()))
        self.total += x
        return self.total


counter = GraphCounter()
graph = torch.compile(Forgetting(), backend=counter, fullgraph=True)
print([graph(torch.tensor(x)).item() for x in (1.0, 2.0, 3.0)])

# %% [markdown]
# It never remembers. (A `tf.Variable` made in each call of a graph function is an error.)

# %% [markdown] exercise="graph-state" role="task"
# ## Exercise 14.4: remember
#
# *4 points*
#
# Write the block `RunningMean(width)`. Called with a batch, it returns the mean of each feature,
# over all rows that it has been called with so far, this batch among them.
#
# - **In**: `x`, float32, shape `(batch, width)`, at least one row. **Out**: float32, shape
#   `(width,)`. Every *row* counts the same, also if batches are of different sizes. What a call has
#   returned stays as it is in later calls.
# - It works in plain Python and compiled with `fullgraph=True`, and both carry the same state on.
# - All calls with batches of one shape run one graph.
# - The state is in buffers that the constructor registers, so that it is in the `state_dict`, and
#   loading that into another `RunningMean(width)` lets it go on from there. There are no
#   parameters. Every `RunningMean` has state of its own.
# - `reset()` forgets all rows. It is called outside of graphs, and graphs recorded before it remain
#   in use.
#
# Each tests cell gives 1 point: for calls in Python, calls in a graph, `reset` and a second
# instance, and the state dict.

# %% [markdown] exercise="graph-state" role="hint"
# <details><summary>Hint 1</summary>
#
# A mean can be carried on if you know two things. Which two? Both go into buffers, and `reset` sets
# both to zero.
#
# </details>

# %% [markdown] exercise="graph-state" role="hint"
# <details><summary>Hint 2</summary>
#
# `self.register_buffer("total", torch.zeros(width))` and the same for `"count"` with
# `torch.zeros(())`. In `forward`, `self.total += x.sum(0)` and `self.count += len(x)`; return their
# quotient. `reset` calls `zero_()` on both.
#
# </details>

# %% exercise="graph-state" role="solution"
class RunningMean(nn.Module):
    """The mean over all rows so far; (batch, width) float32 to (width,) float32."""

    def __init__(self, width: int) -> None:
        super().__init__()
        # BEGIN SOLUTION
        self.register_buffer("total", torch.zeros(width))
        self.register_buffer("count", torch.zeros(()))
        # END SOLUTION

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        # BEGIN SOLUTION
        self.total += x.sum(0)
        self.count += len(x)
        return self.total / self.count
        # END SOLUTION

    def reset(self) -> None:
        """Forget all rows."""
        # BEGIN SOLUTION
        self.total.zero_()
        self.count.zero_()
        # END SOLUTION


# %% exercise="graph-state" role="tests" points=1
# Exercise 14.4, tests 1 of 4: calls in Python, with so many rows each.
def check_calls(width, sizes):
    torch.compiler.reset()
    rng, rows, results = np.random.default_rng(width), [], []
    block = RunningMean(width)
    assert isinstance(block, nn.Module), f"RunningMean({width}) is not an nn.Module."
    for i, n in enumerate(sizes):
        batch = rng.normal(size=(n, width)) + i
        called = f"call {i} of RunningMean({width}), with {n} rows after calls with {sizes[:i]},"
        with torch.compiler.set_stance("default", force_backend="eager"):
            got = block(torch.tensor(batch, dtype=torch.float32))
        rows.append(batch)
        assert type(got) is torch.Tensor and got.dtype == torch.float32 and (
            tuple(got.shape) == (width,)), (
            f"{called} gave {got!r:.60}, wanted a float32 tensor of shape ({width},).")
        results.append(got)
        got, wanted = got.detach().numpy().copy(), np.concatenate(rows).mean(0)
        means = np.array([b.mean(0) for b in rows])
        cause = "total and number of rows are carried from call to call"
        if i and np.allclose(got, means[-1], atol=1e-4):
            cause = "that is the mean of this batch alone; the state must last from call to call"
        elif i and np.allclose(got, means.mean(0), atol=1e-4):
            cause = "that is the mean of the means of batches; every row counts the same"
        elif np.allclose(got, np.concatenate(rows).sum(0), atol=1e-4):
            cause = "that is the sum"
        assert np.allclose(got, wanted, rtol=1e-4, atol=1e-4), (
            f"{called} gave {got.round(3)}, wanted {wanted.round(3)}: {cause}.")
    first, wanted = results[0].detach().numpy(), rows[0].mean(0)
    assert np.allclose(first, wanted, rtol=1e-4, atol=1e-4), (
        f"what call 0 of RunningMean({width}) returned was right, {wanted.round(3)}, and became "
        f"{first.round(3)} in a later call: a buffer itself was returned; return a new tensor.")
    torch.compiler.reset()


for case in [(2, [3, 3]), (3, [4, 1, 2])]:
    check_calls(*case)
# BEGIN HIDDEN TESTS
for case in [(1, [2, 5, 2, 1]), (4, [1, 1, 6])]:
    check_calls(*case)
# END HIDDEN TESTS

# %% exercise="graph-state" role="tests" points=1
# Exercise 14.4, tests 2 of 4: calls in a graph. A call is written (rows, in a graph or not).
def check_graph(width, calls):
    torch.compiler.reset()
    counter, rng, rows = GraphCounter(), np.random.default_rng(width), []
    block = RunningMean(width)
    assert isinstance(block, nn.Module), f"RunningMean({width}) is not an nn.Module."
    graph = torch.compile(block, backend=counter, fullgraph=True, dynamic=False)
    for i, (n, in_graph) in enumerate(calls):
        batch = rng.normal(size=(n, width)) + i
        called = f"call {i} of RunningMean({width}) in (rows, in a graph) {calls[:i + 1]}"
        stance = torch.compiler.set_stance("default", force_backend=None if in_graph else "eager")
        try:
            with stance:
                got = (graph if in_graph else block)(torch.tensor(batch, dtype=torch.float32))
        except NotImplementedError:
            raise
        except torch._dynamo.exc.TorchDynamoException as error:
            raise AssertionError(
                f"{called} raised {type(error).__name__} ({str(error).splitlines()[0][:90]}): keep "
                "to tensor operations, no .item(), no print.") from None
        rows.append(batch)
        assert type(got) is torch.Tensor and got.dtype == torch.float32 and (
            tuple(got.shape) == (width,)), (
            f"{called} gave {got!r:.60}, wanted a float32 tensor of shape ({width},).")
        got, wanted = got.detach().numpy(), np.concatenate(rows).mean(0)
        cause = "graph and plain Python carry the same state on"
        if i and np.allclose(got, batch.mean(0), atol=1e-4):
            cause = "that is the mean of this batch alone; the state must last from call to call"
        assert np.allclose(got, wanted, rtol=1e-4, atol=1e-4), (
            f"{called} gave {got.round(3)}, wanted {wanted.round(3)}: {cause}.")
    wanted, count = len({n for n, in_graph in calls if in_graph}), len(counter.graphs)
    assert count == wanted, (
        f"RunningMean({width}), called with (rows, in a graph) {calls}, came to {count} graphs, "
        f"wanted {wanted}, one for each number of rows: a Python number, None or list that changes "
        "from call to call is guarded; keep the state in tensors.")
    torch.compiler.reset()


for case in [(2, [(3, True), (3, True), (3, True), (3, True)])]:
    check_graph(*case)
# BEGIN HIDDEN TESTS
for case in [(1, [(2, False), (5, True), (2, True), (5, True)]),
             (4, [(3, True), (3, False), (3, True), (1, False), (3, True)])]:
    check_graph(*case)
# END HIDDEN TESTS

# %% exercise="graph-state" role="tests" points=1
# Exercise 14.4, tests 3 of 4: reset, and a second instance.
def check_reset(width, n):
    torch.compiler.reset()
    counter = GraphCounter()
    block, other = RunningMean(width), RunningMean(width)
    assert isinstance(block, nn.Module), f"RunningMean({width}) is not an nn.Module."
    graph = torch.compile(block, backend=counter, fullgraph=True)
    in_python = torch.compiler.set_stance("default", force_backend="eager")(lambda f, x: f(x))
    first, second = torch.ones(n, width), torch.full((n, width), 5.0)
    called = f"RunningMean({width})"
    try:
        graph(first)
        graph(first)
    except torch._dynamo.exc.TorchDynamoException as error:
        raise AssertionError(f"{called} in a graph raised {type(error).__name__}; get the tests "
                             "before this one to pass first.") from None
    got = in_python(other, second)
    assert type(got) is torch.Tensor and torch.allclose(got, second[0]), (
        f"the first call of a second {called}, with rows of 5, gave {got!r:.60}, wanted 5 "
        "everywhere: every instance has state of its own; make it in __init__.")
    block.reset()
    got = graph(second)
    assert type(got) is torch.Tensor and torch.allclose(got, second[0]), (
        f"{called} in a graph, called with rows of 1, reset, then called with rows of 5 gave "
        f"{got!r:.60}, wanted 5 everywhere: reset must reach total and count, where the graph "
        "finds them.")
    block.reset()
    got = in_python(block, first)
    assert torch.allclose(got, first[0]), (
        f"{called}, reset after a call in a graph, then called in Python with rows of 1 gave "
        f"{got!r:.60}, wanted 1 everywhere.")
    assert len(counter.graphs) == 1, (
        f"{called} recorded {len(counter.graphs)} graphs for calls before and after reset, wanted "
        "1: reset puts zeros into the tensors; it does not replace them by None or numbers.")
    got = in_python(other, first)
    assert torch.allclose(got, torch.full((width,), 3.0)), (
        f"reset of one {called} changed another one.")
    torch.compiler.reset()


for case in [(2, 3)]:
    check_reset(*case)
# BEGIN HIDDEN TESTS
for case in [(1, 1), (4, 2)]:
    check_reset(*case)
# END HIDDEN TESTS

# %% exercise="graph-state" role="tests" points=1
# Exercise 14.4, tests 4 of 4: the state dict.
def check_state_dict(width, sizes):
    torch.compiler.reset()
    block, other = RunningMean(width), RunningMean(width)
    assert isinstance(block, nn.Module), f"RunningMean({width}) is not an nn.Module."
    graph = torch.compile(block, backend=GraphCounter(), fullgraph=True)
    batches = [torch.arange(1.0 * n * width).reshape(n, width) for n in sizes]
    called = f"RunningMean({width})"
    try:
        for batch in batches[:-1]:
            graph(batch)
    except torch._dynamo.exc.TorchDynamoException as error:
        raise AssertionError(f"{called} in a graph raised {type(error).__name__}; get the tests "
                             "before this one to pass first.") from None
    state = block.state_dict()
    assert list(block.parameters()) == [], (
        f"{called} has parameters, wanted none: its state is not trained; use register_buffer.")
    assert len(state) > 0, (
        f"the state dict of {called} is empty: plain attributes are not saved; use register_buffer "
        "in __init__.")
    try:
        other.load_state_dict({name: value.clone() for name, value in state.items()})
    except RuntimeError as error:
        raise AssertionError(
            f"the state dict of one {called} does not fit into another ({str(error)[-90:]}): "
            "register the same buffers in __init__, not in forward.") from None
    with torch.compiler.set_stance("default", force_backend="eager"):
        got = other(batches[-1])
    wanted = torch.cat(batches).mean(0)
    assert type(got) is torch.Tensor and torch.allclose(got, wanted), (
        f"a new {called} that loaded the state dict of one called with {sizes[:-1]} rows, called "
        f"with {sizes[-1]} rows, gave {got!r:.60}, wanted {wanted.tolist()}: total and count must "
        "both be in the state dict.")
    torch.compiler.reset()


for case in [(2, [3, 1, 2])]:
    check_state_dict(*case)
# BEGIN HIDDEN TESTS
for case in [(3, [1, 4]), (1, [2, 2, 2, 3])]:
    check_state_dict(*case)
# END HIDDEN TESTS

# %% [markdown]
# ## Without a break
#
# A break is not an error, and that is what makes breaks easy to overlook: the function works, and
# the compiler gets crumbs. They come from everything that is not a tensor operation and that Python
# cannot work out while recording. The most common are these two.
#
# **Predict**: how many graphs are there for each, and what is printed at the second call?

# %%
def talk(x):
    x = x * 2
    print("in the middle")
    return x + 1


def divide(x):
    return x / x.abs().max().item()


counter = GraphCounter()
graph_talk = torch.compile(talk, backend=counter)
graph_talk(torch.ones(2))
graph_talk(torch.ones(2))
print("graphs of talk:", len(counter.graphs))

counter = GraphCounter()
graph_divide = torch.compile(divide, backend=counter)
for peak in (2.0, 3.0, 4.0):
    graph_divide(torch.tensor([peak, 1.0]))
print("graphs of divide:", len(counter.graphs))

# %% [markdown]
# `print` works, and costs a break. `.item()` hands a value to Python; the graph after it takes that
# as a Python number, which is a constant at first and then a variable.
#
# With `fullgraph=True` PyTorch puts `.item()` into the graph, but Python may want to know the value
# all the same. **Predict**: `halvings` below has a loop over the value. How many graphs has each of
# the two functions?

# %%
def halvings(x):
    number, rounds = x.item(), 0
    while number > 1:
        number, rounds = number // 2, rounds + 1
    return torch.tensor(rounds)


for function, inputs in ((divide, ([2.0, 1.0], [3.0, 1.0], [4.0, 1.0])), (halvings, (8, 4, 16))):
    torch.compiler.reset()
    counter = GraphCounter()
    graph = torch.compile(function, backend=counter, fullgraph=True)
    results = [graph(torch.tensor(x)).tolist() for x in inputs]
    print(f"{function.__name__}: {len(counter.graphs)} graphs, the last {results[-1]}")

# %% [markdown]
# `divide` is one graph now, though a GPU would have to wait in its middle. The loop needs a value
# while recording, so that is guarded, and each value gets a graph of its own: right, and useless.
# (For a float there is no such guard, and `if peak > 1` is an error.)
#
# `torch._dynamo.explain` lists the breaks and their reasons:

# %%
for function in (talk, divide):
    report = torch._dynamo.explain(function)(torch.ones(2))
    reasons = [each.reason.splitlines()[0] for each in report.break_reasons]
    print(f"{function.__name__}: {report.graph_count} graphs, {reasons}")

# %% [markdown]
# The cure is mostly the same. Compute with tensors to the end, return what you would like to print
# or log, and let the caller look at it, once, outside of the graph.
#
# **Predict**: is the gradient the same if a divisor went through `.item()`?

# %%
for divisor in (lambda x: x.abs().max(), lambda x: x.abs().max().item()):
    x = torch.tensor([2.0, 1.0], requires_grad=True)
    (x / divisor(x)).sum().backward()
    print(x.grad.tolist())

# %% [markdown]
# By hand: $x_1/x_1 + x_2/x_1$ has the slopes $-x_2/x_1^2 = -0.25$ and $1/x_1 = 0.5$. With `.item()`
# the divisor is a constant, and the first slope is wrong.

# %% [markdown] exercise="no-breaks" role="task"
# ## Exercise 14.5: mend it
#
# *3 points*
#
# A colleague's function brings signals down to a peak of 1. It works, breaks the graph and has a
# wrong gradient:
#
# ```python
# def limit_peak(x):
#     peak = x.abs().max().item()
#     print("peak", peak)
#     if peak > 1:
#         x = x / peak
#     return x, torch.tensor(peak)
# ```
#
# Write `limit_peak(x)` so that it gives the same results as one graph.
#
# - **In**: `x`, float32, any shape with at least one entry. **Out**: the pair `(y, peak)`: `peak`,
#   float32, shape `()`, is the largest absolute value of `x`; `y`, float32, of the shape of `x`, is
#   `x / peak` if the peak is above 1, else `x`. The caller's `x` keeps its values.
# - Nothing is printed.
# - With `fullgraph=True` there is one graph for all inputs of one shape, on both sides of the
#   threshold, and no value leaves it on the way: no `.item()`, no NumPy.
# - The gradient is that of these formulas. In `x / peak` it flows through `peak` too. For an `x` of
#   zeros, the sum of `y` has the gradient 1 everywhere. (At a peak of exactly 1 it jumps; nobody
#   asks for it there.)
#
# Each tests cell gives 1 point: for values in Python, for one graph, and for the gradient.

# %% [markdown] exercise="no-breaks" role="hint"
# <details><summary>Hint 1</summary>
#
# Leave `peak` a tensor. The branch can be an operation, `torch.where`, but mind lesson 02: where
# computes both sides, and a gradient through the side that was not chosen can be NaN. What would
# you have to divide by, so that no branch is needed?
#
# </details>

# %% [markdown] exercise="no-breaks" role="hint"
# <details><summary>Hint 2</summary>
#
# Dividing by 1 changes nothing: the divisor is `peak` where it is above 1, else 1. For tensors that
# is `peak.clamp(min=1)`.
#
# </details>

# %% exercise="no-breaks" role="solution"
def limit_peak(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Scale x down to a peak of 1 if it is above; float32 to (same shape, peak of shape ())."""
    # BEGIN SOLUTION
    peak = x.abs().max()
    return x / peak.clamp(min=1), peak
    # END SOLUTION


# %% exercise="no-breaks" role="tests" points=1
# Exercise 14.5, tests 1 of 3: values, in Python.
def check_values(values):
    torch.compiler.reset()
    called = f"limit_peak(x) for x = {values}"
    x, stance = torch.tensor(values), torch.compiler.set_stance("default", force_backend="eager")
    with contextlib.redirect_stdout(io.StringIO()) as printed, stance:
        pair = limit_peak(x)
    assert torch.equal(x, torch.tensor(values)), (
        f"{called} changed the caller's x to {x.tolist()}: x = x / … is new, x /= … is not.")
    assert printed.getvalue() == "", (
        f"{called} printed {printed.getvalue()[:30]!r}: the caller gets peak, and may print it.")
    assert type(pair) in (tuple, list) and len(pair) == 2 and all(
        type(t) is torch.Tensor for t in pair), (
        f"{called} gave {type(pair).__name__}, wanted a pair of tensors (y, peak).")
    shapes = [(t.dtype, tuple(t.shape)) for t in pair]
    assert shapes == [(torch.float32, tuple(x.shape)), (torch.float32, ())], (
        f"{called} gave dtypes and shapes {shapes}, wanted float32 of {tuple(x.shape)} and of ().")
    a, y, peak = np.array(values), *(t.detach().numpy() for t in pair)
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
    torch.compiler.reset()


for values in [[0.5, -3.0], [0.25, -0.5], [4.0, 1.0]]:
    check_values(values)
# BEGIN HIDDEN TESTS
for values in [[[0.5, 1.0, 0.1]], [[-8.0, 2.0], [3.0, 0.5]], [0.0], -2.0, [1.0]]:
    check_values(values)
# END HIDDEN TESTS

# %% exercise="no-breaks" role="tests" points=1
# Exercise 14.5, tests 2 of 3: one graph, recorded with the first x and right for all of its shape.
def check_one_graph(inputs):
    torch.compiler.reset()
    stance = torch.compiler.set_stance("default", force_backend="eager")
    with contextlib.redirect_stdout(io.StringIO()), stance:
        limit_peak(torch.tensor(inputs[0]))
    counter = GraphCounter()
    graph = torch.compile(lambda x: limit_peak(x), backend=counter, fullgraph=True, dynamic=False)
    for i, values in enumerate(inputs):
        called = f"limit_peak(x) in a graph for x = {values}"
        if i:
            called += f", recorded with x = {inputs[0]},"
        try:
            with contextlib.redirect_stdout(io.StringIO()) as printed:
                pair = graph(torch.tensor(values))
        except Exception as error:
            raise AssertionError(
                f"{called} with fullgraph=True raised {type(error).__name__} "
                f"({str(error).splitlines()[0][:90]}): that is where the graph breaks. No print, "
                "no .item(), no Python if on a value.") from None
        assert printed.getvalue() == "", f"{called} printed {printed.getvalue()[:30]!r}."
        assert isinstance(pair, (tuple, list)) and [*map(type, pair)] == [torch.Tensor] * 2, (
            f"{called} gave {pair!r:.60}, wanted a pair of tensors; get the first tests cell to "
            "pass first.")
        y, peak, a = pair[0].detach().numpy(), pair[1].detach().numpy(), np.array(values)
        top = np.abs(a).max()
        wanted = a / max(top, 1)
        cause = "if it is right in Python, something was frozen"
        if i and np.allclose(y, a / max(np.abs(inputs[0]).max(), 1)):
            cause = "that is the divisor of the first call, frozen while recording"
        assert np.allclose(peak, top) and np.allclose(y, wanted, atol=1e-6), (
            f"{called} gave y = {y.round(3).tolist()} and the peak {peak.round(3)}, wanted "
            f"{wanted.round(3).tolist()} and {top:.3f}: {cause}.")
    assert len(counter.graphs) == 1, (
        f"limit_peak in a graph for {inputs} came to {len(counter.graphs)} graphs, wanted 1.")
    names = [str(node.target) for node in counter.graphs[0].graph.nodes]
    left = [name for name in names if name in ("item", "tolist") or "Wrapped" in name]
    assert not left, (
        f"the graph of limit_peak holds {', '.join(left)}: a value leaves the tensors on the way; "
        "compute with tensors to the end.")
    torch.compiler.reset()


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
    torch.compiler.reset()
    graph = torch.compile(lambda x: limit_peak(x), backend="eager", fullgraph=True)
    for way, call in (("", limit_peak), (" in a graph", graph)):
        called = f"for x = {values}{way}, the gradient of the sum of y from limit_peak(x)"
        x = torch.tensor(values, requires_grad=True)
        try:
            with torch.compiler.set_stance("default", force_backend=None if way else "eager"):
                y, peak = call(x)
        except (torch._dynamo.exc.TorchDynamoException, RuntimeError, TypeError,
                ValueError) as error:
            if type(error) is NotImplementedError:
                raise
            raise AssertionError(f"limit_peak(x){way} raised {type(error).__name__}; get the tests "
                                 "before this one to pass first.") from None
        assert isinstance(y, torch.Tensor) and y.requires_grad, (
            f"{called} is cut off: no detach, no NumPy.")
        assert isinstance(peak, torch.Tensor) and peak.requires_grad, (
            f"limit_peak(x) for x = {values}{way} gave a peak that is cut off from x: .item() and "
            "detach end the gradient.")
        got = torch.autograd.grad(y.sum(), x, retain_graph=True)[0].numpy()
        cause = "it is 1 / peak, and for the entry at the peak the slope of the peak comes to it"
        if not np.isfinite(got).all():
            cause = "1 / 0 or 0 / 0 has no slope, also on the side that torch.where leaves out"
        elif top > 1 and np.allclose(got, 1 / top, rtol=1e-4):
            cause = "the peak was treated as a constant"
        assert np.allclose(got, wanted, rtol=1e-4, atol=1e-5), (
            f"{called} is {got.round(4)}, wanted {wanted.round(4)}: {cause}.")
        got = torch.autograd.grad(peak, x)[0].numpy()
        assert top == 0 or np.allclose(got, slope, atol=1e-5), (
            f"for x = {values}{way}, the gradient of the peak is {got.round(4)}, wanted "
            f"{slope}.")
    torch.compiler.reset()


for values in [[2.0, 1.0, -0.5], [0.5, -0.25], [0.0, 0.0]]:
    check_gradient(values)
# BEGIN HIDDEN TESTS
for values in [[1.0, -4.0, 3.0], [0.0], [0.125, -0.75, 0.5], [-1.5]]:
    check_gradient(values)
# END HIDDEN TESTS

# %% [markdown]
# ## What a graph is good for
#
# ### A compiler of your own
#
# A graph is data, and a program can change it. Here is a backend that does what compilers have
# always done: it finds operations that are computed twice and keeps one of them. Two nodes compute
# the same if they do the same to the same nodes. (That holds for operations that change nothing in
# place and draw no random numbers, as those below.)
#
# **Predict**: the function below computes `sin(x)` and `1 + exp(-x)` eight times each. How many of
# its nodes are left?

# %%
def without_repeats(graph, inputs):
    """A backend that computes nothing twice."""
    known = {}
    for node in list(graph.graph.nodes):
        key = (node.target, node.args, tuple(node.kwargs.items()))
        if node.op in ("call_function", "call_method") and key in known:
            node.replace_all_uses_with(known[key])
            graph.graph.erase_node(node)
        known.setdefault(key, node)
    graph.recompile()
    print("nodes:", len(graph.graph.nodes))
    return graph.forward


def wave(x):
    total = torch.zeros(())
    for k in range(1, 9):
        total = total + torch.sin(x) ** k / (1 + torch.exp(-x))
    return total


counter = GraphCounter()
as_it_is = torch.compile(wave, backend=counter)
x = torch.linspace(0, 1, 5)
as_it_is(x)
print("nodes as recorded:", len(counter.graphs[0].graph.nodes))
shorter = torch.compile(wave, backend=without_repeats)
print("same values:", torch.allclose(shorter(x), wave(x)))

# %% [markdown]
# One of each is left, and half of the nodes are gone. `inductor` goes on from here. It joins what
# is left into few loops over memory, so that no result in between is written out and read back.
#
# ### When it pays
#
# The next cell measures. On the left is the time of one call, for tensors of growing size: plain
# Python, the graph as it was recorded, and the graph without repeats. On the right is the time for
# a number of calls in all, recording included. The times are those of *your* machine and go into
# the figure only.
#
# Set `try_inductor = True` to measure PyTorch's own compiler as well. It needs a C++ compiler, and
# half a minute or more for its first start; where it cannot run, the cell says so and goes on.
#
# **Predict**: does it pay to record a graph and run it as it is?

# %%
try_inductor = False


def seconds(function, x, calls=10, rounds=5):
    """The shortest mean time of a call."""
    best = float("inf")
    for _ in range(rounds):
        start = time.perf_counter()
        for _ in range(calls):
            function(x)
        best = min(best, (time.perf_counter() - start) / calls)
    return best


def quiet_backend(graph, inputs):
    with contextlib.redirect_stdout(io.StringIO()):
        return without_repeats(graph, inputs)


threads = torch.get_num_threads()
torch.set_num_threads(1)  # so that the number of cores does not matter
ways = {"Python": None, "graph as recorded": GraphCounter(), "without repeats": quiet_backend}
if try_inductor:
    ways["inductor"] = "inductor"
    torch._inductor.config.cpp.cxx = own_compiler
lengths, times_of, first = [10, 300, 3_000, 30_000], {}, {}
for name, backend in ways.items():
    torch.compiler.reset()
    function = wave if backend is None else torch.compile(wave, backend=backend, dynamic=True)
    try:
        start = time.perf_counter()
        function(torch.linspace(0, 1, 300))
        first[name] = time.perf_counter() - start
        times_of[name] = [seconds(function, torch.linspace(0, 1, n)) for n in lengths]
    except Exception as error:
        print(f"{name} cannot run here: {type(error).__name__}")
torch.set_num_threads(threads)

fig, (left, right) = plt.subplots(1, 2, figsize=(10, 3.5), layout="constrained")
calls = np.geomspace(1, 1e5, 50)
for name, measured in times_of.items():
    left.loglog(lengths, 1e6 * np.array(measured), "o-", label=name)
    right.loglog(calls, first[name] + (calls - 1) * measured[1], label=name)
left.set(xlabel="entries of the tensor", ylabel="microseconds a call", title="one call")
right.set(xlabel="number of calls", ylabel="seconds in all", title="300 entries, with recording")
left.legend()
plt.show()

# %% [markdown]
# Look at your own figure for three things:
#
# - A graph that is run as it is saves nothing: its operations are the same, and the guards are
#   checked on top. Recording is not the gain; what a compiler makes of the graph is.
# - The gain of leaving work out is there at all sizes. With large tensors the operations take the
#   time, and Python does not matter; leaving operations out still does.
# - Recording costs as much as hundreds or thousands of calls. A function that is called a few
#   times, or is recorded again and again, is better left to Python.
#
# ### A graph to take away
#
# `torch.export.export` records a whole model as *one* graph that needs neither your class nor
# Python afterwards. It breaks nowhere: what would be a break is an error. Sizes that vary must be
# named.

# %%
model = nn.Sequential(nn.Linear(3, 2), nn.ReLU())
batch = torch.export.Dim("batch")
exported = torch.export.export(model, (torch.ones(4, 3),), dynamic_shapes=({0: batch},))
for node in exported.graph.nodes:
    print(f"{node.op:14} {node.name}")
file = io.BytesIO()  # or the path of a file
torch.export.save(exported, file)
file.seek(0)
loaded = torch.export.load(file).module()
print("loaded, other batch:", torch.allclose(loaded(torch.ones(9, 3)), model(torch.ones(9, 3))))

# %% [markdown]
# The parameters have become inputs of the graph, and the layers are operations. What was loaded
# takes batches of any size, and needs no class of yours.

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
# - A graph holds tensor operations. What Python did while recording is gone, or a constant.
# - Guards say when a graph is right: shapes, dtypes, Python values. A call for which no graph fits
#   records a new one; after eight, PyTorch gives up.
# - Give numbers that vary as tensors, and use `dynamic=True` where sizes vary; 0 and 1 are special.
# - A decision on the data must be an operation: `where`, `cond`, `while_loop`. A Python loop is
#   unrolled. What is decided while recording is frozen.
# - State belongs in buffers.
# - A break is silent: `fullgraph=True` and `explain` show it. Return tensors; look at them outside.
# - Recording alone saves nothing. Measure, and count the calls.

# %% [markdown]
# ## Where to read on
#
# - [Introduction to `torch.compile`](https://docs.pytorch.org/tutorials/intermediate/torch_compile_tutorial.html),
#   the tutorial.
# - [torch.compile](https://docs.pytorch.org/docs/stable/torch.compiler.html), the reference, on
#   guards, dynamic shapes, graph breaks, and what to do about each.
# - [Control flow operators](https://docs.pytorch.org/docs/stable/cond.html), on `torch.cond`.
# - [torch.export](https://docs.pytorch.org/docs/stable/export.html).
# - A. Géron, *Hands-On Machine Learning*, chapter 12, "TensorFlow Functions and Graphs", from which
#   the idea of this lesson comes.
#
# Next: lesson 15 puts everything together on real data.
