# %% [markdown]
# Wrong and right answers to the exercises of unit 12, TensorFlow: each cell is a whole solution cell.
# `fails` is text that the message of a failing tests cell must contain; `points` is what remains.

# %% exercise="streaming-precision" wrong="mean-of-batches" fails="mean of the batches' precisions" points=1
class StreamingPrecision(keras.metrics.Metric):
    def __init__(self, threshold=0.5):
        super().__init__(name="streaming_precision")
        self.threshold = threshold
        self.right = self.add_weight(name="right", initializer="zeros")
        self.calls = self.add_weight(name="calls", initializer="zeros")

    def update_state(self, labels, probabilities, sample_weight=None):
        called = ops.cast(probabilities > self.threshold, "float32")
        right = ops.sum(called * ops.cast(labels, "float32"))
        self.right.assign_add(ops.divide_no_nan(right, ops.sum(called)))
        self.calls.assign_add(1)

    def result(self):
        return ops.divide_no_nan(self.right.value, self.calls.value)


# %% exercise="streaming-precision" wrong="zero-by-zero" fails="that is 0/0" points=1
class StreamingPrecision(keras.metrics.Metric):
    def __init__(self, threshold=0.5):
        super().__init__(name="streaming_precision")
        self.threshold = threshold
        self.right = self.add_weight(name="right", initializer="zeros")
        self.calls = self.add_weight(name="calls", initializer="zeros")

    def update_state(self, labels, probabilities, sample_weight=None):
        called = ops.cast(probabilities > self.threshold, "float32")
        self.right.assign_add(ops.sum(called * ops.cast(labels, "float32")))
        self.calls.assign_add(ops.sum(called))

    def result(self):
        return self.right / self.calls


# %% exercise="streaming-precision" wrong="recall" fails="that is recall"
class StreamingPrecision(keras.metrics.Metric):
    def __init__(self, threshold=0.5):
        super().__init__(name="streaming_precision")
        self.threshold = threshold
        self.right = self.add_weight(name="right", initializer="zeros")
        self.calls = self.add_weight(name="calls", initializer="zeros")

    def update_state(self, labels, probabilities, sample_weight=None):
        called = ops.cast(probabilities > self.threshold, "float32")
        labels = ops.cast(labels, "float32")
        self.right.assign_add(ops.sum(called * labels))
        self.calls.assign_add(ops.sum(labels))

    def result(self):
        return ops.divide_no_nan(self.right.value, self.calls.value)


# %% exercise="streaming-precision" wrong="last-batch-only" fails="last batch alone" points=1
class StreamingPrecision(keras.metrics.Metric):
    def __init__(self, threshold=0.5):
        super().__init__(name="streaming_precision")
        self.threshold = threshold
        self.right = self.add_weight(name="right", initializer="zeros")
        self.calls = self.add_weight(name="calls", initializer="zeros")

    def update_state(self, labels, probabilities, sample_weight=None):
        called = ops.cast(probabilities > self.threshold, "float32")
        self.right.assign(ops.sum(called * ops.cast(labels, "float32")))
        self.calls.assign(ops.sum(called))

    def result(self):
        return ops.divide_no_nan(self.right.value, self.calls.value)


# %% exercise="streaming-precision" wrong="threshold-included" fails="equal to the threshold" points=2
class StreamingPrecision(keras.metrics.Metric):
    def __init__(self, threshold=0.5):
        super().__init__(name="streaming_precision")
        self.threshold = threshold
        self.right = self.add_weight(name="right", initializer="zeros")
        self.calls = self.add_weight(name="calls", initializer="zeros")

    def update_state(self, labels, probabilities, sample_weight=None):
        called = ops.cast(probabilities >= self.threshold, "float32")
        self.right.assign_add(ops.sum(called * ops.cast(labels, "float32")))
        self.calls.assign_add(ops.sum(called))

    def result(self):
        return ops.divide_no_nan(self.right.value, self.calls.value)


# %% exercise="streaming-precision" wrong="python-attributes" fails="variables is empty" points=2
class StreamingPrecision(keras.metrics.Metric):
    def __init__(self, threshold=0.5):
        super().__init__(name="streaming_precision")
        self.threshold = threshold
        self.right, self.calls = 0.0, 0.0

    def update_state(self, labels, probabilities, sample_weight=None):
        called = ops.cast(probabilities > self.threshold, "float32")
        self.right = self.right + ops.sum(called * ops.cast(labels, "float32"))
        self.calls = self.calls + ops.sum(called)

    def result(self):
        return ops.divide_no_nan(self.right, self.calls)


# %% exercise="streaming-precision" wrong="threshold-of-the-class" fails="the threshold is that of another object" points=2
class StreamingPrecision(keras.metrics.Metric):
    def __init__(self, threshold=0.5):
        super().__init__(name="precision")
        StreamingPrecision.threshold = threshold
        self.real = self.add_weight(name="real", initializer="zeros")
        self.calls = self.add_weight(name="calls", initializer="zeros")

    def update_state(self, labels, probabilities, sample_weight=None):
        called = probabilities > self.threshold
        self.real.assign_add(ops.sum(ops.cast(called & (labels == 1), "float32")))
        self.calls.assign_add(ops.sum(ops.cast(called, "float32")))

    def result(self):
        return ops.divide_no_nan(self.real.value, self.calls.value)


# %% exercise="streaming-precision" wrong="all-kept-in-lists" fails="some of the state is not in variables" points=2
class StreamingPrecision(keras.metrics.Metric):
    def __init__(self, threshold=0.5):
        super().__init__(name="precision")
        self.threshold = threshold
        self.size = self.add_weight(name="size", initializer="zeros")
        self.y, self.p = [], []

    def update_state(self, labels, probabilities, sample_weight=None):
        self.size.assign_add(ops.size(labels))
        self.y += labels.numpy().tolist()
        self.p += probabilities.numpy().tolist()

    def reset_state(self):
        self.y, self.p = [], []

    def result(self):
        called = [y for y, p in zip(self.y, self.p) if p > self.threshold]
        return tf.constant(sum(called) / len(called) if called else 0.0)


# %% exercise="streaming-precision" wrong="counts-in-python-value-in-a-variable" fails="some of the state is not in variables" points=2
class StreamingPrecision(keras.metrics.Metric):
    def __init__(self, threshold=0.5):
        super().__init__(name="precision")
        self.threshold, self.real, self.calls = threshold, 0, 0
        self.value = self.add_weight(name="value", initializer="zeros")

    def update_state(self, labels, probabilities, sample_weight=None):
        called = probabilities.numpy() > self.threshold
        self.real += int((called & (labels.numpy() == 1)).sum())
        self.calls += int(called.sum())
        self.value.assign(self.real / self.calls if self.calls else 0.0)

    def reset_state(self):
        self.real = self.calls = 0
        self.value.assign(0.0)

    def result(self):
        return tf.identity(self.value.value)


# %% exercise="streaming-precision" wrong="init-again-without-threshold" fails="a reset leaves it alone" points=2
class StreamingPrecision(keras.metrics.Metric):
    def __init__(self, threshold=0.5):
        super().__init__(name="streaming_precision")
        self.threshold = threshold
        self.true_positives = self.add_weight(name="true_positives", initializer="zeros")
        self.calls = self.add_weight(name="calls", initializer="zeros")

    def update_state(self, labels, probabilities, sample_weight=None):
        called = probabilities > self.threshold
        self.true_positives.assign_add(ops.sum(ops.cast(called & (labels == 1), "float32")))
        self.calls.assign_add(ops.sum(ops.cast(called, "float32")))

    def result(self):
        return ops.divide_no_nan(self.true_positives.value, self.calls.value)

    def reset_state(self):
        self.__init__()


