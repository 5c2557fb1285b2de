# %% [markdown]
# # Blocks
#
# Networks with hundreds of layers are written in a few dozen lines, because nobody writes them
# layer by layer. They are made of *blocks*: pieces of network that are written once, used many
# times, and put together into larger blocks. In this lesson you build blocks from the ground up,
# starting with a dense layer and ending with a factory that stacks any block as often as you like.
#
# **Afterwards you can**
#
# - say what happens when a block is called, and why you write `forward` but never call it;
# - write a block of your own, and tell which of its attributes the framework will train and save;
# - write the container that chains blocks, repeated blocks included;
# - keep a constant in a block so that it is saved with it and never trained;
# - use loops and branches in a forward pass without harming the caller's data or the gradient;
# - build large blocks from small ones: nested, side by side, and from a factory.
#
# **Time**: about 50 minutes. **You need**: lessons 01 (tensors) and 02 (automatic differentiation).
#
# **How to work.** Where you read *Predict*, stop and write your answer down before you run the cell
# below it; a wrong prediction is where the learning happens. In an exercise, fill in the solution
# cell, run it, then run the tests cells under it: a failed test says what was called, what came
# back, what was wanted and the likely cause. When you hand in, the same rules are also checked on
# other inputs. **Validate** in JupyterLab runs the notebook from top to bottom, as the grader will.
# *Run All Cells* stops at the first tests cell that fails, so take an exercise cell by cell.

# %% role="setup"
from collections.abc import Callable

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

# %% [markdown]
# ## From layers to blocks
#
# A *block* takes inputs, holds parameters and gives outputs. A dense layer is a block. A ReLU is
# one too, although it has no parameters to hold. Put some blocks in a row and the row is a block
# again, with inputs, parameters and outputs of its own. So is the whole network.
#
# ```mermaid
# flowchart LR
#     x([input]) --> hidden
#     subgraph net ["the network: a block"]
#         direction LR
#         subgraph body ["its body: a block"]
#             direction LR
#             hidden["dense 20 → 256"] --> relu["ReLU"]
#         end
#         relu --> last["dense 256 → 10"]
#     end
#     last --> y([output])
# ```
#
# In PyTorch every block is an `nn.Module`, from the smallest to the largest.

# %%
for kind in (nn.Linear, nn.ReLU, nn.Sequential):
    print(kind.__name__, issubclass(kind, nn.Module))

# %% [markdown]
# ### A chain of layers
#
# `nn.Sequential` makes a block out of other blocks by running them one after the other. The next
# cell builds the network of the figure, a *multilayer perceptron* (MLP), and gives it a batch of
# two examples. The 256 values between its two dense layers are neither input nor output: they are
# its *hidden layer*, and each of them is a *hidden unit*.
#
# **Predict**: which shape comes out, and how many numbers does the network hold as parameters?

# %% listing="S0-01 S3-01"
net = nn.Sequential(nn.Linear(20, 256), nn.ReLU(), nn.Linear(256, 10))
batch = torch.ones(2, 20)
print("output:", tuple(net(batch).shape))
print("parameters:", sum(p.numel() for p in net.parameters()))

# %% [markdown]
# Each example has become 10 numbers. The parameters are 20 · 256 weights and 256 biases, then
# 256 · 10 weights and 10 biases. The network can list them, because a block knows the blocks that
# it is made of: the name of each tensor is its place in the tree.

# %%
for name, parameter in net.named_parameters():
    print(f"{name:9} {tuple(parameter.shape)!s:10} {parameter.numel():5}")

# %% [markdown]
# ### Anatomy of a dense layer
#
# The weight that takes 20 numbers to 256 has shape `(256, 20)`: one row per output. A dense layer
# computes $y = x W^\top + b$, and the next cell does so by hand. The bias has one entry per
# output; broadcasting adds it to every row of the batch.

# %% listing="S4-03"
dense = nn.Linear(3, 2)
with torch.no_grad():
    dense.weight.copy_(torch.tensor([[1.0, 0.0, 2.0], [0.0, -1.0, 1.0]]))
    dense.bias.copy_(torch.tensor([10.0, 20.0]))
rows = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
print("by hand:", (rows @ dense.weight.T + dense.bias).tolist())
print("layer:  ", dense(rows).tolist())

# %% [markdown]
# **Then and now.** One handbook says of dense layers that what comes out is two-dimensional: batch
# by outputs. It need not be. A dense layer acts on the last axis and leaves all leading axes as
# they are.
#
# **Predict** the two shapes.

# %%
print(tuple(dense(torch.ones(4, 5, 3)).shape))
print(tuple(dense(torch.ones(3)).shape))

# %% [markdown]
# And where do the numbers start? PyTorch draws weight and bias uniformly between $-1/\sqrt{n}$ and
# $1/\sqrt{n}$, where $n$ is the number of inputs. Keras does otherwise, and starts the bias at
# zero. Lesson 05 is about choosing for yourself.
#
# **Predict** the range for 100 inputs.

# %%
torch.manual_seed(0)
wide = nn.Linear(100, 5000)
for name, parameter in wide.named_parameters():
    low, high = parameter.min().item(), parameter.max().item()
    print(f"{name:6} from {low:.2f} to {high:.2f}")

# %% [markdown]
# ### What a call does besides computing
#
# The computation of a block, its *forward pass*, is in its method `forward`, yet you have seen no
# call of `forward`: we wrote `net(batch)`. Calling a block runs `nn.Module.__call__`, which runs
# the block's *hooks* and `forward`. A hook is a function that someone has asked the block to run on
# each call: profilers do, and tools that collect the values inside a network.
#
# Here is the smallest block there is, with one hook.
#
# **Predict**: how many lines does each of the next two cells print?

# %%
class Doubler(nn.Module):
    def forward(self, x):
        return 2 * x


doubler = Doubler()
handle = doubler.register_forward_hook(lambda block, inputs, y: print("the hook saw", y.item()))
print("called:", doubler(torch.tensor(3.0)).item())

# %%
print("forward:", doubler.forward(torch.tensor(3.0)).item())

# %% [markdown]
# **Then and now.** Texts like to say that `net(x)` is short for `net.forward(x)`. The numbers are
# often the same, and still the sentence is wrong: without the call, the hooks do not run. PyTorch's
# own layers count on them. `nn.LazyLinear`, a dense layer that learns its number of inputs from the
# first batch, does so in a hook:

# %%
lazy = nn.LazyLinear(2)
print(tuple(lazy(torch.ones(1, 3)).shape))

# %% tags=["raises-exception"]
nn.LazyLinear(2).forward(torch.ones(1, 3))

# %% [markdown]
# So there are two rules, and they mirror each other. **Write `forward`, not `__call__`**: a block
# that defines `__call__` itself has thrown the bookkeeping away, and nothing says so. **Call the
# block, not `forward`.**

# %%
class Shortcut(nn.Module):
    def __call__(self, x):
        return 2 * x


shortcut = Shortcut()
handle = shortcut.register_forward_hook(lambda block, inputs, y: print("the hook saw", y.item()))
print("called:", shortcut(torch.tensor(3.0)).item())

# %% [markdown]
# ## A block of your own
#
# A chain cannot express everything. Suppose that a block should let through a part of each input,
# and should learn how large a part: $y = x \cdot \mathrm{sigmoid}(\mathrm{dense}(x))$. The input is
# used twice, so this is no chain. You write a class with two methods: the constructor makes what
# the block holds, `forward` says what it does.

# %% listing="S4-01"
class Gate(nn.Module):
    """Let through a learned part of each input; (..., width) to (..., width)."""

    def __init__(self, width):
        super().__init__()
        self.dense = nn.Linear(width, width)

    def forward(self, x):
        return x * torch.sigmoid(self.dense(x))


gate = Gate(4)
print(tuple(gate(torch.ones(2, 4)).shape))
print([name for name, parameter in gate.named_parameters()])

# %% [markdown]
# There is no `backward` to write: autograd records what `forward` does. And nobody told the block
# about its parameters. It found them because of one assignment, `self.dense = …`.
#
# ### What assignment registers
#
# `nn.Module` watches the assignments to `self`, looks at each value, and keeps a register of those
# that it knows.
#
# **Predict**: which of these four attributes does the state dict hold, the record of what is saved?

# %%
class Shelf(nn.Module):
    def __init__(self):
        super().__init__()
        self.dense = nn.Linear(2, 1)
        self.scale = nn.Parameter(torch.ones(1))
        self.shift = torch.ones(1)
        self.spare = [nn.Linear(2, 1)]


print(list(Shelf().state_dict()))

# %% [markdown]
# Modules and `nn.Parameter`s are registered. The plain tensor and the list are ordinary attributes:
# you can use them in `forward`, but they are neither trained nor saved. The next two sections come
# back to both.
#
# The register is made by `super().__init__()`. Without that line the first assignment of a layer
# has nowhere to go, and PyTorch says so at once:

# %% tags=["raises-exception"]
class Forgetful(nn.Module):
    def __init__(self):
        self.dense = nn.Linear(2, 1)


Forgetful()

# %% [markdown]
# (Keras lets you construct such a block, and raises when it is called.)
#
# Why make the layers in the constructor, and not in `forward`, where they are used? The block below
# makes its layer where it uses it.
#
# **Predict**: how many parameters does it show? Are the outputs of two calls on the same input the
# same?

# %%
class Amnesic(nn.Module):
    def forward(self, x):
        return nn.Linear(3, 1)(x)


amnesic = Amnesic()
example = torch.ones(1, 3)
print("parameters:", len(list(amnesic.parameters())))
print("same output twice:", torch.equal(amnesic(example), amnesic(example)))

# %% [markdown]
# Each call draws a new layer and forgets it. There is nothing that could be trained. What should
# last from call to call is made once, in the constructor.
#
# ### Why the activation sits between the layers
#
# An MLP is dense, ReLU, dense. The ReLU is its *activation*: a function without parameters that
# acts on each value by itself. Why does it stand there, between the layers? A network with one
# input can be drawn. We take six hidden units and set their weights by hand, so that unit $i$
# changes sign at a place of our choosing. Then we run the same two layers with the ReLU between
# them, without it, and with the ReLU after both.
#
# **Predict**: what do the three curves look like?

