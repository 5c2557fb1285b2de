# %% [markdown]
# Wrong and right answers to the exercises of `solutions/14_graphs/graphs_torch.py`, one per cell.
# A wrong one must fail with the words in `fails` and keep `points`; a right one must get full marks.

# %% exercise="trace-counts" wrong="numbers-by-value-only" fails="equal to an earlier one, but of another type" points=1
def trace_counts(calls):
    keys, counts = set(), []
    for x, number in calls:
        keys.add((x.dtype, x.shape, number))
        counts.append(len(keys))
    return counts


def relaxed_counts(sizes):
    keys, counts = set(), []
    for size in sizes:
        keys.add(size if size < 2 or size == sizes[0] else "any")
        counts.append(len(keys))
    return counts


# %% exercise="trace-counts" wrong="latest-graph-only" fails="all graphs are kept, not only the latest" points=1
def trace_counts(calls):
    counts, last, n = [], None, 0
    for x, number in calls:
        key = x.dtype, x.shape, type(number), number
        n += key != last
        last = key
        counts.append(n)
    return counts


def relaxed_counts(sizes):
    seen, counts = [], []
    for size in sizes:
        kind = size if size in (0, 1, sizes[0]) else -1
        if kind not in seen:
            seen.append(kind)
        counts.append(len(seen))
    return counts


# %% exercise="trace-counts" wrong="dtype-ignored" fails="has a dtype that is new" points=1
def trace_counts(calls):
    keys, counts = set(), []
    for x, number in calls:
        keys.add((tuple(x.shape), type(number), number))
        counts.append(len(keys))
    return counts


def relaxed_counts(sizes):
    keys, counts = set(), []
    for size in sizes:
        keys.add(size if size < 2 or size == sizes[0] else "any")
        counts.append(len(keys))
    return counts


# %% exercise="trace-counts" wrong="rank-instead-of-shape" fails="with dynamic=False each size is a constant" points=1
def trace_counts(calls):
    keys, counts = set(), []
    for x, number in calls:
        keys.add((x.dtype, x.dim(), type(number), number))
        counts.append(len(keys))
    return counts


def relaxed_counts(sizes):
    keys, counts = set(), []
    for size in sizes:
        keys.add(size if size < 2 or size == sizes[0] else "any")
        counts.append(len(keys))
    return counts


# %% exercise="trace-counts" wrong="numbers-forgotten" fails="there is a guard on its value" points=1
def trace_counts(calls):
    keys, counts = set(), []
    for x, number in calls:
        keys.add((x.dtype, x.shape, type(number)))
        counts.append(len(keys))
    return counts


def relaxed_counts(sizes):
    keys, counts = set(), []
    for size in sizes:
        keys.add(size if size < 2 or size == sizes[0] else "any")
        counts.append(len(keys))
    return counts


# %% exercise="trace-counts" wrong="values-of-the-tensor-count" fails="the values in a tensor do not count" points=1
def trace_counts(calls):
    keys, counts = [], []
    for x, number in calls:
        if not any(x.dtype == a.dtype and torch.equal(x, a) and type(number) is type(b)
                   and number == b for a, b in keys):
            keys.append((x, number))
        counts.append(len(keys))
    return counts


def relaxed_counts(sizes):
    keys, counts = set(), []
    for size in sizes:
        keys.add(size if size < 2 or size == sizes[0] else "any")
        counts.append(len(keys))
    return counts


# %% exercise="trace-counts" wrong="never-relaxed" fails="the second size from 2 on gets a relaxed graph" points=2
def trace_counts(calls):
    keys, counts = set(), []
    for x, number in calls:
        keys.add((x.dtype, x.shape, type(number), number))
        counts.append(len(keys))
    return counts


def relaxed_counts(sizes):
    return [len(set(sizes[: i + 1])) for i in range(len(sizes))]


# %% exercise="trace-counts" wrong="zero-and-one-relaxed" fails="sizes 0 and 1 are constants" points=2
def trace_counts(calls):
    keys, counts = set(), []
    for x, number in calls:
        keys.add((x.dtype, x.shape, type(number), number))
        counts.append(len(keys))
    return counts


def relaxed_counts(sizes):
    return [min(2, len(set(sizes[: i + 1]))) for i in range(len(sizes))]


