"""notebookutils - `notebookutils` and `mssparkutils`, which Azure has, in a local session

A module of remote/prologue.py, brought along by the first cell that names one of them or
has %run, after lines.py. Both names are variables and modules then; what is not here is an
AttributeError that says so. Names and order of arguments are Azure's. Python 3.8 or later;
standard library only; `keyring` and the `az` command where they are installed.
"""
import codecs
import collections
import getpass
import importlib.machinery
import inspect
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import types

AZ_SECONDS = 30
RESOURCES = {  # of getToken's short names
    "storage": "https://storage.azure.com/",
    "vault": "https://vault.azure.net",
    "keyvault": "https://vault.azure.net",
    "azuremanagement": "https://management.azure.com/",
    "dw": "https://database.windows.net/",
    "synapse": "https://dev.azuresynapse.net",
    "datalakestore": "https://datalake.azure.net/",
    "df": "https://datafactory.azure.net/",
    "azuredataexplorer": "https://kusto.kusto.windows.net",
    "kusto": "https://kusto.kusto.windows.net",
    "azureossdb": "https://ossrdbms-aad.database.windows.net",
    "pbi": "https://analysis.windows.net/powerbi/api",
}
FileInfo = collections.namedtuple("FileInfo", "path name size isDir isFile modifyTime")
references = []  # names of the notebooks that notebook.run is in

# --- fs: files of this machine --------------------------------------------------------------


def place(text):
    """The absolute path of `x`, `~/x`, `file:/x` or `file:///x`."""
    path = os.fspath(text)
    if path.startswith("file:"):
        path = path[len("file:") :]
        if path.startswith("//"):
            host, _, path = path[2:].partition("/")
            path = "/" + path
            if host not in ("", "localhost"):
                raise tools.Refused("%s is not on this machine." % text)
    elif re.match(r"[A-Za-z][\w+.-]*:/", path):
        raise tools.Refused(
            "fs has the files of this machine in a local session, and not %s: give a path, or "
            "read and write that URL by spark.read and df.write." % text)
    return os.path.abspath(os.path.expanduser(path))


def existing(text):
    path = place(text)
    if not os.path.lexists(path):
        raise FileNotFoundError("There is no file or folder %s." % path)
    return path


def target_of(source, dest):
    """Where a copy belongs: `dest`, or within it if that is a folder."""
    target = place(dest)
    if os.path.isdir(target):
        target = os.path.join(target, os.path.basename(source))
    if (target + "/").startswith(source.rstrip("/") + "/"):
        raise tools.Refused("%s can't go to %s, into itself." % (source, target))
    return target


def info(path, prefix):
    about, is_folder = os.lstat(path), os.path.isdir(path)
    return FileInfo(prefix + path, os.path.basename(path), 0 if is_folder else about.st_size,
                    is_folder, not is_folder, about.st_mtime_ns // 1000000)


def ls(path):
    """What is in a folder: path, name, size, isDir, isFile, modifyTime (ms)."""
    folder = existing(path)
    prefix = "file:" if str(path).startswith("file:") else ""
    if not os.path.isdir(folder):
        return [info(folder, prefix)]
    return [info(os.path.join(folder, name), prefix) for name in sorted(os.listdir(folder))]


def head(file, max_bytes=102400):
    """The first bytes of a file, as text."""
    with open(place(file), "rb") as stream:
        data = stream.read(max_bytes)
    return codecs.getincrementaldecoder("utf-8")("replace").decode(data)


def cp(src, dest, recurse=False):
    """Copy a file, or with recurse a folder."""
    source = existing(src)
    target = target_of(source, dest)
    if not os.path.isdir(source):
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copy2(source, target)
    elif recurse:
        shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True)
    else:
        raise tools.Refused("fs.cp: %s is a folder: recurse=True copies it." % source)
    return True


def mv(src, dest, create_path=False, overwrite=False):
    """Move a file or a folder."""
    source = existing(src)
    target = target_of(source, dest)
    if os.path.isdir(target) or (os.path.lexists(target) and not overwrite):
        raise FileExistsError("fs.mv: %s is there already." % target)
    if create_path:
        os.makedirs(os.path.dirname(target), exist_ok=True)
    elif not os.path.isdir(os.path.dirname(target)):
        raise FileNotFoundError("fs.mv: there is no folder %s: create_path=True makes it."
                                % os.path.dirname(target))
    shutil.move(source, target)
    return True


