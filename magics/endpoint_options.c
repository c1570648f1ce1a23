/*
 * endpoint_options - the options that say which Livy server is meant, and how to log in
 */
#include "magics/endpoint_options.h"

#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "base/text.h"

const char *const endpoint_auths[] = {"none", "basic", "bearer", NULL};

int options_fail_needs(const char *option, const char *other, const char *why,
    err_t *err)
{
    return err_set(err, ERR_USAGE, "%s needs %s: %s", option, other, why);
}

int options_fail_both(const char *one, const char *other, const char *why,
    err_t *err)
{
    return err_set(err, ERR_USAGE, "%s and %s contradict each other: %s", one, other, why);
}

static bool has_authorization(char *const *headers)
{
    for (; headers && *headers; headers++) {
        char *name = xstrndup(*headers, strcspn(*headers, ":"));
        bool is_it = text_equal_nocase(name, "Authorization");
        free(name);
        if (is_it)
            return true;
    }
    return false;
}

static int check_place(const start_options_t *start, err_t *err)
{
    if (start->livy_url || start->compute_target)
        return 0;
    const char *login = start->auth ? "--auth"
        : start->secret_user        ? "--user"
        : start->secret_password    ? "--password"
        : start->password_file      ? "--password-file"
        : start->secret_token       ? "--token"
        : start->token_file         ? "--token-file"
        : start->headers            ? "--header"
        : start->ca_file            ? "--ca-file"
        : start->proxy              ? "--proxy"
                                    : NULL;
    return login ? options_fail_needs(login, "--livy URL", "Spark on this machine needs "
        "none of it.", err) : 0;
}

static int check_login(const start_options_t *start, err_t *err)
{
    const char *password = start->secret_password ? "--password"
        : start->password_file                    ? "--password-file" : NULL;
    const char *token = start->secret_token ? "--token"
        : start->token_file                 ? "--token-file" : NULL;
    const char *basic = start->secret_user ? "--user" : password;
    const char *any = basic ? basic : token;
    const char *auth = start->auth ? start->auth : basic ? "basic" : token ? "bearer" : "";
    if (start->secret_password && start->password_file)
        return options_fail_both("--password", "--password-file", "give one.", err);
    if (start->secret_token && start->token_file)
        return options_fail_both("--token", "--token-file", "give one.", err);
    if (basic && token)
        return options_fail_both(basic, token, "log in with a password or with a token.", err);
    if (strcmp(auth, "none") == 0 && any)
        return options_fail_both("--auth none", any, "leave one out.", err);
    if (strcmp(auth, "bearer") == 0 && basic)
        return options_fail_both("--auth bearer", basic, "bearer logs in with a token.", err);
    if (strcmp(auth, "basic") == 0 && token)
        return options_fail_both("--auth basic", token, "basic logs in with user and password.",
            err);
    if (strcmp(auth, "basic") == 0 && start->secret_user == NULL)
        return options_fail_needs(start->auth ? "--auth basic" : basic, "--user NAME",
            "who logs in?", err);
    if (strcmp(auth, "basic") == 0 && password == NULL)
        return options_fail_needs(start->auth ? "--auth basic" : basic, "--password-file FILE",
            "or --password.", err);
    if (strcmp(auth, "bearer") == 0 && token == NULL)
        return options_fail_needs("--auth bearer", "--token-file FILE", "or --token.", err);
    if ((strcmp(auth, "basic") == 0 || strcmp(auth, "bearer") == 0) &&
        has_authorization(start->headers))
        return options_fail_both("--header Authorization", any, "both log in.", err);
    return 0;
}

static bool has_place(const start_options_t *start)
{
    return start->compute_target || start->livy_url || start->managed;
}

static int check_workspace(const start_options_t *start, err_t *err)
{
    struct {
        const char *option, *value;
    } parts[] = {{"-s", start->subscription_id}, {"-r", start->resource_group},
        {"-w", start->workspace_name}};
    char given[16] = "", missing[16] = "";
    for (size_t i = 0; i < 3; i++) {
        char *list = parts[i].value ? given : missing;
        strcat(list, *list ? " " : "");
        strcat(list, parts[i].option);
    }
    if (*given && *missing)
        return err_set(err, ERR_USAGE, "%s without %s: a workspace is named by "
            "-s, -r and -w together, or by -f FILE.", given, missing);
    const char *one = *given ? given : start->config_file ? "-f" : NULL;
    if (one && !has_place(start))
        return options_fail_needs(one, "-c NAME", "which compute of the workspace is meant?", err);
    if (start->environment_version && start->environment == NULL)
        return options_fail_needs("--environment-version", "-e NAME",
            "which environment has that version?", err);
    if (start->environment && !has_place(start))
        return options_fail_needs("-e", "-c NAME", "environments belong to an Azure ML workspace.",
            err);
    return 0;
}

int options_check_target(const start_options_t *start, err_t *err)
{
    const char *azure = start->compute_target ? "-c"
        : start->subscription_id              ? "-s"
        : start->resource_group               ? "-r"
        : start->workspace_name               ? "-w"
        : start->config_file                  ? "-f"
        : start->environment                  ? "-e"
                                              : NULL;
    if (start->livy_url && azure)
        return options_fail_both("--livy", azure, "the one names a server, the other a compute of "
            "an Azure ML workspace.", err);
    return check_workspace(start, err);
}

int endpoint_options_check(const start_options_t *start, err_t *err)
{
    return check_place(start, err) == 0 ? check_login(start, err) : -1;
}
