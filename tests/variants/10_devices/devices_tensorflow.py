# %% [markdown]
# Wrong and right answers to the exercises of unit 10, TensorFlow: each cell is a whole solution cell.
# `fails` is text that the message of a failing tests cell must contain; `points` is what remains.

# %% exercise="try-device" wrong="one-end-only" fails="a negative index names no device" points=1
def try_device(i=0, count=count_gpus):
    return f"GPU:{i}" if count() >= i + 1 else "CPU:0"


def all_devices(count=count_gpus):
    return [f"GPU:{i}" for i in range(count())] or ["CPU:0"]


# %% exercise="try-device" wrong="off-by-one" fails="compare with <, not with <=" points=1
def try_device(i=0, count=count_gpus):
    if 0 <= i <= count() and count():
        return f"GPU:{i}"
    return "CPU:0"


def all_devices(count=count_gpus):
    return [f"GPU:{i}" for i in range(count())] or ["CPU:0"]


# %% exercise="try-device" wrong="absent-device" fails="naming it does not make it" points=1
def try_device(i=0, count=count_gpus):
    return f"GPU:{i}"


def all_devices(count=count_gpus):
    return [f"GPU:{i}" for i in range(count())] or ["CPU:0"]


# %% exercise="try-device" wrong="empty-list" fails="an empty list" points=2
def try_device(i=0, count=count_gpus):
    return f"GPU:{i}" if i in range(count()) else "CPU:0"


def all_devices(count=count_gpus):
    return [f"GPU:{i}" for i in range(count())]


# %% exercise="try-device" wrong="asks-the-machine" fails="in this very call"
def try_device(i=0, count=count_gpus):
    n = count_gpus()
    return f"GPU:{i}" if 0 <= i < n else "CPU:0"


def all_devices(count=count_gpus):
    n = count_gpus()
    return [f"GPU:{i}" for i in range(n)] or ["CPU:0"]


# %% exercise="try-device" wrong="scopes-for-names" fails="wanted the name of a device"
def try_device(i=0, count=count_gpus):
    return tf.device(f"GPU:{i}") if 0 <= i < count() else tf.device("CPU:0")


def all_devices(count=count_gpus):
    return [tf.device(f"GPU:{i}") for i in range(count())] or [tf.device("CPU:0")]


# %% exercise="try-device" wrong="index-of-a-list" fails="a negative index names no device" points=1
def all_devices(count=count_gpus):
    return [f"GPU:{i}" for i in range(count())] or ["CPU:0"]


def try_device(i=0, count=count_gpus):
    try:
        return all_devices(count)[i]
    except IndexError:
        return "CPU:0"


# %% exercise="try-device" right="in-range-and-loop"
def try_device(i=0, count=count_gpus):
    if i in range(count()):
        return f"GPU:{i}"
    return "/device:CPU:0"


def all_devices(count=count_gpus):
    n, devices = count(), []
    for i in range(n):
        devices.append(f"GPU:{i}")
    if not devices:
        devices.append("CPU:0")
    return devices


# %% exercise="try-device" right="one-through-the-other"
def all_devices(count=count_gpus):
    n = count()
    if n == 0:
        return ["CPU:0"]
    return list(map("/GPU:{}".format, range(n)))


def try_device(i=0, count=count_gpus):
    devices = all_devices(count)
    if i < 0 or i >= len(devices):
        return "CPU:0"
    return devices[i]


# %% exercise="try-device" wrong="count-not-called" fails="count is a function; is it asked"
def try_device(i=0, count=count_gpus):
    return f"GPU:{i}" if 0 <= i < count else "CPU:0"


def all_devices(count=count_gpus):
    return [f"GPU:{i}" for i in range(count)] or ["CPU:0"]


# %% exercise="try-device" right="full-names"
def try_device(i=0, count=count_gpus):
    if 0 <= i < count():
        return f"/job:localhost/replica:0/task:0/device:GPU:{i}"
    return tf.config.list_logical_devices("CPU")[0].name


