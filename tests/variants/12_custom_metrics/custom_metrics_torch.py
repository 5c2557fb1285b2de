# %% [markdown]
# Wrong and right answers to the exercises of unit 12, PyTorch: each cell is a whole solution cell.
# `fails` is text that the message of a failing tests cell must contain; `points` is what remains.

# %% exercise="streaming-precision" wrong="mean-of-batches" fails="mean of the batches' precisions" points=1
class StreamingPrecision:
    def __init__(self, threshold=0.5):
        self.threshold = threshold
        self.reset()

    def reset(self):
        self.values = []

    def update(self, probabilities, labels):
        called = probabilities > self.threshold
        calls = int(called.sum())
        self.values.append(int((called & (labels == 1)).sum()) / calls if calls else 0.0)

    def compute(self):
        return torch.tensor(sum(self.values) / max(len(self.values), 1), dtype=torch.float32)


# %% exercise="streaming-precision" wrong="zero-by-zero" fails="that is 0/0" points=1
class StreamingPrecision:
    def __init__(self, threshold=0.5):
        self.threshold = threshold
        self.reset()

    def reset(self):
        self.right = torch.tensor(0)
        self.calls = torch.tensor(0)

    def update(self, probabilities, labels):
        called = probabilities > self.threshold
        self.right += (called & (labels == 1)).sum()
        self.calls += called.sum()

    def compute(self):
        return self.right / self.calls


# %% exercise="streaming-precision" wrong="recall" fails="that is recall"
class StreamingPrecision:
    def __init__(self, threshold=0.5):
        self.threshold = threshold
        self.reset()

    def reset(self):
        self.right = self.positives = 0

    def update(self, probabilities, labels):
        self.right += int(((probabilities > self.threshold) & (labels == 1)).sum())
        self.positives += int((labels == 1).sum())

    def compute(self):
        value = self.right / self.positives if self.positives else 0.0
        return torch.tensor(value, dtype=torch.float32)


# %% exercise="streaming-precision" wrong="last-batch-only" fails="last batch alone" points=1
class StreamingPrecision:
    def __init__(self, threshold=0.5):
        self.threshold = threshold
        self.reset()

    def reset(self):
        self.right = self.calls = 0

    def update(self, probabilities, labels):
        called = probabilities > self.threshold
        self.right = int((called & (labels == 1)).sum())
        self.calls = int(called.sum())

    def compute(self):
        value = self.right / self.calls if self.calls else 0.0
        return torch.tensor(value, dtype=torch.float32)


# %% exercise="streaming-precision" wrong="threshold-included" fails="equal to the threshold" points=2
class StreamingPrecision:
    def __init__(self, threshold=0.5):
        self.threshold = threshold
        self.reset()

    def reset(self):
        self.right = self.calls = 0

    def update(self, probabilities, labels):
        called = probabilities >= self.threshold
        self.right += int((called & (labels == 1)).sum())
        self.calls += int(called.sum())

    def compute(self):
        value = self.right / self.calls if self.calls else 0.0
        return torch.tensor(value, dtype=torch.float32)


# %% exercise="streaming-precision" wrong="compute-resets" fails="compute must not change"
class StreamingPrecision:
    def __init__(self, threshold=0.5):
        self.threshold = threshold
        self.reset()

    def reset(self):
        self.right = self.calls = 0

    def update(self, probabilities, labels):
        called = probabilities > self.threshold
        self.right += int((called & (labels == 1)).sum())
        self.calls += int(called.sum())

    def compute(self):
        value = self.right / self.calls if self.calls else 0.0
        self.reset()
        return torch.tensor(value, dtype=torch.float32)


# %% exercise="streaming-precision" right="module-with-buffers"
class StreamingPrecision(nn.Module):
    def __init__(self, threshold=0.5):
        super().__init__()
        self.threshold = threshold
        self.register_buffer("right", torch.zeros(()))
        self.register_buffer("wrong", torch.zeros(()))

    def reset(self):
        self.right.zero_()
        self.wrong.zero_()

    @torch.no_grad()
    def update(self, probabilities, labels):
        called = probabilities.gt(self.threshold).float()
        self.right += (called * labels).sum()
        self.wrong += (called * (1 - labels)).sum()

    def compute(self):
        return torch.nan_to_num(self.right / (self.right + self.wrong), nan=0.0)


# %% exercise="streaming-precision" right="keeps-everything"
class StreamingPrecision:
    def __init__(self, threshold=0.5):
        self.threshold = threshold
        self.seen = []

    def reset(self):
        self.seen.clear()

    def update(self, probabilities, labels):
        self.seen += list(zip(probabilities.tolist(), labels.tolist()))

    def compute(self):
        hits = [label for probability, label in self.seen if probability > self.threshold]
        return torch.tensor(hits).float().mean() if hits else torch.zeros(())


# %% exercise="streaming-precision" wrong="reset-starts-over-with-the-default" fails="reset must leave the threshold" points=2
class StreamingPrecision:
    def __init__(self, threshold=0.5):
        self.threshold = threshold
        self.state = {"real": 0, "called": 0}

    def reset(self):
        self.__init__()

    def update(self, probabilities, labels):
        called = probabilities > self.threshold
        self.state["real"] += int((called & (labels == 1)).sum())
        self.state["called"] += int(called.sum())

    def compute(self):
        return torch.tensor(self.state["real"] / max(1, self.state["called"]))


