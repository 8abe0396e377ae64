/* SPDX-License-Identifier: EUPL-1.2 */
/* Proof that content is gone, and how destruction stands. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/ctl/admin_ask.h"
#include "daemon/ctl/json.h"
#include "daemon/ctl/text.h"
#include "daemon/ctl/verbs.h"

/* ---- status ------------------------------------------------------------------------------- */

/* What only the daemon knows: keys are files of its own. Negative: not to be had. */
double corv_ctl_metric(const struct corv_config *c, const char *name)
{
    struct corv_buf body;
    char wanted[96];
    const char *at = NULL;
    double value = -1;

    corv_buf_init(&body, 4u << 20);
    (void)snprintf(wanted, sizeof wanted, "\ncorvd_%s ", name);
    if (corv_ctl_admin_ask(c, "/metrics", &body) == 200 && body.p)
        at = strstr(body.p, wanted);
    if (at)
        value = strtod(at + strlen(wanted), NULL);
    corv_buf_free(&body);
    return value;
}

static json_t *state_json(const struct corv_inspect_purge_state *s, double key_late, double age)
{
    return json_pack("{s:b, s:I, s:I, s:I, s:f, s:I, s:I, s:I, s:s, s:I, s:f, s:f}", "ok",
        s->late == 0 && s->months == 0 && key_late <= 0, "payloads", (json_int_t)s->payloads,
        "waiting", (json_int_t)s->waiting, "late", (json_int_t)s->late, "late_seconds",
        s->late_seconds, "destroyed_24h", (json_int_t)s->destroyed_day, "keys_destroyed_24h",
        (json_int_t)s->keys_destroyed, "keys_begun", (json_int_t)s->keys_begun, "last", s->last,
        "months_late", (json_int_t)s->months, "key_late_seconds", key_late, "pass_age_seconds",
        age);
}

static void say_state(
    struct corv_ctl *ctl, const struct corv_inspect_purge_state *s, double key_late, double age)
{
    char span[32];
    bool late = s->late || s->months || key_late > 0;

    corv_ctl_tone_write(
        &ctl->out, late ? CORV_TONE_BAD : CORV_TONE_GOOD, late ? "TE LAAT" : "In orde", ctl->color);
    corv_ctl_printf(ctl, "\n");
    corv_ctl_line(ctl, "Inhoud",
        "%" PRIu64 " berichten met inhoud, waarvan %" PRIu64 " nog open; %" PRIu64
        " in de laatste 24 uur vernietigd",
        s->payloads, s->waiting, s->destroyed_day);
    if (s->late)
        corv_ctl_line(ctl, "Te laat", "%" PRIu64 " berichten; het ergste %s", s->late,
            corv_ctl_duration(s->late_seconds, span, sizeof span));
    corv_ctl_line(ctl, "Sleutels",
        "%" PRIu64 " in de laatste 24 uur vernietigd, %" PRIu64 " aan de beurt", s->keys_destroyed,
        s->keys_begun);
    if (key_late > 0)
        corv_ctl_line(
            ctl, "Te laat", "een sleutel, %s", corv_ctl_duration(key_late, span, sizeof span));
    if (s->months)
        corv_ctl_line(ctl, "Te laat",
            "%" PRIu64 " maanden verkeersgegevens. Staan er nog bezorgingen van toen open? Kijk "
            "met: corvctl dead",
            s->months);
    if (age >= 0)
        corv_ctl_line(ctl, "Nagekeken", "%s geleden", corv_ctl_duration(age, span, sizeof span));
    else
        corv_ctl_line(ctl, "Nagekeken", "niet bekend: corvd antwoordt niet");
}

int corv_verb_purge_status(struct corv_ctl *ctl, int argc, char **argv)
{
    struct corv_inspect_purge_state s;
    struct corv_fault fault = {0};
    double key_late;
    double age;
    corv_rc rc;

    if (!corv_ctl_options(ctl, &argc, argv, NULL, 0, 0) || !corv_ctl_database(ctl))
        return CORV_CTL_ERROR;
    rc = corv_inspect_purge_state(ctl->inspect, ctl->config->retention.payload_hours,
        ctl->config->retention.traffic_days, &s, &fault);
    if (rc != CORV_OK)
        return corv_ctl_fault(ctl, rc, &fault);
    key_late = corv_ctl_metric(ctl->config, "key_late_seconds");
    age = corv_ctl_metric(ctl->config, "retention_pass_age_seconds");
    if (ctl->json)
        corv_ctl_json(ctl, state_json(&s, key_late, age));
    else
        say_state(ctl, &s, key_late, age);
    return s.late || s.months || key_late > 0 ? CORV_CTL_NO : CORV_CTL_YES;
}

