# %% [markdown]
# # Initialisation
#
# Training changes the weights of a network little by little, so the weights must start somewhere.
# Where they start decides whether the network learns at all: if all hidden units start alike they
# stay alike, and if the numbers are a little too small or too large, thirty layers turn the input
# into zeros or into overflow. In this lesson you learn what a layer starts with, how to start it
# with something else, how large that should be, and how to start one part of a network over again.
#
# **Afterwards you can**
#
# - say what each kind of layer starts with, and draw all dense layers of any network anew;
# - write an initialiser of your own that keeps type, shape and the link to the optimizer;
# - say why the scale of the weights matters in a deep network, and choose it;
# - give each layer a scheme of its own without one overwriting the other;
# - compute fan-in, fan-out and the Xavier bound of a dense or a convolution weight by hand;
# - use seeds, and start one block over while every other bit stays as it was.
#
# **Time**: about 55 minutes. **You need**: lesson 04 (parameters) and what comes before it.
#
# **How to work.** Where you read *Predict*, stop and write your answer down before you run the cell
# below it; a wrong prediction is where the learning happens. In an exercise, fill in the solution
# cell, run it, then run the tests cells under it: a failed test says what was called, what came
# back, what was wanted and the likely cause. When you hand in, the same rules are also checked on
# other inputs. **Validate** in JupyterLab runs the notebook from top to bottom, as the grader will.
# *Run All Cells* stops at the first tests cell that fails, so take an exercise cell by cell.

# %% role="setup"
import math
from functools import partial

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn

# %% [markdown]
# ## What a layer starts with
#
# A layer draws its first weights in its constructor. Nothing has to be asked for, so it is easy to
# forget that a choice was made.
#
# **Predict**: the dense layer below has 400 inputs, and each output of the convolution also depends
# on 400 numbers (16 channels, 5 by 5). Lesson 03 gave the rule for dense layers: uniform between
# $-1/\sqrt{n}$ and $1/\sqrt{n}$. Which largest weight do you expect? Which layers start with the
# same numbers each time?

# %%
torch.manual_seed(0)
kinds = {
    "Linear(400, 300)": nn.Linear(400, 300),
    "Conv2d(16, 32, 5)": nn.Conv2d(16, 32, 5),
    "Embedding(400, 300)": nn.Embedding(400, 300),
    "LayerNorm(300)": nn.LayerNorm(300),
}
print("layer                tensor  from    to     std")
for kind, layer in kinds.items():
    for name, p in layer.named_parameters():
        low, high, std = p.min().item(), p.max().item(), p.std().item()
        print(f"{kind:20} {name:7} {low:5.2f}  {high:5.2f}  {std:5.3f}")

# %% [markdown]
# Dense layers and convolutions follow the same rule, for the weight and for the bias: the bound is
# $1/\sqrt{400} = 0.05$. An *embedding*, a table with one row of numbers per word, draws from the
# standard normal distribution. A normalisation layer multiplies what it has normalised by 1 and
# adds 0: it starts without any effect of its own.
#
# Numbers that are uniform between $-a$ and $a$ have the standard deviation $a/\sqrt{3}$, which for
# 0.05 is the 0.029 of the table. We shall need that again.
#
# ## Normal and constant starts
#
# ### Filling a tensor in place
#
# The module `nn.init` holds functions that fill a tensor: `normal_`, `uniform_`, `constant_`,
# `zeros_` and others. The underscore at the end says that they write into the tensor that they are
# given, and do not make a new one.

# %%
torch.manual_seed(0)
dense = nn.Linear(100, 50)
before = dense.weight
result = nn.init.normal_(dense.weight, mean=0.0, std=0.01)
nn.init.zeros_(dense.bias)
print("std of the weight:", round(dense.weight.std().item(), 3))
print("still the same parameter:", dense.weight is before, " returned too:", result is before)

# %% [markdown]
# It matters that the parameter stays the same object: an optimizer that was made before holds on to
# it (lesson 04).
#
# Why a module of functions, when every tensor has methods such as `fill_` and `normal_`?
#
# **Predict**: what does the next cell do?

# %% tags=["raises-exception"]
dense.weight.fill_(0.5)

# %% [markdown]
# A parameter requires a gradient, and autograd refuses to have a leaf overwritten that it is
# watching (lesson 04). The functions of `nn.init` turn autograd off while they write. For methods
# you do it yourself, with `torch.no_grad()`:

# %%
with torch.no_grad():
    dense.weight.fill_(0.5)
print("all 0.5:", bool((dense.weight == 0.5).all()))
print("still requires a gradient:", dense.weight.requires_grad)

# %% [markdown]
# ### Over a whole network
#
# `net.apply(f)` calls the function `f` on every block of the tree, the network itself included.
# The function looks at what it got and does something about it, or does nothing.
#
# **Predict**: which layers of this network will have a standard deviation of 0.01 afterwards?

# %% listing="S0-13 S3-10"
def draw_normal(block):
    if type(block) is nn.Linear:
        nn.init.normal_(block.weight, mean=0.0, std=0.01)
        nn.init.zeros_(block.bias)


class Scaled(nn.Linear):
    """A dense layer whose output is halved."""

    def forward(self, x):
        return super().forward(x) / 2


torch.manual_seed(0)
inner = nn.Sequential(nn.ReLU(), nn.Linear(50, 100), Scaled(100, 50))
net = nn.Sequential(nn.Linear(100, 50), inner)
net.apply(draw_normal)
for path, block in net.named_modules():
    if isinstance(block, nn.Linear):
        print(f"{path:4} {type(block).__name__:7} std {block.weight.std().item():.3f}")

# %% [markdown]
# **Then and now.** The function above is how listings of this kind have been written for years, and
# it works on the networks that they show. It has three gaps. The first you have just seen: the test
# `type(block) is nn.Linear` passes over *subclasses*, and says nothing. This is not far-fetched;
# PyTorch's own attention layer has such a part inside.

# %%
attention = nn.MultiheadAttention(embed_dim=8, num_heads=2)
part = attention.out_proj
print("type is nn.Linear:", type(part) is nn.Linear, " isinstance:", isinstance(part, nn.Linear))

# %% [markdown]
# The second gap: a layer may have no bias. Its attribute `bias` is then `None`.

# %% tags=["raises-exception"]
nn.Linear(3, 2, bias=False).apply(draw_normal)

# %% [markdown]
# The third gap: a layer may have no weight *yet*. `nn.LazyLinear` (lesson 03) learns its number of
# inputs from the first batch. Before that its weight is a placeholder without shape.
#
# **Predict**: an `nn.LazyLinear` is an `nn.Linear` by `isinstance`. What does the first line do,
# and what does the last one print?

# %%
lazy = nn.Sequential(nn.LazyLinear(50), nn.ReLU(), nn.Linear(50, 2))
try:
    nn.init.normal_(lazy[0].weight, std=0.01)
except ValueError as error:
    print("ValueError:", str(error).split(" in <")[0])
lazy(torch.ones(1, 100))
nn.init.normal_(lazy[0].weight, std=0.01)
print(tuple(lazy[0].weight.shape), "std", round(lazy[0].weight.std().item(), 2))

# %% [markdown]
# So call such a network once, on any batch of the right width, and initialise it after that. The
# first call draws the layer's default, and you draw over it.
#
# ### All the same number
#
# `nn.init.constant_` fills a tensor with one number. Why not start there? The next cell trains a
# network with four hidden units from a constant start and from a random one.
#
# **Predict**: after training, how many *different* hidden units does each network have? (A hidden
# unit is a row of the first weight.)

# %% listing="S0-14 S3-11"
def draw_constant(block):
    if isinstance(block, nn.Linear):
        nn.init.constant_(block.weight, 0.5)
        nn.init.zeros_(block.bias)


def train(net, steps=200):
    """Fit y = x1 * x2 on a few points; return the loss after the last step."""
    points = torch.tensor([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])
    wanted = points.prod(dim=1, keepdim=True)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.3)
    for _ in range(steps):
        optimizer.zero_grad()
        loss = ((net(points) - wanted) ** 2).mean()
        loss.backward()
        optimizer.step()
    return loss.item()


for start in ("constant", "default"):
    torch.manual_seed(1)
    net = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 1))
    if start == "constant":
        net.apply(draw_constant)
    loss = train(net)
    units = np.unique(net[0].weight.detach().numpy().round(4), axis=0)
    print(f"{start:8} start: different hidden units {len(units)}, loss {loss:.1f}")

# %% [markdown]
# Units that start alike compute the same, get the same gradient and take the same step. The network
# has four hidden units and behaves as if it had one. Random numbers *break the symmetry*. For
# biases a constant is fine: units with different weights are different already.

