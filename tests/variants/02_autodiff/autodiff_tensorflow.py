# %% [markdown]
# Wrong and right answers to the exercises of unit 02, TensorFlow: each cell is a whole solution cell.
# `fails` is text that the message of a failing tests cell must contain; `points` is what remains.

# %% exercise="two-argument-gradient" wrong="hard-coded" fails="belong to another function or point"
def gradients_of(f, w1, w2):
    return tf.constant(36.0, tf.float64), tf.constant(10.0, tf.float64)


# %% exercise="two-argument-gradient" wrong="by-hand" fails="let a tape record f"
def gradients_of(f, w1, w2):
    a, b = tf.constant(w1, tf.float64), tf.constant(w2, tf.float64)
    return 6 * a + 2 * b, 2 * a


# %% exercise="two-argument-gradient" wrong="difference-quotient" fails="close, but not exact"
def gradients_of(f, w1, w2):
    a, b = tf.constant(w1, tf.float64), tf.constant(w2, tf.float64)
    h = 1e-6
    return (f(a + h, b) - f(a - h, b)) / (2 * h), (f(a, b + h) - f(a, b - h)) / (2 * h)


# %% exercise="two-argument-gradient" wrong="float32" fails="alone is float32"
def gradients_of(f, w1, w2):
    a, b = tf.Variable(float(w1)), tf.Variable(float(w2))
    with tf.GradientTape() as tape:
        y = f(a, b)
    return tape.gradient(y, (a, b))


# %% exercise="two-argument-gradient" wrong="float32-converted-afterwards" fails="float32 on the way"
def gradients_of(f, w1, w2):
    a, b = tf.Variable(float(w1)), tf.Variable(float(w2))
    with tf.GradientTape() as tape:
        y = f(a, b)
    return [tf.cast(g, tf.float64) for g in tape.gradient(y, (a, b))]


# %% exercise="two-argument-gradient" wrong="whole-numbers-stay-whole" fails="Whole numbers make int32"
def gradients_of(f, w1, w2):
    a, b = tf.Variable(np.array(w1)), tf.Variable(np.array(w2, "float64"))
    with tf.GradientTape() as tape:
        y = f(tf.cast(a, tf.float64), b)
    return tape.gradient(y, (a, b))


# %% exercise="two-argument-gradient" wrong="tape-used-up" fails="or make the tape persistent"
def gradients_of(f, w1, w2):
    a, b = tf.Variable(w1, dtype=tf.float64), tf.Variable(w2, dtype=tf.float64)
    with tf.GradientTape() as tape:
        y = f(a, b)
    return tape.gradient(y, a), tape.gradient(y, b)


# %% exercise="two-argument-gradient" wrong="not-watched" fails="gave None as derivative 1"
def gradients_of(f, w1, w2):
    a, b = tf.constant(w1, tf.float64), tf.constant(w2, tf.float64)
    with tf.GradientTape() as tape:
        y = f(a, b)
    return tape.gradient(y, (a, b))


# %% exercise="two-argument-gradient" wrong="outside-the-tape" fails="f must run inside the tape"
def gradients_of(f, w1, w2):
    a, b = tf.Variable(w1, dtype=tf.float64), tf.Variable(w2, dtype=tf.float64)
    y = f(a, b)
    with tf.GradientTape() as tape:
        result = y * 1
    return tape.gradient(result, (a, b))


# %% exercise="two-argument-gradient" wrong="swapped" fails="the wrong way round"
def gradients_of(f, w1, w2):
    a, b = tf.Variable(w1, dtype=tf.float64), tf.Variable(w2, dtype=tf.float64)
    with tf.GradientTape() as tape:
        y = f(a, b)
    return tape.gradient(y, (b, a))


# %% exercise="two-argument-gradient" wrong="numpy-numbers" fails="as derivative 1, wanted a tensor"
def gradients_of(f, w1, w2):
    a, b = tf.Variable(w1, dtype=tf.float64), tf.Variable(w2, dtype=tf.float64)
    with tf.GradientTape() as tape:
        y = f(a, b)
    return tuple(g.numpy() for g in tape.gradient(y, (a, b)))


