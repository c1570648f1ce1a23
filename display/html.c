/*
 * html - text made safe for HTML
 */
#include "display/html.h"

#include <string.h>

static const char *entity(char c)
{
    switch (c) {
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '&':
        return "&amp;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

void html_add(buf_t *out, const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        const char *name = entity(*text);
        if (name)
            buf_adds(out, name);
        else if ((c < 0x20 && strchr("\n\t\r", c) == NULL) || c == 0x7F)
            buf_adds(out, "\xEF\xBF\xBD");
        else
            buf_addc(out, *text);
    }
}

char *html_escape(const char *text)
{
    buf_t out = BUF_INIT;
    html_add(&out, text);
    return buf_take(&out);
}
