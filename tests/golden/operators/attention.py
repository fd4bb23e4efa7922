"""Attention and transformer layers: torch.*, torchmultimodal.*, multibench.*, perceiver.attention"""

import math

from describe import *


def projections(c, network, packed=None, separate=None, bias=True, out=None, out_bias=True, width=None):
    """Parameters of attention: from PyTorch's in_proj_*, or from three linear layers; then the output layer."""
    for k, p in enumerate("qkv"):
        if packed:
            rows = lambda t: c.view(t).part(0, k * width, (k + 1) * width)
            c.parameter(f"{network}.{p}_weight", rows(f"{packed}weight"))
            if bias:
                c.parameter(f"{network}.{p}_bias", rows(f"{packed}bias"))
        else:
            weight, bias_name = separate(p)
            c.parameter(f"{network}.{p}_weight", c.view(weight) if isinstance(weight, str) else weight)
            if bias:
                c.parameter(f"{network}.{p}_bias", c.view(bias_name))
    c.parameter(f"{network}.out_weight", c.view(f"{out}weight"))
    if out_bias:
        c.parameter(f"{network}.out_bias", c.view(f"{out}bias"))


@operator("torch.multihead_attention", embed_dim=size, num_heads=size, self=boolean, batch_first=(boolean, False),
          bias=(boolean, True), kdim=(size, None), vdim=(size, None), add_bias_kv=(boolean, False),
          add_zero_attn=(boolean, False), key_padding_mask=boolean,
          attn_mask=either(null, one_of("causal", "float", "inf", "3d")), average_attn_weights=boolean)
def multihead_attention(c):
    width, bias = c["embed_dim"], c["bias"]
    swap = (lambda v: v) if c["batch_first"] else (lambda v: v.permuted(1, 0, 2))
    query, key, value = (["input.x"] * 3 if c["self"] else ["input.query", "input.key", "input.value"])
    valid = c.view("aux.key_padding_mask").transformed("invert") if c["key_padding_mask"] else None
    for name, tensor in [("query", query), ("key", key), ("value", value)]:
        view, mask = swap(c.view(tensor)), None if name == "query" else valid
        c.input(name, sequence(view.shape[1], view.shape[2], mask is not None), view, mask=mask)
    operands = ["query", "key", "value"]
    samples, queries = swap(c.view(query)).shape[:2]
    keys = swap(c.view(key)).shape[1]
    if c["attn_mask"] in ("float", "inf", "3d"):
        mask = c.view("aux.attn_mask")
        mask = mask.split(0, samples).transformed("barred") if c["attn_mask"] == "3d" else mask.repeated(0, samples)
        operands.append(c.input("added", picture(*mask.shape[1:]) if len(mask.shape) == 4 else
                                sequence(queries, keys), mask))
    elif c["attn_mask"]:
        c.used.add("aux.attn_mask")
    c.equation(["y", "weights"], f"tt::fuse(tt::attention_with_weights{{.heads = {c['num_heads']}, "
               f".causal = {bits(c['attn_mask'] == 'causal')}, .bias = {bits(bias)}, .bias_kv = {bits(c['add_bias_kv'])}, "
               f".zero_attention = {bits(c['add_zero_attn'])}, .one_key = {bits(keys == 1)}, .average = {bits(c['average_attn_weights'])}}}, "
               f"{', '.join(operands)})")
    name = "y.attention_with_weights"
    if c.has("param.in_proj_weight"):
        projections(c, name, packed="param.in_proj_", bias=bias, out="param.out_proj.", out_bias=bias, width=width)
    else:
        def separate(p):
            return f"param.{p}_proj_weight", None
        projections(c, name, separate=separate, bias=False, out="param.out_proj.", out_bias=bias)
        for k, p in enumerate("qkv"):
            if bias:
                c.parameter(f"{name}.{p}_bias", c.view("param.in_proj_bias").part(0, k * width, (k + 1) * width))
    if c["add_bias_kv"]:
        for p in "kv":
            c.parameter(f"{name}.bias_{p}", c.view(f"param.bias_{p}").flat(0))
    c.output("y", swap(c.view("output.y")))
    c.output("weights", c.view("output.weights"))


