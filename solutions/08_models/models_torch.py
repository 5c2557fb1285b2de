# %% [markdown]
# # Models
#
# A block takes inputs, holds parameters and gives outputs. Somewhere at the top of the tree stands
# the block that takes the data as they come and gives the answer that was asked for: the *model*.
# In this lesson you build models that are no longer chains. They have connections that skip layers,
# several inputs, several outputs, and losses of their own. You will also write a model down in a
# second way, as a graph that you can look into and cut.
#
# **Afterwards you can**
#
# - write a model as a chain, as a class and as a graph, and say what each form knows;
# - add residual connections, use one block several times, and tell which shapes go wrong silently;
# - give a model several inputs and several heads, and train it on several losses;
# - say what a topology assumes about the data;
# - compute a loss and a metric inside a model, so that each call counts once;
# - turn a graph into a class that has the same parameters and gives the same outputs.
#
# **Time**: about 60 minutes. **You need**: lessons 01 to 07, most of all 03 (blocks), 04
# (parameters) and 07 (custom layers).
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
from torch import fx, nn
from torch.nn import functional as F

# %% [markdown]
# ## From layers to models
#
# PyTorch has no class for models. A layer is an `nn.Module`, a block of layers is one, and so is
# the model. It differs from its parts only in what people do with it: they train it, save it and
# hand it to others as a whole.
#
# The simplest model is a chain of layers. The same network can be written as a class.
#
# **Predict**: do the two below have the same number of parameters? Do their state dicts have the
# same keys?

# %%
class Regressor(nn.Module):
    """Dense, ReLU, dense: (batch, 8) to (batch, 1)."""

    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(8, 30)
        self.output = nn.Linear(30, 1)

    def forward(self, x):
        return self.output(torch.relu(self.hidden(x)))


chain = nn.Sequential(nn.Linear(8, 30), nn.ReLU(), nn.Linear(30, 1))
regressor = Regressor()
for model in (chain, regressor):
    size = sum(p.numel() for p in model.parameters())
    print(type(model).__name__, size, list(model.state_dict()))
try:
    regressor.load_state_dict(chain.state_dict())
except RuntimeError as error:
    print("loading one into the other raises", type(error).__name__)

# %% [markdown]
# The arithmetic is the same, and so is the number of parameters: 8 · 30 + 30, and 30 + 1. The keys
# differ, because a chain knows only places and a class has names. So the state dict of one does
# not load into the other, although every tensor would fit.
#
# There is a third form, the *graph*, which this lesson comes to after the first exercise:
#
# | form | you write | good for |
# |---|---|---|
# | chain | a list of blocks | blocks in a row, one input, one output |
# | graph | which step gets which results | fixed wiring of any shape that tools should see |
# | class | Python | all else: loops, branches, state |

# %% [markdown]
# ## Residual connections
#
# A *residual* block adds to its input what its layers make of it: $y = x + f(x)$. The sum goes past
# the layers on a path of its own, the *skip connection*. What $f$ has to learn is what remains to
# be added, the residual.
#
# ```mermaid
# flowchart LR
#     x([x]) --> a["dense, ReLU"] --> b["dense, ReLU"] --> plus(("+"))
#     x --> plus
#     plus --> y([y])
# ```
#
# Why would one do that? The next cell stacks layers of width 16, with a skip around each and
# without, and measures how much of the gradient of the output reaches the input.
#
# **Predict**: what becomes of the gradient over 30 layers, in either stack?

# %% listing="S1-26"
def gradient_at_input(depth, skip):
    """Mean length of the gradient that reaches the input of a stack of dense layers."""
    torch.manual_seed(0)
    stack = [nn.Linear(16, 16) for _ in range(depth)]
    x = torch.randn(64, 16, requires_grad=True)
    h = x
    for layer in stack:
        z = torch.relu(layer(h))
        h = h + z if skip else z
    (gradient,) = torch.autograd.grad(h.sum(), x)
    return gradient.norm(dim=1).mean().item()


depths = [1, 2, 5, 10, 15, 20, 25, 30]
lengths = {skip: [gradient_at_input(d, skip) for d in depths] for skip in (False, True)}
print("depth  plain    with skips")
for depth, plain, skipping in zip(depths, lengths[False], lengths[True]):
    print(f"{depth:5}  {plain:.1e}  {skipping:.1e}")

# %%
fig, axis = plt.subplots(figsize=(6, 3), layout="constrained")
axis.semilogy(depths, lengths[True], "o-", label="with skips")
axis.semilogy(depths, lengths[False], "s-", label="plain")
axis.set(xlabel="number of layers", ylabel="gradient at the input")
axis.legend()
plt.show()

# %% [markdown]
# Through a plain stack the gradient is multiplied by a matrix at every layer, and with PyTorch's
# default weights it all but vanishes: the first layers of a deep stack would hardly learn. The
# derivative of $x + f(x)$ is $1 + f'(x)$, and the 1 is the skip: along it the gradient goes past
# the layers as it came. What comes through the layers is added, so that it grows here, one reason
# why deep networks normalise their hidden values (lesson 07).
#
# ### Shapes in a sum
#
# A sum wants both sides to have one shape. If $f$ changes the width, most mistakes are noticed:

# %% tags=["raises-exception"]
three, widening = torch.ones(2, 3), nn.Linear(3, 4)
three + widening(three)

# %% [markdown]
# Most, not all. **Predict** what happens in the next cell, where the input has width 1.

# %%
column, widening = torch.ones(2, 1), nn.Linear(1, 4)
print(tuple((column + widening(column)).shape))

# %% [markdown]
# The single column was broadcast: it was added to each of the four outputs, and nobody asked for
# that. The same happens where one branch lost its batch axis, or got a batch of one. Where the
# widths differ on purpose, the skip gets a dense layer of its own that brings $x$ to the new width;
# where they should not, a block does well to compare the shapes itself.
#
# And write `x + f(x)`, not `x += f(x)`: the second changes the caller's tensor (lesson 03).
#
# ### One block, many times
#
# A model may use a block several times, as it may use a layer. The count of parameters does not
# tell how often:

# %%
shared = nn.Linear(30, 30)
h = torch.ones(2, 30)
for _ in range(4):
    h = h + torch.relu(shared(h))
print(tuple(h.shape), sum(p.numel() for p in shared.parameters()), "parameters")

# %% [markdown]
# **Then and now.** A well-known regressor on house prices (8 numbers for each house) has a dense
# layer of width 30, a residual block of two dense layers that is applied $1 + 3$ times, a second
# residual block that is applied once, and a dense layer to one output. Its blocks keep their layers
# in a Python list, which Keras looks into.
#
# **Predict**: the model has 270 + 1,860 + 1,860 + 31 = 4,021 parameters. How many of them does
# PyTorch see if the lists are carried over as they are?

# %%
entry, output = nn.Linear(8, 30), nn.Linear(30, 1)


class ListBlock(nn.Module):
    """Two dense layers in a plain list, as in the listing."""

    def __init__(self):
        super().__init__()
        self.hidden = [nn.Linear(30, 30), nn.Linear(30, 30)]


carried_over = nn.ModuleList([entry, ListBlock(), ListBlock(), output])
print("parameters seen:", sum(p.numel() for p in carried_over.parameters()))

# %% [markdown]
# It would run, and the 3,720 parameters of the two blocks would never be trained (lesson 03). In
# the first exercise you write this model in today's PyTorch.

# %% [markdown] exercise="residual-regressor" role="task"
# ## Exercise 8.1: a residual regressor
#
# *4 points*
#
# **`ResidualBlock(width, depth)`** is a block that computes $y = x + f(x)$, where $f$ is a chain of
# `depth` dense layers with a ReLU after *each* of them, the last one included.
#
# - **In** and **out**: float32, shape `(batch, width)`. Nothing is applied to the sum. Gradients
#   flow through both of its terms.
# - The layers are `nn.Linear(width, width)` with a bias, `depth` (1 or more) different ones. Each
#   is called once per call of the block. They hold the block's only parameters.
# - The input tensor is left as it was.
#
# **`ResidualRegressor(num_inputs, width, num_outputs, repeats)`** is a model of four parts:
#
# 1. a dense layer from `num_inputs` to `width`, followed by a ReLU;
# 2. a `ResidualBlock(width, 2)`, applied `repeats` times in a row (1 or more): the *same* block
#    each time;
# 3. another `ResidualBlock(width, 2)`, applied once;
# 4. a dense layer from `width` to `num_outputs`, with nothing after it.
#
# - **In**: float32, shape `(batch, num_inputs)`. **Out**: float32, shape `(batch, num_outputs)`.
# - The model has 12 parameter tensors, whatever `repeats` is. `ResidualRegressor(8, 30, 1, 4)` has
#   4,021 parameters.
#
# The first tests cell (2 points) is about the block, the others about the regressor: the second
# (1 point) about its parameters and their gradients, the third (1 point) about what it computes.

# %% [markdown] exercise="residual-regressor" role="hint"
# <details><summary>Hint 1</summary>
#
# The block needs the input twice: once to run through the layers, once for the sum. Keep it under
# its own name. Which list registers its layers? In the regressor, a loop in `forward` applies a
# block again; a loop in `__init__` makes new ones.
#
# </details>

# %% [markdown] exercise="residual-regressor" role="hint"
# <details><summary>Hint 2</summary>
#
# Block: `self.layers = nn.ModuleList(nn.Linear(width, width) for _ in range(depth))`; in `forward`,
# start with `h = x`, rebind `h = F.relu(layer(h))` for each layer, return `x + h`. Regressor: two
# `nn.Linear` and two `ResidualBlock(width, 2)` in `__init__`; in `forward`, `for _ in
# range(self.repeats): h = self.first(h)`.
#
# </details>

# %% exercise="residual-regressor" role="solution" listing="S1-26 S1-27"
class ResidualBlock(nn.Module):
    """Add to the input what depth dense layers make of it; (batch, width) to (batch, width)."""

    def __init__(self, width: int, depth: int) -> None:
        super().__init__()
        # BEGIN SOLUTION
        self.layers = nn.ModuleList(nn.Linear(width, width) for _ in range(depth))
        # END SOLUTION

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        # BEGIN SOLUTION
        h = x
        for layer in self.layers:
            h = F.relu(layer(h))
        return x + h
        # END SOLUTION


class ResidualRegressor(nn.Module):
    """Dense, residual blocks, dense; (batch, num_inputs) to (batch, num_outputs)."""

    def __init__(self, num_inputs: int, width: int, num_outputs: int, repeats: int) -> None:
        super().__init__()
        # BEGIN SOLUTION
        self.repeats = repeats
        self.entry = nn.Linear(num_inputs, width)
        self.first = ResidualBlock(width, 2)
        self.second = ResidualBlock(width, 2)
        self.output = nn.Linear(width, num_outputs)
        # END SOLUTION

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        # BEGIN SOLUTION
        h = F.relu(self.entry(x))
        for _ in range(self.repeats):
            h = self.first(h)
        return self.output(self.second(h))
        # END SOLUTION


