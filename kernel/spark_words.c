/*
 * spark_words - what a start says: on its way, and when it is over
 */
#include "kernel/spark_words.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "kernel/spark_parts.h"
#include "kernel/spark_size.h"
#include "livy_client/start_phases.h"

static const char *phase_words(session_phase_t phase)
{
    switch (phase) {
    case SESSION_NEW:
    case SESSION_CREATING:
        return "asking for a session";
    case SESSION_STARTING:
        return "Spark is starting";
    case SESSION_PREPARING:
        return "preparing the session";
    case SESSION_STOPPING:
        return "giving it up";
    default:
        return "finding the server";
    }
}

/* What the server says of it, else what we know. Caller frees. */
static char *phase_text(const spark_t *spark)
{
    session_phase_t phase =
        spark->session ? livy_session_phase(spark->session) : SESSION_GONE;
    char *told = phase == SESSION_STARTING
        ? start_phases_text(livy_session_info(spark->session)) : xstrdup("");
    if (*told)
        return told;
    free(told);
    return xstrdup(phase_words(phase));
}

char *spark_phase_text(const spark_t *spark)
{
    double seconds = (double)(loop_now_ms() - spark->started_at) / 1000;
    if (spark->looking_text)
        return xasprintf("Starting a Spark session: %s, %.0f s", spark->looking_text,
            seconds);
    char *phase = phase_text(spark);
    char *text = xasprintf("Starting a Spark session on %s: %s, %.0f s",
        spark_place_name(spark), phase, seconds);
    free(phase);
    return text;
}

/* " Spark 3.5.8 is installed here, and 3.4 was asked for.", "" = nothing else was. Caller
 * frees. */
static char *other_spark_text(const spark_t *spark)
{
    const char *asked = json_str(spark->target->facts, "runtime_version", "");
    const char *here = json_str(livy_session_info(spark->session), "sparkVersion", "");
    size_t len = strlen(asked);
    bool is_it = !*asked || !*here || (strncmp(here, asked, len) == 0 && here[len] == '.');
    return is_it ? xstrdup("")
                 : xasprintf(" Spark %s is installed here, and %s was asked for.", here,
                       asked);
}

char *spark_ready_text(const spark_t *spark)
{
    const cJSON *info = livy_session_info(spark->session);
    const cJSON *body = spark->target->session_body;
    char *size = spark_size_text(body, info, spark_is_local(spark));
    char *difference = spark_is_local(spark) ? spark_size_difference(body, info) : NULL;
    const char *note = spark->target->note;
    char *other = other_spark_text(spark);
    char *text = xasprintf("Spark session%s%s ready on %s%s%s.%s%s%s%s%s%s",
        *spark->name ? " " : "", spark->name, spark_place_name(spark), *size ? ": " : "",
        size, spark->is_fresh ? " It is a fresh one: the variables of the one before are "
        "gone." : "", difference ? " " : "", difference ? difference : "", note ? " " : "",
        note ? note : "", other);
    free(other);
    free(size);
    free(difference);
    return text;
}
