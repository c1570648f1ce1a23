/*
 * value - checks of single values: counts, sizes of memory, names, addresses, headers
 */
#include "magics/value.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "base/text.h"
#include "magics/args.h"
#include "magics/lines.h"

int value_count(const char *name, const char *text, long min, long max, int *value,
    err_t *err)
{
    size_t digits = strspn(text + (*text == '-'), "0123456789");
    if (digits == 0 || text[(*text == '-') + digits] != '\0')
        return err_set(err, ERR_USAGE, "%s wants a whole number from %ld to %ld, not `%s`.",
            name, min, max, shown(text).text);
    errno = 0;
    long number = strtol(text, NULL, 10);
    if (errno || number < min || number > max)
        return err_set(err, ERR_USAGE, "%s can't be %s: it is a number from %ld to %ld.%s",
            name, shown(text).text, min, max,
            number == 0 ? " Leave it out for the default." : "");
    *value = (int)number;
    return 0;
}

int value_rows(const char *name, const char *text, long *rows, err_t *err)
{
    int number;
    *rows = -1;
    if (text_equal_nocase(text, "all") || strcmp(text, "-1") == 0)
        return 0;
    if (value_count(name, text, 1, INT_MAX, &number, err) != 0)
        return err_append(err, "For all rows write all.");
    *rows = number;
    return 0;
}

int value_name(const char *name, const char *text, err_t *err)
{
    static const char *const keywords[] = {"False", "None", "True", "and", "as", "assert",
        "async", "await", "break", "class", "continue", "def", "del", "elif", "else",
        "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda",
        "nonlocal", "not", "or", "pass", "raise", "return", "try", "while", "with",
        "yield", NULL};
    size_t len = 0;
    while (isalnum((unsigned char)text[len]) || text[len] == '_' || (text[len] & 0x80))
        len++;
    if (len == 0 || text[len] || isdigit((unsigned char)text[0]))
        return err_set(err, ERR_USAGE, "%s wants the name of a variable, not `%s`: "
            "letters, digits and _, no digit first.", name, shown(text).text);
    for (const char *const *keyword = keywords; *keyword; keyword++)
        if (strcmp(text, *keyword) == 0)
            return err_set(err, ERR_USAGE, "%s can't be `%s`: that is a word of Python's "
                "own, not a variable.", name, text);
    return 0;
}

/* Mebibytes of `digits` and a unit; SIZE_MAX when that is more than anybody has. */
static uint64_t mebibytes(const char *text, size_t digits, char unit)
{
    uint64_t number = 0;
    for (size_t i = 0; i < digits; i++) {
        number = number * 10 + (uint64_t)(text[i] - '0');
        if (number > UINT64_C(1) << 40)
            return UINT64_MAX;
    }
    switch (unit) {
    case 'k':
        return number >> 10;
    case 'm':
        return number;
    case 'g':
        return number << 10;
    default:
        return number << 20;
    }
}

int value_memory(const char *name, const char *text, char **size, err_t *err)
{
    size_t digits = strspn(text, "0123456789");
    const char *unit = text + digits;
    char letter = (char)tolower((unsigned char)unit[0]);
    if (digits && *unit == '\0')
        return err_set(err, ERR_USAGE, "%s `%s` has no unit: write %sg or %sm.", name,
            shown(text).text, shown(text).text, shown(text).text);
    bool has_unit = letter && strchr("kmgt", letter) &&
                    (unit[1] == '\0' || text_equal_nocase(unit + 1, "b"));
    if (digits == 0 || !has_unit)
        return err_set(err, ERR_USAGE, "%s can't be `%s`: it is a whole number and a unit "
            "(k, m, g or t), such as 28g or 1536m.", name, shown(text).text);
    uint64_t mib = mebibytes(text, digits, letter);
    if (mib < 512)
        return err_set(err, ERR_USAGE, "%s %s is too little: Spark refuses to run with "
            "less than 471 MB, so ask for 512m or more.", name, shown(text).text);
    if (mib > UINT64_C(64) << 20)
        return err_set(err, ERR_USAGE, "%s %s is more than the 64t that one process can "
            "have.", name, shown(text).text);
    *size = xasprintf("%.*s%c", (int)digits, text, letter);
    return 0;
}

/* HOST, HOST:PORT, [IPv6], with a path behind them. */
static int check_authority(const char *name, const char *url, const char *host, err_t *err)
{
    size_t len = strcspn(host, "/");
    size_t end = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/");
    if (end == 0 || end > len)
        return err_set(err, ERR_USAGE, "%s `%s` names no host.", name, shown(url).text);
    if (end == len)
        return 0;
    const char *port = host + end + 1;
    size_t digits = strspn(port, "0123456789");
    long number = digits > 0 && digits < 6 ? strtol(port, NULL, 10) : 0;
    if (host[end] != ':' || end + 1 + digits != len || number < 1 || number > 65535)
        return err_set(err, ERR_USAGE, "%s `%s`: the port after the host is a number from "
            "1 to 65535.", name, shown(url).text);
    return 0;
}

int value_url(const char *name, const char *text, err_t *err)
{
    static const char *const schemes[] = {"http://", "https://"};
    for (const char *p = text; *p; p++)
        if ((unsigned char)*p <= ' ' || *p == 0x7F)
            return err_set(err, ERR_USAGE, "%s: an address holds no white space.", name);
    if (strncmp(text, "unix:/", 6) == 0)
        return 0;
    const char *host = strstr(text, "://") ? strstr(text, "://") + 3 : text;
    if (memchr(host, '@', strcspn(host, "/")))
        return err_set(err, ERR_USAGE, "%s: leave user and password out of the address; "
            "give them as --user and --password-file.", name);
    for (size_t i = 0; i < 2; i++) {
        size_t len = strlen(schemes[i]);
        if (!starts_nocase(text, schemes[i], len))
            continue;
        if (strpbrk(text, "?#"))
            return err_set(err, ERR_USAGE, "%s `%s`: give the address of the server alone, "
                "without what follows ? or #.", name, shown(text).text);
        return check_authority(name, text, text + len, err);
    }
    if (host == text)
        return err_set(err, ERR_USAGE, "%s `%s` lacks its scheme: write http://%s or "
            "https://%s.", name, shown(text).text, shown(text).text, shown(text).text);
    return err_set(err, ERR_USAGE, "%s `%s`: an address begins with http://, https:// or "
        "unix:/.", name, shown(text).text);
}

int value_header(const char *name, const char *text, err_t *err)
{
    static const char *const ours[] = {"Host", "Content-Length", "Content-Type",
        "Transfer-Encoding", "Connection", NULL};
    static const char token[] = "!#$%&'*+-.^_`|~0123456789"
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    size_t len = strspn(text, token);
    if (len == 0 || text[len] != ':')
        return err_set(err, ERR_USAGE, "%s wants \"Name: value\": a name of letters, "
            "digits and dashes, a colon, the value, all in quotes.", name);
    for (const char *p = text + len; *p; p++)
        if (((unsigned char)*p < 0x20 && *p != '\t') || *p == 0x7F)
            return err_set(err, ERR_USAGE, "%s: the value of `%.*s` holds a line end or "
                "another control character.", name, (int)(len < 60 ? len : 60), text);
    char *header = xstrndup(text, len);
    int result = 0;
    for (const char *const *one = ours; *one; one++)
        if (text_equal_nocase(header, *one))
            result = err_set(err, ERR_USAGE, "%s: `%s` is set by the kernel itself.",
                name, *one);
    free(header);
    return result;
}
