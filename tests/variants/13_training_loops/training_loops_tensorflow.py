# %% [markdown]
# Wrong and right answers to the exercises of `solutions/13_training_loops/training_loops_tensorflow.py`, one per cell.
# A wrong one must fail with the words in `fails` and keep `points`; a right one must get full marks.

# %% exercise="linear-from-zero" wrong="column-minus-row" fails="every prediction was compared with every target" points=1
def fit_linear(x, y, learning_rate=0.01, steps=100):
    w, b = tf.Variable(tf.zeros((x.shape[1], 1))), tf.Variable(0.0)
    for _ in range(steps):
        with tf.GradientTape() as tape:
            loss = ops.mean((x @ w + b - y) ** 2)
        slopes = tape.gradient(loss, (w, b))
        w.assign_sub(learning_rate * slopes[0])
        b.assign_sub(learning_rate * slopes[1])
    return w[:, 0], b


# %% exercise="linear-from-zero" wrong="sum-of-squares" fails="the squares were summed" points=1
def fit_linear(x, y, learning_rate=0.01, steps=100):
    w, b = tf.zeros(x.shape[1]), tf.constant(0.0)
    for _ in range(steps):
        r = tf.linalg.matvec(x, w) + b - y
        w = w - learning_rate * 2 * tf.linalg.matvec(x, r, transpose_a=True)
        b = b - learning_rate * 2 * tf.reduce_sum(r)
    return w, b


# %% exercise="linear-from-zero" wrong="gradients-added-up" fails="gradients add up from step to step" points=2
def fit_linear(x, y, learning_rate=0.01, steps=100):
    w, b = tf.Variable(tf.zeros(x.shape[1])), tf.Variable(0.0)
    total = [0.0, 0.0]
    for _ in range(steps):
        with tf.GradientTape() as tape:
            loss = ops.mean((tf.linalg.matvec(x, w) + b - y) ** 2)
        total = [t + g for t, g in zip(total, tape.gradient(loss, (w, b)))]
        w.assign_sub(learning_rate * total[0])
        b.assign_sub(learning_rate * total[1])
    return w, b


# %% exercise="linear-from-zero" wrong="no-bias" fails="the bias is never updated" points=1
def fit_linear(x, y, learning_rate=0.01, steps=100):
    w, b = tf.Variable(tf.zeros(x.shape[1])), tf.constant(0.0)
    for _ in range(steps):
        with tf.GradientTape() as tape:
            loss = ops.mean((tf.linalg.matvec(x, w) + b - y) ** 2)
        w.assign_sub(learning_rate * tape.gradient(loss, w))
    return w, b


# %% exercise="linear-from-zero" wrong="random-start" fails="start at zero"
def fit_linear(x, y, learning_rate=0.01, steps=100):
    layer = layers.Dense(1)
    layer.build(x.shape)
    for _ in range(steps):
        with tf.GradientTape() as tape:
            loss = ops.mean((layer(x)[:, 0] - y) ** 2)
        for v, g in zip(layer.variables, tape.gradient(loss, layer.variables)):
            v.assign_sub(learning_rate * g)
    return layer.kernel.value[:, 0], layer.bias.value[0]


# %% exercise="linear-from-zero" wrong="numpy-comes-back" fails="wanted a tensor" points=1
def fit_linear(x, y, learning_rate=0.01, steps=100):
    x, y = x.numpy(), y.numpy()
    w, b = np.zeros(x.shape[1], "float32"), np.float32(0)
    for _ in range(steps):
        r = x @ w + b - y
        w, b = w - learning_rate * 2 * r @ x / len(y), b - learning_rate * 2 * r.mean()
    return w, b


# %% exercise="linear-from-zero" wrong="weights-first-then-bias" fails="both gradients at the same place" points=1
def fit_linear(x, y, learning_rate=0.01, steps=100):
    w, b = tf.Variable(tf.zeros(x.shape[1])), tf.Variable(0.0)
    for _ in range(steps):
        for variable in (w, b):
            with tf.GradientTape() as tape:
                loss = ops.mean((tf.linalg.matvec(x, w) + b - y) ** 2)
            variable.assign_sub(learning_rate * tape.gradient(loss, variable))
    return w, b


# %% exercise="linear-from-zero" wrong="least-squares" fails="start at zero, mean of squares"
def fit_linear(x, y, learning_rate=0.01, steps=100):
    columns = np.c_[x.numpy(), np.ones(len(x))]
    found = np.linalg.lstsq(columns, y.numpy(), rcond=None)[0].astype("float32")
    return tf.constant(found[:-1]), tf.constant(found[-1])


# %% exercise="linear-from-zero" wrong="example-by-example" fails="start at zero, mean of squares" points=1
def fit_linear(x, y, learning_rate=0.01, steps=100):
    w, b = tf.Variable(tf.zeros(x.shape[1])), tf.Variable(0.0)
    for _ in range(steps):
        for row, target in zip(x, y):
            with tf.GradientTape() as tape:
                loss = (ops.sum(row * w) + b - target) ** 2
            slopes = tape.gradient(loss, (w, b))
            w.assign_sub(learning_rate * slopes[0])
            b.assign_sub(learning_rate * slopes[1])
    return w, b


