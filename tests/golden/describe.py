"""How a golden case is described: options with their domains, views of its tensors, and the network that computes it."""

import json

REQUIRED = object()


class Mistake(Exception):
    """What is wrong with a case, in one sentence; the case counts as failed."""


class Waiting(Exception):
    """What the library does not offer yet; the case counts as skipped."""


# --- domains of options: functions that tell whether a value lies in them


def whole(least=None):
    return lambda v: isinstance(v, int) and not isinstance(v, bool) and (least is None or v >= least)


def real(v):
    return isinstance(v, (int, float)) and not isinstance(v, bool)


def positive(v):
    return real(v) and v > 0


def boolean(v):
    return isinstance(v, bool)


def text(v):
    return isinstance(v, str)


def one_of(*values):
    return lambda v: any(type(v) is type(x) and v == x for x in values)


def always(value):
    return lambda v: v == value and isinstance(v, bool) == isinstance(value, bool)


def either(*domains):
    return lambda v: any(d(v) for d in domains)


def null(v):
    return v is None


def list_of(domain, least=1, count=None):
    return lambda v: isinstance(v, list) and all(domain(x) for x in v) and (
        len(v) == count if count is not None else len(v) >= least)


def table_of(domain, least=1):
    return lambda v: isinstance(v, dict) and len(v) >= least and all(domain(x) for x in v.values())


size = whole(1)
shape_lists = list_of(list_of(whole(0), 1))

OPERATORS = {}  # name -> (options, function)


def operator(name, **options):
    """Registers how an operator is written; an option is a domain, or (domain, default)."""
    def register(function):
        OPERATORS[name] = ({k: v if isinstance(v, tuple) else (v, REQUIRED) for k, v in options.items()}, function)
        return function
    return register