def all_devices(count=count_gpus):
    with tf.device("CPU:0"):
        cpu = tf.zeros(()).device
    return [try_device(i, count) for i in range(count())] or [cpu]


# %% exercise="try-device" wrong="device-misspelt" fails="the kinds of devices are GPU and CPU"
def try_device(i=0, count=count_gpus):
    return f"cuda:{i}" if 0 <= i < count() else "CPU:0"


def all_devices(count=count_gpus):
    return [f"cuda:{i}" for i in range(count())] or ["CPU:0"]


# %% exercise="try-device" wrong="entry-of-the-list" fails="and make the name from i" points=1
def all_devices(count=count_gpus):
    return [f"GPU:{i}" for i in range(count())] or ["CPU:0"]


def try_device(i=0, count=count_gpus):
    return all_devices(count)[i]


# %% exercise="meta-size" wrong="made-to-be-measured" fails="ran make() eagerly" points=2
def model_size(make):
    model = make()
    return model.count_params(), sum(w.numpy().nbytes for w in model.weights)


def build_if_fits(make, arrays, limit):
    model = make()
    if sum(w.numpy().nbytes for w in model.weights) > limit:
        return None
    model.set_weights(arrays)
    return model


# %% exercise="meta-size" wrong="stateless-scope" fails="call it inside `with tf.Graph()" points=2
def model_size(make):
    with keras.StatelessScope():
        model = make()
        numbers = [w.shape.num_elements() for w in model.weights]
        sizes = [tf.as_dtype(w.dtype).size for w in model.weights]
    return sum(numbers), sum(n * s for n, s in zip(numbers, sizes))


def build_if_fits(make, arrays, limit):
    if model_size(make)[1] > limit:
        return None
    model = make()
    model.set_weights(arrays)
    return model


# %% exercise="meta-size" wrong="trained-only" fails="trainable or not" points=3
def model_size(make):
    with tf.Graph().as_default():
        model = make()
    numbers = [w.shape.num_elements() for w in model.trainable_weights]
    sizes = [tf.as_dtype(w.dtype).size for w in model.trainable_weights]
    return sum(numbers), sum(n * s for n, s in zip(numbers, sizes))


def build_if_fits(make, arrays, limit):
    with tf.Graph().as_default():
        model = make()
    if 4 * sum(w.shape.num_elements() for w in model.weights) > limit:
        return None
    model = make()
    model.set_weights(arrays)
    return model


# %% exercise="meta-size" wrong="four-bytes-each" fails="each weight has its own dtype" points=3
def model_size(make):
    with tf.Graph().as_default():
        n = make().count_params()
    return n, 4 * n


def build_if_fits(make, arrays, limit):
    if model_size(make)[1] > limit:
        return None
    model = make()
    model.set_weights(arrays)
    return model


# %% exercise="meta-size" wrong="values-of-its-own" fails="set the weights" points=3
def model_size(make):
    with tf.Graph().as_default():
        model = make()
    numbers = [w.shape.num_elements() for w in model.weights]
    sizes = [tf.as_dtype(w.dtype).size for w in model.weights]
    return sum(numbers), sum(n * s for n, s in zip(numbers, sizes))


def build_if_fits(make, arrays, limit):
    return None if model_size(make)[1] > limit else make()


# %% exercise="meta-size" wrong="model-of-the-graph" fails="whose weights hold no numbers" points=3
def model_size(make):
    with tf.Graph().as_default():
        model = make()
    numbers = [w.shape.num_elements() for w in model.weights]
    sizes = [tf.as_dtype(w.dtype).size for w in model.weights]
    return sum(numbers), sum(n * s for n, s in zip(numbers, sizes))


def build_if_fits(make, arrays, limit):
    size = model_size(make)[1]
    with tf.Graph().as_default():
        model = make()
        if size <= limit:
            model.set_weights(arrays)
            return model


