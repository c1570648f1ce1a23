/*
 * test_kernel_core - these events in, these effects out (see core_recorder.h)
 */
#include <stdlib.h>
#include "base/mem.h"
#include "tests/unit/core_recorder.h"
#include "tests/unit/tap.h"

static recorder_t r;

static void effects_are(const char *want, const char *claim)
{
    char *got = recorder_take(&r);
    is_str(got, want, "%s", claim);
    free(got);
}

static void forget(void)
{
    free(recorder_take(&r));
}

static void begin_ready(bool has_spark)
{
    recorder_begin(&r, has_spark);
    child_ready(&r);
    forget();
}

/* ---- Python cells ---- */

static void test_one_cell(void)
{
    recorder_begin(&r, false);
    effects_are("start", "the child starts with the kernel");
    front_cell(&r, "a", "1", "");
    effects_are("", "a cell waits until the child is ready");
    child_ready(&r);
    effects_are("child.shell:execute_request(a)", "then it gets it");
    child_runs(&r, "a", "{\"status\":\"ok\",\"execution_count\":1}");
    effects_are("iopub:busy(a) iopub:execute_input(a) shell:execute_reply(a)=ok#1 "
                "iopub:idle(a)",
                "and its answer is passed on");
    recorder_end(&r);
}

static void test_greeting(void)
{
    recorder_begin(&r, false);
    forget();
    core_subscribed(r.core, (bytes_t){"", 0});
    core_subscribed(r.core, (bytes_t){"stream", 6});
    effects_are("iopub:iopub_welcome() iopub:starting() iopub:iopub_welcome()",
                "each subscriber is greeted; the first hears of the start after that");
    recorder_end(&r);
}

static void test_order(void)
{
    begin_ready(false);
    front_cell(&r, "a", "1", "");
    front_cell(&r, "b", "2", "");
    effects_are("child.shell:execute_request(a)",
                "the second cell waits for the first");
    child_status(&r, "a", "busy");
    child_status(&r, "a", "idle");
    effects_are("iopub:busy(a) iopub:idle(a) timer:PROBE:200",
                "idle alone is not over");
    child_reply(&r, CHANNEL_SHELL, "execute_reply", "a", "{\"status\":\"ok\"}");
    effects_are("shell:execute_reply(a)=ok child.shell:execute_request(b)",
                "idle before the reply: over with the reply");
    child_reply(&r, CHANNEL_SHELL, "execute_reply", "b", "{\"status\":\"ok\"}");
    front_cell(&r, "c", "3", "");
    effects_are("shell:execute_reply(b)=ok", "the reply alone is not over");
    child_status(&r, "b", "idle");
    effects_are("iopub:idle(b) child.shell:execute_request(c)", "over with the idle");
    recorder_end(&r);
}

static void test_abort(void)
{
    begin_ready(true);
    front_cell(&r, "a", "1/0", "");
    front_cell(&r, "b", "2", "");
    front_cell(&r, "c", "%%synapse\\nx", "");
    r.in_socket[0] = "d";
    r.in_socket_count = 1;
    forget();
    child_reply(&r, CHANNEL_SHELL, "execute_reply", "a",
                "{\"status\":\"error\",\"execution_count\":1}");
    effects_are("drain shell:execute_reply(a)=error#1",
                "the socket is read before the reply goes out");
    front_cell(&r, "e", "5", "");
    child_status(&r, "a", "idle");
    effects_are(
        "iopub:idle(a) "
        "iopub:busy(b) shell:execute_reply(b)=aborted iopub:idle(b) "
        "iopub:busy(c) shell:execute_reply(c)=aborted iopub:idle(c) "
        "iopub:busy(d) shell:execute_reply(d)=aborted iopub:idle(d) "
        "child.shell:execute_request(e)",
        "Python, Spark and what was in the socket are aborted; what came later runs");
    recorder_end(&r);
}

