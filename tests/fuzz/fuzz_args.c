/*
 * fuzz_args - any bytes as a command line, those behind the first line end as its body
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "magics/args.h"
#include "magics/command.h"
#include "magics/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_words(const char *line)
{
    words_t words;
    size_t len = strlen(line), at = 0;
    words_of_line(&words, line, len);
    assert(words.end <= len);
    for (size_t i = 0; i < words.count; i++) {
        assert(words.items[i].start >= at && words.items[i].end <= words.end);
        assert(words.items[i].end > words.items[i].start);
        at = words.items[i].end;
    }
    words_free(&words);
    free(args_left_over(line));
}

static void check_command(const char *line, const char *body)
{
    err_t err = {0};
    command_t *command = command_parse(line, body, &err);
    assert((command == NULL) == (err.code == ERR_USAGE));
    if (command && command->id == COMMAND_START) {
        const start_options_t *start = &command->start;
        assert(start->num_executors >= 0 && start->driver_cores >= 0);
        assert(!start->livy_url || !start->compute_target);
        assert(!start->conf || cJSON_IsObject(start->conf));
    }
    command_destroy(&command);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *line = malloc(size + 1);
    memcpy(line, data, size);
    line[size] = '\0';
    char *body = strchr(line, '\n');
    if (body)
        *body++ = '\0';
    const char *suggestion;
    command_is_command(line, &suggestion);
    check_words(line);
    check_command(line, body);
    if (body)
        conf_blank_comments(body);
    free(line);
    return 0;
}
