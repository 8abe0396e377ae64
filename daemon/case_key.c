/* SPDX-License-Identifier: EUPL-1.2 */
#include "daemon/case_key.h"

#include <string.h>

#define BLANKS " \t\r\n"

static struct corv_view trimmed(const char *s)
{
    struct corv_view v = corv_view_str(s ? s : "");

    while (v.n > 0 && strchr(BLANKS, v.p[0]))
        v = corv_view_of(v.p + 1, v.n - 1);
    while (v.n > 0 && strchr(BLANKS, v.p[v.n - 1]))
        v.n--;
    return v;
}

static struct corv_view filer_of(const struct corv_envelope *e, const struct corv_plan *plan)
{
    bool opens = e->case_kind == e->kind;
    const struct corv_party *party = opens ? plan->filer : plan->recipient;

    if (party)
        return corv_view_str(party->oin);
    return trimmed(opens ? e->zender.organisatie : e->ontvanger.organisatie);
}

corv_rc corv_case_key(const struct corv_digest *secret, const struct corv_envelope *e,
    const struct corv_plan *plan, char out[CORV_DIGEST_TEXT])
{
    struct corv_view number = trimmed(e->zaak_indiener);
    struct corv_view filer = filer_of(e, plan);
    struct corv_view fields[] = {corv_view_of(secret->b, sizeof secret->b), corv_view_str("zaak"),
        corv_view_str(corv_kind_name(e->case_kind)), filer, number};
    struct corv_digest key;
    corv_rc rc;

    out[0] = '\0';
    if (number.n == 0 || filer.n == 0)
        return CORV_OK;
    rc = corv_digest_fields(fields, sizeof fields / sizeof fields[0], &key);
    if (rc == CORV_OK)
        (void)corv_digest_text(&key, out);
    return rc;
}
