# %% [markdown]
# Wrong and right answers to the exercises of `solutions/03_blocks/blocks_tensorflow.py`, one per cell.
# A wrong one must fail with the words in `fails` and keep `points`; a right one must get full marks.

# %% exercise="mlp" wrong="layers-made-in-call" fails="a layer made inside call is new each time"
class MLP(keras.Layer):
    def __init__(self, num_hidden, num_outputs):
        super().__init__()
        self.num_hidden = num_hidden
        self.num_outputs = num_outputs

    def call(self, x):
        hidden = layers.Dense(self.num_hidden, activation="relu")
        out = layers.Dense(self.num_outputs)
        return out(hidden(x))


# %% exercise="mlp" wrong="layers-assigned-in-call" verdict="errored" fails="All state must be created in the `__init__()`"
class MLP(keras.Layer):
    def __init__(self, num_hidden, num_outputs):
        super().__init__()
        self.num_hidden = num_hidden
        self.num_outputs = num_outputs

    def call(self, x):
        self.hidden = layers.Dense(self.num_hidden, activation="relu")
        self.out = layers.Dense(self.num_outputs)
        return self.out(self.hidden(x))


# %% exercise="mlp" wrong="shared-through-a-cache" fails="share 4 weights" points=2
class MLP(keras.Layer):
    cache = {}

    def __init__(self, num_hidden, num_outputs):
        super().__init__()
        if (num_hidden, num_outputs) not in MLP.cache:
            MLP.cache[num_hidden, num_outputs] = (
                layers.Dense(num_hidden, activation="relu"),
                layers.Dense(num_outputs),
            )
        self.hidden, self.out = MLP.cache[num_hidden, num_outputs]

    def call(self, x):
        return self.out(self.hidden(x))


# %% exercise="mlp" wrong="layers-on-the-class" fails="assign them to self"
class MLP(keras.Layer):
    def __init__(self, num_hidden, num_outputs):
        super().__init__()
        MLP.hidden = layers.Dense(num_hidden, activation="relu")
        MLP.out = layers.Dense(num_outputs)

    def call(self, x):
        return MLP.out(MLP.hidden(x))


# %% exercise="mlp" wrong="activation-on-the-output" fails="an activation acts on the output" points=1
class MLP(keras.Layer):
    def __init__(self, num_hidden, num_outputs):
        super().__init__()
        self.hidden = layers.Dense(num_hidden, activation="relu")
        self.out = layers.Dense(num_outputs, activation="relu")

    def call(self, x):
        return self.out(self.hidden(x))


# %% exercise="mlp" wrong="softmax-on-the-output" fails="compute dense, ReLU, dense and nothing after" points=1
class MLP(keras.Layer):
    def __init__(self, num_hidden, num_outputs):
        super().__init__()
        self.hidden = layers.Dense(num_hidden, activation="relu")
        self.out = layers.Dense(num_outputs, activation="softmax")

    def call(self, x):
        return self.out(self.hidden(x))


# %% exercise="mlp" wrong="no-activation" fails="there is no activation between the two layers" points=1
class MLP(keras.Layer):
    def __init__(self, num_hidden, num_outputs):
        super().__init__()
        self.hidden = layers.Dense(num_hidden)
        self.out = layers.Dense(num_outputs)

    def call(self, x):
        return self.out(self.hidden(x))


# %% exercise="mlp" wrong="relu-after-both" fails="the ReLU acts on the output and not between" points=1
class MLP(keras.Layer):
    def __init__(self, num_hidden, num_outputs):
        super().__init__()
        self.hidden = layers.Dense(num_hidden)
        self.out = layers.Dense(num_outputs)

    def call(self, x):
        return ops.relu(self.out(self.hidden(x)))


# %% exercise="mlp" wrong="relu-before-the-first-layer" fails="the ReLU acts on the input and not on the hidden" points=1
class MLP(keras.Layer):
    def __init__(self, num_hidden, num_outputs):
        super().__init__()
        self.hidden = layers.Dense(num_hidden)
        self.out = layers.Dense(num_outputs)

    def call(self, x):
        return self.out(self.hidden(ops.relu(x)))


# %% exercise="mlp" wrong="widths-swapped" fails="the first argument is the width of the hidden layer" points=1
class MLP(keras.Layer):
    def __init__(self, num_hidden, num_outputs):
        super().__init__()
        self.hidden = layers.Dense(num_outputs, activation="relu")
        self.out = layers.Dense(num_hidden)

    def call(self, x):
        return self.out(self.hidden(x))


# %% exercise="mlp" wrong="super-init-forgotten" verdict="errored" fails="you forgot to call `super().__init__()`"
class MLP(keras.Layer):
    def __init__(self, num_hidden, num_outputs):
        self.hidden = layers.Dense(num_hidden, activation="relu")
        self.out = layers.Dense(num_outputs)

    def call(self, x):
        return self.out(self.hidden(x))