# %% exercise="streaming-precision" wrong="state-of-the-class" fails="the two share their counts" points=2
class StreamingPrecision:
    state = {"real": 0, "called": 0}

    def __init__(self, threshold=0.5):
        self.threshold = threshold
        self.reset()

    def reset(self):
        self.state.update(real=0, called=0)

    def update(self, probabilities, labels):
        called = probabilities > self.threshold
        self.state["real"] += int((called & (labels == 1)).sum())
        self.state["called"] += int(called.sum())

    def compute(self):
        return torch.tensor(self.state["real"] / max(1, self.state["called"]))


# %% exercise="streaming-precision" wrong="threshold-of-the-class" fails="the threshold is that of another object" points=2
class StreamingPrecision:
    def __init__(self, threshold=0.5):
        StreamingPrecision.threshold = threshold
        self.reset()

    def reset(self):
        self.state = {"real": 0, "called": 0}

    def update(self, probabilities, labels):
        called = probabilities > self.threshold
        self.state["real"] += int((called & (labels == 1)).sum())
        self.state["called"] += int(called.sum())

    def compute(self):
        return torch.tensor(self.state["real"] / max(1, self.state["called"]))


# %% exercise="streaming-precision" right="counts-in-a-tensor"
class StreamingPrecision:
    def __init__(self, threshold=0.5):
        self.threshold = threshold
        self.reset()

    def reset(self):
        self.counts = torch.zeros(2, dtype=torch.float64)

    @torch.no_grad()
    def update(self, probabilities, labels):
        called = probabilities > self.threshold
        self.counts += torch.stack([(called * labels).sum(), called.sum()])

    def compute(self):
        real, called = self.counts
        return (real / called if called else called).float()


# %% exercise="streaming-precision" wrong="vectors-of-one" fails="wanted ()"
class StreamingPrecision:
    def __init__(self, threshold=0.5):
        self.threshold = threshold
        self.reset()

    def reset(self):
        self.true_positives, self.calls = torch.zeros(1), torch.zeros(1)

    def update(self, probabilities, labels):
        called = probabilities > self.threshold
        self.true_positives += (called & (labels == 1)).sum()
        self.calls += called.sum()

    def compute(self):
        return self.true_positives / self.calls.clamp(min=1)


# %% exercise="streaming-precision" wrong="empty-batch-resets" fails="last batch alone" points=2
class StreamingPrecision:
    def __init__(self, threshold=0.5):
        self.threshold = threshold
        self.reset()

    def reset(self):
        self.right = self.calls = 0

    def update(self, probabilities, labels):
        if len(probabilities) == 0:
            self.reset()
            return
        called = probabilities > self.threshold
        self.right += int((called & (labels == 1)).sum())
        self.calls += int(called.sum())

    def compute(self):
        value = self.right / self.calls if self.calls else 0.0
        return torch.tensor(value, dtype=torch.float32)


# %% exercise="streaming-precision" wrong="rounded" fails="count true positives and positive calls" points=2
class StreamingPrecision:
    def __init__(self, threshold=0.5):
        self.threshold = threshold
        self.reset()

    def reset(self):
        self.true_positives, self.calls = 0.0, 0.0

    def update(self, probabilities, labels):
        called = torch.round(probabilities - self.threshold + 0.5)
        self.true_positives += (called * labels).sum().item()
        self.calls += called.sum().item()

    def compute(self):
        return torch.tensor(self.true_positives / self.calls if self.calls else 0.0)


# %% exercise="huber-metric" wrong="average-of-averages" fails="mean of the batch means" points=2
class HuberMetric:
    def __init__(self, threshold=1.0):
        self.threshold = threshold
        self.reset()

    def reset(self):
        self.total = 0.0
        self.batches = 0

    def update(self, predictions, targets, weights=None):
        weights = torch.ones_like(targets) if weights is None else weights
        if not predictions.shape == targets.shape == weights.shape:
            raise ValueError("shapes differ")
        if weights.sum() > 0:
            values = F.huber_loss(predictions, targets, reduction="none", delta=self.threshold)
            self.total += ((values * weights).sum() / weights.sum()).item()
            self.batches += 1

    def compute(self):
        return torch.tensor(self.total / self.batches if self.batches else 0.0)


# %% exercise="huber-metric" wrong="book" fails="the weights were ignored" points=1
class HuberMetric:
    def __init__(self, threshold=1.0):
        self.threshold = threshold
        self.reset()

    def reset(self):
        self.total = torch.tensor(0.0)
        self.count = torch.tensor(0.0)

    def update(self, predictions, targets, weights=None):
        self.total += F.huber_loss(predictions, targets, reduction="sum", delta=self.threshold)
        self.count += targets.numel()

    def compute(self):
        return self.total / self.count


# %% exercise="huber-metric" wrong="divides-by-examples" fails="divides by the number of examples" points=2
class HuberMetric:
    def __init__(self, threshold=1.0):
        self.threshold = threshold
        self.reset()

    def reset(self):
        self.total = 0.0
        self.count = 0

    def update(self, predictions, targets, weights=None):
        weights = torch.ones_like(targets) if weights is None else weights
        if not predictions.shape == targets.shape == weights.shape:
            raise ValueError("shapes differ")
        values = F.huber_loss(predictions, targets, reduction="none", delta=self.threshold)
        self.total += (values * weights).sum().item()
        self.count += len(targets)

    def compute(self):
        return torch.tensor(self.total / self.count if self.count else 0.0)


