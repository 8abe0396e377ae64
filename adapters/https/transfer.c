/* SPDX-License-Identifier: EUPL-1.2 */
/* A transfer from deliver to complete. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/https/client.h"

/* ---- memory ------------------------------------------------------------------------------- */

static void transfer_free(struct https_transfer *x)
{
    if (!x)
        return;
    curl_easy_cleanup(x->easy);
    https_tls_free(x->tls);
    free(x);
}

static struct https_transfer *transfer_new(struct https *a)
{
    struct https_transfer *x = calloc(1, sizeof *x);

    if (!x)
        return NULL;
    x->https = a;
    x->settings = a->settings;
    x->tls = https_tls_hold(a->tls);
    x->easy = curl_easy_init();
    if (x->easy && https_request_settings(x))
        return x;
    transfer_free(x);
    return NULL;
}

void https_spare_free(struct https *a)
{
    while (a->spare_count > 0)
        transfer_free(a->spare[--a->spare_count]);
}

static struct https_transfer *transfer_get(struct https *a)
{
    return a->spare_count > 0 ? a->spare[--a->spare_count] : transfer_new(a);
}

/* The message is over. */
static void transfer_put(struct https_transfer *x)
{
    struct https *a = x->https;
    bool again = x->well && x->requests == 1 && x->settings == a->settings && !a->draining &&
                 a->spare_count < HTTPS_SPARE_MAX && https_request_forget(x);

    curl_url_cleanup(x->url);
    if (x->own && a->kind->end)
        a->kind->end(x);
    free(x->receipt);
    memset(x, 0, offsetof(struct https_transfer, https));
    if (again)
        a->spare[a->spare_count++] = x;
    else
        transfer_free(x);
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

/* NULL, or why it cannot be asked. */
static const char *prepare(struct https_transfer *x, const struct corv_outgoing *m)
{
    struct https *a = x->https;
    unsigned share = 0;
    const char *wrong = https_address_check(a, a->services->address(m), &x->url, &share);

    if (wrong)
        return wrong;
    x->repeat = a->services->attempt(m) > 1;
    if (!https_request_headers(x, m))
        return "https.header";
    return https_request_options(x, m, https_share_of(a, share)) ? NULL : "https.failed";
}

const char *https_begin(struct https *a, uint64_t op, const struct corv_outgoing *m, void *own)
{
    struct https_transfer *x = a->draining ? NULL : transfer_get(a);
    const char *wrong;

    if (!x)
        return a->draining ? "https.draining" : "https.memory";
    x->op = op;
    x->own = own;
    wrong = prepare(x, m);
    if (!wrong && curl_multi_add_handle(a->multi, x->easy) != CURLM_OK)
        wrong = "https.failed";
    if (wrong) {
        x->own = NULL; /* still the caller's */
        transfer_put(x);
        return wrong;
    }
    TAILQ_INSERT_TAIL(&a->transfers, x, entry);
    return NULL;
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
    transfer_put(x);
}

void https_transfer_ended(struct https_transfer *x, CURLcode result)
{
    struct corv_outcome outcome = {.size = sizeof outcome};

    x->well = result == CURLE_OK && !x->cancelled;
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