def torch_layer(c, network, prefix, width, decoder=False):
    """Parameters of torch.nn.TransformerEncoderLayer or, with a second attention, of the decoder's."""
    projections(c, f"{network}.self_attention", packed=f"{prefix}self_attn.in_proj_", out=f"{prefix}self_attn.out_proj.",
                width=width)
    if decoder:
        projections(c, f"{network}.cross_attention", packed=f"{prefix}multihead_attn.in_proj_",
                    out=f"{prefix}multihead_attn.out_proj.", width=width)
    for k in range(2):
        c.layer(f"{network}.linear" + ("_2" if k else ""), f"{prefix}linear{k + 1}.")
    for k in range(3 if decoder else 2):
        c.layer(f"{network}.layer_norm" + (f"_{k + 1}" if k else ""), f"{prefix}norm{k + 1}.")


def layer_text(kind, first, activation, width, heads, hidden, causal=False, epsilon=1e-5, memory=None, one_key=True):
    name = f"transformer_{kind}_layer" if first else f"post_norm_{kind}_layer"
    return (f"tt::{name}<tt::{activation}>({{.width = {width}, .heads = {heads}, .hidden = {hidden}, "
            f".causal = {bits(causal)}, .epsilon = {number(epsilon)}, "
            f".one_key = {bits(one_key)}}}{', ' + memory if memory else ''})")


layer_options = dict(d_model=size, nhead=size, dim_feedforward=size, dropout=(always(0), 0), norm_first=(boolean, False),
                     activation=(one_of("relu", "gelu"), "relu"))


@operator("torch.transformer_encoder_layer", **layer_options, layer_norm_eps=(positive, 1e-5), batch_first=boolean,
          mask=either(null, one_of("pad", "causal")))
def transformer_encoder_layer(c):
    swap = (lambda v: v) if c["batch_first"] else (lambda v: v.permuted(1, 0, 2))
    view = swap(c.view("input.x"))
    mask = c.view("aux.src_key_padding_mask").transformed("invert") if c["mask"] == "pad" else None
    if c["mask"] == "causal":
        c.used.add("aux.src_mask")
    c.input("x", sequence(*view.shape[1:], mask is not None), view, mask=mask)
    c.equation("y", "x | " + layer_text("encoder", c["norm_first"], c["activation"], c["d_model"], c["nhead"],
                                        c["dim_feedforward"], c["mask"] == "causal", c["layer_norm_eps"]))
    torch_layer(c, "y", "param.", c["d_model"])
    c.output("y", swap(c.view("output.y")))


def torch_encoder(c, network, source, prefix, width, heads, hidden, layers, first=False, activation="relu", norm=None):
    """torch.nn.TransformerEncoder as one equation."""
    layer = layer_text("encoder", first, activation, width, heads, hidden)
    c.equation(network, f"{source} | tt::repeat({layers}, {layer})" + (" | tt::layer_norm{}" if norm else ""))
    for k in range(layers):
        torch_layer(c, f"{network}.{k}", f"{prefix}layers.{k}.", width)
    if norm:
        c.layer(f"{network}.layer_norm", norm)


@operator("torch.transformer_encoder", **layer_options, batch_first=always(True), num_layers=size,
          final_norm=always(True))
def transformer_encoder(c):
    mask = c.view("aux.src_key_padding_mask").transformed("invert")
    view = c.view("input.x")
    c.input("x", sequence(*view.shape[1:], True), view, mask=mask)
    torch_encoder(c, "y", "x", "param.", c["d_model"], c["nhead"], c["dim_feedforward"], c["num_layers"],
                  c["norm_first"], c["activation"], "param.norm.")
    c.output("y", c.view("output.y"))


