# %% [markdown]
# Wrong and right answers to the exercises of unit 07, PyTorch: each cell is a whole solution cell.
# `fails` is text that the message of a failing tests cell must contain; `points` is what remains.

# %% exercise="centre-features" wrong="global-mean" fails="the mean of the whole tensor"
class CentreFeatures(nn.Module):
    def forward(self, x):
        x = x.float() if not x.is_floating_point() else x
        return x - x.mean()


# %% exercise="centre-features" wrong="row-mean" fails="each row was centred by its own mean"
class CentreFeatures(nn.Module):
    def forward(self, x):
        x = x.float() if not x.is_floating_point() else x
        return x - x.mean(dim=-1, keepdim=True)


# %% exercise="centre-features" wrong="batch-axis-only" fails="over axis 0 only"
class CentreFeatures(nn.Module):
    def forward(self, x):
        x = x.float() if not x.is_floating_point() else x
        return x - x.mean(dim=0)


# %% exercise="centre-features" wrong="numpy" fails="cut off from x" points=2
class CentreFeatures(nn.Module):
    def forward(self, x):
        v = x.detach().numpy()
        v = v if v.dtype.kind == "f" else v.astype("float32")
        return torch.from_numpy(v - v.mean(axis=tuple(range(v.ndim - 1))))


# %% exercise="centre-features" wrong="mean-by-numpy" fails="as if the mean were a constant" points=2
class CentreFeatures(nn.Module):
    def forward(self, x):
        x = x.float() if not x.is_floating_point() else x
        mean = x.detach().numpy().mean(axis=tuple(range(x.dim() - 1)))
        return x - torch.from_numpy(mean)


# %% exercise="centre-features" wrong="whole-numbers-refused" fails="convert whole numbers to float32 first" points=1
class CentreFeatures(nn.Module):
    def forward(self, x):
        return x - x.mean(dim=tuple(range(x.dim() - 1)))


# %% exercise="centre-features" wrong="float64-lost" fails="torch.float32 of shape (5, 5), wanted torch.float64" points=1
class CentreFeatures(nn.Module):
    def forward(self, x):
        x = x.float()
        return x - x.mean(dim=tuple(range(x.dim() - 1)))


# %% exercise="centre-features" wrong="whole-mean" fails="the mean was cut to a whole number"
class CentreFeatures(nn.Module):
    def forward(self, x):
        dtype = x.dtype if x.is_floating_point() else torch.float32
        count = x.numel() // x.shape[-1]
        mean = x.reshape(-1, x.shape[-1]).sum(dim=0).long() // count
        return x.to(dtype) - mean


# %% exercise="centre-features" wrong="standardised" fails="divided by the spread as well"
class CentreFeatures(nn.Module):
    def forward(self, x):
        x = x.float() if not x.is_floating_point() else x
        axes = tuple(range(x.dim() - 1))
        return (x - x.mean(dim=axes)) / (x.std(dim=axes, correction=0) + 1e-9)


# %% exercise="centre-features" wrong="first-mean-kept" fails="the mean of an earlier batch was used"
class CentreFeatures(nn.Module):
    def __init__(self):
        super().__init__()
        self.mean = None

    def forward(self, x):
        x = x.float() if not x.is_floating_point() else x
        if self.mean is None:
            self.mean = x.mean(dim=tuple(range(x.dim() - 1)))
        return x - self.mean


# %% exercise="centre-features" wrong="in-place" fails="changed the caller's x" points=2
class CentreFeatures(nn.Module):
    def forward(self, x):
        if not x.is_floating_point():
            x = x.float()
        mean = x.mean(dim=tuple(range(x.dim() - 1)))
        return x - mean if x.requires_grad else x.sub_(mean)


# %% exercise="centre-features" wrong="kept-for-evaluation" fails="in evaluation mode" points=1
class CentreFeatures(nn.Module):
    def forward(self, x):
        x = x if x.is_floating_point() else x.float()
        if self.training:
            self.mean = x.mean(dim=tuple(range(x.dim() - 1)))
        return x - self.mean


# %% exercise="centre-features" wrong="half-precision-lost" fails="wanted torch.float16" points=1
class CentreFeatures(nn.Module):
    def forward(self, x):
        x = x if x.dtype == torch.float64 else x.float()
        return x - x.mean(dim=tuple(range(x.dim() - 1)))


# %% exercise="centre-features" wrong="a-buffer-for-the-mean" fails="keeps tensors" points=2
class CentreFeatures(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.zeros(1))

    def forward(self, x):
        x = x.float() if not x.is_floating_point() else x
        mean = x.mean(dim=tuple(range(x.dim() - 1)))
        self.mean = mean.detach()
        return x - mean


# %% exercise="centre-features" wrong="a-function" fails="missing 1 required positional argument" verdict="errored"
def CentreFeatures(x):
    return x - x.mean(dim=0)


# %% exercise="centre-features" right="flattened"
class CentreFeatures(nn.Module):
    def forward(self, x):
        x = x if x.is_floating_point() else x.to(torch.float32)
        return x - x.flatten(0, -2).mean(dim=0)


# %% exercise="centre-features" right="sum-over-count"
class CentreFeatures(nn.Module):
    def __init__(self):
        super().__init__()

    def forward(self, x):
        x = torch.as_tensor(x)
        if x.dtype not in (torch.float16, torch.bfloat16, torch.float32, torch.float64):
            x = x.float()
        count = x.numel() / x.shape[-1]
        mean = torch.einsum("...f->f", x) / count
        return torch.sub(x, mean.expand_as(x))


# %% exercise="dense-from-scratch" wrong="two-axes-only" fails="mm, addmm and x.T do not"
class OwnDense(nn.Module):
    def __init__(self, num_inputs, num_outputs, activation=None, axis=-1):
        super().__init__()
        self.axis = axis
        self.config = dict(num_inputs=num_inputs, num_outputs=num_outputs,
                           activation=activation, axis=axis)
        self.activation = getattr(torch, activation) if isinstance(activation, str) else activation
        self.weight = nn.Parameter(nn.init.xavier_uniform_(torch.empty(num_outputs, num_inputs)))
        self.bias = nn.Parameter(torch.zeros(num_outputs))

    def forward(self, x):
        x = x.movedim(self.axis, -1)
        y = torch.addmm(self.bias, x, self.weight.T)
        y = self.activation(y) if self.activation else y
        return y.movedim(-1, self.axis)

    def get_config(self):
        return self.config


# %% exercise="dense-from-scratch" wrong="flattened" fails="the leading axes stay as they are" points=1
class OwnDense(nn.Module):
    def __init__(self, num_inputs, num_outputs, activation=None, axis=-1):
        super().__init__()
        self.axis = axis
        self.config = dict(num_inputs=num_inputs, num_outputs=num_outputs,
                           activation=activation, axis=axis)
        self.activation = getattr(torch, activation) if isinstance(activation, str) else activation
        self.weight = nn.Parameter(nn.init.xavier_uniform_(torch.empty(num_outputs, num_inputs)))
        self.bias = nn.Parameter(torch.zeros(num_outputs))

    def forward(self, x):
        x = x.movedim(self.axis, -1)
        y = x.reshape(-1, x.shape[-1]) @ self.weight.T + self.bias
        y = self.activation(y) if self.activation else y
        return y.movedim(-1, self.axis)

    def get_config(self):
        return self.config


# %% exercise="dense-from-scratch" wrong="data" fails="with respect to W is missing" points=3
class OwnDense(nn.Module):
    def __init__(self, num_inputs, num_outputs, activation=None, axis=-1):
        super().__init__()
        self.axis = axis
        self.config = dict(num_inputs=num_inputs, num_outputs=num_outputs,
                           activation=activation, axis=axis)
        self.activation = getattr(torch, activation) if isinstance(activation, str) else activation
        self.weight = nn.Parameter(nn.init.xavier_uniform_(torch.empty(num_outputs, num_inputs)))
        self.bias = nn.Parameter(torch.zeros(num_outputs))

    def forward(self, x):
        x = x.movedim(self.axis, -1)
        y = x @ self.weight.data.T + self.bias.data
        y = self.activation(y) if self.activation else y
        return y.movedim(-1, self.axis)

    def get_config(self):
        return self.config


# %% exercise="dense-from-scratch" wrong="weight-data-only" fails="with respect to W is missing" points=3
class OwnDense(nn.Module):
    def __init__(self, num_inputs, num_outputs, activation=None, axis=-1):
        super().__init__()
        self.axis = axis
        self.config = dict(num_inputs=num_inputs, num_outputs=num_outputs,
                           activation=activation, axis=axis)
        self.activation = getattr(torch, activation) if isinstance(activation, str) else activation
        self.weight = nn.Parameter(nn.init.xavier_uniform_(torch.empty(num_outputs, num_inputs)))
        self.bias = nn.Parameter(torch.zeros(num_outputs))

    def forward(self, x):
        x = x.movedim(self.axis, -1)
        y = x @ self.weight.data.T + self.bias
        y = self.activation(y) if self.activation else y
        return y.movedim(-1, self.axis)

    def get_config(self):
        return self.config


