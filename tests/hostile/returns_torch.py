# %% [markdown]
# Returns that lie: objects that claim to be whatever a test compares them with.

# %% attack="always-equal" verdict="failed" says="is a Chameleon"
class Chameleon:
    def __eq__(self, other):
        return True

    def __ne__(self, other):
        return False

    def __hash__(self):
        return 0

    def __getattr__(self, name):
        return self

    def __call__(self, *arguments, **options):
        return self

    def __bool__(self):
        return True

    def __sub__(self, other):
        return self

    __rsub__ = __lt__ = __le__ = __gt__ = __ge__ = __and__ = __sub__


def double(x):
    return Chameleon()


# %% attack="mimic-class" verdict="failed" says="is a Mimic"
class Mimic:
    __class__ = torch.Tensor

    def __eq__(self, other):
        return True

    __hash__ = None

    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        return True


def double(x):
    return Mimic()


# %% attack="magic-mock" verdict="failed" says="is a MagicMock"
from unittest.mock import MagicMock


def double(x):
    return MagicMock(spec=torch.Tensor)


# %% attack="tensor-subclass" verdict="failed" says="is a Yes"
class Yes(torch.Tensor):
    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        return True


def double(x):
    return torch.ones(2).as_subclass(Yes)


# %% attack="metaclass-name" verdict="failed" says="is a"
class Named(type):
    __name__ = property(lambda cls: "Tensor" * 1000)


class Tensor(metaclass=Named):
    def __eq__(self, other):
        return True

    __hash__ = None


def double(x):
    return Tensor()


# %% attack="number-subclass" exercise="total" verdict="failed" says="should be a float"
class Number(float):
    def __sub__(self, other):
        return Number(0.0)

    def __abs__(self):
        return Number(0.0)

    def __lt__(self, other):
        return True


def total(numbers):
    return Number(1.0)


# %% attack="raises-passed" verdict="errored" says="SystemExit"
def double(x):
    raise SystemExit(0)


# %% attack="not-an-exception-text" verdict="errored"
class Loud(Exception):
    def __str__(self):
        raise SystemExit(0)


def double(x):
    raise Loud


# %% attack="traceback-property" verdict="tampered|errored"
class Bent(Exception):
    __traceback__ = property(lambda self: "no traceback")


def double(x):
    raise Bent
