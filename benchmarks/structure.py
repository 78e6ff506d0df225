"""The size and shape of the code: packages, imports between them, lines, functions, names.

Run ``python -m benchmarks.structure``. How much of it one ``/imagine`` runs through is printed by
``pytest -n 0 -s tests/cogs/test_path_of_imagine.py``.
"""

import ast
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parents[1]
PRODUCT = ("bot", "cogs")
CODE = (*PRODUCT, "playground")
MOST_LINES = 400
LONGEST_FUNCTION = 50

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """One file of Python."""

    path: Path

    @cached_property
    def tree(self) -> ast.Module:
        """Return what the file says, parsed."""
        return ast.parse(self.path.read_text("utf-8"))

    @property
    def lines(self) -> int:
        """Return the number of its lines."""
        return len(self.path.read_text("utf-8").splitlines())

    @property
    def name(self) -> str:
        """Return its dotted name."""
        parts = self.path.relative_to(ROOT).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @property
    def node(self) -> str:
        """Return its part of the structure: a package of bot/, a module of bot/, or cogs."""
        parts = self.name.split(".")
        return ".".join(parts[:2]) if parts[0] == "bot" else parts[0]

    def imported(self) -> Iterator[str]:
        """Yield the dotted names that it imports."""
        for statement in ast.walk(self.tree):
            if isinstance(statement, ast.Import):
                yield from (alias.name for alias in statement.names)
            elif isinstance(statement, ast.ImportFrom) and statement.module:
                yield from (f"{statement.module}.{alias.name}" for alias in statement.names)

    def functions(self) -> Iterator[Function]:
        """Yield its functions and methods."""
        for found in ast.walk(self.tree):
            if isinstance(found, Function):
                yield found

    def public_names(self) -> Iterator[str]:
        """Yield the types and functions that it defines for others."""
        for statement in self.tree.body:
            if isinstance(statement, Function | ast.ClassDef) and statement.name[0] != "_":
                yield statement.name


def modules(*packages: str) -> list[Module]:
    """Return the modules of these packages."""
    return [Module(path) for name in packages for path in sorted((ROOT / name).rglob("*.py"))]


def arrows(found: list[Module]) -> dict[str, set[str]]:
    """Return which parts each part of the structure imports."""
    parts: dict[str, set[str]] = {module.node: set() for module in found if module.node != "bot"}
    for module in found:
        for name in module.imported():
            target = ".".join(name.split(".")[:2]) if name.startswith("bot.") else name[:4]
            if target in parts and module.node in parts and target != module.node:
                parts[module.node].add(target)
    return parts


def layers(imports: Mapping[str, set[str]]) -> list[list[str]]:
    """Return the parts from the lowest layer up; a cycle raises ValueError."""
    found: list[list[str]] = []
    left = dict(imports)
    while left:
        layer = [part for part, needs in left.items() if not needs & left.keys()]
        if not layer:
            raise ValueError(f"a cycle among {sorted(left)}")
        found.append(sorted(layer))
        left = {part: needs for part, needs in left.items() if part not in layer}
    return found


def length(function: Function) -> int:
    """Return the lines of a function from ``def`` to its end."""
    return (function.end_lineno or function.lineno) - function.lineno + 1


def statements(function: Function) -> int:
    """Return the lines of a function's body without its docstring."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def main() -> None:
    """Print the report."""
    product = modules(*PRODUCT)
    imports = arrows(product)
    print(f"{len(imports)} nodes, {sum(map(len, imports.values()))} arrows")
    for number, layer in enumerate(layers(imports), 1):
        print(f"  layer {number}: {', '.join(layer)}")
    _print_packages(modules(*CODE))
    _print_functions(modules(*CODE))
    _print_names(modules(*CODE))


def _print_packages(found: list[Module]) -> None:
    lines: Counter[str] = Counter()
    files: Counter[str] = Counter()
    for module in found:
        lines[module.node] += module.lines
        files[module.node] += 1
    for node in sorted(lines):
        print(f"{node:20} {lines[node]:6} lines in {files[node]:3} files")
    print(f"{'in all':20} {lines.total():6} lines in {files.total():3} files")
    for module in found:
        if module.lines > MOST_LINES:
            print(f"above {MOST_LINES} lines: {module.name} has {module.lines}")


def _print_functions(found: list[Module]) -> None:
    functions = [(module, one) for module in found for one in module.functions()]
    bodies = [statements(function) for _, function in functions]
    tenths = statistics.quantiles(bodies, n=10)
    short = sum(lines <= 2 for lines in bodies) / len(bodies)
    print(
        f"{len(functions)} functions: median {statistics.median(bodies):.0f} lines, 90 % at most "
        f"{tenths[-1]:.0f}, the longest {max(bodies)}; {short:.0%} have one or two"
    )
    for module, function in functions:
        if length(function) > LONGEST_FUNCTION:
            print(f"above {LONGEST_FUNCTION} lines: {module.name}.{function.name}")


def _print_names(found: list[Module]) -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for module in found:
        for name in module.public_names():
            places[name].append(module.name)
    twice = {name: where for name, where in places.items() if len(where) > 1}
    print(f"{len(twice)} public names are defined twice")
    for name, where in sorted(twice.items()):
        print(f"  {name}: {', '.join(where)}")


if __name__ == "__main__":
    main()
