/*
 * manage_whoami - `whoami`: whose tokens Azure gets, and why not somebody else's
 */
#include <stdlib.h>
#include <time.h>

#include "base/json.h"
#include "compute/manage_verb.h"
#include "compute/who.h"

static void note_tried(manage_t *manage, const cJSON *who)
{
    const cJSON *entry;
    cJSON_ArrayForEach(entry, json_get_arr(who, "tried"))
    {
        manage_note(manage, "Not by %s: %s", json_str(entry, "source", ""),
            json_str(entry, "why", ""));
    }
}

/* Nobody is an answer too; a login service that is not there, or a wrong configuration,
 * is none. */
static void on_token(const token_t *token, const err_t *err, void *arg)
{
    manage_t *manage = arg;
    err_t copy = *err;
    manage->asking = NULL;
    if (!token && err->code != ERR_AUTH) {
        manage_fail(manage, &copy);
        return;
    }
    cJSON *who = who_of(azure_credentials(manage->azure, NULL));
    char *text = who_text(who, (int64_t)time(NULL));
    if (token)
        manage_note(manage, "Azure is asked by %s.", text);
    else
        manage_note(manage, "Azure is asked by nobody: no source gives a token. Run "
            "`%%synapse login` or `az login`.");
    note_tried(manage, who);
    free(text);
    manage_done(manage, who);
}

/* Nobody is asked to log in: that would be another answer than the question's. */
static void run(manage_t *manage)
{
    static const credential_events_t events = {.on_token = on_token};
    err_t err = {0};
    credentials_t *credentials = azure_credentials(manage->azure, &err);
    if (!credentials) {
        manage_fail(manage, &err);
        return;
    }
    manage_phase(manage, "asking for a token");
    manage->asking = credentials_ask(credentials,
        azure_cloud(manage->azure, NULL)->audiences[AUDIENCE_ARM], NULL, NULL, &events,
        manage);
}

/* The rest of the value is in the words beside it. */
static const char *const columns[] = {"source", "user", "object_id", "tenant", "audience",
    "expires", NULL};

const manage_verb_t manage_whoami_verbs[] = {
    {COMMAND_WHOAMI, "", run, columns},
    {0},
};