# %% [markdown] exercise="normal-everywhere" role="task"
# ## Exercise 5.1: normal everywhere
#
# *3 points*
#
# Write the function `init_normal(net, example)`. It draws the weights of all dense layers in `net`
# from the normal distribution with mean 0 and *standard deviation* 0.01, and sets their biases to
# zero.
#
# - **In**: `net`, any `nn.Module`; `example`, a batch that `net` can be called on (float32). The
#   function changes `net` in place. What it returns is not looked at.
# - A dense layer is an `nn.Linear` or an instance of a subclass of it. It counts at any depth of
#   the tree, and `net` itself may be one.
# - A dense layer may have no bias.
# - `net` may hold `nn.LazyLinear`s that have never been called. They count too: call `net` on
#   `example` to give them their shapes.
# - Every weight gets a draw of its own; two layers of one shape do not get the same numbers.
# - The parameters stay the objects that they were, and the parameters of all other layers keep
#   their values. (In training mode the call of `net` moves the running statistics of batch norm.
#   They are no parameters, and no test looks at them.)
#
# The three tests cells (1 point each) look at which layers are reached, at the distribution, and at
# lazy layers and what must not change.

# %% [markdown] exercise="normal-everywhere" role="hint"
# <details><summary>Hint 1</summary>
#
# Start from `draw_normal` and mend the three gaps that the text names, one by one. Which of
# `net.children()`, `net.modules()` and `net.apply` reach every block?
#
# </details>

# %% [markdown] exercise="normal-everywhere" role="hint"
# <details><summary>Hint 2</summary>
#
# First `net(example)`. Then for each `block` in `net.modules()`: if `isinstance(block, nn.Linear)`,
# call `nn.init.normal_(block.weight, std=0.01)`, and if `block.bias is not None`, call
# `nn.init.zeros_(block.bias)`.
#
# </details>

# %% exercise="normal-everywhere" role="solution"
def init_normal(net: nn.Module, example: torch.Tensor) -> None:
    """Draw the weights of all dense layers from N(0, 0.01²), set their biases to 0, in place."""
    # BEGIN SOLUTION
    net(example)  # gives lazy layers their shapes
    for block in net.modules():
        if isinstance(block, nn.Linear):
            nn.init.normal_(block.weight, std=0.01)
            if block.bias is not None:
                nn.init.zeros_(block.bias)
    # END SOLUTION


# %% exercise="normal-everywhere" role="tests" points=1
# Exercise 5.1, tests 1 of 3: dense layers at every depth, of every kind.
class Doubling(nn.Linear):
    """A dense layer whose output is doubled."""

    def forward(self, x):
        return 2 * super().forward(x)


def check_reached(title, net, width):
    dense = [(n, m) for n, m in net.named_modules() if isinstance(m, nn.Linear)]
    with torch.no_grad():
        for p in net.parameters():
            p.fill_(7.0)
    try:
        init_normal(net, torch.ones(2, width))
    except AttributeError as error:
        raise AssertionError(
            f"init_normal on {title} raised AttributeError ({error}): a layer made with bias=False "
            "has None for its bias; a container has no weight.") from None
    for path, layer in dense:
        where = f"after init_normal on {title} the {type(layer).__name__} at '{path}'"
        cause = ("it was not reached; net.modules() and net.apply see every depth and net itself, "
                 "children() sees one level.")
        if type(layer) is not nn.Linear:
            cause = ("it was not reached, as it is a subclass of nn.Linear; use isinstance, which "
                     "accepts subclasses, and not a comparison of types.")
        largest = layer.weight.detach().abs().max().item()
        assert largest != 7, f"{where} has the weights that it had: {cause}"
        assert 0 < largest < 7, f"{where} has weights of size up to {largest:.3f}, wanted a draw."
        assert layer.bias is None or bool((layer.bias == 0).all()), (
            f"{where} has a bias that is not zero; biases start at 0, too.")


twins = nn.Sequential(nn.Linear(70, 70), nn.ReLU(), nn.Sequential(nn.Linear(70, 70), nn.Tanh()))
mixed = nn.Sequential(Doubling(60, 80), nn.ReLU(), nn.Linear(80, 60, bias=False))
for case in [("a nested Sequential", twins, 70), ("a Sequential with a subclass", mixed, 60)]:
    check_reached(*case)
# BEGIN HIDDEN TESTS
deep = nn.Sequential(nn.Sequential(nn.Sequential(nn.ReLU(), Doubling(50, 90, bias=False))))
for case in [("nn.Linear(50, 90)", nn.Linear(50, 90), 50), ("a chain three deep", deep, 50)]:
    check_reached(*case)
# END HIDDEN TESTS

# %% exercise="normal-everywhere" role="tests" points=1
# Exercise 5.1, tests 2 of 3: the distribution.
def check_distribution(*sizes):
    net = nn.Sequential(*(nn.Linear(a, b) for a, b in zip(sizes, sizes[1:])))
    init_normal(net, torch.ones(2, sizes[0]))
    for layer in net:
        w = layer.weight.detach().double().numpy()
        where = f"after init_normal on a Sequential the weights of Linear{w.shape[::-1]}"
        cause = "is it a normal distribution with std=0.01 and mean 0?"
        if 0.09 < w.std() < 0.11:
            cause = "0.01 is to be the standard deviation, and not the variance."
        assert 0.009 < w.std() < 0.011 and abs(w.mean()) < 0.001, (
            f"{where} have mean {w.mean():.4f} and standard deviation {w.std():.4f}, wanted 0 and "
            f"0.01: {cause}")
        share = np.mean(np.abs(w) > 0.02)
        assert 0.02 < share < 0.08, (
            f"{where}: {share:.1%} are beyond two standard deviations, wanted about 4.6%, as in a "
            "normal distribution: is it uniform, or cut off?")
    assert not torch.equal(net[0].weight, net[1].weight), (
        "init_normal on a Sequential gave two layers the same numbers: draw for each, with no "
        "seed.")


for sizes in [(70, 70, 70)]:
    check_distribution(*sizes)
# BEGIN HIDDEN TESTS
for sizes in [(80, 80, 80, 50)]:
    check_distribution(*sizes)
# END HIDDEN TESTS

# %% exercise="normal-everywhere" role="tests" points=1
# Exercise 5.1, tests 3 of 3: lazy layers, and what must stay.
def check_lazy(width, hidden):
    norm, first = nn.LayerNorm(hidden), nn.LazyLinear(hidden)
    net = nn.Sequential(nn.Sequential(first, norm), nn.Tanh(), nn.Linear(hidden, 60))
    with torch.no_grad():
        norm.weight.fill_(0.75)
        norm.bias.fill_(0.25)
    before = dict(net.named_parameters())
    title = "a network that starts with a LazyLinear and a LayerNorm"
    try:
        init_normal(net, torch.ones(3, width))
    except (ValueError, RuntimeError) as error:
        if isinstance(error, NotImplementedError):
            raise
        raise AssertionError(
            f"init_normal on {title} raised {type(error).__name__} ({str(error)[:60]}…): a lazy "
            "layer has no weight to fill before net(example).") from None
    assert not nn.parameter.is_lazy(first.weight), (
        f"after init_normal on {title} the lazy layer still has no weight: call net(example).")
    w, b = (p.detach().double().numpy() for p in (first.weight, first.bias))
    assert w.shape == (hidden, width), f"the lazy layer has a weight of shape {w.shape}."
    cause = "get the first two tests cells to pass first."
    if abs(w.std() * np.sqrt(3 * width) - 1) < 0.1:
        cause = ("that is its default, drawn when it was first called: it was not reached, or "
                 "drawn first and called later; call net(example) before you draw.")
    assert 0.009 < w.std() < 0.011 and np.all(b == 0), (
        f"after init_normal on {title} the lazy layer, two levels deep, has weights with standard "
        f"deviation {w.std():.4f}, wanted 0.01, and a bias up to {np.abs(b).max():.4f}, wanted 0: "
        f"{cause}")
    assert bool((norm.weight == 0.75).all() and (norm.bias == 0.25).all()), (
        f"init_normal on {title} changed the LayerNorm; only dense layers are to be drawn: ask "
        "what kind of layer it is, not what its parameters are called.")
    for path, p in net.named_parameters():
        assert p is before.get(path), (
            f"init_normal replaced the parameter {path} by a new object, which an optimizer made "
            "before does not know: fill the old one in place.")
        assert p.requires_grad, f"init_normal left {path} with requires_grad=False."


for width, hidden in [(80, 60)]:
    check_lazy(width, hidden)
# BEGIN HIDDEN TESTS
for width, hidden in [(45, 110)]:
    check_lazy(width, hidden)
# END HIDDEN TESTS

# %% [markdown]
# ## An initialiser of your own
#
# An initialiser in PyTorch is any function that fills a tensor. Those of `nn.init` share four
# habits, which are worth keeping: a name that ends in an underscore, writing *into* the tensor,
# autograd off, and the same tensor as the result. Here is one that sets each entry to $+s$ or to
# $-s$.

# %%
@torch.no_grad()
def random_signs_(tensor, scale=1.0):
    """Fill the tensor with +scale and -scale at random; any shape and type; returns it."""
    tensor.bernoulli_(0.5)  # 0 or 1
    return tensor.mul_(2 * scale).sub_(scale)


