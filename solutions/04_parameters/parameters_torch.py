# %% [markdown]
# # Parameters
#
# A finished network is a tree of blocks that hold numbers. Training changes these numbers, saving
# writes them down, and much of the daily work is about them: which ones are there, how many, which
# of them are trained, and which of them are one and the same. In this lesson you read, count, share
# and set the parameters of networks, also of those that somebody else has built.
#
# **Afterwards you can**
#
# - find any parameter by its layer or by its path, and take a copy that stays as it is;
# - count parameters, freeze some of them, and tell parameters from buffers;
# - tie layers, so that one parameter does the work of several, and say what its gradient is then;
# - tell a tie from two things that look like one;
# - use one weight in both directions, as itself and as its transpose, dense and convolutional;
# - set a parameter in place, and say what breaks if you replace it instead.
#
# **Time**: about 55 minutes. **You need**: lesson 03 (blocks) and what comes before it.
#
# **How to work.** Where you read *Predict*, stop and write your answer down before you run the cell
# below it; a wrong prediction is where the learning happens. In an exercise, fill in the solution
# cell, run it, then run the tests cells under it: a failed test says what was called, what came
# back, what was wanted and the likely cause. When you hand in, the same rules are also checked on
# other inputs. **Validate** in JupyterLab runs the notebook from top to bottom, as the grader will.
# *Run All Cells* stops at the first tests cell that fails, so take an exercise cell by cell.

# %% role="setup"
import copy

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

# %% [markdown]
# ## Reading parameters
#
# ### By layer
#
# The blocks in an `nn.Sequential` are reached by their place, and each block has a *state dict*:
# the tensors that would be saved, by name.
#
# **Predict** what the three state dicts hold, with shapes.

# %% listing="S0-06 S3-07"
net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
for place, layer in enumerate(net):
    shapes = {name: tuple(tensor.shape) for name, tensor in layer.state_dict().items()}
    print(place, type(layer).__name__, shapes)

# %% [markdown]
# The ReLU has nothing to hold. The others have a weight, one row per output, and a bias, one number
# per output.
#
# ### A single parameter
#
# Attributes lead to single parameters: `net[2].bias`. A parameter is a tensor, of a class of its
# own, which is how a block recognises it. It has a value, and it has a place for a gradient.
#
# **Predict**: what is in that place before the first backward pass?

# %% listing="S0-07 S3-08 S3-09"
bias = net[2].bias
with torch.no_grad():
    bias.fill_(0.25)
print("type:    ", type(bias).__name__, "- a tensor:", isinstance(bias, torch.Tensor))
print("value:   ", bias.detach())
print("number:  ", bias.item())
print("gradient:", bias.grad)

# %% [markdown]
# `None`: no gradient yet, which is not the same as a gradient of zero. An optimizer passes over
# parameters without a gradient.
#
# ### Then and now: `data` and `detach()`
#
# In the books the value is read as `net[2].bias.data`. You will see that in much code, and for
# reading it does no harm. `detach()` gives the same: a tensor that shares the memory of the
# parameter and is not followed by autograd. They differ when somebody writes into what they got.
#
# Below, $y = w^2$ is computed at $w = 3$, and before the backward pass $w$ is made ten times as
# large. **Predict** the gradient in both cases. (The right one is 6.)

# %%
for how in ("data", "detach"):
    w = nn.Parameter(torch.tensor(3.0))
    y = w * w
    value = w.data if how == "data" else w.detach()
    value.mul_(10)
    try:
        y.backward()
        print(f"{how:7} the gradient is {w.grad.item():.0f}")
    except RuntimeError as error:
        print(f"{how:7} RuntimeError: {str(error).partition(':')[0]}")

# %% [markdown]
# The backward pass of a product needs the factors, and looks them up when it runs. Autograd counts
# the changes of a tensor to notice when a factor has changed meanwhile. Writes through `detach()`
# are counted, writes through `data` are not: you get 60, and no warning. So read with `detach()`.
#
# Both share memory, and so does `detach().numpy()`. What should not change with the parameter has
# to be copied:

# %%
window = bias.detach().numpy()
photograph = bias.detach().clone().numpy()
with torch.no_grad():
    bias.fill_(0.5)
print("window:", window, " photograph:", photograph)

# %% [markdown]
# ### Both together: what a dense layer does with them
#
# With weight and bias in hand we can do the work of a layer ourselves, as in lesson 03,
# $y = x W^\top + b$, for an input with as many axes as we like. The weight acts on the last axis,
# and broadcasting adds the *one* bias to every row of every example.
#
# **Predict** the gradient of the bias when all outputs are summed, for an input of shape
# `(5, 3, 4)`, where each output row uses the bias once. And for an empty batch?

# %% listing="S4-03"
dense = nn.Linear(4, 2)
for batch in (5, 1, 0):
    x = torch.rand(batch, 3, 4)
    y = dense(x)
    same = torch.allclose(y, x @ dense.weight.T + dense.bias)
    dense.zero_grad()
    y.sum().backward()
    print(f"batch of {batch}: by hand the same: {same},", end=" ")
    print("gradient of the bias:", dense.bias.grad.tolist())

# %% [markdown]
# Fifteen rows, and each adds 1. An empty batch gives zeros, not `None`: the layer was used, on
# nothing. Keep the sum in mind: **a parameter that is used many times gets the sum of what all uses
# contribute.** Half of this lesson rests on it.
#
# ### All at once, by path
#
# A block collects the parameters of its whole tree. `parameters()` gives them alone, which is what
# an optimizer wants, `named_parameters()` with their *path*: the names of the blocks from the root
# down, then the name of the parameter, joined with dots. The state dict uses the same paths.
#
# **Predict**: batch normalisation keeps running statistics of what it has seen. In the network
# below, which of the two listings shows them?

# %% listing="S0-08 S0-09"
normed = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3))
print("named_parameters():", [path for path, parameter in normed.named_parameters()])
print("state_dict():      ", list(normed.state_dict()))
print("state_dict()['0.bias'] has shape", tuple(normed.state_dict()["0.bias"].shape))

# %% [markdown]
# Parameters can be trained. The statistics are *buffers* (lesson 03): saved and moved, never
# trained. The state dict holds both.
#
# ### Then and now: a snapshot that moves
#
# In Keras, where the listing for this comes from, one asks a network for all its weights and gets
# *copies*. People carry that over to PyTorch, keep `net.state_dict()` as the best state so far, and
# go on training.
#
# **Predict** the three numbers.

# %%
snapshot = net.state_dict()
kept = {path: tensor.clone() for path, tensor in net.state_dict().items()}
with torch.no_grad():
    net[2].bias.fill_(-1.0)
print("now:     ", net[2].bias.item())
print("snapshot:", snapshot["2.bias"].item())
print("kept:    ", kept["2.bias"].item())

# %% [markdown]
# A state dict is a new dictionary of the *same* tensors. The "best state" follows the training and
# ends as the last one. Clone each tensor, or use `copy.deepcopy(net.state_dict())`.
#
# ### In nested blocks
#
# Large networks come from factories. This one makes a small block; a second one stacks it, with
# names for the stages; and a dense layer finishes the network.

# %% listing="S0-10"
def stage(width):
    return nn.Sequential(nn.Linear(width, 2 * width), nn.ReLU(), nn.Linear(2 * width, width))


def tower(width, n):
    blocks = nn.Sequential()
    for i in range(n):
        blocks.add_module(f"stage{i}", stage(width))
    return blocks


nested = nn.Sequential(tower(4, 3), nn.Linear(4, 1))
print(tuple(nested(torch.ones(2, 4)).shape))

# %% [markdown]
# Printing a block shows its tree:

# %% listing="S0-11"
print(nested)

# %% [markdown]
# Every step down the tree is an index or an attribute, and the path of a parameter is the list of
# these steps.
#
# **Predict** the path of the bias of the first dense layer in the middle stage.

# %% listing="S0-12"
bias = nested[0][1][0].bias
print("shape:", tuple(bias.shape))
print("the same by attribute:", nested[0].stage1[0].bias is bias)
print("the same by path:     ", nested.get_parameter("0.stage1.0.bias") is bias)

# %% [markdown]
# ```mermaid
# flowchart LR
#     nested -- "0" --> tower["Sequential"]
#     nested -- "1" --> head["Linear"]
#     tower -- "stage0" --> s0["Sequential"]
#     tower -- "stage1" --> s1["Sequential"]
#     tower -- "stage2" --> s2["Sequential"]
#     s1 -- "0" --> d0["Linear"]
#     s1 -- "1" --> r["ReLU"]
#     s1 -- "2" --> d1["Linear"]
#     d0 -- "weight" --> w(["(8, 4)"])
#     d0 -- "bias" --> b(["(8,)"])
# ```
#
# `get_parameter(path)` and `get_submodule(path)` walk for you. A step that leads nowhere raises an
# `AttributeError` that names it:

# %% tags=["raises-exception"]
nested.get_parameter("0.stage3.0.bias")

# %% [markdown] exercise="parameter-shapes" role="task"
# ## Exercise 4.1: an inventory
#
# *2 points*
#
# Write `parameter_shapes(block)`, which lists the parameters of any block.
#
# - **In**: an `nn.Module`, however deeply nested. **Out**: a dictionary from path to shape, one
#   entry per parameter; the order of the entries does not matter.
# - A path is a string as in `named_parameters()`: the names from the block down to the parameter,
#   joined with dots. A shape is a tuple of ints; a parameter with a single number and no axis has
#   the shape `()`.
# - Parameters count whether they are trained or not. Buffers are no parameters.
# - A parameter that can be reached by several paths is one parameter: it gets one entry, under the
#   path that a walk through the tree meets first. (In `nn.Sequential(a, nn.ReLU(), a)` the paths of
#   `a` begin with 0.) Two parameters with equal values are two.
# - A block without parameters gives an empty dictionary.
#
# The first tests cell (1 point) is about nested blocks, the second (1 point) about repeated blocks,
# buffers and blocks without parameters.

# %% [markdown] exercise="parameter-shapes" role="hint"
# <details><summary>Hint 1</summary>
#
# Two listings of a block reach the whole tree. Which of them leaves buffers out, and what does each
# do with a block that is there twice? Try both on `nn.Sequential(a, nn.ReLU(), a)`.
#
# </details>

# %% [markdown] exercise="parameter-shapes" role="hint"
# <details><summary>Hint 2</summary>
#
# `block.named_parameters()` gives pairs of path and parameter, each parameter once.
# `tuple(p.shape)` makes a plain tuple. A dictionary comprehension puts them together.
#
# </details>

# %% exercise="parameter-shapes" role="solution"
def parameter_shapes(block: nn.Module) -> dict[str, tuple[int, ...]]:
    """Path and shape of every parameter of a block, each parameter once."""
    # BEGIN SOLUTION
    return {path: tuple(p.shape) for path, p in block.named_parameters()}
    # END SOLUTION


