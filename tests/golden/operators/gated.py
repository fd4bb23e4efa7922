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


def stacked(c):
    """The modalities, of one width, as tokens, and weighed by attention if wanted."""
    names, width = sorted(c["dims"]), min(c["dims"].values())
    tokens = []
    for k, name in enumerate(names):
        c.given(f"x{k}", c.view(f"input.{name}"))
        tokens.append(f"x{k}")
        if c["use_auto_mapping"]:
            tokens[k] = c.equation(f"p{k}", f"x{k} | tt::linear{{{width}}}")
            c.layer(f"p{k}.linear", f"param.projections.{name}.")
    c.equation("tokens", f"tt::fuse(tt::stack{{}}, {', '.join(tokens)})")
    if not c["apply_attention"]:
        return "tokens", width
    hidden = c.options.get("attention_dim") or width // 2
    c.equation("scores", f"tokens | tt::linear{{{hidden}}} | tt::tanh | tt::linear{{1}} | tt::softmax(0)")
    c.layer("scores.linear", "param.attention.0.")
    c.layer("scores.linear_2", "param.attention.2.")
    return c.equation("weighed", "tt::fuse(tt::token_gate{}, tokens, scores)"), width


def head(v):
    return isinstance(v, dict) and set(v) == {"type", "in", "out"} and v["type"] == "linear" and size(v["in"]) and size(v["out"])


sets = dict(dims=table_of(size, 2), mlp=head, use_auto_mapping=(boolean, False), apply_attention=(boolean, False))


@operator("torchmultimodal.deepset_fusion", **sets, attention_dim=(size, None),
          pooling=one_of("mean", "max", "sum", "median"), modality_normalize=(boolean, False), norm_factor=(positive, 2.0))
def deepset_fusion(c):
    source, _ = stacked(c)
    count = len(c["dims"])
    pool = {"mean": "tt::mean_pool", "max": "tt::time_max_pool",
            "sum": f"tt::mean_pool | tt::affine{{.scale = {count}}}", "median": "tt::median_pool"}[c["pooling"]]
    c.equation("y", f"{source} | tt::normalize{{.p = {number(c['norm_factor'])}, "
                    f".axis = {0 if c['modality_normalize'] else -1}}} | {pool} | tt::linear{{{c['mlp']['out']}}}")
    c.layer("y.linear", "param.mlp.")
    c.output("y", c.view("output.y"))


@operator("torchmultimodal.deepset_transformer", **sets, num_transformer_att_heads=(size, 8),
          num_transformer_layers=(size, 1), dim_feedforward=always(12))
def deepset_transformer(c):
    from operators.attention import torch_encoder
    source, width = stacked(c)
    torch_encoder(c, "pooled", f"{source} | tt::normalize{{}}", "param.pooling_function.", width, c["num_transformer_att_heads"], 12,
                  c["num_transformer_layers"], norm="param.pooling_function.norm.")
    c.equation("y", f"pooled | tt::first_token | tt::linear{{{c['mlp']['out']}}}")
    c.layer("y.linear", "param.mlp.")
    c.output("y", c.view("output.y"))
