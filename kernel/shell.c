/*
 * shell - commands of %synapse that need no notebook, in a shell
 */
#include "kernel/shell.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/http.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "compute/manage.h"
#include "compute/network.h"
#include "display/text.h"
#include "kernel/azure_of.h"
#include "kernel/manage_view.h"

enum { EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_INTERRUPTED = 130 };

#define MAGIC "%synapse "
#define PROGRAM "synapse-kernel "

typedef struct {
    command_t *command;
    loop_t *loop;
    http_t *http;
    config_t *config;
    azure_t *azure;
    manage_t *manage;
    bool is_terminal;  /* stderr */
    bool has_progress; /* a line of it stands there */
    int status;
} shell_t;

/* === Words ============================================================== */

bool shell_has(const char *name)
{
    command_t *command = command_parse(name, NULL, NULL);
    bool is_it = command && manage_knows(command);
    command_destroy(&command);
    return is_it;
}

/* Does a text begin with a command that the shell has? */
static bool is_ours(const char *text)
{
    size_t len = 0;
    while (isalpha((unsigned char)text[len]) || text[len] == '-')
        len++;
    char *name = xstrndup(text, len);
    bool is_it = shell_has(name);
    free(name);
    return is_it;
}

char *shell_words(const char *text)
{
    buf_t out = BUF_INIT;
    const char *at;
    while ((at = strstr(text, MAGIC))) {
        buf_add(&out, text, (size_t)(at - text));
        text = at + strlen(MAGIC);
        buf_adds(&out, is_ours(text) ? PROGRAM : MAGIC);
    }
    buf_adds(&out, text);
    char *words = text_plain(buf_str(&out)); /* a terminal obeys what a server says */
    buf_free(&out);
    return words;
}

static bool is_plain(char c)
{
    return isalnum((unsigned char)c) || strchr("-_=./:,@+", c);
}

/* What a word begins with stays as it is, so that an option is one; the rest is quoted. */
static void add_word(buf_t *out, const char *word)
{
    size_t plain = 0;
    while (word[plain] && is_plain(word[plain]))
        plain++;
    buf_add(out, word, plain);
    if (word[plain] == '\0' && plain)
        return;
    buf_addc(out, '\'');
    for (const char *p = word + plain; *p; p++)
        if (*p == '\'')
            buf_adds(out, "'\\''");
        else
            buf_addc(out, *p);
    buf_addc(out, '\'');
}

char *shell_line(int argc, const char *const *argv)
{
    buf_t out = BUF_INIT;
    for (int i = 0; i < argc; i++) {
        buf_adds(&out, i ? " " : "");
        add_word(&out, argv[i]);
    }
    return buf_take(&out);
}

/* === What is shown ====================================================== */

static void end_progress(shell_t *shell)
{
    if (shell->has_progress)
        fputs("\r\033[K", stderr);
    shell->has_progress = false;
}

static void say(FILE *where, const char *front, const char *text)
{
    char *words = shell_words(text);
    fprintf(where, "%s%s\n", front, words);
    free(words);
}

static void on_progress(const char *text, void *arg)
{
    shell_t *shell = arg;
    if (!shell->is_terminal)
        return;
    char *words = shell_words(text);
    fprintf(stderr, "\r\033[K%s", words);
    free(words);
    shell->has_progress = true;
}

static void on_prompt(const char *link, const char *code, const char *text, void *arg)
{
    (void)link, (void)code;
    end_progress(arg);
    say(stderr, "", text);
}

static void show(const shell_t *shell, const manage_result_t *result)
{
    const char *output = shell->command->manage.output;
    bool wants_table = output && strcmp(output, "table") == 0;
    char *text = wants_table ? manage_table_text(result) : manage_json(result->value);
    size_t len = strlen(text);
    fputs(text, stdout);
    fputs(len && text[len - 1] == '\n' ? "" : "\n", stdout);
    free(text);
}

static void on_done(const manage_result_t *result, const err_t *err, void *arg)
{
    shell_t *shell = arg;
    end_progress(shell);
    if (result && result->value)
        show(shell, result);
    if (result && *result->note)
        say(result->value ? stderr : stdout, "", result->note);
    if (!result)
        say(stderr, "synapse-kernel: ", err->text);
    shell->status = result ? 0 : err->code == ERR_INTERRUPTED ? EXIT_INTERRUPTED
                                                              : EXIT_FAILED;
    manage_end(&shell->manage);
    loop_stop(shell->loop);
}

/* === Running ============================================================ */

static void on_signal(int signo, void *arg)
{
    shell_t *shell = arg;
    (void)signo;
    if (shell->manage)
        manage_abort(shell->manage);
    else
        loop_stop(shell->loop);
}

static int set_up(shell_t *shell, const surroundings_t *around, err_t *err)
{
    shell->loop = loop_new(err);
    shell->http = shell->loop ? http_new(shell->loop, err) : NULL;
    if (!shell->http)
        return -1;
    shell->config = config_of(around);
    network_set(shell->http, shell->config, around->environment);
    shell->azure = azure_of(around, shell->config, shell->loop, shell->http);
    return 0;
}

static void take_apart(shell_t *shell)
{
    manage_end(&shell->manage);
    azure_destroy(&shell->azure);
    config_destroy(&shell->config);
    http_destroy(&shell->http);
    loop_destroy(&shell->loop);
    command_destroy(&shell->command);
}

static int run(shell_t *shell, const surroundings_t *around)
{
    static const manage_events_t events = {on_progress, on_prompt, NULL, on_done};
    err_t err = {0};
    if (set_up(shell, around, &err) != 0) {
        say(stderr, "synapse-kernel: ", err.text);
        return EXIT_FAILED;
    }
    loop_signals(shell->loop, on_signal, shell);
    shell->manage = manage_run(shell->azure, shell->command, &events, shell);
    loop_run(shell->loop);
    return shell->status;
}

static int show_help(const char *topic)
{
    char *text = command_help_text(topic);
    char *words = shell_words(text);
    fputs(words, stdout);
    free(words);
    free(text);
    return 0;
}

int shell_main(int argc, char **argv, const surroundings_t *around)
{
    shell_t shell = {.status = EXIT_FAILED, .is_terminal = isatty(STDERR_FILENO) == 1};
    err_t err = {0};
    char *line = shell_line(argc, (const char *const *)argv);
    if (log_setup(around->log, &err) != 0)
        log_warn(LOG_KERNEL, "%s", err.text);
    err_clear(&err);
    shell.command = command_parse(line, NULL, &err);
    free(line);
    int status = EXIT_USAGE;
    if (!shell.command)
        say(stderr, "synapse-kernel: ", err.text);
    else if (shell.command->id == COMMAND_HELP)
        status = show_help(shell.command->topic);
    else
        status = run(&shell, around);
    take_apart(&shell);
    return status;
}
