"""The small changes that a test should notice: each is one place of a source file, and the text that replaces it."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

_COMPARISONS: Final[dict[type[ast.cmpop], tuple[str, tuple[str, ...]]]] = {
    ast.Lt: ("<", ("<=", ">=")), ast.LtE: ("<=", ("<", ">")), ast.Gt: (">", (">=", "<=")), ast.GtE: (">=", (">", "<")),
    ast.Eq: ("==", ("!=",)), ast.NotEq: ("!=", ("==",)), ast.Is: ("is", ("is not",)), ast.IsNot: (r"is\s+not", ("is",)),
    ast.In: ("in", ("not in",)), ast.NotIn: (r"not\s+in", ("in",)),
}  # fmt: skip
_ARITHMETIC: Final[dict[type[ast.operator], tuple[str, str]]] = {
    ast.Add: ("+", "-"), ast.Sub: ("-", "+"), ast.Mult: ("*", "//"), ast.FloorDiv: ("//", "*"), ast.Div: ("/", "*"),
    ast.Mod: ("%", "*"), ast.Pow: ("**", "*"), ast.BitAnd: ("&", "|"), ast.BitOr: ("|", "&"), ast.BitXor: ("^", "&"),
    ast.LShift: ("<<", ">>"), ast.RShift: (">>", "<<"),
}  # fmt: skip
_OPPOSITES: Final = {
    name: other
    for one, two in (
        ("min", "max"), ("minimum", "maximum"), ("first", "last"), ("any", "all"), ("startswith", "endswith"),
        ("removeprefix", "removesuffix"), ("lstrip", "rstrip"), ("ceil", "floor"), ("appendleft", "append"),
        ("less", "less_equal"), ("greater", "greater_equal"), ("logical_and", "logical_or"),
    )
    for name, other in ((one, two), (two, one))
}  # fmt: skip
# What changes nothing that runs: names of types, what only a type checker reads.
# Nobody assigns to a frozen value, so nobody notices one that is not.
_OF_VALUES: Final = {"dataclass"}
_OF_TYPES: Final = {"cast", "TypeVar", "NewType", "ParamSpec"}
Span = tuple[int, int]


@dataclass(frozen=True)
class Mutant:
    """One change of one file.

    Attributes
    ----------
    path
        The file, from the root of the checkout.
    line
        The line of the change, from 1.
    start, end
        The bytes that are replaced.
    before, after
        Their text, and the text in their place.
    lines
        First and last line of the statement the change is in: who runs one of them may notice.
    when_imported
        Whether the statement runs when the module is imported, and not when a test calls it.
    source
        The text of the line, stripped.
    """

    path: str
    line: int
    start: int
    end: int
    before: str
    after: str
    lines: Span
    when_imported: bool
    source: str

    @property
    def says(self) -> str:
        """Where the change is, and what became of what."""
        before, after = (" ".join(text.split()) or "nothing" for text in (self.before, self.after))
        return f"{self.path}:{self.line}  {_short(before)}  ->  {_short(after)}"

    def applied(self, content: bytes) -> bytes:
        """The content of the file with the change."""
        return content[: self.start] + self.after.encode() + content[self.end :]


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."


def mutants_of(path: str, content: bytes) -> list[Mutant]:
    """Return every mutant of a file, in the order of the text.

    Parameters
    ----------
    path
        The file, from the root of the checkout.
    content
        Its bytes, UTF-8.
    """
    changes = _Changes(content)
    changes.visit(ast.parse(content))
    lines = content.decode().splitlines()
    found = [
        Mutant(path, line, start, end, content[start:end].decode(), after, span, imported, lines[line - 1].strip())
        for start, end, line, after, span, imported in changes.found
    ]
    return sorted(found, key=lambda m: (m.start, m.end, m.after))


def compiles(content: bytes) -> bool:
    """Whether the text is still Python: a few changes are not."""
    try:
        compile(content, "mutant", "exec")
    except SyntaxError:
        return False
    return True


class _Changes(ast.NodeVisitor):
    """Walks over a module, and keeps every change it could make."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.found: list[tuple[int, int, int, str, Span, bool]] = []
        self._starts = [0, *(match.end() for match in re.finditer(b"\n", content))]
        self._statement: Span = (1, 1)
        self._functions = 0

    def visit(self, node: ast.AST) -> None:
        if isinstance(node, ast.stmt) and not isinstance(node, ast.Import | ast.ImportFrom):
            self._of_statement(node)
        elif not isinstance(node, ast.stmt):
            self._operators(node)
            self._values(node)
            for child in _running(node):
                self.visit(child)

    # What a statement is made of: its own expressions run at its lines, the statements within at theirs.

    def _of_statement(self, node: ast.stmt) -> None:
        bodies = [
            part
            for part in ast.iter_child_nodes(node)
            if isinstance(part, ast.stmt | ast.ExceptHandler | ast.match_case)
        ]
        headers = [part for part in _running(node) if part not in bodies]
        around, last = self._statement, max((_end(part) for part in headers), default=node.lineno)
        self._statement = (node.lineno, last if bodies else node.end_lineno or node.lineno)
        if not _is_docstring(node):
            self._replaced_statement(node)
            for part in headers:
                self.visit(part)
        is_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        self._functions += is_function
        for part in bodies:
            if isinstance(part, ast.stmt):
                self.visit(part)
            else:
                for inner in [*(getattr(part, "body", [])), *([part.guard] if getattr(part, "guard", None) else [])]:
                    self.visit(inner)
        self._functions -= is_function
        self._statement = around

    def _replaced_statement(self, node: ast.stmt) -> None:
        whole = self._span(node)
        match node:
            case (
                ast.Expr(value=ast.Call() | ast.Yield() | ast.YieldFrom())
                | ast.AugAssign()
                | ast.Raise()
                | ast.Delete()
            ):
                self._add(node, whole, "pass")
            case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]):
                self._add(node, whole, "pass")
            case ast.Return(value=value) if value is not None and not _is_none(value):
                self._add(value, self._span(value), "None")
            case ast.Break():
                self._add(node, whole, "continue")
            case ast.Continue():
                self._add(node, whole, "break")
            case ast.If(test=test) if not _is_type_checking(test):
                self._condition(test)
            case ast.While(test=test):
                self._add(test, self._span(test), "False")

    def _condition(self, test: ast.expr) -> None:
        for value in ("True", "False"):
            self._add(test, self._span(test), value)

    def _operators(self, node: ast.AST) -> None:
        match node:
            case ast.Compare(left=left, ops=ops, comparators=comparators):
                for one, op, other in zip([left, *comparators], ops, comparators, strict=False):
                    written, others = _COMPARISONS[type(op)]
                    for after in others:
                        self._between(one, other, written, after)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
                written, after = _ARITHMETIC[type(op)]
                self._between(left, right, re.escape(written), after)
            case ast.BoolOp(op=op, values=values):
                written, after = ("and", "or") if isinstance(op, ast.And) else ("or", "and")
                for one, other in pairwise(values):
                    self._between(one, other, written, after)
            case ast.UnaryOp(op=ast.Not() | ast.USub() | ast.Invert(), operand=operand):
                start, end = self._span(node)
                self._add(node, (start, end), self.content[self._span(operand)[0] : end].decode())

    def _values(self, node: ast.AST) -> None:
        match node:
            case ast.IfExp(test=test):
                self._condition(test)
            case ast.comprehension(ifs=ifs):
                for test in ifs:
                    self._condition(test)
            case ast.Slice(lower=lower, upper=upper):
                for bound in (lower, upper):
                    if bound is not None:
                        self._add(bound, self._span(bound), "")
            case ast.Constant() | ast.JoinedStr():
                self._constant(node)
            case ast.Name(id=name) if name in _OPPOSITES:
                self._add(node, self._span(node), _OPPOSITES[name])
            case ast.Attribute(attr=name) if name in _OPPOSITES:
                end = self._span(node)[1]
                self._add(node, (end - len(name), end), _OPPOSITES[name])

    def _constant(self, node: ast.Constant | ast.JoinedStr) -> None:
        span = self._span(node)
        match getattr(node, "value", "f"):
            case bool(value):
                self._add(node, span, str(not value))
            case int(value):
                self._add(node, span, str(value + 1))
                if value == 1:
                    self._add(node, span, "0")
            case float(value):
                self._add(node, span, str(value + 1))
            case str(value):
                self._add(node, span, '""' if value else '"mutant"')
            case bytes(value):
                self._add(node, span, 'b""' if value else 'b"mutant"')

    def _between(self, one: ast.expr, other: ast.expr, written: str, after: str) -> None:
        start, end = self._span(one)[1], self._span(other)[0]
        if found := re.search(rf"{written}(?!=)".encode(), self.content[start:end]):
            self._add(other, (start + found.start(), start + found.end()), after)

    def _add(self, node: ast.AST, span: Span, after: str) -> None:
        if self.content[slice(*span)] != after.encode():
            line = self.content.count(b"\n", 0, span[0]) + 1
            self.found.append((*span, line, after, self._statement, self._functions == 0))

    def _span(self, node: ast.AST) -> Span:
        start = self._starts[node.lineno - 1] + node.col_offset
        return start, self._starts[node.end_lineno - 1] + node.end_col_offset


def _running(node: ast.AST) -> Iterator[ast.AST]:
    """The parts of a node that run: no annotations, no parts of f-strings, no arguments that name a type."""
    if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Subscript) and _name(node.value) == "Literal"):
        return
    targets = {_name(target) for target in getattr(node, "targets", ())}
    called = _name(node.func) if isinstance(node, ast.Call) else ""
    for name, value in ast.iter_fields(node):
        if name in {"annotation", "returns"} or (name == "value" and "__all__" in targets):
            continue
        parts = value if isinstance(value, list) else [value]
        if called in _OF_VALUES:
            continue
        if name == "args" and called in _OF_TYPES:
            parts = parts[1:] if called == "cast" else []
        yield from (part for part in parts if isinstance(part, ast.AST))


def _name(node: ast.AST) -> str:
    return getattr(node, "id", "")


def _end(node: ast.AST) -> int:
    return max((getattr(part, "end_lineno", 0) or 0 for part in ast.walk(node)), default=0)


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _is_type_checking(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "TYPE_CHECKING"
