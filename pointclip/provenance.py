"""Which library code a script stands on, as a hash: the rerun trigger that Snakemake lacks.

Snakemake watches a script but not the modules it imports. `code_hash` follows a script's imports
into this package, from definition to definition, and hashes their syntax trees without docstrings
and annotations. A touch or a comment changes nothing; a changed constant changes the hash of
exactly the scripts that reach it. Nothing is imported on the way: no torch, some milliseconds.
"""

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path


PACKAGE = Path(__file__).parent
# (module, definition in it); the definition "" stands for the statements that always run.
Node = tuple[str, str]
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_DOCUMENTED = (ast.Module, ast.ClassDef, *_FUNCTIONS)


def code_hash(script: str | Path, registry: Node | None = None, entry: str = "") -> str:
    """Hash what `script` uses of this package, transitively.

    Args:
        registry: a dictionary of alternatives, as ("pointclip.adapters", "METHODS") ...
        entry: ... of which the job uses this module alone.
    """
    todo = list(_uses(_tree(Path(script)), "__main__"))
    seen: dict[Node, str] = {}
    while todo:
        node = todo.pop()
        if node in seen:
            continue
        if node == registry:
            seen[node] = ""
            todo += _whole(entry)
            continue
        seen[node], used = _definition(*node)
        todo += [(node[0], ""), *used]
    text = "\n".join(f"{module}:{name}={seen[module, name]}" for module, name in sorted(seen))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@cache
def _definition(module: str, name: str) -> tuple[str, tuple[Node, ...]]:
    """The text of a definition, and the definitions that it names."""
    statements = _definitions(module).get(name, [])
    used = [node for statement in statements for node in _uses(statement, module)]
    return "\n".join(ast.dump(statement) for statement in statements), tuple(used)


def _uses(tree: ast.AST, module: str) -> Iterator[Node]:
    """The definitions of the package that code in `module` names."""
    imported = dict(_import_table(module))
    attribute: dict[ast.AST, str] = {}
    names: list[ast.Name] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            names.append(node)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            attribute[node.value] = node.attr
        elif isinstance(node, ast.Import | ast.ImportFrom):
            imported |= _imported(node, module)
    for name in names:
        if name.id in imported:
            yield from _follow(*imported[name.id], attribute.get(name))
        elif name.id in _definitions(module):
            yield module, name.id


def _follow(module: str, name: str, attribute: str | None) -> Iterator[Node]:
    """The definitions meant by `name` of `module`, which may be re-exported or be a module."""
    submodule = f"{module}.{name}" if name else module
    if _file(submodule):
        if attribute in _definitions(submodule):
            yield submodule, str(attribute)
        else:
            yield from _whole(submodule)
    elif name in _definitions(module):
        yield module, name
    elif name in _import_table(module):
        yield from _follow(*_import_table(module)[name], attribute)


def _whole(module: str) -> list[Node]:
    return [(module, name) for name in _definitions(module)]


@cache
def _definitions(module: str) -> dict[str, list[ast.stmt]]:
    """A module's top-level statements by the name they define; all others stand under ""."""
    found: dict[str, list[ast.stmt]] = {"": []}
    file = _file(module)
    for statement in _tree(file).body if file else []:
        names: list[str] = []
        match statement:
            case ast.Import() | ast.ImportFrom():
                continue
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                names = [statement.name]
            case ast.Assign():
                targets = [node for target in statement.targets for node in ast.walk(target)]
                names = [node.id for node in targets if isinstance(node, ast.Name)]
            case ast.AnnAssign(target=ast.Name(id=name)):
                names = [name]
        for name in names or [""]:
            found.setdefault(name, []).append(statement)
    return found


@cache
def _import_table(module: str) -> dict[str, Node]:
    """The names that a module imports from the package at its top level."""
    file = _file(module)
    table: dict[str, Node] = {}
    for statement in _tree(file).body if file else []:
        table |= _imported(statement, module)
    return table


def _imported(node: ast.AST, module: str) -> dict[str, Node]:
    """What an import statement in `module` binds: name -> (module, definition or submodule)."""
    if isinstance(node, ast.Import):
        return {
            alias.asname or PACKAGE.name: (alias.name if alias.asname else PACKAGE.name, "")
            for alias in node.names
            if alias.name.split(".")[0] == PACKAGE.name
        }
    if not isinstance(node, ast.ImportFrom):
        return {}
    source = node.module or ""
    if node.level:
        file = _file(module)
        above = module.split(".")
        above = above[: len(above) - node.level + bool(file and file.name == "__init__.py")]
        source = ".".join([*above, *filter(None, [source])])
    if source.split(".")[0] != PACKAGE.name:
        return {}
    return {alias.asname or alias.name: (source, alias.name) for alias in node.names}


@cache
def _file(module: str) -> Path | None:
    path = PACKAGE.parent.joinpath(*module.split("."))
    candidates = [path.with_suffix(".py"), path / "__init__.py"]
    inside = module.split(".")[0] == PACKAGE.name
    return next((file for file in candidates if inside and file.is_file()), None)


@cache
def _tree(path: Path) -> ast.Module:
    """The syntax tree without what changes no result: docstrings, annotations, typing imports."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    _strip(tree)
    tree.body = [
        statement
        for statement in tree.body
        if not (isinstance(statement, ast.If) and "TYPE_CHECKING" in ast.unparse(statement.test))
    ]
    return tree


def _strip(node: ast.AST) -> None:
    """Cut docstrings and the annotations of functions; they stand in statements alone."""
    if isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
        node.body = node.body[1:] or [ast.Pass()]
    if isinstance(node, _FUNCTIONS):
        node.returns = None
        for argument in ast.walk(node.args):
            if isinstance(argument, ast.arg):
                argument.annotation = None
    for block in ("body", "orelse", "finalbody", "handlers", "cases"):
        for statement in getattr(node, block, []):
            _strip(statement)
