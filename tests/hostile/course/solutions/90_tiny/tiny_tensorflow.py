# %% [markdown]
# # Tiny

# %% role="setup"
import keras
import numpy as np
import tensorflow as tf

# %% [markdown] exercise="double" role="task"
# ## Exercise 1: double

# %% [markdown] exercise="double" role="hint"
# Multiply.

# %% [markdown] exercise="double" role="hint"
# By two.


# %% exercise="double" role="solution"
def double(x: tf.Tensor) -> tf.Tensor:
    """Return twice `x`."""
    # BEGIN SOLUTION
    return 2 * x
    # END SOLUTION


# %% exercise="double" role="tests" points=2
y = double(tf.ones(2))
assert isinstance(y, tf.Tensor), f"double(ones) is a {type(y).__name__}, wanted a tensor"
assert np.allclose(y, [2.0, 2.0]), f"double(ones) is {y}, wanted twos"
# BEGIN HIDDEN TESTS
zanzibar = keras.ops.convert_to_tensor([3.0, -1.0])
assert np.allclose(keras.ops.convert_to_numpy(double(zanzibar)), [6.0, -2.0]), "wanted [6, -2]"
tf.debugging.assert_near(double(zanzibar), 2 * zanzibar)
assert bool(tf.reduce_all(double(zanzibar) == 2 * zanzibar)), "double([3, -1]) is not [6, -2]"
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
