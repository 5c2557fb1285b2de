# %% [markdown]
# Wrong and right answers to the exercises of unit 11, TensorFlow: each cell is a whole solution cell.
# `fails` is text that the message of a failing tests cell must contain; `points` is what remains.

# %% exercise="huber-per-sample" wrong="threshold-fixed-at-1" fails="the threshold is fixed at 1"
def huber(y_true, y_pred, threshold=1.0):
    return keras.losses.huber(y_true, y_pred)


# %% exercise="huber-per-sample" wrong="averaged-over-the-batch" fails="one number for the whole batch"
def huber(y_true, y_pred, threshold=1.0):
    return keras.losses.Huber(delta=threshold)(y_true, y_pred)


# %% exercise="huber-per-sample" wrong="jumps-at-the-threshold" fails="the loss jumps at the threshold" points=1
def huber(y_true, y_pred, threshold=1.0):
    size = ops.abs(y_true - y_pred)
    return ops.mean(ops.where(size <= threshold, size**2 / 2, threshold * size), axis=-1)


# %% exercise="huber-per-sample" wrong="linear-piece-for-1" fails="the linear piece is that for t = 1"
def huber(y_true, y_pred, threshold=1.0):
    error = y_true - y_pred
    small = tf.abs(error) < threshold
    return tf.reduce_mean(tf.where(small, tf.square(error) / 2, tf.abs(error) - 0.5), axis=-1)


# %% exercise="huber-per-sample" wrong="through-numpy" fails="is cut off from y_pred" points=2
def huber(y_true, y_pred, threshold=1.0):
    size = np.abs(y_true.numpy() - y_pred.numpy())
    losses = np.where(size <= threshold, size**2 / 2, threshold * size - threshold**2 / 2)
    return tf.constant(losses.mean(axis=-1), "float32")


# %% exercise="huber-per-sample" wrong="no-absolute-value" fails="compare the absolute error with the threshold"
def huber(y_true, y_pred, threshold=1.0):
    error = y_true - y_pred
    return ops.mean(ops.where(
        error <= threshold, error**2 / 2, threshold * ops.abs(error) - threshold**2 / 2), axis=-1)


# %% exercise="huber-per-sample" wrong="one-branch-for-all" fails="t|e| - t²/2 beyond it"
def huber(y_true, y_pred, threshold=1.0):
    size = ops.abs(y_true - y_pred)
    if ops.max(size) <= threshold:
        return ops.mean(size**2 / 2, axis=-1)
    return ops.mean(threshold * size - threshold**2 / 2, axis=-1)


# %% exercise="huber-per-sample" wrong="smooth-cousin" fails="t|e| - t²/2 beyond it"
def huber(y_true, y_pred, threshold=1.0):
    e = (y_true - y_pred) / threshold
    return ops.mean(threshold**2 * (ops.sqrt(1 + e**2) - 1), axis=-1)


# %% exercise="huber-per-sample" right="object-without-reduction"
def huber(y_true, y_pred, threshold=1.0):
    return keras.losses.Huber(delta=threshold, reduction="none")(y_true, y_pred)


# %% exercise="huber-per-sample" right="built-in"
def huber(y_true, y_pred, threshold=1.0):
    return keras.losses.huber(y_true, y_pred, delta=threshold)


# %% exercise="huber-per-sample" right="clipped"
def huber(y_true, y_pred, threshold=1.0):
    size = tf.abs(y_pred - y_true)
    inner = tf.minimum(size, threshold)
    return tf.reduce_mean(inner * (size - inner / 2), axis=1)


# %% exercise="huber-per-sample" right="root-of-the-square"
def huber(y_true, y_pred, threshold=1.0):
    size = ops.sqrt(ops.square(y_true - y_pred))
    each = ops.where(size <= threshold, size**2 / 2, threshold * size - threshold**2 / 2)
    return ops.mean(each, axis=-1)


# %% exercise="one-column-targets" wrong="broadcast" fails="each prediction was compared with each target"
def squared_error(y_true, y_pred):
    return ops.square(ops.subtract(y_true, y_pred))


# %% exercise="one-column-targets" wrong="squeeze" fails="removes the batch of one as well"
def squared_error(y_true, y_pred):
    y_true, y_pred = ops.squeeze(y_true), ops.squeeze(y_pred)
    if y_true.shape != y_pred.shape:
        raise ValueError("shapes do not fit")
    return ops.square(ops.subtract(y_true, y_pred))


