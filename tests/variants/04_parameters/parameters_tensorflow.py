# %% [markdown]
# Wrong and right answers to the exercises of unit 04, TensorFlow: each cell is a whole solution
# cell. `fails` is text that the message of a failing tests cell must contain; `points` is what
# remains.

# %% exercise="parameter-shapes" wrong="layers-of-a-model" fails="not every block has layers"
def parameter_shapes(block):
    return {w.path: tuple(w.shape) for layer in block.layers for w in layer.weights}


# %% exercise="parameter-shapes" wrong="one-level-only" fails="the blocks inside blocks are left out" points=1
def parameter_shapes(block):
    shapes = {}
    for layer in getattr(block, "layers", [block]):
        for w in layer._trainable_variables + layer._non_trainable_variables:
            shapes[w.path] = tuple(w.shape)
    return shapes


# %% exercise="parameter-shapes" wrong="names" fails="w.name is not unique"
def parameter_shapes(block):
    return {w.name: tuple(w.shape) for w in block.weights}


# %% exercise="parameter-shapes" wrong="layer-name-and-name" fails="w.path is the key"
def parameter_shapes(block):
    shapes = {}
    for layer in block._flatten_layers():
        for w in layer._trainable_variables + layer._non_trainable_variables:
            shapes[f"{layer.name}/{w.name}"] = tuple(w.shape)
    return shapes


# %% exercise="parameter-shapes" wrong="trained-only" fails="trainable_weights leaves them out" points=1
def parameter_shapes(block):
    return {w.path: tuple(w.shape) for w in block.trainable_weights}


# %% exercise="parameter-shapes" wrong="each-place" fails="one entry per weight under its path" points=1
def parameter_shapes(block):
    shapes = {w.path: tuple(w.shape) for w in block.weights}
    seen = []
    for layer in getattr(block, "layers", []):
        if layer in seen:
            shapes.update((f"{w.path}_1", tuple(w.shape)) for w in layer.weights)
        seen.append(layer)
    return shapes


# %% exercise="parameter-shapes" wrong="numbered-by-place" fails="which lead to no weight of the block" points=1
def parameter_shapes(block):
    shapes = {w.path: tuple(w.shape) for w in block.weights}
    for place, layer in enumerate(getattr(block, "layers", [])):
        if getattr(layer, "layers", None):
            shapes.update((f"{place}/{w.path}", tuple(w.shape)) for w in layer.weights)
    return shapes


# %% exercise="parameter-shapes" wrong="pairs" fails="wanted a dictionary"
def parameter_shapes(block):
    return [(w.path, tuple(w.shape)) for w in block.weights]


# %% exercise="parameter-shapes" wrong="tensor-shapes" fails="tuples of ints"
def parameter_shapes(block):
    return {w.path: tf.TensorShape(w.shape) for w in block.weights}


# %% exercise="parameter-shapes" wrong="sizes" fails="tuples of ints, one number per axis"
def parameter_shapes(block):
    return {w.path: w.numpy().size for w in block.weights}


# %% exercise="parameter-shapes" wrong="variables-as-keys" fails="wanted paths: strings"
def parameter_shapes(block):
    return {id(w): tuple(w.shape) for w in block.weights}


# %% exercise="parameter-shapes" wrong="transposed-shapes" fails="the shape as it is stored"
def parameter_shapes(block):
    return {w.path: tuple(w.shape)[::-1] for w in block.weights}


# %% exercise="parameter-shapes" wrong="same-by-value" fails="also those with equal values" points=1
def parameter_shapes(block):
    shapes, seen = {}, []
    for w in block.weights:
        array = w.numpy()
        if not any(np.array_equal(array, other) for other in seen):
            seen.append(array)
            shapes[w.path] = tuple(w.shape)
    return shapes


# %% exercise="parameter-shapes" wrong="variables" fails="the state of random generators too" points=1
def parameter_shapes(block):
    return {v.path: tuple(v.shape) for v in block.variables}


# %% exercise="parameter-shapes" right="loop-over-arrays"
def parameter_shapes(block):
    shapes = {}
    for w, array in zip(block.weights, block.get_weights()):
        shapes[w.path] = array.shape
    return shapes


# %% exercise="parameter-shapes" right="two-lists"
def parameter_shapes(block):
    every = block.trainable_weights + block.non_trainable_weights
    return dict((w.path, tuple(int(n) for n in w.shape)) for w in every)


# %% exercise="count-parameters" wrong="weights-counted" fails="weights were counted, and not the numbers"
def count_parameters(block):
    table, seen = {}, set()
    for name, part in [*((layer.name, layer) for layer in block.layers), ("", block)]:
        counts = []
        for weights in (part.trainable_weights, part.non_trainable_weights):
            new = {id(w) for w in weights} - seen
            seen |= new
            counts.append(len(new))
        table.setdefault(name, tuple(counts))
    return table


# %% exercise="count-parameters" wrong="swapped" fails="the wrong way round"
def count_parameters(block):
    table, seen = {}, set()
    for name, part in [*((layer.name, layer) for layer in block.layers), ("", block)]:
        counts = []
        for weights in (part.non_trainable_weights, part.trainable_weights):
            new = [w for w in weights if id(w) not in seen]
            seen |= {id(w) for w in new}
            counts.append(sum(w.numpy().size for w in new))
        table.setdefault(name, tuple(counts))
    return table


