# %% [markdown]
# # Devices
#
# A tensor lies in the memory of one *device*, and what is computed with it is computed there. On
# most machines that is the CPU with its main memory, the *host*. A graphics card (GPU) is a second
# device with a memory of its own, and nearly every mistake with GPUs is a mistake about where
# something lives: left behind, copied too often, or read when it should have been left alone.
#
# None of this needs a GPU to be learned. PyTorch has a second device on every machine, `meta`, and
# whatever can be counted need not be timed. Cells that do need CUDA, NVIDIA's interface to its
# GPUs, say so and skip themselves; with a GPU they measure your own.
#
# **Afterwards you can**
#
# - name devices, and pick one that is there;
# - tell how large a model is before a single byte of it is allocated, and then make it;
# - find every tensor of a model that was left on the wrong device;
# - move data only when it must move, and say what a copy costs beside the computation;
# - write a training log for which the GPU need not wait;
# - say what several devices do with one batch, and check it with the gradient.
#
# **Time**: about 50 minutes. **You need**: lesson 09 (saving and loading) and those before it.
#
# **How to work.** Where you read *Predict*, stop and write your answer down before you run the cell
# below it; a wrong prediction is where the learning happens. In an exercise, fill in the solution
# cell, run it, then run the tests cells under it: a failed test says what was called, what came
# back, what was wanted and the likely cause. When you hand in, the same rules are also checked on
# other inputs. **Validate** in JupyterLab runs the notebook from top to bottom, as the grader will.
# *Run All Cells* stops at the first tests cell that fails, so take an exercise cell by cell.

# %% role="setup"
import copy
import time
import warnings
from collections.abc import Callable, Iterable

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

# %% [markdown]
# ## Names of devices
#
# A `torch.device` is a name: a type, and perhaps a number that says which one of that type.
#
# **Predict**: three of these four lines name a device that your machine may not have. Which raise?

# %% listing="S0-32"
for device in (
    torch.device("cpu"),
    torch.device("cuda"),
    torch.device("cuda", 1),
    torch.device("cuda:7"),
):
    print(f"{device!s:7} type {device.type:5} index {device.index}")

# %% [markdown]
# Nothing raises. A name promises nothing: only when something is to be put there does PyTorch look
# whether the device exists. `cuda` without a number is *the current* CUDA device, which is number 0
# until you say otherwise. As names, though, the two differ.

# %%
print('"cuda" is the same name as "cuda:0":', torch.device("cuda") == torch.device("cuda:0"))

# %% [markdown]
# So do not compare a device that you named with the device of a tensor: that of a CUDA tensor
# always has its number.
#
# ### What is there
#
# Each kind of device has a module that counts. Here is a look at the graphics cards of this machine
# (where there is none, the cell says that it skips).

# %% listing="S0-31 S0-33" tags=["nbval-ignore-output"]
if torch.cuda.is_available():
    for i in range(torch.cuda.device_count()):
        card = torch.cuda.get_device_properties(i)
        print(f"cuda:{i} {card.name}, {card.total_memory / 2**30:.0f} GiB")
else:
    print("skipped: no CUDA device here")

# %% [markdown]
# Programs are written on one machine and run on another. The usual remedy is a function that gives
# the device asked for if it is there, and the CPU if not. The books write it in one line: take
# number $i$ if there are at least $i + 1$.
#
# **Then and now.** In one of them the function takes any `i`. **Predict** what becomes of `i = -1`
# on a machine with two GPUs. (The number of devices is an argument here, so that we can pretend.)

# %% listing="S0-34"
def from_the_book(i, count):
    return torch.device(f"cuda:{i}") if count >= i + 1 else torch.device("cpu")


print("0 of 2:", from_the_book(0, count=2))
print("5 of 2:", from_the_book(5, count=2))
try:
    print("-1 of 2:", from_the_book(-1, count=2))
except RuntimeError as error:
    print("-1 of 2:", error)

# %% [markdown]
# $2 \ge -1 + 1$, so the test is passed, and the number is nonsense. PyTorch refuses the name at
# least; TensorFlow takes it, and raises later, when the device is used. A function that promises to
# fall back has two ends to check.

# %% [markdown] exercise="try-device" role="task"
# ## Exercise 10.1: a device that is there
#
# *3 points*
#
# Write two functions. Both take `count`, a function without arguments that returns how many CUDA
# devices there are. It is `torch.cuda.device_count` unless the caller passes another, as the tests
# do: they pretend that there are 0, 1, 2 or more devices.
#
# - `try_device(i, count)` returns the `torch.device` of type `cuda` with index `i` if there is one,
#   that is, for `i` from 0 to `count() - 1`. For every other whole number `i`, negative ones
#   included, it returns the CPU.
# - `all_devices(count)` returns a list of `torch.device`: all CUDA devices with their index, in
#   ascending order. If there are none, the list holds the CPU alone.
#
# Both ask `count` again on each call. The first tests cell (2 points) is about `try_device`, the
# second (1 point) about `all_devices`.

# %% [markdown] exercise="try-device" role="hint"
# <details><summary>Hint 1</summary>
#
# Which whole numbers are the index of a device if there are two? If there are none? Python can
# compare at both ends at once: `a <= b < c`.
#
# </details>

# %% [markdown] exercise="try-device" role="hint"
# <details><summary>Hint 2</summary>
#
# `torch.device("cuda", i)` is the name with index `i`, asked for only if `0 <= i < count()`. For
# the list, `range(count())` gives all indices; an empty list is false, so `found or [...]` gives
# something else in its place.
#
# </details>

# %% exercise="try-device" role="solution"
def try_device(
    i: int = 0, count: Callable[[], int] = torch.cuda.device_count
) -> torch.device:
    """Return CUDA device number i if there is one, and the CPU if not."""
    # BEGIN SOLUTION
    return torch.device("cuda", i) if 0 <= i < count() else torch.device("cpu")
    # END SOLUTION


def all_devices(count: Callable[[], int] = torch.cuda.device_count) -> list[torch.device]:
    """Return all CUDA devices in order, or a list of the CPU alone if there are none."""
    # BEGIN SOLUTION
    found = [torch.device("cuda", i) for i in range(count())]
    return found or [torch.device("cpu")]
    # END SOLUTION


# %% exercise="try-device" role="tests" points=2
# Exercise 10.1, tests 1 of 2: one device, or the CPU.
def check_try(i, counts):
    for n in counts:
        called = f"try_device({i}, count) with {n} CUDA devices"
        try:
            got = try_device(i, lambda n=n: n)
        except (RuntimeError, TypeError, IndexError) as error:
            if isinstance(error, NotImplementedError):
                raise
            cause = "the names of devices are cuda and cpu"
            if isinstance(error, TypeError):
                cause = "count is a function; is it asked, count()?"
            elif isinstance(error, IndexError):
                cause = "compare i with count() before you take an entry of a list"
            elif i < 0:
                cause = "a negative index names no device: check both ends, 0 <= i < count()"
            raise AssertionError(
                f"{called} raised {type(error).__name__} ({error}), wanted a device: {cause}"
            ) from None
        assert type(got) is torch.device, (
            f"{called} gave {type(got).__name__}, wanted a torch.device: a text is only its name.")
        there = i in range(n)
        cause = "that device is there" if there else "there is no such device, give the CPU"
        if got.type == "cuda" and not there:
            cause = "that device is absent, and naming it does not make it: give the CPU"
            if i == n > 0:
                cause = f"indices end at {n - 1}: compare with <, not with <="
        elif got.type == "cpu" and there:
            cause = "the index was not compared with what count() returns in this very call"
        assert got.type == ("cuda" if there else "cpu"), (
            f"{called} gave {got}, wanted {f'cuda:{i}' if there else 'cpu'}: {cause}.")
        assert not there or (type(got.index) is int and got.index == i), (
            f"{called} gave {got}, wanted cuda:{i}: give the device its index; without one it is "
            "whichever device is current.")


for i, counts in [(0, [0, 1, 2]), (1, [2, 1, 0]), (-1, [2, 0])]:
    check_try(i, counts)
# BEGIN HIDDEN TESTS
for i, counts in [(3, [3, 4, 0, 8]), (-2, [1, 2, 4]), (7, [8, 7])]:
    check_try(i, counts)
# END HIDDEN TESTS

