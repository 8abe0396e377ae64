/* SPDX-License-Identifier: EUPL-1.2 */
#include <inttypes.h>

#include "daemon/ctl/json.h"
#include "daemon/ctl/verbs.h"

static json_t *report_json(const struct corv_audit_report *r)
{
    json_t *broken = r->broken.seq ? json_pack("{s:i, s:I, s:s}", "chain", r->broken.chain, "seq",
                                         (json_int_t)r->broken.seq, "what", r->broken.what)
                                   : json_null();

    return json_pack("{s:b, s:I, s:I, s:I, s:o}", "ok", r->broken.seq == 0, "chains",
        (json_int_t)r->chains, "lines", (json_int_t)r->lines, "verified", (json_int_t)r->verified,
        "broken", broken);
}

static void say(struct corv_ctl *ctl, const struct corv_audit_report *r)
{
    if (r->broken.seq == 0) {
        corv_ctl_tone_write(&ctl->out, CORV_TONE_GOOD, "In orde", ctl->color);
        corv_ctl_printf(ctl, ": %" PRIu64 " regels in %" PRIu64 " keten%s nagerekend.\n",
            r->verified, r->chains, r->chains == 1 ? "" : "s");
        return;
    }
    corv_ctl_tone_write(&ctl->out, CORV_TONE_BAD, "NIET IN ORDE", ctl->color);
    corv_ctl_printf(ctl, ": keten %d, regel %" PRId64 ".\n", r->broken.chain, r->broken.seq);
    corv_ctl_line(ctl, "Wat", "%s", r->broken.what);
    corv_ctl_line(ctl, "Doe nu",
        "Bewaar een kopie van de database, wijzig niets en meld dit aan uw "
        "functionaris gegevensbescherming.");
}

int corv_verb_audit_verify(struct corv_ctl *ctl, int argc, char **argv)
{
    struct corv_audit_report report;
    struct corv_fault fault = {0};
    corv_rc rc;

    if (!corv_ctl_options(ctl, &argc, argv, NULL, 0, 0) || !corv_ctl_database(ctl))
        return CORV_CTL_ERROR;
    rc = corv_inspect_verify(ctl->inspect, &report, &fault);
    if (rc != CORV_OK)
        return corv_ctl_fault(ctl, rc, &fault);
    if (ctl->json)
        corv_ctl_json(ctl, report_json(&report));
    else
        say(ctl, &report);
    return report.broken.seq ? CORV_CTL_NO : CORV_CTL_YES;
}