static void test_no_abort(void)
{
    static const char *const OPTIONS[] = {"\"stop_on_error\":false", "\"silent\":true"};
    for (int i = 0; i < 2; i++) {
        begin_ready(false);
        front_cell(&r, "a", "1/0", OPTIONS[i]);
        front_cell(&r, "b", "2", "");
        forget();
        child_reply(&r, CHANNEL_SHELL, "execute_reply", "a", "{\"status\":\"error\"}");
        child_status(&r, "a", "idle");
        effects_are("shell:execute_reply(a)=error iopub:idle(a) "
                    "child.shell:execute_request(b)",
                    OPTIONS[i]);
        recorder_end(&r);
    }
}

static void test_no_code(void)
{
    begin_ready(false);
    front_request(&r, CHANNEL_SHELL, "execute_request", "a", "{\"code\":5}");
    effects_are(
        "iopub:busy(a) shell:execute_reply(a)=error!ProtocolError iopub:idle(a)",
        "a cell without code is answered");
    front_cell(&r, "b", "2", "");
    effects_are("child.shell:execute_request(b)", "and the next one runs");
    recorder_end(&r);
}

/* ---- Spark cells ---- */

static void test_spark_cell(void)
{
    begin_ready(true);
    front_cell(&r, "a", "%%synapse\\nx", "");
    front_cell(&r, "b", "2", "");
    effects_are("iopub:busy(a) iopub:execute_input(a)#1 spark:execute<%%synapse\nx>",
                "a Spark cell is the runner's");
    core_spark_publish(r.core, "stream", json_obj());
    core_spark_publish(r.core, "execute_result", json_obj());
    effects_are("iopub:stream(a) iopub:execute_result(a)#1",
                "what it publishes is the cell's");
    cJSON *reply = json_obj();
    json_set_str(reply, "status", "ok");
    core_spark_done(r.core, reply);
    effects_are("child.shell:ask<history(1)> shell:execute_reply(a)=ok#1 iopub:idle(a)",
                "its end is told to the child and to the front");
    core_timer(r.core, TIMER_SOON);
    effects_are("child.shell:execute_request(b)", "then the next cell starts");
    core_spark_done(r.core, json_obj());
    core_spark_publish(r.core, "stream", json_obj());
    effects_are("", "a second end and late output are ignored");
    recorder_end(&r);
}

static void test_spark_done_at_once(void)
{
    begin_ready(true);
    r.spark_says_done = true;
    front_cell(&r, "a", "%%synapse\\nx", "");
    front_cell(&r, "b", "%%synapse\\ny", "");
    effects_are("iopub:busy(a) iopub:execute_input(a)#1 spark:execute<%%synapse\nx> "
                "child.shell:ask<history(1)> shell:execute_reply(a)=ok#1 iopub:idle(a) "
                "iopub:busy(b) iopub:execute_input(b)#2 spark:execute<%%synapse\ny> "
                "child.shell:ask<history(2)> shell:execute_reply(b)=ok#2 iopub:idle(b)",
                "a runner may end a cell from inside of its start");
    recorder_end(&r);
}

static void test_spark_error_aborts(void)
{
    begin_ready(true);
    front_cell(&r, "a", "%%synapse\\nx", "");
    front_cell(&r, "b", "2", "");
    forget();
    cJSON *reply = json_obj();
    json_set_str(reply, "status", "error");
    core_spark_done(r.core, reply);
    effects_are(
        "child.shell:ask<history(1)> drain shell:execute_reply(a)=error#1 "
        "iopub:idle(a) iopub:busy(b) shell:execute_reply(b)=aborted iopub:idle(b)",
        "a failed Spark cell aborts Python cells");
    recorder_end(&r);
}

static void test_silent_is_python(void)
{
    static const char *const OPTIONS[] = {"\"silent\":true", "\"store_history\":false"};
    for (int i = 0; i < 2; i++) {
        begin_ready(true);
        front_cell(&r, "a", "%%synapse\\nx", OPTIONS[i]);
        effects_are("child.shell:execute_request(a)", OPTIONS[i]);
        recorder_end(&r);
    }
}

/* ---- requests ---- */