torch.manual_seed(0)
dense = nn.Linear(3, 2)
random_signs_(dense.weight, scale=0.5)
print("values:", dense.weight.unique().tolist())
print("requires a gradient:", dense.weight.requires_grad)
print("recorded:", dense.weight.grad_fn is not None)

# %% [markdown]
# ### Into the tensor, or into a name
#
# The same thing seems easier to write with an expression.
#
# **Predict**: what does the layer hold after this version?

# %%
@torch.no_grad()
def signs_by_expression(tensor, scale=1.0):
    tensor = scale * torch.sign(torch.rand(tensor.shape) - 0.5)
    return tensor


dense = nn.Linear(3, 2)
before = dense.weight.detach().clone()
signs_by_expression(dense.weight)
print("changed:", not torch.equal(dense.weight, before))

# %% [markdown]
# `tensor = …` binds the *name* to a new tensor; the layer still holds the old one. An expression is
# fine if its result is written back: `tensor.copy_(…)`.
#
# ### The type of the tensor
#
# **Then and now.** A well-known listing draws uniform numbers and keeps some of them by multiplying
# with a mask of zeros and ones: `draw * mask.float()`. In TensorFlow that raises an error for
# everything but float32. PyTorch *promotes* (lesson 01): half precision, `float16`, times float32
# gives float32, without a word.
#
# **Predict**: the layer below is in half precision. What type does its weight have if the product
# replaces it, and what if it is copied into it?

# %%
def masked(shape, dtype):
    draw = torch.empty(shape, dtype=dtype).uniform_(-1, 1)
    return draw * (draw > 0).float()


half = nn.Linear(3, 2, dtype=torch.float16)
with torch.no_grad():
    half.weight.copy_(masked((2, 3), torch.float16))
print("copied:  ", half.weight.dtype)
half.weight = nn.Parameter(masked((2, 3), torch.float16))
print("replaced:", half.weight.dtype)

# %% tags=["raises-exception"]
half(torch.ones(1, 3, dtype=torch.float16))

# %% [markdown]
# The error comes late, when the layer is used. An initialiser that works in place cannot make this
# mistake: `bernoulli_`, `mul_` and `copy_` keep the type of the tensor that they write to.
#
# ### Settings
#
# Initialisers have settings, such as the scale above. Code that applies an initialiser calls it
# with the tensor only; `partial` fixes the rest. In Keras an initialiser is an object with a
# configuration, because the saved model names it. PyTorch saves values, and forgets how they were
# drawn.

# %% listing="S1-17"
def fill_weights(net, initialise):
    for block in net.modules():
        if isinstance(block, nn.Linear):
            initialise(block.weight)


net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
fill_weights(net, partial(random_signs_, scale=0.125))
print([block.weight.unique().tolist() for block in (net[0], net[2])])
print(list(net.state_dict()))

# %% [markdown] exercise="thresholded-uniform" role="task"
# ## Exercise 5.2: a uniform draw with a hole
#
# *3 points*
#
# Write the initialiser `thresholded_uniform_(tensor, limit=10.0, edge=5.0)`. It draws each entry
# from the uniform distribution between `-limit` and `limit`. A draw $x$ with $|x| \ge$ `edge` is
# kept; any other becomes 0.
#
# - **In**: `tensor` of any shape, also `()` and `(0, 3)`, and of type float16, bfloat16, float32 or
#   float64; it may be a parameter. `limit` and `edge` are floats, $0 \le$ `edge` $\le$ `limit`.
# - The tensor is filled in place and keeps its type. **Out**: the same tensor.
# - There is one draw per entry: with the defaults about half of the entries are 0. A draw of
#   exactly `edge` is kept; in bfloat16, with its few digits, that is no rarity.
# - Each call is a new draw.
# - A parameter stays what it is: autograd records nothing, and `requires_grad` does not change.
#
# The first tests cell (2 points) looks at the values, the second (1 point) at types, shapes and
# parameters.

# %% [markdown] exercise="thresholded-uniform" role="hint"
# <details><summary>Hint 1</summary>
#
# Follow `random_signs_`: which method of a tensor draws uniform numbers in place? After that, which
# entries have to be set to 0? No entry is drawn a second time.
#
# </details>

# %% [markdown] exercise="thresholded-uniform" role="hint"
# <details><summary>Hint 2</summary>
#
# Under `torch.no_grad()`: `tensor.uniform_(-limit, limit)`, then
# `tensor.masked_fill_(tensor.abs() < edge, 0.0)`. (A product with the mask works too, if it is
# `tensor.mul_(tensor.abs() >= edge)`.)
#
# </details>

# %% exercise="thresholded-uniform" role="solution" listing="S0-16"
def thresholded_uniform_(
    tensor: torch.Tensor, limit: float = 10.0, edge: float = 5.0
) -> torch.Tensor:
    """Fill with U(-limit, limit), entries below edge in size set to 0; in place, any shape."""
    # BEGIN SOLUTION
    with torch.no_grad():
        tensor.uniform_(-limit, limit)
        return tensor.masked_fill_(tensor.abs() < edge, 0.0)
    # END SOLUTION


# %% exercise="thresholded-uniform" role="tests" points=2
# Exercise 5.2, tests 1 of 2: the values.
def check_values(*settings):
    limit, edge = settings or (10.0, 5.0)
    called = f"thresholded_uniform_({', '.join(['t', *map(str, settings)])})"
    tensors = [torch.full((50, 80), 3.25) for _ in range(2)]
    for t in tensors:
        thresholded_uniform_(t, *settings)
    v = tensors[0].detach().double().numpy()
    assert not np.all(v == 3.25), (
        f"{called} left t as it was: write into the tensor (uniform_, copy_); an assignment to the "
        "name `tensor` changes nothing outside the function.")
    size = np.abs(v)
    assert size.max() <= limit, (
        f"{called} has an entry of size {size.max():.2f}, wanted at most {limit}: the draw is "
        "uniform, from -limit to limit, with the limit that is given.")
    between = np.mean((size > 0) & (size < edge))
    cause = "look at the same draw that you keep, and set what is smaller than edge to 0."
    if between and not np.any(size > edge):
        cause = "the wrong side was kept; what is at least as large as edge in size is to stay."
    assert between == 0, (
        f"{called}: {between:.0%} of the entries are neither 0 nor at least {edge} in size: "
        f"{cause}")
    zeros, share = np.mean(v == 0), edge / limit
    cause = "is each entry drawn once, from -limit to limit?"
    if zeros == 0:
        cause = "were small entries drawn again, or moved to the edge? They become 0."
    elif zeros > share + 0.2 and not np.any(v < 0):
        cause = "negative entries are lost; compare the size, x.abs(), with the edge."
    assert abs(zeros - share) < 0.06, (
        f"{called}: {zeros:.0%} of the entries are 0, wanted about {share:.0%}: {cause}")
    kept = v[v != 0]
    assert abs(np.mean(kept > 0) - 0.5) < 0.1, (
        f"{called}: {np.mean(kept > 0):.0%} of the entries kept are above 0, wanted about half: "
        "draw from -limit to limit.")
    middle = np.mean(np.abs(kept) > (edge + limit) / 2)
    assert abs(middle - 0.5) < 0.1, (
        f"{called}: of the entries kept {middle:.0%} lie in the outer half between {edge} and "
        f"{limit}, wanted about half: the draw is uniform.")
    assert not torch.equal(*tensors), (
        f"{called} gave the same numbers in two calls: each call is a new draw; set no seed.")


for settings in [(), (4.0, 1.0)]:
    check_values(*settings)
# BEGIN HIDDEN TESTS
for settings in [(2.0, 1.5), (3.0, 0.0), (0.5, 0.125)]:
    check_values(*settings)
# END HIDDEN TESTS

# %% exercise="thresholded-uniform" role="tests" points=1
# Exercise 5.2, tests 2 of 2: types, shapes and parameters.
def check_tensor(shape, dtype, parameter):
    t = torch.full(shape, 3.25, dtype=dtype)
    t = nn.Parameter(t) if parameter else t
    what = f"a {'parameter' if parameter else 'tensor'} of type {dtype} and shape {shape}"
    try:
        got = thresholded_uniform_(t)
    except RuntimeError as error:
        if isinstance(error, NotImplementedError):
            raise
        raise AssertionError(
            f"thresholded_uniform_ on {what} raised RuntimeError ({str(error)[:90]}…): write under "
            "torch.no_grad(), and keep the type of the tensor.") from None
    assert isinstance(got, torch.Tensor), (
        f"thresholded_uniform_ on {what} returned {type(got).__name__}, wanted the tensor that it "
        "was given.")
    assert got is t, (
        f"thresholded_uniform_ on {what} returned another tensor, of type {got.dtype}, wanted the "
        "one that it was given, filled in place.")
    assert t.dtype == dtype and tuple(t.shape) == shape, (
        f"thresholded_uniform_ turned {what} into {t.dtype} of shape {tuple(t.shape)}: type and "
        "shape stay.")
    assert t.requires_grad == parameter and t.grad_fn is None, (
        f"thresholded_uniform_ on {what} left requires_grad={t.requires_grad}"
        f"{' and recorded what it did' if t.grad_fn else ''}, wanted requires_grad={parameter} as "
        "before, and nothing recorded: write under torch.no_grad().")
    v = np.abs(t.detach().double().numpy())
    assert np.all((v == 0) | ((v >= 5) & (v <= 10))), (
        f"thresholded_uniform_ on {what} gave entries that are neither 0 nor between 5 and 10 in "
        "size.")
    assert dtype != torch.bfloat16 or np.any(v == 5), (
        f"thresholded_uniform_ on {what} gave no entry of size 5, wanted about 60: in a type with "
        "so few digits many draws are exactly 5, and a draw of exactly `edge` is kept.")