# %% exercise="linear-from-zero" right="tensors-rebound"
def fit_linear(x, y, learning_rate=0.01, steps=100):
    w, b = tf.zeros((x.shape[1], 1)), tf.zeros(1)
    for _ in range(steps):
        with tf.GradientTape() as tape:
            tape.watch([w, b])
            loss = keras.losses.MeanSquaredError()(y[:, None], x @ w + b)
        slopes = tape.gradient(loss, [w, b])
        w, b = w - learning_rate * slopes[0], b - learning_rate * slopes[1]
    return tf.squeeze(w, 1), tf.squeeze(b, 0)


# %% exercise="linear-from-zero" right="dense-layer-and-optimizer"
def fit_linear(x, y, learning_rate=0.01, steps=100):
    layer = layers.Dense(1, kernel_initializer="zeros")
    layer.build(x.shape)
    optimizer = keras.optimizers.SGD(learning_rate)
    for _ in range(steps):
        with tf.GradientTape() as tape:
            loss = keras.losses.MeanSquaredError()(y[:, None], layer(x))
        grads = tape.gradient(loss, layer.trainable_variables)
        optimizer.apply_gradients(zip(grads, layer.trainable_variables))
    return tf.reshape(layer.kernel.value, [-1]), tf.reshape(layer.bias.value, [])


# %% exercise="linear-from-zero" right="by-hand-in-float64"
def fit_linear(x, y, learning_rate=0.01, steps=100):
    ones = np.concatenate([x.numpy(), np.ones((len(x), 1))], axis=1)
    theta = np.zeros(ones.shape[1])
    for _ in range(steps):
        theta = theta - learning_rate * 2 / len(y) * ones.T @ (ones @ theta - y.numpy())
    return [tf.constant(theta[:-1], "float32"), tf.constant(theta[-1], "float32")]


# %% exercise="linear-from-zero" right="compile-and-fit"
def fit_linear(x, y, learning_rate=0.01, steps=100):
    model = keras.Sequential([
        keras.Input((x.shape[1],)), layers.Dense(1, kernel_initializer="zeros"),
        layers.Reshape(())])
    model.compile(optimizer=keras.optimizers.SGD(learning_rate), loss="mse")
    if steps:
        model.fit(x, y, batch_size=len(x), epochs=steps, verbose=0)
    kernel, bias = model.get_weights()
    return tf.constant(kernel[:, 0]), tf.constant(bias[0])


# %% exercise="linear-from-zero" wrong="the-model-comes-back" fails="gave Sequential, wanted the pair"
def fit_linear(x, y, learning_rate=0.01, steps=100):
    model = keras.Sequential([
        keras.Input((x.shape[1],)), layers.Dense(1, kernel_initializer="zeros")])
    optimizer = keras.optimizers.SGD(learning_rate)
    for _ in range(steps):
        with tf.GradientTape() as tape:
            loss = ops.mean((model(x)[:, 0] - y) ** 2)
        optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
    return model


# %% exercise="linear-from-zero" wrong="stops-early" fails="both gradients at the same place" points=2
def fit_linear(x, y, learning_rate=0.01, steps=100):
    w, b = tf.zeros(x.shape[1]), tf.constant(0.0)
    for _ in range(steps):
        error = tf.linalg.matvec(x, w) + b - y
        slope = 2 * tf.linalg.matvec(x, error, transpose_a=True) / len(y)
        if tf.norm(slope) < 0.01:
            break
        w, b = w - learning_rate * slope, b - learning_rate * 2 * tf.reduce_mean(error)
    return w, b


# %% exercise="one-step-by-hand" wrong="penalties-forgotten" fails="the penalty has no effect on the update" points=2
def train_step(model, optimizer, x, y):
    with tf.GradientTape() as tape:
        loss = ops.mean((model(x, training=True) - y) ** 2)
    grads = tape.gradient(loss, model.trainable_variables)
    optimizer.apply(grads, model.trainable_variables)
    return float(loss)


# %% exercise="one-step-by-hand" wrong="penalties-after-the-tape" fails="under the tape" points=2
def train_step(model, optimizer, x, y):
    with tf.GradientTape() as tape:
        loss = ops.mean((model(x, training=True) - y) ** 2)
    total = loss + sum(model.losses)
    grads = tape.gradient(loss, model.trainable_variables)
    optimizer.apply(grads, model.trainable_variables)
    return float(total)


# %% exercise="one-step-by-hand" wrong="mode-forgotten" fails="the model did not run in training mode" points=2
def train_step(model, optimizer, x, y):
    with tf.GradientTape() as tape:
        loss = ops.mean((model(x) - y) ** 2) + sum(model.losses)
    grads = tape.gradient(loss, model.trainable_variables)
    optimizer.apply(grads, model.trainable_variables)
    return float(loss)