# %% exercise="residual-regressor" role="tests" points=2
# Exercise 8.1, tests 1 of 3: the residual block.
def check_block(width, depth, batch):
    name, rng = f"ResidualBlock({width}, {depth})", np.random.default_rng(depth)
    block = ResidualBlock(width, depth)
    assert isinstance(block, nn.Module), f"{name} gave {type(block).__name__}, not an nn.Module."
    assert not any(isinstance(m, nn.LazyLinear) for m in block.modules()), (
        f"{name} holds nn.LazyLinear, wanted nn.Linear: all sizes are known.")
    shapes = sorted(tuple(p.shape) for p in block.parameters())
    assert shapes == sorted([(width,), (width, width)] * depth), (
        f"{name} has parameters of shapes {shapes}, wanted those of {depth} nn.Linear({width}, "
        f"{width}): " + ("a plain list hides its layers; use nn.ModuleList." if not shapes else
                         "make a new layer for each place; is one layer used for all?"))
    runs, handles = [], []
    for layer in (m for m in block.modules() if isinstance(m, nn.Linear)):
        handles.append(layer.register_forward_hook(lambda layer, *_: runs.append(layer)))
    with torch.no_grad():
        for p in block.parameters():
            p.copy_(torch.from_numpy(rng.normal(size=p.shape)))
    values = rng.normal(size=(batch, width)).astype("float32")
    x = torch.from_numpy(values.copy())
    y = block(x)
    assert type(y) is torch.Tensor and tuple(y.shape) == (batch, width), (
        f"{name}(x) gave {type(y).__name__} of shape {tuple(getattr(y, 'shape', ()))}, wanted a "
        f"torch.Tensor of shape ({batch}, {width}).")
    assert y.dtype == torch.float32 and y.requires_grad, (
        f"{name}(x) gave {y.dtype}, requires_grad {y.requires_grad}, wanted float32 and True.")
    assert np.array_equal(x.detach().numpy(), values), (
        f"{name}(x) changed x: write x + h, not x += h.")
    assert len(runs) == len(set(runs)) == depth, (
        f"{name}(x) called dense layers {len(runs)} times, {len(set(runs))} different ones; wanted "
        f"each of its {depth} once.")
    parts = [[t.detach().double().numpy() for t in m.parameters()] for m in runs]
    h = linear = each = values.astype("float64")
    for w, b in parts:
        last, linear = h @ w.T + b, linear @ w.T + b
        h, each = np.maximum(last, 0), each + np.maximum(each @ w.T + b, 0)
    got, wanted = y.detach().numpy(), values + h
    likely = {"the skip is lost: the input is not added": h, "a ReLU acts on the sum, too":
              np.maximum(wanted, 0), "no ReLU after the last layer": values + last,
              "no ReLU between the layers": values + linear,
              "a ReLU acts on the sum, and none after the last layer": np.maximum(values + last, 0),
              "there is a skip around each layer, wanted one around all": each,
              "the skip multiplies, wanted a sum": values * h}
    cause = next((c for c, v in likely.items() if np.allclose(got, v, rtol=1e-4, atol=1e-4)),
                 "add x to what the layers and ReLUs, one after the other, make of it")
    row = np.abs(got - wanted).max(axis=1).argmax()
    assert np.allclose(got, wanted, rtol=1e-4, atol=1e-4), (
        f"{name}(x) gave {got[row].round(2)} in row {row}, wanted {wanted[row].round(2)}: {cause}.")


for case in [(4, 2, 5)]:
    check_block(*case)
# BEGIN HIDDEN TESTS
for case in [(3, 3, 6), (5, 1, 4), (2, 2, 1)]:
    check_block(*case)
# END HIDDEN TESTS

# %% exercise="residual-regressor" role="tests" points=1
# Exercise 8.1, tests 2 of 3: the parameters of the regressor, shared and not shared; gradients.
def check_parameters(inputs, width, outputs, repeats):
    name = f"ResidualRegressor({inputs}, {width}, {outputs}, {repeats})"
    net = ResidualRegressor(inputs, width, outputs, repeats)
    assert isinstance(net, nn.Module), f"{name} gave {type(net).__name__}, not an nn.Module."
    shapes, square = sorted(tuple(p.shape) for p in net.parameters()), [(width, width)] * 4
    count, weights = len(shapes), [(width, inputs), *square, (outputs, width)]
    cause = "an entry, two blocks of two dense layers, an output, each with weight and bias"
    if repeats > 1 and count == 12 + 4 * (repeats - 1):
        cause = "the first block is made anew for each repeat; make it once and apply it in a loop"
    elif count == 8:
        cause = "the second block is a block of its own, or a block is hidden in a plain list"
    elif count == 4:
        cause = "the layers of the blocks are hidden in plain lists; use nn.ModuleList"
    assert shapes == sorted([*weights, *((n,) for n, _ in weights)]), (
        f"{name} has {count} parameter tensors of shapes {shapes}, wanted 12, with weights "
        f"{weights}: {cause}.")
    with torch.no_grad():  # nothing but the skips leads from the output to the entry
        for p in net.parameters():
            p.fill_(0.0 if tuple(p.shape) == (width, width) else 0.5)
    y = net(torch.ones(3, inputs))
    assert type(y) is torch.Tensor and y.requires_grad, (
        f"{name}(x) gave {type(y).__name__} that is cut off from its parameters.")
    try:
        y.sum().backward()
    except RuntimeError as error:
        raise AssertionError(f"{name}(x).sum().backward() raised RuntimeError ({str(error)[:99]}): "
                             "write x + h, not x += h.") from None
    grads = {tuple(p.shape): p.grad for p in net.parameters()}
    reached = sum(p.grad is not None for p in net.parameters())
    assert reached == 12, (
        f"a gradient reached {reached} of the 12 parameter tensors of {name}: is each layer used, "
        "and nothing detached?")
    assert grads[width, inputs].all(), (
        f"with zeros in the weights of its blocks, no gradient of {name}(x) gets past the blocks: "
        "the skip adds x itself, not detached.")


for case in [(5, 4, 2, 3)]:
    check_parameters(*case)
# BEGIN HIDDEN TESTS
for case in [(8, 3, 1, 4), (2, 3, 2, 2), (3, 2, 4, 1)]:
    check_parameters(*case)
# END HIDDEN TESTS

# %% exercise="residual-regressor" role="tests" points=1
# Exercise 8.1, tests 3 of 3: what the regressor computes.
def check_regressor(inputs, width, outputs, repeats, batch):
    name = f"ResidualRegressor({inputs}, {width}, {outputs}, {repeats})"
    net, runs = ResidualRegressor(inputs, width, outputs, repeats), []
    assert isinstance(net, nn.Module), f"{name} gave {type(net).__name__}, not an nn.Module."
    for layer in (m for m in net.modules() if isinstance(m, nn.Linear)):
        layer.register_forward_hook(lambda layer, *_: runs.append(layer))
    rng = np.random.default_rng(repeats)
    with torch.no_grad():
        for p in net.parameters():
            p.copy_(torch.from_numpy(rng.normal(size=p.shape) / 2))
    values = rng.normal(size=(batch, inputs)).astype("float32")
    y = net(torch.from_numpy(values.copy()))
    assert type(y) is torch.Tensor and tuple(y.shape) == (batch, outputs) and (
        y.dtype == torch.float32), (
        f"{name}(x) gave {type(y).__name__} of shape {tuple(getattr(y, 'shape', ()))}, wanted a "
        f"float32 torch.Tensor of shape ({batch}, {outputs}).")
    wanted_runs = 4 + 2 * repeats
    assert len(runs) == wanted_runs and runs[1:3] * repeats == runs[1:-3] and (
        len({*runs}) == len({*runs[1:3], *runs[-3:], runs[0]}) == 6), (
        f"{name}(x) ran dense layers {len(runs)} times, wanted {wanted_runs}: the entry, the first "
        f"block {repeats} times, the second block once, the output.")
    first, *blocks, last = [[t.detach().double().numpy() for t in m.parameters()] for m in runs]

    def run(skip=True, entry_relu=True):
        h = values @ first[0].T + first[1]
        h = np.maximum(h, 0) if entry_relu else h
        for (w, b), (v, c) in zip(blocks[::2], blocks[1::2]):
            z = np.maximum(np.maximum(h @ w.T + b, 0) @ v.T + c, 0)
            h = h + z if skip else z
        return h @ last[0].T + last[1]

    got, wanted = y.detach().numpy(), run()
    likely = {"the blocks have lost their skips": run(skip=False), "the output has a ReLU":
              np.maximum(wanted, 0), "the entry has no ReLU": run(entry_relu=False)}
    cause = next((c for c, v in likely.items() if np.allclose(got, v, rtol=1e-4, atol=1e-4)),
                 "get the first tests cell to pass first; then look for a lost or moved part")
    assert np.allclose(got, wanted, rtol=1e-4, atol=1e-4), (
        f"{name}(x) begins {got.ravel()[:3].round(2)}, wanted {wanted.ravel()[:3].round(2)}: "
        f"{cause}.")


for case in [(5, 4, 2, 3, 6)]:
    check_regressor(*case)
# BEGIN HIDDEN TESTS
for case in [(8, 3, 1, 4, 5), (2, 3, 2, 2, 4), (3, 2, 4, 1, 1)]:
    check_regressor(*case)
# END HIDDEN TESTS

# %% [markdown]
# ## A model as a graph
#
# A *graph* is a model written as data: each node is a step, each edge says whose result goes where.
# It is not the graph of lesson 02, which autograd records during one call and drops after
# `backward`. This one is there before the first call and is the same in all calls.
#
# PyTorch writes such graphs with `torch.fx`. The small model below lets its input into a dense
# layer, and then past it as well:
#
# ```mermaid
# flowchart LR
#     x([x]) --> enter["enter"] --> relu["ReLU"] --> cat["concatenate"]
#     x --> cat
#     cat --> head["head"] --> y([y])
# ```
#
# **Predict**: what does the cell compute while it writes down the graph?

# %%
graph = fx.Graph()
x = graph.placeholder("x")
h = graph.call_function(torch.relu, (graph.call_module("enter", (x,)),))
joined = graph.call_function(torch.cat, ([h, x],), {"dim": -1})
graph.output(graph.call_module("head", (joined,)))
print("x is a", type(x).__name__)

parts = {"enter": nn.Linear(3, 4), "head": nn.Linear(4 + 3, 2)}
by_hand = fx.GraphModule(parts, graph)
print(tuple(by_hand(torch.ones(5, 3)).shape), list(by_hand.state_dict()))

# %% [markdown]
# Nothing: `x` and `h` are nodes and hold no numbers. `fx.GraphModule` puts the graph together with
# the blocks that it names, and the result is an `nn.Module` like any other.
#
# ### From a class to its graph
#
# Nobody writes graphs of many nodes in this way. `fx.symbolic_trace` gets the graph out of a class:
# it runs `forward` once, with a stand-in for the input that notes what is done to it.

