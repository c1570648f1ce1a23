"""Dataframes where there is no side channel: every piece is a statement."""
import pytest
from notebook_kernel import NotebookKernel

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def plain_kernel(jupyter_path, folder, runtime):
    kernel = NotebookKernel(
        jupyter_path, folder, runtime, {"SYNAPSE_KERNEL_SIDE_CHANNEL": "off"}
    )
    yield kernel
    kernel.shutdown()


def test_frames_go_both_ways_as_statements(plain_kernel):
    kernel = plain_kernel
    kernel.ok("%synapse start")
    kernel.ok("%%synapse\ndf = spark.range(3)")
    kernel.ok("%synapse get df")
    kernel.ok(
        "%%synapse -o big\n"
        "_module = __synapse_kernel__.modules['transfer']\n"
        "_module.is_reachable = lambda path: False\n"
        "import random\n"
        "block = random.Random(1).getrandbits(8 * (9 << 20)).to_bytes(9 << 20, 'big')\n"
        "big = spark.createDataFrame([(bytearray(block),)], 'b binary')"
    )
    assert kernel.ok("len(big.b[0]) == 9 << 20").data() == ["True"]
    kernel.ok("%synapse put big as back")
    assert kernel.ok("%synapse bytes(back.first().b) == block").data() == ["True"]
    assert kernel.ok("%synapse len(_module.spools)").data() == ["0"]
