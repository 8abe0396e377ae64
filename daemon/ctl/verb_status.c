/* SPDX-License-Identifier: EUPL-1.2 */
/* Is all well, and if not, what to do: one line per thing looked at, the worst decides. */
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>

#include "daemon/certs.h"
#include "daemon/ctl/admin_ask.h"
#include "daemon/ctl/admin_guess.h"
#include "daemon/ctl/incidents.h"
#include "daemon/ctl/json.h"
#include "daemon/ctl/status_database.h"
#include "daemon/ctl/text.h"
#include "daemon/ctl/verbs.h"
#include "queue/pg_sync.h"

#define DISK_PERCENT    10
#define STORE_FAILED_MS 60000

/* ---- what is looked at --------------------------------------------------------------------- */

static const json_t *find_incident(const json_t *open, const char *cause)
{
    for (size_t i = 0; i < json_array_size(open); i++)
        if (strcmp(corv_ctl_incident_text(json_array_get(open, i), "cause"), cause) == 0)
            return json_array_get(open, i);
    return NULL;
}

/* It may be connected and yet unable to write: a full disk, a server that became read-only. */
static bool say_store(const json_t *open, struct corv_status *r)
{
    const json_t *fails = find_incident(open, "store.fails");
    long long ago_ms =
        (long long)time(NULL) * 1000 - corv_ctl_ms(corv_ctl_incident_text(fails, "last"));
    char last[32];

    if (!fails)
        return false;
    (void)corv_ctl_when(corv_ctl_incident_text(fails, "last"), last, sizeof last);
    corv_status_add(r, "daemon", "corvd",
        ago_ms < STORE_FAILED_MS ? CORV_STATUS_BROKEN : CORV_STATUS_ATTENTION,
        "draait, maar vastleggen mislukte, laatst %s UTC: afzenders krijgen dan 503. Kijk met: "
        "corvctl incidents",
        last);
    return true;
}

/* why: corvd's own word for it, or NULL. */
static void say_not_ready(const char *why, struct corv_status *r)
{
    const char *text = why ? corv_pg_state_text(why) : NULL;

    corv_status_add(r, "daemon", "corvd", CORV_STATUS_BROKEN,
        "neemt geen berichten aan (503): %s%s",
        text ? text : "vastleggen in de database lukt corvd niet.",
        text ? "" : " Waarom staat in: journalctl -u corvd -g queue");
}

static void look_at_daemon(const struct corv_config *c, const json_t *open, struct corv_status *r)
{
    struct corv_buf body;
    json_t *said = NULL;
    int status;

    if (!c->admin.socket && c->admin.port == 0) {
        corv_status_add(r, "daemon", "corvd", CORV_STATUS_ATTENTION,
            "niet te vragen: admin heeft geen vaste poort of socket in de configuratie");
        return;
    }
    corv_buf_init(&body, 65536);
    status = corv_ctl_admin_ask(c, "/readyz", &body);
    said = body.p ? json_loads(body.p, 0, NULL) : NULL;
    if (status == 200 && !say_store(open, r))
        corv_status_add(r, "daemon", "corvd", CORV_STATUS_WELL,
            "draait en neemt berichten aan (versie %s)",
            said && json_is_string(json_object_get(said, "version"))
                ? json_string_value(json_object_get(said, "version"))
                : "?");
    else if (status == 0)
        corv_status_add(r, "daemon", "corvd", CORV_STATUS_BROKEN,
            "antwoordt niet. Draait het? Kijk met: systemctl status corvd");
    else if (json_is_true(json_object_get(said, "draining")))
        corv_status_add(r, "daemon", "corvd", CORV_STATUS_ATTENTION,
            "is aan het stoppen; start het zo nodig opnieuw");
    else if (status != 200)
        say_not_ready(json_string_value(json_object_get(said, "trouble")), r);
    json_decref(said);
    corv_buf_free(&body);
}

/* Information, whatever the number: a request may be old, or have been filed outside CORV. */
static void look_at_cases(const struct corv_config *c, struct corv_status *r)
{
    double unknown = corv_ctl_metric(c, "messages_without_case_total");

    if (unknown > 0)
        corv_status_add(r, "cases", "Zaken", CORV_STATUS_WELL,
            "%.0f berichten sinds de start over een zaak waarvan het verzoek hier niet bekend is; "
            "gewoon bezorgd",
            unknown);
}

/* A list that runs out next week is fine; a certificate that does is not. */
static bool worse(const struct corv_cert *a, const struct corv_cert *b)
{
    if (corv_cert_good(a) != corv_cert_good(b))
        return !corv_cert_good(a);
    return a->file.days < b->file.days;
}