# %% exercise="try-device" role="tests" points=1
# Exercise 10.1, tests 2 of 2: all devices.
def check_all(counts):
    for n in counts:
        called = f"all_devices(count) with {n} CUDA devices"
        try:
            got = all_devices(lambda n=n: n)
        except (RuntimeError, TypeError, IndexError) as error:
            if isinstance(error, NotImplementedError):
                raise
            cause = "the names of devices are cuda and cpu, and indices end at count() - 1"
            if isinstance(error, TypeError):
                cause = "count is a function; is it asked, count()?"
            raise AssertionError(
                f"{called} raised {type(error).__name__} ({error}), wanted a list: {cause}"
            ) from None
        assert type(got) is list, f"{called} gave {type(got).__name__}, wanted a list."
        assert all(type(device) is torch.device for device in got), (
            f"{called} gave a list of {sorted({type(d).__name__ for d in got})}, wanted "
            "torch.device only.")
        names = [f"{device.type}:{device.index}" for device in got]
        names = ["cpu" if name.startswith("cpu") else name for name in names]
        wanted = [f"cuda:{i}" for i in range(n)] or ["cpu"]
        cause = "each CUDA device once, by its index, in ascending order"
        if not got:
            cause = "an empty list: without a CUDA device there is still the CPU"
        elif names == ["cpu"]:
            cause = "ask count() in each call, which says how many there are"
        elif n and "cpu" in names:
            cause = "the CPU is in the list only if there is no CUDA device"
        assert names == wanted, f"{called} gave {names}, wanted {wanted}: {cause}."


for counts in [[0, 1, 2]]:
    check_all(counts)
# BEGIN HIDDEN TESTS
for counts in [[3, 0, 8], [1, 0]]:
    check_all(counts)
# END HIDDEN TESTS

# %% [markdown]
# ## A device without memory
#
# Every tensor knows where it lives. What you make lives on the CPU, unless you name another device.
# `meta` is the device that every machine has: its tensors have a shape, a dtype and a device, like
# any other, but no numbers.
#
# **Predict** what the third line prints.

# %% listing="S0-35 S0-36"
x = torch.ones(2, 3)
m = torch.ones(2, 3, device="meta")
print(x.device)
print(m.device, tuple(m.shape), m.dtype)
print(m)

# %% [markdown]
# Where a tensor lives can be said in three ways: for one tensor, with `device=`; for a stretch of
# code, with the device as a *scope*; for a model that exists already, with `to`. In a scope, the
# functions that make tensors (`torch.ones`, `torch.empty`, and so the layers that call them) make
# them there. What exists already is left alone.
#
# **Predict** the three devices.

# %% listing="S0-37 S0-41 S0-42"
with torch.device("meta"):
    inside = torch.zeros(4)
    net = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    older = x
print("made inside:    ", inside.device)
print("weight of layer:", net[0].weight.device)
print("made before:    ", older.device)

# %% [markdown]
# A computation runs where its inputs live, and its result lives there too. On `meta` that means
# that nothing is computed but the shape and dtype of the result. A network of any size can be run
# so, to find out whether its parts fit together.

# %%
with torch.device("meta"):
    huge = nn.Sequential(nn.Linear(10**6, 10**6), nn.ReLU(), nn.Linear(10**6, 10))
    y = huge(torch.empty(32, 10**6))
print(tuple(y.shape), y.device)

# %% [markdown]
# What it cannot do is give a number. There is none.

# %% tags=["raises-exception"]
y.sum().item()

# %% [markdown]
# ### How large is it?
#
# The first weight of that network has $10^{12}$ entries. In float32 that is 4 bytes each, 4 TB: no
# machine at hand would have made it. Yet its size can be read off, because each tensor knows its
# number of entries (`numel`) and how many bytes one takes (`element_size`).

# %%
for p in huge.parameters():
    print(f"{tuple(p.shape)!s:20} {p.numel() * p.element_size() / 1e9:12.6f} GB")

# %% [markdown]
# A model holds more than parameters, and not everything in float32. **Predict**: how many bytes do
# the tensors of a batch normalisation over 4 features take? (It has a weight and a bias, both
# trained; and it keeps a running mean, a running variance and a count of batches.)

# %%
norm = nn.BatchNorm1d(4, device="meta")
for kind, pairs in {"parameter": norm.named_parameters(), "buffer": norm.named_buffers()}.items():
    for name, tensor in pairs:
        print(f"{kind:9} {name:19} {tensor.dtype!s:13} {tensor.numel()} x {tensor.element_size()}")

# %% [markdown]
# $4 \cdot 4 \cdot 4 + 8 = 72$: buffers need memory like parameters, and the count of batches is a
# 64-bit whole number. Training takes more: a gradient for each parameter, and what the optimizer
# keeps, for Adam two more numbers each.
#
# ### From meta to memory
#
# There is nothing to copy out of a meta tensor, so `to("cpu")` cannot work. `to_empty` gives the
# parameters and buffers memory on a device, with whatever is in that memory; then you fill it.
#
# **Then and now.** The usual way to fill a model is `load_state_dict` (lesson 09). On a model that
# is still on `meta` it says nothing worse than a warning. **Predict** where the weight lives
# afterwards, in each of the three lines.

# %%
saved = nn.Linear(3, 2).state_dict()
with torch.device("meta"):
    plain, emptied, assigned = nn.Linear(3, 2), nn.Linear(3, 2), nn.Linear(3, 2)

with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    plain.load_state_dict(saved)
emptied.to_empty(device="cpu").load_state_dict(saved)
assigned.load_state_dict(saved, assign=True)
print("load_state_dict:            ", plain.weight.device, f"({len(caught)} warnings)")
print("to_empty, load_state_dict:  ", emptied.weight.device)
print("load_state_dict(assign=True)", assigned.weight.device)

# %% [markdown]
# The first loaded nothing: numbers were copied into tensors that have no room for any. The other
# two worked, with a difference. `assign=True` does not copy; it makes the tensors of the state dict
# itself the model's parameters. **Predict**: whose weight does this step change?

# %%
for name, layer in {"to_empty": emptied, "assign": assigned}.items():
    before = saved["weight"].clone()
    with torch.no_grad():
        layer.weight.add_(1.0)
    print(f"{name:9} the saved weight is unchanged:", torch.equal(saved["weight"], before))

# %% [markdown]
# That is what you want when the state dict has just been read from a file and nobody else needs it:
# no byte is held twice. If the state dict is another model's, the two are now one.
#
# `to_empty` has a trap of its own. **Predict**: two layers share a weight, as in lesson 04. Do they
# still, once they have memory?

# %%
with torch.device("meta"):
    tied = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    tied[1].weight = tied[0].weight
print("on meta:", tied[0].weight is tied[1].weight)
tied.to_empty(device="cpu")
print("on cpu: ", tied[0].weight is tied[1].weight)

# %% [markdown]
# Parameters are replaced one by one, and the tie is lost. Tie them again afterwards.

# %% [markdown] exercise="meta-size" role="task"
# ## Exercise 10.2: the size first, then the memory
#
# *4 points*
#
# `make` is a function without arguments that builds and returns a model (an `nn.Module`), with
# layers as you have seen them: where their tensors are made is up to the device scope.
#
# **`model_size(make)`** returns two `int`: how many numbers the model's tensors hold, and how many
# bytes they take.
#
# - Its tensors are its parameters and its buffers, trainable or not, saved or not, each of its own
#   dtype. A tensor that is used in two places counts once.
# - Nothing is allocated: `make` must run on `meta`. One model of the tests would take 4 TB.
#
# **`build_if_fits(make, state, limit)`** returns the model with the values of the state dict
# `state`, if its tensors take at most `limit` bytes, and `None` if they take more.
#
# - No model is made in real memory before it is known that it fits.
# - The returned model is on the CPU, in training mode with nothing frozen, and independent of
#   `state`: training it leaves the tensors in `state` as they are. (In its tests, all parameters
#   and buffers are in `state`, and none is shared.)
#
# Both leave the default device as it was. The first two tests cells (1 point each) are about
# `model_size`: nothing is allocated, and what counts. The last two (1 point each) are about
# `build_if_fits`: whether there is a model, and which.

# %% [markdown] exercise="meta-size" role="hint"
# <details><summary>Hint 1</summary>
#
# `with torch.device("meta"):` around the call of `make` is all that it takes to build without
# memory. Then there are two iterators to go through, and `numel()` and `element_size()` to ask.
#
# </details>

# %% [markdown] exercise="meta-size" role="hint"
# <details><summary>Hint 2</summary>
#
# `[*model.parameters(), *model.buffers()]` has each tensor once; the state dict would not.
# `build_if_fits` can use `model_size`. If the size is within the limit, either of these gives the
# model its memory: build on `meta`, `to_empty(device="cpu")`; or simply call `make()` outside of
# any scope. Then `load_state_dict(state)` copies the values.
#
# </details>

# %% exercise="meta-size" role="solution"
def model_size(make: Callable[[], nn.Module]) -> tuple[int, int]:
    """Return (numbers, bytes) of the model that make() builds, without allocating it."""
    # BEGIN SOLUTION
    with torch.device("meta"):
        model = make()
    tensors = [*model.parameters(), *model.buffers()]
    return sum(t.numel() for t in tensors), sum(t.numel() * t.element_size() for t in tensors)
    # END SOLUTION