static void test_requests(void)
{
    begin_ready(true);
    front_cell(&r, "a", "%%synapse\\nx", "");
    forget();
    front_request(&r, CHANNEL_SHELL, "kernel_info_request", "i", "{}");
    effects_are("iopub:busy(i) shell:kernel_info_reply(i)=ok iopub:idle(i)",
                "kernel_info is ours");
    front_request(&r, CHANNEL_SHELL, "complete_request", "c", "{\"code\":\"x\"}");
    front_request(&r, CHANNEL_SHELL, "comm_msg", "m", "{}");
    front_request(&r, CHANNEL_CONTROL, "debug_request", "d", "{}");
    front_request(&r, CHANNEL_SHELL, "new_request", "n", "{}");
    effects_are("child.shell:complete_request(c) child.shell:comm_msg(m) "
                "child.control:debug_request(d) child.shell:new_request(n)",
                "the child answers also while a Spark cell runs");
    front_request(&r, CHANNEL_SHELL, "complete_request", "c",
                  "{\"code\":\"%synapse \"}");
    effects_are("iopub:busy(c) shell:complete_reply(c)=ok iopub:idle(c) iopub:busy(a)",
                "completion of a magic is ours; then the cell is what is busy");
    front_request(&r, CHANNEL_CONTROL, "create_subshell_request", "s", "{}");
    effects_are(
        "iopub:busy(s) control:create_subshell_reply(s)=error!NotSupportedError "
        "iopub:idle(s)",
        "subshells are refused");
    recorder_end(&r);
}

static const char OWED[] = "{\"code\":\"%%synapse\\nx\",\"cursor_pos\":11}";

static void test_replies_that_come_later(void)
{
    begin_ready(true);
    front_request(&r, CHANNEL_SHELL, "complete_request", "c", OWED);
    front_request(&r, CHANNEL_SHELL, "inspect_request", "d", OWED);
    front_request(&r, CHANNEL_SHELL, "complete_request", "c", OWED);
    effects_are("", "a request of ours may wait for its reply");
    own_reply(&r, r.tokens[1]);
    effects_are("iopub:busy(d) shell:inspect_reply(d)=ok iopub:idle(d)",
                "replies come in any order, each to its own request");
    own_reply(&r, r.tokens[0]);
    own_reply(&r, r.tokens[2]);
    effects_are("iopub:busy(c) shell:complete_reply(c)=ok iopub:idle(c) "
                "iopub:busy(c) shell:complete_reply(c)=ok iopub:idle(c)",
                "also two with one msg_id");
    own_reply(&r, r.tokens[0]);
    effects_are("", "a second reply is none");
    recorder_end(&r);
}

static void test_later_replies_beside_cells(void)
{
    begin_ready(true);
    front_cell(&r, "a", "%synapse meta", "");
    front_request(&r, CHANNEL_SHELL, "complete_request", "c", OWED);
    forget();
    own_reply(&r, r.tokens[0]);
    effects_are("iopub:busy(c) shell:complete_reply(c)=ok iopub:idle(c) iopub:busy(a)",
                "while a cell runs the last status is its busy");
    front_request(&r, CHANNEL_SHELL, "complete_request", "e", OWED);
    core_child_ended(r.core, "killed", "");
    forget();
    own_reply(&r, r.tokens[1]);
    effects_are("iopub:busy(e) shell:complete_reply(e)=ok iopub:idle(e) iopub:busy(a)",
                "the child's death takes no reply along");
    front_request(&r, CHANNEL_SHELL, "complete_request", "f", OWED);
    front_request(&r, CHANNEL_SHELL, "complete_request", "g", OWED);
    forget();
    core_terminate(r.core);
    char *all = recorder_take(&r);
    ok(strstr(all, "shell:complete_reply(f)=ok") &&
           strstr(all, "shell:complete_reply(g)=ok"),
       "the end answers what is owed");
    free(all);
    own_reply(&r, r.tokens[2]);
    effects_are("", "and what comes after it is nobody's");
    recorder_end(&r);
}

static void test_comm_order(void)
{
    begin_ready(false);
    front_cell(&r, "a", "1", "");
    front_cell(&r, "b", "1", "");
    front_request(&r, CHANNEL_SHELL, "comm_open", "o", "{}");
    front_request(&r, CHANNEL_SHELL, "comm_msg", "m", "{}");
    effects_are("child.shell:execute_request(a)", "comm_open waits behind cells");
    child_runs(&r, "a", "{\"status\":\"ok\"}");
    forget();
    child_runs(&r, "b", "{\"status\":\"ok\"}");
    effects_are("iopub:busy(b) iopub:execute_input(b) shell:execute_reply(b)=ok "
                "iopub:idle(b) child.shell:comm_open(o) child.shell:comm_msg(m)",
                "and its messages behind it");
    recorder_end(&r);
}