# %% exercise="mlp" wrong="gradient-cut-between-the-layers" fails="have a gradient, wanted all" points=2
class MLP(keras.Layer):
    def __init__(self, num_hidden, num_outputs):
        super().__init__()
        self.hidden = layers.Dense(num_hidden)
        self.out = layers.Dense(num_outputs)

    def call(self, x):
        return self.out(np.maximum(self.hidden(x).numpy(), 0))


# %% exercise="mlp" wrong="no-bias" fails="with a bias each"
class MLP(keras.Layer):
    def __init__(self, num_hidden, num_outputs):
        super().__init__()
        self.hidden = layers.Dense(num_hidden, activation="relu", use_bias=False)
        self.out = layers.Dense(num_outputs, use_bias=False)

    def call(self, x):
        return self.out(self.hidden(x))


# %% exercise="mlp" right="separate-relu"
class MLP(keras.Layer):
    def __init__(self, num_hidden, num_outputs):
        super().__init__()
        self.dense1 = layers.Dense(num_hidden)
        self.relu = layers.ReLU()
        self.dense2 = layers.Dense(num_outputs)

    def call(self, x):
        h = self.dense1(x)
        h = self.relu(h)
        return self.dense2(h)


# %% exercise="mlp" right="model-with-a-list"
class MLP(keras.Model):
    def __init__(self, num_hidden, num_outputs, **kwargs):
        super().__init__(**kwargs)
        self.steps = [layers.Dense(num_hidden), tf.nn.relu, layers.Dense(num_outputs)]

    def call(self, x):
        for step in self.steps:
            x = step(x)
        return x


# %% exercise="mlp" right="subclass-of-sequential"
class MLP(keras.Sequential):
    def __init__(self, num_hidden, num_outputs):
        super().__init__([layers.Dense(num_hidden, activation="relu"), layers.Dense(num_outputs)])


# %% exercise="mlp" right="output-layer-made-first-and-maximum"
class MLP(keras.Layer):
    def __init__(self, num_hidden, num_outputs):
        super().__init__()
        self.second = layers.Dense(num_outputs)
        self.first = layers.Dense(num_hidden)

    def call(self, x):
        return self.second(ops.maximum(self.first(x), 0.0))


# %% exercise="mlp" right="layers-made-in-build"
class MLP(keras.Layer):
    def __init__(self, num_hidden, num_outputs):
        super().__init__()
        self.widths = (num_hidden, num_outputs)

    def build(self, input_shape):
        self.hidden = layers.Dense(self.widths[0], activation="relu")
        self.out = layers.Dense(self.widths[1])
        self.hidden.build(input_shape)
        self.out.build((*input_shape[:-1], self.widths[0]))

    def call(self, x):
        return self.out(self.hidden(x))


# %% exercise="own-sequential" wrong="dictionary-keys" fails="Keras does not see blocks that are dictionary keys" points=1
class OwnSequential(keras.Layer):
    def __init__(self, *blocks):
        super().__init__()
        self.blocks = {block: None for block in blocks}

    def call(self, x):
        for block in self.blocks:
            x = block(x)
        return x


# %% exercise="own-sequential" wrong="keyed-by-name" fails="the repeated block was dropped" points=2
class OwnSequential(keras.Layer):
    def __init__(self, *blocks):
        super().__init__()
        self.blocks = {block.name: block for block in blocks}

    def call(self, x):
        for block in self.blocks.values():
            x = block(x)
        return x


# %% exercise="own-sequential" wrong="repeats-removed" fails="the repeated block was dropped" points=2
class OwnSequential(keras.Layer):
    def __init__(self, *blocks):
        super().__init__()
        self.blocks = []
        for block in blocks:
            if not any(block is held for held in self.blocks):
                self.blocks.append(block)

    def call(self, x):
        for block in self.blocks:
            x = block(x)
        return x


# %% exercise="own-sequential" wrong="attributes-named-after-layers" fails="must have the same names in every instance" points=1
class OwnSequential(keras.Layer):
    def __init__(self, *blocks):
        super().__init__()
        self.order = [f"block_{block.name}" for block in blocks]
        for block in blocks:
            setattr(self, f"block_{block.name}", block)

    def call(self, x):
        for name in self.order:
            x = getattr(self, name)(x)
        return x


# %% exercise="own-sequential" wrong="keras-sequential-inside" fails="the task is to do its work yourself"
class OwnSequential(keras.Layer):
    def __init__(self, *blocks):
        super().__init__()
        self.chain = keras.Sequential(list(blocks))
        self.empty = not blocks

    def call(self, x):
        return x if self.empty else self.chain(x)


# %% exercise="own-sequential" wrong="hidden-in-a-function" fails="or that only a function can reach" points=1
class OwnSequential(keras.Layer):
    def __init__(self, *blocks):
        super().__init__()

        def run(x):
            for block in blocks:
                x = block(x)
            return x

        self.run = run

    def call(self, x):
        return self.run(x)


# %% exercise="own-sequential" wrong="reversed" fails="the blocks ran in reversed order" points=1
class OwnSequential(keras.Layer):
    def __init__(self, *blocks):
        super().__init__()
        self.blocks = list(blocks)

    def call(self, x):
        for block in reversed(self.blocks):
            x = block(x)
        return x