# %%
first, last = nn.Linear(1, 6), nn.Linear(6, 1)
sign_changes = torch.tensor([-2.2, -1.3, -0.4, 0.5, 1.3, 2.1])
with torch.no_grad():
    first.weight.copy_(torch.tensor([[1.0], [1.0], [1.0], [1.0], [-1.0], [-1.0]]))
    first.bias.copy_(-first.weight[:, 0] * sign_changes)
    last.weight.copy_(torch.tensor([[-2.5, 2.7, -2.2, 2.5, -2.7, 2.0]]))
    last.bias.fill_(2.0)

grid = torch.linspace(-3, 3, 601).reshape(-1, 1)
curves = {
    "dense, ReLU, dense": last(torch.relu(first(grid))),
    "dense, dense": last(first(grid)),
    "dense, dense, ReLU": torch.relu(last(first(grid))),
}
fig, axes = plt.subplots(1, 3, figsize=(10, 3), sharey=True, layout="constrained")
for axis, (title, curve) in zip(axes, curves.items()):
    axis.plot(grid, curve.detach(), linewidth=2)
    axis.set(title=title, xlabel="input")
    for place in sign_changes:
        axis.axvline(place.item(), color="0.8", linewidth=1, zorder=0)
axes[0].set_ylabel("output")
plt.show()

# %% [markdown]
# With the ReLU in between, the curve bends at each grey line, where one hidden unit is switched on
# or off; more units, more bends. Without it the two layers give a straight line, whatever their
# weights. A ReLU after both cuts that line off at zero: it adds a single bend, and as the last
# thing in the network it forbids negative outputs.
#
# The straight line is no accident of our weights. Two dense layers in a row are one dense layer,
# with the weight $W_2 W_1$ and the bias $W_2 b_1 + b_2$:
#
# $$(x W_1^\top + b_1)\, W_2^\top + b_2 = x\, (W_2 W_1)^\top + (W_2 b_1 + b_2)$$

# %%
slope = (last.weight @ first.weight).item()
intercept = (last.weight @ first.bias + last.bias).item()
line = slope * grid + intercept
print(f"one layer: slope {slope:.2f}, intercept {intercept:.2f}")
print("same as dense, dense:", torch.allclose(line, curves["dense, dense"], atol=1e-4))

# %% [markdown] exercise="mlp" role="task"
# ## Exercise 3.1: an MLP of your own
#
# *3 points*
#
# Write the block `MLP(num_inputs, num_hidden, num_outputs)`: a dense layer, a ReLU, a dense layer.
#
# - **In**: `x`, float32, shape `(batch, num_inputs)`. **Out**: float32, shape
#   `(batch, num_outputs)`.
# - Both dense layers are `nn.Linear` with a bias. The first gives `num_hidden` values; the ReLU
#   acts on those; the second gives the output, and nothing comes after it.
# - The weights and biases of these two layers are the block's only parameters: four tensors, there
#   as soon as the constructor is done, and reached by `backward`.
# - Every `MLP` has parameters of its own.
#
# Names of attributes are up to you. The first tests cell (2 points) looks at what the block
# computes, the second (1 point) at its parameters in training and in a second instance.

# %% [markdown] exercise="mlp" role="hint"
# <details><summary>Hint 1</summary>
#
# Follow `Gate`: what must last from call to call is made in `__init__` and assigned to `self`;
# `forward` only uses it. Which number do the two layers have in common?
#
# </details>

# %% [markdown] exercise="mlp" role="hint"
# <details><summary>Hint 2</summary>
#
# The constructor makes `nn.Linear(num_inputs, num_hidden)` and `nn.Linear(num_hidden,
# num_outputs)`. In `forward`, pass `x` through the first, the result through `torch.relu` (or
# `F.relu`, which is the same), and that through the second.
#
# </details>

# %% exercise="mlp" role="solution" listing="S0-02 S3-02 S3-03"
class MLP(nn.Module):
    """Dense, ReLU, dense: (batch, num_inputs) float32 to (batch, num_outputs) float32."""

    def __init__(self, num_inputs: int, num_hidden: int, num_outputs: int) -> None:
        super().__init__()
        # BEGIN SOLUTION
        self.hidden = nn.Linear(num_inputs, num_hidden)
        self.output = nn.Linear(num_hidden, num_outputs)
        # END SOLUTION

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        # BEGIN SOLUTION
        return self.output(F.relu(self.hidden(x)))
        # END SOLUTION


# %% exercise="mlp" role="tests" points=2
# Exercise 3.1, tests 1 of 2: what an MLP computes.
def check_mlp(inputs, hidden, outputs, batch):
    name = f"MLP({inputs}, {hidden}, {outputs})"
    net = MLP(inputs, hidden, outputs)
    assert isinstance(net, nn.Module), (
        f"{name} gave {type(net).__name__}, not an nn.Module: is it class MLP(nn.Module)?")
    shapes = sorted(tuple(p.shape) for p in net.parameters())
    assert len(shapes) > 0, (
        f"{name} has no parameters before its first call, wanted 4 tensors: make the layers in "
        "__init__, not in forward, and assign each of them to self.")
    wanted_shapes = [(outputs,), (hidden,), (outputs, hidden), (hidden, inputs)]
    assert shapes == sorted(wanted_shapes), (
        f"{name} has parameters of shapes {shapes}, wanted {sorted(wanted_shapes)}: two nn.Linear "
        "with a bias each, one to num_hidden and one to num_outputs. Are sizes swapped, written "
        "as numbers, or taken from another MLP?")

    rng = np.random.default_rng(inputs)
    parameters = {tuple(p.shape): p for p in net.parameters()}
    with torch.no_grad():
        for p in parameters.values():
            p.copy_(torch.from_numpy(rng.normal(size=p.shape)))
    x = torch.from_numpy(rng.normal(size=(batch, inputs))).float()
    y = net(x)
    called = f"{name}(x) for x of shape ({batch}, {inputs})"
    assert type(y) is torch.Tensor, f"{called} gave {type(y).__name__}, not a torch.Tensor."
    assert tuple(y.shape) == (batch, outputs), (
        f"{called} gave shape {tuple(y.shape)}, wanted ({batch}, {outputs}).")
    assert y.dtype == torch.float32, f"{called} gave {y.dtype}, wanted torch.float32."

    w1, b1, w2, b2 = (parameters[s].detach().double().numpy() for s in (
        (hidden, inputs), (hidden,), (outputs, hidden), (outputs,)))
    x, y = x.double().numpy(), y.detach().double().numpy()
    h = x @ w1.T + b1
    wanted = np.maximum(h, 0) @ w2.T + b2
    linear = h @ w2.T + b2
    likely = {
        "there is no activation between the two layers": linear,
        "an activation acts on the output, where nothing should": np.maximum(wanted, 0),
        "the ReLU acts on the output and not between the layers": np.maximum(linear, 0),
        "the ReLU acts on the input and not on the hidden layer": (
            np.maximum(x, 0) @ w1.T + b1) @ w2.T + b2,
    }
    cause = next((c for c, v in likely.items() if np.allclose(y, v, rtol=1e-4, atol=1e-4)),
                 "is it dense, ReLU, dense, with nothing after, on the layers made in __init__?")
    row = np.abs(y - wanted).max(axis=1).argmax()
    assert np.allclose(y, wanted, rtol=1e-4, atol=1e-4), (
        f"{called} gave {y[row].round(3)} in row {row}, wanted {wanted[row].round(3)} with the "
        f"parameters that it has: {cause}")


for sizes in [(5, 7, 3, 6)]:
    check_mlp(*sizes)
# BEGIN HIDDEN TESTS
for sizes in [(3, 8, 6, 9), (6, 2, 4, 1)]:
    check_mlp(*sizes)
# END HIDDEN TESTS

# %% exercise="mlp" role="tests" points=1
# Exercise 3.1, tests 2 of 2: an MLP is trained, and shares nothing with other MLPs.
def check_training(inputs, hidden, outputs):
    name = f"MLP({inputs}, {hidden}, {outputs})"
    net, second = MLP(inputs, hidden, outputs), MLP(inputs, hidden, outputs)
    assert isinstance(net, nn.Module) and isinstance(second, nn.Module), (
        f"{name} gave {type(net).__name__}, not an nn.Module: is it class MLP(nn.Module)?")
    mine, theirs = list(net.parameters()), list(second.parameters())
    shapes = sorted(tuple(p.shape) for p in mine)
    assert shapes == sorted([(outputs,), (hidden,), (outputs, hidden), (hidden, inputs)]), (
        f"{name} has parameters of shapes {shapes}; get the first tests cell to pass first.")
    common = len({id(p) for p in mine} & {id(p) for p in theirs})
    assert common == 0, (
        f"two {name} share {common} parameters, wanted none: layers kept in the class, in a "
        "default argument or in a global are made once for all instances. Make them in __init__.")

    with torch.no_grad():
        for p in mine:
            p.fill_(0.5)
        for p in theirs:
            p.fill_(0.25)
    y = net(torch.ones(2, inputs))
    assert type(y) is torch.Tensor and y.requires_grad, (
        f"the output of {name} is cut off from its parameters, so nothing can be trained: no "
        "detach, no_grad or NumPy in forward.")
    y.sum().backward()
    reached = sum(p.grad is not None and bool(p.grad.abs().sum() > 0) for p in mine)
    assert reached == 4, (
        f"after backward {reached} of the 4 parameters of {name} have a gradient, wanted all: are "
        "all used in forward, and is nothing detached or made anew there?")
    assert all(p.grad is None for p in theirs), (
        f"backward through one {name} left gradients in another one: they share something.")


for sizes in [(4, 6, 2)]:
    check_training(*sizes)
# BEGIN HIDDEN TESTS
for sizes in [(1, 3, 5)]:
    check_training(*sizes)