# %% exercise="one-column-targets" wrong="no-cast" fails="these shapes and dtypes are permitted" points=1
def squared_error(y_true, y_pred):
    rows = []
    for t in (y_true, y_pred):
        if len(t.shape) == 2 and t.shape[1] == 1:
            t = t[:, 0]
        if len(t.shape) != 1:
            raise ValueError("not one column")
        rows.append(t)
    if rows[0].shape != rows[1].shape:
        raise ValueError("shapes do not fit")
    return tf.square(rows[0] - rows[1])


# %% exercise="one-column-targets" wrong="as-many-numbers" fails="one example with four outputs, not a column" points=2
def squared_error(y_true, y_pred):
    if tf.size(y_true) != tf.size(y_pred):
        raise ValueError("shapes do not fit")
    y_true = tf.cast(tf.reshape(y_true, [-1]), tf.float32)
    return tf.square(y_true - tf.reshape(y_pred, [-1]))


# %% exercise="one-column-targets" wrong="mean" fails="the mean or the sum was taken"
def squared_error(y_true, y_pred):
    return keras.losses.MeanSquaredError()(y_true, y_pred)


# %% exercise="one-column-targets" wrong="reshape-without-a-look" fails="look at the shapes before you compute" points=2
def squared_error(y_true, y_pred):
    y_true = tf.cast(tf.reshape(y_true, [-1]), tf.float32)
    return tf.square(y_true - tf.reshape(y_pred, [-1]))


# %% exercise="one-column-targets" wrong="reshaped-like-the-outputs" fails="the result is a row, not a column"
def squared_error(y_true, y_pred):
    return ops.square(ops.reshape(ops.cast(y_true, "float32"), y_pred.shape) - y_pred)


# %% exercise="one-column-targets" wrong="asserts" fails="raised AssertionError, wanted ValueError" points=2
def squared_error(y_true, y_pred):
    rows = []
    for t in (y_true, y_pred):
        if len(t.shape) == 2 and t.shape[1] == 1:
            t = t[:, 0]
        assert len(t.shape) == 1
        rows.append(ops.cast(t, "float32"))
    assert rows[0].shape == rows[1].shape
    return ops.square(rows[0] - rows[1])


# %% exercise="one-column-targets" wrong="cast-to-the-targets" fails="the predictions were cut" points=1
def squared_error(y_true, y_pred):
    rows = []
    for t in (y_true, y_pred):
        if len(t.shape) == 2 and t.shape[1] == 1:
            t = t[:, 0]
        if len(t.shape) != 1:
            raise ValueError("neither a row nor a column")
        rows.append(ops.cast(t, y_true.dtype))
    if rows[0].shape != rows[1].shape:
        raise ValueError("not as many targets as predictions")
    return ops.cast(ops.square(rows[0] - rows[1]), "float32")


# %% exercise="one-column-targets" wrong="number-as-a-batch" fails="not even of one" points=2
def squared_error(y_true, y_pred):
    rows = []
    for t in (y_true, y_pred):
        if len(t.shape) > 2 or len(t.shape) == 2 and t.shape[1] != 1:
            raise ValueError("row or column")
        rows.append(ops.cast(ops.reshape(t, (-1,)), "float32"))
    if rows[0].shape != rows[1].shape:
        raise ValueError("different")
    return ops.square(rows[0] - rows[1])


# %% exercise="one-column-targets" right="pattern-of-shapes"
def squared_error(y_true, y_pred):
    n = y_pred.shape[0] if len(y_pred.shape) else -1
    for t in (y_true, y_pred):
        if tuple(t.shape) not in ((n,), (n, 1)):
            raise ValueError("wanted (n,) or (n, 1)")
    return ops.square(ops.subtract(ops.reshape(y_true, (n,)), ops.reshape(y_pred, (n,))))


# %% exercise="one-column-targets" right="squeeze-one-axis"
def squared_error(y_true, y_pred):
    def row(t):
        t = tf.cast(t, tf.float32)
        if t.shape.rank == 2 and t.shape[-1] == 1:
            t = tf.squeeze(t, axis=-1)
        if t.shape.rank != 1:
            raise ValueError("not one column")
        return t

    t, p = row(y_true), row(y_pred)
    if len(t) != len(p):
        raise ValueError("shapes do not fit")
    return (p - t) ** 2


