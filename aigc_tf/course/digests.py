"""Digests of what a notebook or a test file depends on: while its digest stays, it need not run again (`selection`).

Code is read, not run: the file's own, and what that names in `aigc_tf`, definition by definition, with the statements
that every import of a module on the way runs. Comments, docstrings, prose and layout do not count. A string that names
a checkpoint, a data file or a module stands for it. What is put together at run time is not seen: a test file names
further files that it reads or runs in constants, `READS = ("README.md", "book")` and `RUNS = ("benchmarks/*.py",)`.

Standard library only, since CI selects before any package is installed.
"""

import ast
import copy
import functools
import hashlib
import json
import re
from collections import defaultdict
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent.parent
PACKAGE = "aigc_tf"
# Dictionaries of which a line counts only for what names its key: the classes of checkpoints, and the data files.
MODELS, FILES = ("aigc_tf/checkpoints.py", "MODELS"), ("aigc_tf/data/downloading.py", "FILES")
ALL, TOP, BYTES = "(all)", "(top)", "(bytes)"  # parts of a file besides its definitions; every import of it runs TOP
MADE_BY_PROGRAMS = {"__pycache__", "node_modules", ".ipynb_checkpoints", "logs"}
IMPORT_LINE = re.compile(rf"from {PACKAGE}[\w.]* import (?:\([^)]*\)|[^\n;]*)|import {PACKAGE}[\w.]*")
MARK = re.compile(r"^\s*#+\s*(NBVAL_\w+|PYTEST_VALIDATE_IGNORE_OUTPUT)\s*$", re.M)  # nbval's: comments that count
IMPORTS = (ast.Import, ast.ImportFrom)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
BLOCKS = (ast.If, ast.With, ast.Try, ast.For, ast.While)


