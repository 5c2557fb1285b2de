# %% [markdown]
# Wrong and right answers to the exercises of `solutions/13_training_loops/training_loops_torch.py`, one per cell.
# A wrong one must fail with the words in `fails` and keep `points`; a right one must get full marks.

# %% exercise="linear-from-zero" wrong="column-minus-row" fails="every prediction was compared with every target" points=1
def fit_linear(x, y, learning_rate=0.01, steps=100):
    w = torch.zeros(x.shape[1], 1, requires_grad=True)
    b = torch.zeros((), requires_grad=True)
    for _ in range(steps):
        loss = ((x @ w + b - y) ** 2).mean()
        slopes = torch.autograd.grad(loss, (w, b))
        with torch.no_grad():
            w -= learning_rate * slopes[0]
            b -= learning_rate * slopes[1]
    return w.detach()[:, 0], b.detach()


# %% exercise="linear-from-zero" wrong="sum-of-squares" fails="the squares were summed" points=1
def fit_linear(x, y, learning_rate=0.01, steps=100):
    w = torch.zeros(x.shape[1])
    b = torch.zeros(())
    for _ in range(steps):
        r = x @ w + b - y
        w = w - learning_rate * 2 * (r @ x)
        b = b - learning_rate * 2 * r.sum()
    return w, b


# %% exercise="linear-from-zero" wrong="gradients-not-cleared" fails="gradients add up from step to step" points=2
def fit_linear(x, y, learning_rate=0.01, steps=100):
    w = torch.zeros(x.shape[1], requires_grad=True)
    b = torch.zeros((), requires_grad=True)
    optimizer = torch.optim.SGD([w, b], lr=learning_rate)
    for _ in range(steps):
        ((x @ w + b - y) ** 2).mean().backward()
        optimizer.step()
    return w.detach(), b.detach()


# %% exercise="linear-from-zero" wrong="no-bias" fails="the bias is never updated" points=1
def fit_linear(x, y, learning_rate=0.01, steps=100):
    w = torch.zeros(x.shape[1])
    b = torch.zeros(())
    for _ in range(steps):
        w = w - learning_rate * 2 * ((x @ w + b - y) @ x) / len(y)
    return w, b


# %% exercise="linear-from-zero" wrong="random-start" fails="start at zero"
def fit_linear(x, y, learning_rate=0.01, steps=100):
    layer = nn.Linear(x.shape[1], 1)
    optimizer = torch.optim.SGD(layer.parameters(), lr=learning_rate)
    for _ in range(steps):
        optimizer.zero_grad()
        F.mse_loss(layer(x)[:, 0], y).backward()
        optimizer.step()
    return layer.weight.detach()[0], layer.bias.detach()[0]


# %% exercise="linear-from-zero" wrong="a-column-comes-back" fails="wanted float32 of (3,)" points=2
def fit_linear(x, y, learning_rate=0.01, steps=100):
    w = torch.zeros(x.shape[1], 1, requires_grad=True)
    b = torch.zeros(1, requires_grad=True)
    for _ in range(steps):
        loss = ((x @ w + b - y[:, None]) ** 2).mean()
        slopes = torch.autograd.grad(loss, (w, b))
        with torch.no_grad():
            w -= learning_rate * slopes[0]
            b -= learning_rate * slopes[1]
    return w.detach(), b.detach()


# %% exercise="linear-from-zero" right="dense-layer-and-optimizer"
def fit_linear(x, y, learning_rate=0.01, steps=100):
    layer = nn.Linear(x.shape[1], 1)
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    optimizer = torch.optim.SGD(layer.parameters(), lr=learning_rate)
    for _ in range(steps):
        optimizer.zero_grad()
        F.mse_loss(layer(x).squeeze(-1), y).backward()
        optimizer.step()
    return layer.weight.reshape(-1), layer.bias[0]


# %% exercise="linear-from-zero" right="by-hand-in-float64"
def fit_linear(x, y, learning_rate=0.01, steps=100):
    ones = torch.cat([x, torch.ones(len(x), 1)], dim=1).double()
    theta = torch.zeros(ones.shape[1], dtype=torch.float64)
    for _ in range(steps):
        theta -= learning_rate * 2 / len(y) * ones.T @ (ones @ theta - y.double())
    return [theta[:-1].float(), theta[-1].float()]


# %% exercise="linear-from-zero" right="parameters"
def fit_linear(x, y, learning_rate=0.01, steps=100):
    w, b = nn.Parameter(torch.zeros(x.size(1))), nn.Parameter(torch.tensor(0.0))
    for _ in range(steps):
        w.grad = b.grad = None
        (x @ w + b - y).pow(2).mean().backward()
        w.data -= learning_rate * w.grad
        b.data -= learning_rate * b.grad
    return w, b