# %% exercise="one-step-by-hand" wrong="own-optimizer" fails="the momentum is lost" points=2
def train_step(model, optimizer, x, y):
    optimizer = keras.optimizers.SGD(float(optimizer.learning_rate), momentum=optimizer.momentum)
    with tf.GradientTape() as tape:
        loss = ops.mean((model(x, training=True) - y) ** 2) + sum(model.losses)
    grads = tape.gradient(loss, model.trainable_variables)
    optimizer.apply(grads, model.trainable_variables)
    return float(loss)


# %% exercise="one-step-by-hand" wrong="update-by-hand" fails="the momentum is lost" points=2
def train_step(model, optimizer, x, y):
    with tf.GradientTape() as tape:
        loss = ops.mean((model(x, training=True) - y) ** 2) + sum(model.losses)
    for v, g in zip(model.trainable_variables, tape.gradient(loss, model.trainable_variables)):
        v.assign_sub(optimizer.learning_rate * g)
    optimizer.iterations.assign_add(1)
    return float(loss)


# %% exercise="one-step-by-hand" wrong="summed-squares" fails="the squares were summed"
def train_step(model, optimizer, x, y):
    with tf.GradientTape() as tape:
        loss = ops.sum((model(x, training=True) - y) ** 2) + sum(model.losses)
    grads = tape.gradient(loss, model.trainable_variables)
    optimizer.apply(grads, model.trainable_variables)
    return float(loss)


# %% exercise="one-step-by-hand" wrong="loss-after-the-update" fails="that is the loss after the update" points=1
def train_step(model, optimizer, x, y):
    def total():
        return ops.mean((model(x, training=True) - y) ** 2) + sum(model.losses)

    with tf.GradientTape() as tape:
        loss = total()
    grads = tape.gradient(loss, model.trainable_variables)
    optimizer.apply(grads, model.trainable_variables)
    return float(total())


# %% exercise="one-step-by-hand" wrong="loss-outside-the-tape" verdict="errored" fails="No gradients provided for any variable"
def train_step(model, optimizer, x, y):
    with tf.GradientTape() as tape:
        prediction = model(x, training=True)
    loss = ops.mean((prediction - y) ** 2) + sum(model.losses)
    grads = tape.gradient(loss, model.trainable_variables)
    optimizer.apply(grads, model.trainable_variables)
    return float(loss)


# %% exercise="one-step-by-hand" wrong="loss-of-the-data-returned" fails="that is the loss of the data alone" points=2
def train_step(model, optimizer, x, y):
    with tf.GradientTape() as tape:
        loss = ops.mean((model(x, training=True) - y) ** 2)
        total = loss + sum(model.losses)
    optimizer.apply(tape.gradient(total, model.trainable_variables), model.trainable_variables)
    return float(loss)


# %% exercise="one-step-by-hand" wrong="train-on-batch" fails="compiled the model" points=2
def train_step(model, optimizer, x, y):
    model.compile(optimizer=optimizer, loss="mse")
    return float(model.train_on_batch(x, y))


# %% exercise="one-step-by-hand" wrong="first-penalty-only" fails="the last penalty is missing" points=2
def train_step(model, optimizer, x, y):
    with tf.GradientTape() as tape:
        loss = ops.mean((model(x, training=True) - y) ** 2)
        if model.losses:
            loss += model.losses[0]
    optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
    return float(loss)


# %% exercise="one-step-by-hand" wrong="kernels-of-dense-layers" fails="two nested layers with L2 penalties left" points=2
def train_step(model, optimizer, x, y):
    variables = model.trainable_variables
    with tf.GradientTape() as tape:
        loss = ops.mean((model(x, training=True) - y) ** 2)
        for layer in model.layers:
            if isinstance(layer, layers.Dense) and layer.kernel_regularizer is not None:
                loss += layer.kernel_regularizer(layer.kernel)
    optimizer.apply(tape.gradient(loss, variables), variables)
    return float(loss)


# %% exercise="one-step-by-hand" right="all-terms-in-a-list"
def train_step(model, optimizer, x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(keras.losses.mean_squared_error(y, model(x, training=True)))
        loss = tf.add_n([loss, *model.losses])
    weights = model.trainable_weights
    optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))
    return loss.numpy().item()


# %% exercise="one-step-by-hand" right="loss-object-and-apply-gradients"
def train_step(model, optimizer, x, y):
    with tf.GradientTape() as tape:
        loss = keras.losses.MeanSquaredError()(y, model(x, training=True))
        if model.losses:
            loss += tf.add_n(model.losses)
    grads = tape.gradient(loss, model.trainable_weights)
    optimizer.apply_gradients(zip(grads, model.trainable_weights))
    return loss.numpy().item()


