# %% [markdown]
# Wrong and right answers to the exercises of `solutions/14_graphs/graphs_tensorflow.py`, one per cell.
# A wrong one must fail with the words in `fails` and keep `points`; a right one must get full marks.

# %% exercise="trace-counts" wrong="type-of-numbers-counts" fails="equal to an earlier one, and equal values are one key" points=1
def trace_counts(calls):
    keys, counts = set(), []
    for x, number in calls:
        keys.add((x.dtype, tuple(x.shape), type(number), number))
        counts.append(len(keys))
    return counts


def relaxed_counts(sizes):
    return [min(2, len(set(sizes[: i + 1]))) for i in range(len(sizes))]


# %% exercise="trace-counts" wrong="latest-graph-only" fails="all graphs are kept, not only the latest" points=1
def trace_counts(calls):
    counts, last, n = [], None, 0
    for x, number in calls:
        key = x.dtype, tuple(x.shape), number
        n += key != last
        last = key
        counts.append(n)
    return counts


def relaxed_counts(sizes):
    return [min(2, len(set(sizes[: i + 1]))) for i in range(len(sizes))]


# %% exercise="trace-counts" wrong="dtype-ignored" fails="has a dtype that is new" points=1
def trace_counts(calls):
    keys, counts = set(), []
    for x, number in calls:
        keys.add((tuple(x.shape), number))
        counts.append(len(keys))
    return counts


def relaxed_counts(sizes):
    return [min(2, len(set(sizes[: i + 1]))) for i in range(len(sizes))]


# %% exercise="trace-counts" wrong="rank-instead-of-shape" fails="a graph is for one shape" points=1
def trace_counts(calls):
    keys, counts = set(), []
    for x, number in calls:
        keys.add((x.dtype, len(x.shape), number))
        counts.append(len(keys))
    return counts


def relaxed_counts(sizes):
    return [min(2, len(set(sizes[: i + 1]))) for i in range(len(sizes))]


# %% exercise="trace-counts" wrong="numbers-forgotten" fails="the value of a Python number is part of the key" points=1
def trace_counts(calls):
    keys, counts = set(), []
    for x, _ in calls:
        keys.add((x.dtype, tuple(x.shape)))
        counts.append(len(keys))
    return counts


def relaxed_counts(sizes):
    return [min(2, len(set(sizes[: i + 1]))) for i in range(len(sizes))]


# %% exercise="trace-counts" wrong="values-of-the-tensor-count" fails="the values in a tensor do not count" points=1
def trace_counts(calls):
    keys, counts = set(), []
    for x, number in calls:
        keys.add((x.dtype, tuple(x.shape), x.numpy().tobytes(), number))
        counts.append(len(keys))
    return counts


def relaxed_counts(sizes):
    return [min(2, len(set(sizes[: i + 1]))) for i in range(len(sizes))]


# %% exercise="trace-counts" wrong="never-relaxed" fails="the second graph leaves the size open" points=2
def trace_counts(calls):
    keys, counts = set(), []
    for x, number in calls:
        keys.add((x.dtype, tuple(x.shape), number))
        counts.append(len(keys))
    return counts


def relaxed_counts(sizes):
    return [len(set(sizes[: i + 1])) for i in range(len(sizes))]


# %% exercise="trace-counts" wrong="relaxed-from-the-start" fails="the first graph is for its own size only" points=2
def trace_counts(calls):
    keys, counts = set(), []
    for x, number in calls:
        keys.add((x.dtype, tuple(x.shape), number))
        counts.append(len(keys))
    return counts


def relaxed_counts(sizes):
    return [1 for size in sizes]


# %% exercise="trace-counts" wrong="zero-and-one-apart" fails="that makes two at the most" points=2
def trace_counts(calls):
    keys, counts = set(), []
    for x, number in calls:
        keys.add((x.dtype, tuple(x.shape), number))
        counts.append(len(keys))
    return counts


