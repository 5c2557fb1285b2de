# %% [markdown]
# Wrong and right answers to the exercises of unit 06, PyTorch: each cell is a whole solution cell.
# `fails` is text that the message of a failing tests cell must contain; `points` is what remains.

# %% exercise="shapes-before-after" wrong="recorded-after-only" fails="recorded after the batch"
def shapes_before_and_after(net, x):
    net(x)
    known = {name: [tuple(p.shape) for p in member.parameters()]
             for name, member in net.named_children()}
    return known, known


# %% exercise="shapes-before-after" wrong="one-dictionary" fails="recorded after the batch"
def shapes_before_and_after(net, x):
    shapes = {}

    def record():
        for name, member in net.named_children():
            shapes[name] = [tuple(p.shape) for p in member.parameters()
                            if not isinstance(p, UninitializedParameter)]
        return shapes

    before = record()
    net(x)
    return before, record()


# %% exercise="shapes-before-after" wrong="size-believed" fails="size() of a parameter without a shape"
def shapes_before_and_after(net, x):
    def known():
        return {name: [tuple(p.size()) for p in member.parameters()]
                for name, member in net.named_children()}

    before = known()
    net(x)
    return before, known()


# %% exercise="shapes-before-after" wrong="keys-are-parameters" fails="one for each direct member"
def shapes_before_and_after(net, x):
    def known():
        return {name: [tuple(p.shape)] for name, p in net.named_parameters()
                if not isinstance(p, UninitializedParameter)}

    before = known()
    net(x)
    return before, known()


# %% exercise="shapes-before-after" wrong="keys-are-numbers" fails="has the keys"
def shapes_before_and_after(net, x):
    def known():
        return {i: [tuple(p.shape) for p in member.parameters()
                    if not isinstance(p, UninitializedParameter)]
                for i, member in enumerate(net)}

    before = known()
    net(x)
    return before, known()


# %% exercise="shapes-before-after" wrong="members-without-parameters-skipped" fails="also for one without parameters"
def shapes_before_and_after(net, x):
    def known():
        return {name: [tuple(p.shape) for p in member.parameters()
                       if not isinstance(p, UninitializedParameter)]
                for name, member in net.named_children() if list(member.parameters())}

    before = known()
    net(x)
    return before, known()


# %% exercise="shapes-before-after" wrong="blocks-inside-lost" fails="blocks inside the member" points=1
def shapes_before_and_after(net, x):
    def known():
        return {name: [tuple(p.shape) for p in member.parameters(recurse=False)
                       if not isinstance(p, UninitializedParameter)]
                for name, member in net.named_children()}

    before = known()
    net(x)
    return before, known()


# %% exercise="shapes-before-after" wrong="trained-only" fails="those that are not trained" points=1
def shapes_before_and_after(net, x):
    def known():
        return {name: [tuple(p.shape) for p in member.parameters()
                       if p.requires_grad and not isinstance(p, UninitializedParameter)]
                for name, member in net.named_children()}

    before = known()
    net(x)
    return before, known()


# %% exercise="shapes-before-after" wrong="from-the-state-dict" fails="a buffer is no parameter" points=1
def shapes_before_and_after(net, x):
    def known():
        return {name: [tuple(t.shape) for t in member.state_dict().values()
                       if not isinstance(t, UninitializedParameter)]
                for name, member in net.named_children()}

    before = known()
    net(x)
    return before, known()


# %% exercise="shapes-before-after" wrong="before-taken-as-empty" fails="those known before" points=1
def shapes_before_and_after(net, x):
    before = {name: [] for name, member in net.named_children()}
    net(x)
    after = {name: [tuple(p.shape) for p in member.parameters()]
             for name, member in net.named_children()}
    return before, after


# %% exercise="shapes-before-after" wrong="given-to-a-copy" fails="did the network that came in get the batch"
def shapes_before_and_after(net, x):
    import copy

    def known():
        return {name: [tuple(p.shape) for p in member.parameters()
                       if not isinstance(p, UninitializedParameter)]
                for name, member in net.named_children()}

    before = known()
    copy.deepcopy(net)(x)
    return before, known()


# %% exercise="shapes-before-after" wrong="list-in-place-of-tuple" fails="wanted a tuple (before, after)"
def shapes_before_and_after(net, x):
    def known():
        return {name: [tuple(p.shape) for p in member.parameters()
                       if not isinstance(p, UninitializedParameter)]
                for name, member in net.named_children()}

    return [known(), net(x), known()][::2]


# %% exercise="shapes-before-after" right="by-asking-for-the-shape"
def shapes_before_and_after(net, x):
    def known():
        record = {}
        for i, member in enumerate(net):
            record[str(i)] = []
            for p in member.parameters():
                try:
                    record[str(i)].append(p.shape)
                except RuntimeError:
                    pass
        return record

    before = known()
    net(x)
    return before, known()