# %% exercise="dense-from-scratch" wrong="new-tensor-from-x" fails="with respect to x is missing" points=3
class OwnDense(nn.Module):
    def __init__(self, num_inputs, num_outputs, activation=None, axis=-1):
        super().__init__()
        self.axis = axis
        self.config = dict(num_inputs=num_inputs, num_outputs=num_outputs,
                           activation=activation, axis=axis)
        self.activation = getattr(torch, activation) if isinstance(activation, str) else activation
        self.weight = nn.Parameter(nn.init.xavier_uniform_(torch.empty(num_outputs, num_inputs)))
        self.bias = nn.Parameter(torch.zeros(num_outputs))

    def forward(self, x):
        x = torch.as_tensor(x.detach(), dtype=torch.float32).movedim(self.axis, -1)
        y = x @ self.weight.T + self.bias
        y = self.activation(y) if self.activation else y
        return y.movedim(-1, self.axis)

    def get_config(self):
        return self.config


# %% exercise="dense-from-scratch" wrong="plain-tensors" fails="a plain tensor is no parameter"
class OwnDense(nn.Module):
    def __init__(self, num_inputs, num_outputs, activation=None, axis=-1):
        super().__init__()
        self.axis = axis
        self.config = dict(num_inputs=num_inputs, num_outputs=num_outputs,
                           activation=activation, axis=axis)
        self.activation = getattr(torch, activation) if isinstance(activation, str) else activation
        self.weight = torch.randn(num_outputs, num_inputs, requires_grad=True)
        self.bias = torch.zeros(num_outputs, requires_grad=True)

    def forward(self, x):
        x = x.movedim(self.axis, -1)
        y = x @ self.weight.T + self.bias
        y = self.activation(y) if self.activation else y
        return y.movedim(-1, self.axis)

    def get_config(self):
        return self.config


# %% exercise="dense-from-scratch" wrong="weight-the-other-way-round" fails="one row per output" points=1
class OwnDense(nn.Module):
    def __init__(self, num_inputs, num_outputs, activation=None, axis=-1):
        super().__init__()
        self.axis = axis
        self.config = dict(num_inputs=num_inputs, num_outputs=num_outputs,
                           activation=activation, axis=axis)
        self.activation = getattr(torch, activation) if isinstance(activation, str) else activation
        self.weight = nn.Parameter(nn.init.xavier_uniform_(torch.empty(num_inputs, num_outputs)))
        self.bias = nn.Parameter(torch.zeros(num_outputs))

    def forward(self, x):
        x = x.movedim(self.axis, -1)
        y = x @ self.weight + self.bias
        y = self.activation(y) if self.activation else y
        return y.movedim(-1, self.axis)

    def get_config(self):
        return self.config


# %% exercise="dense-from-scratch" wrong="built-in-linear" fails="uses nn.Linear" points=1
class OwnDense(nn.Module):
    def __init__(self, num_inputs, num_outputs, activation=None, axis=-1):
        super().__init__()
        self.axis = axis
        self.config = dict(num_inputs=num_inputs, num_outputs=num_outputs,
                           activation=activation, axis=axis)
        self.activation = getattr(torch, activation) if isinstance(activation, str) else activation
        self.linear = nn.Linear(num_inputs, num_outputs)
        nn.init.zeros_(self.linear.bias)

    def forward(self, x):
        x = x.movedim(self.axis, -1)
        y = self.linear(x)
        y = self.activation(y) if self.activation else y
        return y.movedim(-1, self.axis)

    def get_config(self):
        return self.config


# %% exercise="dense-from-scratch" wrong="name-not-resolved" fails="turn the name of an activation into a function" points=2
class OwnDense(nn.Module):
    def __init__(self, num_inputs, num_outputs, activation=None, axis=-1):
        super().__init__()
        self.axis = axis
        self.config = dict(num_inputs=num_inputs, num_outputs=num_outputs,
                           activation=activation, axis=axis)
        self.activation = activation
        self.weight = nn.Parameter(nn.init.xavier_uniform_(torch.empty(num_outputs, num_inputs)))
        self.bias = nn.Parameter(torch.zeros(num_outputs))

    def forward(self, x):
        x = x.movedim(self.axis, -1)
        y = x @ self.weight.T + self.bias
        y = self.activation(y) if self.activation else y
        return y.movedim(-1, self.axis)

    def get_config(self):
        return self.config


# %% exercise="dense-from-scratch" wrong="activation-ignored" fails="the activation is not applied" points=1
class OwnDense(nn.Module):
    def __init__(self, num_inputs, num_outputs, activation=None, axis=-1):
        super().__init__()
        self.axis = axis
        self.config = dict(num_inputs=num_inputs, num_outputs=num_outputs,
                           activation=activation, axis=axis)
        self.weight = nn.Parameter(nn.init.xavier_uniform_(torch.empty(num_outputs, num_inputs)))
        self.bias = nn.Parameter(torch.zeros(num_outputs))

    def forward(self, x):
        x = x.movedim(self.axis, -1)
        return (x @ self.weight.T + self.bias).movedim(-1, self.axis)

    def get_config(self):
        return self.config


# %% exercise="dense-from-scratch" wrong="bias-after-activation" fails="the bias is added after the activation" points=1
class OwnDense(nn.Module):
    def __init__(self, num_inputs, num_outputs, activation=None, axis=-1):
        super().__init__()
        self.axis = axis
        self.config = dict(num_inputs=num_inputs, num_outputs=num_outputs,
                           activation=activation, axis=axis)
        self.activation = getattr(torch, activation) if isinstance(activation, str) else activation
        self.weight = nn.Parameter(nn.init.xavier_uniform_(torch.empty(num_outputs, num_inputs)))
        self.bias = nn.Parameter(torch.zeros(num_outputs))

    def forward(self, x):
        x = x.movedim(self.axis, -1)
        y = x @ self.weight.T
        y = (self.activation(y) if self.activation else y) + self.bias
        return y.movedim(-1, self.axis)

    def get_config(self):
        return self.config


# %% exercise="dense-from-scratch" wrong="no-bias-added" fails="the bias is missing" points=1
class OwnDense(nn.Module):
    def __init__(self, num_inputs, num_outputs, activation=None, axis=-1):
        super().__init__()
        self.axis = axis
        self.config = dict(num_inputs=num_inputs, num_outputs=num_outputs,
                           activation=activation, axis=axis)
        self.activation = getattr(torch, activation) if isinstance(activation, str) else activation
        self.weight = nn.Parameter(nn.init.xavier_uniform_(torch.empty(num_outputs, num_inputs)))
        self.bias = nn.Parameter(torch.zeros(num_outputs))

    def forward(self, x):
        x = x.movedim(self.axis, -1)
        y = x @ self.weight.T
        y = self.activation(y) if self.activation else y
        return y.movedim(-1, self.axis)

    def get_config(self):
        return self.config


# %% exercise="dense-from-scratch" wrong="relu-by-default" fails="a ReLU is applied that nobody asked for" points=3
class OwnDense(nn.Module):
    def __init__(self, num_inputs, num_outputs, activation=None, axis=-1):
        super().__init__()
        self.axis = axis
        self.config = dict(num_inputs=num_inputs, num_outputs=num_outputs,
                           activation=activation, axis=axis)
        activation = activation or "relu"
        self.activation = getattr(torch, activation) if isinstance(activation, str) else activation
        self.weight = nn.Parameter(nn.init.xavier_uniform_(torch.empty(num_outputs, num_inputs)))
        self.bias = nn.Parameter(torch.zeros(num_outputs))

    def forward(self, x):
        x = x.movedim(self.axis, -1)
        return self.activation(x @ self.weight.T + self.bias).movedim(-1, self.axis)

    def get_config(self):
        return self.config


# %% exercise="dense-from-scratch" wrong="zero-weight" fails="equal rows make equal outputs" points=3
class OwnDense(nn.Module):
    def __init__(self, num_inputs, num_outputs, activation=None, axis=-1):
        super().__init__()
        self.axis = axis
        self.config = dict(num_inputs=num_inputs, num_outputs=num_outputs,
                           activation=activation, axis=axis)
        self.activation = getattr(torch, activation) if isinstance(activation, str) else activation
        self.weight = nn.Parameter(torch.zeros(num_outputs, num_inputs))
        self.bias = nn.Parameter(torch.zeros(num_outputs))

    def forward(self, x):
        x = x.movedim(self.axis, -1)
        y = x @ self.weight.T + self.bias
        y = self.activation(y) if self.activation else y
        return y.movedim(-1, self.axis)

    def get_config(self):
        return self.config


# %% exercise="dense-from-scratch" wrong="equal-rows" fails="equal rows make equal outputs" points=3
class OwnDense(nn.Module):
    def __init__(self, num_inputs, num_outputs, activation=None, axis=-1):
        super().__init__()
        self.axis = axis
        self.config = dict(num_inputs=num_inputs, num_outputs=num_outputs,
                           activation=activation, axis=axis)
        self.activation = getattr(torch, activation) if isinstance(activation, str) else activation
        self.weight = nn.Parameter(
            nn.init.xavier_uniform_(torch.empty(num_outputs, num_inputs))[:1].repeat(num_outputs, 1))
        self.bias = nn.Parameter(torch.zeros(num_outputs))

    def forward(self, x):
        x = x.movedim(self.axis, -1)
        y = x @ self.weight.T + self.bias
        y = self.activation(y) if self.activation else y
        return y.movedim(-1, self.axis)

    def get_config(self):
        return self.config


