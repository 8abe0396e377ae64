/* SPDX-License-Identifier: EUPL-1.2 */
/* From libcurl's result and the HTTP status to an outcome. All texts are ours: nothing the party
 * said gets out of here, except the receipt. */
#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <string.h>

#include "adapters/https/client.h"

static const struct {
    const char *code;
    const char *text;
} texts[] = {
    {"https.failed", "De verbinding met de partij ging mis."},
    {"https.address", "Het adres van de partij is geen bruikbaar https-adres."},
    {"https.cancelled", "De bezorging is afgebroken."},
    {"https.draining", "De adapter neemt niets meer aan omdat hij wordt gestopt."},
    {"https.out-of-step",
        "De partij gaf een antwoord waar niets voor gevraagd was. De verbinding is "
        "verbroken; het bericht gaat over een nieuwe."},
    {"https.stopped", "De adapter is gestopt voordat de partij antwoordde."},
    {"https.header", "De gegevens bij het bericht passen niet in een HTTP-kop."},
    {"https.memory", "Er was geen geheugen voor de verbinding."},
    {"connect.dns", "De naam in het adres van de partij is niet bekend."},
    {"connect.refused", "De partij is niet bereikbaar: geen verbinding mogelijk."},
    {"connect.timeout", "De partij is niet bereikbaar: verbinding maken duurde te lang."},
    {"tls.certificate", "Het certificaat van de partij is niet te vertrouwen: zijn uitgever staat "
                        "niet in ons bestand ca."},
    {"tls.partner-expired", "Het certificaat van de partij is verlopen; zij moet het vernieuwen."},
    {"tls.partner-name", "Het certificaat van de partij is voor een andere naam dan die in haar "
                         "adres."},
    {"tls.own", "Ons eigen certificaat of onze sleutel is niet te gebruiken."},
    {"tls.refused", "De partij aanvaardt ons certificaat niet."},
    {"tls.handshake", "Er kwam geen beveiligde verbinding met de partij tot stand."},
    {"http.timeout", "De partij antwoordde niet op tijd."},
    {"http.broken", "De partij verbrak de verbinding of antwoordde onbegrijpelijk."},
};

void https_outcome_unsent(struct corv_outcome *outcome, const char *code)
{
    size_t i = sizeof texts / sizeof texts[0] - 1;

    while (i > 0 && strcmp(texts[i].code, code) != 0)
        i--;
    outcome->cls = strcmp(code, "https.header") == 0 ? CORV_UNREADABLE : CORV_LATER;
    outcome->code = texts[i].code;
    outcome->text = texts[i].text;
}

/* ---- no answer ---------------------------------------------------------------------------- */

static bool connected(const struct https_transfer *x)
{
    curl_off_t us = 0;

    return curl_easy_getinfo(x->easy, CURLINFO_PRETRANSFER_TIME_T, &us) == CURLE_OK && us > 0;
}

/* With TLS 1.3 a refusal of our certificate comes when we read the answer. */
static bool refused_us(const struct https_transfer *x)
{
    return strstr(x->error, "alert") != NULL;
}

/* What is wrong with their certificate, for whoever has to ring them up. The chain is judged first;
 * when the name is not the one of the address, libcurl leaves the verdict at what it began with. */
static const char *untrusted(const struct https_transfer *x)
{
    long verdict = X509_V_ERR_APPLICATION_VERIFICATION;

    (void)curl_easy_getinfo(x->easy, CURLINFO_SSL_VERIFYRESULT, &verdict);
    if (verdict == X509_V_ERR_CERT_HAS_EXPIRED)
        return "tls.partner-expired";
    return verdict == X509_V_OK || verdict == X509_V_ERR_UNSPECIFIED ? "tls.partner-name"
                                                                     : "tls.certificate";
}

static const char *code_of(const struct https_transfer *x, CURLcode result)
{
    switch ((int)result) {
    case CURLE_COULDNT_RESOLVE_HOST:
        return "connect.dns";
    case CURLE_COULDNT_CONNECT:
        return "connect.refused";
    case CURLE_OPERATION_TIMEDOUT:
        return connected(x) ? "http.timeout" : "connect.timeout";
    case CURLE_PEER_FAILED_VERIFICATION:
        return untrusted(x);
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
        return "tls.certificate";
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
        return "tls.own";
    case CURLE_SSL_CONNECT_ERROR:
        return refused_us(x) ? "tls.refused" : "tls.handshake";
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
        return refused_us(x) ? "tls.refused" : "http.broken";
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL: /* HTTP/0.9: anything that is not HTTP */
    case CURLE_WRITE_ERROR:          /* more header than we take */
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_SEND_FAIL_REWIND:
    case CURLE_CHUNK_FAILED:
        return "http.broken";
    case CURLE_OUT_OF_MEMORY:
        return "https.memory";
    default:
        return "https.failed";
    }
}

/* ---- an answer ---------------------------------------------------------------------------- */

static bool for_good(long status)
{
    return status >= 400 && status < 500 && status != 408 && status != 425 && status != 429;
}

static uint32_t retry_after(const struct https_transfer *x)
{
    curl_off_t seconds = 0; /* libcurl reads both forms: seconds and a date */

    if (curl_easy_getinfo(x->easy, CURLINFO_RETRY_AFTER, &seconds) != CURLE_OK || seconds < 0)
        return 0;
    return seconds > HTTPS_RETRY_MAX ? HTTPS_RETRY_MAX : (uint32_t)seconds;
}

void https_outcome_status(struct https_transfer *x, long status, struct corv_outcome *outcome)
{
    (void)snprintf(x->code, sizeof x->code, "http.%03ld", status);
    outcome->code = x->code;
    outcome->status = (uint32_t)status;
    if (status >= 200 && status < 300) {
        outcome->cls = CORV_DELIVERED;
        outcome->text = "De partij heeft het bericht aangenomen.";
    } else if (for_good(status)) {
        outcome->cls = CORV_REFUSED;
        outcome->text = "De partij weigert het bericht.";
    } else {
        outcome->cls = CORV_LATER;
        outcome->text = status >= 300 && status < 400
                            ? "De partij verwijst naar een ander adres; dat volgen wij niet."
                            : "De partij kan het bericht nu niet aannemen.";
        outcome->retry_after_seconds = retry_after(x);
    }
    outcome->receipt = (struct corv_text){x->receipt, x->receipt_bytes};
}

void https_outcome_of(struct https_transfer *x, CURLcode result, struct corv_outcome *outcome)
{
    long status = 0;

    (void)curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &status);
    /* An answer that is too long is whole as far as its status goes. */
    if (status >= 200 && status <= 999 && (result == CURLE_OK || x->cut))
        x->https->kind->judge(x, status, outcome);
    else
        https_outcome_unsent(outcome, result == CURLE_OK ? "http.broken" : code_of(x, result));
}
