/*
 * spark_clock - how a session started, since when it idles, when it ends
 */
#include "kernel/spark_clock.h"

#include "base/json.h"
#include "kernel/spark_parts.h"

#define COLD_FROM_S                                                                    \
    60 /* nodes that are there take seconds, those that are not minutes */
#define LOCAL_TEARDOWN_MIN 10 /* local_spark keeps a stand-by so long */

static const char *start_word(const spark_t *spark)
{
    if (spark_is_local(spark))
        return json_str(livy_session_info(spark->session), "start", NULL);
    if (spark->target->kind == TARGET_LIVY_URL || spark->start_seconds <= 0)
        return NULL;
    return spark->start_seconds < COLD_FROM_S ? "warm" : "cold";
}

static void set_moment(cJSON *clock, const char *key, int64_t seconds)
{
    if (seconds)
        json_set_int(clock, key, seconds);
}

cJSON *spark_clock(const spark_t *spark)
{
    cJSON *clock = json_obj();
    if (!spark->session || !spark->target)
        return clock;
    int64_t idle = spark->idle_since;
    int64_t ends =
        idle && spark->idle_minutes ? idle + (int64_t)spark->idle_minutes * 60 : 0;
    int64_t warm = json_int(spark->target->facts, "teardown_minutes",
                            spark_is_local(spark) ? LOCAL_TEARDOWN_MIN : 0);
    if (start_word(spark))
        json_set_str(clock, "start", start_word(spark));
    if (spark->start_seconds > 0)
        json_set_num(clock, "start_seconds", spark->start_seconds);
    set_moment(clock, "ready_since", spark->ready_since);
    set_moment(clock, "idle_since", idle);
    set_moment(clock, "ends_at", ends);
    set_moment(clock, "torn_down_at", ends && warm ? ends + warm * 60 : 0);
    return clock;
}
