# %% [markdown]
# Wrong and right answers to the exercises of unit 06, TensorFlow: each cell is a whole solution
# cell. `fails` is text that the message of a failing tests cell must contain; `points` is what
# remains.

# %% exercise="shapes-before-after" wrong="recorded-after-only" fails="recorded after the batch"
def shapes_before_and_after(net, x):
    net(x)
    known = {member.name: [tuple(w.shape) for w in member.weights] for member in net.layers}
    return known, known


# %% exercise="shapes-before-after" wrong="one-dictionary" fails="recorded after the batch"
def shapes_before_and_after(net, x):
    shapes = {}

    def record():
        for member in net.layers:
            shapes[member.name] = [tuple(w.shape) for w in member.weights]
        return shapes

    before = record()
    net(x)
    return before, record()


# %% exercise="shapes-before-after" wrong="weights-in-place-of-shapes" fails="should be a list of tuples"
def shapes_before_and_after(net, x):
    before = {member.name: member.weights for member in net.layers}
    net(x)
    return before, {member.name: member.weights for member in net.layers}


# %% exercise="shapes-before-after" wrong="keys-are-weights" fails="the name of each direct member"
def shapes_before_and_after(net, x):
    before = {w.path: [tuple(w.shape)] for w in net.weights}
    net(x)
    return before, {w.path: [tuple(w.shape)] for w in net.weights}


# %% exercise="shapes-before-after" wrong="members-without-weights-skipped" fails="also of one without weights"
def shapes_before_and_after(net, x):
    def known():
        return {member.name: [tuple(w.shape) for w in member.weights]
                for member in net.layers if member.weights}

    before = known()
    net(x)
    return before, known()


# %% exercise="shapes-before-after" wrong="kernels-only" fails="the bias is a weight too"
def shapes_before_and_after(net, x):
    def known():
        return {member.name: [tuple(member.kernel.shape)] if member.weights else []
                for member in net.layers}

    before = known()
    net(x)
    return before, known()


# %% exercise="shapes-before-after" wrong="trained-only" fails="those that are not trained" points=1
def shapes_before_and_after(net, x):
    def known():
        return {member.name: [tuple(w.shape) for w in member.trainable_weights]
                for member in net.layers}

    before = known()
    net(x)
    return before, known()


# %% exercise="shapes-before-after" wrong="variables" fails="is a variable and no weight" points=1
def shapes_before_and_after(net, x):
    def known():
        return {layer.name: [tuple(v.shape) for v in layer.variables] for layer in net.layers}

    before = known()
    net(x)
    return before, known()


# %% exercise="shapes-before-after" wrong="before-taken-as-empty" fails="those known before" points=1
def shapes_before_and_after(net, x):
    before = {member.name: [] for member in net.layers}
    net(x)
    return before, {member.name: [tuple(w.shape) for w in member.weights] for member in net.layers}


# %% exercise="shapes-before-after" wrong="blocks-inside-lost" fails="blocks inside the member" points=1
def shapes_before_and_after(net, x):
    def known():
        return {member.name: [tuple(w.shape) for w in member.weights]
                if not hasattr(member, "layers") else [] for member in net.layers}

    before = known()
    net(x)
    return before, known()


# %% exercise="shapes-before-after" wrong="given-to-a-copy" fails="did the network that came in get the batch"
def shapes_before_and_after(net, x):
    def known():
        return {member.name: [tuple(w.shape) for w in member.weights] for member in net.layers}

    before = known()
    keras.models.clone_model(net)(x)
    return before, known()


# %% exercise="shapes-before-after" right="by-building"
def shapes_before_and_after(net, x):
    records = []
    for _ in range(2):
        record = {}
        for member in net.layers:
            record[member.name] = [a.shape for a in member.get_weights()]
        records.append(record)
        if not net.built:
            net.build(x.shape)
    return tuple(records)


# %% exercise="shapes-before-after" right="guarded-by-built"
def shapes_before_and_after(net, x):
    def shapes(member):
        return [tuple(int(n) for n in w.value.shape) for w in member.weights]

    before = {member.name: shapes(member) for member in net.layers}
    net.predict(np.asarray(x), verbose=0)
    after = {}
    for member in net.layers:
        after[member.name] = shapes(member)
    return (before, after)


# %% exercise="shapes-before-after" right="default-dictionary-and-named-tuple"
from collections import defaultdict, namedtuple

