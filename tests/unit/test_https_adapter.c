/* SPDX-License-Identifier: EUPL-1.2 */
/* The https adapter, through the host, against tests/support/partner.py: every class of outcome,
 * what is on the wire, connections and certificates. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "daemon/base/digest.h"
#include "tests/abi/rig.h"

#define BIG (35u << 20)

static char dir[64];

struct partner {
    pid_t pid;
    unsigned port;
    char ledger[128];
    char control[128];
    char address[64]; /* of the service, with path */
};

/* ---- the partner -------------------------------------------------------------------------- */

static char *path_in(char out[128], const char *name)
{
    (void)snprintf(out, 128, "%s/%s", dir, name);
    return out;
}

static unsigned read_port(int fd)
{
    char line[16] = "";
    size_t n = 0;

    while (n < sizeof line - 1 && read(fd, line + n, 1) == 1 && line[n] != '\n')
        n++;
    return (unsigned)strtoul(line, NULL, 10);
}

/* option and value: one more, or NULL. */
static void partner_start_with(struct partner *p, const char *certificate, const char *ip,
    bool plain, const char *option, const char *value)
{
    static unsigned serial;
    char ca[128], cert[128], key[128], name[32];
    int out[2];

    (void)snprintf(name, sizeof name, "ledger-%u", ++serial);
    path_in(p->ledger, name);
    (void)snprintf(name, sizeof name, "control-%u", serial);
    path_in(p->control, name);
    path_in(ca, "ca.pem");
    (void)snprintf(cert, sizeof cert, "%s/%s.pem", dir, certificate);
    (void)snprintf(key, sizeof key, "%s/%s.key", dir, certificate);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    p->pid = fork();
    assert_true(p->pid >= 0);
    if (p->pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGTERM); /* a test that fails leaves no partner behind */
        (void)dup2(out[1], STDOUT_FILENO);
        (void)execl("/usr/bin/python3", "python3", "tests/support/partner.py", "--address", ip,
            "--ca", ca, "--certificate", cert, "--key", key, "--ledger", p->ledger, "--control",
            p->control, plain ? "--plain" : option, value, (char *)NULL);
        _exit(127);
    }
    (void)close(out[1]);
    p->port = read_port(out[0]);
    (void)close(out[0]);
    assert_true(p->port > 0);
    (void)snprintf(p->address, sizeof p->address, "%s://%s:%u/v1/berichten",
        plain ? "http" : "https", ip, p->port);
}

static void partner_start(struct partner *p, const char *certificate, const char *ip, bool plain)
{
    partner_start_with(p, certificate, ip, plain, NULL, NULL);
}

static void partner_stop(struct partner *p)
{
    int status = -1;

    assert_int_equal(kill(p->pid, SIGTERM), 0);
    assert_int_equal(waitpid(p->pid, &status, 0), p->pid);
    assert_int_equal(status, 0); /* a clean end */
}

