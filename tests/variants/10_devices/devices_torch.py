# %% [markdown]
# Wrong and right answers to the exercises of unit 10, PyTorch: each cell is a whole solution cell.
# `fails` is text that the message of a failing tests cell must contain; `points` is what remains.

# %% exercise="try-device" wrong="one-end-only" fails="a negative index names no device" points=1
def try_device(i=0, count=torch.cuda.device_count):
    return torch.device(f"cuda:{i}") if count() >= i + 1 else torch.device("cpu")


def all_devices(count=torch.cuda.device_count):
    return [torch.device(f"cuda:{i}") for i in range(count())] or [torch.device("cpu")]


# %% exercise="try-device" wrong="off-by-one" fails="compare with <, not with <=" points=1
def try_device(i=0, count=torch.cuda.device_count):
    if 0 <= i <= count() and count():
        return torch.device("cuda", i)
    return torch.device("cpu")


def all_devices(count=torch.cuda.device_count):
    return [torch.device("cuda", i) for i in range(count())] or [torch.device("cpu")]


# %% exercise="try-device" wrong="absent-device" fails="naming it does not make it" points=1
def try_device(i=0, count=torch.cuda.device_count):
    try:
        return torch.device("cuda", i)
    except RuntimeError:
        return torch.device("cpu")


def all_devices(count=torch.cuda.device_count):
    return [torch.device("cuda", i) for i in range(count())] or [torch.device("cpu")]


# %% exercise="try-device" wrong="empty-list" fails="an empty list" points=2
def try_device(i=0, count=torch.cuda.device_count):
    return torch.device("cuda", i) if i in range(count()) else torch.device("cpu")


def all_devices(count=torch.cuda.device_count):
    return [torch.device("cuda", i) for i in range(count())]


# %% exercise="try-device" wrong="texts" fails="a text is only its name"
def try_device(i=0, count=torch.cuda.device_count):
    return f"cuda:{i}" if 0 <= i < count() else "cpu"


def all_devices(count=torch.cuda.device_count):
    return [f"cuda:{i}" for i in range(count())] or ["cpu"]


# %% exercise="try-device" wrong="asks-the-machine" fails="in this very call"
def try_device(i=0, count=torch.cuda.device_count):
    n = torch.cuda.device_count()
    return torch.device("cuda", i) if 0 <= i < n else torch.device("cpu")


def all_devices(count=torch.cuda.device_count):
    n = torch.cuda.device_count()
    return [torch.device("cuda", i) for i in range(n)] or [torch.device("cpu")]


# %% exercise="try-device" right="in-range-and-loop"
def try_device(i=0, count=torch.cuda.device_count):
    if i in range(count()):
        return torch.device(f"cuda:{i}")
    return torch.device("cpu", 0)


def all_devices(count=torch.cuda.device_count):
    n, devices = count(), []
    for i in range(n):
        devices.append(torch.device("cuda", i))
    if not devices:
        devices.append(torch.device("cpu"))
    return devices


# %% exercise="try-device" right="one-through-the-other"
def all_devices(count=torch.cuda.device_count):
    n = count()
    if n == 0:
        return [torch.device("cpu")]
    return list(map(torch.device, ["cuda"] * n, range(n)))


def try_device(i=0, count=torch.cuda.device_count):
    devices = all_devices(count)
    if i < 0 or i >= len(devices):
        return torch.device("cpu")
    return devices[i]


# %% exercise="try-device" wrong="counts-from-the-end" fails="naming it does not make it" points=1
def try_device(i=0, count=torch.cuda.device_count):
    n = count()
    return torch.device("cuda", i % n) if n and i < n else torch.device("cpu")


def all_devices(count=torch.cuda.device_count):
    return [try_device(i, count) for i in range(count())] or [torch.device("cpu")]


# %% exercise="try-device" wrong="cpu-always-listed" fails="the CPU is in the list only if"
def try_device(i=0, count=torch.cuda.device_count):
    try:
        return torch.device("cuda", i)
    except RuntimeError:
        return torch.device("cpu")


def all_devices(count=torch.cuda.device_count):
    return [torch.device("cpu")] + [torch.device("cuda", i) for i in range(count())]


# %% exercise="try-device" right="cpu-with-an-index"
def try_device(i=0, count=torch.cuda.device_count):
    if i < 0 or i >= count():
        return torch.device("cpu:0")
    return torch.device(type="cuda", index=i)