# %% exercise="count-parameters" wrong="all-trained" fails="frozen weights were counted as trained"
def count_parameters(block):
    table, seen = {}, set()
    for name, part in [*((layer.name, layer) for layer in block.layers), ("", block)]:
        new = [w for w in part.weights if id(w) not in seen]
        seen |= {id(w) for w in new}
        table.setdefault(name, (sum(w.numpy().size for w in new), 0))
    return table


# %% exercise="count-parameters" wrong="total-first" fails="the first number is the total"
def count_parameters(block):
    table, seen = {}, set()
    for name, part in [*((layer.name, layer) for layer in block.layers), ("", block)]:
        idle = {id(w) for w in part.non_trainable_weights}
        new = [w for w in part.weights if id(w) not in seen]
        seen |= {id(w) for w in new}
        total = sum(w.numpy().size for w in new)
        table.setdefault(name, (total, sum(w.numpy().size for w in new if id(w) in idle)))
    return table


# %% exercise="count-parameters" wrong="whole-layers-by-their-flag" fails="a layer may be frozen in part" points=1
def count_parameters(block):
    table, seen = {}, set()
    for name, part in [*((layer.name, layer) for layer in block.layers), ("", block)]:
        new = [w for w in part.weights if id(w) not in seen]
        seen |= {id(w) for w in new}
        idle = sum(w.numpy().size for w in new if "moving" in w.name)
        total = sum(w.numpy().size for w in new) - idle
        table.setdefault(name, (total, idle) if part.trainable else (0, total + idle))
    return table


# %% exercise="count-parameters" wrong="statistics-left-out" fails="belong to the second"
def count_parameters(block):
    table, seen = {}, set()
    for name, part in [*((layer.name, layer) for layer in block.layers), ("", block)]:
        counts = []
        for weights in (part.trainable_weights, part.non_trainable_weights):
            new = [w for w in weights if id(w) not in seen and "moving" not in w.name]
            seen |= {id(w) for w in new}
            counts.append(sum(w.numpy().size for w in new))
        table.setdefault(name, tuple(counts))
    table[""] = (0, 0)
    return table


# %% exercise="count-parameters" wrong="kernels-only" fails="the size of every weight of the member"
def count_parameters(block):
    table, seen = {}, set()
    for name, part in [*((layer.name, layer) for layer in block.layers), ("", block)]:
        counts = []
        for weights in (part.trainable_weights, part.non_trainable_weights):
            new = [w for w in weights if id(w) not in seen and w.name != "bias"]
            seen |= {id(w) for w in new}
            counts.append(sum(w.numpy().size for w in new))
        table.setdefault(name, tuple(counts))
    table[""] = (0, 0)
    return table


# %% exercise="count-parameters" wrong="each-member-afresh" fails="what an earlier member has is counted again" points=1
def count_parameters(block):
    def counts(weights):
        trained = {id(w) for w in block.trainable_weights}
        return (sum(w.numpy().size for w in weights if id(w) in trained),
                sum(w.numpy().size for w in weights if id(w) not in trained))

    inside = {id(w) for layer in block.layers for w in layer.weights}
    table = {layer.name: counts(layer.weights) for layer in block.layers}
    return {"": counts([w for w in block.weights if id(w) not in inside]), **table}


# %% exercise="count-parameters" wrong="last-place-wins" fails="a layer that stands at two places lost its count" points=1
def count_parameters(block):
    table, seen = {}, set()
    for name, part in [*((layer.name, layer) for layer in block.layers), ("", block)]:
        counts = []
        for weights in (part.trainable_weights, part.non_trainable_weights):
            new = [w for w in weights if id(w) not in seen]
            seen |= {id(w) for w in new}
            counts.append(sum(w.numpy().size for w in new))
        table[name] = tuple(counts)
    return table


# %% exercise="count-parameters" wrong="same-by-value" fails="was taken for another one"
def count_parameters(block):
    table, seen = {}, []
    for name, part in [*((layer.name, layer) for layer in block.layers), ("", block)]:
        counts = []
        for weights in (part.trainable_weights, part.non_trainable_weights):
            new = [w.numpy() for w in weights]
            new = [v for v in new if not any(np.array_equal(v, old) for old in seen)]
            counts.append(sum(v.size for v in new))
            seen += new
        table.setdefault(name, tuple(counts))
    return table


# %% exercise="count-parameters" wrong="own-forgotten" fails="missing under ''" points=1
def count_parameters(block):
    table, seen = {"": (0, 0)}, set()
    for layer in block.layers:
        counts = []
        for weights in (layer.trainable_weights, layer.non_trainable_weights):
            new = [w for w in weights if id(w) not in seen]
            seen |= {id(w) for w in new}
            counts.append(sum(w.numpy().size for w in new))
        table.setdefault(layer.name, tuple(counts))
    return table