# END HIDDEN TESTS

# %% [markdown]
# ## A container of your own
#
# `nn.Sequential` is a block like any other: a register of blocks, and a `forward` that loops over
# them. You will now write one. First, two things about the register that are worth knowing.
#
# ### A list is not a registry
#
# `Average` returns the mean of what its members return, an *ensemble*. The class does not care what
# kind of list it is given.
#
# **Predict**: how many parameter tensors do the two ensembles show?

# %%
class Average(nn.Module):
    def __init__(self, members):
        super().__init__()
        self.members = members

    def forward(self, x):
        return torch.stack([member(x) for member in self.members]).mean(dim=0)


in_a_list = Average([nn.Linear(2, 1), nn.Linear(2, 1)])
in_a_module_list = Average(nn.ModuleList([nn.Linear(2, 1), nn.Linear(2, 1)]))
for ensemble in (in_a_list, in_a_module_list):
    kind = type(ensemble.members).__name__
    count = len(list(ensemble.parameters()))
    print(f"{kind:10} output {tuple(ensemble(torch.ones(5, 2)).shape)}, parameters: {count}")

# %% [markdown]
# Both compute, and give outputs of the same shape. But whatever walks over the tree of blocks walks
# past the plain list. (`eval()` tells every block in the tree that it is not being trained, and
# `train()` that it is; the attribute `training` says which. Lesson 07 has layers that heed it.)

# %%
for ensemble in (in_a_list, in_a_module_list):
    ensemble.eval()
    ensemble.to(torch.float64)
    member = ensemble.members[0]
    print("saved:", len(ensemble.state_dict()), "tensors,", end=" ")
    print("told of eval():", not member.training, end=", ")
    print("converted:", member.weight.dtype == torch.float64)

# %% [markdown]
# Nothing raised. A larger network with such an ensemble inside would train everything but the
# ensemble, and save everything but the ensemble. `nn.ModuleList` and `nn.ModuleDict` are a list and
# a dictionary that register what they hold. `self.add_module(name, block)` registers a single block
# under a name that you compute.
#
# ### Then and now: a module as a dictionary key
#
# A register maps names to blocks. A well-known listing writes into it directly and, since each
# block is an object of its own, uses the block as its own name. Here is that idea in our ensemble,
# with one member listed twice so that it counts double.
#
# **Predict** the average of 1, 5 and 5, and what the register makes of it.

# %%
class KeyedAverage(nn.Module):
    def __init__(self, members):
        super().__init__()
        for member in members:
            self._modules[member] = member

    def forward(self, x):
        return torch.stack([member(x) for member in self._modules.values()]).mean(dim=0)


low, high = nn.Linear(1, 1), nn.Linear(1, 1)
with torch.no_grad():
    for member, output in ((low, 1.0), (high, 5.0)):
        member.weight.zero_()
        member.bias.fill_(output)
keyed = KeyedAverage([low, high, high])
print("wanted:", round((1 + 5 + 5) / 3, 2))
print("got:   ", keyed(torch.ones(1, 1)).item())

# %% [markdown]
# A dictionary holds each key once, so the repeated member was dropped without a word. And names
# have to be strings, since the name of a parameter is made by joining names with dots. Running such
# a block works; whatever asks for its parameters fails. To make an *optimizer* one has to ask for
# them: it is the object that takes the steps of gradient descent (lesson 02) for the parameters
# that it is given, and `lr` is the learning rate.

# %% tags=["raises-exception"]
torch.optim.SGD(keyed.parameters(), lr=0.1)

# %%
attempts = {
    "parameters()": lambda: list(keyed.parameters()),
    "state_dict()": lambda: keyed.state_dict(),
    "print": lambda: repr(keyed),
}
for what, attempt in attempts.items():
    try:
        attempt()
        print(what, "works")
    except TypeError as error:
        print(what, "raises", type(error).__name__)

# %% [markdown]
# Today's form: a string for every *place*, not for every block. `nn.Sequential` uses the number of
# the place. One trap is left: `children()`, the usual way to walk over the blocks inside a block,
# leaves out those that it has met before.
#
# **Predict** the four lines for a chain that uses one layer at two places.

# %%
shared = nn.Linear(2, 2)
chain = nn.Sequential(shared, nn.ReLU(), shared)
print("places:         ", len(chain))
print("children():     ", len(list(chain.children())))
print("parameters():   ", [name for name, parameter in chain.named_parameters()])
print("state_dict():   ", list(chain.state_dict()))

# %% [markdown]
# For parameters, counting once is right: a shared weight must be updated once per step, not twice.
# For running the blocks it would be wrong.

# %% [markdown] exercise="own-sequential" role="task"
# ## Exercise 3.2: your own Sequential
#
# *3 points*
#
# Write the container `OwnSequential(*blocks)`, without using `nn.Sequential`.
#
# - **In**: whatever the first block takes. **Out**: what the last block returns.
# - A call runs the blocks in the order given: the first on the input, each other one on what the
#   block before it returned. Each block is *called* (`block(x)`), so that its hooks run. Gradients
#   flow back through all of them, to the input.
# - Without any blocks the container returns its input.
# - The container holds the blocks themselves, not copies. Their parameters are the container's
#   parameters, so that whoever holds the container can train, convert and save them, and `train()`
#   and `eval()` reach every block.
# - The state dict of one `OwnSequential` loads into another one made from blocks of the same kinds
#   and sizes.
# - The same block may be given more than once. It then runs as often as it was given, at those
#   places, and its parameters count once in `parameters()`.
#
# The three tests cells (1 point each) look at what the container holds, at the order in which it
# runs the blocks, and at a block that is repeated.

# %% [markdown] exercise="own-sequential" role="hint"
# <details><summary>Hint 1</summary>
#
# There are two jobs. The constructor must get the blocks into the register: remember what became of
# the plain list. `forward` must carry one value from block to block, and without blocks that value
# is the input. Which view of the register leaves out repeated blocks?
#
# </details>

# %% [markdown] exercise="own-sequential" role="hint"
# <details><summary>Hint 2</summary>
#
# `self.blocks = nn.ModuleList(blocks)` registers each block under the number of its place, repeated
# or not, and can be looped over: `for block in self.blocks`. Rebind `x` in that loop. (Without
# `ModuleList`: `self.add_module(str(i), block)` for each place `i`, and a loop over
# `self._modules.values()`, not over `self.children()`.)
#
# </details>

# %% exercise="own-sequential" role="solution" listing="S0-03 S3-04"
class OwnSequential(nn.Module):
    """Chain blocks in the order given; the same block may appear twice."""

    def __init__(self, *blocks: nn.Module) -> None:
        super().__init__()
        # BEGIN SOLUTION
        for place, block in enumerate(blocks):
            self.add_module(str(place), block)
        # END SOLUTION

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        # BEGIN SOLUTION
        for block in self._modules.values():
            x = block(x)
        return x
        # END SOLUTION


# %% exercise="own-sequential" role="tests" points=1
# Exercise 3.2, tests 1 of 3: what the container holds, and its state dict.
def check_held(inputs, hidden, outputs):
    a, b = nn.Linear(inputs, hidden), nn.Linear(hidden, outputs)
    name = f"OwnSequential(Linear({inputs}, {hidden}), ReLU(), Linear({hidden}, {outputs}))"
    chain = OwnSequential(a, nn.ReLU(), b)
    assert isinstance(chain, nn.Module), f"{name} gave {type(chain).__name__}, not an nn.Module."
    try:
        found = {id(p) for p in chain.parameters()}
    except TypeError as error:
        raise AssertionError(
            f"{name}.parameters() raised TypeError ({error}): the names of registered blocks must "
            "be strings, and a block itself was used as the key.") from None
    ours = len(found & {id(p) for p in (*a.parameters(), *b.parameters())})
    assert len(found) > 0, (
        f"{name}.parameters() gave no parameters, wanted 4: blocks in a plain Python list, tuple "
        "or dictionary are invisible to the module; use nn.ModuleList or add_module.")
    assert ours == len(found), (
        f"{name} has {len(found) - ours} parameters that are not those of the blocks it was given: "
        "it must hold the blocks themselves, not copies.")
    assert ours == 4, (
        f"{name}.parameters() gave {ours} tensors, wanted 4: some blocks are not registered, or "
        "two blocks got the same name and the later one replaced the earlier.")
    assert not any(isinstance(m, nn.Sequential) for m in chain.modules()), (
        f"{name} uses nn.Sequential; the task is to do its work yourself.")
    fresh = OwnSequential(nn.Linear(inputs, hidden), nn.ReLU(), nn.Linear(hidden, outputs))
    try:
        fresh.load_state_dict(chain.state_dict())
    except RuntimeError:
        raise AssertionError(
            f"the state dict of one {name} does not load into another one: the names of the blocks "
            "must be the same in every instance (their places, say, and not their ids).") from None
    assert all(torch.equal(p, q) for p, q in zip(fresh.parameters(), (*a.parameters(),
                                                                      *b.parameters()))), (
        f"the state dict of one {name} was loaded into another, and their parameters differ.")


for sizes in [(3, 3, 3)]:
    check_held(*sizes)
# BEGIN HIDDEN TESTS
for sizes in [(4, 6, 2)]:
    check_held(*sizes)
inner, lone = nn.Dropout(0.5), nn.Linear(2, 3)
OwnSequential(OwnSequential(inner), lone).eval().to(torch.float64)
assert inner.training is False, (
    "eval() of an OwnSequential did not reach the dropout in an OwnSequential inside it.")
assert lone.weight.dtype == torch.float64, (
    "to(torch.float64) of an OwnSequential did not convert the layer that it was given.")
# END HIDDEN TESTS