# %%
class SkipToEnd(nn.Module):
    def __init__(self):
        super().__init__()
        self.enter = nn.Linear(3, 4)
        self.head = nn.Linear(7, 2)

    def forward(self, x):
        h = torch.relu(self.enter(x))
        return self.head(torch.cat([h, x], dim=-1))


def show(model):
    """Print the nodes of a graph: name, kind of step, and the nodes that it reads."""
    for node in model.graph.nodes:
        print(f"{node.name:8} {node.op:13}", [source.name for source in node.all_input_nodes])


written = SkipToEnd()
traced = fx.symbolic_trace(written)
show(traced)

# %% [markdown]
# **Predict**: are the parameters of the graph those of the class, or copies?

# %%
print([p is q for p, q in zip(traced.parameters(), written.parameters())])

# %% [markdown]
# ### What a graph is good for
#
# A program can read a graph and change it. Compilers do (lesson 14), and exporters. Here is a use
# that you may want yourself: to look at the hidden values of a model, cut its graph after the node
# that computes them.

# %%
def cut_after(model, name):
    """Return a model that ends at one node of a graph and shares its parameters."""
    cut = fx.GraphModule(model, copy.deepcopy(model.graph))
    wanted = {node.name: node for node in cut.graph.nodes}[name]
    cut.graph.output_node().args = (wanted,)
    cut.graph.eliminate_dead_code()
    cut.delete_all_unused_submodules()
    cut.recompile()
    return cut


hidden = cut_after(traced, "relu")
show(hidden)
print(tuple(hidden(torch.ones(5, 3)).shape), list(hidden.state_dict()))
print("same parameters:", hidden.enter.weight is written.enter.weight)

# %% [markdown]
# One thing this graph does not know is shapes. Nothing in it says that `x` must have three columns;
# that comes out in the first call. (A Keras graph does know: it is written from an input with a
# shape, and computes the shape of each result while it is written.)
#
# The graph also leaves things out, and the last section comes back to what.

# %% [markdown]
# ## Several inputs, several heads
#
# Data often come in parts. A house has some numbers, and a place; a film has a picture and a title.
# Each part gets a *branch* of its own, and the branches are joined. The same hidden values may also
# serve several questions at once. Each question gets a *head*: a layer or two that end in one
# output.
#
# ```mermaid
# flowchart LR
#     left([left]) --> l["dense, ReLU"] --> cat["concatenate"] --> value["dense"] --> v(["value"])
#     right([right]) --> r["dense, ReLU"] --> cat
#     r --> kind["dense"] --> k(["kind"])
# ```
#
# In PyTorch a model with two inputs is a `forward` with two arguments. For several outputs, return
# a dictionary: callers then ask for them by name, and a new head breaks nothing. With a tuple,
# `a, b = model(x)` and `b, a = model(x)` both run.
#
# ### Joining
#
# Branches are concatenated or added. A sum needs equal widths, and it broadcasts.
#
# **Predict**: five examples go into one branch. By mistake, only one goes into the other. Which of
# the two ways of joining notices?

# %%
left_branch, right_branch = nn.Linear(3, 4), nn.Linear(2, 4)
a, b = left_branch(torch.ones(5, 3)), right_branch(torch.ones(1, 2))
print("sum:          ", tuple((a + b).shape))
try:
    torch.cat([a, b], dim=-1)
except RuntimeError as error:
    print("concatenation:", error)

# %% [markdown]
# Concatenation wants all axes but one to agree. The sum gives each of the five examples the same
# right half. It looks as if it works.
#
# An empty batch, on the other hand, is no mistake to either: zero rows in, zero rows out.

# %%
none = torch.cat([left_branch(torch.ones(0, 3)), right_branch(torch.ones(0, 2))], dim=-1)
print("empty batch:", tuple(none.shape), " mean of nothing:", none.mean().item())

# %% [markdown]
# The trouble starts one step later: the mean of an empty batch is not a number. Remember it for the
# losses.
#
# ### One loss per head
#
# Each head has its own target and its own loss. To take a step you need one number, so the losses
# are added, with weights that say how much each question matters. One `backward` does the rest. The
# gradient of a sum is the sum of the gradients, and where two heads share a layer, the layer hears
# from both.
#
# The next cell takes the gradients of two heads one at a time. **Predict** the table: which losses
# reach which layers?

# %%
class Shared(nn.Module):
    """One trunk, two heads: (batch, 3) to (batch, 1) and (batch, 4)."""

    def __init__(self):
        super().__init__()
        self.trunk = nn.Linear(3, 8)
        self.size = nn.Linear(8, 1)
        self.colour = nn.Linear(8, 4)

    def forward(self, x):
        h = torch.relu(self.trunk(x))
        return {"size": self.size(h), "colour": self.colour(h)}


torch.manual_seed(0)
shared_trunk = Shared()
outputs = shared_trunk(torch.randn(6, 3))
losses = {
    "size": F.mse_loss(outputs["size"], torch.zeros(6, 1)),
    "colour": F.cross_entropy(outputs["colour"], torch.zeros(6, dtype=torch.int64)),
}
losses["0.2 size + colour"] = 0.2 * losses["size"] + losses["colour"]

print("loss               trunk  size   colour")
layers = (shared_trunk.trunk, shared_trunk.size, shared_trunk.colour)
for name, loss in losses.items():
    weights = [layer.weight for layer in layers]
    gradients = torch.autograd.grad(loss, weights, retain_graph=True, allow_unused=True)
    print(f"{name:18}", *(f"{'yes' if g is not None else 'no':6}" for g in gradients))

# %% [markdown]
# The trunk is trained by both. The size head answers with a number, the colour head with one number
# for each of four colours. A *softmax*, $e^{z_i} / \sum_j e^{z_j}$, would turn these into
# probabilities, and the *cross-entropy* is minus the logarithm of the probability of the right
# colour. Note that the head returns the $z_i$, the *logits*, without a softmax: `F.cross_entropy`
# applies the softmax itself, in a way that does not overflow.
#
# The weights matter when losses have different scales. A squared error in dollars is in the
# billions, a cross-entropy seldom above 10; summed with equal weights, the second does not count.

# %% [markdown] exercise="two-input-two-head" role="task"
# ## Exercise 8.2: two inputs, two heads
#
# *3 points*
#
# Write the model of the figure, `TwoHeads(num_left, num_right, width, num_kinds)`.
#
# | part | computes | from |
# |---|---|---|
# | left branch | dense layer to `width`, then ReLU: $l$ | `left` |
# | right branch | dense layer to `width`, then ReLU: $r$ | `right` |
# | head `"value"` | dense layer to 1, nothing after it | $l$ and $r$ concatenated, $l$ first |
# | head `"kind"` | dense layer to `num_kinds`, nothing after it | $r$ alone |
#
# - **In**: two arguments, `model(left, right)`, float32, of shapes `(batch, num_left)` and `(batch,
#   num_right)`.
# - **Out**: a dictionary with exactly the keys `"value"` and `"kind"`, whose values are float32
#   tensors of shapes `(batch, 1)` and `(batch, num_kinds)`.
# - The four dense layers are `nn.Linear` with a bias, and hold the only parameters: 8 tensors.
#
# The three tests cells (1 point each) look at the sizes of branches and heads, at the outputs, and
# at which head trains which branch.

# %% [markdown] exercise="two-input-two-head" role="hint"
# <details><summary>Hint 1</summary>
#
# Write one line of `forward` for each row of the table. How wide is what the head `"value"` gets?
#
# </details>

# %% [markdown] exercise="two-input-two-head" role="hint"
# <details><summary>Hint 2</summary>
#
# Layers: `nn.Linear(num_left, width)`, `nn.Linear(num_right, width)`, `nn.Linear(2 * width, 1)` and
# `nn.Linear(width, num_kinds)`. Join with `torch.cat([l, r], dim=-1)`. Return `{"value": ...,
# "kind": ...}`, without a softmax.
#
# </details>

# %% exercise="two-input-two-head" role="solution"
class TwoHeads(nn.Module):
    """(batch, num_left), (batch, num_right) to value (batch, 1) and kind (batch, num_kinds)."""

    def __init__(self, num_left: int, num_right: int, width: int, num_kinds: int) -> None:
        super().__init__()
        # BEGIN SOLUTION
        self.left = nn.Linear(num_left, width)
        self.right = nn.Linear(num_right, width)
        self.value = nn.Linear(2 * width, 1)
        self.kind = nn.Linear(width, num_kinds)
        # END SOLUTION

    def forward(self, left: torch.Tensor, right: torch.Tensor) -> dict[str, torch.Tensor]:
        # BEGIN SOLUTION
        l = F.relu(self.left(left))
        r = F.relu(self.right(right))
        return {"value": self.value(torch.cat([l, r], dim=-1)), "kind": self.kind(r)}
        # END SOLUTION


# %% exercise="two-input-two-head" role="tests" points=1
# Exercise 8.2, tests 1 of 3: the sizes of branches and heads.
def check_sizes(num_left, num_right, width, num_kinds):
    name = f"TwoHeads({num_left}, {num_right}, {width}, {num_kinds})"
    net = TwoHeads(num_left, num_right, width, num_kinds)
    assert isinstance(net, nn.Module), f"{name} gave {type(net).__name__}, not an nn.Module."
    weights = [(width, num_left), (width, num_right), (1, 2 * width), (num_kinds, width)]
    wanted = [*weights, *((n,) for n, _ in weights)]
    assert not any(isinstance(m, nn.LazyLinear) for m in net.modules()), (
        f"{name} holds nn.LazyLinear, wanted nn.Linear: all sizes are known.")
    shapes = sorted(tuple(p.shape) for p in net.parameters())
    assert shapes == sorted(wanted), (
        f"{name} has parameters of shapes {shapes}, wanted {sorted(wanted)}: " + (
            "the head \"kind\" gets the right branch alone, not both branches."
            if (num_kinds, 2 * width) in shapes else
            "the head \"value\" gets both branches, concatenated: 2 * width values."
            if (1, 2 * width) not in shapes else "two branches and two heads, four nn.Linear."))


for case in [(3, 5, 4, 2)]:
    check_sizes(*case)
# BEGIN HIDDEN TESTS
for case in [(6, 2, 3, 5), (2, 4, 3, 2)]:
    check_sizes(*case)
# END HIDDEN TESTS

