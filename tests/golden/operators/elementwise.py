"""Activations, softmax and what else looks at single elements or at one axis: torch.*, torchmultimodal.*"""

from describe import *


def elementwise(c, expression):
    c.given("x", c.view("input.x").rows())
    c.equation("y", f"x | {expression}")
    c.output("y", c.view("output.y").rows())


def activation(name, expression, **options):
    operator(name, **options)(lambda c: elementwise(c, expression(c) if callable(expression) else expression))


activation("torch.relu", "tt::relu")
activation("torch.tanh", "tt::tanh")
activation("torch.sigmoid", "tt::sigmoid")
activation("torch.silu", "tt::silu")
activation("torch.gelu_exact", "tt::gelu", approximate=always("none"))
activation("torch.gelu_tanh", "tt::gelu_tanh", approximate=always("tanh"))
activation("torch.log_sigmoid", "tt::log_sigmoid")
activation("torch.leaky_relu", lambda c: f"tt::leaky_relu{{{number(c['negative_slope'])}}}", negative_slope=real)
activation("torch.elu", lambda c: f"tt::elu{{{number(c['alpha'])}}}", alpha=positive)
activation("torch.softplus", lambda c: f"tt::softplus{{.beta = {number(c['beta'])}, .threshold = {number(c['threshold'])}}}",
           beta=real, threshold=real)
activation("torchmultimodal.silu1702", "tt::quick_gelu")


def axis_of(c, view, dim):
    """The view with one of at most three axes of a sample under attention, and that axis."""
    rank = len(view.shape)
    axis = dim + rank if dim < 0 else dim
    if not 0 < axis < rank:
        raise Mistake(f"option 'dim' is {dim}, which is not an axis of a sample")
    if rank <= 4:
        return view, axis - 1
    before, after = 1, 1
    for n in view.shape[1:axis]:
        before *= n
    for n in view.shape[axis + 1:]:
        after *= n
    return view.reshaped(view.shape[0], before, view.shape[axis], after), 1


def along(name, expression, **options):
    def write(c):
        view, axis = axis_of(c, c.view("input.x"), c["dim"])
        last = axis == len(view.shape) - 2
        c.given("x", view)
        c.equation("y", f"x | {expression(c, -1 if last else axis)}")
        out = c.view("output.y")
        if out.shape != view.shape and len(view.shape) == 4 and len(out.shape) != 4:
            out = axis_of(c, out, c["dim"])[0]
        c.output("y", out)
    operator(name, dim=whole(), **options)(write)


along("torch.softmax", lambda c, a: "tt::softmax" if a < 0 else f"tt::softmax({a})")
along("torch.log_softmax", lambda c, a: "tt::log_softmax" if a < 0 else f"tt::log_softmax({a})")
along("torch.glu", lambda c, a: "tt::glu" if a < 0 else f"tt::glu({a})")
along("torch.normalize", lambda c, a: f"tt::normalize{{.p = {number(c['p'])}, .axis = {a}}}", p=positive)


@operator("torch.cosine_similarity", dim=whole(), eps=real)
def cosine_similarity(c):
    a, axis = axis_of(c, c.view("input.x1") if c.has("input.x1") else c.view("input.a"), c["dim"])
    b, _ = axis_of(c, c.view("input.x2") if c.has("input.x2") else c.view("input.b"), c["dim"])
    c.given("a", a)
    c.given("b", b)
    c.equation("y", f"tt::fuse(tt::cosine_similarity{{.axis = {axis}, .epsilon = {number(c['eps'])}}}, a, b)")
    out = c.view("output.y")
    rest = [n for i, n in enumerate(a.shape[1:]) if i != axis]
    c.output("y", out.reshaped(a.shape[0], *(rest or [1])))


@operator("torchmultimodal.geglu")
def geglu(c):
    c.given("x", c.view("input.x").rows())
    c.equation("y", "x | tt::geglu")
    c.output("y", c.view("output.y").rows())


@operator("perceiver.feed_forward_geglu", dim=size, mult=size)
def feed_forward_geglu(c):
    c.given("x", c.view("input.x").rows())
    c.equation("y", f"x | tt::linear{{{2 * c['mult'] * c['dim']}}} | tt::geglu | tt::linear{{{c['dim']}}}")
    c.layer("y.linear", "param.net.0.")
    c.layer("y.linear_2", "param.net.2.")
    c.output("y", c.view("output.y").rows())


@operator("multibench.maxout", d=size, m=size, k=size)
def maxout(c):
    c.given("x", c.view("input.x").rows())
    c.equation("y", f"x | tt::maxout{{.features = {c['m']}, .pieces = {c['k']}}}")
    prefix = [t for t in c.entry["tensors"] if t.startswith("param.") and t.endswith("weight")][0][:-len("weight")]
    c.layer("y.maxout", prefix)
    c.output("y", c.view("output.y").rows())


@operator("multibench.mlp", indim=size, hiddim=size, outdim=size, output_each_layer=(boolean, False))
def mlp(c):
    c.given("x", c.view("input.x").rows())
    c.equation("hidden", f"x | tt::linear{{{c['hiddim']}}} | tt::relu")
    c.layer("hidden.linear", "param.fc.")
    each = c["output_each_layer"]
    c.equation("y", f"hidden | tt::linear{{{c['outdim']}}}" + (" | tt::leaky_relu{0.2}" if each else ""))
    c.layer("y.linear", "param.fc2.")
    if each:
        c.output("hidden", c.view("output.hidden").rows())
    c.output("y", c.view("output.out" if each else "output.y").rows())


@operator("multibench.dan", indim=size, hiddim=size, nlayers=size)
def dan(c):
    c.given("x", c.view("input.x"))
    layers = "".join(f" | tt::linear{{{c['hiddim']}}}" for _ in range(c["nlayers"]))
    c.equation("e", f"x | tt::linear{{{c['hiddim']}}}")
    c.equation("y", f"e | tt::sum_pool{layers}")
    c.layer("e.linear", "param.embedding.")
    for k in range(c["nlayers"]):
        c.layer("y.linear" + (f"_{k + 1}" if k else ""), f"param.mlp.{k}.")
    c.output("y", c.view("output.y"))


@operator("cadene.concat_mlp", input_dims=list_of(size, count=2), output_dim=size, dimensions=list_of(size),
          activation=one_of("relu", "tanh", "sigmoid"))
def concat_mlp(c):
    c.given("a", c.view("input.x0").rows())
    c.given("b", c.view("input.x1").rows())
    widths = ", ".join(str(n) for n in [*c["dimensions"], c["output_dim"]])
    c.equation("y", f"tt::concat_mlp<tt::{c['activation']}>({{{widths}}}, a, b)")
    for k in range(len(c["dimensions"]) + 1):
        c.layer("y.linear" + (f"_{k + 1}" if k else ""), f"param.mlp.linears.{k}.")
    c.output("y", c.view("output.y").rows())


@operator("torchmultimodal.concat_fusion", dims=table_of(size, 2), projection_out=either(null, size))
def concat_fusion(c):
    names = [c.given(f"x{k}", c.view(f"input.{n}")) for k, n in enumerate(sorted(c["dims"]))]
    layer = f" | tt::linear{{{c['projection_out']}}}" if c["projection_out"] else ""
    c.equation("y", f"tt::fuse(tt::concat{{}}, {', '.join(names)}){layer}")
    if layer:
        c.layer("y.linear", "param.projection.")
    c.output("y", c.view("output.y"))
