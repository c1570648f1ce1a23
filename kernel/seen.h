/*
 * seen - a bounded memory of digests: did this one come before?
 *
 * Two generations of a hash set: when the young one is full it becomes the old one and
 * the old one is forgotten, so the last LIMIT digests are always known and memory grows
 * only with what was seen. 128 bits of a keyed digest are enough to tell them apart.
 */
#ifndef SK_SEEN_H
#define SK_SEEN_H

#include <stdbool.h>
#include <stddef.h>

enum { SEEN_DIGEST = 16, SEEN_LIMIT = 32768 };

typedef struct seen_t seen_t;

seen_t *seen_new(void);
void seen_destroy(seen_t **seen_p);

/* Remember 16 bytes that are not all zero. True if they were there already. */
bool seen_add(seen_t *seen, const unsigned char digest[SEEN_DIGEST]);

#endif