# %% exercise="dense-from-scratch" wrong="never-below-zero" fails="the draws lie around 0" points=3
class OwnDense(nn.Module):
    def __init__(self, num_inputs, num_outputs, activation=None, axis=-1):
        super().__init__()
        self.axis = axis
        self.config = dict(num_inputs=num_inputs, num_outputs=num_outputs,
                           activation=activation, axis=axis)
        self.activation = getattr(torch, activation) if isinstance(activation, str) else activation
        self.weight = nn.Parameter(
            torch.rand(num_outputs, num_inputs) * (6 / (num_inputs + num_outputs)) ** 0.5)
        self.bias = nn.Parameter(torch.zeros(num_outputs))

    def forward(self, x):
        x = x.movedim(self.axis, -1)
        y = x @ self.weight.T + self.bias
        y = self.activation(y) if self.activation else y
        return y.movedim(-1, self.axis)

    def get_config(self):
        return self.config


# %% exercise="dense-from-scratch" wrong="bound-of-the-inputs-only" fails="the bound is the root of 6" points=3
class OwnDense(nn.Module):
    def __init__(self, num_inputs, num_outputs, activation=None, axis=-1):
        super().__init__()
        self.axis = axis
        self.config = dict(num_inputs=num_inputs, num_outputs=num_outputs,
                           activation=activation, axis=axis)
        self.activation = getattr(torch, activation) if isinstance(activation, str) else activation
        self.weight = nn.Parameter(torch.empty(num_outputs, num_inputs).uniform_(
            -num_inputs**-0.5, num_inputs**-0.5))
        self.bias = nn.Parameter(torch.zeros(num_outputs))

    def forward(self, x):
        x = x.movedim(self.axis, -1)
        y = x @ self.weight.T + self.bias
        y = self.activation(y) if self.activation else y
        return y.movedim(-1, self.axis)

    def get_config(self):
        return self.config


# %% exercise="dense-from-scratch" wrong="xavier-normal" fails="the draws are uniform" points=3
class OwnDense(nn.Module):
    def __init__(self, num_inputs, num_outputs, activation=None, axis=-1):
        super().__init__()
        self.axis = axis
        self.config = dict(num_inputs=num_inputs, num_outputs=num_outputs,
                           activation=activation, axis=axis)
        self.activation = getattr(torch, activation) if isinstance(activation, str) else activation
        self.weight = nn.Parameter(nn.init.xavier_normal_(torch.empty(num_outputs, num_inputs)))
        self.bias = nn.Parameter(torch.zeros(num_outputs))

    def forward(self, x):
        x = x.movedim(self.axis, -1)
        y = x @ self.weight.T + self.bias
        y = self.activation(y) if self.activation else y
        return y.movedim(-1, self.axis)

    def get_config(self):
        return self.config


# %% exercise="dense-from-scratch" wrong="he-scheme" fails="the bound is the root of 6" points=3
class OwnDense(nn.Module):
    def __init__(self, num_inputs, num_outputs, activation=None, axis=-1):
        super().__init__()
        self.axis = axis
        self.config = dict(num_inputs=num_inputs, num_outputs=num_outputs,
                           activation=activation, axis=axis)
        self.activation = getattr(torch, activation) if isinstance(activation, str) else activation
        self.weight = nn.Parameter(nn.init.kaiming_uniform_(torch.empty(num_outputs, num_inputs)))
        self.bias = nn.Parameter(torch.zeros(num_outputs))

    def forward(self, x):
        x = x.movedim(self.axis, -1)
        y = x @ self.weight.T + self.bias
        y = self.activation(y) if self.activation else y
        return y.movedim(-1, self.axis)

    def get_config(self):
        return self.config


# %% exercise="dense-from-scratch" wrong="standard-normal" fails="the bound is the root of 6" points=3
class OwnDense(nn.Module):
    def __init__(self, num_inputs, num_outputs, activation=None, axis=-1):
        super().__init__()
        self.axis = axis
        self.config = dict(num_inputs=num_inputs, num_outputs=num_outputs,
                           activation=activation, axis=axis)
        self.activation = getattr(torch, activation) if isinstance(activation, str) else activation
        self.weight = nn.Parameter(torch.randn(num_outputs, num_inputs))
        self.bias = nn.Parameter(torch.zeros(num_outputs))

    def forward(self, x):
        x = x.movedim(self.axis, -1)
        y = x @ self.weight.T + self.bias
        y = self.activation(y) if self.activation else y
        return y.movedim(-1, self.axis)

    def get_config(self):
        return self.config


# %% exercise="dense-from-scratch" wrong="uninitialised" fails="torch.empty draws nothing" points=3
class OwnDense(nn.Module):
    def __init__(self, num_inputs, num_outputs, activation=None, axis=-1):
        super().__init__()
        self.axis = axis
        self.config = dict(num_inputs=num_inputs, num_outputs=num_outputs,
                           activation=activation, axis=axis)
        self.activation = getattr(torch, activation) if isinstance(activation, str) else activation
        self.weight = nn.Parameter(torch.empty(num_outputs, num_inputs))
        self.bias = nn.Parameter(torch.zeros(num_outputs))

    def forward(self, x):
        x = x.movedim(self.axis, -1)
        y = x @ self.weight.T + self.bias
        y = self.activation(y) if self.activation else y
        return y.movedim(-1, self.axis)

    def get_config(self):
        return self.config


# %% exercise="dense-from-scratch" wrong="seeded" fails="start with the same W" points=3
class OwnDense(nn.Module):
    def __init__(self, num_inputs, num_outputs, activation=None, axis=-1):
        super().__init__()
        self.axis = axis
        torch.manual_seed(0)
        self.config = dict(num_inputs=num_inputs, num_outputs=num_outputs,
                           activation=activation, axis=axis)
        self.activation = getattr(torch, activation) if isinstance(activation, str) else activation
        self.weight = nn.Parameter(nn.init.xavier_uniform_(torch.empty(num_outputs, num_inputs)))
        self.bias = nn.Parameter(torch.zeros(num_outputs))

    def forward(self, x):
        x = x.movedim(self.axis, -1)
        y = x @ self.weight.T + self.bias
        y = self.activation(y) if self.activation else y
        return y.movedim(-1, self.axis)

    def get_config(self):
        return self.config


# %% exercise="dense-from-scratch" wrong="random-bias" fails="wanted zeros" points=3
class OwnDense(nn.Module):
    def __init__(self, num_inputs, num_outputs, activation=None, axis=-1):
        super().__init__()
        self.axis = axis
        self.config = dict(num_inputs=num_inputs, num_outputs=num_outputs,
                           activation=activation, axis=axis)
        self.activation = getattr(torch, activation) if isinstance(activation, str) else activation
        self.weight = nn.Parameter(nn.init.xavier_uniform_(torch.empty(num_outputs, num_inputs)))
        self.bias = nn.Parameter(torch.randn(num_outputs))

    def forward(self, x):
        x = x.movedim(self.axis, -1)
        y = x @ self.weight.T + self.bias
        y = self.activation(y) if self.activation else y
        return y.movedim(-1, self.axis)

    def get_config(self):
        return self.config


# %% exercise="dense-from-scratch" wrong="function-in-configuration" fails="keep the activation as it was given" points=3
class OwnDense(nn.Module):
    def __init__(self, num_inputs, num_outputs, activation=None, axis=-1):
        super().__init__()
        self.axis = axis
        self.num_inputs, self.num_outputs = num_inputs, num_outputs
        self.activation = getattr(torch, activation) if isinstance(activation, str) else activation
        self.weight = nn.Parameter(nn.init.xavier_uniform_(torch.empty(num_outputs, num_inputs)))
        self.bias = nn.Parameter(torch.zeros(num_outputs))

    def forward(self, x):
        x = x.movedim(self.axis, -1)
        y = x @ self.weight.T + self.bias
        y = self.activation(y) if self.activation else y
        return y.movedim(-1, self.axis)

    def get_config(self):
        return {"num_inputs": self.num_inputs, "num_outputs": self.num_outputs,
                "activation": self.activation, "axis": self.axis}


# %% exercise="dense-from-scratch" wrong="activation-not-in-configuration" fails="wanted the names of the constructor's four arguments" points=3
class OwnDense(nn.Module):
    def __init__(self, num_inputs, num_outputs, activation=None, axis=-1):
        super().__init__()
        self.axis = axis
        self.num_inputs, self.num_outputs = num_inputs, num_outputs
        self.activation = getattr(torch, activation) if isinstance(activation, str) else activation
        self.weight = nn.Parameter(nn.init.xavier_uniform_(torch.empty(num_outputs, num_inputs)))
        self.bias = nn.Parameter(torch.zeros(num_outputs))

    def forward(self, x):
        x = x.movedim(self.axis, -1)
        y = x @ self.weight.T + self.bias
        y = self.activation(y) if self.activation else y
        return y.movedim(-1, self.axis)

    def get_config(self):
        return {"num_inputs": self.num_inputs, "num_outputs": self.num_outputs,
                "axis": self.axis}


# %% exercise="dense-from-scratch" wrong="activation-reset" fails="computes something else with the same parameters" points=3
class OwnDense(nn.Module):
    def __init__(self, num_inputs, num_outputs, activation=None, axis=-1):
        super().__init__()
        self.axis = axis
        self.num_inputs, self.num_outputs = num_inputs, num_outputs
        self.activation = getattr(torch, activation) if isinstance(activation, str) else activation
        self.weight = nn.Parameter(nn.init.xavier_uniform_(torch.empty(num_outputs, num_inputs)))
        self.bias = nn.Parameter(torch.zeros(num_outputs))

    def forward(self, x):
        x = x.movedim(self.axis, -1)
        y = x @ self.weight.T + self.bias
        y = self.activation(y) if self.activation else y
        return y.movedim(-1, self.axis)

    def get_config(self):
        return {"num_inputs": self.num_inputs, "num_outputs": self.num_outputs,
                "activation": None, "axis": self.axis}


