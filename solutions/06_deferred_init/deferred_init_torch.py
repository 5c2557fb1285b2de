# %% [markdown]
# # Deferred initialisation
#
# A dense layer needs two numbers: how many values go in and how many come out. The second one is
# your choice. The first one is not: it is whatever the block before happens to give, or the data.
# A framework can wait for the first batch and read it off. In this lesson you find out what such a
# layer is before it knows its shapes, write layers that wait, and learn what else has to wait with
# them: initialisation, optimizers, and the moment when a mistake is noticed.
#
# **Afterwards you can**
#
# - say what exists in a network before its first batch, and what does not;
# - say in which order shapes become known, and what the first batch decides for good;
# - write a layer that makes its parameters once, from the first batch that it meets;
# - take an activation by name, and notice a wrong name where it was written;
# - train a network all of whose parameters reach the optimizer, deferred ones included;
# - make a layer refuse a wrong width with a message that helps.
#
# **Time**: about 50 minutes. **You need**: lesson 05 (initialisation) and what comes before it.
#
# **How to work.** Where you read *Predict*, stop and write your answer down before you run the cell
# below it; a wrong prediction is where the learning happens. In an exercise, fill in the solution
# cell, run it, then run the tests cells under it: a failed test says what was called, what came
# back, what was wanted and the likely cause. When you hand in, the same rules are also checked on
# other inputs. **Validate** in JupyterLab runs the notebook from top to bottom, as the grader will.
# *Run All Cells* stops at the first tests cell that fails, so take an exercise cell by cell.

# %% role="setup"
import re
from collections.abc import Callable, Iterable

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.modules.lazy import LazyModuleMixin
from torch.nn.parameter import UninitializedParameter

# %% [markdown]
# ## Every size, by hand
#
# Here is a dense layer in plain Python, and a chain of such layers. The layer makes its weight and
# bias in the constructor, so it has to be told both sizes there.

# %% listing="S2-05"
class NaiveDense:
    """A dense layer that is told every size."""

    def __init__(self, input_size, output_size, activation):
        self.W = 0.1 * torch.randn(output_size, input_size)
        self.b = torch.zeros(output_size)
        self.activation = activation

    def __call__(self, x):
        return self.activation(x @ self.W.T + self.b)


