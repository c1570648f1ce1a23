/*
 * test_compute_managed - managed identities: what each place is asked, and its bad days
 */
#include "compute/credential_managed.h"

#include <stdlib.h>
#include <unistd.h>
#include "base/mem.h"
#include "base/path.h"
#include "tests/unit/fake_http.h"
#include "tests/unit/tap.h"

#define IMDS "http://169.254.169.254/metadata/identity/oauth2/token"
#define QUERY "?api-version=2018-02-01&resource=https%3A%2F%2Fdev.azuresynapse.net"
#define TOKEN "{\"access_token\":\"t0ken\",\"expires_on\":\"4102444800\"}"

/* What the endpoint does: replies in order; the last one stays. */
typedef struct {
    const fake_reply_t *replies;
    size_t count;
} script_t;

typedef struct {
    fake_http_t *fake;
    script_t script;
    config_t *config;
    credential_options_t options;
    void *asking;
    bool is_told;
    int told;
    credential_answer_t answer;
} world_t;

static void serve(const http_request_t *request, size_t number, fake_reply_t *reply,
                  void *arg)
{
    const script_t *script = &((world_t *)arg)->script;
    size_t at = number < script->count ? number : script->count - 1;

    (void)request;
    *reply = script->replies[at];
    reply->body = xstrdup(reply->body);
}

static void on_answer(credential_answer_t *answer, void *arg)
{
    world_t *world = arg;

    world->is_told = true;
    world->told++;
    world->answer = *answer;
}

/* Ask where `environment` stands, an endpoint that follows the script. */
static void begin(world_t *world, const char *const *environment, const char *folder,
                  const fake_reply_t *replies, size_t count)
{
    config_places_t places = {.environment = environment};
    credential_wish_t wish = {.audience = "https://dev.azuresynapse.net"};

    *world = (world_t){.script = {replies, count}};
    world->fake = fake_http_new(serve, world);
    world->config = config_new(&places);
    world->options = (credential_options_t){.ops = &fake_http_ops,
                                            .http = world->fake,
                                            .config = world->config,
                                            .environment = environment};
    wish.options = &world->options;
    world->asking = credential_managed_ask(&wish, folder, on_answer, world);
    ok(!world->is_told, "nothing is told inside the call");
}

static void end(world_t *world)
{
    credential_managed.end(world->asking);
    is_int(fake_http_pending(world->fake), 0, "nothing stays behind");
    fake_http_destroy(&world->fake);
    config_destroy(&world->config);
    free(world->answer.secret_token);
}

static void run(world_t *world, const char *const *environment, const char *folder,
                const fake_reply_t *replies, size_t count)
{
    begin(world, environment, folder, replies, count);
    fake_http_run(world->fake, &world->is_told, 600000);
    is_int(world->told, 1, "it is told once");
}

#define RUN(world, environment, replies)                                               \
    run(world, environment, "/nowhere", replies, sizeof(replies) / sizeof *(replies))

static const fake_reply_t GOOD[] = {{.status = 200, .body = (char *)TOKEN}};

/* ---- where we are ---- */

typedef struct {
    const char *claim;
    const char *environment[5];
    const char *line; /* of the first request */
    const char *header, *value;
} place_case_t;

