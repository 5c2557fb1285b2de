# %% [markdown]
# Wrong and right answers to the exercises of unit 04, PyTorch: each cell is a whole solution cell.
# `fails` is text that the message of a failing tests cell must contain; `points` is what remains.

# %% exercise="parameter-shapes" wrong="one-level-only" fails="the blocks inside blocks are left out"
def parameter_shapes(block):
    shapes = {name: tuple(p.shape) for name, p in block.named_parameters(recurse=False)}
    for child_name, child in block.named_children():
        for name, p in child.named_parameters(recurse=False):
            shapes[f"{child_name}.{name}"] = tuple(p.shape)
    return shapes


# %% exercise="parameter-shapes" wrong="children-without-own" fails="that belong to the block itself are left out"
def parameter_shapes(block):
    shapes = {}
    for child_name, child in block.named_children():
        for name, p in child.named_parameters():
            shapes[f"{child_name}.{name}"] = tuple(p.shape)
    return shapes


# %% exercise="parameter-shapes" wrong="state-dict" fails="buffers are saved, but they are no parameters" points=1
def parameter_shapes(block):
    return {path: tuple(t.shape) for path, t in block.state_dict().items()}


# %% exercise="parameter-shapes" wrong="state-dict-without-statistics" fails="lead to parameters that were met before" points=1
def parameter_shapes(block):
    buffers = dict(block.named_buffers())
    return {path: tuple(t.shape) for path, t in block.state_dict().items() if path not in buffers}


# %% exercise="parameter-shapes" wrong="every-place" fails="wanted one entry per parameter" points=1
def parameter_shapes(block):
    pairs = block.named_parameters(remove_duplicate=False)
    return {path: tuple(p.shape) for path, p in pairs}


# %% exercise="parameter-shapes" wrong="trained-only" fails="whether they are trained or not" points=1
def parameter_shapes(block):
    return {path: tuple(p.shape) for path, p in block.named_parameters() if p.requires_grad}


# %% exercise="parameter-shapes" wrong="last-step-of-the-path" fails="the last steps of paths"
def parameter_shapes(block):
    return {path.split(".")[-1]: tuple(p.shape) for path, p in block.named_parameters()}


# %% exercise="parameter-shapes" wrong="pairs" fails="wanted a dictionary"
def parameter_shapes(block):
    return [(path, tuple(p.shape)) for path, p in block.named_parameters()]


# %% exercise="parameter-shapes" wrong="numbers-instead-of-shapes" fails="tuples of ints"
def parameter_shapes(block):
    return {path: p.numel() for path, p in block.named_parameters()}


# %% exercise="parameter-shapes" wrong="ids-as-keys" fails="wanted paths: strings"
def parameter_shapes(block):
    return {id(p): tuple(p.shape) for p in block.parameters()}


# %% exercise="parameter-shapes" wrong="transposed-shapes" fails="the shape as it is stored"
def parameter_shapes(block):
    return {path: tuple(p.shape)[::-1] for path, p in block.named_parameters()}


# %% exercise="parameter-shapes" wrong="with-a-root" fails="walk the whole tree; named_parameters() does"
def parameter_shapes(block):
    return {f"net.{path}": tuple(p.shape) for path, p in block.named_parameters()}


# %% exercise="parameter-shapes" wrong="blocks-as-well" fails="lead to no parameter of the block"
def parameter_shapes(block):
    shapes = {path: () for path, part in block.named_modules() if path}
    shapes.update((path, tuple(p.shape)) for path, p in block.named_parameters())
    return shapes


# %% exercise="parameter-shapes" wrong="last-place-of-a-repeated-block" fails="lead to parameters that were met before" points=1
def parameter_shapes(block):
    last = {id(p): (path, p) for path, p in block.named_parameters(remove_duplicate=False)}
    return {path: tuple(p.shape) for path, p in last.values()}


# %% exercise="parameter-shapes" wrong="same-by-value" fails="parameters with equal values are two" points=1
def parameter_shapes(block):
    shapes, seen = {}, []
    for path, p in block.named_parameters(remove_duplicate=False):
        if not any(p.shape == q.shape and torch.equal(p, q) for q in seen):
            seen.append(p)
            shapes[path] = tuple(p.shape)
    return shapes


# %% exercise="parameter-shapes" right="own-walk"
def parameter_shapes(block):
    shapes, seen = {}, set()

    def walk(part, prefix):
        for name, p in part._parameters.items():
            if p is not None and id(p) not in seen:
                seen.add(id(p))
                shapes[prefix + name] = tuple(p.shape)
        for name, child in part._modules.items():
            walk(child, f"{prefix}{name}.")

    walk(block, "")
    return shapes


# %% exercise="parameter-shapes" right="torch-sizes"
def parameter_shapes(block):
    shapes = dict()
    for path, p in block.named_parameters():
        shapes[path] = p.shape
    return shapes


