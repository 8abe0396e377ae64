/* SPDX-License-Identifier: EUPL-1.2 */
/* The server context and a connection without sockets, against an OpenSSL client in memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "daemon/base/clock.h"
#include "daemon/loop/tls_conn.h"
#include "daemon/loop/tls_file.h"
#include "tests/unit/test_http_support.h"

#define DAY_US (86400ll * 1000000)

static struct corv_tls_server *server_with(const char *crl)
{
    struct corv_tls_files files = {pki("server.pem"), pki("server.key"), pki("ca.pem"), crl, false};
    struct corv_tls_server *t = NULL;
    struct corv_fault f = {0};

    if (corv_tls_server_new(&files, &t, &f) != CORV_OK)
        fail_msg("%s", f.text);
    return t;
}

struct client {
    SSL_CTX *ctx;
    SSL *ssl;
    struct corv_tls_conn *server;
    int error;            /* SSL_R_… the client ended with, or 0 */
    bool failed;          /* the server refused */
    char reason[100];     /* of the server */
    struct corv_buf seen; /* plaintext at the server */
};

static SSL_SESSION *ticket;

static int keep_ticket(SSL *ssl, SSL_SESSION *session)
{
    (void)ssl;
    SSL_SESSION_free(ticket);
    ticket = session;
    return 1;
}

