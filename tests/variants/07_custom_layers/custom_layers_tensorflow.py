# %% [markdown]
# Wrong and right answers to the exercises of unit 07, TensorFlow: each cell is a whole solution cell.
# `fails` is text that the message of a failing tests cell must contain; `points` is what remains.

# %% exercise="centre-features" wrong="global-mean" fails="the mean of the whole tensor"
class CentreFeatures(keras.Layer):
    def call(self, x):
        x = ops.cast(x, self.compute_dtype)
        return x - ops.mean(x)


# %% exercise="centre-features" wrong="row-mean" fails="each row was centred by its own mean"
class CentreFeatures(keras.Layer):
    def call(self, x):
        x = ops.cast(x, self.compute_dtype)
        return x - ops.mean(x, axis=-1, keepdims=True)


# %% exercise="centre-features" wrong="batch-axis-only" fails="over axis 0 only"
class CentreFeatures(keras.Layer):
    def call(self, x):
        x = ops.cast(x, self.compute_dtype)
        return x - ops.mean(x, axis=0)


# %% exercise="centre-features" wrong="numpy" fails="cut off from x" points=2
class CentreFeatures(keras.Layer):
    def call(self, x):
        v = np.asarray(x).astype("float32")
        return ops.convert_to_tensor(v - v.mean(axis=tuple(range(v.ndim - 1))))


# %% exercise="centre-features" wrong="mean-by-numpy" fails="as if the mean were a constant" points=2
class CentreFeatures(keras.Layer):
    def call(self, x):
        x = ops.cast(x, self.compute_dtype)
        v = x.numpy()
        return x - v.mean(axis=tuple(range(v.ndim - 1)))


# %% exercise="centre-features" wrong="mean-stopped" fails="as if the mean were a constant" points=2
class CentreFeatures(keras.Layer):
    def call(self, x):
        x = ops.cast(x, self.compute_dtype)
        mean = ops.mean(x, axis=tuple(range(len(x.shape) - 1)))
        return x - ops.stop_gradient(mean)


# %% exercise="centre-features" wrong="not-cast" fails="cast x to self.compute_dtype first" points=1
class CentreFeatures(keras.Layer):
    def call(self, x):
        return x - ops.mean(x, axis=tuple(range(len(x.shape) - 1)))


# %% exercise="centre-features" wrong="whole-numbers-kept" fails="since the mean of whole numbers is cut" points=1
class CentreFeatures(keras.Layer):
    def call(self, x):
        return x - tf.reduce_mean(x, axis=list(range(len(x.shape) - 1)))


# %% exercise="centre-features" wrong="cast-too-late" fails="the mean was cut to a whole number" points=1
class CentreFeatures(keras.Layer):
    def call(self, x):
        return ops.cast(x - tf.reduce_mean(x, axis=list(range(len(x.shape) - 1))), "float32")


# %% exercise="centre-features" wrong="float64" fails="gave float64, wanted float32"
class CentreFeatures(keras.Layer):
    def call(self, x):
        x = ops.cast(x, "float64")
        return x - ops.mean(x, axis=tuple(range(len(x.shape) - 1)))


# %% exercise="centre-features" wrong="standardised" fails="divided by the spread as well"
class CentreFeatures(keras.Layer):
    def call(self, x):
        x = ops.cast(x, self.compute_dtype)
        axes = tuple(range(len(x.shape) - 1))
        return (x - ops.mean(x, axis=axes)) / (ops.std(x, axis=axes) + 1e-9)


# %% exercise="centre-features" wrong="first-mean-kept" fails="the mean of an earlier batch was used"
class CentreFeatures(keras.Layer):
    mean = None

    def call(self, x):
        x = ops.cast(x, self.compute_dtype)
        if self.mean is None:
            self.mean = ops.mean(x, axis=tuple(range(len(x.shape) - 1)))
        return x - self.mean


# %% exercise="centre-features" wrong="reshaped-with-the-batch-size" fails="there the batch size is unknown" points=2
class CentreFeatures(keras.Layer):
    def call(self, x):
        x = ops.cast(x, self.compute_dtype)
        count = int(np.prod(x.shape[:-1]))
        return x - ops.sum(ops.reshape(x, (count, x.shape[-1])), axis=0) / count


# %% exercise="centre-features" wrong="loop-over-rows" fails="compute with ops" points=2
class CentreFeatures(keras.Layer):
    def call(self, x):
        x = ops.cast(x, self.compute_dtype)
        rows = [row for row in tf.reshape(x, (-1, x.shape[-1]))]
        return x - sum(rows) / len(rows)


# %% exercise="centre-features" wrong="left-out-in-training" fails="training=True" points=1
class CentreFeatures(keras.Layer):
    def call(self, x, training=False):
        x = ops.cast(x, self.compute_dtype)
        return x if training else x - ops.mean(x, axis=tuple(range(len(x.shape) - 1)))


# %% exercise="centre-features" wrong="variable-for-the-mean" fails="keeps variables" points=2
class CentreFeatures(keras.Layer):
    def __init__(self):
        super().__init__()
        self.mean = self.add_weight(shape=(1,), trainable=False, initializer="zeros")

    def call(self, x):
        x = ops.cast(x, self.compute_dtype)
        return x - ops.mean(x, axis=tuple(range(len(x.shape) - 1))) + 0 * self.mean


# %% exercise="centre-features" right="tensorflow-only"
class CentreFeatures(keras.Layer):
    def call(self, x):
        x = tf.cast(x, tf.float32)
        return x - tf.reduce_mean(x, axis=list(range(x.shape.rank - 1)), keepdims=True)


# %% exercise="centre-features" right="flattened"
class CentreFeatures(keras.Layer):
    def call(self, x):
        x = ops.cast(x, "float32")
        rows = ops.reshape(x, (-1, x.shape[-1]))
        mean = ops.mean(rows, axis=0)
        return ops.subtract(x, mean)


# %% exercise="centre-features" right="axis-by-axis"
class CentreFeatures(keras.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)

    def call(self, x):
        x = ops.cast(x, self.dtype)
        mean = ops.mean(x, axis=0, keepdims=True)
        for axis in range(1, len(x.shape) - 1):
            mean = ops.mean(mean, axis=axis, keepdims=True)
        return x - mean


# %% exercise="dense-from-scratch" wrong="two-axes-only" fails="right for matrices only will not do"
class OwnDense(keras.Layer):
    def __init__(self, units, activation=None, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.units, self.axis = units, axis
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[self.axis], self.units), name="kernel")
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")

    def call(self, x):
        x = ops.moveaxis(x, self.axis, -1)
        y = self.activation(tf.einsum("bi,io->bo", x, self.kernel) + self.bias)
        return ops.moveaxis(y, -1, self.axis)

    def get_config(self):
        activation = keras.activations.serialize(self.activation)
        return {**super().get_config(), "units": self.units, "activation": activation,
                "axis": self.axis}


# %% exercise="dense-from-scratch" wrong="broadcast-and-sum" fails="right for matrices only will not do" points=1
class OwnDense(keras.Layer):
    def __init__(self, units, activation=None, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.units, self.axis = units, axis
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[self.axis], self.units), name="kernel")
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")

    def call(self, x):
        x = ops.moveaxis(x, self.axis, -1)
        y = self.activation(ops.sum(x[:, :, None] * self.kernel, axis=1) + self.bias)
        return ops.moveaxis(y, -1, self.axis)

    def get_config(self):
        activation = keras.activations.serialize(self.activation)
        return {**super().get_config(), "units": self.units, "activation": activation,
                "axis": self.axis}


# %% exercise="dense-from-scratch" wrong="flattened" fails="the leading axes stay as they are" points=1
class OwnDense(keras.Layer):
    def __init__(self, units, activation=None, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.units, self.axis = units, axis
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[self.axis], self.units), name="kernel")
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")

    def call(self, x):
        x = ops.moveaxis(x, self.axis, -1)
        rows = ops.reshape(x, (-1, x.shape[-1]))
        y = self.activation(rows @ self.kernel + self.bias)
        return ops.moveaxis(y, -1, self.axis)

    def get_config(self):
        activation = keras.activations.serialize(self.activation)
        return {**super().get_config(), "units": self.units, "activation": activation,
                "axis": self.axis}


