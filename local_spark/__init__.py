"""A Livy-style server over PySpark: the embedded default of the kernel.

One server a user, on a Unix socket, with one driver process a session. Only the
Python standard library is used in the server; pyspark is imported in the drivers.
"""

VERSION = "0.1.0"
