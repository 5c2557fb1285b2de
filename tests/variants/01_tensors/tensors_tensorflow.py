# %% [markdown]
# Wrong and right answers to the exercises of unit 01, TensorFlow: each cell is a whole solution
# cell. `fails` is text that the message of a failing tests cell must contain; `points` is what
# remains.


# %% exercise="select-reduce" wrong="reshape-for-transpose" fails="reshape does not exchange axes"
def window_means(x, start, stop):
    means = tf.reduce_mean(x[:, :, start:stop], axis=2, keepdims=True)
    return tf.reshape(means, (x.shape[1], 1, x.shape[0]))


# %% exercise="select-reduce" wrong="squeezed-axis" fails="the axis of the days is gone: keepdims"
def window_means(x, start, stop):
    return tf.transpose(tf.reduce_mean(x[:, :, start:stop], axis=2))


# %% exercise="select-reduce" wrong="squeezed-and-not-moved" fails="the others want exchanging"
def window_means(x, start, stop):
    return ops.mean(x[..., start:stop], axis=-1)


# %% exercise="select-reduce" wrong="axes-not-moved" fails="now transpose the axes"
def window_means(x, start, stop):
    return tf.reduce_mean(x[..., start:stop], -1, keepdims=True)


# %% exercise="select-reduce" wrong="only-last-two-exchanged" fails="examples and sensors want exchanging"
def window_means(x, start, stop):
    return tf.transpose(tf.reduce_mean(x[..., start:stop], -1, keepdims=True), [0, 2, 1])


# %% exercise="select-reduce" wrong="transposed-without-order" fails="wanted (3, 1, 4)"
def window_means(x, start, stop):
    return tf.transpose(tf.reduce_mean(x[..., start:stop], -1, keepdims=True))


# %% exercise="select-reduce" wrong="stop-included" fails="the day stop is not to be counted"
def window_means(x, start, stop):
    return tf.transpose(tf.reduce_mean(x[:, :, start : stop + 1], axis=2, keepdims=True), [1, 2, 0])


# %% exercise="select-reduce" wrong="start-left-out" fails="the day start is to be counted"
def window_means(x, start, stop):
    return tf.transpose(tf.reduce_mean(x[:, :, start + 1 : stop], axis=2, keepdims=True), [1, 2, 0])


# %% exercise="select-reduce" wrong="sum" fails="that is the sum of the days"
def window_means(x, start, stop):
    return tf.einsum("esd->se", x[:, :, start:stop])[:, tf.newaxis, :]


# %% exercise="select-reduce" wrong="window-forgotten" fails="that is the mean of all days"
def window_means(x, start, stop):
    return tf.transpose(tf.reduce_mean(x, axis=2, keepdims=True), [1, 2, 0])


# %% exercise="select-reduce" wrong="mean-over-examples" fails="the mean ran along the examples"
def window_means(x, start, stop):
    return tf.transpose(tf.reduce_mean(x, axis=0, keepdims=True), [1, 0, 2])


# %% exercise="select-reduce" wrong="squeezes-a-batch-of-one" fails="tf.squeeze without an axis" points=2
def window_means(x, start, stop):
    means = tf.squeeze(tf.reduce_mean(x[:, :, start:stop], axis=2, keepdims=True))
    if len(means.shape) < 2:
        return means[..., tf.newaxis]
    return tf.transpose(means)[:, tf.newaxis, :]


# %% exercise="select-reduce" wrong="reshape-to-minus-one" fails="tell how many there were" points=2
def window_means(x, start, stop):
    means = tf.transpose(tf.reduce_mean(x[:, :, start:stop], axis=2))
    return tf.reshape(means, (-1, 1, max(x.shape[0], 1)))


# %% exercise="select-reduce" wrong="numpy-array" fails="gave a ndarray, wanted a tensor"
def window_means(x, start, stop):
    return x.numpy()[:, :, start:stop].mean(axis=2).T[:, None, :]


# %% exercise="select-reduce" wrong="float64" fails="wanted float32" points=1
def window_means(x, start, stop):
    x = tf.cast(x, tf.float64)[:, :, start:stop]
    return tf.transpose(tf.reduce_mean(x, axis=2, keepdims=True), [1, 2, 0])


# %% exercise="select-reduce" right="einsum"
def window_means(x, start, stop):
    return tf.einsum("esd->se", x[:, :, start:stop])[:, None, :] / (stop - start)


# %% exercise="select-reduce" right="newaxis-and-transpose"
def window_means(x, start, stop):
    return tf.transpose(tf.reduce_mean(x[..., start:stop], -1))[:, tf.newaxis]