for case in [((40, 30), torch.float32, True), ((7,), torch.float16, False)]:
    check_tensor(*case)
# BEGIN HIDDEN TESTS
for case in [((), torch.float32, True), ((0, 3), torch.float32, False),
             ((4, 2, 3, 3), torch.float64, True), ((200, 100), torch.bfloat16, True)]:
    check_tensor(*case)
# END HIDDEN TESTS

# %% [markdown]
# ## How large?
#
# ### One layer
#
# Take a dense layer with $n$ inputs and no bias. Each output is a sum of $n$ products. Let the
# weights have mean 0 and standard deviation $s$, and be independent of the inputs. Then each
# product has mean 0, variances of independent terms add up, and
#
# $$\text{mean of } y^2 = n\, s^2 \cdot \text{mean of } x^2$$
#
# One layer multiplies the size of the values by $s\sqrt{n}$. A ReLU after it sets half of the
# outputs to zero, which halves the mean square: the factor becomes $s\sqrt{n/2}$.
#
# **Predict** the factors for $n = 256$ and $s = 0.01$, without and with the ReLU.

# %%
torch.manual_seed(0)
x = torch.randn(1000, 256)
with torch.no_grad():
    y = x @ nn.init.normal_(torch.empty(256, 256), std=0.01)


def root_mean_square(t):
    return t.double().square().mean().sqrt().item()


print(f"dense:       {root_mean_square(y) / root_mean_square(x):.2f}")
print(f"dense, ReLU: {root_mean_square(torch.relu(y)) / root_mean_square(x):.2f}")

# %% [markdown]
# ### Thirty layers
#
# A factor of 0.113 does no harm once. Thirty times in a row it gives $0.113^{30} \approx 10^{-28}$.
# So the factor has to be near 1, which for a ReLU network means $s = \sqrt{2/n}$. This is the
# scheme of *He* and others, in PyTorch `kaiming_normal_` (after the first name of the same author).
#
# There is a second side to it. The gradient runs through the layers backwards: there each input
# collects a sum over the layer's *outputs*, and the factor is $s\sqrt{m}$ for $m$ outputs. A layer
# with as many outputs as inputs can suit both. For the others *Glorot* and Bengio chose the middle,
#
# $$s = \sqrt{\frac{2}{n + m}}$$
#
# PyTorch calls the scheme *Xavier*, after the first name of Glorot, and it comes in two shapes:
# `xavier_normal_` draws normally with this $s$; `xavier_uniform_` draws uniformly between $-a$ and
# $a$ where $a = s\sqrt{3} = \sqrt{6/(n+m)}$, which has the same standard deviation. The number of
# inputs of an output is called *fan-in*, the number of outputs of an input *fan-out*.
#
# **Predict**: PyTorch's default has the bound $1/\sqrt{n}$. By which factor does it multiply the
# values in a ReLU network? Which of the five schemes below survive thirty layers?

# %%
schemes = {
    "normal, std 0.2": partial(nn.init.normal_, std=0.2),
    "He": partial(nn.init.kaiming_normal_, nonlinearity="relu"),
    "Xavier": nn.init.xavier_normal_,
    "default": lambda weight: weight,
    "normal, std 0.01": partial(nn.init.normal_, std=0.01),
}


@torch.no_grad()
def spread_by_layer(initialise, activation, depth=30, width=256):
    """Standard deviation of the values before the first layer and after each; the last values."""
    torch.manual_seed(0)
    x = torch.randn(500, width)
    spread = [x.std().item()]
    for _ in range(depth):
        layer = nn.Linear(width, width, bias=False)
        initialise(layer.weight)
        x = activation(layer(x))
        spread.append(x.std().item())
    return spread, x


fig, axes = plt.subplots(1, 2, figsize=(10, 3.6), sharey=True, layout="constrained")
for axis, activation in zip(axes, (torch.relu, torch.tanh)):
    print(f"{activation.__name__}: size after 30 layers, as a power of ten")
    for name, initialise in schemes.items():
        spread, values = spread_by_layer(initialise, activation)
        axis.semilogy(spread, label=name, linewidth=2)
        near_one = (values.abs() > 0.97).float().mean()
        saturated = f"  saturated {near_one:3.0%}" if activation is torch.tanh else ""
        print(f"  {name:16} {round(math.log10(spread[-1])):4}{saturated}")
    axis.set(title=f"30 layers with {activation.__name__}", xlabel="layer", ylim=(1e-31, 1e13))
axes[0].set_ylabel("standard deviation of the values")
axes[1].legend(loc="lower left")
plt.show()

# %% [markdown]
# With ReLU only He's scheme keeps its size. Xavier's loses a factor $\sqrt{2}$ per layer, since it
# was made for activations that do not cut away half; the default loses $\sqrt{6}$. With tanh,
# Xavier's shrinks slowly, and weights that are too large cause no overflow, because tanh ends at 1.
# They do other harm: nearly half of the values sit beyond ±0.97, where tanh is flat and passes
# hardly any gradient on. Such units are *saturated*.
#
# And the gradient of the weights? **Predict** its size in the first and in the last of 30 ReLU
# layers, as a power of ten, if the standard deviation is 0.01. Which of the two is smaller?

# %%
for name in ("He", "Xavier", "normal, std 0.01"):
    torch.manual_seed(0)
    deep = [nn.Linear(256, 256, bias=False) for _ in range(30)]
    x = torch.randn(100, 256)
    for layer in deep:
        schemes[name](layer.weight)
        x = torch.relu(layer(x))
    x.mean().backward()
    first, last = (root_mean_square(layer.weight.grad) for layer in (deep[0], deep[-1]))
    print(f"{name:16} first layer 10^{round(math.log10(first))}, last 10^{round(math.log10(last))}")

# %% [markdown]
# The first is as small as the last. The gradient of a weight is a product of what comes in, shrunk
# by the layers before, and of what comes back, shrunk by the layers after: every weight feels all
# other layers. With He's scheme all of them learn; with the last one no learning rate helps.
#
# Here are four of the schemes for one layer with 400 inputs and 100 outputs, 40,000 weights each.
# **Predict** the bound of Xavier's uniform draw.

# %%
torch.manual_seed(0)
starts = {
    "normal, std 0.01": partial(nn.init.normal_, std=0.01),
    "default": lambda weight: weight,
    "Xavier uniform": nn.init.xavier_uniform_,
    "Xavier normal": nn.init.xavier_normal_,
}
fig, axis = plt.subplots(figsize=(8, 3.2), layout="constrained")
for name, initialise in starts.items():
    weight = initialise(nn.Linear(400, 100).weight).detach().flatten()
    axis.hist(weight, bins=np.linspace(-0.2, 0.2, 161), histtype="step", label=name, linewidth=1.5)
    print(f"{name:16} std {weight.std():.3f}, largest {weight.abs().max():.2f}")
axis.set(xlabel="weight", ylabel="how many of 40,000", ylim=(0, 2500))
axis.legend()
plt.show()

# %% [markdown]
# $\sqrt{6/500} = 0.11$. (The peak of the narrow distribution is cut off at the top; it goes up to
# 4,000.) Xavier's two shapes have the same standard deviation and different tails. The factor
# $s\sqrt{n}$ knows the standard deviation only, and nothing of the shape.
#
# ## A scheme for each layer
#
# A ReLU layer wants He's scale, a tanh layer Xavier's, and an output layer often a special value.
# `apply` works on any block, so it can be called on a part of the network.
#
# **Predict**: the next cell wants Xavier's scheme on the first layer and 42 on the last. It tries
# in two ways. What do the first layers hold?

# %% listing="S0-15 S3-12"
def draw_xavier(block):
    if isinstance(block, nn.Linear):
        nn.init.xavier_uniform_(block.weight)


def fill_42(block):
    if isinstance(block, nn.Linear):
        nn.init.constant_(block.weight, 42.0)


def small_net():
    return nn.Sequential(nn.Linear(20, 30), nn.ReLU(), nn.Linear(30, 10))


torch.manual_seed(0)
whole, parts = small_net(), small_net()
whole.apply(draw_xavier)
whole.apply(fill_42)
parts[0].apply(draw_xavier)
parts[2].apply(fill_42)
for name, net in (("net.apply, twice:", whole), ("net[0].apply, net[2].apply:", parts)):
    largest = [round(net[i].weight.abs().max().item(), 2) for i in (0, 2)]
    print(f"{name:28} largest weights {largest}")