# %% exercise="shapes-before-after" right="from-the-names-of-parameters"
def shapes_before_and_after(net, x):
    records = []
    for dry in (True, False):
        record = {name: [] for name, member in net.named_children()}
        for path, p in net.named_parameters():
            if type(p) is nn.Parameter:
                record[path.split(".")[0]].append(tuple(p.shape))
        records.append(record)
        if dry:
            with torch.no_grad():
                net(x)
    return tuple(records)


# %% exercise="shapes-before-after" right="default-dictionary-and-named-tuple"
from collections import defaultdict, namedtuple

Record = namedtuple("Record", ["before", "after"])


def shapes_before_and_after(net, x):
    def known():
        found = defaultdict(list)
        for name, member in net.named_children():
            found[name] += [p.shape for p in member.parameters()
                            if not isinstance(p, UninitializedParameter)]
        return found

    before = known()
    net(x)
    return Record(before, known())


# %% exercise="lazy-dense" wrong="remade-in-each-call" fails="made new parameters" points=3
class LazyDense(nn.Module):
    def __init__(self, units, activation=None):
        super().__init__()
        self.units = units
        self.activation = getattr(F, activation) if isinstance(activation, str) else activation

    def forward(self, x):
        self.dense = nn.Linear(x.shape[-1], self.units)
        y = self.dense(x)
        return y if self.activation is None else self.activation(y)


# %% exercise="lazy-dense" wrong="redrawn-in-each-call" fails="changed those that it had" points=3
class LazyDense(nn.Module):
    def __init__(self, units, activation=None):
        super().__init__()
        self.units = units
        self.activation = getattr(F, activation) if isinstance(activation, str) else activation
        self.dense = None

    def forward(self, x):
        if self.dense is None:
            self.dense = nn.Linear(x.shape[-1], self.units)
        nn.init.xavier_uniform_(self.dense.weight)
        y = self.dense(x)
        return y if self.activation is None else self.activation(y)


# %% exercise="lazy-dense" wrong="built-in-the-constructor" fails="cannot know the input width" points=1
class LazyDense(nn.Module):
    def __init__(self, units, activation=None):
        super().__init__()
        self.activation = getattr(F, activation) if isinstance(activation, str) else activation
        self.dense = nn.Linear(units, units)

    def forward(self, x):
        y = self.dense(x)
        return y if self.activation is None else self.activation(y)


# %% exercise="lazy-dense" wrong="bias-in-the-constructor" fails="before its first call, wanted none" points=3
class LazyDense(nn.Module):
    def __init__(self, units, activation=None):
        super().__init__()
        self.units = units
        self.activation = getattr(F, activation) if isinstance(activation, str) else activation
        self.bias = nn.Parameter(torch.zeros(units))
        self.weight = None

    def forward(self, x):
        if self.weight is None:
            self.weight = nn.Parameter(torch.randn(self.units, x.shape[-1]))
        y = x @ self.weight.T + self.bias
        return y if self.activation is None else self.activation(y)


# %% exercise="lazy-dense" wrong="name-never-resolved" fails="has to be looked up before it can be called" points=2
class LazyDense(nn.Module):
    def __init__(self, units, activation=None):
        super().__init__()
        self.units = units
        self.activation = activation
        self.dense = None

    def forward(self, x):
        if self.dense is None:
            self.dense = nn.Linear(x.shape[-1], self.units)
        y = self.dense(x)
        return y if self.activation is None else self.activation(y)


# %% exercise="lazy-dense" wrong="name-resolved-in-the-call" fails="look the name up in the constructor" points=3
class LazyDense(nn.Module):
    def __init__(self, units, activation=None):
        super().__init__()
        self.units = units
        self.activation = activation
        self.dense = None

    def forward(self, x):
        if self.dense is None:
            self.dense = nn.Linear(x.shape[-1], self.units)
        y = self.dense(x)
        if isinstance(self.activation, str):
            return getattr(F, self.activation)(y)
        return y if self.activation is None else self.activation(y)


# %% exercise="lazy-dense" wrong="unknown-name-means-none" fails="and have no default" points=3
class LazyDense(nn.Module):
    def __init__(self, units, activation=None):
        super().__init__()
        self.units = units
        self.activation = activation if callable(activation) else getattr(F, str(activation), None)
        self.dense = None

    def forward(self, x):
        if self.dense is None:
            self.dense = nn.Linear(x.shape[-1], self.units)
        y = self.dense(x)
        return y if self.activation is None else self.activation(y)


