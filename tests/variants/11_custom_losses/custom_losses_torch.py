# %% [markdown]
# Wrong and right answers to the exercises of unit 11, PyTorch: each cell is a whole solution cell.
# `fails` is text that the message of a failing tests cell must contain; `points` is what remains.

# %% exercise="huber-per-sample" wrong="threshold-fixed-at-1" fails="the threshold is fixed at 1"
def huber(y_pred, y_true, threshold=1.0):
    size = (y_pred - y_true).abs()
    return torch.where(size <= 1, size**2 / 2, size - 0.5).mean(dim=1)


# %% exercise="huber-per-sample" wrong="averaged-over-the-batch" fails="one number for the whole batch"
def huber(y_pred, y_true, threshold=1.0):
    return F.huber_loss(y_pred, y_true, delta=threshold)


# %% exercise="huber-per-sample" wrong="jumps-at-the-threshold" fails="the loss jumps at the threshold" points=1
def huber(y_pred, y_true, threshold=1.0):
    size = (y_pred - y_true).abs()
    return torch.where(size <= threshold, size**2 / 2, threshold * size).mean(dim=1)


# %% exercise="huber-per-sample" wrong="smooth-l1" fails="divided by the threshold"
def huber(y_pred, y_true, threshold=1.0):
    return F.smooth_l1_loss(y_pred, y_true, reduction="none", beta=threshold).mean(dim=1)


# %% exercise="huber-per-sample" wrong="root-of-the-square" fails="a square root has no slope at zero" points=2
def huber(y_pred, y_true, threshold=1.0):
    size = torch.sqrt((y_pred - y_true) ** 2)
    return torch.where(size <= threshold, size**2 / 2, threshold * size - threshold**2 / 2).mean(dim=1)


# %% exercise="huber-per-sample" wrong="no-absolute-value" fails="large errors below zero are squared"
def huber(y_pred, y_true, threshold=1.0):
    error = y_pred - y_true
    return torch.where(error <= threshold, error**2 / 2,
                       threshold * error.abs() - threshold**2 / 2).mean(dim=1)


# %% exercise="huber-per-sample" right="built-in"
def huber(y_pred, y_true, threshold=1.0):
    return F.huber_loss(y_pred, y_true, reduction="none", delta=threshold).mean(dim=-1)


# %% exercise="huber-per-sample" right="clamped"
def huber(y_pred, y_true, threshold=1.0):
    size = torch.abs(y_true - y_pred)
    inner = size.clamp(max=threshold)
    return torch.mean(inner * (size - inner / 2), 1)


# %% exercise="huber-per-sample" right="row-by-row"
def huber(y_pred, y_true, threshold=1.0):
    losses = []
    for p, t in zip(y_pred, y_true):
        total = 0.0
        for error in p - t:
            small = abs(error) <= threshold
            total = total + (error**2 / 2 if small else threshold * abs(error) - threshold**2 / 2)
        losses.append(total / len(p))
    return torch.stack(losses)


# %% exercise="huber-per-sample" wrong="one-piece-for-all" fails="t|e| - t²/2 beyond it"
def huber(y_pred, y_true, threshold=1.0):
    size = (y_pred - y_true).abs()
    if size.max() <= threshold:
        return (size**2 / 2).mean(dim=1)
    return (threshold * size - threshold**2 / 2).mean(dim=1)


# %% exercise="huber-per-sample" wrong="sum-over-the-outputs" fails="that is the sum over the outputs, wanted their mean" points=1
def huber(y_pred, y_true, threshold=1.0):
    return F.huber_loss(y_pred, y_true, reduction="none", delta=threshold).sum(dim=1)


# %% exercise="huber-per-sample" right="masks"
def huber(y_pred, y_true, threshold=1.0):
    e = y_true - y_pred
    small = e.abs() < threshold
    return (small * e.square() / 2 + ~small * threshold * (e.abs() - threshold / 2)).mean(-1)


# %% exercise="huber-per-sample" wrong="no-absolute-value-turned-round" fails="large errors of one sign are squared"
def huber(y_pred, y_true, threshold=1.0):
    e = y_true - y_pred
    return torch.where(e <= threshold, e**2 / 2, threshold * e - threshold**2 / 2).mean(dim=1)


# %% exercise="huber-per-sample" wrong="a-new-tensor-of-numbers" fails="it does not reach y_pred" points=2
def huber(y_pred, y_true, threshold=1.0):
    losses = []
    for error in (y_pred - y_true).tolist():
        sizes = [abs(e) for e in error]
        each = [s**2 / 2 if s <= threshold else threshold * (s - threshold / 2) for s in sizes]
        losses.append(sum(each) / len(each))
    return torch.tensor(losses, requires_grad=True)


# %% exercise="huber-per-sample" wrong="errors-in-place" fails="changed its arguments" points=2
def huber(y_pred, y_true, threshold=1.0):
    y_pred -= y_true
    size = y_pred.abs()
    return torch.where(size <= threshold, size**2 / 2, threshold * (size - threshold / 2)).mean(1)


# %% exercise="one-column-targets" wrong="broadcast" fails="each prediction was compared with each target"
def squared_error(y_pred, y_true):
    return (y_pred - y_true) ** 2


