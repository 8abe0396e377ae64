/* SPDX-License-Identifier: EUPL-1.2 */
/* Settings and life of an instance of the adapter "dai". */
#include "adapters/dai/dai.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/dai/internal.h"

static const struct corv_adapter_setting settings[] = {
    {"listen_port", "integer", "", "de poort waarop een applicatie insturen kan; leeg: niet"},
    {"listen_address", "string", "127.0.0.1", "het IP-adres daarvan"},
    {"listen_tls", "string", "two-way", "none, one-way of two-way"},
    {"listen_certificate", "path", "", "ons certificaat als server, PEM, met de keten"},
    {"listen_key", "path", "", "de sleutel daarbij, PEM"},
    {"listen_client_ca", "path", "", "de uitgevers van de certificaten van applicaties, PEM"},
    {"listen_client_crl", "path", "", "de ingetrokken certificaten, PEM"},
    {"path", "string", "/dai", "het pad van het adres waarop een applicatie instuurt"},
    {"sender", "string", "", "de partij die hier instuurt; verplicht zonder two-way TLS"},
    {"max_bytes", "integer", "36700160", "zo groot mag een bericht met bijlagen worden"},
    {"form", "string", "dai", "hoe wij bezorgen: dai (in dai:bericht) of stuf (kaal in de Body)"},
    {"dots", "string", "keep", "een lege administratie: keep houdt de punt, drop laat hem weg"},
    {"service", "string", "", "de eb:Service in wsa:Action"},
    {"tls", "string", "two-way", "bij bezorgen: none, one-way of two-way"},
    {"certificate", "path", "", "ons certificaat als client, PEM, met de keten"},
    {"key", "path", "", "de sleutel daarbij, PEM"},
    {"ca", "path", "", "de uitgevers van de certificaten van applicaties waar wij bezorgen, PEM"},
    {"connect_seconds", "integer", "10", "zo lang mag verbinding maken duren"},
    {"timeout_seconds", "integer", "120", "zo lang mag een bezorging in totaal duren"},
    {"idle_seconds", "integer", "60",
        "zo lang blijft een verbinding open voor een volgend bericht"},
    {"connections", "integer", "64", "zoveel verbindingen tegelijk"},
    {NULL, NULL, NULL, NULL},
};

/* ---- reading them -----------------------------------------------------------------------------
 */

/* The place of value among words; -1 when it is none of them. */
static int word(const char *value, const char *const words[], int count)
{
    for (int i = 0; i < count; i++)
        if (value && strcmp(value, words[i]) == 0)
            return i;
    return -1;
}

static int tls_mode(const struct corv_services *s, struct corv_host *host, const char *key)
{
    static const char *const modes[] = {"none", "one-way", "two-way"}; /* as enum corv_tls_mode */

    return word(s->setting(host, key), modes, 3);
}

struct read {
    int listen_tls;
    int tls;
    bool wrapped;
    enum dai_dots dots;
    long port; /* -1: does not listen */
    long max_bytes;
    struct https_limits limits;
};

static bool read_words(const struct corv_services *s, struct corv_host *host, struct read *r,
    char *why, size_t why_size)
{
    static const char *const forms[] = {"dai", "stuf"};
    static const char *const dots[] = {"keep", "drop"};
    int form = word(s->setting(host, "form"), forms, 2);
    int dot = word(s->setting(host, "dots"), dots, 2);

    r->listen_tls = tls_mode(s, host, "listen_tls");
    r->tls = tls_mode(s, host, "tls");
    r->wrapped = form == 0;
    r->dots = dot == 1 ? DAI_DOTS_DROP : DAI_DOTS_KEEP;
    if (r->listen_tls < 0 || r->tls < 0)
        (void)snprintf(why, why_size, "listen_tls en tls zijn none, one-way of two-way.");
    else if (form < 0)
        (void)snprintf(why, why_size, "form is dai of stuf.");
    else if (dot < 0)
        (void)snprintf(why, why_size, "dots is keep of drop.");
    else
        return true;
    return false;
}