Record = namedtuple("Record", ["before", "after"])


def shapes_before_and_after(net, x):
    def known():
        found = defaultdict(list)
        for name, member in ((layer.name, layer) for layer in net.layers):
            found[name] += [tuple(w.shape) for w in member.weights]
        return found

    before = known()
    net(x)
    return Record(before, known())


# %% exercise="lazy-dense" wrong="raw-variables-in-each-call" fails="Keras does not see a tf.Variable" points=1
class LazyDense(keras.Layer):
    def __init__(self, units, activation=None):
        super().__init__()
        self.units = units
        self.activation = keras.activations.get(activation)

    def call(self, x):
        self.kernel = tf.Variable(tf.random.normal((x.shape[-1], self.units)))
        self.bias = tf.Variable(tf.zeros((self.units,)))
        return self.activation(ops.matmul(x, self.kernel) + self.bias)


# %% exercise="lazy-dense" wrong="weights-made-in-call" fails="not in call" points=1
class LazyDense(keras.Layer):
    def __init__(self, units, activation=None):
        super().__init__()
        self.units = units
        self.activation = keras.activations.get(activation)
        self.kernel = None

    def call(self, x):
        if self.kernel is None:
            self.kernel = self.add_weight(shape=(x.shape[-1], self.units), name="kernel")
            self.bias = self.add_weight(shape=(self.units,), name="bias")
        return self.activation(ops.matmul(x, self.kernel) + self.bias)


# %% exercise="lazy-dense" wrong="redrawn-in-each-call" fails="changed those that it had" points=3
class LazyDense(keras.Layer):
    def __init__(self, units, activation=None):
        super().__init__()
        self.units = units
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[-1], self.units), name="kernel")
        self.bias = self.add_weight(shape=(self.units,), name="bias", initializer="zeros")

    def call(self, x):
        self.kernel.assign(keras.random.normal(self.kernel.shape))
        return self.activation(ops.matmul(x, self.kernel) + self.bias)


# %% exercise="lazy-dense" wrong="build-called-in-each-call" fails="not in call" points=1
class LazyDense(keras.Layer):
    def __init__(self, units, activation=None):
        super().__init__()
        self.units = units
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[-1], self.units), name="kernel")
        self.bias = self.add_weight(shape=(self.units,), name="bias", initializer="zeros")

    def call(self, x):
        self.build(x.shape)
        return self.activation(ops.matmul(x, self.kernel) + self.bias)


# %% exercise="lazy-dense" wrong="built-in-the-constructor" fails="cannot know the input width" points=1
class LazyDense(keras.Layer):
    def __init__(self, units, activation=None):
        super().__init__()
        self.activation = keras.activations.get(activation)
        self.kernel = self.add_weight(shape=(units, units), name="kernel")
        self.bias = self.add_weight(shape=(units,), initializer="zeros", name="bias")

    def call(self, x):
        return self.activation(ops.matmul(x, self.kernel) + self.bias)


# %% exercise="lazy-dense" wrong="bias-in-the-constructor" fails="before its first call, wanted none" points=3
class LazyDense(keras.Layer):
    def __init__(self, units, activation=None):
        super().__init__()
        self.units = units
        self.activation = keras.activations.get(activation)
        self.bias = self.add_weight(shape=(units,), initializer="zeros", name="bias")

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[-1], self.units), name="kernel")

    def call(self, x):
        return self.activation(ops.matmul(x, self.kernel) + self.bias)


# %% exercise="lazy-dense" wrong="name-never-resolved" fails="has to be looked up before it can be called" points=2
class LazyDense(keras.Layer):
    def __init__(self, units, activation=None):
        super().__init__()
        self.units = units
        self.activation = activation

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[-1], self.units), name="kernel")
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")

    def call(self, x):
        y = ops.matmul(x, self.kernel) + self.bias
        return y if self.activation is None else self.activation(y)


# %% exercise="lazy-dense" wrong="name-resolved-in-the-call" fails="look the name up in the constructor" points=3
class LazyDense(keras.Layer):
    def __init__(self, units, activation=None):
        super().__init__()
        self.units = units
        self.activation = activation

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[-1], self.units), name="kernel")
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")

    def call(self, x):
        y = ops.matmul(x, self.kernel) + self.bias
        return keras.activations.get(self.activation)(y)