# %% exercise="own-sequential" role="tests" points=1
# Exercise 3.2, tests 2 of 3: every block once, in order.
def check_order(inputs, hidden, outputs):
    a, b = nn.Linear(inputs, hidden), nn.Linear(hidden, outputs)
    rng = np.random.default_rng(inputs)
    with torch.no_grad():
        for p in (*a.parameters(), *b.parameters()):
            p.copy_(torch.from_numpy(rng.normal(size=p.shape)))
    name = f"OwnSequential(Linear({inputs}, {hidden}), ReLU(), Linear({hidden}, {outputs}))"
    chain, calls = OwnSequential(a, nn.ReLU(), b), []
    assert isinstance(chain, nn.Module), f"{name} gave {type(chain).__name__}, not an nn.Module."
    assert not any(isinstance(m, nn.Sequential) for m in (chain, *chain._modules.values())), (
        f"{name} uses nn.Sequential; the task is to do its work yourself.")
    x = torch.from_numpy(rng.normal(size=(5, inputs))).float().requires_grad_()
    handle = a.register_forward_hook(lambda *_: calls.append(1))
    y = chain(x)
    handle.remove()
    assert type(y) is torch.Tensor, f"{name}(x) gave {type(y).__name__}, not a torch.Tensor."
    if y.requires_grad:
        y.sum().backward()

    def dense(block, x):
        return x @ block.weight.detach().numpy().T + block.bias.detach().numpy()

    x64, got = x.detach().double().numpy(), y.detach().double().numpy()
    wanted = dense(b, np.maximum(dense(a, x64), 0))
    likely = {"only the first block ran": dense(a, x64)}
    if inputs == hidden == outputs:
        likely["the blocks ran in reversed order"] = dense(a, np.maximum(dense(b, x64), 0))
        likely["each block got the input, not what the block before it returned"] = dense(b, x64)
    cause = next((c for c, v in likely.items()
                  if got.shape == v.shape and np.allclose(got, v, rtol=1e-4, atol=1e-4)),
                 "run all blocks, once each, in the order given")
    assert got.shape == wanted.shape and np.allclose(got, wanted, rtol=1e-4, atol=1e-4), (
        f"{name}(x) gave shape {got.shape} beginning {got.ravel()[:3].round(3)}, wanted shape "
        f"{wanted.shape} beginning {wanted.ravel()[:3].round(3)}: {cause}.")
    assert len(calls) == 1, (
        f"a hook on the first block of {name} ran {len(calls)} times in one call, wanted once: "
        "write block(x), since block.forward(x) skips the hooks.")
    assert x.grad is not None, (
        f"no gradient flows back through {name} to its input: no detach and no no_grad in forward.")


for sizes in [(3, 3, 3)]:
    check_order(*sizes)
# BEGIN HIDDEN TESTS
for sizes in [(4, 6, 2)]:
    check_order(*sizes)
try:
    same = OwnSequential()(torch.tensor([[1.0, -2.0]]))
except Exception as error:
    raise AssertionError(f"OwnSequential()(x), a container without blocks, raised "
                         f"{type(error).__name__} ({error}), wanted x back.") from None
assert type(same) is torch.Tensor and torch.equal(same, torch.tensor([[1.0, -2.0]])), (
    "OwnSequential()(x), a container without blocks, must give x back.")
# END HIDDEN TESTS

# %% exercise="own-sequential" role="tests" points=1
# Exercise 3.2, tests 3 of 3: the same block twice.
def check_repeated(pattern):
    """Chain the blocks that the letters stand for: d is one Linear(3, 3), t is a Tanh."""
    dense, rng = nn.Linear(3, 3), np.random.default_rng(7)
    with torch.no_grad():
        dense.weight.copy_(torch.from_numpy(rng.normal(size=(3, 3))))
    blocks = {"d": dense, "t": nn.Tanh()}
    name = f"OwnSequential({', '.join({'d': 'dense', 't': 'tanh'}[c] for c in pattern)})"
    chain, calls = OwnSequential(*(blocks[c] for c in pattern)), []
    assert isinstance(chain, nn.Module), f"{name} gave {type(chain).__name__}, not an nn.Module."
    handle = dense.register_forward_hook(lambda *_: calls.append(1))
    x = torch.tensor([[0.5, -1.0, 2.0]])
    y = chain(x)
    handle.remove()
    assert type(y) is torch.Tensor and tuple(y.shape) == (1, 3), (
        f"{name}(x) gave {type(y).__name__} of shape {tuple(getattr(y, 'shape', ()))}, wanted a "
        "torch.Tensor of shape (1, 3).")
    w, b = dense.weight.detach().double().numpy(), dense.bias.detach().double().numpy()
    wanted = x.double().numpy()
    for c in pattern:
        wanted = wanted @ w.T + b if c == "d" else np.tanh(wanted)
    got, uses = y.detach().double().numpy(), pattern.count("d")
    right = np.allclose(got, wanted, rtol=1e-4, atol=1e-4)
    assert len(calls) >= uses, f"calls of dense in {name}(x): {len(calls)}, wanted {uses}: " + (
        "the repeated block was copied, or run by block.forward(x)." if right else
        "the repeated block was dropped. Sets, dictionaries with blocks or their types as keys, "
        "and children() keep one of each.")
    assert len(calls) == uses and right, (
        f"{name}(x) gave {got[0].round(3)}, wanted {wanted[0].round(3)}: a repeated block runs at "
        "each of the places where it was given, and nowhere else.")
    held = {id(p) for p in chain.parameters()}
    assert held == {id(dense.weight), id(dense.bias)}, (
        f"{name} has {len(held)} parameters, wanted the 2 of dense: a repeated block is one block, "
        "registered and not copied.")


for pattern in ["dtd"]:
    check_repeated(pattern)
# BEGIN HIDDEN TESTS
for pattern in ["dd", "tddtdt"]:
    check_repeated(pattern)
# END HIDDEN TESTS

# %% [markdown]
# ## Constants in the forward pass
#
# Not every tensor in a block should be trained. The mean of the training data, a table of
# positions, a random projection that stays as it was drawn: such constants take part in the
# computation and are left alone by the optimizer. Where to keep them?
#
# ### Parameter, buffer, plain attribute
#
# **Predict**: the block below keeps a tensor in each of five ways. Fill in this table with yes and
# no before you run the cell that prints it.
#
# | kept as | saved? | converted and moved by `.to()`? | trained? |
# |---|---|---|---|
# | `nn.Parameter(t)` | | | |
# | `nn.Parameter(t, requires_grad=False)` | | | |
# | `register_buffer(name, t)` | | | |
# | `register_buffer(name, t, persistent=False)` | | | |
# | plain attribute | | | |

# %%
class Keeper(nn.Module):
    def __init__(self):
        super().__init__()
        self.parameter = nn.Parameter(torch.ones(1))
        self.frozen = nn.Parameter(torch.ones(1), requires_grad=False)
        self.register_buffer("buffer", torch.ones(1))
        self.register_buffer("scratch", torch.ones(1), persistent=False)
        self.plain = torch.ones(1)


keeper = Keeper().to(torch.float64)
answer = {True: "yes", False: "no"}
print("kept as    saved  converted  trained")
for name in ("parameter", "frozen", "buffer", "scratch", "plain"):
    tensor = getattr(keeper, name)
    saved = answer[name in keeper.state_dict()]
    converted = answer[tensor.dtype == torch.float64]
    print(f"{name:10} {saved:6} {converted:10} {answer[tensor.requires_grad]}")

# %% [markdown]
# A *buffer* is the home of a constant: saved, moved, not trained. A frozen parameter does the same
# job; it says "could be trained, is not now". A buffer that is not persistent suits what can be
# computed again. A plain attribute is right for things that are no part of the state, such as a
# width or a flag, and wrong for tensors.
#
# ### Then and now: the constant that was not saved
#
# The books have a listing for such a block, too. It keeps its random constant in a plain attribute.
# As long as one works with one and the same object, all is well. So let us save it and load it into
# a second one.
#
# **Predict**: PyTorch will report on the loading. Will the second object give the same outputs?

# %%
class PlainMix(nn.Module):
    def __init__(self):
        super().__init__()
        self.dense = nn.Linear(3, 3)
        self.mix = torch.rand(3, 3)

    def forward(self, x):
        return self.dense(x) @ self.mix


torch.manual_seed(1)
original, twin = PlainMix(), PlainMix()
print(twin.load_state_dict(original.state_dict()))
probe = torch.ones(2, 3)
print("same outputs:", torch.allclose(original(probe), twin(probe)))

# %% [markdown]
# All keys matched, and the second object computes something else: the constant was no key, and each
# object has drawn its own. Moving the block to another type or device fails too, this time aloud:

# %% tags=["raises-exception"]
original.to(torch.float64)(probe.to(torch.float64))

# %% [markdown]
# Today's form is one line: `register_buffer`. The constant is then reached as `self.mix`, as
# before.

# %%
class BufferMix(nn.Module):
    def __init__(self):
        super().__init__()
        self.dense = nn.Linear(3, 3)
        self.register_buffer("mix", torch.rand(3, 3))

    def forward(self, x):
        return self.dense(x) @ self.mix


torch.manual_seed(1)
original, twin = BufferMix(), BufferMix()
print(twin.load_state_dict(original.state_dict()))
print("same outputs:", torch.allclose(original(probe), twin(probe)))
print("converted:", original.to(torch.float64)(probe.to(torch.float64)).dtype)

# %% [markdown]
# ### One layer, used twice
#
# A layer may be used at two places in one `forward`. The two uses share one weight and one bias,
# whose gradients are the sums of what both uses contribute (lesson 04 looks at that).
#
# How do you know how often a layer is used? Not from the parameters. One edition of the listing
# that this section is about says in its text that the dense layer is reused, while its code calls
# the layer once. Below are two blocks with the same promise in their docstrings.
#
# **Predict**: how do their parameter counts compare? The hook counts calls; what does it say?

# %%
class Twice(nn.Module):
    """Use one dense layer twice."""

    def __init__(self):
        super().__init__()
        self.dense = nn.Linear(4, 4)

    def forward(self, x):
        return self.dense(torch.tanh(self.dense(x)))