class NaiveChain:
    """Layers in a row."""

    def __init__(self, layers):
        self.layers = layers

    def __call__(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


chain = NaiveChain(
    [
        NaiveDense(784, 256, torch.relu),
        NaiveDense(256, 64, torch.relu),
        NaiveDense(64, 10, torch.relu),
    ]
)
print(tuple(chain(torch.ones(2, 784)).shape))

# %% [markdown]
# Six sizes are written down, and only three of them were choices: 256, 64 and 10. The 784 belongs
# to the data, and 256 and 64 stand there a second time because each layer has to be told what the
# layer before it gives. Now somebody tries a narrower middle layer, and changes one line.
#
# **Predict**: is the slip noticed when the chain is made, or when it is called? Which layer does
# the message name?

# %% tags=["raises-exception"]
chain = NaiveChain(
    [
        NaiveDense(784, 256, torch.relu),
        NaiveDense(256, 32, torch.relu),
        NaiveDense(64, 10, torch.relu),
    ]
)
print("made")
chain(torch.ones(2, 784))

# %% [markdown]
# The chain was made without complaint, and the message names no layer, only two shapes that do not
# fit. `nn.Linear(64, 10)` asks for the same two numbers and fails in the same way.
#
# ### A size that nobody wants to compute
#
# Between dense layers, the width is at least easy to look up. Behind convolutions it is not. The
# next block takes images of one channel, and flattens what its convolutions make of them. How many
# numbers per image reach a dense layer behind it? By hand, for images of 28 × 28: the first
# convolution keeps 28 (its padding makes up for its kernel); *pooling*, which puts the mean of each
# 2 × 2 patch in its place, halves it to 14; the second convolution takes off 4, which leaves 10;
# pooling halves that to 5, and there are 16 channels: 16 · 5 · 5 = 400.
#
# **Predict**: what is it for images of 31 × 31, and of 32 × 32?

# %%
features = nn.Sequential(
    nn.Conv2d(1, 6, kernel_size=5, padding=2),
    nn.ReLU(),
    nn.AvgPool2d(2),
    nn.Conv2d(6, 16, kernel_size=5),
    nn.ReLU(),
    nn.AvgPool2d(2),
    nn.Flatten(),
)


def flat_width(side):
    """How many numbers per image come out for images of side × side."""
    return features(torch.zeros(1, 1, side, side)).shape[-1]


for side in (28, 31, 32):
    print(f"images of {side} × {side}: {flat_width(side)} numbers")

# %%
sides = list(range(12, 65))
widths = [flat_width(side) for side in sides]
fig, axis = plt.subplots(figsize=(7, 3.2), layout="constrained")
axis.plot(sides, widths, drawstyle="steps-post", linewidth=2)
for side, place in {28: (22, 1000), 32: (36, 150)}.items():
    axis.plot(side, flat_width(side), "o", color="C1")
    axis.annotate(f"{side}: {flat_width(side)}", (side, flat_width(side)), place,
                  arrowprops={"arrowstyle": "-", "color": "0.6"})
axis.set(title="What the dense layer would have to be told", xlabel="side of the image",
         ylabel="numbers after Flatten")
plt.show()

# %% [markdown]
# Both poolings drop a remainder, so the widths come in steps: images of 28 to 31 give 400, and one
# pixel more gives 576. Change one kernel, one padding or the size of the images, and you do the sum
# again. The network itself finds the number without effort, at the moment when the first image
# comes through.

# %% [markdown]
# ## Shapes that wait
#
# `nn.LazyLinear(32)` is a dense layer that is told its output width only. There are lazy twins of
# the convolutions and of batch normalisation too, such as `nn.LazyConv2d(16, kernel_size=5)`.

# %% listing="S2-03"
layer = nn.LazyLinear(32)
print(layer)
layer(torch.ones(2, 784))
print(layer)

# %% [markdown]
# The 0 meant "not known yet". The first batch brought 784 columns, and with that the layer turned
# into an ordinary `nn.Linear`; the class itself has changed. A chain of such layers names no size
# twice, and the image network above is no longer a sum to do:

# %% listing="S2-04"
model = nn.Sequential(nn.LazyLinear(256), nn.ReLU(), nn.LazyLinear(10))
print("784 columns:", tuple(model(torch.ones(2, 784)).shape))

classifier = nn.Sequential(features, nn.LazyLinear(10))
print("images:", tuple(classifier(torch.ones(2, 1, 40, 40)).shape), " last layer:", classifier[1])

# %% [markdown]
# ### What exists before the first batch
#
# **Predict**: the next network has met no batch. Does it know how many parameters it has? Their
# names? Their shapes?

# %% listing="S0-19"
net = nn.Sequential(nn.LazyLinear(256), nn.ReLU(), nn.LazyLinear(10))
for name, parameter in net.named_parameters():
    print(f"{name:9} {type(parameter).__name__:23}", parameter.dtype, parameter.device)

# %% [markdown]
# Number, names, dtype and device are there. Each parameter is an object already, of a class of its
# own: an `UninitializedParameter`. The place is reserved, the shape is open, and there are no
# values. What happens if somebody asks for them?

# %%
weight = net[0].weight
questions = {
    "weight.shape": lambda: weight.shape,
    "weight.numel()": lambda: weight.numel(),
    "weight.std()": lambda: weight.std(),
    "len(net.state_dict())": lambda: len(net.state_dict()),
    "weight.size()": lambda: weight.size(),
}
for question, ask in questions.items():
    try:
        print(f"{question:22}", ask())
    except (RuntimeError, ValueError) as error:
        print(f"{question:22} raises {type(error).__name__}")

# %% [markdown]
# **Then and now.** A well-known text says that asking a network for its weights raises an error as
# long as no data has come through. That was never the whole truth, in either framework. Here,
# asking for the *list* of parameters works, and asking one of them for a number raises. Beware of
# the last line: `size()` neither raises nor tells the truth. To find out whether a shape is known,
# ask for the class.

# %%
def shape_or_none(parameter):
    """The shape of a parameter, or None as long as it is not known."""
    return None if isinstance(parameter, UninitializedParameter) else tuple(parameter.shape)


print("before:", [shape_or_none(p) for p in net.parameters()])

# %% [markdown]
# **Predict** the four shapes after a batch of two examples with 20 numbers each.

# %% listing="S0-20"
print("output:", tuple(net(torch.ones(2, 20)).shape))
print("after: ", [shape_or_none(p) for p in net.parameters()])
print([type(p).__name__ for p in net.parameters()])

# %% [markdown]
# The 20 came from the data, the two 256 of the last layer and of the first agree without anyone
# having said so, and the 2, the size of the batch, is nowhere: no parameter depends on it.

# %% [markdown] exercise="shapes-before-after" role="task"
# ## Exercise 6.1: shapes before and after
#
# *2 points*
#
# Write the function `shapes_before_and_after(net, x)`, which records what a network knows about its
# shapes before a batch, gives it the batch, and records again.
#
# - **In**: `net`, an `nn.Sequential` whose members may be lazy, ordinary, without parameters, or
#   blocks with blocks inside; `x`, a batch that `net` accepts.
# - **Out**: a tuple `(before, after)` of two dictionaries. Each has one entry for each direct
#   member of `net`, also for members without parameters. The key is the member's name in `net`, a
#   string: `"0"`, `"1"` and so on.
# - The value is a list with the shape of each parameter of that member *whose shape is known at
#   that moment*, in the order of `parameters()`, those of blocks inside included. A shape is a
#   tuple of integers (`torch.Size` is one). If no shape is known, or there are no parameters, the
#   list is empty.
# - The network that came in is the one that gets the batch; you make no copy of it.
#
# For `nn.Sequential(nn.LazyLinear(4), nn.ReLU())` and a batch of shape `(2, 3)` the result is
# `({"0": [], "1": []}, {"0": [(4, 3), (4,)], "1": []})`.
#
# The first tests cell (1 point) uses networks in which no shape is known, the second (1 point)
# networks in which some are.

# %% [markdown] exercise="shapes-before-after" role="hint"
# <details><summary>Hint 1</summary>
#
# You need the same record twice, so write the record first: a loop over `net.named_children()`.
# Which parameters must it leave out? And must it hold the parameters, which will change, or
# something that stays as it is?
#
# </details>

# %% [markdown] exercise="shapes-before-after" role="hint"
# <details><summary>Hint 2</summary>
#
# For one member: `[tuple(p.shape) for p in member.parameters() if not isinstance(p,
# UninitializedParameter)]`. Put that into a dictionary by name, inside a function of its own; call
# that function, then `net(x)`, then that function again.
#
# </details>

# %% exercise="shapes-before-after" role="solution"
Shapes = dict[str, list[tuple[int, ...]]]


def shapes_before_and_after(net: nn.Sequential, x: torch.Tensor) -> tuple[Shapes, Shapes]:
    """Record the known shapes of each member of net, before and after it gets the batch x."""
    # BEGIN SOLUTION
    def known() -> Shapes:
        return {
            name: [
                tuple(p.shape)
                for p in member.parameters()
                if not isinstance(p, UninitializedParameter)
            ]
            for name, member in net.named_children()
        }

    before = known()
    net(x)
    return before, known()
    # END SOLUTION


# %% exercise="shapes-before-after" role="tests" points=1
# Exercise 6.1, tests 1 of 2: networks in which no shape is known at first.
def check_unknown(widths, x_shape):
    net = nn.Sequential(*(m for width in widths for m in (nn.LazyLinear(width), nn.ReLU())))
    shown = ", ".join(f"LazyLinear({width}), ReLU()" for width in widths)
    called = f"shapes_before_and_after(Sequential({shown}), x) for x of shape {x_shape}"
    result = shapes_before_and_after(net, torch.ones(x_shape))
    assert isinstance(result, tuple) and len(result) == 2, (
        f"{called} gave a {type(result).__name__}, wanted a tuple (before, after).")
    n, filled = x_shape[-1], {}
    for i, width in enumerate(widths):
        filled |= {str(2 * i): [(width, n), (width,)], str(2 * i + 1): []}
        n = width
    empty = {key: [] for key in filled}
    for when, got, wanted in zip(("before", "after"), result, (empty, filled)):
        assert isinstance(got, dict), f"{called}: {when} is a {type(got).__name__}, wanted a dict."
        assert sorted(map(repr, got)) == sorted(map(repr, wanted)), (
            f"{called}: {when} has the keys {list(got)}, wanted {list(wanted)}: one for "
            "each direct member of the Sequential, also for one without parameters.")
        for key, shapes in got.items():
            assert type(shapes) is list and all(isinstance(s, tuple) for s in shapes), (
                f"{called}: {when}[{key!r}] should be a list of tuples.")
            plain = [tuple(n if type(n) is int else "?" for n in s) for s in shapes]
            cause = "record the shapes of the parameters, in their order."
            if when == "before" and plain == filled[key]:
                cause = "that was recorded after the batch, or still refers to the parameters."
            elif when == "before" and (0,) in plain:
                cause = ("size() of a parameter without a shape gives (0,); leave out those that "
                         "are an UninitializedParameter.")
            elif when == "after" and plain == []:
                cause = "did the network that came in get the batch?"
            assert plain == wanted[key], (
                f"{called}: {when}[{key!r}] is {plain}, wanted {wanted[key]}: {cause}")


for case in [([4], (2, 3)), ([8, 5, 2], (1, 6))]:
    check_unknown(*case)
# BEGIN HIDDEN TESTS
for case in [([3, 7], (5, 4, 2)), ([256, 10], (2, 20))]:
    check_unknown(*case)
# END HIDDEN TESTS

# %% exercise="shapes-before-after" role="tests" points=1
# Exercise 6.1, tests 2 of 2: networks in which some shapes are known, or all.
def check_known(net, x, before, after):
    kinds = ", ".join(type(member).__name__ for member in net)
    called = f"shapes_before_and_after(Sequential({kinds}), x)"
    result = shapes_before_and_after(net, x)
    assert isinstance(result, tuple) and len(result) == 2, (
        f"{called} gave a {type(result).__name__}, wanted a tuple (before, after).")
    for when, got, wanted in zip(("before", "after"), result, (before, after)):
        assert isinstance(got, dict) and len(got) == len(wanted), (
            f"{called}: {when} should be a dictionary with one entry for each direct member.")
        for i, shapes in enumerate(wanted):
            mine = got.get(str(i))
            assert type(mine) is list, f"{called}: {when}['{i}'] should be a list, is {mine!r}."
            plain = [tuple(map(int, s)) for s in mine if isinstance(s, tuple)]
            cause = "record what is known at that moment."
            if when == "before" and plain == after[i]:
                cause = "that was recorded after the batch, or still refers to the parameters."
            elif len(plain) < len(shapes):
                cause = ("are those of blocks inside the member there, those known before, and "
                         "those that are not trained?")
            elif len(plain) > len(shapes):
                cause = "a buffer is no parameter."
            assert plain == shapes, (
                f"{called}: {when}['{i}'] is {plain}, wanted {shapes}: {cause}")


lazy = nn.Sequential(nn.Linear(3, 4), nn.Sequential(nn.LazyLinear(2), nn.Tanh()), nn.LazyLinear(5))
all_known = [[(4, 3), (4,)], [(2, 4), (2,)], [(5, 2), (5,)]]
for before in ([all_known[0], [], []], all_known):
    check_known(lazy, torch.ones(2, 3), before, all_known)
# BEGIN HIDDEN TESTS
deep = nn.Sequential(nn.Sequential(nn.Linear(2, 3), nn.Sequential(nn.LazyLinear(1, bias=False))))
ordinary = nn.Sequential(nn.Tanh(), nn.BatchNorm1d(4), nn.Linear(4, 1).requires_grad_(False))
for case in [(deep, torch.ones(1, 2), [[(3, 2), (3,)]], [[(3, 2), (3,), (1, 3)]]),
             (ordinary, torch.ones(3, 4), *[[[], [(4,), (4,)], [(1, 4), (1,)]]] * 2)]:
    check_known(*case)
# END HIDDEN TESTS

# %% [markdown]
# ## One batch, one moment after the other
#
# ### The order in which shapes become known
#
# A layer learns its input width when its input arrives. What arrives at the third layer is made by
# the second, so the shapes become known from front to back, each just before its layer computes for
# the first time. We can watch: a hook on each layer writes down which weights have a shape by now.
#
# **Predict**: when the first layer has computed its output, is the shape of the second known?

# %%
watched = nn.Sequential(
    nn.LazyLinear(64), nn.ReLU(), nn.LazyLinear(32), nn.ReLU(), nn.LazyLinear(10)
)
dense = {"first": watched[0], "second": watched[2], "third": watched[4]}
moments = {"before the batch": [shape_or_none(d.weight) for d in dense.values()]}


def note(name):
    def hook(block, inputs, y):
        moments[f"{name} has run"] = [shape_or_none(d.weight) for d in dense.values()]

    return hook


handles = [layer.register_forward_hook(note(name)) for name, layer in dense.items()]
watched(torch.ones(2, 20))
for handle in handles:
    handle.remove()

fig, axis = plt.subplots(figsize=(7.5, 2.6), layout="constrained")
known = np.array([[shape is not None for shape in shapes] for shapes in moments.values()]).T
axis.imshow(known, cmap="Blues", vmin=0, vmax=2.5, aspect="auto")
for column, shapes in enumerate(moments.values()):
    for row, shape in enumerate(shapes):
        axis.text(column, row, "?" if shape is None else f"{shape[0]} × {shape[1]}",
                  ha="center", va="center")
axis.set(xticks=range(len(moments)), xticklabels=moments, yticks=range(len(dense)),
         yticklabels=dense, title="Weights whose shape is known")
plt.show()

# %% [markdown]
# ```mermaid
# sequenceDiagram
#     participant you
#     participant first as first layer
#     participant second as second layer
#     you->>first: batch, 2 × 20
#     Note over first: weight gets its shape, 64 × 20
#     Note over first: computes
#     first->>second: 2 × 64
#     Note over second: weight gets its shape, 32 × 64
#     Note over second: computes
#     second->>you: 2 × 32, and so on
# ```
#
# (Keras does it otherwise in a `Sequential`: it goes through the chain with shapes alone, makes all
# weights, and computes afterwards.)
#
# This order has a consequence. If the first batch fails half-way, the layers in front of the
# failure have their shapes and those behind it have none.
#
# **Predict** the three lines after the error.

# %%
half = nn.Sequential(nn.LazyLinear(4), nn.Linear(5, 3), nn.LazyLinear(2))
try:
    half(torch.ones(2, 20))
except RuntimeError as error:
    print("raises:", error)
for member in half:
    print(member)

# %% [markdown]
# ### What the first batch decides
#
# The widths that come with the first batch are kept, whether or not that batch was a good one.
# Here somebody fed the table the wrong way round, with the 20 columns as rows.
#
# **Predict**: which of the two calls raises?

# %%
table = torch.ones(8, 20)
regressor = nn.Sequential(nn.LazyLinear(16), nn.ReLU(), nn.LazyLinear(1))
for batch in (table.T, table):
    try:
        print("a batch of shape", tuple(batch.shape), "gives", tuple(regressor(batch).shape))
    except RuntimeError as error:
        print("a batch of shape", tuple(batch.shape), "raises:", error)

# %% [markdown]
# The wrong batch went through and the right one was blamed. With `nn.Linear(20, 16)` it would have
# been the other way round. That is the price of waiting: a layer that accepts any width cannot
# notice a wrong one the first time. So choose the first batch yourself, right after the network is
# made. It needs no data, only the right shape and dtype.
#
# Since no parameter depends on the size of the batch, a batch of one will do, and even an empty
# one. A batch of the wrong dtype does its damage before it is refused:
#
# **Predict** for each batch whether the call works, and whether the layer has a shape afterwards.

# %%
batches = {
    "one example": torch.ones(1, 20),
    "no example": torch.ones(0, 20),
    "float64": torch.ones(2, 20, dtype=torch.float64),
    "a scalar": torch.tensor(1.0),
}
for what, batch in batches.items():
    layer = nn.LazyLinear(3)
    try:
        outcome = f"gives {tuple(layer(batch).shape)}"
    except (RuntimeError, IndexError) as error:
        outcome = f"raises {type(error).__name__}"
    print(f"{what:12} {outcome:20} weight: {shape_or_none(layer.weight)}")

# %% [markdown]
# The batch of float64 was refused because the layer computes in float32, but by then the weight had
# its shape. Decide the dtype first: `layer.to(torch.float64)` works before the first batch.
#
# A first batch that serves only to fix the shapes is called a *dry run*. Some blocks are choosy in
# training mode: batch normalisation, which subtracts the mean of the batch, refuses a batch of one.
# Do the dry run in evaluation mode, after `eval()` (lesson 03).

# %%
norm = nn.LazyBatchNorm1d()
try:
    norm(torch.ones(1, 20))
except ValueError as error:
    print("raises:", error)
norm = nn.LazyBatchNorm1d().eval()
norm(torch.ones(1, 20))
print(norm)

# %% [markdown]
# One trap is left, in a place where it looks like good style.
#
# **Predict**: a dry run needs no gradients. Does it matter how you say so?

# %%
for context in (torch.no_grad, torch.inference_mode):
    layer = nn.LazyLinear(2)
    with context():
        layer(torch.empty(0, 3))
    layer(torch.ones(4, 3)).sum().backward()
    print(f"{context.__name__:15} the weight has a gradient:", layer.weight.grad is not None)

# %% [markdown]
# What is made under `torch.inference_mode()` is exempt from autograd for good. The layer computes,
# `backward` runs, and the weight is never trained. For dry runs take `torch.no_grad()`.

# %% [markdown]
# ## A layer that builds itself
#
# ### What a call does, in a sketch
#
# How does a layer know that this is its first batch? Lesson 03 showed that calling a block does
# more than run `forward`. Here is the part that matters now, in plain Python: a base class that has
# one method for making parameters and one for computing, and runs the first only once. (Keras calls
# the two `build` and `call`.)
#
# **Predict** how often the next cell prints "build", and what happens with the third batch.

# %% listing="S2-06"
class SelfBuilding:
    """What a framework does around your methods: build at the first call, then compute."""

    def __init__(self):
        self.built = False

    def __call__(self, x):
        if not self.built:
            self.build(tuple(x.shape))
            self.built = True
        return self.compute(x)


class Scale(SelfBuilding):
    def build(self, input_shape):
        print("build from", input_shape)
        self.scale = torch.ones(input_shape[-1])

    def compute(self, x):
        return x * self.scale


scale = Scale()
for shape in [(2, 3), (5, 3), (2, 4)]:
    try:
        print("output", tuple(scale(torch.ones(shape)).shape))
    except RuntimeError as error:
        print("raises:", error)

# %% [markdown]
# The second batch has another size and the same width: nothing is built. The third has another
# width: nothing is built either, since the flag says that it has been done, and the product fails.
# Everything in deferred initialisation hangs on that one `if`.
#
# ### The `if` in forward
#
# The shortest way to write such a layer in PyTorch puts the `if` into `forward`. This dense layer
# without bias has a parameter that is `None` at first.

# %% listing="S2-01"
class SimpleDense(nn.Module):
    """A dense layer without bias: (..., n) to (..., units), for the n of the first batch."""

    def __init__(self, units, activation=None):
        super().__init__()
        self.units = units
        self.activation = activation
        self.register_parameter("weight", None)

    def forward(self, x):
        if self.weight is None:
            n = x.shape[-1]
            self.weight = nn.Parameter(torch.randn(self.units, n) / n**0.5)
        y = x @ self.weight.T
        return y if self.activation is None else self.activation(y)


# %% listing="S2-02"
dense = SimpleDense(3, activation=torch.relu)
print("before:", [shape_or_none(p) for p in dense.parameters()])
print("output:", tuple(dense(torch.ones(2, 5)).shape))
print("after: ", [shape_or_none(p) for p in dense.parameters()])

# %% [markdown]
# It works, and `None` is honest: `register_parameter` reserves the name. But compare the first line
# with what `nn.LazyLinear` said. There is *no* parameter before the first batch, not even an
# uninitialised one, and whatever is done to the network by then passes the layer by: a conversion
# to float64, for one, or the loading of saved values.
#
# ### The `if` in a hook
#
# `nn.LazyLinear` keeps a placeholder, which takes part in everything: it has a name, is converted
# and moved, and state dicts know it. Your layers can do the same with three ingredients:
#
# - the base class `LazyModuleMixin`, *before* `nn.Module`, which brings a hook that runs ahead of
#   the first `forward`;
# - an `UninitializedParameter` for each parameter that waits;
# - a method `initialize_parameters`, which gets the input, gives each of them a shape by
#   `materialize`, and fills in values, since what `materialize` leaves there is arbitrary.

# %%
class WaitingDense(LazyModuleMixin, nn.Module):
    """A dense layer without bias, like SimpleDense, but known before its first batch."""

    def __init__(self, units):
        super().__init__()
        self.units = units
        self.weight = UninitializedParameter()

    def initialize_parameters(self, x):
        if self.has_uninitialized_params():
            print("  materialising from", tuple(x.shape))
            with torch.no_grad():
                self.weight.materialize((self.units, x.shape[-1]))
                self.weight.normal_(std=x.shape[-1] ** -0.5)

    def forward(self, x):
        return x @ self.weight.T


lazy = WaitingDense(3).to(torch.float64)
print("before:", [shape_or_none(p) for p in lazy.parameters()])
for batch in (2, 7):
    y = lazy(torch.ones(batch, 5, dtype=torch.float64))
    print("output:", tuple(y.shape), y.dtype)

# %% [markdown]
# After the first call the hook removes itself, so later calls pay nothing. The `if` is still
# needed: when a state dict is loaded into the layer before its first batch, the parameters get
# their shapes *from the state dict*, and the first batch must leave them alone.
#
# **Predict**: can a trained state dict be loaded into a fresh layer of each of the two kinds?

# %%
for make in (SimpleDense, WaitingDense):
    trained, fresh = make(3), make(3)
    trained(torch.ones(1, 5))
    try:
        fresh.load_state_dict(trained.state_dict())
        x = torch.arange(5.0).reshape(1, 5)
        print(f"{make.__name__}: loaded, same output:", torch.equal(fresh(x), trained(x)))
    except RuntimeError as error:
        print(f"{make.__name__}: {str(error).splitlines()[1].strip()}")

# %% [markdown]
# Use the `if` in `forward` for a quick experiment, the mixin for a layer that others will use.
#
# ### More than a missing number
#
# `nn.LazyLinear` saves you one number. A layer of your own may do more with the width of its input:
# anything in it can depend on that. A layer could not be told such sizes in advance, not even by
# the most patient author, unless the width is known.
#
# Here is a block that adds a bottleneck of the square root of its width to whatever comes in.
#
# **Predict** the shapes of the two weights for inputs of width 16 and of width 100.

# %%
class Bottleneck(nn.Module):
    """Through a layer of width √n and back: (..., n) to (..., n)."""

    def __init__(self):
        super().__init__()
        self.down = self.up = None

    def forward(self, x):
        if self.down is None:
            n = x.shape[-1]
            narrow = round(n**0.5)
            self.down, self.up = nn.Linear(n, narrow), nn.Linear(narrow, n)
        return x + self.up(F.relu(self.down(x)))


for n in (16, 100):
    block = Bottleneck()
    block(torch.ones(2, n))
    print(f"width {n}:", [shape_or_none(p) for p in block.parameters() if p.dim() == 2])

# %% [markdown] exercise="widening-layer" role="task"
# ## Exercise 6.2: a layer that widens
#
# *3 points*
#
# Write the block `Widen()`: a dense layer whose output width depends on its input width, and the
# function `widen_three_times()`, which chains three of them.
#
# - **In**: `x`, float32, shape `(..., n)` of rank 2 or more, `n` of 1 or more. **Out**: float32,
#   shape `(..., m)` with `m` = 2n if n is even, 3n if n is odd: $x W^\top + b$, without activation.
# - The first call makes $W$ of shape `(m, n)` and $b$ of shape `(m,)`, both trained and the block's
#   only parameters. Before it, no parameter has a shape. Later calls use the same parameters.
# - Gradients reach `x`, so that blocks in a chain are all trained.
# - `widen_three_times()` returns an `nn.Sequential` of three `Widen` blocks, each with parameters
#   of its own.
#
# The first tests cell (2 points) looks at one `Widen`, the second (1 point) at the chain.

# %% [markdown] exercise="widening-layer" role="hint"
# <details><summary>Hint 1</summary>
#
# Both sizes are known at the same moment, and not before. Which axis of `x` is n? In the chain,
# each of the three meets another width.
#
# </details>

# %% [markdown] exercise="widening-layer" role="hint"
# <details><summary>Hint 2</summary>
#
# Follow `Bottleneck`, with one layer: in the first call `n = x.shape[-1]`, then
# `m = 2 * n if n % 2 == 0 else 3 * n`, then `nn.Linear(n, m)`. The chain is
# `nn.Sequential(Widen(), Widen(), Widen())`; `[Widen()] * 3` would be one block at three places.
#
# </details>

# %% exercise="widening-layer" role="solution"
class Widen(nn.Module):
    """A dense layer, (..., n) to (..., 2n) for even n and to (..., 3n) for odd n."""

    def __init__(self) -> None:
        super().__init__()
        # BEGIN SOLUTION
        self.dense = None
        # END SOLUTION

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        # BEGIN SOLUTION
        if self.dense is None:
            n = x.shape[-1]
            self.dense = nn.Linear(n, 2 * n if n % 2 == 0 else 3 * n)
        return self.dense(x)
        # END SOLUTION


def widen_three_times() -> nn.Sequential:
    """Chain three Widen blocks, each with parameters of its own."""
    # BEGIN SOLUTION
    return nn.Sequential(Widen(), Widen(), Widen())
    # END SOLUTION


# %% exercise="widening-layer" role="tests" points=2
# Exercise 6.2, tests 1 of 2: one block: its width, its parameters, a second call.
def check_widen(shape, second_batch):
    n = shape[-1]
    m = 2 * n if n % 2 == 0 else 3 * n
    block = Widen()
    assert isinstance(block, nn.Module), f"Widen() gave {type(block).__name__}, not an nn.Module."
    known = [tuple(p.shape) for p in block.parameters()
             if not isinstance(p, UninitializedParameter)]
    assert known == [], (
        f"Widen() has parameters of shapes {known} before its first call, wanted none: no width is "
        "known in the constructor.")
    rng = np.random.default_rng(n)
    kept = None
    for call, leading in enumerate((shape[:-1], second_batch), start=1):
        x = torch.from_numpy(rng.normal(size=(*leading, n))).float()
        y = block(x)
        called = f"call {call} of Widen(), x of shape {(*leading, n)},"
        assert type(y) is torch.Tensor, f"{called} gave {type(y).__name__}, not a torch.Tensor."
        cause = f"n is {n}, the last axis of x."
        if y.shape[-1:] == (5 * n - m,):
            cause = f"{n} is {'odd, so m is 3n' if n % 2 else 'even, so m is 2n'}."
        assert tuple(y.shape) == (*leading, m) and y.dtype == torch.float32, (
            f"{called} gave {y.dtype} of shape {tuple(y.shape)}, wanted float32 of shape "
            f"{(*leading, m)}: {cause}")
        held = list(block.parameters())
        shapes = sorted(tuple(p.shape) for p in held)
        assert shapes == sorted([(m, n), (m,)]) and all(p.requires_grad for p in held), (
            f"{called} leaves parameters of shapes {shapes}, wanted {sorted([(m, n), (m,)])}, all "
            "trained: assign what the first call makes to self.")
        b, W = sorted(held, key=lambda p: p.dim())
        wanted = x.double().numpy() @ W.detach().double().numpy().T + b.detach().double().numpy()
        same = kept is None or (W is kept[0] and b is kept[1])
        assert same, f"{called} made new parameters: they are made in the first call, and kept."
        assert np.allclose(y.detach().numpy(), wanted, rtol=1e-4, atol=1e-4), (
            f"{called} gave {y.detach().numpy().ravel()[:3].round(3)}..., wanted "
            f"{wanted.ravel()[:3].round(3)}...: x @ W.T + b, without activation.")
        assert y.requires_grad, f"the result of {called} is cut off from its parameters."
        with torch.no_grad():
            for p in held:
                p.copy_(torch.from_numpy(rng.normal(size=p.shape)))
        kept = W, b


for case in [((5, 4), (2,)), ((2, 3), (1,))]:
    check_widen(*case)
# BEGIN HIDDEN TESTS
for case in [((4, 1), (3,)), ((3, 7, 10), (6,)), ((1, 9), (4, 2)), ((3, 2), (3,))]:
    check_widen(*case)
# END HIDDEN TESTS

# %% exercise="widening-layer" role="tests" points=1
# Exercise 6.2, tests 2 of 2: three in a chain.
def check_chain(batch, widths):
    net = widen_three_times()
    assert isinstance(net, nn.Sequential), (
        f"widen_three_times() gave {type(net).__name__}, wanted an nn.Sequential.")
    blocks = list(net)
    assert len(blocks) == 3 and all(isinstance(block, Widen) for block in blocks), (
        f"widen_three_times() holds {[type(b).__name__ for b in blocks]}, wanted three Widen.")
    assert len({id(block) for block in blocks}) == 3, (
        "widen_three_times() holds one Widen at several places: it would meet three widths, and "
        "has shapes for one. Make three instances.")
    values = np.random.default_rng(batch).normal(size=(batch, widths[0]))
    x = torch.from_numpy(values).float().requires_grad_()
    for call in (1, 2):
        y = net(x)
        called = f"call {call} of widen_three_times(), x of shape {tuple(x.shape)},"
        assert type(y) is torch.Tensor and tuple(y.shape) == (batch, widths[-1]), (
            f"{called} gave {tuple(getattr(y, 'shape', ()))}, wanted {(batch, widths[-1])}: the "
            f"widths are {' → '.join(map(str, widths))}.")
        shapes = [tuple(p.shape) for block in blocks for p in block.parameters() if p.dim() == 2]
        wanted = [(after, before) for before, after in zip(widths, widths[1:])]
        assert shapes == wanted, f"{called} leaves weights of shapes {shapes}, wanted {wanted}."
        h = values
        for block in blocks:
            b, W = (p.detach().double().numpy()
                    for p in sorted(block.parameters(), key=lambda p: p.dim()))
            h = h @ W.T + b
        assert np.allclose(y.detach().numpy(), h, rtol=1e-3, atol=1e-3), (
            f"{called} does not give what the three blocks give one after the other.")
        y.sum().backward()
        missing = sum(t.grad is None for t in (x, *net.parameters()))
        assert missing == 0, (
            f"after {called} and backward, {missing} of x and the 6 parameters have no gradient: "
            "use them as they are, without .data, detach, NumPy or torch.tensor.")
    other = widen_three_times()
    other(torch.ones(1, widths[0]))
    common = {id(p) for p in net.parameters()} & {id(p) for p in other.parameters()}
    assert not common, "two chains share parameters: each call of widen_three_times makes new ones."


for case in [(2, [3, 9, 27, 81]), (5, [4, 8, 16, 32])]:
    check_chain(*case)
# BEGIN HIDDEN TESTS
for case in [(1, [5, 15, 45, 135]), (3, [2, 4, 8, 16]), (4, [1, 3, 9, 27])]:
    check_chain(*case)
# END HIDDEN TESTS

# %% [markdown]
# ### Then and now: an activation by name
#
# A much-read text passes its own dense layer an activation as text, `activation="relu"`, as one
# does with built-in layers. Its constructor keeps what it gets.
#
# **Predict**: which line raises?

# %% tags=["raises-exception"] listing="S2-07"
dense = SimpleDense(3, activation="relu")
print("constructed")
dense(torch.ones(2, 5))

# %% [markdown]
# The constructor has no objection to a piece of text. Only the call tries to use it as a function,
# perhaps in another file, and the message does not say "relu". By then the weight had been made, as
# the next cell shows: the layer is half done.
#
# A name has to be looked up, once, in the constructor, so that a wrong one is noticed where it was
# written. `torch.nn.functional`, here called `F`, holds the activations under their names, and
# `getattr` finds an attribute by name.

# %%
print("the weight was made:", tuple(dense.weight.shape))
print(getattr(F, "relu")(torch.tensor([-1.0, 2.0])).tolist())
try:
    getattr(F, "rellu")
except AttributeError as error:
    print(error)

# %% [markdown] exercise="lazy-dense" role="task"
# ## Exercise 6.3: a dense layer that waits
#
# *4 points*
#
# Write the block `LazyDense(units, activation=None)`: a dense layer that takes its input width from
# its first batch. Do without `nn.LazyLinear`, at any time: the waiting is what you write here.
#
# - **In**: `x`, float32, shape `(..., n)` of rank 2 or more. **Out**: float32, shape
#   `(..., units)`: the activation of $x W^\top + b$.
# - Before the first call, no parameter has a shape: `parameters()` is empty, or holds nothing but
#   `UninitializedParameter`s.
# - The first call makes two parameters, $W$ of shape `(units, n)` and $b$ of shape `(units,)`, both
#   trained. They are the block's only ones. Their names and initial values are up to you.
# - Later calls, with any batch size, use the parameters of the first. Gradients reach `x`, too.
# - `activation` is `None` (nothing is applied), a function of a tensor such as `torch.tanh`, or the
#   name of a function in `torch.nn.functional`, such as `"relu"`. A name that does not exist there
#   raises an error, of any kind, when the block is *constructed*.
#
# The four tests cells (1 point each) look at the parameters before and after the first call, at
# what later calls compute and at training, at the activation, and at names that do not exist.

# %% [markdown] exercise="lazy-dense" role="hint"
# <details><summary>Hint 1</summary>
#
# Start from `SimpleDense`. Two things are missing: a bias, and the step from a name to a function.
# When does each of the three become possible: the shape of $W$, the shape of $b$, the lookup?
#
# </details>

# %% [markdown] exercise="lazy-dense" role="hint"
# <details><summary>Hint 2</summary>
#
# In the constructor: `if isinstance(activation, str): activation = getattr(F, activation)`, and
# `self.dense = None`. In `forward`, under `if self.dense is None:`, make `nn.Linear(x.shape[-1],
# self.units)` and assign it to `self.dense`. Behind the `if`, use it. (Two parameters that are
# `None` at first, or the mixin with two `UninitializedParameter`s, do as well.)
#
# </details>

# %% exercise="lazy-dense" role="solution"
class LazyDense(nn.Module):
    """A dense layer, (..., n) to (..., units), that learns n from its first batch."""

    def __init__(
        self, units: int, activation: str | Callable[[torch.Tensor], torch.Tensor] | None = None
    ) -> None:
        super().__init__()
        # BEGIN SOLUTION
        self.units = units
        self.activation = getattr(F, activation) if isinstance(activation, str) else activation
        self.dense = None
        # END SOLUTION

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        # BEGIN SOLUTION
        if self.dense is None:
            self.dense = nn.Linear(x.shape[-1], self.units)
        y = self.dense(x)
        return y if self.activation is None else self.activation(y)
        # END SOLUTION


# %% exercise="lazy-dense" role="tests" points=1
# Exercise 6.3, tests 1 of 4: the parameters before the first call and after it.
def check_waiting(units, shape):
    name, n = f"LazyDense({units})", shape[-1]
    layer, second = LazyDense(units), LazyDense(units)
    assert isinstance(layer, nn.Module), f"{name} gave {type(layer).__name__}, not an nn.Module."
    known = [tuple(p.shape) for p in layer.parameters()
             if not isinstance(p, UninitializedParameter)]
    assert known == [], (
        f"{name} has parameters of shapes {known} before its first call, wanted none: make them in "
        "the first call and not in the constructor, which cannot know the input width.")

    called, kinds = f"{name}(x) for x of shape {shape}", []
    hook = nn.modules.module.register_module_forward_pre_hook(
        lambda module, inputs: kinds.append(type(module)))
    try:
        y = layer(torch.ones(shape))
    except RuntimeError as error:
        if isinstance(error, NotImplementedError):
            raise
        raise AssertionError(f"{called} raised RuntimeError ({error}): n is the last axis of the "
                             "batch that comes in, however many axes there are.") from None
    finally:
        hook.remove()
    assert nn.LazyLinear not in kinds, (
        f"{called} uses nn.LazyLinear; the task is to write the waiting yourself: at the first "
        "call x.shape[-1] is the width.")
    assert type(y) is torch.Tensor, f"{called} gave {type(y).__name__}, not a torch.Tensor."
    wanted = (*shape[:-1], units)
    assert tuple(y.shape) == wanted and y.dtype == torch.float32, (
        f"{called} gave {y.dtype} of shape {tuple(y.shape)}, wanted float32 of shape {wanted}.")
    shapes, wanted = sorted(tuple(p.shape) for p in layer.parameters()), [(units,), (units, n)]
    assert len(shapes) > 0, (
        f"{name} has no parameters after {called}: what the first call makes must be assigned to "
        "self, as an nn.Parameter or an nn.Linear.")
    assert shapes == sorted(wanted) and all(p.requires_grad for p in layer.parameters()), (
        f"after {called} the parameters have the shapes {shapes}, wanted {sorted(wanted)}, all "
        "trained: W is (units, n) for the n of the last axis, b is (units,).")
    second(torch.ones(3, n + 2))
    theirs = sorted(tuple(p.shape) for p in second.parameters())
    assert theirs == sorted([(units,), (units, n + 2)]), (
        f"a second {name}, called with {n + 2} columns, has parameters of shapes {theirs}: every "
        "instance waits for its own first batch.")


for case in [(4, (2, 3)), (1, (1, 7))]:
    check_waiting(*case)
# BEGIN HIDDEN TESTS
for case in [(6, (5, 2, 4)), (3, (0, 5)), (2, (9, 1))]:
    check_waiting(*case)
# END HIDDEN TESTS

# %% exercise="lazy-dense" role="tests" points=1
# Exercise 6.3, tests 2 of 4: what the first and later calls compute, and training.
def check_later_calls(units, n, batches):
    layer = LazyDense(units)
    assert isinstance(layer, nn.Module), f"LazyDense gave {type(layer).__name__}, not a module."
    rng, kept = np.random.default_rng(units), {}
    for call, batch in enumerate(batches, start=1):
        x = torch.from_numpy(rng.normal(size=(*batch, n))).float().requires_grad_()
        called = f"call {call} of LazyDense({units}), x of shape {(*batch, n)},"
        try:
            y = layer(x)
        except RuntimeError as error:
            if isinstance(error, NotImplementedError):
                raise
            raise AssertionError(f"{called} raised RuntimeError ({error}); get the first tests "
                                 "cell to pass first.") from None
        assert type(y) is torch.Tensor, f"{called} gave {type(y).__name__}, not a torch.Tensor."
        held = sorted(layer.parameters(), key=lambda p: p.dim())
        assert [p.dim() for p in held] == [1, 2], (
            f"{called} leaves {len(held)} parameters; get the first tests cell to pass first.")
        b, W = held
        assert call == 1 or all(p is q and torch.equal(p, v) for p, (q, v) in zip(held, kept)), (
            f"{called} made new parameters or changed those that it had: they are made in the "
            "first call only. What tells the first call from the others?")
        x64, w64, b64 = (t.detach().double().numpy() for t in (x, W, b))
        wanted, got = x64 @ w64.T + b64, y.detach().double().numpy()
        assert got.shape == wanted.shape and np.allclose(got, wanted, rtol=1e-4, atol=1e-4), (
            f"{called} gave shape {got.shape} beginning {got.ravel()[:3].round(3)}, wanted "
            f"{wanted.shape} beginning {wanted.ravel()[:3].round(3)} with the W and b that it has: "
            "without an activation the result is x @ W.T + b.")
        W.grad = b.grad = None
        assert y.requires_grad, f"the result of {called} is cut off: no detach, no_grad or NumPy."
        y.sum().backward()
        assert all(t.grad is not None for t in (W, b, x)), (
            f"after {called} and backward, W, b or x has no gradient: use them as they are, "
            "without .data, detach, NumPy or torch.tensor.")
        with torch.no_grad():
            for p in held:
                p.copy_(torch.from_numpy(rng.normal(size=p.shape)))
        kept = [(p, p.detach().clone()) for p in held]


for case in [(4, 3, [(2,), (5,), (1,)])]:
    check_later_calls(*case)
# BEGIN HIDDEN TESTS
for case in [(3, 3, [(4,), (2, 6), (3,)]), (1, 8, [(1,), (7,)])]:
    check_later_calls(*case)
# END HIDDEN TESTS

# %% exercise="lazy-dense" role="tests" points=1
# Exercise 6.3, tests 3 of 4: the activation.
def check_activation(shown, activation, function):
    called = f"LazyDense(3, activation={shown})"
    try:
        layer = LazyDense(3, activation=activation)
    except (AttributeError, KeyError, ValueError) as error:
        raise AssertionError(f"{called} raised {type(error).__name__} ({error}): take None, a "
                             "function, or any name in torch.nn.functional.") from None
    x = torch.tensor([[1.0, -2.0], [3.0, 0.5], [-4.0, 2.0], [0.25, -0.5]])
    try:
        layer(x)
    except TypeError as error:
        raise AssertionError(f"{called} was constructed, and its call raised TypeError ({error}): "
                             "a name has to be looked up before it can be called.") from None
    except RuntimeError as error:
        if isinstance(error, NotImplementedError):
            raise
        raise AssertionError(f"{called}(x) raised RuntimeError ({error}); get the first tests cell "
                             "to pass first.") from None
    held = sorted(layer.parameters(), key=lambda p: p.dim())
    assert [p.dim() for p in held] == [1, 2], f"{called}: get the first tests cell to pass first."
    b, W = np.array([0.5, -1.0, 0.25]), np.array([[1.0, -0.5], [-1.0, 2.0], [0.5, 1.5]])
    with torch.no_grad():
        for p, values in zip(held, (b, W)):
            p.copy_(torch.from_numpy(values))
    y = layer(x)
    assert type(y) is torch.Tensor, f"{called}(x) gave {type(y).__name__}, not a torch.Tensor."
    b, W = (p.detach().double().numpy()
            for p in sorted(layer.parameters(), key=lambda p: p.dim()))
    linear = x.double().numpy() @ W.T + b
    wanted, got = function(linear), y.detach().double().numpy()
    assert got.shape == wanted.shape, f"{called}(x) gave shape {got.shape}, wanted {wanted.shape}."
    cause = "apply the activation once, to x @ W.T + b"
    if np.allclose(got, linear, rtol=1e-4, atol=1e-4):
        cause = "no activation was applied"
    elif np.allclose(got, np.maximum(linear, 0), rtol=1e-4, atol=1e-4):
        cause = "that is a ReLU, whatever was asked for"
    assert np.allclose(got, wanted, rtol=1e-4, atol=1e-4), (
        f"{called}(x) gave {got[0].round(3)} in row 0, wanted {wanted[0].round(3)}: {cause}.")


for case in [("'relu'", "relu", lambda a: np.maximum(a, 0)), ("'tanh'", "tanh", np.tanh),
             ("torch.sin", torch.sin, np.sin)]:
    check_activation(*case)
# BEGIN HIDDEN TESTS
for case in [("'softplus'", "softplus", lambda a: np.log1p(np.exp(a))),
             ("torch.square", torch.square, np.square),
             ("nn.LeakyReLU(0.5)", nn.LeakyReLU(0.5), lambda a: np.where(a > 0, a, a / 2))]:
    check_activation(*case)
# END HIDDEN TESTS

# %% exercise="lazy-dense" role="tests" points=1
# Exercise 6.3, tests 4 of 4: a name that does not exist.
def check_unknown_name(wrong, right):
    LazyDense(3, activation=right)  # raises nothing
    try:
        layer = LazyDense(3, activation=wrong)
    except NotImplementedError:
        raise
    except Exception:
        return
    raise AssertionError(
        f"LazyDense(3, activation={wrong!r}) gave a {type(layer).__name__} and no error, although "
        "there is no such function: look the name up in the constructor, and have no default.")


for case in [("rellu", "relu")]:
    check_unknown_name(*case)
# BEGIN HIDDEN TESTS
for case in [("tanhh", "tanh")]:
    check_unknown_name(*case)
# END HIDDEN TESTS

# %% [markdown]
# ## What has to wait with the shapes
#
# ### Initialisation and counting
#
# What needs shapes or values has to come after the first batch. Forgetting that is usually loud.
# Lesson 05 set weights by `apply`:

# %%
def fill(block):
    if isinstance(block, nn.Linear):
        nn.init.constant_(block.weight, 0.5)


fresh = nn.Sequential(nn.LazyLinear(2), nn.Tanh(), SimpleDense(1))
try:
    fresh.apply(fill)
except ValueError:
    print("before the first batch apply(fill) raises ValueError")
fresh(torch.empty(0, 3))
fresh.apply(fill)
print("after it the weight is", fresh[0].weight.tolist())

# %% [markdown]
# (`LazyLinear` is a subclass of `Linear`, so `isinstance` found it. `type(block) is nn.Linear`
# would have passed it over in silence.)
#
# ### Optimizers
#
# An optimizer keeps the list of parameters that it is given when it is made. What if it is made
# before the first batch?
#
# **Then and now.** The advice that comes with lazy modules is to make the optimizer after a dry
# run. With today's versions the mistake is sometimes harmless: an `UninitializedParameter` is not
# replaced by the first batch but becomes an ordinary parameter *in place*, and the optimizer still
# holds it. Whether that helps depends on the optimizer.
#
# **Predict**: Adagrad prepares a sum for each entry of each parameter when it is made. Does it
# work?

# %%
for kind in (torch.optim.SGD, torch.optim.Adam, torch.optim.Adagrad):
    early = nn.Sequential(nn.LazyLinear(4), nn.ReLU(), nn.LazyLinear(1))
    try:
        optimizer = kind(early.parameters(), lr=0.1)
    except ValueError as error:
        print(f"{kind.__name__:8} raises {type(error).__name__} when it is made")
        continue
    y = early(torch.ones(3, 5))
    old = early[2].bias.item()
    y.sum().backward()
    optimizer.step()
    print(f"{kind.__name__:8} trains the last layer:", early[2].bias.item() != old)

# %% [markdown]
# A layer that keeps `None` until its first batch gives the optimizer nothing to hold. If the whole
# network is made of such layers, the list is empty and the optimizer says so:

# %% tags=["raises-exception"]
torch.optim.SGD(SimpleDense(1).parameters(), lr=0.1)

# %% [markdown]
# If only a part of it is, nobody says anything.
#
# **Predict**: after three training steps, which of the two layers has changed?

# %%
torch.manual_seed(0)
mixed = nn.Sequential(nn.Linear(5, 4), nn.Tanh(), SimpleDense(1))
optimizer = torch.optim.SGD(mixed.parameters(), lr=0.1)
print("parameters in the optimizer:", sum(len(g["params"]) for g in optimizer.param_groups))

x, wanted = torch.linspace(-1, 1, 40).reshape(8, 5), torch.ones(8, 1)
start, losses = None, []
for step in range(3):
    loss = F.mse_loss(mixed(x), wanted)
    losses.append(loss.item())
    start = start or {name: p.detach().clone() for name, p in mixed.named_parameters()}
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
for name, p in mixed.named_parameters():
    changed = not torch.equal(p, start[name])
    print(f"{name:9} has a gradient: {p.grad is not None}, changed: {changed}")
print("the loss fell at every step:", losses[0] > losses[1] > losses[2])

# %% [markdown]
# The last layer has a gradient and nobody who uses it: the optimizer's list is *stale*. The loss
# falls all the same, by what the first layer can do alone, so nothing looks broken. The safe
# order is always the same: shapes first (by a first batch), then the optimizer, and once only,
# since an optimizer may remember earlier steps. (With *momentum*, for one, it keeps a running sum
# of their gradients; lesson 13 has more.)

# %% [markdown] exercise="late-optimizer" role="task"
# ## Exercise 6.4: an optimizer that comes late enough
#
# *3 points*
#
# Write the class `Trainer(net, make_optimizer)`, which trains `net` on the mean squared error. It
# is made before `net` has met a batch, and some layers of `net` make their parameters only then.
#
# - `net` is an `nn.Module`; its layers may be ordinary, lazy (with `UninitializedParameter`s) or
#   like `SimpleDense` (no parameter at all before the first batch).
# - `make_optimizer` is a function that takes an iterable of parameters and returns an optimizer for
#   them, such as `lambda parameters: torch.optim.SGD(parameters, lr=0.1)`. The trainer calls it
#   exactly once in its life, with *all* parameters of `net`, when all of them have a shape.
# - `step(x, y)` does one training step on one batch and returns the loss before the update, a
#   Python float: the mean of $(\mathrm{net}(x) - y)^2$ over all entries. `x` and `y` are float32;
#   `y` has the shape of `net(x)`.
# - Every call of `step` updates every parameter once, the first call included. It uses the
#   gradients of this batch only.
#
# The first tests cell (2 points) compares three steps with a computation by hand, the second
# (1 point) looks at what `make_optimizer` is given, for several networks.

# %% [markdown] exercise="late-optimizer" role="hint"
# <details><summary>Hint 1</summary>
#
# The constructor can keep its two arguments and not much more. `step` has to make the optimizer at
# its first call, and find it there at later ones. At which line of a training step does every
# parameter have a shape for the first time?
#
# </details>

# %% [markdown] exercise="late-optimizer" role="hint"
# <details><summary>Hint 2</summary>
#
# In the constructor `self.optimizer = None`. In `step`: `loss = F.mse_loss(self.net(x), y)`; then,
# if there is no optimizer yet, `self.optimizer = self.make_optimizer(self.net.parameters())`; then
# `zero_grad()`, `loss.backward()`, `step()`; then `return loss.item()`.
#
# </details>

# %% exercise="late-optimizer" role="solution"
class Trainer:
    """Train net on the mean squared error; may be made before net has met a batch."""

    def __init__(
        self,
        net: nn.Module,
        make_optimizer: Callable[[Iterable[nn.Parameter]], torch.optim.Optimizer],
    ) -> None:
        # BEGIN SOLUTION
        self.net = net
        self.make_optimizer = make_optimizer
        self.optimizer = None
        # END SOLUTION

    def step(self, x: torch.Tensor, y: torch.Tensor) -> float:
        """Do one training step on the batch (x, y); return the loss before the update."""
        # BEGIN SOLUTION
        loss = F.mse_loss(self.net(x), y)
        if self.optimizer is None:
            self.optimizer = self.make_optimizer(self.net.parameters())
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss.item()
        # END SOLUTION


# %% exercise="late-optimizer" role="tests" points=2
# Exercise 6.4, tests 1 of 2: three steps with momentum, against a computation by hand.
class Late(nn.Module):
    """Multiply by a weight; the first batch makes it, 0.5."""

    def __init__(self):
        super().__init__()
        self.register_parameter("weight", None)

    def forward(self, x):
        if self.weight is None:
            self.weight = nn.Parameter(torch.tensor(0.5))
        return x * self.weight


def by_hand(rate, batches, momentum, kept=0):
    """(loss, weight) of each step; kept: the share of the old gradient that was not cleared."""
    w, speed, gradient, states = 0.5, 0, 0, []
    for x, y in batches:
        error = w * np.array(x) - y
        gradient = kept * gradient + np.mean(2 * error * x)
        speed = momentum * speed + gradient
        w = w - rate * speed
        states.append((np.mean(error**2), w))
    return states


def check_steps(rate, batches):
    net, name = Late(), "Trainer(net, SGD with momentum), no parameter before the first batch:"
    try:
        trainer = Trainer(net, lambda ps: torch.optim.SGD(ps, lr=rate, momentum=0.9))
        states = [(trainer.step(*map(torch.tensor, batch)), net.weight.item()) for batch in batches]
    except (ValueError, RuntimeError) as error:
        if isinstance(error, NotImplementedError):
            raise
        raise AssertionError(f"{name} {type(error).__name__} ({error}): was make_optimizer called "
                             "too early, or the first batch run under inference_mode?") from None
    likely = {"the momentum of earlier steps is lost; make the optimizer once":
              by_hand(rate, batches, 0),
              "gradients of earlier steps are still there; use zero_grad":
              by_hand(rate, batches, 0.9, kept=1)}
    for i, (got, wanted) in enumerate(zip(states, by_hand(rate, batches, 0.9))):
        assert type(got[0]) is float, f"{name} step gave a {type(got[0]).__name__}, not a float."
        cause = next((c for c, states in likely.items() if np.allclose(got, states[i], 1e-3)),
                     "the loss before one update by the gradients of this batch")
        cause = "nothing was updated" if got[1] == 0.5 else cause
        assert np.allclose(got, wanted, rtol=1e-3), (
            f"{name} step {i + 1} gave the loss {got[0]:.4f} and left the weight at {got[1]:.4f}, "
            f"wanted {wanted[0]:.4f} and {wanted[1]:.4f}: {cause}.")


for case in [(0.1, [([1.0, -2.0], [0.5, 1.0]), ([0.5, 1.5], [1.0, 2.0]), ([1.0], [2.0])])]:
    check_steps(*case)
# BEGIN HIDDEN TESTS
for case in [(0.05, [([1.0, 2.0, 0.5], [0.5, 1.0, -1.0]), ([1.5], [2.0]), ([0.5], [2.0])])]:
    check_steps(*case)
# END HIDDEN TESTS

# %% exercise="late-optimizer" role="tests" points=1
# Exercise 6.4, tests 2 of 2: what make_optimizer is given, and when.
class Scaled(nn.Module):
    """Multiply each column by a weight; the first batch makes it."""

    def __init__(self):
        super().__init__()
        self.register_parameter("weight", None)

    def forward(self, x):
        if self.weight is None:
            self.weight = nn.Parameter(torch.ones(x.shape[-1]))
        return x * self.weight


def check_given(what, net, kind, x):
    made = []

    def make_optimizer(parameters):
        made.append(list(parameters))
        waiting = sum(isinstance(p, UninitializedParameter) for p in made[-1])
        assert waiting == 0, (
            f"Trainer, {what}: make_optimizer was given {waiting} parameters without a shape: call "
            "it after net has met its first batch.")
        return kind(made[-1], lr=0.05)

    trainer, y = Trainer(net, make_optimizer), torch.full((len(x), 2), 3.0)
    loss = trainer.step(x, y)
    assert type(loss) is float, f"Trainer, {what}: step gave a {type(loss).__name__}, not a float."
    assert made, (f"Trainer, {what}: make_optimizer was never called: is an optimizer kept in the "
                  "class or in a global?")
    given, every = {id(p) for p in made[-1]}, list(net.parameters())
    assert given == {id(p) for p in every}, (
        f"Trainer, {what}: make_optimizer was given {len(given)} parameters, wanted all "
        f"{len(every)}: ask net for them after it has met its first batch.")
    before = [p.detach().clone() for p in every]
    trainer.step(x, y)
    assert len(made) == 1, (
        f"Trainer, {what}: make_optimizer was called {len(made)} times in 2 steps, wanted once.")
    moved = sum(not torch.equal(p, old) for p, old in zip(every, before))
    assert moved == len(every), (
        f"Trainer, {what}: step 2 changed {moved} of {len(every)} parameters, wanted all.")


x = torch.linspace(-1, 1, 12).reshape(4, 3)
lazy = nn.Sequential(nn.LazyLinear(5), nn.Tanh(), nn.LazyLinear(2))
late = nn.Sequential(nn.Linear(3, 2), Scaled())
for case in [("all layers lazy, Adagrad", lazy, torch.optim.Adagrad, x),
             ("a layer with no parameter before the first batch, SGD", late, torch.optim.SGD, x)]:
    check_given(*case)
# BEGIN HIDDEN TESTS
ordinary = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
half = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.LazyLinear(2))
for case in [("all layers ordinary, Adam", ordinary, torch.optim.Adam, x),
             ("one lazy layer, a batch of one", half, torch.optim.SGD, x[:1])]:
    check_given(*case)
