/*
 * parts - a result that is too long for one answer, and comes in parts
 */
#include "livy_client/parts.h"

#include "base/json.h"

void parts_init(parts_t *parts, const char *what, size_t cap_mb)
{
    *parts = (parts_t){.what = what, .cap_mb = cap_mb};
    buf_init(&parts->text, cap_mb * 1024 * 1024);
}

void parts_clear(parts_t *parts)
{
    buf_free(&parts->text);
    parts_init(parts, parts->what, parts->cap_mb);
}

bool parts_want(const parts_t *parts, const cJSON *answer)
{
    return parts->taken > 0 || json_get(answer, "part");
}

int parts_take(parts_t *parts, const cJSON *answer, cJSON **whole_p, err_t *err)
{
    const char *part = json_str(answer, "part", NULL);
    *whole_p = NULL;
    if (!part)
        return err_set(err, ERR_PROTOCOL, "A part of %s is not there any more (%s): something "
            "else ran in the session meanwhile. Run it again.", parts->what,
            json_str(answer, "error", "without a reason"));
    if (parts->taken++ == 0)
        parts->count = (int)json_int(answer, "parts", 1);
    buf_adds(&parts->text, part);
    if (buf_is_full(&parts->text))
        return err_set(err, ERR_LIMIT, "More than %zu MB came as %s. Let it be less at once.",
            parts->cap_mb, parts->what);
    if (parts->taken < parts->count)
        return 0;
    *whole_p = json_parse(buf_str(&parts->text), parts->text.len, parts->what, err);
    return *whole_p ? 0 : -1;
}
