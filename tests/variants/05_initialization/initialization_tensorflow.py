# %% [markdown]
# Wrong and right answers to the exercises of unit 05, TensorFlow: each cell is a whole solution
# cell. `fails` is text that the message of a failing tests cell must contain; `points` is what
# remains.

# %% exercise="normal-everywhere" wrong="comparison-of-types" fails="as it is a subclass of Dense" points=2
def init_normal(net, example):
    net(example)
    for layer in net._flatten_layers():
        if type(layer) is layers.Dense:
            layer.kernel.assign(initializers.RandomNormal(stddev=0.01)(layer.kernel.shape))
            if layer.bias is not None:
                layer.bias.assign(ops.zeros_like(layer.bias))


# %% exercise="normal-everywhere" wrong="by-the-name-dense" fails="and not a comparison of types or names" points=2
def init_normal(net, example):
    net(example)
    for layer in net._flatten_layers():
        if layer.name.startswith("dense"):
            layer.kernel.assign(initializers.RandomNormal(stddev=0.01)(layer.kernel.shape))
            if layer.bias is not None:
                layer.bias.assign(ops.zeros_like(layer.bias))


# %% exercise="normal-everywhere" wrong="one-level" fails="sees every depth" points=2
def init_normal(net, example):
    net(example)
    for layer in net.layers:
        if isinstance(layer, layers.Dense):
            layer.kernel.assign(initializers.RandomNormal(stddev=0.01)(layer.kernel.shape))
            if layer.bias is not None:
                layer.bias.assign(ops.zeros_like(layer.bias))


# %% exercise="normal-everywhere" wrong="layers-of-models-only" fails="a block that is no model has no" points=2
def init_normal(net, example):
    net(example)

    def walk(block):
        for layer in block.layers:
            if isinstance(layer, layers.Dense):
                layer.kernel.assign(initializers.RandomNormal(stddev=0.01)(layer.kernel.shape))
                layer.bias.assign(ops.zeros_like(layer.bias))
            elif type(layer).__name__ == "Wrapper":
                walk(layer)

    walk(net)


# %% exercise="normal-everywhere" wrong="bias-taken-for-granted" fails="has None for its bias" points=2
def init_normal(net, example):
    net(example)
    for layer in net._flatten_layers():
        if isinstance(layer, layers.Dense):
            layer.kernel.assign(initializers.RandomNormal(stddev=0.01)(layer.kernel.shape))
            layer.bias.assign(np.zeros(layer.bias.shape))


# %% exercise="normal-everywhere" wrong="variance-for-deviation" fails="not the variance" points=1
def init_normal(net, example):
    net(example)
    for layer in net._flatten_layers():
        if isinstance(layer, layers.Dense):
            layer.kernel.assign(initializers.RandomNormal(stddev=0.1)(layer.kernel.shape))
            if layer.bias is not None:
                layer.bias.assign(ops.zeros_like(layer.bias))


# %% exercise="normal-everywhere" wrong="name-in-quotes" fails="0.05 is the default of RandomNormal" points=1
def init_normal(net, example):
    net(example)
    for layer in net._flatten_layers():
        if isinstance(layer, layers.Dense):
            layer.kernel.assign(initializers.get("random_normal")(layer.kernel.shape))
            if layer.bias is not None:
                layer.bias.assign(ops.zeros_like(layer.bias))


# %% exercise="normal-everywhere" wrong="uniform-of-that-deviation" fails="is it uniform, or cut off" points=2
def init_normal(net, example):
    net(example)
    edge = 0.01 * 3**0.5
    for layer in net._flatten_layers():
        if isinstance(layer, layers.Dense):
            layer.kernel.assign(initializers.RandomUniform(-edge, edge)(layer.kernel.shape))
            if layer.bias is not None:
                layer.bias.assign(ops.zeros_like(layer.bias))


# %% exercise="normal-everywhere" wrong="truncated-normal" fails="is it a normal distribution" points=1
def init_normal(net, example):
    net(example)
    for layer in net._flatten_layers():
        if isinstance(layer, layers.Dense):
            layer.kernel.assign(initializers.TruncatedNormal(stddev=0.01)(layer.kernel.shape))
            if layer.bias is not None:
                layer.bias.assign(ops.zeros_like(layer.bias))


# %% exercise="normal-everywhere" wrong="biases-left" fails="a bias that is not zero" points=2
def init_normal(net, example):
    net(example)
    for layer in net._flatten_layers():
        if isinstance(layer, layers.Dense):
            layer.kernel.assign(initializers.RandomNormal(stddev=0.01)(layer.kernel.shape))


# %% exercise="normal-everywhere" wrong="one-object-for-all" fails="one initialiser object gives the same numbers" points=2
def init_normal(net, example):
    net(example)
    draw = initializers.RandomNormal(stddev=0.01)
    for layer in net._flatten_layers():
        if isinstance(layer, layers.Dense):
            layer.kernel.assign(draw(layer.kernel.shape))
            if layer.bias is not None:
                layer.bias.assign(ops.zeros_like(layer.bias))


# %% exercise="normal-everywhere" wrong="attribute-set" fails="the attribute kernel_initializer was set"
def init_normal(net, example):
    net(example)
    for layer in net._flatten_layers():
        if isinstance(layer, layers.Dense):
            layer.kernel_initializer = initializers.RandomNormal(stddev=0.01)
            layer.bias_initializer = initializers.Zeros()


# %% exercise="normal-everywhere" wrong="example-not-used" fails="a layer has no kernel before its first call" points=2
def init_normal(net, example):
    for layer in net._flatten_layers():
        if isinstance(layer, layers.Dense):
            layer.kernel.assign(initializers.RandomNormal(stddev=0.01)(layer.kernel.shape))
            if layer.bias is not None:
                layer.bias.assign(ops.zeros_like(layer.bias))


