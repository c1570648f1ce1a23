/*
 * livy_url - the address of a Livy server, as a user writes it
 */
#include "compute/livy_url.h"

#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <curl/curl.h>
#include "base/mem.h"
#include "base/text.h"

#define EXAMPLE "For example: --livy http://host:8998."

static int parse_unix(const char *path, livy_url_t *url, err_t *err)
{
    if (text_starts(path, "//"))
        path += 2;
    if (*path != '/')
        return err_set(err, ERR_USAGE, "--livy unix: wants the absolute path of a socket: "
            "unix:/path/of/livy.sock.");
    if (strlen(path) >= sizeof(((struct sockaddr_un *) NULL)->sun_path))
        return err_set(err, ERR_USAGE, "--livy unix: the path of a socket is limited to "
            "107 bytes, and this one is longer.");
    url->url = xstrdup("http://localhost");
    url->shown_name = xasprintf("unix:%s", path);
    url->unix_socket = xstrdup(path);
    return 0;
}

/* A part of the URL; "" when there is none. Caller frees. */
static char *part_of(CURLU *handle, CURLUPart part, unsigned flags)
{
    char *text = NULL;

    if (curl_url_get(handle, part, &text, flags) != CURLUE_OK || !text)
        return xstrdup("");
    char *copy = xstrdup(text);
    curl_free(text);
    return copy;
}

/* Move user and password out of the URL. */
static void take_credentials(CURLU *handle, livy_url_t *url)
{
    char *user = part_of(handle, CURLUPART_USER, CURLU_URLDECODE);
    char *password = part_of(handle, CURLUPART_PASSWORD, CURLU_URLDECODE);

    if (*user || *password)
        url->secret_userpwd = xasprintf("%s:%s", user, password);
    curl_url_set(handle, CURLUPART_USER, NULL, 0);
    curl_url_set(handle, CURLUPART_PASSWORD, NULL, 0);
    free(user);
    free(password);
}

/* "/livy/sessions/" → "/livy": people copy what the browser shows. */
static void trim_path(CURLU *handle)
{
    char *path = part_of(handle, CURLUPART_PATH, 0);

    while (*path && path[strlen(path) - 1] == '/')
        path[strlen(path) - 1] = '\0';
    if (text_ends(path, "/sessions"))
        path[strlen(path) - strlen("/sessions")] = '\0';
    curl_url_set(handle, CURLUPART_PATH, *path ? path : "/", 0);
    free(path);
}

static int check(CURLU *handle, err_t *err)
{
    char *scheme = part_of(handle, CURLUPART_SCHEME, 0);
    char *query = part_of(handle, CURLUPART_QUERY, 0);
    char *fragment = part_of(handle, CURLUPART_FRAGMENT, 0);
    int failed = 0;

    if (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0)
        failed = err_set(err, ERR_USAGE, "--livy wants an address that begins with http://, "
            "https:// or unix:, not %s://. " EXAMPLE, scheme);
    else if (*query || *fragment)
        failed = err_set(err, ERR_USAGE, "--livy wants the base address of a server, without "
            "what follows ? or #. " EXAMPLE);
    free(scheme);
    free(query);
    free(fragment);
    return failed;
}

int livy_url_parse(const char *text, livy_url_t *url, err_t *err)
{
    *url = (livy_url_t) {0};
    if (text_starts(text, "unix:"))
        return parse_unix(text + strlen("unix:"), url, err);
    if (!strstr(text, "://"))
        return err_set(err, ERR_USAGE, "--livy wants an address that begins with http:// or "
            "https://. " EXAMPLE);

    CURLU *handle = curl_url();
    int failed = 0;
    CURLUcode code = curl_url_set(handle, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME);
    if (code != CURLUE_OK)
        failed = err_set(err, ERR_USAGE, "--livy: this is not an address (%s). " EXAMPLE,
            curl_url_strerror(code));
    if (!failed)
        failed = check(handle, err);
    if (!failed) {
        take_credentials(handle, url);
        trim_path(handle);
        url->url = part_of(handle, CURLUPART_URL, 0);
        if (text_ends(url->url, "/"))
            url->url[strlen(url->url) - 1] = '\0';
        url->shown_name = xstrdup(url->url);
    }
    curl_url_cleanup(handle);
    return failed;
}
