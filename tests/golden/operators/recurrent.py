"""Recurrent layers and cells: torch.*, multibench.*"""

from describe import *


def weights(c, network, prefix="param.", layers=1, bidirectional=False, bias=True):
    """All parameters of a recurrent layer, under the names that PyTorch gives them."""
    for layer in range(layers):
        for back in ["", "_reverse"] if bidirectional else [""]:
            for part in ["weight_ih", "weight_hh"] + (["bias_ih", "bias_hh"] if bias else []):
                name = f"{part}_l{layer}{back}"
                c.parameter(f"{network}.{name}", c.view(prefix + name))


def options_of(hidden, layers=1, bidirectional=False, bias=True, more=""):
    return (f"{{.hidden = {hidden}, .layers = {layers}, .bidirectional = {bits(bidirectional)}, "
            f".bias = {bits(bias)}{more}}}")


def sequence_input(c, tensor, name="x", lengths=None, view=None):
    view = view or c.view(tensor)
    _, length, width = view.shape
    lengths = c.view(lengths) if lengths else None
    c.input(name, sequence(length, width, lengths is not None), view, lengths=lengths)
    return name


def stacked(c, kind, states):
    layers, both, bias = c["num_layers"], c["bidirectional"], c["bias"]
    operands = [sequence_input(c, "input.x", lengths="aux.lengths" if c["packed"] else None)]
    if c["initial_state"]:
        for s in states:
            operands.append(c.given(f"{s}0", c.view(f"input.{s}0").permuted(1, 0, 2)))
    results = ["y"] + [f"{s}_n" for s in states]
    op = f"tt::{kind}_with_states{options_of(c['hidden_size'], layers, both, bias)}"
    c.equation(results, f"tt::fuse({op}, {', '.join(operands)})")
    weights(c, f"y.{kind}_with_states", "param.", layers, both, bias)
    c.output("y", c.view("output.y"))
    for s in states:
        c.output(f"{s}_n", c.view(f"output.{s}_n").permuted(1, 0, 2))


stacks = dict(input_size=size, hidden_size=size, batch_first=always(True), num_layers=(size, 1),
              bidirectional=(boolean, False), bias=(boolean, True), packed=boolean, initial_state=boolean)
operator("torch.gru", **stacks)(lambda c: stacked(c, "gru", ["h"]))
operator("torch.lstm", **stacks)(lambda c: stacked(c, "lstm", ["h", "c"]))


@operator("torch.rnn", input_size=size, hidden_size=size, nonlinearity=(one_of("tanh", "relu"), "tanh"),
          bidirectional=(boolean, False))
def rnn(c):
    sequence_input(c, "input.x")
    more = ", .relu = true" if c["nonlinearity"] == "relu" else ""
    c.equation(["y", "h_n"], "tt::fuse(tt::rnn_with_states" +
               options_of(c["hidden_size"], 1, c["bidirectional"], True, more) + ", x)")
    weights(c, "y.rnn_with_states", bidirectional=c["bidirectional"])
    c.output("y", c.view("output.y"))
    c.output("h_n", c.view("output.h_n").permuted(1, 0, 2))


def cell(c, kind, states, results):
    c.given("x", c.view("input.x"))
    for s in states:
        c.given(f"{s}0", c.view(f"input.{s}"))
    c.equation(results, f"tt::fuse(tt::{kind}{{{c['hidden_size']}}}, x, {', '.join(s + '0' for s in states)})")
    for name in ["weight_ih", "weight_hh", "bias_ih", "bias_hh"]:
        c.parameter(f"{results[0]}.{kind}.{name}", c.view(f"param.{name}"))
    for r in results:
        c.output(r, c.view(f"output.{r}"))


operator("torch.gru_cell", input_size=size, hidden_size=size)(lambda c: cell(c, "gru_cell", ["h"], ["y"]))
operator("torch.lstm_cell", input_size=size, hidden_size=size)(lambda c: cell(c, "lstm_cell", ["h", "c"], ["h", "c"]))


def last_of(c, layer):
    """The last valid state, a row, or all of them."""
    return f"{layer} | tt::last_token"


@operator("multibench.gru", indim=size, hiddim=size, last_only=(boolean, False), flatten=(boolean, False),
          has_padding=(boolean, False))
def multibench_gru(c):
    sequence_input(c, "input.x", lengths="aux.lengths" if c["has_padding"] else None)
    end = " | tt::last_token" if c["last_only"] or c["has_padding"] else " | tt::flatten" if c["flatten"] else ""
    c.equation("y", f"x | tt::gru{options_of(c['hiddim'])}{end}")
    weights(c, "y.gru", "param.gru.")
    c.output("y", c.view("output.y"))


@operator("multibench.gru_with_linear", indim=size, hiddim=size, outdim=size, batch_first=(boolean, False),
          flatten=(boolean, False), has_padding=(boolean, False))
def gru_with_linear(c):
    swap = (lambda v: v) if c["batch_first"] else (lambda v: v.permuted(1, 0, 2))
    sequence_input(c, "input.x", lengths="aux.lengths" if c["has_padding"] else None, view=swap(c.view("input.x")))
    last = " | tt::last_token" if c["has_padding"] else ""
    flat = " | tt::flatten" if c["flatten"] else ""
    c.equation("y", f"x | tt::gru{options_of(c['hiddim'])}{last} | tt::linear{{{c['outdim']}}}{flat}")
    weights(c, "y.gru", "param.gru.")
    c.layer("y.linear", "param.linear.")
    out = c.view("output.y")
    c.output("y", out if len(out.shape) == 2 else swap(out))


@operator("multibench.lstm", indim=size, hiddim=size, linear_layer_outdim=either(null, size), has_padding=boolean)
def multibench_lstm(c):
    sequence_input(c, "input.x", lengths="aux.lengths" if c["has_padding"] else None)
    layer = f" | tt::linear{{{c['linear_layer_outdim']}}}" if c["linear_layer_outdim"] else ""
    c.equation("y", f"x | tt::lstm{options_of(c['hiddim'])} | tt::last_token{layer}")
    weights(c, "y.lstm", "param.lstm.")
    if layer:
        c.layer("y.linear", "param.linear.")
    c.output("y", c.view("output.y"))


@operator("multibench.two_layers_lstm", indim=size, hiddim=size, isBidirectional=always(True))
def two_layers_lstm(c):
    sequence_input(c, "input.x")
    c.equation("y", f"x | tt::lstm{options_of(c['hiddim'], 2, True)}")
    for layer in range(2):
        for back in ["", "_reverse"]:
            for part in ["weight_ih", "weight_hh", "bias_ih", "bias_hh"]:
                c.parameter(f"y.lstm.{part}_l{layer}{back}", c.view(f"param.lstm_{layer}.{part}_l0{back}"))
    c.output("y", c.view("output.y"))


@operator("multibench.mctn_encoder", input_size=size, hidden_size=size, n_layers=always(1), dropout=always(0))
def mctn_encoder(c):
    n = c["hidden_size"]
    sequence_input(c, "input.x", view=c.view("input.x").permuted(1, 0, 2))
    c.equation(["both", "hidden"], f"tt::fuse(tt::gru_with_states{options_of(n, 1, True)}, x)")
    c.equation(["there", "back"], f"both | tt::split{{{n}}}")
    c.equation("y", "tt::fuse(tt::sum{}, there, back)")
    weights(c, "both.gru_with_states", "param.gru.", bidirectional=True)
    c.output("y", c.view("output.y").permuted(1, 0, 2))
    c.output("hidden", c.view("output.hidden").permuted(1, 0, 2))