# %% exercise="count-parameters" wrong="total-under-empty" fails="'' is for what is in no member" points=1
def count_parameters(block):
    table, seen = {}, set()
    for layer in block.layers:
        counts = []
        for weights in (layer.trainable_weights, layer.non_trainable_weights):
            new = [w for w in weights if id(w) not in seen]
            seen |= {id(w) for w in new}
            counts.append(sum(w.numpy().size for w in new))
        table.setdefault(layer.name, tuple(counts))
    if len(block.weights) > sum(len(layer.weights) for layer in block.layers):
        table[""] = sum(w.numpy().size for w in block.weights), 0
    else:
        table[""] = 0, 0
    return table


# %% exercise="count-parameters" wrong="without-the-empty-ones" fails="also for one without weights"
def count_parameters(block):
    table = {"": (0, 0)}
    for layer in block.layers:
        if layer.weights:
            table[layer.name] = (sum(w.numpy().size for w in layer.trainable_weights),
                                 sum(w.numpy().size for w in layer.non_trainable_weights))
    return table


# %% exercise="count-parameters" wrong="every-layer" fails="one for each direct member"
def count_parameters(block):
    return {layer.name: (sum(w.numpy().size for w in layer.trainable_weights),
                         sum(w.numpy().size for w in layer.non_trainable_weights))
            for layer in block._flatten_layers()}


# %% exercise="count-parameters" wrong="np-prod-of-nothing" fails="wanted a tuple of two ints"
def count_parameters(block):
    table = {"": (0, 0)}
    for layer in block.layers:
        table[layer.name] = (np.sum([np.prod(w.shape) for w in layer.trainable_weights]),
                             np.sum([np.prod(w.shape) for w in layer.non_trainable_weights]))
    return table


# %% exercise="count-parameters" wrong="one-pair" fails="wanted a dictionary"
def count_parameters(block):
    trained = sum(w.numpy().size for w in block.trainable_weights)
    return trained, block.count_params() - trained


# %% exercise="count-parameters" wrong="variables" fails="count `weights`, not `variables`" points=1
def count_parameters(block):
    table, seen = {}, set()
    for name, part in [*((layer.name, layer) for layer in block.layers), ("", block)]:
        trained = {id(v) for v in part.trainable_variables}
        counts = [0, 0]
        for v in part.variables:
            if id(v) not in seen:
                seen.add(id(v))
                counts[id(v) not in trained] += int(np.prod(v.shape))
        table.setdefault(name, tuple(counts))
    return table


# %% exercise="count-parameters" right="by-flag"
def count_parameters(block):
    table = {layer.name: [0, 0] for layer in block.layers}
    table[""] = [0, 0]
    owner = {}
    for layer in block.layers:
        for w in layer.weights:
            owner.setdefault(id(w), layer.name)
    for w, array in zip(block.weights, block.get_weights()):
        table[owner.get(id(w), "")][0 if w.trainable else 1] += array.size
    return {name: tuple(counts) for name, counts in table.items()}


# %% exercise="count-parameters" right="what-is-left"
def count_parameters(block):
    trained = {id(w) for w in block.trainable_weights}
    left, table = {id(w): w for w in block.weights}, {}
    for layer in dict.fromkeys(block.layers):
        taken = [left.pop(id(w)) for w in layer.weights if id(w) in left]
        first = sum(int(np.prod(w.shape)) for w in taken if id(w) in trained)
        table[layer.name] = first, sum(int(np.prod(w.shape)) for w in taken) - first
    first = sum(int(np.prod(w.shape)) for w in left.values() if id(w) in trained)
    table[""] = first, sum(int(np.prod(w.shape)) for w in left.values()) - first
    return table


# %% exercise="tie-layers" wrong="values-copied" fails="values were copied" points=1
def tie_layers(net, i, j):
    net.layers[j].set_weights(net.layers[i].get_weights())
    return net


# %% exercise="tie-layers" wrong="assigned" fails="a tie needs no copies" points=1
def tie_layers(net, i, j):
    for w, v in zip(net.layers[j].weights, net.layers[i].weights):
        w.assign(v)
    return net


# %% exercise="tie-layers" wrong="new-layer-with-the-values" fails="values were copied" points=1
def tie_layers(net, i, j):
    blocks = list(net.layers)
    blocks[j] = layers.Dense.from_config({**blocks[i].get_config(), "name": "copy"})
    result = keras.Sequential([keras.Input(net.input_shape[1:]), *blocks])
    blocks[j].set_weights(blocks[i].get_weights())
    return result


# %% exercise="tie-layers" wrong="clone-of-all" fails="neither those of place 2 nor of other places" points=1
def tie_layers(net, i, j):
    clone = keras.models.clone_model(net)
    clone.set_weights(net.get_weights())
    blocks = list(clone.layers)
    blocks[j] = blocks[i]
    return keras.Sequential([keras.Input(net.input_shape[1:]), *blocks])


# %% exercise="tie-layers" wrong="wrong-way-round" fails="tied the wrong way round"
def tie_layers(net, i, j):
    blocks = list(net.layers)
    blocks[i] = blocks[j]
    return keras.Sequential([keras.Input(net.input_shape[1:]), *blocks])