def build_if_fits(
    make: Callable[[], nn.Module], state: dict[str, torch.Tensor], limit: int
) -> nn.Module | None:
    """Return the model with the values in state, or None if it takes more than limit bytes."""
    # BEGIN SOLUTION
    if model_size(make)[1] > limit:
        return None
    with torch.device("meta"):
        model = make()
    model.to_empty(device="cpu")
    model.load_state_dict(state)
    return model
    # END SOLUTION


# %% exercise="meta-size" role="tests" points=1
# Exercise 10.2, tests 1 of 4: the size of a model that is never allocated.
def check_place(inputs, outputs):
    def make():
        place = torch.empty(0).device.type
        torch.set_default_device(None)  # in case an answer changed it for good
        assert place == "meta", (
            f"{called} ran make() on the {place} device, where it allocates memory: build inside "
            "`with torch.device('meta'):`; moving it there later is too late.")
        with torch.device("meta"):
            return nn.Linear(inputs, outputs)

    size = 4 * (inputs + 1) * outputs
    called = f"model_size(make) for a dense layer of {size:,} bytes"
    got = model_size(make)
    left = torch.empty(0).device.type
    torch.set_default_device(None)
    assert left == "cpu", (
        f"after {called} new tensors are made on {left}: the device must be set for the call of "
        "make only, with a scope.")
    assert type(got) is tuple and len(got) == 2 and all(type(n) is int for n in got), (
        f"{called} gave {got if type(got) is tuple else type(got).__name__}, wanted a tuple of two "
        "int: the numbers and the bytes.")
    assert got == (size // 4, size), (
        f"{called} gave {got}, wanted {(size // 4, size)}: numbers of 4 bytes each.")


for inputs, outputs in [(10**6, 10**6)]:
    check_place(inputs, outputs)
# BEGIN HIDDEN TESTS
for inputs, outputs in [(3, 2)]:
    check_place(inputs, outputs)
# END HIDDEN TESTS

# %% exercise="meta-size" role="tests" points=1
# Exercise 10.2, tests 2 of 4: what counts, and how many bytes it takes.
def check_size(what, build, numbers, size):
    got = model_size(build)
    torch.set_default_device(None)  # in case an answer changed it for good
    called = f"model_size(make) for {what}"
    assert type(got) is tuple and len(got) == 2, (
        f"{called} gave {got}; get the first tests cell to pass first.")
    assert got[0] == numbers, (
        f"{called} counted {got[0]:,} numbers, wanted {numbers:,}: count parameters and buffers, "
        "each tensor once (the state dict lists a shared one twice).")
    assert got[1] == size, (
        f"{called} gave {got[1]:,} bytes, wanted {size:,}: each tensor has its own element_size(), "
        "and not every one takes 4 bytes a number.")


def tied():
    net = nn.Sequential(nn.Linear(5, 5), nn.Linear(5, 5))
    net[1].weight = net[0].weight
    return net


for case in [
    ("a BatchNorm1d(4)", lambda: nn.BatchNorm1d(4), 17, 72),
    ("two dense layers with one weight", tied, 35, 140),
]:
    check_size(*case)
# BEGIN HIDDEN TESTS
class Masked(nn.Module):
    def __init__(self):
        super().__init__()
        self.dense = nn.Linear(3, 2, dtype=torch.float16).requires_grad_(False)
        self.register_buffer("mask", torch.ones(7, dtype=torch.bool), persistent=False)


for case in [
    ("a frozen float16 layer with an unsaved buffer", Masked, 15, 23),
    ("a nested network", lambda: nn.Sequential(nn.Sequential(nn.Linear(2, 3), tied()), nn.ReLU()),
     44, 176),
    ("a ReLU", nn.ReLU, 0, 0),
]:
    check_size(*case)
# END HIDDEN TESTS

# %% exercise="meta-size" role="tests" points=1
# Exercise 10.2, tests 3 of 4: made if it fits, and not before that is known.
def check_fit(build, size, limit):
    places, state = [], build().state_dict()

    def make():
        places.append(torch.empty(0).device.type)
        return build()

    called = f"build_if_fits(make, state, {limit}) for a model of {size} bytes"
    try:
        model = build_if_fits(make, state, limit)
    except (TypeError, RuntimeError) as error:
        if isinstance(error, NotImplementedError) and "meta" not in str(error):
            raise
        cause = "the last tests cell, about the values, says more"
        if isinstance(error, TypeError):
            cause = "model_size(make) gives two numbers; the second one is compared with limit"
        raise AssertionError(f"{called} raised {type(error).__name__} ({error}): {cause}") from None
    left = torch.empty(0).device.type
    torch.set_default_device(None)
    assert left == "cpu", f"after {called} new tensors are made on {left}: use a scope."
    assert size <= limit or "cpu" not in places, (
        f"{called} ran make() on {places}: memory was allocated before the size was known. Build "
        "on meta first.")
    assert size <= limit or model is None, (
        f"{called} gave {type(model).__name__}, wanted None: it is too large.")
    assert size > limit or isinstance(model, nn.Module), (
        f"{called} gave {type(model).__name__}, wanted the model: it fits, also when it takes "
        "exactly the limit.")


for limit in (31, 32):
    check_fit(lambda: nn.Linear(3, 2), 32, limit)
# BEGIN HIDDEN TESTS
for limit in (10**9, 115, 100, 116):
    check_fit(lambda: nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3)), 116, limit)
# END HIDDEN TESTS

# %% exercise="meta-size" role="tests" points=1
# Exercise 10.2, tests 4 of 4: the model that is made.
def check_model(what, build):
    state = build().state_dict()
    saved = {name: tensor.clone() for name, tensor in state.items()}
    called = f"build_if_fits(make, state, 1000) for {what}"
    try:
        model = build_if_fits(build, state, 1000)
    except (TypeError, RuntimeError) as error:
        if isinstance(error, NotImplementedError) and "meta" not in str(error):
            raise
        cause = "load_state_dict(state) copies all values into a model"
        if isinstance(error, NotImplementedError):
            cause = "a meta tensor holds nothing to copy; use to_empty"
        raise AssertionError(f"{called} raised {type(error).__name__} ({error}): {cause}") from None
    finally:
        torch.set_default_device(None)  # in case an answer changed it for good
    assert isinstance(model, nn.Module), (
        f"{called} gave {type(model).__name__}, wanted the model, which fits.")
    got = model.state_dict()
    devices = sorted({tensor.device.type for tensor in got.values()})
    assert devices == ["cpu"], (
        f"{called} gave a model on {devices}, wanted the CPU: loading into meta tensors copies "
        "nothing; give them memory first, with to_empty.")
    wrong = [n for n in saved if not np.array_equal(got[n].numpy(), saved[n].numpy())]
    assert not wrong, (
        f"{called} gave a model in which {wrong} differ from state: to_empty and make() do not "
        "know your values, load the state dict afterwards.")
    assert all(p.requires_grad for p in model.parameters()), f"{called}: parameters are frozen."
    assert all(block.training for block in model.modules()), (
        f"{called} gave a model in evaluation mode, wanted one to train on: no eval().")
    with torch.no_grad():
        for tensor in (*model.parameters(), *model.buffers()):
            tensor.add_(1)
    shared = [n for n in saved if not np.array_equal(state[n].numpy(), saved[n].numpy())]
    assert not shared, (
        f"changing the model of {called} changed {shared} in state: the model uses the very "
        "tensors of state (assign=True, without clones); copy the values.")


for what, build in [("a dense layer", lambda: nn.Linear(3, 2))]:
    check_model(what, build)
# BEGIN HIDDEN TESTS
for what, build in [("a dense layer and a BatchNorm1d",
                     lambda: nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3)))]:
    check_model(what, build)
# END HIDDEN TESTS

# %% [markdown]
# ## A model on a device
#
# `tensor.to(device)` leaves the tensor as it is and returns one that is there. `module.to(device)`
# looks the same and is something else: it moves *the module itself*, parameter by parameter, and
# returns it.
#
# **Predict** the two answers.

# %%
tensor, module = torch.ones(2), nn.Linear(3, 2)
moved_tensor, moved_module = tensor.to("meta"), module.to("meta")
print("tensor:", tensor.device, " same object:", moved_tensor is tensor)
print("module:", module.weight.device, "same object:", moved_module is module)

# %% [markdown]
# So `x.to(device)` alone on a line does nothing that lasts, and `net.to(device)` does. After that,
# the data must go where the model is, for no layer fetches its input.

# %% tags=["raises-exception"]
module(torch.ones(1, 3))