# END HIDDEN TESTS

# %% [markdown]
# ## When a width does not fit
#
# After the first batch the width is fixed, and a batch with another one is a mistake. How helpful
# is the message? It depends on what the layer computes. `Offset` adds a number of its own to each
# column.
#
# **Predict** what the three networks say to batches with one column too many, and to batches with
# just one column.

# %%
class Offset(nn.Module):
    """Add one trained number to each column: (..., n) to (..., n), n from the first batch."""

    def __init__(self):
        super().__init__()
        self.register_parameter("offset", None)

    def forward(self, x):
        if self.offset is None:
            self.offset = nn.Parameter(torch.zeros(x.shape[-1]))
        return x + self.offset


for block in (nn.LazyLinear(3), nn.Sequential(Offset(), nn.LazyLinear(3)), Offset()):
    block(torch.ones(2, 20))
    names = [type(b).__name__ for b in block] if isinstance(block, nn.Sequential) else None
    print(names or type(block).__name__)
    for width in (21, 1):
        try:
            print(f"  width {width:2}: gives {tuple(block(torch.ones(2, width)).shape)}")
        except RuntimeError as error:
            print(f"  width {width:2}: {error}")

# %% [markdown]
# Three things to see. The messages give shapes and no layer; in a network of forty layers you would
# be searching. What they call `mat1` and `tensor a` is the language of the operation that failed,
# not of your network. And the width of 1 is the worst case: `Offset` *broadcasts*, so one column
# becomes twenty equal ones, and the layer behind it is content. Nothing raises.
#
# A good message says which layer, what it expected and what it got. It takes one comparison, made
# before anything is computed, and that is the next exercise.
#
# There is a shorter way to get a message of one's own, and it is a bad one: run the layer, catch
# whatever goes wrong, and say that it was the width.
#
# **Predict** what the next cell prints. The batch has the right width.