# %% exercise="two-input-two-head" role="tests" points=1
# Exercise 8.2, tests 2 of 3: what the two heads give.
def check_heads(num_left, num_right, width, num_kinds, batch):
    name = f"TwoHeads({num_left}, {num_right}, {width}, {num_kinds})"
    net, rng = TwoHeads(num_left, num_right, width, num_kinds), np.random.default_rng(width)
    assert isinstance(net, nn.Module), f"{name} gave {type(net).__name__}, not an nn.Module."
    weights = [(width, num_left), (width, num_right), (1, 2 * width), (num_kinds, width)]
    linears = {tuple(m.weight.shape): m for m in net.modules() if isinstance(m, nn.Linear)}
    assert sorted(linears) == sorted(weights), (
        f"{name} has other sizes than wanted; get the first tests cell to pass first.")
    with torch.no_grad():
        for p in net.parameters():
            p.copy_(torch.from_numpy(rng.normal(size=p.shape)))
    left, right = (rng.normal(size=(batch, n)).astype("float32") for n in (num_left, num_right))
    try:
        y = net(torch.from_numpy(left.copy()), torch.from_numpy(right.copy()))
    except RuntimeError as error:
        raise AssertionError(f"{name}(left, right) raised RuntimeError ({error}): does left go "
                             "into the left branch and right into the right one?") from None
    assert isinstance(y, dict) and set(y) == {"value", "kind"}, (
        f"{name}(left, right) gave {type(y).__name__}{[*y] if isinstance(y, dict) else ''}, "
        "wanted a dictionary with the keys value and kind.")
    (w1, b1), (w2, b2), (w3, b3), (w4, b4) = (
        [t.detach().double().numpy() for t in linears[s].parameters()] for s in weights)
    l, r = np.maximum(left @ w1.T + b1, 0), np.maximum(right @ w2.T + b2, 0)
    value, kind = np.hstack([l, r]) @ w3.T + b3, r @ w4.T + b4
    softmax = np.exp(kind) / np.exp(kind).sum(axis=1, keepdims=True)
    likely = {"the branches are joined in the wrong order; left goes first":
              np.hstack([r, l]) @ w3.T + b3, "that is a softmax; return logits": softmax,
              "a ReLU acts on the value": np.maximum(value, 0), "a ReLU acts on the logits":
              np.maximum(kind, 0), "the branch has no ReLU": (right @ w2.T + b2) @ w4.T + b4,
              "the left branch has no ReLU": np.hstack([left @ w1.T + b1, r]) @ w3.T + b3}
    for key, wanted in (("value", value), ("kind", kind)):
        got = y[key]
        assert type(got) is torch.Tensor and tuple(got.shape) == wanted.shape and (
            got.dtype == torch.float32), (
            f"{name}(left, right)[{key!r}] is {type(got).__name__} of shape "
            f"{tuple(getattr(got, 'shape', ()))}, wanted a float32 torch.Tensor of shape "
            f"{wanted.shape}: are the heads swapped, or was an axis squeezed away?")
        got = got.detach().numpy()
        cause = next((c for c, v in likely.items() if v.shape == got.shape and np.allclose(
            got, v, rtol=1e-4, atol=1e-4)), "compute the four rows of the table, one by one")
        row = np.abs(got - wanted).max(axis=1).argmax()
        assert np.allclose(got, wanted, rtol=1e-4, atol=1e-4), (
            f"{name}(left, right)[{key!r}] is {got[row].round(2)} in row {row}, wanted "
            f"{wanted[row].round(2)}: {cause}.")


for case in [(3, 5, 4, 2, 6)]:
    check_heads(*case)
# BEGIN HIDDEN TESTS
for case in [(6, 2, 3, 5, 4), (2, 4, 3, 2, 1)]:
    check_heads(*case)
# END HIDDEN TESTS

# %% exercise="two-input-two-head" role="tests" points=1
# Exercise 8.2, tests 3 of 3: which head trains which branch.
def check_reach(num_left, num_right, width, num_kinds):
    name = f"TwoHeads({num_left}, {num_right}, {width}, {num_kinds})"
    net = TwoHeads(num_left, num_right, width, num_kinds)
    assert isinstance(net, nn.Module), f"{name} gave {type(net).__name__}, not an nn.Module."
    found = {tuple(p.shape): p for p in net.parameters()}
    shapes = {"left branch": (width, num_left), "right branch": (width, num_right),
              "value head": (1, 2 * width), "kind head": (num_kinds, width)}
    assert set(shapes.values()) <= set(found), (
        f"{name} has parameters of shapes {sorted(found)}; get the first tests cell to pass first.")
    rng = np.random.default_rng(width)  # positive weights keep every ReLU open
    with torch.no_grad():
        for p in net.parameters():
            p.copy_(torch.from_numpy(rng.uniform(0.1, 1, size=p.shape)))
    wanted = {"value": ["left branch", "right branch", "value head"],
              "kind": ["right branch", "kind head"]}
    for head, names in wanted.items():
        y = net(torch.ones(2, num_left), torch.ones(2, num_right))
        assert isinstance(y, dict) and type(y.get(head)) is torch.Tensor, (
            f"{name}(left, right) gave {type(y).__name__}, wanted a dictionary of two tensors.")
        assert y[head].requires_grad, (
            f"{name}(left, right)[{head!r}] is cut off from the parameters: no detach, no NumPy.")
        net.zero_grad()
        (y[head] ** 2).sum().backward()
        reached = [n for n, s in shapes.items()
                   if found[s].grad is not None and found[s].grad.abs().sum() > 0]
        assert reached == names, (
            f"a loss on the head {head!r} of {name} reaches {reached}, wanted {names}: the head "
            + ("\"value\" is computed from both branches, " if head == "value" else
               "\"kind\" is computed from the right branch, ") + "nothing detached.")


for case in [(3, 5, 4, 2)]:
    check_reach(*case)
# BEGIN HIDDEN TESTS
for case in [(4, 2, 3, 6)]:
    check_reach(*case)
# END HIDDEN TESTS

# %% [markdown]
# ## What a topology assumes
#
# The wiring of a model is called its *topology*. To choose one is to choose a set of functions: all
# those that the model computes for some values of its parameters, its *hypothesis space*. Training
# picks one of them. What is not in the set cannot be learned, however long you train; and what all
# members of the set have in common need not be learned at all.
#
# Three topologies see the same 64 points of $\cos 2x$, all of them with $x \ge 0$:
#
# - a line, $wx + b$;
# - a multilayer perceptron with two hidden layers;
# - a *mirror*: one perceptron $g$ that is used twice, $g(x) + g(-x)$.
#
# **Predict**: what does each give for $x < 0$, where there were no data?

# %% listing="S2-11"
class Mirror(nn.Module):
    """The same branch for x and for -x, added."""

    def __init__(self, branch):
        super().__init__()
        self.branch = branch

    def forward(self, x):
        return self.branch(x) + self.branch(-x)


def perceptron():
    first, second, last = nn.Linear(1, 32), nn.Linear(32, 32), nn.Linear(32, 1)
    return nn.Sequential(first, nn.ReLU(), second, nn.ReLU(), last)


def train(model, x, y, steps=300):
    """Fit y by least squares; lesson 13 is about such loops."""
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(steps):
        loss = F.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model


torch.manual_seed(0)
seen = torch.linspace(0, 3, 64).reshape(-1, 1)
topologies = {"line": nn.Linear(1, 1), "perceptron": perceptron(), "mirror": Mirror(perceptron())}
grid = torch.linspace(-3, 3, 301).reshape(-1, 1)
fig, axes = plt.subplots(1, 3, figsize=(10, 3), sharey=True, layout="constrained")
for axis, (name, model) in zip(axes, topologies.items()):
    train(model, seen, torch.cos(2 * seen))
    axis.axvspan(0, 3, color="0.93", label="data seen here")
    axis.plot(grid, torch.cos(2 * grid), "k--", linewidth=1, label="cos 2x")
    axis.plot(grid, model(grid).detach(), linewidth=2, label="model")
    axis.set(title=name, xlabel="x", ylim=(-4, 4))
axes[0].legend(loc="lower left", fontsize="small")
plt.show()

for name, model in topologies.items():
    with torch.no_grad():
        right = F.mse_loss(model(seen), torch.cos(2 * seen)).item()
        left = F.mse_loss(model(-seen), torch.cos(2 * seen)).item()
    print(f"{name:10} error below 0.1: right {right < 0.1!s:5}  left {left < 0.1}")
untrained = Mirror(perceptron())
print("untrained mirror is even:", torch.allclose(untrained(grid), untrained(-grid), atol=1e-6))

# %% [markdown]
# The line cannot bend: the function is not in its hypothesis space. The perceptron has it, along
# with many that agree on the data and differ elsewhere, and training had no reason to choose
# between them. The mirror is even whatever its weights are, so the data on the right settle the
# left as well. That is a gift as long as the truth is even. If it is not, the mirror can never fit
# it.
#
# Every topology assumes something:
#
# | topology | assumes |
# |---|---|
# | dense layer | every output may depend on every input, in a straight line |
# | chain | all that the answer needs passes through every layer, the narrowest included |
# | residual block | the answer is near the input: what is to be learned is a correction |
# | shared block | the same question is asked at several places |
# | several heads | the questions need the same hidden values |
# | convolution | what is near belongs together, and where it is does not matter |
#
# ### Wide and deep
#
# Some of what a model should learn is a plain rule: a larger house costs more. Some is a pattern of
# many features. A *wide-and-deep* model assumes both. Some columns go straight to the output layer
# (wide), where each gets one weight; some go through hidden layers first (deep). A column may do
# both.
#
# ```mermaid
# flowchart LR
#     x([x]) -- wide columns --> cat["concatenate"]
#     x -- deep columns --> d["dense, ReLU, ..."] --> cat
#     cat --> out["dense"] --> y([y])
# ```
#
# To pick columns, index with a list: the result is a new tensor with the columns in the order of
# the list. **Predict** both results.

# %%
table = torch.tensor([[10.0, 11.0, 12.0], [20.0, 21.0, 22.0]])
print(table[:, [2, 0]].tolist())
print(table[:, [1]].tolist(), table[:, 1].tolist())

# %% [markdown]
# A list with one entry keeps the column axis; the bare number drops it, and concatenation would
# fail. A column number that does not exist raises an `IndexError` at the first call.

# %% [markdown] exercise="wide-and-deep" role="task"
# ## Exercise 8.3: wide and deep
#
# *3 points*
#
# Write the model `WideAndDeep(wide, deep, hidden)`.
#
# - `wide` and `deep` are lists of column numbers, one or more each, in any order. A column may be
#   in both lists or in none.
# - `hidden` is a list of one or more widths.
# - **In**: `x`, float32, shape `(batch, columns)`, with as many columns as the lists ask for, or
#   more. It is left as it was. **Out**: float32, shape `(batch, 1)`.
# - The deep path takes the columns `deep`, in the order of the list, through one dense layer for
#   each width in `hidden`, each followed by a ReLU.
# - The columns `wide`, in the order of the list, and the result of the deep path are concatenated,
#   wide first. One dense layer takes all of that to the output, with nothing after it.
# - All dense layers are `nn.Linear` with a bias, there as soon as the constructor is done. They
#   hold the only parameters: two tensors for each width in `hidden`, and two for the output.
#
# The three tests cells (1 point each) look at the parameters, at the outputs, and at what each path
# assumes: the output is linear in a column that only the wide path sees.

# %% [markdown] exercise="wide-and-deep" role="hint"
# <details><summary>Hint 1</summary>
#
# The first deep layer has `len(deep)` inputs, each other one as many as the layer before it has
# outputs. What does the output layer get, and how wide is that?
#
# </details>

