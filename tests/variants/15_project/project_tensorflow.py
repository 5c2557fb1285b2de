# %% [markdown]
# Wrong and right answers to the exercises of `solutions/15_project/project_tensorflow.py`, one per cell.
# A wrong one must fail with the words in `fails` and keep `points`; a right one must get full marks.


# %% exercise="standardize-layer" wrong="statistics-of-the-batch" fails="the statistics are those of x itself"
class Standardize(layers.Layer):
    def __init__(self, num_features):
        super().__init__()
        self.mean = self.add_weight(shape=(num_features,), initializer="zeros", trainable=False)
        self.std = self.add_weight(shape=(num_features,), initializer="ones", trainable=False)
        self.adapted = False

    def adapt(self, x):
        self.adapted = True

    def call(self, x):
        if not self.adapted:
            return x
        std = tf.math.reduce_std(x, axis=0)
        return (x - tf.reduce_mean(x, axis=0)) / tf.where(std == 0, 1.0, std)


# %% exercise="standardize-layer" wrong="deviation-of-a-sample" fails="the deviation divides by n - 1"
class Standardize(layers.Layer):
    def __init__(self, num_features):
        super().__init__()
        self.mean = self.add_weight(shape=(num_features,), initializer="zeros", trainable=False)
        self.std = self.add_weight(shape=(num_features,), initializer="ones", trainable=False)

    def adapt(self, x):
        std = x.std(axis=0, ddof=1)
        self.mean.assign(x.mean(axis=0))
        self.std.assign(np.where(np.ptp(x, axis=0) == 0, 1, std))

    def call(self, x):
        return (x - self.mean) / self.std


# %% exercise="standardize-layer" wrong="tiny-number-in-the-divisor" fails="a tiny number in the divisor is not 1" points=2
class Standardize(layers.Layer):
    def __init__(self, num_features):
        super().__init__()
        self.mean = self.add_weight(shape=(num_features,), initializer="zeros", trainable=False)
        self.std = self.add_weight(shape=(num_features,), initializer="ones", trainable=False)

    def adapt(self, x):
        self.mean.assign(x.mean(axis=0))
        self.std.assign(x.std(axis=0))

    def call(self, x):
        return (x - self.mean) / (self.std + 1e-7)


# %% exercise="standardize-layer" wrong="zero-divided-by-zero" fails="its deviation is 0" points=2
class Standardize(layers.Layer):
    def __init__(self, num_features):
        super().__init__()
        self.mean = self.add_weight(shape=(num_features,), initializer="zeros", trainable=False)
        self.std = self.add_weight(shape=(num_features,), initializer="ones", trainable=False)

    def adapt(self, x):
        self.mean.assign(x.mean(axis=0))
        self.std.assign(x.std(axis=0))

    def call(self, x):
        return (x - self.mean) / self.std


# %% exercise="standardize-layer" wrong="ready-made-normalization" fails="its deviation is 0" points=1
class Standardize(layers.Normalization):
    def __init__(self, num_features):
        super().__init__()
        self.build((None, num_features))

    def call(self, x):
        return super().call(x)


# %% exercise="standardize-layer" wrong="variance" fails="the deviation is its root"
class Standardize(layers.Layer):
    def __init__(self, num_features):
        super().__init__()
        self.mean = self.add_weight(shape=(num_features,), initializer="zeros", trainable=False)
        self.std = self.add_weight(shape=(num_features,), initializer="ones", trainable=False)

    def adapt(self, x):
        std = x.var(axis=0)
        self.mean.assign(x.mean(axis=0))
        self.std.assign(np.where(np.ptp(x, axis=0) == 0, 1, std))

    def call(self, x):
        return (x - self.mean) / self.std


# %% exercise="standardize-layer" wrong="one-mean-for-all" fails="one mean over all features was taken"
class Standardize(layers.Layer):
    def __init__(self, num_features):
        super().__init__()
        self.mean = self.add_weight(shape=(), initializer="zeros", trainable=False)
        self.std = self.add_weight(shape=(), initializer="ones", trainable=False)

    def adapt(self, x):
        self.mean.assign(x.mean())
        self.std.assign(x.std())

    def call(self, x):
        return (x - self.mean) / self.std


# %% exercise="standardize-layer" wrong="first-adapt-wins" fails="each adapt starts afresh" points=2
class Standardize(layers.Layer):
    def __init__(self, num_features):
        super().__init__()
        self.mean = self.add_weight(shape=(num_features,), initializer="zeros", trainable=False)
        self.std = self.add_weight(shape=(num_features,), initializer="ones", trainable=False)
        self.adapted = False

    def adapt(self, x):
        if self.adapted:
            return
        self.adapted = True
        std = x.std(axis=0)
        self.mean.assign(x.mean(axis=0))
        self.std.assign(np.where(np.ptp(x, axis=0) == 0, 1, std))

    def call(self, x):
        return (x - self.mean) / self.std


# %% exercise="standardize-layer" wrong="plain-attributes" fails="is unknown to the layer" points=2
class Standardize(layers.Layer):
    def __init__(self, num_features):
        super().__init__()
        self.mean, self.std = np.zeros(num_features, "float32"), np.ones(num_features, "float32")

    def adapt(self, x):
        self.mean, std = x.mean(axis=0), x.std(axis=0)
        self.std = np.where(np.ptp(x, axis=0) == 0, np.float32(1), std)

    def call(self, x):
        return (x - self.mean) / self.std


# %% exercise="standardize-layer" wrong="trainable" fails="which an optimizer would change" points=2
class Standardize(layers.Layer):
    def __init__(self, num_features):
        super().__init__()
        self.mean = self.add_weight(shape=(num_features,), initializer="zeros")
        self.std = self.add_weight(shape=(num_features,), initializer="ones")

    def adapt(self, x):
        std = x.std(axis=0)
        self.mean.assign(x.mean(axis=0))
        self.std.assign(np.where(np.ptp(x, axis=0) == 0, 1, std))

    def call(self, x):
        return (x - self.mean) / self.std


# %% exercise="standardize-layer" wrong="weights-made-in-adapt" fails="make all of them in the constructor" points=1
class Standardize(layers.Layer):
    def __init__(self, num_features):
        super().__init__()
        self.adapted = self.add_weight(shape=(), initializer="zeros", trainable=False)
        self.mean = None

    def adapt(self, x):
        std = x.std(axis=0)
        if self.mean is None:
            self.mean = self.add_weight(shape=std.shape, trainable=False)
            self.std = self.add_weight(shape=std.shape, trainable=False)
        self.mean.assign(x.mean(axis=0))
        self.std.assign(np.where(np.ptp(x, axis=0) == 0, 1, std))

    def call(self, x):
        return x if self.mean is None else (x - self.mean) / self.std


# %% exercise="standardize-layer" wrong="only-the-mean-is-saved" fails="mean and deviation both belong into weights" points=2
class Standardize(layers.Layer):
    def __init__(self, num_features):
        super().__init__()
        self.mean = self.add_weight(shape=(num_features,), initializer="zeros", trainable=False)
        self.std = np.ones(num_features, "float32")

    def adapt(self, x):
        std = x.std(axis=0)
        self.mean.assign(x.mean(axis=0))
        self.std = np.where(np.ptp(x, axis=0) == 0, np.float32(1), std)

    def call(self, x):
        return (x - self.mean) / self.std


# %% exercise="standardize-layer" wrong="training-only" fails="in evaluation mode" points=2
class Standardize(layers.Layer):
    def __init__(self, num_features):
        super().__init__()
        self.mean = self.add_weight(shape=(num_features,), initializer="zeros", trainable=False)
        self.std = self.add_weight(shape=(num_features,), initializer="ones", trainable=False)

    def adapt(self, x):
        std = x.std(axis=0)
        self.mean.assign(x.mean(axis=0))
        self.std.assign(np.where(np.ptp(x, axis=0) == 0, 1, std))

    def call(self, x, training=True):
        return (x - self.mean) / self.std if training else x


# %% exercise="standardize-layer" wrong="numpy-in-the-call" fails="is cut off from x" points=2
class Standardize(layers.Layer):
    def __init__(self, num_features):
        super().__init__()
        self.mean = self.add_weight(shape=(num_features,), initializer="zeros", trainable=False)
        self.std = self.add_weight(shape=(num_features,), initializer="ones", trainable=False)

    def adapt(self, x):
        std = x.std(axis=0)
        self.mean.assign(x.mean(axis=0))
        self.std.assign(np.where(np.ptp(x, axis=0) == 0, 1, std))

    def call(self, x):
        if not tf.executing_eagerly():
            return (x - self.mean) / self.std
        return tf.constant((x.numpy() - self.mean.numpy()) / self.std.numpy())


# %% exercise="standardize-layer" wrong="adapts-in-place" fails="changed the caller's x" points=2
class Standardize(layers.Layer):
    def __init__(self, num_features):
        super().__init__()
        self.mean = self.add_weight(shape=(num_features,), initializer="zeros", trainable=False)
        self.std = self.add_weight(shape=(num_features,), initializer="ones", trainable=False)

    def adapt(self, x):
        self.mean.assign(x.mean(axis=0))
        x -= x.mean(axis=0)
        std = np.sqrt((x**2).mean(axis=0))
        self.std.assign(np.where(np.ptp(x, axis=0) == 0, 1, std))

    def call(self, x):
        return (x - self.mean) / self.std


# %% exercise="standardize-layer" wrong="evaluation-only" fails="in training mode" points=2
class Standardize(layers.Layer):
    def __init__(self, num_features):
        super().__init__()
        self.mean = self.add_weight(shape=(num_features,), initializer="zeros", trainable=False)
        self.std = self.add_weight(shape=(num_features,), initializer="ones", trainable=False)

    def adapt(self, x):
        std = x.std(axis=0)
        self.mean.assign(x.mean(axis=0))
        self.std.assign(np.where(np.ptp(x, axis=0) == 0, 1, std))

    def call(self, x, training=False):
        return x if training else (x - self.mean) / self.std


# %% exercise="standardize-layer" wrong="flag-that-is-not-saved" fails="so does whatever else" points=2
class Standardize(layers.Layer):
    def __init__(self, num_features):
        super().__init__()
        self.mean = self.add_weight(shape=(num_features,), initializer="zeros", trainable=False)
        self.std = self.add_weight(shape=(num_features,), initializer="ones", trainable=False)
        self.adapted = False

    def adapt(self, x):
        std = x.std(axis=0)
        self.mean.assign(x.mean(axis=0))
        self.std.assign(np.where(np.ptp(x, axis=0) == 0, 1, std))
        self.adapted = True

    def call(self, x):
        return (x - self.mean) / self.std if self.adapted else x


# %% exercise="standardize-layer" wrong="constant-features-become-zero" fails="its deviation is 0" points=2
class Standardize(layers.Layer):
    def __init__(self, num_features):
        super().__init__()
        self.mean = self.add_weight(shape=(num_features,), initializer="zeros", trainable=False)
        self.std = self.add_weight(shape=(num_features,), initializer="ones", trainable=False)

    def adapt(self, x):
        self.mean.assign(x.mean(axis=0))
        self.std.assign(x.std(axis=0))

    def call(self, x):
        return tf.math.divide_no_nan(x - self.mean, self.std)


# %% exercise="standardize-layer" wrong="small-deviations-are-one" fails="with the numbers that adapt has noted" points=2
class Standardize(layers.Layer):
    def __init__(self, num_features):
        super().__init__()
        self.mean = self.add_weight(shape=(num_features,), initializer="zeros", trainable=False)
        self.std = self.add_weight(shape=(num_features,), initializer="ones", trainable=False)

    def adapt(self, x):
        std = x.std(axis=0)
        self.mean.assign(x.mean(axis=0))
        self.std.assign(np.where(std < 0.001, 1, std))

    def call(self, x):
        return (x - self.mean) / self.std