# %% exercise="one-column-targets" wrong="squeeze" fails="removes the batch of one as well"
def squared_error(y_pred, y_true):
    y_pred, y_true = y_pred.squeeze(), y_true.squeeze()
    if y_pred.shape != y_true.shape:
        raise ValueError("shapes do not fit")
    return (y_pred - y_true) ** 2


# %% exercise="one-column-targets" wrong="reshape-without-a-look" fails="look at the shapes before you compute" points=2
def squared_error(y_pred, y_true):
    return (y_pred.reshape(-1) - y_true.reshape(-1)) ** 2


# %% exercise="one-column-targets" wrong="as-many-numbers" fails="one example with four outputs, not a column" points=2
def squared_error(y_pred, y_true):
    if y_pred.numel() != y_true.numel():
        raise ValueError("shapes do not fit")
    return (y_pred.reshape(-1) - y_true.reshape(-1)) ** 2


# %% exercise="one-column-targets" wrong="mean" fails="the mean or the sum was taken"
def squared_error(y_pred, y_true):
    return ((y_pred.reshape(-1) - y_true.reshape(-1)) ** 2).mean()


# %% exercise="one-column-targets" wrong="made-a-column" fails="the result is a row, not a column" points=1
def squared_error(y_pred, y_true):
    for t in (y_pred, y_true):
        if not (t.ndim == 1 or (t.ndim == 2 and t.shape[1] == 1)):
            raise ValueError("not one column")
    if len(y_pred) != len(y_true):
        raise ValueError("shapes do not fit")
    return (y_pred.reshape(-1, 1) - y_true.reshape(-1, 1)) ** 2


# %% exercise="one-column-targets" right="pattern-of-shapes"
def squared_error(y_pred, y_true):
    n = len(y_pred) if y_pred.ndim else -1
    fits = {(n,), (n, 1)}
    if tuple(y_pred.shape) not in fits or tuple(y_true.shape) not in fits:
        raise ValueError("wanted (n,) or (n, 1)")
    return F.mse_loss(y_pred.reshape(n), y_true.reshape(n), reduction="none")


# %% exercise="one-column-targets" right="squeeze-one-axis"
def squared_error(y_pred, y_true):
    def row(t):
        if t.dim() == 2 and t.size(-1) == 1:
            t = t.squeeze(-1)
        if t.dim() != 1:
            raise ValueError("not one column")
        return t.to(torch.float32)

    p, t = row(y_pred), row(y_true)
    if p.size(0) != t.size(0):
        raise ValueError("shapes do not fit")
    return torch.square(p - t)


# %% exercise="one-column-targets" wrong="a-number-is-a-batch-of-one" fails="not even of one" points=2
def squared_error(y_pred, y_true):
    rows = []
    for t in (y_pred, y_true):
        if t.ndim > 2 or (t.ndim == 2 and t.shape[1] != 1):
            raise ValueError(f"shape {tuple(t.shape)}")
        rows.append(t.reshape(-1))
    if len(rows[0]) != len(rows[1]):
        raise ValueError("not as many targets as predictions")
    return (rows[0] - rows[1]) ** 2


# %% exercise="one-column-targets" wrong="lengths-only" fails="two outputs are not one column" points=2
def squared_error(y_pred, y_true):
    if len(y_pred) != len(y_true):
        raise ValueError("not as many targets as predictions")
    return (y_pred.flatten() - y_true.flatten()) ** 2


# %% exercise="one-column-targets" wrong="predictions-made-whole" fails="cut to whole numbers" points=1
def squared_error(y_pred, y_true):
    rows = []
    for t in (y_pred.to(y_true.dtype), y_true):
        if tuple(t.shape) not in ((t.numel(),), (t.numel(), 1)):
            raise ValueError(f"shape {tuple(t.shape)}")
        rows.append(t.reshape(-1))
    if len(rows[0]) != len(rows[1]):
        raise ValueError("not as many targets as predictions")
    return ((rows[0] - rows[1]) ** 2).float()


# %% exercise="one-column-targets" right="two-shapes-allowed"
def squared_error(y_pred, y_true):
    n = y_pred.numel()
    allowed = {(n,), (n, 1)}
    if tuple(y_pred.shape) not in allowed or tuple(y_true.shape) not in allowed:
        raise ValueError("wanted (n,) or (n, 1)")
    return F.mse_loss(y_pred.view(n), y_true.view(n).float(), reduction="none")


# %% exercise="one-column-targets" wrong="numbers-counted" fails="not even without examples" points=2
def squared_error(y_pred, y_true):
    for t in (y_pred, y_true):
        if t.ndim not in (1, 2) or t.numel() != len(t):
            raise ValueError("wanted a row or a column")
    if len(y_pred) != len(y_true):
        raise ValueError("the numbers of examples differ")
    return (y_pred.flatten() - y_true.flatten()) ** 2


