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
    names = given_as_x(c, "x", 2)
    c.equation("y", f"tt::fuse(tt::gmu{{.features = {c['size_out']}, .gate = tt::gmu_gate::hidden, .scalar = true}}, "
                    f"{', '.join(names)})")
    for k in range(2):  # the reference applies its first layer to both
        c.parameter(f"y.gmu.weight.{k}", c.view("param.hidden1.weight"))
    c.parameter("y.gmu.gate_weight", c.view("param.hidden_sigmoid.weight"))
    c.output("y", c.view("output.y"))


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
    place = {"block-input-film": "input", "conv-film": "convolution", "bn-film": "normalisation",
             "relu-film": "activation", "block-output-film": "output"}[c["condition_method"]]
    form = f"tt::film_place::{place}, {bits(c['with_batchnorm'])}, {bits(c['with_residual'])}"
    c.equation("y", f"x | tt::film_residual_block<{form}>({{.channels = {c['in_dim']}, .kernel = "
                    f"{c['with_input_proj']}, .affine = {bits(c['batchnorm_affine'])}}}, gammas, betas)")
    c.layer("y.conv2d", "param.input_proj.")
    c.layer("y.conv2d_2", "param.conv1.")
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
    c.equation("joint", f"tt::fuse(tt::channel_squeeze{{.ratio = {c['ratio']}}}, visual, skeleton)")
    c.layer("joint.channel_squeeze", "param.fc_squeeze.")
    for name in ["visual", "skeleton"]:
        c.equation(f"gated_{name}", f"tt::fuse(tt::channel_excite{{}}, {name}, joint)")
        c.layer(f"gated_{name}.channel_excite", f"param.fc_{name}.")
        c.output(f"gated_{name}", flat(c.view(f"output.{name}")))


@operator("torchmultimodal.attention_fusion", channel_to_encoder_dim=table_of(size, 2),
          encoding_projection_dim=either(null, size))
def attention_fusion(c):
    names = sorted(c["channel_to_encoder_dim"])
    inputs = [c.given(f"x{k}", c.view(f"input.{n}")) for k, n in enumerate(names)]
    c.equation("y", f"tt::fuse(tt::attention_fusion{{.features = {c['encoding_projection_dim'] or 0}}}, "
                    f"{', '.join(inputs)})")
    for k, n in enumerate(names):
        for part in ["weight", "bias"]:
            c.parameter(f"y.attention_fusion.{part}.{k}", c.view(f"param.encoding_projection.{n}.{part}"))
    for part in ["weight", "bias"]:
        c.parameter(f"y.attention_fusion.attention_{part}", c.view(f"param.attention.0.{part}"))
    c.output("y", c.view("output.y"))


@operator("multibench.mvae_poe", modalities=size, eps=always(1e-8))
def mvae_poe(c):
    experts = []
    for k in range(c["modalities"]):
        experts += [c.given(f"mu{k}", c.view(f"input.mu{k}")), c.given(f"logvar{k}", c.view(f"input.logvar{k}"))]
    c.equation(["mu", "logvar"], f"tt::fuse(tt::gaussian_product{{}}, {', '.join(experts)})")
    c.output("mu", c.view("output.mu"))
    c.output("logvar", c.view("output.logvar"))


@operator("multibench.sensor_poe", modalities=size)
def sensor_poe(c):
    experts = []
    for k in range(c["modalities"]):
        view = c.view(f"input.h{k}")
        c.given(f"h{k}", view)
        c.equation([f"mean{k}", f"raw{k}"], f"h{k} | tt::split{{{view.shape[1] // 2}}}")
        experts += [f"mean{k}", f"raw{k} | tt::softplus{{}} | tt::affine{{.shift = 1e-8}}"]
    c.equation(["mu", "var"], "tt::fuse(tt::gaussian_product{.log_variance = false, .prior = false, .epsilon = 0}, "
                              f"{', '.join(experts)})")
    c.output("mu", c.view("output.mu"))
    c.output("var", c.view("output.var"))