class Sources:
    """The files of a checkout as they stand; each is read once."""

    def __init__(self, root=CHECKOUT):
        self.root = Path(root).resolve()
        self.checkpoints = {path.stem for path in self.root.glob("data/checkpoints/*.json")}
        self.data = {path.name for path in self.root.glob("data/*.*")} - {"README.md"}
        self.module = functools.cache(lambda file: Module(self.root / file, file))
        self.find, self.read = functools.cache(self.find), functools.cache(self.read)

    def digest(self, file, stack=None):
        """SHA-256 of all that a notebook or test file depends on.

        Args:
            file: its path, absolute or relative to the checkout.
            stack: "classic" or "current": the lock of that stack counts, too, and the outputs that nbval compares,
                since both decide whether it passes there. None: only what a notebook's outputs are made of.
        """
        found = self.reach(file)
        if stack:
            found["lock"], found["outputs"] = lock_digest(stack, self.root), compared_outputs(self.root / file)
        return sha256(repr(sorted(found.items(), key=repr)).encode())

    def reach(self, file):
        """{(file, part): digest of its content} for all that a notebook or test file depends on, itself included."""
        path = (self.root / file).resolve()
        beside = [folder / "conftest.py" for folder in path.parents if folder.is_relative_to(self.root)]
        found, waiting = {}, [(self.name_of(each), ALL) for each in (path, *beside) if each.is_file()]
        while waiting:
            part = waiting.pop()
            if part not in found:
                found[part], further = self.read(*part)
                waiting += further
        return found

    def read(self, file, part):
        """The digest of a part of a file, and the parts that it depends on."""
        if part == BYTES:
            status = (self.root / file).stat()
            return sha256_of(self.root / file, status.st_mtime_ns, status.st_size), []
        if file.endswith(".json"):
            return self.read_record((self.root / file).read_text(encoding="utf-8"))
        module = self.module(file)
        if part == ALL:
            further = [(each, part) for pattern, part in module.further for each in self.files(pattern)]
            names = sum(module.imports.values(), []) if module.unread else []
            further += [each for name in names for each in self.absolute(name)]
            return sha256(repr(module.content).encode()), [*self.targets(module, module.body), *further]
        nodes = module.top if part == TOP else module.definitions[part]
        return sha256(repr(plain(nodes)).encode()), list(self.targets(module, nodes))

    def read_record(self, text):
        """The same for a checkpoint: its record, which holds the hash of its weights, and the class of its model."""
        try:
            name = json.loads(text)["class"]
            module = ast.literal_eval(self.table(*MODELS)[name])
            return sha256((text + module).encode()), list(self.absolute([*module.split("."), name]))
        except (KeyError, TypeError, ValueError):
            return sha256(text.encode()), []

    # ---- files ----

    def name_of(self, path):
        """A path relative to the checkout, if it is within."""
        return path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else path.as_posix()

    def table(self, file, name):
        """{key: expression} of MODELS or FILES."""
        return self.module(file).tables.get(name, {}) if (self.root / file).is_file() else {}

    def find(self, name):
        """The file of a module of the package, or of one that stands in tests/; None if there is none."""
        place = self.root.joinpath("" if name.split(".")[0] == PACKAGE else "tests", *name.split("."))
        found = [path for path in (place.with_suffix(".py"), place / "__init__.py") if path.is_file()]
        return self.name_of(found[0]) if found else None

    def files(self, pattern):
        """The files that a path or glob stands for."""
        paths = [each for path in self.root.glob(pattern) for each in (path.rglob("*") if path.is_dir() else [path])]
        return [self.name_of(path) for path in paths if path.is_file() and MADE_BY_PROGRAMS.isdisjoint(path.parts)]

    # ---- from code to what it names; each yields parts, (file, part) ----

    def targets(self, module, nodes):
        """What code names."""
        for mention in (each for node in nodes for each in mentions(node)):
            if isinstance(mention, str):
                yield from self.named(mention, module)
            elif isinstance(mention, IMPORTS):
                for _, name in imported(mention):
                    yield from self.absolute(name, used=False)
            else:
                yield from self.seen_from(module, mention)

    def seen_from(self, module, name, used=True):
        """What a dotted name stands for within a module."""
        first, *rest = name
        if first in module.definitions:
            yield (module.file, first)
        for target in module.imports.get(first, []):
            yield from self.absolute([*target, *rest], used)

    def absolute(self, name, used=True):
        """What a full dotted name stands for: a module as a whole, if it is used otherwise than for an attribute."""
        package, rest = name[0], list(name[1:])
        file = self.find(package)
        if package != PACKAGE or not file:  # a helper of the tests, or nothing of ours
            yield from [(file, ALL)] if file else []
            return
        yield (file, TOP)
        while rest and not self.module(file).binds(rest[0]) and self.find(f"{package}.{rest[0]}"):
            package += f".{rest.pop(0)}"
            file = self.find(package)
            yield (file, TOP)
        if rest and self.module(file).binds(rest[0]):
            yield from self.seen_from(self.module(file), rest, used)
        elif rest == ["__path__"]:  # to walk through the package
            yield from ((each, ALL) for each in self.files(f"{Path(file).parent.as_posix()}/**/*.py"))
        elif rest or used:
            yield (file, ALL)

    def named(self, text, module):
        """What a string stands for: a checkpoint, a data file, a module; or it is code for another process."""
        if text in self.checkpoints and module.names_checkpoints:
            yield (f"data/checkpoints/{text}.json", ALL)
        if text in self.data:
            yield (f"data/{text}", BYTES)
        if text in self.table(*FILES):
            yield (FILES[0], f"{FILES[1]}[{text!r}]")
        if re.fullmatch(rf"{PACKAGE}(\.\w+)+", text):
            yield from self.absolute(text.split("."))
        for statement in IMPORT_LINE.findall(text):
            for _, name in (pair for node in parsed(statement) or [] for pair in imported(node)):
                yield from self.absolute(name)  # which that process may use in any way