# %% exercise="tie-layers" wrong="not-tied" fails="the layer that stood at place 4 is still there"
def tie_layers(net, i, j):
    net.layers[j] = net.layers[i]
    return net


# %% exercise="tie-layers" wrong="place-left-out" fails="and all blocks in order" points=1
def tie_layers(net, i, j):
    blocks = [block for place, block in enumerate(net.layers) if place != j]
    return keras.Sequential([keras.Input(net.input_shape[1:]), *blocks])


# %% exercise="tie-layers" wrong="only-dense-layers-kept" fails="and all blocks in order" points=1
def tie_layers(net, i, j):
    blocks = list(net.layers)
    blocks[j] = blocks[i]
    blocks = [block for block in blocks if isinstance(block, layers.Dense)]
    return keras.Sequential([keras.Input(net.input_shape[1:]), *blocks])


# %% exercise="tie-layers" wrong="only-the-two" fails="run all blocks, in order"
def tie_layers(net, i, j):
    shared = net.layers[i]
    return keras.Sequential([keras.Input((shared.kernel.shape[0],)), shared, shared])


# %% exercise="tie-layers" wrong="short-cut-for-the-ends" fails="lacks weights of other places"
def tie_layers(net, i, j):
    shared = net.layers[i]
    chain = [net.layers[0], layers.Activation("tanh")] if shared is not net.layers[0] else []
    return keras.Sequential([keras.Input(net.input_shape[1:]), *chain, shared, shared])


# %% exercise="tie-layers" wrong="average" fails="changed values of weights" points=1
def tie_layers(net, i, j):
    blocks = list(net.layers)
    blocks[i].set_weights([(v + w) / 2 for v, w in zip(blocks[i].get_weights(), blocks[j].get_weights())])
    blocks[j] = blocks[i]
    return keras.Sequential([keras.Input(net.input_shape[1:]), *blocks])


# %% exercise="tie-layers" wrong="nothing-returned" fails="gave NoneType"
def tie_layers(net, i, j):
    blocks = list(net.layers)
    blocks[j] = blocks[i]
    keras.Sequential([keras.Input(net.input_shape[1:]), *blocks])


# %% exercise="tie-layers" wrong="snapshot-at-the-second-place" fails="place 4 uses another weight" points=2
def tie_layers(net, i, j):
    kernel, *rest = (ops.convert_to_tensor(a) for a in net.layers[i].get_weights())

    class Frozen(keras.Layer):
        def call(self, x):
            return ops.matmul(x, kernel) + (rest[0] if rest else 0.0)

    blocks = list(net.layers)
    blocks[j] = Frozen()
    return keras.Sequential([keras.Input(net.input_shape[1:]), *blocks])


# %% exercise="tie-layers" wrong="gradient-stopped-at-the-second-place" fails="place 4 uses another weight" points=2
def tie_layers(net, i, j):
    class Stopped(keras.Layer):
        def __init__(self, layer):
            super().__init__()
            self.layer = layer

        def call(self, x):
            y = ops.matmul(x, ops.stop_gradient(self.layer.kernel))
            return y + ops.stop_gradient(self.layer.bias) if self.layer.use_bias else y

    blocks = list(net.layers)
    blocks[j] = Stopped(blocks[i])
    return keras.Sequential([keras.Input(net.input_shape[1:]), *blocks])


# %% exercise="tie-layers" right="sequential"
def tie_layers(net, i, j):
    blocks = [net.layers[i if place == j else place] for place in range(len(net.layers))]
    return keras.Sequential([keras.Input(net.input_shape[1:]), *blocks])


# %% exercise="tie-layers" right="own-block"
def tie_layers(net, i, j):
    class Tied(keras.Layer):
        def __init__(self, blocks):
            super().__init__()
            self.blocks = blocks

        def call(self, x):
            for block in self.blocks:
                x = block(x)
            return x

    blocks = list(net.layers)
    blocks[j] = blocks[i]
    return Tied(blocks)


# %% exercise="tie-layers" right="sequential-without-input"
def tie_layers(net, i, j):
    result = keras.Sequential()
    for place, layer in enumerate(net.layers):
        result.add(net.layers[i] if place == j else layer)
    return result


# %% exercise="transposed-twin" wrong="two-weights" fails="a second layer is a second weight"
class DenseTwin(keras.Layer):
    def __init__(self, hidden):
        super().__init__()
        self.there = layers.Dense(hidden, use_bias=False)

    def build(self, shape):
        self.there.build(shape)
        self.back = self.add_weight(shape=(self.there.units, shape[-1]))
        self.back.assign(ops.transpose(self.there.kernel))

    def call(self, x):
        return ops.matmul(ops.tanh(self.there(x)), self.back)


class ConvTwin(keras.Layer):
    def __init__(self, filters, size):
        super().__init__()
        self.there = layers.Conv2D(filters, size, use_bias=False)
        self.size = size

    def build(self, shape):
        self.there.build(shape)
        self.back = layers.Conv2DTranspose(shape[-1], self.size, use_bias=False)

    def call(self, x):
        return self.back(ops.tanh(self.there(x)))


