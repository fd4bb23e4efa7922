"""C++ out of described cases."""

from describe import Mistake


def extents_of(pieces, axis):
    """The pieces as (view, first place), and the extents that they make up together."""
    placed, end = [], 0
    for piece in pieces:
        view, begin = piece if isinstance(piece, tuple) else (piece, end if len(pieces) > 1 else 0)
        placed.append((view, begin))
        end = max(end, begin + (view.shape[axis] if len(view.shape) > axis else 1))
    shape = list(placed[0][0].shape)
    if len(shape) > axis:
        shape[axis] = end
    return placed, shape


def strides_of(shape):
    strides, step = [0] * len(shape), 1
    for i in reversed(range(len(shape))):
        strides[i] = step
        step *= shape[i]
    return strides


def numbers(values):
    return "{" + ", ".join(str(v) for v in values) + "}"


def literal(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


class Writer:
    def __init__(self):
        self.lines = []

    def array(self, name, pieces, axis):
        """Writes the pieces of one tensor of the network; its description."""
        placed, shape = extents_of(pieces, axis)
        if len(shape) > 6:
            raise Mistake("a tensor of the network has more than six axes")
        strides = strides_of(shape)
        rows = []
        for view, begin in placed:
            at = begin * strides[axis] if len(shape) > axis else 0
            rows.append(f"    {{{literal(view.name)}, {view.offset}, {len(view.shape)}, {numbers(view.shape)}, "
                        f"{numbers(view.strides)}, {at}, {numbers(strides)}, golden::transform::{view.transform}}}")
        self.lines.append(f"constexpr golden::piece {name}[] = {{\n" + ",\n".join(rows) + "};")
        return f"{name}, {len(rows)}, {len(shape)}, {numbers(shape)}"

    def list(self, name, items, axis, key="name"):
        rows = [f"    {{{literal(item[key])}, {{{self.array(f'{name}_{i}', item['pieces'], axis)}}}}}"
                for i, item in enumerate(items)]
        if rows:
            self.lines.append(f"constexpr golden::slot {name}[] = {{\n" + ",\n".join(rows) + "};")
            return f"{{{name}, {len(rows)}}}"
        return "{}"


def source_of(case, number):
    """One case as a namespace and an entry in the list of cases."""
    w = Writer()
    inputs = w.list("inputs", case.inputs, 1)
    masks = [dict(name=i["name"], pieces=(i["mask"] or i["lengths"],)) for i in case.inputs
             if i["mask"] is not None or i["lengths"] is not None]
    mask_list = w.list("masks", masks, 1)
    parameters = w.list("parameters", case.parameters, 0)
    values = w.list("values", case.values, 1)
    after = w.list("after", case.after, 0)
    for k, (_, table) in enumerate(case.constants):
        w.lines.append(f"constexpr double constant_{k}[] = {numbers(table)};")
    if case.constants:
        rows = ", ".join(f"{{{literal(name)}, constant_{k}, {len(v)}}}" for k, (name, v) in enumerate(case.constants))
        w.lines.append(f"constexpr golden::constant constants[] = {{{rows}}};")
    constants = f"{{constants, {len(case.constants)}}}" if case.constants else "{}"
    names = "\n".join(f'constexpr tt::name<"{n}"> {n};' for n in case.names)
    equations = ",\n      ".join(case.equations)
    bindings = []
    for k, i in enumerate(case.inputs):
        tensor = f"t.{'ids' if i['ids'] else 'input'}({k})"
        if i["mask"] is not None or i["lengths"] is not None:
            m = [x["name"] for x in masks].index(i["name"])
            tensor = f"tt::{'masked' if i['mask'] is not None else 'padded'}({tensor}, t.ids_of_mask({m}))"
        bindings.append(f"{i['name']} = {tensor}")
    gradients = any(case.has("cotangent." + v.name.split(".", 1)[1]) for value in case.values for v, _ in
                    extents_of(value["pieces"], 1)[0])
    seeds = ", ".join(f"tt::gradient({v['name']}) = t.seed({k})" for k, v in enumerate(case.values))
    wanted = ", ".join(v["name"] for v in case.values)
    body = []
    if not case.training:
        body.append(f"  t.values(model(workspace, {wanted}, {', '.join(bindings)}));")
    if gradients:
        body.append(f"  t.values(model.backward_at({{.training = {'true' if case.training else 'false'}}}, workspace, "
                    f"{seeds}, {', '.join(bindings)}));")
        for k, i in enumerate(case.inputs):
            if not i["ids"]:
                body.append(f"  t.input_gradient({k}, workspace.gradient({i['name']}));")
        body.append("  t.parameter_gradients(model, workspace);")
    elif case.training:
        raise Mistake("a case in training mode has no cotangents")
    declarations = "\n".join(w.lines)
    newline = "\n"
    return f"""
namespace case_{number} {{  // {" ".join(case.id.split())}
{names}
inline constexpr auto network = tt::architecture([] {{
  return tt::equations(
      {equations});
}});
{declarations}
template <class T>
void compute(golden::trial<T>& t) {{
  golden::model_for<network, T> model;
  typename golden::model_for<network, T>::workspace_type workspace(t.samples());
  t.set_parameters(model);
{newline.join(body)}
  t.buffers_after(model);
}}
const golden::entry entry{{{literal(case.id)}, {literal(case.operator)}, {inputs}, {mask_list}, {parameters},
                          {values}, {after}, {constants}, &compute<double>, &compute<float>}};
}}  // namespace case_{number}
"""