# %% exercise="huber-metric" wrong="threshold-fixed" fails="threshold was ignored" points=1
class HuberMetric:
    def __init__(self, threshold=1.0):
        self.reset()

    def reset(self):
        self.total = self.weight = 0.0

    def update(self, predictions, targets, weights=None):
        weights = torch.ones_like(targets) if weights is None else weights
        if not predictions.shape == targets.shape == weights.shape:
            raise ValueError("shapes differ")
        values = F.huber_loss(predictions, targets, reduction="none")
        self.total += (values * weights).sum().item()
        self.weight += weights.sum().item()

    def compute(self):
        return torch.tensor(self.total / self.weight if self.weight else 0.0)


# %% exercise="huber-metric" wrong="shapes-not-checked" fails="was accepted, wanted a ValueError" points=3
class HuberMetric:
    def __init__(self, threshold=1.0):
        self.threshold = threshold
        self.reset()

    def reset(self):
        self.total = self.weight = 0.0

    def update(self, predictions, targets, weights=None):
        e = (predictions - targets).abs()
        t = self.threshold
        values = torch.where(e <= t, e**2 / 2, t * (e - t / 2))
        weights = torch.ones_like(values) if weights is None else weights
        self.total += (values * weights).sum().item()
        self.weight += weights.sum().item()

    def compute(self):
        return torch.tensor(self.total / self.weight if self.weight else 0.0)


# %% exercise="huber-metric" wrong="checked-too-late" fails="check the shapes before you change the state" points=3
class HuberMetric:
    def __init__(self, threshold=1.0):
        self.threshold = threshold
        self.reset()

    def reset(self):
        self.total = self.weight = 0.0

    def update(self, predictions, targets, weights=None):
        weights = torch.ones_like(targets) if weights is None else weights
        self.weight += weights.sum().item()
        if not predictions.shape == targets.shape == weights.shape:
            raise ValueError("shapes differ")
        values = F.huber_loss(predictions, targets, reduction="none", delta=self.threshold)
        self.total += (values * weights).sum().item()

    def compute(self):
        return torch.tensor(self.total / self.weight if self.weight else 0.0)


# %% exercise="huber-metric" right="float64-tensors"
class HuberMetric:
    def __init__(self, threshold=1.0):
        self.threshold = threshold
        self.sums = torch.zeros(2, dtype=torch.float64)

    def reset(self):
        self.sums = torch.zeros_like(self.sums)

    @torch.no_grad()
    def update(self, predictions, targets, weights=None):
        if predictions.shape != targets.shape:
            raise ValueError(f"{predictions.shape} against {targets.shape}")
        if weights is None:
            weights = torch.ones(targets.shape)
        if weights.shape != targets.shape:
            raise ValueError(f"weights {weights.shape} against {targets.shape}")
        e, t = (predictions - targets).double().abs(), self.threshold
        values = t * (e - t / 2)
        values[e <= t] = e[e <= t] ** 2 / 2
        self.sums += torch.stack([weights.double() @ values, weights.double().sum()])

    def compute(self):
        if self.sums[1] == 0:
            return torch.tensor(0.0)
        return (self.sums[0] / self.sums[1]).float()


# %% exercise="huber-metric" right="keeps-everything"
class HuberMetric:
    def __init__(self, threshold=1.0):
        self.loss = nn.HuberLoss(reduction="none", delta=threshold)
        self.reset()

    def reset(self):
        self.values, self.weights = [], []

    def update(self, predictions, targets, weights=None):
        weights = targets.new_ones(targets.shape) if weights is None else weights
        if len({predictions.shape, targets.shape, weights.shape}) != 1:
            raise ValueError("the shapes differ")
        self.values.append(self.loss(predictions, targets))
        self.weights.append(weights)

    def compute(self):
        if not self.values:
            return torch.zeros(())
        values, weights = torch.cat(self.values), torch.cat(self.weights)
        return torch.nan_to_num((values * weights).sum() / weights.sum())


# %% exercise="huber-metric" wrong="reset-starts-over-with-the-default" fails="the threshold must stay" points=3
class HuberMetric:
    def __init__(self, threshold=1.0):
        self.threshold = threshold
        self.total = self.weight = 0.0

    def reset(self):
        self.__init__()

    def update(self, predictions, targets, weights=None):
        if weights is None:
            weights = torch.ones_like(targets)
        if not predictions.shape == targets.shape == weights.shape:
            raise ValueError("shapes")
        values = F.huber_loss(predictions, targets, reduction="none", delta=self.threshold)
        self.total += (weights * values).sum().item()
        self.weight += weights.sum().item()

    def compute(self):
        return torch.tensor(self.total / self.weight if self.weight else 0.0)


# %% exercise="huber-metric" wrong="weights-made-to-average-1" fails="counted by its size" points=3
class HuberMetric:
    def __init__(self, threshold=1.0):
        self.threshold = threshold
        self.total = self.weight = 0.0

    def reset(self):
        self.total = self.weight = 0.0

    def update(self, predictions, targets, weights=None):
        if weights is None:
            weights = torch.ones_like(targets)
        if not predictions.shape == targets.shape == weights.shape:
            raise ValueError("shapes")
        if weights.sum() > 0:
            weights = weights * len(weights) / weights.sum()
        values = F.huber_loss(predictions, targets, reduction="none", delta=self.threshold)
        self.total += (weights * values).sum().item()
        self.weight += weights.sum().item()

    def compute(self):
        return torch.tensor(self.total / self.weight if self.weight else 0.0)