# %% exercise="own-sequential" wrong="gradient-stopped" fails="no gradient flows back" points=2
class OwnSequential(keras.Layer):
    def __init__(self, *blocks):
        super().__init__()
        self.blocks = list(blocks)

    def call(self, x):
        for block in self.blocks:
            x = block(ops.stop_gradient(x))
        return x


# %% exercise="own-sequential" wrong="every-block-on-the-input" fails="each block got the input" points=1
class OwnSequential(keras.Layer):
    def __init__(self, *blocks):
        super().__init__()
        self.blocks = list(blocks)

    def call(self, x):
        y = x
        for block in self.blocks:
            y = block(x)
        return y


# %% exercise="own-sequential" wrong="returns-in-the-loop" fails="only the first block ran" points=1
class OwnSequential(keras.Layer):
    def __init__(self, *blocks):
        super().__init__()
        self.blocks = list(blocks)

    def call(self, x):
        for block in self.blocks:
            x = block(x)
            return x
        return x


# %% exercise="own-sequential" wrong="call-method-of-the-blocks" fails="write block(x)" points=1
class OwnSequential(keras.Layer):
    def __init__(self, *blocks):
        super().__init__()
        self.blocks = list(blocks)

    def call(self, x):
        for block in self.blocks:
            x = block.call(x)
        return x


# %% exercise="own-sequential" wrong="copies" fails="it must hold the blocks themselves"
class OwnSequential(keras.Layer):
    def __init__(self, *blocks):
        super().__init__()
        self.blocks = [type(block).from_config(block.get_config()) for block in blocks]

    def call(self, x):
        for block in self.blocks:
            x = block(x)
        return x


# %% exercise="own-sequential" wrong="repeats-copied" fails="registered and not copied" points=2
class OwnSequential(keras.Layer):
    def __init__(self, *blocks):
        super().__init__()
        self.blocks = []
        for block in blocks:
            if any(block is held for held in self.blocks):
                block = type(block).from_config(block.get_config())
            self.blocks.append(block)

    def call(self, x):
        for block in self.blocks:
            x = block(x)
        return x


# %% exercise="own-sequential" wrong="nothing-for-no-blocks" fails="must give x back" points=2
class OwnSequential(keras.Layer):
    def __init__(self, *blocks):
        super().__init__()
        self.blocks = list(blocks)

    def call(self, x):
        y = None
        for block in self.blocks:
            y = block(x if y is None else y)
        return y


# %% exercise="own-sequential" wrong="list-of-notes" fails="an attribute that belongs to Keras" points=2
class OwnSequential(keras.Layer):
    def __init__(self, *blocks):
        super().__init__()
        self._layers = list(blocks)

    def call(self, x):
        for block in self._layers:
            x = block(x)
        return x


# %% exercise="own-sequential" wrong="reserved-name" fails="give yours another"
class OwnSequential(keras.Model):
    def __init__(self, *blocks):
        super().__init__()
        self.layers = list(blocks)

    def call(self, x):
        for block in self.layers:
            x = block(x)
        return x


# %% exercise="own-sequential" right="tuple-kept-as-given"
class OwnSequential(keras.Model):
    def __init__(self, *blocks):
        super().__init__()
        self.steps = blocks

    def call(self, x):
        for step in self.steps:
            x = step(x)
        return x


# %% exercise="own-sequential" right="numbered-attributes"
class OwnSequential(keras.Layer):
    def __init__(self, *blocks):
        super().__init__()
        self.count = len(blocks)
        for i, block in enumerate(blocks):
            setattr(self, f"block{i}", block)

    def call(self, x):
        for i in range(self.count):
            x = getattr(self, f"block{i}")(x)
        return x


# %% exercise="own-sequential" right="dictionary-by-position"
class OwnSequential(keras.Layer):
    def __init__(self, *blocks, **kwargs):
        super().__init__(**kwargs)
        self._modules = {str(i): block for i, block in enumerate(blocks)}

    def call(self, x):
        for i in range(len(self._modules)):
            x = self._modules[str(i)](x)
        return x


# %% exercise="own-sequential" right="appended-and-recursive"
class OwnSequential(keras.Layer):
    def __init__(self, *blocks):
        super().__init__()
        self.blocks = []
        for block in blocks:
            self.blocks.append(block)

    def call(self, x, training=None):
        def run(i, value):
            return value if i == len(self.blocks) else run(i + 1, self.blocks[i](value))

        return run(0, x)


# %% exercise="fixed-weight-mlp" wrong="plain-attribute" fails="a plain attribute"
class FixedWeightMLP(keras.Layer):
    def __init__(self, width):
        super().__init__()
        self.dense = layers.Dense(width)
        self.c = keras.random.uniform((width, width))

    def call(self, x):
        h = self.dense(x)
        return self.dense(ops.relu(h @ self.c + 1))