# %% exercise="count-parameters" wrong="tensors-counted" fails="tensors were counted"
def count_parameters(block):
    parts = {"": block.parameters(recurse=False)}
    parts |= {name: member.parameters() for name, member in block.named_children()}
    table, seen = {}, set()
    for name, parameters in parts.items():
        new = [p for p in parameters if id(p) not in seen]
        seen |= {id(p) for p in new}
        trained = sum(p.requires_grad for p in new)
        table[name] = trained, len(new) - trained
    return table


# %% exercise="count-parameters" wrong="swapped" fails="the wrong way round"
def count_parameters(block):
    parts = {"": block.parameters(recurse=False)}
    parts |= {name: member.parameters() for name, member in block.named_children()}
    table, seen = {}, set()
    for name, parameters in parts.items():
        new = [p for p in parameters if id(p) not in seen]
        seen |= {id(p) for p in new}
        table[name] = (sum(p.numel() for p in new if not p.requires_grad),
                       sum(p.numel() for p in new if p.requires_grad))
    return table


# %% exercise="count-parameters" wrong="total-first" fails="the first number is the total"
def count_parameters(block):
    parts = {"": block.parameters(recurse=False)}
    parts |= {name: member.parameters() for name, member in block.named_children()}
    table, seen = {}, set()
    for name, parameters in parts.items():
        new = [p for p in parameters if id(p) not in seen]
        seen |= {id(p) for p in new}
        table[name] = (sum(p.numel() for p in new),
                       sum(p.numel() for p in new if not p.requires_grad))
    return table


# %% exercise="count-parameters" wrong="frozen-by-mode" fails="frozen parameters were counted as trained"
def count_parameters(block):
    table, seen = {}, set()
    for name, parameters in [("", block.parameters(recurse=False)),
                             *((n, m.parameters()) for n, m in block.named_children())]:
        new = {id(p): p for p in parameters if id(p) not in seen}
        seen |= new.keys()
        total = sum(p.numel() for p in new.values())
        table[name] = (total, 0) if block.training else (0, total)
    return table


# %% exercise="count-parameters" wrong="one-level" fails="of every parameter of the member, at any depth"
def count_parameters(block):
    table, seen = {}, set()
    for name, part in [("", block), *block.named_children()]:
        new = [p for p in part.parameters(recurse=False) if id(p) not in seen]
        seen |= {id(p) for p in new}
        trained = sum(p.numel() for p in new if p.requires_grad)
        table[name] = trained, sum(p.numel() for p in new) - trained
    return table


# %% exercise="count-parameters" wrong="layer-by-its-weight" fails="requires_grad of that parameter decides" points=1
def count_parameters(block):
    table, seen = {}, set()
    for name, part in [("", None), *block.named_children()]:
        counts = [0, 0]
        for layer in [block] if part is None else part.modules():
            own = [p for p in layer.parameters(recurse=False) if id(p) not in seen]
            seen |= {id(p) for p in own}
            if own:
                counts[0 if own[0].requires_grad else 1] += sum(p.numel() for p in own)
        table[name] = tuple(counts)
    return table


# %% exercise="count-parameters" wrong="each-member-afresh" fails="is counted again" points=1
def count_parameters(block):
    def counts(parameters):
        parameters = list(parameters)
        trained = sum(p.numel() for p in parameters if p.requires_grad)
        return trained, sum(p.numel() for p in parameters) - trained

    table = {name: counts(member.parameters()) for name, member in block.named_children()}
    return table | {"": counts(block.parameters(recurse=False))}


# %% exercise="count-parameters" wrong="own-counted-last" fails="is counted again" points=1
def count_parameters(block):
    table, seen = {}, set()
    for name, member in block.named_children():
        new = [p for p in member.parameters() if id(p) not in seen]
        seen |= {id(p) for p in new}
        trained = sum(p.numel() for p in new if p.requires_grad)
        table[name] = trained, sum(p.numel() for p in new) - trained
    own = list(block.parameters(recurse=False))
    trained = sum(p.numel() for p in own if p.requires_grad)
    return table | {"": (trained, sum(p.numel() for p in own) - trained)}


# %% exercise="count-parameters" wrong="same-by-value" fails="was taken for another one" points=1
def count_parameters(block):
    table, seen = {}, []
    for name, parameters in [("", block.parameters(recurse=False)),
                             *((n, m.parameters()) for n, m in block.named_children())]:
        new = [p for p in parameters
               if not any(p.shape == q.shape and torch.equal(p, q) for q in seen)]
        seen += new
        trained = sum(p.numel() for p in new if p.requires_grad)
        table[name] = trained, sum(p.numel() for p in new) - trained
    return table


# %% exercise="count-parameters" wrong="own-forgotten" fails="missing under ''" points=1
def count_parameters(block):
    table, seen = {"": (0, 0)}, set()
    for name, member in block.named_children():
        new = [p for p in member.parameters() if id(p) not in seen]
        seen |= {id(p) for p in new}
        trained = sum(p.numel() for p in new if p.requires_grad)
        table[name] = trained, sum(p.numel() for p in new) - trained
    return table