# %% exercise="lazy-dense" wrong="a-few-names-only" fails="or any name in torch.nn.functional" points=3
class LazyDense(nn.Module):
    def __init__(self, units, activation=None):
        super().__init__()
        self.units = units
        known = {"relu": torch.relu, "tanh": torch.tanh, "sigmoid": torch.sigmoid}
        self.activation = known[activation] if isinstance(activation, str) else activation
        self.dense = None

    def forward(self, x):
        if self.dense is None:
            self.dense = nn.Linear(x.shape[-1], self.units)
        y = self.dense(x)
        return y if self.activation is None else self.activation(y)


# %% exercise="lazy-dense" wrong="always-relu" fails="that is a ReLU" points=3
class LazyDense(nn.Module):
    def __init__(self, units, activation=None):
        super().__init__()
        self.units = units
        if isinstance(activation, str):
            getattr(F, activation)
        self.activation = activation
        self.dense = None

    def forward(self, x):
        if self.dense is None:
            self.dense = nn.Linear(x.shape[-1], self.units)
        y = self.dense(x)
        return y if self.activation is None else F.relu(y)


# %% exercise="lazy-dense" wrong="activation-forgotten" fails="no activation was applied" points=3
class LazyDense(nn.Module):
    def __init__(self, units, activation=None):
        super().__init__()
        self.units = units
        self.activation = getattr(F, activation) if isinstance(activation, str) else activation
        self.dense = None

    def forward(self, x):
        if self.dense is None:
            self.dense = nn.Linear(x.shape[-1], self.units)
        return self.dense(x)


# %% exercise="lazy-dense" wrong="plain-tensors" fails="as an nn.Parameter or an nn.Linear" points=1
class LazyDense(nn.Module):
    def __init__(self, units, activation=None):
        super().__init__()
        self.units = units
        self.activation = getattr(F, activation) if isinstance(activation, str) else activation
        self.weight = None

    def forward(self, x):
        if self.weight is None:
            self.weight = torch.randn(self.units, x.shape[-1], requires_grad=True)
            self.bias = torch.zeros(self.units, requires_grad=True)
        y = x @ self.weight.T + self.bias
        return y if self.activation is None else self.activation(y)


# %% exercise="lazy-dense" wrong="lazy-linear-inside" fails="uses nn.LazyLinear" points=3
class LazyDense(nn.Module):
    def __init__(self, units, activation=None):
        super().__init__()
        self.activation = getattr(F, activation) if isinstance(activation, str) else activation
        self.dense = nn.LazyLinear(units)

    def forward(self, x):
        y = self.dense(x)
        return y if self.activation is None else self.activation(y)


# %% exercise="lazy-dense" wrong="width-from-axis-1" fails="n is the last axis" points=3
class LazyDense(nn.Module):
    def __init__(self, units, activation=None):
        super().__init__()
        self.units = units
        self.activation = getattr(F, activation) if isinstance(activation, str) else activation
        self.dense = None

    def forward(self, x):
        if self.dense is None:
            self.dense = nn.Linear(x.shape[1], self.units)
        y = self.dense(x)
        return y if self.activation is None else self.activation(y)


# %% exercise="lazy-dense" wrong="kept-in-the-class" fails="every instance waits for its own first batch" points=2
class LazyDense(nn.Module):
    made = {}

    def __init__(self, units, activation=None):
        super().__init__()
        self.units = units
        self.activation = getattr(F, activation) if isinstance(activation, str) else activation

    def forward(self, x):
        if self.units not in LazyDense.made:
            LazyDense.made[self.units] = nn.Linear(x.shape[-1], self.units)
        self.dense = LazyDense.made[self.units]
        y = F.linear(x[..., : self.dense.in_features], self.dense.weight, self.dense.bias)
        return y if self.activation is None else self.activation(y)


# %% exercise="lazy-dense" wrong="no-grad-in-forward" fails="cut off" points=3
class LazyDense(nn.Module):
    def __init__(self, units, activation=None):
        super().__init__()
        self.units = units
        self.activation = getattr(F, activation) if isinstance(activation, str) else activation
        self.dense = None

    def forward(self, x):
        if self.dense is None:
            self.dense = nn.Linear(x.shape[-1], self.units)
        with torch.no_grad():
            y = self.dense(x)
        return y if self.activation is None else self.activation(y)


# %% exercise="lazy-dense" wrong="new-tensor-from-x" fails="W, b or x has no gradient" points=3
class LazyDense(nn.Module):
    def __init__(self, units, activation=None):
        super().__init__()
        self.units, self.dense = units, None
        self.activation = getattr(F, activation) if isinstance(activation, str) else activation

    def forward(self, x):
        x = torch.as_tensor(x.detach(), dtype=torch.float32)
        if self.dense is None:
            self.dense = nn.Linear(x.shape[-1], self.units)
        y = self.dense(x)
        return y if self.activation is None else self.activation(y)