# %% exercise="lazy-dense" wrong="unknown-name-means-none" fails="and have no default" points=3
class LazyDense(keras.Layer):
    def __init__(self, units, activation=None):
        super().__init__()
        self.units = units
        if isinstance(activation, str):
            activation = getattr(ops, activation, None)
        self.activation = activation

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[-1], self.units), name="kernel")
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")

    def call(self, x):
        y = ops.matmul(x, self.kernel) + self.bias
        return y if self.activation is None else self.activation(y)


# %% exercise="lazy-dense" wrong="a-few-names-only" fails="or any name that keras.activations.get knows" points=3
class LazyDense(keras.Layer):
    def __init__(self, units, activation=None):
        super().__init__()
        self.units = units
        known = {None: ops.identity, "relu": ops.relu, "tanh": ops.tanh}
        self.activation = activation if callable(activation) else known[activation]

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[-1], self.units), name="kernel")
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")

    def call(self, x):
        y = ops.matmul(x, self.kernel) + self.bias
        return y if self.activation is ops.identity else self.activation(y)


# %% exercise="lazy-dense" wrong="always-relu" fails="that is a ReLU" points=3
class LazyDense(keras.Layer):
    def __init__(self, units, activation=None):
        super().__init__()
        self.units = units
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[-1], self.units), name="kernel")
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")

    def call(self, x):
        y = ops.matmul(x, self.kernel) + self.bias
        return y if self.activation is keras.activations.linear else ops.relu(y)


# %% exercise="lazy-dense" wrong="activation-forgotten" fails="no activation was applied" points=3
class LazyDense(keras.Layer):
    def __init__(self, units, activation=None):
        super().__init__()
        self.units = units
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[-1], self.units), name="kernel")
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")

    def call(self, x):
        return ops.matmul(x, self.kernel) + self.bias


# %% exercise="lazy-dense" wrong="dense-inside" fails="uses layers.Dense" points=3
class LazyDense(keras.Layer):
    def __init__(self, units, activation=None):
        super().__init__()
        self.dense = layers.Dense(units, activation=activation)

    def call(self, x):
        return self.dense(x)


# %% exercise="lazy-dense" wrong="bias-not-trained" fails="all trained" points=2
class LazyDense(keras.Layer):
    def __init__(self, units, activation=None):
        super().__init__()
        self.units = units
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[-1], self.units), name="kernel")
        self.bias = self.add_weight(shape=(self.units,), name="bias", trainable=False)

    def call(self, x):
        return self.activation(ops.matmul(x, self.kernel) + self.bias)


# %% exercise="lazy-dense" wrong="numpy-in-call" fails="has no gradient" points=3
class LazyDense(keras.Layer):
    def __init__(self, units, activation=None):
        super().__init__()
        self.units = units
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[-1], self.units), name="kernel")
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")

    def call(self, x):
        return self.activation(ops.matmul(x, self.kernel.numpy()) + self.bias.numpy())


# %% exercise="lazy-dense" wrong="x-stopped" fails="W, b or x has no gradient" points=3
class LazyDense(keras.Layer):
    def __init__(self, units, activation=None):
        super().__init__()
        self.units = units
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[-1], self.units))
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros")

    def call(self, x):
        return self.activation(ops.stop_gradient(x) @ self.kernel + self.bias)


# %% exercise="lazy-dense" right="both-in-one-call-of-build"
class LazyDense(keras.Layer):
    def __init__(self, units, activation=None):
        super().__init__()
        self.units = units
        self.act = layers.Activation(activation) if isinstance(activation, str) else activation

    def build(self, shape):
        n = shape[-1]
        self.W = self.add_weight((n, self.units), "he_normal", name="W")
        self.b = self.add_weight((self.units,), "zeros", name="b")
        super().build(shape)

    def call(self, x):
        y = tf.tensordot(x, self.W, axes=1) + self.b
        return self.act(y) if self.act is not None else y


# %% exercise="lazy-dense" right="keras-variables"
class LazyDense(keras.Layer):
    def __init__(self, units, activation=None):
        super().__init__()
        self.units = units
        self.function = activation if callable(activation) else keras.activations.get(activation)

    def build(self, input_shape):
        values = np.random.normal(size=(input_shape[-1], self.units))
        self.kernel = keras.Variable(values, dtype="float32")
        self.bias = keras.Variable(np.zeros(self.units), dtype="float32")

    def call(self, x):
        return self.function(ops.einsum("...n,nu->...u", x, self.kernel) + self.bias)