# %% [markdown]
# The second `apply` on the whole network wrote over what the first had done. The last one wins,
# always. So either apply each function to its part, or write one function that tells the layers
# apart.
#
# Parts can be reached by their path, too (lesson 04), and then the same code works on any network:

# %%
nested = nn.Sequential(nn.Linear(20, 30), nn.Sequential(nn.ReLU(), nn.Linear(30, 10)))
print(nested.get_submodule("1.1"))
print(type(nested.get_submodule("1")).__name__)

# %% [markdown] exercise="xavier-and-constant" role="task"
# ## Exercise 5.3: Xavier here, 42 there
#
# *3 points*
#
# Write the function `xavier_and_constant(net, xavier_path, constant_path, value=42.0)`. It starts
# two blocks of a network in two ways and leaves all others alone.
#
# - **In**: `net`, an `nn.Module`; two paths of blocks in it, as `net.get_submodule` takes them.
#   Either block may be an `nn.Linear` or hold `nn.Linear`s at any depth. Neither block is inside
#   the other, and no layer belongs to both. `value` is a float.
# - The weights of all `nn.Linear`s in the first block are drawn from Xavier's *uniform*
#   distribution, each by its own shape. Each weight gets a draw of its own; two of one shape do not
#   get the same numbers.
# - The weights of all `nn.Linear`s in the second block are filled with `value`.
# - Everything else keeps its values: all biases, and all layers outside the two blocks.
# - The function works in place: parameters stay the objects that they were. What it returns is not
#   looked at.
#
# The first tests cell (2 points) looks at the two blocks, the second (1 point) at everything else.

# %% [markdown] exercise="xavier-and-constant" role="hint"
# <details><summary>Hint 1</summary>
#
# What became of the first layer when both functions were applied to the whole network? Which block
# should each of them be applied to?
#
# </details>

# %% [markdown] exercise="xavier-and-constant" role="hint"
# <details><summary>Hint 2</summary>
#
# `net.get_submodule(xavier_path).modules()` walks over the first block, itself included. For each
# `nn.Linear` in it call `nn.init.xavier_uniform_(block.weight)`; walk over the second block in the
# same way, with `nn.init.constant_(block.weight, value)`. No bias is touched.
#
# </details>

# %% exercise="xavier-and-constant" role="solution"
def xavier_and_constant(
    net: nn.Module, xavier_path: str, constant_path: str, value: float = 42.0
) -> None:
    """Xavier-uniform weights in the one block, a constant in the other; in place."""
    # BEGIN SOLUTION
    for block in net.get_submodule(xavier_path).modules():
        if isinstance(block, nn.Linear):
            nn.init.xavier_uniform_(block.weight)
    for block in net.get_submodule(constant_path).modules():
        if isinstance(block, nn.Linear):
            nn.init.constant_(block.weight, value)
    # END SOLUTION


# %% exercise="xavier-and-constant" role="tests" points=2
# Exercise 5.3, tests 1 of 2: the two blocks.
def check_blocks(xavier_path, constant_path, *value):
    net = nn.Sequential(
        nn.Linear(50, 120), nn.ReLU(),
        nn.Sequential(nn.Linear(120, 60), nn.Linear(60, 60),
                      nn.Sequential(nn.Tanh(), nn.Linear(60, 60))),
        nn.Linear(60, 40))
    with torch.no_grad():
        for p in net.parameters():
            p.fill_(7.0)
    called = f"xavier_and_constant({', '.join(map(repr, (xavier_path, constant_path, *value)))})"
    called = called.replace("(", "(net, ", 1)
    try:
        xavier_and_constant(net, xavier_path, constant_path, *value)
    except AttributeError as error:
        raise AssertionError(f"{called} raised AttributeError ({error}): a block may be a layer or "
                             "hold layers; modules() walks over all of them.") from None
    wanted, drawn = (value or (42.0,))[0], []
    constant = [m for m in net.get_submodule(constant_path).modules() if isinstance(m, nn.Linear)]
    swapped = not all(bool((m.weight == wanted).all()) for m in constant)
    for path, layer in net.get_submodule(xavier_path).named_modules(prefix=xavier_path):
        if not isinstance(layer, nn.Linear):
            continue
        w, where = layer.weight.detach().double().numpy(), f"after {called} the weight of '{path}'"
        assert not np.all(w == wanted), (
            f"{where} is {wanted} throughout, wanted Xavier's draw: " + (
                "the two blocks are swapped." if swapped else "it was overwritten. net.apply "
                "reaches every layer, so apply each scheme to its own block."))
        assert not np.all(w == 7), f"{where} was not drawn: every nn.Linear in the block counts."
        bound, largest, std = np.sqrt(6 / sum(w.shape)), np.abs(w).max(), w.std()
        cause = "is it nn.init.xavier_uniform_?"
        if abs(std / bound - 3**-0.5) < 0.06 and largest > 1.1 * bound:
            cause = "the standard deviation is right, but the draw is normal and not uniform."
        elif abs(largest * np.sqrt(w.shape[1]) - 1) < 0.05:
            cause = "that is the default of nn.Linear, 1/√(fan-in)."
        assert largest <= 1.0001 * bound and largest > 0.95 * bound and std > 0.54 * bound, (
            f"{where}, of shape {w.shape}, has size up to {largest:.4f} and standard deviation "
            f"{std:.4f}, wanted up to {bound:.4f} and {bound / np.sqrt(3):.4f}: {cause}")
        assert not any(np.array_equal(w, other) for other in drawn), (
            f"{where} has the same numbers as another one of its shape, wanted a draw of its own: "
            "a seed that is set before each draw, or a new torch.Generator, begins again.")
        drawn.append(w)
    for path, layer in net.get_submodule(constant_path).named_modules(prefix=constant_path):
        if isinstance(layer, nn.Linear):
            w = layer.weight.detach().double().numpy()
            assert np.allclose(w, wanted), (
                f"after {called} the weight of '{path}' runs from {w.min():.4f} to {w.max():.4f}, "
                f"wanted {wanted}, the `value`, throughout.")


for case in [("0", "3"), ("2", "0", -0.5)]:
    check_blocks(*case)
# BEGIN HIDDEN TESTS
for case in [("3", "2"), ("2.2.1", "2.0", 3.0)]:
    check_blocks(*case)
# END HIDDEN TESTS

# %% exercise="xavier-and-constant" role="tests" points=1
# Exercise 5.3, tests 2 of 2: everything else stays as it was.
def check_rest(xavier_path, constant_path):
    net = nn.Sequential(
        nn.Linear(4, 5), nn.LayerNorm(5),
        nn.Sequential(nn.Linear(5, 6), nn.LayerNorm(6), nn.Linear(6, 6)), nn.Linear(6, 2))
    for parent, _, name in (path.rpartition(".") for path in (xavier_path, constant_path)):
        net.get_submodule(parent).add_module(f"{name}0", nn.Linear(2, 2))
    rng = np.random.default_rng(5)
    with torch.no_grad():
        for p in net.parameters():
            p.copy_(torch.from_numpy(rng.normal(size=p.shape)))
    objects = dict(net.named_parameters())
    before = {path: p.detach().clone() for path, p in objects.items()}
    called = f"xavier_and_constant(net, {xavier_path!r}, {constant_path!r})"
    xavier_and_constant(net, xavier_path, constant_path)
    for path, p in net.named_parameters():
        inside = f"{path}.".startswith((f"{xavier_path}.", f"{constant_path}."))
        layer = net.get_submodule(path.rpartition(".")[0])
        drawn = inside and isinstance(layer, nn.Linear) and path.endswith("weight")
        changed = not torch.equal(p, before[path])
        assert not changed or drawn, (
            f"{called} changed {path}, which is " + (
                "a bias: biases keep their values." if path.endswith("bias") else
                "no weight of a dense layer." if inside else
                "in neither of the two blocks: apply each scheme to its own block only."))
        assert changed or not drawn, f"{called} left {path} as it was, wanted it started anew."
        assert p is objects[path] and p.requires_grad, (
            f"{called} replaced the parameter {path} or froze it: fill the one that is there.")


for case in [("0", "3"), ("2.0", "2.2")]:
    check_rest(*case)
# BEGIN HIDDEN TESTS
for case in [("2", "0"), ("3", "2")]:
    check_rest(*case)
# END HIDDEN TESTS

# %% [markdown]
# ## The fans of a convolution
#
# Xavier's and He's schemes need fan-in and fan-out. For a dense layer these are the two sides of
# the weight. A convolution has a weight of four axes, `(out, in, height, width)`: its filters, the
# channels, and the *window* that each kernel covers (lesson 04). So where are the fans? They can be
# counted with autograd, which knows what depends on what: the gradient of *one* output is nonzero
# at the inputs that it depends on.
#
# **Predict** fan-in and fan-out of a convolution from 2 channels to 5 with a 3 by 3 window.

