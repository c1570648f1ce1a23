/*
 * start_log - why a session ended, out of its log
 */
#include "livy_client/start_log.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"

#define LINE_MAX 160
#define CAUSE_MAX 300

/* What names a cause, best first; where two lines have the same rank the later wins for
 * exceptions ("Caused by" of the innermost) and the first for the rest. */
static const struct {
    const char *needle;
    bool is_last;
} marks[] = {
    {"Invalid maximum heap size", false},
    {"Invalid initial heap size", false},
    {"There is insufficient memory", false},
    {"Could not reserve enough space", false},
    {"OutOfMemoryError", false},
    {"exceeded memory limits", false},
    {"is running beyond physical memory", false},
    {"Required executor memory", false},
    {"No space left on device", false},
    {"JAVA_HOME is not set", false},
    {"JAVA_GATEWAY_EXITED", false},
    {"UnsupportedClassVersionError", false},
    {"No module named", false},
    {"Cannot run program", false},
    {"Address already in use", false},
    {"Caused by:", true},
    {"Exception in thread", false},
    {"Error:", false},
    {"Exception:", false},
    {"Exception", false},
    {"ERROR", true},
};

/* The text of a line without what stands for nothing: white space around it, Livy's
 * stream headings. NULL when nothing is left. */
static const char *text_of_line(const cJSON *line, size_t *len)
{
    const char *text = cJSON_IsString(line) ? line->valuestring : "";

    while (isspace((unsigned char) *text))
        text++;
    *len = strlen(text);
    while (*len && isspace((unsigned char) text[*len - 1]))
        (*len)--;
    if (*len == 0 || (*len == 7 && (strncmp(text, "stdout:", 7) == 0 ||
            strncmp(text, "stderr:", 7) == 0)))
        return NULL;
    return text;
}

static void add_cut(buf_t *buf, const char *text, size_t len, size_t max)
{
    size_t end = len < max ? len : max;

    while (end < len && end > 0 && ((unsigned char) text[end] & 0xC0) == 0x80)
        end--;
    for (size_t i = 0; i < end; i++)
        buf_addc(buf, (unsigned char) text[i] < ' ' || text[i] == 0x7f ? ' ' : text[i]);
    if (end < len)
        buf_adds(buf, "…");
}

static char *cut(const char *text, size_t len, size_t max)
{
    buf_t buf = BUF_INIT;

    add_cut(&buf, text, len, max);
    return buf_take(&buf);
}

static const char *find_mark(const cJSON *log, size_t mark, size_t *found_len)
{
    const char *found = NULL;
    const cJSON *line = NULL;
    size_t len = 0;

    cJSON_ArrayForEach(line, log) {
        const char *text = text_of_line(line, &len);
        if (!text || !strstr(text, marks[mark].needle))
            continue;
        found = text;
        *found_len = len;
        if (!marks[mark].is_last)
            break;
    }
    return found;
}

/* The local server's own word: the first line of stderr when a start failed, the last one
 * when a driver ended. */
static const char *find_reason(const cJSON *log, size_t *found_len)
{
    const char *first = NULL, *last = NULL;
    const cJSON *line = NULL;
    size_t len = 0, first_len = 0;

    cJSON_ArrayForEach(line, log) {
        const char *text = text_of_line(line, &len);
        if (cJSON_IsString(line) && strstr(line->valuestring, "stderr:") && !text)
            first = NULL; /* what came before was stdout */
        if (!text)
            continue;
        if (!first) {
            first = text;
            first_len = len;
        }
        last = text;
        *found_len = len;
    }
    if (last && (text_starts(last, "The driver ") || text_starts(last, "Spark's JVM ended")))
        return last;
    *found_len = first_len;
    return first;
}

char *log_cause(const cJSON *log, bool has_reason_line)
{
    size_t len = 0;

    if (has_reason_line) {
        const char *text = find_reason(log, &len);
        return text ? cut(text, len, 2 * CAUSE_MAX) : xstrdup("");
    }
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        const char *text = find_mark(log, i, &len);
        if (text)
            return cut(text, len, CAUSE_MAX);
    }
    return xstrdup("");
}

char *log_tail(const cJSON *log, size_t lines, size_t room, const char *cause)
{
    size_t count = (size_t) cJSON_GetArraySize(log);
    char **kept = xcalloc(count ? count : 1, sizeof *kept);
    size_t first = count, used = 0, kept_count = 0;
    buf_t buf = BUF_INIT;
    size_t at = 0, len = 0;
    const cJSON *line = NULL;

    cJSON_ArrayForEach(line, log) {
        const char *text = text_of_line(line, &len);
        if (text)
            kept[at] = cut(text, len, LINE_MAX);
        if (kept[at] && cause && *cause && text_starts(cause, kept[at])) {
            free(kept[at]);
            kept[at] = NULL;
        }
        at++;
    }
    while (first > 0 && kept_count < lines) {
        const char *text = kept[first - 1];
        if (text && used + strlen(text) + 1 > room)
            break;
        first--;
        used += text ? strlen(text) + 1 : 0;
        kept_count += text ? 1 : 0;
    }
    for (size_t i = 0; i < count; i++) {
        if (i >= first && kept[i])
            buf_addf(&buf, "%s%s", buf.len ? "\n" : "", kept[i]);
        free(kept[i]);
    }
    free(kept);
    return buf_take(&buf);
}