# %% exercise="trace-counts" wrong="relaxed-from-the-start" fails="the first graph holds for its own size only" points=2
def trace_counts(calls):
    keys, counts = set(), []
    for x, number in calls:
        keys.add((x.dtype, x.shape, type(number), number))
        counts.append(len(keys))
    return counts


def relaxed_counts(sizes):
    return [1 for size in sizes]


# %% exercise="trace-counts" right="dictionary-and-list"
def trace_counts(calls):
    graphs, counts = {}, []
    for x, number in calls:
        key = f"{x.dtype} {list(x.shape)} {number!r}"
        if key not in graphs:
            graphs[key] = True
        counts.append(len(graphs))
    return counts


def relaxed_counts(sizes):
    graphs, counts = [], []
    for size in sizes:
        fits = any(size == g if isinstance(g, int) else size >= 2 for g in graphs)
        if not fits:
            relax = any(size != g for g in graphs) and size >= 2
            graphs.append("any" if relax else size)
        counts.append(len(graphs))
    return counts


# %% exercise="trace-counts" right="count-for-real"
def trace_counts(calls):
    torch.compiler.reset()
    counter, counts = GraphCounter(), []
    graph = torch.compile(lambda x, number: x * number, backend=counter, dynamic=False)
    for x, number in calls:
        graph(x, number)
        counts.append(len(counter.graphs))
    return counts


def relaxed_counts(sizes):
    torch.compiler.reset()
    counter, counts = GraphCounter(), []
    graph = torch.compile(lambda x: x**3, backend=counter)
    for size in sizes:
        graph(torch.ones(size))
        counts.append(len(counter.graphs))
    return counts


# %% exercise="trace-once" wrong="compiled-only" fails="only the factor changed"
def trace_once(function, backend):
    return torch.compile(function, backend=backend, dynamic=False)


# %% exercise="trace-once" wrong="default-sizes" fails="make it a variable of the graph"
def trace_once(function, backend):
    graph = torch.compile(function, backend=backend)

    def run(x, factor):
        return graph(x, torch.tensor(float(factor)))

    return run


# %% exercise="trace-once" wrong="numbers-left-to-dynamic" fails="the number changed between int and float"
def trace_once(function, backend):
    graph = torch.compile(function, backend=backend, dynamic=True)
    return lambda x, factor: graph(x, factor)


# %% exercise="trace-once" wrong="tensor-without-dtype" fails="the number changed between int and float"
def trace_once(function, backend):
    graph = torch.compile(function, backend=backend, dynamic=True)
    return lambda x, factor: graph(x, torch.tensor(factor))


# %% exercise="trace-once" wrong="not-compiled" fails="nothing is compiled"
def trace_once(function, backend):
    def run(x, factor):
        return function(x, torch.tensor(float(factor)))

    return run


# %% exercise="trace-once" wrong="factor-cut-down" fails="cut down to a whole number" points=2
def trace_once(function, backend):
    graph = torch.compile(function, backend=backend, dynamic=True)
    return lambda x, factor: graph(x, torch.tensor(int(factor), dtype=torch.float32))


# %% exercise="trace-once" wrong="first-factor-kept" fails="the result for the factor of the first call" points=2
def trace_once(function, backend):
    graph = torch.compile(function, backend=backend, dynamic=True)
    kept = []

    def run(x, factor):
        if not kept:
            kept.append(torch.tensor(float(factor)))
        return graph(x, kept[0])

    return run


# %% exercise="trace-once" wrong="one-graph-for-all-functions" fails="or not for this backend"
made = []


def trace_once(function, backend):
    if not made:
        made.append(torch.compile(function, backend=backend, dynamic=True))
    return lambda x, factor: made[-1](x, torch.tensor(float(factor)))


# %% exercise="trace-once" wrong="backend-not-given" fails="give the backend to torch.compile"
def trace_once(function, backend):
    graph = torch.compile(function, dynamic=True)
    return lambda x, factor: graph(x, torch.tensor(factor, dtype=torch.float32))


# %% exercise="trace-once" wrong="compiled-at-once" fails="wanted a function run(x, factor)"
def trace_once(function, backend):
    graph = torch.compile(function, backend=backend, dynamic=True)
    return graph(torch.ones(2), torch.tensor(1.0))


# %% exercise="trace-once" wrong="factor-with-one-entry" fails="a float32 tensor of shape ()" points=2
def trace_once(function, backend):
    graph = torch.compile(function, backend=backend, dynamic=True)
    return lambda x, factor: graph(x, torch.tensor([factor], dtype=torch.float32))


