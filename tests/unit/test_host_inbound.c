/* SPDX-License-Identifier: EUPL-1.2 */
/* The way in through the host: offers and their answers, listeners in three modes of TLS, work on
 * other threads, and closing in the middle of each. The test plays the daemon; tests/abi/inbound.c
 * is the adapter; a thread with libcurl is its client. */
#include <curl/curl.h>
#include <pthread.h>

#include "tests/abi/rig.h"
#include "tests/unit/test_http_support.h"

#define ID "0190b4a2-0000-7000-8000-0000000000aa"

static char dir[64];

/* ---- the daemon ------------------------------------------------------------------------------ */

enum daemon_mood { LATER, NOT_NOW, FROM_INSIDE, SILENT };

struct chain {
    struct rig rig;
    enum daemon_mood mood;
    unsigned offers;
    uint64_t number; /* of the last one */
    char bytes[64];
    char oin[24];
    char party[24];
    char peer[64];
    uv_timer_t timer;
    bool timer_gone;
    unsigned port;
};

static void answer(struct chain *c)
{
    struct corv_findings found;
    struct corv_findings more;
    struct corv_host_answer a = {.pub = {.cls = CORV_INCOMING_REFUSED,
                                     .status = 422,
                                     .message_id = ID,
                                     .code = "schema.enumeration",
                                     .stuf_code = "StUF055",
                                     .title = "",
                                     .text = "Dit klopt niet.",
                                     .next = "",
                                     .kind = "vtoDi01",
                                     .zender = {"", "corvtest", "", ""},
                                     .ontvanger = {"", "", "", ""},
                                     .referentienummer = "r1",
                                     .crossrefnummer = "",
                                     .tijdstip = ""},
        .lists = {&found, &more}};

    corv_findings_init(&found);
    corv_findings_init(&more);
    corv_findings_addf(
        &found, CORV_LAYER_SCHEMA, CORV_ACT_BEHANDELAAR, "schema.enumeration", 7, "/a", "Een.");
    corv_findings_addf(
        &more, CORV_LAYER_ADDRESSING, CORV_ACT_BEHEERDER, "route.none", 0, NULL, "Twee.");
    more.dropped = 3;
    corv_hosts_answer(c->rig.hosts, c->number, &a);
    corv_findings_free(&found);
    corv_findings_free(&more);
}

static void answer_now(uv_timer_t *timer)
{
    answer(timer->data);
}

static bool take(void *ctx, uint64_t offer, const struct corv_host_incoming *in)
{
    struct chain *c = ctx;

    c->offers++;
    c->number = offer;
    (void)snprintf(c->bytes, sizeof c->bytes, "%.*s", (int)in->bytes.n, in->bytes.p);
    (void)snprintf(c->oin, sizeof c->oin, "%s", in->oin ? in->oin : "-");
    (void)snprintf(c->party, sizeof c->party, "%s", in->party ? in->party : "-");
    (void)snprintf(c->peer, sizeof c->peer, "%s", in->peer);
    if (c->mood == LATER)
        (void)uv_timer_start(&c->timer, answer_now, 5, 0);
    if (c->mood == FROM_INSIDE)
        answer(c);
    return c->mood != NOT_NOW;
}

static unsigned port_of(const struct chain *c)
{
    static char text[1 << 16];
    ssize_t n = pread(c->rig.log_fd, text, sizeof text - 1, 0);
    const char *at;

    text[n > 0 ? n : 0] = '\0';
    at = strstr(text, "poort ");
    assert_non_null(at);
    return (unsigned)strtoul(at + 6, NULL, 10);
}

static void chain_open(struct chain *c, enum corv_tls_mode tls)
{
    char path[128];
    char mode[2] = {(char)('0' + (int)tls), '\0'};
    const struct corv_host_setting settings[] = {{"tls", mode}, {"certificate", pki("server.pem")},
        {"key", pki("server.key")}, {"client_ca", pki("ca.pem")}};
    struct corv_fault f;

    *c = (struct chain){0};
    rig_open(&c->rig);
    corv_hosts_on_offer(c->rig.hosts, take, c);
    assert_int_equal(uv_timer_init(&c->rig.loop, &c->timer), 0);
    c->timer.data = c;
    if (rig_add(&c->rig, "inbound", rig_place(dir, "inbound", path), settings, 4, &f) != CORV_OK)
        fail_msg("%s", f.text);
    c->port = port_of(c);
}

