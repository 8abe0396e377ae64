/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/stuf_say.h"

#include <string.h>

#include "daemon/base/clock.h"
#include "daemon/stuf_fault.h"

struct self {
    const char *oin;
    const char *application;
};

static const char *text(const char *s)
{
    return s ? s : "";
}

static corv_rc receipt(const struct self *self, const struct corv_incoming_answer *a,
    const struct corv_incoming_address *to, const char *crossref, const char *name,
    struct corv_buf *b)
{
    const struct corv_stuf_receipt r = {.name = name && strcmp(name, "Bv03") == 0 ? "Bv03" : "Bv04",
        .own_oin = self->oin,
        .own_application = self->application,
        .org = to->organisatie,
        .app = text(to->applicatie),
        .adm = to->administratie,
        .crossref = crossref,
        .id = a->message_id,
        .stored_us = a->stored_us};

    return corv_stuf_receipt_write(&r, b);
}

static corv_rc fault(const struct self *self, const struct corv_host_answer *a,
    const struct corv_incoming_address *to, const char *crossref, const char *code,
    struct corv_buf *b)
{
    struct corv_id id = {{0}};
    struct corv_stuf_fault f = {.waits = true,
        .own_oin = self->oin,
        .own_application = self->application,
        .org = to->organisatie,
        .app = to->applicatie,
        .adm = to->administratie,
        .crossref = crossref,
        .id = &id,
        .now_us = a ? a->pub.stored_us : corv_clock_us(),
        .code = code,
        .a = a && a->pub.cls == CORV_INCOMING_REFUSED ? a->lists[0] : NULL,
        .b = a && a->pub.cls == CORV_INCOMING_REFUSED ? a->lists[1] : NULL};
    corv_rc rc = a ? corv_id_read(a->pub.message_id, &id) : corv_id_new(&id);

    return rc == CORV_OK ? corv_stuf_fault_write(&f, b) : rc;
}

corv_rc corv_stuf_say(const char *oin, const char *application, const struct corv_host_answer *a,
    const struct corv_stuf_reply *how, struct corv_buf *b)
{
    const struct self me = {oin, application};
    static const struct corv_incoming_address nobody;
    const struct corv_incoming_address *to = &how->to;
    const char *crossref = how->crossref;

    if (!to->applicatie)
        to = a ? &a->pub.zender : &nobody;
    if (!crossref)
        crossref = a ? a->pub.referentienummer : "";
    if (a && (a->pub.cls == CORV_INCOMING_ACCEPTED || a->pub.cls == CORV_INCOMING_REPEAT))
        return receipt(&me, &a->pub, to, crossref, how->receipt, b);
    if (!a && !how->code)
        return CORV_E_INVALID;
    return fault(&me, a, to, crossref, a ? a->pub.code : how->code, b);
}