# %% exercise="fixed-weight-mlp" wrong="raw-tf-variable" fails="(tensor, array, tf.Variable) is not saved"
class FixedWeightMLP(keras.Layer):
    def __init__(self, width):
        super().__init__()
        self.dense = layers.Dense(width)
        self.c = tf.Variable(tf.random.uniform((width, width)), trainable=False)

    def call(self, x):
        h = self.dense(x)
        return self.dense(tf.nn.relu(tf.matmul(h, self.c) + 1))


# %% exercise="fixed-weight-mlp" wrong="trainable" fails="C is trainable"
class FixedWeightMLP(keras.Layer):
    def __init__(self, width):
        super().__init__()
        self.dense = layers.Dense(width)
        self.c = self.add_weight(
            shape=(width, width), initializer=keras.initializers.RandomUniform(0.0, 1.0)
        )

    def call(self, x):
        h = self.dense(x)
        return self.dense(ops.relu(h @ self.c + 1))


# %% exercise="fixed-weight-mlp" wrong="drawn-in-call" fails="C is drawn in call"
class FixedWeightMLP(keras.Layer):
    def __init__(self, width):
        super().__init__()
        self.width = width
        self.dense = layers.Dense(width)

    def call(self, x):
        c = keras.random.uniform((self.width, self.width))
        return self.dense(ops.relu(self.dense(x) @ c + 1))


# %% exercise="fixed-weight-mlp" wrong="redrawn-in-call" fails="C is drawn in call" points=1
class FixedWeightMLP(keras.Layer):
    def __init__(self, width):
        super().__init__()
        self.dense = layers.Dense(width)
        self.c = self.add_weight(shape=(width, width), trainable=False)

    def call(self, x):
        self.c.assign(keras.random.uniform(self.c.shape))
        return self.dense(ops.relu(self.dense(x) @ self.c + 1))


# %% exercise="fixed-weight-mlp" wrong="dense-used-once" fails="dense is used once, and should be used twice" points=1
class FixedWeightMLP(keras.Layer):
    def __init__(self, width):
        super().__init__()
        self.dense = layers.Dense(width)
        self.c = self.add_weight(
            shape=(width, width),
            initializer=keras.initializers.RandomUniform(0.0, 1.0),
            trainable=False,
        )

    def call(self, x):
        return ops.relu(self.dense(x) @ self.c + 1)


# %% exercise="fixed-weight-mlp" wrong="two-dense-layers" fails="there are two dense layers"
class FixedWeightMLP(keras.Layer):
    def __init__(self, width):
        super().__init__()
        self.before = layers.Dense(width)
        self.after = layers.Dense(width)
        self.c = self.add_weight(
            shape=(width, width),
            initializer=keras.initializers.RandomUniform(0.0, 1.0),
            trainable=False,
        )

    def call(self, x):
        return self.after(ops.relu(self.before(x) @ self.c + 1))


# %% exercise="fixed-weight-mlp" wrong="one-forgotten" fails="the + 1 is missing" points=1
class FixedWeightMLP(keras.Layer):
    def __init__(self, width):
        super().__init__()
        self.dense = layers.Dense(width)
        self.c = self.add_weight(
            shape=(width, width),
            initializer=keras.initializers.RandomUniform(0.0, 1.0),
            trainable=False,
        )

    def call(self, x):
        return self.dense(ops.relu(self.dense(x) @ self.c))


# %% exercise="fixed-weight-mlp" wrong="one-added-outside" fails="the 1 is added after the ReLU" points=1
class FixedWeightMLP(keras.Layer):
    def __init__(self, width):
        super().__init__()
        self.dense = layers.Dense(width)
        self.c = self.add_weight(
            shape=(width, width),
            initializer=keras.initializers.RandomUniform(0.0, 1.0),
            trainable=False,
        )

    def call(self, x):
        return self.dense(ops.relu(self.dense(x) @ self.c) + 1)


# %% exercise="fixed-weight-mlp" wrong="transposed" fails="C is transposed" points=1
class FixedWeightMLP(keras.Layer):
    def __init__(self, width):
        super().__init__()
        self.dense = layers.Dense(width)
        self.c = self.add_weight(
            shape=(width, width),
            initializer=keras.initializers.RandomUniform(0.0, 1.0),
            trainable=False,
        )

    def call(self, x):
        return self.dense(ops.relu(self.dense(x) @ ops.transpose(self.c) + 1))


# %% exercise="fixed-weight-mlp" wrong="gradient-cut-at-the-product" fails="cut off (stop_gradient" points=2
class FixedWeightMLP(keras.Layer):
    def __init__(self, width):
        super().__init__()
        self.dense = layers.Dense(width)
        self.c = self.add_weight(
            shape=(width, width),
            initializer=keras.initializers.RandomUniform(0.0, 1.0),
            trainable=False,
        )

    def call(self, x):
        return self.dense(ops.relu(ops.stop_gradient(self.dense(x) @ self.c) + 1))