# %% exercise="weighted-reduction" wrong="mean-by-the-weights" fails="divided by the sum of the weights, wanted the number of examples" points=1
def reduce_losses(losses, weights=None, reduction="mean"):
    if reduction not in ("none", "sum", "mean", "weighted_mean"):
        raise ValueError(reduction)
    weights = torch.ones_like(losses) if weights is None else weights
    weighted = weights * losses
    if reduction == "none":
        return weighted
    if reduction == "sum":
        return weighted.sum()
    return weighted.sum() / weights.sum() if weights.sum() > 0 else weighted.sum() * 0.0


# %% exercise="weighted-reduction" wrong="weighted-mean-by-the-number" fails="divided by the number of examples, wanted the sum of the weights" points=1
def reduce_losses(losses, weights=None, reduction="mean"):
    if reduction not in ("none", "sum", "mean", "weighted_mean"):
        raise ValueError(reduction)
    weights = torch.ones_like(losses) if weights is None else weights
    weighted = weights * losses
    if reduction == "none":
        return weighted
    if reduction == "sum":
        return weighted.sum()
    return weighted.mean() if len(losses) else weighted.sum()


# %% exercise="weighted-reduction" wrong="averaged-too-early" fails="averaged already"
def reduce_losses(losses, weights=None, reduction="mean"):
    weights = torch.ones_like(losses) if weights is None else weights
    if reduction == "none":
        return weights * losses
    if reduction == "sum":
        return (weights * losses).sum()
    if reduction == "mean":
        return (weights * losses.mean()).mean()
    if reduction == "weighted_mean":
        return (weights * losses.mean()).sum() / weights.sum()
    raise ValueError(reduction)


# %% exercise="weighted-reduction" wrong="where-afterwards" fails="where() does not stop the gradient" points=2
def reduce_losses(losses, weights=None, reduction="mean"):
    weights = torch.ones_like(losses) if weights is None else weights
    weighted = weights * losses
    if reduction == "none":
        return weighted
    if reduction == "sum":
        return weighted.sum()
    if reduction == "mean":
        return weighted.sum() / max(len(losses), 1)
    if reduction == "weighted_mean":
        mean = weighted.sum() / weights.sum()
        return torch.where(weights.sum() > 0, mean, torch.zeros(()))
    raise ValueError(reduction)


# %% exercise="weighted-reduction" wrong="divisor-at-least-1" fails="a small divisor is not zero" points=1
def reduce_losses(losses, weights=None, reduction="mean"):
    weights = torch.ones_like(losses) if weights is None else weights
    weighted = weights * losses
    if reduction == "none":
        return weighted
    if reduction == "sum":
        return weighted.sum()
    if reduction == "mean":
        return weighted.sum() / max(len(losses), 1)
    if reduction == "weighted_mean":
        return weighted.sum() / weights.sum().clamp(min=1.0)
    raise ValueError(reduction)


# %% exercise="weighted-reduction" wrong="any-other-name" fails="raised nothing, wanted ValueError" points=2
def reduce_losses(losses, weights=None, reduction="mean"):
    weights = torch.ones_like(losses) if weights is None else weights
    weighted = weights * losses
    if reduction == "none":
        return weighted
    if reduction == "sum":
        return weighted.sum()
    divisor = weights.sum() if reduction == "weighted_mean" else len(losses)
    return weighted.sum() / divisor if divisor > 0 else weighted.sum()


# %% exercise="weighted-reduction" right="tiny-divisor"
def reduce_losses(losses, weights=None, reduction="mean"):
    if weights is None:
        weights = torch.ones(len(losses))
    weighted = losses * weights
    return {
        "none": lambda: weighted,
        "sum": lambda: torch.sum(weighted),
        "mean": lambda: torch.sum(weighted) / (len(losses) or 1),
        "weighted_mean": lambda: torch.sum(weighted) / weights.sum().clamp(min=1e-12),
    }[reduction]() if reduction in ("none", "sum", "mean", "weighted_mean") else fail(reduction)


def fail(reduction):
    raise ValueError(f"unknown: {reduction}")


# %% exercise="weighted-reduction" right="zero-without-gradient"
def reduce_losses(losses, weights=None, reduction="mean"):
    weighted = losses if weights is None else torch.mul(losses, weights)
    if reduction == "none":
        return weighted
    if reduction == "sum":
        return weighted.sum()
    if reduction == "mean":
        return weighted.mean() if weighted.numel() else torch.zeros(())
    if reduction == "weighted_mean":
        total = float(len(losses)) if weights is None else weights.sum().item()
        if total == 0:
            return torch.tensor(0.0)
        return weighted.sum() / total
    raise ValueError("none, sum, mean or weighted_mean")


# %% exercise="weighted-reduction" wrong="small-number-added" fails="a small divisor is not zero" points=2
def reduce_losses(losses, weights=None, reduction="mean"):
    if reduction not in ("none", "sum", "mean", "weighted_mean"):
        raise ValueError(reduction)
    weights = torch.ones_like(losses) if weights is None else weights
    each = losses * weights
    if reduction == "none":
        return each
    divisor = {"sum": 1.0, "mean": max(len(losses), 1), "weighted_mean": weights.sum() + 1e-8}
    return each.sum() / divisor[reduction]