# %% exercise="trace-once" right="marked-sizes"
def trace_once(function, backend):
    graph = torch.compile(function, backend=backend)

    def run(x, factor):
        torch._dynamo.mark_dynamic(x, 0)
        return graph(x, torch.as_tensor(factor, dtype=torch.float32))

    return run


# %% exercise="trace-once" right="full-graph-and-class"
class Once:
    def __init__(self, function, backend):
        self.graph = torch.compile(function, backend=backend, dynamic=True, fullgraph=True)

    def __call__(self, x, factor):
        return self.graph(x, x.new_tensor(float(factor)))


def trace_once(function, backend):
    return Once(function, backend)


# %% exercise="graph-loop" wrong="python-while" fails="no Python while, if, int() or .item()" points=1
def collatz_steps(n, most):
    steps = 0
    while n != 1 and steps < most:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1
    return torch.tensor(steps)


# %% exercise="graph-loop" wrong="item" fails="a value of n has become a constant of the graph" points=1
def collatz_steps(n, most):
    number, steps = n.item(), 0
    while number != 1 and steps < most:
        number = number // 2 if number % 2 == 0 else 3 * number + 1
        steps += 1
    return torch.tensor(steps)


# %% exercise="graph-loop" wrong="unrolled" fails="a Python loop over range(most) is unrolled" points=2
def collatz_steps(n, most):
    steps = torch.tensor(0)
    for _ in range(most):
        going = n != 1
        steps = steps + going
        n = torch.where(going, torch.where(n % 2 == 0, n // 2, 3 * n + 1), n)
    return steps


# %% exercise="graph-loop" wrong="and-between-tensors" fails="no Python if, and, or on a tensor"
def collatz_steps(n, most):
    def body(n, steps):
        return torch.where(n % 2 == 0, n // 2, 3 * n + 1), steps + 1

    return torch.while_loop(lambda n, steps: n != 1 and steps < most, body,
                            (n, torch.tensor(0)))[1]


# %% exercise="graph-loop" wrong="if-in-the-body" fails="no Python if, and, or on a tensor"
def collatz_steps(n, most):
    def body(n, steps):
        if n % 2 == 0:
            return n // 2, steps + 1
        return 3 * n + 1, steps + 1

    return torch.while_loop(lambda n, steps: (n != 1) & (steps < most), body,
                            (n, torch.tensor(0)))[1]


# %% exercise="graph-loop" wrong="number-in-the-state" fails="begin the loop with tensors"
def collatz_steps(n, most):
    def body(n, steps):
        return torch.where(n % 2 == 0, n // 2, 3 * n + 1), steps + 1

    return torch.while_loop(lambda n, steps: (n != 1) & (steps < most), body, (n, 0))[1]


# %% exercise="graph-loop" wrong="counted-in-python" fails="no Python number that changes"
def collatz_steps(n, most):
    steps = 0

    def body(n):
        nonlocal steps
        steps += 1
        return (torch.where(n % 2 == 0, n // 2, 3 * n + 1),)

    torch.while_loop(lambda n: n != 1, body, (n,))
    return torch.tensor(min(steps, most))


# %% exercise="graph-loop" wrong="branch-once" fails="the branch was taken once"
def collatz_steps(n, most):
    even = n % 2 == 0

    def body(n, steps):
        return torch.where(even, n // 2, 3 * n + 1), steps + 1

    return torch.while_loop(lambda n, steps: (n != 1) & (steps < most), body,
                            (n, torch.tensor(0)))[1]


# %% exercise="graph-loop" wrong="frozen-branch" fails="it was frozen while recording" points=1
@torch.compiler.assume_constant_result
def steps_of(n, most):
    n, steps = int(n), 0
    while n != 1 and steps < most:
        n, steps = (n // 2 if n % 2 == 0 else 3 * n + 1), steps + 1
    return torch.tensor(steps)


def collatz_steps(n, most):
    return steps_of(n, most)


# %% exercise="graph-loop" wrong="no-limit" fails="steps, so the answer is"
def collatz_steps(n, most):
    def body(n, steps):
        return torch.where(n % 2 == 0, n // 2, 3 * n + 1), steps + 1

    return torch.while_loop(lambda n, steps: n != 1, body, (n, torch.tensor(0)))[1]


# %% exercise="graph-loop" wrong="start-counted" fails="the start is no step"
def collatz_steps(n, most):
    def body(n, steps):
        return torch.where(n % 2 == 0, n // 2, 3 * n + 1), steps + 1

    steps = torch.while_loop(lambda n, steps: (n != 1) & (steps < most), body,
                             (n, torch.tensor(0)))[1]
    return steps + 1


# %% exercise="graph-loop" wrong="all-rounds" fails="the loop goes on after 1 is reached"
def collatz_steps(n, most):
    def body(n, steps):
        return torch.where(n % 2 == 0, n // 2, 3 * n + 1), steps + 1

    return torch.while_loop(lambda n, steps: steps < most, body, (n, torch.tensor(0)))[1]


# %% exercise="graph-loop" wrong="steps-as-float" fails="wanted an int64 tensor"
def collatz_steps(n, most):
    def body(n, steps):
        return torch.where(n % 2 == 0, n // 2, 3 * n + 1), steps + 1

    return torch.while_loop(lambda n, steps: (n != 1) & (steps < most), body,
                            (n, torch.tensor(0.0)))[1]


# %% exercise="graph-loop" wrong="unrolled-a-fixed-number-of-times" fails="whatever it runs over" points=2
def collatz_steps(n, most):
    steps = torch.tensor(0)
    for _ in range(128):
        going = (n != 1) & (steps < most)
        n = torch.where(going, torch.where(n % 2 == 0, n // 2, 3 * n + 1), n)
        steps = steps + going
    return steps


# %% exercise="graph-loop" right="limit-in-the-state"
def collatz_steps(n, most):
    def going(n, left):
        return torch.logical_and(torch.ne(n, 1), left > 0)

    def once(n, left):
        odd = n % 2
        return odd * (3 * n + 1) + (1 - odd) * torch.div(n, 2, rounding_mode="floor"), left - 1

    left = torch.while_loop(going, once, (n, torch.full((), most)))[1]
    return most - left


# %% exercise="graph-loop" right="cond-in-the-body"
def collatz_steps(n, most):
    def body(steps, n):
        n = torch.cond(n % 2 == 0, lambda n: n // 2, lambda n: 3 * n + 1, (n,))
        return steps + 1, n

    steps, _ = torch.while_loop(lambda steps, n: (steps < most) & (n > 1), body,
                                (torch.zeros_like(n), n))
    return steps


# %% exercise="graph-loop" right="decorated"
@torch.compile(fullgraph=True)
def collatz_steps(n, most):
    def body(n, steps):
        return torch.where(n % 2 == 0, n // 2, 3 * n + 1), steps + 1

    return torch.while_loop(lambda n, steps: (n != 1) & (steps < most), body,
                            (n, torch.tensor(0)))[1]


# %% exercise="graph-state" wrong="python-numbers" fails="that changes from call to call is guarded" points=1
class RunningMean(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.register_buffer("total", torch.zeros(width))
        self.count = 0

    def forward(self, x):
        self.total += x.sum(0)
        self.count += len(x)
        return self.total / self.count

    def reset(self):
        self.total.zero_()
        self.count = 0


# %% exercise="graph-state" wrong="list-of-batches" fails="that changes from call to call is guarded" points=1
class RunningMean(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.batches = []

    def forward(self, x):
        self.batches.append(x)
        return torch.cat(self.batches).mean(0)

    def reset(self):
        self.batches.clear()


# %% exercise="graph-state" wrong="buffers-made-per-call" fails="that is the mean of this batch alone"
class RunningMean(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.width = width

    def forward(self, x):
        self.reset()
        self.total += x.sum(0)
        self.count += len(x)
        return self.total / self.count

    def reset(self):
        self.register_buffer("total", torch.zeros(self.width))
        self.register_buffer("count", torch.zeros(()))


# %% exercise="graph-state" wrong="made-at-the-first-call" fails="is guarded; keep the state in tensors" points=1
class RunningMean(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.total = self.count = None

    def forward(self, x):
        if self.total is None:
            self.total, self.count = torch.zeros(x.shape[1]), torch.zeros(())
        self.total += x.sum(0)
        self.count += len(x)
        return self.total / self.count

    def reset(self):
        self.total = self.count = None


# %% exercise="graph-state" wrong="plain-tensors" fails="plain attributes are not saved" points=3
class RunningMean(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.total, self.count = torch.zeros(width), torch.zeros(())

    def forward(self, x):
        self.total += x.sum(0)
        self.count += len(x)
        return self.total / self.count

    def reset(self):
        self.total.zero_()
        self.count.zero_()


# %% exercise="graph-state" wrong="count-not-saved" fails="total and count must both be in the state dict" points=3
class RunningMean(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.register_buffer("total", torch.zeros(width))
        self.register_buffer("count", torch.zeros(()), persistent=False)

    def forward(self, x):
        self.total += x.sum(0)
        self.count += len(x)
        return self.total / self.count

    def reset(self):
        self.total.zero_()
        self.count.zero_()


# %% exercise="graph-state" wrong="batches-count-the-same" fails="mean of the means of batches" points=1
class RunningMean(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.register_buffer("total", torch.zeros(width))
        self.register_buffer("count", torch.zeros(()))

    def forward(self, x):
        self.total += x.mean(0)
        self.count += 1
        return self.total / self.count

    def reset(self):
        self.total.zero_()
        self.count.zero_()


# %% exercise="graph-state" wrong="shared-by-all" fails="every instance has state of its own"
class RunningMean(nn.Module):
    total, count = {}, torch.zeros(())

    def __init__(self, width):
        super().__init__()
        self.sum = RunningMean.total.setdefault(width, torch.zeros(width))

    def forward(self, x):
        self.sum += x.sum(0)
        RunningMean.count += len(x)
        return self.sum / RunningMean.count

    def reset(self):
        self.sum.zero_()
        RunningMean.count.zero_()


# %% exercise="graph-state" wrong="reset-forgets-the-count" fails="reset must reach total and count" points=3
class RunningMean(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.register_buffer("total", torch.zeros(width))
        self.register_buffer("count", torch.zeros(()))

    def forward(self, x):
        self.total += x.sum(0)
        self.count += len(x)
        return self.total / self.count

    def reset(self):
        self.total.zero_()


# %% exercise="graph-state" wrong="parameters" fails="its state is not trained" points=3
class RunningMean(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.total = nn.Parameter(torch.zeros(width), requires_grad=False)
        self.count = nn.Parameter(torch.zeros(()), requires_grad=False)

    def forward(self, x):
        self.total += x.sum(0)
        self.count += len(x)
        return self.total / self.count

    def reset(self):
        self.total.zero_()
        self.count.zero_()


# %% exercise="graph-state" wrong="returns-its-buffer" fails="a buffer itself was returned" points=3
class RunningMean(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("count", torch.zeros(()))

    def forward(self, x):
        self.count += len(x)
        self.mean += (x - self.mean).sum(0) / self.count
        return self.mean

    def reset(self):
        self.mean.zero_()
        self.count.zero_()


# %% exercise="graph-state" wrong="prints" fails="no .item(), no print" points=1
class RunningMean(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.register_buffer("total", torch.zeros(width))
        self.register_buffer("count", torch.zeros(()))

    def forward(self, x):
        self.total += x.sum(0)
        self.count += len(x)
        print("rows so far:", self.count)
        return self.total / self.count

    def reset(self):
        self.total.zero_()
        self.count.zero_()


# %% exercise="graph-state" right="assigned-anew"
class RunningMean(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("rows", torch.tensor(0))

    def forward(self, x):
        self.rows = self.rows + x.shape[0]
        self.mean = self.mean + (x - self.mean).sum(0) / self.rows
        return self.mean

    def reset(self):
        self.mean = torch.zeros_like(self.mean)
        self.rows = torch.zeros_like(self.rows)


# %% exercise="graph-state" right="one-buffer"
class RunningMean(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.register_buffer("state", torch.zeros(width + 1))

    def forward(self, x):
        self.state.add_(torch.cat([x, torch.ones(len(x), 1)], dim=1).sum(0))
        return self.state[:-1] / self.state[-1]

    def reset(self):
        self.state.copy_(torch.zeros_like(self.state))


# %% exercise="graph-state" right="copied-into-buffers"
class RunningMean(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.register_buffer("total", torch.zeros(width))
        self.register_buffer("count", torch.zeros(1))
        self.reset()

    def forward(self, x):
        self.total.copy_(self.total + torch.sum(x, dim=0))
        self.count.copy_(self.count + x.size(0))
        return torch.div(self.total, self.count)

    def reset(self):
        for buffer in self.buffers():
            buffer.fill_(0)


# %% exercise="graph-state" right="decorated"
class RunningMean(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.register_buffer("total", torch.zeros(width))
        self.register_buffer("count", torch.zeros(()))

    @torch.compile(fullgraph=True)
    def forward(self, x):
        self.total += x.sum(0)
        self.count += len(x)
        return self.total / self.count

    def reset(self):
        self.total.zero_()
        self.count.zero_()


# %% exercise="no-breaks" wrong="as-it-was" fails="the caller gets peak, and may"
def limit_peak(x):
    peak = x.abs().max().item()
    print("peak", peak)
    if peak > 1:
        x = x / peak
    return x, torch.tensor(peak)


# %% exercise="no-breaks" wrong="print-removed-only" fails="that is where the graph breaks" points=1
def limit_peak(x):
    peak = x.abs().max().item()
    if peak > 1:
        x = x / peak
    return x, torch.tensor(peak)


# %% exercise="no-breaks" wrong="branch-on-a-tensor" fails="that is where the graph breaks" points=1
def limit_peak(x):
    peak = x.abs().max()
    if peak > 1:
        return x / peak, peak
    return x, peak


# %% exercise="no-breaks" wrong="item-without-branch" fails="a value leaves the tensors on the way" points=1
def limit_peak(x):
    peak = x.abs().max().item()
    return x / max(peak, 1.0), torch.tensor(peak)


# %% exercise="no-breaks" wrong="where-with-nan" fails="0 / 0 has no slope" points=2
def limit_peak(x):
    peak = x.abs().max()
    return torch.where(peak > 1, x / peak, x), peak


# %% exercise="no-breaks" wrong="always-divided" fails="a signal with a peak below 1 stays"
def limit_peak(x):
    peak = x.abs().max()
    return x / peak, peak


# %% exercise="no-breaks" wrong="clipped" fails="its peaks are not cut off"
def limit_peak(x):
    return x.clamp(-1, 1), x.abs().max()


# %% exercise="no-breaks" wrong="peak-detached" fails="a peak that is cut off from x" points=2
def limit_peak(x):
    peak = x.detach().abs().max()
    return x / peak.clamp(min=1), peak


# %% exercise="no-breaks" wrong="peak-as-a-constant-by-data" fails="the peak was treated as a constant" points=2
def limit_peak(x):
    peak = x.abs().max()
    return x / peak.data.clamp(min=1), peak


# %% exercise="no-breaks" wrong="numpy" fails="a value leaves the tensors on the way" points=1
def limit_peak(x):
    peak = np.abs(x.detach().numpy()).max()
    return x / torch.tensor(peak).clamp(min=1), torch.tensor(peak)


# %% exercise="no-breaks" wrong="largest-instead-of-absolute" fails="the largest absolute value"
def limit_peak(x):
    peak = x.max()
    return x / peak.clamp(min=1), peak


# %% exercise="no-breaks" wrong="divided-in-place" fails="changed the caller's x" points=1
def limit_peak(x):
    peak = x.abs().max()
    x /= peak.clamp(min=1)
    return x, peak


# %% exercise="no-breaks" wrong="without-the-peak" fails="wanted a pair of tensors"
def limit_peak(x):
    return x / x.abs().max().clamp(min=1)


# %% exercise="no-breaks" right="python-max"
def limit_peak(x):
    peak = torch.max(torch.abs(x))
    return x / max(peak, 1.0), peak


# %% exercise="no-breaks" right="maximum"
def limit_peak(x):
    peak = x.abs().flatten().max(dim=0).values
    return x / torch.maximum(peak, torch.ones(())), peak


# %% exercise="no-breaks" right="cond"
def limit_peak(x):
    peak = x.abs().amax()
    y = torch.cond(peak > 1, lambda x, p: x / p, lambda x, p: x.clone(), (x, peak))
    return y, peak


# %% exercise="no-breaks" right="where-on-the-divisor"
def limit_peak(x):
    peak = torch.linalg.vector_norm(x, float("inf"))
    return x / torch.where(peak > 1, peak, torch.ones_like(peak)), peak


# %% exercise="no-breaks" right="detached-in-the-condition"
def limit_peak(x):
    peak = x.abs().max()
    return x / torch.where(peak.detach() > 1, peak, 1.0), peak


# %% exercise="no-breaks" right="decorated"
@torch.compile
def limit_peak(x):
    peak = x.abs().max()
    return x / peak.clamp(min=1), peak