# %%
class Blaming(nn.Module):
    def __init__(self, block):
        super().__init__()
        self.block = block

    def forward(self, x):
        try:
            return self.block(x)
        except Exception:
            raise ValueError("wrong width") from None


blaming = Blaming(nn.Linear(20, 3))
try:
    blaming(torch.ones(2, 20, dtype=torch.int64))
except ValueError as error:
    print(error)

# %% [markdown]
# The batch holds integers, and that is what the layer objected to. The handler swallowed that
# message and put a wrong one in its place, and it would do the same to a typing error in `forward`.
# It also catches nothing where nothing is raised: the single column of `Offset` goes through as
# before. Check the one thing that you mean to check, and let every other error be.

# %% [markdown] exercise="clear-error" role="task"
# ## Exercise 6.5: a clear error
#
# *3 points*
#
# Write the block `Guard(name, block)`, which runs another block and refuses batches of the wrong
# width with a clear message.
#
# - `name` is a string, `block` an `nn.Module`, which is called with `x` and whose result the guard
#   returns. Its parameters are the guard's parameters, and gradients flow through the guard as they
#   do through `block`.
# - The width is the *last* axis of `x`, which has rank 1 or more. The first batch that a guard is
#   called with decides which width it expects, even if `block` raises an error with it. The other
#   axes may differ from call to call.
# - A later batch of another width raises a `ValueError`, and `block` is not called with it. The
#   message contains the name and the two numbers in these words: `expected 20` and `received 21`,
#   if the guard expects 20 and gets 21. What else it says is up to you.
# - After that the guard goes on working, and still expects what it expected.
# - An error that is raised inside `block` comes out as it is.
#
# The three tests cells (1 point each) look at which batches are refused, at the words of the
# message, and at what must go through.