# %% exercise="two-argument-gradient" wrong="dictionary" fails="gave dict, wanted a tuple"
def gradients_of(f, w1, w2):
    w = {"w1": tf.Variable(w1, dtype=tf.float64), "w2": tf.Variable(w2, dtype=tf.float64)}
    with tf.GradientTape() as tape:
        y = f(**{"a": w["w1"], "b": w["w2"]})
    return tape.gradient(y, w)


# %% exercise="two-argument-gradient" wrong="quotient-with-guessed-step" fails="steps across the place where f changes" points=2
def gradients_of(f, w1, w2):
    a, b = tf.Variable(w1, dtype=tf.float64), tf.Variable(w2, dtype=tf.float64)
    with tf.GradientTape() as tape:
        y = f(a, b)
    exact = tape.gradient(y, (a, b))
    h = 1e-7
    rough = ((f(a + h, b) - f(a - h, b)) / (2 * h), (f(a, b + h) - f(a, b - h)) / (2 * h))
    return tuple(e if np.isclose(e, r, rtol=1e-3) else r for e, r in zip(exact, rough))


# %% exercise="two-argument-gradient" right="watched-tensors"
def gradients_of(f, w1, w2):
    a, b = tf.constant(w1, tf.float64), tf.constant(w2, tf.float64)
    with tf.GradientTape() as tape:
        tape.watch([a, b])
        y = f(a, b)
    return tape.gradient(y, [a, b])


# %% exercise="two-argument-gradient" right="one-vector"
def gradients_of(f, w1, w2):
    w = tf.Variable([float(w1), float(w2)], dtype=tf.float64)
    with tf.GradientTape() as tape:
        y = f(*tf.unstack(w))
    return tuple(tf.unstack(tape.gradient(y, w)))


# %% exercise="two-argument-gradient" wrong="cast-passes-through-float32" fails="tf.cast of a Python float"
def gradients_of(f, w1, w2):
    a = tf.Variable(tf.cast(w1, tf.float64))
    b = tf.Variable(tf.cast(w2, tf.float64))
    with tf.GradientTape() as tape:
        y = f(a, b)
    return tape.gradient(y, (a, b))


# %% exercise="two-argument-gradient" right="persistent"
def gradients_of(f, w1, w2):
    a = tf.Variable(tf.constant(w1, tf.float64))
    b = tf.Variable(np.float64(w2))
    with tf.GradientTape(persistent=True) as tape:
        y = f(a, b)
    return tape.gradient(y, a), tape.gradient(y, b)


# %% exercise="input-gradient" wrong="not-watched" fails="watch x before f runs"
def input_gradient(f, x):
    with tf.GradientTape() as tape:
        y = f(x)
    return tape.gradient(y, x)


# %% exercise="input-gradient" wrong="watched-too-late" fails="watch x before f runs"
def input_gradient(f, x):
    with tf.GradientTape() as tape:
        y = f(x)
        tape.watch(x)
    return tape.gradient(y, x)


# %% exercise="input-gradient" wrong="watched-a-copy" fails="on the very tensor that is watched"
def input_gradient(f, x):
    own = tf.identity(x)
    with tf.GradientTape() as tape:
        tape.watch(own)
        y = f(x)
    return tape.gradient(y, own)


