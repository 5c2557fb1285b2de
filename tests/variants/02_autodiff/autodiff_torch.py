# %% [markdown]
# Wrong and right answers to the exercises of unit 02, PyTorch: each cell is a whole solution cell.
# `fails` is text that the message of a failing tests cell must contain; `points` is what remains.

# %% exercise="two-argument-gradient" wrong="hard-coded" fails="belong to another function or point"
def gradients_of(f, w1, w2):
    return torch.tensor(36.0, dtype=torch.float64), torch.tensor(10.0, dtype=torch.float64)


# %% exercise="two-argument-gradient" wrong="by-hand" fails="let PyTorch record f"
def gradients_of(f, w1, w2):
    a, b = torch.tensor(w1, dtype=torch.float64), torch.tensor(w2, dtype=torch.float64)
    return 6 * a + 2 * b, 2 * a


# %% exercise="two-argument-gradient" wrong="difference-quotient" fails="close, but not exact"
def gradients_of(f, w1, w2):
    a, b = torch.tensor(w1, dtype=torch.float64), torch.tensor(w2, dtype=torch.float64)
    h = 1e-6
    return (f(a + h, b) - f(a - h, b)) / (2 * h), (f(a, b + h) - f(a, b - h)) / (2 * h)


# %% exercise="two-argument-gradient" wrong="float32" fails="alone is float32"
def gradients_of(f, w1, w2):
    a = torch.tensor(float(w1), requires_grad=True)
    b = torch.tensor(float(w2), requires_grad=True)
    return torch.autograd.grad(f(a, b), (a, b))


# %% exercise="two-argument-gradient" wrong="float32-converted-afterwards" fails="float32 on the way"
def gradients_of(f, w1, w2):
    a = torch.tensor(float(w1), requires_grad=True)
    b = torch.tensor(float(w2), requires_grad=True)
    return tuple(g.double() for g in torch.autograd.grad(f(a, b), (a, b)))


# %% exercise="two-argument-gradient" wrong="whole-numbers-stay-whole" fails="whole numbers make an int64 tensor"
def gradients_of(f, w1, w2):
    a = torch.from_numpy(np.array(w1)).requires_grad_()
    b = torch.from_numpy(np.array(w2)).requires_grad_()
    return torch.autograd.grad(f(a, b), (a, b))


# %% exercise="two-argument-gradient" wrong="graph-used-up" fails="ask for both gradients at once"
def gradients_of(f, w1, w2):
    a = torch.tensor(w1, dtype=torch.float64, requires_grad=True)
    b = torch.tensor(w2, dtype=torch.float64, requires_grad=True)
    y = f(a, b)
    return torch.autograd.grad(y, a)[0], torch.autograd.grad(y, b)[0]


# %% exercise="two-argument-gradient" wrong="not-watched" fails="make tensors with requires_grad=True"
def gradients_of(f, w1, w2):
    a, b = torch.tensor(w1, dtype=torch.float64), torch.tensor(w2, dtype=torch.float64)
    f(a, b).backward()
    return a.grad, b.grad


# %% exercise="two-argument-gradient" wrong="grad-of-a-result" fails="something that is no leaf"
def gradients_of(f, w1, w2):
    a = torch.tensor(float(w1), requires_grad=True).double()
    b = torch.tensor(float(w2), requires_grad=True).double()
    f(a, b).backward()
    return a.grad, b.grad


# %% exercise="two-argument-gradient" wrong="swapped" fails="the wrong way round"
def gradients_of(f, w1, w2):
    a = torch.tensor(w1, dtype=torch.float64, requires_grad=True)
    b = torch.tensor(w2, dtype=torch.float64, requires_grad=True)
    f(a, b).backward()
    return b.grad, a.grad


# %% exercise="two-argument-gradient" wrong="python-numbers" fails="gave float as derivative 1"
def gradients_of(f, w1, w2):
    a = torch.tensor(w1, dtype=torch.float64, requires_grad=True)
    b = torch.tensor(w2, dtype=torch.float64, requires_grad=True)
    return tuple(g.item() for g in torch.autograd.grad(f(a, b), (a, b)))


