/*
 * target - what `start` was asked → where the session runs, and with which size
 */
#include "compute/target.h"

#include <stdlib.h>
#include <string.h>
#include "base/json.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/text.h"
#include "compute/livy_url.h"
#include "magics/start_options.h"

#define SECRET_FILE_MAX 65536

/* --- files that options name --- */

static bool has_control(const char *text)
{
    for (; *text; text++)
        if ((unsigned char) *text < ' ' || *text == 0x7f)
            return true;
    return false;
}

/* The first line of a file that holds a secret. The content never enters a sentence. */
static char *read_secret(const char *option, const char *path,
    const target_surroundings_t *surroundings, err_t *err)
{
    char *full = path_full(path, surroundings->folder, surroundings->home);
    size_t len = 0;
    char *text = path_read(full, SECRET_FILE_MAX, &len, err);

    if (!text)
        err_prefix(err, "%s: ", option);
    if (text) {
        text[strcspn(text, "\r\n")] = '\0';
        while (*text && strchr(" \t", text[strlen(text) - 1]))
            text[strlen(text) - 1] = '\0';
    }
    if (text && !*text) {
        err_set(err, ERR_USAGE, "%s: the first line of %s is empty. Write the secret there "
            "and nothing else.", option, full);
        free(text);
        text = NULL;
    } else if (text && has_control(text)) {
        err_set(err, ERR_USAGE, "%s: the first line of %s holds control characters, which "
            "no password or token has. Is it the right file?", option, full);
        free(text);
        text = NULL;
    }
    free(full);
    return text;
}

/* --- who we are --- */

static int take_token(target_t *target, const start_options_t *options,
    const target_surroundings_t *surroundings, err_t *err)
{
    target->secret_bearer = options->secret_token
        ? xstrdup(options->secret_token)
        : options->token_file
        ? read_secret("--token-file", options->token_file, surroundings, err)
        : NULL;
    if (target->secret_bearer || options->token_file)
        return target->secret_bearer ? 0 : -1;
    return err_set(err, ERR_USAGE, "--auth bearer needs a token: give --token-file FILE or "
        "--token.");
}

static int take_login(target_t *target, const start_options_t *options,
    const target_surroundings_t *surroundings, err_t *err)
{
    char *password = options->secret_password
        ? xstrdup(options->secret_password)
        : options->password_file
        ? read_secret("--password-file", options->password_file, surroundings, err)
        : NULL;

    if (!password && options->password_file)
        return -1;
    if (options->secret_user && strchr(options->secret_user, ':')) {
        free(password);
        return err_set(err, ERR_USAGE, "--user must not hold a colon: basic authentication "
            "can't carry it.");
    }
    if (options->secret_user && password) { /* more explicit than what the URL holds */
        free(target->secret_userpwd);
        target->secret_userpwd = xasprintf("%s:%s", options->secret_user, password);
    }
    free(password);
    if (target->secret_userpwd)
        return 0;
    return err_set(err, ERR_USAGE, "Logging in with a name needs a password too: give --user "
        "NAME and --password-file FILE.");
}

/* By itself: a token means bearer, a name (of an option or in the URL) means basic. */
static int take_credentials(target_t *target, const start_options_t *options,
    const target_surroundings_t *surroundings, err_t *err)
{
    bool has_token = options->secret_token || options->token_file;
    bool has_login = options->secret_user || options->secret_password ||
        options->password_file || target->secret_userpwd;
    const char *auth = options->auth ? options->auth
        : has_token                  ? "bearer"
        : has_login                  ? "basic"
                                     : "none";

    if (has_token && target->secret_userpwd)
        return err_set(err, ERR_USAGE, "The URL holds a user and password, and a token is "
            "given too: leave one of them out.");
    if (text_equal_nocase(auth, "bearer"))
        return take_token(target, options, surroundings, err);
    if (text_equal_nocase(auth, "basic"))
        return take_login(target, options, surroundings, err);
    if (target->secret_userpwd)
        return err_set(err, ERR_USAGE, "--auth none, but the URL holds a user and password: "
            "leave one of them out.");
    return 0;
}

/* --- the session's size --- */

static void set_size(cJSON *body, const char *key, int value)
{
    if (value > 0)
        json_set_int(body, key, value);
}

static void set_memory(cJSON *body, const char *key, const char *value)
{
    if (value)
        json_set_str(body, key, value);
}

cJSON *target_session_body(const start_options_t *options)
{
    cJSON *body = json_obj();

    json_set_str(body, "kind", options->kind ? options->kind : "pyspark");
    set_memory(body, "driverMemory", options->driver_memory);
    set_size(body, "driverCores", options->driver_cores);
    set_memory(body, "executorMemory", options->executor_memory);
    set_size(body, "executorCores", options->executor_cores);
    set_size(body, "numExecutors", options->num_executors);
    if (options->session_timeout_min > 0) {
        char *limit = xasprintf("%dm", options->session_timeout_min);
        json_set_str(body, "idleTimeout", limit);
        free(limit);
    }
    if (options->conf && cJSON_GetArraySize(options->conf) > 0)
        json_set(body, "conf", json_copy(options->conf));
    return body;
}

