"""Frames of the session among the variables of the notebook's Python, as a variables pane
lists them."""
import pytest

from notebook_kernel import NotebookKernel

pytestmark = pytest.mark.timeout(300)

PEOPLE = "%%synapse\npeople = spark.createDataFrame([(1, 'a')], 'id bigint, name string')"
REMEDY = ("`people` is in the Spark session: begin the cell with `%%synapse`, or "
          "`%synapse get people`.")
# What debuggers, inspectors and copies of a namespace do with any variable.
PROBES = """
import collections.abc, copy, inspect, pickle
assert people is copy.copy(people) is copy.deepcopy([people])[0]
assert people and people == people and {people: 1}[people] == 1 and not people == 1
assert not hasattr(people, "shape") and not hasattr(people, "__array__")
assert not isinstance(people, (dict, list, str))
inspect.getmodule(people), inspect.unwrap(people)
assert [name for name, _ in inspect.getmembers(people) if not name.startswith("_")] == []
assert dir(people) and inspect.getdoc(people) and f"{people}" == repr(people)
get_ipython().inspector.info(people)
try:
    pickle.dumps(people)
except TypeError as error:
    print(error)
"""
USES = ("people.show()", "people['id']", "people['id'] = 1", "len(people)", "list(people)",
        "people(1)", "1 in people", "people.cache = 1", "del people['id']", "people.count")


def shown(kernel):
    """{name: repr} of the proxies among the variables."""
    cell = kernel.ok("{n: repr(v) for n, v in globals().items() if n[0] != '_' "
                     "and type(v).__name__ == 'SparkDataFrame'}")
    return eval(cell.data()[0])


@pytest.fixture
def framed(spark):
    """A session with one frame, and a Python without variables of its own."""
    spark.ok("%%synapse\nfor name in [n for n, v in globals().items() if n[0] != '_' and "
             "type(v).__name__ == 'DataFrame']: del globals()[name]")
    spark.ok("%reset -f")
    spark.ok(PEOPLE)
    return spark


def test_a_frame_comes_changes_and_goes(framed):
    assert shown(framed) == {
        "people": "Spark DataFrame[id: bigint, name: string] in the session"}
    assert framed.ok("people").data() == [
        "Spark DataFrame[id: bigint, name: string] in the session\n"
        "`%%synapse` cells use it; `%synapse get people` brings its rows here"]
    framed.ok("%%synapse\npeople = people.select('id')\nother = people\n_hidden = people")
    line = "Spark DataFrame[id: bigint] in the session"
    assert shown(framed) == {"people": line, "other": line}
    framed.ok("%%synapse\ndel people")
    assert list(shown(framed)) == ["other"]
    assert "people" in framed.fails("people").error["evalue"]
    framed.ok("%%synapse\nother = 5")
    assert shown(framed) == {}


def test_cells_that_fail_lines_sql_and_calls_from_python(framed):
    framed.fails("%%synapse\nfailed = people\n1 / 0")
    assert list(shown(framed)) == ["people", "failed"]
    framed.ok("%synapse line = people")
    framed.ok("if True:\n    %synapse called = people\nprint(repr(called))")
    framed.ok("%%synapse sql\nSELECT 1 AS one")
    assert list(shown(framed)) == ["people", "failed", "line", "called"]


def test_what_the_user_has_is_left_alone(framed):
    framed.ok("mine = 'here'")
    framed.ok("%%synapse\nmine = max = In = people")
    assert framed.ok("mine, max(1, 2), type(In)").data() == ["('here', 2, list)"]
    framed.ok("people = 3")
    framed.ok("%%synapse\npeople = people.select('id')")
    assert framed.ok("people").data() == ["3"]
    framed.ok("%%synapse\ndel people, mine, max, In")
    assert framed.ok("people, mine").data() == ["(3, 'here')"]


def test_get_replaces_it(framed):
    framed.ok("%synapse get people")
    assert framed.ok("people.shape").data() == ["(1, 2)"]
    framed.ok("%%synapse -o people\npeople = people.select('id')")
    assert framed.ok("people.shape").data() == ["(1, 1)"]
    assert framed.ok("del people\nx = %synapse get people\nx.shape").data() == ["(1, 1)"]


