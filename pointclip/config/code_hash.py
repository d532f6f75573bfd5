"""The hash of the library code that a script uses: the rerun trigger that Snakemake lacks.

Snakemake watches a script but not the modules it imports. `code_hash` follows the imports of this
package, from module to module, and hashes their syntax trees without docstrings, annotations and
names of modules. A touch, a comment or a moved file changes nothing; a changed constant changes
the hash of every script that reaches its module. Nothing is imported on the way.

Hyper-parameters of adapters are no part of a hash: a job has those of its own method as params.
"""

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from pointclip.core.files import PACKAGE
from pointclip.core.own_module import is_own


AS_PARAMS = ("pointclip.catalog.adapters",)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_DOCUMENTED = (ast.Module, ast.ClassDef, *_FUNCTIONS)
_IMPORTS = (ast.Import, ast.ImportFrom)


def code_hash(script: str | Path, *also: str) -> str:
    """Hash what `script` uses of this package, transitively.

    Args:
        also: modules that the script imports by name at run time, or files of the user's.
    """
    content, imported = _read(Path(script))
    todo, contents = [*imported, *also], {"": content}
    while todo:
        module = todo.pop()
        if module not in contents and module not in AS_PARAMS:
            file = Path(module) if is_own(module) else _file(module)
            contents[module], imported = _read(file) if file else ("", ())
            todo += imported
    return hashlib.sha256("".join(sorted(contents.values())).encode()).hexdigest()[:16]


@cache
def _read(path: Path) -> tuple[str, tuple[str, ...]]:
    """The hash of a file's own statements, and the modules of the package that it imports."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = tuple(dict.fromkeys(_strip(tree)))
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest(), imported


def _strip(node: ast.AST) -> Iterator[str]:
    """Cut docstrings, annotations of functions and all imports; yield what is imported.

    Where a module lies makes no difference to results. What only type checkers import is not
    yielded.
    """
    if isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
        node.body = node.body[1:] or [ast.Pass()]
    if isinstance(node, _FUNCTIONS):
        node.returns = None
        for argument in ast.walk(node.args):
            if isinstance(argument, ast.arg):
                argument.annotation = None
    if isinstance(node, ast.Module):
        node.body = [statement for statement in node.body if not _for_type_checkers(statement)]
    for block in ("body", "orelse", "finalbody", "handlers", "cases"):
        statements = getattr(node, block, None)
        if isinstance(statements, list):
            for statement in statements:
                yield from (
                    _modules(statement) if isinstance(statement, _IMPORTS) else _strip(statement)
                )
            setattr(node, block, [s for s in statements if not isinstance(s, _IMPORTS)])


def _modules(node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    """The modules meant by an import statement.

    The `__init__` of the folders above a module is not followed: these are empty or lazy.
    """
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names if _file(alias.name))
        return
    if node.level:
        raise SyntaxError("Relative imports are not followed: write 'from pointclip…'.")
    for alias in node.names:
        submodule = f"{node.module}.{alias.name}"
        yield next((name for name in (submodule, node.module or "") if _file(name)), "")


@cache
def _file(module: str) -> Path | None:
    path = PACKAGE.parent.joinpath(*module.split("."))
    candidates = [path.with_suffix(".py"), path / "__init__.py"]
    inside = module.split(".")[0] == PACKAGE.name
    return next((file for file in candidates if inside and file.is_file()), None)


def _for_type_checkers(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.If) and "TYPE_CHECKING" in ast.dump(statement.test)
