/*
 * words - a command line → its words
 */
#include "magics/args.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "base/buf.h"
#include "base/mem.h"

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

/* What a backslash makes literal, outside and inside of double quotes. */
static bool is_escape(char quote, char next)
{
    if (quote == '"')
        return next == '"' || next == '\\';
    return quote == 0 && next != '\0' && strchr(" \t'\"\\", next) != NULL;
}

/* Read one word that starts at `at`. Returns where it ends. */
static size_t read_word(words_t *words, const char *line, size_t len, size_t at)
{
    buf_t text = BUF_INIT;
    char quote = 0;
    size_t i = at, open_at = at;
    for (; i < len && (quote || !is_space(line[i])); i++) {
        char c = line[i];
        if (c == '\\' && i + 1 < len && is_escape(quote, line[i + 1])) {
            buf_addc(&text, line[++i]);
        } else if (quote ? c == quote : c == '\'' || c == '"') {
            quote = quote ? 0 : c;
            open_at = i;
        } else {
            buf_addc(&text, c);
        }
    }
    if ((words->count & (words->count - 1)) == 0) /* room doubles at powers of two */
        words->items = xrealloc(words->items,
            (words->count ? 2 * words->count : 1) * sizeof *words->items);
    words->items[words->count++] = (word_t){.text = buf_take(&text), .start = at,
        .end = i, .is_quoted = line[at] == '\'' || line[at] == '"'};
    words->open_quote = quote;
    words->open_at = open_at;
    return i;
}

void words_of_line(words_t *words, const char *line, size_t len)
{
    *words = (words_t){.end = len};
    for (size_t i = 0; i < len;) {
        if (is_space(line[i])) {
            i++;
        } else if (line[i] == '#') {
            words->end = i;
            return;
        } else {
            i = read_word(words, line, len, i);
        }
    }
}

void words_free(words_t *words)
{
    for (size_t i = 0; i < words->count; i++)
        free(words->items[i].text);
    free(words->items);
    *words = (words_t){0};
}

void args_drop_comment(char *line)
{
    words_t words;
    words_of_line(&words, line, strlen(line));
    size_t end = words.end;
    if (words.open_quote == 0) {
        while (end > 0 && is_space(line[end - 1]))
            end--;
        line[end] = '\0';
    }
    words_free(&words);
}

/* Bytes of `$name` or `{…}` at `text`; 0 = there is none. */
static size_t expansion_len(const char *text)
{
    size_t n = 1;
    if (text[0] == '{')
        return text[strcspn(text, "}")] ? strcspn(text, "}") + 1 : strlen(text);
    if (text[0] != '$')
        return 0;
    if (text[1] == '{')
        return 1 + expansion_len(text + 1);
    if (!isalpha((unsigned char)text[1]) && text[1] != '_' && (text[1] & 0x80) == 0)
        return 0;
    while (isalnum((unsigned char)text[n]) || text[n] == '_' || (text[n] & 0x80))
        n++;
    return n;
}

char *args_left_over(const char *line)
{
    char quote = 0;
    for (size_t i = 0; line[i]; i++) {
        size_t len = quote == '\'' ? 0 : expansion_len(line + i);
        if (len)
            return xstrndup(line + i, len);
        if (line[i] == '\\' && is_escape(quote, line[i + 1]))
            i++;
        else if (quote ? line[i] == quote : line[i] == '\'' || line[i] == '"')
            quote = quote ? 0 : line[i];
        else if (!quote && line[i] == '#' && (i == 0 || is_space(line[i - 1])))
            return NULL;
    }
    return NULL;
}