# %%
conv = nn.Conv2d(2, 5, kernel_size=3, padding=1)
nn.init.ones_(conv.weight)
print("weight:", tuple(conv.weight.shape))
image = torch.ones(1, 2, 9, 9, requires_grad=True)
(gradient,) = torch.autograd.grad(conv(image)[0, 0, 4, 4], image)
print("inputs that one output depends on:", int((gradient != 0).sum()))
one_pixel = torch.zeros(1, 2, 9, 9)
one_pixel[0, 0, 4, 4] = 1.0
with torch.no_grad():
    reached = conv(one_pixel) - conv(torch.zeros(1, 2, 9, 9))
print("outputs that one input reaches:   ", int((reached.abs() > 0.5).sum()))

# %% [markdown]
# Each output is a sum over all input channels and the whole window, $2 \cdot 3 \cdot 3 = 18$; each
# input takes part in $5 \cdot 3 \cdot 3 = 45$ outputs. In general
#
# $$\text{fan-in} = \text{in} \cdot k, \qquad \text{fan-out} = \text{out} \cdot k$$
#
# where $k$ is the number of entries of the window: the product of all axes after the first two, and
# 1 if there are none. (Keras stores the window first: `(height, width, in, out)`.)
#
# **Then and now.** A listing for an initialiser of one's own takes the scale from
# `shape[0] + shape[1]`, which is right for dense layers, and the text around it does not say that
# it is right for no other.
#
# **Predict**: for a 3 by 3 convolution from 64 channels to 64, how much too large is the standard
# deviation? What does that do to the values after ten layers?

# %% listing="S1-16"
@torch.no_grad()
def glorot_of_the_listing_(weight):
    return weight.normal_(std=math.sqrt(2 / (weight.shape[0] + weight.shape[1])))


def after_ten(initialise):
    """Standard deviation of the values after ten convolutions without activation."""
    torch.manual_seed(0)
    x = torch.randn(2, 64, 12, 12)
    with torch.no_grad():
        for _ in range(10):
            conv = nn.Conv2d(64, 64, 3, padding=1, padding_mode="circular", bias=False)
            initialise(conv.weight)
            x = conv(x)
    return conv.weight.std().item(), x.std().item()


for name, initialise in (
    ("listing", glorot_of_the_listing_),
    ("nn.init", nn.init.xavier_normal_),
):
    std, spread = after_ten(initialise)
    print(f"{name}: std {std:.3f}, values after ten layers about 10^{round(math.log10(spread))}")

# %% [markdown]
# Too large by a factor of 3, the square root of the window's size; and $3^{10} \approx 59{,}000$.
#
# What about weights with a single axis, such as a bias? They have no fans, and `nn.init` says so:

# %% tags=["raises-exception"]
nn.init.xavier_uniform_(conv.bias)

# %% [markdown] exercise="xavier-bound" role="task"
# ## Exercise 5.4: the bound by hand
#
# *3 points*
#
# Write the function `xavier_bound(shape)` that computes the bound $a = \sqrt{6/(\text{fan-in} +
# \text{fan-out})}$ of Xavier's uniform distribution from the shape of a weight.
#
# - **In**: `shape`, a tuple or `torch.Size` of whole numbers above 0, as PyTorch stores weights:
#   `(out, in)` for a dense layer, `(out, in, length)`, `(out, in, height, width)` and so on for a
#   convolution, with any number of window axes.
# - **Out**: a Python `float`, right to six digits.
# - A shape with fewer than two axes has no fans: raise `ValueError`.
#
# The three tests cells (1 point each) look at dense weights, at convolutions and at shapes without
# fans.

# %% [markdown] exercise="xavier-bound" role="hint"
# <details><summary>Hint 1</summary>
#
# Which axes are the channels, and which the window? The window multiplies *both* fans. Check your
# formula with the 18 and the 45 of the text.
#
# </details>

# %% [markdown] exercise="xavier-bound" role="hint"
# <details><summary>Hint 2</summary>
#
# `window = math.prod(shape[2:])` is 1 for a dense layer, since an empty product is 1. Then the fans
# are `shape[1] * window` and `shape[0] * window`. Check `len(shape) < 2` first.
#
# </details>

# %% exercise="xavier-bound" role="solution"
def xavier_bound(shape: tuple[int, ...]) -> float:
    """Bound of Xavier's uniform distribution for a weight of shape (out, in, *window)."""
    # BEGIN SOLUTION
    if len(shape) < 2:
        raise ValueError(f"a weight of shape {tuple(shape)} has no fan-in and fan-out")
    window = math.prod(shape[2:])
    return math.sqrt(6 / ((shape[0] + shape[1]) * window))
    # END SOLUTION


# %% exercise="xavier-bound" role="tests" points=1
# Exercise 5.4, tests 1 of 3: dense weights.
def check_dense(shape):
    got = xavier_bound(shape)
    called = f"xavier_bound({shape})"
    assert isinstance(got, float), (
        f"{called} returned {type(got).__name__}, wanted a Python float.")
    total = shape[0] + shape[1]
    likely = {"that is the standard deviation √(2/(fan-in + fan-out)); the bound is √3 times that":
              (2 / total) ** 0.5, "that is 6/(fan-in + fan-out) without the root": 6 / total,
              "that takes the fan-in alone": (6 / shape[1]) ** 0.5,
              "that takes the fan-out alone": (6 / shape[0]) ** 0.5,
              "that takes the product of the fans, not the sum":
              (6 / (shape[0] * shape[1])) ** 0.5,
              "that is PyTorch's default, 1/√(fan-in)": shape[1] ** -0.5}
    wanted = (6 / total) ** 0.5
    cause = next((c for c, v in likely.items() if np.isclose(got, v, rtol=1e-6)),
                 "wanted √(6/(fan-in + fan-out))")
    assert np.isclose(got, wanted, rtol=1e-6, atol=0), (
        f"{called} gave {got:.6f}, wanted {wanted:.6f}: {cause}.")


for shape in [(100, 400), torch.Size([3, 7])]:
    check_dense(shape)
# BEGIN HIDDEN TESTS
for shape in [(1, 1), (512, 30), torch.Size([10, 1])]:
    check_dense(shape)
# END HIDDEN TESTS

# %% exercise="xavier-bound" role="tests" points=1
# Exercise 5.4, tests 2 of 3: weights of convolutions.
def check_convolution(shape):
    got = xavier_bound(shape)
    called = f"xavier_bound({shape})"
    assert isinstance(got, float), (
        f"{called} returned {type(got).__name__}, wanted a Python float.")
    k = np.prod(shape[2:])
    likely = {"shape[0] + shape[1] are the fans of a dense layer only; both are multiplied by the "
              "size of the window": shape[0] + shape[1],
              "the window multiplies the fan-in only; it multiplies both fans":
              shape[1] * k + shape[0],
              "the window multiplies the fan-out only; it multiplies both fans":
              shape[1] + shape[0] * k,
              "these are the fans of Keras, which stores (window, in, out); here it is (out, in, "
              "window)": (shape[-1] + shape[-2]) * np.prod(shape[:-2]),
              "one axis of the window is left out": (shape[0] + shape[1]) * shape[2],
              "the sides of the window are added, not multiplied":
              (shape[0] + shape[1]) * sum(shape[2:])}
    wanted = (6 / ((shape[0] + shape[1]) * k)) ** 0.5
    right = np.isclose(got, wanted, rtol=1e-6, atol=0)
    cause = next((c for c, total in likely.items()
                  if not right and np.isclose(got, (6 / total) ** 0.5, rtol=1e-6)),
                 "wanted √(6/(fan-in + fan-out)) with fan-in = in · window, fan-out = out · window")
    assert right, f"{called} gave {got:.6f}, wanted {wanted:.6f}: {cause}."


for shape in [(5, 2, 3, 4)]:
    check_convolution(shape)
# BEGIN HIDDEN TESTS
for shape in [(16, 8, 5), (6, 1, 3, 3), torch.Size([4, 3, 2, 5, 6]), (2, 9, 1, 1)]:
    check_convolution(shape)
# END HIDDEN TESTS

# %% exercise="xavier-bound" role="tests" points=1
# Exercise 5.4, tests 3 of 3: shapes without fans.
def check_refused(shape):
    called = f"xavier_bound({shape})"
    try:
        got = xavier_bound(shape)
    except NotImplementedError:
        raise
    except ValueError:
        return
    except Exception as error:
        raise AssertionError(
            f"{called} raised {type(error).__name__} ({error}), wanted a ValueError: check the "
            "number of axes before you use them.") from None
    raise AssertionError(
        f"{called} returned {got!r:.60}, wanted a ValueError: a weight with fewer than two axes, "
        "such as a bias, has no fan-in and fan-out.")


for shape in [(64,)]:
    check_refused(shape)
# BEGIN HIDDEN TESTS
for shape in [(), torch.Size([1])]:
    check_refused(shape)
# END HIDDEN TESTS

# %% [markdown]
# ## Setting weights directly
#
# Sometimes you know the numbers: from a file, from a paper, or because you want to check a layer by
# hand. Then no initialiser is needed. Under `no_grad` a weight is a tensor like any other, and
# slices of it can be assigned.

