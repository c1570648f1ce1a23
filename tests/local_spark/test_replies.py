import pytest

from local_spark import replies
from local_spark.replies import SESSION_CLASS, SESSION_FIELDS, Refusal


def refusal(function, *arguments):
    with pytest.raises(Refusal) as caught:
        function(*arguments)
    return caught.value.status, caught.value.body


def parse(data):
    return replies.parse_body(data, SESSION_FIELDS, SESSION_CLASS)


def test_half_a_json_is_refused_in_the_parsers_words():
    assert refusal(parse, b'{"kind":') == (
        400,
        "Unexpected end-of-input within/between Object entries\n at [Source: "
        "(org.eclipse.jetty.server.HttpInputOverHTTP); line: 1, column: 9]",
    )


def test_a_word_that_is_no_json_is_named():
    assert refusal(parse, b"nope") == (
        400,
        "Unrecognized token 'nope': was expecting (JSON String, Number, Array, Object or "
        "token 'null', 'true' or 'false')\n at [Source: "
        "(org.eclipse.jetty.server.HttpInputOverHTTP); line: 1, column: 5]",
    )


def test_an_unknown_field_is_named_with_all_that_are_known():
    status, text = refusal(parse, b'{"kind": "pyspark", "colour": "red"}')
    assert status == 400
    assert text.startswith(
        'Unrecognized field "colour" (class org.apache.livy.server.interactive.'
        "CreateInteractiveRequest), not marked as ignorable (17 known properties: "
        '"executorCores", "conf", "driverMemory", '
    )
    assert text.endswith(
        '"executorMemory"])\n at [Source: (org.eclipse.jetty.server.HttpInputOverHTTP); '
        "line: 1, column: 32] (through reference chain: org.apache.livy.server."
        'interactive.CreateInteractiveRequest["colour"])'
    )


@pytest.mark.parametrize(
    "data", [b"", b"[1]", b"3", b'"x"', b"\xff\xfe", b"{]", b'{"a"']
)
def test_every_other_body_is_a_400_with_a_text(data):
    status, text = refusal(parse, data)
    assert status == 400 and isinstance(text, str) and text


def test_an_unknown_kind_is_refused():
    assert refusal(replies.checked_session, {"kind": "cobol"}) == (
        400,
        "Invalid kind: cobol (through reference chain: org.apache.livy.server."
        'interactive.CreateInteractiveRequest["kind"])',
    )


def test_a_number_that_is_text_is_livys_class_cast():
    status, text = refusal(replies.checked_session, {"numExecutors": "two"})
    assert status == 500
    assert text.startswith(
        "java.lang.ClassCastException: class java.lang.String cannot"
    )


@pytest.mark.parametrize(
    "body",
    [
        {"conf": ["a"]},
        {"jars": "a.jar"},
        {"heartbeatTimeoutInSecond": "x"},
        {"ttl": "soon"},
        {"idleTimeout": "5 parsecs"},
        {"name": {"a": 1}},
        {"kind": 7},
    ],
)
def test_values_of_a_wrong_type_are_refused(body):
    assert refusal(replies.checked_session, body)[0] == 400


@pytest.mark.parametrize(
    "asked, kind",
    [("scala", "spark"), ("python", "pyspark"), ("r", "sparkr"), ("SQL", "sql")],
)
def test_kinds_have_second_names(asked, kind):
    assert replies.checked_session({"kind": asked})["kind"] == kind


def test_a_session_without_kind_is_shared():
    assert replies.checked_session({})["kind"] == "shared"


@pytest.mark.parametrize(
    "text, seconds",
    [
        ("10m", 600),
        ("30s", 30),
        ("1h", 3600),
        ("2d", 172800),
        ("500", 0.5),
        ("9ms", 0.009),
    ],
)
def test_times_are_read_as_livy_reads_them(text, seconds):
    assert replies.parse_time(text) == pytest.approx(seconds)


def test_a_shared_session_wants_a_kind_with_each_statement():
    status, text = refusal(replies.statement_kind, None, "shared")
    assert status == 500 and "Code type should be specified" in text
    assert replies.statement_kind("sql", "shared") == "sql"
    assert replies.statement_kind(None, "pyspark") == "pyspark"


def test_an_unknown_kind_of_a_statement_is_livys_500():
    status, text = refusal(replies.statement_kind, "cobol", "pyspark")
    assert status == 500
    assert text.startswith(
        "java.util.concurrent.ExecutionException: org.apache.livy.rsc.rpc.RpcException: "
        "java.lang.IllegalArgumentException: Invalid kind: cobol\n\tat "
    )


def test_windows_line_ends_become_ours():
    assert replies.statement_code("a\r\nb\n") == "a\nb\n"


def test_a_statement_without_code_is_livys_500():
    status, text = refusal(replies.statement_code, None)
    assert status == 500 and "NullPointerException" in text


def test_a_session_that_is_dead_says_so():
    error = replies.not_running("dead")
    assert (error.status, error.body) == (
        500,
        "java.lang.IllegalStateException: Session is in state dead",
    )
