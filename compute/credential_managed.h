/*
 * credential_managed - tokens of a managed identity, from the endpoint of this place
 *
 * What place this is, is told by variables, in this order: Service Fabric
 * (IDENTITY_ENDPOINT, IDENTITY_HEADER, IDENTITY_SERVER_THUMBPRINT), App Service
 * (IDENTITY_ENDPOINT, IDENTITY_HEADER), Azure Arc (IDENTITY_ENDPOINT, IMDS_ENDPOINT),
 * Azure Machine Learning (MSI_ENDPOINT, MSI_SECRET), Cloud Shell (MSI_ENDPOINT); else
 * the instance metadata service of a virtual machine is looked for. AZURE_CLIENT_ID
 * names a user-assigned identity; on Azure ML, DEFAULT_IDENTITY_CLIENT_ID does too.
 * Source: azure-identity's documented behaviour; docs/azure.md has each call.
 */
#ifndef SK_CREDENTIAL_MANAGED_H
#define SK_CREDENTIAL_MANAGED_H

#include "compute/credential_source.h"

#define ARC_TOKENS "/var/opt/azcmagent/tokens" /* where Arc's agent keeps its keys */

/* credential_managed.ask; `arc_tokens` (borrowed) in place of ARC_TOKENS, for tests. */
void *credential_managed_ask(const credential_wish_t *wish, const char *arc_tokens,
                             credential_answer_fn *fn, void *arg);

/* The key that Arc's challenge ("Basic realm=PATH") names: a file *.key right in
 * `folder`, of at most 4096 bytes. Caller frees. NULL with ERR_AUTH. */
char *credential_arc_key(const char *challenge, const char *folder,
                         err_t *err) SK_WARN_UNUSED;

#endif