# %% exercise="meta-size" wrong="below-the-limit-only" fails="exactly the limit" points=3
def model_size(make):
    with tf.Graph().as_default():
        model = make()
    numbers = [w.shape.num_elements() for w in model.weights]
    sizes = [tf.as_dtype(w.dtype).size for w in model.weights]
    return sum(numbers), sum(n * size for n, size in zip(numbers, sizes))


def build_if_fits(make, arrays, limit):
    if model_size(make)[1] >= limit:
        return None
    model = make()
    model.set_weights(arrays)
    return model


# %% exercise="meta-size" wrong="comes-back-frozen" fails="other trainable weights than make() builds" points=3
def model_size(make):
    with tf.Graph().as_default():
        model = make()
    numbers = [w.shape.num_elements() for w in model.weights]
    sizes = [tf.as_dtype(w.dtype).size for w in model.weights]
    return sum(numbers), sum(n * size for n, size in zip(numbers, sizes))


def build_if_fits(make, arrays, limit):
    if model_size(make)[1] > limit:
        return None
    model = make()
    model.trainable = False
    model.set_weights(arrays)
    return model


# %% exercise="meta-size" right="bytes-of-the-arrays"
def model_size(make):
    with tf.Graph().as_default():
        weights = make().weights
        numbers = [int(np.prod(w.shape)) for w in weights]
        return sum(numbers), sum(n * np.dtype(w.dtype).itemsize for n, w in zip(numbers, weights))


def build_if_fits(make, arrays, limit):
    if sum(array.nbytes for array in arrays) > limit:
        return None
    model = make()
    model.set_weights(arrays)
    return model


# %% exercise="meta-size" right="measured-inside"
def model_size(make):
    with tf.Graph().as_default():
        model, numbers, size = make(), 0, 0
        for w in model.weights:
            n = int(np.prod(w.shape, dtype=np.int64))
            numbers += n
            size += n * np.dtype(w.dtype).itemsize
    return numbers, size


def build_if_fits(make, arrays, limit):
    _, size = model_size(make)
    if size <= limit:
        model = make()
        for w, array in zip(model.weights, arrays):
            w.assign(array)
        return model
    return None


# %% exercise="meta-size" right="math-and-values"
import math


def model_size(make):
    graph = tf.Graph()
    with graph.as_default():
        weights = make().weights
    parts = [(math.prod(w.shape), w.value.dtype.size) for w in weights]
    return sum(n for n, _ in parts), sum(n * s for n, s in parts)


def build_if_fits(make, arrays, limit):
    if not model_size(make)[1] <= limit:
        return None
    model = make()
    model.set_weights([array.copy() for array in arrays])
    return model


# %% exercise="meta-size" wrong="both-numbers-compared" fails="gives is compared with limit" points=2
def model_size(make):
    with tf.Graph().as_default():
        model = make()
    numbers = [int(np.prod(w.shape)) for w in model.weights]
    return sum(numbers), sum(n * tf.as_dtype(w.dtype).size for n, w in zip(numbers, model.weights))


def build_if_fits(make, arrays, limit):
    if model_size(make) > limit:
        return None
    model = make()
    model.set_weights(arrays)
    return model


# %% exercise="one-device-audit" wrong="trained-only" fails="are not trained"
def audit(model):
    found = {}
    for w in model.trainable_weights:
        found.setdefault(place(w.value), []).append(w.path)
    return found


# %% exercise="one-device-audit" wrong="plain-attributes-missed" fails="a plain attribute is no weight" points=2
def audit(model):
    found = {}
    for w in model.weights:
        found.setdefault(place(w.value), []).append(w.path)
    return found


# %% exercise="one-device-audit" wrong="attributes-of-the-outermost" fails="vars() of every layer" points=2
def audit(model):
    found = {}
    for w in model.weights:
        found.setdefault(place(w.value), []).append(w.path)
    for name, value in vars(model).items():
        if isinstance(value, (tf.Tensor, tf.Variable)):
            found.setdefault(place(value), []).append(f"{model.path}/{name}")
    return found


