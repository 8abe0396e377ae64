/* SPDX-License-Identifier: EUPL-1.2 */
/* Life of the client: libcurl, files and limits. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/https/client.h"

bool https_number(const struct corv_services *s, struct corv_host *host, const char *key,
    long least, long most, long *out)
{
    const char *value = s->setting(host, key); /* the host has seen that it is a number */
    long n = value ? strtol(value, NULL, 10) : least;

    *out = n;
    return n >= least && n <= most;
}

bool https_is_true(const struct corv_services *s, struct corv_host *host, const char *key)
{
    const char *value = s->setting(host, key);

    return value && strcmp(value, "true") == 0;
}

bool https_open(struct https *a, const struct https_kind *kind, const struct corv_services *s,
    struct corv_host *host, const struct https_limits *limits, char *why, size_t why_size)
{
    a->kind = kind;
    a->services = s;
    a->host = host;
    a->limits = *limits;
    TAILQ_INIT(&a->transfers);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        (void)snprintf(why, why_size, "libcurl start niet.");
        return false;
    }
    a->global = true;
    a->tls = https_tls_read(s, host, limits->one_way, why, why_size);
    if (!a->tls && why[0])
        return false;
    if (!https_multi_open(a)) {
        (void)snprintf(why, why_size, "geen geheugen voor libcurl.");
        return false;
    }
    return true;
}

bool https_renew(struct https *a, const struct https_limits *limits, char *why, size_t why_size)
{
    struct https_tls *tls = https_tls_read(a->services, a->host, limits->one_way, why, why_size);

    if (!tls && why[0])
        return false;
    /* What runs ends with the certificate it began with; a kept connection is only used again
     * for the same certificate and trust, so the next message makes a new one. */
    https_tls_free(a->tls);
    a->tls = tls;
    a->limits = *limits;
    a->settings++;
    https_spare_free(a);
    (void)curl_multi_setopt(a->multi, CURLMOPT_MAXCONNECTS, limits->connections);
    (void)curl_multi_setopt(a->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, limits->connections);
    return true;
}

void https_stop(struct https *a)
{
    struct https_transfer *x;
    struct corv_outcome outcome = {.size = sizeof outcome};

    https_outcome_unsent(&outcome, "https.stopped");
    a->draining = true;
    while ((x = TAILQ_FIRST(&a->transfers)) != NULL)
        https_transfer_end(x, &outcome);
    if (a->multi)
        https_multi_close(a);
}

void https_close(struct https *a)
{
    if (a->multi)
        https_multi_close(a);
    https_tls_free(a->tls);
    a->tls = NULL;
    if (a->global)
        curl_global_cleanup();
    a->global = false;
}