# %% exercise="streaming-precision" right="true-and-false-positives"
class StreamingPrecision(keras.metrics.Metric):
    def __init__(self, threshold=0.5):
        super().__init__(name="precision")
        self.threshold = threshold
        self.true = self.add_weight(name="true", initializer="zeros")
        self.false = self.add_weight(name="false", initializer="zeros")

    def update_state(self, labels, probabilities, sample_weight=None):
        called = tf.cast(tf.greater(probabilities, self.threshold), tf.float32)
        y = tf.cast(labels, tf.float32)
        self.true.assign(self.true + tf.reduce_sum(called * y))
        self.false.assign(self.false + tf.reduce_sum(called * (1 - y)))

    def result(self):
        calls = self.true + self.false
        return tf.where(calls > 0, self.true / calls, 0.0)


# %% exercise="streaming-precision" right="mean-of-the-called"
class StreamingPrecision(keras.metrics.Mean):
    def __init__(self, threshold=0.5):
        super().__init__(name="streaming_precision")
        self.threshold = threshold

    def update_state(self, labels, probabilities, sample_weight=None):
        called = tf.cast(tf.greater(probabilities, self.threshold), tf.float32)
        super().update_state(tf.cast(labels, tf.float32), sample_weight=called)


# %% exercise="streaming-precision" right="integer-counts"
class StreamingPrecision(keras.metrics.Metric):
    def __init__(self, threshold=0.5):
        super().__init__(name="streaming_precision")
        self.threshold = threshold
        self.right = self.add_weight(name="right", dtype="int32", initializer="zeros")
        self.calls = self.add_weight(name="calls", dtype="int32", initializer="zeros")

    def update_state(self, labels, probabilities, sample_weight=None):
        called = probabilities > self.threshold
        self.right.assign_add(tf.math.count_nonzero(called & (labels == 1), dtype=tf.int32))
        self.calls.assign_add(tf.math.count_nonzero(called, dtype=tf.int32))

    def result(self):
        if self.calls.numpy() == 0:
            return tf.constant(0.0)
        return tf.cast(self.right.value / self.calls.value, tf.float32)


# %% exercise="streaming-precision" wrong="vectors-of-one" fails="wanted shape ()"
class StreamingPrecision(keras.metrics.Metric):
    def __init__(self, threshold=0.5):
        super().__init__(name="streaming_precision")
        self.threshold = threshold
        self.true_positives = self.add_weight(shape=(1,), initializer="zeros")
        self.calls = self.add_weight(shape=(1,), initializer="zeros")

    def update_state(self, labels, probabilities, sample_weight=None):
        called = probabilities > self.threshold
        self.true_positives.assign_add([ops.sum(ops.cast(called & (labels == 1), "float32"))])
        self.calls.assign_add([ops.sum(ops.cast(called, "float32"))])

    def result(self):
        return ops.divide_no_nan(self.true_positives.value, self.calls.value)


# %% exercise="streaming-precision" wrong="state-of-the-class" fails="the two share their counts" points=2
class StreamingPrecision(keras.metrics.Metric):
    def __init__(self, threshold=0.5):
        super().__init__(name="streaming_precision")
        self.threshold = threshold
        StreamingPrecision.true_positives = self.add_weight(initializer="zeros")
        StreamingPrecision.calls = self.add_weight(initializer="zeros")

    def update_state(self, labels, probabilities, sample_weight=None):
        called = probabilities > self.threshold
        self.true_positives.assign_add(ops.sum(ops.cast(called & (labels == 1), "float32")))
        self.calls.assign_add(ops.sum(ops.cast(called, "float32")))

    def result(self):
        return ops.divide_no_nan(self.true_positives.value, self.calls.value)


# %% exercise="streaming-precision" wrong="result-resets" fails="result must not change"
class StreamingPrecision(keras.metrics.Metric):
    def __init__(self, threshold=0.5):
        super().__init__(name="streaming_precision")
        self.threshold = threshold
        self.true_positives = self.add_weight(initializer="zeros")
        self.calls = self.add_weight(initializer="zeros")

    def update_state(self, labels, probabilities, sample_weight=None):
        called = probabilities > self.threshold
        self.true_positives.assign_add(ops.sum(ops.cast(called & (labels == 1), "float32")))
        self.calls.assign_add(ops.sum(ops.cast(called, "float32")))

    def result(self):
        value = ops.divide_no_nan(self.true_positives.value, self.calls.value)
        self.reset_state()
        return value


# %% exercise="streaming-precision" wrong="empty-batch-resets" fails="last batch alone" points=2
class StreamingPrecision(keras.metrics.Metric):
    def __init__(self, threshold=0.5):
        super().__init__(name="streaming_precision")
        self.threshold = threshold
        self.right = self.add_weight(name="right", initializer="zeros")
        self.calls = self.add_weight(name="calls", initializer="zeros")

    def update_state(self, labels, probabilities, sample_weight=None):
        if len(probabilities) == 0:
            self.reset_state()
            return
        called = ops.cast(probabilities > self.threshold, "float32")
        self.right.assign_add(ops.sum(called * ops.cast(labels, "float32")))
        self.calls.assign_add(ops.sum(called))

    def result(self):
        return ops.divide_no_nan(self.right.value, self.calls.value)


# %% exercise="streaming-precision" wrong="rounded" fails="count true positives and positive calls" points=2
class StreamingPrecision(keras.metrics.Metric):
    def __init__(self, threshold=0.5):
        super().__init__(name="streaming_precision")
        self.threshold = threshold
        self.true_positives = self.add_weight(initializer="zeros")
        self.calls = self.add_weight(initializer="zeros")

    def update_state(self, labels, probabilities, sample_weight=None):
        called = ops.round(probabilities - self.threshold + 0.5)
        self.true_positives.assign_add(ops.sum(called * ops.cast(labels, "float32")))
        self.calls.assign_add(ops.sum(called))

    def result(self):
        return ops.divide_no_nan(self.true_positives.value, self.calls.value)


# %% exercise="huber-metric" wrong="average-of-averages" fails="mean of the batch means" points=2
class HuberMetric(keras.metrics.Metric):
    def __init__(self, threshold=1.0):
        super().__init__(name="huber_metric")
        self.threshold = threshold
        self.total = self.add_weight(name="total", initializer="zeros")
        self.weight = self.add_weight(name="weight", initializer="zeros")

    def update_state(self, targets, predictions, sample_weight=None):
        if sample_weight is None:
            sample_weight = ops.ones_like(targets)
        if not targets.shape == predictions.shape == sample_weight.shape:
            raise ValueError("shapes differ")
        e, t = ops.abs(predictions - targets), self.threshold
        values = ops.where(e <= t, e**2 / 2, t * (e - t / 2))
        if ops.sum(sample_weight) > 0:
            self.total.assign_add(ops.sum(values * sample_weight) / ops.sum(sample_weight))
            self.weight.assign_add(1)

    def result(self):
        return ops.divide_no_nan(self.total.value, self.weight.value)


# %% exercise="huber-metric" wrong="book" fails="the weights were ignored" points=1
class HuberMetric(keras.metrics.Metric):
    def __init__(self, threshold=1.0):
        super().__init__(name="huber_metric")
        self.threshold = threshold
        self.total = self.add_weight(name="total", initializer="zeros")
        self.weight = self.add_weight(name="weight", initializer="zeros")

    def update_state(self, targets, predictions, sample_weight=None):
        e, t = ops.abs(predictions - targets), self.threshold
        values = ops.where(e <= t, e**2 / 2, t * (e - t / 2))
        self.total.assign_add(ops.sum(values))
        self.weight.assign_add(ops.size(values))

    def result(self):
        return self.total / self.weight