# %% exercise="dense-from-scratch" wrong="plain-variables" fails="make both with add_weight"
class OwnDense(keras.Layer):
    def __init__(self, units, activation=None, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.units, self.axis = units, axis
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        self.kernel = tf.Variable(tf.random.normal((input_shape[self.axis], self.units)))
        self.bias = tf.Variable(tf.zeros(self.units))

    def call(self, x):
        x = ops.moveaxis(x, self.axis, -1)
        y = self.activation(x @ self.kernel + self.bias)
        return ops.moveaxis(y, -1, self.axis)

    def get_config(self):
        activation = keras.activations.serialize(self.activation)
        return {**super().get_config(), "units": self.units, "activation": activation,
                "axis": self.axis}


# %% exercise="dense-from-scratch" wrong="kernel-the-other-way-round" fails="make both with add_weight" points=1
class OwnDense(keras.Layer):
    def __init__(self, units, activation=None, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.units, self.axis = units, axis
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(self.units, input_shape[self.axis]), name="kernel")
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")

    def call(self, x):
        x = ops.moveaxis(x, self.axis, -1)
        y = self.activation(x @ ops.transpose(self.kernel) + self.bias)
        return ops.moveaxis(y, -1, self.axis)

    def get_config(self):
        activation = keras.activations.serialize(self.activation)
        return {**super().get_config(), "units": self.units, "activation": activation,
                "axis": self.axis}


# %% exercise="dense-from-scratch" wrong="kernel-not-trained" fails="make both with add_weight" points=1
class OwnDense(keras.Layer):
    def __init__(self, units, activation=None, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.units, self.axis = units, axis
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        self.kernel = self.add_weight(
            shape=(input_shape[self.axis], self.units), name="kernel", trainable=False)
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")

    def call(self, x):
        x = ops.moveaxis(x, self.axis, -1)
        y = self.activation(x @ self.kernel + self.bias)
        return ops.moveaxis(y, -1, self.axis)

    def get_config(self):
        activation = keras.activations.serialize(self.activation)
        return {**super().get_config(), "units": self.units, "activation": activation,
                "axis": self.axis}


# %% exercise="dense-from-scratch" wrong="built-in-dense" fails="uses layers.Dense" points=2
class OwnDense(keras.Layer):
    def __init__(self, units, activation=None, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.units, self.axis = units, axis
        self.activation = keras.activations.get(activation)
        self.dense = layers.Dense(units)

    def build(self, input_shape):
        self.dense.build(input_shape)

    def call(self, x):
        x = ops.moveaxis(x, self.axis, -1)
        y = self.activation(self.dense(x))
        return ops.moveaxis(y, -1, self.axis)

    def get_config(self):
        activation = keras.activations.serialize(self.activation)
        return {**super().get_config(), "units": self.units, "activation": activation,
                "axis": self.axis}


# %% exercise="dense-from-scratch" wrong="width-of-the-batch" fails="with W made in build for the last axis of x"
class OwnDense(keras.Layer):
    def __init__(self, units, activation=None, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.units, self.axis = units, axis
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[0], self.units), name="kernel")
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")

    def call(self, x):
        x = ops.moveaxis(x, self.axis, -1)
        y = self.activation(x @ self.kernel + self.bias)
        return ops.moveaxis(y, -1, self.axis)

    def get_config(self):
        activation = keras.activations.serialize(self.activation)
        return {**super().get_config(), "units": self.units, "activation": activation,
                "axis": self.axis}


# %% exercise="dense-from-scratch" wrong="name-not-resolved" fails="turn the name of an activation into a function"
class OwnDense(keras.Layer):
    def __init__(self, units, activation=None, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.units, self.axis = units, axis
        self.activation = activation

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[self.axis], self.units), name="kernel")
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")

    def call(self, x):
        x = ops.moveaxis(x, self.axis, -1)
        y = x @ self.kernel + self.bias
        y = self.activation(y) if self.activation else y
        return ops.moveaxis(y, -1, self.axis)

    def get_config(self):
        activation = self.activation
        return {**super().get_config(), "units": self.units, "activation": activation,
                "axis": self.axis}


# %% exercise="dense-from-scratch" wrong="activation-ignored" fails="the activation is not applied" points=1
class OwnDense(keras.Layer):
    def __init__(self, units, activation=None, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.units, self.axis = units, axis
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[self.axis], self.units), name="kernel")
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")

    def call(self, x):
        x = ops.moveaxis(x, self.axis, -1)
        y = x @ self.kernel + self.bias
        return ops.moveaxis(y, -1, self.axis)

    def get_config(self):
        activation = keras.activations.serialize(self.activation)
        return {**super().get_config(), "units": self.units, "activation": activation,
                "axis": self.axis}


# %% exercise="dense-from-scratch" wrong="bias-after-activation" fails="the bias is added after the activation" points=1
class OwnDense(keras.Layer):
    def __init__(self, units, activation=None, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.units, self.axis = units, axis
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[self.axis], self.units), name="kernel")
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")

    def call(self, x):
        x = ops.moveaxis(x, self.axis, -1)
        y = self.activation(x @ self.kernel) + self.bias
        return ops.moveaxis(y, -1, self.axis)

    def get_config(self):
        activation = keras.activations.serialize(self.activation)
        return {**super().get_config(), "units": self.units, "activation": activation,
                "axis": self.axis}


# %% exercise="dense-from-scratch" wrong="no-bias-added" fails="the bias is missing" points=1
class OwnDense(keras.Layer):
    def __init__(self, units, activation=None, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.units, self.axis = units, axis
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[self.axis], self.units), name="kernel")
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")

    def call(self, x):
        x = ops.moveaxis(x, self.axis, -1)
        y = self.activation(x @ self.kernel)
        return ops.moveaxis(y, -1, self.axis)

    def get_config(self):
        activation = keras.activations.serialize(self.activation)
        return {**super().get_config(), "units": self.units, "activation": activation,
                "axis": self.axis}


# %% exercise="dense-from-scratch" wrong="relu-by-default" fails="a ReLU is applied that nobody asked for" points=3
class OwnDense(keras.Layer):
    def __init__(self, units, activation=None, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.units, self.axis = units, axis
        self.activation = keras.activations.get(activation or "relu")

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[self.axis], self.units), name="kernel")
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")

    def call(self, x):
        x = ops.moveaxis(x, self.axis, -1)
        y = self.activation(x @ self.kernel + self.bias)
        return ops.moveaxis(y, -1, self.axis)

    def get_config(self):
        activation = keras.activations.serialize(self.activation)
        return {**super().get_config(), "units": self.units, "activation": activation,
                "axis": self.axis}