# %% exercise="count-parameters" wrong="total-under-empty" fails="'' is for what is in no member"
def count_parameters(block):
    def counts(parameters):
        parameters = list(parameters)
        trained = sum(p.numel() for p in parameters if p.requires_grad)
        return trained, sum(p.numel() for p in parameters) - trained

    table = {name: counts(member.parameters()) for name, member in block.named_children()}
    return {"": counts(block.parameters()), **table}


# %% exercise="count-parameters" wrong="state-dict" fails="buffers were counted" points=1
def count_parameters(block):
    table, seen = {}, set()
    own = block._parameters | block._buffers
    for name, tensors in [("", own.values()),
                          *((n, m.state_dict(keep_vars=True).values())
                            for n, m in block.named_children())]:
        new = {id(t): t for t in tensors if id(t) not in seen}.values()
        seen |= {id(t) for t in new}
        trained = sum(t.numel() for t in new if t.requires_grad)
        table[name] = trained, sum(t.numel() for t in new) - trained
    return table


# %% exercise="count-parameters" wrong="without-the-empty-ones" fails="also for one without parameters"
def count_parameters(block):
    table = {"": [0, 0]}
    for path, p in block.named_parameters():
        name = path.partition(".")[0] if "." in path else ""
        table.setdefault(name, [0, 0])[0 if p.requires_grad else 1] += p.numel()
    return {name: tuple(counts) for name, counts in table.items()}


# %% exercise="count-parameters" wrong="every-block" fails="one for each direct member"
def count_parameters(block):
    table, seen = {}, set()
    for name, part in block.named_modules():
        new = [p for p in part.parameters(recurse=False) if id(p) not in seen]
        seen |= {id(p) for p in new}
        trained = sum(p.numel() for p in new if p.requires_grad)
        table[name] = trained, sum(p.numel() for p in new) - trained
    return table


# %% exercise="count-parameters" wrong="one-pair" fails="wanted a dictionary"
def count_parameters(block):
    trained = sum(p.numel() for p in block.parameters() if p.requires_grad)
    return trained, sum(p.numel() for p in block.parameters()) - trained


# %% exercise="count-parameters" wrong="lists" fails="wanted a tuple of two ints"
def count_parameters(block):
    table = {"": [0, 0]} | {name: [0, 0] for name, member in block.named_children()}
    for path, p in block.named_parameters():
        name = path.partition(".")[0] if "." in path else ""
        table[name][0 if p.requires_grad else 1] += p.numel()
    return table


# %% exercise="count-parameters" right="first-step-of-the-path"
def count_parameters(block):
    table = {name: [0, 0] for name, member in block.named_children()}
    table[""] = [0, 0]
    for path, p in block.named_parameters():
        name = path.partition(".")[0] if "." in path else ""
        table[name][0 if p.requires_grad else 1] += p.numel()
    return {name: tuple(counts) for name, counts in table.items()}


# %% exercise="count-parameters" right="owner-of-each-parameter"
def count_parameters(block):
    owner = {p: "" for p in block.parameters(recurse=False)}
    for name, member in block.named_children():
        for p in member.parameters():
            owner.setdefault(p, name)

    def count(name, trained):
        return int(np.sum([p.nelement() for p, n in owner.items()
                           if n == name and p.requires_grad == trained]))

    names = ["", *(name for name, member in block.named_children())]
    return {name: (count(name, True), count(name, False)) for name in names}


# %% exercise="tie-layers" wrong="values-copied" fails="values were copied" points=1
def tie_layers(net, i, j):
    with torch.no_grad():
        for p, q in zip(net[j].parameters(), net[i].parameters()):
            p.copy_(q)
    return net


# %% exercise="tie-layers" wrong="state-dict-loaded" fails="a tie needs no copies" points=1
def tie_layers(net, i, j):
    net[j].load_state_dict(net[i].state_dict())
    return net


# %% exercise="tie-layers" wrong="deep-copy" fails="values were copied" points=1
def tie_layers(net, i, j):
    net[j] = copy.deepcopy(net[i])
    return net


# %% exercise="tie-layers" wrong="deep-copy-of-all" fails="values were copied" points=1
def tie_layers(net, i, j):
    net = copy.deepcopy(net)
    net[j] = net[i]
    return net


# %% exercise="tie-layers" wrong="shared-memory" fails="share their memory" points=1
def tie_layers(net, i, j):
    for p, q in zip(net[j].parameters(), net[i].parameters()):
        p.data = q.data
    return net


# %% exercise="tie-layers" wrong="new-parameter-of-the-old-one" fails="share their memory" points=1
def tie_layers(net, i, j):
    net[j].weight = nn.Parameter(net[i].weight.detach())
    if net[i].bias is not None:
        net[j].bias = nn.Parameter(net[i].bias.detach())
    return net


# %% exercise="tie-layers" wrong="weight-only" fails="only one of weight and bias is tied"
def tie_layers(net, i, j):
    net[j].weight = net[i].weight
    return net