/* ---- what the runner asks of the child ---- */

static void test_asks(void)
{
    recorder_begin(&r, true);
    forget();
    core_ask_child(r.core, "1+1", record_answer, &r);
    effects_are("", "a question waits until the child is ready");
    front_cell(&r, "a", "1", "");
    child_ready(&r);
    effects_are("spark:started child.shell:ask<1+1> child.shell:execute_request(a)",
                "it goes behind what a new child is told, before the cell that waits");
    child_answers(&r,
                  "{\"status\":\"ok\",\"user_expressions\":{\"v\":{\"status\":\"ok\","
                  "\"data\":{\"text/plain\":\"2\"}}}}");
    is_str(r.answer, "2", "its answer is the text");
    effects_are("", "and no front end sees it");
    core_ask_child(r.core, "x", record_answer, &r);
    effects_are("", "while a cell runs in the child it waits");
    child_runs(&r, "a", "{\"status\":\"ok\"}");
    forget();
    child_answers(&r, "{\"status\":\"aborted\"}");
    effects_are("child.shell:ask<x>", "one that the child aborted is sent again");
    child_answers(
        &r, "{\"status\":\"ok\",\"user_expressions\":{\"v\":{\"status\":\"error\","
            "\"ename\":\"NameError\",\"evalue\":\"no x\"}}}");
    is_str(r.answer, "NameError: no x", "an error is told");
    core_ask_child(r.core, "y", record_answer, &r);
    core_child_ended(r.core, "killed", "");
    ok(strstr(r.answer, "Python stopped (killed)") != NULL,
       "the child's death is told");
    recorder_end(&r);
}

static void test_forgotten_asks(void)
{
    static const char four[] =
        "{\"status\":\"ok\",\"user_expressions\":{\"v\":{\"status\":\"ok\","
        "\"data\":{\"text/plain\":\"4\"}}}}";
    int other;
    recorder_begin(&r, true);
    child_ready(&r);
    forget();
    core_ask_child(r.core, "2+2", record_answer, &r);
    core_forget_ask(r.core, &other);
    core_forget_ask(r.core, &r);
    child_answers(&r, four);
    is_str(r.answer, "", "who has gone gets no answer");
    front_cell(&r, "a", "1", "");
    forget();
    core_ask_child(r.core, "x", record_answer, &r);
    core_ask_child(r.core, "y", record_answer, &r);
    core_forget_ask(r.core, &r);
    core_ask_child(r.core, "z", record_answer, &r);
    child_runs(&r, "a", "{\"status\":\"ok\"}");
    char *log = recorder_take(&r);
    ok(strstr(log, "ask<z>") && !strstr(log, "ask<x>") && !strstr(log, "ask<y>"),
       "what the child has not got yet is not asked");
    free(log);
    child_answers(&r, four);
    is_str(r.answer, "4", "who is still there gets one");
    recorder_end(&r);
}

/* ---- interrupts ---- */

static void test_interrupt_while_idle(void)
{
    begin_ready(false);
    child_was_told(&r);
    forget();
    front_request(&r, CHANNEL_CONTROL, "interrupt_request", "i", "{}");
    effects_are("iopub:busy(i) signal:2 control:interrupt_reply(i)=ok iopub:idle(i)",
                "idle: the child decides");
    recorder_end(&r);
}