/* ---- prove -------------------------------------------------------------------------------- */

static bool proven(const struct corv_inspect_purge *p)
{
    return !p->there && p->chain && p->line_right && p->keys_left == 0;
}

static const char *verdict(const struct corv_inspect_purge *p)
{
    if (p->there && p->open)
        return "De inhoud is er nog: er zijn bezorgingen open.";
    if (p->there)
        return "De inhoud is er nog: de termijn is nog niet om.";
    if (!p->chain)
        return "De inhoud is er niet, maar er is geen regel die zegt dat corvd haar vernietigde.";
    if (!p->line_right)
        return "De regel in het auditspoor klopt niet. Voer 'corvctl audit verify' uit.";
    if (p->keys_left)
        return "De inhoud is vernietigd; de sleutel nog niet: een kopie van de database is tot dan "
               "nog te lezen.";
    return "De inhoud is vernietigd, en elke sleutel waaronder een kopie kan liggen ook.";
}

static json_t *proof_json(const struct corv_inspect_purge *p)
{
    json_t *line = p->chain ? json_pack("{s:i, s:I, s:b, s:s}", "chain", p->chain, "seq",
                                  (json_int_t)p->seq, "right", p->line_right, "sealed", p->sealed)
                            : json_null();

    return json_pack("{s:b, s:s, s:s, s:b, s:i, s:s, s:s, s:s, s:s, s:i, s:i, s:o}", "proven",
        proven(p), "message", p->message, "received", p->received, "there", p->there, "open",
        (int)p->open, "final", p->final, "destroyed", p->destroyed, "key", p->key, "key_destroyed",
        p->key_destroyed, "keys", (int)p->keys, "keys_left", (int)p->keys_left, "line", line);
}

static const char *or_not(const char *text)
{
    return text[0] ? text : "niet bekend";
}

static void say_proof(struct corv_ctl *ctl, const struct corv_inspect_purge *p)
{
    corv_ctl_tone_write(&ctl->out, proven(p) ? CORV_TONE_GOOD : CORV_TONE_WARN,
        proven(p) ? "Bewezen" : "Niet bewezen", ctl->color);
    corv_ctl_printf(ctl, "\n");
    corv_ctl_line(ctl, "Oordeel", "%s", verdict(p));
    corv_ctl_line(ctl, "Bericht", "%s", p->message);
    corv_ctl_line(ctl, "Ontvangen", "%s", or_not(p->received));
    corv_ctl_line(ctl, "Afgehandeld", "%s", p->open ? "nog niet" : or_not(p->final));
    if (!p->chain)
        return;
    corv_ctl_line(ctl, "Vernietigd", "%s", p->destroyed);
    corv_ctl_line(ctl, "Regel", "keten %d, regel %" PRId64 ", %s", p->chain, p->seq,
        p->line_right ? "de som klopt" : "DE SOM KLOPT NIET");
    corv_ctl_line(ctl, "Zegel", "%s", p->sealed[0] ? p->sealed : "volgt binnen een minuut");
    corv_ctl_line(ctl, "Sleutel", "%s, %s%s", p->key,
        p->key_destroyed[0] ? "vernietigd " : "nog niet vernietigd", p->key_destroyed);
}

int corv_verb_purge_prove(struct corv_ctl *ctl, int argc, char **argv)
{
    struct corv_inspect_purge p;
    struct corv_fault fault = {0};
    const char *id = NULL;
    const struct corv_ctl_option options[] = {{"--id", &id}, {NULL, NULL}};
    corv_rc rc;

    if (!corv_ctl_options(ctl, &argc, argv, options, 0, 0))
        return CORV_CTL_ERROR;
    if (!id)
        return corv_verb_purge_status(ctl, 0, argv);
    if (!corv_ctl_database(ctl))
        return CORV_CTL_ERROR;
    rc = corv_inspect_purge(ctl->inspect, id, &p, &fault);
    if (rc != CORV_OK)
        return corv_ctl_fault(ctl, rc, &fault);
    if (ctl->json)
        corv_ctl_json(ctl, proof_json(&p));
    else
        say_proof(ctl, &p);
    return proven(&p) ? CORV_CTL_YES : CORV_CTL_NO;
}