# %% exercise="linear-from-zero" wrong="one-after-the-other" fails="both gradients at the same place" points=1
def fit_linear(x, y, learning_rate=0.01, steps=100):
    w, b = torch.zeros(x.shape[1], requires_grad=True), torch.zeros((), requires_grad=True)
    for _ in range(steps):
        for tensor in (w, b):
            (slope,) = torch.autograd.grad(((x @ w + b - y) ** 2).mean(), tensor)
            with torch.no_grad():
                tensor -= learning_rate * slope
    return w.detach(), b.detach()


# %% exercise="linear-from-zero" wrong="solved-at-once" fails="w and b start at zero"
def fit_linear(x, y, learning_rate=0.01, steps=100):
    rows = torch.cat([x, torch.ones(len(x), 1)], dim=1)
    solution = torch.linalg.lstsq(rows, y[:, None]).solution[:, 0]
    return solution[:-1], solution[-1]


# %% exercise="linear-from-zero" wrong="one-example-at-a-time" fails="start at zero, mean of squares" points=1
def fit_linear(x, y, learning_rate=0.01, steps=100):
    w, b = torch.zeros(x.shape[1], requires_grad=True), torch.zeros((), requires_grad=True)
    optimizer = torch.optim.SGD([w, b], lr=learning_rate)
    for _ in range(steps):
        for row, target in zip(x, y):
            optimizer.zero_grad()
            ((row @ w + b - target) ** 2).backward()
            optimizer.step()
    return w.detach(), b.detach()


# %% exercise="linear-from-zero" right="column-turned-into-a-row"
def fit_linear(x, y, learning_rate=0.01, steps=100):
    w, b = torch.zeros(x.shape[1], 1, requires_grad=True), torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.SGD([w, b], lr=learning_rate)
    for _ in range(steps):
        optimizer.zero_grad()
        F.mse_loss((x @ w + b)[:, 0], y).backward()
        optimizer.step()
    return w[:, 0], b[0]


# %% exercise="linear-from-zero" wrong="the-model-comes-back" fails="gave Linear, wanted the pair"
def fit_linear(x, y, learning_rate=0.01, steps=100):
    model = nn.Linear(x.shape[1], 1)
    nn.init.zeros_(model.weight), nn.init.zeros_(model.bias)
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate)
    for _ in range(steps):
        optimizer.zero_grad()
        F.mse_loss(model(x)[:, 0], y).backward()
        optimizer.step()
    return model


# %% exercise="linear-from-zero" wrong="stops-early" fails="both gradients at the same place" points=2
def fit_linear(x, y, learning_rate=0.01, steps=100):
    w, b = torch.zeros(x.shape[1]), torch.zeros(())
    for _ in range(steps):
        error = x @ w + b - y
        slope = 2 * x.T @ error / len(y)
        if torch.linalg.norm(slope) < 0.01:
            break
        w, b = w - learning_rate * slope, b - learning_rate * 2 * torch.mean(error)
    return w, b


# %% exercise="one-step-by-hand" wrong="no-zeroing" fails="the gradients of step 1 have been added in" points=2
def train_step(model, optimizer, x, y, l2):
    model.train()
    loss = F.mse_loss(model(x), y)
    loss = loss + l2 * sum((p**2).sum() for p in model.parameters() if p.dim() > 1)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% exercise="one-step-by-hand" wrong="zeroed-at-the-end" fails="the gradients that were there before the call" points=2
def train_step(model, optimizer, x, y, l2):
    model.train()
    loss = F.mse_loss(model(x), y)
    loss = loss + l2 * sum((p**2).sum() for p in model.parameters() if p.dim() > 1)
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    return loss.item()


# %% exercise="one-step-by-hand" wrong="cleared-before-the-step" fails="nothing was updated"
def train_step(model, optimizer, x, y, l2):
    model.train()
    loss = F.mse_loss(model(x), y)
    loss = loss + l2 * sum((p**2).sum() for p in model.parameters() if p.dim() > 1)
    loss.backward()
    optimizer.zero_grad()
    optimizer.step()
    return loss.item()


# %% exercise="one-step-by-hand" wrong="penalty-as-a-number" fails="the penalty has no effect on the update" points=2
def train_step(model, optimizer, x, y, l2):
    model.train()
    optimizer.zero_grad()
    loss = F.mse_loss(model(x), y)
    penalty = l2 * sum((p**2).sum().item() for p in model.parameters() if p.dim() > 1)
    loss.backward()
    optimizer.step()
    return loss.item() + penalty


# %% exercise="one-step-by-hand" wrong="biases-penalised" fails="the biases are penalised too" points=2
def train_step(model, optimizer, x, y, l2):
    model.train()
    optimizer.zero_grad()
    loss = F.mse_loss(model(x), y) + l2 * sum((p**2).sum() for p in model.parameters())
    loss.backward()
    optimizer.step()
    return loss.item()


# %% exercise="one-step-by-hand" wrong="own-optimizer" fails="the momentum is lost" points=2
def train_step(model, optimizer, x, y, l2):
    optimizer = torch.optim.SGD(model.parameters(), lr=optimizer.param_groups[0]["lr"])
    model.train()
    optimizer.zero_grad()
    loss = F.mse_loss(model(x), y)
    loss = loss + l2 * sum((p**2).sum() for p in model.parameters() if p.dim() > 1)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% exercise="one-step-by-hand" wrong="mode-forgotten" fails="the model did not run in training mode" points=2