# %% exercise="fixed-weight-mlp" wrong="default-range" fails="without the two numbers the range is another" points=2
class FixedWeightMLP(keras.Layer):
    def __init__(self, width):
        super().__init__()
        self.dense = layers.Dense(width)
        self.c = self.add_weight(
            shape=(width, width), initializer="random_uniform", trainable=False
        )

    def call(self, x):
        return self.dense(ops.relu(self.dense(x) @ self.c + 1))


# %% exercise="fixed-weight-mlp" wrong="normal-draw" fails="wanted a draw from the uniform distribution" points=2
class FixedWeightMLP(keras.Layer):
    def __init__(self, width):
        super().__init__()
        self.dense = layers.Dense(width)
        self.c = self.add_weight(
            shape=(width, width), initializer=keras.initializers.RandomNormal(0.5, 1.0), trainable=False
        )

    def call(self, x):
        return self.dense(ops.relu(self.dense(x) @ self.c + 1))


# %% exercise="fixed-weight-mlp" wrong="fixed-seed" fails="without a fixed seed" points=2
class FixedWeightMLP(keras.Layer):
    def __init__(self, width):
        super().__init__()
        self.dense = layers.Dense(width)
        self.c = self.add_weight(
            shape=(width, width),
            initializer=keras.initializers.RandomUniform(0.0, 1.0, seed=0),
            trainable=False,
        )

    def call(self, x):
        return self.dense(ops.relu(self.dense(x) @ self.c + 1))


# %% exercise="fixed-weight-mlp" wrong="everything-frozen" fails="trains weights of shapes []"
class FixedWeightMLP(keras.Layer):
    def __init__(self, width):
        super().__init__()
        self.dense = layers.Dense(width)
        self.c = self.add_weight(
            shape=(width, width), initializer=keras.initializers.RandomUniform(0.0, 1.0)
        )
        self.trainable = False

    def call(self, x):
        return self.dense(ops.relu(self.dense(x) @ self.c + 1))


# %% exercise="fixed-weight-mlp" right="built-late"
class FixedWeightMLP(keras.Layer):
    def __init__(self, width):
        super().__init__()
        self.dense = layers.Dense(width)

    def build(self, input_shape):
        width = input_shape[-1]
        self.dense.build(input_shape)
        self.rand_weight = self.add_weight(
            shape=(width, width),
            initializer=keras.initializers.RandomUniform(minval=0, maxval=1),
            trainable=False,
        )

    def call(self, x):
        x = self.dense(x)
        x = ops.relu(ops.matmul(x, self.rand_weight) + 1)
        return self.dense(x)


# %% exercise="fixed-weight-mlp" right="only-c-in-build"
class FixedWeightMLP(keras.Layer):
    def __init__(self, width):
        super().__init__()
        self.width = width
        self.linear = layers.Dense(width)

    def build(self, input_shape):
        self.c = keras.Variable(keras.random.uniform((self.width, self.width)), trainable=False)

    def call(self, x):
        return self.linear(ops.relu(ops.matmul(self.linear(x), self.c) + ops.ones(())))


# %% exercise="fixed-weight-mlp" right="keras-variable-from-numpy"
class FixedWeightMLP(keras.Model):
    def __init__(self, width, **kwargs):
        super().__init__(**kwargs)
        draw = np.random.default_rng().uniform(size=(width, width))
        self.constant = keras.Variable(draw, trainable=False, dtype="float32")
        self.dense = layers.Dense(width)

    def call(self, x):
        hidden = tf.nn.relu(tf.matmul(self.dense(x), self.constant) + 1.0)
        return self.dense(hidden)


# %% exercise="fixed-weight-mlp" right="frozen-dense-without-bias"
class FixedWeightMLP(keras.Layer):
    def __init__(self, width):
        super().__init__()
        self.dense = layers.Dense(width)
        self.mix = layers.Dense(
            width,
            use_bias=False,
            trainable=False,
            kernel_initializer=keras.initializers.RandomUniform(0.0, 1.0),
        )

    def call(self, x):
        return self.dense(ops.relu(self.mix(self.dense(x)) + 1))


# %% exercise="shrink" wrong="python-while" fails="Use ops.while_loop" points=2
class Shrink(keras.Layer):
    def __init__(self, limit=1.0):
        super().__init__()
        self.limit = limit

    def call(self, x):
        while ops.sum(ops.abs(x)) > self.limit:
            x = x / 2
        return x


# %% exercise="shrink" wrong="python-recursion-with-cond" fails="Python's while and if" points=2
class Shrink(keras.Layer):
    def __init__(self, limit=1.0):
        super().__init__()
        self.limit = limit

    def call(self, x):
        return self.call(x / 2) if ops.sum(ops.abs(x)) > self.limit else x


# %% exercise="shrink" wrong="numpy" fails="has no gradient" points=2
class Shrink(keras.Layer):
    def __init__(self, limit=1.0):
        super().__init__()
        self.limit = limit

    def call(self, x):
        values = np.array(x)
        while np.abs(values).sum() > self.limit:
            values = values / 2
        return ops.convert_to_tensor(values)