class Module:
    """The code of a Python file or a notebook, by the names that it binds.

    Attributes:
        body: all its statements; `content`, without what does not count.
        top: those that count for every name in it: they bind nothing, or other things too, or import other packages.
        definitions: {name: the statements that bind it}; none in a notebook or a test file, which count as a whole.
        imports: {name: the dotted names within the package that it stands for}.
        tables: {name: {key: expression}} of MODELS or FILES, which stand in none of the others.
        further: [(path or glob, BYTES or ALL)], the constants READS and RUNS.
        unread: whether some of it is no Python, so that its imports may be used in any way.
        names_checkpoints: whether strings may; where nothing is loaded, "dcgan" is the name of a network.
    """

    def __init__(self, path, file):
        self.file, self.importable = file, file.startswith(f"{PACKAGE}/")
        self.content, self.body, self.top, self.further, self.unread = [], [], [], [], False
        self.definitions, self.imports, self.tables = defaultdict(list), defaultdict(list), {}
        for source, marks in sources_in(path):
            statements = parsed(source)
            if statements is None:
                self.unread, statements = True, [ast.Expr(ast.Constant(source))]
            elif path.suffix == ".py":
                statements = [each for each in without_strings(statements) if not self.take_table(each)]
            self.content.append((plain(statements), marks))
            self.body += statements
        for statement in self.body:
            self.take_imports(statement)
            self.take(statement)
        self.names_checkpoints = not self.importable or [PACKAGE, "checkpoints"] in sum(self.imports.values(), [])

    def binds(self, name):
        """Whether a name stands for something in the module; if not, a submodule may be called so."""
        return name in self.definitions or name in self.imports

    def take_table(self, statement):
        """Keep MODELS or FILES line by line; return whether the statement is one of them."""
        names = [name for name in bound_by(statement) if (self.file, name) in (MODELS, FILES)]
        for name in names:
            self.definitions[name] = []
            self.tables[name] = dict(zip(map(ast.literal_eval, statement.value.keys), statement.value.values))
            self.definitions |= {f"{name}[{key!r}]": [value] for key, value in self.tables[name].items()}
        return bool(names)

    def take_imports(self, statement):
        """Note what imports bind, in functions too."""
        for node in (each for each in ast.walk(statement) if isinstance(each, IMPORTS)):
            for bound, name in imported(node):
                submodule = self.file == "/".join([*name[:-1], "__init__.py"])  # which is found without
                if name[0] == PACKAGE and not submodule:
                    self.imports[bound].append(name)

    def take(self, statement):
        """Note what a statement binds."""
        bound = bound_by(statement)
        for part in [part for name, part in (("READS", BYTES), ("RUNS", ALL)) if name in bound]:
            self.further += [(pattern, part) for pattern in ast.literal_eval(statement.value)]
        if not self.importable or is_main(statement):
            return
        for alias in statement.names if isinstance(statement, IMPORTS) else ():
            single = copy.copy(statement)
            single.names = [alias]
            ours = any(name[0] == PACKAGE for _, name in imported(single))
            (self.definitions[alias.asname or alias.name.split(".")[0]] if ours else self.top).append(single)
        for name in bound:
            self.definitions[name].append(statement)
        if isinstance(statement, BLOCKS) or not (bound or isinstance(statement, IMPORTS)):
            self.top.append(statement)


# ---- reading ----


def sources_in(path):
    """[(code, what else of it counts)]: of each code cell of a notebook, or of a whole file."""
    text = path.read_text(encoding="utf-8")
    cells = cells_in(text) if path.suffix == ".ipynb" else None
    return [(text, None)] if cells is None else [(joined(cell["source"]), marks_of(cell)) for cell in cells]