static void chain_close(struct chain *c, unsigned limit_ms)
{
    corv_hosts_close(c->rig.hosts, limit_ms, rig_closed, &c->rig);
    c->rig.hosts = NULL;
    while (!c->rig.closed)
        (void)uv_run(&c->rig.loop, UV_RUN_ONCE);
    uv_close((uv_handle_t *)&c->timer, NULL);
    rig_close(&c->rig, 0);
}

/* ---- a client -------------------------------------------------------------------------------- */

struct client {
    pthread_t thread;
    uv_async_t ended;
    unsigned done; /* loop thread */
    char url[80];
    const char *certificate;
    const char *key;
    bool tls;
    bool expected_to_fail;
    CURLcode result;
    long status;
    size_t n;
    char text[2048];
};

static size_t keep(char *p, size_t one, size_t n, void *ctx)
{
    struct client *k = ctx;
    size_t room = sizeof k->text - 1 - k->n;

    (void)one;
    memcpy(k->text + k->n, p, n < room ? n : room);
    k->n += n < room ? n : room;
    return n;
}

static void *ask(void *arg)
{
    struct client *k = arg;
    CURL *easy = curl_easy_init();

    (void)curl_easy_setopt(easy, CURLOPT_URL, k->url);
    (void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_TIMEOUT, 30L);
    (void)curl_easy_setopt(easy, CURLOPT_POSTFIELDS, "<bericht/>");
    (void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, keep);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, k);
    if (k->tls)
        (void)curl_easy_setopt(easy, CURLOPT_CAINFO, pki("ca.pem"));
    if (k->certificate) {
        (void)curl_easy_setopt(easy, CURLOPT_SSLCERT, k->certificate);
        (void)curl_easy_setopt(easy, CURLOPT_SSLKEY, k->key);
    }
    k->result = curl_easy_perform(easy);
    (void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &k->status);
    curl_easy_cleanup(easy);
    (void)uv_async_send(&k->ended);
    return NULL;
}

static void ended(uv_async_t *async)
{
    struct client *k = async->data;

    k->done = 1;
    uv_close((uv_handle_t *)async, NULL);
}

static void client_start(struct chain *c, struct client *k, const char *path)
{
    (void)snprintf(
        k->url, sizeof k->url, "%s://localhost:%u%s", k->tls ? "https" : "http", c->port, path);
    assert_int_equal(uv_async_init(&c->rig.loop, &k->ended, ended), 0);
    k->ended.data = k;
    assert_int_equal(pthread_create(&k->thread, NULL, ask, k), 0);
}

static void client_end(struct chain *c, struct client *k)
{
    assert_true(rig_until(&c->rig, &k->done, 1, 30000));
    assert_int_equal(pthread_join(k->thread, NULL), 0);
    k->text[k->n] = '\0';
}

static long post(struct chain *c, const char *path, char text[2048])
{
    struct client k = {0};

    client_start(c, &k, path);
    client_end(c, &k);
    (void)snprintf(text, 2048, "%s", k.text);
    return k.status;
}

/* ---- offers ---------------------------------------------------------------------------------- */

static void an_offer_is_answered_later(void **state)
{
    char text[2048];
    struct chain c;

    (void)state;
    chain_open(&c, CORV_TLS_NONE);
    assert_int_equal(post(&c, "/offer", text), 422);
    assert_string_equal(text,
        "4 422 " ID " schema.enumeration StUF055|corvtest|r1|Dit klopt niet."
        "|schema error schema.enumeration behandelaar 7|addressing error route.none beheerder 0"
        "|2+3");
    assert_string_equal(c.bytes, "<bericht/>");
    assert_string_equal(c.oin, "-");
    assert_string_equal(c.party, "raad");
    assert_memory_equal(c.peer, "127.0.0.1:", 10);
    assert_int_equal(rig_stats(&c.rig, "inbound").offered, 1);
    assert_int_equal(rig_stats(&c.rig, "inbound").offers, 0);
    answer(&c); /* a second answer for the same number is nobody's */
    chain_close(&c, 1000);
}

static void who_wants_no_answer_gets_none(void **state)
{
    char text[2048];
    struct chain c;

    (void)state;
    chain_open(&c, CORV_TLS_NONE);
    assert_int_equal(post(&c, "/quiet", text), 204);
    rig_turn(&c.rig, 30); /* the plug-in would abort on an answer it does not expect */
    assert_int_equal(rig_stats(&c.rig, "inbound").offers, 0);
    chain_close(&c, 1000);
}