# %% exercise="widening-layer" wrong="width-from-the-batch" fails="the last axis of x"
class Widen(keras.Layer):
    def build(self, input_shape):
        n = input_shape[0]
        self.dense = layers.Dense(2 * n if n % 2 == 0 else 3 * n)

    def call(self, x):
        return self.dense(x)


def widen_three_times():
    return keras.Sequential([Widen(), Widen(), Widen()])


# %% exercise="widening-layer" wrong="cases-swapped" fails="4 is even, so m is 2n"
class Widen(keras.Layer):
    def build(self, input_shape):
        n = input_shape[-1]
        self.dense = layers.Dense(2 * n if n % 2 else 3 * n)

    def call(self, x):
        return self.dense(x)


def widen_three_times():
    return keras.Sequential([Widen(), Widen(), Widen()])


# %% exercise="widening-layer" wrong="always-twice" fails="3 is odd, so m is 3n"
class Widen(keras.Layer):
    def build(self, input_shape):
        self.dense = layers.Dense(2 * input_shape[-1])

    def call(self, x):
        return self.dense(x)


def widen_three_times():
    return keras.Sequential([Widen(), Widen(), Widen()])


# %% exercise="widening-layer" wrong="made-in-call" fails="make weights and layers once, in build"
class Widen(keras.Layer):
    def call(self, x):
        n = x.shape[-1]
        self.dense = layers.Dense(2 * n if n % 2 == 0 else 3 * n)
        return self.dense(x)


def widen_three_times():
    return keras.Sequential([Widen(), Widen(), Widen()])


# %% exercise="widening-layer" wrong="forgotten-after-the-call" fails="make them in build"
class Widen(keras.Layer):
    def call(self, x):
        n = x.shape[-1]
        return layers.Dense(2 * n if n % 2 == 0 else 3 * n)(x)


def widen_three_times():
    return keras.Sequential([Widen(), Widen(), Widen()])


# %% exercise="widening-layer" wrong="raw-variables" fails="leaves trained weights of shapes []"
class Widen(keras.Layer):
    def build(self, input_shape):
        n = input_shape[-1]
        m = 2 * n if n % 2 == 0 else 3 * n
        self.kernel = tf.Variable(tf.random.normal((n, m)))
        self.bias = tf.Variable(tf.zeros((m,)))

    def call(self, x):
        return tf.matmul(x, self.kernel) + self.bias


def widen_three_times():
    return keras.Sequential([Widen(), Widen(), Widen()])


# %% exercise="widening-layer" wrong="one-instance-at-three-places" fails="one Widen at several places" points=2
class Widen(keras.Layer):
    def build(self, input_shape):
        n = input_shape[-1]
        self.dense = layers.Dense(2 * n if n % 2 == 0 else 3 * n)

    def call(self, x):
        return self.dense(x)


def widen_three_times():
    return keras.Sequential([Widen()] * 3)


# %% exercise="widening-layer" wrong="built-in-the-constructor" fails="no width is known in the constructor"
class Widen(keras.Layer):
    def __init__(self, n=4):
        super().__init__()
        self.dense = layers.Dense(2 * n if n % 2 == 0 else 3 * n)
        self.dense.build((None, n))

    def call(self, x):
        return self.dense(x)


def widen_three_times():
    return keras.Sequential([Widen(4), Widen(8), Widen(16)])


# %% exercise="widening-layer" wrong="relu-added" fails="without activation"
class Widen(keras.Layer):
    def build(self, input_shape):
        n = input_shape[-1]
        self.dense = layers.Dense(2 * n if n % 2 == 0 else 3 * n, activation="relu")

    def call(self, x):
        return self.dense(x)


def widen_three_times():
    return keras.Sequential([Widen(), Widen(), Widen()])


# %% exercise="widening-layer" wrong="x-stopped" fails="have no gradient" points=2
class Widen(keras.Layer):
    def build(self, input_shape):
        n = input_shape[-1]
        self.dense = layers.Dense(3 * n if n % 2 else 2 * n)
        self.dense.build(input_shape)

    def call(self, x):
        return self.dense(ops.stop_gradient(x))


def widen_three_times():
    return keras.Sequential([Widen(), Widen(), Widen()])


# %% exercise="widening-layer" wrong="input-repeated" fails="leaves trained weights of shapes []"
class Widen(keras.Layer):
    def call(self, x):
        return ops.concatenate([x] * (2 + x.shape[-1] % 2), axis=-1)