def all_devices(count=torch.cuda.device_count):
    n = count()
    return list(map(lambda i: torch.device("cuda:%d" % i), range(n))) if n else [torch.device("cpu", 0)]


# %% exercise="try-device" wrong="count-not-called" fails="count is a function; is it asked"
def try_device(i=0, count=torch.cuda.device_count):
    return torch.device("cuda", i) if 0 <= i < count else torch.device("cpu")


def all_devices(count=torch.cuda.device_count):
    return [torch.device("cuda", i) for i in range(count)] or [torch.device("cpu")]


# %% exercise="try-device" wrong="device-misspelt" fails="wanted a list: the names of devices are cuda and cpu"
def try_device(i=0, count=torch.cuda.device_count):
    return torch.device(f"gpu:{i}") if 0 <= i < count() else torch.device("cpu")


def all_devices(count=torch.cuda.device_count):
    return [torch.device(f"gpu:{i}") for i in range(count())] or [torch.device("cpu")]


# %% exercise="try-device" wrong="entry-of-the-list" fails="before you take an entry of a list" points=1
def all_devices(count=torch.cuda.device_count):
    return [torch.device("cuda", i) for i in range(count())] or [torch.device("cpu")]


def try_device(i=0, count=torch.cuda.device_count):
    return all_devices(count)[i]


# %% exercise="meta-size" wrong="moved-to-meta-afterwards" fails="moving it there later is too late" points=1
def model_size(make):
    model = make().to("meta")
    tensors = [*model.parameters(), *model.buffers()]
    return sum(t.numel() for t in tensors), sum(t.numel() * t.element_size() for t in tensors)


def build_if_fits(make, state, limit):
    model = make()
    if sum(t.numel() * t.element_size() for t in state.values()) > limit:
        return None
    model.load_state_dict(state)
    return model


# %% exercise="meta-size" wrong="parameters-only-alias" fails="count parameters and buffers" points=2
def model_size(make):
    with torch.device("meta"):
        model = make()
    n = sum(p.numel() for p in model.parameters())
    return n, 4 * n


def build_if_fits(make, state, limit):
    with torch.device("meta"):
        model = make()
    if sum(t.numel() * t.element_size() for t in [*model.parameters(), *model.buffers()]) > limit:
        return None
    model.load_state_dict(state, assign=True)
    return model


# %% exercise="meta-size" wrong="assign-aliases" fails="uses the very tensors of state" points=3
def model_size(make):
    with torch.device("meta"):
        model = make()
    tensors = [*model.parameters(), *model.buffers()]
    return sum(t.numel() for t in tensors), sum(t.numel() * t.element_size() for t in tensors)


def build_if_fits(make, state, limit):
    with torch.device("meta"):
        model = make()
    if model_size(make)[1] > limit:
        return None
    model.load_state_dict(state, assign=True)
    return model


# %% exercise="meta-size" wrong="empty-and-four-bytes" fails="do not know your values" points=2
def model_size(make):
    with torch.device("meta"):
        model = make()
    n = sum(t.numel() for t in [*model.parameters(), *model.buffers()])
    return n, 4 * n


def build_if_fits(make, state, limit):
    with torch.device("meta"):
        model = make()
    if sum(t.numel() * t.element_size() for t in [*model.parameters(), *model.buffers()]) > limit:
        return None
    return model.to_empty(device="cpu")


# %% exercise="meta-size" wrong="state-dict-counted-to-cpu" fails="holds nothing to copy" points=1
def model_size(make):
    with torch.device("meta"):
        tensors = make().state_dict().values()
    return sum(t.numel() for t in tensors), sum(t.numel() * t.element_size() for t in tensors)


def build_if_fits(make, state, limit):
    with torch.device("meta"):
        model = make()
    if model_size(make)[1] > limit:
        return None
    model.to("cpu").load_state_dict(state)
    return model


# %% exercise="meta-size" wrong="loads-into-meta" fails="loading into meta tensors copies nothing" points=3
def model_size(make):
    with torch.device("meta"):
        model = make()
    tensors = [*model.parameters(), *model.buffers()]
    return sum(t.numel() for t in tensors), sum(t.numel() * t.element_size() for t in tensors)


def build_if_fits(make, state, limit):
    import warnings
    with torch.device("meta"):
        model = make()
    if model_size(make)[1] > limit:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.load_state_dict(state)
    return model


# %% exercise="meta-size" right="nbytes-and-made-anew"
def model_size(make):
    with torch.device("meta"):
        model = make()
    numbers = size = 0
    for tensor in list(model.parameters()) + list(model.buffers()):
        numbers += tensor.numel()
        size += tensor.nbytes
    return numbers, size


