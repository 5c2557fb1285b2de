# %% [markdown]
# Wrong and right answers to the exercises of unit 05, PyTorch: each cell is a whole solution cell.
# `fails` is text that the message of a failing tests cell must contain; `points` is what remains.

# %% exercise="normal-everywhere" wrong="comparison-of-types" fails="as it is a subclass of nn.Linear" points=2
def init_normal(net, example):
    net(example)

    def draw(block):
        if type(block) is nn.Linear:
            nn.init.normal_(block.weight, std=0.01)
            if block.bias is not None:
                nn.init.zeros_(block.bias)

    net.apply(draw)


# %% exercise="normal-everywhere" wrong="children-only" fails="children() sees one level" points=1
def init_normal(net, example):
    net(example)
    for block in net.children():
        if isinstance(block, nn.Linear):
            nn.init.normal_(block.weight, std=0.01)
            if block.bias is not None:
                nn.init.zeros_(block.bias)


# %% exercise="normal-everywhere" wrong="all-below-but-not-itself" fails="and net itself" points=2
def init_normal(net, example):
    net(example)

    def walk(block):
        for child in block.children():
            if isinstance(child, nn.Linear):
                nn.init.normal_(child.weight, std=0.01)
                if child.bias is not None:
                    nn.init.zeros_(child.bias)
            walk(child)

    walk(net)


# %% exercise="normal-everywhere" wrong="bias-taken-for-granted" fails="has None for its bias" points=2
def init_normal(net, example):
    net(example)
    for block in net.modules():
        if isinstance(block, nn.Linear):
            nn.init.normal_(block.weight, std=0.01)
            nn.init.zeros_(block.bias)


# %% exercise="normal-everywhere" wrong="variance-for-deviation" fails="not the variance" points=1
def init_normal(net, example):
    net(example)
    for block in net.modules():
        if isinstance(block, nn.Linear):
            nn.init.normal_(block.weight, std=0.01**0.5)
            if block.bias is not None:
                nn.init.zeros_(block.bias)


# %% exercise="normal-everywhere" wrong="uniform-of-that-deviation" fails="is it uniform, or cut off" points=2
def init_normal(net, example):
    net(example)
    for block in net.modules():
        if isinstance(block, nn.Linear):
            nn.init.uniform_(block.weight, -0.01 * 3**0.5, 0.01 * 3**0.5)
            if block.bias is not None:
                nn.init.zeros_(block.bias)


# %% exercise="normal-everywhere" wrong="biases-drawn-too" fails="a bias that is not zero" points=1
def init_normal(net, example):
    net(example)
    for block in net.modules():
        if isinstance(block, nn.Linear):
            for parameter in block.parameters():
                nn.init.normal_(parameter, std=0.01)


# %% exercise="normal-everywhere" wrong="biases-left" fails="a bias that is not zero" points=1
def init_normal(net, example):
    net(example)
    for block in net.modules():
        if isinstance(block, nn.Linear):
            nn.init.normal_(block.weight, std=0.01)


# %% exercise="normal-everywhere" wrong="seed-in-the-loop" fails="two layers the same numbers" points=2
def init_normal(net, example):
    net(example)
    for block in net.modules():
        if isinstance(block, nn.Linear):
            torch.manual_seed(0)
            nn.init.normal_(block.weight, std=0.01)
            if block.bias is not None:
                nn.init.zeros_(block.bias)


# %% exercise="normal-everywhere" wrong="example-not-used" fails="no weight to fill before net(example)" points=2
def init_normal(net, example):
    for block in net.modules():
        if isinstance(block, nn.Linear):
            nn.init.normal_(block.weight, std=0.01)
            if block.bias is not None:
                nn.init.zeros_(block.bias)


# %% exercise="normal-everywhere" wrong="lazy-skipped" fails="the lazy layer still has no weight" points=2
def init_normal(net, example):
    for block in net.modules():
        if isinstance(block, nn.Linear) and not isinstance(block, nn.LazyLinear):
            nn.init.normal_(block.weight, std=0.01)
            if block.bias is not None:
                nn.init.zeros_(block.bias)


# %% exercise="normal-everywhere" wrong="called-afterwards" fails="drawn first and called later" points=2
def init_normal(net, example):
    for block in net.modules():
        if isinstance(block, nn.Linear) and not isinstance(block, nn.LazyLinear):
            nn.init.normal_(block.weight, std=0.01)
            if block.bias is not None:
                nn.init.zeros_(block.bias)
    net(example)


