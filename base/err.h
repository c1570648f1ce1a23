/*
 * err - what went wrong, in a sentence for the user
 *
 * One struct travels from the lowest layer up to the notebook's red box. The layer that
 * knows the cause writes the sentence: what happened, why, what to do next.
 * err_code_t maps one to one to the `ename` of an error output (err_name).
 */
#ifndef SK_ERR_H
#define SK_ERR_H

#define SK_WARN_UNUSED __attribute__((warn_unused_result))
#define SK_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

typedef enum {
    ERR_NONE = 0,
    ERR_INTERNAL, /* a fault of ours: InternalError */
    ERR_USAGE,    /* the user's text can't be taken: UsageError */
    ERR_IO,       /* a file, a folder, the disk: IOError */
    ERR_PROTOCOL, /* a peer answered something that isn't its protocol: ProtocolError */
    ERR_CONNECT,  /* nobody answers at that address: ConnectionError */
    ERR_TLS,      /* the certificate is not to be trusted: CertificateError */
    ERR_TIMEOUT,  /* no answer in time: TimeoutError */
    ERR_AUTH,     /* HTTP 401, 403: AuthenticationError */
    ERR_HTTP,     /* another HTTP status that says no: LivyError */
    ERR_NO_SESSION,   /* code, meta or stop without a session: NoSparkSession */
    ERR_SESSION_DEAD, /* the session ended by itself: SparkSessionError */
    ERR_START,        /* a session that never came up: SparkStartError */
    ERR_STATEMENT,    /* the code itself failed in Spark: see failure.h for its ename */
    ERR_INTERRUPTED,  /* KeyboardInterrupt */
    ERR_CHILD,        /* the Python child: PythonChildError */
    ERR_LIMIT,        /* too big for the endpoint or for us: LimitError */
    ERR_UNSUPPORTED,  /* a later version or another endpoint can: NotSupportedError */
} err_code_t;

/* Zeroed = no error. `text` is for the user, UTF-8, no trailing newline. */
typedef struct {
    err_code_t code;
    char text[1000];
} err_t;

/* Set code and text; text that is too long is cut at a character's border and ends
 * in "…". Returns always -1, so that `return err_set(err, …)` is one line. `err` may
 * be NULL. */
int err_set(err_t *err, err_code_t code, const char *fmt, ...) SK_PRINTF(3, 4);

/* Put a phrase in front of the text ("starting the session: "). Returns always -1. */
int err_prefix(err_t *err, const char *fmt, ...) SK_PRINTF(2, 3);

/* Append a sentence, with a space before it. Returns always -1. */
int err_append(err_t *err, const char *fmt, ...) SK_PRINTF(2, 3);

/* The name of a code as an `ename`: "UsageError". Never NULL; static. */
const char *err_name(err_code_t code);

void err_clear(err_t *err);

#endif
