/* SPDX-License-Identifier: EUPL-1.2 */
/* An adapter for the way in, to be told by the path of a request what to do:
 *   /offer   offers the body; the answer is told in the reply
 *   /quiet   the same, but wants no answer: replied to at once
 *   /both    names a certificate and a party: breaks the rules
 *   /nobody  names neither
 *   /early   is replied to before its body is read
 *   /work    works on another thread first
 *   /forget  is never replied to
 *   /twenty  works for 300 ms, for closing in the middle of it */
#include "tests/abi/plugin.h"

#include <sys/queue.h>

struct asked {
    TAILQ_ENTRY(asked) entry;
    struct inbound *inbound;
    struct corv_request *request;
    uint64_t op;
    bool elsewhere; /* the work ran on another thread */
};

struct inbound {
    const struct corv_services *s;
    struct corv_host *host;
    struct corv_listener *listener;
    struct corv_http_endpoint endpoint;
    TAILQ_HEAD(, asked) asked;
    pthread_t thread;
    unsigned woken;
};

static bool is(struct corv_text t, const char *s)
{
    return t.n == strlen(s) && memcmp(t.p, s, t.n) == 0;
}

static void say(struct inbound *i, struct corv_request *r, uint32_t status, const char *text)
{
    const struct corv_reply a = {.size = sizeof a,
        .status = status,
        .content_type = "text/plain",
        .headers = "X-Abi: ja\r\n",
        .body = {text, strlen(text)}};

    i->s->reply(r, &a);
}

static void end(struct asked *a)
{
    TAILQ_REMOVE(&a->inbound->asked, a, entry);
    free(a);
}

static struct asked *asked_new(struct inbound *i, struct corv_request *r)
{
    struct asked *a = calloc(1, sizeof *a);

    if (!a)
        abort();
    a->inbound = i;
    a->request = r;
    TAILQ_INSERT_TAIL(&i->asked, a, entry);
    return a;
}

static void offer(struct inbound *i, struct corv_request *r)
{
    struct corv_text path = i->s->request_path(r);
    const char *oin = i->s->request_oin(r);
    struct corv_incoming in = {.size = sizeof in,
        .bytes = i->s->request_body(r),
        .content_type = "application/xml",
        .peer = i->s->request_peer(r),
        .no_answer = is(path, "/quiet")};

    if (*oin || is(path, "/both"))
        in.oin = *oin ? oin : "00000001000000001000";
    if (!in.oin || is(path, "/both"))
        in.party = is(path, "/nobody") ? NULL : "raad";
    struct asked *a = asked_new(i, r);

    a->op = i->s->offer(i->host, &in);
    if (a->op != 0 && !in.no_answer)
        return;
    say(i, r, a->op ? 204 : 503, a->op ? "" : "niet nu");
    end(a);
}

static void answered(void *instance, uint64_t op, const struct corv_incoming_answer *answer)
{
    struct inbound *i = instance;
    struct corv_incoming_finding f = {0};
    struct asked *a;
    char text[1024];
    int n;

    TAILQ_FOREACH(a, &i->asked, entry)
    if (a->op == op)
        break;
    if (!a)
        abort();
    n = snprintf(text, sizeof text, "%u %u %s %s %s|%s|%s|%s", answer->cls, answer->status,
        answer->message_id, answer->code, answer->stuf_code, answer->zender.applicatie,
        answer->referentienummer, answer->text);
    for (uint32_t k = 0; i->s->finding(answer, k, &f) == 0; k++)
        n += snprintf(text + n, sizeof text - (size_t)n, "|%s %s %s %s %d", f.layer, f.severity,
            f.code, f.actor, f.line);
    (void)snprintf(
        text + n, sizeof text - (size_t)n, "|%u+%u", answer->findings, answer->findings_more);
    say(i, a->request, answer->status, text);
    end(a);
}

static void work(void *ctx)
{
    struct asked *a = ctx;

    a->elsewhere = !pthread_equal(pthread_self(), a->inbound->thread);
}

static void work_long(void *ctx)
{
    (void)usleep(300000);
    work(ctx);
}