def relaxed_counts(sizes):
    keys, counts = set(), []
    for size in sizes:
        keys.add(size if size < 2 or size == sizes[0] else "any")
        counts.append(len(keys))
    return counts


# %% exercise="trace-counts" right="dictionary-and-flag"
def trace_counts(calls):
    graphs, counts = {}, []
    for x, number in calls:
        graphs[x.dtype.name, str(x.shape), float(number)] = True
        counts.append(len(graphs))
    return counts


def relaxed_counts(sizes):
    counts, relaxed = [], False
    for size in sizes:
        relaxed = relaxed or size != sizes[0]
        counts.append(2 if relaxed else 1)
    return counts


# %% exercise="trace-counts" right="count-for-real"
def trace_counts(calls):
    graph, counts = tf.function(lambda x, number: tf.identity(x), autograph=False), []
    for x, number in calls:
        graph(x, number)
        counts.append(graph.experimental_get_tracing_count())
    return counts


def relaxed_counts(sizes):
    graph = tf.function(lambda x: x**3, autograph=False, reduce_retracing=True)
    counts = []
    for size in sizes:
        graph(tf.ones(size))
        counts.append(graph.experimental_get_tracing_count())
    return counts


# %% exercise="trace-once" wrong="no-options" fails="only the factor changed"
def trace_once(function):
    return tf.function(function)


# %% exercise="trace-once" wrong="numbers-left" fails="only the factor changed"
def trace_once(function):
    return tf.function(function, reduce_retracing=True)


# %% exercise="trace-once" wrong="sizes-relaxed-late" fails="leave it open with None"
def trace_once(function):
    graph = tf.function(function, reduce_retracing=True)
    return lambda x, factor: graph(x, tf.constant(factor, tf.float32))


# %% exercise="trace-once" wrong="made-in-each-call" fails="call tf.function once, outside of run"
def trace_once(function):
    signature = [tf.TensorSpec((None,), tf.float32), tf.TensorSpec((), tf.float32)]

    def run(x, factor):
        return tf.function(function, input_signature=signature)(x, factor)

    return run


# %% exercise="trace-once" wrong="not-a-graph" fails="ran as plain Python"
def trace_once(function):
    return lambda x, factor: function(x, tf.constant(factor, tf.float32))


# %% exercise="trace-once" wrong="integer-signature" fails="a signature that the arguments do not fit"
def trace_once(function):
    signature = [tf.TensorSpec((None,), tf.float32), tf.TensorSpec((), tf.int32)]
    return tf.function(function, input_signature=signature)


# %% exercise="trace-once" wrong="one-size-signature" fails="a signature that the arguments do not fit"
def trace_once(function):
    signature = [tf.TensorSpec((4,), tf.float32), tf.TensorSpec((), tf.float32)]
    return tf.function(function, input_signature=signature)


# %% exercise="trace-once" wrong="factor-cut-down" fails="cut down to a whole number" points=2
def trace_once(function):
    signature = [tf.TensorSpec((None,), tf.float32), tf.TensorSpec((), tf.float32)]
    graph = tf.function(function, input_signature=signature)
    return lambda x, factor: graph(x, int(factor))


# %% exercise="trace-once" wrong="first-factor-frozen" fails="the result for the factor of the first call" points=2
def trace_once(function):
    kept = []

    @tf.function(input_signature=[tf.TensorSpec((None,), tf.float32)])
    def graph(x):
        return function(x, tf.constant(kept[0], tf.float32))

    def run(x, factor):
        kept.append(factor)
        return graph(x)

    return run


# %% exercise="trace-once" wrong="one-graph-for-all-functions" fails="was not called"
made = []


def trace_once(function):
    if not made:
        signature = [tf.TensorSpec((None,), tf.float32), tf.TensorSpec((), tf.float32)]
        made.append(tf.function(function, input_signature=signature))
    return made[0]