@operator("multibench.nl_gate", thw_dim=size, c_dim=size, tf_dim=size, linear=boolean)
def nl_gate(c):
    c.given("x0", c.view("input.x0"))
    c.given("x1", c.view("input.x1"))
    queries, keys, width = c["thw_dim"], c["tf_dim"], c["c_dim"]
    q, k, v = "x0", "x1", "x1"
    if c["linear"]:
        for name, source, n in [("q", "x0", queries), ("k", "x1", keys), ("v", "x1", keys)]:
            c.equation(name, f"{source} | tt::linear{{{n * width}}}")
            c.layer(f"{name}.linear", f"param.{name}li.")
        q, k, v = "q", "k", "v"
    c.equation("y", f"tt::nonlocal_gate({{.queries = {queries}, .keys = {keys}, .width = {width}}}, {q}, {k}, {v})")
    c.output("y", c.view("output.y"))


@operator("multibench.mctn_attention", hidden_size=size)
def mctn_attention(c):
    n = c["hidden_size"]
    c.given("hidden", c.view("input.hidden"))
    c.given("enc", c.view("input.enc").permuted(1, 0, 2))
    # Attention to one key gives its value to every step.
    one = f"hidden | tt::reshape(tt::sequence{{.length = 1, .width = {n}}})"
    c.equation("state", one)
    c.equation("repeated", "tt::fuse(tt::dot_product_attention{.one_key = true}, enc, state, state)")
    c.equation("y", f"tt::fuse(tt::concat{{}}, repeated, enc) | tt::linear{{{n}}} | tt::softmax(0) | "
                    f"tt::linear{{.features = 1, .bias = false}} | tt::relu")
    c.layer("y.linear", "param.attn.")
    c.parameter("y.linear_2.weight", c.view("param.v").reshaped(1, n))
    c.output("y", c.view("output.y").permuted(0, 2, 1))


def subnets(c):
    """Audio and video through batch normalisation and three layers, text through an LSTM and one."""
    for k, name in enumerate(["audio", "video"]):
        c.given(name, c.view(f"input.{name}"))
        layers = "".join(f" | tt::linear{{{c['hidden_dims'][k]}}} | tt::relu" for _ in range(3))
        c.equation(f"{name}_h", f"{name} | tt::batch_norm{{}}{layers}")
        c.layer(f"{name}_h.batch_norm", f"param.{name}_subnet.norm.")
        statistics(c, f"{name}_h.batch_norm", f"{name}_subnet.norm.")
        for i in range(3):
            c.layer(f"{name}_h.linear" + (f"_{i + 1}" if i else ""), f"param.{name}_subnet.linear_{i + 1}.")
    c.given("text", c.view("input.text"))
    c.equation("text_h", f"text | tt::lstm{{.hidden = {c['hidden_dims'][2]}}} | tt::last_token | tt::linear{{{c['text_out']}}}")
    for part in ["weight_ih", "weight_hh", "bias_ih", "bias_hh"]:
        c.parameter(f"text_h.lstm.{part}_l0", c.view(f"param.text_subnet.rnn.{part}_l0"))
    c.layer("text_h.linear", "param.text_subnet.linear_1.")


networks = dict(input_dims=list_of(size, count=3), hidden_dims=list_of(size, count=3), text_out=size, dropouts=always(0))


@operator("lmf.network", **networks, output_dim=size, rank=size)
def lmf_network(c):
    subnets(c)
    c.equation("y", f"tt::fuse(tt::low_rank_fusion{{.rank = {c['rank']}, .features = {c['output_dim']}}}, audio_h, video_h, text_h)")
    for k, name in enumerate(["audio", "video", "text"]):
        c.parameter(f"y.low_rank_fusion.factor.{k}", c.view(f"param.{name}_factor"))
    for part in ["weights", "bias"]:
        c.parameter(f"y.low_rank_fusion.fusion_{part}", c.view(f"param.fusion_{part}").flat(0))
    c.output("y", c.view("output.y"))


