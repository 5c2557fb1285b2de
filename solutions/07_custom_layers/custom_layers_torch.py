# %% [markdown]
# # Custom layers
#
# PyTorch comes with more than a hundred layers, and sooner or later you want one that is not among
# them: a normalisation from last week's paper, a product of features, noise of a certain kind. In
# this lesson you write six layers from nothing but tensor operations. Each of them is short. What
# takes care are the edges: whole numbers, inputs with more than two axes, a batch of one, the
# difference between training and use, and what is lost when the layer is saved.
#
# **Afterwards you can**
#
# - write a layer without parameters that leaves the gradient and the caller's data intact;
# - write a layer with parameters, for inputs of any rank and features on any axis;
# - take an activation by name or as a function, and give the layer a configuration from which it
#   can be made again;
# - write layers with several inputs and outputs, and refuse inputs that do not fit together;
# - make a layer behave differently in training, wherever it sits in a network;
# - turn a formula with means, roots or sums over several indices into a layer that is right for
#   small numbers, large numbers and any batch.
#
# **Time**: about 60 minutes. **You need**: lessons 01 to 06, above all 03 (blocks).
#
# **How to work.** Where you read *Predict*, stop and write your answer down before you run the cell
# below it; a wrong prediction is where the learning happens. In an exercise, fill in the solution
# cell, run it, then run the tests cells under it: a failed test says what was called, what came
# back, what was wanted and the likely cause. When you hand in, the same rules are also checked on
# other inputs. **Validate** in JupyterLab runs the notebook from top to bottom, as the grader will.
# *Run All Cells* stops at the first tests cell that fails, so take an exercise cell by cell.

# %% role="setup"
import io
import json
import pickle
from collections.abc import Callable
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F


def steps_behind(y: torch.Tensor) -> set[str]:
    """Return the names of the steps that autograd recorded up to y, for the tests of 7.5."""
    nodes = [y.grad_fn]
    for node in nodes:  # the list grows while it is walked
        nodes += [earlier for earlier, _ in getattr(node, "next_functions", ())]
    return {type(node).__name__ for node in nodes}


# %% [markdown]
# ## Layers without parameters
#
# A layer is a block that you do not want to take apart any further: a subclass of `nn.Module` with
# a `forward` that is made of tensor operations. The smallest layers hold nothing. Here is one that
# shifts its input so that the mean of all its entries is zero.
#
# **Predict** what becomes of the numbers 1 to 5.

# %% listing="S0-21"
class Centred(nn.Module):
    """Subtract the mean of all entries; any shape to the same shape."""

    def forward(self, x):
        return x - x.mean()


centred = Centred()
print(centred(torch.tensor([1.0, 2.0, 3.0, 4.0, 5.0])).tolist())

# %% [markdown]
# There is no constructor, because there is nothing to keep. The layer can be a link of any chain:

# %% listing="S0-22"
torch.manual_seed(0)
net = nn.Sequential(nn.Linear(8, 128), Centred())
y = net(torch.rand(4, 8))
print("output:", tuple(y.shape), " mean is zero:", y.mean().abs().item() < 1e-6)
print("parameters of the layer:", len(list(net[1].parameters())))

# %% [markdown]
# ### The batch takes part
#
# A dense layer treats each example for itself. This one does not: the mean runs over the whole
# batch.
#
# **Predict**: the row (1, 3) goes through the layer alone, and then beside the row (5, 7). Which
# row comes out in each case? And a batch that holds a single number?

# %%
row, neighbour = torch.tensor([[1.0, 3.0]]), torch.tensor([[5.0, 7.0]])
print("alone:          ", centred(row)[0].tolist())
print("in a batch:     ", centred(torch.cat([row, neighbour]))[0].tolist())
print("a single number:", centred(torch.tensor([[42.0]]))[0].tolist())

# %% [markdown]
# Whoever computes over the batch axis makes the answer for one example depend on its neighbours,
# and a batch of one loses everything. That can be wanted. It should never happen by accident, so
# state over which axes you compute: `x.mean(dim=0)` takes the mean over the batch, one for each
# column; `dim=(0, 1)` takes it over two axes, and `dim=-1` over the last one.

# %%
numbers = torch.arange(12.0).reshape(2, 2, 3)
print("dim=0:     ", tuple(numbers.mean(dim=0).shape))
print("dim=(0, 1):", numbers.mean(dim=(0, 1)).tolist())
print("dim=-1:    ", numbers.mean(dim=-1).tolist())

# %% [markdown]
# ### Then and now: the mean of whole numbers
#
# The listing behind `Centred` comes from a TensorFlow text. There the mean of the whole numbers
# 1, 2 and 4 is the whole number 2, and the layer returns −1, 0 and 2, which is not centred at all.
#
# **Predict** what PyTorch makes of it.

# %% tags=["raises-exception"]
centred(torch.tensor([1, 2, 4]))

# %% [markdown]
# PyTorch refuses (lesson 01), which is better than a wrong answer, and still an error in the middle
# of somebody else's network. A layer that should take counts, pixels or the numbers of words
# converts them first:

# %%
for x in (torch.tensor([1, 2, 4]), torch.tensor([1.0, 2.0, 4.0], dtype=torch.float64)):
    converted = x if x.is_floating_point() else x.float()
    y = centred(converted)
    print(x.dtype, "becomes", y.dtype, [round(value, 2) for value in y.tolist()])

# %% [markdown]
# ### A function as a layer
#
# For a layer without parameters a whole class can feel like much. Keras has a `Lambda` layer that
# turns any function into a layer. PyTorch has none, but one is quickly written:

# %% listing="S1-22"
class Apply(nn.Module):
    """Apply a function as a layer."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


net = nn.Sequential(Apply(lambda x: x.exp() - 1), nn.Linear(2, 1))
print(tuple(net(torch.zeros(5, 2)).shape))

# %% [markdown]
# **Then and now.** Such layers spread through texts because they are so short. They have two
# drawbacks. **Predict** both: can the whole layer be saved, and how many parameters does the second
# layer below show?

# %%
try:
    torch.save(Apply(lambda x: x.exp() - 1), io.BytesIO())
except (pickle.PicklingError, AttributeError):
    print("a function without a name cannot be saved")

inner = nn.Linear(2, 2)
hides = Apply(lambda x: torch.tanh(inner(x)))
print("output:", tuple(hides(torch.ones(5, 2)).shape), end=" ")
print("parameters:", len(list(hides.parameters())))

# %% [markdown]
# A nameless function has no name under which it could be found again, and a layer inside a function
# is out of the register's sight: it would run in the network and never be trained. Keras has the
# same two troubles with `Lambda`. Today's form is what you have seen above, a small class with a
# name and a docstring.

# %% [markdown] exercise="centre-features" role="task"
# ## Exercise 7.1: centre each feature
#
# *3 points*
#
# Write the layer `CentreFeatures()`. It subtracts from every feature the mean of that feature, so
# that each feature of the output has mean zero.
#
# - **In**: `x` of rank 2 or more, shape `(batch, ..., features)`, with at least one entry; floating
#   point, or whole numbers of any integer dtype. **Out**: the same shape. A floating-point input
#   keeps its dtype; whole numbers are converted to float32 first.
# - The mean of a feature runs over all axes *but the last*: over the batch and, for rank 3 and
#   more, over the axes between.
# - Each batch is centred by its own mean, in training mode and in evaluation mode. The layer
#   remembers nothing and has no parameters. A single row gives zeros.
# - The caller's tensor keeps its values.
# - The gradient flows through the mean too: the mean is part of the computation.
#
# The first tests cell (2 points) looks at values and dtypes, the second (1 point) at the gradient.

# %% [markdown] exercise="centre-features" role="hint"
# <details><summary>Hint 1</summary>
#
# There are two steps: whole numbers become float32, then the mean is subtracted. Over which axes?
# For rank 2 that is axis 0, for rank 3 axes 0 and 1, for rank 4 axes 0, 1 and 2.
#
# </details>

# %% [markdown] exercise="centre-features" role="hint"
# <details><summary>Hint 2</summary>
#
# `x.mean(dim=tuple(range(x.dim() - 1)))` has one entry per feature for every rank, and broadcasting
# lines it up with the last axis. `x.is_floating_point()` tells whether to convert with `x.float()`.
#
# </details>

# %% exercise="centre-features" role="solution" listing="S0-21 S0-22"
class CentreFeatures(nn.Module):
    """Subtract each feature's mean; (batch, ..., features) to the same shape, floating point."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        # BEGIN SOLUTION
        if not x.is_floating_point():
            x = x.float()
        return x - x.mean(dim=tuple(range(x.dim() - 1)))
        # END SOLUTION


# %% exercise="centre-features" role="tests" points=2
# Exercise 7.1, tests 1 of 2: what is subtracted, and the dtype.
def check_centre(dtype, *shapes):
    """Send one batch of each shape through one layer, every second one in evaluation mode."""
    layer, rng, first = CentreFeatures(), np.random.default_rng(7), None
    assert isinstance(layer, nn.Module), (
        f"CentreFeatures() gave {type(layer).__name__}, wanted an nn.Module.")
    for number, shape in enumerate(shapes):
        v = rng.integers(0, 12, size=shape) / (2 if dtype.is_floating_point else 1)
        mode = ", in evaluation mode" * (number % 2)
        called = f"CentreFeatures()(x) for {dtype} x of shape {shape}{mode}"
        try:
            y = layer.train(number % 2 == 0)(torch.tensor(v, dtype=dtype))
        except NotImplementedError:
            raise
        except RuntimeError as error:
            raise AssertionError(
                f"{called} raised RuntimeError ({error}): convert whole numbers to float32 first, "
                "and change nothing in place.") from None
        assert type(y) is torch.Tensor, f"{called} gave {type(y).__name__}, wanted a torch.Tensor."
        wanted_dtype = dtype if dtype.is_floating_point else torch.float32
        assert tuple(y.shape) == shape and y.dtype == wanted_dtype, (
            f"{called} gave {y.dtype} of shape {tuple(y.shape)}, wanted {wanted_dtype} of {shape}.")

        leading, got = tuple(range(v.ndim - 1)), y.detach().double().numpy()
        mean = v.mean(leading)
        first = mean if first is None else first
        wanted = v - mean
        likely = {
            "that is less the mean of the whole tensor; each feature has its own": v - v.mean(),
            "each row was centred by its own mean, and each feature should be":
                v - v.mean(-1, keepdims=True),
            "the mean ran over axis 0 only; it runs over all axes but the last": v - v.mean(0),
            "the mean was cut to a whole number": v - np.floor(mean),
            "it was divided by the spread as well": wanted / (v.std(leading) + 1e-9),
            "the mean of an earlier batch was used; each batch has its own":
                v - (first if first.shape == mean.shape else mean + 1)}
        cause = next((c for c, a in likely.items() if np.allclose(got, a, rtol=1e-5, atol=1e-5)),
                     "subtract from each feature its mean over all other axes")
        rows = [a.reshape(-1, shape[-1]) for a in (v, got, wanted)]
        row = np.abs(rows[1] - rows[2]).max(1).argmax()
        assert np.allclose(got, wanted, rtol=1e-5, atol=1e-5), (
            f"{called} turned the row {rows[0][row]} into {rows[1][row].round(3)}, wanted "
            f"{rows[2][row].round(3)}: {cause}.")


for dtype, *shapes in [(torch.float32, (4, 3), (2, 3)), (torch.int64, (4, 2))]:
    check_centre(dtype, *shapes)
# BEGIN HIDDEN TESTS
for dtype, *shapes in [(torch.float32, (2, 3, 4), (1, 4), (2, 2, 3, 2)), (torch.uint8, (3, 5, 2)),
                       (torch.float64, (5, 5)), (torch.float16, (4, 2))]:
    check_centre(dtype, *shapes)
# END HIDDEN TESTS