# %% exercise="huber-metric" wrong="divides-by-examples" fails="divides by the number of examples" points=2
class HuberMetric(keras.metrics.Metric):
    def __init__(self, threshold=1.0):
        super().__init__(name="huber_metric")
        self.threshold = threshold
        self.total = self.add_weight(name="total", initializer="zeros")
        self.weight = self.add_weight(name="weight", initializer="zeros")

    def update_state(self, targets, predictions, sample_weight=None):
        if sample_weight is None:
            sample_weight = ops.ones_like(targets)
        if not targets.shape == predictions.shape == sample_weight.shape:
            raise ValueError("shapes differ")
        e, t = ops.abs(predictions - targets), self.threshold
        values = ops.where(e <= t, e**2 / 2, t * (e - t / 2))
        self.total.assign_add(ops.sum(values * sample_weight))
        self.weight.assign_add(ops.size(values))

    def result(self):
        return ops.divide_no_nan(self.total.value, self.weight.value)


# %% exercise="huber-metric" wrong="threshold-fixed" fails="threshold was ignored" points=1
class HuberMetric(keras.metrics.Metric):
    def __init__(self, threshold=1.0):
        super().__init__(name="huber_metric")
        self.threshold = 1.0
        self.total = self.add_weight(name="total", initializer="zeros")
        self.weight = self.add_weight(name="weight", initializer="zeros")

    def update_state(self, targets, predictions, sample_weight=None):
        if sample_weight is None:
            sample_weight = ops.ones_like(targets)
        if not targets.shape == predictions.shape == sample_weight.shape:
            raise ValueError("shapes differ")
        e, t = ops.abs(predictions - targets), self.threshold
        values = ops.where(e <= t, e**2 / 2, t * (e - t / 2))
        self.total.assign_add(ops.sum(values * sample_weight))
        self.weight.assign_add(ops.sum(sample_weight))

    def result(self):
        return ops.divide_no_nan(self.total.value, self.weight.value)


# %% exercise="huber-metric" wrong="shapes-not-checked" fails="was accepted, wanted a ValueError" points=3
class HuberMetric(keras.metrics.Metric):
    def __init__(self, threshold=1.0):
        super().__init__(name="huber_metric")
        self.threshold = threshold
        self.total = self.add_weight(name="total", initializer="zeros")
        self.weight = self.add_weight(name="weight", initializer="zeros")

    def update_state(self, targets, predictions, sample_weight=None):
        e, t = ops.abs(predictions - targets), self.threshold
        values = ops.where(e <= t, e**2 / 2, t * (e - t / 2))
        if sample_weight is None:
            sample_weight = ops.ones_like(values)
        self.total.assign_add(ops.sum(values * sample_weight))
        self.weight.assign_add(ops.sum(sample_weight))

    def result(self):
        return ops.divide_no_nan(self.total.value, self.weight.value)


# %% exercise="huber-metric" wrong="checked-too-late" fails="check the shapes before you change the state" points=3
class HuberMetric(keras.metrics.Metric):
    def __init__(self, threshold=1.0):
        super().__init__(name="huber_metric")
        self.threshold = threshold
        self.total = self.add_weight(name="total", initializer="zeros")
        self.weight = self.add_weight(name="weight", initializer="zeros")

    def update_state(self, targets, predictions, sample_weight=None):
        if sample_weight is None:
            sample_weight = ops.ones_like(targets)
        self.weight.assign_add(ops.sum(sample_weight))
        if not targets.shape == predictions.shape == sample_weight.shape:
            raise ValueError("shapes differ")
        e, t = ops.abs(predictions - targets), self.threshold
        values = ops.where(e <= t, e**2 / 2, t * (e - t / 2))
        self.total.assign_add(ops.sum(values * sample_weight))

    def result(self):
        return ops.divide_no_nan(self.total.value, self.weight.value)


# %% exercise="huber-metric" wrong="ranks-compared" fails="was accepted, wanted a ValueError" points=3
class HuberMetric(keras.metrics.Metric):
    def __init__(self, threshold=1.0):
        super().__init__(name="huber_metric")
        self.threshold = threshold
        self.total = self.add_weight(name="total", initializer="zeros")
        self.weight = self.add_weight(name="weight", initializer="zeros")

    def update_state(self, targets, predictions, sample_weight=None):
        if sample_weight is None:
            sample_weight = ops.ones_like(targets)
        if not len(targets.shape) == len(predictions.shape) == len(sample_weight.shape):
            raise ValueError("shapes differ")
        e, t = ops.abs(predictions - targets), self.threshold
        values = ops.where(e <= t, e**2 / 2, t * (e - t / 2))
        self.total.assign_add(ops.sum(sample_weight * values))
        self.weight.assign_add(ops.sum(sample_weight))

    def result(self):
        return ops.divide_no_nan(self.total.value, self.weight.value)


# %% exercise="huber-metric" wrong="threshold-of-the-class" fails="the threshold is that of another object" points=3
class HuberMetric(keras.metrics.Metric):
    def __init__(self, threshold=1.0):
        super().__init__(name="huber_metric")
        HuberMetric.threshold = threshold
        self.total = self.add_weight(name="total", initializer="zeros")
        self.weight = self.add_weight(name="weight", initializer="zeros")

    def update_state(self, targets, predictions, sample_weight=None):
        if sample_weight is None:
            sample_weight = ops.ones_like(targets)
        if not targets.shape == predictions.shape == sample_weight.shape:
            raise ValueError("shapes differ")
        e, t = ops.abs(predictions - targets), self.threshold
        values = ops.where(e <= t, e**2 / 2, t * (e - t / 2))
        self.total.assign_add(ops.sum(sample_weight * values))
        self.weight.assign_add(ops.sum(sample_weight))

    def result(self):
        return ops.divide_no_nan(self.total.value, self.weight.value)


# %% exercise="huber-metric" wrong="init-again" fails="a reset leaves it alone" points=3
class HuberMetric(keras.metrics.Metric):
    def __init__(self, threshold=1.0):
        super().__init__(name="huber_metric")
        self.threshold = threshold
        self.total = self.add_weight(name="total", initializer="zeros")
        self.weight = self.add_weight(name="weight", initializer="zeros")

    def update_state(self, targets, predictions, sample_weight=None):
        if sample_weight is None:
            sample_weight = ops.ones_like(targets)
        shapes = [tuple(t.shape) for t in (targets, predictions, sample_weight)]
        if len(set(shapes)) > 1:
            raise ValueError(f"shapes {shapes}")
        e, t = ops.abs(predictions - targets), self.threshold
        values = ops.where(e <= t, e**2 / 2, t * (e - t / 2))
        self.total.assign_add(ops.sum(sample_weight * values))
        self.weight.assign_add(ops.sum(sample_weight))

    def result(self):
        return ops.divide_no_nan(self.total.value, self.weight.value)

    def reset_state(self):
        self.__init__()