static void partner_does(const struct partner *p, const char *json)
{
    char fresh[160];

    (void)snprintf(fresh, sizeof fresh, "%s.new", p->control);
    FILE *file = fopen(fresh, "w");

    assert_non_null(file);
    assert_true(fputs(json, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(rename(fresh, p->control), 0);
}

/* The rows of the ledger; free with json_decref. */
static json_t *ledger(const struct partner *p)
{
    json_t *rows = json_array();
    FILE *file = fopen(p->ledger, "r");
    json_t *row;

    while (file && (row = json_loadf(file, JSON_DISABLE_EOF_CHECK, NULL)) != NULL)
        (void)json_array_append_new(rows, row);
    if (file)
        (void)fclose(file);
    return rows;
}

static const char *text_of(const json_t *rows, size_t i, const char *key)
{
    return json_string_value(json_object_get(json_array_get(rows, i), key));
}

static long long number_of(const json_t *rows, size_t i, const char *key)
{
    return json_integer_value(json_object_get(json_array_get(rows, i), key));
}

static bool truth_of(const json_t *rows, size_t i, const char *key)
{
    return json_is_true(json_object_get(json_array_get(rows, i), key));
}

/* ---- the adapter -------------------------------------------------------------------------- */

struct files {
    char certificate[128];
    char key[128];
    char ca[128];
    struct corv_host_setting list[8];
    unsigned count;
};

static void files_of(struct files *s, const char *party, const char *extra, const char *value)
{
    (void)snprintf(s->certificate, sizeof s->certificate, "%s/%s.pem", dir, party);
    (void)snprintf(s->key, sizeof s->key, "%s/%s.key", dir, party);
    path_in(s->ca, "ca.pem");
    s->list[0] = (struct corv_host_setting){"certificate", s->certificate};
    s->list[1] = (struct corv_host_setting){"key", s->key};
    s->list[2] = (struct corv_host_setting){"ca", s->ca};
    s->count = 3;
    if (extra)
        s->list[s->count++] = (struct corv_host_setting){extra, value};
}

static void open_with(struct rig *rig, const char *party, const char *extra, const char *value)
{
    struct corv_fault f;
    struct files s;

    rig_open(rig);
    files_of(&s, party, extra, value);
    if (rig_add(rig, "https", "builtin:https", s.list, s.count, &f) != CORV_OK)
        fail_msg("%s %s", f.code, f.text);
}

/* ---- outcomes by status ------------------------------------------------------------------- */

static const struct {
    const char *behaviour;
    const char *code;
    enum corv_outcome_class cls;
    uint32_t status;
    unsigned retry_least;
    unsigned retry_most;
} answers[] = {
    {"{\"status\":200}", "http.200", CORV_DELIVERED, 200, 0, 0},
    {"{\"status\":202,\"retry_after\":\"9\"}", "http.202", CORV_DELIVERED, 202, 0, 0},
    {"{\"status\":400}", "http.400", CORV_REFUSED, 400, 0, 0},
    {"{\"status\":404}", "http.404", CORV_REFUSED, 404, 0, 0},
    {"{\"status\":409}", "http.409", CORV_REFUSED, 409, 0, 0},
    {"{\"status\":422}", "http.422", CORV_REFUSED, 422, 0, 0},
    {"{\"status\":408}", "http.408", CORV_LATER, 408, 0, 0},
    {"{\"status\":425}", "http.425", CORV_LATER, 425, 0, 0},
    {"{\"status\":429,\"retry_after\":\"7\"}", "http.429", CORV_LATER, 429, 7, 7},
    {"{\"status\":500}", "http.500", CORV_LATER, 500, 0, 0},
    {"{\"status\":503,\"retry_after\":\"99999999\"}", "http.503", CORV_LATER, 503, 86400, 86400},
    {"{\"status\":503,\"retry_after\":\"morgen\"}", "http.503", CORV_LATER, 503, 0, 0},
    {"{\"status\":301}", "http.301", CORV_LATER, 301, 0, 0},
    {"{\"status\":303}", "http.303", CORV_LATER, 303, 0, 0},
};

static void the_status_decides(void **state)
{
    struct partner p;
    struct rig rig;

    (void)state;
    partner_start(&p, "raad", "127.0.0.1", false);
    open_with(&rig, "vt", NULL, NULL);
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        struct result r = {0};

        partner_does(&p, answers[i].behaviour);
        rig_deliver(&rig, "https", p.address, &r);
        assert_string_equal(r.outcome.code, answers[i].code);
        assert_int_equal(r.outcome.cls, answers[i].cls);
        assert_int_equal(r.outcome.status, answers[i].status);
        assert_in_range(
            r.outcome.retry_after_seconds, answers[i].retry_least, answers[i].retry_most);
        assert_string_equal(r.receipt, "ontvangen\n");
        assert_true(r.outcome.text[0] != '\0');
        assert_null(strstr(r.outcome.text, "ontvangen"));
    }
    json_t *rows = ledger(&p);

    /* a redirect was not followed: one row per message, all on one connection */
    assert_int_equal(json_array_size(rows), sizeof answers / sizeof answers[0]);
    assert_int_equal(
        number_of(rows, json_array_size(rows) - 1, "connection"), number_of(rows, 0, "connection"));
    assert_false(rig_logged_anywhere(&rig, "ontvangen"));
    json_decref(rows);
    rig_close(&rig, 1000);
    partner_stop(&p);
}

static void a_retry_date_is_understood(void **state)
{
    time_t then = time(NULL) + 3600;
    struct result r = {0};
    char behaviour[128];
    char when[64];
    struct tm tm;
    struct partner p;
    struct rig rig;

    (void)state;
    partner_start(&p, "raad", "127.0.0.1", false);
    open_with(&rig, "vt", NULL, NULL);
    (void)strftime(when, sizeof when, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&then, &tm));
    (void)snprintf(behaviour, sizeof behaviour, "{\"status\":503,\"retry_after\":\"%s\"}", when);
    partner_does(&p, behaviour);
    rig_deliver(&rig, "https", p.address, &r);
    assert_in_range(r.outcome.retry_after_seconds, 3500, 3600);
    rig_close(&rig, 1000);
    partner_stop(&p);
}

/* ---- on the wire -------------------------------------------------------------------------- */

static void digest_text(struct corv_view v, char out[CORV_DIGEST_TEXT])
{
    struct corv_digest d;

    assert_int_equal(corv_digest_of(&v, 1, &d), CORV_OK);
    (void)corv_digest_text(&d, out);
}

static void bytes_and_headers_arrive(void **state)
{
    static const char bytes[] = "<a>\r\n\0\xff\xc3\xa9</a>";
    struct corv_view payload = corv_view_of(bytes, sizeof bytes - 1);
    char digest[CORV_DIGEST_TEXT];
    struct result r = {0};
    struct partner p;
    struct rig rig;

    (void)state;
    partner_start(&p, "raad", "127.0.0.1", false);
    open_with(&rig, "vt", NULL, NULL);
    struct corv_outgoing_spec spec = rig_spec(p.address, payload);

    assert_int_equal(rig_send(&rig, "https", &spec, 20000, &r), CORV_OK);
    assert_true(rig_until(&rig, &r.dones, 1, 30000));
    spec.attempt = 4;
    assert_int_equal(rig_send(&rig, "https", &spec, 20000, &r), CORV_OK);
    assert_true(rig_until(&rig, &r.dones, 2, 30000));
    json_t *rows = ledger(&p);

    digest_text(payload, digest);
    assert_int_equal(json_array_size(rows), 2);
    assert_string_equal(text_of(rows, 0, "sha256"), digest);
    assert_string_equal(text_of(rows, 0, "path"), "/v1/berichten");
    assert_string_equal(text_of(rows, 0, "message"), spec.message_id);
    assert_string_equal(text_of(rows, 0, "delivery"), spec.delivery_id);
    assert_string_equal(text_of(rows, 0, "attempt"), "1");
    assert_string_equal(text_of(rows, 0, "kind"), "vtoDi01");
    assert_string_equal(text_of(rows, 0, "content_type"), "application/xml");
    assert_string_equal(text_of(rows, 0, "repeat"), "");
    assert_string_equal(text_of(rows, 0, "expect"), "");
    assert_string_equal(text_of(rows, 0, "oin"), "00000001803210830000");
    assert_string_equal(text_of(rows, 1, "delivery"), spec.delivery_id);
    assert_string_equal(text_of(rows, 1, "attempt"), "4");
    assert_string_equal(text_of(rows, 1, "repeat"), "true");
    json_decref(rows);
    rig_close(&rig, 1000);
    partner_stop(&p);
}