@pytest.mark.parametrize("use", USES)
def test_a_use_says_where_the_frame_is(framed, use):
    cell = framed.fails(use)
    assert cell.error["ename"] == "SparkFrameError" and cell.error["evalue"] == REMEDY
    assert cell.traceback.splitlines()[-1] == "SparkFrameError: " + REMEDY


def test_whoever_probes_goes_on(framed):
    assert framed.ok(PROBES).stdout == "It can't be pickled here. " + REMEDY + "\n"
    assert "people" in framed.ok("%who").stdout
    assert "Spark DataFrame" in framed.ok("%whos").stdout
    assert framed.ok("people?").status == "ok"


def test_the_way_to_the_session(framed):
    already = "`people` is in the Spark session already: %%synapse cells use it."
    assert already in framed.fails("%synapse put people").text
    assert already in framed.fails("%%synapse -i people\n1").text
    assert already in framed.fails("from synapse_kernel import put\nput(people=people)").text
    sql = framed.fails("%%synapse sql\nSELECT :people").text
    assert "in the Spark session it is a DataFrame, or holds one. A par" in sql
    framed.ok("remote_only = people")  # no value that Spark could be given
    cell = framed.fails("%%synapse\nremote_only")
    assert "local Python" not in cell.traceback


def test_the_debugger_lists_it(framed):
    request = framed.client.session.msg("debug_request", {
        "type": "request", "seq": 1, "command": "inspectVariables", "arguments": {}})
    framed.client.control_channel.send(request)
    reply = framed.client.get_control_msg(timeout=60)
    assert reply["parent_header"]["msg_id"] == request["header"]["msg_id"]
    found = {v["name"]: v for v in reply["content"]["body"]["variables"]}
    assert found["people"]["value"] == (
        "Spark DataFrame[id: bigint, name: string] in the session")
    assert found["people"]["type"] == "SparkDataFrame"


@pytest.fixture
def other(framed, request, jupyter_path, folder, runtime):
    """A second kernel: the same session is its `shared`, beside one of its own."""
    if "livy" in request.node.callspec.params.values():
        pytest.skip("sessions are attached on any server in the same way")
    framed.ok("listed = %synapse session list")
    name = framed.ok("print(listed[0]['name'])").stdout.strip()
    other = NotebookKernel(jupyter_path, folder, runtime)
    try:
        other.ok("%synapse start")
        other.ok("%synapse session attach --name shared " + name)
        yield other
    finally:
        other.shutdown()


def test_each_kernel_and_each_of_its_sessions_has_its_own_news(framed, other):
    other.ok(PEOPLE.replace("people", "own"))
    other.ok("%%synapse --session shared\n1")
    assert list(shown(other)) == ["own"]
    other.ok("%synapse session use shared")
    assert list(shown(other)) == ["people"]
    framed.ok("%%synapse\nmore = people")
    assert list(shown(framed)) == ["people", "more"]
    other.ok("%%synapse\n1")
    assert list(shown(other)) == ["people", "more"]
    other.ok("%synapse session detach")
    assert list(shown(other)) == ["own"]


def test_a_new_python_and_the_sessions_end(kernel):
    kernel.ok("%synapse start")
    kernel.ok(PEOPLE)
    assert list(shown(kernel)) == ["people"]
    kernel.manager.restart_kernel()
    kernel.client.wait_for_ready(timeout=30)
    assert shown(kernel) == {}
    kernel.ok("%%synapse\n1")  # the session from before
    assert list(shown(kernel)) == ["people"]
    kernel.run("import os; os._exit(1)")
    kernel.ok("%%synapse\n1")
    assert list(shown(kernel)) == ["people"]
    kernel.fails("%%synapse\nimport os; os._exit(1)")
    assert shown(kernel) == {}, "the session was lost"
    kernel.ok("%synapse start")
    kernel.ok(PEOPLE)
    kernel.ok("%synapse stop")
    assert shown(kernel) == {}
