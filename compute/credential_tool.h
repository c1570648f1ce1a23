/*
 * credential_tool - a token from a command-line tool, by the login made there
 *
 * The program is taken from an absolute folder of PATH, runs without a shell, in the
 * folder "/", in a session of its own, and is stopped with its children when it takes
 * too long. Its stdout is JSON and parsed only; known words of its stderr are told
 * plainly.
 */
#ifndef SK_CREDENTIAL_TOOL_H
#define SK_CREDENTIAL_TOOL_H

#include "compute/credential_source.h"

enum { CREDENTIAL_ARGS = 16, CREDENTIAL_TOOL_MS = 10000 };

typedef struct {
    const char *program; /* "az" */
    const char *title;   /* "Azure CLI (az)": for sentences */
    const char *login;   /* what to run: "az login" */
    const char *const
        *needs_login;       /* NULL-ended: stderr with one of these = not logged in */
    const char *lacks;      /* stdout with this = a part is not installed; or NULL */
    const char *lacks_text; /* the clause for it */
    int64_t limit_ms;
    /* The arguments after the program, NULL-ended; behind them the audience and the tenant,
     * which is letters, digits, dots and dashes. */
    const char *const *words;
    bool wants_scope;          /* the audience as a v2 scope */
    const char *tenant_option; /* before the tenant */
    /* In place of `words`, where these can't say it: malloc'd, at most CREDENTIAL_ARGS. */
    void (*add_args)(const credential_wish_t *wish, char **args);
} credential_tool_t;

/* For a row's `ask` and `end`. `tool` is borrowed and lives as long as what is asked.
 */
void *credential_tool_ask(const credential_tool_t *tool, const credential_wish_t *wish,
                          credential_answer_fn *fn, void *arg);
void credential_tool_end(void *asking);

/* The row of a file's TOOL. */
#define CREDENTIAL_TOOL_ROW(row, its_name, its_class) \
    static void *ask(const credential_wish_t *wish, credential_answer_fn *fn, void *arg) \
    { \
        return credential_tool_ask(&TOOL, wish, fn, arg); \
    } \
    const credential_source_t row = { \
        .name = its_name, \
        .class_name = its_class, \
        .is_developer = true, \
        .goes_on = true, \
        .ask = ask, \
        .end = credential_tool_end, \
    };

#endif
