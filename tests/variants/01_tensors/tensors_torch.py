# %% [markdown]
# Wrong and right answers to the exercises of unit 01, PyTorch: each cell is a whole solution cell.
# `fails` is text that the message of a failing tests cell must contain; `points` is what remains.

# %% exercise="select-reduce" wrong="reshape-for-transpose" fails="reshape does not exchange axes"
def window_means(x, start, stop):
    means = x[:, :, start:stop].mean(dim=2, keepdim=True)
    return means.reshape(x.shape[1], 1, x.shape[0])


# %% exercise="select-reduce" wrong="squeezed-axis" fails="the axis of the days is gone: keepdim"
def window_means(x, start, stop):
    return x[:, :, start:stop].mean(dim=2).T


# %% exercise="select-reduce" wrong="squeezed-and-not-moved" fails="the others want exchanging"
def window_means(x, start, stop):
    return x[..., start:stop].mean(-1)


# %% exercise="select-reduce" wrong="axes-not-moved" fails="now permute the axes"
def window_means(x, start, stop):
    return x[..., start:stop].mean(-1, keepdim=True)


# %% exercise="select-reduce" wrong="only-last-two-exchanged" fails="examples and sensors want exchanging"
def window_means(x, start, stop):
    return x[..., start:stop].mean(-1, keepdim=True).transpose(1, 2)


# %% exercise="select-reduce" wrong="stop-included" fails="the day stop is not to be counted"
def window_means(x, start, stop):
    return x[:, :, start : stop + 1].mean(dim=2, keepdim=True).permute(1, 2, 0)


# %% exercise="select-reduce" wrong="start-left-out" fails="the day start is to be counted"
def window_means(x, start, stop):
    return x[:, :, start + 1 : stop].mean(dim=2, keepdim=True).permute(1, 2, 0)


# %% exercise="select-reduce" wrong="sum" fails="that is the sum of the days"
def window_means(x, start, stop):
    return torch.einsum("esd->se", x[:, :, start:stop])[:, None, :]


# %% exercise="select-reduce" wrong="window-forgotten" fails="that is the mean of all days"
def window_means(x, start, stop):
    return x.mean(dim=2, keepdim=True).permute(1, 2, 0)


# %% exercise="select-reduce" wrong="mean-over-sensors" fails="the mean ran along the sensors"
def window_means(x, start, stop):
    return x.mean(dim=1, keepdim=True).permute(2, 1, 0)


# %% exercise="select-reduce" wrong="squeezes-a-batch-of-one" fails="squeeze() without an axis" points=2
def window_means(x, start, stop):
    means = x[:, :, start:stop].mean(dim=2, keepdim=True).squeeze()
    if means.ndim < 2:
        return means[:, None] if means.ndim else means
    return means.T[:, None, :]


# %% exercise="select-reduce" wrong="reshape-to-minus-one" fails="tell how many there were" points=2
def window_means(x, start, stop):
    means = x[:, :, start:stop].mean(dim=2)
    if len(x) == 0:
        return means.T.reshape(-1, 1, 1)
    return means.T.reshape(-1, 1, len(x))


# %% exercise="select-reduce" wrong="numpy-array" fails="not a torch.Tensor"
def window_means(x, start, stop):
    return x.numpy()[:, :, start:stop].mean(axis=2).T[:, None, :]


# %% exercise="select-reduce" wrong="float64" fails="wanted torch.float32" points=1
def window_means(x, start, stop):
    return x[:, :, start:stop].double().mean(dim=2).T[:, None]


# %% exercise="select-reduce" right="einsum"
def window_means(x, start, stop):
    return torch.einsum("esd->se", x[:, :, start:stop])[:, None, :] / (stop - start)


# %% exercise="select-reduce" right="none-and-transpose"
def window_means(x, start, stop):
    return x[..., start:stop].mean(-1).T[:, None]


# %% exercise="select-reduce" right="permute-first"
def window_means(x, start, stop):
    x = x.permute(1, 2, 0)
    return x[:, start:stop].mean(1, keepdim=True)


# %% exercise="select-reduce" right="loops"
def window_means(x, start, stop):
    examples, sensors, days = x.shape
    result = torch.zeros(sensors, 1, examples)
    for e in range(examples):
        for s in range(sensors):
            result[s, 0, e] = sum(x[e, s, d] for d in range(start, stop)) / (stop - start)
    return result


