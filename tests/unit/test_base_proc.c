/*
 * test_base_proc - what a child process inherits, and how its end is told
 */
#include "base/proc.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "tests/unit/tap.h"

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* What a shell command writes, started as `proc` says. */
static char *output_of(proc_t proc, const char *command)
{
    const char *argv[] = {"sh", "-c", command, NULL};
    char *text = NULL;
    err_t err = {0};

    proc.argv = argv;
    proc.stderr_fd = -1;
    if (proc_capture(&proc, 20000, 100000, &text, NULL, &err) < 0)
        return xstrdup(err.text);
    return text;
}

static void is_output(proc_t proc, const char *command, const char *want,
                      const char *claim)
{
    char *text = output_of(proc, command);

    is_str(text, want, "%s", claim);
    free(text);
}

/* A mask of signals of a child, without glibc's own 32 and 33, which nobody can set. */
static unsigned long long signal_mask(proc_t proc, const char *field)
{
    char command[80];

    snprintf(command, sizeof command, "grep %s /proc/self/status | cut -f 2", field);
    char *text = output_of(proc, command);
    unsigned long long mask = *text ? strtoull(text, NULL, 16) : ~0ULL;
    free(text);
    return mask & ~0x180000000ULL;
}

static void test_inherited(void)
{
    static const char *const env[] = {"SK_NEW=a=b", "HOME=/elsewhere", "SK_GONE", NULL};
    proc_t plain = {0}, changed = {.extra_env = env}, elsewhere = {.folder = "/"};
    int fd = open("/dev/null", O_WRONLY), high = fcntl(fd, F_DUPFD, 200);
    sigset_t mask, old;

    setenv("SK_GONE", "x", 1);
    setenv("SK_KEPT", "kept", 1);
    is_output(changed, "echo \"$SK_NEW $HOME ${SK_GONE-none} $SK_KEPT\"",
              "a=b /elsewhere none kept\n",
              "variables are set, replaced, removed and kept");
    is_output(elsewhere, "pwd", "/\n", "it runs in the folder that was asked");
    is_output(plain, "ls -1 /proc/self/fd | wc -l", "4\n",
              "0, 1, 2 are open and what ls itself opens: nothing else");
    is_output(plain, "readlink /proc/$$/fd/0", "/dev/null\n", "stdin is /dev/null");
    close(fd);
    close(high);

    sigfillset(&mask);
    sigprocmask(SIG_BLOCK, &mask, &old);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGUSR1, SIG_IGN);
    is_int(signal_mask(plain, "SigBlk"), 0, "no signal is blocked in it");
    is_int(signal_mask(plain, "SigIgn"), 0, "nor ignored");
    sigprocmask(SIG_SETMASK, &old, NULL);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGUSR1, SIG_DFL);
}

static void test_outputs(void)
{
    const char *argv[] = {"sh", "-c", "echo out; echo err >&2", NULL};
    int fds[2];
    err_t err = {0};
    char text[100] = "";

    if (pipe(fds) < 0)
        exit(99);
    proc_t proc = {.argv = argv, .stdout_fd = fds[1], .stderr_fd = fds[1]};
    pid_t pid = proc_spawn(&proc, &err);
    ok(pid > 0, "a program is started");
    close(fds[1]);
    waitpid(pid, NULL, 0);
    is_int(read(fds[0], text, sizeof text - 1), 8, "both outputs may share a pipe");
    is_str(text, "out\nerr\n", "and arrive in order");
    is_int(read(fds[0], text, 1), 0, "the pipe ends with the child");
    close(fds[0]);
}