def widen_three_times():
    return keras.Sequential([Widen(), Widen(), Widen()])


# %% exercise="widening-layer" right="weights-of-its-own"
class Widen(keras.Layer):
    def build(self, input_shape):
        n = input_shape[-1]
        m = n * (2 + n % 2)
        self.kernel = self.add_weight(shape=(n, m), initializer="glorot_normal", name="kernel")
        self.bias = self.add_weight(shape=(m,), initializer="zeros", name="bias")

    def call(self, x):
        return x @ self.kernel + self.bias


def widen_three_times():
    chain = keras.Sequential()
    for _ in range(3):
        chain.add(Widen())
    return chain


# %% exercise="widening-layer" right="dense-built-when-called"
class Widen(keras.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)

    def build(self, input_shape):
        *_, n = input_shape
        self.parts = [layers.Dense(units=3 * n if n % 2 else 2 * n)]

    def call(self, inputs):
        return self.parts[0](inputs)


def widen_three_times():
    return keras.Sequential([Widen(name=name) for name in ("one", "two", "three")])


# %% exercise="late-optimizer" wrong="made-in-the-constructor" fails="was make_optimizer called before net had met a batch"
class Trainer:
    def __init__(self, net, make_optimizer):
        self.net = net
        self.optimizer = make_optimizer(net.trainable_variables)

    def step(self, x, y):
        with tf.GradientTape() as tape:
            loss = ops.mean((self.net(x) - y) ** 2)
        variables = self.net.trainable_variables
        self.optimizer.apply(tape.gradient(loss, variables), variables)
        return float(loss)


# %% exercise="late-optimizer" wrong="made-before-the-batch-in-step" fails="was net asked for them before its first batch"
class Trainer:
    def __init__(self, net, make_optimizer):
        self.net = net
        self.make_optimizer = make_optimizer
        self.optimizer = None

    def step(self, x, y):
        if self.optimizer is None:
            self.optimizer = self.make_optimizer(self.net.trainable_variables)
        with tf.GradientTape() as tape:
            loss = ops.mean((self.net(x) - y) ** 2)
        variables = self.net.trainable_variables
        self.optimizer.apply(tape.gradient(loss, variables), variables)
        return float(loss)


# %% exercise="late-optimizer" wrong="stale-list" fails="was given 0 variables, wanted all 4"
class Trainer:
    def __init__(self, net, make_optimizer):
        self.net = net
        self.variables = net.trainable_variables
        self.optimizer = make_optimizer(self.variables)

    def step(self, x, y):
        with tf.GradientTape() as tape:
            loss = ops.mean((self.net(x) - y) ** 2)
        self.optimizer.apply(tape.gradient(loss, self.variables), self.variables)
        return float(loss)


# %% exercise="late-optimizer" wrong="made-in-every-step" fails="the momentum of earlier steps is lost"
class Trainer:
    def __init__(self, net, make_optimizer):
        self.net = net
        self.make_optimizer = make_optimizer

    def step(self, x, y):
        with tf.GradientTape() as tape:
            loss = ops.mean((self.net(x) - y) ** 2)
        variables = self.net.trainable_variables
        self.make_optimizer(variables).apply(tape.gradient(loss, variables), variables)
        return float(loss)


# %% exercise="late-optimizer" wrong="late-layer-left-out" fails="step 2 changed 0 of 4 variables"
class Trainer:
    def __init__(self, net, make_optimizer):
        self.net = net
        self.make_optimizer = make_optimizer
        self.variables = net.trainable_variables
        self.optimizer = None

    def step(self, x, y):
        with tf.GradientTape() as tape:
            loss = ops.mean((self.net(x) - y) ** 2)
        if self.optimizer is None:
            self.optimizer = self.make_optimizer(self.net.trainable_variables)
        gradients = tape.gradient(loss, self.variables)
        if gradients:
            self.optimizer.apply(gradients, self.variables)
        return float(loss)


# %% exercise="late-optimizer" wrong="first-step-only-builds" fails="nothing was updated" points=1
class Trainer:
    def __init__(self, net, make_optimizer):
        self.net = net
        self.make_optimizer = make_optimizer
        self.optimizer = None

    def step(self, x, y):
        with tf.GradientTape() as tape:
            loss = ops.mean((self.net(x) - y) ** 2)
        variables = self.net.trainable_variables
        if self.optimizer is None:
            self.optimizer = self.make_optimizer(variables)
            return float(loss)
        self.optimizer.apply(tape.gradient(loss, variables), variables)
        return float(loss)