# %% exercise="huber-metric" wrong="as-many-numbers" fails="was accepted, wanted a ValueError" points=3
class HuberMetric:
    def __init__(self, threshold=1.0):
        self.threshold = threshold
        self.total = self.weight = 0.0

    def reset(self):
        self.total = self.weight = 0.0

    def update(self, predictions, targets, weights=None):
        if weights is None:
            weights = torch.ones_like(targets)
        if not predictions.numel() == targets.numel() == weights.numel():
            raise ValueError("shapes")
        predictions, targets, weights = (t.flatten() for t in (predictions, targets, weights))
        values = F.huber_loss(predictions, targets, reduction="none", delta=self.threshold)
        self.total += (weights * values).sum().item()
        self.weight += weights.sum().item()

    def compute(self):
        return torch.tensor(self.total / self.weight if self.weight else 0.0)


# %% exercise="huber-metric" wrong="weights-not-looked-at" fails="was accepted, wanted a ValueError" points=3
class HuberMetric:
    def __init__(self, threshold=1.0):
        self.threshold = threshold
        self.total = self.weight = 0.0

    def reset(self):
        self.total = self.weight = 0.0

    def update(self, predictions, targets, weights=None):
        if weights is None:
            weights = torch.ones_like(targets)
        if predictions.shape != targets.shape or weights.ndim != 1:
            raise ValueError("shapes")
        values = F.huber_loss(predictions, targets, reduction="none", delta=self.threshold)
        self.total += (weights * values).sum().item()
        self.weight += weights.sum().item()

    def compute(self):
        return torch.tensor(self.total / self.weight if self.weight else 0.0)


# %% exercise="huber-metric" wrong="threshold-of-the-class" fails="the threshold is that of another object" points=3
class HuberMetric:
    def __init__(self, threshold=1.0):
        HuberMetric.threshold = threshold
        self.reset()

    def reset(self):
        self.total = self.weight = 0.0

    def update(self, predictions, targets, weights=None):
        if weights is None:
            weights = torch.ones_like(targets)
        if not predictions.shape == targets.shape == weights.shape:
            raise ValueError("shapes differ")
        values = F.huber_loss(predictions, targets, reduction="none", delta=self.threshold)
        self.total += (weights * values).sum().item()
        self.weight += weights.sum().item()

    def compute(self):
        return torch.tensor(self.total / self.weight if self.weight else 0.0)


# %% exercise="huber-metric" wrong="sums-of-the-class" fails="the two share their sums" points=3
class HuberMetric:
    def __init__(self, threshold=1.0):
        self.threshold = threshold
        self.reset()

    def reset(self):
        HuberMetric.total = HuberMetric.weight = 0.0

    def update(self, predictions, targets, weights=None):
        if weights is None:
            weights = torch.ones_like(targets)
        if not predictions.shape == targets.shape == weights.shape:
            raise ValueError("shapes differ")
        values = F.huber_loss(predictions, targets, reduction="none", delta=self.threshold)
        HuberMetric.total += (weights * values).sum().item()
        HuberMetric.weight += weights.sum().item()

    def compute(self):
        return torch.tensor(self.total / self.weight if self.weight else 0.0)


# %% exercise="huber-metric" wrong="asserts" fails="raised AssertionError" points=3
class HuberMetric:
    def __init__(self, threshold=1.0):
        self.threshold = threshold
        self.reset()

    def reset(self):
        self.total, self.weight = 0.0, 0.0

    def update(self, predictions, targets, weights=None):
        weights = torch.ones_like(targets) if weights is None else weights
        assert predictions.shape == targets.shape == weights.shape
        values = F.huber_loss(predictions, targets, reduction="none", delta=self.threshold)
        self.total += (weights * values).sum().item()
        self.weight += weights.sum().item()

    def compute(self):
        return torch.tensor(self.total / self.weight if self.weight else 0.0)


# %% exercise="huber-metric" wrong="weight-of-1-or-more" fails="sum of weight times value" points=3
class HuberMetric:
    def __init__(self, threshold=1.0):
        self.threshold = threshold
        self.reset()

    def reset(self):
        self.total, self.weight = torch.tensor(0.0), torch.tensor(0.0)

    def update(self, predictions, targets, weights=None):
        weights = torch.ones_like(targets) if weights is None else weights
        if not predictions.shape == targets.shape == weights.shape:
            raise ValueError("the shapes differ")
        values = F.huber_loss(predictions, targets, reduction="none", delta=self.threshold)
        self.total = self.total + (weights * values).sum()
        self.weight = self.weight + weights.sum()

    def compute(self):
        return self.total / self.weight.clamp(min=1)


# %% exercise="reset-and-reuse" wrong="state-in-class" fails="belongs to all objects" points=1
class ErrorRange:
    smallest = [math.inf]
    largest = [-math.inf]

    def reset(self):
        self.smallest[0], self.largest[0] = math.inf, -math.inf

    def update(self, predictions, targets):
        for error in (predictions - targets).abs().tolist():
            self.smallest[0] = min(self.smallest[0], error)
            self.largest[0] = max(self.largest[0], error)

    def compute(self):
        return torch.tensor([self.smallest[0], self.largest[0]])


