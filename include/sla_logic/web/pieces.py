"""The pieces of a page, escaped as Jinja does it, but without making markup of each: a board has thousands."""

import re

from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from markupsafe import Markup, escape

_SPECIAL = re.compile(r"[&<>'\"]")


class PieceWriter(CodeGenerator):
    """Lets a template call `environment.escaped` where Jinja calls `escape`, which makes an object of each text."""

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: CodeGenerator._FinalizeInfo) -> None:
        if frame.eval_ctx.volatile or not frame.eval_ctx.autoescape or finalize.src is not None:
            super()._output_child_pre(node, frame, finalize)
        else:
            self.write("environment.escaped(")


def escaped(value: object) -> str:
    """Return a value as text that HTML may hold."""
    if type(value) is str:
        return value if _SPECIAL.search(value) is None else escape(value)
    return value if type(value) is Markup else escape(value)