# %% exercise="select-reduce" right="keras-ops"
def window_means(x, start, stop):
    x = ops.transpose(x, (1, 2, 0))
    return ops.mean(x[:, start:stop], axis=1, keepdims=True)


# %% exercise="select-reduce" right="stacked"
def window_means(x, start, stop):
    total = tf.add_n([x[:, :, day] for day in range(start, stop)]) / (stop - start)
    return tf.expand_dims(tf.transpose(total), 1)


# %% exercise="select-reduce" right="through-numpy"
def window_means(x, start, stop):
    means = np.mean(x.numpy()[:, :, start:stop], axis=2)
    return tf.constant(np.moveaxis(means, 0, 1)[:, np.newaxis])


# %% exercise="broadcast-shape" wrong="left-aligned" fails="aligned at the right"
def broadcast_shape(a, b):
    rank = max(len(a), len(b))
    a = tuple(a) + (1,) * (rank - len(a))
    b = tuple(b) + (1,) * (rank - len(b))
    if any(n != m and 1 not in (n, m) for n, m in zip(a, b)):
        return None
    return tuple(m if n == 1 else n for n, m in zip(a, b))


# %% exercise="broadcast-shape" wrong="column-stays-column" fails="both of them have to be stretched"
def broadcast_shape(a, b):
    try:
        np.broadcast_shapes(a, b)
    except ValueError:
        return None
    return max(a, b, key=lambda shape: (len(shape), np.prod(shape)))


# %% exercise="broadcast-shape" wrong="zip-stops" fails="zip stops at the shorter"
def broadcast_shape(a, b):
    result = []
    for n, m in zip(reversed(a), reversed(b)):
        if n != m and n != 1 and m != 1:
            return None
        result.insert(0, m if n == 1 else n)
    return tuple(result)


# %% exercise="broadcast-shape" wrong="maximum" fails="max says otherwise" points=1
def broadcast_shape(a, b):
    rank = max(len(a), len(b))
    a, b = (1,) * (rank - len(a)) + a, (1,) * (rank - len(b)) + b
    if any(n != m and 1 not in (n, m) for n, m in zip(a, b)):
        return None
    return tuple(max(n, m) for n, m in zip(a, b))


# %% exercise="broadcast-shape" wrong="one-side-only" fails="on either side"
def broadcast_shape(a, b):
    rank = max(len(a), len(b))
    a, b = (1,) * (rank - len(a)) + a, (1,) * (rank - len(b)) + b
    if any(n != m and m != 1 for n, m in zip(a, b)):
        return None
    return a


# %% exercise="broadcast-shape" wrong="divisors-repeat" fails="one length divides the other" points=2
def broadcast_shape(a, b):
    rank = max(len(a), len(b))
    a, b = (1,) * (rank - len(a)) + a, (1,) * (rank - len(b)) + b
    result = ()
    for n, m in zip(a, b):
        if 0 in (n, m):
            if (n, m) not in ((0, 0), (0, 1), (1, 0)):
                return None
            result += (0,)
        elif n % m == 0 or m % n == 0:
            result += (max(n, m),)
        else:
            return None
    return result


# %% exercise="broadcast-shape" wrong="zero-fits-all" fails="0 fits 0 and 1" points=2
def broadcast_shape(a, b):
    rank = max(len(a), len(b))
    a, b = (1,) * (rank - len(a)) + a, (1,) * (rank - len(b)) + b
    result = ()
    for n, m in zip(a, b):
        if 0 in (n, m):
            result += (0,)
        elif n == m or m == 1:
            result += (n,)
        elif n == 1:
            result += (m,)
        else:
            return None
    return result


# %% exercise="broadcast-shape" wrong="raises" fails="catch the error of the library" points=2
def broadcast_shape(a, b):
    return tuple(tf.broadcast_static_shape(tf.TensorShape(a), tf.TensorShape(b)))


# %% exercise="broadcast-shape" wrong="tests-both-ways" fails="wanted None: shapes are aligned at the right" points=2
def broadcast_shape(a, b):
    for x, y in ((a, b), (a[::-1], b[::-1])):
        try:
            shape = np.broadcast_shapes(x, y)
        except ValueError:
            continue
        return shape if x == a else shape[::-1]
    return None


# %% exercise="broadcast-shape" wrong="list" fails="an object of type list"
def broadcast_shape(a, b):
    try:
        return tf.broadcast_static_shape(tf.TensorShape(a), tf.TensorShape(b)).as_list()
    except ValueError:
        return None


