/*
 * http_error - why a request got no reply, and what to do about it
 *
 * Sources: the codes of libcurl-errors(3); the X509_V_ERR_ codes of OpenSSL's
 * x509_vfy.h, which CURLINFO_SSL_VERIFYRESULT gives.
 */
#include "http_call.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/x509_vfy.h>

#include "mem.h"
#include "text.h"

/* curl's own words, or its name for the code. */
static const char *words_of(const http_call_t *call)
{
    return *call->error_text ? call->error_text : curl_easy_strerror(call->result);
}

static bool mentions(const http_call_t *call, const char *words)
{
    return strstr(call->error_text, words) != NULL;
}

static void explain_timeout(const http_call_t *call, err_t *err)
{
    bool is_connecting = !call->was_sent;
    bool is_whole = !is_connecting || (call->timeout_ms > 0 &&
                                       call->timeout_ms < call->connect_timeout_ms);
    int64_t limit_ms = is_whole ? call->timeout_ms : call->connect_timeout_ms;
    char *limit = text_duration((double)limit_ms / 1000);

    if (is_connecting)
        err_set(
            err, ERR_TIMEOUT,
            "No connection to %s within %s. Check the address, and whether a firewall "
            "or a proxy is in the way.",
            call->place, limit);
    else if (call->got > 0)
        err_set(err, ERR_TIMEOUT,
                "%s did not end its reply within %s (%zu bytes came).", call->place,
                limit, call->got);
    else
        err_set(err, ERR_TIMEOUT, "%s took the request and did not answer within %s.",
                call->place, limit);
    free(limit);
}

/* Was it the proxy, not the host, that curl could not reach? It names whom it tried. */
static bool is_proxy_fault(const http_call_t *call)
{
    static const char phrase[] = "Failed to connect to ";
    const char *tried = strstr(call->error_text, phrase);

    if (!call->proxy.url || !tried || !call->host)
        return false;
    tried += sizeof phrase - 1;
    const char *host = *call->host == '[' ? call->host + 1 : call->host;
    return strncmp(tried, host, strcspn(host, "]")) != 0;
}

/* What a proxy answered to CONNECT; 0 = nothing. */
static long proxy_status(const http_call_t *call)
{
    long status = 0;

    curl_easy_getinfo(call->easy, CURLINFO_HTTP_CONNECTCODE, &status);
    return status;
}

void http_call_explain_proxy(const http_call_t *call, long status, err_t *err)
{
    const proxy_t *proxy = &call->proxy;

    if (status == 407 && !proxy->secret_user)
        err_set(err, ERR_AUTH,
                "The proxy %s (from %s) wants a login before it lets us through to %s "
                "(HTTP 407). Write it into the address: http://user:password@%s, with "
                "@ in the password as %%40.",
                proxy->place, proxy->from, call->place, proxy->place);
    else if (status == 407)
        err_set(err, ERR_AUTH,
                "The proxy %s refused the login that %s holds (HTTP 407): check user "
                "and password there. @ in the password is written as %%40, : as %%3A.",
                proxy->place, proxy->from);
    else /* a gateway's error may pass; a no stays */
        err_set(err, status >= 500 ? ERR_CONNECT : ERR_AUTH,
                "The proxy %s (from %s) does not let us through to %s (HTTP %ld). Ask "
                "who looks after it to allow that host; a host inside your network "
                "belongs into NO_PROXY.",
                proxy->place, proxy->from, call->place, status);
}

static void explain_connect(const http_call_t *call, err_t *err)
{
    long reason = 0;

    curl_easy_getinfo(call->easy, CURLINFO_OS_ERRNO, &reason);
    if (is_proxy_fault(call))
        err_set(err, ERR_CONNECT,
                "The proxy %s for %s can't be reached: %s. It comes from %s; where no "
                "proxy is needed, put the host into NO_PROXY.",
                call->proxy.place, call->place,
                reason ? strerror((int)reason) : words_of(call), call->proxy.from);
    else if (reason == ECONNREFUSED)
        err_set(
            err, ERR_CONNECT,
            "%s refused the connection: nothing listens there. Check the address and "
            "whether the server runs.",
            call->place);
    else
        err_set(err, ERR_CONNECT, "%s can't be reached: %s.", call->place,
                reason ? strerror((int)reason) : words_of(call));
}

