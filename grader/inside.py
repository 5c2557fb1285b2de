"""What runs inside the kernel around a tests cell. Its text is sent there; nothing imports it.

`install` runs once, before any code of a student's, and leaves one thing behind: an audit hook. It
is the one place in Python that a notebook can neither look into, nor replace, nor take away. The
hook runs tests when it hears the event TESTS; what it is asked and what it answers is sealed with
a key that it drew itself, so whoever wraps `eval`, reads the history or listens to the kernel's
sockets has nothing in hand. While tests run it refuses to show anybody the frames of the tests.

Everything here is bound while the interpreter is still as it was: private builtins (`__builtins__`
of this text is a copy), functions by name, and only C code between the seal and the tests.
"""

import builtins
import ctypes
import gc
import importlib
import linecache
import os
import signal
import sys
import threading
import types
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from hashlib import blake2b, shake_256
from itertools import count
from operator import is_
from typing import Any

# (name, its dictionary's get, the names watched, their values, its dictionary's version)
Place = tuple[str, Callable[[str], Any], list[str], list[Any], Callable[[], int]]

MIME = "application/x.grader+json"
TESTS = "grader.tests"

# Modules whose functions the tests rely on, also those in which such a function does its work.
WATCHED_MODULES = (
    "builtins", "math", "operator", "copy", "inspect", "functools", "hashlib", "linecache", "gc",
    "random", "unittest.mock",
    "numpy", "numpy.testing", "numpy.linalg", "numpy.random",
    "numpy._core.numeric", "numpy._core.fromnumeric", "numpy.testing._private.utils",
    "torch", "torch.testing", "torch.testing._comparison", "torch.functional", "torch._tensor",
    "torch.nn", "torch.nn.functional", "torch.autograd", "torch.linalg", "torch.overrides",
    "tensorflow.math", "tensorflow.debugging", "tensorflow.linalg", "tensorflow.random",
    "keras", "keras.ops", "keras.random", "keras.losses", "keras.layers", "keras.utils",
)  # fmt: skip
WATCHED_CLASSES = (
    ("torch", "Tensor"),
    ("torch.nn", "Module"),
    ("torch.nn", "Parameter"),
    ("numpy", "ufunc"),
    ("tensorflow", "Tensor"),
    ("tensorflow", "Variable"),
    ("tensorflow", "GradientTape"),
    ("tensorflow.python.framework.ops", "EagerTensor"),
    ("tensorflow.python.framework.ops", "_EagerTensorBase"),
    ("keras", "Layer"),
    ("keras", "Model"),
    ("keras", "Variable"),
    ("unittest.mock", "MagicMock"),
    ("IPython.core.interactiveshell", "InteractiveShell"),
    ("IPython.core.displaypub", "DisplayPublisher"),
    ("IPython.core.events", "EventManager"),
    ("IPython.core.compilerop", "CachingCompiler"),
    ("ipykernel.zmqshell", "ZMQInteractiveShell"),
    ("ipykernel.zmqshell", "ZMQDisplayPublisher"),
    ("ipykernel.kernelbase", "Kernel"),
    ("ipykernel.ipkernel", "IPythonKernel"),
    ("jupyter_client.session", "Session"),
)
# `tensorflow` itself loads much of what it holds when it is first used.
WATCHED_FUNCTIONS = {
    "tensorflow": (
        "abs", "add", "cast", "constant", "convert_to_tensor", "einsum", "equal", "function",
        "is_tensor", "matmul", "reduce_all", "reduce_any", "reduce_max", "reduce_mean",
        "reduce_sum", "reshape", "shape", "sqrt", "square", "stack", "transpose", "where",
    ),
}  # fmt: skip
REPLACED_BY_THE_KERNEL = {"builtins.input"}  # for each request
HOOKS_OF_LIBRARIES = ("matplotlib", "matplotlib_inline", "IPython", "ipykernel", "ipywidgets")
DESCRIPTORS = (
    property,
    staticmethod,
    classmethod,
    types.GetSetDescriptorType,
    types.MemberDescriptorType,
    types.ModuleType,
)
# Events of Python's that end in a frame, or in all objects there are.
REVEALING = {
    "sys._getframe", "sys._current_frames", "sys._current_exceptions", "sys.settrace",
    "sys.setprofile", "gc.get_objects", "gc.get_referrers", "gc.get_referents",
    "object.__getattr__",
}  # fmt: skip
# Refused always: tests may be about to run, and what was kept of them may lead back to them.
AT_ANY_TIME = {"sys._current_frames", "sys._current_exceptions", "object.__getattr__"}
FRAME_ATTRIBUTES = {"tb_frame", "gi_frame", "cr_frame", "ag_frame"}
LIBRARIES = (sys.prefix, sys.base_prefix, "<frozen ", "<grader>")
_getframe, _audit, _get_ident, _collect = sys._getframe, sys.audit, threading.get_ident, gc.collect
_referents = gc.get_referents
_traceback_of = BaseException.__dict__["__traceback__"].__get__