# %% exercise="transposed-twin" wrong="with-bias" fails="there is no bias"
class DenseTwin(keras.Layer):
    def __init__(self, hidden):
        super().__init__()
        self.there = layers.Dense(hidden)

    def call(self, x):
        return ops.matmul(ops.tanh(self.there(x)), ops.transpose(self.there.kernel))


class ConvTwin(keras.Layer):
    def __init__(self, filters, size):
        super().__init__()
        self.there = layers.Conv2D(filters, size)

    def call(self, x):
        return ops.conv_transpose(ops.tanh(self.there(x)), self.there.kernel)


# %% exercise="transposed-twin" wrong="cut-on-the-way-back" fails="only the way there counts" points=3
class DenseTwin(keras.Layer):
    def __init__(self, hidden):
        super().__init__()
        self.there = layers.Dense(hidden, use_bias=False)

    def call(self, x):
        h = ops.tanh(self.there(x))
        return ops.matmul(h, ops.transpose(ops.stop_gradient(self.there.kernel)))


class ConvTwin(keras.Layer):
    def __init__(self, filters, size):
        super().__init__()
        self.there = layers.Conv2D(filters, size, use_bias=False)

    def call(self, x):
        return ops.conv_transpose(ops.tanh(self.there(x)), ops.stop_gradient(self.there.kernel))


# %% exercise="transposed-twin" wrong="numpy-on-the-way-back" fails="only the way there counts" points=3
class DenseTwin(keras.Layer):
    def __init__(self, hidden):
        super().__init__()
        self.there = layers.Dense(hidden, use_bias=False)

    def call(self, x):
        return ops.matmul(ops.tanh(self.there(x)), self.there.kernel.numpy().T)


class ConvTwin(keras.Layer):
    def __init__(self, filters, size):
        super().__init__()
        self.there = layers.Conv2D(filters, size, use_bias=False)

    def call(self, x):
        return ops.conv_transpose(ops.tanh(self.there(x)), self.there.kernel.numpy())


# %% exercise="transposed-twin" wrong="cut-on-the-way-there" fails="only the way back counts" points=3
class DenseTwin(keras.Layer):
    def __init__(self, hidden):
        super().__init__()
        self.there = layers.Dense(hidden, use_bias=False)

    def call(self, x):
        h = ops.stop_gradient(ops.tanh(self.there(x)))
        return ops.matmul(h, ops.transpose(self.there.kernel))


class ConvTwin(keras.Layer):
    def __init__(self, filters, size):
        super().__init__()
        self.there = layers.Conv2D(filters, size, use_bias=False)

    def call(self, x):
        return ops.conv_transpose(ops.stop_gradient(ops.tanh(self.there(x))), self.there.kernel)


# %% exercise="transposed-twin" wrong="gradient-stopped" fails="gets no gradient" points=2
class DenseTwin(keras.Layer):
    def __init__(self, hidden):
        super().__init__()
        self.there = layers.Dense(hidden, use_bias=False)

    def call(self, x):
        h = ops.tanh(self.there(x))
        return ops.stop_gradient(ops.matmul(h, ops.transpose(self.there.kernel)))


class ConvTwin(keras.Layer):
    def __init__(self, filters, size):
        super().__init__()
        self.there = layers.Conv2D(filters, size, use_bias=False)

    def call(self, x):
        return ops.stop_gradient(ops.conv_transpose(ops.tanh(self.there(x)), self.there.kernel))


# %% exercise="transposed-twin" wrong="not-transposed" fails="and the transpose leads back" points=1
class DenseTwin(keras.Layer):
    def __init__(self, hidden):
        super().__init__()
        self.there = layers.Dense(hidden, use_bias=False)

    def call(self, x):
        return ops.matmul(ops.tanh(self.there(x)), self.there.kernel)


class ConvTwin(keras.Layer):
    def __init__(self, filters, size):
        super().__init__()
        self.there = layers.Conv2D(filters, size, use_bias=False)

    def call(self, x):
        return ops.conv_transpose(ops.tanh(self.there(x)), self.there.kernel)


# %% exercise="transposed-twin" wrong="not-transposed-where-it-fits" fails="uses the weight as the way there does, not transposed" points=1
class DenseTwin(keras.Layer):
    def __init__(self, hidden):
        super().__init__()
        self.there = layers.Dense(hidden, use_bias=False)

    def call(self, x):
        h, W = ops.tanh(self.there(x)), self.there.kernel
        return ops.matmul(h, W if W.shape[0] == W.shape[1] else ops.transpose(W))


class ConvTwin(keras.Layer):
    def __init__(self, filters, size):
        super().__init__()
        self.there = layers.Conv2D(filters, size, use_bias=False)

    def call(self, x):
        return ops.conv_transpose(ops.tanh(self.there(x)), self.there.kernel)


# %% exercise="transposed-twin" wrong="stored-in-the-other-order" fails="it is stored the other way round"
class DenseTwin(keras.Layer):
    def __init__(self, hidden):
        super().__init__()
        self.hidden = hidden

    def build(self, shape):
        self.W = self.add_weight(shape=(self.hidden, shape[-1]))

    def call(self, x):
        return ops.matmul(ops.tanh(ops.matmul(x, ops.transpose(self.W))), self.W)