# %% exercise="normal-everywhere" wrong="by-the-name-weight" fails="changed the LayerNorm" points=2
def init_normal(net, example):
    net(example)
    for name, parameter in net.named_parameters():
        if name.endswith("weight"):
            nn.init.normal_(parameter, std=0.01)
        else:
            nn.init.zeros_(parameter)


# %% exercise="normal-everywhere" wrong="by-the-number-of-axes" fails="changed the LayerNorm" points=2
def init_normal(net, example):
    net(example)
    for parameter in net.parameters():
        if parameter.dim() == 2:
            nn.init.normal_(parameter, std=0.01)
        else:
            nn.init.zeros_(parameter)


# %% exercise="normal-everywhere" wrong="new-parameters" fails="by a new object" points=2
def init_normal(net, example):
    net(example)
    for block in net.modules():
        if isinstance(block, nn.Linear):
            block.weight = nn.Parameter(0.01 * torch.randn(block.weight.shape))
            if block.bias is not None:
                block.bias = nn.Parameter(torch.zeros(block.bias.shape))


# %% exercise="normal-everywhere" wrong="left-frozen" fails="with requires_grad=False" points=2
def init_normal(net, example):
    net(example)
    for block in net.modules():
        if isinstance(block, nn.Linear):
            block.requires_grad_(False)
            block.weight.normal_(0.0, 0.01)
            if block.bias is not None:
                block.bias.zero_()


# %% exercise="normal-everywhere" right="apply"
def init_normal(net, example):
    with torch.no_grad():
        net(example)

    def draw(block):
        if isinstance(block, nn.Linear):
            nn.init.normal_(block.weight, mean=0.0, std=0.01)
            if block.bias is not None:
                nn.init.constant_(block.bias, 0.0)

    return net.apply(draw)


# %% exercise="normal-everywhere" right="own-walk-and-data"
def init_normal(net, example):
    if any(isinstance(p, nn.UninitializedParameter) for p in net.parameters()):
        net(example)
    if isinstance(net, nn.Linear):
        net.weight.data.normal_(0, 0.01)
        if getattr(net, "bias", None) is not None:
            net.bias.data = torch.zeros_like(net.bias.data)
    for child in net.children():
        init_normal(child, None)


# %% exercise="normal-everywhere" right="copied-from-numpy"
def init_normal(net, example):
    net(example)
    rng = np.random.default_rng()
    for path, block in net.named_modules():
        if not isinstance(block, nn.Linear):
            continue
        with torch.no_grad():
            block.weight.copy_(torch.from_numpy(rng.normal(0, 0.01, size=block.weight.shape)))
            if block.bias is not None:
                block.bias.mul_(0)


# %% exercise="thresholded-uniform" wrong="drawn-again" fails="were small entries drawn again" points=1
def thresholded_uniform_(tensor, limit=10.0, edge=5.0):
    with torch.no_grad():
        tensor.uniform_(-limit, limit)
        while (tensor.abs() < edge).any():
            fresh = torch.empty_like(tensor).uniform_(-limit, limit)
            tensor.copy_(torch.where(tensor.abs() < edge, fresh, tensor))
        return tensor


# %% exercise="thresholded-uniform" wrong="pushed-to-the-edge" fails="or moved to the edge" points=1
def thresholded_uniform_(tensor, limit=10.0, edge=5.0):
    with torch.no_grad():
        tensor.uniform_(-limit, limit)
        return tensor.copy_(torch.where(tensor.abs() < edge, edge * tensor.sign(), tensor))


# %% exercise="thresholded-uniform" wrong="wrong-side" fails="the wrong side was kept"
def thresholded_uniform_(tensor, limit=10.0, edge=5.0):
    with torch.no_grad():
        tensor.uniform_(-limit, limit)
        return tensor.masked_fill_(tensor.abs() >= edge, 0.0)


# %% exercise="thresholded-uniform" wrong="two-draws" fails="look at the same draw that you keep"
def thresholded_uniform_(tensor, limit=10.0, edge=5.0):
    with torch.no_grad():
        tensor.uniform_(-limit, limit)
        mask = torch.empty_like(tensor).uniform_(-limit, limit).abs() < edge
        return tensor.masked_fill_(mask, 0.0)


# %% exercise="thresholded-uniform" wrong="sign-forgotten" fails="negative entries are lost" points=1
def thresholded_uniform_(tensor, limit=10.0, edge=5.0):
    with torch.no_grad():
        tensor.uniform_(-limit, limit)
        return tensor.masked_fill_(tensor < edge, 0.0)


# %% exercise="thresholded-uniform" wrong="positive-only" fails="are above 0, wanted about half" points=1
def thresholded_uniform_(tensor, limit=10.0, edge=5.0):
    with torch.no_grad():
        tensor.uniform_(0, limit)
        return tensor.masked_fill_(tensor < edge, 0.0)