# %% [markdown]
# (On real devices the message speaks of two devices, such as cuda:0 and cpu, that were expected to
# be one. It is one of the commonest errors on GPUs.)
#
# ### What moves, and what stays
#
# Which tensors does `to` move? Those that the module has registered (lesson 03).
#
# **Predict** the four devices.

# %%
class Scaler(nn.Module):
    """Standardise features, then a dense layer; (batch, 3) to (batch, 1)."""

    def __init__(self):
        super().__init__()
        self.dense = nn.Linear(3, 1)
        self.register_buffer("mean", torch.zeros(3))
        self.scale = torch.ones(3)
        self.shifts = [torch.zeros(3)]

    def forward(self, x):
        return self.dense((x - self.mean) * self.scale + self.shifts[0])


scaler = Scaler().to("meta")
print("parameter:      ", scaler.dense.weight.device)
print("buffer:         ", scaler.mean.device)
print("plain attribute:", scaler.scale.device)
print("in a list:      ", scaler.shifts[0].device)

# %% [markdown]
# The constant that was made a plain attribute stays where it was. As long as everything is on the
# CPU nobody notices; on the first GPU the forward pass breaks. Make it a buffer, and it moves
# along.
#
# And the optimizer? It holds the parameters themselves, so it must hold those of the moved model.
# **Predict**: the optimizer was made before the move. Where are its parameters?

# %%
net = nn.Linear(3, 2)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
net.to("meta")
held = optimizer.param_groups[0]["params"][0]
print("in the optimizer:", held.device, "  in the model:", net.weight.device)
print("still the same object:", held is net.weight)

# %% [markdown]
# On the way to `meta` the parameters were *replaced*, and the optimizer keeps training two tensors
# that nothing uses any more. Between CPU and CUDA PyTorch swaps the memory inside the parameters
# instead, and the optimizer happens to survive:

# %% tags=["nbval-ignore-output"]
if torch.cuda.is_available():
    net = nn.Linear(3, 2)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    net.to("cuda")
    print("still the same object:", optimizer.param_groups[0]["params"][0] is net.weight)
else:
    print("skipped: no CUDA device here")

# %% [markdown]
# Do not count on it: **move first, then make the optimizer.**
#
# How does one find out what was left behind? One could wait for the error, which names two devices
# and no tensor. Better, one looks at everything that a model holds.

# %% [markdown] exercise="one-device-audit" role="task"
# ## Exercise 10.3: what was left behind?
#
# *3 points*
#
# Write `audit(model)`: where does each tensor of a model live? It returns a dictionary. The keys
# are the devices as text, such as `"cpu"` or `"meta"`, and only those that occur. The value of a
# device is the list of the paths of the tensors there, in any order.
#
# - The tensors are those of `model` and of every module inside it, however deep: its parameters,
#   its buffers (also those that are not saved), and the tensors that are **plain attributes** of a
#   module. (Tensors inside lists or other objects need not be found.)
# - A path is the name of the module as in `named_modules`, a dot, and the name of the tensor; for
#   the outermost module, the name of the tensor alone. For a parameter or buffer this is the
#   name that `named_parameters` and `named_buffers` give. Each path is listed once.
# - The model is not changed. An attribute of another type, `None` included, is not listed.
#
# For the `Scaler` above, now on `meta`: `{"meta": ["dense.weight", "dense.bias", "mean"], "cpu":
# ["scale"]}`. The three tests cells (1 point each) look at the names of parameters and buffers, at
# models on two devices, and at plain attributes.

# %% [markdown] exercise="one-device-audit" role="hint"
# <details><summary>Hint 1</summary>
#
# `model.named_modules()` gives each module inside with its name, the model itself with the empty
# name. The plain attributes of an object are the entries of the dictionary `vars(module)`; which of
# them are tensors?
#
# </details>

# %% [markdown] exercise="one-device-audit" role="hint"
# <details><summary>Hint 2</summary>
#
# For each module, go through `module.named_parameters(recurse=False)`,
# `module.named_buffers(recurse=False)` and `vars(module).items()`, all three of them pairs of a
# name and a value. Keep a value if `isinstance(value, torch.Tensor)`. The path is
# `f"{path}.{name}"`, or `name` if `path` is empty; `found.setdefault(str(value.device),
# []).append(...)` files it.
#
# </details>

# %% exercise="one-device-audit" role="solution"
def audit(model: nn.Module) -> dict[str, list[str]]:
    """Return {device: paths of the tensors there}: parameters, buffers and plain attributes."""
    # BEGIN SOLUTION
    found = {}
    for path, module in model.named_modules():
        held = [
            *module.named_parameters(recurse=False),
            *module.named_buffers(recurse=False),
            *vars(module).items(),
        ]
        for name, value in held:
            if isinstance(value, torch.Tensor):
                full = f"{path}.{name}" if path else name
                found.setdefault(str(value.device), []).append(full)
    return found
    # END SOLUTION


# %% exercise="one-device-audit" role="tests" points=1
# Exercise 10.3, tests 1 of 3: the names of parameters and buffers.
def check_names(what, model):
    """A model wholly on one device."""
    called = f"audit(model) for {what}"
    held = [*model.named_parameters(), *model.named_buffers()]
    names, right = list(model.state_dict()), [name for name, _ in held]
    try:
        got = audit(model)
    except (StopIteration, AttributeError, KeyError) as error:
        cause = "not every attribute is a tensor, and a new device has no list yet"
        if isinstance(error, StopIteration):
            cause = "a model may have no parameters; ask each tensor for its own device"
        raise AssertionError(f"{called} raised {type(error).__name__} ({error}): {cause}") from None
    assert isinstance(got, dict) and all(
        type(device) is str and type(paths) is list and all(type(path) is str for path in paths)
        for device, paths in got.items()), (
        f"{called} gave {str(got)[:200]}, wanted a dictionary "
        "from the device as text to a list of paths as text.")
    assert list(model.state_dict()) == names, f"{called} changed what the model holds."
    found = [path for paths in got.values() for path in paths]
    missing, extra = sorted(set(right) - set(found)), sorted(set(found) - set(right))
    buffers = sorted(set(missing) & {name for name, _ in model.named_buffers()})
    cause = "look at every module inside, with its full name"
    if buffers and not extra:
        cause = f"{buffers} are buffers: saved or not, they take memory and move like parameters"
    assert not missing and not extra, (
        f"{called} lacks {missing or 'nothing'} and has {extra or 'nothing'} in addition: {cause}.")
    assert len(found) == len(right), f"{called} gave {got}, wanted each path once."


for case in [
    ("a dense layer", nn.Linear(2, 1)),
    ("a network", nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Sequential(nn.Tanh()))),
]:
    check_names(*case)
