"""Gates, modulation, attention over modalities, products of experts: gmu.*, film.*, mmtm.*, multibench.*, ..."""

from describe import *


def given_as_x(c, names, count):
    return [c.given(f"{names}{k + 1}", c.view(f"input.x{k + 1}")) for k in range(count)]


@operator("gmu.bimodal", size_in1=size, size_in2=size, size_out=size)
def gmu_bimodal(c):
    names = given_as_x(c, "x", 2)
    c.equation("y", f"tt::fuse(tt::gmu{{.features = {c['size_out']}}}, {', '.join(names)})")
    for k in range(2):
        c.parameter(f"y.gmu.weight.{k}", c.view(f"param.hidden{k + 1}.weight"))
    c.parameter("y.gmu.gate_weight", c.view("param.hidden_sigmoid.weight"))
    c.output("y", c.view("output.y"))


@operator("gmu.trimodal", sizes=list_of(size, count=3), size_out=size)
def gmu_trimodal(c):
    names, n = given_as_x(c, "x", 3), c["size_out"]
    c.equation(["y", "gates"], f"tt::fuse(tt::gmu_with_gates{{.features = {n}}}, {', '.join(names)})")
    for k in range(3):
        c.parameter(f"y.gmu_with_gates.weight.{k}", c.view(f"param.hidden{k + 1}.weight"))
    c.parameter("y.gmu_with_gates.gate_weight", *[c.view(f"param.x{k + 1}_gate.weight") for k in range(3)])
    c.output("y", c.view("output.y"))
    c.output("gates", c.view("output.gates"))


@operator("gmu.scalar_gate", size_in1=size, size_in2=size, size_out=size)
def gmu_scalar_gate(c):
    # One layer for both inputs: the unit sees its results, behind layers that stand for "as it is".
    names = given_as_x(c, "x", 2)
    n = c["size_out"]
    c.equation("layer", f"tt::share(tt::linear{{.features = {n}, .bias = false}} | tt::tanh)")
    raise Waiting("")


def film_inputs(c, x="x"):
    c.given(x, c.view("input.x"))
    c.given("gammas", c.view("input.gammas"))
    c.given("betas", c.view("input.betas"))


@operator("film.film")
def film(c):
    film_inputs(c)
    c.equation("y", "tt::fuse(tt::modulate{}, x, gammas, betas)")
    c.output("y", c.view("output.y"))


def statistics(c, name, prefix):
    for s in ["running_mean", "running_var"]:
        c.parameter(f"{name}.{s}", c.view(f"buffer.{prefix}{s}"))
        if c.training:
            c.buffer_after(f"{name}.{s}", c.view(f"buffer_after.{prefix}{s}"))
    for t in ["buffer", "buffer_after"]:
        c.ignored.add(f"{t}.{prefix}num_batches_tracked")


@operator("film.resblock", in_dim=size,
          condition_method=one_of("block-input-film", "conv-film", "bn-film", "relu-film", "block-output-film"),
          with_cond=always([True]), with_input_proj=one_of(1, 3), with_batchnorm=(boolean, True),
          batchnorm_affine=(boolean, False), with_residual=(boolean, True))
def film_resblock(c):
    film_inputs(c)
    n, where, kernel = c["in_dim"], c["condition_method"], c["with_input_proj"]
    film_at = lambda place, x: f"tt::fuse(tt::modulate{{}}, {x}, gammas, betas)" if where == place else x
    c.equation("projected", film_at("block-input-film", "x") + f" | tt::conv2d{{.channels = {n}, .kernel = {kernel}, "
               f".padding = {kernel // 2}}} | tt::relu")
    c.layer("projected.conv2d", "param.input_proj.")
    body = f"projected | tt::conv2d{{.channels = {n}, .kernel = 3, .padding = 1}}"
    body = film_at("conv-film", body)
    if c["with_batchnorm"]:
        body += f" | tt::batch_norm{{.affine = {bits(c['batchnorm_affine'])}}}"
    body = film_at("bn-film", body) + " | tt::relu"
    body = film_at("relu-film", body)
    if c["with_residual"]:
        body = f"tt::fuse(tt::sum{{}}, projected, {body})"
    c.equation("y", film_at("block-output-film", body))
    c.layer("y.conv2d", "param.conv1.")
    if c["with_batchnorm"]:
        if c["batchnorm_affine"]:
            c.layer("y.batch_norm", "param.bn1.")
        statistics(c, "y.batch_norm", "bn1.")
    c.output("y", c.view("output.y"))


@operator("mmtm.mmtm", dim_visual=size, dim_skeleton=size, ratio=size)
def mmtm(c):
    flat = lambda v: v if len(v.shape) <= 4 else v.flat(3)
    for name in ["visual", "skeleton"]:
        c.given(name, flat(c.view(f"input.{name}")), channels_first=True)
    width = int(2 * (c["dim_visual"] + c["dim_skeleton"]) / c["ratio"])
    c.equation("joint", f"tt::fuse(tt::channel_squeeze{{.ratio = {c['ratio']}}}, visual, skeleton)")
    c.layer("joint.channel_squeeze", "param.fc_squeeze.")
    assert width >= 1
    for name in ["visual", "skeleton"]:
        c.equation(f"gated_{name}", f"tt::fuse(tt::channel_excite{{}}, {name}, joint)")
        c.layer(f"gated_{name}.channel_excite", f"param.fc_{name}.")
        c.output(f"gated_{name}", flat(c.view(f"output.{name}")))