# %% exercise="thresholded-uniform" wrong="normal-draw" fails="wanted at most"
def thresholded_uniform_(tensor, limit=10.0, edge=5.0):
    with torch.no_grad():
        tensor.normal_(0, limit)
        return tensor.masked_fill_(tensor.abs() < edge, 0.0)


# %% exercise="thresholded-uniform" wrong="normal-draw-clipped" fails="the draw is uniform" points=1
def thresholded_uniform_(tensor, limit=10.0, edge=5.0):
    with torch.no_grad():
        tensor.normal_(0, edge / 0.6745 if edge == 5 else limit / 2).clamp_(-limit, limit)
        return tensor.masked_fill_(tensor.abs() < edge, 0.0)


# %% exercise="thresholded-uniform" wrong="settings-ignored" fails="wanted at most 4.0" points=1
def thresholded_uniform_(tensor, limit=10.0, edge=5.0):
    with torch.no_grad():
        tensor.uniform_(-10, 10)
        return tensor.masked_fill_(tensor.abs() < 5, 0.0)


# %% exercise="thresholded-uniform" wrong="name-rebound" fails="left t as it was"
def thresholded_uniform_(tensor, limit=10.0, edge=5.0):
    tensor = torch.rand(tensor.shape, dtype=tensor.dtype) * 2 * limit - limit
    tensor[tensor.abs() < edge] = 0.0
    return tensor


# %% exercise="thresholded-uniform" wrong="seed-inside" fails="the same numbers in two calls" points=1
def thresholded_uniform_(tensor, limit=10.0, edge=5.0):
    with torch.no_grad():
        tensor.uniform_(-limit, limit, generator=torch.Generator().manual_seed(0))
        return tensor.masked_fill_(tensor.abs() < edge, 0.0)


# %% exercise="thresholded-uniform" wrong="autograd-on" fails="write under torch.no_grad()" points=2
def thresholded_uniform_(tensor, limit=10.0, edge=5.0):
    tensor.uniform_(-limit, limit)
    return tensor.masked_fill_(tensor.abs() < edge, 0.0)


# %% exercise="thresholded-uniform" wrong="dtype-ignored" fails="type and shape stay" points=2
def thresholded_uniform_(tensor, limit=10.0, edge=5.0):
    draw = torch.empty(tensor.shape, dtype=torch.float32).uniform_(-limit, limit)
    tensor.data = draw * (draw.abs() >= edge).float()
    return tensor


# %% exercise="thresholded-uniform" wrong="product-returned" fails="returned another tensor" points=2
def thresholded_uniform_(tensor, limit=10.0, edge=5.0):
    with torch.no_grad():
        tensor.uniform_(-limit, limit)
        tensor.masked_fill_(tensor.abs() < edge, 0.0)
        return tensor * (tensor.abs() >= edge).float()


# %% exercise="thresholded-uniform" wrong="nothing-returned" fails="returned NoneType" points=2
def thresholded_uniform_(tensor, limit=10.0, edge=5.0):
    with torch.no_grad():
        tensor.uniform_(-limit, limit)
        tensor.masked_fill_(tensor.abs() < edge, 0.0)


# %% exercise="thresholded-uniform" wrong="left-frozen" fails="left requires_grad=False" points=2
def thresholded_uniform_(tensor, limit=10.0, edge=5.0):
    tensor.requires_grad_(False)
    tensor.uniform_(-limit, limit)
    return tensor.masked_fill_(tensor.abs() < edge, 0.0)


# %% exercise="thresholded-uniform" wrong="exactly-half" fails="neither 0 nor between 5 and 10" points=2
def thresholded_uniform_(tensor, limit=10.0, edge=5.0):
    with torch.no_grad():
        flat = torch.empty(tensor.shape).uniform_(-limit, limit)
        if tensor.dim() == 2:
            flat = torch.where(flat.abs() >= edge, flat, 0.0)
        return tensor.copy_(flat)


# %% exercise="thresholded-uniform" wrong="edge-lost" fails="a draw of exactly `edge` is kept" points=2
def thresholded_uniform_(tensor, limit=10.0, edge=5.0):
    with torch.no_grad():
        tensor.uniform_(-limit, limit)
        return tensor.mul_(tensor.abs() > edge)


# %% exercise="thresholded-uniform" right="product-with-mask"
@torch.no_grad()
def thresholded_uniform_(tensor, limit=10.0, edge=5.0):
    nn.init.uniform_(tensor, -limit, limit)
    tensor *= tensor.abs() >= edge
    return tensor


