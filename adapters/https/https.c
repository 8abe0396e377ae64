/* SPDX-License-Identifier: EUPL-1.2 */
/* Settings and life of an instance of the adapter "https". */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/https/client.h"

static const struct corv_adapter_setting settings[] = {
    {"certificate", "path", "", "ons certificaat als client, PEM, met de keten"},
    {"key", "path", "", "de sleutel daarbij, PEM"},
    {"ca", "path", "", "de certificaten waar die van de partijen uit moeten komen, PEM"},
    {"allow_plain", "boolean", "false", "ook http:// naar dit apparaat zelf; alleen voor proeven"},
    {"connect_seconds", "integer", "10", "zo lang mag verbinding maken duren"},
    {"timeout_seconds", "integer", "120", "zo lang mag een bezorging in totaal duren"},
    {"idle_seconds", "integer", "60",
        "zo lang blijft een verbinding open voor een volgend bericht"},
    {"connections", "integer", "512", "zoveel verbindingen tegelijk, alle partijen samen"},
    {NULL, NULL, NULL, NULL},
};

static bool read_limits(const struct corv_services *s, struct corv_host *host,
    struct https_limits *out, char *why, size_t why_size)
{
    static const struct {
        const char *key;
        long least;
        long most;
    } rows[] = {{"connect_seconds", 1, 300}, {"timeout_seconds", 1, 3600},
        {"idle_seconds", 0, 3600}, {"connections", 1, 10000}};
    long value[sizeof rows / sizeof rows[0]] = {0};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (!https_number(s, host, rows[i].key, rows[i].least, rows[i].most, &value[i])) {
            (void)snprintf(why, why_size, "%s moet tussen %ld en %ld liggen.", rows[i].key,
                rows[i].least, rows[i].most);
            return false;
        }
    *out = (struct https_limits){.allow_plain = https_is_true(s, host, "allow_plain"),
        .connect_ms = value[0] * 1000,
        .timeout_ms = value[1] * 1000,
        .idle_seconds = value[2],
        .connections = value[3],
        .answer_bytes = HTTPS_RECEIPT_MAX};
    return true;
}

static int check(const struct corv_services *s, struct corv_host *host, char *why, size_t why_size)
{
    static const char *const files[] = {"certificate", "key", "ca"};
    struct https_limits limits;
    unsigned named = 0;
    const char *missing = NULL;

    if (!read_limits(s, host, &limits, why, why_size))
        return 1;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        if (s->setting(host, files[i]))
            named++;
        else
            missing = files[i];
    }
    if (!missing || (named == 0 && limits.allow_plain))
        return 0;
    (void)snprintf(
        why, why_size, "%s ontbreekt; certificate, key en ca horen bij elkaar.", missing);
    return 1;
}

/* ---- the message, as it is --------------------------------------------------------------------
 */

static bool headers(struct https_transfer *x, const struct corv_outgoing *m)
{
    const struct corv_services *s = x->https->services;
    const char *type = s->content_type(m);

    /* that all is accepted libcurl says by itself */
    return https_header(x, "Content-Type", *type ? type : "application/octet-stream");
}

static bool body(struct https_transfer *x, const struct corv_outgoing *m)
{
    struct corv_text payload = x->https->services->payload(m);

    return curl_easy_setopt(x->easy, CURLOPT_POSTFIELDS, payload.n ? payload.p : "") ==
               CURLE_OK && /* not copied */
           curl_easy_setopt(x->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)payload.n) ==
               CURLE_OK;
}

static const struct https_kind as_it_is = {
    .headers = headers, .body = body, .judge = https_outcome_status};

/* ---- life ---------------------------------------------------------------------------------------
 */

static void destroy(void *instance)
{
    struct https *a = instance;

    if (!a)
        return;
    https_close(a);
    free(a);
}

static void *create(
    const struct corv_services *s, struct corv_host *host, char *why, size_t why_size)
{
    struct https *a = calloc(1, sizeof *a);
    struct https_limits limits;

    if (!a) {
        (void)snprintf(why, why_size, "geen geheugen.");
        return NULL;
    }
    if (read_limits(s, host, &limits, why, why_size) &&
        https_open(a, &as_it_is, s, host, &limits, why, why_size))
        return a;
    destroy(a);
    return NULL;
}

static int start(void *instance)
{
    (void)instance; /* connections are made when there is something to bring */
    return 0;
}

static int reconfigure(void *instance, char *why, size_t why_size)
{
    struct https *a = instance;
    struct https_limits limits;

    return read_limits(a->services, a->host, &limits, why, why_size) &&
                   https_renew(a, &limits, why, why_size)
               ? 0
               : 1;
}

static void drain(void *instance)
{
    struct https *a = instance;

    a->draining = true;
}

static void stop(void *instance)
{
    https_stop(instance);
}

const struct corv_adapter *corv_https_entry(uint32_t host_major, uint32_t host_minor)
{
    static const struct corv_adapter adapter = {
        .abi_major = CORV_ADAPTER_ABI_MAJOR,
        .size = sizeof adapter,
        .abi_minor = CORV_ADAPTER_ABI_MINOR,
        .kind = CORV_ADAPTER_OUTBOUND,
        .name = "https",
        .version = CORV_VERSION,
        .settings = settings,
        .check = check,
        .create = create,
        .start = start,
        .deliver = https_deliver,
        .cancel = https_cancel,
        .reconfigure = reconfigure,
        .drain = drain,
        .stop = stop,
        .destroy = destroy,
    };

    (void)host_minor;
    return host_major == CORV_ADAPTER_ABI_MAJOR ? &adapter : NULL;
}
