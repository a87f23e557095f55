# What snippets find around them. Run once, when a worker starts; `_host` holds the functions that the worker gives.
import builtins
import sys

_NO_ACCESS = "snippets have no file, process or network access"
_ABSENT = {
    "_io", "_posixsubprocess", "_socket", "asyncio", "ctypes", "fcntl", "ftplib", "glob", "http", "mmap", "multiprocessing", "nt", "os", "pathlib",
    "posix", "pty", "requests", "select", "selectors", "shutil", "signal", "smtplib", "socket", "socketserver", "ssl", "subprocess", "tempfile",
    "threading", "urllib3",
}
_ABSENT_PARTS = {"urllib.request"}
# The interpreter's parser loses elements with attributes without a word.
_UNSOUND = {"pyexpat", "xml", "xmlrpc", "plistlib"}


class RunError(Exception):
    """What the executor answered to a question: an undefined variable, a failed query."""


def _module(name, /, **members):
    module = type(sys)(name)
    module.__dict__.update(members)
    sys.modules[name] = module
    return module


def _fspath(path):
    if isinstance(path, (str, bytes)):
        return path
    raise TypeError("expected str, bytes or os.PathLike object, not " + type(path).__name__)


class _PathLike:
    pass


def _refuse(*args, **kwargs):
    raise PermissionError(_NO_ACCESS)


# The standard library's modules want a few names of `os`; none of them touches the system.
_path = _module(
    "os.path", sep="/", join=lambda *parts: "/".join(parts), basename=lambda p: p.rpartition("/")[2], dirname=lambda p: p.rpartition("/")[0],
    exists=lambda p: False, isfile=lambda p: False, isdir=lambda p: False, normcase=lambda p: p, abspath=lambda p: p,
    splitext=lambda p: (p.rpartition(".")[0], "." + p.rpartition(".")[2]) if "." in p else (p, ""),
)
_module(
    "os", urandom=_host["urandom"], environ={}, getenv=lambda name, default=None: default, fspath=_fspath, PathLike=_PathLike, name="posix", sep="/",
    linesep="\n", path=_path, getpid=lambda: 1, SEEK_SET=0, SEEK_CUR=1, SEEK_END=2, cpu_count=lambda: 1, register_at_fork=lambda **hooks: None,
    error=OSError, stat=_refuse, open=_refuse, listdir=_refuse, getcwd=_refuse,
)


class _FileIO:
    def __init__(self, *args, **kwargs):
        raise PermissionError(_NO_ACCESS)


import _io

_io.FileIO = _FileIO
_io.open = _refuse
_io.open_code = _refuse
builtins.open = _refuse
builtins.input = _refuse

_import = builtins.__import__


def _guarded_import(name, globals=None, locals=None, fromlist=(), level=0):
    if globals is not None and globals.get("__name__") == "__snippet__":
        root = name.partition(".")[0]
        if root in _ABSENT and name != "http.client" or name in _ABSENT_PARTS:
            raise ImportError("'" + name + "' cannot be imported: " + _NO_ACCESS, name=name)
        if root in _UNSOUND:
            raise ImportError("'" + name + "' cannot be imported: snippets have no reliable XML parser", name=name)
    return _import(name, globals, locals, fromlist, level)


builtins.__import__ = _guarded_import


class _Output:
    """`print` and `sys.stdout.write` as log lines."""

    encoding = "utf-8"
    errors = "strict"
    closed = False

    def __init__(self):
        self._line = ""

    def write(self, text):
        *lines, self._line = (self._line + text).split("\n")
        for line in lines:
            _host["log"](line)
        if len(self._line) > 65536:
            self.flush()
        return len(text)

    def flush(self):
        if self._line:
            line, self._line = self._line, ""
            _host["log"](line)

    def isatty(self):
        return False

    def writable(self):
        return True


_output = _Output()
sys.stdout = sys.stderr = _output


def end_output():
    """Ends a call's output: what it left without a line end becomes a line, and what it put in the output's place goes."""
    sys.stdout = sys.stderr = _output
    _output.flush()


class ExactFloat(float):
    """A number whose digits a float does not hold: text made of it has them, arithmetic is a float's."""

    __slots__ = ("text",)

    def __new__(cls, text):
        self = float.__new__(cls, text)
        self.text = text
        return self

    def __repr__(self):
        return self.text

    __str__ = __repr__

    def __format__(self, spec):
        return _host["format"](self.text, spec) if spec else self.text


_round = builtins.round


def _exact_round(number, ndigits=None):
    # The interpreter's own rounding of floats scales first, and so rounds 2.675 up.
    if isinstance(number, float) and isinstance(ndigits, int) and number - number == 0:
        return _host["round"](float(number), max(-400, min(int(ndigits), 400)))
    return _round(number, ndigits)


builtins.round = _exact_round


class Row(dict):
    """A row of a table: a column that is not there is an error, and `get` gives its default for NULL."""

    __slots__ = ()

    def _column(self, name):
        if dict.__contains__(self, name):
            return name
        if isinstance(name, str):
            lower = name.lower()
            same = [column for column in self if column.lower() == lower]
            if len(same) == 1:
                return same[0]
        raise RunError("KeyError: " + repr(name) + " — the row's columns are: " + ", ".join(self))

    def __getitem__(self, name):
        return dict.__getitem__(self, self._column(name))

    def __contains__(self, name):
        try:
            self._column(name)
        except RunError:
            return False
        return True

    def get(self, name, default=None):
        value = dict.__getitem__(self, self._column(name))
        return default if value is None else value

    def to_dict(self):
        return dict(self)

    def copy(self):
        return Row(self)