# %% exercise="lazy-dense" wrong="lazy-linear-made-in-forward" fails="uses nn.LazyLinear" points=3
class LazyDense(nn.Module):
    def __init__(self, units, activation=None):
        super().__init__()
        self.units = units
        self.activation = getattr(F, activation) if isinstance(activation, str) else activation
        self.dense = None

    def forward(self, x):
        if self.dense is None:
            self.dense = nn.LazyLinear(self.units)
        y = self.dense(x)
        return y if self.activation is None else self.activation(y)


# %% exercise="lazy-dense" right="mixin-with-placeholders"
class LazyDense(LazyModuleMixin, nn.Module):
    def __init__(self, units, activation=None):
        super().__init__()
        self.units = units
        self.activation = getattr(F, activation) if isinstance(activation, str) else activation
        self.W = UninitializedParameter()
        self.b = UninitializedParameter()

    def initialize_parameters(self, x):
        if self.has_uninitialized_params():
            with torch.no_grad():
                self.W.materialize((self.units, x.shape[-1]))
                self.b.materialize((self.units,))
                nn.init.kaiming_uniform_(self.W)
                self.b.zero_()

    def forward(self, x):
        y = F.linear(x, self.W, self.b)
        return self.activation(y) if self.activation else y


# %% exercise="lazy-dense" right="parameters-that-are-none"
class LazyDense(nn.Module):
    def __init__(self, units, activation=None):
        super().__init__()
        self.units = units
        if isinstance(activation, str):
            if not hasattr(F, activation):
                raise ValueError(f"no activation of the name {activation}")
            activation = vars(F)[activation]
        self.activation = activation or nn.Identity()
        self.register_parameter("weight", None)
        self.register_parameter("bias", None)

    def forward(self, x):
        if self.weight is None:
            self.weight = nn.Parameter(0.1 * torch.randn(self.units, x.size(-1)))
            self.bias = nn.Parameter(torch.zeros(self.units))
        return self.activation(torch.einsum("...n,un->...u", x, self.weight) + self.bias)


# %% exercise="lazy-dense" right="built-in-a-hook"
class LazyDense(nn.Module):
    def __init__(self, units, activation=None):
        super().__init__()
        self.units = units
        self.function = getattr(F, activation) if isinstance(activation, str) else activation
        self.handle = self.register_forward_pre_hook(LazyDense.build)

    def build(self, inputs):
        self.linear = nn.Linear(inputs[0].shape[-1], self.units)
        self.handle.remove()

    def forward(self, x):
        y = self.linear(x)
        return y if self.function is None else self.function(y)


# %% exercise="widening-layer" wrong="width-from-the-batch" fails="the last axis"
class Widen(nn.Module):
    def __init__(self):
        super().__init__()
        self.dense = None

    def forward(self, x):
        if self.dense is None:
            n = x.shape[0]
            self.dense = nn.Linear(x.shape[-1], 2 * n if n % 2 == 0 else 3 * n)
        return self.dense(x)


def widen_three_times():
    return nn.Sequential(Widen(), Widen(), Widen())


# %% exercise="widening-layer" wrong="cases-swapped" fails="4 is even, so m is 2n"
class Widen(nn.Module):
    def __init__(self):
        super().__init__()
        self.dense = None

    def forward(self, x):
        if self.dense is None:
            n = x.shape[-1]
            self.dense = nn.Linear(n, 2 * n if n % 2 else 3 * n)
        return self.dense(x)


def widen_three_times():
    return nn.Sequential(Widen(), Widen(), Widen())


# %% exercise="widening-layer" wrong="always-twice" fails="3 is odd, so m is 3n"
class Widen(nn.Module):
    def __init__(self):
        super().__init__()
        self.dense = None

    def forward(self, x):
        if self.dense is None:
            self.dense = nn.Linear(x.shape[-1], 2 * x.shape[-1])
        return self.dense(x)


def widen_three_times():
    return nn.Sequential(Widen(), Widen(), Widen())


# %% exercise="widening-layer" wrong="remade-in-each-call" fails="made new parameters" points=1
class Widen(nn.Module):
    def forward(self, x):
        n = x.shape[-1]
        self.dense = nn.Linear(n, 2 * n if n % 2 == 0 else 3 * n)
        return self.dense(x)


def widen_three_times():
    return nn.Sequential(Widen(), Widen(), Widen())


# %% exercise="widening-layer" wrong="forgotten-after-the-call" fails="assign what the first call makes to self"
class Widen(nn.Module):
    def forward(self, x):
        n = x.shape[-1]
        return nn.Linear(n, 2 * n if n % 2 == 0 else 3 * n)(x)


def widen_three_times():
    return nn.Sequential(Widen(), Widen(), Widen())


# %% exercise="widening-layer" wrong="one-instance-at-three-places" fails="one Widen at several places" points=2
class Widen(nn.Module):
    def __init__(self):
        super().__init__()
        self.dense = None

    def forward(self, x):
        if self.dense is None:
            n = x.shape[-1]
            self.dense = nn.Linear(n, 2 * n if n % 2 == 0 else 3 * n)
        return self.dense(x)