@operator("torch.transformer_decoder_layer", **layer_options, batch_first=always(True))
def transformer_decoder_layer(c):
    c.given("x", c.view("input.x"))
    view = c.view("input.memory")
    c.input("memory", sequence(*view.shape[1:], True), view,
            mask=c.view("aux.memory_key_padding_mask").transformed("invert"))
    c.output("y", c.view("output.y"))
    if c.causal("aux.tgt_mask"):
        c.equation("y", "x | " + layer_text("decoder", c["norm_first"], c["activation"], c["d_model"], c["nhead"],
                                            c["dim_feedforward"], True, memory="memory"))
        torch_layer(c, "y", "param.", c["d_model"], decoder=True)
        return
    # Any other mask is added to the scores.
    length = c.view("aux.tgt_mask").shape[0]
    c.input("added", sequence(length, length), c.view("aux.tgt_mask").repeated(0, c.view("input.x").shape[0])
            .transformed("barred"))
    forward = f"tt::linear{{{c['dim_feedforward']}}} | tt::{c['activation']} | tt::linear{{{c['d_model']}}}"
    itself = f"tt::fuse(tt::biased_attention{{.heads = {c['nhead']}, .one_key = true}}, n, n, n, added)"
    cross = f"tt::cross_attention{{.heads = {c['nhead']}, .one_key = true}}"
    norm = "tt::layer_norm{}"
    if c["norm_first"]:
        c.equation("n", f"x | {norm}")
        c.equation("s", f"tt::fuse(tt::sum{{}}, x, {itself})")
        c.equation("y", f"s | tt::residual(tt::fuse({cross}, tt::here | {norm}, memory)) | tt::residual({norm} | {forward})")
        norms = ["n.layer_norm", "y.layer_norm", "y.layer_norm_2"]
    else:
        c.equation("n", "x | tt::affine{}")
        c.equation("s", f"tt::fuse(tt::sum{{}}, x, {itself}) | {norm}")
        c.equation("y", f"s | tt::residual(tt::fuse({cross}, tt::here, memory)) | {norm} | tt::residual({forward}) | {norm}")
        norms = ["s.layer_norm", "y.layer_norm", "y.layer_norm_2"]
    projections(c, "s.biased_attention", packed="param.self_attn.in_proj_", out="param.self_attn.out_proj.",
                width=c["d_model"])
    projections(c, "y.cross_attention", packed="param.multihead_attn.in_proj_", out="param.multihead_attn.out_proj.",
                width=c["d_model"])
    for k, name in enumerate(norms):
        c.layer(name, f"param.norm{k + 1}.")
    c.layer("y.linear", "param.linear1.")
    c.layer("y.linear_2", "param.linear2.")


def last_step_transformer(c, source, dim, heads, layers, end=""):
    c.equation("steps", f"{source} | tt::linear{{.features = {dim}, .bias = false}}")
    weight = c.view("param.conv.weight")
    c.parameter("steps.linear.weight", weight.at(2, 0))
    torch_encoder(c, "encoded", "steps", "param.transformer.", dim, heads, c["dim_feedforward"], layers)
    c.equation("y", f"encoded | tt::last_token{end}")
    c.output("y", c.view("output.y"))


fixed = lambda **values: {k: (always(v), v) for k, v in values.items()}


@operator("multibench.early_fusion_transformer", n_features=size, **fixed(embed_dim=9, nhead=3, num_layers=3,
                                                                         dim_feedforward=16))
def early_fusion_transformer(c):
    c.given("x", c.view("input.x"))
    last_step_transformer(c, "x", 9, 3, 3, " | tt::linear{1}")
    c.layer("y.linear", "param.linear.")


@operator("multibench.late_fusion_transformer", embed_dim=size, **fixed(nhead=3, num_layers=3, dim_feedforward=16))
def late_fusion_transformer(c):
    view = c.view("input.x")
    c.given("x", view.reshaped(*view.shape, 1))
    last_step_transformer(c, "x", c["embed_dim"], 3, 3)


@operator("multibench.unimodal_transformer", n_features=size, dim=size, **fixed(nhead=5, num_layers=5,
                                                                               dim_feedforward=16))
def unimodal_transformer(c):
    c.given("x", c.view("input.x"))
    last_step_transformer(c, "x", c["dim"], 5, 5)


@operator("torchmultimodal.mha_with_cache", dim_q=size, dim_kv=size, num_heads=size, add_bias=(boolean, True),
          mask=either(null, one_of("bool", "float")))
def mha_with_cache(c):
    for name in ["query", "key", "value"]:
        c.given(name, c.view(f"input.{name}"))
    samples = c.view("input.query").shape[0]
    operands, op = "query, key, value", "attention"
    if c["mask"]:
        mask = c.view("aux.attn_mask")  # [B or 1, 1, L, S]
        if c["mask"] == "bool":
            mask = mask.at(1, 0).transformed("barred_unless")
        else:
            mask = mask.at(1, 0).at(0, 0).repeated(0, samples)
        c.given("added", mask)
        operands, op = operands + ", added", "biased_attention"
    c.equation("y", f"tt::fuse(tt::{op}{{.heads = {c['num_heads']}, .bias = {bits(c['add_bias'])}, .out_bias = true, "
                    f".one_key = true}}, "
                    f"{operands})")
    projections(c, f"y.{op}", separate=lambda p: (f"param.{p}_proj.weight", f"param.{p}_proj.bias"),
                bias=c["add_bias"], out="param.output_proj.")
    c.output("y", c.view("output.y"))


