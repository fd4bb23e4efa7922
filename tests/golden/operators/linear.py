"""Linear and bilinear layers, embeddings: torch.*"""

from describe import *


@operator("torch.linear", **{"in": size, "out": size, "bias": boolean})
def linear(c):
    c.given("x", c.view("input.x").rows())
    c.equation("y", f"x | tt::linear{{.features = {c['out']}, .bias = {bits(c['bias'])}}}")
    c.layer("y.linear", bias=c["bias"])
    c.output("y", c.view("output.y").rows())


@operator("torch.bilinear", in1=size, in2=size, out=size, bias=boolean)
def bilinear(c):
    c.given("a", c.view("input.x1").rows())
    c.given("b", c.view("input.x2").rows())
    c.equation("y", f"tt::fuse(tt::bilinear{{.features = {c['out']}, .bias = {bits(c['bias'])}}}, a, b)")
    c.layer("y.bilinear", bias=c["bias"])
    c.output("y", c.view("output.y").rows())


@operator("torch.embedding", num=size, dim=size, padding_idx=either(null, whole(0)))
def embedding(c):
    ids = c.view("aux.index")
    ids = ids if len(ids.shape) == 2 else ids.reshaped(ids.shape[0], 1)
    c.input("ids", f"tt::tokens{{.length = {ids.shape[1]}}}", ids, ids=True)
    c.equation("y", f"ids | tt::embedding{{.vocabulary = {c['num']}, .dim = {c['dim']}}}")
    c.parameter("y.embedding.weight", c.view("param.weight"))
    c.output("y", c.view("output.y").reshaped(*ids.shape, c["dim"]))