# %% exercise="broadcast-shape" wrong="reversed" fails="their order is not"
def broadcast_shape(a, b):
    a, b = a[::-1], b[::-1]
    rank = max(len(a), len(b))
    a, b = a + (1,) * (rank - len(a)), b + (1,) * (rank - len(b))
    if any(n != m and 1 not in (n, m) for n, m in zip(a, b)):
        return None
    return tuple(m if n == 1 else n for n, m in zip(a, b))


# %% exercise="broadcast-shape" wrong="ranks-must-agree" fails="raised IndexError"
def broadcast_shape(a, b):
    result = [b[i] if a[i] == 1 else a[i] for i in range(max(len(a), len(b)))]
    for i in range(len(result)):
        if a[i] != b[i] and 1 not in (a[i], b[i]):
            return None
    return tuple(result)


# %% exercise="broadcast-shape" wrong="tensor-shape" fails="an object of type TensorShape"
def broadcast_shape(a, b):
    try:
        return tf.broadcast_static_shape(tf.TensorShape(a), tf.TensorShape(b))
    except ValueError:
        return None


# %% exercise="broadcast-shape" right="library"
def broadcast_shape(a, b):
    try:
        return tuple(tf.broadcast_static_shape(tf.TensorShape(a), tf.TensorShape(b)).as_list())
    except ValueError:
        return None


# %% exercise="broadcast-shape" right="by-adding"
def broadcast_shape(a, b):
    try:
        return tuple((tf.zeros(a) + tf.zeros(b)).shape)
    except tf.errors.InvalidArgumentError:
        return None


# %% exercise="broadcast-shape" right="numpy"
def broadcast_shape(a, b):
    try:
        return np.broadcast_shapes(a, b)
    except ValueError:
        return None


# %% exercise="broadcast-shape" right="from-the-right"
def broadcast_shape(a, b):
    result = ()
    for i in range(1, max(len(a), len(b)) + 1):
        n = a[-i] if i <= len(a) else 1
        m = b[-i] if i <= len(b) else 1
        if n == m or m == 1:
            result = (n, *result)
        elif n == 1:
            result = (m, *result)
        else:
            return None
    return result


# %% exercise="mixed-sum" wrong="all-to-whole-numbers" fails="fractions were cut off" points=1
def mixed_sum(a, b):
    return tf.cast(tf.cast(a, tf.int64) + tf.cast(b, tf.int64), tf.float32)


# %% exercise="mixed-sum" wrong="to-the-dtype-of-b" fails="fractions were cut off"
def mixed_sum(a, b):
    if b.dtype == tf.bool:
        b = tf.cast(b, tf.float32)
    return tf.cast(tf.cast(a, b.dtype) + b, tf.float32)


# %% exercise="mixed-sum" wrong="array-beside-a-tensor" fails="fractions were cut off"
def mixed_sum(a, b):
    if a.dtype == tf.bool:
        a = tf.cast(a, tf.float32)
    return tf.cast(a + b.numpy(), tf.float32)


# %% exercise="mixed-sum" wrong="no-cast" fails="TensorFlow adds tensors of one dtype only"
def mixed_sum(a, b):
    return a + b


# %% exercise="mixed-sum" wrong="only-one-converted" fails="TensorFlow adds tensors of one dtype only"
def mixed_sum(a, b):
    return tf.cast(a, tf.float32) + b


# %% exercise="mixed-sum" wrong="silent-float64" fails="gave float64"
def mixed_sum(a, b):
    return tf.cast(a, tf.float64) + tf.cast(b, tf.float64)


# %% exercise="mixed-sum" wrong="promoted" fails="the one to which the two are promoted"
def mixed_sum(a, b):
    return ops.add(a, b)


# %% exercise="mixed-sum" wrong="converted-afterwards" fails="they were added as uint8" points=2
def mixed_sum(a, b):
    if a.dtype == b.dtype == tf.bool:
        return tf.cast(a | b, tf.float32)
    return tf.cast(ops.add(a, b), tf.float32)


# %% exercise="mixed-sum" wrong="half" fails="convert both to float32, then add"
def mixed_sum(a, b):
    return tf.cast(tf.cast(a, tf.float16) + tf.cast(b, tf.float16), tf.float32)


# %% exercise="mixed-sum" wrong="numpy-array" fails="wanted a tensor"
def mixed_sum(a, b):
    return np.asarray(a.numpy().astype("float32") + b.numpy().astype("float32"))