class ConvTwin(keras.Layer):
    def __init__(self, filters, size):
        super().__init__()
        self.filters, self.size = filters, size

    def build(self, shape):
        self.K = self.add_weight(shape=(self.filters, shape[-1], self.size, self.size))

    def call(self, x):
        K = ops.transpose(self.K, (2, 3, 1, 0))
        return ops.conv_transpose(ops.tanh(ops.conv(x, K)), K)


# %% exercise="transposed-twin" wrong="wrong-way-round-where-it-fits" fails="W and its transpose are the wrong way round" points=1
class DenseTwin(keras.Layer):
    def __init__(self, hidden):
        super().__init__()
        self.hidden = hidden

    def build(self, shape):
        self.W = self.add_weight(shape=(shape[-1], self.hidden))

    def call(self, x):
        W = ops.transpose(self.W) if x.shape[-1] == self.hidden else ops.convert_to_tensor(self.W)
        return ops.matmul(ops.tanh(ops.matmul(x, W)), ops.transpose(W))


class ConvTwin(keras.Layer):
    def __init__(self, filters, size):
        super().__init__()
        self.there = layers.Conv2D(filters, size, use_bias=False)

    def call(self, x):
        return ops.conv_transpose(ops.tanh(self.there(x)), self.there.kernel)


# %% exercise="transposed-twin" wrong="stale-transpose" fails="as it is at the time of the call, both times" points=1
class DenseTwin(keras.Layer):
    def __init__(self, hidden):
        super().__init__()
        self.there = layers.Dense(hidden, use_bias=False)
        self.back = None

    def call(self, x):
        h = ops.tanh(self.there(x))
        if self.back is None:
            self.back = self.there.kernel.numpy().T
        return ops.matmul(h, self.back)


class ConvTwin(keras.Layer):
    def __init__(self, filters, size):
        super().__init__()
        self.there = layers.Conv2D(filters, size, use_bias=False)

    def call(self, x):
        return ops.conv_transpose(ops.tanh(self.there(x)), self.there.kernel)


# %% exercise="transposed-twin" wrong="no-tanh" fails="the tanh is missing"
class DenseTwin(keras.Layer):
    def __init__(self, hidden):
        super().__init__()
        self.there = layers.Dense(hidden, use_bias=False)

    def call(self, x):
        return ops.matmul(self.there(x), ops.transpose(self.there.kernel))


class ConvTwin(keras.Layer):
    def __init__(self, filters, size):
        super().__init__()
        self.there = layers.Conv2D(filters, size, use_bias=False)

    def call(self, x):
        return ops.conv_transpose(self.there(x), self.there.kernel)


# %% exercise="transposed-twin" wrong="tanh-on-both" fails="a tanh on the output as well"
class DenseTwin(keras.Layer):
    def __init__(self, hidden):
        super().__init__()
        self.there = layers.Dense(hidden, use_bias=False)

    def call(self, x):
        h = ops.tanh(self.there(x))
        return ops.tanh(ops.matmul(h, ops.transpose(self.there.kernel)))


class ConvTwin(keras.Layer):
    def __init__(self, filters, size):
        super().__init__()
        self.there = layers.Conv2D(filters, size, use_bias=False)

    def call(self, x):
        return ops.tanh(ops.conv_transpose(ops.tanh(self.there(x)), self.there.kernel))


# %% exercise="transposed-twin" wrong="convolution-back-with-padding" fails="the way back uses the kernel mirrored" points=1
class DenseTwin(keras.Layer):
    def __init__(self, hidden):
        super().__init__()
        self.there = layers.Dense(hidden, use_bias=False)

    def call(self, x):
        return ops.matmul(ops.tanh(self.there(x)), ops.transpose(self.there.kernel))


class ConvTwin(keras.Layer):
    def __init__(self, filters, size):
        super().__init__()
        self.there = layers.Conv2D(filters, size, use_bias=False)
        self.border = size - 1

    def call(self, x):
        edge = (self.border, self.border)
        h = ops.pad(ops.tanh(self.there(x)), [(0, 0), edge, edge, (0, 0)])
        return ops.conv(h, ops.transpose(self.there.kernel, (0, 1, 3, 2)))


# %% exercise="transposed-twin" wrong="kernel-turned-by-hand" fails="channels and filters are swapped on the way back" points=1
class DenseTwin(keras.Layer):
    def __init__(self, hidden):
        super().__init__()
        self.there = layers.Dense(hidden, use_bias=False)

    def call(self, x):
        return ops.matmul(ops.tanh(self.there(x)), ops.transpose(self.there.kernel))


class ConvTwin(keras.Layer):
    def __init__(self, filters, size):
        super().__init__()
        self.there = layers.Conv2D(filters, size, use_bias=False)

    def call(self, x):
        h, K = ops.tanh(self.there(x)), self.there.kernel
        return ops.conv_transpose(h, ops.transpose(K, (0, 1, 3, 2)) if K.shape[2] == K.shape[3] else K)