# %% exercise="huber-metric" wrong="half-total" fails="the reset must put back both sums" points=3
class HuberMetric(keras.metrics.Metric):
    def __init__(self, threshold=1.0):
        super().__init__(name="huber_metric")
        self.threshold = threshold
        self.total = self.add_weight(name="total", initializer="zeros")
        self.weight = self.add_weight(name="weight", initializer="zeros")

    def update_state(self, targets, predictions, sample_weight=None):
        if sample_weight is None:
            sample_weight = ops.ones_like(targets)
        shapes = [tuple(t.shape) for t in (targets, predictions, sample_weight)]
        if len(set(shapes)) > 1:
            raise ValueError(f"shapes {shapes}")
        e, t = ops.abs(predictions - targets), self.threshold
        values = ops.where(e <= t, e**2 / 2, t * (e - t / 2))
        self.total.assign_add(ops.sum(sample_weight * values))
        self.weight.assign_add(ops.sum(sample_weight))

    def result(self):
        return ops.divide_no_nan(self.total.value, self.weight.value)

    def reset_state(self):
        self.total.assign(0.0)


# %% exercise="huber-metric" wrong="numbers-in-python" fails="some of the state is not in variables" points=3
class HuberMetric(keras.metrics.Metric):
    def __init__(self, threshold=1.0):
        super().__init__(name="huber_metric")
        self.threshold = threshold
        self.value = self.add_weight(name="value", initializer="zeros")
        self.total, self.weight = 0.0, 0.0

    def update_state(self, targets, predictions, sample_weight=None):
        if sample_weight is None:
            sample_weight = ops.ones_like(targets)
        shapes = [tuple(t.shape) for t in (targets, predictions, sample_weight)]
        if len(set(shapes)) > 1:
            raise ValueError(f"shapes {shapes}")
        e, t = ops.abs(predictions - targets), self.threshold
        values = ops.where(e <= t, e**2 / 2, t * (e - t / 2))
        self.total += float(ops.sum(sample_weight * values))
        self.weight += float(ops.sum(sample_weight))
        self.value.assign(self.total / self.weight if self.weight else 0.0)

    def result(self):
        return tf.identity(self.value.value)

    def reset_state(self):
        self.total, self.weight = 0.0, 0.0
        self.value.assign(0.0)


# %% exercise="huber-metric" wrong="sums-of-the-class" fails="the two share their sums" points=3
class HuberMetric(keras.metrics.Metric):
    sums = {}

    def __init__(self, threshold=1.0):
        super().__init__(name="huber_metric")
        self.threshold = threshold
        self.value = self.add_weight(name="value", initializer="zeros")
        self.sums.update(total=0.0, weight=0.0)

    def update_state(self, targets, predictions, sample_weight=None):
        if sample_weight is None:
            sample_weight = ops.ones_like(targets)
        shapes = [tuple(t.shape) for t in (targets, predictions, sample_weight)]
        if len(set(shapes)) > 1:
            raise ValueError(f"shapes {shapes}")
        e, t = ops.abs(predictions - targets), self.threshold
        values = ops.where(e <= t, e**2 / 2, t * (e - t / 2))
        self.sums["total"] += float(ops.sum(sample_weight * values))
        self.sums["weight"] += float(ops.sum(sample_weight))

    def result(self):
        return ops.divide_no_nan(tf.constant(self.sums["total"]), tf.constant(self.sums["weight"]))

    def reset_state(self):
        self.sums.update(total=0.0, weight=0.0)


# %% exercise="huber-metric" right="clipped-error-in-one-vector"
class HuberMetric(keras.metrics.Metric):
    def __init__(self, threshold=1.0, **kwargs):
        super().__init__(**kwargs)
        self.t = threshold
        self.sums = self.add_weight(name="sums", shape=(2,), initializer="zeros")

    def update_state(self, targets, predictions, sample_weight=None):
        w = tf.ones_like(targets) if sample_weight is None else sample_weight
        if not targets.shape == predictions.shape == w.shape:
            raise ValueError(f"{targets.shape}, {predictions.shape}, {w.shape}")
        e = tf.abs(targets - predictions)
        cut = tf.minimum(e, self.t)
        values = cut * e - cut**2 / 2
        self.sums.assign_add(tf.stack([tf.reduce_sum(w * values), tf.reduce_sum(w)]))

    def result(self):
        return tf.math.divide_no_nan(self.sums[0], self.sums[1])


# %% exercise="huber-metric" right="mean-inside"
class HuberMetric(keras.metrics.Metric):
    def __init__(self, threshold=1.0):
        super().__init__(name="huber_metric")
        self.loss = keras.losses.Huber(delta=threshold, reduction=None)
        self.mean = keras.metrics.Mean(name="mean")

    def update_state(self, targets, predictions, sample_weight=None):
        for other in (predictions, sample_weight):
            if other is not None and other.shape != targets.shape:
                raise ValueError(f"{other.shape} against {targets.shape}")
        values = self.loss(targets[:, None], predictions[:, None])
        self.mean.update_state(values, sample_weight=sample_weight)

    def result(self):
        return self.mean.result()


# %% exercise="huber-metric" right="float64-vector"
class HuberMetric(keras.metrics.Metric):
    def __init__(self, threshold=1.0, name="huber", **kwargs):
        super().__init__(name=name, **kwargs)
        self.threshold = threshold
        self.sums = self.add_weight(shape=(2,), name="sums", dtype="float64", initializer="zeros")

    def update_state(self, targets, predictions, sample_weight=None):
        if sample_weight is None:
            sample_weight = tf.ones_like(targets)
        if len({tuple(targets.shape), tuple(predictions.shape), tuple(sample_weight.shape)}) > 1:
            raise ValueError("the shapes differ")
        e = tf.cast(tf.abs(targets - predictions), tf.float64)
        w = tf.cast(sample_weight, tf.float64)
        small = tf.minimum(e, self.threshold)
        values = small**2 / 2 + self.threshold * (e - small)
        self.sums.assign_add(tf.stack([tf.reduce_sum(w * values), tf.reduce_sum(w)]))

    def result(self):
        total, weight = tf.unstack(self.sums.value)
        return tf.cast(tf.math.divide_no_nan(total, weight), tf.float32)


# %% exercise="huber-metric" wrong="asserts" fails="raised AssertionError" points=3
class HuberMetric(keras.metrics.Metric):
    def __init__(self, threshold=1.0):
        super().__init__(name="huber_metric")
        self.threshold = threshold
        self.total = self.add_weight(initializer="zeros")
        self.weight = self.add_weight(initializer="zeros")

    def update_state(self, targets, predictions, sample_weight=None):
        weights = ops.ones_like(targets) if sample_weight is None else sample_weight
        assert targets.shape == predictions.shape == weights.shape
        e, t = ops.abs(predictions - targets), self.threshold
        values = ops.where(e <= t, e**2 / 2, t * (e - t / 2))
        self.total.assign_add(ops.sum(weights * values))
        self.weight.assign_add(ops.sum(weights))

    def result(self):
        return ops.divide_no_nan(self.total.value, self.weight.value)


# %% exercise="huber-metric" wrong="weight-of-1-or-more" fails="sum of weight times value" points=3
class HuberMetric(keras.metrics.Metric):
    def __init__(self, threshold=1.0):
        super().__init__(name="huber_metric")
        self.threshold = threshold
        self.total = self.add_weight(initializer="zeros")
        self.weight = self.add_weight(initializer="zeros")

    def update_state(self, targets, predictions, sample_weight=None):
        weights = ops.ones_like(targets) if sample_weight is None else sample_weight
        if not targets.shape == predictions.shape == weights.shape:
            raise ValueError("the shapes differ")
        e, t = ops.abs(predictions - targets), self.threshold
        values = ops.where(e <= t, e**2 / 2, t * (e - t / 2))
        self.total.assign_add(ops.sum(weights * values))
        self.weight.assign_add(ops.sum(weights))

    def result(self):
        return self.total / ops.maximum(self.weight, 1.0)