# %% [markdown] exercise="clear-error" role="hint"
# <details><summary>Hint 1</summary>
#
# The guard has to remember one number from the first call to the later ones, in the instance. It
# can see whether the width is wrong by looking at `x`, before anything has failed: no `try` is
# needed.
#
# </details>

# %% [markdown] exercise="clear-error" role="hint"
# <details><summary>Hint 2</summary>
#
# In the constructor `self.expected = None`. In `forward`: `received = x.shape[-1]`; if
# `self.expected` is `None`, set it to `received`; if the two differ, raise `ValueError` with
# `f"{self.name}: expected {self.expected} columns, received {received}"`; then return
# `self.block(x)`.
#
# </details>

# %% exercise="clear-error" role="solution"
class Guard(nn.Module):
    """Run block, but refuse batches whose width is not that of the first one."""

    def __init__(self, name: str, block: nn.Module) -> None:
        super().__init__()
        # BEGIN SOLUTION
        self.name = name
        self.block = block
        self.expected = None
        # END SOLUTION

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        # BEGIN SOLUTION
        received = x.shape[-1]
        if self.expected is None:
            self.expected = received
        if received != self.expected:
            raise ValueError(
                f"layer {self.name!r} expected {self.expected} columns, received {received}"
            )
        return self.block(x)
        # END SOLUTION