# %% exercise="parameter-shapes" role="tests" points=1
# Exercise 4.1, tests 1 of 2: blocks in blocks.
class Scaled(nn.Module):
    def __init__(self, size, **blocks):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(size))
        self.parts = nn.ModuleDict(blocks)


def check_nested(name, block, wanted):
    got = parameter_shapes(block)
    called = f"parameter_shapes({name})"
    assert isinstance(got, dict), f"{called} gave {type(got).__name__}, wanted a dictionary."
    assert all(type(path) is str for path in got), (
        f"{called} has keys of type {sorted({type(path).__name__ for path in got})}, wanted paths: "
        "strings such as '0.weight'.")
    assert all(isinstance(s, tuple) and all(type(n) is int for n in s) for s in got.values()), (
        f"{called} has values of type {sorted({type(s).__name__ for s in got.values()})}, wanted "
        "tuples of ints, one number per axis, such as (8, 4).")
    missing, extra = sorted(wanted.keys() - got.keys()), sorted(got.keys() - wanted.keys())
    cause = "walk the whole tree; named_parameters() does."
    if {path.rpartition(".")[2] for path in wanted} == got.keys() != wanted.keys():
        cause = "these are the last steps of paths: parameters of one name overwrite each other."
    elif not extra and all("." in path for path in missing):
        cause = "the blocks inside blocks are left out: go down to every level."
    elif not extra:
        cause = "the parameters that belong to the block itself are left out."
    assert not missing, f"{called} has the paths {sorted(got)}, and lacks {missing}: {cause}"
    assert not extra, f"{called} has the paths {extra}, which lead to no parameter of the block."
    for path, shape in wanted.items():
        assert got[path] == shape, (
            f"{called}[{path!r}] is {got[path]}, wanted {shape}: the shape as it is stored.")


inner = nn.Sequential(nn.Linear(4, 8), nn.Sequential(nn.ReLU(), nn.Linear(8, 2, bias=False)))
for case in [("Linear(3, 2)", nn.Linear(3, 2), {"weight": (2, 3), "bias": (2,)}),
             ("Sequential(Linear(4, 8), Sequential(ReLU(), Linear(8, 2, bias=False)))", inner,
              {"0.weight": (8, 4), "0.bias": (8,), "1.1.weight": (2, 8)})]:
    check_nested(*case)
# BEGIN HIDDEN TESTS
deep = Scaled((2, 5), a=Scaled(1, b=nn.Conv1d(2, 3, 4)))
listed = nn.Sequential(Scaled((), z=nn.ModuleList([nn.Linear(1, 1)])))
for case in [("Scaled((2, 5), a=Scaled(1, b=Conv1d(2, 3, 4)))", deep,
              {"scale": (2, 5), "parts.a.scale": (1,), "parts.a.parts.b.weight": (3, 2, 4),
               "parts.a.parts.b.bias": (3,)}),
             ("Sequential(Scaled((), z=ModuleList([Linear(1, 1)])))", listed,
              {"0.scale": (), "0.parts.z.0.weight": (1, 1), "0.parts.z.0.bias": (1,)})]:
    check_nested(*case)
# END HIDDEN TESTS

# %% exercise="parameter-shapes" role="tests" points=1
# Exercise 4.1, tests 2 of 2: repeated blocks, buffers, frozen parameters, no parameters.
def check_once(name, block, wanted):
    got = parameter_shapes(block)
    called = f"parameter_shapes({name})"
    assert isinstance(got, dict), f"{called} gave {type(got).__name__}, wanted a dictionary."
    assert all(type(path) is str and isinstance(s, tuple) for path, s in got.items()), (
        f"{called} must have strings as keys and tuples as values.")
    missing, extra = sorted(wanted.keys() - got.keys()), sorted(got.keys() - wanted.keys())
    buffers = [path for path, buffer in block.named_buffers()]
    repeated = [path for path, p in block.named_parameters(remove_duplicate=False)]
    assert not any(path in buffers for path in extra), (
        f"{called} has the buffers {extra}: buffers are saved, but they are no parameters. "
        "state_dict() lists both.")
    assert not any(path in repeated for path in extra), (
        f"{called} has the paths {sorted(got)}: {extra} lead to parameters that were met before, "
        f"wanted one entry per parameter, {sorted(wanted)}.")
    frozen = [path for path in missing if not block.get_parameter(path).requires_grad]
    assert not missing and not extra, (
        f"{called} has the paths {sorted(got)}, wanted {sorted(wanted)}: " + (
            "parameters count whether they are trained or not." if frozen else
            "parameters with equal values are two, unless they are one object; if the first tests "
            "cell fails too, begin there."))
    for path, shape in wanted.items():
        assert got[path] == shape, f"{called}[{path!r}] is {got[path]}, wanted {shape}."


layer = nn.Linear(2, 2)
for case in [("BatchNorm1d(3)", nn.BatchNorm1d(3), {"weight": (3,), "bias": (3,)}),
             ("Sequential(a, ReLU(), a)", nn.Sequential(layer, nn.ReLU(), layer),
              {"0.weight": (2, 2), "0.bias": (2,)}),
             ("ReLU()", nn.ReLU(), {})]:
    check_once(*case)
# BEGIN HIDDEN TESTS
one, other = nn.Linear(3, 3), nn.Linear(3, 3)
other.weight = one.weight
frozen = nn.Sequential(nn.Linear(1, 2).requires_grad_(False), nn.Sequential(nn.BatchNorm1d(2)))
for case in [("Sequential(a, b) with b.weight = a.weight", nn.Sequential(one, other),
              {"0.weight": (3, 3), "0.bias": (3,), "1.bias": (3,)}),
             ("Sequential(frozen Linear(1, 2), Sequential(BatchNorm1d(2)))", frozen,
              {"0.weight": (2, 1), "0.bias": (2,), "1.0.weight": (2,), "1.0.bias": (2,)}),
             ("Sequential(LayerNorm(4), LayerNorm(4))",
              nn.Sequential(nn.LayerNorm(4), nn.LayerNorm(4)),
              {"0.weight": (4,), "0.bias": (4,), "1.weight": (4,), "1.bias": (4,)}),
             ("Sequential()", nn.Sequential(), {})]:
    check_once(*case)
# END HIDDEN TESTS

# %% [markdown]
# ## Counting and freezing
#
# The size of a network is the number of numbers in its parameters: `numel()` of each, summed. Where
# are they? A dense layer from $a$ to $b$ holds $ab + b$, so the widest pair of neighbours has the
# most.
#
# Not all of them need to be trained. `requires_grad_(False)`, on a parameter or on a whole block,
# *freezes*: no gradient is computed, and optimizers pass over what has none. This is how people
# train a new last part, a *head*, on a *body* that was trained before.
#
# **Predict**: which bar will be the longest?

# %%
classifier = nn.Sequential()
classifier.add_module("body", nn.Sequential(nn.Linear(32, 96), nn.ReLU(), nn.Linear(96, 48)))
classifier.add_module("norm", nn.BatchNorm1d(48))
classifier.add_module("head", nn.Linear(48, 10))
classifier.body.requires_grad_(False)

sizes = {path: p.numel() for path, p in classifier.named_parameters()}
trained = {path: p.requires_grad for path, p in classifier.named_parameters()}
fig, axis = plt.subplots(figsize=(8, 3.2), layout="constrained")
colours = ["tab:blue" if trained[path] else "0.7" for path in sizes]
bars = axis.barh(list(sizes), list(sizes.values()), color=colours)
axis.bar_label(bars, [f"{size:,}" for size in sizes.values()], padding=4)
axis.invert_yaxis()
axis.set(title="Numbers per parameter (grey: frozen)", xlim=(0, 5400))
axis.spines[["top", "right"]].set_visible(False)
plt.show()

# %% [markdown]
# The two matrices of the body outweigh all else; biases hardly count. The running statistics of
# `norm` are not in the figure, as they are buffers.
#
# Frozen means: the layer computes as before, and its parameters get no gradient. What lies *in
# front* of a frozen layer is still reached: gradients flow through it.

# %%
front, frozen = nn.Linear(3, 3), nn.Linear(3, 1).requires_grad_(False)
frozen(torch.tanh(front(torch.ones(2, 3)))).sum().backward()
print("front has a gradient: ", front.weight.grad is not None)
print("frozen has a gradient:", frozen.weight.grad is not None)

# %% [markdown]
# An optimizer (lesson 03) is given parameters and keeps them in a list. Its `step()` makes the
# update of lesson 02 for each of them: `SGD` subtracts the learning rate times the gradient, in
# place. `zero_grad()` clears their gradients for the next backward pass.

# %%
layer = nn.Linear(2, 1)
optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
layer(torch.ones(1, 2)).sum().backward()
by_hand = layer.weight.detach() - 0.1 * layer.weight.grad
optimizer.step()
print("step() is the update by hand:", torch.allclose(layer.weight, by_hand))
optimizer.zero_grad()
print("gradient after zero_grad():  ", layer.weight.grad)

# %% [markdown]
# One thing to know when you freeze in the middle of a training run. Freezing stops new gradients;
# it does not throw away the one that is there.
#
# **Predict**: the weight gets a gradient, is then frozen, and then the optimizer makes its step.
# Does the weight move?

# %%
layer = nn.Linear(2, 1)
optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
layer(torch.ones(1, 2)).sum().backward()
layer.weight.requires_grad_(False)
before = layer.weight.clone()
optimizer.step()
print("step with the old gradient: moved is", not torch.equal(before, layer.weight))
optimizer.zero_grad()
before = layer.weight.clone()
optimizer.step()
print("step after zero_grad():     moved is", not torch.equal(before, layer.weight))

# %% [markdown]
# Optimizers look at `grad`, not at `requires_grad`. Freeze after `zero_grad()`, which by default
# sets gradients to `None`.

# %% [markdown] exercise="count-parameters" role="task"
# ## Exercise 4.2: how many, and where?
#
# *2 points*
#
# Write `count_parameters(block)`, which makes a table of a block's size: for each of its members,
# how many numbers are trained and how many are frozen.
#
# - **In**: an `nn.Module`, however deeply nested. **Out**: a dictionary; the order of its entries
#   does not matter. Each value is a tuple of two ints, `(trained, frozen)`.
# - There is one entry for each direct member of the block, under the name that it has in
#   `named_children()`. It is about all parameters of that member, at any depth; a member without
#   parameters has `(0, 0)`.
# - One more entry, under the empty string `""`, is about parameters that the block holds itself,
#   in none of its members. If it holds none, it is `(0, 0)`.
# - A parameter is frozen if its `requires_grad` is false. Each parameter is looked at by itself: a
#   layer may have a frozen weight and a trained bias. Buffers do not count.
# - Count numbers, not tensors: a weight of shape `(8, 4)` counts 32, one of shape `()` counts 1.
# - A parameter counts **once in the whole table**, so that its numbers add up to the size of the
#   block: if several members share it, at the first of them, in the order of `named_children()`.
#
# For `nn.Sequential(nn.Linear(4, 3), nn.ReLU())` the table is
# `{"": (0, 0), "0": (15, 0), "1": (0, 0)}`.
#
# The first tests cell (1 point) is about members of all kinds and frozen parts, the second
# (1 point) about what is shared and what is in no member.

