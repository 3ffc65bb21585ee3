"""Graphs put together: one that takes either of two branches.

The exporter follows a function from its inputs to its outputs and knows no branches. So the parts of a step are
exported by themselves, and an `If` is laid between them here.
"""

from collections.abc import Mapping
from typing import Any


def with_branches(
    model: Any, condition: str, branches: Mapping[bool, Any], outputs: tuple[str, ...], name: str
) -> None:
    """Add an `If` to a model. A branch keeps its weights to itself: shared ones are not made ready beforehand.

    Args:
        model: is changed. What the branches take are inputs or results of it, by name.
        condition: a result of it, () bool.
        branches: models by whether the condition holds; each gives `outputs`.
        outputs: what the `If` gives.
        name: of the node.
    """
    import onnx

    graphs = {}
    for holds, branch in branches.items():
        prefix = f"{name}/{'then' if holds else 'else'}/"
        graph = onnx.compose.add_prefix(branch, prefix, rename_inputs=False).graph
        graphs[holds] = onnx.helper.make_graph(
            graph.node, prefix, [], graph.output, initializer=graph.initializer
        )
    model.graph.node.append(
        onnx.helper.make_node(
            "If",
            [condition],
            list(outputs),
            name=name,
            then_branch=graphs[True],
            else_branch=graphs[False],
        )
    )


def followed_by(model: Any, after: Any, prefix: str) -> None:
    """Append another model's nodes: its inputs are results of the first by name, its outputs keep their names."""
    import onnx

    graph = onnx.compose.add_prefix(after, prefix, rename_inputs=False, rename_outputs=False).graph
    model.graph.node.extend(graph.node)
    model.graph.initializer.extend(graph.initializer)
    model.graph.output.extend(graph.output)
