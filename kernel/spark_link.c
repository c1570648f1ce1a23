/*
 * spark_link - the way to a session's server: its client, and the tokens that go with it
 */
#include "kernel/spark_link.h"

#include "kernel/spark_parts.h"

static int make_authorized(spark_link_t *link, sessions_t *sessions, const target_t *target,
    err_t *err)
{
    credentials_t *credentials = azure_credentials(sessions->azure, err);
    if (!credentials)
        return -1;
    link->authorized = authorized_new(http_ops(), sessions->http, credentials,
        target->audience, target->tenant, target->token_base);
    link->ops = authorized_ops();
    link->http = link->authorized;
    return 0;
}

int spark_link_make(spark_link_t *link, sessions_t *sessions, const target_t *target,
    err_t *err)
{
    bool is_local = target->kind == TARGET_LOCAL;
    livy_endpoint_t endpoint =
        is_local ? local_endpoint(sessions->local) : target_endpoint(target);
    spark_link_end(link);
    link->ops = http_ops();
    link->http = sessions->http;
    if (target_is_azure(target) && make_authorized(link, sessions, target, err) != 0)
        return -1;
    endpoint.has_no_side_channel = sessions->has_no_side_channel;
    link->client = livy_client_new(&endpoint, link->ops, link->http);
    return 0;
}

void spark_link_end(spark_link_t *link)
{
    livy_client_destroy(&link->client);
    authorized_destroy(&link->authorized);
    *link = (spark_link_t){0};
}