# %% exercise="dense-from-scratch" wrong="configuration-of-the-class" fails="do the sizes belong to this layer" points=3
class OwnDense(nn.Module):
    config = {}

    def __init__(self, num_inputs, num_outputs, activation=None, axis=-1):
        super().__init__()
        self.axis = axis
        self.config.update(num_inputs=num_inputs, num_outputs=num_outputs,
                           activation=activation, axis=axis)
        self.activation = getattr(torch, activation) if isinstance(activation, str) else activation
        self.weight = nn.Parameter(nn.init.xavier_uniform_(torch.empty(num_outputs, num_inputs)))
        self.bias = nn.Parameter(torch.zeros(num_outputs))

    def forward(self, x):
        x = x.movedim(self.axis, -1)
        y = x @ self.weight.T + self.bias
        y = self.activation(y) if self.activation else y
        return y.movedim(-1, self.axis)

    def get_config(self):
        return self.config


# %% exercise="dense-from-scratch" wrong="configuration-printed" fails="wanted a dictionary" points=3
class OwnDense(nn.Module):
    def __init__(self, num_inputs, num_outputs, activation=None, axis=-1):
        super().__init__()
        self.axis = axis
        self.config = dict(num_inputs=num_inputs, num_outputs=num_outputs,
                           activation=activation, axis=axis)
        self.activation = getattr(torch, activation) if isinstance(activation, str) else activation
        self.weight = nn.Parameter(nn.init.xavier_uniform_(torch.empty(num_outputs, num_inputs)))
        self.bias = nn.Parameter(torch.zeros(num_outputs))

    def forward(self, x):
        x = x.movedim(self.axis, -1)
        y = x @ self.weight.T + self.bias
        y = self.activation(y) if self.activation else y
        return y.movedim(-1, self.axis)

    def get_config(self):
        print(self.config)


# %% exercise="dense-from-scratch" wrong="always-the-last-axis" fails="@ multiplies along the last axis" points=3
class OwnDense(nn.Module):
    def __init__(self, num_inputs, num_outputs, activation=None, axis=-1):
        super().__init__()
        self.config = dict(num_inputs=num_inputs, num_outputs=num_outputs,
                           activation=activation, axis=axis)
        self.axis = axis
        self.activation = getattr(torch, activation) if isinstance(activation, str) else activation
        self.weight = nn.Parameter(nn.init.xavier_uniform_(torch.empty(num_outputs, num_inputs)))
        self.bias = nn.Parameter(torch.zeros(num_outputs))

    def forward(self, x):
        y = x @ self.weight.T + self.bias
        return self.activation(y) if self.activation else y

    def get_config(self):
        return self.config


# %% exercise="dense-from-scratch" wrong="not-moved-back" fails="stand where the old ones stood" points=3
class OwnDense(nn.Module):
    def __init__(self, num_inputs, num_outputs, activation=None, axis=-1):
        super().__init__()
        self.config = dict(num_inputs=num_inputs, num_outputs=num_outputs,
                           activation=activation, axis=axis)
        self.axis = axis
        self.activation = getattr(torch, activation) if isinstance(activation, str) else activation
        self.weight = nn.Parameter(nn.init.xavier_uniform_(torch.empty(num_outputs, num_inputs)))
        self.bias = nn.Parameter(torch.zeros(num_outputs))

    def forward(self, x):
        y = x.movedim(self.axis, -1) @ self.weight.T + self.bias
        return self.activation(y) if self.activation else y

    def get_config(self):
        return self.config


# %% exercise="dense-from-scratch" wrong="reshaped" fails="reshape mixes up the entries" points=3
class OwnDense(nn.Module):
    def __init__(self, num_inputs, num_outputs, activation=None, axis=-1):
        super().__init__()
        self.config = dict(num_inputs=num_inputs, num_outputs=num_outputs,
                           activation=activation, axis=axis)
        self.axis = axis
        self.activation = getattr(torch, activation) if isinstance(activation, str) else activation
        self.weight = nn.Parameter(nn.init.xavier_uniform_(torch.empty(num_outputs, num_inputs)))
        self.bias = nn.Parameter(torch.zeros(num_outputs))

    def forward(self, x):
        shape = list(x.shape)
        inputs = shape.pop(self.axis)
        y = x.reshape(*shape, inputs) @ self.weight.T + self.bias
        y = self.activation(y) if self.activation else y
        shape.insert(self.axis % x.dim(), len(self.bias))
        return y.reshape(shape)

    def get_config(self):
        return self.config


# %% exercise="dense-from-scratch" wrong="bias-along-the-last-axis" fails="multiply, add the bias, and bring it back" points=3
class OwnDense(nn.Module):
    def __init__(self, num_inputs, num_outputs, activation=None, axis=-1):
        super().__init__()
        self.config = dict(num_inputs=num_inputs, num_outputs=num_outputs,
                           activation=activation, axis=axis)
        self.axis = axis
        self.activation = getattr(torch, activation) if isinstance(activation, str) else activation
        self.weight = nn.Parameter(nn.init.xavier_uniform_(torch.empty(num_outputs, num_inputs)))
        self.bias = nn.Parameter(torch.zeros(num_outputs))

    def forward(self, x):
        y = (x.movedim(self.axis, -1) @ self.weight.T).movedim(-1, self.axis) + self.bias
        return self.activation(y) if self.activation else y

    def get_config(self):
        return self.config


# %% exercise="dense-from-scratch" wrong="axis-reset" fails="are the activation and the axis in it those of this layer" points=3
class OwnDense(nn.Module):
    def __init__(self, num_inputs, num_outputs, activation=None, axis=-1):
        super().__init__()
        self.config = dict(num_inputs=num_inputs, num_outputs=num_outputs,
                           activation=activation, axis=axis)
        self.axis = axis
        self.activation = getattr(torch, activation) if isinstance(activation, str) else activation
        self.weight = nn.Parameter(nn.init.xavier_uniform_(torch.empty(num_outputs, num_inputs)))
        self.bias = nn.Parameter(torch.zeros(num_outputs))

    def forward(self, x):
        y = x.movedim(self.axis, -1) @ self.weight.T + self.bias
        y = self.activation(y) if self.activation else y
        return y.movedim(-1, self.axis)

    def get_config(self):
        return {**self.config, "axis": -1}


# %% exercise="dense-from-scratch" wrong="axis-not-in-configuration" fails="wanted the names of the constructor's four arguments" points=3
class OwnDense(nn.Module):
    def __init__(self, num_inputs, num_outputs, activation=None, axis=-1):
        super().__init__()
        self.config = dict(num_inputs=num_inputs, num_outputs=num_outputs,
                           activation=activation, axis=axis)
        self.axis = axis
        self.activation = getattr(torch, activation) if isinstance(activation, str) else activation
        self.weight = nn.Parameter(nn.init.xavier_uniform_(torch.empty(num_outputs, num_inputs)))
        self.bias = nn.Parameter(torch.zeros(num_outputs))

    def forward(self, x):
        y = x.movedim(self.axis, -1) @ self.weight.T + self.bias
        y = self.activation(y) if self.activation else y
        return y.movedim(-1, self.axis)

    def get_config(self):
        return {k: v for k, v in self.config.items() if k != "axis"}


# %% exercise="dense-from-scratch" wrong="configuration-in-text" fails="are activation and axis as they were given" points=3
class OwnDense(nn.Module):
    def __init__(self, num_inputs, num_outputs, activation=None, axis=-1):
        super().__init__()
        self.axis = axis
        self.config = dict(num_inputs=num_inputs, num_outputs=num_outputs,
                           activation=activation, axis=axis)
        self.activation = getattr(torch, activation) if isinstance(activation, str) else activation
        self.weight = nn.Parameter(nn.init.xavier_uniform_(torch.empty(num_outputs, num_inputs)))
        self.bias = nn.Parameter(torch.zeros(num_outputs))

    def forward(self, x):
        x = x.movedim(self.axis, -1)
        y = x @ self.weight.T + self.bias
        y = self.activation(y) if self.activation else y
        return y.movedim(-1, self.axis)

    def get_config(self):
        return {key: str(value) for key, value in self.config.items()}


# %% exercise="dense-from-scratch" right="functional-linear"
class OwnDense(nn.Module):
    functions = {None: lambda y: y, "relu": F.relu, "tanh": F.tanh, "sigmoid": F.sigmoid}

    def __init__(self, num_inputs, num_outputs, activation=None, axis=-1):
        super().__init__()
        self.axis = axis
        self.num_inputs, self.num_outputs, self.given = num_inputs, num_outputs, activation
        self.W = nn.Parameter(
            (2 * torch.rand(num_outputs, num_inputs) - 1) * (6 / (num_inputs + num_outputs)) ** 0.5)
        self.b = nn.Parameter(torch.zeros(num_outputs))

    def forward(self, x):
        x = x.movedim(self.axis, -1)
        y = F.linear(x, self.W, self.b)
        return self.functions.get(self.given, self.given)(y).movedim(-1, self.axis)

    def get_config(self):
        return {"activation": self.given, "num_outputs": self.num_outputs,
                "num_inputs": self.num_inputs, "axis": self.axis}