def rm(path, recurse=False):
    """Delete a file, or with recurse a folder with all that is in it."""
    there = existing(path)
    if not os.path.isdir(there) or os.path.islink(there):
        os.remove(there)
        return True
    if os.listdir(there) and not recurse:
        raise tools.Refused("fs.rm: %s is a folder with files in it: recurse=True deletes "
                            "them all." % there)
    real = os.path.realpath(there)
    for kept in (os.getcwd(), os.path.expanduser("~")):
        if os.path.commonpath([real, os.path.realpath(kept)]) == real:
            raise tools.Refused("fs.rm: %s holds the working folder or your home, and stays: "
                                "local paths are this machine's." % there)
    shutil.rmtree(there)
    return True


def write(path, content, mode):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, mode, encoding="utf-8", newline="") as file:
        file.write(content)
    return True


def put(file, content, overwrite=False):
    """Write text to a file."""
    path = place(file)
    if os.path.lexists(path) and not overwrite:
        raise FileExistsError("fs.put: %s is there: overwrite=True replaces it." % path)
    return write(path, content, "w")


def append(file, content, createFileIfNotExists=False):
    """Write text behind what is in a file."""
    return write(place(file) if createFileIfNotExists else existing(file), content, "a")


def mkdirs(path):
    """Make a folder, and those above it."""
    os.makedirs(place(path), exist_ok=True)
    return True


def exists(path):
    """Is there such a file or folder?"""
    return os.path.exists(place(path))


# --- credentials ----------------------------------------------------------------------------


class Secret(str):
    """A text that a cell does not show as its value."""

    __slots__ = ()

    def __repr__(self):
        return "'[REDACTED]'"


def variable_of(*words):
    return "_".join(re.sub(r"\W", "_", word).upper() for word in words)


def from_environment(names, looked):
    looked += ["the variable " + name for name in names]
    return next((os.environ[name] for name in names if os.environ.get(name)), None)


def from_keyring(vault, name, looked):
    try:
        import keyring

        looked.append("keyring")
        return keyring.get_password(vault, name)
    except ImportError:
        looked.append("keyring (not installed)")
    except Exception as error:
        looked.append("keyring (%s)" % type(error).__name__)
    return None


def from_az(words, field, looked):
    program = shutil.which("az")
    if program is None:
        looked.append("az (not installed)")
        return None
    with tempfile.TemporaryFile() as said:
        try:
            code, output = kernel.modules["lines"].execute(
                [program] + words + ["--output=json"], timeout=AZ_SECONDS,
                stdout=subprocess.PIPE, stderr=said)
            if code == 0:
                return json.loads(output.decode("utf-8"))[field]
            said.seek(0)
            words = said.read(2000).decode("utf-8", "replace").split("\n")[0][:200]
            looked.append("az (%s)" % (words or "exit code %d" % code))
        except subprocess.TimeoutExpired:
            looked.append("az (no answer within %d s)" % AZ_SECONDS)
        except (OSError, ValueError, KeyError, TypeError) as error:
            looked.append("az (%s)" % type(error).__name__)
    return None


def getSecret(akvName, secret, linkedService=""):
    """A secret of a key vault: from SECRET_<NAME>, keyring, or az."""
    vault = re.sub(r"^https://|[./].*$", "", akvName.strip())
    if not all(re.fullmatch(r"[A-Za-z0-9][\w-]*", word) for word in (vault, secret)):
        raise tools.Refused("credentials.getSecret takes the name of a key vault and that of "
                            "a secret: letters, digits and -.")
    looked = []
    names = [variable_of("SECRET", vault, secret), variable_of("SECRET", secret)]
    words = ["keyvault", "secret", "show", "--vault-name=" + vault, "--name=" + secret]
    return given(from_environment(names, looked) or from_keyring(vault, secret, looked)
                 or from_az(words, "value", looked),
                 "secret %s of the key vault %s" % (secret, vault), looked)


def getToken(audience, name=""):
    """A token for storage, vault, or a URL: from TOKEN_<AUDIENCE>, or az."""
    resource = RESOURCES.get(audience.lower(), audience)
    if not resource.startswith("https://"):
        raise tools.Refused("credentials.getToken: %s is no audience: give a URL, or one of %s."
                            % (audience, ", ".join(RESOURCES)))
    looked = []
    words = ["account", "get-access-token", "--resource=" + resource]
    return given(from_environment([variable_of("TOKEN", audience)], looked)
                 or from_az(words, "accessToken", looked), "token for " + audience, looked)


