"""Losses: torch.*, openclip.*, torchmultimodal.*"""

from describe import *

reductions = (one_of("mean", "sum", "none"), "mean")


def reduced(c):
    return f".reduction = tt::reduction::{c['reduction']}"


def elementwise(name, expression, **options):
    """Losses of values of any shape, single values with reduction 'none'."""
    def write(c):
        tensors = ["x", "target"] + (["var"] if c.has("input.var") else [])
        for t in tensors:
            c.given(t, c.view(f"input.{t}").rows())
        c.equation("y", f"tt::fuse({expression(c)}, {', '.join(tensors)})")
        c.output("y", c.view("output.y").rows() if c["reduction"] == "none" else c.view("output.y"))
    operator(name, reduction=reductions, **options)(write)


elementwise("torch.mse_loss", lambda c: f"tt::mse{{{reduced(c)}}}")
elementwise("torch.l1_loss", lambda c: f"tt::l1{{{reduced(c)}}}")
elementwise("torch.smooth_l1_loss", lambda c: f"tt::smooth_l1{{.beta = {number(c['beta'])}, {reduced(c)}}}",
            beta=(positive, 1.0))
elementwise("torch.huber_loss", lambda c: f"tt::huber{{.delta = {number(c['delta'])}, {reduced(c)}}}",
            delta=(positive, 1.0))
elementwise("torch.gaussian_nll_loss", lambda c: f"tt::gaussian_nll{{.full = {bits(c['full'])}, {reduced(c)}}}",
            full=(boolean, False))


@operator("torch.kl_div", reduction=(one_of("mean", "batchmean", "sum"), "mean"), log_target=(boolean, False))
def kl_div(c):
    c.given("x", c.view("input.x").rows())
    c.given("target", c.view("input.target").rows())
    how = {"batchmean": "batch_mean"}.get(c["reduction"], c["reduction"])
    c.equation("y", f"tt::fuse(tt::kl_divergence{{.log_target = {bits(c['log_target'])}, "
                    f".reduction = tt::reduction::{how}}}, x, target)")
    c.output("y", c.view("output.y"))


@operator("torch.cross_entropy", reduction=reductions, class_weights=boolean, soft_targets=boolean,
          label_smoothing=(real, 0.0), ignore_index=(whole(), -100))
def cross_entropy(c):
    """Scores [B, C, places...] become [B, places, C], with a target for each place."""
    def places_first(view):
        return view if len(view.shape) == 2 else view.flat(2).permuted(0, 2, 1)
    x = places_first(c.view("input.x"))
    classes = x.shape[-1]
    c.given("x", x)
    options = f".label_smoothing = {number(c['label_smoothing'])}, .class_weights = {bits(c['class_weights'])}, {reduced(c)}"
    if c["soft_targets"]:
        op = "soft_cross_entropy"
        c.given("target", places_first(c.view("input.target")))
    else:
        op = "cross_entropy"
        target = c.view("aux.target")
        if len(x.shape) == 2:
            c.input("target", f"tt::category{{.classes = {classes}, .ignore = {c['ignore_index']}}}", target, ids=True)
        else:
            target = target.flat(1)
            c.input("target", f"tt::tokens{{.length = {x.shape[1]}, .vocabulary = {classes}, "
                              f".ignore = {c['ignore_index']}}}", target, ids=True)
    c.equation("y", f"tt::fuse(tt::{op}{{{options}}}, x, target)")
    if c["class_weights"]:
        c.parameter(f"y.{op}.class_weights", c.view("aux.weight"))
    out = c.view("output.y")
    if c["reduction"] == "none":
        out = out.reshaped(out.shape[0], 1) if len(x.shape) == 2 else out.flat(1)
        out = out if len(x.shape) == 2 else out.reshaped(*out.shape, 1)
    c.output("y", out)


@operator("torch.bce_with_logits", reduction=reductions, weight=boolean, pos_weight=boolean)
def bce_with_logits(c):
    names = ["x", "target"]
    for t in names:
        c.given(t, c.view(f"input.{t}").rows())
    if c["weight"]:
        names.append(c.given("weight", c.view("aux.weight").rows()))
    c.equation("y", f"tt::fuse(tt::binary_cross_entropy{{.pos_weight = {bits(c['pos_weight'])}, {reduced(c)}}}, "
                    f"{', '.join(names)})")
    if c["pos_weight"]:
        c.parameter("y.binary_cross_entropy.pos_weight", c.view("aux.pos_weight"))
    c.output("y", c.view("output.y").rows() if c["reduction"] == "none" else c.view("output.y"))