# %% exercise="late-optimizer" wrong="loss-after-the-update" fails="the loss before one update" points=1
class Trainer:
    def __init__(self, net, make_optimizer):
        self.net = net
        self.make_optimizer = make_optimizer
        self.optimizer = None

    def step(self, x, y):
        with tf.GradientTape() as tape:
            loss = ops.mean((self.net(x) - y) ** 2)
        variables = self.net.trainable_variables
        if self.optimizer is None:
            self.optimizer = self.make_optimizer(variables)
        self.optimizer.apply(tape.gradient(loss, variables), variables)
        return float(ops.mean((self.net(x) - y) ** 2))


# %% exercise="late-optimizer" wrong="tensor-returned" fails="not a float"
class Trainer:
    def __init__(self, net, make_optimizer):
        self.net = net
        self.make_optimizer = make_optimizer
        self.optimizer = None

    def step(self, x, y):
        with tf.GradientTape() as tape:
            loss = ops.mean((self.net(x) - y) ** 2)
        variables = self.net.trainable_variables
        if self.optimizer is None:
            self.optimizer = self.make_optimizer(variables)
        self.optimizer.apply(tape.gradient(loss, variables), variables)
        return loss


# %% exercise="late-optimizer" wrong="sum-of-squares" fails="the loss before one update" points=1
class Trainer:
    def __init__(self, net, make_optimizer):
        self.net = net
        self.make_optimizer = make_optimizer
        self.optimizer = None

    def step(self, x, y):
        with tf.GradientTape() as tape:
            loss = ops.sum((self.net(x) - y) ** 2)
        variables = self.net.trainable_variables
        if self.optimizer is None:
            self.optimizer = self.make_optimizer(variables)
        self.optimizer.apply(tape.gradient(loss, variables), variables)
        return float(loss)


# %% exercise="late-optimizer" wrong="optimizer-of-its-own" fails="make_optimizer was never called"
class Trainer:
    def __init__(self, net, make_optimizer):
        self.net = net
        self.optimizer = keras.optimizers.SGD(0.1, momentum=0.9)

    def step(self, x, y):
        with tf.GradientTape() as tape:
            loss = ops.mean((self.net(x) - y) ** 2)
        variables = self.net.trainable_variables
        self.optimizer.apply(tape.gradient(loss, variables), variables)
        return float(loss)


# %% exercise="late-optimizer" wrong="all-weights" fails="was given 4 variables, wanted all 2 that are trained" points=2
class Trainer:
    def __init__(self, net, make_optimizer):
        self.net, self.make_optimizer, self.optimizer = net, make_optimizer, None

    def step(self, x, y):
        with tf.GradientTape() as tape:
            loss = ops.mean((self.net(x) - y) ** 2)
        if self.optimizer is None:
            self.optimizer = self.make_optimizer(self.net.weights)
        variables = self.net.trainable_weights
        self.optimizer.apply(tape.gradient(loss, variables), variables)
        return float(loss)


# %% exercise="late-optimizer" right="built-ahead-of-the-tape"
class Trainer:
    def __init__(self, net, make_optimizer):
        self.net, self.make_optimizer = net, make_optimizer
        self.optimizer = None

    def step(self, x, y):
        if self.optimizer is None:
            self.net(x[:1])
            self.optimizer = self.make_optimizer(self.net.trainable_weights)
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(self.net(x, training=True) - y))
        gradients = tape.gradient(loss, self.net.trainable_weights)
        self.optimizer.apply_gradients(zip(gradients, self.net.trainable_weights))
        return loss.numpy().item()


# %% exercise="late-optimizer" right="loss-object"
class Trainer:
    def __init__(self, net, make_optimizer):
        self.net, self.make_optimizer = net, make_optimizer
        self.loss = keras.losses.MeanSquaredError()

    def step(self, x, y):
        with tf.GradientTape() as tape:
            loss = self.loss(y, self.net(x))
        if not hasattr(self, "optimizer"):
            self.optimizer = self.make_optimizer(self.net.trainable_variables)
        self.optimizer.apply(tape.gradient(loss, self.net.trainable_variables))
        return float(loss.numpy())