class Headers(dict):
    """Headers of a reply, by name in any case."""

    def __getitem__(self, name):
        try:
            return dict.__getitem__(self, name.lower())
        except KeyError:
            raise KeyError(name) from None

    def __contains__(self, name):
        return dict.__contains__(self, name.lower())

    def get(self, name, default=None):
        return dict.get(self, name.lower(), default)

    def __call__(self):
        return self


class _Status(int):
    def __call__(self):
        return int(self)


class _Text(str):
    def __call__(self):
        return str(self)


class _Elapsed(float):
    def total_seconds(self):
        return float(self)


class Response:
    """The reply at hand."""

    def __init__(self, status, url, headers, elapsed):
        self.status_code = _Status(status)
        self.url = url
        self.headers = Headers(headers)
        self.elapsed = _Elapsed(elapsed)
        self.encoding = "utf-8"

    @property
    def ok(self):
        return self.status_code < 400

    @property
    def content(self):
        return _host["body"]()

    @property
    def text(self):
        return _Text(_host["body"]().decode("utf-8", "replace"))

    def json(self):
        return _host["json"]()

    def __getattr__(self, name):
        raise AttributeError(
            "response has no '" + name + "': it has status_code, ok, headers, text, content, json(), url, elapsed and encoding"
        )

    def __repr__(self):
        return "<Response [" + str(int(self.status_code)) + "]>"


def _query_arguments(arguments):
    cast = None
    if arguments and not isinstance(arguments[-1], str) and callable(arguments[-1]):
        *arguments, cast = arguments
    if len(arguments) == 1:
        return None, arguments[0], cast
    if len(arguments) == 2:
        return arguments[0], arguments[1], cast
    raise TypeError("a query is written query(source, sql)")


def var(name):
    return _host["variable"](name)


def is_var_defined(name):
    return _host["is_defined"](name)


def query(*arguments):
    source, sql, _ = _query_arguments(arguments)
    return _host["query"](source, sql)


def query_value(*arguments):
    source, sql, cast = _query_arguments(arguments)
    rows = _host["query"](source, sql)
    value = next(iter(rows[0].values()), None) if rows else None
    return value if value is None or cast is None else cast(value)


query_scalar = query_value


def table(*arguments):
    source, name, _ = _query_arguments(arguments)
    quoted = ".".join('"' + part.replace('"', '""') + '"' for part in name.split("."))
    return _host["query"](source, "select * from " + quoted)


class _Log:
    def __call__(self, *values):
        print(*values)

    debug = info = warning = error = __call__


log = _Log()


class _Sources:
    query = staticmethod(query)
    query_value = staticmethod(query_value)
    query_scalar = staticmethod(query_scalar)
    table = staticmethod(table)


class Context:
    """`context` of a snippet: the same functions as its bare names."""

    sources = _Sources()
    log = log
    var = staticmethod(var)
    is_var_defined = staticmethod(is_var_defined)
    query = staticmethod(query)
    query_scalar = staticmethod(query_scalar)
    query_value = staticmethod(query_value)
    table = staticmethod(table)


_context = Context()


def names():
    """The globals of a call."""
    return {
        "__name__": "__snippet__",
        "__builtins__": builtins,
        "context": _context,
        "var": var,
        "is_var_defined": is_var_defined,
        "query": query,
        "query_scalar": query_scalar,
        "query_value": query_value,
        "table": table,
        "log": log,
    }


def call_evaluate(evaluate, response):
    """Calls `evaluate` with as many of context and response as it has places for."""
    code = evaluate.__code__
    places = code.co_argcount
    required = places - len(evaluate.__defaults__ or ())
    if required > 2:
        raise TypeError("evaluate takes context, or context and response; write default values for its other parameters")
    with_response = required == 2 or (response is not None and places >= 2 and code.co_varnames[1] == "response")
    return evaluate(*(_context, response)[: 2 if with_response else min(places, 1)])


def plain(value):
    """A value of another type, as one that can leave the interpreter."""
    kind = type(value).__name__
    if kind in ("set", "frozenset", "range", "dict_keys", "dict_values", "dict_items", "generator", "map", "filter", "zip", "enumerate", "reversed",
                "list_reverseiterator", "deque", "chain", "islice"):
        return list(value)
    if kind == "Decimal" and value.is_finite():
        digits = format(value, "f")
        return ExactFloat(digits) if "." in digits else int(digits)
    if kind in ("datetime", "date", "time"):
        return value.isoformat()
    if kind == "UUID":
        return str(value)
    if kind == "OrderedDict" or hasattr(value, "keys") and hasattr(value, "__getitem__"):
        return {key: value[key] for key in value.keys()}
    if hasattr(value, "_asdict"):
        return value._asdict()
    raise TypeError("a snippet cannot give a value of type " + kind + ": give text, numbers, lists or dicts")


def describe(exception, file):
    """Kind, line in `file` and message of an exception, whatever it is."""
    line = 0
    trace = exception.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == file:
            line = trace.tb_lineno
        trace = trace.tb_next
    if isinstance(exception, SyntaxError) and getattr(exception, "filename", None) == file:
        line = exception.lineno or line
    kind = 0
    if isinstance(exception, (RecursionError, MemoryError)):
        kind = 1
    elif isinstance(exception, RunError):
        kind = 2
    try:
        message = str(exception)
    except BaseException:
        message = ""
    name = type(exception).__name__
    if isinstance(exception, RunError):
        return kind, line, message
    if isinstance(exception, SystemExit):
        return kind, line, "the snippet called exit: a snippet ends with return, and a flow with the fail op"
    return kind, line, name + ": " + message if message else name