# %% exercise="two-argument-gradient" wrong="one-tensor" fails="wanted a tuple of two tensors"
def gradients_of(f, w1, w2):
    w = torch.tensor([w1, w2], dtype=torch.float64, requires_grad=True)
    return torch.autograd.grad(f(w[0], w[1]), w)[0]


# %% exercise="two-argument-gradient" wrong="quotient-with-guessed-step" fails="steps across the place where f changes" points=2
def gradients_of(f, w1, w2):
    a = torch.tensor(w1, dtype=torch.float64, requires_grad=True)
    b = torch.tensor(w2, dtype=torch.float64, requires_grad=True)
    exact = torch.autograd.grad(f(a, b), (a, b))
    h = 1e-7
    with torch.no_grad():
        rough = ((f(a + h, b) - f(a - h, b)) / (2 * h), (f(a, b + h) - f(a, b - h)) / (2 * h))
    return tuple(e if torch.isclose(e, r, rtol=1e-3) else r for e, r in zip(exact, rough))


# %% exercise="two-argument-gradient" right="backward"
def gradients_of(f, w1, w2):
    a = torch.tensor(float(w1), dtype=torch.float64).requires_grad_()
    b = torch.tensor(float(w2), dtype=torch.float64).requires_grad_()
    f(a, b).backward()
    return a.grad, b.grad