# %% exercise="one-step-by-hand" right="penalties-first"
def train_step(model, optimizer, x, y):
    with tf.GradientTape() as tape:
        difference = y - model(x, training=True)
        loss = tf.reduce_mean(tf.square(difference))
        for penalty in model.losses:
            loss = loss + penalty
    variables = model.trainable_variables
    optimizer.apply(tape.gradient(loss, variables), trainable_variables=variables)
    return float(loss)


# %% exercise="epoch-mean" wrong="mean-of-means" fails="that is the mean of the batch means" points=1
def epoch_mean(step, batches):
    losses = [float(step(x, y)) for x, y in batches if len(x)]
    if not losses:
        raise ValueError
    return float(np.mean(losses))


# %% exercise="epoch-mean" wrong="metric-without-weights" fails="that is the mean of the batch means" points=1
def epoch_mean(step, batches):
    mean, count = keras.metrics.Mean(), 0
    for x, y in batches:
        if len(x):
            mean.update_state(step(x, y))
            count += 1
    if count == 0:
        raise ValueError("nothing")
    return float(mean.result())


# %% exercise="epoch-mean" wrong="generator-indexed" fails="a generator has no len()" points=2
def epoch_mean(step, batches):
    total, count = 0.0, 0
    for i in range(len(batches)):
        x, y = batches[i]
        if len(x):
            total += float(step(x, y)) * len(x)
            count += len(x)
    if count == 0:
        raise ValueError("nothing")
    return total / count


# %% exercise="epoch-mean" wrong="empty-batches-stepped" fails="called step on a batch without rows" points=2
def epoch_mean(step, batches):
    total, count = 0.0, 0
    for x, y in batches:
        loss = float(step(x, y))
        if len(x):
            total += loss * len(x)
            count += len(x)
    if count == 0:
        raise ValueError("nothing")
    return total / count


# %% exercise="epoch-mean" wrong="no-error-without-rows" fails="wanted a ValueError" points=2
def epoch_mean(step, batches):
    total, count = 0.0, 0
    for x, y in batches:
        if len(x):
            total += float(step(x, y)) * len(x)
            count += len(x)
    return total / max(count, 1)


# %% exercise="epoch-mean" wrong="a-tensor-comes-back" fails="wanted a Python float"
def epoch_mean(step, batches):
    total, count = 0.0, 0
    for x, y in batches:
        if len(x):
            total += step(x, y) * len(x)
            count += len(x)
    if count == 0:
        raise ValueError("nothing")
    return total / count


# %% exercise="epoch-mean" wrong="nan-skipped-afterwards" fails="called step on a batch without rows" points=2
def epoch_mean(step, batches):
    total, count = 0.0, 0
    for x, y in batches:
        loss = float(step(x, y))
        if not np.isnan(loss):
            total, count = total + loss * len(x), count + len(x)
    if count == 0:
        raise ValueError("no examples")
    return total / count


# %% exercise="epoch-mean" wrong="stops-at-an-empty-batch" fails="one call for each batch that" points=2
def epoch_mean(step, batches):
    total, count = 0.0, 0
    for x, y in batches:
        if len(x) == 0:
            break
        total, count = total + float(step(x, y)) * len(x), count + len(x)
    if count == 0:
        raise ValueError("no examples")
    return total / count


# %% exercise="epoch-mean" right="list-first"
def epoch_mean(step, batches):
    rows = [(float(step(x, y)), x.shape[0]) for x, y in list(batches) if x.shape[0] > 0]
    if not rows:
        raise ValueError("no rows")
    losses, sizes = zip(*rows)
    return float(np.average(losses, weights=sizes))


# %% exercise="epoch-mean" right="weighted-metric"
def epoch_mean(step, batches):
    mean, rows = keras.metrics.Mean(), 0
    for x, y in batches:
        if x.shape[0] > 0:
            mean.update_state(step(x, y), sample_weight=x.shape[0])
            rows += x.shape[0]
    if rows == 0:
        raise ValueError("there are no examples")
    return float(mean.result())


# %% exercise="epoch-mean" right="running-mean"
def epoch_mean(step, batches):
    mean, count = 0.0, 0
    for x, y in batches:
        n = int(tf.shape(x)[0])
        if not n:
            continue
        count += n
        mean += (step(x, y).numpy().item() - mean) * n / count
    if not count:
        raise ValueError
    return mean


# %% exercise="epoch-mean" wrong="first-batch-taken-out" fails="may give no rows at all" points=2
def epoch_mean(step, batches):
    batches = iter(batches)
    x, y = next(batches)
    total, count = 0.0, 0
    while x is not None:
        if len(x):
            total, count = total + float(step(x, y)) * len(x), count + len(x)
        x, y = next(batches, (None, None))
    if count == 0:
        raise ValueError("no examples")
    return total / count


# %% exercise="evaluate-unchanged" wrong="training-mode" fails="with training=True the statistics" points=2
def evaluate(model, loss_fn, batches):
    total, count = 0.0, 0
    for x, y in batches:
        total += float(loss_fn(y, model(x, training=True))) * len(x)
        count += len(x)
    return total / count