# %% exercise="trace-once" wrong="factor-with-one-entry" fails="a float32 tensor of shape ()" points=2
def trace_once(function):
    graph = tf.function(function, input_signature=[tf.TensorSpec([None]), tf.TensorSpec([1])])
    return lambda x, factor: graph(x, tf.constant([factor], tf.float32))


# %% exercise="trace-once" right="concrete-function"
def trace_once(function):
    graph = []

    def run(x, factor):
        if not graph:
            graph.append(tf.function(function).get_concrete_function(
                tf.TensorSpec([None], "float32"), tf.TensorSpec([], "float32")))
        return graph[0](x, tf.cast(factor, tf.float32))

    return run


# %% exercise="trace-once" right="decorated-inside"
def trace_once(function):
    @tf.function(input_signature=(tf.TensorSpec([None]), tf.TensorSpec([])), autograph=False)
    def run(x, factor):
        return function(x, factor)

    return run


# %% exercise="trace-once" right="number-becomes-tensor-outside"
def trace_once(function):
    graph = tf.function(function, input_signature=[tf.TensorSpec(None), tf.TensorSpec(())])

    def run(x, factor):
        return graph(x, tf.constant(float(factor)))

    return run


# %% exercise="graph-loop" wrong="python-while" fails="no Python while, if, int() or .numpy()" points=1
def collatz_steps(n, most):
    steps = tf.constant(0, tf.int64)
    while n != 1 and steps < most:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1
    return steps


# %% exercise="graph-loop" wrong="numpy" fails="no Python while, if, int() or .numpy()" points=1
def collatz_steps(n, most):
    number, steps = n.numpy(), 0
    while number != 1 and steps < most:
        number = number // 2 if number % 2 == 0 else 3 * number + 1
        steps += 1
    return tf.constant(steps, tf.int64)