static const place_case_t PLACES[] = {
    {"Service Fabric's endpoint without TLS",
     {"IDENTITY_ENDPOINT=http://localhost:2377/token", "IDENTITY_HEADER=s3cret",
      "IDENTITY_SERVER_THUMBPRINT=ab", NULL},
     "GET http://localhost:2377/token?api-version=2019-07-01-preview&resource="
     "https%3A%2F%2Fdev.azuresynapse.net",
     "Secret",
     "s3cret"},
    {"App Service",
     {"IDENTITY_ENDPOINT=http://localhost:8081/msi/token", "IDENTITY_HEADER=s3cret",
      "MSI_ENDPOINT=http://localhost:1/", "MSI_SECRET=x", NULL},
     "GET http://localhost:8081/msi/token?api-version=2019-08-01&resource="
     "https%3A%2F%2Fdev.azuresynapse.net",
     "X-IDENTITY-HEADER",
     "s3cret"},
    {"App Service, a user-assigned identity",
     {"IDENTITY_ENDPOINT=http://localhost:8081/msi/token?x=1", "IDENTITY_HEADER=s3cret",
      "AZURE_CLIENT_ID=c 1", NULL},
     "GET http://localhost:8081/msi/token?x=1&api-version=2019-08-01&resource="
     "https%3A%2F%2Fdev.azuresynapse.net&client_id=c%201",
     "Metadata",
     "true"},
    {"Azure Arc",
     {"IDENTITY_ENDPOINT=http://localhost:40342/metadata/identity/oauth2/token",
      "IMDS_ENDPOINT=http://localhost:40342", "MSI_ENDPOINT=http://localhost:1/", NULL},
     "GET http://localhost:40342/metadata/identity/oauth2/token?api-version=2020-06-01"
     "&resource=https%3A%2F%2Fdev.azuresynapse.net",
     "Metadata",
     "true"},
    {"Azure Machine Learning",
     {"MSI_ENDPOINT=http://127.0.0.1:46808/MSI/auth", "MSI_SECRET=s3cret",
      "AZURE_CLIENT_ID=c1", NULL},
     "GET http://127.0.0.1:46808/MSI/auth?api-version=2017-09-01&resource="
     "https%3A%2F%2Fdev.azuresynapse.net&clientid=c1",
     "secret",
     "s3cret"},
    {"Cloud Shell",
     {"MSI_ENDPOINT=http://localhost:50342/oauth2/token", NULL},
     "POST http://localhost:50342/oauth2/token "
     "resource=https%3A%2F%2Fdev.azuresynapse.net",
     "Metadata",
     "true"},
};

static void test_places(void)
{
    for (size_t i = 0; i < sizeof PLACES / sizeof *PLACES; i++) {
        const place_case_t *one = &PLACES[i];
        world_t world;

        RUN(&world, one->environment, GOOD);
        is_int(fake_http_count(world.fake), 1, "%s: one request", one->claim);
        is_str(fake_http_line(world.fake, 0), one->line, "%s: its form", one->claim);
        is_str(fake_http_header(world.fake, 0, one->header), one->value,
               "%s: its header %s", one->claim, one->header);
        is_str(world.answer.secret_token, "t0ken", "%s: the token", one->claim);
        is_int(world.answer.expires_on, 4102444800, "%s: its end", one->claim);
        end(&world);
    }
}

static void is_refused(const char *const *environment, const char *want,
                       const char *claim)
{
    world_t world;

    RUN(&world, environment, GOOD);
    is_int(fake_http_count(world.fake), 0, "%s: nobody is asked", claim);
    is_str(world.answer.err.text, want, "%s: and why", claim);
    is_int(world.answer.err.code, ERR_AUTH, "%s: an error of authentication", claim);
    ok(!world.answer.is_absent, "%s: it is set up, and fails", claim);
    end(&world);
}

static void test_refusals(void)
{
    static const char *const fabric[] = {
        "IDENTITY_ENDPOINT=https://localhost:2377/token", "IDENTITY_HEADER=x",
        "IDENTITY_SERVER_THUMBPRINT=ab", NULL};
    static const char *const arc[] = {"IDENTITY_ENDPOINT=http://localhost:40342/token",
                                      "IMDS_ENDPOINT=http://localhost:40342",
                                      "AZURE_CLIENT_ID=c1", NULL};
    static const char *const shell[] = {
        "MSI_ENDPOINT=http://localhost:50342/oauth2/token", "AZURE_CLIENT_ID=c1", NULL};

    is_refused(
        fabric,
        "Service Fabric's identity endpoint shows a certificate that only its "
        "thumbprint vouches for, which is not supported. Set AZURE_TENANT_ID, "
        "AZURE_CLIENT_ID and AZURE_CLIENT_SECRET of a service principal instead.",
        "Service Fabric with TLS");
    is_refused(arc,
               "Azure Arc has no user-assigned identities to choose from, but "
               "AZURE_CLIENT_ID is set. Unset it to use its own identity.",
               "Arc with a client");
    is_refused(shell,
               "Cloud Shell has no user-assigned identities to choose from, but "
               "AZURE_CLIENT_ID is set. Unset it to use its own identity.",
               "a shell with a client");
}

/* ---- the metadata service ---- */

static const char *const NOTHING[] = {"HOME=/root", NULL};
static const char *const CLIENT[] = {"AZURE_CLIENT_ID=c1", NULL};
static const fake_reply_t REFUSES_PROBE = {
    .status = 400, .body = (char *)"{\"error\":\"invalid_request\"}"};