def build_if_fits(make, state, limit):
    _, size = model_size(make)
    if size <= limit:
        model = make()
        model.load_state_dict(state)
        return model


# %% exercise="meta-size" right="default-device-put-back-and-clones"
def model_size(make):
    before = torch.get_default_device()
    torch.set_default_device("meta")
    try:
        model = make()
    finally:
        torch.set_default_device(before)
    seen = {id(t): t for m in model.modules() for t in (*m.parameters(), *m.buffers())}
    return (sum(t.numel() for t in seen.values()),
            sum(t.numel() * t.dtype.itemsize for t in seen.values()))


def build_if_fits(make, state, limit):
    if model_size(make)[1] > limit:
        return None
    with torch.device("meta"):
        model = make()
    model.load_state_dict({k: v.clone() for k, v in state.items()}, assign=True)
    return model


# %% exercise="meta-size" wrong="evaluation-mode" fails="no eval()" points=3
def model_size(make):
    with torch.device("meta"):
        model = make()
    tensors = [*model.parameters(), *model.buffers()]
    return sum(t.numel() for t in tensors), sum(t.nbytes for t in tensors)


def build_if_fits(make, state, limit):
    if model_size(make)[1] > limit:
        return None
    model = make()
    model.load_state_dict(state)
    return model.eval()


# %% exercise="meta-size" wrong="tied-twice-and-below-the-limit" fails="exactly the limit" points=2
def model_size(make):
    with torch.device("meta"):
        model = make()
    tensors = [t for block in model.modules() for t in (
        *block.parameters(recurse=False), *block.buffers(recurse=False))]
    return sum(t.numel() for t in tensors), sum(t.nbytes for t in tensors)


def build_if_fits(make, state, limit):
    if model_size(make)[1] >= limit:
        return None
    model = make()
    model.load_state_dict(state)
    return model


# %% exercise="meta-size" wrong="by-address-and-from-the-state" fails="count parameters and buffers" points=2
def model_size(make):
    with torch.device("meta"):
        model = make()
    tensors = {t.data_ptr(): t for t in (*model.parameters(), *model.buffers())}.values()
    return sum(t.numel() for t in tensors), sum(t.nbytes for t in tensors)


def build_if_fits(make, state, limit):
    if sum(t.nbytes for t in state.values()) > limit:
        return None
    model = make()
    model.load_state_dict(state)
    return model


# %% exercise="meta-size" right="bytes-of-the-state"
def model_size(make):
    with torch.device("meta"):
        model = make()
    tensors = [*model.parameters(), *model.buffers()]
    return sum(t.numel() for t in tensors), sum(t.nbytes for t in tensors)


def build_if_fits(make, state, limit):
    if sum(t.nbytes for t in state.values()) > limit:
        return None
    model = make()
    model.load_state_dict(state)
    return model


# %% exercise="meta-size" wrong="both-numbers-compared" fails="the second one is compared with limit" points=2
def model_size(make):
    with torch.device("meta"):
        model = make()
    tensors = [*model.parameters(), *model.buffers()]
    return sum(t.numel() for t in tensors), sum(t.nbytes for t in tensors)


def build_if_fits(make, state, limit):
    if model_size(make) > limit:
        return None
    model = make()
    model.load_state_dict(state)
    return model


# %% exercise="one-device-audit" wrong="parameters-only" fails="are buffers"
def audit(model):
    found = {}
    for name, p in model.named_parameters():
        found.setdefault(str(p.device), []).append(name)
    return found


# %% exercise="one-device-audit" wrong="plain-attributes-missed" fails="see vars(module)" points=2
def audit(model):
    found = {}
    for name, t in [*model.named_parameters(), *model.named_buffers()]:
        found.setdefault(str(t.device), []).append(name)
    return found


# %% exercise="one-device-audit" wrong="state-dict" fails="saved or not, they take memory" points=1
def audit(model):
    found = {}
    for name, t in model.state_dict().items():
        found.setdefault(str(t.device), []).append(name)
    return found


# %% exercise="one-device-audit" wrong="attributes-of-the-outermost" fails="vars() of every module" points=2
def audit(model):
    found = {}
    attributes = [(n, v) for n, v in vars(model).items() if isinstance(v, torch.Tensor)]
    for name, t in [*model.named_parameters(), *model.named_buffers(), *attributes]:
        found.setdefault(str(t.device), []).append(name)
    return found