# %% exercise="standardize-layer" wrong="deviation-compared-with-zero" fails="rounding made the deviation 1e-8" points=2
class Standardize(layers.Layer):
    def __init__(self, num_features):
        super().__init__()
        self.mean = self.add_weight(shape=(num_features,), initializer="zeros", trainable=False)
        self.std = self.add_weight(shape=(num_features,), initializer="ones", trainable=False)

    def adapt(self, x):
        std = np.std(x, axis=0)
        self.mean.assign(np.mean(x, axis=0))
        self.std.assign(np.where(std == 0, 1, std))

    def call(self, x):
        return (x - self.mean) / self.std


# %% exercise="standardize-layer" right="variance-and-multiplication"
class Standardize(layers.Layer):
    def __init__(self, num_features):
        super().__init__(trainable=False)
        self.shift = self.add_weight(name="shift", shape=(1, num_features), initializer="zeros")
        self.factor = self.add_weight(name="factor", shape=(1, num_features), initializer="ones")

    def adapt(self, x):
        std = np.sqrt(np.var(x, axis=0, keepdims=True))
        std[:, x.min(axis=0) == x.max(axis=0)] = 1
        self.shift.assign(x.mean(axis=0, keepdims=True))
        self.factor.assign(1 / std)

    def call(self, x):
        return (x - self.shift) * self.factor


# %% exercise="standardize-layer" right="tensors-in-adapt"
class Standardize(layers.Layer):
    def __init__(self, num_features):
        super().__init__()
        self.mean = self.add_weight(shape=(num_features,), initializer="zeros", trainable=False)
        self.std = self.add_weight(shape=(num_features,), initializer="ones", trainable=False)

    def adapt(self, x):
        mean, variance = tf.nn.moments(tf.convert_to_tensor(x), axes=[0])
        self.mean.assign(mean)
        self.std.assign(tf.where(variance > 1e-12, tf.sqrt(variance), tf.ones_like(variance)))

    def call(self, x):
        return ops.divide(ops.subtract(x, self.mean), self.std)


# %% exercise="standardize-layer" right="one-weight-with-two-rows"
class Standardize(layers.Layer):
    def __init__(self, num_features):
        super().__init__()

        def first(shape, dtype=None):
            return np.stack([np.zeros(num_features), np.ones(num_features)])

        self.statistics = self.add_weight(shape=(2, num_features), initializer=first, trainable=False)

    def adapt(self, x):
        std = np.array([column.std() if len(np.unique(column)) > 1 else 1.0 for column in x.T])
        self.statistics.assign(np.stack([x.mean(axis=0), std]))

    def call(self, inputs):
        return (inputs - self.statistics[0]) / self.statistics[1]


# %% exercise="standardize-layer" right="moments-of-ops"
class Standardize(layers.Layer):
    def __init__(self, num_features):
        super().__init__()
        self.mean = self.add_weight(shape=(num_features,), initializer="zeros", trainable=False)
        self.std = self.add_weight(shape=(num_features,), initializer="ones", trainable=False)

    def adapt(self, x):
        mean, variance = ops.moments(x, axes=[0])
        self.mean.assign(mean)
        self.std.assign(ops.where(ops.max(x, axis=0) == ops.min(x, axis=0), 1.0, ops.sqrt(variance)))

    def call(self, x):
        return (x - self.mean) / self.std


# %% exercise="standardize-layer" right="threshold-for-the-deviation"
class Standardize(layers.Layer):
    def __init__(self, num_features):
        super().__init__()
        self.mean = self.add_weight(shape=(num_features,), initializer="zeros", trainable=False)
        self.std = self.add_weight(shape=(num_features,), initializer="ones", trainable=False)

    def adapt(self, x):
        std = x.std(axis=0)
        self.mean.assign(x.mean(axis=0))
        self.std.assign(np.where(std < 1e-6, 1, std))

    def call(self, x):
        return (x - self.mean) / self.std


# %% exercise="standardize-layer" right="statistics-in-float64"
class Standardize(layers.Layer):
    def __init__(self, num_features):
        super().__init__()
        self.mean = self.add_weight(shape=(num_features,), initializer="zeros", trainable=False)
        self.std = self.add_weight(shape=(num_features,), initializer="ones", trainable=False)

    def adapt(self, x):
        mean, std = x.mean(axis=0, dtype="float64"), x.std(axis=0, dtype="float64")
        self.mean.assign(mean)
        self.std.assign(np.where(np.isclose(std, 0), 1, std))

    def call(self, x):
        return (x - self.mean) / self.std


# %% exercise="smoothed-cross-entropy" wrong="softmax-twice" fails="the softmax was taken twice"
def smoothed_cross_entropy(labels, logits, smoothing=0.1, weights=None):
    one_hot = ops.one_hot(labels, logits.shape[1])
    losses = keras.losses.categorical_crossentropy(one_hot, tf.nn.softmax(logits), from_logits=True, label_smoothing=smoothing)
    if weights is None:
        weights = np.ones(len(labels), "float32")
    return ops.sum(weights * losses) / ops.sum(weights)


# %% exercise="smoothed-cross-entropy" wrong="softmax-over-the-batch" fails="the softmax runs over the batch"
def smoothed_cross_entropy(labels, logits, smoothing=0.1, weights=None):
    k = logits.shape[1]
    targets = ops.one_hot(labels, k) * (1 - smoothing) + smoothing / k
    losses = -ops.sum(targets * ops.log_softmax(logits, axis=0), axis=1)
    if weights is None:
        weights = np.ones(len(labels), "float32")
    return ops.sum(weights * losses) / ops.sum(weights)


# %% exercise="smoothed-cross-entropy" wrong="k-minus-one" fails="not smoothing / (k - 1)"
def smoothed_cross_entropy(labels, logits, smoothing=0.1, weights=None):
    k = logits.shape[1]
    one_hot = ops.one_hot(labels, k)
    targets = one_hot * (1 - smoothing) + (1 - one_hot) * smoothing / (k - 1)
    losses = -ops.sum(targets * ops.log_softmax(logits), axis=1)
    if weights is None:
        weights = np.ones(len(labels), "float32")
    return ops.sum(weights * losses) / ops.sum(weights)


# %% exercise="smoothed-cross-entropy" wrong="others-get-nothing" fails="the other classes got no share"
def smoothed_cross_entropy(labels, logits, smoothing=0.1, weights=None):
    losses = keras.losses.sparse_categorical_crossentropy(labels, logits, from_logits=True)
    losses = (1 - smoothing) * losses
    if weights is None:
        weights = np.ones(len(labels), "float32")
    return ops.sum(weights * losses) / ops.sum(weights)


# %% exercise="smoothed-cross-entropy" wrong="not-smoothed" fails="nothing was smoothed"
def smoothed_cross_entropy(labels, logits, smoothing=0.1, weights=None):
    losses = keras.losses.sparse_categorical_crossentropy(labels, logits, from_logits=True)
    if weights is None:
        weights = np.ones(len(labels), "float32")
    return ops.sum(weights * losses) / ops.sum(weights)


# %% exercise="smoothed-cross-entropy" wrong="whole-share-for-each-class" fails="each of the classes got the whole of smoothing"
def smoothed_cross_entropy(labels, logits, smoothing=0.1, weights=None):
    k = logits.shape[1]
    targets = ops.one_hot(labels, k) * (1 - smoothing) + smoothing
    losses = -ops.sum(targets * ops.log_softmax(logits), axis=1)
    if weights is None:
        weights = np.ones(len(labels), "float32")
    return ops.sum(weights * losses) / ops.sum(weights)


# %% exercise="smoothed-cross-entropy" wrong="mean-over-all-entries" fails="sum over the classes first"
def smoothed_cross_entropy(labels, logits, smoothing=0.1, weights=None):
    k = logits.shape[1]
    targets = ops.one_hot(labels, k) * (1 - smoothing) + smoothing / k
    losses = -ops.mean(targets * ops.log_softmax(logits), axis=1)
    if weights is None:
        weights = np.ones(len(labels), "float32")
    return ops.sum(weights * losses) / ops.sum(weights)


# %% exercise="smoothed-cross-entropy" wrong="sum-of-the-losses" fails="that is the sum over the examples"
def smoothed_cross_entropy(labels, logits, smoothing=0.1, weights=None):
    one_hot = ops.one_hot(labels, logits.shape[1])
    losses = keras.losses.categorical_crossentropy(one_hot, logits, from_logits=True, label_smoothing=smoothing)
    return ops.sum(losses) if weights is None else ops.sum(weights * losses)


# %% exercise="smoothed-cross-entropy" wrong="divided-by-n" fails="wanted is the sum of the weights" points=1
def smoothed_cross_entropy(labels, logits, smoothing=0.1, weights=None):
    one_hot = ops.one_hot(labels, logits.shape[1])
    losses = keras.losses.categorical_crossentropy(one_hot, logits, from_logits=True, label_smoothing=smoothing)
    if weights is None:
        weights = np.ones(len(labels), "float32")
    return ops.mean(weights * losses)


# %% exercise="smoothed-cross-entropy" wrong="loss-object-with-weights" fails="that is divided by n" points=1
def smoothed_cross_entropy(labels, logits, smoothing=0.1, weights=None):
    one_hot = ops.one_hot(labels, logits.shape[1])
    loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=smoothing)
    return loss(one_hot, logits, sample_weight=weights)


# %% exercise="smoothed-cross-entropy" wrong="weights-ignored" fails="the weights had no effect" points=1
def smoothed_cross_entropy(labels, logits, smoothing=0.1, weights=None):
    one_hot = ops.one_hot(labels, logits.shape[1])
    losses = keras.losses.categorical_crossentropy(one_hot, logits, from_logits=True, label_smoothing=smoothing)
    return ops.mean(losses)


# %% exercise="smoothed-cross-entropy" wrong="mean-before-weights" fails="the mean came first" points=1
def smoothed_cross_entropy(labels, logits, smoothing=0.1, weights=None):
    one_hot = ops.one_hot(labels, logits.shape[1])
    losses = keras.losses.categorical_crossentropy(one_hot, logits, from_logits=True, label_smoothing=smoothing)
    if weights is None:
        weights = np.ones(len(labels), "float32")
    return ops.mean(weights * ops.mean(losses))


# %% exercise="smoothed-cross-entropy" wrong="log-of-softmax" fails="log 0 is infinite" points=2
def smoothed_cross_entropy(labels, logits, smoothing=0.1, weights=None):
    k = logits.shape[1]
    targets = ops.one_hot(labels, k) * (1 - smoothing) + smoothing / k
    losses = -ops.sum(targets * ops.log(ops.softmax(logits)), axis=1)
    if weights is None:
        weights = np.ones(len(labels), "float32")
    return ops.sum(weights * losses) / ops.sum(weights)


# %% exercise="smoothed-cross-entropy" wrong="probabilities-that-keras-clips" fails="a value cut off at some limit" points=2
def smoothed_cross_entropy(labels, logits, smoothing=0.1, weights=None):
    one_hot = ops.one_hot(labels, logits.shape[1])
    losses = keras.losses.categorical_crossentropy(one_hot, tf.nn.softmax(logits), label_smoothing=smoothing)
    if weights is None:
        weights = np.ones(len(labels), "float32")
    return ops.sum(weights * losses) / ops.sum(weights)