static void test_metadata_service(void)
{
    static const char *const moved[] = {
        "SYNAPSE_KERNEL_ENDPOINTS_IMDS=http://127.0.0.1:99/",
        "AZURE_POD_IDENTITY_AUTHORITY_HOST=http://other", NULL};
    static const char *const pod[] = {"AZURE_POD_IDENTITY_AUTHORITY_HOST=http://pod",
                                      NULL};
    const fake_reply_t good[] = {REFUSES_PROBE, GOOD[0]};
    world_t world;

    RUN(&world, CLIENT, good);
    is_str(fake_http_line(world.fake, 0), "GET " IMDS QUERY "&client_id=c1",
           "the metadata service is looked for");
    is_str(fake_http_header(world.fake, 0, "Metadata"), NULL,
           "by what it refuses at once");
    is_str(fake_http_line(world.fake, 1), "GET " IMDS QUERY "&client_id=c1",
           "then asked");
    is_str(fake_http_header(world.fake, 1, "Metadata"), "true", "as it wants to be");
    is_str(world.answer.secret_token, "t0ken", "and gives a token");
    end(&world);

    RUN(&world, moved, good);
    ok(fake_http_count_of(
           world.fake, "GET http://127.0.0.1:99/metadata/identity/oauth2/token?") == 2,
       "the configuration says where it is");
    end(&world);
    RUN(&world, pod, good);
    ok(fake_http_count_of(world.fake,
                          "GET http://pod/metadata/identity/oauth2/token?") == 2,
       "else a variable does");
    end(&world);
}

static void is_absent(const char *const *environment, const fake_reply_t *replies,
                      size_t count, const char *want)
{
    world_t world;

    run(&world, environment, "/nowhere", replies, count);
    ok(world.answer.is_absent, "no such identity here: the next source is tried");
    is_str(world.answer.err.text, want, "and why");
    end(&world);
}

static void test_absence(void)
{
    const fake_reply_t silent[] = {{.is_never = true}};
    const fake_reply_t stranger[] = {{.status = 404, .body = (char *)"<html>Not here"}};
    const fake_reply_t none[] = {
        REFUSES_PROBE,
        {.status = 400,
         .body =
             (char *)"{\"error\":\"invalid_request\",\"error_description\":\"no\"}"}};
    const fake_reply_t walled[] = {
        REFUSES_PROBE,
        {.status = 403,
         .body =
             (char *)"connecting to 169.254.169.254:80: the network is unreachable"}};

    is_absent(NOTHING, silent, 1,
              "neither IDENTITY_ENDPOINT nor MSI_ENDPOINT is set, and "
              "no metadata service answers at http://169.254.169.254");
    is_absent(NOTHING, stranger, 1,
              "what answers at http://169.254.169.254 is not Azure's "
              "metadata service");
    is_absent(NOTHING, none, 2, "no identity is assigned to this virtual machine");
    is_absent(CLIENT, none, 2,
              "no identity with the client ID c1 is "
              "assigned to this virtual machine");
    is_absent(NOTHING, walled, 2,
              "the metadata service can't be reached from this "
              "container");
}

/* Azure ML's compute has the endpoint whether it has an identity or not. */
static void test_compute_without_identity(void)
{
    static const char *const compute[] = {
        "MSI_ENDPOINT=http://127.0.0.1:46808/MSI/auth", "MSI_SECRET=x", NULL};
    static const char *const own[] = {"MSI_ENDPOINT=http://127.0.0.1:46808/MSI/auth",
                                      "MSI_SECRET=x", "DEFAULT_IDENTITY_CLIENT_ID=d1",
                                      NULL};
    const fake_reply_t none[] = {
        {.status = 400, .body = (char *)"{\"error\":\"invalid_request\"}"}};
    const fake_reply_t gone[] = {{.status = 404}};
    const fake_reply_t other[] = {
        {.status = 400,
         .body = (char *)"{\"error\":\"invalid_resource\",\"error_description\":"
                         "\"AADSTS500011: x\"}"}};
    world_t world;

    is_absent(compute, none, 1, "no identity is assigned to this compute");
    is_absent(compute, gone, 1, "no identity is assigned to this compute");
    is_absent(own, none, 1,
              "no identity with the client ID d1 is assigned to this compute");
    RUN(&world, own, GOOD);
    ok(strstr(fake_http_line(world.fake, 0), "&clientid=d1"),
       "the compute's own identity is the one that Azure ML names");
    end(&world);
    RUN(&world, compute, other);
    ok(!world.answer.is_absent && strstr(world.answer.err.text, "AADSTS500011"),
       "an audience that nobody knows is a failure: %s", world.answer.err.text);
    end(&world);
}

