/* SPDX-License-Identifier: EUPL-1.2 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/clock.h"
#include "daemon/ctl/json.h"
#include "daemon/ctl/read_file.h"
#include "daemon/ctl/verbs.h"
#include "daemon/judge_up.h"
#include "daemon/route.h"
#include "schemas/verdict.h"

/* JJJJ-MM-DD as YYYYMMDD; 0 when it is none. */
static int read_day(const char *text)
{
    int parts[3] = {0};
    static const int digits[] = {4, 2, 2};

    for (int i = 0; i < 3; i++) {
        for (int d = 0; d < digits[i]; d++, text++) {
            if (*text < '0' || *text > '9')
                return 0;
            parts[i] = parts[i] * 10 + (*text - '0');
        }
        if (*text++ != (i < 2 ? '-' : '\0'))
            return 0;
    }
    if (parts[0] < 2000 || parts[1] < 1 || parts[1] > 12 || parts[2] < 1 || parts[2] > 31)
        return 0;
    return parts[0] * 10000 + parts[1] * 100 + parts[2];
}

/* Whose certificate it would be: the one named, or the zender in the message. */
static const struct corv_party *find_sender(
    struct corv_ctl *ctl, const char *as, const struct corv_envelope *e, int day)
{
    const struct corv_party *party = NULL;

    if (as)
        party = corv_party_by_id(ctl->config, as);
    else if (e->zender.organisatie)
        party = corv_party_by_oin(ctl->config, corv_view_str(e->zender.organisatie), day);
    if (party)
        return party;
    if (as)
        (void)corv_ctl_complain(
            ctl, CORV_CTL_ERROR, "ctl.no-party", "Partij %s staat niet in de configuratie.", as);
    else
        (void)corv_ctl_complain(ctl, CORV_CTL_NO, "ctl.no-sender",
            "De zender in dit bericht is geen partij die op deze dag geldig is. Zeg met --as "
            "PARTIJ "
            "wie het verstuurt.");
    return NULL;
}

static json_t *plan_json(
    const struct corv_plan *plan, const struct corv_findings *f, bool routed, int status, int day)
{
    json_t *decision = plan->decision ? json_loads(plan->decision, 0, NULL) : NULL;

    return json_pack("{s:b, s:i, s:i, s:o, s:o, s:o}", "routed", routed, "status", status, "day",
        day, "decision", decision ? decision : json_null(), "explanation",
        corv_ctl_json_text(plan->explanation), "findings", corv_ctl_json_findings(f));
}

static int explain(struct corv_ctl *ctl, const struct corv_judge *by, const struct corv_envelope *e,
    const char *as, int day)
{
    const struct corv_party *sender = find_sender(ctl, as, e, day);
    struct corv_plan plan = {0};
    struct corv_findings findings;
    int status = 0;
    corv_rc rc;

    if (!sender)
        return as ? CORV_CTL_ERROR : CORV_CTL_NO;
    corv_findings_init(&findings);
    rc = corv_route_with(
        ctl->config, corv_judge_reference(by), e, sender, day, &plan, &findings, &status);
    if (rc != CORV_OK && rc != CORV_E_INVALID)
        (void)corv_ctl_complain(
            ctl, CORV_CTL_ERROR, "ctl.memory", "Er is te weinig geheugen voor de uitleg.");
    else if (ctl->json)
        corv_ctl_json(ctl, plan_json(&plan, &findings, rc == CORV_OK, status, day));
    else
        (void)corv_buf_add_str(&ctl->out, plan.explanation ? plan.explanation : "");
    corv_plan_free(&plan);
    corv_findings_free(&findings);
    return rc == CORV_OK ? CORV_CTL_YES : rc == CORV_E_INVALID ? CORV_CTL_NO : CORV_CTL_ERROR;
}

static int judge(struct corv_ctl *ctl, const struct corv_judge *by, const char *path,
    const char *as, int day, struct corv_verdict *v)
{
    struct corv_read_limits limits = corv_read_limits_default;
    int today = corv_clock_day(corv_clock_us());
    /* what "in the future" means is said by today, also when the question is about a day in the
     * past */
    struct corv_verdict_input in = {
        .limits = &limits, .party = as, .day = day > today ? day : today};
    struct corv_buf bytes;
    int code = CORV_CTL_ERROR;

    limits.bytes = ctl->config->limits.body_bytes;
    corv_buf_init(&bytes, limits.bytes + 1);
    if (corv_ctl_read_file(ctl, path, limits.bytes, &bytes) != CORV_OK)
        goto out;
    in.bytes = corv_buf_view(&bytes);
    if (corv_verdict_by(by, &in, v) != CORV_OK)
        (void)corv_ctl_complain(ctl, CORV_CTL_ERROR, "ctl.memory", "Er is te weinig geheugen.");
    else
        code = v->valid ? CORV_CTL_YES : CORV_CTL_NO;
out:
    corv_buf_free(&bytes);
    return code;
}

int corv_verb_route_explain(struct corv_ctl *ctl, int argc, char **argv)
{
    const char *as = NULL;
    const char *at = NULL;
    const struct corv_ctl_option options[] = {{"--as", &as}, {"--at", &at}, {NULL, NULL}};
    struct corv_judge *by = NULL;
    struct corv_fault fault = {0};
    struct corv_verdict v = {0};
    int day = corv_clock_day(corv_clock_us());
    int code;
    corv_rc rc;

    if (!corv_ctl_options(ctl, &argc, argv, options, 1, 1))
        return CORV_CTL_ERROR;
    if (at && (day = read_day(at)) == 0)
        return corv_ctl_complain(ctl, CORV_CTL_ERROR, "ctl.usage",
            "Schrijf de dag achter --at als JJJJ-MM-DD, bijvoorbeeld 2026-11-22.");
    if (!corv_ctl_config(ctl))
        return CORV_CTL_ERROR;
    corv_schemas_init();
    rc = corv_judge_up(ctl->config, &by, &fault);
    if (rc != CORV_OK)
        return corv_ctl_fault(ctl, rc, &fault);
    code = judge(ctl, by, argv[0], as, day, &v);
    if (code == CORV_CTL_YES)
        code = explain(ctl, by, v.envelope, as, day);
    else if (code == CORV_CTL_NO && ctl->json)
        corv_ctl_json(ctl,
            json_pack("{s:b, s:i, s:i, s:n, s:n, s:o}", "routed", false, "status", 422, "day", day,
                "decision", "explanation", "findings", corv_ctl_json_findings(&v.findings)));
    else if (code == CORV_CTL_NO)
        corv_ctl_invalid_lines(ctl, argv[0], &v.findings);
    corv_verdict_free(&v);
    corv_judge_free(by);
    return code;
}