@operator("torchmultimodal.attention_pooler", input_embed_dim=size, output_embed_dim=size, n_head=size, n_queries=size,
          layer_norm_eps=(positive, 1e-5))
def attention_pooler(c):
    c.given("x", c.view("input.x"))
    norm = f"tt::layer_norm{{.epsilon = {number(c['layer_norm_eps'])}}}"
    c.equation("queries", f"tt::learned({sequence(c['n_queries'], c['output_embed_dim'])}) | {norm}")
    c.equation("keys", f"x | {norm}")
    c.equation("y", f"tt::fuse(tt::cross_attention{{.heads = {c['n_head']}, .one_key = true}}, queries, keys) | {norm}")
    c.parameter("queries.learned.weight", c.view("param.query"))
    c.layer("queries.layer_norm", "param.ln_q.")
    c.layer("keys.layer_norm", "param.ln_k.")
    c.layer("y.layer_norm", "param.ln_post.")
    projections(c, "y.cross_attention", separate=lambda p: (f"param.attn.{p}_proj.weight", f"param.attn.{p}_proj.bias"),
                out="param.attn.output_proj.")
    c.output("y", c.view("output.y"))


@operator("torchmultimodal.transformer_encoder_layer", d_model=size, n_head=size, dim_feedforward=size,
          norm_first=(boolean, False), activation=(one_of("ReLU", "GELU"), "ReLU"))
def torchmultimodal_encoder_layer(c):
    width = c["d_model"]
    c.given("x", c.view("input.x"))
    c.equation("y", "x | " + layer_text("encoder", c["norm_first"], c["activation"].lower(), width, c["n_head"],
                                        c["dim_feedforward"], False, 1e-12))
    projections(c, "y.self_attention", packed="param.attention.input_proj.", out="param.attention.output_proj.",
                width=width)
    torchmultimodal_rest(c)


def torchmultimodal_rest(c, norms=("attention", "feedforward")):
    c.layer("y.linear", "param.feedforward.model.0.")
    c.layer("y.linear_2", "param.feedforward.model.2.")
    for k, norm in enumerate(norms):
        c.layer("y.layer_norm" + (f"_{k + 1}" if k else ""), f"param.{norm}_layernorm.")
    c.output("y", c.view("output.y"))


@operator("torchmultimodal.transformer_decoder_layer", d_model=size, n_head=size, dim_feedforward=size,
          norm_first=(boolean, False), dim_kv=(size, None))
def torchmultimodal_decoder_layer(c):
    c.given("x", c.view("input.x"))
    c.given("memory", c.view("input.memory"))
    c.equation("y", "x | " + layer_text("decoder", c["norm_first"], "relu", c["d_model"], c["n_head"],
                                        c["dim_feedforward"], False, 1e-12, "memory"))
    for name, prefix in [("self_attention", "param.attention."), ("cross_attention", "param.cross_attention.")]:
        projections(c, f"y.{name}", separate=lambda p: (f"{prefix}{p}_proj.weight", f"{prefix}{p}_proj.bias"),
                    out=f"{prefix}output_proj.")
    torchmultimodal_rest(c, ("attention", "cross_attention", "feedforward"))


@operator("perceiver.attention", query_dim=size, heads=size, dim_head=size, context_dim=(size, None),
          inverted_attention=boolean, mask=boolean)
def perceiver_attention(c):
    if c["inverted_attention"]:
        raise Waiting("(attention with its softmax over the queries)")
    view = c.view("input.x")
    c.given("x", view)
    source, inner = "x", c["heads"] * c["dim_head"]
    if c["context_dim"]:
        context = c.view("input.context")
        c.input("context", sequence(*context.shape[1:], c["mask"]), context,
                mask=c.view("aux.mask") if c["mask"] else None)
        source = "context"
    c.equation("y", f"tt::fuse(tt::cross_attention{{.heads = {c['heads']}, .bias = false, .width = {c['query_dim']}, "
                    f".out_bias = true, .head_width = {c['dim_head']}, .one_key = true}}, x, {source})")
    kv = c.view("param.to_kv.weight")
    weights = {"q": c.view("param.to_q.weight"), "k": kv.part(0, 0, inner), "v": kv.part(0, inner, 2 * inner)}
    projections(c, "y.cross_attention", separate=lambda p: (weights[p], None), bias=False, out="param.to_out.")
    c.output("y", c.view("output.y"))


