/*
 * faults - what a service is known to refuse, in plain words with the next step
 *
 * Pure. Synapse and Fabric tell their faults in the body of an error, in `errorInfo` of a
 * session, in `fabricSessionStateInfo` and in `cancellationReason`: codes and sentences
 * that name no way out. A dialect has a table of those that are known.
 * Sources: documentation of Synapse's Spark pools and of Fabric's Spark (docs/azure.md).
 */
#ifndef SK_FAULTS_H
#define SK_FAULTS_H

#include <cjson/cJSON.h>
#include "base/err.h"

/* A row: the endpoint's name, `what`, the service's own words in brackets, `next`. */
typedef struct livy_fault_t {
    long status;         /* of the HTTP reply; 0 = of any, and of a session's end */
    const char *needle;  /* in what the service says, in any case; NULL = whatever it says */
    err_code_t code;     /* of a reply; a session's end has its own */
    const char *what;    /* "is full: its other sessions leave too few vCores" */
    const char *next;    /* "Wait until one has ended." */
} livy_fault_t;

/* Ended by a row without `what`. */
extern const livy_fault_t faults_synapse[], faults_fabric[];

/* The first row that fits, NULL = none (or no table). `status` 0: a session's end. */
const livy_fault_t *fault_find(const livy_fault_t *faults, long status, const char *said);

/* What a session object says of its end: "CODE: message", one line; "" = nothing. Caller
 * frees. */
char *fault_said(const cJSON *session);

/* The code and the message of an error's body, in all of Azure's shapes ({"error":
 * {"code", "message"}}, {"errorCode", "message"}, {"code", "message"}); "" when it is none
 * of them. Caller frees. */
char *fault_said_in_body(const char *body, size_t len);

/* "Synapse pool p is full: … (CODE: message). Wait …". Returns always -1. */
int fault_err(const livy_fault_t *fault, const char *shown_name, const char *said,
    err_t *err);

#endif