# %% exercise="smoothed-cross-entropy" wrong="spread-without-gradient" fails="is a part detached" points=2
def smoothed_cross_entropy(labels, logits, smoothing=0.1, weights=None):
    log_p = ops.log_softmax(logits)
    of_label = ops.sum(ops.one_hot(labels, logits.shape[1]) * log_p, axis=1)
    losses = -(1 - smoothing) * of_label - smoothing * ops.mean(ops.stop_gradient(log_p), axis=1)
    if weights is None:
        weights = np.ones(len(labels), "float32")
    return ops.sum(weights * losses) / ops.sum(weights)


# %% exercise="smoothed-cross-entropy" wrong="numpy-inside" fails="is cut off from the logits" points=2
def smoothed_cross_entropy(labels, logits, smoothing=0.1, weights=None):
    losses = keras.losses.categorical_crossentropy(
        np.eye(logits.shape[1])[labels], logits.numpy(), from_logits=True, label_smoothing=smoothing)
    if weights is None:
        weights = np.ones(len(labels), "float32")
    return ops.sum(weights * losses) / ops.sum(weights)


# %% exercise="smoothed-cross-entropy" wrong="default-smoothing-zero" fails="smoothing is 0.1 if it is left out" points=2
def smoothed_cross_entropy(labels, logits, smoothing=0.0, weights=None):
    one_hot = ops.one_hot(labels, logits.shape[1])
    losses = keras.losses.categorical_crossentropy(one_hot, logits, from_logits=True, label_smoothing=smoothing)
    return ops.mean(losses) if weights is None else ops.sum(losses * weights) / ops.sum(weights)


# %% exercise="smoothed-cross-entropy" wrong="smoothing-fixed" fails="the argument smoothing was not used"
def smoothed_cross_entropy(labels, logits, smoothing=0.1, weights=None):
    one_hot = ops.one_hot(labels, logits.shape[1])
    losses = keras.losses.categorical_crossentropy(one_hot, logits, from_logits=True, label_smoothing=0.1)
    return ops.mean(losses) if weights is None else ops.sum(losses * weights) / ops.sum(weights)


# %% exercise="smoothed-cross-entropy" wrong="right-class-without-its-share" fails="the right class needs its share"
def smoothed_cross_entropy(labels, logits, smoothing=0.1, weights=None):
    one_hot = ops.one_hot(labels, logits.shape[1])
    t = one_hot * (1 - smoothing) + (1 - one_hot) * smoothing / logits.shape[1]
    losses = -ops.sum(t * ops.log_softmax(logits), axis=1)
    return ops.mean(losses) if weights is None else ops.sum(losses * weights) / ops.sum(weights)


# %% exercise="smoothed-cross-entropy" wrong="wrong-sign" fails="the sign is wrong"
def smoothed_cross_entropy(labels, logits, smoothing=0.1, weights=None):
    one_hot = ops.one_hot(labels, logits.shape[1])
    t = one_hot * (1 - smoothing) + smoothing / logits.shape[1]
    losses = ops.sum(t * ops.log_softmax(logits), axis=1)
    return ops.mean(losses) if weights is None else ops.sum(losses * weights) / ops.sum(weights)


# %% exercise="smoothed-cross-entropy" wrong="from-logits-forgotten" fails="were taken for probabilities"
def smoothed_cross_entropy(labels, logits, smoothing=0.1, weights=None):
    one_hot = ops.one_hot(labels, logits.shape[1])
    losses = keras.losses.categorical_crossentropy(one_hot, logits, label_smoothing=smoothing)
    return ops.mean(losses) if weights is None else ops.sum(losses * weights) / ops.sum(weights)


# %% exercise="smoothed-cross-entropy" wrong="weights-in-place" fails="changed one of its arguments" points=2
def smoothed_cross_entropy(labels, logits, smoothing=0.1, weights=None):
    one_hot = ops.one_hot(labels, logits.shape[1])
    losses = keras.losses.categorical_crossentropy(
        one_hot, logits, from_logits=True, label_smoothing=smoothing)
    if weights is None:
        weights = np.ones(len(labels), "float32")
    weights /= weights.sum()
    return ops.sum(weights * losses)


# %% exercise="smoothed-cross-entropy" right="softmax-that-keras-takes-back"
def smoothed_cross_entropy(labels, logits, smoothing=0.1, weights=None):
    one_hot = ops.one_hot(labels, logits.shape[1])
    losses = keras.losses.categorical_crossentropy(one_hot, ops.softmax(logits), label_smoothing=smoothing)
    if weights is None:
        weights = np.ones(len(labels), "float32")
    return ops.sum(weights * losses) / ops.sum(weights)


# %% exercise="smoothed-cross-entropy" right="built-in"
def smoothed_cross_entropy(labels, logits, smoothing=0.1, weights=None):
    one_hot = ops.one_hot(labels, logits.shape[1])
    losses = keras.losses.categorical_crossentropy(one_hot, logits, from_logits=True, label_smoothing=smoothing)
    return ops.mean(losses) if weights is None else ops.sum(losses * weights) / ops.sum(weights)


# %% exercise="smoothed-cross-entropy" right="one-hot-targets"
def smoothed_cross_entropy(labels, logits, smoothing=0.1, weights=None):
    n, k = logits.shape
    weights = np.ones(n, "float32") if weights is None else weights
    targets = np.eye(k, dtype="float32")[labels] * (1 - smoothing) + smoothing / k
    return -tf.reduce_sum(weights[:, None] * targets * tf.nn.log_softmax(logits)) / weights.sum()


# %% exercise="smoothed-cross-entropy" right="gather-and-logsumexp"
def smoothed_cross_entropy(labels, logits, smoothing=0.1, weights=None):
    log_p = logits - tf.reduce_logsumexp(logits, axis=-1, keepdims=True)
    of_label = tf.gather(log_p, labels, axis=1, batch_dims=1)
    losses = -((1 - smoothing) * of_label + smoothing * tf.reduce_mean(log_p, axis=-1))
    if weights is None:
        return tf.reduce_mean(losses)
    return tf.tensordot(weights, losses, 1) / tf.reduce_sum(weights)


# %% exercise="smoothed-cross-entropy" right="sparse-losses"
def smoothed_cross_entropy(labels, logits, smoothing=0.1, weights=None):
    plain = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
    spread = -tf.reduce_mean(tf.nn.log_softmax(logits), axis=-1)
    losses = (1 - smoothing) * plain + smoothing * spread
    weights = tf.ones_like(losses) if weights is None else tf.convert_to_tensor(weights)
    return tf.reduce_sum(losses * weights) / tf.reduce_sum(weights)


# %% exercise="macro-recall" wrong="accuracy" fails="that is the accuracy"
class MacroRecall(keras.metrics.Metric):
    def __init__(self, num_classes):
        super().__init__()
        self.num_classes = num_classes
        self.count = self.add_weight(shape=(num_classes,), initializer="zeros")
        self.right = self.add_weight(shape=(num_classes,), initializer="zeros")

    def update_state(self, labels, logits, sample_weight=None):
        hits = ops.cast(ops.argmax(logits, axis=1) == labels, "float32")
        one_hot = ops.one_hot(labels, self.num_classes)
        self.count.assign_add(ops.sum(one_hot, axis=0))
        self.right.assign_add(ops.sum(one_hot * hits[:, None], axis=0))

    def result(self):
        return ops.divide_no_nan(ops.sum(self.right.value), ops.sum(self.count.value))


# %% exercise="macro-recall" wrong="precision" fails="which is precision"
class MacroRecall(keras.metrics.Metric):
    def __init__(self, num_classes):
        super().__init__()
        self.num_classes = num_classes
        self.count = self.add_weight(shape=(num_classes,), initializer="zeros")
        self.right = self.add_weight(shape=(num_classes,), initializer="zeros")

    def update_state(self, labels, logits, sample_weight=None):
        hits = ops.cast(ops.argmax(logits, axis=1) == labels, "float32")
        one_hot = ops.one_hot(ops.argmax(logits, axis=1), self.num_classes)
        self.count.assign_add(ops.sum(one_hot, axis=0))
        self.right.assign_add(ops.sum(one_hot * hits[:, None], axis=0))

    def result(self):
        recalls = ops.divide_no_nan(self.right.value, self.count.value)
        seen = ops.sum(ops.cast(self.count.value > 0, "float32"))
        return ops.divide_no_nan(ops.sum(recalls), seen)


# %% exercise="macro-recall" wrong="mean-of-batches" fails="that is the mean of the recalls of the batches" points=2
class MacroRecall(keras.metrics.Metric):
    def __init__(self, num_classes):
        super().__init__()
        self.total = self.add_weight(shape=(), initializer="zeros")
        self.batches = self.add_weight(shape=(), initializer="zeros")

    def update_state(self, labels, logits, sample_weight=None):
        answers = np.argmax(logits, axis=1)
        recalls = [np.mean(answers[labels == c] == c) for c in np.unique(labels)]
        if recalls:
            self.total.assign_add(np.mean(recalls))
            self.batches.assign_add(1.0)

    def result(self):
        return ops.divide_no_nan(self.total.value, self.batches.value)


# %% exercise="macro-recall" wrong="last-batch-only" fails="that is the value of the last batch only" points=2
class MacroRecall(keras.metrics.Metric):
    def __init__(self, num_classes):
        super().__init__()
        self.num_classes = num_classes
        self.count = self.add_weight(shape=(num_classes,), initializer="zeros")
        self.right = self.add_weight(shape=(num_classes,), initializer="zeros")

    def update_state(self, labels, logits, sample_weight=None):
        hits = ops.cast(ops.argmax(logits, axis=1) == labels, "float32")
        one_hot = ops.one_hot(labels, self.num_classes)
        self.count.assign(ops.sum(one_hot, axis=0))
        self.right.assign(ops.sum(one_hot * hits[:, None], axis=0))

    def result(self):
        recalls = ops.divide_no_nan(self.right.value, self.count.value)
        seen = ops.sum(ops.cast(self.count.value > 0, "float32"))
        return ops.divide_no_nan(ops.sum(recalls), seen)


# %% exercise="macro-recall" wrong="absent-classes-count-as-zero" fails="classes that never came up were counted as 0" points=1
class MacroRecall(keras.metrics.Metric):
    def __init__(self, num_classes):
        super().__init__()
        self.num_classes = num_classes
        self.count = self.add_weight(shape=(num_classes,), initializer="zeros")
        self.right = self.add_weight(shape=(num_classes,), initializer="zeros")

    def update_state(self, labels, logits, sample_weight=None):
        hits = ops.cast(ops.argmax(logits, axis=1) == labels, "float32")
        one_hot = ops.one_hot(labels, self.num_classes)
        self.count.assign_add(ops.sum(one_hot, axis=0))
        self.right.assign_add(ops.sum(one_hot * hits[:, None], axis=0))

    def result(self):
        return ops.mean(ops.divide_no_nan(self.right.value, self.count.value))


# %% exercise="macro-recall" wrong="absent-classes-divide-by-zero" fails="before any batch gave nan" points=1
class MacroRecall(keras.metrics.Metric):
    def __init__(self, num_classes):
        super().__init__()
        self.num_classes = num_classes
        self.count = self.add_weight(shape=(num_classes,), initializer="zeros")
        self.right = self.add_weight(shape=(num_classes,), initializer="zeros")

    def update_state(self, labels, logits, sample_weight=None):
        hits = ops.cast(ops.argmax(logits, axis=1) == labels, "float32")
        one_hot = ops.one_hot(labels, self.num_classes)
        self.count.assign_add(ops.sum(one_hot, axis=0))
        self.right.assign_add(ops.sum(one_hot * hits[:, None], axis=0))

    def result(self):
        return ops.mean(self.right.value / self.count.value)


