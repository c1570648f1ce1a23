/*
 * err - what went wrong, in a sentence for the user
 */
#include "err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ELLIPSIS "\xe2\x80\xa6"

/* Copy `text` into `out`, cut at a character's border when it is too long. */
static void put_text(char *out, size_t room, const char *text)
{
    size_t len = strlen(text);

    if (len < room) {
        memcpy(out, text, len + 1);
        return;
    }
    size_t keep = room - sizeof ELLIPSIS;
    while (keep > 0 && ((unsigned char)text[keep] & 0xc0) == 0x80)
        keep--;
    memcpy(out, text, keep);
    memcpy(out + keep, ELLIPSIS, sizeof ELLIPSIS);
}

/* Twice the room of the text: a phrase and the old text side by side. The arguments may
 * point into the err_t that is written, so everything is put together here first. */
#define SCRATCH (2 * sizeof((err_t *)0)->text + 8)

int err_set(err_t *err, err_code_t code, const char *fmt, ...)
{
    char text[SCRATCH];
    va_list args;

    if (!err)
        return -1;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    err->code = code;
    put_text(err->text, sizeof err->text, text);
    return -1;
}

int err_prefix(err_t *err, const char *fmt, ...)
{
    char text[SCRATCH];
    va_list args;

    if (!err)
        return -1;
    va_start(args, fmt);
    vsnprintf(text, sizeof err->text, fmt, args);
    va_end(args);
    strcat(text, err->text);
    put_text(err->text, sizeof err->text, text);
    return -1;
}

int err_append(err_t *err, const char *fmt, ...)
{
    char text[SCRATCH];
    va_list args;

    if (!err)
        return -1;
    int used = snprintf(text, sizeof text, "%s%s", err->text, *err->text ? " " : "");
    va_start(args, fmt);
    vsnprintf(text + used, sizeof text - (size_t)used, fmt, args);
    va_end(args);
    put_text(err->text, sizeof err->text, text);
    return -1;
}

const char *err_name(err_code_t code)
{
    switch (code) {
    case ERR_NONE:
    case ERR_INTERNAL:
        break;
    case ERR_USAGE:
        return "UsageError";
    case ERR_IO:
        return "IOError";
    case ERR_PROTOCOL:
        return "ProtocolError";
    case ERR_CONNECT:
        return "ConnectionError";
    case ERR_TLS:
        return "CertificateError";
    case ERR_TIMEOUT:
        return "TimeoutError";
    case ERR_AUTH:
        return "AuthenticationError";
    case ERR_HTTP:
        return "LivyError";
    case ERR_NO_SESSION:
        return "NoSparkSession";
    case ERR_SESSION_DEAD:
        return "SparkSessionError";
    case ERR_START:
        return "SparkStartError";
    case ERR_STATEMENT:
        return "StatementError";
    case ERR_INTERRUPTED:
        return "KeyboardInterrupt";
    case ERR_CHILD:
        return "PythonChildError";
    case ERR_LIMIT:
        return "LimitError";
    case ERR_UNSUPPORTED:
        return "NotSupportedError";
    }
    return "InternalError";
}

void err_clear(err_t *err)
{
    if (!err)
        return;
    err->code = ERR_NONE;
    err->text[0] = '\0';
}