def install(shell: Any, modules: tuple[str, ...], nonce: str) -> None:
    """Remember what this kernel looks like, put the guard in place, and publish its key.

    `modules` are imported first; of "module:function" the function is also called.
    """
    for name in modules:
        module, _, function = name.partition(":")
        loaded = importlib.import_module(module)
        if function:
            getattr(loaded, function)()
    vars(gc).pop("unfreeze", None)  # which would bring the guard back into sight
    guard = Guard(shell)
    sys.addaudithook(guard.hear)
    gc.freeze()  # takes the guard out of what `gc` shows
    guard.publish({MIME: {"nonce": nonce, "key": guard.key.hex()}})


class Guard:
    """Runs tests for whoever has the key, and keeps watch meanwhile."""

    def __init__(self, shell: Any) -> None:
        self.shell = shell
        self.key = os.urandom(32)
        self.publish = shell.display_pub.publish
        self.used: set[bytes] = set()
        self.running = False
        self.asking: set[int] = set()
        self.bent: dict[str, None] = {}
        self.tokens: dict[str, None] = {}
        self.mark_event: str | None = None
        self.places = list(_places())
        self.versions = [version() for *_, version in self.places]
        self.bodies = [
            (f"{place}.{name}", value, _body(value))
            for place, _, names, values, _ in self.places
            for name, value in zip(names, values, strict=True)
            if type(value) is types.FunctionType
        ]
        self.functions = [function for _, function, _ in self.bodies]
        self.options = [f.__kwdefaults__ for f in self.functions if f.__kwdefaults__]
        self.parts = self.look_at_parts()
        self.before = _shell_state(shell)

    def hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Answer an audit event: run tests, note a mark, or refuse."""
        if event == TESTS:
            self.running = True
            try:
                self.run(*arguments)
            finally:
                _collect()  # frames that hold on to one another, and to the tests
                self.running = False
        elif event == self.mark_event:
            (secret,) = arguments
            self.tokens[secret] = None
            self.look()
        elif event == "sys.addaudithook":
            raise RuntimeError  # which Python takes as a silent no: a later hook would see tests
        elif event == "object.__getattr__" and arguments[1] not in FRAME_ATTRIBUTES:
            return  # `look_closely` asks for thousands of `__code__`, which lead to no frame
        elif (
            event in REVEALING
            and (self.running or event in AT_ANY_TIME)
            and not self.harmless(event, arguments)
        ):
            raise PermissionError("nobody may look at the frames of running tests")

    def harmless(self, event: str, arguments: tuple[Any, ...]) -> bool:
        """Tell whether a library is asking, on its own account."""
        me = _get_ident()
        if me in self.asking:
            return True
        self.asking.add(me)
        try:
            if event == "object.__getattr__" and not self.leads_to_tests(*arguments):
                return True
            frame: types.FrameType | None = _getframe(2)
            while frame is not None and _hands_frames_on(frame.f_code):
                frame = frame.f_back
            return frame is not None and frame.f_code.co_filename.startswith(LIBRARIES)
        finally:
            self.asking.discard(me)

    def leads_to_tests(self, thing: object, name: str) -> bool:
        """Tell whether the frame `name` of a traceback or generator was called by tests."""
        frame = getattr(thing, name) if name in FRAME_ATTRIBUTES else None
        while frame is not None:
            if frame.f_code.co_filename.startswith(("<tests", "<grader>")):
                return True
            frame = frame.f_back
        return False

    def look(self) -> None:
        """Note what is no longer what it was; quick, because every statement of the tests asks."""
        for turn, (place, get, names, values, version) in enumerate(self.places):
            now = version()
            if now == self.versions[turn]:
                continue
            # `is_` and not ids: `id` is an audit event, which costs ten times what it does.
            if all(map(is_, map(get, names), values)):
                self.versions[turn] = now
                continue
            for name, old in zip(names, values, strict=True):
                if get(name) is not old:
                    self.bent.setdefault(f"{place}.{name}")

    def look_at_parts(self) -> list[Any]:
        """Return all that functions hold on to, their code and defaults among it, at one go.

        Reading `__code__` is an audit event: to ask a thousand functions one by one takes long.
        """
        return _referents(*self.functions) + _referents(*self.options)

    def look_closely(self) -> None:
        """Note also replaced code, new methods of classes, and hooks into running cells."""
        self.look()
        parts = self.look_at_parts()
        if len(parts) != len(self.parts) or not all(map(is_, parts, self.parts)):
            self.parts = parts
            for name, function, body in self.bodies:
                now = _body(function)
                if len(now) != len(body) or not all(map(is_, now, body)):
                    self.bent.setdefault(name)
        for place, get, names, _, _ in self.places:
            namespace = getattr(get, "__self__")  # noqa: B009 (mypy does not know it)
            if type(namespace) is types.MappingProxyType and len(namespace) != len(names):
                known = set(names)
                for name in list(namespace):
                    if name not in known and _is_watched(namespace[name]):
                        self.bent.setdefault(f"{place}.{name}")
        for place, state in _shell_state(self.shell).items():
            if state != self.before[place]:
                self.bent.setdefault(f"{place} of the kernel")

    def run(self, nonce: bytes, sealed: bytes) -> None:
        """Run the tests of one cell and publish the evidence of how that went.

        The order holds source and filename of the tests, setup (sources that bind the names that
        lessons rely on), mark (the name that the tests call at each statement), controls
        (programs whose `value` the grader knows).
        """
        text = unseal(self.key, b"order" + nonce, sealed)
        if text is None or nonce in self.used:
            return
        self.used.add(nonce)
        order = eval(text, {"__builtins__": {}})
        self.bent, self.tokens = {}, {}
        evidence: dict[str, Any] = {"failure": None, "controls": []}
        # The tests see what the notebook defined, but neither its replacements of builtins nor of
        # the imports; and what the tests define stays out of the notebook's sight.
        pristine = dict(vars(builtins))
        namespace = {
            name: value
            for name, value in self.shell.user_ns.items()
            if name not in pristine or name in ("__name__", "__doc__")
        }
        namespace["__builtins__"] = pristine
        self.look_closely()
        # A partial of a C function: a student's code that gets hold of it finds nothing behind it.
        self.mark_event = f"grader.mark.{os.urandom(8).hex()}"
        imported = {}
        try:
            for source in order["setup"]:
                exec(compile(source, "<setup>", "exec"), namespace)
            imported = {n: v for n, v in namespace.items() if type(v) is types.ModuleType}
            namespace[order["mark"]] = partial(_audit, self.mark_event)
            exec(compile(order["source"], order["filename"], "exec", optimize=0), namespace)
        except BaseException as error:
            evidence["failure"] = _describe(error)
        finally:
            self.mark_event = None
        for name, module in imported.items():
            if name in order["imports"] and namespace.get(name) is not module:
                self.bent.setdefault(f"the name {name} of the tests")
        namespace.clear()
        self.look_closely()
        for control in order["controls"]:
            scratch = {"__builtins__": pristine}
            try:
                exec(compile(control, "<control>", "exec", optimize=0), scratch)
                evidence["controls"].append(repr(scratch.get("value")))
            except BaseException as error:
                evidence["controls"].append(type(error).__name__)
        order.clear()
        evidence["tokens"] = list(self.tokens)
        evidence["bent"] = list(self.bent)[:20]
        answer = seal(self.key, b"answer" + nonce, repr(evidence).encode())
        self.publish({MIME: {"nonce": nonce.hex(), "sealed": answer.hex()}})


def seal(key: bytes, nonce: bytes, data: bytes) -> bytes:
    """Encrypt and sign with a key, for one use of a nonce."""
    stream = shake_256(key + nonce).digest(len(data))
    hidden = (int.from_bytes(data) ^ int.from_bytes(stream)).to_bytes(len(data))
    return hidden + blake2b(nonce + hidden, key=key).digest()


def unseal(key: bytes, nonce: bytes, sealed: bytes) -> bytes | None:
    """Return what was sealed, None where it was not sealed with this key and nonce."""
    hidden, signature = sealed[:-64], sealed[-64:]
    if blake2b(nonce + hidden, key=key).digest() != signature:
        return None
    return seal(key, nonce, hidden)[:-64]


def _places() -> Iterator[Place]:
    """Yield (name, its dictionary's get, names, values) for each place worth watching."""
    seen = set()
    for name in WATCHED_MODULES:
        if module := _module(name):
            yield _place(name, vars(module), vars(module))
    for name, functions in WATCHED_FUNCTIONS.items():
        if name in sys.modules:
            yield _place(name, vars(sys.modules[name]), functions)
    for name, kind in WATCHED_CLASSES:
        base = getattr(sys.modules.get(name), kind, object)
        for each in base.__mro__:
            if each is not object and each not in seen:
                seen.add(each)
                yield _place(f"{each.__module__}.{each.__qualname__}", vars(each), vars(each), True)
    yield _place("sys.modules", sys.modules, WATCHED_MODULES)


def _module(name: str) -> types.ModuleType | None:
    """Return a module that is loaded; `tensorflow.math` is an attribute only."""
    if name in sys.modules:
        return sys.modules[name]
    parent, _, last = name.rpartition(".")
    found = getattr(sys.modules.get(parent), last, None) if parent else None
    return found if isinstance(found, types.ModuleType) else None


def _place(name: str, namespace: Any, names: Iterable[str], all_names: bool = False) -> Place:
    get = namespace.get
    watched = [each for each in names if all_names or _is_watched(get(each))]
    watched = [each for each in watched if f"{name}.{each}" not in REPLACED_BY_THE_KERNEL]
    return name, get, watched, [get(each) for each in watched], _version_of(namespace)


def _version_of(namespace: Any) -> Callable[[], int]:
    """Return a function that tells another number once `namespace` has changed.

    CPython numbers the states of each dictionary (PEP 509); the number stands behind its size, and
    reading it is a thousand times cheaper than comparing a thousand values. Where it is not found
    there, the function tells another number each time.
    """
    if type(namespace) is types.MappingProxyType:
        (namespace,) = _referents(namespace)
    if type(namespace) is not dict or not _dictionaries_are_numbered():
        return partial(next, count())
    number = ctypes.c_uint64.from_address(id(namespace) + _VERSION_OFFSET)
    return partial(_value_of, number)


_VERSION_OFFSET = 24  # PyDictObject: reference count, type, size, version
_value_of = vars(ctypes._SimpleCData)["value"].__get__


def _dictionaries_are_numbered() -> bool:
    """Try out whether this Python's dictionaries have a version where it is looked for."""
    probe: dict[str, int] = {}
    number = ctypes.c_uint64.from_address(id(probe) + _VERSION_OFFSET)
    seen = []
    for step in (
        lambda: probe.setdefault("a", 1),
        lambda: probe.update(a=2),
        lambda: probe.__setitem__("a", 3),
        lambda: probe.pop("a"),
    ):
        step()
        seen.append(number.value)
    still = number.value == seen[-1]
    return still and len(set(seen)) == len(seen)


def _is_watched(value: object) -> bool:
    return callable(value) or isinstance(value, DESCRIPTORS)


def _body(function: types.FunctionType) -> list[object]:
    """Return what decides what a function does: its code and its defaults."""
    options = function.__kwdefaults__ or {}
    return [function.__code__, function.__defaults__, *options.values()]


def _hands_frames_on(code: types.CodeType) -> bool:
    """Tell whether code is one of the standard library's ways to a frame of the caller's."""
    if code.co_filename.endswith("/logging/__init__.py"):
        return code.co_name == "<lambda>"  # logging.currentframe
    return code.co_filename.endswith("/inspect.py") or code.co_name in ("walk_stack", "walk_tb")


def _shell_state(shell: Any) -> dict[str, Any]:
    """Describe the places where a notebook can hook into the running of cells."""
    manager = shell.input_transformer_manager
    lists = {
        "ast_transformers": shell.ast_transformers,
        "input_transformers_cleanup": shell.input_transformers_cleanup,
        "input_transformers_post": shell.input_transformers_post,
        "cleanup_transforms": manager.cleanup_transforms,
        "line_transforms": manager.line_transforms,
        "token_transformers": manager.token_transformers,
    }
    state: dict[str, Any] = {name: [id(item) for item in items] for name, items in lists.items()}
    kernel = shell.kernel
    owners = {
        "shell": shell,
        "kernel": kernel,
        "session": kernel.session,
        "display": shell.display_pub,
    }
    for name, owner in owners.items():
        state[f"{name} overrides"] = sorted(
            key for key, value in vars(owner).items()
            if isinstance(value, (types.FunctionType, types.MethodType, partial))
            and hasattr(type(owner), key)
        )  # fmt: skip
        state[f"{name} class"] = id(type(owner))
    state["display hooks"] = len(shell.display_pub._hooks)
    state["handlers"] = sorted(
        (name, getattr(handler, "__qualname__", "?"))
        for name, handler in kernel.shell_handlers.items()
    )
    state["event callbacks"] = sorted(
        f"{event}: {getattr(callback, '__module__', '?')}"
        for event, callbacks in shell.events.callbacks.items()
        for callback in callbacks
        if str(getattr(callback, "__module__", "?")).split(".")[0] not in HOOKS_OF_LIBRARIES
    )
    state["custom exceptions"] = [str(kind) for kind in shell.custom_exceptions]
    state["trace"] = [
        str(hook)
        for hook in (
            sys.gettrace(),
            sys.getprofile(),
            getattr(threading, "_trace_hook", None),
            getattr(threading, "_profile_hook", None),
        )
        if hook is not None
    ]
    state["signal handlers"] = [
        number for number in range(1, 32) if callable(signal.getsignal(number))
    ]
    return state


def _describe(error: BaseException) -> dict[str, Any]:
    """Tell what was raised: its type, its text, and the way from the tests to the line."""
    try:
        text = str.__getitem__(str(error), slice(4000))
    except BaseException:
        text = "(its text cannot be shown)"
    frames = []
    step = _traceback_of(error)
    while step is not None:
        code = step.tb_frame.f_code
        name, line = code.co_filename, step.tb_lineno
        if name.startswith("<tests"):
            frames.append((name, line, code.co_name, ""))
        elif "ipykernel_" in name:
            entry = linecache.cache.get(name, ())
            text_of = entry[2] if len(entry) == 4 else []
            frames.append((name, line, code.co_name, "".join(text_of[line - 1 : line])))
        step = step.tb_next
    return {
        "type": str.__getitem__(type.__dict__["__name__"].__get__(type(error)), slice(200)),
        "text": text,
        "assertion": isinstance(error, AssertionError),
        "frames": frames[-12:],
    }