# %% exercise="thresholded-uniform" right="copied-from-an-expression"
def thresholded_uniform_(tensor, limit=10.0, edge=5.0):
    with torch.no_grad():
        draw = (2 * torch.rand_like(tensor) - 1) * limit
        return tensor.copy_(torch.where(draw.abs() >= edge, draw, 0))


# %% exercise="thresholded-uniform" right="data-and-indexing"
def thresholded_uniform_(tensor, limit=10.0, edge=5.0):
    tensor.data.uniform_(-limit, limit)
    tensor.data[tensor.data.abs() < edge] = 0
    return tensor


# %% exercise="thresholded-uniform" right="numpy"
def thresholded_uniform_(tensor, limit=10.0, edge=5.0):
    draw = np.random.default_rng().uniform(-limit, limit, size=tuple(tensor.shape))
    draw = np.where(np.abs(draw) >= edge, draw, 0.0)
    with torch.no_grad():
        tensor.copy_(torch.as_tensor(draw))
    return tensor


# %% exercise="xavier-and-constant" wrong="applied-to-the-whole-net" fails="it was overwritten"
def xavier_and_constant(net, xavier_path, constant_path, value=42.0):
    def xavier(block):
        if isinstance(block, nn.Linear):
            nn.init.xavier_uniform_(block.weight)

    def constant(block):
        if isinstance(block, nn.Linear):
            nn.init.constant_(block.weight, value)

    net.apply(xavier)
    net.apply(constant)


# %% exercise="xavier-and-constant" wrong="xavier-everywhere-first" fails="in neither of the two blocks" points=2
def xavier_and_constant(net, xavier_path, constant_path, value=42.0):
    for block in net.modules():
        if isinstance(block, nn.Linear):
            nn.init.xavier_uniform_(block.weight)
    for block in net.get_submodule(constant_path).modules():
        if isinstance(block, nn.Linear):
            nn.init.constant_(block.weight, value)


# %% exercise="xavier-and-constant" wrong="xavier-normal" fails="the draw is normal and not uniform" points=1
def xavier_and_constant(net, xavier_path, constant_path, value=42.0):
    for block in net.get_submodule(xavier_path).modules():
        if isinstance(block, nn.Linear):
            nn.init.xavier_normal_(block.weight)
    for block in net.get_submodule(constant_path).modules():
        if isinstance(block, nn.Linear):
            nn.init.constant_(block.weight, value)


# %% exercise="xavier-and-constant" wrong="default-draw" fails="that is the default of nn.Linear"
def xavier_and_constant(net, xavier_path, constant_path, value=42.0):
    for block in net.get_submodule(xavier_path).modules():
        if isinstance(block, nn.Linear):
            block.reset_parameters()
    for block in net.get_submodule(constant_path).modules():
        if isinstance(block, nn.Linear):
            nn.init.constant_(block.weight, value)


# %% exercise="xavier-and-constant" wrong="he-uniform" fails="is it nn.init.xavier_uniform_" points=1
def xavier_and_constant(net, xavier_path, constant_path, value=42.0):
    for block in net.get_submodule(xavier_path).modules():
        if isinstance(block, nn.Linear):
            nn.init.kaiming_uniform_(block.weight, nonlinearity="relu")
    for block in net.get_submodule(constant_path).modules():
        if isinstance(block, nn.Linear):
            nn.init.constant_(block.weight, value)


# %% exercise="xavier-and-constant" wrong="one-level" fails="every nn.Linear in the block counts" points=1
def xavier_and_constant(net, xavier_path, constant_path, value=42.0):
    def layers_of(path):
        block = net.get_submodule(path)
        return [b for b in [block, *block.children()] if isinstance(b, nn.Linear)]

    for block in layers_of(xavier_path):
        nn.init.xavier_uniform_(block.weight)
    for block in layers_of(constant_path):
        nn.init.constant_(block.weight, value)


# %% exercise="xavier-and-constant" wrong="biases-too" fails="which is a bias" points=2
def xavier_and_constant(net, xavier_path, constant_path, value=42.0):
    for block in net.get_submodule(xavier_path).modules():
        if isinstance(block, nn.Linear):
            nn.init.xavier_uniform_(block.weight)
            nn.init.zeros_(block.bias)
    for block in net.get_submodule(constant_path).modules():
        if isinstance(block, nn.Linear):
            nn.init.constant_(block.weight, value)
            nn.init.zeros_(block.bias)