# %% exercise="clear-error" wrong="no-check" fails="compare the width with that of the first batch" points=1
class Guard(keras.Layer):
    def __init__(self, name, block):
        super().__init__(name=name)
        self.block = block

    def call(self, x):
        return self.block(x)


# %% exercise="clear-error" wrong="swallows-everything" fails="must come out as it is"
class Guard(keras.Layer):
    def __init__(self, name, block):
        super().__init__(name=name)
        self.block = block

    def build(self, input_shape):
        self.expected = input_shape[-1]

    def call(self, x):
        try:
            return self.block(x)
        except Exception:
            raise ValueError(
                f"{self.name}: expected {self.expected}, received {x.shape[-1]}") from None


# %% exercise="clear-error" wrong="checks-and-swallows" fails="an error with another cause must come out as it is" points=2
class Guard(keras.Layer):
    def __init__(self, name, block):
        super().__init__(name=name)
        self.block = block

    def build(self, input_shape):
        self.expected = input_shape[-1]

    def call(self, x):
        try:
            if x.shape[-1] != self.expected:
                raise RuntimeError("width")
            return self.block(x)
        except Exception:
            raise ValueError(
                f"{self.name}: expected {self.expected}, received {x.shape[-1]}") from None


# %% exercise="clear-error" wrong="words-of-keras" fails="but received input with shape" points=2
class Guard(keras.Layer):
    def __init__(self, name, block):
        super().__init__(name=name)
        self.block = block

    def build(self, input_shape):
        self.input_spec = layers.InputSpec(axes={-1: input_shape[-1]})

    def call(self, x):
        return self.block(x)


# %% exercise="clear-error" wrong="prints-and-goes-on" fails="raised nothing" points=1
class Guard(keras.Layer):
    def __init__(self, name, block):
        super().__init__(name=name)
        self.block = block

    def build(self, input_shape):
        self.expected = input_shape[-1]

    def call(self, x):
        if x.shape[-1] != self.expected:
            print(f"{self.name}: expected {self.expected}, received {x.shape[-1]}")
            return x
        return self.block(x)


# %% exercise="clear-error" wrong="assertion" fails="raised AssertionError" points=1
class Guard(keras.Layer):
    def __init__(self, name, block):
        super().__init__(name=name)
        self.block = block

    def build(self, input_shape):
        self.expected = input_shape[-1]

    def call(self, x):
        assert x.shape[-1] == self.expected, (
            f"{self.name}: expected {self.expected}, received {x.shape[-1]}")
        return self.block(x)


# %% exercise="clear-error" wrong="numbers-swapped" fails="the two are the wrong way round" points=2
class Guard(keras.Layer):
    def __init__(self, name, block):
        super().__init__(name=name)
        self.block = block

    def build(self, input_shape):
        self.expected = input_shape[-1]

    def call(self, x):
        if x.shape[-1] != self.expected:
            raise ValueError(f"{self.name}: expected {x.shape[-1]}, received {self.expected}")
        return self.block(x)


# %% exercise="clear-error" wrong="no-name" fails="the name is missing" points=2
class Guard(keras.Layer):
    def __init__(self, name, block):
        super().__init__(name=name)
        self.block = block

    def build(self, input_shape):
        self.expected = input_shape[-1]

    def call(self, x):
        if x.shape[-1] != self.expected:
            raise ValueError(f"expected {self.expected} columns, received {x.shape[-1]}")
        return self.block(x)


# %% exercise="clear-error" wrong="whole-shapes-compared" fails="only the last axis counts" points=2
class Guard(keras.Layer):
    def __init__(self, name, block):
        super().__init__(name=name)
        self.block = block

    def build(self, input_shape):
        self.expected = tuple(input_shape)

    def call(self, x):
        if tuple(x.shape) != self.expected:
            raise ValueError(f"{self.name}: expected {self.expected[-1]}, received {x.shape[-1]}")
        return self.block(x)


# %% exercise="clear-error" wrong="batch-axis" fails="raised nothing"
class Guard(keras.Layer):
    def __init__(self, name, block):
        super().__init__(name=name)
        self.block = block

    def build(self, input_shape):
        self.expected = input_shape[0]

    def call(self, x):
        if x.shape[0] != self.expected:
            raise ValueError(f"{self.name}: expected {self.expected}, received {x.shape[0]}")
        return self.block(x)