# %% [markdown] exercise="count-parameters" role="hint"
# <details><summary>Hint 1</summary>
#
# `member.parameters()` gives every parameter of a member once. It cannot know what was counted with
# an earlier member, so that is for you to remember. What tells that two parameters are one: their
# values, their shapes, or something else? And which option of `parameters` leaves the members out?
#
# </details>

# %% [markdown] exercise="count-parameters" role="hint"
# <details><summary>Hint 2</summary>
#
# Keep a set `seen` of `id(p)`. Begin with the block's own parameters, `parameters(recurse=False)`,
# then go through `named_children()`. For each parameter whose `id` is not in `seen`: add it to
# `seen`, and add `p.numel()` to one of two counts of the entry.
#
# </details>

# %% exercise="count-parameters" role="solution"
def count_parameters(block: nn.Module) -> dict[str, tuple[int, int]]:
    """(trained, frozen) numbers of each direct member, and of the block itself under ""."""
    # BEGIN SOLUTION
    parts = {"": block.parameters(recurse=False)}
    parts |= {name: member.parameters() for name, member in block.named_children()}
    table, seen = {}, set()
    for name, parameters in parts.items():
        trained = frozen = 0
        for p in parameters:
            if id(p) not in seen:
                seen.add(id(p))
                trained += p.numel() if p.requires_grad else 0
                frozen += 0 if p.requires_grad else p.numel()
        table[name] = trained, frozen
    return table
    # END SOLUTION


# %% exercise="count-parameters" role="tests" points=1
# Exercise 4.2, tests 1 of 2: members of all kinds, frozen in part.
def check_members(shown, block, wanted):
    got = count_parameters(block)
    called = f"count_parameters({shown})"
    assert isinstance(got, dict), f"{called} gave {type(got).__name__}, wanted a dictionary."
    assert got.keys() == wanted.keys(), (
        f"{called} has the keys {sorted(map(str, got))}, wanted {sorted(wanted)}: one for each "
        "direct member, also for one without parameters, and '' for the block itself.")
    for name, pair in got.items():
        called = f"count_parameters({shown})[{name!r}]"
        assert isinstance(pair, tuple) and len(pair) == 2 and all(
            isinstance(n, int | np.integer) and not isinstance(n, bool) for n in pair), (
            f"{called} is {pair!r}, wanted a tuple of two ints, (trained, frozen).")
        pair, ps = tuple(map(int, pair)), list(block.get_submodule(name).parameters())
        likely = {
            "that is (frozen, trained), the wrong way round": wanted[name][::-1],
            "tensors were counted, and not the numbers in them": (
                sum(p.requires_grad for p in ps), sum(not p.requires_grad for p in ps)),
            "frozen parameters were counted as trained": (sum(wanted[name]), 0),
            "the first number is the total; wanted is what is trained":
                (sum(wanted[name]), wanted[name][1]),
            "buffers were counted; they are saved, but they are no parameters": (
                wanted[name][0], wanted[name][1] + sum(
                    b.numel() for b in block.get_submodule(name).buffers()))} if name else {}
        cause = next((text for text, counts in likely.items() if counts == pair),
                     "add numel() of every parameter of the member, at any depth, to one of two "
                     "sums; requires_grad of that parameter decides to which")
        assert pair == wanted[name], f"{called} is {pair}, wanted {wanted[name]}: {cause}."


half = nn.Linear(4, 3)
half.weight.requires_grad_(False)
deep = nn.Sequential(nn.Linear(5, 4), nn.Sequential(half, nn.Sequential(nn.Linear(3, 2))))
for case in [
    ("Sequential(Linear(4, 3), ReLU())", nn.Sequential(nn.Linear(4, 3), nn.ReLU()),
     {"": (0, 0), "0": (15, 0), "1": (0, 0)}),
    ("Sequential(Linear(5, 4), Sequential(half, Sequential(Linear(3, 2)))), where half is a "
     "Linear(4, 3) with a frozen weight", deep, {"": (0, 0), "0": (24, 0), "1": (11, 12)}),
]:
    check_members(*case)
# BEGIN HIDDEN TESTS
body = nn.Sequential(nn.Linear(2, 3), nn.Sequential(nn.Conv2d(3, 4, 5))).requires_grad_(False)
for case in [
    ("Sequential(frozen Sequential(Linear(2, 3), Sequential(Conv2d(3, 4, 5))), Linear(4, 2))",
     nn.Sequential(body, nn.Linear(4, 2)), {"": (0, 0), "0": (0, 313), "1": (10, 0)}),
    ("ModuleDict(a=BatchNorm1d(5), b=Sequential()) in evaluation mode",
     nn.ModuleDict({"a": nn.BatchNorm1d(5), "b": nn.Sequential()}).eval(),
     {"": (0, 0), "a": (10, 0), "b": (0, 0)}),
    ("ReLU()", nn.ReLU(), {"": (0, 0)}),
]:
    check_members(*case)
# END HIDDEN TESTS

# %% exercise="count-parameters" role="tests" points=1
# Exercise 4.2, tests 2 of 2: parameters that are shared, or in no member.
class Scaled(nn.Module):
    def __init__(self, shape, **blocks):
        super().__init__()
        self.scale = nn.Parameter(torch.zeros(shape))
        self._modules.update(blocks)


def check_once(shown, block, wanted):
    got = count_parameters(block)
    called = f"count_parameters({shown})"
    assert isinstance(got, dict) and got.keys() == wanted.keys(), (
        f"{called} gave {got!r:.99}, wanted a dictionary with the keys {sorted(wanted)}: one for "
        "each different member, under its first name, and '' for the block itself.")
    assert all(isinstance(pair, tuple) and len(pair) == 2 for pair in got.values()), (
        f"{called} is {got}, wanted pairs of ints; get the first tests cell to pass first.")
    more, cause = {n: sum(got[n]) - sum(wanted[n]) for n in wanted}, "begin with the first cell"
    if more[""] < 0:
        cause = "parameters that the block holds itself are missing under ''"
    elif more[""] > 0:
        cause = "'' is for what is in no member: parameters(recurse=False) leaves members out"
    elif min(more.values()) < 0:
        cause = ("a parameter was taken for another one with the same values or the same shape; "
                 "one and the same means the same object, p is q")
    elif max(more.values()) > 0:
        cause = "what an earlier member, or the block itself, has is counted again"
    assert got == wanted, f"{called} is {got}, wanted {wanted}: {cause}."


layer, alike, one, other = (nn.Linear(n, n) for n in (3, 3, 4, 4))
alike.load_state_dict(layer.state_dict())
other.weight = one.weight
for case in [("Sequential(a, b) with b.weight = a.weight", nn.Sequential(one, other),
              {"": (0, 0), "0": (20, 0), "1": (4, 0)}),
             ("a block with a parameter of shape () and a member", Scaled((), inner=one),
              {"": (1, 0), "inner": (20, 0)}),
             ("Sequential(a, b) with equal values", nn.Sequential(layer, alike),
              {"": (0, 0), "0": (12, 0), "1": (12, 0)})]:
    check_once(*case)
# BEGIN HIDDEN TESTS
fixed = nn.Linear(2, 2).requires_grad_(False)
tied = Scaled((4,), first=nn.Sequential(nn.Tanh(), nn.LayerNorm(4)), second=nn.LayerNorm(4))
tied.first[1].weight, tied.second.bias = tied.scale, tied.first[1].bias
for case in [("Sequential(a, ReLU(), a)", nn.Sequential(layer, nn.ReLU(), layer),
              {"": (0, 0), "0": (12, 0), "1": (0, 0)}),
             ("Sequential(a, Sequential(a, Linear(2, 1))), a frozen",
              nn.Sequential(fixed, nn.Sequential(fixed, nn.Linear(2, 1))),
              {"": (0, 0), "0": (0, 6), "1": (3, 0)}),
             ("a block with a parameter that a member shares", tied,
              {"": (4, 0), "first": (4, 0), "second": (4, 0)}),
             ("a block with a parameter of shape (0, 3)", Scaled((0, 3)), {"": (0, 0)})]:
    check_once(*case)
# END HIDDEN TESTS

# %% [markdown]
# ## One parameter, several places
#
# ### A shared layer
#
# A block may stand at several places of a network, which then share its parameters (lesson 03). The
# network has fewer parameters than places for them: the places are *tied*.
#
# **Predict** for the network below: how many places, how many parameters, how many keys in the
# state dict?

# %% listing="S0-18 S3-13"
torch.manual_seed(0)
shared = nn.Linear(5, 5)
first, last = nn.Linear(3, 5), nn.Linear(5, 1)
tied = nn.Sequential(first, nn.Tanh(), shared, nn.Tanh(), shared, nn.Tanh(), last)
print("places:    ", len(tied))
print("parameters:", [path for path, parameter in tied.named_parameters()])
print("state dict:", list(tied.state_dict()))

# %% [markdown]
# **Then and now.** One text says of such a network that the second use of the layer is removed as a
# duplicate. Nothing is removed: there are seven places, and the input passes all seven. What is
# counted once is the *parameters*. The state dict, which says what belongs to each place, lists
# them under both names. (In Keras the second place is lost if such a Sequential is saved whole.)
#
# The proof: change one number and look at the other place.

# %%
with torch.no_grad():
    tied[2].weight[0, 0] = 100.0
print("tied[4].weight[0, 0]:", tied[4].weight[0, 0].item())
print("one object:", tied[2].weight is tied[4].weight)

# %% [markdown]
# ### The gradient is the sum
#
# A tied parameter is used at two places, and gets the sum of what both contribute, as the bias got
# a sum over all rows. We can watch the two parts: take the same network apart, with two layers that
# have equal values and are not tied.
#
# **Predict** how the three numbers are related.

# %%
torch.manual_seed(1)
one_layer = nn.Linear(2, 2, bias=False)
first, second = nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False)
with torch.no_grad():
    for layer in (one_layer, first, second):
        layer.weight.copy_(torch.tensor([[1.0, -0.5], [0.25, 0.5]]))
x = torch.tensor([[1.0, 2.0]])
one_layer(torch.tanh(one_layer(x))).sum().backward()
second(torch.tanh(first(x))).sum().backward()
for name, layer in {"first": first, "second": second, "tied": one_layer}.items():
    print(f"{name:7} {layer.weight.grad[0, 1].item():.4f}")

# %% [markdown]
# No extra code is needed: autograd adds because the same tensor took part twice. The parameter
# still moves once per step, as the optimizer has it once.
#
# ### What looks like a tie
#
# Two layers can also be given the same numbers, or even the same memory, without becoming one. Each
# network below starts as two dense layers without bias, with equal weights, and is trained for 40
# steps on the mean of the squared errors (`F.mse_loss`) by `Adam`, an optimizer that sets the size
# of its steps for each entry by itself. They differ in what was done to the second layer:
#
# - *values*: the numbers of the first weight were copied into the second;
# - *memory*: `second.weight.data = first.weight.data`;
# - *parameter*: `second.weight = first.weight`.
#
# **Predict**: in which of the three are the two weights equal at the end? And are these networks
# then the same?

