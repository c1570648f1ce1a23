/*
 * test_kernel_install - which Python is chosen, and what a kernel.json says
 */
#include "kernel/install.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "tests/unit/tap.h"

static const char template_text[] =
    "{\"argv\": [\"@PROGRAM@\", \"kernel\", \"--python\", \"@PYTHON@\", \"-f\", "
    "\"{connection_file}\"], \"display_name\": \"x\", \"language\": \"python\", "
    "\"metadata\": {\"debugger\": false, \"supported_encryption\": [\"curve\"]}}";

static cJSON *parse(const char *text)
{
    return json_parse(text, strlen(text), "a test", NULL);
}

static bool chooses(python_hints_t hints, const char *python, const char *why)
{
    const char *said = NULL;
    char *chosen = python_choose(&hints, "/home/u", &said);
    bool is_so = strcmp(chosen, python) == 0 && strcmp(said, why) == 0;
    if (!is_so)
        printf("# chose %s, %s\n", chosen, said);
    free(chosen);
    return is_so;
}

static void test_choice(void)
{
    python_hints_t all = {"opt/python", "/cfg/python", "/venv", "/conda"};
    python_hints_t hints = all;
    ok(chooses(hints, "/home/u/opt/python", "from --python"),
       "the option comes first, and a relative path is one of the working folder");
    hints.option = "python3.12";
    ok(chooses(hints, "python3.12", "from --python"), "a bare name is left to PATH");
    hints.option = "";
    ok(chooses(hints, "/cfg/python", "from SYNAPSE_KERNEL_PYTHON or the configuration"),
       "an empty option is none; the variable comes next");
    hints.configured = NULL;
    ok(chooses(hints, "/venv/bin/python", "of the active virtual environment"),
       "then the virtual environment");
    hints.virtual_env = NULL;
    ok(chooses(hints, "/conda/bin/python", "of the active Conda environment"),
       "then Conda's");
    hints.conda_prefix = NULL;
    ok(chooses(hints, "python3", "the first in PATH"), "then python3");
}

static bool has_words(const cJSON *spec, const char *text)
{
    char *argv = json_print(json_get_arr(spec, "argv"));
    bool is_so = strcmp(argv, text) == 0;
    if (!is_so)
        printf("# %s\n", argv);
    free(argv);
    return is_so;
}

static void test_kernel_json(void)
{
    cJSON *template_json = parse(template_text);
    cJSON *facts = parse("{\"executable\": \"/p/python\", \"version\": \"3.11.2\", "
                         "\"packages\": {\"debugpy\": \"1.8\"}}");
    cJSON *bare = parse("{\"executable\": \"/p/python\", \"version\": \"3.11.2\", "
                        "\"packages\": {}}");
    cJSON *spec = install_kernel_json(template_json, "/b/sk", facts, "Name", false);
    ok(has_words(spec, "[\"/b/sk\",\"kernel\",\"--python\",\"/p/python\",\"-f\","
                       "\"{connection_file}\",\"--language-version\",\"3.11.2\","
                       "\"--debugger\"]"),
       "argv has the binary, the Python, and what it is");
    ok(strcmp(json_str(spec, "display_name", ""), "Name") == 0, "the name is replaced");
    const cJSON *metadata = json_get_obj(spec, "metadata");
    ok(json_bool(metadata, "debugger", false), "with debugpy there is a debugger");
    ok(cJSON_GetArraySize(json_get_arr(metadata, "supported_encryption")) == 1,
       "what else the template says stays");
    json_free(&spec);

    spec = install_kernel_json(template_json, "/b/sk", bare, "Name", true);
    ok(has_words(spec, "[\"/b/sk\",\"kernel\",\"--python\",\"/p/python\",\"-f\","
                       "\"{connection_file}\",\"--language-version\",\"3.11.2\","
                       "\"--default-language\",\"pyspark\"]"),
       "without debugpy no --debugger; the Spark kernel says its language");
    ok(!json_bool(json_get_obj(spec, "metadata"), "debugger", true),
       "without debugpy there is no debugger");
    json_free(&spec);
    json_free(&bare);
    json_free(&facts);
    json_free(&template_json);
}

static bool user_folder_is(install_surroundings_t around, const char *expected)
{
    char *folder = install_user_folder(&around, NULL);
    bool is_so = folder && strcmp(folder, expected) == 0;
    free(folder);
    return is_so;
}

static void test_user_folder(void)
{
    install_surroundings_t around = {
        .home = "/home/u", .xdg_data_home = "/data", .jupyter_data_dir = "/jupyter"};
    ok(user_folder_is(around, "/jupyter"), "JUPYTER_DATA_DIR comes first");
    around.jupyter_data_dir = NULL;
    ok(user_folder_is(around, "/data/jupyter"), "then XDG_DATA_HOME");
    around.xdg_data_home = "";
    ok(user_folder_is(around, "/home/u/.local/share/jupyter"), "then the home");
    around.home = NULL;
    err_t err = {0};
    ok(!install_user_folder(&around, &err) && strstr(err.text, "--prefix"),
       "without a home the error names the way out");
}

int main(void)
{
    mem_init();
    test_choice();
    test_kernel_json();
    test_user_folder();
    return done_testing();
}