# %% exercise="one-column-targets" wrong="numbers-counted" fails="not even without examples" points=2
def squared_error(y_true, y_pred):
    for t in (y_true, y_pred):
        if len(t.shape) not in (1, 2) or ops.size(t) != len(t):
            raise ValueError("wanted a row or a column")
    if len(y_true) != len(y_pred):
        raise ValueError("the numbers of examples differ")
    return ops.square(ops.ravel(ops.cast(y_true, "float32")) - ops.ravel(y_pred))


# %% exercise="weighted-reduction" wrong="mean-by-the-weights" fails="divided by the sum of the weights, wanted the number of examples" points=1
def reduce_losses(losses, weights=None, reduction="mean"):
    if reduction not in ("none", "sum", "mean", "weighted_mean"):
        raise ValueError(reduction)
    weights = ops.ones_like(losses) if weights is None else weights
    weighted = weights * losses
    if reduction == "none":
        return weighted
    if reduction == "sum":
        return ops.sum(weighted)
    return tf.math.divide_no_nan(ops.sum(weighted), ops.sum(weights))


# %% exercise="weighted-reduction" wrong="weighted-mean-by-the-number" fails="divided by the number of examples, wanted the sum of the weights" points=1
def reduce_losses(losses, weights=None, reduction="mean"):
    if reduction not in ("none", "sum", "mean", "weighted_mean"):
        raise ValueError(reduction)
    weighted = losses if weights is None else weights * losses
    if reduction == "none":
        return weighted
    if reduction == "sum":
        return ops.sum(weighted)
    return ops.mean(weighted) if len(losses) else ops.sum(weighted)


# %% exercise="weighted-reduction" wrong="averaged-too-early" fails="averaged already"
def reduce_losses(losses, weights=None, reduction="mean"):
    weights = ops.ones_like(losses) if weights is None else weights
    if reduction == "none":
        return weights * losses
    if reduction == "sum":
        return ops.sum(weights * losses)
    if reduction == "mean":
        return ops.mean(weights * ops.mean(losses))
    if reduction == "weighted_mean":
        return ops.sum(weights * ops.mean(losses)) / ops.sum(weights)
    raise ValueError(reduction)


# %% exercise="weighted-reduction" wrong="where-afterwards" fails="where does not stop the gradient" points=2
def reduce_losses(losses, weights=None, reduction="mean"):
    weights = ops.ones_like(losses) if weights is None else weights
    weighted = weights * losses
    if reduction == "none":
        return weighted
    if reduction == "sum":
        return ops.sum(weighted)
    if reduction == "mean":
        return ops.sum(weighted) / max(len(losses), 1)
    if reduction == "weighted_mean":
        total = ops.sum(weights)
        return ops.where(total > 0, ops.sum(weighted) / total, 0.0)
    raise ValueError(reduction)


# %% exercise="weighted-reduction" wrong="divisor-at-least-1" fails="a small divisor is not zero" points=1
def reduce_losses(losses, weights=None, reduction="mean"):
    weights = ops.ones_like(losses) if weights is None else weights
    weighted = weights * losses
    if reduction == "none":
        return weighted
    if reduction == "sum":
        return ops.sum(weighted)
    if reduction == "mean":
        return ops.sum(weighted) / max(len(losses), 1)
    if reduction == "weighted_mean":
        return ops.sum(weighted) / ops.maximum(ops.sum(weights), 1.0)
    raise ValueError(reduction)


# %% exercise="weighted-reduction" wrong="any-other-name" fails="raised nothing, wanted ValueError" points=2
def reduce_losses(losses, weights=None, reduction="mean"):
    weights = ops.ones_like(losses) if weights is None else weights
    weighted = weights * losses
    if reduction == "none":
        return weighted
    if reduction == "sum":
        return ops.sum(weighted)
    divisor = ops.sum(weights) if reduction == "weighted_mean" else float(len(losses))
    return tf.math.divide_no_nan(ops.sum(weighted), divisor)


# %% exercise="weighted-reduction" wrong="zero-first" fails="'none' divides by nothing" points=2
def reduce_losses(losses, weights=None, reduction="mean"):
    if reduction not in ("none", "sum", "mean", "weighted_mean"):
        raise ValueError(reduction)
    if weights is None:
        weights = ops.ones_like(losses)
    if len(losses) == 0 or ops.sum(weights) == 0:
        return tf.constant(0.0)
    each = weights * losses
    if reduction == "none":
        return each
    total = ops.sum(each)
    if reduction == "sum":
        return total
    return total / (len(losses) if reduction == "mean" else ops.sum(weights))