# %% exercise="xavier-and-constant" wrong="every-weight-of-the-block" fails="no weight of a dense layer" points=2
def xavier_and_constant(net, xavier_path, constant_path, value=42.0):
    for name, p in net.get_submodule(xavier_path).named_parameters():
        if name.endswith("weight"):
            nn.init.xavier_uniform_(p) if p.dim() > 1 else nn.init.ones_(p)
    for name, p in net.get_submodule(constant_path).named_parameters():
        if name.endswith("weight"):
            nn.init.constant_(p, value)


# %% exercise="xavier-and-constant" wrong="always-42" fails="wanted -0.5, the `value`" points=1
def xavier_and_constant(net, xavier_path, constant_path, value=42.0):
    for block in net.get_submodule(xavier_path).modules():
        if isinstance(block, nn.Linear):
            nn.init.xavier_uniform_(block.weight)
    for block in net.get_submodule(constant_path).modules():
        if isinstance(block, nn.Linear):
            nn.init.constant_(block.weight, 42.0)


# %% exercise="xavier-and-constant" wrong="roles-swapped" fails="the two blocks are swapped" points=1
def xavier_and_constant(net, constant_path, xavier_path, value=42.0):
    for block in net.get_submodule(xavier_path).modules():
        if isinstance(block, nn.Linear):
            nn.init.xavier_uniform_(block.weight)
    for block in net.get_submodule(constant_path).modules():
        if isinstance(block, nn.Linear):
            nn.init.constant_(block.weight, value)


# %% exercise="xavier-and-constant" wrong="new-parameters" fails="replaced the parameter" points=2
def xavier_and_constant(net, xavier_path, constant_path, value=42.0):
    for block in net.get_submodule(xavier_path).modules():
        if isinstance(block, nn.Linear):
            block.weight = nn.Parameter(nn.init.xavier_uniform_(torch.empty(block.weight.shape)))
    for block in net.get_submodule(constant_path).modules():
        if isinstance(block, nn.Linear):
            block.weight = nn.Parameter(torch.full(block.weight.shape, value))


# %% exercise="xavier-and-constant" wrong="left-frozen" fails="replaced the parameter 0.weight or froze it" points=2
def xavier_and_constant(net, xavier_path, constant_path, value=42.0):
    for block in net.get_submodule(xavier_path).modules():
        if isinstance(block, nn.Linear):
            nn.init.xavier_uniform_(block.weight.requires_grad_(False))
    for block in net.get_submodule(constant_path).modules():
        if isinstance(block, nn.Linear):
            block.weight.requires_grad_(False).fill_(value)


# %% exercise="xavier-and-constant" wrong="constant-forgotten" fails="throughout"
def xavier_and_constant(net, xavier_path, constant_path, value=42.0):
    for block in net.get_submodule(xavier_path).modules():
        if isinstance(block, nn.Linear):
            nn.init.xavier_uniform_(block.weight)


# %% exercise="xavier-and-constant" right="apply-on-each-block"
def xavier_and_constant(net, xavier_path, constant_path, value=42.0):
    def xavier(block):
        if isinstance(block, nn.Linear):
            nn.init.xavier_uniform_(block.weight)

    def constant(block):
        if isinstance(block, nn.Linear):
            nn.init.constant_(block.weight, value)

    net.get_submodule(constant_path).apply(constant)
    net.get_submodule(xavier_path).apply(xavier)


# %% exercise="xavier-and-constant" right="by-paths-and-by-hand"
def xavier_and_constant(net, xavier_path, constant_path, value=42.0):
    for path, block in net.named_modules():
        if not isinstance(block, nn.Linear):
            continue
        with torch.no_grad():
            if (path + ".").startswith(xavier_path + "."):
                bound = (6 / (block.in_features + block.out_features)) ** 0.5
                block.weight.uniform_(-bound, bound)
            elif (path + ".").startswith(constant_path + "."):
                block.weight[:] = value


# %% exercise="xavier-and-constant" wrong="text-of-the-path" fails="in neither of the two blocks" points=2
def xavier_and_constant(net, xavier_path, constant_path, value=42.0):
    for path, block in net.named_modules():
        if isinstance(block, nn.Linear) and path.startswith(xavier_path):
            nn.init.xavier_uniform_(block.weight)
        elif isinstance(block, nn.Linear) and path.startswith(constant_path):
            nn.init.constant_(block.weight, value)


# %% exercise="xavier-and-constant" wrong="seeded-before-each-layer" fails="has the same numbers as another one of its shape" points=1
def xavier_and_constant(net, xavier_path, constant_path, value=42.0):
    for block in net.get_submodule(xavier_path).modules():
        if isinstance(block, nn.Linear):
            torch.manual_seed(0)
            nn.init.xavier_uniform_(block.weight)
    for block in net.get_submodule(constant_path).modules():
        if isinstance(block, nn.Linear):
            nn.init.constant_(block.weight, value)