# %% listing="S0-17"
dense = nn.Linear(3, 2)
with torch.no_grad():
    dense.weight.copy_(torch.arange(6.0).reshape(2, 3))
    dense.weight[:] += 1
    dense.weight[0, 0] = 42.0
    dense.bias[1] = -1.0
print(dense.weight.tolist())

# %% [markdown]
# `copy_` keeps the type of the weight, whatever type comes in. It also broadcasts, as you saw in
# lesson 04, and a row is not all that it takes.
#
# **Predict**: the weight has shape `(2, 3)`. Which of these three tensors does it accept?

# %%
for shape in ((3,), (2, 1), (3, 2)):
    try:
        with torch.no_grad():
            dense.weight.copy_(torch.ones(shape, dtype=torch.float64))
        print(shape, "was taken, and gave", dense.weight.dtype, tuple(dense.weight.shape))
    except RuntimeError as error:
        print(shape, "raises", type(error).__name__)

# %% [markdown]
# Only the transposed shape was refused. A row was copied into every row, a column into every
# column. `load_state_dict` compares shapes; with `copy_`, do so yourself.

# %%
for shape in ((3,), (2, 1), (3, 2)):
    try:
        dense.load_state_dict({"weight": torch.ones(shape), "bias": torch.zeros(2)})
    except RuntimeError:
        print(shape, "was refused")

# %% [markdown]
# ## Seeds, and starting over
#
# ### What a seed fixes
#
# Initialisers draw from a generator, a machine that gives one number after the other.
# `torch.manual_seed` puts it at the beginning of a sequence.
#
# **Predict**: which of the three layers are equal to the first one?

# %%
torch.manual_seed(7)
first = nn.Linear(3, 2)
second = nn.Linear(3, 2)
torch.manual_seed(7)
third = nn.Linear(3, 2)
torch.manual_seed(7)
extra = nn.Linear(1, 1)
fourth = nn.Linear(3, 2)
for name, layer in (("second", second), ("third", third), ("fourth", fourth)):
    print(f"{name:6} equal to the first:", torch.equal(layer.weight, first.weight))

# %% [markdown]
# A seed fixes the *sequence*, not the layer. Put one layer in front and all layers after it start
# differently. Whoever compares two architectures under "the same seed" does not compare the same
# weights. If a layer should get its numbers no matter what happens around it, give it a generator
# of its own:

# %%
def seeded(width):
    return nn.init.normal_(torch.empty(2, width), generator=torch.Generator().manual_seed(7))


before = seeded(3)
nn.Linear(100, 100)  # draws from the global generator
print("same again:", torch.equal(before, seeded(3)))

# %% [markdown]
# The opposite mistake is a seed *inside* an initialiser or a factory: then all layers of one shape
# start alike, each time. Set a seed once, at the top of the program.
#
# ### Starting one layer over
#
# The constructors of PyTorch's layers do not draw their weights themselves; they call the method
# `reset_parameters`. Anyone can call it again. It draws the default anew, in place.
#
# **Predict**: does the weight stay the same object? Does it get the same numbers? And which of the
# five blocks further down have the method?

# %%
dense = nn.Linear(3, 2)
parameter, before = dense.weight, dense.weight.detach().clone()
dense.reset_parameters()
print("same object:", dense.weight is parameter, " same numbers:", torch.equal(parameter, before))

# %%
for block in (nn.Linear(3, 2), nn.Conv2d(1, 1, 3), nn.LayerNorm(2), nn.ReLU(), nn.Sequential()):
    print(f"{type(block).__name__:10}", hasattr(block, "reset_parameters"))

# %% tags=["raises-exception"]
nn.Sequential(nn.Linear(3, 2), nn.ReLU()).reset_parameters()

# %% [markdown]
# Layers that hold parameters have the method; activations and containers do not. To start a
# container over, walk over the layers in it.
#
# ### Borrowing the generator
#
# `reset_parameters` takes no generator: it draws from the global one. If its numbers are to depend
# on a seed and on nothing else, the global generator has to be seeded just before. But from then on
# *everything* that the program draws comes from that sequence: the order of the data, and whatever
# a later layer starts with.
#
# **Predict**: two programs differ in the seed at their top, 1 or 2. Both borrow the generator for a
# layer. For which version do they draw the same number afterwards?

# %%
def draw_layer(seed, put_back):
    state = torch.get_rng_state()
    torch.manual_seed(seed)
    layer = nn.Linear(3, 2)
    if put_back:
        torch.set_rng_state(state)
    return layer


for put_back in (False, True):
    numbers = []
    for top in (1, 2):
        torch.manual_seed(top)
        draw_layer(seed=7, put_back=put_back)
        numbers.append(round(torch.rand(()).item(), 3))
    print(f"put back: {put_back!s:5}  drawn afterwards: {numbers}")

# %% [markdown]
# Without the last step the seed at the top has lost its effect, and nobody is told. A function that
# needs the generator for itself gives it back as it found it; `with torch.random.fork_rng():` does
# both steps around whatever stands in the block.
#
# ### Starting one block over
#
# Why start over just one block? To train a pretrained network on a new task, people keep its body
# and start its last part, its *head*, afresh. All the rest must then stay exactly as it was.
#
# One trap is in the names. **Predict**: which blocks does this selection find, in a chain of twelve
# layers?

# %%
chain = nn.Sequential(*[nn.Linear(2, 2) for _ in range(12)])
print([name for name, block in chain.named_modules() if name.startswith("1")])

# %% [markdown]
# Paths are not plain text: "10" is no part of "1". Ask for the block, `get_submodule("1")`, and
# walk from there.

# %% [markdown] exercise="reinitialise-one" role="task"
# ## Exercise 5.5: start one block over
#
# *3 points*
#
# Write the function `reinitialise(net, path, seed)`. It starts the block at `path` over, with
# numbers that depend on the seed, and changes nothing else.
#
# - **In**: `net`, an `nn.Module`; `path`, a path of a block in it, as `net.get_submodule` takes it;
#   `seed`, an int. The block may be a layer or hold layers at any depth. No layer belongs to it and
#   to another block too.
# - All layers in the block that have a method `reset_parameters` get what that method gives: a new
#   draw of the layer's default.
# - The numbers depend on the seed and on nothing else: the same seed gives the same numbers,
#   whatever was drawn before, and another seed gives others. Two layers of one shape in the block
#   do not get the same numbers.
# - Everything outside the block keeps every bit: parameters, buffers and the global generator of
#   PyTorch. What the program draws after the call is what it would have drawn without it.
# - The function works in place: all parameters, inside the block and outside, stay the objects that
#   they were, with the `requires_grad` that they had. What the function returns is not looked at.
#
# The three tests cells (1 point each) look at the block, at the seed, and at everything else.

# %% [markdown] exercise="reinitialise-one" role="hint"
# <details><summary>Hint 1</summary>
#
# Reach the block by its path, then walk over what is in it, itself included. Not every block that
# you meet has something to reset. Where does the seed have to be set, and how often, and what has
# to happen before and after that?
#
# </details>

# %% [markdown] exercise="reinitialise-one" role="hint"
# <details><summary>Hint 2</summary>
#
# Inside `with torch.random.fork_rng():` first `torch.manual_seed(seed)`, then `for block in
# net.get_submodule(path).modules():` and in the loop `if hasattr(block, "reset_parameters"):
# block.reset_parameters()`.
#
# </details>

# %% exercise="reinitialise-one" role="solution"
def reinitialise(net: nn.Module, path: str, seed: int) -> None:
    """Draw the block at the path anew from the seed, in place; leave everything else as it is."""
    # BEGIN SOLUTION
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        for block in net.get_submodule(path).modules():
            if hasattr(block, "reset_parameters"):
                block.reset_parameters()
    # END SOLUTION


# %% exercise="reinitialise-one" role="tests" points=1
# Exercise 5.5, tests 1 of 3: the block that is started over.
def check_block(path):
    net = nn.Sequential(
        nn.Linear(60, 70), nn.LayerNorm(70),
        nn.Sequential(nn.Linear(70, 80), nn.Sequential(nn.ReLU(), nn.Linear(80, 90))),
        nn.Conv2d(8, 20, 5))
    with torch.no_grad():
        for p in net.parameters():
            p.fill_(9.0)
    called, block = f"reinitialise(net, {path!r}, 1)", net.get_submodule(path)
    try:
        reinitialise(net, path, 1)
    except AttributeError as error:
        raise AssertionError(
            f"{called} raised AttributeError ({error}): activations and containers have no "
            "reset_parameters; walk over the layers in the block and ask with hasattr.") from None
    assert net.get_submodule(path) is block, (
        f"{called} put a new block at the path: start the old one over, in place.")
    for where, layer in block.named_modules(prefix=path):
        for name, p in layer.named_parameters(recurse=False):
            v, where_p = p.detach().double().numpy(), f"after {called} {where}.{name}"
            assert not np.all(v == 9), (
                f"{where_p} is what it was before: every layer in the block is started over, "
                "weight and bias, at any depth; modules() sees them all, children() one level.")
            if isinstance(layer, nn.LayerNorm):
                wanted = 1.0 if name == "weight" else 0.0
                assert np.all(v == wanted), (
                    f"{where_p} of a LayerNorm begins with {v[0]:.3f}, wanted {wanted}, the value "
                    "that this layer starts with: call its reset_parameters.")
                continue
            bound = np.prod(layer.weight.shape[1:]) ** -0.5
            spread = v.std() if v.size > 100 else bound / 3**0.5
            assert np.abs(v).max() <= 1.0001 * bound and abs(spread / bound - 3**-0.5) < 0.06, (
                f"{where_p} has size up to {np.abs(v).max():.4f} and standard deviation "
                f"{v.std():.4f}, wanted the layer's default, uniform up to {bound:.4f} with "
                f"{bound / 3**0.5:.4f}: call reset_parameters, and no other scheme.")