/* An interrupt of noon, and a cell that comes `late_ms` later. */
static void interrupt_before_a_cell(const char *cell_date, int64_t late_ms,
                                    const char *effects, const char *claim)
{
    begin_ready(true);
    child_was_told(&r);
    r.front_date = "2026-01-01T12:00:00.000002Z";
    front_request(&r, CHANNEL_CONTROL, "interrupt_request", "i", "{}");
    forget();
    r.now_ms += late_ms;
    r.front_date = "2026-01-01T12:00:00.000001Z";
    front_cell(&r, "s", "silent", "\"silent\":true");
    child_runs(&r, "s", "{\"status\":\"ok\"}");
    forget();
    r.front_date = cell_date;
    front_cell(&r, "a", "x", "");
    effects_are(effects, claim);
    child_runs(&r, "a", "{\"status\":\"ok\"}");
    forget();
    front_cell(&r, "b", "x", "");
    effects_are("child.shell:execute_request(b)", "and none after it");
    recorder_end(&r);
}

static void test_interrupt_that_overtook(void)
{
    const char *passed_over = "child.shell:execute_request(a)";
    interrupt_before_a_cell("2026-01-01T12:00:00.000001Z", 5,
        "child.shell:execute_request(a) spark:interrupt",
        "an interrupt means a cell that was sent before it and comes after it");
    interrupt_before_a_cell("2026-01-01T12:00:00.000003Z", 5, passed_over,
        "but none that was sent later");
    interrupt_before_a_cell("2026-01-01T12:00:00.000001Z", 100, passed_over,
        "nor one that comes a while later");
    interrupt_before_a_cell(NULL, 5, passed_over, "nor one that does not say when");
}

static void test_interrupts(void)
{
    begin_ready(true);
    front_cell(&r, "a", "1", "");
    child_status(&r, "a", "busy");
    forget();
    core_interrupt(r.core);
    effects_are("spark:interrupt", "before the code runs the signal waits");
    child_output(&r, "a", "execute_input", "{}");
    effects_are("iopub:execute_input(a) timer:INTERRUPT:50", "and a little longer");
    r.now_ms += 50;
    core_timer(r.core, TIMER_INTERRUPT);
    effects_are("signal:2", "and is sent then");
    core_timer(r.core, TIMER_INTERRUPT);
    effects_are("", "once");
    core_interrupt(r.core);
    core_interrupt(r.core);
    effects_are("spark:interrupt signal:2 spark:interrupt signal:2",
                "each further interrupt is a signal");
    r.spark_takes_interrupt = true;
    core_interrupt(r.core);
    effects_are("spark:interrupt", "but not when the shim waits for Spark");
    recorder_end(&r);
}

static void test_interrupt_of_spark(void)
{
    begin_ready(true);
    front_cell(&r, "a", "%%synapse\\nx", "");
    forget();
    core_interrupt(r.core);
    core_interrupt(r.core);
    effects_are("spark:interrupt spark:interrupt",
                "a Spark cell's interrupts are the runner's");
    recorder_end(&r);
}

static void test_interrupt_of_our_own(void)
{
    begin_ready(true);
    core_tell_child(r.core, "remember()");
    forget();
    core_interrupt(r.core);
    effects_are("", "a silent request of ours is not hit");
    front_request(&r, CHANNEL_SHELL, "comm_msg", "c", "{}");
    forget();
    core_interrupt(r.core);
    effects_are("signal:2", "but the handler of a comm is");
    recorder_end(&r);
}

static void test_interrupt_while_starting(void)
{
    recorder_begin(&r, false);
    front_cell(&r, "a", "1", "");
    front_cell(&r, "b", "1", "");
    forget();
    core_interrupt(r.core);
    effects_are(
        "iopub:busy(a) iopub:execute_input(a)#1 iopub:error(a)!KeyboardInterrupt "
        "drain shell:execute_reply(a)=error#1!KeyboardInterrupt iopub:idle(a) "
        "iopub:busy(b) shell:execute_reply(b)=aborted iopub:idle(b)",
        "a cell that waits for the child is interrupted, the child is not");
    recorder_end(&r);
}

static void test_lost_reply(void)
{
    begin_ready(false);
    front_cell(&r, "a", "1", "");
    child_status(&r, "a", "busy");
    child_status(&r, "a", "idle");
    forget();
    core_timer(r.core, TIMER_PROBE);
    effects_are("child.shell:our_kernel_info_request",
                "idle without a reply: it is asked");
    child_answers(&r, "{\"protocol_version\":\"5.3\"}");
    effects_are("iopub:execute_input(a)#1 iopub:error(a)!KeyboardInterrupt drain "
                "shell:execute_reply(a)=error#1!KeyboardInterrupt iopub:idle(a)",
                "no reply came before the answer: the cell ends");
    recorder_end(&r);
}

