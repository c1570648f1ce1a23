/*
 * fabric_place - which lakehouse of which Fabric workspace a text means
 */
#include "compute/fabric_place.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"

#define PREFIX "fabric:"
#define ENDING ".Lakehouse"
#define GUID_LEN 36
#define RIGHT                                                                          \
    "Write -c fabric:WORKSPACE/LAKEHOUSE with names or ids, in quotes when a name "    \
    "holds a space, and %%2F for a slash in a name."

enum { NAMES_SHOWN = 8, EDITS_MAX = 3, NAME_SHOWN = 60 };

bool fabric_place_is(const char *text)
{
    return text && strlen(text) >= strlen(PREFIX) &&
           strncmp(text, PREFIX, strlen(PREFIX)) == 0;
}

/* === A text ============================================================= */

/* %XX → the byte; other percent signs stay. Caller frees; NULL = no name. */
static char *decoded(const char *text, size_t len)
{
    buf_t out = BUF_INIT;
    for (size_t i = 0; i < len; i++) {
        int high = text[i] == '%' && i + 2 < len ? text_hex_value(text[i + 1]) : -1;
        int low = high >= 0 ? text_hex_value(text[i + 2]) : -1;
        buf_addc(&out, low >= 0 ? (char)(high * 16 + low) : text[i]);
        if (low >= 0)
            i += 2;
    }
    bool is_name =
        out.len && json_is_utf8(out.data, out.len) && !memchr(out.data, 0, out.len);
    char *name = buf_take(&out);
    if (is_name)
        return name;
    free(name);
    return NULL;
}

/* The GUID after "/NAME/" of an address. Caller frees; NULL = it has none. */
static char *guid_after(const char *url, const char *mark)
{
    const char *at = strstr(url, mark);
    char *guid = at ? xstrndup(at + strlen(mark), GUID_LEN) : NULL;
    if (guid && text_is_guid(guid))
        return guid;
    free(guid);
    return NULL;
}

static void drop_ending(char *name)
{
    size_t len = strlen(name), ending = strlen(ENDING);
    if (len > ending && text_equal_nocase(name + len - ending, ENDING))
        name[len - ending] = '\0';
}

static void take_names(const char *text, fabric_place_t *place)
{
    const char *slash = strchr(text, '/');
    if (!slash || strchr(slash + 1, '/'))
        return;
    place->workspace = decoded(text, (size_t)(slash - text));
    place->lakehouse = decoded(slash + 1, strlen(slash + 1));
    if (place->lakehouse)
        drop_ending(place->lakehouse);
}

int fabric_place_parse(const char *text, fabric_place_t *place, err_t *err)
{
    const char *names = text + (fabric_place_is(text) ? strlen(PREFIX) : 0);
    *place = (fabric_place_t){0};
    if (text_starts(names, "https://")) {
        place->workspace = guid_after(names, "/workspaces/");
        place->lakehouse = guid_after(names, "/lakehouses/");
    } else {
        take_names(names, place);
    }
    if (place->workspace && place->lakehouse)
        return 0;
    fabric_place_free(place);
    return err_set(err, ERR_USAGE,
                   "\"%.*s\" does not name a lakehouse of a Fabric workspace. " RIGHT,
                   2 * NAME_SHOWN, text);
}

void fabric_place_free(fabric_place_t *place)
{
    free(place->workspace);
    free(place->lakehouse);
    *place = (fabric_place_t){0};
}

/* === A list ============================================================= */

static const char *name_of(const cJSON *item)
{
    return json_str(item, "displayName", "");
}

static void add_near(buf_t *words, const cJSON *items, const char *name)
{
    size_t count = (size_t)cJSON_GetArraySize(items), filled = 0;
    const char **names = xcalloc(count + 1, sizeof *names);
    const cJSON *item;
    cJSON_ArrayForEach(item, items)
    {
        if (*name_of(item))
            names[filled++] = name_of(item);
    }
    const char *near = text_nearest(name, names, EDITS_MAX);
    if (near)
        buf_addf(words, "Did you mean \"%.*s\"?", NAME_SHOWN, near);
    for (size_t i = 0; !near && i < filled && i < NAMES_SHOWN; i++)
        buf_addf(words, "%s%.*s", i ? ", " : "There is: ", NAME_SHOWN, names[i]);
    if (!near && filled)
        buf_adds(words, filled > NAMES_SHOWN ? " and more." : ".");
    free(names);
}

static const cJSON *fail_unknown(const cJSON *items, const char *name, const char *kind,
                                 const char *where, err_t *err)
{
    buf_t words = BUF_INIT;
    add_near(&words, items, name);
    if (cJSON_GetArraySize(items) == 0)
        err_set(err, ERR_USAGE,
                "This login sees no %s%s, so not \"%.*s\" either. "
                "`%%synapse whoami` says whose login it is; who administers the "
                "workspace gives "
                "it a role there (Contributor, to run Spark).",
                kind, where, NAME_SHOWN, name);
    else
        err_set(err, ERR_USAGE,
                "There is no %s \"%.*s\"%s that this login sees. %s "
                "`%%synapse whoami` says whose login it is.",
                kind, NAME_SHOWN, name, where, buf_str(&words));
    buf_free(&words);
    return NULL;
}

const cJSON *fabric_choose(const cJSON *items, const char *name, const char *kind,
                           const char *where, err_t *err)
{
    const cJSON *item, *found = NULL;
    int others = 0;
    cJSON_ArrayForEach(item, items)
    {
        if (strcmp(name_of(item), name) == 0)
            return item;
        if (!text_equal_nocase(name_of(item), name))
            continue;
        found = item;
        others++;
    }
    if (others == 1)
        return found;
    if (others == 0)
        return fail_unknown(items, name, kind, where, err);
    err_set(err, ERR_USAGE,
            "There are %d of the name \"%.*s\"%s, in different cases: write "
            "it as it is written there, or give the id of the %s.",
            others, NAME_SHOWN, name, where, kind);
    return NULL;
}