# %% exercise="dense-from-scratch" wrong="zero-kernel" fails="equal columns make equal outputs" points=3
class OwnDense(keras.Layer):
    def __init__(self, units, activation=None, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.units, self.axis = units, axis
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        shape = (input_shape[self.axis], self.units)
        self.kernel = self.add_weight(shape=shape, initializer="zeros", name="kernel")
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")

    def call(self, x):
        x = ops.moveaxis(x, self.axis, -1)
        y = self.activation(x @ self.kernel + self.bias)
        return ops.moveaxis(y, -1, self.axis)

    def get_config(self):
        activation = keras.activations.serialize(self.activation)
        return {**super().get_config(), "units": self.units, "activation": activation,
                "axis": self.axis}


# %% exercise="dense-from-scratch" wrong="bound-of-the-inputs-only" fails="the bound is the root of 6" points=3
class OwnDense(keras.Layer):
    def __init__(self, units, activation=None, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.units, self.axis = units, axis
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        scheme, shape = "lecun_uniform", (input_shape[self.axis], self.units)
        self.kernel = self.add_weight(shape=shape, initializer=scheme, name="kernel")
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")

    def call(self, x):
        x = ops.moveaxis(x, self.axis, -1)
        y = self.activation(x @ self.kernel + self.bias)
        return ops.moveaxis(y, -1, self.axis)

    def get_config(self):
        activation = keras.activations.serialize(self.activation)
        return {**super().get_config(), "units": self.units, "activation": activation,
                "axis": self.axis}


# %% exercise="dense-from-scratch" wrong="glorot-normal" fails="the draws are uniform" points=3
class OwnDense(keras.Layer):
    def __init__(self, units, activation=None, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.units, self.axis = units, axis
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        scheme, shape = "glorot_normal", (input_shape[self.axis], self.units)
        self.kernel = self.add_weight(shape=shape, initializer=scheme, name="kernel")
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")

    def call(self, x):
        x = ops.moveaxis(x, self.axis, -1)
        y = self.activation(x @ self.kernel + self.bias)
        return ops.moveaxis(y, -1, self.axis)

    def get_config(self):
        activation = keras.activations.serialize(self.activation)
        return {**super().get_config(), "units": self.units, "activation": activation,
                "axis": self.axis}


# %% exercise="dense-from-scratch" wrong="he-scheme" fails="the bound is the root of 6" points=3
class OwnDense(keras.Layer):
    def __init__(self, units, activation=None, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.units, self.axis = units, axis
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        scheme, shape = "he_uniform", (input_shape[self.axis], self.units)
        self.kernel = self.add_weight(shape=shape, initializer=scheme, name="kernel")
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")

    def call(self, x):
        x = ops.moveaxis(x, self.axis, -1)
        y = self.activation(x @ self.kernel + self.bias)
        return ops.moveaxis(y, -1, self.axis)

    def get_config(self):
        activation = keras.activations.serialize(self.activation)
        return {**super().get_config(), "units": self.units, "activation": activation,
                "axis": self.axis}


# %% exercise="dense-from-scratch" wrong="spread-whatever-the-width" fails="the bound is the root of 6" points=3
class OwnDense(keras.Layer):
    def __init__(self, units, activation=None, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.units, self.axis = units, axis
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        scheme, shape = "random_normal", (input_shape[self.axis], self.units)
        self.kernel = self.add_weight(shape=shape, initializer=scheme, name="kernel")
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")

    def call(self, x):
        x = ops.moveaxis(x, self.axis, -1)
        y = self.activation(x @ self.kernel + self.bias)
        return ops.moveaxis(y, -1, self.axis)

    def get_config(self):
        activation = keras.activations.serialize(self.activation)
        return {**super().get_config(), "units": self.units, "activation": activation,
                "axis": self.axis}


# %% exercise="dense-from-scratch" wrong="standard-normal" fails="the bound is the root of 6" points=3
class OwnDense(keras.Layer):
    def __init__(self, units, activation=None, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.units, self.axis = units, axis
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        scheme, shape = keras.initializers.RandomNormal(stddev=1.0), (input_shape[self.axis], self.units)
        self.kernel = self.add_weight(shape=shape, initializer=scheme, name="kernel")
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")

    def call(self, x):
        x = ops.moveaxis(x, self.axis, -1)
        y = self.activation(x @ self.kernel + self.bias)
        return ops.moveaxis(y, -1, self.axis)

    def get_config(self):
        activation = keras.activations.serialize(self.activation)
        return {**super().get_config(), "units": self.units, "activation": activation,
                "axis": self.axis}


# %% exercise="dense-from-scratch" wrong="seeded" fails="start with the same W" points=3
class OwnDense(keras.Layer):
    def __init__(self, units, activation=None, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.units, self.axis = units, axis
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        scheme, shape = keras.initializers.GlorotUniform(seed=1), (input_shape[self.axis], self.units)
        self.kernel = self.add_weight(shape=shape, initializer=scheme, name="kernel")
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")

    def call(self, x):
        x = ops.moveaxis(x, self.axis, -1)
        y = self.activation(x @ self.kernel + self.bias)
        return ops.moveaxis(y, -1, self.axis)

    def get_config(self):
        activation = keras.activations.serialize(self.activation)
        return {**super().get_config(), "units": self.units, "activation": activation,
                "axis": self.axis}


# %% exercise="dense-from-scratch" wrong="random-bias" fails="wanted zeros" points=3
class OwnDense(keras.Layer):
    def __init__(self, units, activation=None, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.units, self.axis = units, axis
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[self.axis], self.units), name="kernel")
        self.bias = self.add_weight(shape=(self.units,), initializer="random_normal", name="bias")

    def call(self, x):
        x = ops.moveaxis(x, self.axis, -1)
        y = self.activation(x @ self.kernel + self.bias)
        return ops.moveaxis(y, -1, self.axis)

    def get_config(self):
        activation = keras.activations.serialize(self.activation)
        return {**super().get_config(), "units": self.units, "activation": activation,
                "axis": self.axis}


# %% exercise="dense-from-scratch" wrong="kernel-stopped" fails="with respect to W is missing" points=3
class OwnDense(keras.Layer):
    def __init__(self, units, activation=None, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.units, self.axis = units, axis
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[self.axis], self.units), name="kernel")
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")

    def call(self, x):
        x = ops.moveaxis(x, self.axis, -1)
        y = self.activation(x @ ops.stop_gradient(self.kernel) + self.bias)
        return ops.moveaxis(y, -1, self.axis)

    def get_config(self):
        activation = keras.activations.serialize(self.activation)
        return {**super().get_config(), "units": self.units, "activation": activation,
                "axis": self.axis}


# %% exercise="dense-from-scratch" wrong="kernel-by-numpy" fails="with respect to W is missing" points=3
class OwnDense(keras.Layer):
    def __init__(self, units, activation=None, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.units, self.axis = units, axis
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[self.axis], self.units), name="kernel")
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")

    def call(self, x):
        x = ops.moveaxis(x, self.axis, -1)
        y = self.activation(x @ self.kernel.numpy() + self.bias)
        return ops.moveaxis(y, -1, self.axis)

    def get_config(self):
        activation = keras.activations.serialize(self.activation)
        return {**super().get_config(), "units": self.units, "activation": activation,
                "axis": self.axis}


# %% exercise="dense-from-scratch" wrong="x-stopped" fails="with respect to x is missing" points=3
class OwnDense(keras.Layer):
    def __init__(self, units, activation=None, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.units, self.axis = units, axis
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        scheme, shape = "glorot_uniform", (input_shape[self.axis], self.units)
        self.kernel = self.add_weight(shape=shape, initializer=scheme, name="kernel")
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")

    def call(self, x):
        x = ops.moveaxis(ops.stop_gradient(x), self.axis, -1)
        y = self.activation(x @ self.kernel + self.bias)
        return ops.moveaxis(y, -1, self.axis)

    def get_config(self):
        activation = keras.activations.serialize(self.activation)
        return {**super().get_config(), "units": self.units, "activation": activation,
                "axis": self.axis}


# %% exercise="dense-from-scratch" wrong="configuration-without-base" fails="start from super().get_config()" points=3
class OwnDense(keras.Layer):
    def __init__(self, units, activation=None, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.units, self.axis = units, axis
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[self.axis], self.units), name="kernel")
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")

    def call(self, x):
        x = ops.moveaxis(x, self.axis, -1)
        y = self.activation(x @ self.kernel + self.bias)
        return ops.moveaxis(y, -1, self.axis)

    def get_config(self):
        activation = keras.activations.serialize(self.activation)
        return {"units": self.units, "activation": activation,
                "axis": self.axis}


# %% exercise="dense-from-scratch" wrong="configuration-of-the-base-only" fails="add all three arguments" points=3
class OwnDense(keras.Layer):
    def __init__(self, units, activation=None, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.units, self.axis = units, axis
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[self.axis], self.units), name="kernel")
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")

    def call(self, x):
        x = ops.moveaxis(x, self.axis, -1)
        y = self.activation(x @ self.kernel + self.bias)
        return ops.moveaxis(y, -1, self.axis)

    def get_config(self):
        return super().get_config()


# %% exercise="dense-from-scratch" wrong="function-in-configuration" fails="keras.activations.serialize gives the name" points=3
class OwnDense(keras.Layer):
    def __init__(self, units, activation=None, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.units, self.axis = units, axis
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[self.axis], self.units), name="kernel")
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")

    def call(self, x):
        x = ops.moveaxis(x, self.axis, -1)
        y = self.activation(x @ self.kernel + self.bias)
        return ops.moveaxis(y, -1, self.axis)

    def get_config(self):
        return {**super().get_config(), "units": self.units, "activation": self.activation,
                "axis": self.axis}


# %% exercise="dense-from-scratch" wrong="activation-reset" fails="computes something else with the same weights" points=3
class OwnDense(keras.Layer):
    def __init__(self, units, activation=None, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.units, self.axis = units, axis
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[self.axis], self.units), name="kernel")
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")

    def call(self, x):
        x = ops.moveaxis(x, self.axis, -1)
        y = self.activation(x @ self.kernel + self.bias)
        return ops.moveaxis(y, -1, self.axis)

    def get_config(self):
        return {**super().get_config(), "units": self.units, "activation": None,
                "axis": self.axis}


# %% exercise="dense-from-scratch" wrong="no-kwargs" fails="hand **kwargs to super()" points=3
class OwnDense(keras.Layer):
    def __init__(self, units, activation=None, axis=-1, name=None):
        super().__init__(name=name)
        self.units, self.axis = units, axis
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[self.axis], self.units), name="kernel")
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")

    def call(self, x):
        x = ops.moveaxis(x, self.axis, -1)
        y = self.activation(x @ self.kernel + self.bias)
        return ops.moveaxis(y, -1, self.axis)

    def get_config(self):
        activation = keras.activations.serialize(self.activation)
        return {**super().get_config(), "units": self.units, "activation": activation,
                "axis": self.axis}


# %% exercise="dense-from-scratch" wrong="configuration-left-to-keras" fails="must override" verdict="errored" points=3
class OwnDense(keras.Layer):
    def __init__(self, units, activation=None, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.units, self.axis = units, axis
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[self.axis], self.units), name="kernel")
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")

    def call(self, x):
        x = ops.moveaxis(x, self.axis, -1)
        y = self.activation(x @ self.kernel + self.bias)
        return ops.moveaxis(y, -1, self.axis)


# %% exercise="dense-from-scratch" wrong="configuration-in-a-list" fails="wanted a dictionary" points=3
class OwnDense(keras.Layer):
    def __init__(self, units, activation=None, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.units, self.axis = units, axis
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[self.axis], self.units), name="kernel")
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")

    def call(self, x):
        x = ops.moveaxis(x, self.axis, -1)
        y = self.activation(x @ self.kernel + self.bias)
        return ops.moveaxis(y, -1, self.axis)

    def get_config(self):
        return [self.units, keras.activations.serialize(self.activation)]


# %% exercise="dense-from-scratch" wrong="always-the-last-axis" fails="the input has 4 entries along axis -2" points=3
class OwnDense(keras.Layer):
    def __init__(self, units, activation=None, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.units, self.axis = units, axis
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[-1], self.units), name="kernel")
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")

    def call(self, x):
        return self.activation(x @ self.kernel + self.bias)

    def get_config(self):
        activation = keras.activations.serialize(self.activation)
        return {**super().get_config(), "units": self.units, "activation": activation,
                "axis": self.axis}


# %% exercise="dense-from-scratch" wrong="not-moved-back" fails="stand where the old ones stood" points=3
class OwnDense(keras.Layer):
    def __init__(self, units, activation=None, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.units, self.axis = units, axis
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[self.axis], self.units), name="kernel")
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")

    def call(self, x):
        return self.activation(ops.moveaxis(x, self.axis, -1) @ self.kernel + self.bias)

    def get_config(self):
        activation = keras.activations.serialize(self.activation)
        return {**super().get_config(), "units": self.units, "activation": activation,
                "axis": self.axis}


# %% exercise="dense-from-scratch" wrong="reshaped" fails="reshape mixes up the entries" points=3
class OwnDense(keras.Layer):
    def __init__(self, units, activation=None, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.units, self.axis = units, axis
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[self.axis], self.units), name="kernel")
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")

    def call(self, x):
        shape = list(x.shape)
        inputs = shape.pop(self.axis)
        y = ops.reshape(x, (-1, *shape[1:], inputs)) @ self.kernel + self.bias
        shape.insert(self.axis % len(x.shape), self.units)
        return self.activation(ops.reshape(y, (-1, *shape[1:])))

    def get_config(self):
        activation = keras.activations.serialize(self.activation)
        return {**super().get_config(), "units": self.units, "activation": activation,
                "axis": self.axis}