def train_step(model, optimizer, x, y, l2):
    optimizer.zero_grad()
    loss = F.mse_loss(model(x), y)
    loss = loss + l2 * sum((p**2).sum() for p in model.parameters() if p.dim() > 1)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% exercise="one-step-by-hand" wrong="summed-squares" fails="the squares were summed"
def train_step(model, optimizer, x, y, l2):
    model.train()
    optimizer.zero_grad()
    loss = ((model(x) - y) ** 2).sum()
    loss = loss + l2 * sum((p**2).sum() for p in model.parameters() if p.dim() > 1)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% exercise="one-step-by-hand" wrong="loss-after-the-update" fails="that is the loss after the update" points=1
def train_step(model, optimizer, x, y, l2):
    model.train()

    def total():
        penalty = sum((p**2).sum() for p in model.parameters() if p.dim() > 1)
        return F.mse_loss(model(x), y) + l2 * penalty

    optimizer.zero_grad()
    total().backward()
    optimizer.step()
    return total().item()


# %% exercise="one-step-by-hand" right="closure"
def train_step(model, optimizer, x, y, l2):
    def closure():
        optimizer.zero_grad(set_to_none=False)
        loss = torch.mean((y - model(x)) ** 2)
        for name, p in model.named_parameters():
            if not name.endswith("bias") and p.ndim >= 2:
                loss += l2 * p.norm() ** 2
        loss.backward()
        return loss

    model.train(True)
    return float(optimizer.step(closure).detach())


# %% exercise="one-step-by-hand" right="gradients-set-by-hand"
def train_step(model, optimizer, x, y, l2):
    model.train()
    loss = F.mse_loss(model(x), y)
    for block in model.modules():
        for p in block.parameters(recurse=False):
            if p.ndim > 1:
                loss = loss + l2 * p.square().sum()
    parameters = list(model.parameters())
    for p, slope in zip(parameters, torch.autograd.grad(loss, parameters)):
        p.grad = slope
    optimizer.step()
    return loss.tolist()


# %% exercise="one-step-by-hand" wrong="penalty-by-name" fails="classes and names of blocks do not tell" points=2
def train_step(model, optimizer, x, y, l2):
    model.train()
    optimizer.zero_grad()
    loss = F.mse_loss(model(x), y)
    for name, p in model.named_parameters():
        if "weight" in name:
            loss = loss + l2 * (p**2).sum()
    loss.backward()
    optimizer.step()
    return loss.item()


# %% exercise="one-step-by-hand" wrong="penalty-on-dense-layers" fails="in mix, which has 2 axes" points=2
def train_step(model, optimizer, x, y, l2):
    model.train()
    optimizer.zero_grad()
    loss = F.mse_loss(model(x), y)
    for block in model.modules():
        if isinstance(block, nn.Linear):
            loss = loss + l2 * (block.weight**2).sum()
    loss.backward()
    optimizer.step()
    return loss.item()


# %% exercise="one-step-by-hand" wrong="penalty-on-two-axes" fails="in chain.0.weight, which has 3 axes" points=2
def train_step(model, optimizer, x, y, l2):
    model.train()
    optimizer.zero_grad()
    loss = F.mse_loss(model(x), y)
    loss = loss + l2 * sum((p**2).sum() for p in model.parameters() if p.dim() == 2)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% exercise="one-step-by-hand" wrong="penalty-by-weight-decay" fails="the biases are penalised too" points=2
def train_step(model, optimizer, x, y, l2):
    for group in optimizer.param_groups:
        group["weight_decay"] = 2 * l2
    model.train()
    optimizer.zero_grad()
    loss = F.mse_loss(model(x), y)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% exercise="one-step-by-hand" wrong="mode-put-back" fails="left the model in evaluation mode" points=2
def train_step(model, optimizer, x, y, l2):
    mode = model.training
    model.train()
    optimizer.zero_grad()
    loss = F.mse_loss(model(x), y)
    loss = loss + l2 * sum((p**2).sum() for p in model.parameters() if p.dim() > 1)
    loss.backward()
    optimizer.step()
    model.train(mode)
    return loss.item()


# %% exercise="one-step-by-hand" wrong="each-block-that-holds-it" fails="however many blocks hold it" points=2
def train_step(model, optimizer, x, y, l2):
    model.train()
    optimizer.zero_grad()
    loss = F.mse_loss(model(x), y)
    for block in model.modules():
        for p in block.parameters():
            if p.dim() >= 2:
                loss = loss + l2 * (p**2).sum()
    loss.backward()
    optimizer.step()
    return loss.item()


# %% exercise="one-step-by-hand" wrong="norm-not-squared" fails="wanted, not its root" points=2
def train_step(model, optimizer, x, y, l2):
    model.train()
    optimizer.zero_grad()
    penalty = sum(p.norm() for p in model.parameters() if p.dim() >= 2)
    loss = F.mse_loss(model(x), y) + l2 * penalty
    loss.backward()
    optimizer.step()
    return loss.item()


