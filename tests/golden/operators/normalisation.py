"""Normalisation layers: torch.*, torchmultimodal.*"""

from describe import *


def channels(view):
    """Channels first; more than two axes of space are seen as two."""
    return view if len(view.shape) <= 4 else view.flat(3)


def affine_of(c, name, affine=True):
    if affine:
        c.layer(name)


def batch_norm(c):
    c.given("x", channels(c.view("input.x")), channels_first=True)
    c.equation("y", f"x | tt::batch_norm{{.epsilon = {number(c['eps'])}, .momentum = {number(c['momentum'])}, "
                    f".affine = {bits(c['affine'])}}}")
    affine_of(c, "y.batch_norm", c["affine"])
    statistics(c, "y.batch_norm")
    c.output("y", channels(c.view("output.y")))


def statistics(c, name, prefix=""):
    """Running statistics before and, in training, after. PyTorch's counter of batches has no influence on anything."""
    for s in ["running_mean", "running_var"]:
        c.parameter(f"{name}.{s}", c.view(f"buffer.{prefix}{s}"))
        if c.training:
            c.buffer_after(f"{name}.{s}", c.view(f"buffer_after.{prefix}{s}"))
    for t in ["buffer", "buffer_after"]:
        c.ignored.add(f"{t}.{prefix}num_batches_tracked")


for name in ["torch.batch_norm1d", "torch.batch_norm2d"]:
    operator(name, num_features=size, eps=(positive, 1e-5), momentum=(real, 0.1), affine=(boolean, True))(batch_norm)


@operator("torch.group_norm", num_groups=size, num_channels=size, eps=(positive, 1e-5), affine=(boolean, True))
def group_norm(c):
    c.given("x", channels(c.view("input.x")), channels_first=True)
    c.equation("y", f"x | tt::group_norm{{.groups = {c['num_groups']}, .epsilon = {number(c['eps'])}, "
                    f".affine = {bits(c['affine'])}}}")
    affine_of(c, "y.group_norm", c["affine"])
    c.output("y", channels(c.view("output.y")))


@operator("torch.layer_norm", normalized_shape=list_of(size), eps=(positive, 1e-5), elementwise_affine=(boolean, True))
def layer_norm(c):
    axes = len(c["normalized_shape"])
    joined = lambda v: v.rows() if axes == 1 else v.reshaped(-1, *v.shape[-axes:])
    c.given("x", joined(c.view("input.x")))
    c.equation("y", f"x | tt::layer_norm{{.epsilon = {number(c['eps'])}, .affine = {bits(c['elementwise_affine'])}"
                    + (f", .axes = {axes}" if axes > 1 else "") + "}")
    affine_of(c, "y.layer_norm", c["elementwise_affine"])
    c.output("y", joined(c.view("output.y")))


@operator("torchmultimodal.rms_norm", dim=size, eps=positive)
def rms_norm(c):
    c.given("x", c.view("input.x").rows())
    c.equation("y", f"x | tt::rms_norm{{.epsilon = {number(c['eps'])}}}")
    c.parameter("y.rms_norm.weight", c.view("param.scale"))
    c.output("y", c.view("output.y").rows())


@operator("torchmultimodal.simple_rms_norm", dim=size)
def simple_rms_norm(c):
    c.given("x", c.view("input.x").rows())
    c.equation("y", f"x | tt::normalize{{}} | tt::affine{{.scale = {number(c['dim'] ** 0.5)}}}")
    c.output("y", c.view("output.y").rows())


@operator("multibench.maxout_mlp", num_outputs=size, first_hidden=size, number_input_feats=size, second_hidden=size,
          dropout=always(0))
def maxout_mlp(c):
    c.given("x", c.view("input.x"))
    hidden = [c["first_hidden"], c["second_hidden"]]
    c.equation("y", f"x | tt::batch_norm{{.epsilon = 1e-4}} | tt::maxout{{{hidden[0]}, 2}} | tt::batch_norm{{}} | "
                    f"tt::maxout{{{hidden[1]}, 2}} | tt::batch_norm{{}} | tt::linear{{{c['num_outputs']}}}")
    for k, place in enumerate(["op0", "op2.0", "op4.0"]):
        name = "y.batch_norm" + (f"_{k + 1}" if k else "")
        c.layer(name, f"param.{place}.")
        statistics(c, name, f"{place}.")
    for k, place in enumerate(["op1", "op3"]):
        c.layer("y.maxout" + (f"_{k + 1}" if k else ""), f"param.{place}.lin.")
    c.layer("y.linear", "param.hid2val.")
    c.output("y", c.view("output.y"))


@operator("multibench.lenet", in_channels=size, args_channels=size, additional_layers=whole(0),
          squeeze_output=always(False), output_each_layer=always(True))
def lenet(c):
    c.given("x", c.view("input.x"))
    before = "x"
    for k in range(c["additional_layers"] + 1):
        kernel, padding = (5, 2) if k == 0 else (3, 1)
        c.equation(f"block{k}", f"{before} | tt::conv2d{{.channels = {c['args_channels'] * 2 ** k}, .kernel = {kernel}, "
                                f".padding = {padding}, .bias = false}} | tt::batch_norm{{}} | tt::relu | "
                                f"tt::max_pool{{.kernel = 2}}")
        c.equation(f"y{k}", f"block{k} | tt::global_average_pool")
        c.parameter(f"block{k}.conv2d.weight", c.view(f"param.convs.{k}.weight"))
        c.layer(f"block{k}.batch_norm", f"param.bns.{k}.")
        statistics(c, f"block{k}.batch_norm", f"bns.{k}.")
        out = c.view(f"output.y{k}")
        c.output(f"y{k}", out.flat(1))
        before = f"block{k}"
    c.output(before, c.view(f"output.y{c['additional_layers'] + 1}"))