# %% exercise="select-reduce" right="through-numpy"
def window_means(x, start, stop):
    means = np.mean(x.numpy()[:, :, start:stop], axis=2)
    return torch.from_numpy(np.moveaxis(means, 0, 1)).unsqueeze(1)


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
        torch.broadcast_shapes(a, b)
    except RuntimeError:
        return None
    return max(a, b, key=lambda shape: (len(shape), torch.Size(shape).numel()))


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
    return torch.broadcast_shapes(a, b)


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
        return list(torch.broadcast_shapes(a, b))
    except RuntimeError:
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


# %% exercise="broadcast-shape" right="library"
def broadcast_shape(a, b):
    try:
        return torch.broadcast_shapes(a, b)
    except RuntimeError:
        return None


# %% exercise="broadcast-shape" right="by-adding"
def broadcast_shape(a, b):
    try:
        return tuple((torch.empty(a, device="meta") + torch.empty(b, device="meta")).shape)
    except RuntimeError:
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
    return (a.to(torch.int64) + b.to(torch.int64)).to(torch.float32)


# %% exercise="mixed-sum" wrong="to-the-dtype-of-a" fails="fractions were cut off"
def mixed_sum(a, b):
    return (a + b.to(a.dtype)).float()


# %% exercise="mixed-sum" wrong="promoted" fails="wanted torch.float32: a sum has the dtype"
def mixed_sum(a, b):
    return a + b


# %% exercise="mixed-sum" wrong="silent-float64" fails="gave torch.float64"
def mixed_sum(a, b):
    return a.double() + b.double()


# %% exercise="mixed-sum" wrong="only-one-converted" fails="gave torch.float64" points=1
def mixed_sum(a, b):
    return a.float() + b


# %% exercise="mixed-sum" wrong="converted-afterwards" fails="they were added as uint8" points=2
def mixed_sum(a, b):
    return (a + b).to(torch.float32)


# %% exercise="mixed-sum" wrong="changes-its-argument" fails="changed its argument a" points=1
def mixed_sum(a, b):
    result = a.to(torch.float32)
    result += b
    return result


# %% exercise="mixed-sum" wrong="changes-the-second" fails="changed its argument b" points=1
def mixed_sum(a, b):
    return b.float().add_(a)


# %% exercise="mixed-sum" wrong="half" fails="convert both to float32, then add"
def mixed_sum(a, b):
    return (a.half() + b.half()).float()


# %% exercise="mixed-sum" wrong="numpy-array" fails="not a torch.Tensor"
def mixed_sum(a, b):
    return a.numpy().astype("float32") + b.numpy().astype("float32")


# %% exercise="mixed-sum" wrong="adds-up" fails="gave shape ()"
def mixed_sum(a, b):
    return torch.sum(a.float() + b.float())


# %% exercise="mixed-sum" right="float-method"
def mixed_sum(a, b):
    return torch.add(a.float(), b.float())


# %% exercise="mixed-sum" right="through-float64"
def mixed_sum(a, b):
    return (a.double() + b.double()).float()


# %% exercise="mixed-sum" right="in-place-in-a-zero"
def mixed_sum(a, b):
    result = torch.zeros(a.shape)
    result += a
    result += b
    return result


# %% exercise="mixed-sum" right="numpy"
def mixed_sum(a, b):
    return torch.from_numpy(np.asarray(a.numpy().astype("float32") + b.numpy().astype("float32")))


# %% exercise="mixed-sum" right="clone-then-add"
def mixed_sum(a, b):
    return a.clone().float().add_(b)


# %% exercise="independent-copy" wrong="from-numpy-float" fails="they share memory"
def independent_copy(array):
    return torch.from_numpy(array).float()


# %% exercise="independent-copy" wrong="contiguous-first" fails="they share memory" points=1
def independent_copy(array):
    return torch.from_numpy(np.ascontiguousarray(array, dtype="float32").reshape(array.shape))


# %% exercise="independent-copy" wrong="astype-without-copy" fails="they share memory" points=1
def independent_copy(array):
    if any(stride < 0 for stride in array.strides):
        array = array.copy()
    return torch.from_numpy(array.astype("float32", copy=False))