# %% exercise="reset-and-reuse" wrong="state-in-class" fails="belongs to all objects" points=1
class ErrorRange(keras.metrics.Metric):
    low, high = tf.Variable(math.inf), tf.Variable(-math.inf)

    def reset_state(self):
        self.low.assign(math.inf)
        self.high.assign(-math.inf)

    def update_state(self, targets, predictions, sample_weight=None):
        errors = tf.abs(predictions - targets)
        self.low.assign(tf.minimum(self.low, tf.reduce_min(errors)))
        self.high.assign(tf.maximum(self.high, tf.reduce_max(errors)))

    def result(self):
        return tf.stack([self.low, self.high])


# %% exercise="reset-and-reuse" wrong="starts-at-zero" fails="start from inf and -inf"
class ErrorRange(keras.metrics.Metric):
    def __init__(self):
        super().__init__(name="error_range")
        self.low = self.add_weight(name="low", initializer="zeros")
        self.high = self.add_weight(name="high", initializer="zeros")


    def update_state(self, targets, predictions, sample_weight=None):
        errors = tf.abs(predictions - targets)
        self.low.assign(tf.minimum(self.low.value, tf.reduce_min(errors)))
        self.high.assign(tf.maximum(self.high.value, tf.reduce_max(errors)))

    def result(self):
        return tf.stack([self.low.value, self.high.value])


# %% exercise="reset-and-reuse" wrong="inherited-reset" fails="the inherited reset_state assigns 0" points=3
class ErrorRange(keras.metrics.Metric):
    def __init__(self):
        super().__init__(name="error_range")
        self.low = self.add_weight(name="low", initializer=keras.initializers.Constant(math.inf))
        self.high = self.add_weight(name="high", initializer=keras.initializers.Constant(-math.inf))


    def update_state(self, targets, predictions, sample_weight=None):
        errors = tf.abs(predictions - targets)
        self.low.assign(tf.minimum(self.low.value, tf.reduce_min(errors)))
        self.high.assign(tf.maximum(self.high.value, tf.reduce_max(errors)))

    def result(self):
        return tf.stack([self.low.value, self.high.value])


# %% exercise="reset-and-reuse" wrong="hands-out-its-state" fails="handed out the state itself, a variable" points=3
class ErrorRange(keras.metrics.Metric):
    def __init__(self):
        super().__init__(name="error_range")
        self.ends = self.add_weight(name="ends", shape=(2,), initializer="zeros")
        self.reset_state()

    def reset_state(self):
        self.ends.assign([math.inf, -math.inf])

    def update_state(self, targets, predictions, sample_weight=None):
        errors = tf.abs(predictions - targets)
        low = tf.minimum(self.ends[0], tf.reduce_min(errors))
        self.ends.assign(tf.stack([low, tf.maximum(self.ends[1], tf.reduce_max(errors))]))

    def result(self):
        return self.ends


# %% exercise="reset-and-reuse" wrong="min-of-nothing" fails="minimum of nothing" points=3
class ErrorRange(keras.metrics.Metric):
    def __init__(self):
        super().__init__(name="error_range")
        self.low = self.add_weight(name="low", initializer=keras.initializers.Constant(math.inf))
        self.high = self.add_weight(name="high", initializer=keras.initializers.Constant(-math.inf))

    def reset_state(self):
        self.low.assign(math.inf)
        self.high.assign(-math.inf)

    def update_state(self, targets, predictions, sample_weight=None):
        errors = tf.abs(predictions - targets)
        self.low.assign(tf.minimum(self.low.value, ops.min(errors)))
        self.high.assign(tf.maximum(self.high.value, ops.max(errors)))

    def result(self):
        return tf.stack([self.low.value, self.high.value])


# %% exercise="reset-and-reuse" wrong="raw-variables" fails="and nothing to anything else" points=2
class ErrorRange(keras.metrics.Metric):
    def __init__(self):
        super().__init__(name="error_range")
        self.low, self.high = tf.Variable(math.inf), tf.Variable(-math.inf)


    def update_state(self, targets, predictions, sample_weight=None):
        errors = tf.abs(predictions - targets)
        self.low.assign(tf.minimum(self.low, tf.reduce_min(errors)))
        self.high.assign(tf.maximum(self.high, tf.reduce_max(errors)))

    def result(self):
        return tf.stack([self.low, self.high])


# %% exercise="reset-and-reuse" wrong="all-kept-in-a-list" fails="the state is not in variables but in attributes" points=3
class ErrorRange(keras.metrics.Metric):
    def __init__(self):
        super().__init__(name="error_range")
        self.size = self.add_weight(name="size", initializer="zeros")
        self.errors = []

    def reset_state(self):
        self.errors = []

    def update_state(self, targets, predictions, sample_weight=None):
        self.errors += np.abs(predictions - targets).tolist()

    def result(self):
        lowest, highest = min(self.errors, default=math.inf), max(self.errors, default=-math.inf)
        return tf.constant([lowest, highest])


# %% exercise="reset-and-reuse" wrong="large-numbers-for-infinity" fails="start from inf and -inf" points=1
class ErrorRange(keras.metrics.Metric):
    def __init__(self):
        super().__init__(name="error_range")
        self.smallest = self.add_weight(name="smallest", initializer="zeros")
        self.largest = self.add_weight(name="largest", initializer="zeros")
        self.reset_state()

    def reset_state(self):
        self.smallest.assign(1e30)
        self.largest.assign(-1e30)

    def update_state(self, targets, predictions, sample_weight=None):
        errors = ops.abs(predictions - targets)
        self.smallest.assign(ops.minimum(self.smallest, tf.reduce_min(errors)))
        self.largest.assign(ops.maximum(self.largest, tf.reduce_max(errors)))

    def result(self):
        return ops.stack([self.smallest.value, self.largest.value])


# %% exercise="reset-and-reuse" right="one-vector"
class ErrorRange(keras.metrics.Metric):
    def __init__(self):
        super().__init__()
        self.span = self.add_weight(name="span", shape=(2,), initializer="zeros")
        self.reset_state()

    def reset_state(self):
        self.span.assign([np.inf, -np.inf])

    def update_state(self, targets, predictions, sample_weight=None):
        e, old = tf.abs(targets - predictions), self.span.value
        low, high = tf.minimum(old[0], tf.reduce_min(e)), tf.maximum(old[1], tf.reduce_max(e))
        self.span.assign([low, high])

    def result(self):
        return tf.identity(self.span.value)


# %% exercise="reset-and-reuse" right="init-again"
class ErrorRange(keras.metrics.Metric):
    def __init__(self):
        super().__init__(name="error_range")
        self.low = self.add_weight(name="low", initializer=keras.initializers.Constant(math.inf))
        self.high = self.add_weight(name="high", initializer=keras.initializers.Constant(-math.inf))

    def reset_state(self):
        self.__init__()

    def update_state(self, targets, predictions, sample_weight=None):
        errors = tf.abs(predictions - targets)
        self.low.assign(tf.minimum(self.low.value, tf.reduce_min(errors)))
        self.high.assign(tf.maximum(self.high.value, tf.reduce_max(errors)))

    def result(self):
        return tf.stack([self.low.value, self.high.value])