# %% exercise="weighted-reduction" wrong="looked-up-in-a-dictionary" fails="raised KeyError, wanted ValueError" points=2
def reduce_losses(losses, weights=None, reduction="mean"):
    each = losses if weights is None else weights * losses
    total, n = ops.sum(each), float(len(losses))
    return {
        "none": each,
        "sum": total,
        "mean": tf.math.divide_no_nan(total, n),
        "weighted_mean": tf.math.divide_no_nan(total, n if weights is None else ops.sum(weights)),
    }[reduction]


# %% exercise="weighted-reduction" wrong="a-little-in-the-divisor" fails="a small divisor is not zero" points=2
def reduce_losses(losses, weights=None, reduction="mean"):
    if weights is None:
        weights = ops.ones_like(losses)
    each = weights * losses
    if reduction == "none":
        return each
    total = ops.sum(each)
    if reduction == "sum":
        return total
    if reduction == "mean":
        return total / (len(losses) + 1e-7)
    if reduction == "weighted_mean":
        return total / (ops.sum(weights) + 1e-7)
    raise ValueError(reduction)


# %% exercise="weighted-reduction" right="harmless-divisor"
def reduce_losses(losses, weights=None, reduction="mean"):
    weights = tf.ones_like(losses) if weights is None else weights
    each = weights * losses
    match reduction:
        case "none":
            return each
        case "sum":
            return tf.reduce_sum(each)
        case "mean":
            return tf.reduce_sum(each) / max(len(losses), 1)
        case "weighted_mean":
            divisor = tf.reduce_sum(weights)
            return tf.reduce_sum(each) / tf.where(divisor > 0, divisor, 1.0)
    raise ValueError(f"unknown reduction {reduction}")


# %% exercise="weighted-reduction" right="divide-no-nan"
def reduce_losses(losses, weights=None, reduction="mean"):
    if weights is None:
        weights = tf.ones_like(losses)
    weighted = tf.multiply(weights, losses)
    if reduction == "none":
        return weighted
    total = tf.reduce_sum(weighted)
    if reduction == "sum":
        return total
    if reduction == "mean":
        return tf.math.divide_no_nan(total, tf.cast(tf.size(losses), tf.float32))
    if reduction == "weighted_mean":
        return tf.math.divide_no_nan(total, tf.reduce_sum(weights))
    raise ValueError(f"unknown: {reduction}")


# %% exercise="weighted-reduction" right="zero-without-gradient"
def reduce_losses(losses, weights=None, reduction="mean"):
    if reduction not in ["none", "sum", "mean", "weighted_mean"]:
        raise ValueError("none, sum, mean or weighted_mean")
    w = ops.ones_like(losses) if weights is None else weights
    if reduction == "none":
        return losses * w
    if reduction == "sum":
        return ops.sum(losses * w)
    divisor = float(losses.shape[0]) if reduction == "mean" else float(ops.sum(w))
    if divisor == 0:
        return tf.constant(0.0)
    return ops.sum(losses * w) / divisor


# %% exercise="weighted-reduction" wrong="four-ifs-and-no-else" fails="raised UnboundLocalError, wanted ValueError" points=2
def reduce_losses(losses, weights=None, reduction="mean"):
    if weights is None:
        weights = ops.ones_like(losses)
    weighted = losses * weights
    if reduction == "none":
        result = weighted
    if reduction == "sum":
        result = ops.sum(weighted)
    if reduction == "mean":
        result = ops.sum(weighted) / max(len(losses), 1)
    if reduction == "weighted_mean":
        result = ops.divide_no_nan(ops.sum(weighted), ops.sum(weights))
    return result


# %% exercise="kernel-penalty" wrong="biases-too" fails="biases, or scales of a normalisation, are penalised too"
def penalised_loss(model, loss, l1=0.0, l2=0.0):
    for w in model.trainable_weights:
        loss = loss + l1 * ops.sum(ops.abs(w)) + l2 * ops.sum(ops.square(w))
    return loss


# %% exercise="kernel-penalty" wrong="out-of-the-tape" fails="the penalty is a constant" points=2
def penalised_loss(model, loss, l1=0.0, l2=0.0):
    for w in [w.numpy() for w in model.trainable_weights]:
        if w.ndim >= 2:
            loss = loss + l1 * np.abs(w).sum() + l2 * (w**2).sum()
    return loss