/* Why a certificate is not trusted, and what to do. NULL = only curl's words. */
static const char *verdict_on(const http_call_t *call)
{
    long verdict = X509_V_OK;

    curl_easy_getinfo(call->easy, CURLINFO_SSL_VERIFYRESULT, &verdict);
    switch (verdict) {
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        return "it is self-signed. If you trust the server, give its certificate with "
               "--ca-file";
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        return "its authority is not known on this machine. Is it a server of your "
               "own, or does a proxy inspect the traffic? Then ask for that "
               "authority's certificate (PEM) and name it: `ca_file: FILE` in "
               "config.yml or the variable SSL_CERT_FILE for all connections, "
               "--ca-file for one Livy server";
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return "it has expired. Its owner must renew it; if it should be valid, check "
               "this machine's clock";
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return "it is not valid yet. Check this machine's clock";
    case X509_V_ERR_CERT_REVOKED:
        return "it was revoked";
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        return "it is for another host. Use the name that the certificate carries";
    }
    if (mentions(call, "subject name") || mentions(call, "does not match target"))
        return "it is for another host. Use the name that the certificate carries";
    return NULL;
}

/* Did the server refuse us for our certificate, or for the lack of one? With TLS 1.3 it
 * says so only when the first bytes are read. */
static bool is_about_ours(const http_call_t *call)
{
    return mentions(call, "alert certificate required") ||
           mentions(call, "alert bad certificate") ||
           mentions(call, "alert unknown ca") ||
           mentions(call, "alert certificate expired") ||
           mentions(call, "alert handshake failure");
}

static void explain_ours(const http_call_t *call, err_t *err)
{
    err_set(err, ERR_TLS,
            "%s wants a certificate of ours, or another one (%s). Name it in "
            "config.yml: client_certificate and client_key.",
            call->place, words_of(call));
}

static void explain_tls(const http_call_t *call, err_t *err)
{
    const char *verdict = verdict_on(call);

    if (verdict)
        err_set(err, ERR_TLS, "The certificate of %s is not to be trusted: %s.",
                call->place, verdict);
    else if (is_about_ours(call))
        explain_ours(call, err);
    else if (mentions(call, "wrong version number") || mentions(call, "http request"))
        err_set(err, ERR_TLS, "%s does not speak TLS. Try http:// instead of https://.",
                call->place);
    else
        err_set(err, ERR_TLS, "No secure connection to %s: %s.", call->place,
                words_of(call));
}

static void explain_cut(const http_call_t *call, err_t *err)
{
    long status = proxy_status(call);

    if (call->proxy.url && status >= 300)
        http_call_explain_proxy(call, status, err);
    else if (is_about_ours(call))
        explain_ours(call, err);
    else if (call->got > 0)
        err_set(err, ERR_PROTOCOL,
                "%s broke off in the middle of its reply, after %zu bytes.",
                call->place, call->got);
    else
        err_set(err, ERR_CONNECT, "%s closed the connection without a reply.",
                call->place);
}

void http_call_explain(const http_call_t *call, err_t *err)
{
    if (call->refusal.code) {
        *err = call->refusal;
        return;
    }
    switch (call->result) {
    case CURLE_COULDNT_RESOLVE_HOST:
        err_set(
            err, ERR_CONNECT,
            "The name of %s is not known. Check the address, and whether this machine "
            "has a network and its DNS.",
            call->place);
        break;
    case CURLE_COULDNT_RESOLVE_PROXY:
        err_set(
            err, ERR_CONNECT,
            "The name of the proxy %s for %s is not known. Check %s.",
            call->proxy.place ? call->proxy.place : "", call->place,
            call->proxy.from ? call->proxy.from : "its address");
        break;
    case CURLE_COULDNT_CONNECT:
        explain_connect(call, err);
        break;
    case CURLE_OPERATION_TIMEDOUT:
        explain_timeout(call, err);
        break;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
        explain_tls(call, err);
        break;
    case CURLE_SSL_CACERT_BADFILE:
        err_set(err, ERR_TLS,
                "The certificate authorities for %s can't be used (%s). Check "
                "--ca-file, SSL_CERT_FILE, REQUESTS_CA_BUNDLE and `ca_file` in "
                "config.yml.",
                call->place, words_of(call));
        break;
    case CURLE_SSL_CERTPROBLEM:
        err_set(err, ERR_TLS,
                "Our own certificate for %s can't be used (%s). Check "
                "client_certificate and client_key in config.yml: PEM files, the key "
                "without a passphrase.",
                call->place, words_of(call));
        break;
    case CURLE_WRITE_ERROR:
        if (call->is_too_large) {
            char *limit = text_bytes((double)(call->limit ? call->limit : call->got));
            err_set(err, ERR_LIMIT, "The reply of %s is larger than %s.", call->place,
                    limit);
            free(limit);
            break;
        }
        goto other;
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_ABORTED_BY_CALLBACK: /* http_setup.c: not sent a second time */
        explain_cut(call, err);
        break;
    case CURLE_UNSUPPORTED_PROTOCOL: /* an answer of "HTTP/0.9" */
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
        err_set(err, ERR_PROTOCOL, "What %s answers is not HTTP: %s.", call->place,
                words_of(call));
        break;
    default:
    other:
        err_set(err, ERR_CONNECT, "No reply from %s: %s.", call->place, words_of(call));
    }
}