# %% exercise="transposed-twin" wrong="padded" fails="the way there has no padding" points=1
class DenseTwin(keras.Layer):
    def __init__(self, hidden):
        super().__init__()
        self.there = layers.Dense(hidden, use_bias=False)

    def call(self, x):
        return ops.matmul(ops.tanh(self.there(x)), ops.transpose(self.there.kernel))


class ConvTwin(keras.Layer):
    def __init__(self, filters, size):
        super().__init__()
        self.there = layers.Conv2D(filters, size, padding="same", use_bias=False)

    def call(self, x):
        return ops.conv_transpose(ops.tanh(self.there(x)), self.there.kernel)


# %% exercise="transposed-twin" wrong="padded-both-ways" fails="conv there and conv_transpose back" points=1
class DenseTwin(keras.Layer):
    def __init__(self, hidden):
        super().__init__()
        self.there = layers.Dense(hidden, use_bias=False)

    def call(self, x):
        return ops.matmul(ops.tanh(self.there(x)), ops.transpose(self.there.kernel))


class ConvTwin(keras.Layer):
    def __init__(self, filters, size):
        super().__init__()
        self.there = layers.Conv2D(filters, size, padding="same", use_bias=False)

    def call(self, x):
        return ops.conv_transpose(ops.tanh(self.there(x)), self.there.kernel, padding="same")


# %% exercise="transposed-twin" wrong="kernel-axes-swapped-for-the-way-back" fails="with K as it is stored" points=1
class DenseTwin(keras.Layer):
    def __init__(self, hidden):
        super().__init__()
        self.there = layers.Dense(hidden, use_bias=False)

    def call(self, x):
        return ops.matmul(ops.tanh(self.there(x)), ops.transpose(self.there.kernel))


class ConvTwin(keras.Layer):
    def __init__(self, filters, size):
        super().__init__()
        self.there = layers.Conv2D(filters, size, use_bias=False)

    def call(self, x):
        h = ops.tanh(self.there(x))
        return ops.conv_transpose(h, ops.swapaxes(self.there.kernel, 2, 3))


# %% exercise="transposed-twin" right="own-weights"
class DenseTwin(keras.Layer):
    def __init__(self, hidden):
        super().__init__()
        self.hidden = hidden

    def build(self, shape):
        self.W = self.add_weight(shape=(shape[-1], self.hidden), name="W")

    def call(self, x):
        return tf.matmul(tf.tanh(tf.matmul(x, self.W)), self.W, transpose_b=True)


class ConvTwin(keras.Layer):
    def __init__(self, filters, size):
        super().__init__()
        self.filters, self.size = filters, size

    def build(self, shape):
        self.K = self.add_weight(shape=(self.size, self.size, shape[-1], self.filters), name="K")

    def call(self, x):
        h = tf.tanh(tf.nn.conv2d(x, self.K, 1, "VALID"))
        return tf.nn.conv2d_transpose(h, self.K, tf.shape(x), 1, "VALID")


# %% exercise="transposed-twin" right="activation-in-the-layer"
class DenseTwin(keras.Layer):
    def __init__(self, hidden):
        super().__init__()
        self.there = layers.Dense(hidden, use_bias=False, activation="tanh")

    def call(self, x):
        return ops.einsum("bh,ih->bi", self.there(x), self.there.kernel)


class ConvTwin(keras.Layer):
    def __init__(self, filters, size):
        super().__init__()
        self.there = layers.Conv2D(filters, size, use_bias=False, activation="tanh")

    def call(self, x):
        return ops.conv_transpose(self.there(x), self.there.kernel, strides=1, padding="valid")


# %% exercise="transposed-twin" right="flipped-by-hand"
class DenseTwin(keras.Layer):
    def __init__(self, hidden):
        super().__init__()
        self.there = layers.Dense(hidden, use_bias=False)

    def call(self, x):
        return ops.tanh(self.there(x)) @ ops.transpose(self.there.kernel)


class ConvTwin(keras.Layer):
    def __init__(self, filters, size):
        super().__init__()
        self.there = layers.Conv2D(filters, size, use_bias=False)
        self.edge = (size - 1, size - 1)

    def call(self, x):
        h = ops.pad(ops.tanh(self.there(x)), [(0, 0), self.edge, self.edge, (0, 0)])
        flipped = ops.flip(ops.transpose(self.there.kernel, (0, 1, 3, 2)), (0, 1))
        return ops.conv(h, flipped)


# %% exercise="set-by-path" wrong="tensor-in-the-place" fails="to an attribute leaves the weight as it was"
def set_by_path(block, path, value):
    weights = {w.path: w for w in block.weights}
    if tuple(weights[path].shape) != value.shape:
        raise ValueError(path)
    for layer in block._flatten_layers():
        for w in layer._trainable_variables + layer._non_trainable_variables:
            if w.path == path:
                name = "_kernel" if w.name == "kernel" else w.name
                setattr(layer, name, ops.convert_to_tensor(value, "float32"))


# %% exercise="set-by-path" wrong="set-and-rebound" fails="was an attribute bound to a tensor" points=1
def set_by_path(block, path, value):
    weights = {w.path: w for w in block.weights}
    weights[path].assign(value)
    for layer in block._flatten_layers():
        if isinstance(layer, layers.Dense):
            layer.bias = ops.zeros(layer.bias.shape)