# %% exercise="reset-and-reuse" right="zero-is-the-start"
class ErrorRange(keras.metrics.Metric):
    """Keep 1 / smallest, whose start is 0, and largest with a count of the examples."""

    def __init__(self):
        super().__init__(name="error_range")
        self.inverse = self.add_weight(name="inverse", initializer="zeros")
        self.largest = self.add_weight(name="largest", initializer="zeros")
        self.count = self.add_weight(name="count", initializer="zeros")

    def update_state(self, targets, predictions, sample_weight=None):
        for error in ops.abs(predictions - targets):
            self.inverse.assign(ops.maximum(self.inverse, 1 / error))
            self.largest.assign(ops.maximum(self.largest, error))
            self.count.assign_add(1)

    def result(self):
        if ops.convert_to_numpy(self.count) == 0:
            return tf.constant([math.inf, -math.inf])
        return ops.stack([1 / self.inverse, ops.convert_to_tensor(self.largest.value)])


# %% exercise="reset-and-reuse" wrong="no-answer-without-examples" fails="raised ValueError" points=1
class ErrorRange(keras.metrics.Metric):
    def __init__(self):
        super().__init__(name="error_range")
        self.smallest = self.add_weight(initializer="zeros")
        self.largest = self.add_weight(initializer="zeros")
        self.reset_state()

    def reset_state(self):
        self.smallest.assign(math.inf)
        self.largest.assign(-math.inf)

    def update_state(self, targets, predictions, sample_weight=None):
        errors = ops.abs(predictions - targets)
        self.smallest.assign(ops.minimum(self.smallest, tf.reduce_min(errors)))
        self.largest.assign(ops.maximum(self.largest, tf.reduce_max(errors)))

    def result(self):
        if self.smallest > self.largest:
            raise ValueError("no examples yet")
        return ops.stack([self.smallest.value, self.largest.value])


# %% exercise="no-graph-kept" wrong="python-attributes" fails="tensors of the recorded graph" points=3
class RunningLoss(keras.metrics.Metric):
    def __init__(self):
        super().__init__(name="running_loss")
        self.total, self.count = 0.0, 0

    def update_state(self, loss, n):
        if n:
            self.total = self.total + n * loss
            self.count = self.count + n

    def result(self):
        return self.total / self.count if self.count else tf.constant(0.0)

    def reset_state(self):
        self.total, self.count = 0.0, 0


# %% exercise="no-graph-kept" wrong="python-count" fails="Python numbers change once" points=3
class RunningLoss(keras.metrics.Metric):
    def __init__(self):
        super().__init__(name="running_loss")
        self.total = self.add_weight(name="total", initializer="zeros")
        self.count = 0

    def update_state(self, loss, n):
        if n:
            self.total.assign_add(n * loss)
            self.count += n

    def result(self):
        return self.total / self.count if self.count else tf.constant(0.0)

    def reset_state(self):
        self.total.assign(0.0)
        self.count = 0


# %% exercise="no-graph-kept" wrong="numpy" fails="has no numpy() and no float yet" points=3
class RunningLoss(keras.metrics.Metric):
    def __init__(self):
        super().__init__(name="running_loss")
        self.total = self.add_weight(name="total", initializer="zeros")
        self.count = self.add_weight(name="count", initializer="zeros")

    def update_state(self, loss, n):
        if n:
            self.total.assign_add(n * loss.numpy())
            self.count.assign_add(n)

    def result(self):
        return ops.divide_no_nan(self.total.value, self.count.value)


# %% exercise="no-graph-kept" wrong="list-of-losses" fails="it collects what it is given" points=2
class RunningLoss(keras.metrics.Metric):
    def __init__(self):
        super().__init__(name="running_loss")
        self.losses, self.sizes = [], []

    def update_state(self, loss, n):
        if n:
            self.losses.append(loss)
            self.sizes.append(n)

    def result(self):
        if not self.sizes:
            return tf.constant(0.0)
        return tf.constant(np.average(self.losses, weights=self.sizes), tf.float32)

    def reset_state(self):
        self.losses, self.sizes = [], []


# %% exercise="no-graph-kept" wrong="mean-of-losses" fails="weigh each with its n" points=1
class RunningLoss(keras.metrics.Metric):
    def __init__(self):
        super().__init__(name="running_loss")
        self.total = self.add_weight(name="total", initializer="zeros")
        self.count = self.add_weight(name="count", initializer="zeros")

    def update_state(self, loss, n):
        if n:
            self.total.assign_add(loss)
            self.count.assign_add(1)

    def result(self):
        return ops.divide_no_nan(self.total.value, self.count.value)


# %% exercise="no-graph-kept" wrong="nan-times-zero" fails="an empty batch was counted" points=3
class RunningLoss(keras.metrics.Metric):
    def __init__(self):
        super().__init__(name="running_loss")
        self.total = self.add_weight(name="total", initializer="zeros")
        self.count = self.add_weight(name="count", initializer="zeros")

    def update_state(self, loss, n):
        self.total.assign_add(n * loss)
        self.count.assign_add(n)

    def result(self):
        return ops.divide_no_nan(self.total.value, self.count.value)


# %% exercise="no-graph-kept" wrong="nan-made-zero" fails="not those whose loss is NaN" points=3
class RunningLoss(keras.metrics.Metric):
    def __init__(self):
        super().__init__(name="running_loss")
        self.total = self.add_weight(name="total", initializer="zeros")
        self.count = self.add_weight(name="count", initializer="zeros")

    def update_state(self, loss, n):
        self.total.assign_add(ops.nan_to_num(loss) * n)
        self.count.assign_add(n)

    def result(self):
        return ops.divide_no_nan(self.total.value, self.count.value)


# %% exercise="no-graph-kept" wrong="last-loss-kept" fails="tensors of the recorded graph" points=3
class RunningLoss(keras.metrics.Metric):
    def __init__(self):
        super().__init__(name="running_loss")
        self.total = self.add_weight(name="total", initializer="zeros")
        self.count = self.add_weight(name="count", initializer="zeros")

    def update_state(self, loss, n):
        self.last = loss
        if n > 0:
            self.total.assign_add(loss * n)
            self.count.assign_add(n)

    def result(self):
        return ops.divide_no_nan(self.total.value, self.count.value)


# %% exercise="no-graph-kept" wrong="text-log" fails="it collects what it is given" points=3
class RunningLoss(keras.metrics.Metric):
    def __init__(self):
        super().__init__(name="running_loss")
        self.log = ""
        self.total = self.add_weight(name="total", initializer="zeros")
        self.count = self.add_weight(name="count", initializer="zeros")

    def update_state(self, loss, n):
        self.log = self.log + f"{n};"
        if n > 0:
            self.total.assign_add(n * loss)
            self.count.assign_add(n)

    def result(self):
        return ops.divide_no_nan(self.total.value, self.count.value)


# %% exercise="no-graph-kept" right="multiply-no-nan"
class RunningLoss(keras.metrics.Metric):
    def __init__(self):
        super().__init__(name="running_loss")
        self.total = self.add_weight(name="total", initializer="zeros")
        self.count = self.add_weight(name="count", initializer="zeros")

    def update_state(self, loss, n):
        self.total.assign_add(tf.math.multiply_no_nan(loss, float(n)))
        self.count.assign_add(float(n))

    def result(self):
        return tf.math.divide_no_nan(self.total.value, self.count.value)


# %% exercise="no-graph-kept" right="mean-inside"
class RunningLoss(keras.metrics.Mean):
    def __init__(self):
        super().__init__(name="running_loss")

    def update_state(self, loss, n):
        if n > 0:
            super().update_state(loss, sample_weight=n)


# %% exercise="no-graph-kept" right="running-mean"
class RunningLoss(keras.metrics.Metric):
    def __init__(self):
        super().__init__(name="running_loss")
        self.total = self.add_weight(name="total", initializer="zeros")
        self.count = self.add_weight(name="count", initializer="zeros")

    def update_state(self, loss, n):
        if n == 0:
            return
        self.count.assign_add(n)
        self.total.assign_add((loss - self.total) * n / self.count)

    def result(self):
        return tf.identity(self.total.value)