# %% [markdown] exercise="wide-and-deep" role="hint"
# <details><summary>Hint 2</summary>
#
# Layers: `widths = [len(deep), *hidden]`, then `nn.Linear(a, b)` for each `a, b` in `zip(widths,
# widths[1:])`, in an `nn.ModuleList`; output: `nn.Linear(len(wide) + hidden[-1], 1)`. In `forward`:
# `h = x[:, self.deep]`, the loop, then `torch.cat([x[:, self.wide], h], dim=-1)`.
#
# </details>

# %% exercise="wide-and-deep" role="solution"
class WideAndDeep(nn.Module):
    """Some columns straight to the output, some through layers; (batch, columns) to (batch, 1)."""

    def __init__(self, wide: list[int], deep: list[int], hidden: list[int]) -> None:
        super().__init__()
        # BEGIN SOLUTION
        self.wide, self.deep = list(wide), list(deep)
        widths = [len(deep), *hidden]
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in zip(widths, widths[1:]))
        self.output = nn.Linear(len(wide) + widths[-1], 1)
        # END SOLUTION

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        # BEGIN SOLUTION
        h = x[:, self.deep]
        for layer in self.layers:
            h = F.relu(layer(h))
        return self.output(torch.cat([x[:, self.wide], h], dim=-1))
        # END SOLUTION


# %% exercise="wide-and-deep" role="tests" points=1
# Exercise 8.3, tests 1 of 3: parameters.
def check_parameters(wide, deep, hidden):
    name = f"WideAndDeep({wide}, {deep}, {hidden})"
    net = WideAndDeep(list(wide), list(deep), list(hidden))
    assert isinstance(net, nn.Module), f"{name} gave {type(net).__name__}, not an nn.Module."
    assert not any(isinstance(m, nn.LazyLinear) for m in net.modules()), (
        f"{name} holds nn.LazyLinear, wanted nn.Linear: the lists tell all sizes.")
    shapes = sorted(tuple(p.shape) for p in net.parameters())
    widths = [len(deep), *hidden]
    weights = [*zip(hidden, widths), (1, len(wide) + hidden[-1])]
    wanted = sorted([*weights, *((n,) for n, _ in weights)])
    cause = "one nn.Linear for each width in hidden, and one to the output"
    if len(shapes) < len(wanted):
        cause = "are the layers of the deep path in a plain list? Use nn.ModuleList"
    elif (1, hidden[-1]) in shapes:
        cause = "the output layer gets the deep path alone; the wide columns go there, too"
    elif len(shapes) == len(wanted):
        cause = "how many values does each layer get? wide, deep or both"
    assert shapes == wanted, f"{name} has parameters of shapes {shapes}, wanted {wanted}: {cause}."


for case in [([4, 0], [1, 3, 2], [6, 5])]:
    check_parameters(*case)
# BEGIN HIDDEN TESTS
for case in [([2], [4, 2], [3]), ([0, 1, 5], [5], [2, 4, 3])]:
    check_parameters(*case)
# END HIDDEN TESTS

# %% exercise="wide-and-deep" role="tests" points=1
# Exercise 8.3, tests 2 of 3: outputs.
def check_wide_and_deep(wide, deep, hidden, columns, batch):
    name, rng = f"WideAndDeep({wide}, {deep}, {hidden})", np.random.default_rng(columns)
    net = WideAndDeep(list(wide), list(deep), list(hidden))
    assert isinstance(net, nn.Module), f"{name} gave {type(net).__name__}, not an nn.Module."
    weights = [*zip(hidden, [len(deep), *hidden]), (1, len(wide) + hidden[-1])]
    linears = {tuple(m.weight.shape): m for m in net.modules() if isinstance(m, nn.Linear)}
    assert sorted(linears) == sorted(weights), (
        f"{name} has other sizes than wanted; get the first tests cell to pass first.")
    with torch.no_grad():
        for p in net.parameters():
            p.copy_(torch.from_numpy(rng.normal(size=p.shape)))
    values = rng.normal(size=(batch, columns)).astype("float32")
    x = torch.from_numpy(values.copy())
    try:
        y = net(x)
    except (RuntimeError, IndexError) as error:
        raise AssertionError(f"{name}(x) raised {type(error).__name__} ({error}): does each path "
                             "get the columns of its list?") from None
    assert type(y) is torch.Tensor and tuple(y.shape) == (batch, 1) and y.dtype == torch.float32, (
        f"{name}(x) gave {type(y).__name__} of shape {tuple(getattr(y, 'shape', ()))}, wanted a "
        f"float32 torch.Tensor of shape ({batch}, 1).")
    assert np.array_equal(x.detach().numpy(), values), f"{name}(x) changed x."
    layers = [[t.detach().double().numpy() for t in linears[s].parameters()] for s in weights]

    def run(wide, deep, relu=lambda h: np.maximum(h, 0), swap=False):
        h = values[:, deep]
        for w, b in layers[:-1]:
            h = relu(h @ w.T + b)
        parts = [h, values[:, wide]] if swap else [values[:, wide], h]
        return np.hstack(parts) @ layers[-1][0].T + layers[-1][1]

    got, wanted = y.detach().numpy(), run(wide, deep)
    likely = {"the deep path comes first; wide goes first": run(wide, deep, swap=True),
              "the deep path has no ReLUs": run(wide, deep, relu=lambda h: h),
              "a ReLU acts on the output": np.maximum(wanted, 0),
              "the columns were sorted; keep the order given": run(sorted(wide), sorted(deep)),
              "the first columns were taken, not those in the lists": run(slice(len(wide)), slice(
                  -len(deep), None))}
    cause = next((c for c, v in likely.items() if np.allclose(got, v, rtol=1e-4, atol=1e-4)),
                 "pick the listed columns; each ReLU follows one layer of the deep path")
    row = np.abs(got - wanted).argmax()
    assert np.allclose(got, wanted, rtol=1e-4, atol=1e-4), (
        f"{name}(x) gave {got[row].round(3)} in row {row}, wanted {wanted[row].round(3)}: {cause}.")


for case in [([4, 0], [1, 3, 2], [6, 5], 7, 5)]:
    check_wide_and_deep(*case)
# BEGIN HIDDEN TESTS
for case in [([2], [4, 2], [3], 5, 6), ([0, 1, 5], [5], [2, 4, 3], 6, 1)]:
    check_wide_and_deep(*case)
# END HIDDEN TESTS

# %% exercise="wide-and-deep" role="tests" points=1
# Exercise 8.3, tests 3 of 3: what the two paths assume, and that both are trained.
def check_paths(wide, deep, hidden, columns):
    name, rng = f"WideAndDeep({wide}, {deep}, {hidden})", np.random.default_rng(5)
    net = WideAndDeep(list(wide), list(deep), list(hidden))
    assert isinstance(net, nn.Module), f"{name} gave {type(net).__name__}, not an nn.Module."
    tensors = list(net.parameters())
    assert len(tensors) == 2 * len(hidden) + 2, (
        f"{name} has {len(tensors)} parameter tensors; get the first tests cell to pass first.")
    with torch.no_grad():
        for p in tensors:
            p.copy_(torch.from_numpy(rng.uniform(0.1, 1, size=p.shape)))
    base = np.ones((3, columns), "float32")
    net(torch.from_numpy(base)).sum().backward()
    reached = sum(p.grad is not None and bool(p.grad.abs().sum() > 0) for p in tensors)
    assert reached == len(tensors), (
        f"after backward {reached} of the {len(tensors)} parameter tensors of {name} have a "
        "gradient, wanted all: are both paths used, and nothing detached?")
    for column in range(columns):
        outputs = []
        for step in (-50, 0, 50):
            moved = base.copy()
            moved[:, column] += step
            outputs.append(net(torch.from_numpy(moved))[0].item())
        down, up = outputs[1] - outputs[0], outputs[2] - outputs[1]
        moves, straight = abs(up) > 1e-3, abs(up - down) <= 1e-3 * abs(up) + 1e-3
        said = f"column {column} moved by -50 and 50 moves {name}(x) by {-down:.1f} and {up:.1f}"
        assert moves == (column in wide or column in deep), (
            f"{said}: that column is " + ("in no list, and must not matter." if moves else
                                          "in a list, and must matter."))
        if moves:
            assert straight == (column not in deep), (
                f"{said}: " + ("a deep column goes through ReLUs, which bend the output."
                               if straight else "a wide column goes straight to the output."))


for case in [([0, 2], [2, 3], [4], 5)]:
    check_paths(*case)
# BEGIN HIDDEN TESTS
for case in [([3], [0, 1], [5, 3], 4), ([1, 4], [4], [2], 6)]:
    check_paths(*case)
# END HIDDEN TESTS

# %% [markdown]
# ## Losses and metrics from inside a model
#
# Most losses compare the output with a target. Some need what only the model knows: its hidden
# values. Take a model that should, besides predicting, keep its hidden values small. The penalty is
# computed in `forward`, the loss outside. How does one get to the other?
#
# ### Where the penalty goes
#
# **Then and now.** In Keras a layer calls `self.add_loss(value)`, and the training loop, `fit`,
# adds up what has come together. Texts that show it often call `self.add_metric` in the next line,
# which was removed. PyTorch never had either:

# %%
print([hasattr(nn.Module, name) for name in ("add_loss", "add_metric")])

# %% [markdown]
# There are two honest ways: return the penalty together with the output, or leave it in an
# attribute where the caller finds it. The second keeps the output as it was, so that the model
# still fits into a chain. Since an attribute lasts from call to call, one has to say what it holds
# after the second call.
#
# People who think of "adding" a loss write `+=`. **Predict** the four values.

# %%
class Quiet(nn.Module):
    """A dense layer that leaves a penalty on its hidden values in an attribute."""

    def __init__(self, accumulate):
        super().__init__()
        self.dense = nn.Linear(2, 2)
        nn.init.ones_(self.dense.weight)
        nn.init.zeros_(self.dense.bias)
        self.accumulate = accumulate
        self.penalty = torch.zeros(())

    def forward(self, x):
        h = self.dense(x)
        penalty = h.square().mean()
        self.penalty = self.penalty + penalty if self.accumulate else penalty
        return h


for accumulate in (True, False):
    quiet = Quiet(accumulate)
    values = []
    for _ in range(2):
        quiet(torch.ones(3, 2))
        values.append(quiet.penalty.item())
    print("accumulate" if accumulate else "overwrite ", values)

# %% [markdown]
# The second call of the accumulating model counts the first batch once more. If the first penalty
# is already behind you, its graph is gone as well, and the second training step fails:

# %% tags=["raises-exception"]
quiet = Quiet(accumulate=True)
for step in (1, 2):
    quiet(torch.ones(3, 2))
    quiet.penalty.backward()
    print("step", step, "done")

# %% [markdown]
# PyTorch's advice to retain the graph would make the error go away and the wrong sum stay. So: the
# attribute holds the penalty of the *latest* call, and each call overwrites it. (If a block with
# such an attribute is used twice in one forward pass, the caller must collect after each use.)
#
# The penalty must also stay a tensor with its graph. `.item()` or `.detach()` leaves the right
# number and takes away the gradient, so that nothing is trained by it, and no error says so.
#
# ### A metric is another thing
#
# A *loss* is of one batch and has a gradient. A *metric* is for people to read: a mean over all
# examples since the last reset, and it must keep no graph. A model may keep one of its own, of
# something that only the model sees.
#
# The errors of four examples come in a batch of three and a batch of one. **Predict** the mean of
# the batches' means, and the mean over the examples.