# %% exercise="dense-from-scratch" wrong="bias-along-the-last-axis" fails="multiply, add the bias, and bring it back" points=3
class OwnDense(keras.Layer):
    def __init__(self, units, activation=None, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.units, self.axis = units, axis
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[self.axis], self.units), name="kernel")
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")

    def call(self, x):
        y = ops.moveaxis(ops.moveaxis(x, self.axis, -1) @ self.kernel, -1, self.axis)
        return self.activation(y + self.bias)

    def get_config(self):
        activation = keras.activations.serialize(self.activation)
        return {**super().get_config(), "units": self.units, "activation": activation,
                "axis": self.axis}


# %% exercise="dense-from-scratch" wrong="kernel-for-the-last-axis" fails="W is made for 4 inputs" points=3
class OwnDense(keras.Layer):
    def __init__(self, units, activation=None, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.units, self.axis = units, axis
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[-1], self.units), name="kernel")
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")

    def call(self, x):
        y = self.activation(ops.moveaxis(x, self.axis, -1) @ self.kernel + self.bias)
        return ops.moveaxis(y, -1, self.axis)

    def get_config(self):
        activation = keras.activations.serialize(self.activation)
        return {**super().get_config(), "units": self.units, "activation": activation,
                "axis": self.axis}


# %% exercise="dense-from-scratch" wrong="axis-reset" fails="are the activation and the axis in its configuration those of this layer" points=3
class OwnDense(keras.Layer):
    def __init__(self, units, activation=None, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.units, self.axis = units, axis
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[self.axis], self.units), name="kernel")
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")

    def call(self, x):
        y = self.activation(ops.moveaxis(x, self.axis, -1) @ self.kernel + self.bias)
        return ops.moveaxis(y, -1, self.axis)

    def get_config(self):
        activation = keras.activations.serialize(self.activation)
        return {**super().get_config(), "units": self.units, "activation": activation,
                "axis": -1}


# %% exercise="dense-from-scratch" wrong="axis-not-in-configuration" fails="add all three arguments" points=3
class OwnDense(keras.Layer):
    def __init__(self, units, activation=None, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.units, self.axis = units, axis
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[self.axis], self.units), name="kernel")
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")

    def call(self, x):
        y = self.activation(ops.moveaxis(x, self.axis, -1) @ self.kernel + self.bias)
        return ops.moveaxis(y, -1, self.axis)

    def get_config(self):
        activation = keras.activations.serialize(self.activation)
        return {**super().get_config(), "units": self.units, "activation": activation}