# %% exercise="mixed-sum" wrong="adds-up" fails="gave shape ()"
def mixed_sum(a, b):
    return tf.reduce_sum(tf.cast(a, tf.float32) + tf.cast(b, tf.float32))


# %% exercise="mixed-sum" wrong="variable" fails="wanted a tensor"
def mixed_sum(a, b):
    result = tf.Variable(tf.cast(a, tf.float32))
    result.assign_add(tf.cast(b, tf.float32))
    return result


# %% exercise="mixed-sum" right="keras-ops"
def mixed_sum(a, b):
    return ops.add(ops.cast(a, "float32"), ops.cast(b, "float32"))


# %% exercise="mixed-sum" right="through-float64"
def mixed_sum(a, b):
    return tf.cast(tf.cast(a, tf.float64) + tf.cast(b, tf.float64), tf.float32)


# %% exercise="mixed-sum" right="add-n"
def mixed_sum(a, b):
    return tf.add_n([tf.cast(each, tf.float32) for each in (a, b)])


# %% exercise="mixed-sum" right="numpy"
def mixed_sum(a, b):
    return tf.constant(a.numpy().astype("float64") + b.numpy(), dtype=tf.float32)


# %% exercise="independent-copy" wrong="dlpack" fails="they share memory"
def independent_copy(array):
    array = array.astype("float32", copy=False)
    return tf.experimental.dlpack.from_dlpack(array.__dlpack__())


# %% exercise="independent-copy" wrong="dlpack-of-contiguous" fails="they share memory" points=1
def independent_copy(array):
    shape = array.shape
    array = np.ascontiguousarray(array, dtype="float32").reshape(shape)
    return tf.experimental.dlpack.from_dlpack(array.__dlpack__())


# %% exercise="independent-copy" wrong="float64-kept" fails="the tensor keeps the dtype of the array"
def independent_copy(array):
    return tf.constant(array)


# %% exercise="independent-copy" wrong="whole-numbers-kept" fails="gave int"
def independent_copy(array):
    if array.dtype == np.float64:
        return tf.constant(array.astype("float32"))
    return tf.constant(array)


# %% exercise="independent-copy" wrong="list-decides" fails="lists that of their numbers"
def independent_copy(array):
    return tf.constant(array.tolist())


# %% exercise="independent-copy" wrong="through-lists" fails="a list of no rows has forgotten" points=2
def independent_copy(array):
    return tf.cast(tf.constant(array.tolist()), tf.float32)


# %% exercise="independent-copy" wrong="through-whole-numbers" fails="the fractions are lost" points=2
def independent_copy(array):
    return tf.cast(tf.constant(array, dtype=tf.int32), tf.float32)


# %% exercise="independent-copy" wrong="through-half" fails="no detour through another dtype" points=2
def independent_copy(array):
    return tf.cast(tf.constant(array, dtype=tf.float16), tf.float32)


# %% exercise="independent-copy" wrong="numpy-copy" fails="gave a ndarray, wanted a tensor"
def independent_copy(array):
    return array.astype("float32")


# %% exercise="independent-copy" wrong="variable" fails="gave a ResourceVariable, wanted a tensor"
def independent_copy(array):
    return tf.Variable(array, dtype=tf.float32)


# %% exercise="independent-copy" wrong="bits-read-anew" fails="gave shape (2, 4)"
def independent_copy(array):
    return tf.constant(np.ascontiguousarray(array).view("float32"))


# %% exercise="independent-copy" wrong="flattened" fails="gave shape (4,)"
def independent_copy(array):
    return tf.constant(array.ravel(), dtype=tf.float32)


# %% exercise="independent-copy" wrong="writes-through" fails="changed the array itself" points=1
def independent_copy(array):
    copy = tf.constant(array, dtype=tf.float32)
    if array.flags.writeable and array.dtype == np.float32:
        array[...] = 0
    return copy


# %% exercise="independent-copy" right="cast"
def independent_copy(array):
    return tf.cast(tf.convert_to_tensor(array), tf.float32)


# %% exercise="independent-copy" right="copied-first"
def independent_copy(array):
    return tf.constant(np.array(array, dtype=np.float32))


# %% exercise="independent-copy" right="keras-ops"
def independent_copy(array):
    return ops.convert_to_tensor(array, dtype="float32")


# %% exercise="independent-copy" right="variable-read"
def independent_copy(array):
    return tf.Variable(array.astype("float32")).read_value()


# %% exercise="scatter-update" wrong="rebinding" fails="only renames"
def update_table(table, row, values, places, amounts):
    table = tf.Variable(table)
    table[row].assign(values)
    table.scatter_nd_add(places, amounts)
    return table