@operator("perceiver.fourier_encode", max_freq=positive, num_bands=size)
def fourier_encode(c):
    view = c.view("input.x")
    c.given("x", view.rows())
    c.equation("y", f"x | tt::fourier_features{{.bands = {c['num_bands']}, .max_frequency = {number(c['max_freq'])}}}")
    out = c.view("output.y")
    c.output("y", out.reshaped(view.rows().shape[0], -1))


@operator("multibench.sinusoidal_positions", embedding_dim=whole(4), padding_idx=always(0), left_pad=one_of(0, 1))
def sinusoidal_positions(c):
    out = c.view("output.y")
    c.input("x", sequence(*out.shape[1:], True), View("zeros", out.shape, [0, 0, 0]), mask=c.view("aux.tokens").transformed("nonzero"))
    c.equation("y", f"x | tt::sinusoids{{.interleaved = false, .first = 1, .count_valid = {bits(c['left_pad'])}}}")
    c.output("y", out)


def positions_text(c, source, view_shape, width, scrambled):
    """sqrt(width) * x + positions, counted from 1.

    The reference counts with masked_scatter_ on a tensor that is not contiguous where its input is contiguous as
    [time, batch, width]: PyTorch then fills it in the order of memory, so that with several samples the place at time t
    of sample b becomes (t * samples + b) % length + 1. Nobody wants that in an operator; the table comes in as input."""
    samples, length = view_shape
    scale = f"{source} | tt::affine{{.scale = {number(width ** 0.5)}}}"
    if not scrambled or samples == 1:
        return f"{scale} | tt::sinusoids{{.interleaved = false, .first = 1}}"
    half = width // 2
    turns = [10000.0 ** (-i / (half - 1)) for i in range(half)]
    table = []
    for b in range(samples):
        for t in range(length):
            place = (t * samples + b) % length + 1
            table += [math.sin(place * w) for w in turns] + [math.cos(place * w) for w in turns] + [0.0] * (width % 2)
    name = f"places_{length}_{width}"
    if name not in c.names:
        c.given(name, c.constant([samples, length, width], table))
    return f"tt::fuse(tt::sum{{}}, {scale}, {name})"


def mult_encoder_text(c, network, source, prefix, width, heads, layers, causal, lengths, samples, keys=None,
                      scrambled=True):
    """multibench.mult_encoder: crossmodal layers whose keys and values are the embedded source, normed anew in each."""
    c.equation(f"{network}_0", positions_text(c, source, (samples, lengths[0]), width, scrambled))
    if keys:
        c.equation(f"{network}_keys", positions_text(c, keys, (samples, lengths[1]), width, scrambled))
    queries, count = lengths
    attention = f"{{.heads = {heads}, .causal = {bits(causal)}, .ahead = {abs(count - queries)}, .one_key = true}}"
    for k in range(layers):
        norm, before = f"{network}_norm_{k}", f"{network}_{k}"
        c.equation(norm, "tt::layer_norm{}")
        part = (f"tt::fuse(tt::cross_attention{attention}, tt::here | {norm}, {network}_keys | {norm})" if keys else
                f"tt::here | {norm} | tt::self_attention{attention}")
        c.equation(f"{network}_{k + 1}", f"{before} | tt::residual({part}) | tt::residual(tt::layer_norm{{}} | "
                                         f"tt::linear{{{4 * width}}} | tt::relu | tt::linear{{{width}}})")
        here, at = f"{network}_{k + 1}", f"{prefix}layers.{k}."
        projections(c, f"{here}.{'cross' if keys else 'self'}_attention", packed=f"{at}self_attn.in_proj_",
                    out=f"{at}self_attn.out_proj.", width=width)
        c.layer(f"{norm}.layer_norm", f"{at}layer_norms.0.")
        c.layer(f"{here}.layer_norm", f"{at}layer_norms.1.")
        c.layer(f"{here}.linear", f"{at}fc1.")
        c.layer(f"{here}.linear_2", f"{at}fc2.")
    c.equation(network, f"{network}_{layers} | tt::layer_norm{{}}")
    c.layer(f"{network}.layer_norm", f"{prefix}layer_norm.")


@operator("multibench.mult_encoder", embed_dim=size, num_heads=size, layers=size, attn_mask=boolean, cross=boolean)
def mult_encoder(c):
    x = c.view("input.x").permuted(1, 0, 2)
    c.given("x", x)
    lengths = (x.shape[1], x.shape[1])
    if c["cross"]:
        k = c.view("input.x_k").permuted(1, 0, 2)
        c.given("k", k)
        lengths = (x.shape[1], k.shape[1])
    mult_encoder_text(c, "y", "x", "param.", c["embed_dim"], c["num_heads"], c["layers"], c["attn_mask"], lengths,
                      x.shape[0], "k" if c["cross"] else None)
    c.output("y", c.view("output.y").permuted(1, 0, 2))