# %% exercise="one-device-audit" wrong="raw-variables-missed" fails="lacks ['raw/v']" points=2
def audit(model):
    found = {}
    for w in model.weights:
        found.setdefault(place(w.value), []).append(w.path)
    for layer in model._flatten_layers():
        for name, value in vars(layer).items():
            if isinstance(value, tf.Tensor):
                found.setdefault(place(value), []).append(f"{layer.path}/{name}")
    return found


# %% exercise="one-device-audit" wrong="device-of-the-first" fails="a model need not be on one" points=1
def audit(model):
    weights = model.weights
    return {place(weights[0].value): [w.path for w in weights]} if weights else {}


# %% exercise="one-device-audit" wrong="long-names" fails="keys are devices in short" points=1
def audit(model):
    found = {}
    for w in model.weights:
        found.setdefault(w.value.device, []).append(w.path)
    for layer in model._flatten_layers():
        for name, value in vars(layer).items():
            if isinstance(value, (tf.Tensor, tf.Variable)):
                found.setdefault(value.device, []).append(f"{layer.path}/{name}")
    return found


# %% exercise="one-device-audit" wrong="weights-twice" fails="in addition: model.weights holds the weights"
def audit(model):
    found = {}
    for w in model.weights:
        found.setdefault(place(w.value), []).append(w.path)
    for layer in model._flatten_layers():
        for name, value in vars(layer).items():
            value = value.value if isinstance(value, keras.Variable) else value
            if isinstance(value, (tf.Tensor, tf.Variable)):
                found.setdefault(place(value), []).append(f"{layer.path}/{name}")
    return found


# %% exercise="one-device-audit" wrong="name-of-the-layer" fails="lacks ['outer/deep/table']" points=2
def audit(model):
    found = {}
    for w in model.weights:
        found.setdefault(place(w.value), []).append(w.path)
    for layer in model._flatten_layers():
        for name, value in vars(layer).items():
            if isinstance(value, (tf.Tensor, tf.Variable)):
                found.setdefault(place(value), []).append(f"{layer.name}/{name}")
    return found


# %% exercise="one-device-audit" wrong="all-devices-listed" fails="no device without tensors" points=1
def audit(model):
    found = {device.name[-5:]: [] for device in tf.config.list_logical_devices()}
    for w in model.weights:
        found[place(w.value)].append(w.path)
    for layer in model._flatten_layers():
        for name, value in vars(layer).items():
            if isinstance(value, (tf.Tensor, tf.Variable)):
                found[place(value)].append(f"{layer.path}/{name}")
    return found


# %% exercise="one-device-audit" wrong="two-levels" fails="lacks ['top/mid/low/u']" points=2
def audit(model):
    found = {}
    for w in model.weights:
        found.setdefault(place(w.value), []).append(w.path)
    for layer in [model, *model._layers]:
        for name, value in vars(layer).items():
            if isinstance(value, (tf.Tensor, tf.Variable)):
                found.setdefault(place(value), []).append(f"{layer.path}/{name}")
    return found


# %% exercise="one-device-audit" right="pairs-then-sorted"
def audit(model):
    pairs = [(w.path, w.value) for w in model.weights]
    pairs += [(layer.path + "/" + name, value) for layer in model._flatten_layers()
              for name, value in layer.__dict__.items()
              if isinstance(value, tf.Tensor | tf.Variable)]
    return {d: sorted(p for p, v in pairs if place(v) == d) for d in {place(v) for _, v in pairs}}


# %% exercise="one-device-audit" right="own-walk"
from collections import defaultdict


def audit(model):
    found, seen, todo = defaultdict(list), set(), [model]
    for w in model.weights:
        found[place(w.value)].append(w.path)
    while todo:
        layer = todo.pop()
        if id(layer) in seen:
            continue
        seen.add(id(layer))
        for name, value in list(vars(layer).items()):
            if isinstance(value, keras.Layer):
                todo.append(value)
            elif isinstance(value, (list, tuple)):
                todo += [v for v in value if isinstance(v, keras.Layer)]
            elif isinstance(value, (tf.Tensor, tf.Variable)):
                found[place(value)].append(f"{layer.path}/{name}")
    return dict(found)