# %% exercise="independent-copy" wrong="old-constructor" fails="they share memory" points=1
def independent_copy(array):
    if any(stride < 0 for stride in array.strides):
        array = array.copy()
    if array.dtype == np.float32:
        return torch.Tensor(array)
    return torch.tensor(array).float()


# %% exercise="independent-copy" wrong="float64-kept" fails="the tensor keeps the dtype of the array"
def independent_copy(array):
    return torch.tensor(array.copy())


# %% exercise="independent-copy" wrong="reversed-raises" fails="tensors cannot step backwards" points=2
def independent_copy(array):
    return torch.tensor(array, dtype=torch.float32)


# %% exercise="independent-copy" wrong="through-lists" fails="a list of no rows has forgotten" points=2
def independent_copy(array):
    return torch.tensor(array.tolist(), dtype=torch.float32)


# %% exercise="independent-copy" wrong="through-whole-numbers" fails="the fractions are lost" points=2
def independent_copy(array):
    return torch.tensor(array.astype("int64")).float()


# %% exercise="independent-copy" wrong="through-half" fails="no detour through another dtype" points=2
def independent_copy(array):
    return torch.tensor(array.astype("float16")).float()


# %% exercise="independent-copy" wrong="numpy-copy" fails="not a torch.Tensor"
def independent_copy(array):
    return array.astype("float32")


# %% exercise="independent-copy" wrong="flattened" fails="gave shape (4,)"
def independent_copy(array):
    return torch.tensor(array.flatten(), dtype=torch.float32)


# %% exercise="independent-copy" wrong="writes-through" fails="changed the array itself" points=1
def independent_copy(array):
    copy = torch.tensor(array.copy(), dtype=torch.float32)
    if array.flags.writeable and array.dtype == np.float32:
        array[...] = 0
    return copy


# %% exercise="independent-copy" right="astype-copies"
def independent_copy(array):
    return torch.from_numpy(array.astype("float32"))


# %% exercise="independent-copy" right="clone"
def independent_copy(array):
    return torch.from_numpy(np.ascontiguousarray(array).reshape(array.shape)).float().clone()


# %% exercise="independent-copy" right="filled"
def independent_copy(array):
    result = torch.empty(array.shape)
    result.numpy()[...] = array
    return result


# %% exercise="independent-copy" right="np-array"
def independent_copy(array):
    return torch.as_tensor(np.array(array, dtype=np.float32))


# %% exercise="scatter-update" wrong="rebinding" fails="only renames"
def update_table(table, row, values, places, amounts):
    table = table.clone()
    table[row] = torch.tensor(values)
    table.index_put_(tuple(torch.tensor(places).T), torch.tensor(amounts), accumulate=True)
    return table


# %% exercise="scatter-update" wrong="new-memory" fails="it got new memory" points=1
def update_table(table, row, values, places, amounts):
    new = table.numpy().copy()
    new[row] = values
    np.add.at(new, tuple(places.T), amounts)
    table.data = torch.from_numpy(new)


# %% exercise="scatter-update" wrong="cells-of-a-copy" fails="only the row was set"
def update_table(table, row, values, places, amounts):
    table[row] = torch.tensor(values)
    rows, columns = torch.tensor(places).T
    table[rows, columns].add_(torch.tensor(amounts))


# %% exercise="scatter-update" wrong="new-tensor-dropped" fails="only the row was set"
def update_table(table, row, values, places, amounts):
    table[row] = torch.tensor(values)
    rows, columns = torch.tensor(places).T
    table = table.index_put((rows, columns), torch.tensor(amounts), accumulate=True)


# %% exercise="scatter-update" wrong="last-one-wins" fails="got one of its amounts" points=3
def update_table(table, row, values, places, amounts):
    table[row] = torch.tensor(values)
    rows, columns = torch.tensor(places).T
    table[rows, columns] += torch.tensor(amounts)


# %% exercise="scatter-update" wrong="not-accumulated" fails="the amounts are to be added"
def update_table(table, row, values, places, amounts):
    table[row] = torch.tensor(values)
    table.index_put_(tuple(torch.tensor(places).T), torch.tensor(amounts))