# %% exercise="dense-from-scratch" right="axes-swapped"
class OwnDense(nn.Module):
    def __init__(self, num_inputs, num_outputs, activation=None, axis=-1):
        super().__init__()
        self.axis = axis
        self.register_parameter("weight", nn.Parameter(torch.empty(num_outputs, num_inputs)))
        self.register_parameter("bias", nn.Parameter(torch.empty(num_outputs)))
        self.activation = activation
        self.reset_parameters()

    def reset_parameters(self):
        bound = (6 / sum(self.weight.shape)) ** 0.5
        nn.init.uniform_(self.weight, -bound, bound)
        nn.init.zeros_(self.bias)

    def forward(self, x):
        x = x.transpose(self.axis, -1)
        y = torch.einsum("...i,oi->...o", x, self.weight) + self.bias
        y = y.transpose(self.axis, -1)
        if isinstance(self.activation, str):
            return {"relu": nn.ReLU(), "tanh": nn.Tanh(), "sigmoid": nn.Sigmoid()}[
                self.activation](y)
        if self.activation is not None:
            y = self.activation(y)
        return y

    def get_config(self):
        outputs, inputs = self.weight.shape
        return dict(num_inputs=inputs, num_outputs=outputs, activation=self.activation,
                    axis=self.axis)


# %% exercise="dense-from-scratch" right="tensordot"
class OwnDense(nn.Module):
    def __init__(self, num_inputs, num_outputs, activation=None, axis=-1):
        super().__init__()
        self.config = dict(num_inputs=num_inputs, num_outputs=num_outputs,
                           activation=activation, axis=axis)
        self.axis = axis
        self.activation = getattr(torch, activation) if isinstance(activation, str) else activation
        self.weight = nn.Parameter(nn.init.xavier_uniform_(torch.empty(num_outputs, num_inputs)))
        self.bias = nn.Parameter(torch.zeros(num_outputs))

    def forward(self, x):
        y = torch.tensordot(x, self.weight, dims=([self.axis], [1])) + self.bias
        y = self.activation(y) if self.activation else y
        return torch.movedim(y, -1, self.axis)

    def get_config(self):
        return self.config


# %% exercise="two-in-three-out" wrong="stacked" fails="neither stacked nor in a list"
class Compare(nn.Module):
    def forward(self, a, b):
        if a.shape != b.shape:
            raise ValueError("shapes differ")
        dot = (a * b).sum(dim=-1, keepdim=True).expand_as(a)
        return torch.stack([a - b, torch.maximum(a, b), dot])


# %% exercise="two-in-three-out" wrong="a-list" fails="neither stacked nor in a list"
class Compare(nn.Module):
    def forward(self, a, b):
        if a.shape != b.shape:
            raise ValueError("shapes differ")
        return [a - b, torch.maximum(a, b), (a * b).sum(dim=-1, keepdim=True)]


# %% exercise="two-in-three-out" wrong="axis-lost" fails="keep that axis with length 1" points=1
class Compare(nn.Module):
    def forward(self, a, b):
        if a.shape != b.shape:
            raise ValueError("shapes differ")
        return a - b, torch.maximum(a, b), (a * b).sum(dim=-1)


# %% exercise="two-in-three-out" wrong="one-dot-product" fails="sum over the last axis only" points=1
class Compare(nn.Module):
    def forward(self, a, b):
        if a.shape != b.shape:
            raise ValueError("shapes differ")
        return a - b, torch.maximum(a, b), (a * b).sum()


# %% exercise="two-in-three-out" wrong="diagonal-of-a-product" fails="for every rank"
class Compare(nn.Module):
    def forward(self, a, b):
        if a.shape != b.shape:
            raise ValueError("the shapes differ")
        return a - b, torch.maximum(a, b), torch.diagonal(a @ b.T)[:, None]


# %% exercise="two-in-three-out" wrong="mean-of-products" fails="the mean over the row, not the sum" points=1
class Compare(nn.Module):
    def forward(self, a, b):
        if a.shape != b.shape:
            raise ValueError("shapes differ")
        return a - b, torch.maximum(a, b), (a * b).mean(dim=-1, keepdim=True)


# %% exercise="two-in-three-out" wrong="difference-reversed" fails="that is b minus a" points=1
class Compare(nn.Module):
    def forward(self, a, b):
        if a.shape != b.shape:
            raise ValueError("shapes differ")
        return b - a, torch.maximum(a, b), (a * b).sum(dim=-1, keepdim=True)


# %% exercise="two-in-three-out" wrong="order-of-outputs" fails="that is the larger" points=1
class Compare(nn.Module):
    def forward(self, a, b):
        if a.shape != b.shape:
            raise ValueError("shapes differ")
        return torch.maximum(a, b), a - b, (a * b).sum(dim=-1, keepdim=True)


# %% exercise="two-in-three-out" wrong="broadcasts" fails="broadcasting stretched one of the inputs" points=2
class Compare(nn.Module):
    def forward(self, a, b):
        return a - b, torch.maximum(a, b), (a * b).sum(dim=-1, keepdim=True)


# %% exercise="two-in-three-out" wrong="last-axis-compared-only" fails="broadcasting stretched one of the inputs" points=2
class Compare(nn.Module):
    def forward(self, a, b):
        if a.shape[-1] != b.shape[-1]:
            raise ValueError("widths differ")
        return a - b, torch.maximum(a, b), (a * b).sum(dim=-1, keepdim=True)


# %% exercise="two-in-three-out" wrong="first-and-last-axis-compared" fails="Compare the whole shapes" points=2
class Compare(nn.Module):
    def forward(self, a, b):
        if a.dim() != b.dim() or a.shape[0] != b.shape[0] or a.shape[-1] != b.shape[-1]:
            raise ValueError("batch or width differ")
        return a - b, torch.maximum(a, b), (a * b).sum(dim=-1, keepdim=True)


# %% exercise="two-in-three-out" wrong="asserted" fails="raised AssertionError, wanted a ValueError" points=2
class Compare(nn.Module):
    def forward(self, a, b):
        assert a.shape == b.shape
        return a - b, torch.maximum(a, b), (a * b).sum(dim=-1, keepdim=True)


# %% exercise="two-in-three-out" wrong="in-place" fails="changed the caller's a" points=2
class Compare(nn.Module):
    def forward(self, a, b):
        if a.shape != b.shape:
            raise ValueError("shapes differ")
        larger, dot = torch.maximum(a, b), (a * b).sum(dim=-1, keepdim=True)
        a -= b
        return a, larger, dot


# %% exercise="two-in-three-out" wrong="numpy-maximum" fails="the larger of Compare()(a, b) is cut off" points=2
class Compare(nn.Module):
    def forward(self, a, b):
        if a.shape != b.shape:
            raise ValueError("shapes differ")
        larger = torch.from_numpy(np.maximum(a.detach().numpy(), b.detach().numpy()))
        return a - b, larger, (a * b).sum(dim=-1, keepdim=True)


# %% exercise="two-in-three-out" wrong="one-side-detached" fails="with respect to b is wrong" points=2
class Compare(nn.Module):
    def forward(self, a, b):
        if a.shape != b.shape:
            raise ValueError("shapes differ")
        return a - b, torch.maximum(a, b.detach()), (a * b).sum(dim=-1, keepdim=True)


# %% exercise="two-in-three-out" wrong="one-argument" fails="forward takes two arguments"
class Compare(nn.Module):
    def forward(self, inputs):
        a, b = inputs
        if a.shape != b.shape:
            raise ValueError("shapes differ")
        return a - b, torch.maximum(a, b), (a * b).sum(dim=-1, keepdim=True)


# %% exercise="two-in-three-out" right="where-and-einsum"
class Compare(nn.Module):
    def forward(self, a, b):
        if tuple(a.size()) != tuple(b.size()):
            raise ValueError("a and b must have one shape")
        dot = torch.einsum("...i,...i->...", a, b).unsqueeze(-1)
        return torch.sub(a, b), torch.where(a > b, a, b), dot


# %% exercise="two-in-three-out" right="matrix-product"
class Compare(nn.Module):
    def forward(self, a, b):
        if a.ndim != b.ndim or any(m != n for m, n in zip(a.shape, b.shape)):
            raise ValueError(f"{a.shape} is not {b.shape}")
        difference = a - b
        larger = b + F.relu(difference)
        dot = (a[..., None, :] @ b[..., :, None])[..., 0]
        return (difference, larger, dot)


# %% exercise="noise-in-training" wrong="always-on" fails="still added noise after eval()" points=2
class AddNoise(nn.Module):
    def __init__(self, std):
        super().__init__()
        self.std = std

    def forward(self, x):
        return x + self.std * torch.randn_like(x)


# %% exercise="noise-in-training" wrong="never-on" fails="in training there is noise"
class AddNoise(nn.Module):
    def __init__(self, std):
        super().__init__()
        self.std = std

    def forward(self, x):
        if not self.training:
            return x + self.std * torch.randn_like(x)
        return x


# %% exercise="noise-in-training" wrong="own-flag" fails="runs no eval() of the layer's own" points=2
class AddNoise(nn.Module):
    def __init__(self, std):
        super().__init__()
        self.std = std
        self.noisy = True

    def eval(self):
        self.noisy = False
        return super().eval()

    def train(self, mode=True):
        if mode:
            self.noisy = True
        return super().train(mode)

    def forward(self, x):
        return x + self.std * torch.randn_like(x) if self.noisy else x