static void test_quick_probe(void)
{
    const fake_reply_t silent[] = {{.is_never = true}};
    world_t world;

    begin(&world, NOTHING, "/nowhere", silent, 1);
    int64_t start = fake_http_now(world.fake);
    ok(fake_http_run(world.fake, &world.is_told, 600000)
           && fake_http_now(world.fake) - start <= 2000,
       "a machine without one is known in 2 s");
    is_int(fake_http_count(world.fake), 1, "after one request");
    end(&world);
}

/* ---- bad days ---- */

static void test_repeats(void)
{
    const fake_reply_t busy[] = {
        REFUSES_PROBE,   {.status = 404}, {.status = 429, .retry_after_ms = 20000},
        {.status = 500}, {.status = 503}, GOOD[0]};
    const fake_reply_t updating[] = {REFUSES_PROBE, {.status = 410}};
    const fake_reply_t down[] = {
        {.status = 500, .body = (char *)"{\"message\":\"sorry\"}"}};
    world_t world;

    begin(&world, NOTHING, "/nowhere", busy, 6);
    int64_t start = fake_http_now(world.fake);
    fake_http_run(world.fake, &world.is_told, 600000);
    is_str(world.answer.secret_token, "t0ken",
           "a busy metadata service is asked again");
    is_int(fake_http_now(world.fake) - start, 1000 + 20000 + 4000 + 8000 + 6 * 5,
           "later each time, and not before it says");
    end(&world);

    begin(&world, NOTHING, "/nowhere", updating, 2);
    start = fake_http_now(world.fake);
    fake_http_run(world.fake, &world.is_told, 600000);
    ok(fake_http_now(world.fake) - start >= 60000, "one that is updated has a minute");
    is_int(fake_http_count(world.fake), 9, "but not for ever");
    ok(world.answer.err.code && !world.answer.is_absent, "then it has failed");
    end(&world);

    RUN(&world, PLACES[1].environment, down);
    is_int(fake_http_count(world.fake), 6, "other endpoints are asked again too");
    ok(strstr(world.answer.err.text, "The managed identity endpoint of App Service") &&
           strstr(world.answer.err.text, "sorry"),
       "the failure has its name and its words");
    end(&world);
}

static void test_failures(void)
{
    const fake_reply_t refused[] = {
        {.status = 0, .err_code = ERR_CONNECT, .was_not_sent = true}};
    const fake_reply_t forbidden[] = {
        {.status = 403,
         .body = (char *)"{\"statusCode\":403,\"message\":\"No identity for you\"}"}};
    world_t world;

    RUN(&world, PLACES[1].environment, refused);
    is_str(world.answer.err.text,
           "Asking App Service for its managed identity: The network "
           "failed.",
           "an endpoint that is not there is a failure");
    is_int(world.answer.err.code, ERR_CONNECT, "of the network");
    end(&world);
    RUN(&world, PLACES[4].environment, forbidden);
    ok(strstr(world.answer.err.text, "No identity for you"),
       "an endpoint's words are told");
    ok(!strstr(world.answer.err.text, "s3cret"), "its secret is not");
    is_int(fake_http_count(world.fake), 1, "a no is not asked again");
    end(&world);
}

static void test_end_at_any_time(void)
{
    const fake_reply_t silent[] = {REFUSES_PROBE, {.is_never = true}};
    const fake_reply_t busy[] = {REFUSES_PROBE, {.status = 500}};
    world_t world;

    begin(&world, NOTHING, "/nowhere", silent, 2);
    end(&world);
    begin(&world, NOTHING, "/nowhere", silent, 2);
    fake_http_run(world.fake, NULL, 100);
    end(&world);
    begin(&world, NOTHING, "/nowhere", busy, 2);
    fake_http_run(world.fake, NULL, 100);
    end(&world);
    begin(&world, PLACES[3].environment, "/nowhere", GOOD, 1);
    end(&world);
    is_int(world.told, 0, "whoever has ended it hears nothing");
}