/* --- which target --- */

/* What only an Azure ML workspace has. */
static int refuse_azure(const start_options_t *options, const char *where, err_t *err)
{
    const char *option = options->subscription_id ? "-s"
        : options->resource_group                 ? "-r"
        : options->workspace_name                 ? "-w"
        : options->config_file                    ? "-f"
                                                  : NULL;

    if (options->environment || options->environment_version)
        return err_set(err, ERR_UNSUPPORTED, "-e names an environment of an Azure ML "
            "workspace, and the session runs on %s: it uses the Python that is there. Leave "
            "-e out, or start an attached compute with -c NAME.", where);
    if (option)
        return err_set(err, ERR_USAGE, "%s names an Azure ML workspace, and the session runs "
            "on %s. Leave it out, or name a compute of the workspace with -c NAME.", option,
            where);
    return 0;
}

static int check_headers(char *const *headers, err_t *err)
{
    for (size_t i = 0; headers && headers[i]; i++) {
        const char *colon = strchr(headers[i], ':');
        if (!colon || colon == headers[i] || has_control(headers[i]))
            return err_set(err, ERR_USAGE, "--header wants \"Name: value\" on one line.");
    }
    return 0;
}

static int take_livy(target_t *target, const start_options_t *options,
    const target_surroundings_t *surroundings, err_t *err)
{
    livy_url_t url;

    target->kind = TARGET_LIVY_URL;
    if (refuse_azure(options, "a Livy server", err) != 0)
        return -1;
    if (livy_url_parse(options->livy_url, &url, err) != 0)
        return -1;
    target->url = url.url;
    target->shown_name = url.shown_name;
    target->unix_socket = url.unix_socket;
    target->secret_userpwd = url.secret_userpwd;
    target->proxy = xstrdup(options->proxy);
    target->headers = start_list_copy(options->headers);
    if (check_headers(target->headers, err) != 0)
        return -1;
    if (options->ca_file) {
        target->ca_file = path_full(options->ca_file, surroundings->folder,
            surroundings->home);
        if (!path_is_file(target->ca_file))
            return err_set(err, ERR_IO, "--ca-file: there is no file %s. It holds the "
                "certificates to trust, as PEM.", target->ca_file);
    }
    return take_credentials(target, options, surroundings, err);
}

target_t *target_resolve(const start_options_t *options,
    const target_surroundings_t *surroundings, err_t *err)
{
    target_t *target = xcalloc(1, sizeof *target);
    int failed = 0;

    target->kind = TARGET_LOCAL;
    target->session_body = target_session_body(options);
    if (options->livy_url) {
        failed = take_livy(target, options, surroundings, err);
    } else {
        target->shown_name = xstrdup("local Spark");
        failed = refuse_azure(options, "this machine", err);
    }
    if (failed)
        target_destroy(&target);
    return target;
}

void target_destroy(target_t **target_p)
{
    target_t *target = target_p ? *target_p : NULL;

    if (!target)
        return;
    start_list_free(target->headers);
    free(target->url);
    free(target->shown_name);
    free(target->unix_socket);
    free(target->secret_userpwd);
    free(target->secret_bearer);
    free(target->ca_file);
    free(target->proxy);
    json_free(&target->session_body);
    free(target->audience);
    free(target->tenant);
    free(target->token_base);
    free(target->note);
    free(target->remedy);
    json_free(&target->usual_body);
    start_options_destroy(&target->options);
    json_free(&target->facts);
    free(target);
    *target_p = NULL;
}

bool target_is_azure(const target_t *target)
{
    return target->kind == TARGET_SYNAPSE || target->kind == TARGET_FABRIC;
}

static const dialect_t *dialect_of(const target_t *target)
{
    switch (target->kind) {
    case TARGET_SYNAPSE:
        return &dialect_synapse;
    case TARGET_FABRIC:
        return target->is_shared ? &dialect_fabric_shared : &dialect_fabric;
    default:
        return &dialect_livy;
    }
}

livy_endpoint_t target_endpoint(const target_t *target)
{
    return (livy_endpoint_t) {
        .url = target->url,
        .shown_name = target->shown_name,
        .dialect = dialect_of(target),
        .http = {
            .unix_socket = target->unix_socket,
            .ca_file = target->ca_file,
            .proxy = target->proxy,
            .secret_userpwd = target->secret_userpwd,
            .secret_bearer = target->secret_bearer,
            .headers = (const char *const *) target->headers,
        },
    };
}