/* One of libcurl's handles serves one message after the other, whoever they are for. */
static void nothing_of_one_party_reaches_the_next(void **state)
{
    static const char *const kinds[] = {"eerste", "tweede"};
    struct partner p[2];
    struct corv_outgoing_spec spec[2];
    struct result r[2] = {0};
    struct rig rig;

    (void)state;
    open_with(&rig, "vt", NULL, NULL);
    for (unsigned i = 0; i < 2; i++) {
        partner_start(&p[i], i == 0 ? "raad" : "vt", "127.0.0.1", false);
        spec[i] = rig_spec(p[i].address, corv_view_str(i == 0 ? "<een>lang bericht</een>" : ""));
        spec[i].kind = kinds[i];
        spec[i].attempt = i == 0 ? 3 : 1;
        spec[i].content_type = i == 0 ? "application/xml" : "";
    }
    partner_does(&p[0], "{\"status\":409,\"retry_after\":\"9\"}");
    for (unsigned n = 0; n < 6; n++) { /* in turn, so that each has the handle of the other */
        r[n % 2] = (struct result){0};
        assert_int_equal(rig_send(&rig, "https", &spec[n % 2], 20000, &r[n % 2]), CORV_OK);
        assert_true(rig_until(&rig, &r[n % 2].dones, 1, 30000));
        assert_string_equal(r[n % 2].outcome.code, n % 2 == 0 ? "http.409" : "http.200");
        assert_int_equal(r[n % 2].receipt_bytes, 10);
    }
    for (unsigned i = 0; i < 2; i++) {
        json_t *rows = ledger(&p[i]);

        assert_int_equal(json_array_size(rows), 3);
        for (size_t n = 0; n < 3; n++) {
            assert_string_equal(text_of(rows, n, "kind"), kinds[i]);
            assert_string_equal(text_of(rows, n, "attempt"), i == 0 ? "3" : "1");
            assert_string_equal(text_of(rows, n, "repeat"), i == 0 ? "true" : "");
            assert_string_equal(text_of(rows, n, "content_type"),
                i == 0 ? "application/xml" : "application/octet-stream");
            assert_int_equal(number_of(rows, n, "size"), i == 0 ? 23 : 0);
        }
        json_decref(rows);
        partner_stop(&p[i]);
    }
    rig_close(&rig, 1000);
}

static void a_big_message_arrives_whole(void **state)
{
    char digest[CORV_DIGEST_TEXT];
    struct result r = {0};
    char *big = malloc(BIG);
    struct partner p;
    struct rig rig;

    (void)state;
    assert_non_null(big);
    for (size_t i = 0; i < BIG; i++)
        big[i] = (char)(i * 2654435761u >> 13);
    partner_start(&p, "raad", "127.0.0.1", false);
    open_with(&rig, "vt", NULL, NULL);
    const struct corv_outgoing_spec spec = rig_spec(p.address, corv_view_of(big, BIG));

    assert_int_equal(rig_send(&rig, "https", &spec, 60000, &r), CORV_OK);
    assert_true(rig_until(&rig, &r.dones, 1, 90000));
    assert_string_equal(r.outcome.code, "http.200");
    json_t *rows = ledger(&p);

    digest_text(spec.payload, digest);
    assert_string_equal(text_of(rows, 0, "sha256"), digest);
    assert_string_equal(text_of(rows, 0, "expect"), "");
    json_decref(rows);

    partner_does(&p, "{\"mode\":\"reset\"}"); /* in the middle of the body, on a kept connection */
    assert_int_equal(rig_send(&rig, "https", &spec, 60000, &r), CORV_OK);
    assert_true(rig_until(&rig, &r.dones, 2, 90000));
    assert_int_equal(r.outcome.cls, CORV_LATER);
    assert_string_equal(r.outcome.code, "http.broken");
    rig_close(&rig, 1000);
    partner_stop(&p);
    free(big);
}

static void connections_are_kept(void **state)
{
    struct partner p;
    struct rig rig;

    (void)state;
    partner_start(&p, "raad", "127.0.0.1", false);
    open_with(&rig, "vt", NULL, NULL);
    for (unsigned i = 0; i < 20; i++) {
        struct result r = {0};

        rig_deliver(&rig, "https", p.address, &r);
        assert_string_equal(r.outcome.code, "http.200");
    }
    json_t *rows = ledger(&p);

    assert_int_equal(json_array_size(rows), 20);
    for (size_t i = 0; i < 20; i++)
        assert_int_equal(number_of(rows, i, "connection"), 1);
    json_decref(rows);
    rig_close(&rig, 1000);
    partner_stop(&p);
}

