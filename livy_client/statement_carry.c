/*
 * statement_carry - code that is too long for one request of this server
 *
 * Python goes ahead in pieces that the prologue keeps (remote/prologue.py: keep, kept), and
 * what is posted in the end runs them as one. Scala is run in pieces, cut where the
 * interpreter, which reads line by line, is between two definitions; their text is one
 * output. Each piece is a statement of its own with an id of its own, so that nothing is
 * sent or run twice.
 */
#include "livy_client/statement_parts.h"

#include <stdlib.h>
#include <string.h>
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "livy_client/cell_code.h"
#include "livy_client/scala_cut.h"

#define FRAME_SIZE 400 /* of a piece's request, without the piece */

static void send_next(livy_statement_t *statement);

void statement_set_body(livy_statement_t *statement, const char *kind, const char *code)
{
    cJSON *body = json_obj();

    json_set_str(body, "code", code);
    if (kind)
        json_set_str(body, "kind", kind);
    free(statement->body);
    statement->body = json_print(body);
    json_free(&body);
}

bool statement_is_long(const livy_statement_t *statement)
{
    size_t limit = statement_dialect(statement)->request_limit;

    return limit && strlen(statement->body) > limit;
}

/* --- pieces --- */

static void on_piece_done(livy_statement_t *carrier, const cJSON *output, const err_t *err,
    void *arg)
{
    livy_statement_t *statement = arg;
    bool is_ok = strcmp(json_str(output, "status", ""), "ok") == 0;
    const char *text = json_str(json_get_obj(output, "data"), "text/plain", "");
    err_t fault = *err;

    (void) carrier;
    if (output && !is_ok) {
        statement_finish(statement, output, NULL);
        return;
    }
    if (!fault.code && statement->wants_interrupt)
        err_set(&fault, ERR_INTERRUPTED, "Interrupted while the code was on its way.");
    if (fault.code) {
        statement_finish(statement, NULL, &fault);
        return;
    }
    if (!statement->is_kept && *text)
        buf_addf(&statement->text, "%s%s", text, text_ends(text, "\n") ? "" : "\n");
    livy_statement_destroy(&statement->carrier);
    send_next(statement);
}

static void post_piece(livy_statement_t *statement, const char *kind, const char *uuid,
    const char *code)
{
    static const statement_events_t events = {.on_done = on_piece_done};

    statement->carrier = livy_statement_new(statement->session, kind, code, uuid, &events,
        statement);
}

/* --- Python --- */

static void keep_piece(livy_statement_t *statement)
{
    size_t limit = statement_dialect(statement)->request_limit;
    size_t room = (limit - FRAME_SIZE) / 4 * 3, left = strlen(statement->ahead) - statement->sent;
    size_t size = left < room ? left : room;
    char *uuid = text_uuid();
    char *code = cell_code_keep(uuid, statement->uuid, statement->pieces,
        statement->ahead + statement->sent, size);

    statement->sent += size;
    statement->pieces++;
    post_piece(statement, "pyspark", uuid, code);
    free(code);
    free(uuid);
}

static void post_kept(livy_statement_t *statement)
{
    char *code = cell_code_kept(statement->uuid, statement->pieces);

    statement_set_body(statement, "pyspark", code);
    free(code);
    statement_post(statement);
}

/* --- Scala --- */

static char *scala_piece(const char *uuid, const char *text, size_t size)
{
    return cell_code_plain(uuid, "//", text, size);
}

static bool fits(livy_statement_t *statement, const char *text, size_t size)
{
    char *code = scala_piece(statement->uuid, text, size);

    statement_set_body(statement, "spark", code);
    free(code);
    return !statement_is_long(statement);
}

static void on_refused(void *arg)
{
    livy_statement_t *statement = arg;
    err_t err = {0};

    statement->timer = NULL;
    err_set(&err, ERR_LIMIT, "This server takes requests of %zu bytes at most, and there is "
        "no place where the code of this cell can be cut so that each piece fits. Nothing "
        "of this piece was run: make the cell shorter; data belongs in files.",
        statement_dialect(statement)->request_limit);
    statement_finish(statement, NULL, &err);
}

static void refuse(livy_statement_t *statement)
{
    statement->timer = livy_timer(statement->client, 0, on_refused, statement);
}

/* The longest piece that fits; the last one is the statement itself. */
static void run_piece(livy_statement_t *statement)
{
    const char *text = statement->ahead + statement->sent;
    size_t size = strlen(text);

    if (fits(statement, text, size)) {
        statement_post(statement);
        return;
    }
    do
        size = scala_cut(text, size > 0 ? size - 1 : 0);
    while (size > 0 && !fits(statement, text, size));
    if (size == 0) {
        refuse(statement);
        return;
    }
    char *uuid = text_uuid(), *code = scala_piece(uuid, text, size);
    statement->sent += size;
    post_piece(statement, "spark", uuid, code);
    free(code);
    free(uuid);
}

/* --- the way --- */

static void send_next(livy_statement_t *statement)
{
    if (!statement->is_kept)
        run_piece(statement);
    else if (statement->ahead[statement->sent])
        keep_piece(statement);
    else
        post_kept(statement);
}

static bool is_kind(const char *kind, const char *word)
{
    return kind && strcmp(kind, word) == 0;
}

void statement_carry(livy_statement_t *statement, const char *kind, const char *code)
{
    const char *text = strchr(code, '\n'); /* behind the id's line */
    bool is_scala = is_kind(kind, "spark") || is_kind(kind, "scala");

    statement->is_kept = livy_session_has_prologue(statement->session) &&
        (!kind || is_kind(kind, "pyspark") || is_kind(kind, "python"));
    statement->ahead = xstrdup(text ? text + 1 : code);
    if (statement->is_kept || is_scala)
        send_next(statement);
    else
        refuse(statement);
}
