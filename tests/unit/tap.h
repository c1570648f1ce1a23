/*
 * tap - unit tests that say what holds, in the Test Anything Protocol
 *
 *     ok(n == 2, "two steps are found");
 *     is_str(got, "text", "row %d is kept", row);
 *     return done_testing();
 *
 * A claim that fails is told with its place and the values; the exit code is then 1,
 * also when nothing was claimed. Header only: every test is one program.
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

TAP_PRINTF(3, 0)
static inline bool tap_claim(bool holds, const char *place, const char *fmt,
                             va_list args)
{
    printf("%sok %d - ", holds ? "" : "not ", ++tap_count);
    vprintf(fmt, args);
    printf("\n");
    if (!holds) {
        tap_failed++;
        note("at %s", place);
    }
    fflush(stdout);
    return holds;
}

TAP_PRINTF(3, 4)
static inline void tap_ok(const char *place, bool holds, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    tap_claim(holds, place, fmt, args);
    va_end(args);
}

/* Strings may be NULL. */
TAP_PRINTF(4, 5)
static inline void tap_is_str(const char *place, const char *got, const char *want,
                              const char *fmt, ...)
{
    va_list args;
    bool is_same = got && want ? strcmp(got, want) == 0 : got == want;

    va_start(args, fmt);
    if (!tap_claim(is_same, place, fmt, args)) {
        note(" got: %s", got ? got : "(null)");
        note("want: %s", want ? want : "(null)");
    }
    va_end(args);
}

/* `want` stands somewhere in `got`, which may be NULL. */
TAP_PRINTF(4, 5)
static inline void tap_has_str(const char *place, const char *got, const char *want,
                               const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    if (!tap_claim(got && strstr(got, want), place, fmt, args)) {
        note(" got: %s", got ? got : "(null)");
        note("want: %s within", want);
    }
    va_end(args);
}

TAP_PRINTF(4, 5)
static inline void tap_is_int(const char *place, long long got, long long want,
                              const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    if (!tap_claim(got == want, place, fmt, args))
        note("got %lld, want %lld", got, want);
    va_end(args);
}

#define TAP_TEXT(line) #line
#define TAP_LINE(line) TAP_TEXT(line)
#define TAP_PLACE __FILE__ ":" TAP_LINE(__LINE__)

/* Each takes a claim with printf's arguments last, and its arguments once. */
#define ok(holds, ...) tap_ok(TAP_PLACE, (holds), __VA_ARGS__)
#define is_str(got, want, ...) tap_is_str(TAP_PLACE, (got), (want), __VA_ARGS__)
#define has_str(got, want, ...) tap_has_str(TAP_PLACE, (got), (want), __VA_ARGS__)
#define is_int(got, want, ...) tap_is_int(TAP_PLACE, (got), (want), __VA_ARGS__)

/* The plan and the verdict: `return done_testing();` */
static inline int done_testing(void)
{
    printf("1..%d\n", tap_count);
    if (tap_failed)
        note("%d of %d do not hold", tap_failed, tap_count);
    return tap_failed || !tap_count ? 1 : 0;
}

#endif