# %% exercise="evaluate-unchanged" wrong="left-to-the-default" fails="whose default is training=True" points=3
def evaluate(model, loss_fn, batches):
    total, count = 0.0, 0
    for x, y in batches:
        total += float(loss_fn(y, model(x))) * len(x)
        count += len(x)
    return total / count


# %% exercise="evaluate-unchanged" wrong="switched-by-trainable" fails="the flag of a model sets those of all layers" points=2
def evaluate(model, loss_fn, batches):
    model.trainable = False
    total, count = 0.0, 0
    for x, y in batches:
        total += float(loss_fn(y, model(x, training=False))) * len(x)
        count += len(x)
    model.trainable = True
    return total / count


# %% exercise="evaluate-unchanged" wrong="mean-of-means" fails="weigh each by its number of rows" points=2
def evaluate(model, loss_fn, batches):
    return float(np.mean([float(loss_fn(y, model(x, training=False))) for x, y in batches]))


# %% exercise="evaluate-unchanged" wrong="prediction-first" fails="the arguments of loss_fn are swapped" points=1
def evaluate(model, loss_fn, batches):
    total, count = 0.0, 0
    for x, y in batches:
        total += float(loss_fn(model(x, training=False), y)) * len(x)
        count += len(x)
    return total / count


# %% exercise="evaluate-unchanged" wrong="compiles" fails="compiled the model" points=1
def evaluate(model, loss_fn, batches):
    model.compile(optimizer="sgd", loss=loss_fn, run_eagerly=True)
    total, count = 0.0, 0
    for x, y in batches:
        total += float(model.evaluate(x, y, batch_size=len(x), verbose=0)) * len(x)
        count += len(x)
    return total / count


# %% exercise="evaluate-unchanged" wrong="penalties-added" fails="the penalties in model.losses are no part" points=3
def evaluate(model, loss_fn, batches):
    total, count = 0.0, 0
    for x, y in batches:
        total += float(loss_fn(y, model(x, training=False)) + sum(model.losses)) * len(x)
        count += len(x)
    return total / count


# %% exercise="evaluate-unchanged" wrong="weights-put-back" fails="dropout draws random numbers" points=2
def evaluate(model, loss_fn, batches):
    before, total, count = model.get_weights(), 0.0, 0
    for x, y in batches:
        total += float(loss_fn(y, model(x, training=True))) * len(x)
        count += len(x)
    model.set_weights(before)
    return total / count


# %% exercise="evaluate-unchanged" wrong="errors-passed-over" fails="did not pass the error on" points=3
def evaluate(model, loss_fn, batches):
    total, count = 0.0, 0
    for x, y in batches:
        try:
            total += float(loss_fn(y, model(x, training=False))) * len(x)
            count += len(x)
        except Exception:
            continue
    return total / count


# %% exercise="evaluate-unchanged" wrong="flags-of-the-outer-layers" fails="the flag of a model sets those of all layers" points=2
def evaluate(model, loss_fn, batches):
    flags = [(layer, layer.trainable) for layer in (model, *model.layers)]
    total, count = 0.0, 0
    try:
        model.trainable = False
        for x, y in batches:
            total += float(loss_fn(y, model(x, training=False))) * len(x)
            count += len(x)
    finally:
        for layer, flag in flags:
            layer.trainable = flag
    return total / count


# %% exercise="evaluate-unchanged" wrong="test-on-batch" fails="called loss_fn in a graph"
def evaluate(model, loss_fn, batches):
    model.compile(loss=loss_fn)
    total, count = 0.0, 0
    for x, y in batches:
        total += float(model.test_on_batch(x, y)) * len(x)
        count += len(x)
    return total / count


# %% exercise="evaluate-unchanged" right="predict-on-batch"
def evaluate(model, loss_fn, batches):
    total, count = 0.0, 0
    for x, y in batches:
        total += float(loss_fn(y, model.predict_on_batch(x))) * len(x)
        count += len(x)
    return total / count


# %% exercise="evaluate-unchanged" right="predict"
def evaluate(model, loss_fn, batches):
    total, count = 0.0, 0
    for x, y in batches:
        total += float(loss_fn(y, model.predict(x, verbose=0))) * len(x)
        count += len(x)
    return total / count


# %% exercise="evaluate-unchanged" right="numpy-average"
def evaluate(model, loss_fn, batches):
    losses, sizes = [], []
    for x, y in batches:
        losses.append(loss_fn(y, model(x, training=False)).numpy())
        sizes.append(x.shape[0])
    return float(np.average(np.array(losses, "float64"), weights=sizes))


# %% exercise="evaluate-unchanged" right="weighted-metric"
def evaluate(model, loss_fn, batches):
    mean = keras.metrics.Mean()
    for x, y in batches:
        mean.update_state(loss_fn(y, model(x, training=False)), sample_weight=len(y))
    return float(mean.result())


