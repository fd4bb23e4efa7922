"""Convolution and pooling: torch.*, multibench.lenet"""

from describe import *

pair = either(size, list_of(size, count=2))
pair_or_none = either(whole(0), list_of(whole(0), count=2))


def two(v):
    return "{" + ", ".join(str(x) for x in v) + "}" if isinstance(v, list) else str(v)


@operator("torch.conv1d", in_out_kernel=list_of(size, count=3), stride=(size, 1), dilation=(size, 1), groups=(size, 1),
          padding=(either(whole(0), one_of("same")), 0), bias=(boolean, True))
def conv1d(c):
    c.given("x", c.view("input.x"), channels_first=True)
    _, out, kernel = c["in_out_kernel"]
    padding = "tt::same" if c["padding"] == "same" else c["padding"]
    c.equation("y", f"x | tt::conv1d{{.channels = {out}, .kernel = {kernel}, .stride = {c['stride']}, "
                    f".padding = {padding}, .dilation = {c['dilation']}, .groups = {c['groups']}, "
                    f".bias = {bits(c['bias'])}}}")
    c.layer("y.conv1d", bias=c["bias"])
    c.output("y", c.view("output.y"))


@operator("torch.conv2d", in_out_kernel=lambda v: isinstance(v, list) and len(v) == 3 and size(v[0]) and size(v[1]) and
          pair(v[2]), stride=(pair, 1), dilation=(pair, 1), padding=(pair_or_none, 0), groups=(size, 1),
          bias=(boolean, True))
def conv2d(c):
    c.given("x", c.view("input.x"))
    _, out, kernel = c["in_out_kernel"]
    c.equation("y", f"x | tt::conv2d{{.channels = {out}, .kernel = {two(kernel)}, .stride = {two(c['stride'])}, "
                    f".padding = {two(c['padding'])}, .dilation = {two(c['dilation'])}, .groups = {c['groups']}, "
                    f".bias = {bits(c['bias'])}}}")
    c.layer("y.conv2d", bias=c["bias"])
    c.output("y", c.view("output.y"))


def pool(c, expression):
    c.given("x", c.view("input.x"), channels_first=True)
    c.equation("y", f"x | {expression}")
    c.output("y", c.view("output.y"))


def windows(c, name, more=""):
    pool(c, f"tt::{name}{{.kernel = {two(c['kernel_size'])}, .stride = {two(c['stride'])}, "
            f".padding = {two(c['padding'])}{more}}}")


plain = dict(ceil_mode=always(False))
operator("torch.max_pool1d", kernel_size=size, stride=size, padding=whole(0), dilation=always(1), **plain)(
    lambda c: windows(c, "max_pool"))
operator("torch.max_pool2d", kernel_size=pair, stride=pair, padding=pair_or_none, dilation=always(1), **plain)(
    lambda c: windows(c, "max_pool"))
operator("torch.avg_pool1d", kernel_size=size, stride=size, padding=whole(0), count_include_pad=always(True), **plain)(
    lambda c: windows(c, "average_pool"))
operator("torch.avg_pool2d", kernel_size=pair, stride=pair, padding=pair_or_none, count_include_pad=boolean, **plain)(
    lambda c: windows(c, "average_pool", f", .count_padding = {bits(c['count_include_pad'])}"))
operator("torch.adaptive_avg_pool2d", output_size=pair)(
    lambda c: pool(c, f"tt::adaptive_average_pool{{{two(c['output_size'])}}}"))