# %% exercise="reset-and-reuse" wrong="starts-at-zero" fails="start from inf and -inf"
class ErrorRange:
    def __init__(self):
        self.reset()

    def reset(self):
        self.smallest = self.largest = 0.0

    def update(self, predictions, targets):
        for error in (predictions - targets).abs().tolist():
            self.smallest = min(self.smallest, error)
            self.largest = max(self.largest, error)

    def compute(self):
        return torch.tensor([self.smallest, self.largest])


# %% exercise="reset-and-reuse" wrong="reset-to-zero" fails="which is not 0" points=3
class ErrorRange:
    def __init__(self):
        self.smallest, self.largest = math.inf, -math.inf

    def reset(self):
        self.smallest, self.largest = 0.0, 0.0

    def update(self, predictions, targets):
        for error in (predictions - targets).abs().tolist():
            self.smallest = min(self.smallest, error)
            self.largest = max(self.largest, error)

    def compute(self):
        return torch.tensor([self.smallest, self.largest])


# %% exercise="reset-and-reuse" wrong="hands-out-its-state" fails="changed afterwards" points=3
class ErrorRange:
    def __init__(self):
        self.range = torch.tensor([math.inf, -math.inf])

    def reset(self):
        self.range[0], self.range[1] = math.inf, -math.inf

    def update(self, predictions, targets):
        for error in (predictions - targets).abs():
            self.range[0] = torch.minimum(self.range[0], error)
            self.range[1] = torch.maximum(self.range[1], error)

    def compute(self):
        return self.range


# %% exercise="reset-and-reuse" wrong="min-of-nothing" fails="minimum of nothing" points=3
class ErrorRange:
    def __init__(self):
        self.reset()

    def reset(self):
        self.smallest, self.largest = math.inf, -math.inf

    def update(self, predictions, targets):
        errors = (predictions - targets).abs()
        self.smallest = min(self.smallest, errors.min().item())
        self.largest = max(self.largest, errors.max().item())

    def compute(self):
        return torch.tensor([self.smallest, self.largest])


# %% exercise="reset-and-reuse" wrong="signed-errors" fails="signed errors" points=1
class ErrorRange:
    def __init__(self):
        self.reset()

    def reset(self):
        self.smallest, self.largest = math.inf, -math.inf

    def update(self, predictions, targets):
        for error in (predictions - targets).tolist():
            self.smallest = min(self.smallest, error)
            self.largest = max(self.largest, error)

    def compute(self):
        return torch.tensor([self.smallest, self.largest])


# %% exercise="reset-and-reuse" right="init-again"
class ErrorRange:
    def __init__(self):
        self.ends = torch.tensor([math.inf, -math.inf])

    def reset(self):
        self.__init__()

    def update(self, predictions, targets):
        both = torch.cat([self.ends, torch.abs(targets - predictions)])
        low = torch.cat([self.ends[:1], both[2:]]).min()
        high = torch.cat([self.ends[1:], both[2:]]).max()
        self.ends = torch.stack([low, high])

    def compute(self):
        return self.ends


# %% exercise="reset-and-reuse" right="list-of-errors"
class ErrorRange:
    def __init__(self):
        self.errors = []

    def reset(self):
        self.errors = []

    def update(self, predictions, targets):
        self.errors.extend((predictions - targets).abs().tolist())

    def compute(self):
        ends = min(self.errors, default=math.inf), max(self.errors, default=-math.inf)
        return torch.tensor(ends)


# %% exercise="reset-and-reuse" wrong="value-follows-the-batches" fails="they changed afterwards" points=3
class ErrorRange:
    def __init__(self):
        self.reset()

    def reset(self):
        self.value = torch.tensor([math.inf, -math.inf])

    def update(self, predictions, targets):
        for error in (predictions - targets).abs():
            self.value[0] = torch.minimum(self.value[0], error)
            self.value[1] = torch.maximum(self.value[1], error)

    def compute(self):
        return self.value


# %% exercise="reset-and-reuse" wrong="half-a-reset" fails="reset must put back all of the state" points=3
class ErrorRange:
    def __init__(self):
        self.smallest, self.largest = math.inf, -math.inf

    def reset(self):
        self.smallest = math.inf

    def update(self, predictions, targets):
        for error in (predictions - targets).abs().tolist():
            self.smallest, self.largest = min(self.smallest, error), max(self.largest, error)

    def compute(self):
        return torch.tensor([self.smallest, self.largest])


# %% exercise="reset-and-reuse" wrong="default-argument" fails="in a default argument" points=1
class ErrorRange:
    def __init__(self, state=[math.inf, -math.inf]):
        self.state = state

    def reset(self):
        self.state[:] = [math.inf, -math.inf]

    def update(self, predictions, targets):
        for error in (predictions - targets).abs().tolist():
            self.state[:] = min(self.state[0], error), max(self.state[1], error)

    def compute(self):
        return torch.tensor(self.state)


# %% exercise="reset-and-reuse" right="numbers-in-the-class-body"
class ErrorRange:
    smallest, largest = math.inf, -math.inf

    def reset(self):
        self.smallest, self.largest = math.inf, -math.inf

    def update(self, predictions, targets):
        for error in (predictions - targets).abs().tolist():
            self.smallest, self.largest = min(self.smallest, error), max(self.largest, error)

    def compute(self):
        return torch.tensor([self.smallest, self.largest])