# %% exercise="noise-in-training" wrong="mode-at-construction" fails="read self.training in every call" points=2
class AddNoise(nn.Module):
    def __init__(self, std):
        super().__init__()
        self.std = std if self.training else 0.0

    def forward(self, x):
        return x + self.std * torch.randn_like(x)


# %% exercise="noise-in-training" wrong="gradients-as-mode" fails="it is not whether gradients are on" points=2
class AddNoise(nn.Module):
    def __init__(self, std):
        super().__init__()
        self.std = std

    def forward(self, x):
        if torch.is_grad_enabled():
            return x + self.std * torch.randn_like(x)
        return x


# %% exercise="noise-in-training" wrong="one-number" fails="to every entry: draw one number for each entry" points=1
class AddNoise(nn.Module):
    def __init__(self, std):
        super().__init__()
        self.std = std

    def forward(self, x):
        return x + self.std * torch.randn(()).to(x.dtype) if self.training else x


# %% exercise="noise-in-training" wrong="one-number-per-feature" fails="the same to a whole row or column" points=2
class AddNoise(nn.Module):
    def __init__(self, std):
        super().__init__()
        self.std = std

    def forward(self, x):
        return x + self.std * torch.randn(x.shape[-1]).to(x.dtype) if self.training else x


# %% exercise="noise-in-training" wrong="drawn-once" fails="draw it in forward, anew in every call" points=2
class AddNoise(nn.Module):
    def __init__(self, std):
        super().__init__()
        self.std, self.noise = std, {}

    def forward(self, x):
        if not self.training:
            return x
        if x.shape not in self.noise:
            self.noise[x.shape] = torch.randn_like(x)
        return x + self.std * self.noise[x.shape]


# %% exercise="noise-in-training" wrong="seeded" fails="set no seed" points=2
class AddNoise(nn.Module):
    def __init__(self, std):
        super().__init__()
        self.std = std

    def forward(self, x):
        if not self.training:
            return x
        torch.manual_seed(0)
        return x + self.std * torch.randn_like(x)


# %% exercise="noise-in-training" wrong="variance" fails="std was taken for the variance" points=2
class AddNoise(nn.Module):
    def __init__(self, std):
        super().__init__()
        self.std = std

    def forward(self, x):
        return x + self.std**0.5 * torch.randn_like(x) if self.training else x


# %% exercise="noise-in-training" wrong="std-squared" fails="multiplied by std squared" points=2
class AddNoise(nn.Module):
    def __init__(self, std):
        super().__init__()
        self.std = std

    def forward(self, x):
        return x + self.std**2 * torch.randn_like(x) if self.training else x


# %% exercise="noise-in-training" wrong="std-ignored" fails="std is not used" points=1
class AddNoise(nn.Module):
    def __init__(self, std):
        super().__init__()

    def forward(self, x):
        return x + torch.randn_like(x) if self.training else x


# %% exercise="noise-in-training" wrong="uniform-noise" fails="the distribution is to be the normal one" points=2
class AddNoise(nn.Module):
    def __init__(self, std):
        super().__init__()
        self.std = std

    def forward(self, x):
        return x + self.std * 12**0.5 * (torch.rand_like(x) - 0.5) if self.training else x


# %% exercise="noise-in-training" wrong="not-centred" fails="drawn around 0" points=2
class AddNoise(nn.Module):
    def __init__(self, std):
        super().__init__()
        self.std = std

    def forward(self, x):
        return x + self.std * torch.rand_like(x) if self.training else x


# %% exercise="noise-in-training" wrong="numpy-draws" fails="not with NumPy" points=2
class AddNoise(nn.Module):
    def __init__(self, std):
        super().__init__()
        self.std = std

    def forward(self, x):
        if not self.training:
            return x
        noise = np.random.default_rng().normal(0.0, self.std, size=tuple(x.shape))
        return x + torch.from_numpy(noise).to(x.dtype)


# %% exercise="noise-in-training" wrong="far-values-cut" fails="is to be the normal one" points=2
class AddNoise(nn.Module):
    def __init__(self, std):
        super().__init__()
        self.std = std

    def forward(self, x):
        return x + (self.std * torch.randn_like(x)).clamp(-2.2 * self.std, 2.2 * self.std) if self.training else x


# %% exercise="noise-in-training" wrong="distribution-that-refuses-0" fails="std may be 0" points=2
class AddNoise(nn.Module):
    def __init__(self, std):
        super().__init__()
        self.noise = torch.distributions.Normal(0.0, std)

    def forward(self, x):
        return x + self.noise.sample(x.shape).to(x.dtype) if self.training else x


# %% exercise="noise-in-training" wrong="seed-set-in-the-constructor" fails="sets the seed of PyTorch" points=2
class AddNoise(nn.Module):
    def __init__(self, std):
        super().__init__()
        torch.manual_seed(0)
        self.std = std

    def forward(self, x):
        return x + self.std * torch.randn_like(x) if self.training else x


# %% exercise="noise-in-training" wrong="multiplied" fails="the noise must not depend on x" points=1
class AddNoise(nn.Module):
    def __init__(self, std):
        super().__init__()
        self.std = std

    def forward(self, x):
        return x * (1 + self.std * torch.randn_like(x)) if self.training else x


# %% exercise="noise-in-training" wrong="in-place" fails="changed the caller's x" points=2
class AddNoise(nn.Module):
    def __init__(self, std):
        super().__init__()
        self.std = std

    def forward(self, x):
        if self.training:
            x += self.std * torch.randn_like(x)
        return x


# %% exercise="noise-in-training" wrong="learned-std" fails="has parameters; it needs none" points=2
class AddNoise(nn.Module):
    def __init__(self, std):
        super().__init__()
        self.std = nn.Parameter(torch.tensor(float(std)))

    def forward(self, x):
        return x + self.std.to(x.dtype) * torch.randn_like(x) if self.training else x


# %% exercise="noise-in-training" wrong="numpy-noise" fails="cut off from x" points=2
class AddNoise(nn.Module):
    def __init__(self, std):
        super().__init__()
        self.std = std

    def forward(self, x):
        if not self.training:
            return x
        v = x.detach().numpy()
        return torch.from_numpy((v + np.random.normal(0, self.std, v.shape)).astype(v.dtype))


# %% exercise="noise-in-training" wrong="single-precision-only" fails="wanted the same as x" points=2
class AddNoise(nn.Module):
    def __init__(self, std):
        super().__init__()
        self.std = std

    def forward(self, x):
        return x.float() + self.std * torch.randn(x.shape) if self.training else x


# %% exercise="noise-in-training" right="distribution-object"
class AddNoise(nn.Module):
    def __init__(self, std):
        super().__init__()
        self.register_buffer("std", torch.tensor(float(std)), persistent=False)

    def forward(self, x):
        if self.training and self.std > 0:
            noise = torch.distributions.Normal(0.0, self.std).sample(x.shape)
            return x + noise.to(x.dtype)
        return x * 1


# %% exercise="noise-in-training" right="factor-zero"
class AddNoise(nn.Module):
    def __init__(self, std):
        super().__init__()
        self.std = std

    def forward(self, x):
        noise = torch.empty_like(x, requires_grad=False).normal_()
        return torch.add(x, noise, alpha=self.std if self.training else 0)


# %% exercise="layer-norm" wrong="eps-outside" fails="eps is outside the root"
class OwnLayerNorm(nn.Module):
    def __init__(self, width, eps=1e-5):
        super().__init__()
        self.eps = eps
        self.gamma, self.beta = nn.Parameter(torch.ones(width)), nn.Parameter(torch.zeros(width))

    def forward(self, x):
        d = x - x.mean(dim=-1, keepdim=True)
        std = (d**2).mean(dim=-1, keepdim=True).sqrt()
        return self.gamma * d / (std + self.eps) + self.beta


# %% exercise="layer-norm" wrong="one-gamma-for-all" fails="wanted a gamma of 5 ones" points=1
class OwnLayerNorm(nn.Module):
    def __init__(self, width, eps=1e-5):
        super().__init__()
        self.eps = eps
        self.gamma = nn.Parameter(torch.tensor(1.0))
        self.beta = nn.Parameter(torch.zeros(width))

    def forward(self, x):
        mean, variance = x.mean(-1, keepdim=True), x.var(-1, correction=0, keepdim=True)
        return self.gamma * (x - mean) / torch.sqrt(variance + self.eps) + self.beta


# %% exercise="layer-norm" wrong="axis-lost" fails="keep the last axis of mean and variance"
class OwnLayerNorm(nn.Module):
    def __init__(self, width, eps=1e-5):
        super().__init__()
        self.eps = eps
        self.gamma = nn.Parameter(torch.ones(width))
        self.beta = nn.Parameter(torch.zeros(width))

    def forward(self, x):
        mean, variance = x.mean(-1), x.var(-1, correction=0)
        return self.gamma * (x - mean) / torch.sqrt(variance + self.eps) + self.beta


