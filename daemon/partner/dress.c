/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/partner/dress.h"

#include "daemon/base/clock.h"
#include "daemon/derive.h"
#include "daemon/partner/xml.h"
#include "schemas/kind.h"

#define NS_DAI   "http://www.stufstandaarden.nl/koppelvlak/dai0100"
#define SOAP_MAX ((size_t)1 << 20)

const char *partner_dress_tail(bool wrapped)
{
    return wrapped ? "</dai:bericht></soap:Body></soap:Envelope>" : "</soap:Body></soap:Envelope>";
}

static void header(struct corv_buf *b, const char *name, const char *fmt, const char *a,
    const char *c) __attribute__((nonnull));

static void header(
    struct corv_buf *b, const char *name, const char *fmt, const char *a, const char *c)
{
    (void)corv_buf_addf(b, "<wsa:%s>urn:dkintern:", name);
    (void)corv_xml_escape(b, corv_view_str(a));
    (void)corv_buf_add_str(b, fmt);
    (void)corv_xml_escape(b, corv_view_str(c));
    (void)corv_buf_addf(b, "%s</wsa:%s>", fmt[0] == ':' ? ":" : ".dkintern.nl", name);
}

corv_rc partner_dress(
    struct corv_view message, const struct partner_fields *f, struct corv_buf *out)
{
    struct corv_view element = partner_message_element(message);

    corv_buf_init(out, PARTNER_MESSAGE_MAX + SOAP_MAX);
    (void)corv_buf_reserve(out, element.n + 4096);
    (void)corv_buf_add_str(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                                "<soap:Envelope xmlns:soap=\"" CORV_NS_SOAP
                                "\" xmlns:wsa=\"" PARTNER_NS_WSA "\"><soap:Header>");
    header(out, "To", ":", f->to->oin, f->to->application);
    header(out, "From", ":", f->from->oin, f->from->application);
    (void)corv_buf_add_str(out, "<wsa:Action>urn:dkintern:ketentest</wsa:Action>");
    header(out, "MessageId", "@", f->reference, f->from->application);
    (void)corv_buf_add_str(out, "</soap:Header><soap:Body><dai:bericht xmlns:dai=\"" NS_DAI "\">");
    (void)corv_buf_add(out, element.p, element.n);
    (void)corv_buf_add_str(out, partner_dress_tail(true));
    return out->failed ? CORV_E_LIMIT : CORV_OK;
}

/* ---- answers of a receiver --------------------------------------------------------------------
 */

static void https_answer(enum partner_reply how, struct corv_buf *out)
{
    (void)corv_buf_add_str(out,
        how == PARTNER_REFUSE ? "geweigerd door de ketentest\n" : "ontvangen door de ketentest\n");
}

static void dai_answer(struct partner *p, const struct partner_party *at, const char *reference,
    enum partner_reply how, struct corv_buf *out)
{
    bool no = how == PARTNER_REFUSE;
    char number[PARTNER_NUMBER];
    struct corv_buf stuf;
    struct partner_fields f = {.from = at,
        .to = at,
        .to_application = "corvd",
        .reference = number,
        .crossref = how == PARTNER_OTHER ? "TEST-een-ander-bericht" : reference,
        .now_us = corv_clock_us()};

    partner_number(p, "BV", number, sizeof number);
    (void)corv_buf_add_str(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                                "<soap:Envelope xmlns:soap=\"" CORV_NS_SOAP "\"><soap:Body>");
    if (no)
        (void)corv_buf_add_str(out, "<soap:Fault><faultcode>soap:Client</faultcode>"
                                    "<faultstring>ketentest</faultstring><detail>");
    if (partner_message_write(no ? "fo03" : "bv03", &f, &stuf) == CORV_OK) {
        struct corv_view element = partner_message_element(corv_buf_view(&stuf));

        (void)corv_buf_add(out, element.p, element.n);
    }
    corv_buf_free(&stuf);
    if (no)
        (void)corv_buf_add_str(out, "</detail></soap:Fault>");
    (void)corv_buf_add_str(out, partner_dress_tail(false));
}

int partner_dress_answer(struct partner *p, const struct partner_party *at, const char *reference,
    enum partner_reply how, struct corv_buf *out)
{
    corv_buf_init(out, SOAP_MAX);
    if (at->dai)
        dai_answer(p, at, reference, how, out);
    else
        https_answer(how, out);
    if (how == PARTNER_REFUSE)
        return at->dai ? 500 : 422;
    return 200;
}