# %% exercise="input-gradient" wrong="f-before-the-tape" fails="run f inside the tape"
def input_gradient(f, x):
    y = f(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
    return tape.gradient(y, x)


# %% exercise="input-gradient" wrong="variables-not-watched" fails="a frozen variable is not watched by itself" points=2
def input_gradient(f, x):
    with tf.GradientTape() as tape:
        if not isinstance(x, tf.Variable):
            tape.watch(x)
        y = f(x)
    return tape.gradient(y, x)


# %% exercise="input-gradient" wrong="setting-left-changed" fails="the setting is the caller's" points=2
def input_gradient(f, x):
    with tf.GradientTape() as tape:
        if isinstance(x, tf.Variable):
            x._trainable = True
        else:
            tape.watch(x)
        y = f(x)
    return tape.gradient(y, x)


# %% exercise="input-gradient" wrong="list" fails="no container with it"
def input_gradient(f, x):
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = f(x)
    return tape.gradient(y, [x])


# %% exercise="input-gradient" wrong="gradient-for-the-models-variable" fails="is it the gradient for a variable of f?"
def input_gradient(f, x):
    with tf.GradientTape() as tape:
        y = f(x)
    return tape.gradient(y, tape.watched_variables()[0])


# %% exercise="input-gradient" wrong="first-variable-seen" fails="not for a variable that f uses" points=2
def input_gradient(f, x):
    with tf.GradientTape() as tape:
        if not isinstance(x, tf.Variable):
            tape.watch(x)
        y = f(x)
    return tape.gradient(y, tape.watched_variables()[0] if isinstance(x, tf.Variable) else x) + (
        tf.zeros_like(x))


# %% exercise="input-gradient" wrong="difference-quotient" fails="a difference quotient?"
def input_gradient(f, x):
    value, h = np.array(x), 1e-2
    result = np.zeros_like(value)
    for place in np.ndindex(*value.shape):
        step = np.zeros_like(value)
        step[place] = h
        result[place] = (f(tf.constant(value + step)) - f(tf.constant(value))) / h
    return tf.constant(result)


# %% exercise="input-gradient" wrong="changes-x" fails="changed x to" points=2
def input_gradient(f, x):
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = f(x)
    gradient = tape.gradient(y, x)
    if isinstance(x, tf.Variable):
        x.assign_sub(0.1 * gradient)
    return gradient


# %% exercise="input-gradient" right="own-variable"
def input_gradient(f, x):
    own = tf.Variable(x)
    with tf.GradientTape() as tape:
        y = f(own)
    return tape.gradient(y, own)


# %% exercise="input-gradient" right="own-tensor"
def input_gradient(f, x):
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        own = tf.convert_to_tensor(x)
        tape.watch(own)
        y = f(own)
    return tape.gradient(y, own)


# %% exercise="input-gradient" right="one-source-in-a-list"
def input_gradient(f, x):
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([x])
        y = f(x)
    (gradient,) = tape.gradient(y, [x], unconnected_gradients="zero")
    return gradient


# %% exercise="stop-one-term" wrong="sum-stopped" fails="both paths are blocked"
def stop_second(f, g, ws):
    with tf.GradientTape() as tape:
        total = tf.stop_gradient(f(*ws) + g(*ws))
    return total, tape.gradient(total, ws)


# %% exercise="stop-one-term" wrong="inputs-stopped" fails="give f the variables themselves"
def stop_second(f, g, ws):
    with tf.GradientTape() as tape:
        stopped = [tf.stop_gradient(w) for w in ws]
        total = f(*stopped) + g(*stopped)
    return total, tape.gradient(total, ws)


# %% exercise="stop-one-term" wrong="zeros-for-all" fails="both paths are blocked. Stop the value of g alone."
def stop_second(f, g, ws):
    with tf.GradientTape() as tape:
        total = tf.stop_gradient(f(*ws) + g(*ws))
    return total, tape.gradient(total, ws, unconnected_gradients="zero")


# %% exercise="stop-one-term" wrong="nothing-stopped" fails="nothing is stopped"
def stop_second(f, g, ws):
    with tf.GradientTape() as tape:
        total = f(*ws) + g(*ws)
    return total, tape.gradient(total, ws, unconnected_gradients="zero")


# %% exercise="stop-one-term" wrong="first-stopped" fails="the first term is stopped"
def stop_second(f, g, ws):
    with tf.GradientTape() as tape:
        total = tf.stop_gradient(f(*ws)) + g(*ws)
    return total, tape.gradient(total, ws, unconnected_gradients="zero")


# %% exercise="stop-one-term" wrong="term-dropped" fails="a stopped term still counts in the value" points=1
def stop_second(f, g, ws):
    with tf.GradientTape() as tape:
        total = f(*ws)
    return total, tape.gradient(total, ws, unconnected_gradients="zero")


# %% exercise="stop-one-term" wrong="none-left" fails="a missing gradient comes back as zeros" points=2
def stop_second(f, g, ws):
    with tf.GradientTape() as tape:
        total = f(*ws) + tf.stop_gradient(g(*ws))
    return total, tape.gradient(total, ws)


# %% exercise="stop-one-term" wrong="scalar-zeros" fails="zeros like the variable" points=2
def stop_second(f, g, ws):
    with tf.GradientTape() as tape:
        total = f(*ws) + tf.stop_gradient(g(*ws))
    gradients = tape.gradient(total, ws)
    return total, [tf.constant(0.0) if d is None else d for d in gradients]


# %% exercise="stop-one-term" wrong="float32-zeros" fails="wanted float64 of shape (4,)" points=2
def stop_second(f, g, ws):
    with tf.GradientTape() as tape:
        total = f(*ws) + tf.stop_gradient(g(*ws))
    gradients = tape.gradient(total, ws)
    return total, [tf.zeros(w.shape) if d is None else d for d, w in zip(gradients, ws)]


# %% exercise="stop-one-term" wrong="number-zero" fails="gave float as the gradient for w2" points=2
def stop_second(f, g, ws):
    with tf.GradientTape() as tape:
        total = f(*ws) + tf.stop_gradient(g(*ws))
    return total, [0.0 if d is None else d for d in tape.gradient(total, ws)]


# %% exercise="stop-one-term" wrong="missing-left-out" fails="gave 1 gradients, wanted 2" points=2
def stop_second(f, g, ws):
    with tf.GradientTape() as tape:
        total = f(*ws) + tf.stop_gradient(g(*ws))
    return total, [d for d in tape.gradient(total, ws) if d is not None]


# %% exercise="stop-one-term" wrong="gradients-alone" fails="wanted a tuple (total, gradients)"
def stop_second(f, g, ws):
    with tf.GradientTape() as tape:
        total = f(*ws) + tf.stop_gradient(g(*ws))
    return tape.gradient(total, ws, unconnected_gradients="zero")


# %% exercise="stop-one-term" right="outside-the-tape"
def stop_second(f, g, ws):
    constant = g(*ws)
    with tf.GradientTape() as tape:
        total = f(*ws) + constant
    gradients = tape.gradient(total, ws)
    return total, [tf.zeros_like(w) if d is None else d for d, w in zip(gradients, ws)]


# %% exercise="stop-one-term" right="stop-recording"
def stop_second(f, g, ws):
    with tf.GradientTape() as tape:
        first = f(*ws)
        with tape.stop_recording():
            second = g(*ws)
        total = first + second
    zero = tf.UnconnectedGradients.ZERO
    return total, tuple(tape.gradient(total, ws, unconnected_gradients=zero))


# %% exercise="stop-one-term" right="stopped-inputs-of-g"
def stop_second(f, g, ws):
    with tf.GradientTape() as tape:
        total = ops.add(f(*ws), g(*(ops.stop_gradient(w) for w in ws)))
    gradients = tape.gradient(total, ws)
    return total, [tf.zeros(w.shape, w.dtype) if d is None else d for d, w in zip(gradients, ws)]


# %% exercise="stable-softplus" wrong="naive-forward" fails="exp(x) overflows above 88; for large x" points=2
@tf.custom_gradient
def softplus(x):
    def backward(upstream):
        return upstream * tf.sigmoid(x)

    return tf.math.log(1 + tf.exp(x)), backward


# %% exercise="stable-softplus" wrong="naive-backward" fails="infinity over infinity is NaN" points=1
@tf.custom_gradient
def softplus(x):
    e = tf.exp(x)

    def backward(upstream):
        return upstream * e / (1 + e)

    return tf.where(x > 30, x, tf.math.log(1 + e)), backward


# %% exercise="stable-softplus" wrong="upstream-ignored" fails="the upstream gradient is ignored" points=1
@tf.custom_gradient
def softplus(x):
    def backward(upstream):
        return tf.sigmoid(x)

    return tf.nn.relu(x) + tf.math.log1p(tf.exp(-tf.abs(x))), backward


# %% exercise="stable-softplus" wrong="slope-forgotten" fails="the upstream gradient alone" points=1
@tf.custom_gradient
def softplus(x):
    def backward(upstream):
        return upstream

    return tf.nn.relu(x) + tf.math.log1p(tf.exp(-tf.abs(x))), backward


# %% exercise="stable-softplus" wrong="sigmoid-of-the-result" fails="that is sigmoid(y)" points=1
@tf.custom_gradient
def softplus(x):
    y = tf.nn.relu(x) + tf.math.log1p(tf.exp(-tf.abs(x)))

    def backward(upstream):
        return upstream * tf.sigmoid(y)

    return y, backward


# %% exercise="stable-softplus" wrong="sign-lost" fails="that is the slope at -x" points=1
@tf.custom_gradient
def softplus(x):
    def backward(upstream):
        return upstream * tf.sigmoid(-x)

    return tf.nn.relu(x) + tf.math.log1p(tf.exp(-tf.abs(x))), backward


# %% exercise="stable-softplus" wrong="kink-at-zero" fails="only the slope at 0 is wrong" points=1
@tf.custom_gradient
def softplus(x):
    e = tf.exp(-tf.abs(x))

    def backward(upstream):
        return upstream * (tf.cast(x > 0, tf.float32) - tf.sign(x) * e / (1 + e))

    return tf.nn.relu(x) + tf.math.log1p(e), backward


# %% exercise="stable-softplus" wrong="no-own-gradient" fails="only the slope at 0 is wrong" points=1
def softplus(x):
    return tf.maximum(x, 0.0) + tf.math.log1p(tf.exp(-tf.abs(x)))


# %% exercise="stable-softplus" wrong="decorator-lost" fails="keep the decorator"
def softplus(x):
    def backward(upstream):
        return upstream * tf.sigmoid(x)

    return tf.nn.relu(x) + tf.math.log1p(tf.exp(-tf.abs(x))), backward


# %% exercise="stable-softplus" wrong="cut-off" fails="it must go on growing" points=2
@tf.custom_gradient
def softplus(x):
    def backward(upstream):
        return upstream * tf.sigmoid(x)

    return tf.math.log(1 + tf.exp(tf.minimum(x, 80.0))), backward


# %% exercise="stable-softplus" wrong="if-for-the-whole-tensor" fails="tf.where decides entry by entry"
@tf.custom_gradient
def softplus(x):
    def backward(upstream):
        return upstream * tf.sigmoid(x)

    if x > 30:
        return tf.identity(x), backward
    return tf.math.log(1 + tf.exp(x)), backward


# %% exercise="stable-softplus" wrong="if-on-any-entry" fails="that is a ReLU"
@tf.custom_gradient
def softplus(x):
    if tf.reduce_any(x > 30):
        return tf.nn.relu(x), lambda upstream: upstream * tf.cast(x > 0, tf.float32)
    return tf.math.log(1 + tf.exp(x)), lambda upstream: upstream * tf.sigmoid(x)


# %% exercise="stable-softplus" wrong="backward-returns-nothing" fails="what does the inner function return?" points=1
@tf.custom_gradient
def softplus(x):
    def backward(upstream):
        upstream * tf.sigmoid(x)

    return tf.nn.relu(x) + tf.math.log1p(tf.exp(-tf.abs(x))), backward


# %% exercise="stable-softplus" right="where"
@tf.custom_gradient
def softplus(x):
    exp = tf.exp(x)
    return tf.where(x > 30.0, x, tf.math.log(exp + 1)), lambda g: g * (1 - 1 / (1 + exp))


# %% exercise="stable-softplus" right="keras-ops"
@ops.custom_gradient
def softplus(x):
    e = ops.exp(-ops.abs(x))

    def backward(*args, upstream=None):
        (upstream,) = args if upstream is None else (upstream,)
        return ops.multiply(upstream, ops.where(x >= 0, 1 / (1 + e), e / (1 + e)))

    return ops.maximum(x, 0.0) + ops.log1p(e), backward


# %% exercise="stable-softplus" right="inner-operation"
def softplus(x):
    @tf.custom_gradient
    def operation(x):
        value = tf.math.log1p(tf.exp(-tf.abs(x))) + tf.maximum(x, tf.zeros_like(x))
        return value, lambda upstream: tf.sigmoid(x) * upstream

    return operation(x)


# %% exercise="stable-softplus" right="ready-made-value"
@tf.custom_gradient
def softplus(x):
    return tf.nn.softplus(x), lambda upstream: upstream * tf.sigmoid(x)


# %% exercise="gradient-and-hessian" wrong="first-gradient-outside" fails="is asked for and taken apart inside the block"
def gradient_and_hessian(f, x):
    with tf.GradientTape(persistent=True) as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = f(x)
    gradient = inner.gradient(y, x)
    entries = tf.unstack(gradient)
    return gradient, tf.stack([outer.gradient(entry, x) for entry in entries])


# %% exercise="gradient-and-hessian" wrong="entries-picked-too-late" fails="all zeros: the outer tape saw no connection"
def gradient_and_hessian(f, x):
    with tf.GradientTape(persistent=True) as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = f(x)
        gradient = inner.gradient(y, x)
    rows = [outer.gradient(g, x, unconnected_gradients="zero") for g in tf.unstack(gradient)]
    return gradient, tf.stack(rows)


# %% exercise="gradient-and-hessian" wrong="tape-used-up" fails="the tape is used up after the first question"
def gradient_and_hessian(f, x):
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = f(x)
        gradient = inner.gradient(y, x)
        entries = tf.unstack(gradient)
    rows = [outer.gradient(entry, x, unconnected_gradients="zero") for entry in entries]
    return gradient, tf.stack(rows)


# %% exercise="gradient-and-hessian" wrong="not-watched" fails="Both tapes watch x"
def gradient_and_hessian(f, x):
    with tf.GradientTape(persistent=True) as outer:
        with tf.GradientTape() as inner:
            y = f(x)
        gradient = inner.gradient(y, x)
    return gradient, outer.gradient(gradient, x)


# %% exercise="gradient-and-hessian" wrong="outer-tape-not-watching" fails="wanted a tensor: both tapes watch x"
def gradient_and_hessian(f, x):
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = f(x)
        gradient = inner.gradient(y, x)
    return gradient, outer.gradient(gradient, x)


# %% exercise="gradient-and-hessian" wrong="sum-of-rows" fails="the sum of the rows"
def gradient_and_hessian(f, x):
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = f(x)
        gradient = inner.gradient(y, x)
    return gradient, outer.gradient(gradient, x, unconnected_gradients="zero")


# %% exercise="gradient-and-hessian" wrong="diagonal-only" fails="only the diagonal is there" points=1
def gradient_and_hessian(f, x):
    with tf.GradientTape(persistent=True) as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = f(x)
        gradient = inner.gradient(y, x)
        entries = tf.unstack(gradient)
    rows = [outer.gradient(entry, x, unconnected_gradients="zero") for entry in entries]
    return gradient, tf.linalg.diag(tf.linalg.diag_part(tf.stack(rows)))


# %% exercise="gradient-and-hessian" wrong="linear-gives-none" fails="the Hessian is a tensor of zeros" points=2
def gradient_and_hessian(f, x):
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = f(x)
        gradient = inner.gradient(y, x)
    return gradient, outer.jacobian(gradient, x)


# %% exercise="gradient-and-hessian" wrong="linear-not-handled" fails="is not connected, and its second derivatives are zeros" points=2
def gradient_and_hessian(f, x):
    with tf.GradientTape(persistent=True) as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = f(x)
        gradient = inner.gradient(y, x)
        entries = tf.unstack(gradient)
    return gradient, tf.stack([outer.gradient(entry, x) for entry in entries])


# %% exercise="gradient-and-hessian" wrong="difference-quotients" fails="close, but not exact" points=1
def gradient_and_hessian(f, x):
    def gradient_at(point):
        with tf.GradientTape() as tape:
            tape.watch(point)
            y = f(point)
        return tape.gradient(y, point)

    h = 1e-6
    steps = tf.unstack(tf.eye(len(x), dtype=x.dtype) * h)
    rows = [(gradient_at(x + step) - gradient_at(x - step)) / (2 * h) for step in steps]
    return gradient_at(x), tf.round(tf.stack(rows) * 1e4) / 1e4


# %% exercise="gradient-and-hessian" wrong="float32" fails="gave a gradient of float32"
def gradient_and_hessian(f, x):
    own = tf.Variable(tf.cast(x, tf.float32))
    with tf.GradientTape(persistent=True) as outer:
        with tf.GradientTape() as inner:
            y = f(tf.cast(own, tf.float64))
        gradient = inner.gradient(y, own)
        entries = tf.unstack(gradient)
    rows = [outer.gradient(entry, own, unconnected_gradients="zero") for entry in entries]
    return gradient, tf.stack(rows)


# %% exercise="gradient-and-hessian" wrong="outer-product" fails="row i is the gradient of entry i"
def gradient_and_hessian(f, x):
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = f(x)
    gradient = tape.gradient(y, x)
    return gradient, tf.tensordot(gradient, gradient, axes=0)


# %% exercise="gradient-and-hessian" right="jacobian"
def gradient_and_hessian(f, x):
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = f(x)
        gradient = inner.gradient(y, x)
    zero = tf.UnconnectedGradients.ZERO
    return gradient, outer.jacobian(gradient, x, unconnected_gradients=zero)


# %% exercise="gradient-and-hessian" right="variable-and-weights"
def gradient_and_hessian(f, x):
    own = tf.Variable(x)
    n = own.shape[0]
    with tf.GradientTape(persistent=True) as outer:
        with tf.GradientTape() as inner:
            y = f(own)
        gradient = inner.gradient(y, own)
    rows = []
    for unit in np.eye(n):
        row = outer.gradient(gradient, own, output_gradients=tf.constant(unit))
        rows.append(tf.zeros(n, tf.float64) if row is None else row)
    return gradient, tf.stack(rows)


# %% exercise="gradient-and-hessian" right="kept-connected"
def gradient_and_hessian(f, x):
    with tf.GradientTape(persistent=True) as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = f(x) + 0 * tf.reduce_sum(x**2)
        gradient = inner.gradient(y, x)
        parts = [gradient[i] for i in range(len(x))]
    return gradient, tf.convert_to_tensor([outer.gradient(part, x) for part in parts])


# %% exercise="this-call-only" wrong="variable-that-stays" fails="it accumulates from call to call" points=2
places = {}


def mean_gradient(losses_of, w, batches):
    if w.ref() not in places:
        places[w.ref()] = tf.Variable(tf.zeros_like(w))
    for batch in batches:
        with tf.GradientTape() as tape:
            losses = losses_of(w, batch)
        places[w.ref()].assign_add(tape.gradient(losses, w))
    return places[w.ref()] / sum(len(batch) for batch in batches)


# %% exercise="this-call-only" wrong="count-that-stays" fails="what an earlier call left behind"
def mean_gradient(losses_of, w, batches, counts=[]):
    total = tf.zeros_like(w)
    for batch in batches:
        with tf.GradientTape() as tape:
            losses = losses_of(w, batch)
        total += tape.gradient(losses, w)
        counts.append(len(batch))
    return total / sum(counts)


# %% exercise="this-call-only" wrong="variable-returned" fails="which goes on changing after it was returned"
def mean_gradient(losses_of, w, batches, places={}):
    place = places.setdefault(w.ref(), tf.Variable(tf.zeros_like(w)))
    place.assign(tf.zeros_like(w))
    for batch in batches:
        with tf.GradientTape() as tape:
            losses = losses_of(w, batch)
        place.assign_add(tape.gradient(losses, w))
    place.assign(place / sum(len(batch) for batch in batches))
    return place


# %% exercise="this-call-only" wrong="steps-too" fails="changed w itself" points=2
def mean_gradient(losses_of, w, batches):
    total, count = tf.zeros_like(w), 0
    for batch in batches:
        with tf.GradientTape() as tape:
            losses = losses_of(w, batch)
        total += tape.gradient(losses, w)
        count += len(batch)
    w.assign_sub(1e-6 * total / count)
    return total / count


# %% exercise="this-call-only" wrong="mean-of-means" fails="their means must not simply be added or averaged"
def mean_gradient(losses_of, w, batches):
    total = tf.zeros_like(w)
    for batch in batches:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(losses_of(w, batch))
        total += tape.gradient(loss, w)
    return total / len(batches)


# %% exercise="this-call-only" wrong="mean-of-full-means" fails="their means must not simply be added"
def mean_gradient(losses_of, w, batches):
    gradients = []
    for batch in batches:
        if len(batch):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(losses_of(w, batch))
            gradients.append(tape.gradient(loss, w))
    return sum(gradients) / len(gradients)


# %% exercise="this-call-only" wrong="means-added" fails="must not simply be added"
def mean_gradient(losses_of, w, batches):
    with tf.GradientTape() as tape:
        loss = sum(tf.reduce_mean(losses_of(w, batch)) for batch in batches if len(batch))
    return tape.gradient(loss, w)


# %% exercise="this-call-only" wrong="not-divided" fails="that is the gradient of the sum"
def mean_gradient(losses_of, w, batches):
    with tf.GradientTape() as tape:
        losses = tf.concat([losses_of(w, batch) for batch in batches], axis=0)
    return tape.gradient(losses, w)


# %% exercise="this-call-only" wrong="divided-by-batches" fails="divided by the number of batches"
def mean_gradient(losses_of, w, batches):
    total = tf.zeros_like(w)
    for batch in batches:
        with tf.GradientTape() as tape:
            losses = losses_of(w, batch)
        total += tape.gradient(losses, w)
    return total / len(batches)


# %% exercise="this-call-only" wrong="last-batch-only" fails="only one batch counts"
def mean_gradient(losses_of, w, batches):
    for batch in batches:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(losses_of(w, batch))
    return tape.gradient(loss, w)


# %% exercise="this-call-only" wrong="all-in-one-batch" fails="each batch is to be used once, by itself" points=1
def mean_gradient(losses_of, w, batches):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(losses_of(w, tf.concat(batches, axis=0)))
    return tape.gradient(loss, w)


# %% exercise="this-call-only" wrong="outside-the-tape" fails="losses_of did not run inside the tape"
def mean_gradient(losses_of, w, batches):
    losses = tf.concat([losses_of(w, batch) for batch in batches], axis=0)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(losses)
    return tape.gradient(loss, w)


# %% exercise="this-call-only" right="losses-joined"
def mean_gradient(losses_of, w, batches):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.concat([losses_of(w, batch) for batch in batches], axis=0))
    return tape.gradient(loss, w)


# %% exercise="this-call-only" right="weighted-means"
def mean_gradient(losses_of, w, batches):
    count = sum(int(batch.shape[0]) for batch in batches)
    gradients = []
    for batch in batches:
        if len(batch) == 0:
            continue
        with tf.GradientTape() as tape:
            share = ops.mean(losses_of(w, batch)) * len(batch) / count
        gradients.append(tape.gradient(share, w))
    return tf.add_n(gradients)


# %% exercise="this-call-only" right="one-persistent-tape"
def mean_gradient(losses_of, w, batches):
    total, count = 0.0, 0
    with tf.GradientTape() as tape:
        for batch in batches:
            losses = losses_of(w, batch)
            total = total + tf.reduce_sum(losses)
            count += losses.shape[0]
        mean = total / count
    return tape.gradient(mean, w)


# %% exercise="this-call-only" right="local-variable"
def mean_gradient(losses_of, w, batches):
    total = tf.Variable(tf.zeros_like(w), trainable=False)
    for batch in batches:
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(losses_of(w, batch))
        total.assign_add(tape.gradient(loss, w))
    return total / float(sum(len(batch) for batch in batches))