# %% exercise="one-device-audit" right="defaultdict"
from collections import defaultdict


def audit(model):
    found = defaultdict(list)
    for w in model.weights:
        found[place(w.value)].append(w.path)
    for layer in model._flatten_layers():
        for name, value in vars(layer).items():
            if isinstance(value, (tf.Tensor, tf.Variable)):
                found[place(value)].append(f"{layer.path}/{name}")
    return found


# %% exercise="one-device-audit" wrong="variables-for-weights" fails="model.variables more than that" points=2
def audit(model):
    found = {}
    for v in model.variables:
        found.setdefault(place(v.value), []).append(v.path)
    for layer in model._flatten_layers():
        for name, value in vars(layer).items():
            if isinstance(value, (tf.Tensor, tf.Variable)):
                found.setdefault(place(value), []).append(f"{layer.path}/{name}")
    return found


# %% exercise="one-device-audit" wrong="adds-the-constants-as-weights" fails="added a weight" points=2
def audit(model):
    constants = []
    for layer in model._flatten_layers():
        for name, value in list(vars(layer).items()):
            if isinstance(value, (tf.Tensor, tf.Variable)):
                constants.append((place(value), f"{layer.path}/{name}"))
                with layer._open_name_scope():
                    layer._tracker.unlock()
                    layer.add_weight(shape=value.shape, name=name, trainable=False)
                    layer._tracker.lock()
    found = {}
    for w in model.weights:
        if not any(w.path == path for _, path in constants):
            found.setdefault(place(w.value), []).append(w.path)
    for device, path in constants:
        found.setdefault(device, []).append(path)
    return found


# %% exercise="copy-if-needed" wrong="assignment-in-a-scope" fails="a scope around an assignment copies nothing"
def to_device(batch, device):
    with tf.device(device):
        moved = batch
    return moved


# %% exercise="copy-if-needed" wrong="copies-every-time" fails="a copy each time is memory and time" points=1
def to_device(batch, device):
    if isinstance(batch, tf.Tensor):
        with tf.device(device):
            return tf.identity(batch)
    if isinstance(batch, dict):
        return {k: to_device(v, device) for k, v in batch.items()}
    if isinstance(batch, (list, tuple)):
        return type(batch)(to_device(v, device) for v in batch)
    return batch


# %% exercise="copy-if-needed" wrong="long-name-against-short" fails="Is the long name compared with a short one" points=1
def to_device(batch, device):
    if isinstance(batch, tf.Tensor):
        if batch.device == device:
            return batch
        with tf.device(device):
            return tf.identity(batch)
    if isinstance(batch, dict):
        return {k: to_device(v, device) for k, v in batch.items()}
    if isinstance(batch, (list, tuple)):
        return type(batch)(to_device(v, device) for v in batch)
    return batch


# %% exercise="copy-if-needed" wrong="through-numpy" fails="not through NumPy" points=2
def to_device(batch, device):
    if isinstance(batch, tf.Tensor):
        if place(batch) == device.upper()[-5:]:
            return batch
        with tf.device(device):
            return tf.constant(batch.numpy())
    if isinstance(batch, dict):
        return {k: to_device(v, device) for k, v in batch.items()}
    if isinstance(batch, (list, tuple)):
        return type(batch)(to_device(v, device) for v in batch)
    return batch


# %% exercise="copy-if-needed" wrong="one-level" fails="go into containers inside containers" points=1
def to_device(batch, device):
    def move(x):
        if not isinstance(x, tf.Tensor) or place(x) == device.upper()[-5:]:
            return x
        with tf.device(device):
            return tf.identity(x)
    if isinstance(batch, dict):
        return {k: move(v) for k, v in batch.items()}
    if isinstance(batch, (list, tuple)):
        return type(batch)(move(v) for v in batch)
    return move(batch)


