/*
 * test_compute_target - options become a place and a size
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/json.h"
#include "base/path.h"
#include "compute/target.h"
#include "tests/unit/cases.h"
#include "tests/unit/tap.h"

#define OPTION(name) {#name, offsetof(start_options_t, name)}

static const struct {
    const char *name;
    size_t offset;
} texts[] = {OPTION(subscription_id), OPTION(resource_group), OPTION(workspace_name),
    OPTION(config_file), OPTION(compute_target), OPTION(environment),
    OPTION(environment_version), OPTION(driver_memory), OPTION(executor_memory),
    OPTION(livy_url), OPTION(auth), OPTION(secret_user), OPTION(secret_password),
    OPTION(secret_token), OPTION(token_file), OPTION(password_file), OPTION(ca_file),
    OPTION(proxy), OPTION(kind)},
  numbers[] = {OPTION(driver_cores), OPTION(executor_cores), OPTION(num_executors),
    OPTION(session_timeout_min)};

/* "@text" is written to a file, whose name is the value. */
static const char *value_of(const char *folder, char *value)
{
    if (*value != '@')
        return value;
    char *path = path_join(folder, "secret");
    char *text = xasprintf("%s\r\nsecond line\n", value + 1);
    if (path_write(path, text, strlen(text), 0600, NULL) != 0)
        abort();
    free(text);
    free(path);
    return "secret";
}

static void set_option(start_options_t *options, char **headers, const char *folder,
    char *line)
{
    char *value = strchr(line, ' ');

    *value++ = '\0';
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (strcmp(texts[i].name, line) == 0) {
            *(const char **) ((char *) options + texts[i].offset) = value_of(folder, value);
            return;
        }
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        if (strcmp(numbers[i].name, line) == 0) {
            *(int *) ((char *) options + numbers[i].offset) = atoi(value);
            return;
        }
    if (strcmp(line, "conf") == 0) {
        options->conf = json_parse(value, strlen(value), "conf", NULL);
    } else if (strcmp(line, "header") == 0) {
        headers[0] = value;
        options->headers = headers;
    } else {
        abort(); /* the table has a name that is none */
    }
}

static void check_line(const target_t *target, const char *claim, char *line)
{
    char *value = strchr(line, ' ');

    *value++ = '\0';
    if (strcmp(line, "kind") == 0) {
        is_str(target->kind == TARGET_LOCAL ? "local" : "livy", value, "%s: kind", claim);
    } else if (strcmp(line, "body") == 0) {
        char *text = json_print(target->session_body);
        is_str(text, value, "%s: body", claim);
        free(text);
    } else if (strcmp(line, "header") == 0) {
        is_str(target->headers[0], value, "%s: header", claim);
    } else {
        const char *got = strcmp(line, "url") == 0 ? target->url
            : strcmp(line, "shown") == 0           ? target->shown_name
            : strcmp(line, "userpwd") == 0         ? target->secret_userpwd
            : strcmp(line, "bearer") == 0          ? target->secret_bearer
            : strcmp(line, "socket") == 0          ? target->unix_socket
                                                   : "?";
        is_str(got, value, "%s: %s", claim, line);
    }
}

static void run_case(const case_t *one, const char *folder)
{
    start_options_t options = {0};
    char *headers[2] = {NULL, NULL}, *save = NULL;
    target_surroundings_t surroundings = {.folder = folder, .home = folder};
    err_t err = {0};
    char *in = xstrdup(case_section(one, "options")->text);
    char *out = xstrdup(case_section(one, "target")->text);

    for (char *line = strtok_r(in, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
        set_option(&options, headers, folder, line);
    target_t *target = target_resolve(&options, &surroundings, &err);
    bool wants_error = strncmp(out, "error ", 6) == 0;
    ok((target == NULL) == wants_error, "%s", one->claim);
    if ((target == NULL) != wants_error)
        note("%s", err.text);
    save = NULL;
    for (char *line = strtok_r(out, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        if (target && !wants_error)
            check_line(target, one->claim, line);
        else if (strncmp(line, "error ", 6) == 0)
            is_str(err_name(err.code), line + 6, "%s: the kind", one->claim);
        else
            ok(strstr(err.text, line) != NULL, "%s: says: %s", one->claim, line);
    }
    target_destroy(&target);
    json_free(&options.conf);
    free(in);
    free(out);
}

static void check_endpoint(void)
{
    char url[] = "https://ann:pw@host/livy", header[] = "X-A: 1";
    char *headers[] = {header, NULL};
    start_options_t options = {.livy_url = url, .headers = headers};
    target_surroundings_t surroundings = {0};
    target_t *target = target_resolve(&options, &surroundings, NULL);
    livy_endpoint_t endpoint = target_endpoint(target);

    is_str(endpoint.url, "https://host/livy", "an endpoint has the URL");
    is_str(endpoint.http.secret_userpwd, "ann:pw", "the credentials apart");
    is_str(endpoint.http.headers[0], "X-A: 1", "the headers");
    ok(endpoint.dialect == &dialect_livy, "and speaks Livy");
    target_destroy(&target);
}

int main(void)
{
    mem_init();
    char *folder = path_temp_folder(NULL, "synapse-test-", 20, NULL);
    cases_t cases = cases_read("target.cases");
    for (size_t i = 0; i < cases.count; i++)
        run_case(&cases.items[i], folder);
    cases_free(&cases);
    check_endpoint();
    path_remove_tree(folder);
    free(folder);
    return done_testing();
}
