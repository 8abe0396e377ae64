/* SPDX-License-Identifier: EUPL-1.2 */
/* A transfer from deliver to complete. */
#include <stdlib.h>

#include "adapters/https/client.h"

/* ---- memory ------------------------------------------------------------------------------- */

static CURL *easy_get(struct https *a)
{
    return a->spare_count > 0 ? a->spare[--a->spare_count] : curl_easy_init();
}

static void easy_put(struct https *a, CURL *easy)
{
    if (!easy)
        return;
    curl_easy_reset(easy); /* forgets message, party and certificate */
    if (a->spare_count < HTTPS_SPARE_MAX)
        a->spare[a->spare_count++] = easy;
    else
        curl_easy_cleanup(easy);
}

static void transfer_free(struct https_transfer *x)
{
    if (!x)
        return;
    easy_put(x->https, x->easy);
    curl_url_cleanup(x->url);
    curl_slist_free_all(x->headers);
    https_tls_free(x->tls);
    if (x->own && x->https->kind->end)
        x->https->kind->end(x);
    free(x->receipt);
    free(x);
}

/* TLS sessions of one party (or a few) together: libcurl keeps eight in a share. */
CURLSH *https_share_of(struct https *a, unsigned share)
{
    if (!a->shares[share]) {
        CURLSH *fresh = curl_share_init();

        if (fresh &&
            curl_share_setopt(fresh, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION) == CURLSHE_OK)
            a->shares[share] = fresh;
        else
            (void)curl_share_cleanup(fresh);
    }
    return a->shares[share];
}

/* ---- begin -------------------------------------------------------------------------------- */

static struct https_transfer *transfer_new(
    struct https *a, uint64_t op, const struct corv_outgoing *m, void *own, const char **wrong)
{
    struct https_transfer *x = calloc(1, sizeof *x);
    unsigned share = 0;

    *wrong = "https.memory";
    if (!x)
        return NULL;
    x->https = a;
    x->op = op;
    x->own = own;
    *wrong = https_address_check(a, a->services->address(m), &x->url, &share);
    if (*wrong)
        goto out;
    *wrong = "https.memory";
    x->repeat = a->services->attempt(m) > 1;
    x->tls = https_tls_hold(a->tls);
    x->easy = easy_get(a);
    if (!x->easy)
        goto out;
    *wrong = "https.header";
    if (!https_request_headers(x, m))
        goto out;
    *wrong = "https.failed";
    if (!https_request_options(x, m, https_share_of(a, share)))
        goto out;
    *wrong = NULL;
    return x;
out:
    x->own = NULL; /* still the caller's */
    transfer_free(x);
    return NULL;
}

const char *https_begin(struct https *a, uint64_t op, const struct corv_outgoing *m, void *own)
{
    struct https_transfer *x = NULL;
    const char *wrong = a->draining ? "https.draining" : NULL;

    if (!wrong)
        x = transfer_new(a, op, m, own, &wrong);
    if (x && curl_multi_add_handle(a->multi, x->easy) != CURLM_OK) {
        x->own = NULL;
        transfer_free(x);
        wrong = "https.failed";
    }
    if (!wrong)
        TAILQ_INSERT_TAIL(&a->transfers, x, entry);
    return wrong;
}

int https_deliver(
    void *instance, uint64_t op, const struct corv_outgoing *m, struct corv_outcome *outcome)
{
    const char *wrong = https_begin(instance, op, m, NULL);

    if (!wrong)
        return CORV_PENDING;
    https_outcome_unsent(outcome, wrong);
    return CORV_DONE;
}

/* ---- end ---------------------------------------------------------------------------------- */

void https_transfer_end(struct https_transfer *x, const struct corv_outcome *outcome)
{
    struct https *a = x->https;

    TAILQ_REMOVE(&a->transfers, x, entry);
    (void)curl_multi_remove_handle(a->multi, x->easy); /* from here on nobody reads the payload */
    a->services->complete(a->host, x->op, outcome);
    transfer_free(x);
}

void https_transfer_ended(struct https_transfer *x, CURLcode result)
{
    struct corv_outcome outcome = {.size = sizeof outcome};

    if (result == CURLE_OK)
        https_keep(x->https, x->easy);
    if (x->cancelled)
        https_outcome_unsent(&outcome, "https.cancelled");
    else if (x->out_of_step)
        https_outcome_unsent(&outcome, "https.out-of-step");
    else
        https_outcome_of(x, result, &outcome);
    https_transfer_end(x, &outcome);
}

void https_cancel(void *instance, uint64_t op)
{
    struct https *a = instance;
    struct https_transfer *x;

    TAILQ_FOREACH(x, &a->transfers, entry)
    {
        if (x->op != op)
            continue;
        x->cancelled = true;
        a->services->timer_start(a->sweep, 0);
        return;
    }
}

void https_sweep(void *instance)
{
    struct https *a = instance;
    struct https_transfer *x = TAILQ_FIRST(&a->transfers);

    while (x) {
        struct https_transfer *next = TAILQ_NEXT(x, entry);

        if (x->cancelled)
            https_transfer_ended(x, CURLE_OK);
        x = next;
    }
}