# %% exercise="no-graph-kept" wrong="state-of-the-class" fails="the two share their state" points=3
class RunningLoss(keras.metrics.Metric):
    def __init__(self):
        super().__init__(name="running_loss")
        RunningLoss.total = self.add_weight(initializer="zeros")
        RunningLoss.count = self.add_weight(initializer="zeros")

    def update_state(self, loss, n):
        if n > 0:
            self.total.assign_add(n * loss)
            self.count.assign_add(n)

    def reset_state(self):
        self.total.assign(0.0)
        self.count.assign(0.0)

    def result(self):
        return ops.divide_no_nan(self.total.value, self.count.value)


# %% exercise="top-k-accuracy" wrong="argmax" fails="k was ignored"
class TopKAccuracy(keras.metrics.Metric):
    def __init__(self, k):
        super().__init__(name="top_k_accuracy")
        self.k = k
        self.hits = self.add_weight(name="hits", initializer="zeros")
        self.count = self.add_weight(name="count", initializer="zeros")

    def update_state(self, labels, logits, sample_weight=None):
        hits = tf.argmax(logits, axis=1) == labels
        self.hits.assign_add(ops.sum(ops.cast(hits, "float32")))
        self.count.assign_add(ops.size(labels))

    def result(self):
        return ops.divide_no_nan(self.hits.value, self.count.value)


# %% exercise="top-k-accuracy" wrong="no-axis-on-labels" fails="labels need an axis"
class TopKAccuracy(keras.metrics.Metric):
    def __init__(self, k):
        super().__init__(name="top_k_accuracy")
        self.k = k
        self.hits = self.add_weight(name="hits", initializer="zeros")
        self.count = self.add_weight(name="count", initializer="zeros")

    def update_state(self, labels, logits, sample_weight=None):
        best = ops.top_k(logits, min(self.k, logits.shape[1]))[1]
        hits = ops.any(best == ops.cast(labels, "int32"), axis=1)
        self.hits.assign_add(ops.sum(ops.cast(hits, "float32")))
        self.count.assign_add(ops.size(labels))

    def result(self):
        return ops.divide_no_nan(self.hits.value, self.count.value)


# %% exercise="top-k-accuracy" wrong="softmax-first" fails="all but the largest of such logits 0" points=2
class TopKAccuracy(keras.metrics.Metric):
    def __init__(self, k):
        super().__init__(name="top_k_accuracy")
        self.k = k
        self.hits = self.add_weight(name="hits", initializer="zeros")
        self.count = self.add_weight(name="count", initializer="zeros")

    def update_state(self, labels, logits, sample_weight=None):
        hits = tf.math.in_top_k(labels, ops.softmax(logits), self.k)
        self.hits.assign_add(ops.sum(ops.cast(hits, "float32")))
        self.count.assign_add(ops.size(labels))

    def result(self):
        return ops.divide_no_nan(self.hits.value, self.count.value)


# %% exercise="top-k-accuracy" wrong="k-beyond-the-classes" fails="every example is a hit" points=2
class TopKAccuracy(keras.metrics.Metric):
    def __init__(self, k):
        super().__init__(name="top_k_accuracy")
        self.k = k
        self.hits = self.add_weight(name="hits", initializer="zeros")
        self.count = self.add_weight(name="count", initializer="zeros")

    def update_state(self, labels, logits, sample_weight=None):
        best = ops.top_k(logits, self.k)[1]
        hits = ops.any(best == ops.cast(labels[:, None], "int32"), axis=1)
        self.hits.assign_add(ops.sum(ops.cast(hits, "float32")))
        self.count.assign_add(ops.size(labels))

    def result(self):
        return ops.divide_no_nan(self.hits.value, self.count.value)


# %% exercise="top-k-accuracy" wrong="mean-of-batches" fails="mean of the batches' shares" points=2
class TopKAccuracy(keras.metrics.Metric):
    def __init__(self, k):
        super().__init__(name="top_k_accuracy")
        self.k = k
        self.hits = self.add_weight(name="hits", initializer="zeros")
        self.count = self.add_weight(name="count", initializer="zeros")

    def update_state(self, labels, logits, sample_weight=None):
        if labels.shape[0]:
            hits = tf.math.in_top_k(labels, logits, self.k)
            self.hits.assign_add(ops.mean(ops.cast(hits, "float32")))
            self.count.assign_add(1)

    def result(self):
        return ops.divide_no_nan(self.hits.value, self.count.value)


# %% exercise="top-k-accuracy" wrong="smallest-first" fails="ranks the smallest logits first"
class TopKAccuracy(keras.metrics.Metric):
    def __init__(self, k):
        super().__init__(name="top_k_accuracy")
        self.k = k
        self.hits = self.add_weight(name="hits", initializer="zeros")
        self.count = self.add_weight(name="count", initializer="zeros")

    def update_state(self, labels, logits, sample_weight=None):
        best = ops.argsort(logits, axis=1)[:, :self.k]
        hits = ops.any(best == ops.cast(labels[:, None], best.dtype), axis=1)
        self.hits.assign_add(ops.sum(ops.cast(hits, "float32")))
        self.count.assign_add(ops.size(labels))

    def result(self):
        return ops.divide_no_nan(self.hits.value, self.count.value)


# %% exercise="top-k-accuracy" wrong="sigmoid-first" fails="all but the largest of such logits 0" points=2
class TopKAccuracy(keras.metrics.Metric):
    def __init__(self, k):
        super().__init__(name="top_k_accuracy")
        self.k = k
        self.hits = self.add_weight(name="hits", initializer="zeros")
        self.count = self.add_weight(name="count", initializer="zeros")

    def update_state(self, labels, logits, sample_weight=None):
        hits = tf.math.in_top_k(labels, tf.sigmoid(logits), self.k)
        self.hits.assign_add(ops.sum(ops.cast(hits, "float32")))
        self.count.assign_add(ops.size(labels))

    def result(self):
        return ops.divide_no_nan(self.hits.value, self.count.value)


# %% exercise="top-k-accuracy" wrong="subclass-of-the-built-in" fails="the task is to do its work" points=2
class TopKAccuracy(keras.metrics.SparseTopKCategoricalAccuracy):
    def __init__(self, k):
        super().__init__(k=k)


# %% exercise="top-k-accuracy" wrong="reset-k1" fails="leave k alone, which is a setting" points=2
class TopKAccuracy(keras.metrics.Metric):
    def __init__(self, k):
        super().__init__(name="top_k_accuracy")
        self.k = k
        self.hits = self.add_weight(name="hits", initializer="zeros")
        self.count = self.add_weight(name="count", initializer="zeros")

    def update_state(self, labels, logits, sample_weight=None):
        hits = tf.math.in_top_k(labels, logits, self.k)
        self.hits.assign_add(ops.sum(ops.cast(hits, "float32")))
        self.count.assign_add(ops.size(labels))

    def result(self):
        return ops.divide_no_nan(self.hits.value, self.count.value)

    def reset_state(self):
        self.__init__(1)