# %% exercise="graph-loop" wrong="py-function" fails="hands its work to Python" points=2
def collatz_steps(n, most):
    def count(n):
        n, steps = int(n), 0
        while n != 1 and steps < most:
            n, steps = (n // 2 if n % 2 == 0 else 3 * n + 1), steps + 1
        return np.int64(steps)

    steps = tf.py_function(count, [n], tf.int64)
    return tf.ensure_shape(steps, ())


# %% exercise="graph-loop" wrong="unrolled" fails="a Python loop over range(most) is unrolled" points=2
def collatz_steps(n, most):
    steps = tf.constant(0, tf.int64)
    for _ in range(most):
        going = n != 1
        steps = steps + tf.cast(going, tf.int64)
        n = tf.where(going, tf.where(n % 2 == 0, n // 2, 3 * n + 1), n)
    return steps


# %% exercise="graph-loop" wrong="branch-once" fails="the branch was taken once"
@tf.function
def collatz_steps(n, most):
    even, steps = n % 2 == 0, tf.constant(0, tf.int64)
    while n != 1 and steps < most:
        if even:
            n = n // 2
        else:
            n = 3 * n + 1
        steps += 1
    return steps


# %% exercise="graph-loop" wrong="counted-in-python" fails="is counted once, while tracing"
def collatz_steps(n, most):
    steps = 0

    def body(n):
        nonlocal steps
        steps += 1
        return (tf.where(n % 2 == 0, n // 2, 3 * n + 1),)

    tf.function(lambda n: tf.while_loop(lambda n: n != 1, body, (n,)))(n)
    return tf.constant(min(steps, most), tf.int64)


# %% exercise="graph-loop" wrong="no-limit" fails="steps, so the answer is"
@tf.function
def collatz_steps(n, most):
    steps = tf.constant(0, tf.int64)
    while n != 1:
        if n % 2 == 0:
            n = n // 2
        else:
            n = 3 * n + 1
        steps += 1
    return steps


# %% exercise="graph-loop" wrong="start-counted" fails="the start is no step"
@tf.function
def collatz_steps(n, most):
    steps = tf.constant(1, tf.int64)
    while n != 1 and steps < most:
        n = tf.where(n % 2 == 0, n // 2, 3 * n + 1)
        steps += 1
    return steps


# %% exercise="graph-loop" wrong="all-rounds" fails="the loop goes on after 1 is reached"
def collatz_steps(n, most):
    def body(n, steps):
        return tf.where(n % 2 == 0, n // 2, 3 * n + 1), steps + 1

    start = n, tf.constant(0, tf.int64)
    return tf.while_loop(lambda n, steps: steps < most, body, start)[1]


# %% exercise="graph-loop" wrong="steps-as-int32" fails="wanted an int64 tensor"
@tf.function
def collatz_steps(n, most):
    steps = 0
    while n != 1 and steps < most:
        n = tf.where(n % 2 == 0, n // 2, 3 * n + 1)
        steps += 1
    return steps


# %% exercise="graph-loop" wrong="unrolled-a-fixed-number-of-times" fails="whatever it runs over" points=2
def collatz_steps(n, most):
    steps = tf.constant(0, tf.int64)
    for _ in range(128):
        going = (n != 1) & (steps < most)
        n = tf.where(going, tf.where(n % 2 == 0, n // 2, 3 * n + 1), n)
        steps += tf.cast(going, tf.int64)
    return steps


# %% exercise="graph-loop" right="autograph"
@tf.function
def collatz_steps(n, most):
    steps = tf.constant(0, tf.int64)
    while n != 1 and steps < most:
        if n % 2 == 0:
            n = n // 2
        else:
            n = 3 * n + 1
        steps += 1
    return steps


# %% exercise="graph-loop" right="cond-in-a-keras-loop"
def collatz_steps(n, most):
    def body(n, left):
        return tf.cond(n % 2 == 0, lambda: n // 2, lambda: 3 * n + 1), left - 1

    start = n, tf.constant(most, tf.int64)
    left = ops.while_loop(lambda n, left: tf.logical_and(n > 1, left > 0), body, start)[1]
    return most - left


# %% exercise="graph-loop" right="for-over-tf-range"
@tf.function
def collatz_steps(n, most):
    steps = tf.constant(0, tf.int64)
    for _ in tf.range(most):
        if n == 1:
            break
        n = tf.where(tf.equal(n % 2, 0), n // 2, 3 * n + 1)
        steps = steps + 1
    return steps


# %% exercise="graph-state" wrong="python-numbers" fails="is frozen while tracing; carry total" points=1
class RunningMean(layers.Layer):
    def __init__(self, width):
        super().__init__()
        self.total = self.add_weight(shape=(width,), initializer="zeros", trainable=False)
        self.rows = 0

    def call(self, x):
        self.total.assign_add(ops.sum(x, axis=0))
        self.rows += x.shape[0]
        return self.total / self.rows

    def reset(self):
        self.total.assign(ops.zeros_like(self.total))
        self.rows = 0


# %% exercise="graph-state" wrong="tensor-attributes" fails="is frozen while tracing; carry total" points=1
class RunningMean(layers.Layer):
    def __init__(self, width):
        super().__init__()
        self.width = width
        self.reset()

    def call(self, x):
        self.total = self.total + ops.sum(x, axis=0)
        self.count = self.count + ops.cast(ops.shape(x)[0], "float32")
        return self.total / self.count

    def reset(self):
        self.total, self.count = ops.zeros(self.width), ops.zeros(())


# %% exercise="graph-state" wrong="list-of-batches" fails="that is the mean of this batch alone" points=1
class RunningMean(layers.Layer):
    def __init__(self, width):
        super().__init__()
        self.batches = []

    def call(self, x):
        self.batches.append(x)
        return ops.mean(ops.concatenate(list(self.batches), axis=0), axis=0)

    def reset(self):
        self.batches.clear()


# %% exercise="graph-state" wrong="variables-made-per-call" fails="make it in __init__ with add_weight"
class RunningMean(layers.Layer):
    def __init__(self, width):
        super().__init__()
        self.width = width

    def call(self, x):
        total, count = tf.Variable(tf.zeros(self.width)), tf.Variable(0.0)
        total.assign_add(tf.reduce_sum(x, axis=0))
        count.assign_add(tf.cast(tf.shape(x)[0], tf.float32))
        return total / count

    def reset(self):
        pass


# %% exercise="graph-state" wrong="made-in-build" fails="make them in __init__, not in build" points=1
class RunningMean(layers.Layer):
    def __init__(self, width):
        super().__init__()
        self.width = width

    def build(self, shape):
        self.total = self.add_weight(shape=(self.width,), initializer="zeros", trainable=False)
        self.count = self.add_weight(shape=(), initializer="zeros", trainable=False)

    def call(self, x):
        self.total.assign_add(ops.sum(x, axis=0))
        self.count.assign_add(ops.cast(ops.shape(x)[0], "float32"))
        return self.total / self.count

    def reset(self):
        self.total.assign(ops.zeros_like(self.total))
        self.count.assign(0.0)


# %% exercise="graph-state" wrong="numpy-state" fails="in a graph a tensor has no value" points=1
class RunningMean(layers.Layer):
    def __init__(self, width):
        super().__init__()
        self.width = width
        self.reset()

    def call(self, x):
        self.rows = np.concatenate([self.rows, x.numpy()])
        return tf.constant(self.rows.mean(0), tf.float32)

    def reset(self):
        self.rows = np.zeros((0, self.width), "float32")


# %% exercise="graph-state" wrong="len-of-a-batch" fails="the size of the batch is not known while tracing" points=1
class RunningMean(layers.Layer):
    def __init__(self, width):
        super().__init__()
        self.total = self.add_weight(shape=(width,), initializer="zeros", trainable=False)
        self.count = self.add_weight(shape=(), initializer="zeros", trainable=False)

    def call(self, x):
        self.total.assign_add(ops.sum(x, axis=0))
        self.count.assign_add(len(x))
        return self.total / self.count

    def reset(self):
        self.total.assign(ops.zeros_like(self.total))
        self.count.assign(0.0)


# %% exercise="graph-state" wrong="static-batch" fails="the size of the batch is not known while tracing" points=3
class RunningMean(layers.Layer):
    def __init__(self, width):
        super().__init__()
        self.total = self.add_weight(shape=(width,), initializer="zeros", trainable=False)
        self.count = self.add_weight(shape=(), initializer="zeros", trainable=False)

    def call(self, x):
        self.total.assign_add(ops.sum(x, axis=0))
        self.count.assign_add(float(x.shape[0]))
        return self.total / self.count

    def reset(self):
        self.total.assign(ops.zeros_like(self.total))
        self.count.assign(0.0)


# %% exercise="graph-state" wrong="plain-variables" fails="only what add_weight makes is a weight" points=3
class RunningMean(layers.Layer):
    def __init__(self, width):
        super().__init__()
        self.total, self.count = tf.Variable(tf.zeros(width)), tf.Variable(0.0)

    def call(self, x):
        self.total.assign_add(tf.reduce_sum(x, axis=0))
        self.count.assign_add(tf.cast(tf.shape(x)[0], tf.float32))
        return self.total / self.count

    def reset(self):
        self.total.assign(tf.zeros_like(self.total))
        self.count.assign(0.0)


# %% exercise="graph-state" wrong="trainable" fails="say trainable=False in add_weight" points=3
class RunningMean(layers.Layer):
    def __init__(self, width):
        super().__init__()
        self.total = self.add_weight(shape=(width,), initializer="zeros")
        self.count = self.add_weight(shape=(), initializer="zeros")

    def call(self, x):
        self.total.assign_add(ops.sum(x, axis=0))
        self.count.assign_add(ops.cast(ops.shape(x)[0], "float32"))
        return self.total / self.count

    def reset(self):
        self.total.assign(ops.zeros_like(self.total))
        self.count.assign(0.0)


# %% exercise="graph-state" wrong="batches-count-the-same" fails="mean of the means of batches" points=1
class RunningMean(layers.Layer):
    def __init__(self, width):
        super().__init__()
        self.total = self.add_weight(shape=(width,), initializer="zeros", trainable=False)
        self.count = self.add_weight(shape=(), initializer="zeros", trainable=False)

    def call(self, x):
        self.total.assign_add(ops.mean(x, axis=0))
        self.count.assign_add(1.0)
        return self.total / self.count

    def reset(self):
        self.total.assign(ops.zeros_like(self.total))
        self.count.assign(0.0)


# %% exercise="graph-state" wrong="reset-makes-new-weights" fails="reset must assign to total and count" points=2
class RunningMean(layers.Layer):
    def __init__(self, width):
        super().__init__()
        self.width = width
        self.total = tf.Variable(tf.zeros(width))
        self.state = self.add_weight(shape=(width,), initializer="zeros", trainable=False)
        self.count = self.add_weight(shape=(), initializer="zeros", trainable=False)

    def call(self, x):
        self.total.assign_add(tf.reduce_sum(x, axis=0))
        self.state.assign(self.total)
        self.count.assign_add(ops.cast(ops.shape(x)[0], "float32"))
        return self.total / self.count

    def reset(self):
        self.total = tf.Variable(tf.zeros(self.width))
        self.count.assign(0.0)


# %% exercise="graph-state" wrong="returns-its-variable" fails="which a variable is not" points=3
class RunningMean(layers.Layer):
    def __init__(self, width):
        super().__init__()
        self.mean = self.add_weight(shape=(width,), initializer="zeros", trainable=False)
        self.count = self.add_weight(shape=(), initializer="zeros", trainable=False)

    def call(self, x):
        self.count.assign_add(ops.cast(ops.shape(x)[0], "float32"))
        self.mean.assign_add(ops.sum(x - self.mean, axis=0) / self.count)
        return self.mean

    def reset(self):
        self.mean.assign(ops.zeros_like(self.mean))
        self.count.assign(0.0)


# %% exercise="graph-state" right="running-mean-updated"
class RunningMean(layers.Layer):
    def __init__(self, width):
        super().__init__()
        self.mean = self.add_weight(name="mean", shape=(width,), initializer="zeros",
                                    trainable=False)
        self.rows = self.add_weight(name="rows", shape=(), initializer="zeros", trainable=False)

    def call(self, x):
        self.rows.assign(self.rows + tf.cast(tf.shape(x)[0], tf.float32))
        self.mean.assign(self.mean + tf.reduce_sum(x - self.mean, axis=0) / self.rows)
        return tf.identity(self.mean.value)

    def reset(self):
        for weight in self.weights:
            weight.assign(tf.zeros(weight.shape))


# %% exercise="graph-state" right="one-weight"
class RunningMean(layers.Layer):
    def __init__(self, width):
        super().__init__(trainable=False)
        self.state = self.add_weight(shape=(width + 1,), initializer="zeros", trainable=False)

    def call(self, x):
        ones = tf.ones_like(x[:, :1])
        self.state.assign_add(tf.reduce_sum(tf.concat([x, ones], axis=1), axis=0))
        return self.state[:-1] / self.state[-1]

    def reset(self):
        self.state.assign(0 * self.state)


# %% exercise="no-breaks" wrong="as-it-was" fails="the caller gets peak, and may"
def limit_peak(x):
    peak = np.abs(x.numpy()).max()
    print("peak", peak)
    if peak > 1:
        x = x / peak
    return x, tf.constant(peak)


# %% exercise="no-breaks" wrong="print-removed-only" fails="in a graph x has no value" points=1
def limit_peak(x):
    peak = np.abs(x.numpy()).max()
    if peak > 1:
        x = x / peak
    return x, tf.constant(peak)


# %% exercise="no-breaks" wrong="numpy-function-called" fails="in a graph x has no value" points=1
def limit_peak(x):
    peak = tf.reduce_max(np.abs(x))
    return x / tf.maximum(peak, 1.0), peak


# %% exercise="no-breaks" wrong="branch-on-a-tensor" fails="in a graph x has no value" points=1
def limit_peak(x):
    peak = tf.reduce_max(tf.abs(x))
    if peak > 1:
        return x / peak, peak
    return x, peak


# %% exercise="no-breaks" wrong="py-function" fails="no tf.py_function or" points=1
def limit_peak(x):
    peak = tf.ensure_shape(tf.py_function(lambda x: np.abs(x.numpy()).max(), [x], tf.float32), ())
    return x / tf.maximum(peak, 1.0), peak


# %% exercise="no-breaks" wrong="tf-print" fails="no tf.print" points=2
def limit_peak(x):
    peak = tf.reduce_max(tf.abs(x))
    tf.print("peak", peak)
    return x / tf.maximum(peak, 1.0), peak


# %% exercise="no-breaks" wrong="where-with-nan" fails="0 / 0 has no slope" points=2
def limit_peak(x):
    peak = tf.reduce_max(tf.abs(x))
    return tf.where(peak > 1, x / peak, x), peak


# %% exercise="no-breaks" wrong="always-divided" fails="a signal with a peak below 1 stays"
def limit_peak(x):
    peak = tf.reduce_max(tf.abs(x))
    return x / peak, peak


# %% exercise="no-breaks" wrong="clipped" fails="its peaks are not cut off"
def limit_peak(x):
    return tf.clip_by_value(x, -1.0, 1.0), tf.reduce_max(tf.abs(x))


# %% exercise="no-breaks" wrong="peak-stopped" fails="the peak was treated as a constant" points=2
def limit_peak(x):
    peak = tf.stop_gradient(tf.reduce_max(tf.abs(x)))
    return x / tf.maximum(peak, 1.0), peak


# %% exercise="no-breaks" wrong="only-the-returned-peak-stopped" fails="a peak that is cut off from x" points=2
def limit_peak(x):
    peak = tf.reduce_max(tf.abs(x))
    return x / tf.maximum(peak, 1.0), tf.stop_gradient(peak)


# %% exercise="no-breaks" wrong="largest-instead-of-absolute" fails="the largest absolute value"
def limit_peak(x):
    peak = tf.reduce_max(x)
    return x / tf.maximum(peak, 1.0), peak


# %% exercise="no-breaks" wrong="without-the-peak" fails="wanted a pair of tensors"
def limit_peak(x):
    return x / tf.maximum(tf.reduce_max(tf.abs(x)), 1.0)


# %% exercise="no-breaks" right="autograph-if"
@tf.function
def limit_peak(x):
    peak = tf.reduce_max(tf.abs(x))
    if peak > 1:
        x = x / peak
    return x, peak


# %% exercise="no-breaks" right="cond-with-keras"
def limit_peak(x):
    peak = ops.max(ops.abs(x))
    return tf.cond(peak > 1, lambda: x / peak, lambda: tf.identity(x)), peak


# %% exercise="no-breaks" right="where-on-the-divisor"
def limit_peak(x):
    peak = tf.norm(tf.reshape(x, [-1]), ord=np.inf)
    return [x / tf.where(peak > 1.0, peak, 1.0), peak]


# %% exercise="no-breaks" right="stopped-in-the-condition"
def limit_peak(x):
    peak = tf.reduce_max(tf.abs(x))
    return x / tf.where(tf.stop_gradient(peak) > 1.0, peak, 1.0), peak
