# %% [markdown]
# # Tiny

# %% role="setup"
import numpy as np
import torch

# %% [markdown] exercise="double" role="task"
# ## Exercise 1: double

# %% [markdown] exercise="double" role="hint"
# Multiply.

# %% [markdown] exercise="double" role="hint"
# By two.


# %% exercise="double" role="solution"
def double(x: torch.Tensor) -> torch.Tensor:
    """Return twice `x`."""
    # BEGIN SOLUTION
    return 2 * x
    # END SOLUTION


# %% exercise="double" role="tests" points=2
y = double(torch.ones(2))
assert type(y) is torch.Tensor, f"double(ones) is a {type(y).__name__}, wanted a tensor"
assert torch.allclose(y, torch.full((2,), 2.0)), f"double(ones) is {y}, wanted twos"
# BEGIN HIDDEN TESTS
zanzibar = torch.tensor([3.0, -1.0])
assert torch.allclose(double(zanzibar), 2 * zanzibar), "double([3, -1]) is not [6, -2]"
torch.testing.assert_close(double(zanzibar), 2 * zanzibar)
np.testing.assert_allclose(double(zanzibar).numpy(), [6.0, -2.0])
assert bool((double(zanzibar) - 2 * zanzibar == 0).all()), "double([3, -1]) is not [6, -2]"
# END HIDDEN TESTS

# %% [markdown] exercise="total" role="task"
# ## Exercise 2: total

# %% [markdown] exercise="total" role="hint"
# Add.

# %% [markdown] exercise="total" role="hint"
# All of them.


# %% exercise="total" role="solution"
def total(numbers: list[float]) -> float:
    """Return the sum of `numbers`."""
    # BEGIN SOLUTION
    result = 0.0
    for number in numbers:
        result += number
    return result
    # END SOLUTION


# %% exercise="total" role="tests" points=1
assert type(total([1.0, 2.0])) is float, "total([1, 2]) should be a float"
assert abs(total([1.0, 2.0]) - 3.0) < 1e-9, "total([1, 2]) should be 3"
# BEGIN HIDDEN TESTS
assert abs(total([0.5] * 7) - 3.5) < 1e-9, "total of seven halves should be 3.5"
# END HIDDEN TESTS