# %% exercise="clear-error" role="tests" points=1
# Exercise 6.5, tests 1 of 3: what is refused.
class Seeing(nn.Module):
    """Add an offset to each column, and write down every width that comes in."""

    def __init__(self, width):
        super().__init__()
        self.offset, self.widths = nn.Parameter(torch.ones(width)), []

    def forward(self, x):
        self.widths.append(x.shape[-1])
        return x + self.offset


def check_refused(width, wrong_widths, batch):
    block = Seeing(width)
    guard = Guard("guard", block)
    for received in wrong_widths:
        try:
            y = guard(torch.ones(batch, width))
        except ValueError as error:
            raise AssertionError(f"Guard('guard', block) refused a batch of the right width, "
                                 f"{width} ({error}), among batches of other widths.") from None
        assert type(y) is torch.Tensor and tuple(y.shape) == (batch, width), (
            f"Guard('guard', block) called with {width} columns did not return what block gives.")
        called = f"Guard('guard', block), called with {width} columns and then with {received},"
        raised = None
        try:
            guard(torch.ones(batch, received))
        except NotImplementedError:
            raise
        except Exception as error:
            raised = error
        assert raised is not None, (
            f"{called} raised nothing: compare the width with that of the first batch before block "
            "runs; do not count on an error from block, since a single column broadcasts.")
        assert type(raised) is ValueError, (
            f"{called} raised {type(raised).__name__} ({str(raised)[:60]}), wanted a ValueError of "
            "its own: compare the last axis with that of the first batch.")
        assert received not in block.widths, (
            f"{called} gave the wrong batch to block before it refused it.")

    block = Seeing(width)
    guard = Guard("guard", block)
    for received in (width + 1, width):
        raised = None
        try:
            guard(torch.ones(batch, received))
        except Exception as error:
            raised = error
    cause = "the first batch decides, even if block raises an error with it; keep its width first"
    if width + 1 not in block.widths:
        cause = "its own first batch decides, and not that of another guard"
    assert type(raised) is ValueError and width not in block.widths, (
        f"a new Guard('guard', block), called with {width + 1} columns and then with {width}, took "
        f"the second batch or raised no ValueError: {cause}.")