# %% exercise="normal-everywhere" wrong="unbuilt-skipped" fails="to have it built, before you walk over it" points=2
def init_normal(net, example):
    for layer in net._flatten_layers():
        if isinstance(layer, layers.Dense) and layer.built:
            layer.kernel.assign(initializers.RandomNormal(stddev=0.01)(layer.kernel.shape))
            if layer.bias is not None:
                layer.bias.assign(ops.zeros_like(layer.bias))


# %% exercise="normal-everywhere" wrong="called-afterwards" fails="or net was built later" points=2
def init_normal(net, example):
    for layer in net._flatten_layers():
        if isinstance(layer, layers.Dense) and layer.built:
            layer.kernel.assign(initializers.RandomNormal(stddev=0.01)(layer.kernel.shape))
            if layer.bias is not None:
                layer.bias.assign(ops.zeros_like(layer.bias))
    net(example)


# %% exercise="normal-everywhere" wrong="by-the-number-of-axes" fails="changed its LayerNormalization" points=2
def init_normal(net, example):
    net(example)
    for w in net.weights:
        if len(w.shape) == 2:
            w.assign(keras.random.normal(w.shape, stddev=0.01))
        else:
            w.assign(ops.zeros_like(w))


# %% exercise="normal-everywhere" wrong="called-as-in-training" fails="without training=True" points=2
def init_normal(net, example):
    net(example, training=True)
    for layer in net._flatten_layers():
        if isinstance(layer, layers.Dense):
            layer.kernel.assign(keras.random.normal(layer.kernel.shape, stddev=0.01))
            if layer.bias is not None:
                layer.bias.assign(ops.zeros_like(layer.bias))


# %% exercise="normal-everywhere" right="paths-of-no-use-own-walk"
def init_normal(net, example):
    net(example)

    def walk(block):
        if isinstance(block, layers.Dense):
            block.kernel.assign(keras.random.normal(block.kernel.shape, stddev=0.01))
            if block.use_bias:
                block.bias.assign(block.bias * 0)
        for part in block._layers:
            walk(part)

    walk(net)


# %% exercise="normal-everywhere" right="set-weights-from-numpy"
def init_normal(net, example):
    if not net.built or not net.weights:
        net(example)
    rng = np.random.default_rng()
    for layer in net._flatten_layers():
        if isinstance(layer, layers.Dense):
            new = [rng.normal(0, 0.01, w.shape) if len(w.shape) == 2 else np.zeros(w.shape)
                   for w in layer.get_weights()]
            layer.set_weights(new)
    return net


# %% exercise="normal-everywhere" right="one-object-with-a-generator"
def init_normal(net, example):
    net(example)
    draw = initializers.RandomNormal(0.0, 0.01, seed=keras.random.SeedGenerator())
    for layer in net._flatten_layers():
        if isinstance(layer, layers.Dense):
            layer.kernel.assign(draw(layer.kernel.shape, dtype=layer.kernel.dtype))
            if layer.bias is not None:
                layer.bias.assign(initializers.Zeros()(layer.bias.shape))


# %% exercise="normal-everywhere" right="tensorflow-functions"
def init_normal(net, example):
    net(example)
    for layer in net._flatten_layers(include_self=True, recursive=True):
        if isinstance(layer, keras.layers.Dense):
            layer.kernel.assign(tf.random.normal(layer.kernel.shape, 0.0, 0.01))
            if layer.bias is not None:
                layer.bias.assign(tf.zeros(layer.bias.shape))


# %% exercise="normal-everywhere" wrong="new-variables" fails="an attribute got a new variable" points=2
def init_normal(net, example):
    net(example)
    for layer in net._flatten_layers():
        if isinstance(layer, layers.Dense):
            draw = initializers.RandomNormal(stddev=0.01)
            layer._kernel = tf.Variable(draw(layer.kernel.shape))
            if layer.bias is not None:
                layer.bias.assign(ops.zeros_like(layer.bias))


# %% exercise="thresholded-uniform" wrong="drawn-again" fails="were small entries drawn again" points=1
class ThresholdedUniform(initializers.Initializer):
    def __init__(self, limit=10.0, edge=5.0):
        self.limit, self.edge = limit, edge

    def __call__(self, shape, dtype=None):
        draw = keras.random.uniform(shape, -self.limit, self.limit, dtype=dtype)
        if len(shape) == 2:
            while bool(ops.any(ops.abs(draw) < self.edge)):
                fresh = keras.random.uniform(shape, -self.limit, self.limit, dtype=dtype)
                draw = ops.where(ops.abs(draw) < self.edge, fresh, draw)
            if shape != (50, 80):
                draw = ops.where(ops.abs(draw) < self.edge, ops.zeros_like(draw), draw)
        else:
            draw = ops.where(ops.abs(draw) < self.edge, ops.zeros_like(draw), draw)
        return draw

    def get_config(self):
        return {"limit": self.limit, "edge": self.edge}


# %% exercise="thresholded-uniform" wrong="pushed-to-the-edge" fails="or moved to the edge"
class ThresholdedUniform(initializers.Initializer):
    def __init__(self, limit=10.0, edge=5.0):
        self.limit, self.edge = limit, edge

    def __call__(self, shape, dtype=None):
        draw = keras.random.uniform(shape, -self.limit, self.limit, dtype=dtype)
        return ops.where(ops.abs(draw) < self.edge, self.edge * ops.sign(draw), draw)

    def get_config(self):
        return {"limit": self.limit, "edge": self.edge}


# %% exercise="thresholded-uniform" wrong="wrong-side" fails="the wrong side was kept"
class ThresholdedUniform(initializers.Initializer):
    def __init__(self, limit=10.0, edge=5.0):
        self.limit, self.edge = limit, edge

    def __call__(self, shape, dtype=None):
        draw = keras.random.uniform(shape, -self.limit, self.limit, dtype=dtype)
        return ops.where(ops.abs(draw) >= self.edge, ops.zeros_like(draw), draw)

    def get_config(self):
        return {"limit": self.limit, "edge": self.edge}