# %% exercise="one-device-audit" wrong="device-of-the-first" fails="a model need not be on one" points=1
def audit(model):
    names = [n for n, _ in [*model.named_parameters(), *model.named_buffers()]]
    return {str(next(model.parameters()).device): names} if names else {}


# %% exercise="one-device-audit" wrong="no-full-names" fails="with its full name"
def audit(model):
    found = {}
    for module in model.modules():
        for name, t in {**module._parameters, **module._buffers, **vars(module)}.items():
            if isinstance(t, torch.Tensor):
                found.setdefault(str(t.device), []).append(name)
    return found


# %% exercise="one-device-audit" right="own-registers"
def audit(model):
    found = {}
    for path, module in model.named_modules():
        own = {**module._parameters, **module._buffers, **vars(module)}
        for name, t in own.items():
            if isinstance(t, torch.Tensor):
                found.setdefault(str(t.device), []).append(f"{path}.{name}".lstrip("."))
    return found


# %% exercise="one-device-audit" right="registered-first-then-attributes"
def audit(model):
    pairs = list(model.named_parameters()) + list(model.named_buffers())
    for path, module in model.named_modules():
        prefix = path + "." if path else ""
        pairs += [(prefix + n, v) for n, v in module.__dict__.items() if torch.is_tensor(v)]
    return {str(d): sorted(n for n, t in pairs if t.device == d) for d in {t.device for _, t in pairs}}


# %% exercise="one-device-audit" right="recursion-over-children"
def audit(model, prefix=""):
    found = {}
    for part in (model._parameters, model._buffers, model.__dict__):
        for name, t in part.items():
            if isinstance(t, torch.Tensor):
                found.setdefault(f"{t.device}", []).append(prefix + name)
    for name, child in model.named_children():
        for device, paths in audit(child, f"{prefix}{name}.").items():
            found.setdefault(device, []).extend(paths)
    return found


# %% exercise="one-device-audit" wrong="attributes-of-two-levels" fails="vars() of every module" points=2
def audit(model):
    found = {}
    for name, tensor in [*model.named_parameters(), *model.named_buffers()]:
        found.setdefault(str(tensor.device), []).append(name)
    for path, module in [("", model), *model.named_children()]:
        for name, value in vars(module).items():
            if isinstance(value, torch.Tensor):
                found.setdefault(str(value.device), []).append(f"{path}.{name}" if path else name)
    return found


# %% exercise="one-device-audit" wrong="devices-written-down" fails="no device without tensors" points=2
def audit(model):
    found = {"cpu": [], "meta": []}
    for path, module in model.named_modules():
        held = {**module._parameters, **module._buffers, **vars(module)}
        for name, value in held.items():
            if isinstance(value, torch.Tensor):
                found[str(value.device)].append(f"{path}.{name}".lstrip("."))
    return found


# %% exercise="one-device-audit" right="defaultdict"
from collections import defaultdict


def audit(model):
    found = defaultdict(list)
    for name, tensor in [*model.named_parameters(), *model.named_buffers()]:
        found[str(tensor.device)].append(name)
    for path, module in model.named_modules():
        for name, value in vars(module).items():
            if isinstance(value, torch.Tensor):
                found[str(value.device)].append(f"{path}.{name}".removeprefix("."))
    return found


# %% exercise="one-device-audit" wrong="registers-the-constants" fails="registered a constant" points=2
def audit(model):
    for module in model.modules():
        for name, value in list(vars(module).items()):
            if isinstance(value, torch.Tensor):
                delattr(module, name)
                module.register_buffer(name, value)
    found = {}
    for name, tensor in [*model.named_parameters(), *model.named_buffers()]:
        found.setdefault(str(tensor.device), []).append(name)
    return found


# %% exercise="one-device-audit" wrong="device-of-the-first-parameter" fails="a model may have no parameters"
def audit(model):
    device = str(next(model.parameters()).device)
    return {device: [name for name, _ in [*model.named_parameters(), *model.named_buffers()]]}


# %% exercise="copy-if-needed" wrong="assignment-in-a-scope" fails="a scope around an assignment copies nothing"
def to_device(batch, device):
    with torch.device(device):
        moved = batch
    return moved


# %% exercise="copy-if-needed" wrong="copies-every-time" fails="a copy each time is memory and time" points=1
def to_device(batch, device):
    if isinstance(batch, torch.Tensor):
        return batch.to(device, copy=True)
    if isinstance(batch, dict):
        return {k: to_device(v, device) for k, v in batch.items()}
    if isinstance(batch, (list, tuple)):
        return type(batch)(to_device(v, device) for v in batch)
    return batch


