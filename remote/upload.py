"""upload - a file or a folder of the notebook's machine, in the driver's working folder

A module of the prologue (see "modules" there); the kernel's half is kernel/runner_upload.c.
Pieces go into a hidden file beside the place where the file belongs, which takes that place
when all is there; a folder comes as a .tar.gz, which is unpacked there. Then executors get
the same, and with `py` Python finds it.
"""
import base64
import hashlib
import importlib
import os
import shutil
import tarfile
import tempfile

PYTHON = (".py", ".zip", ".egg", ".whl")
parts = {}  # key -> path of the hidden file
registered = set()  # paths that Spark was given
archives = []  # a folder that ends with the driver: Spark serves what is in it


def place(name, py=False, is_folder=False):
    """The path of `name`, which lies in the working folder."""
    here = os.path.realpath(os.getcwd())
    path = os.path.realpath(os.path.join(here, name))
    words = name.replace("\\", "/").split("/")
    if os.path.isabs(name) or ".." in words or not path.startswith(here.rstrip("/") + "/"):
        raise tools.Refused("`%s` is no name within the session's working folder: give one "
                            "without `..` and without `/` at its start." % name)
    if os.path.exists(path) and os.path.isdir(path) != is_folder:
        raise tools.Refused("`%s` is a %s in the session's working folder: choose another "
                            "name by `as NAME`." % (name, "file" if is_folder else "folder"))
    if py and not is_folder and os.path.splitext(name)[1] not in PYTHON:
        raise tools.Refused("--py takes a module or a package: %s, not `%s`."
                            % (", ".join(PYTHON), name))
    return path


def identity(path):
    """As kernel/runner_upload.c writes it: the same text, the same file of this machine."""
    try:
        about = os.stat(path)
    except OSError:
        return None
    return "%d:%d:%d:%d" % (about.st_dev, about.st_ino, about.st_size, about.st_mtime_ns)


def begin(key, name, path, file, size, py, folder=None):
    """True: the notebook's file at `path` is in reach, and nothing has to be sent. A copy
    is in place then, unless it is that very file. `folder`: the identity of the folder of
    which the file is an archive."""
    target = place(name, py, folder is not None)
    if folder is not None and identity(target) == folder:
        return True
    os.makedirs(os.path.dirname(target), exist_ok=True)
    part = os.path.join(os.path.dirname(target), ".%s.%s" % (os.path.basename(target), key))
    room = shutil.disk_usage(os.path.dirname(target)).free
    is_here = identity(path) == file
    if is_here and os.path.realpath(path) == target:
        return True
    if size > room:
        raise tools.Refused("`%s` has %d bytes; in the session's working folder there is room "
                            "for %d." % (name, size, room))
    parts[key] = part
    try:
        if is_here:
            shutil.copyfile(path, part)
        else:
            open(part, "wb").close()
    except BaseException:
        drop(key)
        raise
    return is_here


def piece(key, at, data, sha256):
    """The next piece. A piece that comes again does no harm."""
    content = base64.b64decode(data)
    if hashlib.sha256(content).hexdigest() != sha256:
        raise tools.Refused("What arrived in the session is not what was sent.")
    with open(parts[key], "r+b") as file:
        file.seek(at)
        file.write(content)


def drop(key):
    part = parts.pop(key, None)
    if part is not None and os.path.exists(part):
        os.remove(part)


def finish(key, name, size, py, folder=None):
    """Put the file in its place and tell Spark. The answer is the line for the user."""
    is_folder = folder is not None
    target = place(name, py, is_folder)
    is_new = key in parts
    try:
        if is_new:
            if os.path.getsize(parts[key]) != size:
                raise tools.Refused("What arrived in the session is not all that was sent.")
            if is_folder:
                unpack(parts[key], target)
            else:
                os.replace(parts[key], target)
    finally:
        drop(key)
    said = ("in the session now: " if is_new else "in the session's working folder already: ")
    said += "%s%r%s" % (("", os.path.relpath(target), "") if is_folder
                        else ("open(", os.path.relpath(target), ")"))
    base = os.path.basename(target)
    context = tools.spark_context()
    if context is not None and target in registered and is_new:
        said += ". Executors keep what they had before; `as NAME` gives them this one"
    elif context is not None and is_folder and not hasattr(context, "addArchive"):
        said += "; executors don't have it (Spark before 3.3): upload its files one by one"
    elif context is not None:
        if is_folder:
            context.addArchive("%s#%s" % (packed(target, "gztar"), base))
        else:
            context.addFile(target)
        registered.add(target)
        said += ", on executors SparkFiles.get(%r)" % base
    if py:
        add_python(context, target)
        said += ", and it can be imported"
    return said


def unpack(archive, target):
    """Files and folders of it, none of them outside of `target`."""
    with tempfile.TemporaryDirectory(dir=os.path.dirname(archive)) as aside:
        with tarfile.open(archive) as packed_files:
            for member in packed_files:
                words = member.name.split("/")
                if not (member.isfile() or member.isdir()):
                    continue
                if os.path.isabs(member.name) or ".." in words:
                    raise tools.Refused("`%s` would lie outside of the folder." % member.name)
                packed_files.extract(member, aside, set_attrs=member.isfile())
        shutil.copytree(aside, target, dirs_exist_ok=True)


def packed(folder, kind):
    """An archive of a folder, with its files at the top (gztar) or below its name (zip)."""
    if not archives:
        archives.append(tempfile.TemporaryDirectory())
    base = os.path.join(archives[0].name, "%d-%s" % (len(registered), os.path.basename(folder)))
    if kind == "zip":
        return shutil.make_archive(base, "zip", os.path.dirname(folder), os.path.basename(folder))
    return shutil.make_archive(base, kind, folder)


def add_python(context, target):
    import sys

    stem, extension = os.path.splitext(os.path.basename(target))
    is_inside = extension == ".py" or os.path.isdir(target)
    folder = os.path.dirname(target) if is_inside else target
    if folder not in sys.path:
        sys.path.insert(0, folder)
    importlib.invalidate_caches()
    if context is None:
        return
    if os.path.isdir(target):
        context.addPyFile(packed(target, "zip"))
        return
    if extension != ".whl":
        context.addPyFile(target)
        return
    with tempfile.TemporaryDirectory() as folder:  # Spark knows no .whl, which is a .zip
        context.addPyFile(shutil.copyfile(target, os.path.join(folder, stem + ".zip")))