# %% exercise="layer-norm" wrong="unbiased" fails="the variance is the unbiased one"
class OwnLayerNorm(nn.Module):
    def __init__(self, width, eps=1e-5):
        super().__init__()
        self.eps = eps
        self.gamma, self.beta = nn.Parameter(torch.ones(width)), nn.Parameter(torch.zeros(width))

    def forward(self, x):
        d = x - x.mean(dim=-1, keepdim=True)
        return self.gamma * d / (x.var(dim=-1, keepdim=True) + self.eps).sqrt() + self.beta


# %% exercise="layer-norm" wrong="eps-ignored" fails="is not the one that was given"
class OwnLayerNorm(nn.Module):
    def __init__(self, width, eps=1e-5):
        super().__init__()
        self.gamma, self.beta = nn.Parameter(torch.ones(width)), nn.Parameter(torch.zeros(width))

    def forward(self, x):
        d = x - x.mean(dim=-1, keepdim=True)
        root = ((d**2).mean(dim=-1, keepdim=True) + 1e-5).sqrt()
        return self.gamma * d / root + self.beta


# %% exercise="layer-norm" wrong="no-eps" fails="eps is missing, or is not"
class OwnLayerNorm(nn.Module):
    def __init__(self, width, eps=1e-5):
        super().__init__()
        self.gamma, self.beta = nn.Parameter(torch.ones(width)), nn.Parameter(torch.zeros(width))

    def forward(self, x):
        d = x - x.mean(dim=-1, keepdim=True)
        return self.gamma * d / x.std(dim=-1, keepdim=True, correction=0) + self.beta


# %% exercise="layer-norm" wrong="no-root" fails="divided by the variance and not by its root"
class OwnLayerNorm(nn.Module):
    def __init__(self, width, eps=1e-5):
        super().__init__()
        self.eps = eps
        self.gamma, self.beta = nn.Parameter(torch.ones(width)), nn.Parameter(torch.zeros(width))

    def forward(self, x):
        d = x - x.mean(dim=-1, keepdim=True)
        return self.gamma * d / ((d**2).mean(dim=-1, keepdim=True) + self.eps) + self.beta


# %% exercise="layer-norm" wrong="over-the-batch" fails="it was normalised over the batch"
class OwnLayerNorm(nn.Module):
    def __init__(self, width, eps=1e-5):
        super().__init__()
        self.eps = eps
        self.gamma, self.beta = nn.Parameter(torch.ones(width)), nn.Parameter(torch.zeros(width))

    def forward(self, x):
        d = x - x.mean(dim=0)
        return self.gamma * d / ((d**2).mean(dim=0) + self.eps).sqrt() + self.beta


# %% exercise="layer-norm" wrong="whole-example" fails="each example was normalised whole"
class OwnLayerNorm(nn.Module):
    def __init__(self, width, eps=1e-5):
        super().__init__()
        self.eps = eps
        self.gamma, self.beta = nn.Parameter(torch.ones(width)), nn.Parameter(torch.zeros(width))

    def forward(self, x):
        axes = tuple(range(1, x.dim()))
        d = x - x.mean(dim=axes, keepdim=True)
        return self.gamma * d / ((d**2).mean(dim=axes, keepdim=True) + self.eps).sqrt() + self.beta


# %% exercise="layer-norm" wrong="axis-one" fails="go through the formula step by step"
class OwnLayerNorm(nn.Module):
    def __init__(self, width, eps=1e-5):
        super().__init__()
        self.eps = eps
        self.gamma, self.beta = nn.Parameter(torch.ones(width)), nn.Parameter(torch.zeros(width))

    def forward(self, x):
        d = x - x.mean(dim=1, keepdim=True)
        return self.gamma * d / ((d**2).mean(dim=1, keepdim=True) + self.eps).sqrt() + self.beta


# %% exercise="layer-norm" wrong="detour" fails="squares of large numbers lose digits" points=2
class OwnLayerNorm(nn.Module):
    def __init__(self, width, eps=1e-5):
        super().__init__()
        self.eps = eps
        self.gamma, self.beta = nn.Parameter(torch.ones(width)), nn.Parameter(torch.zeros(width))

    def forward(self, x):
        mean = x.mean(dim=-1, keepdim=True)
        variance = (x**2).mean(dim=-1, keepdim=True) - mean**2
        return self.gamma * (x - mean) / (variance.clamp(min=0) + self.eps).sqrt() + self.beta


# %% exercise="layer-norm" wrong="no-parameters" fails="wanted a gamma of" points=1
class OwnLayerNorm(nn.Module):
    def __init__(self, width, eps=1e-5):
        super().__init__()
        self.eps = eps

    def forward(self, x):
        d = x - x.mean(dim=-1, keepdim=True)
        return d / ((d**2).mean(dim=-1, keepdim=True) + self.eps).sqrt()


# %% exercise="layer-norm" wrong="one-number-each" fails="wanted a gamma of" points=1
class OwnLayerNorm(nn.Module):
    def __init__(self, width, eps=1e-5):
        super().__init__()
        self.eps = eps
        self.gamma, self.beta = nn.Parameter(torch.ones(1)), nn.Parameter(torch.zeros(1))

    def forward(self, x):
        d = x - x.mean(dim=-1, keepdim=True)
        return self.gamma * d / ((d**2).mean(dim=-1, keepdim=True) + self.eps).sqrt() + self.beta


# %% exercise="layer-norm" wrong="parameters-unused" fails="gamma and beta are not used" points=1
class OwnLayerNorm(nn.Module):
    def __init__(self, width, eps=1e-5):
        super().__init__()
        self.eps = eps
        self.gamma, self.beta = nn.Parameter(torch.ones(width)), nn.Parameter(torch.zeros(width))

    def forward(self, x):
        d = x - x.mean(dim=-1, keepdim=True)
        return d / ((d**2).mean(dim=-1, keepdim=True) + self.eps).sqrt()


# %% exercise="layer-norm" wrong="beta-inside" fails="gamma multiplies beta too" points=2
class OwnLayerNorm(nn.Module):
    def __init__(self, width, eps=1e-5):
        super().__init__()
        self.eps = eps
        self.gamma, self.beta = nn.Parameter(torch.ones(width)), nn.Parameter(torch.zeros(width))

    def forward(self, x):
        d = x - x.mean(dim=-1, keepdim=True)
        return self.gamma * (d / ((d**2).mean(-1, keepdim=True) + self.eps).sqrt() + self.beta)


# %% exercise="layer-norm" wrong="variance-detached" fails="the variance is cut off from x" points=2
class OwnLayerNorm(nn.Module):
    def __init__(self, width, eps=1e-5):
        super().__init__()
        self.eps = eps
        self.gamma, self.beta = nn.Parameter(torch.ones(width)), nn.Parameter(torch.zeros(width))

    def forward(self, x):
        d = x - x.mean(dim=-1, keepdim=True)
        variance = (d**2).mean(dim=-1, keepdim=True).detach()
        return self.gamma * d / (variance + self.eps).sqrt() + self.beta


# %% exercise="layer-norm" wrong="statistics-by-numpy" fails="mean and variance depend on x" points=2
class OwnLayerNorm(nn.Module):
    def __init__(self, width, eps=1e-5):
        super().__init__()
        self.eps = eps
        self.gamma, self.beta = nn.Parameter(torch.ones(width)), nn.Parameter(torch.zeros(width))

    def forward(self, x):
        v = x.detach().numpy()
        mean = torch.from_numpy(v.mean(-1, keepdims=True))
        variance = torch.from_numpy(v.var(-1, keepdims=True))
        return self.gamma * (x - mean) / (variance + self.eps).sqrt() + self.beta


# %% exercise="layer-norm" wrong="built-in" fails="uses a ready-made layer normalisation"
class OwnLayerNorm(nn.Module):
    def __init__(self, width, eps=1e-5):
        super().__init__()
        self.norm = nn.LayerNorm(width, eps=eps)

    def forward(self, x):
        return self.norm(x)


# %% exercise="layer-norm" wrong="ready-made-function" fails="uses a ready-made layer normalisation"
class OwnLayerNorm(nn.Module):
    def __init__(self, width, eps=1e-5):
        super().__init__()
        self.width, self.eps = width, eps
        self.gamma, self.beta = nn.Parameter(torch.ones(width)), nn.Parameter(torch.zeros(width))

    def forward(self, x):
        return F.layer_norm(x, (self.width,), self.gamma, self.beta, self.eps)


# %% exercise="layer-norm" wrong="ready-made-rows" fails="uses a ready-made layer normalisation"
class OwnLayerNorm(nn.Module):
    def __init__(self, width, eps=1e-5):
        super().__init__()
        self.width, self.eps = width, eps
        self.gamma, self.beta = nn.Parameter(torch.ones(width)), nn.Parameter(torch.zeros(width))

    def forward(self, x):
        return self.gamma * F.layer_norm(x, (self.width,), eps=self.eps) + self.beta


# %% exercise="layer-norm" right="var-mean"
class OwnLayerNorm(nn.Module):
    def __init__(self, width, eps=1e-5):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.bias = nn.Parameter(torch.zeros(width))
        self.eps = eps

    def forward(self, x):
        variance, mean = torch.var_mean(x, dim=-1, correction=0, keepdim=True)
        return torch.addcmul(self.bias, (x - mean) * torch.rsqrt(variance + self.eps), self.weight)