# %% exercise="copy-if-needed" wrong="changes-the-callers-containers" fails="changed the caller's batch" points=2
def to_device(batch, device):
    if isinstance(batch, tf.Tensor):
        if batch.device.endswith(device.upper()[-5:]):
            return batch
        with tf.device(device):
            return tf.identity(batch)
    if isinstance(batch, dict):
        for k in batch:
            batch[k] = to_device(batch[k], device)
    if isinstance(batch, list):
        for i in range(len(batch)):
            batch[i] = to_device(batch[i], device)
    if isinstance(batch, tuple):
        return tuple(to_device(v, device) for v in batch)
    return batch


# %% exercise="copy-if-needed" wrong="end-of-the-long-name" fails="gave another tensor, wanted x itself" points=2
def to_device(batch, device):
    if isinstance(batch, tf.Tensor):
        if batch.device.endswith(device.upper()):
            return batch
        with tf.device(device):
            return tf.identity(batch)
    if isinstance(batch, dict):
        return {key: to_device(value, device) for key, value in batch.items()}
    if isinstance(batch, (list, tuple)):
        return type(batch)(to_device(value, device) for value in batch)
    return batch


# %% exercise="copy-if-needed" wrong="tuples-become-lists" fails="wanted a tuple" points=2
def to_device(batch, device):
    if isinstance(batch, tf.Tensor):
        if place(batch) == device[-5:].upper():
            return batch
        with tf.device(device):
            return tf.identity(batch)
    if isinstance(batch, dict):
        return {key: to_device(value, device) for key, value in batch.items()}
    if isinstance(batch, (list, tuple)):
        return [to_device(value, device) for value in batch]
    return batch


# %% exercise="copy-if-needed" right="end-of-the-name"
def to_device(batch, device):
    if isinstance(batch, dict):
        return dict((k, to_device(v, device)) for k, v in batch.items())
    if isinstance(batch, (list, tuple)):
        return type(batch)([to_device(v, device) for v in batch])
    if not tf.is_tensor(batch) or batch.device.upper().endswith(device.upper().strip("/").removeprefix("DEVICE:")):
        return batch
    with keras.device(device):
        return tf.identity(batch)


# %% exercise="copy-if-needed" right="place-of-a-probe"
def to_device(batch, device):
    with tf.device(device):
        probe = place(tf.zeros(()))

        def move(part):
            if isinstance(part, tf.Tensor):
                return part if place(part) == probe else tf.identity(part)
            if isinstance(part, dict):
                return {k: move(v) for k, v in part.items()}
            if isinstance(part, list):
                return [move(v) for v in part]
            if isinstance(part, tuple):
                return tuple(map(move, part))
            return part

        return move(batch)


# %% exercise="copy-if-needed" right="tree-map"
def to_device(batch, device):
    spec = tf.DeviceSpec.from_string(device)

    def move(part):
        if not isinstance(part, tf.Tensor) or place(part) == f"{spec.device_type}:{spec.device_index}":
            return part
        with tf.device(device):
            return tf.identity(part)

    return keras.tree.map_structure(move, batch, none_is_leaf=False)


# %% exercise="copy-if-needed" wrong="all-else-gone-into" fails="numbers, texts and None come back as they are" points=1
def to_device(batch, device):
    if isinstance(batch, tf.Tensor):
        here, there = (tf.DeviceSpec.from_string(name) for name in (batch.device, device))
        if (here.device_type, here.device_index) == (there.device_type, there.device_index):
            return batch
        with tf.device(device):
            return tf.identity(batch)
    if isinstance(batch, dict):
        return {key: to_device(value, device) for key, value in batch.items()}
    return type(batch)(to_device(value, device) for value in batch)