# %% exercise="reset-and-reuse" wrong="no-answer-without-examples" fails="raised ValueError" points=1
class ErrorRange:
    def __init__(self):
        self.errors = []

    def reset(self):
        self.errors = []

    def update(self, predictions, targets):
        self.errors += (predictions - targets).abs().tolist()

    def compute(self):
        return torch.tensor([min(self.errors), max(self.errors)])


# %% exercise="no-graph-kept" wrong="keeps-the-graph" fails="the metric keeps the graph" points=3
class RunningLoss:
    def __init__(self):
        self.reset()

    def reset(self):
        self.total = torch.tensor(0.0)
        self.count = 0

    def update(self, loss, n):
        if n:
            self.total = self.total + n * loss
            self.count += n

    def compute(self):
        return self.total / self.count if self.count else torch.tensor(0.0)


# %% exercise="no-graph-kept" wrong="detaches-the-callers-loss" fails="changed the caller's loss" points=3
class RunningLoss:
    def __init__(self):
        self.reset()

    def reset(self):
        self.total = torch.tensor(0.0)
        self.count = 0

    def update(self, loss, n):
        if n:
            self.total += n * loss.detach_()
            self.count += n

    def compute(self):
        return self.total / self.count if self.count else torch.tensor(0.0)


# %% exercise="no-graph-kept" wrong="list-of-losses" fails="it collects what it is given" points=3
class RunningLoss:
    def __init__(self):
        self.reset()

    def reset(self):
        self.losses, self.sizes = [], []

    def update(self, loss, n):
        if n:
            self.losses.append(loss.item())
            self.sizes.append(n)

    def compute(self):
        if not self.sizes:
            return torch.tensor(0.0)
        return torch.tensor(np.average(self.losses, weights=self.sizes), dtype=torch.float32)


# %% exercise="no-graph-kept" wrong="mean-of-losses" fails="weigh each with its n" points=1
class RunningLoss:
    def __init__(self):
        self.reset()

    def reset(self):
        self.total, self.batches = 0.0, 0

    def update(self, loss, n):
        if n:
            self.total += loss.item()
            self.batches += 1

    def compute(self):
        return torch.tensor(self.total / self.batches if self.batches else 0.0)


# %% exercise="no-graph-kept" wrong="nan-times-zero" fails="an empty batch was counted" points=3
class RunningLoss:
    def __init__(self):
        self.reset()

    def reset(self):
        self.total, self.count = 0.0, 0

    def update(self, loss, n):
        self.total += n * loss.item()
        self.count += n

    def compute(self):
        return torch.tensor(self.total / self.count if self.count else 0.0)


# %% exercise="no-graph-kept" wrong="last-loss-kept-too" fails="the metric keeps the graph" points=3
class RunningLoss:
    def __init__(self):
        self.reset()

    def reset(self):
        self.total, self.count, self.last = 0.0, 0, None

    def update(self, loss, n):
        if n:
            self.last = loss
            self.total += n * loss.item()
            self.count += n

    def compute(self):
        return torch.tensor(self.total / self.count if self.count else 0.0)


# %% exercise="no-graph-kept" right="detached-tensors"
class RunningLoss:
    def __init__(self):
        self.reset()

    def reset(self):
        self.sums = torch.zeros(2, dtype=torch.float64)

    def update(self, loss, n):
        if n == 0:
            return
        self.sums[0] += loss.detach() * n
        self.sums[1] += n

    def compute(self):
        return (self.sums[0] / self.sums[1].clamp(min=1)).float()


# %% exercise="no-graph-kept" right="running-mean"
class RunningLoss:
    def __init__(self):
        self.mean, self.count = 0.0, 0

    def reset(self):
        self.mean, self.count = 0.0, 0

    def update(self, loss, n):
        if n > 0:
            self.count += n
            self.mean += (float(loss) - self.mean) * n / self.count

    def compute(self):
        return torch.tensor(self.mean)