# %% exercise="layer-norm" right="centred-twice"
class OwnLayerNorm(nn.Module):
    def __init__(self, width, eps=1e-5):
        super().__init__()
        self.beta = nn.Parameter(torch.zeros(width))
        self.gamma = nn.Parameter(torch.ones(width))
        self.width, self.eps = width, eps

    def forward(self, x):
        x = x - x.sum(dim=-1, keepdim=True) / self.width
        squares = torch.linalg.vecdot(x, x).unsqueeze(-1) / self.width
        return x * (squares + self.eps) ** -0.5 * self.gamma + self.beta


# %% exercise="layer-norm" right="row-by-row"
class OwnLayerNorm(nn.Module):
    def __init__(self, width, eps=1e-5):
        super().__init__()
        self.eps = eps
        self.gamma, self.beta = nn.Parameter(torch.ones(width)), nn.Parameter(torch.zeros(width))

    def forward(self, x):
        rows = []
        for row in x.flatten(end_dim=-2):
            row = row - row.mean()
            rows.append(self.gamma * row / (row.square().mean() + self.eps).sqrt() + self.beta)
        return torch.stack(rows).reshape(x.shape)


# %% exercise="layer-norm" right="in-place"
class OwnLayerNorm(nn.Module):
    def __init__(self, width, eps=1e-5):
        super().__init__()
        self.eps = eps
        self.gamma, self.beta = nn.Parameter(torch.ones(width)), nn.Parameter(torch.zeros(width))

    def forward(self, x):
        y = x.clone()
        y -= x.mean(dim=-1, keepdim=True)
        y /= (x.var(dim=-1, correction=0, keepdim=True) + self.eps).sqrt()
        y *= self.gamma
        y += self.beta
        return y


# %% exercise="bilinear-form" wrong="k-last-on-the-weight" fails="the axes of W were taken in another order"
class BilinearForm(nn.Module):
    def __init__(self, width, num_outputs):
        super().__init__()
        self.W = nn.Parameter(torch.randn(num_outputs, width, width))

    def forward(self, x):
        return torch.einsum("...i,ijk,...j->...k", x, self.W, x)


# %% exercise="bilinear-form" wrong="k-in-the-middle" fails="W[k] is the matrix of output k"
class BilinearForm(nn.Module):
    def __init__(self, width, num_outputs):
        super().__init__()
        self.W = nn.Parameter(torch.randn(num_outputs, width, width))

    def forward(self, x):
        outputs = [(x @ self.W[:, k] * x).sum(dim=-1) for k in range(self.W.shape[0])]
        return torch.stack(outputs, dim=-1)


# %% exercise="bilinear-form" wrong="stored-with-k-last" fails="taken in another order"
class BilinearForm(nn.Module):
    def __init__(self, width, num_outputs):
        super().__init__()
        self.W = nn.Parameter(torch.randn(width, width, num_outputs))

    def forward(self, x):
        return torch.einsum("...i,ijk,...j->...k", x, self.W, x)


# %% exercise="bilinear-form" wrong="rows-with-rows" fails="pairs every row with every row"
class BilinearForm(nn.Module):
    def __init__(self, width, num_outputs):
        super().__init__()
        self.W = nn.Parameter(torch.randn(num_outputs, width, width))

    def forward(self, x):
        return torch.stack([x @ w @ x.mT for w in self.W], dim=-1)


# %% exercise="bilinear-form" wrong="two-axes-only" fails="any number of leading axes"
class BilinearForm(nn.Module):
    def __init__(self, width, num_outputs):
        super().__init__()
        self.W = nn.Parameter(torch.randn(num_outputs, width, width))

    def forward(self, x):
        return torch.einsum("bi,kij,bj->bk", x, self.W, x)


# %% exercise="bilinear-form" wrong="k-first-in-the-result" fails="k came first"
class BilinearForm(nn.Module):
    def __init__(self, width, num_outputs):
        super().__init__()
        self.W = nn.Parameter(torch.randn(num_outputs, width, width))

    def forward(self, x):
        return torch.stack([torch.einsum("...i,ij,...j->...", x, w, x) for w in self.W])


# %% exercise="bilinear-form" wrong="diagonal-only" fails="only the diagonal of each matrix was used"
class BilinearForm(nn.Module):
    def __init__(self, width, num_outputs):
        super().__init__()
        self.W = nn.Parameter(torch.randn(num_outputs, width, width))

    def forward(self, x):
        return torch.einsum("...i,kii,...i->...k", x, self.W, x)


# %% exercise="bilinear-form" wrong="one-x" fails="one x is missing"
class BilinearForm(nn.Module):
    def __init__(self, width, num_outputs):
        super().__init__()
        self.W = nn.Parameter(torch.randn(num_outputs, width, width))

    def forward(self, x):
        return torch.einsum("...i,kij->...k", x, self.W)


# %% exercise="bilinear-form" wrong="sum-over-k" fails="one number for each row and each k"
class BilinearForm(nn.Module):
    def __init__(self, width, num_outputs):
        super().__init__()
        self.W = nn.Parameter(torch.randn(num_outputs, width, width))

    def forward(self, x):
        return torch.einsum("...i,kij,...j->...", x, self.W, x)


# %% exercise="bilinear-form" wrong="plain-tensor" fails="an nn.Parameter with k as its first axis"
class BilinearForm(nn.Module):
    def __init__(self, width, num_outputs):
        super().__init__()
        self.W = torch.randn(num_outputs, width, width, requires_grad=True)

    def forward(self, x):
        return torch.einsum("...i,kij,...j->...k", x, self.W, x)


# %% exercise="bilinear-form" wrong="with-a-bias" fails="and no bias"
class BilinearForm(nn.Module):
    def __init__(self, width, num_outputs):
        super().__init__()
        self.form = nn.Bilinear(width, width, num_outputs)

    def forward(self, x):
        return self.form(x, x)


# %% exercise="bilinear-form" wrong="starts-at-zero" fails="wanted random values" points=2
class BilinearForm(nn.Module):
    def __init__(self, width, num_outputs):
        super().__init__()
        self.W = nn.Parameter(torch.zeros(num_outputs, width, width))

    def forward(self, x):
        return torch.einsum("...i,kij,...j->...k", x, self.W, x)


# %% exercise="bilinear-form" wrong="seeded" fails="start with the same W" points=2
class BilinearForm(nn.Module):
    def __init__(self, width, num_outputs):
        super().__init__()
        self.W = nn.Parameter(torch.randn(
            num_outputs, width, width, generator=torch.Generator().manual_seed(0)))

    def forward(self, x):
        return torch.einsum("...i,kij,...j->...k", x, self.W, x)


# %% exercise="bilinear-form" wrong="one-matrix-for-all" fails="each a draw of its own" points=2
class BilinearForm(nn.Module):
    def __init__(self, width, num_outputs):
        super().__init__()
        self.W = nn.Parameter(torch.randn(width, width).repeat(num_outputs, 1, 1))

    def forward(self, x):
        return torch.einsum("...i,kij,...j->...k", x, self.W, x)


# %% exercise="bilinear-form" wrong="one-number-everywhere" fails="each a draw of its own" points=2
class BilinearForm(nn.Module):
    def __init__(self, width, num_outputs):
        super().__init__()
        self.W = nn.Parameter(torch.rand(1).repeat(num_outputs, width, width))

    def forward(self, x):
        return torch.einsum("...i,kij,...j->...k", x, self.W, x)


# %% exercise="bilinear-form" wrong="uninitialised" fails="torch.empty draws nothing" points=2
class BilinearForm(nn.Module):
    def __init__(self, width, num_outputs):
        super().__init__()
        self.W = nn.Parameter(torch.empty(num_outputs, width, width))

    def forward(self, x):
        return torch.einsum("...i,kij,...j->...k", x, self.W, x)


# %% exercise="bilinear-form" wrong="one-side-detached" fails="x stands on both sides of W, and both" points=2
class BilinearForm(nn.Module):
    def __init__(self, width, num_outputs):
        super().__init__()
        self.W = nn.Parameter(torch.randn(num_outputs, width, width))

    def forward(self, x):
        return torch.einsum("...i,kij,...j->...k", x, self.W, x.detach())


# %% exercise="bilinear-form" wrong="weight-data" fails="with respect to W is missing" points=2
class BilinearForm(nn.Module):
    def __init__(self, width, num_outputs):
        super().__init__()
        self.W = nn.Parameter(torch.randn(num_outputs, width, width))

    def forward(self, x):
        return torch.einsum("...i,kij,...j->...k", x, self.W.data, x)


# %% exercise="bilinear-form" right="functional-bilinear"
class BilinearForm(nn.Module):
    def __init__(self, width, num_outputs):
        super().__init__()
        self.form = nn.Bilinear(width, width, num_outputs, bias=False)

    def forward(self, x):
        return self.form(x, x)


# %% exercise="bilinear-form" right="loop-over-k"
class BilinearForm(nn.Module):
    def __init__(self, width, num_outputs):
        super().__init__()
        self.weight = nn.Parameter(torch.rand(num_outputs, width, width) - 0.5)

    def forward(self, x):
        return torch.stack([(x @ w * x).sum(dim=-1) for w in self.weight], dim=-1)


# %% exercise="bilinear-form" right="outer-product"
class BilinearForm(nn.Module):
    def __init__(self, width, num_outputs):
        super().__init__()
        self.W = nn.Parameter(torch.empty(num_outputs, width, width))
        nn.init.normal_(self.W, std=1 / width)

    def forward(self, x):
        pairs = (x.unsqueeze(-1) * x.unsqueeze(-2)).flatten(-2)
        return pairs @ self.W.flatten(1).T