# %% exercise="epoch-mean" wrong="mean-of-means" fails="that is the mean of the batch means" points=1
def epoch_mean(step, batches):
    losses = [step(x, y).item() for x, y in batches if len(x)]
    if not losses:
        raise ValueError
    return float(np.mean(losses))


# %% exercise="epoch-mean" wrong="generator-twice" fails="a generator has no len()" points=2
def epoch_mean(step, batches):
    total, count = 0.0, 0
    for i in range(len(batches)):
        x, y = batches[i]
        if len(x):
            total += step(x, y).item() * len(x)
            count += len(x)
    if count == 0:
        raise ValueError("nothing")
    return total / count


# %% exercise="epoch-mean" wrong="empty-batches-stepped" fails="called step on a batch without rows" points=2
def epoch_mean(step, batches):
    total, count = 0.0, 0
    for x, y in batches:
        loss = step(x, y).item()
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
            total += step(x, y).item() * len(x)
            count += len(x)
    return total / max(count, 1)


# %% exercise="epoch-mean" wrong="first-size-for-all" fails="the divisor is not"
def epoch_mean(step, batches):
    batches = list(batches)
    total = sum(step(x, y).item() * len(x) for x, y in batches if len(x))
    if not any(len(x) for x, y in batches):
        raise ValueError("nothing")
    return total / (len(batches[0][0]) * len(batches) or 1)


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


# %% exercise="epoch-mean" right="numpy-average"
def epoch_mean(step, batches):
    rows = [(float(step(x, y)), x.shape[0]) for x, y in batches if x.shape[0] > 0]
    if not rows:
        raise ValueError("there are no examples")
    losses, sizes = zip(*rows)
    return float(np.average(losses, weights=sizes))


# %% exercise="epoch-mean" right="running-mean"
def epoch_mean(step, batches):
    mean, count = 0.0, 0
    for x, y in batches:
        n = x.size(0)
        if not n:
            continue
        count += n
        mean += (step(x, y).item() - mean) * n / count
    if not count:
        raise ValueError
    return mean


# %% exercise="epoch-mean" wrong="stops-at-an-empty-batch" fails="one call for each batch that has rows" points=2
def epoch_mean(step, batches):
    total, count = 0.0, 0
    for x, y in batches:
        if len(x) == 0:
            break
        total += step(x, y).item() * len(x)
        count += len(x)
    if count == 0:
        raise ValueError("no examples")
    return total / count


# %% exercise="epoch-mean" wrong="nan-left-out-afterwards" fails="called step on a batch without rows" points=2
def epoch_mean(step, batches):
    total, count = 0.0, 0
    for x, y in batches:
        loss = step(x, y)
        if not torch.isnan(loss):
            total += loss.item() * len(x)
            count += len(x)
    if count == 0:
        raise ValueError("no examples")
    return total / count


# %% exercise="epoch-mean" wrong="divides-by-zero" fails="raised ZeroDivisionError" points=2
def epoch_mean(step, batches):
    total, count = 0.0, 0
    for x, y in batches:
        if len(x):
            total += step(x, y).item() * len(x)
            count += len(x)
    return total / count


# %% exercise="epoch-mean" right="pairs-first"
def epoch_mean(step, batches):
    pairs = [(step(x, y), len(y)) for x, y in batches if len(y) > 0]
    if not pairs:
        raise ValueError("not a single row")
    return (sum(loss * n for loss, n in pairs) / sum(n for _, n in pairs)).item()


# %% exercise="epoch-mean" wrong="first-batch-taken-out" fails="may give no rows at all" points=2
def epoch_mean(step, batches):
    batches = iter(batches)
    x, y = next(batches)
    total, count = 0.0, 0
    while x is not None:
        if len(x):
            total, count = total + step(x, y).item() * len(x), count + len(x)
        x, y = next(batches, (None, None))
    if count == 0:
        raise ValueError("no examples")
    return total / count


# %% exercise="evaluate-unchanged" wrong="no-eval" fails="ran a block in training mode" points=2
def evaluate(model, loss_fn, batches):
    total, count = 0.0, 0
    with torch.no_grad():
        for x, y in batches:
            total += loss_fn(model(x), y).item() * len(x)
            count += len(x)
    return total / count


# %% exercise="evaluate-unchanged" wrong="no-no-grad" fails="recorded a graph" points=3
def evaluate(model, loss_fn, batches):
    flags = {block: block.training for block in model.modules()}
    total, count = 0.0, 0
    try:
        model.eval()
        for x, y in batches:
            total += loss_fn(model(x), y).item() * len(x)
            count += len(x)
    finally:
        for block in flags:
            block.training = flags[block]
    return total / count