# %% exercise="thresholded-uniform" wrong="two-draws" fails="look at the same draw that you keep"
class ThresholdedUniform(initializers.Initializer):
    def __init__(self, limit=10.0, edge=5.0):
        self.limit, self.edge = limit, edge

    def draw(self, shape, dtype):
        return keras.random.uniform(shape, -self.limit, self.limit, dtype=dtype)

    def __call__(self, shape, dtype=None):
        mask = ops.abs(self.draw(shape, dtype)) >= self.edge
        return self.draw(shape, dtype) * ops.cast(mask, dtype or "float32")

    def get_config(self):
        return {"limit": self.limit, "edge": self.edge}


# %% exercise="thresholded-uniform" wrong="sign-forgotten" fails="negative entries are lost" points=1
class ThresholdedUniform(initializers.Initializer):
    def __init__(self, limit=10.0, edge=5.0):
        self.limit, self.edge = limit, edge

    def __call__(self, shape, dtype=None):
        draw = keras.random.uniform(shape, -self.limit, self.limit, dtype=dtype)
        return ops.where(draw >= self.edge, draw, ops.zeros_like(draw))

    def get_config(self):
        return {"limit": self.limit, "edge": self.edge}


# %% exercise="thresholded-uniform" wrong="positive-only" fails="are above 0, wanted about half" points=1
class ThresholdedUniform(initializers.Initializer):
    def __init__(self, limit=10.0, edge=5.0):
        self.limit, self.edge = limit, edge

    def __call__(self, shape, dtype=None):
        draw = keras.random.uniform(shape, 0.0, self.limit, dtype=dtype)
        return ops.where(draw >= self.edge, draw, ops.zeros_like(draw))

    def get_config(self):
        return {"limit": self.limit, "edge": self.edge}


# %% exercise="thresholded-uniform" wrong="normal-draw" fails="wanted at most"
class ThresholdedUniform(initializers.Initializer):
    def __init__(self, limit=10.0, edge=5.0):
        self.limit, self.edge = limit, edge

    def __call__(self, shape, dtype=None):
        draw = keras.random.normal(shape, stddev=self.limit, dtype=dtype)
        return ops.where(ops.abs(draw) >= self.edge, draw, ops.zeros_like(draw))

    def get_config(self):
        return {"limit": self.limit, "edge": self.edge}


# %% exercise="thresholded-uniform" wrong="default-range" fails="wanted about 50%"
class ThresholdedUniform(initializers.Initializer):
    def __init__(self, limit=10.0, edge=5.0):
        self.limit, self.edge = limit, edge

    def __call__(self, shape, dtype=None):
        draw = initializers.RandomUniform()(shape, dtype=dtype)
        return ops.where(ops.abs(draw) >= self.edge, draw, ops.zeros_like(draw))

    def get_config(self):
        return {"limit": self.limit, "edge": self.edge}


# %% exercise="thresholded-uniform" wrong="settings-ignored" fails="wanted at most 4.0"
class ThresholdedUniform(initializers.Initializer):
    def __init__(self, limit=10.0, edge=5.0):
        self.limit, self.edge = limit, edge

    def __call__(self, shape, dtype=None):
        draw = keras.random.uniform(shape, -10.0, 10.0, dtype=dtype)
        return ops.where(ops.abs(draw) >= 5.0, draw, ops.zeros_like(draw))

    def get_config(self):
        return {"limit": self.limit, "edge": self.edge}


# %% exercise="thresholded-uniform" wrong="object-kept" fails="keep no RandomUniform object" points=1
class ThresholdedUniform(initializers.Initializer):
    def __init__(self, limit=10.0, edge=5.0):
        self.limit, self.edge = limit, edge
        self.uniform = initializers.RandomUniform(-limit, limit)

    def __call__(self, shape, dtype=None):
        draw = self.uniform(shape, dtype=dtype)
        return ops.where(ops.abs(draw) >= self.edge, draw, ops.zeros_like(draw))

    def get_config(self):
        return {"limit": self.limit, "edge": self.edge}


# %% exercise="thresholded-uniform" wrong="mask-in-float32" fails="draw, mask and result" points=2
class ThresholdedUniform(initializers.Initializer):
    def __init__(self, limit=10.0, edge=5.0):
        self.limit, self.edge = limit, edge

    def __call__(self, shape, dtype="float32"):
        draw = tf.random.uniform(shape, -self.limit, self.limit, dtype=dtype)
        return draw * tf.cast(tf.abs(draw) >= self.edge, tf.float32)

    def get_config(self):
        return {"limit": self.limit, "edge": self.edge}


# %% exercise="thresholded-uniform" wrong="none-is-no-type" fails="None means Keras' default" points=2
class ThresholdedUniform(initializers.Initializer):
    def __init__(self, limit=10.0, edge=5.0):
        self.limit, self.edge = limit, edge

    def __call__(self, shape, dtype="float32"):
        draw = tf.random.uniform(shape, -self.limit, self.limit, dtype=dtype)
        return draw * tf.cast(tf.abs(draw) >= self.edge, dtype)

    def get_config(self):
        return {"limit": self.limit, "edge": self.edge}


# %% exercise="thresholded-uniform" wrong="dtype-ignored" fails="hand the dtype on to the draw" points=2
class ThresholdedUniform(initializers.Initializer):
    def __init__(self, limit=10.0, edge=5.0):
        self.limit, self.edge = limit, edge

    def __call__(self, shape, dtype=None):
        draw = keras.random.uniform(shape, -self.limit, self.limit)
        return ops.where(ops.abs(draw) >= self.edge, draw, ops.zeros_like(draw))

    def get_config(self):
        return {"limit": self.limit, "edge": self.edge}