# %% exercise="centre-features" role="tests" points=1
# Exercise 7.1, tests 2 of 2: the gradient, and what the layer leaves alone.
def check_gradient(shape):
    layer, rng = CentreFeatures(), np.random.default_rng(1)
    assert isinstance(layer, nn.Module), (
        f"CentreFeatures() gave {type(layer).__name__}, wanted an nn.Module.")
    v, factor = rng.normal(size=shape), rng.normal(size=shape)
    plain = torch.from_numpy(v).float()
    layer(plain)
    assert np.allclose(plain.numpy(), v, atol=1e-6), (
        f"CentreFeatures()(x) for x of shape {shape} changed the caller's x: write x - mean, not "
        "x -= mean, which works in place.")
    x = torch.from_numpy(v).float().requires_grad_()
    y = layer(x)
    assert type(y) is torch.Tensor and y.requires_grad, (
        f"CentreFeatures()(x) for x of shape {shape} is cut off from x, so that nothing before it "
        "can be trained: no NumPy, detach, no_grad or .data.")
    (torch.from_numpy(factor).float() * y).sum().backward()
    got = None if x.grad is None else x.grad.double().numpy()
    wanted = factor - factor.mean(tuple(range(len(shape) - 1)))
    cut = got is not None and np.allclose(got, factor, rtol=1e-4, atol=1e-4)
    assert got is not None and np.allclose(got, wanted, rtol=1e-4, atol=1e-4), (
        f"the gradient of sum(c * CentreFeatures()(x)) for x of shape {shape} is wrong: " + (
            "it is c, as if the mean were a constant. The mean depends on x: do not detach it, "
            "and keep NumPy out." if cut
            else "get the first tests cell to pass first."))
    assert not list(layer.parameters()) and not layer.state_dict(), (
        "CentreFeatures() keeps tensors; it needs none.")


for shape in [(4, 3)]:
    check_gradient(shape)
# BEGIN HIDDEN TESTS
for shape in [(2, 5, 3), (1, 2)]:
    check_gradient(shape)
# END HIDDEN TESTS

# %% [markdown]
# ## Layers with parameters
#
# A layer that learns holds `nn.Parameter`s. The constructor makes them and gives them their start
# values, `forward` uses them. This one multiplies each feature by a number of its own:

# %%
class Scale(nn.Module):
    """Multiply each feature by a learned factor; (..., width) to (..., width)."""

    def __init__(self, width):
        super().__init__()
        self.factor = nn.Parameter(torch.ones(width))

    def forward(self, x):
        return x * self.factor


scale = Scale(3)
print([(name, tuple(p.shape)) for name, p in scale.named_parameters()])
print(scale(torch.tensor([[1.0, 2.0, 3.0]])).tolist())

# %% [markdown]
# The constructor has to know the width, as `nn.Linear` does. (Lesson 06 showed how a lazy layer
# learns it from the first batch. Lazy and ordinary layers mix: in the chain below, only our own
# layer is told a size.)

# %% listing="S2-03 S2-04"
chain = nn.Sequential(nn.LazyLinear(3), nn.ReLU(), Scale(3), nn.LazyLinear(1))
print("output:", tuple(chain(torch.ones(4, 7)).shape))
print("weights:", [tuple(p.shape) for name, p in chain.named_parameters() if "bias" not in name])

# %% [markdown]
# ### Then and now: a dense layer that cannot learn
#
# The PyTorch edition of a well-known listing writes a dense layer of its own. It reads its
# parameters through `.data`, as in the next cell.

# %% listing="S0-23 S2-01"
class DataDense(nn.Module):
    """A dense layer with ReLU that reads its parameters as the listing does."""

    def __init__(self, num_inputs, num_outputs):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(num_outputs, num_inputs))
        self.bias = nn.Parameter(torch.zeros(num_outputs))

    def forward(self, x):
        return F.relu(x @ self.weight.data.T + self.bias.data)

# %% [markdown]
# **Predict**: is the shape right? And which of the four parameters of the chain below have a
# gradient after `backward`?

# %% listing="S0-24 S2-02"
print("output:", tuple(DataDense(5, 3)(torch.rand(2, 5)).shape))

# %% listing="S0-25"
chain = nn.Sequential(DataDense(64, 8), nn.Linear(8, 1))
chain(torch.rand(2, 64)).sum().backward()
for name, p in chain.named_parameters():
    print(f"{name:9} gradient: {'no' if p.grad is None else 'yes'}")

# %% [markdown]
# Values right, shapes right, and the layer stays as it was drawn for ever: `.data` is a view of the
# numbers that autograd does not follow. In a chain nothing raises, since the other layers train.
# Today's form is `self.weight`, without anything after it.
#
# ### Start values
#
# The listing also draws its weight from `torch.randn`, whatever the number of inputs. Each output
# is a sum of that many random terms, so its *spread*, the standard deviation, grows with their
# number, as in lesson 05.
#
# **Predict** the spread of the outputs for 400 inputs, if weights and inputs have spread 1.

# %%
torch.manual_seed(0)
x = torch.randn(1000, 400)
for label, weight in {
    "torch.randn":            torch.randn(400, 400),
    "torch.randn / sqrt(400)": torch.randn(400, 400) / 400**0.5,
}.items():
    print(f"{label:24} spread of the outputs: {(x @ weight.T).std().item():.0f}")

# %% [markdown]
# Lesson 05 has schemes for this. Here the weight starts by the Xavier uniform one: for $n$ inputs
# and $m$ outputs, each entry is uniform between $-\sqrt{6/(n+m)}$ and $\sqrt{6/(n+m)}$. Never
# `torch.empty` alone, which is whatever lay in memory: `nn.init.xavier_uniform_(self.weight)` fills
# it. The bias may start at zeros. The weight is random, so that its rows, which all see the same
# input, differ at the start.
#
# ### An activation, by function or by name
#
# In lesson 06 a dense layer took its activation by name as well as by function, and its constructor
# turned a name into a function, so that a wrong name fails there and not at the first call. Names
# have another use: they can be written into a file, and functions cannot. Lesson 06 looked in
# `torch.nn.functional`; `torch` has the usual activations too:

# %% listing="S2-07"
for activation in (torch.tanh, "tanh"):
    function = getattr(torch, activation) if isinstance(activation, str) else activation
    print(f"{type(activation).__name__:26} gives {function(torch.tensor(0.5)).item():.3f}")

# %% [markdown]
# ### Inputs of any rank
#
# In lesson 03 a dense layer took inputs with more than two axes. For a layer of your own this
# depends on which product you write.
#
# **Predict**: which of these four products of a `(4, 5, 3)` input and a weight work, and with which
# shape?

# %%
x, weight, bias = torch.ones(4, 5, 3), torch.ones(2, 3), torch.zeros(2)
for label, product in {
    "x @ weight.T + bias":             lambda: x @ weight.T + bias,
    "F.linear(x, weight, bias)":       lambda: F.linear(x, weight, bias),
    "torch.mm(x, weight.T)":           lambda: torch.mm(x, weight.T),
    "torch.addmm(bias, x, weight.T)":  lambda: torch.addmm(bias, x, weight.T),
}.items():
    try:
        print(f"{label:31}", tuple(product().shape))
    except RuntimeError as error:
        print(f"{label:31} {error}")

# %% [markdown]
# `@` multiplies along the last axis and leaves all leading axes alone; `torch.mm` and `torch.addmm`
# are for matrices only. An empty batch is no special case for `@`. The two mistakes that `@` does
# notice are a wrong width and a wrong dtype:

# %%
print("empty batch:", tuple((torch.ones(0, 3) @ weight.T).shape))
for bad in (torch.ones(4, 7), torch.ones(4, 3, dtype=torch.int64)):
    try:
        bad @ weight.T
    except RuntimeError as error:
        print(error)

# %% [markdown]
# ### Features on another axis
#
# So far the features have been the last axis. PyTorch keeps images as `(batch, channels, height,
# width)`: what belongs to one pixel, its channels, stands on axis 1, and `@` would multiply along a
# row of pixels instead. So the features have to be brought to the end first, and back afterwards.
#
# **Predict**: both lines below turn shape `(2, 3, 2, 4)` into `(2, 2, 4, 3)`. Which of them keeps
# the three channels of a pixel together?

# %%
image = torch.arange(48.0).reshape(2, 3, 2, 4)
moved, reshaped = image.movedim(1, -1), image.reshape(2, 2, 4, 3)
print("the first pixel:", image[0, :, 0, 0].tolist())
print("moved:          ", moved[0, 0, 0].tolist())
print("reshaped:       ", reshaped[0, 0, 0].tolist())

# %% [markdown]
# `movedim` takes an axis from one place to another and leaves the order of the others as it is.
# `reshape` only counts through the memory again (lesson 01): right shape, wrong numbers, no error.
# This weight keeps channel 0 and channel 2:

# %%
weight = torch.tensor([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
picked = (image.movedim(1, -1) @ weight.T).movedim(-1, 1)
print(tuple(picked.shape), "channels 0 and 2:", torch.equal(picked, image[:, [0, 2]]))

# %% [markdown]
# A dense layer over the channels treats every pixel alike. Networks for images are full of such
# layers; there they go by the name of *1 × 1 convolution*. Which axis holds the features is a
# setting of the layer. Its parameters do not tell: their shapes are the same for every axis.

# %% [markdown]
# ### What a state dict does not say
#
# `Power` raises the size of each entry to a fixed power and keeps its sign. The exponent is a
# setting: a number that somebody chose, no parameter and no buffer.

# %%
class Power(nn.Module):
    """Raise the size of each entry to a power, keep its sign; any shape to the same shape."""

    def __init__(self, exponent=1.0):
        super().__init__()
        self.exponent = exponent

    def forward(self, x):
        return torch.sign(x) * x.abs() ** self.exponent


# %% [markdown]
# **Predict**: the state of one chain is loaded into another, whose exponent was left at its
# default. What does PyTorch report, and are the outputs the same?

# %%
original = nn.Sequential(Scale(2), Power(3.0))
twin = nn.Sequential(Scale(2), Power())
print(twin.load_state_dict(original.state_dict()))
x = torch.tensor([[2.0, -3.0]])
print("original:", original(x).tolist(), " twin:", twin(x).tolist())

# %% [markdown]
# A state dict holds tensors. Settings are in the *code* that made the layer, and that code may be
# gone when the file is opened. Keras therefore asks each layer for its *configuration*: a
# dictionary of the arguments from which the layer can be made again. In PyTorch it is a convention
# that you can keep to yourself. If the values are plain (numbers, strings, `None`), the dictionary
# can be written down as text beside the state dict.

# %% listing="S1-23"
class NotedPower(Power):
    """A Power that can tell how it was made."""

    def get_config(self):
        return {"exponent": self.exponent}

    def extra_repr(self):
        return f"exponent={self.exponent}"


text = json.dumps(NotedPower(3.0).get_config())
again = NotedPower(**json.loads(text))
print(text)
print(again, again(x).tolist())

# %% [markdown]
# `extra_repr` is for the eye: what it returns stands between the brackets wherever the network is
# printed. The configuration says how to make the layer, the state dict what it has learned; lesson
# 09 puts the two into files.
#
# ```mermaid
# flowchart LR
#     layer["layer"] -- get_config --> config["arguments, as text"]
#     layer -- state_dict --> state["tensors"]
#     config -- constructor --> fresh["new layer"]
#     state -- load_state_dict --> fresh
# ```

# %% [markdown] exercise="dense-from-scratch" role="task"
# ## Exercise 7.2: a dense layer from scratch
#
# *4 points*
#
# Write the layer `OwnDense(num_inputs, num_outputs, activation=None, axis=-1)` without using
# `nn.Linear`. Along one axis of its input it computes $y = a(x W^\top + b)$, where $a$ is the
# activation. (`LazyDense` of lesson 06 did that much along the last axis. New are parameters that
# you make and start yourself, the axis, and a configuration that holds all settings.)
#
# - **In**: `x`, float32, rank 2 or more, with `num_inputs` entries along `axis`; the batch may be
#   empty. **Out**: float32, `num_outputs` entries along `axis`. All other axes stay as they are,
#   and where they are: with `axis=1` and 5 outputs, `(2, 3, 8, 6)` becomes `(2, 5, 8, 6)`.
# - `axis` is an int that counts axes of `x` as in an index: from the front, or, if it is negative,
#   from the back.
# - $W$ has shape `(num_outputs, num_inputs)` and $b$ has shape `(num_outputs,)`. They are the only
#   parameters, and what `backward` trains; gradients reach `x`, too.
# - $W$ starts by the Xavier uniform scheme, drawn anew for every layer; $b$ starts at zeros.
# - `activation` is `None` for none, a function from tensor to tensor that acts on each entry for
#   itself, or one of the names `"relu"`, `"tanh"` and `"sigmoid"`.
# - `get_config()` returns a dictionary with the constructor's four arguments. If the activation
#   was given by name or left out, it goes through `json.dumps`, and `OwnDense(**config)` makes a
#   layer that computes the same once it has loaded the same state dict.
#
# The four tests cells (1 point each) look at what is computed along the last axis, at other axes,
# at start values and training, and at the configuration.

# %% [markdown] exercise="dense-from-scratch" role="hint"
# <details><summary>Hint 1</summary>
#
# Follow `Scale` for the parameters. Begin with the last axis only: the formula is one line if you
# choose the product that works for every rank. Other axes need one step before it and one after
# it. For the configuration you need the activation as it was *given*, for `forward` a function.
#
# </details>

# %% [markdown] exercise="dense-from-scratch" role="hint"
# <details><summary>Hint 2</summary>
#
# Constructor: keep the four arguments; `self.weight = nn.Parameter(torch.empty(num_outputs,
# num_inputs))`, filled by `nn.init.xavier_uniform_`; `self.bias = nn.Parameter(torch.zeros(…))`.
# Forward: `y = x.movedim(self.axis, -1) @ self.weight.T + self.bias`; then the activation, if
# there is one; then `y.movedim(-1, self.axis)`. `getattr(torch, name)` finds a function by name.
#
# </details>

# %% exercise="dense-from-scratch" role="solution" listing="S0-23 S0-24 S0-25 S1-23 S2-01 S2-07"
class OwnDense(nn.Module):
    """Dense layer with activation along one axis: num_inputs to num_outputs entries, float32."""

    def __init__(
        self,
        num_inputs: int,
        num_outputs: int,
        activation: str | Callable[[torch.Tensor], torch.Tensor] | None = None,
        axis: int = -1,
    ) -> None:
        super().__init__()
        # BEGIN SOLUTION
        self.config = {"num_inputs": num_inputs, "num_outputs": num_outputs,
                       "activation": activation, "axis": axis}
        self.axis = axis
        self.activation = getattr(torch, activation) if isinstance(activation, str) else activation
        self.weight = nn.Parameter(torch.empty(num_outputs, num_inputs))
        nn.init.xavier_uniform_(self.weight)
        self.bias = nn.Parameter(torch.zeros(num_outputs))
        # END SOLUTION

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        # BEGIN SOLUTION
        y = x.movedim(self.axis, -1) @ self.weight.T + self.bias
        y = y if self.activation is None else self.activation(y)
        return y.movedim(-1, self.axis)
        # END SOLUTION

    def get_config(self) -> dict[str, Any]:
        """Return the arguments from which this layer can be made again."""
        # BEGIN SOLUTION
        return dict(self.config)
        # END SOLUTION


# %% exercise="dense-from-scratch" role="tests" points=1
# Exercise 7.2, tests 1 of 4: what is computed along the last axis, for every rank and activation.
def check_dense(shape, outputs, *activation):
    inputs, a = shape[-1], activation[0] if activation else None
    shown = "" if not activation else f", {a!r}" if isinstance(a, str | None) else ", torch.cos"
    name = f"OwnDense({inputs}, {outputs}{shown})"
    layer, rng = OwnDense(inputs, outputs, *activation), np.random.default_rng(outputs)
    assert isinstance(layer, nn.Module), f"{name} gave {type(layer).__name__}, not an nn.Module."
    assert not any(isinstance(m, nn.Linear) for m in layer.modules()), (
        f"{name} uses nn.Linear; the task is to do its work yourself.")
    found = {tuple(p.shape): p for p in layer.parameters()}
    assert sorted(found) == sorted([(outputs, inputs), (outputs,)]), (
        f"{name} has parameters of shapes {sorted(found)}, wanted {(outputs, inputs)} and "
        f"{(outputs,)}: " + ("W has one row per output, as in nn.Linear." if found else
                             "a plain tensor is no parameter; wrap it in nn.Parameter."))
    w, b, x = (rng.normal(size=s) for s in ((outputs, inputs), (outputs,), shape))
    with torch.no_grad():
        found[outputs, inputs].copy_(torch.from_numpy(w))
        found[outputs,].copy_(torch.from_numpy(b))
    called = f"{name}(x) for x of shape {shape}"
    try:
        y = layer(torch.from_numpy(x).float())
    except NotImplementedError:
        raise
    except (RuntimeError, TypeError, IndexError) as error:
        raise AssertionError(f"{called} raised {type(error).__name__} ({error}): " + (
            "turn the name of an activation into a function." if isinstance(error, TypeError) else
            "write x @ W.T, which works for every rank; mm, addmm and x.T do not.")) from None
    assert type(y) is torch.Tensor and tuple(y.shape) == (*shape[:-1], outputs), (
        f"{called} gave {type(y).__name__} of shape {tuple(getattr(y, 'shape', ()))}, wanted "
        f"{(*shape[:-1], outputs)}: the leading axes stay as they are.")
    act = {"relu": lambda v: np.maximum(v, 0), "tanh": np.tanh, None: lambda v: v,
           "sigmoid": lambda v: 1 / (1 + np.exp(-v)), torch.cos: np.cos}[a]
    got, linear, wanted = y.detach().numpy(), x @ w.T + b, act(x @ w.T + b)
    likely = {"the bias is missing": act(x @ w.T), "the activation is not applied": linear,
              "the bias is added after the activation": act(x @ w.T) + b,
              "a ReLU is applied that nobody asked for": np.maximum(linear, 0)}
    cause = next((c for c, v in likely.items() if np.allclose(got, v, rtol=1e-4, atol=1e-4)),
                 "is it activation(x @ W.T + b) with the parameters of the layer?")
    assert y.dtype == torch.float32 and np.allclose(got, wanted, rtol=1e-4, atol=1e-4), (
        f"{called} gave {y.dtype} that begins {got.ravel()[:3].round(3)}, wanted float32 that "
        f"begins {wanted.ravel()[:3].round(3)} with the W and b that it has: {cause}.")


for case in [((4, 3), 2), ((2, 5, 3), 4, "relu"), ((6, 2), 3, torch.cos)]:
    check_dense(*case)
# BEGIN HIDDEN TESTS
for case in [((1, 4), 6, None), ((2, 3, 2, 5), 2, "tanh"), ((3, 2), 5, "sigmoid"), ((0, 3), 2)]:
    check_dense(*case)
# END HIDDEN TESTS

# %% exercise="dense-from-scratch" role="tests" points=1
# Exercise 7.2, tests 2 of 4: features on another axis.
def check_axis(shape, outputs, axis):
    inputs, rng = shape[axis], np.random.default_rng(axis + 9)
    called = f"OwnDense({inputs}, {outputs}, torch.tanh, axis={axis})(x) for x of shape {shape}"
    layer = OwnDense(inputs, outputs, torch.tanh, axis=axis)
    assert isinstance(layer, nn.Module), f"OwnDense gave {type(layer).__name__}, not an nn.Module."
    assert not any(isinstance(m, nn.Linear) for m in layer.modules()), (
        f"{called}: uses nn.Linear; the task is to do its work yourself.")
    found = {tuple(p.shape): p for p in layer.parameters()}
    assert sorted(found) == sorted([(outputs, inputs), (outputs,)]), (
        f"{called}: parameters of shapes {sorted(found)}; get the first tests cell to pass first.")
    w, b, x = (rng.normal(size=s) for s in ((outputs, inputs), (outputs,), shape))
    with torch.no_grad():
        found[outputs, inputs].copy_(torch.from_numpy(w))
        found[outputs,].copy_(torch.from_numpy(b))
    try:
        y = layer(torch.from_numpy(x).float())
    except RuntimeError as error:
        if isinstance(error, NotImplementedError):
            raise
        raise AssertionError(
            f"{called} raised RuntimeError ({error}): @ multiplies along the last axis; bring the "
            "axis there, multiply, add the bias, and bring it back.") from None
    moved = np.moveaxis(x, axis, -1)
    wanted = np.tanh(np.moveaxis(moved @ w.T + b, -1, axis))
    assert type(y) is torch.Tensor and tuple(y.shape) == wanted.shape, (
        f"{called} gave shape {tuple(getattr(y, 'shape', ()))}, wanted {wanted.shape}: the new "
        "features stand where the old ones stood, and all other axes stay where they were.")
    likely = {}
    if inputs == outputs:
        likely["reshape mixes up the entries; it moves no axis"] = np.tanh(
            x.reshape(moved.shape) @ w.T + b).reshape(shape)
    if inputs == outputs == shape[-1]:
        likely = {"that is along the last axis": np.tanh(x @ w.T + b),
                  "the bias runs along the last axis": np.tanh(
                      np.moveaxis(moved @ w.T, -1, axis) + b)}
    cause = next((c for c, v in likely.items() if np.allclose(y.detach(), v, 1e-3, 1e-3)),
                 "the product and the bias act along that axis, for each place on the others")
    assert np.allclose(y.detach(), wanted, rtol=1e-3, atol=1e-3), (
        f"{called} begins {y.detach().numpy().ravel()[:3].round(3)}, wanted "
        f"{wanted.ravel()[:3].round(3)}: {cause}.")


for case in [((5, 4, 2), 4, -2), ((2, 3, 4, 3), 3, 1), ((2, 5, 3), 4, 1)]:
    check_axis(*case)
# BEGIN HIDDEN TESTS
for case in [((2, 4, 3, 3), 3, 2), ((2, 2, 3, 2, 4), 5, -3), ((0, 3, 2), 4, 1), ((4, 5), 3, 0)]:
    check_axis(*case)
# END HIDDEN TESTS

# %% exercise="dense-from-scratch" role="tests" points=1
# Exercise 7.2, tests 3 of 4: start values, and two training steps.
def check_training(inputs, outputs, shape):
    name, bound = f"OwnDense({inputs}, {outputs}, torch.tanh)", (6 / (inputs + outputs)) ** 0.5
    layer, second = (OwnDense(inputs, outputs, torch.tanh) for _ in range(2))
    assert isinstance(layer, nn.Module), f"{name} gave {type(layer).__name__}, not an nn.Module."
    found, other = ({tuple(p.shape): p for p in m.parameters()} for m in (layer, second))
    assert set(found) == {(outputs, inputs), (outputs,)}, (
        f"{name} has parameters of shapes {sorted(found)}; get the first tests cell to pass first.")
    weight, bias = found[outputs, inputs], found[outputs,]
    w = weight.detach().double().numpy()
    drawn = len(np.unique(w)) > 0.9 * w.size and np.abs(w).max() < 100
    centred, spread = abs(w.mean()) < 0.1 * bound, abs(w.std() / bound * 3**0.5 - 1) < 0.1
    cause = ("torch.empty draws nothing, and equal rows make equal outputs" if not drawn else
             "the draws lie around 0" if not centred else "the draws are uniform" if spread else
             "the bound is the root of 6 / (inputs + outputs), as in nn.init.xavier_uniform_")
    assert drawn and centred and spread and np.abs(w).max() < 1.001 * bound, (
        f"W of {name} starts between {w.min():.3g} and {w.max():.3g}, with standard deviation "
        f"{w.std():.3g}; wanted the Xavier uniform scheme, which draws between {-bound:.3f} and "
        f"{bound:.3f}, with standard deviation {bound / 3**0.5:.3f}: {cause}.")
    assert not torch.equal(weight, other[outputs, inputs]), (
        f"two layers {name} start with the same W: draw it in __init__, without a fixed seed.")
    assert not bias.any(), f"b of {name} starts at {bias[:3].tolist()} and so on, wanted zeros."

    rng = np.random.default_rng(0)
    v, factor = rng.normal(size=shape), rng.normal(size=(*shape[:-1], outputs))
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.05)
    for step in (1, 2):
        optimizer.zero_grad()
        w, b = (p.detach().clone().double().numpy() for p in (weight, bias))
        x = torch.from_numpy(v).float().requires_grad_()
        y, act = layer(x), np.tanh(v @ w.T + b)
        assert type(y) is torch.Tensor and y.shape == act.shape and np.allclose(
            y.detach(), act, rtol=1e-3, atol=1e-3), (
            f"step {step}: {name} computes something else; get the first tests cell to pass first.")
        assert y.requires_grad, (
            f"the output of {name} is cut off, so that nothing is trained: no .data, detach, "
            "no_grad or NumPy in forward.")
        (torch.from_numpy(factor).float() * y).sum().backward()
        up = (factor * (1 - act**2)).reshape(-1, outputs)
        wanted = {"W": (weight, up.T @ v.reshape(-1, inputs)), "b": (bias, up.sum(0)),
                  "x": (x, (up @ w).reshape(shape))}
        for label, (p, value) in wanted.items():
            assert p.grad is not None and np.allclose(p.grad, value, rtol=1e-3, atol=1e-3), (
                f"step {step}: the gradient of {name} with respect to {label} is "
                f"{'missing' if p.grad is None else 'wrong'}: use x, W and b themselves in "
                "forward, without .data, detach or torch.tensor, and make nothing anew there.")
        optimizer.step()


for case in [(200, 100, (3, 200))]:
    check_training(*case)
# BEGIN HIDDEN TESTS
for case in [(50, 300, (2, 3, 50))]:
    check_training(*case)
# END HIDDEN TESTS

# %% exercise="dense-from-scratch" role="tests" points=1
# Exercise 7.2, tests 4 of 4: the configuration.
def check_config(inputs, outputs, **settings):
    shown = "".join(f", {key}={value!r}" for key, value in settings.items())
    name, layer = f"OwnDense({inputs}, {outputs}{shown})", OwnDense(inputs, outputs, **settings)
    assert isinstance(layer, nn.Module), f"{name} gave {type(layer).__name__}, not an nn.Module."
    OwnDense(outputs + 1, inputs + 1, "sigmoid", 0)  # a later layer must not change this one
    config = layer.get_config()
    assert isinstance(config, dict), (
        f"{name}.get_config() gave {type(config).__name__}, wanted a dictionary.")
    assert set(config) == {"num_inputs", "num_outputs", "activation", "axis"}, (
        f"{name}.get_config() has the keys {sorted(map(str, config))}, wanted the names of the "
        "constructor's four arguments: num_inputs, num_outputs, activation and axis.")
    try:
        text = json.dumps(config)
    except TypeError as error:
        raise AssertionError(
            f"json.dumps({name}.get_config()) raised TypeError ({error}): keep the activation as "
            "it was given, a name or None, and not the function it stands for.") from None
    x = torch.from_numpy(np.random.default_rng(5).normal(size=(inputs,) * 3)).float()
    wanted = layer(x)
    try:
        twin = OwnDense(**json.loads(text))
        twin.load_state_dict(layer.state_dict())
        y = twin(x)
    except Exception as error:
        raise AssertionError(
            f"the layer made from {text}, the configuration of {name}, was to take its state dict "
            f"and a batch, and raised {type(error).__name__} ({str(error)[:100]}): do the sizes "
            "belong to this layer, and are activation and axis as they were given?") from None
    assert type(y) is torch.Tensor and y.shape == wanted.shape and torch.allclose(y, wanted), (
        f"the layer made from {text}, the configuration of {name}, computes something else with "
        "the same parameters: are the activation and the axis in it those of this layer?")


for case in [{"activation": "tanh"}, {"axis": 1}]:
    check_config(3, 3, **case)
# BEGIN HIDDEN TESTS
for case in [{}, {"activation": "relu", "axis": -2}]:
    check_config(4, 4, **case)
# END HIDDEN TESTS

# %% [markdown]
# ## Several inputs, several outputs
#
# `forward` may take as many arguments as you like, and return a tuple. This layer takes the two
# coordinates of points in the plane and gives their distances from the origin and their directions.

# %%
class Polar(nn.Module):
    """Distance and direction of points: x and y of shape (...) give two tensors of that shape."""

    def forward(self, x, y):
        return torch.sqrt(x * x + y * y), torch.atan2(y, x)


polar = Polar()
distance, direction = polar(torch.tensor([3.0, 0.0]), torch.tensor([4.0, 2.0]))
print("distance: ", distance.tolist())
print("direction:", [round(angle, 2) for angle in direction.tolist()])

# %% [markdown]
# **Predict**: can such a layer be the first link of a Sequential? And a link in the middle?

# %%
for label, attempt in {
    "first":  lambda: nn.Sequential(Polar(), nn.ReLU())(torch.ones(2), torch.ones(2)),
    "middle": lambda: nn.Sequential(nn.ReLU(), Polar(), nn.ReLU())(torch.ones(2)),
}.items():
    try:
        attempt()
    except TypeError as error:
        print(f"{label}: {error}")

# %% [markdown]
# A chain passes one value from link to link. Layers with several inputs belong into a block whose
# `forward` says what goes where:

# %%
class Compass(nn.Module):
    """Make two coordinates of each row, return the direction; (batch, width) to (batch, 1)."""

    def __init__(self, width):
        super().__init__()
        self.east, self.north = nn.Linear(width, 1), nn.Linear(width, 1)
        self.polar = Polar()

    def forward(self, x):
        distance, direction = self.polar(self.east(x), self.north(x))
        return direction


print(tuple(Compass(4)(torch.ones(5, 4)).shape))

# %% [markdown]
# Two inputs bring a danger that one input does not have: they may not belong together.
#
# **Predict**: three coordinates as a column and three as a plain vector, that is shapes `(3, 1)`
# and `(3,)`. What comes out?

# %%
distance, direction = polar(torch.ones(3, 1), torch.ones(3))
print(tuple(distance.shape))

# %% [markdown]
# Broadcasting has made nine points out of three, and no error tells. Where both inputs should have
# one shape, the layer should say so:

# %% tags=["raises-exception"]
class StrictPolar(Polar):
    def forward(self, x, y):
        if x.shape != y.shape:
            raise ValueError(
                f"StrictPolar wants inputs of one shape, got {tuple(x.shape)} and {tuple(y.shape)}")
        return super().forward(x, y)


StrictPolar()(torch.ones(3, 1), torch.ones(3))

# %% [markdown] exercise="two-in-three-out" role="task"
# ## Exercise 7.3: two inputs, three outputs
#
# *3 points*
#
# Write the layer `Compare()`, which takes two tensors and says how they relate:
# `Compare()(a, b)`.
#
# - **In**: `a` and `b`, float32, rank 2 or more, both of the same shape `(..., width)`.
# - **Out**: a tuple of three float32 tensors, in this order:
#     1. the difference `a` minus `b`, shape `(..., width)`;
#     2. the larger of the two, entry by entry, shape `(..., width)`;
#     3. the dot product of each row of `a` with the same row of `b`, that is the sum over the last
#        axis of the products, shape `(..., 1)`.
# - If the shapes differ, whether or not they could be broadcast, the call raises a `ValueError`.
# - The caller's tensors keep their values, and gradients flow back into both.
#
# The first tests cell looks at the three outputs, the second at the gradients, the third at inputs
# that do not fit (1 point each).

# %% [markdown] exercise="two-in-three-out" role="hint"
# <details><summary>Hint 1</summary>
#
# Compare the shapes before you compute anything. Two of the outputs are one operation each. For the
# third: multiply, then sum over one axis only, and keep that axis.
#
# </details>

# %% [markdown] exercise="two-in-three-out" role="hint"
# <details><summary>Hint 2</summary>
#
# `a.shape != b.shape` compares shapes. `torch.maximum(a, b)` takes the larger, entry by entry.
# `(a * b).sum(dim=-1, keepdim=True)` leaves an axis of length 1. Return the three with commas
# between them.
#
# </details>

# %% exercise="two-in-three-out" role="solution" listing="S1-24"
class Compare(nn.Module):
    """Two (..., width) tensors to difference (..., width), larger (..., width), dot (..., 1)."""

    def forward(
        self, a: torch.Tensor, b: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        # BEGIN SOLUTION
        if a.shape != b.shape:
            raise ValueError(f"a has shape {tuple(a.shape)}, b has shape {tuple(b.shape)}")
        return a - b, torch.maximum(a, b), (a * b).sum(dim=-1, keepdim=True)
        # END SOLUTION


# %% exercise="two-in-three-out" role="tests" points=1
# Exercise 7.3, tests 1 of 3: the three outputs.
def check_compare(shape):
    layer, rng = Compare(), np.random.default_rng(len(shape))
    assert isinstance(layer, nn.Module), f"Compare() gave {type(layer).__name__}, not an nn.Module."
    a, b = rng.normal(size=shape), rng.normal(size=shape)
    called = f"Compare()(a, b) for a and b of shape {shape}"
    try:
        results = layer(torch.from_numpy(a).float(), torch.from_numpy(b).float())
    except RuntimeError as error:
        if isinstance(error, NotImplementedError):
            raise
        raise AssertionError(f"{called} raised RuntimeError ({error}): compute entry by entry, and "
                             "sum over the last axis, for every rank.") from None
    except TypeError as error:
        raise AssertionError(f"{called} raised TypeError ({error}): forward takes two arguments "
                             "beside self, a and b.") from None
    assert isinstance(results, tuple) and len(results) == 3, (
        f"{called} gave {type(results).__name__}, wanted a tuple of 3: return the three results "
        "with commas between them, neither stacked nor in a list.")
    wanted = {"the difference": a - b, "the larger": np.maximum(a, b),
              "the dot product": (a * b).sum(-1, keepdims=True)}
    for (what, value), y in zip(wanted.items(), results):
        assert type(y) is torch.Tensor, f"{called}: {what} is {type(y).__name__}, not a tensor."
        got = y.detach().double().numpy()
        assert got.shape == value.shape, (
            f"{called}: {what} has shape {got.shape}, wanted {value.shape}: " + (
                "sum over the last axis only, and keep that axis with length 1."
                if what == "the dot product" else "see the task for the order of the three."))
        assert y.dtype == torch.float32, f"{called}: {what} is {y.dtype}, wanted torch.float32."
        likely = {"that is b minus a": b - a, "that is its absolute value": np.abs(a - b),
                  "that is the smaller": np.minimum(a, b), "that is the product": a * b,
                  "that is the larger": np.maximum(a, b), "that is the difference": a - b,
                  "that is the larger of the absolute values": np.maximum(abs(a), abs(b)),
                  "that is the mean over the row, not the sum": value / shape[-1]}
        cause = next((c for c, v in likely.items() if v.shape == got.shape
                      and np.allclose(got, v, rtol=1e-4, atol=1e-4)), "see the task for it")
        assert np.allclose(got, value, rtol=1e-4, atol=1e-4), (
            f"{called}: {what} begins {got.ravel()[:3].round(3)}, wanted "
            f"{value.ravel()[:3].round(3)}: {cause}.")


for shape in [(4, 3)]:
    check_compare(shape)
# BEGIN HIDDEN TESTS
for shape in [(2, 5, 3), (1, 4), (3, 2, 2, 3)]:
    check_compare(shape)
# END HIDDEN TESTS

# %% exercise="two-in-three-out" role="tests" points=1
# Exercise 7.3, tests 2 of 3: gradients for both inputs, and inputs left alone.
def check_flow(shape):
    layer, rng = Compare(), np.random.default_rng(4)
    assert isinstance(layer, nn.Module), f"Compare() gave {type(layer).__name__}, not an nn.Module."
    a, b, c, d = (rng.normal(size=shape) for _ in range(4))
    e = rng.normal(size=(*shape[:-1], 1))
    tensors = [torch.from_numpy(v).float() for v in (a, b)]
    try:
        layer(*tensors)
    except (RuntimeError, TypeError) as error:
        if isinstance(error, NotImplementedError):
            raise
        raise AssertionError(f"Compare()(a, b) for a and b of shape {shape} raised "
                             f"{type(error).__name__}; get the first tests cell to pass first."
                             ) from None
    for label, tensor, value in zip("ab", tensors, (a, b)):
        assert np.allclose(tensor.numpy(), value, atol=1e-6), (
            f"Compare()(a, b) changed the caller's {label}: no -=, sub_ or out= on an input.")
        tensor.requires_grad_()
    results = layer(*tensors)
    assert isinstance(results, tuple) and [
        tuple(y.shape) for y in results if type(y) is torch.Tensor] == [shape, shape, e.shape], (
        "Compare()(a, b) did not give the three tensors; get the first tests cell to pass first.")
    values = (a - b, np.maximum(a, b), (a * b).sum(-1, keepdims=True))
    for what, y, value in zip(("difference", "larger", "dot product"), results, values):
        assert np.allclose(y.detach(), value, rtol=1e-4, atol=1e-4), (
            f"the {what} is another; get the first tests cell to pass first.")
        assert y.requires_grad, (
            f"the {what} of Compare()(a, b) is cut off from the inputs: no NumPy, detach or .data.")
    sum((torch.from_numpy(f).float() * y).sum() for f, y in zip((c, d, e), results)).backward()
    wanted = {"a": c + d * (a > b) + e * b, "b": -c + d * (b > a) + e * a}
    for (label, value), tensor in zip(wanted.items(), tensors):
        assert tensor.grad is not None and np.allclose(tensor.grad, value, rtol=1e-4, atol=1e-4), (
            f"the gradient of Compare()(a, b) with respect to {label} is wrong: does every output "
            "follow both inputs, without NumPy or detach?")


for shape in [(4, 3)]:
    check_flow(shape)
# BEGIN HIDDEN TESTS
for shape in [(2, 3, 2)]:
    check_flow(shape)
# END HIDDEN TESTS

# %% exercise="two-in-three-out" role="tests" points=1
# Exercise 7.3, tests 3 of 3: inputs that do not fit.
def check_refusal(a_shape, b_shape):
    layer = Compare()
    assert isinstance(layer, nn.Module), f"Compare() gave {type(layer).__name__}, not an nn.Module."
    try:
        fitting = layer(torch.zeros(a_shape), torch.zeros(a_shape))
    except (RuntimeError, TypeError, ValueError) as error:
        if isinstance(error, NotImplementedError):
            raise
        raise AssertionError(f"Compare()(a, b) for a and b of shape {a_shape}, which fit, raised "
                             f"{type(error).__name__}; get the first tests cell to pass first."
                             ) from None
    assert isinstance(fitting, tuple) and len(fitting) == 3, (
        f"Compare()(a, b) for a and b of shape {a_shape} must give a tuple of 3 tensors; it gave "
        f"{type(fitting).__name__}.")
    called = f"Compare()(a, b) for a of shape {a_shape} and b of shape {b_shape}"
    try:
        layer(torch.ones(a_shape), torch.ones(b_shape))
    except ValueError:
        return
    except Exception as error:
        raise AssertionError(
            f"{called} raised {type(error).__name__}, wanted a ValueError: compare the shapes "
            "before you compute, and raise ValueError.") from None
    raise AssertionError(
        f"{called} raised nothing, wanted a ValueError: broadcasting stretched one of the inputs. "
        "Compare the whole shapes, before you compute.")


for case in [((3, 4), (3, 1)), ((2, 3), (3, 2))]:
    check_refusal(*case)
# BEGIN HIDDEN TESTS
for case in [((3, 4), (1, 4)), ((3, 3), (3,)), ((2, 3, 4), (3, 4)), ((1, 1), (5, 2)),
             ((2, 3, 4), (2, 1, 4))]:
    check_refusal(*case)
# END HIDDEN TESTS

# %% [markdown]
# ## Different in training
#
# Some layers should act in training only. Dropout is one, and you can write it yourself: in
# training it sets a random part of the entries to zero and scales the others up, so that the mean
# stays; in use it passes everything on. How does it know? Every module has an attribute `training`.

# %%
class Thin(nn.Module):
    """In training, drop a random part of the entries and scale up the others; shape is kept."""

    def __init__(self, rate):
        super().__init__()
        self.rate = rate

    def forward(self, x):
        if not self.training:
            return x
        kept = torch.rand_like(x) >= self.rate
        return x * kept / (1 - self.rate)

# %% [markdown]
# **Predict** for an input of 100,000 ones: the share of zeros and the mean of the output, in
# training and after `eval()`.

# %%
torch.manual_seed(0)
net = nn.Sequential(nn.Sequential(Thin(0.2)), nn.Identity())
ones = torch.ones(100, 1000)
for mode in (net.train, net.eval):
    y = mode()(ones)
    print(f"{mode.__name__:5}  zeros: {(y == 0).float().mean():.2f}  mean: {y.mean():.2f}")

# %% [markdown]
# `eval()` was called on the outer chain, and reached the layer two levels below: `train()` and
# `eval()` walk over the tree of blocks and set `training` in each. A new block starts with
# `training = True`.

# %%
for name, block in net.named_modules():
    print(f"{name or 'net':4} {type(block).__name__:10} training: {block.training}")

# %% [markdown]
# ### A flag of one's own
#
# Would a flag of your own do? `Deaf` has one, and a method `eval` that switches it off.
#
# **Predict**: in which of the two uses below is it switched off?

# %%
class Deaf(nn.Module):
    def __init__(self):
        super().__init__()
        self.active = True

    def eval(self):
        self.active = False
        return super().eval()

    def forward(self, x):
        return -x if self.active else x


alone, nested = Deaf(), Deaf()
alone.eval()
nn.Sequential(nested).eval()
print("eval() on the layer:    active =", alone.active, " training =", alone.training)
print("eval() on a container:  active =", nested.active, " training =", nested.training)

# %% [markdown]
# A container does not call `eval` on its members. It calls `train(False)`, which sets `training`
# and knows of no other flag. So read `self.training`, and nothing else. In particular, do not read
# whether gradients are on: `torch.no_grad()` saves memory, and says nothing about the mode.
#
# **Predict** the two lines.

# %%
thin = Thin(0.5)
with torch.no_grad():
    print("training, no_grad:   drops", bool((thin.train()(ones) == 0).any()))
print("evaluation, gradient: drops", bool((thin.eval()(ones) == 0).any()))

# %% [markdown] exercise="noise-in-training" role="task"
# ## Exercise 7.4: noise in training only
#
# *3 points*
#
# Write the layer `AddNoise(std)`. Noise on the inputs of a network keeps it from learning them by
# heart.
#
# - **In**: `x`, float32 or float64, any shape. **Out**: the same shape and dtype. `std` is a Python
#   float of 0 or more.
# - In training the layer returns $x + s\,n$ with $s$ = `std`, where each entry of $n$ is drawn from
#   the normal distribution with mean 0 and standard deviation 1: every entry its own, and anew in
#   every call. The draws come from PyTorch's generator, and the layer sets no seed.
# - Otherwise it returns the values of `x`, unchanged.
# - The mode is set by `train()` and `eval()`, on the layer or on any block around it.
# - The layer has no parameters. The caller's tensor keeps its values, and the gradient of each
#   output entry with respect to its input entry is 1.
#
# The first tests cell looks at the noise, the second at the mode, the third at repeated calls and
# the gradient (1 point each).

# %% [markdown] exercise="noise-in-training" role="hint"
# <details><summary>Hint 1</summary>
#
# `Thin` has all the parts. What has to be drawn here, in which shape, and in which method? The
# constructor runs once, `forward` in every call.
#
# </details>

# %% [markdown] exercise="noise-in-training" role="hint"
# <details><summary>Hint 2</summary>
#
# `torch.randn_like(x)` draws one number for each entry of `x`, in its dtype. If `self.training`,
# return the sum; otherwise return `x`. Write `x + …`, not `x += …`.
#
# </details>

# %% exercise="noise-in-training" role="solution" listing="S1-25"
class AddNoise(nn.Module):
    """In training, add normal noise of the given spread; any shape to the same shape and dtype."""

    def __init__(self, std: float) -> None:
        super().__init__()
        # BEGIN SOLUTION
        self.std = std
        # END SOLUTION

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        # BEGIN SOLUTION
        if self.training:
            return x + self.std * torch.randn_like(x)
        return x
        # END SOLUTION


# %% exercise="noise-in-training" role="tests" points=1
# Exercise 7.4, tests 1 of 3: the noise in training.
def check_noise(std, shape, dtype):
    layer, name = AddNoise(std), f"AddNoise({std})"
    assert isinstance(layer, nn.Module), f"{name} gave {type(layer).__name__}, not an nn.Module."
    v = np.random.default_rng(2).normal(5.0, 3.0, size=shape)
    y = layer.train()(torch.tensor(v, dtype=dtype))
    called = f"{name}(x) in training, for {dtype} x of shape {shape},"
    assert type(y) is torch.Tensor, f"{called} gave {type(y).__name__}, wanted a torch.Tensor."
    assert tuple(y.shape) == shape and y.dtype == dtype, (
        f"{called} gave {y.dtype} of shape {tuple(y.shape)}, wanted the same as x.")
    noise = y.detach().double().numpy() - v
    spread, mean, outside = noise.std(), noise.mean(), (np.abs(noise) > 2 * std).mean()
    assert np.abs(noise).max() > 1e-3 * std, f"{called} added nothing: in training there is noise."
    assert spread > 0.1 * std, (
        f"{called} added {mean:.3f} to every entry: draw one number for each entry of x.")
    assert max(noise.mean(0).std(), noise.mean(1).std()) < 0.5 * spread, (
        f"{called} added the same to a whole row or column: draw one number for each entry.")
    causes = {std**2: "it was multiplied by std squared", 1.0: "std is not used",
              std**0.5: "std was taken for the variance"}
    cause = next((c for s, c in causes.items() if abs(spread / s - 1) < 0.05),
                 "the noise must not depend on x, and is drawn around 0")
    assert abs(spread / std - 1) < 0.05 and abs(mean) < 0.1 * std, (
        f"{called} added noise of mean {mean:.2f} and standard deviation {spread:.2f}, wanted 0 "
        f"and {std}: {cause}.")
    far = np.abs(noise).max() / std
    assert 0.03 < outside < 0.06 and far > 3, (
        f"{called} added noise of which {outside:.0%} lies beyond two standard deviations, and "
        f"nothing beyond {far:.1f}; wanted about 5%, and some beyond 3: the distribution is to be "
        "the normal one.")


for case in [(0.5, (100, 200), torch.float32)]:
    check_noise(*case)
# BEGIN HIDDEN TESTS
for case in [(3.0, (300, 50), torch.float64), (2.0, (40, 500), torch.float32)]:
    check_noise(*case)
# END HIDDEN TESTS

# %% exercise="noise-in-training" role="tests" points=1
# Exercise 7.4, tests 2 of 3: the mode, for the layer alone and deep inside a network.
def check_mode(depth, shape):
    layer = AddNoise(2.0)
    assert isinstance(layer, nn.Module), (
        f"AddNoise(2.0) gave {type(layer).__name__}, not an nn.Module.")
    net, x = layer, torch.from_numpy(np.random.default_rng(3).normal(size=shape)).float()
    for _ in range(depth):
        net = nn.Sequential(net, nn.Identity())
    where = "AddNoise(2.0)" + (f" inside {depth} nn.Sequential" if depth else "")
    for training in (True, False, True, False):
        net.train() if training else net.eval()
        with torch.set_grad_enabled(not training):  # the mode has nothing to do with gradients
            y = net(x.clone())
        assert type(y) is torch.Tensor and y.shape == x.shape, (
            f"{where} gave {type(y).__name__}, wanted a tensor of shape {shape}.")
        added = not np.array_equal(y.detach().numpy(), x.numpy())
        assert added or not training, (
            f"{where} added no noise after train(), without gradients: the mode is self.training; "
            "it is not whether gradients are on, and no flag of your own.")
        assert training or not added, (
            f"{where} still added noise after eval(): read self.training in every call. eval() of "
            "a block around the layer sets that, and runs no eval() of the layer's own.")


for case in [(0, (3, 4)), (2, (3, 4))]:
    check_mode(*case)
# BEGIN HIDDEN TESTS
for case in [(0, (5,)), (1, (2, 3, 4)), (3, (1, 6))]:
    check_mode(*case)
# END HIDDEN TESTS

# %% exercise="noise-in-training" role="tests" points=1
# Exercise 7.4, tests 3 of 3: call after call, and the gradient.
def check_calls(std, first, second):
    name, layers, drawn = f"AddNoise({std})", [AddNoise(std), AddNoise(std)], []
    assert isinstance(layers[0], nn.Module), (
        f"{name} gave {type(layers[0]).__name__}, not an nn.Module.")
    rng = np.random.default_rng(9)
    for which, shape in [(0, first), (0, first), (1, first), (0, second)]:
        v = rng.normal(size=shape)
        x = torch.from_numpy(v).float()
        y = layers[which].train()(x)
        assert type(y) is torch.Tensor and tuple(y.shape) == shape, (
            f"{name}(x) for x of shape {shape} gave {type(y).__name__}, wanted a tensor like x.")
        assert np.allclose(x.numpy(), v, atol=1e-6), (
            f"{name}(x) changed the caller's x: write x + noise, not x += noise or add_.")
        drawn.append(y.detach().double().numpy() - v)
    assert drawn[0].std() > 1e-3, (
        f"{name}(x) in training added nothing, or the same number to every entry.")
    for other, what in [(drawn[1], "two calls of one layer"), (drawn[2], "two layers")]:
        assert abs(np.corrcoef(drawn[0].ravel(), other.ravel())[0, 1]) < 0.5, (
            f"{what} {name} added the same noise: draw it in forward, anew in every call, and set "
            "no seed.")
    assert not list(layers[0].parameters()), f"{name} has parameters; it needs none."
    for mode in (layers[0].train, layers[0].eval):
        x = torch.ones(second, requires_grad=True)
        y = mode()(x)
        assert type(y) is torch.Tensor and y.requires_grad, (
            f"{name}(x) after {mode.__name__}() is cut off from x: no NumPy, detach or no_grad.")
        y.sum().backward()
        assert x.grad is not None and np.allclose(x.grad, 1.0), (
            f"the gradient of {name}(x) after {mode.__name__}() is not 1: the noise is added, and "
            "does not depend on x.")
    (_, u), (_, w) = [(AddNoise(std), torch.rand(9)) for _ in range(2)]
    assert not torch.equal(u, w), f"making {name} sets the seed of PyTorch; the layer sets none."
    x, state = torch.zeros(second), torch.get_rng_state()
    y = layers[0].train()(x)
    torch.set_rng_state(state)
    assert torch.equal(y, layers[0](x)), (
        f"{name} does not draw from PyTorch's generator, which was set back between two calls: "
        "draw with torch.randn_like, not with NumPy or a generator of the layer's own.")


for case in [(1.0, (20, 300), (7, 30))]:
    check_calls(*case)
# BEGIN HIDDEN TESTS
for case in [(0.5, (8, 4, 200), (1, 3))]:
    check_calls(*case)
try:
    still = AddNoise(0.0)(torch.tensor([[1.0, -2.0]]))
except ValueError as error:
    raise AssertionError(f"AddNoise(0.0) raised ValueError ({error}): std may be 0.") from None
assert type(still) is torch.Tensor and np.array_equal(still.detach(), [[1.0, -2.0]]), (
    "AddNoise(0.0)(x) in training must give the values of x: the spread of the noise is 0.")
# END HIDDEN TESTS

# %% [markdown]
# ## Normalisation
#
# Layers learn more easily if what comes in has about the same size everywhere. *Layer
# normalisation* brings each row to mean 0 and variance 1 by itself, without looking at its
# neighbours in the batch: from $x$ subtract the mean $\mu$ of the row, then divide by the root of
# its variance $\sigma^2$.
#
# **Predict**: the second row is a hundred times the first. How do the results differ?

# %%
rows = torch.tensor([[1.0, 2.0, 3.0, 6.0], [100.0, 200.0, 300.0, 600.0]])
deviation = rows - rows.mean(dim=-1, keepdim=True)
variance = (deviation**2).mean(dim=-1, keepdim=True)
print("variance:", variance[:, 0].tolist())
for row in deviation / variance.sqrt():
    print([round(value, 3) for value in row.tolist()])

# %% [markdown]
# They do not: a row's place and scale are gone, only its pattern is left. The formula looks
# harmless. There are three traps in it.
#
# ### Trap one: which variance?
#
# The *biased* variance divides the sum of squares by $n$, the *unbiased* one by $n - 1$. The name
# is no judgement: layer normalisation uses the biased one. **Predict** which one `torch.var`
# computes, and what they give for a row with a single entry, where $n - 1$ is zero.

# %%
print("by hand, divided by 4:", variance[0].item())
print("torch.var:            ", round(rows[0].var().item(), 3))
print("correction=0:         ", rows[0].var(correction=0).item())
single = rows[0, :1]
squares = ((single - single.mean()) ** 2).sum()
print("one entry:            ", single.var(correction=0).item(), "and", (squares / 0).item())

# %% [markdown]
# `torch.var` and `torch.std` are unbiased unless told otherwise. For a single entry that is 0/0,
# which is NaN; `torch.var` gives the same, with a warning. NumPy and TensorFlow are biased unless
# told otherwise.
#
# ### Trap two: where does the small number go?
#
# A row of equal entries has variance 0, and 0/0 is NaN. A small number $\varepsilon$ prevents that.
# It is added to the *variance*, inside the root: $\sqrt{\sigma^2 + \varepsilon}$. A common mistake
# adds it to the root: $\sqrt{\sigma^2} + \varepsilon$. Does it matter? We send rows of smaller and
# smaller spread through both and look at the largest entry.
#
# **Predict** for $\varepsilon = 10^{-5}$: below which spread does each of the two curves begin to
# fall?

# %%
def largest_entry(spread, inside, outside):
    """Normalise the row (-spread, spread) and return its largest entry."""
    x = torch.stack([-spread, spread], dim=-1)
    variance = x.var(dim=-1, correction=0, keepdim=True)
    return (x / ((variance + inside).sqrt() + outside)).max(dim=-1).values


eps = 1e-5
spreads = torch.logspace(-7, 1, 200, dtype=torch.float64)
fig, axis = plt.subplots(figsize=(7, 3), layout="constrained")
axis.semilogx(spreads, largest_entry(spreads, eps, 0.0), linewidth=2, label="ε inside the root")
axis.semilogx(spreads, largest_entry(spreads, 0.0, eps), "--", linewidth=2, label="ε outside")
for place in (eps, eps**0.5):
    axis.axvline(place, color="0.8", linewidth=1, zorder=0)
axis.set(xlabel="spread of the row", ylabel="largest entry after")
axis.legend()
plt.show()
for spread in (1.0, 1e-3):
    s = torch.tensor(spread, dtype=torch.float64)
    inside, outside = largest_entry(s, eps, 0.0).item(), largest_entry(s, 0.0, eps).item()
    print(f"spread {spread:5}: inside {inside:.3f}, outside {outside:.3f}")

# %% [markdown]
# Outside, the curve falls at a spread of $\varepsilon$ (left grey line), inside at
# $\sqrt{\varepsilon}$ (right grey line), three hundred times earlier: what is nearly constant is
# then left small and not blown up to full size. For ordinary rows the two agree, which is why the
# mistake survives most tests. A test with a large $\varepsilon$ finds it.
#
# ### Trap three: a detour through large numbers
#
# The variance is also the mean of the squares minus the square of the mean. On paper.
#
# **Predict** whether the detour finds the variance of 3000, 3001, 3002 and 3003, which is 1.25.

# %%
far = torch.tensor([3000.0, 3001.0, 3002.0, 3003.0])
detour = (far * far).mean() - far.mean() ** 2
direct = ((far - far.mean()) ** 2).mean()
print("direct:", direct.item())
print("the detour is wrong by more than a tenth:", abs(detour.item() - 1.25) > 0.1)

# %% [markdown]
# The squares are about nine million, and float32 has seven digits: what distinguishes the four
# numbers is rounded away before the subtraction. Subtract the mean first, then square.
#
# A network may do better without mean 0 and variance 1 in some features. So the layer ends with a
# learned factor $\gamma$ and a learned offset $\beta$ for each feature, which start at 1 and 0:
#
# $$y = \gamma\,\frac{x - \mu}{\sqrt{\sigma^2 + \varepsilon}} + \beta$$

# %% [markdown] exercise="layer-norm" role="task"
# ## Exercise 7.5: layer normalisation
#
# *3 points*
#
# Write the layer `OwnLayerNorm(width, eps=1e-5)`, which computes the formula above by itself: it
# uses no ready-made layer normalisation, neither `nn.LayerNorm` nor a function such as
# `F.layer_norm`.
#
# - **In**: `x`, float32, rank 2 or more, shape `(..., width)`. **Out**: the same shape and dtype.
# - $\mu$ and $\sigma^2$ are the mean and the *biased* variance over the last axis, for each row by
#   itself. `eps` is a Python float above 0; it is added to the variance, inside the root.
# - $\gamma$ and $\beta$ have shape `(width,)`, are the only parameters and start at ones and zeros.
# - Rows may lie far from zero: about 3000 with a spread of 1, say, must come out right to two
#   digits. A row of equal entries gives $\beta$, also if `width` is 1.
# - Gradients flow through mean and variance too.
#
# The three tests cells (1 point each) look at the normalised rows, at $\gamma$ and $\beta$, and at
# gradients.

# %% [markdown] exercise="layer-norm" role="hint"
# <details><summary>Hint 1</summary>
#
# Go by the steps of the formula: mean of each row, deviations, the mean of their squares, the root
# of that plus `eps`, the quotient, then $\gamma$ and $\beta$. Which of these have to keep the last
# axis, so that they can be subtracted from or divided into `x`?
#
# </details>

# %% [markdown] exercise="layer-norm" role="hint"
# <details><summary>Hint 2</summary>
#
# `x.mean(dim=-1, keepdim=True)` and `x.var(dim=-1, correction=0, keepdim=True)` give $\mu$ and
# $\sigma^2$ for every rank. The parameters are `nn.Parameter(torch.ones(width))` and
# `nn.Parameter(torch.zeros(width))`.
#
# </details>

# %% exercise="layer-norm" role="solution"
class OwnLayerNorm(nn.Module):
    """Normalise each row, then scale and shift: (..., width) float32 to the same shape."""

    def __init__(self, width: int, eps: float = 1e-5) -> None:
        super().__init__()
        # BEGIN SOLUTION
        self.eps = eps
        self.gamma = nn.Parameter(torch.ones(width))
        self.beta = nn.Parameter(torch.zeros(width))
        # END SOLUTION

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        # BEGIN SOLUTION
        deviation = x - x.mean(dim=-1, keepdim=True)
        variance = (deviation**2).mean(dim=-1, keepdim=True)
        return self.gamma * deviation / torch.sqrt(variance + self.eps) + self.beta
        # END SOLUTION


# %% exercise="layer-norm" role="tests" points=1
# Exercise 7.5, tests 1 of 3: the normalised rows; gamma and beta as they are at the start.
def check_norm(rows, *eps):
    v = np.asarray(rows, "float32").astype("float64")
    width, shape, e = v.shape[-1], v.shape, eps[0] if eps else 1e-5
    name = f"OwnLayerNorm({', '.join(map(str, (width, *eps)))})"
    layer = OwnLayerNorm(width, *eps)
    assert isinstance(layer, nn.Module), f"{name} gave {type(layer).__name__}, not an nn.Module."
    called = f"{name}(x) for x of shape {shape}"
    try:
        y = layer(torch.from_numpy(v).float().requires_grad_() * 1)
    except RuntimeError as error:
        if isinstance(error, NotImplementedError):
            raise
        raise AssertionError(f"{called} raised RuntimeError ({error}): keep the last axis of mean "
                             "and variance, with length 1, so that they fit x.") from None
    assert type(y) is torch.Tensor, f"{called} gave {type(y).__name__}, not a torch.Tensor."
    assert tuple(y.shape) == shape and y.dtype == torch.float32, (
        f"{called} gave {y.dtype} of shape {tuple(y.shape)}, wanted torch.float32 of {shape}.")
    assert not any("LayerNorm" in step for step in steps_behind(y)), (
        f"{name} uses a ready-made layer normalisation; compute the formula yourself.")
    got = y.detach().double().numpy()

    def norm(axis=-1, n=1.0, inside=e, outside=0.0, root=0.5):
        d = v - v.mean(axis, keepdims=True)
        variance = (d**2).mean(axis, keepdims=True) * n
        return d / ((variance + inside) ** root + outside + 1e-30)

    likely = {
        "eps is outside the root; add it to the variance, inside": norm(inside=0, outside=e),
        "the variance is the unbiased one; the biased one is wanted":
            norm(n=width / max(width - 1, 1)),
        "eps is missing, or is not the one that was given": norm(inside=1e-5),
        "it was divided by the variance and not by its root": norm(root=1),
        "it was normalised over the batch; each row goes by itself": norm(axis=0),
        "each example was normalised whole; each row goes by itself": norm(tuple(range(1, v.ndim))),
        "nothing was normalised": v}
    far, wanted = np.abs(v).mean() > 500, norm()
    close = 1e-2 if far else 1e-3
    cause = next((c for c, a in likely.items() if np.allclose(got, a, rtol=1e-3, atol=1e-3)),
                 "subtract the mean first, then square: squares of large numbers lose digits"
                 if far else "go through the formula step by step; gamma is all ones, beta zeros")
    row = np.abs(got - wanted).reshape(-1, width).max(1).argmax()
    assert np.allclose(got, wanted, rtol=close, atol=close), (
        f"{called} gave {got.reshape(-1, width)[row].round(3)} in one row, wanted "
        f"{wanted.reshape(-1, width)[row].round(3)}: {cause}.")


draw = np.random.default_rng(0).normal(size=(3, 4, 5))
for case in [(draw[0], 2.0), (draw[:, 0] * 3 + 7,), (draw[1, :, :4] + 3000,)]:
    check_norm(*case)
# BEGIN HIDDEN TESTS
for case in [(draw, 0.5), (draw[:, :2, :3] / 100, 1e-3), (np.full((2, 3), 7.0),),
             (np.array([[5.0], [-3.0]]),), (draw[2, :1] * 1000,)]:
    check_norm(*case)
# END HIDDEN TESTS

# %% exercise="layer-norm" role="tests" points=1
# Exercise 7.5, tests 2 of 3: gamma and beta.
def check_parameters(shape):
    width, rng = shape[-1], np.random.default_rng(shape[-1])
    layer, name = OwnLayerNorm(width, 0.5), f"OwnLayerNorm({width}, 0.5)"
    assert isinstance(layer, nn.Module), f"{name} gave {type(layer).__name__}, not an nn.Module."
    starts = sorted((p.tolist() for p in layer.parameters()), key=str)
    assert starts == [[0.0] * width, [1.0] * width], (
        f"the parameters of {name} start at {starts}, wanted a gamma of {width} ones and a beta of "
        f"{width} zeros, both nn.Parameter.")
    beta, gamma = sorted(layer.parameters(), key=lambda p: p[0].item())
    v, g, b = rng.normal(size=shape), rng.uniform(1, 2, size=width), rng.normal(size=width)
    with torch.no_grad():
        gamma.copy_(torch.from_numpy(g))
        beta.copy_(torch.from_numpy(b))
    called = f"{name}(x) for x of shape {shape}"
    try:
        y = layer(torch.from_numpy(v).float().requires_grad_() * 1)
    except RuntimeError as error:
        if isinstance(error, NotImplementedError):
            raise
        raise AssertionError(f"{called} raised {type(error).__name__} ({error}); get the first "
                             "tests cell to pass first.") from None
    assert type(y) is torch.Tensor and tuple(y.shape) == shape, (
        f"{called} gave {type(y).__name__} of shape {tuple(getattr(y, 'shape', ()))}, wanted "
        f"{shape}.")
    assert not any("LayerNorm" in step for step in steps_behind(y)), (
        f"{name} uses a ready-made layer normalisation; compute the formula yourself.")
    got, d = y.detach().double().numpy(), v - v.mean(-1, keepdims=True)
    h = d / np.sqrt((d**2).mean(-1, keepdims=True) + 0.5)
    likely = {"gamma and beta are not used": h, "beta is missing": h * g,
              "gamma multiplies beta too": (h + b) * g, "gamma is missing": h + b}
    cause = next((c for c, a in likely.items() if np.allclose(got, a, rtol=1e-3, atol=1e-3)),
                 "get the first tests cell to pass first")
    assert np.allclose(got, h * g + b, rtol=1e-3, atol=1e-3), (
        f"{called} with gamma {g.round(2)} and beta {b.round(2)} begins {got.ravel()[:3].round(3)},"
        f" wanted {(h * g + b).ravel()[:3].round(3)}: {cause}.")


for shape in [(4, 5)]:
    check_parameters(shape)
# BEGIN HIDDEN TESTS
for shape in [(2, 3, 4), (3, 1)]:
    check_parameters(shape)
# END HIDDEN TESTS

# %% exercise="layer-norm" role="tests" points=1
# Exercise 7.5, tests 3 of 3: gradients.
def check_gradients(shape, eps):
    width, rng = shape[-1], np.random.default_rng(6)
    name, layer = f"OwnLayerNorm({width}, {eps})", OwnLayerNorm(width, eps)
    assert isinstance(layer, nn.Module), f"{name} gave {type(layer).__name__}, not an nn.Module."
    starts = sorted((p.tolist() for p in layer.parameters()), key=str)
    assert starts == [[0.0] * width, [1.0] * width], (
        f"{name} has other parameters than wanted; get the first tests cell to pass first.")
    beta, gamma = sorted(layer.parameters(), key=lambda p: p[0].item())
    v, factor = rng.normal(size=shape), rng.normal(size=shape)
    x = torch.from_numpy(v).float().requires_grad_()
    try:
        y = layer(x * 1)
    except RuntimeError as error:
        if isinstance(error, NotImplementedError):
            raise
        raise AssertionError(f"{name}(x) for x of shape {shape} raised {type(error).__name__} "
                             f"({error}); get the first tests cell to pass first.") from None
    assert type(y) is torch.Tensor and y.requires_grad and tuple(y.shape) == shape, (
        f"the output of {name} is cut off from its input and parameters, or has another shape.")
    assert not any("LayerNorm" in step for step in steps_behind(y)), (
        f"{name} uses a ready-made layer normalisation; compute the formula yourself.")
    (torch.from_numpy(factor).float() * y).sum().backward()
    d, leading = v - v.mean(-1, keepdims=True), tuple(range(len(shape) - 1))
    root = np.sqrt((d**2).mean(-1, keepdims=True) + eps)
    h = d / root
    assert np.allclose(y.detach().numpy(), h, rtol=1e-3, atol=1e-3), (
        f"{name} computes something else; get the first tests cell to pass first.")
    constant_root = (factor - factor.mean(-1, keepdims=True)) / root
    wanted = {"x": constant_root - h * (factor * h).mean(-1, keepdims=True) / root,
              "gamma": (factor * h).sum(leading), "beta": factor.sum(leading)}
    for (label, value), tensor in zip(wanted.items(), (x, gamma, beta)):
        assert tensor.grad is not None, (
            f"{label} of {name} has no gradient: no detach, .data or NumPy.")
        cut = label == "x" and np.allclose(tensor.grad, constant_root, rtol=1e-3, atol=1e-3)
        assert np.allclose(tensor.grad, value, rtol=1e-3, atol=1e-3), (
            f"the gradient of {name} with respect to {label} begins "
            f"{tensor.grad.numpy().ravel()[:3].round(3)}, wanted {value.ravel()[:3].round(3)}: " + (
                "the variance is cut off from x; it is part of the computation." if cut else
                "mean and variance depend on x, and nothing of that may be detached."))


for case in [((4, 3), 0.1)]:
    check_gradients(*case)
# BEGIN HIDDEN TESTS
for case in [((2, 3, 5), 1.0)]:
    check_gradients(*case)
# END HIDDEN TESTS

# %% [markdown]
# ## Products of features
#
# A dense layer adds up features, each with its own factor. It never multiplies one feature by
# another. A *quadratic* or *bilinear form* does, with a weight $W_{ij}$ for each pair of features:
#
# $$x^\top W x = \sum_i \sum_j x_i\, W_{ij}\, x_j$$
#
# **Predict** the form by hand for $x = (1, 2)$ and the matrix below.

# %%
x = torch.tensor([1.0, 2.0])
W = torch.tensor([[1.0, 2.0], [0.0, -1.0]])
by_hand = sum(x[i] * W[i, j] * x[j] for i in range(2) for j in range(2))
print("loops:", by_hand.item(), " products:", (x @ W @ x).item())
print("with the transposed matrix:", (x @ W.T @ x).item())

# %% [markdown]
# The form of $W$ and that of its transpose are the same, since $x_i x_j = x_j x_i$. What can such a
# form look like? Over the plane of two features it can be drawn.
#
# **Predict**: a bowl, a saddle, or flat, for each of these three?
#
# $$W_1 = \begin{pmatrix} 1 & 0 \\ 0 & 1 \end{pmatrix} \qquad
# W_2 = \begin{pmatrix} 0 & 1 \\ 0 & 0 \end{pmatrix} \qquad
# W_3 = \begin{pmatrix} 0 & 1 \\ -1 & 0 \end{pmatrix}$$

# %%
matrices = {
    "identity": torch.eye(2),
    "one product": torch.tensor([[0.0, 1.0], [0.0, 0.0]]),
    "one and minus one": torch.tensor([[0.0, 1.0], [-1.0, 0.0]]),
}
axis_values = torch.linspace(-2, 2, 81)
grid = torch.cartesian_prod(axis_values, axis_values)
fig, axes = plt.subplots(1, 3, figsize=(10, 3.2), sharey=True, layout="constrained")
for axis, (title, W) in zip(axes, matrices.items()):
    form = torch.einsum("bi,ij,bj->b", grid, W, grid).reshape(81, 81)
    shades = axis.contourf(
        axis_values, axis_values, form.T, levels=np.linspace(-8.5, 8.5, 18), cmap="RdBu_r"
    )
    axis.set(title=title, xlabel="feature 1", aspect="equal")
axes[0].set_ylabel("feature 2")
fig.colorbar(shades, ax=axes, label="value of the form", ticks=[-8, -4, 0, 4, 8])
plt.show()

# %% [markdown]
# The identity gives a bowl. A single product gives a saddle: red where both features have the same
# sign, blue where they differ, which a single dense layer cannot tell apart. The last one is flat
# zero: its two entries cancel, because only the sum $W_{ij} + W_{ji}$ matters.
#
# ### A whole batch at once
#
# The figure needed the form for 6,561 points. **Predict** the shapes of these two attempts for a
# batch of 3 rows.

# %%
batch = torch.tensor([[1.0, 2.0], [0.0, 1.0], [3.0, -1.0]])
W = torch.tensor([[1.0, 2.0], [0.0, -1.0]])
product = batch @ W @ batch.T
form = torch.einsum("bi,ij,bj->b", batch, W, batch)
print(tuple(product.shape), " diagonal:", product.diagonal().tolist())
print(tuple(form.shape), "    form:    ", form.tolist())

# %% [markdown]
# The chain of products pairs every row with every other row: nine numbers, of which three were
# wanted. `torch.einsum` (lesson 01) lets you say exactly what you mean. Each factor has its axes
# named by letters; a letter that stands on the right is kept, all others are summed over. `b`
# stands on the right, so there is one result for each row. Three dots, `...`, stand for any number
# of leading axes.

# %% [markdown] exercise="bilinear-form" role="task"
# ## Exercise 7.6: several forms at once
#
# *3 points*
#
# Write the layer `BilinearForm(width, num_outputs)`. It has one matrix $W_k$ for each output, and
#
# $$y_k = x^\top W_k\, x = \sum_i \sum_j x_i\, W_{kij}\, x_j$$
#
# - **In**: `x`, float32, rank 2 or more, shape `(..., width)`. **Out**: float32, shape
#   `(..., num_outputs)`. Each row is treated by itself.
# - The only parameter is $W$, of shape `(num_outputs, width, width)`: $W_k$ is `W[k]`. Its start
#   values are random, each a draw of its own, below 100 in size (any scheme will do), and drawn
#   anew for every layer.
# - Gradients reach $W$ and `x`.
#
# The first tests cell (2 points) looks at what is computed, the second (1 point) at start values
# and gradients.

# %% [markdown] exercise="bilinear-form" role="hint"
# <details><summary>Hint 1</summary>
#
# The formula has four indices: the row, $k$, $i$ and $j$. Which two are summed over, and which two
# are left? In which order do they stand on each of the three factors?
#
# </details>

# %% [markdown] exercise="bilinear-form" role="hint"
# <details><summary>Hint 2</summary>
#
# Take `torch.einsum("bi,ij,bj->b", x, W, x)` from above. Put a `k` in front of `ij` and behind the
# arrow, and `...` in place of `b`.
#
# </details>

# %% exercise="bilinear-form" role="solution"
class BilinearForm(nn.Module):
    """Quadratic forms of each row: (..., width) float32 to (..., num_outputs) float32."""

    def __init__(self, width: int, num_outputs: int) -> None:
        super().__init__()
        # BEGIN SOLUTION
        self.W = nn.Parameter(torch.randn(num_outputs, width, width) / width)
        # END SOLUTION

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        # BEGIN SOLUTION
        return torch.einsum("...i,kij,...j->...k", x, self.W, x)
        # END SOLUTION


# %% exercise="bilinear-form" role="tests" points=2
# Exercise 7.6, tests 1 of 2: what is computed, for every rank.
def check_form(shape, outputs):
    width, name = shape[-1], f"BilinearForm({shape[-1]}, {outputs})"
    layer = BilinearForm(width, outputs)
    assert isinstance(layer, nn.Module), f"{name} gave {type(layer).__name__}, not an nn.Module."
    shapes = [tuple(p.shape) for p in layer.parameters()]
    assert shapes == [(outputs, width, width)], (
        f"{name} has parameters of shapes {shapes}, wanted one, {(outputs, width, width)}: an "
        "nn.Parameter with k as its first axis, and no bias.")
    (W,), rng = layer.parameters(), np.random.default_rng(width)
    w, v = rng.normal(size=(outputs, width, width)), rng.normal(size=shape)
    with torch.no_grad():
        W.copy_(torch.from_numpy(w))
    called = f"{name}(x) for x of shape {shape}"
    try:
        y = layer(torch.from_numpy(v).float())
    except NotImplementedError:
        raise
    except (RuntimeError, IndexError, ValueError) as error:
        raise AssertionError(
            f"{called} raised {type(error).__name__} ({str(error)[:150]}): i and j are the last "
            "two axes of W, and x may have any number of leading axes.") from None
    assert type(y) is torch.Tensor, f"{called} gave {type(y).__name__}, not a torch.Tensor."
    got, wanted = y.detach().double().numpy(), np.einsum("...i,kij,...j->...k", v, w, v)
    cause = "one number for each row and each k."
    if shape[-2] in got.shape[-2:] and got.size > wanted.size:
        cause = "that pairs every row with every row; each row is treated for itself."
    elif got.shape == (outputs, *shape[:-1]):
        cause = "k came first; it is the last axis of the result."
    assert got.shape == wanted.shape, (
        f"{called} gave shape {got.shape}, wanted {wanted.shape}: {cause}")
    assert y.dtype == torch.float32, f"{called} gave {y.dtype}, wanted torch.float32."
    likely = [("only the diagonal of each matrix was used", np.einsum("...i,kii->...k", v * v, w)),
              ("one x is missing; the form has x on both sides", np.einsum("...i,kij->...k", v, w))]
    if outputs == width:  # only then do other orders of the axes run at all
        likely += [("the axes of W were taken in another order; W[k] is the matrix of output k",
                    np.einsum(f"...i,{s},...j->...k", v, w, v)) for s in ("ijk", "ikj")]
    cause = next((c for c, a in likely if np.allclose(got, a, rtol=1e-3, atol=1e-3)),
                 "sum over i and j, for each row and each k")
    assert np.allclose(got, wanted, rtol=1e-3, atol=1e-3), (
        f"{called} begins {got.ravel()[:3].round(3)}, wanted {wanted.ravel()[:3].round(3)}: "
        f"{cause}.")


for case in [((4, 3), 3), ((2, 5, 3), 2)]:
    check_form(*case)
# BEGIN HIDDEN TESTS
for case in [((1, 2), 5), ((4, 4), 4), ((2, 3, 2, 3), 1), ((3, 2), 3)]:
    check_form(*case)
# END HIDDEN TESTS

# %% exercise="bilinear-form" role="tests" points=1
# Exercise 7.6, tests 2 of 2: start values, and gradients in two training steps.
def check_steps(shape, outputs):
    width, name, pair = shape[-1], f"BilinearForm({shape[-1]}, {outputs})", []
    for _ in range(2):
        old = [torch.full((outputs, width, width), 1e9) for _ in range(3)]
        del old  # torch.empty would find them in memory
        pair.append(BilinearForm(width, outputs))
    layer, rng = pair[0], np.random.default_rng(8)
    assert isinstance(layer, nn.Module), f"{name} gave {type(layer).__name__}, not an nn.Module."
    assert [tuple(p.shape) for p in layer.parameters()] == [(outputs, width, width)], (
        f"{name} has other parameters than W; get the first tests cell to pass first.")
    (W,), (other,) = (list(m.parameters()) for m in pair)
    w = W.detach().numpy()
    assert len(np.unique(w)) > 0.9 * w.size and np.abs(w).max() < 100, (
        f"W of {name} starts with {w.ravel()[:3]}, wanted random values below 100, each a draw of "
        "its own: draw them in __init__; torch.empty draws nothing.")
    assert not torch.equal(W, other), (
        f"two {name} start with the same W: draw random values in __init__, without a fixed seed.")
    v, factor = rng.normal(size=shape), rng.normal(size=(*shape[:-1], outputs))
    optimizer = torch.optim.SGD([W], lr=0.1)
    for step in (1, 2):
        w = W.detach().clone().double().numpy()
        optimizer.zero_grad()
        x = torch.from_numpy(v).float().requires_grad_()
        try:
            y = layer(x)
        except (RuntimeError, IndexError, ValueError) as error:
            raise AssertionError(f"{name}(x) for x of shape {shape} raised {type(error).__name__}; "
                                 "get the first tests cell to pass first.") from None
        form = np.einsum("...i,kij,...j->...k", v, w, v)
        assert type(y) is torch.Tensor and y.shape == form.shape and np.allclose(
            y.detach(), form, rtol=1e-3, atol=1e-2), (
            f"step {step}: {name} computes something else; get the first tests cell to pass first.")
        assert y.requires_grad, f"{name}(x) is cut off from W and x: no NumPy, detach or .data."
        (torch.from_numpy(factor).float() * y).sum().backward()
        f, rows = factor.reshape(-1, outputs), v.reshape(-1, width)
        both = np.einsum("bk,kij,bj->bi", f, w + w.transpose(0, 2, 1), rows).reshape(shape)
        wanted = {"W": (W, np.einsum("bk,bi,bj->kij", f, rows, rows)), "x": (x, both)}
        for label, (tensor, value) in wanted.items():
            got = tensor.grad
            assert got is not None and np.allclose(got, value, rtol=1e-3, atol=1e-2), (
                f"step {step}: the gradient of {name} with respect to {label} is "
                f"{'missing' if got is None else 'wrong'}: x stands on both sides of W, and both "
                "count; use W itself, no detach, no .data and no NumPy.")
        optimizer.step()


for case in [((4, 20), 10)]:
    check_steps(*case)
# BEGIN HIDDEN TESTS
for case in [((2, 3, 15), 20)]:
    check_steps(*case)
# END HIDDEN TESTS

# %% [markdown]
# ## PyTorch and Keras side by side
#
# | idea | PyTorch | Keras 3 |
# |---|---|---|
# | a layer is | an `nn.Module` with `forward` | a `keras.Layer` with `call` |
# | its parameters | `nn.Parameter`, in `__init__` | `add_weight`, in `build` |
# | input width | an argument | from the first input |
# | start values | `nn.init`, in place | `initializer=` of `add_weight` |
# | a function as a layer | a small class | `layers.Lambda`, or a named function |
# | mean of whole numbers | raises | cut to a whole number by TensorFlow |
# | float64 input | an error unless the layer is float64 | cast to the layer's dtype |
# | activation by name | your own look-up | `keras.activations.get(name)` |
# | configuration | your own convention | `get_config` and `from_config` |
# | features on another axis | `x.movedim(1, -1)` | `ops.moveaxis(x, 1, -1)` |
# | several inputs | several arguments | one list, or several arguments |
# | mode | `self.training`, set by `train()` and `eval()` | `training`, an argument of `call` |
# | it reaches nested layers | because the tree is walked | because the call passes it on |
# | random numbers | `torch.randn_like(x)` | `keras.random.normal(ops.shape(x))` |
# | variance | unbiased unless `correction=0` | `ops.var`: biased |
# | named axes | `torch.einsum` | `ops.einsum` |

# %% [markdown]
# ## Summary
#
# - A layer is a class with a `forward` made of tensor operations; NumPy, `detach` and `.data` cut
#   the gradient, in-place operations change the caller's tensor, and nothing raises.
# - Say over which axes you compute. What runs over the batch axis makes examples depend on each
#   other, and a batch of one is where you notice.
# - Parameters are made and filled in the constructor. Use products that work for every rank; move
#   an axis with `movedim`, never with `reshape`.
# - Resolve names in the constructor, keep arguments as they were given, and return them from
#   `get_config`: a state dict holds tensors, no settings.
# - Layers with several inputs sit in blocks, not in chains, and should refuse shapes that do not
#   belong together before broadcasting hides it.
# - `self.training` is the mode. Containers set it in everything below them, and no other flag.
# - Formulas have traps that ordinary numbers do not show: the unbiased variance, the place of
#   $\varepsilon$, differences of large squares. Test with large $\varepsilon$, far-off rows, one
#   column, one row.

# %% [markdown]
# ## Where to read on
#
# - [Extending PyTorch](https://docs.pytorch.org/docs/stable/notes/extending.html), PyTorch's own
#   notes on new modules and new operations.
# - [`torch.nn.LayerNorm`](https://docs.pytorch.org/docs/stable/generated/torch.nn.LayerNorm.html),
#   [`torch.nn.Bilinear`](https://docs.pytorch.org/docs/stable/generated/torch.nn.Bilinear.html) and
#   [`torch.einsum`](https://docs.pytorch.org/docs/stable/generated/torch.einsum.html), the
#   reference pages.
# - J. L. Ba, J. R. Kiros and G. E. Hinton, [Layer Normalization](https://arxiv.org/abs/1607.06450).
# - *Dive into Deep Learning*, section
#   [Custom Layers](https://d2l.ai/chapter_builders-guide/custom-layer.html), from which this unit
#   grew.
# - A. Géron, *Hands-On Machine Learning*, chapter 12, "Custom Models and Training with TensorFlow".
#
# Next: lesson 08 joins layers into models with branches, several heads and losses of their own.
