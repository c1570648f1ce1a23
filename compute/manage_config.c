/*
 * manage_config - `config`: what is in force, and where it comes from
 */
#include <stdlib.h>

#include "base/path.h"
#include "compute/manage_verb.h"

static void note_file(manage_t *manage, const char *whose, const char *file)
{
    if (file)
        manage_note(manage, "%s file: %s%s", whose, file,
            path_is_file(file) ? "" : " (not there)");
}

/* A fault is what people look for here: it is told beside what holds all the same. */
static void run_config(manage_t *manage)
{
    const config_t *config = azure_config(manage->azure);
    err_t err = {0};
    cJSON *value = config_shown(config, manage->options->word, &err);

    if (!value) {
        manage_fail(manage, &err);
        return;
    }
    if (!manage->options->word) {
        note_file(manage, "The site's", config_site_file(config));
        note_file(manage, "The user's", config_user_file(config));
    }
    char *strays = config_strays(config);
    if (*strays)
        manage_note(manage, "%s", strays);
    free(strays);
    if (config_problem(config)->code)
        manage_note(manage, "A fault, until which nothing starts: %s",
            config_problem(config)->text);
    manage_done(manage, value);
}

static const char *const columns[] = {"key", "value", "from", "help", "variable", NULL};

const manage_verb_t manage_config_verbs[] = {
    {COMMAND_CONFIG, "", run_config, columns},
    {0},
};
