/*
 * fuzz_yaml - any bytes as YAML, and as a configuration that a target is saved in
 */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/json.h"
#include "base/path.h"
#include "base/yaml.h"
#include "compute/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_lines(const yaml_t *yaml, const cJSON *value, int lines)
{
    const cJSON *item;
    int first = yaml_line(yaml, value), last = yaml_last_line(yaml, value);

    /* libyaml ends a last line that has no end by itself: what is empty stands
     * behind it. */
    assert(first >= 1 && last >= first && last <= lines + 1);
    assert(!yaml_text(yaml, value) || !(cJSON_IsArray(value) || cJSON_IsObject(value)));
    cJSON_ArrayForEach(item, value) check_lines(yaml, item, lines);
}

/* What is printed reads back as the same. */
static void check_print(const cJSON *root)
{
    if (!cJSON_IsArray(root) && !cJSON_IsObject(root))
        return;
    char *text = yaml_print(root, 0);
    yaml_t *again = yaml_parse(text, strlen(text), "again", NULL);
    assert(again && (!root->child || cJSON_Compare(yaml_root(again), root, true)));
    yaml_destroy(&again);
    free(text);
}

static void check_yaml(const char *text, size_t len)
{
    err_t err = {0};
    int lines = 1;
    yaml_t *yaml = yaml_parse(text, len, "f.yml", &err);

    assert((yaml == NULL) == (err.code == ERR_USAGE));
    for (size_t i = 0; i < len; i++)
        lines += text[i] == '\n' || text[i] == '\r' || (text[i] & 0x80);
    if (yaml) {
        check_lines(yaml, yaml_root(yaml), lines);
        check_print(yaml_root(yaml));
    }
    yaml_destroy(&yaml);
}

static void check_config(const char *text, size_t len)
{
    static char file[] = "/tmp/fuzz-config-XXXXXX";
    static config_places_t places;
    cJSON *entry = json_obj();

    if (!places.user_file) {
        close(mkstemp(file));
        places.user_file = file;
    }
    if (path_write(file, text, len, 0600, NULL) != 0)
        abort();
    json_set_str(entry, "type", "local");
    config_t *config = config_new(&places);
    cJSON *shown = config_shown(config, NULL, NULL);
    if (config_save_target(config, "fuzz", entry, NULL) == 0)
        assert(config_target(config, "fuzz"));
    json_free(&shown);
    json_free(&entry);
    config_destroy(&config);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_yaml((const char *)data, size);
    check_config((const char *)data, size);
    return 0;
}
