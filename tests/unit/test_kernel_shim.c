/*
 * test_kernel_shim - the Python text that the shim is asked with, and its answers
 */
#include <stdlib.h>

#include "base/mem.h"
#include "kernel/shim.h"
#include "tests/unit/tap.h"

int main(void)
{
    mem_init();
    char *code = shim_history_code(7, "%%synapse\nprint(\"it's\")");
    ok(strstr(code, "remember(7, 'JSVzeW5hcHNlCnByaW50KCJpdCdzIik=')") != NULL,
        "a cell enters as base64 only");
    free(code);

    code = shim_expand_expression("start -c '$name'");
    ok(strstr(code, "'$name'") == NULL, "a line enters as base64 only");
    free(code);

    err_t err = {0};
    char *text = shim_expanded_text("'c3RhcnQgLWMgcG9vbA=='", &err);
    is_str(text, "start -c pool", "the repr of base64 becomes the line");
    free(text);

    ok(shim_expanded_text("None", &err) == NULL, "what is no text is refused");
    is_int(err.code, ERR_USAGE, "with an error for the user");
    ok(shim_expanded_text("'", &err) == NULL, "half a quote is refused");
    ok(shim_expanded_text("'!!'", &err) == NULL, "what is no base64 is refused");
    ok(shim_expanded_text("'/w=='", &err) == NULL, "what is no UTF-8 is refused");
    return done_testing();
}