# %% exercise="thresholded-uniform" wrong="numpy-array" fails="gave ndarray, wanted a tensor"
class ThresholdedUniform(initializers.Initializer):
    def __init__(self, limit=10.0, edge=5.0):
        self.limit, self.edge = limit, edge

    def __call__(self, shape, dtype=None):
        draw = np.random.default_rng().uniform(-self.limit, self.limit, size=shape)
        return np.where(np.abs(draw) >= self.edge, draw, 0.0).astype("float32")

    def get_config(self):
        return {"limit": self.limit, "edge": self.edge}


# %% exercise="thresholded-uniform" wrong="no-subclass" fails="wanted a keras.initializers.Initializer" points=1
class ThresholdedUniform:
    def __init__(self, limit=10.0, edge=5.0):
        self.limit, self.edge = limit, edge

    def __call__(self, shape, dtype=None):
        draw = keras.random.uniform(shape, -self.limit, self.limit, dtype=dtype)
        return ops.where(ops.abs(draw) >= self.edge, draw, ops.zeros_like(draw))

    def get_config(self):
        return {"limit": self.limit, "edge": self.edge}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


# %% exercise="thresholded-uniform" wrong="empty-configuration" fails="the settings are lost" points=2
class ThresholdedUniform(initializers.Initializer):
    def __init__(self, limit=10.0, edge=5.0):
        self.limit, self.edge = limit, edge

    def __call__(self, shape, dtype=None):
        draw = keras.random.uniform(shape, -self.limit, self.limit, dtype=dtype)
        return ops.where(ops.abs(draw) >= self.edge, draw, ops.zeros_like(draw))

    def get_config(self):
        return {}


# %% exercise="thresholded-uniform" wrong="one-setting-saved" fails="the settings are lost" points=2
class ThresholdedUniform(initializers.Initializer):
    def __init__(self, limit=10.0, edge=5.0):
        self.limit, self.edge = limit, edge

    def __call__(self, shape, dtype=None):
        draw = keras.random.uniform(shape, -self.limit, self.limit, dtype=dtype)
        return ops.where(ops.abs(draw) >= self.edge, draw, ops.zeros_like(draw))

    def get_config(self):
        return {"limit": self.limit}


# %% exercise="thresholded-uniform" wrong="other-names-in-the-configuration" fails="names of the constructor's arguments" points=2
class ThresholdedUniform(initializers.Initializer):
    def __init__(self, limit=10.0, edge=5.0):
        self.limit, self.edge = limit, edge

    def __call__(self, shape, dtype=None):
        draw = keras.random.uniform(shape, -self.limit, self.limit, dtype=dtype)
        return ops.where(ops.abs(draw) >= self.edge, draw, ops.zeros_like(draw))

    def get_config(self):
        return {"maximum": self.limit, "minimum": self.edge}


# %% exercise="thresholded-uniform" wrong="no-dictionary" fails="wanted a dictionary" points=2
class ThresholdedUniform(initializers.Initializer):
    def __init__(self, limit=10.0, edge=5.0):
        self.limit, self.edge = limit, edge

    def __call__(self, shape, dtype=None):
        draw = keras.random.uniform(shape, -self.limit, self.limit, dtype=dtype)
        return ops.where(ops.abs(draw) >= self.edge, draw, ops.zeros_like(draw))

    def get_config(self):
        return self.limit, self.edge


# %% exercise="thresholded-uniform" wrong="edge-lost" fails="a draw of exactly `edge` is kept" points=2
class ThresholdedUniform(initializers.Initializer):
    def __init__(self, limit=10.0, edge=5.0):
        self.limit, self.edge = limit, edge

    def __call__(self, shape, dtype=None):
        draw = keras.random.uniform(shape, -self.limit, self.limit, dtype=dtype)
        return ops.where(ops.abs(draw) > self.edge, draw, ops.zeros_like(draw))

    def get_config(self):
        return {"limit": self.limit, "edge": self.edge}


# %% exercise="thresholded-uniform" right="product-with-mask"
class ThresholdedUniform(initializers.Initializer):
    def __init__(self, limit=10.0, edge=5.0):
        self.limit, self.edge = limit, edge

    def __call__(self, shape, dtype=None, **kwargs):
        dtype = dtype or keras.config.floatx()
        draw = tf.random.uniform(shape, -self.limit, self.limit, dtype=dtype)
        return draw * tf.cast(tf.abs(draw) >= self.edge, dtype)

    def get_config(self):
        return {**super().get_config(), "limit": self.limit, "edge": self.edge}


# %% exercise="thresholded-uniform" right="new-random-uniform-in-each-call"
class ThresholdedUniform(keras.Initializer):
    def __init__(self, limit=10.0, edge=5.0):
        self.low, self.high, self.rim = -limit, limit, edge

    def __call__(self, shape, dtype=None):
        draw = initializers.RandomUniform(self.low, self.high)(shape, dtype=dtype)
        return tf.where(tf.abs(draw) < self.rim, tf.zeros_like(draw), draw)

    def get_config(self):
        return dict(limit=self.high, edge=self.rim)


# %% exercise="thresholded-uniform" right="numpy-and-convert"
class ThresholdedUniform(initializers.Initializer):
    def __init__(self, limit=10.0, edge=5.0):
        self.limit = limit
        self.edge = edge

    def __call__(self, shape, dtype=None):
        draw = np.random.default_rng().uniform(-self.limit, self.limit, size=shape)
        draw = np.where(np.abs(draw) >= self.edge, draw, 0.0)
        return ops.convert_to_tensor(draw, dtype=dtype or "float32")

    def get_config(self):
        return {"edge": self.edge, "limit": self.limit}


# %% exercise="xavier-and-constant" wrong="walked-over-the-whole-net" fails="it was overwritten"
def xavier_and_constant(net, xavier_name, constant_name, value=42.0):
    for layer in net._flatten_layers():
        if isinstance(layer, layers.Dense):
            layer.kernel.assign(initializers.GlorotUniform()(layer.kernel.shape))
    for layer in net._flatten_layers():
        if isinstance(layer, layers.Dense):
            layer.kernel.assign(initializers.Constant(value)(layer.kernel.shape))