static void worked(void *ctx)
{
    struct asked *a = ctx;
    bool here = pthread_equal(pthread_self(), a->inbound->thread);

    say(a->inbound, a->request, 200, a->elsewhere && here ? "elders" : "verkeerd");
    end(a);
}

static void on_head(void *ctx, struct corv_request *r)
{
    struct inbound *i = ctx;

    if (is(i->s->request_path(r), "/early"))
        say(i, r, 404, "niets");
}

static void on_request(void *ctx, struct corv_request *r)
{
    struct inbound *i = ctx;
    struct corv_text path = i->s->request_path(r);

    if (is(path, "/forget"))
        return;
    if (!is(path, "/work") && !is(path, "/twenty"))
        offer(i, r);
    else if (i->s->work(i->host, is(path, "/work") ? work : work_long, worked, asked_new(i, r)))
        abort();
}

static void *create(
    const struct corv_services *s, struct corv_host *host, char *why, size_t why_size)
{
    struct inbound *i = calloc(1, sizeof *i);

    (void)snprintf(why, why_size, "geen geheugen.");
    if (!i)
        return NULL;
    TAILQ_INIT(&i->asked);
    i->s = s;
    i->host = host;
    i->thread = pthread_self();
    return i;
}

static uint32_t number(struct inbound *i, const char *key)
{
    return (uint32_t)strtoul(i->s->setting(i->host, key), NULL, 10);
}

static struct corv_http_endpoint endpoint_of(struct inbound *i)
{
    return (struct corv_http_endpoint){.size = sizeof(struct corv_http_endpoint),
        .tls = number(i, "tls"),
        .address = "127.0.0.1",
        .port = number(i, "port"),
        .certificate = i->s->setting(i->host, "certificate"),
        .key = i->s->setting(i->host, "key"),
        .client_ca = i->s->setting(i->host, "client_ca"),
        .ctx = i,
        .on_head = on_head,
        .on_request = on_request};
}

static int start(void *instance)
{
    struct inbound *i = instance;
    struct corv_http_endpoint e = endpoint_of(i);
    char why[160] = "";
    char text[40];

    i->listener = i->s->listen_http(i->host, &e, why, sizeof why);
    if (!i->listener) {
        i->s->log(i->host, CORV_ALOG_ERROR, "inbound.listen", why);
        return 1;
    }
    (void)snprintf(text, sizeof text, "poort %u", i->s->listen_port(i->listener));
    i->s->log(i->host, CORV_ALOG_INFO, "inbound.port", text);
    return 0;
}

static int reconfigure(void *instance, char *why, size_t why_size)
{
    struct inbound *i = instance;
    struct corv_http_endpoint e = endpoint_of(i);

    return i->s->listen_renew(i->listener, &e, why, why_size);
}

static void on_wake(void *instance)
{
    struct inbound *i = instance;

    i->s->log(i->host, CORV_ALOG_INFO, "inbound.wake", "wakker");
}

static void drain(void *instance)
{
    struct inbound *i = instance;

    i->s->listen_close(i->listener);
    i->listener = NULL;
}

static void stop(void *instance)
{
    struct inbound *i = instance;
    struct asked *a;
    struct asked *next;

    i->s->listen_close(i->listener);
    for (a = TAILQ_FIRST(&i->asked); a; a = next) {
        next = TAILQ_NEXT(a, entry);
        if (a->op == 0)
            continue; /* its work ends first */
        say(i, a->request, 503, "gestopt");
        end(a);
    }
}

static const struct corv_adapter_setting settings[] = {
    {"port", "integer", "0", ""},
    {"tls", "integer", "0", ""},
    {"certificate", "path", "", ""},
    {"key", "path", "", ""},
    {"client_ca", "path", "", ""},
    {NULL, NULL, NULL, NULL},
};

PLUGIN("inbound",
    (a.kind = CORV_ADAPTER_INBOUND, a.settings = settings, a.create = create, a.start = start,
        a.reconfigure = reconfigure, a.on_wake = on_wake, a.drain = drain, a.stop = stop,
        a.answered = answered, a.deliver = NULL, a.cancel = NULL))
