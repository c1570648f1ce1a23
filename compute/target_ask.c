/*
 * target_ask - the same as target_resolve, for places that have to be looked up first
 */
#include "compute/target_ask.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "compute/limits.h"
#include "compute/registered.h"
#include "magics/start_options.h"

struct target_ask_t {
    azure_t *azure;
    start_options_t *options;
    cJSON *registered;           /* the entry that the name leads to, or NULL */
    target_surroundings_t surroundings;
    target_events_t events;
    void *arg;
    target_events_t own_events;  /* the resolver's */
    const target_resolver_t *resolver;
    void *asking;                /* the resolver's state, or NULL */
    target_wish_t wish;
    credential_ask_t *login;     /* the first token of the place */
    loop_timer_t *timer;         /* on_done is due */
    target_t *target;
    err_t err;
};

static const target_resolver_t *const resolvers[] = {&target_attached, &target_fabric};

/* === The end ============================================================ */

static void forget(target_ask_t *ask)
{
    const azure_options_t *around = azure_options(ask->azure);
    if (ask->asking)
        ask->resolver->end(ask->asking);
    credentials_end(&ask->login);
    if (ask->timer)
        around->ops->timer_end(around->http, &ask->timer);
    target_destroy(&ask->target);
    start_options_destroy(&ask->options);
    json_free(&ask->registered);
    free(ask);
}

void target_ask_end(target_ask_t **ask_p)
{
    target_ask_t *ask = ask_p ? *ask_p : NULL;
    if (!ask)
        return;
    *ask_p = NULL;
    forget(ask);
}

static void on_done_time(void *arg)
{
    target_ask_t *ask = arg;
    target_events_t events = ask->events;
    void *events_arg = ask->arg;
    target_t *target = ask->target;
    err_t err = ask->err;
    ask->timer = NULL;
    ask->target = NULL;
    forget(ask);
    events.on_done(target, &err, events_arg);
}

/* From the loop, so that a resolver is out of its own callback when it is ended. Consumes
 * the target. */
static void finish(target_ask_t *ask, target_t *target, const err_t *err)
{
    const azure_options_t *around = azure_options(ask->azure);
    ask->target = target;
    ask->err = *err;
    if (target && !target->options) {
        target->options = ask->options;
        ask->options = NULL;
    }
    ask->timer = around->ops->timer(around->http, 0, on_done_time, ask);
}

/* === What a resolver tells ============================================== */

static void on_phase(const char *text, void *arg)
{
    target_ask_t *ask = arg;
    if (ask->events.on_phase)
        ask->events.on_phase(text, ask->arg);
}

static void on_prompt(const char *link, const char *code, const char *text, void *arg)
{
    target_ask_t *ask = arg;
    ask->events.on_prompt(link, code, text, ask->arg);
}

static void on_token(const token_t *token, const err_t *err, void *arg)
{
    target_ask_t *ask = arg;
    target_t *target = ask->target;
    (void)token;
    ask->login = NULL;
    ask->target = NULL;
    if (err->code) {
        target_destroy(&target);
    } else {
        cJSON *who = credentials_who(azure_credentials(ask->azure, NULL));
        if (!target->facts)
            target->facts = json_obj();
        json_set_str(target->facts, "identity",
            json_str(who, "user", json_str(who, "object_id", NULL)));
        json_free(&who);
    }
    finish(ask, target, err);
}

/* The place's first token is taken here, where the user can be asked to log in. */
static void log_in(target_ask_t *ask, target_t *target)
{
    err_t err = {0};
    credentials_t *credentials = azure_credentials(ask->azure, &err);
    credential_events_t events = {
        .on_prompt = ask->events.on_prompt ? on_prompt : NULL,
        .on_token = on_token,
    };
    if (!credentials) {
        target_destroy(&target);
        finish(ask, NULL, &err);
        return;
    }
    ask->target = target;
    ask->login = credentials_ask(credentials, target->audience, target->tenant, NULL,
        &events, ask);
}

static void on_resolved(target_t *target, const err_t *err, void *arg)
{
    if (target && target_is_azure(target))
        log_in(arg, target);
    else
        finish(arg, target, err);
}

/* Does the site allow it? Otherwise it has ended. */
static bool is_allowed(target_ask_t *ask, const char *type)
{
    err_t err = {0};
    if (limits_apply(azure_config(ask->azure), type, ask->options->compute_target,
            ask->options, &err) == 0)
        return true;
    finish(ask, NULL, &err);
    return false;
}

static void ask_resolver(target_ask_t *ask, const target_resolver_t *resolver)
{
    ask->wish = (target_wish_t){
        .azure = ask->azure,
        .options = ask->options,
        .surroundings = &ask->surroundings,
        .registered = ask->registered,
        .name = ask->options->compute_target,
        .events = &ask->own_events,
        .arg = ask,
    };
    if (!is_allowed(ask, resolver->type))
        return;
    ask->resolver = resolver;
    ask->asking = resolver->ask(&ask->wish);
}

/* This machine, or the Livy server of the options: nobody has to be asked. */
static void resolve_here(target_ask_t *ask)
{
    err_t err = {0};
    if (!is_allowed(ask, ask->options->livy_url ? "livy" : "local"))
        return;
    target_t *target = target_resolve(ask->options, &ask->surroundings, &err);
    finish(ask, target, &err);
}

/* === Which place ======================================================== */

static bool is_local_name(const char *name)
{
    return text_equal_nocase(name, "local");
}

static void ask_registered(target_ask_t *ask)
{
    const char *type = json_str(ask->registered, "type", "");
    registered_fill(ask->options, ask->registered);
    for (size_t i = 0; i < sizeof resolvers / sizeof *resolvers; i++) {
        if (strcmp(type, resolvers[i]->type) == 0) {
            ask_resolver(ask, resolvers[i]);
            return;
        }
    }
    resolve_here(ask); /* livy, whose url is an option now, or local */
}

static void ask_named(target_ask_t *ask)
{
    const char *name = ask->options->compute_target;
    const cJSON *entry = config_target(azure_config(ask->azure), name);
    ask->registered = json_copy(entry);
    if (entry)
        ask_registered(ask);
    else if (is_local_name(name))
        resolve_here(ask);
    else if (text_starts(name, "fabric:"))
        ask_resolver(ask, &target_fabric);
    else
        ask_resolver(ask, &target_attached);
}

static void begin(target_ask_t *ask)
{
    config_t *config = azure_config(ask->azure);
    start_options_t *options = ask->options;
    config_refresh(config);
    const err_t *problem = config_problem(config);
    const char *usual = config_str(config, "default_target");
    if (problem->code)
        finish(ask, NULL, problem);
    else if (options->livy_url)
        resolve_here(ask);
    else if (options->managed)
        ask_resolver(ask, &target_managed);
    else if (options->compute_target)
        ask_named(ask);
    else if (usual && !is_local_name(usual)) {
        options->compute_target = xstrdup(usual);
        ask_named(ask);
    } else {
        resolve_here(ask);
    }
}

target_ask_t *target_ask(azure_t *azure, const start_options_t *options,
    const target_surroundings_t *surroundings, const target_events_t *events, void *arg)
{
    target_ask_t *ask = xcalloc(1, sizeof *ask);
    ask->azure = azure;
    ask->options = start_options_copy(options);
    ask->surroundings = *surroundings;
    ask->events = *events;
    ask->arg = arg;
    ask->own_events = (target_events_t){
        .on_phase = on_phase,
        .on_prompt = events->on_prompt ? on_prompt : NULL,
        .on_done = on_resolved,
    };
    begin(ask);
    return ask;
}
