/*
 * credential_chain - the sources asked one after the other for one token
 */
#include "compute/credential_chain.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "compute/jwt.h"

static const credential_source_t *const sources[] = {
    &credential_ready_token, &credential_token_command, /* what the configuration says */
    &credential_environment, &credential_workload,      &credential_managed,
    &credential_cli,         &credential_powershell,    &credential_azd,
    &credential_device,
};

enum { SOURCE_COUNT = sizeof sources / sizeof *sources };

struct chain_t {
    const credential_wish_t *wish;
    const credential_source_t *first; /* or NULL */
    bool is_alone;
    chain_fn *fn;
    void *arg;
    const credential_source_t *source; /* that is asked */
    void *asking;                      /* its state, or NULL */
    size_t next;                       /* row of the table that is asked after it */
    loop_timer_t *timer;
    cJSON *tried;
    buf_t absent;                      /* "environment (AZURE_CLIENT_ID is not set), …" */
    buf_t failed;                      /* sentences of those that are set up */
};

/* --- which ones are meant --- */

/* "azure cli", "Azure CLI", "azure-cli" are one name. */
static bool is_same_name(const char *a, const char *b)
{
    for (;; a++, b++) {
        while (*a == ' ' || *a == '-' || *a == '_')
            a++;
        while (*b == ' ' || *b == '-' || *b == '_')
            b++;
        if (tolower((unsigned char)*a) != tolower((unsigned char)*b))
            return false;
        if (!*a)
            return true;
    }
}

static bool is_named(const credential_source_t *source, const char *name)
{
    return is_same_name(name, source->name) || text_equal_nocase(name, source->class_name);
}

/* What narrows the choice, and where it stands: NULL = nothing does. Borrowed. */
static const char *selection_of(const credential_options_t *options, const char **origin)
{
    const char *text = config_str(options->config, "credential");

    *origin = "the configuration's `credential`";
    if (text && *text)
        return text;
    *origin = "AZURE_TOKEN_CREDENTIALS";
    return credential_variable(options, "AZURE_TOKEN_CREDENTIALS");
}

static bool is_chosen(const credential_source_t *source, const char *selection)
{
    if (!selection)
        return true;
    if (text_equal_nocase(selection, "dev"))
        return source->is_developer || source->is_configured;
    if (text_equal_nocase(selection, "prod"))
        return !source->is_developer;
    return is_named(source, selection);
}

static int check_selection(const char *selection, const char *origin, err_t *err)
{
    buf_t names = BUF_INIT;
    bool is_known = !selection || text_equal_nocase(selection, "dev") ||
                    text_equal_nocase(selection, "prod");

    for (size_t i = 0; i < SOURCE_COUNT; i++) {
        is_known = is_known || is_named(sources[i], selection);
        buf_addf(&names, ", %s", sources[i]->class_name);
    }
    if (!is_known)
        err_set(err, ERR_USAGE, "%s is `%s`, which is none of dev, prod%s.", origin,
                selection, buf_str(&names));
    buf_free(&names);
    return is_known ? 0 : -1;
}

/* --- the end --- */

static void finish(chain_t *chain, chain_result_t *result)
{
    result->tried = chain->tried;
    chain->tried = NULL;
    chain->fn(result, chain->arg); /* may end the chain */
    credential_wipe(&result->secret_token);
    credential_wipe(&result->secret_refresh);
    json_free(&result->claims);
    json_free(&result->tried);
}

static void finish_without(chain_t *chain)
{
    chain_result_t result = {0};
    const char *origin;
    const char *selection = selection_of(chain->wish->options, &origin);
    err_t *err = &result.err;

    err_set(err, ERR_AUTH, "Nothing here gives a token for %s.", chain->wish->audience);
    if (chain->failed.len)
        err_append(err, "%s", buf_str(&chain->failed));
    else
        err_append(err, "Run `%%synapse login`, or `az login`, or set AZURE_TENANT_ID, "
                        "AZURE_CLIENT_ID and AZURE_CLIENT_SECRET.");
    if (chain->absent.len)
        err_append(err, "Does not apply: %s.", buf_str(&chain->absent));
    if (selection)
        err_append(err, "%s=%s leaves out the others.", origin, selection);
    finish(chain, &result);
}

/* --- one after the other --- */

static void note(chain_t *chain, const credential_source_t *source, const char *why)
{
    cJSON *entry = json_obj();

    json_set_str(entry, "source", source->name);
    json_set_str(entry, "why", why);
    json_add(chain->tried, entry);
}