# %% exercise="evaluate-unchanged" wrong="back-to-train" fails="train() and eval() set all flags" points=2
def evaluate(model, loss_fn, batches):
    model.eval()
    total, count = 0.0, 0
    try:
        with torch.no_grad():
            for x, y in batches:
                total += loss_fn(model(x), y).item() * len(x)
                count += len(x)
    finally:
        model.train()
    return total / count


# %% exercise="evaluate-unchanged" wrong="no-finally" fails="put them back in a finally clause" points=3
def evaluate(model, loss_fn, batches):
    flags = [(block, block.training) for block in model.modules()]
    model.eval()
    total, count = 0.0, 0
    with torch.no_grad():
        for x, y in batches:
            total += loss_fn(model(x), y).item() * len(x)
            count += len(x)
    for block, flag in flags:
        block.training = flag
    return total / count


# %% exercise="evaluate-unchanged" wrong="mean-of-means" fails="weigh each by its number of rows" points=2
def evaluate(model, loss_fn, batches):
    flags = [(block, block.training) for block in model.modules()]
    try:
        model.eval()
        with torch.no_grad():
            return float(np.mean([loss_fn(model(x), y).item() for x, y in batches]))
    finally:
        for block, flag in flags:
            block.training = flag


# %% exercise="evaluate-unchanged" wrong="target-first" fails="the arguments of loss_fn are swapped" points=1
def evaluate(model, loss_fn, batches):
    flags = [(block, block.training) for block in model.modules()]
    total, count = 0.0, 0
    try:
        model.eval()
        with torch.no_grad():
            for x, y in batches:
                total += loss_fn(y, model(x)).item() * len(x)
                count += len(x)
    finally:
        for block, flag in flags:
            block.training = flag
    return total / count


# %% exercise="evaluate-unchanged" wrong="parameters-frozen-instead" fails="changed requires_grad" points=3
def evaluate(model, loss_fn, batches):
    flags = [(block, block.training) for block in model.modules()]
    total, count = 0.0, 0
    model.requires_grad_(False)
    try:
        model.eval()
        with torch.no_grad():
            for x, y in batches:
                total += loss_fn(model(x), y).item() * len(x)
                count += len(x)
    finally:
        model.requires_grad_(True)
        for block, flag in flags:
            block.training = flag
    return total / count


# %% exercise="evaluate-unchanged" right="decorator-and-dictionary"
@torch.no_grad()
def evaluate(model, loss_fn, batches):
    before = {name: block.training for name, block in model.named_modules()}
    losses, sizes = [], []
    try:
        model.train(False)
        for x, y in batches:
            losses.append(float(loss_fn(model(x), y)))
            sizes.append(x.shape[0])
    finally:
        for name, block in model.named_modules():
            block.training = before[name]
    return float(np.average(losses, weights=sizes))


# %% exercise="evaluate-unchanged" right="a-copy-is-evaluated"
def evaluate(model, loss_fn, batches):
    import copy

    memo = {id(p): p for p in model.parameters()}
    twin = copy.deepcopy(model, memo).eval()
    for block, original in zip(twin.modules(), model.modules()):
        if hasattr(original, "calls"):
            block.calls = original.calls
    total, count = 0.0, 0
    with torch.inference_mode():
        for x, y in batches:
            total += loss_fn(twin(x), y).item() * len(y)
            count += len(y)
    return total / count


# %% exercise="evaluate-unchanged" wrong="outermost-blocks-only" fails="note each one and put it back" points=2
def evaluate(model, loss_fn, batches):
    mode, flags = model.training, [(block, block.training) for block in model.children()]
    total, count = 0.0, 0
    try:
        model.eval()
        with torch.no_grad():
            for x, y in batches:
                total += loss_fn(model(x), y).item() * len(x)
                count += len(x)
    finally:
        model.training = mode
        for block, flag in flags:
            block.train(flag)
    return total / count


# %% exercise="evaluate-unchanged" wrong="train-from-the-inside-out" fails="note each one and put it back" points=2
def evaluate(model, loss_fn, batches):
    flags = [(block, block.training) for block in model.modules()]
    total, count = 0.0, 0
    try:
        model.eval()
        with torch.no_grad():
            for x, y in batches:
                total += loss_fn(model(x), y).item() * len(x)
                count += len(x)
    finally:
        for block, flag in reversed(flags):
            block.train(flag)
    return total / count


# %% exercise="evaluate-unchanged" wrong="one-flag-set" fails="ran a block in training mode" points=2
def evaluate(model, loss_fn, batches):
    flag = model.training
    total, count = 0.0, 0
    try:
        model.training = False
        with torch.no_grad():
            for x, y in batches:
                total += loss_fn(model(x), y).item() * len(x)
                count += len(x)
    finally:
        model.training = flag
    return total / count


# %% exercise="evaluate-unchanged" wrong="recording-left-off" fails="left the recording of graphs switched off" points=3
def evaluate(model, loss_fn, batches):
    flags = [(block, block.training) for block in model.modules()]
    torch.set_grad_enabled(False)
    total, count = 0.0, 0
    try:
        model.eval()
        for x, y in batches:
            total += loss_fn(model(x), y).item() * len(x)
            count += len(x)
        torch.set_grad_enabled(True)
    finally:
        for block, flag in flags:
            block.training = flag
    return total / count


