/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/receive.h"

#include <stdlib.h>

#include "config/parties.h"
#include "daemon/answer_http.h"
#include "daemon/base/clock.h"
#include "daemon/base/log.h"
#include "daemon/examine.h"
#include "daemon/message.h"
#include "daemon/problem.h"
#include "queue/queue.h"

static bool room(const struct corv_app *app)
{
    return app->metrics.intake_now < app->config->limits.pipeline &&
           app->metrics.held_bytes < app->config->limits.total_body_bytes;
}

const char *corv_receive_busy(const struct corv_app *app)
{
    if (app->draining)
        return "receive.draining";
    if (!app->open || !corv_queue_connected(app->queue))
        return "store.away";
    return room(app) ? NULL : "receive.busy";
}

static bool over_share(const struct corv_app *app, const struct corv_party *sender)
{
    const struct corv_config *c = app->config;

    if (!sender)
        return false;
    return corv_share_now(&app->shares, sender->id) >= c->limits.pipeline_per_party ||
           corv_share_bytes(&app->shares, sender->id) >= c->limits.total_body_bytes / 2;
}

const char *corv_receive_busy_for(const struct corv_app *app, const struct corv_party *sender)
{
    const char *busy = corv_receive_busy(app);

    return busy ? busy : over_share(app, sender) ? "receive.share" : NULL;
}

static bool xml_type(struct corv_view type)
{
    static const char *const known[] = {"application/xml", "text/xml", "application/soap+xml"};
    size_t n = 0;

    while (n < type.n && type.p[n] != ';' && type.p[n] != ' ' && type.p[n] != '\t')
        n++;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (n == strlen(known[i]) && strncasecmp(type.p, known[i], n) == 0)
            return true;
    return false;
}

/* Who sends: the OIN in the certificate, looked up in the party register of today. */
static const struct corv_party *sender_of(struct corv_app *app, struct corv_http_request *r)
{
    int day = corv_clock_day(corv_clock_us());
    const char *oin = corv_http_peer_oin(r);

    return *oin ? corv_party_by_oin(app->config, corv_view_str(oin), day) : NULL;
}

static void deny(struct corv_app *app, struct corv_http_request *r)
{
    const char *oin = corv_http_peer_oin(r);
    unsigned dropped = 0;

    app->metrics.access_denied_total++;
    if (corv_http_may_log(r, &dropped))
        CORV_LOG(WARNING, "access.denied", NULL, CORV_F(PEER, corv_http_peer(r)),
            CORV_F(OIN, *oin ? oin : NULL), CORV_N(COUNT, dropped));
    corv_problem_reply(r, "access.unknown-party");
}

static void turn_away(struct corv_app *app, struct corv_http_request *r, const char *code)
{
    unsigned dropped = 0;

    app->metrics.messages_busy_total++;
    if (corv_http_may_log(r, &dropped))
        CORV_LOG(INFO, "receive.busy", NULL, CORV_F(CODE, code), CORV_F(PEER, corv_http_peer(r)),
            CORV_N(COUNT, dropped));
    corv_problem_reply(r, code);
}

/* Everything that can be said no to before the body is read, so that a no is cheap. */
static void check_head(void *ctx, struct corv_http_request *r)
{
    struct corv_app *app = ctx;
    const struct corv_party *sender = sender_of(app, r);
    const char *busy = corv_receive_busy_for(app, sender);

    if (!corv_view_is(corv_http_path(r), "/v1/messages"))
        corv_problem_reply(r, "http.not-found");
    else if (strcmp(corv_http_method(r), "POST") != 0)
        corv_problem_reply_allow(r, "POST");
    else if (!sender)
        deny(app, r);
    else if (!xml_type(corv_http_header(r, "content-type")))
        corv_problem_reply(r, "http.content-type");
    else if (corv_http_header(r, "content-encoding").n > 0)
        corv_problem_reply(r, "http.content-encoding");
    else if (busy)
        turn_away(app, r, busy);
}

static void take_in(void *ctx, struct corv_http_request *r)
{
    struct corv_app *app = ctx;
    const struct corv_party *sender = sender_of(app, r);
    const char *busy = over_share(app, sender) ? "receive.share" : NULL; /* since its head */
    struct corv_message *m = busy ? NULL : corv_message_new(app, corv_answer_http(r));
    size_t size = 0;

    if (!m || corv_message_from(m, sender) != CORV_OK) {
        corv_message_free(m);
        turn_away(app, r, busy ? busy : "receive.no-memory");
        return;
    }
    corv_histogram_add(
        &app->metrics.step[CORV_TIMED_RECEIVE], corv_clock_mono_us() - corv_http_began_us(r));

    char *body = corv_http_body_take(r, &size);

    corv_message_take_body(m, body, size);
    if (!m->sender) { /* its last day ended while the body came in */
        corv_message_free(m);
        deny(app, r);
        return;
    }
    if (!m->parts[0].body) {
        corv_message_free(m);
        corv_problem_reply(r, "http.no-body");
        return;
    }
    corv_receive_message(m);
}

void corv_receive_message(struct corv_message *m)
{
    CORV_LOG(INFO, "message.received", &m->parts[0].id, CORV_F(PARTY, corv_message_sender(m)),
        CORV_N(BYTES, m->parts[0].size));
    corv_crash_point("received");
    corv_examine(m);
}

struct corv_http_handler corv_receive_handler(struct corv_app *app)
{
    return (struct corv_http_handler){.ctx = app, .on_head = check_head, .on_body = take_in};
}
