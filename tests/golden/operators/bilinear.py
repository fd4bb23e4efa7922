"""Bilinear fusion: cadene.*, multibench.mi2_*, multibench.mi3"""

from describe import *

activations = one_of(None, "", "relu", "tanh", "sigmoid")
pair = list_of(size, count=2)


def named(activation):
    return f"<tt::{activation}>" if activation else ""


def behind(activation):
    return f" | tt::{activation}" if activation else ""


def norm(c):
    return ", .normalize = tt::power_norm::whole" if c["normalize"] else ""


def pair_of(c):
    for k in range(2):
        c.given(f"x{k}", c.view(f"input.x{k}"))


def layers(c, *places):
    """The linear layers of an expression, in the order of their use."""
    for k, place in enumerate(places):
        c.layer("y.linear" + (f"_{k + 1}" if k else ""), f"param.{place}.")


interaction = dict(input_dims=pair, flip=(boolean, False), clip=(list_of(real, count=2), None))


def held(c, flat):
    """Both inputs, clamped if asked for, in the roles of x0 and x1."""
    names = []
    for k in range(2):
        view = c.view(f"input.x{k}")
        c.given(f"x{k}", view.flat(1) if flat else view)
        names.append(f"x{k}")
        if c["clip"] is not None:
            low, high = c["clip"]
            c.equation(f"held{k}", f"x{k} | tt::clamp{{{number(low)}, {number(high)}}}")
            names[k] = f"held{k}"
    return names[::-1] if c["flip"] else names


def interaction_of(c, prefix, bilinear, first, second):
    """Parameters of a multiplicative interaction: the last axes of all are the result's, joined."""
    result = len(c.view(f"param.{prefix}b").shape)
    W, U, V, b = (c.view(f"param.{prefix}{p}") for p in "WUVb")
    c.parameter(f"y.{bilinear}.weight", W.flat(2).permuted(2, 0, 1))
    c.parameter(f"y.{first}.weight", U.flat(1).permuted(1, 0))
    c.parameter(f"y.{second}.weight", V.flat(1).permuted(1, 0))
    c.parameter(f"y.{bilinear}.bias", b.flat(0) if result > 1 else b)


def sketches(c, name, *places):
    for k, place in enumerate(places):
        for part in ["h", "s"]:
            c.parameter(f"{name}.compact_bilinear.{part}.{k}", c.view(f"buffer.{place}{part}"))


def shared_pair(c):
    """One pair of layers for both modalities: a named pipeline, called twice."""
    if c["shared"] and c["input_dims"][0] != c["input_dims"][1]:
        raise Mistake("shared layers need inputs of one width")
    pair_of(c)


def merging(c, name, prefix):
    """One layer a chunk, those of the first size and those of the other."""
    sizes = [c.view(f"{prefix}{k}.bias").shape[0] for k in range(c["chunks"])]
    for part, last in [("", False), ("last_", True)]:
        chosen = [k for k in range(len(sizes)) if (sizes[k] != sizes[0]) == last and sizes[k] > 0]
        for kind in ["weight", "bias"]:
            pieces = []
            for at, k in enumerate(chosen):
                view = c.view(f"{prefix}{k}.{kind}")
                pieces.append((view.reshaped(1, *view.shape), at))
            if pieces:
                c.parameter(f"{name}.{part}{kind}", *pieces)
    for k in range(len(sizes)):
        if sizes[k] == 0:
            for kind in ["weight", "bias"]:
                c.ignored.update([f"{prefix}{k}.{kind}", f"grad.{prefix}{k}.{kind}"])  # no elements


def block_options(c, more=""):
    place = "chunks" if c["pos_norm"] == "before_cat" else "whole"
    return (f".features = {c['output_dim']}, .width = {c['mm_dim']}, .chunks = {c['chunks']}{more}"
            f", .normalize = tt::power_norm::{place}")


blocks = dict(input_dims=pair, output_dim=size, mm_dim=size, chunks=size, shared=(boolean, False),
              pos_norm=(one_of("before_cat", "after_cat"), "before_cat"))


simple = dict(input_dims=pair, output_dim=size, mm_dim=size, activ_input=(activations, "relu"),
              activ_output=(activations, "relu"), normalize=(boolean, False))


def simple_fusion(c, call, more=""):
    pair_of(c)
    c.equation("y", f"tt::{call}{named(c['activ_input'])}({{.features = {c['output_dim']}, .width = {c['mm_dim']}"
                    f"{more}{norm(c)}}}, x0, x1){behind(c['activ_output'])}")
    c.output("y", c.view("output.y"))


