# look: what the session's names are. Asked for beside a cell, so nothing of the user's runs:
# no call, no property, no __getattr__, no Spark job. What a call would give is read from
# the annotation of its result.

import ast
import builtins
import collections
import fnmatch
import html
import inspect
import keyword
import linecache
import pkgutil
import re
import sys
import time
import types

MOST = 500  # matches of one answer
DETAILED = 150  # of them get a signature
DEEP = 12  # assignments and annotations that are followed
FRESH = 5.0  # seconds that what a catalog said holds
PREDEFINED = {"spark", "sc", "sqlContext", "sqlc", "HiveContext", "StreamingContext",
              "SparkSession", "display", "displayHTML", "cloudpickle"}

# A thing of which the value, or at least the type, is known.
Known = collections.namedtuple("Known", "value kind has_value")


def of_value(value):
    return Known(value, type(value), True)


def of_kind(kind):
    return Known(None, kind, False)


# ---- text -----------------------------------------------------------------------------

Token = collections.namedtuple("Token", "kind text start end is_open")

TOKEN = re.compile(
    r"""(?P<comment>\#[^\n]*)|(?P<quote>[rRbBfFuU]{0,2}(?:'''|\"\"\"|'|\"))"""
    r"""|(?P<name>[^\W\d]\w*)|(?P<number>\d[\w.]*)|(?P<space>[ \t\f]+|\\\n)|(?P<line>\n)"""
    r"""|(?P<op>.)""", re.S)
CLOSERS = {")": "(", "]": "[", "}": "{"}


def tokens_of(text):
    """Names, strings, numbers and signs; the last string or comment may be open."""
    found, at = [], 0
    while at < len(text):
        match = TOKEN.match(text, at)
        kind, start, at = match.lastgroup, at, match.end()
        is_open = kind == "comment" and at == len(text)
        if kind == "quote":
            at, is_open = string_end(text, match.group(), at)
            kind = "string"
        if kind != "space" and (kind != "comment" or is_open):
            found.append(Token(kind, text[start:at], start, at, is_open))
    return found


def string_end(text, opening, at):
    quote = opening.lstrip("rRbBfFuU")
    while at < len(text):
        if text[at] == "\\":
            at += 2
        elif text.startswith(quote, at):
            return at + len(quote), False
        elif text[at] == "\n" and len(quote) == 1:
            return at, False
        else:
            at += 1
    return len(text), True


def matching(tokens, i):
    """The index of the bracket that tokens[i] closes, or None."""
    depth = 0
    for j in range(i, -1, -1):
        if tokens[j].text in CLOSERS and tokens[j].kind == "op":
            depth += 1
        elif tokens[j].kind == "op" and tokens[j].text in "([{":
            depth -= 1
            if depth == 0:
                return j
    return None


def enclosing(tokens, end):
    """The index of the innermost bracket that is open before tokens[end], or None."""
    i = end - 1
    while i >= 0:
        token = tokens[i]
        if token.kind == "op" and token.text in CLOSERS:
            i = matching(tokens, i)
            if i is None:
                return None
        elif token.kind == "op" and token.text in "([{":
            return i
        i -= 1
    return None


def expression_before(text, tokens, end, in_brackets=True):
    """The source of the names, calls and subscripts that end before tokens[end]."""
    i = end
    while i > 0:
        token = tokens[i - 1]
        if token.kind == "line" and in_brackets:
            i -= 1
            continue
        if token.kind == "op" and token.text in CLOSERS:
            start = matching(tokens, i - 1)
            if start is None:
                break
            i = start
            before = tokens[i - 1] if i else None
            if before and (before.kind in ("name", "string") or before.text in CLOSERS):
                if not keyword.iskeyword(before.text):
                    continue
        elif token.kind in ("name", "string", "number") and not keyword.iskeyword(token.text):
            i -= 1
        else:
            break
        j = i
        while in_brackets and j > 0 and tokens[j - 1].kind == "line":
            j -= 1
        if not (j > 0 and tokens[j - 1].text == "."):
            break
        i = j - 1
    while i < end and tokens[i].kind == "line":
        i += 1
    return text[tokens[i].start : tokens[end - 1].end] if i < end else ""


# ---- what an expression is ------------------------------------------------------------


