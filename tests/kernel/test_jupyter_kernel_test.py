"""Jupyter's own tests of a kernel, all of them."""

from __future__ import annotations

import pytest
from jupyter_kernel_test import IopubWelcomeTests, KernelTests

pytestmark = pytest.mark.usefixtures("module_runtime_dir")


class TestSynapseKernel(KernelTests):
    kernel_name = "synapse"
    language_name = "python"
    file_extension = ".py"
    code_hello_world = "print('hello, world')"
    code_stderr = "import sys; print('test', file=sys.stderr)"
    completion_samples = [
        {"text": "zi", "matches": {"zip"}},
    ]
    complete_code_samples = [
        "1",
        "print('hello, world')",
        "def f(x):\n  return x*2\n\n\n",
    ]
    incomplete_code_samples = ["print('''hello", "def f(x):\n  x*2"]
    invalid_code_samples = ["import = 7q"]
    code_page_something = "zip?"
    code_generate_error = "raise ValueError('on purpose')"
    code_execute_result = [
        {"code": "1+2+3", "result": "6"},
        {"code": "[n*n for n in range(1, 4)]", "result": "[1, 4, 9]"},
        {"code": "'<b>' + 'x'", "result": "'<b>x'"},
    ]
    code_display_data = [
        {
            "code": "from IPython.display import HTML, display; display(HTML('<b>t</b>'))",
            "mime": "text/html",
        },
        {
            "code": "from IPython.display import Math, display; display(Math('\\\\frac{1}{2}'))",
            "mime": "text/latex",
        },
    ]
    code_history_pattern = "1?2*"
    # As ipykernel's own tests declare: its `range` answers with session 0.
    supported_history_operations = ("tail", "search")
    code_inspect_sample = "zip"
    code_clear_output = "from IPython.display import clear_output; clear_output()"


class TestWelcome(IopubWelcomeTests):
    kernel_name = "synapse"
    support_iopub_welcome = True


# They are bases to inherit from: pytest would run them by themselves too.
del KernelTests, IopubWelcomeTests