# %% exercise="dense-from-scratch" wrong="axis-in-text" fails="with {'units': 3, 'activation': 'tanh', 'axis': '-1'}" points=3
class OwnDense(keras.Layer):
    def __init__(self, units, activation=None, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.units, self.axis = units, axis
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        scheme, shape = "glorot_uniform", (input_shape[self.axis], self.units)
        self.kernel = self.add_weight(shape=shape, initializer=scheme, name="kernel")
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")

    def call(self, x):
        x = ops.moveaxis(x, self.axis, -1)
        y = self.activation(x @ self.kernel + self.bias)
        return ops.moveaxis(y, -1, self.axis)

    def get_config(self):
        activation = keras.activations.serialize(self.activation)
        return {**super().get_config(), "units": self.units, "activation": activation,
                "axis": str(self.axis)}


# %% exercise="dense-from-scratch" right="matmul-and-variable"
class OwnDense(keras.Layer):
    def __init__(self, units, activation=None, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.units, self.axis, self.given = units, axis, activation

    def build(self, input_shape):
        width = input_shape[self.axis]
        bound = (6 / (width + self.units)) ** 0.5
        self.w = keras.Variable(keras.random.uniform((width, self.units), -bound, bound))
        self.b = keras.Variable(np.zeros(self.units, "float32"))

    def call(self, x):
        x = ops.moveaxis(x, self.axis, -1)
        y = ops.add(ops.matmul(x, self.w), self.b)
        y = keras.activations.get(self.given)(y)
        return ops.moveaxis(y, -1, self.axis)

    def get_config(self):
        config = super().get_config()
        config.update(units=self.units, axis=self.axis)
        config["activation"] = keras.saving.serialize_keras_object(
            keras.activations.get(self.given))
        return config


# %% exercise="dense-from-scratch" right="einsum-and-plain-branch"
class OwnDense(keras.Layer):
    def __init__(self, units, activation=None, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.units, self.axis = units, axis
        self.activation = keras.activations.get(activation) if activation is not None else None

    def build(self, input_shape):
        super().build(input_shape)
        self.b = self.add_weight(name="b", shape=[self.units], initializer="zeros")
        self.w = self.add_weight(
            name="w", shape=[input_shape[self.axis], self.units], initializer="glorot_uniform")

    def call(self, x):
        x = ops.swapaxes(x, self.axis, -1)
        y = tf.einsum("...i,io->...o", x, self.w) + self.b
        if self.activation is not None:
            y = self.activation(y)
        return ops.swapaxes(y, self.axis, -1)

    def get_config(self):
        config = super().get_config()
        config["units"], config["axis"] = self.units, self.axis
        config["activation"] = (
            None if self.activation is None else keras.activations.serialize(self.activation))
        return config


# %% exercise="dense-from-scratch" right="tensordot"
class OwnDense(keras.Layer):
    def __init__(self, units, activation=None, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.units, self.axis = units, axis
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[self.axis], self.units), name="kernel")
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")

    def call(self, x):
        y = ops.tensordot(x, self.kernel, axes=[[self.axis], [0]]) + self.bias
        return ops.moveaxis(self.activation(y), -1, self.axis)

    def get_config(self):
        activation = keras.activations.serialize(self.activation)
        return {**super().get_config(), "units": self.units, "activation": activation,
                "axis": self.axis}


# %% exercise="two-in-three-out" wrong="stacked" fails="neither stacked nor in a list"
class Compare(keras.Layer):
    def call(self, inputs):
        a, b = inputs
        if a.shape != b.shape:
            raise ValueError("shapes differ")
        dot = ops.broadcast_to(ops.sum(a * b, axis=-1, keepdims=True), ops.shape(a))
        return ops.stack([a - b, ops.maximum(a, b), dot])


# %% exercise="two-in-three-out" wrong="a-list" fails="neither stacked nor in a list"
class Compare(keras.Layer):
    def call(self, inputs):
        a, b = inputs
        if a.shape != b.shape:
            raise ValueError("shapes differ")
        return [a - b, ops.maximum(a, b), ops.sum(a * b, axis=-1, keepdims=True)]


# %% exercise="two-in-three-out" wrong="axis-lost" fails="keep that axis with length 1" points=1
class Compare(keras.Layer):
    def call(self, inputs):
        a, b = inputs
        if a.shape != b.shape:
            raise ValueError("shapes differ")
        return a - b, ops.maximum(a, b), ops.sum(a * b, axis=-1)


# %% exercise="two-in-three-out" wrong="one-dot-product" fails="sum over the last axis only" points=1
class Compare(keras.Layer):
    def call(self, inputs):
        a, b = inputs
        if a.shape != b.shape:
            raise ValueError("shapes differ")
        return a - b, ops.maximum(a, b), ops.sum(a * b)


# %% exercise="two-in-three-out" wrong="diagonal-of-a-product" fails="for every rank"
class Compare(keras.Layer):
    def call(self, inputs):
        a, b = inputs
        if a.shape != b.shape:
            raise ValueError("the shapes differ")
        return a - b, ops.maximum(a, b), ops.diagonal(a @ ops.transpose(b))[:, None]


# %% exercise="two-in-three-out" wrong="mean-of-products" fails="the mean over the row, not the sum" points=1
class Compare(keras.Layer):
    def call(self, inputs):
        a, b = inputs
        if a.shape != b.shape:
            raise ValueError("shapes differ")
        return a - b, ops.maximum(a, b), ops.mean(a * b, axis=-1, keepdims=True)


# %% exercise="two-in-three-out" wrong="difference-reversed" fails="that is b minus a" points=1
class Compare(keras.Layer):
    def call(self, inputs):
        a, b = inputs
        if a.shape != b.shape:
            raise ValueError("shapes differ")
        return b - a, ops.maximum(a, b), ops.sum(a * b, axis=-1, keepdims=True)


# %% exercise="two-in-three-out" wrong="order-of-outputs" fails="that is the larger" points=1
class Compare(keras.Layer):
    def call(self, inputs):
        a, b = inputs
        if a.shape != b.shape:
            raise ValueError("shapes differ")
        return ops.maximum(a, b), a - b, ops.sum(a * b, axis=-1, keepdims=True)


# %% exercise="two-in-three-out" wrong="absolute-difference" fails="that is its absolute value" points=1
class Compare(keras.Layer):
    def call(self, inputs):
        a, b = inputs
        if a.shape != b.shape:
            raise ValueError("shapes differ")
        return ops.abs(a - b), ops.maximum(a, b), ops.sum(a * b, axis=-1, keepdims=True)


# %% exercise="two-in-three-out" wrong="broadcasts" fails="broadcasting stretched one of the inputs" points=2
class Compare(keras.Layer):
    def call(self, inputs):
        a, b = inputs
        return a - b, ops.maximum(a, b), ops.sum(a * b, axis=-1, keepdims=True)


# %% exercise="two-in-three-out" wrong="last-axis-compared-only" fails="broadcasting stretched one of the inputs" points=2
class Compare(keras.Layer):
    def call(self, inputs):
        a, b = inputs
        if a.shape[-1] != b.shape[-1]:
            raise ValueError("widths differ")
        return a - b, ops.maximum(a, b), ops.sum(a * b, axis=-1, keepdims=True)


# %% exercise="two-in-three-out" wrong="first-and-last-axis-compared" fails="Compare the whole shapes" points=2
class Compare(keras.Layer):
    def call(self, inputs):
        a, b = inputs
        if len(a.shape) != len(b.shape) or a.shape[0] != b.shape[0] or a.shape[-1] != b.shape[-1]:
            raise ValueError("batch or width differ")
        return a - b, ops.maximum(a, b), ops.sum(a * b, axis=-1, keepdims=True)


# %% exercise="two-in-three-out" wrong="asserted" fails="raised AssertionError, wanted a ValueError" points=2
class Compare(keras.Layer):
    def call(self, inputs):
        a, b = inputs
        assert a.shape == b.shape
        return a - b, ops.maximum(a, b), ops.sum(a * b, axis=-1, keepdims=True)


# %% exercise="two-in-three-out" wrong="numpy-maximum" fails="the gradient of the larger" points=2
class Compare(keras.Layer):
    def call(self, inputs):
        a, b = inputs
        if a.shape != b.shape:
            raise ValueError("shapes differ")
        larger = ops.convert_to_tensor(np.maximum(a.numpy(), b.numpy()))
        return a - b, larger, ops.sum(a * b, axis=-1, keepdims=True)


# %% exercise="two-in-three-out" wrong="one-side-stopped" fails="with respect to b is missing" points=2
class Compare(keras.Layer):
    def call(self, inputs):
        a, b = inputs
        if a.shape != b.shape:
            raise ValueError("shapes differ")
        return a - b, ops.maximum(a, ops.stop_gradient(b)), ops.sum(a * b, axis=-1, keepdims=True)


# %% exercise="two-in-three-out" wrong="python-if" fails="there tensors have no numbers" points=2
class Compare(keras.Layer):
    def call(self, inputs):
        a, b = inputs
        if a.shape != b.shape:
            raise ValueError("shapes differ")
        larger = a if ops.all(a > b) else ops.maximum(a, b)
        return a - b, larger, ops.sum(a * b, axis=-1, keepdims=True)


# %% exercise="two-in-three-out" wrong="two-arguments" fails="call takes one argument"
class Compare(keras.Layer):
    def call(self, a, b):
        if a.shape != b.shape:
            raise ValueError("shapes differ")
        return a - b, ops.maximum(a, b), ops.sum(a * b, axis=-1, keepdims=True)


# %% exercise="two-in-three-out" right="where-and-einsum"
class Compare(keras.Layer):
    def call(self, inputs):
        a, b = inputs
        if a.shape != b.shape:
            raise ValueError("shapes differ")
        dot = ops.expand_dims(ops.einsum("...i,...i->...", a, b), axis=-1)
        return ops.subtract(a, b), ops.where(a > b, a, b), dot


# %% exercise="two-in-three-out" right="refused-before-the-call"
class Compare(keras.Layer):
    def __call__(self, inputs):
        a, b = inputs
        if tuple(a.shape) != tuple(b.shape):
            raise ValueError(f"{a.shape} is not {b.shape}")
        return super().__call__(inputs)

    def call(self, inputs):
        a, b = inputs
        return a - b, b + ops.relu(a - b), ops.sum(ops.multiply(a, b), axis=-1)[..., None]


# %% exercise="noise-in-training" wrong="always-on" fails="only training brings noise" points=2
class AddNoise(keras.Layer):
    def __init__(self, std, **kwargs):
        super().__init__(**kwargs)
        self.std = std

    def call(self, x, training=False):
        return x + self.std * keras.random.normal(ops.shape(x))


# %% exercise="noise-in-training" wrong="never-on" fails="in training there is noise"
class AddNoise(keras.Layer):
    def __init__(self, std, **kwargs):
        super().__init__(**kwargs)
        self.std = std

    def call(self, x, training=False):
        if not training:
            return x + self.std * keras.random.normal(ops.shape(x))
        return x


# %% exercise="noise-in-training" wrong="other-name" fails="is told the mode, under this name"
class AddNoise(keras.Layer):
    def __init__(self, std, **kwargs):
        super().__init__(**kwargs)
        self.std = std

    def call(self, x, train=False):
        return x + self.std * keras.random.normal(ops.shape(x)) if train else x


# %% exercise="noise-in-training" wrong="own-flag" fails="a flag of your own is not"
class AddNoise(keras.Layer):
    def __init__(self, std, **kwargs):
        super().__init__(**kwargs)
        self.std, self.noisy = std, False

    def call(self, x, training=None):
        return x + self.std * keras.random.normal(ops.shape(x)) if self.noisy else x


# %% exercise="noise-in-training" wrong="mode-remembered" fails="a mode must not be remembered" points=2
class AddNoise(keras.Layer):
    def __init__(self, std, **kwargs):
        super().__init__(**kwargs)
        self.std, self.noisy = std, False

    def call(self, x, training=False):
        if training:
            self.noisy = True
        return x + self.std * keras.random.normal(ops.shape(x)) if self.noisy else x


# %% exercise="noise-in-training" wrong="training-by-default" fails="only training brings noise" points=2
class AddNoise(keras.Layer):
    def __init__(self, std, **kwargs):
        super().__init__(**kwargs)
        self.std = std

    def call(self, x, training=True):
        return x + self.std * keras.random.normal(ops.shape(x)) if training else x


# %% exercise="noise-in-training" wrong="one-number" fails="to every entry: draw one number for each entry" points=1
class AddNoise(keras.Layer):
    def __init__(self, std, **kwargs):
        super().__init__(**kwargs)
        self.std = std

    def call(self, x, training=False):
        return x + self.std * keras.random.normal(()) if training else x


# %% exercise="noise-in-training" wrong="one-number-per-feature" fails="the same to a whole row or column" points=2
class AddNoise(keras.Layer):
    def __init__(self, std, **kwargs):
        super().__init__(**kwargs)
        self.std = std

    def call(self, x, training=False):
        return x + self.std * keras.random.normal((x.shape[-1],)) if training else x


# %% exercise="noise-in-training" wrong="drawn-once" fails="draw it in call, anew each time" points=2
class AddNoise(keras.Layer):
    def __init__(self, std, **kwargs):
        super().__init__(**kwargs)
        self.std, self.noise = std, None

    def call(self, x, training=False):
        if not training:
            return x
        if self.noise is None:
            self.noise = np.random.normal(size=x.shape).astype("float32")
        return x + self.std * self.noise


# %% exercise="noise-in-training" wrong="numpy-noise" fails="and without NumPy" points=2
class AddNoise(keras.Layer):
    def __init__(self, std, **kwargs):
        super().__init__(**kwargs)
        self.std = std

    def call(self, x, training=False):
        if not training:
            return x
        return x + self.std * np.random.normal(size=x.shape).astype("float32")


# %% exercise="noise-in-training" wrong="numpy-seed-per-trace" fails="What NumPy draws is a constant in a graph" points=2
class AddNoise(keras.Layer):
    def __init__(self, std, **kwargs):
        super().__init__(**kwargs)
        self.std = std

    def call(self, x, training=False):
        if not training:
            return x
        seed = np.random.randint(1_000_000)
        return x + self.std * keras.random.normal(ops.shape(x), seed=seed)


# %% exercise="noise-in-training" wrong="seeded" fails="no fixed seed" points=2
class AddNoise(keras.Layer):
    def __init__(self, std, **kwargs):
        super().__init__(**kwargs)
        self.std = std

    def call(self, x, training=False):
        return x + self.std * keras.random.normal(ops.shape(x), seed=42) if training else x


# %% exercise="noise-in-training" wrong="static-shape" fails="draw with ops.shape(x)" points=2
class AddNoise(keras.Layer):
    def __init__(self, std, **kwargs):
        super().__init__(**kwargs)
        self.std = std

    def call(self, x, training=False):
        return x + self.std * keras.random.normal(x.shape) if training else x


# %% exercise="noise-in-training" wrong="variance" fails="std was taken for the variance" points=2
class AddNoise(keras.Layer):
    def __init__(self, std, **kwargs):
        super().__init__(**kwargs)
        self.std = std

    def call(self, x, training=False):
        return x + self.std**0.5 * keras.random.normal(ops.shape(x)) if training else x


# %% exercise="noise-in-training" wrong="std-squared" fails="multiplied by std squared" points=2
class AddNoise(keras.Layer):
    def __init__(self, std, **kwargs):
        super().__init__(**kwargs)
        self.std = std

    def call(self, x, training=False):
        return x + self.std**2 * keras.random.normal(ops.shape(x)) if training else x


# %% exercise="noise-in-training" wrong="std-ignored" fails="std is not used" points=1
class AddNoise(keras.Layer):
    def __init__(self, std, **kwargs):
        super().__init__(**kwargs)
        self.std = std

    def call(self, x, training=False):
        return x + keras.random.normal(ops.shape(x)) if training else x


# %% exercise="noise-in-training" wrong="uniform-noise" fails="the distribution is to be the normal one" points=2
class AddNoise(keras.Layer):
    def __init__(self, std, **kwargs):
        super().__init__(**kwargs)
        self.std = std

    def call(self, x, training=False):
        width = self.std * 12**0.5
        noise = keras.random.uniform(ops.shape(x), -width / 2, width / 2)
        return x + noise if training else x


# %% exercise="noise-in-training" wrong="not-centred" fails="drawn around 0" points=2
class AddNoise(keras.Layer):
    def __init__(self, std, **kwargs):
        super().__init__(**kwargs)
        self.std = std

    def call(self, x, training=False):
        return x + self.std * keras.random.uniform(ops.shape(x)) if training else x


# %% exercise="noise-in-training" wrong="seed-set-in-the-constructor" fails="sets the seed of Keras" points=2
class AddNoise(keras.Layer):
    def __init__(self, std, **kwargs):
        super().__init__(**kwargs)
        keras.utils.set_random_seed(0)
        self.std = std

    def call(self, x, training=False):
        return x + self.std * keras.random.normal(ops.shape(x)) if training else x


# %% exercise="noise-in-training" wrong="far-values-cut" fails="is to be the normal one" points=2
class AddNoise(keras.Layer):
    def __init__(self, std, **kwargs):
        super().__init__(**kwargs)
        self.std = std

    def call(self, x, training=False):
        noise = ops.clip(keras.random.normal(ops.shape(x)), -2.2, 2.2)
        return x + self.std * noise if training else x


# %% exercise="noise-in-training" wrong="multiplied" fails="the noise must not depend on x" points=1
class AddNoise(keras.Layer):
    def __init__(self, std, **kwargs):
        super().__init__(**kwargs)
        self.std = std

    def call(self, x, training=False):
        return x * (1 + self.std * keras.random.normal(ops.shape(x))) if training else x


# %% exercise="noise-in-training" wrong="learned-std" fails="has weights; it needs none" points=2
class AddNoise(keras.Layer):
    def __init__(self, std, **kwargs):
        super().__init__(**kwargs)
        self.scale = self.add_weight(
            shape=(), initializer=keras.initializers.Constant(std), name="scale")

    def call(self, x, training=False):
        return x + self.scale * keras.random.normal(ops.shape(x)) if training else x


# %% exercise="noise-in-training" right="seed-generator"
class AddNoise(keras.Layer):
    def __init__(self, std, **kwargs):
        super().__init__(**kwargs)
        self.std = std
        self.seed_generator = keras.random.SeedGenerator()

    def call(self, x, training=None):
        if training:
            noise = keras.random.normal(ops.shape(x), stddev=self.std, seed=self.seed_generator)
            return ops.add(x, noise)
        return x


# %% exercise="noise-in-training" right="tensorflow-random"
class AddNoise(keras.Layer):
    def __init__(self, std, **kwargs):
        super().__init__(**kwargs)
        self.std = std

    def call(self, inputs, training=None):
        x = inputs
        if not training:
            return tf.identity(x)
        return x + tf.random.normal(tf.shape(x), stddev=self.std, dtype=x.dtype)


# %% exercise="noise-in-training" wrong="built-in-inside" fails="Expected a float value between 0 and 1" verdict="errored" points=1
class AddNoise(keras.Layer):
    def __init__(self, std, **kwargs):
        super().__init__(**kwargs)
        self.noise = layers.GaussianNoise(std)

    def call(self, x, training=False):
        return self.noise(x, training=training)


# %% exercise="layer-norm" wrong="eps-outside" fails="eps is outside the root"
class OwnLayerNorm(keras.Layer):
    def __init__(self, eps=1e-5, **kwargs):
        super().__init__(**kwargs)
        self.eps = eps

    def build(self, input_shape):
        self.gamma = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="gamma")
        self.beta = self.add_weight(shape=(input_shape[-1],), initializer="zeros", name="beta")

    def call(self, x):
        d = x - ops.mean(x, axis=-1, keepdims=True)
        return self.gamma * d / (ops.std(x, axis=-1, keepdims=True) + self.eps) + self.beta


# %% exercise="layer-norm" wrong="one-gamma-for-all" fails="wanted a gamma of 5 ones" points=1
class OwnLayerNorm(keras.Layer):
    def __init__(self, eps=1e-5, **kwargs):
        super().__init__(**kwargs)
        self.eps = eps

    def build(self, input_shape):
        self.gamma = self.add_weight(shape=(), initializer="ones")
        self.beta = self.add_weight(shape=input_shape[-1:], initializer="zeros")

    def call(self, x):
        mean, variance = ops.mean(x, axis=-1, keepdims=True), ops.var(x, axis=-1, keepdims=True)
        return self.gamma * (x - mean) / ops.sqrt(variance + self.eps) + self.beta


# %% exercise="layer-norm" wrong="axis-lost" fails="keep the last axis of mean and variance"
class OwnLayerNorm(keras.Layer):
    def __init__(self, eps=1e-5, **kwargs):
        super().__init__(**kwargs)
        self.eps = eps

    def build(self, input_shape):
        self.gamma = self.add_weight(shape=input_shape[-1:], initializer="ones")
        self.beta = self.add_weight(shape=input_shape[-1:], initializer="zeros")

    def call(self, x):
        mean, variance = ops.mean(x, axis=-1), ops.var(x, axis=-1)
        return self.gamma * (x - mean) / ops.sqrt(variance + self.eps) + self.beta


# %% exercise="layer-norm" wrong="unbiased" fails="the variance is the unbiased one"
class OwnLayerNorm(keras.Layer):
    def __init__(self, eps=1e-5, **kwargs):
        super().__init__(**kwargs)
        self.eps = eps

    def build(self, input_shape):
        self.gamma = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="gamma")
        self.beta = self.add_weight(shape=(input_shape[-1],), initializer="zeros", name="beta")

    def call(self, x):
        d = x - ops.mean(x, axis=-1, keepdims=True)
        variance = ops.sum(d**2, axis=-1, keepdims=True) / max(x.shape[-1] - 1, 1)
        return self.gamma * d / ops.sqrt(variance + self.eps) + self.beta