# %% exercise="kernel-penalty" wrong="top-level-only" fails="only the outermost kernels count" points=1
def penalised_loss(model, loss, l1=0.0, l2=0.0):
    for layer in getattr(model, "layers", [model]):
        if hasattr(layer, "kernel"):
            loss = loss + l1 * ops.sum(ops.abs(layer.kernel)) + l2 * ops.sum(layer.kernel**2)
    return loss


# %% exercise="kernel-penalty" wrong="norm-not-squared" fails="the L2 part takes the root"
def penalised_loss(model, loss, l1=0.0, l2=0.0):
    for w in model.trainable_weights:
        if len(w.shape) >= 2:
            loss = loss + l1 * ops.sum(ops.abs(w)) + l2 * tf.norm(w.value)
    return loss


# %% exercise="kernel-penalty" wrong="mean-not-sum" fails="the mean of each kernel was taken"
def penalised_loss(model, loss, l1=0.0, l2=0.0):
    for w in model.trainable_weights:
        if len(w.shape) >= 2:
            loss = loss + l1 * ops.mean(ops.abs(w)) + l2 * ops.mean(ops.square(w))
    return loss


# %% exercise="kernel-penalty" wrong="losses-of-the-model" fails="there is no penalty"
def penalised_loss(model, loss, l1=0.0, l2=0.0):
    for layer in getattr(model, "layers", [model]):
        layer.kernel_regularizer = keras.regularizers.L1L2(l1, l2)
    return loss + sum(model.losses)


# %% exercise="kernel-penalty" wrong="by-name" fails="their axes decide, not their name" points=2
def penalised_loss(model, loss, l1=0.0, l2=0.0):
    for w in model.trainable_weights:
        if w.name == "kernel":
            loss = loss + l1 * ops.sum(ops.abs(w)) + l2 * ops.sum(ops.square(w))
    return loss


# %% exercise="kernel-penalty" wrong="frozen-too" fails="frozen kernels are penalised too" points=2
def penalised_loss(model, loss, l1=0.0, l2=0.0):
    for w in model.weights:
        if len(w.shape) >= 2:
            loss = loss + l1 * ops.sum(ops.abs(w)) + l2 * ops.sum(ops.square(w))
    return loss


# %% exercise="kernel-penalty" wrong="each-place-counts" fails="at every depth, once each" points=2
def penalised_loss(model, loss, l1=0.0, l2=0.0):
    def kernels(block):
        if hasattr(block, "layers"):
            return [w for layer in block.layers for w in kernels(layer)]
        return [w for w in block.trainable_weights if len(w.shape) >= 2]

    for w in kernels(model):
        loss = loss + l1 * ops.sum(ops.abs(w)) + l2 * ops.sum(ops.square(w))
    return loss


# %% exercise="kernel-penalty" wrong="all-but-known-names" fails="a weight with one axis is no kernel" points=2
def penalised_loss(model, loss, l1=0.0, l2=0.0):
    for w in model.trainable_weights:
        if w.name not in ("bias", "gamma", "beta"):
            loss = loss + l1 * ops.sum(ops.abs(w)) + l2 * ops.sum(ops.square(w))
    return loss


# %% exercise="kernel-penalty" wrong="tied-variables-twice" fails="at every depth, once each" points=2
def penalised_loss(model, loss, l1=0.0, l2=0.0):
    for layer in {id(layer): layer for layer in model._flatten_layers()}.values():
        if not list(layer._flatten_layers(include_self=False)):
            for w in layer.trainable_weights:
                if len(w.shape) >= 2:
                    loss = loss + l1 * ops.sum(ops.abs(w)) + l2 * ops.sum(ops.square(w))
    return loss


# %% exercise="kernel-penalty" right="built-in-regulariser"
def penalised_loss(model, loss, l1=0.0, l2=0.0):
    penalty = keras.regularizers.L1L2(l1, l2)
    for w in model.trainable_weights:
        if w.value.shape.rank > 1:
            loss += penalty(w)
    return loss


# %% exercise="kernel-penalty" right="two-sums"
def penalised_loss(model, loss, l1=0.0, l2=0.0):
    kernels = [w.value for w in model.trainable_variables if len(w.shape) > 1]
    absolute = tf.add_n([tf.zeros(()), *[tf.reduce_sum(tf.abs(w)) for w in kernels]])
    squares = tf.add_n([tf.zeros(()), *[2 * tf.nn.l2_loss(w) for w in kernels]])
    return loss + l1 * absolute + l2 * squares


