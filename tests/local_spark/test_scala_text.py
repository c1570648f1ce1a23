import pytest

from local_spark.scala_interpreter import table_of
from local_spark.scala_text import pieces


@pytest.mark.parametrize(
    "code, expected",
    [
        ("val n = 20\nn + 1", ["val n = 20\nn + 1"]),
        (
            "case class P(a: Int)\nval x = P(1)",
            ["case class P(a: Int)", "val x = P(1)"],
        ),
        (
            "class A\nobject A {\n  val x = 1\n}\nA.x",
            ["class A\nobject A {\n  val x = 1\n}", "A.x"],
        ),
        ("xs\n  .map(f)\n.filter(g)\n", ["xs\n  .map(f)\n.filter(g)"]),
        ("if (a) {\n1\n}\nelse 2", ["if (a) {\n1\n}\nelse 2"]),
        (
            'val s = """\nclass B\n"""\nval t = 1',
            ['val s = """\nclass B\n"""\nval t = 1'],
        ),
        ('val s = "{"\nclass B', ['val s = "{"', "class B"]),
        ("val c = '\"'\nclass B", ["val c = '\"'", "class B"]),
        ("/* {\nclass X */\nclass B", ["/* {\nclass X */\nclass B"]),
        ("// a {\nval x = 1\nclass B", ["// a {\nval x = 1", "class B"]),
        ("sealed abstract class A\nfoo", ["sealed abstract class A", "foo"]),
        ("val classes = 1\nval objects = 2", ["val classes = 1\nval objects = 2"]),
        ("", []),
    ],
)
def test_definitions_of_classes_are_pieces_of_their_own(code, expected):
    assert [text for _, text in pieces(code)] == expected


def test_a_magic_line_stands_for_itself():
    assert pieces("val rows = 1\n%table rows\nrows") == [
        ("code", "val rows = 1"),
        ("magic", "%table rows"),
        ("code", "rows"),
    ]


def test_a_percent_inside_a_literal_is_no_magic():
    assert [kind for kind, _ in pieces('val s = """\n%json x\n"""')] == ["code"]


def test_tables_have_livys_scala_types():
    assert table_of([{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]) == {
        "headers": [
            {"type": "BIGINT_TYPE", "name": "a"},
            {"type": "STRING_TYPE", "name": "b"},
        ],
        "data": [[1, "x"], [2, "y"]],
    }
    assert table_of(3)["headers"] == [{"type": "BIGINT_TYPE", "name": "0"}]
    with pytest.raises(TypeError):
        table_of([[1], ["x"]])