# %% exercise="layer-norm" wrong="eps-ignored" fails="is not the one that was given"
class OwnLayerNorm(keras.Layer):
    def __init__(self, eps=1e-5, **kwargs):
        super().__init__(**kwargs)
        self.eps = eps

    def build(self, input_shape):
        self.gamma = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="gamma")
        self.beta = self.add_weight(shape=(input_shape[-1],), initializer="zeros", name="beta")

    def call(self, x):
        d = x - ops.mean(x, axis=-1, keepdims=True)
        root = ops.sqrt(ops.var(x, axis=-1, keepdims=True) + 1e-5)
        return self.gamma * d / root + self.beta


# %% exercise="layer-norm" wrong="no-root" fails="divided by the variance and not by its root"
class OwnLayerNorm(keras.Layer):
    def __init__(self, eps=1e-5, **kwargs):
        super().__init__(**kwargs)
        self.eps = eps

    def build(self, input_shape):
        self.gamma = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="gamma")
        self.beta = self.add_weight(shape=(input_shape[-1],), initializer="zeros", name="beta")

    def call(self, x):
        d = x - ops.mean(x, axis=-1, keepdims=True)
        return self.gamma * d / (ops.var(x, axis=-1, keepdims=True) + self.eps) + self.beta


# %% exercise="layer-norm" wrong="over-the-batch" fails="it was normalised over the batch"
class OwnLayerNorm(keras.Layer):
    def __init__(self, eps=1e-5, **kwargs):
        super().__init__(**kwargs)
        self.eps = eps

    def build(self, input_shape):
        self.gamma = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="gamma")
        self.beta = self.add_weight(shape=(input_shape[-1],), initializer="zeros", name="beta")

    def call(self, x):
        d = x - ops.mean(x, axis=0)
        return self.gamma * d / ops.sqrt(ops.var(x, axis=0) + self.eps) + self.beta


# %% exercise="layer-norm" wrong="whole-example" fails="each example was normalised whole"
class OwnLayerNorm(keras.Layer):
    def __init__(self, eps=1e-5, **kwargs):
        super().__init__(**kwargs)
        self.eps = eps

    def build(self, input_shape):
        self.gamma = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="gamma")
        self.beta = self.add_weight(shape=(input_shape[-1],), initializer="zeros", name="beta")

    def call(self, x):
        axes = tuple(range(1, len(x.shape)))
        d = x - ops.mean(x, axis=axes, keepdims=True)
        variance = ops.var(x, axis=axes, keepdims=True)
        return self.gamma * d / ops.sqrt(variance + self.eps) + self.beta


# %% exercise="layer-norm" wrong="axis-one" fails="go through the formula step by step"
class OwnLayerNorm(keras.Layer):
    def __init__(self, eps=1e-5, **kwargs):
        super().__init__(**kwargs)
        self.eps = eps

    def build(self, input_shape):
        self.gamma = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="gamma")
        self.beta = self.add_weight(shape=(input_shape[-1],), initializer="zeros", name="beta")

    def call(self, x):
        d = x - ops.mean(x, axis=1, keepdims=True)
        variance = ops.var(x, axis=1, keepdims=True)
        return self.gamma * d / ops.sqrt(variance + self.eps) + self.beta


# %% exercise="layer-norm" wrong="detour" fails="squares of large numbers lose digits" points=2
class OwnLayerNorm(keras.Layer):
    def __init__(self, eps=1e-5, **kwargs):
        super().__init__(**kwargs)
        self.eps = eps

    def build(self, input_shape):
        self.gamma = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="gamma")
        self.beta = self.add_weight(shape=(input_shape[-1],), initializer="zeros", name="beta")

    def call(self, x):
        mean = ops.mean(x, axis=-1, keepdims=True)
        variance = ops.mean(x**2, axis=-1, keepdims=True) - mean**2
        root = ops.sqrt(ops.maximum(variance, 0.0) + self.eps)
        return self.gamma * (x - mean) / root + self.beta


# %% exercise="layer-norm" wrong="no-weights" fails="wanted a gamma of" points=1
class OwnLayerNorm(keras.Layer):
    def __init__(self, eps=1e-5, **kwargs):
        super().__init__(**kwargs)
        self.eps = eps

    def call(self, x):
        d = x - ops.mean(x, axis=-1, keepdims=True)
        return d / ops.sqrt(ops.var(x, axis=-1, keepdims=True) + self.eps)