# %%
generator = torch.Generator().manual_seed(3)
x = torch.randn(16, 2, generator=generator)
target = torch.stack([torch.sin(2 * x[:, 0]), x[:, 0] * x[:, 1]], dim=1)
courses, counts = {}, {}
for how in ("values", "memory", "parameter"):
    first, second = nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False)
    with torch.no_grad():
        first.weight.copy_(torch.tensor([[0.8, -0.5], [0.3, 0.9]]))
        second.weight.copy_(first.weight)
    if how == "memory":
        second.weight.data = first.weight.data
    elif how == "parameter":
        second.weight = first.weight
    pair = nn.Sequential(first, nn.Tanh(), second)
    optimizer = torch.optim.Adam(pair.parameters(), lr=0.05)
    course = []
    for step in range(41):
        course.append((first.weight[0, 0].item(), second.weight[0, 0].item()))
        optimizer.zero_grad()
        F.mse_loss(pair(x), target).backward()
        optimizer.step()
    courses[how], counts[how] = np.array(course), len(list(pair.parameters()))

fig, axes = plt.subplots(1, 3, figsize=(10, 3), sharey=True, layout="constrained")
for axis, (how, course) in zip(axes, courses.items()):
    axis.plot(courses["parameter"][:, 0], color="0.8", linewidth=6, label="a real tie")
    axis.plot(course[:, 0], label="first layer")
    axis.plot(course[:, 1], "--", label="second layer")
    axis.set(title=f"{how}: {counts[how]} parameter{'s'[: counts[how] > 1]}", xlabel="step")
axes[0].set_ylabel("entry [0, 0] of the weight")
axes[0].legend(frameon=False)
plt.show()

# %% [markdown]
# Copied values go their own ways from the first step on. Shared memory keeps them equal, and still
# it is no tie: there are two parameters, each with a gradient of its own, and the optimizer, which
# knows nothing of the common memory, moves it twice per step. Only the last is one parameter. The
# test of a tie is not equality of values but identity: `first.weight is second.weight`.
#
# What about copies of a whole network? **Predict** the two answers.

# %%
clone = copy.deepcopy(tied)
print("tied within the copy:    ", clone[2].weight is clone[4].weight)
print("tied to the original:    ", clone[2].weight is tied[2].weight)
print("still tied in float64:   ", (clone.to(torch.float64)[2].weight is clone[4].weight))

# %% [markdown]
# A deep copy copies each object once, so that what was tied inside stays tied, and nothing ties the
# copy to its original. Conversions with `to` keep ties as well.

# %% [markdown] exercise="tie-layers" role="task"
# ## Exercise 4.3: tie two layers
#
# *3 points*
#
# Write `tie_layers(net, i, j)`, which returns a network like `net` whose dense layers at the places
# `i` and `j` are tied.
#
# - **In**: `net`, an `nn.Sequential`; `i` and `j`, two different places in it, in any order, with
#   `nn.Linear` layers of the same sizes there, both with a bias or both without.
# - **Out**: an `nn.Module` that runs the same chain of blocks. The weight, and the bias if there is
#   one, of the layer at place `i` do the work at *both* places: those very parameters, as they
#   were, not copies. The parameters that stood at place `j` are no parameters of the result.
# - All other blocks are those of `net`, and stay as they are.
# - Training the result keeps the tie: one gradient, which is the sum of both uses, and one update
#   per step.
# - Whether you change `net` and return it or make a new network is up to you.
#
# The three tests cells (1 point each) look at the parameters, at what is computed, and at two
# training steps.

# %% [markdown] exercise="tie-layers" role="hint"
# <details><summary>Hint 1</summary>
#
# Which of the three panels shows what is wanted? No numbers need to be copied, neither by `copy_`
# nor by `deepcopy`. And think of the bias.
#
# </details>

# %% [markdown] exercise="tie-layers" role="hint"
# <details><summary>Hint 2</summary>
#
# Either give the layer at `j` the parameters of the layer at `i`, `net[j].weight = net[i].weight`
# and the same for the bias, or put the *layer* at both places, `net[j] = net[i]`. Then return
# `net`.
#
# </details>

# %% exercise="tie-layers" role="solution"
def tie_layers(net: nn.Sequential, i: int, j: int) -> nn.Module:
    """The chain net with the dense layer of place i at the places i and j."""
    # BEGIN SOLUTION
    net[j].weight = net[i].weight
    net[j].bias = net[i].bias
    return net
    # END SOLUTION