@operator("tfn.network", **networks, post_fusion_dim=size)
def tfn_network(c):
    subnets(c)
    n = c["post_fusion_dim"]
    c.equation("y", f"tt::fuse(tt::tensor_fusion{{}}, audio_h, video_h, text_h) | tt::linear{{{n}}} | tt::relu | "
                    f"tt::linear{{{n}}} | tt::relu | tt::linear{{1}} | tt::sigmoid | tt::affine{{.scale = 6, .shift = -3}}")
    for i in range(3):
        c.layer("y.linear" + (f"_{i + 1}" if i else ""), f"param.post_fusion_layer_{i + 1}.")
    for constant in ["output_range", "output_shift"]:
        c.ignored.add(f"buffer.{constant}")
    c.output("y", c.view("output.y"))


def members(c, network):
    """The modalities as operands; the parameters of their projections and of the attention over them are those of
    `network`."""
    operands = []
    for k, name in enumerate(sorted(c["dims"])):
        operands.append(c.given(f"x{k}", c.view(f"input.{name}")))
        if c["use_auto_mapping"]:
            c.layer(f"{network}.linear" + (f"_{k + 1}" if k else ""), f"param.projections.{name}.")
    layers = len(operands) if c["use_auto_mapping"] else 0
    if c["apply_attention"]:
        for part in ("0", "2"):
            layers += 1
            c.layer(f"{network}.linear" + (f"_{layers}" if layers > 1 else ""), f"param.attention.{part}.")
    return operands, layers


def head(v):
    return isinstance(v, dict) and set(v) == {"type", "in", "out"} and v["type"] == "linear" and size(v["in"]) and size(v["out"])


sets = dict(dims=table_of(size, 2), mlp=head, use_auto_mapping=(boolean, False), apply_attention=(boolean, False))


@operator("torchmultimodal.deepset_fusion", **sets, attention_dim=(size, None),
          pooling=one_of("mean", "max", "sum", "median"), modality_normalize=(boolean, False), norm_factor=(positive, 2.0))
def deepset_fusion(c):
    operands, layers = members(c, "y")
    pool = {"mean": "mean_pool", "max": "time_max_pool", "sum": "sum_pool", "median": "median_pool"}[c["pooling"]]
    weights = "attention" if c["apply_attention"] else "equal"
    c.equation("y", f"tt::deep_sets<tt::{pool}, tt::set_weights::{weights}, {bits(c['use_auto_mapping'])}>({{.width = "
                    f"{min(c['dims'].values())}, .hidden = {c['attention_dim'] or 0}, .p = {number(c['norm_factor'])}, "
                    f".across = {bits(c['modality_normalize'])}}}, {', '.join(operands)}) | "
                    f"tt::linear{{{c['mlp']['out']}}}")
    c.layer("y.linear" + (f"_{layers + 1}" if layers else ""), "param.mlp.")
    c.output("y", c.view("output.y"))


@operator("torchmultimodal.deepset_transformer", **sets, num_transformer_att_heads=(size, 8),
          num_transformer_layers=(size, 1), dim_feedforward=always(12))
def deepset_transformer(c):
    from operators.attention import torch_encoder
    width = min(c["dims"].values())
    operands, _ = members(c, "tokens")
    if c["use_auto_mapping"]:
        operands = [f"{x} | tt::linear{{{width}}}" for x in operands]
    weighed = f" | tt::weigh_tokens({width // 2})" if c["apply_attention"] else ""
    c.equation("tokens", f"tt::fuse(tt::stack{{}}, {', '.join(operands)}){weighed} | tt::normalize{{}}")
    torch_encoder(c, "pooled", "tokens", "param.pooling_function.", width, c["num_transformer_att_heads"], 12,
                  c["num_transformer_layers"], norm="param.pooling_function.norm.")
    c.equation("y", f"pooled | tt::first_token | tt::linear{{{c['mlp']['out']}}}")
    c.layer("y.linear", "param.mlp.")
    c.output("y", c.view("output.y"))