class View:
    """Elements of a golden tensor, in another order or shape: what a wrapper may transpose or rename."""

    def __init__(self, name, shape, strides=None, offset=0, transform="same"):
        if strides is None:
            strides, step = [0] * len(shape), 1
            for i in reversed(range(len(shape))):
                strides[i] = step
                step *= shape[i]
        self.name, self.shape, self.strides, self.offset = name, list(shape), list(strides), offset
        self.transform = transform

    def _with(self, shape, strides, offset=None):
        return View(self.name, shape, strides, self.offset if offset is None else offset, self.transform)

    def permuted(self, *axes):
        return self._with([self.shape[a] for a in axes], [self.strides[a] for a in axes])

    def part(self, axis, begin, end):
        axis %= len(self.shape)
        shape = list(self.shape)
        shape[axis] = end - begin
        return self._with(shape, self.strides, self.offset + begin * self.strides[axis])

    def at(self, axis, place):
        axis %= len(self.shape)
        shape, strides = list(self.shape), list(self.strides)
        del shape[axis], strides[axis]
        return self._with(shape, strides, self.offset + place * self.strides[axis])

    def repeated(self, axis, times):
        shape, strides = list(self.shape), list(self.strides)
        shape.insert(axis, times)
        strides.insert(axis, 0)
        return self._with(shape, strides)

    def reshaped(self, *shape):
        step = 1
        if -1 in shape:
            known, n = 1, 1
            for e in shape:
                known *= e if e > 0 else 1
            for e in self.shape:
                n *= e
            shape = tuple(n // known if e < 0 else e for e in shape)
        for n, s in reversed(list(zip(self.shape, self.strides))):
            if n != 1 and s != step:
                raise Mistake(f"{self.name} cannot be reshaped without a copy")
            step *= n
        return View(self.name, shape, None, self.offset, self.transform)

    def split(self, axis, outer):
        """Axis of n elements as two axes, [outer, n / outer]."""
        axis %= len(self.shape)
        inner = self.shape[axis] // outer
        return self._with(self.shape[:axis] + [outer, inner] + self.shape[axis + 1:],
                          self.strides[:axis] + [inner * self.strides[axis], self.strides[axis]] +
                          self.strides[axis + 1:])

    def flat(self, keep=1):
        """The axes from `keep` on joined into one."""
        n = 1
        for e in self.shape[keep:]:
            n *= e
        return self.reshaped(*self.shape[:keep], n)

    def rows(self):
        """All leading axes joined: for what looks at the last axis only."""
        n = 1
        for e in self.shape[:-1]:
            n *= e
        return self.reshaped(n, self.shape[-1] if self.shape else 1)

    def transformed(self, how):
        return View(self.name, self.shape, self.strides, self.offset, how)


def bits(value):
    return "true" if value else "false"


def number(value):
    """A C++ literal of the same double."""
    s = repr(float(value))
    return s if any(c in s for c in ".en") else s + ".0"


def features(width):
    return f"tt::features{{{width}}}"


def sequence(length, width, padded=False):
    return f"tt::sequence{{.length = {length}, .width = {width}{', .padded = true' if padded else ''}}}"


def picture(channels, height, width):
    return f"tt::picture{{.channels = {channels}, .height = {height}, .width = {width}}}"


def waveform(channels, samples):
    return f"tt::waveform{{.samples = {samples}, .channels = {channels}}}"


def modality(shape, channels_first=False):
    """The modality for [samples, ...]: features, then a sequence or waveform, then a picture."""
    if len(shape) == 2:
        return features(shape[1])
    if len(shape) == 3:
        return waveform(*shape[1:]) if channels_first else sequence(*shape[1:])
    if len(shape) == 4:
        return picture(*shape[1:])
    raise Mistake(f"no modality has the shape {shape[1:]} of a sample")


class Case:
    """One case, and the network that is written for it."""

    def __init__(self, entry, folder):
        self.folder = folder
        self.id, self.operator, self.entry = entry["id"], entry["operator"], entry
        if self.operator not in OPERATORS:
            raise Mistake(f"unknown operator '{self.operator}'")
        domains, self.write = OPERATORS[self.operator]
        given = entry["hyperparameters"]
        for key, value in given.items():
            if key not in domains:
                raise Mistake(f"unknown option '{key}'")
            if not domains[key][0](value):
                raise Mistake(f"option '{key}' is {value!r}, which is outside its domain")
        self.options = {}
        for key, (_, default) in domains.items():
            if key not in given and default is REQUIRED:
                raise Mistake(f"option '{key}' is missing")
            self.options[key] = given.get(key, default)
        if entry["mode"] not in ("eval", "train"):
            raise Mistake(f"unknown mode '{entry['mode']}'")
        self.training = entry["mode"] == "train"
        self.names, self.equations = [], []
        self.inputs, self.values, self.parameters, self.after = [], [], [], []
        self.used, self.ignored, self.constants = set(), set(), []

    def __getitem__(self, option):
        return self.options[option]

    def has(self, tensor):
        return tensor in self.entry["tensors"]

    def view(self, tensor):
        if not self.has(tensor):
            raise Mistake(f"there is no tensor '{tensor}'")
        self.used.add(tensor)
        return View(tensor, self.entry["tensors"][tensor]["shape"])

    def constant(self, shape, values):
        """A tensor that is not the case's: a table that the network is given."""
        name = f"constant.{len(self.constants)}"
        self.constants.append((name, values))
        return View(name, shape)

    def tensors(self, prefix):
        """The tensors input.x0, input.x1, ... in the order of their numbers."""
        found = [t for t in self.entry["tensors"] if t.startswith(prefix) and t[len(prefix):].isdigit()]
        return [self.view(t) for t in sorted(found, key=lambda t: int(t[len(prefix):]))]

    # The network: inputs, equations, parameters, values.

    def name(self, name):
        if name not in self.names:
            self.names.append(name)
        return name

    def input(self, name, what, *pieces, mask=None, lengths=None, ids=False):
        """An input [samples, ...] of a modality; pieces are views, or (view, first place on axis 1)."""
        self.name(name)
        self.equations.append(f"{name} = tt::input{{{what}}}")
        self.inputs.append(dict(name=name, pieces=pieces, mask=mask, lengths=lengths, ids=ids))
        return name

    def given(self, name, view, channels_first=False, **more):
        """An input that a view has the whole shape of."""
        return self.input(name, modality(view.shape, channels_first), view, **more)

    def equation(self, names, expression):
        names = [names] if isinstance(names, str) else names
        for n in names:
            self.name(n)
        left = names[0] if len(names) == 1 else f"tt::named({', '.join(names)})"
        self.equations.append(f"{left} = {expression}")
        return names[0] if len(names) == 1 else names

    def output(self, name, *pieces):
        """A value of the network is (part of) outputs of the case: views of the value's shape [samples, ...]."""
        self.values.append(dict(name=name, pieces=pieces))

    def parameter(self, name, *pieces):
        """A parameter's canonical elements; several pieces (view, first place on axis 0) lie one below the other."""
        self.parameters.append(dict(name=name, pieces=pieces))

    def causal(self, tensor):
        """Whether a stored mask hides exactly what comes later."""
        mask = self.stored(tensor)
        rows, columns = self.entry["tensors"][tensor]["shape"]
        self.used.add(tensor)
        return all((mask[i * columns + j] != 0) == (j > i) for i in range(rows) for j in range(columns))

    def stored(self, tensor):
        """The elements of a boolean tensor of the case's file."""
        data = (self.folder / self.entry["file"]).read_bytes()
        header = int.from_bytes(data[:8], "little")
        begin, end = json.loads(data[8:8 + header])[tensor]["data_offsets"]
        return data[8 + header + begin:8 + header + end]

    def buffer_after(self, name, view):
        self.after.append(dict(name=name, pieces=(view,)))

    def layer(self, name, prefix="param.", bias=True, weight="weight"):
        """Weight and bias under their own names."""
        self.parameter(f"{name}.weight", self.view(f"{prefix}weight"))
        if bias:
            self.parameter(f"{name}.bias", self.view(f"{prefix}bias"))