@operator("cadene.mlb", **simple)
def mlb(c):
    if norm(c):  # tt::mlb has no normalisation; MFB of one factor is MLB with it
        simple_fusion(c, "mfb")
        layers(c, "linear0", "linear1", "linear_out")
        return
    pair_of(c)
    act = c["activ_input"] or "identity"
    c.equation("y", f"tt::fuse(tt::mlb{{.rank = {c['mm_dim']}, .features = {c['output_dim']}, .act = "
                    f"tt::activation::{act}}}, x0, x1){behind(c['activ_output'])}")
    for k in range(2):
        c.parameter(f"y.mlb.weight.{k}", c.view(f"param.linear{k}.weight"))
        c.parameter(f"y.mlb.bias.{k}", c.view(f"param.linear{k}.bias"))
    c.parameter("y.mlb.output_weight", c.view("param.linear_out.weight"))
    c.parameter("y.mlb.output_bias", c.view("param.linear_out.bias"))
    c.output("y", c.view("output.y"))


@operator("cadene.mfb", **simple, factor=size)
def mfb(c):
    simple_fusion(c, "mfb", f", .factor = {c['factor']}")
    layers(c, "linear0", "linear1", "linear_out")


@operator("cadene.linear_sum", **simple)
def linear_sum(c):
    simple_fusion(c, "linear_sum")
    layers(c, "linear0", "linear1", "linear_out")


@operator("cadene.mfh", **simple, factor=size)
def mfh(c):
    pair_of(c)
    act = f", tt::{c['activ_input']}" if c["activ_input"] else ""
    c.equation("y", f"tt::mfh<2{act}>({{.features = {c['output_dim']}, .width = {c['mm_dim']}, .factor = {c['factor']}"
                    f"{norm(c)}}}, x0, x1){behind(c['activ_output'])}")
    layers(c, "linear0_0", "linear1_0", "linear0_1", "linear1_1", "linear_out")
    c.output("y", c.view("output.y"))


@operator("cadene.mutan", input_dims=pair, output_dim=size, mm_dim=size, rank=size, normalize=(boolean, False),
          shared=(boolean, False))
def mutan(c):
    shared_pair(c)
    pool = f".factor = {c['rank']}{norm(c)}"
    if c["shared"]:
        c.equation("merged", f"tt::linear{{{c['mm_dim']}}} | tt::linear{{{c['mm_dim'] * c['rank']}}}")
        c.equation("y", f"tt::fuse(tt::product{{}}, x0 | merged, x1 | merged) | tt::factor_pool{{.factor = {c['rank']}, "
                        f".neighbours = false{norm(c)}}} | tt::linear{{{c['output_dim']}}}")
        c.layer("merged.linear", "param.linear0.")
        c.layer("merged.linear_2", "param.merge_linear0.")
        c.layer("y.linear", "param.linear_out.")
    else:
        c.equation("y", f"tt::mutan({{.features = {c['output_dim']}, .width = {c['mm_dim']}, {pool}}}, x0, x1)")
        layers(c, "linear0", "merge_linear0", "linear1", "merge_linear1", "linear_out")
    c.output("y", c.view("output.y"))


@operator("cadene.tucker", input_dims=pair, output_dim=size, mm_dim=size, normalize=(boolean, False),
          shared=(boolean, False))
def tucker(c):
    pair_of(c)
    c.equation("y", f"tt::tucker({{.features = {c['output_dim']}, .width = {c['mm_dim']}{norm(c)}}}, x0, x1)")
    layers(c, "linear0", "linear1", "linear_out")
    c.layer("y.bilinear", "param.bilinear.")
    c.output("y", c.view("output.y"))


@operator("cadene.block", **blocks, rank=size)
def block(c):
    shared_pair(c)
    if c["shared"]:
        place = "chunks" if c["pos_norm"] == "before_cat" else "whole"
        c.equation("merged", f"tt::linear{{{c['mm_dim']}}} | tt::block_linear{{.chunks = {c['chunks']}, .rank = "
                             f"{c['rank']}}}")
        c.equation("y", f"tt::fuse(tt::product{{}}, x0 | merged, x1 | merged) | tt::factor_pool{{.factor = {c['rank']}, "
                        f".neighbours = false, .chunks = {c['chunks']}, .normalize = tt::power_norm::{place}}} | "
                        f"tt::linear{{{c['output_dim']}}}")
        c.layer("merged.linear", "param.linear0.")
        merging(c, "merged.block_linear", "param.merge_linears0.")
        c.layer("y.linear", "param.linear_out.")
    else:
        c.equation("y", f"tt::block({{{block_options(c, f', .rank = ' + str(c['rank']))}}}, x0, x1)")
        layers(c, "linear0", "linear1", "linear_out")
        merging(c, "y.block_linear", "param.merge_linears0.")
        merging(c, "y.block_linear_2", "param.merge_linears1.")
    c.output("y", c.view("output.y"))