def widen_three_times():
    return nn.Sequential(*[Widen()] * 3)


# %% exercise="widening-layer" wrong="one-chain-for-all" fails="two chains share parameters" points=2
class Widen(nn.Module):
    def __init__(self):
        super().__init__()
        self.dense = None

    def forward(self, x):
        if self.dense is None or self.dense.in_features != x.shape[-1]:
            n = x.shape[-1]
            self.dense = nn.Linear(n, 2 * n if n % 2 == 0 else 3 * n)
        return self.dense(x)


three = nn.Sequential(Widen(), Widen(), Widen())


def widen_three_times():
    return three


# %% exercise="widening-layer" wrong="built-in-the-constructor" fails="no width is known in the constructor"
class Widen(nn.Module):
    def __init__(self, n=4):
        super().__init__()
        self.dense = nn.Linear(n, 2 * n if n % 2 == 0 else 3 * n)

    def forward(self, x):
        return self.dense(x)


def widen_three_times():
    return nn.Sequential(Widen(4), Widen(8), Widen(16))


# %% exercise="widening-layer" wrong="input-repeated" fails="leaves parameters of shapes"
class Widen(nn.Module):
    def forward(self, x):
        times = 2 if x.shape[-1] % 2 == 0 else 3
        return torch.cat([x] * times, dim=-1)


def widen_three_times():
    return nn.Sequential(Widen(), Widen(), Widen())


# %% exercise="widening-layer" wrong="relu-added" fails="without activation"
class Widen(nn.Module):
    def __init__(self):
        super().__init__()
        self.dense = None

    def forward(self, x):
        if self.dense is None:
            n = x.shape[-1]
            self.dense = nn.Linear(n, 2 * n if n % 2 == 0 else 3 * n)
        return F.relu(self.dense(x))


def widen_three_times():
    return nn.Sequential(Widen(), Widen(), Widen())


# %% exercise="widening-layer" wrong="new-tensor-from-x" fails="have no gradient" points=2
class Widen(nn.Module):
    def __init__(self):
        super().__init__()
        self.dense = None

    def forward(self, x):
        x = torch.as_tensor(x.detach(), dtype=torch.float32)
        n = x.shape[-1]
        if self.dense is None:
            self.dense = nn.Linear(n, 3 * n if n % 2 else 2 * n)
        return self.dense(x)


def widen_three_times():
    return nn.Sequential(Widen(), Widen(), Widen())


# %% exercise="widening-layer" wrong="weight-data" fails="have no gradient" points=2
class Widen(nn.Module):
    def __init__(self):
        super().__init__()
        self.dense = None

    def forward(self, x):
        n = x.shape[-1]
        if self.dense is None:
            self.dense = nn.Linear(n, 3 * n if n % 2 else 2 * n)
        return x @ self.dense.weight.data.T + self.dense.bias


def widen_three_times():
    return nn.Sequential(Widen(), Widen(), Widen())


# %% exercise="widening-layer" right="placeholders"
class Widen(LazyModuleMixin, nn.Module):
    def __init__(self):
        super().__init__()
        self.weight, self.bias = UninitializedParameter(), UninitializedParameter()

    def initialize_parameters(self, x):
        if self.has_uninitialized_params():
            n = x.shape[-1]
            m = n * (2 + n % 2)
            with torch.no_grad():
                self.weight.materialize((m, n))
                self.bias.materialize((m,))
                self.weight.normal_()
                self.bias.zero_()

    def forward(self, x):
        return x @ self.weight.mT + self.bias


def widen_three_times():
    return nn.Sequential(*[Widen() for _ in range(3)])


# %% exercise="widening-layer" right="lazy-linear-made-in-time"
class Widen(nn.Module):
    def forward(self, x):
        if not hasattr(self, "dense"):
            n = x.size(-1)
            self.dense = nn.LazyLinear(3 * n if n % 2 else 2 * n)
        return self.dense(x)


def widen_three_times():
    chain = nn.Sequential()
    for _ in range(3):
        chain.append(Widen())
    return chain


# %% exercise="late-optimizer" wrong="made-in-the-constructor" fails="was make_optimizer called too early"
class Trainer:
    def __init__(self, net, make_optimizer):
        self.net = net
        self.optimizer = make_optimizer(net.parameters())

    def step(self, x, y):
        loss = F.mse_loss(self.net(x), y)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss.item()


# %% exercise="late-optimizer" wrong="stale-list" fails="ask net for them after it has met its first batch"
class Trainer:
    def __init__(self, net, make_optimizer):
        self.net = net
        self.parameters = list(net.parameters())
        self.make_optimizer = make_optimizer
        self.optimizer = None

    def step(self, x, y):
        loss = F.mse_loss(self.net(x), y)
        if self.optimizer is None:
            self.optimizer = self.make_optimizer(self.parameters)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss.item()


