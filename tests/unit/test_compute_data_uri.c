/*
 * test_compute_data_uri - names of data (tests/data/data_uri.cases); what Spark reads
 */
#include "compute/data_uri.h"

#include "base/json.h"
#include "tests/unit/cases.h"
#include "tests/unit/tap.h"

static char *text_of(const data_uri_t *uri)
{
    buf_t out = BUF_INIT;

    if (uri->kind == DATA_ASSET)
        buf_addf(&out, "asset %s %s", uri->name,
                 uri->version ? uri->version : "latest");
    else if (uri->kind == DATA_DATASTORE)
        buf_addf(&out, "store %s %s", uri->name, uri->path);
    else
        buf_addf(&out, "address %s", uri->path);
    if (uri->workspace)
        buf_addf(&out, " in %s %s %s", uri->subscription_id, uri->resource_group,
                 uri->workspace);
    return buf_take(&out);
}

static bool has_lines(const char *text, const char *lines)
{
    bool has_all = true;

    while (*lines && has_all) {
        char *line = xstrndup(lines, strcspn(lines, "\n"));
        has_all = strstr(text, line) != NULL;
        lines += strlen(line) + (lines[strlen(line)] == '\n');
        free(line);
    }
    return has_all;
}

static void check_case(const case_t *one)
{
    const section_t *means = case_section(one, "means"),
                    *error = case_section(one, "error");
    err_t err = {0};
    data_uri_t uri;

    if (data_uri_parse(case_section(one, "text")->text, &uri, &err) != 0) {
        ok(error && has_lines(err.text, error->text), "%s: %s", one->claim, err.text);
        ok(!uri.name && !uri.path && !uri.workspace, "%s: nothing is left", one->claim);
        return;
    }
    char *text = text_of(&uri);
    is_str(text, means ? means->text : "an error", "%s", one->claim);
    free(text);
    data_uri_free(&uri);
}

typedef struct {
    const char *datastore, *path, *want; /* want NULL: an error with `error` */
    const char *error;
} store_case_t;

static const store_case_t STORES[] = {
    {"{\"properties\":{\"datastoreType\":\"AzureDataLakeGen2\",\"accountName\":\"a\","
     "\"filesystem\":\"f\",\"endpoint\":\"core.usgovcloudapi.net\"}}",
     "x/y.csv", "abfss://f@a.dfs.core.usgovcloudapi.net/x/y.csv", NULL},
    {"{\"properties\":{\"datastoreType\":\"AzureBlob\",\"accountName\":\"a\","
     "\"containerName\":\"c\",\"protocol\":\"https\"}}",
     "/x/", "abfss://c@a.dfs.core.windows.net/x/", NULL},
    {"{\"properties\":{\"datastoreType\":\"AzureBlob\",\"accountName\":\"a\","
     "\"containerName\":\"c\"}}",
     "", "abfss://c@a.dfs.core.windows.net/", NULL},
    {"{\"properties\":{\"datastoreType\":\"OneLake\",\"oneLakeWorkspaceName\":"
     "\"Sales\","
     "\"artifact\":{\"artifactType\":\"LakeHouse\",\"artifactName\":\"Raw\"}}}",
     "t.csv",
     "abfss://Sales@onelake.dfs.fabric.microsoft.com/Raw.Lakehouse/Files/t.csv", NULL},
    {"{\"properties\":{\"datastoreType\":\"OneLake\",\"endpoint\":\"o.example\","
     "\"oneLakeWorkspaceName\":\"11111111-2222-3333-4444-555555555555\",\"artifact\":"
     "{\"artifactName\":\"aaaaaaaa-2222-3333-4444-555555555555\"}}}",
     "t.csv",
     "abfss://11111111-2222-3333-4444-555555555555@o.example/"
     "aaaaaaaa-2222-3333-4444-555555555555/Files/t.csv",
     NULL},
    {"{\"name\":\"s\",\"properties\":{\"datastoreType\":\"AzureDataLakeGen1\","
     "\"storeName\":\"g\"}}",
     "x", NULL, "Gen1 was retired"},
    {"{\"name\":\"s\",\"properties\":{\"datastoreType\":\"AzureFile\",\"accountName\":"
     "\"a\","
     "\"fileShareName\":\"f\"}}",
     "x", NULL, "is a file share, which Spark can't read"},
    {"{\"name\":\"s\",\"properties\":{\"datastoreType\":\"Hdfs\"}}", "x", NULL,
     "The datastore s (Hdfs) names no account and container"},
    {"{}", "x", NULL, "names no account and container"},
};

static void test_stores(void)
{
    for (size_t i = 0; i < sizeof STORES / sizeof *STORES; i++) {
        const store_case_t *one = &STORES[i];
        cJSON *store = json_parse(one->datastore, strlen(one->datastore), "it", NULL);
        err_t err = {0};
        char *path = data_uri_in(store, one->path, &err);
        is_str(path, one->want, "where Spark finds it: %s", one->datastore);
        ok(one->want ? !err.code
                     : err.code == ERR_UNSUPPORTED && strstr(err.text, one->error),
           "and the sentence: %s", err.text);
        free(path);
        json_free(&store);
    }
}

static void is_address(const char *address, const char *want)
{
    err_t err = {0};
    char *path = data_uri_address(address, &err);

    is_str(path, want, "%s is read so", address);
    ok((want == NULL) == (err.code == ERR_UNSUPPORTED), "or says why not: %s",
       err.text);
    free(path);
}

static void test_addresses(void)
{
    is_address("https://a.blob.core.windows.net/c/x/y.csv?sv=1&sig=secret",
               "abfss://c@a.dfs.core.windows.net/x/y.csv");
    is_address("https://a.dfs.core.chinacloudapi.cn/c",
               "abfss://c@a.dfs.core.chinacloudapi.cn/");
    is_address("https://a.blob.core.windows.net/", "https://a.blob.core.windows.net/");
    is_address("https://example.com/x.csv", "https://example.com/x.csv");
    is_address("wasbs://c@a.blob.core.windows.net/x",
               "wasbs://c@a.blob.core.windows.net/x");
    is_address("adl://g.azuredatalakestore.net/x", NULL);
}

int main(void)
{
    mem_init();
    cases_t cases = cases_read("data_uri.cases");
    for (size_t i = 0; i < cases.count; i++)
        check_case(&cases.items[i]);
    cases_free(&cases);
    test_stores();
    test_addresses();
    return done_testing();
}