# %% exercise="two-learning-rates" wrong="everything-and-head" fails="it moved with both rates"
def two_rates(model, head, body_rate, head_rate, momentum=0.0):
    variables = list(model.trainable_variables)
    ids = {id(v) for v in head.trainable_variables}
    slow = keras.optimizers.SGD(body_rate, momentum=momentum)
    fast = keras.optimizers.SGD(head_rate, momentum=momentum)

    def update(gradients):
        slow.apply(gradients, variables)
        pairs = [(g, v) for g, v in zip(gradients, variables) if id(v) in ids]
        fast.apply_gradients(pairs)

    return update


# %% exercise="two-learning-rates" wrong="compared-with-in" fails="compare their ids"
def two_rates(model, head, body_rate, head_rate, momentum=0.0):
    variables, ours = list(model.trainable_variables), head.trainable_variables
    slow = keras.optimizers.SGD(body_rate, momentum=momentum)
    fast = keras.optimizers.SGD(head_rate, momentum=momentum)

    def update(gradients):
        pairs = list(zip(gradients, variables))
        slow.apply_gradients([(g, v) for g, v in pairs if v not in ours])
        fast.apply_gradients([(g, v) for g, v in pairs if v in ours])

    return update


# %% exercise="two-learning-rates" wrong="by-path" fails="that is the rate of the other part" points=2
def two_rates(model, head, body_rate, head_rate, momentum=0.0):
    variables = list(model.trainable_variables)
    names = ("head", head.name)
    slow = keras.optimizers.SGD(body_rate, momentum=momentum)
    fast = keras.optimizers.SGD(head_rate, momentum=momentum)

    def update(gradients):
        pairs = list(zip(gradients, variables))
        slow.apply_gradients([(g, v) for g, v in pairs if not any(n in v.path for n in names)])
        fast.apply_gradients([(g, v) for g, v in pairs if any(n in v.path for n in names)])

    return update


# %% exercise="two-learning-rates" wrong="order-lost" fails="got the gradient of another variable; keep the order" points=1
def two_rates(model, head, body_rate, head_rate, momentum=0.0):
    ids = {id(v) for v in head.trainable_variables}
    rest = [v for v in model.trainable_variables if id(v) not in ids]
    ours = list(head.trainable_variables)
    slow = keras.optimizers.SGD(body_rate, momentum=momentum)
    fast = keras.optimizers.SGD(head_rate, momentum=momentum)

    def update(gradients):
        fast.apply(gradients[:len(ours)], ours)
        slow.apply(gradients[len(ours):], rest)

    return update


# %% exercise="two-learning-rates" wrong="optimizers-made-anew" fails="the momentum is not passed on, or is lost" points=2
def two_rates(model, head, body_rate, head_rate, momentum=0.0):
    variables = list(model.trainable_variables)
    ids = {id(v) for v in head.trainable_variables}

    def update(gradients):
        pairs = list(zip(gradients, variables))
        for rate, wanted in ((body_rate, False), (head_rate, True)):
            optimizer = keras.optimizers.SGD(rate, momentum=momentum)
            optimizer.apply_gradients([(g, v) for g, v in pairs if (id(v) in ids) is wanted])

    return update


# %% exercise="two-learning-rates" wrong="an-optimizer-comes-back" fails="wanted a function"
def two_rates(model, head, body_rate, head_rate, momentum=0.0):
    return keras.optimizers.SGD(head_rate, momentum=momentum)


# %% exercise="two-learning-rates" wrong="head-is-last" fails="tell the parts by id" points=1
def two_rates(model, head, body_rate, head_rate, momentum=0.0):
    n, variables = len(head.trainable_variables), list(model.trainable_variables)
    slow = keras.optimizers.SGD(body_rate, momentum=momentum)
    fast = keras.optimizers.SGD(head_rate, momentum=momentum)

    def update(gradients):
        slow.apply(gradients[:-n], variables[:-n])
        fast.apply(gradients[-n:], variables[-n:])

    return update


# %% exercise="two-learning-rates" wrong="equal-numbers" fails="tell the parts by id" points=2
def two_rates(model, head, body_rate, head_rate, momentum=0.0):
    variables = list(model.trainable_variables)
    def in_head(v):
        return any(v.shape == h.shape and np.array_equal(v, h) for h in head.trainable_variables)
    is_head = [in_head(v) for v in variables]
    slow = keras.optimizers.SGD(body_rate, momentum=momentum)
    fast = keras.optimizers.SGD(head_rate, momentum=momentum)

    def update(gradients):
        pairs = list(zip(gradients, variables, is_head))
        slow.apply_gradients([(g, v) for g, v, h in pairs if not h])
        fast.apply_gradients([(g, v) for g, v, h in pairs if h])

    return update


