/*
 * command_configure - `%%synapse configure`, `%%configure`: settings of the next session
 */
#include "magics/conf.h"
#include "magics/row.h"

static const option_t options[] = {
    {.letter = 'f', .name = "force", .offset = offsetof(command_t, configure.force),
     .help = "end the session that is there: the next one has the settings"},
    {0},
};

static const char *const examples[] = {
    "%%configure\n{\"driverMemory\": \"4g\", \"conf\": {\"spark.sql.shuffle.partitions\": 8}}",
    "%%configure -f\n{\"executorCores\": 2}  // a comment",
    NULL,
};

static int take_body(command_t *command, const char *body, err_t *err)
{
    command->configure.has_body = true;
    return conf_of_body(&command->start, body, err);
}

static int check(command_t *command, err_t *err)
{
    if (!command->configure.has_body)
        return err_set(err, ERR_USAGE, "There are no settings: write them as a JSON object "
            "below the line, as in {\"driverMemory\": \"4g\"}.");
    return conf_check(&command->start, err);
}

const command_row_t command_configure_row = {
    .id = COMMAND_CONFIGURE,
    .name = "configure",
    .usage = "configure [-f]",
    .summary = "Set what the next session starts with, as %%configure of Synapse does.",
    .text = "The lines below are a JSON object: fields of a Livy session (driverMemory, "
            "numExecutors, conf, …) or Spark settings; // comments are fine. What `start` "
            "itself asks for wins.",
    .examples = examples,
    .options = options,
    .take_body = take_body,
    .check = check,
};
