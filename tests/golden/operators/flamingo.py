"""Flamingo: flamingo.*"""

from describe import *
from operators.attention import projections


def queries_keys_values(c, name, prefix, inner):
    """Parameters of attention without biases whose keys and values lie one below the other."""
    both = c.view(f"{prefix}to_kv.weight")
    of = {"q": c.view(f"{prefix}to_q.weight"), "k": both.part(0, 0, inner), "v": both.part(0, inner, 2 * inner)}
    projections(c, name, separate=lambda p: (of[p], None), bias=False, out=f"{prefix}to_out.", out_bias=False)


def joined(view):
    """[samples, media, tokens, width] with the media one behind the other."""
    samples, media, tokens, width = view.shape
    return view.reshaped(samples, media * tokens, width)


def resampler_text(c, media, tokens, latents, depth=1, hidden=0):
    return (f"<{media}>({{.width = {c['dim']}, .tokens = {tokens}, .latents = {latents}, .heads = {c['heads']}, "
            f".head_width = {c['dim_head']}, .depth = {depth}, .hidden = {hidden}}}")


sizes = dict(dim=size, dim_head=size, heads=size)


@operator("flamingo.perceiver_attention", **sizes)
def perceiver_attention(c):
    x, latents = c.view("input.x"), c.view("input.latents")
    c.given("x", joined(x))
    c.given("latents", joined(latents))
    c.equation("y", f"tt::perceiver_attention{resampler_text(c, x.shape[1], x.shape[2], latents.shape[2])}, x, latents)")
    c.layer("y.layer_norm", "param.norm_media.")
    c.layer("y.layer_norm_2", "param.norm_latents.")
    queries_keys_values(c, "y.cross_attention", "param.", c["heads"] * c["dim_head"])
    c.output("y", joined(c.view("output.y")))


@operator("flamingo.perceiver_resampler", **sizes, depth=size, num_latents=size, num_media_embeds=size, ff_mult=(size, 4))
def perceiver_resampler(c):
    x, width = c.view("input.x"), c["dim"]
    if len(x.shape) == 3:
        x = x.split(1, 1)
    media = x.shape[1]
    c.given("x", joined(x))
    c.equation("y", f"x | tt::perceiver_resampler"
                    f"{resampler_text(c, media, x.shape[2], c['num_latents'], c['depth'], c['ff_mult'] * width)})")
    c.parameter("y.learned_positions.weight", c.view("param.media_pos_emb").part(0, 0, media).reshaped(media, width))
    c.parameter("y.learned.weight", c.view("param.latents"))
    for k in range(c["depth"]):
        layer, prefix = f"y.{k}", f"param.layers.{k}."
        c.layer(f"{layer}.layer_norm", f"{prefix}0.norm_media.")
        c.layer(f"{layer}.layer_norm_2", f"{prefix}0.norm_latents.")
        queries_keys_values(c, f"{layer}.cross_attention", f"{prefix}0.", c["heads"] * c["dim_head"])
        c.layer(f"{layer}.layer_norm_3", f"{prefix}1.0.")
        c.layer(f"{layer}.linear", f"{prefix}1.1.", bias=False)
        c.layer(f"{layer}.linear_2", f"{prefix}1.3.", bias=False)
    c.layer("y.layer_norm", "param.norm.")
    c.output("y", joined(c.view("output.y")))


def text_and_media(c):
    """Inputs, and the operands of what attends to the media."""
    media = c.view("input.media")
    c.given("x", c.view("input.x"))
    c.given("media", joined(media))
    options = (f"{{.width = {c['dim']}, .heads = {c['heads']}, .head_width = {c['dim_head']}, "
               f".media = {media.shape[1]}, .only_immediate = {bits(c['only_attend_immediate_media'])}}}")
    if not c["media_locations"]:
        return f"({options}, media)", "cross_attention"
    locations = c.view("aux.media_locations").transformed("nonzero")
    c.input("ids", f"tt::tokens{{.length = {locations.shape[1]}}}", locations, ids=True)
    return f"({options}, media, ids)", "media_attention"


located = dict(**sizes, only_attend_immediate_media=(boolean, True), media_locations=boolean)


@operator("flamingo.masked_cross_attention", **located)
def masked_cross_attention(c):
    operands, attention = text_and_media(c)
    c.equation("y", f"x | tt::masked_cross_attention{operands}")
    c.layer("y.layer_norm", "param.norm.")
    queries_keys_values(c, f"y.{attention}", "param.", c["heads"] * c["dim_head"])
    c.output("y", c.view("output.y"))


@operator("flamingo.gated_cross_attention_block", **located)
def gated_cross_attention_block(c):
    operands, attention = text_and_media(c)
    c.equation("y", f"x | tt::gated_cross_attention{operands}")
    c.layer("y.layer_norm", "param.attn.norm.")
    queries_keys_values(c, f"y.{attention}", "param.attn.", c["heads"] * c["dim_head"])
    c.parameter("y.tanh_gate.alpha", c.view("param.attn_gate"))
    c.layer("y.layer_norm_2", "param.ff.0.")
    c.layer("y.linear", "param.ff.1.", bias=False)
    c.layer("y.linear_2", "param.ff.3.", bias=False)
    c.parameter("y.tanh_gate_2.alpha", c.view("param.ff_gate"))
    c.output("y", c.view("output.y"))