# %% exercise="weighted-reduction" wrong="nan-to-num" fails="where() does not stop the gradient" points=2
def reduce_losses(losses, weights=None, reduction="mean"):
    if reduction not in ("none", "sum", "mean", "weighted_mean"):
        raise ValueError(reduction)
    weights = torch.ones_like(losses) if weights is None else weights
    each = losses * weights
    if reduction == "none":
        return each
    divisor = {"sum": 1.0, "mean": max(len(losses), 1), "weighted_mean": weights.sum()}
    return torch.nan_to_num(each.sum() / divisor[reduction])


# %% exercise="weighted-reduction" wrong="none-means-untouched" fails="the weights were left out" points=1
def reduce_losses(losses, weights=None, reduction="mean"):
    if reduction == "none":
        return losses
    if reduction not in ("sum", "mean", "weighted_mean"):
        raise ValueError(reduction)
    weights = torch.ones_like(losses) if weights is None else weights
    total = (losses * weights).sum()
    divisor = {"sum": 1.0, "mean": len(losses), "weighted_mean": weights.sum()}[reduction]
    return total / divisor if divisor > 0 else total


# %% exercise="weighted-reduction" wrong="looked-up-in-a-dictionary" fails="raised KeyError, wanted ValueError" points=2
def reduce_losses(losses, weights=None, reduction="mean"):
    weights = torch.ones_like(losses) if weights is None else weights
    each = losses * weights
    return {
        "none": each,
        "sum": each.sum(),
        "mean": each.sum() / max(1, len(each)),
        "weighted_mean": each.sum() / weights.sum().clamp(min=1e-30),
    }[reduction]


# %% exercise="weighted-reduction" right="scalar-products"
def reduce_losses(losses, weights=None, reduction="mean"):
    w = losses.new_ones(losses.shape) if weights is None else weights
    match reduction:
        case "none":
            return w * losses
        case "sum":
            return w @ losses
        case "mean":
            return w @ losses / max(1, losses.numel())
        case "weighted_mean":
            total = w.sum().item()
            return (w * (1 / total if total else 0.0)) @ losses
    raise ValueError(reduction)


# %% exercise="weighted-reduction" wrong="zero-first" fails="'none' divides by nothing" points=2
def reduce_losses(losses, weights=None, reduction="mean"):
    if reduction not in ("none", "sum", "mean", "weighted_mean"):
        raise ValueError(reduction)
    if weights is None:
        weights = torch.ones_like(losses)
    if len(losses) == 0 or weights.sum() == 0:
        return torch.tensor(0.0)
    each = weights * losses
    if reduction == "none":
        return each
    if reduction == "sum":
        return each.sum()
    return each.sum() / (len(losses) if reduction == "mean" else weights.sum())


# %% exercise="weighted-reduction" wrong="four-ifs-and-no-else" fails="raised UnboundLocalError, wanted ValueError" points=2
def reduce_losses(losses, weights=None, reduction="mean"):
    if weights is None:
        weights = torch.ones_like(losses)
    weighted = losses * weights
    if reduction == "none":
        result = weighted
    if reduction == "sum":
        result = weighted.sum()
    if reduction == "mean":
        result = weighted.sum() / max(len(losses), 1)
    if reduction == "weighted_mean":
        result = weighted.sum() / weights.sum() if weights.any() else weighted.sum()
    return result


# %% exercise="weighted-reduction" wrong="a-new-tensor-of-numbers" fails="it does not reach losses" points=2
def reduce_losses(losses, weights=None, reduction="mean"):
    weights = [1.0] * len(losses) if weights is None else weights.tolist()
    weighted = [w * loss for w, loss in zip(weights, losses.tolist())]
    divisors = {"none": 1, "sum": 1, "mean": len(losses), "weighted_mean": sum(weights)}
    if reduction not in divisors:
        raise ValueError(reduction)
    result = weighted if reduction == "none" else sum(weighted) / (divisors[reduction] or 1)
    return torch.tensor(result, dtype=torch.float32, requires_grad=True)


# %% exercise="weighted-reduction" wrong="weighed-in-place" fails="changed its arguments" points=2
def reduce_losses(losses, weights=None, reduction="mean"):
    if reduction not in ("none", "sum", "mean", "weighted_mean"):
        raise ValueError(reduction)
    if weights is None:
        weights = torch.ones_like(losses)
    losses *= weights
    if reduction == "none":
        return losses
    divisor = {"sum": 1, "mean": len(losses), "weighted_mean": weights.sum().item()}[reduction]
    return losses.sum() / (divisor or 1)


# %% exercise="kernel-penalty" wrong="biases-too" fails="biases, or scales of a normalisation, are penalised too"
def penalised_loss(net, loss, l1=0.0, l2=0.0):
    for p in net.parameters():
        loss = loss + l1 * p.abs().sum() + l2 * (p**2).sum()
    return loss


# %% exercise="kernel-penalty" wrong="detached" fails="the penalty is a constant" points=2
def penalised_loss(net, loss, l1=0.0, l2=0.0):
    for p in net.parameters():
        if p.ndim >= 2:
            loss = loss + l1 * p.data.abs().sum() + l2 * (p.data**2).sum()
    return loss