# %% exercise="shrink" wrong="stop-gradient" fails="has no gradient" points=2
class Shrink(keras.Layer):
    def __init__(self, limit=1.0):
        super().__init__()
        self.limit = limit

    def call(self, x):
        return ops.while_loop(
            lambda x: ops.sum(ops.abs(x)) > self.limit, lambda x: x / 2, ops.stop_gradient(x)
        )


# %% exercise="shrink" wrong="halves-once" fails="it was halved at most once"
class Shrink(keras.Layer):
    def __init__(self, limit=1.0):
        super().__init__()
        self.limit = limit

    def call(self, x):
        return ops.cond(ops.sum(ops.abs(x)) > self.limit, lambda: x / 2, lambda: x)


# %% exercise="shrink" wrong="sum-without-abs" fails="the signs cancelled in the sum"
class Shrink(keras.Layer):
    def __init__(self, limit=1.0):
        super().__init__()
        self.limit = limit

    def call(self, x):
        return ops.while_loop(lambda x: ops.sum(x) > self.limit, lambda x: x / 2, x)


# %% exercise="shrink" wrong="abs-of-the-sum" fails="the signs cancelled in the sum"
class Shrink(keras.Layer):
    def __init__(self, limit=1.0):
        super().__init__()
        self.limit = limit

    def call(self, x):
        return ops.while_loop(lambda x: ops.abs(ops.sum(x)) > self.limit, lambda x: x / 2, x)


# %% exercise="shrink" wrong="divides-by-the-norm" fails="only halving is allowed"
class Shrink(keras.Layer):
    def __init__(self, limit=1.0):
        super().__init__()
        self.limit = limit

    def call(self, x):
        total = ops.sum(ops.abs(x))
        return ops.where(total > self.limit, x * self.limit / total, x)


# %% exercise="shrink" wrong="at-the-limit-too" fails="halved once too often" points=1
class Shrink(keras.Layer):
    def __init__(self, limit=1.0):
        super().__init__()
        self.limit = limit

    def call(self, x):
        return ops.while_loop(lambda x: ops.sum(ops.abs(x)) >= self.limit, lambda x: x / 2, x)


# %% exercise="shrink" wrong="halves-before-it-looks" fails="halved once too often"
class Shrink(keras.Layer):
    def __init__(self, limit=1.0):
        super().__init__()
        self.limit = limit

    def call(self, x):
        return ops.while_loop(lambda x: ops.sum(ops.abs(x)) > self.limit, lambda x: x / 2, x / 2)


# %% exercise="shrink" wrong="row-by-row" fails="each row went by its own sum"
class Shrink(keras.Layer):
    def __init__(self, limit=1.0):
        super().__init__()
        self.limit = limit

    def call(self, x):
        def too_large(x):
            return ops.sum(ops.abs(x), axis=-1, keepdims=True) > self.limit

        return ops.while_loop(
            lambda x: ops.any(too_large(x)), lambda x: ops.where(too_large(x), x / 2, x), x
        )


# %% exercise="shrink" wrong="largest-entry" fails="compare the sum of all absolute values"
class Shrink(keras.Layer):
    def __init__(self, limit=1.0):
        super().__init__()
        self.limit = limit

    def call(self, x):
        return ops.while_loop(lambda x: ops.max(ops.abs(x)) > self.limit, lambda x: x / 2, x)


# %% exercise="shrink" wrong="limit-ignored" fails="the limit that was given was not used"
class Shrink(keras.Layer):
    def __init__(self, limit=1.0):
        super().__init__()

    def call(self, x):
        return ops.while_loop(lambda x: ops.sum(ops.abs(x)) > 1.0, lambda x: x / 2, x)


# %% exercise="shrink" wrong="tuple-returned" fails="gave a tuple, wanted a tensor"
class Shrink(keras.Layer):
    def __init__(self, limit=1.0):
        super().__init__()
        self.limit = limit

    def call(self, x):
        return ops.while_loop(
            lambda x: ops.sum(ops.abs(x)) > self.limit, lambda x: (x / 2,), (x,)
        )


# %% exercise="shrink" right="tf-while-loop"
class Shrink(keras.Layer):
    def __init__(self, limit=1.0):
        super().__init__()
        self.limit = limit

    def call(self, x):
        (x,) = tf.while_loop(
            lambda x: tf.reduce_sum(tf.abs(x)) > self.limit, lambda x: (x / 2,), (x,)
        )
        return x


# %% exercise="shrink" right="loop-over-the-factor"
class Shrink(keras.Model):
    def __init__(self, limit=1.0, **kwargs):
        super().__init__(**kwargs)
        self.limit = limit

    def call(self, x):
        total = ops.stop_gradient(ops.sum(ops.abs(x)))
        factor = ops.while_loop(
            lambda f: f * total > self.limit, lambda f: f / 2, ops.ones((), dtype=x.dtype)
        )
        return factor * x


