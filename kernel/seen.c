/*
 * seen - a bounded memory of digests: did this one come before?
 */
#include "kernel/seen.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "base/mem.h"

typedef struct {
    unsigned char (*slots)[SEEN_DIGEST]; /* all zero = free */
    size_t room;                         /* a power of two, or 0 */
    size_t count;
} generation_t;

struct seen_t {
    generation_t young, old;
};

static const unsigned char FREE_SLOT[SEEN_DIGEST];

seen_t *seen_new(void)
{
    return xcalloc(1, sizeof(seen_t));
}

void seen_destroy(seen_t **seen_p)
{
    if (*seen_p) {
        free((*seen_p)->young.slots);
        free((*seen_p)->old.slots);
        free(*seen_p);
        *seen_p = NULL;
    }
}

/* The slot that holds `digest`, or the free one where it would go. */
static unsigned char *slot_of(const generation_t *set, const unsigned char *digest)
{
    uint64_t hash;
    memcpy(&hash, digest, sizeof hash);
    for (size_t i = hash & (set->room - 1);; i = (i + 1) & (set->room - 1)) {
        unsigned char *slot = set->slots[i];
        if (memcmp(slot, digest, SEEN_DIGEST) == 0 ||
            memcmp(slot, FREE_SLOT, SEEN_DIGEST) == 0)
            return slot;
    }
}

static bool holds(const generation_t *set, const unsigned char *digest)
{
    return set->room > 0 && memcmp(slot_of(set, digest), digest, SEEN_DIGEST) == 0;
}

static void grow(generation_t *set)
{
    generation_t bigger = {NULL, set->room ? set->room * 2 : 256, set->count};
    bigger.slots = xcalloc(bigger.room, SEEN_DIGEST);
    for (size_t i = 0; i < set->room; i++)
        if (memcmp(set->slots[i], FREE_SLOT, SEEN_DIGEST) != 0)
            memcpy(slot_of(&bigger, set->slots[i]), set->slots[i], SEEN_DIGEST);
    free(set->slots);
    *set = bigger;
}

bool seen_add(seen_t *seen, const unsigned char digest[SEEN_DIGEST])
{
    if (holds(&seen->young, digest) || holds(&seen->old, digest))
        return true;
    if (seen->young.count == SEEN_LIMIT) {
        free(seen->old.slots);
        seen->old = seen->young;
        seen->young = (generation_t){NULL, 0, 0};
    }
    if (seen->young.count * 2 >= seen->young.room)
        grow(&seen->young);
    memcpy(slot_of(&seen->young, digest), digest, SEEN_DIGEST);
    seen->young.count++;
    return false;
}