# %% exercise="kernel-penalty" wrong="written-into-the-loss" fails="writes into the caller's tensor" points=2
def penalised_loss(net, loss, l1=0.0, l2=0.0):
    for p in net.parameters():
        if p.ndim >= 2:
            loss += l1 * p.abs().sum() + l2 * (p**2).sum()
    return loss


# %% exercise="kernel-penalty" wrong="top-level-only" fails="only the outermost kernels count" points=1
def penalised_loss(net, loss, l1=0.0, l2=0.0):
    for block in net.children():
        if hasattr(block, "weight") and block.weight.ndim >= 2:
            loss = loss + l1 * block.weight.abs().sum() + l2 * (block.weight**2).sum()
    return loss


# %% exercise="kernel-penalty" wrong="norm-not-squared" fails="the L2 part takes the root"
def penalised_loss(net, loss, l1=0.0, l2=0.0):
    for p in net.parameters():
        if p.ndim >= 2:
            loss = loss + l1 * p.norm(p=1) + l2 * p.norm()
    return loss


# %% exercise="kernel-penalty" wrong="by-name" fails="count axes, do not go by names" points=1
def penalised_loss(net, loss, l1=0.0, l2=0.0):
    for name, p in net.named_parameters():
        if "weight" in name:
            loss = loss + l1 * p.abs().sum() + l2 * (p**2).sum()
    return loss


# %% exercise="kernel-penalty" right="one-long-vector"
def penalised_loss(net, loss, l1=0.0, l2=0.0):
    kernels = [p.flatten() for p in net.parameters() if p.dim() > 1]
    if not kernels:
        return loss
    flat = torch.cat(kernels)
    return loss + l1 * torch.linalg.vector_norm(flat, 1) + l2 * flat.square().sum()


# %% exercise="kernel-penalty" right="two-sums"
def penalised_loss(net, loss, l1=0.0, l2=0.0):
    kernels = [p for _, p in net.named_parameters() if len(p.shape) > 1]
    return loss + l1 * sum(abs(p).sum() for p in kernels) + l2 * sum((p * p).sum() for p in kernels)


# %% exercise="kernel-penalty" wrong="once-for-each-use" fails="used in two places counts once" points=2
def penalised_loss(net, loss, l1=0.0, l2=0.0):
    for block in net.modules():
        for p in block.parameters(recurse=False):
            if p.ndim > 1:
                loss = loss + l1 * p.abs().sum() + l2 * p.square().sum()
    return loss


# %% exercise="kernel-penalty" wrong="names-and-axes" fails="of any depth and name" points=2
def penalised_loss(net, loss, l1=0.0, l2=0.0):
    for name, p in net.named_parameters():
        if name.endswith("weight") and p.ndim > 1:
            loss = loss + l1 * p.abs().sum() + l2 * p.square().sum()
    return loss


# %% exercise="kernel-penalty" wrong="layers-by-class" fails="of any depth and name" points=2
def penalised_loss(net, loss, l1=0.0, l2=0.0):
    kernels = {b.weight for b in net.modules() if isinstance(b, (nn.Linear, nn.Conv2d))}
    return loss + sum(l1 * w.abs().sum() + l2 * w.square().sum() for w in kernels)


# %% exercise="kernel-penalty" wrong="frozen-left-out" fails="of any depth and name" points=2
def penalised_loss(net, loss, l1=0.0, l2=0.0):
    for p in net.parameters():
        if p.requires_grad and p.ndim > 1:
            loss = loss + l1 * p.abs().sum() + l2 * p.square().sum()
    return loss


# %% exercise="non-negative-weights" wrong="before-the-update" fails="constrained before the update" points=1
def constrained_step(net, optimizer, loss_fn, x, y):
    with torch.no_grad():
        for p in net.parameters():
            if p.ndim >= 2:
                p.clamp_(min=0.0)
    optimizer.zero_grad()
    loss = loss_fn(net(x), y)
    loss.backward()
    optimizer.step()
    return loss.item()


# %% exercise="non-negative-weights" wrong="in-forward-only" fails="or only in the forward pass"
def constrained_step(net, optimizer, loss_fn, x, y):
    optimizer.zero_grad()
    loss_fn(net(x), y).backward()
    optimizer.step()
    clamped = {name: p.clamp(min=0.0) if p.ndim >= 2 else p for name, p in net.named_parameters()}
    return loss_fn(torch.func.functional_call(net, clamped, (x,)), y).item()


# %% exercise="non-negative-weights" wrong="targets-first" fails="loss_fn got the targets first" points=2
def constrained_step(net, optimizer, loss_fn, x, y):
    optimizer.zero_grad()
    loss = loss_fn(y, net(x))
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        for p in net.parameters():
            if p.ndim >= 2:
                p.clamp_(min=0.0)
    return loss.item()


# %% exercise="non-negative-weights" wrong="new-parameters" fails="holds other parameters than the optimizer"
def constrained_step(net, optimizer, loss_fn, x, y):
    optimizer.zero_grad()
    loss = loss_fn(net(x), y)
    loss.backward()
    optimizer.step()
    for block in net.modules():
        if isinstance(block, nn.Linear):
            block.weight = nn.Parameter(block.weight.detach().clamp(min=0.0))
    return loss.item()