def given(value, what, looked):
    if not value:
        raise tools.Refused("There is no %s. Looked at: %s." % (what, ", ".join(looked)))
    return Secret(value)


# --- env, runtime, session, notebook --------------------------------------------------------


def getUserName():
    """Your name on this machine."""
    return getpass.getuser()


def getUserId():
    """Your number on this machine."""
    return str(os.getuid())


def getJobId():
    """The id of the Spark application."""
    return tools.spark_context().applicationId


def getClusterId():
    """The same: a local session is its own cluster."""
    return getJobId()


def getWorkspaceName():
    """local"""
    return "local"


def getPoolName():
    """local"""
    return "local"


class Runtime(types.ModuleType):
    @property
    def context(self):
        return {
            "currentNotebookName": references[-1] if references else None,
            "currentWorkspaceName": getWorkspaceName(),
            "isForPipeline": False,
            "isReferenceRun": bool(references),
            "userName": getUserName(),
            "userId": getUserId(),
            "poolName": getPoolName(),
            "clusterId": getClusterId(),
        }


def stop():
    """Says how a session is stopped."""
    print("session.stop() leaves a local session alone: %synapse stop ends it.")


def run(path, timeout_seconds=90, arguments=None, workspace=None):
    """Run a notebook or a Python file with names of its own; its exit value comes back."""
    shared = ("__synapse_kernel__", "spark", "sc", "sqlContext", "display",
              "displayHTML") + NAMES
    names = {name: kernel.user[name] for name in shared if name in kernel.user}
    names["__name__"] = "__main__"
    cell, is_late = kernel.running, []

    def end():
        is_late.append(True)
        kernel.interrupt(cell)

    timer = threading.Timer(min(timeout_seconds, threading.TIMEOUT_MAX), end)
    timer.daemon = True
    references.append(os.path.splitext(os.path.basename(path))[0])
    try:
        if threading.get_ident() == kernel.thread:  # elsewhere an interrupt would hit others
            timer.start()
        kernel.modules["lines"].run_file("notebook.run", path, names, arguments or {})
        return ""
    except tools.Ended as ended:
        return str(ended)
    except BaseException:
        if not is_late:
            raise
        with kernel.lock:
            kernel.pending = False
        raise TimeoutError("notebook.run: %s did not end within %g s." % (
            path, timeout_seconds)) from None
    finally:
        timer.cancel()
        references.pop()


def leave(value=""):
    """End the cell, or the notebook that notebook.run is in, with a value."""
    raise tools.Ended(value)


# --- the modules ----------------------------------------------------------------------------

NAMES = ("notebookutils", "mssparkutils")
PARTS = {
    "fs": (ls, head, cp, mv, rm, put, append, mkdirs, exists),
    "credentials": (getSecret, getToken),
    "env": (getUserName, getUserId, getJobId, getWorkspaceName, getPoolName, getClusterId),
    "notebook": {"run": run, "exit": leave},
    "session": (stop,),
    "runtime": (),
}


def made(name, members, kind=types.ModuleType):
    """A module that explains itself and says what it has not."""
    module = kind(name, "Of a local session: see help().")
    module.__spec__ = importlib.machinery.ModuleSpec(name, None)

    def help(method=""):
        """What there is, in lines."""
        for key, value in members.items():
            if method in ("", key) and isinstance(value, types.ModuleType):
                value.help()
            elif method in ("", key):
                about = (value.__doc__ or "").partition("\n")[0]
                print("%s.%s%s: %s" % (name, key, inspect.signature(value), about))
        if kind is Runtime:
            print("%s.context: a dict about this session" % name)

    def __getattr__(key):
        raise AttributeError("%s.%s is not there in a local session: %s.help() lists what is."
                             % (name, key, name))

    vars(module).update(members, help=help, __getattr__=__getattr__)
    sys.modules[name] = module
    return module


def attach():
    both = []
    for name in NAMES:
        parts = {}
        for part, functions in PARTS.items():
            if not isinstance(functions, dict):
                functions = {function.__name__: function for function in functions}
            kind = Runtime if part == "runtime" else types.ModuleType
            parts[part] = made(name + "." + part, functions, kind)
        both.append(made(name, parts))
        kernel.user.setdefault(name, both[-1])
    vars(both[0])["mssparkutils"] = both[1]


attach()