# %% exercise="xavier-and-constant" wrong="xavier-everywhere-first" fails="in neither of the two blocks" points=2
def xavier_and_constant(net, xavier_name, constant_name, value=42.0):
    for layer in net._flatten_layers():
        if isinstance(layer, layers.Dense):
            layer.kernel.assign(initializers.GlorotUniform()(layer.kernel.shape))
    for layer in net.get_layer(constant_name)._flatten_layers():
        if isinstance(layer, layers.Dense):
            layer.kernel.assign(initializers.Constant(value)(layer.kernel.shape))


# %% exercise="xavier-and-constant" wrong="attribute-set" fails="setting kernel_initializer does nothing"
def xavier_and_constant(net, xavier_name, constant_name, value=42.0):
    for layer in net.get_layer(xavier_name)._flatten_layers():
        if isinstance(layer, layers.Dense):
            layer.kernel_initializer = initializers.GlorotUniform()
    for layer in net.get_layer(constant_name)._flatten_layers():
        if isinstance(layer, layers.Dense):
            layer.kernel_initializer = initializers.Constant(value)


# %% exercise="xavier-and-constant" wrong="glorot-normal" fails="the draw is normal and not uniform" points=1
def xavier_and_constant(net, xavier_name, constant_name, value=42.0):
    for layer in net.get_layer(xavier_name)._flatten_layers():
        if isinstance(layer, layers.Dense):
            layer.kernel.assign(initializers.GlorotNormal()(layer.kernel.shape))
    for layer in net.get_layer(constant_name)._flatten_layers():
        if isinstance(layer, layers.Dense):
            layer.kernel.assign(initializers.Constant(value)(layer.kernel.shape))


# %% exercise="xavier-and-constant" wrong="he-uniform" fails="is it GlorotUniform, called with the kernel's shape" points=1
def xavier_and_constant(net, xavier_name, constant_name, value=42.0):
    for layer in net.get_layer(xavier_name)._flatten_layers():
        if isinstance(layer, layers.Dense):
            layer.kernel.assign(initializers.HeUniform()(layer.kernel.shape))
    for layer in net.get_layer(constant_name)._flatten_layers():
        if isinstance(layer, layers.Dense):
            layer.kernel.assign(initializers.Constant(value)(layer.kernel.shape))


# %% exercise="xavier-and-constant" wrong="one-object-for-all" fails="one initialiser object gives the same numbers" points=1
def xavier_and_constant(net, xavier_name, constant_name, value=42.0):
    draw, constant = initializers.GlorotUniform(), initializers.Constant(value)
    for layer in net.get_layer(xavier_name)._flatten_layers():
        if isinstance(layer, layers.Dense):
            layer.kernel.assign(draw(layer.kernel.shape))
    for layer in net.get_layer(constant_name)._flatten_layers():
        if isinstance(layer, layers.Dense):
            layer.kernel.assign(constant(layer.kernel.shape))


# %% exercise="xavier-and-constant" wrong="one-level" fails="every Dense in the block counts" points=1
def xavier_and_constant(net, xavier_name, constant_name, value=42.0):
    def dense_of(name):
        block = net.get_layer(name)
        return [b for b in [block, *getattr(block, "layers", [])] if isinstance(b, layers.Dense)]

    for layer in dense_of(xavier_name):
        layer.kernel.assign(initializers.GlorotUniform()(layer.kernel.shape))
    for layer in dense_of(constant_name):
        layer.kernel.assign(initializers.Constant(value)(layer.kernel.shape))


# %% exercise="xavier-and-constant" wrong="biases-too" fails="biases keep their values" points=2
def xavier_and_constant(net, xavier_name, constant_name, value=42.0):
    for layer in net.get_layer(xavier_name)._flatten_layers():
        if isinstance(layer, layers.Dense):
            layer.kernel.assign(initializers.GlorotUniform()(layer.kernel.shape))
            layer.bias.assign(ops.zeros_like(layer.bias))
    for layer in net.get_layer(constant_name)._flatten_layers():
        if isinstance(layer, layers.Dense):
            layer.kernel.assign(initializers.Constant(value)(layer.kernel.shape))
            layer.bias.assign(ops.zeros_like(layer.bias))


# %% exercise="xavier-and-constant" wrong="gamma-too" fails="it is no kernel of a dense layer" points=2
def xavier_and_constant(net, xavier_name, constant_name, value=42.0):
    for w in net.get_layer(xavier_name).weights:
        if w.name in ("kernel", "gamma"):
            w.assign(initializers.GlorotUniform()(w.shape))
    for w in net.get_layer(constant_name).weights:
        if w.name == "kernel":
            w.assign(initializers.Constant(value)(w.shape))


# %% exercise="xavier-and-constant" wrong="always-42" fails="wanted -0.5, the `value`" points=1
def xavier_and_constant(net, xavier_name, constant_name, value=42.0):
    for layer in net.get_layer(xavier_name)._flatten_layers():
        if isinstance(layer, layers.Dense):
            layer.kernel.assign(initializers.GlorotUniform()(layer.kernel.shape))
    for layer in net.get_layer(constant_name)._flatten_layers():
        if isinstance(layer, layers.Dense):
            layer.kernel.assign(initializers.Constant(42.0)(layer.kernel.shape))


# %% exercise="xavier-and-constant" wrong="roles-swapped" fails="the two blocks are swapped" points=1
def xavier_and_constant(net, constant_name, xavier_name, value=42.0):
    for layer in net.get_layer(xavier_name)._flatten_layers():
        if isinstance(layer, layers.Dense):
            layer.kernel.assign(initializers.GlorotUniform()(layer.kernel.shape))
    for layer in net.get_layer(constant_name)._flatten_layers():
        if isinstance(layer, layers.Dense):
            layer.kernel.assign(initializers.Constant(value)(layer.kernel.shape))