/* ---- Azure Arc ---- */

static char *make_key(const char *folder, const char *name, size_t len)
{
    char *path = path_join(folder, name), *text = xmalloc(len);
    err_t err = {0};

    memset(text, 'k', len);
    text[len - 1] = '\n';
    if (path_write(path, text, len, 0600, &err) < 0)
        exit(99);
    free(text);
    return path;
}

static void test_arc(const char *folder)
{
    char *path = make_key(folder, "a.key", 5);
    char *challenge = xasprintf("Basic realm=%s", path);
    const fake_reply_t replies[] = {{.status = 401, .challenge = challenge}, GOOD[0]};
    const fake_reply_t stubborn[] = {{.status = 401, .challenge = challenge}};
    world_t world;

    run(&world, PLACES[3].environment, folder, replies, 2);
    is_str(fake_http_header(world.fake, 0, "Authorization"), NULL,
           "Arc is asked plainly");
    is_str(fake_http_header(world.fake, 1, "Authorization"), "Basic kkkk",
           "then with the key of the file that it names");
    is_str(world.answer.secret_token, "t0ken", "and gives a token");
    end(&world);

    run(&world, PLACES[3].environment, folder, stubborn, 1);
    is_int(fake_http_count(world.fake), 2, "a key that it refuses is not shown again");
    ok(world.answer.err.code == ERR_AUTH && !strstr(world.answer.err.text, "kkkk"),
       "nor told");
    end(&world);

    run(&world, PLACES[3].environment, "/var/opt/azcmagent/tokens", replies, 2);
    is_int(fake_http_count(world.fake), 1, "a file elsewhere is not read");
    ok(strstr(world.answer.err.text, "which is not one of its agent's in "
                                     "/var/opt/azcmagent/tokens"),
       "and that is said");
    end(&world);
    free(challenge);
    free(path);
}

static void is_key(const char *challenge, const char *folder, const char *want,
                   const char *claim)
{
    err_t err = {0};
    char *key = credential_arc_key(challenge, folder, &err);

    is_str(key, want, "%s", claim);
    ok((key == NULL) == (err.code == ERR_AUTH), "%s: an error when there is none",
       claim);
    free(key);
}

static void test_arc_key(const char *folder)
{
    char *large = make_key(folder, "large.key", 4097),
         *full = make_key(folder, "full.key", 4096),
         *text = make_key(folder, "b.txt", 5), *key = make_key(folder, "c.key", 5);
    char *want = xcalloc(4096, 1);
    char *challenges[] = {
        xasprintf("Basic realm=\"%s\"", key),
        xasprintf("Basic realm=%s", full),
        xasprintf("Basic realm=%s", large),
        xasprintf("Basic realm=%s", text),
        xasprintf("Basic realm=%s/../%s", folder, strrchr(key, '/') + 1),
        xasprintf("Basic realm=%s/none.key", folder),
        xasprintf("Basic realm=%s", "c.key")};

    memset(want, 'k', 4095);
    is_key(challenges[0], folder, "kkkk", "quotes may be there");
    is_key(challenges[1], folder, want, "4096 bytes are allowed");
    is_key(challenges[2], folder, NULL, "more are not");
    is_key(challenges[3], folder, NULL, "it ends in .key");
    is_key(challenges[4], folder, NULL, "it lies right in the folder");
    is_key(challenges[5], folder, NULL, "it is there");
    is_key(challenges[6], folder, NULL, "its path is absolute");
    is_key("Bearer x", folder, NULL, "another challenge names none");
    is_key(NULL, folder, NULL, "nor does none");
    for (size_t i = 0; i < sizeof challenges / sizeof *challenges; i++)
        free(challenges[i]);
    free(want);
    free(large);
    free(full);
    free(text);
    free(key);
}

int main(void)
{
    err_t err = {0};
    char *folder = path_temp_folder(NULL, "sk-arc-", 10, &err);

    mem_init();
    if (!folder)
        return 99;
    test_places();
    test_refusals();
    test_metadata_service();
    test_absence();
    test_compute_without_identity();
    test_quick_probe();
    test_repeats();
    test_failures();
    test_end_at_any_time();
    test_arc(folder);
    test_arc_key(folder);
    path_remove_tree(folder);
    free(folder);
    return done_testing();
}
