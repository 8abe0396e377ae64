/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/loop/tls_file.h"

#include <limits.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "daemon/base/clock.h"

#define TEST_MARK       "corvd test"
#define SECONDS_PER_DAY 86400

static time_t now_s(void)
{
    return (time_t)(corv_clock_us() / 1000000);
}

static int days_until(const ASN1_TIME *end)
{
    ASN1_TIME *now = ASN1_TIME_set(NULL, now_s());
    int days = 0;
    int seconds = 0;

    if (!now || !end || ASN1_TIME_diff(&days, &seconds, now, end) != 1)
        days = end ? INT_MIN : INT_MAX; /* what cannot be read is not good; no end is no limit */
    else if (seconds < 0)
        days--; /* an hour past is day -1, not 0 */
    ASN1_TIME_free(now);
    return days;
}

/* Valid from this very second on is valid. What cannot be read is not. */
static bool is_early(const ASN1_TIME *from)
{
    time_t now = now_s();

    return X509_cmp_time(from, &now) >= 0;
}

static bool says_test(const X509_NAME *name)
{
    char text[512] = "";

    (void)X509_NAME_oneline(name, text, sizeof text);
    return strcasestr(text, TEST_MARK) != NULL;
}

static void day_of(const ASN1_TIME *t, char out[11])
{
    struct tm tm = {0};

    out[0] = '\0';
    if (t && ASN1_TIME_to_tm(t, &tm) == 1)
        (void)strftime(out, 11, "%Y-%m-%d", &tm);
}

static void take_dates(struct corv_tls_file *out, const ASN1_TIME *from, const ASN1_TIME *until)
{
    int days = days_until(until);
    char day[11];

    out->past += days < 0;
    if (days < out->days) {
        out->days = days;
        day_of(until, out->until);
    }
    if (from && is_early(from)) {
        out->early++;
        day_of(from, day);
        if (strcmp(day, out->from) > 0)
            memcpy(out->from, day, sizeof day);
    }
}

static void look(const X509_INFO *info, struct corv_tls_file *out)
{
    if (info->x509) {
        out->certificates++;
        take_dates(out, X509_get0_notBefore(info->x509), X509_get0_notAfter(info->x509));
        out->test = out->test || says_test(X509_get_subject_name(info->x509)) ||
                    says_test(X509_get_issuer_name(info->x509));
    } else if (info->crl) {
        out->lists++;
        take_dates(out, X509_CRL_get0_lastUpdate(info->crl), X509_CRL_get0_nextUpdate(info->crl));
        out->test = out->test || says_test(X509_CRL_get_issuer(info->crl));
    }
}

/* An encrypted key in the file is none of our business: never ask the terminal. */
static int no_password(char *buffer, // NOLINT(readability-non-const-parameter): OpenSSL's type
    int size, int writing, void *ctx)
{
    (void)buffer, (void)size, (void)writing, (void)ctx;
    return -1;
}

corv_rc corv_tls_file_read(const char *pem, struct corv_tls_file *out, struct corv_fault *f)
{
    BIO *in = BIO_new_file(pem, "r");
    STACK_OF(X509_INFO) *all = in ? PEM_X509_INFO_read_bio(in, NULL, no_password, NULL) : NULL;

    *out = (struct corv_tls_file){.days = INT_MAX};
    for (int i = 0; i < sk_X509_INFO_num(all); i++)
        look(sk_X509_INFO_value(all, i), out);
    sk_X509_INFO_pop_free(all, X509_INFO_free);
    BIO_free(in);
    if (out->certificates + out->lists == 0) {
        const char *why = ERR_reason_error_string(ERR_peek_last_error());

        (void)CORV_FAIL(f, CORV_E_INVALID, CORV_FAULT_SETTINGS, "tls.file", "certificaat %s: %s",
            pem, why ? why : "er staat geen certificaat in");
    }
    ERR_clear_error();
    return out->certificates + out->lists > 0 ? CORV_OK : CORV_E_INVALID;
}

corv_rc corv_tls_file_fits(const char *pem, const char *key)
{
    BIO *in = BIO_new_file(pem, "r");
    BIO *key_in = BIO_new_file(key, "r");
    X509 *x = in ? PEM_read_bio_X509(in, NULL, no_password, NULL) : NULL;
    EVP_PKEY *k = key_in ? PEM_read_bio_PrivateKey(key_in, NULL, no_password, NULL) : NULL;
    corv_rc rc = CORV_E_INVALID;

    if (x && k)
        rc = X509_check_private_key(x, k) == 1 ? CORV_OK : CORV_E_STATE;
    EVP_PKEY_free(k);
    X509_free(x);
    BIO_free(key_in);
    BIO_free(in);
    ERR_clear_error();
    return rc;
}