static void note_failure(chain_t *chain, const credential_source_t *source,
                         const credential_answer_t *answer)
{
    note(chain, source, answer->err.text);
    if (answer->is_absent) {
        size_t len = strlen(answer->err.text);
        if (len && answer->err.text[len - 1] == '.')
            len--;
        buf_addf(&chain->absent, "%s%s (%.*s)", chain->absent.len ? ", " : "",
                 source->name, (int)len, answer->err.text);
    } else {
        buf_addf(&chain->failed, "%s%s: %s", chain->failed.len ? " " : "", source->name,
                 answer->err.text);
    }
}

/* A token that Azure would refuse. Tenants have other names too, which can't be compared. */
static int check_tenant(const chain_t *chain, const cJSON *claims, err_t *err)
{
    const char *wanted = chain->wish->tenant;
    const char *got = json_str(claims, "tid", NULL);

    if (!wanted || !got || !text_is_guid(wanted) || text_equal_nocase(wanted, got))
        return 0;
    return err_set(err, ERR_AUTH,
                   "The token of the source `%s` is for the tenant %s, but %s is wanted. "
                   "Log in there: `%%synapse login --tenant %s`, or `az login --tenant %s`.",
                   chain->source->name, got, wanted, wanted, wanted);
}

static void ask_next(chain_t *chain);

static void take_token(chain_t *chain, credential_answer_t *answer, chain_result_t *result)
{
    result->secret_token = answer->secret_token;
    result->secret_refresh = answer->secret_refresh;
    result->expires_on = answer->expires_on;
    answer->secret_token = answer->secret_refresh = NULL;
    result->claims = jwt_claims(result->secret_token);
    check_tenant(chain, result->claims, &result->err);
}

static void on_answer(credential_answer_t *answer, void *arg)
{
    chain_t *chain = arg;
    const credential_source_t *source = chain->source;
    chain_result_t result = {.source = source};
    credential_answer_t failure = {.is_absent = answer->is_absent, .err = answer->err};
    bool is_first = source == chain->first;

    if (answer->secret_token) {
        take_token(chain, answer, &result);
        failure.is_absent = false;
        failure.err = result.err;
    }
    source->end(chain->asking);
    chain->asking = NULL;
    if (result.secret_token && result.err.code == ERR_NONE) {
        finish(chain, &result);
        return;
    }
    log_debug(LOG_COMPUTE, "credential %s: %s", source->name, failure.err.text);
    credential_wipe(&result.secret_token);
    credential_wipe(&result.secret_refresh);
    json_free(&result.claims);
    note_failure(chain, source, &failure);
    if (!chain->is_alone &&
        (failure.is_absent || (source->goes_on && !is_first))) {
        ask_next(chain);
        return;
    }
    result.err = failure.err;
    finish(chain, &result);
}

static void ask_source(chain_t *chain, const credential_source_t *source)
{
    chain->source = source;
    chain->asking = source->ask(chain->wish, on_answer, chain);
}

static void ask_next(chain_t *chain)
{
    const char *origin;
    const char *selection = selection_of(chain->wish->options, &origin);

    while (chain->next < SOURCE_COUNT) {
        const credential_source_t *source = sources[chain->next++];
        if (source == chain->first)
            continue; /* it was asked */
        if (is_chosen(source, selection)) {
            ask_source(chain, source);
            return;
        }
        char *why = xasprintf("%s=%s leaves it out", origin, selection);
        note(chain, source, why);
        free(why);
    }
    finish_without(chain);
}

static void on_begin(void *arg)
{
    chain_t *chain = arg;
    const char *origin;
    const char *selection = selection_of(chain->wish->options, &origin);
    chain_result_t result = {0};

    chain->timer = NULL;
    if (chain->first)
        ask_source(chain, chain->first);
    else if (check_selection(selection, origin, &result.err) < 0)
        finish(chain, &result);
    else
        ask_next(chain);
}

chain_t *chain_new(const credential_wish_t *wish, const credential_source_t *first,
                   bool is_alone, chain_fn *fn, void *arg)
{
    chain_t *chain = xcalloc(1, sizeof *chain);

    chain->wish = wish;
    chain->first = first;
    chain->is_alone = is_alone;
    chain->fn = fn;
    chain->arg = arg;
    chain->tried = json_arr();
    chain->timer = wish->options->ops->timer(wish->options->http, 0, on_begin, chain);
    return chain;
}

void chain_end(chain_t **chain_p)
{
    chain_t *chain = *chain_p;

    if (!chain)
        return;
    *chain_p = NULL;
    if (chain->asking)
        chain->source->end(chain->asking);
    if (chain->timer)
        chain->wish->options->ops->timer_end(chain->wish->options->http, &chain->timer);
    json_free(&chain->tried);
    buf_free(&chain->absent);
    buf_free(&chain->failed);
    free(chain);
}