# %% exercise="late-optimizer" wrong="made-before-the-batch-in-step" fails="parameters without a shape"
class Trainer:
    def __init__(self, net, make_optimizer):
        self.net = net
        self.make_optimizer = make_optimizer
        self.optimizer = None

    def step(self, x, y):
        if self.optimizer is None:
            self.optimizer = self.make_optimizer(self.net.parameters())
        loss = F.mse_loss(self.net(x), y)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss.item()


# %% exercise="late-optimizer" wrong="made-in-every-step" fails="the momentum of earlier steps is lost"
class Trainer:
    def __init__(self, net, make_optimizer):
        self.net = net
        self.make_optimizer = make_optimizer

    def step(self, x, y):
        loss = F.mse_loss(self.net(x), y)
        optimizer = self.make_optimizer(self.net.parameters())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.item()


# %% exercise="late-optimizer" wrong="gradients-kept" fails="gradients of earlier steps are still there" points=1
class Trainer:
    def __init__(self, net, make_optimizer):
        self.net = net
        self.make_optimizer = make_optimizer
        self.optimizer = None

    def step(self, x, y):
        loss = F.mse_loss(self.net(x), y)
        if self.optimizer is None:
            self.optimizer = self.make_optimizer(self.net.parameters())
        loss.backward()
        self.optimizer.step()
        return loss.item()


# %% exercise="late-optimizer" wrong="first-step-only-materialises" fails="nothing was updated" points=1
class Trainer:
    def __init__(self, net, make_optimizer):
        self.net = net
        self.make_optimizer = make_optimizer
        self.optimizer = None

    def step(self, x, y):
        loss = F.mse_loss(self.net(x), y)
        if self.optimizer is None:
            self.optimizer = self.make_optimizer(self.net.parameters())
            return loss.item()
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss.item()


# %% exercise="late-optimizer" wrong="loss-after-the-update" fails="the loss before one update" points=1
class Trainer:
    def __init__(self, net, make_optimizer):
        self.net = net
        self.make_optimizer = make_optimizer
        self.optimizer = None

    def step(self, x, y):
        loss = F.mse_loss(self.net(x), y)
        if self.optimizer is None:
            self.optimizer = self.make_optimizer(self.net.parameters())
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return F.mse_loss(self.net(x), y).item()


# %% exercise="late-optimizer" wrong="sum-of-squares" fails="the loss before one update" points=1
class Trainer:
    def __init__(self, net, make_optimizer):
        self.net = net
        self.make_optimizer = make_optimizer
        self.optimizer = None

    def step(self, x, y):
        loss = ((self.net(x) - y) ** 2).sum()
        if self.optimizer is None:
            self.optimizer = self.make_optimizer(self.net.parameters())
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss.item()


# %% exercise="late-optimizer" wrong="tensor-returned" fails="not a float"
class Trainer:
    def __init__(self, net, make_optimizer):
        self.net = net
        self.make_optimizer = make_optimizer
        self.optimizer = None

    def step(self, x, y):
        loss = F.mse_loss(self.net(x), y)
        if self.optimizer is None:
            self.optimizer = self.make_optimizer(self.net.parameters())
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss.detach()


# %% exercise="late-optimizer" wrong="dry-run-in-inference-mode" fails="or the first batch run under inference_mode"
class Trainer:
    def __init__(self, net, make_optimizer):
        self.net = net
        self.make_optimizer = make_optimizer
        self.optimizer = None

    def step(self, x, y):
        if self.optimizer is None:
            with torch.inference_mode():
                self.net(x)
            self.optimizer = self.make_optimizer(self.net.parameters())
        loss = F.mse_loss(self.net(x), y)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss.item()


# %% exercise="late-optimizer" wrong="optimizer-in-the-class" fails="kept in the class or in a global"
class Trainer:
    optimizer = None

    def __init__(self, net, make_optimizer):
        self.net = net
        self.make_optimizer = make_optimizer

    def step(self, x, y):
        loss = F.mse_loss(self.net(x), y)
        if Trainer.optimizer is None:
            Trainer.optimizer = self.make_optimizer(self.net.parameters())
        Trainer.optimizer.zero_grad()
        loss.backward()
        Trainer.optimizer.step()
        return loss.item()


# %% exercise="late-optimizer" right="dry-run-without-gradients"
class Trainer:
    def __init__(self, net, make_optimizer):
        self.net, self.make_optimizer = net, make_optimizer

    def step(self, x, y):
        if not hasattr(self, "optimizer"):
            with torch.no_grad():
                self.net(x)
            self.optimizer = self.make_optimizer(list(self.net.parameters()))
        self.net.zero_grad()
        loss = ((self.net(x) - y) ** 2).mean()
        loss.backward()
        self.optimizer.step()
        return float(loss.detach())