# %% exercise="two-learning-rates" wrong="equal-numbers-at-each-update" fails="case 'equal'" points=2
def two_rates(model, head, body_rate, head_rate, momentum=0.0):
    variables = list(model.trainable_variables)
    slow = keras.optimizers.SGD(body_rate, momentum=momentum)
    fast = keras.optimizers.SGD(head_rate, momentum=momentum)
    kernels = [h for h in head.trainable_variables if len(h.shape) > 1]
    biases = [v for v, w in zip(variables[1:], variables) if any(np.array_equal(w, k) for k in kernels if k.shape == w.shape)]

    def update(gradients):
        pairs = list(zip(gradients, variables))
        mine = [any(v.shape == k.shape and np.array_equal(v, k) for k in kernels) or any(v is b for b in biases) for _, v in pairs]
        slow.apply_gradients([p for p, h in zip(pairs, mine) if not h])
        fast.apply_gradients([p for p, h in zip(pairs, mine) if h])

    return update


# %% exercise="two-learning-rates" right="compared-with-is"
def two_rates(model, head, body_rate, head_rate, momentum=0.0):
    variables = list(model.trainable_variables)
    in_head = [any(v is own for own in head.trainable_weights) for v in variables]
    rates = {False: body_rate, True: head_rate}
    optimizers = {k: keras.optimizers.SGD(rate, momentum=momentum) for k, rate in rates.items()}

    def update(gradients):
        for part, optimizer in optimizers.items():
            places = [i for i, inside in enumerate(in_head) if inside is part]
            optimizer.apply([gradients[i] for i in places], [variables[i] for i in places])

    return update


# %% exercise="two-learning-rates" right="one-optimizer-scaled-gradients"
def two_rates(model, head, body_rate, head_rate, momentum=0.0):
    variables, ids = list(model.trainable_variables), {id(v) for v in head.trainable_variables}
    rates = [head_rate if id(v) in ids else body_rate for v in variables]
    optimizer = keras.optimizers.SGD(1.0, momentum=momentum)

    def update(gradients):
        optimizer.apply([rate * g for rate, g in zip(rates, gradients)], variables)

    return update


# %% exercise="two-learning-rates" right="velocities-by-hand"
def two_rates(model, head, body_rate, head_rate, momentum=0.0):
    ids = {id(v) for v in head.trainable_variables}
    parts = [(v, head_rate if id(v) in ids else body_rate) for v in model.trainable_variables]
    speeds = [tf.zeros(v.shape) for v, _ in parts]

    def update(gradients):
        for i, ((v, rate), g) in enumerate(zip(parts, gradients)):
            speeds[i] = momentum * speeds[i] + g
            v.assign_sub(rate * speeds[i])

    return update


# %% exercise="two-learning-rates" right="multi-optimizer"
def two_rates(model, head, body_rate, head_rate, momentum=0.0):
    variables = model.trainable_variables
    ids = {id(v) for v in head.variables}
    slow = keras.optimizers.SGD(body_rate, momentum=momentum)
    fast = keras.optimizers.SGD(head_rate, momentum=momentum)
    both = keras.optimizers.MultiOptimizer(lambda v: fast if id(v) in ids else slow)
    return lambda gradients: both.apply(gradients, variables)


# %% exercise="two-learning-rates" wrong="memory-by-variable" fails="the two functions share the memory" points=2
MEMORY = {}


def two_rates(model, head, body_rate, head_rate, momentum=0.0):
    variables = list(model.trainable_variables)
    ids = {id(v) for v in head.trainable_variables}

    def update(gradients):
        for v, gradient in zip(variables, gradients):
            MEMORY[v.path] = momentum * MEMORY.get(v.path, 0.0) + gradient
            v.assign_sub((head_rate if id(v) in ids else body_rate) * MEMORY[v.path])

    return update


# %% exercise="frozen-and-missing" wrong="none-not-expected" fails="a gradient may be None"
def clipped_step(variables, gradients, learning_rate, max_norm):
    norm = sum(float(ops.sum(g**2)) for g in gradients) ** 0.5
    factor = max_norm / norm if norm > max_norm else 1.0
    for v, g in zip(variables, gradients):
        v.assign_sub(learning_rate * factor * g)
    return norm


# %% exercise="frozen-and-missing" wrong="pairs-shifted" fails="leave those pairs out, both halves"
def clipped_step(variables, gradients, learning_rate, max_norm):
    gradients = [g for g in gradients if g is not None]
    norm = sum(float(ops.sum(g**2)) for g in gradients) ** 0.5
    factor = max_norm / norm if norm > max_norm else 1.0
    for v, g in zip(variables, gradients):
        if v.trainable:
            v.assign_sub(learning_rate * factor * g)
    return norm


# %% exercise="frozen-and-missing" wrong="frozen-moves" fails="it is frozen, and its gradient does not count"
def clipped_step(variables, gradients, learning_rate, max_norm):
    clipped, norm = tf.clip_by_global_norm(gradients, max_norm)
    for v, g in zip(variables, clipped):
        if g is not None:
            v.assign_sub(learning_rate * g)
    return float(norm)