# %% exercise="macro-recall" wrong="answers-make-a-class" fails="it must have been a label" points=1
class MacroRecall(keras.metrics.Metric):
    def __init__(self, num_classes):
        super().__init__()
        self.num_classes = num_classes
        self.count = self.add_weight(shape=(num_classes,), initializer="zeros")
        self.right = self.add_weight(shape=(num_classes,), initializer="zeros")
        self.called = self.add_weight(shape=(num_classes,), initializer="zeros")

    def update_state(self, labels, logits, sample_weight=None):
        hits = ops.cast(ops.argmax(logits, axis=1) == labels, "float32")
        one_hot = ops.one_hot(labels, self.num_classes)
        self.count.assign_add(ops.sum(one_hot, axis=0))
        self.right.assign_add(ops.sum(one_hot * hits[:, None], axis=0))
        answers = ops.one_hot(ops.argmax(logits, axis=1), self.num_classes)
        self.called.assign_add(ops.sum(answers, axis=0))

    def result(self):
        recalls = ops.divide_no_nan(self.right.value, self.count.value)
        seen = ops.sum(ops.cast(self.count.value + self.called.value > 0, "float32"))
        return ops.divide_no_nan(ops.sum(recalls), seen)


# %% exercise="macro-recall" wrong="only-hits-are-reset" fails="what came before the reset is still counted" points=2
class MacroRecall(keras.metrics.Metric):
    def __init__(self, num_classes):
        super().__init__()
        self.num_classes = num_classes
        self.count = self.add_weight(shape=(num_classes,), initializer="zeros")
        self.right = self.add_weight(shape=(num_classes,), initializer="zeros")

    def reset_state(self):
        self.right.assign(ops.zeros_like(self.right))

    def update_state(self, labels, logits, sample_weight=None):
        hits = ops.cast(ops.argmax(logits, axis=1) == labels, "float32")
        one_hot = ops.one_hot(labels, self.num_classes)
        self.count.assign_add(ops.sum(one_hot, axis=0))
        self.right.assign_add(ops.sum(one_hot * hits[:, None], axis=0))

    def result(self):
        recalls = ops.divide_no_nan(self.right.value, self.count.value)
        seen = ops.sum(ops.cast(self.count.value > 0, "float32"))
        return ops.divide_no_nan(ops.sum(recalls), seen)


# %% exercise="macro-recall" wrong="nothing-is-reset" fails="after reset_state gave" points=2
class MacroRecall(keras.metrics.Metric):
    def __init__(self, num_classes):
        super().__init__()
        self.num_classes = num_classes
        self.count = self.add_weight(shape=(num_classes,), initializer="zeros")
        self.right = self.add_weight(shape=(num_classes,), initializer="zeros")

    def reset_state(self):
        pass

    def update_state(self, labels, logits, sample_weight=None):
        hits = ops.cast(ops.argmax(logits, axis=1) == labels, "float32")
        one_hot = ops.one_hot(labels, self.num_classes)
        self.count.assign_add(ops.sum(one_hot, axis=0))
        self.right.assign_add(ops.sum(one_hot * hits[:, None], axis=0))

    def result(self):
        recalls = ops.divide_no_nan(self.right.value, self.count.value)
        seen = ops.sum(ops.cast(self.count.value > 0, "float32"))
        return ops.divide_no_nan(ops.sum(recalls), seen)


# %% exercise="macro-recall" wrong="counts-in-arrays" fails="keep the counts in add_weight" points=2
class MacroRecall(keras.metrics.Metric):
    def __init__(self, num_classes):
        super().__init__()
        self.count, self.right = np.zeros(num_classes), np.zeros(num_classes)

    def reset_state(self):
        self.count[:] = 0
        self.right[:] = 0

    def update_state(self, labels, logits, sample_weight=None):
        np.add.at(self.count, labels, 1)
        np.add.at(self.right, labels[np.argmax(logits, axis=1) == labels], 1)

    def result(self):
        seen = self.count > 0
        value = (self.right[seen] / self.count[seen]).mean() if seen.any() else 0.0
        return tf.constant(value, "float32")


# %% exercise="macro-recall" wrong="state-of-the-class" fails="the state is shared"
class MacroRecall(keras.metrics.Metric):
    counts = np.zeros((2, 10))

    def __init__(self, num_classes):
        super().__init__()
        self.shown = self.add_weight(shape=(), initializer="zeros")

    def reset_state(self):
        MacroRecall.counts[:] = 0

    def update_state(self, labels, logits, sample_weight=None):
        np.add.at(MacroRecall.counts[0], labels, 1)
        np.add.at(MacroRecall.counts[1], labels[np.argmax(logits, axis=1) == labels], 1)

    def result(self):
        count, right = MacroRecall.counts
        seen = count > 0
        return tf.constant((right[seen] / count[seen]).mean() if seen.any() else 0.0, "float32")


# %% exercise="macro-recall" wrong="a-python-number" fails="gave float, wanted a tensor" points=1
class MacroRecall(keras.metrics.Metric):
    def __init__(self, num_classes):
        super().__init__()
        self.num_classes = num_classes
        self.count = self.add_weight(shape=(num_classes,), initializer="zeros")
        self.right = self.add_weight(shape=(num_classes,), initializer="zeros")

    def update_state(self, labels, logits, sample_weight=None):
        hits = ops.cast(ops.argmax(logits, axis=1) == labels, "float32")
        one_hot = ops.one_hot(labels, self.num_classes)
        self.count.assign_add(ops.sum(one_hot, axis=0))
        self.right.assign_add(ops.sum(one_hot * hits[:, None], axis=0))

    def result(self):
        recalls = ops.divide_no_nan(self.right.value, self.count.value)
        seen = ops.sum(ops.cast(self.count.value > 0, "float32"))
        return float(ops.divide_no_nan(ops.sum(recalls), seen))


# %% exercise="macro-recall" wrong="skips-classes-with-recall-zero" fails="has recall 0, and counts" points=1
class MacroRecall(keras.metrics.Metric):
    def __init__(self, num_classes):
        super().__init__()
        self.num_classes = num_classes
        self.count = self.add_weight(shape=(num_classes,), initializer="zeros")
        self.right = self.add_weight(shape=(num_classes,), initializer="zeros")

    def update_state(self, labels, logits, sample_weight=None):
        hits = ops.cast(ops.argmax(logits, axis=1) == labels, "float32")
        one_hot = ops.one_hot(labels, self.num_classes)
        self.count.assign_add(ops.sum(one_hot, axis=0))
        self.right.assign_add(ops.sum(one_hot * hits[:, None], axis=0))

    def result(self):
        recalls = ops.divide_no_nan(self.right.value, self.count.value)
        seen = ops.sum(ops.cast(self.right.value > 0, "float32"))
        return ops.divide_no_nan(ops.sum(recalls), seen)


# %% exercise="macro-recall" wrong="result-resets" fails="result must not change the state" points=2
class MacroRecall(keras.metrics.Metric):
    def __init__(self, num_classes):
        super().__init__()
        self.num_classes = num_classes
        self.count = self.add_weight(shape=(num_classes,), initializer="zeros")
        self.right = self.add_weight(shape=(num_classes,), initializer="zeros")

    def update_state(self, labels, logits, sample_weight=None):
        hits = ops.cast(ops.argmax(logits, axis=1) == labels, "float32")
        one_hot = ops.one_hot(labels, self.num_classes)
        self.count.assign_add(ops.sum(one_hot, axis=0))
        self.right.assign_add(ops.sum(one_hot * hits[:, None], axis=0))

    def result(self):
        recalls = ops.divide_no_nan(self.right.value, self.count.value)
        seen = ops.sum(ops.cast(self.count.value > 0, "float32"))
        value = ops.divide_no_nan(ops.sum(recalls), seen)
        self.reset_state()
        return value


# %% exercise="macro-recall" wrong="counts-in-arrays-beside-a-weight" fails="is not in variables" points=2
class MacroRecall(keras.metrics.Metric):
    def __init__(self, num_classes):
        super().__init__()
        self.value = self.add_weight(shape=(), initializer="zeros")
        self.count, self.right = np.zeros(num_classes), np.zeros(num_classes)

    def reset_state(self):
        self.count[:] = 0
        self.right[:] = 0

    def update_state(self, labels, logits, sample_weight=None):
        np.add.at(self.count, labels, 1)
        np.add.at(self.right, labels[np.argmax(logits, axis=1) == labels], 1)

    def result(self):
        seen = self.count > 0
        value = (self.right[seen] / self.count[seen]).mean() if seen.any() else 0.0
        return tf.constant(value, "float32")


# %% exercise="macro-recall" right="confusion-matrix"
class MacroRecall(keras.metrics.Metric):
    def __init__(self, num_classes, name="recall"):
        super().__init__(name=name)
        self.k = num_classes
        self.matrix = self.add_weight(name="matrix", shape=(num_classes, num_classes), initializer="zeros")

    def update_state(self, labels, logits, sample_weight=None):
        answers = tf.argmax(logits, axis=-1)
        self.matrix.assign_add(tf.math.confusion_matrix(labels, answers, self.k, dtype="float32"))

    def result(self):
        rows = tf.reduce_sum(self.matrix.value, axis=1)
        recalls = tf.linalg.diag_part(self.matrix.value)[rows > 0] / rows[rows > 0]
        return tf.reduce_mean(recalls) if len(recalls) else tf.constant(0.0)


# %% exercise="macro-recall" right="one-metric-per-class"
class MacroRecall(keras.metrics.Metric):
    def __init__(self, num_classes):
        super().__init__()
        self.parts = [keras.metrics.Mean() for _ in range(num_classes)]

    @property
    def variables(self):
        return [v for part in self.parts for v in part.variables]

    def reset_state(self):
        for part in self.parts:
            part.reset_state()

    def update_state(self, labels, logits, sample_weight=None):
        hits = np.argmax(logits, axis=1) == labels
        for c, part in enumerate(self.parts):
            if np.any(labels == c):
                part.update_state(hits[labels == c].astype("float32"))

    def result(self):
        values = [float(part.result()) for part in self.parts if float(part.count) > 0]
        return tf.constant(np.mean(values) if values else 0.0, tf.float32)


# %% exercise="macro-recall" right="counts-of-numpy"
class MacroRecall(keras.metrics.Metric):
    def __init__(self, num_classes):
        super().__init__()
        self.num_classes = num_classes
        self.count = self.add_weight(shape=(num_classes,), initializer="zeros")
        self.right = self.add_weight(shape=(num_classes,), initializer="zeros")

    def update_state(self, labels, logits, sample_weight=None):
        answers = np.argmax(logits, axis=1)
        self.count.assign_add(np.bincount(labels, minlength=self.num_classes))
        self.right.assign_add(np.bincount(labels[answers == labels], minlength=self.num_classes))

    def result(self):
        count, right = self.count.numpy(), self.right.numpy()
        seen = count > 0
        return tf.constant(np.mean(right[seen] / count[seen]) if seen.any() else 0.0, tf.float32)


# %% exercise="fit-and-resume" wrong="epochs-of-this-call" fails="epochs counts all epochs" points=2
def fit(model, optimizer, x, y, epochs, folder, batch_size=32, seed=0):
    optimizer.build(model.trainable_variables)
    path, done = folder / "checkpoint.npz", 0
    variables = [*model.variables, *optimizer.variables]
    if path.exists():
        with np.load(path) as saved:
            for i, variable in enumerate(variables):
                variable.assign(saved[f"v{i}"])
            done = int(saved["epochs"])
    for epoch in range(done, done + epochs):
        order = np.random.default_rng((seed, epoch)).permutation(len(x))
        for i in range(0, len(x), batch_size):
            rows = order[i : i + batch_size]
            with tf.GradientTape() as tape:
                logits = model(x[rows], training=True)
                loss = ops.mean(keras.losses.sparse_categorical_crossentropy(y[rows], logits, from_logits=True))
            optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
        arrays = {f"v{i}": variable.numpy() for i, variable in enumerate(variables)}
        np.savez(path, epochs=epoch + 1, **arrays)
    return epochs


