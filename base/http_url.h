/*
 * http_url - where an address leads
 *
 * Pure. By libcurl's parser, the same that a request goes through.
 */
#ifndef SK_HTTP_URL_H
#define SK_HTTP_URL_H

#include <stdbool.h>

/* May secrets go there: https, or http on this machine? False also for what is no address. */
bool http_url_is_safe(const char *url);

/* Does `url` lie at `base`: the same scheme, host and port, no login in it, and a path that
 * is the base's or below it, once its dots are resolved? */
bool http_url_is_below(const char *url, const char *base);

#endif