def of_samples(c, tensors, expression):
    """Losses with one value a sample."""
    for t in tensors:
        view = c.view(t)
        c.given(t.split(".")[1], view if len(view.shape) > 1 else view.reshaped(view.shape[0], 1))
    c.equation("y", f"tt::fuse({expression}, {', '.join(t.split('.')[1] for t in tensors)})")
    out = c.view("output.y")
    c.output("y", out if not out.shape else out if len(out.shape) > 1 else out.reshaped(out.shape[0], 1))


operator("torch.triplet_margin_loss", reduction=reductions, margin=(real, 1.0), p=(positive, 2.0),
         swap=(boolean, False))(lambda c: of_samples(
             c, ["input.anchor", "input.positive", "input.negative"],
             f"tt::triplet_margin{{.margin = {number(c['margin'])}, .p = {number(c['p'])}, .swap = {bits(c['swap'])}, "
             f"{reduced(c)}}}"))
operator("torch.cosine_embedding_loss", reduction=reductions, margin=(real, 0.0))(lambda c: of_samples(
    c, ["input.x1", "input.x2", "aux.target"], f"tt::cosine_embedding{{.margin = {number(c['margin'])}, {reduced(c)}}}"))
operator("torch.margin_ranking_loss", reduction=reductions, margin=(real, 0.0))(lambda c: of_samples(
    c, ["input.x1", "input.x2", "aux.target"], f"tt::margin_ranking{{.margin = {number(c['margin'])}, {reduced(c)}}}"))


@operator("openclip.clip_loss", logit_bias=boolean)
def clip_loss(c):
    c.given("image", c.view("input.image"))
    c.given("text", c.view("input.text"))
    c.equation("y", f"tt::fuse(tt::info_nce{{.scale_is_log = false, .learned_bias = {bits(c['logit_bias'])}}}, image, text)")
    c.parameter("y.info_nce.logit_scale", c.view("input.logit_scale"))
    if c["logit_bias"]:
        c.parameter("y.info_nce.logit_bias", c.view("input.logit_bias"))
    c.output("y", c.view("output.y"))


@operator("openclip.siglip_loss", chunk_size=(size, None))
def siglip_loss(c):
    c.given("image", c.view("input.image"))
    c.given("text", c.view("input.text"))
    c.equation("y", "tt::fuse(tt::siglip{.scale_is_log = false}, image, text)")
    c.parameter("y.siglip.logit_scale", c.view("input.logit_scale"))
    c.parameter("y.siglip.logit_bias", c.view("input.logit_bias"))
    c.output("y", c.view("output.y"))


@operator("torchmultimodal.contrastive_loss", logit_scale=real, mask=boolean,
          cross_entropy_kwargs=either(null, lambda v: isinstance(v, dict) and set(v) <= {"label_smoothing"} and
                                      all(real(x) for x in v.values())))
def contrastive_loss(c):
    if c["mask"]:
        if not all(c.stored("aux.mask")):
            raise Mistake("rows that are left out while their columns stay contradict law (c)")
        c.used.add("aux.mask")
    c.given("a", c.view("input.a"))
    c.given("b", c.view("input.b"))
    smoothing = (c["cross_entropy_kwargs"] or {}).get("label_smoothing", 0)
    c.equation("y", f"tt::fuse(tt::info_nce{{.label_smoothing = {number(smoothing)}}}, a, b)")
    c.parameter("y.info_nce.logit_scale", c.view("param.logit_scale"))
    c.output("y", c.view("output.y"))


@operator("openclip.coca_loss", caption_loss_weight=real, clip_loss_weight=real, pad_id=whole(0))
def coca_loss(c):
    c.given("image", c.view("input.image"))
    c.given("text", c.view("input.text"))
    logits = c.view("input.logits")
    c.given("logits", logits)
    labels = c.view("aux.labels")
    c.input("labels", f"tt::tokens{{.length = {labels.shape[1]}, .vocabulary = {logits.shape[2]}, "
                      f".ignore = {c['pad_id']}}}", labels, ids=True)
    c.equation("clip", f"tt::fuse(tt::info_nce{{.scale_is_log = false}}, image, text) | "
                       f"tt::affine{{.scale = {number(c['clip_loss_weight'])}}}")
    c.equation("caption", f"tt::fuse(tt::cross_entropy{{}}, logits, labels) | "
                          f"tt::affine{{.scale = {number(c['caption_loss_weight'])}}}")
    c.parameter("clip.info_nce.logit_scale", c.view("input.logit_scale"))
    c.output("clip", c.view("output.clip"))
    c.output("caption", c.view("output.caption"))


@operator("multibench.elbo_loss", weights=always([1.0, 0.5]), annealing=always(0.7))
def elbo_loss(c):
    raise Waiting("(the loss of a variational autoencoder)")
