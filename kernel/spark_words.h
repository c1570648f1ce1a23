/*
 * spark_words - what a start says: on its way, and when it is over
 */
#ifndef SK_SPARK_WORDS_H
#define SK_SPARK_WORDS_H

#include "kernel/spark.h"

/* The line under the cell while it starts: what is looked up, else where the session is and
 * what it is at, with the seconds since the start. Caller frees. */
char *spark_phase_text(const spark_t *spark);

/* The line that stays: where it is, its size, what differs from what was asked for. No
 * times: two runs of a notebook say the same (`meta` tells them). Caller frees. */
char *spark_ready_text(const spark_t *spark);

#endif