# %% exercise="one-sync-per-epoch" wrong="float-in-each-step" fails="the loss of a step makes the host wait" points=1
def run_epoch(step, batches):
    total, examples = 0.0, 0
    for batch in batches:
        total += float(step(batch)) * len(batch)
        examples += len(batch)
    return total / examples


# %% exercise="one-sync-per-epoch" wrong="prints-each-step" fails="an f-string or an if" points=1
def run_epoch(step, batches):
    total, examples = 0.0, 0
    for batch in batches:
        loss = step(batch)
        text = f"loss {loss:.3f}"
        total = total + loss * len(batch)
        examples += len(batch)
    return float(total) / examples


# %% exercise="one-sync-per-epoch" wrong="mean-of-batches" fails="small batches weigh too much"
def run_epoch(step, batches):
    return float(tf.reduce_mean(tf.stack([step(batch) for batch in batches])))


# %% exercise="one-sync-per-epoch" wrong="numpy-at-the-end" fails="read the device 3 times" points=1
def run_epoch(step, batches):
    losses, sizes = [], []
    for batch in batches:
        losses.append(step(batch))
        sizes.append(len(batch))
    return float(np.average([np.asarray(loss) for loss in losses], weights=sizes))


# %% exercise="one-sync-per-epoch" wrong="returns-a-tensor" fails="wanted a float of Python's"
def run_epoch(step, batches):
    total, examples = 0.0, 0
    for batch in batches:
        total = total + step(batch) * len(batch)
        examples += len(batch)
    return total / examples


# %% exercise="one-sync-per-epoch" wrong="two-epochs" fails="each once"
def run_epoch(step, batches):
    batches = list(batches)
    losses = [step(b) for b in batches]
    total = sum(step(b) * len(b) for b in reversed(batches))
    return float(total) / sum(len(b) for b in batches)


# %% exercise="one-sync-per-epoch" wrong="average-of-numpy" fails="makes the host wait" points=1
def run_epoch(step, batches):
    pairs = [(step(batch), len(batch)) for batch in batches]
    losses, sizes = zip(*pairs)
    return float(np.average(losses, weights=sizes))


# %% exercise="one-sync-per-epoch" right="sizes-on-the-device"
def run_epoch(step, batches):
    losses, sizes = [], []
    for batch in batches:
        losses.append(step(batch))
        sizes.append(tf.cast(tf.shape(batch)[0], tf.float32))
    return float(tf.tensordot(tf.stack(losses), tf.stack(sizes), 1) / tf.add_n(sizes))


# %% exercise="one-sync-per-epoch" right="array-of-the-sum"
def run_epoch(step, batches):
    total, examples = 0.0, 0
    for batch in batches:
        total += step(batch) * batch.shape[0]
        examples += batch.shape[0]
    return float(np.array(total) / examples)


# %% exercise="one-sync-per-epoch" right="metric"
def run_epoch(step, batches):
    mean = keras.metrics.Mean()
    for batch in batches:
        mean.update_state(step(batch), sample_weight=len(batch))
    return float(mean.result())


# %% exercise="one-sync-per-epoch" right="stacked-and-numpy"
def run_epoch(step, batches):
    pairs = [(step(batch), batch.shape[0]) for batch in batches]
    losses = tf.stack([loss for loss, _ in pairs]).numpy()
    return float(np.average(losses, weights=[n for _, n in pairs]))


# %% exercise="one-sync-per-epoch" right="variables"
def run_epoch(step, batches):
    total, examples = tf.Variable(0.0), 0
    for batch in batches:
        n = tf.cast(tf.shape(batch)[0], tf.float32)
        total.assign_add(step(batch) * n)
        examples += len(batch)
    return (total / examples).numpy().item()


# %% exercise="one-sync-per-epoch" wrong="weighed-by-numbers" fails="weigh each loss with len(batch)" points=2
def run_epoch(step, batches):
    total, count = 0.0, 0
    for batch in batches:
        total = total + step(batch) * batch.shape.num_elements()
        count += batch.shape.num_elements()
    return float(total) / count