# %% exercise="tie-layers" wrong="wrong-way-round" fails="tied the wrong way round"
def tie_layers(net, i, j):
    net[i] = net[j]
    return net


# %% exercise="tie-layers" wrong="not-tied" fails="make the layer at 4 use the parameters"
def tie_layers(net, i, j):
    return net


# %% exercise="tie-layers" wrong="nothing-returned" fails="gave NoneType"
def tie_layers(net, i, j):
    net[j] = net[i]


# %% exercise="tie-layers" wrong="layer-inserted" fails="and all blocks in order" points=1
def tie_layers(net, i, j):
    blocks = [block for place, block in enumerate(net) if place != j]
    blocks[i] = nn.Sequential(net[i], net[i])
    return nn.Sequential(*blocks)


# %% exercise="tie-layers" wrong="place-left-out" fails="and all blocks in order" points=1
def tie_layers(net, i, j):
    return nn.Sequential(*(block for place, block in enumerate(net) if place != j))


# %% exercise="tie-layers" wrong="only-dense-layers-kept" fails="and all blocks in order" points=1
def tie_layers(net, i, j):
    net[j] = net[i]
    return nn.Sequential(*(block for block in net if isinstance(block, nn.Linear)))


# %% exercise="tie-layers" wrong="average" fails="changed values of parameters" points=1
def tie_layers(net, i, j):
    with torch.no_grad():
        for p, q in zip(net[i].parameters(), net[j].parameters()):
            p.copy_((p + q) / 2)
    net[j] = net[i]
    return net


# %% exercise="tie-layers" wrong="detached-at-the-second-place" fails="place 4 uses another tensor" points=2
def tie_layers(net, i, j):
    class Detached(nn.Module):
        def __init__(self, layer):
            super().__init__()
            self.layer = layer

        def forward(self, x):
            bias = None if self.layer.bias is None else self.layer.bias.detach()
            return F.linear(x, self.layer.weight.detach(), bias)

    net[j] = Detached(net[i])
    return net


# %% exercise="tie-layers" wrong="snapshot-at-the-second-place" fails="place 4 uses another tensor" points=2
def tie_layers(net, i, j):
    weight = net[i].weight.detach().clone()
    bias = None if net[i].bias is None else net[i].bias.detach().clone()

    class Frozen(nn.Module):
        def forward(self, x):
            return F.linear(x, weight, bias)

    net[j] = Frozen()
    return net


# %% exercise="tie-layers" right="layer-at-both-places"
def tie_layers(net, i, j):
    net[j] = net[i]
    return net


# %% exercise="tie-layers" right="new-chain"
def tie_layers(net, i, j):
    blocks = list(net)
    blocks[j] = blocks[i]
    return nn.Sequential(*blocks)


# %% exercise="tie-layers" right="own-block"
def tie_layers(net, i, j):
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.blocks = nn.ModuleList(net[i if place == j else place] for place in range(len(net)))

        def forward(self, x):
            for block in self.blocks:
                x = block(x)
            return x

    return Tied()


# %% exercise="transposed-twin" wrong="two-weights" fails="a second layer or an nn.Parameter of W.T"
class DenseTwin(nn.Module):
    def __init__(self, inputs, hidden):
        super().__init__()
        self.there = nn.Linear(inputs, hidden, bias=False)
        self.back = nn.Linear(hidden, inputs, bias=False)
        self.back.weight = nn.Parameter(self.there.weight.T)

    def forward(self, x):
        return self.back(torch.tanh(self.there(x)))


class ConvTwin(nn.Module):
    def __init__(self, channels, filters, size):
        super().__init__()
        self.there = nn.Conv2d(channels, filters, size, bias=False)
        self.back = nn.ConvTranspose2d(filters, channels, size, bias=False)

    def forward(self, x):
        return self.back(torch.tanh(self.there(x)))


# %% exercise="transposed-twin" wrong="with-bias" fails="there is no bias"
class DenseTwin(nn.Module):
    def __init__(self, inputs, hidden):
        super().__init__()
        self.there = nn.Linear(inputs, hidden)

    def forward(self, x):
        return torch.tanh(self.there(x)) @ self.there.weight


class ConvTwin(nn.Module):
    def __init__(self, channels, filters, size):
        super().__init__()
        self.there = nn.Conv2d(channels, filters, size)

    def forward(self, x):
        return F.conv_transpose2d(torch.tanh(self.there(x)), self.there.weight)


# %% exercise="transposed-twin" wrong="detached-on-the-way-back" fails="only the way there counts" points=3
class DenseTwin(nn.Module):
    def __init__(self, inputs, hidden):
        super().__init__()
        self.there = nn.Linear(inputs, hidden, bias=False)

    def forward(self, x):
        return torch.tanh(self.there(x)) @ self.there.weight.data


class ConvTwin(nn.Module):
    def __init__(self, channels, filters, size):
        super().__init__()
        self.there = nn.Conv2d(channels, filters, size, bias=False)

    def forward(self, x):
        return F.conv_transpose2d(torch.tanh(self.there(x)), self.there.weight.detach())