class SaysTwice(Twice):
    """Use one dense layer twice (or so it says)."""

    def forward(self, x):
        return torch.tanh(self.dense(x))


for block in (Twice(), SaysTwice()):
    calls = []
    handle = block.dense.register_forward_hook(lambda *_: calls.append(1))
    block(torch.ones(1, 4))
    count = sum(p.numel() for p in block.parameters())
    print(f"{type(block).__name__:9} {count} parameters, calls of dense: {len(calls)}")

# %% [markdown] exercise="fixed-weight-mlp" role="task"
# ## Exercise 3.3: a fixed weight
#
# *3 points*
#
# Write the block `FixedWeightMLP(width)`. It has one dense layer, `nn.Linear(width, width)` with a
# bias, and one constant matrix `C`, and computes
#
# $$h = \mathrm{dense}(x), \qquad r = \mathrm{relu}(h\,C + 1), \qquad y = \mathrm{dense}(r)$$
#
# - **In** and **out**: float32, shape `(batch, width)`.
# - `dense` is the *same* layer both times. Its weight and bias are all that is trained.
# - `C` has shape `(width, width)`. The constructor draws it once from the uniform distribution on
#   [0, 1); every instance draws its own, and a call never changes it.
# - `C` is saved: it is in the block's `state_dict()`, stored the way round in which `h @ C` uses
#   it. It is the only tensor there that is not trained.
# - `block.to(torch.float64)` converts `C` too, and the block then takes and gives float64.
# - Gradients flow back through the product with `C` into the first use of `dense`.
#
# The three tests cells (1 point each) look at what is stored, at what the block computes, and at
# training steps.

# %% [markdown] exercise="fixed-weight-mlp" role="hint"
# <details><summary>Hint 1</summary>
#
# Look at the table that `Keeper` printed: which rows say saved, converted, and not trained? And how
# many `nn.Linear` does the constructor make, if both uses are to be the same layer?
#
# </details>

# %% [markdown] exercise="fixed-weight-mlp" role="hint"
# <details><summary>Hint 2</summary>
#
# Constructor: one `nn.Linear(width, width)`, and `self.register_buffer("C", torch.rand(width,
# width))`. Forward: call the layer on `x`; multiply by `self.C` from the right with `@`, add 1,
# apply `F.relu`; call the same layer on that.
#
# </details>

# %% exercise="fixed-weight-mlp" role="solution" listing="S0-04 S3-05"
class FixedWeightMLP(nn.Module):
    """Dense, fixed random product and ReLU, the same dense again: (batch, width) to the same."""

    def __init__(self, width: int) -> None:
        super().__init__()
        # BEGIN SOLUTION
        self.dense = nn.Linear(width, width)
        self.register_buffer("C", torch.rand(width, width))
        # END SOLUTION

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        # BEGIN SOLUTION
        r = F.relu(self.dense(x) @ self.C + 1)
        return self.dense(r)
        # END SOLUTION


# %% exercise="fixed-weight-mlp" role="tests" points=1
# Exercise 3.3, tests 1 of 3: what is stored.
def state_of(block):
    """Name and tensor of all that the state dict holds, each tensor once."""
    items = block.state_dict(keep_vars=True).items()
    return dict({id(t): (name, t) for name, t in items}.values())


def check_stored(width):
    name, block = f"FixedWeightMLP({width})", FixedWeightMLP(width)
    assert isinstance(block, nn.Module), f"{name} gave {type(block).__name__}, not an nn.Module."
    state = state_of(block)
    trained = sorted(tuple(t.shape) for t in state.values() if t.requires_grad)
    fixed = [key for key, t in state.items() if not t.requires_grad]
    assert trained.count((width,)) < 2, (
        f"{name} trains tensors of shapes {trained}, wanted one weight and one bias: there are two "
        "dense layers, but the same layer should be used twice.")
    assert trained.count((width, width)) < 2, (
        f"{name} trains {trained.count((width, width))} matrices, wanted only the weight of dense: "
        "C is trainable. An nn.Parameter is trained unless told otherwise; use a buffer.")
    assert trained == [(width,), (width, width)], (
        f"{name} trains tensors of shapes {trained}, wanted {[(width,), (width, width)]}: one "
        "nn.Linear(width, width) with a bias, assigned to self in __init__.")
    assert [tuple(state[key].shape) for key in fixed] == [(width, width)], (
        f"the state dict of {name} has {len(fixed)} tensors that are not trained, wanted C alone: "
        "a plain tensor attribute is not saved; register_buffer is for that.")
    before = state[fixed[0]].clone()
    block(torch.ones(1, width))
    assert torch.equal(block.state_dict()[fixed[0]], before), (
        f"a call of {name} changed C: draw it once, in __init__, and not in forward.")


for width in (3,):
    check_stored(width)
C, other = (next(t for t in state_of(FixedWeightMLP(40)).values() if not t.requires_grad)
            for _ in range(2))
assert 0 <= C.min() < 0.1 and 0.9 < C.max() < 1 and 0.4 < C.mean() < 0.6, (
    f"C of FixedWeightMLP(40) runs from {C.min():.2f} to {C.max():.2f} with mean {C.mean():.2f}: "
    "wanted a draw from the uniform distribution on [0, 1), as torch.rand makes.")
assert not torch.equal(C, other), (
    "two FixedWeightMLP(40) have the same C: every instance draws its own, without a fixed seed.")
# BEGIN HIDDEN TESTS
check_stored(width=5)
double = FixedWeightMLP(4).to(torch.float64)
try:
    result = double(torch.ones(1, 4, dtype=torch.float64))
except RuntimeError as error:
    raise AssertionError(f"FixedWeightMLP(4).to(torch.float64), given float64, raised ({error}): "
                         "is the C that is used the one that is registered?") from None
assert type(result) is torch.Tensor and result.dtype == torch.float64, (
    "FixedWeightMLP(4).to(torch.float64), given float64, must give a float64 tensor.")
# END HIDDEN TESTS

# %% exercise="fixed-weight-mlp" role="tests" points=1
# Exercise 3.3, tests 2 of 3: what is computed.
def check_output(width, batch):
    name, block = f"FixedWeightMLP({width})", FixedWeightMLP(width)
    assert isinstance(block, nn.Module), f"{name} gave {type(block).__name__}, not an nn.Module."
    rng = np.random.default_rng(width)
    rows = 3 * rng.normal(size=(batch, width))
    x, weight, bias, C = (torch.from_numpy(a).float() for a in (
        np.concatenate([rows, -rows]), rng.normal(size=(width, width)),
        rng.normal(size=width) / 4, rng.uniform(size=(width, width))))
    state = {id(t): t for t in block.state_dict(keep_vars=True).values()}
    assert len(state) == 3, (
        f"{name} holds {len(state)} tensors, wanted 3; get the first tests cell to pass first.")
    with torch.no_grad():
        for t in state.values():
            t.copy_(bias if t.dim() == 1 else weight if t.requires_grad else C)
    y = block(x)
    assert type(y) is torch.Tensor, f"{name}(x) gave {type(y).__name__}, not a torch.Tensor."
    assert tuple(y.shape) == tuple(x.shape) and y.dtype == torch.float32, (
        f"{name}(x) gave {y.dtype} of shape {tuple(y.shape)}, wanted float32 of {tuple(x.shape)}.")
    x, w, b, c, got = (t.detach().double().numpy() for t in (x, weight, bias, C, y))
    h = x @ w.T + b

    def rest(a):
        return np.maximum(a, 0) @ w.T + b

    wanted = rest(h @ c + 1)
    likely = {"the + 1 is missing": rest(h @ c), "C is transposed": rest(h @ c.T + 1),
              "dense is used once, and should be used twice": np.maximum(h @ c + 1, 0),
              "the first use of dense is missing": rest(x @ c + 1),
              "the ReLU is missing": (h @ c + 1) @ w.T + b,
              "the ReLU comes before the product with C": rest(np.maximum(h, 0) @ c + 1),
              "the 1 is added after the ReLU": (np.maximum(h @ c, 0) + 1) @ w.T + b}
    cause = next((t for t, v in likely.items() if np.allclose(got, v, rtol=1e-3, atol=1e-3)),
                 "is it dense, h @ C + 1 with the C of the state dict, ReLU, dense?")
    row = np.abs(got - wanted).max(axis=1).argmax()
    assert np.allclose(got, wanted, rtol=1e-3, atol=1e-3), (
        f"{name}(x) gave {got[row].round(3)} in row {row}, wanted {wanted[row].round(3)} with the "
        f"weight, bias and C that it has: {cause}")


for width, batch in [(3, 4)]:
    check_output(width, batch)
# BEGIN HIDDEN TESTS
for width, batch in [(5, 3)]:
    check_output(width, batch)
# END HIDDEN TESTS

