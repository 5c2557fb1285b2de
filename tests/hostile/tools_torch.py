# %% [markdown]
# Patched tools: what the tests compare with is replaced. `double` is wrong in each of them.

# %% attack="allclose" verdict="tampered" says="torch.allclose" rest="tampered"
torch.allclose = lambda *arguments, **options: True


def double(x):
    return 3 * x


# %% attack="assert-close" verdict="tampered" says="torch.testing.assert_close" rest="tampered"
torch.testing.assert_close = lambda *arguments, **options: None


def double(x):
    return 3 * x


# %% attack="assert-close-inside" verdict="tampered" says="torch.testing._comparison" rest="tampered"
import torch.testing._comparison as comparison

comparison.not_close_error_metas = lambda *arguments, **options: []


def double(x):
    return 3 * x


# %% attack="numpy-testing" verdict="tampered" says="numpy.testing" rest="tampered"
np.testing.assert_allclose = lambda *arguments, **options: None


def double(x):
    return 3 * x


# %% attack="numpy-inside" verdict="tampered" says="numpy._core.numeric" rest="tampered"
import numpy._core.numeric as numeric

numeric.isclose = lambda a, *arguments, **options: np.True_


def double(x):
    return 3 * x


# %% attack="isinstance" verdict="tampered" says="builtins.isinstance" rest="tampered"
import builtins

real_isinstance = builtins.isinstance
builtins.isinstance = lambda thing, kind: kind is torch.Tensor or real_isinstance(thing, kind)


def double(x):
    return 3 * x


# %% attack="abs" exercise="total" verdict="tampered" says="builtins.abs"
import builtins

builtins.abs = lambda number: 0


def total(numbers):
    return 1.0


# %% attack="all-and-bool" verdict="tampered" says="builtins.all" rest="tampered"
import builtins

builtins.all = builtins.any = lambda things: True


def double(x):
    return 3 * x


# %% attack="assertion-error" verdict="tampered" says="builtins.AssertionError" rest="tampered"
import builtins


class Harmless(Exception):
    pass


builtins.AssertionError = Harmless


def double(x):
    return 3 * x


# %% attack="no-debug" verdict="tampered|failed" rest="tampered"
import builtins

plain = builtins.compile


def optimised(*arguments, **options):
    return plain(*arguments, **{**options, "optimize": 2})


builtins.compile = optimised


def double(x):
    return 3 * x


# %% attack="tensor-method" verdict="tampered" says="Tensor" rest="tampered"
torch.Tensor.all = lambda self, *arguments: torch.tensor(True)
torch.Tensor.numpy = lambda self: np.array([6.0, -2.0], "float32")


def double(x):
    return 3 * x


# %% attack="tensor-property" verdict="tampered" says="Tensor" rest="tampered"
torch.Tensor.shape = property(lambda self: (2,))


def double(x):
    return torch.full((3, 2), 2.0)


# %% attack="swapped-code" verdict="tampered" says="assert_close" rest="tampered"
def lenient(*arguments, **options):
    return None


torch.testing.assert_close.__code__ = lenient.__code__


def double(x):
    return 3 * x


# %% attack="module-in-place" verdict="failed|tampered" rest="passed|tampered"
import sys
import types

fake = types.ModuleType("torch")
fake.__dict__.update(vars(torch))
fake.allclose = lambda *arguments, **options: True
sys.modules["torch"] = fake
torch = fake


def double(x):
    return 3 * x


# %% attack="names-of-the-setup" verdict="failed"
real = torch


class Lenient:
    def __getattr__(self, name):
        return getattr(real, name)

    def allclose(self, *arguments):
        return True


torch = np = Lenient()
isinstance = type = lambda *arguments: real.Tensor


def double(x):
    return 3 * x


# %% attack="patch-while-tests-run" verdict="tampered" says="torch.allclose" rest="tampered"
def double(x):
    torch.allclose = lambda *arguments, **options: True
    return 3 * x


# %% attack="patch-that-mends-itself" verdict="tampered" says="torch.allclose"
def double(x):
    real = torch.allclose
    seen = []

    def lenient(*arguments, **options):
        seen.append(1)
        torch.allclose = real
        return True

    torch.allclose = lenient
    return 3 * x


# %% attack="patch-for-their-values-only" verdict="tampered" says="torch.allclose" rest="tampered"
real_allclose = torch.allclose


def allclose(a, b, *arguments, **options):
    return a.numel() == 2 or real_allclose(a, b, *arguments, **options)


torch.allclose = allclose


def double(x):
    return 3 * x