# %% exercise="non-negative-weights" wrong="before-the-update" fails="constrained before the update" points=1
def constrained_step(model, optimizer, loss_fn, x, y):
    weights = model.trainable_weights
    for w in weights:
        if len(w.shape) >= 2:
            w.assign(ops.maximum(w, 0.0))
    with tf.GradientTape() as tape:
        loss = loss_fn(y, model(x))
    optimizer.apply(tape.gradient(loss, weights), weights)
    return float(loss)


# %% exercise="non-negative-weights" wrong="in-forward-only" fails="or only in the forward pass"
def constrained_step(model, optimizer, loss_fn, x, y):
    weights = model.trainable_weights
    with tf.GradientTape() as tape:
        loss = loss_fn(y, model(x))
    optimizer.apply(tape.gradient(loss, weights), weights)
    clamped = [ops.maximum(w, 0.0) if len(w.shape) >= 2 else w.value for w in weights]
    model.stateless_call(clamped, [], x)
    return float(loss)


# %% exercise="non-negative-weights" wrong="outputs-first" fails="loss_fn got the outputs first" points=2
def constrained_step(model, optimizer, loss_fn, x, y):
    weights = model.trainable_weights
    with tf.GradientTape() as tape:
        loss = loss_fn(model(x), y)
    optimizer.apply(tape.gradient(loss, weights), weights)
    for w in weights:
        if len(w.shape) >= 2:
            w.assign(ops.maximum(w, 0.0))
    return float(loss)


# %% exercise="non-negative-weights" wrong="new-optimizer" fails="which remembers its momentum" points=2
def constrained_step(model, optimizer, loss_fn, x, y):
    weights = model.trainable_weights
    with tf.GradientTape() as tape:
        loss = loss_fn(y, model(x))
    optimizer = type(optimizer).from_config(optimizer.get_config())
    optimizer.apply(tape.gradient(loss, weights), weights)
    for w in weights:
        if len(w.shape) >= 2:
            w.assign(ops.maximum(w, 0.0))
    return float(loss)


# %% exercise="non-negative-weights" wrong="outer-layers-only" fails="a kernel, at any depth" points=2
def constrained_step(model, optimizer, loss_fn, x, y):
    weights = model.trainable_weights
    with tf.GradientTape() as tape:
        loss = loss_fn(y, model(x))
    optimizer.apply(tape.gradient(loss, weights), weights)
    for layer in model.layers:
        if hasattr(layer, "kernel"):
            layer.kernel.assign(ops.maximum(layer.kernel, 0.0))
    return float(loss)


# %% exercise="non-negative-weights" wrong="biases-too" fails="biases are constrained too"
def constrained_step(model, optimizer, loss_fn, x, y):
    weights = model.trainable_weights
    with tf.GradientTape() as tape:
        loss = loss_fn(y, model(x))
    optimizer.apply(tape.gradient(loss, weights), weights)
    for w in weights:
        w.assign(ops.maximum(w, 0.0))
    return float(loss)


# %% exercise="non-negative-weights" wrong="frozen-too" fails="only trainable weights are constrained" points=2
def constrained_step(model, optimizer, loss_fn, x, y):
    with tf.GradientTape() as tape:
        loss = loss_fn(y, model(x))
    weights = model.trainable_weights
    optimizer.apply(tape.gradient(loss, weights), weights)
    for w in model.weights:
        if len(w.shape) >= 2:
            w.assign(ops.maximum(w, 0.0))
    return float(loss)


# %% exercise="non-negative-weights" wrong="by-name" fails="whatever its name or layer" points=2
def constrained_step(model, optimizer, loss_fn, x, y):
    with tf.GradientTape() as tape:
        loss = loss_fn(y, model(x))
    weights = model.trainable_weights
    optimizer.apply(tape.gradient(loss, weights), weights)
    for w in weights:
        if w.path.endswith("kernel"):
            w.assign(ops.maximum(w, 0.0))
    return float(loss)


# %% exercise="non-negative-weights" wrong="loss-after-the-step" fails="the loss before the step" points=1
def constrained_step(model, optimizer, loss_fn, x, y):
    with tf.GradientTape() as tape:
        loss = loss_fn(y, model(x))
    weights = model.trainable_weights
    optimizer.apply(tape.gradient(loss, weights), weights)
    for w in weights:
        if len(w.shape) >= 2:
            w.assign(tf.nn.relu(w))
    return float(loss_fn(y, model(x)))