# %%
batches = [torch.tensor([1.0, 1.0, 1.0]), torch.tensor([5.0])]
print("mean of means:     ", torch.stack([batch.mean() for batch in batches]).mean().item())

total, count = 0.0, 0
for batch in batches:
    total += batch.sum().item()
    count += len(batch)
print("mean over examples:", total / count)

# %% [markdown]
# Keep the sum and the count, and divide when asked. A sum over an empty batch is 0 and does no
# harm; a mean over it is not a number, and one of those spoils the total for good:

# %%
empty = torch.ones(0)
print("with sums: ", (total + empty.sum().item()) / (count + len(empty)))
print("with means:", total + empty.mean().item())

# %% [markdown] exercise="reconstruction-loss" role="task"
# ## Exercise 8.4: a reconstruction loss
#
# *4 points*
#
# A regressor that must also be able to reconstruct its inputs from its hidden values is kept from
# throwing away what it does not need yet.
#
# ```mermaid
# flowchart LR
#     x([x]) --> hidden["dense, ReLU"] --> output["dense"] --> y([prediction])
#     hidden --> reconstruct["dense"] --> r([reconstruction])
# ```
#
# Write the model `ReconstructingRegressor(num_inputs, width, rate)`.
#
# - `model(x)`: `x` is float32 of shape `(batch, num_inputs)`. With $h$ the hidden values (width
#   `width`), it returns the prediction $\mathrm{dense}(h)$, float32 of shape `(batch, 1)`.
# - The three dense layers are `nn.Linear` with a bias and hold the only parameters. The
#   reconstruction $\mathrm{dense}(h)$ has as many columns as `x`.
# - The *error* of an example is the mean, over its columns, of the squared difference between
#   reconstruction and input.
# - After each call, in training mode and in evaluation mode, the attribute `extra_loss` is `rate`
#   times the mean error of the examples of *that call*: a float32 tensor of shape `()` through
#   which gradients flow.
# - `model.total_loss(x, y)` calls the model once and returns the mean squared error of the
#   prediction against `y`, of shape `(batch, 1)`, plus the extra loss of this call: a tensor of
#   shape `()`.
# - `model.mean_error()` returns the metric, a Python float: the mean error (without `rate`) of all
#   examples in all calls since the model was made or `model.reset_metric()` was last called; 0.0 if
#   there were none. An empty batch, which has no mean and makes `extra_loss` NaN, leaves the metric
#   as it was.
#
# The first tests cell (2 points) looks at a call and its extra loss, the second (1 point) at the
# total loss in two training steps, the third (1 point) at the metric.

# %% [markdown] exercise="reconstruction-loss" role="hint"
# <details><summary>Hint 1</summary>
#
# Compute the errors first, a tensor of shape `(batch,)`: which axis does that mean run over? The
# extra loss is made from their mean, the metric from their sum and their number. Which of the two
# needs the graph, and which must not keep it?
#
# </details>

# %% [markdown] exercise="reconstruction-loss" role="hint"
# <details><summary>Hint 2</summary>
#
# In `forward`: `errors = (self.reconstruct(h) - x).square().mean(dim=1)`, `self.extra_loss =
# self.rate * errors.mean()`, `self.error_sum += errors.sum().item()`, `self.examples += len(x)`. In
# `total_loss`, call the model in a line of its own, then add `F.mse_loss(prediction, y)` and
# `self.extra_loss`. `reset_metric` sets both counters to zero; the constructor can call it.
#
# </details>