# %% exercise="fixed-weight-mlp" role="tests" points=1
# Exercise 3.3, tests 3 of 3: two training steps.
def check_steps(width, batch):
    name, block = f"FixedWeightMLP({width})", FixedWeightMLP(width)
    assert isinstance(block, nn.Module), f"{name} gave {type(block).__name__}, not an nn.Module."
    state = {id(t): t for t in block.state_dict(keep_vars=True).values()}.values()
    state = sorted(state, key=lambda t: (t.requires_grad, t.dim()))
    kinds, square = [(t.requires_grad, tuple(t.shape)) for t in state], (width, width)
    assert kinds == [(False, square), (True, (width,)), (True, square)], (
        f"the state dict of {name} should hold the trained weight and bias of one layer, and C, "
        f"which is not trained; it holds (trained, shape) {kinds}.")
    C, bias, weight = state
    rng = np.random.default_rng(width)
    rows = rng.normal(size=(batch, width))
    x, factor, constant = (torch.from_numpy(a).float() for a in (
        np.concatenate([rows, -rows]), rng.normal(size=(2 * batch, width)),
        rng.uniform(size=square)))
    with torch.no_grad():
        C.copy_(constant)
        weight.copy_(torch.from_numpy(rng.normal(size=square)))
        bias.fill_(0.25)

    for step in (1, 2):
        weight.grad = bias.grad = None
        w, b, c = (t.detach().clone().double().numpy() for t in (weight, bias, constant))
        y = block(x)
        assert type(y) is torch.Tensor and y.requires_grad, (
            f"the output of {name} is cut off from its parameters: no detach, no_grad or NumPy.")
        (factor * y).sum().backward()
        got = None if weight.grad is None else weight.grad.double().numpy()
        assert got is not None and bias.grad is not None, (
            f"step {step}: backward through {name} left the weight or the bias without gradient.")
        a = (x.double().numpy() @ w.T + b) @ c + 1
        upstream = factor.double().numpy()
        second_use = upstream.T @ np.maximum(a, 0)
        wanted = second_use + (((upstream @ w) * (a > 0)) @ c.T).T @ x.double().numpy()
        cause = "if the first tests cell passes, something is replaced or cut off on the way."
        if np.allclose(got, second_use, rtol=1e-3, atol=1e-3):
            cause = ("only the second use of dense counts: something in front of it is cut off by "
                     "detach, no_grad or .data.")
        assert np.allclose(got, wanted, rtol=1e-3, atol=1e-3), (
            f"step {step}: the gradient of the weight of {name} begins {got[0].round(3)}, wanted "
            f"{wanted[0].round(3)}: {cause}")
        torch.optim.SGD([weight, bias], lr=0.01).step()
        assert any(torch.equal(t, constant) for t in block.state_dict().values()), (
            f"training step {step} changed C of {name}: it is drawn once and stays.")


for width, batch in [(3, 4)]:
    check_steps(width, batch)
# BEGIN HIDDEN TESTS
for width, batch in [(6, 2)]:
    check_steps(width, batch)
# END HIDDEN TESTS

# %% [markdown]
# ## Python control flow in the forward pass
#
# ### Branches and loops
#
# `forward` is ordinary Python and runs anew on each call. It may look at the numbers and decide
# what to do next. Autograd records what was done, so the gradient belongs to the path that was
# taken.
#
# `Switch` sends the batch to one of two blocks, depending on the sign of its sum.
#
# **Predict**: after the call and `backward`, which of the two layers has a gradient?

# %%
class Switch(nn.Module):
    def __init__(self, if_positive, otherwise):
        super().__init__()
        self.if_positive = if_positive
        self.otherwise = otherwise

    def forward(self, x):
        if x.sum() > 0:
            return self.if_positive(x)
        return self.otherwise(x)


switch = Switch(nn.Linear(2, 1), nn.Linear(2, 1))
switch(torch.tensor([[3.0, -1.0]])).sum().backward()
print("if_positive has a gradient:", switch.if_positive.weight.grad is not None)
print("otherwise has a gradient:  ", switch.otherwise.weight.grad is not None)

# %% [markdown]
# The layer on the path not taken has none: not zero, but `None`.
#
# `if` and `while` need *one* answer, so the condition must be one number. The sum above runs over
# the whole batch. With one sum per example Python cannot choose:

# %% tags=["raises-exception"]
if torch.tensor([[3.0, -1.0], [-4.0, 1.0]]).sum(dim=1) > 0:
    print("positive")

# %% [markdown]
# A loop is no different: it runs as often as the data ask for, and the recorded graph is as long as
# the loop turned out to be. The next block squares its input until nothing in it exceeds 0.1.
#
# **Predict**: starting from 0.9, how often? After $k$ rounds $x$ has become $x^{2^k}$; what is the
# gradient?

# %%
class SquareUntilSmall(nn.Module):
    def forward(self, x):
        self.rounds = 0
        while x.max() > 0.1:
            x = x * x
            self.rounds += 1
        return x


square = SquareUntilSmall()
for start in (0.9, 0.3):
    x = torch.tensor([start], requires_grad=True)
    square(x).sum().backward()
    power = 2**square.rounds
    print(f"start {start}: {square.rounds} rounds, gradient {x.grad.item():.4f},", end=" ")
    print(f"by hand {power * start ** (power - 1):.4f}")

# %% [markdown]
# (In Keras, where the same code also has to run as a graph, such a loop is written as
# `keras.ops.while_loop`.)
#
# ### Then and now: a loop that changes its input
#
# The listing that ends this topic in the books has a line such as `x /= 2` in its `forward`. For
# numbers, `x /= 2` and `x = x / 2` come to the same. For tensors they do not: the first writes into
# the tensor that `x` names, the second makes a new tensor and lets `x` name that.
#
# **Predict** what the caller's tensor holds after each of these two blocks was called.

# %%
class HalveInPlace(nn.Module):
    def forward(self, x):
        x /= 2
        return x


class Halve(nn.Module):
    def forward(self, x):
        x = x / 2
        return x


for block in (HalveInPlace(), Halve()):
    mine = torch.tensor([8.0, 4.0])
    block(mine)
    print(f"{type(block).__name__:13} leaves the caller with {mine.tolist()}")

# %% [markdown]
# The first block damages the data of its caller: the next pass over the data starts from smaller
# numbers. Inside a network the tensor belongs to the block before, which may still need it. A ReLU,
# for one, keeps its output to compute its gradient, and autograd notices that it was overwritten:

# %% tags=["raises-exception"]
spoilt = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), HalveInPlace())
spoilt(torch.ones(1, 2)).sum().backward()

# %% [markdown]
# It is noticed only where the old values are needed. Where they are not, the same block goes
# through, and the mistake can stay hidden for a long time. Bind a new tensor instead:

# %%
for earlier, halve in ((nn.Identity(), HalveInPlace()), (nn.ReLU(), Halve())):
    sound = nn.Sequential(nn.Linear(2, 2), earlier, halve)
    sound(torch.ones(1, 2)).sum().backward()
    print(type(earlier).__name__, "then", type(halve).__name__, "back-propagates")

# %% [markdown] exercise="shrink" role="task"
# ## Exercise 3.4: halve until small
#
# *3 points*
#
# Write the block `Shrink(limit=1.0)`. It halves its input as often as is needed, and no more often,
# until the sum of the absolute values is at most `limit`, and returns the result.
#
# - **In**: `x`, finite numbers, float32, of any shape. **Out**: the same shape and dtype. `limit`
#   is a Python float above 0.
# - The sum runs over the whole of `x`, the batch axis included: one sum, and one number of halvings
#   for all entries.
# - A sum exactly at the limit is small enough. An input that is small enough comes back with its
#   values unchanged.
# - The caller's tensor keeps its values.
# - After *k* halvings the gradient of each output entry with respect to its input entry is
#   $2^{-k}$.
# - The block has no parameters, and works as part of an `nn.Sequential`, in training too.
#
# The first tests cell (2 points) looks at values, the second (1 point) at gradients and at the
# block inside a Sequential.

# %% [markdown] exercise="shrink" role="hint"
# <details><summary>Hint 1</summary>
#
# The condition must be one number for the whole batch, and minus signs must not cancel plus signs.
# The body must not write into the tensor that came in. Does your loop stop when the sum *equals*
# the limit?
#
# </details>

# %% [markdown] exercise="shrink" role="hint"
# <details><summary>Hint 2</summary>
#
# Keep `limit` in the constructor. Then `while x.abs().sum() > self.limit:` with `x = x / 2` as its
# body, and `return x` after the loop. No `detach` is needed: the comparison does not take part in
# the gradient.
#
# </details>

# %% exercise="shrink" role="solution"
class Shrink(nn.Module):
    """Halve x until its absolute values sum to at most limit; same shape and dtype."""

    def __init__(self, limit: float = 1.0) -> None:
        super().__init__()
        # BEGIN SOLUTION
        self.limit = limit
        # END SOLUTION

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        # BEGIN SOLUTION
        while x.abs().sum() > self.limit:
            x = x / 2
        return x
        # END SOLUTION


# %% exercise="shrink" role="tests" points=2
# Exercise 3.4, tests 1 of 2: the values that come back, and the caller's tensor.
def check_shrink(values, limit=None):
    name = "Shrink()" if limit is None else f"Shrink({limit})"
    block = Shrink() if limit is None else Shrink(limit)
    assert isinstance(block, nn.Module), f"{name} gave {type(block).__name__}, not an nn.Module."
    x = torch.tensor(values)
    y = block(x)
    called = f"{name}(x) for x = {values}"
    assert type(y) is torch.Tensor, f"{called} gave {type(y).__name__}, not a torch.Tensor."
    before = np.array(values, dtype=np.float32)
    assert tuple(y.shape) == before.shape and y.dtype == torch.float32, (
        f"{called} gave {y.dtype} of shape {tuple(y.shape)}, wanted float32 of {before.shape}.")
    assert np.array_equal(x.numpy(), before), (
        f"{called} changed the caller's tensor to {x.tolist()}: /= and methods such as div_ work "
        "in place; make a new tensor with x = x / 2.")

    before, got = before.astype(np.float64), y.detach().double().numpy()
    limit = 1.0 if limit is None else limit
    total = np.abs(before).sum()
    wanted, halvings = before, 0
    while np.abs(wanted).sum() > limit:
        wanted, halvings = wanted / 2, halvings + 1
    rows = np.abs(np.atleast_1d(before)).sum(axis=-1, keepdims=True)
    by_row = np.ceil(np.log2(np.maximum(rows / limit, 1)))
    signed = np.ceil(np.log2(max(before.sum() / limit, 1)))
    likely = {
        "it was halved once too often; a sum exactly at the limit is small enough": wanted / 2,
        "it was halved once; halve as often as needed": before / 2,
        "it was scaled to land on the limit; only halving is allowed": (
            before * limit / (total or 1)),
        "each row went by its own sum; there is one sum, over the whole batch": before / 2**by_row,
        "the signs cancelled in the sum; sum the absolute values": before / 2**signed,
        "nothing was halved": before,
    }
    cause = next((c for c, v in likely.items() if np.allclose(got, v, rtol=1e-5, atol=0)),
                 "is it the sum of all absolute values, against the limit that was given?")
    assert np.allclose(got, wanted, rtol=1e-5, atol=0), (
        f"{called} gave {got.round(5).tolist()}, wanted {wanted.round(5).tolist()}, which is x "
        f"halved {halvings} times: {cause}")