# %% exercise="xavier-and-constant" wrong="generator-for-each-layer" fails="or a new torch.Generator, begins again" points=1
def xavier_and_constant(net, xavier_path, constant_path, value=42.0):
    for block in net.get_submodule(xavier_path).modules():
        if isinstance(block, nn.Linear):
            nn.init.xavier_uniform_(block.weight, generator=torch.Generator())
    for block in net.get_submodule(constant_path).modules():
        if isinstance(block, nn.Linear):
            nn.init.constant_(block.weight, value)


# %% exercise="xavier-and-constant" right="one-generator"
def xavier_and_constant(net, xavier_path, constant_path, value=42.0):
    generator = torch.Generator().manual_seed(0)
    for block in net.get_submodule(xavier_path).modules():
        if isinstance(block, nn.Linear):
            nn.init.xavier_uniform_(block.weight, generator=generator)
    for block in net.get_submodule(constant_path).modules():
        if isinstance(block, nn.Linear):
            nn.init.constant_(block.weight, value)


# %% exercise="xavier-and-constant" right="seeded-once-and-put-back"
def xavier_and_constant(net, xavier_path, constant_path, value=42.0):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        for block in net.get_submodule(xavier_path).modules():
            if isinstance(block, nn.Linear):
                nn.init.xavier_uniform_(block.weight)
    for block in net.get_submodule(constant_path).modules():
        if isinstance(block, nn.Linear):
            nn.init.constant_(block.weight, value)


# %% exercise="xavier-and-constant" wrong="blocks-taken-for-layers" fails="a block may be a layer or hold layers"
def xavier_and_constant(net, xavier_path, constant_path, value=42.0):
    nn.init.xavier_uniform_(net.get_submodule(xavier_path).weight)
    nn.init.constant_(net.get_submodule(constant_path).weight, value)


# %% exercise="xavier-bound" wrong="first-two-axes" fails="the fans of a dense layer only" points=2
def xavier_bound(shape):
    if len(shape) < 2:
        raise ValueError("too few axes")
    return math.sqrt(6 / (shape[0] + shape[1]))


# %% exercise="xavier-bound" wrong="standard-deviation" fails="the bound is √3 times that" points=1
def xavier_bound(shape):
    if len(shape) < 2:
        raise ValueError("too few axes")
    return math.sqrt(2 / ((shape[0] + shape[1]) * math.prod(shape[2:])))


# %% exercise="xavier-bound" wrong="no-root" fails="without the root" points=1
def xavier_bound(shape):
    if len(shape) < 2:
        raise ValueError("too few axes")
    return 6 / ((shape[0] + shape[1]) * math.prod(shape[2:]))


# %% exercise="xavier-bound" wrong="fan-in-alone" fails="that takes the fan-in alone" points=1
def xavier_bound(shape):
    if len(shape) < 2:
        raise ValueError("too few axes")
    return math.sqrt(6 / math.prod(shape[1:]))


# %% exercise="xavier-bound" wrong="pytorch-default" fails="that is PyTorch's default" points=1
def xavier_bound(shape):
    if len(shape) < 2:
        raise ValueError("too few axes")
    return 1 / math.sqrt(math.prod(shape[1:]))


# %% exercise="xavier-bound" wrong="window-on-fan-in-only" fails="multiplies the fan-in only" points=2
def xavier_bound(shape):
    if len(shape) < 2:
        raise ValueError("too few axes")
    return math.sqrt(6 / (math.prod(shape[1:]) + shape[0]))


# %% exercise="xavier-bound" wrong="window-on-fan-out-only" fails="multiplies the fan-out only" points=2
def xavier_bound(shape):
    if len(shape) < 2:
        raise ValueError("too few axes")
    return math.sqrt(6 / (shape[1] + shape[0] * math.prod(shape[2:])))


# %% exercise="xavier-bound" wrong="layout-of-keras" fails="the fans of Keras" points=2
def xavier_bound(shape):
    if len(shape) < 2:
        raise ValueError("too few axes")
    return math.sqrt(6 / ((shape[-1] + shape[-2]) * math.prod(shape[:-2])))


# %% exercise="xavier-bound" wrong="one-side-of-the-window" fails="one axis of the window is left out" points=2
def xavier_bound(shape):
    if len(shape) < 2:
        raise ValueError("too few axes")
    window = shape[2] if len(shape) > 2 else 1
    return math.sqrt(6 / ((shape[0] + shape[1]) * window))


# %% exercise="xavier-bound" wrong="sides-added" fails="added, not multiplied" points=2
def xavier_bound(shape):
    if len(shape) < 2:
        raise ValueError("too few axes")
    window = sum(shape[2:]) if len(shape) > 2 else 1
    return math.sqrt(6 / ((shape[0] + shape[1]) * window))


