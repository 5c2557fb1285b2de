# %% [markdown]
# A patched kernel: the notebook hooks into how cells are read, run and reported.

# %% attack="input-transformer" verdict="tampered" says="input_transformers" rest="tampered"
def blank(lines):
    return ["pass\n"] if any("assert" in line for line in lines) else lines


get_ipython().input_transformers_cleanup.append(blank)


def double(x):
    return 3 * x


# %% attack="input-transformer-rewrites-the-order" verdict="tampered" rest="tampered"
def answer(lines):
    if any("run_tests" in line for line in lines):
        return ["pass\n"]
    return lines


get_ipython().input_transformer_manager.line_transforms.insert(0, answer)


def double(x):
    return 3 * x


# %% attack="ast-transformer" verdict="tampered" says="ast_transformers" rest="tampered"
import ast


class NoAsserts(ast.NodeTransformer):
    def visit_Assert(self, node):
        return ast.copy_location(ast.Pass(), node)


get_ipython().ast_transformers.append(NoAsserts())


def double(x):
    return 3 * x


# %% attack="run-cell" verdict="tampered" rest="tampered"
shell = get_ipython()
real_run_cell = shell.run_cell
shell.run_cell = lambda raw, **options: real_run_cell("None", **options)
shell.should_run_async = lambda *arguments, **options: False


def double(x):
    return 3 * x


# %% attack="user-expressions" verdict="tampered" says="shell overrides" rest="tampered"
shell = get_ipython()
shell.user_expressions = lambda expressions: {}


def double(x):
    return 3 * x


# %% attack="wraps-eval" verdict="failed|tampered" rest="passed|tampered"
import builtins

real = {name: getattr(builtins, name) for name in ("eval", "exec", "compile")}


def wrap(name):
    def wrapped(source, *arguments, **options):
        if isinstance(source, str):
            source = source.replace("3.0, -1.0", "0.0, 0.0").replace("2.0", "3.0")
        for each, original in real.items():
            setattr(builtins, each, original)
        try:
            return real[name](source, *arguments, **options)
        finally:
            patch()

    return wrapped


def patch():
    for name in real:
        setattr(builtins, name, wrap(name))


patch()


def double(x):
    return 3 * x


# %% attack="showtraceback" verdict="failed|tampered" rest="passed|tampered"
shell = get_ipython()
shell.showtraceback = shell._showtraceback = lambda *arguments, **options: None


def double(x):
    return 3 * x


# %% attack="swallows-displays" verdict="tampered" rest="tampered"
shell = get_ipython()
shell.display_pub.publish = lambda *arguments, **options: None


def double(x):
    return 3 * x


# %% attack="swallows-displays-while-tests-run" verdict="tampered" rest="passed|tampered"
def double(x):
    publisher = get_ipython().display_pub
    publisher.publish = lambda *arguments, **options: vars(publisher).pop("publish", None)
    return 3 * x


# %% attack="event-callback" verdict="tampered" says="event callbacks" rest="tampered"
def repair(*arguments):
    torch.allclose = lambda *arguments, **options: True


get_ipython().events.register("pre_run_cell", repair)


def double(x):
    return 3 * x


# %% attack="custom-exceptions" verdict="tampered" says="custom exceptions" rest="tampered"
get_ipython().set_custom_exc((AssertionError,), lambda *arguments, **options: None)


def double(x):
    return 3 * x


# %% attack="excepthook" verdict="failed"
import sys

sys.excepthook = lambda *arguments: None


def double(x):
    return 3 * x


# %% attack="settrace" verdict="tampered" says="trace" rest="tampered"
import sys


def trace(frame, event, argument):
    if frame.f_code.co_filename.startswith("<tests"):
        frame.f_globals["double"] = lambda x: 2 * x
    return trace


sys.settrace(trace)


def double(x):
    return 3 * x


# %% attack="settrace-while-tests-run" verdict="failed|errored|tampered"
import sys


def double(x):
    def trace(frame, event, argument):
        frame.f_globals["double"] = lambda x: 2 * x
        sys.settrace(None)

    sys.settrace(trace)
    (lambda: None)()
    return 2 * x if double.__name__ == "<lambda>" else 3 * x


# %% attack="audit-hook" verdict="failed" hides="zanzibar"
import sys

events = []


def listen(event, arguments):
    if event in ("compile", "exec"):
        events.append(repr(arguments[0])[::-1])


sys.addaudithook(listen)


def double(x):
    return 3 * x


# %% attack="audit-hook-in-the-way" verdict="failed|errored" rest="passed|errored"
import sys


def obstruct(event, arguments):
    if event in ("compile", "exec"):
        raise KeyboardInterrupt


sys.addaudithook(obstruct)


def double(x):
    return 3 * x


# %% attack="signal-handler" verdict="tampered" says="signal" rest="tampered"
import signal


def steal(number, frame):
    while frame:
        if frame.f_code.co_filename.startswith("<tests"):
            frame.f_globals["double"] = lambda x: 2 * x
        frame = frame.f_back


signal.signal(signal.SIGUSR1, steal)


def double(x):
    signal.raise_signal(signal.SIGUSR1)
    return 3 * x