static void not_now_and_woken_when_there_is_room(void **state)
{
    char text[2048];
    struct chain c;

    (void)state;
    chain_open(&c, CORV_TLS_NONE);
    for (int mood = NOT_NOW; mood <= FROM_INSIDE; mood++) {
        c.mood = (enum daemon_mood)mood;
        assert_int_equal(post(&c, "/offer", text), 503);
        assert_string_equal(text, "niet nu");
    }
    assert_int_equal(c.offers, 2);
    assert_int_equal(rig_stats(&c.rig, "inbound").not_now, 2);
    assert_int_equal(rig_stats(&c.rig, "inbound").offers, 0);
    rig_turn(&c.rig, 30);
    assert_false(rig_logged_anywhere(&c.rig, "inbound.wake"));
    corv_hosts_room(c.rig.hosts);
    rig_turn(&c.rig, 30);
    assert_true(rig_logged_anywhere(&c.rig, "inbound.wake"));
    c.mood = LATER;
    assert_int_equal(post(&c, "/offer", text), 422);
    corv_hosts_on_offer(c.rig.hosts, NULL, NULL);
    assert_int_equal(post(&c, "/offer", text), 503);
    chain_close(&c, 1000);
}

static void a_broken_rule_is_named_and_not_taken(void **state)
{
    char text[2048];
    struct chain c;

    (void)state;
    chain_open(&c, CORV_TLS_NONE);
    assert_int_equal(post(&c, "/both", text), 503);
    assert_int_equal(post(&c, "/nobody", text), 503);
    assert_int_equal(c.offers, 0);
    assert_true(rig_logged(&c.rig, "host.broken-rule", "\"code\":\"offer.sender\""));
    chain_close(&c, 1000);
}

/* ---- requests -------------------------------------------------------------------------------- */

static void replies_before_the_body_and_works_elsewhere(void **state)
{
    char text[2048];
    struct chain c;

    (void)state;
    chain_open(&c, CORV_TLS_NONE);
    assert_int_equal(post(&c, "/early", text), 404);
    assert_string_equal(text, "niets");
    assert_int_equal(post(&c, "/work", text), 200);
    assert_string_equal(text, "elders");
    chain_close(&c, 1000);
}

static void proves_the_sender_with_two_way_tls(void **state)
{
    struct client k = {.tls = true, .certificate = pki("raad.pem"), .key = pki("raad.key")};
    struct client none = {.tls = true};
    struct chain c;

    (void)state;
    chain_open(&c, CORV_TLS_TWO_WAY);
    client_start(&c, &k, "/offer");
    client_end(&c, &k);
    assert_int_equal(k.status, 422);
    assert_string_equal(c.oin, OIN_RAAD);
    assert_string_equal(c.party, "-");
    client_start(&c, &none, "/offer");
    client_end(&c, &none);
    assert_int_not_equal(none.result, CURLE_OK);
    assert_int_equal(c.offers, 1);
    chain_close(&c, 1000);
}

static void asks_nobody_with_one_way_tls(void **state)
{
    struct client k = {.tls = true, .certificate = pki("raad.pem"), .key = pki("raad.key")};
    struct client plain = {0};
    struct chain c;

    (void)state;
    chain_open(&c, CORV_TLS_ONE_WAY);
    client_start(&c, &k, "/offer");
    client_end(&c, &k);
    assert_int_equal(k.status, 422);
    assert_string_equal(c.oin, "-"); /* who was not asked has proved nothing */
    client_start(&c, &plain, "/offer");
    client_end(&c, &plain);
    assert_int_not_equal(plain.result, CURLE_OK);
    chain_close(&c, 1000);
}

static corv_rc renew(struct chain *c, const char *certificate, const char *key)
{
    const struct corv_host_setting settings[] = {
        {"tls", "1"}, {"certificate", certificate}, {"key", key}};
    const struct corv_host_entry e = {.name = "inbound", .settings = settings, .settings_count = 3};
    struct corv_fault f = {0};

    return corv_hosts_reconfigure(c->rig.hosts, &e, &f);
}

static void rolls_certificates_over(void **state)
{
    struct client k = {.tls = true};
    struct client other = {.tls = true};
    struct chain c;

    (void)state;
    chain_open(&c, CORV_TLS_ONE_WAY);
    assert_int_equal(renew(&c, pki("server.pem"), pki("raad.key")), CORV_E_INVALID);
    client_start(&c, &k, "/offer"); /* the old ones still work */
    client_end(&c, &k);
    assert_int_equal(k.status, 422);
    assert_int_equal(renew(&c, pki("other-ca.pem"), pki("other-ca.key")), CORV_OK);
    client_start(&c, &other, "/offer");
    client_end(&c, &other);
    assert_int_not_equal(other.result, CURLE_OK); /* our client does not trust that one */
    chain_close(&c, 1000);
}