/* ---- death of the child ---- */

static void test_death_in_a_cell(void)
{
    begin_ready(true);
    front_cell(&r, "a", "1", "");
    front_cell(&r, "b", "1", "");
    front_request(&r, CHANNEL_SHELL, "complete_request", "c", "{\"code\":\"x\"}");
    front_request(&r, CHANNEL_CONTROL, "debug_request", "d", "{}");
    child_status(&r, "a", "busy");
    child_output(&r, "a", "execute_input", "{}");
    forget();
    core_child_ended(r.core, "killed by signal 9 (Killed)", "");
    effects_are(
        "iopub:busy(c) shell:complete_reply(c)=ok iopub:idle(c) "
        "iopub:busy(d) control:debug_reply(d)=error!PythonChildError iopub:idle(d) "
        "spark:ended iopub:error(a)!PythonChildError drain "
        "shell:execute_reply(a)=error#1!PythonChildError iopub:idle(a) "
        "iopub:busy(b) shell:execute_reply(b)=aborted iopub:idle(b) start",
        "everything that the child owes is answered, and a new one starts");
    child_ready(&r);
    effects_are("child.shell:ask<get_ipython().execution_count = 2> spark:started",
                "which counts on");
    front_cell(&r, "e", "1", "");
    child_runs(&r, "e", "{\"status\":\"ok\",\"execution_count\":2}");
    effects_are("child.shell:execute_request(e) iopub:busy(e) iopub:execute_input(e) "
                "shell:execute_reply(e)=ok#2 iopub:idle(e)",
                "and runs cells");
    recorder_end(&r);
}

static void test_death_while_idle(void)
{
    begin_ready(false);
    core_child_ended(r.core, "exit code 1", "");
    effects_are("start", "a new one starts at once");
    child_ready(&r);
    front_cell(&r, "a", "1", "");
    forget();
    child_status(&r, "a", "busy");
    effects_are("iopub:busy(a) iopub:stream(a)",
                "the next cell says that variables are gone");
    recorder_end(&r);
}

static void test_crash_loop(void)
{
    recorder_begin(&r, false);
    front_cell(&r, "a", "1", "");
    forget();
    core_child_ended(r.core, "exit code 1", "boom");
    effects_are("timer:AGAIN:300", "a death before it was ready: a pause");
    core_timer(r.core, TIMER_CHILD_AGAIN);
    core_child_ended(r.core, "exit code 1", "boom");
    effects_are("start timer:AGAIN:600", "a longer one");
    core_timer(r.core, TIMER_CHILD_AGAIN);
    core_child_ended(r.core, "exit code 1", "boom");
    effects_are(
        "start iopub:busy(a) iopub:execute_input(a)#1 iopub:error(a)!PythonChildError "
        "drain shell:execute_reply(a)=error#1!PythonChildError iopub:idle(a)",
        "after three the cell is told");
    front_request(&r, CHANNEL_SHELL, "complete_request", "c", "{\"cursor_pos\":3}");
    effects_are("iopub:busy(c) shell:complete_reply(c)=ok iopub:idle(c)",
                "other requests have an empty answer");
    front_request(&r, CHANNEL_SHELL, "comm_msg", "m", "{}");
    effects_are("iopub:busy(m) iopub:idle(m)", "or none, if they have none");
    core_ask_child(r.core, "1", record_answer, &r);
    core_timer(r.core, TIMER_SOON);
    ok(strstr(r.answer, "boom") != NULL, "questions fail with its last words");
    front_cell(&r, "b", "1", "");
    effects_are("start", "the next Python cell tries again");
    child_ready(&r);
    effects_are("child.shell:ask<get_ipython().execution_count = 2> "
                "child.shell:execute_request(b)",
                "and runs when that went well");
    recorder_end(&r);
}