# %% exercise="set-by-path" wrong="variable-in-the-place" verdict="errored" fails="You cannot add new elements of state"
def set_by_path(block, path, value):
    weights = {w.path: w for w in block.weights}
    if tuple(weights[path].shape) != value.shape:
        raise ValueError(path)
    *parents, name = path.split("/")
    layer = next(layer for layer in block._flatten_layers() if layer.name == parents[-1])
    setattr(layer, name, keras.Variable(value))


# %% exercise="set-by-path" wrong="entry-of-the-list" fails="to an entry of a list"
def set_by_path(block, path, value):
    paths = [w.path for w in block.weights]
    if path not in paths:
        raise KeyError(path)
    block.weights[paths.index(path)] = keras.Variable(value)


# %% exercise="set-by-path" wrong="local-name" fails="assigning to a name"
def set_by_path(block, path, value):
    weight = {w.path: w for w in block.weights}[path]
    if tuple(weight.shape) != value.shape:
        raise ValueError(path)
    weight = keras.Variable(value)


# %% exercise="set-by-path" wrong="into-a-copy" fails="to a copy (numpy(), get_weights())"
def set_by_path(block, path, value):
    weight = {w.path: w for w in block.weights}[path]
    if tuple(weight.shape) != value.shape:
        raise ValueError(path)
    weight.numpy()[...] = value


# %% exercise="set-by-path" wrong="by-name" fails="Names like 'kernel' are not unique" points=2
def set_by_path(block, path, value):
    if path not in [w.path for w in block.weights]:
        raise KeyError(path)
    for w in block.weights:
        if w.name == path.split("/")[-1]:
            w.assign(value)


# %% exercise="set-by-path" wrong="unknown-path-ignored" fails="raised nothing, wanted a KeyError" points=2
def set_by_path(block, path, value):
    for w in block.weights:
        if w.path == path:
            w.assign(value)


# %% exercise="set-by-path" wrong="stop-iteration" fails="raised StopIteration" points=2
def set_by_path(block, path, value):
    next(w for w in block.weights if w.path == path).assign(value)


# %% exercise="set-by-path" wrong="broadcasts" fails="raised nothing, wanted a ValueError" points=2
def set_by_path(block, path, value):
    weight = {w.path: w for w in block.weights}[path]
    weight.assign(np.broadcast_to(value, weight.shape))


# %% exercise="set-by-path" wrong="reshapes" fails="raised nothing, wanted a ValueError" points=2
def set_by_path(block, path, value):
    weight = {w.path: w for w in block.weights}[path]
    weight.assign(value.reshape(weight.shape))


# %% exercise="set-by-path" wrong="end-of-the-path" fails="'dense/kernel', value) with a value of shape (2, 3) raised nothing" points=2
def set_by_path(block, path, value):
    found = [w for w in block.weights if path and f"/{w.path}".endswith(f"/{path}")]
    if not found:
        raise KeyError(path)
    found[0].assign(value)


# %% exercise="set-by-path" wrong="trained-only" fails="but there is such a weight, frozen" points=1
def set_by_path(block, path, value):
    {w.path: w for w in block.trainable_weights}[path].assign(value)


# %% exercise="set-by-path" wrong="thaws" fails="set trainable to True" points=2
def set_by_path(block, path, value):
    weight = {w.path: w for w in block.weights}[path]
    weight.assign(value)
    if "moving" not in path:
        weight.trainable = True


# %% exercise="set-by-path" wrong="layers-of-a-model" fails="not every block has layers" points=2
def set_by_path(block, path, value):
    every = {w.path: w for layer in block.layers for w in layer.weights}
    every[path].assign(value)


# %% exercise="set-by-path" wrong="changes-before-checking" fails="raised as it should, but changed" points=2
def set_by_path(block, path, value):
    weight = {w.path: w for w in block.weights}[path]
    weight.assign(ops.zeros(weight.shape))
    weight.assign(value)


# %% exercise="set-by-path" wrong="variables" fails="which `variables` lists and `weights` does not" points=2
def set_by_path(block, path, value):
    {v.path: v for v in block.variables}[path].assign(value)


# %% exercise="set-by-path" right="loop"
def set_by_path(block, path, value):
    for weight in block.weights:
        if weight.path == path:
            weight.assign(value.astype("float32"))
            return
    raise KeyError(f"no weight has the path {path}")


# %% exercise="set-by-path" right="set-weights"
def set_by_path(block, path, value):
    paths = [w.path for w in block.weights]
    if path not in paths:
        raise KeyError(path)
    values = block.get_weights()
    values[paths.index(path)] = value
    block.set_weights(values)


# %% exercise="set-by-path" right="inner-variable"
def set_by_path(block, path, value):
    weight = {w.path: w for w in block.weights}[path]
    if tuple(weight.shape) != value.shape:
        raise ValueError(f"{value.shape} for {tuple(weight.shape)}")
    weight.value.assign(tf.cast(value, weight.dtype))