static void a_listener_that_cannot_be_is_a_sentence(void **state)
{
    const struct corv_host_setting settings[] = {
        {"tls", "2"}, {"certificate", pki("server.pem")}, {"key", pki("server.key")}};
    char path[128];
    struct corv_fault f;
    struct rig rig;

    (void)state;
    rig_open(&rig);
    assert_int_equal(
        rig_add(&rig, "inbound", rig_place(dir, "inbound", path), settings, 3, &f), CORV_E_INVALID);
    assert_string_equal(f.code, "adapter.start");
    assert_true(rig_logged(&rig, "inbound.listen", "client_ca ontbreekt"));
    rig_close(&rig, 0);
}

/* ---- closing --------------------------------------------------------------------------------- */

static void closing_waits_for_answers(void **state)
{
    struct client k = {0};
    struct chain c;

    (void)state;
    chain_open(&c, CORV_TLS_NONE);
    client_start(&c, &k, "/offer");
    assert_true(rig_until(&c.rig, &c.offers, 1, 20000)); /* the answer is 5 ms away */
    corv_hosts_close(c.rig.hosts, 10000, rig_closed, &c.rig);
    client_end(&c, &k);
    assert_int_equal(k.status, 422);
    while (!c.rig.closed)
        (void)uv_run(&c.rig.loop, UV_RUN_ONCE);
    c.rig.hosts = NULL;
    uv_close((uv_handle_t *)&c.timer, NULL);
    rig_close(&c.rig, 0);
}

static void closing_gives_up_on_answers_and_replies_for_the_forgetful(void **state)
{
    struct client k = {0};
    struct client forgotten = {0};
    struct chain c;

    (void)state;
    chain_open(&c, CORV_TLS_NONE);
    c.mood = SILENT;
    client_start(&c, &k, "/offer");
    client_start(&c, &forgotten, "/forget");
    assert_true(rig_until(&c.rig, &c.offers, 1, 20000));
    rig_turn(&c.rig, 100);
    corv_hosts_close(c.rig.hosts, 50, rig_closed, &c.rig);
    client_end(&c, &k);
    client_end(&c, &forgotten);
    assert_int_equal(k.status, 503);
    assert_string_equal(k.text, "gestopt");
    assert_int_equal(forgotten.status, 503);
    while (!c.rig.closed)
        (void)uv_run(&c.rig.loop, UV_RUN_ONCE);
    assert_true(rig_logged(&c.rig, "host.leftover", "\"count\":1"));
    c.rig.hosts = NULL;
    uv_close((uv_handle_t *)&c.timer, NULL);
    rig_close(&c.rig, 0);
}

static void closing_waits_for_work(void **state)
{
    struct client k = {0};
    struct chain c;

    (void)state;
    chain_open(&c, CORV_TLS_NONE);
    client_start(&c, &k, "/twenty");
    rig_turn(&c.rig, 100);
    corv_hosts_close(c.rig.hosts, 1, rig_closed, &c.rig); /* it is not done by then */
    client_end(&c, &k);
    assert_int_equal(k.status, 200);
    assert_string_equal(k.text, "elders");
    while (!c.rig.closed)
        (void)uv_run(&c.rig.loop, UV_RUN_ONCE);
    c.rig.hosts = NULL;
    uv_close((uv_handle_t *)&c.timer, NULL);
    rig_close(&c.rig, 0);
}

static int set_up(void **state)
{
    (void)snprintf(dir, sizeof dir, "/tmp/corv-inbound-XXXXXX");
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
    return mkdtemp(dir) ? pki_make(state) : -1;
}

static int take_down(void **state)
{
    static const char *const names[] = {"inbound"};
    char path[128];

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/%s.so", dir, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(dir);
    curl_global_cleanup();
    return pki_remove(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_offer_is_answered_later),
        cmocka_unit_test(who_wants_no_answer_gets_none),
        cmocka_unit_test(not_now_and_woken_when_there_is_room),
        cmocka_unit_test(a_broken_rule_is_named_and_not_taken),
        cmocka_unit_test(replies_before_the_body_and_works_elsewhere),
        cmocka_unit_test(proves_the_sender_with_two_way_tls),
        cmocka_unit_test(asks_nobody_with_one_way_tls),
        cmocka_unit_test(rolls_certificates_over),
        cmocka_unit_test(a_listener_that_cannot_be_is_a_sentence),
        cmocka_unit_test(closing_waits_for_answers),
        cmocka_unit_test(closing_gives_up_on_answers_and_replies_for_the_forgetful),
        cmocka_unit_test(closing_waits_for_work),
    };

    return cmocka_run_group_tests(tests, set_up, take_down);
}