# %% exercise="two-argument-gradient" right="one-vector"
def gradients_of(f, w1, w2):
    w = torch.tensor([w1, w2], dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(f(*w), w)
    return gradient[0], gradient[1]


# %% exercise="two-argument-gradient" right="torch-func"
def gradients_of(f, w1, w2):
    a, b = torch.tensor(w1, dtype=torch.float64), torch.tensor(w2, dtype=torch.float64)
    return torch.func.grad(f, argnums=(0, 1))(a, b)


# %% exercise="two-argument-gradient" right="two-walks"
def gradients_of(f, w1, w2):
    a = torch.tensor(w1, dtype=torch.float64, requires_grad=True)
    b = torch.tensor(w2, dtype=torch.float64, requires_grad=True)
    y = f(a, b)
    (first,) = torch.autograd.grad(y, a, retain_graph=True)
    (second,) = torch.autograd.grad(y, b)
    return [first, second]


# %% exercise="input-gradient" wrong="not-watched" fails="call f on a tensor that requires a gradient"
def input_gradient(f, x):
    return torch.autograd.grad(f(x), x)[0]


# %% exercise="input-gradient" wrong="watched-another" fails="ask for the gradient of that one"
def input_gradient(f, x):
    own = x.detach().requires_grad_()
    return torch.autograd.grad(f(x), own)[0]


# %% exercise="input-gradient" wrong="flag-left-set" fails="the flag is the caller's" points=2
def input_gradient(f, x):
    x.requires_grad_()
    return torch.autograd.grad(f(x), x)[0]


# %% exercise="input-gradient" wrong="flag-cleared" fails="the flag of a result cannot be set"
def input_gradient(f, x):
    x.requires_grad_()
    (gradient,) = torch.autograd.grad(f(x), x)
    x.requires_grad_(False)
    return gradient


# %% exercise="input-gradient" wrong="backward-on-the-callers-tensor" fails="fills .grad of leaves only"
def input_gradient(f, x):
    x.requires_grad_()
    f(x).backward()
    return x.grad


# %% exercise="input-gradient" wrong="backward-reaches-parameters" fails="backward() reaches every leaf" points=2
def input_gradient(f, x):
    own = x.detach().clone().requires_grad_()
    f(own).backward()
    return own.grad


# %% exercise="input-gradient" wrong="x-grad-left-behind" fails="before it was None" points=2
def input_gradient(f, x):
    flag = x.requires_grad
    x.requires_grad_()
    y = f(x)
    if not x.is_leaf:
        return torch.autograd.grad(y, x)[0]
    before = None if x.grad is None else x.grad.clone()
    y.backward(inputs=[x])
    gradient = x.grad.clone()
    if before is not None:
        gradient -= before
        x.grad = before
    if not flag:
        x.requires_grad_(False)
    return gradient


# %% exercise="input-gradient" wrong="x-grad-cleared" fails="clearing it destroys" points=2
def input_gradient(f, x):
    flag = x.requires_grad
    if x.is_leaf:
        x.grad = None
    x.requires_grad_()
    (gradient,) = torch.autograd.grad(f(x), x)
    if not flag:
        x.requires_grad_(False)
    return gradient


# %% exercise="input-gradient" wrong="added-to-the-old" fails="add to a .grad that was there before" points=2
def input_gradient(f, x):
    flag = x.requires_grad
    x.requires_grad_()
    y = f(x)
    if not x.is_leaf:
        return torch.autograd.grad(y, x)[0]
    before = x.grad
    y.backward(inputs=[x], retain_graph=True)
    gradient, x.grad = x.grad, before
    if not flag:
        x.requires_grad_(False)
    return gradient


# %% exercise="input-gradient" wrong="tuple" fails="not a container with it"
def input_gradient(f, x):
    own = x.detach().requires_grad_()
    return torch.autograd.grad(f(own), own)


# %% exercise="input-gradient" wrong="difference-quotient" fails="a difference quotient?"
def input_gradient(f, x):
    result, h = torch.zeros_like(x).detach(), 1e-2
    with torch.no_grad():
        for place in np.ndindex(*x.shape):
            step = torch.zeros_like(x)
            step[place] = h
            result[place] = (f(x + step) - f(x)) / h
    return result


# %% exercise="input-gradient" wrong="changes-x" fails="changed x to" points=2
def input_gradient(f, x):
    own = x.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(f(own), own)
    own.detach().sub_(0.1 * gradient)
    return gradient


# %% exercise="input-gradient" right="clone"
def input_gradient(f, x):
    own = x.clone().requires_grad_()
    return torch.autograd.grad(f(own), [own])[0]


# %% exercise="input-gradient" right="backward-for-one-input"
def input_gradient(f, x):
    own = x.detach().clone()
    own.requires_grad = True
    f(own).backward(inputs=[own])
    return own.grad


# %% exercise="input-gradient" right="torch-func"
def input_gradient(f, x):
    return torch.func.grad(f)(x)


# %% exercise="input-gradient" right="flag-put-back"
def input_gradient(f, x):
    flag = x.requires_grad
    if not flag:
        x.requires_grad_()
    try:
        return torch.autograd.grad(f(x), x)[0]
    finally:
        if not flag:
            x.requires_grad_(False)


# %% exercise="stop-one-term" wrong="sum-detached" fails="both paths are blocked"
def stop_second(f, g, ws):
    total = (f(*ws) + g(*ws)).detach()
    return total, torch.autograd.grad(total, ws, materialize_grads=True)


# %% exercise="stop-one-term" wrong="inputs-detached" fails="give f the tensors themselves"
def stop_second(f, g, ws):
    stopped = [w.detach() for w in ws]
    total = f(*stopped) + g(*stopped)
    return total, torch.autograd.grad(total, ws, materialize_grads=True)


# %% exercise="stop-one-term" wrong="zeros-for-all" fails="both paths are blocked. Detach the value"
def stop_second(f, g, ws):
    with torch.no_grad():
        total = f(*ws) + g(*ws)
    return total, [torch.zeros_like(w) for w in ws]


# %% exercise="stop-one-term" wrong="nothing-stopped" fails="nothing is stopped"
def stop_second(f, g, ws):
    total = f(*ws) + g(*ws)
    return total, torch.autograd.grad(total, ws, materialize_grads=True)


# %% exercise="stop-one-term" wrong="first-stopped" fails="the first term is stopped"
def stop_second(f, g, ws):
    total = f(*ws).detach() + g(*ws)
    return total, torch.autograd.grad(total, ws, materialize_grads=True)


# %% exercise="stop-one-term" wrong="term-dropped" fails="a stopped term still counts in the value" points=1
def stop_second(f, g, ws):
    total = f(*ws)
    return total, torch.autograd.grad(total, ws, materialize_grads=True)


# %% exercise="stop-one-term" wrong="none-left" fails="a missing gradient comes back as zeros" points=2
def stop_second(f, g, ws):
    total = f(*ws) + g(*ws).detach()
    return total, torch.autograd.grad(total, ws, allow_unused=True)


# %% exercise="stop-one-term" wrong="none-in-grad" fails="None as the gradient for w2" points=2
def stop_second(f, g, ws):
    total = f(*ws) + g(*ws).detach()
    total.backward()
    return total, [w.grad for w in ws]


# %% exercise="stop-one-term" wrong="unused-not-allowed" fails="that is no mistake" points=2
def stop_second(f, g, ws):
    total = f(*ws) + g(*ws).detach()
    return total, torch.autograd.grad(total, ws)


# %% exercise="stop-one-term" wrong="scalar-zeros" fails="zeros like the tensor itself" points=2
def stop_second(f, g, ws):
    total = f(*ws) + g(*ws).detach()
    gradients = torch.autograd.grad(total, ws, allow_unused=True)
    return total, [torch.tensor(0.0) if d is None else d for d in gradients]


# %% exercise="stop-one-term" wrong="float32-zeros" fails="wanted torch.float64 of shape (4,)" points=2
def stop_second(f, g, ws):
    total = f(*ws) + g(*ws).detach()
    gradients = torch.autograd.grad(total, ws, allow_unused=True)
    return total, [torch.zeros(w.shape) if d is None else d for d, w in zip(gradients, ws)]


# %% exercise="stop-one-term" wrong="number-zero" fails="gave float as the gradient for w2" points=2
def stop_second(f, g, ws):
    total = f(*ws) + g(*ws).detach()
    gradients = torch.autograd.grad(total, ws, allow_unused=True)
    return total, [0.0 if d is None else d for d in gradients]


# %% exercise="stop-one-term" wrong="missing-left-out" fails="gave 1 gradients, wanted 2" points=2
def stop_second(f, g, ws):
    total = f(*ws) + g(*ws).detach()
    gradients = torch.autograd.grad(total, ws, allow_unused=True)
    return total, [d for d in gradients if d is not None]


# %% exercise="stop-one-term" wrong="gradients-alone" fails="wanted a tuple (total, gradients)"
def stop_second(f, g, ws):
    total = f(*ws) + g(*ws).detach()
    return list(torch.autograd.grad(total, ws, materialize_grads=True))


# %% exercise="stop-one-term" right="no-grad"
def stop_second(f, g, ws):
    with torch.no_grad():
        constant = g(*ws)
    total = f(*ws) + constant
    gradients = torch.autograd.grad(total, ws, allow_unused=True)
    return total, [torch.zeros_like(w) if d is None else d for d, w in zip(gradients, ws)]


# %% exercise="stop-one-term" right="backward"
def stop_second(f, g, ws):
    for w in ws:
        w.grad = None
    total = f(*ws) + g(*(w.detach() for w in ws))
    total.backward()
    return total.detach(), [w.grad if w.grad is not None else w.detach() * 0 for w in ws]


# %% exercise="stop-one-term" right="first-term-alone"
def stop_second(f, g, ws):
    first = f(*ws)
    gradients = torch.autograd.grad(first, ws, materialize_grads=True)
    return first + g(*ws), gradients


# %% exercise="stable-softplus" wrong="naive-forward" fails="exp(x) overflows above 88; for large x" points=2
class Softplus(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.log(1 + torch.exp(x))

    @staticmethod
    def backward(ctx, upstream):
        (x,) = ctx.saved_tensors
        return upstream * torch.sigmoid(x)


# %% exercise="stable-softplus" wrong="naive-backward" fails="infinity over infinity is NaN" points=1
class Softplus(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.where(x > 30, x, torch.log(1 + torch.exp(x)))

    @staticmethod
    def backward(ctx, upstream):
        (x,) = ctx.saved_tensors
        e = torch.exp(x)
        return upstream * e / (1 + e)


# %% exercise="stable-softplus" wrong="upstream-ignored" fails="the upstream gradient is ignored" points=1
class Softplus(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.relu(x) + torch.log1p(torch.exp(-torch.abs(x)))

    @staticmethod
    def backward(ctx, upstream):
        (x,) = ctx.saved_tensors
        return torch.sigmoid(x)


# %% exercise="stable-softplus" wrong="slope-forgotten" fails="the upstream gradient alone" points=1
class Softplus(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return torch.relu(x) + torch.log1p(torch.exp(-torch.abs(x)))

    @staticmethod
    def backward(ctx, upstream):
        return upstream


# %% exercise="stable-softplus" wrong="result-saved" fails="that is sigmoid(y)" points=1
class Softplus(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        y = torch.relu(x) + torch.log1p(torch.exp(-torch.abs(x)))
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, upstream):
        (y,) = ctx.saved_tensors
        return upstream * torch.sigmoid(y)


# %% exercise="stable-softplus" wrong="sign-lost" fails="that is the slope at -x" points=1
class Softplus(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.relu(x) + torch.log1p(torch.exp(-torch.abs(x)))

    @staticmethod
    def backward(ctx, upstream):
        (x,) = ctx.saved_tensors
        return upstream * torch.sigmoid(-x)


# %% exercise="stable-softplus" wrong="kink-at-zero" fails="only the slope at 0 is wrong" points=1
class Softplus(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.relu(x) + torch.log1p(torch.exp(-torch.abs(x)))

    @staticmethod
    def backward(ctx, upstream):
        (x,) = ctx.saved_tensors
        e = torch.exp(-torch.abs(x))
        return upstream * ((x > 0).float() - torch.sign(x) * e / (1 + e))


# %% exercise="stable-softplus" wrong="cut-off" fails="it must go on growing" points=2
class Softplus(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.log(1 + torch.exp(x.clamp(max=80)))

    @staticmethod
    def backward(ctx, upstream):
        (x,) = ctx.saved_tensors
        return upstream * torch.sigmoid(x)


# %% exercise="stable-softplus" wrong="cut-off-in-place" fails="a method such as clamp_ did"
class Softplus(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        x.detach().clamp_(-80, 80)
        ctx.save_for_backward(x)
        return torch.log1p(torch.exp(x))

    @staticmethod
    def backward(ctx, upstream):
        (x,) = ctx.saved_tensors
        return torch.sigmoid(x)


# %% exercise="stable-softplus" wrong="if-for-the-whole-tensor" fails="torch.where decides entry by entry" points=2
class Softplus(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        if not x.requires_grad and x > 30:
            return x
        return torch.logaddexp(x, torch.zeros_like(x))

    @staticmethod
    def backward(ctx, upstream):
        (x,) = ctx.saved_tensors
        return upstream * torch.sigmoid(x)


# %% exercise="stable-softplus" wrong="if-on-any-entry" fails="that is a ReLU"
class Softplus(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        if x.numel() and x.max() > 30:
            return torch.relu(x)
        return torch.log(1 + torch.exp(x))

    @staticmethod
    def backward(ctx, upstream):
        (x,) = ctx.saved_tensors
        if x.numel() and x.max() > 30:
            return upstream * (x > 0)
        return upstream * torch.sigmoid(x)


# %% exercise="stable-softplus" wrong="backward-returns-nothing" fails="backward returned nothing" points=1
class Softplus(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.relu(x) + torch.log1p(torch.exp(-torch.abs(x)))

    @staticmethod
    def backward(ctx, upstream):
        (x,) = ctx.saved_tensors
        upstream * torch.sigmoid(x)


# %% exercise="stable-softplus" right="where"
class Softplus(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.where(x > 30.0, x, torch.log(torch.exp(x) + 1))

    @staticmethod
    def backward(ctx, upstream):
        (x,) = ctx.saved_tensors
        return upstream * (1 - 1 / (1 + torch.exp(x)))


# %% exercise="stable-softplus" right="slope-saved"
class Softplus(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        e = torch.exp(-x.abs())
        ctx.save_for_backward(torch.where(x >= 0, 1 / (1 + e), e / (1 + e)))
        return x.clamp(min=0) + torch.log1p(e)

    @staticmethod
    def backward(ctx, upstream):
        return ctx.saved_tensors[0] * upstream


# %% exercise="stable-softplus" right="through-float64"
class Softplus(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.slope = (1 + torch.exp(-x.double())).reciprocal()
        return torch.log1p(torch.exp(x.double().clamp(max=600))).where(x < 600, x.double()).float()

    @staticmethod
    def backward(ctx, upstream):
        return (upstream * ctx.slope).float()


# %% exercise="stable-softplus" right="ready-made-value"
class Softplus(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.nn.functional.softplus(x)

    @staticmethod
    def backward(ctx, upstream):
        (x,) = ctx.saved_tensors
        return upstream * x.sigmoid()


# %% exercise="gradient-and-hessian" wrong="walk-not-recorded" fails="the gradient was not recorded"
def gradient_and_hessian(f, x):
    own = x.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(f(own), own)
    rows = [torch.autograd.grad(entry, own, retain_graph=True)[0] for entry in gradient]
    return gradient, torch.stack(rows)


# %% exercise="gradient-and-hessian" wrong="graph-not-kept" fails="the graph is used up after the first row"
def gradient_and_hessian(f, x):
    own = x.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(f(own), own, create_graph=True)
    return gradient, torch.stack([torch.autograd.grad(entry, own)[0] for entry in gradient])


# %% exercise="gradient-and-hessian" wrong="not-watched" fails="or x is not watched"
def gradient_and_hessian(f, x):
    (gradient,) = torch.autograd.grad(f(x), x, create_graph=True)
    rows = [torch.autograd.grad(entry, x, retain_graph=True)[0] for entry in gradient]
    return gradient, torch.stack(rows)


# %% exercise="gradient-and-hessian" wrong="sum-of-rows" fails="the sum of the rows"
def gradient_and_hessian(f, x):
    own = x.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(f(own), own, create_graph=True)
    if not gradient.requires_grad:
        return gradient, torch.zeros(len(x), len(x), dtype=x.dtype)
    return gradient, torch.autograd.grad(gradient.sum(), own)[0]


# %% exercise="gradient-and-hessian" wrong="diagonal-only" fails="only the diagonal is there" points=1
def gradient_and_hessian(f, x):
    own = x.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(f(own), own, create_graph=True)
    if not gradient.requires_grad:
        return gradient, torch.zeros(len(x), len(x), dtype=x.dtype)
    rows = [torch.autograd.grad(e, own, retain_graph=True)[0] for e in gradient]
    return gradient, torch.diag(torch.stack([row[i] for i, row in enumerate(rows)]))


# %% exercise="gradient-and-hessian" wrong="rows-add-up-in-grad" fails="each row has the rows above it added"
def gradient_and_hessian(f, x):
    own = x.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(f(own), own, create_graph=True)
    if not gradient.requires_grad:
        return gradient, torch.zeros(len(x), len(x), dtype=x.dtype)
    rows = []
    for entry in gradient:
        entry.backward(retain_graph=True)
        rows.append(own.grad.clone())
    return gradient, torch.stack(rows)


# %% exercise="gradient-and-hessian" wrong="linear-not-handled" fails="has no history, and its second derivatives are zeros" points=2
def gradient_and_hessian(f, x):
    own = x.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(f(own), own, create_graph=True)
    rows = [torch.autograd.grad(entry, own, retain_graph=True)[0] for entry in gradient]
    return gradient.detach(), torch.stack(rows)


# %% exercise="gradient-and-hessian" wrong="linear-gives-none" fails="the Hessian is a tensor of zeros" points=2
def gradient_and_hessian(f, x):
    own = x.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(f(own), own, create_graph=True)
    if not gradient.requires_grad:
        return gradient, None
    rows = [torch.autograd.grad(entry, own, retain_graph=True)[0] for entry in gradient]
    return gradient.detach(), torch.stack(rows)


# %% exercise="gradient-and-hessian" wrong="difference-quotients" fails="close, but not exact" points=1
def gradient_and_hessian(f, x):
    def gradient_at(point):
        own = point.detach().requires_grad_()
        return torch.autograd.grad(f(own), own)[0]

    h = 1e-6
    steps = torch.eye(len(x), dtype=x.dtype) * h
    rows = [(gradient_at(x + step) - gradient_at(x - step)) / (2 * h) for step in steps]
    return gradient_at(x), torch.stack(rows).round(decimals=4)


# %% exercise="gradient-and-hessian" wrong="float32" fails="gave a gradient of torch.float32"
def gradient_and_hessian(f, x):
    own = x.float().requires_grad_()
    (gradient,) = torch.autograd.grad(f(own.double()), own, create_graph=True)
    rows = [torch.autograd.grad(entry, own, retain_graph=True)[0] for entry in gradient]
    return gradient, torch.stack(rows)


# %% exercise="gradient-and-hessian" wrong="outer-product" fails="row i is the gradient of entry i"
def gradient_and_hessian(f, x):
    own = x.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(f(own), own)
    return gradient, torch.outer(gradient, gradient)


# %% exercise="gradient-and-hessian" wrong="flag-left-on" fails="left x.requires_grad at True" points=2
def gradient_and_hessian(f, x):
    x.requires_grad_()
    (gradient,) = torch.autograd.grad(f(x), x, create_graph=True)
    if not gradient.requires_grad:
        return gradient, torch.zeros(len(x), len(x), dtype=x.dtype)
    rows = [torch.autograd.grad(entry, x, retain_graph=True)[0] for entry in gradient]
    return gradient, torch.stack(rows)


# %% exercise="gradient-and-hessian" right="flag-put-back"
def gradient_and_hessian(f, x):
    before = x.requires_grad
    x.requires_grad_(True)
    try:
        (gradient,) = torch.autograd.grad(f(x), x, create_graph=True)
        rows = [
            torch.autograd.grad(
                entry, x, retain_graph=True, allow_unused=True, materialize_grads=True)[0]
            if entry.requires_grad else torch.zeros_like(entry).expand(len(x))
            for entry in gradient
        ]
    finally:
        x.requires_grad_(before)
    return gradient.detach(), torch.stack(rows)


# %% exercise="gradient-and-hessian" right="one-hot-upstream"
def gradient_and_hessian(f, x):
    own = x.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(f(own) + 0 * (own**2).sum(), own, create_graph=True)
    hessian = [torch.autograd.grad(gradient, own, row, retain_graph=True)[0]
               for row in torch.eye(len(x), dtype=x.dtype)]
    return gradient.detach(), torch.stack(hessian)


# %% exercise="gradient-and-hessian" right="backward-with-clearing"
def gradient_and_hessian(f, x):
    own = x.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(f(own), own, create_graph=True)
    hessian = torch.zeros(len(x), len(x), dtype=torch.float64)
    if gradient.requires_grad:
        for i in range(len(x)):
            own.grad = None
            gradient[i].backward(retain_graph=True)
            hessian[i] = own.grad
    return gradient, hessian


# %% exercise="gradient-and-hessian" right="batched-walk"
def gradient_and_hessian(f, x):
    x = x.clone().requires_grad_(True)
    g = torch.autograd.grad(f(x), x, create_graph=True)[0]
    if g.grad_fn is None:
        return g, torch.zeros_like(x).repeat(len(x), 1).detach()
    eye = torch.eye(len(x), dtype=torch.float64)
    return g, torch.autograd.grad(g, x, eye, is_grads_batched=True)[0]


# %% exercise="gradient-and-hessian" right="torch-func"
def gradient_and_hessian(f, x):
    return torch.func.grad(f)(x), torch.func.hessian(f)(x)


# %% exercise="gradient-and-hessian" right="autograd-functional"
def gradient_and_hessian(f, x):
    return torch.autograd.functional.jacobian(f, x), torch.autograd.functional.hessian(f, x)


# %% exercise="this-call-only" wrong="accumulates-in-grad" fails="it accumulates from call to call" points=2
def mean_gradient(losses_of, w, batches):
    for batch in batches:
        losses_of(w, batch).sum().backward()
    return w.grad / sum(len(batch) for batch in batches)


# %% exercise="this-call-only" wrong="grad-cleared-first" fails="clearing it destroys what was there" points=2
def mean_gradient(losses_of, w, batches):
    w.grad = None
    for batch in batches:
        losses_of(w, batch).sum().backward()
    return w.grad / sum(len(batch) for batch in batches)


# %% exercise="this-call-only" wrong="grad-itself-returned" fails="all calls returned the same tensor" points=2
def mean_gradient(losses_of, w, batches):
    if w.grad is not None:
        w.grad.zero_()
    for batch in batches:
        losses_of(w, batch).sum().backward()
    w.grad /= sum(len(batch) for batch in batches)
    return w.grad


# %% exercise="this-call-only" wrong="callers-grad-added" fails="what the caller had in w.grad was added" points=2
def mean_gradient(losses_of, w, batches):
    before = None if w.grad is None else w.grad.clone()
    count = 0
    for batch in batches:
        losses_of(w, batch).sum().backward()
        count += len(batch)
    start = 0 if before is None else before
    gradient = (w.grad - start) / count + start
    w.grad = before
    return gradient


# %% exercise="this-call-only" wrong="cleared-afterwards" fails="left w.grad at None" points=2
def mean_gradient(losses_of, w, batches):
    total, count = torch.zeros_like(w), 0
    for batch in batches:
        w.grad = None
        losses_of(w, batch).sum().backward()
        total, count = total + w.grad, count + len(batch)
    w.grad = None
    return (total / count).detach()


# %% exercise="this-call-only" wrong="steps-too" fails="changed w itself" points=2
def mean_gradient(losses_of, w, batches):
    total, count = torch.zeros_like(w), 0
    for batch in batches:
        total += torch.autograd.grad(losses_of(w, batch).sum(), w)[0]
        count += len(batch)
    with torch.no_grad():
        w -= 1e-6 * total / count
    return total / count


# %% exercise="this-call-only" wrong="mean-of-means" fails="their means must not simply be added or averaged"
def mean_gradient(losses_of, w, batches):
    gradients = [torch.autograd.grad(losses_of(w, batch).mean(), w)[0] for batch in batches]
    return torch.stack(gradients).mean(dim=0)


# %% exercise="this-call-only" wrong="mean-of-full-means" fails="their means must not simply be added"
def mean_gradient(losses_of, w, batches):
    gradients = [torch.autograd.grad(losses_of(w, b).mean(), w)[0] for b in batches if len(b)]
    return sum(gradients) / len(gradients)


# %% exercise="this-call-only" wrong="means-added" fails="must not simply be added"
def mean_gradient(losses_of, w, batches):
    return sum(torch.autograd.grad(losses_of(w, batch).mean(), w)[0] for batch in batches)


# %% exercise="this-call-only" wrong="not-divided" fails="that is the gradient of the sum"
def mean_gradient(losses_of, w, batches):
    return sum(torch.autograd.grad(losses_of(w, batch).sum(), w)[0] for batch in batches)


# %% exercise="this-call-only" wrong="divided-by-batches" fails="divided by the number of batches"
def mean_gradient(losses_of, w, batches):
    total = sum(torch.autograd.grad(losses_of(w, batch).sum(), w)[0] for batch in batches)
    return total / len(batches)


# %% exercise="this-call-only" wrong="last-batch-only" fails="only one batch counts"
def mean_gradient(losses_of, w, batches):
    for batch in batches:
        (gradient,) = torch.autograd.grad(losses_of(w, batch).mean(), w)
    return gradient


# %% exercise="this-call-only" wrong="all-in-one-batch" fails="each batch is to be used once, by itself" points=1
def mean_gradient(losses_of, w, batches):
    return torch.autograd.grad(losses_of(w, torch.cat(batches)).mean(), w)[0]


# %% exercise="this-call-only" right="weighted-means"
def mean_gradient(losses_of, w, batches):
    count = sum(len(batch) for batch in batches)
    gradient = torch.zeros(w.shape)
    for batch in batches:
        if len(batch):
            share = losses_of(w, batch).mean() * (len(batch) / count)
            gradient = gradient + torch.autograd.grad(share, w)[0]
    return gradient


# %% exercise="this-call-only" right="own-leaf"
def mean_gradient(losses_of, w, batches):
    own = w.detach().clone().requires_grad_()
    for batch in batches:
        losses_of(own, batch).sum().backward()
    return own.grad / sum(batch.shape[0] for batch in batches)


# %% exercise="this-call-only" right="losses-joined"
def mean_gradient(losses_of, w, batches):
    losses = torch.cat([losses_of(w, batch) for batch in batches])
    return torch.autograd.grad(losses.mean(), w)[0]


# %% exercise="this-call-only" right="grad-put-back"
def mean_gradient(losses_of, w, batches):
    before, w.grad = w.grad, None
    losses = [losses_of(w, batch) for batch in batches]
    for part in losses:
        part.sum().backward()
    gradient, w.grad = w.grad / sum(map(len, losses)), before
    return gradient