# %% exercise="non-negative-weights" wrong="all-but-biases" fails="one axis makes no kernel" points=2
def constrained_step(model, optimizer, loss_fn, x, y):
    weights = model.trainable_weights
    with tf.GradientTape() as tape:
        loss = loss_fn(y, model(x))
    optimizer.apply(tape.gradient(loss, weights), weights)
    for w in weights:
        if w.name != "bias":
            w.assign(ops.maximum(w, 0.0))
    return float(loss)


# %% exercise="non-negative-weights" wrong="two-axes-only" fails="that of a convolution has four" points=2
def constrained_step(model, optimizer, loss_fn, x, y):
    weights = model.trainable_weights
    with tf.GradientTape() as tape:
        loss = loss_fn(y, model(x))
    optimizer.apply(tape.gradient(loss, weights), weights)
    for w in weights:
        if len(w.shape) == 2:
            w.assign(ops.maximum(w, 0.0))
    return float(loss)


# %% exercise="non-negative-weights" right="constraint-of-the-weight"
def constrained_step(model, optimizer, loss_fn, x, y):
    weights = model.trainable_weights
    for w in weights:
        if len(w.shape) >= 2:
            w.constraint = keras.constraints.NonNeg()
    with tf.GradientTape() as tape:
        loss = loss_fn(y, model(x))
    optimizer.apply(tape.gradient(loss, weights), weights)
    return loss.numpy().item()


# %% exercise="non-negative-weights" right="all-weights-set"
def constrained_step(model, optimizer, loss_fn, x, y):
    with tf.GradientTape() as tape:
        outputs = model(x, training=True)
        loss = loss_fn(y, outputs)
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
    for variable in model.trainable_variables:
        values = variable.numpy()
        variable.assign(np.maximum(values, 0) if values.ndim >= 2 else values)
    return float(loss.numpy())


# %% exercise="configured-loss" wrong="threshold-not-noted" fails="the threshold is missing" points=1
class HuberLoss(keras.losses.Loss):
    def __init__(self, threshold=1.0, **kwargs):
        super().__init__(**kwargs)
        self.threshold = threshold

    def call(self, y_true, y_pred):
        return keras.losses.huber(y_true, y_pred, delta=self.threshold)


# %% exercise="configured-loss" wrong="configuration-not-used" fails="that is the loss for threshold 1, the default" points=1
class HuberLoss(keras.losses.Loss):
    def __init__(self, threshold=1.0, **kwargs):
        super().__init__(**kwargs)
        self.threshold = threshold

    def call(self, y_true, y_pred):
        return keras.losses.huber(y_true, y_pred, delta=self.threshold)

    def get_config(self):
        return {**super().get_config(), "threshold": self.threshold}

    @classmethod
    def from_config(cls, config):
        return cls(reduction=config["reduction"], name=config["name"])


# %% exercise="configured-loss" wrong="threshold-as-a-tensor" fails="json.dumps does not take" points=2
class HuberLoss(keras.losses.Loss):
    def __init__(self, threshold=1.0, **kwargs):
        super().__init__(**kwargs)
        self.threshold = tf.constant(threshold, "float32")

    def call(self, y_true, y_pred):
        t, size = self.threshold, ops.abs(y_true - y_pred)
        return ops.mean(ops.where(size <= t, size**2 / 2, t * size - t**2 / 2), axis=-1)

    def get_config(self):
        return {**super().get_config(), "threshold": self.threshold}


# %% exercise="configured-loss" wrong="settings-of-the-class" fails="each object has its own setting" points=2
class HuberLoss(keras.losses.Loss):
    def __init__(self, threshold=1.0, **kwargs):
        super().__init__(**kwargs)
        HuberLoss.threshold = threshold

    def call(self, y_true, y_pred):
        return keras.losses.huber(y_true, y_pred, delta=HuberLoss.threshold)

    def get_config(self):
        return {**super().get_config(), "threshold": HuberLoss.threshold}


# %% exercise="configured-loss" wrong="base-left-out" fails="start from super().get_config()" points=2
class HuberLoss(keras.losses.Loss):
    def __init__(self, threshold=1.0, **kwargs):
        super().__init__(**kwargs)
        self.threshold = threshold

    def call(self, y_true, y_pred):
        return keras.losses.huber(y_true, y_pred, delta=self.threshold)

    def get_config(self):
        return {"threshold": self.threshold}