/* How many sockets to this port the kernel watches for the loop. */
static unsigned watched(const uv_loop_t *loop, unsigned port)
{
    char path[64];
    char line[128];
    unsigned found = 0;

    (void)snprintf(path, sizeof path, "/proc/self/fdinfo/%d", uv_backend_fd(loop));
    FILE *list = fopen(path, "r");

    assert_non_null(list);
    while (fgets(line, sizeof line, list)) {
        struct sockaddr_in to = {0};
        socklen_t n = sizeof to;

        if (strncmp(line, "tfd:", 4) == 0 &&
            getpeername((int)strtol(line + 4, NULL, 10), (struct sockaddr *)&to, &n) == 0)
            found += to.sin_family == AF_INET && ntohs(to.sin_port) == port;
    }
    (void)fclose(list);
    return found;
}

/* A connection that has proven itself is watched on between transfers: each time anew it would take
 * six calls of the kernel. One that was never used well is not, for libcurl may close it unseen. */
static void what_is_kept_is_watched_on(void **state)
{
    struct partner p;
    struct rig rig;

    (void)state;
    partner_start(&p, "raad", "127.0.0.1", false);
    open_with(&rig, "vt", NULL, NULL);
    for (unsigned i = 0; i < 3; i++) {
        struct result r = {0};

        rig_deliver(&rig, "https", p.address, &r);
        assert_string_equal(r.outcome.code, "http.200");
        rig_turn(&rig, 40);
        if (i == 0)
            assert_int_equal(watched(&rig.loop, p.port), 0);
    }
    assert_int_equal(watched(&rig.loop, p.port), 1);
    partner_stop(&p);
    rig_turn(&rig, 40);
    assert_int_equal(watched(&rig.loop, p.port), 0);
    rig_close(&rig, 1000);
}

/* While it is set, libcurl's look at a socket right after sending waits for the answer, and for
 * what comes after it. */
static bool patient;

__attribute__((visibility("default"))) int poll(struct pollfd *fds, nfds_t n, int timeout)
{
    const struct timespec whole = {.tv_sec = 5};
    const struct timespec given = {
        .tv_sec = timeout / 1000, .tv_nsec = (long)(timeout % 1000) * 1000000};
    bool wait = patient && timeout == 0;

    if (wait && ppoll(fds, n, &whole, NULL) > 0)
        (void)nanosleep(&(struct timespec){.tv_nsec = 300000000}, NULL);
    return ppoll(fds, n, timeout < 0 ? NULL : &given, NULL);
}

/* Two messages at once and one kept connection: libcurl may begin the second on it before we have
 * heard of the end of the first. The party answers the first one twice. */
static void an_answer_too_many_confirms_nothing(void **state)
{
    struct result r[2] = {0};
    struct partner p;
    struct rig rig;

    (void)state;
    partner_start(&p, "raad", "127.0.0.1", false);
    open_with(&rig, "vt", NULL, NULL);

    const struct corv_outgoing_spec spec = rig_spec(p.address, corv_view_str("<bericht/>"));

    rig_deliver(&rig, "https", p.address, &r[0]);
    assert_string_equal(r[0].outcome.code, "http.200");
    partner_does(&p, "{\"mode\":\"twice\",\"again_ms\":60}");
    r[0] = (struct result){0};
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(rig_send(&rig, "https", &spec, 20000, &r[i]), CORV_OK);
    patient = true;
    assert_true(rig_until(&rig, &r[1].dones, 1, 10000));
    patient = false;
    assert_true(rig_until(&rig, &r[0].dones, 1, 10000));
    assert_string_equal(r[0].outcome.code, "http.200");
    assert_string_equal(r[1].outcome.code, "https.out-of-step");
    rig_close(&rig, 1000);
    partner_stop(&p);
}

static void count_turn(uv_prepare_t *turn)
{
    ++*(unsigned *)turn->data;
}

/* When the party closes a kept connection the loop must not turn and turn. */
static void a_party_that_hangs_up_leaves_us_in_peace(void **state)
{
    struct result r = {0};
    struct partner p;
    struct rig rig;
    unsigned turns = 0;
    uv_prepare_t turn;

    (void)state;
    partner_start(&p, "raad", "127.0.0.1", false);
    open_with(&rig, "vt", NULL, NULL);
    for (unsigned i = 0; i < 2; i++) { /* from the second on it is watched on */
        r = (struct result){0};
        rig_deliver(&rig, "https", p.address, &r);
        assert_string_equal(r.outcome.code, "http.200");
    }
    (void)uv_prepare_init(&rig.loop, &turn);
    turn.data = &turns;
    (void)uv_prepare_start(&turn, count_turn);
    uv_unref((uv_handle_t *)&turn);
    partner_stop(&p);
    rig_turn(&rig, 600); /* its own timer makes 30 turns */
    assert_true(turns < 100);
    rig_deliver(&rig, "https", p.address, &r);
    assert_string_equal(r.outcome.code, "connect.refused");
    uv_close((uv_handle_t *)&turn, NULL);
    rig_close(&rig, 1000);
}