# %% exercise="scatter-update" wrong="row-after-cells" fails="wiped out an amount"
def update_table(table, row, values, places, amounts):
    table.index_put_(tuple(torch.tensor(places).T), torch.tensor(amounts), accumulate=True)
    table[row] = torch.tensor(values)


# %% exercise="scatter-update" wrong="exchanged" fails="rows and columns of places are exchanged"
def update_table(table, row, values, places, amounts):
    table[row] = torch.tensor(values)
    for (column, line), amount in zip(places, amounts):
        if line < table.shape[0] and column < table.shape[1]:
            table[line, column] += amount


# %% exercise="scatter-update" wrong="flat-copy" fails="reshape and flatten copy a transposed table" points=3
def update_table(table, row, values, places, amounts):
    table[row] = torch.tensor(values)
    flat = torch.tensor(places[:, 0] * table.shape[1] + places[:, 1])
    table.reshape(-1).index_add_(0, flat, torch.tensor(amounts))


# %% exercise="scatter-update" wrong="flat-view" fails="raised RuntimeError" points=3
def update_table(table, row, values, places, amounts):
    table[row] = torch.tensor(values)
    flat = torch.tensor(places[:, 0] * table.shape[1] + places[:, 1])
    table.view(-1).index_add_(0, flat, torch.tensor(amounts))


# %% exercise="scatter-update" wrong="changes-places" fails="changed the caller's places" points=3
def update_table(table, row, values, places, amounts):
    table[row] = torch.from_numpy(values)
    place = torch.from_numpy(places)
    flat = place[:, 0].mul_(table.shape[1]).add_(place[:, 1])
    for number, amount in zip(flat.tolist(), amounts):
        table[number // table.shape[1], number % table.shape[1]] += amount


# %% exercise="scatter-update" wrong="changes-amounts" fails="changed the caller's amounts" points=3
def update_table(table, row, values, places, amounts):
    table[row] = torch.from_numpy(values)
    sums = torch.from_numpy(amounts)
    for k, (i, j) in enumerate(places):
        sums[k] += table[i, j]
        table[i, j] = sums[k]


# %% exercise="scatter-update" wrong="changes-values" fails="changed the caller's values" points=3
def update_table(table, row, values, places, amounts):
    new = torch.from_numpy(values)
    for (i, j), amount in zip(places, amounts):
        if i == row:
            new[j] += amount
        else:
            table[i, j] += amount
    table[row] = new


# %% exercise="scatter-update" wrong="column-for-row" fails="all in the caller's table"
def update_table(table, row, values, places, amounts):
    table[:, row] = torch.tensor(values[: len(table)])
    table.index_put_(tuple(torch.tensor(places).T), torch.tensor(amounts), accumulate=True)


# %% exercise="scatter-update" right="loop"
def update_table(table, row, values, places, amounts):
    table[row] = torch.from_numpy(values)
    for (i, j), amount in zip(places, amounts):
        table[i, j] += amount


# %% exercise="scatter-update" right="add-at"
def update_table(table, row, values, places, amounts):
    shared = table.numpy()
    shared[row] = values
    np.add.at(shared, (places[:, 0], places[:, 1]), amounts)


# %% exercise="scatter-update" right="copied-back"
def update_table(table, row, values, places, amounts):
    new = table.clone()
    new[row] = torch.tensor(values)
    for (i, j), amount in zip(places.tolist(), amounts.tolist()):
        new[i][j] += amount
    table.copy_(new)
    return table


# %% exercise="scatter-update" right="flat-and-added"
def update_table(table, row, values, places, amounts):
    table[row].copy_(torch.as_tensor(values))
    extra = torch.zeros(table.numel())
    flat = torch.as_tensor(places[:, 0] * table.shape[1] + places[:, 1])
    table += extra.index_add_(0, flat, torch.as_tensor(amounts)).reshape(table.shape)


# %% exercise="scatter-update" right="returns-something"
def update_table(table, row, values, places, amounts):
    rows, columns = torch.from_numpy(places).unbind(dim=1)
    with torch.no_grad():
        table[row, :] = torch.from_numpy(values)
        return table.index_put_((rows, columns), torch.from_numpy(amounts), accumulate=True).sum()
