/* SPDX-License-Identifier: EUPL-1.2 */
#include <http_parser.h>

#include "daemon/base/answer.h"
#include "daemon/base/clock.h"
#include "daemon/base/log.h"
#include "daemon/loop/http_conn.h"

#define HEAD_CEILING (64u << 10) /* status line and headers of an answer */

static const char *reason_of(int status)
{
    switch (status) {
#define XX(number, name, text)                                                                     \
    case number:                                                                                   \
        return #text;
        HTTP_STATUS_MAP(XX)
#undef XX
    default:
        return "Unknown";
    }
}

/* IMF-fixdate; strftime would follow the locale. Made once a second. */
static const char *date_now(struct corv_http_server *s)
{
    static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[12][4] = {
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t now = (time_t)(corv_clock_us() / 1000000);
    struct tm t;

    if (now == s->date_at || !gmtime_r(&now, &t))
        return s->date;
    s->date_at = now;
    (void)snprintf(s->date, sizeof s->date, "%s, %02u %s %04u %02u:%02u:%02u GMT",
        days[t.tm_wday % 7], (unsigned)t.tm_mday % 100, months[t.tm_mon % 12],
        (unsigned)(t.tm_year + 1900) % 10000, (unsigned)t.tm_hour % 100, (unsigned)t.tm_min % 100,
        (unsigned)t.tm_sec % 100);
    return s->date;
}

static void add_head(
    struct corv_buf *b, struct corv_http_conn *c, const struct corv_http_answer *a, bool close)
{
    (void)corv_buf_addf(b, "HTTP/1.1 %d %s\r\nDate: %s\r\nServer: corvd\r\n", a->status,
        reason_of(a->status), date_now(c->server));
    if (a->content_type) {
        (void)corv_buf_add_str(b, "Content-Type: ");
        (void)corv_buf_add_str(b, a->content_type);
        (void)corv_buf_add_str(b, "\r\n");
    }
    if (a->headers)
        (void)corv_buf_add_str(b, a->headers);
    if (close)
        (void)corv_buf_add_str(b, "Connection: close\r\n");
    if (a->status >= 200 && a->status != 204) { /* there it is forbidden (RFC 9110 8.6) */
        (void)corv_buf_add_str(b, "Content-Length: ");
        (void)corv_buf_add_number(b, a->content_type ? a->body.n : 0);
        (void)corv_buf_add_str(b, "\r\n");
    }
    (void)corv_buf_add_str(b, "\r\n");
}

void corv__http_reply_send(struct corv_http_conn *c, const struct corv_http_answer *a)
{
    struct corv_buf b;
    bool stay = c->keep && !a->close && !c->server->stopping && (!c->rest || c->may_skip);

    if (c->phase == CORV_HTTP_CLOSING)
        return; /* on_end closed the server, for one */
    corv_buf_init(&b, HEAD_CEILING + a->body.n);
    add_head(&b, c, a, !stay);
    if (a->content_type && !c->head_only)
        (void)corv_buf_add(&b, a->body.p, a->body.n);
    c->last_reply = !stay;
    corv__http_conn_enter(c, CORV_HTTP_WRITING);
    if (b.failed || corv__http_conn_send(c, &b) != CORV_OK)
        corv__http_conn_drop(c);
    corv_buf_free(&b);
}

/* ---- the server's own answers ----------------------------------------------------------------*/

void corv__http_reply_problem(struct corv_http_conn *c, const char *code)
{
    const struct corv_problem problem = {.code = code};
    int status = corv_problem_status(&problem);
    struct corv_buf b;
    unsigned dropped = 0;

    if (corv__http_may_log(c->server, CORV_HTTP_LOG_SERVER, &dropped))
        CORV_LOG(WARNING, "http.refused", NULL, CORV_F(WHAT, c->server->name),
            CORV_F(PEER, corv__http_peer_for_log(c->peer)), CORV_F(CODE, code),
            CORV_N(STATUS, status), CORV_N(COUNT, dropped));
    corv_problem_write(&b, &problem);

    const struct corv_http_answer a = {status, b.failed ? NULL : CORV_PROBLEM_TYPE,
        status == 503 ? CORV_RETRY_AFTER : NULL, corv_buf_view(&b), true};

    corv__http_reply_send(c, &a);
    corv_buf_free(&b);
}