# %% exercise="transposed-twin" wrong="detached-on-the-way-there" fails="only the way back counts" points=3
class DenseTwin(nn.Module):
    def __init__(self, inputs, hidden):
        super().__init__()
        self.W = nn.Parameter(torch.randn(hidden, inputs))

    def forward(self, x):
        with torch.no_grad():
            h = torch.tanh(x @ self.W.T)
        return h @ self.W


class ConvTwin(nn.Module):
    def __init__(self, channels, filters, size):
        super().__init__()
        self.K = nn.Parameter(torch.randn(filters, channels, size, size))

    def forward(self, x):
        with torch.no_grad():
            h = torch.tanh(F.conv2d(x, self.K))
        return F.conv_transpose2d(h, self.K)


# %% exercise="transposed-twin" wrong="no-grad-everywhere" fails="cut off from its weight" points=2
class DenseTwin(nn.Module):
    def __init__(self, inputs, hidden):
        super().__init__()
        self.W = nn.Parameter(torch.randn(hidden, inputs))

    @torch.no_grad()
    def forward(self, x):
        return torch.tanh(x @ self.W.T) @ self.W


class ConvTwin(nn.Module):
    def __init__(self, channels, filters, size):
        super().__init__()
        self.K = nn.Parameter(torch.randn(filters, channels, size, size))

    @torch.no_grad()
    def forward(self, x):
        return F.conv_transpose2d(torch.tanh(F.conv2d(x, self.K)), self.K)


# %% exercise="transposed-twin" wrong="wrong-way-round" fails="x @ W.T is" points=1
class DenseTwin(nn.Module):
    def __init__(self, inputs, hidden):
        super().__init__()
        self.W = nn.Parameter(torch.randn(hidden, inputs))

    def forward(self, x):
        return torch.tanh(x @ self.W) @ self.W.T


class ConvTwin(nn.Module):
    def __init__(self, channels, filters, size):
        super().__init__()
        self.K = nn.Parameter(torch.randn(filters, channels, size, size))

    def forward(self, x):
        return F.conv_transpose2d(torch.tanh(F.conv2d(x, self.K)), self.K)


# %% exercise="transposed-twin" wrong="wrong-way-round-where-it-fits" fails="W and its transpose are the wrong way round" points=1
class DenseTwin(nn.Module):
    def __init__(self, inputs, hidden):
        super().__init__()
        self.W = nn.Parameter(torch.randn(hidden, inputs))

    def forward(self, x):
        W = self.W.T if x.shape[-1] == self.W.shape[0] else self.W
        return torch.tanh(x @ W.T) @ W


class ConvTwin(nn.Module):
    def __init__(self, channels, filters, size):
        super().__init__()
        self.K = nn.Parameter(torch.randn(filters, channels, size, size))

    def forward(self, x):
        return F.conv_transpose2d(torch.tanh(F.conv2d(x, self.K)), self.K)


# %% exercise="transposed-twin" wrong="same-direction-twice" fails="not transposed" points=1
class DenseTwin(nn.Module):
    def __init__(self, inputs, hidden):
        super().__init__()
        self.there = nn.Linear(inputs, hidden, bias=False)

    def forward(self, x):
        h = torch.tanh(self.there(x))
        return self.there(h) if h.shape == x.shape else h @ self.there.weight


class ConvTwin(nn.Module):
    def __init__(self, channels, filters, size):
        super().__init__()
        self.there = nn.Conv2d(channels, filters, size, bias=False)

    def forward(self, x):
        return F.conv_transpose2d(torch.tanh(self.there(x)), self.there.weight)


# %% exercise="transposed-twin" wrong="stored-in-the-other-order" fails="it is stored the other way round"
class DenseTwin(nn.Module):
    def __init__(self, inputs, hidden):
        super().__init__()
        self.W = nn.Parameter(torch.randn(inputs, hidden))

    def forward(self, x):
        return torch.tanh(x @ self.W) @ self.W.T


class ConvTwin(nn.Module):
    def __init__(self, channels, filters, size):
        super().__init__()
        self.K = nn.Parameter(torch.randn(channels, filters, size, size))

    def forward(self, x):
        h = torch.tanh(F.conv2d(x, self.K.transpose(0, 1)))
        return F.conv_transpose2d(h, self.K.transpose(0, 1))


# %% exercise="transposed-twin" wrong="stale-copy-as-a-buffer" fails="a transposed copy that is kept goes stale" points=1
class DenseTwin(nn.Module):
    def __init__(self, inputs, hidden):
        super().__init__()
        self.W = nn.Parameter(torch.randn(hidden, inputs))
        self.register_buffer("W_back", self.W.detach().clone())

    def forward(self, x):
        return torch.tanh(x @ self.W.T) @ self.W_back