for case in [([[3.0, -2.0], [-1.0, 0.5]],), ([0.5, -0.25, 0.25],), ([[8.0, 4.0, 4.0]], 4.0)]:
    check_shrink(*case)
# BEGIN HIDDEN TESTS
for case in [([[[7.0, -1.0]], [[-9.0, 4.0]], [[2.0, -0.5]]], 2.5), ([[0.2, -0.3]], 0.01),
             ([[5.0, -4.0], [0.0, 0.5]], 12.0), ([[0.0, 0.0]],), (-12.0, 5.0),
             ([[-6.0], [-5.0], [-4.0]], 4.0)]:
    check_shrink(*case)
# END HIDDEN TESTS

# %% exercise="shrink" role="tests" points=1
# Exercise 3.4, tests 2 of 2: the gradient, alone and inside a Sequential.
def check_gradient(values, limit):
    name = f"Shrink({limit})"
    block = Shrink(limit)
    assert isinstance(block, nn.Module), f"{name} gave {type(block).__name__}, not an nn.Module."
    assert len(list(block.parameters())) == 0, f"{name} has parameters, wanted none."
    advice = "halve with x = x / 2: no in-place change, no detach, no NumPy"
    x = torch.tensor(values, requires_grad=True)
    dense = nn.Linear(len(values[0]), 3)
    with torch.no_grad():
        dense.weight.copy_(torch.tensor([[2.0], [-3.0], [1.0]]) * torch.ones_like(dense.weight))
        dense.bias.fill_(0.5)
    net = nn.Sequential(dense, nn.ReLU(), block)
    try:
        alone, nested = block(x), net(torch.tensor(values))
        for y in (alone, nested):
            assert type(y) is torch.Tensor and y.requires_grad, (
                f"the output of {name} does not depend on its input for autograd: {advice}.")
            y.sum().backward()
    except NotImplementedError:
        raise
    except RuntimeError as error:
        raise AssertionError(f"back-propagating through {name} raised RuntimeError "
                             f"({str(error)[:90]}…): {advice}.") from None

    v = np.array(values)
    hidden = v @ np.array([[2.0, -3.0, 1.0]] * v.shape[1]) + 0.5
    k, nested_k = (max(0, int(np.ceil(np.log2(np.abs(a).sum() / limit))))
                   for a in (v, np.maximum(hidden, 0)))
    assert np.allclose(alone.detach().numpy(), v * 0.5**k, rtol=1e-5, atol=0), (
        f"{name}(x) for x = {values} gave wrong values; get the first tests cell to pass first.")
    got = None if x.grad is None else x.grad.numpy()
    assert got is not None and np.allclose(got, 0.5**k, rtol=1e-5, atol=0), (
        f"the gradient of {name}(x) for x = {values} is {got if got is None else got.tolist()}, "
        f"wanted {0.5**k} everywhere, as x is halved {k} times: {advice}.")
    wanted = 0.5**nested_k * (hidden > 0).T @ v
    got = None if dense.weight.grad is None else dense.weight.grad.double().numpy()
    assert got is not None and np.allclose(got, wanted, rtol=1e-5, atol=0), (
        f"in Sequential(dense, ReLU(), {name}) the weight of dense got a gradient of "
        f"{got if got is None else got.tolist()}, wanted {wanted.tolist()}: {advice}.")


for values, limit in [([[3.0, -2.0], [-1.0, 0.5]], 1.0)]:
    check_gradient(values, limit)
# BEGIN HIDDEN TESTS
for values, limit in [([[1.5, 2.5, -7.0]], 0.3), ([[0.25, 0.5], [-1.0, 0.1]], 100.0)]:
    check_gradient(values, limit)
# END HIDDEN TESTS

# %% [markdown]
# ## Blocks of blocks
#
# ### Nesting
#
# Everything so far is an `nn.Module`, your own classes as much as the built-in ones. They can be
# mixed and nested freely, and each container asks its parts for their parameters in turn.
#
# **Predict**: how many parameters does this network have? A dense layer from $a$ to $b$ has
# $ab + b$, and a `Gate(4)` holds one from 4 to 4.

# %% listing="S0-05 S3-06"
mixed = nn.Sequential(
    nn.Linear(3, 4),
    nn.Sequential(Gate(4), nn.Tanh()),
    Switch(nn.Linear(4, 2), nn.Sequential(Gate(4), nn.Linear(4, 2))),
)
print("output:", tuple(mixed(torch.ones(5, 3)).shape))
print("parameters:", sum(p.numel() for p in mixed.parameters()))
for name, block in mixed.named_modules():
    indent = "    " * (name.count(".") + 1 if name else 0)
    print(f"{indent}{name.rpartition('.')[2] or 'mixed'}: {type(block).__name__}")

# %% [markdown]
# The printout is the tree of blocks. A path through it, such as `2.otherwise.0.dense`, names one
# block, and with `.weight` at its end one tensor in the state dict. Lesson 04 works with these
# paths.

# %% [markdown]
# ### Factories
#
# Deep networks repeat a block many times. Copying the line is tedious, so people multiply lists.
#
# **Predict**: a `Gate(4)` has 20 parameters. How many do three of them have?

# %%
multiplied = nn.Sequential(*[Gate(4)] * 3)
print("blocks:", len(multiplied))
print("parameters:", sum(p.numel() for p in multiplied.parameters()))
print("first is third:", multiplied[0] is multiplied[2])

# %% [markdown]
# `[block] * 3` holds the same object three times: a network of depth three with the parameters of
# one. That may be what you want, and is called weight sharing. If it is not, you need the *recipe*
# for a block and not the block: a function that makes a new one each time it is called, a
# *factory*.

# %%
def make_gate():
    return Gate(4)


one, other = make_gate(), make_gate()
print("same object:", one is other)
print("same weights:", torch.equal(one.dense.weight, other.dense.weight))

# %% [markdown]
# Blocks also stand side by side. Networks that look at an image at several scales run the same
# input through several branches, and lay the results next to each other:
#
# ```mermaid
# flowchart LR
#     x([input]) --> a["left block"]
#     x --> b["right block"]
#     a --> join["concatenate on the last axis"]
#     b --> join
#     join --> y([output])
# ```
#
# In the last exercise you write both: the branches and the factory.

# %% [markdown] exercise="parallel" role="task"
# ## Exercise 3.5: side by side, and over again
#
# *4 points*
#
# Two pieces that larger networks are made of.
#
# **`Parallel(left, right)`** is a block that holds two blocks, gives its input to both, and
# concatenates what they return along the *last* axis, `left` first.
#
# - **In**: `x`, float32, rank 2 or more. **Out**: float32; if `left` returns `(..., a)` and `right`
#   returns `(..., b)`, the result is `(..., a + b)`.
# - Both blocks are *called* (`left(x)`), on the input as it came. Their parameters are the
#   parameters of the `Parallel`, and `backward` reaches all of them.
# - `left` and `right` may be one and the same block.
#
# **`repeat_block(make_block, n)`** is a function that returns an `nn.Sequential` of `n` blocks, for
# `n` of 1 or more.
#
# - `make_block` is a function without arguments that returns a new block each time.
# - `repeat_block` calls it exactly `n` times, and the result holds exactly the blocks that came
#   back, in the order in which they were made.
#
# The first two tests cells (1 point each) look at what `Parallel` holds and calls and at what it
# computes, the third (2 points) at `repeat_block`.

# %% [markdown] exercise="parallel" role="hint"
# <details><summary>Hint 1</summary>
#
# `Parallel`: assign both blocks to `self`, and call both on the same `x`. The last axis has a name
# that holds for every rank. `repeat_block`: how often does `[make_block()] * n` call `make_block`?
#
# </details>

# %% [markdown] exercise="parallel" role="hint"
# <details><summary>Hint 2</summary>
#
# `torch.cat([a, b], dim=-1)` concatenates along the last axis, whatever the rank. A list
# comprehension calls the factory anew for each entry, `[make_block() for _ in range(n)]`, and
# `nn.Sequential(*blocks)` takes its blocks as separate arguments.
#
# </details>

# %% exercise="parallel" role="solution"
class Parallel(nn.Module):
    """Run two blocks on one input; (..., a) and (..., b) become (..., a + b), left first."""

    def __init__(self, left: nn.Module, right: nn.Module) -> None:
        super().__init__()
        # BEGIN SOLUTION
        self.left = left
        self.right = right
        # END SOLUTION

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        # BEGIN SOLUTION
        return torch.cat([self.left(x), self.right(x)], dim=-1)
        # END SOLUTION


def repeat_block(make_block: Callable[[], nn.Module], n: int) -> nn.Sequential:
    """Chain n blocks, each from its own call of make_block."""
    # BEGIN SOLUTION
    return nn.Sequential(*[make_block() for _ in range(n)])
    # END SOLUTION


# %% exercise="parallel" role="tests" points=1
# Exercise 3.5, tests 1 of 3: what Parallel holds, and how it calls it.
def check_held(width):
    left, right = nn.Linear(width, width), nn.Linear(width, width)
    name = f"Parallel(Linear({width}, {width}), Linear({width}, {width}))"
    block = Parallel(left, right)
    assert isinstance(block, nn.Module), f"{name} gave {type(block).__name__}, not an nn.Module."
    held = {id(p) for p in block.parameters()}
    assert len(held) > 0, (
        f"{name} has no parameters, wanted 4: a plain list, tuple or dictionary hides blocks from "
        "the module; assign each one to self, or use nn.ModuleList.")
    assert held == {id(p) for p in (*left.parameters(), *right.parameters())}, (
        f"the parameters of {name} are not the 4 of the blocks it was given: it must hold both "
        "blocks, and no copies.")
    ran = []
    for part in (left, right):
        part.register_forward_hook(lambda part, *_: ran.append(part))
    try:
        y = block(torch.ones(2, 3, width))
    except NotImplementedError:
        raise
    except (RuntimeError, IndexError, TypeError) as error:
        raise AssertionError(f"{name}(x) raised {type(error).__name__} ({error}): both blocks get "
                             "x as it came, and cat takes a list of what they return.") from None
    assert type(y) is torch.Tensor, f"{name}(x) gave {type(y).__name__}, not a torch.Tensor."
    assert left in ran and right in ran, (
        f"{name}(x) did not run the hooks of both blocks: write left(x), since left.forward(x) "
        "skips what a call does.")
    if y.requires_grad:
        y.sum().backward()
    reached = sum(p.grad is not None for p in block.parameters())
    assert reached == 4, (
        f"backward reached {reached} of the 4 parameters of {name}, wanted all: no detach, no "
        "no_grad and no NumPy in forward.")