# %% exercise="shrink" right="bounded-loop-with-where"
class Shrink(keras.Layer):
    def __init__(self, limit=1.0):
        super().__init__()
        self.limit = limit

    def call(self, x):
        for _ in range(40):
            x = ops.where(ops.sum(ops.abs(x)) > self.limit, 0.5 * x, x)
        return x


# %% exercise="shrink" right="counts-the-rounds"
class Shrink(keras.Layer):
    def __init__(self, limit=1.0):
        super().__init__()
        self.limit = float(limit)

    def call(self, x):
        def small(k, x):
            return ops.greater(ops.norm(ops.reshape(x, (-1,)), ord=1), self.limit)

        return ops.while_loop(small, lambda k, x: (k + 1, x * 0.5), (0, x))[1]


# %% exercise="parallel" wrong="axis-1" fails="concatenation on axis 1" points=3
class Parallel(keras.Layer):
    def __init__(self, left, right):
        super().__init__()
        self.left, self.right = left, right

    def call(self, x):
        return ops.concatenate([self.left(x), self.right(x)], axis=1)


def repeat_block(make_block, n):
    return keras.Sequential([make_block() for _ in range(n)])


# %% exercise="parallel" wrong="axis-0" fails="concatenation on axis 0" points=3
class Parallel(keras.Layer):
    def __init__(self, left, right):
        super().__init__()
        self.left, self.right = left, right

    def call(self, x):
        return ops.concatenate([self.left(x), self.right(x)], axis=0)


def repeat_block(make_block, n):
    return keras.Sequential([make_block() for _ in range(n)])


# %% exercise="parallel" wrong="sum" fails="the results were added" points=3
class Parallel(keras.Layer):
    def __init__(self, left, right):
        super().__init__()
        self.left, self.right = left, right

    def call(self, x):
        return self.left(x) + self.right(x)


def repeat_block(make_block, n):
    return keras.Sequential([make_block() for _ in range(n)])


# %% exercise="parallel" wrong="chained" fails="both must get the input" points=3
class Parallel(keras.Layer):
    def __init__(self, left, right):
        super().__init__()
        self.left, self.right = left, right

    def call(self, x):
        x = self.left(x)
        return ops.concatenate([x, self.right(x)], axis=-1)


def repeat_block(make_block, n):
    return keras.Sequential([make_block() for _ in range(n)])


# %% exercise="parallel" wrong="right-first" fails="left goes first" points=3
class Parallel(keras.Layer):
    def __init__(self, left, right):
        super().__init__()
        self.left, self.right = left, right

    def call(self, x):
        return ops.concatenate([self.right(x), self.left(x)], axis=-1)


def repeat_block(make_block, n):
    return keras.Sequential([make_block() for _ in range(n)])


# %% exercise="parallel" wrong="stacked" fails="stacked on a new axis" points=3
class Parallel(keras.Layer):
    def __init__(self, left, right):
        super().__init__()
        self.left, self.right = left, right

    def call(self, x):
        return ops.stack([self.left(x), self.right(x)], axis=-1)


def repeat_block(make_block, n):
    return keras.Sequential([make_block() for _ in range(n)])


# %% exercise="parallel" wrong="branches-not-registered" fails="blocks that only a function can reach" points=3
class Parallel(keras.Layer):
    def __init__(self, left, right):
        super().__init__()
        self.branches = lambda x: [left(x), right(x)]

    def call(self, x):
        return ops.concatenate(self.branches(x), axis=-1)


def repeat_block(make_block, n):
    return keras.Sequential([make_block() for _ in range(n)])


# %% exercise="parallel" wrong="call-method-of-the-branches" fails="write left(x)" points=3
class Parallel(keras.Layer):
    def __init__(self, left, right):
        super().__init__()
        self.left, self.right = left, right

    def call(self, x):
        return ops.concatenate([self.left.call(x), self.right.call(x)], axis=-1)


def repeat_block(make_block, n):
    return keras.Sequential([make_block() for _ in range(n)])


# %% exercise="parallel" wrong="right-branch-stopped" fails="reached 2 of the 4" points=3
class Parallel(keras.Layer):
    def __init__(self, left, right):
        super().__init__()
        self.left, self.right = left, right

    def call(self, x):
        return ops.concatenate([self.left(x), ops.stop_gradient(self.right(x))], axis=-1)


def repeat_block(make_block, n):
    return keras.Sequential([make_block() for _ in range(n)])


# %% exercise="parallel" wrong="keyed-by-name" fails="names as keys keep one of each" points=3
class Parallel(keras.Layer):
    def __init__(self, left, right):
        super().__init__()
        self.branches = {left.name: left, right.name: right}

    def call(self, x):
        return ops.concatenate([branch(x) for branch in self.branches.values()], axis=-1)


def repeat_block(make_block, n):
    return keras.Sequential([make_block() for _ in range(n)])


# %% exercise="parallel" wrong="last-axis-of-rank-3" fails="on the last axis" points=3
class Parallel(keras.Layer):
    def __init__(self, left, right):
        super().__init__()
        self.left, self.right = left, right

    def call(self, x):
        return ops.concatenate([self.left(x), self.right(x)], axis=2)


