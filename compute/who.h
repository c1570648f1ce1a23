/*
 * who - who asks Azure, for people: `whoami`, and the end of `login`
 */
#ifndef SK_WHO_H
#define SK_WHO_H

#include "compute/credential.h"

/* What credentials_who gives, with "expires" beside it: "2026-11-21 14:03:10", local time,
 * or null. Caller frees. */
cJSON *who_of(const credentials_t *credentials);

/* "me@contoso.com (tenant T), by Azure CLI, until 14:03:10 (in 58 min)". `now` in seconds
 * since 1970. Pure. Caller frees. */
char *who_text(const cJSON *who, int64_t now);

#endif