for case in [(20, [1, 21], 3), (3, [2, 15], 2)]:
    check_refused(*case)
# BEGIN HIDDEN TESTS
for case in [(1, [12, 2], 1), (128, [1, 12, 1280], 5), (4, [7, 1, 7], 4)]:
    check_refused(*case)
# END HIDDEN TESTS

# %% exercise="clear-error" role="tests" points=1
# Exercise 6.5, tests 2 of 3: the words of the message.
def check_words(name, width, received):
    guard, message = Guard(name, nn.Identity()), None
    try:
        guard(torch.ones(2, width))
    except ValueError as error:
        raise AssertionError(f"Guard({name!r}, block) refused its first batch ({error}); get the "
                             "first tests cell to pass first.") from None
    try:
        guard(torch.ones(2, received))
    except ValueError as error:
        message = str(error)
    called = f"Guard({name!r}, block), called with {width} columns and then with {received},"
    assert message is not None, (
        f"{called} raised nothing; get the first tests cell to pass first.")
    assert name in message, f"{called} raised ValueError({message!r}): the name is missing."
    told = [re.search(rf"\b{word} {n}\b", message) is not None for word, n in (
        ("expected", width), ("received", received), ("expected", received))]
    assert told[0] and told[1], (
        f"{called} raised ValueError({message!r}), wanted the words 'expected {width}' and "
        f"'received {received}'{': the two are the wrong way round' if told[2] else ''}.")