static void look_at_certs(const struct corv_config *c, struct corv_status *r)
{
    static struct corv_cert certs[CORV_CERTS_MAX];
    unsigned count = corv_certs_of(c, certs);
    const struct corv_cert *worst = NULL;

    for (unsigned i = 0; i < count; i++)
        if (certs[i].readable && (!worst || worse(&certs[i], worst)))
            worst = &certs[i];
    if (!worst)
        corv_status_add(r, "certificates", "Certificaten", CORV_STATUS_WELL,
            "niet te lezen voor deze gebruiker");
    else if (worst->file.days < 0)
        corv_status_add(r, "certificates", "Certificaten", CORV_STATUS_BROKEN,
            "%s is VERLOPEN. Vervang het bestand", worst->key);
    else if (!corv_cert_good(worst))
        corv_status_add(r, "certificates", "Certificaten", CORV_STATUS_ATTENTION,
            "%s verloopt over %d dagen. Vraag een nieuw aan", worst->key, worst->file.days);
    else
        corv_status_add(r, "certificates", "Certificaten", CORV_STATUS_WELL,
            "de eerste verloopt over %d dagen", worst->file.days);
}

static void look_at_disk(const struct corv_config *c, struct corv_status *r)
{
    struct statvfs fs;

    if (statvfs(c->state_dir, &fs) != 0 || fs.f_blocks == 0)
        return;
    unsigned percent = (unsigned)(100.0 * (double)fs.f_bavail / (double)fs.f_blocks);

    corv_status_add(r, "disk", "Schijf",
        percent < DISK_PERCENT ? CORV_STATUS_ATTENTION : CORV_STATUS_WELL,
        percent < DISK_PERCENT ? "nog %u%% vrij bij state_dir. Maak ruimte" : "%u%% vrij", percent);
}

/* What another line tells, from the source itself and without delay. */
static bool told_above(const json_t *incident)
{
    static const char *const causes[] = {"delivery.failed", "delivery.asks", "store.fails",
        "certificate.ends", "certificate.not-read", "purge.late", "database.unreachable",
        "disk.low"};
    const char *cause = corv_ctl_incident_text(incident, "cause");

    for (size_t i = 0; i < sizeof causes / sizeof causes[0]; i++)
        if (strcmp(cause, causes[i]) == 0)
            return true;
    return false;
}

/* lines: what told_above names has a line of its own. */
static void look_at_incidents(const json_t *list, bool lines, struct corv_status *r)
{
    const json_t *worst = NULL; /* it comes first */
    unsigned act = 0;
    const char *subject;

    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);

        if ((lines && told_above(one)) || !corv_ctl_incident_acts(one))
            continue;
        worst = worst ? worst : one;
        act++;
    }
    subject = corv_ctl_incident_text(worst, "subject");
    if (list && act > 0)
        corv_status_add(r, "incidents", "Alarmen", CORV_STATUS_ATTENTION,
            "%s%u: %s%s%s%s. Kijk met: corvctl incidents", lines ? "verder " : "", act, subject,
            *subject ? ": " : "", corv_ctl_incident_text(worst, "text"),
            act > 1 ? ", en meer" : "");
    else if (list)
        corv_status_add(
            r, "incidents", "Alarmen", CORV_STATUS_WELL, lines ? "verder geen" : "geen");
}

/* The file is wrong now; a corvd that runs does not mind, but would not start with it. */
static void look_without_config(struct corv_ctl *ctl, size_t errors, struct corv_status *r)
{
    struct corv_config c = {0};
    struct corv_arena arena;
    json_t *open = NULL;

    corv_arena_init(&arena, CORV_CTL_GUESS_BYTES);
    corv_ctl_admin_guess(ctl->config_path, &arena, &c);
    open = corv_ctl_incidents(&c);
    look_at_daemon(&c, open, r);
    corv_status_add(r, "configuration", "Configuratie", CORV_STATUS_ATTENTION,
        "%zu fout%s in het bestand: een corvd die draait werkt door met de oude, maar start er "
        "niet mee. De rest is nu niet te zien. Kijk met: corvctl config check",
        errors, errors == 1 ? "" : "en");
    look_at_incidents(open, false, r);
    json_decref(open);
    corv_arena_free(&arena);
}

static void look(struct corv_ctl *ctl, struct corv_status *r)
{
    json_t *open = corv_ctl_incidents(ctl->config);

    look_at_daemon(ctl->config, open, r);
    corv_status_database(ctl, r);
    look_at_certs(ctl->config, r);
    look_at_disk(ctl->config, r);
    look_at_incidents(open, true, r);
    look_at_cases(ctl->config, r);
    json_decref(open);
}

int corv_verb_status(struct corv_ctl *ctl, int argc, char **argv)
{
    struct corv_status r = {.count = 0};
    size_t errors;

    if (!corv_ctl_options(ctl, &argc, argv, NULL, 0, 0))
        return CORV_CTL_ERROR;
    errors = corv_ctl_config_errors(ctl);
    if (errors == 0 && !corv_ctl_config(ctl))
        return CORV_CTL_ERROR;
    if (errors > 0)
        look_without_config(ctl, errors, &r);
    else
        look(ctl, &r);
    if (ctl->json)
        corv_ctl_json(ctl, corv_status_json(&r));
    else
        corv_status_say(ctl, &r);
    return (int)corv_status_worst(&r);
}