/* The second of two that overlap is a transfer of its own: what it knows of the party it has from
 * the share, not from the handle that was used before. */
static void a_new_connection_resumes_the_session(void **state)
{
    struct result first = {0};
    struct result slow = {0};
    struct result other = {0};
    struct partner p;
    struct rig rig;

    (void)state;
    partner_start(&p, "raad", "127.0.0.1", false);
    partner_does(&p, "{\"close\":true}");
    open_with(&rig, "vt", NULL, NULL);
    const struct corv_outgoing_spec spec = rig_spec(p.address, corv_view_str("<a/>"));

    rig_deliver(&rig, "https", p.address, &first);
    partner_does(&p, "{\"delay_ms\":3000,\"every\":2}");
    assert_int_equal(rig_send(&rig, "https", &spec, 20000, &slow), CORV_OK);
    json_t *rows = ledger(&p);

    for (unsigned i = 0; i < 250 && json_array_size(rows) < 2; i++) { /* until it was read */
        json_decref(rows);
        rig_turn(&rig, 20);
        rows = ledger(&p);
    }
    json_decref(rows);
    rig_deliver(&rig, "https", p.address, &other);
    assert_int_equal(slow.dones, 0);
    rows = ledger(&p);
    assert_int_equal(json_array_size(rows), 3);
    assert_int_equal(number_of(rows, 2, "connection"), 3);
    assert_false(truth_of(rows, 0, "resumed"));
    assert_true(truth_of(rows, 1, "resumed"));
    assert_true(truth_of(rows, 2, "resumed"));
    json_decref(rows);
    rig_close(&rig, 10000);
    partner_stop(&p);
}

/* libcurl sends again by itself when a kept connection dies without an answer. The party may have
 * read the first one, so the second must say so. */
static void a_silent_second_try_says_repeat(void **state)
{
    struct result r = {0};
    struct partner p;
    struct rig rig;

    (void)state;
    partner_start(&p, "raad", "127.0.0.1", false);
    partner_does(&p, "{\"mode\":\"cut\",\"every\":2}");
    open_with(&rig, "vt", NULL, NULL);
    rig_deliver(&rig, "https", p.address, &r);
    rig_deliver(&rig, "https", p.address, &r);
    assert_string_equal(r.outcome.code, "http.200");
    json_t *rows = ledger(&p);

    assert_int_equal(json_array_size(rows), 3);
    assert_string_equal(text_of(rows, 1, "repeat"), "");
    assert_string_equal(text_of(rows, 2, "repeat"), "true");
    assert_string_equal(text_of(rows, 2, "delivery"), text_of(rows, 1, "delivery"));
    json_decref(rows);
    rig_close(&rig, 1000);
    partner_stop(&p);
}

/* ---- bad days ----------------------------------------------------------------------------- */

static void bad_answers_are_bounded(void **state)
{
    static const struct {
        const char *behaviour;
        const char *code;
        size_t receipt;
    } rows[] = {
        {"{\"mode\":\"cut\"}", "http.broken", 0},
        {"{\"mode\":\"garbage\"}", "http.broken", 0},
        {"{\"mode\":\"endless\"}", "http.200", 8192},
        {"{\"body_bytes\":8192}", "http.200", 8192},
        {"{\"body_bytes\":100000}", "http.200", 8192},
    };
    struct partner p;
    struct rig rig;

    (void)state;
    partner_start(&p, "raad", "127.0.0.1", false);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct result r = {0};

        open_with(&rig, "vt", NULL, NULL); /* no kept connection */
        partner_does(&p, rows[i].behaviour);
        rig_deliver(&rig, "https", p.address, &r);
        assert_string_equal(r.outcome.code, rows[i].code);
        assert_int_equal(r.receipt_bytes, rows[i].receipt);
        assert_int_equal(r.releases, 1);
        rig_close(&rig, 1000);
    }
    partner_stop(&p);
}

static void a_silent_partner_is_cancelled(void **state)
{
    struct result r = {0};
    struct result other = {0};
    struct partner p;
    struct rig rig;

    (void)state;
    partner_start(&p, "raad", "127.0.0.1", false);
    open_with(&rig, "vt", NULL, NULL);
    partner_does(&p, "{\"mode\":\"hang\"}");
    const struct corv_outgoing_spec spec = rig_spec(p.address, corv_view_str("<a/>"));
    int64_t began = corv_clock_mono_us();

    assert_int_equal(rig_send(&rig, "https", &spec, 300, &r), CORV_OK);
    assert_true(rig_until(&rig, &r.releases, 1, 10000));
    assert_string_equal(r.outcome.code, "deliver.timeout");
    assert_true(corv_clock_mono_us() - began < 1200000); /* it gave the message back at once */
    assert_int_equal(rig_stats(&rig, "https").timeouts, 1);
    assert_int_equal(rig_stats(&rig, "https").late, 0);
    partner_does(&p, "{}");
    rig_deliver(&rig, "https", p.address, &other);
    assert_string_equal(other.outcome.code, "http.200");
    rig_close(&rig, 1000);
    partner_stop(&p);
}