# %% exercise="fit-and-resume" wrong="starts-anew" fails="new model and optimizer, 2 done" points=2
def fit(model, optimizer, x, y, epochs, folder, batch_size=32, seed=0):
    optimizer.build(model.trainable_variables)
    path, variables = folder / "checkpoint.npz", [*model.variables, *optimizer.variables]
    for epoch in range(epochs):
        order = np.random.default_rng((seed, epoch)).permutation(len(x))
        for i in range(0, len(x), batch_size):
            rows = order[i : i + batch_size]
            with tf.GradientTape() as tape:
                logits = model(x[rows], training=True)
                loss = ops.mean(keras.losses.sparse_categorical_crossentropy(y[rows], logits, from_logits=True))
            optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
        arrays = {f"v{i}": variable.numpy() for i, variable in enumerate(variables)}
        np.savez(path, epochs=epoch + 1, **arrays)
    return epochs


# %% exercise="fit-and-resume" wrong="weights-only" fails="its variables belong into the checkpoint" points=3
def fit(model, optimizer, x, y, epochs, folder, batch_size=32, seed=0):
    optimizer.build(model.trainable_variables)
    path, done = folder / "checkpoint.npz", 0
    variables = model.variables
    if path.exists():
        with np.load(path) as saved:
            for i, variable in enumerate(variables):
                variable.assign(saved[f"v{i}"])
            done = int(saved["epochs"])
    for epoch in range(done, epochs):
        order = np.random.default_rng((seed, epoch)).permutation(len(x))
        for i in range(0, len(x), batch_size):
            rows = order[i : i + batch_size]
            with tf.GradientTape() as tape:
                logits = model(x[rows], training=True)
                loss = ops.mean(keras.losses.sparse_categorical_crossentropy(y[rows], logits, from_logits=True))
            optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
        arrays = {f"v{i}": variable.numpy() for i, variable in enumerate(variables)}
        np.savez(path, epochs=epoch + 1, **arrays)
    return max(epochs - done, 0)


# %% exercise="fit-and-resume" wrong="optimizer-not-built" fails="it must be built before" points=3
def fit(model, optimizer, x, y, epochs, folder, batch_size=32, seed=0):
    path, done = folder / "checkpoint.npz", 0
    variables = [*model.variables, *optimizer.variables]
    if path.exists():
        with np.load(path) as saved:
            for i, variable in enumerate(variables):
                if f"v{i}" not in saved:
                    break
                variable.assign(saved[f"v{i}"])
            done = int(saved["epochs"])
    for epoch in range(done, epochs):
        order = np.random.default_rng((seed, epoch)).permutation(len(x))
        for i in range(0, len(x), batch_size):
            rows = order[i : i + batch_size]
            with tf.GradientTape() as tape:
                logits = model(x[rows], training=True)
                loss = ops.mean(keras.losses.sparse_categorical_crossentropy(y[rows], logits, from_logits=True))
            optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
        arrays = {f"v{i}": variable.numpy() for i, variable in enumerate([*model.variables, *optimizer.variables])}
        np.savez(path, epochs=epoch + 1, **arrays)
    return max(epochs - done, 0)


# %% exercise="fit-and-resume" wrong="trainable-only" fails="load all variables, trained or not" points=3
def fit(model, optimizer, x, y, epochs, folder, batch_size=32, seed=0):
    optimizer.build(model.trainable_variables)
    path, done = folder / "checkpoint.npz", 0
    variables = [*model.trainable_variables, *optimizer.variables]
    if path.exists():
        with np.load(path) as saved:
            for i, variable in enumerate(variables):
                variable.assign(saved[f"v{i}"])
            done = int(saved["epochs"])
    for epoch in range(done, epochs):
        order = np.random.default_rng((seed, epoch)).permutation(len(x))
        for i in range(0, len(x), batch_size):
            rows = order[i : i + batch_size]
            with tf.GradientTape() as tape:
                logits = model(x[rows], training=True)
                loss = ops.mean(keras.losses.sparse_categorical_crossentropy(y[rows], logits, from_logits=True))
            optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
        arrays = {f"v{i}": variable.numpy() for i, variable in enumerate(variables)}
        np.savez(path, epochs=epoch + 1, **arrays)
    return max(epochs - done, 0)


# %% exercise="fit-and-resume" wrong="generator-starts-anew" fails="the order must depend on seed and epoch alone" points=4
def fit(model, optimizer, x, y, epochs, folder, batch_size=32, seed=0):
    optimizer.build(model.trainable_variables)
    path, done = folder / "checkpoint.npz", 0
    variables = [*model.variables, *optimizer.variables]
    if path.exists():
        with np.load(path) as saved:
            for i, variable in enumerate(variables):
                variable.assign(saved[f"v{i}"])
            done = int(saved["epochs"])
    generator = np.random.default_rng(seed)
    for epoch in range(done, epochs):
        order = generator.permutation(len(x))
        for i in range(0, len(x), batch_size):
            rows = order[i : i + batch_size]
            with tf.GradientTape() as tape:
                logits = model(x[rows], training=True)
                loss = ops.mean(keras.losses.sparse_categorical_crossentropy(y[rows], logits, from_logits=True))
            optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
        arrays = {f"v{i}": variable.numpy() for i, variable in enumerate(variables)}
        np.savez(path, epochs=epoch + 1, **arrays)
    return max(epochs - done, 0)


# %% exercise="fit-and-resume" wrong="saved-at-the-end-of-the-call" fails="not only at the end of the call" points=4
def fit(model, optimizer, x, y, epochs, folder, batch_size=32, seed=0):
    optimizer.build(model.trainable_variables)
    path, done = folder / "checkpoint.npz", 0
    variables = [*model.variables, *optimizer.variables]
    if path.exists():
        with np.load(path) as saved:
            for i, variable in enumerate(variables):
                variable.assign(saved[f"v{i}"])
            done = int(saved["epochs"])
    for epoch in range(done, epochs):
        order = np.random.default_rng((seed, epoch)).permutation(len(x))
        for i in range(0, len(x), batch_size):
            rows = order[i : i + batch_size]
            with tf.GradientTape() as tape:
                logits = model(x[rows], training=True)
                loss = ops.mean(keras.losses.sparse_categorical_crossentropy(y[rows], logits, from_logits=True))
            optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
    done_now = max(epochs - done, 0)
    arrays = {f"v{i}": variable.numpy() for i, variable in enumerate(variables)}
    np.savez(path, epochs=done + done_now, **arrays)
    return done_now


# %% exercise="fit-and-resume" wrong="same-order-in-each-epoch" fails="all different" points=4
def fit(model, optimizer, x, y, epochs, folder, batch_size=32, seed=0):
    optimizer.build(model.trainable_variables)
    path, done = folder / "checkpoint.npz", 0
    variables = [*model.variables, *optimizer.variables]
    if path.exists():
        with np.load(path) as saved:
            for i, variable in enumerate(variables):
                variable.assign(saved[f"v{i}"])
            done = int(saved["epochs"])
    for epoch in range(done, epochs):
        order = np.random.default_rng(seed).permutation(len(x))
        for i in range(0, len(x), batch_size):
            rows = order[i : i + batch_size]
            with tf.GradientTape() as tape:
                logits = model(x[rows], training=True)
                loss = ops.mean(keras.losses.sparse_categorical_crossentropy(y[rows], logits, from_logits=True))
            optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
        arrays = {f"v{i}": variable.numpy() for i, variable in enumerate(variables)}
        np.savez(path, epochs=epoch + 1, **arrays)
    return max(epochs - done, 0)


# %% exercise="fit-and-resume" wrong="labels-out-of-step" fails="the labels of the same rows" points=4
def fit(model, optimizer, x, y, epochs, folder, batch_size=32, seed=0):
    optimizer.build(model.trainable_variables)
    path, done = folder / "checkpoint.npz", 0
    variables = [*model.variables, *optimizer.variables]
    if path.exists():
        with np.load(path) as saved:
            for i, variable in enumerate(variables):
                variable.assign(saved[f"v{i}"])
            done = int(saved["epochs"])
    for epoch in range(done, epochs):
        order = np.random.default_rng((seed, epoch)).permutation(len(x))
        other = np.random.default_rng((seed, epoch, 1)).permutation(len(x))
        for i in range(0, len(x), batch_size):
            rows = order[i : i + batch_size]
            with tf.GradientTape() as tape:
                logits = model(x[rows], training=True)
                loss = ops.mean(keras.losses.sparse_categorical_crossentropy(y[other[i : i + batch_size]], logits, from_logits=True))
            optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
        arrays = {f"v{i}": variable.numpy() for i, variable in enumerate(variables)}
        np.savez(path, epochs=epoch + 1, **arrays)
    return max(epochs - done, 0)


# %% exercise="fit-and-resume" wrong="a-new-optimizer-in-each-step" fails="the momentum is lost" points=4
def fit(model, optimizer, x, y, epochs, folder, batch_size=32, seed=0):
    optimizer.build(model.trainable_variables)
    path, done = folder / "checkpoint.npz", 0
    variables = [*model.variables, *optimizer.variables]
    if path.exists():
        with np.load(path) as saved:
            for i, variable in enumerate(variables):
                variable.assign(saved[f"v{i}"])
            done = int(saved["epochs"])
    for epoch in range(done, epochs):
        order = np.random.default_rng((seed, epoch)).permutation(len(x))
        for i in range(0, len(x), batch_size):
            rows = order[i : i + batch_size]
            with tf.GradientTape() as tape:
                logits = model(x[rows], training=True)
                loss = ops.mean(keras.losses.sparse_categorical_crossentropy(y[rows], logits, from_logits=True))
            for v in optimizer.variables[2:]:
                v.assign(ops.zeros_like(v))
            optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
        arrays = {f"v{i}": variable.numpy() for i, variable in enumerate(variables)}
        np.savez(path, epochs=epoch + 1, **arrays)
    return max(epochs - done, 0)


# %% exercise="fit-and-resume" wrong="sum-of-the-losses" fails="that is the sum of the losses" points=4
def fit(model, optimizer, x, y, epochs, folder, batch_size=32, seed=0):
    optimizer.build(model.trainable_variables)
    path, done = folder / "checkpoint.npz", 0
    variables = [*model.variables, *optimizer.variables]
    if path.exists():
        with np.load(path) as saved:
            for i, variable in enumerate(variables):
                variable.assign(saved[f"v{i}"])
            done = int(saved["epochs"])
    for epoch in range(done, epochs):
        order = np.random.default_rng((seed, epoch)).permutation(len(x))
        for i in range(0, len(x), batch_size):
            rows = order[i : i + batch_size]
            with tf.GradientTape() as tape:
                logits = model(x[rows], training=True)
                loss = ops.sum(keras.losses.sparse_categorical_crossentropy(y[rows], logits, from_logits=True))
            optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
        arrays = {f"v{i}": variable.numpy() for i, variable in enumerate(variables)}
        np.savez(path, epochs=epoch + 1, **arrays)
    return max(epochs - done, 0)