# %% exercise="evaluate-unchanged" right="train-from-the-outside-in"
def evaluate(model, loss_fn, batches):
    flags = [(block, block.training) for block in model.modules()]
    total, count = 0.0, 0
    try:
        model.train(False)
        with torch.inference_mode():
            for x, y in batches:
                total += loss_fn(model(x), y).item() * len(x)
                count += len(x)
    finally:
        for block, flag in flags:
            block.train(flag)
    return total / count


# %% exercise="evaluate-unchanged" right="inference-mode-and-average"
def evaluate(model, loss_fn, batches):
    flags = {block: block.training for block in model.modules()}
    losses, sizes = [], []
    try:
        for block in flags:
            block.training = False
        with torch.inference_mode():
            for x, y in batches:
                losses.append(loss_fn(model(x), y).item())
                sizes.append(x.shape[0])
    finally:
        for block, flag in flags.items():
            block.training = flag
    return float(np.average(losses, weights=sizes))


# %% exercise="evaluate-unchanged" right="context-manager"
from contextlib import contextmanager


@contextmanager
def evaluating(model):
    training = [block for block in model.modules() if block.training]
    model.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for block in training:
            block.training = True


def evaluate(model, loss_fn, batches):
    with evaluating(model):
        total = count = 0
        for x, y in batches:
            total += len(x) * float(loss_fn(model(x), y))
            count += len(x)
    return total / count


# %% exercise="evaluate-unchanged" wrong="all-batches-joined" fails="wanted once for each batch" points=3
def evaluate(model, loss_fn, batches):
    flags = [(block, block.training) for block in model.modules()]
    try:
        model.eval()
        with torch.no_grad():
            xs, ys = zip(*batches)
            return loss_fn(model(torch.cat(xs)), torch.cat(ys)).item()
    finally:
        for block, flag in flags:
            block.training = flag


# %% exercise="two-learning-rates" wrong="everything-and-head" fails="the groups have to be disjoint"
def two_rates(model, head, body_rate, head_rate, momentum=0.0):
    return torch.optim.SGD(
        [{"params": model.parameters(), "lr": body_rate},
         {"params": head.parameters(), "lr": head_rate}],
        lr=body_rate, momentum=momentum)


# %% exercise="two-learning-rates" wrong="compared-with-in" fails="parameters are compared with =="
def two_rates(model, head, body_rate, head_rate, momentum=0.0):
    ours = list(head.parameters())
    rest = [p for p in model.parameters() if p not in ours]
    return torch.optim.SGD(
        [{"params": rest, "lr": body_rate}, {"params": ours, "lr": head_rate}],
        lr=body_rate, momentum=momentum)


# %% exercise="two-learning-rates" wrong="by-name" fails="does not make it the head's; compare ids" points=2
def two_rates(model, head, body_rate, head_rate, momentum=0.0):
    ours = [p for name, p in model.named_parameters() if name.startswith("head")]
    ours += [p for p in head.parameters() if all(p is not other for other in ours)]
    ids = {id(p) for p in ours}
    rest = [p for p in model.parameters() if id(p) not in ids]
    return torch.optim.SGD(
        [{"params": rest, "lr": body_rate}, {"params": ours, "lr": head_rate}],
        lr=body_rate, momentum=momentum)


# %% exercise="two-learning-rates" wrong="head-only" fails="it is in no group and will not be trained"
def two_rates(model, head, body_rate, head_rate, momentum=0.0):
    return torch.optim.SGD(head.parameters(), lr=head_rate, momentum=momentum)


# %% exercise="two-learning-rates" wrong="no-momentum" fails="the momentum is not passed on" points=2
def two_rates(model, head, body_rate, head_rate, momentum=0.0):
    ids = {id(p) for p in head.parameters()}
    rest = [p for p in model.parameters() if id(p) not in ids]
    return torch.optim.SGD(
        [{"params": rest}, {"params": head.parameters(), "lr": head_rate}], lr=body_rate)


# %% exercise="two-learning-rates" wrong="frozen-left-out" fails="frozen parameters belong to a group too" points=2
def two_rates(model, head, body_rate, head_rate, momentum=0.0):
    ids = {id(p) for p in head.parameters()}
    rest = [p for p in model.parameters() if id(p) not in ids and p.requires_grad]
    return torch.optim.SGD(
        [{"params": rest}, {"params": head.parameters(), "lr": head_rate}],
        lr=body_rate, momentum=momentum)


# %% exercise="two-learning-rates" wrong="tied-to-the-body" fails="used in both parts counts as the head's" points=2
def two_rates(model, head, body_rate, head_rate, momentum=0.0):
    blocks = {id(block) for block in head.modules()}
    rest = {}
    for block in model.modules():
        if id(block) not in blocks:
            for p in block.parameters(recurse=False):
                rest[id(p)] = p
    ours = [p for p in head.parameters() if id(p) not in rest]
    return torch.optim.SGD(
        [{"params": list(rest.values()), "lr": body_rate}, {"params": ours, "lr": head_rate}],
        lr=body_rate, momentum=momentum)