# %% exercise="non-negative-weights" wrong="gradients-kept" fails="gradients were left from the first call" points=1
def constrained_step(net, optimizer, loss_fn, x, y):
    loss = loss_fn(net(x), y)
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        for p in net.parameters():
            if p.ndim >= 2:
                p.clamp_(min=0.0)
    return loss.item()


# %% exercise="non-negative-weights" wrong="biases-too" fails="biases are constrained too"
def constrained_step(net, optimizer, loss_fn, x, y):
    optimizer.zero_grad()
    loss = loss_fn(net(x), y)
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        for p in net.parameters():
            p.clamp_(min=0.0)
    return loss.item()


# %% exercise="non-negative-weights" wrong="first-group-only" fails="for kernels of every parameter group" points=2
def constrained_step(net, optimizer, loss_fn, x, y):
    optimizer.zero_grad()
    loss = loss_fn(net(x), y)
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        for p in optimizer.param_groups[0]["params"]:
            if p.dim() >= 2:
                p.clamp_(min=0)
    return loss.item()


# %% exercise="non-negative-weights" right="copied-through-data"
def constrained_step(net, optimizer, loss_fn, x, y):
    net.zero_grad()
    loss = loss_fn(net(x), y)
    loss.backward()
    optimizer.step()
    for _, p in net.named_parameters():
        if p.dim() > 1:
            p.data.copy_(torch.relu(p.data))
    return float(loss)


# %% exercise="non-negative-weights" right="gradients-by-hand"
def constrained_step(net, optimizer, loss_fn, x, y):
    trained = [p for p in net.parameters() if p.requires_grad]
    loss = loss_fn(net(x), y)
    for p, gradient in zip(trained, torch.autograd.grad(loss, trained)):
        p.grad = gradient
    optimizer.step()
    for p in net.parameters():
        if p.ndim >= 2:
            with torch.no_grad():
                p[p < 0] = 0.0
    return loss.detach().item()


# %% exercise="non-negative-weights" wrong="dense-layers-only" fails="whatever its block" points=2
def constrained_step(net, optimizer, loss_fn, x, y):
    optimizer.zero_grad()
    loss = loss_fn(net(x), y)
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        for block in net.modules():
            if isinstance(block, nn.Linear):
                block.weight.clamp_(min=0)
    return loss.item()


# %% exercise="non-negative-weights" wrong="by-name" fails="and is no kernel, whatever its name" points=2
def constrained_step(net, optimizer, loss_fn, x, y):
    optimizer.zero_grad()
    loss = loss_fn(net(x), y)
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        for name, p in net.named_parameters():
            if name.endswith("weight"):
                p.clamp_(min=0)
    return loss.item()


# %% exercise="non-negative-weights" wrong="own-update" fails="the optimizer's own step" points=1
def constrained_step(net, optimizer, loss_fn, x, y):
    optimizer.zero_grad()
    loss = loss_fn(net(x), y)
    loss.backward()
    with torch.no_grad():
        for group in optimizer.param_groups:
            for p in group["params"]:
                p -= group["lr"] * p.grad
                if p.ndim >= 2:
                    p.clamp_(min=0)
    return loss.item()


# %% exercise="non-negative-weights" wrong="loss-after-the-step" fails="the loss before the step" points=1
def constrained_step(net, optimizer, loss_fn, x, y):
    optimizer.zero_grad()
    loss_fn(net(x), y).backward()
    optimizer.step()
    with torch.no_grad():
        for p in net.parameters():
            if p.ndim >= 2:
                p.clamp_(min=0)
    return loss_fn(net(x), y).item()


# %% exercise="non-negative-weights" right="closure-and-relu"
def constrained_step(net, optimizer, loss_fn, x, y):
    def closure():
        optimizer.zero_grad(set_to_none=False)
        loss = loss_fn(net(x), y)
        loss.backward()
        return loss

    loss = optimizer.step(closure)
    for p in net.parameters():
        if p.dim() > 1:
            p.data.relu_()
    return float(loss)


# %% exercise="non-negative-weights" wrong="frozen-left-out" fails="frozen kernels are constrained too" points=2
def constrained_step(net, optimizer, loss_fn, x, y):
    optimizer.zero_grad()
    loss = loss_fn(net(x), y)
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        for p in net.parameters():
            if p.requires_grad and p.ndim >= 2:
                p.clamp_(min=0.0)
    return loss.item()


# %% exercise="non-negative-weights" wrong="names-and-axes" fails="whatever its block, depth and name" points=2
def constrained_step(net, optimizer, loss_fn, x, y):
    optimizer.zero_grad()
    loss = loss_fn(net(x), y)
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        for name, p in net.named_parameters():
            if name.endswith("weight") and p.ndim >= 2:
                p.clamp_(min=0.0)
    return loss.item()