# %% exercise="fit-and-resume" wrong="last-batch-dropped" fails="the smaller last one included" points=2
def fit(model, optimizer, x, y, epochs, folder, batch_size=32, seed=0):
    optimizer.build(model.trainable_variables)
    path, done = folder / "checkpoint.npz", 0
    variables = [*model.variables, *optimizer.variables]
    if path.exists():
        with np.load(path) as saved:
            for i, variable in enumerate(variables):
                variable.assign(saved[f"v{i}"])
            done = int(saved["epochs"])
    for epoch in range(done, epochs):
        order = np.random.default_rng((seed, epoch)).permutation(len(x))
        for i in range(0, len(x) - batch_size + 1, batch_size):
            rows = order[i : i + batch_size]
            with tf.GradientTape() as tape:
                logits = model(x[rows], training=True)
                loss = ops.mean(keras.losses.sparse_categorical_crossentropy(y[rows], logits, from_logits=True))
            optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
        arrays = {f"v{i}": variable.numpy() for i, variable in enumerate(variables)}
        np.savez(path, epochs=epoch + 1, **arrays)
    return max(epochs - done, 0)


# %% exercise="fit-and-resume" wrong="mode-forgotten" fails="say training=True in the call" points=4
def fit(model, optimizer, x, y, epochs, folder, batch_size=32, seed=0):
    optimizer.build(model.trainable_variables)
    path, done = folder / "checkpoint.npz", 0
    variables = [*model.variables, *optimizer.variables]
    if path.exists():
        with np.load(path) as saved:
            for i, variable in enumerate(variables):
                variable.assign(saved[f"v{i}"])
            done = int(saved["epochs"])
    for epoch in range(done, epochs):
        order = np.random.default_rng((seed, epoch)).permutation(len(x))
        for i in range(0, len(x), batch_size):
            rows = order[i : i + batch_size]
            with tf.GradientTape() as tape:
                logits = model(x[rows])
                loss = ops.mean(keras.losses.sparse_categorical_crossentropy(y[rows], logits, from_logits=True))
            optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
        arrays = {f"v{i}": variable.numpy() for i, variable in enumerate(variables)}
        np.savez(path, epochs=epoch + 1, **arrays)
    return max(epochs - done, 0)


# %% exercise="fit-and-resume" wrong="global-generator" fails="and not on what was drawn before" points=3
def fit(model, optimizer, x, y, epochs, folder, batch_size=32, seed=0):
    optimizer.build(model.trainable_variables)
    path, done = folder / "checkpoint.npz", 0
    variables = [*model.variables, *optimizer.variables]
    if path.exists():
        with np.load(path) as saved:
            for i, variable in enumerate(variables):
                variable.assign(saved[f"v{i}"])
            done = int(saved["epochs"])
    for epoch in range(done, epochs):
        order = np.random.permutation(len(x))
        for i in range(0, len(x), batch_size):
            rows = order[i : i + batch_size]
            with tf.GradientTape() as tape:
                logits = model(x[rows], training=True)
                loss = ops.mean(keras.losses.sparse_categorical_crossentropy(y[rows], logits, from_logits=True))
            optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
        arrays = {f"v{i}": variable.numpy() for i, variable in enumerate(variables)}
        np.savez(path, epochs=epoch + 1, **arrays)
    return max(epochs - done, 0)


# %% exercise="fit-and-resume" wrong="seed-ignored" fails="the order is the same for seed 1 and seed 2" points=4
def fit(model, optimizer, x, y, epochs, folder, batch_size=32, seed=0):
    optimizer.build(model.trainable_variables)
    path, done = folder / "checkpoint.npz", 0
    variables = [*model.variables, *optimizer.variables]
    if path.exists():
        with np.load(path) as saved:
            for i, variable in enumerate(variables):
                variable.assign(saved[f"v{i}"])
            done = int(saved["epochs"])
    for epoch in range(done, epochs):
        order = np.random.default_rng(epoch).permutation(len(x))
        for i in range(0, len(x), batch_size):
            rows = order[i : i + batch_size]
            with tf.GradientTape() as tape:
                logits = model(x[rows], training=True)
                loss = ops.mean(keras.losses.sparse_categorical_crossentropy(y[rows], logits, from_logits=True))
            optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
        arrays = {f"v{i}": variable.numpy() for i, variable in enumerate(variables)}
        np.savez(path, epochs=epoch + 1, **arrays)
    return max(epochs - done, 0)


# %% exercise="fit-and-resume" wrong="named-gpu" fails="name no device" points=4
def fit(model, optimizer, x, y, epochs, folder, batch_size=32, seed=0):
    optimizer.build(model.trainable_variables)
    path, done = folder / "checkpoint.npz", 0
    variables = [*model.variables, *optimizer.variables]
    if path.exists():
        with np.load(path) as saved:
            for i, variable in enumerate(variables):
                variable.assign(saved[f"v{i}"])
            done = int(saved["epochs"])
    for epoch in range(done, epochs):
        order = np.random.default_rng((seed, epoch)).permutation(len(x))
        for i in range(0, len(x), batch_size):
            rows = order[i : i + batch_size]
            with tf.device("GPU:0"), tf.GradientTape() as tape:
                logits = model(x[rows], training=True)
                loss = ops.mean(keras.losses.sparse_categorical_crossentropy(y[rows], logits, from_logits=True))
            optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
        arrays = {f"v{i}": variable.numpy() for i, variable in enumerate(variables)}
        np.savez(path, epochs=epoch + 1, **arrays)
    return max(epochs - done, 0)


# %% exercise="fit-and-resume" wrong="shuffle-that-heeds-the-global-seed" fails="the order must depend on seed and epoch alone" points=4
def fit(model, optimizer, x, y, epochs, folder, batch_size=32, seed=0):
    optimizer.build(model.trainable_variables)
    path, done = folder / "checkpoint.npz", 0
    variables = [*model.variables, *optimizer.variables]
    if path.exists():
        with np.load(path) as saved:
            for i, variable in enumerate(variables):
                variable.assign(saved[f"v{i}"])
            done = int(saved["epochs"])
    for epoch in range(done, epochs):
        data = tf.data.Dataset.from_tensor_slices((x, y))
        for pictures, labels in data.shuffle(len(x), seed=1000 * seed + epoch).batch(batch_size):
            with tf.GradientTape() as tape:
                logits = model(pictures, training=True)
                loss = ops.mean(keras.losses.sparse_categorical_crossentropy(labels, logits, from_logits=True))
            optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
        arrays = {f"v{i}": variable.numpy() for i, variable in enumerate(variables)}
        np.savez(path, epochs=epoch + 1, **arrays)
    return max(epochs - done, 0)


# %% exercise="fit-and-resume" wrong="kept-in-memory" fails="left its folder empty" points=4
saved_runs = {}


def fit(model, optimizer, x, y, epochs, folder, batch_size=32, seed=0):
    optimizer.build(model.trainable_variables)
    path, done = folder / "checkpoint.npz", 0
    variables = [*model.variables, *optimizer.variables]
    if folder in saved_runs:
        saved = saved_runs[folder]
        if True:
            for i, variable in enumerate(variables):
                variable.assign(saved[f"v{i}"])
            done = int(saved["epochs"])
    for epoch in range(done, epochs):
        order = np.random.default_rng((seed, epoch)).permutation(len(x))
        for i in range(0, len(x), batch_size):
            rows = order[i : i + batch_size]
            with tf.GradientTape() as tape:
                logits = model(x[rows], training=True)
                loss = ops.mean(keras.losses.sparse_categorical_crossentropy(y[rows], logits, from_logits=True))
            optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
        arrays = {f"v{i}": variable.numpy() for i, variable in enumerate(variables)}
        saved_runs[folder] = {"epochs": epoch + 1, **arrays}
    return max(epochs - done, 0)


# %% exercise="fit-and-resume" wrong="number-below-zero" fails="gave -1, wanted 0" points=4
def fit(model, optimizer, x, y, epochs, folder, batch_size=32, seed=0):
    optimizer.build(model.trainable_variables)
    path, done = folder / "checkpoint.npz", 0
    variables = [*model.variables, *optimizer.variables]
    if path.exists():
        with np.load(path) as saved:
            for i, variable in enumerate(variables):
                variable.assign(saved[f"v{i}"])
            done = int(saved["epochs"])
    for epoch in range(done, epochs):
        order = np.random.default_rng((seed, epoch)).permutation(len(x))
        for i in range(0, len(x), batch_size):
            rows = order[i : i + batch_size]
            with tf.GradientTape() as tape:
                logits = model(x[rows], training=True)
                loss = ops.mean(keras.losses.sparse_categorical_crossentropy(y[rows], logits, from_logits=True))
            optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
        arrays = {f"v{i}": variable.numpy() for i, variable in enumerate(variables)}
        np.savez(path, epochs=epoch + 1, **arrays)
    return epochs - done


# %% exercise="fit-and-resume" wrong="returns-early-without-loading" fails="left the model with other numbers" points=4
def fit(model, optimizer, x, y, epochs, folder, batch_size=32, seed=0):
    optimizer.build(model.trainable_variables)
    path, done = folder / "checkpoint.npz", 0
    variables = [*model.variables, *optimizer.variables]
    if path.exists():
        with np.load(path) as saved:
            done = int(saved["epochs"])
            if done >= epochs:
                return 0
            for i, variable in enumerate(variables):
                variable.assign(saved[f"v{i}"])
    for epoch in range(done, epochs):
        order = np.random.default_rng((seed, epoch)).permutation(len(x))
        for i in range(0, len(x), batch_size):
            rows = order[i : i + batch_size]
            with tf.GradientTape() as tape:
                logits = model(x[rows], training=True)
                loss = ops.mean(keras.losses.sparse_categorical_crossentropy(y[rows], logits, from_logits=True))
            optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
        arrays = {f"v{i}": variable.numpy() for i, variable in enumerate(variables)}
        np.savez(path, epochs=epoch + 1, **arrays)
    return max(epochs - done, 0)


# %% exercise="fit-and-resume" wrong="saves-the-number-of-the-epoch" fails="when the first is over, 1 is done" points=2
def fit(model, optimizer, x, y, epochs, folder, batch_size=32, seed=0):
    optimizer.build(model.trainable_variables)
    path, done = folder / "checkpoint.npz", 0
    variables = [*model.variables, *optimizer.variables]
    if path.exists():
        with np.load(path) as saved:
            for i, variable in enumerate(variables):
                variable.assign(saved[f"v{i}"])
            done = int(saved["epochs"])
    for epoch in range(done, epochs):
        order = np.random.default_rng((seed, epoch)).permutation(len(x))
        for i in range(0, len(x), batch_size):
            rows = order[i : i + batch_size]
            with tf.GradientTape() as tape:
                logits = model(x[rows], training=True)
                loss = ops.mean(keras.losses.sparse_categorical_crossentropy(y[rows], logits, from_logits=True))
            optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
        arrays = {f"v{i}": variable.numpy() for i, variable in enumerate(variables)}
        np.savez(path, epochs=epoch, **arrays)
    return max(epochs - done, 0)


# %% exercise="fit-and-resume" wrong="saves-in-every-step" fails="at the end of an epoch" points=4
def fit(model, optimizer, x, y, epochs, folder, batch_size=32, seed=0):
    optimizer.build(model.trainable_variables)
    path, done = folder / "checkpoint.npz", 0
    variables = [*model.variables, *optimizer.variables]
    if path.exists():
        with np.load(path) as saved:
            for i, variable in enumerate(variables):
                variable.assign(saved[f"v{i}"])
            done = int(saved["epochs"])
    for epoch in range(done, epochs):
        order = np.random.default_rng((seed, epoch)).permutation(len(x))
        for i in range(0, len(x), batch_size):
            rows = order[i : i + batch_size]
            with tf.GradientTape() as tape:
                logits = model(x[rows], training=True)
                loss = ops.mean(keras.losses.sparse_categorical_crossentropy(y[rows], logits, from_logits=True))
            optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
            arrays = {f"v{i}": variable.numpy() for i, variable in enumerate(variables)}
            np.savez(path, epochs=epoch, **arrays)
        arrays = {f"v{i}": variable.numpy() for i, variable in enumerate(variables)}
        np.savez(path, epochs=epoch + 1, **arrays)
    return max(epochs - done, 0)