# %% exercise="two-learning-rates" right="a-group-per-parameter"
def two_rates(model, head, body_rate, head_rate, momentum=0.0):
    ids = {id(p) for p in head.parameters()}
    groups = [{"params": [p], "lr": head_rate if id(p) in ids else body_rate}
              for p in model.parameters()]
    return torch.optim.SGD(groups, momentum=momentum)


# %% exercise="two-learning-rates" right="set-of-parameters-and-add-group"
def two_rates(model, head, body_rate, head_rate, momentum=0.0):
    ours = set(head.parameters())
    optimizer = torch.optim.SGD(ours, lr=head_rate, momentum=momentum)
    rest = set(model.parameters()) - ours
    optimizer.add_param_group({"params": sorted(rest, key=id), "lr": body_rate})
    return optimizer


# %% exercise="two-learning-rates" wrong="equal-numbers" fails="it is another tensor; compare ids" points=2
def two_rates(model, head, body_rate, head_rate, momentum=0.0):
    ours = list(head.parameters())
    rest = [p for p in model.parameters() if not any(torch.equal(p, q) for q in ours)]
    groups = [{"params": rest, "lr": body_rate}, {"params": ours, "lr": head_rate}]
    return torch.optim.SGD(groups, lr=body_rate, momentum=momentum)


# %% exercise="two-learning-rates" wrong="by-shape" fails="compare ids" points=1
def two_rates(model, head, body_rate, head_rate, momentum=0.0):
    shapes = {p.shape for p in head.parameters()}
    ours = [p for p in model.parameters() if p.shape in shapes]
    rest = [p for p in model.parameters() if p.shape not in shapes]
    groups = [{"params": rest, "lr": body_rate}, {"params": ours, "lr": head_rate}]
    return torch.optim.SGD(groups, lr=body_rate, momentum=momentum)


# %% exercise="two-learning-rates" wrong="other-children" fails="the groups have to be disjoint" points=1
def two_rates(model, head, body_rate, head_rate, momentum=0.0):
    ours = list(head.parameters())
    rest = [p for block in model.children() if block is not head for p in block.parameters()]
    groups = [{"params": rest, "lr": body_rate}, {"params": ours, "lr": head_rate}]
    return torch.optim.SGD(groups, lr=body_rate, momentum=momentum)


# %% exercise="two-learning-rates" wrong="momentum-for-the-head-only" fails="the momentum is not passed on" points=2
def two_rates(model, head, body_rate, head_rate, momentum=0.0):
    ours = set(head.parameters())
    rest = [p for p in model.parameters() if p not in ours]
    own = {"params": list(ours), "lr": head_rate, "momentum": momentum}
    return torch.optim.SGD([{"params": rest}, own], lr=body_rate)


# %% exercise="frozen-and-missing" wrong="none-not-expected" fails="a gradient may be None"
def clipped_step(parameters, learning_rate, max_norm):
    parameters = list(parameters)
    norm = sum((p.grad**2).sum().item() for p in parameters) ** 0.5
    factor = min(1.0, max_norm / norm)
    with torch.no_grad():
        for p in parameters:
            p -= learning_rate * factor * p.grad
    return norm


# %% exercise="frozen-and-missing" wrong="frozen-moves" fails="it is frozen, and the gradient left over"
def clipped_step(parameters, learning_rate, max_norm):
    active = [p for p in parameters if p.grad is not None]
    norm = sum((p.grad**2).sum().item() for p in active) ** 0.5
    factor = max_norm / norm if norm > max_norm else 1.0
    with torch.no_grad():
        for p in active:
            p -= learning_rate * factor * p.grad
    return norm


# %% exercise="frozen-and-missing" wrong="frozen-in-the-norm" fails="gradients of frozen parameters do not count"
def clipped_step(parameters, learning_rate, max_norm):
    parameters = list(parameters)
    norm = float(nn.utils.clip_grad_norm_(parameters, max_norm))
    with torch.no_grad():
        for p in parameters:
            if p.requires_grad and p.grad is not None:
                p -= learning_rate * p.grad
    return norm


# %% exercise="frozen-and-missing" wrong="each-for-itself" fails="each gradient was clipped for itself" points=2
def clipped_step(parameters, learning_rate, max_norm):
    total = 0.0
    with torch.no_grad():
        for p in parameters:
            if p.requires_grad and p.grad is not None:
                norm = p.grad.norm().item()
                total += norm**2
                p -= learning_rate * p.grad * (max_norm / norm if norm > max_norm else 1.0)
    return total**0.5


# %% exercise="frozen-and-missing" wrong="always-scaled" fails="wanted is learning_rate times gradient less"
def clipped_step(parameters, learning_rate, max_norm):
    active = [p for p in parameters if p.requires_grad and p.grad is not None]
    norm = sum((p.grad**2).sum().item() for p in active) ** 0.5
    with torch.no_grad():
        for p in active:
            p -= learning_rate * max_norm / max(norm, 1e-9) * p.grad
    return norm