# %% exercise="configured-loss" wrong="threshold-not-noted" fails="the threshold is missing" points=1
class HuberLoss(nn.Module):
    def __init__(self, threshold=1.0, reduction="mean"):
        super().__init__()
        self.threshold, self.reduction = threshold, reduction

    def forward(self, y_pred, y_true):
        losses = F.huber_loss(y_pred, y_true, reduction="none", delta=self.threshold).mean(dim=1)
        return {"none": losses, "sum": losses.sum(), "mean": losses.mean()}[self.reduction]

    def get_config(self):
        return {"reduction": self.reduction}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


# %% exercise="configured-loss" wrong="configuration-not-used" fails="that is the loss for threshold 1, the default" points=1
class HuberLoss(nn.Module):
    def __init__(self, threshold=1.0, reduction="mean"):
        super().__init__()
        self.threshold, self.reduction = threshold, reduction

    def forward(self, y_pred, y_true):
        losses = F.huber_loss(y_pred, y_true, reduction="none", delta=self.threshold).mean(dim=1)
        return {"none": losses, "sum": losses.sum(), "mean": losses.mean()}[self.reduction]

    def get_config(self):
        return {"threshold": self.threshold, "reduction": self.reduction}

    @classmethod
    def from_config(cls, config):
        return cls()


# %% exercise="configured-loss" wrong="threshold-in-a-buffer" fails="json.dumps does not take" points=2
class HuberLoss(nn.Module):
    def __init__(self, threshold=1.0, reduction="mean"):
        super().__init__()
        self.register_buffer("threshold", torch.tensor(float(threshold)))
        self.reduction = reduction

    def forward(self, y_pred, y_true):
        t, size = self.threshold, (y_pred - y_true).abs()
        losses = torch.where(size <= t, size**2 / 2, t * size - t**2 / 2).mean(dim=1)
        return {"none": losses, "sum": losses.sum(), "mean": losses.mean()}[self.reduction]

    def get_config(self):
        return {"threshold": self.threshold, "reduction": self.reduction}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


# %% exercise="configured-loss" wrong="settings-of-the-class" fails="each object has settings of its own" points=2
class HuberLoss(nn.Module):
    def __init__(self, threshold=1.0, reduction="mean"):
        super().__init__()
        HuberLoss.threshold = threshold
        HuberLoss.reduction = reduction

    def forward(self, y_pred, y_true):
        losses = F.huber_loss(y_pred, y_true, reduction="none", delta=self.threshold).mean(dim=1)
        return {"none": losses, "sum": losses.sum(), "mean": losses.mean()}[self.reduction]

    def get_config(self):
        return {"threshold": self.threshold, "reduction": self.reduction}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


# %% exercise="configured-loss" wrong="reduction-forgotten" fails="the reduction is missing or wrong" points=2
class HuberLoss(nn.Module):
    def __init__(self, threshold=1.0, reduction="mean"):
        super().__init__()
        self.threshold, self.reduction = threshold, reduction

    def forward(self, y_pred, y_true):
        losses = F.huber_loss(y_pred, y_true, reduction="none", delta=self.threshold).mean(dim=1)
        return {"none": losses, "sum": losses.sum(), "mean": losses.mean()}[self.reduction]

    def get_config(self):
        return {"threshold": self.threshold}

    @classmethod
    def from_config(cls, config):
        return cls(config["threshold"])


# %% exercise="configured-loss" wrong="configuration-emptied" fails="changed its argument" points=2
class HuberLoss(nn.Module):
    def __init__(self, threshold=1.0, reduction="mean"):
        super().__init__()
        self.threshold, self.reduction = threshold, reduction

    def forward(self, y_pred, y_true):
        losses = F.huber_loss(y_pred, y_true, reduction="none", delta=self.threshold).mean(dim=1)
        return {"none": losses, "sum": losses.sum(), "mean": losses.mean()}[self.reduction]

    def get_config(self):
        return {"threshold": self.threshold, "reduction": self.reduction}

    @classmethod
    def from_config(cls, config):
        return cls(config.pop("threshold"), config.pop("reduction"))


# %% exercise="configured-loss" wrong="dictionary-as-the-threshold" fails="cls(**config) takes it apart" points=1
class HuberLoss(nn.Module):
    def __init__(self, threshold=1.0, reduction="mean"):
        super().__init__()
        self.threshold, self.reduction = threshold, reduction

    def forward(self, y_pred, y_true):
        losses = F.huber_loss(y_pred, y_true, reduction="none", delta=self.threshold).mean(dim=1)
        return {"none": losses, "sum": losses.sum(), "mean": losses.mean()}[self.reduction]

    def get_config(self):
        return {"threshold": self.threshold, "reduction": self.reduction}

    @classmethod
    def from_config(cls, config):
        return cls(config)


# %% exercise="configured-loss" right="kept-as-a-dictionary"
class HuberLoss(nn.Module):
    def __init__(self, threshold=1.0, reduction="mean"):
        super().__init__()
        self.settings = {"threshold": threshold, "reduction": reduction}

    def forward(self, y_pred, y_true):
        t = self.settings["threshold"]
        size = torch.abs(y_pred - y_true)
        inner = torch.clamp(size, max=t)
        losses = (inner * (size - inner / 2)).mean(-1)
        if self.settings["reduction"] == "none":
            return losses
        return getattr(losses, self.settings["reduction"])()

    def get_config(self):
        return dict(self.settings)

    @classmethod
    def from_config(cls, config):
        return cls(config["threshold"], reduction=config["reduction"])