static bool read_numbers(const struct corv_services *s, struct corv_host *host, struct read *r,
    char *why, size_t why_size)
{
    static const struct {
        const char *key;
        long least;
        long most;
    } rows[] = {{"connect_seconds", 1, 300}, {"timeout_seconds", 1, 3600},
        {"idle_seconds", 0, 3600}, {"connections", 1, 10000}, {"max_bytes", 1024, 999999999},
        {"listen_port", 0, 65535}};
    long value[sizeof rows / sizeof rows[0]] = {0};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (!https_number(s, host, rows[i].key, rows[i].least, rows[i].most, &value[i])) {
            (void)snprintf(why, why_size, "%s moet tussen %ld en %ld liggen.", rows[i].key,
                rows[i].least, rows[i].most);
            return false;
        }
    r->max_bytes = value[4];
    r->port = s->setting(host, "listen_port") ? value[5] : -1;
    r->limits = (struct https_limits){.allow_plain = r->tls == CORV_TLS_NONE,
        .plain_anywhere = true,
        .one_way = r->tls == CORV_TLS_ONE_WAY,
        .answer_bytes = DAI_ANSWER_BYTES,
        .connect_ms = value[0] * 1000,
        .timeout_ms = value[1] * 1000,
        .idle_seconds = value[2],
        .connections = value[3]};
    return true;
}

static bool read_all(const struct corv_services *s, struct corv_host *host, struct read *r,
    char *why, size_t why_size)
{
    return read_words(s, host, r, why, why_size) && read_numbers(s, host, r, why, why_size);
}

/* ---- checking them ----------------------------------------------------------------------------
 */

static bool absent(const struct corv_services *s, struct corv_host *host, const char *key,
    char *why, size_t why_size)
{
    if (s->setting(host, key))
        return false;
    (void)snprintf(why, why_size, "%s ontbreekt bij deze vorm van TLS.", key);
    return true;
}

static bool check_in(const struct corv_services *s, struct corv_host *host, const struct read *r,
    char *why, size_t why_size)
{
    const char *path = s->setting(host, "path");
    bool sender = s->setting(host, "sender") != NULL;

    if (r->port < 0) {
        if (sender)
            (void)snprintf(why, why_size, "bij sender hoort listen_port: waar stuurt die in?");
        return !sender;
    }
    if (!path || path[0] != '/') {
        (void)snprintf(why, why_size, "path begint met een /.");
        return false;
    }
    if ((r->listen_tls == CORV_TLS_TWO_WAY) == sender) {
        (void)snprintf(why, why_size, "%s",
            sender ? "met two-way TLS zegt het certificaat wie instuurt; haal sender weg."
                   : "zonder certificaat van de applicatie hoort er een sender bij.");
        return false;
    }
    if (r->listen_tls != CORV_TLS_NONE && (absent(s, host, "listen_certificate", why, why_size) ||
                                              absent(s, host, "listen_key", why, why_size)))
        return false;
    return r->listen_tls != CORV_TLS_TWO_WAY || !absent(s, host, "listen_client_ca", why, why_size);
}

/* An entry that only listens needs no files for the way out. */
static bool check_out(const struct corv_services *s, struct corv_host *host, const struct read *r,
    char *why, size_t why_size)
{
    if (r->tls == CORV_TLS_NONE || r->port >= 0)
        return true;
    if (absent(s, host, "ca", why, why_size))
        return false;
    return r->tls == CORV_TLS_ONE_WAY || (!absent(s, host, "certificate", why, why_size) &&
                                             !absent(s, host, "key", why, why_size));
}

static int check(const struct corv_services *s, struct corv_host *host, char *why, size_t why_size)
{
    struct read r = {0};

    return read_all(s, host, &r, why, why_size) && check_in(s, host, &r, why, why_size) &&
                   check_out(s, host, &r, why, why_size)
               ? 0
               : 1;
}

/* ---- life -------------------------------------------------------------------------------------
 */

static void destroy(void *instance)
{
    struct dai *d = instance;

    if (!d)
        return;
    https_close(&d->client);
    free(d);
}

static void take_over(struct dai *d, const struct read *r)
{
    const char *service = d->services->setting(d->host, "service");

    d->path = d->services->setting(d->host, "path");
    d->sender = d->services->setting(d->host, "sender");
    d->service = service ? service : "";
    d->max_bytes = (size_t)r->max_bytes;
    d->wrapped = r->wrapped;
    d->dots = r->dots;
}