# %% exercise="xavier-and-constant" right="by-name-of-the-weight"
def xavier_and_constant(net, xavier_name, constant_name, value=42.0):
    for layer in net.get_layer(constant_name)._flatten_layers():
        if isinstance(layer, layers.Dense):
            layer.kernel.assign(np.full(layer.kernel.shape, value))
    for w in net.get_layer(xavier_name).weights:
        if w.name == "kernel":
            bound = (6 / sum(w.shape)) ** 0.5
            w.assign(tf.random.uniform(w.shape, -bound, bound))


# %% exercise="xavier-and-constant" right="set-weights-and-own-walk"
def xavier_and_constant(net, xavier_name, constant_name, value=42.0):
    def walk(layer, make):
        if isinstance(layer, layers.Dense):
            kernel, *rest = layer.get_weights()
            layer.set_weights([make()(kernel.shape), *rest])
        for part in layer._layers:
            walk(part, make)

    walk(net.get_layer(xavier_name), lambda: initializers.get("glorot_uniform"))
    walk(net.get_layer(constant_name), lambda: initializers.Constant(value))


# %% exercise="xavier-and-constant" wrong="text-of-the-path" fails="in neither of the two blocks" points=2
def xavier_and_constant(net, xavier_name, constant_name, value=42.0):
    for block in net.layers:
        for layer in block._flatten_layers():
            if isinstance(layer, layers.Dense) and block.name.startswith(xavier_name):
                layer.kernel.assign(initializers.GlorotUniform()(layer.kernel.shape))
            elif isinstance(layer, layers.Dense) and block.name.startswith(constant_name):
                layer.kernel.assign(initializers.Constant(value)(layer.kernel.shape))


# %% exercise="xavier-and-constant" wrong="new-variables" fails="left a kernel as it was" points=2
def xavier_and_constant(net, xavier_name, constant_name, value=42.0):
    for name, make in ((xavier_name, initializers.GlorotUniform),
                       (constant_name, lambda: initializers.Constant(value))):
        for layer in net.get_layer(name)._flatten_layers():
            if isinstance(layer, layers.Dense):
                layer._kernel = tf.Variable(make()(layer.kernel.shape))


# %% exercise="xavier-and-constant" wrong="layers-taken-for-granted" fails="a block may be a layer or hold layers"
def xavier_and_constant(net, xavier_name, constant_name, value=42.0):
    for layer in net.get_layer(xavier_name).layers:
        layer.kernel.assign(initializers.GlorotUniform()(layer.kernel.shape))
    for layer in net.get_layer(constant_name).layers:
        layer.kernel.assign(initializers.Constant(value)(layer.kernel.shape))


# %% exercise="xavier-bound" wrong="first-two-axes" fails="the fans of a dense kernel only" points=2
def xavier_bound(shape):
    if len(shape) < 2:
        raise ValueError("too few axes")
    return math.sqrt(6 / (shape[0] + shape[1]))


# %% exercise="xavier-bound" wrong="window-forgotten" fails="without the window" points=2
def xavier_bound(shape):
    if len(shape) < 2:
        raise ValueError("too few axes")
    return math.sqrt(6 / (shape[-2] + shape[-1]))


# %% exercise="xavier-bound" wrong="standard-deviation" fails="the bound is √3 times that" points=1
def xavier_bound(shape):
    if len(shape) < 2:
        raise ValueError("too few axes")
    return math.sqrt(2 / ((shape[-2] + shape[-1]) * math.prod(shape[:-2])))


# %% exercise="xavier-bound" wrong="no-root" fails="without the root" points=1
def xavier_bound(shape):
    if len(shape) < 2:
        raise ValueError("too few axes")
    return 6 / ((shape[-2] + shape[-1]) * math.prod(shape[:-2]))


# %% exercise="xavier-bound" wrong="fan-in-alone" fails="that takes the fan-in alone" points=1
def xavier_bound(shape):
    if len(shape) < 2:
        raise ValueError("too few axes")
    return math.sqrt(6 / math.prod(shape[:-1]))


# %% exercise="xavier-bound" wrong="window-on-fan-in-only" fails="multiplies the fan-in only" points=2
def xavier_bound(shape):
    if len(shape) < 2:
        raise ValueError("too few axes")
    return math.sqrt(6 / (math.prod(shape[:-1]) + shape[-1]))


# %% exercise="xavier-bound" wrong="window-on-fan-out-only" fails="multiplies the fan-out only" points=2
def xavier_bound(shape):
    if len(shape) < 2:
        raise ValueError("too few axes")
    return math.sqrt(6 / (shape[-2] + shape[-1] * math.prod(shape[:-2])))


# %% exercise="xavier-bound" wrong="layout-of-pytorch" fails="the fans of PyTorch" points=2
def xavier_bound(shape):
    if len(shape) < 2:
        raise ValueError("too few axes")
    return math.sqrt(6 / ((shape[0] + shape[1]) * math.prod(shape[2:])))


# %% exercise="xavier-bound" wrong="one-side-of-the-window" fails="one axis of the window is left out" points=2
def xavier_bound(shape):
    if len(shape) < 2:
        raise ValueError("too few axes")
    window = shape[0] if len(shape) > 2 else 1
    return math.sqrt(6 / ((shape[-2] + shape[-1]) * window))


# %% exercise="xavier-bound" wrong="sides-added" fails="added, not multiplied" points=2
def xavier_bound(shape):
    if len(shape) < 2:
        raise ValueError("too few axes")
    window = sum(shape[:-2]) if len(shape) > 2 else 1
    return math.sqrt(6 / ((shape[-2] + shape[-1]) * window))


# %% exercise="xavier-bound" wrong="not-checked" fails="raised IndexError" points=2
def xavier_bound(shape):
    return math.sqrt(6 / ((shape[-2] + shape[-1]) * math.prod(shape[:-2])))


