"""`start --packages` with real Spark: a session has them, also after a restart of it."""
import json
import os
import zipfile

import pytest

pytestmark = pytest.mark.timeout(900)
OWN = "g.example:thing:1"
LOOK = (
    "%%%%synapse\nloader = sc._jvm.java.lang.Thread.currentThread().getContextClassLoader()\n"
    "loader.getResource('%s') is not None"
)
CLASS_OF = (
    "%%%%synapse\nsc._jvm.org.apache.hadoop.fs.FileSystem.getFileSystemClass('%s', "
    "sc._jsc.hadoopConfiguration()).getName()"
)


def repository(folder):
    """A repository in a folder, with one package; Ivy's settings that name it alone."""
    with zipfile.ZipFile(folder / "thing-1.jar", "w") as jar:
        jar.writestr("thing.txt", "here")
    settings = folder / "ivysettings.xml"
    settings.write_text(
        '<ivysettings><settings defaultResolver="own"/><resolvers>'
        '<filesystem name="own"><artifact pattern="%s/[module]-[revision].[ext]"/>'
        "</filesystem></resolvers></ivysettings>" % folder
    )
    return {
        "spark.jars.ivySettings": str(settings),
        "spark.jars.ivy": str(folder / "ivy"),
    }


def test_a_session_has_its_packages_and_keeps_them(kernel, tmp_path):
    conf = repository(tmp_path)
    kernel.ok("%%%%configure\n%s" % json.dumps({"conf": conf}))
    start = kernel.ok("%%synapse start --packages %s" % OWN, limit=400)
    assert "ready on local Spark" in start.text
    assert any("fetching packages" in line for line in start.progress), start.progress
    assert kernel.ok(LOOK % "thing.txt").data() == ["True"]
    kernel.ok("%synapse session restart", limit=400)
    assert kernel.ok(LOOK % "thing.txt").data() == ["True"]
    hint = kernel.fails("%%synapse\nspark.read.text('wasbs://c@a.example/x')")
    assert "%synapse stop, then %synapse start --packages azure has" in hint.traceback
    kernel.ok("%synapse stop --now")
    wrong = kernel.fails("%synapse start --packages g.example:nothing:1", limit=400)
    assert (
        "There is no package g.example:nothing:1 in the repositories that were asked."
        in wrong.error["evalue"]
    )


@pytest.mark.skipif(
    "SYNAPSE_TEST_LONG" not in os.environ, reason="fetches 20 MB; SYNAPSE_TEST_LONG=1"
)
def test_azure_is_what_wasbs_and_abfss_need(kernel, tmp_path):
    conf = {"spark.jars.ivy": str(tmp_path / "ivy")}
    kernel.ok("%%%%configure\n%s" % json.dumps({"conf": conf}))
    started = kernel.run("%synapse start --packages azure", limit=600)
    if started.status != "ok" and "no repository answers" in started.traceback:
        pytest.skip("Maven's repositories are out of reach")
    assert started.status == "ok", started.text
    for scheme, name in (("wasbs", "azure.NativeAzureFileSystem"), ("abfss", "azurebfs.")):
        assert name in kernel.ok(CLASS_OF % scheme).data()[0]