# %% exercise="tie-layers" role="tests" points=1
# Exercise 4.3, tests 1 of 3: one weight and one bias at two places.
def check_tie(sizes, i, j, bias):
    """Tie places of a chain of dense layers with a tanh after each."""
    dense = [nn.Linear(a, b, bias=bias) for a, b in zip(sizes, sizes[1:])]
    kept, gone = list(dense[i // 2].parameters()), list(dense[j // 2].parameters())
    others = [p for k, d in enumerate(dense) if 2 * k not in (i, j) for p in d.parameters()]
    before = [p.detach().clone() for p in kept + others]
    result = tie_layers(nn.Sequential(*(b for d in dense for b in (d, nn.Tanh()))), i, j)
    called = f"tie_layers(net, {i}, {j})"
    assert isinstance(result, nn.Module), (
        f"{called} gave {type(result).__name__}, not an nn.Module.")
    held = {id(p): p for p in result.parameters()}
    strangers = [p for p in held.values() if all(p is not q for q in kept + others)]
    cause = f"make the layer at {j} use the parameters of the layer at {i}."
    if all(id(p) not in held for p in kept) and all(id(p) in held for p in gone):
        cause = f"it is tied the wrong way round: the parameters of place {i} stay."
    elif any(p.data_ptr() == q.data_ptr() for p in strangers for q in kept):
        cause = "two parameters that share their memory (through .data) are still two parameters."
    elif any(p.shape == q.shape and torch.equal(p, q) for p in strangers for q in kept):
        cause = "values were copied (copy_, load_state_dict, deepcopy); a tie needs no copies."
    elif len(strangers) == 1 and bias:
        cause = "only one of weight and bias is tied; tie both."
    assert not strangers and all(id(p) in held for p in kept), (
        f"{called} gave a network with {len(held)} parameters, {len(strangers)} of which are "
        f"neither those of place {i} nor of other places: {cause}")
    assert all(id(p) in held for p in others), (
        f"{called} gave a network that lacks parameters of other places; keep all other blocks.")
    assert all(torch.equal(p, old) for p, old in zip(kept + others, before)), (
        f"{called} changed values of parameters that should stay as they are.")


for case in [((3, 4, 4, 4, 2), 2, 4, True)]:
    check_tie(*case)
# BEGIN HIDDEN TESTS
for case in [((4, 4, 3, 4, 4, 2), 6, 0, True), ((2, 5, 5, 5, 5), 2, 6, False)]:
    check_tie(*case)
# END HIDDEN TESTS

# %% exercise="tie-layers" role="tests" points=1
# Exercise 4.3, tests 2 of 3: what is computed.
def check_output(sizes, i, j, bias):
    """Tie places of a chain of dense layers with a tanh after each, and call the result."""
    rng = np.random.default_rng(len(sizes))
    dense = [nn.Linear(a, b, bias=bias) for a, b in zip(sizes, sizes[1:])]
    with torch.no_grad():
        for p in (p for layer in dense for p in layer.parameters()):
            p.copy_(torch.from_numpy(rng.normal(size=p.shape) / 2))
    values = [[p.detach().double().numpy().copy() for p in layer.parameters()] for layer in dense]
    result = tie_layers(nn.Sequential(*(b for d in dense for b in (d, nn.Tanh()))), i, j)
    called = f"tie_layers(net, {i}, {j})"
    assert isinstance(result, nn.Module), (
        f"{called} gave {type(result).__name__}, not an nn.Module.")
    x = rng.normal(size=(3, sizes[0]))
    try:
        y = result(torch.from_numpy(x).float())
    except (RuntimeError, TypeError) as error:
        raise AssertionError(f"the result of {called} raised {type(error).__name__} for a batch of "
                             f"3 ({str(error)[:120]}): run all blocks, in order.") from None
    values[j // 2] = values[i // 2]
    for weight, *rest in values:
        x = np.tanh(x @ weight.T + (rest[0] if bias else 0))
    assert type(y) is torch.Tensor and tuple(y.shape) == x.shape, (
        f"the result of {called} gave {type(y).__name__} of shape {tuple(getattr(y, 'shape', ()))} "
        f"for a batch of 3, wanted a torch.Tensor of shape {x.shape}: run all blocks in order.")
    assert np.allclose(y.detach().numpy(), x, rtol=1e-3, atol=1e-4), (
        f"the result of {called} gave {y[0].detach().numpy().round(3)} in row 0, wanted "
        f"{x[0].round(3)}: the values of place {i} at both places, and all blocks in order.")


for case in [((3, 4, 4, 4, 2), 2, 4, True)]:
    check_output(*case)
# BEGIN HIDDEN TESTS
for case in [((4, 4, 3, 4, 4, 2), 6, 0, True), ((2, 5, 5, 5, 5), 2, 6, False)]:
    check_output(*case)
# END HIDDEN TESTS

# %% exercise="tie-layers" role="tests" points=1
# Exercise 4.3, tests 3 of 3: two training steps keep the tie.
def check_steps(width, i, j):
    """Train a chain of dense layers with a tanh after each, in float64."""
    rng = np.random.default_rng(width)
    dense = [nn.Linear(width, width, dtype=torch.float64) for _ in range(3)]
    with torch.no_grad():
        for p in (p for layer in dense for p in layer.parameters()):
            p.copy_(torch.from_numpy(rng.normal(size=p.shape) / 2))
    weight = dense[i // 2].weight
    result = tie_layers(nn.Sequential(*(b for d in dense for b in (d, nn.Tanh()))), i, j)
    called = f"tie_layers(net, {i}, {j})"
    assert isinstance(result, nn.Module), (
        f"{called} gave {type(result).__name__}, not an nn.Module.")
    x, factor = (torch.from_numpy(rng.normal(size=(4, width))) for _ in range(2))
    dense[j // 2] = dense[i // 2]

    def untied():
        """The gradients of the same chain made of plain tensors, one for each place."""
        weights, h = [layer.weight.detach().clone().requires_grad_() for layer in dense], x
        for layer, w in zip(dense, weights):
            h = torch.tanh(h @ w.T + layer.bias.detach())
        return torch.autograd.grad(h, weights, factor)

    for step in (1, 2):
        result.zero_grad()
        y = result(x)
        assert type(y) is torch.Tensor and y.requires_grad, (
            f"the result of {called} cannot be trained: its output is cut off from its parameters.")
        (y * factor).sum().backward()
        parts, got = untied(), weight.grad
        part_i, part_j = parts[i // 2], parts[j // 2]
        advice = f"is the very parameter of place {i} used at both places?"
        if got is not None and torch.allclose(got, part_i):
            advice = f"that is the part of place {i} alone; place {j} uses another tensor."
        assert got is not None and torch.allclose(got, part_i + part_j), (
            f"step {step}: the gradient of the weight of place {i} after {called} begins "
            f"{'None' if got is None else got[0].numpy().round(3)}, wanted the sum of both uses, "
            f"{(part_i + part_j)[0].numpy().round(3)}: {advice}")
        wanted = (weight - 0.1 * (part_i + part_j)).detach()
        torch.optim.SGD(result.parameters(), lr=0.1).step()
        assert torch.allclose(weight, wanted), (
            f"step {step}: an SGD step moved the weight of place {i} otherwise than once.")


for width, i, j in [(3, 2, 4)]:
    check_steps(width, i, j)
# BEGIN HIDDEN TESTS
for width, i, j in [(2, 4, 0), (5, 0, 2)]:
    check_steps(width, i, j)
# END HIDDEN TESTS

# %% [markdown]
# ## A weight and its transpose
#
# ### There and back
#
# The two uses of a tied weight need not be the same. A network that squeezes its input into few
# numbers and then restores it, an *autoencoder*, can use one weight for both directions: $W$ on the
# way in, $W^\top$ on the way back. That halves the parameters, and it is one parameter with two
# uses again, whose gradients add up.
#
# In PyTorch's convention `W` has shape `(hidden, inputs)`, and a batch of rows `x` is multiplied by
# `W.T` on the way in: `x @ W.T` is `(batch, hidden)`, and `@ W` leads back.
#
# **Predict**: how many parameter tensors does this block have, and which shape comes out?

# %% listing="S3-15"
class ThereAndBack(nn.Module):
    """A linear map and its transpose on one weight: (batch, inputs) to the same."""

    def __init__(self, inputs, hidden):
        super().__init__()
        self.there = nn.Linear(inputs, hidden, bias=False)

    def forward(self, x):
        W = self.there.weight
        return self.there(x) @ W


squeeze = ThereAndBack(4, 2)
print("output:    ", tuple(squeeze(torch.ones(3, 4)).shape))
print("parameters:", [(path, tuple(p.shape)) for path, p in squeeze.named_parameters()])

# %% [markdown]
# `W.T` makes no second weight. It is a view: the same memory read the other way round. Some
# listings call `contiguous()` on it first, which copies it into the usual order. The product does
# not ask for that.

# %%
W = squeeze.there.weight
print("same memory:", W.T.data_ptr() == W.data_ptr(), " contiguous:", W.T.is_contiguous())
x = torch.rand(3, 4)
print("same result:", torch.allclose(x @ W.T @ W, x @ W.T.contiguous() @ W))

# %% [markdown]
# Take the transpose where you use it, in `forward`. If the constructor keeps a transposed *copy*,
# or wraps it in an `nn.Parameter`, it makes a second weight.
#
# Which way round? If `inputs` and `hidden` differ, a wrong turn raises an error. If they are equal
# it gives wrong numbers, and if `W` happens to be symmetric not even that.
#
# **Predict** the two lines.

# %%
x = torch.tensor([[1.0, 2.0]])
symmetric = torch.tensor([[2.0, 1.0], [1.0, 3.0]])
lopsided = torch.tensor([[2.0, 1.0], [0.0, 3.0]])
for name, W in {"symmetric": symmetric, "lopsided": lopsided}.items():
    print(f"{name:10} there and back {(x @ W.T @ W).tolist()}, wrong way {(x @ W @ W.T).tolist()}")

# %% [markdown]
# **Test such code with a weight that is square and not symmetric.** The identity, all ones, or a
# weight of zeros prove nothing.
#
# The same pair can be used several times, say to let the restored input settle. One weight then
# takes part in four products.
#
# **Predict** how the gradient compares with the sum over four separate weights of the same value.

# %% listing="S3-16"
def round_trips(x, weights):
    """Go there with one weight and back with the next, for each pair of weights."""
    for there, back in zip(weights[::2], weights[1::2]):
        x = torch.tanh(x @ there.T) @ back
    return x


W = nn.Parameter(lopsided.clone() / 4)
round_trips(x, [W] * 4).sum().backward()
separate = [nn.Parameter(lopsided.clone() / 4) for _ in range(4)]
round_trips(x, separate).sum().backward()
parts = [weight.grad[0, 1].item() for weight in separate]
print("four parts:", [f"{part:.4f}" for part in parts], "sum:", f"{sum(parts):.4f}")
print("one weight:", f"{W.grad[0, 1].item():.4f}")

# %% [markdown]
# ### What a convolution does
#
# A *convolution* moves a small weight, its *kernel*, along its input. At each place it multiplies
# what lies under the kernel by it, number by number, and adds up: one output per place. The
# *stride* is how far the kernel moves from place to place, and *padding* is zeros that are put on
# at the ends first, so that the kernel can stand there too. The *transposed convolution* goes the
# other way: each number of *its* input lays down a copy of the kernel, multiplied by that number,
# and where copies overlap they are added.
#
# **Predict**: the kernel is `[1, 2, 3]`. On paper, what is the first output of a convolution of
# `[1, 0, 2, 1, 3, 0]`? How many outputs are there with stride 1, and how many with stride 2 and one
# zero at each end?

# %%
def boxes(axis, numbers, row, start, colour):
    """Draw numbers in boxes, from place `start` on."""
    for place, number in enumerate(numbers, start):
        box = plt.Rectangle((place, -row), 1, 0.9, facecolor=colour, edgecolor="0.5")
        axis.add_patch(box)
        axis.text(place + 0.5, 0.45 - row, f"{number:g}", ha="center", va="center")


def convolve(x, kernel, stride, padding):
    y = F.conv1d(torch.tensor([[x]]), torch.tensor([[kernel]]), stride=stride, padding=padding)
    return y.flatten().tolist()


def convolve_back(h, kernel):
    return F.conv_transpose1d(torch.tensor([[h]]), torch.tensor([[kernel]])).flatten().tolist()


x, kernel = [1.0, 0.0, 2.0, 1.0, 3.0, 0.0], [1.0, 2.0, 3.0]
fig, axes = plt.subplots(1, 3, figsize=(11, 2.7), layout="constrained")
for axis, stride, padding in ((axes[0], 1, 0), (axes[1], 2, 1)):
    boxes(axis, x, 0, 0, "white")
    for end in (-padding, len(x)):
        boxes(axis, [0] * padding, 0, end, "0.9")
    for i, y in enumerate(convolve(x, kernel, stride, padding)):
        boxes(axis, kernel, i + 1, i * stride - padding, "lightblue")
        boxes(axis, [y], i + 1, 8, "moccasin")
    axis.set(title=f"convolution, stride {stride}, padding {padding}", ylim=(-4.2, 1.2))
h = [1.0, 0.0, 2.0, 1.0]
for i, number in enumerate(h):
    boxes(axes[2], [number], i, -2, "white")
    boxes(axes[2], [number * k for k in kernel], i, i, "lightblue")
boxes(axes[2], convolve_back(h, kernel), 4, 0, "moccasin")
axes[2].set(title="transposed convolution, stride 1", ylim=(-4.2, 1.2))
for axis in axes:
    axis.set(xlim=(-3, 10), aspect="equal")
    axis.axis("off")
plt.show()

# %% [markdown]
# Left and in the middle, the input lies on top, the kernel below it at each of its places, and the
# yellow numbers are the outputs: 1·1 + 2·0 + 3·2 = 7. On the right, the white numbers are the
# input; the yellow row adds up each column of copies.
#
# Padding makes up for what the kernel takes off, a stride of 2 halves the number of places.
#
# There may be several numbers at each place: the *channels*, such as the three colours of an image.
# A kernel then has a row for each channel, and all products are added into one output. For several
# output channels there are several kernels, called *filters*. PyTorch keeps the input as `(batch,
# channels, places)` and the weight as `(filters, channels, size)`.
#
# **Predict** the two rows that come out: the first filter looks at channel 0 only, the second adds
# what lies under it in both channels.

# %%
two_channels = torch.tensor([[[1.0, 0.0, 2.0, 1.0, 3.0, 0.0], [5.0, 5.0, 5.0, 0.0, 0.0, 0.0]]])
filters = torch.tensor([[[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]], [[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]])
y = F.conv1d(two_channels, filters)
print(f"{tuple(two_channels.shape)} with {tuple(filters.shape)} gives {tuple(y.shape)}")
print(y[0].tolist())

# %% [markdown]
# ### The transpose of a convolution
#
# A convolution is a linear map too, if one with many zeros and repeated entries. So it has a
# matrix, and the matrix has a transpose. To see the matrix, send unit vectors through the
# convolution: each gives one column.
#
# **Predict**: the kernel is `[1, 2, 3]`, the input has six numbers, and there is no padding. What
# shape has the matrix, and where are its zeros?

# %%
kernel = torch.tensor([1.0, 2.0, 3.0]).reshape(1, 1, 3)  # (filters, channels, size)
matrix = F.conv1d(torch.eye(6)[:, None], kernel)[:, 0].T
transposed = F.conv_transpose1d(torch.eye(4)[:, None], kernel)[:, 0].T
fig, axes = plt.subplots(1, 2, figsize=(8, 4), layout="constrained")
for axis, title, m in zip(axes, ("conv1d", "conv_transpose1d"), (matrix, transposed)):
    axis.imshow(m, cmap="Blues", vmin=0, vmax=6)
    axis.set(xlim=(-0.5, 5.5), ylim=(5.5, -0.5), frame_on=False)
    axis.set(title=f"{title} as a matrix, {tuple(m.shape)}", xticks=[], yticks=[])
    for (row, column), value in np.ndenumerate(m.numpy()):
        axis.text(column, row, f"{value:.0f}", ha="center", va="center", color="0.2")
plt.show()
print("one is the transpose of the other:", torch.equal(transposed, matrix.T))

# %% [markdown]
# Each row of the left matrix is one position of the kernel. `conv_transpose1d` *with the same
# kernel* is the matrix on the right, its transpose: it maps the four outputs back to six places,
# laying a copy of the kernel, scaled by the output, where the kernel had been. It is no inverse,
# just as $W^\top$ is no inverse of $W$.
#
# So the convolutional pair needs one weight as well. Images come as `(batch, channels, height,
# width)`. A convolution stores its weight as `(filters, channels, height, width)`, a transposed
# convolution as `(its inputs, its outputs, …)`, which is the same: nothing has to be turned round
# by hand.

# %% listing="S3-14"
torch.manual_seed(0)
conv = nn.Conv2d(in_channels=3, out_channels=8, kernel_size=3, bias=False)
image = torch.rand(2, 3, 10, 7)
hidden = conv(image)
restored = F.conv_transpose2d(hidden, conv.weight)
for name, tensor in {"image": image, "hidden": hidden, "restored": restored}.items():
    print(f"{name:9} {tuple(tensor.shape)}")
restored.sum().backward()
print("parameters:", len(list(conv.parameters())), " its gradient:", tuple(conv.weight.grad.shape))

# %% [markdown]
# A transpose has a property that can be tested without writing down the matrix: for all $x$ and
# $z$, the inner product of $Ax$ with $z$ is that of $x$ with $A^\top z$. With a stride above 1 the
# size is no longer restored by itself: several input sizes lead to one output size, and
# `output_padding` has to say which is meant.

# %%
z = torch.rand(hidden.shape)
left = (conv(image) * z).sum().item()
right = (image * F.conv_transpose2d(z, conv.weight)).sum().item()
print("the inner products agree:", abs(left - right) < 1e-3 * abs(left))
for size in (5, 6):
    out = F.conv1d(torch.ones(1, 1, size), kernel, stride=2)
    back = F.conv_transpose1d(out, kernel, stride=2)
    print(f"stride 2: from {size} to {out.shape[-1]}, and back to {back.shape[-1]}")

# %% [markdown] exercise="transposed-twin" role="task"
# ## Exercise 4.4: one weight, both directions
#
# *4 points*
#
# Write two blocks, each with a single parameter.
#
# **`DenseTwin(inputs, hidden)`** has a weight `W` of shape `(hidden, inputs)`, as `nn.Linear`
# stores it, and for each row $x$ of the batch computes
#
# $$h = \tanh(W x), \qquad y = W^\top h$$
#
# - **In** and **out**: float32, shape `(batch, inputs)`.
#
# **`ConvTwin(channels, filters, size)`** has a kernel `K` of shape `(filters, channels, size,
# size)`, as `nn.Conv2d` stores it, and computes
#
# $$h = \tanh(\mathrm{conv}(x)), \qquad y = \mathrm{conv}^\top(h)$$
#
# where conv is the convolution with `K`, stride 1 and no padding, and $\mathrm{conv}^\top$ is its
# transpose, with the same `K`.
#
# - **In** and **out**: float32, shape `(batch, channels, height, width)`, height and width at least
#   `size`.
#
# For both:
#
# - The weight is the block's only parameter, there is no bias, and the state dict holds no other
#   tensor. Its initial values and the names of attributes are up to you.
# - The tanh acts on $h$ and nowhere else.
# - Both uses see the weight as it is at the time of the call, and the gradient of the weight is the
#   sum of both.
#
# The four tests cells (1 point each) look at what a `DenseTwin` computes, at what a `ConvTwin`
# computes, at the gradients of both, and at what both compute after a training step.

# %% [markdown] exercise="transposed-twin" role="hint"
# <details><summary>Hint 1</summary>
#
# A layer made in the constructor, `nn.Linear` or `nn.Conv2d` without bias, has the weight in the
# right shape. Call the layer on the way there; on the way back use its `weight` in a function.
#
# </details>

# %% [markdown] exercise="transposed-twin" role="hint"
# <details><summary>Hint 2</summary>
#
# For rows in a batch, $Wx$ is `x @ W.T` and $W^\top h$ is `h @ W`. For the convolution:
# `F.conv_transpose2d(h, self.conv.weight)`. No `detach()`, no `.data`, no second layer.
#
# </details>

# %% exercise="transposed-twin" role="solution"
class DenseTwin(nn.Module):
    """W, tanh, W transposed, on one weight: (batch, inputs) float32 to the same."""

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__()
        # BEGIN SOLUTION
        self.there = nn.Linear(inputs, hidden, bias=False)
        # END SOLUTION

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        # BEGIN SOLUTION
        h = torch.tanh(self.there(x))
        return h @ self.there.weight
        # END SOLUTION


class ConvTwin(nn.Module):
    """Convolution, tanh, its transpose, on one kernel: (batch, channels, height, width) kept."""

    def __init__(self, channels: int, filters: int, size: int) -> None:
        super().__init__()
        # BEGIN SOLUTION
        self.there = nn.Conv2d(channels, filters, size, bias=False)
        # END SOLUTION

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        # BEGIN SOLUTION
        h = torch.tanh(self.there(x))
        return F.conv_transpose2d(h, self.there.weight)
        # END SOLUTION


# %% exercise="transposed-twin" role="tests" points=1
# Exercise 4.4, tests 1 of 4: what a DenseTwin holds and computes.
def check_dense(inputs, hidden, batch):
    name = f"DenseTwin({inputs}, {hidden})"
    twin = DenseTwin(inputs, hidden)
    assert isinstance(twin, nn.Module), f"{name} gave {type(twin).__name__}, not an nn.Module."
    shapes = sorted(tuple(p.shape) for p in twin.parameters())
    assert len(shapes) > 0, f"{name} has no parameters, wanted one of shape ({hidden}, {inputs})."
    cause = ("it is stored the other way round." if shapes == [(inputs, hidden)] else "a second "
             "layer or an nn.Parameter of W.T is a second weight, and there is no bias.")
    assert shapes == [(hidden, inputs)], (
        f"{name} has parameters of shapes {shapes}, wanted one of shape ({hidden}, {inputs}): "
        f"{cause}")
    saved = {id(t) for t in twin.state_dict(keep_vars=True).values()}
    assert len(saved) == 1, (
        f"{name} has {len(saved)} tensors in its state dict, wanted the weight alone: a transposed "
        "copy that is kept goes stale.")
    rng = np.random.default_rng(inputs + hidden)
    w, rows = rng.normal(size=(hidden, inputs)), rng.normal(size=(batch, inputs))
    with torch.no_grad():
        next(twin.parameters()).copy_(torch.from_numpy(w))
    called = f"{name}(x) for x of shape ({batch}, {inputs})"
    try:
        y = twin(torch.from_numpy(rows).float())
    except NotImplementedError:
        raise
    except RuntimeError as error:
        raise AssertionError(f"{called} raised RuntimeError ({error}): with W of shape ({hidden}, "
                             f"{inputs}), x @ W.T is ({batch}, {hidden}), and @ W leads back."
                             ) from None
    assert type(y) is torch.Tensor, f"{called} gave {type(y).__name__}, not a torch.Tensor."
    assert tuple(y.shape) == (batch, inputs) and y.dtype == torch.float32, (
        f"{called} gave {y.dtype} of shape {tuple(y.shape)}, wanted float32 of {(batch, inputs)}.")
    got, h = y.detach().double().numpy(), np.tanh(rows @ w.T)
    wanted = h @ w
    likely = {"the tanh is missing": rows @ w.T @ w,
              "there is a tanh on the output as well": np.tanh(wanted),
              "the tanh acts on the output and not on h": np.tanh(rows @ w.T @ w)}
    if inputs == hidden:
        likely["W and its transpose are the wrong way round"] = np.tanh(rows @ w) @ w.T
        likely["the way back uses the weight as the way there does, not transposed"] = h @ w.T
        likely["the way there uses W transposed, as the way back does"] = np.tanh(rows @ w) @ w
    cause = next((text for text, v in likely.items() if np.allclose(got, v, rtol=1e-3, atol=1e-3)),
                 "use the weight of the block as it is at the time of the call, both times")
    assert np.allclose(got, wanted, rtol=1e-3, atol=1e-3), (
        f"{called} gave {got[0].round(3)} in row 0, wanted {wanted[0].round(3)}: {cause}.")


for inputs, hidden, batch in [(5, 2, 4), (3, 3, 4)]:
    check_dense(inputs, hidden, batch)
# BEGIN HIDDEN TESTS
for inputs, hidden, batch in [(2, 6, 3), (4, 4, 1)]:
    check_dense(inputs, hidden, batch)
# END HIDDEN TESTS

# %% exercise="transposed-twin" role="tests" points=1
# Exercise 4.4, tests 2 of 4: what a ConvTwin holds and computes.
def check_conv(channels, filters, size, shape):
    name, kernel_shape = f"ConvTwin({channels}, {filters}, {size})", (filters, channels, size, size)
    twin = ConvTwin(channels, filters, size)
    assert isinstance(twin, nn.Module), f"{name} gave {type(twin).__name__}, not an nn.Module."
    shapes = sorted(tuple(p.shape) for p in twin.parameters())
    saved = {id(t) for t in twin.state_dict(keep_vars=True).values()}
    assert shapes == [kernel_shape] and len(saved) == 1, (
        f"{name} has parameters of shapes {shapes}; tensors in its state dict: {len(saved)}; wanted"
        f" one of {kernel_shape}: a second layer is a second weight, and there is no bias.")
    rng = np.random.default_rng(size)
    k, x = rng.normal(size=kernel_shape), rng.normal(size=shape)
    with torch.no_grad():
        next(twin.parameters()).copy_(torch.from_numpy(k))
    called = f"{name}(x) for x of shape {shape}"
    try:
        y = twin(torch.from_numpy(x).float())
    except (RuntimeError, TypeError) as error:
        if isinstance(error, NotImplementedError):
            raise
        raise AssertionError(f"{called} raised {type(error).__name__} ({str(error)[:120]}): the "
                             "way back is conv_transpose2d with K as it is stored.") from None
    assert type(y) is torch.Tensor, f"{called} gave {type(y).__name__}, not a torch.Tensor."
    assert tuple(y.shape) == shape and y.dtype == torch.float32, (
        f"{called} gave {y.dtype} of shape {tuple(y.shape)}, wanted float32 of {shape}: the way "
        "there has no padding, and the transpose of a convolution restores the size.")
    rows, columns = shape[2] - size + 1, shape[3] - size + 1
    steps = [(a, b, slice(a, a + rows), slice(b, b + columns))
             for a in range(size) for b in range(size)]

    def conv(x, k):
        return sum(np.einsum("nchw,fc->nfhw", x[:, :, r, c], k[:, :, a, b]) for a, b, r, c in steps)

    def back(h, k):
        y = np.zeros(shape)
        for a, b, r, c in steps:
            y[:, :, r, c] += np.einsum("nfhw,fc->nchw", h, k[:, :, a, b])
        return y

    got, h, flipped = y.detach().double().numpy(), np.tanh(conv(x, k)), k[:, :, ::-1, ::-1]
    wanted = back(h, k)
    likely = {"the tanh is missing": back(conv(x, k), k),
              "there is a tanh on the output as well": np.tanh(wanted),
              "the way back uses the kernel mirrored: conv2d with padding is a transpose only of a "
              "flipped kernel; conv_transpose2d does it for you": back(h, flipped)}
    if channels == filters:
        likely["channels and filters are swapped on the way back"] = back(h, k.swapaxes(0, 1))
    cause = next((text for text, v in likely.items() if np.allclose(got, v, rtol=1e-3, atol=1e-3)),
                 "conv2d there and conv_transpose2d back, with the same kernel and nothing else")
    at = np.unravel_index(np.abs(got - wanted).argmax(), shape)
    assert np.allclose(got, wanted, rtol=1e-3, atol=1e-3), (
        f"{called} gave {got[at]:.3f} at {[int(n) for n in at]}, wanted {wanted[at]:.3f}: {cause}.")


for case in [(2, 3, 2, (2, 2, 4, 5)), (2, 2, 3, (1, 2, 4, 4))]:
    check_conv(*case)
# BEGIN HIDDEN TESTS
for case in [(1, 4, 3, (3, 1, 3, 6)), (3, 2, 1, (2, 3, 2, 2)), (3, 3, 2, (2, 3, 3, 4))]:
    check_conv(*case)
# END HIDDEN TESTS

# %% exercise="transposed-twin" role="tests" points=1
# Exercise 4.4, tests 3 of 4: both uses count in the gradient.
def check_gradient(name, twin, x, there, back):
    """Compare with the gradients of two separate weights."""
    assert isinstance(twin, nn.Module), f"{name} gave {type(twin).__name__}, not an nn.Module."
    held, rng = list(twin.parameters()), np.random.default_rng(5)
    assert len(held) == 1, (
        f"{name} has {len(held)} parameters, wanted 1; get the first tests cells to pass first.")
    with torch.no_grad():
        held[0].copy_(torch.from_numpy(rng.normal(size=held[0].shape) / 2))
    factor = torch.from_numpy(rng.normal(size=x.shape)).float()
    w1, w2 = (held[0].detach().clone().requires_grad_() for _ in range(2))
    try:
        y = twin(x)
    except (RuntimeError, TypeError) as error:
        if isinstance(error, NotImplementedError):
            raise
        raise AssertionError(f"{name}(x) raised {type(error).__name__}; get the first tests cells "
                             "to pass first.") from None
    assert type(y) is torch.Tensor and y.requires_grad and y.shape == x.shape, (
        f"the output of {name} is cut off from its weight: no detach, no_grad or NumPy.")
    (y * factor).sum().backward()
    (back(torch.tanh(there(x, w1)), w2) * factor).sum().backward()
    got, wanted = held[0].grad, w1.grad + w2.grad
    cause = "one tensor should be used both times."
    if got is not None and torch.allclose(got, w1.grad, rtol=1e-3, atol=1e-3):
        cause = "only the way there counts; the way back is cut off (detach, .data, no_grad)."
    elif got is not None and torch.allclose(got, w2.grad, rtol=1e-3, atol=1e-3):
        cause = "only the way back counts; the way there is cut off (detach, .data, no_grad)."
    first = "None" if got is None else got.flatten()[:3].numpy().round(3)
    assert got is not None and torch.allclose(got, wanted, rtol=1e-3, atol=1e-3), (
        f"the gradient of the weight of {name} begins {first}, wanted the sum of both uses, "
        f"{wanted.flatten()[:3].numpy().round(3)}: {cause}")


image = torch.from_numpy(np.random.default_rng(1).normal(size=(2, 2, 4, 3))).float()
for case in [
    ("DenseTwin(3, 3)", DenseTwin(3, 3), image[0, 0], F.linear, torch.matmul),
    ("ConvTwin(2, 3, 2)", ConvTwin(2, 3, 2), image, F.conv2d, F.conv_transpose2d),
]:
    check_gradient(*case)
# BEGIN HIDDEN TESTS
for case in [
    ("DenseTwin(3, 7)", DenseTwin(3, 7), image[1, 1, :1], F.linear, torch.matmul),
    ("ConvTwin(2, 2, 3)", ConvTwin(2, 2, 3), image[:1], F.conv2d, F.conv_transpose2d),
]:
    check_gradient(*case)
# END HIDDEN TESTS

# %% exercise="transposed-twin" role="tests" points=1
# Exercise 4.4, tests 4 of 4: after a training step there is still one weight, up to date.
def check_after_step(name, twin, x, there, back):
    assert isinstance(twin, nn.Module), f"{name} gave {type(twin).__name__}, not an nn.Module."
    held = list(twin.parameters())
    assert len(held) == 1, (
        f"{name} has {len(held)} parameters, wanted 1; get the first tests cells to pass first.")
    weight, optimizer = held[0], torch.optim.SGD(held, lr=0.5)
    for when in ("before", "after", "some time after"):
        try:
            y = twin(x)
        except (RuntimeError, TypeError) as error:
            if isinstance(error, NotImplementedError):
                raise
            raise AssertionError(f"{name}(x) {when} a training step raised {type(error).__name__}; "
                                 "get the first tests cells to pass first.") from None
        wanted = back(torch.tanh(there(x, weight)), weight)
        assert type(y) is torch.Tensor and y.shape == x.shape and torch.allclose(
            y, wanted, rtol=1e-3, atol=1e-3), (
            f"{name}(x) {when} a training step is not what its weight says at that time: " + (
                "get the first tests cells to pass first." if when == "before" else
                "a copy or a transposed view of the weight is kept from before."))
        if when == "before":
            if y.requires_grad:
                (y * x.flip(-1)).sum().backward()
            assert weight.grad is not None, f"the weight of {name} gets no gradient."
            optimizer.step()
        weight.data = 2 * weight.data  # in other memory, as twin.to(device) puts it
    assert len(list(twin.parameters())) == 1, (
        f"after three calls {name} has {len(list(twin.parameters()))} parameters, wanted 1.")


image = torch.from_numpy(np.random.default_rng(1).normal(size=(2, 2, 4, 3))).float()
for case in [
    ("DenseTwin(3, 3)", DenseTwin(3, 3), image[0, 0], F.linear, torch.matmul),
    ("ConvTwin(2, 3, 2)", ConvTwin(2, 3, 2), image, F.conv2d, F.conv_transpose2d),
]:
    check_after_step(*case)
# BEGIN HIDDEN TESTS
for case in [
    ("DenseTwin(3, 7)", DenseTwin(3, 7), image[1, 1, :1], F.linear, torch.matmul),
    ("ConvTwin(2, 2, 3)", ConvTwin(2, 2, 3), image[:1], F.conv2d, F.conv_transpose2d),
]:
    check_after_step(*case)
# END HIDDEN TESTS

# %% [markdown]
# ## Setting values
#
# ### In place
#
# You have set parameters a few times by now: with `copy_` or `fill_`, inside `torch.no_grad()`.
# Both parts of that recipe have a reason. Look at what happens without them.
#
# **Predict**: four of the next six attempts raise. Which two go through?

# %%
layer = nn.Linear(3, 2)


def in_place(value):
    with torch.no_grad():
        layer.weight.copy_(value)


attempts = {
    "fill_ without no_grad": lambda: layer.weight.fill_(0.0),
    "assign a plain tensor": lambda: setattr(layer, "weight", torch.zeros(2, 3)),
    "copy_ of shape (2,)": lambda: in_place(torch.tensor([1.0, 2.0])),
    "copy_ of shape (3,)": lambda: in_place(torch.tensor([1.0, 2.0, 3.0])),
    "copy_ of ints": lambda: in_place(torch.tensor([[1, 2, 3], [4, 5, 6]])),
    "load_state_dict of shape (3,)": lambda: layer.load_state_dict(
        {"weight": torch.zeros(3), "bias": torch.zeros(2)}
    ),
}
for what, attempt in attempts.items():
    try:
        attempt()
        print(f"{what}: {layer.weight.tolist()}, {layer.weight.dtype}")
    except (RuntimeError, TypeError) as error:
        print(f"{what}: {type(error).__name__}")

# %% [markdown]
# - Without `no_grad()` the change would be a part of what is differentiated, and a leaf cannot be
#   its own result.
# - A block that has a parameter under a name accepts only parameters there.
# - `copy_` converts the type, which is handy, and **broadcasts**, which is not: a weight of shape
#   `(2, 3)` takes three numbers without a word and puts them into every row. Compare the shapes
#   yourself before you copy, as `load_state_dict` does before it copies in place.
#
# ### In place, or replaced?
#
# Assigning a new `nn.Parameter` is accepted, and after it the layer has the values that you wanted.
# So is it the same thing? An optimizer is given parameters when it is made, and keeps these
# objects.
#
# **Predict**: for which of the two networks does the training step change the output?

# %%
def make_shared():
    torch.manual_seed(2)
    layer = nn.Linear(2, 2)
    return nn.Sequential(layer, nn.Tanh(), nn.Linear(2, 2), nn.Tanh(), layer)


x, new = torch.ones(1, 2), torch.tensor([[0.5, -1.0], [1.0, 0.25]])
for how in ("in place", "replaced"):
    net = make_shared()
    optimizer = torch.optim.SGD([net[0].weight], lr=0.1)
    if how == "in place":
        with torch.no_grad():
            net[0].weight.copy_(new)
    else:
        net[0].weight = nn.Parameter(new.clone())
    before = net(x).detach()
    net(x).sum().backward()
    optimizer.step()
    print(f"{how:9} trained: {not torch.equal(before, net(x))}")

# %% [markdown]
# The optimizer of the second network still holds the old weight, which no block uses any more. It
# gets no gradient, so the step does nothing, and nobody complains: the loss just stops falling for
# this layer.
#
# A replaced parameter also leaves its ties. In `make_shared` the *layer* stands at both places, so
# both see the new parameter. Where two layers share a parameter, only one of them does:

# %%
first, second = nn.Linear(2, 2), nn.Linear(2, 2)
second.weight = first.weight
first.weight = nn.Parameter(new.clone())
print("still tied after a replacement:", first.weight is second.weight)

# %% [markdown]
# What about `first.weight.data = new`? It keeps the parameter object, and so optimizer and ties.
# But the parameter now lives in the memory of `new`, and takes its type.
#
# **Predict** what becomes of `new` when the parameter is trained.

# %%
first.weight.data = new
with torch.no_grad():
    first.weight.sub_(100.0)  # as an optimizer would
print("new:", new.tolist())

# %% [markdown]
# So the recipe stands: check the shape, then `copy_` inside `no_grad()`. The last exercise puts it
# into a function.

# %% [markdown] exercise="set-by-path" role="task"
# ## Exercise 4.5: set a parameter by its path
#
# *3 points*
#
# Write `set_by_path(block, path, value)`, which gives one parameter of a block new values.
#
# - **In**: `block`, an `nn.Module`, however deeply nested; `path`, a path as in
#   `named_parameters()`; `value`, a NumPy array of floats or integers.
# - The parameter at `path` takes the values of `value`, converted to the parameter's own dtype.
# - It stays the same parameter: an optimizer made before goes on to train it, all places that share
#   it see the new values, and a frozen parameter stays frozen.
# - Values are copied: neither the parameter nor the array follows later changes of the other.
# - If no parameter has this path, raise a `KeyError`; paths of blocks and of buffers are no paths
#   of parameters.
# - If the shape of `value` is not exactly that of the parameter, raise a `ValueError`. There is no
#   broadcasting and no reshaping.
# - If an error is raised, nothing has changed.
#
# The first tests cell (1 point) sets values, the second (1 point) looks at whether it is still the
# same parameter, the third (1 point) is about the errors.

# %% [markdown] exercise="set-by-path" role="hint"
# <details><summary>Hint 1</summary>
#
# First find the parameter. A dictionary of all named parameters raises the right error by itself.
# Then compare the shapes; `value.shape` is a tuple. Only then change something.
#
# </details>

# %% [markdown] exercise="set-by-path" role="hint"
# <details><summary>Hint 2</summary>
#
# `dict(block.named_parameters())[path]` is the parameter or a `KeyError`. Raise the `ValueError` if
# `tuple(parameter.shape) != value.shape`. Then, inside `with torch.no_grad():`, `copy_` the tensor
# `torch.from_numpy(value)` into it.
#
# </details>

# %% exercise="set-by-path" role="solution"
def set_by_path(block: nn.Module, path: str, value: np.ndarray) -> None:
    """Copy an array of the same shape into the parameter at a path."""
    # BEGIN SOLUTION
    parameter = dict(block.named_parameters())[path]
    if tuple(parameter.shape) != value.shape:
        raise ValueError(f"{path} has shape {tuple(parameter.shape)}, the value {value.shape}")
    with torch.no_grad():
        parameter.copy_(torch.from_numpy(value))
    # END SOLUTION


# %% exercise="set-by-path" role="tests" points=1
# Exercise 4.5, tests 1 of 3: the values arrive, and nothing else changes.
def check_values(path, dtype):
    block = nn.Sequential(nn.Linear(3, 2), nn.Sequential(nn.Tanh(), nn.Linear(2, 2)))
    before = {p: q.detach().clone() for p, q in block.named_parameters()}
    rng = np.random.default_rng(len(path))
    value = (9 * rng.normal(size=tuple(before[path].shape))).astype(dtype)
    called = f"set_by_path(block, {path!r}, value) with {np.dtype(dtype).name} values"
    try:
        set_by_path(block, path, value.copy())
    except NotImplementedError:
        raise
    except RuntimeError as error:
        raise AssertionError(f"{called} raised RuntimeError ({error}): change parameters in place "
                             "inside torch.no_grad().") from None
    now = dict(block.named_parameters())
    assert now.keys() == before.keys(), (
        f"{called} left the block with the parameters {[*now]}, wanted {[*before]}.")
    got = now[path].detach().double().numpy()
    assert now[path].dtype == torch.float32, (
        f"{called} made the parameter {now[path].dtype}: it keeps its own dtype, float32.")
    assert got.shape == value.shape and np.allclose(got, value, rtol=1e-5), (
        f"{called}: the parameter begins {got.ravel()[:3].round(3)}, wanted "
        f"{value.ravel()[:3].round(3)}: a local name that is bound to something new, or a changed "
        "copy, leaves the parameter as it was.")
    changed = [p for p, q in now.items() if p != path and not torch.equal(q, before[p])]
    assert not changed, f"{called} changed other parameters as well: {changed}."


for case in [("1.1.weight", "float64"), ("0.bias", "float32")]:
    check_values(*case)
# BEGIN HIDDEN TESTS
for case in [("0.weight", "float32"), ("1.1.bias", "int64"), ("1.1.weight", "float16")]:
    check_values(*case)
# END HIDDEN TESTS

# %% exercise="set-by-path" role="tests" points=1
# Exercise 4.5, tests 2 of 3: it is still the same parameter.
def check_same(path, frozen):
    rng = np.random.default_rng(len(path))
    a, b = nn.Linear(3, 3), nn.Linear(3, 3)
    b.weight = a.weight
    block = nn.Sequential(a, nn.Sequential(nn.Linear(3, 3), nn.Tanh()), b)
    parameter = block.get_parameter(path).requires_grad_(not frozen)
    optimizer = torch.optim.SGD(block.parameters(), lr=0.5)
    value = rng.normal(size=tuple(parameter.shape)).astype("float32")
    original = value.copy()
    called = f"set_by_path(block, {path!r}, value)"
    try:
        set_by_path(block, path, value)
    except NotImplementedError:
        raise
    except RuntimeError as error:
        raise AssertionError(f"{called} raised RuntimeError ({error}); get the first tests cell to "
                             "pass first.") from None
    now = block.get_parameter(path)
    assert now is parameter, (
        f"{called} replaced the parameter by a new one, which an optimizer made before does not "
        "know and other places do not share: copy the values into the old one.")
    assert block[0].weight is block[2].weight, f"{called} broke the tie of 0.weight and 2.weight."
    assert now.requires_grad is not frozen, (
        f"{called} set requires_grad to {now.requires_grad}; it stays as it was.")
    block(torch.from_numpy(rng.normal(size=(4, 3))).float()).sum().backward()
    step = 0 if now.grad is None else 0.5 * now.grad.numpy()
    optimizer.step()
    trained = now.detach().clone()
    assert np.array_equal(value, original), (
        f"training changed the caller's array after {called}: the parameter must not live in the "
        "memory of the array; copy.")
    assert np.allclose(trained.numpy(), original - step, atol=1e-4), (
        f"an optimizer made before {called} does not train the parameter with the new values.")
    value[...] = 77
    assert torch.equal(now, trained), (
        f"a later change of the array changed the parameter after {called}: copy the values.")


for case in [("1.0.weight", False), ("0.weight", False)]:
    check_same(*case)
# BEGIN HIDDEN TESTS
for case in [("2.bias", False), ("1.0.bias", True)]:
    check_same(*case)
# END HIDDEN TESTS

# %% exercise="set-by-path" role="tests" points=1
# Exercise 4.5, tests 3 of 3: what has to be refused.
def check_refused(path, shape, wanted):
    block = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2), nn.Sequential(nn.Linear(2, 2)))
    before = {p: t.clone() for p, t in block.state_dict().items()}
    called = f"set_by_path(block, {path!r}, value) with a value of shape {shape}"
    raised = None
    try:
        set_by_path(block, path, np.full(shape, 5.0, "float32"))
    except NotImplementedError:
        raise
    except Exception as error:
        raised = error
    reason = (f"the paths of block are {[p for p, q in block.named_parameters()]}"
              if wanted is KeyError else f"{path} has shape {tuple(before[path].shape)}")
    advice = "look the path up among the parameters" if wanted is KeyError else (
        "copy_ broadcasts, so compare the shapes yourself")
    assert raised is not None, (
        f"{called} raised nothing, wanted a {wanted.__name__}: {reason}; {advice}.")
    assert isinstance(raised, wanted), (
        f"{called} raised {type(raised).__name__} ({str(raised)[:80]}), wanted a "
        f"{wanted.__name__}: {reason}; {advice}.")
    changed = [p for p, t in block.state_dict().items() if not torch.equal(before[p], t)]
    assert not changed, f"{called} raised as it should, but changed {changed} before: check first."


for case in [("0.wieght", (2, 3), KeyError), ("0.weight", (3, 2), ValueError),
             ("0.weight", (3,), ValueError)]:
    check_refused(*case)
# BEGIN HIDDEN TESTS
for case in [("1.running_mean", (2,), KeyError), ("2.0", (2, 2), KeyError), ("", (2,), KeyError),
             ("weight", (2, 3), KeyError), ("3.weight", (2, 2), KeyError),
             ("0.bias", (), ValueError), ("0.bias", (1, 2), ValueError),
             ("2.0.weight", (4,), ValueError), ("0.weight", (1, 3), ValueError)]:
    check_refused(*case)
# END HIDDEN TESTS

# %% [markdown]
# ## PyTorch and Keras side by side
#
# | idea | PyTorch | Keras 3 |
# |---|---|---|
# | a parameter is | an `nn.Parameter`, which is a tensor | a `keras.Variable`, which holds one |
# | its value | `p.detach()`, shares memory | `w.value`; `w.numpy()` is a copy |
# | its gradient | in `p.grad`, `None` at first | comes from the tape, is not kept |
# | there from | construction on | the first call on (or `build`) |
# | of one layer | `net[0].weight`, `net[0].bias` | `net.layers[0].kernel`, `.bias` |
# | by path | `net.get_parameter("0.bias")` | look for `w.path` in `net.weights` |
# | paths are unique | yes | only if names of neighbours are |
# | all that can be trained | `parameters()` | `trainable_weights` |
# | all that is saved | `state_dict()`: the live tensors | `weights`; `get_weights()` gives copies |
# | running statistics | buffers | weights that are not trained |
# | count | `sum(p.numel() for p in …)` | `count_params()`, `summary()` |
# | freeze | `block.requires_grad_(False)` | `layer.trainable = False` |
# | frozen, and the gradient | none is computed | the tape still gives it if asked |
# | tie | same parameter or same layer twice | same layer twice, functional API |
# | tied, saved | listed at every place | once; whole networks: functional API |
# | transposed convolution | `F.conv_transpose2d(h, K)` | `ops.conv_transpose(h, K)` |
# | set | `copy_` in `no_grad()`; broadcasts | `w.assign(value)`; checks the shape |
# | replace | accepted; optimizer and ties are lost | refused, or not noticed for plain tensors |

# %% [markdown]
# ## Summary
#
# - Parameters are reached by layer (`net[2].bias`), by path (`get_parameter("2.bias")`) or all at
#   once (`named_parameters()`). A path is the list of steps through the tree.
# - Read with `detach()`; it shares memory, so clone what must not change. A state dict shares
#   memory too.
# - Parameters may be trained, buffers never are; `state_dict()` lists both, and a tied parameter at
#   each of its places, where `parameters()` lists it once.
# - Freezing stops gradients. An old gradient is still applied, so freeze after `zero_grad()`.
# - A parameter that is used several times gets the sum of the gradients of all uses. Tied means:
#   the same object, not the same values and not the same memory.
# - One weight serves a map and its transpose; the transpose of a convolution is
#   `conv_transpose`, with the same kernel. Test with weights that are not symmetric.
# - Set values in place. A replaced parameter is unknown to the optimizer and to its ties, and
#   `copy_` broadcasts without a word.

# %% [markdown]
# ## Where to read on
#
# - [`torch.nn.Module`](https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html), the
#   reference, with `named_parameters`, `get_parameter`, `requires_grad_` and `state_dict`.
# - [Autograd mechanics](https://docs.pytorch.org/docs/stable/notes/autograd.html), on `no_grad`,
#   in-place changes and how they are counted.
# - [`torch.nn.ConvTranspose2d`](https://docs.pytorch.org/docs/stable/generated/torch.nn.ConvTranspose2d.html),
#   with stride and `output_padding`.
# - [Parametrizations tutorial](https://docs.pytorch.org/tutorials/intermediate/parametrizations.html),
#   for weights that are computed from other weights.
# - *Dive into Deep Learning*, chapter [Builders' Guide](https://d2l.ai/chapter_builders-guide/index.html),
#   the chapter from which this unit grew.
#
# Next: lesson 05 chooses the values with which parameters start.
