/*
 * credential_arc - the proof that Azure Arc's agent asks for
 *
 * Who can read a file that only root and the agent's group can read, may have tokens.
 * The path comes from whoever answers at the endpoint, so it is checked.
 */
#include "compute/credential_managed.h"

#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "base/path.h"
#include "base/text.h"

enum { KEY_CAP = 4096 };

/* The value of "Basic realm=PATH"; malloc'd. NULL = it is another challenge. */
static char *realm_of(const char *challenge)
{
    const char *start = challenge ? strstr(challenge, "realm=") : NULL;

    if (!start)
        return NULL;
    start += strlen("realm=");
    if (*start != '"')
        return xstrndup(start, strcspn(start, ", \t"));
    return xstrndup(start + 1, strcspn(start + 1, "\""));
}

static bool is_key_file(const char *path, const char *folder)
{
    const char *slash = strrchr(path, '/');

    return slash && (size_t)(slash - path) == strlen(folder) &&
           text_starts(path, folder) && text_ends(path, ".key");
}

static void trim_end(char *text)
{
    size_t len = strlen(text);

    while (len && strchr(" \t\r\n", text[len - 1]))
        text[--len] = '\0';
}

char *credential_arc_key(const char *challenge, const char *folder, err_t *err)
{
    char *path = realm_of(challenge), *secret_key = NULL;
    err_t cause = {0};

    if (!path) {
        err_set(err, ERR_AUTH,
                "Azure Arc's identity endpoint did not name a key file. Is its "
                "agent up to date? Look with: azcmagent version.");
        return NULL;
    }
    if (!is_key_file(path, folder))
        err_set(
            err, ERR_AUTH,
            "Azure Arc's identity endpoint named the key file %s, which "
            "is not one of its agent's in %s: it is not read. Check IDENTITY_ENDPOINT.",
            path, folder);
    else if ((secret_key = path_read(path, KEY_CAP, NULL, &cause)) == NULL)
        err_set(err, ERR_AUTH,
                "Azure Arc's key file can't be read. %s Users of the group "
                "himds may read it.",
                cause.text);
    else
        trim_end(secret_key);
    free(path);
    return secret_key;
}
