/*
 * tap - unit tests that say what holds, in the Test Anything Protocol
 *
 *     ok(n == 2, "two steps are found");
 *     is_str(got, "text", "row %d is kept", row);
 *     return done_testing();
 *
 * A claim that fails is told with its place and the values; the exit code is then 1, also
 * when nothing was claimed. Header only: every test is one program.
 */
#ifndef SK_TAP_H
#define SK_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define TAP_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

static int tap_count, tap_failed;

/* A comment in the output. */
TAP_PRINTF(1, 2) static inline void note(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    printf("# ");
    vprintf(fmt, args);
    printf("\n");
    va_end(args);
}

TAP_PRINTF(4, 5)
static inline bool tap_ok(bool holds, const char *file, int line, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    printf("%sok %d - ", holds ? "" : "not ", ++tap_count);
    vprintf(fmt, args);
    printf("\n");
    va_end(args);
    if (!holds) {
        tap_failed++;
        note("at %s:%d", file, line);
    }
    fflush(stdout);
    return holds;
}

/* Strings may be NULL. */
static inline bool tap_same(const char *got, const char *want)
{
    return got && want ? strcmp(got, want) == 0 : got == want;
}

static inline void tap_values(bool holds, const char *got, const char *want)
{
    if (holds)
        return;
    note(" got: %s", got ? got : "(null)");
    note("want: %s", want ? want : "(null)");
}

static inline void tap_numbers(bool holds, long long got, long long want)
{
    if (!holds)
        note("got %lld, want %lld", got, want);
}

/* Each takes a claim with printf's arguments last. Arguments are evaluated once or more
 * than once: keep them free of effects. */
#define ok(holds, ...) ((void) tap_ok((holds), __FILE__, __LINE__, __VA_ARGS__))
#define is_str(got, want, ...) \
    tap_values(tap_ok(tap_same((got), (want)), __FILE__, __LINE__, __VA_ARGS__), (got), \
        (want))
#define is_int(got, want, ...) \
    tap_numbers(tap_ok((long long) (got) == (long long) (want), __FILE__, __LINE__, \
        __VA_ARGS__), (long long) (got), (long long) (want))

/* The plan and the verdict: `return done_testing();` */
static inline int done_testing(void)
{
    printf("1..%d\n", tap_count);
    if (tap_failed)
        note("%d of %d do not hold", tap_failed, tap_count);
    return tap_failed || !tap_count ? 1 : 0;
}

#endif