static void client_new(struct client *c, struct corv_tls_server *t, const char *cert)
{
    char name[64];

    *c = (struct client){0};
    corv_buf_init(&c->seen, 1 << 20);
    assert_int_equal(corv_tls_conn_new(t, &c->server), CORV_OK);
    c->ctx = SSL_CTX_new(TLS_client_method());
    assert_non_null(c->ctx);
    if (cert) {
        snprintf(name, sizeof name, "%s.pem", cert);
        assert_int_equal(SSL_CTX_use_certificate_chain_file(c->ctx, pki(name)), 1);
        snprintf(name, sizeof name, "%s.key", cert);
        assert_int_equal(SSL_CTX_use_PrivateKey_file(c->ctx, pki(name), SSL_FILETYPE_PEM), 1);
    }
    assert_int_equal(SSL_CTX_load_verify_file(c->ctx, pki("ca.pem")), 1);
    SSL_CTX_set_verify(c->ctx, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_session_cache_mode(c->ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(c->ctx, keep_ticket);
}

static void client_start(struct client *c)
{
    c->ssl = SSL_new(c->ctx);
    assert_non_null(c->ssl);
    SSL_set0_rbio(c->ssl, BIO_new(BIO_s_mem()));
    SSL_set0_wbio(c->ssl, BIO_new(BIO_s_mem()));
    assert_int_equal(SSL_set1_host(c->ssl, "localhost"), 1);
    SSL_set_connect_state(c->ssl);
}

static void client_free(struct client *c)
{
    if (c->ssl) /* otherwise OpenSSL forgets the session as a broken one */
        SSL_set_shutdown(c->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(c->ssl);
    SSL_CTX_free(c->ctx);
    corv_tls_conn_free(c->server);
    corv_buf_free(&c->seen);
    ERR_clear_error();
}

/* What the client has to send goes to the server in pieces of step bytes, and back. */
static void to_server(struct client *c, size_t step)
{
    char wire[65536];
    char plain[16384];
    int n = BIO_read(SSL_get_wbio(c->ssl), wire, sizeof wire);
    struct corv_buf *out = corv_tls_conn_out(c->server);

    for (size_t at = 0; n > 0 && at < (size_t)n && !c->failed; at += step) {
        struct corv_view in =
            corv_view_of(wire + at, (size_t)n - at < step ? (size_t)n - at : step);
        size_t got = 0;
        enum corv_tls_step s;

        while ((s = corv_tls_conn_next(c->server, &in, plain, sizeof plain, &got)) == CORV_TLS_DATA)
            assert_int_equal(corv_buf_add(&c->seen, plain, got), CORV_OK);
        c->failed = s == CORV_TLS_FAILED;
        if (s == CORV_TLS_MORE)
            assert_int_equal(in.n, 0);
    }
    snprintf(c->reason, sizeof c->reason, "%s", corv_tls_conn_reason(c->server));
    if (out->n > 0)
        assert_int_equal(BIO_write(SSL_get_rbio(c->ssl), out->p, (int)out->n), out->n);
    corv_buf_reset(out);
}

static void shake(struct client *c, size_t step)
{
    char byte;

    client_start(c);
    for (int i = 0; i < 10 && !c->error && !c->failed; i++) {
        int r = SSL_read(c->ssl, &byte, 1); /* handshake, then tickets or an alert */

        if (r <= 0 && SSL_get_error(c->ssl, r) == SSL_ERROR_SSL)
            c->error = ERR_GET_REASON(ERR_peek_last_error());
        to_server(c, step);
    }
    (void)SSL_read(c->ssl, &byte, 1);
    if (ERR_peek_last_error())
        c->error = ERR_GET_REASON(ERR_peek_last_error());
}

static void names_the_sender(void **state)
{
    struct corv_tls_server *t = server_with(pki("crl.pem"));

    (void)state;
    for (size_t step = 1; step <= 65536; step *= 256) {
        struct client c;

        client_new(&c, t, "raad");
        shake(&c, step);
        assert_int_equal(c.error, 0);
        assert_true(corv_tls_conn_ready(c.server));
        assert_string_equal(corv_tls_conn_oin(c.server), OIN_RAAD);
        assert_int_equal(SSL_version(c.ssl), TLS1_3_VERSION);
        client_free(&c);
    }
    corv_tls_server_free(t);
}

static void carries_data_both_ways(void **state)
{
    struct corv_tls_server *t = server_with(NULL);
    static char big[200000];
    static char back[sizeof big];
    struct client c;
    size_t n = 0;

    (void)state;
    for (size_t i = 0; i < sizeof big; i++)
        big[i] = (char)(i * 7);
    client_new(&c, t, "raad");
    shake(&c, 65536);
    assert_int_equal(SSL_write(c.ssl, "hello", 5), 5);
    to_server(&c, 3);
    assert_true(corv_view_is(corv_buf_view(&c.seen), "hello"));

    assert_int_equal(corv_tls_conn_write(c.server, corv_view_of(big, sizeof big)), CORV_OK);
    corv_tls_conn_bye(c.server);
    to_server(&c, 1);
    for (int r = 1; r > 0 && n<sizeof back; n += r> 0 ? (size_t)r : 0)
        r = SSL_read(c.ssl, back + n, (int)(sizeof back - n));
    assert_int_equal(n, sizeof big);
    assert_memory_equal(big, back, sizeof big);
    assert_int_equal(SSL_get_error(c.ssl, SSL_read(c.ssl, back, 1)), SSL_ERROR_ZERO_RETURN);
    client_free(&c);
    corv_tls_server_free(t);
}

static void says_closed_on_close_notify(void **state)
{
    struct corv_tls_server *t = server_with(NULL);
    struct client c;
    char wire[1000], plain[100];
    size_t n = 0;

    (void)state;
    client_new(&c, t, "raad");
    shake(&c, 65536);
    (void)SSL_shutdown(c.ssl);

    int got = BIO_read(SSL_get_wbio(c.ssl), wire, sizeof wire);
    struct corv_view in = corv_view_of(wire, (size_t)got);

    assert_int_equal(corv_tls_conn_next(c.server, &in, plain, sizeof plain, &n), CORV_TLS_CLOSED);
    client_free(&c);
    corv_tls_server_free(t);
}

struct refused {
    const char *cert; /* NULL: none */
    const char *oin;  /* that the log may name */
    const char *reason;
};

static void refuses_strangers(void **state)
{
    static const struct refused cases[] = {
        {NULL, "", "peer did not return a certificate"},
        {"expired", "00000099000000001000", "certificate has expired"},
        {"revoked", "00000099000000003000", "certificate revoked"},
        {"other-ca", "00000099000000004000", "unable to get local issuer certificate"},
        {"ca", "", "unsuitable certificate purpose"},
    };
    struct corv_tls_server *t = server_with(pki("crl.pem"));

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
            struct client c;

            client_new(&c, t, cases[i].cert);
            SSL_CTX_set_max_proto_version(c.ctx, version);
            shake(&c, 65536);
            assert_true(c.failed);
            assert_false(corv_tls_conn_ready(c.server));
            assert_int_not_equal(c.error, 0); /* the alert reached the client */
            assert_string_equal(c.reason, cases[i].reason);
            assert_string_equal(corv_tls_conn_oin(c.server), cases[i].oin);
            client_free(&c);
        }
    corv_tls_server_free(t);
}

static void knows_certificates_without_oin(void **state)
{
    struct corv_tls_server *t = server_with(NULL);
    struct client c;

    (void)state;
    client_new(&c, t, "no-oin");
    shake(&c, 65536);
    assert_true(corv_tls_conn_ready(c.server));
    assert_string_equal(corv_tls_conn_oin(c.server), "");
    client_free(&c);
    client_new(&c, t, "revoked"); /* no list given: it may come in */
    shake(&c, 65536);
    assert_true(corv_tls_conn_ready(c.server));
    client_free(&c);
    corv_tls_server_free(t);
}

static void refuses_weak_tls(void **state)
{
    static const char *const ciphers[] = {"AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-SHA384",
        "DHE-RSA-AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-CCM"};
    struct corv_tls_server *t = server_with(NULL);
    struct client c;

    (void)state;
    for (size_t i = 0; i < sizeof ciphers / sizeof ciphers[0]; i++) {
        client_new(&c, t, "raad");
        SSL_CTX_set_max_proto_version(c.ctx, TLS1_2_VERSION);
        assert_int_equal(SSL_CTX_set_cipher_list(c.ctx, ciphers[i]), 1);
        shake(&c, 65536);
        assert_true(c.failed);
        client_free(&c);
    }
    client_new(&c, t, "raad");
    SSL_CTX_set_security_level(c.ctx, 0);
    SSL_CTX_set_min_proto_version(c.ctx, TLS1_1_VERSION);
    SSL_CTX_set_max_proto_version(c.ctx, TLS1_1_VERSION);
    (void)SSL_CTX_set_cipher_list(c.ctx, "ALL:@SECLEVEL=0");
    shake(&c, 65536);
    assert_true(c.failed);
    client_free(&c);
    client_new(&c, t, "raad"); /* a group we do not offer */
    assert_int_equal(SSL_CTX_set1_groups_list(c.ctx, "P-521"), 1);
    shake(&c, 65536);
    assert_true(c.failed);
    client_free(&c);
    corv_tls_server_free(t);
}

static bool resumes(struct corv_tls_server *t, int version)
{
    struct client c;
    bool resumed;

    client_new(&c, t, "raad");
    SSL_CTX_set_max_proto_version(c.ctx, version);
    client_start(&c);
    if (ticket)
        assert_int_equal(SSL_set_session(c.ssl, ticket), 1);

    char byte;

    for (int i = 0; i < 6; i++) {
        (void)SSL_read(c.ssl, &byte, 1);
        to_server(&c, 65536);
    }
    (void)SSL_read(c.ssl, &byte, 1);
    assert_true(corv_tls_conn_ready(c.server));
    assert_string_equal(corv_tls_conn_oin(c.server), OIN_RAAD);
    resumed = corv_tls_conn_resumed(c.server);
    assert_int_equal(resumed, SSL_session_reused(c.ssl));
    client_free(&c);
    return resumed;
}

static void resumes_and_still_knows_the_sender(void **state)
{
    (void)state;
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        struct corv_tls_server *t = server_with(NULL);
        struct corv_tls_server *other = server_with(NULL);

        SSL_SESSION_free(ticket);
        ticket = NULL;
        assert_false(resumes(t, version));
        assert_non_null(ticket);
        assert_true(resumes(t, version));
        assert_true(resumes(t, version));
        assert_false(resumes(other, version)); /* a context of its own */
        assert_false(resumes(t, version));     /* that ticket was the other's */
        corv_clock_shift_us(900 * DAY_US);     /* the certificate in the ticket has run out */
        assert_false(resumes(t, version));
        corv_clock_shift_us(0);
        corv_tls_server_free(t);
        corv_tls_server_free(other);
    }
    SSL_SESSION_free(ticket);
    ticket = NULL;
}

static void one_way_asks_nobody(void **state)
{
    static const char *const certs[] = {NULL, "raad", "other-ca"};
    struct corv_tls_files files = {pki("server.pem"), pki("server.key"), NULL, NULL, true};
    struct corv_tls_server *t = NULL;
    struct corv_fault f = {0};

    (void)state;
    assert_int_equal(corv_tls_server_new(&files, &t, &f), CORV_OK);
    for (size_t i = 0; i < sizeof certs / sizeof certs[0]; i++) {
        struct client c;

        client_new(&c, t, certs[i]);
        shake(&c, 65536);
        assert_int_equal(c.error, 0);
        assert_true(corv_tls_conn_ready(c.server));
        assert_string_equal(corv_tls_conn_oin(c.server), ""); /* nobody was asked */
        client_free(&c);
    }
    corv_tls_server_free(t);
    files.one_way = false; /* forgetting the CA is no way to get there */
    assert_int_equal(corv_tls_server_new(&files, &t, &f), CORV_E_INVALID);
}

static void asks_for_our_clients_by_name(void **state)
{
    struct corv_tls_server *t = server_with(NULL);
    struct client c;

    (void)state;
    client_new(&c, t, "raad");
    shake(&c, 65536);

    const STACK_OF(X509_NAME) *names = SSL_get0_peer_CA_list(c.ssl);
    char text[200];

    assert_int_equal(sk_X509_NAME_num(names), 1);
    X509_NAME_oneline(sk_X509_NAME_value(names, 0), text, sizeof text);
    assert_string_equal(text, "/O=corvd test/CN=corvd test CA");
    client_free(&c);
    corv_tls_server_free(t);
}

static void survives_garbage(void **state)
{
    static const struct {
        const char *p;
        size_t n;
    } noise[] = {
#define BYTES(text) {text, sizeof(text) - 1}
        BYTES("GET / HTTP/1.1\r\n\r\n"),
        BYTES("\x16\x03\x01\xff\xff hello"),
        BYTES("\x16\x03\x01\x00\x06\x01\x00\x00\x02\x03\x03......"),
        BYTES("\x15\x03\x01\x00\x02\x02\x28"),
    };
    struct corv_tls_server *t = server_with(NULL);

    (void)state;
    for (size_t i = 0; i < sizeof noise / sizeof noise[0]; i++) {
        struct corv_tls_conn *c = NULL;
        struct corv_view in = corv_view_of(noise[i].p, noise[i].n);
        char plain[100];
        size_t n = 0;

        assert_int_equal(corv_tls_conn_new(t, &c), CORV_OK);
        assert_int_equal(corv_tls_conn_next(c, &in, plain, sizeof plain, &n), CORV_TLS_FAILED);
        assert_int_equal(corv_tls_conn_next(c, &in, plain, sizeof plain, &n), CORV_TLS_FAILED);
        assert_int_equal(corv_tls_conn_write(c, corv_view_str("x")), CORV_E_STATE);
        assert_int_not_equal(strlen(corv_tls_conn_reason(c)), 0);
        corv_tls_conn_free(c);
    }
    corv_tls_server_free(t);
}

static void faulty(const char *cert, const char *key, const char *ca, const char *crl,
    const char *code, const char *path)
{
    struct corv_tls_files files = {cert, key, ca, crl, false};
    struct corv_tls_server *t = NULL;
    struct corv_fault f = {0};

    assert_int_equal(corv_tls_server_new(&files, &t, &f), CORV_E_INVALID);
    assert_null(t);
    assert_string_equal(f.code, code);
    assert_int_equal(f.cls, CORV_FAULT_SETTINGS);
    assert_non_null(strstr(f.text, path));
}

static void names_the_faulty_file(void **state)
{
    const char *cert = pki("server.pem");
    const char *key = pki("server.key");
    const char *ca = pki("ca.pem");
    const char *none = pki("none.pem");

    (void)state;
    faulty(none, key, ca, NULL, "tls.file", none);
    faulty(cert, none, ca, NULL, "tls.file", none);
    faulty(cert, key, none, NULL, "tls.file", none);
    faulty(cert, key, ca, none, "tls.file", none);
    faulty(key, key, ca, NULL, "tls.file", key);
    faulty(cert, key, key, NULL, "tls.file", key);
    faulty(cert, pki("raad.key"), ca, NULL, "tls.key-other", "raad.key");
    faulty(cert, none, ca, NULL, "tls.file", "is er niet");
    faulty(cert, ca, ca, NULL, "tls.file", "zonder wachtwoord");
    faulty(pki("expired.pem"), pki("expired.key"), ca, NULL, "tls.expired", "expired.pem");
    corv_clock_shift_us(3700 * DAY_US);
    faulty(cert, key, ca, NULL, "tls.expired", "server.pem");
    corv_clock_shift_us(0);
}

static corv_rc days_left(const char *pem, int *days, struct corv_fault *f)
{
    struct corv_tls_file file;
    corv_rc rc = corv_tls_file_read(pem, &file, f);

    *days = file.days;
    return rc;
}

static void join(const char *a, const char *b, const char *out)
{
    char command[1200];

    (void)snprintf(command, sizeof command, "cat '%s' '%s' > '%s'", a, b, out);
    assert_int_equal(system(command), 0); // NOLINT(cert-env33-c): names of our own
}

/* A bundle is as good as the first of it that runs out, wherever it stands. */
static void looks_at_the_whole_bundle(void **state)
{
    struct corv_tls_file file;
    struct corv_fault f = {0};
    char server[300];
    char expired[300];
    char bundle[320];

    (void)state;
    (void)snprintf(server, sizeof server, "%s", pki("server.pem"));
    (void)snprintf(expired, sizeof expired, "%s", pki("expired.pem"));
    (void)snprintf(bundle, sizeof bundle, "%s.bundle", server);
    join(server, expired, bundle);
    assert_int_equal(corv_tls_file_read(bundle, &file, &f), CORV_OK);
    assert_int_equal(file.certificates, 2);
    assert_true(file.days < -1000);
    assert_true(file.test); /* they are all made for tests */
    assert_int_equal(corv_tls_file_read(pki("crl.pem"), &file, &f), CORV_OK);
    assert_int_equal(file.lists, 1);
    assert_true(file.days > 0 && file.test);
    assert_int_equal(corv_tls_file_read(pki("server.key"), &file, &f), CORV_E_INVALID);
    assert_string_equal(f.code, "tls.file");
}

/* Seconds since 1970. */
static int64_t valid_from(const char *pem)
{
    FILE *in = fopen(pem, "r");
    X509 *x = in ? PEM_read_X509(in, NULL, NULL, NULL) : NULL;
    struct tm tm = {0};

    assert_non_null(x);
    assert_int_equal(ASN1_TIME_to_tm(X509_get0_notBefore(x), &tm), 1);
    X509_free(x);
    (void)fclose(in);
    return (int64_t)timegm(&tm);
}

/* From the very second on that stands in it: one that was made just now is good. */
static void is_valid_from_the_second_that_it_says(void **state)
{
    int64_t from = valid_from(pki("server.pem"));
    struct corv_fault f = {0};
    struct corv_tls_file file;

    (void)state;
    for (int early = 0; early < 2; early++) {
        corv_clock_shift_us(0);
        corv_clock_shift_us((from - early) * 1000000 + 1000 - corv_clock_us());
        assert_int_equal(corv_tls_file_read(pki("server.pem"), &file, &f), CORV_OK);
        assert_int_equal(file.early, early);
    }
    corv_clock_shift_us(0);
}

static void counts_the_days_left(void **state)
{
    struct corv_fault f = {0};
    int days = 0;

    (void)state;
    assert_int_equal(days_left(pki("server.pem"), &days, &f), CORV_OK);
    assert_in_range(days, 823, 825);
    corv_clock_shift_us(826 * DAY_US);
    assert_int_equal(days_left(pki("server.pem"), &days, &f), CORV_OK);
    assert_true(days < 0 && days >= -3);
    corv_clock_shift_us(0);
    assert_int_equal(days_left(pki("expired.pem"), &days, &f), CORV_OK);
    assert_true(days < -1000);
    assert_int_equal(days_left(pki("none.pem"), &days, &f), CORV_E_INVALID);
    assert_non_null(strstr(f.text, "none.pem"));
}

/* serialNumbers that are no OIN. */
static void reads_only_whole_oins(void **state)
{
    static const struct {
        const char *first, *second, *oin;
    } cases[] = {
        {OIN_RAAD, NULL, OIN_RAAD},
        {"0000000100000000100", NULL, ""},
        {"000000010000000010000", NULL, ""},
        {"0000000100000000100a", NULL, ""},
        {OIN_RAAD, "00000001000000002000", ""},
        {NULL, NULL, ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        X509 *cert = X509_new();
        X509_NAME *name = X509_NAME_new();
        char oin[21] = "x";

        if (cases[i].first)
            X509_NAME_add_entry_by_txt(name, "serialNumber", MBSTRING_ASC,
                (const unsigned char *)cases[i].first, -1, -1, 0);
        if (cases[i].second)
            X509_NAME_add_entry_by_txt(name, "serialNumber", MBSTRING_ASC,
                (const unsigned char *)cases[i].second, -1, -1, 0);
        X509_set_subject_name(cert, name);
        corv_tls_oin(cert, oin);
        assert_string_equal(oin, cases[i].oin);
        X509_NAME_free(name);
        X509_free(cert);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_the_sender),
        cmocka_unit_test(carries_data_both_ways),
        cmocka_unit_test(says_closed_on_close_notify),
        cmocka_unit_test(refuses_strangers),
        cmocka_unit_test(knows_certificates_without_oin),
        cmocka_unit_test(refuses_weak_tls),
        cmocka_unit_test(resumes_and_still_knows_the_sender),
        cmocka_unit_test(one_way_asks_nobody),
        cmocka_unit_test(asks_for_our_clients_by_name),
        cmocka_unit_test(survives_garbage),
        cmocka_unit_test(names_the_faulty_file),
        cmocka_unit_test(is_valid_from_the_second_that_it_says),
        cmocka_unit_test(counts_the_days_left),
        cmocka_unit_test(looks_at_the_whole_bundle),
        cmocka_unit_test(reads_only_whole_oins),
    };

    return cmocka_run_group_tests(tests, pki_make, pki_remove);
}