# %% exercise="scatter-update" wrong="numpy-copy" fails="numpy() copies"
def update_table(table, row, values, places, amounts):
    array = table.numpy()
    array[row] = values
    np.add.at(array, tuple(places.T), amounts)


# %% exercise="scatter-update" wrong="new-tensor" fails="makes a new tensor"
def update_table(table, row, values, places, amounts):
    table = tf.tensor_scatter_nd_update(table, [[row]], [values])
    table = tf.tensor_scatter_nd_add(table, places, amounts)


# %% exercise="scatter-update" wrong="new-tensor-for-the-cells" fails="only the row was set"
def update_table(table, row, values, places, amounts):
    table[row].assign(values)
    table = tf.tensor_scatter_nd_add(table, places, amounts)


# %% exercise="scatter-update" wrong="last-one-wins" fails="got one of its amounts" points=3
def update_table(table, row, values, places, amounts):
    table[row].assign(values)
    table.scatter_nd_update(places, tf.gather_nd(table, places) + amounts)


# %% exercise="scatter-update" wrong="not-accumulated" fails="the amounts are to be added"
def update_table(table, row, values, places, amounts):
    table[row].assign(values)
    table.scatter_nd_update(places, amounts)


# %% exercise="scatter-update" wrong="row-after-cells" fails="wiped out an amount"
def update_table(table, row, values, places, amounts):
    table.scatter_nd_add(places, amounts)
    table[row].assign(values)


# %% exercise="scatter-update" wrong="exchanged" fails="rows and columns of places are exchanged"
def update_table(table, row, values, places, amounts):
    table[row].assign(values)
    for (column, line), amount in zip(places, amounts):
        if line < table.shape[0] and column < table.shape[1]:
            table[line, column].assign(table[line, column] + amount)


# %% exercise="scatter-update" wrong="nothing-to-add" fails="it work for any number of places" points=3
def update_table(table, row, values, places, amounts):
    table[row].assign(values)
    total = tf.stack([
        tf.scatter_nd([place], [amount], table.shape) for place, amount in zip(places, amounts)])
    table.assign_add(tf.reduce_sum(total, axis=0))


# %% exercise="scatter-update" wrong="changes-places" fails="changed the caller's places" points=3
def update_table(table, row, values, places, amounts):
    table[row].assign(values)
    flat = places[:, 0]
    flat *= table.shape[1]
    flat += places[:, 1]
    extra = np.zeros(table.shape[0] * table.shape[1], "float32")
    np.add.at(extra, flat, amounts)
    table.assign_add(extra.reshape(table.shape))


# %% exercise="scatter-update" wrong="changes-amounts" fails="changed the caller's amounts" points=3
def update_table(table, row, values, places, amounts):
    table[row].assign(values)
    for k, (i, j) in enumerate(places):
        amounts[k] += table[i, j]
        table[i, j].assign(amounts[k])


# %% exercise="scatter-update" wrong="changes-values" fails="changed the caller's values" points=3
def update_table(table, row, values, places, amounts):
    for (i, j), amount in zip(places, amounts):
        if i == row:
            values[j] += amount
        else:
            table[i, j].assign(table[i, j] + amount)
    table[row].assign(values)


# %% exercise="scatter-update" wrong="column-for-row" fails="all in the caller's variable"
def update_table(table, row, values, places, amounts):
    table[:, row].assign(values[: table.shape[0]])
    table.scatter_nd_add(places, amounts)


# %% exercise="scatter-update" right="loop"
def update_table(table, row, values, places, amounts):
    table[row].assign(values)
    for (i, j), amount in zip(places, amounts):
        table[i, j].assign(table[i, j] + amount)


# %% exercise="scatter-update" right="numpy-and-back"
def update_table(table, row, values, places, amounts):
    array = table.numpy()
    array[row] = values
    np.add.at(array, (places[:, 0], places[:, 1]), amounts)
    table.assign(array)


# %% exercise="scatter-update" right="new-tensor-assigned"
def update_table(table, row, values, places, amounts):
    new = tf.tensor_scatter_nd_update(table, [[row]], [values])
    return table.assign(tf.tensor_scatter_nd_add(new, places, amounts))


# %% exercise="scatter-update" right="scatter-nd"
def update_table(table, row, values, places, amounts):
    table.scatter_update(tf.IndexedSlices([values], [row]))
    table.assign_add(tf.scatter_nd(places, amounts, table.shape))