# %% exercise="late-optimizer" right="made-after-backward"
class Trainer:
    def __init__(self, net, make_optimizer):
        self.net = net
        self.make = make_optimizer
        self.optimizer = None

    def step(self, x, y):
        loss = torch.nn.MSELoss()(self.net(x), y)
        loss.backward()
        self.optimizer = self.optimizer or self.make(p for p in self.net.parameters())
        self.optimizer.step()
        self.optimizer.zero_grad()
        return loss.item()


# %% exercise="clear-error" wrong="no-check" fails="compare the width with that of the first batch" points=1
class Guard(nn.Module):
    def __init__(self, name, block):
        super().__init__()
        self.name = name
        self.block = block

    def forward(self, x):
        return self.block(x)


# %% exercise="clear-error" wrong="swallows-everything" fails="a single column broadcasts"
class Guard(nn.Module):
    def __init__(self, name, block):
        super().__init__()
        self.name = name
        self.block = block
        self.expected = None

    def forward(self, x):
        if self.expected is None:
            self.expected = x.shape[-1]
        try:
            return self.block(x)
        except Exception:
            raise ValueError(
                f"{self.name}: expected {self.expected}, received {x.shape[-1]}") from None


# %% exercise="clear-error" wrong="checks-and-swallows" fails="an error with another cause must come out as it is" points=2
class Guard(nn.Module):
    def __init__(self, name, block):
        super().__init__()
        self.name = name
        self.block = block
        self.expected = None

    def forward(self, x):
        if self.expected is None:
            self.expected = x.shape[-1]
        try:
            if x.shape[-1] != self.expected:
                raise RuntimeError("width")
            return self.block(x)
        except Exception:
            raise ValueError(
                f"{self.name}: expected {self.expected}, received {x.shape[-1]}") from None


# %% exercise="clear-error" wrong="prints-and-goes-on" fails="raised nothing" points=1
class Guard(nn.Module):
    def __init__(self, name, block):
        super().__init__()
        self.name = name
        self.block = block
        self.expected = None

    def forward(self, x):
        if self.expected is None:
            self.expected = x.shape[-1]
        if x.shape[-1] != self.expected:
            print(f"{self.name}: expected {self.expected}, received {x.shape[-1]}")
            return x
        return self.block(x)


# %% exercise="clear-error" wrong="assertion" fails="raised AssertionError" points=1
class Guard(nn.Module):
    def __init__(self, name, block):
        super().__init__()
        self.name = name
        self.block = block
        self.expected = None

    def forward(self, x):
        if self.expected is None:
            self.expected = x.shape[-1]
        assert x.shape[-1] == self.expected, (
            f"{self.name}: expected {self.expected}, received {x.shape[-1]}")
        return self.block(x)


# %% exercise="clear-error" wrong="numbers-swapped" fails="the two are the wrong way round" points=2
class Guard(nn.Module):
    def __init__(self, name, block):
        super().__init__()
        self.name = name
        self.block = block
        self.expected = None

    def forward(self, x):
        if self.expected is None:
            self.expected = x.shape[-1]
        if x.shape[-1] != self.expected:
            raise ValueError(f"{self.name}: expected {x.shape[-1]}, received {self.expected}")
        return self.block(x)


# %% exercise="clear-error" wrong="no-name" fails="the name is missing" points=2
class Guard(nn.Module):
    def __init__(self, name, block):
        super().__init__()
        self.block = block
        self.expected = None

    def forward(self, x):
        if self.expected is None:
            self.expected = x.shape[-1]
        if x.shape[-1] != self.expected:
            raise ValueError(
                f"{type(self.block).__name__}: expected {self.expected}, received {x.shape[-1]}")
        return self.block(x)


# %% exercise="clear-error" wrong="whole-shapes-compared" fails="only the last axis counts" points=2
class Guard(nn.Module):
    def __init__(self, name, block):
        super().__init__()
        self.name = name
        self.block = block
        self.expected = None

    def forward(self, x):
        if self.expected is None:
            self.expected = x.shape
        if x.shape != self.expected:
            raise ValueError(
                f"{self.name}: expected {self.expected[-1]}, received {x.shape[-1]}")
        return self.block(x)


# %% exercise="clear-error" wrong="axis-1" fails="only the last axis counts" points=2
class Guard(nn.Module):
    def __init__(self, name, block):
        super().__init__()
        self.name = name
        self.block = block
        self.expected = None

    def forward(self, x):
        width = x.shape[min(1, x.dim() - 1)]
        if self.expected is None:
            self.expected = width
        if width != self.expected:
            raise ValueError(f"{self.name}: expected {self.expected}, received {width}")
        return self.block(x)


