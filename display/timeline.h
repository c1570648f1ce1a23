/*
 * timeline - the life of a session on a line: start, work, idle, its end, the teardown
 *
 * Pure, but for the machine's time zone. Times are seconds since 1970, 0 = not known or
 * never; they need not be in order.
 */
#ifndef SK_TIMELINE_H
#define SK_TIMELINE_H

#include <stdint.h>

typedef struct {
    const char *start_word; /* "cold", "warm" or NULL = not known */
    double start_s;         /* how long the start took */
    int64_t ready_at;       /* it took cells */
    int64_t idle_since;     /* 0 = something runs */
    int64_t ends_at;        /* if it stays idle */
    int64_t torn_down_at;   /* what stays warm after its end is gone then */
    int64_t now;
} timeline_t;

/* "warm start in 2.8 s, ready since 14:03:10, idle since 14:20:01, ends at 14:50:01,
 * torn down at 15:00:01" with what is known; "" when nothing is. Caller frees. */
char *timeline_text(const timeline_t *timeline);

/* The same as a small SVG, without scripts, links and fonts of its own; NULL when
 * nothing is known. Spans are as long as they last, but none is too short for its
 * label. Caller frees. */
char *timeline_svg(const timeline_t *timeline);

#endif