def cells_in(text):
    """The code cells of a notebook's text; None if it is no notebook."""
    try:
        return [cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
    except (KeyError, TypeError, ValueError):
        return None


def marks_of(cell):
    """What tells nbval how to treat a cell: comments and tags."""
    tags = [tag for tag in cell.get("metadata", {}).get("tags", []) if tag.startswith(("nbval", "raises"))]
    return sorted([*MARK.findall(joined(cell["source"])), *tags])


def compared_outputs(path):
    """The stored outputs that nbval compares, pictures apart, as text; of a test file none."""
    cells = cells_in(path.read_text(encoding="utf-8")) if path.suffix == ".ipynb" else None
    compared = [cell for cell in cells or [] if {"NBVAL_CHECK_OUTPUT", "nbval-check-output"} & set(marks_of(cell))]
    kept = []
    for output in (output for cell in compared for output in cell.get("outputs", [])):
        data = {kind: joined(value) for kind, value in output.get("data", {}).items() if "image/" not in kind}
        kept.append([joined(output.get("text", "")), output.get("ename"), output.get("evalue"), data])
    return json.dumps(kept, sort_keys=True)


def joined(lines):
    """Text that notebooks store as a string or as a list of lines."""
    return lines if isinstance(lines, str) else "".join(lines)


def parsed(source):
    """The statements of a source, or None if it is no Python."""
    try:
        return ast.parse(source).body
    except (SyntaxError, ValueError):
        return None


def lock_digest(stack, root=CHECKOUT):
    """What an environment made from the locks of a stack has in its stamp (requirements/make_venv.py)."""
    return sha256(b"".join((Path(root) / "requirements" / f"{name}.txt").read_bytes() for name in (stack, "plays")))


def sha256(content):
    """SHA-256 of bytes, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


@functools.cache
def sha256_of(path, modified, size):
    """SHA-256 of a file that was modified at this time and has this size."""
    return sha256(path.read_bytes())


# ---- syntax trees ----


def is_main(statement):
    """Whether this is `if __name__ == "__main__":`, which no import runs."""
    return isinstance(statement, ast.If) and "__main__" in ast.dump(statement.test)


def without_strings(statements):
    """Statements without docstrings."""
    return [each for each in statements if not isinstance(each, ast.Expr) or not is_text(each.value)]


def is_text(node):
    """Whether an expression is a string constant."""
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def fields(node):
    """The fields of a node that make a difference; versions of Python do not differ in them."""
    for name, value in ast.iter_fields(node):
        if name == "body" and isinstance(node, DEFINITIONS):
            value = without_strings(value)
        elif isinstance(node, ast.JoinedStr):
            value = [part for part in value if not is_text(part) or part.value]  # Python 3.12.1 adds empty ones
        if name not in ("ctx", "kind", "type_comment") and value not in ([], None):
            yield name, value


def plain(node):
    """A syntax tree as nested lists."""
    if isinstance(node, list):
        return [plain(each) for each in node]
    if not isinstance(node, ast.AST):
        return node
    return [type(node).__name__, *([name, plain(value)] for name, value in fields(node))]


def bound_by(statement):
    """The names that a statement, imports apart, binds in its module."""
    if isinstance(statement, DEFINITIONS):
        return {statement.name}
    targets = [*getattr(statement, "targets", []), getattr(statement, "target", None)]
    places = [statement] if isinstance(statement, BLOCKS) else [target for target in targets if target]
    nodes = [node for place in places for node in ast.walk(place)]
    stored = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    return stored | {node.name for node in nodes if isinstance(node, DEFINITIONS)}


def imported(statement):
    """Yields (name that it binds, dotted name that this stands for) for each name of an import."""
    for alias in statement.names:
        if isinstance(statement, ast.ImportFrom):
            yield alias.asname or alias.name, [*(statement.module or "").split("."), alias.name]
        elif alias.asname:
            yield alias.asname, alias.name.split(".")
        else:  # `import a.b` binds a, and runs b as well
            yield alias.name.split(".")[0], alias.name.split(".")[:1]
            yield alias.name, alias.name.split(".")


def mentions(node, hidden=frozenset()):
    """Yields what code names: dotted names as lists, strings, imports; `hidden` are the arguments of functions."""
    if isinstance(node, IMPORTS):
        yield node
    elif isinstance(node, ast.Constant):
        yield from [node.value] if is_text(node) else []
    elif name := dotted(node):
        yield from [name] if name[0] not in hidden else []
    else:
        arguments = ast.walk(node.args) if isinstance(node, FUNCTIONS) else ()
        within = hidden.union(each.arg for each in arguments if isinstance(each, ast.arg))
        for field, value in fields(node):
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    yield from mentions(child, within if field == "body" else hidden)


def dotted(node):
    """The names of `a.b.c`; None for another expression."""
    names = []
    while isinstance(node, ast.Attribute):
        names, node = [node.attr, *names], node.value
    return [node.id, *names] if isinstance(node, ast.Name) else None