# %% exercise="clear-error" wrong="batch-axis" fails="raised nothing"
class Guard(nn.Module):
    def __init__(self, name, block):
        super().__init__()
        self.name = name
        self.block = block
        self.expected = None

    def forward(self, x):
        if self.expected is None:
            self.expected = x.shape[0]
        if x.shape[0] != self.expected:
            raise ValueError(f"{self.name}: expected {self.expected}, received {x.shape[0]}")
        return self.block(x)


# %% exercise="clear-error" wrong="expects-what-came-last" fails="refused a batch of the right width" points=2
class Guard(nn.Module):
    def __init__(self, name, block):
        super().__init__()
        self.name = name
        self.block = block
        self.expected = None

    def forward(self, x):
        expected, self.expected = self.expected, x.shape[-1]
        if expected is not None and x.shape[-1] != expected:
            raise ValueError(f"{self.name}: expected {expected}, received {x.shape[-1]}")
        return self.block(x)


# %% exercise="clear-error" wrong="one-width-for-all-guards" fails="only this guard's own first batch"
class Guard(nn.Module):
    expected = None

    def __init__(self, name, block):
        super().__init__()
        self.name = name
        self.block = block

    def forward(self, x):
        if Guard.expected is None:
            Guard.expected = x.shape[-1]
        if x.shape[-1] != Guard.expected:
            raise ValueError(f"{self.name}: expected {Guard.expected}, received {x.shape[-1]}")
        return self.block(x)


# %% exercise="clear-error" wrong="block-runs-first" fails="gave the wrong batch to block" points=2
class Guard(nn.Module):
    def __init__(self, name, block):
        super().__init__()
        self.name = name
        self.block = block
        self.expected = None

    def forward(self, x):
        error = None
        try:
            y = self.block(x)
        except Exception as caught:
            error = caught
        if self.expected is None:
            self.expected = x.shape[-1]
        if x.shape[-1] != self.expected:
            raise ValueError(f"{self.name}: expected {self.expected}, received {x.shape[-1]}")
        if error is not None:
            raise error
        return y


# %% exercise="clear-error" wrong="block-not-registered" fails="assign block to self" points=2
class Guard(nn.Module):
    def __init__(self, name, block):
        super().__init__()
        self.name = name
        self.blocks = [block]
        self.expected = None

    def forward(self, x):
        if self.expected is None:
            self.expected = x.shape[-1]
        if x.shape[-1] != self.expected:
            raise ValueError(f"{self.name}: expected {self.expected}, received {x.shape[-1]}")
        return self.blocks[0](x)


# %% exercise="clear-error" wrong="input-cut-off" fails="no gradient flows from the result" points=2
class Guard(nn.Module):
    def __init__(self, name, block):
        super().__init__()
        self.name, self.block, self.expected = name, block, None

    def forward(self, x):
        if self.expected is None:
            self.expected = x.shape[-1]
        if x.shape[-1] != self.expected:
            raise ValueError(f"{self.name}: expected {self.expected}, received {x.shape[-1]}")
        return self.block(x.detach())


# %% exercise="clear-error" wrong="result-cut-off" fails="no gradient flows from the result" points=2
class Guard(nn.Module):
    def __init__(self, name, block):
        super().__init__()
        self.name, self.block, self.expected = name, block, None

    def forward(self, x):
        if self.expected is None:
            self.expected = x.shape[-1]
        if x.shape[-1] != self.expected:
            raise ValueError(f"{self.name}: expected {self.expected}, received {x.shape[-1]}")
        return self.block(x).detach()


# %% exercise="clear-error" right="width-kept-before-any-check"
class Guard(nn.Module):
    def __init__(self, name, block):
        super().__init__()
        self.label, self.inner = name, block

    def forward(self, x):
        got = x.size(-1)
        if not hasattr(self, "width"):
            self.width = got
        if got != self.width:
            raise ValueError("expected %d but received %d in %s" % (self.width, got, self.label))
        return self.inner(x)


# %% exercise="clear-error" wrong="width-learnt-after-success" fails="keep its width first" points=2
class Guard(nn.Module):
    def __init__(self, name, block):
        super().__init__()
        self.label, self.inner, self.width = name, block, None

    def forward(self, x):
        got = x.size(-1)
        if self.width not in (None, got):
            raise ValueError("expected %d but received %d in %s" % (self.width, got, self.label))
        y = self.inner(x)
        self.width = got
        return y


# %% exercise="clear-error" right="by-a-hook"
class Guard(nn.Module):
    def __init__(self, name, block):
        super().__init__()
        self.block = block
        widths = []

        def check(module, inputs):
            widths.append(inputs[0].shape[-1])
            if widths[-1] != widths[0]:
                raise ValueError(f"{name} was refused: it expected {widths[0]} numbers in the "
                                 f"last axis and it received {widths[-1]} of them")

        self.register_forward_pre_hook(check)

    def forward(self, x):
        return self.block(x)