# %% exercise="no-graph-kept" right="no-grad"
class RunningLoss(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("total", torch.zeros(()))
        self.register_buffer("count", torch.zeros(()))

    def reset(self):
        self.total.zero_()
        self.count.zero_()

    @torch.no_grad()
    def update(self, loss, n):
        if n > 0:
            self.total += loss * n
            self.count += n

    def compute(self):
        return torch.where(self.count > 0, self.total / self.count, 0.0)


# %% exercise="no-graph-kept" wrong="writes-a-log" fails="it collects what it is given" points=3
class RunningLoss:
    def __init__(self):
        self.reset()

    def reset(self):
        self.total, self.count, self.log = 0.0, 0, ""

    def update(self, loss, n):
        if n:
            self.total += loss.item() * n
            self.count += n
            self.log += f"{loss.item():.4f} "

    def compute(self):
        return torch.tensor(self.total / max(1, self.count))


# %% exercise="no-graph-kept" wrong="joined-tensors" fails="it collects what it is given" points=3
class RunningLoss:
    def __init__(self):
        self.reset()

    def reset(self):
        self.losses, self.sizes = torch.zeros(0), torch.zeros(0)

    def update(self, loss, n):
        if n:
            self.losses = torch.cat([self.losses, loss.detach()[None]])
            self.sizes = torch.cat([self.sizes, torch.tensor([float(n)])])

    def compute(self):
        return (self.losses * self.sizes).sum() / self.sizes.sum().clamp(min=1)


# %% exercise="no-graph-kept" wrong="detached-in-the-end" fails="the metric keeps the graph" points=3
class RunningLoss:
    def __init__(self):
        self.reset()

    def reset(self):
        self.total, self.count = torch.zeros(()), 0

    def update(self, loss, n):
        if n:
            self.total = self.total + loss * n
            self.count += n

    def compute(self):
        return (self.total / max(1, self.count)).detach()


# %% exercise="no-graph-kept" right="sums-in-numpy"
class RunningLoss:
    def __init__(self):
        self.reset()

    def reset(self):
        self.sums = np.zeros(2)

    def update(self, loss, n):
        if n:
            self.sums += [n * float(loss.detach()), n]

    def compute(self):
        total, count = self.sums
        return torch.tensor(total / count if count else 0.0, dtype=torch.float32)


# %% exercise="no-graph-kept" wrong="nan-made-zero" fails="not those whose loss is NaN" points=3
class RunningLoss:
    def __init__(self):
        self.reset()

    def reset(self):
        self.total, self.count = 0.0, 0

    def update(self, loss, n):
        self.total += torch.nan_to_num(loss.detach()).item() * n
        self.count += n

    def compute(self):
        return torch.tensor(self.total / self.count if self.count else 0.0)


# %% exercise="no-graph-kept" wrong="state-of-the-class" fails="the two share their state" points=3
class RunningLoss:
    def __init__(self):
        self.reset()

    def reset(self):
        RunningLoss.total, RunningLoss.count = 0.0, 0

    def update(self, loss, n):
        if n > 0:
            RunningLoss.total += n * loss.item()
            RunningLoss.count += n

    def compute(self):
        return torch.tensor(self.total / self.count if self.count else 0.0)


# %% exercise="no-graph-kept" wrong="multiplied-in-place" fails="shares its numbers with loss" points=3
class RunningLoss:
    def __init__(self):
        self.reset()

    def reset(self):
        self.total, self.count = 0.0, 0

    def update(self, loss, n):
        if n > 0:
            loss = loss.detach()
            loss *= n
            self.total += loss.item()
            self.count += n

    def compute(self):
        return torch.tensor(self.total / self.count if self.count else 0.0)


# %% exercise="top-k-accuracy" wrong="argmax" fails="k was ignored"
class TopKAccuracy:
    def __init__(self, k):
        self.k = k
        self.reset()

    def reset(self):
        self.hits = self.count = 0

    def update(self, logits, labels):
        self.hits += int((logits.argmax(dim=1) == labels).sum())
        self.count += len(labels)

    def compute(self):
        return torch.tensor(self.hits / self.count if self.count else 0.0)


# %% exercise="top-k-accuracy" wrong="no-axis-on-labels" fails="labels need an axis"
class TopKAccuracy:
    def __init__(self, k):
        self.k = k
        self.reset()

    def reset(self):
        self.hits = self.count = 0

    def update(self, logits, labels):
        best = logits.topk(min(self.k, logits.shape[1]), dim=1).indices
        self.hits += int((best == labels).any(dim=1).sum())
        self.count += len(labels)

    def compute(self):
        return torch.tensor(self.hits / self.count if self.count else 0.0)


# %% exercise="top-k-accuracy" wrong="softmax-first" fails="all but the largest of such logits 0" points=2
class TopKAccuracy:
    def __init__(self, k):
        self.k = k
        self.reset()

    def reset(self):
        self.hits = self.count = 0

    def update(self, logits, labels):
        probabilities = logits.softmax(dim=1)
        best = probabilities.topk(min(self.k, logits.shape[1]), dim=1).indices
        self.hits += int((best == labels[:, None]).any(dim=1).sum())
        self.count += len(labels)

    def compute(self):
        return torch.tensor(self.hits / self.count if self.count else 0.0)


# %% exercise="top-k-accuracy" wrong="k-beyond-the-classes" fails="every example is a hit" points=2
class TopKAccuracy:
    def __init__(self, k):
        self.k = k
        self.reset()

    def reset(self):
        self.hits = self.count = 0

    def update(self, logits, labels):
        best = logits.topk(self.k, dim=1).indices
        self.hits += int((best == labels[:, None]).any(dim=1).sum())
        self.count += len(labels)

    def compute(self):
        return torch.tensor(self.hits / self.count if self.count else 0.0)


# %% exercise="top-k-accuracy" wrong="mean-of-batches" fails="mean of the batches' shares" points=2
class TopKAccuracy:
    def __init__(self, k):
        self.k = k
        self.reset()

    def reset(self):
        self.shares = []

    def update(self, logits, labels):
        best = logits.topk(min(self.k, logits.shape[1]), dim=1).indices
        if len(labels):
            hits = (best == labels[:, None]).any(dim=1)
            self.shares.append(hits.float().mean().item())

    def compute(self):
        return torch.tensor(sum(self.shares) / len(self.shares) if self.shares else 0.0)


# %% exercise="top-k-accuracy" wrong="smallest-first" fails="ranks the smallest logits first"
class TopKAccuracy:
    def __init__(self, k):
        self.k = k
        self.reset()

    def reset(self):
        self.hits = self.count = 0

    def update(self, logits, labels):
        best = logits.argsort(dim=1)[:, :self.k]
        self.hits += int((best == labels[:, None]).any(dim=1).sum())
        self.count += len(labels)

    def compute(self):
        return torch.tensor(self.hits / self.count if self.count else 0.0)


# %% exercise="top-k-accuracy" wrong="k-cut-down-for-good" fails="a batch with fewer classes must not change it" points=2
class TopKAccuracy:
    def __init__(self, k):
        self.k = k
        self.reset()

    def update(self, logits, labels):
        self.k = min(self.k, logits.shape[1])
        top = logits.topk(self.k, dim=1).indices
        self.hits += int((top == labels[:, None]).sum())
        self.count += len(labels)

    def compute(self):
        return torch.tensor(self.hits / self.count if self.count else 0.0)

    def reset(self):
        self.hits, self.count = 0, 0


# %% exercise="top-k-accuracy" right="count-the-better-ones"
class TopKAccuracy:
    def __init__(self, k):
        self.k = k
        self.reset()

    def reset(self):
        self.hits = self.count = 0

    def update(self, logits, labels):
        own = logits.gather(1, labels[:, None])
        self.hits += ((logits > own).sum(dim=1) < self.k).sum().item()
        self.count += len(labels)

    def compute(self):
        return torch.tensor(self.hits / max(self.count, 1))


# %% exercise="top-k-accuracy" right="sort-and-loop"
class TopKAccuracy:
    def __init__(self, k):
        self.k = k
        self.seen = []

    def reset(self):
        self.seen = []

    def update(self, logits, labels):
        for row, label in zip(logits.tolist(), labels.tolist()):
            order = sorted(range(len(row)), key=lambda c: row[c], reverse=True)
            self.seen.append(float(label in order[:self.k]))

    def compute(self):
        return torch.tensor(self.seen).mean() if self.seen else torch.tensor(0.0)


# %% exercise="top-k-accuracy" wrong="softmax-in-float64" fails="all but the largest of such logits 0" points=2
class TopKAccuracy:
    def __init__(self, k):
        self.k = k
        self.hits = self.count = 0

    def reset(self):
        self.hits = self.count = 0

    def update(self, logits, labels):
        scores = logits.double().softmax(dim=1)
        best = scores.topk(min(self.k, logits.shape[1]), dim=1).indices
        self.hits += int((best == labels[:, None]).sum())
        self.count += len(labels)

    def compute(self):
        return torch.tensor(self.hits / max(1, self.count))


# %% exercise="top-k-accuracy" wrong="reset-with-another-k" fails="and examples, and leave k" points=2
class TopKAccuracy:
    def __init__(self, k):
        self.k = k
        self.hits = self.count = 0

    def reset(self):
        self.__init__(1)

    def update(self, logits, labels):
        scores = logits
        best = scores.topk(min(self.k, logits.shape[1]), dim=1).indices
        self.hits += int((best == labels[:, None]).sum())
        self.count += len(labels)

    def compute(self):
        return torch.tensor(self.hits / max(1, self.count))


# %% exercise="top-k-accuracy" wrong="half-a-reset" fails="reset must put back hits and examples" points=2
class TopKAccuracy:
    def __init__(self, k):
        self.k = k
        self.hits = self.count = 0

    def reset(self):
        self.hits = 0

    def update(self, logits, labels):
        scores = logits
        best = scores.topk(min(self.k, logits.shape[1]), dim=1).indices
        self.hits += int((best == labels[:, None]).sum())
        self.count += len(labels)

    def compute(self):
        return torch.tensor(self.hits / max(1, self.count))


# %% exercise="top-k-accuracy" wrong="sizes-of-logits" fails="whose label is among the k largest logits"
class TopKAccuracy:
    def __init__(self, k):
        self.k = k
        self.hits = self.count = 0

    def reset(self):
        self.hits = self.count = 0

    def update(self, logits, labels):
        scores = logits.abs()
        best = scores.topk(min(self.k, logits.shape[1]), dim=1).indices
        self.hits += int((best == labels[:, None]).sum())
        self.count += len(labels)

    def compute(self):
        return torch.tensor(self.hits / max(1, self.count))


# %% exercise="top-k-accuracy" right="log-softmax"
class TopKAccuracy:
    def __init__(self, k):
        self.k = k
        self.hits = self.count = 0

    def reset(self):
        self.hits = self.count = 0

    def update(self, logits, labels):
        scores = logits.double().log_softmax(dim=1)
        best = scores.topk(min(self.k, logits.shape[1]), dim=1).indices
        self.hits += int((best == labels[:, None]).sum())
        self.count += len(labels)

    def compute(self):
        return torch.tensor(self.hits / max(1, self.count))


# %% exercise="top-k-accuracy" wrong="sums-of-the-class" fails="the two share their counts" points=2
class TopKAccuracy:
    def __init__(self, k):
        self.k = k
        self.reset()

    def reset(self):
        TopKAccuracy.hits = TopKAccuracy.count = 0

    def update(self, logits, labels):
        best = logits.topk(min(self.k, logits.shape[1]), dim=1).indices
        TopKAccuracy.hits += int((best == labels[:, None]).sum())
        TopKAccuracy.count += len(labels)

    def compute(self):
        return torch.tensor(self.hits / self.count if self.count else 0.0)


# %% exercise="top-k-accuracy" wrong="last-batch-only" fails="that is the last batch alone" points=1
class TopKAccuracy:
    def __init__(self, k):
        self.k = k
        self.reset()

    def reset(self):
        self.share = torch.tensor(0.0)

    def update(self, logits, labels):
        if len(labels):
            best = logits.topk(min(self.k, logits.shape[1]), dim=1).indices
            self.share = (best == labels[:, None]).any(dim=1).float().mean()

    def compute(self):
        return self.share