# %% exercise="configured-loss" right="built-in-inside"
class HuberLoss(nn.Module):
    def __init__(self, threshold=1.0, reduction="mean"):
        super().__init__()
        self.threshold = threshold
        self.reduction = reduction
        self.each = nn.HuberLoss(reduction="none", delta=threshold)

    def forward(self, y_pred, y_true):
        losses = self.each(y_pred, y_true).mean(dim=-1)
        if self.reduction == "sum":
            return losses.sum()
        if self.reduction == "mean":
            return losses.mean()
        return losses

    def get_config(self):
        return {name: getattr(self, name) for name in ("threshold", "reduction")}

    @staticmethod
    def from_config(config):
        return HuberLoss(**config)


# %% exercise="configured-loss" wrong="keeps-the-given-dictionary" fails="which the caller may change" points=2
class HuberLoss(nn.Module):
    def __init__(self, threshold=1.0, reduction="mean"):
        super().__init__()
        self.config = {"threshold": threshold, "reduction": reduction}

    def forward(self, y_pred, y_true):
        t, how = self.config["threshold"], self.config["reduction"]
        each = F.huber_loss(y_pred, y_true, reduction="none", delta=t).mean(dim=1)
        return each if how == "none" else getattr(each, how)()

    def get_config(self):
        return dict(self.config)

    @classmethod
    def from_config(cls, config):
        loss = cls()
        loss.config = config
        return loss


# %% exercise="configured-loss" wrong="hands-out-its-dictionary" fails="return a new dictionary each time" points=2
class HuberLoss(nn.Module):
    def __init__(self, threshold=1.0, reduction="mean"):
        super().__init__()
        self.config = {"threshold": threshold, "reduction": reduction}

    def forward(self, y_pred, y_true):
        t, how = self.config["threshold"], self.config["reduction"]
        each = F.huber_loss(y_pred, y_true, reduction="none", delta=t).mean(dim=1)
        return each if how == "none" else getattr(each, how)()

    def get_config(self):
        return self.config

    @classmethod
    def from_config(cls, config):
        return cls(**config)


# %% exercise="configured-loss" wrong="only-the-threshold-loaded" fails="is the reduction kept and used" points=2
class HuberLoss(nn.Module):
    def __init__(self, threshold=1.0, reduction="mean"):
        super().__init__()
        self.config = {"threshold": threshold, "reduction": reduction}

    def forward(self, y_pred, y_true):
        t, how = self.config["threshold"], self.config["reduction"]
        each = F.huber_loss(y_pred, y_true, reduction="none", delta=t).mean(dim=1)
        return each if how == "none" else getattr(each, how)()

    def get_config(self):
        return dict(self.config)

    @classmethod
    def from_config(cls, config):
        return cls(config["threshold"])


# %% exercise="configured-loss" wrong="reduction-of-the-class" fails="not those of a later" points=2
class HuberLoss(nn.Module):
    reduction = "mean"

    def __init__(self, threshold=1.0, reduction="mean"):
        super().__init__()
        self.threshold = threshold
        HuberLoss.reduction = reduction

    def forward(self, y_pred, y_true):
        losses = F.huber_loss(y_pred, y_true, reduction="none", delta=self.threshold).mean(dim=1)
        if HuberLoss.reduction == "none":
            return losses
        return losses.sum() if HuberLoss.reduction == "sum" else losses.mean()

    def get_config(self):
        return {"threshold": self.threshold, "reduction": HuberLoss.reduction}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


# %% exercise="configured-loss" wrong="threshold-in-float32" fails="in float32 it is another one" points=2
class HuberLoss(nn.Module):
    def __init__(self, threshold=1.0, reduction="mean"):
        super().__init__()
        self.register_buffer("threshold", torch.tensor(float(threshold)))
        self.reduction = reduction

    def forward(self, y_pred, y_true):
        t, size = self.threshold, (y_pred - y_true).abs()
        losses = torch.where(size <= t, size**2 / 2, t * size - t**2 / 2).mean(dim=1)
        if self.reduction == "none":
            return losses
        return losses.sum() if self.reduction == "sum" else losses.mean()

    def get_config(self):
        return {"threshold": self.threshold.item(), "reduction": self.reduction}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


# %% exercise="configured-loss" wrong="a-new-tensor-of-numbers" fails="it does not reach y_pred" points=2
class HuberLoss(nn.Module):
    def __init__(self, threshold=1.0, reduction="mean"):
        super().__init__()
        self.threshold, self.reduction = threshold, reduction

    def forward(self, y_pred, y_true):
        e, t = np.abs((y_pred - y_true).tolist()), self.threshold
        losses = np.where(e <= t, e**2 / 2, t * (e - t / 2)).mean(axis=1)
        if self.reduction != "none":
            losses = getattr(np, self.reduction)(losses)
        return torch.tensor(losses, dtype=torch.float32, requires_grad=True)

    def get_config(self):
        return {"threshold": self.threshold, "reduction": self.reduction}

    @classmethod
    def from_config(cls, config):
        return cls(**config)