static void test_no_ipykernel(void)
{
    recorder_begin(&r, true);
    front_cell(&r, "a", "1", "");
    forget();
    core_child_ended(r.core, "exit code 1",
                     "/usr/bin/python3: No module named ipykernel_launcher");
    effects_are(
        "iopub:busy(a) iopub:execute_input(a)#1 iopub:error(a)!PythonChildError "
        "drain shell:execute_reply(a)=error#1!PythonChildError iopub:idle(a)",
        "no ipykernel: told at once");
    front_cell(&r, "b", "%%synapse\\nx", "");
    effects_are("iopub:busy(b) iopub:execute_input(b)#2 spark:execute<%%synapse\nx>",
                "Spark cells work");
    core_timer(r.core, TIMER_SOON);
    recorder_end(&r);
}

static void test_no_python(void)
{
    recorder_begin(&r, false);
    core_child_ended(r.core, "exit code 1", "No module named ipykernel");
    forget();
    r.spawn_fails = true;
    front_cell(&r, "a", "1", "");
    effects_are("start iopub:busy(a) iopub:execute_input(a)#1 "
                "iopub:error(a)!PythonChildError drain "
                "shell:execute_reply(a)=error#1!PythonChildError iopub:idle(a)",
                "no such program: told at once");
    recorder_end(&r);
}

/* ---- the end ---- */

static void test_shutdown(void)
{
    begin_ready(true);
    front_cell(&r, "a", "1", "");
    front_cell(&r, "b", "1", "");
    forget();
    front_request(&r, CHANNEL_CONTROL, "shutdown_request", "s", "{\"restart\":true}");
    effects_are(
        "iopub:busy(s) iopub:busy(b) shell:execute_reply(b)=aborted iopub:idle(b) "
        "timer:GOODBYE:5000 spark:shutdown-for-restart signal:2 "
        "child.control:our_shutdown_request timer:STOP:1500 timer:KILL:2000",
        "the runner and the child are told");
    core_timer(r.core, TIMER_CHILD_STOP);
    core_timer(r.core, TIMER_CHILD_KILL);
    effects_are("signal:15 signal:9", "a child that stays is killed");
    core_child_ended(r.core, "killed", "");
    effects_are("", "no new one starts; the runner is waited for");
    core_spark_shut_down(r.core);
    effects_are(
        "iopub:busy(a) shell:execute_reply(a)=aborted iopub:idle(a) "
        "iopub:shutdown_reply(s)=ok control:shutdown_reply(s)=ok iopub:idle(s) quit",
        "then the reply, and the end");
    front_cell(&r, "c", "1", "");
    core_terminate(r.core);
    effects_are("", "nothing happens after the end");
    recorder_end(&r);
}

static void test_terminate(void)
{
    begin_ready(false);
    core_terminate(r.core);
    effects_are("child.control:our_shutdown_request timer:STOP:1500 timer:KILL:2000",
                "SIGTERM: the child is told");
    core_child_ended(r.core, "exit code 0", "");
    effects_are("quit", "and there is no reply");
    recorder_end(&r);
}

static void test_runner_that_says_no_goodbye(void)
{
    recorder_begin(&r, true);
    core_terminate(r.core);
    forget();
    core_child_ended(r.core, "killed", "");
    core_timer(r.core, TIMER_SPARK_GOODBYE);
    effects_are("quit", "the end comes without it");
    recorder_end(&r);
}

int main(void)
{
    mem_init();
    test_one_cell();
    test_greeting();
    test_order();
    test_abort();
    test_no_abort();
    test_no_code();
    test_spark_cell();
    test_spark_done_at_once();
    test_spark_error_aborts();
    test_silent_is_python();
    test_requests();
    test_replies_that_come_later();
    test_later_replies_beside_cells();
    test_comm_order();
    test_asks();
    test_forgotten_asks();
    test_interrupt_while_idle();
    test_interrupt_that_overtook();
    test_interrupts();
    test_interrupt_of_spark();
    test_interrupt_of_our_own();
    test_interrupt_while_starting();
    test_lost_reply();
    test_death_in_a_cell();
    test_death_while_idle();
    test_crash_loop();
    test_no_ipykernel();
    test_no_python();
    test_shutdown();
    test_terminate();
    test_runner_that_says_no_goodbye();
    return done_testing();
}