class ConvTwin(nn.Module):
    def __init__(self, channels, filters, size):
        super().__init__()
        self.K = nn.Parameter(torch.randn(filters, channels, size, size))

    def forward(self, x):
        return F.conv_transpose2d(torch.tanh(F.conv2d(x, self.K)), self.K)


# %% exercise="transposed-twin" wrong="stale-copy-as-an-attribute" fails="as it is at the time of the call, both times" points=1
class DenseTwin(nn.Module):
    def __init__(self, inputs, hidden):
        super().__init__()
        self.W = nn.Parameter(torch.randn(hidden, inputs))
        self.W_back = self.W.detach().clone()

    def forward(self, x):
        return torch.tanh(x @ self.W.T) @ self.W_back


class ConvTwin(nn.Module):
    def __init__(self, channels, filters, size):
        super().__init__()
        self.K = nn.Parameter(torch.randn(filters, channels, size, size))

    def forward(self, x):
        return F.conv_transpose2d(torch.tanh(F.conv2d(x, self.K)), self.K)


# %% exercise="transposed-twin" wrong="no-tanh" fails="the tanh is missing"
class DenseTwin(nn.Module):
    def __init__(self, inputs, hidden):
        super().__init__()
        self.W = nn.Parameter(torch.randn(hidden, inputs))

    def forward(self, x):
        return x @ self.W.T @ self.W


class ConvTwin(nn.Module):
    def __init__(self, channels, filters, size):
        super().__init__()
        self.K = nn.Parameter(torch.randn(filters, channels, size, size))

    def forward(self, x):
        return F.conv_transpose2d(F.conv2d(x, self.K), self.K)


# %% exercise="transposed-twin" wrong="tanh-on-both" fails="a tanh on the output as well"
class DenseTwin(nn.Module):
    def __init__(self, inputs, hidden):
        super().__init__()
        self.W = nn.Parameter(torch.randn(hidden, inputs))

    def forward(self, x):
        return torch.tanh(torch.tanh(x @ self.W.T) @ self.W)


class ConvTwin(nn.Module):
    def __init__(self, channels, filters, size):
        super().__init__()
        self.K = nn.Parameter(torch.randn(filters, channels, size, size))

    def forward(self, x):
        return torch.tanh(F.conv_transpose2d(torch.tanh(F.conv2d(x, self.K)), self.K))


# %% exercise="transposed-twin" wrong="convolution-back-with-padding" fails="the way back uses the kernel mirrored" points=1
class DenseTwin(nn.Module):
    def __init__(self, inputs, hidden):
        super().__init__()
        self.there = nn.Linear(inputs, hidden, bias=False)

    def forward(self, x):
        return torch.tanh(self.there(x)) @ self.there.weight


class ConvTwin(nn.Module):
    def __init__(self, channels, filters, size):
        super().__init__()
        self.there = nn.Conv2d(channels, filters, size, bias=False)

    def forward(self, x):
        K = self.there.weight
        return F.conv2d(torch.tanh(self.there(x)), K.transpose(0, 1), padding=K.shape[-1] - 1)


# %% exercise="transposed-twin" wrong="kernel-turned-by-hand" fails="channels and filters are swapped on the way back" points=1
class DenseTwin(nn.Module):
    def __init__(self, inputs, hidden):
        super().__init__()
        self.there = nn.Linear(inputs, hidden, bias=False)

    def forward(self, x):
        return torch.tanh(self.there(x)) @ self.there.weight


class ConvTwin(nn.Module):
    def __init__(self, channels, filters, size):
        super().__init__()
        self.there = nn.Conv2d(channels, filters, size, bias=False)

    def forward(self, x):
        K = self.there.weight
        back = K.transpose(0, 1) if K.shape[0] == K.shape[1] else K
        return F.conv_transpose2d(torch.tanh(self.there(x)), back)


# %% exercise="transposed-twin" wrong="padded" fails="the way there has no padding" points=1
class DenseTwin(nn.Module):
    def __init__(self, inputs, hidden):
        super().__init__()
        self.there = nn.Linear(inputs, hidden, bias=False)

    def forward(self, x):
        return torch.tanh(self.there(x)) @ self.there.weight


class ConvTwin(nn.Module):
    def __init__(self, channels, filters, size):
        super().__init__()
        self.there = nn.Conv2d(channels, filters, size, bias=False, padding=1)

    def forward(self, x):
        return F.conv_transpose2d(torch.tanh(self.there(x)), self.there.weight)


# %% exercise="transposed-twin" wrong="padded-both-ways" fails="conv2d there and conv_transpose2d back" points=1
class DenseTwin(nn.Module):
    def __init__(self, inputs, hidden):
        super().__init__()
        self.there = nn.Linear(inputs, hidden, bias=False)

    def forward(self, x):
        return torch.tanh(self.there(x)) @ self.there.weight


class ConvTwin(nn.Module):
    def __init__(self, channels, filters, size):
        super().__init__()
        self.there = nn.Conv2d(channels, filters, size, bias=False, padding=1)

    def forward(self, x):
        return F.conv_transpose2d(torch.tanh(self.there(x)), self.there.weight, padding=1)