class Scope:
    """Names of the session, and those that the cell's text assigns before `end`."""

    def __init__(self, text, end):
        self.assigned = {}
        for match in re.finditer(r"(?m)^([^\W\d]\w*)[ \t]*=(?!=)[ \t]*(.+)$", text[:end]):
            self.assigned[match.group(1)] = match.group(2)
        self.said = re.findall(r"(?m)^[ \t]*(?:def|class|for|import)[ \t]+([^\W\d]\w*)"
                               r"|\bas[ \t]+([^\W\d]\w*)", text)
        self.depth = 0

    def names(self):
        said = {name for pair in self.said for name in pair if name}
        return said.union(self.assigned)

    def lookup(self, name):
        source = self.assigned.get(name)
        if source is not None and self.depth < DEEP:
            self.depth += 1
            known = self.resolve(source)
            self.depth -= 1
            if known is not None:
                return known
        for space in (kernel.user, vars(builtins)):
            if name in space:
                return of_value(space[name])
        return None

    def resolve(self, source):
        try:
            tree = ast.parse("(%s\n)" % source.strip(), mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
        return self.of_node(tree)

    def of_node(self, node):
        if isinstance(node, ast.Name):
            return self.lookup(node.id)
        if isinstance(node, ast.Constant):
            return of_value(node.value)
        if isinstance(node, (ast.List, ast.ListComp)):
            return of_kind(list)
        if isinstance(node, (ast.Dict, ast.DictComp)):
            return of_kind(dict)
        if isinstance(node, ast.JoinedStr):
            return of_kind(str)
        if isinstance(node, ast.Attribute):
            base = self.of_node(node.value)
            return base and attribute(base, node.attr)
        if isinstance(node, ast.Subscript):
            base = self.of_node(node.value)
            return base and item(base, node.slice)
        if isinstance(node, ast.Call):
            return result(self.of_node(node.func))
        return None


def static(kind, name):
    """What a class has under a name, and the class; nothing runs."""
    for base in mro(kind):
        if name in vars(base):
            return vars(base)[name], base
    return None, None


def mro(kind):
    return type.__dict__["__mro__"].__get__(kind)


def own_dict(value):
    """The attributes that an object itself holds."""
    try:
        found = object.__getattribute__(value, "__dict__")
        return found if isinstance(found, dict) else {}
    except Exception:
        return {}


def is_safe(descriptor):
    """Is it C code that only reads, such as a slot?"""
    kind = type(descriptor)
    return kind in (types.MemberDescriptorType, types.GetSetDescriptorType) or (
        kind.__module__ == "pandas._libs.properties")


def attribute(base, name):
    if base.has_value and isinstance(base.value, types.ModuleType):
        space = own_dict(base.value)
        if name in space:
            return of_value(space[name])
        sub = sys.modules.get("%s.%s" % (base.value.__name__, name))
        return of_value(sub) if sub is not None else None
    if base.has_value and isinstance(base.value, type):
        found, owner = static(base.value, name)
        return unwrapped(found, owner, base.value)
    found, owner = static(base.kind, name)
    if owner is None:
        held = own_dict(base.value) if base.has_value else {}
        if name in held:
            return of_value(held[name])
        column = column_kind(base, name)
        return of_kind(column) if column else None
    if isinstance(found, property) or type(found).__name__ == "cached_property":
        getter = getattr(found, "fget", None) or getattr(found, "func", None)
        return promised(getter, base.kind)
    if base.has_value and is_safe(found):
        try:
            return of_value(found.__get__(base.value, base.kind))
        except Exception:
            return None
    return unwrapped(found, owner, base.kind)


def unwrapped(found, owner, kind):
    if owner is None:
        return None
    if isinstance(found, (staticmethod, classmethod)):
        found = found.__func__
    if isinstance(found, types.FunctionType):
        return Known(Method(found, kind), types.MethodType, True)
    return of_value(found)


class Method:
    """A function together with the class that it was found on."""

    def __init__(self, function, kind):
        self.function, self.kind = function, kind


def function_of(known):
    value = known.value if known and known.has_value else None
    return value.function if isinstance(value, Method) else value


def result(known):
    """What a call gives, by its annotation."""
    function = function_of(known)
    if isinstance(function, type):
        return of_kind(function)
    owner = known.value.kind if known and isinstance(known.value, Method) else None
    if isinstance(function, types.MethodType):
        owner, function = type(function.__self__), function.__func__
    return promised(function, owner)


def promised(function, owner):
    """The annotated result of a function, as a type."""
    for _ in range(DEEP):
        inner = own_dict(function).get("__wrapped__")
        if inner is None or not isinstance(function, types.FunctionType):
            break
        function = inner
    if not isinstance(function, types.FunctionType):
        return None
    hint = function.__annotations__.get("return")
    kind = class_of(hint, function, owner)
    return of_kind(kind) if kind is not None else None


def class_of(hint, function, owner):
    if isinstance(hint, type):
        return hint
    if not isinstance(hint, str):
        options = getattr(hint, "__args__", None) if hint is not None else None
        return class_of(options[0], function, owner) if options else None
    text = hint.strip("\"' ")
    text = re.sub(r"^(?:typing\.)?Optional\[(.*)\]$", r"\1", text)
    text = re.sub(r"\[.*$", "", text.split("|")[0]).strip("\"' ")
    if text == "Self":
        return owner
    path, _, name = text.rpartition(".")
    named = function.__globals__.get(path.partition(".")[0]) if path else None
    named = own_dict(named) if isinstance(named, types.ModuleType) else {}
    for space in (named, function.__globals__, vars(builtins)):
        if isinstance(space.get(name), type):
            return space[name]
    if name in ("List", "Dict", "Tuple", "Set"):
        return vars(builtins)[name.lower()]
    top = (function.__module__ or "").partition(".")[0] + "."
    for path, module in list(sys.modules.items()):
        if path.startswith(top) and module is not None:
            found = own_dict(module).get(name)
            if isinstance(found, type) and found.__module__ == path:
                return found
    return None


def item(base, node):
    node = getattr(node, "value", node) if type(node).__name__ == "Index" else node
    key = node.value if isinstance(node, ast.Constant) else None
    if base.has_value and type(base.value) in (dict, list, tuple) and key is not None:
        try:
            return of_value(base.value[key])
        except (LookupError, TypeError):
            return None
    if isinstance(key, str):
        column = column_kind(base, key)
        return of_kind(column) if column else None
    return None


# ---- frames ---------------------------------------------------------------------------


def frame_sort(kind):
    """"spark" or "pandas" for the class of a frame, else None."""
    for base in mro(kind):
        module = base.__module__ or ""
        if base.__name__ == "DataFrame" and module.startswith("pyspark.sql."):
            return "spark"
        if base.__name__ == "DataFrame" and module.startswith("pandas."):
            return "pandas"
    return None


def schema_of(frame):
    """The schema of a Spark frame: the analyser knows it, no job runs."""
    found = own_dict(frame).get("_schema")
    return found if found is not None else frame.schema


def columns_of(base):
    """[(name, type)] of a frame whose value is known."""
    if not base.has_value:
        return []
    sort = frame_sort(base.kind)
    try:
        if sort == "spark":
            fields = schema_of(base.value).fields
            return [(field.name, field.dataType.simpleString()) for field in fields]
        if sort == "pandas":
            kinds = base.value.dtypes
            return [(str(name), str(kind)) for name, kind in zip(kinds.index, kinds)]
    except Exception:  # a session that has stopped
        pass
    return []


def column_kind(base, name):
    if name not in [column for column, _ in columns_of(base)]:
        return None
    if frame_sort(base.kind) == "pandas":
        return getattr(sys.modules.get("pandas"), "Series", None)
    module = sys.modules.get("pyspark.sql.column") or sys.modules.get("pyspark.sql")
    return getattr(module, "Column", None)


# ---- completion -----------------------------------------------------------------------


class Found:
    """Matches for one place, best first."""

    def __init__(self, typed, start, end):
        self.typed, self.start, self.end = typed, start, end
        self.items, self.seen = [], set()

    def add(self, text, kind, signature="", before="", after=""):
        """`before` and `after` stand around the text in the cell, as quotes do."""
        fits = text.casefold().startswith(self.typed.casefold())
        is_hidden = text.startswith("_") and not self.typed.startswith("_") and not before
        if fits and not is_hidden and text not in self.seen and len(self.items) < MOST:
            self.seen.add(text)
            self.items.append({"text": before + text + after, "type": kind,
                               "signature": signature})

    def answer(self):
        exact = [one for one in self.items if one["text"].startswith(self.typed)]
        items = exact or self.items
        return {"matches": [one["text"] for one in items], "cursor_start": self.start,
                "cursor_end": self.end,
                "types": [dict(one, start=self.start, end=self.end) for one in items]}


def complete(code, cursor, language="python"):
    """Matches for the cursor (in code points): {"matches", "cursor_start", "cursor_end",
    "types"}."""
    if language == "sql":
        return complete_sql(code, cursor)
    text = code[:cursor]
    tokens = tokens_of(text)
    last = tokens[-1] if tokens else None
    if last and last.is_open:
        return in_string(code, cursor, tokens)
    typed = last.text if last and last.kind == "name" and last.end == cursor else ""
    found = Found(typed, cursor - len(typed), cursor)
    count = len(tokens) - (1 if typed else 0)
    scope = Scope(code, cursor)
    if last and last.kind == "number" and last.end == cursor:
        return found.answer()
    if in_import(text, tokens, found):
        return found.answer()
    if count and tokens[count - 1].text == ".":
        base = scope.resolve(expression_before(text, tokens, count - 1))
        if base is not None:
            add_attributes(found, base)
        return found.answer()
    add_parameters(found, scope, text, tokens, count)
    add_names(found, scope)
    return found.answer()


def kind_of(value):
    if isinstance(value, types.ModuleType):
        return "module"
    if isinstance(value, type):
        return "class"
    if isinstance(value, (types.FunctionType, types.BuiltinFunctionType, types.MethodType,
                          Method)) or type(value).__name__ in (
            "method_descriptor", "wrapper_descriptor", "staticmethod", "classmethod"):
        return "function"
    return "instance"


def signature_of(value):
    """"(a, b=1)" of a function of Python; "" of others, which may run code to tell."""
    if isinstance(value, Method):
        function, is_bound = value.function, True
    elif isinstance(value, (staticmethod, classmethod)):
        function, is_bound = value.__func__, isinstance(value, classmethod)
    elif isinstance(value, types.MethodType):
        function, is_bound = value.__func__, True
    else:
        function, is_bound = value, False
    if isinstance(function, type):
        function, is_bound = static(function, "__init__")[0], True
    if not isinstance(function, types.FunctionType):
        return None
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return None
    parameters = list(signature.parameters.values())
    if is_bound and parameters and parameters[0].name in ("self", "cls"):
        signature = signature.replace(parameters=parameters[1:])
    return signature


def signature_text(value):
    signature = signature_of(value)
    if signature is None:
        return ""
    try:
        return str(signature)
    except Exception:  # a default whose repr fails
        return ""


def add_attributes(found, base):
    for name, kind in columns_of(base):
        if name.isidentifier() and not keyword.iskeyword(name):
            found.add(name, "column " + kind)
    held = attributes_of(base)
    names = sorted(held, key=lambda name: (name.startswith("_"), name.casefold(), name))
    fit = [name for name in names if name.casefold().startswith(found.typed.casefold())]
    for name in fit:
        value = held[name]
        if isinstance(value, property):
            found.add(name, "property")
        else:
            detailed = len(found.items) < DETAILED
            found.add(name, kind_of(value), signature_text(value) if detailed else "")


def attributes_of(base):
    """name -> what it is, statically."""
    if base.has_value and isinstance(base.value, types.ModuleType):
        return {name: value for name, value in own_dict(base.value).items()
                if isinstance(name, str)}
    held = {}
    is_class = base.has_value and isinstance(base.value, type)
    for kind in reversed(mro(base.value if is_class else base.kind)):
        for name, value in vars(kind).items():
            is_plain = isinstance(value, types.FunctionType) and not is_class
            held[name] = Method(value, base.kind) if is_plain else value
    if base.has_value and not is_class:
        held.update(own_dict(base.value))
    return {name: value for name, value in held.items() if isinstance(name, str)}


def add_names(found, scope):
    for name in sorted(scope.names()):
        known = scope.lookup(name)
        found.add(name, kind_of(known.value) if known and known.has_value else "instance")
    user = dict(kernel.user)
    for name in sorted(user, key=str):
        if isinstance(name, str) and name.isidentifier():
            found.add(name, kind_of(user[name]), signature_text(user[name])
                      if len(found.items) < DETAILED and found.typed else "")
    if found.typed:
        for name in keyword.kwlist:
            found.add(name, "keyword")
        for name in sorted(vars(builtins)):
            found.add(name, kind_of(vars(builtins)[name]))


def callee(scope, text, tokens, count):
    """(what the innermost open bracket calls, the index of that bracket)"""
    at = enclosing(tokens, count)
    if at is None or tokens[at].text != "(" or at == 0:
        return None, at
    before = tokens[at - 1]
    if before.kind != "name" and before.text not in CLOSERS:
        return None, at
    return scope.resolve(expression_before(text, tokens, at)), at


def add_parameters(found, scope, text, tokens, count):
    known, at = callee(scope, text, tokens, count)
    if known is None or not known.has_value or tokens[count - 1].text == "=":
        return
    signature = signature_of(known.value)
    given = {tokens[i].text for i in range(at, count - 1) if tokens[i + 1].text == "="}
    for parameter in signature.parameters.values() if signature else ():
        is_named = parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
        if is_named and parameter.name not in given:
            found.add(parameter.name + "=", "param")


def in_import(text, tokens, found):
    """Completes the names of an import statement; False where there is none."""
    line = text[text.rfind("\n") + 1 :]
    match = re.match(r"\s*from\s+([\w.]+)\s+import\s+[\w\s,(]*$", line)
    if match:
        module = sys.modules.get(match.group(1))
        space = own_dict(module) if module is not None else {}
        for name in sorted(space, key=str.casefold):
            found.add(name, kind_of(space[name]))
        for name in submodules(match.group(1)):
            found.add(name, "module")
        return True
    match = re.match(r"\s*(?:from|import)\s+(?:[\w.]+(?:\s+as\s+\w+)?\s*,\s*)*([\w.]*)$", line)
    if match:
        for name in submodules(match.group(1).rpartition(".")[0]):
            found.add(name, "module")
        return True
    return False


listed = {}  # package -> names of what is in it


def submodules(package):
    if package not in listed:
        module = sys.modules.get(package)
        path = own_dict(module).get("__path__") if module is not None else None
        names = set()
        if package == "":
            names.update(name for name in sys.modules if "." not in name)
            names.update(one.name for one in pkgutil.iter_modules())
        elif path is not None:
            names.update(one.name for one in pkgutil.iter_modules(list(path)))
        listed[package] = sorted(names, key=str.casefold)
    return listed[package]


# ---- completion in a string: columns, keys, tables ------------------------------------


def in_string(code, cursor, tokens):
    """`df["...`, `row["...`, `df.select("...`, `spark.table("...`, `spark.sql("...`"""
    text, last = code[:cursor], tokens[-1]
    quote = re.match(r"[rRbBfFuU]*('''|\"\"\"|'|\")", last.text)
    if quote is None:  # a comment
        return Found("", cursor, cursor).answer()
    typed = last.text[quote.end() :]
    found = Found(typed, cursor - len(typed), cursor)
    scope, count = Scope(code, last.start), len(tokens) - 1
    closing = "" if code.startswith(quote.group(1), cursor) else quote.group(1)
    at = enclosing(tokens, count)
    is_nearest = True
    while at is not None and at > 0:
        base = scope.resolve(expression_before(text, tokens, at))
        if tokens[at].text == "[" and base is not None and is_nearest:
            add_keys(found, base, tokens[at + 1 : count] == [] and closing)
            break
        name = tokens[at - 1].text
        if tokens[at].text == "(" and at > 2 and tokens[at - 2].text == ".":
            owner = scope.resolve(expression_before(text, tokens, at - 2))
            if is_nearest and name == "sql" and is_session(owner):
                return shifted(complete_sql(typed, len(typed)), cursor - len(typed))
            if is_nearest and name in ("table", "cacheTable") and is_session(owner):
                for table in tables():
                    found.add(table, "table")
                break
            if owner is not None and columns_of(owner):
                add_keys(found, owner, "")
                break
        is_nearest = False
        at = enclosing(tokens, at)
    return found.answer()


def shifted(answer, by):
    for one in [answer] + answer["types"]:
        for key in ("start", "end", "cursor_start", "cursor_end"):
            if key in one:
                one[key] += by
    return answer


def is_session(known):
    return known is not None and any(
        base.__name__ == "SparkSession" for base in mro(known.kind))


def add_keys(found, base, after):
    for name, kind in columns_of(base):
        found.add(name, "column " + kind, after=after or "")
    if base.has_value and type(base.value) is dict:
        for key in list(base.value)[:MOST]:
            if isinstance(key, str):
                found.add(key, "key", after=after or "")


# ---- SQL ------------------------------------------------------------------------------

WORDS = """SELECT FROM WHERE GROUP BY HAVING ORDER LIMIT DISTINCT AS ON USING JOIN INNER LEFT
RIGHT FULL OUTER CROSS SEMI ANTI UNION ALL INTERSECT EXCEPT AND OR NOT IN IS NULL BETWEEN LIKE
RLIKE CASE WHEN THEN ELSE END CAST WITH VALUES INSERT INTO OVERWRITE TABLE VIEW TEMPORARY
CREATE REPLACE DROP ALTER DESCRIBE SHOW TABLES DATABASES COLUMNS FUNCTIONS CACHE UNCACHE
EXPLAIN EXISTS IF OVER PARTITION ROWS RANGE PRECEDING FOLLOWING CURRENT ROW UNBOUNDED ASC DESC
NULLS FIRST LAST LATERAL EXPLODE PIVOT TABLESAMPLE DATE TIMESTAMP INTERVAL TRUE FALSE USE SET
DELETE UPDATE MERGE MATCHED CLUSTER DISTRIBUTE SORT WINDOW QUALIFY FILTER ARRAY MAP STRUCT
""".split()
TABLE_WORDS = {"FROM", "JOIN", "TABLE", "INTO", "UPDATE", "DESCRIBE", "VIEW", "USING"}
remembered = {}  # question -> (time, answer)


def remember(question, ask):
    """An answer of the catalog, which may be slow, at most FRESH seconds old."""
    at, answer = remembered.get(question, (None, None))
    if at is None or time.monotonic() - at > FRESH:
        try:
            answer = ask()
        except Exception:  # no such table, no catalog
            answer = []
        remembered[question] = (time.monotonic(), answer)
    return answer


def spark_session():
    found = kernel.user.get("spark")
    return found if found is not None and is_session(of_value(found)) else None


def tables():
    def ask():
        # The public catalog makes a Dataset of them, which takes a second at first.
        catalog = spark_session()._jsparkSession.sessionState().catalog()
        listed = catalog.listTables(catalog.getCurrentDatabase())
        text = listed.take(MOST).mkString("\n")  # `spark_catalog`.`default`.`t`
        return [line.rpartition(".")[2].strip("`") for line in text.split("\n") if line]

    return remember("", ask)


def table_columns(name):
    def ask():
        fields = schema_of(spark_session().table(name)).fields
        return [(field.name, field.dataType.simpleString()) for field in fields]

    return remember(name, ask)


def complete_sql(code, cursor):
    typed = re.search(r"`?\w*$", code[:cursor]).group()
    mark, typed = ("`", typed[1:]) if typed.startswith("`") else ("", typed)
    found = Found(typed, cursor - len(typed), cursor)
    before = code[: cursor - len(typed) - len(mark)]
    if before.count("'") % 2 and not mark:
        return found.answer()
    statement = before.rpartition(";")[2] + " " + code[cursor:].partition(";")[0]
    named = named_tables(statement)
    alias = re.search(r"(\w+)`?\.$", before)
    if alias:
        table = named.get(alias.group(1).lower(), alias.group(1))
        add_columns(found, table, mark)
        return found.answer()
    word = re.search(r"(\w+)\s+$", before)
    if word and word.group(1).upper() in TABLE_WORDS:
        for table in tables():
            found.add(table, "table")
        return found.answer()
    for table in sorted(set(named.values())):
        add_columns(found, table, mark)
    if typed and not mark:
        for table in tables():
            found.add(table, "table")
        upper = not typed.islower()
        for text in WORDS:
            found.add(text if upper else text.lower(), "keyword")
        functions = own_dict(sys.modules.get("pyspark.sql.functions"))
        for name in sorted(functions):
            value = functions[name]
            if isinstance(value, types.FunctionType) and value.__module__.startswith("pyspark"):
                found.add(name, "function", signature_text(value))
    return found.answer()


def named_tables(statement):
    """alias or name -> table, of FROM, JOIN, INTO and UPDATE."""
    named = {}
    pattern = r"(?i)\b(?:from|join|into|update|,)\s+([\w.`]+)(?:\s+(?:as\s+)?(\w+))?"
    for table, alias in re.findall(pattern, statement):
        table = table.replace("`", "")
        named[table.rpartition(".")[2].lower()] = table
        if alias and alias.upper() not in WORDS:
            named[alias.lower()] = table
    return named


def add_columns(found, table, mark):
    for name, kind in table_columns(table):
        if mark or re.match(r"\w+$", name):
            found.add(name, "column " + kind)
        else:
            found.add(name, "column " + kind, before="`", after="`")


# ---- inspection -----------------------------------------------------------------------


def inspect_at(code, cursor, detail=0, language="python"):
    """What stands at the cursor, or what is called there: {"found", "data"}."""
    if language == "sql":
        return inspect_sql(code, cursor)
    end = cursor
    while end < len(code) and re.match(r"\w", code[end]):
        end += 1
    text = code[:end]
    tokens = tokens_of(text)
    scope, known, source = Scope(code, cursor), None, ""
    if tokens and not tokens[-1].is_open:
        last = tokens[-1]
        if last.end >= cursor and (last.kind == "name" or last.text in CLOSERS):
            source = expression_before(text, tokens, len(tokens))
            known = scope.resolve(source)
    if known is None:
        known, at = callee(scope, text, tokens, len(tokens))
        source = expression_before(text, tokens, at) if known else source
    return told(source, known, detail)


def inspect_name(expression, detail=0):
    """`df?`"""
    answer = told(expression, Scope("", 0).resolve(expression), detail)
    if not answer["found"]:
        answer["data"] = {"text/plain": "Object `%s` not found." % expression}
    return answer


def inspect_sql(code, cursor):
    start = cursor - len(re.search(r"\w*$", code[:cursor]).group())
    word = re.match(r"\w*", code[start:]).group()
    name = named_tables(code).get(word.lower(), word)
    columns = table_columns(name) if word else []
    if columns:
        fields = [("Table", name), ("Schema", tree_text(columns))]
        return {"found": True, "data": bundle_of(fields)}
    function = own_dict(sys.modules.get("pyspark.sql.functions")).get(word.lower())
    return told(word, of_value(function) if callable(function) else None, 0)


def tree_text(columns):
    return "\n".join("%s: %s" % pair for pair in columns)


def told(source, known, detail):
    if known is None:
        return {"found": False, "data": {}}
    value, kind = known.value, known.kind
    function = function_of(known) if known.has_value else None
    fields, is_callable = [], kind_of(value) in ("function", "class")
    if known.has_value and is_callable:
        name = " ".join(source.split())
        signature = signature_text(value)
        fields.append(("Signature", name + signature if signature else ""))
    columns = columns_of(known)
    fields.append(("Type", qualified(kind) if columns or not is_callable else
                   {"class": "type"}.get(kind_of(value), "function")))
    if known.has_value:
        fields.append(("String form", short(value)))
        fields.append(("Shape", shape_of(value)))
    if columns:
        fields.append(("Schema" if frame_sort(kind) == "spark" else "Columns",
                       tree_text(columns)))
    documented = function if is_callable and known.has_value else kind
    fields.append(("File", file_of(documented)))
    text = source_of(documented) if detail else ""
    fields.append(("Source", text) if text else ("Docstring", doc_of(documented, value)))
    return {"found": True, "data": bundle_of(fields)}


def qualified(kind):
    module = kind.__module__
    return kind.__qualname__ if module in ("builtins", "__main__") else (
        "%s.%s" % (module, kind.__qualname__))


def doc_of(documented, value):
    if isinstance(value, types.ModuleType):
        documented = value
    if isinstance(documented, type):
        found = static(documented, "__doc__")[0]
        init = static(documented, "__init__")[0]
        init = init.__doc__ if isinstance(init, types.FunctionType) else None
        texts = [text for text in (found, init) if isinstance(text, str)]
        return inspect.cleandoc(texts[0]) if texts else "<no docstring>"
    text = getattr(documented, "__doc__", None)
    return inspect.cleandoc(text) if isinstance(text, str) else "<no docstring>"


def file_of(documented):
    code = getattr(documented, "__code__", None)
    if isinstance(code, types.CodeType):
        return code.co_filename
    if isinstance(documented, type) and documented.__module__ != "builtins":
        return own_dict(sys.modules.get(documented.__module__)).get("__file__") or ""
    return ""


def source_of(documented):
    try:
        if isinstance(documented, types.FunctionType):
            lines = linecache.getlines(documented.__code__.co_filename)
            block = inspect.getblock(lines[documented.__code__.co_firstlineno - 1 :])
            return "".join(block).rstrip()
        return inspect.getsource(documented).rstrip()
    except (OSError, TypeError, IndexError, SyntaxError):
        return ""


def bundle_of(fields):
    """As IPython shows them: a red head, and long values below it."""
    lines, rows = [], []
    for head, text in fields:
        if not text:
            continue
        is_block = "\n" in text or head in ("Docstring", "Source", "Schema")
        lines.append("\x1b[0;31m%s:\x1b[0m%s%s" % (head, "\n" if is_block else " " * (
            12 - len(head)), text))
        rows.append("<tr><th style=\"text-align: left; vertical-align: top\">%s</th>"
                    "<td style=\"text-align: left\"><pre>%s</pre></td></tr>"
                    % (html.escape(head), html.escape(text)))
    return {"text/plain": "\n".join(lines), "text/html": "<table>%s</table>" % "".join(rows)}


# ---- the session's variables ----------------------------------------------------------

PLAIN = (str, bytes, int, float, complex, bool, type(None))


def variables(pattern=None):
    """{"variables": [{"name", "type", "shape", "value"}], "text", "html"} of those that the
    user made."""
    rows = []
    for name, value in sorted(dict(kernel.user).items(), key=lambda pair: str(pair[0])):
        if is_users(name, value) and (not pattern or fnmatch.fnmatchcase(name, pattern)):
            rows.append({"name": name, "type": type_name(value), "shape": shape_of(value),
                         "value": columns_text(value) or short(value)})
    return {"variables": rows, "text": vars_text(rows), "html": vars_html(rows)}


def names():
    return [name for name, value in dict(kernel.user).items() if is_users(name, value)]


def has(name):
    """Does a Spark cell know this name, and not only as a builtin of Python?"""
    return name in kernel.user and not name.startswith("__")


def is_users(name, value):
    if not isinstance(name, str) or name.startswith("_") or name in PREDEFINED:
        return False
    if isinstance(value, (types.FunctionType, type)):
        return value.__module__ == kernel.user.get("__name__", "__main__")
    return not isinstance(value, (types.ModuleType, types.BuiltinFunctionType))


def type_name(value):
    kind = type(value)
    top = (kind.__module__ or "").partition(".")[0]
    return kind.__name__ if top in ("builtins", "__main__") else (
        "%s.%s" % (top, kind.__name__))


def shape_of(value):
    kind = type(value)
    try:
        sort = frame_sort(kind)
        if sort == "spark":
            return "? \u00d7 %d" % len(schema_of(value).fields)
        top = (kind.__module__ or "").partition(".")[0]
        if top in ("pandas", "numpy", "pyarrow") and isinstance(
                getattr(value, "shape", None), tuple):
            return " \u00d7 ".join(str(length) for length in value.shape)
        if kind in (list, tuple, dict, set, frozenset, str, bytes, bytearray):
            return str(len(value))
    except Exception:  # a session that has stopped
        pass
    return ""


def columns_text(value):
    columns = columns_of(of_value(value))
    return cut(", ".join("%s: %s" % pair for pair in columns))


def short(value):
    """A preview of plain data; no repr of the user's runs."""
    kind = type(value)
    if kind in (str, bytes):
        return cut(repr(value[:100]), len(value) > 100)
    if kind is int and value.bit_length() > 400:
        return "an integer of %d bits" % value.bit_length()
    if kind in PLAIN:
        return cut(repr(value))
    if kind in (list, tuple, set, frozenset):
        items = [short(one) if type(one) in PLAIN else "\u2026" for one in list(value)[:10]]
        if any(items):
            ends = {list: "[]", tuple: "()"}.get(kind, "{}")
            return cut(ends[0] + ", ".join(items) + ends[1], len(value) > 10)
    if kind is dict:
        items = ["%s: %s" % (short(key) if type(key) in PLAIN else "\u2026",
                             short(one) if type(one) in PLAIN else "\u2026")
                 for key, one in list(value.items())[:5]]
        return cut("{" + ", ".join(items) + "}", len(value) > 5)
    return ""


def cut(text, is_more=False):
    return text[:80] + "\u2026" if len(text) > 80 else text + ("\u2026" if is_more else "")


HEADS = ("name", "type", "shape", "value")


def vars_text(rows):
    if not rows:
        return "No variables."
    table = [HEADS] + [tuple(row[head] for head in HEADS) for row in rows]
    widths = [max(len(line[i]) for line in table) for i in range(3)]
    return "\n".join(
        "  ".join([line[i].ljust(widths[i]) for i in range(3)] + [line[3]]).rstrip()
        for line in table)


def vars_html(rows):
    if not rows:
        return "<i>No variables.</i>"
    style = ' style="text-align: left"'
    head = "".join("<th%s>%s</th>" % (style, one) for one in HEADS)
    body = "".join("<tr>%s</tr>" % "".join(
        "<td%s>%s</td>" % (style, html.escape(row[one])) for one in HEADS) for row in rows)
    return ('<table border="1" class="dataframe"><thead><tr>%s</tr></thead><tbody>%s</tbody>'
            "</table>" % (head, body))