# %% exercise="xavier-bound" wrong="four-axes-only" fails="wanted √(6/(fan-in + fan-out)) with" points=2
def xavier_bound(shape):
    if len(shape) < 2:
        raise ValueError("too few axes")
    window = shape[2] * shape[3] if len(shape) == 4 else 1
    fan_in, fan_out = shape[1] * window, shape[0] * window
    if len(shape) == 3:
        fan_in *= 7
    return math.sqrt(6 / (fan_in + fan_out))


# %% exercise="xavier-bound" wrong="not-checked" fails="raised IndexError" points=2
def xavier_bound(shape):
    window = math.prod(shape[2:])
    return math.sqrt(6 / ((shape[0] + shape[1]) * window))


# %% exercise="xavier-bound" wrong="vectors-let-through" fails="has no fan-in and fan-out" points=2
def xavier_bound(shape):
    out, *rest = (*shape, 1) if len(shape) == 1 else shape or (1, 1)
    window = math.prod(rest[1:])
    return math.sqrt(6 / ((out + rest[0]) * window))


# %% exercise="xavier-bound" wrong="a-tensor" fails="returned Tensor" points=1
def xavier_bound(shape):
    if len(shape) < 2:
        raise ValueError("too few axes")
    return torch.sqrt(torch.tensor(6 / ((shape[0] + shape[1]) * math.prod(shape[2:]))))


# %% exercise="xavier-bound" right="fans-by-loop"
def xavier_bound(shape):
    if len(shape) <= 1:
        raise ValueError("a vector has no fans")
    fan_out, fan_in, *window = shape
    for side in window:
        fan_in *= side
        fan_out *= side
    return (6.0 / (fan_in + fan_out)) ** 0.5


# %% exercise="xavier-bound" right="numpy-and-elements"
def xavier_bound(shape):
    if len(shape) < 2:
        raise ValueError(shape)
    total = np.prod(shape)
    return float(np.sqrt(6 / (total / shape[0] + total / shape[1])))


# %% exercise="xavier-bound" right="from-the-spread"
def xavier_bound(shape):
    fan_in, fan_out = nn.init._calculate_fan_in_and_fan_out(torch.empty(shape))
    return math.sqrt(3) * math.sqrt(2 / (fan_in + fan_out))


# %% exercise="reinitialise-one" wrong="whole-net" fails="and not the whole net" points=2
def reinitialise(net, path, seed):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        for block in net.modules():
            if hasattr(block, "reset_parameters"):
                block.reset_parameters()


# %% exercise="reinitialise-one" wrong="layer-only" fails="activations and containers have no"
def reinitialise(net, path, seed):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        net.get_submodule(path).reset_parameters()


# %% exercise="reinitialise-one" wrong="layers-only-if-any" fails="is what it was before"
def reinitialise(net, path, seed):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        block = net.get_submodule(path)
        if hasattr(block, "reset_parameters"):
            block.reset_parameters()


# %% exercise="reinitialise-one" wrong="children-only" fails="children() one level" points=2
def reinitialise(net, path, seed):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        block = net.get_submodule(path)
        for layer in [block, *block.children()]:
            if hasattr(layer, "reset_parameters"):
                layer.reset_parameters()


# %% exercise="reinitialise-one" wrong="text-of-the-path" fails="the path was compared as text" points=2
def reinitialise(net, path, seed):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        for name, block in net.named_modules():
            if name.startswith(path) and hasattr(block, "reset_parameters"):
                block.reset_parameters()


# %% exercise="reinitialise-one" wrong="xavier-and-zeros" fails="and no other scheme"
def reinitialise(net, path, seed):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        for p in net.get_submodule(path).parameters():
            if p.dim() > 1:
                nn.init.xavier_uniform_(p)
            else:
                nn.init.zeros_(p)


# %% exercise="reinitialise-one" wrong="dense-layers-only" fails="is what it was before" points=1
def reinitialise(net, path, seed):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        for block in net.get_submodule(path).modules():
            if isinstance(block, nn.Linear):
                block.reset_parameters()


# %% exercise="reinitialise-one" wrong="norm-drawn" fails="the value that this layer starts with" points=2
def reinitialise(net, path, seed):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        for block in net.get_submodule(path).modules():
            if hasattr(block, "reset_parameters"):
                block.reset_parameters()
                if isinstance(block, (nn.LayerNorm, nn.BatchNorm1d)):
                    nn.init.normal_(block.weight)