@operator("multibench.mult_model", n_features=list_of(size, 2), embed_dim=size, num_heads=size, layers=size,
          output_dim=size, attn_mask=(boolean, True), all_steps=(boolean, False), dropouts=always(0))
def mult_model(c):
    width, heads, layers, causal = c["embed_dim"], c["num_heads"], c["layers"], c["attn_mask"]
    count = len(c["n_features"])
    for i in range(count):
        view = c.view(f"input.x{i}")
        steps = view.shape[1]
        c.given(f"x{i}", view)
        c.equation(f"p{i}", f"x{i} | tt::linear{{.features = {width}, .bias = false}}")
        c.parameter(f"p{i}.linear.weight", c.view(f"param.proj.{i}.weight").at(2, 0))
    joined = []
    for i in range(count):
        parts = []
        for j in range(count):
            mult_encoder_text(c, f"t{i}_{j}", f"p{i}", f"param.trans.{i}.{j}.", width, heads, layers, causal,
                              (steps, steps), view.shape[0], f"p{j}", scrambled=False)
            parts.append(f"t{i}_{j}")
        c.equation(f"h{i}", f"tt::fuse(tt::concat{{}}, {', '.join(parts)})")
        mult_encoder_text(c, f"m{i}", f"h{i}", f"param.trans_mems.{i}.", count * width, heads, max(layers, 3), causal,
                          (steps, steps), view.shape[0])
        c.equation(f"l{i}", f"m{i}" + ("" if c["all_steps"] else " | tt::last_token"))
        joined.append(f"l{i}")
    mult_head(c, joined, count * count * width, c["output_dim"])
    c.output("y", c.view("output.y"))


def mult_head(c, joined, width, outputs):
    c.equation("h", f"tt::fuse(tt::concat{{}}, {', '.join(joined)})")
    c.equation("y", f"h | tt::residual(tt::linear{{{width}}} | tt::relu | tt::linear{{{width}}}) | tt::linear{{{outputs}}}")
    for k, name in enumerate(["proj1", "proj2", "out_layer"]):
        c.layer("y.linear" + (f"_{k + 1}" if k else ""), f"param.{name}.")


zeros = {k: always(0) for k in ["attn_dropout", "attn_dropout_a", "attn_dropout_v", "relu_dropout", "res_dropout",
                                "out_dropout", "embed_dropout"]}


@operator("yaohungt.mult_model", orig_d_l=size, orig_d_a=size, orig_d_v=size, proj_dim=always(6), lonly=always(True),
          aonly=always(True), vonly=always(True), num_heads=size, layers=size, attn_mask=boolean, output_dim=size, **zeros)
def yaohungt_mult_model(c):
    heads, layers, causal, length = c["num_heads"], c["layers"], c["attn_mask"], {}
    for m in "lav":
        view = c.view(f"input.x_{m}")
        length[m] = view.shape[1]
        c.given(f"x{m}", view)
        if c[f"orig_d_{m}"] == 6:
            c.equation(f"p{m}", f"x{m} | tt::affine{{}}")
        else:
            c.equation(f"p{m}", f"x{m} | tt::linear{{.features = 6, .bias = false}}")
            c.parameter(f"p{m}.linear.weight", c.view(f"param.proj_{m}.weight").at(2, 0))
    lasts = []
    for m in "lav":
        parts = []
        for other in {"l": "av", "a": "lv", "v": "la"}[m]:
            name = f"t{m}{other}"
            mult_encoder_text(c, name, f"p{m}", f"param.trans_{m}_with_{other}.", 6, heads, layers, causal,
                              (length[m], length[other]), view.shape[0], f"p{other}", scrambled=False)
            parts.append(name)
        c.equation(f"h{m}", f"tt::fuse(tt::concat{{}}, {', '.join(parts)})")
        mult_encoder_text(c, f"m{m}", f"h{m}", f"param.trans_{m}_mem.", 12, heads, max(layers, 3), causal,
                          (length[m], length[m]), view.shape[0])
        c.equation(f"last{m}", f"m{m} | tt::last_token")
        lasts.append(f"last{m}")
    mult_head(c, lasts, 36, c["output_dim"])
    c.output("y", c.view("output.y"))
    c.output("h", c.view("output.last_h"))