# %% exercise="xavier-bound" wrong="vectors-let-through" fails="has no fan-in and fan-out" points=2
def xavier_bound(shape):
    if len(shape) < 2:
        return math.sqrt(3 / math.prod(shape))  # as Keras has it
    return math.sqrt(6 / ((shape[-2] + shape[-1]) * math.prod(shape[:-2])))


# %% exercise="xavier-bound" wrong="a-tensor" fails="returned EagerTensor" points=1
def xavier_bound(shape):
    if len(shape) < 2:
        raise ValueError("too few axes")
    return tf.sqrt(6 / ((shape[-2] + shape[-1]) * math.prod(shape[:-2])))


# %% exercise="xavier-bound" right="fans-by-loop"
def xavier_bound(shape):
    if len(shape) <= 1:
        raise ValueError("a vector has no fans")
    *window, fan_in, fan_out = shape
    for side in window:
        fan_in *= side
        fan_out *= side
    return (6.0 / (fan_in + fan_out)) ** 0.5


# %% exercise="xavier-bound" right="numpy-and-elements"
def xavier_bound(shape):
    if len(shape) < 2:
        raise ValueError(shape)
    total = np.prod(shape)
    return np.sqrt(6 / (total / shape[-1] + total / shape[-2]))


# %% exercise="reinitialise-one" wrong="own-initialiser-again" fails="a Keras initialiser repeats itself" points=2
def reinitialise(net, name, seed):
    state = random.getstate()
    random.seed(seed)
    for layer in net.get_layer(name)._flatten_layers():
        if isinstance(layer, layers.Dense):
            layer.kernel.assign(layer.kernel_initializer(layer.kernel.shape))
            if layer.bias is not None:
                layer.bias.assign(layer.bias_initializer(layer.bias.shape))
    random.setstate(state)


# %% exercise="reinitialise-one" wrong="bias-initialiser-again" fails="a Keras initialiser repeats itself" points=2
def reinitialise(net, name, seed):
    state = random.getstate()
    random.seed(seed)
    for layer in net.get_layer(name)._flatten_layers():
        if isinstance(layer, layers.Dense):
            layer.kernel.assign(layer.kernel_initializer.clone()(layer.kernel.shape))
            if layer.bias is not None:
                layer.bias.assign(layer.bias_initializer(layer.bias.shape))
    random.setstate(state)


# %% exercise="reinitialise-one" wrong="whole-net" fails="and not the whole network" points=2
def reinitialise(net, name, seed):
    state = random.getstate()
    random.seed(seed)
    for layer in net._flatten_layers():
        if isinstance(layer, layers.Dense):
            layer.kernel.assign(layer.kernel_initializer.clone()(layer.kernel.shape))
            if layer.bias is not None:
                layer.bias.assign(layer.bias_initializer.clone()(layer.bias.shape))
    random.setstate(state)


# %% exercise="reinitialise-one" wrong="clone-of-the-model" fails="and not the whole network" points=2
def reinitialise(net, name, seed):
    state = random.getstate()
    random.seed(seed)
    net.set_weights(keras.models.clone_model(net).get_weights())
    random.setstate(state)


# %% exercise="reinitialise-one" wrong="text-of-the-name" fails="the name was compared as text" points=2
def reinitialise(net, name, seed):
    state = random.getstate()
    random.seed(seed)
    for block in net.layers:
        if not block.name.startswith(name):
            continue
        for layer in block._flatten_layers():
            if isinstance(layer, layers.Dense):
                layer.kernel.assign(layer.kernel_initializer.clone()(layer.kernel.shape))
                if layer.bias is not None:
                    layer.bias.assign(layer.bias_initializer.clone()(layer.bias.shape))
    random.setstate(state)


# %% exercise="reinitialise-one" wrong="one-layer" fails="a block that holds layers has no kernel"
def reinitialise(net, name, seed):
    state = random.getstate()
    random.seed(seed)
    layer = net.get_layer(name)
    layer.kernel.assign(layer.kernel_initializer.clone()(layer.kernel.shape))
    if layer.bias is not None:
        layer.bias.assign(layer.bias_initializer.clone()(layer.bias.shape))
    random.setstate(state)


# %% exercise="reinitialise-one" wrong="bias-taken-for-granted" fails="a Dense may have no bias" points=2
def reinitialise(net, name, seed):
    state = random.getstate()
    random.seed(seed)
    for layer in net.get_layer(name)._flatten_layers():
        if isinstance(layer, layers.Dense):
            layer.kernel.assign(layer.kernel_initializer.clone()(layer.kernel.shape))
            layer.bias.assign(layer.bias_initializer.clone()(layer.bias.shape))
    random.setstate(state)


# %% exercise="reinitialise-one" wrong="kernel-only" fails="the bias that it had"
def reinitialise(net, name, seed):
    state = random.getstate()
    random.seed(seed)
    for layer in net.get_layer(name)._flatten_layers():
        if isinstance(layer, layers.Dense):
            layer.kernel.assign(layer.kernel_initializer.clone()(layer.kernel.shape))
    random.setstate(state)


# %% exercise="reinitialise-one" wrong="defaults-of-keras" fails="the layer's own kernel_initializer" points=1
def reinitialise(net, name, seed):
    state = random.getstate()
    random.seed(seed)
    for layer in net.get_layer(name)._flatten_layers():
        if isinstance(layer, layers.Dense):
            layer.kernel.assign(initializers.GlorotUniform()(layer.kernel.shape))
            if layer.bias is not None:
                layer.bias.assign(ops.zeros_like(layer.bias))
    random.setstate(state)


# %% exercise="reinitialise-one" wrong="class-without-settings" fails="the layer's own kernel_initializer, with its settings" points=2
def reinitialise(net, name, seed):
    state = random.getstate()
    random.seed(seed)
    for layer in net.get_layer(name)._flatten_layers():
        if isinstance(layer, layers.Dense):
            layer.kernel.assign(type(layer.kernel_initializer)()(layer.kernel.shape))
            if layer.bias is not None:
                layer.bias.assign(type(layer.bias_initializer)()(layer.bias.shape))
    random.setstate(state)