static void test_session(void)
{
    const char *argv[] = {"sleep", "100", NULL};
    err_t err = {0};
    proc_t proc = {.argv = argv, .new_session = true, .stdout_fd = -1, .stderr_fd = -1};
    pid_t pid = proc_spawn(&proc, &err);

    ok(pid > 0 && getsid(pid) == pid, "a new session is the child's own");
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    proc.new_session = false;
    pid = proc_spawn(&proc, &err);
    ok(pid > 0 && getsid(pid) == getsid(0), "else it stays in ours");
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static void test_failures(void)
{
    const char *missing[] = {"/nowhere/python3", NULL},
               *unknown[] = {"sk-no-such", NULL}, *text_file[] = {"/etc/passwd", NULL},
               *fine[] = {"true", NULL};
    proc_t proc = {.argv = missing, .stdout_fd = -1, .stderr_fd = -1};
    err_t err = {0};

    is_int(proc_spawn(&proc, &err), -1, "a program that is not there is told at once");
    is_str(err.text, "The program /nowhere/python3 was not found.", "by its name");
    is_int(err.code, ERR_IO, "as an ERR_IO");
    proc.argv = unknown;
    is_int(proc_spawn(&proc, &err), -1, "a word that is not in PATH is told too");
    proc.argv = text_file;
    is_int(proc_spawn(&proc, &err), -1, "what is not executable is refused");
    ok(strstr(err.text, "Permission denied"), "with exec's own reason");
    proc.argv = fine;
    proc.folder = "/nowhere";
    is_int(proc_spawn(&proc, &err), -1, "a folder that is not there is told");
    ok(strstr(err.text, "in the folder /nowhere: No such file"),
       "as the folder's fault");
    is_int(waitpid(-1, NULL, WNOHANG), -1, "no zombie is left of those");
}

static void test_capture(void)
{
    const char *flood[] = {"sh", "-c", "head -c 300000 /dev/zero | tr '\\0' x; exit 3",
                           NULL};
    const char *hang[] = {"sh", "-c", "sleep 60 & sleep 60", NULL};
    const char *orphan[] = {"sh", "-c", "sleep 60 & echo done; echo $!", NULL};
    proc_t proc = {.argv = flood, .stderr_fd = -1};
    char *text = NULL;
    int status = 0;
    err_t err = {0};

    is_int(proc_capture(&proc, 20000, 1000, &text, &status, &err), 0,
           "a flood is read");
    char *words = proc_status_text(status);
    is_str(words, "exit code 3", "to its end, and the exit code is told");
    free(words);
    ok(strlen(text) == 1000, "and no more than the cap is kept");
    free(text);

    proc.argv = hang;
    double start = now();
    is_int(proc_capture(&proc, 300, 1000, &text, &status, &err), -1,
           "a program that hangs is given up");
    ok(now() - start < 5, "in time");
    is_int(err.code, ERR_TIMEOUT, "as a timeout");
    words = proc_status_text(SIGKILL);
    is_str(words, "killed by signal 9 (Killed)", "a signal is told by number and name");
    free(words);

    proc.argv = orphan;
    start = now();
    is_int(proc_capture(&proc, 20000, 1000, &text, &status, &err), 0,
           "a grandchild that keeps the pipe open");
    ok(now() - start < 5, "does not hold us up");
    ok(strncmp(text, "done\n", 5) == 0, "nor take the output away");
    kill((pid_t)atoi(text + 5), SIGKILL);
    free(text);
}

/* Start a sleeper from a process that dies; its pid comes through a pipe. */
static pid_t orphan_of(bool dies_with_parent)
{
    const char *argv[] = {"sleep", "100", NULL};
    proc_t proc = {.argv = argv,
                   .die_with_parent = dies_with_parent,
                   .stdout_fd = -1,
                   .stderr_fd = -1};
    int fds[2];
    pid_t pid = -1;

    if (pipe(fds) < 0)
        exit(99);
    pid_t middle = fork();
    if (middle == 0) {
        err_t err;
        pid = proc_spawn(&proc, &err);
        _exit(write(fds[1], &pid, sizeof pid) == sizeof pid ? 0 : 1);
    }
    waitpid(middle, NULL, 0);
    if (read(fds[0], &pid, sizeof pid) != sizeof pid)
        pid = -1;
    close(fds[0]);
    close(fds[1]);
    return pid;
}

static void test_parent(void)
{
    int status = 0;

    prctl(PR_SET_CHILD_SUBREAPER, 1); /* so that the orphans come to us */
    pid_t pid = orphan_of(true);
    for (int i = 0; i < 500 && waitpid(pid, &status, WNOHANG) == 0; i++)
        usleep(10000);
    ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM,
       "a child that shall die with its parent gets SIGTERM");
    pid = orphan_of(false);
    usleep(100000);
    is_int(waitpid(pid, &status, WNOHANG), 0, "another one lives on");
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

int main(void)
{
    alarm(120);
    test_failures();
    test_inherited();
    test_outputs();
    test_session();
    test_capture();
    test_parent();
    return done_testing();
}
