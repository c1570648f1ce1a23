/*
 * azure_list - a list of Azure's, all its pages together
 *
 * A list that leads to itself, or never ends, is left after PAGES_MAX pages or ITEMS_MAX
 * items (azure_list.c).
 * Thread: loop thread only; the callback fires from the loop, never inside the call.
 */
#ifndef SK_AZURE_LIST_H
#define SK_AZURE_LIST_H

#include "compute/azure.h"

typedef struct azure_list_t azure_list_t;

/* Where the next page is: malloc'd; NULL = that was the last. */
typedef char *(azure_more_fn)(const cJSON *page, void *arg);
/* Once. `answer` is that of the last page that was asked for, as azure_call has it; `items`
 * an array, the callee's to free: all that came, also with an error. */
typedef void (azure_list_fn)(const azure_answer_t *answer, cJSON *items, void *arg);

/* Ask for `ask->url` and the pages behind it. `more` may be NULL: Resource Manager's
 * nextLink. */
azure_list_t *azure_list(azure_t *azure, const azure_ask_t *ask, azure_more_fn *more,
    azure_list_fn *fn, void *arg);
void azure_list_end(azure_list_t **list_p); /* its callback never fires; NULL-safe */

#endif