# %% exercise="frozen-and-missing" wrong="frozen-in-the-norm" fails="gradients of frozen variables do not count"
def clipped_step(variables, gradients, learning_rate, max_norm):
    norm = sum(float(ops.sum(g**2)) for g in gradients if g is not None) ** 0.5
    factor = max_norm / norm if norm > max_norm else 1.0
    for v, g in zip(variables, gradients):
        if g is not None and v.trainable:
            v.assign_sub(learning_rate * factor * g)
    return norm


# %% exercise="frozen-and-missing" wrong="each-for-itself" fails="each gradient was clipped for itself" points=2
def clipped_step(variables, gradients, learning_rate, max_norm):
    total = 0.0
    for v, g in zip(variables, gradients):
        if g is not None and v.trainable:
            total += float(ops.sum(g**2))
            v.assign_sub(learning_rate * tf.clip_by_norm(g, max_norm))
    return total**0.5


# %% exercise="frozen-and-missing" wrong="division-by-zero" fails="mind a norm of zero" points=1
def clipped_step(variables, gradients, learning_rate, max_norm):
    active = [(v, g) for v, g in zip(variables, gradients) if v.trainable and g is not None]
    if not active:
        return 0.0
    norm = sum(float(ops.sum(g**2)) for v, g in active) ** 0.5
    factor = min(1.0, max_norm / norm)
    for v, g in active:
        v.assign_sub(learning_rate * factor * g)
    return norm


# %% exercise="frozen-and-missing" wrong="always-scaled" fails="wanted is learning_rate times its gradient less"
def clipped_step(variables, gradients, learning_rate, max_norm):
    active = [(v, g) for v, g in zip(variables, gradients) if v.trainable and g is not None]
    norm = sum(float(ops.sum(g**2)) for v, g in active) ** 0.5
    for v, g in active:
        v.assign_sub(learning_rate * max_norm / max(norm, 1e-9) * g)
    return norm


# %% exercise="frozen-and-missing" wrong="norm-after-clipping" fails="the one before clipping" points=2
def clipped_step(variables, gradients, learning_rate, max_norm):
    active = [(v, g) for v, g in zip(variables, gradients) if v.trainable and g is not None]
    norm = sum(float(ops.sum(g**2)) for v, g in active) ** 0.5
    factor = max_norm / norm if norm > max_norm else 1.0
    for v, g in active:
        v.assign_sub(learning_rate * factor * g)
    return norm * factor


# %% exercise="frozen-and-missing" wrong="largest-entry" fails="the root of the sum of all squares"
def clipped_step(variables, gradients, learning_rate, max_norm):
    active = [(v, g) for v, g in zip(variables, gradients) if v.trainable and g is not None]
    norm = max((float(ops.max(ops.abs(g))) for v, g in active), default=0.0)
    factor = max_norm / norm if norm > max_norm else 1.0
    for v, g in active:
        v.assign_sub(learning_rate * factor * g)
    return norm


# %% exercise="frozen-and-missing" right="optimizer-clips"
def clipped_step(variables, gradients, learning_rate, max_norm):
    active = [(g, v) for v, g in zip(variables, gradients) if v.trainable and g is not None]
    if not active:
        return 0.0
    norm = float(tf.linalg.global_norm([g for g, v in active]))
    keras.optimizers.SGD(learning_rate, global_clipnorm=max_norm).apply_gradients(active)
    return norm


# %% exercise="frozen-and-missing" right="library-clip"
def clipped_step(variables, gradients, learning_rate, max_norm):
    gradients = [g if v.trainable else None for v, g in zip(variables, gradients)]
    clipped, norm = tf.clip_by_global_norm(gradients, max_norm)
    for v, g in zip(variables, clipped):
        if g is not None:
            v.assign(v - learning_rate * g)
    return float(norm)


# %% exercise="frozen-and-missing" right="one-long-vector-and-sgd"
def clipped_step(variables, gradients, learning_rate, max_norm):
    active = [(g, v) for g, v in zip(gradients, variables) if v.trainable and g is not None]
    if len(active) == 0:
        return 0.0
    norm = tf.norm(tf.concat([tf.reshape(g, [-1]) for g, v in active], axis=0)).numpy().item()
    scale = max_norm / norm if norm > max_norm else 1.0
    keras.optimizers.SGD(learning_rate).apply_gradients([(scale * g, v) for g, v in active])
    return norm


# %% exercise="frozen-and-missing" wrong="short-gradients-left-alone" fails="wanted [0.15 0.2 ]" points=2
def clipped_step(variables, gradients, learning_rate, max_norm):
    active = [(v, g) for v, g in zip(variables, gradients) if v.trainable and g is not None]
    norm = sum(float(ops.sum(g**2)) for v, g in active) ** 0.5
    factor = min(1.0, max_norm / max(norm, 1.0))
    for v, g in active:
        v.assign_sub(learning_rate * factor * g)
    return norm