# %% exercise="top-k-accuracy" wrong="half-count" fails="it must put back hits and examples, both" points=2
class TopKAccuracy(keras.metrics.Metric):
    def __init__(self, k):
        super().__init__(name="top_k_accuracy")
        self.k = k
        self.hits = self.add_weight(name="hits", initializer="zeros")
        self.count = self.add_weight(name="count", initializer="zeros")

    def update_state(self, labels, logits, sample_weight=None):
        hits = tf.math.in_top_k(labels, logits, self.k)
        self.hits.assign_add(ops.sum(ops.cast(hits, "float32")))
        self.count.assign_add(ops.size(labels))

    def result(self):
        return ops.divide_no_nan(self.hits.value, self.count.value)

    def reset_state(self):
        self.count.assign(0.0)


# %% exercise="top-k-accuracy" wrong="softmax64-argsort" fails="in float64 too" points=2
class TopKAccuracy(keras.metrics.Metric):
    def __init__(self, k):
        super().__init__(name="top_k_accuracy")
        self.k = k
        self.hits = self.add_weight(name="hits", initializer="zeros")
        self.count = self.add_weight(name="count", initializer="zeros")

    def update_state(self, labels, logits, sample_weight=None):
        hits = tf.reduce_any(tf.argsort(tf.nn.softmax(tf.cast(logits, tf.float64)), direction="DESCENDING")[:, :self.k] == tf.cast(labels, tf.int32)[:, None], axis=1)
        self.hits.assign_add(ops.sum(ops.cast(hits, "float32")))
        self.count.assign_add(ops.size(labels))

    def result(self):
        return ops.divide_no_nan(self.hits.value, self.count.value)

    def reset_state(self):
        [v.assign(0.0) for v in self.variables]


# %% exercise="top-k-accuracy" wrong="k-of-the-class" fails="k is that of another object" points=2
class TopKAccuracy(keras.metrics.Metric):
    def __init__(self, k):
        super().__init__(name="top_k_accuracy")
        TopKAccuracy.k = k
        self.hits = self.add_weight(name="hits", initializer="zeros")
        self.count = self.add_weight(name="count", initializer="zeros")

    def update_state(self, labels, logits, sample_weight=None):
        hits = tf.math.in_top_k(labels, logits, self.k)
        self.hits.assign_add(ops.sum(ops.cast(hits, "float32")))
        self.count.assign_add(ops.size(labels))

    def result(self):
        return ops.divide_no_nan(self.hits.value, self.count.value)

    def reset_state(self):
        [v.assign(0.0) for v in self.variables]


# %% exercise="top-k-accuracy" wrong="numbers-in-python" fails="some of the state is not in variables" points=2
class TopKAccuracy(keras.metrics.Metric):
    def __init__(self, k):
        super().__init__(name="top_k_accuracy")
        self.k = k
        self.share = self.add_weight(name="share", initializer="zeros")
        self.hits = self.count = 0.0

    def update_state(self, labels, logits, sample_weight=None):
        self.hits += float(ops.sum(ops.cast(tf.math.in_top_k(labels, logits, self.k), "float32")))
        self.count += len(labels)
        self.share.assign(self.hits / self.count if self.count else 0.0)

    def result(self):
        return tf.identity(self.share.value)

    def reset_state(self):
        self.hits = self.count = 0.0
        self.share.assign(0.0)


# %% exercise="top-k-accuracy" wrong="sums-of-the-class" fails="the two share their counts" points=2
class TopKAccuracy(keras.metrics.Metric):
    def __init__(self, k):
        super().__init__(name="top_k_accuracy")
        self.k = k
        self.share = self.add_weight(name="share", initializer="zeros")
        TopKAccuracy.hits = TopKAccuracy.count = 0.0

    def update_state(self, labels, logits, sample_weight=None):
        TopKAccuracy.hits += float(ops.sum(ops.cast(tf.math.in_top_k(labels, logits, self.k), "float32")))
        TopKAccuracy.count += len(labels)

    def result(self):
        return tf.constant(self.hits / self.count if self.count else 0.0)

    def reset_state(self):
        TopKAccuracy.hits = TopKAccuracy.count = 0.0


# %% exercise="top-k-accuracy" wrong="k-cut-down-for-good" fails="a batch with fewer classes must not change it" points=2
class TopKAccuracy(keras.metrics.Metric):
    def __init__(self, k):
        super().__init__()
        self.k = k
        self.hits = self.add_weight(initializer="zeros")
        self.count = self.add_weight(initializer="zeros")

    def update_state(self, labels, logits, sample_weight=None):
        self.k = min(self.k, logits.shape[1])
        top = tf.math.top_k(logits, self.k).indices
        hits = ops.cast(top, "int64") == labels[:, None]
        self.hits.assign_add(ops.sum(ops.cast(hits, "float32")))
        self.count.assign_add(len(labels))

    def result(self):
        return ops.divide_no_nan(self.hits.value, self.count.value)


# %% exercise="top-k-accuracy" right="sorted-downwards"
class TopKAccuracy(keras.metrics.Metric):
    def __init__(self, k):
        super().__init__(name="top_k_accuracy")
        self.k = k
        self.hits = self.add_weight(name="hits", initializer="zeros")
        self.count = self.add_weight(name="count", initializer="zeros")

    def update_state(self, labels, logits, sample_weight=None):
        best = tf.argsort(logits, direction="DESCENDING")[:, : self.k]
        hits = tf.reduce_any(best == tf.cast(labels, tf.int32)[:, None], axis=1)
        self.hits.assign_add(tf.reduce_sum(tf.cast(hits, tf.float32)))
        self.count.assign_add(float(len(labels)))

    def result(self):
        return tf.math.divide_no_nan(self.hits.value, self.count.value)


# %% exercise="top-k-accuracy" right="count-the-better-ones"
class TopKAccuracy(keras.metrics.Metric):
    def __init__(self, k):
        super().__init__(name="top_k_accuracy")
        self.k = k
        self.hits = self.add_weight(name="hits", initializer="zeros")
        self.count = self.add_weight(name="count", initializer="zeros")

    def update_state(self, labels, logits, sample_weight=None):
        own = tf.gather(logits, labels, axis=1, batch_dims=1)[:, None]
        better = tf.reduce_sum(tf.cast(logits > own, tf.int32), axis=1)
        hits = better < self.k
        self.hits.assign_add(ops.sum(ops.cast(hits, "float32")))
        self.count.assign_add(ops.size(labels))

    def result(self):
        return ops.divide_no_nan(self.hits.value, self.count.value)


# %% exercise="top-k-accuracy" right="top-k-with-limit"
class TopKAccuracy(keras.metrics.Metric):
    def __init__(self, k):
        super().__init__(name="top_k_accuracy")
        self.k = k
        self.hits = self.add_weight(name="hits", initializer="zeros")
        self.count = self.add_weight(name="count", initializer="zeros")

    def update_state(self, labels, logits, sample_weight=None):
        best = ops.top_k(logits, min(self.k, logits.shape[1]))[1]
        hits = ops.any(ops.equal(ops.cast(best, "int64"), ops.expand_dims(labels, 1)), axis=-1)
        self.hits.assign_add(ops.sum(hits))
        self.count.assign_add(labels.shape[0])

    def result(self):
        return ops.divide_no_nan(self.hits.value, self.count.value)


# %% exercise="top-k-accuracy" wrong="last-batch-only" fails="that is the last batch alone" points=1
class TopKAccuracy(keras.metrics.Metric):
    def __init__(self, k):
        super().__init__(name="top_k_accuracy")
        self.k = k
        self.share = self.add_weight(initializer="zeros")

    def update_state(self, labels, logits, sample_weight=None):
        if len(labels):
            hits = tf.math.in_top_k(labels, logits, self.k)
            self.share.assign(ops.mean(ops.cast(hits, "float32")))

    def result(self):
        return tf.identity(self.share.value)