# %% exercise="transposed-twin" wrong="kernel-axes-swapped-for-the-way-back" fails="with K as it is stored" points=1
class DenseTwin(nn.Module):
    def __init__(self, inputs, hidden):
        super().__init__()
        self.there = nn.Linear(inputs, hidden, bias=False)

    def forward(self, x):
        return torch.tanh(self.there(x)) @ self.there.weight


class ConvTwin(nn.Module):
    def __init__(self, channels, filters, size):
        super().__init__()
        self.there = nn.Conv2d(channels, filters, size, bias=False)

    def forward(self, x):
        return F.conv_transpose2d(torch.tanh(self.there(x)), self.there.weight.transpose(0, 1))


# %% exercise="transposed-twin" wrong="transposed-view-as-an-attribute" fails="a transposed view of the weight is kept" points=3
class DenseTwin(nn.Module):
    def __init__(self, inputs, hidden):
        super().__init__()
        self.W = nn.Parameter(torch.randn(hidden, inputs) / 2)
        self.WT = self.W.T

    def forward(self, x):
        return torch.tanh(x @ self.WT) @ self.W


class ConvTwin(nn.Module):
    def __init__(self, channels, filters, size):
        super().__init__()
        self.there = nn.Conv2d(channels, filters, size, bias=False)

    def forward(self, x):
        return F.conv_transpose2d(torch.tanh(self.there(x)), self.there.weight)


# %% exercise="transposed-twin" right="own-parameters"
class DenseTwin(nn.Module):
    def __init__(self, inputs, hidden):
        super().__init__()
        self.W = nn.Parameter(torch.randn(hidden, inputs))

    def forward(self, x):
        return F.linear(torch.tanh(F.linear(x, self.W)), self.W.T)


class ConvTwin(nn.Module):
    def __init__(self, channels, filters, size):
        super().__init__()
        self.K = nn.Parameter(torch.randn(filters, channels, size, size) * 0.1)

    def forward(self, x):
        return F.conv_transpose2d(F.conv2d(x, self.K).tanh(), self.K)


# %% exercise="transposed-twin" right="one-layer-borrows"
class DenseTwin(nn.Module):
    def __init__(self, inputs, hidden):
        super().__init__()
        self.there = nn.Linear(inputs, hidden, bias=False)

    def forward(self, x):
        h = torch.tanh(self.there(x))
        return torch.einsum("bh,hi->bi", h, self.there.weight)


class ConvTwin(nn.Module):
    def __init__(self, channels, filters, size):
        super().__init__()
        self.there = nn.Conv2d(channels, filters, size, bias=False)
        self.back = nn.ConvTranspose2d(filters, channels, size, bias=False)
        self.back.weight = self.there.weight

    def forward(self, x):
        return self.back(torch.tanh(self.there(x)))


# %% exercise="transposed-twin" right="flipped-by-hand"
class DenseTwin(nn.Module):
    def __init__(self, inputs, hidden):
        super().__init__()
        self.W = nn.Parameter(torch.empty(hidden, inputs).uniform_(-1, 1))

    def forward(self, x):
        return (self.W.T @ torch.tanh(self.W @ x.T)).T


class ConvTwin(nn.Module):
    def __init__(self, channels, filters, size):
        super().__init__()
        self.K = nn.Parameter(torch.empty(filters, channels, size, size).uniform_(-1, 1))

    def forward(self, x):
        flipped = self.K.transpose(0, 1).flip(2, 3)
        h = torch.tanh(F.conv2d(x, self.K))
        return F.conv2d(h, flipped, padding=self.K.shape[-1] - 1)


# %% exercise="set-by-path" wrong="rebinding" fails="replaced the parameter by a new one" points=2
def set_by_path(block, path, value):
    parameter = dict(block.named_parameters())[path]
    if tuple(parameter.shape) != value.shape:
        raise ValueError(path)
    parent, _, name = path.rpartition(".")
    new = nn.Parameter(torch.from_numpy(value).to(parameter.dtype, copy=True))
    setattr(block.get_submodule(parent), name, new)


# %% exercise="set-by-path" wrong="data-without-a-copy" fails="must not live in the memory of the array" points=2
def set_by_path(block, path, value):
    parameter = dict(block.named_parameters())[path]
    if tuple(parameter.shape) != value.shape:
        raise ValueError(path)
    parameter.data = torch.from_numpy(value).to(parameter.dtype)


# %% exercise="set-by-path" wrong="data-with-its-dtype" fails="it keeps its own dtype" points=1
def set_by_path(block, path, value):
    parameter = dict(block.named_parameters())[path]
    if tuple(parameter.shape) != value.shape:
        raise ValueError(path)
    parameter.data = torch.from_numpy(value)


# %% exercise="set-by-path" wrong="local-name" fails="a local name that is bound" points=1
def set_by_path(block, path, value):
    parameter = dict(block.named_parameters())[path]
    if tuple(parameter.shape) != value.shape:
        raise ValueError(path)
    parameter = nn.Parameter(torch.tensor(value))


