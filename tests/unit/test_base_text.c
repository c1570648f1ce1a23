/*
 * test_base_text - UTF-8, distances, base64, durations
 */
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tests/unit/tap.h"

#define MIXED "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80z" /* a ä € 😀 z */

static void is_taken(char *got, const char *want, const char *claim)
{
    is_str(got, want, "%s", claim);
    free(got);
}

static void test_words(void)
{
    ok(text_starts("%%synapse", "%%") && !text_starts("%", "%%"), "text_starts");
    ok(text_ends("a.csv", ".csv") && !text_ends("v", ".csv"), "text_ends");
    ok(text_starts("", "") && text_ends("", ""),
       "everything starts and ends in nothing");
    ok(text_equal_nocase("Start", "sTART"), "ASCII case does not count");
    ok(text_starts_nocase("Start", "sTA") && text_starts_nocase("a", "A") &&
           text_starts_nocase("", "") && !text_starts_nocase("st", "STA") &&
           !text_starts_nocase("xstart", "start"),
       "nor at the start of a text");
    ok(!text_equal_nocase("start", "starts") && !text_equal_nocase("starts", "start"),
       "a longer word is another word");
    ok(!text_equal_nocase("\xc3\xa4", "\xc3\x84"), "other letters' case counts");
}

static void test_points(void)
{
    static const size_t offsets[] = {0, 1, 3, 6, 10, 11, 11};
    size_t len = strlen(MIXED);

    is_int(text_points(MIXED, len), 5, "five code points");
    for (size_t points = 0; points < 7; points++)
        is_int(text_offset_of_point(MIXED, len, points), offsets[points],
               "code point %zu starts at byte %zu", points, offsets[points]);
    is_int(text_offset_of_point(MIXED, 4, 9), 4, "never past the given length");
    is_int(text_width("\xe6\x97\xa5\xe6\x9c\xac", 6), 4, "East Asian letters are wide");
    is_int(text_width("e\xcc\x81", 3), 1, "a combining accent takes no column");
}

static void test_distance(void)
{
    static const char *const commands[] = {"start", "stop", "meta", "list", NULL};

    is_int(text_distance("start", "start", 2), 0, "equal words");
    is_int(text_distance("strat", "start", 2), 1,
           "neighbours that swapped are one edit");
    is_int(text_distance("START", "strt", 2), 1,
           "case is ignored, a missing letter is one");
    is_int(text_distance("kitten", "sitting", 5), 3, "kitten to sitting is three");
    is_int(text_distance("", "ab", 2), 2, "from nothing: two letters");
    is_int(text_distance("abcdef", "", 2), 3, "more than the limit is limit + 1");
    char *long_word = xmalloc(500);
    memset(long_word, 'x', 499);
    long_word[499] = '\0';
    is_int(text_distance(long_word, "start", 2), 3, "a very long word is far away");
    is_int(text_distance(long_word, long_word, 2), 0, "but not from itself");
    free(long_word);
    is_str(text_nearest("metta", commands, 2), "meta", "the nearest word is found");
    is_str(text_nearest("stp", commands, 2), "stop", "the nearest of two near ones");
    is_str(text_nearest("banana", commands, 2), NULL, "no word is near");
    is_str(text_nearest("mat", commands, 2), NULL, "two of three letters are too many");
}

static void test_base64(void)
{
    static const char *const bad[] = {"A",    "AAA",  "A===",  "=AAA",
                                      "AA=A", "AA$A", "AAAA=", "\xc3\xa4++"};
    size_t len;

    is_taken(text_base64("", 0), "", "nothing encodes to nothing");
    is_taken(text_base64("f", 1), "Zg==", "one byte is padded twice");
    is_taken(text_base64("foobar", 6), "Zm9vYmFy", "RFC 4648's foobar");
    is_taken(text_unbase64("Zm9v\nYg==\n", 10, &len), "foob",
             "line breaks are allowed");
    is_int(len, 4, "the length does not count the padding");
    is_taken(text_unbase64("", 0, &len), "", "nothing decodes to nothing");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        is_taken(text_unbase64(bad[i], strlen(bad[i]), &len), NULL, bad[i]);

    size_t big = ((size_t)7 << 20) + 2;
    char *data = xmalloc(big);
    for (size_t i = 0; i < big; i++)
        data[i] = (char)(i * 7919 >> 3);
    char *text = text_base64(data, big);
    char *back = text_unbase64(text, strlen(text), &len);
    ok(len == big && memcmp(back, data, big) == 0, "seven megabytes survive both ways");
    free(data);
    free(text);
    free(back);
}

static void test_digests(void)
{
    is_taken(text_sha256("abc", 3),
             "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
             "SHA-256 of abc, from FIPS 180-2");
    char *one = text_uuid(), *other = text_uuid();
    ok(strlen(one) == 36 && one[8] == '-' && one[14] == '4' && strchr("89ab", one[19]),
       "a UUID says that it is version 4");
    ok(strcmp(one, other) != 0, "two UUIDs differ");
    free(one);
    free(other);
}

static void test_amounts(void)
{
    is_taken(text_duration(0), "0 s", "no time");
    is_taken(text_duration(0.0421), "42 ms", "below a second: milliseconds");
    is_taken(text_duration(0.9999), "1.0 s", "almost a second is one");
    is_taken(text_duration(1.5), "1.5 s", "below ten seconds: tenths");
    is_taken(text_duration(59.7), "1 min", "almost a minute is one");
    is_taken(text_duration(125), "2 min 5 s", "minutes and seconds");
    is_taken(text_duration(3600 * 3 + 60 * 7), "3 h 7 min", "hours and minutes");
    is_taken(text_duration(3599.9), "1 h", "almost an hour is one");
    is_taken(text_bytes(0), "0 B", "no bytes");
    is_taken(text_bytes(312.0 * 1024 * 1024), "312 MB", "whole megabytes");
    is_taken(text_bytes(1.4 * 1024 * 1024 * 1024), "1.4 GB", "tenths below ten");
    is_taken(text_bytes(1023.9 * 1024), "1 MB", "almost a megabyte is one");
    is_taken(text_bytes(28.0 * 1024 * 1024 * 1024), "28 GB", "no needless tenth");
}

static void test_hex_digits(void)
{
    ok(text_hex_value('0') == 0 && text_hex_value('f') == 15 && text_hex_value('F') == 15,
       "hexadecimal digits of either case");
    ok(text_hex_value('g') == -1 && text_hex_value('/') == -1 && text_hex_value(':') == -1,
       "and nothing beside them");
}

static void test_variables(void)
{
    static const char *const environment[] = {"AB=1", "A=x=y", "EMPTY=", NULL};

    is_str(text_variable(environment, "A"), "x=y", "a variable of an environment");
    ok(!text_variable(environment, "EMPTY"), "an empty one is as none");
    ok(!text_variable(environment, "B") && !text_variable(NULL, "A"), "nor one that is not");
}

int main(void)
{
    test_words();
    test_points();
    test_distance();
    test_base64();
    test_digests();
    test_hex_digits();
    test_variables();
    test_amounts();
    ok(text_is_guid("11111111-2222-3333-4444-aAbBcCdDeEfF"), "an id, in either case");
    ok(!text_is_guid("11111111-2222-3333-4444-55555555555"),
       "one digit less is a name");
    ok(!text_is_guid("11111111-2222-3333-4444-55555555555g"), "a g is a name's");
    ok(!text_is_guid("11111111x2222-3333-4444-555555555555"),
       "the dashes are asked for");
    ok(!text_is_guid(NULL), "nothing is none");
    return done_testing();
}