# %% exercise="frozen-and-missing" wrong="division-by-zero" fails="mind a norm of zero" points=1
def clipped_step(parameters, learning_rate, max_norm):
    active = [p for p in parameters if p.requires_grad and p.grad is not None]
    if not active:
        return 0.0
    norm = sum((p.grad**2).sum().item() for p in active) ** 0.5
    factor = min(1.0, max_norm / norm)
    with torch.no_grad():
        for p in active:
            p -= learning_rate * factor * p.grad
    return norm


# %% exercise="frozen-and-missing" wrong="generator-used-twice" fails="a generator can be gone through only once" points=1
def clipped_step(parameters, learning_rate, max_norm):
    norm = sum((p.grad**2).sum().item() for p in parameters
               if p.requires_grad and p.grad is not None) ** 0.5
    factor = max_norm / norm if norm > max_norm else 1.0
    with torch.no_grad():
        for p in parameters:
            if p.requires_grad and p.grad is not None:
                p -= learning_rate * factor * p.grad
    return float(norm)


# %% exercise="frozen-and-missing" wrong="entries-clipped" fails="each entry was clipped for itself" points=2
def clipped_step(parameters, learning_rate, max_norm):
    active = [p for p in parameters if p.requires_grad and p.grad is not None]
    norm = sum((p.grad**2).sum().item() for p in active) ** 0.5
    with torch.no_grad():
        for p in active:
            p -= learning_rate * p.grad.clamp(-max_norm, max_norm)
    return norm


# %% exercise="frozen-and-missing" right="library-clip-and-sgd"
def clipped_step(parameters, learning_rate, max_norm):
    active = [p for p in parameters if p.requires_grad and p.grad is not None]
    if not active:
        return 0.0
    norm = nn.utils.clip_grad_norm_(active, max_norm).item()
    torch.optim.SGD(active, lr=learning_rate).step()
    return norm


# %% exercise="frozen-and-missing" right="one-long-vector"
def clipped_step(parameters, learning_rate, max_norm):
    active = [p for p in parameters if p.requires_grad and p.grad is not None]
    flat = torch.cat([p.grad.flatten() for p in active] or [torch.zeros(1)])
    norm = flat.norm()
    scale = torch.clamp(max_norm / norm, max=1.0) if norm > 0 else 1.0
    for p in active:
        p.data.copy_(p.data - learning_rate * scale * p.grad)
    return float(norm)


# %% exercise="frozen-and-missing" wrong="norm-after-clipping" fails="the one before clipping" points=2
def clipped_step(parameters, learning_rate, max_norm):
    active = [p for p in parameters if p.requires_grad and p.grad is not None]
    norm = sum((p.grad**2).sum().item() for p in active) ** 0.5
    factor = min(1.0, max_norm / norm) if norm else 1.0
    with torch.no_grad():
        for p in active:
            p -= learning_rate * factor * p.grad
    return norm * factor


# %% exercise="frozen-and-missing" wrong="sum-of-norms" fails="the root of the sum of all squares"
def clipped_step(parameters, learning_rate, max_norm):
    active = [p for p in parameters if p.requires_grad and p.grad is not None]
    norm = float(sum(p.grad.norm().item() for p in active))
    factor = min(1.0, max_norm / norm) if norm else 1.0
    with torch.no_grad():
        for p in active:
            p -= learning_rate * factor * p.grad
    return norm


# %% exercise="frozen-and-missing" wrong="a-whole-zero" fails="gave int, wanted a Python float" points=1
def clipped_step(parameters, learning_rate, max_norm):
    active = [p for p in parameters if p.requires_grad and p.grad is not None]
    if not active:
        return 0
    norm = sum((p.grad**2).sum().item() for p in active) ** 0.5
    factor = min(1.0, max_norm / norm) if norm else 1.0
    with torch.no_grad():
        for p in active:
            p -= learning_rate * factor * p.grad
    return norm


# %% exercise="frozen-and-missing" right="clamped-factor"
def clipped_step(parameters, learning_rate, max_norm):
    active = [p for p in parameters if p.requires_grad and p.grad is not None]
    norm = torch.cat([p.grad.flatten() for p in active]).norm() if active else torch.zeros(())
    with torch.no_grad():
        for p in active:
            p -= learning_rate * p.grad * torch.clamp(max_norm / norm, max=1)
    return norm.item()


# %% exercise="frozen-and-missing" wrong="short-gradients-left-alone" fails="wanted [0.15 0.2 ]" points=2
def clipped_step(parameters, learning_rate, max_norm):
    active = [p for p in parameters if p.requires_grad and p.grad is not None]
    norm = sum((p.grad**2).sum().item() for p in active) ** 0.5
    factor = min(1.0, max_norm / max(norm, 1.0))
    with torch.no_grad():
        for p in active:
            p -= learning_rate * factor * p.grad
    return norm