static void *create(
    const struct corv_services *s, struct corv_host *host, char *why, size_t why_size)
{
    struct dai *d = calloc(1, sizeof *d);
    struct read r = {0};

    if (!d) {
        (void)snprintf(why, why_size, "geen geheugen.");
        return NULL;
    }
    d->services = s;
    d->host = host;
    TAILQ_INIT(&d->ins);
    TAILQ_INIT(&d->outs);
    if (!read_all(s, host, &r, why, why_size) ||
        !https_open(&d->client, &dai_kind, s, host, &r.limits, why, why_size)) {
        destroy(d);
        return NULL;
    }
    take_over(d, &r);
    return d;
}

static struct corv_http_endpoint endpoint_of(struct dai *d, const struct read *r)
{
    const struct corv_services *s = d->services;

    return (struct corv_http_endpoint){.size = sizeof(struct corv_http_endpoint),
        .tls = (uint32_t)r->listen_tls,
        .address = s->setting(d->host, "listen_address"),
        .port = (uint32_t)r->port,
        .certificate = s->setting(d->host, "listen_certificate"),
        .key = s->setting(d->host, "listen_key"),
        .client_ca = s->setting(d->host, "listen_client_ca"),
        .client_crl = s->setting(d->host, "listen_client_crl"),
        .ctx = d,
        .on_head = dai_request_head,
        .on_request = dai_request};
}

static int start(void *instance)
{
    struct dai *d = instance;
    struct read r = {0};
    char why[160] = "";

    if (!read_all(d->services, d->host, &r, why, sizeof why))
        return 1;
    if (r.port < 0)
        return 0;
    const struct corv_http_endpoint e = endpoint_of(d, &r);

    d->listener = d->services->listen_http(d->host, &e, why, sizeof why);
    if (!d->listener)
        d->services->log(d->host, CORV_ALOG_ERROR, "dai.listen", why);
    return d->listener ? 0 : 1;
}

/* Files and limits; address, port and form of TLS of the listener ask for a restart. */
static int reconfigure(void *instance, char *why, size_t why_size)
{
    struct dai *d = instance;
    struct read r = {0};
    struct https_tls *tls;

    if (!read_all(d->services, d->host, &r, why, why_size))
        return 1;
    why[0] = '\0';
    tls = https_tls_read(d->services, d->host, r.limits.one_way, why, why_size);
    https_tls_free(tls);
    if (!tls && why[0])
        return 1;
    const struct corv_http_endpoint e = endpoint_of(d, &r);

    if (d->listener && d->services->listen_renew(d->listener, &e, why, why_size) != 0)
        return 1;
    if (!https_renew(&d->client, &r.limits, why, why_size))
        return 1;
    take_over(d, &r);
    return 0;
}

static void drain(void *instance)
{
    struct dai *d = instance;

    d->draining = true;
    d->client.draining = true;
    d->services->listen_close(d->listener);
    d->listener = NULL;
}

static void stop(void *instance)
{
    struct dai *d = instance;

    drain(d);
    d->stopped = true;
    dai_in_stop(d);
    https_stop(&d->client);
}

const struct corv_adapter *corv_dai_entry(uint32_t host_major, uint32_t host_minor)
{
    static const struct corv_adapter adapter = {
        .abi_major = CORV_ADAPTER_ABI_MAJOR,
        .size = sizeof adapter,
        .abi_minor = CORV_ADAPTER_ABI_MINOR,
        .kind = CORV_ADAPTER_OUTBOUND | CORV_ADAPTER_INBOUND,
        .name = "dai",
        .version = CORV_VERSION,
        .settings = settings,
        .check = check,
        .create = create,
        .start = start,
        .deliver = dai_deliver,
        .cancel = dai_cancel,
        .reconfigure = reconfigure,
        .drain = drain,
        .stop = stop,
        .destroy = destroy,
        .answered = dai_answered,
    };

    return host_major == CORV_ADAPTER_ABI_MAJOR && host_minor >= 1 ? &adapter : NULL;
}