# %% exercise="reconstruction-loss" role="solution" listing="S1-28"
class ReconstructingRegressor(nn.Module):
    """Predict, and reconstruct the input on the way; (batch, num_inputs) to (batch, 1)."""

    def __init__(self, num_inputs: int, width: int, rate: float) -> None:
        super().__init__()
        # BEGIN SOLUTION
        self.rate = rate
        self.hidden = nn.Linear(num_inputs, width)
        self.output = nn.Linear(width, 1)
        self.reconstruct = nn.Linear(width, num_inputs)
        self.reset_metric()
        # END SOLUTION

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        # BEGIN SOLUTION
        h = F.relu(self.hidden(x))
        errors = (self.reconstruct(h) - x).square().mean(dim=1)
        self.extra_loss = self.rate * errors.mean()
        self.error_sum += errors.sum().item()
        self.examples += len(x)
        return self.output(h)
        # END SOLUTION

    def total_loss(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """Main loss plus extra loss of one call; (batch, num_inputs), (batch, 1) to ()."""
        # BEGIN SOLUTION
        prediction = self(x)
        return F.mse_loss(prediction, y) + self.extra_loss
        # END SOLUTION

    def mean_error(self) -> float:
        """Mean reconstruction error of all examples since the last reset."""
        # BEGIN SOLUTION
        return self.error_sum / self.examples if self.examples else 0.0
        # END SOLUTION

    def reset_metric(self) -> None:
        """Forget the examples that the metric has seen."""
        # BEGIN SOLUTION
        self.error_sum, self.examples = 0.0, 0
        # END SOLUTION


# %% exercise="reconstruction-loss" role="tests" points=2
# Exercise 8.4, tests 1 of 3: the prediction, and the extra loss of one call.
def check_extra_loss(inputs, width, rate, batches):
    name, rng = f"ReconstructingRegressor({inputs}, {width}, {rate})", np.random.default_rng(width)
    net = ReconstructingRegressor(inputs, width, rate)
    assert isinstance(net, nn.Module), f"{name} gave {type(net).__name__}, not an nn.Module."
    assert not any(isinstance(m, nn.LazyLinear) for m in net.modules()), (
        f"{name} holds nn.LazyLinear, wanted nn.Linear: all sizes are known.")
    linears = {tuple(m.weight.shape): m for m in net.modules() if isinstance(m, nn.Linear)}
    wanted = [(width, inputs), (1, width), (inputs, width)]
    shapes, count = sorted(linears), len(list(net.parameters()))
    assert shapes == sorted(wanted) and count == 6, (
        f"{name} has {count} parameter tensors and nn.Linear of shapes {shapes}, wanted 6 and "
        f"{sorted(wanted)}: hidden, output and reconstruction.")
    with torch.no_grad():
        for p in net.parameters():
            p.copy_(torch.from_numpy(rng.normal(size=p.shape)))
    (w, b), (v, c), (u, d) = (
        [t.detach().double().numpy() for t in linears[s].parameters()] for s in wanted)
    before = latest = 0.0
    for call, (size, training) in enumerate(batches, 1):
        x = rng.normal(size=(size, inputs)).astype("float32")
        y = net.train(training)(torch.from_numpy(x.copy()))
        h = np.maximum(x @ w.T + b, 0)
        assert type(y) is torch.Tensor and tuple(y.shape) == (size, 1) and np.allclose(
            y.detach().numpy(), h @ v.T + c, rtol=1e-4, atol=1e-4), (
            f"{name}(x) did not give the prediction, dense(relu(dense(x))) of shape ({size}, 1).")
        extra = getattr(net, "extra_loss", None)
        said = f"after call {call} ({'training' if training else 'evaluation'} mode) of {name}"
        assert type(extra) is torch.Tensor and extra.dtype == torch.float32 and extra.ndim == 0, (
            f"{said} extra_loss is {type(extra).__name__} of shape {getattr(extra, 'shape', None)},"
            " wanted a float32 tensor of shape (): no item(), and the mean over the examples.")
        square = (h @ u.T + d - x) ** 2
        got, value = extra.item(), rate * square.mean()
        likely = {"that is the sum over all calls so far; overwrite it": before + value,
                  "the rate is missing": square.mean(),
                  "the squares are summed; take their mean over all": rate * square.sum(),
                  "the squares are summed over columns; take a mean": rate * square.sum(1).mean(),
                  "it is missing in this mode": 0.0, "it is that of an earlier call": latest}
        cause = next((c for c, v in likely.items() if np.isclose(got, v, rtol=1e-3)),
                     "it is rate times the mean of (reconstruction - x) ** 2")
        assert np.isclose(got, value, rtol=1e-3), (
            f"{said} extra_loss is {got:.4f}, wanted {value:.4f}: {cause}.")
        assert extra.requires_grad, f"{said} extra_loss has no graph: no item() and no detach()."
        before, latest = before + value, value
        weights = [linears[s].weight for s in wanted]
        gradients = torch.autograd.grad(extra, weights, allow_unused=True)
        reached = [g is not None and bool(g.abs().sum() > 0) for g in gradients]
        assert reached == [True, False, True], (
            f"{said} extra_loss trains [hidden, output, reconstruction] {reached}, wanted [True, "
            "False, True]: reconstruct from the hidden values, nothing detached.")


for case in [(4, 3, 0.3, [(5, True), (2, True), (3, False)])]:
    check_extra_loss(*case)
# BEGIN HIDDEN TESTS
for case in [(2, 6, 0.05, [(1, False), (4, True)]), (3, 5, 2.0, [(6, True), (1, False)])]:
    check_extra_loss(*case)
# END HIDDEN TESTS

# %% exercise="reconstruction-loss" role="tests" points=1
# Exercise 8.4, tests 2 of 3: the total loss in two training steps.
def check_total_loss(inputs, width, rate, sizes):
    name, rng = f"ReconstructingRegressor({inputs}, {width}, {rate})", np.random.default_rng(inputs)
    net, calls = ReconstructingRegressor(inputs, width, rate), []
    assert isinstance(net, nn.Module), f"{name} gave {type(net).__name__}, not an nn.Module."
    linears = {tuple(m.weight.shape): m for m in net.modules() if isinstance(m, nn.Linear)}
    layers = [linears.get(s) for s in ((width, inputs), (1, width), (inputs, width))]
    assert None not in layers, f"{name} lacks a layer; get the first tests cell to pass first."
    with torch.no_grad():
        for p in net.parameters():
            p.copy_(torch.from_numpy(rng.normal(size=p.shape)))
    net.register_forward_hook(lambda *_: calls.append(1))
    earlier = 0.0
    for step, size in enumerate(sizes, 1):
        x = rng.normal(size=(size, inputs)).astype("float32")
        y = rng.normal(size=(size, 1)).astype("float32")
        calls.clear()
        loss = net.total_loss(torch.from_numpy(x.copy()), torch.from_numpy(y.copy()))
        said = f"in training step {step} {name}.total_loss(x, y)"
        assert type(loss) is torch.Tensor and loss.ndim == 0 and loss.requires_grad, (
            f"{said} gave {type(loss).__name__} of shape {tuple(getattr(loss, 'shape', ()))}, "
            "wanted a torch.Tensor of shape () through which gradients flow: nothing detached.")
        assert len(calls) == 1, (
            f"{said} called the model {len(calls)} times, wanted once, as self(x).")
        (w, b), (v, c), (u, d) = (
            [t.detach().double().numpy() for t in m.parameters()] for m in layers)
        h = np.maximum(x @ w.T + b, 0)
        main, extra = ((h @ v.T + c - y) ** 2).mean(), rate * ((h @ u.T + d - x) ** 2).mean()
        likely = {"the extra loss is missing": main, "the extra loss is in it twice":
                  main + 2 * extra, "it is the extra loss alone": extra, "the rate is in it twice":
                  main + rate * extra, "the extra losses of earlier steps are in it, too":
                  main + extra + earlier, "the rate is missing": main + extra / rate}
        got = loss.item()
        cause = next((c for c, v in likely.items() if np.isclose(got, v, rtol=1e-3)),
                     "main loss of the prediction plus extra loss of this call")
        assert np.isclose(got, main + extra, rtol=1e-3), (
            f"{said} gave {got:.4f}, wanted {main:.4f} + {extra:.4f}: {cause}.")
        earlier += extra
        gradients = torch.autograd.grad(loss, [m.weight for m in layers], allow_unused=True)
        assert all(g is not None and g.abs().sum() > 0 for g in gradients), (
            f"{said}.backward() did not reach all three layers: is one of the losses detached?")
        with torch.no_grad():
            for layer, gradient in zip(layers, gradients):
                layer.weight -= 0.01 * gradient


for case in [(4, 3, 0.3, [5, 2])]:
    check_total_loss(*case)
# BEGIN HIDDEN TESTS
for case in [(2, 5, 0.1, [1, 6, 3])]:
    check_total_loss(*case)
# END HIDDEN TESTS

# %% exercise="reconstruction-loss" role="tests" points=1
# Exercise 8.4, tests 3 of 3: the metric.
def check_metric(inputs, width, rounds):
    name, rng = f"ReconstructingRegressor({inputs}, {width}, 0.5)", np.random.default_rng(inputs)
    net, other = (ReconstructingRegressor(inputs, width, 0.5) for _ in range(2))
    start = net.mean_error()
    assert isinstance(start, float) and start == 0.0, (
        f"{name}.mean_error() before any call is {start!r}, wanted the float 0.0.")
    linears = {tuple(m.weight.shape): m for m in net.modules() if isinstance(m, nn.Linear)}
    layers = [linears.get(s) for s in ((width, inputs), (inputs, width))]
    assert None not in layers, f"{name} lacks a layer; get the first tests cell to pass first."
    (w, b), (u, d) = ([t.detach().double().numpy() for t in m.parameters()] for m in layers)
    for number, batches in enumerate(rounds, 1):
        errors, means, seen, trained = [], [], 0.0, 0
        for size, training in batches:
            x = rng.normal(size=(size, inputs)).astype("float32") * (number + len(means)) * 2
            net.train(training)(torch.from_numpy(x.copy()))
            batch = ((np.maximum(x @ w.T + b, 0) @ u.T + d - x) ** 2).mean(axis=1)
            seen, trained = seen + training * batch.sum(), trained + training * size
            errors.extend(batch)
            means.append(batch.mean() if size else np.nan)
        got, wanted = net.mean_error(), np.mean(errors)
        sizes = [size for size, _ in batches]
        said = f"after calls on batches of {sizes} examples {name}.mean_error()"
        assert isinstance(got, float), f"{said} gave {type(got).__name__}, wanted a float: item()."
        likely = {"that is the mean of the batches' means": np.mean(means),
                  "the rate belongs to the loss, not to the metric": wanted / 2,
                  "calls in evaluation mode count, too": seen / max(trained, 1),
                  "that is the last batch alone": means[-1]}
        cause = next((c for c, v in likely.items() if np.isclose(got, v, rtol=1e-3)),
                     "examples of before the reset count no more" if number > 1 else
                     "sum of the errors, divided by the number of examples")
        if np.isnan(got):
            cause = "the mean of an empty batch is NaN; add up sums, not means"
        assert np.isclose(got, wanted, rtol=1e-3), (
            f"{said} gave {got:.4f}, wanted {wanted:.4f}: {cause}.")
        net.reset_metric()
        for what in ("reset_metric()", "reset_metric() and an empty batch"):
            again = net.mean_error()
            assert isinstance(again, float) and again == 0.0, (
                f"{name}.mean_error() right after {what} is {again!r}, wanted 0.0.")
            net(torch.ones(0, inputs))
    net(torch.ones(2, inputs))
    silent = other.mean_error()
    assert isinstance(silent, float) and silent == 0.0, (
        f"calls of one {name} show in the metric of another: keep the counters in self.")


for case in [(3, 4, [[(3, True), (1, True)], [(2, False), (5, True)]])]:
    check_metric(*case)
# BEGIN HIDDEN TESTS
for case in [(2, 6, [[(4, True), (0, True), (1, False)], [(0, True), (2, True), (3, True)]])]:
    check_metric(*case)
# END HIDDEN TESTS

# %% [markdown]
# ## From a graph to a class
#
# A graph is one path through a program, written down. That is why tools can read it, and it is also
# its limit. The model below adds 1 to its input in training (a stand-in for noise), and applies a
# layer as often as its attribute `repeats` says.
#
# **Predict**: both models are told to evaluate, with no repeats. Zeros go in. What comes out of
# each?

# %%
class Repeater(nn.Module):
    def __init__(self, repeats):
        super().__init__()
        self.shared = nn.Linear(2, 2)
        nn.init.zeros_(self.shared.weight)
        nn.init.ones_(self.shared.bias)
        self.repeats = repeats

    def forward(self, x):
        if self.training:
            x = x + 1
        for _ in range(self.repeats):
            x = x + torch.relu(self.shared(x))
        return x


as_class = Repeater(repeats=3)
as_graph = fx.symbolic_trace(as_class)
for model in (as_class, as_graph):
    model.eval()
    model.repeats = 0
    print(type(model).__name__, model(torch.zeros(1, 2)).tolist())

# %% [markdown]
# The stand-in went through `forward` once, in training mode, three times round the loop, and the
# graph has exactly those steps. There is no loop in it and no question about the mode.

# %%
show(as_graph)

# %% [markdown]
# (So call `eval()` before you trace a model that is meant for evaluation.) A question about numbers
# cannot even be asked, since the stand-in has none:

# %% tags=["raises-exception"]
class Signed(nn.Module):
    def forward(self, x):
        if x.sum() > 0:
            return x
        return -x


fx.symbolic_trace(Signed())

# %% [markdown]
# So, at times, you have a graph and need a class: because a number of steps should become an
# argument, because you want a branch, or to set a breakpoint. The code that `fx` makes from the
# graph is a good start:

# %%
print(traced.code.strip())

# %% [markdown]
# The way there is always the same:
#
# 1. One attribute in the constructor for each *distinct* block that the graph calls. A block that
#    is called at three nodes is one attribute.
# 2. One line in `forward` for each node. Where nodes repeat, write the loop that they came from.
# 3. Take the blocks over from the graph, so that the parameters are the same tensors and not equal
#    ones. If the attributes have the names that the graph uses, then the state dicts agree, too.
# 4. Compare outputs on a few inputs.
#
# "The same tensors" is more than the same numbers. **Predict** the last line.

# %%
shares, copied = SkipToEnd(), SkipToEnd()
shares.enter, shares.head = written.enter, written.head
copied.load_state_dict(written.state_dict())
x = torch.ones(1, 3)
print("equal at first:  ", torch.equal(shares(x), written(x)), torch.equal(copied(x), written(x)))
with torch.no_grad():
    written.head.bias += 1
print("after an update: ", torch.equal(shares(x), written(x)), torch.equal(copied(x), written(x)))

# %% [markdown] exercise="functional-to-subclass" role="task"
# ## Exercise 8.5: rewrite a graph as a class
#
# *3 points*
#
# You are given a model as an `fx.GraphModule`, traced from a class that you do not have. It calls
# three dense layers, `graph.enter`, `graph.shared` and `graph.head`, and its nodes are these, with
# `shared` used at *two* places:
#
# ```mermaid
# flowchart LR
#     x([x]) --> enter --> r0["ReLU"] --> h0(["h0"])
#     h0 --> s1["shared"] --> r1["ReLU"] --> p1(("+"))
#     h0 --> p1 --> h1(["h1"]) --> s2["shared"] --> r2["ReLU"] --> p2(("+"))
#     h1 --> p2 --> h2(["h2"]) --> cat["concatenate h2, x"] --> head --> y([y])
#     x --> cat
# ```
#
# Write the class `Rewritten(graph)`.
#
# - The constructor takes the three layers over from the graph: its parameters are the graph's
#   parameters, the same 6 tensors, and there are no others. Its attributes `enter`, `shared` and
#   `head` give the state dict the keys of the graph's.
# - `model(x)` gives what `graph(x)` gives. `model(x, repeats=n)` applies `shared`, its ReLU and the
#   sum `n` times in place of 2, for `n` of 0 or more.
# - **In**: `x`, float32, shape `(batch, columns)`; it is left as it was. **Out**: float32, shape
#   `(batch, outputs)`. The sizes are those of the given layers.
# - It is written in Python: the graph itself is neither called nor kept.
#
# (Here PyTorch and Keras differ: Keras writes such graphs with its functional API, PyTorch traces
# them. The rewriting is the same.)
#
# The three tests cells (1 point each) look at the parameters, at the outputs, and at other numbers
# of repeats.

# %% [markdown] exercise="functional-to-subclass" role="hint"
# <details><summary>Hint 1</summary>
#
# Follow the four steps above. How many attributes are there, and how many of the lines of `forward`
# can be a loop? What is given to `head` has the width of `shared` plus that of `x`.
#
# </details>

# %% [markdown] exercise="functional-to-subclass" role="hint"
# <details><summary>Hint 2</summary>
#
# Constructor: `self.enter = graph.enter`, and so on. `forward(self, x, repeats=2)`: `h =
# F.relu(self.enter(x))`; then, `repeats` times, `h = h + F.relu(self.shared(h))`; then
# `self.head(torch.cat([h, x], dim=-1))`.
#
# </details>

# %% exercise="functional-to-subclass" role="solution"
class Rewritten(nn.Module):
    """The graph of the figure as a class; (batch, columns) to (batch, outputs)."""

    def __init__(self, graph: fx.GraphModule) -> None:
        super().__init__()
        # BEGIN SOLUTION
        self.enter = graph.enter
        self.shared = graph.shared
        self.head = graph.head
        # END SOLUTION

    def forward(self, x: torch.Tensor, repeats: int = 2) -> torch.Tensor:
        # BEGIN SOLUTION
        h = F.relu(self.enter(x))
        for _ in range(repeats):
            h = h + F.relu(self.shared(h))
        return self.head(torch.cat([h, x], dim=-1))
        # END SOLUTION


# %% exercise="functional-to-subclass" role="tests" points=1
# Exercise 8.5, tests 1 of 3: the same parameters, under the same names.
def check_parameters(columns, width, outputs):
    graph = fx.Graph()
    x = graph.placeholder("x")
    h = graph.call_function(torch.relu, (graph.call_module("enter", (x,)),))
    for _ in range(2):
        z = graph.call_function(torch.relu, (graph.call_module("shared", (h,)),))
        h = graph.call_function(torch.add, (h, z))
    graph.output(graph.call_module("head", (graph.call_function(torch.cat, ([h, x], -1)),)))
    given = fx.GraphModule({"enter": nn.Linear(columns, width), "shared": nn.Linear(width, width),
                            "head": nn.Linear(width + columns, outputs)}, graph)
    keys, ours = sorted(given.state_dict()), {id(p) for p in given.parameters()}
    net = Rewritten(given)
    assert isinstance(net, nn.Module), f"Rewritten(graph) gave {type(net).__name__}, no nn.Module."
    assert not any(isinstance(m, fx.GraphModule) for m in net.modules()), (
        "Rewritten(graph) holds the graph itself: take over its three layers only.")
    found = {id(p) for p in net.parameters()}
    cause = "take over each of the three layers, and nothing else"
    if len(found) == 6:
        cause = "equal numbers in other tensors; take the layers over without copying them"
    elif len(found) == 8:
        cause = "there is a layer of its own for each use of shared; use one twice"
    assert found == ours, (
        f"of the {len(found)} parameters of Rewritten(graph) {len(found & ours)} are the graph's, "
        f"wanted its 6 and no others: {cause}.")
    got = sorted(net.state_dict())
    assert got == keys, f"the state dict of Rewritten(graph) has keys {got}, wanted {keys}."


for case in [(3, 4, 2)]:
    check_parameters(*case)
# BEGIN HIDDEN TESTS
for case in [(2, 3, 1)]:
    check_parameters(*case)
# END HIDDEN TESTS

# %% exercise="functional-to-subclass" role="tests" points=1
# Exercise 8.5, tests 2 of 3: the same outputs, without the graph.
def check_outputs(columns, width, outputs, batch):
    graph, rng, calls = fx.Graph(), np.random.default_rng(width), []
    x = graph.placeholder("x")
    h = graph.call_function(torch.relu, (graph.call_module("enter", (x,)),))
    for _ in range(2):
        z = graph.call_function(torch.relu, (graph.call_module("shared", (h,)),))
        h = graph.call_function(torch.add, (h, z))
    graph.output(graph.call_module("head", (graph.call_function(torch.cat, ([h, x], -1)),)))
    layers = {"enter": nn.Linear(columns, width), "shared": nn.Linear(width, width),
              "head": nn.Linear(width + columns, outputs)}
    given = fx.GraphModule(layers, graph)
    given.register_forward_hook(lambda *_: calls.append(1))
    with torch.no_grad():
        for p in given.parameters():
            p.copy_(torch.from_numpy(rng.normal(size=p.shape)))
    values = rng.normal(size=(batch, columns)).astype("float32")
    x = torch.from_numpy(values.copy())
    y = Rewritten(given)(x)
    assert type(y) is torch.Tensor and tuple(y.shape) == (batch, outputs) and (
        y.dtype == torch.float32), (
        f"Rewritten(graph)(x) gave {type(y).__name__} of shape {tuple(getattr(y, 'shape', ()))}, "
        f"wanted a float32 torch.Tensor of shape ({batch}, {outputs}).")
    assert not calls, "Rewritten(graph)(x) called the graph: write its steps in Python."
    assert np.array_equal(x.detach().numpy(), values), "Rewritten(graph)(x) changed x."
    (w, b), (v, c), (u, d) = ([t.detach().double().numpy() for t in m.parameters()]
                              for m in layers.values())

    def run(times=2, skip=1, relu=True, swap=False):
        h = np.maximum(values @ w.T + b, 0)
        for _ in range(times):
            z = h @ v.T + c
            h = skip * h + (np.maximum(z, 0) if relu else z)
        return np.hstack([values, h] if swap else [h, values]) @ u.T + d

    likely = {"shared is used once, wanted twice": run(times=1), "the sums are lost": run(skip=0),
              "a ReLU is missing after shared": run(relu=False),
              "x comes first in the concatenation; h2 goes first": run(swap=True)}
    got, wanted = y.detach().numpy(), run()
    cause = next((c for c, v in likely.items() if np.allclose(got, v, rtol=1e-4, atol=1e-4)),
                 "write one line for each node of the figure")
    row = np.abs(got - wanted).max(axis=1).argmax()
    assert np.allclose(got, wanted, rtol=1e-4, atol=1e-4), (
        f"Rewritten(graph)(x) gave {got[row].round(2)} in row {row}, the graph "
        f"{wanted[row].round(2)}: {cause}.")


for case in [(3, 4, 2, 5)]:
    check_outputs(*case)
# BEGIN HIDDEN TESTS
for case in [(5, 2, 3, 4), (2, 3, 1, 1)]:
    check_outputs(*case)
# END HIDDEN TESTS

# %% exercise="functional-to-subclass" role="tests" points=1
# Exercise 8.5, tests 3 of 3: other numbers of repeats, and a step on the graph's parameters.
def check_repeats(columns, width, outputs, numbers):
    graph, rng = fx.Graph(), np.random.default_rng(columns)
    x = graph.placeholder("x")
    h = graph.call_function(torch.relu, (graph.call_module("enter", (x,)),))
    for _ in range(2):
        z = graph.call_function(torch.relu, (graph.call_module("shared", (h,)),))
        h = graph.call_function(torch.add, (h, z))
    graph.output(graph.call_module("head", (graph.call_function(torch.cat, ([h, x], -1)),)))
    layers = {"enter": nn.Linear(columns, width), "shared": nn.Linear(width, width),
              "head": nn.Linear(width + columns, outputs)}
    given = fx.GraphModule(layers, graph)
    net, values = Rewritten(given), rng.normal(size=(4, columns)).astype("float32")
    assert isinstance(net, nn.Module), f"Rewritten(graph) gave {type(net).__name__}, no nn.Module."

    def run(times):
        (w, b), (v, c), (u, d) = ([t.detach().double().numpy() for t in m.parameters()]
                                  for m in layers.values())
        h = np.maximum(values @ w.T + b, 0)
        for _ in range(times):
            h = h + np.maximum(h @ v.T + c, 0)
        return np.hstack([h, values]) @ u.T + d

    for n in numbers:  # each time with other weights, as after a training step
        with torch.no_grad():
            for p in given.parameters():
                p.copy_(torch.from_numpy(rng.normal(size=p.shape) / 2))
        y = net(torch.from_numpy(values.copy()), repeats=n)
        said = f"Rewritten(graph)(x, repeats={n})"
        assert type(y) is torch.Tensor and tuple(y.shape) == (4, outputs), (
            f"{said} gave {type(y).__name__}, wanted a torch.Tensor of shape (4, {outputs}).")
        got, wanted = y.detach().numpy(), run(n)
        cause = "get the cells above to pass first; then, apply the same step that often"
        if np.allclose(got, run(2), rtol=1e-4, atol=1e-4):
            cause = "that is 2 repeats, whatever was asked for"
        row = np.abs(got - wanted).max(axis=1).argmax()
        assert np.allclose(got, wanted, rtol=1e-4, atol=1e-4), (
            f"{said} gave {got[row].round(2)} in row {row}, wanted {wanted[row].round(2)}: "
            f"{cause}.")
        assert y.requires_grad, f"{said} is cut off from the parameters: no detach, no NumPy."
        given.zero_grad()
        try:
            y.square().sum().backward()
        except RuntimeError as error:
            raise AssertionError(f"backward of {said} raised RuntimeError ({str(error)[:99]}): "
                                 "write h = h + z, not h += z.") from None
        missing = [k for k, m in layers.items() if m.weight.grad is None and n]
        assert not missing, f"the gradient of {said} does not reach {missing} of the graph."


for case in [(3, 4, 2, [2, 1, 3])]:
    check_repeats(*case)
# BEGIN HIDDEN TESTS
for case in [(2, 3, 4, [0, 5, 2])]:
    check_repeats(*case)
# END HIDDEN TESTS

# %% [markdown]
# ## PyTorch and Keras side by side
#
# | idea | PyTorch | Keras 3 |
# |---|---|---|
# | a model is | any `nn.Module` | a `keras.Model`: a layer with `fit`, `predict`, `save` |
# | chain | `nn.Sequential` | `keras.Sequential` |
# | graph | `fx.symbolic_trace`, from a class | `keras.Model(inputs, outputs)` |
# | class | `nn.Module` with `forward` | `keras.Model` with `call` |
# | the graph knows | steps | steps and shapes |
# | hidden values | cut the graph; a hook | `keras.Model(inputs, layer.output)` |
# | several inputs | arguments of `forward` | a list or dictionary of inputs |
# | several outputs | return a dictionary | the same; `compile` takes losses by its keys |
# | losses of several heads | add them yourself | `loss_weights` in `compile` |
# | loss from inside | an attribute, or part of the output | `self.add_loss(value)` |
# | it is added to the main loss | by you | by `fit` |
# | metric from inside | counters of your own | a `keras.metrics.Mean` as an attribute |
# | picks columns | `x[:, [2, 0]]` | `ops.take(x, [2, 0], axis=-1)` |
# | empty batch | a mean of it is NaN | the same; `ops.add` of two of them raises |
# | to save a class whole | state dict and the code | `get_config` and the code |

# %% [markdown]
# ## Summary
#
# - A model is the block that is trained, saved and handed over as a whole. Write it as a chain if
#   it is one, as a class if it is not; a graph is for tools, and for looking inside.
# - A residual block adds its input to what its layers make of it; the gradient always has the way
#   past the layers. A sum broadcasts, so see that both sides have one shape.
# - A block that is applied several times has one set of parameters; a new block for each place has
#   its own.
# - Several inputs are several arguments, several heads a dictionary of outputs. Their losses are
#   added, with weights, and a shared layer learns from all of them.
# - A topology is an assumption: what is not in its hypothesis space cannot be learned, what all of
#   it has in common need not be.
# - A loss from inside belongs to one call, keeps its graph and is overwritten by the next call. A
#   metric is over all examples since the reset, as sums and counts, and keeps no graph.
# - A graph is one path, frozen: loops unrolled, modes decided. To rewrite it as a class, take over
#   its blocks and write its nodes as lines.

# %% [markdown]
# ## Where to read on
#
# - [`torch.fx`](https://docs.pytorch.org/docs/stable/fx.html), graphs, tracing and their limits.
# - [Modules](https://docs.pytorch.org/docs/stable/notes/modules.html), PyTorch's own notes.
# - [The functional API](https://keras.io/guides/functional_api/), the way in which Keras writes
#   graphs.
# - K. He and others, [Deep Residual Learning for Image Recognition](https://arxiv.org/abs/1512.03385),
#   2015, and H.-T. Cheng and others,
#   [Wide & Deep Learning for Recommender Systems](https://arxiv.org/abs/1606.07792), 2016.
# - A. Géron, *Hands-On Machine Learning*, chapters 10 (several inputs and outputs) and 12 (losses
#   and metrics from inside a model).
# - F. Chollet, *Deep Learning with Python*, chapter 3, on topologies and hypothesis spaces.
#
# Next: lesson 09 writes models to files and reads them back.