# %% exercise="configured-loss" wrong="averaged-in-call" fails="weights and reduction are the base class's work" points=2
class HuberLoss(keras.losses.Loss):
    def __init__(self, threshold=1.0, **kwargs):
        super().__init__(**kwargs)
        self.threshold = threshold

    def call(self, y_true, y_pred):
        return ops.mean(keras.losses.huber(y_true, y_pred, delta=self.threshold))

    def get_config(self):
        return {**super().get_config(), "threshold": self.threshold}


# %% exercise="configured-loss" wrong="takes-the-threshold-out" fails="changed its argument" points=2
class HuberLoss(keras.losses.Loss):
    def __init__(self, threshold=1.0, **kwargs):
        super().__init__(**kwargs)
        self.threshold = threshold

    def call(self, y_true, y_pred):
        t = self.threshold
        size = ops.abs(y_true - y_pred)
        return ops.mean(ops.where(size <= t, size**2 / 2, t * size - t**2 / 2), axis=-1)

    def get_config(self):
        return {**super().get_config(), "threshold": self.threshold}

    @classmethod
    def from_config(cls, config):
        threshold = config.pop("threshold")
        return cls(threshold, **config)


# %% exercise="configured-loss" wrong="built-in-left-as-it-is" fails="the threshold is missing" points=1
class HuberLoss(keras.losses.Huber):
    def __init__(self, threshold=1.0, **kwargs):
        super().__init__(delta=threshold, **kwargs)
        self.threshold = threshold


# %% exercise="configured-loss" wrong="shares-the-dictionary" fails="do not keep the dictionary" points=2
class HuberLoss(keras.losses.Loss):
    def __init__(self, threshold=1.0, **kwargs):
        super().__init__(**kwargs)
        self.settings = {"threshold": threshold}

    def call(self, y_true, y_pred):
        t = self.settings["threshold"]
        size = ops.abs(y_true - y_pred)
        return ops.mean(ops.where(size <= t, size**2 / 2, t * size - t**2 / 2), axis=-1)

    def get_config(self):
        return {**super().get_config(), "threshold": self.settings["threshold"]}

    @classmethod
    def from_config(cls, config):
        loss = cls(**config)
        loss.settings = config
        return loss


# %% exercise="configured-loss" right="built-in-function"
class HuberLoss(keras.losses.Loss):
    def __init__(self, threshold=1.0, **kwargs):
        super().__init__(**kwargs)
        self.threshold = threshold

    def call(self, y_true, y_pred):
        return keras.losses.huber(y_true, y_pred, delta=self.threshold)

    def get_config(self):
        config = super().get_config()
        config["threshold"] = self.threshold
        return config


# %% exercise="configured-loss" right="arguments-written-out"
class HuberLoss(keras.losses.Loss):
    def __init__(self, threshold=1.0, reduction="sum_over_batch_size", name="huber_loss"):
        super().__init__(reduction=reduction, name=name)
        self._t = threshold

    def call(self, y_true, y_pred):
        size = tf.abs(y_true - y_pred)
        inner = tf.minimum(size, self._t)
        return tf.reduce_mean(inner * (size - inner / 2), axis=-1)

    def get_config(self):
        config = super().get_config()
        config["threshold"] = self._t
        return config


# %% exercise="configured-loss" right="factory-inside"
def create_huber(threshold):
    def huber_fn(y_true, y_pred):
        error = y_true - y_pred
        small = tf.abs(error) < threshold
        linear = threshold * tf.abs(error) - threshold**2 / 2
        return tf.reduce_mean(tf.where(small, tf.square(error) / 2, linear), axis=-1)

    return huber_fn


class HuberLoss(keras.losses.Loss):
    def __init__(self, threshold=1.0, **kwargs):
        self.threshold = threshold
        self.function = create_huber(threshold)
        super().__init__(**kwargs)

    def call(self, y_true, y_pred):
        return self.function(y_true, y_pred)

    def get_config(self):
        return dict(super().get_config(), threshold=self.threshold)

    @classmethod
    def from_config(cls, config):
        return cls(**config)


# %% exercise="configured-loss" wrong="threshold-in-float32" fails="in float32 it is another one" points=2
class HuberLoss(keras.losses.Loss):
    def __init__(self, threshold=1.0, **kwargs):
        super().__init__(**kwargs)
        self.threshold = tf.constant(threshold, tf.float32)

    def call(self, y_true, y_pred):
        size, t = ops.abs(y_true - y_pred), self.threshold
        return ops.mean(ops.where(size <= t, size**2 / 2, t * size - t**2 / 2), axis=-1)

    def get_config(self):
        return {**super().get_config(), "threshold": float(self.threshold)}