def repeat_block(make_block, n):
    return keras.Sequential([make_block() for _ in range(n)])


# %% exercise="parallel" wrong="one-instance-n-times" fails="one instance at all places" points=2
class Parallel(keras.Layer):
    def __init__(self, left, right):
        super().__init__()
        self.left, self.right = left, right

    def call(self, x):
        return ops.concatenate([self.left(x), self.right(x)], axis=-1)


def repeat_block(make_block, n):
    return keras.Sequential([make_block()] * n)


# %% exercise="parallel" wrong="copies-of-one" fails="copies of that block" points=2
class Parallel(keras.Layer):
    def __init__(self, left, right):
        super().__init__()
        self.left, self.right = left, right

    def call(self, x):
        return ops.concatenate([self.left(x), self.right(x)], axis=-1)


def repeat_block(make_block, n):
    block = make_block()
    copies = []
    for i in range(n):
        config = {**block.get_config(), "name": f"copy_{i}"}
        copies.append(type(block).from_config(config))
    return keras.Sequential(copies)


# %% exercise="parallel" wrong="one-too-few" fails="called make_block 2 times, wanted 3" points=2
class Parallel(keras.Layer):
    def __init__(self, left, right):
        super().__init__()
        self.left, self.right = left, right

    def call(self, x):
        return ops.concatenate([self.left(x), self.right(x)], axis=-1)


def repeat_block(make_block, n):
    return keras.Sequential([make_block() for _ in range(1, n)])


# %% exercise="parallel" wrong="one-made-and-thrown-away" fails="called make_block 4 times" points=2
class Parallel(keras.Layer):
    def __init__(self, left, right):
        super().__init__()
        self.left, self.right = left, right

    def call(self, x):
        return ops.concatenate([self.left(x), self.right(x)], axis=-1)


def repeat_block(make_block, n):
    if not isinstance(make_block(), keras.Layer):
        raise TypeError("make_block must return a block")
    return keras.Sequential([make_block() for _ in range(n)])


# %% exercise="parallel" wrong="factories-not-called" fails="must hold blocks, make_block()" points=2
class Parallel(keras.Layer):
    def __init__(self, left, right):
        super().__init__()
        self.left, self.right = left, right

    def call(self, x):
        return ops.concatenate([self.left(x), self.right(x)], axis=-1)


def repeat_block(make_block, n):
    return keras.Sequential([make_block for _ in range(n)])


# %% exercise="parallel" wrong="list-returned" fails="gave a list, wanted a keras.Sequential" points=2
class Parallel(keras.Layer):
    def __init__(self, left, right):
        super().__init__()
        self.left, self.right = left, right

    def call(self, x):
        return ops.concatenate([self.left(x), self.right(x)], axis=-1)


def repeat_block(make_block, n):
    return [make_block() for _ in range(n)]


# %% exercise="parallel" wrong="first-made-last" fails="as number [2, 1, 0]" points=2
class Parallel(keras.Layer):
    def __init__(self, left, right):
        super().__init__()
        self.left, self.right = left, right

    def call(self, x):
        return ops.concatenate([self.left(x), self.right(x)], axis=-1)


def repeat_block(make_block, n):
    blocks = []
    for _ in range(n):
        blocks.insert(0, make_block())
    return keras.Sequential(blocks)


# %% exercise="parallel" wrong="two-arguments-for-concatenate" fails="takes a list of what they return" points=2
class Parallel(keras.Layer):
    def __init__(self, left, right):
        super().__init__()
        self.left, self.right = left, right

    def call(self, x):
        return ops.concatenate(self.left(x), self.right(x), axis=-1)


def repeat_block(make_block, n):
    return keras.Sequential([make_block() for _ in range(n)])


# %% exercise="parallel" right="list-and-add"
class Parallel(keras.Layer):
    def __init__(self, left, right):
        super().__init__()
        self.branches = [left, right]

    def call(self, x):
        return layers.concatenate([branch(x) for branch in self.branches])


def repeat_block(make_block, n):
    net = keras.Sequential()
    for _ in range(n):
        net.add(make_block())
    return net


# %% exercise="parallel" right="tf-concat-and-iter"
class Parallel(keras.Model):
    def __init__(self, left, right):
        super().__init__()
        self.left = left
        self.right = right

    def call(self, x, training=None):
        a = self.left(x)
        b = self.right(x)
        return tf.concat((a, b), -1)


def repeat_block(make_block, n):
    blocks = []
    while len(blocks) < n:
        blocks.append(make_block())
    return keras.Sequential(blocks, name="repeated")


# %% exercise="parallel" right="concatenate-layer-and-map"
class Parallel(keras.Layer):
    def __init__(self, left, right):
        super().__init__()
        self.left, self.right = left, right
        self.join = layers.Concatenate(axis=-1)

    def call(self, inputs):
        return self.join([self.left(inputs), self.right(inputs)])


def repeat_block(make_block, n):
    return keras.Sequential(list(map(lambda _: make_block(), range(n))))