for path in ["0", "2"]:
    check_block(path)
# BEGIN HIDDEN TESTS
for path in ["1", "3", "2.1"]:
    check_block(path)
# END HIDDEN TESTS

# %% exercise="reinitialise-one" role="tests" points=1
# Exercise 5.5, tests 2 of 3: the seed, and the global generator.
def check_seed(path, seed):
    nets = [nn.Sequential(nn.Linear(6, 5), nn.Sequential(nn.Linear(5, 5), nn.Tanh(),
                                                         nn.Linear(5, 5))) for _ in range(2)]
    called, drawn = f"reinitialise(net, {path!r}, {seed})", []
    for net, top in zip(nets, (1, 2)):
        torch.manual_seed(top)
        torch.rand(3)
        state = torch.get_rng_state()
        try:
            reinitialise(net, path, seed)
        except AttributeError as error:
            raise AssertionError(f"{called} raised AttributeError ({error}): get the first tests "
                                 "cell to pass first.") from None
        assert torch.equal(torch.get_rng_state(), state), (
            f"{called} left the global generator at another place, so that all that the program "
            "draws later is changed: keep its state and put it back, or use "
            "torch.random.fork_rng.")
        drawn.append([p.detach().clone() for p in net.get_submodule(path).parameters()])
    assert all(torch.equal(p, q) for p, q in zip(*drawn)), (
        f"{called} gave other numbers after torch.manual_seed(2) than after torch.manual_seed(1): "
        "they depend on the argument `seed` only, so seed the generator with it before the draw.")
    weights = [p for p in drawn[0] if p.shape == (5, 5)]
    assert len(weights) < 2 or not torch.equal(*weights), (
        f"{called} gave two layers of one shape the same numbers: seed once, before the first "
        "layer, and not before each of them.")
    reinitialise(nets[0], path, seed + 1)
    again = [p.detach() for p in nets[0].get_submodule(path).parameters()]
    assert not any(torch.equal(p, q) for p, q in zip(again, drawn[0])), (
        f"reinitialise(net, {path!r}, {seed + 1}) gave the numbers of {called}: use the seed that "
        "is given.")


for case in [("1", 7), ("0", 0)]:
    check_seed(*case)
# BEGIN HIDDEN TESTS
for case in [("1.2", 12345), ("1", 0)]:
    check_seed(*case)
# END HIDDEN TESTS

# %% exercise="reinitialise-one" role="tests" points=1
# Exercise 5.5, tests 3 of 3: everything else keeps every bit.
def check_rest(path):
    body = nn.Sequential(*[nn.Linear(3, 3) for _ in range(12)])
    net = nn.ModuleDict({"body": body, "norm": nn.BatchNorm1d(3), "head": nn.Linear(3, 2)})
    rng = np.random.default_rng(12)
    with torch.no_grad():
        for t in net.state_dict().values():
            t.copy_(torch.from_numpy(rng.normal(scale=5, size=t.shape)))
    net["body"][1].weight.requires_grad_(False)
    objects = {name: (p, p.requires_grad) for name, p in net.named_parameters()}
    before = {name: t.clone() for name, t in net.state_dict().items()}
    called = f"reinitialise(net, {path!r}, 3)"
    try:
        reinitialise(net, path, 3)
    except AttributeError as error:
        raise AssertionError(f"{called} raised AttributeError ({error}): get the first tests cell "
                             "to pass first.") from None
    after = net.state_dict()
    assert list(after) == list(before), f"{called} changed the names in the state dict."
    for name, t in after.items():
        inside = f"{name}.".startswith(f"{path}.")
        changed = not torch.equal(t, before[name])
        assert inside or not changed, (
            f"{called} changed {name}, which is not in the block '{path}': " + (
                "the path was compared as text; use net.get_submodule(path)."
                if name.startswith(path) else "start over this block only, and not the whole net."))
        assert changed or not inside, f"{called} left {name} as it was."
    for name, p in net.named_parameters():
        old, wants_gradient = objects[name]
        assert p is old, (
            f"{called} replaced the parameter {name} by a new one, which an optimizer made before "
            "does not know: work in place.")
        assert p.requires_grad == wants_gradient, (
            f"{called} changed requires_grad of {name} to {p.requires_grad}.")


for path in ["head", "body.1"]:
    check_rest(path)
# BEGIN HIDDEN TESTS
for path in ["body", "body.11", "norm"]:
    check_rest(path)
# END HIDDEN TESTS

# %% [markdown]
# ## PyTorch and Keras side by side
#
# | idea | PyTorch | Keras 3 |
# |---|---|---|
# | a dense weight starts | uniform within ±1/√fan-in | uniform within ±√(6/(fan-in + fan-out)) |
# | its bias starts | uniform within ±1/√fan-in | at zero |
# | an initialiser is | a function that fills a tensor | called with shape and dtype |
# | it is chosen | after the layer was made | when the layer is made: `kernel_initializer=` |
# | normal | `nn.init.normal_(w, std=0.01)` | `RandomNormal(stddev=0.01)` |
# | constant | `nn.init.constant_(w, 42.0)` | `Constant(42.0)` |
# | Xavier is called | `xavier_uniform_` | `GlorotUniform` |
# | He is called | `kaiming_normal_` | `HeNormal` |
# | over a tree | `net.apply(f)`, `net.modules()` | a walk over the layers, then `assign` |
# | no weights before the first call | `nn.LazyLinear` | every layer |
# | convolution weight | `(out, in, height, width)` | `(height, width, in, out)` |
# | one initialiser, two layers | two draws | built-in ones: the same numbers twice |
# | set part of a weight | `w[0, 0] = 42.0`, no gradient | `w.assign(ops.scatter_update(w, …))` |
# | wrong shape | `copy_` broadcasts | `assign` raises |
# | start over | `reset_parameters()` | `initializer.clone()` and `assign` |
# | seed of everything | `torch.manual_seed(7)` | `keras.utils.set_random_seed(7)` |
# | borrow the generator | `torch.random.fork_rng()` | `random.getstate()`, `random.setstate(…)` |
# | saved with the model | the values | the values, and the initialiser's configuration |

# %% [markdown]
# ## Summary
#
# - Every layer starts somewhere: dense layers and convolutions uniformly within
#   $\pm 1/\sqrt{\text{fan-in}}$, embeddings normally, normalisation at 1 and 0.
# - Weights that start equal stay equal. Random numbers break the symmetry; biases may start at 0.
# - Each layer multiplies the size of the values by about $s\sqrt{n}$, with ReLU by $s\sqrt{n/2}$,
#   and depth turns a factor into a power. He's scheme keeps the size with ReLU, Xavier's is the
#   middle between forward and backward.
# - The window of a convolution multiplies both fans.
# - An initialiser writes into the tensor, with autograd off, and keeps object, type and shape.
# - Walk over the whole tree, ask with `isinstance`, mind layers without bias and without weight.
# - The last one to write wins: apply each scheme to its own block.
# - A seed fixes a sequence of numbers, not the numbers of a layer. Who borrows the generator puts
#   it back.

# %% [markdown]
# ## Where to read on
#
# - [`torch.nn.init`](https://docs.pytorch.org/docs/stable/nn.init.html), all initialisers with
#   their formulas.
# - X. Glorot and Y. Bengio,
#   [Understanding the difficulty of training deep feedforward neural networks](https://proceedings.mlr.press/v9/glorot10a.html),
#   and K. He and others, [Delving Deep into Rectifiers](https://arxiv.org/abs/1502.01852): the
#   papers of the two schemes.
# - [Layer weight initializers](https://keras.io/api/layers/initializers/), the same ground in
#   Keras.
# - *Dive into Deep Learning*, chapter [Builders' Guide](https://d2l.ai/chapter_builders-guide/index.html),
#   the chapter from which this unit grew, and the section
#   [Numerical Stability and Initialization](https://d2l.ai/chapter_multilayer-perceptrons/numerical-stability-and-init.html).
# - A. Géron, *Hands-On Machine Learning*, chapters 11 and 12.
#
# Next: lesson 06 asks when a layer can have weights at all, and what to do until then.