# %% exercise="layer-norm" wrong="one-number-each" fails="wanted a gamma of" points=1
class OwnLayerNorm(keras.Layer):
    def __init__(self, eps=1e-5, **kwargs):
        super().__init__(**kwargs)
        self.eps = eps

    def build(self, input_shape):
        self.gamma = self.add_weight(shape=(1,), initializer="ones", name="gamma")
        self.beta = self.add_weight(shape=(1,), initializer="zeros", name="beta")

    def call(self, x):
        d = x - ops.mean(x, axis=-1, keepdims=True)
        return self.gamma * d / ops.sqrt(ops.var(x, axis=-1, keepdims=True) + self.eps) + self.beta


# %% exercise="layer-norm" wrong="default-start" fails="wanted a gamma of"
class OwnLayerNorm(keras.Layer):
    def __init__(self, eps=1e-5, **kwargs):
        super().__init__(**kwargs)
        self.eps = eps

    def build(self, input_shape):
        self.gamma = self.add_weight(shape=(input_shape[-1],), initializer="random_normal", name="gamma")
        self.beta = self.add_weight(shape=(input_shape[-1],), initializer="zeros", name="beta")

    def call(self, x):
        d = x - ops.mean(x, axis=-1, keepdims=True)
        return self.gamma * d / ops.sqrt(ops.var(x, axis=-1, keepdims=True) + self.eps) + self.beta


# %% exercise="layer-norm" wrong="weights-unused" fails="gamma and beta are not used" points=1
class OwnLayerNorm(keras.Layer):
    def __init__(self, eps=1e-5, **kwargs):
        super().__init__(**kwargs)
        self.eps = eps

    def build(self, input_shape):
        self.gamma = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="gamma")
        self.beta = self.add_weight(shape=(input_shape[-1],), initializer="zeros", name="beta")

    def call(self, x):
        d = x - ops.mean(x, axis=-1, keepdims=True)
        return d / ops.sqrt(ops.var(x, axis=-1, keepdims=True) + self.eps)


# %% exercise="layer-norm" wrong="beta-inside" fails="gamma multiplies beta too" points=2
class OwnLayerNorm(keras.Layer):
    def __init__(self, eps=1e-5, **kwargs):
        super().__init__(**kwargs)
        self.eps = eps

    def build(self, input_shape):
        self.gamma = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="gamma")
        self.beta = self.add_weight(shape=(input_shape[-1],), initializer="zeros", name="beta")

    def call(self, x):
        d = x - ops.mean(x, axis=-1, keepdims=True)
        h = d / ops.sqrt(ops.var(x, axis=-1, keepdims=True) + self.eps)
        return self.gamma * (h + self.beta)


# %% exercise="layer-norm" wrong="variance-stopped" fails="the variance is cut off from x" points=2
class OwnLayerNorm(keras.Layer):
    def __init__(self, eps=1e-5, **kwargs):
        super().__init__(**kwargs)
        self.eps = eps

    def build(self, input_shape):
        self.gamma = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="gamma")
        self.beta = self.add_weight(shape=(input_shape[-1],), initializer="zeros", name="beta")

    def call(self, x):
        d = x - ops.mean(x, axis=-1, keepdims=True)
        variance = ops.stop_gradient(ops.var(x, axis=-1, keepdims=True))
        return self.gamma * d / ops.sqrt(variance + self.eps) + self.beta


# %% exercise="layer-norm" wrong="statistics-by-numpy" fails="mean and variance depend on x" points=2
class OwnLayerNorm(keras.Layer):
    def __init__(self, eps=1e-5, **kwargs):
        super().__init__(**kwargs)
        self.eps = eps

    def build(self, input_shape):
        self.gamma = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="gamma")
        self.beta = self.add_weight(shape=(input_shape[-1],), initializer="zeros", name="beta")

    def call(self, x):
        v = x.numpy()
        root = np.sqrt(v.var(-1, keepdims=True) + self.eps)
        return self.gamma * (x - v.mean(-1, keepdims=True)) / root + self.beta


# %% exercise="layer-norm" wrong="built-in" fails="uses a ready-made layer normalisation"
class OwnLayerNorm(keras.Layer):
    def __init__(self, eps=1e-5, **kwargs):
        super().__init__(**kwargs)
        self.norm = layers.LayerNormalization(epsilon=eps)

    def build(self, input_shape):
        self.norm.build(input_shape)

    def call(self, x):
        return self.norm(x)


# %% exercise="layer-norm" wrong="ready-made-function" fails="uses a ready-made layer normalisation"
class OwnLayerNorm(keras.Layer):
    def __init__(self, eps=1e-5, **kwargs):
        super().__init__(**kwargs)
        self.eps = eps

    def build(self, input_shape):
        self.gamma = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="gamma")
        self.beta = self.add_weight(shape=(input_shape[-1],), initializer="zeros", name="beta")

    def call(self, x):
        return ops.layer_normalization(x, self.gamma, self.beta, axis=-1, epsilon=self.eps)


# %% exercise="layer-norm" wrong="ready-made-rows" fails="uses a ready-made layer normalisation"
class OwnLayerNorm(keras.Layer):
    def __init__(self, eps=1e-5, **kwargs):
        super().__init__(**kwargs)
        self.eps = eps

    def build(self, input_shape):
        self.gamma = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="gamma")
        self.beta = self.add_weight(shape=(input_shape[-1],), initializer="zeros", name="beta")

    def call(self, x):
        return self.gamma * ops.layer_normalization(x, epsilon=self.eps) + self.beta


# %% exercise="layer-norm" wrong="ready-made-layer-in-call" fails="uses a ready-made layer normalisation"
class OwnLayerNorm(keras.Layer):
    def __init__(self, eps=1e-5, **kwargs):
        super().__init__(**kwargs)
        self.eps = eps

    def build(self, input_shape):
        self.gamma = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="gamma")
        self.beta = self.add_weight(shape=(input_shape[-1],), initializer="zeros", name="beta")

    def call(self, x):
        norm = layers.LayerNormalization(epsilon=self.eps, center=False, scale=False)
        return self.gamma * norm(x) + self.beta


# %% exercise="layer-norm" right="a-method-of-that-name"
class OwnLayerNorm(keras.Layer):
    def __init__(self, eps=1e-5, **kwargs):
        super().__init__(**kwargs)
        self.eps = eps

    def build(self, input_shape):
        self.gamma = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="gamma")
        self.beta = self.add_weight(shape=(input_shape[-1],), initializer="zeros", name="beta")

    def layer_normalization(self, x):
        deviation = x - ops.mean(x, axis=-1, keepdims=True)
        return deviation / ops.sqrt(ops.var(x, axis=-1, keepdims=True) + self.eps)

    def call(self, x):
        return self.gamma * self.layer_normalization(x) + self.beta


# %% exercise="layer-norm" right="moments"
class OwnLayerNorm(keras.Layer):
    def __init__(self, eps=1e-5, **kwargs):
        super().__init__(**kwargs)
        self.eps = eps

    def build(self, input_shape):
        width = input_shape[-1]
        self.offset = self.add_weight(shape=(width,), initializer="zeros")
        self.scale = self.add_weight(shape=(width,), initializer="ones")

    def call(self, x):
        mean, variance = ops.moments(x, axes=[-1], keepdims=True)
        return (x - mean) * ops.rsqrt(variance + self.eps) * self.scale + self.offset


# %% exercise="layer-norm" right="tensorflow-only"
class OwnLayerNorm(keras.Layer):
    def __init__(self, eps=1e-5, **kwargs):
        super().__init__(**kwargs)
        self.eps = eps

    def build(self, input_shape):
        self.g = keras.Variable(np.ones(input_shape[-1], "float32"))
        self.b = keras.Variable(np.zeros(input_shape[-1], "float32"))

    def call(self, x):
        x -= tf.reduce_mean(x, axis=-1, keepdims=True)
        variance = tf.reduce_sum(tf.square(x), axis=-1, keepdims=True) / x.shape[-1]
        return x / tf.sqrt(variance + self.eps) * self.g + self.b


# %% exercise="layer-norm" right="moments-and-batch-normalization"
class OwnLayerNorm(keras.Layer):
    def __init__(self, eps=1e-5, **kwargs):
        super().__init__(**kwargs)
        self.eps = eps

    def build(self, input_shape):
        self.gamma = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="gamma")
        self.beta = self.add_weight(shape=(input_shape[-1],), initializer="zeros", name="beta")

    def call(self, x):
        mean, variance = tf.nn.moments(x, axes=[-1], keepdims=True)
        return tf.nn.batch_normalization(x, mean, variance, self.beta, self.gamma, self.eps)


# %% exercise="bilinear-form" wrong="k-last-on-the-weight" fails="the axes of W were taken in another order"
class BilinearForm(keras.Layer):
    def __init__(self, num_outputs, **kwargs):
        super().__init__(**kwargs)
        self.num_outputs = num_outputs

    def build(self, input_shape):
        width = input_shape[-1]
        self.W = self.add_weight(shape=(self.num_outputs, width, width), name="W")

    def call(self, x):
        return ops.einsum("...i,ijk,...j->...k", x, self.W, x)