static void its_own_timeout_has_a_name(void **state)
{
    struct result r = {0};
    struct partner p;
    struct rig rig;

    (void)state;
    partner_start(&p, "raad", "127.0.0.1", false);
    open_with(&rig, "vt", "timeout_seconds", "1");
    partner_does(&p, "{\"mode\":\"hang\"}");
    rig_deliver(&rig, "https", p.address, &r);
    assert_int_equal(r.outcome.cls, CORV_LATER);
    assert_string_equal(r.outcome.code, "http.timeout");
    rig_close(&rig, 1000);
    partner_stop(&p);
}

static int listener(unsigned *port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
    *port = ntohs(a.sin_port);
    return fd;
}

static void no_connection_has_a_reason(void **state)
{
    struct result r = {0};
    char address[64];
    unsigned port;
    struct rig rig;
    int fd = listener(&port);

    (void)state;
    open_with(&rig, "vt", "connect_seconds", "1");
    (void)snprintf(address, sizeof address, "https://127.0.0.1:%u/", port);
    rig_deliver(&rig, "https", address, &r); /* nobody shakes hands */
    assert_string_equal(r.outcome.code, "connect.timeout");
    (void)close(fd);
    rig_deliver(&rig, "https", address, &r);
    assert_string_equal(r.outcome.code, "connect.refused");
    rig_deliver(&rig, "https", "https://bestaat-niet.invalid/", &r);
    assert_string_equal(r.outcome.code, "connect.dns");
    assert_int_equal(rig_stats(&rig, "https").later, 3);
    rig_close(&rig, 1000);
}

static void addresses_are_looked_at(void **state)
{
    static const char *const bad[] = {"", "raad", "http://127.0.0.1:1/", "ftp://127.0.0.1/",
        "https://", "https://u:wachtwoord@127.0.0.1/", "file:///etc/passwd"};
    struct rig rig;

    (void)state;
    open_with(&rig, "vt", NULL, NULL);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct result r = {0};

        rig_deliver(&rig, "https", bad[i], &r);
        assert_int_equal(r.outcome.cls, CORV_LATER);
        assert_string_equal(r.outcome.code, "https.address");
    }
    rig_close(&rig, 1000);
}

static void plain_only_to_this_machine(void **state)
{
    const struct corv_host_setting s[] = {{"allow_plain", "true"}};
    struct result r = {0};
    struct corv_fault f;
    struct partner p;
    struct rig rig;

    (void)state;
    partner_start(&p, "raad", "127.0.0.1", true);
    rig_open(&rig);
    assert_int_equal(rig_add(&rig, "https", "builtin:https", s, 1, &f), CORV_OK);
    rig_deliver(&rig, "https", p.address, &r);
    assert_string_equal(r.outcome.code, "http.200");
    rig_deliver(&rig, "https", "http://192.0.2.1/", &r);
    assert_string_equal(r.outcome.code, "https.address");
    rig_deliver(&rig, "https", "https://127.0.0.1/", &r); /* no certificate to go with */
    assert_string_equal(r.outcome.code, "https.address");
    rig_close(&rig, 1000);
    partner_stop(&p);
}

static void a_header_cannot_be_smuggled_in(void **state)
{
    struct result r = {0};
    struct partner p;
    struct rig rig;

    (void)state;
    partner_start(&p, "raad", "127.0.0.1", false);
    open_with(&rig, "vt", NULL, NULL);
    struct corv_outgoing_spec spec = rig_spec(p.address, corv_view_str("<a/>"));

    spec.content_type = "text/xml\r\nX-Corv-Kind: anders";
    assert_int_equal(rig_send(&rig, "https", &spec, 20000, &r), CORV_OK);
    assert_true(rig_until(&rig, &r.dones, 1, 30000));
    assert_int_equal(r.outcome.cls, CORV_UNREADABLE);
    assert_string_equal(r.outcome.code, "https.header");
    json_t *rows = ledger(&p);

    assert_int_equal(json_array_size(rows), 0);
    json_decref(rows);
    rig_close(&rig, 1000);
    partner_stop(&p);
}

/* ---- certificates ------------------------------------------------------------------------- */

