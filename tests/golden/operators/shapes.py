"""Concatenation, stacking, tensor fusion: multibench.*"""

from describe import *


def flattened_inputs(c):
    names = []
    for k, view in enumerate(c.tensors("input.x")):
        names.append(c.given(f"x{k}", view.flat(1)))
    return names


@operator("multibench.concat", shapes=shape_lists)
def concat(c):
    names = flattened_inputs(c)
    c.equation("y", f"tt::fuse(tt::concat{{}}, {', '.join(names)})")
    c.output("y", c.view("output.y"))


@operator("multibench.concat_early", shapes=shape_lists)
def concat_early(c):
    names = [c.given(f"x{k}", view) for k, view in enumerate(c.tensors("input.x"))]
    c.equation("y", f"tt::fuse(tt::concat{{}}, {', '.join(names)})")
    c.output("y", c.view("output.y"))


@operator("multibench.concat_with_linear", shapes=shape_lists, concat_dim=one_of(1, 2), output_dim=size)
def concat_with_linear(c):
    names = [c.given(f"x{k}", view) for k, view in enumerate(c.tensors("input.x"))]
    c.equation("y", f"tt::fuse(tt::concat{{}}, {', '.join(names)}) | tt::linear{{{c['output_dim']}}}")
    c.layer("y.linear", "param.fc.")
    c.output("y", c.view("output.y"))


@operator("multibench.tensor_fusion", shapes=shape_lists)
def tensor_fusion(c):
    names = [c.given(f"x{k}", view.rows()) for k, view in enumerate(c.tensors("input.x"))]
    c.equation("y", f"tt::fuse(tt::tensor_fusion{{}}, {', '.join(names)})" if len(names) > 1 else f"{names[0]} | tt::flatten")
    c.output("y", c.view("output.y").rows())


@operator("multibench.low_rank_tensor_fusion", shapes=shape_lists, flatten=always(True), output_dim=size, rank=size)
def low_rank_tensor_fusion(c):
    names = flattened_inputs(c)
    c.equation("y", f"tt::fuse(tt::low_rank_fusion{{.rank = {c['rank']}, .features = {c['output_dim']}}}, {', '.join(names)})")
    for k in range(len(names)):
        c.parameter(f"y.low_rank_fusion.factor.{k}", c.view(f"param.factors.{k}"))
    c.parameter("y.low_rank_fusion.fusion_weights", c.view("param.fusion_weights").flat(0))
    c.parameter("y.low_rank_fusion.fusion_bias", c.view("param.fusion_bias").flat(0))
    c.output("y", c.view("output.y"))


@operator("multibench.stack", shapes=shape_lists)
def stack(c):
    names = flattened_inputs(c)
    c.equation("y", f"tt::fuse(tt::stack{{.last = true}}, {', '.join(names)})")
    c.output("y", c.view("output.y"))