for case in [("first dense", 20, 21), ("head", 3, 1)]:
    check_words(*case)
# BEGIN HIDDEN TESTS
for case in [("output-layer", 1, 12), ("encoder.2", 128, 1280)]:
    check_words(*case)
# END HIDDEN TESTS

# %% exercise="clear-error" role="tests" points=1
# Exercise 6.5, tests 3 of 3: what goes through.
class Moody(nn.Module):
    """Double the input, or raise the error that it was given."""

    def __init__(self):
        super().__init__()
        self.weight, self.error = nn.Parameter(torch.tensor(2.0)), None

    def forward(self, x):
        if self.error is not None:
            raise self.error
        return self.weight * x


def check_through(shapes, error):
    block, name = Moody(), "Guard('moody', block)"
    guard, other = Guard("moody", block), Guard("other", Moody())
    assert isinstance(guard, nn.Module), f"Guard gave {type(guard).__name__}, not an nn.Module."
    assert [id(p) for p in guard.parameters()] == [id(block.weight)], (
        f"the parameters of {name} are not those of block: assign block to self.")
    for guarded, shape in [(guard, shape) for shape in shapes] + [(other, (2, 9))]:
        x = torch.from_numpy(np.random.default_rng(len(shape)).normal(size=shape)).float()
        try:
            y = guarded(x)
        except ValueError as told:
            raise AssertionError(
                f"{name} refused x of shape {shape} ({told}): only the last axis counts, and only "
                "this guard's own first batch.") from None
        assert type(y) is torch.Tensor and np.array_equal(y.detach().numpy(), 2 * x.numpy()), (
            f"{name} called with x of shape {shape} did not return what block gives, 2 * x.")
    x = torch.ones(shapes[0], requires_grad=True)
    y = guard(x)
    reached = torch.autograd.grad(y.sum(), [x, block.weight], allow_unused=True) if (
        y.requires_grad) else (None, None)
    for what, gradient in zip(("x", "the weight of block"), reached):
        assert gradient is not None, (
            f"no gradient flows from the result of {name} to {what}: give x itself to block and "
            "return its result, without detach, no_grad, .data or NumPy.")

    block.error, raised = error, None
    try:
        guard(torch.ones(shapes[0]))
    except NotImplementedError:
        raise
    except Exception as caught:
        raised = caught
    assert raised is error, (
        f"block raised {error!r} for a batch of the right width, and out of the guard came "
        f"{raised!r}: an error with another cause must come out as it is.")


for case in [([(2, 5), (7, 5), (1, 5), (3, 2, 5)], RuntimeError("out of ink"))]:
    check_through(*case)
# BEGIN HIDDEN TESTS
for case in [([(4, 1), (1, 1), (0, 1)], ValueError("negative price")),
             ([(3,), (3, 3), (2, 3)], KeyError("colour")),
             ([(5, 4, 2), (4, 2)], TypeError("not a picture"))]:
    check_through(*case)
# END HIDDEN TESTS

# %% [markdown]
# ## PyTorch and Keras side by side
#
# | idea | PyTorch | Keras 3 |
# |---|---|---|
# | dense layer | `nn.Linear(20, 256)` is told both widths | `layers.Dense(256)` always waits |
# | dense layer that waits | `nn.LazyLinear(256)` | the same |
# | before the first batch | names and placeholders, no shapes | no weights at all: `[]` |
# | asking for a shape then | `weight.shape` raises | `layer.kernel` raises |
# | asking for the number of parameters then | `numel()` raises | `count_params()` raises |
# | is it ready? | `isinstance(p, UninitializedParameter)` | `layer.built` |
# | first batch without data | `net(torch.empty(0, 20))` | `net.build((None, 20))` |
# | order in a chain | each layer just before it computes | all layers first, then all computing |
# | your layer makes its weights in | `initialize_parameters`, or `forward` | `build` |
# | making them in the forward pass | works, with drawbacks | raises |
# | layer turns into another class | yes, `LazyLinear` into `Linear` | no |
# | loading before the first batch | works with placeholders | raises |
# | activation by name | look it up yourself | `keras.activations.get` |
# | optimizer made too early | placeholders, or a stale list | an empty or stale list |
# | wrong width later | the operation fails, without a name | built-in layers name themselves |
# | declare the width that is expected | compare in `forward` | `InputSpec`, or compare in `call` |

# %% [markdown]
# ## Summary
#
# - Only the input width has to wait: it belongs to the data or to the block before. The size of the
#   batch is in no parameter.
# - A lazy layer holds placeholders. Names, dtype and device are there from the start; shapes and
#   values come with the first batch, front to back, each layer just before it computes.
# - The first batch decides for good, even if it was the wrong one and even if it failed half-way.
#   Choose it yourself: an empty batch of the right width, under `no_grad`, never under
#   `inference_mode`.
# - A layer of your own waits by an `if`: in `forward` for something quick, in
#   `initialize_parameters` for something that can also be converted and loaded before its first
#   batch. The parameters are made once.
# - Look names up in the constructor, so that a wrong one is noticed where it was written.
# - Initialise, count and make optimizers after the first batch. An optimizer made earlier may hold
#   a list that is stale, and no error says so.
# - Check the width yourself where a wrong one would broadcast. Say which layer, what it expected
#   and what it received, and leave all other errors alone.

# %% [markdown]
# ## Where to read on
#
# - [`torch.nn.LazyLinear`](https://docs.pytorch.org/docs/stable/generated/torch.nn.LazyLinear.html),
#   and [`LazyModuleMixin`](https://docs.pytorch.org/docs/stable/generated/torch.nn.modules.lazy.LazyModuleMixin.html),
#   which lists what may be done before a dry run and what must come after it.
# - [`UninitializedParameter`](https://docs.pytorch.org/docs/stable/generated/torch.nn.parameter.UninitializedParameter.html),
#   the placeholder.
# - [Modules](https://docs.pytorch.org/docs/stable/notes/modules.html), PyTorch's own notes on
#   modules, with a section on hooks.
# - *Dive into Deep Learning*, chapter [Builders' Guide](https://d2l.ai/chapter_builders-guide/index.html),
#   sections "Lazy Initialization" and "Parameter Initialization".
# - F. Chollet, *Deep Learning with Python*, chapter 3, on layers, automatic shape inference and
#   what a call does.
#
# Next: lesson 07 writes layers of all kinds: without parameters, with several inputs and outputs,
# and with a behaviour of their own in training.