@operator("cadene.block_tucker", **blocks)
def block_tucker(c):
    shared_pair(c)
    if c["shared"]:
        place = "chunks" if c["pos_norm"] == "before_cat" else "whole"
        c.equation("projected", f"tt::linear{{{c['mm_dim']}}}")
        c.equation("y", f"tt::fuse(tt::block_bilinear{{{c['chunks']}}}, x0 | projected, x1 | projected) | "
                        f"tt::factor_pool{{.chunks = {c['chunks']}, .normalize = tt::power_norm::{place}}} | "
                        f"tt::linear{{{c['output_dim']}}}")
        c.layer("projected.linear", "param.linear0.")
        c.layer("y.linear", "param.linear_out.")
    else:
        c.equation("y", f"tt::block_tucker({{{block_options(c)}}}, x0, x1)")
        layers(c, "linear0", "linear1", "linear_out")
    merging(c, "y.block_bilinear", "param.bilinears.")
    c.output("y", c.view("output.y"))


@operator("multibench.mi2_matrix", **interaction, output=always("matrix"), output_dim=size, flatten=(boolean, False))
def mi2_matrix(c):
    a, b = held(c, c["flatten"])
    c.equation("y", f"tt::multiplicative_interaction({c['output_dim']}, {a}, {b})")
    interaction_of(c, "", "bilinear", "linear", "linear_2")
    c.output("y", c.view("output.y"))


@operator("multibench.mi2_matrix3D", **interaction, output=always("matrix3D"), output_dim=pair)
def mi2_matrix3d(c):
    a, b = held(c, False)
    rows, columns = c["output_dim"]
    c.equation("y", f"tt::multiplicative_interaction({rows * columns}, {a}, {b})")
    interaction_of(c, "", "bilinear", "linear", "linear_2")
    c.output("y", c.view("output.y").flat(1))


@operator("multibench.mi2_vector", **interaction, output=always("vector"), output_dim=whole(), flatten=(boolean, False))
def mi2_vector(c):
    a, b = held(c, c["flatten"])
    c.equation("y", f"tt::multiplicative_vector({c.view('param.V').shape[0]}, {a}, {b})")
    for layer, weight, bias in [("linear", "W", "V"), ("linear_2", "U", "b")]:
        c.parameter(f"y.{layer}.weight", c.view(f"param.{weight}").permuted(1, 0))
        c.parameter(f"y.{layer}.bias", c.view(f"param.{bias}"))
    c.output("y", c.view("output.y"))


@operator("multibench.mi2_scalar", **interaction, output=always("scalar"), output_dim=whole(), flatten=(boolean, False))
def mi2_scalar(c):
    a, b = held(c, c["flatten"])
    c.equation("y", f"tt::multiplicative_scalar({c.view('output.y').shape[1]}, {a}, {b})")
    for layer, weight, bias in [("linear", "W", "V"), ("linear_2", "U", "b")]:
        w = c.view(f"param.{weight}")
        c.parameter(f"y.{layer}.weight", w.reshaped(1, *w.shape))
        c.parameter(f"y.{layer}.bias", c.view(f"param.{bias}"))
    c.output("y", c.view("output.y"))


@operator("multibench.mi3", input_dims=list_of(size, count=3), output_dim=size, task=one_of("affect", None))
def mi3(c):
    if c["task"] is None:
        raise Waiting("task null: the reference joins every sample with every other")
    for k in range(3):
        c.given(f"x{k}", c.view(f"input.x{k}"))
    c.equation("y", f"tt::multiplicative_triple({c['input_dims'][2]}, {c['output_dim']}, x0, x1, x2)")
    interaction_of(c, "a.", "bilinear", "linear", "linear_2")
    interaction_of(c, "b.", "bilinear_2", "linear_3", "linear_4")
    c.output("y", c.view("output.y"))


@operator("cadene.count_sketch", input_size=size, output_size=size)
def count_sketch(c):
    c.given("x", c.view("input.x").rows())
    c.equation("y", f"x | tt::compact_bilinear{{{c['output_size']}}}")
    sketches(c, "y", "")
    c.output("y", c.view("output.y").rows())


@operator("cadene.compact_bilinear_pooling", input1_size=size, input2_size=size, output_size=size)
def compact_bilinear_pooling(c):
    for k in range(2):
        c.given(f"x{k}", c.view(f"input.x{k}").rows())
    c.equation("y", f"tt::fuse(tt::compact_bilinear{{{c['output_size']}}}, x0, x1)")
    sketches(c, "y", "sketch1.", "sketch2.")
    c.output("y", c.view("output.y").rows())


@operator("cadene.mcb", input_dims=pair, output_dim=size, mm_dim=size, activ_output=(activations, "relu"))
def mcb(c):
    pair_of(c)
    c.equation("y", f"tt::mcb({{.features = {c['output_dim']}, .width = {c['mm_dim']}}}, x0, x1)"
                    f"{behind(c['activ_output'])}")
    sketches(c, "y", "mcb.sketch1.", "mcb.sketch2.")
    c.layer("y.linear", "param.linear_out.")
    c.output("y", c.view("output.y"))