# %% exercise="fit-and-resume" wrong="with-replacement" fails="once in each epoch" points=4
def fit(model, optimizer, x, y, epochs, folder, batch_size=32, seed=0):
    optimizer.build(model.trainable_variables)
    path, done = folder / "checkpoint.npz", 0
    variables = [*model.variables, *optimizer.variables]
    if path.exists():
        with np.load(path) as saved:
            for i, variable in enumerate(variables):
                variable.assign(saved[f"v{i}"])
            done = int(saved["epochs"])
    for epoch in range(done, epochs):
        order = np.random.default_rng((seed, epoch)).integers(len(x), size=len(x))
        for i in range(0, len(x), batch_size):
            rows = order[i : i + batch_size]
            with tf.GradientTape() as tape:
                logits = model(x[rows], training=True)
                loss = ops.mean(keras.losses.sparse_categorical_crossentropy(y[rows], logits, from_logits=True))
            optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
        arrays = {f"v{i}": variable.numpy() for i, variable in enumerate(variables)}
        np.savez(path, epochs=epoch + 1, **arrays)
    return max(epochs - done, 0)


# %% exercise="fit-and-resume" wrong="named-cpu" fails="ran the model on CPU:0" points=4
def fit(model, optimizer, x, y, epochs, folder, batch_size=32, seed=0):
    optimizer.build(model.trainable_variables)
    path, done = folder / "checkpoint.npz", 0
    variables = [*model.variables, *optimizer.variables]
    if path.exists():
        with np.load(path) as saved:
            for i, variable in enumerate(variables):
                variable.assign(saved[f"v{i}"])
            done = int(saved["epochs"])
    for epoch in range(done, epochs):
        order = np.random.default_rng((seed, epoch)).permutation(len(x))
        for i in range(0, len(x), batch_size):
            rows = order[i : i + batch_size]
            with tf.device("CPU:0"), tf.GradientTape() as tape:
                logits = model(x[rows], training=True)
                loss = ops.mean(keras.losses.sparse_categorical_crossentropy(y[rows], logits, from_logits=True))
            optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
        arrays = {f"v{i}": variable.numpy() for i, variable in enumerate(variables)}
        np.savez(path, epochs=epoch + 1, **arrays)
    return max(epochs - done, 0)


# %% exercise="fit-and-resume" wrong="names-sorted-as-text" fails="10 comes before 9" points=4
def fit(model, optimizer, x, y, epochs, folder, batch_size=32, seed=0):
    optimizer.build(model.trainable_variables)
    files, done = sorted(folder.glob("epoch*.npz")), 0
    variables = [*model.variables, *optimizer.variables]
    if files:
        with np.load(files[-1]) as saved:
            for i, variable in enumerate(variables):
                variable.assign(saved[f"v{i}"])
            done = int(saved["epochs"])
    for epoch in range(done, epochs):
        order = np.random.default_rng((seed, epoch)).permutation(len(x))
        for i in range(0, len(x), batch_size):
            rows = order[i : i + batch_size]
            with tf.GradientTape() as tape:
                logits = model(x[rows], training=True)
                loss = ops.mean(keras.losses.sparse_categorical_crossentropy(y[rows], logits, from_logits=True))
            optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
        arrays = {f"v{i}": variable.numpy() for i, variable in enumerate(variables)}
        np.savez(folder / f"epoch{epoch + 1}.npz", epochs=epoch + 1, **arrays)
    return max(epochs - done, 0)


# %% exercise="fit-and-resume" right="checkpoint-of-tensorflow"
def fit(model, optimizer, x, y, epochs, folder, batch_size=32, seed=0):
    optimizer.build(model.trainable_variables)
    done = tf.Variable(0)
    checkpoint = tf.train.Checkpoint(model=model, optimizer=optimizer, done=done)
    newest = tf.train.latest_checkpoint(str(folder))
    if newest:
        checkpoint.restore(newest)
    loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    start = int(done)
    for epoch in range(start, epochs):
        order = np.random.default_rng([seed, epoch]).permutation(len(x))
        for rows in np.split(order, range(batch_size, len(x), batch_size)):
            with tf.GradientTape() as tape:
                loss = loss_fn(y[rows], model(x[rows], training=True))
            weights = model.trainable_weights
            optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))
        done.assign_add(1)
        checkpoint.save(str(folder / "ckpt"))
    return int(done) - start


# %% exercise="fit-and-resume" right="data-set-and-one-file-per-epoch"
def fit(model, optimizer, x, y, epochs, folder, batch_size=32, seed=0):
    optimizer.build(model.trainable_variables)
    files = sorted(folder.glob("epoch*.npz"))
    state = list(model.variables) + list(optimizer.variables)
    if files:
        with np.load(files[-1]) as arrays:
            for variable, name in zip(state, arrays.files):
                variable.assign(arrays[name])
    trained = 0
    for epoch in range(len(files), epochs):
        order = np.random.RandomState(1000 * seed + epoch).permutation(len(x))
        data = tf.data.Dataset.from_tensor_slices((x[order], y[order]))
        for pictures, labels in data.batch(batch_size):
            with tf.GradientTape() as tape:
                logits = model(pictures, training=True)
                loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))
            gradients = tape.gradient(loss, model.trainable_variables)
            optimizer.apply(gradients, model.trainable_variables)
        np.savez(folder / f"epoch{epoch:04}.npz", *[v.numpy() for v in state])
        trained += 1
    return trained


# %% exercise="fit-and-resume" right="fit-of-keras-for-each-epoch"
def fit(model, optimizer, x, y, epochs, folder, batch_size=32, seed=0):
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer, loss)
    optimizer.build(model.trainable_variables)
    path, done = folder / "state.npz", 0
    state = [*model.variables, *optimizer.variables]
    if path.exists():
        with np.load(path) as saved:
            done = int(saved["done"])
            for i, v in enumerate(state):
                v.assign(saved[str(i)])
    for epoch in range(done, epochs):
        order = np.random.default_rng((seed, epoch)).permutation(len(x))
        model.fit(x[order], y[order], batch_size=batch_size, shuffle=False, epochs=1, verbose=0)
        np.savez(path, done=epoch + 1, **{str(i): v.numpy() for i, v in enumerate(state)})
    return max(0, epochs - done)


# %% exercise="fit-and-resume" right="compiled-step-and-two-files"
def fit(model, optimizer, x, y, epochs, folder, batch_size=32, seed=0):
    import json
    optimizer.build(model.trainable_variables)
    info = folder / "info.json"
    done = 0
    if info.exists():
        done = json.loads(info.read_text())["done"]
        model.load_weights(folder / "model.weights.h5")
        with np.load(folder / "optimizer.npz") as f:
            for k, v in enumerate(optimizer.variables):
                v.assign(f[f"arr_{k}"])
    loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    @tf.function
    def step(a, b):
        with tf.GradientTape() as tape:
            loss = loss_fn(b, model(a, training=True))
        optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)

    trained = 0
    for epoch in range(done, epochs):
        order = np.random.default_rng([seed, epoch]).permutation(len(x))
        for a in range(0, len(x), batch_size):
            step(tf.constant(x[order[a:a + batch_size]]), tf.constant(y[order[a:a + batch_size]]))
        trained += 1
        model.save_weights(folder / "model.weights.h5")
        np.savez(folder / "optimizer.npz", *[v.numpy() for v in optimizer.variables])
        info.write_text(json.dumps({"done": epoch + 1}))
    return trained


# %% exercise="train-classifier" wrong="never-shuffled" fails="shuffle the rows in every epoch" points=3
def train_classifier(x_train, y_train, x_val, y_val, seed):
    keras.utils.set_random_seed(seed)
    mean, std = x_train.mean(axis=0), np.maximum(x_train.std(axis=0), 1)
    scale = layers.Normalization(mean=mean, variance=std**2)
    model = keras.Sequential([keras.Input((64,)), scale, layers.Dense(64, "relu"), layers.Dense(10)])
    optimizer = keras.optimizers.SGD(0.1, momentum=0.9)
    for _ in range(10):
        order = np.arange(len(x_train))
        for i in range(0, len(order), 64):
            rows = order[i : i + 64]
            with tf.GradientTape() as tape:
                logits = model(x_train[rows], training=True)
                loss = ops.mean(keras.losses.sparse_categorical_crossentropy(y_train[rows], logits, from_logits=True))
            optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
    return model


# %% exercise="train-classifier" wrong="out-of-step" fails="are pictures and labels out of step" points=1
def train_classifier(x_train, y_train, x_val, y_val, seed):
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [keras.Input((64,)), layers.Rescaling(1 / 16), layers.Dense(64, "relu"), layers.Dense(10)])
    optimizer = keras.optimizers.Adam(0.02)
    for _ in range(10):
        order = np.random.permutation(len(x_train))
        other = np.random.permutation(len(x_train))
        for i in range(0, len(order), 128):
            rows = order[i : i + 128]
            with tf.GradientTape() as tape:
                logits = model(x_train[rows], training=True)
                loss = ops.mean(keras.losses.sparse_categorical_crossentropy(y_train[other[i : i + 128]], logits, from_logits=True))
            optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
    return model


# %% exercise="train-classifier" wrong="raw-pixels" fails="the learning rate too large for pixels up to 16" points=1
def train_classifier(x_train, y_train, x_val, y_val, seed):
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [keras.Input((64,)), layers.Dense(64, "relu"), layers.Dense(10)])
    optimizer = keras.optimizers.SGD(0.3, momentum=0.9)
    for _ in range(10):
        order = np.random.permutation(len(x_train))
        for i in range(0, len(order), 128):
            rows = order[i : i + 128]
            with tf.GradientTape() as tape:
                logits = model(x_train[rows], training=True)
                loss = ops.mean(keras.losses.sparse_categorical_crossentropy(y_train[rows], logits, from_logits=True))
            optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
    return model


# %% exercise="train-classifier" wrong="scaled-outside" fails="the scaling must be a part of the model" points=1
def train_classifier(x_train, y_train, x_val, y_val, seed):
    keras.utils.set_random_seed(seed)
    mean, std = x_train.mean(axis=0), np.maximum(x_train.std(axis=0), 1)
    x_train = (x_train - mean) / std
    model = keras.Sequential(
        [keras.Input((64,)), layers.Dense(64, "relu"), layers.Dense(10)])
    optimizer = keras.optimizers.Adam(0.02)
    for _ in range(10):
        order = np.random.permutation(len(x_train))
        for i in range(0, len(order), 128):
            rows = order[i : i + 128]
            with tf.GradientTape() as tape:
                logits = model(x_train[rows], training=True)
                loss = ops.mean(keras.losses.sparse_categorical_crossentropy(y_train[rows], logits, from_logits=True))
            optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
    return model


