/*
 * manage_options - the options that commands which manage something have in common
 */
#include "magics/manage_options.h"

#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "magics/args.h"

const char *const manage_outputs[] = {"json", "table", NULL};

static bool is_yaml(const char *file)
{
    return text_ends(file, ".yml") || text_ends(file, ".yaml");
}

int manage_options_check(command_t *command, manage_naming_t naming, const char *what,
    err_t *err)
{
    manage_options_t *manage = &command->manage;
    const start_options_t *start = &command->start;
    if (manage->name && manage->word)
        return err_set(err, ERR_USAGE, "`%s` and -n `%s` both name it: leave one out.",
            shown(manage->word).text, shown(manage->name).text);
    if (manage->word) {
        manage->name = manage->word;
        manage->word = NULL;
    }
    if (naming == MANAGE_NEEDS_NAME && manage->name == NULL)
        return err_set(err, ERR_USAGE, "What is missing is %s.", what);
    if (start->config_file && is_yaml(start->config_file))
        return err_set(err, ERR_USAGE, "-f is the workspace's config.json: a definition "
            "goes after --file: `--file %s`.", shown(start->config_file).text);
    if (start->config_file && (start->subscription_id || start->resource_group ||
                                  start->workspace_name))
        return options_fail_both("-f", "-s -g -w", "each of them says which workspace.", err);
    return 0;
}

int manage_options_check_list(command_t *command, err_t *err)
{
    return manage_options_check(command, MANAGE_NO_NAME, "", err);
}