# %% exercise="clear-error" wrong="expects-what-came-last" fails="refused a batch of the right width" points=2
class Guard(keras.Layer):
    def __init__(self, name, block):
        super().__init__(name=name)
        self.block = block

    def build(self, input_shape):
        self.expected = input_shape[-1]

    def call(self, x):
        expected, self.expected = self.expected, x.shape[-1]
        if x.shape[-1] != expected:
            raise ValueError(f"{self.name}: expected {expected}, received {x.shape[-1]}")
        return self.block(x)


# %% exercise="clear-error" wrong="one-width-for-all-guards" fails="only this guard's own first batch"
class Guard(keras.Layer):
    widths = []

    def __init__(self, name, block):
        super().__init__(name=name)
        self.block = block

    def call(self, x):
        Guard.widths.append(x.shape[-1])
        if x.shape[-1] != Guard.widths[0]:
            raise ValueError(f"{self.name}: expected {Guard.widths[0]}, received {x.shape[-1]}")
        return self.block(x)


# %% exercise="clear-error" wrong="block-runs-first" fails="gave the wrong batch to block" points=2
class Guard(keras.Layer):
    def __init__(self, name, block):
        super().__init__(name=name)
        self.block = block

    def build(self, input_shape):
        self.expected = input_shape[-1]

    def call(self, x):
        error = None
        try:
            y = self.block(x)
        except Exception as caught:
            error = caught
        if x.shape[-1] != self.expected:
            raise ValueError(f"{self.name}: expected {self.expected}, received {x.shape[-1]}")
        if error is not None:
            raise error
        return y


# %% exercise="clear-error" wrong="block-not-registered" fails="assign block to self" points=2
class Guard(keras.Layer):
    def __init__(self, name, block):
        super().__init__(name=name)
        self.run = lambda x: block(x)

    def build(self, input_shape):
        self.expected = input_shape[-1]

    def call(self, x):
        if x.shape[-1] != self.expected:
            raise ValueError(f"{self.name}: expected {self.expected}, received {x.shape[-1]}")
        return self.run(x)


# %% exercise="clear-error" wrong="input-cut-off" fails="no gradient flows from the result" points=2
class Guard(keras.Layer):
    def __init__(self, name, block):
        super().__init__(name=name)
        self.block = block

    def build(self, input_shape):
        self.expected = input_shape[-1]

    def call(self, x):
        if x.shape[-1] != self.expected:
            raise ValueError(f"{self.name}: expected {self.expected}, received {x.shape[-1]}")
        return self.block(ops.stop_gradient(x))


# %% exercise="clear-error" wrong="result-cut-off" fails="no gradient flows from the result" points=2
class Guard(keras.Layer):
    def __init__(self, name, block):
        super().__init__(name=name)
        self.block = block

    def build(self, input_shape):
        self.expected = input_shape[-1]

    def call(self, x):
        if x.shape[-1] != self.expected:
            raise ValueError(f"{self.name}: expected {self.expected}, received {x.shape[-1]}")
        return ops.stop_gradient(self.block(x))


# %% exercise="clear-error" wrong="width-learnt-after-success" fails="keep its width first" points=2
class Guard(keras.Layer):
    def __init__(self, name, block):
        super().__init__(name=name)
        self.inner, self.width = block, None

    def call(self, x):
        got = int(x.shape[-1])
        if self.width not in (None, got):
            raise ValueError("expected %d but received %d in %s" % (self.width, got, self.name))
        y = self.inner(x)
        self.width = got
        return y


# %% exercise="clear-error" right="remembered-in-call"
class Guard(keras.Layer):
    def __init__(self, name, block):
        super().__init__(name=name)
        self.inner, self.width = block, None

    def call(self, x):
        got = int(x.shape[-1])
        if self.width is None:
            self.width = got
        elif self.width != got:
            raise ValueError("expected %d but received %d in %s" % (self.width, got, self.name))
        return self.inner(x)


# %% exercise="clear-error" right="before-the-call"
class Guard(keras.Layer):
    def __init__(self, name, block):
        super().__init__(name=name)
        self.block = block

    def build(self, input_shape):
        self.width = input_shape[-1]

    def __call__(self, x, **kwargs):
        if self.built and x.shape[-1] != self.width:
            raise ValueError(f"{self.name} was refused: it expected {self.width} numbers in the "
                             f"last axis and it received {x.shape[-1]} of them")
        return super().__call__(x, **kwargs)

    def call(self, x):
        return self.block(x)
