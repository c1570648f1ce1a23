/*
 * look_remedy - whose a name is that Python does not know
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "kernel/look_parts.h"

char *spark_look_remedy_text(const char *name)
{
    return xasprintf("`%s` is in the Spark session: begin the cell with `%%%%synapse`, or "
        "`%%synapse get %s`.", name, name);
}

static void on_known(question_t *question, const cJSON *value)
{
    char *text = cJSON_IsTrue(value) ? spark_look_remedy_text(question->text) : NULL;
    question->remedy(text, question->remedy_arg);
    free(text);
}

void spark_look_remedy(spark_look_t *look, const char *name, spark_remedy_fn *fn, void *arg)
{
    livy_session_t *session = look_session_of(look, NULL);
    bool is_predefined = strcmp(name, "spark") == 0 || strcmp(name, "sc") == 0;
    if (is_predefined) {
        char *text = xasprintf("`%s` is there in Spark cells: %sbegin the cell with "
            "`%%%%synapse`.", name, session ? "" : "run `%synapse start`, and ");
        fn(text, arg);
        free(text);
        return;
    }
    question_t *question = look_question_new(look, 0, name, on_known);
    question->remedy = fn;
    question->remedy_arg = arg;
    cJSON *args = json_obj();
    json_set_str(args, "name", name);
    look_ask(question, session, "has", args);
}

void spark_look_forget(spark_look_t *look, const void *arg)
{
    question_t *next;
    for (question_t *question = look->questions; question; question = next) {
        next = question->next;
        if (question->remedy && question->remedy_arg == arg)
            look_question_free(question);
    }
}