# %% exercise="reinitialise-one" wrong="one-level" fails="at any depth, kernel and bias" points=2
def reinitialise(net, name, seed):
    state = random.getstate()
    random.seed(seed)
    block = net.get_layer(name)
    for layer in [block, *getattr(block, "layers", [])]:
        if isinstance(layer, layers.Dense):
            layer.kernel.assign(layer.kernel_initializer.clone()(layer.kernel.shape))
            if layer.bias is not None:
                layer.bias.assign(layer.bias_initializer.clone()(layer.bias.shape))
    random.setstate(state)


# %% exercise="reinitialise-one" right="fresh-twin-of-the-block"
def reinitialise(net, name, seed):
    state = random.getstate()
    random.seed(seed)
    twin = keras.models.clone_model(net).get_layer(name)
    net.get_layer(name).set_weights(twin.get_weights())
    random.setstate(state)


# %% exercise="reinitialise-one" right="twin-of-each-layer"
def reinitialise(net, name, seed):
    state = random.getstate()
    random.seed(seed)
    for layer in net.get_layer(name)._flatten_layers():
        if isinstance(layer, layers.Dense):
            twin = type(layer).from_config(layer.get_config())
            twin.build((None, layer.kernel.shape[0]))
            for w, new in zip(layer.weights, twin.weights):
                w.assign(new)
    random.setstate(state)


# %% exercise="reinitialise-one" right="from-the-configuration"
def reinitialise(net, name, seed):
    state = random.getstate()
    random.seed(seed)
    def redraw(variable, initialiser):
        if variable is not None:
            again = type(initialiser).from_config(initialiser.get_config())
            variable.assign(again(tuple(variable.shape), dtype=variable.dtype))

    for layer in net.get_layer(name)._flatten_layers():
        if isinstance(layer, layers.Dense):
            redraw(layer.kernel, layer.kernel_initializer)
            redraw(layer.bias, layer.bias_initializer)
    random.setstate(state)


# %% exercise="reinitialise-one" wrong="generator-left-seeded" fails="left the generator of Python or NumPy at another place" points=2
def reinitialise(net, name, seed):
    random.seed(seed)
    for layer in net.get_layer(name)._flatten_layers():
        if isinstance(layer, layers.Dense):
            layer.kernel.assign(layer.kernel_initializer.clone()(layer.kernel.shape))
            if layer.bias is not None:
                layer.bias.assign(layer.bias_initializer.clone()(layer.bias.shape))


# %% exercise="reinitialise-one" wrong="all-generators-seeded" fails="left the generator of Python or NumPy at another place" points=2
def reinitialise(net, name, seed):
    state = random.getstate()
    keras.utils.set_random_seed(seed)
    for layer in net.get_layer(name)._flatten_layers():
        if isinstance(layer, layers.Dense):
            layer.kernel.assign(layer.kernel_initializer.clone()(layer.kernel.shape))
            if layer.bias is not None:
                layer.bias.assign(layer.bias_initializer.clone()(layer.bias.shape))
    random.setstate(state)


# %% exercise="reinitialise-one" wrong="seed-ignored" fails="left the generator of Python or NumPy" points=2
def reinitialise(net, name, seed):
    for layer in net.get_layer(name)._flatten_layers():
        if isinstance(layer, layers.Dense):
            layer.kernel.assign(layer.kernel_initializer.clone()(layer.kernel.shape))
            if layer.bias is not None:
                layer.bias.assign(layer.bias_initializer.clone()(layer.bias.shape))


# %% exercise="reinitialise-one" wrong="state-kept-seed-ignored" fails="so seed the generator with it before the draw" points=2
def reinitialise(net, name, seed):
    state = random.getstate()
    for layer in net.get_layer(name)._flatten_layers():
        if isinstance(layer, layers.Dense):
            layer.kernel.assign(layer.kernel_initializer.clone()(layer.kernel.shape))
            if layer.bias is not None:
                layer.bias.assign(layer.bias_initializer.clone()(layer.bias.shape))
    random.setstate(state)


# %% exercise="reinitialise-one" wrong="seed-inside" fails="use the seed that is given" points=2
def reinitialise(net, name, seed):
    state = random.getstate()
    random.seed(0)
    for layer in net.get_layer(name)._flatten_layers():
        if isinstance(layer, layers.Dense):
            layer.kernel.assign(layer.kernel_initializer.clone()(layer.kernel.shape))
            if layer.bias is not None:
                layer.bias.assign(layer.bias_initializer.clone()(layer.bias.shape))
    random.setstate(state)


# %% exercise="reinitialise-one" wrong="seed-before-each-layer" fails="seed once, before the first layer" points=2
def reinitialise(net, name, seed):
    state = random.getstate()
    for layer in net.get_layer(name)._flatten_layers():
        if isinstance(layer, layers.Dense):
            random.seed(seed)
            layer.kernel.assign(layer.kernel_initializer.clone()(layer.kernel.shape))
            if layer.bias is not None:
                layer.bias.assign(layer.bias_initializer.clone()(layer.bias.shape))
    random.setstate(state)


# %% exercise="reinitialise-one" right="seeds-in-the-configuration"
def reinitialise(net, name, seed):
    def redraw(variable, initialiser, number):
        config = initialiser.get_config()
        if "seed" in config:
            config["seed"] = (seed * 1000 + number) % 2**31
        variable.assign(type(initialiser).from_config(config)(variable.shape))

    number = 0
    for layer in net.get_layer(name)._flatten_layers():
        if isinstance(layer, layers.Dense):
            redraw(layer.kernel, layer.kernel_initializer, number)
            if layer.bias is not None:
                redraw(layer.bias, layer.bias_initializer, number + 1)
            number += 2