static void who_cannot_be_trusted_gets_nothing(void **state)
{
    static const struct {
        const char *server; /* certificate of the partner */
        const char *ip;
        const char *client; /* ours */
        bool plain;         /* the partner speaks no TLS */
        const char *code;
    } rows[] = {
        {"expired", "127.0.0.1", "vt", false, "tls.partner-expired"},
        {"other-ca", "127.0.0.1", "vt", false, "tls.certificate"},
        {"raad", "127.0.0.2", "vt", false, "tls.partner-name"},
        {"raad", "127.0.0.1", "vt", true, "tls.handshake"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct result r = {0};
        struct partner p;
        struct rig rig;

        partner_start(&p, rows[i].server, rows[i].ip, rows[i].plain);
        open_with(&rig, rows[i].client, NULL, NULL);
        (void)snprintf(p.address, sizeof p.address, "https://%s:%u/", rows[i].ip, p.port);
        rig_deliver(&rig, "https", p.address, &r);
        assert_string_equal(r.outcome.code, rows[i].code);
        assert_int_equal(r.outcome.cls, CORV_LATER);
        json_t *seen = ledger(&p);

        assert_int_equal(json_array_size(seen), 0);
        json_decref(seen);
        rig_close(&rig, 1000);
        partner_stop(&p);
    }
}

/* With TLS 1.3 the refusal follows our request, and the reset behind it may overtake it: then all
 * that can be seen is a broken connection. Most of the time it can be seen. */
static void what_is_weak_is_not_spoken(void **state)
{
    static const struct {
        const char *ciphers;
        const char *code;
    } rows[] = {{"ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA:AES128-SHA", "tls.refused"},
        {"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256", "http.200"}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct result r = {0};
        struct partner p;
        struct rig rig;

        partner_start_with(&p, "raad", "127.0.0.1", false, "--ciphers", rows[i].ciphers);
        open_with(&rig, "vt", NULL, NULL);
        rig_deliver(&rig, "https", p.address, &r);
        assert_string_equal(r.outcome.code, rows[i].code);
        rig_close(&rig, 1000);
        partner_stop(&p);
    }
}

static void a_party_that_does_not_know_us(void **state)
{
    unsigned seen = 0;
    struct partner p;
    struct rig rig;

    (void)state;
    partner_start(&p, "raad", "127.0.0.1", false);
    open_with(&rig, "other-ca", NULL, NULL);
    for (unsigned i = 0; i < 20 && !seen; i++) {
        struct result r = {0};

        rig_deliver(&rig, "https", p.address, &r);
        assert_int_equal(r.outcome.cls, CORV_LATER);
        seen += strcmp(r.outcome.code, "tls.refused") == 0;
        if (!seen)
            assert_string_equal(r.outcome.code, "http.broken");
    }
    assert_int_equal(seen, 1);
    json_t *rows = ledger(&p);

    assert_int_equal(json_array_size(rows), 0);
    json_decref(rows);
    rig_close(&rig, 1000);
    partner_stop(&p);
}

static void a_roll_over_is_used_for_the_next_message(void **state)
{
    struct corv_fault f = {0};
    struct result r = {0};
    struct files s;
    struct partner p;
    struct rig rig;

    (void)state;
    partner_start(&p, "raad", "127.0.0.1", false);
    open_with(&rig, "vt", NULL, NULL);
    rig_deliver(&rig, "https", p.address, &r);

    files_of(&s, "gi", NULL, NULL);
    struct corv_host_entry e = {
        .name = "https", .library = "builtin:https", .settings = s.list, .settings_count = s.count};

    path_in(s.key, "vt.key"); /* does not belong to it */
    assert_int_equal(corv_hosts_reconfigure(rig.hosts, &e, &f), CORV_E_INVALID);
    assert_string_equal(f.code, "adapter.reconfigure");
    assert_non_null(strstr(f.text, "sleutel"));
    rig_deliver(&rig, "https", p.address, &r);

    path_in(s.key, "gi.key");
    assert_int_equal(corv_hosts_reconfigure(rig.hosts, &e, &f), CORV_OK);
    rig_deliver(&rig, "https", p.address, &r);
    assert_string_equal(r.outcome.code, "http.200");
    json_t *rows = ledger(&p);

    assert_string_equal(text_of(rows, 0, "oin"), "00000001803210830000");
    assert_string_equal(text_of(rows, 1, "oin"), "00000001803210830000");
    assert_int_equal(number_of(rows, 1, "connection"), number_of(rows, 0, "connection"));
    assert_string_equal(text_of(rows, 2, "oin"), "00000003000000060000");
    assert_int_not_equal(number_of(rows, 2, "connection"), number_of(rows, 0, "connection"));
    json_decref(rows);
    rig_close(&rig, 1000);
    partner_stop(&p);
}

static void bad_files_are_refused_at_once(void **state)
{
    static const struct {
        const char *key;
        const char *value;
        const char *word;
    } rows[] = {
        {"certificate", "/bestaat/niet.pem", "/bestaat/niet.pem"},
        {"certificate", "openssl.cnf", "certificate"},
        {"certificate", "expired.pem", "sleutel hoort niet"},
        {"key", "vt.pem", "key"},
        {"ca", "vt.key", "ca"},
        {"ca", "", "ca ontbreekt"},
        {"timeout_seconds", "0", "timeout_seconds"},
        {"timeout_seconds", "kort", "heel getal"},
        {"allow_plain", "ja", "true of false"},
        {"geheim", "x", "geheim"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char full[128];
        struct corv_fault f;
        struct files s;
        struct rig rig;

        rig_open(&rig);
        files_of(&s, "vt", NULL, NULL);
        (void)snprintf(full, sizeof full, "%s", rows[i].value);
        if (strchr(rows[i].value, '.') && rows[i].value[0] != '/')
            path_in(full, rows[i].value);
        s.list[3] = (struct corv_host_setting){rows[i].key, full};
        s.count = 4;
        for (unsigned k = 0; k < 3; k++)
            if (strcmp(s.list[k].key, rows[i].key) == 0) {
                s.list[k].value = full;
                s.count = 3;
            }
        assert_int_equal(
            rig_add(&rig, "https", "builtin:https", s.list, s.count, &f), CORV_E_INVALID);
        if (!strstr(f.text, rows[i].word))
            fail_msg("row %zu: %s", i, f.text);
        assert_int_equal(f.cls, CORV_FAULT_SETTINGS);
        rig_close(&rig, 1000);
    }
}

/* ---- many at once, and the end ------------------------------------------------------------ */

static void two_hundred_at_once(void **state)
{
    enum { MANY = 200 };
    static struct result results[MANY];
    unsigned done = 0;
    struct partner p;
    struct rig rig;

    (void)state;
    memset(results, 0, sizeof results);
    partner_start(&p, "raad", "127.0.0.1", false);
    partner_does(&p, "{\"delay_ms\":300}");
    open_with(&rig, "vt", NULL, NULL);
    const struct corv_outgoing_spec spec = rig_spec(p.address, corv_view_str("<a/>"));

    for (unsigned i = 0; i < MANY; i++)
        assert_int_equal(rig_send(&rig, "https", &spec, 60000, &results[i]), CORV_OK);
    assert_int_equal(rig_stats(&rig, "https").in_flight, MANY);
    for (unsigned i = 0; i < MANY; i++) {
        assert_true(rig_until(&rig, &results[i].dones, 1, 60000));
        assert_string_equal(results[i].outcome.code, "http.200");
        done += results[i].dones;
    }
    assert_int_equal(done, MANY);
    json_t *rows = ledger(&p);

    assert_int_equal(json_array_size(rows), MANY);
    json_decref(rows);
    rig_close(&rig, 1000);
    partner_stop(&p);
}

static void closing_ends_what_is_in_flight(void **state)
{
    static struct result results[10];
    struct partner p;
    struct rig rig;

    (void)state;
    memset(results, 0, sizeof results);
    partner_start(&p, "raad", "127.0.0.1", false);
    partner_does(&p, "{\"mode\":\"hang\"}");
    open_with(&rig, "vt", NULL, NULL);
    const struct corv_outgoing_spec spec = rig_spec(p.address, corv_view_str("<a/>"));

    for (unsigned i = 0; i < 10; i++)
        assert_int_equal(rig_send(&rig, "https", &spec, 60000, &results[i]), CORV_OK);
    rig_turn(&rig, 200);
    rig_close(&rig, 100);
    for (unsigned i = 0; i < 10; i++) {
        assert_int_equal(results[i].dones, 1);
        assert_int_equal(results[i].releases, 1);
        assert_int_equal(results[i].outcome.cls, CORV_LATER);
        assert_string_equal(results[i].outcome.code, "host.stopped");
    }
    partner_stop(&p);
}

static void closing_waits_for_what_still_succeeds(void **state)
{
    struct result r = {0};
    struct partner p;
    struct rig rig;

    (void)state;
    partner_start(&p, "raad", "127.0.0.1", false);
    partner_does(&p, "{\"delay_ms\":300}");
    open_with(&rig, "vt", NULL, NULL);
    const struct corv_outgoing_spec spec = rig_spec(p.address, corv_view_str("<a/>"));

    assert_int_equal(rig_send(&rig, "https", &spec, 60000, &r), CORV_OK);
    rig_close(&rig, 20000);
    assert_int_equal(r.dones, 1);
    assert_string_equal(r.outcome.code, "http.200");
    partner_stop(&p);
}

static int make_pki(void **state)
{
    char command[256];

    (void)state;
    (void)snprintf(dir, sizeof dir, "/tmp/corv-https-XXXXXX");
    if (!mkdtemp(dir))
        return -1;
    (void)snprintf(command, sizeof command,
        "sh tests/support/pki.sh %s raad=00000001821002193000 vt=00000001803210830000 "
        "gi=00000003000000060000 >/dev/null 2>&1",
        dir);
    return system(command); /* NOLINT(cert-env33-c): a fixed command of our own */
}

static int remove_pki(void **state)
{
    char command[128];

    (void)state;
    (void)snprintf(command, sizeof command, "rm -rf %s", dir);
    return system(command); /* NOLINT(cert-env33-c) */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_status_decides),
        cmocka_unit_test(a_retry_date_is_understood),
        cmocka_unit_test(bytes_and_headers_arrive),
        cmocka_unit_test(nothing_of_one_party_reaches_the_next),
        cmocka_unit_test(a_big_message_arrives_whole),
        cmocka_unit_test(connections_are_kept),
        cmocka_unit_test(what_is_kept_is_watched_on),
        cmocka_unit_test(an_answer_too_many_confirms_nothing),
        cmocka_unit_test(a_party_that_hangs_up_leaves_us_in_peace),
        cmocka_unit_test(a_new_connection_resumes_the_session),
        cmocka_unit_test(a_silent_second_try_says_repeat),
        cmocka_unit_test(bad_answers_are_bounded),
        cmocka_unit_test(a_silent_partner_is_cancelled),
        cmocka_unit_test(its_own_timeout_has_a_name),
        cmocka_unit_test(no_connection_has_a_reason),
        cmocka_unit_test(addresses_are_looked_at),
        cmocka_unit_test(plain_only_to_this_machine),
        cmocka_unit_test(a_header_cannot_be_smuggled_in),
        cmocka_unit_test(who_cannot_be_trusted_gets_nothing),
        cmocka_unit_test(what_is_weak_is_not_spoken),
        cmocka_unit_test(a_party_that_does_not_know_us),
        cmocka_unit_test(a_roll_over_is_used_for_the_next_message),
        cmocka_unit_test(bad_files_are_refused_at_once),
        cmocka_unit_test(two_hundred_at_once),
        cmocka_unit_test(closing_ends_what_is_in_flight),
        cmocka_unit_test(closing_waits_for_what_still_succeeds),
    };
    return cmocka_run_group_tests(tests, make_pki, remove_pki);
}