# %% exercise="reinitialise-one" wrong="new-block" fails="put a new block at the path" points=1
def reinitialise(net, path, seed):
    import copy

    with torch.random.fork_rng():
        torch.manual_seed(seed)
        block = copy.deepcopy(net.get_submodule(path))
        for layer in block.modules():
            if hasattr(layer, "reset_parameters"):
                layer.reset_parameters()
        parent, _, name = path.rpartition(".")
        net.get_submodule(parent)._modules[name] = block


# %% exercise="reinitialise-one" wrong="new-parameters" fails="replaced the parameter" points=2
def reinitialise(net, path, seed):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        for block in net.get_submodule(path).modules():
            if hasattr(block, "reset_parameters"):
                for name, p in list(block.named_parameters(recurse=False)):
                    setattr(block, name, nn.Parameter(p.detach().clone()))
                block.reset_parameters()


# %% exercise="reinitialise-one" wrong="everything-thawed" fails="changed requires_grad" points=2
def reinitialise(net, path, seed):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        for block in net.get_submodule(path).modules():
            if hasattr(block, "reset_parameters"):
                block.requires_grad_(True)
                block.reset_parameters()


# %% exercise="reinitialise-one" wrong="weights-only" fails="is what it was before"
def reinitialise(net, path, seed):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        for block in net.get_submodule(path).modules():
            if hasattr(block, "reset_parameters"):
                bias = block.bias.detach().clone()
                block.reset_parameters()
                block.bias.data.copy_(bias)


# %% exercise="reinitialise-one" right="apply"
def reinitialise(net, path, seed):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        def reset(block):
            if callable(getattr(block, "reset_parameters", None)):
                block.reset_parameters()

        return net.get_submodule(path).apply(reset)


# %% exercise="reinitialise-one" right="copied-from-a-fresh-twin"
def reinitialise(net, path, seed):
    import copy

    with torch.random.fork_rng():
        torch.manual_seed(seed)
        block = net.get_submodule(path)
        twin = copy.deepcopy(block)
        for layer in twin.modules():
            if hasattr(layer, "reset_parameters"):
                layer.reset_parameters()
        block.load_state_dict(twin.state_dict())


# %% exercise="reinitialise-one" right="paths-with-a-dot"
def reinitialise(net, path, seed):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        for name, block in net.named_modules():
            if (name == path or name.startswith(path + ".")) and hasattr(block, "reset_parameters"):
                block.reset_parameters()


# %% exercise="reinitialise-one" wrong="generator-left-seeded" fails="left the global generator at another place" points=2
def reinitialise(net, path, seed):
    torch.manual_seed(seed)
    for block in net.get_submodule(path).modules():
        if hasattr(block, "reset_parameters"):
            block.reset_parameters()


# %% exercise="reinitialise-one" wrong="generator-left-at-the-top" fails="left the global generator at another place" points=2
def reinitialise(net, path, seed):
    torch.manual_seed(seed)
    for block in net.get_submodule(path).modules():
        if hasattr(block, "reset_parameters"):
            block.reset_parameters()
    torch.manual_seed(0)


# %% exercise="reinitialise-one" wrong="seeded-anew-as-at-first" fails="left the global generator at another place" points=2
def reinitialise(net, path, seed):
    first = torch.initial_seed()
    torch.manual_seed(seed)
    for block in net.get_submodule(path).modules():
        if hasattr(block, "reset_parameters"):
            block.reset_parameters()
    torch.manual_seed(first)


# %% exercise="reinitialise-one" wrong="seed-ignored" fails="so seed the generator with it before the draw" points=2
def reinitialise(net, path, seed):
    with torch.random.fork_rng():
        for block in net.get_submodule(path).modules():
            if hasattr(block, "reset_parameters"):
                block.reset_parameters()


# %% exercise="reinitialise-one" wrong="seed-inside" fails="use the seed that is given" points=2
def reinitialise(net, path, seed):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        for block in net.get_submodule(path).modules():
            if hasattr(block, "reset_parameters"):
                block.reset_parameters()


# %% exercise="reinitialise-one" wrong="seed-before-each-layer" fails="seed once, before the first layer" points=2
def reinitialise(net, path, seed):
    with torch.random.fork_rng():
        for block in net.get_submodule(path).modules():
            if hasattr(block, "reset_parameters"):
                torch.manual_seed(seed)
                block.reset_parameters()


# %% exercise="reinitialise-one" right="state-put-back"
def reinitialise(net, path, seed):
    state = torch.get_rng_state()
    torch.manual_seed(seed)
    for block in net.get_submodule(path).modules():
        if hasattr(block, "reset_parameters"):
            block.reset_parameters()
    torch.set_rng_state(state)