# %% exercise="copy-if-needed" wrong="detached" fails="cut the link to the gradient" points=2
def to_device(batch, device):
    if isinstance(batch, torch.Tensor):
        return batch if batch.device == torch.device(device) else batch.detach().to(device)
    if isinstance(batch, dict):
        return {k: to_device(v, device) for k, v in batch.items()}
    if isinstance(batch, (list, tuple)):
        return type(batch)(to_device(v, device) for v in batch)
    return batch


# %% exercise="copy-if-needed" wrong="one-level" fails="go into containers inside containers" points=1
def to_device(batch, device):
    def move(x):
        return x.to(device) if isinstance(x, torch.Tensor) else x
    if isinstance(batch, dict):
        return {k: move(v) for k, v in batch.items()}
    if isinstance(batch, (list, tuple)):
        return type(batch)(move(v) for v in batch)
    return move(batch)


# %% exercise="copy-if-needed" wrong="changes-the-callers-containers" fails="changed the caller's batch" points=2
def to_device(batch, device):
    if isinstance(batch, torch.Tensor):
        return batch.to(device)
    if isinstance(batch, dict):
        for k in batch:
            batch[k] = to_device(batch[k], device)
    if isinstance(batch, list):
        for i in range(len(batch)):
            batch[i] = to_device(batch[i], device)
    if isinstance(batch, tuple):
        return tuple(to_device(v, device) for v in batch)
    return batch


# %% exercise="copy-if-needed" wrong="tuples-become-lists" fails="wanted a tuple of" points=2
def to_device(batch, device):
    if isinstance(batch, torch.Tensor):
        return batch.to(device)
    if isinstance(batch, dict):
        return {k: to_device(v, device) for k, v in batch.items()}
    if isinstance(batch, (list, tuple)):
        return [to_device(v, device) for v in batch]
    return batch


# %% exercise="copy-if-needed" right="compares-first"
def to_device(batch, device):
    device = torch.device(device)
    if torch.is_tensor(batch):
        if batch.device == device:
            return batch
        return batch.to(device)
    if isinstance(batch, dict):
        return dict(zip(batch, [to_device(v, device) for v in batch.values()]))
    if isinstance(batch, tuple):
        return tuple([to_device(v, device) for v in batch])
    if isinstance(batch, list):
        return [to_device(v, device) for v in batch]
    return batch


# %% exercise="copy-if-needed" right="by-match"
def to_device(batch, device):
    match batch:
        case torch.Tensor():
            return batch.to(device=device)
        case dict():
            return {k: to_device(v, device) for k, v in batch.items()}
        case list() | tuple():
            return type(batch)(map(lambda v: to_device(v, device), batch))
        case _:
            return batch


# %% exercise="copy-if-needed" right="tree-map"
from torch.utils import _pytree


def to_device(batch, device):
    return _pytree.tree_map(lambda t: t.to(device) if isinstance(t, torch.Tensor) else t, batch)


# %% exercise="copy-if-needed" wrong="device-against-text" fails="a copy each time is memory and time" points=1
def to_device(batch, device):
    if isinstance(batch, torch.Tensor):
        return batch if batch.device == device else batch.to(device, copy=True)
    if isinstance(batch, dict):
        return {key: to_device(value, device) for key, value in batch.items()}
    if isinstance(batch, (list, tuple)):
        return type(batch)([to_device(value, device) for value in batch])
    return batch


# %% exercise="copy-if-needed" wrong="new-empty-tensor" fails="no new tensor filled by hand" points=2
def to_device(batch, device):
    if isinstance(batch, torch.Tensor):
        if batch.device == torch.device(device):
            return batch
        return torch.empty_like(batch, device=device, requires_grad=batch.requires_grad)
    if isinstance(batch, dict):
        return {key: to_device(value, device) for key, value in batch.items()}
    if isinstance(batch, (list, tuple)):
        return type(batch)([to_device(value, device) for value in batch])
    return batch


# %% exercise="copy-if-needed" wrong="all-else-gone-into" fails="numbers, texts and None come back as they are" points=1
def to_device(batch, device):
    if isinstance(batch, torch.Tensor):
        return batch.to(device)
    if isinstance(batch, dict):
        return {key: to_device(value, device) for key, value in batch.items()}
    return type(batch)(to_device(value, device) for value in batch)