# %% exercise="set-by-path" wrong="broadcasts" fails="copy_ broadcasts, so compare" points=2
def set_by_path(block, path, value):
    with torch.no_grad():
        dict(block.named_parameters())[path].copy_(torch.from_numpy(value))


# %% exercise="set-by-path" wrong="reshapes" fails="raised nothing, wanted a ValueError" points=2
def set_by_path(block, path, value):
    parameter = dict(block.named_parameters())[path]
    if parameter.numel() != value.size:
        raise ValueError(path)
    with torch.no_grad():
        parameter.copy_(torch.from_numpy(value).reshape(parameter.shape))


# %% exercise="set-by-path" wrong="load-not-strict" fails="raised nothing, wanted a KeyError" points=2
def set_by_path(block, path, value):
    try:
        block.load_state_dict({path: torch.from_numpy(value)}, strict=False)
    except RuntimeError as error:
        raise ValueError(path) from error


# %% exercise="set-by-path" wrong="attribute-error" fails="raised AttributeError" points=2
def set_by_path(block, path, value):
    parameter = block.get_parameter(path)
    if tuple(parameter.shape) != value.shape:
        raise ValueError(path)
    with torch.no_grad():
        parameter.copy_(torch.from_numpy(value))


# %% exercise="set-by-path" wrong="runtime-error-for-shapes" fails="raised RuntimeError" points=2
def set_by_path(block, path, value):
    if path not in dict(block.named_parameters()):
        raise KeyError(path)
    block.load_state_dict({path: torch.from_numpy(value)}, strict=False)


# %% exercise="set-by-path" wrong="buffers-as-well" fails="'1.running_mean', value) with a value of shape (2,) raised nothing" points=2
def set_by_path(block, path, value):
    tensor = block.state_dict()[path]
    if tuple(tensor.shape) != value.shape:
        raise ValueError(path)
    tensor.copy_(torch.from_numpy(value))


# %% exercise="set-by-path" wrong="thaws" fails="set requires_grad to True" points=2
def set_by_path(block, path, value):
    parameter = dict(block.named_parameters())[path]
    if tuple(parameter.shape) != value.shape:
        raise ValueError(path)
    parameter.requires_grad_(False)
    parameter.copy_(torch.from_numpy(value))
    parameter.requires_grad_(True)


# %% exercise="set-by-path" wrong="freezes" fails="set requires_grad to False" points=2
def set_by_path(block, path, value):
    parameter = dict(block.named_parameters())[path]
    if tuple(parameter.shape) != value.shape:
        raise ValueError(path)
    parameter.requires_grad = False
    parameter.copy_(torch.from_numpy(value))


# %% exercise="set-by-path" wrong="without-no-grad" fails="inside torch.no_grad()" points=1
def set_by_path(block, path, value):
    parameter = dict(block.named_parameters())[path]
    if tuple(parameter.shape) != value.shape:
        raise ValueError(path)
    parameter.copy_(torch.from_numpy(value))


# %% exercise="set-by-path" wrong="all-of-that-name" fails="changed other parameters as well" points=2
def set_by_path(block, path, value):
    wanted = dict(block.named_parameters())[path]
    if tuple(wanted.shape) != value.shape:
        raise ValueError(path)
    with torch.no_grad():
        for other, parameter in block.named_parameters():
            if other.split(".")[-1] == path.split(".")[-1] and parameter.shape == wanted.shape:
                parameter.copy_(torch.from_numpy(value))


# %% exercise="set-by-path" wrong="changes-before-checking" fails="raised as it should, but changed" points=2
def set_by_path(block, path, value):
    parameter = dict(block.named_parameters())[path]
    with torch.no_grad():
        parameter.zero_()
        if tuple(parameter.shape) != value.shape:
            raise ValueError(path)
        parameter.add_(torch.from_numpy(value))


# %% exercise="set-by-path" right="data-copy"
def set_by_path(block, path, value):
    for name, parameter in block.named_parameters():
        if name == path:
            break
    else:
        raise KeyError(path)
    if value.shape != parameter.shape:
        raise ValueError(f"{value.shape} for {parameter.shape}")
    parameter.data = torch.tensor(value, dtype=parameter.dtype)


# %% exercise="set-by-path" right="load-state-dict"
def set_by_path(block, path, value):
    names = [name for name, parameter in block.named_parameters()]
    if path not in names:
        raise KeyError(path)
    if block.get_parameter(path).shape != value.shape:
        raise ValueError(path)
    block.load_state_dict({path: torch.as_tensor(value)}, strict=False)


# %% exercise="set-by-path" right="slice-assignment"
@torch.no_grad()
def set_by_path(block, path, value):
    try:
        parameter = block.get_parameter(path)
    except AttributeError:
        raise KeyError(path) from None
    if value.shape != tuple(parameter.shape):
        raise ValueError(path)
    parameter[...] = torch.tensor(value)