# %% exercise="train-classifier" wrong="one-step-per-epoch" fails="is it trained long enough" points=1
def train_classifier(x_train, y_train, x_val, y_val, seed):
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [keras.Input((64,)), layers.Rescaling(1 / 16), layers.Dense(64, "relu"), layers.Dense(10)])
    optimizer = keras.optimizers.Adam(0.01)
    for _ in range(6):
        order = np.random.permutation(len(x_train))
        for rows in [order]:
            with tf.GradientTape() as tape:
                logits = model(x_train[rows], training=True)
                loss = ops.mean(keras.losses.sparse_categorical_crossentropy(y_train[rows], logits, from_logits=True))
            optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
    return model


# %% exercise="train-classifier" wrong="too-few-steps" fails="so order is not all" points=1
def train_classifier(x_train, y_train, x_val, y_val, seed):
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [keras.Input((64,)), layers.Rescaling(1 / 16), layers.Dense(64, "relu"), layers.Dense(10)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.03), loss)
    model.fit(x_train, y_train, batch_size=64, epochs=10, verbose=0)
    return model


# %% exercise="train-classifier" wrong="gradient-without-minus" fails="are the gradients those of the loss" points=1
def train_classifier(x_train, y_train, x_val, y_val, seed):
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [keras.Input((64,)), layers.Rescaling(1 / 16), layers.Dense(64, "relu"), layers.Dense(10)])
    optimizer = keras.optimizers.Adam(0.02)
    for _ in range(10):
        order = np.random.permutation(len(x_train))
        for i in range(0, len(order), 128):
            rows = order[i : i + 128]
            with tf.GradientTape() as tape:
                logits = model(x_train[rows], training=True)
                loss = ops.mean(keras.losses.sparse_categorical_crossentropy(y_train[rows], logits, from_logits=True))
            gradients = tape.gradient(loss, model.trainable_variables)
            optimizer.apply([-g for g in gradients], model.trainable_variables)
    return model


# %% exercise="train-classifier" wrong="dropout-at-all-times" fails="a dropout is on at all times" points=4
class Noisy(layers.Dropout):
    def call(self, x, training=None):
        return super().call(x, training=True)


def train_classifier(x_train, y_train, x_val, y_val, seed):
    keras.utils.set_random_seed(seed)
    model = keras.Sequential([
        keras.Input((64,)), layers.Rescaling(1 / 16), layers.Dense(64, "relu"), Noisy(0.1), layers.Dense(10)])
    optimizer = keras.optimizers.Adam(0.02)
    for _ in range(10):
        order = np.random.permutation(len(x_train))
        for i in range(0, len(order), 128):
            rows = order[i : i + 128]
            with tf.GradientTape() as tape:
                logits = model(x_train[rows], training=True)
                loss = ops.mean(keras.losses.sparse_categorical_crossentropy(y_train[rows], logits, from_logits=True))
            optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
    return model


# %% exercise="train-classifier" wrong="statistics-of-the-batch" fails="statistics are taken from the batch" points=4
class Standardized(layers.Layer):
    def call(self, x):
        return (x - ops.mean(x, axis=0)) / (ops.std(x, axis=0) + 0.1)


def train_classifier(x_train, y_train, x_val, y_val, seed):
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [keras.Input((64,)), Standardized(), layers.Dense(64, "relu"), layers.Dense(10)])
    optimizer = keras.optimizers.Adam(0.02)
    for _ in range(10):
        order = np.random.permutation(len(x_train))
        for i in range(0, len(order), 128):
            rows = order[i : i + 128]
            with tf.GradientTape() as tape:
                logits = model(x_train[rows], training=True)
                loss = ops.mean(keras.losses.sparse_categorical_crossentropy(y_train[rows], logits, from_logits=True))
            optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
    return model


# %% exercise="train-classifier" wrong="constant-pixels" fails="is a constant pixel divided by its deviation 0"
def train_classifier(x_train, y_train, x_val, y_val, seed):
    keras.utils.set_random_seed(seed)
    class Divide(layers.Layer):
        def call(self, x):
            return (x - x_train.mean(axis=0)) / x_train.std(axis=0)

    model = keras.Sequential([keras.Input((64,)), Divide(), layers.Dense(64, "relu"), layers.Dense(10)])
    optimizer = keras.optimizers.Adam(0.02)
    for _ in range(10):
        order = np.random.permutation(len(x_train))
        for i in range(0, len(order), 128):
            rows = order[i : i + 128]
            with tf.GradientTape() as tape:
                logits = model(x_train[rows], training=True)
                loss = ops.mean(keras.losses.sparse_categorical_crossentropy(y_train[rows], logits, from_logits=True))
            optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
    return model


# %% exercise="train-classifier" wrong="validation-trained-on" fails="train on x_train and y_train alone" points=4
def train_classifier(x_train, y_train, x_val, y_val, seed):
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [keras.Input((64,)), layers.Rescaling(1 / 16), layers.Dense(64, "relu"), layers.Dense(10)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.01), loss)
    x, y = np.concatenate([x_train, x_val]), np.concatenate([y_train, y_val])
    model.fit(x, y, batch_size=64, epochs=12, verbose=0)
    return model


# %% exercise="train-classifier" wrong="data-of-the-notebook" fails="not on the notebook's own y_train" points=2
pictures_of_all = sklearn.datasets.load_digits().data.astype("float32")
labels_of_all = sklearn.datasets.load_digits().target


def train_classifier(x_train, y_train, x_val, y_val, seed):
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [keras.Input((64,)), layers.Rescaling(1 / 16), layers.Dense(64, "relu"), layers.Dense(10)])
    optimizer = keras.optimizers.Adam(0.02)
    for _ in range(5):
        x_train, y_train = pictures_of_all, labels_of_all
        order = np.random.permutation(len(x_train))
        for i in range(0, len(order), 128):
            rows = order[i : i + 128]
            with tf.GradientTape() as tape:
                logits = model(x_train[rows], training=True)
                loss = ops.mean(keras.losses.sparse_categorical_crossentropy(y_train[rows], logits, from_logits=True))
            optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
    return model


# %% exercise="train-classifier" wrong="seed-ignored" fails="gave another model on the second call" points=4
def train_classifier(x_train, y_train, x_val, y_val, seed):
    model = keras.Sequential(
        [keras.Input((64,)), layers.Rescaling(1 / 16), layers.Dense(64, "relu"), layers.Dense(10)])
    optimizer = keras.optimizers.Adam(0.02)
    for _ in range(10):
        order = np.random.permutation(len(x_train))
        for i in range(0, len(order), 128):
            rows = order[i : i + 128]
            with tf.GradientTape() as tape:
                logits = model(x_train[rows], training=True)
                loss = ops.mean(keras.losses.sparse_categorical_crossentropy(y_train[rows], logits, from_logits=True))
            optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
    return model


# %% exercise="train-classifier" wrong="scaled-in-place" fails="changed one of its arguments"
def train_classifier(x_train, y_train, x_val, y_val, seed):
    keras.utils.set_random_seed(seed)
    x_train -= x_train.mean(axis=0)
    x_train /= np.maximum(x_train.std(axis=0), 0.1)
    model = keras.Sequential(
        [keras.Input((64,)), layers.Dense(64, "relu"), layers.Dense(10)])
    optimizer = keras.optimizers.Adam(0.02)
    for _ in range(10):
        order = np.random.permutation(len(x_train))
        for i in range(0, len(order), 128):
            rows = order[i : i + 128]
            with tf.GradientTape() as tape:
                logits = model(x_train[rows], training=True)
                loss = ops.mean(keras.losses.sparse_categorical_crossentropy(y_train[rows], logits, from_logits=True))
            optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
    return model


# %% exercise="train-classifier" wrong="return-missing" fails="is return model missing"
def train_classifier(x_train, y_train, x_val, y_val, seed):
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [keras.Input((64,)), layers.Rescaling(1 / 16), layers.Dense(64, "relu"), layers.Dense(10)])
    optimizer = keras.optimizers.Adam(0.02)
    for _ in range(8):
        order = np.random.permutation(len(x_train))
        for i in range(0, len(order), 128):
            rows = order[i : i + 128]
            with tf.GradientTape() as tape:
                logits = model(x_train[rows], training=True)
                loss = ops.mean(keras.losses.sparse_categorical_crossentropy(y_train[rows], logits, from_logits=True))
            optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)


# %% exercise="train-classifier" wrong="nearest-neighbour" fails="gave the same model as with seed" points=4
def train_classifier(x_train, y_train, x_val, y_val, seed):
    class Nearest(keras.Model):
        def call(self, x):
            d = tf.reduce_sum((x[:, None] - x_train[None]) ** 2, axis=-1)
            return tf.one_hot(tf.gather(y_train, tf.argmin(d, axis=1)), 10)

    return Nearest()


# %% exercise="train-classifier" wrong="fixed-seed" fails="use the argument seed" points=4
def train_classifier(x_train, y_train, x_val, y_val, seed):
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [keras.Input((64,)), layers.Rescaling(1 / 16), layers.Dense(64, "relu"), layers.Dense(10)])
    optimizer = keras.optimizers.Adam(0.02)
    for _ in range(8):
        order = np.random.permutation(len(x_train))
        for i in range(0, len(order), 128):
            rows = order[i : i + 128]
            with tf.GradientTape() as tape:
                logits = model(x_train[rows], training=True)
                loss = ops.mean(keras.losses.sparse_categorical_crossentropy(y_train[rows], logits, from_logits=True))
            optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
    return model


# %% exercise="train-classifier" right="fit-with-batch-normalisation"
def train_classifier(x_train, y_train, x_val, y_val, seed):
    keras.utils.set_random_seed(seed)
    model = keras.Sequential([
        keras.Input((64,)), layers.BatchNormalization(momentum=0.9), layers.Dense(100, "relu"), layers.Dropout(0.2),
        layers.Dense(10)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.005), loss, metrics=["accuracy"])
    model.fit(x_train, y_train, batch_size=32, epochs=15, verbose=0)
    return model


# %% exercise="train-classifier" right="convolution"
def train_classifier(x_train, y_train, x_val, y_val, seed):
    keras.utils.set_random_seed(seed)
    model = keras.Sequential([
        keras.Input((64,)), layers.Rescaling(1 / 16), layers.Reshape((8, 8, 1)),
        layers.Conv2D(12, 3, padding="same", activation="relu"), layers.MaxPooling2D(), layers.Flatten(),
        layers.Dense(10)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.01), loss)
    model.fit(x_train, y_train, batch_size=32, epochs=8, verbose=0)
    return model


# %% exercise="train-classifier" right="all-at-once"
def train_classifier(x_train, y_train, x_val, y_val, seed):
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [keras.Input((64,)), layers.Rescaling(1 / 16), layers.Dense(64, "relu"), layers.Dense(10)])
    optimizer = keras.optimizers.Adam(0.02)
    for _ in range(80):
        for rows in [np.arange(len(x_train))]:
            with tf.GradientTape() as tape:
                logits = model(x_train[rows], training=True)
                loss = ops.mean(keras.losses.sparse_categorical_crossentropy(y_train[rows], logits, from_logits=True))
            optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
    return model


# %% exercise="train-classifier" right="adapted-normalization"
def train_classifier(x_train, y_train, x_val, y_val, seed):
    keras.utils.set_random_seed(seed)
    norm = layers.Normalization()
    norm.adapt(x_train)
    model = keras.Sequential(
        [keras.Input((64,)), norm, layers.Dense(64, "relu"), layers.Dense(10)])
    optimizer = keras.optimizers.Adam(0.02)
    for _ in range(8):
        order = np.random.permutation(len(x_train))
        for i in range(0, len(order), 128):
            rows = order[i : i + 128]
            with tf.GradientTape() as tape:
                logits = model(x_train[rows], training=True)
                loss = ops.mean(keras.losses.sparse_categorical_crossentropy(y_train[rows], logits, from_logits=True))
            optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
    return model