# %% exercise="one-sync-per-epoch" wrong="item-in-each-step" fails="before the last step" points=1
def run_epoch(step, batches):
    total, examples = 0.0, 0
    for batch in batches:
        total += step(batch).item() * len(batch)
        examples += len(batch)
    return total / examples


# %% exercise="one-sync-per-epoch" wrong="prints-each-step" fails="makes the host wait" points=1
def run_epoch(step, batches):
    total, examples = 0.0, 0
    for batch in batches:
        loss = step(batch)
        text = f"loss {loss:.3f}"
        total = total + loss * len(batch)
        examples += len(batch)
    return total.item() / examples


# %% exercise="one-sync-per-epoch" wrong="mean-of-batches" fails="small batches weigh too much"
def run_epoch(step, batches):
    return torch.stack([step(batch) for batch in batches]).mean().item()


# %% exercise="one-sync-per-epoch" wrong="all-read-at-the-end" fails="bring the losses together on the device" points=1
def run_epoch(step, batches):
    losses, sizes = [], []
    for batch in batches:
        losses.append(step(batch))
        sizes.append(len(batch))
    return sum(loss.item() * n for loss, n in zip(losses, sizes)) / sum(sizes)


# %% exercise="one-sync-per-epoch" wrong="returns-a-tensor" fails="gave Counted, wanted a float"
def run_epoch(step, batches):
    total, examples = 0.0, 0
    for batch in batches:
        total = total + step(batch) * len(batch)
        examples += len(batch)
    return total / examples


# %% exercise="one-sync-per-epoch" wrong="two-epochs" fails="each once" points=2
def run_epoch(step, batches):
    batches = list(batches)
    total = sum(step(b) * len(b) for b in batches)
    losses = torch.stack([step(b) for b in batches])
    return total.item() / sum(len(b) for b in batches)


# %% exercise="one-sync-per-epoch" right="stacked"
def run_epoch(step, batches):
    losses, sizes = [], []
    for batch in batches:
        losses.append(step(batch))
        sizes.append(len(batch))
    sizes = torch.tensor(sizes, dtype=torch.float32)
    return float((torch.stack(losses) * sizes).sum() / sizes.sum())


# %% exercise="one-sync-per-epoch" right="to-the-host-whole"
def run_epoch(step, batches):
    pairs = [(step(batch), len(batch)) for batch in batches]
    losses = torch.stack([loss for loss, _ in pairs]).cpu().numpy()
    return float(np.average(losses, weights=[n for _, n in pairs]))


# %% exercise="one-sync-per-epoch" right="running-sum-in-place"
def run_epoch(step, batches):
    total, examples = torch.zeros(()), 0
    for batch in batches:
        total += step(batch) * batch.shape[0]
        examples += batch.shape[0]
    return total.tolist() / examples


# %% exercise="one-sync-per-epoch" wrong="compared-with-the-last-one" fails="before the last step" points=1
def run_epoch(step, batches):
    total, examples, last = 0.0, 0, torch.zeros(())
    for batch in batches:
        loss = step(batch)
        if torch.equal(loss, last):
            print("the loss has stopped falling")
        last = loss
        total = total + loss * len(batch)
        examples += len(batch)
    return float(total / examples)


# %% exercise="one-sync-per-epoch" wrong="array-of-losses" fails="bring the losses together on the device" points=1
def run_epoch(step, batches):
    losses, sizes = [], []
    for batch in batches:
        losses.append(step(batch))
        sizes.append(len(batch))
    return float(np.average(np.array(losses), weights=sizes))


# %% exercise="one-sync-per-epoch" right="product-of-losses-and-sizes"
def run_epoch(step, batches):
    losses, sizes = [], []
    for batch in batches:
        losses.append(step(batch))
        sizes.append(batch.shape[0])
    return (torch.stack(losses) @ torch.tensor(sizes, dtype=torch.float32) / sum(sizes)).item()


# %% exercise="one-sync-per-epoch" wrong="running-sum-in-place-is-read" fails="times before the last step" points=1
def run_epoch(step, batches):
    total, examples, log = torch.zeros(()), 0, []
    for batch in batches:
        total.add_(step(batch) * len(batch))
        examples += len(batch)
        log.append(total.item() / examples)
    return log[-1]


# %% exercise="one-sync-per-epoch" wrong="weighed-by-numbers" fails="weigh each loss with len(batch)" points=2
def run_epoch(step, batches):
    total, count = 0.0, 0
    for batch in batches:
        total = total + step(batch) * batch.numel()
        count += batch.numel()
    return total.item() / count