# BEGIN HIDDEN TESTS
class Positions(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("steps", torch.arange(4), persistent=False)
        self.register_buffer("absent", None)
        self.net = nn.ModuleDict({"a": nn.Sequential(nn.ReLU(), nn.Linear(1, 1))})


for case in [("a block with an unsaved buffer", nn.Sequential(Positions())), ("a ReLU", nn.ReLU())]:
    check_names(*case)
# END HIDDEN TESTS

# %% exercise="one-device-audit" role="tests" points=1
# Exercise 10.3, tests 2 of 3: models on two devices.
def check_devices(what, model, wanted):
    called = f"audit(model) for {what}"
    got = audit(model)
    assert isinstance(got, dict), f"{called} gave {type(got).__name__}, wanted a dictionary."
    place = {path: device for device, paths in got.items() for path in paths}
    right = {path: device for device, paths in wanted.items() for path in paths}
    assert sorted(place) == sorted(right), (
        f"{called} gave {got}, wanted {wanted}; get the first tests cell to pass first.")
    wrong = {path: place[path] for path in right if place[path] != right[path]}
    assert not wrong, (
        f"{called} says {wrong}, wanted {({p: right[p] for p in wrong})}: ask each tensor for its "
        "own device; a model need not be on one.")
    assert sorted(got) == sorted(wanted) and sum(map(len, got.values())) == len(right), (
        f"{called} gave {got}, wanted {wanted}: each path once, and no device without tensors.")


half = nn.Sequential(nn.Linear(2, 3), nn.Sequential(nn.Linear(3, 1, bias=False)))
half[1].to("meta")
for case in [
    ("a dense layer", nn.Linear(2, 1), {"cpu": ["weight", "bias"]}),
    ("a network whose last part was moved", half,
     {"cpu": ["0.weight", "0.bias"], "meta": ["1.0.weight"]}),
]:
    check_devices(*case)
# BEGIN HIDDEN TESTS
moved = nn.ModuleDict({"norm": nn.BatchNorm1d(2, affine=False), "dense": nn.Linear(1, 1)})
moved["dense"].to("meta")
for case in [
    ("a normalisation and a moved layer", moved,
     {"cpu": ["norm.running_mean", "norm.running_var", "norm.num_batches_tracked"],
      "meta": ["dense.weight", "dense.bias"]}),
    ("a model wholly on meta", nn.Sequential(nn.Linear(1, 1).to("meta")),
     {"meta": ["0.weight", "0.bias"]}),
    ("a ReLU", nn.ReLU(), {}),
]:
    check_devices(*case)
# END HIDDEN TESTS

# %% exercise="one-device-audit" role="tests" points=1
# Exercise 10.3, tests 3 of 3: constants that are plain attributes.
class Constant(nn.Module):
    def __init__(self, name, inner=None, device="cpu"):
        super().__init__()
        self.dense = nn.Linear(1, 1, device="meta")
        setattr(self, name, torch.ones(2, device=device))
        self.width, self.nothing, self.label = 2, None, "a"
        self.inner = inner


def check_constants(what, model, wanted):
    called, held = f"audit(model) for {what}", list(model.state_dict())
    got = audit(model)
    assert list(model.state_dict()) == held, f"{called} registered a constant: change nothing."
    assert isinstance(got, dict), f"{called} gave {type(got).__name__}, wanted a dictionary."
    assert all(type(d) is str and type(p) is list for d, p in got.items()), (
        f"{called} gave {got}, wanted a dictionary from text to lists.")
    got = {str(device): sorted(map(str, paths)) for device, paths in got.items()}
    wanted = {device: sorted(paths) for device, paths in wanted.items()}
    listed = {path for paths in got.values() for path in paths}
    constants = {path for paths in wanted.values() for path in paths if "dense" not in path}
    missing = sorted(constants - listed)
    inside = [path for path in missing if "." in path]
    cause = "a plain attribute is in neither parameters() nor buffers(); see vars(module)"
    if inside and len(inside) == len(missing) < len(constants):
        cause = "these are attributes of a module inside: look at vars() of every module"
    assert not missing, f"{called} lacks {missing}: {cause}."
    assert len(got) == len(wanted) and all(got.get(d) == wanted[d] for d in wanted), (
        f"{called} gave {got}, wanted {wanted}: paths as in named_modules, and tensors only.")


for case in [
    ("a block with a constant", Constant("scale"),
     {"meta": ["dense.weight", "dense.bias"], "cpu": ["scale"]}),
]:
    check_constants(*case)
# BEGIN HIDDEN TESTS
for case in [
    ("constants on two levels", Constant("c", Constant("table", device="meta")),
     {"meta": ["dense.weight", "dense.bias", "inner.table", "inner.dense.weight",
               "inner.dense.bias"], "cpu": ["c"]}),
    ("a constant far inside", Constant("c", nn.Sequential(Constant("deep"))),
     {"meta": ["dense.weight", "dense.bias", "inner.0.dense.weight", "inner.0.dense.bias"],
      "cpu": ["c", "inner.0.deep"]}),
    ("constants in a Sequential", nn.Sequential(nn.ReLU(), Constant("mask", nn.Tanh())),
     {"meta": ["1.dense.weight", "1.dense.bias"], "cpu": ["1.mask"]}),
]:
    check_constants(*case)
# END HIDDEN TESTS

# %% [markdown]
# ## Copies, and what they cost
#
# Two tensors can be added only where both of them are.

# %% listing="S0-39" tags=["raises-exception"]
torch.ones(2, 3) + torch.ones(2, 3, device="meta")

# %% [markdown]
# PyTorch refuses. TensorFlow would fetch the missing one across by itself and say nothing, which is
# comfortable and may be slow. But do not trust every operation to check when `meta` is involved.
# **Predict** where this matrix product lives, and what its numbers can be.

# %%
product = torch.ones(2, 3) @ torch.ones(3, 2, device="meta")
print(tuple(product.shape), product.device)

# %% [markdown]
# It is on the CPU, it has four numbers, and they are rubbish: half of what they should be computed
# from does not exist.
#
# So one has to be copied. **Then and now.** One text on devices shows a copy by naming the tensor
# again, `Z = X`, inside the scope of the other device. **Predict**: where is `Z`?

# %% listing="S0-38"
X = torch.arange(6.0).reshape(2, 3)
with torch.device("meta"):
    Z = X
    W = X.to("meta")
print("Z = X:         ", Z.device, " same object:", Z is X)
print('W = X.to(...): ', W.device, "same object:", W is X)

# %% [markdown]
# An assignment gives a thing another name; a scope changes where *new* tensors are made, and none
# was made here. `to` makes one, with one exception: if the tensor is already there, it returns the
# tensor itself. That saves a copy, and you should know it, because what you get is not always yours
# to change.
#
# **Then and now.** The same text then proves that nothing is copied the second time, by showing
# that `Z2 is Z` after `Z2 = Z`. But that holds for any name in Python. **Predict** which line
# proves something.

# %% listing="S0-40"
Z2 = X
print("name:   ", Z2 is X)
same, other = X.to("cpu"), X.to("cpu", copy=True)
print("to:     ", same is X, " same memory:", same.data_ptr() == X.data_ptr())
print("copy:   ", other is X, "same memory:", other.data_ptr() == X.data_ptr())
same[0, 0] = 100.0
print("X after a change of `same`:", X[0, 0].item())

# %% [markdown]
# ### The price
#
# Why care? Because a copy between host and GPU goes through a narrow pipe. NVIDIA's data sheet of
# the H100 SXM gives these figures: 67 · 10¹² float32 operations per second, 3.35 TB/s to the card's
# own memory, and 128 GB/s on the PCIe bus to the host, which is 64 GB/s each way.
#
# Take two square matrices with $n$ rows. To copy them to the card are $2 \cdot 4 n^2$ bytes, to
# multiply them are $2 n^3$ operations. **Predict**: for $n = 1000$, which takes longer? From which
# $n$ on is it the other way round?

# %%
operations, to_host, own_memory = 67e12, 64e9, 3.35e12  # per second, from the data sheet
n = np.array([10.0**k for k in np.linspace(2, 4.5, 26)])
copying = 2 * 4 * n**2 / to_host
reading = 2 * 4 * n**2 / own_memory
multiplying = 2 * n**3 / operations
crossing = 4 * operations / to_host
print(f"n = 1000: copy {8e6 / to_host * 1e6:.0f} µs, multiply {2e9 / operations * 1e6:.0f} µs")
print(f"equal at n = {crossing:.0f}")

fig, axis = plt.subplots(figsize=(7, 3.6), layout="constrained")
axis.loglog(n, copying * 1e3, label="copy both matrices from the host", linewidth=2)
axis.loglog(n, multiplying * 1e3, label="multiply them", linewidth=2)
axis.loglog(n, reading * 1e3, label="read them from the card's own memory", linewidth=2)
axis.axvline(crossing, color="0.8", zorder=0)
axis.set(xlabel="rows n", ylabel="milliseconds", title="H100 SXM, by its data sheet")
axis.legend()
plt.show()

# %% [markdown]
# Below 4,000 rows the way there costs more than the work, for a thousand rows four times as much.
# What stays on the card is read fifty times as fast. Hence the habits: move the model once, move
# each batch once, keep everything in between on the device, and do not send small jobs.
#
# These are peak rates, and real ones are lower. If there is a GPU in your machine, here are its
# own. (Why `synchronize` is there is the subject of the next section.)

# %% tags=["nbval-ignore-output"]
if torch.cuda.is_available():
    for rows in (100, 1000, 10_000):
        a = torch.ones(rows, rows)
        b = a.to("cuda")
        b @ b  # the first product loads the library
        torch.cuda.synchronize()
        t0 = time.perf_counter()
        b = a.to("cuda")
        torch.cuda.synchronize()
        t1 = time.perf_counter()
        c = b @ b
        torch.cuda.synchronize()
        t2 = time.perf_counter()
        print(f"n = {rows:6}: copy {1e3 * (t1 - t0):8.3f} ms, multiply {1e3 * (t2 - t1):8.3f} ms")
else:
    print("skipped: no CUDA device here")

# %% [markdown] exercise="copy-if-needed" role="task"
# ## Exercise 10.4: move a batch, if it must move
#
# *3 points*
#
# A batch is rarely a single tensor. Write `to_device(batch, device)`, which returns the batch with
# all its tensors on `device`.
#
# - `batch` is a tensor, or a list, tuple or dictionary of such things, nested as deep as you like.
#   It may hold anything else too, such as numbers, texts or `None`.
# - `device` is a `torch.device` or its name, `"cpu"` or `"meta"` in the tests.
# - A tensor that is already there comes back as it is: the same object, no copy. Any other is
#   copied there, with its shape, dtype and link to the gradient.
# - Lists, tuples and dictionaries come back as such, of the same length and with the same keys in
#   the same order; everything else comes back as it is. What the caller passed is not changed.
#
# The three tests cells (1 point each) have single tensors, tensors inside of nested batches, and
# the batches around them.

# %% [markdown] exercise="copy-if-needed" role="hint"
# <details><summary>Hint 1</summary>
#
# For one tensor a single method does all that is asked. For the rest, a function may call itself on
# each part of a container, and build a new container of the same kind.
#
# </details>

# %% [markdown] exercise="copy-if-needed" role="hint"
# <details><summary>Hint 2</summary>
#
# Ask in turn: a `torch.Tensor`? then `batch.to(device)`, without `copy=True`. A `dict`? then
# `{key: to_device(value, device) for key, value in batch.items()}`. A `list`, a `tuple`? likewise.
# Anything else: return it.
#
# </details>

# %% exercise="copy-if-needed" role="solution"
def to_device(batch: object, device: torch.device | str) -> object:
    """Return the batch with every tensor on device; tensors already there are not copied."""
    # BEGIN SOLUTION
    if isinstance(batch, torch.Tensor):
        return batch.to(device)
    if isinstance(batch, dict):
        return {key: to_device(value, device) for key, value in batch.items()}
    if isinstance(batch, (list, tuple)):
        return type(batch)(to_device(value, device) for value in batch)
    return batch
    # END SOLUTION


# %% exercise="copy-if-needed" role="tests" points=1
# Exercise 10.4, tests 1 of 3: one tensor.
def check_tensor(x, device):
    called = f"to_device(x, {device!r}) for {x.dtype} of shape {tuple(x.shape)} on {x.device}"
    before = x.device
    y = to_device(x, device)
    assert isinstance(y, torch.Tensor), f"{called} gave {type(y).__name__}, wanted a tensor."
    cause = "a scope around an assignment copies nothing" if y is x else "copy it to that device"
    assert y.device == torch.device(device), f"{called} gave a tensor on {y.device}: {cause}."
    assert x.device == before, f"{called} changed the caller's tensor: it is on {x.device} now."
    if x.device == torch.device(device):
        assert y is x, (
            f"{called} gave another tensor, wanted x itself: it is there already, and a copy each "
            "time is memory and time for nothing.")
    assert tuple(y.shape) == tuple(x.shape) and y.dtype == x.dtype, (
        f"{called} gave {y.dtype} of shape {tuple(y.shape)}: a copy keeps shape and dtype.")
    linked = y.requires_grad and (y is x or not y.is_leaf)
    assert linked == x.requires_grad, (
        f"{called} cut the link to the gradient: no detach, no new tensor filled by hand.")


weight = torch.ones(2, 3, requires_grad=True)
for case in [
    (torch.ones(2, 3), "meta"),
    (torch.ones(2, 3), "cpu"),
    (torch.ones(4, device="meta"), torch.device("meta")),
    (weight, "meta"),
]:
    check_tensor(*case)
# BEGIN HIDDEN TESTS
for case in [
    (torch.arange(6), torch.device("meta")),
    (torch.ones(0, 5, dtype=torch.float64), torch.device("cpu")),
    (torch.tensor(3.0).half(), "meta"),
    (weight * 2, torch.device("meta")),
    (weight, torch.device("cpu")),
    (torch.ones(2, device="meta"), "meta"),
]:
    check_tensor(*case)
# END HIDDEN TESTS

# %% exercise="copy-if-needed" role="tests" points=1
# Exercise 10.4, tests 2 of 3: tensors inside of nested batches.
def tensors_in(part, path="batch"):
    """Pairs of a path and a tensor, in order."""
    if isinstance(part, torch.Tensor):
        return [(path, part)]
    if not isinstance(part, (list, tuple, dict)):
        return []
    pairs = part.items() if isinstance(part, dict) else enumerate(part)
    return [found for key, value in pairs for found in tensors_in(value, f"{path}[{key!r}]")]


def check_nested(batch, device):
    called = f"to_device({type(batch).__name__} with tensors inside, {device!r})"
    before = tensors_in(batch)
    try:
        after = dict(tensors_in(to_device(batch, device)))
    except (TypeError, RecursionError) as error:
        raise AssertionError(
            f"{called} raised {type(error).__name__} ({error}): go into lists, tuples and dicts "
            "only; numbers, texts and None come back as they are.") from None
    for path, old in before:
        new = after.get(path)
        assert isinstance(new, torch.Tensor), (
            f"{called} has no tensor at {path}, wanted one: return containers like those given.")
        assert new.device == torch.device(device), (
            f"{called}: {path} is on {new.device}: go into containers inside containers, too.")
        assert new is old or old.device != torch.device(device), (
            f"{called}: {path} was there already and was copied nevertheless.")
        assert new.shape == old.shape and new.dtype == old.dtype, (
            f"{called}: {path} came back with another shape or dtype.")


a, b, c = torch.ones(2), torch.arange(3), torch.zeros(1, device="meta")
for case in [([a, b], "meta"), ({"x": a, "y": (b, c), "id": 7, "none": None}, "meta")]:
    check_nested(*case)
# BEGIN HIDDEN TESTS
for case in [
    ([{"deep": [(a, {"er": b})]}, "text"], torch.device("meta")),
    ((a, [b, b], 2.5), "cpu"),
    ((c, [c, {"c": c}]), "meta"),
]:
    check_nested(*case)
# END HIDDEN TESTS

# %% exercise="copy-if-needed" role="tests" points=1
# Exercise 10.4, tests 3 of 3: the batches around the tensors.
def check_containers(batch, device):
    called = f"to_device({type(batch).__name__} with tensors inside, {device!r})"

    def ids_of(part):
        if isinstance(part, dict):
            return {key: ids_of(value) for key, value in part.items()}
        return [ids_of(p) for p in part] if isinstance(part, (list, tuple)) else id(part)

    def compare(old, new, where):
        if isinstance(old, (list, tuple, dict)):
            assert type(new) is type(old) and len(new) == len(old), (
                f"{where} came back as {type(new).__name__}, wanted a {type(old).__name__} of "
                f"{len(old)} parts.")
            assert not len(old) or new is not old or isinstance(old, tuple), (
                f"{where} is the caller's own {type(old).__name__}: make a new one.")
            keys = list(old) if isinstance(old, dict) else range(len(old))
            assert not isinstance(old, dict) or list(new) == keys, f"{where} has other keys."
            for key in keys:
                compare(old[key], new[key], f"{where}[{key!r}]")
        elif not isinstance(old, torch.Tensor):
            assert new is old, f"{where}, no tensor, came back as something else."

    before = ids_of(batch)
    try:
        got = to_device(batch, device)
    except (TypeError, RecursionError) as error:
        raise AssertionError(
            f"{called} raised {type(error).__name__} ({error}): go into lists, tuples and dicts "
            "only; numbers, texts and None come back as they are.") from None
    assert ids_of(batch) == before, (
        f"{called} changed the caller's batch: put the copies into a new container.")
    compare(batch, got, f"{called}: batch")


a, b, c = torch.ones(2), torch.arange(3), torch.zeros(1, device="meta")
for case in [([a, b], "meta"), ({"x": a, "y": (b, c), "id": 7, "none": None}, "meta")]:
    check_containers(*case)
# BEGIN HIDDEN TESTS
for case in [([{"deep": [(a, {"er": b})]}, "text"], torch.device("meta")),
             ((a, [b, b], 2.5), "cpu"), ({}, "meta"), ((c, [c, {"c": c}]), "meta")]:
    check_containers(*case)
# END HIDDEN TESTS

# %% [markdown]
# ## When the host waits
#
# A GPU works on its own. When Python runs `y = x @ w` on CUDA tensors, the operation is put into
# the GPU's queue and the line is done; `y` is a tensor whose numbers do not exist yet. Python goes
# on, and puts the next operation into the queue. As long as nobody looks at a number, the host
# runs ahead, and the GPU never lacks work.
#
# Somebody looks. `loss.item()` is a number in Python, so the host must wait until everything that
# the loss depends on is computed, and only then can it go on to prepare the next step. Meanwhile
# the queue is empty. That is a *synchronisation*.
#
# ```mermaid
# sequenceDiagram
#     participant H as host
#     participant G as GPU
#     H->>G: step 1
#     H->>G: step 2
#     Note over H: runs ahead
#     H->>G: loss.item()
#     Note over H: waits
#     G-->>H: 0.25
#     Note over G: has nothing to do
#     H->>G: step 3
# ```
#
# The next cell plays this through for five steps. It supposes that the host takes 0.6 ms to prepare
# a step and the GPU 1.0 ms to compute it, and draws who is busy when.
#
# **Predict** the two totals.

# %%
def timeline(steps, host, gpu, read_each_step):
    """Return when host and GPU begin each step, and when everything is done, in ms."""
    host_starts, gpu_starts, host_free, gpu_free = [], [], 0.0, 0.0
    for _ in range(steps):
        host_starts.append(host_free)
        host_free += host
        gpu_starts.append(max(host_free, gpu_free))
        gpu_free = gpu_starts[-1] + gpu
        if read_each_step:
            host_free = gpu_free
    return host_starts, gpu_starts, gpu_free


fig, axes = plt.subplots(2, 1, figsize=(8, 3.2), sharex=True, layout="constrained")
logs = {"loss.item() in each step": True, "one at the end": False}
for axis, (title, each) in zip(axes, logs.items()):
    host_starts, gpu_starts, total = timeline(5, 0.6, 1.0, each)
    print(f"{title}: {total:.1f} ms")
    axis.broken_barh([(start, 0.6) for start in host_starts], (1.1, 0.8), color="C0", edgecolor="w")
    axis.broken_barh([(start, 1.0) for start in gpu_starts], (0.1, 0.8), color="C1", edgecolor="w")
    axis.set(yticks=[0.5, 1.5], yticklabels=["GPU", "host"], title=title)
axes[1].set_xlabel("milliseconds")
plt.show()

# %% [markdown]
# Neither host nor GPU was slow in the first picture. They took turns.
#
# ### What counts as looking
#
# On the CPU there is nothing to wait for, and still the question can be answered here: *count* the
# looks. The class in the next cell is a tensor that computes like any other, passes on its nature
# to whatever is computed from it (or changed in place with it), and counts how often somebody wants
# a number of it in Python.

# %% role="setup"
class Counted(torch.Tensor):
    """Stands for a tensor on a GPU: counts how often the host reads it, or a result of it."""

    reads = 0
    reading = {
        "item", "tolist", "numpy", "cpu", "__array__", "__float__", "__int__", "__bool__",
        "__index__", "__format__", "__repr__", "equal", "allclose",
    }

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        kwargs, name = kwargs or {}, getattr(func, "__name__", "")
        targets = [*args[1:], *kwargs.values()] if name == "to" else []
        home = any(t == "cpu" for t in targets if isinstance(t, str)) or any(
            t.type == "cpu" for t in targets if isinstance(t, torch.device)
        )
        if name in cls.reading or home:
            Counted.reads += 1
            plain = [a.as_subclass(torch.Tensor) if isinstance(a, Counted) else a for a in args]
            return func(*plain, **kwargs)  # what has been read is on the host
        result = super().__torch_function__(func, types, args, kwargs)
        in_place = name.endswith("_") and not name.endswith("__")
        in_place = in_place or name.startswith("__i") or name == "__setitem__"
        if in_place and type(args[0]) is torch.Tensor:
            args[0].__class__ = Counted  # a running sum of losses lives where the losses live
        return result


def counted(tensor: torch.Tensor) -> torch.Tensor:
    """Return the tensor as one that counts how often the host reads it."""
    return tensor.detach().as_subclass(Counted)


# %% [markdown]
# **Predict** which of these eleven read a number, before you run the cell.

# %%
loss, best = counted(torch.tensor(0.25)), counted(torch.tensor(0.5))
for what, use in {
    "loss.item()": lambda: loss.item(),
    "float(loss)": lambda: float(loss),
    "loss * 3 + best": lambda: loss * 3 + best,
    "loss.shape, loss.dtype": lambda: (loss.shape, loss.dtype),
    'f"{loss:.2f}"': lambda: f"{loss:.2f}",
    "loss < best": lambda: loss < best,
    "1 if loss < best else 0": lambda: 1 if loss < best else 0,
    "torch.equal(loss, best)": lambda: torch.equal(loss, best),
    "torch.minimum(loss, best)": lambda: torch.minimum(loss, best),
    "torch.stack([loss, best])": lambda: torch.stack([loss, best]),
    "torch.tensor([loss, best])": lambda: torch.tensor([loss, best]),
}.items():
    Counted.reads = 0
    use()
    print(f"{what:27} reads: {Counted.reads}")

# %% [markdown]
# Arithmetic stays on the device, and so does a comparison. To *branch* on a comparison, Python must
# know how it came out, and `torch.equal` (like `torch.allclose`) gives the answer as a Python
# `bool`. Printing reads; shapes and dtypes are known to the host anyway; `torch.stack` joins
# tensors where they are, `torch.tensor` fetches every single one. Now a log that reads the loss of
# each step, and one that does not.

# %%
losses = [counted(torch.tensor(float(i))) for i in range(100)]
Counted.reads = 0
total = sum(loss.item() for loss in losses)
print("item in each step:", total, "with", Counted.reads, "reads")

Counted.reads = 0
total = sum(losses).item()
print("item at the end:  ", total, "with", Counted.reads, "read")

# %% [markdown]
# On a CUDA machine PyTorch can tell you where it waits: `torch.cuda.set_sync_debug_mode("error")`
# raises at each synchronisation. The cell below measures instead: how long Python needs to put a
# hundred products into the queue, and how long until they are computed. It also shows why a
# stopwatch without `synchronize` lies.

# %% tags=["nbval-ignore-output"]
if torch.cuda.is_available():
    a = torch.ones(4000, 4000, device="cuda")
    b = a @ a
    torch.cuda.synchronize()
    start = time.perf_counter()
    for _ in range(100):
        b = a @ a
    queued = time.perf_counter() - start
    torch.cuda.synchronize()
    done = time.perf_counter() - start
    print(f"queued after {1e3 * queued:.1f} ms, computed after {1e3 * done:.1f} ms")
else:
    print("skipped: no CUDA device here")

# %% [markdown] exercise="one-sync-per-epoch" role="task"
# ## Exercise 10.5: one look per epoch
#
# *3 points*
#
# Write `run_epoch(step, batches)`, the part of a training loop that keeps the log.
#
# - `batches` yields at least one batch, and can be gone through only once. A batch is a tensor
#   whose first axis counts its examples, `len(batch)` of them, at least one; its other axes may
#   have another length in each batch.
# - `step(batch)` does one training step and returns the mean loss of that batch: a float32 tensor
#   without axes, on the device. It carries no gradient. Call it once for each batch, in order.
# - **Out**: a Python `float`, the mean loss *over all examples* of the epoch. Batches may differ in
#   size, so this is not the mean of what the steps returned.
# - The host reads the device **once**, after the last step. In the tests the losses are of the kind
#   `Counted`, and everything that the list above showed to read is counted.
#
# The first tests cell (1 point) looks at the mean, the second (2 points) counts.

# %% [markdown] exercise="one-sync-per-epoch" role="hint"
# <details><summary>Hint 1</summary>
#
# A running sum of tensors is a tensor. What has to be summed, so that batches of different size get
# their due? And what of it does the host know without asking?
#
# </details>

# %% [markdown] exercise="one-sync-per-epoch" role="hint"
# <details><summary>Hint 2</summary>
#
# Start with `total, examples = 0.0, 0`. For each batch, add `step(batch) * len(batch)` to the one
# and `len(batch)` to the other: the first becomes a tensor, the second stays a number. After the
# loop, `total.item() / examples`.
#
# </details>

# %% exercise="one-sync-per-epoch" role="solution"
def run_epoch(
    step: Callable[[torch.Tensor], torch.Tensor], batches: Iterable[torch.Tensor]
) -> float:
    """Run step on each batch; return the mean loss over all examples, read from the device once."""
    # BEGIN SOLUTION
    total, examples = 0.0, 0
    for batch in batches:
        total = total + step(batch) * len(batch)
        examples += len(batch)
    return total.item() / examples
    # END SOLUTION


# %% exercise="one-sync-per-epoch" role="tests" points=1
# Exercise 10.5, tests 1 of 2: the mean over all examples.
def check_mean(losses, sizes):
    batches = [torch.full((size, i + 1), float(i)) for i, size in enumerate(sizes)]
    seen = []

    def step(batch):
        seen.append(int(batch[0, 0]))
        return counted(torch.tensor(losses[seen[-1]]))

    called = f"run_epoch(step, batches) for losses {losses} of batches with {sizes} examples"
    got = run_epoch(step, iter(batches))
    assert type(got) is float, f"{called} gave {type(got).__name__}, wanted a float of Python's."
    assert seen == list(range(len(sizes))), (
        f"{called} ran step on the batches {seen}, wanted {list(range(len(sizes)))}: each once.")
    wanted = float(np.dot(losses, sizes) / np.sum(sizes))
    likely = {
        "that is the mean of the batches, in which small batches weigh too much": np.mean(losses),
        "that is the loss of the last batch": losses[-1],
        "that is the sum; divide by the number of examples": np.dot(losses, sizes),
        "divide by the number of examples, not of batches": np.dot(losses, sizes) / len(sizes),
    }
    cause = next((c for c, v in likely.items() if abs(got - v) < 1e-4),
                 "weigh each loss with len(batch), and divide by the number of examples")
    assert abs(got - wanted) < 1e-4, f"{called} gave {got:.4f}, wanted {wanted:.4f}: {cause}."


for case in [([4.0, 1.0], [1, 3]), ([2.0, 0.5, 3.0], [4, 4, 2])]:
    check_mean(*case)
# BEGIN HIDDEN TESTS
for case in [([0.25], [7]), ([5.0, 0.0, 1.0, 2.0], [1, 10, 2, 2]), ([1.5, 8.0], [6, 1])]:
    check_mean(*case)
# END HIDDEN TESTS

# %% exercise="one-sync-per-epoch" role="tests" points=2
# Exercise 10.5, tests 2 of 2: how often the host reads.
def check_reads(losses, sizes):
    reads_after_step = []

    def step(batch):
        reads_after_step.append(Counted.reads)
        return counted(torch.tensor(losses[(len(reads_after_step) - 1) % len(losses)]))

    Counted.reads = 0
    got = run_epoch(step, (torch.zeros(size, 1) for size in sizes))
    reads = Counted.reads
    called = f"run_epoch(step, batches) with {len(sizes)} batches"
    assert type(got) is float, f"{called} gave {type(got).__name__}, wanted a float of Python's."
    early = reads_after_step[-1] if reads_after_step else 0
    assert early == 0, (
        f"{called} read the device {early} times before the last step, {reads} times in all, "
        "wanted once after it: item, float, print, an f-string or an if on a loss makes the host "
        "wait. Keep the running sum a tensor.")
    assert reads <= 1, (
        f"{called} read the device {reads} times after the last step, wanted once: bring the "
        "losses together on the device, with a sum or torch.stack, and read the result.")
    wanted = float(np.dot(losses, sizes) / np.sum(sizes))
    assert abs(got - wanted) < 1e-4, (
        f"{called} gave {got:.4f}, wanted {wanted:.4f}; get the first tests cell to pass first.")


for case in [([4.0, 1.0, 2.0], [1, 3, 3])]:
    check_reads(*case)
# BEGIN HIDDEN TESTS
for case in [([float(i % 7) for i in range(40)], [1 + i % 3 for i in range(40)]), ([2.5], [4])]:
    check_reads(*case)
# END HIDDEN TESTS

# %% [markdown]
# ## Several devices
#
# With more than one device, the usual plan is *data parallel*: each device holds a copy of the
# model and gets a share of the batch, and before the optimizer acts, the gradients are averaged, so
# that all copies take the same step and stay the same.
#
# ```mermaid
# flowchart LR
#     b([batch]) --> s1[share 1] --> d1["copy on device 0"] --> g1[gradient]
#     b --> s2[share 2] --> d2["copy on device 1"] --> g2[gradient]
#     g1 --> avg["average"]
#     g2 --> avg
#     avg --> u["the same step on both copies"]
# ```
#
# Does that give the gradient of the whole batch? It can be tried on one device: two copies of a
# model, and the shares one after the other.
#
# **Predict**: for shares of 4 and 4 examples, is the average the gradient of the whole batch? For
# shares of 6 and 2?

# %%
torch.manual_seed(0)
data, target = torch.randn(8, 3), torch.randn(8, 1)
model = nn.Linear(3, 1)


def gradient(model, x, y):
    """Return the gradient of the mean squared error with respect to the weight."""
    model.zero_grad()
    F.mse_loss(model(x), y).backward()
    return model.weight.grad.clone()


whole = gradient(model, data, target)
replica = copy.deepcopy(model)
for sizes in ([4, 4], [6, 2]):
    x1, x2 = data.split(sizes)
    y1, y2 = target.split(sizes)
    g1, g2 = gradient(model, x1, y1), gradient(replica, x2, y2)
    weighted = (sizes[0] * g1 + sizes[1] * g2) / sum(sizes)
    print(
        f"shares {sizes}: average {torch.allclose((g1 + g2) / 2, whole, atol=1e-5)!s:5}",
        f"weighted by size {torch.allclose(weighted, whole, atol=1e-5)}",
    )

# %% [markdown]
# For equal shares the plain average is right; for others each gradient must count by its examples,
# for the same reason as in the log above. PyTorch's `DistributedDataParallel` runs one process per
# device and takes the plain average, so give each process batches of the same size.
#
# The averaging is a copy again, of as many numbers as the model has parameters, in every step. On
# the data sheet of the H100 SXM, cards among themselves have NVLink with 900 GB/s, both ways
# together, against 128 GB/s on the PCIe bus. **Predict**: for a model of a billion float32
# parameters, how long does it take to send the gradients one way, over either?

# %%
size = 1e9 * 4
for link, rate in {"PCIe": 128e9 / 2, "NVLink": 900e9 / 2}.items():
    print(f"{link:6} {1e3 * size / rate:5.1f} ms")

# %% [markdown]
# Whether two devices are nearly twice as fast as one depends on what a step takes beside that. Two
# cards in your machine can be seen in the cell below: the same work on one and on both. Because the
# queues are independent, one Python thread keeps both busy.

# %% tags=["nbval-ignore-output"]
if torch.cuda.device_count() >= 2:
    one, two = (torch.ones(8000, 8000, device=f"cuda:{i}") for i in range(2))
    pairs = {"both products on cuda:0": (one, one), "one on each": (one, two)}
    for which, matrices in pairs.items():
        for _ in range(2):  # the first round loads the library
            torch.cuda.synchronize(0), torch.cuda.synchronize(1)
            start = time.perf_counter()
            products = [a @ a for a in matrices]
            torch.cuda.synchronize(0), torch.cuda.synchronize(1)
        print(f"{which}: {1e3 * (time.perf_counter() - start):.1f} ms")
else:
    print("skipped: fewer than two CUDA devices here")

# %% [markdown]
# ## PyTorch and Keras side by side
#
# | idea | PyTorch | TensorFlow and Keras 3 |
# |---|---|---|
# | name of a device | `torch.device("cuda", 1)` | a text, `"GPU:1"` |
# | how many | `torch.cuda.device_count()` | `tf.config.list_logical_devices("GPU")` |
# | an index that is absent | raises when used | falls back to another device |
# | a second device without a GPU | `meta`, which has no memory | a logical CPU, which has |
# | make it there | `device=`, or `with torch.device(...)` | `with tf.device(...)`, `keras.device` |
# | where is it | `x.device` | `x.device`; a weight: `w.value.device` |
# | copy it there | `x.to(device)` | `tf.identity(x)` in the scope |
# | copy only if needed | `x.to(device)` does | compare the devices first |
# | inputs on two devices | raises | copies silently |
# | move a model | `net.to(device)` | make it in the scope |
# | left behind | plain attributes | plain attributes, and nobody notices |
# | a model without memory | `with torch.device("meta")` | `with tf.Graph().as_default()` |
# | read a number | `item`, `float`, `print`, `if` | `numpy`, `float`, `print`, `if` |
# | data parallel | `DistributedDataParallel` | `tf.distribute.MirroredStrategy` |

# %% [markdown]
# ## Summary
#
# - A device name is a name: it promises nothing. Pick a device that is there, and check the index
#   at both ends.
# - Work is done where its inputs live. PyTorch does not fetch inputs; it raises.
# - `meta` tensors have shape, dtype and device and no numbers: size up or try out a model before it
#   has memory, then `to_empty` and load.
# - `module.to` moves the module itself, and only what it has registered. Move first, then make the
#   optimizer.
# - An assignment copies nothing, whatever the scope; `tensor.to` copies unless the tensor is there.
# - The way to the card is slow beside the card. Move a model once, a batch once, a result rarely.
# - The host runs ahead until it reads a number. Sum on the device, read once.
# - Data parallel is averaging gradients, each share weighted by its examples.

# %% [markdown]
# ## Where to read on
#
# - [CUDA semantics](https://docs.pytorch.org/docs/stable/notes/cuda.html), PyTorch's notes on
#   devices, queues and what waits.
# - [Meta device](https://docs.pytorch.org/docs/stable/meta.html), the reference page.
# - [Performance tuning
#   guide](https://docs.pytorch.org/tutorials/recipes/recipes/tuning_guide.html), with the list of
#   what to avoid.
# - [Distributed data parallel](https://docs.pytorch.org/docs/stable/notes/ddp.html), PyTorch's
#   notes.
# - [NVIDIA H100](https://www.nvidia.com/en-us/data-center/h100/), the data sheet.
# - *Dive into Deep Learning*, [GPUs](https://d2l.ai/chapter_builders-guide/use-gpu.html), the
#   section from which this unit grew.
#
# Next: lesson 11 writes losses, activations and penalties of one's own.