for width in [2]:
    check_held(width)
# BEGIN HIDDEN TESTS
for width in [5]:
    check_held(width)
# END HIDDEN TESTS

# %% exercise="parallel" role="tests" points=1
# Exercise 3.5, tests 2 of 3: two blocks side by side.
def check_parallel(shape, a, b):
    left, right = nn.Linear(shape[-1], a), nn.Linear(shape[-1], b)
    rng = np.random.default_rng(a + b)
    with torch.no_grad():
        for p in (*left.parameters(), *right.parameters()):
            p.copy_(torch.from_numpy(rng.normal(size=p.shape)))
    name, block = f"Parallel(Linear({shape[-1]}, {a}), Linear({shape[-1]}, {b}))", Parallel(
        left, right)
    assert isinstance(block, nn.Module), f"{name} gave {type(block).__name__}, not an nn.Module."
    x = torch.from_numpy(rng.normal(size=shape)).float()
    try:
        y = block(x)
    except NotImplementedError:
        raise
    except (RuntimeError, IndexError, TypeError) as error:
        raise AssertionError(
            f"{name}(x) for x of shape {shape} raised {type(error).__name__} ({error}): both "
            "blocks get x, and their results are concatenated on the last axis.") from None
    assert type(y) is torch.Tensor, f"{name}(x) gave {type(y).__name__}, not a torch.Tensor."
    l, r = (x.numpy() @ part.weight.detach().numpy().T + part.bias.detach().numpy()
            for part in (left, right))
    got, wanted = y.detach().numpy(), np.concatenate([l, r], axis=-1)
    cause = "both results belong side by side on the last axis"
    if got.shape == l.shape:
        cause = "the results were added or multiplied, or only one came back; concatenate them"
    elif got.shape == (2 * shape[0], *shape[1:-1], a):
        cause = "that is concatenation on axis 0, the batch; the last axis is wanted"
    elif len(shape) > 2 and got.shape == (shape[0], 2 * shape[1], *shape[2:-1], a):
        cause = "that is concatenation on axis 1, which is the last axis only for rank 2"
    elif got.shape == wanted.shape:
        cause = "call both blocks on the input as it came"
        if np.allclose(got, np.concatenate([r, l], axis=-1), rtol=1e-4, atol=1e-4):
            cause = "the right block came first; left goes first"
        elif np.allclose(got[..., :a], l, rtol=1e-4, atol=1e-4):
            cause = "the right block got what the left one returned; both must get the input"
    assert got.shape == wanted.shape and np.allclose(got, wanted, rtol=1e-4, atol=1e-4), (
        f"{name}(x) for x of shape {shape} gave {y.dtype} of shape {got.shape} that begins "
        f"{got.ravel()[:4].round(3)}, wanted shape {wanted.shape} that begins "
        f"{wanted.ravel()[:4].round(3)}: {cause}.")
    assert y.dtype == torch.float32, f"{name}(x) gave {y.dtype}, wanted torch.float32."


for shape in [(5, 2), (5, 4, 2)]:
    check_parallel(shape, a=2, b=2)
# BEGIN HIDDEN TESTS
for shape, a, b in [((3, 4), 1, 6), ((1, 2, 5, 3), 4, 2)]:
    check_parallel(shape, a, b)
both = nn.Linear(3, 2)
y = Parallel(both, both)(torch.ones(4, 3))
assert type(y) is torch.Tensor and tuple(y.shape) == (4, 4), (
    f"Parallel(dense, dense), one block on both sides, gave shape {tuple(getattr(y, 'shape', ()))}"
    ", wanted (4, 4): children() and dictionaries with blocks as keys keep one of each.")
# END HIDDEN TESTS

# %% exercise="parallel" role="tests" points=2
# Exercise 3.5, tests 3 of 3: a factory, called n times.
def check_repeat(n, width):
    made = []

    def make_block():
        made.append(nn.Linear(width, width))
        return made[-1]

    name = f"repeat_block(make_block, {n})"
    try:
        net = repeat_block(make_block, n)
    except TypeError as error:
        raise AssertionError(f"{name} raised TypeError ({error}): nn.Sequential must get blocks, "
                             "make_block(), each made once.") from None
    assert isinstance(net, nn.Sequential), (
        f"{name} gave {type(net).__name__}, wanted an nn.Sequential.")
    blocks = list(net)
    if len(made) == 1 < len(blocks):
        same = all(block is blocks[0] for block in blocks)
        raise AssertionError(
            f"{name} called make_block once and holds " + (
                "one instance at all places, which shares its parameters" if same else
                "copies of that block, which all start with identical weights")
            + f": wanted {n} calls, one for each block.")
    assert len(made) == n, (
        f"{name} called make_block {len(made)} times, wanted {n}: call it once for each block.")
    assert len(blocks) == n, (
        f"blocks that {name} holds: {len(blocks)}, wanted {n}: unpack the list with a star, "
        "nn.Sequential(*blocks).")
    places = [next((i for i, m in enumerate(made) if m is block), None) for block in blocks]
    assert places == list(range(n)), (
        f"{name} holds the blocks made as number {places} (None: not made by make_block), wanted "
        f"{list(range(n))}: all of them as they came back, in the order in which they were made.")
    x = torch.from_numpy(np.random.default_rng(n).normal(size=(2, width))).float()
    y = net(x)
    wanted = x.double().numpy()
    for m in made:
        wanted = wanted @ m.weight.detach().double().numpy().T + m.bias.detach().double().numpy()
    assert type(y) is torch.Tensor and tuple(y.shape) == (2, width) and np.allclose(
        y.detach().numpy(), wanted, rtol=1e-4, atol=1e-4), (
        f"{name}(x) does not run its {n} blocks one after the other.")


for n in [3, 2]:
    check_repeat(n, width=4)
# BEGIN HIDDEN TESTS
for n in [1, 7]:
    check_repeat(n, width=3)
# END HIDDEN TESTS

# %% [markdown]
# ## PyTorch and Keras side by side
#
# | idea | PyTorch | Keras 3 |
# |---|---|---|
# | a block is | an `nn.Module` | a `keras.Layer`; a `keras.Model` is a `Layer` that can do more |
# | you write | `__init__` and `forward` | `__init__` and `call`, at times `build` |
# | you use | `block(x)`: hooks, then `forward` | `block(x)`: `build` if needed, then `call` |
# | dense layer | `nn.Linear(20, 256)` | `layers.Dense(256)`: input width inferred |
# | its weight | `(out, in)`, `x @ W.T + b` | `(in, out)`, `x @ W + b` |
# | its bias starts | uniform within ±1/√in | at zero |
# | chain of blocks | `nn.Sequential(a, b)` | `keras.Sequential([a, b])` |
# | assignment registers | modules and parameters | layers and variables, also in lists and dicts |
# | several blocks | `nn.ModuleList`, `nn.ModuleDict` | a plain list or dictionary |
# | `super().__init__()` missing | raises when a layer is assigned | raises when called |
# | everything saved | `state_dict()` | `weights` |
# | what is trained | `parameters()` with `requires_grad` | `trainable_weights` |
# | saved, not trained | `register_buffer("c", value)` | `add_weight(..., trainable=False)` |
# | to load it | build the block, `load_state_dict` | the same; whole models: `get_config` |
# | loop on the data | Python `while` | `keras.ops.while_loop` |
# | join on the last axis | `torch.cat([a, b], dim=-1)` | `ops.concatenate([a, b], axis=-1)` |

# %% [markdown]
# ## Summary
#
# - A block takes inputs, holds parameters and gives outputs; blocks hold blocks, so a network is a
#   tree of them, and every tool that walks the tree works on your blocks too.
# - Write `forward`, call the block. The call does the bookkeeping (hooks) around `forward`.
# - The base class knows what you *assigned* to `self` as a module, an `nn.Parameter` or a buffer.
#   What it does not know is not trained, not saved and not moved, and no error says so.
# - A container is a registry plus a loop. Keys must be unique and stable, and walking `children()`
#   loses repeated blocks.
# - A layer that is used twice has one set of parameters. A constant belongs in a buffer.
# - Python loops and branches are fine in `forward`; in-place changes of the input are not.
# - A factory makes new blocks, with new parameters, each time; repeating one instance shares them.

# %% [markdown]
# ## Where to read on
#
# - [Modules](https://docs.pytorch.org/docs/stable/notes/modules.html), PyTorch's own notes on what
#   a module is: registration, state, hooks, training mode.
# - [`torch.nn.Module`](https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html) and
#   [`torch.nn.Sequential`](https://docs.pytorch.org/docs/stable/generated/torch.nn.Sequential.html),
#   the reference pages.
# - [Making new layers and models via subclassing](https://keras.io/guides/making_new_layers_and_models_via_subclassing/),
#   the same ground in Keras.
# - *Dive into Deep Learning*, chapter [Builders' Guide](https://d2l.ai/chapter_builders-guide/index.html),
#   the chapter from which this unit grew.
# - A. Géron, *Hands-On Machine Learning*, chapter 12, "Custom Models and Training with TensorFlow".
#
# Next: lesson 04 looks into the tree of blocks and reads, sets and ties its parameters.
