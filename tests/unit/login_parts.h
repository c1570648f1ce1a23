/*
 * login_parts - credentials, and the configuration and the cloud that they borrow
 */
#ifndef SK_LOGIN_PARTS_H
#define SK_LOGIN_PARTS_H

#include "compute/credential.h"
#include "tests/unit/fake_http.h"

typedef struct {
    config_t *config;
    cloud_t *cloud;
    credentials_t *credentials;
} login_parts_t;

/* What is configured is in the environment of `how`; its config and cloud are made here. */
static inline login_parts_t login_parts_new(const credential_options_t *how)
{
    config_places_t places = {.environment = how->environment};
    credential_options_t options = *how;
    login_parts_t login = {0};

    options.config = login.config = config_new(&places);
    options.cloud = login.cloud = cloud_new(login.config, NULL, NULL);
    login.credentials = credentials_new(&options);
    return login;
}

/* The same on a scripted network. */
static inline login_parts_t login_parts_on(loop_t *loop, fake_http_t *fake,
                                           const char *const *environment)
{
    credential_options_t options = {
        .loop = loop,
        .ops = &fake_http_ops,
        .http = fake,
        .environment = environment,
    };

    return login_parts_new(&options);
}

static inline void login_parts_free(login_parts_t *login)
{
    credentials_destroy(&login->credentials);
    cloud_destroy(&login->cloud);
    config_destroy(&login->config);
}

#endif