# %% exercise="bilinear-form" wrong="k-in-the-middle" fails="W[k] is the matrix of output k"
class BilinearForm(keras.Layer):
    def __init__(self, num_outputs, **kwargs):
        super().__init__(**kwargs)
        self.num_outputs = num_outputs

    def build(self, input_shape):
        width = input_shape[-1]
        self.W = self.add_weight(shape=(self.num_outputs, width, width), name="W")

    def call(self, x):
        outputs = [ops.sum(x @ self.W[:, k] * x, axis=-1) for k in range(self.num_outputs)]
        return ops.stack(outputs, axis=-1)


# %% exercise="bilinear-form" wrong="stored-with-k-last" fails="taken in another order"
class BilinearForm(keras.Layer):
    def __init__(self, num_outputs, **kwargs):
        super().__init__(**kwargs)
        self.num_outputs = num_outputs

    def build(self, input_shape):
        width = input_shape[-1]
        self.W = self.add_weight(shape=(width, width, self.num_outputs), name="W")

    def call(self, x):
        return ops.einsum("...i,ijk,...j->...k", x, self.W, x)


# %% exercise="bilinear-form" wrong="rows-with-rows" fails="pairs every row with every row"
class BilinearForm(keras.Layer):
    def __init__(self, num_outputs, **kwargs):
        super().__init__(**kwargs)
        self.num_outputs = num_outputs

    def build(self, input_shape):
        width = input_shape[-1]
        self.W = self.add_weight(shape=(self.num_outputs, width, width), name="W")

    def call(self, x):
        xt = ops.swapaxes(x, -1, -2)
        return ops.stack([x @ self.W[k] @ xt for k in range(self.num_outputs)], axis=-1)


# %% exercise="bilinear-form" wrong="two-axes-only" fails="any number of leading axes"
class BilinearForm(keras.Layer):
    def __init__(self, num_outputs, **kwargs):
        super().__init__(**kwargs)
        self.num_outputs = num_outputs

    def build(self, input_shape):
        width = input_shape[-1]
        self.W = self.add_weight(shape=(self.num_outputs, width, width), name="W")

    def call(self, x):
        return tf.einsum("bi,kij,bj->bk", x, self.W, x)


# %% exercise="bilinear-form" wrong="k-first-in-the-result" fails="k came first"
class BilinearForm(keras.Layer):
    def __init__(self, num_outputs, **kwargs):
        super().__init__(**kwargs)
        self.num_outputs = num_outputs

    def build(self, input_shape):
        width = input_shape[-1]
        self.W = self.add_weight(shape=(self.num_outputs, width, width), name="W")

    def call(self, x):
        return ops.stack([ops.sum(x @ self.W[k] * x, axis=-1) for k in range(self.num_outputs)])


# %% exercise="bilinear-form" wrong="diagonal-only" fails="only the diagonal of each matrix was used"
class BilinearForm(keras.Layer):
    def __init__(self, num_outputs, **kwargs):
        super().__init__(**kwargs)
        self.num_outputs = num_outputs

    def build(self, input_shape):
        width = input_shape[-1]
        self.W = self.add_weight(shape=(self.num_outputs, width, width), name="W")

    def call(self, x):
        diagonals = ops.diagonal(self.W, axis1=1, axis2=2)
        return (x * x) @ ops.transpose(diagonals)


# %% exercise="bilinear-form" wrong="one-x" fails="one x is missing"
class BilinearForm(keras.Layer):
    def __init__(self, num_outputs, **kwargs):
        super().__init__(**kwargs)
        self.num_outputs = num_outputs

    def build(self, input_shape):
        width = input_shape[-1]
        self.W = self.add_weight(shape=(self.num_outputs, width, width), name="W")

    def call(self, x):
        return ops.einsum("...i,kij->...k", x, self.W)


# %% exercise="bilinear-form" wrong="sum-over-k" fails="one number for each row and each k"
class BilinearForm(keras.Layer):
    def __init__(self, num_outputs, **kwargs):
        super().__init__(**kwargs)
        self.num_outputs = num_outputs

    def build(self, input_shape):
        width = input_shape[-1]
        self.W = self.add_weight(shape=(self.num_outputs, width, width), name="W")

    def call(self, x):
        return ops.sum(ops.stack([x @ self.W[k] * x for k in range(self.num_outputs)]), axis=(0, -1))


# %% exercise="bilinear-form" wrong="plain-variable" fails="one trainable add_weight"
class BilinearForm(keras.Layer):
    def __init__(self, num_outputs, **kwargs):
        super().__init__(**kwargs)
        self.num_outputs = num_outputs

    def build(self, input_shape):
        width = input_shape[-1]
        self.W = tf.Variable(tf.random.normal((self.num_outputs, width, width)))

    def call(self, x):
        return tf.einsum("...i,kij,...j->...k", x, self.W, x)


# %% exercise="bilinear-form" wrong="with-a-bias" fails="no bias"
class BilinearForm(keras.Layer):
    def __init__(self, num_outputs, **kwargs):
        super().__init__(**kwargs)
        self.num_outputs = num_outputs

    def build(self, input_shape):
        width = input_shape[-1]
        self.W = self.add_weight(shape=(self.num_outputs, width, width), name="W")
        self.bias = self.add_weight(shape=(self.num_outputs,), initializer="zeros")

    def call(self, x):
        return ops.einsum("...i,kij,...j->...k", x, self.W, x) + self.bias


# %% exercise="bilinear-form" wrong="starts-at-zero" fails="wanted random values" points=2
class BilinearForm(keras.Layer):
    def __init__(self, num_outputs, **kwargs):
        super().__init__(**kwargs)
        self.num_outputs = num_outputs

    def build(self, input_shape):
        width = input_shape[-1]
        self.W = self.add_weight(
            shape=(self.num_outputs, width, width), initializer="zeros", name="W")

    def call(self, x):
        return ops.einsum("...i,kij,...j->...k", x, self.W, x)


# %% exercise="bilinear-form" wrong="seeded" fails="start with the same W" points=2
class BilinearForm(keras.Layer):
    def __init__(self, num_outputs, **kwargs):
        super().__init__(**kwargs)
        self.num_outputs = num_outputs

    def build(self, input_shape):
        width = input_shape[-1]
        self.W = self.add_weight(
            shape=(self.num_outputs, width, width), initializer=keras.initializers.RandomNormal(seed=3), name="W")

    def call(self, x):
        return ops.einsum("...i,kij,...j->...k", x, self.W, x)


# %% exercise="bilinear-form" wrong="one-number-everywhere" fails="each a draw of its own" points=2
class BilinearForm(keras.Layer):
    def __init__(self, num_outputs, **kwargs):
        super().__init__(**kwargs)
        self.num_outputs = num_outputs

    def build(self, input_shape):
        width = input_shape[-1]
        self.W = self.add_weight(
            shape=(self.num_outputs, width, width), initializer=keras.initializers.Constant(
                keras.random.uniform(())), name="W")

    def call(self, x):
        return ops.einsum("...i,kij,...j->...k", x, self.W, x)


# %% exercise="bilinear-form" wrong="one-side-stopped" fails="x stands on both sides of W, and both" points=2
class BilinearForm(keras.Layer):
    def __init__(self, num_outputs, **kwargs):
        super().__init__(**kwargs)
        self.num_outputs = num_outputs

    def build(self, input_shape):
        width = input_shape[-1]
        self.W = self.add_weight(shape=(self.num_outputs, width, width), name="W")

    def call(self, x):
        return ops.einsum("...i,kij,...j->...k", x, self.W, ops.stop_gradient(x))


# %% exercise="bilinear-form" wrong="numpy" fails="with respect to W is missing" points=2
class BilinearForm(keras.Layer):
    def __init__(self, num_outputs, **kwargs):
        super().__init__(**kwargs)
        self.num_outputs = num_outputs

    def build(self, input_shape):
        width = input_shape[-1]
        self.W = self.add_weight(shape=(self.num_outputs, width, width), name="W")

    def call(self, x):
        return ops.convert_to_tensor(np.einsum("...i,kij,...j->...k", x, self.W.numpy(), x))


# %% exercise="bilinear-form" right="loop-over-k"
class BilinearForm(keras.Layer):
    def __init__(self, num_outputs, **kwargs):
        super().__init__(**kwargs)
        self.num_outputs = num_outputs

    def build(self, input_shape):
        width = input_shape[-1]
        self.W = self.add_weight(shape=(self.num_outputs, width, width), name="W")

    def call(self, x):
        return ops.stack([ops.sum(x @ self.W[k] * x, axis=-1) for k in range(self.num_outputs)], axis=-1)


# %% exercise="bilinear-form" right="outer-product"
class BilinearForm(keras.Layer):
    def __init__(self, num_outputs, **kwargs):
        super().__init__(**kwargs)
        self.num_outputs = num_outputs

    def build(self, input_shape):
        shape = (self.num_outputs, input_shape[-1], input_shape[-1])
        scheme = keras.initializers.RandomNormal(stddev=1 / input_shape[-1])
        self.forms = self.add_weight(shape=shape, initializer=scheme)

    def call(self, x):
        pairs = x[..., :, None] * x[..., None, :]
        return tf.tensordot(pairs, self.forms, axes=[[-2, -1], [1, 2]])


# %% exercise="bilinear-form" right="flattened"
class BilinearForm(keras.Layer):
    def __init__(self, num_outputs, **kwargs):
        super().__init__(**kwargs)
        self.num_outputs = num_outputs

    def build(self, input_shape):
        width = input_shape[-1]
        self.W = self.add_weight(shape=(self.num_outputs, width, width), name="W")

    def call(self, x):
        rows = ops.reshape(x, (-1, x.shape[-1]))
        forms = ops.sum((rows @ self.W) * rows, axis=-1)
        return ops.reshape(ops.transpose(forms), (*ops.shape(x)[:-1], self.num_outputs))
