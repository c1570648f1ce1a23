"""Entry of `python local_spark …`: makes the folder a package, whatever its place.

The folder itself is taken off sys.path, since its modules have everyday names
(`jobs`, `sessions`) that would shadow those of a user.
"""

import importlib.util
import os
import sys


def load_package() -> None:
    folder = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [p for p in sys.path if os.path.abspath(p or ".") != folder]
    spec = importlib.util.spec_from_file_location(
        "local_spark",
        os.path.join(folder, "__init__.py"),
        submodule_search_locations=[folder],
    )
    package = importlib.util.module_from_spec(spec)
    sys.modules["local_spark"] = package
    spec.loader.exec_module(package)


if __name__ == "__main__":
    if "local_spark" not in sys.modules:
        load_package()
    from local_spark.command_line import main

    sys.exit(main(sys.argv[1:]))
