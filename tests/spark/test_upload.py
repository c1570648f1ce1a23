"""`%synapse upload`: files of the notebook's machine, for the driver and executors."""
import hashlib
import os
import time

import pytest

pytestmark = pytest.mark.timeout(300)

# The driver does not know the notebook's file, as on another machine.
FAR_AWAY = """%%synapse
__synapse_kernel__.modules["upload"].identity = lambda path: None
"""
READ = """%%synapse
from pyspark import SparkFiles
def read(_):
    with open(SparkFiles.get({0!r})) as file:
        return file.read()
open({0!r}).read(), sc.parallelize([0], 1).map(read).collect()
"""


@pytest.fixture
def outside(tmp_path):
    (tmp_path / "words.txt").write_text("one two")
    return tmp_path


def test_driver_and_executors_read_it(spark, outside):
    cell = spark.ok("%%synapse upload %s/words.txt as w.txt" % outside)
    assert cell.stdout == ("w.txt: 7 B, in the session now: open('w.txt'), on executors "
                           "SparkFiles.get('w.txt')\n")
    assert spark.ok(READ.format("w.txt")).data() == ["('one two', ['one two'])"]


def test_a_file_below_home(spark, outside):
    path = os.path.relpath(outside / "words.txt", os.path.expanduser("~"))
    assert "h.txt: 7 B" in spark.ok("%%synapse upload ~/%s as h.txt" % path).stdout


def test_a_name_with_a_space_and_a_folder(spark, outside):
    spark.ok("%%synapse upload %s/words.txt as 'in/a b.txt'" % outside)
    read = READ.format("a b.txt").replace("\nopen('a b.txt')", "\nopen('in/a b.txt')")
    assert spark.ok(read).data() == ["('one two', ['one two'])"]


def test_python_imports_it_on_both_sides(spark, outside):
    (outside / "helper_of_upload.py").write_text("def f(x):\n    return x + 41\n")
    spark.ok("%%synapse upload %s/helper_of_upload.py --py" % outside)
    cell = spark.ok("%%synapse\nimport helper_of_upload as h\n"
                    "h.f(0), sc.parallelize([1], 1).map(lambda x: h.f(x)).collect()")
    assert cell.data() == ["(41, [42])"]


@pytest.mark.parametrize("is_far_away", [False, True])
def test_a_folder_on_both_sides(spark, outside, is_far_away):
    name = "tree%d" % is_far_away
    tree = outside / name
    (tree / "in").mkdir(parents=True)
    (tree / "in" / "a.txt").write_text("deep")
    (tree / "__pycache__").mkdir()
    (tree / "link.txt").symlink_to(outside / "words.txt")
    spark.ok("%%synapse upload %s/words.txt as first.txt" % outside)
    if is_far_away:
        spark.ok(FAR_AWAY)
    assert "packed, in the session now: " in spark.ok("%%synapse upload %s/" % tree).stdout
    code = READ.replace("SparkFiles.get({0!r})", "SparkFiles.get({0!r}) + '/in/a.txt'")
    code = code.replace("open({0!r}).read(), ", "open({0!r} + '/in/a.txt').read(), ")
    assert spark.ok(code.format(name)).data() == ["('deep', ['deep'])"]
    cell = spark.ok("%%synapse sorted(__import__('os').listdir(%r))" % name)
    assert cell.data() == ["['in', 'link.txt']"]


def test_python_imports_a_folder_on_both_sides(spark, outside):
    package = outside / "package_of_upload"
    package.mkdir()
    (package / "__init__.py").write_text("from .part import f\n")
    (package / "part.py").write_text("def f(x):\n    return x + 42\n")
    spark.ok("%%synapse upload %s --py" % package)
    cell = spark.ok("%%synapse\nimport package_of_upload as p\n"
                    "p.f(0), sc.parallelize([1], 1).map(lambda x: p.f(x)).collect()")
    assert cell.data() == ["(42, [43])"]


def test_a_large_file_goes_in_pieces(spark, outside):
    data = os.urandom(1 << 20) * 15
    (outside / "large.bin").write_bytes(data)
    spark.ok("%%synapse upload %s/words.txt as first.txt" % outside)
    spark.ok(FAR_AWAY)
    spark.ok("%%synapse upload %s/large.bin" % outside)
    cell = spark.ok("%synapse __import__('hashlib').sha256(open('large.bin', 'rb').read()).hexdigest()")
    assert cell.data() == ["'%s'" % hashlib.sha256(data).hexdigest()]


def test_an_interrupt_ends_it_and_leaves_nothing(spark, outside):
    with open(str(outside / "huge.bin"), "wb") as file:
        file.truncate(1 << 30)
    spark.ok("%%synapse upload %s/words.txt as first.txt" % outside)
    spark.ok(FAR_AWAY)
    sent = spark.send("%%synapse upload %s/huge.bin" % outside)
    time.sleep(1.5)
    spark.interrupt()
    assert spark.finish(sent).error["ename"] == "KeyboardInterrupt"
    cell = spark.ok("%synapse [n for n in __import__('os').listdir() if 'huge' in n]")
    assert cell.data() == ["[]"]


@pytest.mark.parametrize("what, sentence", [
    ("/no/such/file", "No such file"), ("{} as words.txt", "is a file"),
    ("{}/words.txt as ../x", "no name within"), ("{}/words.txt --py", "--py takes"),
])
def test_what_can_not_be_is_told(spark, outside, what, sentence):
    line = "%synapse upload " + what.replace("{}", str(outside))
    spark.ok("%%synapse upload %s/words.txt" % outside)
    assert sentence in spark.fails(line).text
    assert spark.ok("%synapse 1 + 1").data() == ["2"]
