/* SPDX-License-Identifier: EUPL-1.2 */
/* Settings and life of an instance of the adapter "https". */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/https/internal.h"

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

static bool number(const struct corv_services *s, struct corv_host *host, const char *key,
    long least, long most, long *out)
{
    const char *value = s->setting(host, key); /* the host has seen that it is a number */
    long n = value ? strtol(value, NULL, 10) : least;

    *out = n;
    return n >= least && n <= most;
}

static bool is_true(const struct corv_services *s, struct corv_host *host, const char *key)
{
    const char *value = s->setting(host, key);

    return value && strcmp(value, "true") == 0;
}

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
        if (!number(s, host, rows[i].key, rows[i].least, rows[i].most, &value[i])) {
            (void)snprintf(why, why_size, "%s moet tussen %ld en %ld liggen.", rows[i].key,
                rows[i].least, rows[i].most);
            return false;
        }
    *out = (struct https_limits){.allow_plain = is_true(s, host, "allow_plain"),
        .connect_ms = value[0] * 1000,
        .timeout_ms = value[1] * 1000,
        .idle_seconds = value[2],
        .connections = value[3]};
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

static void destroy(void *instance)
{
    struct https *a = instance;

    if (!a)
        return;
    if (a->multi)
        https_multi_close(a);
    https_tls_free(a->tls);
    free(a);
    curl_global_cleanup();
}

static void *create(
    const struct corv_services *s, struct corv_host *host, char *why, size_t why_size)
{
    struct https *a = NULL;

    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        (void)snprintf(why, why_size, "libcurl start niet.");
        return NULL;
    }
    a = calloc(1, sizeof *a);
    if (!a) {
        curl_global_cleanup();
        (void)snprintf(why, why_size, "geen geheugen.");
        return NULL;
    }
    a->services = s;
    a->host = host;
    TAILQ_INIT(&a->transfers);
    if (!read_limits(s, host, &a->limits, why, why_size))
        goto out;
    a->tls = https_tls_read(s, host, why, why_size);
    if (!a->tls && why[0])
        goto out;
    if (!https_multi_open(a)) {
        (void)snprintf(why, why_size, "geen geheugen voor libcurl.");
        goto out;
    }
    return a;
out:
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
    struct https_tls *tls;

    if (!read_limits(a->services, a->host, &limits, why, why_size))
        return 1;
    tls = https_tls_read(a->services, a->host, why, why_size);
    if (!tls && why[0])
        return 1;
    /* What runs ends with the certificate it began with; a kept connection is only used again
     * for the same certificate and trust, so the next message makes a new one. */
    https_tls_free(a->tls);
    a->tls = tls;
    a->limits = limits;
    (void)curl_multi_setopt(a->multi, CURLMOPT_MAXCONNECTS, limits.connections);
    (void)curl_multi_setopt(a->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, limits.connections);
    return 0;
}

static void drain(void *instance)
{
    struct https *a = instance;

    a->draining = true;
}

static void stop(void *instance)
{
    struct https *a = instance;
    struct https_transfer *x;
    struct corv_outcome outcome = {.size = sizeof outcome};

    https_outcome_unsent(&outcome, "https.stopped");
    a->draining = true;
    while ((x = TAILQ_FIRST(&a->transfers)) != NULL)
        https_transfer_end(x, &outcome);
    https_multi_close(a);
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
