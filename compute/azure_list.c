/*
 * azure_list - a list of Azure's, all its pages together
 */
#include "compute/azure_list.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/mem.h"

enum { PAGES_MAX = 300, ITEMS_MAX = 20000 };

struct azure_list_t {
    azure_t *azure;
    azure_ask_t ask;   /* of each page, but for its url */
    char *what;
    azure_more_fn *more;
    azure_list_fn *fn;
    void *arg;
    azure_call_t *call;
    cJSON *items;
    int pages;
};

static void free_list(azure_list_t *list)
{
    azure_call_end(&list->call);
    json_free(&list->items);
    free(list->what);
    free(list);
}

static char *next_link(const cJSON *page, void *arg)
{
    const char *link = json_str(page, "nextLink", "");
    (void)arg;
    return *link ? xstrdup(link) : NULL;
}

/* Some lists are the array alone. Returns how many there are now. */
static int add_page(azure_list_t *list, const cJSON *page)
{
    const cJSON *item, *values = cJSON_IsArray(page) ? page : json_get_arr(page, "value");
    int count = cJSON_GetArraySize(list->items);
    cJSON_ArrayForEach(item, values)
    {
        if (count++ < ITEMS_MAX)
            json_add(list->items, json_copy(item));
    }
    return count;
}

static void ask_page(azure_list_t *list, const char *url);

/* True: there is another page, which is asked for. */
static bool goes_on(azure_list_t *list, const azure_answer_t *answer)
{
    int count = add_page(list, answer->json);
    if (answer->err.code || count >= ITEMS_MAX || ++list->pages >= PAGES_MAX)
        return false;
    char *url = list->more(answer->json, list->arg);
    if (url)
        ask_page(list, url);
    free(url);
    return url != NULL;
}

static void on_page(const azure_answer_t *answer, void *arg)
{
    azure_list_t *list = arg;
    list->call = NULL;
    if (goes_on(list, answer))
        return;
    azure_list_fn *fn = list->fn;
    void *fn_arg = list->arg;
    cJSON *items = list->items;
    list->items = NULL;
    free_list(list);
    fn(answer, items, fn_arg);
}

static void on_prompt(const char *link, const char *code, const char *text, void *arg)
{
    azure_list_t *list = arg;
    list->ask.on_prompt(link, code, text, list->arg);
}

static void ask_page(azure_list_t *list, const char *url)
{
    azure_ask_t ask = list->ask;
    ask.url = url;
    ask.on_prompt = ask.on_prompt ? on_prompt : NULL;
    list->call = azure_call(list->azure, &ask, on_page, list);
}

azure_list_t *azure_list(azure_t *azure, const azure_ask_t *ask, azure_more_fn *more,
    azure_list_fn *fn, void *arg)
{
    azure_list_t *list = xcalloc(1, sizeof *list);
    list->azure = azure;
    list->ask = *ask;
    list->what = xstrdup(ask->what);
    list->ask.what = list->what;
    list->more = more ? more : next_link;
    list->fn = fn;
    list->arg = arg;
    list->items = json_arr();
    ask_page(list, ask->url);
    return list;
}

void azure_list_end(azure_list_t **list_p)
{
    azure_list_t *list = list_p ? *list_p : NULL;
    if (!list)
        return;
    *list_p = NULL;
    free_list(list);
}
